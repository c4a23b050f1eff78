"""What GPUs that share a model hold, copy and send: published cases, limits and counts by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.accounting import chip
from course.evidence import fact
from course.inference import Links, Server, Sharing, links_of, model
from course.inference.parallel import attention_params, experts, without_copies

SIZES = st.sampled_from([1, 2, 3, 4, 6, 8, 12, 16, 32])
NAMES = st.sampled_from(["Llama-3-8B", "Llama-2-7B", "Mixtral-8x7B", "DeepSeek-V3", 7e9])
# Model, chip, GB on its box, GPUs, bits a weight; sequences of 8,192 tokens with GB of 1e9 bytes,
# with the memory that the driver reports, and what a server that copies nothing would hold.
SERVED = [
    ("DeepSeek-V3", "H200", 141e9, 8, 8, 74, 89, 597),
    ("Llama-3.1-405B", "H100", 80e9, 16, 16, 40, 49, 80),
    ("Llama-3.1-405B", "H100", 80e9, 32, 16, 88, 97, 352),
    ("Llama-3-70B", "H100", 80e9, 16, 16, 188, 203, 376),
    ("Llama-3-70B", "H100", 80e9, 2, 16, 1, 4, 1),
]


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "card", "box", "n", "bits", "decimal", "as_it_is", "free"), SERVED
)
def test_tensor_parallelism_copies_what_it_cannot_cut(
    name, card, box, n, bits, decimal, as_it_is, free
):
    server = Server(name, card, n_gpus=n, weight_bits=bits)
    assert server.largest_batch(8192) == as_it_is
    boxed = dataclasses.replace(server, chip=dataclasses.replace(chip(card), memory_bytes=box))
    assert boxed.largest_batch(8192) == decimal
    room = boxed.memory_bytes - boxed.model.weight_bytes(bits)
    assert room // boxed.model.kv_cache_bytes(1, 8192) == free


@pytest.mark.parametrize(
    ("name", "n_gpus", "share"),
    [
        ("Llama-3-70B", 1, 1),
        ("Llama-3-70B", 4, 1 / 4),
        ("Llama-3-70B", 8, 1 / 8),
        ("Llama-3-70B", 3, 3 / 8),  # 8 heads on 3 GPUs: one of them has 3
        ("Llama-3-70B", 32, 1 / 8),
        ("Llama-2-7B", 32, 1 / 32),
        ("DeepSeek-V3", 8, 1),
        (70e9, 16, 1 / 8),
    ],
)
def test_the_share_of_a_cache_on_each_gpu(name, n_gpus, share):
    assert Sharing(model(name), n_gpus).cache_share() == pytest.approx(share)


def test_data_parallel_attention_copies_weights_and_no_cache():
    """SGLang's recommended setting for DeepSeek: --tp 8 --dp-size 8 --ep 8."""
    tensor = Server("DeepSeek-V3", "H200", n_gpus=8, weight_bits=8)
    groups = dataclasses.replace(tensor, data_parallel=8)
    expert = dataclasses.replace(groups, expert_parallel=True)
    names = [server.sharing.name for server in (tensor, groups, expert)]
    assert names == ["TP8", "DP8", "DP8 EP8"]
    shape = tensor.model
    assert tensor.weight_bytes == pytest.approx(shape.n_params)
    assert groups.weight_bytes == pytest.approx(shape.n_params + 7 * attention_params(shape))
    common = shape.n_params - experts(shape)
    assert expert.weight_bytes == pytest.approx(experts(shape) + 8 * common)
    assert experts(shape) == 58 * 256 * 3 * 7168 * 2048
    assert tensor.kv_bytes(1, 8192) == 8 * groups.kv_bytes(1, 8192)
    batches = [server.largest_batch(8192) for server in (tensor, groups, expert)]
    assert batches[1] > batches[2] > 5 * batches[0]
    assert batches[2] % 8 == 0  # as many in each group


@given(NAMES, SIZES, st.integers(1, 300))
def test_what_fits_fits_on_each_gpu(name, n_gpus, context):
    """Deal the largest batch out to the groups and count what a GPU holds; one more is too much."""
    sharings = [Sharing(model(name), n_gpus), without_copies(model(name), n_gpus)]
    for sharing in sharings:
        server = Server(
            name,
            "B200",
            n_gpus=n_gpus,
            data_parallel=sharing.data_parallel,
            expert_parallel=sharing.expert_parallel,
            weight_bits=4,
        )
        batch = server.largest_batch(1000 * context)
        if not batch:
            continue
        for total, fits in ((batch, True), (batch + server.data_parallel, False)):
            of_a_group = total / server.data_parallel
            cache = of_a_group * server.model.kv_cache_bytes(1, 1000 * context)
            held = sharing.params_held() / 2 + sharing.cache_share() * cache
            assert (held <= 0.9 * server.chip.memory_bytes) == fits


@given(NAMES, SIZES)
def test_gpus_hold_the_whole_model_at_least_once_and_copies_are_what_is_said(name, n_gpus):
    shape = model(name)
    assert n_gpus * Sharing(shape, n_gpus).params_held() == pytest.approx(shape.n_params)
    free = without_copies(shape, n_gpus)
    assert free.n_gpus == n_gpus
    assert free.group * free.cache_share() == pytest.approx(1)  # no cache is copied
    assert n_gpus * free.params_held() >= shape.n_params * (1 - 1e-12)
    if free.data_parallel == 1 and not free.expert_parallel:
        assert free == Sharing(shape, n_gpus)


@given(NAMES, SIZES, st.integers(1, 5000))
def test_gpus_read_what_they_hold_and_no_more(name, n_gpus, n_tokens):
    for sharing in (Sharing(model(name), n_gpus), without_copies(model(name), n_gpus)):
        assert 0 < sharing.params_read(n_tokens) <= sharing.params_held() * (1 + 1e-12)


# --- links ----------------------------------------------------------------------------------------


def test_eight_gpus_share_nvlink_and_more_go_over_the_network():
    links = links_of("H100")
    assert (links.name, links.n_gpus) == ("NVLink", 8)
    n_bytes = 1e9
    by_hand = links.latency_s + 2 * 7 / 8 * n_bytes / 450e9
    assert links.all_reduce_s(n_bytes, 8) == pytest.approx(by_hand)
    by_hand += links.network_latency_s + 2 * 1 / 2 * n_bytes / 8 / 50e9
    assert links.all_reduce_s(n_bytes, 16) == pytest.approx(by_hand)
    assert links.all_reduce_s(n_bytes, 1) == 0
    assert links_of("GB200").n_gpus == 72
    inside, outside = (Server("Llama-3.1-405B", "B200", n_gpus=n) for n in (8, 16))
    assert outside.decode(1, 100).link_s > 2 * inside.decode(1, 100).link_s
    assert "machines over a network" in outside._repr_html_()


@given(st.floats(1, 1e10), SIZES)
def test_an_all_reduce_takes_longer_for_more_bytes_and_for_more_gpus(n_bytes, n_gpus):
    links = links_of("H100")
    seconds = links.all_reduce_s(n_bytes, n_gpus)
    assert seconds <= links.all_reduce_s(2 * n_bytes, n_gpus)
    assert seconds <= links.all_reduce_s(n_bytes, 2 * n_gpus) * (1 + 1e-12)


def test_an_exchange_of_experts_as_deepep_measured_it():
    """128 tokens a GPU to 8 experts each, within a quarter for 16 to 128 H800 over the network."""
    links = links_of("H100")
    for row in fact("inference.DeepEP_exchange").value:
        for key, n_bytes in (("dispatch_s", 7168), ("combine_s", 2 * 7168)):
            seconds = links.all_to_all_s(128 * n_bytes, row["n_chips"], 8)
            assert 0.8 < seconds / row[key] < 1


def test_forwarding_saves_the_network_what_one_machine_needs_twice():
    """Drawn at random: to how many other machines, and other GPUs, do 8 of 32 experts send?"""
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, 32, (20_000, 8))  # of one expert a GPU; the sender is GPU 0
    machines = [len(set(row // 8) - {0}) for row in chosen]
    far = (chosen >= 8).sum(axis=1).mean()
    links = Links("network alone", 1e18, 0, network_bytes_per_s=1.0, network_latency_s=0)
    assert links.all_to_all_s(1.0, 32, 8) == pytest.approx(far, rel=0.01)
    assert links.all_to_all_s(1.0, 32, 8, forwarded=True) == pytest.approx(
        np.mean(machines), rel=0.01
    )


def test_a_card_without_peer_access_says_so_and_pays_for_it():
    cards, peers = links_of("RTX-4090"), links_of("L4")
    assert cards.name == "PCIe through the host, no peer access"
    assert cards.bytes_per_s < peers.bytes_per_s < links_of("A100").bytes_per_s
    server = Server("Llama-3-8B", "RTX-4090", n_gpus=8)
    assert "no peer access" in server._repr_html_()
    # A token of a full batch waits for the links longer than for all else.
    step = server.decode(256, 700)
    assert step.link_s > step.seconds / 2
    with_nvlink = dataclasses.replace(server, links=links_of("H100")).decode(256, 700)
    assert step.seconds > 2 * with_nvlink.seconds


def test_whoever_shares_nothing_sends_nothing():
    assert Server("Llama-3-8B").decode(64, 1000).link_s == 0
    groups = Server("DeepSeek-V3", "H200", n_gpus=8, data_parallel=8, expert_parallel=True)
    tensor = dataclasses.replace(groups, data_parallel=1, expert_parallel=False)
    # Large batches: two all-reduces of all tokens against 8 copies of an eighth of them.
    assert groups.decode(4096, 1000).link_s < tensor.decode(4096, 1000).link_s


def test_groups_step_together():
    """Nine sequences on eight groups take as long as sixteen: one group has two."""
    server = Server("DeepSeek-V3", "H200", n_gpus=8, data_parallel=8, expert_parallel=True)
    nine, sixteen = server.decode(9, 1000), server.decode(16, 1000)
    assert nine.seconds == sixteen.seconds
    assert nine.tokens_per_s == pytest.approx(9 / 16 * sixteen.tokens_per_s)
    batches = np.arange(1, 65)
    steps = server.decode(batches, 1000)
    assert steps.seconds.shape == (64,)
    assert (np.diff(steps.seconds) >= 0).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bytes_per_s": 0}, "bytes_per_s must be"),
        ({"latency_s": -1}, "latency_s must be"),
        ({"latency_s": [1e-6, 1e-5]}, "latency_s must be one number"),
        ({"n_gpus": 2.5}, "n_gpus must be whole, from 1 to 1024, got 2.5"),
        ({"network_bytes_per_s": None}, "network_bytes_per_s must be"),
    ],
)
def test_links_that_cannot_be_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        Links(**{"name": "x", "bytes_per_s": 1e9, "latency_s": 1e-6} | change)
