"""A §5.2's `EdgeAIDeployer`: which model fits on which device, how fast, and when to ask the cloud.

A device's memory holds the system, the runtime, the weights and the KV cache. Each token of an
answer reads all weights once, so its speed is bandwidth over bytes.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from course.accounting.hardware import Chip, chip
from course.display import number, table
from course.inference import models
from course.inference.roofline import Server
from course.inference.values import plain, scalar
from course.units import format_bytes, format_count, positive

STRATEGIES = ("on_device", "quantized_local", "cloud_edge", "cloud_only")  # as A §5.2 calls them


# --- what a compressed model takes ----------------------------------------------------------------

MASKS = {"free": 0.0, "bitmask": 1.0, "2:4": 1.0}  # index bits for each weight, kept or not


@dataclass(frozen=True)
class CompressionPlan:
    """How a model of `n_params` is stored: `bits` for each kept weight, a share `sparsity` dropped.

    `mask` says how the places of the kept weights are stored: "bitmask" (one bit for every
    weight), "2:4" (two of each four kept, two bits for each of them; sparsity 0.5 only), or "free",
    which nobody can build but A §5.2 assumes. `group_size`: weights that share a scale of 16 bits
    when `bits` is below 16; None for no scales. `distilled_from`: parameters of the model that a
    smaller one of `n_params` has to learn from; None where the model itself is stored.
    Raises ValueError for bits outside (0, 32], a sparsity outside [0, 1) or a mask that is unknown.
    """

    n_params: float
    bits: float = 16
    sparsity: float = 0.0
    mask: str = "bitmask"
    group_size: float | None = None
    distilled_from: float | None = None

    def __post_init__(self):
        positive("n_params", self.n_params)
        scalar("bits", self.bits, 32)
        scalar("sparsity", self.sparsity, math.nextafter(1, 0), zero=True)
        if self.mask not in MASKS:
            raise ValueError(f"mask must be one of {', '.join(MASKS)}, got {self.mask!r}")
        if self.mask == "2:4" and self.sparsity != 0.5:
            raise ValueError(f"sparsity must be 0.5 with a 2:4 mask, got {self.sparsity!r}")
        if self.group_size is not None:
            scalar("group_size", self.group_size)

    @property
    def index_bits(self):
        """Bits for each weight that say which are kept; none where all are."""
        return MASKS[self.mask] if self.sparsity else 0.0

    @property
    def scale_bits(self):
        """Bits for each weight that its group's scale takes."""
        return 16 / self.group_size if self.group_size and self.bits < 16 else 0.0

    @property
    def bits_per_param(self):
        """(1 - sparsity) · bits, the index and the scales: what a weight takes on average."""
        return (1 - self.sparsity) * self.bits + self.index_bits + self.scale_bits

    @property
    def weight_bytes(self):
        """n_params · bits_per_param / 8."""
        return self.n_params * self.bits_per_param / 8

    def compression(self, reference_bits=32):
        """How many times smaller than the same parameters at `reference_bits` each."""
        return positive("reference_bits", reference_bits, upper=64) / self.bits_per_param

    def _repr_html_(self):
        rows = [
            ("weights", format_count(self.n_params), "parameters"),
            ("bits", f"{self.bits:g}", "for each kept weight"),
            ("dropped", f"{self.sparsity:.0%}", "of the weights"),
            (
                "index and scales",
                f"{self.index_bits + self.scale_bits:.3g}",
                "bits for each weight",
            ),
            (
                "size",
                format_bytes(self.weight_bytes),
                f"{self.compression(16):.3g} times smaller "
                f"than bf16, {self.compression():.3g} than fp32",
            ),
        ]
        if self.distilled_from:
            rows.append(("distilled from", format_count(self.distilled_from), "parameters"))
        return table("A plan for compression", ("", "value", ""), rows)


# --- devices --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EdgeDevice:
    """A device to run models on. `assumed` says which figures are no data sheet's.

    `system_bytes`: memory that the system and other programs keep. `mbu` and `mfu`: shares of the
    bandwidth and of the FLOP/s that a runtime reaches. Raises ValueError unless all are positive,
    the shares at most 1 and the system smaller than the memory.
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
            scalar(name, getattr(self, name))
        for name in ("mbu", "mfu"):
            scalar(name, getattr(self, name), 1)
        scalar("runtime_bytes", self.runtime_bytes, zero=True)
        scalar("system_bytes", self.system_bytes, self.memory_bytes, zero=True)

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
            model, own, weight_bits=weight_bits, kv_bits=kv_bits, mfu=self.mfu, mbu=self.mbu
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
    d.name: d
    for d in (
        EdgeDevice(
            "mobile",
            8e9,
            3e9,
            6.4e9 * 8,
            10e12,
            6,
            "LPDDR5-6400 on 64 bits; system 3 GB, 10 TFLOP/s and 6 W are guesses of the order",
        ),
        EdgeDevice(
            "laptop",
            32e9,
            6e9,
            7.5e9 * 16,
            8e12,
            30,
            "LPDDR5X-7500 on 128 bits; system 6 GB, 8 TFLOP/s and 30 W are guesses of the order",
        ),
        EdgeDevice(
            "desktop",
            64e9,
            6e9,
            5.6e9 * 16,
            2e12,
            125,
            "DDR5-5600 in two channels, no "
            "GPU; system 6 GB, 2 TFLOP/s and 125 W are guesses of the order",
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
        its = self.device
        return its.system_bytes + its.runtime_bytes + self.weight_bytes + self.kv_bytes

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

    `model_size`: as in InferenceScalingEconomics; it and `context` broadcast. `device`: a name of
    EDGE_DEVICES or an EdgeDevice. Raises ValueError for a device that is not known, with the names
    that are.
    """
    device, shape = edge_device(device), models.model(model_size, "model_size")
    server = device.server(shape, scalar("bits", bits, 32), kv_bits)
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


# --- the deployer ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeploymentOption:
    """One way to answer a task.

    `seconds` from the question to the last token, on average; `worst_seconds` by the slower way
    where tasks take two. `energy_j`: of device and cloud, for an answer on average. `reason` says
    why it fails; it is empty where the option meets every requirement.
    """

    strategy: str
    device: str
    bits: float
    seconds: float
    worst_seconds: float
    tokens_per_s: float
    energy_j: float
    reason: str = ""

    @property
    def feasible(self):
        """Whether it fits and answers in time."""
        return not self.reason


@dataclass(frozen=True)
class DeploymentPlan:
    """Every option, feasible ones first, the fastest of them foremost."""

    options: tuple[DeploymentOption, ...]
    latency_requirement: float
    bandwidth_constraint: float

    @property
    def feasible(self):
        """The options that meet the requirements."""
        return tuple(o for o in self.options if o.feasible)

    @property
    def best(self):
        """The fastest feasible option; None where there is none."""
        return self.feasible[0] if self.feasible else None

    def _repr_html_(self):
        rows = [
            (
                o.strategy,
                o.device,
                f"{o.bits:g}",
                number(o.seconds, ".3g"),
                number(o.worst_seconds, ".3g"),
                number(o.tokens_per_s, ".3g"),
                number(o.energy_j, ".3g"),
                o.reason or "feasible",
            )
            for o in self.options
        ]
        header = (
            "strategy",
            "device",
            "bits",
            "s to answer",
            "s at worst",
            "tokens/s",
            "J per answer",
            "",
        )
        caption = (
            f"Within {self.latency_requirement:g} s, over {self.bandwidth_constraint:,.0f} bytes/s"
        )
        return table(caption, header, rows)


@dataclass(frozen=True)
class EdgeAIDeployer:
    """Where to run a model, A §5.2. The fields are the task and the assumptions.

    The task: a prompt of `prompt_tokens`, `attachment_bytes` to upload with it (a photo), an answer
    of `answer_tokens`. The cloud: a replica of `cloud_chip` that runs `cloud_batch` requests at
    once, `round_trip_s` away, `cloud_wait_s` in its queue, with `cloud_overhead` times the chips'
    power for the building. `small_params`: the model that a device runs at 4 bits for the easy
    tasks when cloud and device share them; `hard_share` of the tasks go to the cloud.
    Raises ValueError for what cannot be.
    """

    devices: dict = field(default_factory=lambda: dict(EDGE_DEVICES))
    prompt_tokens: float = 500.0
    answer_tokens: float = 200.0
    attachment_bytes: float = 0.0
    bytes_per_token: float = 4.0
    cloud_chip: str = "H100"
    cloud_batch: float = 32
    round_trip_s: float = 0.05
    cloud_wait_s: float = 0.2
    cloud_overhead: float = 1.3
    small_params: float = 1e9
    hard_share: float = 0.2

    def __post_init__(self):
        if not self.devices or not all(isinstance(d, EdgeDevice) for d in self.devices.values()):
            raise ValueError("devices must be a dict of names to EdgeDevice, and not empty")
        names = (
            "prompt_tokens",
            "answer_tokens",
            "bytes_per_token",
            "cloud_batch",
            "cloud_overhead",
            "small_params",
        )
        for name in names:
            scalar(name, getattr(self, name))
        for name in ("attachment_bytes", "round_trip_s", "cloud_wait_s"):
            scalar(name, getattr(self, name), zero=True)
        scalar("hard_share", self.hard_share, 1, zero=True)
        chip(self.cloud_chip)

    def select_deployment_strategy(self, model_size, latency_requirement, bandwidth_constraint):
        """The DeploymentPlan: each strategy on each device, judged by what is required.

        `latency_requirement`: seconds from the question to the last token. `bandwidth_constraint`:
        bytes/s of the network, 0 for none. `on_device` runs the model as it is, at 16 bits,
        `quantized_local` at 8 and 4, `cloud_edge` a small model on the device and the rest in the
        cloud, `cloud_only` all of it there. A server counts as the cloud, not as a device.
        """
        shape = models.model(model_size, "model_size")
        scalar("model_size", shape.n_params)
        limit = scalar("latency_requirement", latency_requirement)
        bandwidth = scalar("bandwidth_constraint", bandwidth_constraint, zero=True)
        options = [self.in_the_cloud(shape, bandwidth)]
        for device in self.devices.values():
            if device.name == "server":
                continue
            options += [self.on_the_device(shape, device, bits) for bits in (16, 8, 4)]
            options.append(self.shared(shape, device, bandwidth))
        judged = [_judged(option, limit) for option in options]
        judged.sort(key=lambda o: (not o.feasible, o.worst_seconds, o.energy_j))
        return DeploymentPlan(tuple(judged), limit, bandwidth)

    def on_the_device(self, model_size, device, bits):
        """The DeploymentOption that runs the model on the device at `bits` a weight."""
        device = edge_device(device, self.devices)
        fit = memory_fit(model_size, device, bits, self._context)
        server = device.server(models.model(model_size, "model_size"), bits)
        seconds = server.answer_s(self.prompt_tokens, self.answer_tokens)
        reason = (
            ""
            if fit.fits
            else (
                f"needs {format_bytes(fit.used_bytes)}, {device.name} has "
                f"{format_bytes(device.memory_bytes)}"
            )
        )
        strategy = "on_device" if bits >= 16 else "quantized_local"
        return DeploymentOption(
            strategy,
            device.name,
            bits,
            seconds,
            seconds,
            fit.tokens_per_s,
            device.power_w * seconds,
            reason,
        )

    def in_the_cloud(self, model_size, bandwidth_constraint):
        """The DeploymentOption that asks the cloud; it takes for ever without a network."""
        shape = models.model(model_size, "model_size")
        server = next(
            (
                s
                for n in (1, 2, 4, 8, 16, 32, 64, 128)
                if (s := Server(shape, self.cloud_chip, n_gpus=n)).largest_batch(self._context)
                >= self.cloud_batch
            ),
            None,
        )
        if server is None:
            raise ValueError(f"model_size must fit on 128 {self.cloud_chip}, got {shape.n_params}")
        text = (self.prompt_tokens + self.answer_tokens) * self.bytes_per_token
        sent = text + self.attachment_bytes
        network = self.round_trip_s + (
            sent / bandwidth_constraint if bandwidth_constraint else math.inf
        )
        prefill = server.prefill(1, self.prompt_tokens).seconds
        step = server.decode(self.cloud_batch, self._context).seconds
        seconds = network + self.cloud_wait_s + prefill + self.answer_tokens * step
        # The chips' time for this answer alone: a step serves the whole batch.
        own = prefill + self.answer_tokens * step / self.cloud_batch
        power = server.chip.power_w
        energy = math.inf if power is None else power * server.n_gpus * self.cloud_overhead * own
        return DeploymentOption(
            "cloud_only",
            f"{server.n_gpus} {self.cloud_chip}",
            16,
            seconds,
            seconds,
            plain(1 / step),
            energy,
            "" if bandwidth_constraint else "no network",
        )

    def shared(self, model_size, device, bandwidth_constraint):
        """The DeploymentOption in which the device takes the easy tasks, the cloud the hard ones.

        `seconds` and energy are means over tasks, `worst_seconds` that of the slower way.
        """
        local = self.on_the_device(self.small_params, device, 4)
        cloud = self.in_the_cloud(model_size, bandwidth_constraint)
        share = self.hard_share

        def mean(ours, theirs):
            return ours if share == 0 else (1 - share) * ours + share * theirs

        return DeploymentOption(
            "cloud_edge",
            local.device,
            4,
            mean(local.seconds, cloud.seconds),
            max(local.seconds, cloud.seconds if share else 0.0),
            mean(local.tokens_per_s, cloud.tokens_per_s),
            mean(local.energy_j, cloud.energy_j),
            local.reason or (cloud.reason if share else ""),
        )

    def quantize_for_edge(self, model, target_device):
        """The mildest CompressionPlan with which `model` fits on the device.

        Tried in this order: 16, 8 and 4 bits, 4 bits with 2:4 sparsity; else a model small enough
        at 4 bits, to be distilled from this one. Quantised weights carry a scale of 16 bits for
        each 64; the cache of the task's context and the runtime count too. `model`: a size, a name,
        a shape, or anything with `parameters()` that can be counted (a torch module). It makes the
        plan from arithmetic alone and changes no model.
        """
        device = edge_device(target_device, self.devices)
        shape = models.model(_counted(model), "model")
        scalar("model", shape.n_params)
        room = device.free_bytes - shape.kv_cache_bytes(1, self._context)
        looks = [
            {"bits": 16},
            {"bits": 8},
            {"bits": 4},
            {"bits": 4, "sparsity": 0.5, "mask": "2:4"},
        ]
        for look in looks:
            plan = CompressionPlan(shape.n_params, **look, group_size=64)
            if plan.weight_bytes <= room:
                return plan
        return CompressionPlan(
            self.largest_model(device), bits=4, group_size=64, distilled_from=shape.n_params
        )

    def largest_model(self, target_device, bits=4):
        """The most parameters that fit with the task's context, at `bits` and their scales.

        Raises ValueError where the device has no room at all.
        """
        device = edge_device(target_device, self.devices)
        low, high = 1.0, 1e15
        for _ in range(100):
            size = math.sqrt(low * high)
            weights = CompressionPlan(size, bits=bits, group_size=64).weight_bytes
            cache = models.TypicalTransformer(size).kv_cache_bytes(1, self._context)
            low, high = (size, high) if weights + cache <= device.free_bytes else (low, size)
        if low < 2:
            raise ValueError(f"target_device {device.name} has no room for any model")
        return low

    @property
    def _context(self):
        return self.prompt_tokens + self.answer_tokens


def _judged(option, limit):
    if option.reason or option.worst_seconds <= limit:
        return option
    return DeploymentOption(
        **{**vars(option), "reason": f"takes {option.worst_seconds:.3g} s, allowed are {limit:g} s"}
    )


def _counted(model):
    if hasattr(model, "parameters") and not isinstance(model, str):
        return float(sum(p.numel() for p in model.parameters()))
    return model
