"""One small network on scikit-learn's digits, compressed in every way of the chapter.

A network of two hidden layers of 512 units reads 8 × 8 pictures. Each row of `methods.csv` is one
way to compress it, at one setting, with one seed: the accuracy on pictures that it has not seen,
and the bytes of the file that holds it. Nothing is trained again after the compression, except the
small students, which are trained with a teacher or alone.
"""

import io
import platform
from functools import lru_cache

import numpy as np
import sklearn
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F

from course.accounting.compression import SCALE_GROUP
from course.compression.low_rank import factorise
from course.compression.pruning import largest_units, prune_smallest, prune_two_of_four
from course.compression.quantisation import quantise
from course.experiments.training import Stopwatch, one_thread

WIDTH, SEEDS = 512, 10
TEMPERATURE = 4.0
COMBINED = "2 of 4 to zero, the rest in 4 bits"  # the last plan of chapter 5's EdgeAIDeployer
SETTINGS = {
    "as trained": (0,),
    "int, one scale for all": (8, 4, 3, 2),  # bits
    "int, a scale for each row": (8, 4, 3, 2),
    "int, a scale for each 16": (8, 4, 3, 2),
    "smallest to zero": (0.5, 0.75, 0.9, 0.95, 0.98),  # share of the weights
    "2 of 4 to zero": (0.5,),
    "whole units dropped": (0.5, 0.75, 0.9, 0.95),  # share of the hidden units
    COMBINED: (4,),  # bits
    "low rank": (128, 64, 32, 16, 8, 4),  # rank
    "student, taught": (64, 16, 8, 4),  # hidden units
    "student, alone": (64, 16, 8, 4),
}
GROUPS = {
    "int, one scale for all": "tensor",
    "int, a scale for each row": "channel",
    "int, a scale for each 16": 16,
}


def specs():
    """Every method at every setting, ten seeds of each."""
    return [
        {"method": method, "setting": setting, "seed": seed}
        for method, settings in SETTINGS.items()
        for setting in settings
        for seed in range(SEEDS)
    ]


STUDIES = {"methods": specs}


def flops(row):
    """Training compute that the row needs of its own, roughly: only the students are trained."""
    width = row["setting"] if row["method"].startswith("student") else 1
    return 6.0 * 40 * 1198 * (64 * width + width**2 + 10 * width)


def provenance():
    """The versions that a row depends on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "sklearn": sklearn.__version__,
    }


@lru_cache(maxsize=16)
def pictures(seed):
    """Training and test pictures and their digits: (x, y, x_test, y_test), a third for the test."""
    digits = load_digits()
    x, x_test, y, y_test = train_test_split(
        (digits.data / 16).astype("float32"),
        digits.target,
        test_size=1 / 3,
        random_state=seed,
        stratify=digits.target,
    )
    return tuple(torch.from_numpy(part) for part in (x, y, x_test, y_test))


def network(width=WIDTH):
    """64 pixels, two hidden layers of `width` units, ten digits."""
    return nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )


def train(model, seed, teacher=None, epochs=40):
    """Train with AdamW on batches of 64; with a teacher, on its softened answers as well."""
    x, y, *_ = pictures(seed)
    targets = teacher(x).detach() / TEMPERATURE if teacher else None
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            logits = model(x[batch])
            loss = F.cross_entropy(logits, y[batch])
            if teacher:
                soft = F.log_softmax(logits / TEMPERATURE, dim=1)
                wanted = F.softmax(targets[batch], dim=1)
                loss = 0.5 * loss + 0.5 * TEMPERATURE**2 * F.kl_div(
                    soft, wanted, reduction="batchmean"
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


@lru_cache(maxsize=16)
def trained(seed):
    """The large network of one seed."""
    torch.manual_seed(seed)
    return train(network(), seed)


def matrices(model):
    """[(weights, bias)] of the linear layers, as numpy arrays."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    return [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in layers]


def accuracy(layers, seed):
    """Share of the test pictures that are named rightly by layers as `matrices` gives them."""
    *_, x, y = pictures(seed)
    x = x.numpy()
    for weights, bias in layers[:-1]:
        x = np.maximum(x @ weights.T + bias, 0)
    weights, bias = layers[-1]
    return float(((x @ weights.T + bias).argmax(axis=1) == y.numpy()).mean())


def compressed(method, setting, seed):
    """(layers, arrays): what the network computes with, and what its file has to hold."""
    if method.startswith("student"):
        torch.manual_seed(1000 + seed)
        teacher = trained(seed) if method == "student, taught" else None
        layers = matrices(train(network(int(setting)), seed, teacher))
        return layers, [part for layer in layers for part in layer]
    layers = matrices(trained(seed))
    if method == "whole units dropped":
        layers = without_units(layers, 1 - setting)
    if method in ("as trained", "whole units dropped"):
        return layers, [part for layer in layers for part in layer]
    made = [_one(method, setting, weights) for weights, _ in layers]
    biases = [bias for _, bias in layers]
    stored = [part for _, parts in made for part in parts]
    used = [weights.astype("float32") for weights, _ in made]
    return list(zip(used, biases, strict=True)), stored + biases


def _one(method, setting, weights):
    """(weights to use, arrays to store) of one matrix."""
    if method in GROUPS:
        done = quantise(weights, int(setting), GROUPS[method])
        return done.weights, [packed(done.codes, done.bits), done.scales.astype("float16")]
    if method == "low rank":
        if setting >= min(weights.shape):  # the last layer has ten rows: nothing to gain
            return weights, [weights]
        factors = [factor.astype("float32") for factor in factorise(weights, int(setting))]
        return factors[0] @ factors[1], factors
    if method == COMBINED:
        done = quantise(prune_two_of_four(weights), int(setting), SCALE_GROUP)
        kept, places = two_of_four(weights)
        codes = np.take_along_axis(done.codes.reshape(-1, 4), kept, axis=1)
        return done.weights, [packed(codes, done.bits), places, done.scales.astype("float16")]
    if method == "2 of 4 to zero":
        dropped = prune_two_of_four(weights)
    else:
        dropped = prune_smallest(weights, setting)
    return dropped, [np.packbits(dropped != 0), dropped[dropped != 0].astype("float32")]


def two_of_four(weights):
    """(n, 2) the places kept in each four weights, and the same packed, two bits for each."""
    kept = np.argsort(np.abs(weights.reshape(-1, 4)), axis=1, kind="stable")[:, 2:]
    return kept, np.packbits(np.unpackbits(kept.astype(np.uint8).reshape(-1, 1), axis=1)[:, 6:])


def without_units(layers, share_kept):
    """The layers with the largest units of each hidden layer only."""
    layers = list(layers)
    for i in range(len(layers) - 1):
        (weights, bias), (after, bias_after) = layers[i : i + 2]
        kept = largest_units(weights, max(1, round(share_kept * len(weights))))
        layers[i] = weights[kept], bias[kept]
        layers[i + 1] = after[:, kept], bias_after
    return layers


def packed(codes, bits):
    """Signed codes as a string of bytes, `bits` each, without gaps."""
    unsigned = (codes.ravel().astype(np.int16) + 2 ** (bits - 1)).astype(np.uint8)
    return np.packbits(np.unpackbits(unsigned[:, None], axis=1)[:, 8 - bits :])


def file_bytes(arrays):
    """Size of the file that numpy writes for the arrays, its headers included."""
    file = io.BytesIO()
    np.savez(file, *arrays)
    return len(file.getvalue())


def run(row):
    """One network compressed in one way: test accuracy and bytes of its file."""
    with one_thread(row["seed"]), Stopwatch() as watch:
        layers, arrays = compressed(row["method"], row["setting"], row["seed"])
        right = accuracy(layers, row["seed"])
    return {
        "accuracy": round(right, 5),
        "bytes": file_bytes(arrays),
        "seconds": round(watch.seconds, 1),
    }
