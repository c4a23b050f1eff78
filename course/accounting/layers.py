"""What a layer of a transformer is made of, as counts.

Two sorts of parameters: `matrices` meet each token in a product, at 2 FLOP for each parameter and
token; `vectors` (biases, norms, attention sinks) are added or multiplied in, and no count of FLOP
has them.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Attention:
    """`n_heads` queries and keys of width `qk_dim`, values of width `v_dim`.

    `cached_per_token`: the numbers that the KV cache keeps of a token. `window`: how many tokens a
    token sees, itself included, None for all; it moves along, or is the chunk of the text that the
    token lies in (`chunked`). `latent_dim` and `latent_matrices`, where keys and values are kept as
    one latent vector (DeepSeek): its width, and the parameters, counted in `matrices` too, that
    expand it. `saved_activations`: the numbers of a token that training keeps beside q, k, v and
    the output.
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
class FeedForward:
    """`n_experts` MLPs of width `d_ff`, of which a token passes `n_active`; 1 and 1 if dense.

    `expert_matrices` and `expert_vectors` are of one expert. What every token passes, the router
    and the shared experts (`d_shared` wide), is in `common_matrices` and `common_vectors`. Training
    keeps `saved_activations` numbers of a token for each unit of width that it passes, and
    `saved_by_routing` on its way to the experts and back.
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
    """Attention, feed-forward and norms.

    `norm_params`: the parameters of all norms. `saved_by_norms`: the numbers of a token that
    training keeps of what goes into the norms and comes out.
    """

    attention: Attention
    feed_forward: FeedForward
    norm_params: int
    saved_by_norms: int

    @property
    def n_params(self):
        """All parameters of the layer."""
        return self.attention.n_params + self.feed_forward.n_params + self.norm_params

    @property
    def n_active_params(self):
        """Parameters that one token passes."""
        return self.attention.n_params + self.feed_forward.n_active_params + self.norm_params

    @property
    def active_matrices(self):
        """Parameters that cost 2 FLOP for each token."""
        return self.attention.matrices + self.feed_forward.active_matrices
