"""The data-constrained law, its fit, its allocation, and A §4.1's analyzer beside it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.data import (
    MUENNIGHOFF_2023,
    PRINTED_MULTIPLIERS,
    DataConstrainedLaw,
    DataScalingAnalyzer,
    fit_repetition,
)
from course.evidence import fact
from course.scaling import HOFFMANN_2022, ChinchillaLaw
from tests.odd_inputs import assert_refuses_odd_inputs

LAW = MUENNIGHOFF_2023
pytestmark = pytest.mark.filterwarnings("ignore::course.scaling.OutsideFittedRange")


# --- the law --------------------------------------------------------------------------------------


def test_the_authors_check_values():
    """Printed in the README of their code, both for figure 1 (right); and their best allocation."""
    check = fact("muennighoff.check").value
    found = LAW.loss(check["n_params"], check["n_tokens"], check["n_unique_tokens"])
    assert found == pytest.approx(check["loss"], rel=0, abs=1e-12)
    assert LAW.loss(8.67e9, 178e9, 25e9) == pytest.approx(2.2269634075087867, rel=0, abs=1e-12)
    best = LAW.optimal_allocation(6 * 8.67e9 * 178e9, 25e9)
    assert best.n_tokens == pytest.approx(227e9, rel=0.005)
    assert best.epochs == pytest.approx(9.1, abs=0.05)
    assert best.n_params == pytest.approx(6.8e9, rel=0.005)


def test_what_epochs_are_worth():
    for row in fact("muennighoff.D_eff").value:
        assert LAW.share_of_fresh(row["epochs"]) == pytest.approx(row["share_of_fresh"], abs=5e-4)
    assert LAW.worth(1) == 1
    assert LAW.worth(1e9) == pytest.approx(1 + LAW.R_D_star)
    assert LAW.worth(4) == pytest.approx(3.73, abs=0.005)
    assert LAW.worth_of_next(1) == 1
    assert LAW.worth_of_next(1 + LAW.R_D_star) == pytest.approx(1 / math.e)


@given(epochs=st.floats(1, 1e6), r_star=st.floats(0.1, 1e4))
def test_repeated_tokens_are_worth_something_and_never_more_than_fresh_ones(epochs, r_star):
    law = DataConstrainedLaw(HOFFMANN_2022, r_star)
    worth = law.worth(epochs)
    assert 1 <= worth <= min(epochs, 1 + r_star) * (1 + 1e-12)
    if worth < 1 + 0.99 * r_star:  # near the ceiling the inverse is flat
        assert law.epochs_worth(worth) == pytest.approx(epochs, rel=1e-6)


@settings(max_examples=40)
@given(
    n_params=st.floats(1e7, 1e10),
    unique=st.floats(1e8, 1e11),
    epochs=st.floats(1, 100),
    more=st.floats(1, 10),
)
def test_more_text_never_hurts_and_one_epoch_is_the_base_law(n_params, unique, epochs, more):
    n_tokens = unique * epochs
    loss = LAW.loss(n_params, n_tokens, unique)
    assert LAW.loss(n_params, n_tokens * more, unique) <= loss + 1e-12
    assert LAW.loss(n_params, n_tokens * more, unique * more) <= loss + 1e-12
    assert loss >= LAW.base.loss(n_params, n_tokens) - 1e-12
    small = min(n_params, LAW.best_params_for(unique))
    assert LAW.loss(small, unique, unique) == pytest.approx(LAW.base.loss(small, unique), rel=1e-12)
    endless = DataConstrainedLaw(LAW.base, math.inf)
    assert endless.loss(n_params, n_tokens, unique) == pytest.approx(
        LAW.base.loss(n_params, n_tokens), rel=1e-12
    )


@settings(max_examples=20)
@given(flops=st.floats(1e18, 1e24), unique=st.floats(1e8, 1e12))
def test_the_allocation_is_the_lowest_of_all_sizes(flops, unique):
    best = LAW.optimal_allocation(flops, unique)
    assert 6 * best.n_params * best.n_tokens == pytest.approx(flops)
    assert best.unique_tokens <= unique
    assert best.loss >= best.loss_if_fresh - 1e-12
    sizes = best.n_params * np.geomspace(1e-3, 1e3, 2001)
    n_tokens = flops / 6 / sizes
    assert best.loss <= LAW.loss(sizes, n_tokens, np.minimum(unique, n_tokens)).min() + 1e-9


def test_with_text_enough_the_allocation_is_chinchillas():
    flops = np.array([1e19, 1e21, 1e23])
    best = LAW.optimal_allocation(flops, 1e15)
    np.testing.assert_allclose(best.n_params, LAW.base.optimum(flops)[0], rtol=1e-5)
    np.testing.assert_allclose(best.epochs, 1)
    np.testing.assert_allclose(best.loss, best.loss_if_fresh, rtol=1e-12)


def test_few_tokens_are_better_read_more_often_by_a_smaller_model():
    best = LAW.optimal_allocation(1e22, np.array([1e12, 1e11, 1e10]))
    assert np.all(np.diff(best.epochs) > 0)
    assert np.all(np.diff(best.loss) > 0)
    assert best.n_params[2] < LAW.base.optimum(1e22)[0]


# --- the fit --------------------------------------------------------------------------------------

SIZES = np.repeat([1e8, 4e8, 1e9], 6)
UNIQUE = np.repeat([1e8, 1e9, 2e9], 6)
EPOCHS = np.tile([1, 2, 4, 8, 16, 40.0], 3)


def runs(law, noise=0.0, seed=0):
    luck = np.random.default_rng(seed).normal(0, noise, len(SIZES))
    return law.loss(SIZES, UNIQUE * EPOCHS, UNIQUE) * np.exp(luck)


@pytest.mark.parametrize("r_star", [0.5, 4, 15.387756, 100])
def test_repetition_is_found_again(r_star):
    law = DataConstrainedLaw(LAW.base, r_star, 7.0)
    found = fit_repetition(SIZES, UNIQUE, EPOCHS, runs(law), law=LAW.base, R_N_star=None)
    assert found.law.R_D_star == pytest.approx(r_star, rel=1e-4)
    assert found.law.R_N_star == pytest.approx(7, rel=1e-4)
    held = fit_repetition(SIZES, UNIQUE, EPOCHS, runs(law), law=LAW.base, R_N_star=7.0)
    assert held.law.R_D_star == pytest.approx(r_star, rel=1e-5)
    assert held.rms < 1e-6


def test_the_interval_covers_the_truth_as_often_as_it_says():
    hits = 0
    for seed in range(30):
        fit = fit_repetition(
            SIZES, UNIQUE, EPOCHS, runs(LAW, 0.01, seed), law=LAW.base, R_N_star=LAW.R_N_star
        )
        low, high = fit.law.intervals["R_D_star"]
        assert low < fit.law.R_D_star < high
        hits += low < LAW.R_D_star < high
    assert 25 <= hits <= 30  # 95 of 100 of them, within three standard errors


def test_runs_that_cannot_tell_are_refused():
    fit = {"n_params": SIZES, "unique_tokens": UNIQUE, "epochs": EPOCHS, "loss": runs(LAW)}
    with pytest.raises(ValueError, match="epochs must be above 1"):
        fit_repetition(**fit | {"epochs": np.ones(len(SIZES))}, law=LAW.base)
    with pytest.raises(ValueError, match="worth nothing"):  # overfitting: worse with every epoch
        fit_repetition(**fit | {"loss": 3 + 0.1 * EPOCHS}, law=LAW.base)
    fresh = LAW.base.loss(SIZES, UNIQUE * EPOCHS)
    with pytest.raises(ValueError, match="as much as fresh"):
        fit_repetition(**fit | {"loss": fresh}, law=LAW.base)
    with pytest.raises(ValueError, match="law must be a ChinchillaLaw"):
        fit_repetition(**fit, law=LAW)


# --- A §4.1 ---------------------------------------------------------------------------------------


def test_an_unknown_quality_is_refused():
    """K070."""
    analyzer = DataScalingAnalyzer()
    for quality in ("high_quality_webb", "", None, 3):
        with pytest.raises(ValueError, match="quality must be one of"):
            analyzer.get_quality_multiplier(quality)
    with pytest.raises(ValueError, match="did you mean 'high_quality_web'"):
        analyzer.analyze_data_quality_impact(7e9, {"high_quality_webb": 1e12})


def test_the_multipliers_beside_the_law():
    """K065: what a multiplier of 3 promises is what reading the same text 3.1 times gives."""
    tokens = dict.fromkeys(PRINTED_MULTIPLIERS, 1.4e12)
    impact = DataScalingAnalyzer().analyze_data_quality_impact(70e9, tokens)
    assert impact["high_quality_curated"].epochs_alike == pytest.approx(3.14, abs=0.005)
    assert impact["noise"].epochs_alike is None
    losses = [impact[quality].loss for quality in PRINTED_MULTIPLIERS]
    assert losses == sorted(losses)
    for one in impact.values():
        assert one.loss > LAW.base.E
        assert 0 < one.performance < 1
        assert one.gain_of_doubling > 0


def test_a_multiplier_depends_on_size_and_amount():
    """K065: text that leaves 2 % more loss counts 0.84 times at 1e9 tokens, 0.03 times at 1e14."""
    analyzer = DataScalingAnalyzer()

    def multiplier(n_params, n_tokens):
        loss = 1.02 * LAW.base.loss(n_params, n_tokens)
        return analyzer.measured_multiplier(n_params, n_tokens, loss)

    of_tokens = [multiplier(1e9, n_tokens) for n_tokens in np.geomspace(1e9, 1e14, 6)]
    assert np.all(np.diff(of_tokens) < 0)
    assert of_tokens[0] == pytest.approx(0.84, abs=0.005)
    assert of_tokens[-1] == pytest.approx(0.026, abs=0.001)
    of_sizes = [multiplier(n_params, 1e12) for n_params in (1e8, 1e9, 1e10)]
    assert np.all(np.diff(of_sizes) > 0.02)
    assert analyzer.measured_multiplier(1e9, 1e10, LAW.base.loss(1e9, 1e10)) == pytest.approx(1)


def test_a_loss_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="loss must be above what n_params reach"):
        LAW.equivalent_tokens(1e9, LAW.base.E + LAW.base.A / 1e9**LAW.base.alpha)
    with pytest.raises(ValueError, match="multiplier must be below"):
        LAW.epochs_worth(1 + LAW.R_D_star)
    with pytest.raises(ValueError, match="unique_tokens must not exceed n_tokens"):
        LAW.loss(1e9, 1e9, 2e9)
    with pytest.raises(ValueError, match="R_D_star"):
        DataConstrainedLaw(ChinchillaLaw(1, 1, 1, 0.3, 0.3), 0)


def test_odd_inputs():
    few = {"examples": 20}
    good = {"n_params": 1e9, "n_tokens": 1e11, "unique_tokens": 1e10}
    assert_refuses_odd_inputs(LAW.loss, good, **few)
    assert_refuses_odd_inputs(
        LAW.optimal_allocation, {"flops": 1e21, "unique_tokens": 1e10}, examples=10
    )
    epochs = {"within": {"epochs": (1, math.inf)}}
    assert_refuses_odd_inputs(LAW.worth, {"epochs": 4.0}, **epochs, **few)
    assert_refuses_odd_inputs(LAW.share_of_fresh, {"epochs": 4.0}, **epochs, **few)
    assert_refuses_odd_inputs(
        LAW.epochs_worth, {"multiplier": 3.0}, within={"multiplier": (1, 1 + LAW.R_D_star)}, **few
    )
    assert_refuses_odd_inputs(LAW.equivalent_tokens, {"n_params": 1e9, "loss": 2.5}, **few)
    analyzer = DataScalingAnalyzer()
    assert_refuses_odd_inputs(
        analyzer.estimate_performance, {"model_params": 1e9, "effective_tokens": 1e10}, **few
    )
    assert_refuses_odd_inputs(
        analyzer.measured_multiplier, {"n_params": 1e9, "n_tokens": 1e10, "loss": 2.8}, **few
    )
    for wrong in (None, {}, [], 3):
        with pytest.raises(ValueError, match="data_quality_levels"):
            analyzer.analyze_data_quality_impact(1e9, wrong)
    assert_refuses_odd_inputs(
        analyzer.calculate_effective_tokens,
        {"raw_tokens": 1e9, "quality_multiplier": 1.5},
        **few,
    )


def test_a_constant_that_no_run_depends_on_is_not_fitted():
    """No model here is too large for its text, so nothing tells R_N*."""
    n, unique, epochs = np.repeat([1e6, 2e6, 4e6], 4), np.full(12, 1e9), np.tile([1, 4, 16, 64], 3)
    loss = MUENNIGHOFF_2023.loss(n, unique * epochs, unique)
    base = MUENNIGHOFF_2023.base
    with pytest.raises(ValueError, match="does not identify R_N_star"):
        fit_repetition(n, unique, epochs, loss, law=base, R_N_star=None)
    with pytest.raises(ValueError, match="must be of one length"):
        fit_repetition(n[:-1], unique, epochs, loss, law=base)
