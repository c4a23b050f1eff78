"""What is said of the runs: recovered from made-up ones, and in step with the committed tables."""

import math

import numpy as np
import pytest

from course.data import MUENNIGHOFF_2023, DataExhaustionForecast, crossing_year, fit_repetition
from course.data.study import (
    CLEAN,
    base_law,
    best_rate_factors,
    equivalent_share,
    mixtures,
    quality,
    repetition,
)
from course.data.views import supply_and_demand
from course.experiments import study
from course.experiments.estimates import NOT_TOLD_APART, estimate


def quality_rows(excess, noise=0.0, seeds=5):
    rng = np.random.default_rng(0)
    return [
        {
            "text": text,
            "seed": seed,
            "n_tokens": 500_000,
            "loss": 1.7 + above + noise * rng.standard_normal(),
        }
        for text, above in excess.items()
        for seed in range(seeds)
    ]


# --- repeated text --------------------------------------------------------------------------------


def test_the_base_law_follows_the_fleet():
    law = base_law()
    runs = study.runs_of(study.measured("isoflop"))
    enough = runs.n_tokens >= study.LEAST_BYTES_PER_PARAM * runs.n_params
    predicted = law.loss(runs.n_params[enough], runs.n_tokens[enough])
    assert np.abs(np.log(predicted / runs.loss[enough])).max() < 0.05


def test_our_repetition_is_the_same_code_on_our_runs():
    found = repetition()
    assert len(found.curves) == 6
    assert sum(len(curve.epochs) for curve in found.curves) == 32
    low, high = found.fit.law.intervals["R_D_star"]
    assert low < found.fit.law.R_D_star < high
    assert found.fit.rms < found.fit_all.rms < 0.05
    # Runs that over-fit pull R_D* down: the law can only take them for text of less worth.
    assert found.fit_all.law.R_D_star < found.fit.law.R_D_star


def test_only_the_larger_model_turns_and_the_law_cannot():
    curves = repetition().curves
    small, large = min(c.n_params for c in curves), max(c.n_params for c in curves)
    assert not any(curve.turned for curve in curves if curve.n_params == small)
    turned = [curve for curve in curves if curve.turned]
    assert turned
    for curve in turned:
        assert curve.n_params == large
        assert curve.loss[-1] > curve.loss.min()
        law = repetition().fit.law.loss(
            curve.n_params, curve.unique_bytes * curve.epochs, curve.unique_bytes
        )
        assert (np.diff(law) < 0).all()


def test_the_fit_finds_a_planted_constant():
    n, unique, epochs = (
        grid.ravel() for grid in np.meshgrid([13_312, 45_056], [5e4, 2e5], [1, 2, 4, 8, 15, 30])
    )
    truth = MUENNIGHOFF_2023.__class__(base_law(), R_D_star=7.0)
    found = fit_repetition(
        n, unique, epochs, truth.loss(n, unique * epochs, unique), law=base_law()
    )
    assert found.law.R_D_star == pytest.approx(7, rel=1e-4)


# --- cleaned text ---------------------------------------------------------------------------------


def test_the_multiplier_undoes_the_law():
    law = base_law()
    for share in (0.1, 0.5, 1.0, 1.5):
        excess = law.B * ((share * 5e5) ** -law.beta - 5e5**-law.beta)
        assert equivalent_share(excess, 5e5) == pytest.approx(share)
    with pytest.raises(ValueError, match="excess must be above -"):
        equivalent_share(-5.0, 5e5)
    with pytest.raises(ValueError, match="excess"):
        equivalent_share(math.nan, 5e5)


def test_the_excess_is_that_of_the_seeds_differences():
    texts = quality(quality_rows({CLEAN: 0.0, "crawl": 0.1}, noise=0.01)).texts
    crawl, clean = texts["crawl"], texts[CLEAN]
    assert crawl.excess == estimate(np.subtract(crawl.losses, clean.losses))
    assert crawl.multiplier.low < crawl.multiplier.value < crawl.multiplier.high
    assert (clean.multiplier.low, clean.multiplier.high) == pytest.approx((1, 1))


def test_what_every_seed_shares_is_no_noise():
    """A seed that is bad for all texts moves no difference between them."""
    rows = quality_rows({CLEAN: 0.0, "crawl": 0.1}, noise=0.01)
    shifted = [row | {"loss": row["loss"] + 0.3 * (row["seed"] == 2)} for row in rows]
    before, after = (quality(table).texts["crawl"].excess for table in (rows, shifted))
    assert (before.low, before.high) == pytest.approx((after.low, after.high))


def test_the_order_of_the_rows_means_nothing():
    rows = quality_rows({CLEAN: 0.0, "crawl": 0.1, "other": 0.12}, noise=0.01)
    shuffled = [rows[place] for place in np.random.default_rng(3).permutation(len(rows))]
    assert quality(shuffled) == quality(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        quality_rows({"crawl": 0.1}),
        quality_rows({CLEAN: 0, "crawl": 0.1}, seeds=1),
    ],
)
def test_what_cannot_be_compared_is_refused(rows):
    with pytest.raises(ValueError, match="never dirty"):
        quality(rows)


def test_our_filters():
    """K065: what a byte is worth, measured; ten comparisons of five texts, corrected together."""
    study_of_texts = quality()
    texts = study_of_texts.texts
    assert {len(text.losses) for text in texts.values()} == {5}
    verdicts = {(c.first, c.second): c.verdict for c in study_of_texts.comparisons}
    assert len(verdicts) == 10
    assert {c.n_comparisons for c in study_of_texts.comparisons} == {10}
    assert verdicts["crawl", "without data"] == "higher"
    # Nothing was read twice: without its copies the crawl is worse, not better.
    assert verdicts["deduplicated", "crawl"] == "higher"
    # One filter falls short of clean text; whether both do, five seeds do not tell.
    assert verdicts["without data", CLEAN] == "higher"
    assert verdicts["both filters", CLEAN] == NOT_TOLD_APART
    assert verdicts["without data", "both filters"] == NOT_TOLD_APART
    for name in ("crawl", "deduplicated", "without data"):
        assert texts[name].multiplier.high < 1


# --- mixtures -------------------------------------------------------------------------------------


def mixture_rows(noise, seeds=5):
    rng = np.random.default_rng(2)
    return [
        {
            "seed": seed,
            "words_share": share,
            "loss_code": 1.6 + 0.4 * share**2 + noise * rng.standard_normal(),
            "loss_words": 2.0 + 0.4 * (1 - share) ** 2 + noise * rng.standard_normal(),
        }
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        for seed in range(seeds)
    ]


def test_the_best_mixture_follows_the_use():
    found = mixtures(mixture_rows(noise=0))
    assert [found.best_share(use) for use in (0, 0.25, 0.5, 1)] == [0, 0.25, 0.5, 1]
    assert found.indistinguishable_shares(0.5) == (0.5,)
    assert len(mixtures(mixture_rows(noise=0.1)).indistinguishable_shares(0.5)) > 1
    with pytest.raises(ValueError, match="words_in_use"):
        found.best_share(1.1)


def test_a_mixture_with_a_missing_seed_is_refused():
    for rows in ([], mixture_rows(0)[1:]):
        with pytest.raises(ValueError, match="same number of seeds"):
            mixtures(rows)


def test_our_mixtures_no_share_is_best_for_every_use():
    """K080: even is best for one use, and told apart from the best for others."""
    measured = mixtures()
    assert measured.code.shape == measured.words.shape == (7, 5)
    best = [measured.best_share(use) for use in np.linspace(0, 1, 21)]
    assert best == sorted(best)
    assert best[0] < 0.5 < best[-1]
    for use in (0, 0.1, 1):
        assert 0.5 not in measured.indistinguishable_shares(use)
    for use in (0.25, 0.5, 0.75, 0.9):
        assert 0.5 in measured.indistinguishable_shares(use)


# --- other views ----------------------------------------------------------------------------------


def test_the_learning_rates_rule_holds_within_a_step_at_every_width():
    """K202: carried over from small runs, it needs no search at each size."""
    best = best_rate_factors()
    assert len(best) == 5
    for factor, cost in best.values():
        assert 0.5 <= factor <= 2
        assert 0 <= cost < 0.02


def test_the_medians_cross_where_the_formula_says():
    years = np.linspace(2024, 2040, 161)
    forecast = DataExhaustionForecast()
    found = supply_and_demand(forecast, years)
    assert found["stock"].shape == (3, 161)
    for low, middle, high in found.values():
        assert (low < middle).all()
        assert (middle < high).all()
    crossed = years[(found["demand"][1] > found["stock"][1]).argmax()]
    once = forecast.forecast_data_exhaustion()
    by_formula = crossing_year(
        np.median(once.stock_tokens),
        forecast.stock_growth.median,
        np.median(once.demand_tokens),
        forecast.demand_growth.median,
    )
    assert crossed == pytest.approx(by_formula, abs=0.15)
    steady = supply_and_demand(DataExhaustionForecast(stock_growth=1.0), [2024, 2034])["stock"]
    assert steady[:, 0] == pytest.approx(steady[:, 1])


def test_texts_that_were_not_read_equally_long_are_not_compared():
    rows = quality_rows({CLEAN: 0, "crawl": 0.1})
    with pytest.raises(ValueError, match="the same n_tokens"):
        quality([rows[0] | {"n_tokens": 7}, *rows[1:]])
