"""Fleets: latency under load, replicas for a target, and the lowest rent."""

import dataclasses
import math

import numpy as np
import pytest

from course.evidence import as_written
from course.inference import (
    Server,
    Traffic,
    best_replica,
    cheapest_fleet,
    latency_curve,
    links_of,
    rental_prices,
    service_times,
    simulate_serving,
)
from course.inference.fleet import PERCENTILES

SERVER, TRAFFIC = Server("Llama-3-8B"), Traffic()
CURVE = latency_curve(SERVER, TRAFFIC)


# --- latency under load ---------------------------------------------------------------------------


def test_a_lone_answer_takes_prefill_and_its_tokens():
    times = service_times(SERVER, TRAFFIC)
    assert times.prefill_s == SERVER.prefill(1, 500).seconds
    assert times.step_s[31] == SERVER.decode(32, 700).seconds
    # At next to no load, half of the answers are shorter than ln 2 of the mean.
    alone = times.prefill_s + math.log(2) * 200 * times.step_s[0]
    assert CURVE.time_to_answer_s(0.001, 50) == pytest.approx(alone, rel=0.05)
    tail = times.prefill_s + math.log(100) * 200 * times.step_s[0]
    assert CURVE.time_to_answer_s(0.001, 99) == pytest.approx(tail, rel=0.15)


def test_answers_slow_down_with_load_and_tails_first():
    assert (np.diff(CURVE.seconds, axis=1) >= 0).all()
    assert (np.diff(CURVE.seconds, axis=0) > 0).all()
    half, tail = CURVE.seconds[0], CURVE.seconds[-1]
    assert tail[-1] - tail[0] > 3 * (half[-1] - half[0])
    assert CURVE.time_to_answer_s(CURVE.most_requests_per_s) == math.inf


def test_batching_answers_many_times_what_one_at_a_time_would():
    times = service_times(SERVER, TRAFFIC)
    one_at_a_time = 1 / times.seconds_per_request[0]
    assert times.most_requests_per_s > 20 * one_at_a_time
    assert CURVE.most_requests_per_s == times.most_requests_per_s


def test_the_curve_is_what_the_simulation_gives():
    rate = CURVE.requests_per_s[8]
    answers = simulate_serving(SERVER, Traffic(rate), n_requests=5000)
    for row, percentile in enumerate(PERCENTILES):
        assert CURVE.seconds[row, 8] == pytest.approx(answers.percentile_s(percentile), rel=1e-9)
    # Another draw of requests gives the same within what 5000 of them can tell.
    other = simulate_serving(SERVER, Traffic(rate), n_requests=30_000, seed=5)
    assert CURVE.seconds[0, 8] == pytest.approx(other.percentile_s(50), rel=0.05)
    assert CURVE.seconds[-1, 8] == pytest.approx(other.percentile_s(99), rel=0.15)


def test_a_full_replica_answers_what_its_throughput_says():
    times = service_times(SERVER, TRAFFIC)
    flooded = simulate_serving(SERVER, Traffic(50 * times.most_requests_per_s), n_requests=10_000)
    rate = len(flooded.finish_s) / flooded.finish_s.max()
    assert rate == pytest.approx(times.most_requests_per_s, rel=0.03)


@pytest.mark.parametrize("requests_per_s", [0.5, 20.0, 300.0])
@pytest.mark.parametrize("target", [8.0, 15.0])
def test_a_fleet_keeps_its_target_and_one_replica_fewer_does_not(requests_per_s, target):
    fleet = CURVE.fleet(requests_per_s, target)
    assert fleet.percentile_s[99] <= target * (1 + 1e-9)
    assert 0 < fleet.utilisation < 1
    if fleet.n_replicas > 1:
        fewer = fleet.n_replicas - 1
        assert CURVE.time_to_answer_s(requests_per_s / fewer) > target
    simulated = simulate_serving(SERVER, Traffic(requests_per_s / fleet.n_replicas), 20_000, 9)
    assert simulated.percentile_s(99) < 1.1 * target


def test_requests_over_throughput_are_too_few_gpus():
    """K090: the quotient says 5 GPUs for 150 requests/s; they answer 99 % in 15 s only if 6."""
    quotient = as_written.required_gpus(150, CURVE.most_requests_per_s)
    fleet = CURVE.fleet(150, 15)
    assert (quotient, fleet.n_gpus) == (5, 6)
    assert fleet.n_gpus_by_throughput == quotient
    assert CURVE.time_to_answer_s(150 / quotient) > 15 >= fleet.percentile_s[99]
    just_enough = CURVE.most_requests_per_s  # the quotient is 1 here, and nobody is ever answered
    assert as_written.required_gpus(just_enough, CURVE.most_requests_per_s) == 1
    assert CURVE.time_to_answer_s(just_enough) == math.inf


def test_a_target_that_no_fleet_can_keep_is_refused():
    with pytest.raises(ValueError, match=r"max_answer_s must be at least 5\.\d+ s here"):
        CURVE.fleet(1, 2)
    with pytest.raises(ValueError, match="percentile must be one of"):
        CURVE.fleet(1, 20, 98)
    with pytest.raises(ValueError, match="the model does not fit: its weights take 141 GB"):
        service_times(Server("Llama-3-70B"), TRAFFIC)


def test_the_best_replica_has_as_many_gpus_as_the_target_asks_for():
    relaxed, _ = best_replica("Llama-3-70B", "H100", TRAFFIC, max_answer_s=100)
    strict, times = best_replica("Llama-3-70B", "H100", TRAFFIC, max_answer_s=10)
    assert relaxed.n_gpus < strict.n_gpus
    batch = times.batch_in_time(10)
    seconds = times.long_answer_s()
    assert seconds[batch - 1] <= 10 < seconds[batch]
    assert times.batch_in_time(1) == 0
    assert best_replica("DeepSeek-V3", "H200", TRAFFIC, 100)[0].n_gpus == 16  # 8 do not hold it
    with pytest.raises(ValueError, match="does not fit on 32 L4"):
        best_replica("DeepSeek-V3", "L4", TRAFFIC, 10)


def test_traffic_in_tokens():
    assert Traffic(2, 500, 200).tokens_per_year == pytest.approx(2 * 700 * 365.25 * 86_400)
    with pytest.raises(ValueError, match="shared_prefix_tokens must be fewer than prompt_tokens"):
        Traffic(1, 500, 200, shared_prefix_tokens=500)
    long, short = Traffic(1, 2500, 200), Traffic(1, 2500, 200, shared_prefix_tokens=2000)
    assert service_times(SERVER, short).prefill_s < 0.25 * service_times(SERVER, long).prefill_s


# --- how a replica shares its model ---------------------------------------------------------------


def test_a_replica_of_deepseek_is_shared_without_copies():
    """As SGLang and vLLM recommend: attention by groups, experts whole; a dense model is not."""
    server, times = best_replica("DeepSeek-V3", "H200", TRAFFIC, 30, weight_bits=8)
    assert server.sharing.name == f"DP{server.n_gpus} EP{server.n_gpus}"
    tensor = dataclasses.replace(server, data_parallel=1, expert_parallel=False)
    slower = service_times(tensor, TRAFFIC)
    assert times.most_requests_per_s > 1.5 * slower.most_requests_per_s
    dense, _ = best_replica("Llama-3-70B", "H100", TRAFFIC, 30)
    assert dense.sharing.name == f"TP{dense.n_gpus}"


def test_eight_rtx_4090s_in_tensor_parallel_pay_for_their_link():
    """With a link like NVLink they were the cheapest plan; charged for PCIe they are not."""
    traffic, prices = Traffic(100), rental_prices()
    fleet = cheapest_fleet("Llama-3-8B", prices, traffic, 7)
    assert (fleet.server.chip.name, fleet.server.n_gpus) == ("H100", 2)
    eight = Server("Llama-3-8B", "RTX-4090", n_gpus=8)
    flattered = dataclasses.replace(eight, links=links_of("H100"))
    charged_rate = latency_curve(eight, traffic).highest_rate(7)
    assert charged_rate < latency_curve(flattered, traffic).highest_rate(7) / 3
