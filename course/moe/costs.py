"""What an expert costs: parameters, memory, FLOP, bytes read, bytes sent, tokens dropped.

E experts, of which a token takes k (`n_experts`, `top_k`). Granularity G cuts each expert into G of
a G-th of the width, and a token takes k · G of these. Parameters and FLOP are those of
`TransformerShape`. Everything broadcasts over numpy arrays but the shapes' own widths.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import binom

from course.accounting import TransformerShape, chip, params_read, published
from course.evidence import fact, facts
from course.units import between, plain, positive, single, whole

MOST_EXPERTS = 512  # of the explorer
_ROUNDING = 1e-12  # 1.1 · 100 / 11 is 10.000000000000002 here, and must not become 11

# --- shapes ---------------------------------------------------------------------------------------


def moe_shape(
    d_model,
    d_ff,
    n_layers,
    n_experts,
    top_k,
    *,
    n_shared=0,
    granularity=1,
    n_heads=32,
    n_kv_heads=8,
    vocab_size=32_000,
):
    """A transformer with experts in each layer, as a TransformerShape; its attention is Llama's.

    An expert has three matrices. With d_model=4096, d_ff=14336, n_layers=32, 8 experts and
    top_k=2 the defaults give Mixtral-8x7B.

    Args:
        d_model, n_layers: width of a token, number of layers.
        d_ff: width of an uncut expert, and of each shared one.
        n_experts, top_k: experts in a layer, and how many of them a token takes.
        n_shared: experts that every token passes beside these.
        granularity: into how many each expert is cut; a token takes that many times top_k.
        n_heads, n_kv_heads: attention heads, and those of keys and values.
        vocab_size: rows of the embedding, which the head has once more.

    Raises:
        ValueError: for a top_k above n_experts, a granularity that does not divide d_ff, and for
            what is not whole or too small.
    """
    granularity, d_ff = _count("granularity", granularity), _count("d_ff", d_ff)
    n_experts, n_shared = _count("n_experts", n_experts), _count("n_shared", n_shared, least=0)
    if (top_k := _count("top_k", top_k)) > n_experts:
        raise ValueError(f"top_k must be at most n_experts = {n_experts}, got {top_k}")
    if d_ff % granularity:
        raise ValueError(f"granularity must divide d_ff = {d_ff}, got {granularity}")
    return TransformerShape.from_config(
        _ATTENTION
        | {
            "hidden_size": _count("d_model", d_model),
            "num_hidden_layers": _count("n_layers", n_layers),
            "num_attention_heads": _count("n_heads", n_heads),
            "num_key_value_heads": _count("n_kv_heads", n_kv_heads),
            "vocab_size": _count("vocab_size", vocab_size),
            "intermediate_size": d_ff,
            "moe_intermediate_size": d_ff // granularity,
            "n_routed_experts": n_experts * granularity,
            "num_experts_per_tok": top_k * granularity,
            "n_shared_experts": n_shared * granularity,
        }
    )


# Of the model types with a number of shared experts, the one whose attention is as plain as Llama's
_ATTENTION = {
    "model_type": "glm4_moe",
    "first_k_dense_replace": 0,
    "attention_bias": False,
    "use_qk_norm": False,
}


def _count(name, value, least=1):
    return int(single(name, whole(name, value, least)))


# --- who is touched, who is full ------------------------------------------------------------------


def experts_touched(n_tokens, n_experts, top_k, *, shares=None):
    """Expected number of different experts that `n_tokens` tokens take in one layer.

    E · (1 - (1 - k / E)^n where all are equally likely; Σ 1 - (1 - k s_e)^n where expert e gets the
    share s_e of all places, `shares` of shape (n_experts,), which add up to 1. Tokens choose
    independently of one another. No shares touch more experts than equal ones.
    Raises ValueError for a top_k above n_experts and for shares that no top_k can give.
    """
    n_tokens = positive("n_tokens", n_tokens)
    if shares is None:
        n_experts, chance = _chance(n_experts, top_k)
        return n_experts * (1 - (1 - chance) ** n_tokens)
    chance = _chances(shares, n_experts, top_k)
    return plain((1 - (1 - chance) ** np.expand_dims(n_tokens, -1)).sum(-1))


def expert_capacity(n_tokens, n_experts, top_k, capacity_factor):
    """Places that each expert has for a batch: ceil(capacity_factor · k · n_tokens / E).

    Source: Lepikhin et al. 2020, arXiv:2006.16668; Fedus et al. 2021, arXiv:2101.03961, eq. 3.
    """
    n_experts, chance = _chance(n_experts, top_k)
    places = positive("capacity_factor", capacity_factor) * chance * whole("n_tokens", n_tokens)
    return np.ceil(places * (1 - _ROUNDING))


def dropped_share(n_tokens, n_experts, top_k, capacity_factor, *, shares=None):
    """Expected share of the k · n_tokens assignments that find their expert full, in [0, 1).

    Each of the tokens takes an expert with chance p, k / E where all are alike or k s_e with
    `shares`, independently of the others. Its load X is binomial, and with a capacity of c
    E[(X - c)+] = n p · P(Bin(n - 1, p) >= c) - c · P(Bin(n, p) > c), exactly.
    Even a router that is balanced on average drops tokens at a factor of 1.

    Args:
        n_tokens: whole; broadcasts with the factor.
        n_experts, top_k: experts in a layer, and how many of them a token takes.
        capacity_factor: see `expert_capacity`.
        shares: (n_experts,), the part s_e of all assignments that each expert gets.
    """
    n_tokens = whole("n_tokens", n_tokens)
    capacity = expert_capacity(n_tokens, n_experts, top_k, capacity_factor)
    if shares is None:
        n_experts, chance = _chance(n_experts, top_k)
        return plain(_overflow(n_tokens, chance, capacity) / (n_tokens * chance))
    chance = _chances(shares, n_experts, top_k)
    over = _overflow(np.expand_dims(n_tokens, -1), chance, np.expand_dims(capacity, -1))
    return plain(over.sum(-1) / (n_tokens * top_k))


def _overflow(n_tokens, chance, capacity):
    within = n_tokens * chance * binom.sf(capacity - 1, n_tokens - 1, chance)
    return np.maximum(0, within - capacity * binom.sf(capacity, n_tokens, chance))


def _chance(n_experts, top_k):
    """(E, k / E), where k / E is the chance that a token takes a certain expert."""
    n_experts, top_k = positive("n_experts", n_experts), positive("top_k", top_k)
    if np.any(top_k > n_experts):
        raise ValueError(f"top_k must be at most n_experts = {n_experts}, got {top_k}")
    return n_experts, top_k / n_experts


def _chances(shares, n_experts, top_k):
    shares = between("shares", shares, 0, 1)
    if np.shape(shares) != (n_experts,) or abs(np.sum(shares) - 1) > 1e-6:
        raise ValueError(
            f"shares must be {n_experts} numbers that add up to 1, got {np.size(shares)} that add "
            f"up to {np.sum(shares):g}"
        )
    chance = positive("top_k", top_k) * shares
    if np.max(chance) > 1 + 1e-9:
        raise ValueError(
            f"shares must be at most 1 / top_k = {1 / top_k:g}, since a token takes an expert "
            f"once; got {np.max(shares):g}"
        )
    return np.minimum(1, chance)


# --- reading and sending --------------------------------------------------------------------------


def decode_tokens_per_s(shape, batch, chip_name="H100", *, bits=16, n_cached=0):
    """Tokens per second of `batch` sequences that are written at once: at most this many.

    batch / max(bytes read / bandwidth, FLOP / peak) of one chip. All of the bandwidth and the peak
    is used, which no server reaches, and memory is as large as it has to be.

    Args:
        shape: a TransformerShape; the parameters that it reads are those of `params_read`.
        batch: sequences written at once; broadcasts.
        chip_name: a name that `course.accounting.chip` knows, or a chip.
        bits: of a weight.
        n_cached: tokens before, whose KV cache is read too.
    """
    batch, c = positive("batch", batch), chip(chip_name)
    read = params_read(shape, batch) * positive("bits", bits, upper=64) / 8
    n_cached = between("n_cached", n_cached, 0, np.inf)
    if np.any(n_cached):
        read = read + shape.kv_cache_bytes(batch, np.maximum(n_cached, 1)) * (n_cached > 0)
    flops = batch * shape.forward_flops(1, 1, n_cached=n_cached)
    return batch / np.maximum(read / c.bandwidth_bytes_per_s, flops / c.peak())


def all_to_all_bytes(
    d_model, top_k, n_devices, *, n_moe_layers=1, bytes_per_value=2, training=False
):
    """Bytes that leave the devices for each token: its way to the experts and back, all layers.

    2 · k · d_model · bytes_per_value · (P - 1) / P for each layer, where the experts lie on
    P devices and all are equally likely; the backward pass sends the same again.
    A token that takes two experts of one device is sent there twice.

    Args:
        d_model, top_k: width of a token, and how many experts it takes.
        n_devices: P, the number of devices that share the experts.
        n_moe_layers: how many layers have experts.
        bytes_per_value: 2 for 16 bits.
        training: whether the backward pass is counted too.
    """
    n_devices = between("n_devices", n_devices, 1, np.inf)
    sent = positive("d_model", d_model) * positive("top_k", top_k)
    sent = sent * positive("bytes_per_value", bytes_per_value)
    passes = 2 if training else 1
    ways = 2 * passes * positive("n_moe_layers", n_moe_layers)
    return ways * sent * (n_devices - 1) / n_devices


# --- all of it over E, k and G --------------------------------------------------------------------


@dataclass(frozen=True)
class ExpertCosts:
    """What a model costs for each of the given E, k and G; see `expert_costs`. Arrays or numbers.

    Attributes:
        n_params, n_active_params: all parameters, and those that a token passes.
        memory_bytes: of the weights.
        flops_per_token: FLOP of one forward pass, without attention over the context.
        bytes_read: of the weights that one step of decoding reads.
        tokens_per_s: of all sequences of the batch together, at most.
        bytes_sent: by one token in a forward pass, with the experts on `n_devices`.
    """

    n_params: np.ndarray
    n_active_params: np.ndarray
    memory_bytes: np.ndarray
    flops_per_token: np.ndarray
    bytes_read: np.ndarray
    tokens_per_s: np.ndarray
    bytes_sent: np.ndarray


def expert_costs(
    n_experts,
    top_k,
    granularity=1,
    *,
    batch=1,
    bits=16,
    chip_name="H100",
    n_devices=8,
    d_model=4096,
    d_ff=14_336,
    n_layers=32,
    n_shared=0,
):
    """The ExpertCosts of `moe_shape` with each E, k and G, whole, and batch: all four broadcast.

    One expert of which one is taken is the dense model, with a router of one column.

    Args:
        d_model, n_layers: width of a token, number of layers.
        d_ff: width of an uncut expert, and of each shared one.
        n_experts, top_k: experts in a layer, and how many of them a token takes.
        granularity: into how many each expert is cut; a token takes that many times top_k.
        batch: sequences written at once.
        bits: of a weight.
        chip_name: the chip that decodes.
        n_devices: devices that share the experts.
        n_shared: experts that every token passes beside these.

    Raises:
        ValueError: as `moe_shape`, and for batch and bits that are not positive.
    """
    bits, c = positive("bits", bits, upper=64), chip(chip_name)
    for name, value in (("n_experts", n_experts), ("top_k", top_k), ("granularity", granularity)):
        positive(name, value)
    grid = np.broadcast_arrays(n_experts, top_k, granularity, positive("batch", batch))

    def one(e, k, g, batch):
        e, k, g = _count("n_experts", e), _count("top_k", k), _count("granularity", g)
        shape = _shape(d_model, d_ff, n_layers, e, k, n_shared, g)
        return (
            shape.n_params,
            shape.n_active_params,
            shape.weight_bytes(bits),
            shape.forward_flops(1, 1),
            params_read(shape, batch) * bits / 8,
            decode_tokens_per_s(shape, batch, c, bits=bits),
            all_to_all_bytes(d_model, k * g, n_devices, n_moe_layers=n_layers),
        )

    rows = np.array([one(*place) for place in zip(*(g.flat for g in grid), strict=True)], float)
    columns = rows.T.reshape(-1, *grid[0].shape)
    return ExpertCosts(*(plain(column) for column in columns))


@cache
def _shape(d_model, d_ff, n_layers, n_experts, top_k, n_shared, granularity):
    return moe_shape(
        d_model, d_ff, n_layers, n_experts, top_k, n_shared=n_shared, granularity=granularity
    )


# --- the documents' chart, recounted --------------------------------------------------------------


_CHART = (
    "GPT-3",
    "Mixtral-8x7B",
    "OLMoE-1B-7B",
    "gpt-oss-20b",
    "gpt-oss-120b",
    "Qwen3-235B",
    "Llama-4-Scout",
    "DeepSeek-V3",
    "Kimi-K2",
)


def published_shapes():
    """The TransformerShape of GPT-3 and of eight mixtures of experts, by name."""
    return {name: published.shape(name) for name in _CHART}


@dataclass(frozen=True)
class ModelRow:
    """A published model, counted from its configuration.

    Attributes:
        name: of the model.
        n_experts, top_k: experts in a layer, and how many of them a token takes.
        n_params: all parameters.
        n_active_params: those that a token passes, with the input embedding, as Mixtral counts.
        n_active_params_without_lookup: without tables that are only looked up, as gpt-oss counts.
        flops_per_token: FLOP of one forward pass, without attention over the context.
        bf16_bytes: memory for the weights in 16 bits.
        flops_beside_gpt3: a ratio.
        reported: what its makers say, where the registry has it.
    """

    name: str
    n_experts: int
    top_k: int
    n_params: int
    n_active_params: int
    n_active_params_without_lookup: int
    flops_per_token: float
    bf16_bytes: float
    flops_beside_gpt3: float
    reported: dict


def chart_rows():
    """A ModelRow for each of `published_shapes`, GPT-3 first: A §3.1's chart, recounted."""
    shapes = published_shapes()
    known = facts("model")
    gpt3 = shapes["GPT-3"].forward_flops(1, 1)
    rows = []
    for name, shape in shapes.items():
        mlp = shape.layers[-1].feed_forward
        rows.append(
            ModelRow(
                name=name,
                n_experts=mlp.n_experts,
                top_k=mlp.n_active,
                n_params=shape.n_params,
                n_active_params=shape.n_active_params,
                n_active_params_without_lookup=shape.n_active_params_without_lookup,
                flops_per_token=shape.forward_flops(1, 1),
                bf16_bytes=shape.weight_bytes(16),
                flops_beside_gpt3=shape.forward_flops(1, 1) / gpt3,
                reported=fact(f"model.{name}").value if f"model.{name}" in known else {},
            )
        )
    return rows


def chart_recount():
    """What A §3.1 prints of Mixtral beside what its configuration gives, as a dict.

    `expert_params`: one of the eight in all layers; `shared_params`: what all tokens pass.
    `two_times_7b` and `flops_per_token`: the chart's "FLOPs 2 × 7B" and ours, in FLOP.
    `shares`: active parameters beside those of its own dense size, of GPT-3 and of a dense 70B.
    `dense_for_17_percent`: the dense model of which 12.9B active ones would be 17 %: none named.
    """
    printed = {"flops": 2 * 7e9, "share": 0.17}
    mixtral, gpt3 = (published_shapes()[name] for name in ("Mixtral-8x7B", "GPT-3"))
    mlp = mixtral.layers[0].feed_forward
    expert = mixtral.n_layers * (mlp.expert_matrices + mlp.expert_vectors)
    active = mixtral.n_active_params
    beside = {"all of its own": mixtral.n_params, "GPT-3": gpt3.n_params, "a dense 70B": 70e9}
    return {
        "expert_params": expert,
        "shared_params": mixtral.n_params - mlp.n_experts * expert,
        "two_times_7b": printed["flops"],
        "flops_per_token": mixtral.forward_flops(1, 1),
        "shares": {name: active / n_params for name, n_params in beside.items()},
        "dense_for_17_percent": active / printed["share"],
    }
