"""Is it a decline or noise? A trend test with a false-alarm rate that can be trusted.

The test of Mann (1945) and Kendall: count the pairs of values that fall. If the series is noise
around a level, all n! orders are equally likely whatever the noise looks like, so the chance of so
many falling pairs is known exactly. Ties count as not falling, which can only make it stricter.
Five values, each lower than the one before, are the extreme case: 1 in 5! = 120.
"""

import functools
import math

import numpy as np

from course.units import between, positive, single, whole

MOST_VALUES = 200  # beyond it the exact table takes long; means of blocks lose little
MOST_AUTOCORRELATION = 0.95
NOISES = ("normal", "heavy-tailed", "autocorrelated")


def decline_p_values(series, autocorrelation=0.0):
    """P(at least so many falling pairs | noise), for each series along the last axis.

    Small where a series falls; pass -series to look for a rise. At most a share alpha of noise
    series has p <= alpha, for independent values of any one distribution. A positive
    `autocorrelation` r (of neighbours, in [0, 0.95]) is taken out first, as y_t - r y_(t-1): the
    bound then holds for noise that follows that rule with r or less; the test loses one value and
    much power. Take r from a long quiet stretch: in a short one the estimate is far too low.
    Noise that suddenly gets ten times as wide strains the bound (6.7 % where 5 % is stated).
    Raises ValueError for fewer than 3 values or more than 200, and for what is not finite.
    Source: Mann 1945, Econometrica 13:245; Kendall 1975, Rank Correlation Methods.
    """
    series = np.atleast_1d(between("series", series, -math.inf, math.inf))
    r = between("autocorrelation", autocorrelation, 0, MOST_AUTOCORRELATION)
    if single("autocorrelation", r):
        series = series[..., 1:] - r * series[..., :-1]
    n = series.shape[-1]
    if not 3 <= n <= MOST_VALUES:
        raise ValueError(f"series must have 3 to {MOST_VALUES} values, got {n}")
    falling = sum((series[..., lag:] < series[..., :-lag]).sum(axis=-1) for lag in range(1, n))
    return _chance_of_falling_pairs(n)[falling]


def level_at_look(false_alarm_rate, look):
    """alpha / (j (j+1)): what look number j = 1, 2, ... may spend.

    The sum over all looks is alpha, so that however often one looks, the chance of any false alarm
    in the whole run stays within it. The price is a stricter test at each later look.
    """
    alpha, j = positive("false_alarm_rate", false_alarm_rate, upper=0.5), whole("look", look)
    return alpha / (j * (j + 1))


def detection_rate(
    decline,
    n_values,
    level,
    *,
    noise="normal",
    noise_autocorrelation=0.5,
    autocorrelation=0.0,
    n_series=4000,
    seed=0,
):
    """The share of simulated series that alarm: power, or the false-alarm rate at decline 0.

    The standard error is at most 0.5 / sqrt(n_series).

    Args:
        decline: of each series in all, evenly over its values, in standard deviations of the noise.
        n_values: of a series.
        level: the largest p-value that alarms.
        noise: its kind, see noise_series.
        noise_autocorrelation: of neighbouring values, for autocorrelated noise.
        autocorrelation: what the test takes out.
        n_series: how many are simulated.
        seed: of the noise.
    """
    n = int(single("n_values", whole("n_values", n_values, 3, MOST_VALUES)))
    fall = between("decline", decline, -math.inf, math.inf) * np.linspace(0, 1, n)
    rng = np.random.default_rng(seed)
    n_series = int(single("n_series", whole("n_series", n_series, 1, 10**6)))
    values = noise_series(noise, (n_series, n), rng, noise_autocorrelation)
    p = decline_p_values(values - fall, autocorrelation)
    return float((p <= positive("level", level, upper=1)).mean())


def noise_series(kind, shape, rng, autocorrelation=0.5):
    """Noise of mean 0 and standard deviation 1 along the last axis.

    "normal"; "heavy-tailed" (Student's t with 3 degrees of freedom); "autocorrelated" (normal,
    e_t = r e_(t-1) + sqrt(1 - r^2) z_t with r = `autocorrelation` in [0, 0.95]).
    """
    if kind == "normal":
        return rng.standard_normal(shape)
    if kind == "heavy-tailed":
        return rng.standard_t(3, shape) / math.sqrt(3)
    if kind != "autocorrelated":
        raise ValueError(f"kind must be one of {', '.join(NOISES)}, got {kind!r}")
    r = between("autocorrelation", autocorrelation, 0, MOST_AUTOCORRELATION)
    noise = rng.standard_normal(shape)
    for t in range(1, noise.shape[-1]):
        noise[..., t] = r * noise[..., t - 1] + math.sqrt(1 - r**2) * noise[..., t]
    return noise


@functools.cache
def _chance_of_falling_pairs(n):
    """P(at least k falling pairs) for k = 0 ... n (n-1)/2, all orders of n values equally likely.

    The i-th value falls below 0 ... i-1 of those before it, each count equally likely and
    independent of the others: so the distribution of the sum is a convolution.
    """
    pmf = functools.reduce(np.convolve, (np.full(i, 1 / i) for i in range(1, n + 1)))
    return np.minimum(np.cumsum(pmf[::-1])[::-1], 1)
