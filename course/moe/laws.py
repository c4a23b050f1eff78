"""Published loss laws of mixtures of experts, with their sources and what they are good for.

Each counts N in its own way and was fitted on its own text and tokenizer, so that losses compare
only within a law. Each takes numbers or arrays, which broadcast, raises ValueError for what is
impossible, and warns (`course.scaling.OutsideFittedRange`) far outside of its runs.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from course.accounting import training_flops
from course.evidence import fact
from course.scaling import ChinchillaLaw, extrapolating
from course.scaling.laws import warn_if_far
from course.units import between, positive

GRANULARITIES = tuple(2**power for power in range(9))


@dataclass(frozen=True)
class ClarkLaw:
    """log10 L = a log10 N + b log10 Ê + c log10 N · log10 Ê + d, L in nats per token.

    N: parameters of the dense model whose feed-forward blocks are replaced, which is what a token
    passes, as one expert of E is taken (k = 1). Every run saw 130e9 tokens: the law says nothing
    of other amounts of data. Ê is E, bent at both ends:
    1 / Ê = 1 / (E - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max, so that Ê(1) = E_start, which
    is the dense model, and Ê stays below E_max. With c > 0 the gain shrinks as N grows.
    Source: Clark et al. 2022, arXiv:2202.01169, eq. 1.

    Attributes:
        a, b, c, d: as in the formula.
        E_start, E_max: the ends between which Ê lies.
        name, source: what it is called, and where the constants are from.
        fitted_range: quantity -> (lowest, highest) of the runs that were fitted.
    """

    a: float
    b: float
    c: float
    d: float
    E_start: float
    E_max: float
    name: str = "my law"
    source: str = ""
    fitted_range: dict = field(default_factory=dict, compare=False, repr=False)

    def saturated(self, n_experts):
        """Ê for E experts, from E_start (E = 1) to below E_max."""
        n_experts = between("n_experts", n_experts, 1, math.inf)
        shift = 1 / (1 / self.E_start - 1 / self.E_max)
        return 1 / (1 / (n_experts - 1 + shift) + 1 / self.E_max)

    def loss(self, n_params, n_experts):
        """L(N, E) in nats per token, after 130e9 tokens."""
        n_params = positive("n_params", n_params)
        experts = np.log10(self.saturated(n_experts))
        warn_if_far(self, n_params=n_params, n_experts=between("n_experts", n_experts, 1, np.inf))
        size = np.log10(n_params)
        return 10 ** (self.a * size + self.b * experts + self.c * size * experts + self.d)

    def effective_params(self, n_params, n_experts):
        """Parameters of the dense model with the same loss: n_params where E = 1 (their eq. 11).

        Divided by n_params it is a gain in compute, since the data are the same.
        """
        loss = np.log10(self.loss(n_params, n_experts))
        start = math.log10(self.E_start)
        return 10 ** ((loss - self.b * start - self.d) / (self.a + self.c * start))

    @property
    def cutoff(self):
        """The N above which experts no longer help: 10^(-b / c). Very sensitive to b and c."""
        return 10 ** (-self.b / self.c)


@dataclass(frozen=True)
class KrajewskiLaw:
    """L(N, D, G) = c + (g / G^gamma + a) / N^alpha + b / D^beta, in nats per token.

    N: all parameters, idle experts too, but without embeddings and router; D: tokens; G:
    granularity. `expansion` is how many times the parameters of a dense feed-forward block all
    experts of a layer have together; each value has a fit of its own.
    Source: Krajewski (Ludziejewski) et al. 2024, arXiv:2402.07871, eq. 9.

    Attributes:
        a, alpha, b, beta, g, gamma, c: as in the formula.
        expansion: parameters of all experts of a layer, over those of a dense block.
        name, source: what it is called, and where the constants are from.
        fitted_range: quantity -> (lowest, highest) of the runs that were fitted.
    """

    a: float
    alpha: float
    b: float
    beta: float
    g: float
    gamma: float
    c: float
    expansion: float
    name: str = "my law"
    source: str = ""
    fitted_range: dict = field(default_factory=dict, compare=False, repr=False)

    def loss(self, n_params, n_tokens, granularity=1):
        """L(N, D, G) in nats per token."""
        n_params, n_tokens = positive("n_params", n_params), positive("n_tokens", n_tokens)
        granularity = between("granularity", granularity, 1, math.inf)
        warn_if_far(self, n_params=n_params, n_tokens=n_tokens, granularity=granularity)
        size = (self.g / granularity**self.gamma + self.a) / n_params**self.alpha
        return self.c + size + self.b / n_tokens**self.beta

    def n_params(self, n_active_params):
        """All parameters of a model with so many active ones: (8 E + 4) / 12 times (section 6.1).

        A third of a dense layer is attention, which is not multiplied.
        """
        return positive("n_active_params", n_active_params) * (8 * self.expansion + 4) / 12

    def training_flops(self, n_active_params, n_tokens, granularity=1):
        """(6 · 12 d² + 14 · d E G) · layers · D, with d = 64 · layers (eq. 10 and appendix E).

        The second term is the router's: fine experts need a larger one.
        """
        granularity = between("granularity", granularity, 1, math.inf)
        layers = (positive("n_active_params", n_active_params) / (12 * 64**2)) ** (1 / 3)
        router = 14 * (64 * layers) * self.expansion * granularity * layers
        return training_flops(n_active_params, n_tokens) + router * n_tokens

    def optimum(self, flops):
        """(n_active_params, n_tokens, granularity, loss): the best for one budget in FLOP.

        Granularity is the best of the powers of 2 up to 256. It does not warn.
        """
        flops = _budget(flops)

        def best_size(granularity):
            def loss(log_active):
                active = 10**log_active
                n_tokens = flops / self.training_flops(active, 1, granularity)
                return self.loss(self.n_params(active), n_tokens, granularity)

            found = _lowest(loss, flops)
            return float(found.fun), float(found.x), granularity

        with extrapolating():
            lowest, log_active, granularity = min(map(best_size, GRANULARITIES))
            active = 10**log_active
            return active, flops / self.training_flops(active, 1, granularity), granularity, lowest

    def compute_gain(self, flops, dense):
        """How many times `flops` the best dense model needs for the loss of `optimum(flops)`.

        `dense`: a ChinchillaLaw fitted to the same text. It does not warn.
        """
        return dense.flops_for_loss(self.optimum(flops)[-1]) / flops


@dataclass(frozen=True)
class AbnarLaw:
    """L(N, D, S) = a/N^alpha + b/D^beta + c/(1-S)^lam + d/((1-S)^delta N^gamma) + e, in nats.

    N: all parameters; D: tokens; S: the share of the experts that is idle, (E - k) / E, which is
    0 for a dense model. lam is below 0: the third term falls as S grows. (1 - S) N is roughly what
    a token passes. With ten constants it explains 99 % of the variance of the fitted runs, and 68 %
    of those held out (S = 0.98). It was fitted to runs near the best size for their compute: off
    it, it disagrees with the paper's own surfaces. At 1e20 FLOP and 5e8 parameters its best S is
    0.77, while they find dense models best there.
    Source: Abnar et al. 2025, arXiv:2501.12370, eq. 6.

    Attributes:
        a, alpha, b, beta, c, lam, d, delta, gamma, e: as in the formula.
        name, source: what it is called, and where the constants are from.
        fitted_range: quantity -> (lowest, highest) of the runs that were fitted.
    """

    a: float
    alpha: float
    b: float
    beta: float
    c: float
    lam: float
    d: float
    delta: float
    gamma: float
    e: float
    name: str = "my law"
    source: str = ""
    fitted_range: dict = field(default_factory=dict, compare=False, repr=False)

    def loss(self, n_params, n_tokens, sparsity):
        """L(N, D, S) in nats per token. Sparsity lies in [0, 1)."""
        n_params, n_tokens = positive("n_params", n_params), positive("n_tokens", n_tokens)
        active = 1 - between("sparsity", sparsity, 0, np.nextafter(1, 0))
        flops = training_flops(active * n_params, n_tokens)
        warn_if_far(self, flops=flops, active_share=active)
        dense = self.a / n_params**self.alpha + self.b / n_tokens**self.beta + self.e
        both = self.d / (active**self.delta * n_params**self.gamma)
        return dense + self.c / active**self.lam + both

    def optimum(self, flops, sparsity):
        """(n_params, n_tokens, loss): the best for one budget in FLOP at one sparsity.

        6 (1 - S) N D = flops. It does not warn.
        """
        flops = _budget(flops)
        active = 1 - between("sparsity", sparsity, 0, np.nextafter(1, 0))

        def tokens(n_params):
            return flops / training_flops(active * n_params, 1)

        with extrapolating():
            found = _lowest(lambda log_n: self.loss(10**log_n, tokens(10**log_n), sparsity), flops)
        n_params = 10 ** float(found.x)
        return n_params, tokens(n_params), float(found.fun)

    def compute_gain(self, flops, sparsity):
        """How many times `flops` a dense model (S = 0) needs for the same loss, both at their best.

        Raises ValueError where 1e6 times are not enough. It does not warn.
        """
        target = self.optimum(flops, sparsity)[-1]

        def above(log_times):
            return self.optimum(flops * 10**log_times, 0)[-1] - target

        if above(6) > 0:
            raise ValueError(f"no dense model within 1e6 times {flops:g} FLOP has this loss")
        return 10 ** brentq(above, -6, 6, xtol=1e-6)


def _budget(flops):
    flops = positive("flops", flops)
    if np.ndim(flops):
        raise ValueError(f"flops must be one number, got an array of shape {flops.shape}")
    return flops


def _lowest(loss, flops):
    """The minimum of a valley in log10 of the size: no best size is above the budget in FLOP."""
    bounds = (0, max(1, math.log10(flops)))
    return minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})


def _preset(law, key, name, **more):
    constants = fact(key)
    return law(**constants.value, name=name, source=constants.source, **more)


def _range(key):
    return {name: tuple(ends) for name, ends in fact(key).value.items()}


CLARK_2022 = {
    routing: _preset(
        ClarkLaw,
        f"clark.{routing}",
        f"Clark 2022, {routing}",
        fitted_range=_range("clark.fitted_range"),
    )
    for routing in ("S-BASE", "RL-R", "HASH")
}
_KRAJEWSKI_RUNS = _range("krajewski.fitted_range")
KRAJEWSKI_2024 = _preset(
    KrajewskiLaw, "krajewski.E64", "Krajewski 2024", expansion=64, fitted_range=_KRAJEWSKI_RUNS
)
KRAJEWSKI_2024_E16 = _preset(
    KrajewskiLaw,
    "krajewski.E16",
    "Krajewski 2024, 16 times",
    expansion=16,
    fitted_range=_KRAJEWSKI_RUNS,
)
KRAJEWSKI_2024_DENSE = _preset(ChinchillaLaw, "krajewski.dense", "Krajewski 2024, dense")
ABNAR_2025 = _preset(AbnarLaw, "abnar.fit", "Abnar 2025", fitted_range=_range("abnar.fitted_range"))
