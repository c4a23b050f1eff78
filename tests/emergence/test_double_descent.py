"""The peak stands where features and samples are as many, and ridge takes it away."""

import numpy as np
import pytest

from course.emergence.double_descent import _least_squares, double_descent

SIZES = (10, 20, 50, 100, 400)


@pytest.mark.parametrize("n_samples", [30, 50])
def test_the_error_peaks_where_features_and_samples_are_as_many_and_falls_again(n_samples):
    """K038: more of something is no decline for ever; past the peak the error falls below it."""
    sizes = n_samples * np.array([0.4, 0.8, 0.9, 1, 1.1, 1.2, 2, 8])
    fit = double_descent(sizes.round().astype(int), n_samples)
    error = fit.test_error
    peak = error.value.argmax()
    assert fit.n_features[peak] == n_samples
    for other in (0, -1):
        assert error.low[peak] > error.high[other]
    assert np.all(np.diff(error.value[peak:]) < 0)


def test_ridge_takes_the_peak_away():
    fit = double_descent(SIZES, ridge=0.1)
    assert np.all(np.diff(fit.test_error.value) < 0)
    assert np.all(fit.test_error.value[2:] < double_descent(SIZES).test_error.value[2:])


def test_without_noise_the_peak_is_lower_but_there():
    """What is not linear in the features acts as noise of its own."""
    quiet, noisy = double_descent(SIZES, noise=0.0), double_descent(SIZES)
    assert quiet.test_error.value.argmax() == noisy.test_error.value.argmax() == 2
    assert quiet.test_error.value[2] < noisy.test_error.value[2]


def test_samples_are_passed_through_once_features_are_as_many():
    train = double_descent(SIZES).train_error
    assert np.all(train[2:] < 1e-10)
    assert np.all(train[:2] > 0.1)


def test_least_squares_is_that_of_numpy_and_the_least_in_norm():
    rng = np.random.default_rng(0)
    for shape in ((20, 5), (5, 20), (8, 8)):
        features, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
        expected = np.linalg.lstsq(features, y, rcond=None)[0]
        np.testing.assert_allclose(_least_squares(features, y, 0.0), expected, rtol=1e-8)
        ridge = np.linalg.solve(features.T @ features + 0.3 * np.eye(shape[1]), features.T @ y)
        np.testing.assert_allclose(_least_squares(features, y, 0.3), ridge, rtol=1e-8)


def test_one_size_does_not_depend_on_the_others_asked_for():
    alone = double_descent(20, n_samples=30)
    among = double_descent((10, 20), n_samples=30)
    assert alone.test_error.value[0] == pytest.approx(among.test_error.value[1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_features", 0),
        ("n_features", 2.5),
        ("n_samples", -1),
        ("n_samples", "50"),
        ("n_features", 1e300),
        ("n_samples", [5, 6]),
        ("n_inputs", [3]),
        ("n_inputs", 1e300),
        ("n_inputs", 0),
        ("noise", -0.1),
        ("ridge", float("nan")),
        ("seeds", (1,)),
    ],
)
def test_wrong_arguments_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        double_descent(**{name: value})
