"""The set of chapter 10: its typed figures are what the model answers give, and those agree with
numpy, PyTorch and scipy.
"""

import gzip
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from course.classroom import check, judge, release
from course.inference import CompressionPlan

NAME = "10_compression"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
ONE_LINE = " ".join(TEXT.replace("\n#", "\n").split())


def answer(number):
    return EXERCISES[f"10.{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"10.{number}"].properties]


def visible_cases(number):
    parts = [part for part in EXERCISES[f"10.{number}"].properties if not part.hidden]
    return [case for part in parts for case in part.cases]


def told(number, value):
    """What the check says of an answer, on one line."""
    described = judge.describe(EXERCISES[f"10.{number}"], hidden=False)
    cases = [case for part in described["properties"] for case in part["cases"]]
    outcomes = [check.outcome(value, case["args"]) for case in cases]
    return " ".join(check.report(f"10.{number}", described, outcomes).split())


# --- typed figures --------------------------------------------------------------------------------


def test_the_codes_of_the_statement():
    found = answer(1)(*visible_cases(1)[0])
    assert found["scale"] == pytest.approx(0.01)
    assert list(found["codes"]) == [50, -127, 30, 1]
    assert found["error"] == pytest.approx(0.002)
    assert "a scale of 0.01, codes 50, -127, 30 and 1, an error of 0.002" in names(1)[0]


def test_the_bytes_of_the_groups():
    two, six = (answer(2)(*case)["bytes"] for case in visible_cases(2)[:2])
    assert f"{two:.0f} bytes in groups of two" in names(2)[0]
    assert f"{six:.0f} bytes with a scale for each row" in names(2)[0]


def test_the_sizes_of_the_sparse_matrix():
    found = answer(4)(*visible_cases(4)[0])
    said = "{dense:,} bytes dense, {csr:,} as CSR, {mask:,} with a mask, and CSR is smaller up to "
    assert (said + "{most_kept:,} kept").format(**found) in names(4)[0]


def test_the_plans_are_those_of_the_notebook_and_the_judgement_gives_their_figures():
    source = re.search(r"^plans = (\{.*?^\})\nlimits = (\{.*?\})$", TEXT, re.M | re.S)
    plans, limits = eval(source[1]), eval(source[2])
    assert visible_cases(9)[0] == (plans, limits)
    found = answer(9)(plans, limits)
    base = np.array(plans["as trained"]["accuracy"])
    mean = {name: np.mean(base - plan["accuracy"]) for name, plan in plans.items()}
    assert found["choice"] == "half, int8"
    chosen = plans["half, int8"]
    assert f"{chosen['bytes']:,} bytes, {chosen['ms']} ms" in ONE_LINE
    points = f"a loss of {mean['half, int8']:.1f} points on average and of "
    assert points + f"{found['upper']['half, int8']:.2f} at the upper end" in ONE_LINE
    assert f"the distilled network ({mean['distilled']:.2f}) would be within 0.8" in ONE_LINE
    assert f"its upper end is {found['upper']['distilled']:.2f}" in ONE_LINE
    assert f"int8, dynamic loses {mean['int8, dynamic']:.2f} points" in ONE_LINE
    assert 1.8 < plans["int8, dynamic"]["bytes"] / chosen["bytes"] < 2
    losses = [round(float(loss), 1) for loss in base - plans["int4"]["accuracy"]]
    said = "The five losses of int4 are {}, {}, {}, {} and {} points, ".format(*losses)
    assert said + f"{mean['int4']:.2f} on average." in ONE_LINE.replace('" "', "")
    fits = [n for n, p in plans.items() if p["bytes"] <= 12_000 and p["ms"] <= 1.06]
    by_the_mean = {name for name in fits if mean[name] <= limits["loss"]}
    assert "distilled" in by_the_mean - set(found["allowed"])


# --- beside what others compute -------------------------------------------------------------------


@given(st.lists(st.floats(-10, 10).map(lambda w: round(w, 3)), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_no_weight_is_off_by_more_than_half_a_step(weights):
    for bits in (2, 4, 8):
        found = answer(1)(weights, bits)
        assert found["error"] <= found["scale"] / 2 * (1 + 1e-9)
        assert max(abs(code) for code in found["codes"]) <= 2 ** (bits - 1) - 1


def test_pytorch_rounds_to_the_same_codes():
    weights = np.random.default_rng(0).normal(size=64)
    found = answer(1)(weights, 8)
    restored = torch.fake_quantize_per_tensor_affine(
        torch.tensor(weights, dtype=torch.float32), found["scale"], 0, -127, 127
    )
    assert np.allclose(found["codes"] * found["scale"], restored.numpy(), atol=1e-6)


def test_smaller_groups_err_less_and_take_more():
    weights = np.random.default_rng(1).standard_t(3, size=(16, 64))
    found = [answer(2)(weights, 4, group) for group in (4, 16, 64)]
    errors, sizes = ([one[key] for one in found] for key in ("error", "bytes"))
    assert errors == sorted(errors)
    assert sizes == sorted(sizes, reverse=True)
    plan = CompressionPlan(weights.size, 4, group_size=16)
    assert sizes[1] == plan.weight_bytes


@pytest.mark.parametrize("group", [None, 8])
def test_pytorch_prunes_the_same_weights(group):
    from torch.nn.utils import prune

    weights = np.random.default_rng(2).normal(size=(4, 8))
    found = answer(3)(weights, 0.25, group)["weights"]
    for rows, own in [(weights, found)] if group is None else zip(weights, found, strict=True):
        layer = torch.nn.Module()
        layer.weight = torch.nn.Parameter(torch.tensor(rows))
        prune.l1_unstructured(layer, "weight", amount=0.25)
        assert np.array_equal(layer.weight.detach().numpy(), own)


def test_two_of_four_lose_at_least_what_free_pruning_loses():
    weights = np.random.default_rng(3).normal(size=(8, 32))
    free, pattern = (answer(3)(weights, 0.5, group)["lost"] for group in (None, 4))
    assert free < pattern


def test_scipy_stores_csr_in_as_many_bytes():
    weights = answer(3)(np.random.default_rng(4).normal(size=(30, 40)), 0.9, None)["weights"]
    csr = sparse.csr_array(weights.astype(np.float32))
    n_bytes = csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes
    assert csr.indices.dtype == csr.indptr.dtype == np.int32
    assert answer(4)(30, 40, csr.nnz, 4)["csr"] == n_bytes


def test_the_mask_is_that_of_chapter_5():
    plan = CompressionPlan(800, 32, sparsity=0.75)
    assert answer(4)(20, 40, 200, 4)["mask"] == plan.weight_bytes


def test_csr_pays_up_to_the_break_even_and_no_further():
    for shape in ((1000, 1000), (7, 9), (50, 3)):
        most = answer(4)(*shape, 0, 2)["most_kept"]
        at, beyond = (answer(4)(*shape, kept, 2) for kept in (most, most + 1))
        assert at["csr"] < at["dense"] <= beyond["csr"]


def test_the_counting_model_learns_and_gzip_copies_whole_sentences():
    text = "the model that predicts the text is the model that compresses it. " * 30
    found = [answer(5)(text, order) for order in (0, 1, 2)]
    assert found[0]["bytes"] > found[1]["bytes"]
    assert found[0]["ratio"] > 1.5
    assert len(gzip.compress(text.encode())) < found[1]["bytes"]


def test_a_random_text_is_not_compressed():
    text = "".join(map(chr, np.random.default_rng(5).integers(0, 128, 400)))
    assert answer(5)(text, 0)["bytes"] > 0.95 * 400
    assert answer(5)(text, 3)["loss"] == pytest.approx(math.log(256), rel=0.01)


def test_no_product_of_that_rank_is_nearer():
    weights, tolerance = visible_cases(6)[0]
    found = answer(6)(weights, tolerance)
    weights = np.array(weights)
    rng = np.random.default_rng(6)
    for _ in range(20):
        left = rng.normal(size=(len(weights), found["rank"]))
        best = left @ np.linalg.lstsq(left, weights, rcond=None)[0]
        error = np.linalg.norm(weights - best) / np.linalg.norm(weights)
        assert error >= found["error"] - 1e-12


def test_t_squared_keeps_the_gradient_of_the_soft_part():
    """For a large T the gradient of T² · divergence no longer depends on T (Hinton et al. 2015)."""

    def slope(temperature):
        step, teacher = 1e-4, [[1.0, 0.0, -1.0]]
        up, down = (
            answer(7)([[0.2 + sign * step, 0.0, 0.0]], teacher, [0], temperature, 1.0)["soft"]
            for sign in (1, -1)
        )
        return (up - down) / (2 * step)

    assert slope(50.0) == pytest.approx(slope(100.0), rel=0.02)


def test_int8_pays_up_to_its_batch_and_no_further():
    machine = (1e11, 2e10, 4e10, 1e-4)
    most = answer(8)(4e6, 1, *machine)["most_batch"]
    at, beyond = (answer(8)(4e6, batch, *machine)["speedup"] for batch in (most, most + 1))
    assert at > 1 >= beyond
    assert answer(8)(4e6, 1, *machine)["speedup"] < answer(8)(4e6, 1, *machine)["limit"]


def test_the_interval_of_the_losses_is_scipys():
    *_, (networks, images, labels, bits, margin), _, _ = visible_cases(10)
    found = answer(10)(networks, images, labels, bits, margin)
    wanted = stats.ttest_1samp(found["losses"], 0).confidence_interval(0.95)
    assert found["interval"] == pytest.approx(list(wanted))


def test_every_verdict_is_asked_for_where_the_learner_can_see_it():
    verdicts = {answer(10)(*case)["verdict"] for case in visible_cases(10)}
    assert verdicts == {"harmless", "harms", "not told apart"}


# --- what learners are told -----------------------------------------------------------------------


def test_pytorchs_mean_over_all_is_named():
    def with_mean(student, teacher, labels, temperature, share):
        found = answer(7)(student, teacher, labels, temperature, share)
        soft = found["soft"] / len(student[0])
        return found | {"soft": soft, "loss": share * soft + (1 - share) * found["hard"]}

    assert "You divide by the number of classes too" in told(7, with_mean)


def test_a_missing_refusal_is_named():
    def careless(weights, share, group):
        weights = np.array(weights)
        try:
            return answer(3)(weights, share, group)
        except ValueError:
            return answer(3)(weights.reshape(-1, group), share, group)

    assert "it should raise ValueError" in told(3, careless)
