"""What chapter 8 trains: remedies against over-fitting, and searches for hyper-parameters.

**overfitting**: a network of 128 hidden units reads 150 of scikit-learn's digits until it knows
them by heart; each remedy of the documents changes one thing. 300 other images choose a remedy's
strength, the rest judge it.

**surface** and **search**: the error of a support vector machine over two settings that matter and,
for the search, one that does not (`coef0`, which its kernel ignores); and what grid, random and
Bayesian search find on it with equal budgets.

**batch**: the steps that plain descent takes to one loss, for batches from 1 to 512 at seven rates
(column `loss`; inf where it never got there), and the noise scale on the way (column `curve`).

`python -m course.learning` makes the table `runs.csv` again.
"""

import platform
from functools import lru_cache
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel
from sklearn.svm import SVC

from course.experiments.runs import load_runs, planned
from course.experiments.training import Stopwatch
from course.learning import noise
from course.learning.losses import cross_entropy
from course.learning.network import Network
from course.learning.optimisers import Adam, EarlyStopping

TABLE = Path(__file__).with_name("runs.csv")
N_TRAIN, N_VALIDATION, HIDDEN, N_STEPS, RATE = 150, 300, 128, 600, 3e-3
SEEDS = 10
STRENGTHS = {
    "nothing": (0,),
    "L2": (0.0003, 0.003, 0.03),
    "L1": (0.0001, 0.0003, 0.001),
    "dropout": (0.2, 0.4, 0.6),
    "augmentation": (1,),  # pixels that an image is shifted by, at most
    "early stopping": (10,),  # checks without a gain before it stops
    "adversarial": (0.05, 0.1, 0.2),  # the largest change of a pixel
    "a smaller network": (16,),  # hidden units
    "pruning": (0.5, 0.8, 0.9),  # the share of weights that are taken out, half-way
    "distillation": (2, 4, 8),  # the temperature
    "four times the data": (4,),
}
# log10 of C and of gamma, the two settings that matter, and the one that does not.
C_VALUES, GAMMA_VALUES = np.linspace(-2, 4, 25), np.linspace(-5, 1, 25)
BUDGETS = (8, 27, 64)  # cubes: a grid of 2, 3 and 4 values for each of three settings
METHODS = ("grid", "random", "bayesian")
REPEATS = 30


def overfitting_runs():
    """Each remedy at each strength, ten seeds."""
    return [
        {"study": "overfitting", "method": method, "setting": float(strength), "seed": seed}
        for method, strengths in STRENGTHS.items()
        for strength in strengths
        for seed in range(SEEDS)
    ]


def surface_runs():
    """The error on a grid of C and gamma, one row for each C."""
    return [{"study": "surface", "method": "svm", "setting": float(c), "seed": 0} for c in C_VALUES]


def search_runs():
    """Three ways to search, three budgets, thirty repeats."""
    return [
        {"study": "search", "method": method, "setting": float(budget), "seed": repeat}
        for method in METHODS
        for budget in BUDGETS
        for repeat in range(REPEATS)
    ]


def batch_runs():
    """Steps to one loss at each batch and rate, five seeds."""
    return [
        {"study": "batch", "method": f"{rate:g}", "setting": float(batch), "seed": seed}
        for batch in noise.BATCHES
        for rate in noise.RATES
        for seed in range(5)
    ]


STUDIES = {
    "overfitting": overfitting_runs,
    "surface": surface_runs,
    "search": search_runs,
    "batch": batch_runs,
}


def specs(names=()):
    """The runs of some studies, of all by default: see `planned`."""
    return planned(STUDIES, names, flops)


def flops(spec):
    """About what a run computes: 6 N D for the networks, a rough figure for the others."""
    if spec["study"] == "overfitting":
        return 6.0 * (64 * HIDDEN + HIDDEN * 10) * N_TRAIN * N_STEPS
    if spec["study"] == "batch":
        return 1e8
    return 1e9 if spec["study"] == "surface" else 1e10


def provenance():
    """The versions that a row depends on."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "sklearn": sklearn.__version__,
    }


def run(spec):
    """The results of one specification: accuracies, losses, an error, or a curve of errors."""
    kinds = {"overfitting": _fit, "surface": _surface_row, "search": _search, "batch": _batch}
    with Stopwatch() as watch:
        results = kinds[spec["study"]](spec)
    return (
        {"train": "", "validation": "", "test": "", "loss": "", "curve": ""}
        | results
        | {"seconds": round(watch.seconds, 2)}
    )


# --- over-fitting ---------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def split(seed, n_train=N_TRAIN):
    """Digits in a random order: (images, labels) to train on, to validate and to test; pixels in
    [0, 1]. The first N_TRAIN, the validation and the test images are the same for all n_train.
    """
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng([seed, 8]).permutation(len(images))
    images, labels = images[order] / 16, labels[order]
    held = N_TRAIN + N_VALIDATION
    more = n_train - N_TRAIN  # taken from the end, so that the test images stay what they are
    last = len(images) - 3 * N_TRAIN
    chosen = [*range(N_TRAIN), *range(last, last + more)]
    return (
        (images[chosen], labels[chosen]),
        (images[N_TRAIN:held], labels[N_TRAIN:held]),
        (images[held:last], labels[held:last]),
    )


def shifted(images, rng, pixels=1):
    """Each image moved by up to `pixels` to each side, zeros moving in; (n, 64)."""
    grid = np.pad(images.reshape(-1, 8, 8), ((0, 0), (pixels, pixels), (pixels, pixels)))
    rows, columns = rng.integers(0, 2 * pixels + 1, (2, len(images)))
    return np.stack(
        [g[r : r + 8, c : c + 8] for g, r, c in zip(grid, rows, columns, strict=True)]
    ).reshape(-1, 64)


def softened(logits, temperature):
    """softmax(z / T) of each row."""
    z = (logits - logits.max(axis=1, keepdims=True)) / temperature
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def _fit(spec):
    method, strength, seed = spec["method"], spec["setting"], spec["seed"]
    n_train = N_TRAIN * (4 if method == "four times the data" else 1)
    (x, y), validation, test = split(seed, n_train)
    teacher = _teacher(x, y, seed) if method == "distillation" else None
    hidden = int(strength) if method == "a smaller network" else HIDDEN
    network, optimiser = Network([64, hidden, 10], "relu", seed), Adam(RATE)
    rng, stopping = np.random.default_rng([seed, 9]), EarlyStopping(int(max(strength, 1)))
    masks = None
    for step in range(N_STEPS):
        look = method == "early stopping" and step % 5 == 0
        if look and stopping.stop(network.loss(*validation), network.parameters):
            break
        if method == "pruning" and step == N_STEPS // 2:
            masks = [np.abs(w) > np.quantile(np.abs(w), strength) for w in network.weights]
        images = shifted(x, rng) if method == "augmentation" else x
        if method == "adversarial":
            images = attacked(network, x, y, strength)
        gradients = _gradients(network, images, y, method, strength, rng, teacher)
        network.parameters = optimiser.step(network.parameters, gradients)
        if masks is not None:
            network.weights = [w * mask for w, mask in zip(network.weights, masks, strict=True)]
    if method == "early stopping":
        network.parameters = stopping.best
    return {
        "train": round(network.accuracy(x, y), 5),
        "validation": round(network.loss(*validation), 5),
        "test": round(network.accuracy(*test), 5),
        "loss": round(network.loss(*test), 5),
    }


def _gradients(network, x, y, method, strength, rng, teacher):
    if method == "dropout":
        return network.gradients(x, y, dropout=strength, rng=rng)[1]
    if teacher is not None:
        outputs, layers = network.forward(x)
        soft = strength * (softened(outputs, strength) - teacher(strength)) / len(x)
        hard = cross_entropy(outputs, y)[1]
        return network.backward(layers, (soft + hard) / 2)
    gradients = network.gradients(x, y)[1]
    n = len(network.weights)
    pull = {"L2": lambda w: strength * w, "L1": lambda w: strength * np.sign(w)}.get(method)
    if pull:
        gradients[:n] = [g + pull(w) for g, w in zip(gradients, network.weights, strict=False)]
    return gradients


def attacked(network, x, y, size):
    """x + size · sign(dL/dx), cut off at 0 and 1: the worst small change, to first order.

    Source: Goodfellow et al. 2015.
    """
    return np.clip(x + size * np.sign(network.input_gradient(x, y)), 0, 1)


def _teacher(x, y, seed):
    """Five networks together, as the teacher: temperature -> their mean softened outputs on x."""
    outputs = []
    for member in range(5):
        network, optimiser = Network([64, HIDDEN, 10], "relu", 1000 * seed + member), Adam(RATE)
        for _ in range(N_STEPS):
            gradients = network.gradients(x, y)[1]
            network.parameters = optimiser.step(network.parameters, gradients)
        outputs.append(network.forward(x)[0])
    return lambda temperature: np.mean([softened(z, temperature) for z in outputs], axis=0)


# --- hyper-parameters -----------------------------------------------------------------------------


def _surface_row(spec):
    (x, y), _, _ = split(0, N_TRAIN)
    (_, _), validation, _ = split(0)
    errors = [
        1 - SVC(C=10 ** spec["setting"], gamma=10**g).fit(x, y).score(*validation)
        for g in GAMMA_VALUES
    ]
    return {"curve": " ".join(f"{error:.4f}" for error in errors)}


@lru_cache(maxsize=1)
def surface():
    """Validation error over C and gamma, (25, 25), from the table."""
    rows = sorted(load_runs(TABLE, "surface"), key=lambda row: row["setting"])
    return np.array([[float(e) for e in row["curve"].split()] for row in rows])


def error_at(point):
    """The error at three settings in [0, 1]: C, gamma, and coef0, which does nothing."""
    i, j = (round(24 * float(p)) for p in point[:2])
    return float(surface()[i, j])


def points(method, budget, rng):
    """The settings that a search tries, (budget, 3) in [0, 1], each chosen before its error.

    A grid's place is random, as whoever chooses its ends does not know the surface. The Bayesian
    search starts with five random points, then fits a Gaussian process and takes, of 256 random
    points, the one with the largest expected improvement (Jones et al. 1998).
    """
    if method == "grid":
        side = round(budget ** (1 / 3))
        axes = (np.arange(side) + rng.random((3, 1))) / side
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    if method == "random":
        return rng.random((budget, 3))
    if method != "bayesian":
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    tried = rng.random((min(5, budget), 3))
    errors = [error_at(p) for p in tried]
    kernel = Matern(length_scale=[0.3] * 3, length_scale_bounds=(0.05, 20), nu=2.5) + WhiteKernel(
        1e-3, (1e-6, 1e-1)
    )
    while len(tried) < budget:
        model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
        model.fit(tried, errors)
        candidates = rng.random((256, 3))
        mean, sd = model.predict(candidates, return_std=True)
        tried = np.vstack([tried, candidates[expected_improvement(mean, sd, min(errors)).argmax()]])
        errors.append(error_at(tried[-1]))
    return tried


def expected_improvement(mean, sd, best):
    """E max(best - f, 0) for f normal: (best - mean) Φ(u) + sd φ(u), u = (best - mean) / sd."""
    from scipy.stats import norm

    u = (best - mean) / np.maximum(sd, 1e-12)
    return (best - mean) * norm.cdf(u) + sd * norm.pdf(u)


def _batch(spec):
    steps, scales = noise.steps_to_target(spec["setting"], float(spec["method"]), spec["seed"])
    curve = f"{np.mean(scales):.4g}" if scales and np.isfinite(steps) else ""
    return {"loss": float(steps), "curve": curve}


def _search(spec):
    import warnings

    rng = np.random.default_rng([spec["seed"], int(spec["setting"]), METHODS.index(spec["method"])])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a bound of the kernel's length is reached: coef0's
        tried = points(spec["method"], int(spec["setting"]), rng)
    return {"validation": min(error_at(p) for p in tried)}
