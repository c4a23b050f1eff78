"""A Hugging Face `config.json`, as a dict, read into the parts of a TransformerShape."""

import dataclasses

from course.accounting.layers import Attention, FeedForward, Layer
from course.accounting.model_types import MODEL_TYPES, NORMS

NEEDED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
_N_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")  # three names, one meaning
# Numbers kept of a token for each unit of an MLP's width. With a gate: what the activation function
# sees, what it gives, the other factor, their product. Without: the first and the last of them;
# ReLU needs only the last, and GPT-2's "gelu_new" is written out as several operations.
_KEPT_IF_GATED = 4
_KEPT, _KEPT_IF_PLAIN = {"relu": 1, "gelu_new": 5}, 2


class Config:
    """A config under the names of its model type. A value is checked when it is asked for."""

    def __init__(self, config, names):
        self.config, self.names = config, names

    def get(self, key, default=None):
        """The value, or `default` where it is absent or null."""
        for name in (self.names.get(key, key), key):
            if self.config.get(name) is not None:
                return self.config[name]
        return default

    def has(self, key):
        """True if the key is there, be it null."""
        return key in self.config or self.names.get(key, key) in self.config

    def whole(self, key, default=None, least=1):
        """A whole number of at least `least`."""
        value = self.get(key, default)
        if type(value) is not int or value < least:
            raise ValueError(
                f"{self.names.get(key, key)} must be a whole number of at least {least}, "
                f"got {value!r}"
            )
        return value

    def numbers(self, key, default):
        """A list of whole numbers."""
        value = self.get(key, default)
        if value is not default and not _list_of(int, value):
            raise ValueError(f"{key} must be a list of whole numbers, got {value!r}")
        return value

    def flag(self, key, default=False):
        """True or False."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise ValueError(f"{key} must be true or false, got {value!r}")
        return value


def read(config):
    """The fields of the TransformerShape of a config, by name; see `TransformerShape.from_config`.

    Raises ValueError for a model type that is not in MODEL_TYPES, and for keys that are missing or
    wrong.
    """
    if isinstance(config, dict):
        config = config.get("text_config") or config  # of a multimodal model, the text part
    if not isinstance(config, dict):
        raise ValueError(f"config must be a dict, as json.load gives it, got {config!r}")
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in MODEL_TYPES:
        raise ValueError(f"model_type must be one of {', '.join(MODEL_TYPES)}, got {model_type!r}")
    kind = MODEL_TYPES[model_type]
    c = Config(config, kind.names)
    missing = [kind.names.get(key, key) for key in (*NEEDED, *kind.needs) if not c.has(key)]
    if missing:
        raise ValueError(f"the config of this {model_type} lacks {', '.join(missing)}")
    k = dataclasses.replace(
        kind, **{name: value(c) for name, value in vars(kind).items() if callable(value)}
    )

    d_model, vocab_size = c.whole("hidden_size"), c.whole("vocab_size")
    norm_vectors, norm_saved = NORMS[k.norm]
    return {
        "model_type": model_type,
        "vocab_size": vocab_size,
        "d_model": d_model,
        "d_embedding": k.d_embedding,
        "n_positions": k.positions,
        "tied": c.flag("tie_word_embeddings", k.tied),
        "other_vectors": d_model * norm_vectors * (k.final_norm + k.embedding_norm)
        + vocab_size * k.head_bias,
        "saved_activations": d_model * (1 + k.final_norm * (1 + norm_saved) + k.embedding_norm),
        "layers": tuple(
            Layer(
                attention=_latent_attention(c, k) if k.latent else _attention(c, k, window),
                feed_forward=_experts(c, k) if k.sparse(i) else _mlp(c, k, k.d_ff),
                norm_params=d_model * norm_vectors * k.n_norms,
                # What goes into attention and MLP, and into each norm, once more where written out.
                saved_by_norms=d_model * ((1 if k.parallel else 2) + k.n_norms * (1 + norm_saved)),
            )
            for i, window in enumerate(_windows(c, k))
        ),
    }


def _windows(c, k):
    """The window of each layer, or None."""
    n_layers, types = c.whole("num_hidden_layers"), c.get("layer_types")
    if types is None:
        slide = [k.slides(i) for i in range(n_layers)]
    else:
        windowed = "chunked_attention" if k.chunked else "sliding_attention"
        known = {"full_attention", windowed}
        if not _list_of(str, types) or len(types) != n_layers or set(types) - known:
            raise ValueError(
                f"layer_types must be a list of {n_layers}, full_attention or {windowed}, "
                f"got {types!r}"
            )
        slide = [name == windowed for name in types]
    return [k.window if slides else None for slides in slide]


def _attention(c, k, window):
    d_model, n_heads = c.whole("hidden_size"), c.whole("num_attention_heads")
    n_kv_heads = k.kv_heads
    if n_heads % n_kv_heads:
        raise ValueError(
            f"num_attention_heads must be a multiple of the {n_kv_heads} heads of keys and "
            f"values, got {n_heads}"
        )
    if c.get("head_dim") is None and d_model % n_heads:
        raise ValueError(
            f"hidden_size must be a multiple of the {n_heads} heads, unless there is a head_dim, "
            f"got {d_model}"
        )
    head_dim = c.whole("head_dim", d_model // n_heads)
    q, kv = n_heads * head_dim, n_kv_heads * head_dim
    norm_vectors, norm_saved = NORMS[k.norm]
    qk_norm = {"": 0, "head": 2 * head_dim * norm_vectors, "width": q + kv}[k.qk_norm]
    return Attention(
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        qk_dim=head_dim,
        v_dim=head_dim,
        matrices=d_model * (q + 2 * kv) + q * d_model,
        vectors=(q + 2 * kv) * k.qkv_bias + d_model * k.out_bias + n_heads * k.sinks + qk_norm,
        cached_per_token=2 * kv,
        window=window,
        chunked=k.chunked and window is not None,
        saved_activations=(q + kv) * (1 + norm_saved) if k.qk_norm else 0,
    )


def _latent_attention(c, k):
    """DeepSeek's: queries from one latent vector, keys and values from another, which is cached."""
    d_model, n_heads = c.whole("hidden_size"), c.whole("num_attention_heads")
    nope, rope, v_dim = (c.whole(f"{n}_head_dim") for n in ("qk_nope", "qk_rope", "v"))
    rank, q_rank = c.whole("kv_lora_rank"), c.whole("q_lora_rank", 0, least=0)
    q = n_heads * (nope + rope)
    expand = rank * n_heads * (nope + v_dim)
    queries = (d_model + q) * q_rank if q_rank else d_model * q  # no q_lora_rank: no latent
    keys_and_values = d_model * (rank + rope) + expand
    return Attention(
        n_heads=n_heads,
        n_kv_heads=n_heads,
        qk_dim=nope + rope,
        v_dim=v_dim,
        matrices=queries + keys_and_values + n_heads * v_dim * d_model,
        vectors=(q_rank + rank + rope) * k.qkv_bias
        + d_model * k.out_bias
        + (q_rank + rank),  # a norm of each latent
        cached_per_token=rank + rope,
        latent_dim=rank,
        latent_matrices=expand,
        saved_activations=3 * (q_rank + rank) + rope,
    )


def _mlp(c, k, d_ff, bias=None):
    """One MLP: the only one of a dense layer, or an expert."""
    d_model, bias = c.whole("hidden_size"), k.mlp_bias if bias is None else bias
    inner = 2 if k.gated else 1
    return FeedForward(
        d_ff=d_ff,
        saved_activations=k.mlp_saved or _mlp_saved(c, k),
        expert_matrices=(inner + 1) * d_model * d_ff,
        expert_vectors=(inner * d_ff + d_model) * bias,
    )


def _mlp_saved(c, k):
    function = c.get("activation_function", c.get("hidden_act", k.activation))
    return _KEPT_IF_GATED if k.gated else _KEPT.get(function, _KEPT_IF_PLAIN)


def _experts(c, k):
    n_experts = next((c.whole(key) for key in _N_EXPERTS if c.get(key) is not None), None)
    if n_experts is None:
        raise ValueError(
            f"the config of this {c.get('model_type')} lacks {' or '.join(_N_EXPERTS)}"
        )
    n_active, d_model = c.whole("num_experts_per_tok"), c.whole("hidden_size")
    if n_active > n_experts:
        raise ValueError(
            f"num_experts_per_tok must be at most the {n_experts} experts, got {n_active}"
        )
    shared = _mlp(c, k, k.d_shared)
    return dataclasses.replace(
        _mlp(c, k, c.whole(k.d_expert), bias=k.expert_bias),
        n_experts=n_experts,
        n_active=n_active,
        d_shared=k.d_shared,
        common_matrices=d_model * (n_experts + k.shared_gate) + shared.expert_matrices,
        common_vectors=n_experts * k.router_bias + (shared.expert_vectors if k.d_shared else 0),
        # A copy of the token for each expert, what that makes of it, and that times its weight.
        saved_by_routing=d_model * (3 * n_active + k.shared_gate),
    )


def _list_of(kind, value):
    return isinstance(value, (list, tuple)) and all(type(item) is kind for item in value)
