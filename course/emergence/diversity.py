"""Entropy of an output distribution: what it says, and what a drop of it does not."""

import math

import numpy as np
from scipy import stats

from course.units import between, positive


def entropy(probabilities):
    """H = -sum p ln p in nats over the last axis; an outcome of probability 0 adds 0.

    From 0 (one certain outcome) to ln V (V alike). In bits: divide by ln 2. Raises ValueError
    unless each row is in [0, 1] and sums to 1 within 1e-6: counts would be something else.
    """
    return stats.entropy(_distribution(probabilities), axis=-1)


def effective_outcomes(probabilities):
    """exp(H): how many equally likely outcomes have this entropy, from 1 to V."""
    return np.exp(entropy(probabilities))


def with_temperature(probabilities, temperature):
    """p^(1/T) / sum p^(1/T): what sampling at temperature T does to the model's p.

    T < 1 lowers the entropy, T > 1 raises it, and the model has not changed: compare entropies at
    one temperature only.
    """
    p = _distribution(probabilities)
    with np.errstate(divide="ignore"):
        logits = np.log(p) / positive("temperature", temperature)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def overconfidence(loss, output_entropy):
    """L - H in nats per token: how much surer the model is than right.

    `loss` on held-out text, `output_entropy` the mean entropy of its next-token distributions at
    the same places, at temperature 1. A calibrated model has 0, whatever its loss: in healthy
    training both fall together, from ln V. Above 0 it is narrower than the text. (On text that it
    wrote itself, errors add up and the entropy may rise.) Source: Braverman et al. 2019,
    arXiv:1906.05664; Cao et al. 2025, arXiv:2511.11966.
    """
    loss = between("loss", loss, 0, math.inf)
    return loss - between("output_entropy", output_entropy, 0, math.inf)


def _distribution(probabilities):
    p = np.atleast_1d(between("probabilities", probabilities, 0, 1))
    total = p.sum(axis=-1)
    if np.any(np.abs(total - 1) > 1e-6):
        worst = np.ravel(total)[np.abs(np.ravel(total) - 1).argmax()]
        raise ValueError(f"probabilities must sum to 1 along the last axis, got {worst:g}")
    return p
