"""Many small robust fits at once: Newton's method on the log-Huber objective, batched in numpy.

r = log predicted - log observed. The objective is the sum over runs of h(r), with
h(r) = r^2 / 2 for |r| <= delta and delta (|r| - delta / 2) beyond. At delta = 1e-3 it is nearly a
sum of absolute values, whose curvature jumps as runs enter and leave the narrow quadratic zone;
that is where general optimisers stall. Shapes: S starts or resamples, n runs, k parameters.
"""

from dataclasses import dataclass

import numpy as np

GRADIENT_TOLERANCE = 1e-13  # per run, in the objective's unit per unit of a parameter
_WILD = 1e12  # damping beyond which no step lowers the objective


@dataclass(frozen=True)
class Minimum:
    """Shapes: theta and gradient (S, k), objective and steps (S,), hessian (S, k, k).

    `gradient` is zero where a parameter rests on a bound that the objective pushes it against.
    """

    theta: np.ndarray
    objective: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


def minimise(form, theta, log_loss, delta, *, weights=None, max_steps=300):
    """The Minimum reached from each row of `theta`.

    A step solves (|H| + damping · G) s = -g. H is the Hessian, with eigenvalues made positive; G
    the matrix of reweighted least squares, whose step never overshoots on straight lines. So far
    away it is cautious, and near the minimum it is Newton's.

    Args:
        form: form(theta) gives log predictions (S, n), their slopes (S, n, k) and a function of
            weights (S, n) that sums the weighted second derivatives (S, k, k); form.bounds is
            (k, 2).
        theta: starts, (S, k).
        log_loss: observed, (n,) or (S, n).
        delta: where the objective turns from a square to an absolute value, in log loss.
        weights: how often each run counts, (S, n); once unless given.
        max_steps: after which the search ends wherever it is.
    """
    theta = np.clip(theta, *form.bounds.T)
    weights = np.broadcast_to(1.0 if weights is None else weights, (len(theta), log_loss.shape[-1]))
    log_loss = np.broadcast_to(log_loss, weights.shape)
    state = [theta, *_expand(form, theta, log_loss, weights, delta)]
    damping = np.ones(len(theta))
    tolerance = GRADIENT_TOLERANCE * weights.sum(1)
    for _ in range(max_steps):
        moving = (np.abs(state[2]).max(1) > tolerance) & (damping < _WILD)
        if not moving.any():
            break
        at = [part[moving] for part in state]
        trial = np.clip(at[0] + _step(*at[2:], damping[moving]), *form.bounds.T)
        new = [trial, *_expand(form, trial, log_loss[moving], weights[moving], delta)]
        flatter = np.abs(new[2]).max(1) < np.abs(at[2]).max(1)  # decides below the rounding of sums
        better = (new[1] < at[1]) | (flatter & (new[1] <= at[1] * (1 + 1e-14)))
        for whole, part in zip(state, new, strict=True):
            whole[np.flatnonzero(moving)[better]] = part[better]
        damping[moving] *= np.where(better, 0.2, 6)
    return Minimum(*state[:4])


def huber(r, delta):
    """h(r), the robust loss of each residual."""
    size = np.abs(r)
    return np.where(size <= delta, r**2 / 2, delta * (size - delta / 2))


def _expand(form, theta, log_loss, weights, delta):
    """Objective (S,), gradient (S, k), Hessian and G (S, k, k) at theta."""
    predicted, slopes, curvature = form(theta)
    r = predicted - log_loss
    psi = weights * np.clip(r, -delta, delta)
    irls_weights = weights * np.minimum(1, delta / np.maximum(np.abs(r), 1e-300))
    across = slopes.swapaxes(1, 2)
    gradient = (across @ psi[..., None])[..., 0]
    hessian = across @ (slopes * (weights * (np.abs(r) <= delta))[..., None]) + curvature(psi)
    irls = across @ (slopes * irls_weights[..., None])
    low, high = form.bounds.T
    held = ((theta <= low) & (gradient > 0)) | ((theta >= high) & (gradient < 0))
    gradient[held] = 0
    for matrix in (hessian, irls):
        matrix[held[:, :, None] | held[:, None, :]] = 0
        matrix[held[:, :, None] & held[:, None, :] & np.eye(theta.shape[1], dtype=bool)] = 1
    return (weights * huber(r, delta)).sum(1), gradient, hessian, irls


def _step(gradient, hessian, irls, damping):
    scale = np.sqrt(np.maximum(np.einsum("skk->sk", irls), 1e-200))
    unit = irls / (scale[:, :, None] * scale[:, None, :]) + 1e-10 * np.eye(scale.shape[1])
    whiten = np.linalg.inv(np.linalg.cholesky(unit)) / scale[:, None, :]  # into @ irls @ into.T = 1
    values, vectors = np.linalg.eigh(whiten @ hessian @ whiten.swapaxes(1, 2))
    downhill = vectors.swapaxes(1, 2) @ (whiten @ -gradient[..., None])
    downhill /= (np.abs(values) + damping[:, None])[..., None]
    return (whiten.swapaxes(1, 2) @ (vectors @ downhill))[..., 0]
