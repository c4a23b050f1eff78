"""The runs of chapter 2, read and estimated: models that learn to add, and over-fitted ones.

Nothing is trained here, and torch is not needed. `python -m course.emergence` makes the table of
the adders; the over-fitted runs are those of the fleet's study "repetition".
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import isotonic_regression

from course.emergence.metrics import rise
from course.experiments.estimates import estimate
from course.experiments.runs import groups, load_runs

ADDITION = Path(__file__).with_name("addition.csv")


def load_addition(table=ADDITION):
    """The measured adders that come with the course, a row each: see `addition.measure`.

    Raises ValueError if there is no such table.
    """
    return load_runs(table)


def by_size(rows, measure):
    """{n_params: Estimate over the seeds} of one column, the smallest size first.

    All seeds meet the same problems, so the interval holds what differs from seed to seed. It ends
    where the measure does, at 0 or for a share at 1. Raises ValueError if a size has fewer than two
    seeds.
    """
    upper = np.inf if measure == "loss" else 1
    sizes = groups(rows, "n_params")
    if min(map(len, sizes.values()), default=0) < 2:
        raise ValueError(f"rows must hold two seeds or more of every size, got {len(rows)} rows")
    return {
        n_params: estimate([float(row[measure]) for row in own]).through(
            lambda end: np.clip(end, 0, upper)
        )
        for n_params, own in sizes.items()
    }


def steepness(n_params, values):
    """The `Rise.steepness` of measured values over log n_params.

    1 for a straight line from the smallest size to the largest; the larger, the more at once. A
    few seeds leave ups and downs: the values are first replaced by the nearest monotone ones
    (isotonic regression), and joined by lines.
    """
    x = np.log10(n_params)
    monotone = isotonic_regression(values, increasing=bool(values[-1] > values[0])).x
    return rise(
        lambda size: np.interp(np.log10(size), x, monotone), n_params[0], n_params[-1]
    ).steepness


def steepness_by_seed(rows, measure):
    """The steepness of one column for each seed's models alone, shape (seeds,)."""
    return np.array(
        [
            steepness(*np.transpose([(row["n_params"], row[measure]) for row in by_params]))
            for own in groups(rows, "seed").values()
            for by_params in [sorted(own, key=lambda row: row["n_params"])]
        ]
    )


def n_places(rows):
    """How many digits of a sum were scored: the columns accuracy_1, accuracy_2, …"""
    return sum(name.startswith("accuracy_") for name in rows[0])


def if_independent(rows):
    """accuracy_1 · … · accuracy_7 of each row: its exact match if digits failed independently.

    At most accuracy^7, which takes all places to be alike. Above it lies an exact match whose
    mistakes come together: a sum with many carries is harder at several places.
    """
    places = [f"accuracy_{place}" for place in range(1, n_places(rows) + 1)]
    return np.array([np.prod([row[place] for place in places]) for row in rows])


@dataclass(frozen=True)
class Gap:
    """Held-out minus training loss of one model on one text, in nats per byte, mean over seeds.

    The training loss is that of the last tenth of the steps, so it is noisy where they are few, and
    at one epoch it is the loss of text not read before: a gap near 0 is what is expected there.

    Attributes:
        d_model: width of the model.
        unique_bytes: of the text.
        epochs: how often it was read.
        gap: held-out minus training loss.
        loss: held-out.
        n_seeds: how many the means are over.
    """

    d_model: int
    unique_bytes: int
    epochs: int
    gap: float
    loss: float
    n_seeds: int


def overfitting(rows):
    """The Gap for each width, unique text and number of epochs, in that order.

    Args:
        rows: runs with d_model, n_tokens, epochs, loss and train_loss, as
            `load_fleet("repetition")` gives; n_tokens / epochs bytes are unique.

    Raises:
        ValueError: if there are no rows.
    """
    if not rows:
        raise ValueError("rows must hold one run or more, got none")
    with_text = [row | {"unique_bytes": round(row["n_tokens"] / row["epochs"])} for row in rows]
    return [
        Gap(
            *place,
            gap=float(np.mean([row["loss"] - row["train_loss"] for row in own])),
            loss=float(np.mean([row["loss"] for row in own])),
            n_seeds=len(own),
        )
        for place, own in groups(with_text, "d_model", "unique_bytes", "epochs").items()
    ]
