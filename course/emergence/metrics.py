"""One smooth accuracy per token, and what several measures make of it.

The model of Schaeffer et al. 2023 (arXiv:2304.15004): p = exp(-L) is the probability of one right
token, the tokens of an answer are independent, and L falls with scale as a power law. All measures
are functions of the same p: what jumps in one and not in another is made by the measure.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from course.units import between, positive, single, whole


def token_accuracy(loss):
    """p = exp(-L): the (geometric) mean probability of a right token at L nats per token."""
    return np.exp(-between("loss", loss, 0, math.inf))


def power_law_loss(scale, scale_at_1_nat, exponent):
    """L = (scale_at_1_nat / scale)^exponent in nats per token; `scale` is N, D or C.

    A task's loss, which may go to 0: an answer that is certain has no irreducible loss.
    """
    ratio = positive("scale_at_1_nat", scale_at_1_nat) / positive("scale", scale)
    return ratio ** positive("exponent", exponent, upper=2)


def exact_match(p, n_tokens):
    """p^k: all k tokens of the answer are right."""
    return between("p", p, 0, 1) ** positive("n_tokens", n_tokens)


def token_edit_distance(p, n_tokens):
    """k (1 - p): expected number of wrong tokens of k, each replaced by one; 0 is best."""
    return positive("n_tokens", n_tokens) * (1 - between("p", p, 0, 1))


def log_likelihood(p, n_tokens):
    """k ln p in nats: the log-probability of the whole answer; 0 is best. p in (0, 1]."""
    return positive("n_tokens", n_tokens) * np.log(positive("p", p, upper=1))


def option_probability(p, n_options):
    """q = p + (1 - p) / m: probability of the right one of m options, known with p, else guessed.

    `n_options` is whole, 2 or more.
    """
    p = between("p", p, 0, 1)
    return p + (1 - p) / whole("n_options", n_options, 2)


def multiple_choice(p, n_options, item_spread=1.0):
    """The share of items on which the right option is the most probable one.

    1 / (1 + (m-1) (r/q)^(1/s)), q = option_probability, r = (1-q) / (m-1) of each other option,
    when items differ: each option's log-probability carries Gumbel noise of scale s =
    `item_spread` (Luce 1959). At p = 0 it is chance, 1/m. With s = 1 it is q itself; the less the
    items differ, the more of them turn right at the same p.
    """
    m, spread = whole("n_options", n_options, 2), positive("item_spread", item_spread)
    q = option_probability(p, m)
    return 1 / (1 + (m - 1) * ((1 - q) / (m - 1) / q) ** (1 / spread))


def brier_score(p, n_options):
    """(1-q)^2 + (m-1) ((1-q)/(m-1))^2 = (1-q)^2 m / (m-1): squared error of m probabilities.

    The wrong options are alike, q = option_probability. 0 is best, (m-1)/m is chance.
    """
    m = whole("n_options", n_options, 2)
    return (1 - option_probability(p, m)) ** 2 * m / (m - 1)


def pass_at_k(p, n_samples):
    """1 - (1-p)^k: at least one of k independent samples is right, for one sample's p."""
    k = positive("n_samples", n_samples)
    with np.errstate(divide="ignore"):  # p = 1: ln 0
        return -np.expm1(k * np.log1p(-between("p", p, 0, 1)))  # k·p for a p of 1e-20, not 0


@dataclass(frozen=True)
class Rise:
    """Where a measure has made 10 % and 90 % of its way between two scales.

    `steepness` is 1 for a straight line over log scale, and the larger the later and the more at
    once the measure moves.
    """

    scale_10: float
    scale_90: float
    window_decades: float

    @property
    def decades(self):
        """log10(scale_90 / scale_10): how many tenfold of scale the way takes."""
        return math.log10(self.scale_90 / self.scale_10)

    @property
    def steepness(self):
        """0.8 · window_decades / decades."""
        return 0.8 * self.window_decades / self.decades


def rise(measure, smallest, largest):
    """The Rise of `measure`, a monotone function of one scale, between two scales that are seen.

    What is sharp depends on where one stops looking. For p^k under a pure power law L = (c/N)^a,
    the way from 0 to 1 takes log10(ln 0.1 / ln 0.9) / a = 1.34 / a decades for every k: k only
    moves the curve, by log10(k) / a decades. Seen up to a largest model with loss L_1, the way to
    *its* value takes log10((L_1 + 2.303/k) / (L_1 + 0.105/k)) / a, about 0.95 / (k a L_1): the
    longer the answer, the sharper. Raises ValueError if the measure does not move.
    """
    for name, value in (("smallest", smallest), ("largest", largest)):
        single(name, positive(name, value))
    low, high = math.log10(smallest), math.log10(largest)
    if not low < high:
        raise ValueError(f"largest must be above smallest = {smallest:g}, got {largest:g}")
    start, end = (float(measure(10**x)) for x in (low, high))
    if not (math.isfinite(start) and math.isfinite(end) and start != end):
        raise ValueError(f"measure must move between two finite values, got {start:g} and {end:g}")

    def scale_at(share):
        return 10 ** brentq(lambda x: (measure(10**x) - start) / (end - start) - share, low, high)

    return Rise(scale_at(0.1), scale_at(0.9), high - low)
