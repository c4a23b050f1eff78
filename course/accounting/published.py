"""Configurations of published models, as their `config.json` has them: each is typed in once, here.

Left out is what does not matter for a count. Above each group stands where it was read.

    config("Llama-3-8B")  # a dict
    shape("Llama-3-8B")   # a TransformerShape
"""

from functools import cache

from course.accounting.transformer import TransformerShape


def _config(model_type, layers, width, d_ff, heads, kv_heads, vocab_size, **rest):
    return {
        "model_type": model_type,
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": d_ff,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocab_size,
        **rest,
    }


_GEMMA2 = {"head_dim": 256, "sliding_window": 4096}
_GEMMA3 = {"head_dim": 256, "sliding_window": 1024}
_QWEN3 = {"head_dim": 128, "tie_word_embeddings": False}
_QWEN3_MOE = _QWEN3 | {"num_experts": 128, "num_experts_per_tok": 8}
_MLA = {
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
}
_FALCON = {"new_decoder_architecture": True, "bias": False}

# Lightning-AI/litgpt, litgpt/config.py, where each names the config.json that it was taken from;
# what is tied there is tied by the models' own code and cards.
_LITGPT = {
    "Llama-2-7B": _config("llama", 32, 4096, 11_008, 32, 32, 32_000),
    "Llama-2-13B": _config("llama", 40, 5120, 13_824, 40, 40, 32_000),
    "Llama-2-70B": _config("llama", 80, 8192, 28_672, 64, 8, 32_000),
    "Llama-3-8B": _config("llama", 32, 4096, 14_336, 32, 8, 128_256),
    "Llama-3-70B": _config("llama", 80, 8192, 28_672, 64, 8, 128_256),
    "Llama-3.1-405B": _config("llama", 126, 16_384, 53_248, 128, 8, 128_256),
    "Llama-3.2-1B": _config("llama", 16, 2048, 8192, 32, 8, 128_256, tie_word_embeddings=True),
    "SmolLM2-135M": _config("llama", 30, 576, 1536, 9, 3, 49_152, tie_word_embeddings=True),
    "Mistral-Small-24B": _config(
        "mistral", 40, 5120, 32_768, 32, 8, 131_072, head_dim=128, sliding_window=None
    ),
    "Mixtral-8x7B": _config(
        "mixtral", 32, 4096, 14_336, 32, 8, 32_000, num_local_experts=8, num_experts_per_tok=2
    ),
    "Mixtral-8x22B": _config(
        "mixtral", 56, 6144, 16_384, 48, 8, 32_768, num_local_experts=8, num_experts_per_tok=2
    ),
    "Qwen2.5-0.5B": _config("qwen2", 24, 896, 4864, 14, 2, 151_936, tie_word_embeddings=True),
    "Qwen2.5-7B": _config("qwen2", 28, 3584, 18_944, 28, 4, 152_064),
    "Qwen2.5-72B": _config("qwen2", 80, 8192, 29_568, 64, 8, 152_064),
    "Qwen3-8B": _config("qwen3", 36, 4096, 12_288, 32, 8, 151_936, **_QWEN3),
    "Qwen3-30B-A3B": _config(
        "qwen3_moe", 48, 2048, 6144, 32, 4, 151_936, **_QWEN3_MOE, moe_intermediate_size=768
    ),
    "Qwen3-235B": _config(
        "qwen3_moe", 94, 4096, 12_288, 64, 4, 151_936, **_QWEN3_MOE, moe_intermediate_size=1536
    ),
    "Gemma-2B": _config("gemma", 18, 2048, 16_384, 8, 1, 256_000, head_dim=256),
    "Gemma-2-9B": _config("gemma2", 42, 3584, 14_336, 16, 8, 256_000, **_GEMMA2),
    "Gemma-2-27B": _config(
        "gemma2", 46, 4608, 36_864, 32, 16, 256_000, **_GEMMA2 | {"head_dim": 128}
    ),
    "Gemma-3-1B": _config(
        "gemma3_text", 26, 1152, 6912, 4, 1, 262_144, head_dim=256, sliding_window=512
    ),
    "Gemma-3-4B": _config("gemma3_text", 34, 2560, 10_240, 8, 4, 262_208, **_GEMMA3),
    "Gemma-3-12B": _config("gemma3_text", 48, 3840, 15_360, 16, 8, 262_208, **_GEMMA3),
    "Gemma-3-27B": _config(
        "gemma3_text", 62, 5376, 21_504, 32, 16, 262_208, **_GEMMA3 | {"head_dim": 128}
    ),
    "Phi-2": _config("phi", 32, 2560, 10_240, 32, 32, 51_200),
    "Phi-4": _config("phi3", 40, 5120, 17_920, 40, 10, 100_352, pad_token_id=None),
    "OLMo-2-7B": _config("olmo2", 32, 4096, 11_008, 32, 32, 100_352),
    "OLMo-2-13B": _config("olmo2", 40, 5120, 13_824, 40, 40, 100_352),
    "Pythia-6.9B": _config("gpt_neox", 32, 4096, 16_384, 32, 32, 50_432),
    "Falcon-40B": _config("falcon", 60, 8192, None, 128, 128, 65_024, num_kv_heads=8, **_FALCON),
}

# deepseek-ai/DeepSeek-V3, inference/configs/config_16B.json, config_236B.json and config_671B.json.
_DEEPSEEK = {
    "DeepSeek-V2-Lite": _config(
        "deepseek_v2",
        27,
        2048,
        10_944,
        16,
        16,
        102_400,
        **_MLA,
        q_lora_rank=None,
        moe_intermediate_size=1408,
        n_routed_experts=64,
        n_shared_experts=2,
        num_experts_per_tok=6,
        first_k_dense_replace=1,
    ),
    "DeepSeek-V2": _config(
        "deepseek_v2",
        60,
        5120,
        12_288,
        128,
        128,
        102_400,
        **_MLA,
        q_lora_rank=1536,
        moe_intermediate_size=1536,
        n_routed_experts=160,
        n_shared_experts=2,
        num_experts_per_tok=6,
        first_k_dense_replace=1,
    ),
    "DeepSeek-V3": _config(
        "deepseek_v3",
        61,
        7168,
        18_432,
        128,
        128,
        129_280,
        **_MLA,
        q_lora_rank=1536,
        moe_intermediate_size=2048,
        n_routed_experts=256,
        n_shared_experts=1,
        num_experts_per_tok=8,
        first_k_dense_replace=3,
    ),
}

# The models' own config.json, as public repositories quote it in their tests.
_QUOTED = {
    "Kimi-K2": _config(
        "kimi_k2",
        61,
        7168,
        18_432,
        64,
        64,
        163_840,
        **_MLA,
        q_lora_rank=1536,
        moe_intermediate_size=2048,
        n_routed_experts=384,
        n_shared_experts=1,
        num_experts_per_tok=8,
        first_k_dense_replace=1,
    ),
    "OLMoE-1B-7B": _config(
        "olmoe", 16, 2048, 1024, 16, 16, 50_304, num_experts=64, num_experts_per_tok=8
    ),
    "gpt-oss-20b": _config(
        "gpt_oss",
        24,
        2880,
        2880,
        64,
        8,
        201_088,
        head_dim=64,
        sliding_window=128,
        num_local_experts=32,
        num_experts_per_tok=4,
    ),
    "gpt-oss-120b": _config(
        "gpt_oss",
        36,
        2880,
        2880,
        64,
        8,
        201_088,
        head_dim=64,
        sliding_window=128,
        num_local_experts=128,
        num_experts_per_tok=4,
    ),
    "Llama-4-Scout": _config(
        "llama4_text",
        48,
        5120,
        8192,
        40,
        8,
        202_048,
        head_dim=128,
        intermediate_size_mlp=16_384,
        num_local_experts=16,
        num_experts_per_tok=1,
    ),
    "MiniMax-Text-01": _config(
        "minimax",
        80,
        6144,
        9216,
        64,
        8,
        200_064,
        head_dim=128,
        num_local_experts=32,
        num_experts_per_tok=2,
        layer_types=[*["linear_attention"] * 7, "full_attention"] * 10,
    ),
    "BLOOM": {
        "model_type": "bloom",
        "n_layer": 70,
        "hidden_size": 14_336,
        "n_head": 112,
        "vocab_size": 250_880,
    },
    "StarCoder": {
        "model_type": "gpt_bigcode",
        "n_layer": 40,
        "n_embd": 6144,
        "n_head": 48,
        "n_inner": 24_576,
        "n_positions": 8192,
        "vocab_size": 49_152,
    },
}

# Brown et al. 2020, table 2.1, with the vocabulary of GPT-2.
_PAPERS = {
    "GPT-3": {
        "model_type": "gpt2",
        "n_layer": 96,
        "n_embd": 12_288,
        "n_head": 96,
        "n_positions": 2048,
        "vocab_size": 50_257,
    },
}

_CONFIGS = _LITGPT | _DEEPSEEK | _QUOTED | _PAPERS


def names():
    """The names that `config` and `shape` know."""
    return tuple(_CONFIGS)


def config(name):
    """The configuration of a published model, as a dict.

    Raises ValueError that lists the known names.
    """
    if name not in _CONFIGS:
        raise ValueError(f"name must be one of {', '.join(_CONFIGS)}, got {name!r}")
    return dict(_CONFIGS[name])


@cache
def shape(name):
    """The TransformerShape of a published model; raises ValueError as `config` does."""
    return TransformerShape.from_config(config(name))
