"""The explorers of chapter 3."""

import ipywidgets as widgets

from course.explorer import Explorer, choice
from course.moe.costs import MOST_EXPERTS
from course.moe.plots import draw_byte_routes, draw_expert_costs
from course.moe.views import byte_view, cost_view
from course.units import format_bytes, format_count

CHIPS = ("L4", "RTX-4090", "A100", "H100", "H200", "B200")
START = "def merge(left, right):  return left + right  # 1, 2"


def who_gets_which_token():
    """Type a text: which experts of a trained router take each of its bytes?"""
    return Explorer(
        "Who gets which token?",
        byte_view,
        draw_byte_routes,
        _describe_bytes,
        controls={
            "text": widgets.Text(value=START, description="Text, up to 64 bytes"),
            "layer": choice("Layer", {"1": 0, "2": 1, "3": 2}, 0),
        },
    )


def _describe_bytes(view):
    busiest = int(view.shares.argmax())
    idle = int((view.shares == 0).sum())
    n_experts = len(view.shares)
    words = (
        f"Layer {view.layer + 1} of 3: {len(view.characters)} bytes, each passes 2 of "
        f"{n_experts} experts. Expert {busiest} takes {view.shares[busiest]:.0%} of the choices, "
        f"even would be {1 / n_experts:.1%}; {idle or 'none'} of the experts "
        f"{'stand' if idle > 1 else 'stands'} idle. "
    )
    if view.same_character is None:
        return words + "No character comes twice."
    return words + (
        f"Where a character comes again, it has the same first expert in "
        f"{view.same_character:.0%} of the pairs; any two bytes do in {view.any_pair:.0%}."
    )


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
