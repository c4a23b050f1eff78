"""The KV cache, against the one that transformers builds."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.accounting.transformer import TransformerShape
from tests.accounting.small import COUNTED, RECURRENT, build, reproducibly, small_configs
from tests.accounting.test_parameters import shape_of
from tests.odd_inputs import assert_refuses_odd_inputs


@pytest.mark.parametrize("model_type", sorted({*COUNTED} - {*RECURRENT}))
def test_cached_numbers_are_those_of_transformers(model_type):
    """After reading a text, and after two more tokens, one at a time."""

    @reproducibly(3)
    @given(small_configs(model_type, least_width=8), st.integers(1, 3), st.integers(1, 12))
    def check(config, batch, seq_len):
        model, shape = build(config, device="cpu"), TransformerShape.from_config(config)
        cache, seen = None, 0
        for n_new in (seq_len, 1, 1):
            tokens = torch.randint(config["vocab_size"], (batch, n_new))
            with torch.no_grad():
                cache = model(tokens, past_key_values=cache, use_cache=True).past_key_values
            seen += n_new
            cached = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
            assert shape.kv_cache_bytes(batch, seen, bytes_per_value=1) == cached

    check()


def test_a_quarter_of_the_heads_keeps_a_quarter_and_one_an_even_smaller_part():
    """70B: 64 heads share 8 keys and values. All of them would take 8 times the room."""
    grouped = shape_of("Llama-3-70B").kv_cache_bytes(1, 8192)
    assert grouped == 80 * 2 * 8 * 128 * 8192 * 2 == pytest.approx(2.68e9, rel=0.01)
    assert shape_of("Llama-2-7B").kv_cache_bytes(1, 1) == 524_288
    assert shape_of("Llama-3-8B").kv_cache_bytes(1, 1) == 524_288 / 4
    assert shape_of("Gemma-2B").kv_cache_bytes(1, 1) == 18 * 2 * 256 * 2  # one for all


def test_a_window_stops_the_growth():
    shape = shape_of("Gemma-3-1B")  # 22 of 26 layers look back at 512 tokens
    per_token = 2 * 256 * 2
    short, long = shape.kv_cache_bytes(1, 511), shape.kv_cache_bytes(1, 32_768)
    assert short == 511 * 26 * per_token
    assert long == (511 * 22 + 32_768 * 4) * per_token
    assert (
        shape_of("Mistral-7B-v0.1").kv_cache_bytes(1, [4095, 4096, 10**6]).tolist()
        == [4095 * 131_072] * 3
    )


def test_latent_attention_keeps_a_fifty_seventh():
    """DeepSeek-V3: 512 + 64 numbers a layer, where 128 heads of 128 would keep 32,768."""
    shape = shape_of("DeepSeek-V3")
    assert shape.kv_cache_bytes(1, 1) == 61 * 576 * 2
    assert 61 * 2 * 128 * 128 * 2 / shape.kv_cache_bytes(1, 1) == pytest.approx(57, abs=0.2)


def test_odd_inputs_are_refused():
    for name in ("gpt-oss-20b", "DeepSeek-V3"):
        good = {"batch": 4, "seq_len": 8192, "bytes_per_value": 2}
        assert_refuses_odd_inputs(shape_of(name).kv_cache_bytes, good, examples=50)
    assert_refuses_odd_inputs(
        shape_of("gpt-oss-20b").weight_bytes, {"bits": 4.25}, within={"bits": (5e-324, 64)}
    )
