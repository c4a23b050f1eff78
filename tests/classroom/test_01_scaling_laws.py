"""The second set: its typed figures are the facts, or what the model answers give."""

import math
import re

import numpy as np
import pytest

from course.classroom import check, judge, release
from course.evidence import fact
from course.scaling.isoflop import valley_minimum
from course.scaling.laws import ChinchillaLaw, bits_per_byte, extrapolating, perplexity
from course.scaling.presets import BESIROGLU_2024, KAPLAN_2020, KAPLAN_2020_JOINT

NAME = "01_scaling_laws"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
KAPLAN, REFIT = fact("kaplan.joint_fit").value, fact("besiroglu.printed").value
ROUNDED = {key: float(fact(f"hoffmann.{key}")) for key in ("A", "B", "alpha", "beta")}
MODELS = {name: fact(f"model.{name}").value for name in ("GPT-3", "Gopher", "Chinchilla")}
SIZES = {name: (model["n_params"], model["n_tokens"]) for name, model in MODELS.items()}


def answer(number):
    return EXERCISES[f"01.{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"01.{number}"].properties]


def diagnoses(number):
    return " ".join(wrong.diagnosis for wrong in EXERCISES[f"01.{number}"].wrong)


def visible_cases(number):
    parts = [part for part in EXERCISES[f"01.{number}"].properties if not part.hidden]
    return [case.args if isinstance(case, judge.Case) else case for p in parts for case in p.cases]


def given(name):
    """The numbers of a list that the notebook gives."""
    line = re.search(rf"^{name} = \[(.*?)\]", TEXT, re.MULTILINE)[1]
    return [float(number) for number in re.findall(r"[\d.e]+", line)]


def told(number, value):
    """What the check says of an answer, on one line."""
    described = judge.describe(EXERCISES[f"01.{number}"], hidden=False)
    cases = [case for part in described["properties"] for case in part["cases"]]
    outcomes = [check.outcome(value, case["args"]) for case in cases]
    return " ".join(check.report(f"01.{number}", described, outcomes).split())


# --- typed figures --------------------------------------------------------------------------------


def test_the_opening_says_what_to_do_alone_and_when_a_name_is_missing():
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
    assert "`NameError`" in opening


def test_the_constants_of_kaplan():
    alpha = float(fact("kaplan.alpha_C_min"))
    assert f"alpha = {alpha:.3f}" in TEXT
    assert f"C_c = {float(fact('kaplan.C_c_min')):.1e}".replace("e+0", "e") in TEXT
    assert f"falls to {3 * 10**-alpha:.4g} with" in names(1)[0]
    assert "2**20: twenty doublings" in TEXT
    assert 2 ** (1 / alpha) == pytest.approx(2**20)
    assert f"{float(fact('kaplan.PF_day')):.3g}".replace("e+", "e") in TEXT
    assert f"{alpha * 20:g}" == "1"  # "Twenty decades of compute are one decade of loss."


def test_the_plot_is_a_power_law_between_the_two_exponents_that_are_named():
    flops, losses = np.log10(given("plot_flops")), np.log10(given("plot_losses"))
    slope, intercept = np.polyfit(flops, losses, 1)
    assert -slope == pytest.approx(answer(2), rel=0.02)
    assert np.abs(losses - intercept - slope * flops).max() < 0.002
    assert 0.050 < -slope < 0.076
    reason = "Its exponent lies between 0.050 and 0.076."
    assert f'compare("E01.2", "less steep", because="{reason}")' in TEXT


def test_gpt_3_under_kaplan_and_under_document_a():
    for flops, name in ((8.64e19, names(3)[0]), (3.14e23, names(3)[1])):
        assert f"{answer(3)(flops):.3f} nats" in name
    assert MODELS["GPT-3"]["flops"] == 3.14e23
    a = (3.14e23 / 6.62e18) ** -0.076
    assert f"gives {a:.3f} nats per token for it" in TEXT
    assert f"It says {a:.3f} nats" in diagnoses(3)
    assert f"a perplexity of {math.exp(a):.2f}" in diagnoses(3)
    assert f"GPT-3 took {3.14e23 / 8.64e19:,.0f} of them" in TEXT


def test_the_two_tokenizers():
    found = answer(4)([2.00, 2.35], [3.6, 4.6])
    assert f'"model {found["best"]}", because=' in TEXT
    assert f"ln 2 = {math.log(2):.3f} nats" in TEXT
    assert f"ln 2 = {math.log(2):.3f} nats" in diagnoses(4)
    assert f"= {math.log(50_257):.1f} nats" in diagnoses(4)


def test_the_optimum():
    laws = [[law[key] for key in ("A", "B", "alpha", "beta")] for law in (ROUNDED, REFIT)]
    assert [args[1:] for args in visible_cases(5)[1:]] == [tuple(law) for law in laws]
    for law, name, digits in zip(laws, names(5)[1:], ("3", "4"), strict=False):
        n_params, n_tokens = answer(5)(5.76e23, *law)
        assert f"{n_params / 1e9:.{digits}g}B parameters and {n_tokens / 1e12:.3g}T" in name
    one, hundred = (answer(5)(c, 406.4, 410.7, 0.3, 0.3)[0] for c in (1e21, 1e23))
    assert hundred / one == pytest.approx(100**0.5)


def test_the_valley():
    shown = given("valley_sizes"), given("valley_losses")
    assert visible_cases(6)[0] == shown
    bottom = answer(6)(*shown) / 1e9
    assert f"{bottom:.3g}B parameters" in names(6)[0]
    assert f'compare("E01.6", {bottom:.3g}, ' in TEXT


def test_the_share_of_the_budget():
    constants = 3.17e8, 3.17e8, 4.36e18, 0.46, 0.54
    shares = [answer(7)(flops, *constants) for flops in (4.36e18, 5.76e23)]
    assert shares[0] == pytest.approx(shares[1])
    for text in (TEXT, names(7)[0], diagnoses(5)):
        assert f"{shares[0]:.0%}".replace("%", " %") in text


def test_the_change_of_units():
    assert visible_cases(8)[0][:3] == tuple(map(given, ("run_params", "run_tokens", "run_losses")))
    assert given("model") == visible_cases(8)[0][3] == list(SIZES["Chinchilla"])
    found = answer(8)(*visible_cases(8)[0])
    ones, units = found["without_k"]
    assert f"finds {ones:.2f} nats for the model" in TEXT
    assert f'compare("E01.8", "{units:.2f} nats"' in TEXT
    assert found["survive"] == ["with_k"]


def test_the_two_laws():
    gpt_3, gopher = SIZES["GPT-3"], SIZES["Gopher"]
    assert f"{(gopher[0] - gpt_3[0]) / 1e9:.0f}B parameters more than GPT-3" in TEXT
    assert gpt_3[1] == gopher[1]  # "for as many tokens"
    found = answer(9)(gpt_3, gopher)
    gains = [found[law][0] - found[law][1] for law in ("kaplan", "refit")]
    assert gains[0] > gains[1] > 0
    assert f"E = {REFIT['E']:.4f} nats" in diagnoses(9)


def test_the_forecast():
    flops, losses = given("best_flops"), given("best_losses")
    t, angle = 2.571, math.atan(2.571 / math.sqrt(5))
    sine, cosine = math.sin(angle), math.cos(angle)
    below = 0.5 + (angle + sine * cosine + sine * cosine**3 * 2 / 3) / math.pi  # Student, 5 degrees
    assert below == pytest.approx(0.975, abs=2e-5)
    assert f"({t} for {len(flops)} runs)" in TEXT
    assert visible_cases(10)[1] == (flops, losses, 1e22, t)
    found = answer(10)(flops, losses, 1e22, t)
    width = found["high"] - found["low"]
    assert f"{found['loss']:.2f} nats at 1e22 FLOP, the interval {width:.2f} wide" in names(10)[0]
    ends = f"From {found['low']:.2f} to {found['high']:.2f} nats."
    assert f'compare("E01.10", "{width:.2f} nats", because="{ends}")' in TEXT


def test_the_truth_lies_where_the_notebook_says():
    flops, losses = np.array(given("best_flops")), np.array(given("best_losses"))
    truth = [BESIROGLU_2024.loss(*BESIROGLU_2024.optimum(c)) for c in (*flops, 1e22, 1e24)]
    scatter = np.sqrt(np.mean((losses / truth[:-2] - 1) ** 2))
    assert scatter == pytest.approx(0.006, abs=0.002)  # seven draws say no more
    assert "with a scatter of 0.6 %" in TEXT
    near, far = (answer(10)(flops, losses, at, 2.571) for at in (1e22, 1e24))
    assert near["high"] < truth[-2]
    assert truth[-1] - far["loss"] > truth[-2] - near["loss"] > 0
    slope, intercept = np.polyfit(np.log(flops), np.log(losses), 1)
    above = np.log(losses) > intercept + slope * np.log(flops)
    assert above[[0, -1]].all()  # "those at the ends above"
    assert not above[2:-1].any()  # "the runs in the middle lie below the line"


# --- the library ----------------------------------------------------------------------------------


def kaplan_loss(flops):
    with extrapolating():
        return KAPLAN_2020.loss_from_compute(flops)


def compare_models(losses, bytes_per_token):
    bits = bits_per_byte(np.array(losses), np.array(bytes_per_token))
    return {"perplexity": perplexity(losses), "bits_per_byte": bits, "best": bits.argmin()}


def optimum(flops, A, B, alpha, beta):
    return ChinchillaLaw(1.7, A, B, alpha, beta).optimum(flops)


def isoflop_minimum(n_params, losses):
    found = valley_minimum(n_params, losses)
    if not found.inside:
        raise ValueError("outside of the points")
    return found.n_params


def compare_laws(first, second):
    with extrapolating():
        kaplan, refit = (
            [law.loss(*model) for model in (first, second)]
            for law in (KAPLAN_2020_JOINT, BESIROGLU_2024)
        )
    ahead = [two.index(min(two)) for two in (kaplan, refit)]
    return {"kaplan": kaplan, "refit": refit, "disagree": ahead[0] != ahead[1]}


OF_THE_COURSE = {
    3: kaplan_loss,
    4: compare_models,
    5: optimum,
    6: isoflop_minimum,
    9: compare_laws,
}


@pytest.mark.parametrize("number", OF_THE_COURSE)
def test_the_library_agrees_in_every_case_but_is_no_answer(number):
    exercise, library = EXERCISES[f"01.{number}"], OF_THE_COURSE[number]
    for part in judge.describe(exercise, hidden=True)["properties"]:
        for case in part["cases"]:
            outcome = check.outcome(library, case["args"])
            assert check.holds(outcome, case["expected"], part["rel_tol"]), case
    assert exercise.own
    assert check.borrowed(library)
    assert not check.borrowed(exercise.reference)


# --- what learners are told -----------------------------------------------------------------------


@pytest.mark.parametrize("guess", [0.055, 0.0538, 0.054])
def test_seven_points_counted_for_six_decades(guess):
    assert "between them lie six decades" in told(2, guess)


@pytest.mark.parametrize("guess", [0.067, 0.0674, 0.07, 2 * 0.0628])
def test_a_value_read_off_the_plot_is_not_taken_for_a_slip_of_units(guess):
    assert f"alpha_on_plot is {guess:.4g}. So far 0 of 3." in told(2, guess)


def test_places_count_from_zero():
    def from_one(losses, bytes_per_token):
        found = answer(4)(losses, bytes_per_token)
        return found | {"best": found["best"] + 1}

    text = told(4, from_one)
    assert "Places count from 0" in text
    assert "times too large" not in text
    assert "you choose the largest" not in text


def test_a_search_that_is_too_coarse_is_told_how_far_off_it_is():
    def by_search(flops, A, B, alpha, beta):
        sizes = np.geomspace(1e6, 1e13, 2_001)
        tokens = flops / 6 / sizes
        best = np.argmin(A / sizes**alpha + B / tokens**beta)
        return [sizes[best], tokens[best]]

    text = told(5, by_search)
    assert re.search(r"that is 0\.\d+ % off, and 0\.1 % is allowed", text)
    assert "too coarse" in TEXT
