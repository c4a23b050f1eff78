"""The lab's set: its typed figures are what the model answers give, and no case is fleet data."""

import json
import re
from dataclasses import asdict

import numpy as np
import pytest

from course.classroom import check, judge, release
from course.evidence import fact
from course.experiments.model import count_parameters, flops_per_token
from course.scaling.fitting import bootstrap, fit_power_law
from course.scaling.isoflop import valley_minimum

NAME = "01_lab_measure_your_own_law"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")


def answer(number):
    return EXERCISES[f"01.L{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"01.L{number}"].properties]


def cases(number, *, hidden=False):
    parts = [part for part in EXERCISES[f"01.L{number}"].properties if part.hidden == hidden]
    return [case.args if isinstance(case, judge.Case) else case for p in parts for case in p.cases]


def given():
    """What the notebook's cells of data hold, by name."""
    namespace = {"np": np}
    for cell in TEXT.split("\n# %%"):
        source = cell.partition("\n")[2]
        data = re.match(r"(best_flops|lab_runs|valleys|constants|WIDTHS) = ", source)
        if data:
            exec(source.partition("\nfigure")[0], namespace)
    return namespace


GIVEN = given()


def test_the_notebook_shows_the_tables_that_are_checked():
    assert cases(2)[1] == cases(7)[1][:2] == (GIVEN["best_flops"], GIVEN["best_losses"])
    assert cases(8)[1] == (GIVEN["best_flops"], GIVEN["best_losses"], 1e13)
    assert cases(3)[1] == (GIVEN["lab_runs"],)
    assert cases(4)[0] == (GIVEN["valleys"],)
    runs = [GIVEN[name] for name in ("constants", "run_params", "run_tokens", "run_losses")]
    assert list(cases(5)[3]) == list(cases(6)[3]) == [*runs, 1e-3]


def test_the_studies_of_the_notebook_are_those_that_are_checked():
    studies = ["everything", "layers_only", "one_rate"]
    for name, (sound, flawed_study) in zip(studies, cases(9), strict=False):
        for shown, checked in ((GIVEN["sound"], sound), (GIVEN[name], flawed_study)):
            for one, other in zip(shown, checked, strict=True):
                assert one[0] == other[0]
                assert list(one[1]) == other[1]
                assert one[2] == pytest.approx(np.array(other[2]), abs=1.01e-5)


@pytest.mark.parametrize("number", range(1, 10))
def test_nothing_that_is_checked_comes_from_the_fleet(number):
    """The set must stand when the fleet is measured again."""
    losses = set(re.findall(r"\d\.\d{5}", json.dumps(cases(number) + cases(number, hidden=True))))
    fleet = (release.ROOT / "course/experiments/fleet.csv").read_text(encoding="utf-8")
    if number != 9:  # its law is stated, and its losses have the five digits of measured ones
        assert not losses & set(re.findall(r",(\d\.\d{5}),", fleet))
    judge_text = (release.ROOT / f"solutions/judges/{NAME}.py").read_text(encoding="utf-8")
    assert "load_fleet" not in judge_text


def test_the_counts():
    found = answer(1)(64, 3, 64)
    for key, value in found.items():
        assert f"{value:,.0f}" in names(1)[0], key
    small, large = (answer(1)(d, 3, 64) for d in (16, 1024))
    assert f"{large['n_total'] / large['n_non_embedding']:.2f}" == "1.01"
    guess = (36 * 16**2 + 519 * 16) / (36 * 16**2)
    assert small["n_total"] / small["n_non_embedding"] == pytest.approx(guess)


def test_the_power_law_and_the_forecast():
    flops, losses = GIVEN["best_flops"], GIVEN["best_losses"]
    fit = answer(2)(flops, losses)
    assert f"{fit['exponent']:.2f}" == "-0.08"
    assert f"is {np.log10(losses[-1] / losses[0]):.3f}, spread over three decades" in TEXT
    found = answer(8)(flops, losses, 1e13)
    said = f"{found['predicted']:.3f} foretold, {losses[-1]} in the table: "
    assert f"{said}{-found['error_percent']:.1f} % too low." in TEXT


def test_the_lucky_run():
    sizes = {}
    for flops, n_params, _, loss in GIVEN["lab_runs"]:
        if flops == 1e10:
            sizes.setdefault(n_params, []).append(loss)
    assert min(min(losses) for losses in sizes.values()) == min(sizes[28_000]) == 2.29
    assert f"{np.mean(sizes[28_000]):.2f}" == "2.37"
    assert answer(3)(GIVEN["lab_runs"])[0][1] == 14_000


def test_the_valleys():
    found = answer(4)(GIVEN["valleys"])
    assert [round(n, -2) for n in found["sizes"]] == [14_000, 44_300, 140_000]
    assert found["exponent"] == pytest.approx(0.5, abs=1e-3)


def test_the_gradient_is_that_of_the_objective():
    """Of every case, by small differences; no run of them lies on the bend at delta."""
    for constants, *runs in cases(6) + cases(6, hidden=True):
        slopes = answer(6)(constants, *runs)
        for place, constant in enumerate(constants):
            step = np.zeros(5)
            step[place] = 1e-6 * constant
            up, down = (answer(5)(constants + sign * step, *runs) for sign in (1, -1))
            assert (up - down) / (2 * step[place]) == pytest.approx(slopes[place], rel=1e-5)


def test_far_runs_cost_twenty_one_times_a_near_one():
    even = [1.0, 100.0, 100.0, 0.5, 0.5], [10_000], [10_000]
    near, far = (answer(5)(*even, [3 * np.exp(-off)], 1e-3) for off in (0.01, 0.2))
    assert far / near == pytest.approx((0.2 - 0.0005) / (0.01 - 0.0005))


def test_a_sample_holds_as_many_runs_as_the_notebook_says():
    picks = np.random.default_rng(0).integers(7, size=(20_000, 7))
    different = np.mean([len(set(row)) for row in picks.tolist()])
    assert different == pytest.approx(7 * (1 - (6 / 7) ** 7), abs=0.02)


def test_the_interval_is_like_that_of_the_library():
    flops, losses = GIVEN["best_flops"], GIVEN["best_losses"]
    found = answer(7)(flops, losses, 1_000, 0)
    ends = bootstrap(fit_power_law(flops, losses), 1_000, 0).intervals["exponent"]
    assert found["low"] < fit_power_law(flops, losses).exponent < found["high"]
    assert 0.5 < (found["high"] - found["low"]) / (ends[1] - ends[0]) < 2  # runs, not residuals


def test_what_moves_the_exponent():
    found = [answer(9)(sound, flawed_study) for sound, flawed_study in cases(9)]
    assert [one["moves"] for one in found] == ["down", "up", "down", "not", "not", "not"]
    assert all(abs(one["ruined"] - one["sound"]) > 1e-7 for one in found)  # no rounding decides
    assert f"{found[0]['sound']:.3f} becomes {found[0]['ruined']:.3f}" in TEXT
    for one in found[:2]:  # "about a tenth, up or down"
        assert abs(one["ruined"] / one["sound"] - 1) == pytest.approx(0.1, abs=0.04)
    assert f"Kaplan ({fact('kaplan.optimal_exponents').value['n_params']}, " in TEXT


# --- the library ----------------------------------------------------------------------------------


def count(d_model, n_layers, context):
    counted = asdict(count_parameters(d_model, n_layers))
    return counted | {"flops_per_token": flops_per_token(d_model, n_layers, context)}


def power_law(x, y):
    fit = fit_power_law(x, y)
    return {"coefficient": fit.coefficient, "exponent": fit.exponent}


def exponent_of(valleys):
    used, sizes = [], []
    for flops, n_params, losses in valleys:
        try:
            bottom = valley_minimum(n_params, losses)
        except ValueError:  # it opens downwards
            continue
        if bottom.inside:
            used.append(flops)
            sizes.append(bottom.n_params)
    if len(used) < 2:
        raise ValueError("two valleys are needed")
    exponent = np.polyfit(np.log(used), np.log(sizes), 1)[0]
    return {"used": used, "sizes": sizes, "exponent": exponent}


def forecast_error(flops, losses, below):
    c, loss = np.array(flops), np.array(losses)
    if c.max() < below:
        raise ValueError("the largest budget must stay out of the fit")
    predicted = fit_power_law(c[c < below], loss[c < below]).predict(c.max())
    observed = loss[np.argmax(c)]
    return {"predicted": predicted, "error_percent": (predicted / observed - 1) * 100}


def what_moved(sound, flawed_study):
    one, two = (exponent_of(valleys)["exponent"] for valleys in (sound, flawed_study))
    moves = "up" if two > one + 0.01 else "down" if two < one - 0.01 else "not"
    return {"sound": one, "ruined": two, "moves": moves}


OF_THE_COURSE = {1: count, 2: power_law, 4: exponent_of, 8: forecast_error, 9: what_moved}


@pytest.mark.parametrize("number", OF_THE_COURSE)
def test_the_library_agrees_in_every_case_but_is_no_answer(number):
    library = OF_THE_COURSE[number]
    for part in judge.describe(EXERCISES[f"01.L{number}"], hidden=True)["properties"]:
        for case in part["cases"]:
            outcome = check.outcome(library, case["args"])
            assert check.holds(outcome, case["expected"], part["rel_tol"]), case
    assert check.borrowed(library)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_own_code_is_asked_for(exercise):
    assert exercise.own
    assert not check.borrowed(exercise.reference)
