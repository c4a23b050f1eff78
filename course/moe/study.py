"""Dense against mixture of experts at equal active compute: what the runs say, with intervals.

Reads `runs.csv` of this package and the fleet's table. A pair is a dense run and a MoE run of one
width, the same bytes in the same order, and one seed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course.experiments.estimates import Comparison, Estimate, compare, estimate, estimate_ratio
from course.experiments.runs import load_runs
from course.experiments.study import frontier, measured
from course.units import positive, single

TABLE = Path(__file__).with_name("runs.csv")
ABLATED = 32  # the width of the ablations
ABLATED_SEEDS = (0, 1)


@dataclass(frozen=True)
class Pairs:
    """The pairs of one size, or of several.

    Estimates are over the pairs; with several sizes they take the gain to be one for all, which the
    smallest size does not quite bear out.

    Attributes:
        d_model: the width; None for several.
        flops: training compute of the dense model, mean.
        dense, moe: losses of either, pair by pair, nats per byte.
        gain: dense minus MoE, nats per byte: above 0 the MoE is better.
        multiplier: how many times the dense model's FLOP would buy the MoE's loss, for each FLOP of
            the MoE: (L_dense / L_MoE)^(1/γ) · C_dense / C_MoE, where L*(C) ∝ C^-γ is the fleet's
            frontier.
        time_ratio: processor seconds of training, MoE over dense, geometric mean. The two were
            trained at different times on a shared machine, so it is rough.
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
class DenseAgainstMoE:
    """What the runs of the study "main" say beside the dense runs of the fleet.

    Attributes:
        sizes: one Pairs for each width, from the smallest.
        all: all pairs together.
        comparison: of all dense with all MoE losses; None for a single pair.
        gamma: the exponent of the fleet's frontier.
        gamma_interval: its 95 % interval (low, high).
    """

    sizes: tuple[Pairs, ...]
    all: Pairs
    comparison: Comparison | None
    gamma: float
    gamma_interval: tuple[float, float]

    def sentence(self):
        """What may be said, and no more."""
        gain, worth, slower = self.all.gain, self.all.multiplier, self.all.time_ratio
        won = sum(np.array(self.all.dense) > np.array(self.all.moe))
        widths = f"widths {self.sizes[0].d_model} to {self.sizes[-1].d_model}"
        interval = f"95 % interval {gain.low:+.3f} to {gain.high:+.3f}"
        if self.comparison and self.comparison.told_apart:
            better = "lower" if gain.value > 0 else "higher"
            verdict = (
                f"the MoE's loss is {abs(gain.value):.3f} nats per byte {better} ({interval}), "
                f"as if each FLOP were {worth:.2f}"
            )
        else:
            verdict = f"the two are not told apart: {gain.value:+.3f} nats per byte, {interval}"
        net = worth.value / slower
        return (
            f"At {widths}, with the recipe of the dense models and 8 experts of which a byte "
            f"takes 2, {verdict}. It won {won} of {gain.n} pairs. It holds "
            f"{self.all.memory_ratio:.1f} times the parameters and took about {slower:.1f} "
            f"times the processor time, so a second of it is worth {net:.1f} of the dense "
            f"model's"
            f"{': here it does not pay' if net < 1 else ''}."
        )


def dense_against_moe(moe=None, dense=None, gamma=None):
    """The DenseAgainstMoE of the study "main" and the fleet's dense runs.

    Args:
        moe, dense: rows as in the two tables, which are taken where nothing is given.
        gamma: L*(C) ∝ C^-gamma; by default that of the fleet's frontier.

    Raises:
        ValueError: if no MoE run has a dense partner, or gamma is not positive.
    """
    if gamma is None:
        losses = frontier(measured("isoflop")).losses
        gamma, interval = -losses.exponent, tuple(-end for end in reversed(losses.interval))
    else:
        interval = (gamma, gamma)
    gamma = single("gamma", positive("gamma", gamma))
    partners = _by_pair(measured("isoflop") if dense is None else dense)
    pairs = [
        (partners[_pair(row)], row)
        for row in sorted(load_runs(TABLE, "main") if moe is None else moe, key=_pair)
        if _pair(row) in partners
    ]
    if not pairs:
        raise ValueError(
            "moe: none of its runs has a dense partner of the same width, bytes and seed"
        )
    widths = sorted({row["d_model"] for _, row in pairs})
    together = _pairs(None, pairs, gamma)
    comparison = None
    if len(pairs) > 1:
        (comparison,) = compare({"dense": together.dense, "MoE": together.moe})
    return DenseAgainstMoE(
        tuple(
            _pairs(width, [pair for pair in pairs if pair[1]["d_model"] == width], gamma)
            for width in widths
        ),
        together,
        comparison,
        gamma,
        interval,
    )


def _pair(row):
    return row["d_model"], row["n_tokens"], row["seed"]


def _by_pair(rows):
    return {_pair(row): row for row in rows}


def _pairs(width, pairs, gamma):
    def column(name):
        return np.array([[row[name] for row in pair] for pair in pairs], dtype=float).T

    (dense, moe), (flops, with_router) = column("loss"), column("flops")
    time_ratio, memory_ratio = (
        estimate_ratio(column(name)[1] / column(name)[0]).value for name in ("seconds", "n_total")
    )
    return Pairs(
        d_model=width,
        flops=float(flops.mean()),
        dense=tuple(dense.tolist()),
        moe=tuple(moe.tolist()),
        gain=estimate(dense - moe),
        multiplier=estimate_ratio((dense / moe) ** (1 / gamma) * flops / with_router),
        time_ratio=time_ratio,
        memory_ratio=memory_ratio,
    )


@dataclass(frozen=True)
class Variant:
    """One line of the ablation: what was changed, and what came of it, seeds averaged.

    Attributes:
        name: the shape, and what balances.
        loss: held-out, nats per byte.
        gain: the dense model's loss minus this, nats per byte, over the seeds.
        largest_share: the busiest expert's share of all choices, mean over layers.
        dead_experts: with less than a tenth of an even share, mean over layers.
        num_experts: in a layer.
    """

    name: str
    loss: float
    gain: Estimate
    largest_share: float
    dead_experts: float
    num_experts: int


def ablations(rows=None, dense=None):
    """A Variant for each setting at width 32, the lowest loss first; the main one is among them."""
    partners = _by_pair(measured("isoflop") if dense is None else dense)
    by_name = {}
    for row in load_runs(TABLE) if rows is None else rows:
        if row["d_model"] == ABLATED and row["seed"] in ABLATED_SEEDS and _pair(row) in partners:
            by_name.setdefault(_name(row), []).append(row)
    variants = []
    for name, own in by_name.items():
        loss, largest_share, dead_experts = (
            float(np.mean([row[column] for row in own]))
            for column in ("loss", "largest_share", "dead_experts")
        )
        gain = estimate([partners[_pair(row)]["loss"] - row["loss"] for row in own])
        variants.append(
            Variant(name, loss, gain, largest_share, dead_experts, own[0]["num_experts"])
        )
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
