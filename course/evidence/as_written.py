"""The documents' formulas as printed, in our words: only to compare with, never to compute with.

Each keeps the document's numbers and faults, and checks nothing; the names of arguments are ours.
The right calculators are in `course.scaling`, the verdicts in `course.evidence.claim(id)`.
"""

import math

import numpy as np

# A §1.1, A §1.2
ALPHA = 0.076
FLOPS_0 = 6.62e18
REFERENCE = {"n_params": 3.17e8, "n_tokens": 3.17e8, "flops": 4.36e18}
PARAMS_EXPONENT = 0.46
TOKENS_EXPONENT = 0.54

# A §1.2 chart: the ticks of the axis "tokens (trillions)", and where GPT-3 is drawn on it (K024).
CHART_TICKS = (100, 300, 1000, 3000, 7680)
CHART_GPT3 = 300

# A §5.1: the factors of calculate_compute_cost beside the parameters (K083 to K086).
INFERENCE_COST = {
    "flops_per_param_token": 6,
    "n_tokens": 1e9,  # "tokens per year"
    "usd_per_flop": 1e-12,
    "seconds_per_year": 365 * 24 * 3600,
}

# A §5.2 (K091, K096).
EDGE_DEVICES = {
    "mobile": {"max_params": 7e9, "memory_gb": 8},
    "laptop": {"max_params": 13e9, "memory_gb": 32},
    "desktop": {"max_params": 70e9, "memory_gb": 64},
    "server": {"max_params": math.inf, "memory_gb": math.inf},
}

# B §4.3: ResNet on ImageNet, as text, since the signs 亿 (1e8) and 万 (1e4) are the fault
# (K139 to K142).
RESNET_EXAMPLE = {
    "n_params": "11.7亿",
    "n_samples": "1.2万",
    "n_epochs": 90,
    "n_tuning_samples": 5000,
    "n_tuning_epochs": 5,
    "accuracy": 0.95,
}


def compute_power_law(flops, alpha=ALPHA, flops_0=FLOPS_0):
    """A §1.1: (C / C0)^-α, called the loss. Judged by K005, K006, K007, K008."""
    return (flops / flops_0) ** (-alpha)


def estimate_capability(loss):
    """A §1.1: 100 (1 - loss / 4), cut off at 0 and 100. Judged by K011, K012."""
    return np.clip(100 * (1 - loss / 4), 0, 100)


def predict_performance(flops, n_params, n_tokens):
    """A §1.1: loss, perplexity and capability of C; N and D go unused. Judged by K009, K010."""
    loss = compute_power_law(flops)
    return {
        "loss": loss,
        "perplexity": np.exp(loss),
        "capability": estimate_capability(loss),
        "flops": flops,
    }


def optimal_allocation(flops):
    """A §1.2: N = N0 (C / C0)^0.46 and D = D0 (C / C0)^0.54. Judged by K013 to K019.

    The document calls the parameters D and the tokens N (K014).
    """
    ratio = flops / REFERENCE["flops"]
    n_params = REFERENCE["n_params"] * ratio**PARAMS_EXPONENT
    n_tokens = REFERENCE["n_tokens"] * ratio**TOKENS_EXPONENT
    return {
        "n_params": np.floor(n_params),
        "n_tokens": np.floor(n_tokens),
        "parameter_efficiency": n_params / flops,
        "token_efficiency": n_tokens / flops,
    }


def compare_allocations(flops):
    """A §1.2: three configurations, of which only one heeds the budget. Judged by K021 to K023."""
    gpt3 = {"n_params": 175e9, "n_tokens": 300e9, "flops": 175e9 * 300e9 * 6}
    palm2 = {"n_params": 340e9, "n_tokens": 7680e9, "flops": 340e9 * 7680e9 * 6}
    return {"GPT-3": gpt3, "Chinchilla": optimal_allocation(flops), "PaLM 2": palm2}


def parse_params(text):
    """A §2.1: "7B" -> 7e9, by whichever of T, B, M occurs first in that order. Judged by K037."""
    for suffix, factor in (("T", 1e12), ("B", 1e9), ("M", 1e6)):
        if suffix in text:
            return float(text.replace(suffix, "")) * factor
    return float(text)


def calculate_compute_cost(n_params):
    """A §5.1: N · 6 · 1e9 · 1e-12 · 365 · 24 · 3600, called USD a year. Judged by K083 to K086."""
    return n_params * math.prod(INFERENCE_COST.values())


def required_gpus(qps, requests_per_gpu_s):
    """A §5.1: requests per second over throughput, rounded up. Judged by K090."""
    return math.ceil(qps / requests_per_gpu_s)


def select_deployment_strategy(n_params, latency, bandwidth):
    """A §5.2: the names of the strategies; latency and bandwidth go unused. Judged by K092."""
    names = ["on_device"] * (n_params <= 7e9) + ["quantized_local"] * (n_params <= 70e9)
    return [*names, "cloud_edge", "cloud_only"]


def quantize_for_edge(n_params, device):
    """A §5.2: bits, pruning and the compression claimed, by size. Judged by K094 to K096."""
    max_params = EDGE_DEVICES.get(device, {}).get("max_params", math.inf)
    if n_params > max_params:
        return {"bits": 4, "pruning": 0.5, "distillation": True, "compression": 16}
    pruning = 0.2 if n_params > max_params * 0.7 else 0
    return {"bits": 8, "pruning": pruning, "distillation": False, "compression": 4}


def performance_product(quantities, exponents):
    """B §4.2: P = N^α D^β E^γ d^δ e^ζ ε^η, for six quantities and as many exponents in this order:

    parameters, samples, epochs, samples and epochs of fine-tuning, accuracy. Judged by K134 to
    K138, K142.
    """
    return math.prod(q**e for q, e in zip(quantities, exponents, strict=True))


def performance_ndr(n_params, n_samples, resources):
    """C §4.2: P = N D / R, with R the compute. Judged by K185 to K188."""
    return n_params * n_samples / resources


# A §2.1: "known critical points" and the jump of performance there (K027 to K033).
CRITICAL_POINTS = {
    "arithmetic_3digit": {"params": "13B", "performance_jump": 0.4},
    "chain_of_thought": {"params": "62B", "performance_jump": 0.35},
    "commonsense_reasoning": {"params": "8B", "performance_jump": 0.25},
    "code_generation": {"params": "25B", "performance_jump": 0.45},
    "multi-step_planning": {"params": "100B", "performance_jump": 0.5},
    "theory_of_mind": {"params": "60B", "performance_jump": 0.3},
}


def predict_emergence(model_params, capability):
    """A §2.1: emerged where the parameters reach the table's. Judged by K034, K035, K036."""
    if capability not in CRITICAL_POINTS:
        return {"emerged": False, "reason": "unknown"}
    row = CRITICAL_POINTS[capability]
    threshold, current = parse_params(row["params"]), parse_params(str(model_params))
    if current >= threshold:
        return {
            "emerged": True,
            "confidence": "high",
            "threshold": row["params"],
            "expected_jump": row["performance_jump"],
        }
    return {
        "emerged": False,
        "threshold": row["params"],
        "gap": threshold - current,
        "estimated_additional_params": threshold - current,
    }


def early_warnings(train_loss, val_loss, capability_scores, output_entropy):
    """A §2.2: the names of the signals that fire. Judged by K039, K042, K043."""
    names = []
    if val_loss[-1] > val_loss[-5] and train_loss[-1] < train_loss[-5]:
        names.append("overfitting_pattern")
    if declining_capabilities(capability_scores):
        names.append("capability_decline")
    if output_entropy[-1] < output_entropy[0] * 0.5:
        names.append("diversity_collapse")
    return names


def declining_capabilities(capability_scores):
    """A §2.2: those whose last five scores fall, with their rate. Judged by K040, K041."""
    return {
        name: (scores[-1] - scores[0]) / scores[0]
        for name, scores in capability_scores.items()
        if len(scores) >= 10 and all(scores[i] > scores[i + 1] for i in range(-5, -1))
    }


def optimal_training_steps(compute_budget, n_params, batch_size):
    """A §2.2: 20 steps per parameter; the budget goes unused. Judged by K044 to K046, K049."""
    steps = 20 * n_params
    return {
        "optimal_steps": steps,
        "optimal_tokens": steps * batch_size,
        "recommended_checkpoints": int(steps * 0.8),
        "early_stop_threshold": steps * 1.1,
    }


# A §4.1: how many times a token of each quality counts (K065).
QUALITY_MULTIPLIERS = {
    "high_quality_curated": 3.0,
    "high_quality_web": 1.5,
    "medium_quality": 1.0,
    "low_quality": 0.5,
    "noise": 0.1,
}

# A §4.1: the text of the internet, what is added each year, the first and the last year (K071,
# K072), and the share of it at which the document calls it exhausted (K076).
INTERNET_TOKENS = 10e12
NEW_TOKENS_PER_YEAR = 100e9
FORECAST_YEARS = (2026, 2040)
EXHAUSTED_AT = 0.8

# A §4.2: the domains, the share below which one is called too small, and what it should have.
DOMAINS = ("web_text", "books", "scientific", "code", "conversational", "other")
TOO_SMALL, RECOMMENDED = 0.05, 0.10


def get_quality_multiplier(quality):
    """A §4.1: 1.0 for any name that is not in the table. Judged by K065, K066, K070."""
    return QUALITY_MULTIPLIERS.get(quality, 1.0)


def estimate_data_performance(n_params, effective_tokens):
    """A §4.1: 1 - 0.5 / (1 + N / 1e12) - 0.5 / (1 + D / 1e12). Judged by K067, K068."""
    base_loss = 3.0
    loss = base_loss * (0.5 / (1 + n_params / 1e12) + 0.5 / (1 + effective_tokens / 1e12))
    return 1 - loss / base_loss


def analyze_data_quality_impact(n_params, tokens_by_quality):
    """A §4.1: effective tokens, performance and "efficiency" by quality. Judged by K069."""
    results = {}
    for quality, n_tokens in tokens_by_quality.items():
        effective = n_tokens * get_quality_multiplier(quality)
        performance = estimate_data_performance(n_params, effective)
        results[quality] = {
            "raw_tokens": n_tokens,
            "effective_tokens": effective,
            "estimated_performance": performance,
            "efficiency": performance / n_tokens,
        }
    return results


def forecast_data_exhaustion(current_scale, growth_rate, exhausted_at=EXHAUSTED_AT):
    """A §4.1: the first year in which the tokens in use, and those newly written, reach 80 %.

    growth_rate goes unused. An int, or the text 'Beyond 2040'. Judged by K071 to K077.
    """
    first, last = FORECAST_YEARS
    years = [
        year
        for year in range(first, last + 1)
        if current_scale + NEW_TOKENS_PER_YEAR * (year - first) >= INTERNET_TOKENS * exhausted_at
    ]
    return {
        "usage_percentage": current_scale / INTERNET_TOKENS * 100,
        "estimated_exhaustion_year": years[0] if years else f"Beyond {last}",
    }


def calculate_diversity_index(distribution):
    """A §4.2: entropy over ln of the number of domains. Judged by K079, K080."""
    total = sum(distribution.values())
    if total == 0:
        return 0
    p = [value / total for value in distribution.values()]
    entropy = -sum(one * np.log(one) if one > 0 else 0 for one in p)
    return entropy / np.log(len(p))


def generate_diversity_recommendations(distribution):
    """A §4.2: 10 % for each domain that has less than 5 %. Judged by K081, K082."""
    total = sum(distribution.values())
    return {
        name: RECOMMENDED for name, amount in distribution.items() if amount / total < TOO_SMALL
    }


# D §4.3: what the table of predictions prints for x = 100, 200, ..., 1000 (K228).
HOUSES_PREDICTED = (1700, 3700, 5300, 6900, 8500, 10100, 11700, 13300, 14900, 16500)


def descend_houses(x, y, learning_rate, n_steps):
    """D §4.3 step 4: θ after each step. The intercept's gradient stays that of the first step, and
    neither has the factor 2 nor λ. Judged by K223, K230, K231.
    """
    theta = np.zeros(2)
    path = [theta]
    for _ in range(n_steps):
        error = theta[0] + theta[1] * x - y
        theta = theta - learning_rate * np.array([-y.mean(), (error * x).mean()])
        path.append(theta)
    return np.array(path)
