"""Two processes train as one: `python -m course.vision.two` prints how far their gradients are from
those of one process with the whole batch.

Each process takes its rows of the batch, and gloo's all-reduce adds the gradients up. What has to
be averaged is the sum over rows, not the mean of means: parts of unequal size would count wrongly.
"""

import os
import tempfile

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn import functional as F

from course.vision.digits import digits


def model():
    """A small network without BatchNorm, whose mean over a batch would differ in each process."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 32), torch.nn.GELU(), torch.nn.Linear(32, 10)
    )


def gradients(images, labels, total):
    """Gradients of (1/total) Σ loss over the rows given, as one flat tensor."""
    net = model()
    F.cross_entropy(net(images), labels, reduction="sum").div(total).backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()])


def worker(rank, address, sizes, path):
    """One process: its rows' gradients, added up over all; rank 0 writes them down."""
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=len(sizes))
    images, labels = digits()["train"]
    first = sum(sizes[:rank])
    rows = slice(first, first + sizes[rank])
    summed = gradients(images[rows], labels[rows], sum(sizes))
    dist.all_reduce(summed)
    if rank == 0:
        torch.save(summed, path)
    dist.destroy_process_group()


def largest_difference(sizes=(40, 24)):
    """The largest difference between the gradients of len(sizes) processes and those of one."""
    images, labels = digits()["train"]
    n = sum(sizes)
    alone = gradients(images[:n], labels[:n], n)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "gradients.pt")
        address = f"file://{folder}/meeting".replace("\\", "/")
        mp.spawn(worker, (address, tuple(sizes), path), nprocs=len(sizes))
        together = torch.load(path, weights_only=True)
    return float((together - alone).abs().max())


if __name__ == "__main__":
    print(f"largest difference of a gradient: {largest_difference():.1e}")
