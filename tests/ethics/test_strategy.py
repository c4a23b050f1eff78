"""The advice of A §6.2, computed; and how compute is shared."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.accounting.hardware import chip
from course.accounting.training import training_run
from course.ethics import (
    Plan,
    SustainableScalingStrategy,
    compute_by_developer,
    gini,
    lorenz,
)
from course.ethics.strategy import smaller_and_longer
from course.evidence import fact
from course.scaling import HOFFMANN_2022, extrapolating

TRAIN = Plan(405e9, 15.6e12, 1e12, "H100", place="United States")
SERVE = Plan(8e9, 15e12, 1e15, "H100", place="China", batch=8)


def savings(plan):
    found = SustainableScalingStrategy(plan).green_ai_recommendations().savings
    return {saving.advice: saving for saving in found}


def test_a_plan_takes_the_energy_of_its_hours():
    run = training_run(405e9, 15.6e12, "H100", mfu=0.4)
    assert TRAIN.training_kwh == pytest.approx(run.gpu_hours * 0.7 * 1.54)
    assert TRAIN.tonnes == pytest.approx(TRAIN.kwh * 369.5 / 1e6, rel=1e-3)
    computing, reading = SERVE.step_seconds
    assert reading == pytest.approx(16e9 / 3.35e12)
    assert computing == pytest.approx(2 * 8e9 * 8 / (989.4e12 * 0.4))


def test_newer_chips_do_more_for_each_watt():
    """K101: 0.42, 0.78, 1.41 and 2.25 TFLOP/s per W."""
    per_watt = {
        name: chip(name).peak() / chip(name).power_w / 1e12
        for name in ("V100", "A100", "H100", "B200")
    }
    assert per_watt == pytest.approx(
        {"V100": 0.42, "A100": 0.78, "H100": 1.41, "B200": 2.25}, abs=0.006
    )
    old = replace(TRAIN, chip="V100")
    assert savings(old)["an energy-efficient chip"].low > 0.6


def test_fewer_bits_save_bytes_and_no_flop():
    """K102: all of the reading where it is the limit, nothing where computing is."""
    for batch, share in ((1, 0.75), (4096, 0.0)):
        plan = replace(SERVE, batch=batch)
        fewer = replace(plan, weight_bits=4)
        assert fewer.step_seconds[0] == plan.step_seconds[0]
        assert fewer.step_seconds[1] == plan.step_seconds[1] / 4
        assert 1 - fewer.serving_kwh / plan.serving_kwh == pytest.approx(share)


def test_active_shares_of_published_mixtures():
    """K103."""
    for name, share in (
        ("Mixtral-8x7B", 0.276),
        ("DeepSeek-V3", 0.055),
        ("gpt-oss-120b", 0.044),
        ("Kimi-K2", 0.031),
    ):
        value = fact(f"model.{name}").value
        assert value["n_active_params"] / value["n_params"] == pytest.approx(share, abs=0.0006)


def test_what_saves_nothing_says_so():
    for plan in (TRAIN, SERVE):
        found = savings(plan)
        for advice in ("carbon offsets", "an audit", "data reused and shared"):
            assert (found[advice].low, found[advice].high) == (0, 0)
        assert found["sparse computing"].low == 0
    assert savings(TRAIN)["distillation"].high < 0 < savings(SERVE)["distillation"].low


def test_the_order_changes_with_the_case():
    train, serve = (list(savings(plan)) for plan in (TRAIN, SERVE))
    assert sorted(train) == sorted(serve)
    assert len(train) == 15
    assert train.index("quantisation") > train.index("better cooling")
    assert serve.index("quantisation") < serve.index("better cooling")


@given(
    n=st.floats(1e8, 1e12),
    served=st.floats(1e9, 1e16),
    batch=st.integers(1, 4096),
    place=st.sampled_from(["China", "Sichuan", "Norway", "India"]),
)
def test_no_saving_exceeds_all_and_the_ends_are_in_order(n, served, batch, place):
    plan = Plan(n, 20 * n, served, "A100", place=place, batch=batch)
    for saving in savings(plan).values():
        assert saving.low <= saving.high <= 1
        assert np.isfinite(saving.low)


def test_smaller_and_longer_ends_at_the_same_loss():
    n, d = smaller_and_longer(SERVE)
    with extrapolating():
        ours, wanted = HOFFMANN_2022.loss(n, d), HOFFMANN_2022.loss(8e9, 15e12)
    assert n == 4e9
    assert ours == pytest.approx(wanted)
    with pytest.raises(ValueError, match="n_params"):
        smaller_and_longer(replace(SERVE, n_params=1e8, n_tokens=1e15))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"n_params": 0}, "n_params"),
        ({"n_served_tokens": [1, 2]}, "n_served_tokens"),
        ({"chip": "TPU-v4"}, "rated power"),
        ({"mfu": 1.2}, "mfu"),
        ({"batch": 1.5}, "batch"),
        ({"pue": 0.5}, "pue"),
        ({"place": "Atlantis"}, "place"),
        ({"weight_bits": 32}, "weight_bits"),
    ],
)
def test_bad_plans_are_refused_by_name(change, named):
    with pytest.raises(ValueError, match=named):
        replace(SERVE, **change)
    with pytest.raises(ValueError, match="plan"):
        SustainableScalingStrategy("GPT-3")


# --- how compute is shared ------------------------------------------------------------------------


def test_gini_of_known_shares():
    assert gini([1, 1, 1, 1]) == pytest.approx(0)
    assert gini([1, 3]) == pytest.approx(0.25)
    assert gini([1e-12, 1e-12, 1e-12, 1]) == pytest.approx(0.75)


@given(amounts=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=30), scale=st.floats(0.01, 100))
def test_gini_is_the_mean_difference_and_ignores_the_unit(amounts, scale):
    x = np.array(amounts)
    pairs = np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean())
    assert gini(x) == pytest.approx(pairs, abs=1e-9)
    assert gini(scale * x) == pytest.approx(gini(x), abs=1e-9)
    holders, whole = lorenz(x)
    assert (whole <= holders + 1e-9).all()


def test_each_model_of_known_compute_has_one_developer():
    from course.ethics.concentration import DEVELOPERS
    from course.evidence import facts

    listed = [name for names in DEVELOPERS.values() for name in names]
    known = [
        key.removeprefix("model.")
        for key, entry in facts("model").items()
        if isinstance(entry.value, dict) and "flops" in entry.value
    ]
    assert sorted(listed) == sorted(known)
    held = compute_by_developer()
    assert list(held.values()) == sorted(held.values(), reverse=True)
    with pytest.raises(ValueError, match="amounts"):
        gini([1, -1])
