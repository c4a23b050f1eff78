"""The runs of chapter 9, read and estimated. Nothing is trained here.

Reads `runs.csv` of this package (`python -m course.vision`).
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course.experiments.estimates import compare, estimate
from course.experiments.runs import groups, load_runs
from course.scaling.fitting import fit_power_law

TABLE = Path(__file__).with_name("runs.csv")


@dataclass(frozen=True)
class PictureLaw:
    """Test error against the number of training images.

    Attributes:
        sizes: training images, (sizes,).
        errors: {width: shares of test images that are wrong, (sizes, seeds)}.
        exponents: {width: Estimate over seeds of b in error = a / n^b}.
    """

    sizes: np.ndarray
    errors: dict = field(repr=False)
    exponents: dict

    def mean(self, width):
        """Mean error over seeds, (sizes,)."""
        return self.errors[width].mean(axis=1)


def picture_law(rows=None):
    """The PictureLaw of `runs.csv`, or of rows like its own.

    A test set of 450 images may have no error at all: half an image is taken for none.
    """
    rows = load_runs(TABLE, "scaling") if rows is None else rows
    by_width, sizes = {}, np.array(sorted({row["n"] for row in rows}), dtype=float)
    for width, own in groups(rows, "width").items():
        cells = groups(own, "n")
        by_width[width] = np.array(
            [[1 - row["accuracy"] for row in cells[n]] for n in sorted(cells)]
        )
    exponents = {
        width: estimate(
            np.array([-fit_power_law(sizes, np.maximum(e, 0.5 / 450)).exponent for e in errors.T])
        )
        for width, errors in by_width.items()
    }
    return PictureLaw(sizes, by_width, exponents)


@dataclass(frozen=True)
class Pairs:
    """Two kinds of training at several settings.

    Attributes:
        means: {(kind, n): Estimate of the share that is right}.
        comparisons: {n: Comparison of the two kinds}, corrected together.
    """

    means: dict
    comparisons: dict = field(repr=False)


def pairs(study, first, second):
    """The Pairs of a study of `runs.csv`, "transfer" or "depth": accuracies, seed by seed."""
    cells = {
        key: np.array([row["accuracy"] for row in rows])
        for key, rows in groups(load_runs(TABLE, study), "kind", "n").items()
    }
    settings = sorted({n for _, n in cells})
    named = {f"{kind}, {n}": values for (kind, n), values in cells.items()}
    found = compare(named, [(f"{first}, {n}", f"{second}, {n}") for n in settings])
    means = {key: estimate(values) for key, values in cells.items()}
    return Pairs(means, dict(zip(settings, found, strict=True)))


def attacked_share(kind):
    """Estimates of the share right of clean and of attacked images, for one kind of training."""
    rows = [row for row in load_runs(TABLE, "attack") if row["kind"] == kind]
    return tuple(
        estimate(np.array([row[column] for row in rows])) for column in ("accuracy", "attacked")
    )
