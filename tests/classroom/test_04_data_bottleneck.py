"""The set of chapter 4: its typed figures are the facts, or what the model answers give."""

import math
import re

import numpy as np
import pytest

from course.classroom import check, judge, release
from course.data import MUENNIGHOFF_2023
from course.evidence import as_written, claim, fact

NAME = "04_data_bottleneck"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
ONE_LINE = " ".join(TEXT.replace("\n#", "\n").split())
R_STAR = round(fact("muennighoff.R_D_star").value, 2)


def answer(number):
    return EXERCISES[f"04.{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"04.{number}"].properties]


def wrong(number, name):
    return next(one for one in EXERCISES[f"04.{number}"].wrong if one.answer.__name__ == name)


def visible_cases(number):
    parts = [part for part in EXERCISES[f"04.{number}"].properties if not part.hidden]
    return [case.args if isinstance(case, judge.Case) else case for p in parts for case in p.cases]


def given(name):
    """A list or dict that the notebook gives."""
    source = re.search(rf"^{name} = ([\[{{].*?[\]}}])(  #.*?)?\n(?=[^ \]}}])", TEXT, re.M | re.S)[1]
    return eval(source, {"math": math})


def told(number, value):
    """What the check says of an answer, on one line."""
    described = judge.describe(EXERCISES[f"04.{number}"], hidden=False)
    cases = [case for part in described["properties"] for case in part["cases"]]
    outcomes = [check.outcome(value, case["args"]) for case in cases]
    return " ".join(check.report(f"04.{number}", described, outcomes).split())


# --- typed figures --------------------------------------------------------------------------------


def test_the_opening_says_what_to_do_alone_and_when_a_name_is_missing():
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
    assert "`NameError`" in opening


def test_what_is_read_again():
    assert f"R* = {R_STAR}" in TEXT
    four, _, forty, _ = (answer(1)(*args) for args in visible_cases(1))
    assert f"are worth {four['effective'] / 1e9:.1f}e9 fresh ones" in names(1)[0]
    known = {row["epochs"]: row["share_of_fresh"] for row in fact("muennighoff.D_eff").value}
    assert [four["share"], forty["share"]] == pytest.approx([known[4], known[40]], abs=6e-4)
    assert f"After 40 readings it is {100 * forty['share']:.0f} %." in TEXT
    lost = [round(100 * (1 - one["share"])) for one in (four, forty)]
    assert f"four readings cost {lost[0]} % of the worth, 40 readings {lost[1]} %" in ONE_LINE


def test_how_often_is_enough():
    most, until, needed = answer(2)(R_STAR, 0.5, 10).values()
    assert names(2)[0].endswith(f"{most:.2f}, {until:.2f} and {needed:.2f}")
    assert math.ceil(until) == 12
    assert "After 12 readings a token is worth less than half a fresh one." in TEXT
    assert f"1/e = {100 / math.e:.0f} % is left" in wrong(2, "r_star_as_half_life").diagnosis


def test_the_crossing_is_that_of_the_claim():
    (scenario,), by = visible_cases(3)[0]
    found = answer(3)([scenario], by)
    assert names(3)[0].endswith(f"2.4 times a year: {found['first']:.2f} years")
    year = math.floor(2024 + found["first"])
    assert f"in {year}." in claim("K074").correction
    assert f'because="In {year}. Document A' in TEXT
    decades = fact("villalobos.growth").value["dataset_decades"][1]
    assert 10**decades == pytest.approx(2.4, abs=0.01)
    stock = fact("villalobos.stock").value["indexed_web"][1]
    usable = fact("villalobos.effective_stock").value["rounded"]
    assert f"about {stock / 1e12:.0f}e12 on the indexed web" in ONE_LINE
    assert f"about {usable / 1e12:.0f}e12 that can be used" in ONE_LINE
    assert stock / as_written.INTERNET_TOKENS == 51  # "a fiftieth of what is known"
    assert math.e**1.4 == pytest.approx(4.1, abs=0.05)


def test_the_forecast_of_document_a_is_as_it_prints_it():
    as_a = wrong(3, "year_as_printed_in_a").answer
    for demand in (1e12, 6.5e12, 7e12, 7.95e12, 8e12, 15e12):
        printed = as_written.forecast_data_exhaustion(demand, 1.4)["estimated_exhaustion_year"]
        first = as_a([[300e12, 0.0, demand, 1.4]], 6)["first"]
        assert (first if isinstance(first, str) else 2024 + first) == printed
    for growth in (0, 0.1, 2.5, 100):
        forecast = as_written.forecast_data_exhaustion(15e12, growth)
        assert forecast["estimated_exhaustion_year"] == 2026
    assert "Document A's function says 2026, whatever the growth." in TEXT


def test_the_scenarios():
    scenarios, by = visible_cases(3)[3]
    found = answer(3)(scenarios, by)
    alone = [answer(3)([one], by) for one in scenarios]
    assert [one["never"] for one in alone] == [0, 1, 1, 0, 0]  # "two never are"
    assert [one["first"] for one in alone].count(0) == 1  # "one is used up already"
    assert found == {"first": 0, "by": 2, "never": 2}


def test_the_drawn_years():
    drawn = given("drawn_years")
    assert visible_cases(4)[0] == (drawn, 6, 0.8)
    assert len(drawn) == 24
    found = answer(4)(drawn, 6, 0.8)
    early, late = found["interval"]
    assert f"{found['median']} years, from {early} to {late}; half within 6" in names(4)[0]
    assert found["by"] == 0.5
    assert drawn.count(math.inf) == 2
    inside = [year for year in drawn if early <= year <= late]
    assert len(inside) / len(drawn) >= 0.8
    assert np.mean(drawn) == math.inf


def test_the_near_copies():
    assert visible_cases(5)[0] == (given("texts"), 3, 0.7)
    found = answer(5)(given("texts"), 3, 0.7)
    assert f"similarity {found['similarity']:.2f}, three are kept" in names(5)[0]
    assert len(found["kept"]) == 3
    assert found["similarity"] == pytest.approx(7 / 9)
    texts, length, threshold = visible_cases(5)[1]
    assert answer(5)(texts[1:], length, threshold)["kept"] == [0]  # like the one before
    assert answer(5)(texts[::2], length, threshold)["kept"] == [0, 1]  # not like the first
    texts, length, threshold = visible_cases(5)[2]
    assert answer(5)(texts, length, threshold)["similarity"] == threshold


def test_the_domains():
    found = answer(6)(*visible_cases(6)[0])
    entropy, evenness, effective = found.values()
    assert f"{entropy:.3f} nats, evenness {evenness:.3f}, {effective:.2f} domains" in names(6)[0]
    assert effective == pytest.approx(2**1.5)


def test_document_a_has_nan_for_one_domain_and_zero_for_none():
    as_a = wrong(6, "index_as_printed_in_a").answer
    assert math.isnan(as_a({"web": 7})["evenness"])
    assert "NaN is not a number" in told(6, as_a)
    for amounts in ({"a": 3, "b": 1}, {"a": 5, "b": 0, "c": 2}, {"a": 0, "b": 0}):
        assert as_a(amounts)["evenness"] == as_written.calculate_diversity_index(amounts)


def test_the_advice_sums_to_one_and_keeps_the_floor():
    amounts, floor = visible_cases(7)[0]
    web, books, code, chat = answer(7)(amounts, floor).values()
    assert names(7)[0].endswith(f"{web:.3f}, {books:.3f}, {code} and {chat}")
    rng = np.random.default_rng(0)
    for _ in range(50):
        amounts = {f"d{i}": float(one) for i, one in enumerate(rng.pareto(0.5, 7) + 1e-3)}
        found = answer(7)(amounts, 0.1)
        assert sum(found.values()) == pytest.approx(1)
        assert min(found.values()) >= 0.1 - 1e-12
        above = [name for name in found if found[name] > 0.1 + 1e-9]
        assert np.ptp([found[name] / amounts[name] for name in above]) < 1e-9


def test_document_a_advises_two_and_a_half_times_what_there_is():
    amounts = {f"d{i}": 4 for i in range(25)}
    printed = as_written.generate_diversity_recommendations(amounts)
    assert sum(printed.values()) == pytest.approx(2.5)
    as_a = wrong(7, "ten_per_cent_as_in_a").answer
    assert sum(as_a(amounts, 0.1).values()) == pytest.approx(2.5)
    assert "25 * 10" in TEXT


def test_the_measured_qualities():
    assert visible_cases(8)[0][0] == given("runs")
    law = given("plain")
    assert visible_cases(8)[0][2:] == tuple(law.values())
    base = MUENNIGHOFF_2023.base
    assert law["floor"] == pytest.approx(base.E + base.A / 1e9**base.alpha, abs=1e-3)
    assert law["B"] == pytest.approx(base.B, rel=1e-3)
    assert law["beta"] == pytest.approx(base.beta, abs=1e-5)
    web, noise = (answer(8)(*args)["multiplier"] for args in visible_cases(8)[:2])
    assert names(8)[0] == f"good web text counts {web:.2f} times, noise {noise:.3f} times"


def test_the_multipliers_and_the_efficiency_of_document_a():
    as_a = wrong(8, "multipliers_as_printed_in_a").answer
    for quality in (*as_written.QUALITY_MULTIPLIERS, "never heard of"):
        found = as_a({quality: [20e9, 2.5]}, quality, 2.2, 1488, 0.35)
        assert found["multiplier"] == as_written.get_quality_multiplier(quality)
    few, many = (
        as_written.analyze_data_quality_impact(1e9, {"noise": n, "medium_quality": n})
        for n in (1e9, 1e12)
    )
    ratio = few["medium_quality"]["efficiency"] / many["medium_quality"]["efficiency"]
    assert ratio == pytest.approx(4, rel=0.01)
    assert "Four times as efficient" in TEXT
    assert as_written.estimate_data_performance(1e9, 0) > 0  # "with no tokens … infinite"


def test_the_mixtures():
    table = tuple(given(name) for name in ("shares", "code", "words"))
    assert visible_cases(9)[0] == (*table, 0.3)
    third, half = (answer(9)(*table, weight) for weight in (0.3, 0.5))
    assert f"a share of {third['share']:.3f}, {third['loss']:.3f} nats" in names(9)[0]
    assert names(9)[0].endswith(f"of 50 %: {half['share']:.3f} and {half['loss']:.3f}")
    assert f'compare("E04.9", {100 * third["share"]:.1f}, ' in TEXT
    assert f"For 50 % words it is {100 * half['share']:.1f} %." in TEXT


def test_the_filter():
    few, more, fresh = (answer(10)(*args) for args in visible_cases(10))
    assert f"{few['needed']:.2f} times as good is needed" in names(10)[0]
    assert [one["pays"] for one in (few, more, fresh)] == [False, True, True]
    assert fresh["needed"] == 1
    assert few["filtered"] / 1.5 == pytest.approx(12e12, rel=0.01)  # "worth 12e12 fresh tokens"
    for needed, pays in ((few["needed"] * 1.001, True), (few["needed"] * 0.999, False)):
        assert answer(10)(20e12, 10e12, 0.1, needed, R_STAR)["pays"] == pays


# --- what learners are told -----------------------------------------------------------------------


def test_a_mean_that_is_never_is_shown_beside_the_wanted_year():
    def by_the_mean(years, by, level):
        found = answer(4)(years, by, level)
        return found | {"median": sum(years) / len(years)}

    assert "['median'] gave inf, expected 5.9" in told(4, by_the_mean)


def test_an_interpolated_quantile_beside_never_is_named():
    def with_numpy(years, by, level):
        found = answer(4)(years, by, level)
        with np.errstate(invalid="ignore"):
            ends = np.quantile(years, [(1 - level) / 2, (1 + level) / 2])
            return found | {"interval": ends, "median": np.quantile(years, 0.5)}

    assert "You interpolate between two draws" in told(4, with_numpy)


def test_a_complex_number_where_the_loss_is_below_the_floor_is_named():
    def unchecked(runs, quality, floor, B, beta):
        n_tokens, loss = runs[quality]
        effective = (B / (loss - floor)) ** (1 / beta)
        return {"effective": effective, "multiplier": effective / n_tokens, "gain": 0.0}

    assert "it should raise ValueError" in told(8, lambda *_: {"effective": 1.0})
    assert "KeyError" in told(8, unchecked)


def test_a_set_of_places_is_no_list():
    def as_a_set(texts, length, threshold):
        found = answer(5)(texts, length, threshold)
        return found | {"kept": set(found["kept"])}

    assert "gave a set; plain numbers, text, lists or dicts" in told(5, as_a_set)
