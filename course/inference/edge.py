"""A §5.2's `EdgeAIDeployer`: where to run a model, how fast, and when to ask the cloud."""

import dataclasses
import math
from dataclasses import dataclass, field

from course.accounting.compression import SCALE_GROUP, CompressionPlan, quantised
from course.accounting.hardware import chip
from course.display import number, table
from course.inference import models
from course.inference.devices import EDGE_DEVICES, EdgeDevice, edge_device, memory_fit
from course.inference.server import Server
from course.units import between, format_bytes, plain, positive, single

STRATEGIES = ("on_device", "quantized_local", "cloud_edge", "cloud_only")  # as A §5.2 calls them
_CLOUD_GPUS = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class DeploymentOption:
    """One way to answer a task.

    Attributes:
        strategy: one of STRATEGIES.
        device: its name, or the chips of the cloud.
        bits: of a weight, on the device where tasks are shared.
        seconds: from the question to the last token, on average.
        worst_seconds: the same by the slower way, where tasks take two.
        tokens_per_s: written.
        energy_j: joule of device and cloud, for an answer on average.
        reason: why it fails; empty where it meets every requirement.
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

    Attributes:
        devices: EdgeDevice by name.
        prompt_tokens: of the task.
        answer_tokens: of the task.
        attachment_bytes: to upload with the prompt, such as a photo.
        bytes_per_token: of text on its way.
        cloud_chip: of which the cloud's replica is made.
        cloud_batch: requests that the replica runs at once.
        round_trip_s: seconds to the cloud and back.
        cloud_wait_s: seconds in its queue.
        cloud_overhead: power of the building over that of the chips.
        small_params: the model that a device runs at 4 bits for the easy tasks, when cloud and
            device share them.
        hard_share: the share of the tasks that then go to the cloud, in [0, 1].

    Raises:
        ValueError: for what cannot be.
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
            single(name, positive(name, getattr(self, name)))
        for name in ("attachment_bytes", "round_trip_s", "cloud_wait_s"):
            single(name, between(name, getattr(self, name), 0, math.inf))
        single("hard_share", between("hard_share", self.hard_share, 0, 1))
        chip(self.cloud_chip)

    def select_deployment_strategy(self, model_size, latency_requirement, bandwidth_constraint):
        """The DeploymentPlan: each strategy on each device, judged by what is required.

        `latency_requirement`: seconds from the question to the last token. `bandwidth_constraint`:
        bytes/s of the network, 0 for none. `on_device` runs the model as it is, at 16 bits,
        `quantized_local` at 8 and 4, `cloud_edge` a small model on the device and the rest in the
        cloud, `cloud_only` all of it there. A server counts as the cloud, not as a device.
        """
        shape = models.model(model_size, "model_size")
        single("model_size", shape.n_params)
        limit = single("latency_requirement", positive("latency_requirement", latency_requirement))
        bandwidth = between("bandwidth_constraint", bandwidth_constraint, 0, math.inf)
        single("bandwidth_constraint", bandwidth)
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
        """The DeploymentOption that runs the model on the device at `bits` a weight and scales."""
        device = edge_device(device, self.devices)
        shape = models.model(model_size, "model_size")
        fit = memory_fit(shape, device, bits, self._context)
        server = device.server(shape, quantised(shape.n_params, bits).bits_per_param)
        seconds = server.answer_s(self.prompt_tokens, self.answer_tokens)
        too_large = (
            f"needs {format_bytes(fit.used_bytes)}, {device.name} has "
            f"{format_bytes(device.memory_bytes)}"
        )
        return DeploymentOption(
            strategy="on_device" if bits >= 16 else "quantized_local",
            device=device.name,
            bits=bits,
            seconds=seconds,
            worst_seconds=seconds,
            tokens_per_s=fit.tokens_per_s,
            energy_j=device.power_w * seconds,
            reason="" if fit.fits else too_large,
        )

    def in_the_cloud(self, model_size, bandwidth_constraint):
        """The DeploymentOption that asks the cloud; it takes for ever without a network."""
        shape = models.model(model_size, "model_size")
        servers = (Server(shape, self.cloud_chip, n_gpus=n) for n in _CLOUD_GPUS)
        roomy = (s for s in servers if s.largest_batch(self._context) >= self.cloud_batch)
        server = next(roomy, None)
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
        busy_s = prefill + self.answer_tokens * step / self.cloud_batch
        chip_w = math.inf if server.chip.power_w is None else server.chip.power_w
        return DeploymentOption(
            strategy="cloud_only",
            device=f"{server.n_gpus} {self.cloud_chip}",
            bits=16,
            seconds=seconds,
            worst_seconds=seconds,
            tokens_per_s=plain(1 / step),
            energy_j=chip_w * server.n_gpus * self.cloud_overhead * busy_s,
            reason="" if bandwidth_constraint else "no network",
        )

    def shared(self, model_size, device, bandwidth_constraint):
        """The DeploymentOption in which the device takes the easy tasks, the cloud the hard ones.

        `seconds` and energy are means over tasks, `worst_seconds` that of the slower way.
        """
        local = self.on_the_device(self.small_params, device, 4)
        cloud = self.in_the_cloud(model_size, bandwidth_constraint)
        share = self.hard_share

        def mean(on_the_device, in_the_cloud):
            if share == 0:  # not 0 · infinity, where there is no network
                return on_the_device
            return (1 - share) * on_the_device + share * in_the_cloud

        return DeploymentOption(
            strategy="cloud_edge",
            device=local.device,
            bits=4,
            seconds=mean(local.seconds, cloud.seconds),
            worst_seconds=max(local.seconds, cloud.seconds if share else 0.0),
            tokens_per_s=mean(local.tokens_per_s, cloud.tokens_per_s),
            energy_j=mean(local.energy_j, cloud.energy_j),
            reason=local.reason or (cloud.reason if share else ""),
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
        single("model", shape.n_params)
        room = device.free_bytes - shape.kv_cache_bytes(1, self._context)
        plans = [quantised(shape.n_params, bits) for bits in (16, 8, 4)]
        plans.append(CompressionPlan(shape.n_params, 4, 0.5, "2:4", group_size=SCALE_GROUP))
        for plan in plans:
            if plan.weight_bytes <= room:
                return plan
        small = quantised(self.largest_model(device), 4)
        return dataclasses.replace(small, distilled_from=shape.n_params)

    def largest_model(self, target_device, bits=4):
        """The most parameters that fit with the task's context, at `bits` and their scales.

        Raises ValueError where the device has no room at all.
        """
        device = edge_device(target_device, self.devices)
        low, high = 1.0, 1e15
        for _ in range(100):
            size = math.sqrt(low * high)
            weights = quantised(size, bits).weight_bytes
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
    reason = f"takes {option.worst_seconds:.3g} s, allowed are {limit:g} s"
    return dataclasses.replace(option, reason=reason)


def _counted(model):
    if hasattr(model, "parameters") and not isinstance(model, str):
        return float(sum(p.numel() for p in model.parameters()))
    return model
