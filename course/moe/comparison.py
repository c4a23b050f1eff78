"""Dense against mixture of experts at equal active compute: what the runs say, with intervals.

Reads `runs.csv` of this package and the fleet's table. A pair is a dense run and a MoE run of one
width, the same bytes in the same order, and one seed.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from course.experiments.study import frontier, measured
from course.experiments.sweep import read_table

TABLE = Path(__file__).with_name("runs.csv")
ABLATED = 32  # the width of the ablations


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval (Student's t) over `n` values; no interval for fewer than 2."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


def estimate(values):
    """The Estimate of independent values, shape (n,), n >= 1; an interval is infinite for n = 1."""
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"values must be a list of finite numbers, got {values!r}")
    n = values.size
    half = np.inf if n == 1 else stdtrit(n - 1, 0.975) * values.std(ddof=1) / n**0.5
    return Estimate(*(float(values.mean() + part) for part in (0, -half, half)), n)


@dataclass(frozen=True)
class Pairs:
    """The pairs of one size, or of several. Estimates are over the pairs; with several sizes they
    take the gain to be one for all, which the smallest size does not quite bear out.

    gain: dense minus MoE, nats per byte: above 0 the MoE is better.
    multiplier: how many times the dense model's FLOP would buy the MoE's loss, for each FLOP of the
        MoE: (L_dense / L_MoE)^(1/γ) · C_dense / C_MoE, where L*(C) ∝ C^-γ is the fleet's frontier.
    time_ratio: processor seconds of training, MoE over dense, geometric mean. The two were trained
        at different times on a shared machine, so it is rough.
    memory_ratio: all parameters, MoE over dense.
    """

    d_model: int | None
    flops: float
    dense: tuple[float, ...]
    moe: tuple[float, ...]
    gain: Estimate
    multiplier: Estimate
    time_ratio: float
    memory_ratio: float


@dataclass(frozen=True)
class Comparison:
    """`sizes`: one Pairs for each width, from the smallest; `all`: all pairs together.

    `gamma` is the exponent of the fleet's frontier, with its 95 % interval (low, high).
    """

    sizes: tuple[Pairs, ...]
    all: Pairs
    gamma: float
    gamma_interval: tuple[float, float]

    def sentence(self):
        """What may be said, and no more."""
        gain, worth, slower = self.all.gain, self.all.multiplier, self.all.time_ratio
        won = sum(
            dense > moe
            for size in self.sizes
            for dense, moe in zip(size.dense, size.moe, strict=True)
        )
        widths = f"widths {self.sizes[0].d_model} to {self.sizes[-1].d_model}"
        if gain.low <= 0 <= gain.high:
            verdict = (
                f"no difference is shown: {gain.mean:+.3f} nats per byte, 95 % interval "
                f"{gain.low:+.3f} to {gain.high:+.3f}"
            )
        else:
            better = "lower" if gain.mean > 0 else "higher"
            verdict = (
                f"the MoE's loss is {abs(gain.mean):.3f} nats per byte {better} (95 % "
                f"interval {gain.low:+.3f} to {gain.high:+.3f}), as if each FLOP were "
                f"{worth.mean:.2f} ({worth.low:.2f} to {worth.high:.2f})"
            )
        net = worth.mean / slower
        return (
            f"At {widths}, with the recipe of the dense models and 8 experts of which a byte "
            f"takes 2, {verdict}. It won {won} of {gain.n} pairs. It holds "
            f"{self.all.memory_ratio:.1f} times the parameters and took about {slower:.1f} "
            f"times the processor time, so a second of it is worth {net:.1f} of the dense "
            f"model's"
            f"{': here it does not pay' if net < 1 else ''}."
        )


def compare(moe=None, dense=None, gamma=None):
    """The Comparison of the study "main" with the fleet's dense runs.

    Args:
        moe, dense: rows as in the two tables, which are taken where nothing is given.
        gamma: L*(C) ∝ C^-gamma; by default that of the fleet's frontier.

    Raises:
        ValueError: if no MoE run has a dense partner, or gamma is not positive.
    """
    if gamma is None:
        losses = frontier(measured("isoflop")).losses
        gamma = -losses.exponent
        interval = tuple(-end for end in reversed(losses.interval))
    else:
        interval = (gamma, gamma)
    if not gamma > 0:
        raise ValueError(f"gamma must be positive, got {gamma!r}")
    moe = [row for row in runs("main")] if moe is None else moe
    partners = {_pair(row): row for row in (measured("isoflop") if dense is None else dense)}
    sizes = defaultdict(list)
    for row in sorted(moe, key=_pair):
        if _pair(row) in partners:
            sizes[row["d_model"]].append((partners[_pair(row)], row))
    if not sizes:
        raise ValueError(
            "moe: none of its runs has a dense partner of the same width, bytes and seed"
        )
    every = [pair for pairs in sizes.values() for pair in pairs]
    return Comparison(
        tuple(_pairs(width, pairs, gamma) for width, pairs in sorted(sizes.items())),
        _pairs(None, every, gamma),
        gamma,
        interval,
    )


def _pair(row):
    return row["d_model"], row["n_tokens"], row["seed"]


def _pairs(width, pairs, gamma):
    def column(name):
        return np.array([[one[name] for one in pair] for pair in pairs], dtype=float).T

    (dense, moe), (flops, with_router) = column("loss"), column("flops")
    ratio = {name: column(name)[1] / column(name)[0] for name in ("seconds", "n_total")}
    log_worth = estimate(np.log(dense / moe) / gamma - np.log(with_router / flops))
    worth = Estimate(
        *(float(np.exp(getattr(log_worth, end))) for end in ("mean", "low", "high")), log_worth.n
    )
    return Pairs(
        d_model=width,
        flops=float(flops.mean()),
        dense=tuple(dense.tolist()),
        moe=tuple(moe.tolist()),
        gain=estimate(dense - moe),
        multiplier=worth,
        time_ratio=float(np.exp(np.log(ratio["seconds"]).mean())),
        memory_ratio=float(np.exp(np.log(ratio["n_total"]).mean())),
    )


@dataclass(frozen=True)
class Variant:
    """One line of the ablation: what was changed, and what came of it; seeds 0 and 1 averaged.

    gain: the dense model's loss minus this, nats per byte, over the seeds.
    """

    name: str
    loss: float
    gain: Estimate
    largest_share: float
    dead_experts: float
    num_experts: int


def ablations(rows=None, dense=None):
    """A Variant for each setting at width 32, the lowest loss first; the main one is among them."""
    rows = runs() if rows is None else rows
    partners = {_pair(row): row for row in (measured("isoflop") if dense is None else dense)}
    found = defaultdict(list)
    for row in rows:
        if row["d_model"] == ABLATED and row["seed"] in (0, 1) and _pair(row) in partners:
            found[_name(row)].append(row)
    variants = [
        Variant(
            name,
            *(float(np.mean([row[key] for row in some])) for key in ("loss",)),
            estimate([partners[_pair(row)]["loss"] - row["loss"] for row in some]),
            *(
                float(np.mean([row[key] for row in some]))
                for key in ("largest_share", "dead_experts")
            ),
            some[0]["num_experts"],
        )
        for name, some in found.items()
    ]
    return sorted(variants, key=lambda variant: variant.loss)


def _name(row):
    shape = f"{row['num_experts']} experts, top {row['top_k']}"
    if row["router"] == "sigmoid":
        return f"{shape}, sigmoid, " + (
            f"bias {row['bias_rate']:g}" if row["bias_rate"] else "nothing"
        )
    return f"{shape}, " + (
        f"balance loss {row['balance_coefficient']:g}" if row["balance_coefficient"] else "nothing"
    )


def runs(study=None, table=TABLE):
    """The measured runs that come with the course, all or of one study, "main" or "ablation"."""
    rows = [row for row in read_table(table) if study in (None, row["study"])]
    if not rows:
        raise ValueError(f"study must be 'main' or 'ablation', got {study!r}")
    return rows
