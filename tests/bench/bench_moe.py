"""The mixture of experts beside the documents' loop, transformers, and a dense block of equal FLOP.

Forward and backward in float32, 2048 tokens of width 256, gradients of the input included. Two
sizes: 64 small experts (d_ff 512, top 6) and 8 large ones (d_ff 1024, top 2). The rows of one
thread are processor time. Peak memory is what a step adds to a fresh process, with gradients.
"""

import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F
from transformers import MixtralConfig
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

from course.moe import FeedForwardNetwork, GatedFeedForwardNetwork, MoEArchitecture
from tests.bench.registry import median, row

D_MODEL, N_TOKENS = 256, 2048
SIZES = {"64 small experts": (64, 6, 512), "8 large experts": (8, 2, 1024)}


class DocumentsLoop(nn.Module):
    """A §3.1's forward pass, word for word where it can be: a module, with its networks defined."""

    def __init__(self, num_experts, top_k, d_ff):
        super().__init__()
        self.num_experts, self.top_k = num_experts, top_k
        self.experts = nn.ModuleList(FeedForwardNetwork(D_MODEL, d_ff) for _ in range(num_experts))
        self.gate = nn.Linear(D_MODEL, num_experts)

    def forward(self, x):
        x_flat = x.view(-1, D_MODEL)
        gate_weights = F.softmax(self.gate(x_flat), dim=-1)
        top_k_weights, top_k_indices = torch.topk(gate_weights, self.top_k, dim=-1)
        top_k_weights = top_k_weights / top_k_weights.sum(dim=-1, keepdim=True)
        output = torch.zeros_like(x_flat)
        for i in range(self.top_k):
            expert_idx = top_k_indices[:, i]
            expert_weight = top_k_weights[:, i].unsqueeze(-1)
            for expert_id in range(self.num_experts):
                mask = expert_idx == expert_id
                if mask.any():
                    expert_output = self.experts[expert_id](x_flat[mask])
                    output[mask] += expert_weight[mask] * expert_output
        counts = torch.zeros(self.num_experts)
        for i in range(self.top_k):
            counts.scatter_add_(0, top_k_indices[:, i], torch.ones(len(x_flat)))
        load_balance = self.num_experts * (counts / len(x_flat)) * gate_weights.mean(dim=0)
        return output.view(x.shape), load_balance.sum()


def ours(num_experts, top_k, d_ff, expert=FeedForwardNetwork):
    return MoEArchitecture(D_MODEL, num_experts, top_k, d_ff=d_ff, expert=expert)


def ours_gated(num_experts, top_k, d_ff):
    return ours(num_experts, top_k, d_ff, GatedFeedForwardNetwork)


def dense(num_experts, top_k, d_ff):
    return FeedForwardNetwork(D_MODEL, top_k * d_ff)


def transformers_grouped_mm(num_experts, top_k, d_ff):
    config = MixtralConfig(
        hidden_size=D_MODEL,
        intermediate_size=d_ff,
        num_local_experts=num_experts,
        num_experts_per_tok=top_k,
        experts_implementation="grouped_mm",
    )
    block = MixtralSparseMoeBlock(config)
    for weights in block.parameters():
        nn.init.normal_(weights, std=0.02)
    return block


def step(module):
    """A function that does one forward and backward pass."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, N_TOKENS, D_MODEL, generator=generator).requires_grad_()
    target = torch.randn(1, N_TOKENS, D_MODEL, generator=generator)

    def run():
        start = time.process_time()
        x.grad = None
        module.zero_grad(set_to_none=True)
        out = module(x)
        out, loss = out if isinstance(out, tuple) else (out, 0)
        ((out * target).sum() + loss).backward()
        # One thread's processor time tells more than the clock where the machine is busy.
        return time.process_time() - start if torch.get_num_threads() == 1 else None

    return run


def peak_mb(build, size):
    """MB that one step adds to the highest memory of a process that holds the parameters."""
    code = f"""
import re, torch
from tests.bench import bench_moe as bench
torch.set_num_threads(1)
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
run = bench.step(bench.{build.__name__}(*{SIZES[size]}))
before = peak()
run()
print((peak() - before) * 1024 / 1e6)
"""
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return float(result.stdout)


def compare(size, what, baseline, least, n_threads, build=ours):
    @row(
        f"moe, {size}, {n_threads} thread{'s' * (n_threads > 1)}",
        baseline=what,
        promise=f"at least {least} of its speed",
        kept=lambda ours, baseline: median(baseline) >= least * median(ours),
        rounds=25,
    )
    def prepare():
        before = torch.get_num_threads()
        torch.set_num_threads(n_threads)
        torch.manual_seed(0)
        yield step(build(*SIZES[size])), step(baseline(*SIZES[size]))
        torch.set_num_threads(before)
        if n_threads == 1 and sys.platform == "linux":
            print(
                f"peak memory of a step, {size}: {build.__name__} {peak_mb(build, size):.0f} MB, "
                f"{baseline.__name__} {peak_mb(baseline, size):.0f} MB"
            )


for n_threads in (1, 2):
    for size, of_loop, of_dense in (("64 small experts", 2.7, 0.8), ("8 large experts", 1, 0.95)):
        compare(size, "the documents' loop", DocumentsLoop, of_loop, n_threads)
        compare(size, "dense, the same active FLOP", dense, of_dense, n_threads)
        compare(
            size,
            "transformers' Mixtral, grouped_mm (both gated)",
            transformers_grouped_mm,
            1,
            n_threads,
            ours_gated,
        )
