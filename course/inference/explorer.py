"""The explorers of chapter 5."""

from course.explorer import Explorer, choice, log_slider
from course.inference.devices import EDGE_DEVICES
from course.inference.models import model_names
from course.inference.plots import draw_device, draw_roofline, draw_serving
from course.inference.views import device_view, roofline_view, serve_view, short, usd
from course.units import format_bytes, format_count

CHIPS = ("L4", "RTX-4090", "A100", "H100", "H200", "B200")


def roofline_explorer():
    """What limits an answer's speed: memory or computing?"""
    return Explorer(
        "The roofline: is memory the limit, or computing?",
        roofline_view,
        draw_roofline,
        _describe_roofline,
        controls={
            "model": choice("Model", model_names(), "Llama-3-8B"),
            "chip_name": choice("Chip", CHIPS, "H100"),
            "batch": log_slider("Batch", 1, 1000, 10, format=_whole),
        },
        advanced={
            "context": log_slider("Context", 100, 1e5, 2000, format=_tokens),
            "weight_bits": choice("Bits of a weight", (16, 8, 4), 16),
        },
    )


def _describe_roofline(view):
    server, step = view.server, view.decode
    caches = server.kv_bytes(view.batch, view.context)
    weights = step.bytes_moved - caches
    price = view.usd_per_million_tokens
    shared = _shared(server)
    return (
        f"A step of {view.batch:,.0f} answers reads {format_bytes(weights)} of weights once and "
        f"{format_bytes(caches)} of caches: {1e3 * step.seconds:.3g} ms, bound by {step.bound}. "
        f"Its products become compute-bound at {server.crossover_batch:,.0f} tokens; "
        f"{server.largest_batch(view.context):,.0f} sequences of {view.context:,.0f} tokens fit on "
        f"{server.n_gpus} {server.chip.name}{shared}. That is {step.tokens_per_s:,.0f} tokens/s"
        + ("." if price is None else f", or {usd(price)} per million tokens.")
        + f" Prefill reads {view.prefill.tokens_per_s:,.0f} tokens/s."
    )


def serving_explorer():
    """How many GPUs, at what price, for answers in time?"""
    return Explorer(
        "Serve it: how many GPUs answer in time?",
        serve_view,
        draw_serving,
        _describe_serving,
        controls={
            "requests_per_s": log_slider("Requests per second", 0.1, 1000, 150, format=_plain),
            "max_answer_s": log_slider("Latency target (s)", 1, 100, 15, format=_plain),
            "model": choice("Model", model_names(), "Llama-3-8B"),
        },
        advanced={
            "chip_name": choice("Chip", CHIPS, "H100"),
            "prompt_tokens": log_slider("Prompt", 100, 1e4, 500, format=_tokens),
            "answer_tokens": log_slider("Answer", 10, 2000, 200, format=_tokens),
            "percentile": choice("Percentile", (90, 95, 99), 99),
        },
    )


def _describe_serving(view):
    fleet, server = view.fleet, view.fleet.server
    fewer = fleet.n_gpus_by_throughput
    words = (
        f"{fleet.n_gpus:,} {server.chip.name}, {server.n_gpus} to a replica{_shared(server)}, "
        "answer half of the "
        f"requests within {fleet.percentile_s[50]:.3g} s and {view.percentile} % within "
        f"{fleet.percentile_s[view.percentile]:.3g} s, busy {fleet.utilisation:.0%} of the time. "
    )
    if view.usd_per_month is not None:
        price = usd(view.usd_per_million_tokens)
        words += f"Rent: {usd(view.usd_per_month)} a month, {price} per million tokens. "
    words += f"Requests over throughput, in whole replicas of {server.n_gpus}, says {fewer:,}"
    if fewer < fleet.n_gpus:
        return f"{words}: these do not answer in time."
    return f"{words} too: these answer in time."


def device_explorer():
    """Does a model fit on a device, and how fast does it answer there?"""
    return Explorer(
        "Does it fit on this device?",
        device_view,
        draw_device,
        _describe_device,
        controls={
            "n_params": log_slider("Parameters N", 1e8, 1e12, 7e9),
            "device": choice("Device", tuple(EDGE_DEVICES), "mobile"),
            "context": log_slider("Prompt", 100, 1e5, 500, format=_tokens),
        },
        advanced={
            "answer_tokens": log_slider("Answer", 10, 2000, 200, format=_tokens),
            "bandwidth_bytes_per_s": log_slider(
                "Network to the cloud", 1e2, 1e6, 1e6, format=lambda b: f"{format_bytes(b)}/s"
            ),
        },
    )


def _describe_device(view):
    device, bits = view.device, view.best_bits
    size = format_count(view.n_params)
    if bits is None:
        words = (
            f"{size} parameters do not fit on a {device.name} even at 4 bits, "
            f"{format_bytes(view.fits[4].weight_bytes)} of weights; at most "
            f"{format_count(view.largest_params)} do. "
        )
    else:
        words = (
            f"At {bits} bits it fits and writes {short(view.fits[bits].tokens_per_s)} tokens/s: an "
            f"answer in {short(view.answer_s[bits])} s for {short(view.energy_j[bits])} J. "
        )
    assumed = f" Assumed here: {device.assumed}." if device.assumed else ""
    return (
        f"{words}The cloud answers in {short(view.cloud_s)} s, network and queue included, for "
        f"{short(view.cloud_j)} J.{assumed}"
    )


def _shared(server):
    """How the GPUs of a replica share the model and what joins them; nothing for one GPU."""
    if server.n_gpus == 1:
        return ""
    network = " and a network" if server.links.n_machines(server.n_gpus) > 1 else ""
    return f" ({server.sharing.name}, {server.links.name}{network})"


def _whole(value):
    return f"{value:,.0f}"


def _plain(value):
    return f"{value:,g}"


def _tokens(value):
    return f"{value:,.0f} tokens"
