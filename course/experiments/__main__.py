"""Measure the fleet: `python -m course.experiments`, or some of it.

    python -m course.experiments isoflop --up-to 1e11    # two budgets, minutes
    python -m course.experiments --jobs 2                # everything, hours
    python -m course.experiments --dask tcp://host:8786  # on a cluster

Stop it when you like, by Ctrl-C or worse; the same command goes on where it was.
On a cluster, start `dask scheduler` on one machine and `dask worker tcp://host:8786 --nthreads 1`
on the others, each with the course installed; results are written by the machine that calls.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

import joblib

from course.experiments import fleet
from course.experiments.sweep import sweep

HERE = Path(__file__).resolve().parents[2]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m course.experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=", ".join(fleet.STUDIES))
    parser.add_argument("--table", type=Path, default=HERE / "work" / "my_fleet.csv")
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(only_physical_cores=True))
    parser.add_argument(
        "--up-to", type=float, default=float("inf"), metavar="FLOP", help="leave out dearer runs"
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="of a running Dask scheduler")
    options = parser.parse_args(arguments)
    try:
        specs = fleet.specs(options.studies or tuple(fleet.STUDIES), options.up_to)
        with _backend(options.dask):
            done = sweep(
                fleet.run,
                specs,
                options.table,
                n_jobs=-1 if options.dask else options.jobs,
                cost=fleet.flops,
                unit="FLOP",
                provenance=fleet.provenance(),
            )
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "\nStopped. What had ended is in the table; the same command goes on.\n")
    print(f"{done} runs done now, {len(specs)} in all, in {options.table}")


def _backend(address):
    if not address:
        return nullcontext()
    from distributed import Client

    Client(address)
    return joblib.parallel_config(backend="dask")


if __name__ == "__main__":
    main()
