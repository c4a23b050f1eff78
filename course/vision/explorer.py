"""The explorer of chapter 9."""

from course.explorer import Explorer, choice, log_slider
from course.units import format_bytes
from course.vision.devices import ZERO_STAGES
from course.vision.plots import draw_memory
from course.vision.views import MODELS, memory_view


def memory_explorer():
    """Where does the memory go? Training a language model on one device or many."""
    return Explorer(
        "Where does the memory go?",
        memory_view,
        draw_memory,
        _describe,
        controls={
            "model": choice("Model", MODELS, "Llama-3-8B"),
            "n_devices": choice("Devices", (1, 2, 8, 64, 512, 4096), 8),
            "stage": choice("ZeRO stage", ZERO_STAGES, 0),
        },
        advanced={
            "tokens": log_slider("Tokens of a text", 1000, 1e5, 10_000, format="{:,.0f}".format),
            "checkpointing": choice("Activations", {"kept": False, "computed again": True}, False),
        },
    )


def _describe(view):
    m = view.memory
    largest = max(("weights", "gradients", "optimiser", "activations"), key=lambda p: getattr(m, p))
    on, limit = f"{view.n_devices:,} devices at stage {view.stage}", format_bytes(view.chip_bytes)
    fits = "fits" if m.total <= view.chip_bytes else "does not fit"
    return (
        f"{view.model} on {on}: {format_bytes(m.total)} on each, most of it {largest}. "
        f"That {fits} on an H100 of {limit}. "
        f"Without splitting anything it would be {format_bytes(view.without.total)}."
    )
