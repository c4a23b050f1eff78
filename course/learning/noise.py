"""How large a batch is worth its price? The gradient-noise scale, and what it predicts.

A batch of B gives the gradient with a variance tr(Σ)/B. Where B is far below B_noise = tr(Σ)/|G|²
twice the batch halves the steps; far above it saves none (McCandlish et al. 2018). Measured here on
scikit-learn's digits: the scale itself, and the steps to one loss at batches from 1 to 512.
"""

import numpy as np
from scipy.optimize import least_squares
from sklearn.datasets import load_digits

from course.learning.losses import cross_entropy
from course.learning.network import Network
from course.units import positive, whole

HIDDEN, TARGET, LIMIT = 32, 0.25, 200_000  # hidden units, nats to reach, images at most
BATCHES = tuple(2**k for k in range(10))
RATES = tuple(0.01 * 2**k for k in range(7))


def digits():
    """(images, labels) of all digits, pixels in [0, 1]."""
    images, labels = load_digits(return_X_y=True)
    return images / 16, labels


def noise_scale(network, x, labels):
    """B_noise = tr(Σ) / |G|² over all rows of x: exact, from the gradient of each row.

    tr(Σ) is the sum over parameters of the variance between rows, |G|² the squared length of their
    mean. A layer's gradient for one row is the outer product of what came in and what came back, so
    its squared length is the product of theirs.
    """
    outputs, layers = network.forward(x)
    from_above = cross_entropy(outputs, labels)[1] * len(x)  # of each row's own loss
    squares = np.zeros(len(x))
    mean = [g.ravel() for g in network.backward(layers, from_above / len(x))]
    for (h, slope), w in zip(layers[::-1], network.weights[::-1], strict=True):
        squares += (1 + (h**2).sum(axis=1)) * (from_above**2).sum(axis=1)
        if slope is not None:
            from_above = (from_above @ w.T) * slope
    length = float(sum(g @ g for g in mean))
    return (float(squares.mean()) - length) / length


def steps_to_target(batch, rate, seed):
    """(steps, noise scales on the way) of plain descent to a loss of TARGET; steps inf where never.

    Looks at the loss over all digits every 32 images or every step, whichever is longer.
    """
    x, y = digits()
    batch = int(whole("batch", batch))
    network, rng = Network([64, HIDDEN, 10], "relu", seed), np.random.default_rng([seed, 3])
    every, scales = max(1, 64 // batch), []
    for step in range(1, LIMIT // max(batch, 4) + 1):
        rows = rng.integers(len(x), size=batch)
        gradients = network.gradients(x[rows], y[rows])[1]
        network.parameters = [
            p - rate * g for p, g in zip(network.parameters, gradients, strict=True)
        ]
        if step % every == 0:
            loss = network.loss(x, y)
            if not np.isfinite(loss) or loss > 20:
                break
            if loss < 2 * TARGET and len(scales) < 20:
                scales.append(noise_scale(network, x, y))
            if loss < TARGET:
                return step, scales
    return np.inf, scales


def fit_critical_batch(batches, steps):
    """(B_crit, S_min): steps = S_min (1 + B_crit / B), fitted to logarithms.

    The same law as (S/S_min - 1)(E/E_min - 1) = 1, with E = B S examples. Shapes (n,) both.
    Source: McCandlish et al. 2018, eq. 2.11.
    """
    batches, steps = positive("batches", batches), positive("steps", steps)

    def misfit(logs):
        critical, least = np.exp(logs)
        return np.log(least * (1 + critical / batches)) - np.log(steps)

    start = np.log([np.median(batches), steps.min()])
    return tuple(float(v) for v in np.exp(least_squares(misfit, start).x))
