"""Approach 3 on the bill that was paid: a fitted L(N, D) asked for the best N at each budget."""

from dataclasses import dataclass, field, replace

import numpy as np

from course.scaling.fitting.columns import checked_runs
from course.scaling.fitting.correlation import budget_rows, groupings
from course.scaling.fitting.frontier import FrontierFit, fit_power_law, refuse_binning
from course.scaling.fitting.parametric import ChinchillaFit, fit_chinchilla
from course.units import between, positive, single

GRID = 800  # sizes among which the best is looked for


@dataclass(frozen=True)
class SurfaceFit(FrontierFit):
    """A fitted L(N, D) asked for the best N at each budget of its runs.

    The fit's own optimum takes C = 6 N D; this one is found on the bill of the runs, C / D as a
    function of N, and lies inside of their sizes.

    Attributes:
        surface: the ChinchillaFit.
        grid: sizes, (grid,).
        flops_per_token: C / D at each of them, (grid,).
        used: the rows that the surface was fitted to, (used,).
    """

    surface: ChinchillaFit = field(repr=False)
    grid: np.ndarray = field(repr=False)
    flops_per_token: np.ndarray = field(repr=False)
    used: np.ndarray = field(repr=False)

    residuals = property(lambda self: self.surface.residuals)
    groupings = property(lambda self: self.design)
    strata = None
    clusters = None

    @property
    def row_residuals(self):
        """The surface's residuals, NaN for rows that it was not fitted to, (runs,)."""
        rows = np.full(len(self.design["size"]), np.nan)
        rows[self.used] = self.surface.residuals
        return rows

    def optimum(self, flops):
        """(n_params, n_tokens) of the lowest loss at one budget, without the loss."""
        return self.best(flops)[:2]

    def best(self, flops):
        """(n_params, n_tokens, loss) of the lowest loss at one budget, by the surface itself."""
        flops = single("flops", positive("flops", flops))
        E, A, B, alpha, beta = (
            np.asarray(getattr(self.surface, name))[..., None]
            for name in ("E", "A", "B", "alpha", "beta")
        )
        n_tokens = flops / self.flops_per_token
        losses = E + A / self.grid**alpha + B / n_tokens**beta
        lowest = losses.argmin(axis=-1)
        return self.grid[lowest], n_tokens[lowest], losses.min(axis=-1)

    def refit(self, weights):
        """As the surface's: each redrawn table gives a surface, and the surface its best sizes."""
        return self._around(*self.surface.refit(weights[:, self.used]))

    def refit_residuals(self, n_samples, rng):
        """The same for tables with errors drawn from the residuals of the surface."""
        return self._around(*self.surface.refit_residuals(n_samples, rng))

    def _around(self, surface, kept):
        resampled = replace(self, surface=surface)
        budgets = self.sizes.x
        best = np.log(np.array([resampled.best(flops) for flops in budgets]))  # (budgets, 3, S)
        laws = {}
        for place, name in enumerate(("sizes", "tokens", "losses")):
            slope, level = np.polyfit(np.log(budgets), best[:, place], 1)
            laws[name] = replace(getattr(self, name), coefficient=np.exp(level), exponent=slope)
        return replace(resampled, **laws), kept


def fit_surface(n_params, n_tokens, loss, *, flops, least_tokens_per_param=0.0):
    """Approach 3 as a SurfaceFit.

    Args:
        n_params, n_tokens, loss: the runs, (runs,); loss in nats per token.
        flops: what each run cost, (runs,). C / D must depend on N alone.
        least_tokens_per_param: runs with fewer are left out, where a formula does not hold for
            models too wide for their data.

    Raises:
        ValueError: as fit_chinchilla, and for fewer than three budgets.
    """
    n, d, losses = checked_runs(n_params, n_tokens, loss, at_least=6)
    n, d, losses, flops = checked_runs(n, d, losses, at_least=6, flops=flops)
    least = single(
        "least_tokens_per_param", between("least_tokens_per_param", least_tokens_per_param, 0, 1e6)
    )
    rows_of = budget_rows(flops)
    refuse_binning(flops, rows_of)
    budgets = np.array([np.exp(np.log(flops[rows]).mean()) for rows in rows_of])
    sizes, first = np.unique(n, return_index=True)
    grid = np.geomspace(sizes[0], sizes[-1], GRID)
    bill = np.exp(np.interp(np.log(grid), np.log(sizes), np.log((flops / d)[first])))
    used = np.flatnonzero(d >= least * n)
    surface = fit_chinchilla(n[used], d[used], losses[used])
    parts = (groupings(n, d, flops), surface, grid, bill, used)
    asked = SurfaceFit("surface", None, None, None, *parts)
    best = np.array([asked.best(budget) for budget in budgets])
    return SurfaceFit("surface", *(fit_power_law(budgets, column) for column in best.T), *parts)
