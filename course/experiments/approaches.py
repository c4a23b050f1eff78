"""The best size of the fleet by three approaches and by three counts of N, beside each other."""

from dataclasses import dataclass, field

import numpy as np

from course.display import table
from course.experiments.study import COUNTS, fit, fit_surface, frontier, middle, redraw, runs_of
from course.scaling.fitting import Bootstrap, fit_envelope, fit_isoflop
from course.units import format_count, format_flop


@dataclass(frozen=True)
class FitComparison:
    """Several fits of one fleet beside each other.

    `fits` is name -> Bootstrap, `flops` the budget at which N* is told, `header` that of the table.
    """

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
            size_interval = " to ".join(format_count(float(end)) for end in ends)
            yield name, *exponents, f"{size} ({size_interval})", f"{fit.losses.r_squared:.4f}"

    def __repr__(self):
        return "\n".join(" | ".join(row) for row in (self.header, *self.rows()))

    def _repr_html_(self):
        refused = ", ".join(str(boot.refused) for boot in self.fits.values())
        caption = f"{self.caption}; redrawn tables refused: {refused}"
        return table(caption, self.header, self.rows())


def compare_approaches(rows, n_samples=300, seed=0):
    """Envelope, parabola and surface on the same runs, with 95 % bootstrap intervals."""
    runs = runs_of(rows)
    fits = {
        name: redraw(fit(fit_function, runs), n_samples, seed)
        for name, fit_function in (
            ("1. envelope", fit_envelope),
            ("2. parabolas", fit_isoflop),
            ("3. surface", fit_surface),
        )
    }
    return FitComparison(f"Three approaches, {len(rows)} runs, 95 % intervals", fits, middle(rows))


def compare_counts(rows, n_samples=300, seed=0):
    """Approach 2 on the same runs, with N counted in three ways. The resamples are the same too."""
    fits = {name: redraw(frontier(rows, count), n_samples, seed) for name, count in COUNTS.items()}
    return FitComparison(
        f"Three fits to count N, {len(rows)} runs, 95 % intervals", fits, middle(rows)
    )


def difference(first, second, name="a"):
    """(value, low, high) of the difference of an exponent between two fits of the same resamples.

    Pairs cancel the noise that both share, so it is surer than either exponent. Tables that one of
    the two refused are left out.
    """
    pairs = []
    for boot in (first, second):
        values = np.full(len(boot.kept), np.nan)
        values[boot.kept] = boot.samples.estimates[name]
        pairs.append(values)
    apart = pairs[0] - pairs[1]
    value = first.fit.estimates[name] - second.fit.estimates[name]
    return value, *np.nanpercentile(apart, [2.5, 97.5]).tolist()
