"""The other side of the debate: abilities by loss, Du et al. 2024 (arXiv:2403.15796).

Models of different sizes and data do alike on a task when their pre-training loss is alike, and on
some tasks stay at chance until that loss is below a threshold, under smooth measures too. A
threshold in loss is many thresholds in size, one for each amount of data. Losses compare only for
one corpus and tokenizer.
"""

import math

import numpy as np

from course.units import between, positive


def score_from_loss(loss, threshold, chance, floor):
    """Chance at and above `threshold`, then a straight way up to 1 at the loss `floor`.

    The least that Du et al. say, score = chance for L >= threshold and falling in L below it; the
    straight line is ours, to have something to look at. Losses in nats per token, chance in [0, 1].
    """
    loss, chance = between("loss", loss, 0, math.inf), between("chance", chance, 0, 1)
    threshold, floor = positive("threshold", threshold), between("floor", floor, 0, math.inf)
    if np.any(threshold <= floor):
        raise ValueError(f"threshold must be above floor, got {np.min(threshold):g}")
    way = np.clip((threshold - loss) / (threshold - floor), 0, 1)
    return chance + (1 - chance) * way


def params_for_loss(law, loss, n_tokens):
    """The parameters with which `law`, a ChinchillaLaw, reaches `loss` on `n_tokens` tokens.

    N = (A / (L - E - B / D^beta))^(1/alpha); infinite where no size reaches it on so few tokens.
    """
    room = positive("loss", loss) - law.E - law.B / positive("n_tokens", n_tokens) ** law.beta
    with np.errstate(divide="ignore", over="ignore"):
        return (law.A / np.maximum(room, 0.0)) ** (1 / law.alpha)
