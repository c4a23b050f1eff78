"""Pictures of chapter 6. Each draws on axes of course.figures.new_figure."""

import numpy as np

from course.ethics.concentration import gini, lorenz
from course.ethics.views import places_view
from course.figures import (
    BLUE,
    DASHES,
    GREEN,
    ORANGE,
    QUIET,
    label_axes,
    log_axis,
    moving,
    moving_words,
)
from course.units import format_count

NAMED = ("Norway", "Yunnan", "United States", "Guangdong", "Beijing", "Ningxia", "Tianjin", "India")


def draw_cases(axes, cases):
    """Computed over published, each as the interval of its rounding; 1 is agreement.

    `cases`: a course.ethics.cases.Cases.
    """
    rows = list(reversed(cases.cases))
    for y, case in enumerate(rows):
        middle = sum(case.printed) / 2
        low, high = (end / middle for end in case.computed)
        look = (BLUE, "o") if case.reproduced else (ORANGE, "D")
        axes.plot([low, high], [y, y], color=look[0], linewidth=3, linestyle="-", marker="")
        axes.plot([(low + high) / 2], [y], color=look[0], marker=look[1], linestyle="none")
    axes.axvline(1, color=QUIET, linewidth=1.2)
    axes.set_yticks(range(len(rows)), [f"{case.model}, {case.quantity}" for case in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(axis="y", visible=False)
    label_axes(axes, x="Computed over published", x_unit="ratio")


def draw_places(axes, view):
    """Tonnes of one run in each place, the cleanest at the bottom; `view`: a PlacesView."""
    for kind, colour, marker in (("province", BLUE, "o"), ("country", ORANGE, "s")):
        own = [y for y, one in enumerate(view.kinds) if one == kind]
        axes.plot(view.tonnes[own], own, color=colour, marker=marker, linestyle="none")
    names = [
        place if kind == "province" else f"{place} (country)"
        for place, kind in zip(view.places, view.kinds, strict=True)
    ]
    axes.set_yticks(range(len(names)), names, fontsize=8.5)
    axes.set(xlim=(0, 1.05 * view.tonnes.max()), ylim=(-0.8, len(names) - 0.2))
    label_axes(axes, x="Emissions, location-based", x_unit="tonnes")


def draw_savings(axes, many):
    """What each advice saves in each case, from low to high; `many`: {name of a case: Savings}."""
    first = next(iter(many.values()))
    advice = [saving.advice for saving in first.savings][::-1]
    for offset, (name, savings), colour, marker in zip(
        (0.17, -0.17), many.items(), (BLUE, ORANGE), ("o", "s"), strict=True
    ):
        by_advice = {saving.advice: saving for saving in savings.savings}
        for y, one in enumerate(advice):
            ends = [max(100 * end, -60) for end in (by_advice[one].low, by_advice[one].high)]
            axes.plot(
                ends,
                [y + offset] * 2,
                color=colour,
                marker=marker,
                linestyle="-",
                markersize=5,
                label=name if y == 0 else None,
            )
            if 100 * by_advice[one].low < -60:
                axes.annotate("◂", (-60, y + offset), color=colour, va="center", ha="right")
    axes.axvline(0, color=QUIET, linewidth=1.2)
    axes.set_yticks(range(len(advice)), advice, fontsize=10)
    axes.set(xlim=(-65, 105))
    axes.legend(loc=(0.6, 0.24))
    label_axes(axes, x="Saved, of the energy or of the carbon", x_unit="%, negative costs more")


def draw_lorenz(axes, amounts):
    """The Lorenz curve of compute; `amounts` {developer: FLOP}."""
    holders, whole = lorenz(list(amounts.values()))
    axes.plot([0, 100], [0, 100], color=QUIET, linestyle=DASHES[2], marker="")
    axes.plot(100 * holders, 100 * whole, color=BLUE, marker="o", linestyle="-")
    axes.annotate("all alike", (38, 42), color=QUIET, rotation=33)
    axes.annotate(
        f"Gini {gini(list(amounts.values())):.2f}, {len(amounts)} developers", (6, 80), color=BLUE
    )
    axes.set(xlim=(0, 103), ylim=(0, 103))
    label_axes(
        axes, x="Developers, the smallest first", x_unit="%", y="Compute that they have", y_unit="%"
    )


def draw_footprint(axes):
    """The explorer's picture: the same run in 35 places; returns its update."""
    view = places_view("GPT-3", "V100", 1.1)
    ranks = np.arange(len(view.places))
    axes.set(xlim=(1, 2e5), ylim=(-1, len(ranks)))
    log_axis(axes.xaxis, format=format_count)
    shown = [y for y in ranks if view.places[y] in NAMED]
    axes.set_yticks(shown, [view.places[y] for y in shown], fontsize=9)
    label_axes(axes, x="Emissions, location-based", x_unit="tonnes")
    axes.annotate("● province: CO2", (0.98, 0.12), ha="right", xycoords="axes fraction", color=BLUE)
    axes.annotate(
        "■ country: CO2eq", (0.98, 0.04), ha="right", xycoords="axes fraction", color=ORANGE
    )
    provinces, countries = moving(axes, "o", color=BLUE), moving(axes, "s", color=ORANGE)
    words = moving_words(axes, (-10, -4), color=GREEN, ha="right")

    def update(view):
        for line, kind in ((provinces, "province"), (countries, "country")):
            own = [y for y in ranks if view.kinds[y] == kind]
            line.set_data(view.tonnes[own], own)
        words.xy = (view.tonnes[-1], len(ranks) - 1)
        words.set_text(f"{view.tonnes.max() / view.tonnes.min():.0f} times the cleanest")

    return update
