"""The first set: its numbers are the facts, and its model answers give published values."""

import math

import pytest

from course.classroom import check, judge, release
from course.evidence import fact

NAME = "00_orders_of_magnitude"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
GPT_3, H100 = fact("model.GPT-3").value, fact("hw.H100").value


def answer(number):
    return EXERCISES[f"00.{number}"].reference


def told(exercise, value):
    """What the check says of a value, on one line."""
    described = judge.describe(exercise, hidden=False)
    return " ".join(check.report(exercise.id, described, [{"value": value}]).split())


def test_the_numbers_that_learners_read_are_the_facts():
    assert (GPT_3["n_params"], GPT_3["n_tokens"], GPT_3["flops"]) == (175e9, 300e9, 3.14e23)
    assert "175B parameters and saw 300B tokens" in TEXT
    assert "3.14e23 FLOP" in TEXT
    assert f"{H100['bf16_flop_per_s'] / 1e12:g} TFLOP/s" in TEXT
    assert f"{H100['memory_bytes'] / 1e9:g} GB" in TEXT
    assert f"was {float(fact('price.h100')):g} dollars" in TEXT
    assert "1,979 TFLOP/s" in fact("hw_note.sparsity").value


def test_what_the_predictions_are_told_is_what_comes_out():
    assert answer(1)(70e9, 1.4e12) > answer(1)(175e9, 300e9)
    assert abs(math.log10(answer(2)(3.14e23) / 4_000)) < 0.1
    bf16, four_bits = answer(3)(70e9, 16), answer(3)(70e9, 4)
    assert (bf16["fits"], four_bits["fits"]) == (False, True)
    with pytest.raises(ValueError, match="8x7"):
        float("8x7")


def test_the_opening_says_what_to_do_alone_and_when_a_name_is_missing():
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
    assert "`NameError`" in opening


def test_published_values():
    assert answer(1)(175e9, 300e9) == pytest.approx(GPT_3["flops"], rel=0.01)
    assert answer(2)(GPT_3["flops"]) == pytest.approx(3_640, rel=0.005)  # Brown et al., table D.1
    assert answer(2)(float(fact("kaplan.PF_day"))) == 1
    assert 5e5 > 10 ** answer(6) > 4e5
    assert answer(6) == pytest.approx(math.log10(1e-12 / 2e-18), abs=0.05)


def test_the_cluster_is_the_peak_times_the_utilisation():
    days = answer(5)(H100["bf16_flop_per_s"] * 0.5 * 86_400 * 7, 1, 0.5)
    assert days == pytest.approx(7)


def test_a_count_is_read_as_the_rest_of_the_course_reads_it():
    from course.units import parse_count

    for text in ("13B", "70b", "1.4T", "350M", "1,000M", "70 B", "5000"):
        assert answer(4)(text) == pytest.approx(parse_count(text))


@pytest.mark.parametrize("text", ["8x7B", "GPT-2 774M", "", "B", "nan", "infinity", "-7B"])
def test_what_is_no_count_is_refused_by_the_model_answer_too(text):
    namespace = {}
    solution = TEXT[TEXT.index("def read_count") :]
    exec(solution[: solution.index("# %%")], namespace)
    for read_count in (answer(4), namespace["read_count"]):
        with pytest.raises(ValueError):  # noqa: PT011
            read_count(text)


def test_a_known_mistake_is_known_with_one_decimal_too():
    exercise = EXERCISES["00.6"]
    for wrong in exercise.wrong:
        if abs(wrong.answer) < 1_000:
            assert wrong.diagnosis in told(exercise, round(wrong.answer, 1))
    for exact in (2.128, 6.082, 5.985):
        assert f"{exact:.1f} comes out" in told(exercise, exact)


@pytest.mark.parametrize("guess", [5.29, 5.3, 5.5, 6.5, 2 * 5.684])
def test_a_rounded_value_is_not_taken_for_a_slip_of_units(guess):
    assert f"orders_too_high is {guess:.4g}. So far 0 of 4." in told(EXERCISES["00.6"], guess)
