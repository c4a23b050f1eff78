"""What a replica needs for a request: seconds by the number of sequences that run."""

import math
from dataclasses import dataclass, field

import numpy as np

from course.units import between, format_bytes, positive, single

SECONDS_PER_YEAR = 365.25 * 86_400
MOST_RUNNING = 256  # sequences of a group that an engine runs at once: assumed, vLLM's old default


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
            single(name, positive(name, getattr(self, name)))
        prefix = between("shared_prefix_tokens", self.shared_prefix_tokens, 0, math.inf)
        if single("shared_prefix_tokens", prefix) >= self.prompt_tokens:
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
    """What a replica needs: `prefill_s` for a prompt, `step_s[b - 1]` for a step of b sequences.

    Where groups of its GPUs read prompts of their own, at the same time, `prefill_s` is one
    prompt's share of that time. `answer_tokens`: the mean length of an answer.
    """

    prefill_s: float
    step_s: np.ndarray = field(repr=False)
    answer_tokens: float

    @property
    def largest_batch(self):
        """Sequences that may run at once."""
        return len(self.step_s)

    @property
    def seconds_per_request(self):
        """Seconds of the replica that a request costs, by the number that run; shape (batch,)."""
        running = np.arange(1, self.largest_batch + 1)
        return self.prefill_s + self.answer_tokens * self.step_s / running

    @property
    def most_requests_per_s(self):
        """What a replica answers when it never waits for work: throughput, whatever the latency."""
        return 1 / self.seconds_per_request.min()

    def long_answer_s(self, percentile=99):
        """Seconds, without a queue, for the answer that is longer than `percentile` % of all.

        Shape (batch,). Of exponential lengths the 99th percentile is 4.6 times the mean.
        """
        percentile = single("percentile", between("percentile", percentile, 0, 99.999))
        length = -self.answer_tokens * math.log(1 - percentile / 100)
        return self.prefill_s + length * self.step_s

    def batch_in_time(self, max_answer_s, percentile=99):
        """The largest batch that still gives a long answer in time; 0 where none does."""
        limit = single("max_answer_s", positive("max_answer_s", max_answer_s))
        in_time = self.long_answer_s(percentile) <= limit
        return int(np.flatnonzero(in_time)[-1]) + 1 if in_time.any() else 0

    def useful_batch(self, requests_per_s, max_answer_s, percentile=99):
        """The batch that a replica should allow: larger is cheaper, until one of three limits.

        What fits in memory beside the weights; what still answers in time; what the traffic fills,
        by Little's law (requests/s · seconds each), when it all goes to this replica. At least 1.
        """
        rate = single("requests_per_s", positive("requests_per_s", requests_per_s))
        in_time = max(1, self.batch_in_time(max_answer_s, percentile))
        running = np.arange(1, self.largest_batch + 1)
        present = rate * (self.prefill_s + self.answer_tokens * self.step_s)
        filled = np.flatnonzero(present <= running)  # so many run by themselves, no more come
        return int(min(in_time, filled[0] + 1 if filled.size else self.largest_batch))

    def seconds_in_time(self, max_answer_s, percentile=99):
        """Seconds of the replica for a request, at the largest batch in time; alone where none is.

        What a full replica costs that keeps its promise.
        """
        batch = max(1, self.batch_in_time(max_answer_s, percentile))
        return float(self.seconds_per_request[batch - 1])


def service_times(server, traffic):
    """The ServiceTimes of a Server under such Traffic, for every batch that fits.

    Up to 256 sequences for each group of GPUs. Raises ValueError where not one sequence fits beside
    the weights.
    """
    groups = server.data_parallel
    fits = int(min(groups * MOST_RUNNING, server.largest_batch(traffic.context)))
    if fits < 1:
        raise ValueError(
            f"the model does not fit: its weights take {format_bytes(server.weight_bytes)}, "
            f"{server.n_gpus} {server.chip.name} have {format_bytes(server.memory_bytes)} for "
            "them and a cache; take more GPUs or fewer bits"
        )
    prefix = traffic.shared_prefix_tokens
    prefill = server.prefill(groups, traffic.prompt_tokens - prefix, n_cached=prefix)
    steps = server.decode(np.arange(1, fits + 1), traffic.context)
    seconds = np.broadcast_to(steps.seconds, (fits,))
    return ServiceTimes(float(prefill.seconds) / groups, seconds, float(traffic.answer_tokens))
