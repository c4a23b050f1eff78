"""Measure the fleet: `python -m course.experiments`, or some of it.

    python -m course.experiments isoflop --up-to 1e11    # two budgets, minutes
    python -m course.experiments --jobs 2                # everything, hours
    python -m course.experiments --dask tcp://host:8786  # on a cluster

Stop it when you like, by Ctrl-C or worse; the same command goes on where it was.
On a cluster, start `dask scheduler` on one machine and `dask worker tcp://host:8786 --nthreads 1`
on the others, each with the course installed; results are written by the machine that calls.
"""

from course.experiments import fleet, runs


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    runs.main(fleet, __doc__, "my_fleet.csv", arguments)


if __name__ == "__main__":
    main()
