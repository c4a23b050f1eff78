"""When the text runs out: the crossing, its uncertainty, and the published forecast."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.data import (
    COMMON_CRAWL,
    DEMAND_GROWTH,
    INDEXED_WEB,
    STOCK_GROWTH,
    VILLALOBOS_INTERVAL,
    VILLALOBOS_MEDIAN,
    WHOLE_WEB,
    DataExhaustionForecast,
    Exhaustion,
    Uncertain,
    crossing_year,
)
from course.scaling import trained_models
from tests.odd_inputs import assert_refuses_odd_inputs

DEFAULT = DataExhaustionForecast().forecast_data_exhaustion()


# --- the crossing ---------------------------------------------------------------------------------


def test_a_crossing_by_hand():
    """K074: 15e12 tokens in 2024, 2.4 times as many each year, reach 300e12 in 2027."""
    year = crossing_year(300e12, 1, 15e12, 2.4)
    assert year == pytest.approx(2024 + math.log(20) / math.log(2.4))
    assert int(year) == 2027


@given(
    stock=st.floats(1e12, 1e16),
    stock_growth=st.floats(0.9, 1.2),
    demand=st.floats(1e10, 1e15),
    demand_growth=st.floats(0.5, 5),
)
def test_at_the_crossing_demand_equals_stock(stock, stock_growth, demand, demand_growth):
    year = crossing_year(stock, stock_growth, demand, demand_growth)
    if demand >= stock:
        assert year == 2024
    elif demand_growth <= stock_growth:
        assert year == math.inf
    elif year < 4000:
        t = year - 2024
        assert demand * demand_growth**t == pytest.approx(stock * stock_growth**t, rel=1e-6)


# --- uncertainty ----------------------------------------------------------------------------------


def test_an_uncertain_quantity_has_the_interval_it_was_given():
    draws = INDEXED_WEB.at(np.random.default_rng(0).standard_normal(200_000))
    assert np.quantile(draws, [0.025, 0.975]) == pytest.approx([130e12, 2100e12], rel=0.03)
    assert np.median(draws) == pytest.approx(INDEXED_WEB.median, rel=0.02)
    for wrong in ({"low": 2, "high": 1}, {"low": 0, "high": 1}, {"low": 1, "high": 2, "level": 1}):
        with pytest.raises(ValueError, match=r"low|high|level"):
            Uncertain(**wrong)


def test_the_published_stock_and_dates():
    """Our sampling of their inputs gives their stock of 320e12 [65e12, 1700e12], and 2028."""
    stock = DEFAULT.stock_tokens
    assert np.median(stock) == pytest.approx(320e12, rel=0.06)
    assert np.quantile(stock, [0.025, 0.975]) == pytest.approx([65e12, 1700e12], rel=0.08)
    filtered = DataExhaustionForecast(repetition=1).forecast_data_exhaustion().stock_tokens
    assert np.quantile(filtered, [0.025, 0.5, 0.975]) == pytest.approx(
        [22e12, 100e12, 490e12], rel=0.08
    )
    assert abs(DEFAULT.median_year - VILLALOBOS_MEDIAN) < 1
    early, late = DEFAULT.interval(0.80)
    assert VILLALOBOS_INTERVAL[0] < early < late < VILLALOBOS_INTERVAL[1]
    # Five times overtrained: a year earlier, as they say.
    earlier = DataExhaustionForecast(overtraining=5).forecast_data_exhaustion().median_year
    assert earlier - DEFAULT.median_year == pytest.approx(-1, abs=0.1)


def test_the_internet_holds_fifty_times_what_the_document_says():
    """K071, K072: and one model has read more than its 10e12; the stock grows by up to a tenth."""
    printed, printed_new = 10e12, 100e9
    assert INDEXED_WEB.median / printed > 50
    assert COMMON_CRAWL.low >= 10 * printed
    assert WHOLE_WEB.low > INDEXED_WEB.median
    assert np.median(DEFAULT.stock_tokens) / printed == pytest.approx(30, rel=0.15)
    assert trained_models()["Llama-3.1-405B"].n_tokens > printed
    assert trained_models()["Qwen3-235B"].n_tokens == 36e12
    assert INDEXED_WEB.median * (STOCK_GROWTH.high - 1) == pytest.approx(51e12, rel=0.05)
    assert printed_new / INDEXED_WEB.median < 0.0002


def test_the_rate_of_growth_decides():
    """K073, K074: with no growth the text lasts, with 10 % until about 2090, at 2.4 until 2028."""
    forecast = DataExhaustionForecast().forecast_data_exhaustion
    years = [forecast(15e12, rate).median_year for rate in (0, 0.1, 1.4, 2.5, 100)]
    assert years[0] == math.inf
    assert years == sorted(years, reverse=True)
    assert years[1] > 2060
    assert 2027 < years[2] < 2028.5
    assert forecast(5e12, 0.1).median_year > years[1]


def test_one_type_whatever_the_answer():
    """K077: a year is a float, never a text; never is inf, and no NaN comes of it."""
    forecast = DataExhaustionForecast().forecast_data_exhaustion
    for rate in (-0.5, 0, 0.03, 0.06, 1.4):
        found = forecast(15e12, rate)
        numbers = [found.median_year, *found.interval(), found.probability_by(2040)]
        assert {type(one) for one in [*numbers, found.probability_never]} == {float}
        assert not np.isnan(numbers).any()
        assert found._repr_html_()
    never = forecast(1e9, -0.5)
    assert never.interval() == (math.inf, math.inf)
    assert never.probability_never == 1
    assert never.probability_by(3000) == 0
    mixed = Exhaustion(np.array([2030, math.inf, math.inf, 2031]), np.ones(4), np.ones(4), 2024.0)
    assert mixed.median_year == 2031
    assert mixed.interval(0.5) == (2030, math.inf)
    assert mixed.probability_by([2029, 2030, 2031]).tolist() == [0, 0.25, 0.5]


def test_what_is_in_use_already_cannot_exhaust_what_is_thirty_times_as_much():
    """K075: 15e12 tokens in 2024 were a few percent of the usable stock, not 150 % of all text."""
    found = DataExhaustionForecast().forecast_data_exhaustion(15e12, 1.4)
    assert found.usage == pytest.approx(0.046, abs=0.005)
    assert found.probability_by(2025) < 0.01
    assert found.median_year > 2027


def test_each_suggestion_is_a_term_and_gains_what_it_gains():
    """K078: repetition, left out by the document, gains as much as any of its suggestions."""
    remedies = DataExhaustionForecast().remedies()
    base = remedies.pop("as it is")
    assert base.median_year == DEFAULT.median_year
    gains = {name: one.median_year - base.median_year for name, one in remedies.items()}
    later = {name for name, gain in gains.items() if gain > 0}
    assert later == set(remedies) - {"nothing repeated", "five times overtrained"}
    # At this growth a doubling of the stock is worth less than a year, whatever doubles it.
    speed = math.log(DEMAND_GROWTH.median / STOCK_GROWTH.median)
    assert gains["a synthetic token beside each real one"] == pytest.approx(
        math.log(2) / speed, abs=0.1
    )
    assert gains["nothing repeated"] == pytest.approx(-math.log(10**0.5) / speed, abs=0.1)
    assert max(gains.values()) < 3


@pytest.mark.parametrize(
    ("name", "more", "later"),
    [
        ("raw_stock", 600e12, True),
        ("quality_share", 0.5, True),
        ("repetition", 6.0, True),
        ("stock_growth", 1.2, True),
        ("other_tokens", 1e14, True),
        ("synthetic_per_real", 1.0, True),
        ("demand", 2e13, False),
        ("demand_growth", 4.0, False),
        ("overtraining", 5.0, False),
    ],
)
def test_every_term_moves_the_date_its_way(name, more, later):
    low = {"raw_stock": 300e12, "quality_share": 0.2, "demand": 1e13, "demand_growth": 2.0}
    fewer = low.get(name, 1.0 if name not in ("other_tokens", "synthetic_per_real") else 0.0)
    before, after = (
        DataExhaustionForecast(**{name: value}).forecast_data_exhaustion(n_samples=500).years
        for value in (fewer, more)
    )
    moved = after - before if later else before - after
    assert np.all(moved >= 0)
    assert np.mean(moved) > 0.1


def test_seeds_and_samples():
    one, same, other = (
        DataExhaustionForecast().forecast_data_exhaustion(n_samples=2000, seed=seed).years
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    for wrong in (0, 1.5, "9", 10**8):
        with pytest.raises(ValueError, match="n_samples"):
            DataExhaustionForecast().forecast_data_exhaustion(n_samples=wrong)


def test_odd_inputs():
    good = {"stock": 3e14, "stock_growth": 1.05, "demand": 1e13, "demand_growth": 2.4}
    assert_refuses_odd_inputs(crossing_year, good, examples=20)

    def forecast(current_scale, growth_rate):
        return DataExhaustionForecast().forecast_data_exhaustion(
            current_scale, growth_rate, n_samples=50
        )

    for odd in (math.nan, math.inf, "7", [1e13, 2e13], -1.0, 0.0, True):
        with pytest.raises(ValueError, match="current_scale"):
            forecast(odd, 0.5)
    for odd in (math.nan, math.inf, "7", [0.1, 0.2], -1, -2.0, True):
        with pytest.raises(ValueError, match="growth_rate"):
            forecast(1e13, odd)
    numbers = {
        "raw_stock": 5e14,
        "quality_share": 0.2,
        "repetition": 3.0,
        "stock_growth": 1.05,
        "demand": 1e13,
        "demand_growth": 2.4,
        "overtraining": 1.0,
    }
    for name in numbers:
        for odd in (math.nan, math.inf, "7", None, [1.0, 2.0], 0, -1, True):
            with pytest.raises(ValueError, match=name):
                DataExhaustionForecast(**{name: odd})
    for name in ("other_tokens", "synthetic_per_real"):
        for odd in (math.nan, "7", None, [1.0, 2.0], -1, True):
            with pytest.raises(ValueError, match=name):
                DataExhaustionForecast(**{name: odd})
    with pytest.raises(ValueError, match="quality_share"):
        DataExhaustionForecast(quality_share=1.5)
