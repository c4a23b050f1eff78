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


def study(kind, n, seed, n_samples, **how):
    """(which constants are covered, names of the warnings), or (None, the refusal)."""
    n_params, n_tokens = design(n)
    errors = kind(np.random.default_rng([seed, n]), n_params)
    with extrapolating():
        losses = LAW.loss(n_params, n_tokens) * np.exp(errors)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            fit = fit_chinchilla(n_params, n_tokens, losses)
            intervals = bootstrap(fit, n_samples, seed, **how).intervals
        except ValueError:
            return None, {"refused"}
    covered = {
        name: intervals[name][0] <= getattr(LAW, name) <= intervals[name][1] for name in CONSTANTS
    }
    return covered, {one.category.__name__ for one in raised}


def cell(kind, n, n_studies, n_samples, **how):
    """One line of the table."""
    studies = [study(kind, n, seed, n_samples, **how) for seed in range(n_studies)]
    warned = Counter(name for _, names in studies for name in names)
    done = [covered for covered, _ in studies if covered]
    quiet = [covered for covered, names in studies if covered and not names]

    def shares(some):
        return " ".join(
            f"{100 * np.mean([one[name] for one in some]):4.0f}" if some else "   -"
            for name in CONSTANTS
        )

    share = sum(bool(names) for _, names in studies) / n_studies
    return (
        f"{kind.__name__:<16}{n:>4}  {shares(done)}   warned {100 * share:3.0f} %   "
        f"not warned: {shares(quiet)}   {dict(warned)}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", default=[kind.__name__ for kind in KINDS])
    parser.add_argument("--runs", nargs="*", type=int, default=list(GRIDS), help="numbers of runs")
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--resample", default="cases")
    parser.add_argument("--run", help="size, budget or configuration: what is drawn whole")
    asked = parser.parse_args()
    print("kind               n   " + "  ".join(f"{name[:4]:>3}" for name in CONSTANTS), flush=True)
    for kind in KINDS:
        for n in asked.runs if kind.__name__ in asked.kinds else ():
            how = {"resample": asked.resample, "run": asked.run}
            print(cell(kind, n, asked.studies, asked.samples, **how), flush=True)


if __name__ == "__main__":
    main()
