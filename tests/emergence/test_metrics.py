"""One smooth accuracy per token, and abilities that emerge or not by the measure."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from course.emergence import (
    accuracy_interval,
    brier_score,
    chance_of_no_success,
    exact_match,
    items_needed,
    log_likelihood,
    multiple_choice,
    option_probability,
    params_for_loss,
    pass_at_k,
    power_law_loss,
    rise,
    score_from_loss,
    smallest_accuracy,
    token_accuracy,
    token_edit_distance,
)
from course.scaling import BESIROGLU_2024, HOFFMANN_2022
from tests.odd_inputs import ABOVE_ZERO, assert_refuses_odd_inputs

SCALE_AT_1_NAT, EXPONENT = 1e9, 0.3
pytestmark = pytest.mark.filterwarnings("ignore::course.scaling.OutsideFittedRange")


def p_at(scale):
    return token_accuracy(power_law_loss(scale, SCALE_AT_1_NAT, EXPONENT))


def exact(n_tokens):
    return lambda scale: exact_match(p_at(scale), n_tokens)


# --- the measures ---------------------------------------------------------------------------------


def test_published_and_hand_counted_values():
    assert exact_match(np.array([0.5, 0.7, 0.8, 0.9, 0.99]), 5) == pytest.approx(
        [0.031, 0.168, 0.328, 0.590, 0.951], abs=5e-4
    )
    assert token_accuracy(0.0) == 1
    assert token_accuracy(math.log(2)) == pytest.approx(0.5)
    assert token_edit_distance(0.9, 10) == pytest.approx(1)
    assert log_likelihood(0.5, 3) == pytest.approx(-3 * math.log(2))
    assert pass_at_k(0.5, 2) == pytest.approx(0.75, rel=1e-15)
    assert pass_at_k(1e-20, 100) == pytest.approx(1e-18)
    assert pass_at_k([0, 1], 3).tolist() == [0, 1]


@given(st.integers(2, 50), st.floats(0.01, 10))
def test_multiple_choice_goes_from_chance_to_certainty(m, spread):
    assert multiple_choice(0.0, m, spread) == pytest.approx(1 / m)
    assert multiple_choice(1.0, m, spread) == 1
    rising = multiple_choice(np.linspace(0, 1, 30), m, spread)
    assert (np.diff(rising) >= -1e-12).all()
    assert multiple_choice(0.3, m) == pytest.approx(option_probability(0.3, m))
    assert brier_score(0.0, m) == pytest.approx((m - 1) / m)
    assert brier_score(1.0, m) == 0


def test_brier_score_and_multiple_choice_by_simulation():
    """The closed forms against what they stand for: options with Gumbel noise, and squares."""
    q = option_probability(0.2, 4)
    options = np.array([q, *[(1 - q) / 3] * 3])
    assert brier_score(0.2, 4) == pytest.approx(((options - [1, 0, 0, 0]) ** 2).sum())
    rng = np.random.default_rng(0)
    noisy = np.log(options) + 0.3 * rng.gumbel(size=(40_000, 4))
    share = (noisy.argmax(axis=1) == 0).mean()
    assert multiple_choice(0.2, 4, 0.3) == pytest.approx(share, abs=4 * 0.5 / 200)


def test_small_models_write_code_too():
    """K031: a model right once in a hundred samples solves 63 % of problems in a hundred."""
    assert pass_at_k(0.01, 100) == pytest.approx(0.634, abs=5e-4)
    sizes = np.logspace(9, 13, 4000)
    once = exact(20)(sizes)
    first = [np.interp(0.1, curve, sizes) for curve in (once, pass_at_k(once, 100))]
    # The size at which a tenth is solved: "emergence" 38 times smaller by sampling more.
    one_sample = -math.log1p(-(0.9**0.01))
    expected = (one_sample / math.log(10)) ** (1 / EXPONENT)
    assert first[0] / first[1] == pytest.approx(expected, rel=0.01)
    assert round(expected) == 38


# --- sharpness ------------------------------------------------------------------------------------


def test_an_ability_emerges_or_vanishes_with_the_measure():
    """K026: the same models, the same answers: exact match over 30 tokens jumps, edits do not."""
    jump, smooth = exact(30), lambda s: token_edit_distance(p_at(s), 30)
    small = 1e9  # four of the six decades below the largest model
    assert jump(small) / jump(1e11) < 1e-3  # "absent in smaller models"
    assert (30 - smooth(small)) / (30 - smooth(1e11)) > 0.4  # and yet almost half there
    assert rise(jump, 1e5, 1e11).steepness > 10
    assert rise(smooth, 1e5, 1e11).steepness < 2
    assert rise(lambda s: log_likelihood(p_at(s), 30), 1e5, 1e11).steepness < 2
    assert rise(lambda s: brier_score(p_at(s), 4), 1e5, 1e11).steepness < 2


@pytest.mark.parametrize("n_tokens", [1, 3, 10, 100])
def test_the_whole_way_is_equally_long_for_every_length_of_answer(n_tokens):
    """K026: k only moves the curve, by log10(k) / a decades."""
    whole = rise(exact(n_tokens), 1e-30, 1e60)
    assert whole.decades == pytest.approx(math.log10(math.log(0.1) / math.log(0.9)) / EXPONENT)
    first = rise(exact(1), 1e-30, 1e60)
    moved = math.log10(whole.scale_10 / first.scale_10)
    assert moved == pytest.approx(math.log10(n_tokens) / EXPONENT, abs=1e-6)


@pytest.mark.parametrize("n_tokens", [30, 100, 300])
def test_stopping_at_the_largest_model_makes_it_sharp(n_tokens):
    """K026: then the way to what that model reaches shortens as 1/k."""
    seen = rise(exact(n_tokens), 1e2, 1e11)
    loss = power_law_loss(1e11, SCALE_AT_1_NAT, EXPONENT)
    ends = [loss - math.log(share) / n_tokens for share in (0.1, 0.9)]
    assert seen.decades == pytest.approx(math.log10(ends[0] / ends[1]) / EXPONENT, rel=1e-6)
    if n_tokens == 300:
        assert seen.decades == pytest.approx(0.954 / (n_tokens * EXPONENT * loss), rel=0.03)


def test_a_straight_line_has_steepness_one():
    line = rise(math.log10, 1e3, 1e9)
    assert (line.decades, line.steepness) == pytest.approx((4.8, 1))
    assert rise(lambda s: -math.log10(s), 1e3, 1e9).steepness == pytest.approx(1)


def test_what_does_not_move_has_no_rise():
    with pytest.raises(ValueError, match="measure must move"):
        rise(lambda s: 0.0, 1e3, 1e9)
    with pytest.raises(ValueError, match="largest must be above smallest"):
        rise(math.log10, 1e9, 1e9)
    with pytest.raises(ValueError, match="finite"), np.errstate(over="ignore"):
        rise(lambda s: -np.exp(1e6 / s), 1e2, 1e9)


# --- what a test set can show ---------------------------------------------------------------------


def test_zero_of_a_hundred_is_not_zero():
    assert smallest_accuracy(100) == 0.01
    assert chance_of_no_success(0.01, 100) == pytest.approx(0.366, abs=5e-4)
    low, high = accuracy_interval(0, 100)
    assert low == 0
    assert high == pytest.approx(0.0362, abs=5e-5)
    assert items_needed(0.01) == 299


@settings(max_examples=30)
@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_intervals_equal_scipys(n, share, level):
    k = round(share * n)
    theirs = stats.binomtest(k, n).proportion_ci(level, method="exact")
    assert accuracy_interval(k, n, level) == pytest.approx(tuple(theirs), abs=1e-10)


@pytest.mark.parametrize("accuracy", [0.003, 0.1, 0.5, 0.97])
def test_intervals_hold_the_truth_as_often_as_they_say(accuracy):
    """Exactly: the probability of every count whose interval holds the truth."""
    counts = np.arange(101)
    low, high = accuracy_interval(counts, 100)
    holds = (low <= accuracy) & (accuracy <= high)
    assert stats.binom.pmf(counts, 100, accuracy)[holds].sum() >= 0.95


@given(st.floats(1e-4, 0.999), st.floats(0.01, 0.999))
def test_so_many_items_are_needed_and_no_fewer(accuracy, confidence):
    n = items_needed(accuracy, confidence)
    assert 1 - chance_of_no_success(accuracy, n) >= confidence * (1 - 1e-9)
    if n > 1:
        assert 1 - chance_of_no_success(accuracy, n - 1) < confidence * (1 + 1e-9)


def test_too_few_items_make_a_smooth_rise_look_like_a_jump():
    """K026: of 50 items the smallest models show 0, as they would if they knew nothing."""
    true = exact(10)(np.logspace(6, 8, 5))
    assert (true > 0).all()
    assert (np.diff(np.log(true)) > 0).all()
    assert (chance_of_no_success(true, 50) > 0.95).all()
    assert (items_needed(true) > 1e3).all()


# --- the loss view --------------------------------------------------------------------------------


def test_one_threshold_in_loss_is_many_in_size():
    """K034: the size that reaches a loss depends on the data; with too few none does."""
    tokens = np.array([1e11, 3e11, 1e12, 1e13])
    sizes = params_for_loss(BESIROGLU_2024, 2.1, tokens)
    assert (np.diff(sizes) < 0).all()
    assert sizes[0] / sizes[-1] > 5
    assert BESIROGLU_2024.loss(sizes[1:], tokens[1:]) == pytest.approx(2.1)
    assert params_for_loss(BESIROGLU_2024, 2.1, 1e9) == math.inf
    assert params_for_loss(BESIROGLU_2024, BESIROGLU_2024.E, 1e15) == math.inf


@given(st.floats(1e8, 1e11), st.floats(1e10, 1e13))
def test_size_for_a_loss_inverts_the_law(n_params, n_tokens):
    loss = HOFFMANN_2022.loss(n_params, n_tokens)
    assert params_for_loss(HOFFMANN_2022, loss, n_tokens) == pytest.approx(n_params, rel=1e-6)


def test_above_the_threshold_there_is_chance():
    """K026: the other side of the debate; 25 % at and above the threshold, 100 % at the floor."""
    scores = score_from_loss(np.array([9.0, 2.2, 1.9, 1.6, 1.0]), 2.2, 0.25, 1.6)
    assert scores == pytest.approx([0.25, 0.25, 0.625, 1, 1])
    with pytest.raises(ValueError, match="threshold must be above floor"):
        score_from_loss(2.0, 1.5, 0.25, 1.6)


# --- odd inputs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "good", "within"),
    [
        (token_accuracy, {"loss": 1.0}, {"loss": (0, math.inf)}),
        (
            power_law_loss,
            {"scale": 1e9, "scale_at_1_nat": 1e9, "exponent": 0.3},
            {"exponent": (ABOVE_ZERO, 2)},
        ),
        (exact_match, {"p": 0.5, "n_tokens": 3}, {"p": (0, 1)}),
        (token_edit_distance, {"p": 0.5, "n_tokens": 3}, {"p": (0, 1)}),
        (log_likelihood, {"p": 0.5, "n_tokens": 3}, {"p": (ABOVE_ZERO, 1)}),
        (pass_at_k, {"p": 0.5, "n_samples": 3}, {"p": (0, 1)}),
        (
            multiple_choice,
            {"p": 0.5, "n_options": 4, "item_spread": 1.0},
            {"p": (0, 1), "n_options": (2, math.inf)},
        ),
        (brier_score, {"p": 0.5, "n_options": 4}, {"p": (0, 1), "n_options": (2, math.inf)}),
        (chance_of_no_success, {"accuracy": 0.5, "n_items": 3}, {"accuracy": (0, 1)}),
        (
            score_from_loss,
            {"loss": 2.0, "threshold": 2.2, "chance": 0.25, "floor": 1.6},
            {"loss": (0, math.inf), "chance": (0, 1), "floor": (0, math.inf)},
        ),
    ],
)
def test_odd_inputs_are_refused(function, good, within):
    with np.errstate(all="ignore"):
        assert_refuses_odd_inputs(function, good, within=within, examples=40)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: accuracy_interval(5, 3), "n_correct"),
        (lambda: accuracy_interval(1.5, 3), "n_correct"),
        (lambda: accuracy_interval(-1, 3), "n_correct"),
        (lambda: accuracy_interval(1, 2.5), "n_items"),
        (lambda: accuracy_interval(1, 3, 1.0), "level"),
        (lambda: accuracy_interval(1, 3, math.nan), "level"),
        (lambda: items_needed(0.0), "accuracy"),
        (lambda: items_needed(1.0), "accuracy"),
        (lambda: items_needed(0.5, 1.0), "confidence"),
        (lambda: smallest_accuracy(0), "n_items"),
        (lambda: smallest_accuracy(2.5), "n_items"),
        (lambda: multiple_choice(0.5, 2.5), "n_options"),
        (lambda: params_for_loss(BESIROGLU_2024, 0, 1e12), "loss"),
        (lambda: params_for_loss(BESIROGLU_2024, 2.0, -1), "n_tokens"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        call()


@pytest.mark.parametrize(
    ("ends", "name"),
    [
        (([1e6], 1e9), "smallest"),
        ((1e6, [1e9, 2e9]), "largest"),
        (("1M", 1e9), "smallest"),
        ((1e6, math.nan), "largest"),
    ],
)
def test_rise_asks_for_two_single_scales(ends, name):
    with pytest.raises(ValueError, match=name):
        rise(math.log10, *ends)


@pytest.mark.parametrize("n_tokens", [5, 10, 20])
def test_pass_at_100_rises_no_more_gently_than_exact_match_and_sooner(n_tokens):
    """What chapter 2 says under its explorer."""

    def exact(n):
        return exact_match(token_accuracy(power_law_loss(n, 1e8, 0.3)), n_tokens)

    one, hundred = rise(exact, 1e6, 1e40), rise(lambda n: pass_at_k(exact(n), 100), 1e6, 1e40)
    assert hundred.scale_10 < one.scale_10 / 10
    assert hundred.decades < one.decades
