"""Recurrences: their FLOP and their state, against transformers and against what defines them."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode
from transformers.models.mamba2 import modeling_mamba2
from transformers.models.minimax import modeling_minimax
from transformers.models.qwen3_next import modeling_qwen3_next

from course.accounting.model_types import MODEL_TYPES
from course.accounting.transformer import TransformerShape
from tests.accounting.published import config_of
from tests.accounting.small import RECURRENT, build, reproducibly, small_configs
from tests.accounting.test_parameters import shape_of
from tests.odd_inputs import assert_refuses_odd_inputs

# What PyTorch's counter sees of the products with a state, as FLOP for each of its numbers: those
# that transformers writes as a product of matrices. The rest it writes as element by element.
SEEN = {"minimax": 4, "qwen3_next": 0, "lfm2": 0}
SEEN_OF_MAMBA = 2  # reading


@pytest.mark.parametrize("model_type", RECURRENT)
def test_state_and_flop_of_a_token_are_those_of_transformers(model_type):
    """After reading a text, and after two more tokens, one at a time."""

    @reproducibly(3)
    @given(small_configs(model_type, least_width=8), st.integers(1, 3), st.integers(1, 12))
    def check(config, batch, seq_len):
        shape, model = TransformerShape.from_config(config), build(config, device="cpu")
        if MODEL_TYPES[model_type].attention and not any(layer.attention for layer in shape.layers):
            return  # transformers asks a layer with attention how long the text is
        word = "past_key_values" if MODEL_TYPES[model_type].attention else "cache_params"
        cache, seen = None, 0
        for n_new in (seq_len, 1, 1):
            tokens = torch.randint(config["vocab_size"], (batch, n_new))
            with torch.no_grad(), FlopCounterMode(display=False) as counter:
                cache = model(tokens, **{word: cache}, use_cache=True)[word]
            seen += n_new
            state, convolution, growing = cached(cache)
            assert shape.state_bytes(batch, bytes_per_value=1) == state + convolution
            total = state + convolution + growing
            assert shape.kv_cache_bytes(batch, seen, bytes_per_value=1) == total
        flops = shape.forward_flops(batch, 1, n_cached=seen - 1, attention="full")
        unseen = sum(
            layer.recurrence.state_flops_per_token for layer in shape.layers if layer.recurrence
        )
        # One token passes a convolution with K taps at K inputs; transformers does it at K + 1.
        taps = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Conv1d))
        flops += batch * (2 * taps - unseen) + SEEN.get(model_type, SEEN_OF_MAMBA) * state
        assert counter.get_total_flops() == flops

    check()


def cached(cache):
    """Numbers in the states, in the inputs of convolutions, and in keys and values."""
    states = list(getattr(cache, "linear_cache", []))
    convolutions, growing = [], []
    for layer in cache.layers:
        states += tensors(layer, "recurrent_states")
        convolutions += tensors(layer, "conv_states")
        growing += tensors(layer, "keys") + tensors(layer, "values")
    return [
        sum(each.numel() for each in part if torch.is_tensor(each))
        for part in (states, convolutions, growing)
    ]


def tensors(layer, name):
    value = getattr(layer, name, None)
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else [value]


# --- against what defines them --------------------------------------------------------------------


def test_a_token_of_a_delta_rule_reads_corrects_and_reads():
    """The rule in three products, at 2 FLOP for each number of the state, gives their output."""
    batch, heads, qk_dim, v_dim = 2, 3, 5, 7
    q, k, v = (torch.randn(batch * heads, n, 1) for n in (qk_dim, qk_dim, v_dim))
    decay, beta = -torch.rand(batch * heads, 1, 1), torch.rand(batch * heads, 1, 1)
    before = torch.randn(batch * heads, qk_dim, v_dim)

    with FlopCounterMode(display=False) as counter:
        state = before * decay.exp()
        stored = torch.bmm(state.mT, k)
        state = state + torch.bmm(k, (beta * (v - stored)).mT)
        ours = torch.bmm(state.mT, q / qk_dim**0.5)
    assert counter.get_total_flops() == 6 * before.numel()

    def tokens(x):
        return x.reshape(batch, heads, 1, -1).transpose(1, 2)  # (batch, time, heads, width)

    theirs, after = modeling_qwen3_next.torch_recurrent_gated_delta_rule(
        tokens(q),
        tokens(k),
        tokens(v),
        g=tokens(decay)[..., 0],
        beta=tokens(beta)[..., 0],
        initial_state=before.reshape(batch, heads, qk_dim, v_dim),
        output_final_state=True,
    )
    torch.testing.assert_close(tokens(ours), theirs)
    torch.testing.assert_close(after.reshape_as(state), state)
    per_head = shape_of("Qwen3-Next-80B-A3B").layers[0].recurrence.state_flops_per_token / 32
    assert per_head == 6 * 128 * 128


def test_a_token_of_mamba_2_is_written_and_read():
    batch, heads, head_dim, d_state = 2, 3, 5, 7
    x, dt = torch.randn(batch, heads, head_dim), torch.rand(batch, heads)
    a, b, c = -torch.rand(heads), torch.randn(batch, 1, d_state), torch.randn(batch, 1, d_state)
    before = torch.randn(batch, heads, head_dim, d_state)

    def each_head(y):
        return y.expand(batch, heads, d_state).reshape(batch * heads, 1, d_state)

    with FlopCounterMode(display=False) as counter:
        state = before.reshape(batch * heads, head_dim, d_state)
        state = state * (dt * a).exp().reshape(-1, 1, 1)
        state = state + torch.bmm((x * dt[..., None]).reshape(-1, head_dim, 1), each_head(b))
        ours = torch.bmm(state, each_head(c).mT)
    assert counter.get_total_flops() == 4 * before.numel()

    after = before.clone()
    theirs = modeling_mamba2.mamba2_selective_state_update(
        after,
        x,
        dt[..., None].expand_as(x),
        a[:, None, None].expand(-1, head_dim, d_state),
        b,
        c,
        torch.zeros(heads, head_dim),
        z=None,
        dt_bias=None,
        dt_softplus=False,
    )
    torch.testing.assert_close(ours.reshape_as(theirs), theirs)
    torch.testing.assert_close(state.reshape_as(after), after)


def test_minimax_computes_in_blocks_more_than_one_token_after_another():
    """In blocks, each token meets the block's other tokens, too: 2 · 2 · block · head_dim more."""
    config = {
        "model_type": "minimax",
        "vocab_size": 16,
        "hidden_size": 32,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "num_local_experts": 2,
        "num_experts_per_tok": 1,
        "layer_types": ["linear_attention"],
        "block_size": 8,
    }
    model, shape = build(config, device="cpu"), TransformerShape.from_config(config)
    assert isinstance(model.model.layers[0].self_attn, modeling_minimax.MiniMaxLightningAttention)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.randint(16, (1, 24)), use_cache=False)
    assert counter.get_total_flops() - shape.forward_flops(1, 24) == 24 * 2 * 2 * 8 * 32


# --- what follows ---------------------------------------------------------------------------------


def test_a_state_does_not_grow_with_the_text():
    """A Mamba 2 of 7B keeps 70 million numbers: what Llama 2's 7B keeps of 266 tokens."""
    mamba, lengths = shape_of("Mamba-Codestral-7B"), np.array([1, 1000, 10**6])
    assert (mamba.kv_cache_bytes(1, lengths) == mamba.state_bytes(1)).all()
    per_layer = 128 * 64 * 128 + 4 * (8192 + 2 * 8 * 128)  # heads · width · state; 4 inputs
    assert mamba.state_bytes(1, bytes_per_value=1) == 64 * per_layer
    llama = shape_of("Llama-2-7B")
    assert mamba.state_bytes(1) == llama.kv_cache_bytes(1, 266)
    assert llama.state_bytes(8) == 0


def test_a_hybrid_grows_by_the_layers_with_attention():
    """Qwen3-Next: 12 of 48 layers, with 2 heads of 256 for keys and for values."""
    shape = shape_of("Qwen3-Next-80B-A3B")
    growth = np.diff(shape.kv_cache_bytes(1, np.array([10_000, 10_001])))
    assert growth == 12 * 2 * 2 * 256 * 2
    assert sum(layer.attention is None for layer in shape.layers) == 36
    longer = shape.kv_cache_bytes(1, 262_144) / shape_of("Qwen3-30B-A3B").kv_cache_bytes(1, 262_144)
    assert longer == pytest.approx(0.25, abs=0.01)


def test_the_cost_of_a_token_does_not_grow_either():
    mamba = shape_of("Mamba-Codestral-7B")
    assert (mamba.forward_flops(1, 1, n_cached=[0, 10**6]) == mamba.forward_flops(1, 1)).all()
    assert mamba.forward_flops(1, 512) == 512 * mamba.forward_flops(1, 1)


@pytest.mark.parametrize("name", ["Mamba-Codestral-7B", "Qwen3-Next-80B-A3B", "Gemma-3n-E4B"])
def test_what_training_keeps_of_them_is_not_claimed(name):
    with pytest.raises(ValueError, match=r"what training keeps of a .* is not counted here"):
        shape_of(name).training_memory(1, 128)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("Mamba-Codestral-7B", {"num_heads": 127}, "num_heads · head_dim must be expand · hidden"),
        ("Mamba-Codestral-7B", {"n_groups": 3}, "must be a multiple of its 3 groups, got 128"),
        ("Mamba-Codestral-7B", {"expand": 0}, "expand must be a positive number, got 0"),
        ("Jamba-v0.1", {"attn_layer_offset": 8}, "must be below attn_layer_period = 8, got 8"),
        ("Jamba-v0.1", {"mamba_dt_rank": "big"}, "mamba_dt_rank must be a whole number"),
        ("Qwen3-Next-80B-A3B", {"linear_num_key_heads": 5}, "multiple of the 5 heads of keys"),
        ("Qwen3-Next-80B-A3B", {"layer_types": ["conv"] * 48}, "full_attention or linear_attenti"),
        ("Gemma-3n-E4B", {"num_kv_shared_layers": 35}, "must be below the 35 layers, got 35"),
        ("Gemma-3n-E4B", {"intermediate_size": [8, 8]}, "must be 35 positive numbers, got [8, 8]"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TransformerShape.from_config(config_of(name) | change)


def test_odd_inputs_are_refused():
    shape = shape_of("Mamba-Codestral-7B")
    assert_refuses_odd_inputs(shape.state_bytes, {"batch": 4, "bytes_per_value": 2}, examples=30)
    assert_refuses_odd_inputs(shape.kv_cache_bytes, {"batch": 4, "seq_len": 9}, examples=30)
