"""The fleet as a scaling study: the frontier three ways, forecasts, and ways to ruin it.

Loss in nats per byte of held-out text. Compute C in FLOP as `flops_per_token` counts it: with the
head and attention, so C is more than 6 N D. Rows are those of `fleet.csv`, as dicts.
"""

import warnings
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from course.display import table
from course.experiments.sweep import read_table
from course.scaling.fitting import (
    Bootstrap,
    ChinchillaFit,
    FrontierFit,
    NotIdentified,
    Runs,
    bootstrap,
    fit_chinchilla,
    fit_envelope,
    fit_isoflop,
    fit_power_law,
)
from course.scaling.isoflop import valley_minimum
from course.units import format_count, format_flop

TABLE = Path(__file__).with_name("fleet.csv")
COUNTS = {
    "blocks only": "n_non_embedding",
    "with the head": "n_with_head",
    "everything": "n_total",
}
SAMPLES = 100  # of a bootstrap, where a learner waits for many of them
VALLEY_SIZES = 4
LEAST_BYTES_PER_PARAM = 4  # below, ours have few steps for their size: see fit_surface


def measured(*studies):
    """The rows of some studies of the fleet, all of them if none is named.

    An IsoFLOP budget, or the largest, counts only with `VALLEY_SIZES` sizes or more: while a sweep
    is under way a valley may be half measured.
    """
    sizes = defaultdict(set)
    for row in _table():
        sizes[row["study"], budget_of(row)].add(row["d_model"])
    return [
        row
        for row in _table()
        if (not studies or row["study"] in studies)
        and (
            row["study"] not in ("isoflop", "largest")
            or len(sizes[row["study"], budget_of(row)]) >= VALLEY_SIZES
        )
    ]


@lru_cache(maxsize=1)
def _table():
    return read_table(TABLE)


def runs_of(rows, count="n_with_head"):
    """Rows as Runs for the fits, N counted as one of the values of `COUNTS`."""
    if count not in COUNTS.values():
        raise ValueError(f"count must be one of {', '.join(COUNTS.values())}, got {count!r}")
    names = (count, "n_tokens", "loss", "flops")
    columns = [np.array([row[name] for row in rows], dtype=float) for name in names]
    return Runs(*columns, seed=np.array([row["seed"] for row in rows]))


def budget_of(row):
    """The budget in FLOP that a run was meant for: its own to two digits."""
    return float(f"{row['flops']:.1e}")


def budgets_of(rows):
    return sorted({budget_of(row) for row in rows})


def frontier(rows, count="n_with_head"):
    """Approach 2, a parabola for each budget."""
    return _fit(fit_isoflop, runs_of(rows, count))


def _fit(fit_function, runs):
    return fit_function(runs.n_params, runs.n_tokens, runs.loss, flops=runs.flops)


# --- approach 3 with the bill that we paid --------------------------------------------------------


@dataclass(frozen=True)
class SurfaceFit(FrontierFit):
    """A fitted L(N, D) asked for the best N at each budget of its runs.

    The fit's own optimum takes C = 6 N D; ours is found on the bill of the runs, C / D as a
    function of N, and lies inside of their sizes. `grid` and `flops_per_token` (grid,) are it.
    """

    surface: ChinchillaFit = field(repr=False)
    grid: np.ndarray = field(repr=False)
    flops_per_token: np.ndarray = field(repr=False)

    @property
    def residuals(self):
        return self.surface.residuals

    def best(self, flops):
        """(n_params, n_tokens, loss) of the lowest loss at one budget, by the surface itself."""
        E, A, B, alpha, beta = (
            np.asarray(getattr(self.surface, name))[..., None]
            for name in ("E", "A", "B", "alpha", "beta")
        )
        n_tokens = flops / self.flops_per_token
        losses = E + A / self.grid**alpha + B / n_tokens**beta
        lowest = losses.argmin(axis=-1)
        return self.grid[lowest], n_tokens[lowest], losses.min(axis=-1)

    def resample(self, n_samples, rng):
        """The same with arrays of constants: see ChinchillaFit.resample."""
        again = replace(self, surface=self.surface.resample(n_samples, rng))
        budgets = self.sizes.x
        best = np.log(np.array([again.best(flops) for flops in budgets]))  # (budgets, 3, samples)
        laws = {}
        for place, name in enumerate(("sizes", "tokens", "losses")):
            slope, level = np.polyfit(np.log(budgets), best[:, place], 1)
            laws[name] = replace(getattr(self, name), coefficient=np.exp(level), exponent=slope)
        return replace(again, **laws)


def fit_surface(n_params, n_tokens, loss, *, flops):
    """Approach 3 as a SurfaceFit. Shapes: all (runs,).

    Runs with fewer than `LEAST_BYTES_PER_PARAM` tokens a parameter are left out: too wide for their
    budget. Where this line is drawn moves a: between 0.31 (all runs) and 0.53 (six tokens a
    parameter) in our fleet.
    """
    sizes, first = np.unique(n_params, return_index=True)
    grid = np.geomspace(sizes[0], sizes[-1], 800)
    bill = np.log((flops / n_tokens)[first])
    flops_per_token = np.exp(np.interp(np.log(grid), np.log(sizes), bill))
    kept = n_tokens >= LEAST_BYTES_PER_PARAM * n_params
    with warnings.catch_warnings(action="ignore", category=NotIdentified):  # shown by its interval
        surface = fit_chinchilla(n_params[kept], n_tokens[kept], loss[kept])
    budgets = np.unique([float(f"{one:.1e}") for one in flops])
    asked = SurfaceFit("surface", None, None, None, None, surface, grid, flops_per_token)
    best = np.array([asked.best(one) for one in budgets])
    laws = (fit_power_law(budgets, column) for column in best.T)
    return SurfaceFit("surface", *laws, None, surface, grid, flops_per_token)


# --- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FitComparison:
    """Several fits of one fleet beside each other: name -> Bootstrap. `flops` is where N* is."""

    caption: str
    fits: dict[str, Bootstrap]
    flops: float
    header: tuple = field(init=False, repr=False)

    def __post_init__(self):
        at = f"N* at {format_flop(self.flops)}"
        header = ("", "N* exponent a", "D* exponent b", "L* exponent", at, "R² of L*")
        object.__setattr__(self, "header", header)

    def rows(self):
        for name, boot in self.fits.items():
            fit, intervals = boot.fit, boot.intervals
            exponents = [
                f"{fit.exponents[key]:.3f} ({low:.3f} to {high:.3f})"
                for key, (low, high) in intervals.items()
            ]
            size = format_count(float(fit.sizes.predict(self.flops)))
            ends = np.percentile(boot.samples.sizes.predict(self.flops), [2.5, 97.5])
            between = " to ".join(format_count(float(end)) for end in ends)
            yield name, *exponents, f"{size} ({between})", f"{fit.losses.r_squared:.4f}"

    def __repr__(self):
        return "\n".join(" | ".join(row) for row in (self.header, *self.rows()))

    def _repr_html_(self):
        return table(self.caption, self.header, self.rows())


def compare_approaches(rows, n_samples=300, seed=0):
    """Envelope, parabola and surface on the same runs, with 95 % bootstrap intervals."""
    runs = runs_of(rows)
    fits = {
        name: bootstrap(_fit(fit_function, runs), n_samples, seed)
        for name, fit_function in (
            ("1. envelope", fit_envelope),
            ("2. parabolas", fit_isoflop),
            ("3. surface", fit_surface),
        )
    }
    return FitComparison(f"Three approaches, {len(rows)} runs, 95 % intervals", fits, middle(rows))


def compare_counts(rows, n_samples=300, seed=0):
    """Approach 2 on the same runs, with N counted in three ways. The resamples are the same too."""
    fits = {
        name: bootstrap(frontier(rows, count), n_samples, seed) for name, count in COUNTS.items()
    }
    return FitComparison(
        f"Three fits to count N, {len(rows)} runs, 95 % intervals", fits, middle(rows)
    )


def middle(rows):
    """The budget in the middle of those of the rows."""
    budgets = budgets_of(rows)
    return budgets[len(budgets) // 2]


def difference(one, other, name="a"):
    """(value, low, high) of the difference of an exponent between two fits of the same resamples.

    Pairs cancel the noise that both share, so it is surer than either exponent.
    """
    apart = one.samples.estimates[name] - other.samples.estimates[name]
    value = one.fit.estimates[name] - other.fit.estimates[name]
    return value, *np.percentile(apart, [2.5, 97.5]).tolist()


# --- is the recipe fair? --------------------------------------------------------------------------


@dataclass(frozen=True)
class RateStudy:
    """Loss against the learning rate for one width. Shapes: (factors,).

    `excess` is the loss, seeds averaged, above that of the rule, in %. `best_factor` is where the
    parabola in log factor through the lowest three points has its minimum, and `cost` how far in %
    the rule lies above it.
    """

    d_model: int
    flops: float
    factors: np.ndarray
    excess: np.ndarray
    best_factor: float
    cost: float


def rate_studies(rows):
    """One RateStudy for each width of rows of the study learning_rate."""
    losses = defaultdict(lambda: defaultdict(list))
    for row in rows:
        losses[row["d_model"], budget_of(row)][row["rate_factor"]].append(row["loss"])
    found = []
    for (width, flops), by_factor in sorted(losses.items()):
        factors = np.array(sorted(by_factor))
        mean = np.array([np.mean(by_factor[factor]) for factor in factors])
        rule = mean[factors == 1.0]
        place = int(np.clip(mean.argmin(), 1, len(mean) - 2))
        near = slice(place - 1, place + 2)
        bend, slope, level = np.polyfit(np.log2(factors[near]), mean[near], 2)
        # Where the lowest of three points is the last one tried, it stands for the minimum.
        at = -slope / (2 * bend) if bend > 0 else np.log2(factors[mean.argmin()])
        at = float(np.clip(at, *np.log2(factors[near][[0, -1]])))
        lowest = np.polyval((bend, slope, level), at)
        found.append(
            RateStudy(
                width,
                flops,
                factors,
                100 * (mean / rule - 1),
                2**at,
                float(100 * (rule[0] / lowest - 1)),
            )
        )
    return found


# --- how sure are we? -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Forecast:
    """L*(C) from the smaller budgets, and what the largest one turned out to be.

    `flops`, `losses`, `low` and `high` (grid,): the forecast and its 95 % band, from the smallest
    budget to the largest, `target`. `held` are all losses measured there, `observed` the bottom of
    their valley: what a law of the best sizes forecasts.
    """

    boot: Bootstrap
    by: str
    target: float
    held: np.ndarray
    observed: float
    flops: np.ndarray
    losses: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def predicted(self):
        return float(self.losses[-1])

    @property
    def interval(self):
        return float(self.low[-1]), float(self.high[-1])

    @property
    def error(self):
        """predicted / observed - 1."""
        return self.predicted / self.observed - 1


def with_seeds(rows, seeds):
    """The rows of these seeds; a size that was run once is kept whatever its seed."""
    times = defaultdict(int)
    for row in rows:
        times[row["d_model"], budget_of(row)] += 1
    return [
        row for row in rows if row["seed"] in seeds or times[row["d_model"], budget_of(row)] == 1
    ]


def fitted_budgets(rows):
    """The budgets that may be fitted: all but the largest, which is to be predicted."""
    return budgets_of(rows)[:-1]


METHODS = {"a straight line": fit_isoflop, "a surface with a floor": fit_surface}


@lru_cache(maxsize=64)
def forecast(n_budgets, seeds=(0, 1, 2), by="a straight line"):
    """The Forecast of the fleet's largest budget from its `n_budgets` smallest, by one of METHODS.

    Raises ValueError for another method, and where the runs decide no optimum.
    """
    if by not in METHODS:
        raise ValueError(f"by must be one of {', '.join(METHODS)}, got {by!r}")
    rows = measured("isoflop")
    used, target = fitted_budgets(rows)[:n_budgets], budgets_of(rows)[-1]
    kept = with_seeds([row for row in rows if budget_of(row) in used], seeds)
    boot = bootstrap(_fit(METHODS[by], runs_of(kept)), SAMPLES)
    held = np.array([row["loss"] for row in rows if budget_of(row) == target])
    flops = np.geomspace(used[0], target, 13)
    low, high = np.transpose([boot.at(one)["loss"] for one in flops])
    return Forecast(
        boot=boot,
        by=by,
        target=target,
        held=held,
        observed=float(frontier(rows).losses.y[-1]),
        flops=flops,
        losses=np.array([float(boot.fit.best(one)[2]) for one in flops]),
        low=low,
        high=high,
    )


def every_forecast():
    """(budgets used, method, Forecast) from three budgets up; None where the fit refuses."""
    most = len(fitted_budgets(measured("isoflop")))
    found = []
    for n_budgets in range(3, most + 1):
        for by in METHODS:
            try:
                found.append((n_budgets, by, forecast(n_budgets, by=by)))
            except ValueError:
                found.append((n_budgets, by, None))
    return found


# --- break the law --------------------------------------------------------------------------------

FLAWS = {
    "as they should be": "isoflop",
    "one learning rate for all": "bad_rate",
    "schedules cut short": "bad_schedule",
}
RANGES = ("all", "one decade")


@dataclass(frozen=True)
class FlawedStudy:
    """A study with its flaws, beside good runs of the same budgets and our best study.

    `fit` counts N as `count` says, the others with the head. `interval` of its exponent a is None
    where too many resamples lose a valley. `left_out` are budgets whose lowest loss lies at the
    edge of the sizes tried.
    """

    flaw: str
    count: str
    fit: FrontierFit
    interval: tuple[float, float] | None
    fair: FrontierFit
    best: Bootstrap
    n_runs: int
    left_out: tuple[float, ...]


@lru_cache(maxsize=128)
def flawed_study(flaw, count, budgets="all", n_seeds=3):
    """The Ruined study of one of `FLAWS`, one of the keys of `COUNTS` and one of `RANGES`.

    The studies that are bad on purpose have one seed, whatever `n_seeds`.
    Raises ValueError for another name, and where fewer than three budgets have a valley.
    """
    for name, value, known in (
        ("flaw", flaw, FLAWS),
        ("count", count, COUNTS),
        ("budgets", budgets, RANGES),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    good, bad = measured("isoflop"), measured(FLAWS[flaw])
    if flaw == "one learning rate for all":  # the width whose rate it is needs no second run
        bad += [
            row
            for row in good
            if row["d_model"] == bad[0]["rate_width"]
            and row["seed"] == 0
            and budget_of(row) in budgets_of(bad)
        ]
    seeds = tuple(range(n_seeds))
    bad = with_seeds(bad, seeds)
    asked = budgets_of(bad)
    if budgets == "one decade":
        asked = [one for one in asked if one <= 1e12][-3:]
    kept = [one for one in asked if _has_valley(bad, one)]
    if len(kept) < 3:
        raise ValueError(
            f"only {len(kept)} of {len(asked)} budgets have their lowest loss inside of the sizes "
            "tried, and a line wants three: nobody could fit this study"
        )
    bad, same = (
        [row for row in rows if budget_of(row) in kept] for rows in (bad, with_seeds(good, seeds))
    )
    fit = frontier(bad, COUNTS[count])
    try:
        interval = bootstrap(fit, SAMPLES).intervals["a"]
    except ValueError:
        interval = None
    return FlawedStudy(
        flaw=flaw,
        count=count,
        fit=fit,
        interval=interval,
        fair=frontier(same),
        best=best_study(),
        n_runs=len(bad),
        left_out=tuple(one for one in asked if one not in kept),
    )


def _has_valley(rows, budget):
    """Whether every way to count N sees the minimum of the parabola inside of the sizes."""
    rows = [row for row in rows if budget_of(row) == budget]
    many = [runs_of(rows, count) for count in COUNTS.values()]
    try:
        return all(valley_minimum(runs.n_params, runs.loss).inside for runs in many)
    except ValueError:
        return False


@lru_cache(maxsize=1)
def best_study():
    """The parabolas through all IsoFLOP runs, N counted with the head."""
    return bootstrap(frontier(measured("isoflop")), SAMPLES)


def one_flaw_each():
    """Our best study and studies with a single flaw; None where no line can be drawn."""
    found = {}
    for name, settings in {
        "none": {},
        "blocks only": {"count": "blocks only"},
        "everything counted": {"count": "everything"},
        "one decade": {"budgets": "one decade"},
        "one seed": {"n_seeds": 1},
        "one learning rate": {"flaw": "one learning rate for all"},
        "short schedules": {"flaw": "schedules cut short"},
    }.items():
        try:
            found[name] = flawed_study(
                *{
                    "flaw": "as they should be",
                    "count": "with the head",
                    "budgets": "all",
                    "n_seeds": 3,
                    **settings,
                }.values()
            )
        except ValueError:
            found[name] = None
    return found


def excess_loss(flaw, flops):
    """Width -> how far in % a flaw lifts the loss at one budget, above the seeds' mean without it.

    Raises ValueError where no such run was made.
    """
    if flaw not in FLAWS:
        raise ValueError(f"flaw must be one of {', '.join(FLAWS)}, got {flaw!r}")
    good = defaultdict(list)
    for row in measured("isoflop"):
        if budget_of(row) == flops:
            good[row["d_model"]].append(row["loss"])
    bad = {row["d_model"]: row["loss"] for row in measured(FLAWS[flaw]) if budget_of(row) == flops}
    if not bad:
        raise ValueError(f"flops must be a budget of the runs with {flaw}, got {flops:g}")
    return {
        width: float(100 * (loss / np.mean(good[width]) - 1)) for width, loss in sorted(bad.items())
    }
