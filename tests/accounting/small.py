"""Small random configs of every model type, and what transformers makes of them.

config = draw(small_configs("llama"))  # a dict, as json.load gives it
model = build(config)                  # on the meta device: shapes without numbers
"""

import torch
import transformers
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForCausalLM

from course.accounting import model_types

torch.set_num_threads(1)  # two threads for so little work wait for one another
transformers.logging.set_verbosity_error()  # it warns of token ids beyond so small a vocabulary


def _recurs(kind):
    return kind.recurrence is not model_types.ModelType().recurrence


COUNTED = sorted(
    model_types.MODEL_TYPES.keys() - {"kimi_k2"}
)  # which transformers calls deepseek_v3
WITH_EXPERTS = {  # how they call the number of their experts
    name: kind.own_word("num_experts")
    for name, kind in model_types.MODEL_TYPES.items()
    if "num_experts" in kind.needs
}
RECURRENT = sorted(set(COUNTED) & {n for n, k in model_types.MODEL_TYPES.items() if _recurs(k)})

# What a config may say or leave out; then both sides must fall back on the same.
_FLAGS = (
    "tie_word_embeddings",
    "attention_bias",
    "attention_out_bias",
    "mlp_bias",
    "use_bias",
    "bias",
    "enable_bias",
    "lm_head_bias",
    "qkv_bias",
    "use_qkv_bias",
    "qk_layernorm",
    "use_qk_norm",
    "use_parallel_residual",
    "multi_query",
    "parallel_attn",
    "new_decoder_architecture",
    "layer_norm_elementwise_affine",
    "do_layer_norm_before",
    "_remove_final_layer_norm",
    "use_sliding_window",
    "mamba_conv_bias",
    "mamba_proj_bias",
    "mamba_rms_norm",
    "projectors_bias",
    "use_conv_bias",
    "conv_bias",
    "block_auto_adjust_ff_dim",
)
_NUMBERS = {
    **dict.fromkeys(("ffn_hidden_size", "n_inner", "word_embed_proj_dim"), (1, 12)),
    **dict.fromkeys(("decoder_sparse_step", "interleave_moe_layer_step"), (1, 3)),
    **dict.fromkeys(("num_ln_in_parallel_attn", "n_shared_experts"), (1, 2)),
    "no_rope_layer_interval": (1, 4),
    "max_window_layers": (0, 4),
    **dict.fromkeys(("conv_kernel", "mamba_d_conv", "linear_conv_kernel_dim"), (1, 5)),
    **dict.fromkeys(("mamba_dt_rank", "time_step_rank"), (1, 6)),
    **dict.fromkeys(("mamba_d_state", "state_size", "laurel_rank"), (1, 6)),
    **dict.fromkeys(("altup_num_inputs", "conv_L_cache", "block_multiple_of"), (2, 5)),
    **dict.fromkeys(("hidden_size_per_layer_input", "moe_layer_interval"), (1, 3)),
    **dict.fromkeys(("moe_layer_start_index", "moe_num_shared_experts"), (0, 3)),
    "moe_layer_end_index": (-1, 3),
    "chunk_size": (1, 4),
    "mamba_chunk_size": (1, 4),
    "block_size": (1, 4),
}
_SLIDING = ("full_attention", "sliding_attention")
_HEAD_DIM_UNDECLARED = ("qwen3_moe", "glm4_moe")  # their code asks for it all the same


@st.composite
def small_configs(draw, model_type, *, least_width=2):
    """A config of 1 to 4 layers; heads of at least `least_width`, for code that splits them."""

    def whole(low, high):
        return draw(st.integers(low, high))

    def maybe():
        return draw(st.booleans())

    declared = type(AutoConfig.for_model(model_type)).__dataclass_fields__
    kind = model_types.MODEL_TYPES[model_type]
    n_heads, n_layers = draw(st.sampled_from([1, 2, 3, 4, 6])), whole(1, 4)
    kv_heads = st.sampled_from([n for n in (1, 2, 3, 4, 6) if n_heads % n == 0])
    head_dims = st.integers(1, 4).map(lambda n: n * least_width)
    c = {key: whole(1, 12) for key in kind.needs} | {
        "vocab_size": whole(4, 60),
        "hidden_size": n_heads * draw(head_dims),
        "num_hidden_layers": n_layers,
    }
    if kind.attention:
        c["num_attention_heads"] = n_heads
    c |= {key: maybe() for key in _FLAGS if key in declared and maybe()}
    c |= {key: whole(*_NUMBERS[key]) for key in _NUMBERS if key in declared and maybe()}

    for key in ("num_key_value_heads", "num_kv_heads"):
        if key in {*kind.needs, *kind.assumes} or (key in declared and maybe()):
            c[key] = draw(kv_heads)
    may_have_head_dim = "head_dim" in declared or model_type in _HEAD_DIM_UNDECLARED
    if "head_dim" in {*kind.needs, *kind.assumes} or (
        may_have_head_dim and not kind.latent and maybe()
    ):
        c["head_dim"] = draw(head_dims)
    if "sliding_window" in declared:
        c["sliding_window"] = None if model_type == "minimax" else whole(2, 9)
        if "layer_types" not in declared and maybe():  # else transformers cannot do without
            c["sliding_window"] = None
    if "attention_chunk_size" in declared:
        c["attention_chunk_size"] = whole(2, 9)
    if kind.layer_types and maybe():
        layer_types = st.sampled_from(kind.layer_types)
        c["layer_types"] = draw(st.lists(layer_types, min_size=n_layers, max_size=n_layers))
        if "use_sliding_window" in declared:
            c["use_sliding_window"] = True  # else transformers looks for a window in vain
    if "no_rope_layers" in declared and maybe():
        c["no_rope_layers"] = draw(
            st.lists(st.integers(0, 1), min_size=n_layers, max_size=n_layers)
        )
    if model_type in WITH_EXPERTS:
        c[WITH_EXPERTS[model_type]] = n_experts = whole(2, 6)
        # The router of Phi-MoE is written for two, whatever the config says.
        c["num_experts_per_tok"] = 2 if model_type == "phimoe" else whole(1, n_experts)
    if c.get("new_decoder_architecture"):
        c.pop("parallel_attn", None)  # Falcon's new architecture is parallel,
    else:
        c.pop("num_ln_in_parallel_attn", None)  # and only it has two norms there
    if "mlp_only_layers" in declared and maybe():
        c["mlp_only_layers"] = draw(st.lists(st.integers(0, 3), max_size=2))
    if kind.latent:
        c["q_lora_rank"] = draw(st.none() | st.integers(1, 12))
        c["num_key_value_heads"] = n_heads
        c |= {"n_group": 1, "topk_group": 1}
        for key in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "kv_lora_rank"):
            c[key] = 2 * whole(1, 6)  # pairs of numbers are turned together
    for key in {"n_positions", "max_position_embeddings"} & {*declared, *kind.needs}:
        c[key] = whole(16, 40)
    if "rotary_dim" in declared:
        c["rotary_dim"] = 2
    if _recurs(kind):
        c |= draw(_recurrences(model_type, c["hidden_size"], n_layers))
    if model_type == "gemma3n_text":
        c |= draw(_gemma3n(n_layers))
    c = {kind.own_word(key): value for key, value in c.items()}
    return {"model_type": model_type, "pad_token_id": None, **c}


@st.composite
def _recurrences(draw, model_type, d_model, n_layers):
    """Keys of a recurrence that depend on one another."""
    c, layers = {}, st.lists(st.integers(0, n_layers - 1), max_size=n_layers, unique=True)
    n_heads = draw(st.sampled_from([n for n in (1, 2, 4) if 2 * d_model % n == 0]))
    n_groups = draw(st.sampled_from([n for n in (1, 2, 4) if n_heads % n == 0]))
    if model_type == "mamba2":
        c |= {"num_heads": n_heads, "head_dim": 2 * d_model // n_heads, "n_groups": n_groups}
    elif model_type in ("bamba", "granitemoehybrid", "falcon_h1"):
        c |= {"mamba_n_heads": n_heads, "mamba_n_groups": n_groups}
    elif model_type == "jamba":
        for of in ("attn", "expert"):
            c[f"{of}_layer_period"] = period = draw(st.integers(1, 3))
            c[f"{of}_layer_offset"] = draw(st.integers(0, period - 1))
    elif model_type == "qwen3_next":
        c["linear_num_value_heads"] = n_heads
        c["linear_num_key_heads"] = n_groups
    if model_type == "bamba":
        c["attn_layer_indices"] = draw(st.none() | layers)
    if model_type == "lfm2":
        c["full_attn_idxs"] = draw(st.none() | layers)
    if model_type == "falcon_h1":
        if draw(st.booleans()):
            c["mamba_d_ssm"] = n_heads * draw(st.integers(1, 5))
            c["mamba_d_head"] = c["mamba_d_ssm"] // n_heads
        else:
            c |= {"mamba_d_ssm": None, "mamba_d_head": "auto"}
    return c


@st.composite
def _gemma3n(draw, n_layers):
    """Gemma 3n's last layers share the keys and values of earlier ones of their kind."""
    n_shared = draw(st.integers(0, n_layers - 1))
    own = draw(st.lists(st.sampled_from(_SLIDING), min_size=n_layers, max_size=n_layers))
    shared = st.sampled_from(sorted(set(own[: n_layers - n_shared])))
    layer_types = own[: n_layers - n_shared] + [draw(shared) for _ in range(n_shared)]
    widths = draw(
        st.integers(1, 9) | st.lists(st.integers(1, 9), min_size=n_layers, max_size=n_layers)
    )
    return {
        "num_kv_shared_layers": n_shared,
        "layer_types": layer_types,
        "intermediate_size": widths,
        "vocab_size_per_layer_input": draw(st.integers(1, 9)),
    }


def build(config, device="meta"):
    """The model of transformers, with attention and experts in plain operations."""
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(**config), attn_implementation="eager"
        )
    if config["model_type"] in WITH_EXPERTS:
        model.set_experts_implementation("eager")
    return model.eval()


def n_params(model):
    """Numbers that are trained; a tied table is one tensor and counts once."""
    return sum(parameter.numel() for parameter in model.parameters())


def reproducibly(examples):
    """Settings of a property test: the same examples on each run, however long one takes."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
