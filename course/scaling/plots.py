"""Pictures of chapter 1. Each draws on axes of course.figures.new_figure."""

import itertools
import math

import numpy as np
from matplotlib.ticker import LogLocator

from course.evidence import as_written
from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    ORANGE,
    PURPLE,
    QUIET,
    label_axes,
    label_lines,
    log_axis,
    moving,
    moving_words,
)
from course.scaling.isoflop import MOST_MODELS, VALLEY_SIZES, isoflop_losses
from course.scaling.laws import extrapolating, size_interval
from course.scaling.models import trained_models
from course.scaling.presets import (
    BESIROGLU_2024,
    HOFFMANN_2022_APPROACH_1,
    HOFFMANN_2022_APPROACH_2,
    HOFFMANN_2022_UNROUNDED,
    KAPLAN_2020,
)
from course.units import format_count, format_flop

_NATS = {"y": "Loss L", "y_unit": "nats per token"}


def draw_power_laws(three_axes):
    """Kaplan's L(N), L(D) and L(C_min) on log axes: thick where runs were, dashed beyond.

    For `new_figure(1, 3, width=9.6, height=3.6, sharey=True)`.
    """
    law = KAPLAN_2020
    panels = [
        ("Model size N", "N", "parameters", "n_params", law.loss_from_params, 1e13, law.alpha_N),
        ("Data D", "D", "tokens", "n_tokens", law.loss_from_tokens, 1e13, law.alpha_D),
        ("Compute C", "C", "FLOP", "flops", law.loss_from_compute, 1e26, law.alpha_C_min),
    ]
    for axes, (name, letter, unit, quantity, loss, upper, alpha), colour in zip(
        three_axes, panels, (BLUE, ORANGE, BLACK), strict=True
    ):
        low, high = law.fitted_range[quantity]
        with extrapolating():
            inside, beyond = np.geomspace(low, high), np.geomspace(high, upper)
            axes.plot(inside, loss(inside), "-", color=colour, linewidth=4, marker="")
            axes.plot(beyond, loss(beyond), "--", color=colour, marker="")
        axes.axvline(high, color=QUIET, linewidth=0.8, linestyle="-", marker="")
        at_top = {"y": 0.985, "transform": axes.get_xaxis_transform(), "va": "top"}
        axes.text(high, s="fitted ", ha="right", color=QUIET, size=10, **at_top)
        axes.text(high, s=" beyond", ha="left", color=QUIET, size=10, **at_top)
        axes.text(
            0.06,
            0.06,
            f"L ∝ {letter}$^{{-{alpha:.3f}}}$",
            transform=axes.transAxes,
            color=colour,
            size=14,
        )
        log_axis(axes.xaxis)
        axes.xaxis.set_major_locator(LogLocator(base=1000))
        label_axes(axes, x=name, x_unit=unit)
    three_axes[0].set_ylim(1.2, 12)
    _loss_axis(three_axes[0], [1.5, 2, 3, 5, 7, 10])
    label_axes(three_axes[0], **_NATS)


def _loss_axis(axes, ticks):
    log_axis(axes.yaxis)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])


def draw_loss_from_compute(axes):
    """Kaplan's two laws of compute, and what A §1.1 prints, with GPT-3's budget."""
    law, flops = KAPLAN_2020, np.geomspace(1e17, 1e27, 60)
    gpt3 = trained_models()["GPT-3"].reported_flops
    fixed_batch = law.loss_from_compute_fixed_batch
    lines = [
        ("Kaplan, C_min: −0.050", law.loss_from_compute, BLUE, DASHES[0], "o", 1),
        ("Kaplan, fixed batch: −0.057", fixed_batch, BLACK, DASHES[2], "^", -1),
        ("A §1.1: −0.076", as_written.compute_power_law, ORANGE, DASHES[1], "s", 1),
    ]
    axes.set(xlim=(flops[0], flops[-1]), ylim=(0.2, 5))
    with extrapolating():
        for name, loss, colour, dash, marker, side in lines:
            axes.plot(flops, loss(flops), color=colour, linestyle=dash, marker="", label=name)
            axes.plot([gpt3], [loss(gpt3)], marker, color=colour)
            axes.annotate(
                f"{loss(gpt3):.2f}",
                (gpt3, loss(gpt3)),
                xytext=(8 * side, 6 * side),
                ha="left" if side > 0 else "right",
                va="bottom" if side > 0 else "top",
                textcoords="offset points",
                color=colour,
            )
    axes.axvline(gpt3, color=QUIET, linewidth=0.8, linestyle="-", marker="")
    axes.text(gpt3, 4.8, f" GPT-3, {format_flop(gpt3)}", color=QUIET, va="top")
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format="{:g}".format)
    label_axes(axes, x="Training compute C", x_unit="FLOP", **_NATS)
    label_lines(axes)


def draw_floor(axes, law=BESIROGLU_2024, fitted=(1e18, 1e21)):
    """A pure power law fitted to losses of a law with a floor, followed six decades further.

    Returns the loss of both at 1e27 FLOP, for the words around the picture.
    """
    runs, flops = np.geomspace(*fitted, 10), np.geomspace(fitted[0], 1e27, 100)
    with extrapolating():
        best = law.loss(*law.optimum(flops))
        measured = law.loss(*law.optimum(runs))
    slope, level = np.polyfit(np.log(runs), np.log(measured), 1)
    straight = np.exp(level + slope * np.log(flops))
    axes.set(xlim=(flops[0], flops[-1]), ylim=(0.95, 4))
    axes.plot(runs, measured, "o", color=BLACK, markersize=8, label="_")
    axes.plot(flops, best, color=BLUE, linestyle="-", marker="", label="with a floor")
    axes.plot(
        flops,
        straight,
        color=ORANGE,
        linestyle="--",
        marker="",
        label=f"C$^{{{slope:.3f}}}$, no floor".replace("-", "−"),
    )
    axes.axhline(law.E, color=QUIET, linewidth=1, linestyle=(0, (2, 2)), marker="")
    axes.text(flops[0] * 2, law.E / 1.01, f"floor E = {law.E:.2f} nats", color=QUIET, va="top")
    axes.axvspan(*fitted, color="#f0f0f0", zorder=0)
    axes.text(fitted[0] * 1.3, 3.85, "fitted here", color=QUIET, va="top")
    log_axis(axes.xaxis)
    _loss_axis(axes, [1, 1.5, 2, 2.5, 3, 4])
    label_axes(axes, x="Training compute C, best used", x_unit="FLOP", **_NATS)
    label_lines(axes)
    return float(best[-1]), float(straight[-1])


# Each model of the chart, and on which side of its point its name is free of lines.
_CHART_MODELS = {
    "GPT-3": "below",
    "Gopher": "above",
    "Chinchilla": "right",
    "MT-NLG": "right",
    "PaLM": "right",
    "PaLM-2": "right",
    "LLaMA-1-7B": "left",
    "LLaMA-1-65B": "left",
    "Llama-2-70B": "above",
    "Llama-3-8B": "left",
    "Llama-3.1-405B": "left",
    "DeepSeek-V3": "above",
}
_CHART_NAMES = {"PaLM-2": "PaLM-2 (leaked)", "DeepSeek-V3": "DeepSeek-V3 (37B active)"}
_SIDES = {
    "right": {"xytext": (8, 0), "ha": "left", "va": "center"},
    "left": {"xytext": (-8, 0), "ha": "right", "va": "center"},
    "above": {"xytext": (0, 7), "ha": "center", "va": "bottom"},
    "below": {"xytext": (0, -7), "ha": "center", "va": "top"},
}


def draw_params_against_tokens(axes):
    """A §1.2's chart redrawn: real models, 20 tokens per parameter, and what each law would buy.

    Sparse models stand at their active parameters, hollow. For `new_figure(width=9, height=5.6)`.
    """
    budgets = np.geomspace(1e18, 1e29, 60)
    axes.set(xlim=(1e9, 3e12), ylim=(3e10, 5e13))
    log_axis(axes.xaxis, format=format_count)
    log_axis(axes.yaxis, format=format_count)
    label_axes(axes, x="Model size N", x_unit="parameters", y="Training data D", y_unit="tokens")
    axes.grid(False)
    sizes = np.geomspace(1e8, 1e13, 20)
    with extrapolating():
        lines = [
            ("20 tokens per parameter", sizes, 20 * sizes, "#d0d0d0", "-", 9e9, "above"),
            ("Besiroglu 2024", *BESIROGLU_2024.optimum(budgets), BLUE, DASHES[0], 8e9, "below"),
            (
                "Hoffmann 2022, Approach 3",
                *HOFFMANN_2022_UNROUNDED.optimum(budgets),
                GREEN,
                DASHES[3],
                1.3e9,
                "above",
            ),
            ("Kaplan 2020", *KAPLAN_2020.optimum(budgets), PURPLE, DASHES[2], 6e11, "above"),
            ("A §1.2 as printed", *_as_a_allocates(budgets), ORANGE, DASHES[1], 2e10, "below"),
        ]
    axes.figure.draw_without_rendering()  # the angle on paper is known once the layout is
    for name, n_params, n_tokens, colour, dash, at, side in lines:
        width = 8 if colour == "#d0d0d0" else 2.2
        axes.plot(n_params, n_tokens, color=colour, linestyle=dash, linewidth=width, marker="")
        _name_line(axes, n_params, n_tokens, name, at, side, QUIET if width == 8 else colour)
    gpt3 = trained_models()["GPT-3"]
    twenty = 20 * gpt3.n_params
    axes.annotate(
        "",
        (gpt3.n_params, twenty),
        (gpt3.n_params, gpt3.n_tokens),
        arrowprops={"arrowstyle": "->", "color": QUIET, "shrinkA": 6},
    )
    axes.text(gpt3.n_params, 1.2e12, f" {twenty / gpt3.n_tokens:.0f}×", color=QUIET)
    for name, side in _CHART_MODELS.items():
        model = trained_models()[name]
        at = (model.n_active_params, model.n_tokens)
        axes.plot(
            *at, "D" if model.sparse else "o", color=BLACK, mfc="white" if model.sparse else BLACK
        )
        axes.annotate(
            _CHART_NAMES.get(name, name),
            at,
            **_SIDES[side],
            textcoords="offset points",
            color=BLACK,
            size=10.5,
            bbox=BEHIND | {"alpha": 0.7},
        )


def _name_line(axes, x, y, text, at, side, colour):
    """Write `text` along the line (x, y), above or below it, from where x is `at`."""
    near = np.array([at, at * 1.2])
    level = np.exp(np.interp(np.log(near), np.log(x), np.log(y)))
    run, rise = np.diff(axes.transData.transform(np.column_stack([near, level])), axis=0)[0]
    angle = math.atan2(rise, run)
    up = 5 if side == "above" else -5
    axes.annotate(
        text,
        (at, level[0]),
        xytext=(-up * math.sin(angle), up * math.cos(angle)),
        textcoords="offset points",
        color=colour,
        size=10.5,
        rotation_mode="anchor",
        va="bottom" if side == "above" else "top",
        rotation=math.degrees(angle),
    )


def _as_a_allocates(flops):
    printed = as_written.optimal_allocation(flops)
    return printed["n_params"], printed["n_tokens"]


def draw_valleys(axes, law=BESIROGLU_2024, budgets=(1e19, 1e20, 1e21, 1e22, 5.76e23)):
    """IsoFLOP valleys of `law`, each with its minimum, and the line through the minima."""
    sizes = np.geomspace(1e7, 1e13, 400)
    axes.set(xlim=(sizes[0], sizes[-1]), ylim=(1.8, 4.2))
    path = np.geomspace(1e17, 1e27, 60)
    with extrapolating():
        best = law.optimum(path)
        axes.plot(best[0], law.loss(*best), color=QUIET, linestyle="-", linewidth=1, marker="")
    axes.text(
        0.99,
        0.02,
        f"{law.name}; thin line: the best at every budget",
        color=QUIET,
        size=10,
        transform=axes.transAxes,
        ha="right",
    )
    for number, flops in enumerate(budgets):
        losses = isoflop_losses(law, flops, sizes)
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(sizes, losses, linestyle=DASHES[number % len(DASHES)], marker="", color=colour)
        with extrapolating():
            n_best, d_best = law.optimum(flops)
            lowest = law.loss(n_best, d_best)
        axes.plot([n_best], [lowest], "o", color=colour)
        words = {"textcoords": "offset points", "color": colour, "bbox": BEHIND | {"alpha": 0.7}}
        axes.annotate(
            format_count(n_best), (n_best, lowest), xytext=(0, 7), va="bottom", ha="center", **words
        )
        end = np.flatnonzero(losses < 4)[-1]  # where the curve leaves the picture
        axes.annotate(
            format_flop(flops),
            (sizes[end], losses[end]),
            xytext=(-9, 2),
            va="bottom",
            ha="right",
            **words,
        )
    log_axis(axes.xaxis, format=format_count)
    label_axes(axes, x="Model size N", x_unit="parameters", **_NATS)


def draw_optimal_sizes(axes):
    """The optimal size against compute by five fits, with bands from two of the printed exponents.

    Sizes are divided by that of the 2024 refit, so that lines which differ by little are told
    apart. Bands: Approach 2, 10th to 90th percentile, and the refit, 95 %.
    """
    flops = np.geomspace(1e18, 1e27, 60)
    with extrapolating():
        reference = BESIROGLU_2024.optimum(flops)[0]
        axes.set(xlim=(flops[0], flops[-1]), ylim=(0.3, 12))
        for law, colour, dash in (
            (BESIROGLU_2024, BLUE, DASHES[0]),
            (HOFFMANN_2022_APPROACH_1, BLACK, DASHES[2]),
            (HOFFMANN_2022_APPROACH_2, ORANGE, DASHES[1]),
            (HOFFMANN_2022_UNROUNDED, GREEN, DASHES[3]),
            (KAPLAN_2020, PURPLE, DASHES[4]),
        ):
            n_params = law.optimum(flops)[0]
            name = "Hoffmann, Approach 3" if law is HOFFMANN_2022_UNROUNDED else law.name
            axes.plot(
                flops,
                n_params / reference,
                color=colour,
                linestyle=dash,
                marker="",
                label=name.replace("Hoffmann 2022,", "Hoffmann,"),
            )
            if law in (BESIROGLU_2024, HOFFMANN_2022_APPROACH_2):
                band = [end / reference for end in size_interval(law, flops)]
                axes.fill_between(flops, *band, facecolor=colour, alpha=0.1)
                for end in band:
                    axes.plot(flops, end, color=colour, linestyle=dash, linewidth=0.8, marker="")
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format="{:g}".format)
    label_axes(
        axes,
        x="Training compute C",
        x_unit="FLOP",
        y="Optimal N, Besiroglu 2024 = 1",
        y_unit="ratio",
    )
    label_lines(axes)


def draw_valley(axes):
    """The valley of one budget, its minimum, real models near it and what wrong laws would buy.

    Losses stand above the floor E on a log axis, where a valley keeps its shape at every budget.
    Returns update(view) for a course.scaling.isoflop.ValleyView.
    """
    axes.set(xlim=VALLEY_SIZES, ylim=(0.04, 4))
    log_axis(axes.xaxis, format=format_count)
    _loss_axis(axes, [0.05, 0.1, 0.2, 0.5, 1, 2])
    label_axes(
        axes, x="Model size N", x_unit="parameters", y="Loss above the floor E", y_unit="nats"
    )
    path = moving(axes, "-", color=QUIET, linewidth=1)
    second = moving(axes, "--", color=GREEN, linewidth=1.8)
    curve = moving(axes, "-", color=BLUE, linewidth=2.6)
    second_best = moving(axes, "o", color=GREEN, mfc="white", mew=2)
    models = moving(axes, "o", color=BLACK, markersize=5)
    path_name = moving_words(axes, (6, 2), va="bottom", color=QUIET, size=10)
    names = [
        moving_words(axes, (0, -6), rotation=-45, rotation_mode="anchor", va="top", size=10)
        for _ in range(MOST_MODELS)
    ]
    points = {}  # what is bought: its point, its name beside it, its numbers in a corner
    for rank, (name, marker, colour, at, place) in enumerate(
        (
            ("optimum", "o", BLUE, (0, 6), {"ha": "center", "va": "bottom"}),
            ("Kaplan", "^", PURPLE, (9, -6), {"va": "center"}),
            ("A §1.2", "s", ORANGE, (0, 8), {"ha": "center", "va": "bottom"}),
        )
    ):
        low = 0.15 - 0.055 * rank
        axes.plot(0.02, low, marker, color=colour, transform=axes.transAxes)
        points[name] = (
            moving(axes, marker, color=colour, markersize=11),
            moving_words(axes, at, color=colour, **place),
            axes.text(
                0.04,
                low,
                "",
                color=colour,
                size=10.5,
                va="center",
                animated=True,
                transform=axes.transAxes,
            ),
        )
    corner = {"transform": axes.transAxes, "ha": "right", "va": "top", "animated": True}
    title = axes.text(0.99, 0.99, "", color=BLUE, **corner)
    second_title = axes.text(0.99, 0.92, "", color=GREEN, **corner)

    def update(view):
        floor = view.law.E
        path.set_data(view.path_sizes, view.path_losses - floor)
        path_name.xy = (view.path_sizes[0], view.path_losses[0] - floor)
        path_name.set_text("the best at every budget")
        curve.set_data(view.n_params, view.losses - floor)
        title.set_text(f"── {view.law.name}, {format_flop(view.flops)}")
        for name, (point, text, numbers) in points.items():
            bought = view.bought[name]
            text.xy = (bought.n_params, bought.loss - floor)
            text.set_text(name)
            point.set_data(*np.transpose([text.xy]))
            numbers.set_text(
                f"{format_count(bought.n_params)} on {format_count(bought.n_tokens)} tokens: "
                f"{bought.loss:.3f} nats"
            )
        places = [(model.n_params, model.loss - floor) for model in view.models]
        models.set_data(*np.reshape(places, (-1, 2)).T)
        for text, model, place in itertools.zip_longest(names, view.models, places):
            text.set_text(model.name if model else "")
            text.xy = place or text.xy
        if view.second is None:
            second.set_data([], [])
            second_best.set_data([], [])
            second_title.set_text("")
        else:
            best, floor = view.second_best, view.second.E
            second.set_data(view.n_params, view.second_losses - floor)
            second_best.set_data([best.n_params], [best.loss - floor])
            second_title.set_text(f"- - {view.second.name}, {format_count(best.n_params)}")

    return update


GROWTH = (1e-2, 1e6)


def draw_product_or_sum(axes):
    """Sum, product and ratio fitted left of the line, and followed to the right of it.

    Returns update(result) for a course.scaling.products.ProductOrSum.
    """
    axes.set(xlim=GROWTH, ylim=(0.3, 14))
    log_axis(axes.xaxis)
    _loss_axis(axes, [0.3, 0.5, 1, 2, 3, 5, 10])
    label_axes(axes, x="Size of a run beside the largest fitted one", x_unit="ratio", **_NATS)
    axes.axvspan(GROWTH[0], 1, color="#f0f0f0", zorder=0)
    axes.text(0.012, 12.5, "fitted here", color=QUIET, va="top")
    axes.text(1.3, 12.5, "followed beyond", color=QUIET, va="top")
    floor = moving(axes, (0, (2, 2)), color=QUIET, linewidth=1)
    floor_name = moving_words(axes, (4, -3), color=QUIET, size=10, va="top")
    reach = moving(axes, "-", color=QUIET, linewidth=1)
    truth = moving(axes, "-", color="#b0b0b0", linewidth=6)
    points = moving(axes, "o", color=BLACK, markersize=7, zorder=4)
    curves = {  # the line, and where its name stands from the line of `reach`
        "ratio": (
            moving(axes, DASHES[2], color=PURPLE),
            moving_words(axes, (-6, 3), ha="right", va="bottom", color=PURPLE),
        ),
        "product": (
            moving(axes, DASHES[1], color=ORANGE),
            moving_words(axes, (-6, -3), ha="right", va="top", color=ORANGE),
        ),
        "sum": (
            moving(axes, "-", color=BLUE),
            moving_words(axes, (6, 3), va="bottom", color=BLUE, bbox=BEHIND | {"alpha": 0.7}),
        ),
    }

    def update(result):
        for name, (line, text) in curves.items():
            line.set_data(result.growth, result.losses[name])
            text.xy = (result.reach, result.at_reach[name])
            also = f", truth {result.at_reach['truth']:.2f}" if name == "sum" else ""
            text.set_text(f"{name} {result.at_reach[name]:.2f}{also}")
        truth.set_data(result.growth, result.losses["truth"])
        points.set_data(result.fitted_growth, result.fitted_losses)
        floor.set_data(GROWTH, [result.law.E, result.law.E])
        floor_name.xy = (GROWTH[0], result.law.E)
        floor_name.set_text(f"true floor {result.law.E:.2f}")
        reach.set_data([result.reach, result.reach], axes.get_ylim())

    return update
