"""Mutants of the model answers: made by rule, and each killed by some case or explained."""

import signal

import pytest

from course.classroom import judge, mutants, release
from course.classroom.judge import Exercise, Property, Wrong

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGVTALRM"), reason="a mutant's endless loop is ended by a Unix timer"
)


def clipped(values, low, high):
    import math

    if low > high:
        raise ValueError("low must not be above high")
    while len(values) > 9:
        values = values[1:]
    kept = sorted(one for one in values if low <= one <= high and one != 5)
    return {"first": kept[0], "log": math.ceil(math.log(max(kept, key=abs) * 2 - 1))}


def exercise(*cases, hidden=(), equivalent=None):
    properties = (Property("seen", 1, cases), Property("unseen", 1, hidden, hidden=True))
    return Exercise(
        "99.1", "clipped", "Clipped", 3, 1, clipped, properties[: 1 + bool(hidden)], (),
        equivalent=equivalent,
    )  # fmt: skip


FIRST = ([3, 1, 2, 40], 1, 100)


def test_each_rule_makes_its_mutants():
    made = mutants.mutants(exercise(FIRST))
    for key in (
        "low > high → low >= high",
        "if low > high: → nothing",
        "len(values) > 9 → len(values) >= 9",
        "9 → 10",
        "low <= one <= high → low < one <= high",
        "low <= one <= high → low <= one",
        "low <= one <= high → one <= high",
        "low <= one <= high and one != 5 → low <= one <= high or one != 5",
        "low <= one <= high and one != 5 → one != 5",
        "sorted((one for one in values if low <= one <= high and one != 5)) → "
        "sorted((one for one in values if low <= one <= high and one != 5), reverse=True)",
        "math.ceil(math.log(max(kept, key=abs) * 2 - 1)) → "
        "math.floor(math.log(max(kept, key=abs) * 2 - 1))",
        "math.log(max(kept, key=abs) * 2 - 1) → math.log10(max(kept, key=abs) * 2 - 1)",
        "max(kept, key=abs) → max(reversed(list(kept)), key=abs)",
        "max(kept, key=abs) * 2 → max(kept, key=abs)",
        "max(kept, key=abs) * 2 - 1 → 1 - max(kept, key=abs) * 2",
        "0 → 1",
        "low → 1 typed in",
        "high → 100 typed in",
    ):
        assert key in made, sorted(made)
    assert made["low > high → low >= high"]([1, 2], 0, 3) == clipped([1, 2], 0, 3)
    with pytest.raises(ValueError, match="low must"):
        made["low > high → low >= high"]([1], 1, 1)
    assert made["low → 1 typed in"]([0, 2], 0, 9)["first"] == 2


def test_a_value_has_no_mutants():
    value = Exercise("99.2", "x", "X", 1, 1, 3.0, (Property("x", 1),), (Wrong(4.0, "No."),))
    assert mutants.mutants(value) == {}
    assert mutants.survivors(value) == (0, [])


def test_a_case_kills_what_it_tells_apart_hidden_or_not():
    key = "low > high → low >= high"
    assert key in mutants.survivors(exercise(FIRST))[1]
    assert key not in mutants.survivors(exercise(FIRST, ([1, 2], 1, 1)))[1]
    assert key not in mutants.survivors(exercise(FIRST, hidden=(([1, 2], 1, 1),)))[1]


def test_an_endless_loop_is_killed(monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 0.2)
    long = ([1] * 12, 1, 100)
    alive = mutants.survivors(exercise(FIRST, long))[1]
    assert "values[1:] → values[0:]" not in alive
    assert "1 → 0" not in alive  # values[0:] for values[1:] never gets shorter


@pytest.mark.parametrize("name", release.sets())
def test_every_mutant_is_killed_or_explained(name):
    _, _, _, alive, stale = mutants.report(name)
    assert alive == []
    assert stale == []


@pytest.mark.parametrize("name", release.sets())
def test_a_reason_says_why(name):
    for one in judge.load(release.ROOT / f"solutions/judges/{name}.py").values():
        assert all(len(reason) > 15 for reason in (one.equivalent or {}).values())
