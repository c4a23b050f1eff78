"""Inference: how fast a model answers, what that costs, on which device it fits."""

from course.accounting import (
    params_read,
)
from course.accounting.compression import (
    CompressionPlan,
)
from course.inference.devices import (
    EDGE_DEVICES,
    EdgeDevice,
    MemoryFit,
    memory_fit,
)
from course.inference.dissection import (
    Dissection,
    Factor,
    dissect_annual_cost,
)
from course.inference.economics import CostStructure, GpuRecommendation, InferenceScalingEconomics
from course.inference.edge import (
    DeploymentOption,
    DeploymentPlan,
    EdgeAIDeployer,
)
from course.inference.fleet import (
    Fleet,
    LatencyCurve,
    best_replica,
    cheapest_fleet,
    latency_curve,
    simulate_serving,
)
from course.inference.lifetime import (
    LifetimeOptimum,
    compute_optimal_loss,
    inference_over_training,
    inference_tokens_for,
    lifetime_optimum,
)
from course.inference.measured import (
    Comparison,
    published_throughputs,
)
from course.inference.models import (
    TypicalTransformer,
    model,
    model_names,
)
from course.inference.parallel import (
    Links,
    Sharing,
    links_of,
)
from course.inference.price import MonthlyCost, ServingConfig, rental_prices
from course.inference.queueing import (
    Queue,
    RequestTimes,
    erlang_c,
    mmc_queue,
    random_arrivals,
    servers_needed,
    simulate_batching,
    simulate_queue,
)
from course.inference.roofline import (
    arithmetic_intensity,
    attainable_flop_per_s,
    crossover_batch,
    ridge_point,
    usd_per_million_tokens,
)
from course.inference.server import (
    Server,
    Step,
)
from course.inference.serving import (
    PrefixCaching,
    check_ratio,
    expected_tokens,
    generation_flops,
    pipeline_decode,
    prefix_caching,
    speculative_speedup,
)
from course.inference.times import (
    ServiceTimes,
    Traffic,
    service_times,
)

__all__ = [
    "EDGE_DEVICES",
    "Comparison",
    "CompressionPlan",
    "CostStructure",
    "DeploymentOption",
    "DeploymentPlan",
    "Dissection",
    "EdgeAIDeployer",
    "EdgeDevice",
    "Factor",
    "Fleet",
    "GpuRecommendation",
    "InferenceScalingEconomics",
    "LatencyCurve",
    "LifetimeOptimum",
    "Links",
    "MemoryFit",
    "MonthlyCost",
    "PrefixCaching",
    "Queue",
    "RequestTimes",
    "Server",
    "ServiceTimes",
    "ServingConfig",
    "Sharing",
    "Step",
    "Traffic",
    "TypicalTransformer",
    "arithmetic_intensity",
    "attainable_flop_per_s",
    "best_replica",
    "cheapest_fleet",
    "check_ratio",
    "compute_optimal_loss",
    "crossover_batch",
    "dissect_annual_cost",
    "erlang_c",
    "expected_tokens",
    "generation_flops",
    "inference_over_training",
    "inference_tokens_for",
    "latency_curve",
    "lifetime_optimum",
    "links_of",
    "memory_fit",
    "mmc_queue",
    "model",
    "model_names",
    "params_read",
    "pipeline_decode",
    "prefix_caching",
    "published_throughputs",
    "random_arrivals",
    "rental_prices",
    "ridge_point",
    "servers_needed",
    "service_times",
    "simulate_batching",
    "simulate_queue",
    "simulate_serving",
    "speculative_speedup",
    "usd_per_million_tokens",
]
