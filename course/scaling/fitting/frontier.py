"""Approaches 1 and 2: the best run at each budget first, then power laws through the best runs.

Source: Hoffmann et al. 2022, arXiv:2203.15556, §3.1 (envelope) and §3.2 (IsoFLOP).
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import stdtrit

from course.accounting.training import training_flops
from course.display import count, flop, number, table
from course.scaling.fitting.runs import checked_runs
from course.scaling.isoflop import valley_minimum
from course.scaling.laws import PowerLawAllocation
from course.units import positive

SAME_BUDGET = 1.1  # budgets nearer than this factor are one: steps and batches round


@dataclass(frozen=True)
class PowerLawFit:
    """y = coefficient · x^exponent, a straight line on log axes, by least squares there.

    `r_squared` is the share of the variance of log y that the line explains, `interval` the 95 %
    one of the exponent for independent, alike errors (Student's t). Shapes: x, y and residuals
    (log predicted - log observed) (points,).
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

    def resample(self, n_samples, rng):
        """This fit with arrays of constants: residuals drawn anew, widened by sqrt(n / (n - 2))."""
        n = len(self.x)
        drawn = rng.choice(self.residuals, (n_samples, n)) * np.sqrt(n / (n - 2))
        return replace(self, **_line(self.x, np.log(self.y) + self.residuals - drawn))

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
    x, y = np.atleast_1d(positive("x", x), positive("y", y))
    if x.shape != y.shape or x.ndim != 1 or len(x) < 3 or len(np.unique(x)) < 2:
        raise ValueError(
            "x and y must be lists of one length, three points or more, and x must vary; "
            f"got shapes {x.shape} and {y.shape}"
        )
    with np.errstate(all="ignore"):  # what overflows is refused below
        line = _line(x, np.log(y)[None])
    line = {name: float(one[0]) for name, one in line.items()}
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


def _line(x, log_y):
    """Coefficients and exponents of the lines through each row of log_y, shape (S, points)."""
    log_x = np.log(x)
    middle = log_x - log_x.mean()
    exponent = log_y @ middle / (middle @ middle)
    return {
        "coefficient": np.exp(log_y.mean(1) - exponent * log_x.mean()),
        "exponent": exponent,
    }


@dataclass(frozen=True)
class FrontierFit:
    """N*(C), D*(C) and L*(C) as power laws through the best run, or the valley, of each budget.

    L* is a straight line on log axes and knows no floor, so a forecast lies low. `sizes`, `tokens`
    and `losses` are PowerLawFits in C, whose x and y are the budgets and the best points;
    `residuals` are those of L*.
    """

    approach: str
    sizes: PowerLawFit
    tokens: PowerLawFit
    losses: PowerLawFit
    refit: object = field(repr=False, compare=False)  # again(rng): this fit on a redrawn table

    residuals = property(lambda self: self.losses.residuals)

    @property
    def exponents(self):
        """N* grows as C^a, D* as C^b, L* as C^gamma (negative)."""
        return {"a": self.sizes.exponent, "b": self.tokens.exponent, "gamma": self.losses.exponent}

    estimates = exponents

    @property
    def law(self):
        """The PowerLawAllocation for the calculators; its D is C / (6 N)."""
        ends = float(self.sizes.x.min()), float(self.sizes.x.max())
        return PowerLawAllocation(
            self.sizes.coefficient,
            self.sizes.exponent,
            name=f"fitted, {self.approach}",
            fitted_range={"flops": ends},
        )

    def best(self, flops):
        """(n_params, n_tokens, loss) of the best run of `flops`."""
        return tuple(one.predict(flops) for one in (self.sizes, self.tokens, self.losses))

    def resample(self, n_samples, rng):
        """This fit with arrays of constants. What a redrawn table refuses is left out.

        Raises ValueError where that is more than one in ten: then the frontier is not decided.
        """
        found = []
        for _ in range(n_samples):
            try:
                found.append(self.refit(rng))
            except ValueError as error:
                refused = error
        if len(found) < 0.9 * n_samples:
            raise ValueError(
                f"only {len(found)} of {n_samples} resamples have an optimum at each budget. "
                f"The last refusal: {refused}"
            )

        def stacked(name):
            laws = [getattr(one, name) for one in found]
            constants = ("coefficient", "exponent")
            values = {c: np.array([getattr(law, c) for law in laws]) for c in constants}
            return replace(getattr(self, name), **values)

        return replace(self, **{name: stacked(name) for name in ("sizes", "tokens", "losses")})

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

    Rows are final losses, or all points of loss curves; then `run` labels the curve of each row,
    and a resample draws whole curves. Of rows within 10 % of compute only the lowest counts.
    Shapes: all (rows,); flops 6 N D unless given. The envelope takes the luckiest run of each
    budget, so it lies low where runs are many.
    Raises ValueError for fewer than five rows or fewer than three on the envelope.
    """
    columns = _columns(n_params, n_tokens, loss, flops)
    run = np.arange(len(columns[0])) if run is None else np.asarray(run)
    if run.shape != columns[0].shape:
        raise ValueError(f"run must label each row, got shape {run.shape}")
    rows_of = [np.flatnonzero(run == one) for one in np.unique(run)]

    def fit(rows):
        n, d, losses, budget = (one[rows] for one in columns)
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
        points = budget[best], n[best], d[best], losses[best]
        return _frontier("envelope", *points, lambda rng: fit(_draw(rows_of, rng)))

    return fit(np.arange(len(columns[0])))


def fit_isoflop(n_params, n_tokens, loss, *, flops=None):
    """Approach 2: for each budget a parabola of the loss in log N; power laws through the minima.

    Shapes: all (runs,); flops 6 N D unless given. Budgets within 10 % of one another are one; each
    needs three sizes. D* lies between the runs' own D, as N* between their N. Resamples draw the
    relative distances to the parabolas anew, over all budgets.
    Raises ValueError naming the budget that opens downwards or has its minimum outside of its
    sizes, and for fewer than three budgets.
    """
    n, d, losses, flops = _columns(n_params, n_tokens, loss, flops)
    order = np.argsort(flops, kind="stable")
    steps = np.flatnonzero(np.diff(np.log(flops[order])) > np.log(SAME_BUDGET)) + 1
    budgets = np.split(order, steps)
    if len(budgets) < 3:
        raise ValueError(f"flops must take three budgets or more, got {len(budgets)}")
    if len(n) <= 3 * len(budgets):
        raise ValueError(
            f"loss has {len(n)} runs for {len(budgets)} parabolas, which take three each: "
            "nothing is left to judge them by"
        )

    def fit(losses):
        minima = [_valley(flops[rows], n[rows], d[rows], losses[rows]) for rows in budgets]
        return _frontier("IsoFLOP", *np.transpose(minima), refit)

    def refit(rng):
        return fit(smooth * (1 + rng.choice(off, len(off))))

    fitted = fit(losses)  # refuses, by name, a budget that has no valley
    smooth = np.empty_like(losses)
    for rows in budgets:
        log_n = np.log(n[rows]) - np.log(n[rows]).mean()
        smooth[rows] = np.polyval(np.polyfit(log_n, losses[rows], 2), log_n)
    off = (losses / smooth - 1) * np.sqrt(len(n) / (len(n) - 3 * len(budgets)))
    return fitted


def _valley(flops, n_params, n_tokens, losses):
    """(C, N*, D*, L*) of the runs of one budget."""
    try:
        if len(losses) > 1 and np.ptp(losses) <= 1e-12 * losses.max():  # rounding
            raise ValueError("its losses are all alike, so no size is best")
        valley = valley_minimum(n_params, losses)
        if not valley.inside:
            raise ValueError(
                f"its minimum, N = {valley.n_params:.3g}, lies outside of the sizes tried, "
                f"{n_params.min():.3g} to {n_params.max():.3g}"
            )
    except ValueError as error:
        raise ValueError(f"loss at the budget {flops.mean():.3g} FLOP: {error}") from error
    by_size = np.argsort(n_params)
    log_d = np.interp(np.log(valley.n_params), np.log(n_params[by_size]), np.log(n_tokens[by_size]))
    return np.exp(np.log(flops).mean()), valley.n_params, np.exp(log_d), valley.loss


def _frontier(approach, flops, n_params, n_tokens, losses, refit):
    laws = (fit_power_law(flops, one) for one in (n_params, n_tokens, losses))
    return FrontierFit(approach, *laws, refit)


def _columns(n_params, n_tokens, loss, flops):
    columns = checked_runs(n_params, n_tokens, loss, at_least=5)
    flops = training_flops(*columns[:2]) if flops is None else flops
    return checked_runs(*columns, at_least=5, flops=flops)


def _draw(rows_of, rng):
    return np.concatenate([rows_of[i] for i in rng.integers(len(rows_of), size=len(rows_of))])
