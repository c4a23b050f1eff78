"""The memory that a step of training takes."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from course.units import positive


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes on one device that holds the whole model; numbers or arrays.

    Attributes:
        weights: of the parameters.
        gradients: of their gradients.
        optimizer: of what the optimizer keeps for each parameter.
        activations: of what the forward pass keeps for the backward pass.
        logits_gradient: beside the rest at the start of the backward pass, where the peak is.
    """

    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits_gradient: float

    @property
    def peak(self):
        """The most at one time in a step whose gradients are kept, as when batches accumulate.

        Frameworks round each tensor up, and their workspace comes on top.
        """
        parts = self.weights + self.gradients + self.optimizer
        return parts + self.activations + self.logits_gradient


def training_memory(
    shape,
    batch,
    seq_len,
    *,
    weight_bytes=4,
    gradient_bytes=4,
    optimizer_bytes=8,
    activation_bytes=4,
    fused_attention=False,
):
    """The TrainingMemory of a step on `batch` texts of `seq_len` tokens.

    The defaults are those of AdamW in float32. Mixed precision usually has 2, 2, 12 (with a float32
    copy of the weight) and 2.

    Activations are what the eager code of transformers keeps for the backward pass: what goes into
    each product, norm and activation function; of attention q, k and v of every head and the whole
    square of its weights, masked or not; and the log-probabilities, in float32. Without dropout,
    checkpointing or a compiler. Within 2 % of what PyTorch records in the tests, and 7 % for a
    single text, of which some copies are not made. Not counted: Gemma 2's soft caps, and that
    Llama 4's eager code sends each token through every expert.

    With `fused_attention` the square is not kept, but one number a row, as by FlashAttention.
    PyTorch's own `scaled_dot_product_attention` does so on a CPU where every token sees all before
    it. With a window it keeps the mask in each layer and a copy of keys and values for every query
    head, and with latent attention the whole square: this count is 6 to 10 % and 6 to 14 % below
    that in the tests. What it does on a GPU was not measured here.

    Args:
        shape: a TransformerShape.
        batch: texts in a step.
        seq_len: tokens of each text.
        weight_bytes: of each parameter.
        gradient_bytes: of each parameter's gradient.
        optimizer_bytes: of what the optimizer keeps for each parameter; AdamW's two moments have 8.
        activation_bytes: of each number that is kept for the backward pass.
        fused_attention: True for a kernel that does not keep the square of the attention's weights.

    Returns:
        A TrainingMemory; numbers broadcast.

    Raises:
        ValueError: unless all are positive, and for a model type whose activations are not counted,
            such as those with a recurrence.

    Source: as Korthikanti et al. 2022, arXiv:2205.05198, section 4, counted for these layers.
    """
    batch, seq_len = positive("batch", batch), positive("seq_len", seq_len)
    weight_bytes = positive("weight_bytes", weight_bytes)
    gradient_bytes = positive("gradient_bytes", gradient_bytes)
    optimizer_bytes = positive("optimizer_bytes", optimizer_bytes)
    activation_bytes = positive("activation_bytes", activation_bytes)
    sizes = (batch, seq_len, weight_bytes, gradient_bytes, optimizer_bytes, activation_bytes)
    np.broadcast_shapes(*map(np.shape, sizes))  # here, not when `peak` is asked for
    saved = shape.saved_activations
    if saved is None:
        raise ValueError(
            f"what training keeps of a {shape.model_type} is not counted here, only its parameters"
        )
    for layer, n_layers in Counter(shape.layers).items():
        row = 1 if fused_attention else seq_len
        saved = saved + n_layers * (
            _saved_activations(layer, fused_attention) + layer.attention.n_heads * row
        )
    log_probabilities = 4 * batch * seq_len * shape.vocab_size
    return TrainingMemory(
        weights=shape.n_params * weight_bytes,
        gradients=shape.n_params * gradient_bytes,
        optimizer=shape.n_params * optimizer_bytes,
        activations=batch * seq_len * saved * activation_bytes + log_probabilities,
        logits_gradient=2 * log_probabilities,
    )


def _saved_activations(layer, fused_attention):
    """Numbers saved of each token in a layer, beside the attention's weights."""
    attention, mlp = layer.attention, layer.feed_forward
    # eager code repeats keys and values for each query head
    n_kv_heads = attention.n_kv_heads if fused_attention else attention.n_heads
    heads = (attention.n_heads + n_kv_heads) * (attention.qk_dim + attention.v_dim)
    experts = (mlp.n_active * mlp.d_ff + mlp.d_shared) * mlp.saved_activations
    return (
        layer.saved_by_norms + heads + attention.saved_activations + experts + mlp.saved_by_routing
    )
