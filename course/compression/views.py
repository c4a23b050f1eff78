"""What the pictures of chapter 10 show, computed before they are drawn."""

from dataclasses import dataclass

from course.compression import study

FORMS = {  # a method and setting of methods.csv -> the form of timings.csv that it is
    ("as trained", 0): "as trained",
    ("int, a scale for each row", 8): "int8, floats made for each product",
    ("smallest to zero", 0.9): "90 % zeros, dense product",
    ("whole units dropped", 0.5): "half of the units dropped",
    ("low rank", 16): "low rank, 16",
    ("student, alone", 64): "student of 64 units",
    ("student, taught", 64): "student of 64 units",
}
FAMILIES = (
    "int, one scale for all",
    "int, a scale for each row",
    "int, a scale for each 16",
    "smallest to zero",
    "whole units dropped",
    "low rank",
    "student, taught",
    "student, alone",
)


@dataclass(frozen=True)
class ThrowAway:
    """One method at the largest setting that fits into a share of the file.

    Attributes:
        method: as in `FAMILIES`.
        curve: every Compressed of the method, the largest file first.
        chosen: the largest that fits; None where none does.
        trained_bytes: of the file as trained.
        limit: the share of it that is allowed.
        time_ratio: at batch 1, times the network as trained; None where it was not timed.
    """

    method: str
    curve: list
    chosen: study.Compressed | None
    trained_bytes: float
    limit: float
    time_ratio: float | None


def throw_away(method, limit):
    """The ThrowAway of a method within `limit`, a share of the bytes of the file as trained."""
    measured = study.methods()
    curve = measured.settings(method)
    fitting = [one for one in curve if one.bytes <= limit * measured.trained.bytes]
    chosen = fitting[0] if fitting else None
    form = FORMS.get((method, chosen.setting)) if chosen else None
    ratio = study.times()[form, 1] if form else None
    return ThrowAway(method, curve, chosen, measured.trained.bytes, limit, ratio)
