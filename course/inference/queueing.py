"""How long requests wait: Erlang's formula, and simulations of servers that batch and do not.

Times in seconds. A request waits, is served, and its time to answer is both together. Utilisation
is the share of their time that the servers are busy.
"""

import heapq
import math
from dataclasses import dataclass

import numpy as np

from course.units import between, plain, positive, single, whole

MOST_SERVERS = 1000
WARM_UP = 0.1  # the share of a simulation's first requests that arrive while servers are empty


def erlang_c(n_servers, utilisation):
    """The share of requests that must wait at `n_servers` alike, for random arrivals and lengths.

    C = 1 / (rho + (1 - rho) / B), with B of Erlang's recursion 1 / B_k = 1 + k / (c rho B_(k-1)).
    `utilisation` rho in (0, 1], whole `n_servers` up to 1000; both broadcast.
    Source: A. K. Erlang, 1917.
    """
    servers = whole("n_servers", n_servers, 1, MOST_SERVERS)
    rho = positive("utilisation", utilisation, upper=1)
    servers, rho = np.broadcast_arrays(servers, rho)
    inverse_b = np.ones(rho.shape)
    with np.errstate(over="ignore"):
        for k in range(1, int(servers.max()) + 1):
            inverse_b = np.where(k <= servers, 1 + k / (servers * rho) * inverse_b, inverse_b)
        return plain(1 / (rho + (1 - rho) * inverse_b))


@dataclass(frozen=True)
class Queue:
    """Servers that take one request each, in the order of arrival (M/M/c).

    Attributes:
        requests_per_s: that arrive, at random.
        service_s: mean seconds of service, exponential.
        n_servers: alike.
        utilisation: the share of the time that a server is busy.
        p_wait: the share of the requests that wait.
    """

    requests_per_s: float
    service_s: float
    n_servers: float
    utilisation: float
    p_wait: float

    @property
    def mean_wait_s(self):
        """p_wait / (c / service - arrivals)."""
        return self.p_wait / self._slack_per_s

    @property
    def mean_answer_s(self):
        """Waiting and service together."""
        return self.mean_wait_s + self.service_s

    @property
    def mean_present(self):
        """Requests that wait or are served, on average: Little's law, L = arrivals · time."""
        return self.requests_per_s * self.mean_answer_s

    def wait_percentile_s(self, percentile):
        """The wait that `percentile` % of the requests do not exceed; 0 where so many need none."""
        beyond = 1 - between("percentile", percentile, 0, 99.999) / 100
        with np.errstate(divide="ignore"):  # where nobody waits
            return np.maximum(0, np.log(self.p_wait / beyond)) / self._slack_per_s

    @property
    def _slack_per_s(self):
        return self.n_servers / self.service_s - self.requests_per_s


def mmc_queue(requests_per_s, service_s, n_servers):
    """The Queue of random arrivals and exponential service times of mean `service_s`; broadcasts.

    Raises ValueError where the servers are too few: utilisation requests_per_s · service_s /
    n_servers must be below 1, or the queue grows for ever.
    """
    rate, service = positive("requests_per_s", requests_per_s), positive("service_s", service_s)
    servers = whole("n_servers", n_servers, 1, MOST_SERVERS)
    utilisation = rate * service / servers
    if np.any(utilisation >= 1):
        raise ValueError(
            f"n_servers must exceed requests_per_s · service_s = {np.max(rate * service):.4g}, "
            f"or the queue grows for ever; got {np.min(servers):g}"
        )
    with np.errstate(under="ignore"):
        utilisation = np.maximum(utilisation, 1e-300)
    return Queue(rate, service, servers, plain(utilisation), erlang_c(servers, utilisation))


def servers_needed(requests_per_s, service_s, max_wait_s, percentile=99):
    """The least servers whose wait stays within `max_wait_s` for `percentile` % of the requests.

    Never fewer than throughput asks for, floor(requests_per_s · service_s) + 1. Broadcasts.
    Raises ValueError where more than 1000 are needed.
    """
    rate, service = positive("requests_per_s", requests_per_s), positive("service_s", service_s)
    limit = positive("max_wait_s", max_wait_s)
    least = np.floor(rate * service) + 1
    shape = np.broadcast_shapes(*(np.shape(value) for value in (rate, service, limit)))
    if np.max(least) > MOST_SERVERS:
        raise ValueError(
            f"requests_per_s and service_s need {np.max(least):.4g} servers, more than "
            f"{MOST_SERVERS}"
        )

    def too_slow(servers):
        return mmc_queue(rate, service, servers).wait_percentile_s(percentile) > limit

    low = np.broadcast_to(least, shape) - 1.0  # with these the queue grows for ever
    high = np.full(shape, float(MOST_SERVERS))
    if np.any(too_slow(high)):
        raise ValueError(f"max_wait_s of {np.min(limit):g} needs more than {MOST_SERVERS} servers")
    while np.any(high - low > 1):
        middle = np.ceil((low + high) / 2)
        slow = too_slow(middle)
        low, high = np.where(slow, middle, low), np.where(slow, high, middle)
    return plain(high)


@dataclass(frozen=True)
class RequestTimes:
    """What became of each request: when it arrived, when its service began, when it was answered.

    Shapes (requests,), in the order of arrival, in seconds.
    """

    arrival_s: np.ndarray
    start_s: np.ndarray
    finish_s: np.ndarray

    @property
    def wait_s(self):
        """From arrival to the start of service."""
        return self.start_s - self.arrival_s

    @property
    def time_to_answer_s(self):
        """From arrival to the last token."""
        return self.finish_s - self.arrival_s

    def percentile_s(self, percentile):
        """The time to answer that `percentile` % do not exceed, the first tenth left out."""
        percentile = between("percentile", percentile, 0, 100)
        settled = self.time_to_answer_s[int(WARM_UP * len(self.arrival_s)) :]
        return plain(np.percentile(settled, percentile))

    @property
    def mean_present(self):
        """Requests that wait or are served, on average, from first arrival to last answer."""
        return self.time_to_answer_s.sum() / (self.finish_s.max() - self.arrival_s[0])


def simulate_queue(arrival_s, service_s, n_servers):
    """The RequestTimes of servers that take one request at a time, first come first served.

    Shapes: `arrival_s` (requests,), ascending; `service_s` the same. Each request takes the server
    that is free first (Kiefer and Wolfowitz 1955).
    Raises ValueError for arrivals out of order or shapes that differ.
    """
    arrival, service = _requests(arrival_s, "service_s", service_s)
    free = [0.0] * int(whole("n_servers", n_servers, 1, MOST_SERVERS))
    start = np.empty_like(arrival)
    for i, (arrives, takes) in enumerate(zip(arrival.tolist(), service.tolist(), strict=True)):
        start[i] = max(arrives, free[0])
        heapq.heapreplace(free, start[i] + takes)
    return RequestTimes(arrival, start, start + service)


def simulate_batching(arrival_s, decode_steps, step_s, prefill_s=0.0):
    """The RequestTimes of one server that batches continuously: arrivals join the running batch.

    A request is admitted when fewer than `len(step_s)` run, in the order of arrival. Its prompt is
    read first, for `prefill_s`, while all others stand still. Then each step, of `step_s[b - 1]`
    seconds when b run, gives every running request one token, and a request is answered after its
    `decode_steps`. Shapes: `arrival_s` (requests,), ascending; `decode_steps` the same; `step_s`
    (largest batch,); `prefill_s` a number. Between events all requests advance alike, so the time
    jumps from event to event; a request need not wait for a step to end, which is off by a
    fraction of one step.
    Raises ValueError for arrivals out of order or shapes that differ.
    """
    arrival, steps = _requests(arrival_s, "decode_steps", decode_steps)
    pace = np.atleast_1d(positive("step_s", step_s)).tolist()
    prefill_s = single("prefill_s", between("prefill_s", prefill_s, 0, math.inf))
    times, steps = arrival.tolist(), steps.tolist()
    start, finish = np.empty_like(arrival), np.empty_like(arrival)
    running = []  # (the clock at which it is done, request); the clock counts steps
    clock = now = 0.0
    joined = 0
    while joined < len(times) or running:
        room = joined < len(times) and len(running) < len(pace)
        joins = max(now, times[joined]) if room else math.inf
        step = pace[len(running) - 1] if running else 0.0
        done = now + (running[0][0] - clock) * step if running else math.inf
        if done <= joins:
            now, (clock, request) = done, heapq.heappop(running)
            finish[request] = now
        else:
            if running:
                clock += (joins - now) / step
            start[joined] = joins
            now = joins + prefill_s
            heapq.heappush(running, (clock + steps[joined], joined))
            joined += 1
    return RequestTimes(arrival, start, finish)


def random_arrivals(requests_per_s, n_requests, seed=0):
    """Ascending arrival times (n_requests,) in seconds of a Poisson stream: the same each time."""
    rate = positive("requests_per_s", requests_per_s)
    rng = np.random.default_rng(seed)
    return (
        np.cumsum(
            rng.exponential(
                size=int(single("n_requests", whole("n_requests", n_requests, 1, 10**7)))
            )
        )
        / rate
    )


def _requests(arrival_s, name, work):
    arrival = np.atleast_1d(between("arrival_s", arrival_s, 0, math.inf))
    work = np.atleast_1d(positive(name, work))
    if arrival.ndim != 1 or work.shape != arrival.shape:
        raise ValueError(
            f"arrival_s and {name} must be of one shape (requests,), got {arrival.shape} and "
            f"{work.shape}"
        )
    if np.any(np.diff(arrival) < 0):
        raise ValueError("arrival_s must be in ascending order")
    return arrival, work
