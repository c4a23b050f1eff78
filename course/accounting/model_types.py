"""What the model types of Hugging Face take for granted, as a table: one row for each.

A `config.json` says how wide and how deep a model is. Whether its projections have biases, how many
norms a layer has, or which layers have experts, is mostly said by the code of its model type. The
rows were read in transformers 5.23 and are compared with it, to the last parameter, by the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from course.accounting import recurrences
from course.accounting.rules import (
    adjusted,
    after_the_first,
    all_but_each,
    all_heads,
    all_layers,
    always_four_times,
    chunk,
    context_rows,
    derived,
    each_step,
    even_below_max_window_layers,
    experts_of_granite,
    experts_of_jamba,
    falcon_kv_heads,
    falcon_norms,
    four_times,
    from_layer,
    from_start_to_end,
    gemma3n_layer,
    gemma3n_outside,
    interleaved,
    last_layers_share,
    listed,
    not_in,
    one_head,
    only_derived,
    opt_final_norm,
    periodic,
    shared_experts,
    shared_experts_of_ernie,
    sliding,
    sliding_if_used,
    when,
    width_of_each_layer,
    with_rope,
    without_rope,
)

# Parameters of a norm for each unit of width, and how many copies of its input, in other forms, are
# kept for the backward pass: none by PyTorch's own LayerNorm, some where it is written out.
NORMS = {
    "rms": (1, 1),
    "layer": (2, 0),  # a weight and a bias
    "layer without bias": (1, 0),
    "layer without parameters": (0, 0),
    "layer written out": (1, 2),
}


@dataclass(frozen=True, kw_only=True)
class ModelType:
    """One model type. The defaults are Llama's.

    A field may be a function of the config (see `configs.Config`) that gives its value. What speaks
    of layers is a function of the config that gives a function of the layer's number, from 0.

    Attributes:
        names: for keys that it calls otherwise, the words that it reads; the first is its own.
        needs: keys without which a config cannot be read, beside those of every type.
        assumes: values of the keys that its published configs leave out.
        tied: True if the head is the embedding again, where the config does not say.
        layer_types: words that the key `layer_types` may hold; () if it does not read the key.
        head_dim: width of a head; None where it is d_model / heads.
        kv_heads: heads of keys and values.
        window: tokens that a token sees in the layers that have a window.
        slides: layers with a window, if no `layer_types` says so.
        chunked: True if the window is a chunk of the text and does not move along.
        shares_kv: layers that use the keys and values of an earlier layer.
        gated_attention: True if the queries' projection makes a gate of the output, too.
        latent: True for multi-head latent attention.
        sinks: True for a learned weight in each head for looking at nothing.
        qk_norm: "head": one norm for all heads; "width": a weight for each number; "": none.
        qkv_bias, out_bias: biases of the attention's projections.
        attention: False if it has none.
        recurrence: a function of the config that gives the Recurrence; None if it has none.
        recurs: layers with the recurrence, if no `layer_types` says so.
        both: True if each layer has attention and the recurrence side by side.
        d_ff: width of the MLP; a list where each layer has its own; None without any MLP.
        gated: True for an MLP of three matrices, not two.
        mlp_bias: biases of the MLP.
        activation: its function, where the config does not say.
        mlp_saved: numbers kept of a token for each unit of width; 0: as usual, see `configs`.
        sparse: layers with experts.
        d_expert: the key with the experts' width.
        d_shared: width of what every token passes beside the experts.
        shared_gate: True if what the shared experts give is weighted.
        expert_bias, router_bias: biases of the experts and of the router.
        norm: one of NORMS.
        n_norms: norms in a layer.
        parallel: True for attention and MLP side by side, from one input.
        final_norm, embedding_norm: norms outside of the layers.
        positions: rows of learned positions.
        d_embedding: width of a token's embedding.
        head_bias: a bias of the head.
        extra_layer, extra: matrices, vectors and lookups that no other type has, in a layer and
            outside of the layers, as the fields of Layer and TransformerShape that they add to.
        activations: False if what training keeps of it has not been counted.
    """

    names: dict = field(default_factory=dict)
    needs: tuple = ()
    assumes: dict = field(default_factory=dict)
    tied: bool = False
    layer_types: tuple = ()

    head_dim: Callable = lambda c: None if c.get("head_dim") is None else c.whole("head_dim")
    kv_heads: Callable = lambda c: c.whole("num_key_value_heads", all_heads(c))
    window: Callable = lambda c: None
    slides: Callable = lambda c: lambda i: True
    chunked: bool = False
    shares_kv: Callable = lambda c: lambda i: False
    gated_attention: bool = False
    latent: bool = False
    sinks: bool = False
    qk_norm: str | Callable = ""
    qkv_bias: bool | Callable = False
    out_bias: bool | Callable = False

    attention: bool = True
    recurrence: Callable = lambda c: None
    recurs: Callable = lambda c: lambda i: False
    both: bool = False

    d_ff: Callable = lambda c: c.whole("intermediate_size")
    gated: bool = True
    mlp_bias: bool | Callable = False
    activation: str = ""
    mlp_saved: int = 0

    sparse: Callable = lambda c: lambda i: False
    d_expert: str = "intermediate_size"
    d_shared: Callable = lambda c: 0
    shared_gate: bool = False
    expert_bias: bool = False
    router_bias: bool = False

    norm: str | Callable = "rms"
    n_norms: int | Callable = 2
    parallel: bool | Callable = False
    final_norm: bool | Callable = True
    embedding_norm: bool = False
    positions: Callable = lambda c: 0
    d_embedding: Callable = lambda c: c.whole("hidden_size")
    head_bias: bool | Callable = False
    extra_layer: Callable = lambda c: {}
    extra: Callable = lambda c: {}
    activations: bool = True

    def own_word(self, key):
        """The word that this type itself has for a key."""
        return self.names.get(key, (key,))[0]


# --- the table ------------------------------------------------------------------------------------

_D_FF, _D_EXPERT, _HEAD_DIM = "intermediate_size", "moe_intermediate_size", "head_dim"
_KV, _WINDOW, _ACTIVE = "num_key_value_heads", "sliding_window", "num_experts_per_tok"
_SHARED, _FIRST_DENSE = "n_shared_experts", "first_k_dense_replace"
_N_EXPERTS = "num_experts"
_SLIDING = ("full_attention", "sliding_attention")
# "attention" and "mamba" are older words for these
_LINEAR = ("full_attention", "linear_attention", "attention", "mamba")
_ATTENTION_BIAS = {"qkv_bias": when("attention_bias"), "out_bias": when("attention_bias")}
_LLAMA = {"needs": (_D_FF,), "mlp_bias": when("mlp_bias"), **_ATTENTION_BIAS}
_GEMMA = {"tied": True, **_ATTENTION_BIAS}
_OPTIONAL_WINDOW = {
    "window": sliding_if_used,
    "slides": from_layer("max_window_layers", 28),
    "layer_types": _SLIDING,
}
_PARALLEL = {"n_norms": 1, "parallel": True}
_COHERE = {"tied": True, "norm": "layer written out", **_PARALLEL, **_ATTENTION_BIAS}
_BIASES = ("qkv_bias", "out_bias", "mlp_bias")
_BIASED = dict.fromkeys(_BIASES, True)
# as of 2019
_PLAIN = {"norm": "layer", "gated": False, "kv_heads": all_heads, "head_dim": derived}
_GPT2 = {
    "names": {
        "hidden_size": ("n_embd", "hidden_size"),
        "num_hidden_layers": ("n_layer", "num_hidden_layers"),
        "num_attention_heads": ("n_head", "num_attention_heads"),
        "intermediate_size": ("n_inner",),
        "max_position_embeddings": ("n_positions", "max_position_embeddings"),
    },
    "d_ff": four_times,
    **_PLAIN,
}
_EXPERTS = {"sparse": all_layers, "window": sliding}
_LOCAL = {_N_EXPERTS: ("num_local_experts", _N_EXPERTS)}
_ONLY_LOCAL = {_N_EXPERTS: ("num_local_experts",)}
_ROUTED = {_N_EXPERTS: ("n_routed_experts", "num_local_experts")}
_NO_ATTENTION = {
    "attention": False,
    "kv_heads": lambda c: None,
    "recurs": all_layers,
    "d_ff": lambda c: None,
    "n_norms": 1,
    "activations": False,
}
_QWEN_HYBRID = (
    _D_FF,
    _KV,
    _HEAD_DIM,
    "linear_key_head_dim",
    "linear_value_head_dim",
    "linear_num_key_heads",
    "linear_num_value_heads",
)
_GATED_DELTA = {
    "gated_attention": True,
    "qk_norm": "head",
    "layer_types": _LINEAR,
    "recurrence": recurrences.gated_delta,
    "recurs": all_but_each(4, "full_attention_interval"),
    "activations": False,
    **_ATTENTION_BIAS,
}
_DEEPSEEK = {
    "names": _ROUTED,
    "needs": (
        _D_FF,
        _N_EXPERTS,
        _ACTIVE,
        _D_EXPERT,
        _SHARED,
        _FIRST_DENSE,
        "q_lora_rank",
        "kv_lora_rank",
        "qk_nope_head_dim",
        "qk_rope_head_dim",
        "v_head_dim",
    ),
    "latent": True,
    "sparse": after_the_first,
    "d_expert": _D_EXPERT,
    "d_shared": shared_experts,
    **_ATTENTION_BIAS,
}

MODEL_TYPES = {
    # Dense: RMSNorm, a gated MLP, rotary positions.
    "llama": ModelType(**_LLAMA),
    "granite": ModelType(**_LLAMA),
    "mistral": ModelType(needs=(_D_FF, _KV, _WINDOW), window=sliding),
    "phi3": ModelType(needs=(_D_FF,), window=sliding),
    "qwen2": ModelType(needs=(_D_FF, _KV), qkv_bias=True, **_OPTIONAL_WINDOW),
    "qwen3": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM), qk_norm="head", **_ATTENTION_BIAS, **_OPTIONAL_WINDOW
    ),
    "smollm3": ModelType(
        **_LLAMA | {"needs": (_D_FF, _KV)},
        tied=True,
        window=sliding_if_used,
        slides=without_rope,
        layer_types=_SLIDING,
    ),
    "seed_oss": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM),
        mlp_bias=when("mlp_bias"),
        qkv_bias=when("attention_bias", default=True),
        out_bias=when("attention_out_bias"),
    ),
    "gemma": ModelType(needs=(_D_FF, _KV, _HEAD_DIM), **_GEMMA),
    "gemma2": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM, _WINDOW),
        n_norms=4,
        window=sliding,
        slides=all_but_each(2),
        layer_types=_SLIDING,
        **_GEMMA,
    ),
    "gemma3_text": ModelType(
        needs=(_D_FF, _WINDOW),
        assumes={"vocab_size": 262_208, "num_attention_heads": 8, _KV: 4, _HEAD_DIM: 256},
        n_norms=4,
        qk_norm="head",
        window=sliding,
        slides=all_but_each(6, "sliding_window_pattern"),
        layer_types=_SLIDING,
        **_GEMMA,
    ),
    "olmo": ModelType(needs=(_D_FF,), norm="layer without parameters", **_ATTENTION_BIAS),
    "olmo2": ModelType(needs=(_D_FF,), qk_norm="width", **_ATTENTION_BIAS),
    "olmo3": ModelType(
        needs=(_D_FF, _WINDOW),
        qk_norm="width",
        window=sliding,
        slides=all_but_each(4),
        layer_types=_SLIDING,
        **_ATTENTION_BIAS,
    ),
    "cohere": ModelType(needs=(_D_FF,), qk_norm=when("use_qk_norm", "width", ""), **_COHERE),
    "cohere2": ModelType(
        needs=(_D_FF, _WINDOW),
        window=sliding,
        slides=all_but_each(4, "sliding_window_pattern"),
        layer_types=_SLIDING,
        **_COHERE,
    ),
    "stablelm": ModelType(
        needs=(_D_FF, _KV),
        head_dim=derived,
        norm="layer",
        qkv_bias=when("use_qkv_bias"),
        n_norms=when("use_parallel_residual", 1, 2),
        parallel=when("use_parallel_residual"),
        qk_norm=when("qk_layernorm", "width", ""),
    ),
    "glm4": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM), n_norms=4, qkv_bias=when("attention_bias", default=True)
    ),
    "exaone4": ModelType(
        needs=(_D_FF, _KV, _WINDOW),
        qk_norm="head",
        window=sliding,
        slides=all_but_each(4, "sliding_window_pattern"),
        layer_types=_SLIDING,
    ),
    "ernie4_5": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM),
        tied=True,
        **dict.fromkeys(_BIASES, when("use_bias")),
    ),
    "hunyuan_v1_dense": ModelType(needs=(_D_FF, _HEAD_DIM), qk_norm="head", **_ATTENTION_BIAS),
    "gemma3n_text": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM, _WINDOW, "num_kv_shared_layers"),
        d_ff=width_of_each_layer,
        n_norms=4,
        qk_norm="head",
        window=sliding,
        slides=all_but_each(5),
        layer_types=_SLIDING,
        shares_kv=last_layers_share,
        extra_layer=gemma3n_layer,
        extra=gemma3n_outside,
        activations=False,
        **_GEMMA,
    ),
    # Dense, older or plainer: LayerNorm, an MLP of two matrices.
    "gpt2": ModelType(tied=True, positions=context_rows, activation="gelu_new", **_GPT2, **_BIASED),
    "gpt_bigcode": ModelType(
        tied=True, positions=context_rows, **_GPT2 | {"kv_heads": one_head}, **_BIASED
    ),
    "gptj": ModelType(mlp_bias=True, head_bias=True, activation="gelu_new", **_GPT2, **_PARALLEL),
    "gpt_neox": ModelType(
        needs=(_D_FF,),
        parallel=when("use_parallel_residual", default=True),
        mlp_bias=True,
        qkv_bias=when("attention_bias", default=True),
        out_bias=when("attention_bias", default=True),
        **_PLAIN,
    ),
    "opt": ModelType(
        names={"intermediate_size": ("ffn_dim",)},
        needs=(_D_FF, "max_position_embeddings"),
        tied=True,
        activation="relu",
        final_norm=opt_final_norm,
        positions=lambda c: context_rows(c) + 2,
        d_embedding=lambda c: c.whole("word_embed_proj_dim", c.whole("hidden_size")),
        **dict.fromkeys(_BIASES, when("enable_bias", default=True)),
        **_PLAIN
        | {
            "norm": when(
                "layer_norm_elementwise_affine", "layer", "layer without parameters", default=True
            )
        },
    ),
    "bloom": ModelType(
        names={
            "hidden_size": ("hidden_size", "n_embed"),
            "num_hidden_layers": ("n_layer", "num_hidden_layers"),
            "num_attention_heads": ("n_head", "num_attention_heads"),
        },
        tied=True,
        embedding_norm=True,
        d_ff=always_four_times,
        **_PLAIN,
        **_BIASED,
    ),
    "mpt": ModelType(
        names={
            "hidden_size": ("d_model", "hidden_size"),
            "num_hidden_layers": ("n_layers", "num_hidden_layers"),
            "num_attention_heads": ("n_heads", "num_attention_heads"),
        },
        tied=True,
        d_ff=always_four_times,
        **_PLAIN | {"norm": "layer without bias"},
    ),
    "falcon": ModelType(
        names={
            "intermediate_size": ("ffn_hidden_size",),
            "hidden_size": ("hidden_size", "n_embed"),
        },
        tied=True,
        n_norms=falcon_norms,
        parallel=when("parallel_attn", default=True),
        d_ff=four_times,
        **_PLAIN | {"kv_heads": falcon_kv_heads},
        **dict.fromkeys(_BIASES, when("bias")),
    ),
    "phi": ModelType(
        needs=(_D_FF,),
        head_dim=only_derived,
        norm="layer",
        gated=False,
        activation="gelu_new",
        head_bias=True,
        qk_norm=when("qk_layernorm", "head", ""),
        **_PARALLEL,
        **_BIASED,
    ),
    "starcoder2": ModelType(
        needs=(_D_FF, _KV),
        tied=True,
        norm="layer",
        gated=False,
        window=sliding,
        **dict.fromkeys(_BIASES, when("use_bias", default=True)),
    ),
    "nemotron": ModelType(norm="layer", gated=False, **_LLAMA | {"needs": (_D_FF, _KV)}),
    # Mixtures of experts.
    "mixtral": ModelType(names=_LOCAL, needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE), **_EXPERTS),
    "phimoe": ModelType(
        names=_ONLY_LOCAL,
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE),
        norm="layer",
        head_bias=when("lm_head_bias"),
        **_EXPERTS,
        **_ATTENTION_BIAS,
    ),
    "granitemoe": ModelType(
        names=_ONLY_LOCAL, needs=(_D_FF, _N_EXPERTS, _ACTIVE), sparse=all_layers, **_ATTENTION_BIAS
    ),
    "olmoe": ModelType(
        head_dim=only_derived,
        names={_N_EXPERTS: (_N_EXPERTS, "num_local_experts")},
        needs=(_D_FF, _N_EXPERTS, _ACTIVE),
        sparse=all_layers,
        qk_norm="width",
        **_ATTENTION_BIAS,
    ),
    "qwen2_moe": ModelType(
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE, _D_EXPERT, "shared_expert_intermediate_size"),
        qkv_bias=when("qkv_bias", default=True),
        window=sliding_if_used,
        slides=even_below_max_window_layers,
        layer_types=_SLIDING,
        sparse=each_step,
        d_expert=_D_EXPERT,
        shared_gate=True,
        d_shared=lambda c: c.whole("shared_expert_intermediate_size"),
    ),
    "qwen3_moe": ModelType(
        names=_LOCAL,
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE, _D_EXPERT),
        qk_norm="head",
        sparse=each_step,
        d_expert=_D_EXPERT,
        window=sliding_if_used,
        **_ATTENTION_BIAS,
    ),
    "glm4_moe": ModelType(
        names=_ROUTED,
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE, _D_EXPERT, _SHARED, _FIRST_DENSE),
        qkv_bias=when("attention_bias"),
        qk_norm=when("use_qk_norm", "head", ""),
        sparse=after_the_first,
        d_expert=_D_EXPERT,
        d_shared=shared_experts,
    ),
    "llama4_text": ModelType(
        names=_ONLY_LOCAL,
        needs=(_D_FF, _KV, _HEAD_DIM, _N_EXPERTS, _ACTIVE, "intermediate_size_mlp"),
        d_ff=lambda c: c.whole("intermediate_size_mlp"),
        sparse=interleaved,
        d_shared=lambda c: c.whole("intermediate_size"),
        chunked=True,
        window=chunk,
        slides=with_rope,
        layer_types=("full_attention", "chunked_attention"),
        **_ATTENTION_BIAS,
    ),
    "gpt_oss": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM, _WINDOW, _N_EXPERTS, _ACTIVE),
        sinks=True,
        mlp_saved=7,
        qkv_bias=when("attention_bias", default=True),
        out_bias=when("attention_bias", default=True),
        expert_bias=True,
        router_bias=True,
        slides=all_but_each(2),
        layer_types=_SLIDING,
        names=_LOCAL,
        **_EXPERTS,
    ),
    "deepseek_v2": ModelType(
        mlp_bias=when("mlp_bias"),
        **_DEEPSEEK | {"names": {_N_EXPERTS: ("n_routed_experts", _N_EXPERTS)}},
    ),
    "deepseek_v3": ModelType(**_DEEPSEEK),
    "kimi_k2": ModelType(**_DEEPSEEK),  # the same code
    "dots1": ModelType(
        names=_ROUTED,
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE, _D_EXPERT, _SHARED, _FIRST_DENSE),
        qk_norm="head",
        window=sliding,
        slides=from_layer("max_window_layers", 62),
        layer_types=_SLIDING,
        sparse=after_the_first,
        d_expert=_D_EXPERT,
        d_shared=shared_experts,
        **_ATTENTION_BIAS,
    ),
    "ernie4_5_moe": ModelType(
        names={
            _N_EXPERTS: ("moe_num_experts", _N_EXPERTS),
            _ACTIVE: ("moe_k", _ACTIVE),
        },
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE, _D_EXPERT),
        tied=True,
        sparse=from_start_to_end,
        d_expert=_D_EXPERT,
        d_shared=shared_experts_of_ernie,
        router_bias=True,  # not a bias, but as many numbers: they balance the experts' load
        head_bias=when("use_bias"),
        **dict.fromkeys(_BIASES, when("use_bias")),
    ),
    # With a recurrence in some layers, or in all.
    "mamba": ModelType(tied=True, recurrence=recurrences.mamba, **_NO_ATTENTION),
    "falcon_mamba": ModelType(tied=True, recurrence=recurrences.mamba, **_NO_ATTENTION),
    "mamba2": ModelType(
        needs=("num_heads", _HEAD_DIM, "state_size"),
        recurrence=recurrences.mamba2,
        **_NO_ATTENTION,
    ),
    "jamba": ModelType(
        names={_N_EXPERTS: (_N_EXPERTS, "num_local_experts")},
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE),
        sparse=experts_of_jamba,
        recurrence=recurrences.jamba,
        recurs=not_in(periodic("attn_layer_period", 8, "attn_layer_offset", 4)),
        activations=False,
    ),
    "bamba": ModelType(
        needs=(_D_FF, _KV, "mamba_n_heads", "mamba_d_state"),
        mlp_bias=when("mlp_bias"),
        recurrence=recurrences.bamba,
        recurs=not_in(listed("attn_layer_indices")),
        activations=False,
        **_ATTENTION_BIAS,
    ),
    "falcon_h1": ModelType(
        needs=(_D_FF, _KV, "mamba_n_heads", "mamba_d_state"),
        mlp_bias=when("mlp_bias"),
        recurrence=recurrences.falcon_h1,
        both=True,
        activations=False,
        **_ATTENTION_BIAS,
    ),
    "granitemoehybrid": ModelType(
        names=_ONLY_LOCAL | {"layer_types": ("layer_types", "layers_block_type")},
        needs=(_D_FF, _N_EXPERTS, "shared_intermediate_size", "mamba_n_heads", "mamba_d_state"),
        d_ff=lambda c: c.whole("shared_intermediate_size"),
        d_shared=lambda c: c.whole("shared_intermediate_size"),
        sparse=experts_of_granite,
        layer_types=_LINEAR,
        recurrence=recurrences.bamba,
        recurs=all_layers,
        activations=False,
        **_ATTENTION_BIAS,
    ),
    "qwen3_next": ModelType(
        needs=(*_QWEN_HYBRID, _N_EXPERTS, _ACTIVE, _D_EXPERT, "shared_expert_intermediate_size"),
        sparse=each_step,
        d_expert=_D_EXPERT,
        shared_gate=True,
        d_shared=lambda c: c.whole("shared_expert_intermediate_size"),
        **_GATED_DELTA,
    ),
    "lfm2": ModelType(
        names={
            "tie_word_embeddings": ("tie_word_embeddings", "tie_embedding"),
            _D_FF: (_D_FF, "block_ff_dim"),
        },
        needs=(_D_FF, _KV),
        tied=True,
        qk_norm="head",
        d_ff=adjusted,
        layer_types=("full_attention", "conv"),
        recurrence=recurrences.short_convolution,
        recurs=not_in(listed("full_attn_idxs", default_all=True)),
        activations=False,
    ),
    "minimax": ModelType(
        names=_LOCAL,
        needs=(_D_FF, _KV, _N_EXPERTS, _ACTIVE),
        layer_types=("full_attention", "linear_attention"),
        recurrence=recurrences.lightning,
        recurs=lambda c: lambda i: i % 2 == 1,
        activations=False,
        **_EXPERTS,
    ),
}

# Which key ties the head of a model that also sees or hears: that of the outer config, that of
# `text_config`, or either of them.
TIED_BY = {
    **dict.fromkeys(
        (
            "idefics2",
            "idefics3",
            "llava_next",
            "qianfan_ocr",
            "qwen3_5",
            "qwen3_5_moe",
            "smolvlm",
            "video_llava",
            "vipllava",
        ),
        "outer",
    ),
    **dict.fromkeys(
        (
            "cohere2_vision",
            "deepseek_vl",
            "deepseek_vl_hybrid",
            "gemma3",
            "got_ocr2",
            "internvl",
            "janus",
            "kimi_k25",
            "lfm2_vl",
            "lighton_ocr",
            "mistral3",
            "ovis2",
            "paligemma",
            "pp_chart2table",
        ),
        "outer, tied by default",
    ),
    **dict.fromkeys(
        ("llava", "llava_next_video", "llava_onevision", "shieldgemma2", "video_llama_3"), "either"
    ),
    **dict.fromkeys(("blip-2", "instructblip", "instructblipvideo", "llama4"), "text"),
}
