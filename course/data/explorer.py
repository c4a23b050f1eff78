"""The explorers of chapter 4: how often may I repeat, and when does it run out?"""

import math

import numpy as np

from course.data.exhaustion import COMMON_CRAWL, DEMAND_GROWTH, INDEXED_WEB, WHOLE_WEB
from course.data.plots import draw_epochs, draw_run_out
from course.data.scaling import MUENNIGHOFF_2023
from course.data.views import MOST_COMPUTE, epochs_view, run_out_view
from course.explorer import Explorer, choice, log_slider
from course.units import format_count, format_flop


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
    forecast, never = view.forecast, view.forecast.probability_never
    early, late = map(_year, forecast.interval(0.80))
    return (
        f"In 2024, {format_count(float(np.median(forecast.demand_tokens)))} tokens are in use and "
        f"{format_count(float(np.median(forecast.stock_tokens)))} could be, repetition counted. "
        f"Demand reaches the stock in {_year(forecast.median_year)} (80 %: {early} to {late})"
        + (f"; in {never:.0%} of the samples it never does. " if never else ". ")
        + f"By past growth: {_year(view.usual.median_year)}."
    )


def _year(value):
    return f"{value:.1f}" if value < math.inf else "never"


def _times(value):
    return f"{value:g}×"


def _plain(value):
    return f"{value:g}"
