"""Is it a decline or noise? False-alarm rates kept, and the power that is left.

The rates are counted over 10,000 simulated series; a test fails where a rate that equals its bound
would show so many once in ten thousand times.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import binom, false_discovery_control, kendalltau

from course.emergence import (
    NOISES,
    decline_p_values,
    detection_rate,
    holm,
    level_at_look,
    noise_series,
)

N_SERIES = 10_000


def keeps(alarms, bound):
    """Whether so many alarms among N_SERIES agree with a rate of `bound` at most."""
    assert alarms.shape == (N_SERIES,)
    return alarms.sum() <= binom.ppf(0.9999, N_SERIES, bound)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30, unique=True))
def test_p_values_are_scipys_exact_kendall(values):
    theirs = kendalltau(range(len(values)), values, method="exact", alternative="less").pvalue
    assert decline_p_values(values)[()] == pytest.approx(theirs, rel=1e-9, abs=1e-15)


def test_a_steady_fall_is_one_order_in_n_factorial():
    """K040: the document's five falling scores are this test's extreme case, 1/120."""
    for n in (3, 5, 8, 12):
        assert decline_p_values(np.arange(n, 0, -1)) == pytest.approx(1 / math.factorial(n))
        assert decline_p_values(np.arange(n)) == pytest.approx(1)
        assert decline_p_values(np.zeros(n)) == pytest.approx(1)  # ties count as not falling


@pytest.mark.parametrize("kind", ["normal", "heavy-tailed", "ties"])
@pytest.mark.parametrize("n_values", [5, 15, 30])
def test_noise_alarms_no_more_often_than_stated(kind, n_values):
    rng = np.random.default_rng(1)
    series = noise_series("normal" if kind == "ties" else kind, (N_SERIES, n_values), rng)
    if kind == "ties":
        series = np.round(series * 2)
    p = decline_p_values(series)
    for level in (0.1, 0.05, 0.01):
        assert keeps(p <= level, level)
    if kind != "ties":  # and it is no dead test (few values have few levels)
        assert (p <= 0.1).mean() > 0.03


def test_noise_that_suddenly_widens_strains_the_bound():
    """The orders are not equally likely then: 6.7 % at a stated 5 % for ten times the spread."""
    series = noise_series("normal", (N_SERIES, 30), np.random.default_rng(7))
    gradual = decline_p_values(series * np.linspace(1, 10, 30)) <= 0.05
    sudden = decline_p_values(series * np.repeat([1, 10], 15)) <= 0.05
    assert gradual.mean() == pytest.approx(0.052, abs=0.01)
    assert sudden.mean() == pytest.approx(0.067, abs=0.01)


def test_a_rise_alarms_even_less():
    rng = np.random.default_rng(2)
    rising = noise_series("normal", (N_SERIES, 15), rng) + np.linspace(0, 2, 15)
    assert (decline_p_values(rising) <= 0.05).mean() < 0.005


def test_noise_that_remembers_breaks_the_bound_and_whitening_restores_it():
    """Neighbours correlated by 0.5: 15 % false alarms at a stated 5 %; by 0.8: more than 20 %."""
    rng = np.random.default_rng(3)
    half = noise_series("autocorrelated", (N_SERIES, 15), rng, 0.5)
    assert 0.13 < (decline_p_values(half) <= 0.05).mean() < 0.17
    much = noise_series("autocorrelated", (N_SERIES, 15), rng, 0.8)
    assert (decline_p_values(much) <= 0.05).mean() > 0.2
    for stated in (0.5, 0.7):
        assert keeps(decline_p_values(half, stated) <= 0.05, 0.05)
    # Less than there is does not do, and fifteen values cannot tell how much there is.
    assert not keeps(decline_p_values(much, 0.5) <= 0.05, 0.05)
    centred = half - half.mean(axis=1, keepdims=True)
    estimates = (centred[:, 1:] * centred[:, :-1]).sum(axis=1) / (centred**2).sum(axis=1)
    assert estimates.mean() < 0.35


def test_noise_has_mean_0_and_deviation_1():
    rng = np.random.default_rng(4)
    for kind in NOISES:
        series = noise_series(kind, (N_SERIES, 30), rng)
        assert series.mean() == pytest.approx(0, abs=0.02)
        assert series.std() == pytest.approx(1, abs=0.05)
    pairs = noise_series("autocorrelated", (N_SERIES, 30), rng, 0.7)
    assert np.mean(pairs[:, 1:] * pairs[:, :-1]) == pytest.approx(0.7, abs=0.02)


# --- many series, many looks ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["normal", "heavy-tailed", "alike"])
def test_twenty_capabilities_keep_one_bound(kind):
    """K040: where the document's rule fires in 15 % of checks. "alike": one noise in all of them.

    The reports of `detect_collapse_early_warning` decide by these very numbers (test_collapse.py).
    """
    rng = np.random.default_rng(5)
    shape = (N_SERIES, 20, 15)
    if kind == "alike":
        own, shared = rng.standard_normal(shape), rng.standard_normal((N_SERIES, 1, 15))
        series = 0.6 * own + 0.8 * shared
    else:
        series = noise_series(kind, shape, rng)
    p = decline_p_values(series)
    assert keeps((holm(p) <= 0.05).any(axis=1), 0.05)
    assert (p <= 0.05).any(axis=1).mean() > 0.25  # uncorrected: one check in four at least


def test_looking_again_and_again_keeps_the_bound():
    """12 looks at 3 series, each over the latest 15 values: any false alarm in 5 % of runs."""
    runs = noise_series("normal", (N_SERIES, 3, 26), np.random.default_rng(6))
    windows = sliding_window_view(runs, 15, axis=-1)  # (run, series, look, value)
    p = holm(np.moveaxis(decline_p_values(windows), 1, -1)).min(axis=-1)
    looks = np.arange(1, 13)
    assert keeps((p <= level_at_look(0.05, looks)).any(axis=1), 0.05)
    assert (p <= 0.05).any(axis=1).mean() > 0.15  # the same level at every look
    assert level_at_look(0.05, np.arange(1, 10**6)).sum() == pytest.approx(0.05, rel=1e-5)


def test_holm_by_hand_and_beside_benjamini_hochberg():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.2]) == pytest.approx([0.2])
    assert holm([1.0, 0.9, 0.8]) == pytest.approx([1, 1, 1])


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_lies_between_none_and_bonferroni(p):
    p = np.array(p)
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(1, p * p.size) + 1e-12).all()
    assert adjusted.min() == pytest.approx(min(1, p.min() * p.size))
    # It bounds any false alarm, so it is never laxer than what bounds their expected share.
    assert (adjusted >= false_discovery_control(p) - 1e-9).all()


# --- power ----------------------------------------------------------------------------------------


def test_power_grows_with_the_decline_and_the_length():
    """At a level of 5 %, 15 values show a fall of 3 deviations in 93 of 100 series."""
    by_decline = [detection_rate(d, 15, 0.05) for d in (0, 1, 2, 3, 4)]
    assert by_decline == pytest.approx([0.05, 0.26, 0.66, 0.93, 0.99], abs=0.03)
    by_length = [detection_rate(2, n, 0.05) for n in (5, 10, 15, 30, 60)]
    assert by_length == sorted(by_length)
    assert by_length[0] < 0.4
    assert by_length[-1] > 0.97


def test_the_printed_rule_misses_what_it_watches_for():
    """K040: of falls of 4 deviations over 15 values it finds 4 %, this test 99 %."""
    fall = 4 * np.linspace(0, 1, 15)
    series = noise_series("normal", (N_SERIES, 15), np.random.default_rng(8)) - fall
    five_in_a_row = (np.diff(series[:, -5:]) < 0).all(axis=1)
    assert five_in_a_row.mean() == pytest.approx(0.036, abs=0.01)
    assert (decline_p_values(series) <= 0.05).mean() > 0.98


def test_power_under_other_noise():
    normal, heavy = (detection_rate(2, 15, 0.05, noise=kind) for kind in NOISES[:2])
    assert heavy > normal + 0.1  # rare large values do not blind a test of ranks
    whitened = detection_rate(3, 15, 0.05, noise="autocorrelated", autocorrelation=0.5)
    assert whitened < detection_rate(3, 15, 0.05) / 1.5


def test_a_rate_is_the_same_each_time_and_another_seed_agrees():
    assert detection_rate(1, 10, 0.05, seed=1) == detection_rate(1, 10, 0.05, seed=1)
    both = [detection_rate(1, 10, 0.05, seed=s) for s in (1, 2)]
    assert both[0] == pytest.approx(both[1], abs=4 * 0.5 * math.sqrt(2 / 4000))


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: decline_p_values([1.0, 2.0]), "series"),
        (lambda: decline_p_values([3.0, 2.0, 1.0], 0.5), "series"),
        (lambda: decline_p_values(np.zeros(201)), "series"),
        (lambda: decline_p_values([1.0, math.nan, 2.0]), "series"),
        (lambda: decline_p_values([]), "series"),
        (lambda: decline_p_values("falling"), "series"),
        (lambda: decline_p_values(np.zeros(9), 1.0), "autocorrelation"),
        (lambda: decline_p_values(np.zeros(9), -0.1), "autocorrelation"),
        (lambda: decline_p_values(np.zeros(9), [0.1, 0.2]), "autocorrelation"),
        (lambda: holm([0.1, 1.1]), "p_values"),
        (lambda: holm([0.1, math.nan]), "p_values"),
        (lambda: level_at_look(0.05, 0), "look"),
        (lambda: level_at_look(0.05, 1.5), "look"),
        (lambda: level_at_look(0.6, 1), "false_alarm_rate"),
        (lambda: detection_rate(1, 2, 0.05), "n_values"),
        (lambda: detection_rate(1, 10.5, 0.05), "n_values"),
        (lambda: detection_rate(math.nan, 10, 0.05), "decline"),
        (lambda: detection_rate(1, 10, 0), "level"),
        (lambda: detection_rate(1, 10, 0.05, n_series=0), "n_series"),
        (lambda: detection_rate(1, 10, 0.05, noise="pink"), "kind"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} must"):
        call()
