"""What the tables of chapter 10 say: accuracy, bytes, times, and brittleness, with intervals."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from course.display import table
from course.experiments.estimates import Comparison, Estimate, compare, estimate
from course.experiments.runs import groups, load_runs

METHODS, BRITTLENESS, TIMINGS = (
    Path(__file__).with_name(name) for name in ("methods.csv", "brittleness.csv", "timings.csv")
)
TRAINED = ("as trained", 0)


@dataclass(frozen=True)
class Compressed:
    """One method at one setting, over seeds.

    Attributes:
        method: its name in `methods.csv`.
        setting: bits, share or rank.
        accuracy: Estimate, share of the test pictures named rightly.
        bytes: of the file, mean over seeds.
        beside_trained: Comparison of its accuracy with that of the network as trained, all methods
            and settings corrected together; None for that network itself.
    """

    method: str
    setting: float
    accuracy: Estimate
    bytes: float
    beside_trained: Comparison | None


@dataclass(frozen=True)
class Methods:
    """The measured ways to compress one network: `of` is {(method, setting): Compressed}."""

    of: dict

    @property
    def trained(self):
        """The network as trained."""
        return self.of[TRAINED]

    def settings(self, method):
        """The Compressed of one method, the largest file first. ValueError for no such method."""
        found = [one for one in self.of.values() if one.method == method]
        if not found:
            names = sorted({one.method for one in self.of.values()})
            raise ValueError(f"method must be one of {', '.join(names)}, got {method!r}")
        return sorted(found, key=lambda one: -one.bytes)

    def smallest_not_lower(self, method):
        """The smallest file of a method that is not told apart from the network as trained.

        None where every setting is lower.
        """
        fine = [
            one
            for one in self.settings(method)
            if not one.beside_trained or one.beside_trained.verdict != "lower"
        ]
        return fine[-1] if fine else None

    def _repr_html_(self):
        rows = [
            (
                one.method,
                f"{one.setting:g}",
                f"{one.accuracy:.1%}",
                f"{one.bytes:,.0f}",
                f"{self.trained.bytes / one.bytes:.1f}",
                one.beside_trained.verdict if one.beside_trained else "",
            )
            for one in sorted(self.of.values(), key=lambda one: -one.bytes)
        ]
        header = ("method", "setting", "accuracy", "bytes", "times smaller", "beside as trained")
        return table("One network, ten seeds; nothing trained again", header, rows)


@lru_cache(maxsize=1)
def methods():
    """The Methods of `methods.csv`."""
    rows = groups(load_runs(METHODS), "method", "setting")
    accuracy = {key: np.array([row["accuracy"] for row in own]) for key, own in rows.items()}
    pairs = [(key, TRAINED) for key in accuracy if key != TRAINED]
    beside = {c.first: c for c in compare(accuracy, pairs)}
    return Methods(
        {
            key: Compressed(
                *key,
                estimate(accuracy[key]),
                float(np.mean([row["bytes"] for row in own])),
                beside.get(key),
            )
            for key, own in rows.items()
        }
    )


def taught_against_alone():
    """The Comparisons of taught students with students alone, {hidden units: Comparison}."""
    rows = groups(load_runs(METHODS), "method", "setting")
    accuracy = {key: [row["accuracy"] for row in own] for key, own in rows.items()}
    widths = [setting for method, setting in accuracy if method == "student, taught"]
    pairs = [(("student, taught", w), ("student, alone", w)) for w in widths]
    return dict(zip(widths, compare(accuracy, pairs), strict=True))


@dataclass(frozen=True)
class Brittleness:
    """What rounding costs one width of byte models, over bytes read for each parameter.

    Attributes:
        d_model: the width.
        bytes_per_param: shape (r,).
        loss: as trained, Estimate of shape (r,), nats per byte.
        rise: {bits: Estimate of the loss after rounding above that before, shape (r,)}.
        raw_loss: as trained, by seed, shape (seeds, r).
        raw_rise: {bits: the rise by seed, shape (seeds, r)}.
    """

    d_model: int
    bytes_per_param: np.ndarray
    loss: Estimate
    rise: dict
    raw_loss: np.ndarray
    raw_rise: dict

    def loss_after(self, bits):
        """Loss after rounding, by seed, shape (seeds, r)."""
        return self.raw_loss + self.raw_rise[bits]

    def last_step(self):
        """{bits: Comparison of the loss after rounding: the longest reading beside the one before}.

        "higher" says that reading more made the rounded model worse.
        """
        values = {
            (bits, ratio): self.loss_after(bits)[:, place]
            for bits in self.raw_rise
            for place, ratio in enumerate(self.bytes_per_param)
        }
        before, last = self.bytes_per_param[-2:]
        pairs = [((bits, last), (bits, before)) for bits in self.raw_rise]
        return dict(zip(self.raw_rise, compare(values, pairs), strict=True))

    def exponent(self, bits):
        """Estimate over seeds of γ in rise ~ (bytes per parameter)^γ, a line on two log scales.

        ValueError where some rounding lowered the loss, which has no logarithm.
        """
        rise = self.raw_rise[bits]
        if (rise <= 0).any():
            raise ValueError(f"bits must be such that every rise is above 0, got {bits}")
        slopes = np.polyfit(np.log(self.bytes_per_param), np.log(rise).T, 1)[0]  # (seeds,)
        return estimate(slopes)

    def first_against_last(self):
        """{bits: Comparison of the rise where most was read with that where least was read}.

        The bits of one width are corrected together.
        """
        values = {
            (bits, end): rise[:, place]
            for bits, rise in self.raw_rise.items()
            for end, place in (("most", -1), ("least", 0))
        }
        pairs = [((bits, "most"), (bits, "least")) for bits in self.raw_rise]
        return dict(zip(self.raw_rise, compare(values, pairs), strict=True))


@lru_cache(maxsize=1)
def brittleness():
    """{width: Brittleness} of `brittleness.csv`."""
    found = {}
    for width, rows in groups(load_runs(BRITTLENESS), "d_model").items():
        by_ratio = groups(rows, "bytes_per_param")

        def column(name, by_ratio=by_ratio):
            return np.array([[row[name] for row in own] for own in by_ratio.values()]).T

        raw = {bits: column(f"loss_int{bits}") - column("loss") for bits in (8, 4, 3, 2)}
        found[width] = Brittleness(
            width,
            np.array(list(by_ratio)),
            estimate(column("loss")),
            {bits: estimate(rise) for bits, rise in raw.items()},
            column("loss"),
            raw,
        )
    return found


@lru_cache(maxsize=1)
def times():
    """{(form, batch): times as long as the network as trained}, from `timings.csv`."""
    ms = {(row["form"], row["batch"]): row["ms"] for row in load_runs(TIMINGS)}
    return {(form, batch): value / ms["as trained", batch] for (form, batch), value in ms.items()}
