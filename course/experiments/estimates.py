"""From runs to a claim: means with intervals, differences, and what is told apart from what.

**The rule of the course.** What is compared was run with several seeds. An interval holds the mean
over seeds with 95 %, by Student's t. Two means are *told apart* where a t test of their difference
gives p <= 5 % after Holm's correction for all comparisons of the same question. Whoever looks for
the best one first has compared all pairs. Everything else is *not told apart*: a verdict of its
own, which does not say that the two are alike.

An interval is that of one mean or one difference and is not corrected: it may leave out zero where
the verdict, which is, tells nothing apart.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit  # Student's t, without the slow import of scipy.stats

from course.units import between

LEVEL = 0.05  # chance of any false "told apart" among the comparisons of one question
NOT_TOLD_APART = "not told apart"


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % interval.

    Attributes:
        value: the mean, a number or an array.
        low, high: the ends of the interval, in the shape of `value`; infinite for a single seed.
        n: how many seeds the mean is over.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self:.3f}"

    def __format__(self, spec):
        """The number format is that of each part: f"{estimate:.1%}" gives "5.0% (4.1% to 5.9%)"."""
        value, low, high = (format(part, spec) for part in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})"

    def through(self, function):
        """The Estimate of a monotone function of the mean; a falling one swaps the ends."""
        value, *ends = (function(part) for part in (self.value, self.low, self.high))
        return Estimate(value, np.minimum(*ends), np.maximum(*ends), self.n)

    def __getitem__(self, place):
        """One entry, or a slice, of an Estimate of arrays."""
        return Estimate(self.value[place], self.low[place], self.high[place], self.n)


def estimate(values):
    """The Estimate of independent values, the first axis over seeds: shape (seeds,) or more axes.

    mean ± t · sd / √n, Student's t with n - 1 degrees of freedom. One value has no interval: its
    ends are infinite. Raises ValueError for no values, and for what is not finite.
    """
    values = np.atleast_1d(between("values", values, -math.inf, math.inf))
    n, mean = len(values), values.mean(axis=0)
    half = np.full(mean.shape, np.inf)
    if n > 1:
        half = _t_quantile(n - 1) * values.std(axis=0, ddof=1) / math.sqrt(n)
    return Estimate(*(part[()] for part in (mean, mean - half, mean + half)), n)


def estimate_ratio(values):
    """The Estimate of positive values on a log scale: their geometric mean, as for all ratios.

    Twice and half as much are equally far from 1 there. Shapes as in `estimate`.
    """
    values = np.asarray(between("values", values, math.ulp(0.0), math.inf))
    return estimate(np.log(values)).through(np.exp)


@dataclass(frozen=True)
class Comparison:
    """One of two means beside the other, among all comparisons of the same question.

    Attributes:
        first, second: names of the two.
        difference: Estimate of first minus second.
        p_value: of a two-sided t test that the difference is 0.
        adjusted_p: the same after Holm's correction.
        n_comparisons: how many were made together.
    """

    first: str
    second: str
    difference: Estimate
    p_value: float
    adjusted_p: float
    n_comparisons: int

    @property
    def told_apart(self):
        """Whether the rule of the course tells the two apart."""
        return self.adjusted_p <= LEVEL

    @property
    def verdict(self):
        """ "higher" or "lower" where the two are told apart, else "not told apart"."""
        if not self.told_apart:
            return NOT_TOLD_APART
        return "higher" if self.difference.value > 0 else "lower"

    def __str__(self):
        corrected = f" of {self.n_comparisons} comparisons" if self.n_comparisons > 1 else ""
        return (
            f"{self.first} − {self.second}: {self.difference:+.3f}, "
            f"p = {self.adjusted_p:.2g}{corrected}: {self.verdict}"
        )


def compare(groups, pairs=None):
    """A Comparison for each of some pairs of groups, seed by seed.

    The runs of one seed start from the same weights and read in the same order, so their difference
    holds less noise than either; only the differences are taken to be independent, seed from seed.
    Nothing is taken to scatter alike.

    Args:
        groups: {name: values}, as many values as seeds, in one order of the seeds.
        pairs: names (first, second) to compare; all pairs by default. All are corrected together.

    Raises:
        ValueError: for groups of unequal length or of fewer than two values, for values that are
            not finite, for an unknown name, and where there is no pair.
    """
    values = {
        name: np.atleast_1d(between(f"groups[{name!r}]", group, -math.inf, math.inf))
        for name, group in groups.items()
    }
    shapes = {group.shape for group in values.values()}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] < 2:
        raise ValueError(
            "groups must hold as many values each, of two seeds or more, got "
            f"{ {name: group.shape for name, group in values.items()} }"
        )
    pairs = list(itertools.combinations(values, 2) if pairs is None else pairs)
    unknown = [name for pair in pairs for name in pair if name not in values]
    if unknown or not pairs:
        raise ValueError(
            f"pairs must hold two names among {', '.join(map(str, values))}, got {pairs}"
        )
    differences = [estimate(values[first] - values[second]) for first, second in pairs]
    p_values = [_p_value(difference) for difference in differences]
    columns = zip(pairs, differences, p_values, holm(p_values), strict=True)
    return tuple(
        Comparison(*pair, difference, p_value, float(adjusted), len(pairs))
        for pair, difference, p_value, adjusted in columns
    )


def not_told_apart(groups, name):
    """The names that `name` is not told apart from, itself among them; all pairs are corrected.

    All pairs, because `name` is mostly the best of the groups, found by looking at all of them.
    """
    others = {
        pair.second if pair.first == name else pair.first
        for pair in compare(groups)
        if name in (pair.first, pair.second) and not pair.told_apart
    }
    return tuple(group for group in groups if group == name or group in others)


def holm(p_values):
    """p-values adjusted for having looked at all of them, along the last axis.

    Rejecting where the adjusted p <= alpha gives any false alarm among them with probability
    alpha at most, however the tests depend on each other. Source: Holm 1979, Scand. J. Stat. 6:65.
    """
    p = np.atleast_1d(between("p_values", p_values, 0, 1))
    order = np.argsort(p, axis=-1)
    left = np.arange(p.shape[-1], 0, -1)
    stepped = np.maximum.accumulate(np.take_along_axis(p, order, -1) * left, axis=-1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(stepped, 1), -1)
    return adjusted


def _t_quantile(freedom):
    return stdtrit(freedom, 1 - LEVEL / 2)


def _p_value(difference):
    """Two-sided, from the width of the interval; 1 for no difference at all, without scatter."""
    if difference.value == 0:
        return 1.0
    standard_error = (difference.high - difference.value) / _t_quantile(difference.n - 1)
    if standard_error == 0:
        return 0.0
    return float(2 * stdtr(difference.n - 1, -abs(difference.value) / standard_error))
