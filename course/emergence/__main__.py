"""Measure the models that learn to add: `python -m course.emergence`, minutes.

Stop it when you like; the same command goes on where it was.
"""

import argparse
from pathlib import Path

from course.emergence import addition
from course.experiments.sweep import sweep


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m course.emergence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--table", type=Path, default=addition.ADDITION)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    specs = addition.specs()
    try:
        done = sweep(
            addition.run,
            specs,
            options.table,
            n_jobs=options.jobs,
            cost=addition.flops,
            unit="FLOP",
            provenance=addition.provenance(),
        )
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "\nStopped. What had ended is in the table; the same command goes on.\n")
    print(f"{done} runs done now, {len(specs)} in all, in {options.table}")


if __name__ == "__main__":
    main()
