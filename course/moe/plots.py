"""Pictures of chapter 3. Each draws on axes of course.figures.new_figure."""

from matplotlib.ticker import NullLocator

from course.figures import COLOURS, DASHES, MARKERS, QUIET, label_axes, log_axis
from course.moe.costs import MOST_EXPERTS
from course.units import format_bytes, format_flop

BLUE, ORANGE, BLACK, GREEN, PURPLE = COLOURS
_COST_LINES = (  # the costs, their look, what they are called, and how they are written
    ("memory_bytes", BLUE, DASHES[0], "o", "memory for the weights", format_bytes),
    ("bytes_read", ORANGE, DASHES[1], "s", "read in a step of decoding", format_bytes),
    ("flops_per_token", BLACK, DASHES[2], "^", "computed for a token", format_flop),
    ("tokens_per_s", GREEN, DASHES[3], "D", "speed of decoding", "{:,.0f} tokens/s".format),
)


def draw_expert_costs(axes):
    """What experts cost beside the dense model of the same width, over the number of experts.

    Returns update(view) for a course.moe.costs.CostView.
    """
    axes.set(xlim=(0.9, MOST_EXPERTS * 1.15), ylim=(1e-3, 1e5))
    log_axis(axes.xaxis, format="{:g}".format)
    axes.set_xticks([2**power for power in range(10)], [str(2**power) for power in range(10)])
    axes.xaxis.set_minor_locator(NullLocator())
    log_axis(axes.yaxis, format=lambda ratio: f"{ratio:,g}×" if ratio < 5e3 else "")
    axes.yaxis.set_minor_locator(NullLocator())
    label_axes(
        axes,
        x="Experts E, before they are cut",
        x_unit="number",
        y="Beside the dense model",
        y_unit="ratio",
    )
    axes.axhline(1, color=QUIET, linewidth=1, linestyle="-", marker="")
    axes.text(0.95, 0.9, "dense", color=QUIET, size=11, va="top")
    here = _moving(axes, "-", color=QUIET, linewidth=1)
    lines = []
    for row, (cost, colour, dash, marker, name, form) in enumerate(_COST_LINES):
        level = 0.94 - 0.075 * row
        at = {"transform": axes.transAxes, "color": colour}
        axes.plot([0.015, 0.09], [level, level], linestyle=dash, marker="", **at)
        axes.plot([0.0525], [level], marker, **at)
        words = axes.text(0.1, level, "", va="center", size=11.5, animated=True, **at)
        line = _moving(axes, dash, color=colour)
        point = _moving(axes, marker, color=colour, markersize=10)
        lines.append((cost, name, form, line, point, words))

    def update(view):
        n_experts = view.chosen["n_experts"]
        here.set_data([n_experts, n_experts], [axes.get_ylim()[0], 300])
        for cost, name, form, line, point, words in lines:
            dense, value = getattr(view.dense, cost), getattr(view.here, cost)
            line.set_data(view.n_experts, getattr(view.curve, cost) / dense)
            point.set_data([n_experts], [value / dense])
            words.set_text(f"{name}: {form(value)}, {value / dense:,.3g}×")

    return update


def _moving(axes, look, **more):
    """An empty line or, where `look` is a marker, empty points, drawn anew at each update."""
    marker, line = (look, "") if look in MARKERS else ("", look)
    return axes.plot([], [], marker=marker, linestyle=line, animated=True, **more)[0]
