"""Dense against mixture of experts: the arithmetic, and what the committed runs say."""

import pytest

from course.experiments.runs import load_runs
from course.moe.study import TABLE, ablations, dense_against_moe


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
    result = dense_against_moe(moe, dense, gamma=gamma)
    assert result.all.multiplier.value == pytest.approx(worth)
    assert result.all.time_ratio == pytest.approx(2.0)
    assert result.all.memory_ratio == pytest.approx(2.5)
    assert "here it does not pay" in result.sentence()


def test_runs_of_another_size_or_seed_are_no_partners():
    dense = [row(16, 0, 2.0), row(16, 1, 2.1)]
    result = dense_against_moe(
        [row(16, 0, 1.9), row(16, 2, 0.1), row(24, 1, 0.1)], dense, gamma=0.08
    )
    assert result.all.gain.n == 1
    assert result.all.gain.value == pytest.approx(0.1)
    with pytest.raises(ValueError, match="none of its runs has a dense partner"):
        dense_against_moe([row(24, 0, 1.9)], dense, gamma=0.08)
    with pytest.raises(ValueError, match="gamma must be a positive number"):
        dense_against_moe([row(16, 0, 1.9)], dense, gamma=-0.08)


def test_without_a_clear_difference_none_is_claimed():
    dense = [row(16, seed, 2.0) for seed in range(3)]
    moe = [row(16, seed, loss) for seed, loss in enumerate((1.9, 2.1, 2.02))]
    assert "not told apart" in dense_against_moe(moe, dense, gamma=0.08).sentence()


def test_our_runs_have_a_partner_each_on_the_same_bytes():
    result = dense_against_moe(gamma=0.08)
    assert [size.d_model for size in result.sizes] == [16, 24, 32, 48]
    assert all(size.gain.n == 3 for size in result.sizes)
    with_router = {row["d_model"]: row["flops"] for row in load_runs(TABLE, "main")}
    for size in result.sizes:  # the router is all that is added
        assert 1.0 < with_router[size.d_model] / size.flops < 1.025


def test_the_mixture_wins_at_equal_active_compute_and_costs_time_and_memory():
    """What chapter 3 says of our runs, and K050: it is not free."""
    result = dense_against_moe()
    assert result.all.gain.low > 0
    assert result.all.multiplier.low > 1
    assert result.all.time_ratio > 1
    assert result.all.memory_ratio > 1.5
    assert f"{result.all.multiplier.value:.2f}" in result.sentence()


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
