"""Double descent, in a model that fits in a cell.

A teacher with noise is fitted by random features: x -> relu(x·W) with W drawn once and never
trained, and the least squares on top of it. With more features than samples many fits pass through
every sample; the one of least norm is taken. The test error falls, rises to a peak where the
features are as many as the samples (there only one fit passes through all points, and it follows
the noise at any cost), and falls again. A little ridge takes the peak away, so it is a peak of the
recipe and not of the size. Source: Belkin et al. 2019 (doi:10.1073/pnas.1903070116).
"""

import math
from dataclasses import dataclass

import numpy as np

from course.experiments.estimates import Estimate, estimate_ratio
from course.units import between, single, whole

MOST = 10_000  # features, samples or inputs: beyond it the fit takes long
N_FEATURES = (5, 10, 20, 30, 40, 45, 50, 55, 60, 80, 120, 200, 400)


@dataclass(frozen=True)
class DoubleDescent:
    """Mean squared errors; arrays as long as n_features.

    Attributes:
        n_features: of the models.
        test_error: Estimate over the seeds on fresh points without noise, a geometric mean: at the
            peak an error has no mean (1 / s² of the smallest singular value has none), so that an
            average would be that of the worst seed. Predicting 0 everywhere has an error of 1.
        train_error: on the noisy samples, the plain mean.
    """

    n_features: np.ndarray
    test_error: Estimate
    train_error: np.ndarray


def double_descent(
    n_features=N_FEATURES, n_samples=50, noise=0.5, ridge=0.0, n_inputs=10, seeds=range(20)
):
    """Fit random features of several numbers to `n_samples` noisy points, once for each seed.

    y = x·b + noise, x standard normal in `n_inputs` dimensions, |b| = 1, `noise` the standard
    deviation. Weights minimise |F w - y|² + ridge·|w|², F = relu(x·W) of shape (n_samples,
    n_features) scaled by sqrt(2 / n_features); at ridge 0 the solution of least norm.

    Args:
        n_features: sizes of the models, whole, from 1.
        n_samples: points that are fitted.
        noise: standard deviation of theirs.
        ridge: weight of the penalty.
        n_inputs: dimensions of a point.
        seeds: two or more, each draws another teacher, points and features.

    Raises:
        ValueError: naming the argument: whole numbers from 1 for the counts, noise and ridge from
            0, two seeds or more.
    """
    sizes = np.atleast_1d(whole("n_features", n_features, 1, MOST)).astype(int)
    n_samples, n_inputs = (
        int(single(name, whole(name, value, 1, MOST)))
        for name, value in (("n_samples", n_samples), ("n_inputs", n_inputs))
    )
    noise, ridge = between("noise", noise, 0, math.inf), between("ridge", ridge, 0, math.inf)
    if len(seeds) < 2:
        raise ValueError(f"seeds must be two or more, got {len(seeds)}")
    errors = np.array([_errors(sizes, n_samples, noise, ridge, n_inputs, seed) for seed in seeds])
    return DoubleDescent(sizes, estimate_ratio(errors[:, :, 0]), errors[:, :, 1].mean(0))


def _errors(sizes, n_samples, noise, ridge, n_inputs, seed, n_test=300):
    """(test, train) error for each number of features, shape (len(sizes), 2)."""
    rng = np.random.default_rng(seed)
    teacher = rng.standard_normal(n_inputs)
    teacher /= np.linalg.norm(teacher)
    x, x_test = rng.standard_normal((n_samples, n_inputs)), rng.standard_normal((n_test, n_inputs))
    y, y_test = x @ teacher + noise * rng.standard_normal(n_samples), x_test @ teacher
    # Larger models hold the smaller ones' features, so that sizes differ in nothing else.
    directions = rng.standard_normal((n_inputs, sizes.max())) / n_inputs**0.5
    errors = []
    for size in sizes:
        features, features_test = (
            np.maximum(points @ directions[:, :size], 0) * (2 / size) ** 0.5
            for points in (x, x_test)
        )
        weights = _least_squares(features, y, ridge)
        errors.append(
            (
                np.mean((features_test @ weights - y_test) ** 2),
                np.mean((features @ weights - y) ** 2),
            )
        )
    return errors


def _least_squares(features, y, ridge):
    """Through singular values: s / (s² + ridge), so that ridge 0 is the least-norm solution."""
    u, s, v = np.linalg.svd(features, full_matrices=False)
    s = np.where(s > 1e-10 * s[0], s, 0)
    inverse = np.divide(s, s**2 + ridge, out=np.zeros_like(s), where=s > 0)
    return v.T @ (inverse * (u.T @ y))
