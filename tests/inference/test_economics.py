"""A §5.1's calculator, right by default, and its formula taken apart."""

import dataclasses
import math

import numpy as np
import pytest

from course.evidence import as_written, fact
from course.inference import (
    InferenceScalingEconomics,
    Server,
    Traffic,
    dissect_annual_cost,
    latency_curve,
    rental_prices,
    service_times,
)

it = InferenceScalingEconomics()
BUSY = Traffic(requests_per_s=100, prompt_tokens=500, answer_tokens=200)


# --- the costs of a year --------------------------------------------------------------------------


def test_a_billion_tokens_on_seven_billion_parameters_cost_39_dollars():
    """K085: at 2.95 USD per hour and 30 % utilisation, attention included; not 1.3e15 USD.

    With 50 % of the peak in reading the 500 tokens of 700 it would be 28 USD.
    """
    third = dataclasses.replace(it, prefill_mfu=0.3)
    cost = third.calculate_compute_cost(7e9)
    assert cost == pytest.approx(39, abs=0.5)
    assert (it.price_usd_per_gpu_hour, it.prefill_mfu, it.decode_mfu) == (2.95, 0.5, 0.3)
    share = (500 / 0.5 + 200 / 0.3) / (700 / 0.3)
    assert it.calculate_compute_cost(7e9) == pytest.approx(share * cost, rel=0.01)
    assert it.traffic.tokens_per_year == pytest.approx(1e9)
    by_hand = 2 * 7e9 * 1e9 / (989.4e12 * 0.3) / 3600 * 2.95
    assert cost == pytest.approx(by_hand, rel=0.02)  # attention is the rest
    assert as_written.calculate_compute_cost(7e9) / cost > 3e13


def test_compute_and_memory_are_two_parts_of_one_bill():
    """K087: together they are the GPU time, which is rented once; neither is counted twice."""
    costs = it.analyze_cost_structure(7e9, BUSY)
    server = Server(7e9, "H100")
    seconds = service_times(server, BUSY).seconds_per_request.min()
    rent = 100 * 365.25 * 86_400 * seconds / 3600 * 2.95
    assert costs.compute + costs.memory == pytest.approx(rent)
    # Adding the time of computing to that of memory would charge for much of it twice.
    batch = service_times(server, BUSY).seconds_per_request.argmin() + 1
    steps, prompt = server.decode(batch, BUSY.context), server.prefill(1, 500)
    added = prompt.compute_s + prompt.memory_s
    added += 200 * (steps.compute_s + steps.memory_s) / batch
    assert added > 1.3 * seconds
    # The bill is at least the longer of both times, and so at least what computing alone takes.
    assert costs.memory > 0


def test_analyze_cost_structure_runs_and_adds_up():
    """K088: with the three cost functions that the document leaves undefined."""
    costs = it.analyze_cost_structure(7e9, BUSY)
    parts = [costs.compute, costs.memory, costs.storage, costs.networking]
    assert min(parts) > 0
    assert costs.total == pytest.approx(sum(parts))
    assert sum(costs.breakdown.values()) == pytest.approx(100)
    assert costs.breakdown["memory_percentage"] == pytest.approx(100 * costs.memory / costs.total)
    at_busy = dataclasses.replace(it, traffic=BUSY)
    assert costs.storage == at_busy.calculate_storage_cost(7e9) == pytest.approx(14 * 0.023 * 12)
    assert costs.networking == at_busy.calculate_networking_cost(7e9, BUSY)
    assert costs.usd_per_million_tokens == pytest.approx(0.037, rel=0.05)
    assert "USD per year" in costs._repr_html_()


def test_costs_follow_traffic_and_size():
    twice = dataclasses.replace(BUSY, requests_per_s=200)
    once, doubled = (it.analyze_cost_structure(7e9, t) for t in (BUSY, twice))
    assert doubled.compute == pytest.approx(2 * once.compute)
    assert doubled.memory == pytest.approx(2 * once.memory)
    assert doubled.storage == once.storage
    big = it.analyze_cost_structure(70e9, BUSY)
    assert big.compute == pytest.approx(10 * once.compute, rel=0.05)
    assert big.networking > once.networking
    shared = dataclasses.replace(BUSY, shared_prefix_tokens=400)
    assert it.analyze_cost_structure(7e9, shared).compute < 0.6 * once.compute


def test_annual_costs_broadcast_over_sizes():
    sizes = np.array([[1e9, 7e9], [70e9, 400e9]])
    for method in (
        it.calculate_compute_cost,
        it.calculate_memory_cost,
        it.calculate_storage_cost,
        it.get_gpu_throughput,
    ):
        many = method(sizes)
        assert many.shape == (2, 2)
        assert many[0, 1] == pytest.approx(method(7e9))
    assert it.calculate_networking_cost(sizes, BUSY).shape == (2, 2)
    assert (np.diff(it.calculate_compute_cost(sizes).ravel()) > 0).all()


# --- the servers ----------------------------------------------------------------------------------


def test_the_serving_config_runs_and_keeps_its_target():
    """K089: with the five functions that the document leaves undefined."""
    result = it.estimate_optimal_serving_config("Llama-3-8B", 100)
    assert result.gpu_type == result.fleet.server.chip.name
    assert result.required_gpus == result.fleet.n_gpus >= result.required_gpus_by_throughput
    assert result.fleet.percentile_s[99] <= it.max_answer_s
    price = rental_prices()[result.gpu_type]
    assert result.estimated_monthly_cost == pytest.approx(result.required_gpus * price * 730.5)
    tokens = 100 * 700 * 730.5 * 3600
    by_hand = result.estimated_monthly_cost / tokens * 1e6
    assert result.usd_per_million_tokens == pytest.approx(by_hand)
    assert result.cache_recommendation is None  # prompts share nothing
    assert "USD per month" in result._repr_html_()
    strict = dataclasses.replace(it, max_answer_s=8).estimate_optimal_serving_config(7e9, 100)
    assert strict.fleet.percentile_s[99] <= 8


@pytest.mark.parametrize(("requests_per_s", "target"), [(100, 15), (100, 5), (1, 15)])
def test_no_other_chip_and_no_other_replica_is_cheaper(requests_per_s, target):
    priced = dataclasses.replace(it, max_answer_s=target)
    result = priced.estimate_optimal_serving_config("Llama-3-8B", requests_per_s)
    rents = []
    for chip, price in rental_prices().items():
        for n_gpus in (1, 2, 4, 8):
            server = Server("Llama-3-8B", chip, n_gpus=n_gpus)
            if server.largest_batch(700) >= 1:
                curve = latency_curve(server, priced.traffic)
                if curve.highest_rate(target):
                    rents.append(curve.fleet(requests_per_s, target).n_gpus * price * 730.5)
    assert len(rents) > 5
    assert result.estimated_monthly_cost == pytest.approx(min(rents))


def test_the_cheapest_chip_depends_on_its_price():
    """With H100 for 10 cents an hour nothing else is worth a look."""
    cheap = InferenceScalingEconomics(price_usd_per_gpu_hour=0.1, max_answer_s=7)
    config = cheap.estimate_optimal_serving_config("Llama-3-8B", 100)
    assert (config.gpu_type, config.required_gpus, config.required_gpus_by_throughput) == (
        "H100",
        6,
        4,
    )
    assert config.estimated_monthly_cost == pytest.approx(6 * 0.1 * 730.5)
    text = config._repr_html_()
    assert "not in time" in text
    assert "3 replicas of 2, NVLink" in text


def test_a_fleet_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="max_answer_s must be at least"):
        dataclasses.replace(it, max_answer_s=0.1).estimate_optimal_serving_config(7e9, 1)
    with pytest.raises(ValueError, match="does not fit on 32 H100 or RTX-4090 or L4"):
        it.estimate_optimal_serving_config(1e13, 1)


def test_more_requests_need_more_gpus():
    """K090: and the quotient of requests and throughput is never more."""
    needed = [it.estimate_optimal_serving_config(7e9, qps) for qps in (1, 30, 1000)]
    gpus = [result.required_gpus for result in needed]
    assert gpus == sorted(gpus)
    assert gpus[-1] > 10
    for result, qps in zip(needed, (1, 30, 1000), strict=True):
        priced = dataclasses.replace(it, chip=result.gpu_type)
        most = 1 / service_times(result.fleet.server, priced.traffic).seconds_per_request.min()
        quotient = as_written.required_gpus(qps, most) * result.fleet.server.n_gpus
        assert result.required_gpus_by_throughput == quotient <= result.required_gpus


def test_throughput_is_per_gpu_and_falls_with_size():
    rates = it.get_gpu_throughput([1e9, 7e9, 70e9, 400e9])
    assert (np.diff(rates) < 0).all()
    assert it.get_gpu_throughput(7e9) == pytest.approx(31, abs=2)


def test_the_batch_is_limited_by_memory_by_time_and_by_traffic():
    assert it.find_optimal_batch_size("Llama-2-7B", 1e4) < it.find_optimal_batch_size(7e9, 1e4)
    hurried = dataclasses.replace(it, max_answer_s=8)
    assert hurried.find_optimal_batch_size(7e9, 1e4) < it.find_optimal_batch_size(7e9, 1e4)
    few = it.find_optimal_batch_size(7e9, 2)
    assert few < 10
    # Little's law: so many run by themselves.
    step = Server(7e9, "H100").decode(few, it.traffic.context).seconds
    assert 2 * (Server(7e9, "H100").prefill(1, 500).seconds + 200 * step) <= few
    assert it.find_optimal_batch_size(7e9, 0.01) == 1


def test_a_prefix_is_kept_where_it_pays():
    assert it.get_cache_recommendation(100) is None
    shared = dataclasses.replace(it, traffic=Traffic(1, 2000, 200, shared_prefix_tokens=1500))
    kept = shared.get_cache_recommendation(100, "Llama-3-8B")
    assert kept.break_even_requests_per_s < 1
    assert shared.get_cache_recommendation(kept.break_even_requests_per_s / 2, "Llama-3-8B") is None


def test_the_recommended_chip_is_the_cheapest_that_answers_in_time():
    result = it.recommend_gpu_type(7e9)
    serving = [c for c in result.candidates if not c.reason]
    assert result.usd_per_million_tokens == min(c.usd_per_million_tokens for c in serving)
    assert all(c.seconds_alone <= it.max_answer_s for c in serving)
    assert {c.gpu_type for c in result.candidates} == rental_prices().keys()
    assert "Cheapest" in result._repr_html_()
    # A small card holds no large model, and a slow one answers too late.
    patient = dataclasses.replace(it, max_answer_s=60)
    reasons = {c.gpu_type: c.reason for c in patient.recommend_gpu_type(600e9).candidates}
    assert reasons["RTX-4090"] == "does not hold it"
    hurried = dataclasses.replace(it, max_answer_s=4).recommend_gpu_type(7e9)
    assert "takes" in {c.gpu_type: c.reason for c in hurried.candidates}["L4"]
    with pytest.raises(ValueError, match="model_size fits no chip in time: H100"):
        dataclasses.replace(it, max_answer_s=0.1).recommend_gpu_type(7e9)


def test_rent_is_for_whole_gpus():
    """A §5.1 hands the quotient before rounding to its cost: nobody rents 2.3 GPUs."""
    rent = it.estimate_monthly_cost(2.3, 64)
    assert (rent.n_gpus, rent.usd_per_month) == (3, pytest.approx(3 * 2.95 * 730.5))
    assert rent.usd_per_place == pytest.approx(rent.usd_per_month / 192)


def test_prices_are_those_of_the_facts():
    prices = rental_prices()
    assert prices["H100"] == fact("price.h100").value
    assert prices["A100"] == pytest.approx(1.9)
    own = InferenceScalingEconomics(chip="B200", price_usd_per_gpu_hour=6.0)
    assert own.calculate_compute_cost(7e9) == pytest.approx(
        it.calculate_compute_cost(7e9) * 6.0 / 2.95 * 989.4 / 2250
    )
    with pytest.raises(ValueError, match="price_usd_per_gpu_hour must be given for B200"):
        InferenceScalingEconomics(chip="B200")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"traffic": {"qps": 1}}, "traffic must be a Traffic"),
        ({"percentile": 98}, "percentile must be one of"),
        ({"prefill_mfu": 30}, "prefill_mfu must be"),
        ({"decode_mfu": 0}, "decode_mfu must be"),
        ({"chip": "H1000"}, "chip must be one of"),
        ({"egress_usd_per_gb": -1}, "egress_usd_per_gb must be"),
    ],
)
def test_assumptions_that_cannot_be_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        InferenceScalingEconomics(**change)


def test_questions_that_cannot_have_an_answer_are_refused():
    with pytest.raises(ValueError, match="traffic_patterns must be a Traffic"):
        it.analyze_cost_structure(7e9, {"qps": 1})
    with pytest.raises(ValueError, match="traffic_patterns must be a Traffic"):
        it.calculate_networking_cost(7e9, None)
    with pytest.raises(ValueError, match="model_size must be"):
        it.estimate_optimal_serving_config("7B", 1)
    with pytest.raises(ValueError, match="model_size of 1e\\+13 parameters does not fit on 32"):
        it.calculate_memory_cost(1e13)


# --- the formula as printed -----------------------------------------------------------------------


def test_every_wrong_factor_is_found():
    """K083, K084, K085, K086: three factors are wrong; the ratios multiply to the whole error."""
    result = dissect_annual_cost(7e9)
    assert result.as_written_usd == pytest.approx(as_written.calculate_compute_cost(7e9))
    assert result.as_written_usd == pytest.approx(1.3245e15, rel=1e-4)
    ratios = {f.name: f.ratio for f in result.wrong}
    assert ratios == {
        "work": 3,
        "price": pytest.approx(1e-12 / (2.95 / (3600 * 989.4e12 * 0.3))),
        "seconds of a year": 31_536_000,
    }
    assert math.prod(ratios.values()) == pytest.approx(result.ratio)
    assert result.ratio == pytest.approx(result.as_written_usd / result.right_usd)
    assert result.orders_of_magnitude == pytest.approx(13.5, abs=0.05)
    at_30_percent = dataclasses.replace(it, prefill_mfu=0.3).calculate_compute_cost(7e9)
    assert result.right_usd == pytest.approx(at_30_percent, rel=0.02)
    assert "13.5 orders of magnitude" in result._repr_html_()


def test_with_the_tokens_that_the_formula_means_six_orders_remain():
    """K086: read as 1e9 tokens a second, the seconds are right, and the price is the rest."""
    per_year = 1e9 * as_written.INFERENCE_COST["seconds_per_year"]
    result = dissect_annual_cost(7e9, n_tokens=per_year)
    assert result.orders_of_magnitude == pytest.approx(math.log10(3 * 362_221), abs=0.01)


@pytest.mark.parametrize(("name", "usd_per_flop"), [("H100", 2.76e-18), ("A100", 5.6e-18)])
def test_what_a_flop_costs(name, usd_per_flop):
    """K084: 1e-12 USD is hundreds of thousands of times too much on any chip."""
    price = next(f for f in dissect_annual_cost(chip=name).factors if f.name == "price")
    assert price.right == pytest.approx(usd_per_flop, rel=0.01)
    assert price.ratio > 1e5
    training_gpt3_usd = fact("model.GPT-3").value["flops"] * price.as_written
    assert training_gpt3_usd == pytest.approx(314e9, rel=0.01)
    at_40_percent = fact("cost.per_flop").value
    assert 1e-12 / at_40_percent["usd_at_2_per_hour"] == pytest.approx(7e5, rel=0.05)
    assert 1e-12 / at_40_percent["usd_at_3_per_hour"] == pytest.approx(5e5, rel=0.05)
