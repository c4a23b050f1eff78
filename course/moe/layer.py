"""A mixture of experts: a router, many small feed-forward networks, and each token's way through k.

    layer = MoEArchitecture(d_model=256, num_experts=64, top_k=6, d_ff=512)
    output, load_balance_loss = layer(x)  # x and output: (..., 256)

One token's way: `route` scores the experts and picks k; `mix` sorts the choices by expert, once,
sends each expert its rows in one product, weighs what comes back and adds it up at the token.
"""

import math
from numbers import Integral
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from course.moe.grouped import grouped_mm
from course.moe.losses import load_balance_loss
from course.units import positive


class FeedForwardNetwork(nn.Module):
    """gelu(x · up) · down: one network, or `num_experts` of them with their weights stacked.

    `d_ff` is the hidden width, 4 · d_model unless given. Without `counts`, a dense block for x of
    shape (..., d_model). With `counts` (num_experts,), x has the rows of expert 0 first, then those
    of expert 1, …, and each row meets its own expert's weights.
    """

    hidden_parts = 1  # columns of `up` for each hidden unit

    def __init__(self, d_model, d_ff=None, num_experts=1):
        super().__init__()
        d_model, num_experts = _whole("d_model", d_model), _whole("num_experts", num_experts)
        d_ff = 4 * d_model if d_ff is None else _whole("d_ff", d_ff)
        self.up = nn.Parameter(torch.empty(num_experts, d_model, self.hidden_parts * d_ff))
        self.down = nn.Parameter(torch.empty(num_experts, d_ff, d_model))
        for weights in (self.up, self.down):  # as nn.Linear starts
            nn.init.uniform_(weights, -(weights.shape[1] ** -0.5), weights.shape[1] ** -0.5)

    def forward(self, x, counts=None):
        if counts is None:
            if len(self.up) > 1:
                raise ValueError(f"counts is needed to share x among {len(self.up)} networks")
            return self.activation(x @ self.up.squeeze(0)) @ self.down.squeeze(0)
        return grouped_mm(self.activation(grouped_mm(x, self.up, counts)), self.down, counts)

    def activation(self, hidden):
        return F.gelu(hidden, approximate="tanh")


class GatedFeedForwardNetwork(FeedForwardNetwork):
    """(silu(x · gate) * (x · value)) · down, the expert of Mixtral. `up` holds [gate, value].

    Source: Shazeer 2020, GLU Variants Improve Transformer (SwiGLU).
    """

    hidden_parts = 2

    def activation(self, hidden):
        gate, value = hidden.chunk(2, dim=-1)
        return F.silu(gate) * value


class Routing(NamedTuple):
    """Where T tokens go. The statistics live here, not on the layer, where a checkpointed forward
    pass, which runs twice, would overwrite them."""

    logits: torch.Tensor  # (T, E) the router's scores before softmax or sigmoid
    probs: torch.Tensor  # (T, E) adding up to 1: what the balance loss sees
    experts: torch.Tensor  # (T, k) the experts chosen, the best first
    gates: torch.Tensor  # (T, k) the weight of each choice; 0 where it was dropped
    counts: torch.Tensor  # (E,) how many choices fell on each expert, dropped ones included
    n_dropped: torch.Tensor  # () how many choices were dropped


class MoEArchitecture(nn.Module):
    """Each token passes the `top_k` experts that a router picks; A §3.1, made to work.

    output = Σ_j gate_j · expert_j(x) over the chosen experts. Called with x of shape (..., d_model)
    and a floating dtype, returns (output, load_balance_loss): output of x's shape, and the loss of
    `course.moe.load_balance_loss`, `top_k` at balance, not yet multiplied by a coefficient. No
    tokens give no rows and a loss of 0. The router computes in float32 (float64 for float64).

    d_ff: hidden width of an expert, 4 · d_model unless given.
    expert: called as expert(d_model, d_ff, num_experts), returns a module that takes sorted rows
        and counts as FeedForwardNetwork does; or GatedFeedForwardNetwork.
    router: "softmax" (Shazeer et al. 2017), or "sigmoid", whose choice, but not whose gates, a bias
        shifts until the load is even; call `update_bias` once a step (DeepSeek-V3 2024, §2.1.2).
    renormalize: whether a token's gates are made to add up to 1. By default for top_k > 1, as in
        Mixtral; with top_k = 1 the gate would be 1, and the task would teach the router nothing.
    capacity_factor: an expert takes at most ceil(factor · T · k / E) choices, first choices before
        second, earlier tokens before later; the rest is dropped, and adds 0 (Lepikhin et al. 2020,
        GShard; Fedus et al. 2022, eq. 3). Here it saves no work: the sizes are exact anyway.
    random_routing: in training, a choice after the first is kept with probability
        min(1, k · share of its gate), 2 · g_2 for the top 2 (GShard, algorithm 1).

    Raises ValueError naming the argument.
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
        self.d_model = _whole("d_model", d_model)
        self.num_experts, self.top_k = _whole("num_experts", num_experts), _whole("top_k", top_k)
        if top_k > num_experts:
            raise ValueError(f"top_k must be at most num_experts = {num_experts}, got {top_k}")
        if router not in ("softmax", "sigmoid"):
            raise ValueError(f"router must be 'softmax' or 'sigmoid', got {router!r}")
        if capacity_factor is not None:
            capacity_factor = positive("capacity_factor", capacity_factor)
        self.renormalize = top_k > 1 if renormalize is None else renormalize
        self.capacity_factor, self.random_routing = capacity_factor, random_routing
        # Starts at random, not at 0: on ties every token would go to the same experts.
        self.router = nn.Linear(d_model, num_experts, bias=False)
        self.register_buffer("bias", torch.zeros(num_experts) if router == "sigmoid" else None)
        self.experts = expert(d_model, d_ff, num_experts)

    def forward(self, x, routing=None):
        """(output, load_balance_loss). `routing`, from `route`, holds the choice of experts."""
        tokens = self._flat(x)
        routing = self.route(tokens) if routing is None else routing
        size = (len(tokens), self.top_k), (len(tokens), self.num_experts)
        if (routing.experts.shape, routing.probs.shape) != size:
            raise ValueError(f"routing must have experts and probs of shapes {size}")
        output = self.mix(tokens, routing).reshape(x.shape)
        return output, load_balance_loss(routing.probs, routing.counts)

    def route(self, x):
        """The Routing of x, shape (..., d_model); T is the product of the leading sizes."""
        tokens = self._flat(x)
        tokens = tokens.to(torch.promote_types(tokens.dtype, torch.float32))
        with torch.autocast(tokens.device.type, enabled=False):
            logits = F.linear(tokens, self.router.weight.to(tokens.dtype))
            if self.bias is None:
                scores = probs = ranking = logits.softmax(-1)
            else:
                scores = logits.sigmoid()
                probs, ranking = _shares(scores), scores + self.bias
            experts = ranking.detach().topk(self.top_k).indices
            gates = scores.gather(-1, experts)
            kept = self._kept(experts, _shares(gates.detach()))
            gates = (_shares(gates) if self.renormalize else gates) * kept
        chosen = experts.flatten()
        counts = chosen.new_zeros(self.num_experts).scatter_add(0, chosen, torch.ones_like(chosen))
        return Routing(logits, probs, experts, gates, counts, kept.numel() - kept.sum())

    def mix(self, tokens, routing):
        """Σ_j gate_j · expert_j(token) for tokens of shape (T, d_model); the same shape."""
        # Sorted by expert, all first choices before all second ones: choice c is of token c % T.
        order = routing.experts.T.flatten().argsort(stable=True)
        rows = self.experts(tokens.index_select(0, order % max(len(tokens), 1)), routing.counts)
        place = order.argsort().reshape(self.top_k, -1).T  # (T, k): where each choice's row lies
        # The weighted sum of each token's k rows, without a weighted copy of all rows.
        return F.embedding_bag(
            place, rows.to(routing.gates.dtype), mode="sum", per_sample_weights=routing.gates
        ).to(rows.dtype)

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
            every = torch.arange(self.num_experts, device=experts.device)
            queue = (experts.T.reshape(-1, 1) == every).cumsum(0)
            place = queue.gather(1, experts.T.reshape(-1, 1)).reshape(self.top_k, -1).T
            # 10 and a hair is 10, as in `costs`.
            capacity = math.ceil(self.capacity_factor * len(queue) / len(every) * (1 - 1e-12))
            kept = kept & (place <= capacity)
        return kept

    def _flat(self, x):
        if not (isinstance(x, torch.Tensor) and x.is_floating_point()):
            raise ValueError(f"x must be a tensor of floating numbers, got {_kind(x)}")
        if x.ndim == 0 or x.shape[-1] != self.d_model:
            raise ValueError(f"x must have shape (..., {self.d_model}), got {tuple(x.shape)}")
        return x.reshape(-1, self.d_model)


def _shares(scores):
    return scores / scores.sum(-1, keepdim=True).clamp_min(1e-20)


def _whole(name, value):
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
    return int(value)


def _kind(x):
    return x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
