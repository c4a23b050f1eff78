"""Looking back: the factor of each miss, a trend only where the data carry it, calibration."""

import random

import pytest
from scipy.stats import kendalltau

from course.classroom.lookback import LEVEL, MIN_TREND, LookBack, misses, trend


def entry(number, prediction, answer, **more):
    return {
        "question": f"Question {number}?",
        "unit": "",
        "prediction": prediction,
        "answer": answer,
        "when": f"2026-01-01T10:{number:02d}:00",
        "late": False,
    } | more


def numbers(guesses, answer=100.0):
    return {f"P00.{i}": entry(i, guess, answer) for i, guess in enumerate(guesses)}


def said(record):
    return " ".join(LookBack(record).sentences())


def test_each_miss_has_its_factor_in_the_table():
    record = numbers([50.0, 200.0, 99.0]) | {
        "P00.7": entry(7, "yes", "no", n_choices=2),
        "P00.8": entry(8, [1.0, 3.0], 2.0, interval=0.8),
        "P00.9": entry(9, "none", 4.0),
        "P01.1": {"question": "Not run?", "unit": "", "prediction": 3.0},
    }
    verdicts = [row[-1] for row in LookBack(record).rows()]
    assert verdicts == [
        "2 times too small",
        "2 times too large",
        "close: within 25 %",
        "wrong",
        "it held",
        "",
        "",
    ]
    html = LookBack(record)._repr_html_()
    assert html.startswith("<table>")
    assert "not run yet" in html


def test_numbers_choices_and_intervals_are_judged_apart():
    record = numbers([50.0, 99.0, 400.0]) | {
        "P00.6": entry(6, "yes", "yes", n_choices=2),
        "P00.7": entry(7, "b", "c", n_choices=4),
        "P00.8": entry(8, [1.0, 3.0], 2.0, interval=0.8),
        "P00.9": entry(9, [1.0, 3.0], 30.0, interval=0.8),
    }
    told = said(record)
    assert (
        "Numbers: 3 predicted, 1 within 25 % of the answer, half of them within a factor of 2."
        in told
    )
    assert "Choices: 1 of 2 right; picking blindly would give 0.8 on average." in told
    assert "Intervals of 80%: 1 of 2 held what came out; mean score 12.61" in told
    assert "not told apart from 80%" in told


def test_what_came_after_the_answer_counts_nowhere():
    record = {"P00.1": entry(1, 3.0, 3.0, late=True), "P00.2": entry(2, "none", 4.0)}
    assert said(record).startswith("Nothing to judge yet")
    assert "(after the answer was shown)" in repr(LookBack(record))


def test_a_trend_is_looked_for_from_eight_numbers_on():
    shrinking = [100 * 2**-k for k in range(MIN_TREND)][::-1]  # misses of 7, 6, … 0 doublings
    assert "looked for from 8 numbers" in said(numbers(shrinking[:-1]))
    assert "Your misses shrink over time" in said(numbers(shrinking))
    assert "Your misses grow over time" in said(numbers(shrinking[::-1]))
    mixed = [50.0, 12.5, 100.0, 25.0, 60.0, 5.0, 100.0, 20.0]
    assert "not told apart from chance" in said(numbers(mixed))
    assert "not told apart from chance" in said(numbers([50.0] * 9))


def test_the_order_is_that_of_the_predictions_not_of_the_chapters():
    shrinking = [100 * 2.0**-k for k in range(MIN_TREND)]
    record = {
        f"P00.{i}": entry(20 - i, guess, 100.0) for i, guess in enumerate(shrinking)
    }  # the chapter's last question was answered first
    assert "Your misses shrink over time" in said(record)


@pytest.mark.parametrize("n", [8, 12, 30])
def test_without_a_trend_it_seldom_speaks_of_one(n):
    draw = random.Random(n)
    runs = [[draw.random() for _ in range(n)] for _ in range(2000)]
    alarms = sum(trend(values) != "not told apart" for values in runs)
    assert alarms / 2000 < LEVEL + 3 * (LEVEL * (1 - LEVEL) / 2000) ** 0.5
    assert alarms > 20  # and it does speak: the test is no constant


def test_the_trend_is_kendalls():
    values = [5, 4, 4.5, 3, 2, 2.5, 1, 0.5]
    assert trend(values) == "shrink"
    assert kendalltau(range(8), values).pvalue < LEVEL


def test_what_has_no_factor_is_left_out_of_the_misses():
    entries = [entry(0, 0.0, 5.0), entry(1, -2.0, 2.0), entry(2, 1.0, 1.0)]
    assert misses(entries) == [0.0]


@pytest.mark.parametrize(
    ("held", "of", "words"),
    [(1, 8, "too narrow"), (30, 30, "too wide"), (8, 10, "not told apart"), (0, 1, "not told")],
)
def test_calibration_is_said_only_where_the_number_of_intervals_carries_it(held, of, words):
    record = {
        f"P00.{i}": entry(i, [1.0, 3.0], 2.0 if i < held else 9.0, interval=0.8) for i in range(of)
    }
    assert words in said(record)
    assert f"{held} of {of} held" in said(record)


def test_an_older_record_without_the_new_keys_can_be_read():
    record = {"P00.1": {"question": "?", "unit": "", "prediction": "a", "answer": "a"}}
    assert said(record) == "Choices: 1 of 1 right."
    assert LookBack({})._repr_html_() == "<p>No predictions kept yet.</p>"
    assert repr(LookBack({})) == "No predictions kept yet."
