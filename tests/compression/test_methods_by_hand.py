"""Ten lines an idea: each agrees with PyTorch's own or a naive reference, and refuses nonsense."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.nn.utils import prune

from course.compression import (
    break_even_rank,
    distillation_loss,
    factorise,
    largest_code,
    largest_units,
    prune_smallest,
    prune_two_of_four,
    quantise,
    quantise_with_correction,
    softened,
)

GROUPS = ("tensor", "channel", 4)


def matrix(seed, rows=6, columns=16):
    return np.random.default_rng(seed).normal(size=(rows, columns))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8), st.sampled_from(GROUPS))
def test_no_weight_moves_by_more_than_half_a_step(seed, bits, group):
    weights = matrix(seed)
    done = quantise(weights, bits, group)
    steps = np.broadcast_to(np.repeat(done.scales, 16 // done.scales.shape[1], axis=1), (6, 16))
    assert np.all(np.abs(done.weights - weights) <= steps / 2 * (1 + 1e-9))
    assert np.abs(done.codes).max() == largest_code(bits)  # the largest weight of a group is exact


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_a_scale_for_each_row_is_torch_fake_quantisation(bits):
    weights = matrix(1).astype("float32")
    done, largest = quantise(weights, bits), largest_code(bits)
    theirs = torch.fake_quantize_per_channel_affine(
        torch.from_numpy(weights),
        torch.from_numpy(done.scales[:, 0]).float(),
        torch.zeros(6, dtype=torch.int32),
        0,
        -largest,
        largest,
    )
    assert done.weights == pytest.approx(theirs.numpy(), abs=1e-6)


def test_quantisation_turns_floats_into_integers_and_saves_space():
    """K168: 4,096 weights of four bytes each become integers of one byte, and a scale each row."""
    weights = matrix(2, 64, 64).astype("float32")
    done = quantise(weights, 8)
    assert done.codes.dtype == np.int8
    assert done.bytes == 64 * 64 + 64 * 2
    assert weights.nbytes / done.bytes > 3.8
    assert quantise(weights, 4).bytes == 64 * 64 / 2 + 64 * 2
    assert quantise(weights, 4, 16).bytes == 64 * 64 / 2 + 4 * 64 * 2


def test_smaller_groups_make_smaller_errors():
    weights = matrix(3, 32, 64) * np.geomspace(0.1, 10, 32)[:, None]
    errors = [np.abs(quantise(weights, 4, g).weights - weights).sum() for g in GROUPS]
    assert errors[0] > errors[1] > errors[2]


def test_a_row_of_zeros_stays():
    assert not quantise(np.zeros((2, 4)), 4).weights.any()


def test_the_correction_lowers_the_error_of_the_outputs_and_needs_inputs_that_go_together():
    rng = np.random.default_rng(4)
    weights, mixed = matrix(5, 16, 32), rng.normal(size=(32, 32)) ** 3
    together = rng.normal(size=(500, 32)) @ mixed

    def error(done, inputs):
        return np.linalg.norm(inputs @ (done.weights - weights).T)

    for bits in (4, 3):
        plain, corrected = (
            quantise(weights, bits),
            quantise_with_correction(weights, together, bits),
        )
        assert error(corrected, together) < 0.8 * error(plain, together)
    # Orthogonal inputs leave nothing to make up for: plain rounding is the best.
    alone = np.eye(32) * 3
    again = quantise_with_correction(weights, alone, 4)
    assert np.array_equal(again.codes, quantise(weights, 4).codes)


def test_pruning_is_torchs():
    weights = matrix(6).astype("float32")
    layer = torch.nn.Linear(16, 6)
    layer.weight.data = torch.from_numpy(weights)
    prune.l1_unstructured(layer, "weight", amount=0.3)
    assert prune_smallest(weights, 0.3) == pytest.approx(layer.weight.detach().numpy())
    structured = torch.nn.Linear(16, 6)
    structured.weight.data = torch.from_numpy(weights)
    prune.ln_structured(structured, "weight", amount=2, n=2, dim=0)
    rows = np.flatnonzero(structured.weight.detach().numpy().any(axis=1))
    assert np.array_equal(largest_units(weights, 4), rows)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_what_is_kept_is_never_smaller_than_what_is_dropped(seed, share):
    weights = matrix(seed)
    done = prune_smallest(weights, share)
    assert np.count_nonzero(done == 0) == round(share * weights.size)
    if 0 < np.count_nonzero(done) < done.size:
        assert np.abs(done[done != 0]).min() >= np.abs(weights[done == 0]).max()
    assert weights[0, 0] == matrix(seed)[0, 0]  # a copy


def test_two_of_four_keeps_the_two_largest():
    assert prune_two_of_four([[1.0, -3, 2, 0.5, 4, 4, 4, 5]])[0, :4].tolist() == [0, -3, 2, 0]
    done = prune_two_of_four(matrix(7))
    assert ((done.reshape(-1, 4) != 0).sum(axis=1) == 2).all()


def test_a_low_rank_saves_below_the_break_even_rank_only():
    """K167: 2048 for a matrix of 4096 × 4096; at full rank the factors hold more numbers."""
    assert break_even_rank(4096, 4096) == 2048
    left, right = factorise(matrix(8, 40, 60), 24)
    assert break_even_rank(40, 60) == 24
    assert left.size + right.size == 40 * 60
    assert sum(f.size for f in factorise(matrix(8, 40, 60), 23)) < 40 * 60
    assert sum(f.size for f in factorise(matrix(8, 40, 60), 25)) > 40 * 60


def test_the_svd_leaves_out_the_smallest_singular_values():
    weights = matrix(9, 8, 12)
    sizes = np.linalg.svd(weights, compute_uv=False)
    for rank in (1, 4, 8):
        left, right = factorise(weights, rank)
        assert (left.shape, right.shape) == ((8, rank), (rank, 12))
        error = np.sum((weights - left @ right) ** 2)
        assert error == pytest.approx(np.sum(sizes[rank:] ** 2), abs=1e-9)


def test_the_distillation_loss_is_torchs():
    student, teacher = matrix(10, 5, 7), matrix(11, 5, 7)
    for temperature in (1.0, 4.0):
        theirs = temperature**2 * F.kl_div(
            F.log_softmax(torch.from_numpy(student) / temperature, dim=1),
            F.softmax(torch.from_numpy(teacher) / temperature, dim=1),
            reduction="batchmean",
        )
        assert distillation_loss(student, teacher, temperature) == pytest.approx(float(theirs))
    assert distillation_loss(teacher, teacher, 3) == pytest.approx(0, abs=1e-12)


def test_t_squared_keeps_the_size_of_the_gradient():
    """At high T the loss tends to half the mean square of the centred logits' difference."""
    student, teacher = matrix(12, 5, 7), matrix(13, 5, 7)
    apart = (teacher - teacher.mean(1, keepdims=True)) - (student - student.mean(1, keepdims=True))
    limit = np.mean(apart**2, axis=1).mean() / 2
    assert distillation_loss(student, teacher, 1000) == pytest.approx(limit, rel=1e-2)


def test_softened_is_even_at_high_temperature_and_holds_large_logits():
    assert softened([1e4, 0.0]).tolist() == [1, 0]
    assert softened([3.0, 1.0, 2.0], 1e6) == pytest.approx([1 / 3] * 3, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: quantise(np.ones((2, 4)), 1), "bits"),
        (lambda: quantise(np.ones((2, 4)), 9), "bits"),
        (lambda: quantise(np.ones((2, 4)), 4.5), "bits"),
        (lambda: quantise(np.ones((2, 4)), 4, 3), "group"),
        (lambda: quantise(np.ones(4), 4), "weights"),
        (lambda: quantise(np.full((2, 4), np.nan), 4), "weights"),
        (lambda: quantise_with_correction(np.ones((2, 4)), np.ones((9, 3)), 4), "inputs"),
        (lambda: quantise_with_correction(np.ones((2, 4)), np.ones((9, 4)), 4, 0), "damping"),
        (lambda: prune_smallest(np.ones(4), 1.1), "share"),
        (lambda: prune_two_of_four(np.ones((2, 6))), "weights"),
        (lambda: largest_units(np.ones((2, 6)), 3), "n_kept"),
        (lambda: largest_units(np.ones((2, 6)), 0), "n_kept"),
        (lambda: factorise(np.ones((2, 6)), 3), "rank"),
        (lambda: break_even_rank(0, 6), "rows"),
        (lambda: softened([1.0], 0), "temperature"),
        (lambda: distillation_loss(np.ones((2, 3)), np.ones((2, 4))), "student_logits"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
