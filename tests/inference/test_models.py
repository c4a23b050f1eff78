"""The chapter's models are those that were published, and a size alone stands for a usual shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.accounting import params_read
from course.accounting.transformer import TransformerShape
from course.evidence import fact
from course.inference.models import TypicalTransformer, model, model_name, model_names

# As their model cards and papers print them; DeepSeek-V3 without its prediction module.
PUBLISHED = {
    "Llama-3.2-1B": 1.24e9,
    "Llama-2-7B": 6.74e9,
    "Llama-3-8B": 8.03e9,
    "Llama-3-70B": 70.6e9,
    "Llama-3.1-405B": 405.9e9,
    "Mixtral-8x7B": 46.7e9,
    "DeepSeek-V3": 671e9,
}


@pytest.mark.parametrize("name", model_names())
def test_a_model_has_its_published_size(name):
    assert model(name).n_params == pytest.approx(PUBLISHED[name], rel=4e-3)
    assert model_name(model(name)) == name


def test_published_kv_caches():
    assert model("Llama-2-7B").kv_cache_bytes(1, 1) == 524_288
    assert model("Llama-3-70B").kv_cache_bytes(1, 1) == 327_680
    printed = fact("inference.Llama-3-70B_on_TPU-v5e").value["kv_bytes_per_token"]
    assert model("Llama-3-70B").kv_cache_bytes(1, 1) == pytest.approx(printed, rel=0.02)


@pytest.mark.parametrize("name", ["Llama-3-8B", "Llama-3-70B", "Llama-3.1-405B"])
def test_a_size_alone_stands_for_a_shape_like_llamas(name):
    real = model(name)
    usual = TypicalTransformer(float(real.n_params))
    for what in ("n_layers", "d_model"):
        assert getattr(usual, what) == pytest.approx(getattr(real, what), rel=0.13)
    for batch, length in ((1, 100), (8, 8192)):
        assert usual.kv_cache_bytes(batch, length) == pytest.approx(
            real.kv_cache_bytes(batch, length), rel=0.13
        )
        assert usual.forward_flops(batch, length) == pytest.approx(
            real.forward_flops(batch, length), rel=0.13
        )
    assert usual.weight_bytes(4) == real.weight_bytes(4)


@given(st.floats(1e6, 1e13), st.integers(1, 500), st.integers(1, 500))
def test_reading_in_two_parts_takes_the_same_flop(n_params, first, rest):
    usual = TypicalTransformer(n_params)
    parts = usual.forward_flops(1, first) + usual.forward_flops(1, rest, n_cached=first)
    assert parts == pytest.approx(usual.forward_flops(1, first + rest))


def test_a_mixture_reads_more_experts_the_more_tokens_it_sees():
    mixtral = model("Mixtral-8x7B")
    table = mixtral.vocab_size * mixtral.d_model  # the input embedding is looked up, not read
    assert params_read(mixtral, 1) == mixtral.n_active_params_without_lookup
    assert params_read(mixtral, 1e6) == pytest.approx(mixtral.n_params - table)
    reads = params_read(mixtral, np.arange(1, 50))
    assert (np.diff(reads) > 0).all()
    two = mixtral.n_params - table - params_read(mixtral, 2)
    # Of 8 experts with 2 for each token, (6/8)² stay unread for two tokens.
    assert two / (mixtral.n_params - table - params_read(mixtral, 1)) == pytest.approx(6 / 8)
    dense = model("Llama-3-8B")
    assert params_read(dense, 1) == params_read(dense, 1000) == dense.n_active_params_without_lookup


def test_models_come_by_name_size_or_shape():
    assert isinstance(model("DeepSeek-V3"), TransformerShape)
    assert model(7e9) == TypicalTransformer(7e9)
    assert model(model(7e9)) == model(7e9)
    assert model_name(model(7e9)) == "7B model"
    for odd in ("7B", "GPT-9", "", None, -1, [], True):
        with pytest.raises(ValueError, match="model_size must be"):
            model(odd, "model_size")
    with pytest.raises(ValueError, match="Mixtral-8x7B"):
        model("GPT-9")
