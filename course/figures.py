"""The house style of the course's figures, and the one helper that shows them.

Every figure must be readable without colour: in grey print, on a poor projector, by a reader who
does not see red from green. So a line differs from the next in colour, in lightness, in dash and
in marker, its name stands beside it instead of in a legend, and each axis carries its unit.
Importing this module sets the style, for a learner's own figures too. pyplot is not used: its
hidden list of open figures shows some figures twice and keeps all of them in memory.
"""

import base64
import io

import matplotlib
import numpy as np
from cycler import cycler
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatterSciNotation, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

# Blue, orange, black, green, purple: at least 3:1 against white, ten steps of CIE lightness apart,
# and told apart by readers with any of the three colour blindnesses (tests/test_figures.py).
COLOURS = ("#1457a0", "#de7200", "#000000", "#007f5c", "#4f0748")
BLUE, ORANGE, BLACK, GREEN, PURPLE = COLOURS
DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (3, 1.5)))
MARKERS = ("o", "s", "^", "D", "v")
QUIET = "#6b6b6b"  # for what stands behind the data: guides, reference lines, their labels
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # the box of words that cross lines

STYLE = {
    "figure.figsize": (7.2, 4.2),
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "savefig.dpi": 110,
    "font.size": 12,
    "axes.labelsize": 13,
    "axes.titlesize": 14,
    "axes.prop_cycle": cycler(color=COLOURS, linestyle=DASHES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "lines.linewidth": 2.2,
    "lines.markersize": 6.5,
    "legend.frameon": False,
}
matplotlib.rcParams.update(STYLE)

_MANY_POINTS = 20  # a line with more is a curve: a marker on every point would hide its dashes


def new_figure(rows=1, columns=1, *, width=7.2, height=4.2, **subplots):
    """A figure in the house style and its axes (an array of axes where there are several).

    `width` and `height` in inches, at 110 dots an inch. `subplots` goes to Figure.subplots.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, **subplots)
    for each in figure.axes:  # not in STYLE: only here does thin_markers see to curves
        each.set_prop_cycle(color=COLOURS, linestyle=DASHES, marker=MARKERS)
    return figure, axes


def show(figure, *, alt):
    """Show `figure` once, as a PNG with `alt` as its words.

    `alt` says what the picture shows to whoever does not see it: a screen reader, a search, a
    reader of the raw notebook. Raises ValueError when it is missing.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must be a sentence that says what the figure shows, got {alt!r}")
    image = base64.b64encode(png(figure)).decode("ascii")
    metadata = {"image/png": {"alt": alt}}
    display({"image/png": image, "text/plain": alt}, metadata=metadata, raw=True)


def png(figure):
    """The figure as PNG bytes, the same bytes each time for the same figure."""
    thin_markers(figure)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def thin_markers(figure):
    """Space out the markers of curves. Points that no line joins are data, and all stay."""
    for axes in figure.axes:
        for line in axes.get_lines():
            joined = line.get_linestyle() not in ("None", "none", " ", "")
            if joined and line.get_markevery() is None and len(line.get_xdata()) > _MANY_POINTS:
                line.set_markevery(0.15)


def label_axes(axes, *, x=None, x_unit=None, y=None, y_unit=None):
    """Name the axes with their units: `Training compute C (FLOP)`.

    A pure number has a unit too: "ratio", "%", "nats per token". An axis of names (a bar chart's)
    gets neither.

    Args:
        axes: the axes to label.
        x, y: what is drawn on each axis; None leaves an axis as it is.
        x_unit, y_unit: the units.

    Raises:
        ValueError: a name without its unit, or "FLOPS", which is read both as an amount and as a
            rate.
    """
    for axis, name, unit in ((axes.xaxis, x, x_unit), (axes.yaxis, y, y_unit)):
        letter = axis.axis_name
        if (name is None) != (unit is None) or "" in (name, unit):
            raise ValueError(
                f"{letter} and {letter}_unit go together, got {name!r} and {unit!r}: "
                "a pure number's unit is 'ratio' or '%'"
            )
        if name is None:
            continue
        if "FLOPS" in unit.upper():
            raise ValueError(
                f"{letter}_unit must be 'FLOP' (an amount) or 'FLOP/s' (a rate), got {unit!r}"
            )
        axis.set_label_text(f"{name} ({unit})")


def log_axis(axis, format=None):
    """Make `axes.xaxis` or `axes.yaxis` logarithmic, with ticks that can be read.

    Labels stand at powers of ten, and at 2 and 5 between them where the axis spans fewer than two
    decades; call it after the data are drawn or the limits set. `format` turns a value into its
    label (course.units.format_count: 1B, 10B), powers of ten otherwise.
    """
    scale = {"x": axis.axes.set_xscale, "y": axis.axes.set_yscale}[axis.axis_name]
    scale("log")
    low, high = sorted(axis.get_view_interval())
    few = np.log10(high / low) < 2
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=12))
    formatter = FuncFormatter(lambda value, _: format(value)) if format else None
    axis.set_major_formatter(formatter or LogFormatterSciNotation(labelOnlyBase=not few))
    axis.set_minor_formatter(NullFormatter())


def label_lines(axes):
    """Write each line's label beside its right end, in its colour, instead of a legend.

    Labels that would touch are moved apart. Call it last: it needs the final limits.
    """
    lines = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
    axes.figure.draw_without_rendering()
    ends = []
    for line in lines:
        points = axes.transData.transform(np.column_stack(line.get_data()).astype(float))
        inside = points[np.isfinite(points).all(axis=1)]
        inside = inside[(inside >= axes.bbox.min - 1).all(1) & (inside <= axes.bbox.max + 1).all(1)]
        if len(inside):
            ends.append((inside[np.argmax(inside[:, 0])], line))
    ends.sort(key=lambda end: end[0][1])
    points_per_pixel = 72 / axes.figure.dpi
    gap = 1.25 * matplotlib.rcParams["font.size"] / points_per_pixel
    heights = _spread([end[1] for end, _ in ends], gap)
    for (end, line), height in zip(ends, heights, strict=True):
        axes.annotate(
            line.get_label(),
            axes.transData.inverted().transform(end),
            xytext=(8, (height - end[1]) * points_per_pixel),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
            annotation_clip=False,
        )


def label_points(axes, x, y, texts, **text):
    """Write each point's name beside it, where it covers neither a point nor another name.

    Shapes: x, y and texts (n,). Tries eight places around each point and takes the first free one;
    where none is free the name stands at the right. Call it last: it needs the final limits.
    """
    figure = axes.figure
    figure.draw_without_rendering()
    points = axes.transData.transform(np.column_stack([x, y]).astype(float))
    taken = [Bbox.from_bounds(px - 5, py - 5, 10, 10) for px, py in points]
    for point, px, py, name in zip(points, x, y, texts, strict=True):
        label = axes.annotate(
            name, (px, py), xytext=(8, 0), textcoords="offset points", zorder=4, **text
        )
        best = None
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            label.set_position((8 * dx, 8 * dy))
            label.set_ha({1: "left", -1: "right", 0: "center"}[dx])
            label.set_va({1: "bottom", -1: "top", 0: "center"}[dy])
            box = label.get_window_extent(figure.canvas.get_renderer()).padded(2)
            covered = sum(box.overlaps(other) for other in taken if not other.contains(*point))
            covered += not (axes.bbox.contains(*box.min) and axes.bbox.contains(*box.max))
            if best is None or covered < best[0]:
                best = (covered, label.get_position(), label.get_ha(), label.get_va(), box)
        _, position, ha, va, box = best
        label.set(position=position, ha=ha, va=va)
        taken.append(box)


def moving(axes, style, **more):
    """An empty line that an explorer draws anew at each update; `style` is a dash or a marker."""
    marker, line = (style, "") if style in (*MARKERS, *"*x|+") else ("", style)
    return axes.plot([], [], **{"marker": marker, "linestyle": line, "animated": True} | more)[0]


def moving_words(axes, xytext, **text):
    """Words drawn anew at each update, `xytext` points from the place it gives as their `xy`."""
    return axes.annotate(
        "", (1, 1), xytext=xytext, textcoords="offset points", animated=True, **text
    )


def _spread(heights, gap):
    """Ascending heights moved as little as may be, so that neighbours are at least `gap` apart."""
    groups = []  # each: the mean of the heights that its members ask for, how many it holds
    for rank, height in enumerate(heights):
        groups.append((height - rank * gap, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (a, n), (b, m) = groups.pop(-2), groups.pop()
            groups.append(((a * n + b * m) / (n + m), n + m))
    levels = [mean for mean, count in groups for _ in range(count)]
    return [level + rank * gap for rank, level in enumerate(levels)]
