"""The set of chapter 6: its answers are the library's where the library has the same thing."""

import numpy as np
import pytest

from course.classroom import judge, release
from course.ethics import Deployment, Footprint, Plan, energy_kwh, gini, obligations
from course.ethics.cases import exactly, rounded, times
from course.evidence import fact

NAME = "06_ethics_and_sustainability"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")


def answer(number):
    return EXERCISES[f"06.{number}"].reference


def test_footprints_are_those_of_the_library():
    ours = answer(1)(30.84e6, 713, 1.27, 441.9)
    theirs = Footprint(30.84e6, 713, 1.27, "Guangdong")
    assert (ours["kwh"], ours["tonnes"]) == pytest.approx((theirs.energy_kwh, theirs.tonnes))
    assert answer(1)(1e6, 700, 1, 0)["kwh"] == energy_kwh(1e6, 700)


def test_the_check_of_a_printed_figure_is_that_of_the_chapter():
    gpt3 = fact("energy.GPT-3").value
    low, high = times(exactly(10), times(rounded(gpt3["days"]), exactly(24)), exactly(330))
    ours = answer(2)([1_287_000, 1000], [[10, 0], [355.2, 2.4], [330, 0], [1.1, 0.01]])
    assert ours["low"] == pytest.approx(low * 1.095)
    assert ours["high"] == pytest.approx(high * 1.105)


def test_accounts_agree_where_nothing_or_each_hour_is_bought():
    none = answer(3)([3, 5], [0, 0], [100, 300])
    assert len(set(none.values())) == 1
    each = answer(3)([3, 5], [3, 5], [100, 300])
    assert (each["yearly"], each["hourly"]) == (0, 0)


@pytest.mark.parametrize("flops", [9e22, 1e23, 1e25, 2e25, 1e26, 2e26])
@pytest.mark.parametrize("revenue", [1e8, 1e9])
def test_laws_are_those_of_the_library(flops, revenue):
    regions = ("EU", "California", "China")
    model = Deployment(flops, "hiring", regions, revenue, True, Footprint(1, 1, 1, "France"))
    found = obligations(model)
    wanted = [
        {
            "EU AI Act, article 53": "EU general-purpose",
            "EU AI Act, article 55": "EU systemic risk",
        }.get(one.law, one.law.replace("EU AI Act, annex III", "EU high-risk use"))
        for one in found
    ]
    ours = [name for name in answer(4)(flops, regions, revenue, True) if "framework" not in name]
    names = {"California SB 53": "California frontier", "China, labelling": "China labels"}
    assert ours == [names.get(name, name) for name in wanted]
    framework = any("framework" in one.duty for one in found)
    assert framework == ("California framework" in answer(4)(flops, regions, revenue, True))


def test_concentration_is_that_of_the_library():
    amounts = np.random.default_rng(0).lognormal(size=11)
    ours = answer(6)(list(amounts), 3)
    assert ours["gini"] == pytest.approx(gini(amounts))
    assert ours["top"] == pytest.approx(np.sort(amounts)[-3:].sum() / amounts.sum())


def test_fewer_bits_save_what_the_plan_says():
    plan = Plan(8e9, 1e12, 1e12, "H100", batch=64, mfu=0.4)
    ours = answer(7)(8e9, 64, 4, plan.chip.peak() * 0.4, plan.chip.bandwidth_bytes_per_s)
    assert ours["before"] == pytest.approx(max(plan.step_seconds))
    fewer = Plan(8e9, 1e12, 1e12, "H100", batch=64, mfu=0.4, weight_bits=4)
    assert ours["saved"] == pytest.approx(1 - fewer.serving_kwh / plan.serving_kwh)


def test_a_student_pays_where_both_ways_cost_the_same():
    served, k, d = answer(8)(1e12, 10), 10, 1e12
    assert 6 * d + 2 * served == pytest.approx(8 * d + 6 * d / k + 2 * served / k)
    assert answer(8)(1e12, 1) == np.inf


def test_a_likely_band_holds_its_share_of_draws():
    factors = [[0.9, 1.1], [0.3, 0.7], [1.1, 1.6], [350, 600]]
    logs = np.log(factors)
    rng = np.random.default_rng(1)
    spread = (logs[:, 1] - logs[:, 0]) / 2 / 1.96
    draws = np.exp((logs.mean(1) + spread * rng.standard_normal((100_000, 4))).sum(1))
    low, high = answer(10)(factors, 0.8)["likely"]
    assert np.mean((draws > low) & (draws < high)) == pytest.approx(0.8, abs=0.01)


def test_the_opening_says_what_to_do_alone():
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
    assert "`NameError`" in opening
