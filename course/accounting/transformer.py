"""What a language model weighs and what it computes, from its shape, to the last parameter."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from course.accounting import configs, memory, training
from course.accounting.layers import Layer
from course.units import between, plain, positive

ATTENTION = ("causal", "full")
CONVENTIONS = ("6ND", "kaplan", "chinchilla", "exact")


@dataclass(frozen=True, kw_only=True)
class TransformerShape:
    """A decoder-only language model: tables of embeddings, layers, and a head that names a token.

    A transformer; or one of its kin, of whose layers some or all have a recurrence where a
    transformer has attention.

    Attributes:
        vocab_size: rows of the embedding table.
        d_model: width of a token between the layers.
        layers: one Layer for each.
        tied: True if the head is the embedding table again.
        d_embedding: width of a token's embedding, d_model almost everywhere.
        n_positions: rows of learned positions, 0 with rotary ones.
        other_vectors: parameters of the norms outside of the layers and of the head's bias.
        other_matrices: parameters of further matrices outside of the layers, met once by a token.
        other_lookup: parameters of further tables that are only looked up (Gemma 3n has some).
        saved_activations: numbers of a token that the backward pass needs outside of the layers;
            None if what this model type keeps has not been counted.
        model_type: its name in transformers.
    """

    vocab_size: int
    d_model: int
    layers: tuple[Layer, ...] = field(repr=False)
    tied: bool
    d_embedding: int
    n_positions: int = 0
    other_vectors: int
    other_matrices: int = 0
    other_lookup: int = 0
    saved_activations: int | None = 0
    model_type: str = ""

    @classmethod
    def from_config(cls, config):
        """The shape that a Hugging Face `config.json`, as a dict, describes.

        Of a multimodal model, the text part and its head. What a config leaves out is what its
        model type takes for granted; keys of other model types are ignored, as transformers does.

        Raises:
            ValueError: for a model type that is not known here, for keys that are missing, make no
                sense or contradict one another, and for what changes a model but is not counted.

        Source: the models' code in transformers 5.23; the tests compare with it.
        """
        return cls(**configs.read(config))

    # --- parameters, by every convention ---

    @property
    def n_layers(self):
        """Layers."""
        return len(self.layers)

    @cached_property
    def n_params(self):
        """All parameters; a tied table counts once. Hoffmann et al. 2022 call this N."""
        return self._sum(lambda layer: layer.n_params) + self._outside_layers

    @cached_property
    def n_active_params(self):
        """Parameters that a token passes: all, but for the experts that are not chosen.

        With the input embedding, as Mixtral's 12.9B.
        """
        return self._sum(lambda layer: layer.n_active_params) + self._outside_layers

    @property
    def n_active_params_without_lookup(self):
        """The active parameters without the tables that are only looked up, as gpt-oss's 5.1B.

        Left out are learned positions and the input embedding, which stays where it is the head.
        """
        looked_up = self._positions + self.other_lookup
        return self.n_active_params - looked_up - (not self.tied) * self._table

    @property
    def n_non_embedding_params(self):
        """Parameters without any table of the vocabulary or of positions: the N of Kaplan et al."""
        return self.n_params - self._embeddings

    @property
    def n_active_non_embedding_params(self):
        """The active ones among them."""
        return self.n_active_params - self._embeddings

    # --- FLOP ---

    def forward_flops(self, batch, seq_len, *, n_cached=0, attention="causal"):
        """FLOP of one forward pass over `batch` texts of `seq_len` new tokens each.

        2 for each parameter of a matrix and token, 2 · heads · (qk_dim + v_dim) for each pair of
        tokens of which one sees the other, and for a recurrence 2 for each number of its state and
        each time that a token writes or reads it. With `attention="causal"` a token sees itself,
        what is before it and, with a sliding window, no more than that: what a good kernel
        computes. With "full" every pair counts: what is computed where a mask hides the rest, and
        what `torch.utils.flop_counter` counts of eager attention. Norms, softmax and activation
        functions are left out.

        `n_cached` tokens were read before: decoding is `forward_flops(batch, 1, n_cached=context)`.
        A cache of latents is expanded or, where that is cheaper, attended to as it is.

        Args:
            batch: texts, positive.
            seq_len: new tokens of each text, positive.
            n_cached: tokens of each text that were read before, from 0.
            attention: "causal" or "full".

        Returns:
            FLOP, a number or an array: batch, seq_len and n_cached broadcast.

        Raises:
            ValueError: for a value that is out of its range or an unknown `attention`.
        """
        batch, seq_len = positive("batch", batch), positive("seq_len", seq_len)
        n_cached = between("n_cached", n_cached, 0, np.inf)
        if attention not in ATTENTION:
            raise ValueError(f"attention must be one of {', '.join(ATTENTION)}, got {attention!r}")
        per_text = self._flops_per_token * seq_len + 0 * n_cached
        for heads, n_layers in self._attentions:
            if attention == "full":
                n_pairs = seq_len * (n_cached + seq_len)
            else:
                n_pairs = heads.n_pairs(seq_len, n_cached)
            flops = n_pairs * heads.flops_per_pair
            if heads.latent_dim:
                expanded = flops + 2 * heads.latent_matrices * n_cached
                as_it_is = n_pairs * heads.flops_per_pair_absorbed
                flops = np.where(n_cached > 0, np.minimum(expanded, as_it_is), flops)
            per_text = per_text + n_layers * flops
        return plain(batch * per_text)

    def training_flops(self, n_tokens, convention="6ND", *, seq_len=None):
        """FLOP of training on `n_tokens`, with a backward pass of twice the forward pass.

        By convention: "6ND", with N the active parameters; "kaplan", 6ND with N without embeddings;
        "chinchilla", each operation in texts of `seq_len` as Hoffmann et al. list them, which is
        attention in full, 3 for each weight of its softmax, and the embedding as if it were a
        product; "exact", 3 · `forward_flops`, causal.
        Numbers broadcast. Raises ValueError for another convention, and where seq_len is missing.
        Sources: Kaplan et al. 2020, section 2.1; Hoffmann et al. 2022, appendix F.
        """
        if convention == "6ND":
            return training.training_flops(self.n_active_params, n_tokens)
        if convention == "kaplan":
            return training.training_flops(self.n_active_non_embedding_params, n_tokens)
        if convention not in CONVENTIONS:
            raise ValueError(
                f"convention must be one of {', '.join(CONVENTIONS)}, got {convention!r}"
            )
        n_tokens, seq_len = positive("n_tokens", n_tokens), positive("seq_len", seq_len)
        if convention == "exact":
            return 3 * self.forward_flops(1, seq_len) / seq_len * n_tokens
        per_token = self.forward_flops(1, seq_len, attention="full") / seq_len + 2 * self._table
        n_heads = sum(attention.n_heads * n for attention, n in self._attentions)
        return 3 * (per_token + 3 * n_heads * seq_len) * n_tokens

    # --- memory ---

    def weight_bytes(self, bits=16):
        """Bytes of the weights at `bits` each, in (0, 64]. Scales of a quantization come on top."""
        return self.n_params * positive("bits", bits, upper=64) / 8

    def kv_cache_bytes(self, batch, seq_len, bytes_per_value=2):
        """Bytes kept of `batch` texts of `seq_len` tokens, for the token that comes next.

        Sum over layers of tokens · 2 · kv_heads · head_dim, or of tokens · (rank + rope width) for
        latent attention; a layer with a window w keeps the last w - 1 tokens. On top comes the
        state of recurrences, see `state_bytes`, which does not grow with the text.
        Numbers or arrays that broadcast. Raises ValueError unless all are positive.
        """
        batch, seq_len = positive("batch", batch), positive("seq_len", seq_len)
        bytes_per_value = positive("bytes_per_value", bytes_per_value)
        per_text = self._state_per_text + 0 * seq_len
        for attention, n_layers in self._attentions:
            per_text = per_text + n_layers * attention.cached_per_token * attention.n_kept(seq_len)
        return plain(batch * per_text * bytes_per_value)

    def state_bytes(self, batch, bytes_per_value=2):
        """Bytes of the state that recurrences keep of `batch` texts, however long; 0 without any.

        The state itself and, where tokens pass a short convolution, its last inputs. Broadcasts.
        Raises ValueError unless both are positive.
        """
        batch, bytes_per_value = (
            positive("batch", batch),
            positive("bytes_per_value", bytes_per_value),
        )
        return plain(batch * self._state_per_text * bytes_per_value)

    def training_memory(self, batch, seq_len, **options):
        """Bytes that training takes, in parts: see `course.accounting.memory.training_memory`."""
        return memory.training_memory(self, batch, seq_len, **options)

    # --- parts ---

    @property
    def _table(self):
        return self.vocab_size * self.d_embedding

    @property
    def _positions(self):
        return self.n_positions * self.d_model

    @property
    def _embeddings(self):
        return (1 if self.tied else 2) * self._table + self._positions

    @property
    def _resizing(self):
        """Two matrices from the embedding's width to the layers' and back, where they differ."""
        return 2 * self.d_embedding * self.d_model * (self.d_embedding != self.d_model)

    @property
    def _outside_layers(self):
        tables = self._embeddings + self.other_lookup
        return tables + self._resizing + self.other_matrices + self.other_vectors

    @cached_property
    def _flops_per_token(self):
        """FLOP for each token beside the pairs: the embedding is looked up, the head multiplied."""
        outside = self._resizing + self.other_matrices + self._table
        return self._sum(lambda layer: layer.flops_per_token) + 2 * outside

    @cached_property
    def _attentions(self):
        """Each kind of attention with the number of layers that have it."""
        attentions = Counter(layer.attention for layer in self.layers if layer.attention)
        return tuple(attentions.items())

    @cached_property
    def _state_per_text(self):
        """Numbers that the recurrences of all layers keep of a text."""
        return self._sum(lambda layer: layer.recurrence.state_per_text if layer.recurrence else 0)

    def _sum(self, count):
        return sum(n * count(layer) for layer, n in Counter(self.layers).items())


def params_read(shape, n_tokens):
    """Parameters that a pass over `n_tokens` tokens at once reads from memory.

    All that every token passes, but for the rows of the input embedding, and of E experts, of which
    each token takes k and all are equally likely, E · (1 - (1 - k/E)^n_tokens). Broadcasts.
    ValueError unless n_tokens is positive.
    """
    n_tokens = positive("n_tokens", n_tokens)
    read = shape.n_active_params_without_lookup
    blocks = Counter(layer.feed_forward for layer in shape.layers if layer.feed_forward)
    for mlp, n_layers in blocks.items():
        touched = mlp.n_experts * (1 - (1 - mlp.n_active / mlp.n_experts) ** n_tokens)
        expert = mlp.expert_matrices + mlp.expert_vectors
        read = read + n_layers * expert * (touched - mlp.n_active)
    return read
