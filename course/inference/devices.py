"""Devices to run a model on, what it takes of their memory and how fast it writes there.

A device's memory holds the system, the runtime, the weights and the KV cache. Each token of an
answer reads all weights once, so its speed is bandwidth over bytes.
"""

import math
from dataclasses import dataclass

import numpy as np

from course.accounting.compression import quantised
from course.accounting.hardware import Chip, chip
from course.inference import models
from course.inference.server import Server
from course.units import between, plain, positive, single


@dataclass(frozen=True)
class EdgeDevice:
    """A device to run models on.

    Attributes:
        name: as tables call it.
        memory_bytes: all of its memory.
        system_bytes: what the system and other programs keep of it.
        bandwidth_bytes_per_s: of the memory.
        flop_per_s: peak at 16 bits.
        power_w: while it answers, in watts.
        assumed: which figures are no data sheet's, in words.
        runtime_bytes: memory of the program that runs the model.
        mbu: share of the bandwidth that it reaches, in (0, 1].
        mfu: share of the FLOP/s that it reaches, in prompts and answers alike, in (0, 1].

    Raises:
        ValueError: unless all are positive, the shares at most 1 and the system smaller than the
            memory.
    """

    name: str
    memory_bytes: float
    system_bytes: float
    bandwidth_bytes_per_s: float
    flop_per_s: float
    power_w: float
    assumed: str = ""
    runtime_bytes: float = 0.5e9
    mbu: float = 0.7
    mfu: float = 0.3

    def __post_init__(self):
        for name in ("memory_bytes", "bandwidth_bytes_per_s", "flop_per_s", "power_w"):
            single(name, positive(name, getattr(self, name)))
        for name in ("mbu", "mfu"):
            single(name, positive(name, getattr(self, name), upper=1))
        single("runtime_bytes", between("runtime_bytes", self.runtime_bytes, 0, math.inf))
        single("system_bytes", between("system_bytes", self.system_bytes, 0, self.memory_bytes))

    @property
    def free_bytes(self):
        """What weights and caches may fill."""
        return max(0.0, self.memory_bytes - self.system_bytes - self.runtime_bytes)

    def server(self, model, weight_bits, kv_bits=16):
        """A Server of `model` on this device, to compute its speed with."""
        own = Chip(
            self.name,
            {"bf16": self.flop_per_s},
            self.memory_bytes,
            self.bandwidth_bytes_per_s,
            self.power_w,
            self.assumed,
        )
        return Server(
            model,
            own,
            weight_bits=weight_bits,
            kv_bits=kv_bits,
            prefill_mfu=self.mfu,
            decode_mfu=self.mfu,
            mbu=self.mbu,
        )


def _with_gpu(name, chip_name):
    c = chip(chip_name)
    return EdgeDevice(
        name,
        c.memory_bytes,
        0.0,
        c.bandwidth_bytes_per_s,
        c.peak(),
        c.power_w,
        f"the shares mbu and mfu; the rest is the data sheet of the {chip_name}",
    )


# Memory is A §5.2's where it gives one. Bandwidths follow from the memory type: transfers per
# second · bus width. What else is assumed stands in each entry; replace what you have measured.
EDGE_DEVICES = {
    device.name: device
    for device in (
        EdgeDevice(
            "mobile",
            memory_bytes=8e9,
            system_bytes=3e9,
            bandwidth_bytes_per_s=6.4e9 * 8,
            flop_per_s=10e12,
            power_w=6,
            assumed="LPDDR5-6400 on 64 bits; system 3 GB, 10 TFLOP/s and 6 W are guesses of the "
            "order",
        ),
        EdgeDevice(
            "laptop",
            memory_bytes=32e9,
            system_bytes=6e9,
            bandwidth_bytes_per_s=7.5e9 * 16,
            flop_per_s=8e12,
            power_w=30,
            assumed="LPDDR5X-7500 on 128 bits; system 6 GB, 8 TFLOP/s and 30 W are guesses of the "
            "order",
        ),
        EdgeDevice(
            "desktop",
            memory_bytes=64e9,
            system_bytes=6e9,
            bandwidth_bytes_per_s=5.6e9 * 16,
            flop_per_s=2e12,
            power_w=125,
            assumed="DDR5-5600 in two channels, no GPU; system 6 GB, 2 TFLOP/s and 125 W are "
            "guesses of the order",
        ),
        _with_gpu("desktop GPU", "RTX-4090"),
        _with_gpu("server", "H100"),
    )
}


@dataclass(frozen=True)
class MemoryFit:
    """What a model takes of a device's memory, in bytes, and how fast it then writes."""

    device: EdgeDevice
    weight_bytes: float
    kv_bytes: float
    tokens_per_s: float

    @property
    def used_bytes(self):
        """System, runtime, weights and cache."""
        kept = self.device.system_bytes + self.device.runtime_bytes
        return kept + self.weight_bytes + self.kv_bytes

    @property
    def fits(self):
        """Whether the device's memory holds all of it (an array for arrays)."""
        fits = np.less_equal(self.used_bytes, self.device.memory_bytes)
        return fits if fits.ndim else bool(fits)

    @property
    def memory_share(self):
        """What it takes of the device's memory; above 1 it does not fit."""
        return self.used_bytes / self.device.memory_bytes


def memory_fit(model_size, device, bits=4, context=2048, kv_bits=16):
    """The MemoryFit of a model at `bits` a weight with a cache of `context` tokens.

    Below 16 bits the scales count, as in every CompressionPlan of the deployer.

    Args:
        model_size: as in InferenceScalingEconomics; it and `context` broadcast.
        device: a name of EDGE_DEVICES or an EdgeDevice.
        bits: of a weight, without its share of a scale.
        context: tokens of prompt and answer.
        kv_bits: of a number in the KV cache.

    Raises:
        ValueError: for a device that is not known, with the names that are.
    """
    device, shape = edge_device(device), models.model(model_size, "model_size")
    stored = quantised(shape.n_params, bits)
    server = device.server(shape, stored.bits_per_param, kv_bits)
    context = positive("context", context)
    return MemoryFit(
        device,
        plain(server.weight_bytes),
        plain(server.kv_bytes(1, context)),
        server.decode(1, context).tokens_per_s,
    )


def edge_device(device, devices=EDGE_DEVICES):
    """The EdgeDevice of that name; ValueError that lists the known ones."""
    if isinstance(device, EdgeDevice):
        return device
    if not isinstance(device, str) or device not in devices:
        raise ValueError(f"target_device must be one of {', '.join(devices)}, got {device!r}")
    return devices[device]
