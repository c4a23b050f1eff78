"""The experts of a mixture: feed-forward networks whose weights are stacked, one slice for each."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course.moe.grouped import grouped_mm
from course.units import single, whole


class FeedForwardNetwork(nn.Module):
    """gelu(x · up) · down: one network, or `num_experts` of them with their weights stacked.

    `d_ff` is the hidden width, 4 · d_model unless given. Without `counts`, a dense block for x of
    shape (..., d_model). With `counts` (num_experts,), x has the rows of expert 0 first, then those
    of expert 1, …, and each row meets its own expert's weights.
    """

    hidden_parts = 1  # columns of `up` for each hidden unit

    def __init__(self, d_model, d_ff=None, num_experts=1):
        super().__init__()
        d_model, num_experts = size("d_model", d_model), size("num_experts", num_experts)
        d_ff = 4 * d_model if d_ff is None else size("d_ff", d_ff)
        self.up = nn.Parameter(torch.empty(num_experts, d_model, self.hidden_parts * d_ff))
        self.down = nn.Parameter(torch.empty(num_experts, d_ff, d_model))
        for weights in (self.up, self.down):  # as nn.Linear starts
            nn.init.uniform_(weights, -(weights.shape[1] ** -0.5), weights.shape[1] ** -0.5)

    def forward(self, x, counts=None):
        if counts is None:
            if len(self.up) > 1:
                raise ValueError(f"counts is needed to share x among {len(self.up)} networks")
            return self.activation(x @ self.up.squeeze(0)) @ self.down.squeeze(0)
        hidden = self.activation(grouped_mm(x, self.up, counts))  # (rows, d_ff)
        return grouped_mm(hidden, self.down, counts)  # (rows, d_model)

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


def size(name, value, most=math.inf):
    """`value` as an int when it is one whole number from 1 to `most`; else ValueError."""
    return int(single(name, whole(name, value, 1, most)))
