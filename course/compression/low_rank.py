"""Low rank: one matrix as the product of two thin ones, by the singular value decomposition."""

import numpy as np

from course.units import single, whole


def factorise(weights, rank):
    """The two factors, (rows, rank) and (rank, columns), whose product is nearest to `weights`.

    No product of that rank has a smaller sum of squared errors (Eckart and Young 1936).
    ValueError for a rank below 1 or above the shorter side.
    """
    weights = np.asarray(weights, dtype=float)
    rank = int(single("rank", whole("rank", rank)))
    if weights.ndim != 2 or rank > min(weights.shape):
        raise ValueError(f"rank must be at most the shorter side of {weights.shape}, got {rank}")
    left, sizes, right = np.linalg.svd(weights, full_matrices=False)
    return left[:, :rank] * sizes[:rank], right[:rank]


def break_even_rank(rows, columns):
    """The rank at which the two factors hold as many numbers as the matrix: m·n / (m + n)."""
    rows, columns = (single(n, whole(n, v)) for n, v in (("rows", rows), ("columns", columns)))
    return rows * columns / (rows + columns)
