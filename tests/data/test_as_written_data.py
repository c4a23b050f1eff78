"""A §4.1 and A §4.2 as printed: what their formulas do. (For tests/data/, once merged.)"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.data import (
    INDEXED_WEB,
    MUENNIGHOFF_2023,
    PRINTED_MULTIPLIERS,
    DataDiversityAnalyzer,
    DataExhaustionForecast,
    DataScalingAnalyzer,
)
from course.evidence import as_written
from course.scaling import HOFFMANN_2022, trained_models
from tests.data.corpus import source

performance = as_written.estimate_data_performance


def forecast_year(*arguments, **named):
    return as_written.forecast_data_exhaustion(*arguments, **named)["estimated_exhaustion_year"]


# --- A §4.1 ---------------------------------------------------------------------------------------


def test_the_multipliers_are_those_of_the_document():
    """K065, K066: ten times as much noise equals the same of medium quality, by the table alone."""
    assert as_written.QUALITY_MULTIPLIERS == PRINTED_MULTIPLIERS
    found = as_written.analyze_data_quality_impact(7e9, {"noise": 10e12, "medium_quality": 1e12})
    assert len({one["estimated_performance"] for one in found.values()}) == 1


def test_the_performance_is_no_power_law():
    """K067: no floor, 0.25 with no data for a model of 1e12, and 1 in the limit."""
    assert performance(1e12, 0) == pytest.approx(0.25)
    assert performance(1e30, 1e30) == pytest.approx(1)
    sizes = np.geomspace(1e9, 1e15, 13)
    # A power law is straight on log axes: this factor of the loss has no slope at first, then -1.
    slopes = np.diff(np.log(1 / (1 + sizes / 1e12))) / np.diff(np.log(sizes))
    assert slopes[0] > -0.01
    assert slopes[-1] < -0.99
    with pytest.raises(ValueError, match="effective_tokens"):
        DataScalingAnalyzer().estimate_performance(1e12, 0)


@pytest.mark.filterwarnings("ignore::course.scaling.OutsideFittedRange")
def test_a_right_order_validates_no_formula():
    """K068: Chinchilla above Gopher, by the formula and by the law of the loss."""
    models = {name: trained_models()[name] for name in ("Chinchilla", "Gopher")}
    printed = [performance(m.n_params, m.n_tokens) for m in models.values()]
    assert printed == pytest.approx([0.324, 0.225], abs=5e-4)
    losses = [HOFFMANN_2022.loss(m.n_params, m.n_tokens) for m in models.values()]
    assert losses == pytest.approx([1.937, 1.993], abs=1e-3)
    # A formula that knows the tokens alone has the same order right.
    assert models["Chinchilla"].n_tokens > models["Gopher"].n_tokens


@given(st.floats(1e6, 1e13), st.floats(1e6, 1e15), st.floats(1.01, 100))
def test_the_efficiency_favours_fewer_tokens(n_params, n_tokens, factor):
    """K069: always, for the size of a model counts without any data."""
    few, more = (
        as_written.analyze_data_quality_impact(n_params, {"medium_quality": tokens})[
            "medium_quality"
        ]["efficiency"]
        for tokens in (n_tokens, n_tokens * factor)
    )
    assert few > more


def test_a_misspelt_quality_passes_as_medium():
    """K070: ours refuses it."""
    assert as_written.get_quality_multiplier("high_quality_curatd") == 1.0
    with pytest.raises(ValueError, match="did you mean 'high_quality_curated'"):
        DataScalingAnalyzer().get_quality_multiplier("high_quality_curatd")


def test_the_stock_and_its_growth():
    """K071, K072: fifty times too small; the growth is a fifth of a percent of up to a tenth."""
    assert INDEXED_WEB.median > 50 * as_written.INTERNET_TOKENS
    assert INDEXED_WEB.low > 10 * as_written.INTERNET_TOKENS
    for name in ("Llama-3.1-405B", "Qwen3-235B"):
        assert trained_models()[name].n_tokens > as_written.INTERNET_TOKENS
    share = as_written.NEW_TOKENS_PER_YEAR / 50e12
    assert share == pytest.approx(0.002)


@pytest.mark.parametrize("current_scale", [5e12, 7e12, 7.9e12, 15e12])
def test_the_rate_of_growth_is_not_used(current_scale):
    """K073: ours moves with it."""
    assert len({forecast_year(current_scale, rate) for rate in (0, 0.1, 2.5, 100)}) == 1
    forecast = DataExhaustionForecast().forecast_data_exhaustion
    ours = {forecast(current_scale, r, n_samples=999).median_year for r in (0, 0.1, 2.5, 100)}
    assert len(ours) == 4


def test_data_last_beyond_2040_since_usage_grows_by_what_is_newly_written():
    """K074: with 5e12 tokens in use it takes 30 years, at any growth; with growth, four or five."""
    assert forecast_year(5e12, 0.1) == "Beyond 2040"
    years = (as_written.EXHAUSTED_AT * as_written.INTERNET_TOKENS - 5e12) / 100e9
    assert years == pytest.approx(30)
    ours = DataExhaustionForecast().forecast_data_exhaustion(15e12, 1.4)
    assert 2027 < ours.median_year < 2028.5


def test_what_llama_3_had_used_is_more_than_the_documents_internet():
    """K075: 2026 and 150 %; of the usable stock it is about 5 %."""
    printed = as_written.forecast_data_exhaustion(15e12, 0.1)
    assert printed == {"usage_percentage": 150, "estimated_exhaustion_year": 2026}
    assert trained_models()["Llama-3-8B"].n_tokens == 15e12
    usage = DataExhaustionForecast().forecast_data_exhaustion(15e12, 1.4).usage
    assert usage == pytest.approx(0.046, abs=0.005)


def test_the_threshold_decides_in_the_documents_model_and_hardly_in_ours():
    """K076: 80 % against 100 % is 20 years at its rate, and three months at 2.4 times a year."""
    assert forecast_year(7e12, 0) == 2036
    assert forecast_year(7e12, 0, exhausted_at=0.71) == 2027
    assert forecast_year(7e12, 0, exhausted_at=1.0) == "Beyond 2040"
    left = (1 - as_written.EXHAUSTED_AT) * as_written.INTERNET_TOKENS
    assert left / as_written.NEW_TOKENS_PER_YEAR == pytest.approx(20)
    assert math.log(1 / as_written.EXHAUSTED_AT) / math.log(2.4) == pytest.approx(0.25, abs=0.01)


def test_the_year_is_an_int_or_a_text():
    """K077: ours is a float, and never is inf."""
    assert {type(forecast_year(scale, 0)) for scale in (5e12, 15e12)} == {int, str}
    forecast = DataExhaustionForecast().forecast_data_exhaustion
    assert {type(forecast(scale, 0).median_year) for scale in (5e12, 15e12, 1e15)} == {float}


def test_what_the_suggestions_leave_out_and_leave_open():
    """K078: four epochs cost 7 %; samples in place of a text lose its tail, beside it they do not.

    The text is the words of a package; a generation is as many words drawn from the last ones.
    """
    assert MUENNIGHOFF_2023.share_of_fresh(4) == pytest.approx(0.931, abs=5e-4)
    luck = np.random.default_rng(0)
    _, real = np.unique(source("asyncio").split(), return_counts=True)
    replaced, pile = real.copy(), real.copy()
    for _ in range(10):
        replaced = luck.multinomial(real.sum(), replaced / replaced.sum())
        pile = pile + luck.multinomial(real.sum(), pile / pile.sum())
    assert np.count_nonzero(replaced) < 0.5 * len(real)
    assert np.count_nonzero(pile) == len(real)


# --- A §4.2 ---------------------------------------------------------------------------------------


def test_the_index_has_no_answer_at_its_edges():
    """K079: nan, -0.0, a negative one and 0; ours: 0, 0, and two refusals."""
    index, ours = as_written.calculate_diversity_index, DataDiversityAnalyzer()
    with np.errstate(invalid="ignore"):
        assert np.isnan(index({"a": 1}))
    assert index({"a": 1, "b": 0}) == 0
    assert np.signbit(index({"a": 1, "b": 0}))
    assert index({"a": 1.25, "b": -0.25}) == pytest.approx(-0.40, abs=0.005)
    assert index({}) == 0
    for lone in ({"a": 1}, {"a": 1, "b": 0}):
        assert str(ours.calculate_diversity_index(lone)) == "0.0"
    for wrong in ({"a": 1.25, "b": -0.25}, {}):
        with pytest.raises(ValueError, match="amounts"):
            ours.calculate_diversity_index(wrong)
    fair = {"a": 3, "b": 2, "c": 1}
    assert ours.calculate_diversity_index(fair) == pytest.approx(index(fair))


def test_the_index_changes_when_a_domain_is_cut_in_two():
    """K080."""
    index = as_written.calculate_diversity_index
    whole = index({"web": 0.6, "books": 0.2, "code": 0.2})
    assert index({"old": 0.3, "new": 0.3, "books": 0.2, "code": 0.2}) > whole + 0.1


def test_the_advice_need_not_add_up():
    """K081: 25 equal domains are told to be 250 % together; ours add up to one."""
    equal = dict.fromkeys(range(25), 1)
    assert sum(as_written.generate_diversity_recommendations(equal).values()) == pytest.approx(2.5)
    ours = DataDiversityAnalyzer().recommend(equal, "even")
    assert sum(one.weight for one in ours.values()) == pytest.approx(1)


def test_a_table_of_zeros():
    """K082: ZeroDivisionError; ours says what is wrong, and estimate_domain_fraction exists."""
    zeros = dict.fromkeys(as_written.DOMAINS, 0)
    with pytest.raises(ZeroDivisionError):
        as_written.generate_diversity_recommendations(zeros)
    analyzer = DataDiversityAnalyzer()
    with pytest.raises(ValueError, match="amounts must not all be 0"):
        analyzer.recommend(zeros, "even")
    assert analyzer.estimate_domain_fraction(["aaa", "b"], "code", ["code", "web"]) == 0.75
