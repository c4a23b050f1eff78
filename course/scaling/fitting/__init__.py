"""Fit scaling laws to runs, three ways and Kaplan's, with intervals and a certificate.

>>> runs = read_runs("runs.csv")
>>> fit = fit_chinchilla(runs.n_params, runs.n_tokens, runs.loss)
>>> bootstrap(fit, 1000, seed=0).intervals["alpha"]
"""

from course.scaling.fitting.bootstrap import (
    Bootstrap,
    FewToResample,
    ResamplesRefused,
    bootstrap,
)
from course.scaling.fitting.correlation import (
    CorrelatedResiduals,
    correlated_groupings,
    correlation_p_value,
)
from course.scaling.fitting.frontier import (
    BudgetsMerged,
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
    NotAtOptimum,
    NotIdentified,
    fit_chinchilla,
    fit_kaplan_joint,
)
from course.scaling.fitting.runs import Extrapolation, Runs, extrapolate, read_runs
from course.scaling.fitting.surface import SurfaceFit, fit_surface

__all__ = [
    "Bootstrap",
    "BudgetsMerged",
    "Certificate",
    "ChinchillaFit",
    "CorrelatedResiduals",
    "Extrapolation",
    "FewToResample",
    "FrontierFit",
    "KaplanFit",
    "NotAtOptimum",
    "NotIdentified",
    "PowerLawFit",
    "ResamplesRefused",
    "Runs",
    "SurfaceFit",
    "bootstrap",
    "correlated_groupings",
    "correlation_p_value",
    "extrapolate",
    "fit_chinchilla",
    "fit_envelope",
    "fit_isoflop",
    "fit_kaplan_joint",
    "fit_power_law",
    "fit_surface",
    "read_runs",
]
