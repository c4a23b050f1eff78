"""A §5.2's deployer: memory, speed, energy, and plans for compression."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.evidence import as_written
from course.inference import (
    EDGE_DEVICES,
    CompressionPlan,
    EdgeAIDeployer,
    EdgeDevice,
    memory_fit,
)

it = EdgeAIDeployer()
FAST, SLOW = 1e8, 1e3  # bytes/s of a network


# --- what fits ------------------------------------------------------------------------------------


def test_the_documents_sizes_fit_with_four_bits_only():
    """K091: 7B on the phone, 13B on the laptop; 70B on the desktop; 16 bits need 14 and 140 GB."""
    memory = {name: d["memory_gb"] * 1e9 for name, d in as_written.EDGE_DEVICES.items()}
    for name, n_params in (("mobile", 7e9), ("laptop", 13e9), ("desktop", 70e9)):
        assert as_written.EDGE_DEVICES[name]["max_params"] == n_params
        assert EDGE_DEVICES[name].memory_bytes == memory[name]
        assert memory_fit(n_params, name, bits=4).fits
    assert not memory_fit(7e9, "mobile", bits=8).fits
    assert not memory_fit(70e9, "desktop", bits=8).fits
    for n_params, name, plain in ((7e9, "mobile", (14e9, 3.5e9)), (70e9, "desktop", (140e9, 35e9))):
        at_16, at_4 = (memory_fit(n_params, name, bits=b).weight_bytes for b in (16, 4))
        assert at_16 == plain[0]
        # Each 64 weights of 4 bits share a scale of 16: a sixteenth on top.
        assert at_4 == pytest.approx(plain[1] * (1 + 16 / 64 / 4))
    # The cache and the system come on top: a long context alone fills the phone.
    assert not memory_fit(7e9, "mobile", bits=4, context=100_000).fits


def test_memory_is_the_sum_of_its_parts():
    fit = memory_fit(8e9, "laptop", bits=8, context=4096)
    device = EDGE_DEVICES["laptop"]
    parts = fit.weight_bytes + fit.kv_bytes + device.system_bytes + device.runtime_bytes
    assert fit.used_bytes == parts
    assert fit.memory_share == parts / 32e9
    many = memory_fit(np.array([1e9, 8e9, 80e9]), "laptop", bits=8, context=4096)
    assert many.fits.tolist() == [True, True, False]


def test_speed_is_bandwidth_over_bytes():
    """K093: 7e9 parameters of 4 bits at 50 GB/s give about 14 tokens/s."""
    phone = EdgeDevice("phone", 8e9, 3e9, 50e9, 1e13, 5, mbu=1)
    fit = memory_fit(7e9, phone, bits=4, context=1)
    with_scales = 3.5e9 * (1 + 16 / 64 / 4)
    assert fit.tokens_per_s == pytest.approx(50e9 / with_scales, rel=0.01)
    assert 50e9 / with_scales == pytest.approx(13.4, abs=0.1)
    assert memory_fit(7e9, phone, bits=8, context=1).tokens_per_s == pytest.approx(
        fit.tokens_per_s * 4.25 / 8.25, rel=0.01
    )


def test_a_plan_that_fits_is_a_model_that_runs():
    """8.4e9 parameters at 4 bits take 8.06 GB with system, runtime, scales and cache: too much."""
    option = it.on_the_device(8.4e9, "mobile", 4)
    assert not option.feasible
    assert option.reason == "needs 8.06 GB, mobile has 8 GB"
    plan = it.quantize_for_edge(8.4e9, "mobile")
    assert (plan.bits, plan.sparsity) == (4, 0.5)


@given(st.floats(1e8, 1e12), st.sampled_from(["mobile", "laptop", "desktop"]))
def test_the_deployer_agrees_with_itself(n_params, device):
    plan = it.quantize_for_edge(n_params, device)
    runs = [bits for bits in (16, 8, 4) if it.on_the_device(n_params, device, bits).feasible]
    if runs:
        assert (plan.bits, plan.sparsity, plan.distilled_from) == (max(runs), 0, None)
        stored = memory_fit(n_params, device, plan.bits, context=700).weight_bytes
        assert plan.weight_bytes == pytest.approx(stored)
    else:
        assert plan.sparsity == 0.5 or plan.distilled_from == n_params
        assert n_params > it.largest_model(device) * (1 - 1e-6)


# --- which strategy -------------------------------------------------------------------------------


def test_latency_and_bandwidth_decide():
    """K092: the printed code gives one list for extreme values; ours gives another each time."""
    printed = [as_written.select_deployment_strategy(7e9, *x) for x in ((1e-3, 1), (1e6, 1e12))]
    assert printed[0] == printed[1]
    names = {}
    for limit in (3.0, 60.0):
        for bandwidth in (0, FAST):
            plan = it.select_deployment_strategy(7e9, limit, bandwidth)
            names[limit, bandwidth] = {(o.strategy, o.device) for o in plan.feasible}
    assert len({frozenset(v) for v in names.values()}) == 4
    assert ("cloud_only", "1 H100") in names[3.0, FAST]
    assert not any(s.startswith("cloud") for s, _ in names[60.0, 0])
    assert ("quantized_local", "mobile") in names[60.0, 0]
    assert ("quantized_local", "mobile") not in names[3.0, 0]
    assert names[3.0, 0] < names[60.0, 0] < names[60.0, FAST]


def test_a_photo_over_a_slow_network_is_answered_on_the_device():
    photo = dataclasses.replace(it, attachment_bytes=3e6)
    slow = photo.select_deployment_strategy(1e9, 60, 20e3)
    assert slow.best.strategy in ("on_device", "quantized_local")
    cloud = next(o for o in slow.options if o.strategy == "cloud_only")
    assert cloud.seconds > 150
    assert "allowed are 60 s" in cloud.reason
    fast = photo.in_the_cloud(1e9, FAST)
    assert fast.seconds < 2


def test_the_cloud_may_answer_first():
    """K093: against a phone with 7e9 parameters it does, network and queue included."""
    local = it.on_the_device(7e9, "mobile", 4)
    cloud = it.in_the_cloud(7e9, 1e6)
    assert cloud.seconds < local.seconds / 5
    assert it.in_the_cloud(7e9, 20).seconds > local.seconds  # over 20 bytes/s it does not


def test_a_model_that_fits_nowhere_is_left_to_the_cloud():
    plan = it.select_deployment_strategy(175e9, 30, FAST)
    assert {o.strategy for o in plan.feasible} == {"cloud_only", "cloud_edge"}
    local = [o for o in plan.options if o.strategy in ("on_device", "quantized_local")]
    assert all("needs" in o.reason for o in local)
    assert it.select_deployment_strategy(175e9, 30, 0).best is None
    with pytest.raises(ValueError, match="model_size must fit on 128 H100"):
        it.in_the_cloud(1e14, FAST)


def test_options_are_sorted_and_shown_with_reasons():
    plan = it.select_deployment_strategy("Llama-3-8B", 20, FAST)
    feasible = [o.feasible for o in plan.options]
    assert feasible == sorted(feasible, reverse=True)
    seconds = [o.worst_seconds for o in plan.feasible]
    assert seconds == sorted(seconds)
    assert plan.best == plan.feasible[0]
    assert "J per answer" in plan._repr_html_()
    assert "needs" in plan._repr_html_()


def test_sharing_mixes_both_ways():
    device = "laptop"
    local = it.on_the_device(it.small_params, device, 4)
    cloud = it.in_the_cloud(70e9, FAST)
    shared = it.shared(70e9, device, FAST)
    assert shared.seconds == pytest.approx(0.8 * local.seconds + 0.2 * cloud.seconds)
    assert shared.energy_j == pytest.approx(0.8 * local.energy_j + 0.2 * cloud.energy_j)
    assert shared.worst_seconds == max(local.seconds, cloud.seconds)
    all_local = dataclasses.replace(it, hard_share=0).shared(70e9, device, 0)
    assert all_local.feasible
    assert all_local.seconds == local.seconds


def test_energy_is_power_times_time_and_a_batch_shares_it():
    local = it.on_the_device(1e9, "mobile", 4)
    assert local.energy_j == pytest.approx(6 * local.seconds)
    alone = dataclasses.replace(it, cloud_batch=1).in_the_cloud(7e9, FAST)
    many = dataclasses.replace(it, cloud_batch=64).in_the_cloud(7e9, FAST)
    assert many.energy_j < alone.energy_j / 10
    assert many.seconds > alone.seconds
    # An H100 that answers one at a time draws 700 W for all of the answer.
    work = alone.seconds - it.round_trip_s - it.cloud_wait_s
    assert alone.energy_j == pytest.approx(700 * 1.3 * work, rel=0.01)


# --- compression ----------------------------------------------------------------------------------


def test_sixteen_times_only_against_fp32_and_with_free_indices():
    """K094: 32 / 4 / 0.5 = 16, against bf16 8; with a bit for each weight's place 10.7 and 5.3.

    And 175e9 parameters are 43.75 GB even so, for a phone of 8 GB.
    """
    claimed = as_written.quantize_for_edge(175e9, "mobile")
    free = CompressionPlan(175e9, claimed["bits"], claimed["pruning"], mask="free")
    assert free.compression() == claimed["compression"] == 16
    assert free.compression(16) == 8
    assert free.weight_bytes == 43.75e9 > EDGE_DEVICES["mobile"].memory_bytes
    honest = CompressionPlan(175e9, 4, 0.5, mask="bitmask")
    assert honest.compression() == pytest.approx(32 / 3)
    assert honest.compression(16) == pytest.approx(16 / 3)
    assert CompressionPlan(175e9, 4, 0.5, mask="2:4").compression() == honest.compression()


def test_eight_bits_and_a_fifth_pruned_are_five_times():
    """K095: by the document's own arithmetic 5 and 2.5, not 4; without pruning it says 4 too."""
    pruned = as_written.quantize_for_edge(6e9, "mobile")
    whole = as_written.quantize_for_edge(1e9, "mobile")
    assert (pruned["bits"], pruned["pruning"]) == (8, 0.2)
    plan = CompressionPlan(6e9, 8, 0.2, mask="free")
    assert plan.compression() == pytest.approx(5)
    assert plan.compression(16) == pytest.approx(2.5)
    assert pruned["compression"] == whole["compression"] == 4
    assert CompressionPlan(1e9, 8).compression() == 4
    # With a mask a fifth of zeros saves little: 8 bits become 7.4.
    assert CompressionPlan(6e9, 8, 0.2).bits_per_param == pytest.approx(7.4)


def test_an_unknown_device_is_refused_with_the_known_names():
    """K096: the printed code takes an unknown device for one without limit."""
    assert as_written.quantize_for_edge(1e12, "toaster")["bits"] == 8
    with pytest.raises(ValueError, match="must be one of mobile, laptop, desktop"):
        it.quantize_for_edge(1e12, "toaster")
    with pytest.raises(ValueError, match="got 'toaster'"):
        memory_fit(7e9, "toaster")


def test_the_plan_is_the_mildest_that_fits():
    """K096: it is a plan, made by arithmetic, and says so; here each step of it is needed."""
    expected = [(1e9, 16, 0), (3e9, 8, 0), (7e9, 4, 0), (10e9, 4, 0.5)]
    for n_params, bits, sparsity in expected:
        plan = it.quantize_for_edge(n_params, "mobile")
        assert (plan.bits, plan.sparsity) == (bits, sparsity), n_params
        assert plan.weight_bytes < EDGE_DEVICES["mobile"].free_bytes
        assert plan.distilled_from is None
    small = it.quantize_for_edge(175e9, "mobile")
    assert small.distilled_from == 175e9
    assert memory_fit(small.n_params, "mobile", bits=4, context=700).memory_share == (
        pytest.approx(1, abs=1e-6)
    )
    assert "distilled from" in small._repr_html_()
    assert it.largest_model("laptop") > it.largest_model("mobile")


def test_a_torch_model_is_counted_and_left_alone():
    model = torch.nn.Linear(1000, 1000)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    plan = it.quantize_for_edge(model, "mobile")
    assert plan.n_params == 1_001_000
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert it.quantize_for_edge("Llama-3-8B", "mobile").n_params == 8_030_261_248


@given(st.floats(1, 32), st.floats(0, 0.99), st.sampled_from(["free", "bitmask"]))
def test_bytes_are_kept_weights_index_and_scales(bits, sparsity, mask):
    plan = CompressionPlan(1e9, bits, sparsity, mask, group_size=64)
    kept = (1 - sparsity) * bits
    index = 1.0 if mask == "bitmask" and sparsity > 0 else 0.0
    scales = 0.25 if bits < 16 else 0.0
    assert plan.weight_bytes == pytest.approx(1e9 * (kept + index + scales) / 8)
    assert plan.compression(32) == pytest.approx(2 * plan.compression(16))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bits": 0}, "bits must be"),
        ({"sparsity": 1.0}, "sparsity must be"),
        ({"mask": "csr"}, "mask must be one of free, bitmask, 2:4"),
        ({"mask": "2:4", "sparsity": 0.4}, "sparsity must be 0.5 with a 2:4 mask"),
        ({"n_params": -1}, "n_params must be"),
        ({"group_size": 0}, "group_size must be"),
    ],
)
def test_plans_that_cannot_be_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        CompressionPlan(**{"n_params": 1e9} | change)


def test_devices_and_tasks_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="system_bytes must be"):
        EdgeDevice("x", 8e9, 9e9, 50e9, 1e13, 5)
    with pytest.raises(ValueError, match="devices must be a dict"):
        EdgeAIDeployer(devices={})
    with pytest.raises(ValueError, match="hard_share must be"):
        EdgeAIDeployer(hard_share=1.5)
    full = EdgeDevice("full", 8e9, 8e9, 50e9, 1e13, 5)
    with pytest.raises(ValueError, match="full has no room for any model"):
        it.largest_model(full)


def test_every_device_says_what_of_it_is_assumed():
    assert EDGE_DEVICES.keys() >= as_written.EDGE_DEVICES.keys()
    assert all(d.assumed for d in EDGE_DEVICES.values())
    assert all(np.isfinite(d.memory_bytes) for d in EDGE_DEVICES.values())  # no device is endless
