"""Make the table of chapter 8's runs again, ten minutes of one core.

    python -m course.learning                     # all runs
    python -m course.learning overfitting --jobs 2

The search reads the surface from the table that comes with the course. Stop it when you like; the
same command goes on where it was.
"""

from course.experiments import runs
from course.learning import training


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    runs.main(training, __doc__, "my_learning_runs.csv", arguments)


if __name__ == "__main__":
    main()
