"""The runs of chapter 8, read and estimated. Nothing is trained here.

Reads `runs.csv` of this package (`python -m course.learning`).
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course.display import number, table
from course.experiments.estimates import Comparison, Estimate, compare, estimate
from course.experiments.runs import groups, load_runs
from course.learning.noise import fit_critical_batch

TABLE = Path(__file__).with_name("runs.csv")
NOTHING = "nothing"


@dataclass(frozen=True)
class Remedy:
    """One remedy against over-fitting, at the strength that the validation images chose.

    Attributes:
        name: of the remedy.
        strengths: the one chosen, for each seed.
        accuracy: Estimate over seeds, on images that chose nothing.
        loss: the same in nats.
        gain: Comparison of its loss with that of doing nothing, seed by seed; None for nothing.
    """

    name: str
    strengths: tuple
    accuracy: Estimate
    loss: Estimate
    gain: Comparison | None


@dataclass(frozen=True)
class Remedies:
    """The remedies, `remedies` a tuple of Remedy, the lowest loss first."""

    remedies: tuple = field(repr=False)

    def _repr_html_(self):
        rows = [
            (
                one.name,
                f"{one.accuracy.value:.1%}",
                number(one.loss.value),
                "" if one.gain is None else f"{-one.gain.difference.value:+.3f}",
                "" if one.gain is None else f"{one.gain.adjusted_p:.2g}",
                "" if one.gain is None else verdict(one.gain),
            )
            for one in self.remedies
        ]
        header = ("", "right", "loss, nats", "beside nothing", "p after Holm", "")
        return table("Test images, mean of ten seeds", header, rows)


def verdict(gain):
    """A comparison of nothing with a remedy in words: "better", "worse" or "not told apart"."""
    if not gain.told_apart:
        return "not told apart"
    return "better" if gain.difference.value > 0 else "worse"


def remedies(rows=None):
    """The Remedies of `runs.csv`, or of rows like its own; all comparisons corrected together."""
    rows = load_runs(TABLE, "overfitting") if rows is None else rows
    chosen = {
        method: [_chosen(own) for own in groups(of_method, "seed").values()]
        for method, of_method in groups(rows, "method").items()
    }
    if NOTHING not in chosen or min(map(len, chosen.values())) < 2:
        raise ValueError(f"rows must hold {NOTHING!r} and two seeds of each remedy")
    losses = {name: np.array([row["loss"] for row in own]) for name, own in chosen.items()}
    others = [name for name in losses if name != NOTHING]
    found = compare(losses, [(NOTHING, name) for name in others])
    gains = dict(zip(others, found, strict=True))
    result = [
        Remedy(
            name,
            tuple(row["setting"] for row in own),
            estimate(np.array([row["test"] for row in own])),
            estimate(losses[name]),
            gains.get(name),
        )
        for name, own in chosen.items()
    ]
    return Remedies(tuple(sorted(result, key=lambda one: one.loss.value)))


def _chosen(rows):
    return min(rows, key=lambda row: row["validation"])


@dataclass(frozen=True)
class Searches:
    """What searches found.

    Attributes:
        best: {(method, budget): the lowest error of each repeat, (repeats,)}.
        lowest: error of the whole surface.
        floor: the share of the surface within a point (0.01) of it.
    """

    best: dict = field(repr=False)
    lowest: float
    floor: float

    def mean(self, method, budget):
        """Estimate of the lowest error that a method finds with a budget of tries."""
        return estimate(self.best[method, budget])

    def comparisons(self, budget):
        """Comparisons of all methods at one budget, corrected together."""
        own = {method: errors for (method, b), errors in self.best.items() if b == budget}
        return compare(own)


def searches():
    """The Searches of `runs.csv`."""
    best = {
        key: np.array([row["validation"] for row in rows])
        for key, rows in groups(load_runs(TABLE, "search"), "method", "setting").items()
    }
    curves = [row["curve"].split() for row in load_runs(TABLE, "surface")]
    errors = np.array(curves, float)
    return Searches(best, float(errors.min()), float(np.mean(errors < errors.min() + 0.0101)))


@dataclass(frozen=True)
class BatchStudy:
    """Steps to one loss, the noise scale that was measured on the way, and the law fitted.

    Attributes:
        batches: (batches,).
        steps: at the best rate of each seed, (batches, seeds).
        critical: Estimate over seeds of B_crit, fitted to each seed's steps.
        scale: Estimate over seeds of the noise scale on the way there, all batches together.
        ratio: Estimate of critical / scale, seed by seed.
    """

    batches: np.ndarray
    steps: np.ndarray = field(repr=False)
    critical: Estimate
    scale: Estimate
    ratio: Estimate


def batch_study(rows=None):
    """The BatchStudy of `runs.csv`, or of rows like its own."""
    rows = load_runs(TABLE, "batch") if rows is None else rows
    best = {}
    for key, own in groups(rows, "setting", "seed").items():
        best[key] = min(own, key=lambda row: float(row["loss"]))
    batches = np.array(sorted({batch for batch, _ in best}))
    seeds = sorted({seed for _, seed in best})
    steps = np.array([[float(best[b, s]["loss"]) for s in seeds] for b in batches])
    scales = np.array([[float(best[b, s]["curve"]) for s in seeds] for b in batches])
    critical = np.array([fit_critical_batch(batches, column)[0] for column in steps.T])
    scale = np.exp(np.log(scales).mean(axis=0))
    return BatchStudy(
        batches, steps, estimate(critical), estimate(scale), estimate(critical / scale)
    )
