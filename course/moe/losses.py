"""What is added to the loss so that no expert takes all the tokens. One layer at a time.

T tokens, E experts, k of them for each token. `probs` (T, E) are the router's probabilities,
`counts` (E,) says how many of the T·k choices fell on each expert. A model of several layers takes
the mean of the layers' losses: pooled over layers, two that collapsed onto different experts look
balanced. No tokens give a loss of 0. Sums are taken in float32 at least: a batch of float16 would
overflow. The value at balance is no lower bound: choices and mean
probabilities may point in opposite directions.
"""

import torch


def load_balance_loss(probs, counts):
    """E · Σ_e (counts_e / T) · (mean of probs_e): k at balance, so 2.0 for the top 2.

    As in A §3.1 and in transformers. The counts have no gradient: it comes through `probs`. With
    all tokens at one set of k experts and certain of it, the loss is E. Raises ValueError where the
    shapes do not match.
    """
    _check("probs", probs, 2)
    if counts.shape != probs.shape[1:]:
        raise ValueError(
            f"counts must have shape {tuple(probs.shape[1:])}, one number for each "
            f"expert, got {tuple(counts.shape)}"
        )
    n_tokens, n_experts = probs.shape
    return n_experts * (counts * _wide(probs).sum(0)).sum() / max(n_tokens, 1) ** 2


def switch_balance_loss(probs, counts):
    """The same with shares of all choices, counts_e / (T·k), which add up to 1: 1 at balance.

    Source: Fedus, Zoph, Shazeer 2022 (Switch Transformers), eq. 4, there with k = 1. A published
    coefficient belongs to one of the two forms.
    """
    return load_balance_loss(probs, counts) * probs.shape[0] / counts.sum().clamp_min(1)


def router_z_loss(logits):
    """mean over tokens of (ln Σ_e exp logits_e)²: keeps the router's logits small.

    `logits` (T, E). It is (ln E)² where all logits are 0, at balance or not: it cares for the size
    of the logits, not for balance. Source: Zoph et al. 2022 (ST-MoE), eq. 5, coefficient 0.001.
    """
    _check("logits", logits, 2)
    return _wide(logits).logsumexp(-1).square().sum() / max(logits.shape[0], 1)


def _wide(tensor):
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _check(name, tensor, n_dims):
    if tensor.ndim != n_dims:
        raise ValueError(f"{name} must have the shape (tokens, experts), got {tuple(tensor.shape)}")
