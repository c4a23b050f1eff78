"""What the pictures of chapter 9 show, computed before anything is drawn."""

from dataclasses import dataclass, field

from course.accounting import hardware
from course.accounting.memory import training_memory
from course.accounting.published import shape
from course.vision.devices import DeviceMemory, device_memory

MODELS = ("SmolLM2-135M", "Llama-3.2-1B", "Llama-3-8B", "Llama-3-70B", "Llama-3.1-405B")


@dataclass(frozen=True)
class MemoryView:
    """What one device keeps while it trains.

    Attributes:
        model: its name.
        n_devices: that share the work.
        stage: of ZeRO.
        memory: a DeviceMemory.
        chip_bytes: what an H100 has.
        without: the DeviceMemory of one device alone, with all activations.
    """

    model: str
    n_devices: int
    stage: int
    memory: DeviceMemory
    chip_bytes: float
    without: DeviceMemory = field(repr=False)


def memory_view(model, n_devices, stage, tokens=8192, checkpointing=False):
    """The MemoryView of AdamW in mixed precision, one text of `tokens` on each device.

    With `checkpointing` only what goes into each layer is kept, 2 bytes · width for each token and
    layer, beside one layer's own activations; the rest is computed again in the backward pass.

    Args:
        model: one of MODELS.
        n_devices: that share the work.
        stage: of ZeRO.
        tokens: of the text on each device.
        checkpointing: whether activations are computed again.
    """
    whole = shape(model)
    kept = training_memory(
        whole,
        1,
        tokens,
        weight_bytes=2,
        gradient_bytes=2,
        optimizer_bytes=12,
        activation_bytes=2,
        fused_attention=True,
    )
    activations = kept.activations + kept.logits_gradient
    if checkpointing:
        n_layers = len(whole.layers)
        logits = 3 * 4 * tokens * whole.vocab_size  # log-probabilities, and their gradients
        activations = (
            n_layers * 2 * tokens * whole.d_model
            + (kept.activations - logits / 3) / n_layers
            + logits
        )
    memory = device_memory(whole.n_params, n_devices, stage, activations=activations)
    alone = device_memory(whole.n_params, 1, 0, activations=activations)
    return MemoryView(
        model, int(n_devices), stage, memory, hardware.chip("H100").memory_bytes, alone
    )
