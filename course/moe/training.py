"""Dense against mixture of experts at equal active compute: which runs, and how each is made.

The recipe, the bytes and their order are those of the fleet (`course.experiments.fleet`), so a run
here has a dense partner there, of the same width, bytes and seed. An expert is half as wide as the
dense block's hidden layer and a token takes two of eight: the experts that a token passes do the
same FLOP. The router comes on top: 6 · 3 · d_model · 8 FLOP a byte, 2.3 % at width 16 and 1.1 % at
48, counted in `flops`. `python -m course.moe` makes the table `runs.csv` again.
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from course.experiments import fleet
from course.experiments.corpus import load_corpus
from course.experiments.model import LanguageModel, count_parameters, flops_per_token
from course.experiments.runs import planned
from course.experiments.training import Recipe, Stopwatch, held_out_loss, one_thread, train
from course.moe.layer import MoEArchitecture

TABLE = Path(__file__).with_name("runs.csv")
N_LAYERS = 3
SIZES = ((16, 3e10), (24, 1e11), (32, 3e11), (48, 1e12))  # width, budget: near the dense valley
ABLATED = (32, 3e11)
BALANCE = 0.01  # of a balance loss that is 1 at balance (Fedus et al. 2022, section 2.2)
BIAS_RATE = 0.001  # DeepSeek-V3 2024, section 4.2; their run has 60 times as many steps
DEAD = 0.1  # of the even share: an expert with less is called dead


class CountedMoE(nn.Module):
    """A MoEArchitecture that counts in `counts`, shape (experts,), the choices of each expert."""

    def __init__(self, d_model, num_experts, top_k, **options):
        super().__init__()
        self.layer = MoEArchitecture(d_model, num_experts, top_k, **options)
        self.clear()

    def clear(self):
        self.counts = torch.zeros(self.layer.num_experts)

    def forward(self, x):
        routing = self.layer.route(x)
        self.counts = self.counts + routing.counts
        return self.layer(x, routing)


def spec(
    study,
    d_model,
    flops,
    seed,
    *,
    num_experts=8,
    top_k=2,
    router="softmax",
    balance_coefficient=BALANCE,
    bias_rate=0.0,
):
    """The specification of one run. Experts are as wide as makes `top_k` of them do the FLOP of
    the dense block.

    Args:
        study: the name in `STUDIES` that the run belongs to.
        d_model: width of the model.
        flops: of the dense partner: they decide how many bytes are read.
        seed: of the weights at the start, and of what is read in which order.
        num_experts, top_k: of each layer.
        router: "softmax" or "sigmoid".
        balance_coefficient: weight of the balance loss in the form that is 1 at balance. The layer
            returns the form that is top_k there, so the recipe gets balance_coefficient / top_k.
        bias_rate: of `update_bias`, once a step; 0 for none.
    """
    return {
        "study": study,
        "d_model": d_model,
        "n_tokens": fleet.tokens_for(flops, d_model),
        "seed": seed,
        "num_experts": num_experts,
        "top_k": top_k,
        "d_ff": 4 * d_model // top_k,
        "router": router,
        "balance_coefficient": balance_coefficient,
        "bias_rate": bias_rate,
    }


def main_runs():
    """8 experts, top 2, four sizes, three seeds."""
    return [spec("main", *size, seed) for size in SIZES for seed in range(3)]


def ablation():
    """What balances, what does not, and other shapes, at one size with two seeds."""
    bias = {"router": "sigmoid", "balance_coefficient": 0.0}
    variants = (
        *({"balance_coefficient": coefficient} for coefficient in (0.0, 0.001, 0.1)),
        *({"top_k": 1, "balance_coefficient": coefficient} for coefficient in (0.0, BALANCE)),
        *(bias | {"bias_rate": rate} for rate in (BIAS_RATE, 10 * BIAS_RATE, 0.0)),
        {"num_experts": 32},
    )
    return [spec("ablation", *ABLATED, seed, **variant) for variant in variants for seed in (0, 1)]


STUDIES = {"main": main_runs, "ablation": ablation}


def specs(names=()):
    """The runs of some studies, of all by default, the cheapest first: see `planned`."""
    return planned(STUDIES, names, flops)


def provenance():
    """What must be alike in the whole table: the fleet's text and versions."""
    return fleet.provenance()


def _active_and_total(row):
    """Parameters: what a byte passes, with the head and without the embedding; and all there is."""
    d_model, dense = row["d_model"], count_parameters(row["d_model"], N_LAYERS)
    router, expert = d_model * row["num_experts"], 2 * d_model * row["d_ff"]
    without = N_LAYERS * (router - 8 * d_model**2)  # the dense blocks out, the routers in
    return (
        dense.n_with_head + without + N_LAYERS * row["top_k"] * expert,
        dense.n_total + without + N_LAYERS * row["num_experts"] * expert,
    )


def flops(row):
    """Training compute of a run: that of the dense model and 6 for each active parameter more."""
    n_dense = count_parameters(row["d_model"], N_LAYERS).n_with_head
    n_added = _active_and_total(row)[0] - n_dense
    return row["n_tokens"] * (flops_per_token(row["d_model"], N_LAYERS) + 6.0 * n_added)


def build(row):
    """The untrained model of a run; its blocks' `feed_forward` are CountedMoE."""

    def block(d_model):
        return CountedMoE(
            d_model, row["num_experts"], row["top_k"], d_ff=row["d_ff"], router=row["router"]
        )

    return LanguageModel(row["d_model"], N_LAYERS, feed_forward=block)


@lru_cache(maxsize=1)
def corpus():
    """The fleet's text."""
    return load_corpus()


def train_model(row, text):
    """(model, TrainingLog) of a run, trained in this thread on `text`."""
    with torch.random.fork_rng():
        torch.manual_seed(row["seed"])
        model = build(row)
        blocks = [block.feed_forward for block in model.blocks]

        def after_step(*_):
            for block in blocks:
                if row["bias_rate"]:
                    block.layer.update_bias(block.counts, row["bias_rate"])
                block.clear()

        recipe = Recipe(balance_coefficient=row["balance_coefficient"] / row["top_k"])
        log = train(
            model, text, row["n_tokens"], recipe=recipe, seed=row["seed"], on_step=after_step
        )
    return model, log


def held_out_shares(model, text):
    """(loss, shares): nats per byte of held-out text, and each expert's share, (layers, E)."""
    blocks = [block.feed_forward for block in model.blocks]
    for block in blocks:
        block.clear()
    loss = held_out_loss(model, text)
    counts = torch.stack([block.counts for block in blocks])
    return loss, counts / counts.sum(1, keepdim=True)


def run(row):
    """Train one model in one thread and measure it.

    largest_share: the busiest expert's share of all choices on held-out text, mean over layers.
    dead_experts: how many have less than a tenth of an even share, mean over layers.
    seconds: processor time of training.
    """
    text, held_out = (corpus().text(split) for split in ("train", "held_out"))
    with one_thread(row["seed"]):
        with Stopwatch() as watch:
            model, log = train_model(row, text)
        loss, shares = held_out_shares(model, held_out)
    n_active, n_total = _active_and_total(row)
    dead = (shares < DEAD / row["num_experts"]).sum(1).float().mean()
    return {
        "n_active": n_active,
        "n_total": n_total,
        "flops": flops(row),
        "steps": log.steps,
        "loss": round(loss, 5),
        "train_loss": round(log.train_loss, 5),
        "largest_share": round(float(shares.amax(1).mean()), 4),
        "dead_experts": round(float(dead), 2),
        "seconds": round(watch.seconds, 1),
    }
