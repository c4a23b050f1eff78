"""What experts cost: against configurations, simulations and limits; and the documents' chart."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course.accounting import TransformerShape, chip
from course.evidence import fact
from course.moe.costs import (
    all_to_all_bytes,
    chart_recount,
    chart_rows,
    decode_tokens_per_s,
    dropped_share,
    expert_capacity,
    expert_costs,
    experts_touched,
    moe_shape,
    params_read,
    published_shapes,
)
from course.moe.explorer import what_does_an_expert_cost
from course.moe.views import cost_view
from tests.odd_inputs import assert_refuses_odd_inputs

MIXTRAL = {"d_model": 4096, "d_ff": 14_336, "n_layers": 32, "n_experts": 8, "top_k": 2}
LLAMA_2_13B = {
    "model_type": "llama",
    "num_hidden_layers": 40,
    "hidden_size": 5120,
    "intermediate_size": 13_824,
    "num_attention_heads": 40,
    "vocab_size": 32_000,
}
# The parameters of transformers' own models, built from the published configurations.
BY_TRANSFORMERS = {
    "Mixtral-8x7B": 46_702_792_704,
    "OLMoE-1B-7B": 6_919_161_856,
    "gpt-oss-20b": 20_914_757_184,
    "gpt-oss-120b": 116_829_156_672,
    "Llama-4-Scout": 107_769_861_120,
    "DeepSeek-V3": 671_026_404_352,
    "Kimi-K2": 1_026_408_209_408,
}
SKEWED = np.array([0.4, 0.3, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01])
ROWS = {row.name: row for row in chart_rows()}


def routed(n_trials, n_tokens, n_experts, top_k, seed=0):
    """Loads (trials, experts) of tokens that take `top_k` different experts, all equally likely."""
    rng = np.random.default_rng(seed)
    order = rng.random((n_trials, n_tokens, n_experts)).argsort(-1)[..., :top_k]
    return np.array([np.bincount(trial.ravel(), minlength=n_experts) for trial in order])


# --- shapes ---------------------------------------------------------------------------------------


def test_a_shape_built_from_its_numbers_is_mixtral():
    shape, published = moe_shape(**MIXTRAL), published_shapes()["Mixtral-8x7B"]
    assert shape.n_params == published.n_params == 46_702_792_704
    assert shape.n_active_params == published.n_active_params
    assert shape.forward_flops(3, 17) == published.forward_flops(3, 17)


@pytest.mark.parametrize("granularity", [1, 2, 16])
def test_cut_experts_cost_the_same_but_for_the_router(granularity):
    whole, cut = moe_shape(**MIXTRAL), moe_shape(**MIXTRAL, granularity=granularity)
    router = 4096 * 8 * (granularity - 1) * 32
    assert cut.n_params - whole.n_params == router
    assert cut.n_active_params - whole.n_active_params == router
    assert cut.forward_flops(1, 1) - whole.forward_flops(1, 1) == 2 * router


def test_a_shared_expert_is_passed_by_every_token():
    alone, shared = moe_shape(**MIXTRAL), moe_shape(**MIXTRAL, n_shared=1)
    expert = 32 * 3 * 4096 * 14_336
    assert shared.n_params - alone.n_params == expert
    assert shared.n_active_params - alone.n_active_params == expert


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"granularity": 3}, "granularity"),
        ({"top_k": 9}, "top_k"),
        ({"n_experts": 8.5}, "n_experts"),
        ({"top_k": 0}, "top_k"),
        ({"top_k": True}, "top_k"),
        ({"n_shared": -1}, "n_shared"),
        ({"n_layers": "32"}, "n_layers"),
    ],
)
def test_shapes_that_cannot_be_are_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        moe_shape(**MIXTRAL | wrong)


# --- experts touched ------------------------------------------------------------------------------


def test_a_batch_touches_more_experts_than_a_token():
    """K064: E (1 - (1 - k/E)^B), against tokens that really choose."""
    for n_tokens in (1, 4, 16):
        touched = (routed(4000, n_tokens, 8, 2) > 0).sum(1)
        expected = experts_touched(n_tokens, 8, 2)
        assert expected == pytest.approx(8 * (1 - 0.75**n_tokens))
        assert abs(touched.mean() - expected) <= 4 * touched.std() / np.sqrt(4000) + 1e-12


def test_shares_that_were_measured_are_touched_as_often_as_they_say():
    rng = np.random.default_rng(1)
    drawn = rng.choice(8, size=(20_000, 5), p=SKEWED)
    touched = np.array([len(set(batch)) for batch in drawn])
    expected = experts_touched(5, 8, 1, shares=SKEWED)
    assert abs(touched.mean() - expected) < 4 * touched.std() / np.sqrt(20_000)
    assert expected < experts_touched(5, 8, 1)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=20).filter(lambda s: sum(s) > 0.1),
    st.integers(1, 500),
)
def test_no_shares_touch_more_experts_than_equal_ones(weights, n_tokens):
    shares = np.array(weights) / np.sum(weights)
    touched = experts_touched(n_tokens, len(shares), 1, shares=shares)
    assert 1 - 1e-9 <= touched <= experts_touched(n_tokens, len(shares), 1) + 1e-9


def test_limits_of_the_touched_experts():
    assert experts_touched(1, [8, 64, 7], [2, 6, 7]) == pytest.approx([2, 6, 7])
    assert experts_touched(1e6, 8, 2) == pytest.approx(8)
    equal = experts_touched([[1], [9]], 8, 2, shares=np.full(8, 1 / 8))
    assert equal == pytest.approx(experts_touched([[1], [9]], 8, 2))


@pytest.mark.parametrize("shares", [SKEWED[:7], SKEWED * 0.9, [[0.5, 0.5]], np.full(8, np.nan)])
def test_shares_must_be_shares(shares):
    with pytest.raises(ValueError, match="shares"):
        experts_touched(1, 8, 1, shares=shares)
    with pytest.raises(ValueError, match="shares"):
        dropped_share(10, 8, 1, 1.25, shares=shares)


def test_a_token_takes_an_expert_only_once():
    with pytest.raises(ValueError, match="shares must be at most 1 / top_k"):
        experts_touched(1, 8, 3, shares=SKEWED)


# --- capacity -------------------------------------------------------------------------------------


def test_capacity_is_rounded_up_and_no_further():
    assert expert_capacity(1024, 8, 2, 1.25) == 320
    assert expert_capacity(100, 11, 1, 1.1) == 10  # 10.000000000000002 in floating point
    assert expert_capacity(1000, 64, 6, 1) == 94


@pytest.mark.parametrize(("n_tokens", "factor"), [(16, 1), (64, 1), (64, 1.25), (64, 1.5)])
def test_dropped_share_is_what_random_routing_drops(n_tokens, factor):
    """K061: a capacity factor of 1 drops tokens even where the router is balanced on average."""
    load = routed(3000, n_tokens, 8, 2)
    over = np.maximum(0, load - expert_capacity(n_tokens, 8, 2, factor)).sum(1) / (2 * n_tokens)
    expected = dropped_share(n_tokens, 8, 2, factor)
    assert expected > 0.001
    assert abs(over.mean() - expected) < 4 * over.std() / np.sqrt(3000)


def test_skew_drops_what_no_small_factor_saves():
    """K061: one expert has 0.4 of 4096 tokens and room for 0.156 of them at a factor of 1.25."""
    over = dropped_share(4096, 8, 1, 1.25, shares=SKEWED)
    assert over == pytest.approx(0.4 + 0.3 - 2 * 1.25 / 8, abs=1e-3)
    assert dropped_share(4096, 8, 1, 1.25) < 1e-6
    assert dropped_share(4096, 8, 1, 8, shares=SKEWED) == 0


def test_limits_of_the_dropped_share():
    assert dropped_share(64, 8, 8, 1) == 0  # every token takes every expert
    assert dropped_share(100, 1, 1, 0.5) == pytest.approx(0.5)
    falls = dropped_share(256, 64, 6, np.linspace(0.1, 4, 50))
    assert (np.diff(falls) <= 1e-12).all()
    assert 0 <= falls[-1] < falls[0] < 1
    equal = dropped_share([[64], [512]], 8, 2, [1, 1.25], shares=np.full(8, 1 / 8))
    assert equal == pytest.approx(dropped_share([[64], [512]], 8, 2, [1, 1.25]))
    with pytest.raises(ValueError, match="n_tokens must be whole"):
        dropped_share(10.5, 8, 2, 1)


# --- reading and sending --------------------------------------------------------------------------


def test_one_token_reads_what_it_passes_and_a_large_batch_reads_everything():
    """K050, K064: decoding at a batch of 1 reads 27 % of Mixtral, at 64 all of it."""
    shape = moe_shape(**MIXTRAL)
    lookup = shape.vocab_size * shape.d_model
    assert params_read(shape, 1) == pytest.approx(shape.n_active_params_without_lookup)
    assert params_read(shape, 1e4) == pytest.approx(shape.n_params - lookup)
    assert params_read(shape, 64) / (shape.n_params - lookup) > 0.999
    dense = published_shapes()["GPT-3"]
    assert params_read(dense, [1, 100]) == pytest.approx([dense.n_active_params_without_lookup] * 2)


def test_decoding_is_bound_by_bandwidth():
    """K050, K064: a dense model of Mixtral's active size writes three times as much at batch 64."""
    h100, mixtral = chip("H100"), moe_shape(**MIXTRAL)
    at_1 = decode_tokens_per_s(mixtral, 1)
    assert at_1 == pytest.approx(h100.bandwidth_bytes_per_s / (2 * params_read(mixtral, 1)))
    assert at_1 == pytest.approx(131, abs=1)
    assert decode_tokens_per_s(mixtral, 1, bits=8) == pytest.approx(2 * at_1)
    dense = TransformerShape.from_config(LLAMA_2_13B)
    assert dense.n_active_params == pytest.approx(mixtral.n_active_params, rel=0.02)
    ratio = decode_tokens_per_s(dense, [1, 64]) / decode_tokens_per_s(mixtral, [1, 64])
    assert ratio == pytest.approx([1, 3.6], abs=0.1)


def test_a_huge_batch_is_bound_by_computing():
    mixtral = moe_shape(**MIXTRAL)
    limit = chip("H100").peak() / mixtral.forward_flops(1, 1)
    assert decode_tokens_per_s(mixtral, 1e5) == pytest.approx(limit)
    with_cache = decode_tokens_per_s(mixtral, 64, n_cached=[0, 8192])
    assert with_cache[0] == decode_tokens_per_s(mixtral, 64) > with_cache[1]


def test_all_to_all_bytes():
    """K062: two ways of k d numbers in each layer, of which (P - 1) / P leave; none on one."""
    assert all_to_all_bytes(4096, 2, 1) == 0
    assert all_to_all_bytes(4096, 2, 2) == 2 * 2 * 4096 * 2 / 2
    assert all_to_all_bytes(4096, 2, 8, n_moe_layers=32, training=True) == 1_835_008
    assert all_to_all_bytes(4096, 2, [2, 4, 1e9]) == pytest.approx([16384, 24576, 32768])


def test_pipeline_stages_do_not_change_what_experts_exchange():
    """K062: the same layers on more stages; each still sends as much, so their sum is the same."""
    stages = [all_to_all_bytes(4096, 2, 8, n_moe_layers=32 // n) * n for n in (1, 2, 8)]
    assert len(set(stages)) == 1


# --- over E, k and G ------------------------------------------------------------------------------


def test_costs_over_a_grid_are_those_of_each_shape():
    costs = expert_costs([[8], [64]], [1, 2, 4], 2, batch=16)
    assert costs.n_params.shape == costs.tokens_per_s.shape == (2, 3)
    shape = moe_shape(4096, 14_336, 32, 64, 4, granularity=2)
    assert costs.n_params[1, 2] == shape.n_params
    assert costs.bytes_read[1, 2] == 2 * params_read(shape, 16)
    assert costs.bytes_sent[1, 2] == all_to_all_bytes(4096, 8, 8, n_moe_layers=32)
    assert expert_costs(8, 2, batch=[1, 16]).tokens_per_s.shape == (2,)


def test_capacity_is_not_free():
    """K050: 64 times the experts, the FLOP of a token as before; memory and reading are not."""
    few, many = (expert_costs(e, 2, batch=64) for e in (8, 512))
    assert many.flops_per_token == pytest.approx(few.flops_per_token, rel=0.01)
    assert many.memory_bytes > 60 * few.memory_bytes
    assert many.bytes_read > 13 * few.bytes_read
    assert many.tokens_per_s < few.tokens_per_s / 13


# --- the chart ------------------------------------------------------------------------------------


def test_the_counted_models_are_those_of_their_makers():
    for name, row in ROWS.items():
        assert row.n_params == BY_TRANSFORMERS.get(name, row.n_params), name
        if "n_params" in row.reported:
            assert row.n_params == pytest.approx(row.reported["n_params"], rel=0.015), name
        if "n_active_params" in row.reported:
            # Some count the input embedding, some do not.
            low, high = row.n_active_params_without_lookup, row.n_active_params
            assert 0.98 * low <= row.reported["n_active_params"] <= 1.02 * high, name
    assert BY_TRANSFORMERS.keys() < ROWS.keys()


def test_the_chart_recounted():
    """K056, K057, K058, K059, K060."""
    gpt3, mixtral, ours = ROWS["GPT-3"], ROWS["Mixtral-8x7B"], chart_recount()
    assert mixtral.n_params == fact("model.Mixtral-8x7B").value["n_params"]
    assert (mixtral.n_active_params, mixtral.n_active_params_without_lookup) == (
        12_879_925_248,
        12_748_853_248,
    )
    assert gpt3.flops_per_token == pytest.approx(350e9, rel=0.005)
    assert mixtral.flops_per_token == pytest.approx(25.5e9, rel=0.001)
    assert mixtral.flops_beside_gpt3 == pytest.approx(0.073, abs=0.001)
    assert mixtral.bf16_bytes == pytest.approx(93.4e9, rel=0.001)
    assert ours["expert_params"] == pytest.approx(5.64e9, rel=0.001)
    assert ours["shared_params"] == pytest.approx(1.61e9, rel=0.005)
    assert 8 * ours["expert_params"] + ours["shared_params"] == mixtral.n_params
    assert ours["flops_per_token"] / ours["two_times_7b"] == pytest.approx(1.82, abs=0.01)
    assert list(ours["shares"].values()) == pytest.approx([0.276, 0.074, 0.184], abs=0.001)
    assert ours["dense_for_17_percent"] == pytest.approx(75.8e9, rel=0.001)


# --- odd inputs, explorer -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "good", "within"),
    [
        (experts_touched, {"n_tokens": 10, "n_experts": 8, "top_k": 2}, {}),
        (all_to_all_bytes, {"d_model": 8, "top_k": 2, "n_devices": 4}, {"n_devices": (1, np.inf)}),
    ],
)
def test_odd_inputs_are_refused(function, good, within):
    assert_refuses_odd_inputs(function, good, within=within, examples=20)


@pytest.mark.parametrize("n_experts", [[], [8.5], "8", None, [True], np.nan, [[8], [4, 2]]])
def test_odd_grids_are_refused(n_experts):
    with pytest.raises(ValueError, match="n_experts"):
        expert_costs(n_experts, 2)


def test_the_explorer_says_what_it_draws():
    explorer = what_does_an_expert_cost()
    words = explorer.sentence()
    for part in ("46.7B", "12.9B", "93.4 GB, 2 H100", "reads 27%", "131 tokens/s", "236"):
        assert part in words
    pictures = {explorer.picture(), explorer.picture(n_experts=64), explorer.picture(batch=64)}
    assert len(pictures) == 3
    for picture in pictures:
        assert np.asarray(Image.open(io.BytesIO(picture)).convert("L")).std() > 10
    with pytest.raises(ValueError, match="top_k must be at most n_experts = 1"):
        explorer.sentence(n_experts=1)


@pytest.mark.parametrize(
    "at", [(1, 1, 1, 1), (512, 16, 16, 1024), (512, 4, 1, 256), (512, 1, 1, 1)]
)
def test_every_curve_of_the_explorer_stays_in_the_picture(at):
    view = cost_view(*at)
    for cost in ("memory_bytes", "bytes_read", "flops_per_token", "tokens_per_s"):
        ratio = getattr(view.curve, cost) / getattr(view.dense, cost)
        assert np.isfinite(ratio).all()
        assert 1e-3 < ratio.min() <= ratio.max() < 1e3
