"""How unequally is compute shared? Shares, a Lorenz curve and its Gini coefficient."""

import numpy as np

from course.evidence import fact
from course.units import positive

# Who trained the models of our registry whose compute is known or estimated.
DEVELOPERS = {
    "OpenAI": ("GPT-3", "GPT-4"),
    "Google": ("Gopher", "Chinchilla", "LaMDA", "PaLM", "PaLM-2", "T5-11B", "BERT-Large"),
    "Meta": ("Llama-3.1-405B", "Llama-4-Scout", "Llama-4-Maverick", "Llama-4-Behemoth"),
    "xAI": ("Grok-4",),
    "DeepSeek": ("DeepSeek-V2", "DeepSeek-V3"),
    "Alibaba": ("Qwen2.5-72B", "Qwen3-235B"),
    "Moonshot": ("Kimi-K2",),
    "TII": ("Falcon-180B",),
    "Microsoft and NVIDIA": ("MT-NLG",),
    "AI21": ("Jurassic-1",),
    "BigScience": ("BLOOM",),
}


def compute_by_developer():
    """{developer: FLOP of its models in the registry together}, the largest first.

    The registry holds the models of this course, not all that exist: a sample by fame.
    """
    sums = {
        who: sum(fact(f"model.{name}").value["flops"] for name in models)
        for who, models in DEVELOPERS.items()
    }
    return dict(sorted(sums.items(), key=lambda pair: -pair[1]))


def lorenz(amounts):
    """(shares of holders, shares of the whole), each (n + 1,), from (0, 0), the poorest first."""
    ordered = np.sort(np.atleast_1d(positive("amounts", amounts)))
    return (
        np.linspace(0, 1, len(ordered) + 1),
        np.concatenate([[0.0], np.cumsum(ordered) / ordered.sum()]),
    )


def gini(amounts):
    """G = Σ_i Σ_j |x_i - x_j| / (2 n² mean): 0 where all have the same, (n - 1)/n if one has all.

    Twice the area between the Lorenz curve and the diagonal. Shape (n,), positive.
    """
    holders, whole = lorenz(amounts)
    return float(1 - np.sum(np.diff(holders) * (whole[1:] + whole[:-1])))
