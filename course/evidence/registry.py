"""What is known and who says so: facts with their sources, and the documents' claims, judged.

`facts.toml`, `claims.toml` and `sections.toml` beside this file are the one place where each is
written. They are read once, checked, and asked for by key, id or place.
"""

import copy
import difflib
import functools
import html
import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

# How far a figure can be trusted, and how a card says so.
CONFIDENCE = {
    "primary": "read at the source",
    "data": "from a published data set",
    "computed": "computed, and computed again in our tests",
    "secondary": "as others quote it; not read at the source",
    "unverified": "not verified",
}
# A verdict is a sign and a word, so that a card can be read without colour.
VERDICTS = {
    "right": "✓",
    "imprecise": "≈",
    "unsupported": "?",
    "outdated": "↺",
    "wrong": "✗",
    "code defect": "⚙",
}
# What a claim can be about when it is about no single section of a document.
WHOLE = ("title", "author", "whole")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A figure with its unit and its source.

    `float(fact)` works where the value is one number, and raises ValueError where it is not.

    Attributes:
        key: such as "kaplan.alpha_N".
        value: a number, a list or dict of numbers (a table: the keys carry the units), or text.
        source: who says so, and where.
        year: of the source.
        confidence: one of CONFIDENCE.
        unit: of the value; "" for none.
        note: what one should know in using it.
        interval: (low, high), or None where the source gives none.
        interval_level: what the interval covers, such as "95 %".
    """

    key: str
    value: object
    source: str
    year: int
    confidence: str
    unit: str = ""
    note: str = ""
    interval: tuple[float, float] | None = None
    interval_level: str = ""

    def __float__(self):
        if not _is_number(self.value):
            raise ValueError(f"{self.key} is not one number but {self._quantity()}: use .value")
        return float(self.value)

    def __str__(self):
        return f"{self.key} = {self._quantity()} [{self.source}; {self.confidence}]"

    __repr__ = __str__

    def _repr_html_(self):
        lines = [
            f"<b>{_escape(self.key)}</b> = {_escape(self._quantity())}",
            f"{_escape(self.source)} ({CONFIDENCE[self.confidence]})",
        ]
        if self.note:
            lines.append(f"<i>{_escape(self.note)}</i>")
        rows = _table(self.value) if _is_rows(self.value) else ""
        return f"<blockquote>{'<br>'.join(lines)}{rows}</blockquote>"

    def _quantity(self):
        text = self.value if isinstance(self.value, str) else _shown(self.value)
        text = f"{text} {self.unit}".strip()
        if self.interval:
            low, high = self.interval
            text += f" ({self.interval_level}: {_shown(low)} to {_shown(high)})"
        return text


@dataclass(frozen=True)
class Claim:
    """What a document says, and what the evidence says of it.

    Attributes:
        id: such as "K005".
        place: the document's letter and section, such as "A §1.2 chart".
        chapter: where the course treats it.
        claim: what the document says.
        verdict: one of VERDICTS.
        correction: what the evidence says.
        shown_by: what demonstrates the verdict: a test (`tests/path.py::test_name`), a chapter's
            text (`notebooks/text/NN_slug.py`), `words` where only words can, or `owed`.
    """

    id: str
    place: str
    chapter: int
    claim: str
    verdict: str
    correction: str
    shown_by: str

    @property
    def places(self):
        """The sections that `place` names: ("A §1.2",) for "A §1.2 chart"."""
        return tuple(_section_place(part) for part in self.place.split(", "))

    def __str__(self):
        return f"{self.id} ({self.place}) {self.claim} {self._verdict()}: {self.correction}"

    __repr__ = __str__

    def _repr_html_(self):
        return (
            f"<blockquote><p><b>{self.id}</b> · {_escape(self.place)} · "
            f"<b>{self._verdict()}</b></p>"
            f"<p>The document: {_escape(self.claim)}</p>"
            f"<p>The evidence: {_escape(self.correction)}</p></blockquote>"
        )

    def _verdict(self):
        return f"{VERDICTS[self.verdict]} {self.verdict}"


@dataclass(frozen=True)
class Section:
    """A section of a document, its title as printed, and the chapter that mirrors it."""

    place: str
    title: str
    chapter: int


@dataclass(frozen=True)
class Chapter:
    """A chapter of the course; its files are named `slug`, such as "01_scaling_laws"."""

    number: int
    slug: str
    title: str


def fact(key):
    """The fact of that key, such as fact("kaplan.alpha_N"); ValueError if there is none."""
    found = _look_up("fact", key, _facts())
    # A copy: whoever sorts or edits a table must not change it for everyone else.
    return copy.deepcopy(found)


def facts(prefix):
    """All facts under a prefix by key: facts("model") has "model.GPT-3"; ValueError if none."""
    keys = [key for key in _facts() if f"{key}.".startswith(f"{str(prefix).rstrip('.')}.")]
    if not keys:
        prefixes = sorted({key.split(".")[0] for key in _facts()})
        raise ValueError(f"no fact lies under {prefix!r}; the prefixes are {', '.join(prefixes)}")
    return {key: fact(key) for key in keys}


def claim(id):
    """The claim of that id, such as claim("K005"); ValueError if there is none."""
    return _look_up("claim", id, _claims())


def claims(chapter=None, place=None, verdict=None):
    """The claims of a chapter, of a place ("A §1.2", its chart included) and of a verdict.

    Everything left out means all. Raises ValueError for a chapter, place or verdict that does not
    exist, so that a typing error does not give an empty list.
    """
    if chapter is not None:
        _look_up("chapter", chapter, {c.number: c for c in chapters()})
    if verdict is not None:
        _look_up("verdict", verdict, VERDICTS)
    if place is not None:
        _look_up("place", place, _places())
    return [
        c
        for c in _claims().values()
        if chapter in (None, c.chapter)
        and verdict in (None, c.verdict)
        and (place is None or place in c.places)
    ]


def sections():
    """Every section of the documents, in their order, with the chapter that mirrors it."""
    return tuple(Section(place, **row) for place, row in _toml("sections.toml")["section"].items())


def chapters():
    """The chapters of the course, in order."""
    return tuple(Chapter(**row) for row in _toml("sections.toml")["chapter"])


def document_titles():
    """The titles of the documents by letter, as printed."""
    return dict(_toml("sections.toml")["document"])


@functools.cache
def _toml(name):
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


@functools.cache
def _facts():
    return {key: _checked_fact(key, entry) for key, entry in _toml("facts.toml").items()}


@functools.cache
def _claims():
    checked = [_checked_claim(entry) for entry in _toml("claims.toml")["claim"]]
    if len({c.id for c in checked}) < len(checked):
        raise ValueError("claims.toml: an id occurs twice")
    return {c.id: c for c in checked}


@functools.cache
def _places():
    whole = {f"{letter} {what}" for letter in document_titles() for what in WHOLE}
    return {s.place: s for s in sections()} | dict.fromkeys(whole)


def _checked_fact(key, entry):
    def refuse(reason):
        return ValueError(f'facts.toml, ["{key}"]: {reason}')

    if not re.fullmatch(r"[A-Za-z0-9._-]+", key):
        raise refuse("a key has ASCII letters, digits, dots, underscores and hyphens only")
    missing = {"value", "source", "year", "confidence"} - set(entry)
    unknown = set(entry) - set(Fact.__dataclass_fields__)
    if missing or unknown:
        raise refuse(f"missing {sorted(missing)}, unknown {sorted(unknown)}")
    if entry["confidence"] not in CONFIDENCE:
        raise refuse(f"confidence {entry['confidence']!r} is none of {', '.join(CONFIDENCE)}")
    if not entry["source"] or type(entry["year"]) is not int:
        raise refuse("source must be text and year a whole number")
    if not (isinstance(entry["value"], str) or _all_numbers(entry["value"])):
        raise refuse(f"value must be numbers or text, got {entry['value']!r}")
    if ("interval" in entry) != ("interval_level" in entry):
        raise refuse("interval and interval_level come together")
    if "interval" in entry:
        interval = tuple(entry["interval"])
        if len(interval) != 2 or not _all_numbers(interval) or interval[0] >= interval[1]:
            raise refuse(f"interval must be [low, high], got {entry['interval']!r}")
        entry = entry | {"interval": interval}
    return Fact(key=key, **entry)


def _checked_claim(entry):
    missing = set(Claim.__dataclass_fields__) ^ set(entry)
    if missing:
        raise ValueError(f"claims.toml, {entry.get('id')}: missing or unknown {sorted(missing)}")
    checked = Claim(**entry)
    if checked.verdict not in VERDICTS:
        raise ValueError(f"claims.toml, {checked.id}: no verdict {checked.verdict!r}")
    for place in checked.places:
        if place not in _places():
            raise ValueError(f"claims.toml, {checked.id}: no section {place!r}")
    return checked


def _section_place(part):
    """ "A §1.2 chart" -> "A §1.2"; "D §7.2.2" -> "D §7.2": sections are kept to two levels."""
    part = part.removesuffix(" chart").removesuffix(" diagram")
    return re.sub(r"(§\d+\.\d+)\.\d+", r"\1", part)


def _look_up(kind, key, table):
    if isinstance(key, (str, int)) and key in table:
        return table[key]
    names = {str(name).lower(): str(name) for name in table}
    asked = str(key).lower()
    close = difflib.get_close_matches(asked, names, n=5, cutoff=0.5)
    close = close or [name for name in names if asked in name][:5]
    hint = f"did you mean {', '.join(names[name] for name in close)}?" if close else "none is close"
    raise ValueError(f"there is no {kind} {key!r}; {hint}")


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)


def _is_rows(value):
    return isinstance(value, list) and isinstance(value[0], dict)


def _all_numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    elif not isinstance(value, (list, tuple)):
        return _is_number(value)
    return bool(value) and all(_all_numbers(part) for part in value)


def _shown(value):
    """One line: 5.76e23, 109,482,240, (n_params 1.75e11, n_tokens 3e11), 9 rows of n_params, ..."""
    if _is_rows(value):
        return f"{len(value)} rows of {', '.join(value[0])}"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{k} {_shown(v)}" for k, v in value.items()) + ")"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(_shown(part) for part in value) + ")"
    if isinstance(value, float) and not 1e-3 <= abs(value) < 1e6:
        digits, exponent = f"{value:.9e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.10g}" if isinstance(value, float) else f"{value:,}"


def _table(rows):
    from course.display import table  # here, so that the registry loads without numpy

    return table("", tuple(rows[0]), (map(_shown, row.values()) for row in rows))


def _escape(text):
    """HTML with `names` set as code. There is no dollar sign to be taken for mathematics."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
