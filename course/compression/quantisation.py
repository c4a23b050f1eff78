"""Quantisation: weights as small integers and a few scales, and a correction by real inputs."""

from dataclasses import dataclass

import numpy as np

from course.units import between, positive, single, whole

SCALE_BITS = 16  # a scale is stored as a number of 16 bits


@dataclass(frozen=True)
class Quantised:
    """A matrix as integers: weight ≈ codes · scales, a scale for each group of a row's weights.

    Attributes:
        codes: integers from -(2^(bits - 1) - 1) to 2^(bits - 1) - 1, shape (rows, columns).
        scales: shape (rows, groups) or, one for all, (1, 1).
        bits: of a code.
    """

    codes: np.ndarray
    scales: np.ndarray
    bits: int

    @property
    def weights(self):
        """The matrix that the integers stand for, shape (rows, columns)."""
        return self.codes * _spread(self.scales, self.codes.shape)

    @property
    def bytes(self):
        """Codes packed without gaps, and a scale of 16 bits for each group."""
        return (self.codes.size * self.bits + self.scales.size * SCALE_BITS) / 8


def quantise(weights, bits, group="channel"):
    """Round each weight to the nearest step: symmetric, the largest weight of a group exact.

    step = max|w| / (2^(bits - 1) - 1).

    Args:
        weights: shape (rows, columns); a row makes one output.
        bits: 2 to 8.
        group: what shares a scale: "tensor", "channel" (a row), or how many weights of a row.

    Raises:
        ValueError: for other bits, no matrix, or a group that does not divide the columns.
    """
    weights = _matrix(weights)
    largest = largest_code(bits)
    rows, columns = weights.shape
    if group == "tensor":
        peaks = np.abs(weights).max(keepdims=True)
    else:
        peaks = np.abs(weights.reshape(rows, -1, _group_size(group, columns))).max(axis=2)
    scales = np.where(peaks > 0, peaks, 1) / largest
    codes = np.rint(weights / _spread(scales, weights.shape))
    return Quantised(np.clip(codes, -largest, largest).astype(np.int8), scales, int(bits))


def largest_code(bits):
    """2^(bits - 1) - 1: 127 for 8 bits, 7 for 4, 1 for 2. ValueError outside 2 to 8 bits."""
    bits = single("bits", whole("bits", bits))
    return 2 ** (int(between("bits", bits, 2, 8)) - 1) - 1


def quantise_with_correction(weights, inputs, bits, damping=0.01):
    """Quantise column by column, and let the columns to come make up for each rounding error.

    After column j is rounded with error e_j (rows,), each later column k gains
    -e_j · U_jk / U_jj, where U is the upper Cholesky factor of the inverse of H = X'X / n. Scales
    are those of `quantise` by channel. Source: Frantar et al. 2022 (GPTQ), arXiv:2210.17323.

    Args:
        weights: shape (rows, columns); outputs are inputs · weights'.
        inputs: what the layer really sees, shape (n, columns).
        bits: 2 to 8.
        damping: share of H's mean diagonal added to its diagonal, so that it can be inverted.

    Raises:
        ValueError: for other bits, or inputs of another width.
    """
    weights, inputs = _matrix(weights).astype(float), _matrix(inputs, "inputs").astype(float)
    if inputs.shape[1] != weights.shape[1]:
        raise ValueError(
            f"inputs must have {weights.shape[1]} columns like weights, got {inputs.shape[1]}"
        )
    largest, scales = largest_code(bits), quantise(weights, bits).scales
    hessian = inputs.T @ inputs / len(inputs)  # (columns, columns)
    damping = single("damping", positive("damping", damping))
    hessian += (damping * hessian.diagonal().mean() + 1e-12) * np.eye(len(hessian))
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    left, codes = weights.copy(), np.zeros(weights.shape, np.int8)
    for j in range(weights.shape[1]):
        codes[:, j] = np.clip(np.rint(left[:, j] / scales[:, 0]), -largest, largest)
        error = (left[:, j] - codes[:, j] * scales[:, 0]) / upper[j, j]
        left[:, j + 1 :] -= np.outer(error, upper[j, j + 1 :])
    return Quantised(codes, scales, int(bits))


def _spread(scales, shape):
    if scales.size == 1:
        return scales
    return np.repeat(scales, shape[1] // scales.shape[1], axis=1)


def _group_size(group, columns):
    if group == "channel":
        return columns
    size = int(single("group", whole("group", group)))
    if columns % size:
        raise ValueError(f"group must divide the {columns} columns, got {group!r}")
    return size


def _matrix(weights, name="weights"):
    weights = np.asarray(weights)
    if weights.ndim != 2 or not weights.size or not np.isfinite(weights).all():
        raise ValueError(f"{name} must be a matrix of finite numbers, got shape {weights.shape}")
    return weights
