"""Over-fitting on repeated text, in the runs of the fleet's study "repetition"."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gap:
    """Held-out minus training loss of one model on one text, in nats per byte, mean over seeds.

    The training loss is that of the last tenth of the steps, so it is noisy where they are few, and
    at one epoch it is the loss of text not read before: a gap near 0 is what is expected there.
    """

    d_model: int
    unique_bytes: int
    epochs: int
    gap: float
    loss: float
    n_seeds: int


def overfitting(rows):
    """The gap for each width, unique text and number of epochs, in that order.

    Args:
        rows: runs with d_model, n_tokens, epochs, loss and train_loss, as
            `load_fleet("repetition")` gives; n_tokens / epochs bytes are unique.

    Raises:
        ValueError: if there are no rows.
    """
    if not rows:
        raise ValueError("rows must hold one run or more, got none")
    groups = {}
    for row in rows:
        unique_bytes = round(row["n_tokens"] / row["epochs"])
        groups.setdefault((row["d_model"], unique_bytes, row["epochs"]), []).append(row)
    return [
        Gap(
            *group,
            gap=float(np.mean([row["loss"] - row["train_loss"] for row in groups[group]])),
            loss=float(np.mean([row["loss"] for row in groups[group]])),
            n_seeds=len(groups[group]),
        )
        for group in sorted(groups)
    ]
