"""Pictures of chapter 10. Each draws on axes of course.figures.new_figure."""

from course.compression import study
from course.compression.views import FAMILIES
from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    MARKERS,
    ORANGE,
    QUIET,
    label_axes,
    log_axis,
    moving,
    moving_words,
)
from course.units import format_bytes

SHOWN = (
    "int, a scale for each row",
    "smallest to zero",
    "whole units dropped",
    "low rank",
    "student, alone",
)


def draw_methods(axes):
    """Accuracy against bytes of the file, a line for each of five methods, with 95 % intervals."""
    measured = study.methods()
    axes.axhline(100 * measured.trained.accuracy.value, color=QUIET, linewidth=1, marker="")
    for name, colour, dash, marker in zip(SHOWN, COLOURS, DASHES, MARKERS, strict=True):
        curve = measured.settings(name)
        accuracy = [one.accuracy for one in curve]
        axes.errorbar(
            [one.bytes for one in curve],
            [100 * a.value for a in accuracy],
            yerr=[
                [100 * (a.value - a.low) for a in accuracy],
                [100 * (a.high - a.value) for a in accuracy],
            ],
            color=colour,
            linestyle=dash,
            marker=marker,
            capsize=3,
            label=name,
        )
    _file_axes(axes)
    axes.legend(loc="lower right", fontsize=10)


def _file_axes(axes):
    axes.set(xlim=(2e3, 1.6e6), ylim=(0, 103))
    log_axis(axes.xaxis, format=format_bytes)
    label_axes(axes, x="File", x_unit="bytes", y="Test accuracy", y_unit="%")


def draw_times(axes):
    """Time of each form as a multiple of the network as trained, at batch 1 and 32."""
    ratios = study.times()
    names = list(dict.fromkeys(form for form, _ in ratios))[::-1]
    for batch, colour, marker in ((1, BLUE, "o"), (32, ORANGE, "s")):
        axes.plot(
            [ratios[name, batch] for name in names],
            range(len(names)),
            color=colour,
            marker=marker,
            linestyle="none",
            label=f"batch {batch}",
        )
    axes.axvline(1, color=QUIET, linewidth=1, marker="")
    axes.set_yticks(range(len(names)), names)
    log_axis(axes.xaxis, format=lambda value: f"{value:g}")
    label_axes(axes, x="Time", x_unit="times the network as trained")
    axes.legend(loc="lower right")


def draw_brittleness(many):
    """Rise of the loss by rounding against bytes read per parameter; an axes for each width."""
    for axes, (width, found) in zip(many, study.brittleness().items(), strict=True):
        for bits, colour, dash, marker in zip((2, 3, 4), COLOURS, DASHES, MARKERS, strict=False):
            rise = found.rise[bits]
            axes.errorbar(
                found.bytes_per_param,
                rise.value,
                yerr=[rise.value - rise.low, rise.high - rise.value],
                color=colour,
                linestyle=dash,
                marker=marker,
                capsize=3,
                label=f"{bits} bits",
            )
            axes.annotate(
                f"{bits} bits",
                (found.bytes_per_param[-1], rise.value[-1]),
                xytext=(-6, 10),
                textcoords="offset points",
                ha="right",
                color=colour,
            )
        axes.set_title(f"width {width}")
        axes.set(xlim=(4, 450), ylim=(3e-4, 8))
        log_axis(axes.xaxis, format=lambda value: f"{value:g}")
        log_axis(axes.yaxis)
        label_axes(axes, x="Bytes read", x_unit="per parameter")
    label_axes(many[0], y="Loss added by rounding", y_unit="nats per byte")


def draw_throw_away(axes):
    """Accuracy against bytes: all methods quiet, one of them and its choice drawn anew."""
    for name in FAMILIES:
        curve = study.methods().settings(name)
        axes.plot(
            [one.bytes for one in curve],
            [100 * one.accuracy.value for one in curve],
            color="#cfcfcf",
            linewidth=1,
            marker="",
            linestyle="-",
        )
    _file_axes(axes)
    line = moving(axes, DASHES[0], color=BLUE)
    chosen = moving(axes, "s", color=ORANGE, markersize=11)
    limit = moving(axes, DASHES[1], color=BLACK, linewidth=1.2)
    words = moving_words(axes, (10, -26), color=BLACK, bbox=BEHIND)

    def update(view):
        line.set_data(
            [one.bytes for one in view.curve], [100 * one.accuracy.value for one in view.curve]
        )
        limit.set_data([view.limit * view.trained_bytes] * 2, [0, 103])
        one = view.chosen
        chosen.set_data(*([[one.bytes], [100 * one.accuracy.value]] if one else [[], []]))
        words.set_text(f"{one.accuracy.value:.1%}" if one else "")
        words.xy = (one.bytes, 100 * one.accuracy.value) if one else (1e4, 50)

    return update
