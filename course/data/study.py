"""The runs of chapter 4, read and estimated. Nothing is trained here, and torch is not needed.

Reads `runs.csv` of this package (`python -m course.data`) and the fleet's table. Tokens are bytes,
N counts blocks and head, loss is in nats per byte of held-out text.
"""

import math
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from course.data.scaling import MUENNIGHOFF_2023, RepetitionFit, fit_repetition
from course.display import number, table
from course.experiments import study
from course.experiments.estimates import Comparison, Estimate, compare, not_told_apart
from course.experiments.runs import groups, load_runs
from course.scaling import ChinchillaLaw
from course.scaling.fitting import NotIdentified, fit_chinchilla
from course.units import between, positive, single

TABLE = Path(__file__).with_name("runs.csv")
CLEAN = "never dirty"  # the text of the quality study that the others are compared with


# --- repeated text --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """One model on one unique text, read more and more often.

    Attributes:
        n_params: blocks and head.
        unique_bytes: of the text.
        epochs: shape (lengths of training,), how often the text was read.
        loss: the same shape, mean over seeds on held-out text, nats per byte.
    """

    n_params: float
    unique_bytes: float
    epochs: np.ndarray
    loss: np.ndarray

    @property
    def best_epochs(self):
        """The number of epochs with the lowest measured loss."""
        return float(self.epochs[self.loss.argmin()])

    @property
    def turned(self):
        """Whether reading still more made the held-out loss worse."""
        return self.best_epochs < self.epochs.max()


@dataclass(frozen=True)
class Repetition:
    """Our runs over repeated text. `base`: the law of the fleet's runs of one epoch.

    `fit` saw the runs for as long as their loss fell, `fit_all` also those that over-fit, which the
    law cannot express: it takes them for text that is worth less.
    """

    curves: tuple = field(repr=False)
    base: ChinchillaLaw = field(repr=False)
    fit: RepetitionFit
    fit_all: RepetitionFit

    def _repr_html_(self):
        rows = []
        for name, law, rms in (
            ("Muennighoff et al.", MUENNIGHOFF_2023, None),
            ("ours, while the loss fell", self.fit.law, self.fit.rms),
            ("ours, over-fitted runs too", self.fit_all.law, self.fit_all.rms),
        ):
            ends = law.intervals.get("R_D_star", ())
            rows.append(
                (
                    name,
                    number(law.R_D_star),
                    " to ".join(number(end) for end in ends),
                    "" if rms is None else f"{rms:.1%}",
                )
            )
        return table(
            "What repetition is worth, by one law and one code",
            ("", "R_D*", "95 % interval", "residual of the loss"),
            rows,
        )


@lru_cache(maxsize=1)
def base_law():
    """L(N, D) of the fleet's IsoFLOP runs, without those of fewer than 4 bytes a parameter.

    Its floor E is not identified by runs this small; the slope in D, which is what repeated text
    is measured by, is.
    """
    runs = study.runs_of(study.measured("isoflop"))
    enough = runs.n_tokens >= study.LEAST_BYTES_PER_PARAM * runs.n_params
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotIdentified)
        return fit_chinchilla(runs.n_params[enough], runs.n_tokens[enough], runs.loss[enough]).law


@lru_cache(maxsize=1)
def repetition():
    """The fleet's runs over 50, 100 and 200 kB read 1 to 30 times, and R_D* by `fit_repetition`."""
    rows = study.measured("repetition")
    runs = study.runs_of(rows)
    n, epochs = runs.n_params, np.array([float(row["epochs"]) for row in rows])
    unique = runs.n_tokens / epochs
    curves, falling = [], np.zeros(len(rows), bool)
    for size, text in sorted(set(zip(n, unique, strict=True))):
        own = (n == size) & (unique == text)
        lengths = np.unique(epochs[own])
        means = np.array([runs.loss[own & (epochs == length)].mean() for length in lengths])
        curves.append(Curve(float(size), float(text), lengths, means))
        falling |= own & (epochs <= curves[-1].best_epochs)
    enough = runs.n_tokens >= study.LEAST_BYTES_PER_PARAM * n
    fits = [
        fit_repetition(n[used], unique[used], epochs[used], runs.loss[used], law=base_law())
        for used in (falling & enough, enough)
    ]
    return Repetition(tuple(curves), base_law(), *fits)


# --- cleaned text ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextWorth:
    """What one byte of a text is worth beside a byte of clean text, at equal compute.

    Attributes:
        text: its name, one of `training.TEXTS`.
        losses: one a seed, nats per byte of clean held-out text.
        excess: Estimate of the loss above that of the model that read clean text, seed by seed.
        multiplier: Estimate of the clean bytes that would have taught as much, over the bytes
            read. It takes the slope of the base law for granted.
    """

    text: str
    losses: tuple
    excess: Estimate
    multiplier: Estimate


@dataclass(frozen=True)
class Quality:
    """The quality study: the same model on as many bytes of each text.

    `texts` is {name: TextWorth}, `comparisons` holds a Comparison of every two texts.
    """

    texts: dict
    comparisons: tuple[Comparison, ...] = field(repr=False)

    def _repr_html_(self):
        rows = [
            (c.first, c.second, f"{c.difference:+.3f}", f"{c.adjusted_p:.2g}", c.verdict)
            for c in self.comparisons
        ]
        header = ("text", "beside", "loss, nats per byte", "p after Holm", "the first is")
        return table(f"{len(rows)} comparisons, corrected together", header, rows)


def quality(rows=None):
    """The Quality study of `runs.csv`, or of rows like its own.

    Raises ValueError for a text with one seed only, where no run read clean text, and where the
    runs did not all read as many bytes.
    """
    rows = load_runs(TABLE, "quality") if rows is None else rows
    losses = {
        text: np.array([row["loss"] for row in own]) for text, own in groups(rows, "text").items()
    }
    if CLEAN not in losses or min(map(len, losses.values())) < 2:
        raise ValueError(
            f"rows must hold {CLEAN!r} and two seeds of each text, "
            f"got { {text: len(values) for text, values in losses.items()} }"
        )
    if len(read := {row["n_tokens"] for row in rows}) > 1:
        raise ValueError(f"rows must all have read the same n_tokens, got {sorted(read)}")
    order = sorted(losses, key=lambda text: -losses[text].mean())
    comparisons = compare({text: losses[text] for text in order})
    excess = {c.first: c.difference for c in comparisons if c.second == CLEAN}
    excess |= {c.second: c.difference.through(np.negative) for c in comparisons if c.first == CLEAN}
    excess[CLEAN] = Estimate(0.0, 0.0, 0.0, len(losses[CLEAN]))

    def share(nats):
        return equivalent_share(nats, rows[0]["n_tokens"])

    worth = {
        text: TextWorth(text, tuple(losses[text]), excess[text], excess[text].through(share))
        for text in order
    }
    return Quality(worth, comparisons)


def equivalent_share(excess, n_tokens, law=None):
    """D' / D: the part of D = n_tokens bytes after which the loss was `excess` above that at D.

    B / D'^beta = B / D^beta + excess, by the slope of `law` (ours by default) alone: its floor and
    its term in N cancel. Above 1 for a negative excess. ValueError for one below -B / D^beta, which
    no amount of clean text reaches.
    """
    law = base_law() if law is None else law
    n_tokens = positive("n_tokens", n_tokens)
    left = law.B / n_tokens**law.beta + between("excess", excess, -math.inf, math.inf)
    if np.any(left <= 0):
        raise ValueError(
            f"excess must be above {np.max(-law.B / n_tokens**law.beta):.3g} nats, "
            f"got {np.min(excess):g}"
        )
    return (law.B / left) ** (1 / law.beta) / n_tokens


# --- mixtures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mixtures:
    """Models that read code and words mixed, and are measured on both.

    Attributes:
        shares: of words in the training text, shape (s,).
        code, words: losses on held-out text of either kind, nats per byte, shape (s, seeds).
    """

    shares: np.ndarray
    code: np.ndarray
    words: np.ndarray

    def expected(self, words_in_use):
        """(s,) the loss on a use of which the share `words_in_use` is words, mean over seeds."""
        return self._losses(words_in_use).mean(axis=1)

    def best_share(self, words_in_use):
        """The measured share with the lowest loss for this use."""
        return float(self.shares[self.expected(words_in_use).argmin()])

    def indistinguishable_shares(self, words_in_use):
        """The measured shares that are not told apart from the best one, by the course's rule.

        See `course.experiments.estimates`: all pairs of shares are compared for this use, seed by
        seed. Raises ValueError for one seed only.
        """
        losses = dict(zip(self.shares.tolist(), self._losses(words_in_use), strict=True))
        return not_told_apart(losses, self.best_share(words_in_use))

    def _losses(self, words_in_use):
        w = single("words_in_use", between("words_in_use", words_in_use, 0, 1))
        return (1 - w) * self.code + w * self.words


def mixtures(rows=None):
    """The Mixtures of `runs.csv`, or of rows like its own, each share with as many seeds."""
    rows = load_runs(TABLE, "mixture") if rows is None else rows
    by_share = groups(rows, "words_share")
    if not rows or len({len(own) for own in by_share.values()}) > 1:
        raise ValueError("rows must hold the same number of seeds for each share of words")
    code, words = (
        np.array([[row[loss] for row in own] for own in by_share.values()], dtype=float)
        for loss in ("loss_code", "loss_words")
    )
    return Mixtures(np.array(list(by_share), dtype=float), code, words)


# --- the learning rate's rule ---------------------------------------------------------------------


def best_rate_factors():
    """{width: (the best factor on the rule's learning rate, what the rule itself costs in nats)}.

    Means over seeds of the fleet's study, which tried a quarter to four times the rule.
    """
    by_width = {}
    for (width, factor), rows in groups(
        study.measured("learning_rate"), "d_model", "rate_factor"
    ).items():
        mean = float(np.mean([row["loss"] for row in rows]))
        by_width.setdefault(width, {})[float(factor)] = mean
    best = {width: min(means, key=means.get) for width, means in by_width.items()}
    return {
        width: (best[width], means[1.0] - means[best[width]]) for width, means in by_width.items()
    }
