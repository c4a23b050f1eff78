"""The mixture of experts in the plainest words: a loop over tokens, a loop over their experts.

Slow, and easy to believe: what `MoEArchitecture` must equal, in output and in gradients.
"""

import torch
from torch.func import functional_call


def reference_moe(layer, x, experts=None):
    """(output, load_balance_loss) of `layer` for x of shape (..., d_model), with its parameters.

    Each token scores all experts, takes the best k (of equals, the first), and adds up
    gate · expert(token). `experts` (T, k) gives the choice instead: on ties there are several right
    ones. Knows neither capacity nor random routing.
    """
    n_experts, k = layer.num_experts, layer.top_k
    tokens = x.reshape(-1, layer.d_model)
    output, all_probs, counts = [], [], [0] * n_experts
    for t, token in enumerate(tokens):
        logits = layer.router.weight @ token
        if layer.bias is None:
            scores = probs = ranking = torch.softmax(logits, 0)
        else:
            scores = torch.sigmoid(logits)
            probs, ranking = scores / scores.sum(), scores + layer.bias
        if experts is None:
            chosen = sorted(range(n_experts), key=lambda e: -ranking[e].item())[:k]
        else:
            chosen = experts[t].tolist()
        total = sum(scores[e] for e in chosen) if layer.renormalize else 1
        result = torch.zeros_like(token)
        for e in chosen:
            result = result + scores[e] / total * _expert(layer, e, token)
            counts[e] += 1
        output.append(result)
        all_probs.append(probs)
    if not output:
        return x.clone(), x.new_zeros(())
    loss = 0
    for e in range(n_experts):
        mean_prob = sum(probs[e] for probs in all_probs) / len(tokens)
        loss = loss + n_experts * counts[e] / len(tokens) * mean_prob
    return torch.stack(output).reshape(x.shape), loss


def _expert(layer, e, token):
    """Expert e alone: the same network with only its slice of the stacked weights."""
    own = {name: stacked[e : e + 1] for name, stacked in layer.experts.named_parameters()}
    return functional_call(layer.experts, own, (token,))
