"""Loss laws with their sources, and the model size that each calls optimal for a compute budget.

N parameters, D training tokens, C = 6 N D training compute in FLOP, L loss in nats per token.
Every law takes numbers or numpy arrays, which broadcast, and raises ValueError for what is not
positive. A law asked far outside the runs it was fitted on answers, and warns.
"""

import math
import sys
import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.display import number, table
from course.units import PF_DAY, between, positive

EXTRAPOLATION_FACTOR = 10  # times beyond an end of the fitted range from which on a law warns


class OutsideFittedRange(UserWarning):
    """A law was asked more than ten times beyond the runs that it was fitted on."""


def extrapolating():
    """`with extrapolating(): ...` for code that goes beyond the fitted range on purpose."""
    return warnings.catch_warnings(action="ignore", category=OutsideFittedRange)


def pf_days(flops):
    """FLOP in PF-days, the unit of Kaplan et al. 2020: 1e15 FLOP/s for a day, 8.64e19 FLOP."""
    return positive("flops", flops) / PF_DAY


def perplexity(loss):
    """exp(L) for a loss in nats per token: how many equally likely tokens would be as hard.

    Loss in [0, 700]. Only comparable between models with the same tokenizer.
    """
    loss = between("loss", loss, 0, 700)
    return math.exp(loss) if type(loss) is float else np.exp(loss)


def bits_per_token(loss):
    """L / ln 2: a loss in nats per token, in bits per token."""
    return between("loss", loss, 0, 700) / math.log(2)


def bits_per_byte(loss, bytes_per_token):
    """L / (ln 2 · bytes per token): comparable between tokenizers, unlike loss and perplexity.

    `bytes_per_token` is the mean length of a token in bytes of the text that was measured.
    """
    return bits_per_token(loss) / positive("bytes_per_token", bytes_per_token)


@dataclass(frozen=True)
class ChinchillaLaw:
    """L(N, D) = E + A / N^alpha + B / D^beta, in nats per token.

    Attributes:
        E: the floor that no model passes on this text, nats; may be 0.
        A, alpha: A / N^alpha is what a finite model adds.
        B, beta: B / D^beta is what finite data add.
        name, source: in words.
        fitted_range: the smallest and largest n_params and n_tokens of the fitted runs.
        intervals: (low, high) of the constants as the source prints them.
        interval_level: of these, in words.

    Raises:
        ValueError: for constants that are not positive (E may be 0) or an exponent above 2.

    Source of the form: Hoffmann et al. 2022, arXiv:2203.15556, eq. 2.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float
    name: str = "my law"
    source: str = ""
    fitted_range: dict = field(default_factory=dict, compare=False, repr=False)
    intervals: dict = field(default_factory=dict, compare=False, repr=False)
    interval_level: str = field(default="", compare=False, repr=False)

    def __post_init__(self):
        between("E", self.E, 0, math.inf)
        for name, upper in (("A", math.inf), ("B", math.inf), ("alpha", 2), ("beta", 2)):
            positive(name, getattr(self, name), upper=upper)

    @property
    def a(self):
        """The optimal N grows as C^a, a = beta / (alpha + beta)."""
        return self.beta / (self.alpha + self.beta)

    @property
    def b(self):
        """The optimal D grows as C^b, b = alpha / (alpha + beta) = 1 - a."""
        return self.alpha / (self.alpha + self.beta)

    def loss(self, n_params, n_tokens):
        """L(N, D) in nats per token."""
        n_params, n_tokens = positive("n_params", n_params), positive("n_tokens", n_tokens)
        warn_if_far(self, n_params=n_params, n_tokens=n_tokens)
        return self.E + self.A / n_params**self.alpha + self.B / n_tokens**self.beta

    def optimum(self, flops):
        """(n_params, n_tokens) with the lowest loss among all with 6 N D = `flops`.

        N = G (C/6)^a, D = (C/6) / N, G = (alpha A / (beta B))^(1 / (alpha + beta)).
        Source: Hoffmann et al. 2022, eq. 4.
        """
        flops = positive("flops", flops)
        n_params = self._size_at_1_flop * flops**self.a
        n_tokens = flops / (FLOP_PER_PARAM_TOKEN * n_params)
        warn_if_far(self, n_params=n_params, n_tokens=n_tokens)
        return n_params, n_tokens

    def flops_for_loss(self, loss):
        """The least compute, in FLOP, that reaches `loss`: what the optimum needs.

        Along the optimum the part of the loss above E falls as (C/6)^-(alpha a).
        Raises ValueError for a loss that is not above the floor E.
        """
        loss = positive("loss", loss)
        if np.any(loss <= self.E):
            raise ValueError(
                f"loss must be above the floor E = {self.E:g} nats of {self.name}, "
                f"got {np.min(loss):g}: no amount of compute reaches it"
            )
        g = self._size_at_1_flop * FLOP_PER_PARAM_TOKEN**self.a
        reducible_at_6_flop = self.A / g**self.alpha + self.B * g**self.beta
        with np.errstate(over="ignore"):
            ratio = np.float64(reducible_at_6_flop) / (loss - self.E)
            flops = FLOP_PER_PARAM_TOKEN * ratio ** (1 / (self.alpha * self.a))
        if not np.isfinite(flops).all():
            raise ValueError(f"loss is too near the floor E = {self.E:g}, got {np.min(loss)!r}")
        return flops if np.ndim(flops) else float(flops)

    def _repr_html_(self):
        rows = []
        for name in ("E", "A", "B", "alpha", "beta", "a"):
            interval = " to ".join(f"{end:g}" for end in self.intervals.get(name, ()))
            rows.append((name, number(getattr(self, name), ".6g"), interval))
        caption = f"{self.name}: L = E + A / N^alpha + B / D^beta. {self.source}"
        return table(caption, ("", "value", self.interval_level or "interval"), rows)

    @cached_property
    def _size_at_1_flop(self):
        g = (self.alpha * self.A / (self.beta * self.B)) ** (1 / (self.alpha + self.beta))
        return g * FLOP_PER_PARAM_TOKEN**-self.a


@dataclass(frozen=True)
class KaplanLaw:
    """The power laws of Kaplan et al. 2020, arXiv:2001.08361: no floor, and N without embeddings.

    Attributes:
        alpha_N, N_c: of L(N), N_c in parameters.
        alpha_D, D_c: of L(D), D_c in tokens.
        alpha_C_min, C_c_min: of L(C) at the best use of compute, in PF-days of 8.64e19 FLOP.
        alpha_C, C_c: of L(C) at one batch size, in PF-days.
        size_at_1_pf_day, size_exponent: the optimal N is size_at_1_pf_day · C^size_exponent, C in
            PF-days.
        name, source: in words.
        fitted_range: the smallest and largest quantities of the fitted runs, by name.
    """

    alpha_N: float
    N_c: float
    alpha_D: float
    D_c: float
    alpha_C_min: float
    C_c_min: float
    alpha_C: float
    C_c: float
    size_at_1_pf_day: float
    size_exponent: float
    name: str = "my law"
    source: str = ""
    fitted_range: dict = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self):
        for name, value in vars(self).items():
            if name not in ("name", "source", "fitted_range"):
                positive(name, value)

    def loss_from_params(self, n_params):
        """L(N) = (N_c / N)^alpha_N: data without end, trained to convergence (eq. 1.1)."""
        n_params = positive("n_params", n_params)
        warn_if_far(self, n_params=n_params)
        return (self.N_c / n_params) ** self.alpha_N

    def loss_from_tokens(self, n_tokens):
        """L(D) = (D_c / D)^alpha_D: a large model, stopped early (eq. 1.2)."""
        n_tokens = positive("n_tokens", n_tokens)
        warn_if_far(self, n_tokens=n_tokens)
        return (self.D_c / n_tokens) ** self.alpha_D

    def loss_from_compute(self, flops):
        """L(C_min) = (C_c_min / C_min)^alpha_C_min: compute spent in the best way (eq. 1.3)."""
        days = pf_days(flops)
        warn_if_far(self, flops=days * PF_DAY)
        return (self.C_c_min / days) ** self.alpha_C_min

    def loss_from_compute_fixed_batch(self, flops):
        """L(C) = (C_c / C)^alpha_C: one batch size for all runs, so not the best use (Table 5)."""
        days = pf_days(flops)
        warn_if_far(self, flops=days * PF_DAY)
        return (self.C_c / days) ** self.alpha_C

    def loss(self, n_params, n_tokens):
        """L(N, D) = ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D (eq. 1.5)."""
        n_params, n_tokens = positive("n_params", n_params), positive("n_tokens", n_tokens)
        warn_if_far(self, n_params=n_params, n_tokens=n_tokens)
        size_part = (self.N_c / n_params) ** (self.alpha_N / self.alpha_D)
        return (size_part + self.D_c / n_tokens) ** self.alpha_D

    def optimum(self, flops):
        """(n_params, n_tokens): N = 1.3e9 C^0.73, C in PF-days, and D = C / (6 N)."""
        flops = positive("flops", flops)
        n_params = self.size_at_1_pf_day * (flops / PF_DAY) ** self.size_exponent
        n_tokens = flops / (FLOP_PER_PARAM_TOKEN * n_params)
        warn_if_far(self, n_params=n_params, n_tokens=n_tokens)
        return n_params, n_tokens


@dataclass(frozen=True)
class PowerLawAllocation:
    """N = size_at_1_flop · C^a and D = C / (6 N): an optimal size without a loss to go with it.

    Approaches 1 and 2 of Hoffmann et al. 2022 give no more than this.

    Attributes:
        size_at_1_flop: N at C = 1 FLOP.
        a: the exponent.
        name, source: in words.
        fitted_range: the smallest and largest flops of the fitted runs.
        intervals: (low, high) of a, where the source prints it.
        interval_level: of these, in words.
    """

    size_at_1_flop: float
    a: float
    name: str = "my allocation"
    source: str = ""
    fitted_range: dict = field(default_factory=dict, compare=False, repr=False)
    intervals: dict = field(default_factory=dict, compare=False, repr=False)
    interval_level: str = field(default="", compare=False, repr=False)

    def __post_init__(self):
        positive("size_at_1_flop", self.size_at_1_flop)
        between("a", self.a, 0, 1)

    @classmethod
    def through(cls, flops, n_params, a, **described):
        """The allocation with exponent `a` that lies in the middle of a table of (C, N).

        The constant is the geometric mean of N / C^a. Shapes: flops and n_params (rows,).
        """
        flops, n_params = positive("flops", flops), positive("n_params", n_params)
        return cls(float(np.exp(np.mean(np.log(n_params / flops**a)))), a, **described)

    @property
    def b(self):
        """The optimal D grows as C^b, b = 1 - a."""
        return 1 - self.a

    def optimum(self, flops):
        """(n_params, n_tokens) with 6 N D = `flops`."""
        flops = positive("flops", flops)
        warn_if_far(self, flops=flops)
        n_params = self.size_at_1_flop * flops**self.a
        return n_params, flops / (FLOP_PER_PARAM_TOKEN * n_params)


def size_interval(law, flops):
    """(low, high) of the optimal n_params at `flops`, from the interval of the exponent a.

    None where the source gives no interval. The papers print intervals of exponents, not of sizes:
    here the line turns about the middle, on a log scale, of the fitted range, where the runs hold
    it, and the interval widens with each decade from there.
    """
    if "a" not in getattr(law, "intervals", {}) or not law.fitted_range:
        return None
    flops = positive("flops", flops)
    with extrapolating():
        n_params, _ = law.optimum(flops)
    middle = FLOP_PER_PARAM_TOKEN * math.sqrt(math.prod(law.fitted_range["n_params"]))
    middle *= math.sqrt(math.prod(law.fitted_range["n_tokens"]))
    ends = [n_params * (flops / middle) ** (end - law.a) for end in law.intervals["a"]]
    if type(flops) is float:
        return min(ends), max(ends)
    return np.minimum(*ends), np.maximum(*ends)


def warn_if_far(law, *, advice="", **asked):
    """Warn once, naming each quantity that lies more than ten times outside the fitted range.

    `advice` is a sentence that the warning ends with.
    """
    far = []
    for quantity, value in asked.items():
        if quantity not in law.fitted_range:
            continue
        lower, upper = law.fitted_range[quantity]
        scalar = type(value) is float
        lowest, highest = (value, value) if scalar else (value.min(), value.max())
        if lowest * EXTRAPOLATION_FACTOR < lower or highest > upper * EXTRAPOLATION_FACTOR:
            worst = highest if highest > upper * EXTRAPOLATION_FACTOR else lowest
            far.append(f"{quantity} = {worst:.3g}, fitted on {lower:.3g} to {upper:.3g}")
    if far:
        warnings.warn(
            f"{law.name} is asked far outside of what it was fitted on: {'; '.join(far)}"
            + (f". {advice}" if advice else ""),
            OutsideFittedRange,
            stacklevel=_first_level_outside_course(),
        )


def _first_level_outside_course():
    """The stacklevel of whoever called the course: the warning then points at the learner's line"""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("course."):
        level, frame = level + 1, frame.f_back
    return level
