"""Every public calculator of the chapter refuses what cannot be, in words, and gives no NaN."""

import pytest

from course.evidence import fact
from course.inference import (
    CompressionPlan,
    EdgeAIDeployer,
    EdgeDevice,
    InferenceScalingEconomics,
    LatencyCurve,
    Links,
    Server,
    Sharing,
    Traffic,
    TypicalTransformer,
    arithmetic_intensity,
    attainable_flop_per_s,
    cheapest_fleet,
    check_ratio,
    compute_optimal_loss,
    crossover_batch,
    dissect_annual_cost,
    erlang_c,
    expected_tokens,
    generation_flops,
    inference_over_training,
    inference_tokens_for,
    latency_curve,
    lifetime_optimum,
    memory_fit,
    mmc_queue,
    params_read,
    pipeline_decode,
    prefix_caching,
    random_arrivals,
    servers_needed,
    service_times,
    simulate_batching,
    speculative_speedup,
    usd_per_million_tokens,
)
from course.inference.price import monthly_rent, rent_per_million_tokens
from course.inference.views import device_view, roofline_view, serve_view
from course.scaling import ChinchillaLaw
from tests.odd_inputs import ABOVE_ZERO, assert_refuses_odd_inputs

LAW = ChinchillaLaw(**fact("sardana.constants").value)
SERVER, TRAFFIC = Server("Llama-3-8B"), Traffic()
CURVE = latency_curve(SERVER, TRAFFIC, n_requests=200)
TIMES = service_times(SERVER, TRAFFIC)
MONEY, EDGE = InferenceScalingEconomics(), EdgeAIDeployer()
SHARE, WHOLE, BITS = (ABOVE_ZERO, 1), (0, float("inf")), (ABOVE_ZERO, 64)

# Left out: arguments whose None means something, and names of models, chips and devices.
CASES = {
    "inference_over_training": (
        inference_over_training,
        {"n_train_tokens": 1e12, "n_inference_tokens": 1e13, "price_ratio": 1.0},
        {},
    ),
    "inference_tokens_for": (
        inference_tokens_for,
        {"ratio": 10.0, "n_train_tokens": 1e12, "price_ratio": 1.0},
        {},
    ),
    "lifetime_optimum": (
        lambda **k: lifetime_optimum(LAW, **k),
        {"loss": 2.0, "n_inference_tokens": 1e12, "price_ratio": 1.0},
        {"n_inference_tokens": WHOLE},
    ),
    "compute_optimal_loss": (
        lambda n_params: compute_optimal_loss(LAW, n_params),
        {"n_params": 30e9},
        {},
    ),
    "erlang_c": (
        erlang_c,
        {"n_servers": 4, "utilisation": 0.8},
        {"n_servers": (ABOVE_ZERO, 1000), "utilisation": SHARE},
    ),
    "mmc_queue": (
        mmc_queue,
        {"requests_per_s": 3.2, "service_s": 1.0, "n_servers": 4},
        {"n_servers": (ABOVE_ZERO, 1000)},
    ),
    "wait_percentile_s": (
        lambda percentile: mmc_queue(3.2, 1, 4).wait_percentile_s(percentile),
        {"percentile": 99},
        {"percentile": (0, 99.999)},
    ),
    "servers_needed": (
        servers_needed,
        {"requests_per_s": 3.2, "service_s": 1.0, "max_wait_s": 1.0},
        {},
    ),
    "random_arrivals": (
        lambda requests_per_s: random_arrivals(requests_per_s, 3),
        {"requests_per_s": 3.0},
        {},
    ),
    "simulate_batching": (
        lambda prefill_s: simulate_batching([1.0, 2.0], [5.0, 5.0], [0.1], prefill_s),
        {"prefill_s": 0.1},
        {"prefill_s": WHOLE},
    ),
    "arithmetic_intensity": (arithmetic_intensity, {"flops": 1e12, "bytes_moved": 1e10}, {}),
    "attainable_flop_per_s": (
        lambda intensity: attainable_flop_per_s(intensity, "H100"),
        {"intensity": 100.0},
        {},
    ),
    "crossover_batch": (
        lambda weight_bits: crossover_batch("H100", weight_bits),
        {"weight_bits": 16},
        {"weight_bits": BITS},
    ),
    "usd_per_million_tokens": (
        usd_per_million_tokens,
        {"tokens_per_s": 1e3, "price_usd_per_gpu_hour": 3.0, "n_gpus": 1},
        {},
    ),
    "Server": (
        lambda **k: Server(7e9, "H100", **k),
        {
            "n_gpus": 2,
            "weight_bits": 16,
            "kv_bits": 16,
            "prefill_mfu": 0.5,
            "decode_mfu": 0.3,
            "mbu": 0.7,
            "memory_share": 0.9,
        },
        {
            "n_gpus": (ABOVE_ZERO, 1024),
            "weight_bits": BITS,
            "kv_bits": BITS,
            "prefill_mfu": SHARE,
            "decode_mfu": SHARE,
            "mbu": SHARE,
            "memory_share": SHARE,
        },
    ),
    "decode": (SERVER.decode, {"batch": 8, "context": 1000.0}, {}),
    "prefill": (
        SERVER.prefill,
        {"batch": 8, "prompt_tokens": 1000.0, "n_cached": 100.0},
        {"n_cached": WHOLE},
    ),
    "answer_s": (SERVER.answer_s, {"prompt_tokens": 500.0, "answer_tokens": 200.0, "batch": 4}, {}),
    "pipeline_decode": (
        lambda **k: pipeline_decode(SERVER.with_gpus(4), **k),
        {"batch": 8, "context": 1000.0},
        {},
    ),
    "generation_flops": (
        lambda **k: generation_flops(7e9, **k),
        {"prompt_tokens": 50, "answer_tokens": 20},
        {"prompt_tokens": (ABOVE_ZERO, 1e6), "answer_tokens": (ABOVE_ZERO, 1e6)},
    ),
    "TypicalTransformer": (TypicalTransformer, {"n_params": 7e9}, {}),
    "TypicalTransformer.forward_flops": (
        lambda **k: TypicalTransformer(7e9).forward_flops(**k),
        {"batch": 2, "seq_len": 100, "n_cached": 10.0},
        {"n_cached": WHOLE},
    ),
    "TypicalTransformer.kv_cache_bytes": (
        TypicalTransformer(7e9).kv_cache_bytes,
        {"batch": 2, "seq_len": 100, "bytes_per_value": 2},
        {},
    ),
    "TypicalTransformer.weight_bytes": (
        TypicalTransformer(7e9).weight_bytes,
        {"bits": 4},
        {"bits": BITS},
    ),
    "params_read": (lambda n_tokens: params_read(SERVER.model, n_tokens), {"n_tokens": 8}, {}),
    "Traffic": (
        Traffic,
        {
            "requests_per_s": 1.0,
            "prompt_tokens": 500.0,
            "answer_tokens": 200.0,
            "shared_prefix_tokens": 10.0,
        },
        {"shared_prefix_tokens": WHOLE},
    ),
    "long_answer_s": (
        TIMES.long_answer_s,
        {"percentile": 99},
        {"percentile": (0, 99.999)},
    ),
    "batch_in_time": (
        TIMES.batch_in_time,
        {"max_answer_s": 10.0, "percentile": 99},
        {"percentile": (0, 99.999)},
    ),
    "useful_batch": (
        TIMES.useful_batch,
        {"requests_per_s": 10.0, "max_answer_s": 10.0, "percentile": 99},
        {"percentile": (0, 99.999)},
    ),
    "Links": (
        lambda **k: Links("x", **k),
        {
            "bytes_per_s": 1e9,
            "latency_s": 1e-6,
            "n_gpus": 8,
            "network_bytes_per_s": 1e9,
            "network_latency_s": 1e-6,
        },
        {"latency_s": (0, 1), "network_latency_s": (0, 1), "n_gpus": (ABOVE_ZERO, 1024)},
    ),
    "Sharing": (
        lambda n_gpus: Sharing(SERVER.model, n_gpus),
        {"n_gpus": 8},
        {"n_gpus": (ABOVE_ZERO, 1024)},
    ),
    "monthly_rent": (monthly_rent, {"n_gpus": 8, "price_usd_per_gpu_hour": 3.0}, {}),
    "rent_per_million_tokens": (
        lambda usd_per_month: rent_per_million_tokens(usd_per_month, TRAFFIC),
        {"usd_per_month": 1000.0},
        {},
    ),
    "time_to_answer_s": (CURVE.time_to_answer_s, {"requests_per_s": 10.0}, {}),
    "highest_rate": (CURVE.highest_rate, {"max_answer_s": 10.0}, {}),
    "fleet": (CURVE.fleet, {"requests_per_s": 10.0, "max_answer_s": 12.0}, {}),
    "cheapest_fleet": (
        lambda max_answer_s: cheapest_fleet("Llama-3-8B", {"H100": 3.0}, TRAFFIC, max_answer_s),
        {"max_answer_s": 12.0},
        {},
    ),
    "prefix_caching": (
        lambda **k: prefix_caching(SERVER, **k),
        {"prompt_tokens": 2000.0, "prefix_tokens": 1500.0},
        {},
    ),
    "expected_tokens": (expected_tokens, {"acceptance": 0.8, "n_draft": 5}, {"acceptance": (0, 1)}),
    "speculative_speedup": (
        speculative_speedup,
        {"acceptance": 0.8, "n_draft": 5, "cost_ratio": 0.05, "check_ratio": 1.0},
        {"acceptance": (0, 1)},
    ),
    "check_ratio": (
        lambda **k: check_ratio(SERVER, **k),
        {"n_draft": 5, "batch": 8, "context": 1000.0},
        {},
    ),
    "calculate_compute_cost": (MONEY.calculate_compute_cost, {"model_size": 7e9}, {}),
    "calculate_memory_cost": (MONEY.calculate_memory_cost, {"model_size": 7e9}, {}),
    "calculate_storage_cost": (MONEY.calculate_storage_cost, {"model_size": 7e9}, {}),
    "calculate_networking_cost": (
        lambda model_size: MONEY.calculate_networking_cost(model_size, TRAFFIC),
        {"model_size": 7e9},
        {},
    ),
    "analyze_cost_structure": (
        lambda model_size: MONEY.analyze_cost_structure(model_size, TRAFFIC),
        {"model_size": 7e9},
        {},
    ),
    "get_gpu_throughput": (MONEY.get_gpu_throughput, {"model_size": 7e9}, {}),
    "find_optimal_batch_size": (
        MONEY.find_optimal_batch_size,
        {"model_size": 7e9, "qps_requirements": 10.0},
        {},
    ),
    "get_cache_recommendation": (
        MONEY.get_cache_recommendation,
        {"qps_requirements": 10.0, "model_size": 7e9},
        {},
    ),
    "estimate_monthly_cost": (
        MONEY.estimate_monthly_cost,
        {"required_gpus": 2.3, "optimal_batch_size": 64},
        {},
    ),
    "dissect_annual_cost": (dissect_annual_cost, {"n_params": 7e9, "mfu": 0.3}, {"mfu": SHARE}),
    "InferenceScalingEconomics": (
        InferenceScalingEconomics,
        {
            "max_answer_s": 30.0,
            "prefill_mfu": 0.5,
            "decode_mfu": 0.3,
            "mbu": 0.7,
            "weight_bits": 16,
            "kv_bits": 16,
            "storage_usd_per_gb_month": 0.02,
            "egress_usd_per_gb": 0.09,
            "bytes_per_token": 4.0,
            "weight_downloads_per_year": 12.0,
        },
        {
            "prefill_mfu": SHARE,
            "decode_mfu": SHARE,
            "mbu": SHARE,
            "weight_bits": BITS,
            "kv_bits": BITS,
            "storage_usd_per_gb_month": WHOLE,
            "egress_usd_per_gb": WHOLE,
            "weight_downloads_per_year": WHOLE,
        },
    ),
    "CompressionPlan": (
        CompressionPlan,
        {"n_params": 7e9, "bits": 4, "sparsity": 0.5},
        {"bits": (ABOVE_ZERO, 32), "sparsity": (0, 1 - 2**-53)},
    ),
    "compression": (
        CompressionPlan(7e9, 4).compression,
        {"reference_bits": 16},
        {"reference_bits": BITS},
    ),
    "EdgeDevice": (
        lambda **k: EdgeDevice("x", **k),
        {
            "memory_bytes": 8e9,
            "bandwidth_bytes_per_s": 5e10,
            "flop_per_s": 1e13,
            "power_w": 5.0,
            "system_bytes": 3e9,
            "runtime_bytes": 5e8,
            "mbu": 0.7,
            "mfu": 0.3,
        },
        {"system_bytes": (0, 8e9), "runtime_bytes": WHOLE, "mbu": SHARE, "mfu": SHARE},
    ),
    "memory_fit": (
        lambda **k: memory_fit(device="laptop", **k),
        {"model_size": 7e9, "bits": 4, "context": 1000.0, "kv_bits": 16},
        {"bits": (ABOVE_ZERO, 32), "kv_bits": BITS},
    ),
    "select_deployment_strategy": (
        EDGE.select_deployment_strategy,
        {"model_size": 7e9, "latency_requirement": 10.0, "bandwidth_constraint": 1e6},
        {"bandwidth_constraint": WHOLE},
    ),
    "quantize_for_edge": (
        lambda model: EDGE.quantize_for_edge(model, "mobile"),
        {"model": 7e9},
        {},
    ),
    "EdgeAIDeployer": (
        EdgeAIDeployer,
        {
            "prompt_tokens": 500.0,
            "answer_tokens": 200.0,
            "attachment_bytes": 0.0,
            "bytes_per_token": 4.0,
            "cloud_batch": 32,
            "round_trip_s": 0.05,
            "cloud_wait_s": 0.2,
            "cloud_overhead": 1.3,
            "small_params": 1e9,
            "hard_share": 0.2,
        },
        {
            "attachment_bytes": WHOLE,
            "round_trip_s": WHOLE,
            "cloud_wait_s": WHOLE,
            "hard_share": (0, 1),
        },
    ),
    "roofline_view": (
        lambda **k: roofline_view("Llama-3-8B", "H100", **k),
        {"batch": 10, "context": 2000.0},
        {},
    ),
    "serve_view": (
        lambda **k: serve_view(model="Llama-3-8B", **k),
        {"requests_per_s": 10.0, "max_answer_s": 15.0},
        {},
    ),
    "device_view": (lambda n_params: device_view(n_params, "mobile", 500), {"n_params": 7e9}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_odd_inputs_are_refused_and_good_ones_give_numbers(name):
    function, good, within = CASES[name]
    # So many functions that ten random sets for each are some seconds.
    assert_refuses_odd_inputs(function, good, within=within, examples=10)


def test_a_curve_is_made_of_numbers():
    assert isinstance(CURVE, LatencyCurve)
    assert CURVE.requests_per_s.shape == CURVE.seconds.shape[1:]
