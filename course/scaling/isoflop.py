"""IsoFLOP valleys: the loss along model size at one budget, and its minimum read from points."""

from dataclasses import dataclass

import numpy as np

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.evidence import as_written
from course.scaling.laws import ChinchillaLaw, extrapolating
from course.scaling.models import trained_models
from course.scaling.presets import KAPLAN_2020
from course.units import positive

VALLEY_SIZES = (1e7, 4e14)  # parameters: what the picture of a valley shows
MOST_MODELS = 5  # names that fit on it


def tokens_at(flops, n_params):
    """D = C / (6 N): the tokens that are left for a model of `n_params` when C is fixed."""
    return positive("flops", flops) / (FLOP_PER_PARAM_TOKEN * positive("n_params", n_params))


def isoflop_losses(law, flops, n_params):
    """L(N, C / (6 N)) for every size in `n_params`: the valley of `law` at the budget `flops`.

    Goes from one end of the sizes to the other, so it does not warn of the fitted range.
    """
    with extrapolating():
        return law.loss(n_params, tokens_at(flops, n_params))


@dataclass(frozen=True)
class ValleyMinimum:
    """The lowest point of a parabola through IsoFLOP points, in n_params and nats per token.

    `inside` says whether it lies between the smallest and the largest measured size. If not, no
    run saw the loss rise again on that side, and the minimum is a guess. `curvature` is in nats per
    squared decade: with N wrong by a factor of 10 the loss is `curvature` above its minimum.
    """

    n_params: float
    loss: float
    curvature: float
    inside: bool


def valley_minimum(n_params, losses):
    """Fit loss = c + curvature · (log10 N - log10 N*)^2 to the points of one budget.

    Shapes: n_params and losses (points,), three points or more with three different sizes.
    Raises ValueError where the points do not open upwards: they show no valley.
    Source: Approach 2 of Hoffmann et al. 2022, arXiv:2203.15556, §3.2.
    """
    n_params, losses = np.atleast_1d(positive("n_params", n_params), positive("losses", losses))
    if n_params.shape != losses.shape or n_params.ndim != 1:
        raise ValueError(
            "n_params and losses must be two lists of the same length, "
            f"got shapes {n_params.shape} and {losses.shape}"
        )
    if len(np.unique(n_params)) < 3:
        raise ValueError(
            f"a parabola needs three different sizes, got {len(np.unique(n_params))} in n_params"
        )
    log_n = np.log10(n_params)
    middle = log_n.mean()  # the fit is better conditioned about zero
    curvature, slope, at_middle = np.polyfit(log_n - middle, losses, 2)
    if curvature <= 0:
        raise ValueError(
            f"losses must open upwards to have a minimum, got a curvature of {curvature:.3g} nats "
            "per squared decade: take sizes further apart, or more runs against the noise"
        )
    log_best = middle - slope / (2 * curvature)
    return ValleyMinimum(
        n_params=float(10**log_best),
        loss=float(at_middle - slope**2 / (4 * curvature)),
        curvature=float(curvature),
        inside=bool(log_n.min() <= log_best <= log_n.max()),
    )


@dataclass(frozen=True)
class Candidate:
    """A size and data, and the loss that the law in view gives them."""

    name: str
    n_params: float
    n_tokens: float
    loss: float

    @property
    def flops(self):
        """What it costs: 6 N D."""
        return FLOP_PER_PARAM_TOKEN * self.n_params * self.n_tokens


@dataclass(frozen=True)
class ValleyView:
    """The valley of `law` at `flops`, and what lies in it; every loss is by `law`.

    Attributes:
        law: the ChinchillaLaw in view.
        flops: the budget.
        n_params: sizes, (sizes,).
        losses: at each size, (sizes,).
        path_sizes, path_losses: the minima of all budgets, (budgets,).
        bought: Candidates by name: the optimum, Kaplan's size for the same budget, and what A §1.2
            prints, which does not spend the budget.
        models: Candidates that are real models near the budget.
        second: another law to compare, or None.
        second_losses: by that law, (sizes,), or None.
        second_best: its Candidate, or None.
    """

    law: ChinchillaLaw
    flops: float
    n_params: np.ndarray
    losses: np.ndarray
    path_sizes: np.ndarray
    path_losses: np.ndarray
    bought: dict
    models: tuple
    second: ChinchillaLaw | None
    second_losses: np.ndarray | None
    second_best: Candidate | None


def valley_view(flops, law, second=None):
    """The ValleyView of a budget in FLOP: what the explorer and its sentence show."""
    flops = positive("flops", flops)
    sizes = np.geomspace(*VALLEY_SIZES, 301)
    printed = as_written.optimal_allocation(flops)
    with extrapolating():
        path = law.optimum(np.geomspace(1e17, 1e28, 45))

        def candidate(name, n_params, n_tokens, by=law):
            n_params, n_tokens = float(n_params), float(n_tokens)
            return Candidate(name, n_params, n_tokens, by.loss(n_params, n_tokens))

        return ValleyView(
            law=law,
            flops=flops,
            n_params=sizes,
            losses=isoflop_losses(law, flops, sizes),
            path_sizes=path[0],
            path_losses=law.loss(*path),
            bought={
                "optimum": candidate("optimum", *law.optimum(flops)),
                "Kaplan": candidate("Kaplan", *KAPLAN_2020.optimum(flops)),
                "A §1.2": candidate("A §1.2", printed["n_params"], printed["n_tokens"]),
            },
            models=tuple(candidate(m.name, m.n_params, m.n_tokens) for m in _models_near(flops)),
            second=second,
            second_losses=None if second is None else isoflop_losses(second, flops, sizes),
            second_best=None
            if second is None
            else candidate("best", *second.optimum(flops), by=second),
        )


def _models_near(flops, within=1.6, apart=0.3):
    """The dense models whose 6 N D is nearest to `flops`, not more than `within` times off.

    Of two whose sizes differ by less than `apart` decades only the nearer is taken, so that the
    names can be read.
    """
    off = {m: abs(np.log(m.flops / flops)) for m in trained_models().values() if not m.sparse}
    near = []
    for model in sorted((m for m in off if off[m] <= np.log(within)), key=off.get):
        gaps = [abs(np.log10(model.n_params / other.n_params)) for other in near]
        if min(gaps, default=apart) >= apart and len(near) < MOST_MODELS:
            near.append(model)
    return near
