"""Valleys: their minimum from points, and what lies in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.evidence import fact
from course.scaling import BESIROGLU_2024, HOFFMANN_2022, isoflop_losses, tokens_at, valley_minimum
from course.scaling.isoflop import valley_view
from tests.odd_inputs import assert_refuses_odd_inputs

GOPHER = 5.76e23


@given(
    log_best=st.floats(7, 12),
    curvature=st.floats(0.01, 5),
    lowest=st.floats(0.5, 4),
    off=st.floats(-0.9, 0.9),
)
def test_the_minimum_of_a_parabola_is_found_exactly(log_best, curvature, lowest, off):
    n = 10 ** np.linspace(log_best - 1 + off, log_best + 1 + off, 7)
    found = valley_minimum(n, lowest + curvature * (np.log10(n) - log_best) ** 2)
    assert np.log10(found.n_params) == pytest.approx(log_best, abs=1e-6)
    assert found.loss == pytest.approx(lowest, abs=1e-6)
    assert found.curvature == pytest.approx(curvature, rel=1e-6)
    assert found.inside


@pytest.mark.parametrize("flops", [1e19, 1e21, GOPHER])
def test_the_minimum_of_a_valley_is_near_the_optimum_of_its_law(flops):
    """A valley is no parabola: the wider the points, the further off (Approach 2's own bias)."""
    best, _ = BESIROGLU_2024.optimum(flops)
    off = []
    for reach in (2, 16):
        sizes = np.geomspace(best / reach, best * reach, 15)
        off.append(valley_minimum(sizes, isoflop_losses(BESIROGLU_2024, flops, sizes)).n_params)
    assert off[0] == pytest.approx(best, rel=0.003)
    assert off[1] == pytest.approx(best, rel=0.02)
    assert abs(off[0] / best - 1) < abs(off[1] / best - 1)


def test_the_bias_is_that_of_the_registry_for_hoffmanns_law():
    best, best_tokens = HOFFMANN_2022.optimum(1e21)
    for reach, key in ((2, "grid_2x"), (16, "grid_16x")):
        sizes = np.geomspace(best / reach, best * reach, 15)
        found = valley_minimum(sizes, isoflop_losses(HOFFMANN_2022, 1e21, sizes))
        tokens = tokens_at(1e21, found.n_params)
        assert tokens / best_tokens - 1 == pytest.approx(
            fact("isoflop_bias").value["hoffmann"][key], abs=1e-3
        )


@pytest.mark.parametrize("side", [0.02, 50])
def test_a_minimum_outside_the_points_is_reported(side):
    best, _ = BESIROGLU_2024.optimum(1e21)
    sizes = side * best * np.geomspace(0.3, 3, 7)
    assert not valley_minimum(sizes, isoflop_losses(BESIROGLU_2024, 1e21, sizes)).inside


def test_points_without_a_valley_are_refused():
    n = np.geomspace(1e8, 1e10, 5)
    with pytest.raises(ValueError, match="losses must open upwards"):
        valley_minimum(n, 3 - (np.log10(n) - 9) ** 2)
    with pytest.raises(ValueError, match="three different sizes, got 2 in n_params"):
        valley_minimum([1e8, 1e9, 1e9], [3.0, 2.0, 2.1])
    with pytest.raises(ValueError, match="same length"):
        valley_minimum([1e8, 1e9, 1e10], [3.0, 2.0])


def test_odd_inputs_are_refused():
    assert_refuses_odd_inputs(tokens_at, {"flops": 1e21, "n_params": 1e9}, examples=40)
    for function, good in ((lambda flops: valley_view(flops, BESIROGLU_2024), {"flops": 1e21}),):
        for odd in (0.0, -1e21, np.nan, "1e21", None):
            with pytest.raises(ValueError, match="flops"):
                function(**good | {"flops": odd})


def test_the_view_of_gophers_budget():
    view = valley_view(GOPHER, BESIROGLU_2024, second=HOFFMANN_2022)
    best, kaplan, printed = (view.bought[name] for name in ("optimum", "Kaplan", "A §1.2"))
    assert best.loss == pytest.approx(view.losses.min(), abs=1e-4)
    assert best.flops == pytest.approx(GOPHER)
    assert kaplan.flops == pytest.approx(GOPHER)
    assert best.loss < kaplan.loss < printed.loss
    assert printed.flops / GOPHER == pytest.approx(0.138, abs=5e-4)
    assert {model.name for model in view.models} == {"Chinchilla", "Gopher", "Llama-3-8B"}
    assert view.second_best.n_params == pytest.approx(32.19e9, rel=5e-4)
    assert view.second_losses.min() == pytest.approx(view.second_best.loss, abs=1e-4)


@given(st.floats(1e19, 1e26))
def test_models_in_view_are_near_the_budget_and_apart_from_one_another(flops):
    models = valley_view(flops, BESIROGLU_2024).models
    assert len(models) <= 5
    for model in models:
        assert 1 / 1.61 < model.flops / flops < 1.61
    sizes = sorted(np.log10(model.n_params) for model in models)
    assert all(gap >= 0.3 - 1e-9 for gap in np.diff(sizes))
