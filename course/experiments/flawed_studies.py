"""Break the law: what one learning rate for all, short schedules or a count of N do to it."""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course.experiments import study
from course.scaling.fitting import Bootstrap, FrontierFit
from course.scaling.isoflop import valley_minimum

FLAWS = {
    "as they should be": "isoflop",
    "one learning rate for all": "bad_rate",
    "schedules cut short": "bad_schedule",
}
RANGES = ("all", "one decade")


@dataclass(frozen=True)
class FlawedStudy:
    """A study with its flaws, beside good runs of the same budgets and our best study.

    Attributes:
        flaw: one of FLAWS.
        count: how N is counted in `fit`, one of the keys of study.COUNTS; elsewhere with the head.
        fit: the flawed study, by parabolas.
        interval: (low, high) of its exponent a; None where most redrawn tables lose a valley.
        fair: good runs of the same budgets.
        best: the Bootstrap of our best study.
        n_runs: of the flawed study.
        left_out: budgets whose lowest loss lies at the edge of the sizes tried.
    """

    flaw: str
    count: str
    fit: FrontierFit
    interval: tuple[float, float] | None
    fair: FrontierFit
    best: Bootstrap
    n_runs: int
    left_out: tuple[float, ...]


@lru_cache(maxsize=128)
def flawed_study(flaw, count, budgets="all", n_seeds=3):
    """The FlawedStudy of one of `FLAWS`, one of the keys of `study.COUNTS` and one of `RANGES`.

    The studies that are bad on purpose have one seed, whatever `n_seeds`.
    Raises ValueError for another name, and where fewer than three budgets have a valley.
    """
    for name, value, known in (
        ("flaw", flaw, FLAWS),
        ("count", count, study.COUNTS),
        ("budgets", budgets, RANGES),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    good, bad = study.measured("isoflop"), study.measured(FLAWS[flaw])
    if flaw == "one learning rate for all":  # the width whose rate it is needs no second run
        bad += [
            row
            for row in good
            if row["d_model"] == bad[0]["rate_width"]
            and row["seed"] == 0
            and study.budget_of(row) in study.budgets_of(bad)
        ]
    seeds = tuple(range(n_seeds))
    bad = study.with_seeds(bad, seeds)
    asked = study.budgets_of(bad)
    if budgets == "one decade":
        asked = [one for one in asked if one <= 1e12][-3:]
    kept = [one for one in asked if _has_valley(bad, one)]
    if len(kept) < 3:
        raise ValueError(
            f"only {len(kept)} of {len(asked)} budgets have their lowest loss inside of the sizes "
            "tried, and a line wants three: nobody could fit this study"
        )
    bad, same = (
        [row for row in rows if study.budget_of(row) in kept]
        for rows in (bad, study.with_seeds(good, seeds))
    )
    fit = study.frontier(bad, study.COUNTS[count])
    try:
        interval = study.redraw(fit, study.SAMPLES).intervals["a"]
    except ValueError:
        interval = None
    return FlawedStudy(
        flaw=flaw,
        count=count,
        fit=fit,
        interval=interval,
        fair=study.frontier(same),
        best=best_study(),
        n_runs=len(bad),
        left_out=tuple(one for one in asked if one not in kept),
    )


def _has_valley(rows, budget):
    """Whether every way to count N sees the minimum of the parabola inside of the sizes."""
    rows = [row for row in rows if study.budget_of(row) == budget]
    many = [study.runs_of(rows, count) for count in study.COUNTS.values()]
    try:
        return all(valley_minimum(runs.n_params, runs.loss).inside for runs in many)
    except ValueError:
        return False


@lru_cache(maxsize=1)
def best_study():
    """The parabolas through all IsoFLOP runs, N counted with the head."""
    return study.redraw(study.frontier(study.measured("isoflop")), study.SAMPLES)


def one_flaw_each():
    """Our best study and studies with a single flaw; None where no line can be drawn."""
    studies = {}
    for name, settings in {
        "none": {},
        "blocks only": {"count": "blocks only"},
        "everything counted": {"count": "everything"},
        "one decade": {"budgets": "one decade"},
        "one seed": {"n_seeds": 1},
        "one learning rate": {"flaw": "one learning rate for all"},
        "short schedules": {"flaw": "schedules cut short"},
    }.items():
        try:
            studies[name] = flawed_study(
                *{
                    "flaw": "as they should be",
                    "count": "with the head",
                    "budgets": "all",
                    "n_seeds": 3,
                    **settings,
                }.values()
            )
        except ValueError:
            studies[name] = None
    return studies


def excess_loss(flaw, flops):
    """Width -> how far in % a flaw lifts the loss at one budget, above the seeds' mean without it.

    Raises ValueError where no such run was made.
    """
    if flaw not in FLAWS:
        raise ValueError(f"flaw must be one of {', '.join(FLAWS)}, got {flaw!r}")
    good = defaultdict(list)
    for row in study.measured("isoflop"):
        if study.budget_of(row) == flops:
            good[row["d_model"]].append(row["loss"])
    bad = {
        row["d_model"]: row["loss"]
        for row in study.measured(FLAWS[flaw])
        if study.budget_of(row) == flops
    }
    if not bad:
        raise ValueError(f"flops must be a budget of the runs with {flaw}, got {flops:g}")
    return {
        width: float(100 * (loss / np.mean(good[width]) - 1)) for width, loss in sorted(bad.items())
    }
