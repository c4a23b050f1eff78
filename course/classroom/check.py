"""The check under an exercise: what holds, what does not, and what may have gone wrong.

`check("00.1", training_flops)` reads checks.json, which lies beside the notebook, calls the
learner's function on the visible cases and prints a line for each named property. Where the answer
is a known mistake, it says which. The judge (course.classroom.judge) decides with the same
functions and with more cases.

An *outcome* is what an answer gave for one case, as plain data with one of these keys:
`value`; `raises` (with `message`); `not_plain`; `not_function`; `borrowed`, where the exercise asks
for the learner's own code and the answer uses the course's; `timed_out`; `missing`.
"""

import _thread
import builtins
import dis
import inspect
import json
import math
import numbers
import textwrap
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

_MOST_VALUES, _DEEPEST, _LONGEST_TEXT = 100_000, 20, 10_000
TIME_LIMIT = 20  # seconds for all cases of one exercise
_EXACT = 1e-3  # how near to a telling factor a ratio must lie
_LOST = "Exactly {} times too {{}}: look for a factor that is there twice, or missing."
# A constant factor tells where to look only in an exercise that has such units: see Exercise.units.
RATIOS = {
    "bytes": (
        (8, "Exactly 8 times too {}: bits against bytes?"),
        (2.0**30 / 1e9, "7.4 % too {}: GB (1e9 bytes) against GiB (2**30 bytes)?"),
    ),
    "share": ((100, "Exactly 100 times too {}: per cent against a share of 1?"),),
    "time": (
        (24, "Exactly 24 times too {}: hours against days?"),
        (60, "Exactly 60 times too {}: seconds, minutes or hours?"),
        (3_600, "Exactly 3,600 times too {}: seconds against hours?"),
        (86_400, "Exactly 86,400 times too {}: seconds against days?"),
    ),
    "factor": tuple((factor, _LOST.format(factor)) for factor in (2, 3, 6)),
    "prefix": tuple(
        (10.0**power, f"Exactly 10**{power} times too {{}}: a prefix such as k, M, G, T or P?")
        for power in (3, 6, 9, 12, 15)
    ),
}


def check(exercise_id, answer):
    """Print what holds of `answer` in the visible checks of an exercise. Never raises for a wrong
    answer, a broken one or one not given yet.
    """
    try:
        exercises = json.loads(_checks_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        print("checks.json is not beside this notebook, or is damaged: fetch a fresh copy of the")
        print("exercise folder, and open the notebook from there.")
        return
    if exercise_id not in exercises:
        print(f"There is no exercise {exercise_id!r} here, only {', '.join(exercises)}.")
        return
    exercise = exercises[exercise_id]
    calls = [case["args"] for part in exercise["properties"] for case in part["cases"]]
    own = exercise.get("own", False)
    print(report(exercise_id, exercise, outcomes(answer, calls, own=own)))
    if not own and (name := borrowed(answer)):
        print(f"(It uses `{name}` of the course; this exercise allows it.)")


def _checks_file():
    """Beside the notebook; a notebook in solutions/ uses what was released to learners."""
    released = Path("../../exercises") / Path.cwd().name / "checks.json"
    return released if Path.cwd().parent.name == "solutions" else Path("checks.json")


def report(exercise_id, exercise, outcomes):
    """The text that `check` prints for an exercise (plain data) and the outcomes of its cases."""
    name, here, later = exercise["name"], exercise["points_here"], exercise["points_later"]
    end = f"{here} of {_points(here + later)} {'is' if here == 1 else 'are'} checked here; "
    end += f"{later} {'is' if later == 1 else 'are'} checked by your teacher."
    if not later:
        end = f"What is checked here is worth all {_points(here)}."
    lines = [f"{exercise_id} {exercise['title']}"]
    if all(one == {"value": None} for one in outcomes):
        call = f"{name}(…) gives None" if is_function(exercise) else f"`{name}` is still empty"
        lines.append(f"  Not answered yet: {call}.")
        if is_function(exercise):
            lines.append("  (If you have written something: does it end in `return`?)")
        return "\n".join([*lines, end])
    earned, told = 0, set()
    for verdict in verdicts(exercise, outcomes):
        earned += verdict["earned"]
        mark = "✓" if verdict["held"] else "✗ not yet:"
        worth = _points(verdict["points"])
        if verdict["right_keys"] and not verdict["held"]:
            right = ", ".join(verdict["right_keys"])
            worth = f"{verdict['earned']} of {worth}; right: {right}"
        lines += _wrapped(f"{mark} {verdict['name']} ({worth})", 2)
        why = (
            []
            if verdict["held"]
            else [
                sentence(name, verdict, exercise.get("units", ())),
                verdict["diagnosis"],
            ]
        )
        for text in why:
            if text and text not in told:
                lines += _wrapped(text, 6)
                told.add(text)
    return "\n".join([*lines, f"So far {earned} of {here}. {end}"])


def is_function(exercise):
    """Whether the answer is a function (its cases have arguments) and not a value."""
    return exercise["properties"][0]["cases"][0]["args"] is not None


def verdicts(exercise, outcomes):
    """What holds of an exercise (plain data), from one outcome per case, in order.

    Returns a dict per property:
        name, points: as in the exercise.
        earned: the points earned; part of them where the property gives points by `keys`.
        held: whether all cases hold.
        right_keys: of a property with `keys`, those that are right in every case.
        failed: (case, outcome, rel_tol) of each case that does not hold.
        diagnosis: the sentence on the known mistake that explains what came, or None.
    """
    cases = [(part, case) for part in exercise["properties"] for case in part["cases"]]
    right = [
        holds(one, case["expected"], part["rel_tol"])
        for one, (part, case) in zip(outcomes, cases, strict=True)
    ]
    result = []
    for part in exercise["properties"]:
        places = [i for i, (owner, _) in enumerate(cases) if owner is part]
        failed = [i for i in places if not right[i]]
        keys = [
            key
            for key in part.get("keys", ())
            if all(_holds_at(key, outcomes[i], cases[i]) for i in places)
        ]
        by_key = sum(part["keys"][key] for key in keys) if keys else 0
        result.append(
            {
                "name": part["name"],
                "points": part["points"],
                "earned": by_key if failed else part["points"],
                "held": not failed,
                "right_keys": keys,
                "failed": [(cases[i][1], outcomes[i], part["rel_tol"]) for i in failed],
                "diagnosis": _diagnosis(exercise["mistakes"], outcomes, cases, failed),
            }
        )
    return result


def _holds_at(key, one, part_and_case):
    """Whether an outcome, a dict with no key too many, is right at one of its keys."""
    part, case = part_and_case
    got, want = one.get("value"), case["expected"]["value"]
    if not isinstance(got, dict) or not got.keys() <= want.keys() or key not in got:
        return False
    return difference(got[key], want[key], part["rel_tol"]) is None


def _diagnosis(mistakes, outcomes, cases, failed):
    """The diagnosis of the one known mistake that explains the failed cases, or None.

    A mistake explains a wrong value when it gives what the answer gave in every case where a value
    is asked for, in the failed ones and in the others; a missing refusal, when it does so in every
    case. Where the answers are dicts, each key that is wrong is explained by itself, unless what
    came there are words, truth values or small counts only, which many mistakes share. Of several
    mistakes the one that agrees in most cases is taken; where two do, none is the explanation.
    """
    if not failed:
        return None
    wants_value = ["value" in case["expected"] for _, case in cases]
    keys = [None]
    if any(wants_value[i] for i in failed):
        first = next(i for i in failed if wants_value[i])
        want, got = cases[first][1]["expected"]["value"], outcomes[first].get("value")
        if isinstance(want, dict) and isinstance(got, dict) and want.keys() == got.keys():
            tolerance = cases[first][0]["rel_tol"]
            keys += [
                key
                for key in want
                if difference(got[key], want[key], tolerance)
                and any(
                    _telling(outcomes[i]["value"][key]) for i in failed if _has(outcomes[i], key)
                )
            ]
        scope = [i for i, asked in enumerate(wants_value) if asked]
    else:
        scope = range(len(cases))
    for key in keys:
        scored = []
        for mistake in mistakes:
            pairs = zip(outcomes, mistake["outcomes"], cases, strict=True)
            trios = [(_named_nan(a), _named_nan(b), part["rel_tol"]) for a, b, (part, _) in pairs]
            if all(_agree(*trios[i], key) for i in scope):
                scored.append((sum(holds(*trio) for trio in trios), mistake["diagnosis"]))
        best = [text for score, text in scored if score == max(scored)[0]]
        if len(best) == 1:
            return best[0]
    return None


def _has(one, key):
    return isinstance(one.get("value"), dict) and key in one["value"]


def _telling(data):
    """Whether plain data hold a number so particular that it comes from one mistake alone."""
    if isinstance(data, dict | list):
        return any(map(_telling, data.values() if isinstance(data, dict) else data))
    return _is_number(data) and math.isfinite(data) and (abs(data) >= 100 or data != int(data))


def _named_nan(data):
    """Plain data with "NaN" for NaN, so that a mistake that gives NaN agrees with itself."""
    if isinstance(data, dict):
        return {key: _named_nan(one) for key, one in data.items()}
    if isinstance(data, list):
        return [_named_nan(one) for one in data]
    return "NaN" if isinstance(data, float) and math.isnan(data) else data


def _agree(one, other, rel_tol, key):
    """Whether two outcomes agree, wholly where `key` is None, else at that key of their values."""
    if key is None:
        return holds(one, other, rel_tol)
    if not (_has(one, key) and _has(other, key)):
        return False
    return difference(one["value"][key], other["value"][key], rel_tol) is None


def holds(one, expected, rel_tol):
    """Whether an outcome is the expected one: the same kind of exception, or an agreeing value."""
    if "raises" in expected:
        return one.get("raises") == expected["raises"]
    if "value" in one and "value" in expected:
        return difference(one["value"], expected["value"], rel_tol) is None
    return False


def difference(got, want, rel_tol, where=""):
    """The first place where plain data `got` is not `want`: (where, got, want) there, or None.

    Numbers agree within rel_tol (of 1 where 0 is wanted); text, truth values and shapes agree only
    where they are the same; infinity agrees with itself alone, NaN with nothing.
    """
    if _is_number(got) and _is_number(want):
        near = math.isfinite(want) and abs(got - want) <= rel_tol * (abs(want) or 1)
        return None if near or got == want else (where, got, want)
    if isinstance(want, list) and isinstance(got, list) and len(got) == len(want):
        pairs = [(f"{where}[{i}]", *pair) for i, pair in enumerate(zip(got, want, strict=True))]
    elif isinstance(want, dict) and isinstance(got, dict) and got.keys() == want.keys():
        pairs = [(f"{where}[{_clip(repr(key))}]", got[key], want[key]) for key in want]
    else:
        return None if type(got) is type(want) and got == want else (where, got, want)
    found = (difference(one, other, rel_tol, place) for place, one, other in pairs)
    return next((one for one in found if one), None)


def outcomes(answer, calls, *, own=False, seconds=TIME_LIMIT):
    """The outcome of an answer for each of `calls` (lists of arguments, or None for a value).

    `own`: the answer must not use the course's own code. An answer that runs for longer than
    `seconds` in all is interrupted, as by Jupyter's stop button, and what is left not tried.
    """
    if own and (name := borrowed(answer)):
        return [{"borrowed": name}] * len(calls)
    found = []
    with _interrupt_after(seconds) as ended:
        try:
            for args in calls:
                found.append(outcome(answer, args))
        except KeyboardInterrupt:
            if not ended.is_set():
                raise
    return found + [{"timed_out": seconds}] * (len(calls) - len(found))


@contextmanager
def _interrupt_after(seconds):
    """Raise KeyboardInterrupt in the main thread after `seconds`, and again until it is heeded.

    Gives an Event that tells this interrupt from the learner's own. No thread is left behind.
    """
    ended, left = threading.Event(), threading.Event()

    def watch():
        wait = seconds
        while not left.wait(wait):
            ended.set()
            _thread.interrupt_main()
            wait = 1

    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        left.set()
        try:
            thread.join()
        except KeyboardInterrupt:  # it came while we were leaving
            if not ended.is_set():
                raise


def borrowed(answer):
    """The name of what a function uses of the course's own code, or None.

    Looks at imports and global names, in the functions it calls too; the registry of facts is for
    everyone. This is for honest learners: it is no defence against one who hides a call.
    """
    waiting, seen = [answer], set()
    while waiting:
        one = waiting.pop()
        if not _is_code(one):
            one = type(one)  # an object that a class of the course made
        if _is_course(getattr(one, "__module__", None) or one.__name__):
            return getattr(one, "__qualname__", one.__name__)
        if not inspect.isfunction(one) or one in seen:
            continue
        seen.add(one)
        codes, used = [one.__code__], []
        for cell in one.__closure__ or ():
            with suppress(ValueError):  # a cell that holds nothing yet
                used.append(cell.cell_contents)
        while codes:
            code = codes.pop()
            codes += [const for const in code.co_consts if inspect.iscode(const)]
            for step in dis.get_instructions(code):
                if step.opname == "IMPORT_NAME" and _is_course(step.argval):
                    return step.argval
            used += [one.__globals__.get(name) for name in code.co_names]
        waiting += filter(_is_code, used)
    return None


def _is_code(thing):
    return inspect.isroutine(thing) or inspect.isclass(thing) or inspect.ismodule(thing)


def _is_course(module):
    parts = str(module).split(".")
    return parts[0] == "course" and parts[1:2] not in (["evidence"], ["classroom"])


def outcome(answer, args):
    """What an answer gives for one case: `answer` itself where args is None, else answer(*args)."""
    try:
        if args is not None and answer is not None and answer is not ...:
            if not callable(answer):
                return {"not_function": shown(plain(answer))}
            answer = answer(*json.loads(json.dumps(args)))  # a copy that the learner may change
        return {"value": plain(answer)}
    except NotPlain as error:
        return {"not_plain": str(error)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
        return {"raises": kind, "message": _message(error)}


class NotPlain(Exception):
    """Says, as "a set" or "a function", what an answer holds that is not plain data."""


def plain(value):
    """`value` as JSON data: numbers, text, True, False, None, lists, dicts with text keys.

    numpy scalars and arrays become numbers and lists, tuples become lists, an answer not given
    (`...`) becomes None. Raises NotPlain for all else and for data too large or too deep.
    """
    return _plain(value, [_MOST_VALUES], 0)


def _plain(value, left, depth):
    left[0] -= value.size if isinstance(value, np.ndarray) else 1
    if left[0] < 0 or depth > _DEEPEST:
        raise NotPlain(f"more than {_MOST_VALUES:,} values, or lists nested too deep")
    if isinstance(value, np.ndarray):
        left[0] += value.size
        return _plain(value.tolist(), left, depth)
    if value is None or value is ...:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Real):
        if isinstance(value, numbers.Integral):
            if abs(int(value)) >= 2**1023:
                raise NotPlain("an integer of more than 300 digits")
            return int(value)
        return float(value)
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            raise NotPlain(f"a text of {len(value):,} characters")
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(one, left, depth + 1) for one in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotPlain("a dictionary whose keys are not all text")
        return {str(key): _plain(one, left, depth + 1) for key, one in value.items()}
    kind = "function" if callable(value) and not isinstance(value, type) else type(value).__name__
    raise NotPlain(f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}")


def sentence(name, verdict, units=()):
    """What came, and what was wanted, in the first failed case of a visible property; and a hint
    where the numbers give one, by the `units` of the exercise, and no known mistake explains them.
    """
    case, one, rel_tol = verdict["failed"][0]
    call, gave = name, "is"
    if case["args"] is not None:
        call, gave = f"{name}({', '.join(map(shown, case['args']))})", "gave"
    wanted = case["expected"]
    if "missing" in one:
        return f"There is no `{name}`."
    if "not_function" in one:
        return f"`{name}` should be a function, and is {one['not_function']}."
    if "borrowed" in one:
        return f"`{name}` uses `{one['borrowed']}` of the course; your own code is asked for."
    if "timed_out" in one:
        return f"{call} was stopped after {one['timed_out']} s: does a loop never end?"
    if "not_plain" in one:
        return _not_plain(f"{call} {gave}", one["not_plain"])
    if "raises" in one:
        if "raises" in wanted:
            wish = f" A {wanted['raises']} that says what is wrong is asked for."
        else:
            wish = f" Expected {shown(wanted['value'])}." if case["args"] is not None else ""
        return f"{call} stopped with {one['raises']}: {_stopped(one.get('message', ''))}{wish}"
    if "raises" in wanted:
        return f"{call} gave {shown(one['value'])}; it should raise {wanted['raises']}."
    where, got, want = difference(one["value"], wanted["value"], rel_tol)
    text = f"{call}{where} {gave} {shown(got)}"
    if got is None:
        return f"{text}; {_kind(want)} is asked for."
    if type(got) is not type(want) and not (_is_number(got) and _is_number(want)):
        return f"{text}, which is {_kind(got)}; {_kind(want)} is asked for."
    if isinstance(want, (list, dict)):
        return f"{text}; {_shape(want)} is asked for."
    if case["args"] is not None:  # the wanted value of a value exercise is the answer itself
        exactly = repr if shown(got) == shown(want) else shown
        text = f"{call}{where} gave {exactly(got)}, expected {exactly(want)}"
        off = abs(got / want - 1) if _is_number(got) and want else math.inf
        if off < 0.01 and not verdict["diagnosis"]:
            text += f": that is {100 * off:.2g} % off, and {100 * rel_tol:.2g} % is allowed"
    return f"{text}. {'' if verdict['diagnosis'] else _hint(verdict, units)}".rstrip()


def hidden_sentence(name, verdict):
    """Why a hidden property does not hold, without its arguments, its values or what was printed
    into an exception's message.
    """
    one = verdict["failed"][0][1]
    if "raises" in one:
        known = isinstance(getattr(builtins, str(one["raises"]), None), type)
        what = one["raises"] if known else "an exception"
        return f"`{name}` stopped with {what} where it should not, or with the wrong one."
    if "borrowed" in one:
        return f"`{name}` uses the course's own code; your own is asked for."
    if "timed_out" in one:
        return f"`{name}` was stopped after some time: does a loop never end?"
    if "value" in one and one["value"] is None:
        return f"`{name}` gave None."
    if "value" in one:
        return f"`{name}` gave a value that is not right, or one where it should refuse."
    return f"`{name}` gave no plain data, or is not there."


def shown(value):
    """Plain data as a short piece of Python: 1.75e+11, 'text', [1, 2, 3]."""
    if _is_number(value):
        if isinstance(value, int) and abs(value) < 10**6:
            return str(value)
        return f"{value:.4g}"
    if isinstance(value, list):
        inside = ", ".join(shown(one) for one in value[:6]) + (", …" if len(value) > 6 else "")
        return _clip(f"[{inside}]")
    if isinstance(value, dict):
        inside = ", ".join(f"{key!r}: {shown(one)}" for key, one in value.items())
        return _clip(f"{{{inside}}}")
    return _clip(repr(value))


def _hint(verdict, units):
    """A sentence on one constant factor between what came and what was wanted, or ""."""
    pairs = [
        difference(one["value"], case["expected"]["value"], rel_tol)[1:]
        for case, one, rel_tol in verdict["failed"]
        if "value" in one and "value" in case["expected"]
    ]
    if not all(_is_number(got) and _is_number(want) for got, want in pairs):
        return ""
    if any(isinstance(got, float) and math.isnan(got) for got, _ in pairs):
        return "NaN is not a number: 0/0, infinity − infinity or the like happened on the way."
    if not all(got and want and math.isfinite(got) for got, want in pairs):
        return ""
    if any(isinstance(want, int) and abs(want) < 100 for _, want in pairs):
        return ""  # a place or a small count: twice as much is no slip of units
    case, _, rel_tol = verdict["failed"][0]
    if case["args"] is None and rel_tol > _EXACT:
        return ""  # a value that may be rounded, or read off a plot, is near some factor by chance
    ratios = [got / want for got, want in pairs]
    ratio, near = ratios[0], min(_EXACT, rel_tol)
    if not all(math.isclose(one, ratio, rel_tol=near) for one in ratios):
        return ""
    if not 1e-100 < abs(ratio) < 1e100:
        return ""
    if math.isclose(ratio, -1, rel_tol=near):
        return "Only the sign is wrong."
    if ratio < 0:
        return ""
    large, factor = ("large", ratio) if ratio > 1 else ("small", 1 / ratio)
    for known, text in (pair for unit in units for pair in RATIOS[unit]):
        if math.isclose(factor, known, rel_tol=near):
            return text.format(large)
    return ""


def _not_plain(start, what):
    tip = ""
    if what == "a function":
        tip = " Is a pair of brackets missing, so that the function is not called?"
    elif what == "a Tensor":
        tip = " Turn it into a number with .item(), or into a list with .tolist()."
    return f"{start} {what}; plain numbers, text, lists or dicts are asked for.{tip}"


def _points(number):
    return "1 point" if number == 1 else f"{number} points"


def _kind(value):
    if _is_number(value):
        return "a number"
    kinds = {bool: "True or False", str: "text", list: "a list", dict: "a dict"}
    return kinds.get(type(value), "None")


def _shape(want):
    if isinstance(want, dict):
        return f"a dict with the keys {', '.join(map(repr, want))}"
    return f"a list of {len(want)}"


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _message(error):
    try:
        return _clip(str(error), 200)
    except BaseException:  # an exception that cannot even be printed
        return ""


def _stopped(message):
    message = " ".join(str(message).split())
    return message if message.endswith((".", "!", "?")) else f"{message or 'no message'}."


def _clip(text, longest=60):
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _wrapped(text, indent):
    return textwrap.wrap(
        text, 96, initial_indent=" " * indent, subsequent_indent=" " * max(indent, 4)
    )
