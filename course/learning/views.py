"""What the pictures of chapter 8 show, computed before anything is drawn."""

from dataclasses import dataclass, field

import numpy as np
from sklearn.datasets import load_digits

from course.learning.descent import (
    HOUSES,
    Descent,
    condition_number,
    descend,
    hessian,
    largest_stable_rate,
    standardise,
)
from course.learning.network import Network, layer_gradients, sharpness

STEPS = 60


@dataclass(frozen=True)
class ConvergenceView:
    """A path on the bowl of the ten houses, in units of the error at the start.

    Attributes:
        descent: the Descent.
        errors: distance from the minimum along the steep and the flat direction of the bowl, over
            that at the start, (steps + 1, 2).
        losses: over the loss at the start, (steps + 1,).
        stable: the largest rate that converges, without momentum.
        condition: the condition number of the bowl.
        scaled: whether x was standardised.
    """

    descent: Descent = field(repr=False)
    errors: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)
    stable: float
    condition: float
    scaled: bool


def convergence_view(rate, scaled, momentum):
    """The ConvergenceView of STEPS steps at a rate given in shares of the largest stable one."""
    x, y = HOUSES
    x = standardise(x)[0] if scaled else x / 1000  # in thousands, so that both axes are alike
    y = y / 1000
    stable = largest_stable_rate(x)
    descent = descend(x, y, rate * stable, STEPS, momentum=momentum)
    best = np.polyfit(x, y, 1)[::-1]
    _, directions = np.linalg.eigh(hessian(x))
    errors = (descent.path - best) @ directions[:, ::-1]
    size = np.linalg.norm(errors[0])
    return ConvergenceView(
        descent,
        errors / size,
        descent.losses / descent.losses[0],
        stable,
        condition_number(x),
        scaled,
    )


@dataclass(frozen=True)
class EdgeView:
    """Sharpness along training with full batches.

    Attributes:
        rates: learning rates, (rates,).
        steps: where the sharpness was measured, (points,).
        sharpness: the largest eigenvalue of the Hessian, (rates, points).
        losses: (rates, points).
    """

    rates: np.ndarray
    steps: np.ndarray = field(repr=False)
    sharpness: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)


def edge_view(rates=(0.6, 0.75, 1.0), n_steps=1500, every=100, seed=0):
    """The EdgeView of a network of 32 tanh units on 200 digits, mean squared error, whole batch."""
    images, labels = load_digits(return_X_y=True)
    x, targets = images[:200] / 16 - 0.3, np.eye(10)[labels[:200]]
    steps = np.arange(0, n_steps + 1, every)
    found, losses = np.empty((len(rates), len(steps))), np.empty((len(rates), len(steps)))
    for row, rate in enumerate(rates):
        network = Network([64, 32, 10], "tanh", seed)
        for step in range(n_steps + 1):
            loss, gradients = network.gradients(x, targets)
            if step % every == 0:
                found[row, step // every] = sharpness(network, x, targets)
                losses[row, step // every] = loss
            network.parameters = [
                p - rate * g for p, g in zip(network.parameters, gradients, strict=True)
            ]
    return EdgeView(np.array(rates), steps, found, losses)


def vanishing_view(depths=(2, 4, 8, 16, 32), seeds=range(8)):
    """{f: (depths,)}: first layer's gradient over the last one's, geometric mean over seeds."""
    return {
        f: np.array(
            [
                np.exp(np.mean([np.log(g[0] / g[-1]) for g in _gradients(f, depth, seeds)]))
                for depth in depths
            ]
        )
        for f in ("sigmoid", "tanh", "relu")
    }


def _gradients(f, depth, seeds):
    return [layer_gradients(f, depth, seed=seed) for seed in seeds]
