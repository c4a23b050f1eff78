"""How sure is a fit: the same fit on many tables that might as well have been measured."""

import warnings
from dataclasses import dataclass, field, replace

import numpy as np

from course.display import number, table
from course.scaling.fitting.correlation import warn_of_correlation
from course.scaling.fitting.parametric import NotIdentified
from course.units import between, single, whole

FEW_UNITS = 8  # runs or clusters: fewer do not stand for all that might have been measured
FEW_SIZES = 8  # a formula absorbs what three sizes share: of fewer too little is left to check
MANY_REFUSED = 0.05


class FewToResample(UserWarning):
    """So few runs or clusters that a redrawn table does not stand for a new study."""


class ResamplesRefused(UserWarning):
    """Many redrawn tables do not determine the fit, and the intervals leave them out."""


@dataclass(frozen=True)
class Bootstrap:
    """A fit and the same fit on redrawn tables.

    Attributes:
        fit: what was fitted to the runs as measured.
        samples: the fit with arrays of constants, one entry for each table that was kept.
        kept: which of the redrawn tables determined the fit, (n_samples,). The others were refused:
            the intervals tell how far the constants move among tables that determine them, so they
            are too narrow where many were refused.
        seed: of the random numbers.
        level: the share of the samples between the ends of an interval.
        drawn: what was drawn, in words: "runs", "size", "residuals".
    """

    fit: object
    samples: object = field(repr=False)
    kept: np.ndarray = field(repr=False)
    seed: int
    level: float
    drawn: str

    @property
    def refused(self):
        """How many of the redrawn tables did not determine the fit."""
        return int((~self.kept).sum())

    @property
    def intervals(self):
        """(low, high) of every constant and exponent, by name."""
        return {name: self._interval(values) for name, values in self.samples.estimates.items()}

    @property
    def law(self):
        """The fit's law with these intervals, for the calculators."""
        return replace(
            self.fit.law, intervals=self.intervals, interval_level=f"{self.level:.0%} bootstrap"
        )

    def at(self, flops):
        """(low, high) of the best n_params, n_tokens and loss at one budget in FLOP, by name."""
        best = self.samples.best(float(between("flops", flops, 1, 1e40)))
        names = ("n_params", "n_tokens", "loss")
        return dict(zip(names, map(self._interval, best), strict=True))

    def _interval(self, values):
        tail = 50 * (1 - self.level)
        return tuple(np.percentile(values, [tail, 100 - tail]).tolist())

    def _repr_html_(self):
        intervals = self.intervals
        rows = [
            (name, number(value, ".5g"), " to ".join(f"{end:.4g}" for end in intervals[name]))
            for name, value in self.fit.estimates.items()
        ]
        caption = (
            f"{type(self.fit).__name__}, bootstrap of {self.drawn}, seed {self.seed}; "
            f"{self.refused} of {len(self.kept)} redrawn tables refused"
        )
        return table(caption, ("", "value", f"{self.level:.0%} interval"), rows)


def bootstrap(fit, n_samples=1000, seed=0, *, level=0.95, resample="cases", run=None):
    """The Bootstrap of any fit of this package: percentile intervals. Same seed, same numbers.

    Args:
        fit: a fit of a formula, of a frontier, of a surface or of a power law.
        n_samples: how many tables are redrawn, 40 or more.
        seed: of the random numbers.
        level: of the intervals.
        resample: "cases" draws runs with all that belongs to them, so errors may differ from size
            to size; those of the valleys within their budget. "residuals" keeps N and D and draws
            errors: it assumes that the formula is right and that errors are independent and alike
            for all runs, on a log scale.
        run: what belongs together and is drawn whole: a label for each run (runs,), or "size",
            "budget" or "configuration" (one N and D), as the fit knows them. Left out, sizes are
            drawn where there are eight or more and some have several runs, else single runs;
            run=range(n) draws single runs in any case.

    Raises:
        ValueError: where more than half of the redrawn tables do not determine the fit.

    Coverage of the 95 % intervals of a ChinchillaFit, in % of 200 simulated studies on a grid, the
    least and the most of its six constants, and the share that was warned (tests/bench/coverage.py,
    100 samples; 95 ± 3 is what 200 studies can show). An asterisk marks what is drawn unasked:

        noise             runs  residuals     cases  warned    sizes  warned
        independent         12      94-94    96-98*     100    81-90     100
        independent         20      92-94    98-99*     100    88-98     100
        independent         64      94-95     95-98       0   93-99*       0
        independent        240      90-95     93-95       0   90-96*       0
        clustered           12      79-96    88-96*     100    78-87     100
        clustered           20      79-97   84-100*     100    88-96     100
        clustered           64      66-96     72-98      80   96-97*       0
        clustered          240      60-96     57-98     100   92-98*       0
        heteroscedastic     12     95-100    98-99*     100    84-88     100
        heteroscedastic     20      92-98    98-98*     100    85-98     100
        heteroscedastic     64      84-97     94-98       2   94-98*       2
        heteroscedastic    240      86-96     92-96       2   92-94*       1
        t3                  12      92-96    96-98*     100    78-90     100
        t3                  20      94-97    97-98*     100    90-98     100
        t3                  64      92-97     94-98       2   90-98*       1
        t3                 240      91-94     94-96       0   93-95*       0
        outliers            12      97-98    97-99*     100    84-92     100
        outliers            20      94-96    98-98*     100    88-98     100
        outliers            64      92-96     95-98       0   90-99*       0
        outliers           240      90-96     94-96       0   91-96*       0

    Clustered: half of the variance is shared by the runs of a size. With 64 runs the check sees it
    in 80 of 100 studies only; so sizes are drawn whatever it says. Where runs are known to err on
    their own, single runs use the data better.
    """
    n_samples = int(single("n_samples", whole("n_samples", n_samples, 40, 10**6)))
    seed = int(single("seed", whole("seed", seed, 0, 2**63)))
    level = single("level", between("level", level, 0.5, 0.999))
    if resample not in ("cases", "residuals"):
        raise ValueError(f'resample must be "cases" or "residuals", got {resample!r}')
    if resample == "residuals" and run is not None:
        raise ValueError(
            'run must be None with resample="residuals", which draws errors one by one'
        )
    rng = np.random.default_rng(seed)
    if resample == "residuals":
        drawn, clusters, labels = "residuals", np.arange(0), {}
        samples, kept = fit.refit_residuals(n_samples, rng)
    else:
        drawn, clusters, labels = _clusters(fit, run)
        samples, kept = fit.refit(draw_tables(clusters, fit.strata, n_samples, rng))
    _refuse_or_warn(kept, drawn)
    warn_of_correlation(fit, clusters if len(clusters) else None, **labels)
    _warn_of_few(fit, clusters, drawn)
    result = Bootstrap(fit, samples, kept, seed, level, drawn)
    if "E" in fit.estimates and result.intervals["E"][0] < 1e-6 * fit.losses.min():
        warnings.warn(
            "the interval of the floor E reaches 0: these runs do not tell it from no floor",
            NotIdentified,
            stacklevel=2,
        )
    return result


def draw_tables(clusters, strata, n_samples, rng):
    """How often each redrawn table holds each run: counts (n_samples, runs).

    Clusters are drawn with replacement, each with all its runs. Where each lies within one of the
    strata, and each stratum has several, as many are drawn from a stratum as it has. Shapes:
    clusters and strata (runs,); strata may be None.
    """
    _, first, of_run = np.unique(clusters, return_index=True, return_inverse=True)
    of_run = of_run.ravel()
    home = np.zeros(len(first), dtype=int) if strata is None else np.asarray(strata)[first]
    across = strata is not None and (home[of_run] != strata).any()
    if across or np.unique(home, return_counts=True)[1].min() < 2:
        home = np.zeros(len(first), dtype=int)
    counts = np.empty((n_samples, len(first)))
    for stratum in np.unique(home):
        members = np.flatnonzero(home == stratum)
        share = np.full(len(members), 1 / len(members))
        counts[:, members] = rng.multinomial(len(members), share, size=n_samples)
    return counts[:, of_run]


def _clusters(fit, run):
    """What is drawn in words, the label of each run, and the labels that the caller gave."""
    n_runs = len(next(iter(fit.groupings.values())))
    run = getattr(fit, "clusters", None) if run is None else run
    if run is None:
        sizes = fit.groupings.get("size", ())
        if fit.strata is None and FEW_SIZES <= len(np.unique(sizes)) < n_runs:
            return "size", np.asarray(sizes), {}
        return "runs", np.arange(n_runs), {}
    if isinstance(run, str):
        if run not in fit.groupings:
            raise ValueError(
                f"run must be a label for each run or one of {', '.join(fit.groupings)}, "
                f"got {run!r}"
            )
        return run, np.asarray(fit.groupings[run]), {}
    labels = np.asarray(run)
    if labels.shape != (n_runs,):
        raise ValueError(f"run must label each of the {n_runs} runs, got shape {labels.shape}")
    return "run", labels, {"run": labels}


def _refuse_or_warn(kept, drawn):
    refused = int((~kept).sum())
    meaning = (
        f"{refused} of {len(kept)} redrawn tables of {drawn} were refused: what they hold does not "
        "determine the fit"
    )
    if refused > len(kept) / 2:
        raise ValueError(f"{meaning}. So the runs do not either: add runs, or ask for less")
    if refused > MANY_REFUSED * len(kept):
        warnings.warn(
            f"{meaning}. The intervals leave them out and may be too narrow",
            ResamplesRefused,
            stacklevel=3,
        )


def _warn_of_few(fit, clusters, drawn):
    """FewToResample for few runs or clusters, and for sizes too few to show a shared error."""
    n_units = len(np.unique(clusters))
    if 0 < n_units < FEW_UNITS:
        named = drawn if drawn == "runs" else f"groups by {drawn}"
        warnings.warn(
            f"only {n_units} {named} to draw from: with fewer than {FEW_UNITS} intervals tend to "
            "be too narrow",
            FewToResample,
            stacklevel=3,
        )
    size = fit.groupings.get("size")
    if size is None or fit.strata is not None or fit.row_residuals is None:
        return
    n_sizes = len(np.unique(size))
    if n_sizes < min(FEW_SIZES, len(size)) and drawn != "size":
        warnings.warn(
            f"only {n_sizes} sizes for {len(size)} runs: whether the runs of a size share an error "
            "cannot be seen in so few. If they do, the intervals are too narrow",
            FewToResample,
            stacklevel=3,
        )
