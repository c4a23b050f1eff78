"""Quantities in and out: "13B", "5.76e23", "3640 PF-days", "16 GiB", "1,287 MWh".

Inside the course every quantity is a plain number in one base unit: a count (of parameters, of
tokens), FLOP, FLOP/s, bytes, kWh. Text is turned into such a number here, and nowhere else.
FLOP is an amount of work, FLOP/s a rate; GB is 1e9 bytes, GiB is 2**30 bytes.
"""

import math
import re

import numpy as np

PF_DAY = 1e15 * 86_400  # FLOP: one day at 1 PFLOP/s, the unit of Kaplan et al. (2020)

_SI = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12, "万": 1e4, "亿": 1e8, "万亿": 1e12}
_FLOP = {p + "FLOP": f for p, f in _SI.items()} | {"PF-day": PF_DAY, "PF-days": PF_DAY, "": 1.0}
_FLOP_PER_S = {p + "FLOP/s": f for p, f in _SI.items()}
_BYTES = {p + "B": f for p, f in (_SI | _BINARY).items() if p} | {"bytes": 1.0, "byte": 1.0}
_KWH = {p + "Wh": f / 1e3 for p, f in _SI.items()} | {p + "J": f / 3.6e6 for p, f in _SI.items()}

_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(e[+-]?\d+)?", re.IGNORECASE)


def parse_count(text):
    """A count of parameters, tokens, images: "13B", "70b", "1.4T", "1,000M", "11.7亿", "5.76e23".

    Suffixes k, M, B, T (in either case), 万 (1e4), 亿 (1e8) and 万亿 (1e12). A positive number is
    returned as it is. Raises ValueError with the reason where the text could mean two things.
    """
    return _parse(text, "count", _COUNTS, "13B, 1.4T, 350M, 5.76e23", fold_case=True)


def parse_flop(text):
    """An amount of compute in FLOP: "5.76e23", "314 ZFLOP", "3640 PF-days" (8.64e19 each)."""
    return _parse(text, "number of FLOP", _FLOP, "5.76e23, 314 ZFLOP, 3640 PF-days")


def parse_flop_per_s(text):
    """A rate of computing in FLOP/s: "989 TFLOP/s", "1 EFLOP/s"."""
    return _parse(text, "rate in FLOP/s", _FLOP_PER_S, "989 TFLOP/s, 1e15 FLOP/s")


def parse_bytes(text):
    """A size in bytes: "16 GiB" (2**30 each), "80 GB" (1e9 each), "512 bytes"."""
    return _parse(text, "number of bytes", _BYTES, "16 GiB, 80 GB, 512 bytes")


def parse_kwh(text):
    """An energy in kWh: "1,287 MWh", "0.24 Wh", "3.6 MJ"."""
    return _parse(text, "number of kWh", _KWH, "1,287 MWh, 0.24 Wh, 3.6 MJ")


def format_count(value):
    """13e9 -> "13B": three significant digits and k, M, B or T."""
    return _format(value, {"T": 1e12, "B": 1e9, "M": 1e6, "k": 1e3}, "", limit=1e16)


def format_flop(value):
    """5.76e23 -> "5.76e23 FLOP"."""
    return f"{positive('value', value):.3g} FLOP".replace("e+", "e")


def format_flop_per_s(value):
    """9.894e14 -> "989 TFLOP/s"."""
    return _format(value, _SI, "FLOP/s")


def format_bytes(value):
    """16e9 -> "16 GB" (decimal, as disks and data sheets count), 512 -> "512 bytes"."""
    text = _format(value, _SI, "B")
    return text[:-1] + "bytes" if text.endswith(" B") else text  # a bare B reads as billions


def format_days(days):
    """A duration in the unit that reads well: 17.2 -> "17 days", 0.1 -> "2.4 hours"."""
    days = positive("days", days)
    for unit, length in (("years", 365.25), ("days", 1), ("hours", 1 / 24), ("minutes", 1 / 1440)):
        if (amount := days / length) >= 2:
            return f"{amount:,.0f} {unit}" if amount >= 10 else f"{amount:.2g} {unit}"
    return f"{days * 86_400:.2g} seconds"


def positive(name, value, *, upper=math.inf):
    """`value` as a float or float array when every entry lies in (0, upper]; else ValueError.

    The one gate of the calculators: it takes numbers and arrays of numbers, and refuses text,
    booleans, NaN, infinity, zero, negatives and empty arrays, naming the argument.
    """
    return _checked(name, value, 0.0, upper, "positive", open_below=True)


def between(name, value, lower, upper):
    """`value` as a float or float array when all of it lies in [lower, upper]; else ValueError."""
    return _checked(name, value, lower, upper, "finite", open_below=False)


def whole(name, value, lower=1, upper=math.inf):
    """`value` as a float or float array when all of it is whole, in [lower, upper]; ValueError."""
    limits = f"from {lower:g}" + (f" to {upper:g}" if upper < math.inf else "")
    allowed = f"{name} must be whole, {limits}"
    try:
        value = between(name, value, lower, upper)
    except ValueError as error:
        raise ValueError(f"{allowed}, got {str(error).rpartition(', got ')[2]}") from error
    if np.any(wrong := value != np.floor(value)):
        raise ValueError(f"{allowed}, got {np.asarray(value)[wrong].flat[0]:g}")
    return value


def single(name, value):
    """`value`, which another gate has checked, when it is one number; ValueError for an array.

    single("delta", positive("delta", delta))
    """
    if np.ndim(value):
        raise ValueError(f"{name} must be one number, got an array of shape {np.shape(value)}")
    return value


def plain(value):
    """A float for a numpy number, an array as it is: 1.5 prints as 1.5, not as np.float64(1.5)."""
    return value if np.ndim(value) else float(value)


def _checked(name, value, lower, upper, adjective, *, open_below):
    allowed = f"a {adjective} number or array"
    if upper < math.inf:
        allowed = f"a number in {'(' if open_below else '['}{lower:g}, {upper:g}]"
    if type(value) is float and lower < value <= upper and value < math.inf:
        return value  # the common case, at a tenth of numpy's cost
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and all(type(one) is int for one in array.flat):
            array = array.astype(float)  # whole numbers beyond 64 bits: 10**22
    except Exception as error:  # ragged lists, objects that refuse to become arrays
        raise ValueError(f"{name} must be {allowed}, got {_shown(value)}") from error
    if array.dtype.kind not in "iuf" or array.size == 0 or np.ma.is_masked(value):
        raise ValueError(f"{name} must be {allowed}, got {_shown(value)}")
    array = array.astype(float)
    good = np.isfinite(array) & (array <= upper) & (array > lower if open_below else array >= lower)
    if not good.all():
        raise ValueError(f"{name} must be {allowed}, got {array[~good].flat[0]:g}")
    return array if array.ndim else float(array)


def _shown(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _parse(text, kind, factors, examples, *, fold_case=False):
    if isinstance(text, (int, float, np.number)) and not isinstance(text, (bool, np.bool_)):
        return positive(kind, text)
    if not isinstance(text, str):
        raise ValueError(f"{kind} must be text such as {examples}, got {_shown(text)}")
    refuse = _Refusal(text, kind, examples)
    stripped = text.strip()
    match = _NUMBER.match(stripped)
    if not match:
        raise refuse("it does not start with a positive number")
    unit = stripped[match.end() :].strip()
    key = unit.lower() if fold_case else unit
    if key not in factors:
        raise refuse(_reason(stripped, unit, kind))
    value = float(match[1].replace(",", "") + (match[2] or "")) * factors[key]
    if not 0 < value < math.inf:
        raise refuse("it must be greater than zero and finite")
    return value


class _Refusal:
    """Builds the one ValueError that every parser raises."""

    def __init__(self, text, kind, examples):
        self.text, self.kind, self.examples = text, kind, examples

    def __call__(self, reason):
        return ValueError(
            f"{_shown(self.text)} is not a {self.kind}: {reason}. Write it like {self.examples}."
        )


def _reason(text, unit, kind):
    if re.fullmatch(r"\d+\s*[x×]\s*[\d.]+\s*[bm]", text, re.IGNORECASE):
        return (
            "it is the name of a mixture of experts, not a number. The experts share attention and "
            "embeddings, so the product is wrong: Mixtral 8x7B has 46.7B parameters, not 56B"
        )
    if unit.startswith(","):
        return "the comma could be a decimal point or a separator of thousands"
    if unit.upper() in {p.upper() + "FLOPS" for p in _SI}:
        return "'FLOPS' is read both as an amount (FLOP) and as a rate (FLOP/s)"
    if kind == "count" and unit.lower() in ("g", "gb", "tb", "mb"):
        return f"'{unit}' is a size in bytes or a prefix; a billion is 'B', a trillion 'T'"
    if kind == "number of bytes" and unit.upper() == "B":
        return "'B' could be bytes or billions: write 'bytes' or 'GB'"
    if kind == "number of bytes" and not unit:
        return "the unit is missing, and bytes, GB and GiB differ"
    return f"'{unit}' is not a unit or suffix known here"


def _format(value, factors, unit, limit=math.inf):
    value = positive("value", value)
    if value < limit:
        for prefix, factor in sorted(factors.items(), key=lambda item: -item[1]):
            if value >= factor * 0.9995:  # 999.6e6 prints as 1B, not as 1e+03M
                return f"{value / factor:.3g}{' ' if unit else ''}{prefix}{unit}"
    return f"{value:.3g} {unit}".strip()
