"""Losses and penalties, each with its gradient: what a model is told, and in which direction.

Every function returns (value, gradient), so that no gradient is ever written down without the loss
that it belongs to. PyTorch's own give the same to 1e-6 (tests/learning).
"""

import numpy as np

from course.units import between, positive


def mean_squared_error(predictions, targets):
    """L = (1/n) Σ (p - y)², and dL/dp = (2/n)(p - y). Shapes (n,) or (n, outputs), both alike."""
    predictions, targets = _alike(predictions, targets)
    error = predictions - targets
    return float(np.mean(error**2)), 2 * error / error.size


def cross_entropy(logits, labels):
    """L = -(1/n) Σ ln softmax(z)_label, in nats, and dL/dz = (softmax(z) - one-hot) / n.

    Subtracts the largest logit of each row first, so that e^z cannot overflow. Shapes: logits
    (n, classes), labels (n,), whole numbers from 0.
    """
    logits = np.atleast_2d(between("logits", logits, -1e300, 1e300))
    labels = np.asarray(labels)
    rows = np.arange(len(logits))
    if labels.shape != rows.shape or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(rows)} whole numbers, got shape {labels.shape}")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels must lie in 0 to {logits.shape[1] - 1}, got {labels.max()}")
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = float(np.mean(log_total[:, 0] - shifted[rows, labels]))
    gradient = np.exp(shifted - log_total)
    gradient[rows, labels] -= 1
    return loss, gradient / len(rows)


def l2_penalty(weights, strength):
    """(λ/2) Σ w² over the *weights*, and λ w. The intercept is left out by not passing it."""
    weights = between("weights", weights, -1e150, 1e150)
    strength = between("strength", strength, 0, 1e6)
    return float(strength / 2 * np.sum(np.square(weights))), strength * weights


def l1_penalty(weights, strength):
    """λ Σ |w|, and λ sign(w): a pull of the same size on small weights as on large ones."""
    weights = between("weights", weights, -1e150, 1e150)
    strength = between("strength", strength, 0, 1e6)
    return float(strength * np.sum(np.abs(weights))), strength * np.sign(weights)


ACTIVATIONS = ("sigmoid", "tanh", "relu", "linear")


def activation(name, x):
    """(f(x), f'(x)) of "sigmoid", "tanh", "relu" or "linear"; any shape.

    Sigmoid σ(x) = 1 / (1 + e^-x) has the slope σ(1 - σ), never above 1/4; tanh's is 1 - tanh²; that
    of ReLU max(0, x) is 1 above 0 and 0 elsewhere.
    """
    x = np.asarray(x, float)
    if name == "sigmoid":
        y = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
        return y, y * (1 - y)
    if name == "tanh":
        return np.tanh(x), 1 - np.tanh(x) ** 2
    if name == "relu":
        return np.maximum(x, 0), (x > 0).astype(float)
    if name == "linear":
        return x, np.ones_like(x)
    raise ValueError(f"name must be one of {', '.join(ACTIVATIONS)}, got {name!r}")


def _alike(predictions, targets):
    predictions = np.asarray(between("predictions", predictions, -1e150, 1e150))
    targets = np.asarray(between("targets", targets, -1e150, 1e150))
    if predictions.shape != targets.shape:
        raise ValueError(
            f"predictions and targets must have one shape, got {predictions.shape} and "
            f"{targets.shape}"
        )
    positive("the number of predictions", predictions.size)
    return predictions, targets
