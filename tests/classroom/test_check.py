import json
import math
import threading
import time
from decimal import Decimal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.classroom.check import (
    RATIOS,
    TIME_LIMIT,
    NotPlain,
    borrowed,
    check,
    difference,
    hidden_sentence,
    holds,
    outcome,
    outcomes,
    plain,
    report,
    shown,
    verdicts,
)

numbers = st.one_of(st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False))
plain_data = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20)),
    lambda one: st.one_of(st.lists(one, max_size=4), st.dictionaries(st.text(), one, max_size=4)),
    max_leaves=12,
)


# --- plain data -----------------------------------------------------------------------------------


@given(plain_data)
def test_plain_data_stays_as_it_is_and_goes_through_json(data):
    assert plain(data) == data
    assert json.loads(json.dumps(plain(data))) == data


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("13B"), "13B"),
        (np.array(3.0), 3.0),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ((1, (2.0, "x")), [1, [2.0, "x"]]),
        ({"a": np.arange(3)}, {"a": [0, 1, 2]}),
        (..., None),
    ],
)
def test_numpy_and_tuples_become_plain(value, wanted):
    got = plain(value)
    assert got == wanted
    assert type(got) is type(wanted)


class Liar(float):
    """Equal to everything, as a cheat might be."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__

    def __sub__(self, other):
        return 0.0


def test_a_number_that_lies_about_itself_becomes_the_number_it_is():
    assert type(plain(Liar(3.0))) is float
    assert not holds(outcome(Liar(3.0), None), {"value": 5.0}, 1e-6)


def looped():
    rows = []
    rows.append(rows)
    return rows


def bushy():
    tree = 1
    for _ in range(19):
        tree = [tree] * 10
    return tree


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({1, 2}, "a set"),
        (object(), "an object"),
        (print, "a function"),
        (lambda: 1, "a function"),
        (1j, "a complex"),
        (b"7", "a bytes"),
        (Decimal("0.1"), "a Decimal"),
        (torch.tensor([1.0]), "a Tensor"),
        (np.array([1j]), "a complex"),
        (np.array([object()]), "an object"),
        ({1: 2}, "not all text"),
        (10**400, "300 digits"),
        ("x" * 20_000, "20,000 characters"),
        (np.zeros(200_000), "100,000 values"),
        (looped(), "nested too deep"),
        (bushy(), "100,000 values"),
    ],
)
def test_what_is_not_plain_is_refused_in_words(value, word):
    with pytest.raises(NotPlain, match=word):
        plain(value)


# --- outcomes and agreement -----------------------------------------------------------------------


def test_an_outcome_tells_what_an_answer_did():
    class Rude(Exception):
        def __str__(self):
            raise RuntimeError

    def rude():
        raise Rude

    assert outcome(lambda a, b: a + b, [2, 3]) == {"value": 5}
    assert outcome(7, None) == {"value": 7}
    assert outcome(7, [2]) == {"not_function": "7"}
    assert outcome(..., [2]) == outcome(..., None) == outcome(lambda: None, []) == {"value": None}
    assert outcome(float, ["x"])["raises"] == "ValueError"
    assert outcome(bytes.decode, [1])["raises"] == "TypeError"
    assert outcome(lambda: exit(3), []) == {"raises": "SystemExit", "message": "3"}
    assert outcome(rude, []) == {"raises": "Rude", "message": ""}
    assert outcome(lambda: outcome, []) == {"not_plain": "a function"}


def test_a_kind_of_value_error_counts_as_one():
    assert outcome(json.loads, ["{"])["raises"] == "ValueError"


def test_an_answer_that_changes_its_arguments_changes_only_its_own():
    rows = [[3, 1, 2]]
    outcome(lambda values: values.sort(), rows)
    assert rows == [[3, 1, 2]]


def test_an_interrupt_is_not_swallowed():
    def stuck():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(stuck, [])


@given(plain_data)
def test_plain_data_agrees_with_itself(data):
    assert difference(data, data, 1e-9) is None


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        (1.0001, 1.0, False),
        (1 + 1e-7, 1, True),
        (0.0, 1e-7, False),
        (1e-7, 0.0, True),
        (math.nan, 1.0, False),
        (math.nan, math.nan, False),
        (math.inf, 1e308, False),
        (math.inf, math.inf, True),
        (1e308, math.inf, False),
        (-math.inf, math.inf, False),
        (True, 1, False),
        (1, True, False),
        ("1", 1, False),
        (None, 0, False),
        ([1, 2], [1, 2, 3], False),
        ([1.0, 2.0], [1, 2], True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"b": 2, "a": 1}, {"a": 1, "b": 2}, True),
        ([1], {"0": 1}, False),
    ],
)
def test_what_agrees_with_what(got, want, same):
    assert (difference(got, want, 1e-6) is None) is same


def test_a_difference_says_where_it_is():
    assert difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, 0)[0] == "['a'][1]['b']"


# --- what the learner reads -----------------------------------------------------------------------


def exercise(*cases, mistakes=(), later=0, rel_tol=1e-6, units=tuple(RATIOS)):
    """One property, named "it holds", with these (args, value or exception's name)."""
    expected = [{"raises": one} if one == "ValueError" else {"value": one} for _, one in cases]
    part = {
        "name": "it holds",
        "points": 2,
        "rel_tol": rel_tol,
        "cases": [
            {"args": args, "expected": one} for (args, _), one in zip(cases, expected, strict=True)
        ],
    }
    return {
        "name": "f",
        "title": "A title",
        "points_here": 2,
        "points_later": later,
        "units": units,
        "properties": [part],
        "mistakes": [{"diagnosis": text, "outcomes": ones} for text, ones in mistakes],
    }


def read(answer, described):
    cases = described["properties"][0]["cases"]
    return report("00.9", described, [outcome(answer, case["args"]) for case in cases])


def test_a_right_answer():
    assert read(lambda x: 2 * x, exercise(([3], 6), later=3)) == (
        "00.9 A title\n"
        "  ✓ it holds (2 points)\n"
        "So far 2 of 2. 2 of 5 points are checked here; 3 are checked by your teacher."
    )


def test_an_answer_not_given():
    assert "Not answered yet: f(…) gives None" in read(lambda x: None, exercise(([3], 6)))
    assert "Not answered yet: f(…) gives None" in read(None, exercise(([3], 6)))
    assert "Not answered yet: `f` is still empty" in read(..., exercise((None, 6)))


@pytest.mark.parametrize(
    ("answer", "wanted", "words"),
    [
        (lambda x: math.nan, 6, "NaN is not a number"),
        (lambda x: "6", 6, "f(3) gave '6', which is text; a number is asked for."),
        (lambda x: 1, True, "which is a number; True or False is asked for."),
        (lambda x: [6], 6, "which is a list; a number is asked for."),
        (lambda x: [1, 2], [1, 2, 3], "gave [1, 2]; a list of 3 is asked for."),
        (lambda x: {"b": 1}, {"a": 1}, "a dict with the keys 'a' is asked for."),
        (lambda x: {"a": 2.5}, {"a": 1}, "f(3)['a'] gave 2.5, expected 1."),
        (lambda x: 6e3, 6.0, "Exactly 10**3 times too large"),
        (lambda x: 6e-9, 6.0, "Exactly 10**9 times too small"),
        (lambda x: 600, 6.0, "per cent against a share of 1?"),
        (lambda x: 12, 6.0, "Exactly 2 times too large"),
        (lambda x: 1, 6.0, "Exactly 6 times too small"),
        (lambda x: 6 * 86_400, 6.0, "86,400 times too large: seconds against days?"),
        (lambda x: 6e9 / 2**30, 6.0, "GB (1e9 bytes) against GiB"),
        (lambda x: -6, 6.0, "Only the sign is wrong."),
        (lambda x: 1 / 0, 6, "f(3) stopped with ZeroDivisionError: division by zero. Expected 6."),
        (lambda x, y: 6, 6, "f(3) stopped with TypeError"),
        (lambda x: x / 0, "ValueError", "A ValueError that says what is wrong is asked for."),
        (lambda x: 6, "ValueError", "f(3) gave 6; it should raise ValueError."),
        (lambda x: print, 6, "Is a pair of brackets missing"),
        (lambda x: torch.tensor(6.0), 6, "gave a Tensor; plain numbers, text, lists or dicts"),
        (6, 6, "`f` should be a function, and is 6."),
        (
            lambda x: 6.0001,
            6.0,
            "f(3) gave 6.0001, expected 6.0: that is 0.0017 % off, and 0.0001 % is allowed.",
        ),
        (lambda x: 6.01, 6.0, "f(3) gave 6.01, expected 6: that is 0.17 % off, and 0.0001 % is"),
    ],
)
def test_each_slip_is_met_with_words_of_its_own(answer, wanted, words):
    text = read(answer, exercise(([3], wanted)))
    assert words in " ".join(text.split())
    assert "✗ not yet: it holds" in text
    assert "So far 0 of 2." in text


@pytest.mark.parametrize(("got", "want"), [(1e300, 1e-300), (5e-324, 1.0), (0, 6), (6, 0)])
def test_an_extreme_number_gives_no_hint_and_no_trouble(got, want):
    text = read(lambda x: got, exercise(([3], want)))
    assert "✗ not yet: it holds" in text
    assert "times too" not in text


def test_a_factor_is_no_hint_where_the_exercise_has_no_such_unit():
    answers = [lambda x, by=by: 6.0 * by for by in (2, 8, 24, 100, 1e3)]
    for answer in answers:
        assert "times too" not in read(answer, exercise(([3], 6.0), units=()))
    hours = exercise(([3], 6.0), units=["time"])
    assert [("times too" in read(one, hours)) for one in answers] == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_only_a_constant_factor_is_a_hint():
    described = exercise(([1], 6.0), ([2], 12.0))
    assert "6 times" in read(lambda x: x, described)
    assert "times too" not in read(lambda x: x * x, described)


@pytest.mark.parametrize("tolerance", [1e-6, 1e-3, 0.1])
def test_a_factor_is_exact_however_generous_the_property_is(tolerance):
    described = exercise(([3], 6.0), rel_tol=tolerance)
    assert "Exactly 2 times too large" in read(lambda x: 12.0, described)
    assert "times too" not in read(lambda x: 12.02, described)


def test_a_value_that_was_rounded_or_read_off_a_plot_has_no_exact_factor():
    gib_for_gb = 5.684e9 / 2**30
    assert "GB (1e9 bytes) against GiB" in read(gib_for_gb, exercise((None, 5.684)))
    for answer in (gib_for_gb, 5.3, 2 * 5.684):
        text = read(answer, exercise((None, 5.684), rel_tol=0.007))
        assert text.splitlines()[2].strip() == f"f is {answer:.4g}."


@pytest.mark.parametrize("answer", [2, 2.0, -1, 6])
def test_a_place_in_a_list_is_not_some_times_too_large(answer):
    text = " ".join(read(lambda x: {"best": answer}, exercise(([3], {"best": 1}))).split())
    assert f"f(3)['best'] gave {answer:.4g}, expected 1. So far" in text


def test_how_far_off_is_not_said_where_the_mistake_is_known():
    described = exercise(([3], 6.0), mistakes=[("Rounded.", [{"value": 6.01}])])
    text = read(lambda x: 6.01, described)
    assert "Rounded." in text
    assert "% off" not in text


def test_the_answer_of_a_value_exercise_is_not_given_away():
    text = read(41.5, exercise((None, 5.684)))
    assert "f is 41.5." in text
    assert "5.68" not in text


def test_a_known_mistake_is_told_instead_of_a_factor():
    text = read(lambda x: x, exercise(([1], 6), mistakes=[("No six?", [{"value": 1.0}])]))
    assert "No six?" in text
    assert "times too" not in text


def test_a_mistake_must_explain_every_failed_case_of_a_property():
    mistakes = [("Right only once.", [{"value": 1}, {"value": 4}])]
    described = exercise(([1], 6), ([2], 12), mistakes=mistakes)
    assert "Right only once." not in read(lambda x: x, described)
    assert "Right only once." in read(lambda x: x * x, described)


def test_an_exception_alone_is_too_little_to_name_a_mistake():
    """float("13B") raises ValueError as the document's function does at "70b", and much earlier."""
    cases = (["13B"], 13e9), (["350M"], 350e6), (["1.4T"], 1.4e12)
    described = exercise(*cases, (["70b"], 70e9))
    outcomes = [*({"value": value} for _, value in cases), {"raises": "ValueError"}]
    described["mistakes"] = [{"diagnosis": "Capitals only.", "outcomes": outcomes}]
    only_lower = [*outcomes[:3], {"raises": "ValueError", "message": "x"}]
    always = [{"raises": "ValueError", "message": "x"}] * 4
    last = described["properties"][0]["cases"].pop()
    described["properties"].append(
        {"name": "small letters", "points": 1, "rel_tol": 1e-6, "cases": [last]}
    )
    assert verdicts(described, only_lower)[1]["diagnosis"] == "Capitals only."
    assert verdicts(described, always)[1]["diagnosis"] is None


def test_a_missing_return_on_one_way_is_shown():
    text = read(lambda x: x * 6 if x > 1 else None, exercise(([1], 6), ([2], 12)))
    assert "f(1) gave None; a number is asked for." in text


def test_of_two_mistakes_the_one_that_fits_the_whole_exercise_is_told():
    described = exercise(
        ([1], 6),
        mistakes=[
            ("Fits this case only.", [{"value": 1}, {"value": 0}]),
            ("Fits both.", [{"value": 1}, {"value": 12}]),
        ],
    )
    other = {"name": "then", "points": 1, "rel_tol": 1e-6}
    described["properties"].append({**other, "cases": [{"args": [2], "expected": {"value": 12}}]})
    first = verdicts(described, [{"value": 1}, {"value": 12}])[0]
    assert first["diagnosis"] == "Fits both."


@given(answer=plain_data, wanted=plain_data)
def test_no_plain_answer_breaks_the_report(answer, wanted):
    text = read(lambda x: answer, exercise(([3], wanted)))
    assert text.startswith("00.9 A title\n")
    assert all(len(line) <= 96 for line in text.splitlines()[:-1])


def test_the_check_reads_the_folder_it_runs_in(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check("00.9", 6)
    assert "checks.json is not beside this notebook" in capsys.readouterr().out
    (tmp_path / "checks.json").write_text("[", encoding="utf-8")
    check("00.9", 6)
    assert "is damaged" in capsys.readouterr().out
    (tmp_path / "checks.json").write_text(
        json.dumps({"00.9": exercise((None, 6))}), encoding="utf-8"
    )
    check("00.8", 6)
    assert "There is no exercise '00.8' here, only 00.9." in capsys.readouterr().out
    check("00.9", 6)
    assert "✓ it holds" in capsys.readouterr().out


@pytest.mark.parametrize(
    "one",
    [
        {"value": 123.4},
        {"value": None},
        {"not_plain": "a set"},
        {"missing": True},
        {"raises": "ValueError", "message": "the arguments were 77 and 88"},
        {"raises": "Arguments7788", "message": "7788"},
    ],
)
def test_of_a_hidden_case_nothing_is_told_but_what_kind_of_thing_came(one):
    case = {"args": [77, 88], "expected": {"value": 99.5}}
    text = hidden_sentence("f", {"failed": [(case, one, 1e-6)]})
    assert not any(digits in text for digits in ("77", "88", "99", "123"))


def test_numbers_are_shown_as_python_reads_them():
    assert [shown(one) for one in (1.75e11, 16, 10**9, 0.4, "70b", [1, 2.5], {"GB": 14.0})] == [
        "1.75e+11",
        "16",
        "1e+09",
        "0.4",
        "'70b'",
        "[1, 2.5]",
        "{'GB': 14}",
    ]
    assert len(shown(list(range(1000)))) <= 60


# --- points by key, and what explains a mistake ---------------------------------------------------


def by_key(mistakes=()):
    """Two cases of a dict with the keys a and b, a point for a and two for b; and a refusal."""
    wanted = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    cases = [
        {"args": [number], "expected": {"value": value}} for number, value in enumerate(wanted)
    ]
    refusal = {"args": [-1], "expected": {"raises": "ValueError"}}
    return {
        "name": "f",
        "title": "A title",
        "points_here": 4,
        "points_later": 0,
        "properties": [
            {"name": "both", "points": 3, "keys": {"a": 1, "b": 2}, "rel_tol": 0, "cases": cases},
            {"name": "refused", "points": 1, "rel_tol": 0, "cases": [refusal]},
        ],
        "mistakes": [{"diagnosis": text, "outcomes": ones} for text, ones in mistakes],
    }


def given(*values, last="ValueError"):
    """Outcomes of an answer to `by_key`: two values, and what it did when it should refuse."""
    end = {"raises": last} if isinstance(last, str) else {"value": last}
    return [*({"value": value} for value in values), end]


A, B = {"a": 1, "b": 2}, {"a": 3, "b": 4}


@pytest.mark.parametrize(
    ("values", "earned", "right"),
    [
        ((A, B), 3, ["a", "b"]),
        ((A, {"a": 3, "b": 0}), 1, ["a"]),
        ((A, {"a": 0, "b": 4}), 2, ["b"]),
        (({"a": 1}, {"a": 3}), 1, ["a"]),
        (({"a": 0, "b": 2}, {"a": 3, "b": 0}), 0, []),
        ((A | {"c": 5}, B), 0, []),  # a key too many, and it is not the dict that was asked for
        (([1, 2], [3, 4]), 0, []),
        ((None, B), 0, []),
    ],
)
def test_each_key_earns_its_own_points(values, earned, right):
    verdict, refusal = verdicts(by_key(), given(*values))
    assert (verdict["earned"], verdict["right_keys"]) == (earned, right)
    assert verdict["held"] == (earned == 3)
    assert refusal["earned"] == 1
    text = " ".join(report("00.9", by_key(), given(*values)).split())
    assert f"So far {earned + 1} of 4." in text
    assert (f"{earned} of 3 points; right: {', '.join(right)}" in text) == (0 < earned < 3)


def test_a_mistake_explains_a_key_only_when_it_gives_it_in_every_case():
    squared = ("You square b.", given({"a": 1, "b": 4.5}, {"a": 3, "b": 8.5}))
    told = [
        verdicts(by_key([squared]), given(*values))[0]["diagnosis"]
        for values in (
            ({"a": 1, "b": 4.5}, {"a": 3, "b": 8.5}),  # that mistake
            ({"a": 9, "b": 4.5}, {"a": 9, "b": 8.5}),  # and another besides: b is explained
            ({"a": 1, "b": 4.5}, {"a": 3, "b": 9.5}),  # alike in one case: by chance
            (A, {"a": 3, "b": 8.5}),  # right where the mistake is wrong
        )
    ]
    assert told == ["You square b.", "You square b.", None, None]


@pytest.mark.parametrize("wrong", [0, 7, True, "seen", math.inf, [0, 3]])
def test_what_many_mistakes_share_explains_no_key_alone(wrong):
    mistake = ("It is b.", given({"a": 1, "b": wrong}, {"a": 3, "b": wrong}))
    alone = given({"a": 1, "b": wrong}, {"a": 3, "b": wrong})
    with_another = given({"a": 9, "b": wrong}, {"a": 9, "b": wrong})
    assert verdicts(by_key([mistake]), alone)[0]["diagnosis"] == "It is b."
    assert verdicts(by_key([mistake]), with_another)[0]["diagnosis"] is None


def test_two_mistakes_that_fit_alike_explain_nothing():
    values = ({"a": 1, "b": 4}, {"a": 3, "b": 8})
    one, other = (("One.", given(*values)), ("Other.", given(*values)))
    assert verdicts(by_key([one]), given(*values))[0]["diagnosis"] == "One."
    assert verdicts(by_key([one, other]), given(*values))[0]["diagnosis"] is None
    unguarded = ("Other.", given(*values, last={"a": 0, "b": 0}))  # told apart by the refusal
    assert verdicts(by_key([one, unguarded]), given(*values))[0]["diagnosis"] == "One."


def test_a_missing_refusal_is_explained_by_a_mistake_that_is_right_elsewhere():
    unguarded = ("You refuse nothing.", given(A, B, last={"a": 0, "b": 0}))
    all_wrong = ("All is 0.", given({"a": 0, "b": 0}, {"a": 0, "b": 0}, last={"a": 0, "b": 0}))
    described = by_key([unguarded, all_wrong])
    assert verdicts(described, given(A, B, last={"a": 0, "b": 0}))[1]["diagnosis"] == (
        "You refuse nothing."
    )
    assert verdicts(described, given(A, B, last="TypeError"))[1]["diagnosis"] is None


def test_a_mistake_that_gives_nan_is_recognised():
    nan = {"a": math.nan, "b": 2}
    described = by_key([("0/0.", given(nan, {"a": 3, "b": 4}))])
    verdict = verdicts(described, given(nan, B))[0]
    assert verdict["diagnosis"] == "0/0."
    assert verdict["right_keys"] == ["b"]


# --- own code, endless loops ----------------------------------------------------------------------


def test_the_courses_own_code_is_seen_however_it_comes():
    import course.scaling as whole_package
    from course.accounting import training_run
    from course.evidence import fact

    def imports():
        from course.scaling import CHINCHILLA

        return CHINCHILLA

    def calls_a_global():
        return training_run

    def own(x):
        return fact(x)  # for everyone

    namespace = {"package": whole_package, "_helper": imports, "training_run": training_run}
    exec("def through_a_module(): return package.CHINCHILLA", namespace)
    exec("def nested(): return [(lambda: training_run)() for _ in range(2)]", namespace)
    exec("def through_a_helper(): return _helper()", namespace)
    assert borrowed(training_run) == "training_run"
    assert borrowed(imports) == "course.scaling"
    assert borrowed(namespace["through_a_module"]) == "course.scaling"
    assert borrowed(namespace["nested"]) == "training_run"
    assert borrowed(namespace["through_a_helper"]) == "course.scaling"
    assert [borrowed(one) for one in (own, len, 3, None, lambda x: borrowed, np.mean)] == [None] * 6
    described = exercise(([3], 6)) | {"own": True}
    text = report("00.9", described, outcomes(imports, [[3]], own=True))
    assert "`f` uses `course.scaling` of the course; your own code is asked for." in text
    assert outcomes(imports, [[]], own=False)[0] != {"borrowed": "course.scaling"}


def test_an_endless_loop_ends_with_a_sentence_and_leaves_no_thread():
    def endless(x):
        while x:
            pass
        return 6

    before = threading.active_count()
    found = outcomes(endless, [[0], [1], [2]], seconds=0.2)
    assert found == [{"value": 6}, {"timed_out": 0.2}, {"timed_out": 0.2}]
    assert threading.active_count() == before
    text = report("00.9", exercise(([1], 6)), found[1:2])
    assert "f(1) was stopped after 0.2 s: does a loop never end?" in text
    assert TIME_LIMIT == 20
    time.sleep(0.01)  # no interrupt comes late


def test_a_loop_that_heeds_no_interrupt_at_first_is_interrupted_again():
    def deaf(x):
        times = []
        while len(times) < 2:
            try:
                while True:
                    pass
            except KeyboardInterrupt:
                times.append(1)
        raise KeyboardInterrupt

    assert outcomes(deaf, [[1]], seconds=0.1) == [{"timed_out": 0.1}]


def test_the_learners_own_interrupt_is_not_swallowed():
    def stopped(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcomes(stopped, [[1]], seconds=5)


def test_another_thread_has_no_time_limit_and_no_trouble():
    found = []
    thread = threading.Thread(target=lambda: found.extend(outcomes(lambda x: 6, [[1]])))
    thread.start()
    thread.join()
    assert found == [{"value": 6}]


def test_where_the_courses_code_is_allowed_the_check_says_that_it_was_used(
    tmp_path, monkeypatch, capsys
):
    from course.scaling import perplexity

    def uses_it(x):
        return perplexity(x) * 0 + 6

    described = exercise(([3], 6))
    (tmp_path / "checks.json").write_text(json.dumps({"00.9": described}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    check("00.9", uses_it)
    printed = capsys.readouterr().out
    assert "✓ it holds" in printed
    assert "(It uses `perplexity` of the course; this exercise allows it.)" in printed
    check("00.9", lambda x: 6)
    assert "of the course" not in capsys.readouterr().out


def test_an_object_of_the_course_and_an_empty_closure_do_not_stop_the_check():
    from course.scaling import BESIROGLU_2024

    def made():
        def answer(x):
            return later(x)

        found = borrowed(answer)
        later = abs
        return found, later

    assert borrowed(BESIROGLU_2024) == "ChinchillaLaw"
    assert made() == (None, abs)
