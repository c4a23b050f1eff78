"""Experts on many processes: each holds some of them, and tokens travel there and back.

    torchrun --standalone --nproc-per-node 2 -m course.moe.parallel

With P processes ("ranks"), rank r holds experts r · E/P to (r + 1) · E/P and its own part of the
batch; the router is on all of them. An all-to-all takes each row to the rank of its expert, a
second one brings the result back, and the backward pass goes the same way with the gradients.
The same code runs on CPUs (gloo) and on GPUs (NCCL); NCCL was not measured.
Source: Lepikhin et al. 2020 (GShard), arXiv:2006.16668, §3.
"""

import contextlib
import os
from datetime import timedelta
from functools import partial
from unittest import mock

import torch
from torch import distributed as dist
from torch import nn

from course.moe.experts import FeedForwardNetwork
from course.moe.layer import MoEArchitecture
from course.moe.losses import load_balance_loss
from course.units import positive


class ExpertParallelMoE(MoEArchitecture):
    """MoEArchitecture with its experts spread over the ranks of `group`, all unless given.

    The other arguments are those of MoEArchitecture. All ranks start with rank 0's weights,
    whatever their seeds; for this each holds all experts for a moment, on the device that
    `with torch.device(…)` names. Called with a rank's own tokens, as many as it likes or none,
    returns their outputs, and as load_balance_loss that of the batch of all ranks together.

    Gradients: every rank's loss is its share of one sum over all ranks, such as the loss of its
    tokens divided by the tokens of all. Then the experts' gradients are right after backward(), and
    the router's after `sum_router_gradient`. The balance loss has on each rank the value of the
    whole and the gradient of the share, so it needs no division. All ranks must call forward and
    backward equally often, and x must require a gradient on all of them or on none.

    Capacity is counted rank by rank (GShard's groups), and a dropped choice travels all the same.
    The sizes of the all-to-all are read by the host: one wait for each layer on a GPU.
    Raises ValueError where P does not divide num_experts, and where no processes have joined.
    """

    def __init__(
        self, d_model, num_experts, top_k=2, *, expert=FeedForwardNetwork, group=None, **options
    ):
        if not dist.is_initialized():
            raise ValueError(
                "group must be of processes that have joined: call start() in a "
                "program started by torchrun"
            )
        experts = partial(ParallelExperts, expert, group)
        super().__init__(d_model, num_experts, top_k, expert=experts, **options)
        self.group = group
        dist.broadcast(self.router.weight.data, group=group, group_src=0)

    def forward(self, x, routing=None):
        """(output of this rank's tokens, load_balance_loss of all ranks' tokens)."""
        routing = self.route(x) if routing is None else routing
        output, _ = super().forward(x, routing)
        counts = routing.counts.clone()
        dist.all_reduce(counts, group=self.group)
        # The loss divides by the square of the own number of tokens, and has to by that of all.
        own, everyones = routing.experts.numel(), counts.sum().clamp_min(1).to(routing.probs.dtype)
        share = load_balance_loss(routing.probs, counts) * (own / everyones) ** 2
        whole = share.detach().clone()
        dist.all_reduce(whole, group=self.group)
        return output, share + (whole - share.detach())

    def sum_router_gradient(self):
        """Adds up the router's gradient over the ranks; call it once, between backward and step."""
        weight = self.router.weight
        if weight.grad is None:  # others may have one, and wait for this rank
            weight.grad = torch.zeros_like(weight)
        dist.all_reduce(weight.grad, group=self.group)


class ParallelExperts(nn.Module):
    """This rank's E/P experts, called like all E of them: it sends rows away and gets them back.

    `own` is expert(d_model, d_ff, num_experts), cut to this rank's slice of the stacked weights.
    """

    def __init__(self, expert, group, d_model, d_ff, num_experts):
        super().__init__()
        n_ranks, rank = dist.get_world_size(group), dist.get_rank(group)
        if num_experts % n_ranks:
            raise ValueError(
                f"num_experts must be a multiple of the {n_ranks} processes, got {num_experts}"
            )
        self.group, self.n_own = group, num_experts // n_ranks
        self.own = expert(d_model, d_ff, num_experts)
        for name, weights in self.own.named_parameters():
            if weights.ndim == 0 or len(weights) != num_experts:
                raise ValueError(
                    f"expert must stack the weights of {num_experts} networks along "
                    f"the first axis, {name} has shape {tuple(weights.shape)}"
                )
            dist.broadcast(weights.data, group=group, group_src=0)
            weights.data = weights.data.split(self.n_own)[rank].clone()

    def forward(self, rows, counts):
        """Rows sorted by expert and counts (num_experts,) of this rank; the results in that order.

        Sorted by expert is sorted by rank: each rank gets one piece of the rows.
        """
        sent = counts.view(-1, self.n_own)  # (rank to, its expert)
        received = torch.empty_like(sent)  # (rank from, own expert)
        dist.all_to_all_single(received, sent, group=self.group)
        there, back = torch.stack([sent.sum(1), received.sum(1)]).tolist()
        rows = _AllToAll.apply(rows, there, back, self.group)
        # The rows came rank by rank; the experts take theirs from all ranks together.
        expert = torch.arange(received.numel(), device=rows.device) % self.n_own
        order = expert.repeat_interleave(received.flatten(), output_size=len(rows)).argsort(
            stable=True
        )
        results = self.own(rows.index_select(0, order), received.sum(0))
        results = results.index_select(0, order.argsort())
        return _AllToAll.apply(results, back, there, self.group)


class _AllToAll(torch.autograd.Function):
    """rows cut into `there[r]` for each rank r; returns `back[r]` from each. The way back of the
    gradients is the same with the sizes exchanged."""

    @staticmethod
    def forward(ctx, rows, there, back, group):
        ctx.way_back = back, there, group
        arrived = rows.new_empty(sum(back), rows.shape[1])
        dist.all_to_all_single(arrived, rows.contiguous(), back, there, group=group)
        return arrived

    @staticmethod
    def backward(ctx, grad):
        return _AllToAll.apply(grad, *ctx.way_back), None, None, None


def start(timeout_s=60):
    """Joins the processes that torchrun started; returns the torch.device of this one.

    NCCL where there is a GPU for each process of this machine, else gloo. Whatever waits for
    another rank longer than `timeout_s` seconds fails; PyTorch's own limit for gloo is 30 minutes.
    A rank that died is noticed at once by gloo, since its connections close, and torchrun stops
    the rest. Raises ValueError for a timeout_s that is not positive, and outside of torchrun.
    """
    timeout = timedelta(seconds=positive("timeout_s", timeout_s))
    if not dist.is_torchelastic_launched():
        raise ValueError("start() needs torchrun: torchrun --standalone --nproc-per-node 2 …")
    device = torch.device("cpu")
    if torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"]):
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=timeout)
    return device


@contextlib.contextmanager
def bytes_leaving():
    """A list that gets, for each all-to-all of rows within the block, the bytes for other ranks.

    Four numbers for a layer's step: there and back, and the same of the backward pass. The sizes
    that go ahead of the rows, 8 bytes for each expert, are not in it.
    """
    counted, send = [], dist.all_to_all_single

    def counting(output, input, output_sizes=None, input_sizes=None, group=None):
        if input_sizes is not None:
            n_rows = sum(input_sizes) - input_sizes[dist.get_rank(group)]
            counted.append(n_rows * input[:1].nbytes if len(input) else 0)
        return send(output, input, output_sizes, input_sizes, group=group)

    with mock.patch.object(dist, "all_to_all_single", counting):
        yield counted


def differences(whole, parallel, x, target, mine):
    """{what: largest |difference| / largest value} between one process and this rank of many.

    The loss is Σ output · target / T + load_balance_loss. Its gradients are compared too, and stay
    where they are.

    Args:
        whole: a MoEArchitecture.
        parallel: an ExpertParallelMoE of the same weights.
        x, target: (T, d_model), the tokens of all ranks.
        mine: the slice of them that is this rank's.
    """
    results = []
    for layer, part in ((whole, slice(None)), (parallel, mine)):
        tokens = x[part].clone().requires_grad_()
        output, balance = layer(tokens)
        ((output * target[part]).sum() / max(len(x), 1) + balance).backward()
        results.append({"output": output, "balance loss": balance, "input": tokens.grad})
    parallel.sum_router_gradient()
    one, many = results
    one |= {"output": one["output"][mine], "input": one["input"][mine]}
    one["router"], many["router"] = whole.router.weight.grad, parallel.router.weight.grad
    n, rank = parallel.experts.n_own, dist.get_rank(parallel.group)
    stacked = dict(whole.experts.named_parameters())
    for name, weights in parallel.experts.own.named_parameters():
        one[name], many[name] = stacked[name].grad[rank * n : (rank + 1) * n], weights.grad
    return {name: _difference(one[name], many[name]) for name in one}


def _difference(expected, found):
    if expected.shape != found.shape:
        raise ValueError(f"found must have shape {tuple(expected.shape)}, got {tuple(found.shape)}")
    if not expected.numel():
        return 0.0
    largest = expected.abs().max().clamp_min(torch.finfo(expected.dtype).tiny)
    return ((found - expected).abs().max() / largest).item()


def demonstrate(device, n_tokens=4096, d_model=64, num_experts=8, top_k=2):
    """One step of all ranks and of one process: prints how far they differ, and what was sent.

    Args:
        device: of this rank, from `start`.
        n_tokens, d_model: tokens of all ranks together, and their width.
        num_experts, top_k: of the layer.
    """
    rank, n_ranks = dist.get_rank(), dist.get_world_size()
    with torch.device(device):
        torch.manual_seed(0)
        whole = MoEArchitecture(d_model, num_experts, top_k)
        torch.manual_seed(0)
        parallel = ExpertParallelMoE(d_model, num_experts, top_k)
        x, target = torch.randn(2, n_tokens, d_model).unbind()
    # Rank r gets r + 1 parts of the tokens: they need not be even.
    ends = [n_tokens * r * (r + 1) // (n_ranks * (n_ranks + 1)) for r in range(n_ranks + 1)]
    with bytes_leaving() as sent:
        found = differences(whole, parallel, x, target, slice(ends[rank], ends[rank + 1]))
    worst = torch.tensor(list(found.values()), device=device)
    dist.all_reduce(worst, dist.ReduceOp.MAX)
    sent = torch.tensor(sent, device=device)
    dist.all_reduce(sent)
    if rank == 0:
        from course.moe.costs import all_to_all_bytes  # scipy.stats takes a second in each process

        formula = all_to_all_bytes(d_model, top_k, n_ranks, bytes_per_value=4, training=True)
        print(
            f"{n_ranks} processes with {dist.get_backend()}, {num_experts} experts, top {top_k}, "
            f"{n_tokens} tokens of width {d_model}"
        )
        for name, error in zip(found, worst.tolist(), strict=True):
            print(f"  largest difference to one process, {name}: {error:.1e}")
        ways = " + ".join(f"{way / n_tokens:.0f}" for way in sent.tolist())
        print(
            f"  bytes that left for each token: {ways} = {sent.sum().item() / n_tokens:.0f}, "
            f"formula {formula:.0f}"
        )


if __name__ == "__main__":
    demonstrate(start())
    dist.destroy_process_group()
