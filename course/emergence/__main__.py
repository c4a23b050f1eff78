"""Train the models that learn to add and measure them: `python -m course.emergence`, minutes.

Stop it when you like; the same command goes on where it was.
"""

from course.emergence import addition
from course.experiments import runs


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    runs.main(addition, __doc__, "my_addition.csv", arguments)


if __name__ == "__main__":
    main()
