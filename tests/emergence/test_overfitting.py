"""Text read again and again: the training loss goes on falling, the held-out loss does not."""

import pytest

from course.emergence.overfitting import Gap, overfitting
from course.experiments.fleet import load_fleet


@pytest.fixture(scope="module")
def gaps():
    return {
        (gap.d_model, gap.unique_bytes, gap.epochs): gap
        for gap in overfitting(load_fleet("repetition"))
    }


def test_rows_are_grouped_by_width_text_and_epochs():
    row = {"d_model": 16, "n_tokens": 200, "epochs": 2, "loss": 2.0, "train_loss": 1.5}
    found = overfitting([row, row | {"loss": 2.2}, row | {"epochs": 1}])
    assert found == [
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
