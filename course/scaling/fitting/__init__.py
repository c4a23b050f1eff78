"""Fit scaling laws to runs, three ways and Kaplan's, with intervals and a certificate.

>>> runs = read_runs("runs.csv")
>>> fit = fit_chinchilla(runs.n_params, runs.n_tokens, runs.loss)
>>> bootstrap(fit, 1000, seed=0).intervals["alpha"]
"""

from course.scaling.fitting.bootstrap import Bootstrap, bootstrap
from course.scaling.fitting.frontier import (
    FrontierFit,
    PowerLawFit,
    fit_envelope,
    fit_isoflop,
    fit_power_law,
)
from course.scaling.fitting.parametric import (
    Certificate,
    ChinchillaFit,
    KaplanFit,
    NotIdentified,
    fit_chinchilla,
    fit_kaplan_joint,
)
from course.scaling.fitting.runs import Extrapolation, Runs, extrapolate, read_runs

__all__ = [
    "Bootstrap",
    "Certificate",
    "ChinchillaFit",
    "Extrapolation",
    "FrontierFit",
    "KaplanFit",
    "NotIdentified",
    "PowerLawFit",
    "Runs",
    "bootstrap",
    "extrapolate",
    "fit_chinchilla",
    "fit_envelope",
    "fit_isoflop",
    "fit_kaplan_joint",
    "fit_power_law",
    "read_runs",
]
