"""How sure are we? The fleet's largest budget, forecast from its smaller ones."""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course.experiments import study
from course.scaling.fitting import Bootstrap, NotIdentified, fit_isoflop
from course.scaling.laws import extrapolating


@dataclass(frozen=True)
class Forecast:
    """L*(C) from the smaller budgets, and what the largest one turned out to be.

    Attributes:
        boot: the Bootstrap of the fit to the smaller budgets.
        by: the method, one of METHODS.
        target: the largest budget in FLOP.
        held: all losses measured there.
        observed: the bottom of their valley: what a law of the best sizes forecasts.
        flops: budgets from the smallest to the largest, (grid,).
        losses: the forecast at each, (grid,), nats per byte.
        low, high: its 95 % band, (grid,).
    """

    boot: Bootstrap
    by: str
    target: float
    held: np.ndarray
    observed: float
    flops: np.ndarray
    losses: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def predicted(self):
        return float(self.losses[-1])

    @property
    def interval(self):
        return float(self.low[-1]), float(self.high[-1])

    @property
    def error(self):
        """predicted / observed - 1."""
        return self.predicted / self.observed - 1


METHODS = {"a straight line": fit_isoflop, "a surface with a floor": study.fit_surface}


@lru_cache(maxsize=64)
def forecast(n_budgets, seeds=(0, 1, 2), by="a straight line"):
    """The Forecast of the fleet's largest budget from its `n_budgets` smallest, by one of METHODS.

    Raises ValueError for another method, and where the runs decide no optimum.
    """
    if by not in METHODS:
        raise ValueError(f"by must be one of {', '.join(METHODS)}, got {by!r}")
    rows = study.measured("isoflop")
    used, target = study.fitted_budgets(rows)[:n_budgets], study.budgets_of(rows)[-1]
    kept = study.with_seeds([row for row in rows if study.budget_of(row) in used], seeds)
    with warnings.catch_warnings(action="ignore", category=NotIdentified):  # shown by the band
        fit = study.fit(METHODS[by], study.runs_of(kept))
    boot = study.redraw(fit, study.SAMPLES)
    held = np.array([row["loss"] for row in rows if study.budget_of(row) == target])
    flops = np.geomspace(used[0], target, 13)
    with extrapolating():  # the straight line is to show what it misses
        low, high = np.transpose([boot.at(one)["loss"] for one in flops])
        losses = np.array([float(boot.fit.best(one)[2]) for one in flops])
    return Forecast(
        boot=boot,
        by=by,
        target=target,
        held=held,
        observed=float(study.frontier(rows).losses.y[-1]),
        flops=flops,
        losses=losses,
        low=low,
        high=high,
    )


def every_forecast():
    """(budgets used, method, Forecast) from three budgets up; None where the fit refuses."""
    most = len(study.fitted_budgets(study.measured("isoflop")))
    forecasts = []
    for n_budgets in range(3, most + 1):
        for by in METHODS:
            try:
                forecasts.append((n_budgets, by, forecast(n_budgets, by=by)))
            except ValueError:
                forecasts.append((n_budgets, by, None))
    return forecasts
