"""The explorer of chapter 8."""

from course.explorer import Explorer, choice, log_slider
from course.learning.plots import draw_convergence
from course.learning.views import STEPS, convergence_view


def convergence_explorer():
    """Will it converge? Learning rate, scaling and momentum on the bowl of the ten houses."""
    return Explorer(
        "Will it converge?",
        convergence_view,
        draw_convergence,
        _describe,
        controls={
            "rate": log_slider("Rate, of the largest stable", 0.01, 3, 0.7, format="{:g}".format),
            "scaled": choice("x", {"in thousands": False, "standardised": True}, False),
            "momentum": choice("Momentum", (0.0, 0.5, 0.9), 0.0),
        },
    )


def _describe(view):
    across, along = (abs(view.errors[-1, column]) for column in (0, 1))
    said = (
        f"The bowl is {view.condition:.3g} times as steep across as along, and the largest stable "
        f"rate without momentum is {view.stable:.3g}. "
    )
    if view.descent.overflow_step is not None or view.losses[-1] > 1:
        return said + f"After {len(view.losses) - 1} steps the loss has grown: it diverges."
    return said + (
        f"After {STEPS} steps {across:.2g} of the distance is left across the valley and "
        f"{along:.2g} along it."
    )
