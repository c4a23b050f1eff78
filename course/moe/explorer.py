"""The explorers of chapter 3."""

import ipywidgets as widgets

from course.explorer import Explorer, choice
from course.moe.costs import MOST_EXPERTS, cost_view
from course.moe.plots import draw_expert_costs
from course.units import format_bytes, format_count

CHIPS = ("L4", "RTX-4090", "A100", "H100", "H200", "B200")


def what_does_an_expert_cost():
    """Which bill grows with the experts: memory, reading or computing?"""
    return Explorer(
        "What does an expert cost?",
        cost_view,
        draw_expert_costs,
        _describe_costs,
        controls={
            "n_experts": _powers("Experts E", MOST_EXPERTS, 8),
            "top_k": _powers("Taken by a token, k", 16, 2),
            "granularity": _powers("Granularity G", 16, 1),
        },
        advanced={
            "batch": _powers("Sequences at once", 1024, 1),
            "bits": choice("Bits of a weight", (16, 8, 4), 16),
            "chip_name": choice("Chip", CHIPS, "H100"),
        },
    )


def _powers(label, most, start):
    """A slider over the powers of 2 up to `most`."""
    options = [2**power for power in range(most.bit_length())]
    return widgets.SelectionSlider(options=options, value=start, description=label)


def _describe_costs(view):
    here, dense, chosen = view.here, view.dense, view.chosen
    cut = chosen["granularity"]
    parts = f"{chosen['n_experts'] * cut:,} experts, {chosen['top_k'] * cut} to a token"
    step = f"{chosen['batch']:,} sequences" if chosen["batch"] > 1 else "one sequence"
    chip = chosen["chip_name"].name
    return (
        f"{parts}: {format_count(here.n_params)} parameters, of which a token passes "
        f"{format_count(here.n_active_params)}. The weights take "
        f"{format_bytes(here.memory_bytes)}, {view.n_chips} {chip} at least; the dense model's "
        f"take {format_bytes(dense.memory_bytes)}. A step of decoding for {step} reads "
        f"{here.bytes_read / here.memory_bytes:.0%} of them: at most {here.tokens_per_s:,.0f} "
        f"tokens/s for each {chip}'s bandwidth and peak, where the dense model writes "
        f"{dense.tokens_per_s:,.0f}. With the experts on 8 devices a token sends "
        f"{format_bytes(here.bytes_sent)} there and back."
    )
