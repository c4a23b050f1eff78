"""The laws say what the papers print, their optimum is one, and they warn when asked too far."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.evidence import fact
from course.scaling import (
    BESIROGLU_2024,
    BESIROGLU_2024_UNROUNDED,
    HOFFMANN_2022,
    HOFFMANN_2022_APPROACH_1,
    HOFFMANN_2022_APPROACH_2,
    HOFFMANN_2022_UNROUNDED,
    KAPLAN_2020,
    KAPLAN_2020_JOINT,
    LOSS_LAWS,
    ChinchillaLaw,
    OutsideFittedRange,
    PowerLawAllocation,
    bits_per_byte,
    bits_per_token,
    extrapolating,
    perplexity,
    pf_days,
    size_interval,
    trained_models,
)
from course.units import PF_DAY
from tests.odd_inputs import assert_refuses_odd_inputs

GOPHER = 5.76e23
MODELS = trained_models()
GPT3 = MODELS["GPT-3"]
EVERY_LAW = [
    *LOSS_LAWS.values(),
    HOFFMANN_2022_APPROACH_1,
    HOFFMANN_2022_APPROACH_2,
    KAPLAN_2020,
    KAPLAN_2020_JOINT,
]
budgets = st.floats(1e12, 1e32)
by_name = pytest.mark.parametrize("law", EVERY_LAW, ids=lambda law: law.name)
by_loss_law = pytest.mark.parametrize("law", LOSS_LAWS.values(), ids=lambda law: law.name)


@pytest.fixture(autouse=True)
def _far_on_purpose(request):
    if "warns" in request.node.name:
        yield
    else:
        with extrapolating():
            yield


# --- The optimum ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "n_params", "n_tokens"),
    [
        (BESIROGLU_2024, 72.25e9, 1.329e12),
        (BESIROGLU_2024_UNROUNDED, 72.35e9, 1.327e12),
        (HOFFMANN_2022, 32.19e9, 2.982e12),
        (HOFFMANN_2022_UNROUNDED, 40.36e9, 2.379e12),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_the_optimum_at_gophers_budget(law, n_params, n_tokens):
    """K015, K017: what each set of constants buys for 5.76e23 FLOP."""
    assert law.optimum(GOPHER) == pytest.approx((n_params, n_tokens), rel=5e-4)
    ratio = fact("refit.optimum").value
    assert ratio["flops"] == GOPHER


def test_rounding_the_printed_constants_moves_tokens_per_parameter_by_57_percent():
    n, d = HOFFMANN_2022_UNROUNDED.optimum(GOPHER)
    rounded_n, rounded_d = HOFFMANN_2022.optimum(GOPHER)
    assert d / n == pytest.approx(58.9, abs=0.05)
    assert rounded_d / rounded_n == pytest.approx(92.6, abs=0.05)
    assert (rounded_d / rounded_n) / (d / n) == pytest.approx(1.57, abs=0.005)


@by_name
@settings(max_examples=60)
@given(flops=budgets)
def test_size_and_data_spend_the_budget_exactly(law, flops):
    """K013, K016, K177: C = 6 N D at every budget, under every law."""
    with extrapolating():
        n_params, n_tokens = law.optimum(flops)
    assert 6 * n_params * n_tokens == pytest.approx(flops, rel=1e-12)


@by_loss_law
@settings(max_examples=25)
@given(flops=budgets)
def test_no_size_on_a_fine_grid_is_better_than_the_optimum(law, flops):
    with extrapolating():
        best, _ = law.optimum(flops)
        sizes = best * np.geomspace(0.01, 100, 4001)
        losses = law.loss(sizes, flops / (6 * sizes))
        lowest = law.loss(*law.optimum(flops))
    assert lowest <= losses.min() * (1 + 1e-12)
    assert sizes[losses.argmin()] == pytest.approx(best, rel=0.01)


@by_loss_law
def test_the_optimum_grows_with_the_exponents_of_the_law(law):
    assert law.a + law.b == pytest.approx(1)
    n, d = law.optimum(np.array([1e20, 1e22]))
    assert np.log(n[1] / n[0]) / np.log(100) == pytest.approx(law.a)
    assert np.log(d[1] / d[0]) / np.log(100) == pytest.approx(law.b)


@by_loss_law
def test_flops_for_loss_undoes_the_optimum(law):
    flops = np.geomspace(1e18, 1e28, 21)
    assert law.flops_for_loss(law.loss(*law.optimum(flops))) == pytest.approx(flops, rel=1e-9)
    with pytest.raises(ValueError, match="loss must be above the floor E = 1"):
        law.flops_for_loss(law.E)
    with pytest.raises(ValueError, match="loss is too near the floor"):
        ChinchillaLaw(1.0, 1e9, 1e9, 0.01, 0.01).flops_for_loss(1.0001)


def test_the_three_approaches_and_the_refit_bracket_chinchilla():
    """K015: 0.50, 0.49 and 0.46 of 2022, 0.513 of 2024; only Approach 3 is A's."""
    assert [law.a for law in (HOFFMANN_2022_APPROACH_1, HOFFMANN_2022_APPROACH_2)] == [0.50, 0.49]
    assert HOFFMANN_2022_UNROUNDED.a == pytest.approx(0.4565, abs=5e-5)
    assert BESIROGLU_2024.a == pytest.approx(0.5126, abs=5e-5)
    sizes = [
        law.optimum(GOPHER)[0]
        for law in (HOFFMANN_2022_APPROACH_1, HOFFMANN_2022_APPROACH_2, BESIROGLU_2024)
    ]
    assert sizes == pytest.approx([67.8e9, 63.4e9, 72.2e9], rel=0.01)


def test_intervals_of_a_size_hold_it_and_widen_away_from_the_runs():
    for law in (HOFFMANN_2022_APPROACH_1, HOFFMANN_2022_APPROACH_2, BESIROGLU_2024):
        flops = np.geomspace(1e20, 1e27, 8)
        low, high = size_interval(law, flops)
        assert (low < law.optimum(flops)[0]).all()
        assert (high > law.optimum(flops)[0]).all()
        assert (np.diff(high / low) > 0).all()
    low, high = size_interval(BESIROGLU_2024, GOPHER)
    assert (low, high) == pytest.approx((50.3e9, 104e9), rel=0.02)
    for law in (KAPLAN_2020, ChinchillaLaw(1.8, 480, 2000, 0.35, 0.36)):
        assert size_interval(law, GOPHER) is None


def test_the_intervals_of_approach_3_leave_out_their_own_estimate():
    """K143: printed at 0.454 to 0.455, the constants beside them give 0.4565."""
    low, high = HOFFMANN_2022_UNROUNDED.intervals["a"]
    assert HOFFMANN_2022_UNROUNDED.a > high > low
    low, high = BESIROGLU_2024.intervals["B"]
    assert low < BESIROGLU_2024.B < high
    assert not low < HOFFMANN_2022.B < high


def test_a_law_shows_its_constants_with_their_intervals_and_source():
    page = BESIROGLU_2024._repr_html_()
    for words in ("2404.10102", "2085.43", "1042.36 to 5810.34", "95 % bootstrap"):
        assert words in page


# --- Losses ---------------------------------------------------------------------------------------


def test_the_laws_of_2022_and_2024_on_real_models():
    for name, printed in fact("loss.eval").value.items():
        model = MODELS[name]
        for law, key in ((HOFFMANN_2022, "hoffmann"), (BESIROGLU_2024, "besiroglu")):
            assert law.loss(model.n_params, model.n_tokens) == pytest.approx(printed[key], abs=1e-3)


def test_kaplan_2020_has_power_laws_in_compute_data_and_parameters():
    """K004, K005, K120: each is a straight line on log axes, with its own exponent and range."""
    law = KAPLAN_2020
    assert "2001.08361" in law.source
    for loss, alpha, fall in (
        (law.loss_from_params, 0.076, 0.051),
        (law.loss_from_tokens, 0.095, 0.064),
        (law.loss_from_compute_fixed_batch, 0.057, 0.039),
        (law.loss_from_compute, 0.050, 0.034),
    ):
        assert 1 - loss(2e20) / loss(1e20) == pytest.approx(fall, abs=5e-4)
        assert loss(1e20) / loss(1e22) == pytest.approx(100**alpha)
    assert law.fitted_range["n_params"] == (768, 1.5e9)
    assert law.fitted_range["n_tokens"] == (22e6, 23e9)


def test_kaplan_at_gpt3s_compute():
    """K006, K007: 1.76 nats if the compute is used best, 1.61 at a fixed batch; A prints 0.44."""
    flops = GPT3.reported_flops
    assert pf_days(flops) == pytest.approx(3640, rel=0.002)
    assert KAPLAN_2020.loss_from_compute(flops) == pytest.approx(1.764, abs=5e-4)
    assert KAPLAN_2020.loss_from_compute_fixed_batch(flops) == pytest.approx(1.613, abs=5e-4)
    assert KAPLAN_2020.loss_from_compute(KAPLAN_2020.C_c_min * PF_DAY) == pytest.approx(1)


def test_kaplan_ranks_gopher_ahead_of_chinchilla_and_chinchillas_law_the_other_way():
    gopher, chinchilla = (
        (MODELS[name].n_params, MODELS[name].n_tokens) for name in ("Gopher", "Chinchilla")
    )
    printed = fact("kaplan.vs_chinchilla_prediction").value
    for law, key in ((KAPLAN_2020_JOINT, "joint_fit"), (KAPLAN_2020, "eq_1_1_and_1_2")):
        assert law.loss(*gopher) == pytest.approx(printed[key]["Gopher"], abs=1e-3)
        assert law.loss(*chinchilla) == pytest.approx(printed[key]["Chinchilla"], abs=1e-3)
        assert law.loss(*gopher) < law.loss(*chinchilla)
    for law in LOSS_LAWS.values():
        assert law.loss(*chinchilla) < law.loss(*gopher)


def test_kaplan_without_limits_on_the_other_quantity():
    """Eq. 1.5 becomes eq. 1.1 with data without end, and eq. 1.2 with parameters without end."""
    law = KAPLAN_2020
    assert law.loss(1e9, 1e60) == pytest.approx(law.loss_from_params(1e9))
    assert law.loss(1e60, 1e9) == pytest.approx(law.loss_from_tokens(1e9))


def test_kaplan_buys_larger_models_than_later_laws():
    n_params, _ = KAPLAN_2020.optimum(10 * GOPHER)
    assert n_params / KAPLAN_2020.optimum(GOPHER)[0] == pytest.approx(10**0.73)
    assert KAPLAN_2020.optimum(GOPHER)[0] == pytest.approx(804e9, rel=0.002)


@by_loss_law
@given(n=st.floats(1e3, 1e15), d=st.floats(1e3, 1e15), more=st.floats(1.01, 1e3))
@settings(max_examples=50)
def test_loss_falls_with_either_and_never_to_the_floor(law, n, d, more):
    """K008, K175, K176: each gain is smaller than the last, and no threshold ends them."""
    with extrapolating():
        loss = law.loss(n, d)
        assert law.E < law.loss(n * more, d) < loss
        assert law.E < law.loss(n, d * more) < loss
        first, second = (law.loss(n * k, d) - law.loss(n * k * more, d) for k in (1, more))
    assert second < first


# --- Units of loss --------------------------------------------------------------------------------


def test_perplexity_and_bits():
    """K009, K012: guessing among 50,257 tokens costs 10.82 nats."""
    assert perplexity(math.log(50_257)) == pytest.approx(50_257)
    assert math.log(50_257) == pytest.approx(10.82, abs=0.005)
    assert bits_per_token(math.log(2)) == pytest.approx(1)
    assert perplexity(0) == 1
    assert perplexity(2.0) == pytest.approx(2 ** bits_per_token(2.0))


def test_bits_per_byte_compare_between_tokenizers():
    """A token twice as long at twice the loss is the same model of the same text."""
    assert bits_per_byte(2.0, 4.0) == pytest.approx(bits_per_byte(4.0, 8.0))
    assert perplexity(2.0) != perplexity(4.0)


# --- Warnings -------------------------------------------------------------------------------------


def test_warns_with_the_range_and_the_value_when_asked_far_outside():
    with pytest.warns(OutsideFittedRange, match=r"n_params = 1\.75e\+11, fitted on 5\.73e\+07 to"):
        BESIROGLU_2024.loss(175e9, 300e9)
    with pytest.warns(OutsideFittedRange, match=r"Kaplan 2020 .* flops = 3\.14e\+23, fitted on"):
        KAPLAN_2020.loss_from_compute(3.14e23)
    with pytest.warns(OutsideFittedRange, match=r"n_tokens = 1e\+07, fitted on"):
        BESIROGLU_2024.loss(1e9, 1e7)


def test_warns_once_for_an_array_and_at_the_line_that_asked():
    with pytest.warns(OutsideFittedRange) as caught:
        BESIROGLU_2024.optimum(np.geomspace(1e25, 1e28, 1000))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_it_warns_neither_inside_nor_somewhat_outside_nor_when_it_is_meant():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BESIROGLU_2024.optimum(1e21)
        BESIROGLU_2024.optimum(GOPHER)  # 4.5 times the largest model, 4.2 times the most tokens
        ChinchillaLaw(1.8, 480, 2000, 0.35, 0.36).loss(1e15, 1e15)  # a law without a range
        with extrapolating():
            BESIROGLU_2024.loss(1e15, 1e15)


# --- Odd inputs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "good", "within"),
    [
        (BESIROGLU_2024.loss, {"n_params": 7e10, "n_tokens": 1.4e12}, {}),
        (BESIROGLU_2024.optimum, {"flops": 5.76e23}, {}),
        (BESIROGLU_2024.flops_for_loss, {"loss": 2.1}, {}),
        (KAPLAN_2020.loss, {"n_params": 7e10, "n_tokens": 1.4e12}, {}),
        (KAPLAN_2020.loss_from_params, {"n_params": 7e10}, {}),
        (KAPLAN_2020.loss_from_tokens, {"n_tokens": 7e10}, {}),
        (KAPLAN_2020.loss_from_compute, {"flops": 7e20}, {}),
        (KAPLAN_2020.loss_from_compute_fixed_batch, {"flops": 7e20}, {}),
        (KAPLAN_2020.optimum, {"flops": 5.76e23}, {}),
        (HOFFMANN_2022_APPROACH_1.optimum, {"flops": 5.76e23}, {}),
        (lambda flops: size_interval(BESIROGLU_2024, flops), {"flops": 5.76e23}, {}),
        (perplexity, {"loss": 2.0}, {"loss": (0, 700)}),
        (bits_per_token, {"loss": 2.0}, {"loss": (0, 700)}),
        (bits_per_byte, {"loss": 2.0, "bytes_per_token": 4.2}, {"loss": (0, 700)}),
        (pf_days, {"flops": 1e21}, {}),
    ],
)
def test_odd_inputs_are_refused(function, good, within):
    assert_refuses_odd_inputs(function, good, within=within, examples=40)


@pytest.mark.parametrize("bad", [-1.0, 0.0, math.nan, math.inf, 2.5, "0.3", None])
def test_constants_of_a_law_are_checked(bad):
    good = {"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.35, "beta": 0.36}
    for name in ("alpha", "beta") if bad == 2.5 else good:
        if bad == 0.0 and name == "E":
            continue  # a law without a floor is allowed
        with pytest.raises(ValueError, match=name):
            ChinchillaLaw(**good | {name: bad})
    if bad != 2.5:
        with pytest.raises(ValueError, match="size_at_1_flop"):
            PowerLawAllocation(bad, 0.5)
    with pytest.raises(ValueError, match="a must be"):
        PowerLawAllocation(0.09, -1.0 if bad == 0.0 else bad)
