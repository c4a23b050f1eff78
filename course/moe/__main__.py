"""Measure dense against mixture of experts, or train the router of *who gets which token*.

    python -m course.moe                # all runs, half an hour of one core
    python -m course.moe main --jobs 2  # one study
    python -m course.moe router         # the model of the explorer, a minute

Stop it when you like; the same command goes on where it was. The dense partners of the runs come
from `python -m course.experiments isoflop`.
"""

import argparse
from pathlib import Path

import joblib

from course.experiments import fleet
from course.experiments.sweep import sweep
from course.moe import training

HERE = Path(__file__).resolve().parents[2]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m course.moe",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "studies",
        nargs="*",
        metavar="STUDY",
        help=f"{', '.join(training.STUDIES)}; or router alone",
    )
    parser.add_argument("--table", type=Path, default=HERE / "work" / "my_moe_runs.csv")
    parser.add_argument(
        "--weights",
        type=Path,
        default=HERE / "work" / "my_router.npz",
        help="where the router goes",
    )
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(only_physical_cores=True))
    options = parser.parse_args(arguments)
    if options.studies == ["router"]:
        from course.moe import routing_study

        loss = routing_study.train_router(options.weights)
        print(f"held-out loss {loss:.4f} nats per byte; weights in {options.weights}")
        return
    try:
        specs = training.specs(options.studies or tuple(training.STUDIES))
        done = sweep(
            training.run,
            specs,
            options.table,
            n_jobs=options.jobs,
            cost=training.flops,
            unit="FLOP",
            provenance=fleet.provenance(),
        )
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "\nStopped. What had ended is in the table; the same command goes on.\n")
    print(f"{done} runs done now, {len(specs)} in all, in {options.table}")


if __name__ == "__main__":
    main()
