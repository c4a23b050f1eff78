"""Does reading more make a model harder to quantise? Byte models over bytes per parameter.

Each model is trained as the fleet's are; then all matrices of its blocks are rounded to 8, 4, 3
and 2 bits, a scale for each row, and the loss on held-out text is measured again. Embedding, head
and norms stay as they are. `python -m course.compression brittleness` makes the rows again and
keeps the weights in `work/`, so that no model
is trained twice.
"""

from functools import lru_cache

import torch

from course.compression.quantisation import quantise
from course.experiments import fleet
from course.experiments.corpus import load_corpus
from course.experiments.model import LanguageModel, count_parameters, flops_per_token
from course.experiments.runs import WORK
from course.experiments.training import Stopwatch, held_out_loss, one_thread, train

WEIGHTS = WORK / "compression_weights"
BYTES_PER_PARAM = {16: (5, 20, 80, 320), 32: (5, 20, 80)}  # width: bytes read for each parameter
BITS = (8, 4, 3, 2)
SEEDS = 5
HELD_OUT_WINDOWS = 2048


def specs():
    """The runs: two widths, five seeds of each number of bytes per parameter."""
    return [
        {
            "d_model": width,
            "bytes_per_param": ratio,
            "n_tokens": ratio * count_parameters(width).n_with_head,
            "seed": seed,
        }
        for width, ratios in BYTES_PER_PARAM.items()
        for ratio in ratios
        for seed in range(SEEDS)
    ]


STUDIES = {"brittleness": specs}


def flops(row):
    """Training compute, by the fleet's formula."""
    return row["n_tokens"] * flops_per_token(row["d_model"])


def provenance():
    """What must be alike in the whole table: the text, and the versions of Python and torch."""
    return fleet.provenance()


@lru_cache(maxsize=2)
def text(split):
    """Bytes of one split of the fleet's corpus."""
    return load_corpus().text(split)


def trained(row):
    """The LanguageModel of a row, from `work/` where it has been trained before."""
    place = WEIGHTS / "width{d_model}_bytes{bytes_per_param}_seed{seed}.pt".format(**row)
    model = LanguageModel(row["d_model"])
    if place.exists():
        model.load_state_dict(torch.load(place, weights_only=True))
        return model
    train(model, text("train"), row["n_tokens"], seed=row["seed"])
    place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), place)
    return model


@torch.no_grad()
def round_blocks(model, bits):
    """Round all matrices of the model's blocks, in place, a scale for each row."""
    for parameter in model.blocks.parameters():
        if parameter.ndim == 2:
            parameter.copy_(torch.from_numpy(quantise(parameter.numpy(), bits).weights))


def run(row):
    """Train one model in one thread; its held-out loss as it is and rounded."""
    with one_thread(row["seed"]), Stopwatch() as watch:
        model = trained(row)
        losses = {"loss": held_out_loss(model, text("held_out"), n_windows=HELD_OUT_WINDOWS)}
        whole = {name: value.clone() for name, value in model.state_dict().items()}
        for bits in BITS:
            model.load_state_dict(whole)
            round_blocks(model, bits)
            losses[f"loss_int{bits}"] = held_out_loss(
                model, text("held_out"), n_windows=HELD_OUT_WINDOWS
            )
    return {
        "flops": flops(row),
        **{name: round(loss, 5) for name, loss in losses.items()},
        "seconds": round(watch.seconds, 1),
    }
