"""From the gradient to a step: descent, momentum, Adagrad, RMSprop, Adam, AdamW; and schedules.

    optimiser = AdamW(rate=1e-3)
    weights = optimiser.step(weights, gradient)  # arrays of any shape, or lists of arrays

The formulas are PyTorch's, with its defaults, and give its numbers.
"""

import math

import numpy as np

from course.units import between, positive, single, whole


class Optimiser:
    """θ ← θ - rate · direction. What a kind remembers of former gradients it keeps for each array.

    `rate` may be set anew before each step, by a schedule.
    """

    def __init__(self, rate, weight_decay=0.0):
        self.rate = single("rate", positive("rate", rate))
        self.weight_decay = single("weight_decay", between("weight_decay", weight_decay, 0, 1e6))
        self.memory = {}
        self.n_steps = 0

    def step(self, weights, gradients):
        """The weights after one step; both arrays, or both lists of arrays of the same shapes."""
        self.n_steps += 1
        if not isinstance(weights, (list, tuple)):
            return self._one(0, np.asarray(weights, float), np.asarray(gradients, float))
        return [
            self._one(i, np.asarray(w, float), np.asarray(g, float))
            for i, (w, g) in enumerate(zip(weights, gradients, strict=True))
        ]

    def _one(self, key, weights, gradient):
        if weights.shape != gradient.shape:
            raise ValueError(
                f"gradients must have the shape of the weights {weights.shape}, got "
                f"{gradient.shape}"
            )
        return weights - self.rate * self._direction(key, gradient + self.weight_decay * weights)

    def _direction(self, key, gradient):
        return gradient

    def _remember(self, key, name, gradient):
        return self.memory.get((key, name), np.zeros_like(gradient))


class GradientDescent(Optimiser):
    """Against the gradient. With `weight_decay` λ that of λ/2 · Σ w² is added: L2."""


class Momentum(Optimiser):
    """v ← β v + g, and a step along v: past gradients fade by β a step. Polyak 1964."""

    def __init__(self, rate, beta=0.9, weight_decay=0.0):
        super().__init__(rate, weight_decay)
        self.beta = single("beta", between("beta", beta, 0, 1))

    def _direction(self, key, gradient):
        velocity = self.beta * self._remember(key, "velocity", gradient) + gradient
        self.memory[key, "velocity"] = velocity
        return velocity


class Adagrad(Optimiser):
    """g / (√Σ g² + ε): each weight its own rate, which only falls. Duchi et al. 2011."""

    def _direction(self, key, gradient):
        total = self._remember(key, "total", gradient) + gradient**2
        self.memory[key, "total"] = total
        return gradient / (np.sqrt(total) + 1e-10)


class RMSprop(Optimiser):
    """g / (√v + ε), with v a fading mean of g²: Adagrad that forgets. Hinton 2012."""

    def _direction(self, key, gradient):
        mean = 0.99 * self._remember(key, "mean", gradient) + 0.01 * gradient**2
        self.memory[key, "mean"] = mean
        return gradient / (np.sqrt(mean) + 1e-8)


class Adam(Optimiser):
    """m̂ / (√v̂ + ε): fading means of g and of g², each divided by 1 - β^t for their start at 0.

    `weight_decay` adds λ w to the gradient, so it is divided by √v̂ too. Kingma and Ba 2015.
    """

    decoupled = False

    def __init__(self, rate, betas=(0.9, 0.999), weight_decay=0.0):
        super().__init__(rate, weight_decay)
        self.betas = tuple(single("betas", between("betas", beta, 0, 1 - 1e-9)) for beta in betas)

    def _one(self, key, weights, gradient):
        if not self.decoupled or not self.weight_decay:
            return super()._one(key, weights, gradient)
        step = self.rate * self._direction(key, gradient)
        return weights * (1 - self.rate * self.weight_decay) - step

    def _direction(self, key, gradient):
        b1, b2 = self.betas
        m = b1 * self._remember(key, "m", gradient) + (1 - b1) * gradient
        v = b2 * self._remember(key, "v", gradient) + (1 - b2) * gradient**2
        self.memory[key, "m"], self.memory[key, "v"] = m, v
        return m / (1 - b1**self.n_steps) / (np.sqrt(v / (1 - b2**self.n_steps)) + 1e-8)


class AdamW(Adam):
    """Adam whose weight decay goes past √v̂, w ← (1 - rate · λ) w - …: all weights shrink alike.

    Source: Loshchilov and Hutter 2019.
    """

    decoupled = True


def schedule(step, n_steps, peak, *, warmup=0.1, shape="cosine"):
    """The learning rate of `step` (from 0) of n_steps: up to `peak` in a straight line, then down.

    Args:
        step: whole, from 0 to n_steps - 1; broadcasts.
        n_steps: whole.
        peak: the highest rate.
        warmup: the share of the steps on the way up; the first has the rate peak / (their number).
        shape: "cosine" or "linear", down to 0 at step n_steps; or "constant".
    """
    n_steps = single("n_steps", whole("n_steps", n_steps))
    step = whole("step", step, 0, n_steps - 1)
    peak = single("peak", positive("peak", peak))
    n_up = math.ceil(single("warmup", between("warmup", warmup, 0, 1)) * n_steps)
    down = np.clip((step - n_up) / max(n_steps - n_up, 1), 0, 1)
    falls = {
        "cosine": (1 + np.cos(math.pi * down)) / 2,
        "linear": 1 - down,
        "constant": 1 + 0 * down,
    }
    if shape not in falls:
        raise ValueError(f"shape must be one of {', '.join(falls)}, got {shape!r}")
    up = (np.asarray(step) + 1) / max(n_up, 1)
    return peak * np.where(np.asarray(step) < n_up, up, falls[shape])[()]


class EarlyStopping:
    """Says stop after `patience` checks in a row that did not better the best by `least`.

    stopping = EarlyStopping(patience=3)
    if stopping.stop(loss, weights): weights = stopping.best
    """

    def __init__(self, patience, least=0.0):
        self.patience = int(single("patience", whole("patience", patience)))
        self.least = single("least", between("least", least, 0, 1e300))
        self.best_loss, self.best, self.waited = math.inf, None, 0

    def stop(self, loss, weights=None):
        """Take note of a validation loss; whether to stop. `best` keeps the weights of the best."""
        if math.isnan(loss):
            raise ValueError("loss must be a number, got nan")
        if loss < self.best_loss - self.least:
            self.best_loss, self.best, self.waited = loss, weights, 0
        else:
            self.waited += 1
        return self.waited >= self.patience
