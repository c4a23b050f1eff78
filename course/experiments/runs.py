"""Measured runs: read a table, choose and group its rows, and the command that makes it again.

A run is one row of a CSV table, a dict of plain values. Nothing here needs torch.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

import joblib

from course.experiments.sweep import Row, read_table, sweep

__all__ = ["Row", "groups", "load_runs", "main", "planned"]

WORK = Path(__file__).resolve().parents[2] / "work"  # the learner's own copy


def load_runs(table, *studies):
    """The rows of a table of measured runs: all of them, or those of some studies.

    Args:
        table: path of a CSV table, as `sweep` writes it.
        studies: values of the column `study`; none for all rows.

    Raises:
        ValueError: if there is no such table, or no row of a study that is asked for.
    """
    rows = read_table(table)
    if not studies:
        return rows
    known = sorted({row["study"] for row in rows})
    for study in studies:
        if study not in known:
            raise ValueError(f"study must be one of {', '.join(known)}, got {study!r}")
    return [row for row in rows if row["study"] in studies]


def groups(rows, *columns):
    """{values of the columns: the rows that have them}, in the order of the values.

    With one column the keys are its values, with several they are tuples. Within a group the rows
    are in the order of their seeds, where they have one, so that groups can be compared seed by
    seed.
    """
    grouped = {}
    for row in sorted(rows, key=lambda row: row.get("seed", 0)):
        values = tuple(row[column] for column in columns)
        grouped.setdefault(values[0] if len(columns) == 1 else values, []).append(row)
    return dict(sorted(grouped.items()))


def planned(studies, names, cost, up_to=float("inf")):
    """The specifications of some studies, the cheapest first, none dearer than `up_to`.

    Args:
        studies: {name: a function that returns a list of specifications}.
        names: which of them; none for all.
        cost: specification -> its cost, in the unit of `up_to`. One hundredth above `up_to` is let
            through, since a run takes a whole number of tokens.

    Raises:
        ValueError: if a name is not one of the studies.
    """
    unknown = [name for name in names if name not in studies]
    if unknown:
        raise ValueError(f"studies must be among {', '.join(studies)}, got {', '.join(unknown)}")
    specs = [spec for name in names or studies for spec in studies[name]()]
    return sorted((spec for spec in specs if cost(spec) <= 1.01 * up_to), key=cost)


def main(plan, description, table, arguments=None):
    """Run `python -m PACKAGE`: train what a plan asks for and the table does not hold yet.

    Args:
        plan: the module that knows the runs. It has STUDIES ({name: function}, see `planned`),
            `run` (specification -> results), `flops` (specification -> FLOP) and `provenance`.
        description: the text of --help.
        table: the name of the table in work/, where --table gives no other path.
        arguments: of the command line; those of this process where none are given.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {plan.__package__}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=", ".join(plan.STUDIES))
    parser.add_argument("--table", type=Path, default=WORK / table)
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(only_physical_cores=True))
    parser.add_argument(
        "--up-to", type=float, default=float("inf"), metavar="FLOP", help="leave out dearer runs"
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="of a running Dask scheduler")
    options = parser.parse_args(arguments)
    try:
        specs = planned(plan.STUDIES, options.studies, plan.flops, options.up_to)
        with _backend(options.dask):
            done = sweep(
                plan.run,
                specs,
                options.table,
                n_jobs=-1 if options.dask else options.jobs,
                cost=plan.flops,
                unit="FLOP",
                provenance=plan.provenance(),
            )
    except (ValueError, OSError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "\nStopped. What had ended is in the table; the same command goes on.\n")
    print(f"{done} runs done now, {len(specs)} in all, in {options.table}")


def _backend(address):
    if not address:
        return nullcontext()
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError("--dask needs the package distributed: pip install distributed") from error

    Client(address)
    return joblib.parallel_config(backend="dask")
