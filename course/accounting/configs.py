"""A Hugging Face `config.json`, as a dict, read into the parts of a TransformerShape."""

import dataclasses
import math

from course.accounting.layers import Attention, FeedForward, Layer
from course.accounting.model_types import MODEL_TYPES, NORMS, TIED_BY

NEEDED = ("vocab_size", "hidden_size", "num_hidden_layers")
# Keys that change any model in ways that are not counted here
_REFUSED = ("per_layer_config", "use_bidirectional_attention")
_WINDOWED = ("sliding_attention", "chunked_attention")
_RECURRENT = ("linear_attention", "mamba", "conv")
# Numbers kept of a token for each unit of an MLP's width. With a gate: what the activation function
# sees, what it gives, the other factor, their product. Without: the first and the last of them;
# ReLU needs only the last, and GPT-2's "gelu_new" is written out as several operations.
_KEPT_IF_GATED = 4
_KEPT, _KEPT_IF_PLAIN = {"relu": 1, "gelu_new": 5}, 2


class Config:
    """A config under the names of its model type. A value is checked when it is asked for.

    Whole numbers must be whole as JSON writes them, 4096 and not 4096.0, as transformers asks too;
    so they stay exact.
    """

    def __init__(self, config, names, assumes=()):
        self.config, self.names, self.assumes = config, names, dict(assumes)

    def get(self, key, default=None):
        """The value, or `default` where it is absent or null.

        Raises ValueError where two words for the key have different values.
        """
        words = self.names.get(key, (key,))
        given = {word: self.config[word] for word in words if self.config.get(word) is not None}
        values = list(given.values())
        if any(value != values[0] for value in values):
            raise ValueError(
                f"{' and '.join(given)} mean the same and must agree, "
                f"got {' and '.join(map(repr, values))}"
            )
        return values[0] if given else self.assumes.get(key, default)

    def has(self, key):
        """True if the key is there, be it null, or has a value that its type assumes."""
        words = self.names.get(key, (key,))
        return key in self.assumes or any(word in self.config for word in words)

    def whole(self, key, default=None, least=1):
        """A whole number of at least `least`."""
        value = self.get(key, default)
        if type(value) is not int or value < least:
            raise ValueError(
                f"{self._word(key)} must be a whole number of at least {least}, got {value!r}"
            )
        return value

    def number(self, key, default):
        """A positive number."""
        value = self.get(key, default)
        if type(value) not in (int, float) or not 0 < value < math.inf:
            raise ValueError(f"{self._word(key)} must be a positive number, got {value!r}")
        return value

    def numbers(self, key, default):
        """A list of whole numbers."""
        value = self.get(key, default)
        if value is not default and not _list_of(int, value):
            raise ValueError(f"{self._word(key)} must be a list of whole numbers, got {value!r}")
        return value

    def flag(self, key, default=False):
        """True or False."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise ValueError(f"{self._word(key)} must be true or false, got {value!r}")
        return value

    def _word(self, key):
        """The word for a key that the config uses, or that its type would use."""
        words = self.names.get(key, (key,))
        return next((word for word in words if word in self.config), words[0])


def read(config):
    """The fields of the TransformerShape of a config, by name; see `TransformerShape.from_config`.

    Raises ValueError for a model type that is not in MODEL_TYPES, and for keys that are missing or
    wrong.
    """
    config = _text_part(config)
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in MODEL_TYPES:
        raise ValueError(f"model_type must be one of {', '.join(MODEL_TYPES)}, got {model_type!r}")
    for key in _REFUSED:
        if config.get(key):
            raise ValueError(f"{key} is not counted here, got {config[key]!r}")
    kind = MODEL_TYPES[model_type]
    c = Config(config, kind.names, kind.assumes)
    needed = (*NEEDED, *(("num_attention_heads",) if kind.attention else ()), *kind.needs)
    missing = [kind.own_word(key) for key in needed if not c.has(key)]
    if missing:
        raise ValueError(f"the config of this {model_type} lacks {', '.join(missing)}")
    k = dataclasses.replace(
        kind, **{name: value(c) for name, value in vars(kind).items() if callable(value)}
    )

    d_model, vocab_size = c.whole("hidden_size"), c.whole("vocab_size")
    norm_vectors, norm_saved = NORMS[k.norm]
    fields = {
        "model_type": model_type,
        "vocab_size": vocab_size,
        "d_model": d_model,
        "d_embedding": k.d_embedding,
        "n_positions": k.positions,
        "tied": c.flag("tie_word_embeddings", k.tied),
        "other_vectors": d_model * norm_vectors * (k.final_norm + k.embedding_norm)
        + vocab_size * k.head_bias,
        "saved_activations": d_model * (1 + k.final_norm * (1 + norm_saved) + k.embedding_norm)
        if k.activations
        else None,
        "layers": _layers(c, k),
    }
    return _added(fields, k.extra)


def _text_part(config):
    """The part of a config that describes the language model, with what the rest says of its head.

    The head of a model that also sees or hears is, for most such types, tied by the outer key.
    """
    if not isinstance(config, dict):
        raise ValueError(f"config must be a dict, as json.load gives it, got {config!r}")
    text = config.get("text_config")
    if not text:
        return config
    if not isinstance(text, dict):
        raise ValueError(f"text_config of a config must be a dict, got {text!r}")
    key, outer_type = "tie_word_embeddings", config.get("model_type")
    outer, inner = (Config(part, {}).get(key) for part in (config, text))
    rule = TIED_BY.get(outer_type) if isinstance(outer_type, str) else None
    if rule in ("outer", "outer, tied by default"):
        tied = Config(config, {}).flag(key, rule != "outer")
    elif rule == "either" and outer:
        tied = Config(config, {}).flag(key)
    elif rule in ("either", "text") or outer is None or outer == inner:
        return text
    else:
        raise ValueError(
            f"{key} is {outer!r} in the config of this {outer_type} and {inner!r} in its "
            "text_config, and which of them holds is not known here"
        )
    return text | {key: tied}


def _layers(c, k):
    norm_vectors, norm_saved = NORMS[k.norm]
    d_model, kinds = c.whole("hidden_size"), _kinds(c, k)
    layers = []
    for i, kind in enumerate(kinds):
        recurs = kind in _RECURRENT
        attention = None
        if k.both or not recurs:
            window = k.window if kind in _WINDOWED else None
            borrows = k.shares_kv(i)
            if borrows and kind not in (own for j, own in enumerate(kinds) if not k.shares_kv(j)):
                raise ValueError(
                    f"layer_types must have a layer with {kind} among those with keys and values "
                    f"of their own, got {kinds!r}"
                )
            attention = _latent_attention(c, k) if k.latent else _attention(c, k, window, borrows)
        layer = {
            "attention": attention,
            "recurrence": k.recurrence if recurs or k.both else None,
            "feed_forward": _feed_forward(c, k, i),
            "norm_params": d_model * norm_vectors * k.n_norms,
            # What goes into attention and MLP, and into each norm, once more where written out.
            "saved_by_norms": d_model * ((1 if k.parallel else 2) + k.n_norms * (1 + norm_saved)),
        }
        layers.append(Layer(**_added(layer, k.extra_layer)))
    return tuple(layers)


def _added(fields, extra):
    return fields | {name: fields.get(name, 0) + value for name, value in extra.items()}


def _kinds(c, k):
    """What each layer has, in the words of `layer_types`."""
    n_layers = c.whole("num_hidden_layers")
    types = c.get("layer_types") if k.layer_types else None
    if types is None:
        full, windowed = "full_attention", _WINDOWED[k.chunked]
        mixers = [windowed if k.slides(i) else full for i in range(n_layers)]
        return ["linear_attention" if k.recurs(i) else mixers[i] for i in range(n_layers)]
    if not _list_of(str, types) or len(types) != n_layers or set(types) - set(k.layer_types):
        raise ValueError(
            f"layer_types must be a list of {n_layers}, {' or '.join(k.layer_types)}, got {types!r}"
        )
    return list(types)


def _attention(c, k, window, borrows):
    d_model, n_heads = c.whole("hidden_size"), c.whole("num_attention_heads")
    n_kv_heads = k.kv_heads
    if n_heads % n_kv_heads:
        raise ValueError(
            f"num_attention_heads must be a multiple of the {n_kv_heads} heads of keys and "
            f"values, got {n_heads}"
        )
    if k.head_dim is None and d_model % n_heads:
        raise ValueError(
            f"hidden_size must be a multiple of the {n_heads} heads, unless there is a head_dim, "
            f"got {d_model}"
        )
    head_dim = k.head_dim or d_model // n_heads
    q, kv = n_heads * head_dim, n_kv_heads * head_dim
    norm_vectors, norm_saved = NORMS[k.norm]
    n_normed = 1 if borrows else 2  # queries, and keys unless another layer's are used
    qk_norm = {"": 0, "head": n_normed * head_dim * norm_vectors, "width": q + kv}[k.qk_norm]
    d_in = q * (2 if k.gated_attention else 1) + (0 if borrows else 2 * kv)
    return Attention(
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        qk_dim=head_dim,
        v_dim=head_dim,
        matrices=d_model * d_in + q * d_model,
        vectors=d_in * k.qkv_bias + d_model * k.out_bias + n_heads * k.sinks + qk_norm,
        cached_per_token=0 if borrows else 2 * kv,
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


def _feed_forward(c, k, i):
    if k.sparse(i):
        return _experts(c, k)
    if k.d_ff is None:
        return None
    return _mlp(c, k, k.d_ff if type(k.d_ff) is int else k.d_ff[i])


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
    n_experts = c.whole("num_experts")
    n_active, d_model = c.whole("num_experts_per_tok"), c.whole("hidden_size")
    if n_active > n_experts:
        raise ValueError(
            f"{k.own_word('num_experts_per_tok')} must be at most the {n_experts} experts, "
            f"got {n_active}"
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
