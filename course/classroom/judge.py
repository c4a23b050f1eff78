"""What decides the points of an exercise: named properties, known mistakes, and the verdict.

solutions/judges/SET.py holds `EXERCISES`, a list of `Exercise`. A part of it, as plain data, goes
into the checks.json that a learner receives (`describe`). A grader sends `requests` to a process
that has run the learner's notebook, gets plain answers back from `collect` there, and decides here
(`grade`): no object of the learner's comes near the expected values.
"""

import importlib.util
import inspect
import textwrap
from dataclasses import dataclass
from pathlib import Path

from course.classroom.check import (
    RATIOS,
    TIME_LIMIT,
    NotPlain,
    hidden_sentence,
    holds,
    outcome,
    outcomes,
    plain,
    sentence,
    verdicts,
)

_KEYS = ("value", "raises", "not_plain", "not_function", "borrowed", "timed_out")


@dataclass(frozen=True)
class Case:
    """A call whose result is typed from a source, not computed by the reference."""

    args: tuple
    value: object


@dataclass(frozen=True)
class Property:
    """What must hold, as a sentence a learner reads. All its cases must hold to earn its points.

    Attributes:
        name: the sentence.
        points: a whole number; or, where the answer is a dict, {key: points}, so that each key
            that is right in all cases earns its own.
        cases: each a tuple of arguments (the reference says what is right: a value or a
            ValueError), a `Case`, or None where the answer is a value.
        hidden: whether only the judge has it.
        rel_tol: how far numbers may lie apart, relative to the right one.
    """

    name: str
    points: int | dict
    cases: tuple = (None,)
    hidden: bool = False
    rel_tol: float = 1e-6

    @property
    def total(self):
        """The points of the property."""
        return sum(self.points.values()) if isinstance(self.points, dict) else self.points


@dataclass(frozen=True)
class Wrong:
    """A known wrong answer, and what went wrong: one or two sentences addressed to the learner.

    `answer` is a function or a value; or, where the reference is a function, its mistake as edits
    of the reference, {old text: new text}. Each old text must stand in the reference exactly once.
    """

    answer: object
    diagnosis: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        id: such as "04.2".
        name: the learner's function or variable.
        title: the exercise's heading.
        minutes: how long it takes.
        difficulty: 1, 2 or 3.
        reference: a right answer.
        properties: what must hold, each a `Property`.
        wrong: known wrong answers, each a `Wrong`.
        right: right answers written differently; functions, edits of the reference, or values.
        units: keys of `check.RATIOS`: which constant factors between what came and what was wanted
            are worth a hint here.
        own: whether an answer that uses the course's own functions is refused.
        equivalent: {mutant: reason} of the reference's mutants that no case can tell from it, see
            `course.classroom.mutants`.
    """

    id: str
    name: str
    title: str
    minutes: int
    difficulty: int
    reference: object
    properties: tuple
    wrong: tuple
    right: tuple = ()
    units: tuple = ()
    own: bool = False
    equivalent: dict | None = None

    def __post_init__(self):
        if unknown := set(self.units) - RATIOS.keys():
            raise ValueError(f"units must be among {', '.join(RATIOS)}, got {sorted(unknown)}")
        wrong = tuple(Wrong(self._answer(one.answer), one.diagnosis) for one in self.wrong)
        object.__setattr__(self, "wrong", wrong)
        object.__setattr__(self, "right", tuple(map(self._answer, self.right)))

    def _answer(self, answer):
        edits = callable(self.reference) and isinstance(answer, dict)
        return edited(self.reference, answer) if edits else answer

    @property
    def points(self):
        return sum(part.total for part in self.properties)

    @property
    def badge(self):
        """The line under the exercise's title: difficulty, minutes, points."""
        stars = "★" * self.difficulty + "☆" * (3 - self.difficulty)
        return f"{stars} · {self.minutes} minutes · {self.points} points"


def source(answer):
    """The source of an answer: of a function in a judge, or of one made by `edited`."""
    return getattr(answer, "edited_source", None) or textwrap.dedent(inspect.getsource(answer))


def edited(function, edits):
    """The function whose source is that of `function` with each old text replaced by its new one.

    Raises ValueError where an old text does not stand exactly once, or where nothing changes.
    """
    text = source(function)
    for old, new in edits.items():
        if text.count(old) != 1:
            raise ValueError(
                f"edits of {function.__name__}: {old!r} must stand exactly once, "
                f"and stands {text.count(old)} times"
            )
        text = text.replace(old, new)
    if text == source(function):
        raise ValueError(f"edits of {function.__name__} must change something, got {edits!r}")
    return compiled(text, function)


def compiled(text, function):
    """The function that `text` defines, among the globals of `function` and under its name."""
    namespace = dict(function.__globals__)
    exec(compile(text, f"<an edit of {function.__name__}>", "exec"), namespace)
    made = namespace[function.__name__]
    made.edited_source = text
    return made


def load(path):
    """The exercises of a judge file, by id."""
    spec = importlib.util.spec_from_file_location(f"judge_{Path(path).stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {exercise.id: exercise for exercise in module.EXERCISES}


def describe(exercise, *, hidden):
    """An exercise as the plain data that `verdicts` reads; the hidden properties only when asked.

    A mistake that the cases described cannot tell from a right answer is left out. What is given
    is kept, so leave it as it is.
    """
    known = exercise.__dict__.setdefault("_described", {})
    if hidden not in known:
        known[hidden] = _describe(exercise, hidden)
    return known[hidden]


def _describe(exercise, hidden):
    parts = [part for part in exercise.properties if hidden or not part.hidden]
    calls = [_arguments(case) for part in parts for case in part.cases]
    later = 0 if hidden else exercise.points - sum(part.total for part in parts)
    properties = [
        {
            "name": part.name,
            "points": part.total,
            **({"keys": part.points} if isinstance(part.points, dict) else {}),
            "rel_tol": part.rel_tol,
            "cases": [
                {"args": _arguments(case), "expected": _expected(exercise, case)}
                for case in part.cases
            ],
        }
        for part in parts
    ]
    for part in properties:
        for case in part["cases"] if "keys" in part else ():
            value = case["expected"].get("value")
            if not isinstance(value, dict) or value.keys() != part["keys"].keys():
                raise ValueError(
                    f"{exercise.id}, {part['name']!r}: points by key ask for a dict with the keys "
                    f"{', '.join(part['keys'])} in every case, got {case['expected']}"
                )
    right = [case["expected"] for part in properties for case in part["cases"]]
    mistakes = [
        {"diagnosis": wrong.diagnosis, "outcomes": [_tidy(wrong.answer, args) for args in calls]}
        for wrong in exercise.wrong
    ]
    tolerances = [part.rel_tol for part in parts for _ in part.cases]
    return {
        "name": exercise.name,
        "title": exercise.title,
        "points_here": exercise.points - later,
        "points_later": later,
        **({"units": list(exercise.units)} if exercise.units else {}),
        **({"own": True} if exercise.own else {}),
        "properties": properties,
        "mistakes": [
            mistake
            for mistake in mistakes
            if not all(map(holds, mistake["outcomes"], right, tolerances))
        ],
    }


def requests(exercises):
    """What `collect` must know, as plain data: by id, the name and the arguments of every case."""
    return {
        key: {
            "name": exercise.name,
            "own": exercise.own,
            "calls": [_arguments(case) for part in exercise.properties for case in part.cases],
        }
        for key, exercise in exercises.items()
    }


def collect(namespace, wanted, seconds=TIME_LIMIT):
    """The outcomes of a learner's answers, found by name in a namespace that ran the notebook.

    `wanted` is what `requests` gave; an answer that runs for longer than `seconds` is interrupted.
    Returns plain data: by exercise id, one outcome for each call.
    """
    return {
        key: outcomes(namespace[one["name"]], one["calls"], own=one["own"], seconds=seconds)
        if one["name"] in namespace
        else [{"missing": True}] * len(one["calls"])
        for key, one in wanted.items()
    }


def grade(exercises, answers):
    """The points, by exercise and property, with a sentence for each property that does not hold.

    `answers` is what `collect` gave, come through JSON; nothing in it is trusted to be so. What is
    said of a hidden property names neither its arguments nor its values.
    """
    marks = {}
    for key, exercise in exercises.items():
        given = answers.get(key) if isinstance(answers, dict) else None
        cases = [case for part in exercise.properties for case in part.cases]
        if not isinstance(given, list) or len(given) != len(cases):
            given = [None] * len(cases)
        judged = verdicts(describe(exercise, hidden=True), [_cleaned(one) for one in given])
        parts = [
            {
                "name": part.name,
                "hidden": part.hidden,
                "points": verdict["earned"],
                "of": part.total,
                "right_keys": verdict["right_keys"],
                "why": None if verdict["held"] else _why(exercise, part, verdict),
                "diagnosis": verdict["diagnosis"],
            }
            for part, verdict in zip(exercise.properties, judged, strict=True)
        ]
        points = sum(part["points"] for part in parts)
        marks[key] = {"points": points, "of": exercise.points, "properties": parts}
    total = sum(mark["points"] for mark in marks.values())
    of = sum(mark["of"] for mark in marks.values())
    return {"points": total, "of": of, "exercises": marks}


def _arguments(case):
    args = case.args if isinstance(case, Case) else case
    return None if args is None else plain(args)


def _expected(exercise, case):
    if isinstance(case, Case):
        return {"value": _rounded(plain(case.value))}
    return _tidy(exercise.reference, _arguments(case))


def _tidy(answer, args):
    """An outcome that is the same on every machine: 12 digits, no message."""
    one = outcome(answer, args)
    one.pop("message", None)
    return {"value": _rounded(one["value"])} if "value" in one else one


def _rounded(value):
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _cleaned(one):
    """An outcome with one known key and plain data in it, whatever came."""
    known = [key for key in _KEYS if isinstance(one, dict) and key in one]
    if len(known) != 1:
        return {"missing": True}
    if known == ["value"]:
        try:
            return {"value": plain(one["value"])}
        except NotPlain as error:
            return {"not_plain": str(error)}
    return {known[0]: str(one[known[0]])[:200], "message": str(one.get("message", ""))[:200]}


def _why(exercise, part, verdict):
    if part.hidden:
        return hidden_sentence(exercise.name, verdict)
    return sentence(exercise.name, verdict, exercise.units)
