"""Before anything is trained: what would a grid of runs tell of a law, and which run is missing?

>>> plan = plan_study(n_params, n_tokens, law=HOFFMANN_2022, noise=0.005)
>>> plan.intervals["a"], plan.smallest_difference
>>> cheapest_run(plan, candidates=[(1e9, 1e10), (1e8, 1e11)])
"""

from dataclasses import dataclass, field

import numpy as np

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.display import count, flop, number, table
from course.scaling.fitting.forms import SumOfPowers
from course.scaling.fitting.minimise import minimise
from course.scaling.laws import ChinchillaLaw, extrapolating
from course.units import between, positive, single, whole

NAMES = SumOfPowers.names
ASKED = ("E", "alpha", "beta", "a", "alpha - beta")
DELTA = 1e-3  # the objective's, as fit_chinchilla takes it
MEDIAN = np.pi / 2  # variance of a median-like fit over that of least squares, for normal errors
SINGULAR = 1e-12  # least eigenvalue of the normed normal equations that counts as more than 0


@dataclass(frozen=True)
class StudyPlan:
    """What a planned grid of runs would tell, if `law` were true.

    Attributes:
        n_params, n_tokens: the grid, (runs,).
        law: the ChinchillaLaw expected.
        noise: standard deviation of the log loss of a run: 0.01 is 1 %.
        size_correlation: share of its variance that the runs of one size have in common.
        obstacle: why no fit of the grid could determine the law, in words; "" where it could.
        intervals: (low, high) that hold 95 % of the fits of simulated studies, by name: E, alpha,
            beta, a and alpha - beta. Empty where there is an obstacle.
    """

    n_params: np.ndarray = field(repr=False)
    n_tokens: np.ndarray = field(repr=False)
    law: ChinchillaLaw
    noise: float
    size_correlation: float
    obstacle: str
    intervals: dict

    @property
    def flops(self):
        """The cost of the grid: the sum of 6 N D."""
        return float(FLOP_PER_PARAM_TOKEN * (self.n_params * self.n_tokens).sum())

    @property
    def smallest_difference(self):
        """The difference of alpha and beta that such a study would just see; inf for none."""
        if self.obstacle:
            return np.inf
        low, high = self.intervals["alpha - beta"]
        return (high - low) / 2

    @property
    def told_apart(self):
        """Whether the study would tell alpha from beta, were the law true."""
        return abs(self.law.alpha - self.law.beta) > self.smallest_difference

    def __str__(self):
        if self.obstacle:
            return f"This grid determines no law: {self.obstacle}."
        parts = [f"{name} {low:.3g} to {high:.3g}" for name, (low, high) in self.intervals.items()]
        verdict = "tells alpha from beta" if self.told_apart else "does not tell alpha from beta"
        floor = "" if self.intervals["E"][0] > 0 else " The floor E is not told from 0."
        return (
            f"{len(self.n_params)} runs, {self.flops:.3g} FLOP: {'; '.join(parts)}. It {verdict}: "
            f"they differ by {abs(self.law.alpha - self.law.beta):.3g}, and the least difference "
            f"that it sees is {self.smallest_difference:.2g}.{floor}"
        )

    def _repr_html_(self):
        truth = _values(self.law)
        rows = [
            (name, number(truth[name], ".4g"), f"{low:.4g} to {high:.4g}")
            for name, (low, high) in self.intervals.items()
        ] or [("no fit", "", self.obstacle)]
        caption = (
            f"{len(self.n_params)} planned runs, {flop(self.flops)}, noise {self.noise:.2%} of the "
            "loss"
        )
        return table(caption, ("", "expected", "95 % of simulated studies"), rows)


@dataclass(frozen=True)
class AddedRun:
    """A run to add to a plan.

    Attributes:
        n_params, n_tokens: its N and D.
        flops: its cost, 6 N D.
        narrowing: the half-width of the interval asked about, over that without the run.
        enough: whether that is as narrow as asked for.
    """

    n_params: float
    n_tokens: float
    flops: float
    narrowing: float
    enough: bool

    def __str__(self):
        return (
            f"N = {count(self.n_params)}, D = {count(self.n_tokens)}, {flop(self.flops)}: the "
            f"interval shrinks to {self.narrowing:.0%} of its width"
        )


def plan_study(n_params, n_tokens, *, law, noise, size_correlation=0.0, n_studies=100, seed=0):
    """The StudyPlan of a grid: simulated studies, each fitted as fit_chinchilla would.

    Args:
        n_params, n_tokens: the planned runs, (runs,).
        law: the ChinchillaLaw to expect.
        noise: standard deviation of the log loss of a run, in [1e-5, 0.5].
        size_correlation: share of its variance that the runs of one size share, in [0, 1].
        n_studies: how many are simulated, 40 or more.
        seed: of the random numbers.

    Raises:
        ValueError: for arguments out of range. A grid that no fit could use is not refused: its
            plan has an `obstacle`.
    """
    n, d = np.atleast_1d(positive("n_params", n_params), positive("n_tokens", n_tokens))
    if n.shape != d.shape or n.ndim != 1:
        raise ValueError(
            f"n_params and n_tokens must be lists of one length, got {n.shape} and {d.shape}"
        )
    if not isinstance(law, ChinchillaLaw):
        raise ValueError(f"law must be a ChinchillaLaw, got {law!r:.60}")
    noise = single("noise", between("noise", noise, 1e-5, 0.5))
    shared = single("size_correlation", between("size_correlation", size_correlation, 0, 1))
    n_studies = int(single("n_studies", whole("n_studies", n_studies, 40, 10_000)))
    seed = int(single("seed", whole("seed", seed, 0, 2**63)))
    obstacle = _obstacle(n, d, law)
    intervals = {} if obstacle else _simulate(n, d, law, noise, shared, n_studies, seed)
    return StudyPlan(n, d, law, noise, shared, obstacle, intervals)


def cheapest_run(plan, candidates, *, target="a", narrowing=0.9):
    """The AddedRun that costs least among those that narrow the interval of `target` enough.

    Where none does, the one that narrows it most. None where the plan with any one of them still
    determines no law. The widths are those of the linearised fit, so no study is simulated.

    Args:
        plan: a StudyPlan.
        candidates: pairs (n_params, n_tokens), (candidates, 2).
        target: E, alpha, beta, a or "alpha - beta".
        narrowing: the width to reach over that of the plan, in [0.01, 1].
    """
    candidates = np.atleast_2d(positive("candidates", candidates))
    if candidates.ndim != 2 or candidates.shape[1] != 2:
        raise ValueError(
            f"candidates must be pairs of n_params and n_tokens, got shape {candidates.shape}"
        )
    if target not in ASKED:
        raise ValueError(f"target must be one of {', '.join(ASKED)}, got {target!r}")
    narrowing = single("narrowing", between("narrowing", narrowing, 0.01, 1))
    before = _width(plan, plan.n_params, plan.n_tokens, target)
    runs = []
    for n, d in candidates.tolist():
        grid = np.append(plan.n_params, n), np.append(plan.n_tokens, d)
        if _obstacle(*grid, plan.law):
            continue
        share = _width(plan, *grid, target) / before
        runs.append(AddedRun(n, d, FLOP_PER_PARAM_TOKEN * n * d, share, share <= narrowing))
    enough = [run for run in runs if run.enough]
    if enough:
        return min(enough, key=lambda run: run.flops)
    return min(runs, key=lambda run: run.narrowing, default=None)


def _values(law):
    values = {name: getattr(law, name) for name in NAMES}
    return values | {"a": law.a, "alpha - beta": law.alpha - law.beta}


def _obstacle(n, d, law):
    """Why a grid determines no law, in words, or ''."""
    for name, symbol, exponent, values in (
        ("n_params", "N", "alpha", n),
        ("n_tokens", "D", "beta", d),
    ):
        if (several := len(np.unique(values))) < 3:
            return (
                f"{name} takes {several} value{'s' * (several > 1)}, and {exponent} needs three: "
                f"with fewer its term in {symbol} cannot be told from the floor, nor alpha from "
                "beta"
            )
    if len(n) <= len(NAMES):
        return f"{len(n)} runs for {len(NAMES)} constants leave nothing to judge the fit by"
    if np.corrcoef(np.log(n), np.log(d))[0, 1] > 0.999:
        return "n_params and n_tokens grow together, so a loss can be laid to either"
    slopes = _slopes(n, d, law)
    scaled = slopes / np.linalg.norm(slopes, axis=0)
    if np.linalg.eigvalsh(scaled.T @ scaled)[0] < SINGULAR:
        return "the terms of the law cannot be told from one another within its ranges"
    return ""


def _slopes(n, d, law):
    """Slopes of the log loss along E, log A', log B', alpha and beta, (runs, 5)."""
    with extrapolating():
        losses = law.loss(n, d)
    x, y = np.log(n / np.exp(np.log(n).mean())), np.log(d / np.exp(np.log(d).mean()))
    size, data = law.A / n**law.alpha / losses, law.B / d**law.beta / losses
    return np.stack([1 / losses, size, data, -x * size, -y * data], 1)


def _width(plan, n, d, target):
    """The standard error of `target` by the linearised fit; inf where there is none."""
    if _obstacle(n, d, plan.law):
        return np.inf
    slopes = _slopes(n, d, plan.law)
    scale = np.linalg.norm(slopes, axis=0)
    inverse = np.linalg.inv((slopes / scale).T @ (slopes / scale))
    weights = (slopes / scale) @ inverse / scale  # (runs, 5): the estimate is weights.T @ errors
    same_size = n[:, None] == n
    shared = plan.size_correlation
    errors = plan.noise**2 * ((1 - shared) * np.eye(len(n)) + shared * same_size)
    covariance = MEDIAN * weights.T @ errors @ weights
    alpha, beta = plan.law.alpha, plan.law.beta
    direction = {
        "E": (1, 0, 0, 0, 0),
        "alpha": (0, 0, 0, 1, 0),
        "beta": (0, 0, 0, 0, 1),
        "alpha - beta": (0, 0, 0, 1, -1),
        "a": (0, 0, 0, -beta / (alpha + beta) ** 2, alpha / (alpha + beta) ** 2),
    }[target]
    return float(np.sqrt(np.array(direction) @ covariance @ direction))


def _simulate(n, d, law, noise, shared, n_studies, seed):
    """The intervals of simulated studies, by name."""
    rng = np.random.default_rng(seed)
    with extrapolating():
        losses = law.loss(n, d)
    sizes, size = np.unique(n, return_inverse=True)
    own = rng.standard_normal((n_studies, len(n)))
    common = rng.standard_normal((n_studies, len(sizes)))[:, size.ravel()]
    tables = np.log(losses) + noise * (np.sqrt(1 - shared) * own + np.sqrt(shared) * common)
    form = SumOfPowers(n, d, losses)
    start = form.theta({name: getattr(law, name) for name in NAMES})
    start[0] = max(start[0], form.typical - 3)  # a search cannot leave E = 0
    ends = minimise(form, np.tile(start, (n_studies, 1)), tables, DELTA)
    constants = form.constants(ends.theta)
    alpha, beta = constants["alpha"], constants["beta"]
    constants |= {"a": beta / (alpha + beta), "alpha - beta": alpha - beta}
    return {name: tuple(np.percentile(constants[name], [2.5, 97.5]).tolist()) for name in ASKED}
