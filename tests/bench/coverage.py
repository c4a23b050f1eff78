"""How often do intervals of `bootstrap` hold the truth? `python -m tests.bench.coverage`.

Simulated studies on a grid of sizes and data, with five kinds of noise in the log loss of which
1 % is the standard deviation (of t and of what is not an outlier). For each cell: the share of
studies whose 95 % interval covers, by constant, and the share of studies that were warned or
refused, at the fit or at the bootstrap.
"""

import argparse
import warnings
from collections import Counter

import numpy as np

from course.scaling import BESIROGLU_2024_UNROUNDED, extrapolating
from course.scaling.fitting import bootstrap, fit_chinchilla

LAW = BESIROGLU_2024_UNROUNDED
GRIDS = {12: (4, 3), 20: (5, 4), 64: (8, 8), 240: (16, 15)}  # sizes, data
CONSTANTS = ("E", "A", "B", "alpha", "beta", "a")
NOISE = 0.01


def design(n):
    """N and D of a grid of n runs: 40M to 16B parameters on 2B to 600B tokens."""
    sizes, data = GRIDS[n]
    return (
        np.repeat(np.geomspace(4e7, 1.6e10, sizes), data),
        np.tile(np.geomspace(2e9, 6e11, data), sizes),
    )


def independent(rng, n_params):
    return NOISE * rng.standard_normal(len(n_params))


def clustered(rng, n_params):
    """Half of the variance is shared by the runs of a size."""
    _, size = np.unique(n_params, return_inverse=True)
    shared = rng.standard_normal(size.max() + 1)[size]
    return NOISE * np.sqrt(0.5) * (shared + rng.standard_normal(len(n_params)))


def heteroscedastic(rng, n_params):
    """The standard deviation falls with N^-1/4: from 2.1 % to 0.5 %."""
    return independent(rng, n_params) * (n_params / np.exp(np.log(n_params).mean())) ** -0.25


def t3(rng, n_params):
    return NOISE / np.sqrt(3) * rng.standard_t(3, len(n_params))


def outliers(rng, n_params):
    """Of the runs 8 % have ten times the error."""
    return independent(rng, n_params) * np.where(rng.random(len(n_params)) < 0.08, 10, 1)


KINDS = (independent, clustered, heteroscedastic, t3, outliers)


# What bootstrap does when it is not told is "sizes" with 64 runs or more, "cases" with fewer.
WAYS = {
    "residuals": {"resample": "residuals"},
    "cases": {"run": "row"},
    "sizes": {"run": "size"},
}


def study(kind, n, seed, n_samples):
    """{way: (which constants are covered or None, names of the warnings)} of one study."""
    n_params, n_tokens = design(n)
    errors = kind(np.random.default_rng([seed, n]), n_params)
    with extrapolating():
        losses = LAW.loss(n_params, n_tokens) * np.exp(errors)
    fit, at_fit = warned(fit_chinchilla, n_params, n_tokens, losses)
    outcome = {}
    for way, how in WAYS.items():
        covered, names = None, set()
        if fit:
            how = how | {"run": range(n)} if how.get("run") == "row" else how
            boot, names = warned(bootstrap, fit, n_samples, seed, **how)
            intervals = boot.intervals if boot else None
            covered = intervals and {
                name: intervals[name][0] <= getattr(LAW, name) <= intervals[name][1]
                for name in CONSTANTS
            }
        outcome[way] = covered, at_fit | names
    return outcome


def warned(function, *values, **named):
    """(result or None where it is refused, names of the warnings)."""
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            result, names = function(*values, **named), set()
        except ValueError:
            result, names = None, {"refused"}
    return result, names | {one.category.__name__ for one in raised}


def lines(kind, n, n_studies, n_samples):
    """The lines of one cell, one for each way of drawing."""
    studies = [study(kind, n, seed, n_samples) for seed in range(n_studies)]
    for way in WAYS:
        outcomes = [outcome[way] for outcome in studies]
        counts = Counter(name for _, names in outcomes for name in names)
        share = sum(bool(names) for _, names in outcomes) / n_studies
        done = [covered for covered, _ in outcomes if covered]
        silent = [covered for covered, names in outcomes if covered and not names]
        yield (
            f"{kind.__name__:<16}{n:>4} {way:<10}{shares(done)}   warned {100 * share:3.0f} %   "
            f"not warned: {shares(silent)}   {dict(counts)}"
        )


def shares(studies):
    """The per cent of studies that cover each constant."""
    return " ".join(
        f"{100 * np.mean([covered[name] for covered in studies]):4.0f}" if studies else "   -"
        for name in CONSTANTS
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", default=[kind.__name__ for kind in KINDS])
    parser.add_argument("--runs", nargs="*", type=int, default=list(GRIDS), help="numbers of runs")
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--samples", type=int, default=200)
    asked = parser.parse_args()
    print("noise              n drawn     " + " ".join(f"{name[:4]:>4}" for name in CONSTANTS))
    for n in asked.runs:
        for kind in (kind for kind in KINDS if kind.__name__ in asked.kinds):
            print(*lines(kind, n, asked.studies, asked.samples), sep="\n", flush=True)


if __name__ == "__main__":
    main()
