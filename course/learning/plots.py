"""Pictures of chapter 8. Each draws on axes of course.figures.new_figure."""

import numpy as np

from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
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
    moving_words,
)
from course.learning.descent import HOUSES, loss
from course.learning.noise import fit_critical_batch
from course.learning.views import STEPS

_LOOKS = (BLUE, ORANGE, GREEN)


def draw_valley(many, paths):
    """The loss of the houses over both parameters, unscaled and standardised, with paths on it.

    Args:
        many: two axes.
        paths: two pairs (x as used, Descent).
    """
    titles = ("x in square metres", "x standardised")
    for axes, (x, descent), title in zip(many, paths, titles, strict=True):
        y = HOUSES[1]
        best = np.polyfit(x, y, 1)[::-1]
        reach = 1.25 * np.abs(descent.path - best).max(axis=0)
        reach = np.maximum(reach, 0.3 * reach.max() if title == titles[1] else 1e-9)
        t0, t1 = (np.linspace(b - r, b + r, 121) for b, r in zip(best, reach, strict=True))
        theta = np.stack(np.meshgrid(t0, t1), axis=-1)
        heights = np.log10(loss(theta, x, y) + 1e-3)
        axes.contour(t0, t1, heights, levels=12, colors=QUIET, linewidths=0.8, linestyles="-")
        axes.plot(*descent.path.T, color=BLUE, marker="o", markersize=3.5, linestyle="-")
        axes.plot(*best, color=ORANGE, marker="*", markersize=14, linestyle="none")
        axes.set(title=title)
        axes.grid(visible=False)
        label_axes(
            axes, x="Intercept θ₀", x_unit="price", y="Slope θ₁", y_unit="price per unit of x"
        )


def draw_divergence(axes, descents):
    """Loss against steps; `descents`: {name: Descent}."""
    for (name, descent), colour, dash in zip(descents.items(), _LOOKS, DASHES, strict=False):
        finite = descent.losses < 1e70  # beyond the axis
        steps = np.arange(len(descent.losses))[finite]
        axes.plot(
            steps, descent.losses[finite], color=colour, linestyle=dash, marker="", label=name
        )
    axes.set(xlim=(0, 75))
    axes.set_yscale("log")
    axes.set_ylim(1e-2, 1e60)
    label_axes(axes, x="Step", x_unit="updates", y="Mean squared error", y_unit="price squared")
    label_lines(axes)


def draw_vanishing(axes, depths, shares):
    """First layer's gradient over the last one's, against depth; `shares` as of vanishing_view."""
    for (f, share), colour, marker in zip(shares.items(), _LOOKS, MARKERS[:3], strict=True):
        axes.plot(depths, share, color=colour, marker=marker, linestyle="-", label=f)
    axes.set(xlim=(1.8, 36))
    log_axis(axes.xaxis, format="{:g}".format)
    axes.set_xticks(depths)
    axes.set_yscale("log")
    label_axes(
        axes, x="Hidden layers", x_unit="number", y="Gradient, first over last", y_unit="ratio"
    )
    label_lines(axes)


def draw_remedies(axes, remedies):
    """Loss of each remedy less that of doing nothing, with 95 %; `remedies`: a study.Remedies."""
    rows = [one for one in remedies.remedies if one.gain is not None][::-1]
    for y, one in enumerate(rows):
        gain = one.gain.difference
        colour = QUIET if not one.gain.told_apart else BLUE if gain.value > 0 else ORANGE
        ends = [-gain.high, -gain.low]
        axes.plot(ends, [y, y], color=colour, linestyle="-", marker="|", linewidth=2)
        axes.plot([-gain.value], [y], color=colour, marker="o", linestyle="none")
        axes.annotate(
            f"{one.accuracy.value:.1%} right",
            (1.02, y),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=10,
        )
    axes.axvline(0, color=BLACK, linewidth=1)
    axes.set_yticks(range(len(rows)), [one.name for one in rows])
    label_axes(axes, x="Test loss less that of doing nothing", x_unit="nats, below 0 is better")


def draw_searches(axes, searches):
    """Lowest error found against tries, mean and 95 %; `searches`: a study.Searches."""
    methods = sorted({method for method, _ in searches.best})
    budgets = sorted({budget for _, budget in searches.best})
    for place, (method, colour, marker) in enumerate(
        zip(methods, _LOOKS, MARKERS[:3], strict=True)
    ):
        means = [searches.mean(method, budget) for budget in budgets]
        x = np.array(budgets) * 1.03 ** (place - 1)
        values = 100 * np.array([m.value for m in means])
        spread = 100 * np.array([[m.value - m.low, m.high - m.value] for m in means]).T
        axes.errorbar(x, values, spread, color=colour, linestyle="none", capsize=3)
        axes.plot(x, values, color=colour, marker=marker, linestyle=DASHES[place], label=method)
    axes.axhline(100 * searches.lowest, color=QUIET, linestyle=DASHES[2], linewidth=1.2)
    axes.annotate(
        "lowest of the surface", (7, 100 * searches.lowest), color=QUIET, va="bottom", bbox=BEHIND
    )
    axes.set(xlim=(6.5, 78))
    log_axis(axes.xaxis, format="{:g}".format)
    axes.set_xticks(budgets, [f"{b:g}" for b in budgets])
    axes.minorticks_off()
    label_axes(axes, x="Tries", x_unit="models", y="Lowest error found", y_unit="%")
    label_lines(axes)


def draw_edge(axes, view):
    """Sharpness against steps, with 2 over each rate; `view`: a views.EdgeView."""
    for rate, values, colour, marker in zip(
        view.rates, view.sharpness, (BLUE, ORANGE, PURPLE), MARKERS[:3], strict=True
    ):
        axes.plot(view.steps, values, color=colour, marker=marker, linestyle="-", markersize=4)
        axes.axhline(2 / rate, color=colour, linestyle=DASHES[1], linewidth=1.2)
        axes.annotate(
            f"2 / {rate:g}",
            (view.steps[-1], 2 / rate),
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )
    axes.set(xlim=(0, view.steps[-1]), ylim=(1.5, 3.6))
    label_axes(axes, x="Step", x_unit="updates", y="Sharpness", y_unit="largest eigenvalue")


def draw_batches(axes, study):
    """Steps and images to one loss against the batch; `study`: a study.BatchStudy."""
    steps = np.exp(np.log(study.steps).mean(axis=1))
    least = fit_critical_batch(study.batches, steps)[1]
    law = least * (1 + study.critical.value / study.batches)
    axes.plot(study.batches, law, color=QUIET, linestyle=DASHES[1], marker="")
    axes.plot(study.batches, steps, color=BLUE, marker="o", linestyle="none")
    images = steps * study.batches
    axes.plot(study.batches, images, color=ORANGE, marker="s", linestyle="none")
    axes.axvspan(study.scale.low, study.scale.high, color=GREEN, alpha=0.25, linewidth=0)
    log_axis(axes.xaxis, format="{:g}".format)
    log_axis(axes.yaxis, format="{:,.0f}".format)
    for words, x, y, colour, side in (
        ("steps", study.batches[0], steps[0], BLUE, "left"),
        ("images read", study.batches[-2], images[-2], ORANGE, "right"),
        ("noise scale", study.scale.low, axes.get_ylim()[0], GREEN, "right"),
    ):
        shift = (8 if side == "left" else -6, 6)
        axes.annotate(
            words, (x, y), xytext=shift, textcoords="offset points", color=colour, ha=side
        )
    label_axes(axes, x="Batch", x_unit="images", y="To reach one loss", y_unit="steps, or images")


def draw_loop(axes):
    """What training is: a circle of four stations, and validation beside it (D §2.3 redrawn)."""
    places = {"forward": (0, 1), "loss": (1, 1), "gradients": (1, 0), "update": (0, 0)}
    words = {
        "forward": "forward\nbatch → outputs",
        "loss": "loss\noutputs, labels → a number",
        "gradients": "backward\nloss → a gradient\nfor each parameter",
        "update": "update\noptimiser, learning rate",
    }
    for name, place in places.items():
        axes.annotate(
            words[name],
            place,
            ha="center",
            va="center",
            color=BLUE,
            bbox={"boxstyle": "round,pad=0.5", "fc": "white", "ec": BLUE},
        )
    for end, start in (
        ((0.5, 1), (0.33, 1)),
        ((1, 0.3), (1, 0.83)),
        ((0.4, 0), (0.66, 0)),
        ((0, 0.84), (0, 0.17)),
    ):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": BLACK, "lw": 1.6})
    axes.annotate("", (-0.34, 1), (-0.66, 1), arrowprops={"arrowstyle": "-|>", "color": QUIET})
    axes.annotate("new batch", (-0.7, 1), ha="right", va="center", color=QUIET)
    axes.annotate("", (-0.66, 0), (-0.42, 0), arrowprops={"arrowstyle": "-|>", "color": ORANGE})
    words = "now and then:\nvalidation. Stop?"
    axes.annotate(words, (-0.7, 0), ha="right", va="center", color=ORANGE)
    axes.set(xlim=(-1.25, 1.55), ylim=(-0.3, 1.3))
    axes.axis("off")


def draw_convergence(axes):
    """The explorer's picture: the two directions of the bowl step by step; returns its update."""
    axes.set(xlim=(0, STEPS), ylim=(1e-6, 1e6))
    axes.set_yscale("log")
    axes.axhline(1, color=QUIET, linewidth=1)
    label_axes(
        axes, x="Step", x_unit="updates", y="Distance from the minimum", y_unit="of the start"
    )
    steep = moving(axes, DASHES[0], color=ORANGE)
    flat = moving(axes, DASHES[1], color=BLUE)
    words = [
        moving_words(axes, (-6, 8), color=ORANGE, ha="right"),
        moving_words(axes, (-6, 8), color=BLUE, ha="right"),
    ]

    def update(view):
        steps = np.arange(len(view.errors))
        pairs = ((steep, 0, "across the valley"), (flat, 1, "along the valley"))
        for (line, column, name), word in zip(pairs, words, strict=True):
            sizes = np.clip(np.abs(view.errors[:, column]), 1e-7, 1e7)
            line.set_data(steps, sizes)
            word.xy = (STEPS * (0.98 if column else 0.6), np.clip(sizes[-1], 3e-6, 2e5))
            word.set_text(name)

    return update
