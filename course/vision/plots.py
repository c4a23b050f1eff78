"""Pictures of chapter 9. Each draws on axes of course.figures.new_figure."""

import numpy as np

from course.figures import (
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
from course.units import format_bytes

_LOOKS = ((BLUE, DASHES[0], MARKERS[0]), (ORANGE, DASHES[1], MARKERS[1]), (PURPLE, DASHES[3], "^"))


def draw_digits(axes, images, labels):
    """A row of digits with their labels; images (n, 1, 8, 8)."""
    row = np.concatenate([np.pad(np.asarray(i)[0], 1) for i in images], axis=1)
    axes.imshow(row, cmap="Greys")
    axes.set_xticks([10 * k + 4.5 for k in range(len(images))], [str(int(k)) for k in labels])
    axes.set_yticks([])
    axes.grid(visible=False)


def draw_law(axes, law):
    """Test error against training images, for each width; `law`: a study.PictureLaw."""
    for (width, errors), (colour, dash, marker) in zip(law.errors.items(), _LOOKS, strict=True):
        axes.plot(
            np.repeat(law.sizes, errors.shape[1]),
            100 * np.maximum(errors, 5e-4).ravel(),
            color=colour,
            marker=".",
            markersize=4,
            linestyle="none",
            alpha=0.5,
        )
        axes.plot(
            law.sizes,
            100 * law.mean(width),
            color=colour,
            linestyle=dash,
            marker=marker,
            label=f"width {width}",
        )
    log_axis(axes.xaxis, format="{:,.0f}".format)
    log_axis(axes.yaxis, format="{:g}".format)
    label_axes(axes, x="Training images", x_unit="number", y="Test error", y_unit="%")
    label_lines(axes)


def draw_depth(axes, found):
    """Test error with and without shortcuts against depth; `found`: a study.Pairs."""
    for (kind, name), (colour, dash, marker) in zip(
        (("residual", "with shortcuts"), ("no shortcut", "without")), _LOOKS, strict=False
    ):
        depths = sorted({n for k, n in found.means if k == kind})
        cells = [found.means[kind, n] for n in depths]
        values = 100 * np.array([1 - c.value for c in cells])
        spread = 100 * np.array([[c.high - c.value, c.value - c.low] for c in cells]).T
        axes.errorbar(depths, values, spread, color=colour, linestyle="none", capsize=3)
        axes.plot(depths, values, color=colour, linestyle=dash, marker=marker, label=name)
    axes.set(xlim=(0, 11), ylim=(0, None))
    axes.set_xticks(depths)
    label_axes(axes, x="Blocks in a stage", x_unit="number", y="Test error", y_unit="%")
    label_lines(axes)


def draw_goodput(axes, intervals, share, simulated, best, between_s):
    """The share of time that is kept work, against the interval between saves.

    Args:
        axes: to draw on.
        intervals: seconds, (n,).
        share: by formula, (n,).
        simulated: {seconds: shares of made-up runs}.
        best: Young's interval, s.
        between_s: mean time between interruptions, s.
    """
    axes.plot(intervals / 60, 100 * share, color=BLUE, marker="", linestyle="-")
    for interval, shares in simulated.items():
        axes.plot(
            [interval / 60] * len(shares),
            100 * np.array(shares),
            color=ORANGE,
            marker=".",
            linestyle="none",
        )
    axes.axvline(best / 60, color=GREEN, linestyle=DASHES[1])
    axes.axvline(between_s / 60, color=QUIET, linestyle=DASHES[2])
    axes.annotate("Young's rule ", (best / 60, 22), color=GREEN, ha="right")
    axes.annotate(" one interruption", (between_s / 60, 22), color=QUIET)
    axes.set(ylim=(0, 100))
    log_axis(axes.xaxis, format="{:g}".format)
    label_axes(
        axes, x="Work between saves", x_unit="minutes", y="Time that is kept work", y_unit="%"
    )


def draw_memory(axes):
    """The explorer's picture: what one device keeps, part by part; returns its update."""
    names = ("weights", "gradients", "optimiser", "activations", "all of it")
    axes.set(xlim=(1e7, 1e13), ylim=(-0.6, 4.6))
    axes.set_yticks(range(5), names[::-1])
    log_axis(axes.xaxis, format=format_bytes)
    axes.grid(axis="y", visible=False)
    label_axes(axes, x="Memory of one device", x_unit="bytes")
    bars = [
        moving(axes, "-", color=colour, linewidth=14, solid_capstyle="butt")
        for colour in (BLUE, ORANGE, GREEN, PURPLE, BLACK)
    ]
    limit = moving(axes, DASHES[1], color=QUIET)
    words = [moving_words(axes, (6, -4)) for _ in names]
    of_limit = moving_words(axes, (-4, 0), color=QUIET, ha="right")

    def update(view):
        m = view.memory
        parts = (m.weights, m.gradients, m.optimiser, m.activations, m.total)
        for row, (bar, word, part) in enumerate(zip(bars, words, parts, strict=True)):
            y = 4 - row
            bar.set_data([1e7, max(part, 1.01e7)], [y, y])
            word.xy = (min(max(part, 1.01e7), 2e11), y + 0.28)
            word.set_text(format_bytes(part))
        limit.set_data([view.chip_bytes] * 2, [-0.6, 4.6])
        of_limit.xy = (view.chip_bytes, 4.45)
        of_limit.set_text("an H100")

    return update
