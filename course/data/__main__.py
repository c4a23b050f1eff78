"""Make the table of chapter 4's runs again, twelve minutes of one core.

    python -m course.data                  # all runs
    python -m course.data mixture --jobs 2 # one study

Stop it when you like; the same command goes on where it was.
"""

from course.data import training
from course.experiments import runs


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    runs.main(training, __doc__, "my_data_runs.csv", arguments)


if __name__ == "__main__":
    main()
