"""A mixture of experts: a router, and each token's way through k of many small networks.

    layer = MoEArchitecture(d_model=256, num_experts=64, top_k=6, d_ff=512)
    output, load_balance_loss = layer(x)  # x and output: (..., 256)

One token's way: `route` scores the experts and picks k; `mix` sorts the choices by expert, once,
sends each expert its rows in one product, weighs what comes back and adds it up at the token.

In the comments T is the number of tokens, E of experts, k of experts for each token.
"""

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from course.moe.experts import FeedForwardNetwork, size
from course.moe.losses import load_balance_loss
from course.units import positive


class Routing(NamedTuple):
    """Where T tokens go. The statistics live here, not on the layer, where a checkpointed forward
    pass, which runs twice, would overwrite them.

    Attributes:
        logits: (T, E), the router's scores before softmax or sigmoid.
        probs: (T, E), adding up to 1 for each token: what the balance loss sees.
        experts: (T, k), the experts chosen, the best first.
        gates: (T, k), the weight of each choice; 0 where it was dropped.
        counts: (E,), how many choices fell on each expert, dropped ones included.
        n_dropped: (), how many choices were dropped.
    """

    logits: torch.Tensor
    probs: torch.Tensor
    experts: torch.Tensor
    gates: torch.Tensor
    counts: torch.Tensor
    n_dropped: torch.Tensor


class MoEArchitecture(nn.Module):
    """Each token passes the `top_k` experts that a router picks; A §3.1, made to work.

    output = Σ_j gate_j · expert_j(x) over the chosen experts. Called with x of shape (..., d_model)
    and a floating dtype, returns (output, load_balance_loss): output of x's shape, and the loss of
    `course.moe.load_balance_loss`, `top_k` at balance, not yet multiplied by a coefficient. No
    tokens give no rows and a loss of 0. The router and its bias compute in float32 (float64 for
    float64), whatever the dtype of the rest.

    Padding must not reach the layer: it would take capacity from real tokens and count in the loss.
    With a mask of shape x.shape[:-1], True for real tokens:

        output = torch.zeros_like(x)
        output[mask], load_balance_loss = layer(x[mask])

    Args:
        d_model, num_experts, top_k: width of a token, number of experts E, and k for each token.
        d_ff: hidden width of an expert, 4 · d_model unless given. On a GPU the fast product wants
            bfloat16, and d_model and d_ff multiples of 8; see `course.moe.grouped`.
        expert: called as expert(d_model, d_ff, num_experts), returns a module that takes sorted
            rows and counts as FeedForwardNetwork does; or GatedFeedForwardNetwork.
        router: "softmax" (Shazeer et al. 2017), or "sigmoid", whose choice, but not whose gates, a
            bias shifts until the load is even; call `update_bias` once a step (DeepSeek-V3 2024,
            §2.1.2).
        renormalize: whether a token's gates are made to add up to 1. By default for top_k > 1, as
            in Mixtral; with top_k = 1 the gate would be 1, and the router would get no gradient
            from the task.
        capacity_factor: an expert takes at most ceil(factor · T · k / E) choices, first choices
            before second, earlier tokens before later; the rest is dropped, and adds 0 (Lepikhin
            et al. 2020, GShard; Fedus et al. 2022, eq. 3). Here it saves no work, since each expert
            computes exactly the rows it was sent.
        random_routing: in training, a choice after the first is kept with probability
            min(1, k · share of its gate), 2 · g_2 for the top 2 (GShard, algorithm 1).

    Raises:
        ValueError: naming the argument.
    """

    def __init__(
        self,
        d_model,
        num_experts,
        top_k=2,
        *,
        d_ff=None,
        expert=FeedForwardNetwork,
        router="softmax",
        renormalize=None,
        capacity_factor=None,
        random_routing=False,
    ):
        super().__init__()
        self.d_model = size("d_model", d_model)
        self.num_experts = size("num_experts", num_experts)
        self.top_k = size("top_k", top_k, self.num_experts)
        if router not in ("softmax", "sigmoid"):
            raise ValueError(f"router must be 'softmax' or 'sigmoid', got {router!r}")
        if capacity_factor is not None:
            capacity_factor = positive("capacity_factor", capacity_factor)
        self.renormalize = top_k > 1 if renormalize is None else renormalize
        self.capacity_factor, self.random_routing = capacity_factor, random_routing
        # Starts at random, not at 0: on ties every token would go to the same experts.
        self.router = nn.Linear(self.d_model, self.num_experts, bias=False)
        bias = torch.zeros(self.num_experts, dtype=torch.float32) if router == "sigmoid" else None
        self.register_buffer("bias", bias)
        self.experts = expert(self.d_model, d_ff, self.num_experts)

    def forward(self, x, routing=None):
        """(output, load_balance_loss). `routing`, from `route`, holds the choice of experts."""
        tokens = self._flat(x)  # (T, d_model)
        routing = self.route(tokens) if routing is None else routing
        shapes = (len(tokens), self.top_k), (len(tokens), self.num_experts)
        if (routing.experts.shape, routing.probs.shape) != shapes:
            raise ValueError(f"routing must have experts and probs of shapes {shapes}")
        output = self.mix(tokens, routing).reshape(x.shape)
        return output, load_balance_loss(routing.probs, routing.counts)

    def route(self, x):
        """The Routing of x, shape (..., d_model); T is the product of the leading sizes."""
        tokens = self._flat(x)  # (T, d_model)
        tokens = tokens.to(torch.promote_types(tokens.dtype, torch.float32))
        with torch.autocast(tokens.device.type, enabled=False):
            logits = F.linear(tokens, self.router.weight.to(tokens.dtype))  # (T, E)
            if self.bias is None:
                scores = probs = ranking = logits.softmax(-1)  # (T, E)
            else:
                scores = logits.sigmoid()  # (T, E)
                probs, ranking = _shares(scores), scores + self.bias
            experts = ranking.detach().topk(self.top_k).indices  # (T, k)
            gates = scores.gather(-1, experts)  # (T, k)
            kept = self._kept(experts, _shares(gates.detach()))  # (T, k)
            gates = (_shares(gates) if self.renormalize else gates) * kept
        chosen = experts.flatten()  # (T · k,)
        counts = chosen.new_zeros(self.num_experts).scatter_add(0, chosen, torch.ones_like(chosen))
        return Routing(logits, probs, experts, gates, counts, kept.numel() - kept.sum())

    def mix(self, tokens, routing):
        """Σ_j gate_j · expert_j(token) for tokens of shape (T, d_model); the same shape."""
        # Sorted by expert, all first choices before all second ones: choice c is of token c % T.
        order = routing.experts.T.flatten().argsort(stable=True)  # (k · T,)
        rows = tokens.index_select(0, order % max(len(tokens), 1))  # (k · T, d_model)
        rows = self.experts(rows, routing.counts)  # (k · T, d_model)
        place = order.argsort().reshape(self.top_k, -1).T  # (T, k): where each choice's row lies
        # Σ_j gates[t, j] · rows[place[t, j]]. Unlike index_add it makes no weighted copy of all
        # rows, and adds up bfloat16 in float32; the gates are rounded to the dtype of the rows.
        gates = routing.gates.to(rows.dtype)
        return F.embedding_bag(place, rows, mode="sum", per_sample_weights=gates)  # (T, d_model)

    @torch.no_grad()
    def update_bias(self, counts, rate=0.001):
        """bias += rate · sign(mean count - count): makes the overloaded less likely to be chosen.

        `counts` (E,): the choices of one step, from Routing.counts, summed over processes. Call it
        once a step beside the optimizer. Source: DeepSeek-V3 2024, §2.1.2, rate 0.001.
        """
        if self.bias is None or counts.shape != self.bias.shape:
            raise ValueError(f"update_bias needs router='sigmoid' and {self.num_experts} counts")
        self.bias += rate * (counts.float().mean() - counts).sign()

    def _kept(self, experts, shares):
        kept = torch.ones_like(experts, dtype=torch.bool)
        if self.random_routing and self.training:
            kept[:, 1:] = torch.rand_like(shares[:, 1:]) < self.top_k * shares[:, 1:]
        if self.capacity_factor is not None:
            # The place of each choice in its expert's queue, first choices before second ones.
            chosen = experts.T.reshape(-1, 1)  # (k · T, 1)
            queue = (chosen == torch.arange(self.num_experts, device=chosen.device)).cumsum(0)
            place = queue.gather(1, chosen).reshape(self.top_k, -1).T  # (T, k)
            # Rounding errors are not rounded up: 10 + 2e-15 places are 10, as in `costs`.
            exact = self.capacity_factor * len(chosen) / self.num_experts
            kept = kept & (place <= math.ceil(exact * (1 - 1e-12)))
        return kept

    def _apply(self, fn, recurse=True):
        """As in every module, but casts such as .bfloat16() leave the bias in float32: from 0.5 on
        bfloat16 would lose its steps of 0.001."""
        exact = self.bias
        super()._apply(fn, recurse)
        if exact is not None and self.bias.dtype != torch.float32:
            self.bias = exact.to(self.bias.device)
        return self

    def _flat(self, x):
        if not (isinstance(x, torch.Tensor) and x.is_floating_point()):
            got = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise ValueError(f"x must be a tensor of floating numbers, got {got}")
        if x.ndim == 0 or x.shape[-1] != self.d_model:
            raise ValueError(f"x must have shape (..., {self.d_model}), got {tuple(x.shape)}")
        return x.reshape(-1, self.d_model)


def _shares(scores):
    return scores / scores.sum(-1, keepdim=True).clamp_min(1e-20)
