"""Pictures of the lab: measure your own law. Each draws on axes of course.figures.new_figure."""

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from course.evidence import fact
from course.experiments import flawed_studies, study
from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    MARKERS,
    ORANGE,
    PURPLE,
    QUIET,
    label_axes,
    label_lines,
    log_axis,
    moving,
)
from course.units import format_count, format_flop

_NATS = {"y": "Held-out loss L", "y_unit": "nats per byte"}
_COMPUTE = {"x": "Training compute C", "x_unit": "FLOP"}
_SIZE = {"x": "Model size N, with the head", "x_unit": "parameters"}


def _loss_axis(axes, low, high):
    log_axis(axes.yaxis)
    step = 0.2 if high / low < 3 else 0.5
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    axes.set(ylim=(low, high))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticks(ticks, [f"{tick:.1f}" for tick in ticks])


def draw_frontier(axes, fit, mine, three_seeds):
    """The fleet's L*(C), extended, with runs of one's own and the fleet's three seeds of the same.

    `fit` is a FrontierFit of the fleet, `mine` and `three_seeds` rows.
    """
    points = [(row["flops"], row["loss"]) for row in (*mine, *three_seeds)]
    low, high = min(c for c, _ in points) / 1.6, fit.losses.x.max() * 2
    axes.set(xlim=(low, high))
    log_axis(axes.xaxis)
    _loss_axis(axes, 0.93 * fit.losses.y.min(), 1.07 * max(loss for _, loss in points))
    inside = np.geomspace(fit.losses.x.min(), fit.losses.x.max(), 19)
    axes.plot(inside, fit.losses.predict(inside), "-", color=BLUE, marker="")
    for ends in ((low, inside[0]), (inside[-1], high)):
        axes.plot(ends, fit.losses.predict(np.array(ends)), "--", color=BLUE, marker="")
    axes.plot(fit.losses.x, fit.losses.y, "o", color=BLUE, markersize=8)
    axes.plot(
        *np.transpose([(row["flops"], row["loss"]) for row in three_seeds]),
        "s",
        mfc="none",
        color=ORANGE,
        markersize=9,
    )
    axes.plot(
        *np.transpose([(row["flops"], row["loss"]) for row in mine]), "D", color=BLACK, markersize=6
    )
    legend = (
        ("o", BLUE, BLUE, "the bottom of the fleet's valleys, and the line through them"),
        ("s", ORANGE, "none", "these three models, trained for the fleet with three seeds"),
        ("D", BLACK, BLACK, "the same, trained just now"),
    )
    for rank, (marker, colour, face, words) in enumerate(legend):
        y = 0.2 - 0.07 * rank
        axes.plot(0.03, y, marker, color=colour, mfc=face, transform=axes.transAxes)
        axes.text(
            0.055,
            y,
            words,
            color=colour,
            size=10.5,
            va="center",
            transform=axes.transAxes,
            bbox=BEHIND,
        )
    label_axes(axes, **_COMPUTE, **_NATS)


def draw_valleys(axes, rows):
    """Loss against size for each budget: every run, the parabola, its lowest point."""
    fit = study.frontier(rows)
    sizes = np.array([row["n_with_head"] for row in rows], dtype=float)
    axes.set(xlim=(0.75 * sizes.min(), 2.3 * sizes.max()))
    log_axis(axes.xaxis, format=format_count)
    losses = [row["loss"] for row in rows]
    _loss_axis(axes, 0.93 * min(losses), 1.05 * max(losses))
    axes.plot(fit.sizes.y, fit.losses.y, color=QUIET, linestyle="-", linewidth=1, marker="")
    for rank, flops in enumerate(study.budgets_of(rows)):
        runs = study.runs_of([row for row in rows if study.budget_of(row) == flops])
        look = {"color": COLOURS[rank % 5]}
        parabola = np.polyfit(np.log(runs.n_params), runs.loss, 2)
        along = np.geomspace(runs.n_params.min(), runs.n_params.max(), 100)
        axes.plot(
            along,
            np.polyval(parabola, np.log(along)),
            linestyle=DASHES[rank % 5],
            marker="",
            linewidth=1.8,
            **look,
        )
        axes.plot(runs.n_params, runs.loss, MARKERS[rank % 5], markersize=5.5, mfc="white", **look)
        best = fit.sizes.y[rank], fit.losses.y[rank]
        axes.plot(*best, "*", markersize=16, mec="white", **look)
        words = {"textcoords": "offset points", **look}
        axes.annotate(
            format_count(float(best[0])),
            best,
            xytext=(0, -11),
            va="top",
            ha="center",
            bbox=BEHIND | {"alpha": 0.8},
            **words,
        )
        axes.annotate(
            format_flop(flops),
            (along[-1], np.polyval(parabola, np.log(along[-1]))),
            xytext=(9, 0),
            va="center",
            **words,
        )
    label_axes(axes, **_SIZE, **_NATS)


def draw_rates(axes, studies):
    """Loss above that of the rule against the factor on both learning rates, for RateStudies."""
    for rank, one in enumerate(studies):
        axes.plot(
            one.factors,
            one.excess,
            color=COLOURS[rank % 5],
            linestyle=DASHES[rank % 5],
            marker=MARKERS[rank % 5],
            label=f"width {one.d_model}",
        )
    axes.axvline(1, color=QUIET, linewidth=0.8, linestyle="-", marker="")
    axes.axhline(0, color=QUIET, linewidth=0.8, linestyle="-", marker="")
    axes.set(xscale="log", xlim=(0.23, 4.4))
    axes.xaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda factor, _: f"{factor:g}"))
    axes.text(1.03, 0.98, "the rule", color=QUIET, va="top", transform=axes.get_xaxis_transform())
    label_axes(
        axes,
        x="Learning rates, those of the rule = 1",
        x_unit="ratio",
        y="Loss above the rule's",
        y_unit="%",
    )
    label_lines(axes)


def draw_sizes(axes, comparison):
    """The best size against compute by the fits of a FitComparison, each with its exponent."""
    for rank, (name, boot) in enumerate(comparison.fits.items()):
        sizes = boot.fit.sizes
        look = {"color": COLOURS[rank], "marker": MARKERS[rank]}
        along = np.geomspace(sizes.x.min() / 1.3, sizes.x.max() * 1.3, 10)
        axes.plot(sizes.x, sizes.y, linestyle="", **look)
        axes.plot(
            along,
            sizes.predict(along),
            color=COLOURS[rank],
            linestyle=DASHES[rank],
            marker="",
            label=f"{name}: C$^{{{sizes.exponent:.2f}}}$",
        )
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format=format_count)
    label_axes(axes, **_COMPUTE, y="Best model size N*", y_unit="parameters")
    label_lines(axes)


def published_exponents():
    """The exponents of N*(C) that ours is held against: name -> value."""
    return {
        "Hoffmann 2022": fact("hoffmann.approach2.a").value,
        "Kaplan 2020": fact("kaplan.optimal_exponents").value["n_params"],
    }


def draw_exponent(axes, boot):
    """The histogram of the exponent a over resamples, with its interval and published values."""
    low, high = boot.intervals["a"]
    axes.hist(boot.samples.estimates["a"], bins=24, color="#c8d8ea", edgecolor=BLUE)
    top = axes.get_ylim()[1]
    axes.plot([low, high], [1.1 * top] * 2, color=BLUE, linestyle="-", linewidth=4, marker="|")
    axes.text(
        (low + high) / 2,
        1.15 * top,
        f"95 %: {low:.3f} to {high:.3f}",
        color=BLUE,
        ha="center",
        va="bottom",
        bbox=BEHIND,
    )
    for (name, value), colour, dash in zip(
        published_exponents().items(), (ORANGE, PURPLE), DASHES[1:3], strict=True
    ):
        axes.axvline(value, color=colour, linestyle=dash, marker="")
        axes.text(
            value,
            1.48 * top,
            f"{name}: {value:.2f}",
            color=colour,
            bbox=BEHIND,
            va="top",
            ha="right" if value > high else "center",
        )
    axes.set(ylim=(0, 1.5 * top))
    label_axes(
        axes,
        x="Exponent a of the best size, N* = k · C^a",
        x_unit="ratio",
        y="Resamples",
        y_unit="number",
    )


# --- moving pictures ------------------------------------------------------------------------------


def draw_forecast(axes):
    """L*(C) from the smallest budgets with its band, what the largest showed, and the exponent a.

    Returns update(result) for a forecasts.Forecast.
    """
    rows = study.measured("isoflop")
    whole = study.frontier(study.measured("isoflop"))
    budgets, largest = study.budgets_of(rows), study.budgets_of(rows)[-1]
    axes.set(xlim=(budgets[0] / 1.6, largest * 1.8))
    log_axis(axes.xaxis)
    _loss_axis(axes, 0.8 * min(row["loss"] for row in rows), 1.1 * whole.losses.y.max())
    label_axes(axes, **_COMPUTE, **_NATS)
    below = whole.losses.x < 0.9 * largest
    axes.plot(whole.losses.x[below], whole.losses.y[below], "o", mfc="white", color=QUIET)
    band = [moving(axes, DASHES[2], color=BLUE, linewidth=1.4) for _ in range(2)]
    line = moving(axes, "-", color=BLUE)
    used = moving(axes, "o", color=BLUE, markersize=8)
    held = moving(axes, "x", color=ORANGE, markersize=7, mew=1.8)
    best = moving(axes, "*", color=ORANGE, markersize=15)
    words = axes.text(
        0.985,
        0.97,
        "",
        transform=axes.transAxes,
        ha="right",
        va="top",
        animated=True,
        linespacing=1.5,
    )
    inset = axes.inset_axes([0.07, 0.14, 0.4, 0.26])
    inset.set(xlim=(0.2, 0.9), ylim=(0, 1.15), yticks=[])
    inset.tick_params(labelsize=9)
    inset.grid(False)
    names = ", ".join(
        f"{name.split()[0]} {value:.2f}" for name, value in published_exponents().items()
    )
    inset.set_title(f"exponent a ({names})", size=10, loc="left", pad=3)
    for value, colour, dash in zip(
        published_exponents().values(), (ORANGE, PURPLE), DASHES[1:3], strict=True
    ):
        inset.axvline(value, color=colour, linestyle=dash, marker="", linewidth=1.4)
    shape = moving(inset, "-", color=BLUE, linewidth=1.6)
    edges = np.linspace(0.2, 0.9, 57)

    def update(result):
        fit = result.boot.fit
        for edge, values in zip(band, (result.low, result.high), strict=True):
            edge.set_data(result.flops, values)
        line.set_data(result.flops, result.losses)
        used.set_data(fit.losses.x, fit.losses.y)
        held.set_data(np.full(len(result.held), result.target), result.held)
        best.set_data([result.target], [result.observed])
        low, high = result.boot.intervals["a"]
        words.set_text(
            f"forecast {result.predicted:.3f}, measured {result.observed:.3f}: "
            f"{result.error:+.1%}\na = {fit.sizes.exponent:.2f}, 95 %: {low:.2f} to {high:.2f}"
        )
        counts = np.histogram(np.clip(result.boot.samples.estimates["a"], 0.2, 0.9), edges)[0]
        shape.set_data(np.repeat(edges, 2)[1:-1], np.repeat(counts / counts.max(), 2))

    return update


def draw_flawed_study(axes):
    """The best size against compute in a flawed study and in our best one, with published slopes.

    Returns update(result) for a flawed_studies.FlawedStudy.
    """
    best = flawed_studies.best_study()
    budgets, sizes = best.fit.sizes.x, best.fit.sizes.y
    axes.set(xlim=(budgets[0] / 2, budgets[-1] * 2), ylim=(sizes.min() / 3.5, sizes.max() * 3.5))
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format=format_count)
    label_axes(axes, **_COMPUTE, y="Best model size N*", y_unit="parameters")
    along = np.array([budgets[0] / 1.7, budgets[-1] * 1.7])
    axes.plot(
        along, best.fit.sizes.predict(along), color="#b0b0b0", linestyle="-", linewidth=6, marker=""
    )
    axes.plot(0.03, 0.95, "s", color="#b0b0b0", markersize=9, transform=axes.transAxes)
    low, high = best.intervals["a"]
    axes.text(
        0.055,
        0.95,
        f"our best study: a = {best.fit.sizes.exponent:.2f} ({low:.2f} to {high:.2f})",
        color=QUIET,
        va="center",
        transform=axes.transAxes,
    )
    slopes = {
        name: (
            moving(axes, dash, color=colour, linewidth=1.4),
            value,
            axes.annotate(
                "",
                (1, 1),
                xytext=(4, 0),
                textcoords="offset points",
                size=10,
                color=colour,
                va="center",
                ha="right",
                animated=True,
                bbox=BEHIND,
            ),
        )
        for (name, value), colour, dash in zip(
            published_exponents().items(), (GREEN, PURPLE), DASHES[2:4], strict=True
        )
    }
    line = moving(axes, "--", color=ORANGE, linewidth=2.6)
    points = moving(axes, "o", color=ORANGE, markersize=9)
    axes.plot(0.03, 0.88, "o", color=ORANGE, markersize=9, transform=axes.transAxes)
    words = axes.text(
        0.055, 0.88, "", color=ORANGE, va="center", transform=axes.transAxes, animated=True
    )

    def update(result):
        fit = result.fit.sizes
        points.set_data(fit.x, fit.y)
        line.set_data(along, fit.predict(along))
        middle = np.exp(np.log(fit.x).mean()), np.exp(np.log(fit.y).mean())
        for name, (slope, value, name_text) in slopes.items():
            sizes = middle[1] * (along / middle[0]) ** value
            slope.set_data(along, sizes)
            name_text.set_text(f"{name}: {value:.2f}")
            name_text.xy = along[1], sizes[1]
        interval = "no interval"
        if result.interval is not None:
            interval = "{:.2f} to {:.2f}".format(*result.interval)
        words.set_text(f"yours: a = {fit.exponent:.2f} ({interval})")

    return update
