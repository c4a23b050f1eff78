"""Approaches 1 and 2: the best run at each budget first, then power laws through the best runs.

Source: Hoffmann et al. 2022, arXiv:2203.15556, §3.1 (envelope) and §3.2 (IsoFLOP).
"""

import warnings
from dataclasses import dataclass, field, replace

import numpy as np

from course.accounting.training import training_flops
from course.display import count, flop, number, table
from course.scaling.fitting.columns import checked_runs, column
from course.scaling.fitting.correlation import SAME_BUDGET, budget_rows, groupings
from course.scaling.isoflop import valley_minimum
from course.scaling.laws import PowerLawAllocation, warn_if_far
from course.units import between, positive, single

NOTHING = 1e-12  # losses of one budget that differ by less are alike


@dataclass(frozen=True)
class PowerLawFit:
    """y = coefficient · x^exponent, a straight line on log axes, by least squares there.

    Attributes:
        coefficient: y at x = 1.
        exponent: the slope on log axes.
        r_squared: the share of the variance of log y that the line explains.
        interval: (low, high) of the exponent at 95 % by Student's t, for independent normal errors
            of one size: the one to quote for a handful of points.
        residuals: log predicted - log observed, (points,).
        x, y: the points, (points,).
    """

    coefficient: float
    exponent: float
    r_squared: float
    interval: tuple
    residuals: np.ndarray = field(repr=False, compare=False)
    x: np.ndarray = field(repr=False, compare=False)
    y: np.ndarray = field(repr=False, compare=False)

    @property
    def scale(self):
        """The x at which y = 1: for a loss Kaplan's N_c, D_c or C_c, L = (N_c / N)^-exponent."""
        if np.any(self.exponent == 0):
            raise ValueError("exponent is 0: a flat law has no scale")
        with np.errstate(over="ignore"):
            return np.exp(-np.log(self.coefficient) / np.float64(self.exponent))

    @property
    def estimates(self):
        """What `bootstrap` gives an interval."""
        return {"coefficient": self.coefficient, "exponent": self.exponent}

    exponents = property(lambda self: {"exponent": self.exponent})

    def predict(self, x):
        """y at x."""
        return self.coefficient * positive("x", x) ** self.exponent

    row_residuals = property(lambda self: self.residuals)
    groupings = property(lambda self: {"x": self.x})
    strata = None

    def refit(self, weights):
        """This fit with arrays of constants for redrawn points, and which tables were kept.

        Shapes: weights (samples, points), how often each is drawn; the mask (samples,). Refused are
        tables with a single x.
        """
        x = np.unique(self.x)
        kept = ((weights > 0).astype(float) @ (self.x[:, None] == x) > 0).sum(1) >= 2
        return replace(self, **_line(self.x, np.log(self.y)[None], weights[kept])), kept

    def refit_residuals(self, n_samples, rng):
        """The same for residuals drawn anew, widened by sqrt(n / (n - 2))."""
        n = len(self.x)
        drawn = rng.choice(self.residuals, (n_samples, n)) * np.sqrt(n / (n - 2))
        line = _line(self.x, np.log(self.y) + self.residuals - drawn)
        return replace(self, **line), np.ones(n_samples, dtype=bool)

    def _repr_html_(self):
        rows = [
            ("exponent", number(self.exponent, ".4f"), "{:.4f} to {:.4f}".format(*self.interval)),
            ("coefficient", number(self.coefficient, ".4g"), ""),
            ("R²", number(self.r_squared, ".5f"), ""),
        ]
        caption = f"y = coefficient · x^exponent, fitted to {len(self.x)} points"
        return table(caption, ("", "value", "95 % interval"), rows)


def fit_power_law(x, y):
    """The PowerLawFit of y on x. Shapes: both (points,), three or more, two different x.

    Kaplan's L(N), L(D) and L(C_min) are such laws, arXiv:2001.08361, eqs. 1.1 to 1.3.
    """
    from scipy.special import stdtrit  # scipy is slow to import, and only this needs it

    x, y = column("x", x), column("y", y)
    if x.shape != y.shape or x.ndim != 1 or len(x) < 3 or len(np.unique(x)) < 2:
        raise ValueError(
            "x and y must be lists of one length, three points or more, and x must vary; "
            f"got shapes {x.shape} and {y.shape}"
        )
    with np.errstate(all="ignore"):  # what overflows is refused below
        line = _line(x, np.log(y)[None])
    line = {name: float(values[0]) for name, values in line.items()}
    if not (0 < line["coefficient"] < np.inf and np.isfinite(line["exponent"])):
        raise ValueError(
            f"x must vary more: from {x.min():.6g} to {x.max():.6g} no power law can be followed "
            "down to x = 1, where its coefficient is read"
        )
    residuals = np.log(line["coefficient"]) + line["exponent"] * np.log(x) - np.log(y)
    unexplained, spread = (residuals**2).sum(), np.log(x).std() * np.sqrt(len(x))
    total = len(y) * np.log(y).var()
    error = np.sqrt(unexplained / (len(x) - 2)) / spread * stdtrit(len(x) - 2, 0.975)
    return PowerLawFit(
        **line,
        r_squared=float(1 - unexplained / total) if total > 1e-24 else 1.0,  # y is constant
        interval=(float(line["exponent"] - error), float(line["exponent"] + error)),
        residuals=residuals,
        x=x,
        y=y,
    )


def _line(x, log_y, weights=None):
    """Coefficients and exponents (S,) of the lines through each row of log_y, (S or 1, points)."""
    weights = np.ones((1, len(x))) if weights is None else weights
    log_x, total = np.log(x), weights.sum(1)
    center_x, center_y = (weights @ log_x) / total, (weights * log_y).sum(1) / total
    off = weights * (log_x - center_x[:, None])
    exponent = (off * log_y).sum(1) / (off * (log_x - center_x[:, None])).sum(1)
    return {"coefficient": np.exp(center_y - exponent * center_x), "exponent": exponent}


@dataclass(frozen=True)
class FrontierFit:
    """N*(C), D*(C) and L*(C) as power laws through the best run, or the valley, of each budget.

    L* is a straight line on log axes and knows no floor. So `best` warns beyond ten times the
    budgets: there `optimum` gives sizes alone, and `best(flops, floor=E)` a loss above a floor.

    Attributes:
        approach: its name.
        sizes, tokens, losses: PowerLawFits in C, whose x and y are the budgets and best points.
        design: the table behind it, which `bootstrap` redraws.
    """

    approach: str
    sizes: PowerLawFit
    tokens: PowerLawFit
    losses: PowerLawFit
    design: object = field(repr=False, compare=False)

    residuals = property(lambda self: self.losses.residuals)
    row_residuals = property(lambda self: self.design.row_residuals)
    groupings = property(lambda self: self.design.groupings)
    strata = property(lambda self: self.design.strata)
    clusters = property(lambda self: self.design.clusters)
    name = property(lambda self: f"the straight line of L* by {self.approach}")
    fitted_range = property(
        lambda self: {"flops": (float(self.sizes.x.min()), float(self.sizes.x.max()))}
    )

    @property
    def exponents(self):
        """N* grows as C^a, D* as C^b, L* as C^gamma (negative)."""
        return {"a": self.sizes.exponent, "b": self.tokens.exponent, "gamma": self.losses.exponent}

    estimates = exponents

    @property
    def law(self):
        """The PowerLawAllocation for the calculators; its D is C / (6 N)."""
        return PowerLawAllocation(
            self.sizes.coefficient,
            self.sizes.exponent,
            name=f"fitted, {self.approach}",
            fitted_range=self.fitted_range,
        )

    def optimum(self, flops):
        """(n_params, n_tokens) of the best run of `flops`, without a loss."""
        return self.sizes.predict(flops), self.tokens.predict(flops)

    def best(self, flops, *, floor=None):
        """(n_params, n_tokens, loss) of the best run of `flops`.

        With `floor`, a loss in nats below all that were measured, such as the E of fit_chinchilla,
        L* - floor is the straight line. Without it the line falls below any floor: it warns more
        than ten times beyond the budgets (OutsideFittedRange).
        """
        flops = positive("flops", flops)
        if floor is not None:
            floor = single("floor", between("floor", floor, 0, np.inf))
            if floor >= (lowest := self.losses.y.min()):
                raise ValueError(
                    f"floor must lie below the best losses, the lowest is {lowest:.4g}, "
                    f"got {floor:g}"
                )
            above = fit_power_law(self.losses.x, self.losses.y - floor)
            return *self.optimum(flops), floor + above.predict(flops)
        if np.max(flops) > self.losses.x.max():
            warn_if_far(
                self,
                advice="It has no floor, so the loss is too low: take `.optimum(flops)` for sizes "
                "alone, or `.best(flops, floor=E)`",
                flops=flops,
            )
        return *self.optimum(flops), self.losses.predict(flops)

    def refit(self, weights):
        """This fit with arrays of constants for redrawn tables, and which were kept.

        Shapes: weights (samples, runs), how often a table holds each run; the mask (samples,).
        Refused are tables that the fit would refuse.
        """
        laws, kept = self.design.refit(weights)
        return self._with(laws), kept

    def refit_residuals(self, n_samples, rng):
        """The same for tables with errors drawn from the residuals of the parabolas."""
        laws, kept = self.design.refit_residuals(n_samples, rng)
        return self._with(laws), kept

    def _with(self, laws):
        return replace(
            self, **{name: replace(getattr(self, name), **line) for name, line in laws.items()}
        )

    def _repr_html_(self):
        rows = [
            (name, number(law.exponent, ".4f"), number(law.r_squared, ".5f"))
            for name, law in (("N*", self.sizes), ("D*", self.tokens), ("L*", self.losses))
        ]
        budgets = self.sizes.x
        caption = (
            f"Power laws in C by {self.approach}, {len(budgets)} best points from "
            f"{flop(budgets.min())} to {flop(budgets.max())}, N* {count(self.sizes.y.min())} to "
            f"{count(self.sizes.y.max())}"
        )
        return table(caption, ("", "exponent", "R² on log axes"), rows)


def fit_envelope(n_params, n_tokens, loss, *, flops=None, run=None):
    """Approach 1: power laws through the runs that no cheaper or equally dear run beats.

    Rows are final losses, or all points of loss curves. Of rows within 10 % of compute only the
    lowest counts. The envelope takes the luckiest run of each budget, so it lies low where runs are
    many, and so does each redrawn table of `bootstrap`: its intervals do not know of it.

    Args:
        n_params, n_tokens, loss: the rows, (rows,); loss in nats per token.
        flops: C of each row; 6 N D unless given.
        run: labels the curve of each row, (rows,); `bootstrap` then draws whole curves.

    Raises:
        ValueError: for fewer than five rows, three sizes, or three points on the envelope.
    """
    columns = _columns(n_params, n_tokens, loss, flops)
    if len(np.unique(columns[0])) < 3:
        raise ValueError(
            "n_params must take three values or more for a best size to exist, got "
            f"{len(np.unique(columns[0]))}"
        )
    if run is not None and np.shape(run := np.asarray(run)) != columns[0].shape:
        raise ValueError(f"run must label each row, got shape {np.shape(run)}")
    design = _Envelope(columns, run)
    return _frontier("envelope", *design.points(np.arange(len(columns[0]))), design)


class _Envelope:
    """The rows behind an envelope. A redrawn table keeps the rows of the runs that were drawn."""

    row_residuals = None  # the envelope has no prediction for a run that it passes by
    strata = None

    def __init__(self, columns, run):
        self.columns = columns
        self.groupings = groupings(columns[0], columns[1], columns[3])
        self.clusters = run

    def points(self, rows):
        """(C, N, D, L) of the envelope of some rows, each (points,)."""
        n, d, losses, budget = (values[rows] for values in self.columns)
        order = np.lexsort((losses, budget))
        lowest_before = np.minimum.accumulate(np.append(np.inf, losses[order][:-1]))
        best, cheapest = [], 0.0
        for row in order[losses[order] < lowest_before]:
            if budget[row] < SAME_BUDGET * cheapest:
                best[-1] = row
            else:
                best.append(row)
                cheapest = budget[row]
        if len(best) < 3:
            raise ValueError(f"loss has {len(best)} points on the envelope, three are needed")
        if len(np.unique(n[best])) < 2:
            raise ValueError(
                f"n_params is {n[best][0]:.6g} at each of the {len(best)} points on the envelope: "
                "its best size does not change with compute"
            )
        return budget[best], n[best], d[best], losses[best]

    def refit(self, weights):
        lines, kept = {"sizes": [], "tokens": [], "losses": []}, np.ones(len(weights), dtype=bool)
        for sample, drawn in enumerate(weights):
            try:
                flops, *best = self.points(np.flatnonzero(drawn))
            except ValueError:
                kept[sample] = False
                continue
            for line, values in zip(lines.values(), best, strict=True):
                line.append(_line(flops, np.log(values)[None]))
        return {
            name: {key: np.concatenate([one[key] for one in line]) for key in line[0]}
            for name, line in lines.items()
            if line
        }, kept

    def refit_residuals(self, n_samples, rng):
        raise ValueError('resample must be "cases" for an envelope: it has no residuals of runs')


def fit_isoflop(n_params, n_tokens, loss, *, flops=None, budget=None):
    """Approach 2: for each budget a parabola of the loss in log N; power laws through the minima.

    D* lies between the runs' own D, as N* between their N.

    Args:
        n_params, n_tokens, loss: the runs, (runs,); loss in nats per token.
        flops: C of each run; 6 N D unless given.
        budget: the FLOP that each run was meant for; runs of one value are one valley. Without it
            runs within 10 % of their neighbour in C are.

    Raises:
        ValueError: naming all budgets without a valley (it opens downwards, or has its minimum
            outside of its sizes), and for fewer than three budgets or three sizes at one.
    """
    n, d, losses, flops = _columns(n_params, n_tokens, loss, flops)
    if budget is None:
        rows_of = budget_rows(flops)
        refuse_binning(flops, rows_of)
    else:
        budget = column("budget", budget)
        if budget.shape != n.shape:
            raise ValueError(f"budget must have one entry a run, got shape {budget.shape}")
        rows_of = [np.flatnonzero(budget == value) for value in np.unique(budget)]
        if len(rows_of) < 3:
            raise ValueError(f"budget must take three values or more, got {len(rows_of)}")
    if len(n) <= 3 * len(rows_of):
        raise ValueError(
            f"loss has {len(n)} runs for {len(rows_of)} parabolas, which take three each: "
            "nothing is left to judge them by"
        )
    minima, refused = [], []
    for rows in rows_of:
        try:
            minima.append(_valley(flops[rows], n[rows], d[rows], losses[rows]))
        except ValueError as error:
            refused.append(str(error))
    if refused:
        raise ValueError(f"loss at {'; and at '.join(refused)}")
    design = _Valleys(n, d, losses, flops, rows_of)
    return _frontier("IsoFLOP", *np.transpose(minima), design)


class BudgetsMerged(UserWarning):
    """Runs of different compute were taken for one budget, since no gap separates them."""


def refuse_binning(flops, rows_of):
    """ValueError for fewer than three budgets; BudgetsMerged where one spans more than 21 %."""
    if len(rows_of) < 3:
        raise ValueError(
            f"flops must take three budgets or more, got {len(rows_of)}: runs within 10 % of their "
            f"neighbour in FLOP are one budget, and so the {len(np.unique(flops))} different "
            f"values from {flops.min():.3g} to {flops.max():.3g} are {len(rows_of)}. Say with "
            "`budget` which runs belong together"
        )
    wide = [rows for rows in rows_of if np.ptp(np.log(flops[rows])) > 2 * np.log(SAME_BUDGET)]
    if wide:
        ends = ", ".join(f"{flops[rows].min():.3g} to {flops[rows].max():.3g}" for rows in wide)
        warnings.warn(
            f"flops {ends} FLOP was taken as one budget each, since runs within 10 % of their "
            "neighbour are one. Say with `budget` which runs belong together",
            BudgetsMerged,
            stacklevel=3,
        )


class _Valleys:
    """The runs behind the parabolas. A redrawn table keeps the number of runs of each budget.

    Only where whole budgets are drawn does a table lack some and hold others twice.
    """

    clusters = None

    def __init__(self, n_params, n_tokens, losses, flops, rows_of):
        self.log_n, self.log_d, self.losses = np.log(n_params), np.log(n_tokens), losses
        self.rows_of = rows_of
        self.flops = np.array([np.exp(np.log(flops[rows]).mean()) for rows in rows_of])
        self.smooth, self.strata = np.empty_like(losses), np.empty(len(losses), dtype=int)
        for label, rows in enumerate(rows_of):
            x = self.log_n[rows] - self.log_n[rows].mean()
            self.smooth[rows] = np.polyval(np.polyfit(x, losses[rows], 2), x)
            self.strata[rows] = label
        self.row_residuals = np.log(self.smooth / losses)
        self.groupings = groupings(n_params, n_tokens, flops)

    def refit(self, weights, losses=None):
        """The lines through the valleys of each table: {law: {constant: (kept,)}}, kept (S,)."""
        losses = self.losses[None] if losses is None else losses
        best = np.empty((3, len(weights), len(self.rows_of)))
        kept = np.ones(len(weights), dtype=bool)
        times = np.empty((len(weights), len(self.rows_of)))  # that a budget counts for in the lines
        for label, rows in enumerate(self.rows_of):
            best[:, :, label], inside = self._minima(rows, weights[:, rows], losses[:, rows])
            times[:, label] = weights[:, rows].mean(1)
            kept &= inside | (times[:, label] == 0)
        kept &= (times > 0).sum(1) >= 2
        return {
            name: _line(self.flops, values[kept], times[kept])
            for name, values in zip(("sizes", "tokens", "losses"), best, strict=True)
        }, kept

    def _minima(self, rows, weights, losses):
        """log N*, log D*, log L* (3, S) of one budget, and where the table decides them (S,)."""
        x = self.log_n[rows] - self.log_n[rows].mean()
        powers = np.stack([x**2, x, np.ones_like(x)], 1)
        normal = np.einsum("sr,ri,rj->sij", weights, powers, powers)
        drawn = weights > 0
        sizes = np.unique(x)
        inside = (drawn.astype(float) @ (x[:, None] == sizes) > 0).sum(1) >= 3
        normal[~inside] = np.eye(3)
        right = np.einsum("sr,ri->si", weights * losses, powers)
        bend, slope, level = np.linalg.solve(normal, right[..., None])[..., 0].T
        inside &= bend > 0
        at = -slope / (2 * np.where(inside, bend, 1))
        inside &= (at >= x.min()) & (at <= x.max())
        lowest = level + slope * at / 2
        inside &= lowest > 0
        log_n = at + self.log_n[rows].mean()
        by_size = np.argsort(self.log_n[rows])
        log_d = np.interp(log_n, self.log_n[rows][by_size], self.log_d[rows][by_size])
        return np.stack([log_n, log_d, np.log(np.where(inside, lowest, 1))]), inside

    def refit_residuals(self, n_samples, rng):
        """As `refit`, for relative distances to the parabolas drawn anew, over all budgets."""
        n, spent = len(self.losses), 3 * len(self.rows_of)
        off = (self.losses / self.smooth - 1) * np.sqrt(n / (n - spent))
        return self.refit(
            np.ones((n_samples, n)), self.smooth * (1 + rng.choice(off, (n_samples, n)))
        )


def _valley(flops, n_params, n_tokens, losses):
    """(C, N*, D*, L*) of the runs of one budget."""
    try:
        if len(losses) > 1 and np.ptp(losses) <= NOTHING * losses.max():
            raise ValueError("its losses are all alike, so no size is best")
        valley = valley_minimum(n_params, losses)
        if not valley.inside:
            raise ValueError(
                f"its minimum, N = {valley.n_params:.3g}, lies outside of the sizes tried, "
                f"{n_params.min():.3g} to {n_params.max():.3g}"
            )
    except ValueError as error:
        raise ValueError(f"the budget {flops.mean():.3g} FLOP: {error}") from error
    by_size = np.argsort(n_params)
    log_d = np.interp(np.log(valley.n_params), np.log(n_params[by_size]), np.log(n_tokens[by_size]))
    return np.exp(np.log(flops).mean()), valley.n_params, np.exp(log_d), valley.loss


def _frontier(approach, flops, n_params, n_tokens, losses, design):
    laws = (fit_power_law(flops, values) for values in (n_params, n_tokens, losses))
    return FrontierFit(approach, *laws, design)


def _columns(n_params, n_tokens, loss, flops):
    columns = checked_runs(n_params, n_tokens, loss, at_least=5)
    flops = training_flops(*columns[:2]) if flops is None else flops
    return checked_runs(*columns, at_least=5, flops=flops)
