"""The explorers of chapter 2."""

import ipywidgets as widgets

from course.emergence.plots import draw_choice_of_metric, draw_decline_or_noise
from course.emergence.trends import NOISES
from course.emergence.views import (
    LEVEL,
    MEASURES,
    N_SERIES,
    RULES,
    SHARES,
    SIZES,
    decline_view,
    metric_view,
)
from course.explorer import Explorer, choice, log_slider
from course.units import format_count

_UNITS = {"wrong tokens": " of an answer", "log-likelihood": " nats"}


def metric_explorer():
    """One smooth accuracy: by which measure does an ability emerge?"""
    return Explorer(
        "Choose your metric: the models stay the same",
        metric_view,
        draw_choice_of_metric,
        _describe_metric,
        controls={
            "measure": choice("Measure", tuple(MEASURES), "exact match"),
            "n_tokens": log_slider("Tokens in an answer", 1, 300, 10, format="{:.0f}".format),
            "largest": log_slider("Largest model", 1e8, SIZES[1], 1e11),
        },
        advanced={
            "n_items": log_slider("Items in the test", 10, 1e4, 100, format="{:.0f}".format),
            "exponent": widgets.FloatSlider(
                description="Exponent of the loss", value=0.3, min=0.1, max=0.6, step=0.05
            ),
        },
    )


def _describe_metric(view):
    start, end = (_score(view.measure, value) for value in view.ends)
    words = (
        f"From {format_count(view.n_params[0])} to {format_count(view.n_params[-1])} parameters "
        f"the accuracy of a token rises from {view.accuracy[0]:.1%} to {view.accuracy[-1]:.1%}, "
        f"and {_named(view)} goes from {start} to {end}. The middle 80 % of that way takes "
        f"{view.rise.decades:.2f} of {view.rise.window_decades:.1f} decades: steepness "
        f"{view.rise.steepness:.1f}, where a straight line has 1."
    )
    if view.tested_at_zero is not None:
        words += (
            f" Of {len(view.tested_params)} models tested on {view.n_items:.0f} items, "
            f"{view.tested_at_zero} get none right."
        )
    return words


def _named(view):
    depends = view.measure not in ("multiple choice", "Brier score")
    return (
        f"{view.measure} over {view.n_tokens:.0f} tokens"
        if depends
        else (f"{view.measure} (of 4 options, any length)")
    )


def _score(measure, value):
    if measure in SHARES:
        return f"{value:.1%}" if value >= 0.001 else "less than 0.1 %" if value else "0"
    return f"{value:.3g}{_UNITS.get(measure, '')}"


# --- a decline or noise? --------------------------------------------------------------------------


def decline_explorer():
    """Is it a decline or noise? One series, three rules, and how often each is wrong."""
    return Explorer(
        "Is it a decline or noise? One series, three rules",
        decline_view,
        draw_decline_or_noise,
        _describe_decline,
        controls={
            "fall": widgets.FloatSlider(
                description="Planted fall (sd of noise)", value=2, min=0, max=4, step=0.25
            ),
            "n_values": widgets.IntSlider(description="Checkpoints", value=15, min=5, max=40),
            "noise": choice("Noise", NOISES, "normal"),
        },
        advanced={
            "taken_out": widgets.FloatSlider(
                description="Autocorrelation taken out", value=0, min=0, max=0.9, step=0.1
            ),
            "number": widgets.IntSlider(description="Another series", value=1, min=0, max=20),
        },
    )


def _describe_decline(view):
    ours, five, naive = RULES
    fired = [name for name, alarm in view.fires.items() if alarm]
    return (
        f"{len(view.series)} values that fall by {view.fall:g} sd in all: p = {view.p_value:.2g}. "
        f"On this series {'; '.join(fired) if fired else 'no rule'} "
        f"{'alarm' if len(fired) > 1 else 'alarms'}. On {N_SERIES:,} like it ours finds "
        f"{view.on_decline[ours]:.0%} and alarms on {view.on_noise[ours]:.1%} without a fall, "
        f"where at most {LEVEL:.0%} are promised. Five falling in a row (A §2.2) finds "
        f"{view.on_decline[five]:.1%} against {view.on_noise[five]:.1%}; last below first "
        f"{view.on_decline[naive]:.0%} against {view.on_noise[naive]:.0%}."
    )
