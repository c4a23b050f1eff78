"""The laws of mixtures of experts give what their papers print, and warn when asked too far."""

import numpy as np
import pytest

from course.evidence import fact
from course.moe.laws import (
    ABNAR_2025,
    CLARK_2022,
    KRAJEWSKI_2024,
    KRAJEWSKI_2024_DENSE,
    KRAJEWSKI_2024_E16,
    ClarkLaw,
)
from course.scaling import OutsideFittedRange, extrapolating
from tests.odd_inputs import assert_refuses_odd_inputs

by_routing = pytest.mark.parametrize("routing", CLARK_2022)
TABLE_2 = fact("krajewski.table2").value


@pytest.fixture(autouse=True)
def _far_on_purpose(request):
    if "warns" in request.node.name:
        yield
    else:
        with extrapolating():
            yield


# --- Clark et al. 2022 ----------------------------------------------------------------------------


@by_routing
def test_clarks_one_expert_is_their_dense_model(routing):
    """Table 3 has its own constants for E = 1; the dense fit is another table's."""
    dense = fact("clark.dense").value
    n_params = np.geomspace(15e6, 1.3e9, 9)
    ours = CLARK_2022[routing].loss(n_params, 1)
    assert ours == pytest.approx((dense["N_c"] / n_params) ** dense["alpha_N"], rel=0.02)


@by_routing
def test_clarks_cutoff_is_the_printed_one_within_rounding(routing):
    """b and c are printed with three and one or two digits; 10^(-b / c) magnifies the rounding."""
    law, half = CLARK_2022[routing], 0.0005
    ends = [10 ** (-(law.b + i) / (law.c + j)) for i in (-half, half) for j in (-half, half)]
    assert min(ends) < fact("clark.N_cutoff").value[routing] < max(ends)
    assert law.loss(law.cutoff, 1) == pytest.approx(law.loss(law.cutoff, 64))


@by_routing
def test_clarks_gain_shrinks_with_size_and_saturates_with_experts(routing):
    law = CLARK_2022[routing]
    n_params, n_experts = np.array([15e6, 130e6, 1.3e9]), 2.0 ** np.arange(10)
    gain = law.effective_params(n_params, 64) / n_params
    assert (np.diff(gain) < 0).all()
    assert (gain > 1).all()
    assert law.effective_params(n_params, 1) == pytest.approx(n_params)
    assert law.loss(law.effective_params(n_params, 64), 1) == pytest.approx(law.loss(n_params, 64))
    bent = law.saturated(n_experts)
    assert bent[0] == pytest.approx(law.E_start)
    assert (np.diff(bent) > 0).all()
    assert bent[-1] < law.saturated(1e9) < law.E_max


def test_clarks_five_million_with_128_experts_are_a_dense_55_million():
    """As they say of S-BASE; with the rounded constants 51.8 million."""
    assert CLARK_2022["S-BASE"].effective_params(5e6, 128) == pytest.approx(55e6, rel=0.07)


def test_clarks_logarithms_are_to_base_10():
    """With natural logarithms the law would promise less than one nat to a model of 130 million."""
    law = CLARK_2022["S-BASE"]
    assert law.loss(130e6, 1) == pytest.approx(2.69, abs=0.01)
    size, start = np.log(130e6), np.log(law.E_start)
    natural = np.exp(law.a * size + law.b * start + law.c * size * start + law.d)
    assert natural < 1


# --- Krajewski et al. 2024 ------------------------------------------------------------------------


@pytest.mark.parametrize("row", TABLE_2, ids=lambda row: f"{row['flops']:g}")
def test_krajewskis_table_2(row):
    """Their FLOP to 0.5 %, their loss to 0.025 nats (rounded constants), and it is an optimum."""
    law = KRAJEWSKI_2024
    active, n_tokens, granularity = (
        row[name] for name in ("n_active_params", "n_tokens", "granularity")
    )
    assert law.training_flops(active, n_tokens, granularity) == pytest.approx(
        row["flops"], rel=0.005
    )
    loss = law.loss(law.n_params(active), n_tokens, granularity)
    assert 0 < row["loss"] - loss < 0.025
    ours, ours_tokens, ours_granularity, lowest = law.optimum(row["flops"])
    assert ours_granularity == granularity
    assert lowest <= loss + 1e-3
    assert ours == pytest.approx(active, rel=0.06)
    assert ours_tokens == pytest.approx(n_tokens, rel=0.06)
    assert law.training_flops(ours, ours_tokens, ours_granularity) == pytest.approx(row["flops"])


def test_n_counts_idle_experts_too():
    """With N as the active parameters, Table 2 would be missed by 0.8 nats."""
    row = TABLE_2[0]
    with_active = KRAJEWSKI_2024.loss(row["n_active_params"], row["n_tokens"], row["granularity"])
    assert with_active - row["loss"] > 0.7


def test_krajewskis_gain_over_dense_models_grows():
    """About 20 at 1e20 FLOP as they say; 32 at 1e25, where they say more than 40."""
    near, far = (KRAJEWSKI_2024.compute_gain(c, KRAJEWSKI_2024_DENSE) for c in (1e20, 1e25))
    assert near == pytest.approx(21.3, abs=0.1)
    assert far == pytest.approx(32, abs=0.5)
    sixteen = KRAJEWSKI_2024_E16.compute_gain(1e20, KRAJEWSKI_2024_DENSE)
    assert 1 < sixteen < near


def test_finer_experts_lower_the_loss_until_the_router_costs_more():
    law = KRAJEWSKI_2024
    assert (np.diff(law.loss(1e9, 33e9, 2.0 ** np.arange(9))) < 0).all()
    best = [law.optimum(flops)[2] for flops in (1e16, 1e20, 1e25)]
    assert best == sorted(best)
    assert 1 < best[0] < best[-1] < 256


# --- Abnar et al. 2025 ----------------------------------------------------------------------------


def test_abnars_optimum_is_larger_sparser_and_better():
    """At one budget and more sparsity: N up, active parameters down, loss down (section 2.1)."""
    sparsity = np.array([0, 0.25, 0.5, 0.75, 0.9, 0.95])
    n_params, n_tokens, loss = np.array([ABNAR_2025.optimum(1e20, s) for s in sparsity]).T
    assert (np.diff(n_params) > 0).all()
    assert (np.diff((1 - sparsity) * n_params) < 0).all()
    assert (np.diff(loss) < 0).all()
    assert 6 * (1 - sparsity) * n_params * n_tokens == pytest.approx(1e20)


def test_abnars_best_sparsity_of_a_given_size_grows_with_the_size():
    """It tends to 1, as in their section 2.2. For small models the formula is not their data:
    they see dense ones win up to about 500 million parameters at most budgets (appendix D.2).
    """
    sparsity = np.linspace(0, 0.999, 1000)
    best = []
    for n_params in (5e7, 1e8, 5e8, 1e9, 3e9, 1e10, 1e11):
        n_tokens = 1e20 / (6 * (1 - sparsity) * n_params)
        best.append(sparsity[ABNAR_2025.loss(n_params, n_tokens, sparsity).argmin()])
    assert best == sorted(best)
    assert best[0] == 0
    assert best[2] == pytest.approx(0.77, abs=0.01)
    assert best[-1] > 0.99


def test_abnars_gain_is_one_without_sparsity():
    gains = [ABNAR_2025.compute_gain(1e20, s) for s in (0, 0.5, 0.9)]
    assert gains == pytest.approx([1, 1.7, 4.74], abs=0.01)
    target = ABNAR_2025.optimum(1e20, 0.9)[-1]
    assert ABNAR_2025.optimum(gains[-1] * 1e20, 0)[-1] == pytest.approx(target, abs=1e-5)


# --- all ------------------------------------------------------------------------------------------

INSIDE = [
    (CLARK_2022["S-BASE"], {"n_params": 130e6, "n_experts": 64}, {"n_experts": (1, np.inf)}),
    (
        KRAJEWSKI_2024,
        {"n_params": 1e9, "n_tokens": 33e9, "granularity": 8},
        {"granularity": (1, np.inf)},
    ),
    (
        ABNAR_2025,
        {"n_params": 4e9, "n_tokens": 42e9, "sparsity": 0.9},
        {"sparsity": (0, np.nextafter(1, 0))},
    ),
]


@pytest.mark.parametrize(("law", "inside", "within"), INSIDE)
def test_odd_inputs_are_refused(law, inside, within):
    assert_refuses_odd_inputs(law.loss, inside, within=within, examples=30)


@pytest.mark.parametrize(("law", "inside", "within"), INSIDE)
def test_a_law_broadcasts_and_warns_far_outside_of_its_runs(law, inside, within, recwarn):
    many = law.loss(**{name: np.full((3, 1), float(value)) for name, value in inside.items()})
    assert many.shape == (3, 1)
    assert many.ravel() == pytest.approx(law.loss(**inside))
    assert not recwarn
    with pytest.warns(OutsideFittedRange, match=law.name):
        law.loss(**inside | {"n_params": 1e14})


@pytest.mark.parametrize("flops", [0, -1, np.nan, [1e20, 1e21], "1e20"])
def test_a_budget_is_one_positive_number(flops):
    for optimum in (KRAJEWSKI_2024.optimum, lambda c: ABNAR_2025.optimum(c, 0.5)):
        with pytest.raises(ValueError, match="flops"):
            optimum(flops)


def test_each_preset_names_its_source():
    for law in (*CLARK_2022.values(), KRAJEWSKI_2024, KRAJEWSKI_2024_DENSE, ABNAR_2025):
        assert "arXiv" in law.source
    assert ClarkLaw(-0.1, 0, 0, 1, 1, 100).loss(1e6, 1) == pytest.approx(10**0.4)
