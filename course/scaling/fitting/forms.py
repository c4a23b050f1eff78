"""The formulas that `minimise` can fit: log predictions with first and second derivatives.

N and D are counted in units of their geometric means N0 and D0 over the runs. A and B then are
sizes of a term in the middle of the data, which the runs fix well, and not at one parameter and
one token, where a small change of an exponent moves them by half.
Shapes: theta (S, k); S starts or resamples, n runs, k parameters.
"""

from copy import copy
from itertools import product

import numpy as np

VANISHED = 35  # bound: a term of exp(-35) of the typical loss is lost in rounding
EXPONENT = (1e-3, 2.0)  # bounds; 2 is what a ChinchillaLaw allows


class _Form:
    def __init__(self, n_params, n_tokens, losses):
        self.log_n, self.log_d = np.log(n_params).mean(), np.log(n_tokens).mean()
        self.x, self.y = np.log(n_params) - self.log_n, np.log(n_tokens) - self.log_d
        self.typical = np.log(losses).mean()
        term = (self.typical - VANISHED, self.typical + VANISHED)
        self.bounds = np.array([term] * (len(self.names) - 2) + [EXPONENT] * 2)


class SumOfPowers(_Form):
    """E + A / N^alpha + B / D^beta; theta = (log E, log A', log B', alpha, beta).

    A' = A / N0^alpha and B' = B / D0^beta. With p the shares of the three terms in the loss and z
    their logs, the slopes of log L are sum_k p_k z_k', its second derivatives their covariance.
    """

    names = ("E", "A", "B", "alpha", "beta")

    def __init__(self, n_params, n_tokens, losses):
        super().__init__(n_params, n_tokens, losses)
        self.z_slopes = np.zeros((len(losses), 3, 5))
        self.z_slopes[:, range(3), range(3)] = 1
        self.z_slopes[:, 1, 3], self.z_slopes[:, 2, 4] = -self.x, -self.y
        self.flat = self.z_slopes.reshape(-1, 5)
        self.squares = np.einsum("ri,rj->rij", self.flat, self.flat).reshape(-1, 25)
        self.lowest = losses.min()

    def __call__(self, theta):
        """log L (S, n), slopes (S, n, k), and a function that sums weighted second derivatives."""
        z = (theta @ self.flat.T).reshape(len(theta), -1, 3)
        top = z.max(-1, keepdims=True)
        share = np.exp(z - top)
        total = share.sum(-1, keepdims=True)
        share /= total
        slopes = np.einsum("srk,rkj->srj", share, self.z_slopes)

        def curvature(weights):
            each = (weights[..., None] * share).reshape(len(theta), -1)
            squares = (each @ self.squares).reshape(-1, 5, 5)
            return squares - slopes.swapaxes(1, 2) @ (slopes * weights[..., None])

        return (top + np.log(total))[..., 0], slopes, curvature

    def starts(self):
        """36 blind ones: the floor, how N and D share what is above it, and the exponents."""
        grid = product((0.3, 0.9), (0.2, 0.8), (0.15, 0.5, 1.0), (0.15, 0.5, 1.0))
        floor, share, alpha, beta = np.array(list(grid)).T
        above = np.exp(self.typical) - floor * self.lowest
        terms = floor * self.lowest, above * share, above * (1 - share)
        return np.stack([*np.log(terms), alpha, beta], 1)

    def without_floor(self):
        """The same form with E held at 0: on a log scale a search reaches E = 0 only slowly."""
        held = copy(self)
        held.bounds = self.bounds.copy()
        held.bounds[0] = self.bounds[0, 0]
        return held

    def constants(self, theta):
        """theta (S, 5) as E, A, B, alpha, beta, each (S,). A floor below 2e-9 of the loss is 0."""
        log_E, log_A, log_B, alpha, beta = theta.T
        E = np.where(log_E > self.typical - 20, np.exp(log_E), 0.0)
        A, B = np.exp(log_A + alpha * self.log_n), np.exp(log_B + beta * self.log_d)
        return dict(zip(self.names, (E, A, B, alpha, beta), strict=True))

    def theta(self, constants):
        """The inverse of `constants`, for one set: shape (5,)."""
        E, A, B, alpha, beta = (constants[name] for name in self.names)
        log_E = np.log(E) if E > 0 else self.bounds[0, 0]
        return np.array(
            [log_E, np.log(A) - alpha * self.log_n, np.log(B) - beta * self.log_d, alpha, beta]
        )


class KaplanJoint(_Form):
    """((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D; Kaplan et al. 2020, eq. 1.5.

    theta = (log L_N, log L_D, alpha_N, alpha_D): L_N = (N_c / N0)^alpha_N is the loss in the middle
    of the runs if only size mattered, L_D likewise. With u = the logs of the two losses at a run,
    log L = g log(exp(u_1 / g) + exp(u_2 / g)), a maximum made soft by g = alpha_D. Its slopes are
    the shares p of the two, and the entropy of p along g.
    """

    names = ("N_c", "D_c", "alpha_N", "alpha_D")

    def __call__(self, theta):
        """As SumOfPowers."""
        log_N, log_D, alpha_N, g = (column[:, None] for column in theta.T)
        z = ((log_N - alpha_N * self.x) - (log_D - g * self.y)) / g
        first, second = -np.logaddexp(0, -z), -np.logaddexp(0, z)  # logs of the shares
        p, q = np.exp(first), np.exp(second)
        x, y = self.x + 0 * z, self.y + 0 * z
        slopes = np.stack([p, q, -p * x, -q * y - p * first - q * second], -1)
        apart = np.stack([1 + 0 * z, -1 + 0 * z, -x, y - z], -1)

        def curvature(weights):
            return apart.swapaxes(1, 2) @ (apart * (weights * p * q / g)[..., None])

        return log_D - g * (self.y + second), slopes, curvature

    def starts(self):
        """27 blind ones: which of the two matters, and the exponents."""
        grid = product((0.1, 0.5, 0.9), (0.03, 0.1, 0.4), (0.03, 0.1, 0.4))
        share, alpha_N, alpha_D = np.array(list(grid)).T
        size, data = (self.typical + alpha_D * np.log(one) for one in (share, 1 - share))
        return np.stack([size, data, alpha_N, alpha_D], 1)

    def constants(self, theta):
        """theta (S, 4) as N_c, D_c, alpha_N, alpha_D, each (S,)."""
        log_N, log_D, alpha_N, alpha_D = theta.T
        logs = self.log_n + log_N / alpha_N, self.log_d + log_D / alpha_D
        N_c, D_c = np.exp(np.minimum(logs, 700))  # an exponent near 0 would overflow
        return dict(zip(self.names, (N_c, D_c, alpha_N, alpha_D), strict=True))

    def theta(self, constants):
        """The inverse of `constants`, for one set: shape (4,)."""
        N_c, D_c, alpha_N, alpha_D = (constants[name] for name in self.names)
        log_N, log_D = np.log(N_c) - self.log_n, np.log(D_c) - self.log_d
        return np.array([alpha_N * log_N, alpha_D * log_D, alpha_N, alpha_D])
