"""The runs of chapter 2, read and estimated: adders, and text that is read too often."""

import numpy as np
import pytest

from course.emergence import addition
from course.emergence.addition import N_PLACES, specs
from course.emergence.study import (
    Gap,
    by_size,
    if_independent,
    load_addition,
    n_places,
    overfitting,
    steepness,
    steepness_by_seed,
)
from course.experiments.estimates import NOT_TOLD_APART, compare
from course.experiments.fleet import load_fleet

MEASURES = ("loss", "accuracy", "exact_match", "sampled_match")


def test_steepness_of_a_line_is_one_and_of_a_step_is_larger():
    sizes = np.array([1e3, 1e4, 1e5])
    assert steepness(sizes, [0.0, 1.0, 2.0]) == pytest.approx(1)
    assert steepness(sizes, [1.0, 0.5, 0.0]) == pytest.approx(1)
    assert steepness(sizes, [0.0, 0.0, 1.0]) == pytest.approx(2)
    assert steepness(sizes, [0.1, -0.1, 1.0]) == pytest.approx(2)  # ups and downs are evened out


def test_by_size_needs_two_seeds():
    rows = [{"n_params": 5, "loss": 1.0}, {"n_params": 5, "loss": 2.0}, {"n_params": 3, "loss": 0}]
    with pytest.raises(ValueError, match="two seeds"):
        by_size(rows, "loss")
    sizes = by_size([*rows, {"n_params": 3, "loss": 1}], "loss")
    assert list(sizes) == [3, 5]
    assert [size.value for size in sizes.values()] == [0.5, 1.5]
    assert sizes[5].high == pytest.approx(1.5 + 12.706 * 0.5, rel=1e-4)  # t, one degree of freedom
    assert sizes[3].low == 0  # no loss and no share lies below it
    shares = by_size([{"n_params": 5, "accuracy": share} for share in (0.5, 0.9)], "accuracy")
    assert (shares[5].low, shares[5].high) == (0, 1)


def test_steepness_of_each_seed_is_that_of_its_own_models():
    rows = [
        {"seed": seed, "n_params": size, "loss": loss}
        for seed, losses in ((1, (2.0, 1.0, 0.0)), (0, (1.0, 1.0, 0.0)))
        for size, loss in zip((1e5, 1e3, 1e4), (losses[2], losses[0], losses[1]), strict=True)
    ]
    assert steepness_by_seed(rows, "loss") == pytest.approx([2, 1])


def test_no_measure_of_the_adders_is_told_apart_as_steeper():
    """K026: what jumps in exact match drops in the loss too; five seeds rank none of the three."""
    rows = load_addition()
    measures = ("loss", "accuracy", "exact_match")
    comparisons = compare({name: steepness_by_seed(rows, name) for name in measures})
    assert [c.verdict for c in comparisons] == [NOT_TOLD_APART] * 3


# --- the table that comes with the course ---------------------------------------------------------


def test_the_table_holds_the_runs_of_the_plan():
    rows = load_addition()
    planned = {tuple(spec.values()) for spec in specs()}
    assert {(row["d_model"], row["seed"], row["n_steps"]) for row in rows} == planned
    assert len(rows) == len(planned)
    assert n_places(rows) == N_PLACES
    for row in rows:
        assert row["n_params"] == addition.n_params(row["d_model"])
        assert row["flops"] == addition.flops(row)
        places = [row[f"accuracy_{place}"] for place in range(1, N_PLACES + 1)]
        assert np.mean(places) == pytest.approx(row["accuracy"], abs=1e-5)


def test_exact_match_sleeps_while_digits_are_learned_and_the_loss_moves_at_once_too():
    """K026, K027: by one measure nothing has begun at width 32, by another it has.

    Accuracy and loss have made ten times the part of their way there. But between widths 32 and 48
    the loss falls as suddenly as exact match rises: at this task the jump is not only the metric's.
    """
    rows = load_addition()
    means = {}
    for name in MEASURES:
        sizes = by_size(rows, name)
        means[name] = [size.value for size in sizes.values()]
    assert means["exact_match"][1] < 0.01
    assert means["exact_match"][-1] > 0.7
    assert means["accuracy"][0] > 0.3
    way = {name: (mean[1] - mean[0]) / (mean[-1] - mean[0]) for name, mean in means.items()}
    for smooth in ("accuracy", "loss"):
        assert way[smooth] > 9 * way["exact_match"]
        assert steepness(list(sizes), means[smooth]) > 1.5


def test_exact_match_is_near_the_product_of_the_digits_accuracies():
    """K026: p^k makes most of the jump, where the digits' mistakes would be independent.

    They are not quite: one missed carry spoils more than one digit, so exact match lies above.
    """
    rows = load_addition()
    exact = np.array([row["exact_match"] for row in rows])
    product = if_independent(rows)
    assert np.corrcoef(product, exact)[0, 1] > 0.98
    assert np.abs(product - exact).max() < 0.12
    assert np.mean(exact - product) > 0


# --- text read again and again --------------------------------------------------------------------


@pytest.fixture(scope="module")
def gaps():
    return {
        (gap.d_model, gap.unique_bytes, gap.epochs): gap
        for gap in overfitting(load_fleet("repetition"))
    }


def test_rows_are_grouped_by_width_text_and_epochs():
    row = {"d_model": 16, "n_tokens": 200, "epochs": 2, "loss": 2.0, "train_loss": 1.5}
    gaps = overfitting([row, row | {"loss": 2.2}, row | {"epochs": 1}])
    assert gaps == [
        Gap(16, 100, 2, pytest.approx(0.6), pytest.approx(2.1), 2),
        Gap(16, 200, 1, pytest.approx(0.5), 2.0, 1),
    ]
    with pytest.raises(ValueError, match="rows must hold one run"):
        overfitting([])


def test_text_read_once_is_not_overfitted(gaps):
    once = [gap.gap for gap in gaps.values() if gap.epochs == 1]
    assert len(once) >= 4
    assert max(map(abs, once)) < 0.1


def test_the_gap_grows_with_the_epochs_on_the_same_text(gaps):
    """K039, K048: over-fitting is there to be seen without a rule that fires on noise."""
    for width in (16, 32):
        gap = [gaps[width, 50_000, epochs].gap for epochs in (1, 4, 8, 15)]
        assert gap[3] > gap[2] > max(gap[:2])
        assert gap[3] > 0.08


def test_at_equal_bytes_read_less_unique_text_has_the_larger_gap(gaps):
    for width in (16, 32):
        assert gaps[width, 50_000, 8].gap > gaps[width, 100_000, 4].gap
        assert gaps[width, 50_000, 8].gap > gaps[width, 200_000, 2].gap


def test_the_larger_model_overfits_more(gaps):
    for epochs in (8, 15):
        assert gaps[32, 50_000, epochs].gap > gaps[16, 50_000, epochs].gap
