"""What the runs of chapter 4 say, with intervals. Nothing is trained here, and torch is not needed.

Reads `runs.csv` of this package (`python -m course.data`) and the fleet's table. Tokens are bytes,
N counts blocks and head, loss is in nats per byte of held-out text.
"""

import math
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from course.data.exhaustion import Uncertain
from course.data.scaling import MUENNIGHOFF_2023, RepetitionFit, fit_repetition
from course.display import number, table
from course.experiments import study
from course.experiments.sweep import read_table
from course.scaling import ChinchillaLaw
from course.scaling.fitting import NotIdentified, fit_chinchilla
from course.units import between, positive

TABLE = Path(__file__).with_name("runs.csv")
CLEAN = "never dirty"  # the text of the quality study that the others are compared with


def measured(name):
    """The rows of one study of `runs.csv`: "quality" or "mixture"."""
    return [row for row in read_table(TABLE) if row["study"] == name]


# --- repeated text --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """One model on one unique text, read more and more often. Arrays (lengths of training,).

    `loss` is the mean over seeds, on held-out text.
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
        means = np.array([runs.loss[own & (epochs == one)].mean() for one in lengths])
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
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self):
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class TextWorth:
    """What one byte of a text is worth beside a byte of clean text, at equal compute.

    `excess`: nats per byte above the model that read clean text. `multiplier`: the clean bytes
    that would have taught as much, over the bytes that were read.
    """

    text: str
    losses: tuple
    excess: Estimate
    multiplier: Estimate


def quality(rows=None):
    """{text: TextWorth} of the quality study: the same model on as many bytes of each text.

    The intervals use Student's t and the scatter between seeds, pooled over the texts, which is
    taken to be the same for all. That of the multiplier takes the base law's slope for granted.
    Raises ValueError for a text with one seed only, or where no run read clean text.
    """
    rows = measured("quality") if rows is None else rows
    losses = defaultdict(list)
    for row in rows:
        losses[row["text"]].append(float(row["loss"]))
    if CLEAN not in losses or min(map(len, losses.values())) < 2:
        raise ValueError(
            f"rows must hold {CLEAN!r} and two seeds of each text, "
            f"got { {text: len(found) for text, found in losses.items()} }"
        )
    if len(read := {row["n_tokens"] for row in rows}) > 1:
        raise ValueError(f"rows must all have read the same n_tokens, got {sorted(read)}")
    freedom = sum(len(found) - 1 for found in losses.values())
    spread = math.sqrt(
        sum((len(found) - 1) * np.var(found, ddof=1) for found in losses.values()) / freedom
    )
    n_tokens, clean = rows[0]["n_tokens"], losses[CLEAN]
    worth = {}
    for text, found in losses.items():
        excess = float(np.mean(found) - np.mean(clean))
        half = stdtrit(freedom, 0.975) * spread * math.sqrt(1 / len(found) + 1 / len(clean))
        if text == CLEAN:
            half = 0.0  # itself
        ends = (excess, excess - half, excess + half)
        times = [equivalent_share(one, n_tokens) for one in (ends[0], ends[2], ends[1])]
        worth[text] = TextWorth(text, tuple(found), Estimate(*ends), Estimate(*times))
    return worth


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
    """Models that read code and words mixed. `shares` of words (s,), losses (s, seeds)."""

    shares: np.ndarray
    code: np.ndarray
    words: np.ndarray

    def expected(self, words_in_use):
        """(s,) the loss on a use of which the share `words_in_use` is words, mean over seeds."""
        return self._of(words_in_use).mean(axis=1)

    def best_share(self, words_in_use):
        """The measured share with the lowest loss for this use."""
        return float(self.shares[self.expected(words_in_use).argmin()])

    def indistinguishable_shares(self, words_in_use):
        """The measured shares that the runs cannot tell from the best one, at 95 % for each.

        Student's t, the scatter between seeds pooled over the mixtures with a quarter or more of
        either: of what a model hardly read, it knows little and by chance, so that the losses of
        the others scatter several times as much and would hide all differences. ValueError for
        one seed, or no such mixture.
        """
        losses = self._of(words_in_use)
        mixed, seeds = (self.shares >= 0.25) & (self.shares <= 0.75), losses.shape[1]
        if seeds < 2 or not mixed.any():
            raise ValueError(
                "runs must hold two seeds or more, and a mixture with a quarter or more of either, "
                f"got {seeds} of the shares {self.shares.tolist()}"
            )
        spread = math.sqrt(losses[mixed].var(axis=1, ddof=1).mean())
        close = stdtrit(mixed.sum() * (seeds - 1), 0.975) * spread * math.sqrt(2 / seeds)
        means = losses.mean(axis=1)
        return tuple(map(float, self.shares[means <= means.min() + close]))

    def _of(self, words_in_use):
        w = between("words_in_use", words_in_use, 0, 1)
        if np.ndim(w):
            raise ValueError(f"words_in_use must be one number, got {words_in_use!r}")
        return (1 - w) * self.code + w * self.words


def mixtures(rows=None):
    """The Mixtures of the mixture study, each share with as many seeds."""
    rows = measured("mixture") if rows is None else rows
    by_share = defaultdict(list)
    for row in rows:
        by_share[float(row["words_share"])].append((row["loss_code"], row["loss_words"]))
    shares = sorted(by_share)
    if not rows or len({len(found) for found in by_share.values()}) > 1:
        raise ValueError("rows must hold the same number of seeds for each share of words")
    losses = np.array([by_share[share] for share in shares], dtype=float)
    return Mixtures(np.array(shares), losses[..., 0], losses[..., 1])


# --- other views ----------------------------------------------------------------------------------


def best_rate_factors():
    """{width: (the best factor on the rule's learning rate, what the rule itself costs in nats)}.

    Means over seeds of the fleet's study, which tried a quarter to four times the rule.
    """
    losses = defaultdict(lambda: defaultdict(list))
    for row in study.measured("learning_rate"):
        losses[row["d_model"]][float(row["rate_factor"])].append(row["loss"])
    found = {}
    for width in sorted(losses):
        means = {factor: float(np.mean(some)) for factor, some in losses[width].items()}
        best = min(means, key=means.get)
        found[width] = (best, means[1.0] - means[best])
    return found


def ranges(forecast, years, level=0.90, seed=0):
    """{"stock" or "demand": (3, years)}: low, median and high tokens in each of `years`."""
    found = forecast.forecast_data_exhaustion(seed=seed)
    luck = np.random.default_rng(seed + 1)
    ends, after = ((1 - level) / 2, 0.5, (1 + level) / 2), np.asarray(years) - found.start_year
    made = {}
    for name, tokens, growth in (
        ("stock", found.stock_tokens, forecast.stock_growth),
        ("demand", found.demand_tokens, forecast.demand_growth),
    ):
        factor = (
            growth.at(luck.standard_normal(len(tokens)))
            if isinstance(growth, Uncertain)
            else np.full(len(tokens), float(growth))
        )
        made[name] = np.array([np.quantile(tokens * factor**t, ends) for t in after]).T
    return made
