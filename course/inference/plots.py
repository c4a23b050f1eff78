"""Pictures of chapter 5. Each draws on axes of course.figures.new_figure."""

import numpy as np
from matplotlib.patches import Rectangle

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
    moving_words,
)
from course.inference.models import model_name
from course.inference.views import short, usd
from course.units import format_bytes, format_count, format_flop_per_s

# --- the roofline ---------------------------------------------------------------------------------

INTENSITIES = (0.04, 3e4)


def draw_roofline(axes):
    """A chip's roof, and where products, attention and prefill lie under it.

    Returns update(view) for a course.inference.views.RooflineView.
    """
    axes.set(xlim=INTENSITIES, ylim=(8e10, 1.6e16))
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format=format_flop_per_s)
    label_axes(
        axes, x="Arithmetic intensity", x_unit="FLOP per byte", y="Speed of a GPU", y_unit="FLOP/s"
    )
    xs = np.geomspace(*INTENSITIES, 200)
    shade = Rectangle((xs[0], 8e10), 1, 2e16, facecolor="#efefef", animated=True, zorder=0)
    axes.add_patch(shade)
    sheet = moving(axes, "-", color=QUIET, linewidth=1.2)
    reading = moving(axes, "--", color=GREEN, linewidth=1.4)
    reached = moving(axes, "-", color=BLACK, linewidth=2.6)
    path = moving(axes, "o", color=BLUE, markersize=5, mfc="white")
    above = {"xytext": (-9, 8), "ha": "right", "va": "bottom"}
    below = {"xytext": (10, -7), "ha": "left", "va": "top"}
    points = {
        name: (
            moving(axes, marker, color=colour, markersize=11, zorder=4),
            moving_words(axes, color=colour, bbox=BEHIND | {"alpha": 0.75}, zorder=5, **place),
        )
        for name, marker, colour, place in (
            ("products", "s", BLUE, above),
            ("attention", "^", ORANGE, below),
            ("prefill", "D", GREEN, {"xytext": (0, -11), "ha": "center", "va": "top"}),
        )
    }
    sheet_name = moving_words(axes, (-2, 4), color=QUIET, size=10, ha="right", va="bottom")
    low = {"transform": axes.get_xaxis_transform(), "animated": True, "va": "bottom", "size": 11}
    memory = axes.text(1, 0.015, "memory is the limit ", ha="right", **low)
    compute = axes.text(1, 0.015, "", ha="left", **low)
    corner = _corner(axes)

    def update(view):
        server, step = view.server, view.decode
        ridge = view.ridge("decode")
        shade.set_width(ridge - xs[0])
        memory.set_x(ridge)
        compute.set_x(ridge)
        compute.set_text(f" computing is, from {ridge:.3g}")
        sheet.set_data(xs, view.roof(xs))
        sheet_name.xy = (xs[-1], view.roof(xs[-1]))
        sheet_name.set_text(f"{server.chip.name}, data sheet")
        reading.set_data(xs, view.roof(xs, "prefill"))
        reached.set_data(xs, view.roof(xs, "decode"))
        path.set_data(*view.path)
        for name, (point, words) in points.items():
            point.set_data(*np.transpose([view.points[name]]))
            words.xy = view.points[name]
        points["products"][1].set_text(f"products, batch {view.batch:,.0f}")
        points["attention"][1].set_text("attention, any batch")
        points["prefill"][1].set_text("prefill")
        corner.set_text(
            f"{model_name(server.model)} on {server.n_gpus} {server.chip.name}: a step takes "
            f"{1e3 * step.seconds:.3g} ms\n"
            f"{step.tokens_per_s:,.0f} tokens/s in all, {1 / step.seconds:,.0f} for each answer\n"
            "○ products at batches of 1, 2, 4, … 1,024"
        )

    return update


# --- serve it -------------------------------------------------------------------------------------

RATES, SECONDS = (0.05, 3000), (0.1, 300)


def draw_serving(axes):
    """Time to answer against requests per second, for enough GPUs and for too few.

    Returns update(view) for a course.inference.views.ServeView.
    """
    axes.set(xlim=RATES, ylim=SECONDS)
    log_axis(axes.xaxis, format="{:g}".format)
    log_axis(axes.yaxis, format="{:g}".format)
    label_axes(axes, x="Load", x_unit="requests per second", y="Time to answer", y_unit="s")
    wall = Rectangle(
        (1, SECONDS[0]),
        RATES[1],
        SECONDS[1],
        facecolor="#efefef",
        hatch="//",
        edgecolor="#c0c0c0",
        linewidth=0,
        animated=True,
        zorder=0,
    )
    axes.add_patch(wall)
    target = moving(axes, (0, (2, 2)), color=QUIET, linewidth=1.4)
    target_name = moving_words(axes, (0, 3), color=BLACK, size=10, va="bottom", bbox=BEHIND)
    load = moving(axes, "-", color=QUIET, linewidth=1)
    alone = moving(axes, DASHES[3], color=PURPLE, linewidth=1.6)
    few = moving(axes, DASHES[2], color=ORANGE)
    half = moving(axes, "-", color=BLUE)
    tail = moving(axes, "--", color=BLUE, linewidth=2.6)
    dot = moving(axes, "s", color=BLUE, markersize=10, zorder=4)
    quiet_box = BEHIND | {"alpha": 0.8}
    half_name = moving_words(axes, (4, -4), color=BLUE, va="top", size=11, bbox=quiet_box)
    tail_name = moving_words(axes, (4, -4), color=BLUE, va="top", size=11, bbox=quiet_box)
    few_name = moving_words(
        axes, (-4, 3), color=ORANGE, ha="right", va="bottom", size=11, bbox=quiet_box
    )
    low = {"transform": axes.get_xaxis_transform(), "size": 10, "animated": True}
    wall_name = axes.text(1, 0.02, "", color=BLACK, bbox=BEHIND, **low)
    alone_name = axes.text(1, 0.09, "", color=PURPLE, ha="right", bbox=BEHIND, **low)
    corner = _corner(axes)

    def update(view):
        fleet, curve = view.fleet, view.curve
        n, fewer = fleet.n_replicas, fleet.n_replicas_by_throughput
        end = curve.most_requests_per_s * n
        wall.set_x(end)
        wall_name.set_x(end)
        wall_name.set_text(" they cannot keep up" if end < 0.15 * RATES[1] else "")
        each = np.concatenate([[RATES[0] / n], curve.requests_per_s])
        seconds = curve.time_to_answer_s(each, view.percentile)
        tail.set_data(each * n, seconds)
        half.set_data(each * n, curve.time_to_answer_s(each, 50))
        tail_name.xy, half_name.xy = (RATES[0], seconds[0]), (RATES[0], half.get_ydata()[0])
        tail_name.set_text(f"{view.percentile} % of the answers" if view.percentile > 50 else "")
        half_name.set_text("half of the answers")
        few.set_data(*((each[1:] * fewer, seconds[1:]) if fewer < n else ([], [])))
        few_name.xy = (each[-1] * fewer, seconds[-1])
        few_name.set_text(f"with {fewer * fleet.server.n_gpus:,} GPUs" if fewer < n else "")
        target.set_data(RATES, [view.max_answer_s] * 2)
        right = fleet.requests_per_s < 10  # the side that the curves leave free
        target_name.xy = (RATES[right], view.max_answer_s)
        target_name.set_ha("right" if right else "left")
        target_name.set_text(f" target: {view.percentile} % within {view.max_answer_s:g} s ")
        load.set_data([fleet.requests_per_s] * 2, SECONDS)
        dot.set_data([fleet.requests_per_s], [fleet.percentile_s[view.percentile]])
        alone.set_data([view.unbatched_requests_per_s] * 2, SECONDS)
        alone_name.set_x(view.unbatched_requests_per_s)
        alone_name.set_ha("left" if view.unbatched_requests_per_s < 3 else "right")
        alone_name.set_text(" one at a time they would end here ")
        cost = (
            ""
            if view.usd_per_month is None
            else (
                f"\n{view.usd_per_month:,.0f} USD a month, "
                f"{usd(view.usd_per_million_tokens)} per million tokens"
            )
        )
        corner.set_text(
            f"{fleet.n_gpus:,} {fleet.server.chip.name} for {fleet.requests_per_s:g} "
            f"requests/s of {model_name(fleet.server.model)}{cost}"
        )

    return update


# --- does it fit? ---------------------------------------------------------------------------------

_BITS = (16, 8, 4)
_SHARES = 2.0  # what the axis shows, in memories of the device
_PARTS = (("system, runtime", "#c9c9c9", ""), ("weights", BLUE, "//"), ("KV cache", ORANGE, "xx"))


def draw_device(axes):
    """What a model takes of a device's memory at 16, 8 and 4 bits, as bars, with its speed.

    Returns update(view) for a course.inference.views.DeviceView.
    """
    axes.set(xlim=(0, _SHARES), ylim=(-1.3, 3.9))
    axes.set_yticks(range(-1, 3), ["cloud", *(f"{bits} bits" for bits in _BITS[::-1])])
    axes.set_xticks(np.arange(0, _SHARES + 0.1, 0.5), ["0", "50", "100", "150", "200"])
    label_axes(axes, x="Share of the device's memory", x_unit="%")
    axes.grid(False)
    axes.plot([1, 1], [-0.55, 2.75], "-", color=BLACK, linewidth=2, marker="")
    axes.text(1, 2.78, "all of its memory", ha="center", va="bottom", size=10)

    def bar(left, bottom, height, colour, hatch, **options):
        face = "none" if hatch else colour  # so that the line of the whole memory shows
        style = {"edgecolor": colour, "facecolor": face, "hatch": hatch, "linewidth": 1.5} | options
        return axes.add_patch(Rectangle((left, bottom), 0.07, height, **style))

    bars, words = {}, {}
    for row, bits in enumerate(_BITS[::-1]):
        for part, colour, hatch in _PARTS:
            bars[bits, part] = bar(0, row - 0.32, 0.4, colour, hatch, animated=True)
        words[bits] = axes.text(
            0.01, row + 0.16, "", va="bottom", size=11, animated=True, bbox=BEHIND
        )
    for left, (part, colour, hatch) in zip((0.0, 0.55, 0.9), _PARTS, strict=True):
        bar(left + 0.01, 3.2, 0.22, colour, hatch)
        axes.text(left + 0.1, 3.3, part, va="center", size=11)
    title = axes.text(0.01, 3.72, "", va="center", size=13, animated=True)
    cloud = axes.text(0.01, -1, "", va="center", size=11, animated=True)

    def update(view):
        device = view.device
        system = device.system_bytes + device.runtime_bytes
        for bits, fit in view.fits.items():
            left = 0.0
            sizes = (system, fit.weight_bytes, fit.kv_bytes)
            for (part, *_), size in zip(_PARTS, sizes, strict=True):
                right = min(left + size / device.memory_bytes, _SHARES + 0.1)
                bars[bits, part].set_x(left)
                bars[bits, part].set_width(right - left)
                left = right
            text = f"{format_bytes(fit.used_bytes)}, {fit.memory_share:,.0%}"
            if fit.fits:
                text = (
                    f"✓ {text}: {short(fit.tokens_per_s)} tokens/s, answers in "
                    f"{short(view.answer_s[bits])} s"
                )
            words[bits].set_text(text if fit.fits else f"✗ {text}: does not fit")
        title.set_text(
            f"{format_count(view.n_params)} parameters on a {device.name} "
            f"of {format_bytes(device.memory_bytes)}"
        )
        cloud.set_text(f"answers in {short(view.cloud_s)} s, network and queue included")

    return update


# --- still pictures -------------------------------------------------------------------------------


def draw_dissection(axes, dissection):
    """How many times too large each factor of A §5.1's annual cost is, and their product."""
    rows = [(f"{f.name}\n({f.unit})", f.ratio) for f in dissection.factors]
    rows.append(("product", dissection.ratio))
    names, ratios = zip(*reversed(rows), strict=True)
    axes.set(xlim=(0.6, 10 * dissection.ratio))
    log_axis(axes.xaxis)
    bars = axes.barh(
        names,
        np.array(ratios) - 0.6,
        left=0.6,
        height=0.55,
        edgecolor=BLACK,
        color=[BLACK if n == "product" else "#f0c9a8" for n in names],
        hatch=["" if n == "product" else "//" for n in names],
    )
    for name, bar, ratio in zip(names, bars, ratios, strict=True):
        style = {"y": bar.get_y() + bar.get_height() / 2, "va": "center", "size": 11}
        if name == "product":
            axes.text(
                ratio / 1.5, s=f"{ratio:.2g} times too large", ha="right", color="white", **style
            )
        else:
            text = "right" if ratio == 1 else f"{ratio:,.0f} times too large"
            axes.text(ratio * 1.5, s=text, **style)
    axes.axvline(1, color=QUIET, linewidth=1, marker="")
    axes.grid(False)
    label_axes(axes, x="As written over right", x_unit="ratio")


def draw_waiting(axes, view):
    """The share of requests that wait against utilisation.

    `view`: a course.inference.views.WaitingView. Lines are Erlang's formula, markers simulated.
    """
    numbers = {servers: number for number, servers in enumerate(view.curves)}
    for servers, (rho, share) in view.curves.items():
        style = {"color": COLOURS[numbers[servers]], "linestyle": DASHES[numbers[servers]]}
        axes.plot(rho, share, marker="", **style)
    for servers, utilisation, share in view.points:
        number = numbers[servers]
        axes.plot([utilisation], [share], MARKERS[number], color=COLOURS[number])
    axes.set(xlim=(0, 1), ylim=(0, 1))
    label_axes(
        axes, x="Utilisation", x_unit="share of the time", y="Requests that wait", y_unit="share"
    )
    places = ((0.5, -10, 6), (0.45, -10, 6), (0.28, -8, 4), (0.09, 14, -2))  # share, points off
    for (servers, (rho, waits)), (share, *off) in zip(view.curves.items(), places, strict=False):
        axes.annotate(
            f"{servers} server{'s' * (servers > 1)}",
            (np.interp(share, waits, rho), share),
            xytext=off,
            textcoords="offset points",
            ha="left" if off[0] > 0 else "right",
            va="center",
            color=COLOURS[numbers[servers]],
        )
    words = "lines: Erlang's formula" + ", markers: simulated" * bool(len(view.points))
    axes.text(0.02, 0.97, words, va="top", size=11)


def draw_lifetime(axes, view):
    """The best size and training tokens against what will be asked, over Chinchilla's.

    `view`: a course.inference.views.LifetimeView.
    """
    for number, (name, ratios) in enumerate(view.ratios.items()):
        style = {"color": COLOURS[number], "linestyle": DASHES[number], "label": name}
        axes.plot(view.n_inference_tokens, ratios, marker="", **style)
    axes.axhline(1, color=QUIET, linewidth=1, linestyle="-", marker="")
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format="{:g}".format)
    label_axes(
        axes,
        x="Tokens of inference over its life",
        x_unit="tokens",
        y="Over Chinchilla-optimal",
        y_unit="ratio",
    )
    label_lines(axes)


def _corner(axes):
    """Words in the upper left corner, in front of all else."""
    return axes.text(
        0.015,
        0.98,
        "",
        transform=axes.transAxes,
        va="top",
        size=11,
        animated=True,
        linespacing=1.35,
        bbox=BEHIND | {"alpha": 0.8},
        zorder=6,
    )
