"""A guess is read in the unit of its question, shown again, and scored by a proper rule."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from course.classroom import guesses
from course.classroom.guesses import interval_score, nearest_choice, read, show, verdict


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("40", "days", 40),
        ("33 days", "days", 33),
        ("1 day", "days", 1),
        ("1,000", "claims", 1000),
        ("2e6", "tokens", 2e6),
        ("5.76e23", "FLOP", 5.76e23),
        ("314 ZFLOP", "FLOP", 3.14e23),
        ("3640 PF-days", "FLOP", 3640 * 8.64e19),
        ("2B", "tokens", 2e9),
        ("11.7亿", "parameters", 1.17e9),
        ("12.9", "billion", 12.9),
        ("12.9B", "billion", 12.9),
        ("2800M", "billion parameters", 2.8),
        ("3.7T", "trillion tokens", 3.7),
        ("450k", "thousand tokens", 450),
        ("93.4 GB", "GB", 93.4),
        ("93 GiB", "GB", 93 * 2**30 / 1e9),
        ("2 MB", "kB", 2000),
        ("1,287 MWh", "kWh", 1_287_000),
        ("12 %", "%", 12),
        ("12%", "%", 12),
        ("12 per cent", "%", 12),
        ("12 %", "", 0.12),
        ("-0.08", "", -0.08),
        ("−0.08", "", -0.08),
        ("$39", "USD", 39),
        ("39 USD", "USD", 39),
        ("230 tokens/s", "tokens/s", 230),
        (".5", "nats per byte", 0.5),
        ("2.5 nats per byte", "nats per byte", 2.5),
    ],
)
def test_a_guess_is_read_in_the_unit_of_its_question(text, unit, value):
    assert read(text, unit)[0] == pytest.approx(value, rel=1e-12)


def test_what_was_converted_is_said():
    assert read("12.9B", "billion")[1] == "12.9B is read as 12.9 billion."
    assert read("2 MB", "kB")[1] == "2 MB is read as 2,000 kB."
    assert read("12 %", "")[1] == "12 % is read as 0.12."
    assert "For a share of 0.12 write 12." in read("0.12", "%")[1]
    assert read("40", "days")[1] == read("12 %", "%")[1] == read("0.5 %", "%")[1] == ""


@pytest.mark.parametrize(
    ("text", "unit", "why"),
    [
        ("many", "days", "does not start with a positive number"),
        ("", "days", "does not start with a positive number"),
        ("1,5", "days", "the comma could be a decimal point"),
        ("12 %", "days", "the question asks for days"),
        ("8x7B", "billion", "the name of a mixture of experts"),
        ("2B", "GB", "'B' could be bytes or billions"),
        ("5 hours", "days", "'hours' is not a unit"),
        ("half", "%", "not a number of per cent"),
        ("1e999", "days", "too large"),
        ("nan", "days", "does not start"),
        ("e5", "%", "not a number of per cent"),
    ],
)
def test_what_is_no_number_of_the_unit_is_refused_in_words(text, unit, why):
    with pytest.raises(ValueError, match=why):
        read(text, unit)


@given(st.text(max_size=12), st.sampled_from(["", "%", "days", "billion", "kB", "FLOP", "USD"]))
def test_any_text_is_a_finite_number_or_refused_in_words(text, unit):
    try:
        value, _ = read(text, unit)
    except ValueError as error:
        assert len(str(error)) > 20  # noqa: PT017
    else:
        assert math.isfinite(value)


def test_large_numbers_are_shown_as_people_write_them():
    assert show(33_000.0, "days") == "33,000 days"
    assert show(314_159_265_358.0, "dollars") == "314,200,000,000 dollars"
    assert show(5.76e23, "FLOP") == "5.76e+23 FLOP"
    assert show([0.5, 2.0], "nats") == "0.5 to 2 nats"
    assert show(None, "days") == show("none", "days") == "none"


def test_a_miss_is_a_factor_where_there_is_one():
    assert verdict(10, 33) == "3.3 times too small"
    assert verdict(33, 10) == "3.3 times too large"
    assert verdict(1e3, 1.2345e6) == "1,230 times too small"
    assert verdict(10, 12) == "close: within 25 %"
    assert verdict(-0.1, -0.3) == "3 times too small"
    assert verdict(0, 0) == "right"
    assert "no factor" in verdict(0, 3)
    assert verdict([1, 2], 1.5) == verdict([1, 1.5], 1.5) == "it held"
    assert verdict([1, 2], 2.5) == "it missed"


def test_the_interval_score_by_hand():
    assert interval_score(1, math.e, 2, 0.8) == pytest.approx(1)
    assert interval_score(1, math.e, math.e**1.5, 0.8) == pytest.approx(1 + 10 * 0.5)
    assert interval_score(1, math.e, 1 / math.e, 0.8) == pytest.approx(1 + 10)
    assert interval_score(1, math.e, math.e**2, 0.5) == pytest.approx(1 + 4)
    # A change of unit changes nothing.
    assert interval_score(3, 5, 7, 0.8) == pytest.approx(interval_score(3e9, 5e9, 7e9, 0.8))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_the_interval_score_is_proper(level):
    """Whoever believes in a log-normal does best, on average, by giving its quantiles."""
    belief = norm(1.0, 0.7)
    answers = np.exp(belief.ppf((np.arange(4000) + 0.5) / 4000))

    def expected(low, high):
        return np.mean([interval_score(low, high, answer, level) for answer in answers])

    tail = (1 - level) / 2
    honest = np.exp(belief.ppf([tail, 1 - tail]))
    best = expected(*honest)
    for a in (0.8, 1.0, 1.25):
        for b in (0.8, 1.0, 1.25):
            if (a, b) != (1.0, 1.0):
                assert expected(honest[0] * a, honest[1] * b) > best


def test_a_computed_number_picks_its_choice():
    assert nearest_choice(0.336, ("0.3 billion", "3 billion", "30 billion")) == "0.3 billion"
    assert nearest_choice(3634, ("40", "4,000", "4,000,000")) == "4,000"
    assert nearest_choice(-0.079, ("-0.08", "-0.29", "−0.86")) == "-0.08"
    assert nearest_choice(0, ("0", "1", "2")) == "0"
    with pytest.raises(ValueError, match="near one of"):
        nearest_choice(7.0, ("1", "10"))
    for choices in (("yes", "1"), ("1 of 2", "3")):
        with pytest.raises(ValueError, match="one number each"):
            nearest_choice(1.0, choices)


def test_factors_need_one_sign():
    assert guesses.factor(2, 6) == 3
    assert guesses.factor(-2, 6) is None
    assert guesses.factor(0, 6) is None
