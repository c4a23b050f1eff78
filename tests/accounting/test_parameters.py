"""Parameters, to the last one: against transformers' own models, and against what was published."""

import math
import re

import pytest
from hypothesis import given

from course.accounting.model_types import MODEL_TYPES
from course.accounting.transformer import TransformerShape
from course.evidence import fact
from tests.accounting.published import DEFAULTS, TYPED, config_of
from tests.accounting.small import COUNTED, build, n_params, reproducibly, small_configs

LLAMA = TYPED["Llama-3-8B"]


def shape_of(name):
    return TransformerShape.from_config(config_of(name))


# --- against transformers -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*DEFAULTS, *TYPED])
def test_public_models_have_the_parameters_of_transformers(name):
    config = config_of(name)
    shape = TransformerShape.from_config(config)
    if config["model_type"] == "kimi_k2":  # the code of DeepSeek-V3 under its own name
        config = config | {"model_type": "deepseek_v3"}
    assert shape.n_params == n_params(build(config))


@pytest.mark.parametrize("model_type", COUNTED)
def test_random_configs_have_the_parameters_of_transformers(model_type):
    compare_with_transformers(model_type, examples=20)


@pytest.mark.slow
@pytest.mark.parametrize("model_type", COUNTED)
def test_many_random_configs_have_the_parameters_of_transformers(model_type):
    compare_with_transformers(model_type, examples=400)


def compare_with_transformers(model_type, examples):
    @reproducibly(examples)
    @given(small_configs(model_type))
    def check(config):
        assert TransformerShape.from_config(config).n_params == n_params(build(config))

    check()


# --- against what was published -------------------------------------------------------------------


@pytest.mark.parametrize("size", ["7B", "13B", "70B"])
def test_the_files_of_llama_2_hold_a_little_more_than_parameters(size):
    """Their 6,738,417,664 numbers count the frequencies of the rotary positions: 64 a layer."""
    shape = shape_of(f"Llama-2-{size}")
    frequencies = shape.n_layers * shape.layers[0].attention.qk_dim // 2
    assert shape.n_params + frequencies == fact(f"model.Llama-2-{size}").value["n_params"]


def test_mixtral_counts_its_input_embedding_and_gpt_oss_does_not():
    """The two meanings of "active parameters" in print."""
    published = fact("model.Mixtral-8x7B").value
    mixtral = shape_of("Mixtral-8x7B")
    assert mixtral.n_params == published["n_params"]
    assert mixtral.n_active_params == published["n_active_params"]
    for name in ("gpt-oss-20b", "gpt-oss-120b"):
        published, shape = fact(f"model.{name}").value, shape_of(name)
        assert round(shape.n_params, -7) == published["n_params"]
        assert round(shape.n_active_params_without_lookup, -7) == published["n_active_params"]
        assert shape.n_active_params > 1.1 * published["n_active_params"]


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("Llama-3.1-405B", 9),
        ("Llama-3-8B", 9),
        ("Qwen2.5-72B", 8),
        ("Qwen3-235B", 9),
        ("OLMo-2-7B", 9),
        ("DeepSeek-V2", 9),
        ("DeepSeek-V3", 9),
        ("BLOOM", 6),
    ],
)
def test_published_sizes_are_these_rounded(name, digits):
    published, shape = fact(f"model.{name}").value, shape_of(name)
    if name == "Llama-3.1-405B":  # 405.85e9: cut, not rounded
        assert math.floor(shape.n_params / 1e9) * 1e9 == published["n_params"]
    else:
        assert round(shape.n_params, -digits) == published["n_params"]
    if "n_active_params" in published:
        assert round(shape.n_active_params_without_lookup, -9) == published["n_active_params"]


def test_kimi_k2_and_llama_4_scout_print_a_little_more_than_their_text_models_have():
    for name in ("Kimi-K2", "Llama-4-Scout"):  # Scout's 109e9 include what sees pictures
        published, shape = fact(f"model.{name}").value, shape_of(name)
        assert 0.98 < shape.n_params / published["n_params"] < 1
        assert shape.n_active_params == pytest.approx(published["n_active_params"], rel=0.015)


@pytest.mark.parametrize(
    ("size", "n_params"),
    [("4B", 3_880_263_168), ("12B", 11_766_034_176), ("27B", 27_009_346_304)],
)
def test_gemma_3_leaves_to_its_type_what_is_usual(size, n_params):
    """The published `text_config` names neither the vocabulary nor, of the 4B, the heads."""
    config = {k: v for k, v in config_of(f"Gemma-3-{size}").items() if k != "vocab_size"}
    if size == "4B":
        for key in ("num_attention_heads", "num_key_value_heads", "head_dim"):
            del config[key]
    assert TransformerShape.from_config(config) == shape_of(f"Gemma-3-{size}")
    assert shape_of(f"Gemma-3-{size}").n_params == n_params


def test_hybrids_have_the_sizes_that_their_names_and_papers_print():
    """Total and active. MiniMax counts its active parameters without either table."""
    minimax = shape_of("MiniMax-Text-01")  # "456 billion parameters, of which 45.9 billion"
    assert round(minimax.n_params, -9) == 456e9
    assert round(minimax.n_active_non_embedding_params, -8) == 45.9e9
    for name, total, active in [
        ("Qwen3-Next-80B-A3B", 80e9, None),  # "A3B": between 3 and 4 billion, see below
        ("Jamba-v0.1", 52e9, 12e9),
        ("ERNIE-4.5-21B-A3B", 22e9, 3e9),
    ]:
        shape = shape_of(name)
        assert round(shape.n_params, -9) == total
        if active:
            assert round(shape.n_active_params, -9) == active
    assert 3e9 < shape_of("Qwen3-Next-80B-A3B").n_active_non_embedding_params < 4e9
    # "E4B": the tables of each layer's embeddings may stay outside of the accelerator's memory.
    gemma = shape_of("Gemma-3n-E4B")
    assert gemma.n_active_params_without_lookup == pytest.approx(4.5e9, rel=0.01)
    assert gemma.other_lookup == 35 * 256 * 262_144


def test_gpt3_is_gpt2_wider_and_deeper():
    """96 layers of 12,288 and a context of 2048: its 175e9 are 174.6e9."""
    shape = gpt3()
    assert shape.n_params == pytest.approx(fact("model.GPT-3").value["n_params"], rel=0.003)
    assert shape.n_non_embedding_params == pytest.approx(12 * 96 * 12_288**2, rel=1e-3)


def gpt3():
    return TransformerShape.from_config(
        {
            "model_type": "gpt2",
            "n_layer": 96,
            "n_embd": 12_288,
            "n_head": 96,
            "n_positions": 2048,
            "vocab_size": 50_257,
        }
    )


# --- the documents' claims ------------------------------------------------------------------------


def test_mixtral_is_not_eight_times_seven_billion():
    """K057, K060: attention and embeddings are shared; all of it lies in memory."""
    shape = shape_of("Mixtral-8x7B")
    expert = sum(layer.feed_forward.expert_matrices for layer in shape.layers)
    assert expert == pytest.approx(5.64e9, rel=1e-3)
    assert shape.n_params - 8 * expert == pytest.approx(1.6e9, rel=0.01)
    assert shape.n_params / 56e9 < 0.84
    assert shape.weight_bytes(16) == pytest.approx(93.4e9, rel=1e-3)
    assert shape.weight_bytes(16) > 3.5 * 2 * 13e9  # a dense model of that name has 26 GB


def test_a_phone_of_8_gb_holds_7b_at_4_bits_only():
    """K091: 14 and 3.5 GB for 7e9 parameters, 140 and 35 GB for 70e9."""
    small, large = shape_of("Llama-2-7B"), shape_of("Llama-2-70B")
    assert small.weight_bytes(16) == pytest.approx(14e9, rel=0.04)
    assert small.weight_bytes(16) > 8e9 > 2 * small.weight_bytes(4)
    assert small.weight_bytes(4) == pytest.approx(3.5e9, rel=0.04)
    assert large.weight_bytes(16) == pytest.approx(140e9, rel=0.02)
    assert 64e9 > large.weight_bytes(4) == pytest.approx(35e9, rel=0.02)
    # On top comes the cache: a text of 8192 tokens takes Llama 2's 7B half a megabyte a token.
    assert small.kv_cache_bytes(1, 8192) == 8192 * 2**19
    assert small.weight_bytes(4) + small.kv_cache_bytes(1, 8192) > 7.6e9


# --- conventions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*DEFAULTS, *TYPED])
def test_conventions_differ_by_what_they_leave_out(name):
    shape = shape_of(name)
    dense = all(
        layer.feed_forward is None or layer.feed_forward.n_experts == 1 for layer in shape.layers
    )
    assert (shape.n_params == shape.n_active_params) == dense
    table = shape.vocab_size * shape.d_embedding
    positions = shape.n_positions * shape.d_model
    looked_up = positions + shape.other_lookup + (0 if shape.tied else table)
    assert shape.n_active_params - shape.n_active_params_without_lookup == looked_up
    tables = table * (1 if shape.tied else 2) + positions
    assert shape.n_params - shape.n_non_embedding_params == tables
    assert shape.n_active_params - shape.n_active_non_embedding_params == tables


def test_equal_models_are_equal():
    assert shape_of("Llama-3-8B") == shape_of("Llama-3-8B") != shape_of("Llama-3-70B")
    assert len({shape_of("Llama-3-8B"), shape_of("Llama-3-8B")}) == 1


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("model_type", [None, "", "LLAMA", "bert", 7, ["llama"], "rwkv"])
def test_an_unknown_model_type_is_refused_with_the_known_ones(model_type):
    with pytest.raises(
        ValueError, match=r"model_type must be one of llama, granite, .*kimi_k2, .*"
    ):
        TransformerShape.from_config(LLAMA | {"model_type": model_type})


@pytest.mark.parametrize("config", [None, "llama", [], 7, {}, {"text_config": 3}])
def test_what_is_no_config_is_refused(config):
    with pytest.raises(ValueError, match=r"config must be a dict|model_type must be one of"):
        TransformerShape.from_config(config)


@pytest.mark.parametrize("name", [*DEFAULTS, *TYPED])
def test_every_missing_key_is_named(name):
    config = config_of(name)
    kind = MODEL_TYPES[config["model_type"]]
    with pytest.raises(ValueError, match=f"lacks .*{'.*'.join(map(kind.own_word, kind.needs))}"):
        TransformerShape.from_config({"model_type": config["model_type"]})


def test_a_mixture_without_experts_is_refused():
    config = {k: v for k, v in TYPED["OLMoE-1B-7B"].items() if k != "num_experts"}
    with pytest.raises(ValueError, match="lacks num_experts"):
        TransformerShape.from_config(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": 4096.0}, "hidden_size must be a whole number of at least 1, got 4096.0"),
        ({"hidden_size": "4096"}, "hidden_size must be a whole number"),
        ({"hidden_size": True}, "hidden_size must be a whole number"),
        ({"hidden_size": None}, "hidden_size must be a whole number"),
        ({"vocab_size": 0}, "vocab_size must be a whole number of at least 1, got 0"),
        ({"num_hidden_layers": -1}, "num_hidden_layers must be"),
        ({"num_attention_heads": float("nan")}, "num_attention_heads must be"),
        ({"intermediate_size": [1]}, "intermediate_size must be"),
        ({"num_key_value_heads": 5}, "num_attention_heads must be a multiple of the 5 heads"),
        ({"num_attention_heads": 24}, "hidden_size must be a multiple of the 24 heads"),
        ({"head_dim": 0}, "head_dim must be"),
        ({"attention_bias": "yes"}, "attention_bias must be true or false, got 'yes'"),
        ({"attention_bias": 1}, "attention_bias must be true or false"),
        ({"tie_word_embeddings": 0}, "tie_word_embeddings must be true or false"),
    ],
)
def test_a_wrong_value_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TransformerShape.from_config(LLAMA | change)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("OLMoE-1B-7B", {"num_experts_per_tok": 65}, "at most the 64 experts, got 65"),
        ("Qwen3-30B-A3B", {"mlp_only_layers": 3}, "mlp_only_layers must be a list of whole"),
        ("Qwen3-30B-A3B", {"decoder_sparse_step": 0}, "decoder_sparse_step must be"),
        ("Gemma-2-9B", {"layer_types": ["full_attention"]}, "layer_types must be a list of 42"),
        ("Gemma-2-9B", {"layer_types": ["linear_attention"] * 42}, "layer_types must be"),
        ("Gemma-2-9B", {"layer_types": 42}, "layer_types must be"),
        ("Gemma-2-9B", {"sliding_window": "4096"}, "sliding_window must be"),
        ("Gemma-3-1B", {"sliding_window_pattern": 0}, "sliding_window_pattern must be"),
        ("Qwen2.5-7B", {"use_sliding_window": "no"}, "use_sliding_window must be"),
        ("DeepSeek-V2", {"q_lora_rank": -1}, "q_lora_rank must be"),
        ("DeepSeek-V2", {"kv_lora_rank": None}, "kv_lora_rank must be"),
        ("StarCoder", {"n_positions": None}, "n_positions must be"),
    ],
)
def test_a_wrong_value_of_its_own_kind_is_refused_by_name(name, change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TransformerShape.from_config(config_of(name) | change)


def test_of_a_multimodal_model_the_text_part_is_read():
    config = {"model_type": "gemma3", "text_config": config_of("Gemma-3-1B"), "vision_config": {}}
    assert TransformerShape.from_config(config) == shape_of("Gemma-3-1B")


def test_a_quantized_or_annotated_config_is_read_all_the_same():
    config = LLAMA | {
        "architectures": ["LlamaForCausalLM"],
        "torch_dtype": "bfloat16",
        "quantization_config": {"bits": 4},
        "rope_scaling": None,
    }
    assert TransformerShape.from_config(config) == shape_of("Llama-3-8B")
