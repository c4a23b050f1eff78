"""Waiting: Erlang's formula against simulation, and the simulations against simpy and theory."""

import math

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from course.evidence import as_written
from course.inference.queueing import (
    erlang_c,
    mmc_queue,
    random_arrivals,
    servers_needed,
    simulate_batching,
    simulate_queue,
)


def random_work(n_requests, seed=1):
    return np.random.default_rng(seed).exponential(size=n_requests)


# --- Erlang ---------------------------------------------------------------------------------------


def test_published_values_of_erlang_c():
    assert erlang_c(4, 0.8) == pytest.approx(0.596, abs=5e-4)
    assert erlang_c(4, 0.95) == pytest.approx(0.891, abs=5e-4)
    assert erlang_c(1, 0.37) == pytest.approx(0.37)  # one server: whoever finds it busy waits


@given(st.integers(1, 60), st.floats(0.001, 0.999))
def test_erlang_c_is_the_sum_that_textbooks_print(n_servers, rho):
    a = n_servers * rho
    terms = [math.exp(k * math.log(a) - math.lgamma(k + 1)) for k in range(n_servers + 1)]
    waiting = terms[-1] / (1 - rho)
    assert erlang_c(n_servers, rho) == pytest.approx(waiting / (sum(terms[:-1]) + waiting))


@given(st.integers(1, 200), st.floats(0.01, 0.99))
def test_more_servers_at_one_utilisation_make_fewer_wait(n_servers, rho):
    assert 0 <= erlang_c(n_servers + 1, rho) <= erlang_c(n_servers, rho) <= 1


def test_limits_of_erlang_c():
    assert erlang_c(7, 1) == 1
    assert erlang_c(7, 1e-300) == 0
    assert erlang_c([[1], [1000]], [0.5, 0.99]).shape == (2, 2)


@pytest.mark.parametrize("n_servers", [1, 4, 16])
@pytest.mark.parametrize("utilisation", [0.5, 0.8, 0.9])
def test_waits_lie_within_the_error_of_the_simulation(n_servers, utilisation):
    """The mean of 20 stretches, against Erlang, within four standard errors of that mean."""
    n = 100_000
    arrival = random_arrivals(utilisation * n_servers, n, seed=n_servers)
    result = simulate_queue(arrival, random_work(n, seed=100 + n_servers), n_servers)
    theory = mmc_queue(utilisation * n_servers, 1.0, n_servers)
    for values, expected in (
        (result.wait_s > 0, theory.p_wait),
        (result.wait_s, theory.mean_wait_s),
        (result.wait_s > theory.wait_percentile_s(95), min(0.05, theory.p_wait)),
    ):
        stretches = values[n // 10 :].reshape(20, -1).mean(axis=1)
        error = stretches.std(ddof=1) / math.sqrt(len(stretches))
        assert stretches.mean() == pytest.approx(expected, abs=4 * error)
        assert error < 0.25 * expected + 0.01  # else the test would prove nothing


def test_at_95_percent_most_requests_wait():
    """K090: at 95 % utilisation of four servers 89 % wait, at 80 % 60 %; in time needs more."""
    rate, service = 3.8, 1.0
    quotient = as_written.required_gpus(rate, 1 / service)
    assert quotient == 4
    assert mmc_queue(rate, service, quotient).p_wait == pytest.approx(0.89, abs=0.005)
    assert mmc_queue(3.2, service, quotient).p_wait == pytest.approx(0.60, abs=0.005)
    assert mmc_queue(rate, service, quotient).wait_percentile_s(99) > 20 * service
    assert servers_needed(rate, service, max_wait_s=0.5) == 8
    with pytest.raises(ValueError, match="queue grows for ever"):
        mmc_queue(4, service, as_written.required_gpus(4, 1 / service))  # the quotient is exact


@given(st.floats(0.1, 50), st.floats(0.1, 5), st.floats(0.01, 20), st.sampled_from([50, 90, 99]))
@settings(max_examples=50)
def test_the_servers_needed_are_enough_and_one_fewer_is_not(rate, service, limit, percentile):
    n = servers_needed(rate, service, limit, percentile)
    assert mmc_queue(rate, service, n).wait_percentile_s(percentile) <= limit
    if n - 1 > rate * service:
        assert mmc_queue(rate, service, n - 1).wait_percentile_s(percentile) > limit


def test_servers_needed_broadcast():
    many = servers_needed([1.0, 10.0, 100.0], 1.0, [[0.1], [10.0]])
    assert many.shape == (2, 3)
    assert (many[0] >= many[1]).all()
    with pytest.raises(ValueError, match="need 5001 servers, more than 1000"):
        servers_needed(5000, 1, 1)


# --- simulation -----------------------------------------------------------------------------------


def simpy_queue(arrival, service, n_servers):
    """The same requests, put through simpy's Resource."""
    world = simpy.Environment()
    servers = simpy.Resource(world, n_servers)
    starts = np.empty(len(arrival))

    def request(i):
        yield world.timeout(arrival[i])
        with servers.request() as turn:
            yield turn
            starts[i] = world.now
            yield world.timeout(service[i])

    for i in range(len(arrival)):
        world.process(request(i))
    world.run()
    return starts


@pytest.mark.parametrize("n_servers", [1, 3, 10])
def test_the_queue_is_simpys_request_by_request(n_servers):
    arrival = random_arrivals(0.9 * n_servers, 2000)
    service = random_work(2000)
    result = simulate_queue(arrival, service, n_servers)
    assert result.start_s == pytest.approx(simpy_queue(arrival, service, n_servers), abs=1e-9)


def simpy_batching(arrival, n_tokens, step_s, prefill_s):
    """Continuous batching token by token: between two steps waiting requests are admitted."""
    world = simpy.Environment()
    waiting, finish = [], np.empty(len(arrival))

    def source():
        for i, at in enumerate(arrival):
            yield world.timeout(at - world.now)
            waiting.append(i)

    def engine():
        running, left = {}, len(arrival)
        while left:
            while waiting and len(running) < len(step_s):
                i = waiting.pop(0)
                yield world.timeout(prefill_s)
                running[i] = n_tokens[i]
            if not running:
                yield world.timeout(1e-3)
                continue
            yield world.timeout(step_s[len(running) - 1])
            for i in list(running):
                running[i] -= 1
                if running[i] == 0:
                    del running[i]
                    finish[i], left = world.now, left - 1

    world.process(source())
    world.process(engine())
    world.run()
    return finish - arrival


@pytest.mark.parametrize("rate", [2.0, 8.0])
def test_batching_agrees_with_a_token_by_token_simulation_in_simpy(rate):
    """Jumping from event to event is off by a fraction of a step in each answer."""
    step_s = 0.005 + 0.0005 * np.arange(1, 33)
    arrival = random_arrivals(rate, 800)
    tokens = np.random.default_rng(2).geometric(1 / 100, 800)
    ours = simulate_batching(arrival, tokens.astype(float), step_s, prefill_s=0.01)
    theirs = simpy_batching(arrival, tokens, step_s, 0.01)
    assert np.percentile(ours.time_to_answer_s, [50, 90, 99]) == pytest.approx(
        np.percentile(theirs, [50, 90, 99]), rel=0.05
    )
    assert ours.time_to_answer_s.mean() == pytest.approx(theirs.mean(), rel=0.03)


def test_a_batch_that_costs_nothing_is_a_row_of_servers():
    """Steps that take equally long for 1 and for 4 make the batch 4 servers of their own."""
    arrival, work = random_arrivals(3.5, 5000), random_work(5000)
    batch = simulate_batching(arrival, work, np.ones(4))
    queue = simulate_queue(arrival, work, 4)
    assert batch.start_s == pytest.approx(queue.start_s, abs=1e-8)
    assert batch.finish_s == pytest.approx(queue.finish_s, abs=1e-8)


def test_a_batch_that_saves_nothing_is_a_shared_processor():
    """Steps that take b times as long for b: M/M/1 with processor sharing, 1 / (mu - lambda)."""
    n = 100_000
    batch = simulate_batching(random_arrivals(0.7, n), random_work(n), np.arange(1.0, 400.0))
    assert batch.time_to_answer_s.mean() == pytest.approx(1 / (1 - 0.7), rel=0.06)


def test_a_lone_request_takes_prefill_and_its_steps():
    alone = simulate_batching([5.0], [10.0], [0.02, 0.03], prefill_s=0.5)
    assert alone.time_to_answer_s == pytest.approx([0.7])
    two = simulate_batching([5.0, 5.0], [10.0, 10.0], [0.02, 0.03], prefill_s=0.5)
    assert two.finish_s == pytest.approx([6.3, 6.3])  # both prompts first, then ten steps of 0.03


def test_littles_law_in_the_simulation():
    """L = lambda W, with L counted by an observer who comes at random times."""
    n = 50_000
    result = simulate_batching(
        random_arrivals(30.0, n), 100 * random_work(n), 0.004 + 0.0002 * np.arange(1, 257), 0.002
    )
    seen = np.random.default_rng(3).uniform(result.arrival_s[0], result.arrival_s[-1], 20_000)
    arrived = np.searchsorted(result.arrival_s, seen)
    left = np.searchsorted(np.sort(result.finish_s), seen)
    rate = n / (result.arrival_s[-1] - result.arrival_s[0])
    assert (arrived - left).mean() == pytest.approx(rate * result.time_to_answer_s.mean(), rel=0.02)
    assert result.mean_present == pytest.approx((arrived - left).mean(), rel=0.02)
    queue = mmc_queue(3.2, 1.0, 4)
    assert queue.mean_present == pytest.approx(3.2 * queue.mean_answer_s)


def test_the_first_tenth_does_not_count_in_percentiles():
    result = simulate_queue(np.arange(100.0), np.r_[np.full(10, 500.0), np.full(90, 0.1)], 100)
    assert result.percentile_s(100) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("arrival", "work", "words"),
    [
        ([2.0, 1.0], [1.0, 1.0], "arrival_s must be in ascending order"),
        ([1.0, 2.0], [1.0], "arrival_s and decode_steps must be of one shape"),
        ([[1.0, 2.0]], [[1.0, 1.0]], "must be of one shape"),
        ([1.0, math.nan], [1.0, 1.0], "arrival_s must be"),
        ([1.0, 2.0], [1.0, 0.0], "decode_steps must be"),
    ],
)
def test_requests_that_make_no_sense_are_refused(arrival, work, words):
    with pytest.raises(ValueError, match=words):
        simulate_batching(arrival, work, [1.0])


def test_arrivals_are_the_same_each_time_and_random():
    first, repeated = random_arrivals(5.0, 10_000), random_arrivals(5.0, 10_000)
    assert (first == repeated).all()
    gaps = np.diff(first)
    assert gaps.mean() == pytest.approx(0.2, rel=0.05)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)
    assert random_arrivals(10.0, 10_000) * 2 == pytest.approx(first)
