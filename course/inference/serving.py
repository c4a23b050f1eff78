"""How many GPUs answer so many requests in time: roofline and queue together.

A replica is one Server that batches continuously. Requests come at random; each reads a prompt of
`prompt_tokens` and writes an answer of random length, `answer_tokens` on average (exponential).
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from course.display import table
from course.inference import models
from course.inference.queueing import RequestTimes, random_arrivals, simulate_batching
from course.inference.roofline import Server
from course.inference.values import plain, scalar
from course.units import between, format_bytes, positive

SECONDS_PER_YEAR = 365.25 * 86_400
MOST_RUNNING = 256  # sequences that an engine runs at once: an assumption, and vLLM's old default
PERCENTILES = (50, 90, 95, 99)
GPUS_OF_A_REPLICA = (1, 2, 4, 8, 16, 32)
GPUS_OF_A_MACHINE = 8  # that share fast links; more only where these do not hold the model
_CURVE_REQUESTS = 5000
_LOADS = np.array([0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.3, 0.45, 0.6, 0.7, 0.8, 0.88, 0.95])


@dataclass(frozen=True)
class Traffic:
    """Requests per second on average, and the mean tokens of a prompt and of an answer.

    The first `shared_prefix_tokens` of each prompt are the same for all and kept in the cache:
    they need not be read again. (That they could be stored once for the batch is not counted.)
    Single numbers. Raises ValueError unless the rest are positive and the prefix is shorter than
    the prompt.
    """

    requests_per_s: float = 1.0
    prompt_tokens: float = 500.0
    answer_tokens: float = 200.0
    shared_prefix_tokens: float = 0.0

    def __post_init__(self):
        for name in ("requests_per_s", "prompt_tokens", "answer_tokens"):
            scalar(name, getattr(self, name))
        scalar("shared_prefix_tokens", self.shared_prefix_tokens, zero=True)
        if self.shared_prefix_tokens >= self.prompt_tokens:
            raise ValueError(
                f"shared_prefix_tokens must be fewer than prompt_tokens = {self.prompt_tokens}, "
                f"got {self.shared_prefix_tokens}"
            )

    @property
    def context(self):
        """Tokens that a running request has behind it: the prompt, and a mean answer.

        Not half of one: long answers run longer, so they are met more often.
        """
        return self.prompt_tokens + self.answer_tokens

    @property
    def tokens_per_year(self):
        """Prompts and answers of a year."""
        return self.requests_per_s * self.context * SECONDS_PER_YEAR


@dataclass(frozen=True)
class ServiceTimes:
    """What a replica needs: `prefill_s` for a prompt, `step_s[b - 1]` for a step of b sequences."""

    prefill_s: float
    step_s: np.ndarray = field(repr=False)
    answer_tokens: float

    @property
    def largest_batch(self):
        """Sequences that may run at once."""
        return len(self.step_s)

    @property
    def seconds_per_request(self):
        """What a request keeps a replica busy for, by the number that run; shape (batch,)."""
        running = np.arange(1, self.largest_batch + 1)
        return self.prefill_s + self.answer_tokens * self.step_s / running

    @property
    def most_requests_per_s(self):
        """What a replica answers when it never waits for work: throughput, whatever the latency."""
        return 1 / self.seconds_per_request.min()


def service_times(server, traffic):
    """The ServiceTimes of a Server under such Traffic, for every batch that fits, up to 256.

    Raises ValueError where not one sequence fits beside the weights.
    """
    fits = int(min(MOST_RUNNING, server.largest_batch(traffic.context)))
    if fits < 1:
        raise ValueError(
            f"the model does not fit: its weights take {format_bytes(server.weight_bytes)}, "
            f"{server.n_gpus} {server.chip.name} have {format_bytes(server.memory_bytes)} for "
            "them and a cache; take more GPUs or fewer bits"
        )
    prefix = traffic.shared_prefix_tokens
    prefill = server.prefill(1, traffic.prompt_tokens - prefix, n_cached=prefix)
    steps = server.decode(np.arange(1, fits + 1), traffic.context)
    return ServiceTimes(float(prefill.seconds), steps.seconds, float(traffic.answer_tokens))


def long_answer_s(times, percentile=99):
    """Seconds, without a queue, for the answer that is longer than `percentile` % of all.

    Shape (batch,). Of exponential lengths the 99th percentile is 4.6 times the mean.
    """
    beyond = 1 - scalar("percentile", percentile, 99.999, zero=True) / 100
    length = -times.answer_tokens * math.log(beyond)
    return times.prefill_s + length * times.step_s


def batch_in_time(times, max_answer_s, percentile=99):
    """The largest batch that still gives a long answer in time; 0 where none does."""
    in_time = long_answer_s(times, percentile) <= scalar("max_answer_s", max_answer_s)
    return int(np.flatnonzero(in_time)[-1]) + 1 if in_time.any() else 0


def best_replica(shape, chip, traffic, max_answer_s, percentile=99, **assumptions):
    """(Server, ServiceTimes) on as many chips as give the most requests per second and chip.

    Counted at the largest batch that still gives a long answer in time; where no number of chips
    does, even for a lone request, the quickest step decides. 1, 2, 4 or 8 chips, 16 or 32 where 8
    do not hold the model. `assumptions` are those of Server. Raises ValueError where 32 do not.
    """

    def rate_and_pace(one):
        server, times = one
        batch = batch_in_time(times, max_answer_s, percentile)
        rate = batch and 1 / times.seconds_per_request[batch - 1] / server.n_gpus
        return rate, -times.step_s[0]

    found = _replicas(shape, chip, traffic, assumptions)
    if not found:
        raise _too_large(shape, [Server(shape, chip).chip.name])
    return max(found, key=rate_and_pace)


def _replicas(shape, chip, traffic, assumptions):
    """(Server, ServiceTimes) of each replica that holds the model, the smallest first."""
    found = []
    for n_gpus in GPUS_OF_A_REPLICA:
        if found and n_gpus > GPUS_OF_A_MACHINE:
            break
        server = Server(shape, chip, n_gpus=n_gpus, **assumptions)
        if server.largest_batch(traffic.context) >= 1:
            found.append((server, service_times(server, traffic)))
    return found


def _too_large(shape, chips):
    n_params = models.model(shape, "model").n_params
    return ValueError(
        f"model_size of {n_params:.3g} parameters does not fit on {GPUS_OF_A_REPLICA[-1]} "
        f"{' or '.join(chips)}, a replica's most, at these bits a weight"
    )


def simulate_serving(server, traffic, n_requests=4000, seed=0):
    """The Answers of one replica to `n_requests` of that Traffic: the same for the same seed."""
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
class Fleet:
    """Replicas enough for a latency target. `percentile_s`: times to answer by percentile."""

    server: Server
    requests_per_s: float
    n_replicas: int
    n_replicas_by_throughput: int
    utilisation: float
    percentile_s: dict

    @property
    def n_gpus(self):
        """GPUs of all replicas."""
        return self.n_replicas * self.server.n_gpus


@dataclass(frozen=True)
class LatencyCurve:
    """Simulated times to answer of one replica, by how many requests per second it gets.

    Shapes: `requests_per_s` (loads,), `seconds` (4, loads) for PERCENTILES. The curve ends at 95 %
    of what the replica can do; beyond it the queue has no steady length worth a number.
    """

    server: Server
    most_requests_per_s: float
    requests_per_s: np.ndarray = field(repr=False)
    seconds: np.ndarray = field(repr=False)

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
        rate = scalar("requests_per_s", requests_per_s)
        each = self.highest_rate(scalar("max_answer_s", max_answer_s), percentile)
        if each == 0:
            alone = self.seconds[_row(percentile)][0]
            raise ValueError(
                f"max_answer_s must be at least {alone:.3g} s here, the time that {percentile} % "
                f"of the answers take even where nobody else asks; got {max_answer_s:g}"
            )
        n = math.ceil(rate / each)
        return Fleet(
            server=self.server,
            requests_per_s=rate,
            n_replicas=n,
            n_replicas_by_throughput=math.ceil(rate / self.most_requests_per_s),
            utilisation=rate / n / self.most_requests_per_s,
            percentile_s={p: self.time_to_answer_s(rate / n, p) for p in PERCENTILES},
        )


def latency_curve(server, traffic, n_requests=_CURVE_REQUESTS, seed=0):
    """The LatencyCurve of a Server: one simulation for each of 14 loads, 0.5 to 95 % of the most.

    The rate of `traffic` is not used. With 5000 requests a 99th percentile is known to about a
    tenth; the same random numbers serve every load, so that the curve is smooth.
    """
    times = service_times(server, traffic)
    most = float(times.most_requests_per_s)
    seconds = _curve_s(
        times.prefill_s,
        tuple(times.step_s.tolist()),
        times.answer_tokens,
        scalar("n_requests", n_requests),
        seed,
    )
    return LatencyCurve(server, most, _LOADS * most, seconds)


@lru_cache(maxsize=256)
def _curve_s(prefill_s, step_s, answer_tokens, n_requests, seed):
    """A slider of rates or targets asks for the same curves again and again."""
    times = ServiceTimes(prefill_s, np.array(step_s), answer_tokens)
    rates = _LOADS * times.most_requests_per_s
    answers = [_simulated(times, rate, n_requests, seed) for rate in rates]
    found = [[one.percentile_s(p) for one in answers] for p in PERCENTILES]
    # More requests never make answers faster; what remains of chance is flattened.
    seconds = np.maximum.accumulate(found, axis=1)
    seconds.flags.writeable = False  # all who ask get this one
    return seconds


def cheapest_fleet(shape, prices, traffic, max_answer_s, percentile=99, seed=0, **assumptions):
    """(Fleet, LatencyCurve): the lowest rent that answers `percentile` % within `max_answer_s`.

    Over the chips of `prices`, USD per GPU-hour by name, and 1, 2, 4 or 8 GPUs to a replica (16 or
    32 where 8 do not hold the model). For one chip this is the fewest GPUs. Between equals the
    smaller replica. `assumptions` are those of Server.
    Raises ValueError where no chip holds the model or none answers in time.
    """
    rate, limit = traffic.requests_per_s, scalar("max_answer_s", max_answer_s)
    row, replicas = _row(percentile), []
    for name, price in prices.items():
        for server, times in _replicas(shape, name, traffic, assumptions):
            least = math.ceil(rate / times.most_requests_per_s) * server.n_gpus * price
            alone = _alone_s(times, percentile, seed)
            replicas.append((least, server.n_gpus, price, server, alone))
    if not replicas:
        raise _too_large(shape, prices)
    # None can be quicker than alone: only the others need a simulation.
    quickest = min(replicas, key=lambda one: one[-1])
    in_reach = [one for one in replicas if one[-1] <= limit] or [quickest]
    curves, best = [], (math.inf,)
    for least, size, price, server, _ in sorted(in_reach, key=lambda one: one[:2]):
        if least > best[0]:
            break  # dearer by throughput alone, and so are all that follow: no need to simulate
        curve = latency_curve(server, traffic, seed=seed)
        curves.append(curve)
        if curve.highest_rate(limit, percentile):
            fleet = curve.fleet(rate, limit, percentile)
            best = min(best, (fleet.n_gpus * price, size, fleet, curve), key=lambda one: one[:2])
    if len(best) == 1:  # the quickest of them says how long it takes
        min(curves, key=lambda curve: curve.seconds[row, 0]).fleet(rate, limit, percentile)
    return best[2:]


def _row(percentile):
    if percentile not in PERCENTILES:
        raise ValueError(f"percentile must be one of {PERCENTILES}, got {percentile!r}")
    return PERCENTILES.index(percentile)


# --- prefix caching -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrefixCaching:
    """What keeping the cache of a shared prefix saves on each request, and what it occupies."""

    saved_flops: float
    saved_s: float
    saved_share: float  # of the prefill
    kv_bytes: float
    memory_share: float  # of what weights and caches may fill
    break_even_requests_per_s: float

    def _repr_html_(self):
        rows = [
            (
                "saved on a request",
                f"{1e3 * self.saved_s:.3g} ms",
                f"{self.saved_share:.0%} of reading its prompt",
            ),
            ("kept", format_bytes(self.kv_bytes), f"{self.memory_share:.2%} of the memory"),
            ("worth it from", f"{self.break_even_requests_per_s:.2g} requests/s", "each replica"),
        ]
        return table("A shared prefix, kept in the KV cache", ("", "value", ""), rows)


def prefix_caching(server, prompt_tokens, prefix_tokens):
    """The PrefixCaching of `prefix_tokens` that all prompts of `prompt_tokens` start with.

    It pays from the rate at which the share of the replica's time that it saves exceeds the share
    of its memory that it holds. Raises ValueError unless the prefix is shorter than the prompt.
    """
    prompt = positive("prompt_tokens", prompt_tokens)
    prefix = positive("prefix_tokens", prefix_tokens)
    if np.any(np.greater_equal(prefix, prompt)):
        raise ValueError(f"prefix_tokens must be fewer than prompt_tokens, got {prefix_tokens!r}")
    whole, rest = server.prefill(1, prompt), server.prefill(1, prompt - prefix, n_cached=prefix)
    kept = server.kv_bytes(1, prefix)
    saved = np.maximum(whole.seconds - rest.seconds, 0)
    share = kept / server.memory_bytes
    with np.errstate(divide="ignore"):
        break_even = np.divide(share, saved)
    return PrefixCaching(
        saved_flops=whole.flops - rest.flops,
        saved_s=plain(saved),
        saved_share=plain(saved / whole.seconds),
        kv_bytes=kept,
        memory_share=share,
        break_even_requests_per_s=plain(break_even),
    )


# --- speculative decoding -------------------------------------------------------------------------


def expected_tokens(acceptance, n_draft):
    """(1 - a^(g+1)) / (1 - a): tokens that a pass over the large model yields on average.

    A draft model proposes `n_draft` = g tokens, each accepted with chance `acceptance` = a in
    [0, 1] while those before it were; the pass adds one of its own. g + 1 where a = 1. Broadcasts.
    Source: Leviathan et al. 2023, arXiv:2211.17192, eq. 1.
    """
    a, g = between("acceptance", acceptance, 0, 1), positive("n_draft", n_draft)
    a, g = np.broadcast_arrays(a, g)
    safe = np.where(a < 1, a, 0.0)
    tokens = np.where(a < 1, (1 - safe ** (g + 1)) / (1 - safe), g + 1)
    return plain(tokens)


def speculative_speedup(acceptance, n_draft, cost_ratio, check_ratio=1.0):
    """expected_tokens / (g · c + check_ratio): how much faster tokens come than one by one.

    `cost_ratio` = c: time of a draft token over that of a pass of the large model. `check_ratio`:
    time of its pass over g + 1 tokens over that of a pass over one: 1 in the paper, as long as
    memory is the limit (`check_ratio` of a Server and a batch computes it). Below 1 it slows down.
    Source: Leviathan et al. 2023, arXiv:2211.17192, theorem 3.8.
    """
    tokens = expected_tokens(acceptance, n_draft)
    cost = positive("cost_ratio", cost_ratio) * positive("n_draft", n_draft)
    return tokens / (cost + positive("check_ratio", check_ratio))


def check_ratio(server, n_draft, batch, context):
    """Seconds of a pass that checks `n_draft` + 1 tokens of each sequence, over those of one token.

    Near 1 for small batches, up to n_draft + 1 for large ones: speculation buys latency with
    computing that a full batch has no spare of.
    """
    checked = positive("n_draft", n_draft) + 1
    pass_s = server.prefill(batch, checked, n_cached=positive("context", context)).seconds
    return pass_s / server.decode(batch, context).seconds
