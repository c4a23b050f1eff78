"""A §5.1's `InferenceScalingEconomics`, right by default, with all that the document leaves out.

Every method goes one way: the shape of the model, a server that holds it, its times, and where many
ask, a fleet; what stands here is their price.
"""

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np

from course.accounting.hardware import chip as find_chip
from course.display import table
from course.evidence import as_written
from course.inference import models
from course.inference.fleet import PERCENTILES, best_replica, cheapest_fleet
from course.inference.price import MonthlyCost, monthly_rent, rental_prices, serving_config
from course.inference.roofline import usd_per_million_tokens
from course.inference.server import Server
from course.inference.serving import useful_prefix_caching
from course.inference.times import SECONDS_PER_YEAR, Traffic
from course.units import between, plain, positive, single

# 1e9 tokens a year, as A §5.1's comment says, in requests of 500 + 200 tokens.
DOCUMENT_TRAFFIC = Traffic(as_written.INFERENCE_COST["n_tokens"] / 700 / SECONDS_PER_YEAR)


# --- results --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CostStructure:
    """USD per year, in four parts that add up.

    `compute` and `memory` are the two parts of one bill, that of the GPU's time, so that the price
    of a GPU-hour, which buys both, is paid once.

    Attributes:
        compute: for the seconds that arithmetic takes.
        memory: for the further seconds, in which the chip waits for weights, caches and links.
        storage: for the weights on disk.
        networking: for text in and out, and weights on their way to a replica.
        tokens_per_year: of prompts and answers.
    """

    compute: float
    memory: float
    storage: float
    networking: float
    tokens_per_year: float

    @property
    def total(self):
        """All four."""
        return self.compute + self.memory + self.storage + self.networking

    @property
    def breakdown(self):
        """Each part in % of the total, under the document's keys."""
        names = ("compute", "memory", "storage", "networking")
        return {f"{name}_percentage": getattr(self, name) / self.total * 100 for name in names}

    @property
    def usd_per_million_tokens(self):
        """Of prompts and answers together."""
        return self.total / self.tokens_per_year * 1e6

    def _repr_html_(self):
        meaning = {
            "compute": "GPU time that arithmetic takes",
            "memory": "GPU time spent waiting for weights, KV caches and links",
            "storage": "the weights on disk",
            "networking": "text in and out, weights to each replica",
        }
        rows = [
            (
                name,
                f"{getattr(self, name):,.2f}",
                f"{self.breakdown[f'{name}_percentage']:.1f} %",
                words,
            )
            for name, words in meaning.items()
        ]
        per_million = f"{self.usd_per_million_tokens:.3g} USD per million tokens"
        rows.append(("total", f"{self.total:,.2f}", "100 %", per_million))
        caption = f"A year of {self.tokens_per_year:.3g} tokens"
        return table(caption, ("", "USD per year", "share", "what for"), rows)


@dataclass(frozen=True)
class GpuChoice:
    """One candidate of `recommend_gpu_type`.

    Attributes:
        gpu_type: the chip's name.
        n_gpus: of a replica; 0 where no replica holds the model.
        usd_per_million_tokens: with full batches.
        seconds_alone: for a long answer to a request that comes alone.
        reason: why it cannot serve; empty where it can.
    """

    gpu_type: str
    n_gpus: int
    usd_per_million_tokens: float
    seconds_alone: float
    reason: str = ""


@dataclass(frozen=True)
class GpuRecommendation:
    """The cheapest chip that answers in time, of how many a replica is made, and all candidates."""

    gpu_type: str
    n_gpus: int
    usd_per_million_tokens: float
    candidates: tuple[GpuChoice, ...] = field(repr=False)

    def _repr_html_(self):
        rows = [
            (
                c.gpu_type,
                f"{c.n_gpus}" if c.n_gpus else "–",
                f"{c.usd_per_million_tokens:.3g}" if c.n_gpus else "–",
                f"{c.seconds_alone:.3g}" if c.n_gpus else "–",
                c.reason or "serves",
            )
            for c in self.candidates
        ]
        header = ("", "GPUs of a replica", "USD per million tokens", "s alone, long answer", "")
        return table(f"Cheapest: {self.gpu_type}", header, rows)


# --- the calculator -------------------------------------------------------------------------------


@dataclass(frozen=True)
class InferenceScalingEconomics:
    """What it costs to answer, A §5.1. The fields are the assumptions; methods keep their order.

    The `model_size` of the methods is a number of parameters (a dense model of the usual shape),
    the name of a model (`course.inference.models.model_names()`) or a TransformerShape. Costs per
    year count the GPU seconds in use, as if others fill the rest; a month's rent counts whole GPUs.

    Attributes:
        chip: a name.
        price_usd_per_gpu_hour: None means that of `rental_prices()` for the chip.
        traffic: a Traffic.
        max_answer_s: seconds within which `percentile` % of the requests must be answered.
        percentile: one of 50, 90, 95, 99.
        prefill_mfu: share of the peak FLOP/s reached in reading prompts, as in Server.
        decode_mfu: the same in writing.
        mbu: share of the memory bandwidth reached.
        weight_bits: of a weight.
        kv_bits: of a number in the KV cache.
        storage_usd_per_gb_month: a list price of large clouds, rounded.
        egress_usd_per_gb: a list price of large clouds, rounded, for what leaves.
        bytes_per_token: of English text.
        weight_downloads_per_year: of the weights, to each replica.
        seed: of the simulated requests.

    Raises:
        ValueError: for a chip without a price and for assumptions that cannot be.
    """

    chip: str = "H100"
    price_usd_per_gpu_hour: float | None = None
    traffic: Traffic = DOCUMENT_TRAFFIC
    max_answer_s: float = 30.0
    percentile: int = 99
    prefill_mfu: float = 0.5
    decode_mfu: float = 0.3
    mbu: float = 0.7
    weight_bits: float = 16
    kv_bits: float = 16
    storage_usd_per_gb_month: float = 0.023
    egress_usd_per_gb: float = 0.09
    bytes_per_token: float = 4.0
    weight_downloads_per_year: float = 12.0
    seed: int = 0

    def __post_init__(self):
        find_chip(self.chip)
        _checked_traffic("traffic", self.traffic)
        price = self.price_usd_per_gpu_hour
        if price is None:
            prices = rental_prices()
            if self.chip not in prices:
                raise ValueError(
                    f"price_usd_per_gpu_hour must be given for {self.chip}: prices are known of "
                    f"{', '.join(prices)}"
                )
            price = prices[self.chip]
        single("price_usd_per_gpu_hour", positive("price_usd_per_gpu_hour", price))
        object.__setattr__(self, "price_usd_per_gpu_hour", price)
        limits = dict.fromkeys(("max_answer_s", "bytes_per_token"), math.inf)
        limits |= dict.fromkeys(("prefill_mfu", "decode_mfu", "mbu"), 1)
        limits |= dict.fromkeys(("weight_bits", "kv_bits"), 64)
        for name, upper in limits.items():
            single(name, positive(name, getattr(self, name), upper=upper))
        costs = ("storage_usd_per_gb_month", "egress_usd_per_gb", "weight_downloads_per_year")
        for name in costs:
            single(name, between(name, getattr(self, name), 0, math.inf))
        if self.percentile not in PERCENTILES:
            raise ValueError(f"percentile must be one of {PERCENTILES}, got {self.percentile!r}")

    # --- the costs of a year ---

    def analyze_cost_structure(self, model_size, traffic_patterns):
        """The CostStructure of a year of `traffic_patterns`, a Traffic."""
        traffic = _checked_traffic("traffic_patterns", traffic_patterns)
        busy = dataclasses.replace(self, traffic=traffic)
        return CostStructure(
            compute=busy.calculate_compute_cost(model_size),
            memory=busy.calculate_memory_cost(model_size),
            storage=busy.calculate_storage_cost(model_size),
            networking=busy.calculate_networking_cost(model_size, traffic),
            tokens_per_year=traffic.tokens_per_year,
        )

    def calculate_compute_cost(self, model_size):
        """USD per year: FLOP of the year's tokens / (peak · MFU) · price. Sizes broadcast.

        2 N for each token, and attention over what it sees; prompts at `prefill_mfu`, answers at
        `decode_mfu`.
        """
        server, t = Server(_model(model_size), self.chip, **self._assumptions), self.traffic
        prefix = t.shared_prefix_tokens
        read = server.prefill(1, t.prompt_tokens - prefix, n_cached=prefix).compute_s
        written = t.answer_tokens * server.decode(1, t.context).compute_s
        return self._rent_of(read + written)

    def calculate_memory_cost(self, model_size):
        """USD per year for the GPU time beyond computing: waiting for weights, caches and links.

        At `find_optimal_batch_size` for a full load. What GPUs with more memory would save, since
        a batch could be larger, is no part of it. Sizes broadcast.
        """
        in_use = self._of_a_replica(model_size, lambda server, s: s * server.n_gpus)
        return self._rent_of(in_use) - self.calculate_compute_cost(model_size)

    def calculate_storage_cost(self, model_size):
        """USD per year for one copy of the weights on disk. Sizes broadcast."""
        gigabytes = _model(model_size).weight_bytes(self.weight_bits) / 1e9
        return gigabytes * self.storage_usd_per_gb_month * 12

    def calculate_networking_cost(self, model_size, traffic_patterns):
        """USD per year for text that leaves and for weights on their way to a replica.

        Both at `egress_usd_per_gb`; of the text the answers alone, since what comes in is free.
        """
        t = _checked_traffic("traffic_patterns", traffic_patterns)
        text = t.requests_per_s * SECONDS_PER_YEAR * t.answer_tokens * self.bytes_per_token
        weights = _model(model_size).weight_bytes(self.weight_bits)
        moved = text + weights * self.weight_downloads_per_year
        return moved / 1e9 * self.egress_usd_per_gb

    # --- the servers ---

    def estimate_optimal_serving_config(self, model_size, qps_requirements):
        """The ServingConfig of the lowest rent that answers `qps_requirements` requests/s in time.

        Among the fleets of every chip with a price, every number of GPUs to a replica and every
        way to share a model, see `cheapest_fleet`. Not always the chip of `recommend_gpu_type`: a
        chip that is cheapest with full batches may have to run small ones to be in time. Latency
        percentiles come from a simulation of the batched replicas, not from a quotient.
        Raises ValueError where no chip answers in time.
        """
        qps = single("qps_requirements", positive("qps_requirements", qps_requirements))
        traffic = dataclasses.replace(self.traffic, requests_per_s=qps)
        target = {"max_answer_s": self.max_answer_s, "percentile": self.percentile}
        prices = self._prices()
        fleet = cheapest_fleet(
            model_size, prices, traffic, **target, seed=self.seed, **self._assumptions
        )
        return serving_config(fleet, prices[fleet.server.chip.name], traffic, **target)

    def get_gpu_throughput(self, model_size):
        """Requests per second of one GPU that is never idle, at the batch that suits it best.

        An upper bound: at this rate requests wait without end. Sizes broadcast.
        """
        return self._of_a_replica(model_size, lambda server, s: 1 / (s * server.n_gpus))

    def find_optimal_batch_size(self, model_size, qps_requirements):
        """The batch a replica should allow: what fits, what is in time, what the traffic fills.

        See `ServiceTimes.useful_batch`; all of the traffic goes to one replica.
        """
        qps = single("qps_requirements", positive("qps_requirements", qps_requirements))
        _, times = self._replica(_model(model_size), self.chip)
        return times.useful_batch(qps, self.max_answer_s, self.percentile)

    def get_cache_recommendation(self, qps_requirements, model_size=7e9):
        """The PrefixCaching of the traffic's shared prefix if keeping it pays; None otherwise.

        It pays from `break_even_requests_per_s` of a replica on. None where prompts share nothing.
        """
        qps = single("qps_requirements", positive("qps_requirements", qps_requirements))
        server, _ = self._replica(_model(model_size), self.chip)
        return useful_prefix_caching(server, dataclasses.replace(self.traffic, requests_per_s=qps))

    def recommend_gpu_type(self, model_size):
        """The GpuRecommendation for full batches: cheapest per token among all chips with a price.

        A candidate must hold the weights and a cache on at most 32 GPUs, and answer a request that
        comes alone within `max_answer_s`, even a long one. Raises ValueError where none does.
        """
        shape, prices = _model(model_size), self._prices().items()
        candidates = tuple(self._candidate(shape, name, price) for name, price in prices)
        serving = [c for c in candidates if not c.reason]
        if not serving:
            reasons = "; ".join(f"{c.gpu_type} {c.reason}" for c in candidates)
            raise ValueError(f"model_size fits no chip in time: {reasons}")
        best = min(serving, key=lambda c: c.usd_per_million_tokens)
        return GpuRecommendation(
            best.gpu_type, best.n_gpus, best.usd_per_million_tokens, candidates
        )

    def estimate_monthly_cost(self, required_gpus, optimal_batch_size):
        """The MonthlyCost of renting: whole GPUs, for all of a month's 730.5 hours.

        The batch does not change the rent, but how many share it.
        """
        gpus = math.ceil(single("required_gpus", positive("required_gpus", required_gpus)))
        batch = single("optimal_batch_size", positive("optimal_batch_size", optimal_batch_size))
        usd = monthly_rent(gpus, self.price_usd_per_gpu_hour)
        return MonthlyCost(gpus, usd, usd / (gpus * batch))

    # --- parts ---

    @property
    def _assumptions(self):
        names = ("prefill_mfu", "decode_mfu", "mbu", "weight_bits", "kv_bits")
        return {name: getattr(self, name) for name in names}

    def _prices(self):
        return rental_prices() | {self.chip: self.price_usd_per_gpu_hour}

    def _rent_of(self, gpu_seconds_per_request):
        year = self.traffic.requests_per_s * SECONDS_PER_YEAR
        return year * gpu_seconds_per_request / 3600 * self.price_usd_per_gpu_hour

    def _replica(self, shape, chip):
        target = (self.max_answer_s, self.percentile)
        return best_replica(shape, chip, self.traffic, *target, **self._assumptions)

    def _of_a_replica(self, model_size, function):
        """function(server, seconds of a replica for a request) for each of the sizes."""
        sizes = _model(model_size)

        def of(shape):
            server, times = self._replica(shape, self.chip)
            return function(server, times.seconds_in_time(self.max_answer_s, self.percentile))

        if np.ndim(sizes.n_params) == 0:
            return float(of(sizes))
        each = [of(models.model(float(n))) for n in np.ravel(sizes.n_params)]
        return plain(np.reshape(each, np.shape(sizes.n_params)))

    def _candidate(self, shape, name, price):
        try:
            server, times = self._replica(shape, name)
        except ValueError:
            return GpuChoice(name, 0, math.inf, math.inf, "does not hold it")
        alone = times.long_answer_s(self.percentile)[0]
        seconds = times.seconds_in_time(self.max_answer_s, self.percentile)
        tokens_per_s = self.traffic.context / seconds
        return GpuChoice(
            gpu_type=name,
            n_gpus=server.n_gpus,
            usd_per_million_tokens=usd_per_million_tokens(tokens_per_s, price, server.n_gpus),
            seconds_alone=float(alone),
            reason="" if alone <= self.max_answer_s else f"takes {alone:.3g} s for a long answer",
        )


def _model(model_size):
    return models.model(model_size, "model_size")


def _checked_traffic(name, value):
    if not isinstance(value, Traffic):
        raise ValueError(f"{name} must be a Traffic, got {value!r}")
    return value
