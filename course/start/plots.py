"""Pictures of chapter 0."""

import numpy as np

from course.evidence import VERDICTS, fact
from course.figures import (
    BEHIND,
    COLOURS,
    QUIET,
    label_axes,
    label_points,
    log_axis,
)
from course.units import format_count, format_days, format_flop

_MODELS = ("GPT-3", "Chinchilla", "PaLM", "LLaMA-1-7B", "Llama-3-8B", "Llama-3.1-405B")
PARAMS = (1e8, 1e13)  # the plane that is drawn, and that the sliders span
TOKENS = (1e9, 1e14)


def draw_training_compute(axes):
    """Parameters N against tokens D, where runs of equal compute lie on a diagonal: D = C/(6N).

    Returns update(run) for a course.accounting.training.TrainingRun.
    """
    n_params = np.array(PARAMS)
    axes.set(xlim=PARAMS, ylim=TOKENS)
    log_axis(axes.xaxis, format=format_count)
    log_axis(axes.yaxis, format=format_count)
    label_axes(axes, x="Model size N", x_unit="parameters", y="Data D", y_unit="tokens")
    axes.grid(False)
    for exponent in range(20, 28, 2):
        _draw_diagonal(axes, 10.0**exponent, f"$10^{{{exponent}}}$ FLOP")
    models = [fact(f"model.{name}").value for name in _MODELS]
    n, d = (np.array([model[key] for model in models]) for key in ("n_params", "n_tokens"))
    axes.plot(n, d, "o", color=COLOURS[0])
    label_points(axes, n, d, _MODELS, color=COLOURS[0], size=10, bbox=BEHIND)

    (diagonal,) = axes.plot([], [], "--", color=COLOURS[1], animated=True)
    hollow = {"markersize": 12, "mfc": "none", "mew": 3}  # a model under it can be seen
    (point,) = axes.plot([], [], "s", color=COLOURS[1], **hollow, clip_on=False, animated=True)
    # In a corner, where no model and no diagonal's name can be: it must not hide what it names.
    words = axes.text(
        *(0.02, 0.97),
        "",
        transform=axes.transAxes,
        va="top",
        color=COLOURS[1],
        bbox=BEHIND,
        animated=True,
    )

    def update(run):
        diagonal.set_data(n_params, run.flops / (6 * n_params))
        point.set_data([run.n_params], [run.n_tokens])
        words.set_text(
            f"your run: {format_flop(run.flops)},\n"
            f"{format_days(run.days)} on {run.n_gpus:,.0f} {run.chip.name}"
        )

    return update


def draw_verdicts(axes, counts):
    """How many claims got each verdict, as bars with their numbers. `counts`: verdict -> claims."""
    names = sorted(counts, key=counts.get)
    bars = axes.barh(
        [f"{VERDICTS[name]} {name}" for name in names],
        [counts[name] for name in names],
        color=[COLOURS[0] if name == "right" else "#c9c9c9" for name in names],
        edgecolor=COLOURS[2],
        hatch=["//" if name == "right" else "" for name in names],
    )
    axes.bar_label(bars, padding=4)
    axes.grid(False)
    label_axes(axes, x="Claims of the five documents", x_unit="count")


def _draw_diagonal(axes, flops, text):
    n_params = np.array(PARAMS)
    axes.plot(n_params, flops / (6 * n_params), "-", color=QUIET, linewidth=0.8)
    # Its name stands on it, near the lower edge or the right one, whichever it meets first.
    at = min(flops / (6 * TOKENS[0]), PARAMS[1]) / 2.5
    place = {"ha": "center", "va": "center", "bbox": BEHIND}
    axes.text(at, flops / (6 * at), text, color=QUIET, size=10, **place)
