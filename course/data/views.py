"""What the pictures of chapter 4 show, computed before anything is drawn."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.data.exhaustion import (
    DEMAND_GROWTH,
    IMAGES_AND_VIDEO_TOKENS,
    DataExhaustionForecast,
    Exhaustion,
    Uncertain,
)
from course.data.scaling import MUENNIGHOFF_2023, RepeatedAllocation
from course.scaling import extrapolating
from course.units import between, positive

# Compute over what one epoch is optimal for. Beyond, the valley is so flat that many sizes are as
# good as the best one, and "the" number of epochs says nothing.
MOST_COMPUTE = 300
MOST_EPOCHS = 100
LAST_YEAR = 2045
RUN_OUT_SAMPLES = 4000


# --- how often may I repeat? ----------------------------------------------------------------------


@dataclass(frozen=True)
class EpochsView:
    """One budget over a unique text: (L - E) / (L_fresh - E) against epochs, three ways.

    L_fresh is the lowest loss of the same compute with fresh text without end.

    Attributes:
        epochs: shape (epochs,), as all arrays here.
        by_law: the ratio by the law.
        fresh: if repeats counted in full.
        lost: if repeats counted for nothing.
        best: the RepeatedAllocation of the lowest loss.
        best_ratio: its ratio.
        compute: the budget, in multiples of what one epoch is optimal for.
        R_D_star: of the law.
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
    """The EpochsView of one budget, by the law of Muennighoff et al. with this R_D_star.

    `compute`: the budget in multiples of what one epoch over unique_tokens is optimal for, from 1
    to MOST_COMPUTE.
    """
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
    ratios = [(loss - law.base.E) / scale for loss in losses]
    return EpochsView(epochs, *ratios, best, (best.loss - law.base.E) / scale, compute, R_D_star)


# --- when does it run out? ------------------------------------------------------------------------


@dataclass(frozen=True)
class RunOutView:
    """A forecast beside that of the paper's past growth.

    Attributes:
        years: shape (years,).
        probability: that the demand has reached the stock by then, same shape.
        as_usual: the same by past growth.
        forecast: the Exhaustion of these settings.
        usual: the Exhaustion by past growth.
    """

    years: np.ndarray = field(repr=False)
    probability: np.ndarray = field(repr=False)
    as_usual: np.ndarray = field(repr=False)
    forecast: Exhaustion
    usual: Exhaustion


def run_out_view(growth, stock, epochs, synthetic=0.0, other=0.0, overtraining=1.0):
    """The RunOutView of a growing demand over a raw stock.

    Args:
        growth: of the demand, times a year; the median, its spread stays that of the paper.
        stock: tokens, an Uncertain.
        epochs: how often text is read, at its worth by MUENNIGHOFF_2023.
        synthetic: synthetic tokens beside each real one.
        other: the share of all images and video that is used.
        overtraining: tokens per parameter over the compute-optimal number.
    """
    spread = math.sqrt(DEMAND_GROWTH.high / DEMAND_GROWTH.low)
    growth = positive("growth", growth)
    settings = DataExhaustionForecast(
        raw_stock=stock,
        demand_growth=Uncertain(growth / spread, growth * spread),
        repetition=MUENNIGHOFF_2023.worth(epochs),
        synthetic_per_real=synthetic,
        other_tokens=between("other", other, 0, 1) * IMAGES_AND_VIDEO_TOKENS,
        overtraining=overtraining,
    )
    years = np.linspace(2024, LAST_YEAR, 106)
    forecast = settings.forecast_data_exhaustion(n_samples=RUN_OUT_SAMPLES)
    usual = DataExhaustionForecast().forecast_data_exhaustion(n_samples=RUN_OUT_SAMPLES)
    probabilities = (result.probability_by(years) for result in (forecast, usual))
    return RunOutView(years, *probabilities, forecast, usual)


# --- stock and demand by year ---------------------------------------------------------------------


def supply_and_demand(forecast, years, level=0.90, seed=0):
    """{"stock" or "demand": (3, years)}: low, median and high tokens in each of `years`.

    `forecast` is a DataExhaustionForecast; `level` of the samples lie between low and high.
    """
    start = forecast.forecast_data_exhaustion(seed=seed)
    rng = np.random.default_rng(seed + 1)
    ends, after = ((1 - level) / 2, 0.5, (1 + level) / 2), np.asarray(years) - start.start_year
    bands = {}
    for name, tokens, growth in (
        ("stock", start.stock_tokens, forecast.stock_growth),
        ("demand", start.demand_tokens, forecast.demand_growth),
    ):
        if isinstance(growth, Uncertain):
            factor = growth.at(rng.standard_normal(len(tokens)))
        else:
            factor = np.full(len(tokens), float(growth))
        bands[name] = np.array([np.quantile(tokens * factor**t, ends) for t in after]).T
    return bands
