"""Approach 3: a formula for L(N, D) fitted to all runs at once, with a certificate of the optimum.

The objective is that of Hoffmann et al. 2022, arXiv:2203.15556, §3.3: the log-Huber loss of
`minimise`, summed over the runs. A mean has the same optimum, but optimisers stop before it: that
gave the paper its intervals (Besiroglu et al. 2024, arXiv:2404.10102).
"""

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.display import number, table
from course.scaling.fitting.columns import checked_runs
from course.scaling.fitting.correlation import groupings
from course.scaling.fitting.forms import KaplanJoint, SumOfPowers
from course.scaling.fitting.minimise import minimise
from course.scaling.laws import ChinchillaLaw, KaplanLaw, extrapolating
from course.units import between, positive, single

OBJECTIVE_RTOL = 1e-9  # objectives that differ by less belong to one optimum
FLAT = 1e-10  # per run: a gradient above it is not that of an optimum
PATIENCE = 5_000  # steps for the best starts, where 300 did not end at an optimum
TOGETHER = 0.999  # a correlation of log N and log D above it leaves the two terms one
ROUNDING = 1e-6  # of log loss: tables print six digits at best
AT_ONCE = 50_000  # resamples times runs in one batch, so that it stays in the cache


class NotIdentified(UserWarning):
    """A fit has an optimum, but its runs do not tell one of the parameters from zero."""


class NotAtOptimum(UserWarning):
    """The search ended before an optimum: the constants are not those that fit best."""


@dataclass(frozen=True)
class Certificate:
    """What speaks for an optimum, and for its parameters.

    All but the first two are on log scales, with A and B counted in the middle of the runs.

    Attributes:
        starts: blind starts of the search.
        agreeing: how many of them ended at the same objective, to 1e-9 of it.
        gradient_norm: of the objective at the optimum.
        smallest_eigenvalue, condition: of its Hessian there.
        standard_errors: by name, 0.1 is 10 %: rough, those of a median regression, and meant for
            one question only. For intervals to quote there is `bootstrap`.
        unidentified: the parameters within two of these from zero, and those on a bound.
    """

    starts: int
    agreeing: int
    gradient_norm: float
    smallest_eigenvalue: float
    condition: float
    standard_errors: dict
    unidentified: tuple

    def __str__(self):
        # Below 1e-10 the digits are the processor's rounding.
        gradient = "below 1e-10" if self.gradient_norm < 1e-10 else f"{self.gradient_norm:.0e}"
        text = (
            f"{self.agreeing} of {self.starts} blind starts end at this optimum; gradient "
            f"{gradient}, condition {self.condition:.0e}."
        )
        if self.unidentified:
            text += f" The runs do not identify {', '.join(self.unidentified)}."
        return text


@dataclass(frozen=True)
class _Fit:
    """What the fits of formulas share. Shapes of the arrays: (runs,)."""

    objective: float
    certificate: Certificate
    residuals: np.ndarray = field(repr=False, compare=False)  # log predicted - log observed
    delta: float
    n_params: np.ndarray = field(repr=False, compare=False)
    n_tokens: np.ndarray = field(repr=False, compare=False)
    losses: np.ndarray = field(repr=False, compare=False)

    @property
    def fitted_range(self):
        """The smallest and largest n_params and n_tokens of the runs."""
        both = {"n_params": self.n_params, "n_tokens": self.n_tokens}
        return {name: (float(one.min()), float(one.max())) for name, one in both.items()}

    @property
    def estimates(self):
        """All that `bootstrap` gives an interval: the constants, and the exponents a and b."""
        return {name: getattr(self, name) for name in self._form.names} | self.exponents

    @property
    def row_residuals(self):
        """What the check for correlation reads: here the residuals."""
        return self.residuals

    @property
    def groupings(self):
        """The labels, (runs,) each, within which errors may be correlated."""
        flops = FLOP_PER_PARAM_TOKEN * self.n_params * self.n_tokens
        return groupings(self.n_params, self.n_tokens, flops)

    strata = None  # nothing in the design of a formula's runs is held fixed in a resample

    def refit(self, weights):
        """This fit with arrays of constants, one set for each redrawn table, and which were kept.

        Shapes: weights (samples, runs), how often a table holds each run; the mask (samples,).
        Refused are tables that `fit_chinchilla` would refuse, and searches without an end.
        """
        form = self._form(self.n_params, self.n_tokens, self.losses)
        theta = np.empty((len(weights), len(form.names)))
        kept = self._determined(weights)
        for rows in _batches(np.flatnonzero(kept), len(self.losses)):
            theta[rows], kept[rows] = self._search(form, np.log(self.losses), weights[rows])
        return replace(self, **form.constants(theta[kept])), kept

    def refit_residuals(self, n_samples, rng):
        """The same for tables with the fitted losses times new errors, drawn from the residuals.

        The errors are smeared by a normal kernel. The k smallest residuals are left out: a nearly
        absolute objective passes through k runs, and residuals that are zero for that reason would
        make errors look small. Raises ValueError for fewer than 2 k runs.
        """
        form = self._form(self.n_params, self.n_tokens, self.losses)
        n, k = len(self.losses), len(form.names)
        if n < 2 * k:
            raise ValueError(f"fit must have {2 * k} runs or more to draw errors from, got {n}")
        errors = -self.residuals[np.argsort(np.abs(self.residuals))[k:]]
        errors = errors - np.median(errors)
        width = 0.45 * n**-0.2 * np.median(np.abs(errors)) / 0.6745  # half of Silverman's rule
        fitted = np.log(self.losses) + self.residuals
        tables = fitted + rng.choice(errors, (n_samples, n))
        tables += width * rng.standard_normal((n_samples, n))
        theta, kept = np.empty((n_samples, k)), np.ones(n_samples, dtype=bool)
        for rows in _batches(np.arange(n_samples), n):
            theta[rows], kept[rows] = self._search(form, tables[rows], np.ones((len(rows), n)))
        return replace(self, **form.constants(theta[kept])), kept

    def _search(self, form, log_loss, weights):
        """theta (S, k) from this fit's own optimum, and which ends (S,) are optima."""
        start = form.theta({name: getattr(self, name) for name in form.names})
        has_floor = hasattr(form, "without_floor")
        if has_floor and self.E == 0:
            start[0] = form.typical - 3  # off the bound, so that a resample may find a floor
        starts = np.tile(start, (len(weights), 1))
        ends = minimise(form, starts, log_loss, self.delta, weights=weights)
        flat = self._flat(ends, weights)
        if has_floor and not flat.all():
            rest = np.flatnonzero(~flat)
            table = np.broadcast_to(log_loss, weights.shape)[rest]
            held = form.without_floor()
            none = minimise(held, ends.theta[rest], table, self.delta, weights=weights[rest])
            better = none.objective <= ends.objective[rest]
            ends.theta[rest[better]] = none.theta[better]
            flat[rest[better]] = self._flat(none, weights[rest])[better]
        return ends.theta, flat

    @staticmethod
    def _flat(ends, weights):
        return np.abs(ends.gradient).max(1) <= FLAT * weights.sum(1)

    def _determined(self, weights):
        """Which redrawn tables hold enough different runs, sizes and data for a fit, (samples,)."""
        drawn = weights > 0
        enough = drawn.sum(1) > len(self._form.names)
        x, y = np.log(self.n_params), np.log(self.n_tokens)
        for values in (x, y):
            one_hot = values[:, None] == np.unique(values)
            enough &= (drawn.astype(float) @ one_hot > 0).sum(1) >= 3
        total = weights.sum(1, keepdims=True)
        x, y = (values - weights @ values[:, None] / total for values in (x, y))
        products = [(weights * one).sum(1) for one in (x * y, x * x, y * y)]
        correlation = products[0] / np.sqrt(np.maximum(products[1] * products[2], 1e-300))
        return enough & (correlation <= TOGETHER)

    def _repr_html_(self):
        errors = self.certificate.standard_errors
        rows = [
            (name, number(value, ".6g"), f"{min(errors[name], 9.99):.1%}" if name in errors else "")
            for name, value in self.estimates.items()
        ]
        rows.append(("objective", f"{self.objective:.9g}", ""))
        caption = (
            f"{self._formula}, fitted to {len(self.losses)} runs, log-Huber δ = {self.delta:g}. "
            f"{self.certificate}"
        )
        return table(caption, ("", "value", "rough standard error, in the middle"), rows)


@dataclass(frozen=True)
class ChinchillaFit(_Fit):
    """L(N, D) = E + A / N^alpha + B / D^beta with the constants that fit the runs best.

    Attributes:
        E: the floor in nats; exactly 0 where no floor fits better.
        A, alpha: of the term in N.
        B, beta: of the term in D.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float
    _form = SumOfPowers
    _formula = "L = E + A / N^alpha + B / D^beta"

    @property
    def exponents(self):
        """alpha and beta; and a and b: the optimal N grows as C^a, the optimal D as C^b."""
        a = self.beta / (self.alpha + self.beta)
        return {"alpha": self.alpha, "beta": self.beta, "a": a, "b": 1 - a}

    @cached_property
    def law(self):
        """The ChinchillaLaw for the calculators. It warns when asked far outside the runs."""
        constants = {name: getattr(self, name) for name in self._form.names}
        source = f"fitted to {len(self.losses)} runs"
        return ChinchillaLaw(
            **constants, name="fitted law", source=source, fitted_range=self.fitted_range
        )

    def predict(self, n_params, n_tokens):
        """L(N, D) in nats per token."""
        return self.law.loss(n_params, n_tokens)

    def best(self, flops):
        """(n_params, n_tokens, loss) of the lowest loss with 6 N D = `flops`."""
        with extrapolating():
            n_params, n_tokens = self.law.optimum(flops)
            return n_params, n_tokens, self.law.loss(n_params, n_tokens)


@dataclass(frozen=True)
class KaplanFit(_Fit):
    """L(N, D) = ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D with the best constants."""

    N_c: float
    D_c: float
    alpha_N: float
    alpha_D: float
    name = "fitted law of Kaplan's form"
    _form = KaplanJoint
    _formula = "L = ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D"
    predict = KaplanLaw.loss

    @property
    def exponents(self):
        """alpha_N and alpha_D; and a and b: the optimal N grows as C^a, the optimal D as C^b."""
        a = self.alpha_D / (self.alpha_N + self.alpha_D)
        return {"alpha_N": self.alpha_N, "alpha_D": self.alpha_D, "a": a, "b": 1 - a}

    def best(self, flops):
        """(n_params, n_tokens, loss) of the lowest loss with 6 N D = `flops`.

        Where the slopes of (N_c / N)^q and of 6 N D_c / C cancel, q = alpha_N / alpha_D:
        N^(q + 1) = q N_c^q C / (6 D_c).
        """
        product, q = positive("flops", flops) / FLOP_PER_PARAM_TOKEN, self.alpha_N / self.alpha_D
        n_params = np.exp((np.log(q * product / self.D_c) + q * np.log(self.N_c)) / (q + 1))
        with extrapolating():
            return n_params, product / n_params, self.predict(n_params, product / n_params)


def fit_chinchilla(n_params, n_tokens, loss, *, delta=1e-3):
    """The ChinchillaFit of runs: E, A, B, alpha, beta with the least log-Huber objective.

    Shapes: all (runs,), 6 runs or more; loss in nats per token. delta is in log loss,
    at least 1e-7: below, every gradient is smaller than the tolerance that ends the search.
    Raises ValueError for bad columns; fewer than 3 different N or D; N and D that grow together,
    which no formula can tell apart; runs that identify neither alpha nor beta. Where some other
    parameter is not identified the fit stands: its certificate names it, and NotIdentified warns.
    """
    return _fit(ChinchillaFit, n_params, n_tokens, loss, delta)


def fit_kaplan_joint(n_params, n_tokens, loss, *, delta=1e-3):
    """The KaplanFit of runs: N_c, D_c, alpha_N, alpha_D; as fit_chinchilla.

    Source of the form: Kaplan et al. 2020, arXiv:2001.08361, eq. 1.5. The paper's laws in N, D or
    C alone are `fit_power_law(n_params, loss)` and so on: N_c is then its `scale`.
    """
    return _fit(KaplanFit, n_params, n_tokens, loss, delta)


def _batches(rows, n):
    """The rows in parts that stay in the cache, for tables of n runs."""
    return np.array_split(rows, -(-len(rows) * n // AT_ONCE)) if len(rows) else ()


def _fit(kind, n_params, n_tokens, loss, delta):
    n_params, n_tokens, losses = checked_runs(
        n_params, n_tokens, loss, at_least=len(kind._form.names) + 1
    )
    delta = single("delta", between("delta", delta, 1e-7, 1e3))
    for name, values in (("n_params", n_params), ("n_tokens", n_tokens)):
        if len(np.unique(values)) < 3:
            raise ValueError(
                f"{name} must take three values or more to show how the loss bends, "
                f"got {len(np.unique(values))}"
            )
    if np.corrcoef(np.log(n_params), np.log(n_tokens))[0, 1] > TOGETHER:
        raise ValueError(
            "n_params and n_tokens must vary independently: here D is a power of N, and the loss "
            "can be laid to either. Train some sizes on more and on less data"
        )
    form = kind._form(n_params, n_tokens, losses)
    ends = _optimum(form, np.log(losses), delta)
    best = ends.objective.argmin()
    residuals = form(ends.theta[best][None])[0][0] - np.log(losses)
    certificate = _certificate(form, ends, best, residuals)
    names = certificate.unidentified
    if set(form.names[-2:]) <= set(names):
        raise ValueError(
            f"n_params and n_tokens must cover more, or loss be less noisy: {len(losses)} such "
            f"runs identify neither {form.names[-2]} nor {form.names[-1]}"
        )
    if np.abs(ends.gradient[best]).max() > FLAT * len(losses):
        warnings.warn(
            f"the search did not end at an optimum: {certificate} The constants are not those that "
            "fit best. Widen the ranges of n_params and n_tokens, or give a larger delta",
            NotAtOptimum,
            stacklevel=3,
        )
    if names:
        warnings.warn(_not_identified(names), NotIdentified, stacklevel=3)
    return kind(
        objective=float(ends.objective[best]),
        certificate=certificate,
        residuals=residuals,
        delta=delta,
        n_params=n_params,
        n_tokens=n_tokens,
        losses=losses,
        **{name: float(values[best]) for name, values in form.constants(ends.theta).items()},
    )


def _optimum(form, log_losses, delta):
    """The ends of the blind starts, among them the best.

    Where no start of 300 steps ends at an optimum, the best three go on. A law with E = 0 is
    searched for on its own, and its ends are returned where they are as good.
    """
    ends = minimise(form, form.starts(), log_losses, delta)
    tolerance = FLAT * len(log_losses)
    best = np.argsort(ends.objective)[:3]
    if np.abs(ends.gradient[best[0]]).max() > tolerance:
        longer = minimise(form, ends.theta[best], log_losses, delta, max_steps=PATIENCE)
        for name, values in vars(longer).items():
            getattr(ends, name)[best] = values
    if hasattr(form, "without_floor"):
        no_floor = form.without_floor()
        starts = np.unique(np.clip(form.starts(), *no_floor.bounds.T), axis=0)
        floorless = minimise(no_floor, starts, log_losses, delta)
        lowest = ends.objective.min() * (1 + OBJECTIVE_RTOL) + len(log_losses) * 1e-20
        if floorless.objective.min() <= lowest:
            return floorless
    return ends


def _not_identified(names):
    """The warning in words, for the constants that the runs do not tell from zero."""
    words = f"the runs do not identify {', '.join(names)}"
    if "E" in names:
        words += ": the interval of the floor E reaches 0, so no forecast may lean on it"
    if rest := [name for name in names if name != "E"]:
        words += (
            f"{';' if 'E' in names else ':'} {' and '.join(rest)} could be anything from zero up. "
            "Vary its quantity more, or add runs"
        )
    return words


def _certificate(form, ends, best, residuals):
    theta, k, n = ends.theta[best], len(form.names), len(residuals)
    log_scale = np.append(np.ones(k - 2), theta[-2:])  # the last two are exponents themselves
    hessian = ends.hessian[best] * np.outer(log_scale, log_scale)
    eigenvalues = np.linalg.eigvalsh(hessian)
    slopes = form(theta[None])[1][0] * log_scale
    size = np.maximum(np.linalg.norm(slopes, axis=0), 1e-100)
    values, vectors = np.linalg.eigh((slopes / size).T @ (slopes / size))
    spread = ((vectors**2) / np.maximum(values, 1e-14)).sum(1) ** 0.5 / size
    # The error of a median is that of a mean of n / (pi / 2) runs. The median of |r| is 0.6745 of a
    # standard deviation, whatever a few outliers do; k residuals are zero, since the fit passes
    # through k runs.
    noise = np.sqrt(np.pi / 2) * max(np.median(np.sort(np.abs(residuals))[k:]) / 0.6745, ROUNDING)
    errors = dict(zip(form.names, (noise * spread).tolist(), strict=True))
    on_bound = (theta <= form.bounds[:, 0]) | (theta >= form.bounds[:, 1])
    objective = ends.objective
    return Certificate(
        starts=len(objective),
        agreeing=int((objective <= objective[best] * (1 + OBJECTIVE_RTOL) + n * 1e-20).sum()),
        gradient_norm=float(np.linalg.norm(ends.gradient[best] * log_scale)),
        smallest_eigenvalue=float(eigenvalues[0]),
        condition=float(eigenvalues[-1] / eigenvalues[0]) if eigenvalues[0] > 0 else np.inf,
        standard_errors=errors,
        unidentified=tuple(
            name
            for name, held in zip(form.names, on_bound, strict=True)
            if held or errors[name] > 0.5
        ),
    )
