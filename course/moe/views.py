"""What the pictures of chapter 3's explorers show, computed before it is drawn."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from course.accounting import chip
from course.moe.costs import MOST_EXPERTS, ExpertCosts, expert_costs
from course.moe.routing_study import expert_of_each_byte

N_EXPERTS = 8  # of the trained router


@dataclass(frozen=True)
class ByteView:
    """The way of a text's bytes through one layer.

    Attributes:
        layer: from 0.
        characters: for each byte what to print of it.
        experts: (length, 2), the first choice first.
        shares: (E,), of all choices.
        same_character, any_pair: the share that has the same first expert, of the pairs of bytes
            that are the same character and of all pairs; None without such pairs.
    """

    layer: int
    characters: tuple[str, ...]
    experts: np.ndarray
    shares: np.ndarray
    same_character: float | None
    any_pair: float | None


def byte_view(text, layer):
    """The ByteView of a text through layer 0, 1 or 2 of the trained router of `routing_study`.

    Raises ValueError for an empty text and for one of more than 64 bytes in UTF-8.
    """
    routes = expert_of_each_byte(text)
    if layer not in range(len(routes.experts)):
        raise ValueError(f"layer must be 0 to {len(routes.experts) - 1}, got {layer!r}")
    experts = routes.experts[layer]
    pairs = [
        (one == other, first == second)
        for (one, first), (other, second) in combinations(
            zip(routes.characters, experts[:, 0], strict=True), 2
        )
    ]
    alike = [same_expert for same_character, same_expert in pairs if same_character]
    return ByteView(
        layer,
        routes.characters,
        experts,
        np.bincount(experts.ravel(), minlength=N_EXPERTS) / experts.size,
        float(np.mean(alike)) if alike else None,
        float(np.mean([same_expert for _, same_expert in pairs])) if pairs else None,
    )


@dataclass(frozen=True)
class CostView:
    """What the explorer shows: one mixture, its dense model, and the curve over E.

    Attributes:
        chosen: the arguments of `cost_view`, with the chip itself.
        here, dense: of the mixture and of the dense model; numbers.
        n_experts: (points,), the numbers of experts of the curve.
        curve: of the mixture with so many experts; arrays of shape (points,).
        n_chips: how many of the chip hold the weights.
    """

    chosen: dict
    here: ExpertCosts
    dense: ExpertCosts
    n_experts: np.ndarray
    curve: ExpertCosts
    n_chips: int


def cost_view(n_experts, top_k, granularity, batch=1, bits=16, chip_name="H100"):
    """The CostView of experts in Mixtral's place: d_model 4096, d_ff 14336, 32 layers.

    Args:
        n_experts, top_k: experts in a layer, and how many of them a token takes.
        granularity: into how many each expert is cut; a token takes that many times top_k.
        batch: sequences written at once.
        bits: of a weight.
        chip_name: the chip that decodes.

    Raises:
        ValueError: as `expert_costs`.
    """
    options = {"batch": batch, "bits": bits, "chip_name": chip(chip_name)}
    here = expert_costs(n_experts, top_k, granularity, **options)
    drawn = np.unique([n_experts, *np.geomspace(top_k, MOST_EXPERTS, 20).round().astype(int)])
    return CostView(
        chosen=options | {"n_experts": n_experts, "top_k": top_k, "granularity": granularity},
        here=here,
        dense=expert_costs(1, 1, **options),
        n_experts=drawn,
        curve=expert_costs(drawn, top_k, granularity, **options),
        n_chips=int(np.ceil(here.memory_bytes / options["chip_name"].memory_bytes)),
    )
