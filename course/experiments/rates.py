"""Is the recipe fair? Loss against the learning rate, for one width after the other."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from course.experiments.study import budget_of


@dataclass(frozen=True)
class RateStudy:
    """Loss against the learning rate for one width.

    Attributes:
        d_model: the width.
        flops: the budget of its runs.
        factors: on the rates of the rule, (factors,).
        excess: the loss, seeds averaged, above that of the rule, in %, (factors,).
        best_factor: where the parabola in log factor through the lowest three has its minimum.
        cost: how far the rule lies above that minimum, in %.
    """

    d_model: int
    flops: float
    factors: np.ndarray
    excess: np.ndarray
    best_factor: float
    cost: float


def rate_studies(rows):
    """One RateStudy for each width of rows of the study learning_rate."""
    losses = defaultdict(lambda: defaultdict(list))
    for row in rows:
        losses[row["d_model"], budget_of(row)][row["rate_factor"]].append(row["loss"])
    studies = []
    for (width, flops), by_factor in sorted(losses.items()):
        factors = np.array(sorted(by_factor))
        mean = np.array([np.mean(by_factor[factor]) for factor in factors])
        rule = mean[factors == 1.0]
        place = int(np.clip(mean.argmin(), 1, len(mean) - 2))
        near = slice(place - 1, place + 2)
        bend, slope, level = np.polyfit(np.log2(factors[near]), mean[near], 2)
        # Where the lowest of three points is the last one tried, it stands for the minimum.
        at = -slope / (2 * bend) if bend > 0 else np.log2(factors[mean.argmin()])
        at = float(np.clip(at, *np.log2(factors[near][[0, -1]])))
        lowest = np.polyval((bend, slope, level), at)
        studies.append(
            RateStudy(
                width,
                flops,
                factors,
                100 * (mean / rule - 1),
                2**at,
                float(100 * (rule[0] / lowest - 1)),
            )
        )
    return studies
