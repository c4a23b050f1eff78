"""The set of chapter 4: its typed figures are the facts, or what the model answers give."""

import math
import re

import numpy as np
import pytest

from course.classroom import check, judge, release
from course.classroom.predict import answers
from course.data import (
    MUENNIGHOFF_2023,
    DataConstrainedLaw,
    DataExhaustionForecast,
    Exhaustion,
    crossing_year,
    effective_number,
    entropy,
    evenness,
    fit_repetition,
    shingles,
    study,
    views,
)
from course.evidence import as_written, claim, fact
from course.scaling import ChinchillaLaw, extrapolating

NAME = "04_data_bottleneck"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
REASONS = [one.get("because", "") for id, one in answers().items() if id.startswith("E04.")]
TEXT += "\n".join(REASONS)  # what is said beside an answer is kept by id
ONE_LINE = " ".join(TEXT.replace("\n#", "\n").split())
R_STAR = round(fact("muennighoff.R_D_star").value, 2)


def answer(number):
    return EXERCISES[f"04.{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"04.{number}"].properties]


def wrong(number, piece):
    """The known mistake whose diagnosis holds `piece`."""
    (found,) = (one for one in EXERCISES[f"04.{number}"].wrong if piece in one.diagnosis)
    return found


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
    assert f"ten texts: {most:.2f}, {until:.2f} and {needed:.2f};" in names(2)[0]
    assert math.ceil(until) == 12
    assert "After 12 readings a token is worth less than half a fresh one." in TEXT
    assert wrong(2, f"1/e = {100 / math.e:.0f} % is left")


def test_the_crossing_is_that_of_the_claim():
    (scenario,), by = visible_cases(3)[0]
    found = answer(3)([scenario], by)
    assert f"2.4 times a year: {found['first']:.2f} years;" in names(3)[0]
    year = math.floor(2024 + found["first"])
    assert f"in {year}." in claim("K074").correction
    assert f"In {year}. Document A" in TEXT
    decades = fact("villalobos.growth").value["dataset_decades"][1]
    assert 10**decades == pytest.approx(2.4, abs=0.01)
    stock = fact("villalobos.stock").value["indexed_web"][1]
    usable = fact("villalobos.effective_stock").value["rounded"]
    assert f"about {stock / 1e12:.0f}e12 on the indexed web" in ONE_LINE
    assert f"about {usable / 1e12:.0f}e12 that can be used" in ONE_LINE
    assert stock / as_written.INTERNET_TOKENS == 51  # "a fiftieth of what is known"
    assert math.e**1.4 == pytest.approx(4.1, abs=0.05)


def test_the_forecast_of_document_a_is_as_it_prints_it():
    as_a = wrong(3, "what document A §4.1 prints").answer
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
    as_a = wrong(6, "document A's index").answer
    assert math.isnan(as_a({"web": 7})["evenness"])
    assert "divides by ln 1 = 0 and gives NaN" in told(6, as_a)
    for amounts in ({"a": 3, "b": 1}, {"a": 5, "b": 0, "c": 2}, {"a": 0, "b": 0}):
        assert as_a(amounts)["evenness"] == as_written.calculate_diversity_index(amounts)


def test_the_advice_sums_to_one_and_keeps_the_floor():
    amounts, floor = visible_cases(7)[0]
    found = answer(7)(amounts, floor)
    shown = [f"{round(found[name], 3)}" for name in amounts]
    assert names(7)[0].endswith("{}, {}, {} and {}".format(*shown))
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
    as_a = wrong(7, "document A's advice").answer
    assert sum(as_a(amounts, 0.1).values()) == pytest.approx(2.5)


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
    as_a = wrong(8, "document A's multipliers").answer
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
    assert f"of 50 %: {half['share']:.3f} and {half['loss']:.3f};" in names(9)[0]
    assert f"For 50 % words it is {100 * half['share']:.1f} %." in TEXT


def test_the_filter():
    few, more, fresh, alike = (answer(10)(*args) for args in visible_cases(10))
    assert f"{few['needed']:.2f} times as good is needed" in names(10)[0]
    assert [one["pays"] for one in (few, more, fresh)] == [False, True, True]
    assert fresh["needed"] == 1
    assert alike["filtered"] == alike["plain"]
    assert not alike["pays"]
    assert few["filtered"] / 1.5 == pytest.approx(12e12, rel=0.01)  # "worth 12e12 fresh tokens"
    for needed, pays in ((few["needed"] * 1.001, True), (few["needed"] * 0.999, False)):
        assert answer(10)(20e12, 10e12, 0.1, needed, R_STAR)["pays"] == pays


def test_the_widths_and_what_their_interval_rests_on():
    """The notebook's runs are those of chapter 4's fit, and its rounded law is the fleet's."""
    (runs, law, _), _ = visible_cases(11)
    assert given("fleet_law") == law
    base, fit = study.base_law(), study.repetition().fit
    assert law == {key: pytest.approx(getattr(base, key), rel=1e-3) for key in law}
    assert len(runs) == len(fit.residuals)
    width, n, unique, epochs, loss = np.array(runs).T
    for rows, r_star in zip(
        (width == 16, width == 32), answer(11)(runs, law, "run")["r_star"], strict=True
    ):
        own = (one[rows] for one in (n, unique, epochs, loss))
        assert fit_repetition(*own, law=base).law.R_D_star == pytest.approx(r_star, rel=0.01)
    by_run, by_text = (answer(11)(runs, law, unit) for unit in ("run", "text"))
    small, large = by_run["r_star"]
    assert f"R* is {small:.1f} at width 16 and {large:.1f} at width 32" in names(11)[0]
    assert [by_run["verdict"], by_text["verdict"]] == ["differ", "not told apart"]
    ends = [f"{end:.1f}" for found in (by_run, by_text) for end in found["interval"]]
    told = "Between {} and {} if runs are independent, {} and {} if texts are."
    assert told.format(*ends) in TEXT
    rounded = {key: float(f"{getattr(base, key):.3g}") for key in law}
    for key, value in rounded.items():
        assert re.search(rf"\b{key} = {value}", ONE_LINE), key
    off = answer(11)(runs, rounded, "run")["r_star"][0]
    assert f"R* of width 16 is {off:.1f}, not {small:.1f}." in ONE_LINE


def test_the_interval_of_the_widths_covers_where_texts_differ_and_runs_do_not():
    """Eight texts, each with an error of its own: left out by text, the interval of a true ratio of
    1 holds it as often as it says; left out by run, much less often.
    """
    rng, law = np.random.default_rng(0), visible_cases(11)[0][1]
    held = {"run": 0, "text": 0}
    n_trials = 40
    for _ in range(n_trials):
        runs = []
        for width, n in ((16, 13e3), (32, 45e3)):
            for unique in np.geomspace(3e4, 3e5, 8):
                error = rng.normal(0, 0.03)
                for epochs in (8, 20):
                    texts = 1 + 12 * (1 - math.exp((1 - epochs) / 12))
                    loss = law["E"] + law["A"] / n ** law["alpha"]
                    loss += law["B"] / (unique * texts) ** law["beta"]
                    runs.append([width, n, unique, epochs, loss * math.exp(error)])
        for unit in held:
            held[unit] += answer(11)(runs, law, unit)["verdict"] == "not told apart"
    assert held["text"] >= 0.85 * n_trials
    assert held["run"] < held["text"]


def test_the_forecast_and_what_came():
    (start, growth, came, _), *_ = visible_cases(12)
    low, high = (f"{end / 1e12:.0f}e12" for end in fact("villalobos.largest_dataset").value)
    assert f"it has {low} to {high} tokens (90 %)" in ONE_LINE
    assert f"by a factor of {growth[0]:.2f} to {growth[1]:.2f} a year (95 %)" in ONE_LINE
    assert [start[2], growth[2]] == [0.9, 0.95]
    assert [tokens for _, tokens in came] == [15e12, 36e12, 40e12]
    wide, narrow, _ = (answer(12)(*args) for args in visible_cases(12))
    ends = [f"{end / 1e12:.1f}e12" for band in wide["bands"][:2] for end in band]
    assert "held: {} to {} tokens for April 2024, {} to {} a year".format(*ends) in names(12)[0]
    assert [wide["verdict"], narrow["verdict"]] == ["held", "too low"]
    assert f"all three lie between {100 * min(wide['shares']) - 0.5:.0f} and" in ONE_LINE
    assert f"{100 * max(wide['shares']):.0f} % of the forecast" in ONE_LINE
    assert f"is a factor of {36 / 15:.1f} or {40 / 15:.1f}, well inside" in ONE_LINE
    assert growth[0] < 36 / 15 < 40 / 15 < growth[1]


def test_the_band_is_that_of_the_chapters_forecast():
    """Drawn by `course.data`, which knows one start and a factor for all years."""
    (start, growth, came, level), *_ = visible_cases(12)
    years = [2024 + after for after, _ in came]
    low, _, high = views.supply_and_demand(DataExhaustionForecast(), years, level)["demand"]
    drawn = np.array([low, high]).T
    assert np.array(answer(12)(start, growth, came, level)["bands"]) == pytest.approx(
        drawn, rel=0.03
    )


# --- the course's own functions -------------------------------------------------------------------


def repeated_worth_of_the_library(unique, epochs, r_star):
    law = DataConstrainedLaw(MUENNIGHOFF_2023.base, r_star)
    return {
        "effective": law.effective_tokens(unique * epochs, unique),
        "share": law.share_of_fresh(epochs),
        "next": law.worth_of_next(epochs),
    }


def passes_of_the_library(r_star, worth, times):
    law = DataConstrainedLaw(MUENNIGHOFF_2023.base, r_star)
    most = law.worth(1e9)
    needed = law.epochs_worth(times) if times < 1 + r_star else math.inf
    return {"most": most, "until": 1 - r_star * math.log(worth), "needed": needed}


def run_out_of_the_library(scenarios, by):
    years = [crossing_year(s, 1 + up, d, 1 + more, 0) for s, up, d, more in scenarios]
    found = Exhaustion(np.array(years), None, None, 0)
    return {
        "first": min(years),
        "by": found.probability_by(by) * len(years),
        "never": found.probability_never * len(years),
    }


def spread_of_the_library(years, by, level):
    found = Exhaustion(np.array(years), None, None, 0)
    return {
        "median": found.median_year,
        "interval": found.interval(level),
        "by": found.probability_by(by),
        "never": found.probability_never,
    }


def coverage_of_the_library(amounts):
    return {
        "entropy": entropy(amounts),
        "evenness": evenness(amounts),
        "effective": effective_number(amounts),
    }


def measured_quality_of_the_library(runs, quality, floor, B, beta):
    n_tokens, loss = runs.get(quality, (1, 0))
    with extrapolating():
        base = ChinchillaLaw(E=floor, A=1e-9, B=B, alpha=1, beta=beta)
        effective = DataConstrainedLaw(base, 15.0).equivalent_tokens(1e9, loss)
        gain = base.loss(1e9, effective) - base.loss(1e9, 2 * effective)
    return {"effective": effective, "multiplier": effective / n_tokens, "gain": gain}


def filter_pays_of_the_library(n_tokens, stock, share, multiplier, r_star):
    law = DataConstrainedLaw(MUENNIGHOFF_2023.base, r_star)
    plain = law.effective_tokens(n_tokens, min(stock, n_tokens))
    few = law.effective_tokens(n_tokens, min(share * stock, n_tokens))
    found = {"plain": plain, "filtered": multiplier * few, "needed": plain / few}
    return found | {"pays": found["filtered"] > plain}


def near_copies_of_the_library(texts, length, threshold):
    kept, sets = [], [shingles(text, length) for text in texts]
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


OF_THE_LIBRARY = {
    1: repeated_worth_of_the_library,
    2: passes_of_the_library,
    3: run_out_of_the_library,
    4: spread_of_the_library,
    5: near_copies_of_the_library,
    6: coverage_of_the_library,
    8: measured_quality_of_the_library,
    10: filter_pays_of_the_library,
}


@pytest.mark.parametrize("number", OF_THE_LIBRARY)
def test_the_library_agrees_with_the_model_answer(number):
    exercise = EXERCISES[f"04.{number}"]
    for part in judge.describe(exercise, hidden=True)["properties"]:
        for case in part["cases"]:
            found = check.outcome(OF_THE_LIBRARY[number], case["args"])
            assert check.holds(found, case["expected"], part["rel_tol"]), (case, found)


@pytest.mark.parametrize("number", OF_THE_LIBRARY)
def test_the_learners_own_code_is_asked_for_where_the_library_has_it(number):
    exercise = EXERCISES[f"04.{number}"]
    assert exercise.own
    found = judge.collect({exercise.name: OF_THE_LIBRARY[number]}, judge.requests({"x": exercise}))
    mark = judge.grade({"x": exercise}, found)
    assert mark["points"] == 0
    assert "your own" in mark["exercises"]["x"]["properties"][0]["why"]


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
