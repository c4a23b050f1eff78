"""Pictures of chapter 2. Each draws on axes of course.figures.new_figure."""

import numpy as np

from course.emergence.abilities import sightings
from course.emergence.loss_view import params_for_loss, score_from_loss
from course.emergence.metrics import (
    exact_match,
    power_law_loss,
    token_accuracy,
    token_edit_distance,
)
from course.emergence.study import by_size, n_places
from course.emergence.views import SIZES
from course.experiments.estimates import estimate
from course.figures import (
    BEHIND,
    BLACK,
    BLUE,
    DASHES,
    MARKERS,
    ORANGE,
    QUIET,
    label_axes,
    label_lines,
    log_axis,
    moving,
    moving_words,
)
from course.scaling import BESIROGLU_2024, extrapolating
from course.units import format_count

_SIZE = {"x": "Model size N", "x_unit": "parameters"}

# --- thresholds -----------------------------------------------------------------------------------

_SHOWN = {  # ability of table 1: name, colour, marker, dash, size of marker
    "mmlu": ("MMLU", BLUE, "o", DASHES[0], 13),
    "chain_of_thought": ("chain of thought", ORANGE, "s", DASHES[1], 7),
}


def draw_sightings(axes):
    """Table 1 of Wei et al. 2022: where each ability was first seen, in parameters and FLOP."""
    rows = sightings()
    axes.set(xlim=(2e7, 3e12), ylim=(3e19, 1e25))
    others = {(s.n_params, s.flops) for s in rows if s.ability not in _SHOWN}
    axes.plot(*zip(*others, strict=True), "^", color=QUIET, mfc="white")
    for ability, (name, colour, marker, dash, size) in _SHOWN.items():
        where = sorted({(s.n_params, s.flops, s.family) for s in rows if s.ability == ability})
        axes.plot(
            *[[row[i] for row in where] for i in (0, 1)],
            marker=marker,
            color=colour,
            markersize=size,
            mfc="white",
            mew=2,
            linestyle=dash,
            linewidth=1.4,
            label=name,
            zorder=3,
        )
    notes = (
        ("arithmetic_8digit", "8-digit addition,\nscratchpad", (10, 0), "left", "center"),
        ("arithmetic_3digit", "3-digit arithmetic", (9, -7), "left", "center"),
        ("word_in_context", "word in context", (-9, 4), "right", "center"),
    )
    for ability, text, at, ha, va in notes:
        row = next(s for s in rows if s.ability == ability)
        axes.annotate(
            text,
            (row.n_params, row.flops),
            xytext=at,
            textcoords="offset points",
            ha=ha,
            va=va,
            color=QUIET,
            size=10.5,
        )
    for family, n, at, ha in (
        ("Chinchilla", 70e9, (-8, 8), "right"),
        ("Gopher", 280e9, (9, 3), "left"),
    ):
        row = next(s for s in rows if s.family == family and s.n_params == n)
        axes.annotate(
            family,
            (row.n_params, row.flops),
            xytext=at,
            textcoords="offset points",
            ha=ha,
            color=BLUE,
            size=10.5,
        )
    for y, (name, colour, marker, dash, size) in zip((0.93, 0.85), _SHOWN.values(), strict=True):
        axes.plot(
            [0.03, 0.1],
            [y, y],
            marker=marker,
            color=colour,
            linestyle=dash,
            linewidth=1.4,
            mfc="white",
            mew=2,
            markersize=size,
            transform=axes.transAxes,
        )
        axes.text(0.12, y, name, color=colour, va="center", transform=axes.transAxes)
    log_axis(axes.xaxis, format=format_count)
    log_axis(axes.yaxis)
    label_axes(axes, **_SIZE, y="Training compute C", y_unit="FLOP")


# --- mirage or threshold --------------------------------------------------------------------------


def draw_metrics(axes, exponent=0.3, scale_at_1_nat=1e8, largest=1e11):
    """One accuracy per token, and how far three measures of the same models have come."""
    sizes = np.geomspace(SIZES[0], largest, 200)
    p = token_accuracy(power_law_loss(sizes, scale_at_1_nat, exponent))
    axes.set(xlim=(sizes[0], sizes[-1]), ylim=(-3, 103))
    curves = (
        ("accuracy of a token", p),
        ("wrong tokens of 30", token_edit_distance(p, 30)),
        ("exact match, 5 tokens", exact_match(p, 5)),
        ("exact match, 30 tokens", exact_match(p, 30)),
    )
    looks = (
        (QUIET, "-", 6),
        (BLUE, DASHES[1], 2.2),
        (BLACK, DASHES[2], 2.2),
        (ORANGE, DASHES[0], 2.2),
    )
    for (name, values), (colour, dash, width) in zip(curves, looks, strict=True):
        way = 100 * (values - values[0]) / (values[-1] - values[0])
        axes.plot(
            sizes,
            way,
            color=colour,
            linestyle=dash,
            linewidth=width,
            marker="",
            label=name,
            alpha=0.45 if width > 3 else 1,
        )
    axes.text(2.2e8, 64, "accuracy of a token\nand wrong tokens of 30", color=BLUE, ha="right")
    axes.text(1.7e9, 33, "exact match,\n5 tokens", color=BLACK, ha="right")
    axes.text(1.45e10, 10, "exact match,\n30 tokens", color=ORANGE, ha="right")
    log_axis(axes.xaxis, format=format_count)
    label_axes(axes, **_SIZE, y="Way from smallest to largest model", y_unit="%")


def draw_choice_of_metric(axes):
    """A measure over model size, as far as the largest model; the accuracy of a token behind it.

    Returns update(view) for a course.emergence.views.MetricView.
    """
    axes.set(xlim=SIZES, ylim=(-6, 122))
    log_axis(axes.xaxis, format=format_count)
    label_axes(axes, **_SIZE, y="Way from smallest to largest model", y_unit="%")
    accuracy = moving(axes, "-", color="#b0b0b0", linewidth=5)
    curve = moving(axes, "-", color=BLUE, linewidth=2.6)
    tested = moving(axes, "o", color=BLACK, mfc="white", mew=1.6, zorder=4)
    window = moving(axes, "D", color=ORANGE, markersize=9, zorder=5)
    end = moving(axes, (0, (2, 2)), color=QUIET, linewidth=1.2)
    accuracy_name = moving_words(axes, (6, 0), color=QUIET, va="center", size=10.5)
    names = moving_words(
        axes, (9, -3), color=ORANGE, va="top", size=11, bbox=BEHIND | {"alpha": 0.8}
    )
    end_name = moving_words(axes, (5, 0), color=QUIET, va="bottom", size=10.5)
    corner = axes.text(
        0.01,
        0.99,
        "",
        va="top",
        animated=True,
        color=BLUE,
        size=11,
        transform=axes.transAxes,
        bbox=BEHIND | {"alpha": 0.8},
    )

    def update(view):
        ours, low = 100 * view.way, view.rise.scale_10
        accuracy.set_data(view.n_params, 100 * view.accuracy)
        accuracy_name.xy = (view.n_params[-1], 100 * view.accuracy[-1])
        accuracy_name.set_text("accuracy\nof a token (%)" if view.n_params[-1] < 3e11 else "")
        curve.set_data(view.n_params, ours)
        tested.set_data(view.tested_params, np.clip(100 * view.tested_way, -6, 118))
        window.set_data([low, view.rise.scale_90], [10, 90])
        names.xy = (low, 10)
        names.set_text("10 %" if view.rise.scale_90 > 3 * low else "")
        end.set_data([view.n_params[-1]] * 2, axes.get_ylim())
        end_name.xy = (view.n_params[-1], 2)
        end_name.set_text("not built yet" if view.n_params[-1] < 3e11 else "")
        items = "" if view.tested_at_zero is None else f", ○ tested on {view.n_items:.0f} items"
        corner.set_text(
            f"── {view.measure}{items}\n◆ 10 and 90 % of the way: {view.rise.decades:.2f} decades"
        )

    return update


def draw_addition(three_axes, rows):
    """Models that learn to add: loss by size, shares right by size, sums right by digits right.

    `rows` as load_addition gives them. For `new_figure(1, 3, width=10.2, height=3.7)`.
    """
    left, middle, right = three_axes
    places, sizes = n_places(rows), [row["n_params"] for row in rows]
    means = {
        name: {size: own.value for size, own in by_size(rows, name).items()}
        for name in ("loss", "accuracy", "exact_match")
    }
    n_params = list(means["loss"])
    left.plot(sizes, [row["loss"] for row in rows], "o", color=BLUE, mfc="white")
    left.plot(n_params, list(means["loss"].values()), "-", color=BLUE, marker="")
    left.set_ylim(0, None)
    digits, sums = ([100 * row[name] for row in rows] for name in ("accuracy", "exact_match"))
    for name, runs, colour, dash, marker in (
        ("accuracy", digits, BLUE, "-", "o"),
        ("exact_match", sums, ORANGE, DASHES[1], "s"),
    ):
        middle.plot(sizes, runs, marker, color=colour, mfc="white")
        shares = [100 * mean for mean in means[name].values()]
        middle.plot(n_params, shares, linestyle=dash, color=colour, marker="")
    p = np.linspace(0, 1, 100)
    right.plot(100 * p, 100 * exact_match(p, places), linestyle=DASHES[2], color=BLACK, marker="")
    right.plot(digits, sums, "s", color=ORANGE, mfc="white")
    right.text(0.74, 0.42, f"··· $p^{places}$", transform=right.transAxes, size=13, ha="right")
    for axes, keys in (
        (left, (("○ one run", BLUE), ("── mean", BLUE))),
        (middle, (("○ ── digits right", BLUE), ("□ - - sums right", ORANGE))),
        (right, (("□ one run", ORANGE),)),
    ):
        for place, (text, colour) in enumerate(keys):
            axes.text(
                0.03,
                1.16 - 0.08 * place,
                text,
                color=colour,
                va="top",
                size=11,
                transform=axes.transAxes,
            )
    for axes in (left, middle):
        axes.set_xlim(n_params[0] / 1.5, n_params[-1] * 1.6)
        log_axis(axes.xaxis, format=format_count)
        axes.set_xticks(
            [
                tick
                for tick in (1e3, 3e3, 1e4, 3e4, 1e5, 3e5)
                if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]
            ]
        )
        label_axes(axes, **_SIZE)
    for axes in (middle, right):
        axes.set_ylim(-3, 103)
    right.set_xlim(0, 103)
    label_axes(left, y="Loss", y_unit="nats per digit")
    label_axes(middle, y="Held-out test", y_unit="% right")
    label_axes(right, x="Digits right, p", x_unit="%", y="Sums right", y_unit="%")


# --- the loss view --------------------------------------------------------------------------------


def draw_loss_view(two_axes, threshold, law=BESIROGLU_2024, chance=0.25, floor=1.85):
    """A threshold in loss at the left is, at the right, one in size for each amount of data.

    Args:
        two_axes: of `new_figure(1, 2, width=9.6, height=3.9, sharey=True)`.
        threshold: in nats per token.
        law: the ChinchillaLaw that turns size and data into a loss.
        chance: share right above the threshold.
        floor: the loss in nats per token at which all is right.
    """
    left, right = two_axes
    losses = np.linspace(1.85, 2.8, 200)
    left.plot(
        losses, 100 * score_from_loss(losses, threshold, chance, floor), "-", color=BLUE, marker=""
    )
    left.axvline(threshold, color=QUIET, linestyle=(0, (2, 2)), linewidth=1.2, marker="")
    left.text(threshold + 0.02, 90, f"{threshold:g} nats", color=QUIET, ha="right")
    left.set(xlim=(2.8, 1.85), ylim=(0, 100))
    sizes = np.geomspace(1e8, 1e13, 300)
    right.set(xlim=(sizes[0], sizes[-1]))
    for n_tokens, colour, dash in (
        (3e11, ORANGE, DASHES[1]),
        (1e12, BLACK, DASHES[2]),
        (1e13, BLUE, DASHES[0]),
    ):
        with extrapolating():
            score = score_from_loss(law.loss(sizes, n_tokens), threshold, chance, floor)
            start = params_for_loss(law, threshold, n_tokens)
        right.plot(
            sizes,
            100 * score,
            color=colour,
            linestyle=dash,
            marker="",
            label=f"{format_count(n_tokens)} tokens",
        )
        right.plot([start], [100 * chance], MARKERS[0], color=colour, markersize=8)
    for axes in two_axes:
        axes.axhline(100 * chance, color=QUIET, linewidth=1, linestyle="-", marker="", zorder=0)
    left.text(2.78, 100 * chance - 3, "chance", color=QUIET, va="top")
    log_axis(right.xaxis, format=format_count)
    label_axes(left, x="Pre-training loss", x_unit="nats per token", y="Test", y_unit="% right")
    label_axes(right, **_SIZE)
    label_lines(right)


# --- a decline or noise ---------------------------------------------------------------------------


def draw_power(axes, rates):
    """How often each rule alarms on a series that falls by so much: false alarms at the left end.

    `rates`: a course.emergence.views.AlarmRates.
    """
    axes.set(xlim=(0, 4), ylim=(0, 103))
    looks = ((BLUE, DASHES[1]), (BLUE, DASHES[0]), (ORANGE, DASHES[3]), (BLACK, DASHES[2]))
    for (name, shares), (colour, dash) in zip(rates.shares.items(), looks, strict=True):
        axes.plot(rates.falls, 100 * shares, color=colour, linestyle=dash, marker="", label=name)
    axes.axhline(5, color=QUIET, linewidth=1, linestyle="-", marker="", zorder=0)
    axes.text(3.97, 6, "5 % ", color=QUIET, ha="right", va="bottom")
    label_axes(
        axes,
        x="Fall over the series",
        x_unit="standard deviations of the noise",
        y="Series that alarm",
        y_unit="%",
    )
    label_lines(axes)


def draw_decline_or_noise(axes):
    """A series with its planted fall, and at the right how often three rules alarm.

    Returns update(view) for a course.emergence.views.DeclineView.
    """
    axes.set(xlim=(0, 75), ylim=(-8, 5))
    axes.set_xticks(range(0, 41, 10))
    label_axes(axes, x="Checkpoint", x_unit="count", y="Score", y_unit="sd of the noise")
    axes.xaxis.set_label_coords(0.28, -0.1)
    inset = axes.inset_axes([0.66, 0.13, 0.32, 0.75])
    inset.set(xlim=(-3, 103), ylim=(-0.6, 2.7), xticks=(0, 50, 100), yticks=())
    inset.set_xlabel("series that alarm (%)", size=11)
    inset.tick_params(labelsize=10.5)
    inset.axvline(5, color=QUIET, linewidth=1, linestyle=(0, (2, 2)), marker="")
    for row, name in enumerate(("last below first", "A's: five in a row", "ours")):
        inset.text(0, row + 0.2, name, size=11)
    inset.text(0, 1.02, "○ on noise   ■ with the fall", transform=inset.transAxes, size=11)
    planted = moving(axes, DASHES[1], color=ORANGE, linewidth=2)
    series = axes.plot(
        [], [], "-", marker="o", color=BLUE, linewidth=1.2, animated=True, markevery=1
    )[0]
    noise = inset.plot([], [], "o", color=BLACK, mfc="white", markersize=9, animated=True)[0]
    declines = inset.plot([], [], "s", color=BLUE, markersize=7, animated=True)[0]
    corner = axes.text(
        0.01,
        0.99,
        "",
        va="top",
        animated=True,
        size=11,
        transform=axes.transAxes,
        bbox=BEHIND | {"alpha": 0.8},
    )

    def update(view):
        at = np.arange(1, len(view.series) + 1)
        series.set_data(at, np.clip(view.series, -8, 5))
        planted.set_data(at, view.planted)
        rows = (2, 1, 0)
        noise.set_data([100 * share for share in view.on_noise.values()], rows)
        declines.set_data([100 * share for share in view.on_decline.values()], rows)
        verdict = "ours alarms" if view.fires["ours"] else "ours is silent"
        corner.set_text(
            f"{view.noise} noise; - - what was planted\np = {view.p_value:.2g}: {verdict}"
        )

    return update


# --- collapse -------------------------------------------------------------------------------------

_MODES = {
    "replace": ("replaced", ORANGE, DASHES[1], "s"),
    "fresh": ("a tenth real", BLACK, DASHES[2], "^"),
    "accumulate": ("accumulated", BLUE, DASHES[0], "o"),
}


def draw_collapse(two_axes, runs):
    """The tail that can still be written, and loss on real text, by generation: mean and interval.

    `runs` maps modes of self_training.MODES to what over_seeds returns. For
    `new_figure(1, 2, width=9.6, height=3.9)`.
    """
    for axes, (measure, factor) in zip(two_axes, (("tail_mass", 100), ("loss", 1)), strict=True):
        for mode, (name, colour, dash, marker) in _MODES.items():
            over_seeds = estimate(factor * runs[mode][measure])
            mean, generations = over_seeds.value, np.arange(len(over_seeds.value))
            axes.errorbar(
                generations,
                mean,
                over_seeds.high - mean,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=5,
                capsize=2,
                label="_",
            )
            axes.plot(
                generations[-1:], mean[-1:], color=colour, linestyle="", marker="", label=name
            )
        axes.set_xlim(-0.3, generations[-1] + 0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
        label_axes(axes, x="Generation", x_unit="count")
    two_axes[0].set_ylim(0, 11)
    label_axes(two_axes[0], y="Tail still known", y_unit="% of the text")
    label_axes(two_axes[1], y="Loss on real text", y_unit="nats per word")
    label_lines(two_axes[1])


def draw_overfitting(two_axes, gaps, unique_bytes):
    """Training and held-out loss by the number of times one text was read, for each width.

    `gaps` as study.overfitting returns them. For
    `new_figure(1, 2, width=9.6, height=3.9, sharey=True)`, two widths.
    """
    chosen = [gap for gap in gaps if gap.unique_bytes == unique_bytes]
    widths = sorted({gap.d_model for gap in chosen})
    for axes, width in zip(two_axes, widths, strict=True):
        own = [gap for gap in chosen if gap.d_model == width]
        epochs, held_out = [gap.epochs for gap in own], [gap.loss for gap in own]
        training = [gap.loss - gap.gap for gap in own]
        axes.plot(epochs, held_out, "-", color=BLUE, marker="o", label="held-out")
        axes.plot(epochs, training, linestyle=DASHES[1], color=ORANGE, marker="s", label="training")
        axes.fill_between(epochs, training, held_out, color="#efefef", zorder=0)
        log_axis(axes.xaxis, format="{:g}".format)
        axes.set_xlim(0.9, 1.15 * max(epochs))
        axes.text(0.97, 0.97, f"width {width}", ha="right", va="top", transform=axes.transAxes)
        label_axes(axes, x="Epochs: times the text was read", x_unit="count")
    label_axes(two_axes[0], y="Loss", y_unit="nats per byte")
    label_lines(two_axes[1])


def draw_double_descent(axes, n_samples, **fits):
    """Test error against the number of features, for results of double_descent by name.

    Names are those of the keywords, with `_` read as a space; the first one's training error too.
    """
    looks = ((BLUE, DASHES[0]), (ORANGE, DASHES[1]))
    sizes = next(iter(fits.values())).n_features
    axes.set(xlim=(sizes[0], sizes[-1]), ylim=(0.03, 200))
    for (name, fit), (colour, dash) in zip(fits.items(), looks, strict=False):
        error = fit.test_error
        axes.fill_between(
            fit.n_features, error.low, error.high, color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(
            fit.n_features,
            error.value,
            color=colour,
            linestyle=dash,
            marker="",
            label=name.replace("_", " "),
        )
    train = next(iter(fits.values()))
    seen = train.train_error > 0.03
    axes.plot(
        train.n_features[seen], train.train_error[seen], color=BLACK, linestyle=DASHES[2], marker=""
    )
    axes.text(11, 0.14, "training error,\nno ridge", color=BLACK, va="center", ha="center")
    axes.axvline(n_samples, color=QUIET, linewidth=1, linestyle="-", marker="", zorder=0)
    axes.text(
        n_samples * 1.05,
        150,
        f"as many features as samples, {n_samples}",
        color=QUIET,
        va="top",
        size=11,
    )
    axes.axhline(1, color=QUIET, linewidth=1, linestyle=(0, (2, 2)), marker="", zorder=0)
    axes.text(5.2, 1.08, "always saying 0", color=QUIET, va="bottom", size=10.5)
    log_axis(axes.xaxis, format="{:g}".format)
    log_axis(axes.yaxis, format="{:g}".format)
    label_axes(axes, x="Size of the model", x_unit="features", y="Squared error", y_unit="ratio")
    label_lines(axes)
