"""Collapse for real: a small language model trained on its own samples, again and again.

The model is the smallest that has a tail: the share of each word in a text. Generation 0 is made
from the real text; each later one writes a text, and the next is made from it. A word that is not
drawn once has share 0 in the next model, which can never write it again: zero is a trap, so the
tail can only shrink (genetic drift). Shumailov et al. 2024 (doi:10.1038/s41586-024-07566-y) replace
the text each time; Gerstgrasser et al. 2024 (arXiv:2404.01413) keep all that was there and add.
"""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from course.emergence.diversity import entropy
from course.units import between, positive, single, whole

MODES = ("replace", "accumulate", "fresh")
FRESH = 0.1  # share of real text in each new one, in the mode "fresh"
TAIL = 0.1  # the rarest words that together hold at most this share of the real text
SMOOTHING = 0.01
WORD = re.compile(rb"[A-Za-z]+|\d+|[^\sA-Za-z\d]")


def word_counts(text, held_out):
    """How often each word, number or sign occurs in two texts: two arrays of shape (V,).

    V counts the words of both texts, in the order of their first appearance.
    """
    counts, held_out_counts = Counter(WORD.findall(text)), Counter(WORD.findall(held_out))
    words = dict.fromkeys([*counts, *held_out_counts])
    return (
        np.array([counts[word] for word in words]),
        np.array([held_out_counts[word] for word in words]),
    )


@dataclass(frozen=True)
class SelfTraining:
    """What each generation's model still knows; arrays of shape (n_generations + 1,).

    Attributes:
        mode: one of `MODES`.
        words: words with a share above 0.
        tail_mass: share of the real text whose words are of the tail and can still be written: at
            most 0.1, the rarest tenth.
        entropy: of the model, in nats.
        loss: cross-entropy of the held-out real text in nats per word, the model smoothed: 0.01 of
            it is spread evenly over all V words, as else one lost word would make it infinite.
    """

    mode: str
    words: np.ndarray
    tail_mass: np.ndarray
    entropy: np.ndarray
    loss: np.ndarray


MEASURES = ("words", "tail_mass", "entropy", "loss")


def self_train(counts, held_out, n_generations, n_samples, mode, seed=0):
    """Train on real counts, then on own samples for some generations.

    Each generation writes `n_samples` words. The next model is made

    - "replace": from these alone,
    - "accumulate": from these and all before, the real text included. That no word is lost follows
      from this; that the loss stays where it was does not, and is measured. Each generation also
      reads more than the one before,
    - "fresh": from nine tenths of these and one tenth of new real text, drawn each time from
      `counts`.

    Args:
        counts, held_out: how often each word occurs in the real text and in real text kept apart,
            of one shape (V,), from 0, not all 0.
        n_generations: whole, from 1.
        n_samples: words that each generation writes, whole, from 1.
        mode: one of `MODES`.
        seed: of what is written.

    Raises:
        ValueError: naming the argument that is none of these.
    """
    counts, held_out = _counts("counts", counts), _counts("held_out", held_out)
    if counts.shape != held_out.shape:
        raise ValueError(
            "held_out must count the same words as counts, got shapes "
            f"{held_out.shape} and {counts.shape}"
        )
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    n_generations = int(single("n_generations", whole("n_generations", n_generations, 1, 10_000)))
    n_samples = int(single("n_samples", whole("n_samples", n_samples, 1, 10**12)))
    rng = np.random.default_rng(seed)
    real, target = counts / counts.sum(), held_out / held_out.sum()
    in_tail, n_real = _rarest(real), round(FRESH * n_samples) if mode == "fresh" else 0
    model, seen, known = real, counts, []
    for generation in range(n_generations + 1):
        if generation:
            written = rng.multinomial(n_samples - n_real, model) + rng.multinomial(n_real, real)
            seen = seen + written if mode == "accumulate" else written
            model = seen / seen.sum()
        kept = model > 0
        smoothed = (1 - SMOOTHING) * model + SMOOTHING / model.size
        known.append(
            (
                kept.sum(),
                real[in_tail & kept].sum(),
                entropy(model),
                -(target * np.log(smoothed)).sum(),
            )
        )
    return SelfTraining(mode, *np.array(known).T)


def _counts(name, value):
    value = between(name, value, 0, 1e15)
    if np.ndim(value) != 1 or value.sum() == 0:
        raise ValueError(
            f"{name} must have one dimension and not be all 0, got shape {np.shape(value)}"
        )
    return value


def _rarest(real):
    order = np.argsort(real, kind="stable")
    chosen = np.zeros(real.size, dtype=bool)
    chosen[order[np.cumsum(real[order]) <= TAIL]] = True
    return chosen


def chance_of_loss(share, n_samples):
    """(1 - p)^n: a word of share p is not drawn once in n words, and is lost. About e^(-p·n)."""
    p, n = between("share", share, 0, 1), positive("n_samples", n_samples)
    return (1 - p) ** n


def over_seeds(counts, held_out, n_generations, n_samples, mode, seeds=range(10)):
    """{measure: values of shape (seeds, n_generations + 1)} of `self_train` with several seeds.

    The measures are those of `SelfTraining`. Raises ValueError for fewer than two seeds.

    Args:
        counts, held_out, n_generations, n_samples, mode: as in `self_train`.
        seeds: one run each.
    """
    runs = [self_train(counts, held_out, n_generations, n_samples, mode, seed) for seed in seeds]
    if len(runs) < 2:
        raise ValueError(f"seeds must be two or more, got {len(runs)}")
    return {measure: np.array([getattr(run, measure) for run in runs]) for measure in MEASURES}
