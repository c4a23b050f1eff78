"""Roofline: published estimates and limits; what is measured elsewhere is never faster."""

import dataclasses
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from course.accounting.hardware import Chip, chip
from course.accounting.training import training_flops
from course.evidence import fact
from course.inference import (
    Links,
    Server,
    arithmetic_intensity,
    attainable_flop_per_s,
    crossover_batch,
    generation_flops,
    model,
    pipeline_decode,
    ridge_point,
    usd_per_million_tokens,
)

V5E = fact("inference.Llama-3-70B_on_TPU-v5e").value
TPU_V5E = Chip(
    "TPU-v5e",
    {"bf16": V5E["bf16_flop_per_s"]},
    V5E["memory_bytes"],
    V5E["bandwidth_bytes_per_s"],
    None,
    "",
)
IDEAL = {"prefill_mfu": 1, "decode_mfu": 1, "mbu": 1}
FREE = Links("none", 1e18, 0, network_bytes_per_s=1e18, network_latency_s=0)


# --- the roof -------------------------------------------------------------------------------------


def test_ridge_points_are_those_of_the_facts():
    for name, ridge in fact("hw_note.ridge").value.items():
        assert ridge_point(name) == pytest.approx(ridge, abs=0.6)
    assert ridge_point("H100", "fp8") == pytest.approx(2 * ridge_point("H100"), rel=1e-3)


@given(st.floats(1e-3, 1e6))
def test_the_roof_is_the_lower_of_two_lines(intensity):
    h100 = chip("H100")
    speed = attainable_flop_per_s(intensity, "H100")
    assert speed <= h100.peak()
    assert speed <= intensity * h100.bandwidth_bytes_per_s * (1 + 1e-12)
    assert (speed == h100.peak()) == (intensity >= ridge_point("H100"))
    assert arithmetic_intensity(intensity * 7, 7) == pytest.approx(intensity)


def test_published_batches_from_which_decoding_is_compute_bound():
    printed = fact("inference.batch_from_which_compute_bound").value["TPU-v5e"]
    assert crossover_batch(TPU_V5E) == pytest.approx(printed, rel=0.005)
    assert crossover_batch(TPU_V5E, weight_bits=8) == pytest.approx(printed / 2, rel=0.005)
    assert crossover_batch(TPU_V5E, weight_bits=4) == pytest.approx(printed / 4, rel=0.005)
    assert crossover_batch("H100") == pytest.approx(295, abs=0.5)


@pytest.mark.parametrize("shape", [7e9, "Llama-3-8B", "Mixtral-8x7B"])
@pytest.mark.parametrize("shares", [IDEAL, {"decode_mfu": 0.3, "mbu": 0.7}])
def test_products_turn_from_memory_to_computing_at_the_crossover(shape, shares):
    """At a context of one token, where attention weighs next to nothing."""
    server = Server(shape, "H100", n_gpus=1, **shares)
    at = server.crossover_batch
    assert server.decode(0.98 * at, 1).bound == "memory"
    # A little attention is left in both times, and of it memory has more.
    assert server.decode(1.2 * at, 1).bound == "compute"
    before, after = server.decode(0.5 * at, 1).seconds, server.decode(2 * at, 1).seconds
    if shape != "Mixtral-8x7B":  # whose batch reads more experts too
        assert before == pytest.approx(server.decode(1, 1).seconds, rel=0.02)
        assert after == pytest.approx(2 * server.decode(at, 1).seconds, rel=0.02)


def test_attention_to_a_cache_is_bound_by_memory_at_any_batch():
    """With all the batch in one long context, the products are compute-bound and the step is not"""
    server = Server("Llama-3-8B", "H100", **IDEAL)
    long = [server.decode(batch, 100_000) for batch in (1, 100, 10_000)]
    assert [step.bound for step in long] == ["memory"] * 3
    per_sequence = [server.decode(b, 100_000).seconds / b for b in (1e4, 1e5)]
    assert per_sequence[0] == pytest.approx(per_sequence[1], rel=0.01)


# --- published estimates and measurements ---------------------------------------------------------


def test_llama_3_70b_on_16_tpu_v5e_as_published():
    """The estimate spreads the caches over all chips, as if no head were copied.

    Tensor parallelism over 16 chips has two copies of each of 8 heads: the published bytes are
    those of copies at half the bits.
    """
    ways = {"n_gpus": V5E["n_chips"], "memory_share": 1, "links": FREE, **IDEAL}
    copied = Server("Llama-3-70B", TPU_V5E, **ways)
    assert copied.largest_batch(V5E["context"]) == V5E["largest_batch"] // 2
    server = Server("Llama-3-70B", TPU_V5E, kv_bits=8, **ways)
    assert server.largest_batch(V5E["context"]) == pytest.approx(V5E["largest_batch"], abs=1)
    step = server.decode(V5E["largest_batch"], V5E["context"])
    assert step.seconds == pytest.approx(V5E["step_s"], rel=0.03)
    requests = V5E["largest_batch"] / step.seconds / V5E["decode_tokens"] / V5E["n_chips"]
    assert requests == pytest.approx(V5E["requests_per_chip_s"], rel=0.05)


def test_no_measurement_beats_the_roof():
    """PaLM 540B on 64 TPU v4: 29 ms a token, measured, against 7 ms of the roof."""
    measured = fact("inference.PaLM-540B_on_TPU-v4").value
    server = Server(540e9, "TPU-v4", n_gpus=measured["n_chips"], weight_bits=8, links=FREE, **IDEAL)
    bound = server.decode(1, 2048).seconds
    assert bound == pytest.approx(7.0e-3, rel=0.03)
    assert bound < measured["decode_s_per_token"]
    assert bound / measured["decode_s_per_token"] > 0.2  # yet of its order


def test_seven_billion_parameters_on_a_phone_of_50_gb_per_s():
    """K093: about 14 tokens/s, and a GPU in the cloud may have answered before."""
    phone = Chip("phone", {"bf16": 1e13}, 8e9, 50e9, 5, "")
    local = Server(7e9, phone, weight_bits=4, **IDEAL)
    assert local.decode(1, 100).tokens_per_s == pytest.approx(14.3, abs=0.1)
    cloud = Server(7e9, "H100")
    assert 0.5 + cloud.answer_s(500, 200, batch=32) < local.answer_s(500, 200)
    # For one word and a slow network the phone is first.
    assert local.answer_s(10, 1) < 0.5


# --- work -----------------------------------------------------------------------------------------


class Attention(torch.nn.Module):
    """One layer of a transformer, eager, with an optional cache of keys and values."""

    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v, self.o = (torch.nn.Linear(width, width) for _ in range(4))
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x, cache=None):
        k, v = self.k(x), self.v(x)
        if cache is not None:
            k, v = torch.cat([cache[0], k], 1), torch.cat([cache[1], v], 1)
        x = x + self.o(torch.softmax(self.q(x) @ k.transpose(1, 2), -1) @ v)
        return x + self.down(torch.relu(self.up(x))), (k, v)


def counted(function):
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


def test_a_token_costs_2_flop_a_parameter_in_inference_and_6_in_training():
    """K083: counted by torch on a small transformer layer, attention left out by length 1."""
    torch.manual_seed(0)
    layer = Attention(256)
    n_params = sum(p.numel() for p in layer.parameters() if p.dim() == 2)
    x = torch.randn(64, 1, 256, requires_grad=True)
    tokens = 64
    forward = counted(lambda: layer(x))
    assert forward / (n_params * tokens) == pytest.approx(2, rel=0.01)
    both = counted(lambda: layer(x)[0].sum().backward())
    assert both / (n_params * tokens) == pytest.approx(6, rel=0.01)
    assert training_flops(n_params, tokens) == 6 * n_params * tokens
    per_token = model(7e9).forward_flops(1, 500) / 500
    assert per_token == pytest.approx(2 * 7e9, rel=0.02)


def test_it_is_the_cache_that_saves_work_and_not_the_dynamic_graph():
    """K130: the same dynamic graph, run twice, does all its work twice; the KV cache does not."""
    torch.manual_seed(0)
    layer, x = Attention(64), torch.randn(1, 20, 64)
    with torch.no_grad():
        once, twice = counted(lambda: layer(x)), counted(lambda: (layer(x), layer(x)))
        assert twice == 2 * once  # define-by-run remembers nothing

        def anew():
            return [layer(x[:, :n])[0][:, -1] for n in range(1, 21)]

        def cached():
            cache, out = None, []
            for n in range(20):
                y, cache = layer(x[:, n : n + 1], cache)
                out.append(y[:, -1])
            return out

        # Without a mask the last token is all that can be compared, and of one layer it is equal.
        assert torch.allclose(anew()[-1], cached()[-1], atol=1e-5)
        ratio = counted(anew) / counted(cached)
    assert ratio > 8
    ours = generation_flops(7e9, 1, 20, kv_cache=False) / generation_flops(7e9, 1, 20)
    assert ours == pytest.approx(10.5, rel=0.01)  # (1 + … + 20) / 20 passes over a token


@pytest.mark.parametrize("shape", [7e9, "Mixtral-8x7B", "DeepSeek-V3"])
def test_with_a_cache_an_answer_takes_the_work_of_reading_it_once(shape):
    shape = model(shape)
    whole = generation_flops(shape, 300, 200)
    assert whole == pytest.approx(shape.forward_flops(1, 499), rel=0.05)
    assert generation_flops(shape, 300, 1) == shape.forward_flops(1, 300)


def test_tensor_parallelism_answers_sooner_and_pipelines_do_not():
    """K129: eight GPUs shorten a token's time if they share each layer, at a price on the links."""
    alone_server = Server("Llama-3-70B", "H100", weight_bits=4)
    eight = alone_server.with_gpus(8)
    tensor, pipeline = eight.decode(8, 2000), pipeline_decode(eight, 8, 2000)
    alone = alone_server.decode(1, 2000)
    assert alone.seconds / 8 < tensor.seconds < alone.seconds / 3
    assert tensor.link_s > 0.2 * tensor.seconds  # what the links take
    assert pipeline.seconds >= alone.seconds  # no token comes sooner
    assert pipeline.tokens_per_s > 7 * alone.tokens_per_s  # but more of them in all
    slow = dataclasses.replace(eight, links=Links("slow", 450e9, 1e-3))
    assert slow.decode(1, 2000).seconds > alone.seconds  # over a slow link it is a loss


@given(st.integers(1, 512), st.integers(1, 100_000))
def test_a_step_takes_at_least_either_of_its_times_and_at_most_both(batch, context):
    for step in (Server("Llama-3-8B").decode(batch, context), Server(7e9).prefill(batch, context)):
        assert step.seconds >= max(step.compute_s, step.memory_s) * (1 - 1e-12)
        assert step.seconds <= (step.compute_s + step.memory_s + step.link_s) * (1 + 1e-12)
        assert step.flop_per_s <= 0.5 * chip("H100").peak() * (1 + 1e-12)


def test_a_shared_prefix_is_not_computed_again():
    server = Server("Llama-3-8B")
    whole, rest = server.prefill(1, 2000), server.prefill(1, 500, n_cached=1500)
    first = server.prefill(1, 1500)
    assert first.flops + rest.flops == pytest.approx(whole.flops)
    assert rest.seconds < 0.3 * whole.seconds


def test_what_fits():
    """Weights, caches and no more: one sequence more than the largest batch is too much."""
    server = Server("Llama-3-8B", "H100", memory_share=0.9)
    for context in (100, 2048, 100_000):
        batch = server.largest_batch(context)
        need = [server.weight_bytes + server.kv_bytes(b, context) for b in (batch, batch + 1)]
        assert need[0] <= server.memory_bytes < need[1]
    assert server.memory_bytes == 0.9 * 81_559 * 2**20
    assert Server("Llama-3-70B", "H100").largest_batch(100) == 0
    assert Server("Llama-2-7B").largest_batch(4096) < 0.3 * server.largest_batch(4096)  # no GQA


def test_price_of_tokens():
    assert usd_per_million_tokens(1000, 3.6) == 1
    assert usd_per_million_tokens(1000, 3.6, n_gpus=4) == 4


def test_a_million_points_in_well_under_a_second():
    """Generous by a factor of ten and more; `make bench` has the number."""
    server = Server("Llama-3-8B")
    batch, context = np.arange(1.0, 1001)[:, None], np.linspace(1, 1e5, 1000)
    start = time.process_time()
    steps = server.decode(batch, context)
    assert time.process_time() - start < 2
    assert steps.seconds.shape == steps.bound.shape == (1000, 1000)
    assert steps.seconds[9, 7] == pytest.approx(server.decode(10.0, context[7]).seconds)
    assert server.largest_batch(context).shape == (1000,)


def test_results_show_their_units():
    server = Server("Llama-3-8B", "H100", n_gpus=2)
    text = server.decode(8, [100.0, 200.0])._repr_html_()
    assert all(unit in text for unit in ("FLOP per byte", "ms", "tokens per second"))
    assert "bound by memory" in server.decode(1, 1)._repr_html_()
    assert "Llama-3-8B on 2 H100" in server._repr_html_()
    assert str(server) == "Llama-3-8B on 2 H100"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chip": "H1000"}, "chip must be one of"),
        ({"model": "GPT-9"}, "model must be"),
        ({"n_gpus": 1.5}, "n_gpus must be whole"),
        ({"n_gpus": 5000}, "n_gpus must be"),
        ({"prefill_mfu": 1.01}, "prefill_mfu must be"),
        ({"decode_mfu": 0}, "decode_mfu must be"),
        ({"n_gpus": 8, "data_parallel": 3}, "data_parallel must divide n_gpus = 8, got 3"),
        ({"n_gpus": 8, "expert_parallel": True}, "the model has none, n_gpus is 8"),
        ({"expert_parallel": 8}, "expert_parallel must be True or False, got 8"),
        ({"links": "NVLink"}, "links must be Links, got 'NVLink'"),
        ({"mbu": 0}, "mbu must be"),
        ({"precision": "fp4"}, "precision must be one of"),
        ({"weight_bits": [4, 8]}, "weight_bits must be one number"),
    ],
)
def test_a_server_that_cannot_be_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        Server(**{"model": 7e9} | change)
