"""The explorers of chapter 1."""

import ipywidgets as widgets

from course.explorer import Explorer, choice, log_slider
from course.scaling.isoflop import valley_view
from course.scaling.plots import draw_product_or_sum, draw_valley
from course.scaling.presets import BESIROGLU_2024, LOSS_LAWS
from course.scaling.products import GROWS, product_or_sum
from course.units import format_count, format_flop


def valley_explorer():
    """Which size is best for a budget, and what would the wrong law have bought?"""
    return Explorer(
        "The compute-optimal valley: which size is best for a budget?",
        lambda flops, law, second: valley_view(flops, law, second or None),
        draw_valley,
        _describe_valley,
        controls={
            "flops": log_slider("Budget C", 1e19, 1e26, start=5.76e23, format=format_flop),
            "law": choice("Law", LOSS_LAWS, BESIROGLU_2024),
        },
        # ipywidgets shows an option of value None as no choice at all.
        advanced={"second": choice("A second law", {"none": False} | LOSS_LAWS, False)},
    )


def _describe_valley(view):
    best, kaplan, printed = (view.bought[name] for name in ("optimum", "Kaplan", "A §1.2"))
    worse = view.law.flops_for_loss(kaplan.loss) / view.flops
    words = (
        f"With {format_flop(view.flops)} the loss is lowest at {_size(best)}, "
        f"{best.n_tokens / best.n_params:.3g} tokens per parameter: {best.loss:.3f} nats. "
        f"Kaplan's law of 2020 would have bought {_size(kaplan)}: {kaplan.loss:.3f} nats, which "
        f"the optimum reaches with {worse:.0%} of the compute. A §1.2 prints {_size(printed)}, "
        f"{printed.flops / view.flops:.0%} of the budget: {printed.loss:.3f} nats."
    )
    if view.second is not None:
        words += (
            f" {view.second.name} puts the best size at {_size(view.second_best)}, "
            f"{view.second_best.loss:.3f} nats."
        )
    return words


def _size(bought):
    return f"{format_count(bought.n_params)} parameters on {format_count(bought.n_tokens)} tokens"


def product_or_sum_explorer():
    """Product or sum? Both fit the same runs; then the runs grow."""
    return Explorer(
        "Product or sum? Formulas fitted to the same 25 runs, then followed beyond them",
        product_or_sum,
        draw_product_or_sum,
        _describe_product_or_sum,
        controls={
            "grows": choice("What grows", list(GROWS), "parameters alone"),
            "reach": log_slider("How far beyond", 1, 1e4, 1000, format="{:,.6g}×".format),
            "n_params": log_slider("Largest fitted run N", 1e7, 1e11, 1e9),
        },
        advanced={
            "law": choice("True law", LOSS_LAWS, BESIROGLU_2024),
            "noise": widgets.FloatSlider(
                description="Noise of a run (sd)",
                value=0.005,
                min=0,
                max=0.03,
                step=0.0025,
                readout_format=".2%",
            ),
            "seed": widgets.IntSlider(description="Seed", value=0, min=0, max=9),
        },
    )


def _describe_product_or_sum(result):
    errors, at = result.errors, result.at_reach
    end = "below the true floor" if at["product"] < result.law.E else "above the true floor"
    return (
        f"On the fitted runs, up to {format_count(result.n_params)} parameters and "
        f"{format_count(result.n_tokens)} tokens, the sum is off by {errors['sum']:.1%}, "
        f"the product by {errors['product']:.1%}, C's ratio by {errors['ratio']:.0%}. With "
        f"{result.reach:,.6g} times {_GROWN[result.grows]} the truth is {at['truth']:.2f} nats: "
        f"the sum says {at['sum']:.2f}, the product {at['product']:.2f}, {end} of "
        f"{result.law.E:.2f}, and the ratio {at['ratio']:.2f} as always, because R = 6ND."
    )


_GROWN = {
    "parameters alone": "the parameters and the same tokens",
    "tokens alone": "the tokens and the same parameters",
    "both": "both",
}
