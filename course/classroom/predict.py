"""Predict, run, compare: a question answered before the next cell runs, and looked back on later.

    predict("P00.1", "How many days on 1,024 H100s?", unit="days")
    compare("P00.1", 33.2)
    look_back()

Answers are kept in the learner's own record, `my_record.json` in the folder `work/`, a small file
that can be handed in. A notebook run with nobody there records "none" and goes on.
"""

import html
import json
import math
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ipywidgets as widgets
from IPython.display import display

from course.classroom.copies import STATE

RECORD = "my_record.json"
_asked = {}  # the questions of this session, by id


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    unit: str = ""
    choices: tuple = ()


def predict(id, text, *, unit="", choices=()):
    """Ask the learner for a guess: a number in `unit`, or one of `choices`.

    Shows a box that keeps the answer when it is entered; running on without an answer is allowed.
    Raises ValueError when `choices` holds fewer than two answers.
    """
    choices = tuple(choices)
    if choices and (len(set(choices)) < 2 or len(set(choices)) < len(choices)):
        raise ValueError(f"choices must hold two or more different answers, got {choices!r}")
    question = _asked[id] = Question(id, text, unit, choices)
    known = load_record().get(id, {}).get("prediction")
    box = _choice_box(question, known) if choices else _number_box(question, known)
    offered = f" {' / '.join(choices)}?" if choices else ""
    plain = f"Predict {id}: {text}{offered} (Run this notebook in JupyterLab to keep your answer.)"
    display(_with_fallback(box, plain), raw=True)


def compare(id, answer, because=""):
    """Show the learner's prediction beside `answer`, the value that the notebook computed.

    A number is compared as a factor ("yours was 3.2 times too small"), a choice as right or not.
    `because` adds one sentence of explanation. Raises ValueError when `id` was never asked here or
    when `answer` is not one of the choices that were offered.
    """
    question = _asked.get(id)
    if question is None:
        raise ValueError(f"id must be one of {sorted(_asked)}, got {id!r}: run its predict() first")
    if question.choices and answer not in question.choices:
        raise ValueError(f"answer must be one of {question.choices}, got {answer!r}")
    kept = load_record().get(id, {}).get("prediction", "none")
    _keep(question, kept, answer=_plain(answer))
    if kept != "none":
        print(f"Your prediction: {_shown(kept, question.unit)}")
    print(f"The answer:      {_shown(answer, question.unit)}{_verdict(kept, answer)}")
    if because:
        print(because)


def look_back():
    """A table of every prediction kept so far, beside what came out."""
    return LookBack(load_record())


class LookBack:
    """The learner's predictions as a table; plain text outside a notebook."""

    def __init__(self, record):
        self.record = record

    def rows(self):
        in_order = sorted(self.record, key=lambda id: [int(n) for n in re.findall(r"\d+", id)])
        for id, entry in ((id, self.record[id]) for id in in_order):
            unit, mine, answer = (entry.get(key) for key in ("unit", "prediction", "answer"))
            late = " (after the answer was shown)" if entry.get("late") else ""
            came = "not run yet" if answer is None else _shown(answer, unit)
            yield id, entry.get("question", ""), _shown(mine, unit) + late, came

    def __repr__(self):
        if not self.record:
            return "No predictions kept yet."
        return "\n".join(f"{i}  {q}  yours: {mine}; came out: {a}" for i, q, mine, a in self.rows())

    def _repr_html_(self):
        if not self.record:
            return "<p>No predictions kept yet.</p>"
        head = "<tr><th></th><th>Question</th><th>You said</th><th>It was</th></tr>"
        cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in self.rows())
        return f"<table>{head}{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


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


_memory = {}  # used where there is no learner's copy, so that a build never writes a file


def load_record():
    """All that the learner predicted: id -> {question, unit, prediction, answer, when}."""
    path = record_path()
    if path is None:
        return _memory
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not all(isinstance(e, dict) for e in record.values()):
            raise ValueError("not a table of predictions")
    except FileNotFoundError:
        return {}
    except ValueError:
        broken = path.with_suffix(".broken.json")
        os.replace(path, broken)
        print(f"{RECORD} could not be read. It is kept as {broken.name}; a new one was begun.")
        return {}
    return record


def _keep(question, prediction, **more):
    record = load_record()  # read again: another notebook may have written since
    entry = record.setdefault(question.id, {})
    if prediction != "none" and prediction != entry.get("prediction"):
        entry["when"] = datetime.now().isoformat(timespec="seconds")
        entry["late"] = "answer" in entry
    entry.update(question=question.text, unit=question.unit, prediction=prediction, **more)
    path = record_path()
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.new")
    partial.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(partial, path)


# --- the boxes ----------------------------------------------------------------------------------


def _number_box(question, known):
    box = widgets.Text(
        value="" if known in (None, "none") else f"{known:g}",
        placeholder="a number, such as 40 or 2e6",
        continuous_update=False,
    )
    said = widgets.HTML(_confirmation(question, known))

    def keep(change):
        try:
            value = _number(change["new"])
        except ValueError as error:
            said.value = html.escape(str(error))
            return
        _keep(question, value)
        said.value = _confirmation(question, value)

    box.observe(keep, "value")
    unit = widgets.HTML(f"{html.escape(question.unit)}&emsp;")
    return widgets.VBox([_title(question), widgets.HBox([box, unit, said])])


def _choice_box(question, known):
    options = list(question.choices)
    box = widgets.RadioButtons(
        options=options,
        value=known if known in options else None,
        layout=widgets.Layout(width="auto"),
    )
    said = widgets.HTML(_confirmation(question, known))

    def keep(change):
        _keep(question, change["new"])
        said.value = _confirmation(question, change["new"])

    box.observe(keep, "value")
    return widgets.VBox([_title(question), box, said])


def _title(question):
    return widgets.HTML(f"<b>Predict {html.escape(question.id)}.</b> {html.escape(question.text)}")


def _confirmation(question, value):
    if value in (None, "none"):
        return "Press Enter to keep it." if not question.choices else "Pick one."
    return f"Kept: <b>{html.escape(_shown(value, question.unit))}</b>. Now run on."


def _with_fallback(box, plain):
    """The widget where one can live, words everywhere else (GitHub, HTML, a run with nobody)."""
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    return {"text/plain": plain, "application/vnd.jupyter.widget-view+json": view}


def _number(text):
    """A learner's number: 40, 2e6, 1,000, 3.5; ValueError says how to write it."""
    cleaned = text.strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", cleaned):
        cleaned = cleaned.replace(",", "")
    try:
        value = float(cleaned)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number: write it like 40, 0.5, 1,000 or 2e6.")
    return value


def _plain(answer):
    return answer if isinstance(answer, str) else float(answer)


def _shown(value, unit):
    if value is None or isinstance(value, str):
        return value or "none"
    return f"{value:,.4g}{'' if unit in ('', None) else ' ' + unit}"


def _verdict(kept, answer):
    if kept == "none":
        return ""
    if isinstance(answer, str):
        return "  — you said so." if kept == answer else "  — not what you said."
    if not isinstance(kept, (int, float)) or kept * answer <= 0:
        return ""
    factor = answer / kept
    if 0.8 <= factor <= 1.25:
        return "  — close: within 25 %."
    size = f"{factor:.3g} times too small" if factor > 1 else f"{1 / factor:.3g} times too large"
    return f"  — yours was {size}."
