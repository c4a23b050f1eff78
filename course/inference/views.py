"""What the explorers of chapter 5 compute: pure functions, tested without a widget."""

from dataclasses import dataclass, field

import numpy as np

from course.accounting import chip, params_read
from course.inference import models
from course.inference.economics import HOURS_PER_MONTH, rental_prices
from course.inference.edge import EdgeAIDeployer, MemoryFit, edge_device, memory_fit
from course.inference.roofline import Server, Step, usd_per_million_tokens
from course.inference.serving import (
    Fleet,
    LatencyCurve,
    Traffic,
    cheapest_fleet,
    service_times,
)
from course.inference.values import scalar

PATH_BATCHES = 2.0 ** np.arange(0, 11)


@dataclass(frozen=True)
class RooflineView:
    """Where the parts of a pass lie under the roof of a chip; FLOP/s for each GPU.

    `points`: name -> (intensity in FLOP per byte, FLOP/s). `path`: the products' points for
    batches of 1, 2, 4, … 1024.
    """

    server: Server
    batch: float
    context: float
    decode: Step
    prefill: Step
    points: dict
    path: tuple[np.ndarray, np.ndarray] = field(repr=False)
    usd_per_million_tokens: float | None

    def roof(self, intensity, reached=True):
        """FLOP/s under the data sheet's roof, or under the one that kernels reach."""
        return _roof(self.server, intensity, reached)


def _roof(server, intensity, reached=True):
    mfu, mbu = (server.mfu, server.mbu) if reached else (1, 1)
    bandwidth = intensity * server.chip.bandwidth_bytes_per_s * mbu
    return np.minimum(server.peak_flop_per_s * mfu, bandwidth)


def roofline_view(model, chip_name, batch, context, weight_bits=16):
    """The RooflineView of decoding `batch` sequences of `context` tokens.

    On as few chips (1, 2, 4, …, 1024) as hold the weights and that many caches. Raises ValueError
    where 1024 do not.
    """
    batch, context = scalar("batch", batch), scalar("context", context)
    shape = models.model(model, "model")
    for n_gpus in 2 ** np.arange(11):
        server = Server(shape, chip_name, n_gpus=int(n_gpus), weight_bits=weight_bits)
        if server.largest_batch(context) >= batch:
            break
    else:
        raise ValueError(
            f"batch of {batch:g} with {context:g} tokens each fits on no 1024 {server.chip.name}"
        )
    decode, prefill = server.decode(batch, context), server.prefill(1, context)

    def products(n_tokens):
        flops = n_tokens * shape.forward_flops(1, 1)
        return flops / (params_read(shape, n_tokens) * weight_bits / 8)

    looks = decode.flops - batch * shape.forward_flops(1, 1)
    at = {
        "products": products(batch),
        "attention": looks / server.kv_bytes(batch, context),
        "prefill": prefill.intensity,
    }
    path, price = products(PATH_BATCHES), rental_prices().get(server.chip.name)
    return RooflineView(
        server=server,
        batch=batch,
        context=context,
        decode=decode,
        prefill=prefill,
        points={name: (float(x), float(_roof(server, x))) for name, x in at.items()},
        path=(path, _roof(server, path)),
        usd_per_million_tokens=price
        and usd_per_million_tokens(decode.tokens_per_s, price, server.n_gpus),
    )


@dataclass(frozen=True)
class ServeView:
    """The fleet for a rate and a target, the curve behind it, and what it costs.

    `unbatched_requests_per_s`: all that its replicas would answer if each took one at a time.
    """

    fleet: Fleet
    curve: LatencyCurve
    max_answer_s: float
    percentile: int
    usd_per_month: float | None
    usd_per_million_tokens: float | None
    unbatched_requests_per_s: float


def serve_view(
    requests_per_s,
    max_answer_s,
    model,
    chip_name="H100",
    prompt_tokens=500,
    answer_tokens=200,
    percentile=99,
):
    """The ServeView of the fewest GPUs that answer in time; ValueError where none do.

    Every number of GPUs to a replica is tried, see course.inference.cheapest_fleet.
    """
    traffic = Traffic(requests_per_s, prompt_tokens, answer_tokens)
    name = chip(chip_name).name
    any_price = {name: 1.0}  # of one chip the cheapest fleet is the smallest
    fleet, curve = cheapest_fleet(
        models.model(model, "model"), any_price, traffic, max_answer_s, percentile
    )
    price = rental_prices().get(name)
    rent = price and fleet.n_gpus * price * HOURS_PER_MONTH
    tokens = requests_per_s * traffic.context * HOURS_PER_MONTH * 3600
    alone = service_times(fleet.server, traffic).seconds_per_request[0]
    return ServeView(
        fleet,
        curve,
        max_answer_s,
        percentile,
        rent,
        rent and rent / tokens * 1e6,
        float(fleet.n_replicas / alone),
    )


@dataclass(frozen=True)
class DeviceView:
    """A model on a device at 16, 8 and 4 bits, and the same question asked of the cloud."""

    device: object
    n_params: float
    context: float
    fits: dict[int, MemoryFit]
    answer_s: dict[int, float]
    energy_j: dict[int, float]
    cloud_s: float
    cloud_j: float
    largest_params: float

    @property
    def best_bits(self):
        """The most bits a weight with which it fits; None where 4 do not."""
        return next((bits for bits, fit in self.fits.items() if fit.fits), None)


BITS = (16, 8, 4)


def device_view(n_params, device, context, answer_tokens=200, bandwidth_bytes_per_s=1e6):
    """The DeviceView of a dense model of `n_params`, with `context` tokens before the answer."""
    device = edge_device(device)
    scalar("n_params", n_params)
    deployer = EdgeAIDeployer(prompt_tokens=context, answer_tokens=answer_tokens)
    local = {bits: deployer.on_the_device(n_params, device, bits) for bits in BITS}
    cloud = deployer.in_the_cloud(n_params, bandwidth_bytes_per_s)
    return DeviceView(
        device=device,
        n_params=n_params,
        context=context,
        fits={bits: memory_fit(n_params, device, bits, context + answer_tokens) for bits in BITS},
        answer_s={bits: option.seconds for bits, option in local.items()},
        energy_j={bits: option.energy_j for bits, option in local.items()},
        cloud_s=cloud.seconds,
        cloud_j=cloud.energy_j,
        largest_params=deployer.largest_model(device),
    )
