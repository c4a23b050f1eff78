"""A language model over bytes, small enough to read in a sitting.

A decoder-only transformer (仅解码器): embedding, `n_layers` blocks of attention and feed-forward, a
head. What is unusual is only its size.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from course.units import single, whole

VOCABULARY = 256  # every byte is a token


class FeedForward(nn.Module):
    """W_2 · gelu(W_1 · x), the hidden layer four times as wide. Shape (..., d_model) in and out."""

    def __init__(self, d_model):
        super().__init__()
        self.up = nn.Linear(d_model, 4 * d_model, bias=False)
        self.down = nn.Linear(4 * d_model, d_model, bias=False)

    def forward(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh"))


def head_size(d_model):
    """Numbers of one attention head: 16, or 8 where the width is no multiple of 16."""
    return 16 if d_model % 16 == 0 else 8


class Attention(nn.Module):
    """Causal self-attention with rotary positions. Shape (batch, time, d_model) in and out."""

    def __init__(self, d_model, context):
        super().__init__()
        self.size = head_size(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.out = nn.Linear(d_model, d_model, bias=False)
        frequencies = 1e4 ** -(torch.arange(0, self.size, 2) / self.size)
        angles = torch.outer(torch.arange(context), frequencies)  # (context, size / 2)
        self.register_buffer("cos", angles.cos().repeat(1, 2), persistent=False)
        sin = angles.sin()
        self.register_buffer("sin", torch.cat([-sin, sin], dim=-1), persistent=False)

    def rotate(self, x):
        """Turn each pair of numbers, x_i and x_(i + size/2), by an angle that grows with position.

        (a, b) becomes (a cos - b sin, b cos + a sin). Shape (..., time, size) in and out.
        """
        time = x.shape[-2]
        return x * self.cos[:time] + x.roll(self.size // 2, -1) * self.sin[:time]

    def forward(self, x):
        batch, time, d_model = x.shape
        heads = self.qkv(x).view(batch, time, 3, d_model // self.size, self.size)
        heads = heads.permute(2, 0, 3, 1, 4)  # (3, batch, heads, time, size)
        q, k = self.rotate(heads[:2])  # (batch, heads, time, size) each
        mixed = F.scaled_dot_product_attention(q, k, heads[2], is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, time, d_model))


class Block(nn.Module):
    """Attention, then feed-forward, each added to what comes in: (batch, time, d_model)."""

    def __init__(self, d_model, context, feed_forward):
        super().__init__()
        self.attention_norm = nn.LayerNorm(d_model, bias=False)
        self.attention = Attention(d_model, context)
        self.feed_forward_norm = nn.LayerNorm(d_model, bias=False)
        self.feed_forward = feed_forward

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        y = self.feed_forward(self.feed_forward_norm(x))
        # A mixture of experts returns its balance loss beside its output.
        y, balance_loss = y if isinstance(y, tuple) else (y, 0.0)
        return x + y, balance_loss


class LanguageModel(nn.Module):
    """Predicts the next byte.

    Args:
        d_model: width, a multiple of 8.
        n_layers: number of blocks.
        context: longest input in bytes.
        feed_forward: called with d_model, returns the feed-forward block of one layer; a block may
            return its output alone or (output, balance loss).

    Raises:
        ValueError: for another width, or fewer than one layer or byte of context.

    Called with bytes of shape (batch, time), time <= context, it returns (logits, balance_loss):
    logits of shape (batch, time, 256), and the mean balance loss of the layers (0.0 if there is
    none).
    """

    def __init__(
        self,
        d_model,
        n_layers=3,
        context=64,
        feed_forward=FeedForward,
    ):
        if single("d_model", whole("d_model", d_model, 8)) % 8:
            raise ValueError(f"d_model must be a multiple of 8, got {d_model!r}")
        for name, value in (("n_layers", n_layers), ("context", context)):
            single(name, whole(name, value))
        super().__init__()
        self.context = context
        self.embedding = nn.Embedding(VOCABULARY, d_model)
        self.blocks = nn.ModuleList(
            Block(d_model, context, feed_forward(d_model)) for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(d_model, bias=False)
        self.head = nn.Linear(d_model, VOCABULARY, bias=False)
        self.start()

    @torch.no_grad()
    def start(self):
        """The head starts at zero: at first all bytes are equally likely, a loss of ln 256."""
        nn.init.normal_(self.embedding.weight, std=0.5)
        nn.init.zeros_(self.head.weight)
        for block in self.blocks:
            downs = [p for name, p in block.feed_forward.named_parameters() if "down" in name]
            for weight in (block.attention.out.weight, *downs):
                weight /= (2 * len(self.blocks)) ** 0.5

    def forward(self, tokens):
        x = self.embedding(tokens)  # (batch, time, d_model)
        balance_loss = 0.0
        for block in self.blocks:
            x, of_block = block(x)
            balance_loss = balance_loss + of_block / len(self.blocks)
        return self.head(self.norm(x)), balance_loss  # (batch, time, 256)


@dataclass(frozen=True)
class ParameterCount:
    """The parameters of one model, counted the three ways of the literature.

    Attributes:
        n_non_embedding: matrices of the blocks only (Kaplan et al. 2020).
        n_with_head: these and the head, which does work for every token (what our FLOP are counted
            from).
        n_total: everything, with the embedding and the norms (Hoffmann et al. 2022).
    """

    n_non_embedding: int
    n_with_head: int
    n_total: int


def count_parameters(d_model, n_layers=3):
    """12·L·d² in the blocks, 256·d in the head and in the embedding, (2L + 1)·d in the norms."""
    blocks = 12 * n_layers * d_model**2
    head = VOCABULARY * d_model
    return ParameterCount(blocks, blocks + head, blocks + 2 * head + (2 * n_layers + 1) * d_model)


def flops_per_token(d_model, n_layers=3, context=64):
    """Training FLOP for one token: 6·N + 6·L·T·d, N with the head, attention counted causally.

    Scores and their use cost 2·2·T·d a token and layer forward; the causal half of that is needed;
    backward costs twice as much as forward. Source: Kaplan et al. 2020, section 2.1, with the half.
    """
    n_params = count_parameters(d_model, n_layers).n_with_head
    return 6.0 * n_params + 6.0 * n_layers * context * d_model
