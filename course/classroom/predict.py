"""Predict, run, compare: a question answered before the next cell runs, and looked back on later.

    predict("P00.1", "How many days on 1,024 H100s?", unit="days")
    compare("P00.1", run.days, gpu_days=run.gpu_hours / 24)
    look_back()

The sentence that explains an answer is kept by the question's id in answers.toml, so that nobody
reads it in the notebook before the prediction is given. A chapter computes its answers in the cell;
those of an exercise stand in answers.toml too, since their formula would often be the exercise's
solution (a test computes them). What the learner says is kept in a record of the learner's own,
`my_record.json` in the folder `work/`, a small file that can be handed in. A notebook run with
nobody there records "none" and goes on.
"""

import html
import json
import os
import string
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import ipywidgets as widgets
from IPython.display import display

from course import files
from course.classroom import guesses
from course.classroom.copies import STATE
from course.classroom.lookback import LookBack

RECORD = "my_record.json"
ANSWERS = Path(__file__).with_name("answers.toml")
_asked = {}  # the questions of this session, by id
_entries = {}  # what this session kept, by id: put in again where a write was lost


@dataclass(frozen=True)
class Question:
    """A question as it was asked.

    Attributes:
        id: "P01.3" in chapter 1, "L01.3" in its lab, "E01.3" in its exercises.
        text: the question in words.
        unit: of the number; "" for a pure number or a choice.
        choices: the answers offered; empty where a number is asked for.
        interval: the level of the interval asked for, such as 0.8; None for a single number.
    """

    id: str
    text: str
    unit: str = ""
    choices: tuple = ()
    interval: float | None = None


def predict(id, text, *, unit="", choices=(), interval=None):
    """Ask the learner for a guess: a number, one of several choices, or an interval.

    Shows a box that keeps the answer when it is entered; running on without an answer is allowed.

    Args:
        id: "P01.3" in chapter 1, "L01.3" in its lab, "E01.3" in its exercises.
        text: the question in words.
        unit: of the number. A box reads "13B" or "2 MB" too and converts it.
        choices: the answers to pick from, two or more; none where a number is asked for.
        interval: how sure the learner should be that the answer lies between two numbers, such as
            0.8, where an interval is the honest answer. For positive quantities only: the score
            is that of `guesses.interval_score`, on a logarithmic scale.

    Raises:
        ValueError: fewer than two different choices, both choices and an interval, or an interval
            that is not between 0 and 1.
    """
    choices = tuple(choices)
    if choices and (len(set(choices)) < 2 or len(set(choices)) < len(choices)):
        raise ValueError(f"choices must hold two or more different answers, got {choices!r}")
    if interval is not None and (choices or not 0 < interval < 1):
        raise ValueError(
            f"interval must lie between 0 and 1, without choices, got {interval!r} and {choices!r}"
        )
    question = _asked[id] = Question(id, text, unit, choices, interval)
    known = load_record().get(id, {}).get("prediction")
    if choices:
        box, offered = _choice_box(question, known), f" {' / '.join(choices)}?"
    elif interval:
        box, offered = _interval_box(question, known), f" Two numbers, {interval:.0%} sure."
    else:
        box, offered = _number_box(question, known), ""
    plain = f"Predict {id}: {text}{offered} (Run this notebook in JupyterLab to keep your answer.)"
    display(_with_fallback(box, plain), raw=True)


def compare(id, answer=None, **fields):
    """Show the learner's prediction beside `answer`: computed by the notebook, or kept by the id.

    A number is compared as a factor ("3.2 times too small"), a choice as right or not, an interval
    by whether it held and by its score. Where the choices hold a number each, `answer` may be the
    number that was computed. `fields` fill the places of the reason that answers.toml keeps for
    `id`: "That is {share:.0%}." asks for share.
    Raises ValueError when `id` was never asked here, when there is no answer or two, when it is
    none of the choices or no positive number where an interval was asked for, and when `fields`
    are not those of the reason.
    """
    question = _asked.get(id)
    if question is None:
        raise ValueError(f"id must be one of {sorted(_asked)}, got {id!r}: run its predict() first")
    kept_answer = answers().get(id, {}).get("answer")
    if (answer is None) == (kept_answer is None):
        raise ValueError(
            f"answer must be given, or else kept in {ANSWERS.name}, not both: got {answer!r} and "
            f"{kept_answer!r} for {id}"
        )
    answer = kept_answer if answer is None else answer
    if question.choices and answer not in question.choices:
        if isinstance(answer, str):
            raise ValueError(f"answer must be one of {question.choices}, got {answer!r}")
        answer = guesses.nearest_choice(float(answer), question.choices)
    answer = answer if isinstance(answer, str) else float(answer)
    if question.interval and not answer > 0:
        raise ValueError(f"answer must be positive, as its interval is, got {answer}")
    because = reason(id, **fields)
    kept = load_record().get(id, {}).get("prediction", "none")
    trouble = _keep(question, kept, answer=answer)
    if kept != "none":
        verdict = guesses.verdict(kept, answer)
        if question.interval and isinstance(kept, list):
            score = guesses.interval_score(*kept, answer, question.interval)
            verdict += f", score {score:.2f} (the lower the better)"
        print(f"Your prediction: {guesses.show(kept, question.unit)}{verdict and f' — {verdict}.'}")
    print(f"The answer:      {guesses.show(answer, question.unit)}")
    for line in filter(None, (because, trouble)):
        print(line)


def look_back():
    """All predictions kept so far, how far each was off, and what they say together."""
    return LookBack(load_record())


# --- the answers --------------------------------------------------------------------------------


@cache
def answers():
    """What is kept of each answer by the question's id: `because`, with fields, and `answer`."""
    return tomllib.loads(ANSWERS.read_text(encoding="utf-8"))


def reason(id, **fields):
    """The reason of an answer with its fields filled; "" where none is kept.

    Raises ValueError when `fields` are not those that the reason names.
    """
    text = answers().get(id, {}).get("because", "")
    wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    if wanted != set(fields):
        raise ValueError(
            f"fields must be {sorted(wanted)}, which the reason of {id} names, got {sorted(fields)}"
        )
    return text.format(**fields)


# --- the record ---------------------------------------------------------------------------------


def record_path():
    """The learner's record, or None when this notebook does not lie in a learner's copy."""
    if os.environ.get("COURSE_WORK"):
        return Path(os.environ["COURSE_WORK"]) / RECORD
    here = Path.cwd()
    return next((p / RECORD for p in (here, *here.parents) if (p / STATE).exists()), None)


def my_folder():
    """Where a notebook keeps what it measured: the learner's copy, or else a passing folder."""
    path = record_path()
    return path.parent if path else Path(tempfile.mkdtemp(prefix="course-"))


def load_record():
    """All that the learner predicted, by the question's id.

    An entry holds question, unit, prediction, answer, when (of the prediction), late (whether the
    answer had been shown), n_choices and interval. What this session kept is in it even where the
    file could not be written.
    """
    path = record_path()
    if path is None:
        return dict(_entries)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not all(isinstance(e, dict) for e in record.values()):
            raise ValueError("not a table of predictions")
    except FileNotFoundError:
        record = {}
    except ValueError:
        broken = path.with_suffix(".broken.json")
        files.replace(path, broken)
        print(f"{RECORD} could not be read. It is kept as {broken.name}; a new one was begun.")
        record = {}
    return record | {id: entry for id, entry in _entries.items() if _newer(entry, record.get(id))}


def _newer(entry, other):
    """Whether an entry knows more than another: a later prediction, or the answer to the same."""
    return other is None or _progress(entry) > _progress(other)


def _progress(entry):
    return entry.get("when", ""), "answer" in entry


def _keep(question, prediction, **more):
    """Keep a prediction, or its answer; returns a sentence where the file could not be written."""
    record = load_record()  # read again: another notebook may have written since
    entry = record.setdefault(question.id, {})
    if prediction != "none" and prediction != entry.get("prediction"):
        entry["when"] = datetime.now().isoformat(timespec="milliseconds")
        entry["late"] = "answer" in entry
    entry.update(question=question.text, unit=question.unit, prediction=prediction, **more)
    if question.choices:
        entry["n_choices"] = len(question.choices)
    if question.interval:
        entry["interval"] = question.interval
    _entries[question.id] = entry
    path = record_path()
    if path is None:
        return ""
    partial = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
        files.replace(partial, path)
    except OSError as error:
        return (
            f"{RECORD} could not be written ({error}). Your answer is kept while this notebook "
            "runs, and written with the next one."
        )
    return ""


# --- the boxes ----------------------------------------------------------------------------------


def _number_box(question, known):
    known = known if isinstance(known, (int, float)) else None
    box = _text_box("a number: 40, 2e6, 13B", known)
    said = widgets.HTML(_confirmation(question, known))

    def keep(change):
        try:
            value, remark = guesses.read(change["new"], question.unit)
        except ValueError as error:
            said.value = html.escape(str(error))
            return
        trouble = _keep(question, value)
        said.value = _confirmation(question, value, remark, trouble)

    box.observe(keep, "value")
    return widgets.VBox([_title(question), widgets.HBox([box, _unit(question)]), said])


def _interval_box(question, known):
    known = known if isinstance(known, list) else None
    ends = [_text_box(*end) for end in zip(("from", "to"), known or (None, None), strict=True)]
    said = widgets.HTML(_confirmation(question, known))

    def keep(_change):
        try:
            read = [guesses.read(end.value, question.unit) for end in ends if end.value.strip()]
            values = [value for value, _ in read]
            if len(values) == 2 and not 0 < values[0] < values[1]:
                raise ValueError("Write two positive numbers, the smaller one on the left.")
        except ValueError as error:
            said.value = html.escape(str(error))
            return
        if len(values) < 2:
            said.value = "Now the other end."
            return
        trouble = _keep(question, values)
        said.value = _confirmation(question, values, " ".join(r for _, r in read if r), trouble)

    for end in ends:
        end.observe(keep, "value")
    ask = f"Give two numbers such that you are {question.interval:.0%} sure of what lies between."
    row = widgets.HBox([*ends, _unit(question)])
    return widgets.VBox([_title(question), widgets.HTML(ask), row, said])


def _choice_box(question, known):
    options = list(question.choices)
    known = known if known in options else None
    box = widgets.RadioButtons(options=options, value=known, layout=widgets.Layout(width="auto"))
    said = widgets.HTML(_confirmation(question, known))

    def keep(change):
        trouble = _keep(question, change["new"])
        said.value = _confirmation(question, change["new"], "", trouble)

    box.observe(keep, "value")
    return widgets.VBox([_title(question), box, said])


def _text_box(placeholder, known):
    value = "" if known is None else f"{known:.10g}"
    return widgets.Text(value=value, placeholder=placeholder, continuous_update=False)


def _unit(question):
    return widgets.HTML(f"{html.escape(question.unit)}&emsp;")


def _title(question):
    return widgets.HTML(f"<b>Predict {html.escape(question.id)}.</b> {html.escape(question.text)}")


def _confirmation(question, value, remark="", trouble=""):
    if value is None:
        return "Pick one." if question.choices else "Press Enter to keep it."
    kept = f"Kept: <b>{html.escape(guesses.show(value, question.unit))}</b>. Now run on."
    return " ".join([html.escape(remark), (trouble and html.escape(trouble)) or kept]).strip()


def _with_fallback(box, plain):
    """The widget where one can live, words everywhere else (GitHub, HTML, a run with nobody)."""
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    return {"text/plain": plain, "application/vnd.jupyter.widget-view+json": view}
