"""The model is the one its formulas describe: parameters, FLOP, causality, start."""

import math

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from course.experiments.model import (
    VOCABULARY,
    FeedForward,
    LanguageModel,
    count_parameters,
    flops_per_token,
)


def tokens(batch=2, length=64, seed=0):
    return torch.randint(VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("d_model", "n_layers"), [(8, 1), (24, 3), (48, 2), (160, 3)])
def test_parameters_are_counted_three_ways(d_model, n_layers):
    model = LanguageModel(d_model, n_layers)
    count = count_parameters(d_model, n_layers)
    blocks = sum(p.numel() for p in model.blocks.parameters() if p.ndim == 2)
    assert count.n_non_embedding == blocks
    assert count.n_with_head == blocks + model.head.weight.numel()
    assert count.n_total == sum(p.numel() for p in model.parameters())


def test_flop_formula_against_the_counter():
    """Every product of forward and backward, counted by torch; our attention is the causal half."""
    model, batch, length = LanguageModel(32), 3, 64
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(tokens(batch, length))[0].sum().backward()
    full_attention = 6.0 * 3 * length * 32 * 2
    causal = full_attention / 2
    formula = (flops_per_token(32) - causal + full_attention) * batch * length
    assert counter.get_total_flops() == pytest.approx(formula, rel=1e-12)


def test_an_untrained_model_guesses_evenly():
    logits, balance_loss = LanguageModel(16)(tokens())
    assert logits.shape == (2, 64, VOCABULARY)
    assert balance_loss == 0.0
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), tokens(seed=1).flatten())
    assert loss.item() == pytest.approx(math.log(256), abs=1e-6)


def trained_a_little(d_model=16):
    model = LanguageModel(d_model)
    nn.init.normal_(model.head.weight, std=0.3)
    return model.eval()


def test_no_byte_sees_the_future():
    model, text = trained_a_little(), tokens(1)
    changed = text.clone()
    changed[0, 40:] = (changed[0, 40:] + 1) % VOCABULARY
    before, after = model(text)[0], model(changed)[0]
    torch.testing.assert_close(before[:, :40], after[:, :40])
    assert not torch.allclose(before[:, 40:], after[:, 40:])


def test_positions_matter_only_by_distance():
    """Rotary positions: the same two bytes at another place, seen alone, are judged alike."""
    attention = trained_a_little().blocks[0].attention
    byte = torch.randn(attention.size, generator=torch.Generator().manual_seed(0))
    q = attention.rotate(byte.expand(1, 1, 64, -1))[0, 0]
    k = attention.rotate(byte.flip(-1).expand(1, 1, 64, -1))[0, 0]
    scores = q @ k.T
    for distance in (0, 1, 7):
        diagonal = scores.diagonal(-distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=1e-4, atol=1e-4)


def test_the_feed_forward_block_is_an_argument():
    class WithLoss(FeedForward):
        def forward(self, x):
            return super().forward(x), x.new_tensor(2.0)

    model = LanguageModel(16, feed_forward=WithLoss)
    assert model(tokens())[1].item() == pytest.approx(2.0)
    assert all(isinstance(block.feed_forward, WithLoss) for block in model.blocks)


@pytest.mark.parametrize(
    ("d_model", "n_layers", "context"),
    [(12, 3, 64), (0, 3, 64), (-8, 3, 64), (16, 0, 64), (16, 3, 0)],
)
def test_odd_sizes_are_refused(d_model, n_layers, context):
    with pytest.raises(ValueError, match=r"(d_model|n_layers|context) must be"):
        LanguageModel(d_model, n_layers, context)
