"""Measure dense against mixture of experts, or train the router of *who gets which token*.

    python -m course.moe                # all runs, half an hour of one core
    python -m course.moe main --jobs 2  # one study
    python -m course.moe router         # the model of the explorer, a minute; --weights PATH

Stop it when you like; the same command goes on where it was. The dense partners of the runs come
from `python -m course.experiments isoflop`.
"""

import argparse
import sys
from pathlib import Path

from course.experiments import runs
from course.moe import training


def main(arguments=None):
    """Run the command; `arguments` as a list of text, those of this process by default."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["router"]:
        _train_router(arguments[1:])
    else:
        runs.main(training, __doc__, "my_moe_runs.csv", arguments)


def _train_router(arguments):
    parser = argparse.ArgumentParser(prog="python -m course.moe router")
    parser.add_argument(
        "--weights", type=Path, default=runs.WORK / "my_router.npz", help="where the router goes"
    )
    options = parser.parse_args(arguments)
    from course.moe import routing_study

    loss = routing_study.train_router(options.weights)
    print(f"held-out loss {loss:.4f} nats per byte; weights in {options.weights}")


if __name__ == "__main__":
    main()
