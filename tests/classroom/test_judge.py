import json
import math

from hypothesis import given
from hypothesis import strategies as st

from course.classroom.judge import (
    Case,
    Exercise,
    Property,
    Wrong,
    collect,
    describe,
    grade,
    load,
    requests,
)


def half(x):
    if x < 0:
        raise ValueError("x must not be negative")
    return x / 2


def same(x):
    return x


def half_of_anything(x):
    return x / 2


def nothing_large(x):
    return half(x) if x < 1000 else 0.0


HALF = Exercise(
    id="99.1",
    name="half",
    title="Half",
    minutes=3,
    difficulty=2,
    reference=half,
    properties=(
        Property("half of 4 is 2", 1, ((4,),)),
        Property("-1 is refused", 1, ((-1,),)),
        Property("half of a large number", 2, (Case((8_642,), 4_321), (9_753,)), hidden=True),
        Property("-7531 is refused", 1, ((-7_531,),), hidden=True),
    ),
    wrong=(
        Wrong(same, "You give all of it."),
        Wrong(half_of_anything, "You take negative numbers."),
        Wrong(nothing_large, "Large numbers are lost."),
    ),
)
EXERCISES = {HALF.id: HALF}


def marks(answer):
    """The mark of an answer that has gone through JSON, as a grader gets it."""
    answers = json.loads(json.dumps(collect({"half": answer}, requests(EXERCISES))))
    return grade(EXERCISES, answers)["exercises"]["99.1"]


def test_an_exercise_adds_up():
    assert HALF.points == 5
    assert HALF.badge == "★★☆ · 3 minutes · 5 points"


def test_a_learner_receives_no_hidden_case_and_no_mistake_that_only_a_hidden_case_shows():
    given = describe(HALF, hidden=False)
    assert (given["points_here"], given["points_later"]) == (2, 3)
    assert [one["diagnosis"] for one in given["mistakes"]] == [
        "You give all of it.",
        "You take negative numbers.",
    ]
    text = json.dumps(given)
    assert not any(number in text for number in ("8642", "4321", "9753", "4876", "7531"))
    assert len(describe(HALF, hidden=True)["mistakes"]) == 3


def test_what_is_asked_of_the_learner_holds_no_answer():
    assert requests(EXERCISES) == {
        "99.1": {"name": "half", "own": False, "calls": [[4], [-1], [8_642], [9_753], [-7_531]]}
    }


def test_points_and_reasons():
    assert marks(half)["points"] == 5
    mark = marks(half_of_anything)
    assert [part["points"] for part in mark["properties"]] == [1, 0, 2, 0]
    assert mark["properties"][1]["why"] == "half(-1) gave -0.5; it should raise ValueError."
    assert [part["diagnosis"] for part in mark["properties"]] == [
        None,
        "You take negative numbers.",
        None,
        "You take negative numbers.",
    ]
    assert [part["points"] for part in marks(nothing_large)["properties"]] == [1, 1, 0, 1]


def test_one_failed_case_costs_the_property():
    assert marks(lambda x: 4_321 if x == 8_642 else half(min(x, 100)))["points"] == 3


def test_the_reasons_of_hidden_properties_hold_no_arguments_and_no_values():
    def spy(x):
        raise RuntimeError(f"the argument was {x}")

    for answer in (same, nothing_large, half_of_anything, spy, str, lambda x: None, {1}):
        hidden = [part for part in marks(answer)["properties"] if part["hidden"]]
        text = json.dumps([[part["why"], part["diagnosis"]] for part in hidden])
        assert not any(number in text for number in ("8642", "4321", "9753", "4876", "7531"))


def test_no_answer_is_no_points_and_a_sentence():
    answers = collect({}, requests(EXERCISES))
    assert answers == {"99.1": [{"missing": True}] * 5}
    report = grade(EXERCISES, answers)
    assert report["points"] == 0
    assert report["exercises"]["99.1"]["properties"][0]["why"] == "There is no `half`."


json_like = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.just(10**400),
        st.just(-(10**400)),
    ),
    lambda one: st.one_of(
        st.lists(one, max_size=5),
        st.dictionaries(
            st.sampled_from(["value", "raises", "message", "missing", "not_plain", "x"]), one
        ),
    ),
    max_leaves=10,
)


@given(st.one_of(json_like, st.lists(json_like, min_size=5, max_size=5)))
def test_hostile_answers_are_graded_and_earn_nothing_by_chance(answers):
    for given_ in (answers, {"99.1": answers}):
        report = grade(EXERCISES, given_)
        assert 0 <= report["points"] <= 2  # {"raises": "ValueError"} may meet the refusals
        json.dumps(report)


def test_hostile_answers_of_the_right_shape():
    deep = 1
    for _ in range(900):
        deep = [deep]
    both = {"value": 2.0, "raises": "ValueError"}
    for one in ({"value": deep}, {"value": 10**400}, {"value": math.nan}, both, [], "x", None):
        assert grade(EXERCISES, {"99.1": [one] * 5})["points"] == 0
    assert grade(EXERCISES, {"99.1": [{"value": 2.0}] * 4})["points"] == 0  # a case is missing


def test_a_judge_is_loaded_from_its_file(tmp_path):
    path = tmp_path / "07_x.py"
    path.write_text(
        "from course.classroom.judge import Exercise, Property\n"
        "EXERCISES = [Exercise('7.1', 'x', 'X', 1, 1, 3.0, (Property('is 3', 1),), ())]\n",
        encoding="utf-8",
    )
    exercises = load(path)
    assert grade(exercises, collect({"x": 3}, requests(exercises)))["points"] == 1
