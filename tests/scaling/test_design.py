"""The design doctor: its intervals are those of studies, and hopeless grids are named."""

import numpy as np
import pytest

from course.scaling import (
    BESIROGLU_2024_UNROUNDED,
    HOFFMANN_2022,
    ChinchillaLaw,
    cheapest_run,
    extrapolating,
    plan_study,
)
from course.scaling.design import ASKED, _width
from course.scaling.fitting import fit_chinchilla

GRID = (
    np.repeat(np.geomspace(4e7, 1.6e10, 6), 6),
    np.tile(np.geomspace(2e9, 6e11, 6), 6),
)
PLAN = plan_study(*GRID, law=HOFFMANN_2022, noise=0.01)


def test_the_intervals_are_those_of_studies_fitted_from_blind_starts():
    exponents = []
    with extrapolating():
        loss = HOFFMANN_2022.loss(*GRID)
    for seed in range(30):
        errors = np.random.default_rng(seed).standard_normal(36)
        exponents.append(fit_chinchilla(*GRID, loss * np.exp(0.01 * errors)).exponents["a"])
    low, high = PLAN.intervals["a"]
    assert np.std(exponents) == pytest.approx((high - low) / 3.92, rel=0.4)
    assert low < HOFFMANN_2022.a < high
    assert sum(low <= a <= high for a in exponents) >= 25


def test_half_the_noise_gives_half_the_interval():
    half = plan_study(*GRID, law=HOFFMANN_2022, noise=0.005)
    for name in ASKED:
        assert np.ptp(half.intervals[name]) == pytest.approx(
            np.ptp(PLAN.intervals[name]) / 2, rel=0.15
        )
    assert PLAN.flops == pytest.approx(6 * (GRID[0] * GRID[1]).sum())
    assert half.told_apart
    assert not PLAN.told_apart


def test_a_shared_error_of_each_size_widens_alpha():
    shared = plan_study(*GRID, law=HOFFMANN_2022, noise=0.01, size_correlation=0.5)
    assert np.ptp(shared.intervals["alpha"]) > 1.4 * np.ptp(PLAN.intervals["alpha"])


def test_six_models_at_one_amount_of_data_cannot_tell_alpha_from_beta():
    plan = plan_study(np.geomspace(1e8, 1e10, 6), [1e10] * 6, law=HOFFMANN_2022, noise=0.001)
    assert plan.intervals == {}
    assert plan.smallest_difference == np.inf
    assert not plan.told_apart
    assert "n_tokens takes 1 value, and beta needs three" in str(plan)
    assert "beta needs three" in plan._repr_html_()
    assert cheapest_run(plan, [(1e9, 1e12)]) is None
    for n, d, words in (
        (np.geomspace(1e8, 1e10, 9), 20 * np.geomspace(1e8, 1e10, 9), "grow together"),
        ([1e8, 1e9, 1e10, 1e9], [1e10, 1e9, 1e10, 1e11], "4 runs for 5 constants"),
    ):
        assert words in plan_study(n, d, law=HOFFMANN_2022, noise=0.01).obstacle


def test_a_floor_that_no_such_grid_sees_is_said():
    near = np.repeat(np.geomspace(5e8, 2e9, 5), 5), np.tile(np.geomspace(1e10, 4e10, 5), 5)
    plan = plan_study(*near, law=ChinchillaLaw(0.3, 406, 411, 0.34, 0.28), noise=0.01)
    assert plan.intervals["E"][0] == 0
    assert "The floor E is not told from 0" in str(plan)


@pytest.mark.parametrize("target", ASKED)
def test_the_linearised_width_is_near_the_simulated_one(target):
    law, noise = BESIROGLU_2024_UNROUNDED, 0.002
    for shared in (0.0, 0.5):
        plan = plan_study(*GRID, law=law, noise=noise, size_correlation=shared, n_studies=400)
        assert 3.92 * _width(plan, *GRID, target) == pytest.approx(
            np.ptp(plan.intervals[target]), rel=0.35
        )


def test_the_cheapest_run_is_the_cheapest_that_helps_enough():
    sizes, data = np.geomspace(1e7, 1e11, 9), np.geomspace(1e9, 1e13, 9)
    candidates = [(n, d) for n in sizes for d in data]
    run = cheapest_run(PLAN, candidates)
    assert run.enough
    assert run.narrowing <= 0.9
    before = _width(PLAN, *GRID, "a")
    for n, d in candidates:
        if 6 * n * d < 0.99 * run.flops:
            assert _width(PLAN, np.append(GRID[0], n), np.append(GRID[1], d), "a") > 0.9 * before
    best = cheapest_run(PLAN, candidates, narrowing=0.01)
    assert not best.enough
    assert best.narrowing <= run.narrowing
    assert "of its width" in str(best)
    longer = plan_study(
        np.append(GRID[0], run.n_params),
        np.append(GRID[1], run.n_tokens),
        law=HOFFMANN_2022,
        noise=0.01,
    )
    assert np.ptp(longer.intervals["a"]) < np.ptp(PLAN.intervals["a"])


def test_odd_plans_are_refused():
    for changed, name in (
        ({"noise": 0}, "noise"),
        ({"noise": [0.1, 0.2]}, "noise"),
        ({"law": "Hoffmann"}, "law"),
        ({"size_correlation": 1.1}, "size_correlation"),
        ({"n_studies": 10}, "n_studies"),
        ({"seed": 0.5}, "seed"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must"):
            plan_study(*GRID, **{"law": HOFFMANN_2022, "noise": 0.01} | changed)
    with pytest.raises(ValueError, match="lists of one length"):
        plan_study(GRID[0], GRID[1][:5], law=HOFFMANN_2022, noise=0.01)
    for candidates, named, words in (
        ([1e9], {}, "candidates must be pairs"),
        ([(1e9, -1)], {}, "candidates must be"),
        ([(1e9, 1e10)], {"target": "gamma"}, "target must be one of"),
        ([(1e9, 1e10)], {"narrowing": 2}, "narrowing must be"),
    ):
        with pytest.raises(ValueError, match=words):
            cheapest_run(PLAN, candidates, **named)
