"""Gradient descent on a straight line: D §4.3's ten houses, and why they diverge.

The loss (1/n) Σ (θ0 + θ1 x - y)² is a bowl. Its Hessian H says how steep: descent with rate r
multiplies the error along each eigenvector by 1 - r · eigenvalue, so it converges for r below
2 / the largest eigenvalue, and takes about as many steps as the condition number.
"""

from dataclasses import dataclass, field

import numpy as np

from course.units import between, positive, single, whole

# D §4.3: area and price. The prices are twice the areas, to the unit.
HOUSES = (np.arange(100.0, 1001, 100), np.arange(200.0, 2001, 200))


def loss(theta, x, y):
    """(1/n) Σ (θ0 + θ1 x - y)²; theta (..., 2), x and y (n,)."""
    theta = np.asarray(theta, float)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.mean((theta[..., :1] + theta[..., 1:] * x - y) ** 2, axis=-1)


def gradient(theta, x, y, factor=2):
    """(factor/n) Σ e, (factor/n) Σ e x, with e = θ0 + θ1 x - y. D §4.2 prints it with factor 1."""
    error = theta[0] + theta[1] * x - y
    return factor * np.array([error.mean(), (error * x).mean()])


def hessian(x, factor=2):
    """The matrix of second derivatives, factor · [[1, mean x], [mean x, mean x²]]."""
    x = np.asarray(between("x", x, -1e100, 1e100))
    return factor * np.array([[1, x.mean()], [x.mean(), (x**2).mean()]])


def largest_stable_rate(x, factor=2):
    """2 / the largest eigenvalue of the Hessian: above it descent diverges."""
    return float(2 / np.linalg.eigvalsh(hessian(x, factor))[-1])


def condition_number(x):
    """Largest over smallest eigenvalue of the Hessian: how long the valley is for its width."""
    low, high = np.linalg.eigvalsh(hessian(x))
    return float(high / low) if low > 0 else np.inf


def standardise(x):
    """((x - mean) / sd, mean, sd), the sd with 1/n."""
    x = np.asarray(between("x", x, -1e100, 1e100))
    mean, sd = x.mean(), x.std()
    if sd == 0:
        raise ValueError("x must hold two different values")
    return (x - mean) / sd, float(mean), float(sd)


def unstandardise(theta, mean, sd):
    """Of θ0 + θ1 (x - mean)/sd the same line as a + b x: (a, b)."""
    slope = theta[1] / sd
    return np.array([theta[0] - slope * mean, slope])


@dataclass(frozen=True)
class Descent:
    """A path of gradient descent.

    Attributes:
        path: θ at the start and after each step, (steps + 1, 2).
        losses: at each, (steps + 1,).
        rate: the learning rate.
        overflow_step: the first step after which the loss is no finite number, or None.
    """

    path: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)
    rate: float
    overflow_step: int | None

    @property
    def converges(self):
        """Whether the last loss is finite and not above the first."""
        return self.overflow_step is None and bool(self.losses[-1] <= self.losses[0])


def descend(x, y, rate, n_steps=100, *, momentum=0.0, factor=2, start=(0.0, 0.0)):
    """The Descent of θ on the loss of a line; stops where the loss overflows.

    v ← momentum · v + gradient, θ ← θ - rate · v.

    Args:
        x, y: the data, (n,) both.
        rate: the learning rate.
        n_steps: how many, whole.
        momentum: in [0, 1].
        factor: 2 for the true gradient, 1 for document D's.
        start: θ before the first step.
    """
    x = np.atleast_1d(between("x", x, -1e100, 1e100))
    y = np.atleast_1d(between("y", y, -1e100, 1e100))
    if x.shape != y.shape:
        raise ValueError(f"x and y must have one shape, got {x.shape} and {y.shape}")
    rate = single("rate", positive("rate", rate))
    momentum = single("momentum", between("momentum", momentum, 0, 1))
    theta, velocity = np.array(start, float), np.zeros(2)
    path = [theta]
    for _ in range(int(single("n_steps", whole("n_steps", n_steps, 1, 10**6)))):
        with np.errstate(over="ignore", invalid="ignore"):
            velocity = momentum * velocity + gradient(theta, x, y, factor)
            theta = theta - rate * velocity
        path.append(theta)
        if not np.isfinite(loss(theta, x, y)):
            return Descent(np.array(path), loss(path, x, y), rate, len(path) - 1)
    return Descent(np.array(path), loss(path, x, y), rate, None)
