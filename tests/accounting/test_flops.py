"""FLOP: against PyTorch's counter, what attention really sees, and the papers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig

from course.accounting.training import training_flops
from course.accounting.transformer import CONVENTIONS, TransformerShape
from course.evidence import fact
from tests.accounting.published import TYPED, config_of
from tests.accounting.small import COUNTED, RECURRENT, build, reproducibly, small_configs
from tests.accounting.test_parameters import gpt3, shape_of
from tests.odd_inputs import assert_refuses_odd_inputs

WINDOWED = ["gemma2", "gemma3_text", "gpt_oss", "llama4_text", "olmo3", "qwen2"]
sizes = {"batch": st.integers(1, 3), "seq_len": st.integers(1, 16)}


def run(config, batch, seq_len, **options):
    model = build(config, device="cpu")
    tokens = torch.randint(config["vocab_size"], (batch, seq_len))
    with torch.no_grad():
        return model(tokens, use_cache=False, **options)


# --- against PyTorch ------------------------------------------------------------------------------


@pytest.mark.parametrize("model_type", sorted({*COUNTED} - {*RECURRENT}))
def test_full_attention_is_what_pytorch_counts(model_type):
    """Eager attention and eager experts: the counter sees no other."""

    @reproducibly(3)
    @given(config=small_configs(model_type, least_width=8), **sizes)
    def check(config, batch, seq_len):
        with FlopCounterMode(display=False) as counter:
            run(config, batch, seq_len)
        shape = TransformerShape.from_config(config)
        flops = shape.forward_flops(batch, seq_len, attention="full")
        if model_type == "llama4_text":  # its eager code sends every token through every expert
            for mlp in (layer.feed_forward for layer in shape.layers):
                idle = mlp.n_experts - mlp.n_active
                flops += 2 * idle * mlp.expert_matrices * batch * seq_len
        assert counter.get_total_flops() == flops

    check()


@pytest.mark.parametrize("model_type", [*WINDOWED, "mistral"])
def test_causal_attention_counts_the_pairs_that_are_not_masked(model_type):
    """All weights that the softmax gives, over all heads, are above zero where a token is seen."""

    @reproducibly(6)
    @given(config=small_configs(model_type, least_width=8), **sizes)
    def check(config, batch, seq_len):
        weights = run(config, batch, seq_len, output_attentions=True).attentions
        shape = TransformerShape.from_config(config)
        assert len(weights) == shape.n_layers
        for seen, layer in zip(weights, shape.layers, strict=True):
            pairs = layer.attention.n_pairs(seq_len)
            assert int((seen > 0).sum()) == batch * layer.attention.n_heads * pairs

    check()


@pytest.mark.parametrize("model_type", [*WINDOWED, "cohere2", "qwen2_moe", "qwen3", "smollm3"])
def test_layers_with_a_window_are_those_of_transformers(model_type):
    @reproducibly(30)
    @given(small_configs(model_type))
    def check(config):
        types = AutoConfig.for_model(**config).layer_types
        windows = [layer.attention.window for layer in TransformerShape.from_config(config).layers]
        assert [window is None for window in windows] == [t == "full_attention" for t in types]

    check()


# --- what must hold -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Llama-3-8B", "Gemma-3-1B", "gpt-oss-20b", "Llama-4-Scout"])
def test_reading_at_once_costs_as_much_as_word_by_word(name):
    shape, n = shape_of(name), np.arange(20_000)
    one_by_one = shape.forward_flops(1, 1, n_cached=n)
    assert shape.forward_flops(1, len(n)) == pytest.approx(one_by_one.sum(), rel=1e-12)
    in_two = shape.forward_flops(1, 300) + shape.forward_flops(1, len(n) - 300, n_cached=300)
    assert shape.forward_flops(1, len(n)) == pytest.approx(in_two, rel=1e-12)


def test_a_cache_of_latents_is_cheaper_as_it_is_for_one_token_and_expanded_for_many():
    """DeepSeek-V3: what `kv_b_proj` would expand for 4096 tokens costs more than the rest."""
    shape = shape_of("DeepSeek-V3")
    look = shape.layers[0].attention
    expand = 2 * look.latent_matrices * 4096 * shape.n_layers
    decode, longer = shape.forward_flops(1, 1, n_cached=[4096, 4097])
    assert expand > 5 * decode
    # A head multiplies its query with the 512 + 64 numbers kept, and adds up 512 of them.
    assert longer - decode == 61 * 128 * 2 * (512 + 64 + 512)
    at_once = shape.forward_flops(1, 8192)
    in_two = shape.forward_flops(1, 4096) + shape.forward_flops(1, 4096, n_cached=4096)
    assert in_two - at_once == pytest.approx(expand)  # expanded twice


@given(name=st.sampled_from(sorted(TYPED)), seq_len=st.integers(1, 10**6))
def test_causal_attention_costs_between_none_and_half_of_the_square(name, seq_len):
    shape = shape_of(name)
    causal = shape.forward_flops(1, seq_len)
    full = shape.forward_flops(1, seq_len, attention="full")
    products = seq_len * shape._flops_per_token
    assert products < causal <= full
    pairs = sum(layer.attention.flops_per_pair for layer in shape.layers if layer.attention)
    assert causal - products <= pairs * seq_len * (seq_len + 1) / 2 * (1 + 1e-12)
    assert shape.forward_flops(7, seq_len) == pytest.approx(7 * causal)


def test_a_window_bounds_the_cost_of_a_token():
    mistral = TransformerShape.from_config(config_of("Mistral-7B-v0.1"))
    at = mistral.forward_flops(1, 1, n_cached=np.array([4095, 4096, 10**6]))
    assert at[0] == at[1] == at[2]
    llama = shape_of("Llama-3-8B").forward_flops(1, 1, n_cached=np.array([4095, 10**6]))
    assert llama[1] > 10 * llama[0]


# --- against the papers ---------------------------------------------------------------------------


def test_inference_costs_two_flop_per_parameter_and_token_and_training_six():
    """K083: and attention, which is small until the text is long."""
    shape = shape_of("Llama-2-7B")
    per_token = shape.forward_flops(1, 1)
    assert per_token / shape.n_params == pytest.approx(2, rel=0.02)
    assert shape.training_flops(1, "exact", seq_len=1) == pytest.approx(3 * per_token)
    assert shape.training_flops(1, "exact", seq_len=1) / shape.n_params == pytest.approx(
        6, rel=0.02
    )
    with_context = shape.forward_flops(1, 1, n_cached=[1024, 32_768]) / shape.n_params
    assert with_context[0] == pytest.approx(2.04, abs=0.01)
    assert with_context[1] == pytest.approx(4.5, abs=0.05)


def test_gpt3_takes_350_gflop_a_token():
    """K056: not 175."""
    assert gpt3().forward_flops(1, 1) == pytest.approx(350e9, rel=0.005)


def test_mixtral_computes_as_a_dense_13b():
    """K058, K059, K060: 25.8e9 FLOP a token, and none of the comparisons gives 17 %."""
    mixtral = shape_of("Mixtral-8x7B")
    assert 2 * mixtral.n_active_params == pytest.approx(25.8e9, rel=0.002)
    per_token = mixtral.forward_flops(1, 1)
    assert per_token == pytest.approx(25.8e9, rel=0.02)
    assert per_token / shape_of("Llama-2-13B").forward_flops(1, 1) == pytest.approx(0.99, abs=0.01)
    others = {46.7e9: 0.276, 175e9: 0.074, 70e9: 0.184}
    for n_params, share in others.items():
        assert mixtral.n_active_params / n_params == pytest.approx(share, abs=0.001)
        assert abs(share - 0.17) > 0.01


def test_kaplans_table_1():
    """C_forward = 2 N + 2 n_layer n_ctx d_attn for each token: causal attention, no embeddings."""
    shape, n_ctx = gpt3(), 2048
    ours = shape.forward_flops(1, n_ctx) / n_ctx - 2 * shape.vocab_size * shape.d_model
    kaplan = 2 * 12 * 96 * 12_288**2 + 2 * 96 * n_ctx * 12_288
    assert ours == pytest.approx(kaplan, rel=1e-4)


def test_hoffmanns_ratios_come_without_two_terms_of_their_list():
    """Table A4 compares the list of appendix F with 6ND: without the embedding and the logits.

    N has what no model type here has: a matrix of relative positions in each layer.
    """
    seq_len, vocab_size = 2048, 32_000
    for row in fact("hoffmann.flops_ratio").value:
        shape = TransformerShape.from_config(
            {
                "model_type": "mpt",
                "n_layers": row["n_layers"],
                "d_model": row["d_model"],
                "n_heads": row["n_heads"],
                "vocab_size": vocab_size,
            }
        )
        n_params = shape.n_params + row["n_layers"] * row["d_model"] ** 2
        assert n_params == pytest.approx(row["n_params"], rel=0.04)
        six_nd = training_flops(n_params, 1)
        flops = shape.training_flops(1, "chinchilla", seq_len=seq_len)
        table = 3 * 2 * vocab_size * row["d_model"]  # a product with it, forward and backward
        assert round((flops - 2 * table) / six_nd, 2) == row["ratio"]
        assert flops / six_nd > row["ratio"] + 0.03


def test_conventions_of_training_compute_in_order():
    shape, d = shape_of("Llama-3-8B"), 15e12
    c = {name: shape.training_flops(d, name, seq_len=8192) for name in CONVENTIONS}
    assert c["kaplan"] < c["6ND"] < c["exact"] < c["chinchilla"]
    assert c["6ND"] == training_flops(8_030_261_248, d)
    assert c["exact"] == 3 * shape.forward_flops(d / 8192, 8192)
    # A mixture is charged for what it uses.
    mixtral = shape_of("Mixtral-8x7B")
    assert mixtral.training_flops(d) == training_flops(12_879_925_248, d)


# --- shapes and refusals --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Llama-3-8B", "gpt-oss-120b", "DeepSeek-V3", "Llama-4-Scout"])
def test_a_million_points_at_once(name):
    shape = shape_of(name)
    batch, context = np.random.default_rng(0).integers(1, 10**6, (2, 10**6)).astype(float)
    flops = shape.forward_flops(batch, 1, n_cached=context)
    cache = shape.kv_cache_bytes(batch, context)
    assert flops.shape == cache.shape == shape.training_memory(batch, context).peak.shape
    assert flops[7] == shape.forward_flops(batch[7], 1, n_cached=context[7])
    assert cache[7] == shape.kv_cache_bytes(batch[7], context[7])
    grid = shape.forward_flops([1, 2], 1, n_cached=[[10], [20], [30]])
    assert grid.shape == (3, 2)


def test_odd_inputs_are_refused():
    for shape in (shape_of("gpt-oss-20b"), shape_of("DeepSeek-V2-Lite")):
        assert_refuses_odd_inputs(
            shape.forward_flops,
            {"batch": 2, "seq_len": 512, "n_cached": 100},
            within={"n_cached": (0, np.inf)},
            examples=50,
        )
    shape = shape_of("Llama-4-Scout")
    assert_refuses_odd_inputs(shape.forward_flops, {"batch": 2, "seq_len": 512}, examples=50)
    for convention in CONVENTIONS:
        assert_refuses_odd_inputs(
            lambda n_tokens, c=convention: shape.training_flops(n_tokens, c, seq_len=128),
            {"n_tokens": 1e9},
            examples=20,
        )
    assert_refuses_odd_inputs(
        lambda seq_len: shape.training_flops(1e9, "exact", seq_len=seq_len), {"seq_len": 128}
    )


@pytest.mark.parametrize("odd", ["half", "", None, 1, True, ["causal"]])
def test_an_unknown_choice_is_refused_with_the_known_ones(odd):
    shape = shape_of("Llama-3-8B")
    with pytest.raises(ValueError, match="attention must be one of causal, full"):
        shape.forward_flops(1, 1, attention=odd)
    with pytest.raises(
        ValueError, match="convention must be one of 6ND, kaplan, chinchilla, exact"
    ):
        shape.training_flops(1, odd)
    with pytest.raises(ValueError, match="seq_len must be a positive number"):
        shape.training_flops(1, "exact")
