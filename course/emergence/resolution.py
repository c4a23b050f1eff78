"""What a test set of n items can show: nothing below 1/n, and little without an interval."""

import numpy as np
from scipy import stats

from course.units import between, positive, whole


def smallest_accuracy(n_items):
    """1/n: the smallest accuracy above 0 that n items can show."""
    return 1 / whole("n_items", n_items)


def chance_of_no_success(accuracy, n_items):
    """(1 - a)^n: how often a model that is right with probability a shows 0 of n."""
    return (1 - between("accuracy", accuracy, 0, 1)) ** whole("n_items", n_items)


def items_needed(accuracy, confidence=0.95):
    """The least n at which a model of `accuracy` a shows a success with probability `confidence`.

    The smallest whole n with 1 - (1 - a)^n >= confidence; a and confidence in (0, 1).
    """
    a = _inside("accuracy", accuracy)
    n = np.log1p(-_inside("confidence", confidence)) / np.log1p(-a)
    return np.maximum(1, np.ceil(n * (1 - 1e-12)))  # not one more where n is whole but for rounding


def accuracy_interval(n_correct, n_items, level=0.95):
    """(low, high) of the accuracy behind `n_correct` of `n_items`: Clopper and Pearson 1934.

    Holds the true accuracy in at least `level` of all test sets, for independent items. After
    0 of n the upper end is 1 - (0.025)^(1/n) at 95 %, about 3.7/n. Broadcasts.
    """
    n = whole("n_items", n_items)
    correct = between("n_correct", n_correct, 0, np.max(n))
    tail = (1 - _inside("level", level)) / 2
    correct, n, tail = np.broadcast_arrays(correct, n, tail)
    if np.any(correct > n) or np.any(correct != np.floor(correct)):
        raise ValueError(f"n_correct must be whole and at most n_items, got {np.max(correct):g}")
    with np.errstate(invalid="ignore"):  # the ends at 0 and n have no quantile, and are certain
        low = np.where(correct == 0, 0.0, stats.beta.ppf(tail, correct, n - correct + 1))
        high = np.where(correct == n, 1.0, stats.beta.ppf(1 - tail, correct + 1, n - correct))
    return low[()], high[()]


def _inside(name, value):
    value = positive(name, value, upper=1)
    if np.any(value == 1):
        raise ValueError(f"{name} must be below 1, got 1")
    return value
