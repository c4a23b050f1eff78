"""The models of this chapter, by name; and a stand-in where only the size is known."""

from dataclasses import dataclass

import numpy as np

from course.accounting import published
from course.accounting.transformer import TransformerShape
from course.units import between, format_count, positive

_NAMES = (
    "Llama-3.2-1B",
    "Llama-2-7B",
    "Llama-3-8B",
    "Llama-3-70B",
    "Llama-3.1-405B",
    "Mixtral-8x7B",
    "DeepSeek-V3",
)

_ASPECT, _KV_HEADS, _HEAD_DIM = 128, 8, 128


@dataclass(frozen=True)
class TypicalTransformer:
    """A dense model of which only the size is known, in the shape that is usual.

    n_params = 12 · layers · width² with a width of 128 · layers (within a tenth of Llama's from 7B
    to 405B), keys and values of 8 heads of 128. It answers as a TransformerShape does.

    Attributes:
        n_params: all parameters; an array gives arrays of all else.
    """

    n_params: float

    def __post_init__(self):
        positive("n_params", self.n_params)

    @property
    def n_layers(self):
        """(n_params / (12 · 128²))^(1/3): not whole, so that small steps of the size stay small."""
        return (self.n_params / (12 * _ASPECT**2)) ** (1 / 3)

    @property
    def d_model(self):
        """The width."""
        return _ASPECT * self.n_layers

    @property
    def n_active_params_without_lookup(self):
        """All of them."""
        return self.n_params

    @property
    def n_active_params(self):
        """All of them."""
        return self.n_params

    @property
    def n_attention_params(self):
        """Queries and output of the width, keys and values of 8 heads: layers · 2 w (w + 1024)."""
        return self.n_layers * 2 * self.d_model * (self.d_model + _KV_HEADS * _HEAD_DIM)

    layers = ()  # no layer has experts
    n_kv_heads = _KV_HEADS

    def forward_flops(self, batch, seq_len, *, n_cached=0):
        """2 · n_params for each token, and 4 · width · layers for each token that it attends to."""
        batch, seq_len = positive("batch", batch), positive("seq_len", seq_len)
        n_cached = between("n_cached", n_cached, 0, np.inf)
        pairs = seq_len * n_cached + seq_len * (seq_len + 1) / 2
        per_pair = 4 * self.d_model * self.n_layers
        return batch * (2 * self.n_params * seq_len + pairs * per_pair)

    def weight_bytes(self, bits=16):
        """Bytes of the weights at `bits` each."""
        return self.n_params * positive("bits", bits, upper=64) / 8

    def kv_cache_bytes(self, batch, seq_len, bytes_per_value=2):
        """batch · seq_len · 2 · 8 · 128 · layers · bytes_per_value."""
        values = 2 * _KV_HEADS * _HEAD_DIM * self.n_layers
        values = values * positive("bytes_per_value", bytes_per_value)
        return positive("batch", batch) * positive("seq_len", seq_len) * values


def model_names():
    """The names that `model` knows."""
    return _NAMES


def model(model, argument="model"):
    """The shape of a model by name ("Llama-3-8B"), or a stand-in by size (7e9).

    A TransformerShape or TypicalTransformer is returned as it is. Raises ValueError, which calls
    it `argument` and lists the names, for any other text and for what is not a positive number.
    """
    if isinstance(model, (TransformerShape, TypicalTransformer)):
        return model
    if isinstance(model, str):
        if model not in _NAMES:
            raise ValueError(
                f"{argument} must be a number of parameters such as 7e9, or one of "
                f"{', '.join(_NAMES)}; got {model!r}"
            )
        return published.shape(model)
    return TypicalTransformer(positive(argument, model))


def model_name(model):
    """How a shape is called in tables: its name, or its size."""
    names = [name for name in _NAMES if published.shape(name) == model]
    size = model.n_params if np.ndim(model.n_params) == 0 else np.max(model.n_params)
    return names[0] if names else f"{format_count(size)} model"
