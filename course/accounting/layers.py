"""What a layer of a language model is made of, as counts.

A layer mixes the tokens of a text by an Attention, whose cache grows with the text, by a
Recurrence, whose state does not, or by both side by side. Then each token passes a FeedForward.

Two sorts of parameters: `matrices` meet each token in a product, at 2 FLOP for each parameter and
token; `vectors` (biases, norms, decay rates, attention sinks) are added or multiplied in, and no
count of FLOP has them.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Each token looks at the tokens before it, whose keys and values lie in the KV cache.

    Attributes:
        n_heads: heads of queries.
        n_kv_heads: heads of keys and values; fewer than `n_heads` where several queries share them.
        qk_dim: width of a query and of a key.
        v_dim: width of a value.
        matrices: parameters of the projections.
        vectors: parameters of biases, norms and sinks.
        cached_per_token: numbers that the KV cache keeps of a token; 0 in a layer that uses the
            keys and values of an earlier one.
        window: tokens that a token sees, itself included; None for all.
        chunked: True if the window is the chunk of the text that the token lies in, and does not
            move along.
        latent_dim: width of the one latent vector kept for keys and values (DeepSeek), or 0.
        latent_matrices: parameters, counted in `matrices` too, that expand the latent vector.
        saved_activations: numbers of a token that training keeps beside q, k, v and the output.
    """

    n_heads: int
    n_kv_heads: int
    qk_dim: int
    v_dim: int
    matrices: int
    vectors: int
    cached_per_token: int
    window: int | None = None
    chunked: bool = False
    latent_dim: int = 0
    latent_matrices: int = 0
    saved_activations: int = 0

    def n_pairs(self, n_new, n_cached=0):
        """Pairs of one of `n_new` tokens and a token that it sees: itself, new or of `n_cached`.

        n (n + 1) / 2 for n tokens that start a text; a window keeps each to that many at most.
        """
        if self.chunked:
            return self._pairs_in_chunks(n_cached + n_new) - self._pairs_in_chunks(n_cached)
        window = np.inf if self.window is None else self.window
        within = np.clip(window - n_cached, 0, n_new)  # new tokens that still see all before them
        pairs = within * n_cached + within * (within + 1) / 2
        return pairs if self.window is None else pairs + (n_new - within) * window

    def _pairs_in_chunks(self, n_tokens):
        rest = n_tokens % self.window
        return ((n_tokens - rest) * (self.window + 1) + rest * (rest + 1)) / 2

    def n_kept(self, n_tokens):
        """Tokens that the KV cache keeps of `n_tokens`: with a window, those the next one sees."""
        return n_tokens if self.window is None else np.minimum(n_tokens, self.window - 1)

    @property
    def n_params(self):
        """Parameters of the projections, their biases, norms and sinks."""
        return self.matrices + self.vectors

    @property
    def flops_per_pair(self):
        """FLOP for one token that looks at one: a product of q and k, and v weighted and added."""
        return 2 * self.n_heads * (self.qk_dim + self.v_dim)

    @property
    def flops_per_pair_absorbed(self):
        """The same where the heads look at the latent itself, which is then never expanded."""
        return 2 * self.n_heads * (self.cached_per_token + self.latent_dim)


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """Each token is written into a state of constant size and reads from it.

    A state space model, linear attention, or a short convolution, which remembers the last tokens.

    Attributes:
        matrices: parameters of the projections and of the convolution's kernel.
        vectors: parameters of biases, norms and decay rates.
        state_per_text: numbers that are kept of a text, however long it is.
        state_flops_per_token: FLOP of the products with the state, one token after another: 2 for
            each of its numbers and each time that it is written or read. Training and prefill
            kernels work on chunks of tokens at once and compute more.
    """

    matrices: int
    vectors: int
    state_per_text: int
    state_flops_per_token: int

    @property
    def n_params(self):
        """Parameters of the projections, the convolution, the biases, norms and rates."""
        return self.matrices + self.vectors


@dataclass(frozen=True, kw_only=True)
class FeedForward:
    """A dense MLP, or experts of which each token passes some.

    Attributes:
        d_ff: width of an expert, or of the dense MLP.
        saved_activations: numbers of a token that training keeps for each unit of width it passes.
        expert_matrices: parameters of the matrices of one expert.
        expert_vectors: parameters of the biases of one expert.
        n_experts: experts; 1 if dense.
        n_active: experts that a token passes; 1 if dense.
        d_shared: width of the shared experts, which every token passes, together.
        common_matrices: parameters of the router and of the shared experts, matrices.
        common_vectors: the same, biases.
        saved_by_routing: numbers of a token kept on its way to the experts and back.
    """

    d_ff: int
    saved_activations: int
    expert_matrices: int
    expert_vectors: int
    n_experts: int = 1
    n_active: int = 1
    d_shared: int = 0
    common_matrices: int = 0
    common_vectors: int = 0
    saved_by_routing: int = 0

    @property
    def n_params(self):
        """Parameters of all experts, the router and what is shared."""
        return self._with(self.n_experts)

    @property
    def n_active_params(self):
        """Parameters that one token passes."""
        return self._with(self.n_active)

    @property
    def active_matrices(self):
        """Those of them that cost 2 FLOP each."""
        return self.n_active * self.expert_matrices + self.common_matrices

    def _with(self, n):
        common = self.common_matrices + self.common_vectors
        return n * (self.expert_matrices + self.expert_vectors) + common


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer: attention or a recurrence or both, a feed-forward block or none, and norms.

    Attributes:
        attention: an Attention, or None.
        recurrence: a Recurrence, or None.
        feed_forward: a FeedForward, or None.
        norm_params: parameters of the norms and of other vectors of the layer.
        saved_by_norms: numbers of a token that training keeps of what goes into the norms and
            comes out.
        other_matrices: parameters of further matrices, which each token meets once.
        other_flops_per_token: FLOP of further products that no parameter accounts for.
    """

    attention: Attention | None
    recurrence: Recurrence | None = None
    feed_forward: FeedForward | None
    norm_params: int
    saved_by_norms: int
    other_matrices: int = 0
    other_flops_per_token: int = 0

    @property
    def n_params(self):
        """All parameters of the layer."""
        return self._beside_experts + (self.feed_forward.n_params if self.feed_forward else 0)

    @property
    def n_active_params(self):
        """Parameters that one token passes."""
        active = self.feed_forward.n_active_params if self.feed_forward else 0
        return self._beside_experts + active

    @property
    def flops_per_token(self):
        """FLOP for each token, however many it looks at: all but the pairs of the attention."""
        blocks = (self.attention, self.recurrence)
        matrices = self.other_matrices + sum(block.matrices for block in blocks if block)
        if self.feed_forward:
            matrices += self.feed_forward.active_matrices
        state = self.recurrence.state_flops_per_token if self.recurrence else 0
        return 2 * matrices + state + self.other_flops_per_token

    @property
    def _beside_experts(self):
        blocks = (self.attention, self.recurrence)
        mixers = sum(block.n_params for block in blocks if block)
        return mixers + self.norm_params + self.other_matrices
