"""What odd inputs get: a ValueError that names the argument, or an answer, never nonsense."""

import math

import pytest

from course.data import (
    MUENNIGHOFF_2023,
    DataConstrainedLaw,
    DataExhaustionForecast,
    DataScalingAnalyzer,
    NgramModel,
    Uncertain,
    deduplicate,
    effective_number,
    evenness,
    filter_by_perplexity,
    filter_by_statistics,
    shingles,
)
from course.data.study import equivalent_share, mixtures

MODEL = NgramModel(3).fit(["abcabc"])
BASE = MUENNIGHOFF_2023.base


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: deduplicate("one text"), "documents"),
        (lambda: deduplicate(None), "documents"),
        (lambda: filter_by_statistics([1]), "documents"),
        (lambda: filter_by_perplexity("one text", MODEL), "documents"),
        (lambda: NgramModel().fit("one text"), "documents"),
        (lambda: NgramModel(2.0), "order"),
        (lambda: shingles("a b c", 0), "length"),
        (lambda: filter_by_statistics(["a"], {"n_chars": 5}), "limits of n_chars"),
        (lambda: filter_by_statistics(["a"], {"n_chars": ("a", "b")}), "limits of n_chars"),
        (lambda: equivalent_share(0.1, 0), "n_tokens"),
        (lambda: equivalent_share(0.1, -5), "n_tokens"),
        (lambda: mixtures().best_share([0.1, 0.2]), "words_in_use"),
        (lambda: evenness(None), "amounts"),
        (lambda: DataConstrainedLaw("a law", 3.0), "base"),
        (lambda: DataConstrainedLaw(BASE, [3.0, 2.0]), "R_D_star"),
        (lambda: DataExhaustionForecast(start_year=[2024, 2025]), "start_year"),
        (lambda: DataExhaustionForecast().forecast_data_exhaustion(n_samples=True), "n_samples"),
        (
            lambda: DataExhaustionForecast().forecast_data_exhaustion().interval([0.5, 0.9]),
            "level",
        ),
    ],
)
def test_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_an_end_of_the_limits_may_be_infinite():
    assert filter_by_statistics(["a text"], {"n_chars": (2, math.inf)}).kept == (0,)


def test_a_multiplier_out_of_reach_of_repetition_has_a_loss_all_the_same():
    found = DataScalingAnalyzer(multipliers={"gold": 20.0}).analyze_data_quality_impact(
        7e9, {"gold": 1e10}
    )["gold"]
    assert found.epochs_alike == math.inf
    assert math.isfinite(found.loss)


def test_one_seed_tells_nothing_apart():
    rows = [{"words_share": share, "loss_code": 1.0, "loss_words": 2.0} for share in (0, 0.5, 1)]
    with pytest.raises(ValueError, match="two seeds or more"):
        mixtures(rows).indistinguishable_shares(0.5)


def test_documents_of_signs_alone_are_compared():
    assert deduplicate(["---", "***", "---"]).kept == (0, 1)


def test_hill_number_is_smooth_at_order_one():
    near = [effective_number([3, 1], 1 + step) for step in (-1e-5, 0, 1e-5)]
    assert near == pytest.approx([near[1]] * 3, rel=1e-4)


def test_median_of_huge_quantities_is_finite():
    assert Uncertain(1e200, 1e202).median == pytest.approx(1e201)
    assert math.isfinite(Uncertain(1e200, 1e202).at(1.0))
