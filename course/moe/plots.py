"""Pictures of chapter 3. Each draws on axes of course.figures.new_figure."""

import numpy as np
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import NullLocator

from course.accounting import training_flops
from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    MARKERS,
    ORANGE,
    QUIET,
    label_axes,
    label_lines,
    label_points,
    log_axis,
    moving,
)
from course.moe.costs import MOST_EXPERTS, dropped_share, experts_touched
from course.moe.laws import ABNAR_2025, CLARK_2022, KRAJEWSKI_2024, KRAJEWSKI_2024_DENSE
from course.moe.views import N_EXPERTS
from course.scaling import extrapolating
from course.units import format_bytes, format_count, format_flop

_COST_LINES = (  # the costs, their look, what they are called, and how they are written
    ("memory_bytes", BLUE, DASHES[0], "o", "memory for the weights", format_bytes),
    ("bytes_read", ORANGE, DASHES[1], "s", "read in a step of decoding", format_bytes),
    ("flops_per_token", BLACK, DASHES[2], "^", "computed for a token", format_flop),
    ("tokens_per_s", GREEN, DASHES[3], "D", "speed of decoding", "{:,.0f} tokens/s".format),
)


def draw_expert_costs(axes):
    """What experts cost beside the dense model of the same width, over the number of experts.

    Returns update(view) for a course.moe.views.CostView.
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
    here = moving(axes, "-", color=QUIET, linewidth=1)
    lines = []
    for row, (cost, colour, dash, marker, name, form) in enumerate(_COST_LINES):
        level = 0.94 - 0.075 * row
        at = {"transform": axes.transAxes, "color": colour}
        axes.plot([0.015, 0.09], [level, level], linestyle=dash, marker="", **at)
        axes.plot([0.0525], [level], marker, **at)
        words = axes.text(0.1, level, "", va="center", size=11.5, animated=True, **at)
        line = moving(axes, dash, color=colour)
        point = moving(axes, marker, color=colour, markersize=10)
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


# --- models, and one token ------------------------------------------------------------------------


def draw_total_and_active(axes, rows):
    """Parameters that a token passes against all of them, for the ModelRows of `chart_rows`."""
    axes.set(xlim=(3e9, 4e12), ylim=(6e8, 4e11))
    log_axis(axes.xaxis, format=format_count)
    log_axis(axes.yaxis, format=format_count)
    for part, dash in ((1, "-"), (10, DASHES[1]), (100, DASHES[2])):
        x = np.array(axes.get_xlim())
        axes.plot(x, x / part, linestyle=dash, color=QUIET, linewidth=1, marker="")
        name = "all of them" if part == 1 else f"1 in {part}"
        at = 1.2e12 if part > 1 else 3.6e9
        axes.text(
            at,
            at / part * 1.15,
            name,
            color=QUIET,
            size=10.5,
            ha="left",
            rotation=34,
            rotation_mode="anchor",
        )
    total = [row.n_params for row in rows]
    active = [row.n_active_params for row in rows]
    axes.plot(total[:1], active[:1], "o", color=BLACK, markersize=9)
    axes.plot(total[1:], active[1:], "s", color=BLUE, markersize=8)
    label_axes(
        axes, x="All parameters", x_unit="number", y="Parameters a token passes", y_unit="number"
    )
    label_points(axes, total, active, [row.name for row in rows], size=10.5, bbox=BEHIND)


def draw_token_way(axes, probs, experts, gates):
    """One token's way through a layer: scored by the router, through its k experts, added up.

    Shapes: probs (E,), experts and gates (k,), as in a Routing.
    """
    axes.set(xlim=(-1, 101), ylim=(-7, 100))
    axes.axis("off")
    n_experts = len(probs)
    heights = np.linspace(86, 9, n_experts)
    chosen = dict(zip(map(int, experts), map(float, gates), strict=True))

    def box(x, y, width, height, words, **look):
        look = {"facecolor": "white", "edgecolor": BLACK, "linewidth": 1.4} | look
        shape = FancyBboxPatch(
            (x, y - height / 2),
            width,
            height,
            zorder=3,
            boxstyle="round,pad=0,rounding_size=1.2",
            **look,
        )
        axes.add_patch(shape)
        axes.text(x + width / 2, y, words, ha="center", va="center", size=11, zorder=4)

    def arrow(start, end, **look):
        style = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.6} | look
        axes.annotate("", end, start, arrowprops=style)

    middle = heights.mean()
    box(0, middle, 10, 16, "token\nx")
    box(90, middle, 10, 16, "output\ny")
    for x, words in ((27, "1. router: softmax"), (59, "2. the top k"), (77.5, "3. gates")):
        axes.text(x, 95, words, ha="center", size=12)
    scale = 16 / max(probs)
    for expert, (height, prob) in enumerate(zip(heights, probs, strict=True)):
        taken = expert in chosen
        colour = (BLUE, ORANGE)[list(chosen).index(expert) % 2] if taken else "#b8b8b8"
        axes.add_patch(Rectangle((20, height - 3), scale * prob, 6, facecolor=colour))
        axes.text(
            20.8 + scale * prob,
            height,
            f"{prob:.2f}",
            va="center",
            size=10.5,
            color=BLACK if taken else QUIET,
        )
        look = {"edgecolor": colour, "linewidth": 2.4 if taken else 1}
        box(51, height, 16, 8, f"expert {expert}" if taken else "", **look)
        if not taken:
            axes.text(
                59,
                height,
                f"expert {expert} idle",
                ha="center",
                va="center",
                size=9.5,
                color=QUIET,
                zorder=4,
            )
            continue
        arrow((44, height), (50.6, height), color=colour)
        arrow((67.4, height), (89, middle), color=colour)
        along = 0.42
        axes.text(
            67.4 + along * 21.6,
            height + along * (middle - height),
            f"× {chosen[expert]:.2f}",
            size=11.5,
            ha="center",
            va="center",
            bbox=BEHIND,
            zorder=5,
        )
    arrow((10.4, middle), (18.5, middle), color=BLACK)
    axes.text(
        50, -6, "4. y = sum of gate × expert(x), over the chosen experts", ha="center", size=12
    )


# --- balance --------------------------------------------------------------------------------------


def draw_shares(axes, shares):
    """Each expert's share of the choices: `shares` maps up to three names to arrays (E,)."""
    n_experts = len(next(iter(shares.values())))
    width = 0.8 / len(shares)
    looks = zip((BLACK, BLUE, ORANGE), ("", "///", "..."), strict=True)
    for rank, ((name, values), (colour, hatch)) in enumerate(
        zip(shares.items(), looks, strict=False)
    ):
        at = np.arange(n_experts) + (rank - (len(shares) - 1) / 2) * width
        fill = colour if rank == 0 else "white"
        axes.bar(
            at,
            100 * np.sort(values)[::-1],
            width,
            facecolor=fill,
            edgecolor=colour,
            hatch=hatch,
            linewidth=1.2,
        )
        level = 0.93 - 0.09 * rank
        axes.add_patch(
            Rectangle(
                (0.5, level - 0.022),
                0.045,
                0.044,
                facecolor=fill,
                hatch=hatch,
                edgecolor=colour,
                transform=axes.transAxes,
            )
        )
        axes.text(0.56, level, name, color=colour, va="center", transform=axes.transAxes)
    axes.axhline(100 / n_experts, color=QUIET, linewidth=1.2, linestyle=DASHES[1])
    axes.text(
        n_experts - 0.45, 100 / n_experts, "even", color=QUIET, size=11, va="center", bbox=BEHIND
    )
    axes.set_xticks(range(n_experts), [str(rank) for rank in range(1, n_experts + 1)])
    axes.grid(axis="x", visible=False)
    axes.set_ylim(0, 58)
    label_axes(
        axes, x="Expert, the busiest first", x_unit="rank", y="Share of the choices", y_unit="%"
    )


def draw_dropped(axes, collapsed, n_experts=8, top_k=2):
    """Dropped choices over the capacity factor: even routers with small and large batches, and a
    collapsed one whose experts have the shares `collapsed`, shape (E,)."""
    factors = np.linspace(1, 3, 401)
    axes.set(xlim=(1, 3), ylim=(0.1, 100))
    log_axis(axes.yaxis, format="{:g}".format)
    shares = np.minimum(collapsed, 1 / top_k)
    lines = (
        ("collapsed router", BLACK, DASHES[0], 4096, shares / shares.sum()),
        ("even, 16 tokens", ORANGE, DASHES[1], 16, None),
        ("even, 64 tokens", BLUE, DASHES[3], 64, None),
        ("even, 4,096 tokens", GREEN, DASHES[2], 4096, None),
    )
    for name, colour, dash, n_tokens, of in lines:
        dropped = 100 * dropped_share(n_tokens, n_experts, top_k, factors, shares=of)
        axes.plot(factors, dropped, linestyle=dash, color=colour, marker="", label=name)
    for rank, (name, colour, dash, *_) in enumerate(lines):
        level = 0.74 - 0.085 * rank
        at = {"transform": axes.transAxes, "color": colour}
        axes.plot([0.56, 0.64], [level, level], linestyle=dash, marker="", **at)
        axes.text(0.66, level, name, va="center", bbox=BEHIND, **at)
    label_axes(axes, x="Capacity factor", x_unit="ratio", y="Choices dropped", y_unit="%")


def draw_specialisation(axes, shares, classes):
    """Which expert is the first choice of which kind of byte: shares (classes, E) of one layer."""
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(*shares.shape):
        value = shares[row, column]
        if value >= 0.005:
            axes.text(
                column,
                row,
                f"{100 * value:.0f}",
                ha="center",
                va="center",
                size=11,
                color="white" if value > 0.55 else BLACK,
            )
    axes.set_xticks(range(shares.shape[1]))
    axes.set_yticks(range(len(classes)), classes)
    axes.grid(visible=False)
    axes.set_title("How the first choices of a row are shared out (%)", size=12)
    label_axes(axes, x="Expert", x_unit="number")


# --- who gets which token -------------------------------------------------------------------------

ROW, ROWS = 16, 4
# Pale fills in falling lightness, so that neighbours differ in grey print too; the number decides.
TINTS = ("#ffffff", "#cfe3f7", "#fbe0b8", "#bfe6cf", "#e3c6dc", "#8fb8e0", "#f0b060", "#9a9a9a")


def draw_byte_routes(axes):
    """A text, byte by byte, on tiles of its first expert, and each expert's share at the right.

    Returns update(view) for a course.moe.views.ByteView.
    """
    axes.set(xlim=(-0.1, 23.6), ylim=(ROWS * 2.2 + 0.1, -1.3))
    axes.axis("off")
    axes.text(0, -0.55, "each byte, below it its first and its second expert", size=11)
    axes.text(17.2, -0.55, "share of the choices", size=11)
    tiles = []
    for place in range(ROW * ROWS):
        x, y = place % ROW, 2.2 * (place // ROW)
        tile = Rectangle((x, y), 0.94, 2.06, edgecolor=QUIET, linewidth=0.6, animated=True)
        axes.add_patch(tile)
        letter = axes.text(
            x + 0.47,
            y + 0.75,
            "",
            ha="center",
            va="center",
            size=14,
            family="monospace",
            parse_math=False,
            animated=True,
        )
        tiles.append((tile, letter))
    # Numbers as markers: 128 more words would take four times as long to draw.
    numbers = [
        [
            moving(
                axes,
                "",
                color=colour,
                marker=f"${expert}$",
                markersize=size,
                markeredgewidth=0,
                zorder=4,
            )
            for expert in range(N_EXPERTS)
        ]
        for colour, size in ((BLACK, 7.5), (BLACK, 5.5))
    ]
    step = ROWS * 2.2 / N_EXPERTS
    for expert in range(N_EXPERTS):
        axes.text(17.3, (expert + 0.45) * step, str(expert), ha="right", va="center", size=12)
    even = 17.6 + 10 / N_EXPERTS
    axes.plot(
        [even, even],
        [-0.1, ROWS * 2.2],
        color=QUIET,
        linewidth=1.2,
        linestyle=DASHES[1],
        marker="",
        zorder=4,
    )
    bars = []
    for expert, tint in enumerate(TINTS):
        bar = Rectangle(
            (17.6, (expert + 0.1) * step),
            0,
            0.7 * step,
            facecolor=tint,
            edgecolor=BLACK,
            linewidth=0.8,
            animated=True,
        )
        axes.add_patch(bar)
        words = axes.text(18, (expert + 0.45) * step, "", va="center", size=10.5, animated=True)
        bars.append((bar, words))

    def update(view):
        for place, (tile, letter) in enumerate(tiles):
            there = place < len(view.characters)
            tile.set_visible(there)
            letter.set_visible(there)
            if there:
                tile.set_facecolor(TINTS[view.experts[place, 0]])
                letter.set_text(view.characters[place])
        for choice, lines in enumerate(numbers):
            for expert, line in enumerate(lines):
                (places,) = np.nonzero(view.experts[:, choice] == expert)
                x, y = places % ROW, 2.2 * (places // ROW)
                line.set_data(x + (0.28, 0.7)[choice], y + 1.68)
        for (bar, words), share in zip(bars, view.shares, strict=True):
            bar.set_width(10 * share)
            words.set_x(17.8 + 10 * max(share, 1 / N_EXPERTS))
            words.set_text(f"{share:.0%}")

    return update


# --- dense against mixture, the bill, the laws ----------------------------------------------------


def draw_dense_against_moe(pair, comparison):
    """Left the losses of all runs over compute, right the gain with its 95 % interval.

    `pair`: two axes; `comparison`: a course.moe.study.DenseAgainstMoE.
    """
    left, right = pair
    sizes = comparison.sizes
    flops = np.array([size.flops for size in sizes])
    for name, marker, colour, dash, shift in (
        ("dense", "o", BLUE, DASHES[0], 0.97),
        ("moe", "s", ORANGE, DASHES[1], 1.03),
    ):
        losses = [getattr(size, name) for size in sizes]
        left.plot(
            flops * shift,
            [np.mean(some) for some in losses],
            linestyle=dash,
            marker="",
            color=colour,
        )
        for x, some in zip(flops * shift, losses, strict=True):
            left.plot([x] * len(some), some, marker, color=colour, markersize=6, mfc="none")
    left.set_xlim(flops[0] / 1.5, flops[-1] * 1.4)
    log_axis(left.xaxis)
    label_axes(
        left, x="Training compute C", x_unit="FLOP", y="Held-out loss", y_unit="nats per byte"
    )
    for rank, (name, marker, colour, dash) in enumerate(
        (("dense", "o", BLUE, DASHES[0]), ("8 experts, top 2", "s", ORANGE, DASHES[1]))
    ):
        level = 0.93 - 0.085 * rank
        at = {"transform": left.transAxes, "color": colour}
        left.plot([0.4, 0.5], [level, level], linestyle=dash, marker="", **at)
        left.plot([0.45], [level], marker, mfc="none", **at)
        left.text(0.53, level, name, va="center", **at)
    means = np.array([size.gain.value for size in sizes])
    ends = np.array([(size.gain.low, size.gain.high) for size in sizes]).T
    ends = np.where(np.isfinite(ends), ends, means)  # one seed has no interval
    right.errorbar(
        flops, means, yerr=np.abs(ends - means), fmt="s", color=ORANGE, capsize=5, linewidth=2
    )
    right.axhline(0, color=BLACK, linewidth=1, linestyle="-")
    right.axhspan(comparison.all.gain.low, comparison.all.gain.high, color="#f7e3c8", zorder=0)
    right.text(
        0.24,
        comparison.all.gain.high,
        "all pairs",
        size=11,
        va="top",
        ha="center",
        transform=right.get_yaxis_transform(),
    )
    right.set_xlim(left.get_xlim())
    log_axis(right.xaxis)
    label_axes(
        right,
        x="Training compute C",
        x_unit="FLOP",
        y="Dense minus mixture",
        y_unit="nats per byte",
    )


def draw_touched(axes):
    """How much of a layer's experts a batch reads, if all are equally likely."""
    batches = 2.0 ** np.arange(0, 10.25, 0.25)
    axes.set(xlim=(1, 1024), ylim=(0, 104))
    models = (
        ("Mixtral, 2 of 8", 8, 2),
        ("Llama-4-Scout, 1 of 16", 16, 1),
        ("gpt-oss-120b, 4 of 128", 128, 4),
        ("Kimi-K2, 8 of 384", 384, 8),
    )
    for rank, (name, n_experts, top_k) in enumerate(models):
        look = {"color": COLOURS[rank], "linestyle": DASHES[rank], "marker": MARKERS[rank]}
        axes.plot(batches, 100 * experts_touched(batches, n_experts, top_k) / n_experts, **look)
        level = 0.36 - 0.085 * rank
        axes.plot([0.6, 0.64, 0.68], [level] * 3, transform=axes.transAxes, markevery=[1], **look)
        axes.text(
            0.7,
            level,
            name,
            color=COLOURS[rank],
            va="center",
            bbox=BEHIND,
            size=11,
            transform=axes.transAxes,
        )
    log_axis(axes.xaxis, format="{:,g}".format)
    axes.set_xticks([1, 4, 16, 64, 256, 1024], ["1", "4", "16", "64", "256", "1,024"])
    axes.xaxis.set_minor_locator(NullLocator())
    label_axes(
        axes, x="Tokens in a step", x_unit="number", y="Experts that must be read", y_unit="%"
    )


def draw_gains(axes):
    """How many times the compute a dense model needs, by three published laws; dashed: beyond their
    runs. Clark's tokens are fixed at 130e9, so that its compute is 6 · N · 130e9."""
    axes.set(xlim=(2e17, 3e23), ylim=(0.8, 60))
    log_axis(axes.xaxis)
    log_axis(axes.yaxis, format=lambda ratio: f"{ratio:g}×")
    clark, (n_low, n_high) = CLARK_2022["S-BASE"], CLARK_2022["S-BASE"].fitted_range["n_params"]
    most = KRAJEWSKI_2024.fitted_range
    active = [n / KRAJEWSKI_2024.n_params(1) for n in most["n_params"]]
    lines = (
        (
            "Krajewski 2024",
            BLUE,
            "o",
            lambda c: KRAJEWSKI_2024.compute_gain(c, KRAJEWSKI_2024_DENSE),
            [training_flops(n, d) for n, d in zip(active, most["n_tokens"], strict=True)],
            (2e17, 1e22),
        ),
        (
            "Abnar 2025, 7 of 8 idle",
            GREEN,
            "D",
            lambda c: ABNAR_2025.compute_gain(c, 0.875),
            ABNAR_2025.fitted_range["flops"],
            (1e19, 1e22),
        ),
        (
            "Clark 2022, 64 experts",
            ORANGE,
            "s",
            lambda c: clark.effective_params(c / (6 * 130e9), 64) / (c / (6 * 130e9)),
            [training_flops(n, 130e9) for n in (n_low, n_high)],
            (1e18, 1e23),
        ),
    )
    with extrapolating():
        for name, colour, marker, gain, (low, high), (first, last) in lines:
            for ends, dash, width in (
                ((low, high), "-", 2.8),
                ((first, low), (0, (2, 2)), 1.4),
                ((high, last), (0, (2, 2)), 1.4),
            ):
                x = np.geomspace(*ends, 7)
                axes.plot(
                    x,
                    [gain(c) for c in x],
                    linestyle=dash,
                    color=colour,
                    linewidth=width,
                    marker=marker if dash == "-" else "",
                    markevery=[0, 6],
                    label=name if ends[1] == last else "_",
                )
    axes.axhline(1, color=QUIET, linewidth=1, linestyle="-")
    label_axes(
        axes,
        x="Training compute of the mixture",
        x_unit="FLOP",
        y="Compute a dense model needs",
        y_unit="ratio",
    )
    label_lines(axes)
