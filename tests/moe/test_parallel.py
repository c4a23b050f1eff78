"""Two real processes, started by torchrun, against one: equality, bytes, and what a death does.

Starting processes is what takes time here, so one start serves all cases. This file is also the
program that the processes run: see `worker`.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import torch
from torch import distributed as dist
from torch import nn

from course.moe import FeedForwardNetwork, GatedFeedForwardNetwork, MoEArchitecture
from course.moe.parallel import (
    ExpertParallelMoE,
    bytes_leaving,
    demonstrate,
    differences,
    start,
)

D_MODEL = 16
HANGS_S = 3  # the limit of the group in which a rank hangs
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

# --- what each of the two processes does ----------------------------------------------------------


def layers(num_experts=8, top_k=2, **options):
    """(one process's layer, this rank's part of the same)."""
    torch.manual_seed(7)
    whole = MoEArchitecture(D_MODEL, num_experts, top_k, **options)
    torch.manual_seed(7 + dist.get_rank())  # rank 0's start is everyone's
    return whole, ExpertParallelMoE(D_MODEL, num_experts, top_k, **options)


def differ(n_tokens, both, dtype=torch.float32, change=lambda x, whole, parallel: None):
    """`differences` where rank r has n_tokens[r] tokens, and how many rows its experts got."""
    whole, parallel = (layer.to(dtype) for layer in both)
    generator = torch.Generator().manual_seed(sum(n_tokens))
    x, target = torch.randn(2, sum(n_tokens), D_MODEL, generator=generator, dtype=dtype).unbind()
    change(x, whole, parallel)
    rows = []
    parallel.experts.own.register_forward_pre_hook(lambda module, args: rows.append(len(args[0])))
    first = sum(n_tokens[: dist.get_rank()])
    mine = slice(first, first + n_tokens[dist.get_rank()])
    found = differences(whole, parallel, x, target, mine)
    own_balance = whole(x[mine])[1].item()
    return found | {"rows": rows[0], "balance of all": whole(x)[1].item(), "of own": own_balance}


def all_to_rank_0(x, whole, parallel):
    x[:, 0] = 1
    for layer in (whole, parallel):
        layer.router.weight.data[:4, 0], layer.router.weight.data[4:, 0] = 3, -3


def with_bias(x, whole, parallel):
    for layer in (whole, parallel):
        layer.bias.copy_(torch.linspace(-0.2, 0.2, 8))


def spoilt(x, whole, parallel):
    if dist.get_rank() == 1:
        parallel.experts.own.down.data *= 1.001


def equality():
    draw = random.Random(0)
    cases = {
        "even": differ((16, 16), layers()),
        "uneven": differ((5, 40), layers()),
        "no tokens on rank 1": differ((20, 0), layers()),
        "no tokens on rank 0": differ((0, 20), layers()),
        "no tokens": differ((0, 0), layers()),
        "one token": differ((0, 1), layers()),
        "no rows for rank 1": differ((9, 14), layers(), change=all_to_rank_0),
        "top_k = E": differ((9, 14), layers(top_k=8)),
        "top_k = 1": differ((9, 14), layers(top_k=1)),
        "an expert each": differ((9, 14), layers(num_experts=2)),
        "gated": differ((9, 14), layers(expert=GatedFeedForwardNetwork)),
        "sigmoid": differ((9, 14), layers(router="sigmoid"), change=with_bias),
        "float64": differ((9, 14), layers(), torch.float64),
        "spoilt": differ((9, 14), layers(), change=spoilt),
    }
    for i in range(8):
        n_experts, sizes = 2 * draw.randint(1, 6), (draw.randint(0, 40), draw.randint(0, 40))
        top_k = draw.randint(1, n_experts)
        cases[f"random {i}: {sizes} tokens, top {top_k} of {n_experts}"] = differ(
            sizes, layers(n_experts, top_k)
        )
    return cases


def traffic():
    """Bytes sent for each call: all experts equally often, in training and without; chosen freely.

    With the experts in equal use, token t takes t and t + 1 (mod 8): half of all rows change rank.
    """
    _, parallel = layers()
    x = torch.randn(16 + 8 * dist.get_rank(), D_MODEL, requires_grad=True)
    routing = parallel.route(x)
    equal = (torch.arange(len(x))[:, None] + torch.arange(2)) % 8
    routing = routing._replace(experts=equal, counts=torch.bincount(equal.flatten(), minlength=8))
    with bytes_leaving() as training:
        parallel(x, routing)[0].sum().backward()
    with bytes_leaving() as forward, torch.no_grad():
        parallel(x, routing)
    with bytes_leaving() as half, torch.no_grad():
        parallel.bfloat16()(x.bfloat16(), routing)
    return {"tokens": len(x), "training": training, "forward": forward, "bfloat16": half}


def capacity():
    """Largest difference to the single layer on this rank's tokens, and how many were dropped."""
    whole, parallel = layers(capacity_factor=0.5)
    x = torch.randn(10 + 20 * dist.get_rank(), D_MODEL)
    difference = (whole(x)[0] - parallel(x)[0]).abs().max().item()
    return difference, whole.route(x).n_dropped.item()


def training():
    """The loss after ten steps of AdamW and the largest difference of the routers, (B, T, d) in."""
    whole, parallel = layers()
    optimizers = [torch.optim.AdamW(layer.parameters(), 0.01) for layer in (whole, parallel)]
    generator = torch.Generator().manual_seed(0)
    losses, mine = [], (slice(0, 1), slice(1, 4))[dist.get_rank()]
    for _ in range(10):
        x = torch.randn(4, 8, D_MODEL, generator=generator)
        for layer, part in ((whole, slice(None)), (parallel, mine)):
            layer.zero_grad()
            output, balance = layer(x[part])
            # Each rank's share of the mean over everyone's tokens.
            loss = (output - x[part].flip(-1)).square().sum() / x.numel() + 0.01 * balance
            loss.backward()
        parallel.sum_router_gradient()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(whole(x)[0].sub(x.flip(-1)).square().mean().item())
    difference = (whole.router.weight - parallel.router.weight).abs().max().item()
    return {"first": losses[0], "last": losses[-1], "difference": difference}


class OneLinear(nn.Module):
    def __init__(self, d_model, d_ff, num_experts):
        super().__init__()
        self.up = nn.Linear(d_model, d_model)


def refused():
    answers = []
    for num_experts, expert in ((9, FeedForwardNetwork), (8, OneLinear)):
        try:
            ExpertParallelMoE(D_MODEL, num_experts, expert=expert)
        except ValueError as error:
            answers.append(str(error))
    return answers


def interrupted(group, interruption):
    """(what a step raised, after how many seconds) where rank 1's experts call `interruption`."""
    torch.manual_seed(0)
    layer = ExpertParallelMoE(D_MODEL, 8, group=group)
    if dist.get_rank() == 1:
        layer.experts.own.register_forward_hook(lambda *args: interruption())
    dist.barrier()
    begin = time.monotonic()
    try:
        layer(torch.randn(20, D_MODEL))
    except RuntimeError as error:
        return str(error), time.monotonic() - begin
    return "nothing", time.monotonic() - begin


def worker(folder):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's, when the other has died
    torch.set_num_threads(1)
    device = start(timeout_s=60)
    report = folder / f"{dist.get_rank()}.json"
    demonstrate(device)
    found = {"equality": equality(), "traffic": traffic(), "capacity": capacity()}
    found |= {"training": training(), "refused": refused()}

    has_raised = folder / "has_raised"

    def hang():
        give_up = time.monotonic() + 60
        while not has_raised.exists() and time.monotonic() < give_up:
            time.sleep(0.05)

    group = dist.new_group(timeout=timedelta(seconds=HANGS_S))
    found["hangs"] = interrupted(group, hang)
    has_raised.touch()
    report.write_text(json.dumps(found), encoding="utf-8")
    dist.barrier()
    found["dies"] = interrupted(None, psutil.Process().kill)
    report.write_text(json.dumps(found), encoding="utf-8")
    os._exit(1)  # the group is broken: leave without taking leave


if __name__ == "__main__":
    worker(Path(sys.argv[1]))

# --- what is to be seen of it ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(the reports of ranks 0 and 1, torchrun's exit status, what was printed)."""
    folder = tmp_path_factory.mktemp("ranks")
    done = subprocess.run(
        [*TORCHRUN, __file__, str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    reports = [folder / f"{rank}.json" for rank in (0, 1)]
    assert all(report.exists() for report in reports), done.stdout + done.stderr
    return (
        [json.loads(report.read_text(encoding="utf-8")) for report in reports],
        done.returncode,
        done.stdout,
    )


@pytest.fixture(scope="module")
def reports(run):
    return run[0]


COMPARED = ("output", "balance loss", "input", "router", "up", "down")


def largest(case):
    return max(case[name] for name in COMPARED)


def test_outputs_and_gradients_equal_the_single_process(reports):
    for report in reports:
        assert len(report["equality"]) == 22
        for name, case in report["equality"].items():
            limit = 1e-13 if name == "float64" else 1e-5
            assert name == "spoilt" or largest(case) < limit, (name, case)


def test_a_wrong_weight_on_one_rank_would_be_seen_on_the_other(reports):
    spoilt = [report["equality"]["spoilt"] for report in reports]
    assert all(case["output"] > 1e-5 and case["input"] > 1e-5 for case in spoilt)


def test_the_hard_cases_are_what_they_say(reports):
    def rows(name):
        return [report["equality"][name]["rows"] for report in reports]

    assert rows("no rows for rank 1") == [46, 0]
    assert rows("top_k = E") == [4 * 23, 4 * 23]
    assert sum(rows("no tokens on rank 1")) == 40
    assert rows("no tokens") == [0, 0]


def test_the_balance_loss_is_of_all_tokens_not_of_ones_own(reports):
    for report in reports:
        case = report["equality"]["uneven"]
        assert abs(case["of own"] - case["balance of all"]) > 0.001


def test_training_goes_the_same_way(reports):
    for report in reports:
        training = report["training"]
        assert training["last"] < 0.95 * training["first"]
        assert training["difference"] < 1e-5


def test_capacity_counts_each_ranks_tokens_alone(reports):
    for report in reports:
        difference, n_dropped = report["capacity"]
        assert difference < 1e-6
        assert n_dropped > 0


def test_the_bytes_sent_are_those_of_the_formula(run):
    from course.moe.costs import all_to_all_bytes  # not above: the processes do without its scipy

    (first, second), _, _ = run
    n_tokens = first["traffic"]["tokens"] + second["traffic"]["tokens"]
    assert n_tokens == 40
    for name, n_ways, options in (
        ("training", 4, {"training": True, "bytes_per_value": 4}),
        ("forward", 2, {"bytes_per_value": 4}),
        ("bfloat16", 2, {}),
    ):
        ways = [a + b for a, b in zip(first["traffic"][name], second["traffic"][name], strict=True)]
        formula = n_tokens * all_to_all_bytes(D_MODEL, 2, 2, **options)
        assert ways == [formula / n_ways] * n_ways


def test_the_demonstration_prints_its_comparison(run):
    printed = run[2]
    assert "2 processes with" in printed
    assert printed.count("largest difference to one process") == len(COMPARED)
    assert "formula 1024" in printed


def test_a_rank_that_hangs_is_given_up_after_the_limit(reports):
    error, seconds = reports[0]["hangs"]
    assert "timed out" in error.lower()
    assert HANGS_S * 0.9 < seconds < HANGS_S + 15


def test_a_rank_that_dies_in_mid_step_is_an_error_long_before_the_limit(run):
    (first, second), status, _ = run
    error, seconds = first["dies"]
    assert "connection" in error.lower()
    assert seconds < 20  # the limit of the group is 60
    assert "dies" not in second  # it had no time to write
    assert status != 0


def test_what_is_refused(reports):
    for report in reports:
        odd_number, not_stacked = report["refused"]
        assert odd_number == "num_experts must be a multiple of the 2 processes, got 9"
        assert "up.weight has shape (16, 16)" in not_stacked


def test_without_torchrun_nothing_starts():
    with pytest.raises(ValueError, match="needs torchrun"):
        start()
    for limit in (0, -1, float("nan"), "soon"):
        with pytest.raises(ValueError, match="timeout_s"):
            start(limit)
    with pytest.raises(ValueError, match="group must be of processes that have joined"):
        ExpertParallelMoE(D_MODEL, 8)


@pytest.mark.slow
def test_the_command_of_the_module_ends_well():
    done = subprocess.run(
        [*TORCHRUN, "-m", "course.moe.parallel"],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "formula 1024" in done.stdout
