"""Dense against mixture of experts: the arithmetic, and what the committed runs say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from course.moe.comparison import ablations, compare, estimate, runs


def row(width, seed, loss, *, flops=1e10, seconds=1.0, n_total=1000, n_tokens=100):
    return {
        "d_model": width,
        "n_tokens": n_tokens,
        "seed": seed,
        "loss": loss,
        "flops": flops,
        "seconds": seconds,
        "n_total": n_total,
    }


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9))
def test_the_interval_is_students(values):
    ours = estimate(values)
    if np.std(values) > 1e-6:
        theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-8)
    assert ours.low <= ours.mean <= ours.high


def test_one_value_has_no_interval_and_none_is_refused():
    assert estimate([2.0]).high == np.inf
    for bad in ([], [np.nan, 1.0], 3.0):
        with pytest.raises(ValueError, match="values must be"):
            estimate(bad)


def test_a_planted_multiplier_comes_back():
    """The MoE of 1.02 C reaches what a dense model needs 1.5 · 1.02 C for: worth 1.5."""
    gamma, worth, router = 0.08, 1.5, 1.02
    dense = [row(16, seed, 2.0 + 0.01 * seed) for seed in range(3)]
    moe = [
        row(
            16,
            d["seed"],
            d["loss"] * (worth * router) ** -gamma,
            flops=router * 1e10,
            seconds=2.0,
            n_total=2500,
        )
        for d in dense
    ]
    found = compare(moe, dense, gamma=gamma)
    assert found.all.multiplier.mean == pytest.approx(worth)
    assert found.all.time_ratio == pytest.approx(2.0)
    assert found.all.memory_ratio == pytest.approx(2.5)
    assert "here it does not pay" in found.sentence()


def test_runs_of_another_size_or_seed_are_no_partners():
    dense = [row(16, 0, 2.0), row(16, 1, 2.1)]
    found = compare([row(16, 0, 1.9), row(16, 2, 0.1), row(24, 1, 0.1)], dense, gamma=0.08)
    assert found.all.gain.n == 1
    assert found.all.gain.mean == pytest.approx(0.1)
    with pytest.raises(ValueError, match="none of its runs has a dense partner"):
        compare([row(24, 0, 1.9)], dense, gamma=0.08)
    with pytest.raises(ValueError, match="gamma must be positive"):
        compare([row(16, 0, 1.9)], dense, gamma=-0.08)


def test_without_a_clear_difference_none_is_claimed():
    dense = [row(16, seed, 2.0) for seed in range(3)]
    moe = [row(16, seed, loss) for seed, loss in enumerate((1.9, 2.1, 2.02))]
    assert "no difference is shown" in compare(moe, dense, gamma=0.08).sentence()


def test_our_runs_have_a_partner_each_on_the_same_bytes():
    found = compare(gamma=0.08)
    assert [size.d_model for size in found.sizes] == [16, 24, 32, 48]
    assert all(size.gain.n == 3 for size in found.sizes)
    with_router = {row["d_model"]: row["flops"] for row in runs("main")}
    for size in found.sizes:  # the router is all that is added
        assert 1.0 < with_router[size.d_model] / size.flops < 1.025


def test_the_mixture_wins_at_equal_active_compute_and_costs_time_and_memory():
    """What chapter 3 says of our runs, and K050: it is not free."""
    found = compare()
    assert found.all.gain.low > 0
    assert found.all.multiplier.low > 1
    assert found.all.time_ratio > 1
    assert found.all.memory_ratio > 1.5
    assert f"{found.all.multiplier.mean:.2f}" in found.sentence()


def test_without_balance_experts_die_and_with_it_they_do_not():
    """K061 on language models: two seeds at width 32."""
    by_name = {variant.name: variant for variant in ablations()}
    nothing, balanced = (
        by_name[f"8 experts, top 2, {how}"] for how in ("nothing", "balance loss 0.01")
    )
    assert nothing.dead_experts > 1 > balanced.dead_experts
    assert nothing.largest_share > 0.3 > balanced.largest_share
    assert nothing.loss > balanced.loss
    by_bias = min(
        (v for name, v in by_name.items() if "bias" in name),
        key=lambda variant: variant.largest_share,
    )
    assert by_bias.dead_experts < nothing.dead_experts
