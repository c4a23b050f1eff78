"""What GPUs cost by the hour, by the month and by the token, and the plan that a fleet makes."""

from dataclasses import dataclass, field

import numpy as np

from course.display import table
from course.evidence import fact
from course.inference.fleet import Fleet
from course.inference.serving import PrefixCaching, useful_prefix_caching
from course.units import positive

HOURS_PER_MONTH = 365.25 * 24 / 12


def rental_prices():
    """USD per GPU-hour, by chip, from the facts `price.…`: of a range its middle."""
    ranges = {"H200": "price.h200_range", "A100": "price.a100_range"}
    known = {"H100": "price.h100", "RTX-4090": "price.rtx-4090", "L4": "price.l4"}
    prices = {name: float(fact(key)) for name, key in known.items()}
    return prices | {name: float(np.mean(fact(key).value)) for name, key in ranges.items()}


def monthly_rent(n_gpus, price_usd_per_gpu_hour):
    """USD for `n_gpus` whole GPUs, for all of a month's 730.5 hours."""
    price = positive("price_usd_per_gpu_hour", price_usd_per_gpu_hour)
    return positive("n_gpus", n_gpus) * price * HOURS_PER_MONTH


def rent_per_million_tokens(usd_per_month, traffic):
    """USD for a million tokens of prompts and answers, when the Traffic shares a month's rent."""
    tokens_per_month = traffic.tokens_per_year / 12
    return positive("usd_per_month", usd_per_month) / tokens_per_month * 1e6


@dataclass(frozen=True)
class MonthlyCost:
    """Rent in USD per month of whole GPUs, and of one place in the batch that all of them run."""

    n_gpus: int
    usd_per_month: float
    usd_per_place: float


@dataclass(frozen=True)
class ServingConfig:
    """What `estimate_optimal_serving_config` recommends.

    Attributes:
        required_gpus: whole GPUs that answer in time.
        required_gpus_by_throughput: what the document's quotient, requests over throughput, gives.
        gpu_type: the chip's name.
        optimal_batch_size: sequences that a replica should run at once, at most.
        cache_recommendation: the PrefixCaching of a shared prefix if it pays, or None.
        estimated_monthly_cost: rent in USD per month.
        usd_per_million_tokens: of prompts and answers.
        fleet: the Fleet behind it.
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
        server = self.fleet.server
        joined = f", {server.links.name}" if server.n_gpus > 1 else ""
        rows = [
            (
                "GPUs",
                f"{self.required_gpus} {self.gpu_type}",
                f"{self.fleet.n_replicas} replicas of {server.n_gpus}{joined}",
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


def serving_config(fleet, price_usd_per_gpu_hour, traffic, max_answer_s, percentile=99):
    """The ServingConfig that a Fleet comes to, at the price of one of its GPUs.

    Args:
        fleet: the Fleet.
        price_usd_per_gpu_hour: of its chip.
        traffic: the Traffic that it answers.
        max_answer_s: its target, in seconds.
        percentile: the share of the answers, in %, that keep the target.
    """
    rent = monthly_rent(fleet.n_gpus, price_usd_per_gpu_hour)
    batch = fleet.times.useful_batch(traffic.requests_per_s, max_answer_s, percentile)
    return ServingConfig(
        required_gpus=fleet.n_gpus,
        required_gpus_by_throughput=fleet.n_gpus_by_throughput,
        gpu_type=fleet.server.chip.name,
        optimal_batch_size=batch,
        cache_recommendation=useful_prefix_caching(fleet.server, traffic),
        estimated_monthly_cost=rent,
        usd_per_million_tokens=rent_per_million_tokens(rent, traffic),
        fleet=fleet,
    )
