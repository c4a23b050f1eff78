"""Many devices: what training keeps on each, what splitting costs, and what failures cost."""

from dataclasses import dataclass

import numpy as np

from course.accounting import hardware
from course.display import number, table
from course.units import between, positive, single, whole

# Bytes a parameter of AdamW in mixed precision: weight and gradient in 16 bits, and in 32 bits a
# copy of the weight and two moments. Source: Rajbhandari et al. 2020 (ZeRO), arXiv:1910.02054.
WEIGHT_BYTES, GRADIENT_BYTES, OPTIMISER_BYTES = 2, 2, 12
ZERO_STAGES = (0, 1, 2, 3)


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes on one device; numbers, or arrays that broadcast.

    Attributes:
        weights, gradients, optimiser, activations: what each takes.
    """

    weights: float
    gradients: float
    optimiser: float
    activations: float

    @property
    def total(self):
        """All four."""
        return self.weights + self.gradients + self.optimiser + self.activations

    def _repr_html_(self):
        parts = ("weights", "gradients", "optimiser", "activations", "total")
        rows = [(part, number(getattr(self, part) / 1e9, ",.3g"), "GB") for part in parts]
        return table("", ("", "", ""), rows)


def device_memory(n_params, n_devices=1, stage=0, *, activations=0.0):
    """The DeviceMemory of data-parallel training with AdamW in mixed precision.

    Plain data parallelism (stage 0) keeps everything on every device. ZeRO splits among them the
    optimiser's state (stage 1), the gradients too (2), and the weights too (3).

    Args:
        n_params: of the model; broadcasts.
        n_devices: that share the work; broadcasts.
        stage: of ZeRO, one of ZERO_STAGES.
        activations: bytes that one device's share of the batch keeps.
    """
    n_params, n_devices = positive("n_params", n_params), whole("n_devices", n_devices)
    if stage not in ZERO_STAGES:
        raise ValueError(f"stage must be one of 0, 1, 2, 3, got {stage!r}")
    sizes = WEIGHT_BYTES, GRADIENT_BYTES, OPTIMISER_BYTES
    kept = [
        size * n_params / np.where(stage >= first, n_devices, 1)[()]
        for size, first in zip(sizes, (3, 2, 1), strict=True)
    ]
    return DeviceMemory(*kept, between("activations", activations, 0, 1e18))


def bubble_share(n_stages, n_microbatches, chunks=1):
    """(p - 1) / (v m + p - 1): the share of time that a pipeline's devices wait; all broadcast.

    p stages, m micro-batches; v chunks of layers on each device, taken in turn (v = 1: GPipe).
    Sources: Huang et al. 2019, arXiv:1811.06965; Narayanan et al. 2021, arXiv:2104.04473.
    """
    p, m = whole("n_stages", n_stages), whole("n_microbatches", n_microbatches)
    return (p - 1) / (whole("chunks", chunks) * m + p - 1)


@dataclass(frozen=True)
class Step:
    """One step of data-, tensor- and pipeline-parallel training of a Transformer.

    Attributes:
        compute_s: products at the rate that one device reaches alone.
        tensor_s: all-reduces within a layer, which nothing can hide.
        data_s: all-reduce of gradients, hidden behind the backward pass where it is shorter.
        bubble: the share of time in which pipeline stages wait.
        mfu: model FLOP utilisation of the whole step.
    """

    compute_s: float
    tensor_s: float
    data_s: float
    bubble: float
    mfu: float


def parallel_step(
    n_params,
    width,
    n_layers,
    tokens,
    chip="H100",
    *,
    data=1,
    tensor=1,
    pipeline=1,
    microbatches=1,
    chunks=1,
    alone=0.6,
    tensor_link=450e9,
    data_link=50e9,
):
    """The Step of a dense Transformer on data · tensor · pipeline devices.

    compute = 6·N·tokens / (devices · peak · alone). Tensor parallelism sends, in each layer, four
    all-reduces of the activations, 2 bytes · width for each token, of which each device sends and
    receives 2 (t - 1)/t. Data parallelism sends the gradients, 2 bytes a parameter, in the same
    way; two thirds of the computing (the backward pass) hide it. The bubble is `bubble_share`.

    Args:
        n_params: parameters.
        width: of a token inside.
        n_layers: of the model.
        tokens: in one step, of all devices together.
        chip: a Chip or its name.
        data, tensor, pipeline: how many ways each splits.
        microbatches: of each pipeline.
        chunks: of layers on each pipeline device, taken in turn.
        alone: the share of the peak that one device reaches with nobody to wait for.
        tensor_link, data_link: bytes per s of one device, each way: within a server, and out of it.
    """
    chip = hardware.chip(chip)
    n_params, tokens = positive("n_params", n_params), positive("tokens", tokens)
    ways = {"data": data, "tensor": tensor, "pipeline": pipeline}
    ways = {name: int(single(name, whole(name, value))) for name, value in ways.items()}
    n_devices = ways["data"] * ways["tensor"] * ways["pipeline"]
    peak = chip.peak()
    compute = 6 * n_params * tokens / (n_devices * peak * positive("alone", alone, upper=1))
    own_tokens = tokens / ways["data"]
    around = 2 * (ways["tensor"] - 1) / ways["tensor"]
    layers = whole("n_layers", n_layers) / ways["pipeline"]
    sent = layers * 4 * own_tokens * 2 * positive("width", width) * around
    tensor_s = sent / positive("tensor_link", tensor_link)
    own_params = n_params / ways["tensor"] / ways["pipeline"]
    around = 2 * (ways["data"] - 1) / ways["data"]
    data_s = 2 * own_params * around / positive("data_link", data_link)
    bubble = bubble_share(ways["pipeline"], microbatches, chunks)
    busy = compute + tensor_s
    seconds = busy / (1 - bubble) + np.maximum(data_s - 2 / 3 * busy, 0)
    mfu = 6 * n_params * tokens / (n_devices * peak * seconds)
    return Step(*(float(v) for v in (compute, tensor_s, data_s, bubble, mfu)))
