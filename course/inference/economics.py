"""A §5.1's `InferenceScalingEconomics`, right by default, with all that the document leaves out."""

import dataclasses
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from course.accounting.hardware import chip as find_chip
from course.display import table
from course.evidence import as_written, fact
from course.inference import models
from course.inference.roofline import Server, usd_per_million_tokens
from course.inference.serving import (
    PERCENTILES,
    SECONDS_PER_YEAR,
    Fleet,
    PrefixCaching,
    Traffic,
    batch_in_time,
    best_replica,
    cheapest_fleet,
    long_answer_s,
    prefix_caching,
    service_times,
)
from course.inference.values import scalar

HOURS_PER_MONTH = 365.25 * 24 / 12
# 1e9 tokens a year, as A §5.1's comment says, in requests of 500 + 200 tokens.
DOCUMENT_TRAFFIC = Traffic(as_written.INFERENCE_COST["n_tokens"] / 700 / SECONDS_PER_YEAR)


def rental_prices():
    """USD per GPU-hour, by chip, from the facts `price.…`: of a range its middle."""
    ranges = {"H200": "price.h200_range", "A100": "price.a100_range"}
    single = {"H100": "price.h100", "RTX-4090": "price.rtx-4090", "L4": "price.l4"}
    prices = {name: float(fact(key)) for name, key in single.items()}
    return prices | {name: float(np.mean(fact(key).value)) for name, key in ranges.items()}


# --- results --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CostStructure:
    """USD per year, in four parts that add up.

    `compute` and `memory` are the two parts of one bill, that of the GPU's time: the seconds that
    computing takes, and the further seconds in which the chip waits for weights and caches. So the
    price of a GPU-hour, which buys both, is paid once.
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
            "memory": "GPU time spent waiting for weights and KV caches",
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
        rows.append(
            (
                "total",
                f"{self.total:,.2f}",
                "100 %",
                f"{self.usd_per_million_tokens:.3g} USD per million tokens",
            )
        )
        caption = f"A year of {self.tokens_per_year:.3g} tokens"
        return table(caption, ("", "USD per year", "share", "what for"), rows)


@dataclass(frozen=True)
class GpuChoice:
    """One candidate of `recommend_gpu_type`; `reason` says why it cannot serve, or is empty."""

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


@dataclass(frozen=True)
class MonthlyCost:
    """Rent in USD per month of whole GPUs, and of one place in the batch that all of them run."""

    n_gpus: int
    usd_per_month: float
    usd_per_place: float


@dataclass(frozen=True)
class ServingConfig:
    """What `estimate_optimal_serving_config` found. GPUs are whole, rent is USD per month.

    `required_gpus_by_throughput` is what the document's quotient, requests over throughput, gives.
    """

    required_gpus: int
    required_gpus_by_throughput: int
    gpu_type: str
    optimal_batch_size: int
    cache_recommendation: PrefixCaching | None
    estimated_monthly_cost: float
    usd_per_million_tokens: float
    fleet: Fleet = field(repr=False)

    def _repr_html_(self):
        seconds = ", ".join(f"{p} %: {s:.3g} s" for p, s in self.fleet.percentile_s.items())
        too_few = self.required_gpus_by_throughput < self.required_gpus
        rows = [
            (
                "GPUs",
                f"{self.required_gpus} {self.gpu_type}",
                f"{self.fleet.n_replicas} replicas of {self.fleet.server.n_gpus}",
            ),
            (
                "by throughput alone",
                f"{self.required_gpus_by_throughput}",
                "GPUs: not in time" if too_few else "GPUs: in time too",
            ),
            ("answered within", seconds, "of the requests: time"),
            ("largest useful batch", f"{self.optimal_batch_size}", "sequences a replica"),
            ("busy", f"{self.fleet.utilisation:.0%}", "of what they could do"),
            ("rent", f"{self.estimated_monthly_cost:,.0f}", "USD per month"),
            ("tokens", f"{self.usd_per_million_tokens:.3g}", "USD per million"),
        ]
        return table(f"{self.fleet.requests_per_s:g} requests/s", ("", "value", "unit"), rows)


# --- the calculator -------------------------------------------------------------------------------


@dataclass(frozen=True)
class InferenceScalingEconomics:
    """What it costs to answer, A §5.1. The fields are the assumptions; methods keep their order.

    `model_size` is a number of parameters (a dense model of the usual shape), the name of a model
    (`course.inference.models.model_names()`) or a TransformerShape. `price_usd_per_gpu_hour` None
    means that of `rental_prices()` for `chip`. `max_answer_s`: within this time `percentile` % of
    the requests must be answered. `mfu`, `mbu`, `weight_bits`, `kv_bits`: as in Server.
    `storage_usd_per_gb_month` and `egress_usd_per_gb` are list prices of large clouds, rounded;
    `bytes_per_token` that of English text; `weight_downloads_per_year` to each replica. Costs per
    year count the GPU seconds in use, as if others fill the rest; a month's rent counts whole GPUs.
    Raises ValueError for a chip without a price and for assumptions that cannot be.
    """

    chip: str = "H100"
    price_usd_per_gpu_hour: float | None = None
    traffic: Traffic = DOCUMENT_TRAFFIC
    max_answer_s: float = 30.0
    percentile: int = 99
    mfu: float = 0.3
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
        if not isinstance(self.traffic, Traffic):
            raise ValueError(f"traffic must be a Traffic, got {self.traffic!r}")
        price = self.price_usd_per_gpu_hour
        if price is None:
            prices = rental_prices()
            if self.chip not in prices:
                raise ValueError(
                    f"price_usd_per_gpu_hour must be given for {self.chip}: prices are known of "
                    f"{', '.join(prices)}"
                )
            price = prices[self.chip]
        scalar("price_usd_per_gpu_hour", price)
        object.__setattr__(self, "price_usd_per_gpu_hour", price)
        for name in ("max_answer_s", "bytes_per_token"):
            scalar(name, getattr(self, name))
        for name in ("mfu", "mbu"):
            scalar(name, getattr(self, name), 1)
        for name in ("weight_bits", "kv_bits"):
            scalar(name, getattr(self, name), 64)
        costs = ("storage_usd_per_gb_month", "egress_usd_per_gb", "weight_downloads_per_year")
        for name in costs:
            scalar(name, getattr(self, name), zero=True)
        if self.percentile not in PERCENTILES:
            raise ValueError(f"percentile must be one of {PERCENTILES}, got {self.percentile!r}")

    # --- the costs of a year ---

    def analyze_cost_structure(self, model_size, traffic_patterns):
        """The CostStructure of a year of `traffic_patterns`, a Traffic."""
        if not isinstance(traffic_patterns, Traffic):
            raise ValueError(f"traffic_patterns must be a Traffic, got {traffic_patterns!r}")
        its = dataclasses.replace(self, traffic=traffic_patterns)
        return CostStructure(
            compute=its.calculate_compute_cost(model_size),
            memory=its.calculate_memory_cost(model_size),
            storage=its.calculate_storage_cost(model_size),
            networking=its.calculate_networking_cost(model_size, traffic_patterns),
            tokens_per_year=traffic_patterns.tokens_per_year,
        )

    def calculate_compute_cost(self, model_size):
        """USD per year: FLOP of the year's tokens / (peak · mfu) · price. Sizes broadcast.

        2 N for each token, and attention over what it sees.
        """
        server, t = Server(_model(model_size), **self._assumptions), self.traffic
        flops = server.prefill(
            1, t.prompt_tokens - t.shared_prefix_tokens, n_cached=t.shared_prefix_tokens
        ).flops
        flops = flops + t.answer_tokens * server.decode(1, t.context).flops
        return self._rent_of(flops / (server.peak_flop_per_s * self.mfu))

    def calculate_memory_cost(self, model_size):
        """USD per year for the GPU time beyond computing: waiting for weights, caches and links.

        At `find_optimal_batch_size` for a full load. What GPUs with more memory would save, since
        a batch could be larger, is no part of it.
        """
        return self._for_each(model_size, self._memory_cost)

    def calculate_storage_cost(self, model_size):
        """USD per year for one copy of the weights on disk. Sizes broadcast."""
        gigabytes = _model(model_size).weight_bytes(self.weight_bits) / 1e9
        return gigabytes * self.storage_usd_per_gb_month * 12

    def calculate_networking_cost(self, model_size, traffic_patterns):
        """USD per year for text that leaves and for weights on their way to a replica.

        Both at `egress_usd_per_gb`; of the text the answers alone, since what comes in is free.
        """
        if not isinstance(traffic_patterns, Traffic):
            raise ValueError(f"traffic_patterns must be a Traffic, got {traffic_patterns!r}")
        t = traffic_patterns
        text = t.requests_per_s * SECONDS_PER_YEAR * t.answer_tokens * self.bytes_per_token
        weights = _model(model_size).weight_bytes(self.weight_bits)
        moved = text + weights * self.weight_downloads_per_year
        return moved / 1e9 * self.egress_usd_per_gb

    # --- the servers ---

    def estimate_optimal_serving_config(self, model_size, qps_requirements):
        """The ServingConfig of the lowest rent that answers `qps_requirements` requests/s in time.

        Among the fleets of every chip with a price and every number of GPUs to a replica, see
        `cheapest_fleet`. Not always the chip of `recommend_gpu_type`: a chip that is cheapest with
        full batches may have to run small ones to be in time. Latency percentiles come from a
        simulation of the batched replicas, not from a quotient. Raises ValueError where no chip
        answers in time.
        """
        qps = scalar("qps_requirements", qps_requirements)
        prices = self._prices()
        assumptions = self._assumptions | {"seed": self.seed}
        del assumptions["chip"]
        fleet, _ = cheapest_fleet(
            _model(model_size),
            prices,
            dataclasses.replace(self.traffic, requests_per_s=qps),
            self.max_answer_s,
            self.percentile,
            **assumptions,
        )
        gpu_type = fleet.server.chip.name
        its = dataclasses.replace(self, chip=gpu_type, price_usd_per_gpu_hour=prices[gpu_type])
        batch = its._useful_batch(service_times(fleet.server, its.traffic), qps)
        cost = its.estimate_monthly_cost(fleet.n_gpus, batch)
        tokens_per_month = qps * its.traffic.context * HOURS_PER_MONTH * 3600
        return ServingConfig(
            required_gpus=fleet.n_gpus,
            required_gpus_by_throughput=fleet.n_replicas_by_throughput * fleet.server.n_gpus,
            gpu_type=gpu_type,
            optimal_batch_size=batch,
            cache_recommendation=its._useful_cache(fleet.server, qps),
            estimated_monthly_cost=cost.usd_per_month,
            usd_per_million_tokens=cost.usd_per_month / tokens_per_month * 1e6,
            fleet=fleet,
        )

    def get_gpu_throughput(self, model_size):
        """Requests per second of one GPU that is never idle, at the batch that suits it best.

        An upper bound: at this rate requests wait without end. Sizes broadcast.
        """
        return self._for_each(model_size, self._throughput)

    def find_optimal_batch_size(self, model_size, qps_requirements):
        """The batch a replica should allow: larger is cheaper, until one of three limits.

        What fits in memory beside the weights; what still answers in time, prompt and an answer
        that is longer than `percentile` % of them; what the traffic fills, by Little's law
        (requests/s · seconds each), when it all goes to one replica.
        """
        qps = scalar("qps_requirements", qps_requirements)
        _, times = self._replica(_model(model_size))
        return self._useful_batch(times, qps)

    def _useful_batch(self, times, qps):
        in_time = max(1, batch_in_time(times, self.max_answer_s, self.percentile))
        running = np.arange(1, times.largest_batch + 1)
        present = qps * (times.prefill_s + times.answer_tokens * times.step_s)
        filled = np.flatnonzero(present <= running)  # so many run by themselves, no more come
        return int(min(in_time, filled[0] + 1 if filled.size else times.largest_batch))

    def get_cache_recommendation(self, qps_requirements, model_size=7e9):
        """The PrefixCaching of the traffic's shared prefix if keeping it pays; None otherwise.

        It pays from `break_even_requests_per_s` of a replica on. None where prompts share nothing.
        """
        qps = scalar("qps_requirements", qps_requirements)
        server, _ = self._replica(_model(model_size))
        return self._useful_cache(server, qps)

    def _useful_cache(self, server, qps):
        prefix = self.traffic.shared_prefix_tokens
        if prefix == 0:
            return None
        caching = prefix_caching(server, self.traffic.prompt_tokens, prefix)
        return caching if qps >= caching.break_even_requests_per_s else None

    def recommend_gpu_type(self, model_size):
        """The GpuRecommendation for full batches: cheapest per token among all chips with a price.

        A candidate must hold the weights and a cache on at most 32 GPUs, and answer a request that
        comes alone within `max_answer_s`, even a long one. Raises ValueError where none does.
        """
        shape, prices = _model(model_size), self._prices().items()
        found = tuple(self._candidate(shape, name, price) for name, price in prices)
        serving = [c for c in found if not c.reason]
        if not serving:
            reasons = "; ".join(f"{c.gpu_type} {c.reason}" for c in found)
            raise ValueError(f"model_size fits no chip in time: {reasons}")
        best = min(serving, key=lambda c: c.usd_per_million_tokens)
        return GpuRecommendation(best.gpu_type, best.n_gpus, best.usd_per_million_tokens, found)

    def estimate_monthly_cost(self, required_gpus, optimal_batch_size):
        """The MonthlyCost of renting: whole GPUs, for all of a month's 730.5 hours.

        The batch does not change the rent, but how many share it.
        """
        gpus = math.ceil(scalar("required_gpus", required_gpus))
        batch = scalar("optimal_batch_size", optimal_batch_size)
        usd = gpus * self.price_usd_per_gpu_hour * HOURS_PER_MONTH
        return MonthlyCost(gpus, usd, usd / (gpus * batch))

    # --- parts ---

    @cached_property
    def _assumptions(self):
        names = ("chip", "mfu", "mbu", "weight_bits", "kv_bits")
        return {name: getattr(self, name) for name in names}

    def _prices(self):
        return rental_prices() | {self.chip: self.price_usd_per_gpu_hour}

    def _rent_of(self, seconds_per_request):
        year = self.traffic.requests_per_s * SECONDS_PER_YEAR
        return year * seconds_per_request / 3600 * self.price_usd_per_gpu_hour

    def _replica(self, shape):
        return best_replica(
            shape,
            traffic=self.traffic,
            max_answer_s=self.max_answer_s,
            percentile=self.percentile,
            **self._assumptions,
        )

    def _seconds_per_request(self, times):
        """A replica's, at the largest batch in time; alone where none is."""
        batch = max(1, batch_in_time(times, self.max_answer_s, self.percentile))
        return float(times.seconds_per_request[batch - 1])

    def _memory_cost(self, shape):
        server, times = self._replica(shape)
        gpu_s = self._seconds_per_request(times) * server.n_gpus
        return self._rent_of(gpu_s) - self.calculate_compute_cost(shape)

    def _throughput(self, shape):
        server, times = self._replica(shape)
        return 1 / self._seconds_per_request(times) / server.n_gpus

    def _candidate(self, shape, name, price):
        its = dataclasses.replace(self, chip=name, price_usd_per_gpu_hour=price)
        try:
            server, times = its._replica(shape)
        except ValueError:
            return GpuChoice(name, 0, math.inf, math.inf, "does not hold it")
        alone = long_answer_s(times, self.percentile)[0]
        tokens_per_s = self.traffic.context / its._seconds_per_request(times)
        return GpuChoice(
            gpu_type=name,
            n_gpus=server.n_gpus,
            usd_per_million_tokens=usd_per_million_tokens(tokens_per_s, price, server.n_gpus),
            seconds_alone=float(alone),
            reason="" if alone <= self.max_answer_s else f"takes {alone:.3g} s for a long answer",
        )

    def _for_each(self, model_size, function):
        shape = _model(model_size)
        if np.ndim(shape.n_params) == 0:
            return float(function(shape))
        sizes = np.asarray(shape.n_params)
        each = [function(models.TypicalTransformer(float(n))) for n in sizes.flat]
        return np.array(each).reshape(sizes.shape)


def _model(model_size):
    return models.model(model_size, "model_size")
