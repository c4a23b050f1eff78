"""Pruning: which weights are set to zero, and what the rest takes on disk."""

import numpy as np

from course.units import between, single, whole


def prune_smallest(weights, share):
    """A copy of an array with the `share` of its weights that are smallest in size set to 0.

    round(share · size) weights become 0. ValueError for a share outside [0, 1].
    """
    weights = np.array(weights, dtype=float)
    n_dropped = round(single("share", between("share", share, 0, 1)) * weights.size)
    order = np.argsort(np.abs(weights), axis=None, kind="stable")
    weights.flat[order[:n_dropped]] = 0
    return weights


def prune_two_of_four(weights):
    """A copy with the two smallest of each four neighbours in a row set to 0.

    Shape (rows, columns). ValueError unless columns is a multiple of 4.
    """
    weights = np.array(weights, dtype=float)
    if weights.ndim != 2 or weights.shape[1] % 4:
        raise ValueError(f"weights must be a matrix of 4k columns, got shape {weights.shape}")
    fours = weights.reshape(-1, 4)
    np.put_along_axis(fours, np.argsort(np.abs(fours), axis=1, kind="stable")[:, :2], 0, axis=1)
    return fours.reshape(weights.shape)


def largest_units(weights, n_kept):
    """The hidden units that structured pruning keeps: rows of largest Euclidean norm, in order.

    Shape (units, inputs) -> (n_kept,). A unit that is dropped takes its row of this matrix and its
    column of the next with it. ValueError for fewer than one or more than all units.
    """
    norms = np.linalg.norm(np.asarray(weights, dtype=float), axis=1)
    n_kept = int(single("n_kept", whole("n_kept", n_kept)))
    if n_kept > len(norms):
        raise ValueError(f"n_kept must be at most {len(norms)}, got {n_kept}")
    return np.sort(np.argsort(-norms, kind="stable")[:n_kept])
