"""Measured on this machine: what a forward pass keeps for the way back, and the FLOP/s reached."""

import time

import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from course.units import positive, single
from course.vision.resnet import flops_of


def saved_bytes(model, images, labels, *, recompute=False, half=False):
    """Bytes that autograd keeps between the forward and the backward pass of a ResNet.

    A tensor that several operations keep is counted once, and parameters not at all.

    Args:
        model: a ResNet.
        images, labels: one batch.
        recompute: keep only what goes into each block, and compute the rest again on the way back.
        half: compute in bfloat16 where autocast allows it (mixed precision).
    """
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            address = storage.data_ptr()
            kept[address] = max(kept.get(address, 0), tensor.nbytes)
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=half),
    ):
        x = model.stem(images)
        for block in model.stages:
            x = checkpoint(block, x, use_reentrant=False) if recompute else block(x)
        loss = F.cross_entropy(model.head(x.mean(dim=(2, 3))), labels)
        total = sum(kept.values())  # while the graph lives, so that no address is used twice
    loss.backward()
    return total


def training_rate(model, images, labels, seconds=0.5):
    """(images per s, FLOP/s) of forward and backward passes: three times the forward FLOP."""
    seconds = single("seconds", positive("seconds", seconds))
    flops = 3 * flops_of(model, images[0]) * len(images)
    start, steps = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < seconds or not steps:
        F.cross_entropy(model(images), labels).backward()
        steps += 1
    return steps * len(images) / spent, steps * flops / spent


def matmul_rate(size=768, rounds=7):
    """FLOP/s of the fastest of some products of two matrices in float32: this machine's peak."""
    a = torch.rand(size, size)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times)
