"""Products, ratios and sums as laws of the loss, fitted to the same points.

The documents write performance as a product, P = N^alpha D^beta ... (B §4.2), and as a ratio,
P = N D / R (C §4.2). More performance is less loss, so here the loss is a constant over P. Both can
then be fitted beside the sum with a floor, and be asked beyond the points.
"""

from dataclasses import dataclass

import numpy as np

from course.accounting.training import training_flops
from course.scaling.laws import ChinchillaLaw, extrapolating
from course.units import positive


@dataclass(frozen=True)
class ProductLaw:
    """L(N, D) = k / (N^a D^b): B's product, a straight plane on log axes, without a floor.

    k is in nats · parameters^a · tokens^b, so it depends on the units. B prints no k, which is
    k = 1: then the units decide what the formula says.
    """

    a: float
    b: float
    k: float = 1.0

    def loss(self, n_params, n_tokens):
        """L(N, D) in nats per token."""
        n_params, n_tokens = positive("n_params", n_params), positive("n_tokens", n_tokens)
        return self.k / (n_params**self.a * n_tokens**self.b)


@dataclass(frozen=True)
class RatioLaw:
    """L = k R / (N D): C's ratio. R is compute, 6 N D, so that L = 6 k whatever N and D are."""

    k: float

    def loss(self, n_params, n_tokens, flops=None):
        """L in nats per token; `flops` is R, by default the 6 N D that such a training takes."""
        n_params, n_tokens = positive("n_params", n_params), positive("n_tokens", n_tokens)
        flops = training_flops(n_params, n_tokens) if flops is None else positive("flops", flops)
        return self.k * flops / (n_params * n_tokens)


def fit_product(n_params, n_tokens, losses, *, constant=True):
    """The ProductLaw nearest to the points, by least squares in log L (relative errors).

    `constant=False` fits the formula as B prints it, without k. Shapes: all (points,).
    """
    n, d, loss = _points(n_params, n_tokens, losses, at_least=2 + constant)
    columns = [-np.log(n), -np.log(d)] + ([np.ones_like(n)] if constant else [])
    (a, b, *log_k), _, rank, _ = np.linalg.lstsq(np.stack(columns, 1), np.log(loss))
    if rank < len(columns):
        raise ValueError(
            "n_params and n_tokens must vary independently of one another: these points cannot "
            f"tell {len(columns)} unknowns apart (rank {rank})"
        )
    return ProductLaw(float(a), float(b), float(np.exp(log_k[0])) if constant else 1.0)


def fit_ratio(n_params, n_tokens, losses):
    """The RatioLaw nearest to the points in relative error, with R = 6 N D."""
    n, d, loss = _points(n_params, n_tokens, losses, at_least=1)
    return RatioLaw(float(np.exp(np.mean(np.log(loss * n * d / training_flops(n, d))))))


def fit_sum(n_params, n_tokens, losses):
    """The ChinchillaLaw nearest to the points, by least squares in relative error.

    Shapes: all (points,), six points or more. Raises ValueError where N and D do not vary
    independently, or the losses do not fall with them.
    """
    n, d, loss = _points(n_params, n_tokens, losses, at_least=6)
    if len(np.unique(n)) < 3 or len(np.unique(d)) < 3:
        raise ValueError(
            "n_params and n_tokens must each take three values or more to show how the loss bends, "
            f"got {len(np.unique(n))} and {len(np.unique(d))}"
        )
    straight = fit_product(n, d, loss)
    if straight.a <= 0 or straight.b <= 0:
        raise ValueError("losses must fall with n_params and with n_tokens; these do not")
    n_unit, d_unit = (float(np.exp(np.log(one).mean())) for one in (n, d))
    (alpha, beta), (E, A, B) = _search(n / n_unit, d / d_unit, loss)
    name = "sum with a floor, fitted"
    return ChinchillaLaw(E, A * n_unit**alpha, B * d_unit**beta, alpha, beta, name=name)


def _search(n, d, loss):
    """(alpha, beta), (E, A, B) with the least squares. Shapes: n, d and loss (points,).

    For given exponents the law is linear in E, A and B, so only the exponents are searched: a
    coarse grid, then Levenberg and Marquardt's steps from its best.
    """
    grid = np.linspace(0.02, 1.5, 20)
    exponents = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    errors, _ = _solve(exponents, n, d, loss)
    best, damping = exponents[(errors**2).sum(-1).argmin()], 1e-3
    nudge = 1e-6 * np.array([[0, 0], [1, 0], [0, 1]])
    for _ in range(100):
        (error, *nudged), _ = _solve(best + nudge, n, d, loss)
        slopes = (np.stack(nudged) - error) / nudge.max()
        if not np.isfinite(slopes).all():
            break  # at the edge of what the points allow: A or B would turn negative
        curvature = slopes @ slopes.T
        damped = curvature + damping * np.diag(np.diag(curvature))
        trial = np.clip(best - np.linalg.solve(damped, slopes @ error), 0.01, 2)
        (trial_error, *_), _ = _solve(trial[None], n, d, loss)
        gain = error @ error - trial_error @ trial_error
        if gain > 0:
            best, damping = trial, damping / 10
        else:
            damping *= 10
        if damping > 1e8 or 0 < gain < 1e-14 * (error @ error):
            break
    _, constants = _solve(best[None], n, d, loss)
    return best.tolist(), constants[0].tolist()


def _solve(exponents, n, d, loss):
    """Relative errors, and (E, A, B) with E >= 0, by least squares at each pair of exponents.

    Shapes: exponents (tries, 2); errors (tries, points), infinite where A or B would have to be
    negative; constants (tries, 3).
    """
    alpha, beta = exponents[:, :1], exponents[:, 1:]
    columns = np.stack([np.ones_like(n) + 0 * alpha, n**-alpha, d**-beta], -1) / loss[:, None]
    errors = np.full((len(exponents), len(n)), np.inf)
    constants = np.zeros((len(exponents), 3))
    for first in (1, 0):  # without a floor, then with one where it comes out above zero
        q, r = np.linalg.qr(columns[:, :, first:])
        solved = np.linalg.solve(r, q.sum(1)[..., None])
        good = (solved[..., 0] > 0).all(-1)
        errors[good] = ((columns[:, :, first:] @ solved)[..., 0] - 1)[good]
        constants[good, first:] = solved[good, :, 0]
    return errors, constants


def _points(n_params, n_tokens, losses, at_least):
    n, d, loss = np.broadcast_arrays(
        positive("n_params", n_params), positive("n_tokens", n_tokens), positive("losses", losses)
    )
    if n.size < at_least:
        raise ValueError(f"a fit needs {at_least} points or more, got {n.size}")
    return n.ravel(), d.ravel(), loss.ravel()


@dataclass(frozen=True)
class UnitChange:
    """What a formula predicts for the same model, in nats, in units of one and in larger units."""

    formula: str
    in_ones: float
    in_larger_units: float

    @property
    def survives(self):
        """Whether the units made no difference."""
        return bool(np.isclose(self.in_ones, self.in_larger_units, rtol=1e-6))


def change_units(n_params, n_tokens, losses, at, *, params_unit=1e8, tokens_unit=1e4):
    """Fit each formula twice to the same points and ask it about the same model.

    Once N and D are counted in ones, once in other units. Nothing in the world has changed, so no
    prediction may. Returns a UnitChange for each formula.

    Args:
        n_params, n_tokens, losses: the points, (points,), nats per token.
        at: (N, D) of the model asked about.
        params_unit: B §4.3 counts parameters in 亿, 1e8.
        tokens_unit: and data in 万, 1e4.
    """
    formulas = {
        "sum with a floor, E + A/N^α + B/D^β": fit_sum,
        "product with a constant, k / (N^a D^b)": fit_product,
        "product as B prints it, 1 / (N^a D^b)": lambda *p: fit_product(*p, constant=False),
        "ratio with R = 6ND, k R / (N D)": fit_ratio,
    }
    n, d, loss = _points(n_params, n_tokens, losses, at_least=6)
    with extrapolating():
        return tuple(
            UnitChange(
                name,
                float(fit(n, d, loss).loss(*at)),
                float(
                    fit(n / params_unit, d / tokens_unit, loss).loss(
                        at[0] / params_unit, at[1] / tokens_unit
                    )
                ),
            )
            for name, fit in formulas.items()
        )


@dataclass(frozen=True)
class ProductOrSum:
    """Formulas fitted to one block of runs, and followed beyond it along one direction.

    Attributes:
        grows: the direction, one of GROWS.
        n_params, n_tokens: the largest fitted run.
        law: the truth.
        fits: by name: "sum", "product" and "ratio".
        errors: relative, root mean square over the fitted runs, by the same names.
        fitted_growth, fitted_losses: the fitted runs on the way, (runs,).
        growth: in multiples of the largest fitted run, (points,).
        losses: by the same names and "truth", (points,) each.
        reach: the growth at which the formulas are compared.
        at_reach: the losses there, by name.
    """

    grows: str
    n_params: float
    n_tokens: float
    law: ChinchillaLaw
    fits: dict
    errors: dict
    fitted_growth: np.ndarray
    fitted_losses: np.ndarray
    growth: np.ndarray
    losses: dict
    reach: float
    at_reach: dict


GROWS = {"parameters alone": (1, 0), "tokens alone": (0, 1), "both": (1, 1)}
# Which of the 5 sizes by 5 amounts of data lie on the way.
_ON_THE_WAY = {
    "parameters alone": (slice(None), -1),
    "tokens alone": (-1, slice(None)),
    "both": (range(5), range(5)),
}


def product_or_sum(law, n_params, grows="both", reach=1000.0, noise=0.005, seed=0):
    """Fit sum, product and ratio to 25 simulated runs, then let one direction grow beyond them.

    The runs are 5 sizes up to `n_params` by 5 amounts of data up to 20 `n_params`, each over two
    decades. No paper's raw runs are needed: the question is what each form does beyond its points
    when the truth is known.

    Args:
        law: the truth.
        n_params: the largest size.
        grows: the direction, one of GROWS.
        reach: how far, in multiples of the largest fitted run.
        noise: the relative standard deviation of a loss.
        seed: of the random numbers.

    Raises:
        ValueError: for a direction that is not in GROWS.
    """
    if grows not in GROWS:
        raise ValueError(f"grows must be one of {list(GROWS)}, got {grows!r}")
    n_max = positive("n_params", n_params)
    d_max, reach = 20 * n_max, positive("reach", reach)
    steps = 10.0 ** np.linspace(-2, 0, 5)
    n, d = (grid.ravel() for grid in np.meshgrid(n_max * steps, d_max * steps, indexing="ij"))
    by_size, by_data = GROWS[grows]
    growth = 10.0 ** np.linspace(-2, 6, 161)

    def along(formula, factor):
        return formula.loss(n_max * factor**by_size, d_max * factor**by_data)

    with extrapolating():
        losses = law.loss(n, d) * np.exp(noise * np.random.default_rng(seed).standard_normal(25))
        fits = {
            "sum": fit_sum(n, d, losses),
            "product": fit_product(n, d, losses),
            "ratio": fit_ratio(n, d, losses),
        }
        errors = {
            name: float(np.sqrt(np.mean((fit.loss(n, d) / losses - 1) ** 2)))
            for name, fit in fits.items()
        }
        followed = {"truth": law} | fits
        return ProductOrSum(
            grows=grows,
            n_params=n_max,
            n_tokens=d_max,
            law=law,
            fits=fits,
            errors=errors,
            fitted_growth=steps,
            fitted_losses=losses.reshape(5, 5)[_ON_THE_WAY[grows]],
            growth=growth,
            losses={name: along(formula, growth) for name, formula in followed.items()},
            reach=reach,
            at_reach={name: float(along(formula, reach)) for name, formula in followed.items()},
        )
