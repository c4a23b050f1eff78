"""Make the table of chapter 4's runs again: `python -m course.data [--jobs 2] [--table PATH]`."""

import argparse
from pathlib import Path

from course.data import training
from course.experiments import fleet
from course.experiments.sweep import sweep

HERE = Path(__file__).resolve().parents[2]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m course.data", description=__doc__)
    parser.add_argument("--table", type=Path, default=HERE / "work" / "my_data_runs.csv")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    provenance = {**fleet.provenance(), "corpus": training.corpus().fingerprint}
    done = sweep(
        training.run,
        training.specs(),
        options.table,
        n_jobs=options.jobs,
        cost=training.flops,
        unit="FLOP",
        provenance=provenance,
    )
    print(f"{done} runs done now, {len(training.specs())} in all, in {options.table}")


if __name__ == "__main__":
    main()
