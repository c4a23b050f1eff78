"""What the pictures and explorers of chapter 5 show: pure functions, tested without a widget."""

from dataclasses import dataclass, field

import numpy as np

from course.accounting import chip
from course.inference import models
from course.inference.devices import EdgeDevice, MemoryFit, edge_device, memory_fit
from course.inference.edge import EdgeAIDeployer
from course.inference.fleet import Fleet, cheapest_fleet
from course.inference.lifetime import lifetime_optimum
from course.inference.parallel import Sharing, without_copies
from course.inference.price import monthly_rent, rent_per_million_tokens, rental_prices
from course.inference.queueing import erlang_c
from course.inference.roofline import usd_per_million_tokens
from course.inference.server import Server, Step
from course.inference.times import Traffic
from course.scaling import extrapolating
from course.units import positive, single

# --- numbers in pictures and sentences ------------------------------------------------------------


def usd(value):
    """0.0345 -> "0.035 USD", 152.3 -> "152 USD"."""
    return f"{value:,.0f} USD" if value >= 100 else f"{value:.2g} USD"


def short(value):
    """0.01234 -> "0.0123", 12345.6 -> "12,346": three digits, and no powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# --- the roofline ---------------------------------------------------------------------------------

PATH_BATCHES = 2.0 ** np.arange(0, 11)


@dataclass(frozen=True)
class RooflineView:
    """Where the parts of a pass lie under the roof of a chip; FLOP/s for each GPU.

    Attributes:
        server: the Server that decodes.
        batch: sequences.
        context: tokens of each.
        decode: the Step that writes a token of each.
        prefill: the Step that reads one prompt of `context` tokens.
        points: name -> (intensity in FLOP per byte, FLOP/s).
        path: intensities and FLOP/s of the products for batches of 1, 2, 4, … 1024.
        usd_per_million_tokens: of decoding; None where no price is known.
    """

    server: Server
    batch: float
    context: float
    decode: Step
    prefill: Step
    points: dict
    path: tuple[np.ndarray, np.ndarray] = field(repr=False)
    usd_per_million_tokens: float | None

    def roof(self, intensity, phase=None):
        """FLOP/s at most: by the data sheet, or reached in `phase`, "decode" or "prefill"."""
        return _roof(self.server, intensity, *_shares(self.server, phase))

    def ridge(self, phase):
        """FLOP per byte from which computing is the limit in `phase`."""
        mfu, mbu = _shares(self.server, phase)
        bandwidth = self.server.chip.bandwidth_bytes_per_s * mbu
        return self.server.peak_flop_per_s * mfu / bandwidth


def _shares(server, phase):
    """The shares of the peak and of the bandwidth that are reached."""
    mfu = {None: 1.0, "decode": server.decode_mfu, "prefill": server.prefill_mfu}[phase]
    return mfu, server.mbu if phase else 1.0


def _roof(server, intensity, mfu, mbu):
    bandwidth = intensity * server.chip.bandwidth_bytes_per_s * mbu
    return np.minimum(server.peak_flop_per_s * mfu, bandwidth)


def roofline_view(model, chip_name, batch, context, weight_bits=16):
    """The RooflineView of decoding a batch, on as few chips as hold the weights and its caches.

    1, 2, 4, … or 1024 chips: in tensor parallelism, or where its copies of the caches do not fit,
    shared without copies.

    Args:
        model: a name, size or shape.
        chip_name: of all GPUs.
        batch: sequences.
        context: tokens of each.
        weight_bits: of a weight.

    Raises:
        ValueError: where 1024 chips do not hold them.
    """
    batch = single("batch", positive("batch", batch))
    context = single("context", positive("context", context))
    server = _smallest_server(models.model(model, "model"), chip_name, batch, context, weight_bits)
    decode, prefill = server.decode(batch, context), server.prefill(1, context)
    shape, n_gpus = server.model, server.n_gpus

    def products(n_tokens):
        flops = n_tokens * shape.forward_flops(1, 1)
        return flops / (n_gpus * server.sharing.params_read(n_tokens) * weight_bits / 8)

    attention = decode.flops - batch * shape.forward_flops(1, 1)
    path, price = products(PATH_BATCHES), rental_prices().get(server.chip.name)
    points = {
        "products": (products(batch), "decode"),
        "attention": (attention / server.kv_bytes(batch, context), "decode"),
        "prefill": (prefill.intensity, "prefill"),
    }
    return RooflineView(
        server=server,
        batch=batch,
        context=context,
        decode=decode,
        prefill=prefill,
        points={
            name: (float(x), float(_roof(server, x, *_shares(server, phase))))
            for name, (x, phase) in points.items()
        },
        path=(path, _roof(server, path, *_shares(server, "decode"))),
        usd_per_million_tokens=price
        and usd_per_million_tokens(decode.tokens_per_s, price, server.n_gpus),
    )


def _smallest_server(shape, chip_name, batch, context, weight_bits):
    for n_gpus in (2 ** np.arange(11)).tolist():
        for sharing in (Sharing(shape, n_gpus), without_copies(shape, n_gpus)):
            server = Server(
                shape,
                chip_name,
                n_gpus=n_gpus,
                data_parallel=sharing.data_parallel,
                expert_parallel=sharing.expert_parallel,
                weight_bits=weight_bits,
            )
            if server.largest_batch(context) >= batch:
                return server
    raise ValueError(
        f"batch of {batch:g} with {context:g} tokens each fits on no 1024 {server.chip.name}"
    )


# --- serve it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServeView:
    """The fleet for a rate and a target, and what it costs.

    Attributes:
        fleet: the Fleet of the fewest GPUs.
        max_answer_s: the target, in seconds.
        percentile: the share of the answers, in %, that keep it.
        usd_per_month: rent; None where no price is known.
        usd_per_million_tokens: of prompts and answers; None likewise.
        unbatched_requests_per_s: what all replicas would answer if each took one at a time.
    """

    fleet: Fleet
    max_answer_s: float
    percentile: int
    usd_per_month: float | None
    usd_per_million_tokens: float | None
    unbatched_requests_per_s: float

    @property
    def curve(self):
        """The LatencyCurve of a replica."""
        return self.fleet.curve


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

    Args:
        requests_per_s: on average.
        max_answer_s: the target, in seconds.
        model: a name, size or shape.
        chip_name: of all GPUs.
        prompt_tokens: of a request.
        answer_tokens: of a request, on average.
        percentile: the share of the answers, in %, that keep the target.
    """
    traffic = Traffic(requests_per_s, prompt_tokens, answer_tokens)
    name = chip(chip_name).name
    any_price = {name: 1.0}  # of one chip the cheapest fleet is the smallest
    fleet = cheapest_fleet(model, any_price, traffic, max_answer_s, percentile)
    price = rental_prices().get(name)
    rent = price and monthly_rent(fleet.n_gpus, price)
    return ServeView(
        fleet=fleet,
        max_answer_s=max_answer_s,
        percentile=percentile,
        usd_per_month=rent,
        usd_per_million_tokens=rent and rent_per_million_tokens(rent, traffic),
        unbatched_requests_per_s=float(fleet.n_replicas / fleet.times.seconds_per_request[0]),
    )


# --- does it fit? ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeviceView:
    """A model on a device at 16, 8 and 4 bits, and the same question asked of the cloud.

    Attributes:
        device: the EdgeDevice.
        n_params: of the model.
        context: tokens of the prompt.
        fits: the MemoryFit by bits of a weight.
        answer_s: seconds to the last token on the device, by bits.
        energy_j: joule of an answer there, by bits.
        cloud_s: seconds to the last token from the cloud.
        cloud_j: joule of an answer there.
        largest_params: the most parameters that the device holds at 4 bits.
    """

    device: EdgeDevice
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
    """The DeviceView of a dense model.

    Args:
        n_params: of the model.
        device: a name of EDGE_DEVICES or an EdgeDevice.
        context: tokens of the prompt.
        answer_tokens: of the answer.
        bandwidth_bytes_per_s: of the network to the cloud, 0 for none.
    """
    device = edge_device(device)
    single("n_params", positive("n_params", n_params))
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


# --- still pictures -------------------------------------------------------------------------------


@dataclass(frozen=True)
class WaitingView:
    """The share of requests that wait, by Erlang's formula, and as simulated.

    `curves`: servers -> (utilisation, share), arrays. `points`: (servers, utilisation, share).
    """

    curves: dict
    points: tuple = ()


def waiting_view(n_servers=(1, 4, 16, 64), simulated=()):
    """The WaitingView of these numbers of servers; `simulated` are its points."""
    rho = np.linspace(0.01, 0.99, 99)
    return WaitingView({n: (rho, erlang_c(n, rho)) for n in n_servers}, tuple(simulated))


@dataclass(frozen=True)
class LifetimeView:
    """The best model for its lifetime over the Chinchilla-optimal one of the same loss.

    `ratios`: what is compared -> ratio, shape (points,), against `n_inference_tokens` (points,).
    """

    n_inference_tokens: np.ndarray
    ratios: dict


def lifetime_view(law, loss, n_inference_tokens):
    """The LifetimeView of a law and a loss for these numbers of tokens, ascending."""
    with extrapolating():
        best = lifetime_optimum(law, loss, n_inference_tokens)
    ratios = {
        "training tokens": best.n_train_tokens / best.chinchilla_n_train_tokens,
        "parameters": best.size_ratio,
        "lifetime FLOP": 1 - best.saved,
    }
    return LifetimeView(np.asarray(n_inference_tokens, float), ratios)
