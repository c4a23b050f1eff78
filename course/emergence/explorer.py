"""The explorers of chapter 2."""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np

from course.emergence.metrics import (
    Rise,
    brier_score,
    exact_match,
    log_likelihood,
    multiple_choice,
    pass_at_k,
    power_law_loss,
    rise,
    token_accuracy,
    token_edit_distance,
)
from course.emergence.plots import SIZES, draw_choice_of_metric, draw_decline_or_noise
from course.emergence.trends import NOISES, decline_p_values, noise_series
from course.explorer import Explorer, choice, log_slider
from course.units import format_count

SCALE_AT_1_NAT = 1e8
SHARES = {  # of a test's items
    "exact match": exact_match,
    "pass@100": lambda p, k: pass_at_k(exact_match(p, k), 100),
    "multiple choice": lambda p, k: multiple_choice(p, 4),
}
MEASURES = SHARES | {
    "wrong tokens": token_edit_distance,
    "log-likelihood": log_likelihood,
    "Brier score": lambda p, k: brier_score(p, 4),
}
_UNITS = {"wrong tokens": " of an answer", "log-likelihood": " nats"}


@dataclass(frozen=True)
class MetricView:
    """One accuracy per token over model size, and what a measure makes of it.

    `way` is how far the measure has come from its value at the smallest size to that at the
    largest; `tested_way` the same for a few models, tested on `n_items` items where the measure is
    a share of items. Arrays over `n_params` and `tested_params`.
    """

    measure: str
    n_tokens: int
    n_items: int
    n_params: np.ndarray
    accuracy: np.ndarray
    way: np.ndarray
    tested_params: np.ndarray
    tested_way: np.ndarray
    ends: tuple[float, float]
    rise: Rise

    @property
    def tested_at_zero(self):
        """How many of the tested models get nothing right; None where no items are counted."""
        if self.measure not in SHARES:
            return None
        start, end = self.ends
        return int(np.sum(np.abs(start + self.tested_way * (end - start)) < 0.5 / self.n_items))


def metric_view(measure, n_tokens, largest, exponent=0.3, n_items=100):
    """The MetricView of `measure`, one of MEASURES, from 1e6 to `largest` parameters.

    p = exp(-L) for each of `n_tokens` tokens, L = (1e8 / N)^exponent.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {measure!r}")

    def score(n_params):
        p = token_accuracy(power_law_loss(n_params, SCALE_AT_1_NAT, exponent))
        return MEASURES[measure](p, n_tokens)

    n_params = np.geomspace(SIZES[0], largest, 300)
    found_rise = rise(score, SIZES[0], largest)  # refuses a measure that does not move
    ends = float(score(SIZES[0])), float(score(largest))
    tested = 10 ** np.arange(np.log10(SIZES[0]), np.log10(largest) + 1e-9, 0.5)
    found = score(tested)
    if measure in SHARES:
        found = np.random.default_rng(0).binomial(n_items, found) / n_items
    way, tested_way = (
        (values - ends[0]) / (ends[1] - ends[0]) for values in (score(n_params), found)
    )
    accuracy = token_accuracy(power_law_loss(n_params, SCALE_AT_1_NAT, exponent))
    return MetricView(
        measure, n_tokens, n_items, n_params, accuracy, way, tested, tested_way, ends, found_rise
    )


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

LEVEL, N_SERIES = 0.05, 2000
RULES = ("ours", "A's: five falling in a row", "last below first")


@dataclass(frozen=True)
class DeclineView:
    """A series of scores, and how often three rules alarm on 2,000 like it.

    `series` and `planted` in standard deviations of the noise; `on_noise` and `on_decline` are
    shares by rule, without and with the fall.
    """

    noise: str
    fall: float
    series: np.ndarray
    planted: np.ndarray
    p_value: float
    fires: dict[str, bool]
    on_noise: dict[str, float]
    on_decline: dict[str, float]


def decline_view(fall, n_values, noise, taken_out=0.0, number=0):
    """A series of `n_values` that falls by `fall` standard deviations in all, and three rules.

    `taken_out` is the autocorrelation that our test removes; autocorrelated noise has 0.5.
    `number` says which of the 2,000 series is shown; the rates are those of all.
    """
    n_values = int(n_values)
    planted = -fall * np.linspace(0, 1, n_values)
    quiet = noise_series(noise, (N_SERIES, n_values), np.random.default_rng(2))
    on_noise, (on_decline, p) = _alarms(quiet, taken_out)[0], _alarms(quiet + planted, taken_out)
    return DeclineView(
        noise,
        fall,
        quiet[number] + planted,
        planted,
        float(p[number]),
        {rule: bool(fired[number]) for rule, fired in on_decline.items()},
        *(
            {rule: float(fired.mean()) for rule, fired in alarms.items()}
            for alarms in (on_noise, on_decline)
        ),
    )


def _alarms(series, taken_out):
    """Which of the series each rule alarms on, and the p-values of ours."""
    p = decline_p_values(series, taken_out)
    long_enough = series.shape[1] >= 10  # A §2.2 looks at no shorter ones
    five = (np.diff(series[:, -5:]) < 0).all(axis=1) & long_enough
    return dict(zip(RULES, (p <= LEVEL, five, series[:, -1] < series[:, 0]), strict=True)), p


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
