"""A network of layers in numpy, with its gradients by the chain rule: small enough to read whole.

network = Network([64, 128, 10], "relu", seed=0)
loss, gradients = network.gradients(images, labels)
"""

from itertools import pairwise

import numpy as np

from course.learning.losses import activation, cross_entropy, mean_squared_error
from course.units import between, single, whole

# What keeps the size of what passes from layer to layer: the variance of a weight times its inputs.
START_VARIANCE = {"sigmoid": 1.0, "tanh": 1.0, "relu": 2.0, "linear": 1.0}


class Network:
    """Layers h ← f(h W + b), the last one without f.

    Attributes:
        weights, biases: lists of arrays, (inputs, outputs) and (outputs,) of each layer.
        f: the activation of the hidden layers, one of `losses.ACTIVATIONS`.
    """

    def __init__(self, sizes, f="relu", seed=0):
        sizes = [int(single("sizes", whole("sizes", size))) for size in sizes]
        if len(sizes) < 2:
            raise ValueError(f"sizes must name inputs and outputs at least, got {sizes}")
        if f not in START_VARIANCE:
            raise ValueError(f"f must be one of {', '.join(START_VARIANCE)}, got {f!r}")
        rng = np.random.default_rng(seed)
        self.f = f
        self.weights = [
            rng.standard_normal((n_in, n_out)) * np.sqrt(START_VARIANCE[f] / n_in)
            for n_in, n_out in pairwise(sizes)
        ]
        self.biases = [np.zeros(n_out) for n_out in sizes[1:]]

    @property
    def parameters(self):
        """Weights and biases in one list, for an optimiser."""
        return [*self.weights, *self.biases]

    @parameters.setter
    def parameters(self, arrays):
        n = len(self.weights)
        self.weights, self.biases = list(arrays[:n]), list(arrays[n:])

    def forward(self, x, dropout=0.0, rng=None):
        """(outputs, layers): what goes into each layer with the slope of f there, for `backward`.

        With `dropout` a hidden unit is 0 with that chance, the others over 1 - dropout.
        """
        h, layers, slope = x, [], None
        for place, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            layers.append((h, slope))
            h = h @ w + b  # (n, outputs of the layer)
            if place < len(self.weights) - 1:
                h, slope = activation(self.f, h)
                if dropout:
                    kept = (rng.random(h.shape) >= dropout) / (1 - dropout)
                    h, slope = h * kept, slope * kept
        return h, layers

    def backward(self, layers, from_above):
        """Gradients of all parameters, in their order, from dL/d(outputs) (n, outputs)."""
        of_weights, of_biases = [], []
        for (h, slope), w in zip(layers[::-1], self.weights[::-1], strict=True):
            of_weights.append(h.T @ from_above)
            of_biases.append(from_above.sum(axis=0))
            if slope is not None:
                from_above = (from_above @ w.T) * slope
        return [*of_weights[::-1], *of_biases[::-1]]

    def gradients(self, x, targets, dropout=0.0, rng=None):
        """(loss, gradients): cross-entropy for whole labels (n,), else the mean squared error."""
        outputs, layers = self.forward(x, dropout, rng)
        targets = np.asarray(targets)
        kind = cross_entropy if targets.dtype.kind in "iu" else mean_squared_error
        loss, from_above = kind(outputs, targets)
        return loss, self.backward(layers, from_above)

    def input_gradient(self, x, labels):
        """dL/dx (n, inputs) of the cross-entropy: how each pixel would have to change."""
        outputs, layers = self.forward(x)
        from_above = cross_entropy(outputs, labels)[1]
        for (_, slope), w in zip(layers[::-1], self.weights[::-1], strict=True):
            from_above = from_above @ w.T
            from_above = from_above if slope is None else from_above * slope
        return from_above

    def loss(self, x, targets):
        """The loss alone, without dropout."""
        outputs, _ = self.forward(x)
        targets = np.asarray(targets)
        kind = cross_entropy if targets.dtype.kind in "iu" else mean_squared_error
        return kind(outputs, targets)[0]

    def accuracy(self, x, labels):
        """The share of rows whose largest output is that of the label."""
        return float(np.mean(self.forward(x)[0].argmax(axis=1) == labels))


def layer_gradients(f, depth, width=64, seed=0, n=64):
    """Size of each hidden layer's gradient at the start, the first layer first, (depth,).

    The root mean square of dL/dW, for random inputs and targets.

    Args:
        f: the activation.
        depth: hidden layers.
        width: of each, and of the inputs.
        seed: of weights and data.
        n: rows of data.
    """
    rng = np.random.default_rng([seed, 1])
    network = Network([width] * (depth + 1) + [1], f, seed)
    x, y = rng.standard_normal((n, width)), rng.standard_normal((n, 1))
    _, gradients = network.gradients(x, y)
    return np.array([np.sqrt(np.mean(g**2)) for g in gradients[:depth]])


def sharpness(network, x, targets, n_rounds=30, seed=0):
    """The largest eigenvalue of the loss's Hessian, by power iteration on differences of gradients.

    H v ≈ (g(θ + ε v) - g(θ - ε v)) / 2ε for a unit vector v, again and again.

    Args:
        network: a Network; it is left as it was.
        x, targets: the whole batch.
        n_rounds: products with the Hessian.
        seed: of the first v.
    """
    n_rounds = int(single("n_rounds", whole("n_rounds", n_rounds)))
    flat = np.concatenate([p.ravel() for p in network.parameters])
    between("the network's parameters", flat, -1e100, 1e100)
    rng = np.random.default_rng(seed)
    v, epsilon, value = rng.standard_normal(flat.size), 1e-4, 0.0
    v /= np.linalg.norm(v)
    start = network.parameters

    def gradient(theta):
        network.parameters = unflatten(theta, start)
        return np.concatenate([g.ravel() for g in network.gradients(x, targets)[1]])

    for _ in range(n_rounds):
        product = (gradient(flat + epsilon * v) - gradient(flat - epsilon * v)) / (2 * epsilon)
        value = float(v @ product)
        v = product / max(np.linalg.norm(product), 1e-300)
    network.parameters = start
    return value


def unflatten(flat, like):
    """A flat array cut into arrays of the shapes of `like`."""
    ends = np.cumsum([p.size for p in like])[:-1]
    return [part.reshape(p.shape) for part, p in zip(np.split(flat, ends), like, strict=True)]
