"""Means with intervals, and what is told apart: each rule holds what it says, by simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from course.experiments.estimates import (
    LEVEL,
    NOT_TOLD_APART,
    Comparison,
    Estimate,
    compare,
    estimate,
    estimate_ratio,
    holm,
    not_told_apart,
)

ABOUT = 4  # standard errors that a simulated share may lie from the true one


def near(share, expected, n):
    return abs(share - expected) < ABOUT * math.sqrt(expected * (1 - expected) / n)


# --- one mean -------------------------------------------------------------------------------------


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9))
def test_the_interval_is_students(values):
    ours = estimate(values)
    if np.std(values) > 1e-6:
        theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-8)
    assert ours.low <= ours.value + 1e-12
    assert ours.value <= ours.high + 1e-12
    assert ours.n == len(values)


def test_one_value_has_no_interval():
    assert estimate([2.0]) == estimate(2.0) == Estimate(2.0, -math.inf, math.inf, 1)


@pytest.mark.parametrize("bad", [[], [np.nan, 1.0], [1.0, np.inf], "12", None, [True, False], {}])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="values must be"):
        estimate(bad)


@pytest.mark.parametrize("n_seeds", [2, 3, 5, 10])
def test_the_interval_covers_as_often_as_it_says(n_seeds):
    values = np.random.default_rng(n_seeds).normal(3, 2, (n_seeds, 20_000))
    interval = estimate(values)
    covered = np.mean((interval.low < 3) & (interval.high > 3))
    assert near(covered, 0.95, 20_000)


def test_arrays_are_estimated_entry_by_entry():
    values = np.random.default_rng(0).normal(size=(4, 3, 2))
    together = estimate(values)
    for place in itertools.product(range(3), range(2)):
        alone = estimate(values[(slice(None), *place)])
        entry = together[place]
        assert (entry.value, entry.low, entry.high) == pytest.approx(
            (alone.value, alone.low, alone.high)
        )


def test_a_ratio_and_its_inverse_are_one_statement():
    values = np.array([1.5, 2.0, 1.2, 1.9])
    ratio, inverse = estimate_ratio(values), estimate_ratio(1 / values)
    assert ratio.value == pytest.approx(values.prod() ** 0.25)
    assert (1 / inverse.value, 1 / inverse.high, 1 / inverse.low) == pytest.approx(
        (ratio.value, ratio.low, ratio.high)
    )
    for bad in ([1.0, 0.0], [1.0, -2.0], []):
        with pytest.raises(ValueError, match="values must be"):
            estimate_ratio(bad)


def test_an_estimate_goes_through_rising_and_falling_functions():
    start = Estimate(2.0, 1.0, 4.0, 3)
    assert start.through(np.log2) == Estimate(1.0, 0.0, 2.0, 3)
    assert start.through(np.negative) == Estimate(-2.0, -4.0, -1.0, 3)


def test_an_estimate_is_written_with_its_interval():
    start = Estimate(0.0255, 0.01, 0.041, 5)
    assert str(start) == "0.025 (0.010 to 0.041)"
    assert f"{start:+.1%}" == "+2.5% (+1.0% to +4.1%)"


# --- differences ----------------------------------------------------------------------------------


def groups_of(rng, means, n_seeds=5, shared=1.0, own=1.0):
    """Groups whose seeds share noise, as runs do that start alike."""
    common = shared * rng.standard_normal(n_seeds)
    return {
        f"text {place}": mean + common + own * rng.standard_normal(n_seeds)
        for place, mean in enumerate(means)
    }


def test_a_comparison_is_the_paired_t_test():
    groups = groups_of(np.random.default_rng(1), (0.0, 1.0))
    (comparison,) = compare(groups)
    theirs = stats.ttest_rel(*groups.values())
    interval = theirs.confidence_interval(0.95)
    assert comparison.p_value == comparison.adjusted_p == pytest.approx(theirs.pvalue)
    assert comparison.difference.value == pytest.approx(
        np.mean(groups["text 0"] - groups["text 1"])
    )
    assert (comparison.difference.low, comparison.difference.high) == pytest.approx(interval)


def test_what_all_runs_of_a_seed_share_does_not_count():
    groups = groups_of(np.random.default_rng(2), (0.0, 1.0, 1.5))
    shift = 100 * np.arange(5)
    shifted = {name: values + shift for name, values in groups.items()}
    for before, after in zip(compare(groups), compare(shifted), strict=True):
        assert before.adjusted_p == pytest.approx(after.adjusted_p, rel=1e-6)
        assert before.verdict == after.verdict


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(4)), st.permutations(range(5)))
def test_the_order_of_groups_and_seeds_means_nothing(order, seeds):
    groups = groups_of(np.random.default_rng(3), (0.0, 0.5, 2.0, 3.0), own=0.5)
    names = [list(groups)[place] for place in order]
    verdicts = {
        frozenset((c.first, c.second)): (c.verdict == NOT_TOLD_APART, round(c.adjusted_p, 10))
        for c in compare(groups)
    }
    mixed = {name: groups[name][list(seeds)] for name in names}
    for comparison in compare(mixed):
        told = (comparison.verdict == NOT_TOLD_APART, round(comparison.adjusted_p, 10))
        assert verdicts[frozenset((comparison.first, comparison.second))] == told


def test_the_verdict_names_the_side_and_the_sentence_the_number_of_comparisons():
    (low,) = compare({"a": [1.0, 1.1, 1.2], "b": [2.0, 2.12, 2.21]})
    assert low.verdict == "lower"
    assert str(low).startswith("a − b: -1.010 (")
    assert str(low).endswith(": lower")
    (alike,) = compare({"a": [1.0, 2.0, 3.0], "b": [1.5, 1.5, 3.0]})
    assert alike.verdict == NOT_TOLD_APART
    three = compare({"a": [1.0, 1.1], "b": [2.0, 2.3], "c": [0.0, 0.3]})
    assert "of 3 comparisons" in str(three[0])


def test_groups_without_scatter():
    same, apart = compare({"a": [1.0, 1.0], "b": [1.0, 1.0], "c": [2.0, 2.0]})[:2]
    assert (same.p_value, same.verdict) == (1.0, NOT_TOLD_APART)
    assert (apart.p_value, apart.verdict) == (0.0, "lower")


@pytest.mark.parametrize(
    ("groups", "pairs", "message"),
    [
        ({}, None, "groups must hold"),
        ({"a": [1, 2]}, None, "pairs must hold two names"),
        ({"a": [1], "b": [2]}, None, "two seeds or more"),
        ({"a": [1, 2], "b": [2, 3, 4]}, None, "as many values each"),
        ({"a": [[1, 2]], "b": [[2, 3]]}, None, "as many values each"),
        ({"a": [1, math.nan], "b": [2, 3]}, None, r"groups\['a'\] must be a finite number"),
        ({"a": [1, 2], "b": ["x", "y"]}, None, r"groups\['b'\]"),
        ({"a": [1, 2], "b": [2, 3]}, [("a", "c")], "pairs must hold two names among a, b"),
        ({"a": [1, 2], "b": [2, 3]}, [], "pairs must hold two names"),
    ],
)
def test_what_cannot_be_compared_is_refused(groups, pairs, message):
    with pytest.raises(ValueError, match=message):
        compare(groups, pairs)


# --- many comparisons -----------------------------------------------------------------------------


def test_holm_by_hand():
    """By hand, and as R's p.adjust(p, "holm") and statsmodels' multipletests give them."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.001, 0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.005, 0.04, 0.06, 0.06, 0.06])
    assert holm([0.2]) == pytest.approx([0.2])
    assert holm([1.0, 0.9, 0.8]) == pytest.approx([1, 1, 1])
    assert holm([[0.01, 0.04], [0.04, 0.01]]) == pytest.approx(
        np.array([[0.02, 0.04], [0.04, 0.02]])
    )


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
def test_holm_does_not_ask_for_an_order_and_more_comparisons_never_help(p_values, random):
    order = random.sample(range(len(p_values)), len(p_values))
    adjusted = holm(p_values)
    assert holm([p_values[place] for place in order]) == pytest.approx(adjusted[order])
    assert (holm([*p_values, 0.5])[: len(p_values)] >= adjusted - 1e-12).all()


def test_a_false_verdict_in_any_of_ten_comparisons_stays_at_five_per_cent():
    """Five groups that are alike: uncorrected, one study in four finds a difference."""
    rng, n_studies = np.random.default_rng(4), 2_000
    studies = [compare(groups_of(rng, [0.0] * 5)) for _ in range(n_studies)]
    corrected = np.mean([any(c.told_apart for c in study) for study in studies])
    uncorrected = np.mean([any(c.p_value <= LEVEL for c in study) for study in studies])
    assert corrected < LEVEL + ABOUT * math.sqrt(LEVEL * (1 - LEVEL) / n_studies)
    assert uncorrected > 0.15


def test_the_best_of_several_alike_is_rarely_told_apart_from_one_of_them():
    """Found by looking at all, and so compared as if all had been: at most five per cent."""
    rng, n_studies, wrong = np.random.default_rng(5), 1_000, 0
    for _ in range(n_studies):
        groups = groups_of(rng, [0.0] * 4)
        best = min(groups, key=lambda name, groups=groups: groups[name].mean())
        wrong += len(not_told_apart(groups, best)) < 4
    assert wrong / n_studies < LEVEL + ABOUT * math.sqrt(LEVEL * (1 - LEVEL) / n_studies)


def test_true_differences_are_found_among_false_ones():
    rng, found = np.random.default_rng(6), 0
    for _ in range(200):
        groups = groups_of(rng, (0.0, 0.0, 3.0), own=0.3)
        assert "text 0" in not_told_apart(groups, "text 0")
        found += "text 2" not in not_told_apart(groups, "text 0")
    assert found > 190


def test_the_record_can_be_made_by_hand():
    by_hand = Comparison("a", "b", Estimate(1.0, 0.1, 1.9, 5), 0.03, 0.06, 2)
    assert not by_hand.told_apart  # though its interval leaves out zero
    assert by_hand.verdict == NOT_TOLD_APART
