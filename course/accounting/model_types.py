"""What the model types of Hugging Face take for granted, as a table: one row for each.

A `config.json` says how wide and how deep a model is. Whether its projections have biases, how many
norms a layer has, or which layers have experts, is mostly said by the code of its model type. The
rows were read in transformers 5.23 and are compared with it, to the last parameter, by the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

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

    A field may be a function of the config (see `configs.Config`) that gives its value.
    """

    names: dict = field(default_factory=dict)  # its words for hidden_size and others
    needs: tuple = ()  # keys without which a config cannot be read, beside configs.NEEDED
    tied: bool = False  # the head is the embedding again, where the config does not say

    kv_heads: Callable = lambda c: c.whole("num_key_value_heads", all_heads(c))
    window: Callable = lambda c: None
    slides: Callable = lambda c: lambda i: True  # layers with a window, if no `layer_types` says so
    chunked: bool = False  # the window is a chunk of the text and does not move along
    latent: bool = False  # multi-head latent attention
    sinks: bool = False  # a learned weight in each head for looking at nothing
    qk_norm: str | Callable = ""  # "head": one norm for all heads; "width": a weight for each
    qkv_bias: bool | Callable = False
    out_bias: bool | Callable = False

    d_ff: Callable = lambda c: c.whole("intermediate_size")
    gated: bool = True  # an MLP of three matrices, not two
    mlp_bias: bool | Callable = False
    activation: str = ""  # its function, where the config does not say
    mlp_saved: int = 0  # numbers kept of a token for each unit of width; 0: as usual, see `configs`

    sparse: Callable = lambda c: lambda i: False  # layers with experts
    d_expert: str = "intermediate_size"  # the key with their width
    d_shared: Callable = lambda c: 0  # width of what every token passes beside them
    shared_gate: bool = False
    expert_bias: bool = False
    router_bias: bool = False

    norm: str | Callable = "rms"
    n_norms: int | Callable = 2  # in a layer
    parallel: bool | Callable = False  # attention and MLP side by side, from one input
    final_norm: bool | Callable = True
    embedding_norm: bool = False
    positions: Callable = lambda c: 0  # rows of learned positions
    d_embedding: Callable = lambda c: c.whole("hidden_size")
    head_bias: bool | Callable = False


# --- values that a config decides -----------------------------------------------------------------
# Each takes a config. What speaks of layers gives a function: is it so in layer i, from 0?


def when(key, then=True, otherwise=False, *, default=False):
    """`then` where the config's `key` is true, and `otherwise` where it is not."""
    return lambda c: then if c.flag(key, default) else otherwise


def all_heads(c):
    return c.whole("num_attention_heads")


def four_times(c):
    return c.whole("intermediate_size", 4 * c.whole("hidden_size"))


def always_four_times(c):
    return 4 * c.whole("hidden_size")


def context_rows(c):
    return c.whole("max_position_embeddings")


def sliding(c, key="sliding_window"):
    return None if c.get(key) is None else c.whole(key)


def chunk(c):
    return sliding(c, "attention_chunk_size")


def sliding_if_used(c):
    return sliding(c) if c.flag("use_sliding_window") else None


def from_max_window_layers(c):
    first = c.whole("max_window_layers", 28, least=0)
    return lambda i: i >= first


def even_below_max_window_layers(c):
    end = c.whole("max_window_layers", 28, least=0)
    return lambda i: i % 2 == 0 and i < end


def all_but_each(n):
    """All layers but each n-th; the config may name another n."""

    def slides(c):
        period = c.whole("sliding_window_pattern", n)
        return lambda i: (i + 1) % period != 0

    return slides


def with_rope(c):
    """Layers with rotary positions, marked 1 in `no_rope_layers`: else all but each fourth."""
    period, marks = c.whole("no_rope_layer_interval", 4), c.numbers("no_rope_layers", ())
    if marks and len(marks) != c.whole("num_hidden_layers"):
        raise ValueError(f"no_rope_layers must have a number for each layer, got {marks}")
    return lambda i: bool(marks[i]) if marks else (i + 1) % period != 0


def without_rope(c):
    rope = with_rope(c)
    return lambda i: not rope(i)


def all_layers(c):
    return lambda i: True


def after_the_first(c):
    first = c.whole("first_k_dense_replace", least=0)
    return lambda i: i >= first


def each_step(c):
    step, dense = c.whole("decoder_sparse_step", 1), c.numbers("mlp_only_layers", ())
    return lambda i: (i + 1) % step == 0 and i not in dense


def interleaved(c):
    step, layers = c.whole("interleave_moe_layer_step", 1), c.numbers("moe_layers", None)
    return lambda i: (i + 1) % step == 0 if layers is None else i in layers


def shared_experts(c):
    return c.whole("n_shared_experts", least=0) * c.whole("moe_intermediate_size")


def one_head(c):
    return 1 if c.flag("multi_query", True) else all_heads(c)


def falcon_kv_heads(c):
    new = c.flag("new_decoder_architecture")
    return c.whole("num_kv_heads", all_heads(c)) if new else one_head(c)


def falcon_norms(c):
    in_parallel = c.whole("num_ln_in_parallel_attn", 1 + c.flag("new_decoder_architecture"))
    return 1 if c.flag("parallel_attn", True) and in_parallel != 2 else 2


def opt_final_norm(c):
    return c.flag("do_layer_norm_before", True) and not c.flag("_remove_final_layer_norm")


# --- the table ------------------------------------------------------------------------------------

_D_FF, _D_EXPERT, _HEAD_DIM = "intermediate_size", "moe_intermediate_size", "head_dim"
_KV, _WINDOW, _ACTIVE = "num_key_value_heads", "sliding_window", "num_experts_per_tok"
_SHARED, _FIRST_DENSE = "n_shared_experts", "first_k_dense_replace"
_ATTENTION_BIAS = {"qkv_bias": when("attention_bias"), "out_bias": when("attention_bias")}
_LLAMA = {"needs": (_D_FF,), "mlp_bias": when("mlp_bias"), **_ATTENTION_BIAS}
_GEMMA = {"tied": True, **_ATTENTION_BIAS}
_OPTIONAL_WINDOW = {"window": sliding_if_used, "slides": from_max_window_layers}
_PARALLEL = {"n_norms": 1, "parallel": True}
_COHERE = {"tied": True, "norm": "layer written out", **_PARALLEL, **_ATTENTION_BIAS}
_BIASES = ("qkv_bias", "out_bias", "mlp_bias")
_BIASED = dict.fromkeys(_BIASES, True)
_PLAIN = {"norm": "layer", "gated": False, "kv_heads": all_heads}  # as of 2019
_GPT2 = {
    "names": {
        "hidden_size": "n_embd",
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
        "intermediate_size": "n_inner",
        "max_position_embeddings": "n_positions",
    },
    "d_ff": four_times,
    **_PLAIN,
}
_EXPERTS = {"sparse": all_layers, "window": sliding}
_DEEPSEEK = {
    "needs": (
        _D_FF,
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
        **_LLAMA | {"needs": (_D_FF, _KV)}, tied=True, window=sliding_if_used, slides=without_rope
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
        **_GEMMA,
    ),
    "gemma3_text": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM, _WINDOW),
        n_norms=4,
        qk_norm="head",
        window=sliding,
        slides=all_but_each(6),
        **_GEMMA,
    ),
    "olmo": ModelType(needs=(_D_FF,), norm="layer without parameters", **_ATTENTION_BIAS),
    "olmo2": ModelType(needs=(_D_FF,), qk_norm="width", **_ATTENTION_BIAS),
    "olmo3": ModelType(
        needs=(_D_FF, _WINDOW),
        qk_norm="width",
        window=sliding,
        slides=all_but_each(4),
        **_ATTENTION_BIAS,
    ),
    "cohere": ModelType(needs=(_D_FF,), qk_norm=when("use_qk_norm", "width", ""), **_COHERE),
    "cohere2": ModelType(needs=(_D_FF, _WINDOW), window=sliding, slides=all_but_each(4), **_COHERE),
    "stablelm": ModelType(
        needs=(_D_FF, _KV),
        norm="layer",
        qkv_bias=when("use_qkv_bias"),
        n_norms=when("use_parallel_residual", 1, 2),
        parallel=when("use_parallel_residual"),
        qk_norm=when("qk_layernorm", "width", ""),
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
        names={"intermediate_size": "ffn_dim"},
        needs=("ffn_dim", "max_position_embeddings"),
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
            "hidden_size": "n_embed",
            "num_hidden_layers": "n_layer",
            "num_attention_heads": "n_head",
        },
        tied=True,
        embedding_norm=True,
        d_ff=always_four_times,
        **_PLAIN,
        **_BIASED,
    ),
    "mpt": ModelType(
        names={
            "hidden_size": "d_model",
            "num_hidden_layers": "n_layers",
            "num_attention_heads": "n_heads",
        },
        tied=True,
        d_ff=always_four_times,
        **_PLAIN | {"norm": "layer without bias"},
    ),
    "falcon": ModelType(
        names={"intermediate_size": "ffn_hidden_size"},
        tied=True,
        n_norms=falcon_norms,
        parallel=when("parallel_attn", default=True),
        d_ff=four_times,
        **_PLAIN | {"kv_heads": falcon_kv_heads},
        **dict.fromkeys(_BIASES, when("bias")),
    ),
    "phi": ModelType(
        needs=(_D_FF,),
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
    "mixtral": ModelType(needs=(_D_FF, _KV, _ACTIVE), **_EXPERTS),
    "phimoe": ModelType(
        needs=(_D_FF, _KV, _ACTIVE),
        norm="layer",
        head_bias=when("lm_head_bias"),
        **_EXPERTS,
        **_ATTENTION_BIAS,
    ),
    "granitemoe": ModelType(needs=(_D_FF, _ACTIVE), sparse=all_layers, **_ATTENTION_BIAS),
    "olmoe": ModelType(
        needs=(_D_FF, _ACTIVE), sparse=all_layers, qk_norm="width", **_ATTENTION_BIAS
    ),
    "qwen2_moe": ModelType(
        needs=(_D_FF, _KV, _ACTIVE, _D_EXPERT, "shared_expert_intermediate_size"),
        qkv_bias=when("qkv_bias", default=True),
        window=sliding_if_used,
        slides=even_below_max_window_layers,
        sparse=each_step,
        d_expert=_D_EXPERT,
        shared_gate=True,
        d_shared=lambda c: c.whole("shared_expert_intermediate_size"),
    ),
    "qwen3_moe": ModelType(
        needs=(_D_FF, _KV, _ACTIVE, _D_EXPERT),
        qk_norm="head",
        sparse=each_step,
        d_expert=_D_EXPERT,
        window=sliding_if_used,
        **_ATTENTION_BIAS,
    ),
    "glm4_moe": ModelType(
        needs=(_D_FF, _KV, _ACTIVE, _D_EXPERT, _SHARED, _FIRST_DENSE),
        qkv_bias=when("attention_bias"),
        qk_norm=when("use_qk_norm", "head", ""),
        sparse=after_the_first,
        d_expert=_D_EXPERT,
        d_shared=shared_experts,
    ),
    "llama4_text": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM, _ACTIVE, "intermediate_size_mlp"),
        d_ff=lambda c: c.whole("intermediate_size_mlp"),
        sparse=interleaved,
        d_shared=lambda c: c.whole("intermediate_size"),
        chunked=True,
        window=chunk,
        slides=with_rope,
        **_ATTENTION_BIAS,
    ),
    "gpt_oss": ModelType(
        needs=(_D_FF, _KV, _HEAD_DIM, _WINDOW, _ACTIVE),
        sinks=True,
        mlp_saved=7,
        qkv_bias=when("attention_bias", default=True),
        out_bias=when("attention_bias", default=True),
        expert_bias=True,
        router_bias=True,
        slides=all_but_each(2),
        **_EXPERTS,
    ),
    "deepseek_v2": ModelType(mlp_bias=when("mlp_bias"), **_DEEPSEEK),
    "deepseek_v3": ModelType(**_DEEPSEEK),
    "kimi_k2": ModelType(**_DEEPSEEK),  # the same code
}
