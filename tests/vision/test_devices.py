"""Memory, parallelism and failures: published values, limits, and draws beside formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.evidence import fact
from course.experiments.runs import load_runs
from course.vision import (
    bubble_share,
    compound,
    dalys_interval,
    device_memory,
    goodput,
    mean_time_between,
    parallel_step,
    plan,
    simulate,
    study,
    youngs_interval,
)
from course.vision.views import memory_view


def test_sixteen_bytes_a_parameter_and_what_zero_splits():
    """ZeRO's own example: 7.5e9 parameters on 64 devices: 120, 31.4, 16.6 and 1.9 GB."""
    totals = [device_memory(7.5e9, 64, stage).total / 1e9 for stage in range(4)]
    assert totals == pytest.approx([120, 31.4, 16.6, 1.9], abs=0.06)
    assert device_memory(7.5e9).total == 16 * 7.5e9


@given(n=st.floats(1e6, 1e12), devices=st.integers(1, 4096))
def test_a_later_stage_never_keeps_more(n, devices):
    totals = [device_memory(n, devices, stage, activations=1e9).total for stage in range(4)]
    assert totals == sorted(totals, reverse=True)
    assert totals[3] >= 1e9


def test_bubbles_of_known_pipelines():
    assert bubble_share(4, 1) == 0.75
    assert bubble_share(1, 8) == 0
    assert bubble_share(16, 16, 8) == pytest.approx(15 / 143)


def test_one_fitted_number_predicts_the_other_published_mfu():
    published = fact("train.Llama-3-405B").value

    def mfu(data, alone):
        return parallel_step(
            405e9,
            16_384,
            126,
            published["tokens_per_step"],
            data=data,
            tensor=8,
            pipeline=16,
            chunks=8,
            microbatches=published["tokens_per_step"] // 8192 // data,
            alone=alone,
        ).mfu

    shares = np.linspace(0.4, 0.7, 301)
    alone = shares[np.argmin([abs(mfu(64, s) - published["mfu_8192"]) for s in shares])]
    assert mfu(128, alone) == pytest.approx(published["mfu_16384"], abs=0.01)


def test_a_single_device_reaches_what_it_reaches_alone():
    step = parallel_step(1e9, 2048, 24, 1e5, alone=0.55)
    assert (step.mfu, step.bubble, step.tensor_s, step.data_s) == pytest.approx((0.55, 0, 0, 0))


def test_young_and_daly_and_the_draws_agree():
    between = mean_time_between(419, 54)
    assert between / 3600 == pytest.approx(3.09, abs=0.01)
    best = youngs_interval(60, between)
    assert best / 60 == pytest.approx(19.3, abs=0.05)
    assert dalys_interval(60, between) == pytest.approx(best, rel=0.05)
    shares = [simulate(best, 60, between, 600, seed=seed)[0] for seed in range(20)]
    assert np.mean(shares) == pytest.approx(goodput(best, 60, between, 600), abs=0.006)
    intervals = np.geomspace(60, 36_000, 400)
    top = intervals[goodput(intervals, 60, between, 600).argmax()]
    assert top == pytest.approx(dalys_interval(60, between), rel=0.05)
    assert simulate(best, 60, 1e15)[1] == 0


def test_no_failures_leave_only_the_saves():
    assert goodput(540, 60, 1e12) == pytest.approx(0.9)
    assert dalys_interval(100, 10) == 10


def test_each_phi_doubles_the_flop():
    assert compound(0) == compound(0.0)
    assert compound(0).flops == 1
    assert compound(1).flops == pytest.approx(1.2 * 1.1**2 * 1.15**2)
    assert compound(3).flops == pytest.approx(8, rel=0.15)


def test_the_memory_view_adds_up():
    view = memory_view("Llama-3-8B", 8, 3)
    m = view.memory
    assert m.total == pytest.approx(m.weights + m.gradients + m.optimiser + m.activations)
    assert memory_view("Llama-3-8B", 8, 3, checkpointing=True).memory.activations < m.activations
    assert memory_view("Llama-3-8B", 1, 3).memory == memory_view("Llama-3-8B", 1, 0).memory


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: device_memory(0), "n_params"),
        (lambda: device_memory(1e9, 1.5), "n_devices"),
        (lambda: device_memory(1e9, 2, 4), "stage"),
        (lambda: bubble_share(0, 1), "n_stages"),
        (lambda: parallel_step(1e9, 64, 2, 1e5, tensor=0), "tensor"),
        (lambda: parallel_step(1e9, 64, 2, 1e5, alone=1.5), "alone"),
        (lambda: youngs_interval(-1, 10), "save_s"),
        (lambda: goodput(10, 1, 0), "between_s"),
        (lambda: simulate(0, 1, 10), "interval_s"),
        (lambda: compound(99), "phi"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


# --- the table ------------------------------------------------------------------------------------


def test_the_table_holds_every_planned_run_once():
    keys = ("study", "kind", "width", "n", "seed")
    done = sorted(tuple(row[key] for key in keys) for row in load_runs(plan.TABLE))
    assert done == sorted(tuple(spec[key] for key in keys) for spec in plan.specs())


def test_a_cheap_row_comes_out_again():
    spec = plan.specs(["scaling"])[0]
    (row,) = [
        row
        for row in load_runs(plan.TABLE, "scaling")
        if all(row[key] == spec[key] for key in spec)
    ]
    again = plan.run(spec)
    assert again["n_params"] == row["n_params"]
    # Processors differ in the last digits, and 240 steps on 75 images carry that far.
    assert again["accuracy"] == pytest.approx(row["accuracy"], abs=0.1)


def test_error_falls_with_data_for_every_width():
    law = study.picture_law()
    for width, exponent in law.exponents.items():
        assert law.mean(width)[0] > 2 * law.mean(width)[-1]
        assert exponent.low > 0


def test_few_labels_are_measured_and_not_asserted():
    """K155: what transfer gives with 10, 30 and 100 labels, seed by seed, corrected together."""
    found = study.pairs("transfer", "transfer", "scratch")
    assert sorted(found.comparisons) == list(plan.LABELS)
    assert found.means["scratch", 10].value < found.means["scratch", 100].value
