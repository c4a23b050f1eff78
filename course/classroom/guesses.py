"""A learner's guess: read from text in the unit of its question, shown again, and scored."""

import math
import re

from course.units import parse_bytes, parse_count, parse_flop, parse_kwh

_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_PLAIN = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)
_PER_CENT = re.compile(r"(%|per ?cent)$", re.IGNORECASE)
CLOSE = 1.25  # a guess within this factor counts as close


def read(text, unit):
    """The number that `text` says, in `unit`, and a sentence where that is more than copying.

    A plain number (40, 0.5, 1,000, 2e6) is in the unit of the question. A suffix or a unit is
    read as `course.units` reads it and converted: "13B" is 13 for "billion parameters", "2 MB" is
    2,000 for "kB", "12 %" is 12 for "%" and 0.12 for a question without a unit.
    Raises ValueError in words for what is no number, or one of another kind.
    """
    stripped = text.strip().replace("−", "-")
    amount = _without(unit, stripped)
    per_cent = _PER_CENT.search(amount)
    if per_cent and unit not in ("", "%"):
        raise ValueError(f"{text!r} is in per cent, and the question asks for {unit}.")
    amount = _PER_CENT.sub("", amount).strip()
    value = _number(amount)
    if value is None and unit == "%":
        raise ValueError(f"{text!r} is not a number of per cent. Write it like 12, 0.5 or 12 %.")
    if value is None:
        value = _with_suffix(amount, unit)
        return value, f"{stripped} is read as {show(value, unit)}."
    if per_cent and unit == "":
        return value / 100, f"{stripped} is read as {show(value / 100, unit)}."
    if unit == "%" and stripped == amount and 0 < abs(value) < 1:
        return value, f"That is {value:g} per cent. For a share of {value:g} write {100 * value:g}."
    return value, ""


def _without(unit, text):
    """The text without the unit of the question at its end: "33 days" is 33."""
    text = text.removeprefix("$") if unit in ("USD", "dollars") else text
    for name in filter(None, {unit, unit.removesuffix("s")}):
        if text.lower().endswith(name.lower()) and name[0].isalpha():
            before = text[: -len(name)]
            return before.strip() if re.search(r"[\d\s]$", before) else text
    return text


def _number(text):
    if not _PLAIN.fullmatch(text) or not re.search(r"\d", text):
        return None
    try:
        value = float(text.replace(",", ""))
    except ValueError:  # "e5"
        return None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is too large to be kept as a number.")
    return value


def _with_suffix(text, unit):
    scale, _, _ = unit.partition(" ")
    if re.fullmatch(r"([kMGTP]|[KMGTP]i)B", unit):
        return parse_bytes(text) / parse_bytes(f"1 {unit}")
    if unit == "FLOP":
        return parse_flop(text)
    if unit == "kWh":
        return parse_kwh(text)
    return parse_count(text) / _SCALES.get(scale, 1.0)


def show(value, unit):
    """A number with four significant digits and its unit, a choice as it is, an interval as both.

    None, which nobody has answered yet, is shown as "none".
    """
    if value is None or isinstance(value, str):
        return value or "none"
    if isinstance(value, (list, tuple)):
        low, high = value
        return f"{show(low, '')} to {show(high, unit)}"
    rounded = float(f"{value:.4g}")
    text = f"{value:,.4g}"
    if 1e4 <= abs(rounded) < 1e15:
        text = f"{rounded:,.0f}"
    return f"{text} {unit or ''}".strip()


def factor(guess, answer):
    """answer / guess, or None where the two have not the same sign and so no factor."""
    return answer / guess if guess * answer > 0 else None


def verdict(guess, answer):
    """How a guess compares with the answer, in a few words; "" where there is nothing to say."""
    if isinstance(answer, str):
        return "right" if guess == answer else "wrong"
    if isinstance(guess, (list, tuple)):
        low, high = guess
        return "it held" if low <= answer <= high else "it missed"
    if not isinstance(guess, (int, float)):
        return ""
    times = factor(guess, answer)
    if times is None:
        return "right" if guess == answer else "no factor: one is zero, or the signs differ"
    if 1 / CLOSE <= times <= CLOSE:
        return "close: within 25 %"
    size = show(float(f"{max(times, 1 / times):.3g}"), "times")
    return f"{size} too small" if times > 1 else f"{size} too large"


def interval_score(low, high, answer, level):
    """The interval score of `low` to `high` for a positive quantity, on a logarithmic scale.

    S = ln(high/low) + 2/(1 − level) · (max(0, ln(low/answer)) + max(0, ln(answer/high)))

    The lower the better: a narrow interval costs little, and an answer outside costs what is
    missing, ten times over at a level of 80 %. The score is proper: in expectation it is lowest
    for the quantiles (1 − level)/2 and (1 + level)/2 of what one believes.

    Source: Gneiting and Raftery (2007), J. Am. Stat. Assoc. 102, section 6.2; Winkler (1972).
    """
    missing = max(0.0, math.log(low / answer)) + max(0.0, math.log(answer / high))
    return math.log(high / low) + 2 / (1 - level) * missing


def nearest_choice(number, choices):
    """The one of `choices`, each with one number in it, that means `number`.

    Raises ValueError where a choice has no number or several, and where none is within 25 %.
    """
    numbers = [re.findall(r"[-−]?\d[\d,]*(?:\.\d+)?", choice) for choice in choices]
    if any(len(found) != 1 for found in numbers):
        raise ValueError(
            f"answer must be one of {choices}, got {number!r}: these do not hold one number each"
        )
    values = [float(found[0].replace("−", "-").replace(",", "")) for found in numbers]
    nearest = min(values, key=lambda value: abs(value - number))
    if abs(nearest - number) > (CLOSE - 1) * abs(number):
        raise ValueError(f"answer must be near one of {choices}, got {number:g}")
    return choices[values.index(nearest)]
