"""What the model types of Hugging Face take for granted, as a table: one row for each.

A `config.json` says how wide and how deep a model is. Whether its projections have biases, how many
norms a layer has, or which layers have experts, is mostly said by the code of its model type. The
rows were read in transformers 5.23 and are compared with it, to the last parameter, by the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from course.accounting import recurrences

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


# --- values that a config decides -----------------------------------------------------------------
# Each takes a config. What speaks of layers gives a function: is it so in layer i, from 0?


def when(key, then=True, otherwise=False, *, default=False):
    """`then` where the config's `key` is true, and `otherwise` where it is not."""
    return lambda c: then if c.flag(key, default) else otherwise


def all_heads(c):
    return c.whole("num_attention_heads")


def derived(c):
    """No width of a head but d_model / heads: None."""


def only_derived(c):
    """The same, where another width would not fit the model's own code: it is refused."""
    width = c.whole("hidden_size") // all_heads(c)
    given = c.get("head_dim", width)
    if given != width:
        raise ValueError(
            f"head_dim must be hidden_size / num_attention_heads = {width}, got {given!r}"
        )


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


def from_layer(key, default):
    """The layers from the one that the config names under `key`."""

    def layers(c):
        first = c.whole(key, default, least=0)
        return lambda i: i >= first

    return layers


def even_below_max_window_layers(c):
    end = c.whole("max_window_layers", 28, least=0)
    return lambda i: i % 2 == 0 and i < end


def all_but_each(n, key=None):
    """All layers but each n-th; the config may name another n under `key`."""

    def layers(c):
        period = c.whole(key, n) if key else n
        return lambda i: (i + 1) % period != 0

    return layers


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


def shared_experts_of_ernie(c):
    return c.whole("moe_num_shared_experts", 2, least=0) * c.whole("moe_intermediate_size")


def from_start_to_end(c):
    """Every `moe_layer_interval`-th of the layers from `moe_layer_start_index` to the end index."""
    step, first = c.whole("moe_layer_interval", 1), c.whole("moe_layer_start_index", 1, least=0)
    last = c.whole("moe_layer_end_index", -1, least=-1)
    last = c.whole("num_hidden_layers") - 1 if last == -1 else last
    return lambda i: (i + 1) % step == 0 and first <= i <= last


def periodic(period_key, period, offset_key, offset):
    """Layers `offset`, `offset` + `period`, …; the config may name other numbers."""

    def layers(c):
        n, first = c.whole(period_key, period), c.whole(offset_key, offset, least=0)
        if first >= n:
            raise ValueError(f"{offset_key} must be below {period_key} = {n}, got {first}")
        return lambda i: i % n == first

    return layers


def not_in(layers):
    """The other layers."""

    def others(c):
        inside = layers(c)
        return lambda i: not inside(i)

    return others


def experts_of_jamba(c):
    if c.whole("num_experts") == 1:
        return lambda i: False
    return periodic("expert_layer_period", 2, "expert_layer_offset", 1)(c)


def experts_of_granite(c):
    return lambda i: c.whole("num_experts", least=0) > 0


def listed(key, default_all=False):
    """Layers whose numbers the key lists; without a list all or none."""

    def layers(c):
        numbers = c.numbers(key, None)
        return lambda i: default_all if numbers is None else i in numbers

    return layers


def adjusted(c):
    """LFM2's width: two thirds of what the config says, times a factor, rounded up."""
    d_ff = c.whole("intermediate_size")
    if not c.flag("block_auto_adjust_ff_dim", True):
        return d_ff
    d_ff, multiple = int(2 * d_ff / 3), c.whole("block_multiple_of", 256)
    return -(-int(c.number("block_ffn_dim_multiplier", 1.0) * d_ff) // multiple) * multiple


def width_of_each_layer(c):
    widths = c.get("intermediate_size")
    if type(widths) is int:
        return c.whole("intermediate_size")
    widths, n_layers = c.numbers("intermediate_size", None), c.whole("num_hidden_layers")
    if len(widths) != n_layers or min(widths) < 1:
        raise ValueError(f"intermediate_size must be {n_layers} positive numbers, got {widths!r}")
    return widths


def last_layers_share(c):
    """Gemma 3n's last layers have no keys and values of their own."""
    n_layers, n_shared = c.whole("num_hidden_layers"), c.whole("num_kv_shared_layers", 15, least=0)
    if n_shared >= n_layers:
        raise ValueError(
            f"num_kv_shared_layers must be below the {n_layers} layers, got {n_shared}"
        )
    return lambda i: i >= n_layers - n_shared


def gemma3n_layer(c):
    """A low-rank residual path (Laurel), four streams of which a layer updates one (AltUp), and a
    gate for the token's embedding in this layer.
    """
    d_model, n, p = c.whole("hidden_size"), c.whole("altup_num_inputs", 4), _per_layer(c)
    return {
        "other_matrices": 2 * d_model * c.whole("laurel_rank", 64)
        + n * d_model
        + n**2
        + n**3
        + 2 * d_model * p,
        # The streams mix by n x n numbers that each token makes; the router works twice.
        "other_flops_per_token": 2 * d_model * n**2 + 2 * d_model * n,
        "norm_params": 4 * d_model,  # norms of Laurel, AltUp and the gate; a scale
    }


def gemma3n_outside(c):
    """A table of embeddings for each layer, its projection, and the streams' projections."""
    d_model, n, p = c.whole("hidden_size"), c.whole("altup_num_inputs", 4), _per_layer(c)
    width = c.whole("num_hidden_layers") * p
    return {
        "other_lookup": c.whole("vocab_size_per_layer_input", 262_144) * width,
        "other_matrices": d_model * width + 2 * (n - 1) * d_model**2,
        "other_vectors": p,
    }


def _per_layer(c):
    return c.whole("hidden_size_per_layer_input", 256)


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
