"""The set of chapter 2: its typed figures are the facts, or what the model answers give."""

import ast
import math
import re
from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import brentq

from course import emergence
from course.classroom import check, judge, release
from course.classroom.predict import answers
from course.emergence import (
    CapabilityCollapseAnalyzer,
    accuracy_interval,
    brier_score,
    chance_of_no_success,
    decline_p_values,
    entropy,
    exact_match,
    holm,
    items_needed,
    overconfidence,
    sightings,
    smallest_accuracy,
    token_accuracy,
)
from course.evidence import as_written, claim, fact
from course.scaling import extrapolating

NAME = "02_emergence_and_collapse"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
REASONS = [one.get("because", "") for id, one in answers().items() if id.startswith("E02.")]
TEXT += "\n".join(REASONS)  # what is said beside an answer is kept by id
ONE_LINE = " ".join(TEXT.replace("\n#", "\n").split())
CHINCHILLA = fact("model.Chinchilla").value


def answer(number):
    return EXERCISES[f"02.{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"02.{number}"].properties]


def wrong(number, piece):
    """The known mistake whose diagnosis holds `piece`."""
    (found,) = (one for one in EXERCISES[f"02.{number}"].wrong if piece in one.diagnosis)
    return found


def visible_cases(number):
    parts = [part for part in EXERCISES[f"02.{number}"].properties if not part.hidden]
    return [case.args if isinstance(case, judge.Case) else case for p in parts for case in p.cases]


def given(name):
    """A list that the notebook gives."""
    return ast.literal_eval(re.search(rf"^{name} = (\[.*?\])\n(?=[^ \]])", TEXT, re.M | re.S)[1])


def told(number, value):
    """What the check says of an answer, on one line."""
    described = judge.describe(EXERCISES[f"02.{number}"], hidden=False)
    cases = [case for part in described["properties"] for case in part["cases"]]
    outcomes = [check.outcome(value, case["args"]) for case in cases]
    return " ".join(check.report(f"02.{number}", described, outcomes).split())


# --- typed figures --------------------------------------------------------------------------------


def test_the_opening_says_what_to_do_alone_and_when_a_name_is_missing():
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
    assert "`NameError`" in opening


def test_whole_answers():
    found = answer(1)(0.8, 0.9, 10)
    assert f"jump by {found['jump']:.4f}; half are right at {found['half']:.3f}" in names(1)[0]
    printed = as_written.CRITICAL_POINTS["arithmetic_3digit"]["performance_jump"]
    assert f"{printed} for addition with three digits" in ONE_LINE
    assert (
        wrong(1, f"{printed} is the jump that document A").answer(0.8, 0.9, 10)["jump"] == printed
    )


def test_resolution():
    small, large = answer(2)(0.5, 5), answer(2)(0.01, 100)
    first, chance, largest, needed = small.values()
    assert f"{first:.1f}, {chance:.3f}, {largest:.3f} and {needed};" in names(2)[0]
    assert f"it needs {large['items_needed']} of them" in names(2)[0]
    assert round(100 * large["largest_at_zero"]) == 3
    assert wrong(2, "ln 0.05 = −2.996")
    assert math.log(0.05) == pytest.approx(-2.996, abs=5e-4)


def test_the_two_metrics():
    losses = given("losses")
    assert visible_cases(3)[0] == (losses, 10, 4)
    assert np.diff(np.log2(losses)) == pytest.approx(-1)  # "They halve"
    found = answer(3)(losses, 10, 4)
    exact, brier = (round(100 * share) for share in found["last_step"])
    assert f"{exact} % of the rise of the exact match" in names(3)[0]
    assert f"{brier} % of the Brier score's fall" in names(3)[0]
    assert found["exact_match"][-1] == pytest.approx(0.905**10, rel=0.01)
    assert "0.905^10 = 0.368" in TEXT


def test_the_table_of_sightings():
    rows = {(one.ability, one.family): one for one in sightings()}
    points = {name: row["params"] for name, row in as_written.CRITICAL_POINTS.items()}
    assert points["arithmetic_3digit"] == "13B"
    assert points["chain_of_thought"] == "62B"
    palm, gpt_3 = rows["chain_of_thought", "PaLM"], rows["arithmetic_4_5digit", "GPT-3"]
    assert (palm.n_params, gpt_3.n_params) == (62e9, 175e9)
    assert f"{palm.flops:.1e} and {gpt_3.flops:.1e} FLOP".replace("e+", "e") in ONE_LINE
    for text in (ONE_LINE, wrong(4, "the family matters").diagnosis):
        assert f"n {fact('wei.bigbench_palm62b').value} tasks PaLM 62B did better" in text
    gopher, chinchilla = rows["mmlu", "Gopher"], rows["mmlu", "Chinchilla"]
    assert gopher.flops == chinchilla.flops == 5e23
    assert gopher.n_params == 4 * chinchilla.n_params == 280e9
    assert visible_cases(4)[-1][0] == given("toy_table")
    table = visible_cases(4)[0][0]
    assert [row[:2] for row in table] == [[one.ability, one.family] for one in sightings()]


def test_the_thresholds_of_document_a_are_those_it_prints():
    as_a = wrong(4, "This is document A").answer
    for ability in (*as_written.CRITICAL_POINTS, "never heard of"):
        for n_params in (7e9, 13e9, 61e9, 62e9, 99e9, 540e9):
            printed = as_written.predict_emergence(n_params, ability)["emerged"]
            assert as_a([], ability, "", n_params, 1e20) == ("seen" if printed else "below")


def test_steps_tokens_and_batch():
    n_params, flops = CHINCHILLA["n_params"], CHINCHILLA["flops"]
    assert visible_cases(5)[1] == (flops, n_params, 1.5e6)
    assert f"{answer(5)(flops, n_params, 1.5e6)['steps']:,} steps" in names(5)[0]
    as_a = wrong(5, "This is document A")
    printed = as_written.optimal_training_steps(flops, n_params, 1.5e6)
    found = as_a.answer(flops, n_params, 1.5e6)
    assert found["steps"] == printed["optimal_steps"] == 1.4e12
    assert found["tokens"] == printed["optimal_tokens"] == 2.1e18
    assert "2.1e18 tokens" in as_a.diagnosis


def test_the_rule_of_five_and_its_false_alarms():
    assert visible_cases(6)[0][0] == given("short_series")
    found = answer(6)([[1, 2, 3, 4, 5]], 5, 20)
    assert 1 / found["chance"] == pytest.approx(120)
    twelve = answer(6)(*visible_cases(6)[2])
    assert f"in twelve more series {12 * twelve['counted']:.0f} alarms" in names(6)[0]
    assert f"{100 * found['any']:.1f} %" in names(6)[0]
    assert "once in 120" in claim("K040").correction
    as_a = wrong(6, "This is document A").answer
    for series, *_ in visible_cases(6)[:2]:
        scores = {str(number): [v + 1 for v in row] for number, row in enumerate(series)}
        fires = as_written.declining_capabilities(scores)
        assert as_a(series, 5, 20)["counted"] == len(fires) / len(series)


def test_the_decline_test_keeps_its_level_on_all_orders():
    scores, level = visible_cases(7)[0]
    found = answer(7)(scores, level)
    assert f"{found['falling']} of 10 pairs fall, 5 orders of 120" in names(7)[0]
    assert found["p"] == pytest.approx(5 / 120)
    assert as_written.declining_capabilities({"x": [0.9] * 5 + scores}) == {}  # "silent here"
    for level in (0.05, 0.1, 0.2):
        alarms = [answer(7)(list(order), level)["decline"] for order in permutations(range(5))]
        assert 0 < np.mean(alarms) <= level


def test_a_series_too_short_is_indexed_past_its_end_by_document_a_only():
    with pytest.raises(IndexError):
        as_written.early_warnings([1, 2], [1, 2], {}, [1])
    with pytest.raises(ValueError, match="cannot reach the level"):
        answer(7)([0.6, 0.5, 0.4], 0.05)
    with pytest.raises(ValueError, match="too short"):
        CapabilityCollapseAnalyzer(window=3).find_declining_capabilities({"x": [0.6, 0.5, 0.4]})


def test_the_adjusted_p_values():
    assert f"1 − 0.95^20 = {100 * (1 - 0.95**20):.0f} %" in TEXT
    assert answer(8)([0.01] + [0.5] * 19)[0] == pytest.approx(0.2)


def test_the_outputs():
    calibrated, sure = (answer(9)(*args) for args in visible_cases(9)[:2])
    assert f"{calibrated['effective']:.2f} tokens, overconfidence 0" in names(9)[0]
    assert calibrated["overconfidence"] == pytest.approx(0, abs=1e-12)
    assert f"{sure['overconfidence']:.2f} nats too sure" in names(9)[0]


def test_self_training():
    one, many, _ = (answer(10)(*args) for args in visible_cases(10))
    assert f"{one['lost']:.3f}, {one['replace']:.3f} and {one['accumulate']:.4f}" in names(10)[0]
    shares, *_ = visible_cases(10)[1]
    before = 1 - sum(share**2 for share in shares)
    assert f"loses {100 * (1 - many['replace'] / before):.1f} % of its diversity" in names(10)[0]
    assert 0 < 1 - many["accumulate"] / before < 0.01
    after = answer(10)([0.1] * 10, 100, 200)
    assert after["replace"] / 0.9 == pytest.approx(0.99**200)
    left = 100 * after["accumulate"] / 0.9
    assert f"Where all is kept, {left:.0f} % are left." in TEXT


def test_the_averages_of_self_training_are_those_of_simulated_texts():
    """Replace and accumulate by drawing, as the statement tells it: within four standard errors."""
    start, n, generations, runs = np.array([0.5, 0.3, 0.2]), 10, 4, 4_000
    rng = np.random.default_rng(0)
    found = answer(10)(list(start), n, generations)
    for kind, weight in (("replace", lambda t: 1), ("accumulate", lambda t: 1 / (t + 1))):
        shares = np.tile(start, (runs, 1))
        for t in range(1, generations + 1):
            drawn = rng.multinomial(n, shares) / n
            shares = shares + weight(t) * (drawn - shares)
            if kind == "replace" and t == 1:
                lost = (drawn[:, 2] == 0).mean()
                assert lost == pytest.approx(found["lost"], abs=4 * 0.31 / math.sqrt(runs))
        diversity = 1 - (shares**2).sum(axis=1)
        error = diversity.std() / math.sqrt(runs)
        assert diversity.mean() == pytest.approx(found[kind], abs=4 * error)


# --- the course's own functions -------------------------------------------------------------------


def whole_answers_of_the_library(p_small, p_large, n_tokens):
    small, large = exact_match([p_small, p_large], n_tokens)
    half = brentq(lambda p: exact_match(p, n_tokens) - 0.5, 0, 1, xtol=1e-12)
    return {"half": half, "jump": large - small}


def resolution_of_the_library(accuracy, n_items):
    return {
        "items_needed": items_needed(accuracy, 0.95),
        "largest_at_zero": accuracy_interval(0, n_items, level=0.9)[1],
        "chance_of_zero": chance_of_no_success(accuracy, n_items),
        "smallest": smallest_accuracy(n_items),
    }


def two_metrics_of_the_library(losses, n_tokens, n_options):
    p = token_accuracy(losses)
    found = {"exact_match": exact_match(p, n_tokens), "brier": brier_score(p, n_options)}
    shares = [(y[-2] - y[-1]) / (y[0] - y[-1]) for y in found.values()]
    return found | {"last_step": shares}


def verdict_of_the_library(table, ability, family, n_params, flops):
    if ability not in {row[0] for row in table}:
        return "no source"
    if family not in {row[1] for row in table}:
        family = None
    analyzer = emergence.EmergentAbilityAnalyzer(
        tuple(emergence.Sighting(a, "", f, n, c, "", "", "", "") for a, f, n, c in table)
    )
    words = {emergence.SEEN: "seen", emergence.SPLIT: "split", emergence.BELOW: "below"}
    words |= {emergence.OTHER_FAMILIES: "other families only"}
    return words[analyzer.predict_emergence(n_params, ability, flops=flops, family=family).verdict]


def training_plan_of_the_library(compute, n_params, batch_tokens):
    analyzer = CapabilityCollapseAnalyzer()
    with extrapolating():
        plan = analyzer.estimate_optimal_training_steps(compute, n_params, batch_tokens)
    return {
        "steps": plan.n_steps,
        "tokens": plan.n_tokens,
        "tokens_per_param": plan.tokens_per_param,
    }


def decline_test_of_the_library(scores, level):
    if math.factorial(len(scores)) < 1 / level:
        raise ValueError("too few scores")
    falling = int((np.subtract.outer(scores, scores) > 0)[np.triu_indices(len(scores), 1)].sum())
    if len(scores) < 3:  # the library asks for three
        return answer(7)(scores, level)
    p = decline_p_values(scores)
    return {"falling": falling, "p": p, "decline": np.bool_(p <= level)}


def adjusted_of_the_library(p_values):
    return holm(p_values)


def output_check_of_the_library(probabilities, right):
    mean = entropy(probabilities).mean()
    loss = np.mean([-np.log(row[i]) for row, i in zip(probabilities, right, strict=True)])
    return {
        "overconfidence": overconfidence(loss, mean),
        "entropy": mean,
        "effective": np.exp(mean),
    }


OF_THE_LIBRARY = {
    1: whole_answers_of_the_library,
    2: resolution_of_the_library,
    3: two_metrics_of_the_library,
    4: verdict_of_the_library,
    5: training_plan_of_the_library,
    7: decline_test_of_the_library,
    8: adjusted_of_the_library,
    9: output_check_of_the_library,
}


@pytest.mark.parametrize("number", OF_THE_LIBRARY)
def test_the_library_agrees_with_the_model_answer(number):
    exercise = EXERCISES[f"02.{number}"]
    for part in judge.describe(exercise, hidden=True)["properties"]:
        for case in part["cases"]:
            found = check.outcome(OF_THE_LIBRARY[number], case["args"])
            assert check.holds(found, case["expected"], part["rel_tol"]), (case, found)


@pytest.mark.parametrize("number", OF_THE_LIBRARY.keys() - {4})
def test_the_learners_own_code_is_asked_for_where_the_library_has_it(number):
    exercise = EXERCISES[f"02.{number}"]
    assert exercise.own
    found = judge.collect({exercise.name: OF_THE_LIBRARY[number]}, judge.requests({"x": exercise}))
    mark = judge.grade({"x": exercise}, found)
    assert mark["points"] == 0
    assert "your own" in mark["exercises"]["x"]["properties"][0]["why"]


# --- what learners are told -----------------------------------------------------------------------


def test_nan_at_zero_probability_is_named():
    def with_nan(probabilities, right):
        p = np.array(probabilities)
        if abs(p.sum(axis=1) - 1).max() > 1e-6:
            raise ValueError("a row does not sum to 1")
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -(p * np.log(p)).sum(axis=1).mean()
        loss = -np.log(p[np.arange(len(p)), right]).mean()
        return {
            "entropy": entropy,
            "effective": np.exp(entropy),
            "overconfidence": loss - entropy,
        }

    assert "NaN is not a number" in told(9, with_nan)


def test_a_verdict_in_other_words_is_shown_beside_the_wanted_one():
    def emerged(table, ability, family, n_params, flops):
        return "emerged"

    assert "gave 'emerged', expected 'seen'" in told(4, emerged)


def test_a_missing_entry_is_named():
    def without_p(scores, level):
        return {"decline": False}

    assert "a dict with the keys 'falling', 'p', 'decline' is asked for" in told(7, without_p)
