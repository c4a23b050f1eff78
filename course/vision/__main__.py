"""Make the table of chapter 9's runs again, ten minutes of one core.

    python -m course.vision                  # all runs
    python -m course.vision scaling --jobs 2 # one study

Stop it when you like; the same command goes on where it was.
"""

from course.experiments import runs
from course.vision import plan


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    runs.main(plan, __doc__, "my_vision_runs.csv", arguments)


if __name__ == "__main__":
    main()
