"""How sure is a fit: the same fit on many tables that might as well have been measured."""

from dataclasses import dataclass, field, replace

import numpy as np

from course.display import number, table
from course.units import between


@dataclass(frozen=True)
class Bootstrap:
    """`samples` is the fit with arrays of constants, shape (n_samples,): one for each new table.

    `level` is the share of the samples between the ends of an interval.
    """

    fit: object
    samples: object = field(repr=False)
    seed: int
    level: float

    @property
    def intervals(self):
        """(low, high) of every constant and exponent, by name."""
        return {name: self._interval(one) for name, one in self.samples.estimates.items()}

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
        caption = f"{type(self.fit).__name__}, bootstrap, seed {self.seed}"
        return table(caption, ("", "value", f"{self.level:.0%} interval"), rows)


def bootstrap(fit, n_samples=1000, seed=0, *, level=0.95):
    """The Bootstrap of any fit of this package: percentile intervals. Same seed, same numbers.

    New tables keep N and D and draw new errors from the fit's own residuals (see `resample` of
    each fit); approach 1 draws whole runs. So errors must be alike for all runs, on a log scale,
    and a formula that does not fit has no interval that heals it.
    Raises ValueError for fewer than 40 samples, which have no 2.5 % tail.
    """
    for name, value in (("n_samples", n_samples), ("seed", seed)):
        if np.ndim(whole := between(name, value, 0, 2**63)) or whole != np.floor(whole):
            raise ValueError(f"{name} must be one whole number, got {value!r}")
    n_samples, seed = (
        int(between(name, value, least, 10**6 if name == "n_samples" else 2**63))
        for name, value, least in (("n_samples", n_samples, 40), ("seed", seed, 0))
    )
    level = between("level", level, 0.5, 0.999)
    samples = fit.resample(n_samples, np.random.default_rng(seed))
    return Bootstrap(fit, samples, seed, level)
