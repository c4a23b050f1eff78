"""The document's early warnings, and ours; steps, tokens and batch; entropy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.emergence import (
    CapabilityCollapseAnalyzer,
    decline_p_values,
    effective_outcomes,
    entropy,
    holm,
    overconfidence,
    with_temperature,
)
from course.evidence import as_written, fact
from course.scaling import BESIROGLU_2024
from tests.odd_inputs import assert_refuses_odd_inputs

analyzer = CapabilityCollapseAnalyzer()
pytestmark = pytest.mark.filterwarnings("ignore::course.scaling.OutsideFittedRange")


def noise_run(rng, n_capabilities=20, n_values=15):
    """A run in which nothing happens: every series is noise around a level."""
    return {
        "train_loss": 2.0 + 0.01 * rng.standard_normal(n_values),
        "val_loss": 2.1 + 0.01 * rng.standard_normal(n_values),
        "output_entropy": 2.1 + 0.01 * rng.standard_normal(n_values),
        "capability_scores": {
            f"task {i}": 0.5 + 0.02 * rng.standard_normal(n_values) for i in range(n_capabilities)
        },
    }


# --- the document's rules on noise ----------------------------------------------------------------


def test_the_printed_rule_of_overfitting_fires_on_one_noise_in_four():
    """K039: train loss lower and validation loss higher than four steps before, by chance."""
    rng = np.random.default_rng(0)
    fired = [
        "overfitting_pattern" in as_written.early_warnings(train, val, {}, [1.0])
        for train, val in rng.standard_normal((10_000, 2, 5)).tolist()
    ]
    assert np.mean(fired) == pytest.approx(0.25, abs=0.02)


def test_the_printed_rule_of_decline_fires_on_noise():
    """K040: 1 in 120 for each capability, 15 % of checks with 20 of them watched."""
    rng = np.random.default_rng(1)
    names = [str(i) for i in range(20)]
    found = [
        len(as_written.declining_capabilities(dict(zip(names, scores, strict=True))))
        for scores in rng.standard_normal((4_000, 20, 10)).tolist()
    ]
    assert np.sum(found) / (4_000 * 20) == pytest.approx(1 / 120, abs=0.0015)
    assert np.mean(np.array(found) > 0) == pytest.approx(0.154, abs=0.025)  # 1-(119/120)^20


def test_the_printed_rate_of_decline_can_be_a_rise_and_a_division_by_zero():
    """K041: +4.0 for a series that rose and then fell; ours is the fall, in points."""
    series = [1.0, 3.0, 5.0, 7.0, 9.0, 9.0, 8.0, 7.0, 6.0, 5.0]
    assert as_written.declining_capabilities({"x": series}) == {"x": 4.0}
    with pytest.raises(ZeroDivisionError):
        as_written.declining_capabilities({"x": [0.0, *series[1:]]})
    ours = CapabilityCollapseAnalyzer(window=6)
    (trend,) = ours.find_declining_capabilities({"x": [0.0, *series[1:]]})
    assert trend.change == pytest.approx(-5)  # one point for each of five steps
    assert trend.p_value < 0.01


def test_healthy_training_halves_the_entropy():
    """K042: from ln V = 10.8 nats; the document's alarm sounds, and the gap to the loss is 0."""
    steps = np.arange(1, 31)
    val_loss = 2.0 + (math.log(50_257) - 2.0) / steps**0.5
    rng = np.random.default_rng(2)
    run = {
        "train_loss": val_loss - 0.01,
        "val_loss": val_loss,
        "output_entropy": val_loss + 0.01 * rng.standard_normal(30),
        "capability_scores": {},
    }
    assert as_written.early_warnings(**run) == ["diversity_collapse"]
    assert analyzer.detect_collapse_early_warning(run).warnings == ()
    narrower = run | {"output_entropy": run["output_entropy"] - np.linspace(0, 0.1, 30)}
    (warning,) = analyzer.detect_collapse_early_warning(narrower).warnings
    assert warning.signal == "diversity loss"
    assert warning.change == pytest.approx(0.1 * 14 / 29, abs=0.03)


@pytest.mark.parametrize("length", [0, 1, 4])
def test_short_series_end_in_an_index_error_there_and_in_words_here(length):
    """K043."""
    short = [1.0] * length
    with pytest.raises(IndexError):
        as_written.early_warnings(short, short, {}, short)
    run = noise_run(np.random.default_rng(0)) | {"val_loss": short}
    with pytest.raises(ValueError, match="val_loss must be"):
        analyzer.detect_collapse_early_warning(run)


# --- ours -----------------------------------------------------------------------------------------


def test_reports_decide_by_the_numbers_whose_bound_is_counted():
    """K039, K040: the same p-values and Holm as in test_trends.py, over 40 runs of noise."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        run = noise_run(rng)
        report = analyzer.detect_collapse_early_warning(run)
        scores = decline_p_values(list(run["capability_scores"].values()))
        val, train = decline_p_values([-run["val_loss"], run["train_loss"]])
        gap = decline_p_values(run["output_entropy"] - run["val_loss"])
        p = np.array([max(val, train), gap, *scores])
        assert [t.p_value for t in report.trends] == pytest.approx(p)
        assert [t.adjusted_p for t in report.trends] == pytest.approx(holm(p))
        assert len(report.warnings) == (holm(p) <= 0.025).sum()


@pytest.mark.parametrize("train_falls", [True, False])
def test_a_whole_report_of_noise_keeps_its_bound(train_falls):
    """K039, K040: 22 trends each, 10,000 reports: false warnings in 2.5 % of first looks at most.

    Hardest where the training loss falls, as it should: then only the validation loss decides.
    """
    rng = np.random.default_rng(4)
    series = rng.standard_normal((10_000, 23, 15))
    if train_falls:
        series[:, 0] -= np.arange(15)
    p = decline_p_values(series)
    both = p[:, :2].max(axis=1, keepdims=True)
    fired = (holm(np.concatenate([both, p[:, 2:]], axis=1)) <= 0.025).any(axis=1)
    assert 50 < fired.sum() <= 250 + 4 * math.sqrt(250)
    assert (both <= 0.05).mean() < (0.06 if train_falls else 0.006)


def test_a_planted_decline_is_found_and_named():
    rng = np.random.default_rng(5)
    run = noise_run(rng)
    run["capability_scores"]["task 7"] -= 0.02 * np.linspace(0, 6, 15)
    run["val_loss"] += np.linspace(0, 0.1, 15)
    run["train_loss"] -= np.linspace(0, 0.1, 15)
    run["output_entropy"] += np.linspace(0, 0.1, 15)  # as the loss: no narrowing
    report = analyzer.detect_collapse_early_warning(run)
    assert {w.name for w in report.warnings} == {"task 7", "val_loss"}
    change = {w.name: w.change for w in report.warnings}
    assert change["task 7"] == pytest.approx(-0.12, abs=0.04)
    assert change["val_loss"] == pytest.approx(0.1, abs=0.03)
    (declining,) = analyzer.find_declining_capabilities(run["capability_scores"])
    assert declining.name == "task 7"
    html = report._repr_html_()
    assert html.count("warning</td>") == 2
    assert html.count("noise would do this too") == 20


def test_a_rising_validation_loss_alone_is_not_overfitting():
    run = noise_run(np.random.default_rng(6))
    run["val_loss"] = run["val_loss"] + np.linspace(0, 0.5, 15)
    run["output_entropy"] = run["output_entropy"] + np.linspace(0, 0.5, 15)
    assert analyzer.detect_collapse_early_warning(run).warnings == ()


def test_later_looks_are_stricter_and_only_the_window_counts():
    run = noise_run(np.random.default_rng(7), n_capabilities=1)
    first, tenth = (analyzer.detect_collapse_early_warning(run, look=j) for j in (1, 10))
    assert (first.level, tenth.level) == pytest.approx((0.025, 0.05 / 110))
    longer = {"task 0": np.concatenate([np.full(40, 9.0), run["capability_scores"]["task 0"]])}
    assert analyzer.find_declining_capabilities(longer) == ()


def test_a_window_that_could_never_fire_is_refused():
    """K040: five values cannot convict one capability of twenty, whatever they do."""
    short = CapabilityCollapseAnalyzer(window=5)
    scores = {str(i): np.arange(5, 0, -1) for i in range(20)}
    with pytest.raises(ValueError, match="window = 5 is too short to test 20 series"):
        short.find_declining_capabilities(scores)
    assert len(short.find_declining_capabilities({"one": scores["1"]})) == 1


def test_autocorrelation_is_taken_out():
    falling = {"x": 0.5 - 0.3 * np.linspace(0, 1, 15) + 0.01 * np.sin(np.arange(15))}
    assert len(analyzer.find_declining_capabilities(falling)) == 1
    careful = CapabilityCollapseAnalyzer(autocorrelation=0.9)
    (trend,) = careful.find_declining_capabilities(falling)
    assert trend.p_value > analyzer.find_declining_capabilities(falling)[0].p_value


def broken(**changes):
    return noise_run(np.random.default_rng(8), n_capabilities=2) | changes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analyzer.detect_collapse_early_warning({}), "no train_loss"),
        (lambda: analyzer.detect_collapse_early_warning(None), "training_metrics must be a dict"),
        (
            lambda: analyzer.detect_collapse_early_warning(broken(val_loss=[math.nan] * 15)),
            "val_loss must be",
        ),
        (
            lambda: analyzer.detect_collapse_early_warning(broken(train_loss=np.zeros((15, 2)))),
            "train_loss must be a series",
        ),
        (
            lambda: analyzer.detect_collapse_early_warning(broken(capability_scores=[1, 2])),
            "capability_scores must be a dict",
        ),
        (
            lambda: analyzer.detect_collapse_early_warning(
                broken(capability_scores={"x": [1] * 14})
            ),
            "x must be a series of at least window = 15",
        ),
        (lambda: analyzer.detect_collapse_early_warning(broken(), look=0), "look must be"),
        (lambda: analyzer.detect_collapse_early_warning(broken(), look=[1, 2]), "look must be"),
        (lambda: CapabilityCollapseAnalyzer(window=2), "window must be"),
        (lambda: CapabilityCollapseAnalyzer(window=15.5), "window must be"),
        (lambda: CapabilityCollapseAnalyzer(false_alarm_rate=0), "false_alarm_rate must be"),
        (lambda: CapabilityCollapseAnalyzer(autocorrelation=1), "autocorrelation must be"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_capabilities_is_an_empty_answer():
    assert analyzer.find_declining_capabilities({}) == ()


# --- steps, tokens, batch -------------------------------------------------------------------------

CHINCHILLA = {"compute_budget": 6 * 70e9 * 1.4e12, "model_params": 70e9, "batch_size_tokens": 1.5e6}


def test_steps_are_tokens_over_batch():
    """K044, K045: 933,333 steps of 1.5e6 tokens, where A has 1.4e12 steps and 2.1e18 tokens."""
    plan = analyzer.estimate_optimal_training_steps(**CHINCHILLA)
    assert plan.n_steps == 933_333
    assert plan.n_tokens == plan.n_steps * 1.5e6 == pytest.approx(1.4e12, rel=1e-6)
    assert plan.tokens_per_param == pytest.approx(20, rel=1e-6)
    printed = as_written.optimal_training_steps(5.88e23, 70e9, 1.5e6)
    assert printed["optimal_steps"] == 1.4e12
    assert printed["optimal_tokens"] == pytest.approx(2.1e18)
    assert printed["optimal_tokens"] / plan.n_tokens == pytest.approx(1.5e6, rel=1e-5)


def test_the_budget_counts():
    """K046: a tenth of the compute is a tenth of the steps; A's answer stays the same."""
    less = CHINCHILLA | {"compute_budget": CHINCHILLA["compute_budget"] / 10}
    plans = [analyzer.estimate_optimal_training_steps(**one) for one in (CHINCHILLA, less)]
    assert plans[0].n_steps / plans[1].n_steps == pytest.approx(10, rel=1e-4)
    assert plans[1].optimum.n_params < plans[0].optimum.n_params
    printed = [as_written.optimal_training_steps(c, 70e9, 1.5e6) for c in (5.76e23, 1.0)]
    assert printed[0] == printed[1]


def test_twenty_tokens_per_parameter_is_a_rule_of_thumb():
    """K047: 20.0 to 22.4 in table 3; 4 to 40 is the refit's interval."""
    ratios = [row["n_tokens"] / row["n_params"] for row in fact("hoffmann.table3").value]
    assert (min(ratios), max(ratios)) == pytest.approx((20.0, 22.4), abs=0.05)
    assert fact("besiroglu.D_over_N").interval == (4, 40)


def test_epochs_are_counted_over_the_data_and_not_over_parameters():
    """K048: a token of 4 epochs is worth 93 % of a fresh one, of 16 epochs 66 %, of 40 38 %."""
    r = float(fact("muennighoff.R_D_star"))
    worth = [(1 + r * (1 - math.exp(-(e - 1) / r))) / e for e in (4, 16, 40)]
    assert worth == pytest.approx([0.93, 0.66, 0.38], abs=0.006)


def test_checkpoints_by_the_trillion():
    """K049."""
    assert as_written.optimal_training_steps(1.0, 70e9, 1.5e6)["recommended_checkpoints"] == 1.12e12


@given(st.floats(18, 26), st.floats(6, 12), st.floats(3, 7))
def test_a_plan_never_overspends(log_c, log_n, log_batch):
    c, n, batch = 10**log_c, 10**log_n, 10**log_batch
    if c < 6 * n * batch * 1.001:
        return
    with np.errstate(all="ignore"):
        plan = CapabilityCollapseAnalyzer().estimate_optimal_training_steps(c, n, batch)
    assert plan.flops <= c * (1 + 1e-9)
    assert plan.flops > c - 6 * n * batch * (1 + 1e-6)
    assert plan.flops == pytest.approx(6 * plan.n_params * plan.n_steps * plan.batch_size_tokens)


def test_plans_broadcast_and_refuse():
    plans = analyzer.estimate_optimal_training_steps(np.array([1e21, 1e22]), 1e9, 1e6)
    assert plans.n_steps.shape == (2,)
    assert "steps" in plans._repr_html_()
    with pytest.raises(ValueError, match=r"compute_budget must pay one step.*6e\+15"):
        analyzer.estimate_optimal_training_steps(1e15, 1e9, 1e6)
    assert_refuses_odd_inputs(analyzer.estimate_optimal_training_steps, CHINCHILLA, examples=30)


# --- entropy --------------------------------------------------------------------------------------


def test_entropy_at_its_ends():
    assert entropy([1.0, 0.0, 0.0]) == 0
    assert entropy([1.0]) == 0
    assert entropy(np.full(50_257, 1 / 50_257)) == pytest.approx(math.log(50_257))
    assert entropy([0.5, 0.25, 0.25]) / math.log(2) == pytest.approx(1.5)  # bits
    assert effective_outcomes([0.25] * 4) == pytest.approx(4)
    assert effective_outcomes([1.0, 0.0]) == 1
    rows = entropy([[0.5, 0.5], [1.0, 0.0]])
    assert rows == pytest.approx([math.log(2), 0])


@given(st.lists(st.floats(1e-3, 1), min_size=2, max_size=20), st.floats(0.05, 20))
def test_temperature_moves_the_entropy_and_not_the_order(weights, temperature):
    """K042: a drop of entropy need not be a change of the model."""
    p = np.array(weights) / np.sum(weights)
    q = with_temperature(p, temperature)
    assert q.sum() == pytest.approx(1)
    assert 1 - 1e-9 <= effective_outcomes(q) <= len(weights) + 1e-9
    assert q[p.argmax()] == pytest.approx(q.max())
    change = entropy(q) - entropy(p)
    assert change <= 1e-9 if temperature <= 1 else change >= -1e-9
    assert with_temperature(p, 1.0) == pytest.approx(p)


def test_cold_sampling_of_a_zero_and_a_tie():
    assert with_temperature([0.5, 0.5, 0.0], 0.01) == pytest.approx([0.5, 0.5, 0])
    assert with_temperature([0.6, 0.4], 1e-3) == pytest.approx([1, 0])


@given(st.lists(st.floats(1e-3, 1), min_size=2, max_size=8))
def test_a_calibrated_model_is_as_sure_as_it_is_right(weights):
    """K042: data drawn from p itself cost H(p); a model made colder is overconfident."""
    p = np.array(weights) / np.sum(weights)
    cross_entropy = -(p * np.log(p)).sum()
    assert overconfidence(cross_entropy, entropy(p)) == pytest.approx(0, abs=1e-12)
    cold = with_temperature(p, 0.5)
    assert overconfidence(-(p * np.log(cold)).sum(), entropy(cold)) >= -1e-12


@pytest.mark.parametrize("odd", [[0.5, 0.6], [2, 1], [-0.1, 1.1], [], [math.nan, 1], 0.5, "ab"])
def test_what_is_no_distribution_is_refused(odd):
    for function in (entropy, effective_outcomes, lambda p: with_temperature(p, 1.0)):
        with pytest.raises(ValueError, match="probabilities must"):
            function(odd)


def test_temperature_zero_is_refused():
    for odd in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match="temperature"):
            with_temperature([0.5, 0.5], odd)


def test_the_law_says_that_longer_training_lowers_the_loss():
    """K038: at 8e9 parameters up to 1,875 tokens for each; what harms comes after pre-training."""
    tokens = 8e9 * np.array([20, 100, 500, 1875])
    assert (np.diff(BESIROGLU_2024.loss(8e9, tokens)) < 0).all()
