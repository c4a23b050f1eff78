"""The explorers of chapter 4: how often may I repeat, and when does it run out?"""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.data.exhaustion import (
    COMMON_CRAWL,
    DEMAND_GROWTH,
    IMAGES_AND_VIDEO_TOKENS,
    INDEXED_WEB,
    WHOLE_WEB,
    DataExhaustionForecast,
    Exhaustion,
    Uncertain,
)
from course.data.plots import LAST_YEAR, MOST_EPOCHS, draw_epochs, draw_run_out
from course.data.scaling import MUENNIGHOFF_2023, RepeatedAllocation
from course.explorer import Explorer, choice, log_slider
from course.scaling import extrapolating
from course.units import between, format_count, format_flop, positive

# Compute over what one epoch is optimal for. Beyond, the valley is so flat that many sizes are as
# good as the best one, and "the" number of epochs says nothing.
MOST_COMPUTE = 300
RUN_OUT_SAMPLES = 4000


# --- how often may I repeat? ----------------------------------------------------------------------


@dataclass(frozen=True)
class EpochsView:
    """One budget over unique_tokens: (L - E) / (L_fresh - E) against epochs, three ways.

    `by_law`, `fresh` (repeats count in full) and `lost` (they count for nothing), each
    (epochs,). L_fresh is the lowest loss of the same compute with fresh text without end.
    `best` is the RepeatedAllocation, `best_ratio` its height.
    """

    epochs: np.ndarray = field(repr=False)
    by_law: np.ndarray = field(repr=False)
    fresh: np.ndarray = field(repr=False)
    lost: np.ndarray = field(repr=False)
    best: RepeatedAllocation
    best_ratio: float
    compute: float
    R_D_star: float


def epochs_view(unique_tokens, compute, R_D_star):
    """The EpochsView of `compute` times what one epoch over unique_tokens is optimal for, 1 or
    more, by the law of Muennighoff et al. with this R_D_star."""
    unique_tokens = positive("unique_tokens", unique_tokens)
    compute = between("compute", compute, 1, MOST_COMPUTE)
    law = replace(MUENNIGHOFF_2023, R_D_star=R_D_star)
    nothing = replace(law, R_D_star=1e-9)
    flops = FLOP_PER_PARAM_TOKEN * law.best_params_for(unique_tokens) * unique_tokens * compute
    epochs = np.geomspace(1, MOST_EPOCHS, 120)
    n_tokens = unique_tokens * epochs
    n_params = flops / (FLOP_PER_PARAM_TOKEN * n_tokens)
    with extrapolating():
        best = law.optimal_allocation(flops, unique_tokens)
        scale = best.loss_if_fresh - law.base.E
        losses = (
            law.loss(n_params, n_tokens, unique_tokens),
            law.base.loss(n_params, n_tokens),
            nothing.loss(n_params, n_tokens, unique_tokens),
        )
    ratios = [(one - law.base.E) / scale for one in losses]
    return EpochsView(epochs, *ratios, best, (best.loss - law.base.E) / scale, compute, R_D_star)


def repeat_explorer():
    """How often may I repeat?"""
    return Explorer(
        "How often may I repeat?",
        epochs_view,
        draw_epochs,
        _describe_epochs,
        controls={
            "unique_tokens": log_slider("Unique tokens", 1e9, 1e13, 1e11),
            "compute": log_slider(
                "Compute, × one epoch's best", 1, MOST_COMPUTE, 30, format=_times
            ),
            "R_D_star": log_slider(
                "R_D*, worth of repeats", 3, 100, round(MUENNIGHOFF_2023.R_D_star, 2), format=_plain
            ),
        },
    )


def _describe_epochs(view):
    best = view.best
    fair = math.sqrt(view.compute)
    return (
        f"{format_flop(best.flops)} on {format_count(best.unique_tokens)} unique tokens: best is "
        f"a model of {format_count(best.n_params)} parameters that reads them {best.epochs:.3g} "
        f"times, for a loss of {best.loss:.3f} nats. With fresh text without end the same compute "
        f"would reach {best.loss_if_fresh:.3f} nats, reading {fair:.3g} times as much text once. "
        f"The last token taught {math.exp(-(best.epochs - 1) / view.R_D_star):.0%} of what a fresh "
        "one would."
    )


# --- when does it run out? ------------------------------------------------------------------------


@dataclass(frozen=True)
class RunOutView:
    """A forecast, its probability by year (years,), and that of the paper's past growth."""

    years: np.ndarray = field(repr=False)
    probability: np.ndarray = field(repr=False)
    as_usual: np.ndarray = field(repr=False)
    found: Exhaustion
    usual: Exhaustion


def run_out_view(growth, stock, epochs, synthetic=0.0, other=0.0, overtraining=1.0):
    """The RunOutView of a demand that grows `growth` times a year over a raw `stock` (Uncertain).

    growth: the median; its spread stays that of the paper. epochs: how often text is read, at its
    worth by MUENNIGHOFF_2023. other: the share of all images and video that is used.
    """
    spread = math.sqrt(DEMAND_GROWTH.high / DEMAND_GROWTH.low)
    growth = positive("growth", growth)
    forecast = DataExhaustionForecast(
        raw_stock=stock,
        demand_growth=Uncertain(growth / spread, growth * spread),
        repetition=MUENNIGHOFF_2023.worth(epochs),
        synthetic_per_real=synthetic,
        other_tokens=between("other", other, 0, 1) * IMAGES_AND_VIDEO_TOKENS,
        overtraining=overtraining,
    )
    years = np.linspace(2024, LAST_YEAR, 106)
    found = forecast.forecast_data_exhaustion(n_samples=RUN_OUT_SAMPLES)
    usual = DataExhaustionForecast().forecast_data_exhaustion(n_samples=RUN_OUT_SAMPLES)
    return RunOutView(years, found.probability_by(years), usual.probability_by(years), found, usual)


def run_out_explorer():
    """When does it run out?"""
    stocks = {"Common Crawl": COMMON_CRAWL, "indexed web": INDEXED_WEB, "whole web": WHOLE_WEB}
    return Explorer(
        "When does it run out?",
        run_out_view,
        draw_run_out,
        _describe_run_out,
        controls={
            "growth": log_slider(
                "Demand grows, × a year", 1.1, 5, round(DEMAND_GROWTH.median, 2), format=_plain
            ),
            "stock": choice("Raw stock", stocks, INDEXED_WEB),
            "epochs": log_slider("Epochs", 1, 50, 3, format=_plain),
        },
        advanced={
            "synthetic": choice("Synthetic per real token", (0.0, 0.5, 1.0, 3.0), 0.0),
            "other": choice(
                "Images and video used", {"none": 0.0, "a tenth": 0.1, "all": 1.0}, 0.0
            ),
            "overtraining": choice("Overtrained, times", (1.0, 5.0, 30.0), 1.0),
        },
    )


def _describe_run_out(view):
    found, never = view.found, view.found.probability_never
    early, late = map(_year, found.interval(0.80))
    return (
        f"In 2024, {format_count(float(np.median(found.demand_tokens)))} tokens are in use and "
        f"{format_count(float(np.median(found.stock_tokens)))} could be, repetition counted. "
        f"Demand reaches the stock in {_year(found.median_year)} (80 %: {early} to {late})"
        + (f"; in {never:.0%} of the samples it never does. " if never else ". ")
        + f"By past growth: {_year(view.usual.median_year)}."
    )


def _year(value):
    return f"{value:.1f}" if value < math.inf else "never"


def _times(value):
    return f"{value:g}×"


def _plain(value):
    return f"{value:g}"
