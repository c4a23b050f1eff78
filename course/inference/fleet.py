"""How many GPUs answer so many requests in time: replicas, queues and the lowest rent.

A replica is one Server that batches continuously. Requests come at random; each reads a prompt of
`prompt_tokens` and writes an answer of random length, `answer_tokens` on average (exponential).
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from course.inference import models
from course.inference.parallel import Sharing, without_copies
from course.inference.queueing import RequestTimes, random_arrivals, simulate_batching
from course.inference.server import Server
from course.inference.times import ServiceTimes, service_times
from course.units import plain, positive, single

PERCENTILES = (50, 90, 95, 99)
GPUS_OF_A_REPLICA = (1, 2, 4, 8, 16, 32)
_GPUS_OF_A_MACHINE = 8  # a replica is larger only where these do not hold the model
_CURVE_REQUESTS = 5000
_LOADS = np.array([0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.3, 0.45, 0.6, 0.7, 0.8, 0.88, 0.95])


# --- a replica ------------------------------------------------------------------------------------


def best_replica(shape, chip, traffic, max_answer_s, percentile=99, **assumptions):
    """(Server, ServiceTimes) of the most requests per second and chip, among all replicas.

    1, 2, 4 or 8 chips, 16 or 32 where 8 do not hold the model; in tensor parallelism, and where
    that copies a cache or the model is a mixture of experts, also as `without_copies` shares it.
    Counted at the largest batch that still gives a long answer in time; where none does, even for
    a lone request, the quickest step decides.

    Args:
        shape: a name, size or shape, see `course.inference.models.model`.
        chip: a name or Chip.
        traffic: a Traffic, of which the rate is not used.
        max_answer_s: seconds from the arrival to the last token.
        percentile: the share of the answers, in %, that this is promised to.
        assumptions: further arguments of Server.

    Raises:
        ValueError: where 32 chips do not hold the model.
    """

    def rate_and_pace(replica):
        server, times = replica
        batch = times.batch_in_time(max_answer_s, percentile)
        rate = batch and 1 / times.seconds_per_request[batch - 1] / server.n_gpus
        return rate, -times.step_s[0]

    shape = _one_shape(shape)
    replicas = _replicas(shape, chip, traffic, assumptions)
    if not replicas:
        raise _too_large(shape, [Server(shape, chip).chip.name])
    return max(replicas, key=rate_and_pace)


def _one_shape(shape):
    shape = models.model(shape, "model_size")
    single("model_size", shape.n_params)
    return shape


def _replicas(shape, chip, traffic, assumptions):
    """(Server, ServiceTimes) of each replica that holds the model, the smallest first."""
    replicas = []
    for n_gpus in GPUS_OF_A_REPLICA:
        if replicas and n_gpus > _GPUS_OF_A_MACHINE:
            break
        # Both, where they differ; a dict keeps their order.
        for sharing in dict.fromkeys([Sharing(shape, n_gpus), without_copies(shape, n_gpus)]):
            ways = {"data_parallel": sharing.data_parallel}
            ways |= {"expert_parallel": sharing.expert_parallel, "n_gpus": n_gpus}
            server = Server(shape, chip, **ways, **assumptions)
            if server.largest_batch(traffic.context) >= 1:
                replicas.append((server, service_times(server, traffic)))
    return replicas


def _too_large(shape, chips):
    return ValueError(
        f"model_size of {shape.n_params:.3g} parameters does not fit on {GPUS_OF_A_REPLICA[-1]} "
        f"{' or '.join(chips)}, a replica's most, at these bits a weight"
    )


# --- its queue ------------------------------------------------------------------------------------


def simulate_serving(server, traffic, n_requests=4000, seed=0):
    """The RequestTimes of one replica for `n_requests` of that Traffic; the same for one seed."""
    return _simulated(service_times(server, traffic), traffic.requests_per_s, n_requests, seed)


def _simulated(times, requests_per_s, n_requests, seed):
    arrival = random_arrivals(requests_per_s, n_requests, seed)
    lengths = _lengths(times, len(arrival), seed)
    return simulate_batching(arrival, lengths, times.step_s, times.prefill_s)


def _lengths(times, n_requests, seed):
    """Tokens of each answer, shape (requests,)."""
    return np.random.default_rng([seed, 1]).exponential(times.answer_tokens, n_requests)


def _alone_s(times, percentile, seed):
    """What a latency_curve would begin with, if no request ever met another."""
    seconds = times.prefill_s + _lengths(times, _CURVE_REQUESTS, seed) * times.step_s.min()
    start = np.zeros_like(seconds)
    return RequestTimes(start, start, seconds).percentile_s(percentile)


@dataclass(frozen=True)
class LatencyCurve:
    """Simulated times to answer of one replica, by how many requests per second it gets.

    Shapes: `requests_per_s` (loads,), `seconds` (4, loads) for PERCENTILES. The curve ends at 95 %
    of what the replica can do; beyond it the queue has no steady length worth a number.
    """

    server: Server
    times: ServiceTimes
    requests_per_s: np.ndarray = field(repr=False)
    seconds: np.ndarray = field(repr=False)

    @property
    def most_requests_per_s(self):
        """What the replica answers when it never waits for work."""
        return float(self.times.most_requests_per_s)

    def time_to_answer_s(self, requests_per_s, percentile=99):
        """Seconds that `percentile` % of the answers do not exceed; infinite beyond the curve."""
        row = self.seconds[_row(percentile)]
        rate = positive("requests_per_s", requests_per_s)
        at = np.log(self.requests_per_s)
        return plain(np.interp(np.log(rate), at, row, right=math.inf))

    def highest_rate(self, max_answer_s, percentile=99):
        """The most requests per second within the target; 0 where one alone takes too long."""
        row = self.seconds[_row(percentile)]
        limit = positive("max_answer_s", max_answer_s)
        rate = np.exp(np.interp(limit, row, np.log(self.requests_per_s)))
        return plain(np.where(limit < row[0], 0.0, rate))

    def fleet(self, requests_per_s, max_answer_s, percentile=99):
        """The Fleet with the fewest replicas, to which requests are dealt out at random.

        Each replica then gets random requests too, at its share of the rate. Beside it the number
        that throughput alone would ask for. Raises ValueError where a lone request takes too long.
        """
        rate = single("requests_per_s", positive("requests_per_s", requests_per_s))
        limit = single("max_answer_s", positive("max_answer_s", max_answer_s))
        each = self.highest_rate(limit, percentile)
        if each == 0:
            alone = self.seconds[_row(percentile)][0]
            raise ValueError(
                f"max_answer_s must be at least {alone:.3g} s here, the time that {percentile} % "
                f"of the answers take even where nobody else asks; got {max_answer_s:g}"
            )
        n = math.ceil(rate / each)
        return Fleet(
            curve=self,
            requests_per_s=rate,
            n_replicas=n,
            n_replicas_by_throughput=math.ceil(rate / self.most_requests_per_s),
            percentile_s={p: self.time_to_answer_s(rate / n, p) for p in PERCENTILES},
        )


def latency_curve(server, traffic, n_requests=_CURVE_REQUESTS, seed=0):
    """The LatencyCurve of a Server: one simulation for each of 14 loads, 0.5 to 95 % of the most.

    The rate of `traffic` is not used. With 5000 requests a 99th percentile is known to about a
    tenth; the same random numbers serve every load, so that the curve is smooth.
    """
    return _latency_curve(server, service_times(server, traffic), n_requests, seed)


def _latency_curve(server, times, n_requests=_CURVE_REQUESTS, seed=0):
    seconds = _curve_s(
        times.prefill_s,
        tuple(times.step_s.tolist()),
        times.answer_tokens,
        single("n_requests", positive("n_requests", n_requests)),
        seed,
    )
    return LatencyCurve(server, times, _LOADS * float(times.most_requests_per_s), seconds)


@lru_cache(maxsize=256)
def _curve_s(prefill_s, step_s, answer_tokens, n_requests, seed):
    """Kept, since a slider of rates or targets asks for the same curves over and over."""
    times = ServiceTimes(prefill_s, np.array(step_s), answer_tokens)
    rates = _LOADS * times.most_requests_per_s
    answers = [_simulated(times, rate, n_requests, seed) for rate in rates]
    by_percentile = [[load.percentile_s(p) for load in answers] for p in PERCENTILES]
    # More requests never make answers faster; what remains of chance is flattened.
    seconds = np.maximum.accumulate(by_percentile, axis=1)
    seconds.flags.writeable = False  # every caller gets this array
    return seconds


def _row(percentile):
    if percentile not in PERCENTILES:
        raise ValueError(f"percentile must be one of {PERCENTILES}, got {percentile!r}")
    return PERCENTILES.index(percentile)


# --- a fleet --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fleet:
    """Replicas enough for a latency target.

    Attributes:
        curve: the LatencyCurve of one replica.
        requests_per_s: of all replicas together.
        n_replicas: that answer in time.
        n_replicas_by_throughput: that would only keep up.
        percentile_s: seconds to answer by percentile of the requests.
    """

    curve: LatencyCurve = field(repr=False)
    requests_per_s: float
    n_replicas: int
    n_replicas_by_throughput: int
    percentile_s: dict

    @property
    def server(self):
        """The Server that each replica is."""
        return self.curve.server

    @property
    def times(self):
        """The ServiceTimes of a replica."""
        return self.curve.times

    @property
    def n_gpus(self):
        """GPUs of all replicas."""
        return self.n_replicas * self.server.n_gpus

    @property
    def n_gpus_by_throughput(self):
        """GPUs that would only keep up, in whole replicas."""
        return self.n_replicas_by_throughput * self.server.n_gpus

    @property
    def utilisation(self):
        """The share of what the replicas could do that they are asked for."""
        return self.requests_per_s / self.n_replicas / self.curve.most_requests_per_s


def cheapest_fleet(shape, prices, traffic, max_answer_s, percentile=99, seed=0, **assumptions):
    """The Fleet of the lowest rent that answers `percentile` % within `max_answer_s`.

    Over the chips of `prices` and the replicas that `best_replica` lists. For one chip this is the
    fewest GPUs. Between equals the smaller replica.

    Args:
        shape: a name, size or shape, see `course.inference.models.model`.
        prices: USD per GPU-hour by the name of the chip.
        traffic: a Traffic.
        max_answer_s: seconds from the arrival to the last token.
        percentile: one of PERCENTILES.
        seed: of the simulated requests.
        assumptions: further arguments of Server.

    Raises:
        ValueError: where no chip holds the model or none answers in time.
    """
    shape, rate = _one_shape(shape), traffic.requests_per_s
    limit = single("max_answer_s", positive("max_answer_s", max_answer_s))
    row, candidates = _row(percentile), []
    for name, price in prices.items():
        for server, times in _replicas(shape, name, traffic, assumptions):
            least = math.ceil(rate / times.most_requests_per_s) * server.n_gpus * price
            alone = _alone_s(times, percentile, seed)
            candidates.append(_Candidate(least, server.n_gpus, price, server, times, alone))
    if not candidates:
        raise _too_large(shape, prices)
    # None can be quicker than alone: only the others need a simulation.
    in_reach = [c for c in candidates if c.alone_s <= limit]
    in_reach = in_reach or [min(candidates, key=lambda c: c.alone_s)]
    curves, best = [], None
    for c in sorted(in_reach, key=lambda c: (c.least_rent, c.n_gpus)):
        if best and c.least_rent > best[0]:
            break  # dearer by throughput alone, and so are all that follow: no need to simulate
        curve = _latency_curve(c.server, c.times, seed=seed)
        curves.append(curve)
        if curve.highest_rate(limit, percentile):
            fleet = curve.fleet(rate, limit, percentile)
            offer = (fleet.n_gpus * c.price, c.n_gpus, fleet)
            best = min(best or offer, offer, key=lambda offer: offer[:2])
    if best is None:  # the quickest of them says how long it takes
        min(curves, key=lambda curve: curve.seconds[row, 0]).fleet(rate, limit, percentile)
    return best[-1]


@dataclass(frozen=True)
class _Candidate:
    least_rent: float  # USD per hour of enough replicas to keep up
    n_gpus: int
    price: float
    server: Server
    times: ServiceTimes
    alone_s: float
