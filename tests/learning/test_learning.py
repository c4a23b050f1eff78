"""Losses, gradients, steps and networks of chapter 8: beside PyTorch's, and at their limits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from course.evidence import as_written
from course.learning import (
    HOUSES,
    Adagrad,
    Adam,
    AdamW,
    EarlyStopping,
    GradientDescent,
    Momentum,
    Network,
    RMSprop,
    activation,
    condition_number,
    cross_entropy,
    descend,
    gradient,
    hessian,
    l1_penalty,
    l2_penalty,
    largest_stable_rate,
    layer_gradients,
    loss,
    mean_squared_error,
    schedule,
    sharpness,
    standardise,
    unstandardise,
)

X, Y = HOUSES
RNG = np.random.default_rng(0)


# --- losses ---------------------------------------------------------------------------------------


def test_losses_and_gradients_are_those_of_pytorch():
    """K219: the mean squared error of D §4.1 is PyTorch's."""
    p, t = RNG.standard_normal((7, 3)), RNG.standard_normal((7, 3))
    labels = RNG.integers(3, size=7)
    for ours, theirs, target in (
        (mean_squared_error(p, t), F.mse_loss, torch.tensor(t)),
        (cross_entropy(p, labels), F.cross_entropy, torch.tensor(labels)),
    ):
        leaf = torch.tensor(p, requires_grad=True)
        value = theirs(leaf, target)
        value.backward()
        assert ours[0] == pytest.approx(value.item(), rel=1e-9)
        np.testing.assert_allclose(ours[1], leaf.grad.numpy(), atol=1e-9)


def test_cross_entropy_survives_large_logits():
    value, gradients = cross_entropy([[1e4, 0.0], [0.0, 1e4]], np.array([0, 0]))
    assert value == pytest.approx(5000)
    assert np.isfinite(gradients).all()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_activations_and_slopes_are_those_of_pytorch(name):
    """K222: sigmoid and ReLU as D §4.1 has them."""
    x = np.array([-800.0, -3, -0.5, 0.25, 2, 800])
    leaf = torch.tensor(x, requires_grad=True)
    out = getattr(torch, name)(leaf)
    out.sum().backward()
    value, slope = activation(name, x)
    np.testing.assert_allclose(value, out.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(slope, leaf.grad.numpy(), atol=1e-12)


def test_penalties_run_over_what_they_are_given():
    """K221: λ/2 Σ over the parameters, and not over the examples."""
    weights = np.array([3.0, -4.0])
    assert l2_penalty(weights, 0.1)[0] == pytest.approx(0.05 * 25)
    np.testing.assert_allclose(l2_penalty(weights, 0.1)[1], [0.3, -0.4])
    assert l1_penalty(weights, 0.1)[0] == pytest.approx(0.7)
    np.testing.assert_allclose(l1_penalty(weights, 0.1)[1], [0.1, -0.1])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: mean_squared_error([1.0], [1.0, 2.0]), "predictions and targets"),
        (lambda: mean_squared_error([np.nan], [1.0]), "predictions"),
        (lambda: cross_entropy([[0.0, 1.0]], np.array([2])), "labels"),
        (lambda: cross_entropy([[0.0, 1.0]], np.array([0.5])), "labels"),
        (lambda: l2_penalty([1.0], -1), "strength"),
        (lambda: activation("gelu", 1.0), "name must be one of"),
        (lambda: Adam(0), "rate"),
        (lambda: Momentum(0.1, beta=1.5), "beta"),
        (lambda: GradientDescent(0.1).step(np.ones(2), np.ones(3)), "gradients"),
        (lambda: schedule(10, 10, 1), "step"),
        (lambda: schedule(0, 10, 1, shape="sawtooth"), "shape"),
        (lambda: EarlyStopping(0), "patience"),
        (lambda: EarlyStopping(1).stop(float("nan")), "loss"),
        (lambda: Network([3], "relu"), "sizes"),
        (lambda: Network([3, 2], "gelu"), "f must be one of"),
        (lambda: descend(X, Y, -1), "rate"),
        (lambda: descend(X, Y[:3], 0.1), "x and y"),
        (lambda: standardise([2.0, 2.0]), "x must hold"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


# --- steps ----------------------------------------------------------------------------------------

PAIRS = [
    (GradientDescent(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    (GradientDescent(0.1, 0.2), lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.2)),
    (Momentum(0.1, 0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
    (Adagrad(0.1), lambda p: torch.optim.Adagrad(p, lr=0.1)),
    (RMSprop(0.1), lambda p: torch.optim.RMSprop(p, lr=0.1)),
    (Adam(0.1), lambda p: torch.optim.Adam(p, lr=0.1)),
    (Adam(0.1, weight_decay=0.3), lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.3)),
    (AdamW(0.1, weight_decay=0.3), lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.3)),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda one: type(one).__name__)
def test_each_optimiser_steps_as_pytorch_does(ours, theirs):
    """K220, K182: descent is θ - α ∇L; and the list of C §3.2, each by its formula."""
    weights = [np.ones((2, 3)), np.full(4, -2.0)]
    leaves = [torch.nn.Parameter(torch.tensor(w)) for w in weights]
    optimiser = theirs(leaves)
    rng = np.random.default_rng(1)
    for _ in range(20):
        gradients = [rng.standard_normal(w.shape) for w in weights]
        for leaf, g in zip(leaves, gradients, strict=True):
            leaf.grad = torch.tensor(g)
        optimiser.step()
        weights = ours.step(weights, gradients)
    for w, leaf in zip(weights, leaves, strict=True):
        np.testing.assert_allclose(w, leaf.detach().numpy(), atol=1e-9)


def test_decoupled_decay_shrinks_all_weights_alike():
    rng = np.random.default_rng(2)
    sizes = np.array([1e-3, 1.0, 1e3])  # of the gradients
    ends = {}
    for kind in (Adam, AdamW):
        optimiser, weights = kind(1e-3, weight_decay=0.1), np.ones(3)
        for _ in range(2000):
            weights = optimiser.step(weights, sizes * rng.standard_normal(3))
        ends[kind] = weights
    assert np.ptp(ends[AdamW]) < 0.5 * np.ptp(ends[Adam])


def test_a_schedule_climbs_and_falls():
    rates = schedule(np.arange(100), 100, 0.4, warmup=0.1)
    assert rates[0] == pytest.approx(0.04)
    assert rates[9] == rates.max() == pytest.approx(0.4)
    assert (np.diff(rates[10:]) < 0).all()
    assert rates[-1] < 1e-3
    assert schedule(99, 100, 0.4, warmup=0, shape="constant") == 0.4
    assert schedule(50, 100, 1.0, warmup=0, shape="linear") == pytest.approx(0.5)


def test_early_stopping_waits_for_its_patience_and_keeps_the_best():
    stopping = EarlyStopping(2)
    said = [stopping.stop(value, value) for value in (3.0, 2.0, 2.0, 2.5, 1.0)]
    assert said == [False, False, False, True, False]
    assert stopping.best == 1.0
    picky = EarlyStopping(1, least=0.5)
    assert [picky.stop(value) for value in (3.0, 2.6)] == [False, True]


# --- ten houses -----------------------------------------------------------------------------------


@given(a=st.floats(-100, 100), b=st.floats(-10, 10))
def test_the_gradient_is_the_slope_of_the_loss(a, b):
    """K223: with the factor 2; without it, it is half of the slope."""
    theta, step = np.array([a, b]), 1e-2
    slopes = [
        (loss(theta + step * d, X, Y) - loss(theta - step * d, X, Y)) / (2 * step)
        for d in np.eye(2)
    ]
    np.testing.assert_allclose(gradient(theta, X, Y), slopes, rtol=1e-5, atol=1e-2)
    np.testing.assert_allclose(2 * gradient(theta, X, Y, factor=1), slopes, rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize(("factor", "step", "rate"), [(1, 33, 5.19e-6), (2, 31, 2.60e-6)])
def test_ten_houses_overflow_and_the_largest_rate(factor, step, rate):
    """K226: step 33 with the document's gradient, 31 with the right one."""
    assert descend(X, Y, 0.1, factor=factor).overflow_step == step
    assert largest_stable_rate(X, factor) == pytest.approx(rate, rel=2e-3)
    for share, holds in ((0.999, True), (1.001, False)):
        run = descend(X, Y, share * largest_stable_rate(X, factor), 5000, factor=factor)
        assert run.converges == holds
    assert np.linalg.eigvalsh(hessian(X, 1))[-1] == pytest.approx(385_001, rel=1e-6)
    assert condition_number(X) == pytest.approx(1.8e6, rel=0.01)
    first = descend(X, Y, 0.1, 1, factor=1).path[1]
    np.testing.assert_allclose(first, [110, 77_000])


def test_the_answer_is_twice_the_area():
    """K227: (0, 2), and standardised it comes in a hundred steps."""
    np.testing.assert_allclose(np.polyfit(X, Y, 1)[::-1], [0, 2], atol=1e-9)
    z, mean, sd = standardise(X)
    assert condition_number(z) == pytest.approx(1)
    found = unstandardise(descend(z, Y, 0.1, 100, factor=1).path[-1], mean, sd)
    np.testing.assert_allclose(found, [0, 1.99995], atol=1e-5)


def test_the_printed_predictions_lie_on_no_line_and_are_worse_than_nothing():
    """K228, K229."""
    printed = np.array(as_written.HOUSES_PREDICTED)
    assert set(np.diff(printed)) == {2000, 1600}
    assert np.mean((printed - Y) ** 2) == pytest.approx(8.3e7, rel=0.01)
    assert loss([0, 0], X, Y) == pytest.approx(1.54e6)
    assert loss([500, 200], X, Y) == pytest.approx(1.52e10, rel=1e-3)
    assert (500 + 200 * X)[[0, -1]].tolist() == [20_500, 200_500]


def test_the_update_as_printed_keeps_its_first_intercept_gradient():
    """K230, K231: no λ in it either, and at a stable rate it goes away from the answer."""
    path = as_written.descend_houses(X, Y, 5e-6, 50)
    np.testing.assert_allclose(np.diff(path[:, 0]), 5e-6 * Y.mean())
    right = descend(X, Y, 5e-6, 50, factor=1).path
    np.testing.assert_allclose(path[1], right[1])
    assert not np.allclose(path[-1], right[-1])


def test_the_penalty_of_the_example_does_next_to_nothing():
    """K224: λ = 0.01 on both parameters moves the minimum to (6.5e-5, 1.9999999)."""
    h = hessian(X) + 0.01 * np.eye(2)
    found = np.linalg.solve(h, 2 * np.array([Y.mean(), (X * Y).mean()]))
    assert found[0] == pytest.approx(6.5e-5, rel=0.01)
    assert 2 - found[1] == pytest.approx(1.2e-7, rel=0.1)
    plain = np.linalg.norm([0, 2])
    assert np.linalg.norm(found) < plain


# --- networks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", ["sigmoid", "tanh", "relu", "linear"])
def test_gradients_of_a_network_are_those_of_pytorch(f):
    network = Network([5, 7, 6, 3], f, seed=1)
    x, labels = RNG.standard_normal((9, 5)), RNG.integers(3, size=9)
    leaves = [torch.tensor(p, requires_grad=True) for p in network.parameters]
    inputs = torch.tensor(x, requires_grad=True)
    h = inputs
    for place in range(3):
        h = h @ leaves[place] + leaves[3 + place]
        if place < 2 and f != "linear":
            h = getattr(torch, f)(h)
    value = F.cross_entropy(h, torch.tensor(labels))
    value.backward()
    found, gradients = network.gradients(x, labels)
    assert found == pytest.approx(value.item())
    for ours, leaf in zip(gradients, leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), atol=1e-9)
    np.testing.assert_allclose(network.input_gradient(x, labels), inputs.grad.numpy(), atol=1e-9)


def test_dropout_keeps_the_mean_and_is_off_without_it():
    network = Network([4, 50, 2], "relu", 0)
    x = RNG.standard_normal((3, 4))
    rng = np.random.default_rng(0)
    many = np.mean([network.forward(x, 0.5, rng)[0] for _ in range(4000)], axis=0)
    np.testing.assert_allclose(many, network.forward(x)[0], atol=0.15)


def test_gradients_vanish_with_sigmoid_and_hardly_with_relu():
    """K225: ReLU mitigates; with weights half as large all its gradients shrink, 2 a layer."""
    shares = {
        f: layer_gradients(f, 16)[0] / layer_gradients(f, 16)[-1] for f in ("sigmoid", "relu")
    }
    assert shares["sigmoid"] < 1e-8 < 1e-2 < shares["relu"]
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((16, 32)), 1e6 * np.ones((16, 1))  # far from any output
    sizes = []
    for scale in (1, 0.5):
        network = Network([32] * 17 + [1], "relu", 0)
        network.weights[:-1] = [scale * w for w in network.weights[:-1]]
        sizes.append(np.sqrt(np.mean(network.gradients(x, y)[1][0] ** 2)))
    assert sizes[1] == pytest.approx(sizes[0] / 2**15, rel=1e-3)


def test_sharpness_is_the_largest_eigenvalue():
    """Of a linear model the Hessian is known: 2/n XᵀX, with a column of ones."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((40, 3)) * [1, 2, 5], rng.standard_normal((40, 1))
    inside = np.column_stack([x, np.ones(40)])
    largest = np.linalg.eigvalsh(2 / 40 * inside.T @ inside)[-1]
    network = Network([3, 1], "linear", 0)
    before = [p.copy() for p in network.parameters]
    assert sharpness(network, x, y) == pytest.approx(largest, rel=1e-4)
    for a, b in zip(before, network.parameters, strict=True):
        np.testing.assert_array_equal(a, b)
