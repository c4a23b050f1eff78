"""Pictures of chapter 4. Each draws on axes of course.figures.new_figure."""

import math

import numpy as np

from course.data.exhaustion import VILLALOBOS_INTERVAL, VILLALOBOS_MEDIAN
from course.data.scaling import MUENNIGHOFF_2023
from course.data.study import CLEAN
from course.data.views import LAST_YEAR, MOST_EPOCHS, supply_and_demand
from course.evidence import as_written
from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
    DASHES,
    MARKERS,
    ORANGE,
    PURPLE,
    QUIET,
    label_axes,
    label_lines,
    log_axis,
    moving,
    moving_words,
)
from course.scaling import extrapolating
from course.units import format_bytes, format_count

# --- what repetition is worth ---------------------------------------------------------------------


def draw_worth(axes, study):
    """D' / U against epochs: the published law, ours with its interval, and text that stays fresh.

    `study`: a course.data.study.Repetition.
    """
    epochs = np.geomspace(1, 100, 100)
    law = study.fit.law
    low, high = law.intervals["R_D_star"]
    axes.fill_between(
        epochs,
        *(1 + star * (1 - np.exp(-(epochs - 1) / star)) for star in (low, high)),
        color=ORANGE,
        alpha=0.2,
        linewidth=0,
    )
    lines = {
        "as if fresh": epochs,
        "Muennighoff": MUENNIGHOFF_2023.worth(epochs),
        "our runs": law.worth(epochs),
    }
    looks = {
        "as if fresh": (QUIET, DASHES[2]),
        "Muennighoff": (BLUE, DASHES[0]),
        "our runs": (ORANGE, DASHES[1]),
    }
    for name, worth in lines.items():
        colour, dash = looks[name]
        axes.plot(epochs, worth, color=colour, linestyle=dash, marker="", label=name)
    axes.set(xlim=(1, 100), ylim=(1, 40))
    log_axis(axes.xaxis, format=_plain)
    log_axis(axes.yaxis, format=_plain)
    label_axes(
        axes,
        x="Epochs",
        x_unit="readings of the whole text",
        y="Worth",
        y_unit="fresh texts of its size",
    )
    label_lines(axes)


def draw_repetition(many, study):
    """Loss of each of our models as it reads its text again; `many`: an axes for each size.

    `study`: a course.data.study.Repetition. Points are measured, dashed lines the fitted law,
    dotted ones the law of text that is all fresh.
    """
    sizes = sorted({curve.n_params for curve in study.curves})
    for axes, size in zip(many, sizes, strict=True):
        own = [curve for curve in study.curves if curve.n_params == size]
        for curve, colour, marker in zip(own, (BLUE, ORANGE, PURPLE), MARKERS, strict=False):
            epochs = np.geomspace(1, curve.epochs.max(), 40)
            tokens = curve.unique_bytes * epochs
            with extrapolating():
                repeated = study.fit.law.loss(size, tokens, curve.unique_bytes)
                fresh = study.base.loss(size, tokens)
            look = {"color": colour, "marker": "", "linewidth": 1.6}
            axes.plot(epochs, fresh, linestyle=DASHES[2], **look)
            axes.plot(epochs, repeated, linestyle=DASHES[1], **look)
            axes.plot(curve.epochs, curve.loss, color=colour, marker=marker, linestyle="none")
            axes.annotate(
                format_bytes(curve.unique_bytes),
                (curve.epochs[0], curve.loss[0]),
                xytext=(-9, 0),
                textcoords="offset points",
                color=colour,
                va="center",
                ha="right",
            )
        axes.set(xlim=(0.42, 36), title=f"{format_count(size)} parameters")
        log_axis(axes.xaxis, format=_plain)
        axes.set_xticks([1, 2, 4, 8, 15, 30])
        axes.minorticks_off()
        label_axes(axes, x="Epochs", x_unit="readings")
    label_axes(many[0], y="Held-out loss", y_unit="nats per byte")


# --- what cleaning is worth -----------------------------------------------------------------------


def draw_quality(axes, quality):
    """Loss of each text above the clean one with its 95 % interval, and its multiplier in words.

    `quality`: a course.data.study.Quality.
    """
    names = list(quality.texts)
    for row, text in enumerate(quality.texts.values()):
        excess = text.excess
        axes.plot([excess.low, excess.high], [row, row], "-", color=BLUE, marker="|", markersize=10)
        axes.plot(excess.value, row, "o", color=BLUE, markersize=8)
        words = "1, by definition" if text.text == CLEAN else f"{text.multiplier:.2f}"
        axes.text(1.02, row, words, transform=axes.get_yaxis_transform(), va="center")
    axes.axvline(0, color=QUIET, linewidth=1, linestyle="-")
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.5, -0.5))
    axes.text(
        1.02,
        -0.6,
        "worth of a byte",
        transform=axes.get_yaxis_transform(),
        va="bottom",
        color=QUIET,
    )
    axes.grid(axis="y", visible=False)
    label_axes(axes, x="Held-out loss above that of clean text", x_unit="nats per byte")


# --- when it runs out -----------------------------------------------------------------------------


def draw_supply_and_demand(axes, forecast):
    """Stock and demand by year, medians and 90 % bands, and the document's stock and threshold."""
    years = np.arange(2024, 2041)
    bands = supply_and_demand(forecast, years)
    for (low, middle, high), name, colour, dash in (
        (bands["stock"], "stock", BLUE, DASHES[0]),
        (bands["demand"], "demand", ORANGE, DASHES[1]),
    ):
        axes.fill_between(years, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(years, middle, color=colour, linestyle=dash, marker="", label=name)
    axes.plot(
        years,
        np.full(len(years), as_written.INTERNET_TOKENS),
        color=QUIET,
        marker="",
        linestyle=DASHES[2],
        label="A: all text",
    )
    axes.set(xlim=(2024, 2040), ylim=(1e12, 1e16))
    log_axis(axes.yaxis, format=lambda tokens: f"{tokens / 1e12:,.0f}T")
    label_axes(axes, x="Year", x_unit="start of", y="Text", y_unit="tokens")
    label_lines(axes)


def draw_remedies(axes, remedies):
    """The median year and its 80 % interval for each change, with the paper's own on top."""
    rows = {"Villalobos et al.": (VILLALOBOS_MEDIAN, *VILLALOBOS_INTERVAL)}
    rows |= {
        name: (forecast.median_year, *forecast.interval(0.80))
        for name, forecast in remedies.items()
    }
    latest = 2042
    for row, (median, early, late) in enumerate(rows.values()):
        colour = QUIET if not row else BLUE
        axes.plot([early, min(late, latest)], [row, row], "-", color=colour, marker="")
        axes.plot(min(median, latest), row, "s" if not row else "o", color=colour, markersize=8)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlim=(2024, 2036))
    axes.grid(axis="y", visible=False)
    label_axes(axes, x="Demand reaches the stock", x_unit="year; median, 80 %")


# --- mixtures -------------------------------------------------------------------------------------


def draw_mixtures(axes, mixtures):
    """Loss against the share of words in training, for three uses; the best of each is ringed."""
    uses = {"used on code": (0.0, BLUE), "on both": (0.5, BLACK), "used on words": (1.0, ORANGE)}
    for (name, (use, colour)), dash, marker in zip(uses.items(), DASHES, MARKERS, strict=False):
        losses = mixtures.expected(use)
        axes.plot(
            100 * mixtures.shares, losses, color=colour, linestyle=dash, marker=marker, label=name
        )
        best = losses.argmin()
        axes.plot(
            100 * mixtures.shares[best],
            losses[best],
            "o",
            color=colour,
            markersize=12,
            mfc="none",
            mew=1.6,
        )
    axes.set(xlim=(-3, 103))
    label_axes(
        axes, x="Words in the training text", x_unit="%", y="Held-out loss", y_unit="nats per byte"
    )
    label_lines(axes)


def draw_best_mixture(axes, mixtures):
    """The best measured mixture for each use; shaded what the runs cannot tell from it."""
    uses = np.linspace(0, 1, 101)
    best = np.array([mixtures.best_share(use) for use in uses])
    ends = np.array(
        [(min(alike), max(alike)) for alike in map(mixtures.indistinguishable_shares, uses)]
    )
    axes.fill_between(100 * uses, *100 * ends.T, color=BLUE, alpha=0.18, linewidth=0, step="mid")
    axes.step(
        100 * uses,
        100 * best,
        where="mid",
        color=BLUE,
        linestyle="-",
        marker="",
        label="best mixture",
    )
    axes.plot([0, 100], [0, 100], color=QUIET, linestyle=DASHES[1], marker="", label="as used")
    axes.plot([0, 100], [50, 50], color=BLACK, linestyle=DASHES[2], marker="", label="even")
    axes.set(xlim=(0, 100), ylim=(-3, 103))
    label_axes(axes, x="Words in use", x_unit="%", y="Words in training", y_unit="%")
    label_lines(axes)


# --- how often may I repeat? ----------------------------------------------------------------------


def draw_epochs(axes):
    """One budget, spent on few epochs by a large model or on many by a small one.

    Returns update(view) for a course.data.views.EpochsView.
    """
    axes.set(xlim=(1, MOST_EPOCHS), ylim=(0.95, 2.6))
    log_axis(axes.xaxis, format=_plain)
    label_axes(
        axes,
        x="Epochs over the unique text",
        x_unit="readings",
        y="Loss above the floor",
        y_unit="ratio to fresh",
    )
    fresh = moving(axes, DASHES[2], color=QUIET)
    lost = moving(axes, DASHES[1], color=ORANGE)
    curve = moving(axes, "-", color=BLUE, linewidth=2.8)
    best = moving(axes, "o", color=BLUE, markersize=11)
    words = moving_words(axes, (0, 12), ha="center", va="bottom", color=BLUE, bbox=BEHIND)
    corner = axes.text(
        0.985,
        0.97,
        "",
        transform=axes.transAxes,
        ha="right",
        va="top",
        size=11,
        animated=True,
        bbox=BEHIND,
    )
    for place, text, colour in (
        (0.97, "solid: by the law", BLUE),
        (0.90, "dashed: repeats teach nothing", ORANGE),
        (0.83, "dotted: repeats teach as fresh text", QUIET),
    ):
        axes.text(0.015, place, text, transform=axes.transAxes, color=colour, va="top", size=11)

    def update(view):
        for line, values in ((fresh, view.fresh), (lost, view.lost), (curve, view.by_law)):
            line.set_data(view.epochs, values)
        at = (view.best.epochs, view.best_ratio)
        best.set_data([at[0]], [at[1]])
        words.xy = at
        words.set_text(f"{view.best.epochs:.3g} epochs")
        corner.set_text(
            f"N = {format_count(view.best.n_params)}\n"
            f"D = {format_count(view.best.n_tokens)}\n"
            f"L = {view.best.loss:.3f} nats"
        )

    return update


# --- when does it run out? ------------------------------------------------------------------------


def draw_run_out(axes):
    """The probability that demand has reached the stock, by year.

    Returns update(view) for a course.data.views.RunOutView.
    """
    axes.set(xlim=(2024, LAST_YEAR), ylim=(0, 103), xticks=range(2025, LAST_YEAR + 1, 5))
    label_axes(axes, x="Year", x_unit="start of", y="Chance that it has run out", y_unit="%")
    early, late = VILLALOBOS_INTERVAL
    axes.plot([early, late], [50, 50], "-", color=QUIET, marker="|", markersize=10)
    axes.plot(VILLALOBOS_MEDIAN, 50, "s", color=QUIET)
    axes.text(late + 0.4, 50, "Villalobos et al., 80 %", color=QUIET, va="center")
    start = moving(axes, DASHES[1], color=ORANGE)
    curve = moving(axes, "-", color=BLUE, linewidth=2.8)
    bar = moving(axes, "-", marker="|", color=BLUE, markersize=10, linewidth=1.4)
    middle = moving(axes, "o", color=BLUE, markersize=10)
    axes.text(
        0.985,
        0.72,
        "dashed: past growth",
        transform=axes.transAxes,
        ha="right",
        color=ORANGE,
        size=11,
    )
    axes.text(
        0.985,
        0.65,
        "solid: your settings, 80 % bar",
        transform=axes.transAxes,
        ha="right",
        color=BLUE,
        size=11,
    )

    def update(view):
        start.set_data(view.years, 100 * view.as_usual)
        curve.set_data(view.years, 100 * view.probability)
        early, late = (min(year, LAST_YEAR + 1) for year in view.forecast.interval(0.80))
        bar.set_data([early, late], [44, 44])
        median = view.forecast.median_year
        middle.set_data(([median], [44]) if median < math.inf else ([], []))

    return update


def _plain(value):
    return f"{value:,g}"
