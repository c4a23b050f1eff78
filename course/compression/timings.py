"""Milliseconds of the digits network and its compressed forms on this machine's processor.

All forms take turns, round by round, in one thread, so that other work on the machine falls on all
of them alike; the median over rounds is kept. Times depend on the machine; ratios less so.
"""

import csv
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course.compression import methods
from course.compression.low_rank import factorise
from course.compression.pruning import prune_smallest
from course.compression.quantisation import quantise
from course.experiments.training import one_thread

BATCHES = (1, 32)


class RoundedLinear(nn.Module):
    """A linear layer that stores int8 and turns it into floats for each product: weight-only."""

    def __init__(self, layer):
        super().__init__()
        done = quantise(layer.weight.detach().numpy(), 8)
        self.codes = torch.from_numpy(done.codes)
        self.scales = torch.from_numpy(done.scales.astype("float32"))
        self.bias = layer.bias

    def forward(self, x):
        return F.linear(x, self.codes.float() * self.scales, self.bias)


class SparseLinear(nn.Module):
    """A linear layer that stores and multiplies only the weights that are not zero (CSR)."""

    def __init__(self, layer):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls its sparse layout a beta
            self.weight = layer.weight.detach().to_sparse_csr()
        self.bias = layer.bias

    def forward(self, x):
        return (self.weight @ x.T).T + self.bias


def changed(model, change):
    """A network in which each linear layer is replaced by change(layer)."""
    return nn.Sequential(*(change(m) if isinstance(m, nn.Linear) else m for m in model))


def linear(weights, bias=None):
    """A linear layer that holds these weights."""
    layer = nn.Linear(weights.shape[1], weights.shape[0], bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weights))
        if bias is not None:
            layer.bias.copy_(torch.as_tensor(bias))
    return layer


def zeroed(layer):
    """A layer with the smallest 90 % of its weights at zero."""
    return linear(prune_smallest(layer.weight.detach().numpy(), 0.9), layer.bias.detach())


def thin(layer):
    """Two layers of rank 16 in place of one; the last layer, with ten rows, stays."""
    if layer.out_features <= 16:
        return layer
    left, right = factorise(layer.weight.detach().numpy(), 16)
    return nn.Sequential(linear(right), linear(left, layer.bias.detach()))


def forms():
    """{name: network}: the network as trained, and what is timed beside it."""
    model = methods.trained(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and still the faster of torch's two
        dynamic = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    half = methods.without_units(methods.matrices(model), 0.5)
    small = [linear(*layer) for layer in half]
    return {
        "as trained": model,
        "int8, floats made for each product": changed(model, RoundedLinear),
        "int8, integer products (torch.ao dynamic)": dynamic,
        "90 % zeros, dense product": changed(model, zeroed),
        "90 % zeros, sparse product (CSR)": changed(model, lambda m: SparseLinear(zeroed(m))),
        "half of the units dropped": nn.Sequential(
            small[0], nn.ReLU(), small[1], nn.ReLU(), small[2]
        ),
        "low rank, 16": changed(model, thin),
        "student of 64 units": methods.network(64),
    }


def measure(rounds=400):
    """Rows of (form, batch, median ms), the forms taking turns."""
    rows = []
    models = forms()
    with one_thread(0), torch.inference_mode():
        for batch in BATCHES:
            x = torch.rand(batch, 64)
            seconds = {name: [] for name in models}
            for i in range(rounds + 20):
                for name, model in models.items():
                    start = time.perf_counter()
                    model(x)
                    if i >= 20:  # the first rounds warm the caches
                        seconds[name].append(time.perf_counter() - start)
            rows += [
                {"form": name, "batch": batch, "ms": round(1e3 * float(np.median(s)), 4)}
                for name, s in seconds.items()
            ]
    return rows


def write(table):
    """Measure, and write the rows into a CSV table."""
    rows = measure()
    Path(table).parent.mkdir(parents=True, exist_ok=True)
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
