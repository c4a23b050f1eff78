"""The fleet as a scaling study: which rows of its table are asked, and the fits of them.

Loss in nats per byte of held-out text. Compute C in FLOP as `flops_per_token` counts it: with the
head and attention, so C is more than 6 N D. Rows are those of `fleet.csv`, as dicts.
"""

import warnings
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from course.experiments.sweep import read_table
from course.scaling import fitting
from course.scaling.fitting import (
    CorrelatedResiduals,
    FewToResample,
    NotIdentified,
    ResamplesRefused,
    Runs,
    bootstrap,
    fit_isoflop,
)

TABLE = Path(__file__).with_name("fleet.csv")
COUNTS = {
    "blocks only": "n_non_embedding",
    "with the head": "n_with_head",
    "everything": "n_total",
}
SAMPLES = 100  # of a bootstrap, where a learner waits for many of them
VALLEY_SIZES = 4
LEAST_BYTES_PER_PARAM = 4  # below, ours have few steps for their size: see `fit_surface`


def measured(*studies):
    """The rows of some studies of the fleet, all of them if none is named.

    An IsoFLOP budget, or the largest, counts only with `VALLEY_SIZES` sizes or more: while a sweep
    is under way a valley may be half measured.
    """
    sizes = defaultdict(set)
    for row in _table():
        sizes[row["study"], budget_of(row)].add(row["d_model"])
    return [
        row
        for row in _table()
        if (not studies or row["study"] in studies)
        and (
            row["study"] not in ("isoflop", "largest")
            or len(sizes[row["study"], budget_of(row)]) >= VALLEY_SIZES
        )
    ]


@lru_cache(maxsize=1)
def _table():
    return read_table(TABLE)


def runs_of(rows, count="n_with_head"):
    """Rows as Runs for the fits, N counted as one of the values of `COUNTS`."""
    if count not in COUNTS.values():
        raise ValueError(f"count must be one of {', '.join(COUNTS.values())}, got {count!r}")
    names = (count, "n_tokens", "loss", "flops")
    columns = [np.array([row[name] for row in rows], dtype=float) for name in names]
    return Runs(*columns, seed=np.array([row["seed"] for row in rows]))


def budget_of(row):
    """The budget in FLOP that a run was meant for: its own to two digits."""
    return float(f"{row['flops']:.1e}")


def budgets_of(rows):
    return sorted({budget_of(row) for row in rows})


def frontier(rows, count="n_with_head"):
    """Approach 2, a parabola for each budget."""
    return fit(fit_isoflop, runs_of(rows, count))


def fit(fit_function, runs):
    """A fit of Runs on the bill that was paid for them."""
    return fit_function(runs.n_params, runs.n_tokens, runs.loss, flops=runs.flops)


def fit_surface(n_params, n_tokens, loss, *, flops):
    """Approach 3 as a SurfaceFit of the runs that its formula fits. Shapes: all (runs,).

    Runs with fewer than `LEAST_BYTES_PER_PARAM` tokens a parameter are left out: too wide for their
    budget. Where this line is drawn moves a: between 0.31 (all runs) and 0.53 (six tokens a
    parameter) in our fleet.
    """
    return fitting.fit_surface(
        n_params, n_tokens, loss, flops=flops, least_tokens_per_param=LEAST_BYTES_PER_PARAM
    )


def redraw(fit, n_samples, seed=0):
    """The Bootstrap of whole configurations: one size at one budget, with all its seeds.

    Seeds of one configuration err on one side of parabola and surface more often than chance
    allows, so they do not count as runs of their own. The warnings of `bootstrap` are left out: its
    intervals are shown beside what a text says of them, and `refused` beside the intervals.
    """
    with warnings.catch_warnings():
        for kind in (CorrelatedResiduals, FewToResample, NotIdentified, ResamplesRefused):
            warnings.simplefilter("ignore", kind)
        return bootstrap(fit, n_samples, seed, run="configuration")


def middle(rows):
    """The budget in the middle of those of the rows."""
    budgets = budgets_of(rows)
    return budgets[len(budgets) // 2]


def with_seeds(rows, seeds):
    """The rows of these seeds; a size that was run once is kept whatever its seed."""
    times = defaultdict(int)
    for row in rows:
        times[row["d_model"], budget_of(row)] += 1
    return [
        row for row in rows if row["seed"] in seeds or times[row["d_model"], budget_of(row)] == 1
    ]


def fitted_budgets(rows):
    """The budgets that may be fitted: all but the largest, which is to be predicted."""
    return budgets_of(rows)[:-1]
