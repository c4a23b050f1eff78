"""The explorer of chapter 6."""

from course.ethics.plots import draw_footprint
from course.ethics.views import RUNS, places_view
from course.explorer import Explorer, choice, log_slider

CHIPS = ("V100", "A100", "H100", "B200")


def footprint_explorer():
    """What does a training run emit, and what decides it: the chip, the building or the place?"""
    return Explorer(
        "The footprint of a run: chip, building or place?",
        places_view,
        draw_footprint,
        _describe,
        controls={
            "model": choice("Model", RUNS, "Llama-3.1-405B"),
            "chip": choice("Chip", CHIPS, "H100"),
            "pue": log_slider("PUE of the building", 1, 3, 1.5, format="{:g}".format),
        },
        advanced={"mfu": log_slider("MFU", 0.1, 1, 0.4, format="{:.0%}".format)},
    )


def _describe(view):
    return (
        f"{view.run.gpu_hours:,.0f} hours of {view.run.chip.name} at {view.run.chip.power_w:g} W "
        f"take {view.kwh / 1000:,.4g} MWh with the building. In {view.places[0]} that is "
        f"{view.tonnes[0]:,.3g} t, in {view.places[-1]} {view.tonnes[-1]:,.3g} t: the place alone "
        f"is a factor of {view.tonnes[-1] / view.tonnes[0]:.0f}."
    )
