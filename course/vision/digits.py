"""Scikit-learn's 1,797 handwritten digits, 8 × 8: split, augmented, and handed out in batches."""

from functools import lru_cache

import numpy as np
import torch
from sklearn.datasets import load_digits

from course.units import single, whole

N_TEST, N_VALIDATION = 450, 150


@lru_cache(maxsize=8)
def digits(seed=0):
    """{"train", "validation", "test"}: (images (n, 1, 8, 8) in [0, 1], labels (n,)).

    The order is drawn once for a seed; 450 to test, 150 to validate, 1,197 to train.
    """
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng([seed, 9]).permutation(len(images))
    x = torch.tensor(images[order] / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.tensor(labels[order])
    held = N_TEST + N_VALIDATION
    return {
        "test": (x[:N_TEST], y[:N_TEST]),
        "validation": (x[N_TEST:held], y[N_TEST:held]),
        "train": (x[held:], y[held:]),
    }


def shift(images, generator, pixels=1):
    """Each image moved by up to `pixels` to each side, zeros moving in; same shape.

    One gather for the whole batch, without a loop over images.
    """
    n, _, height, side = images.shape
    padded = torch.nn.functional.pad(images, (pixels,) * 4)
    by = torch.randint(2 * pixels + 1, (2, n, 1, 1), generator=generator)
    rows = torch.arange(height).reshape(1, -1, 1) + by[0]  # (n, height, 1)
    columns = torch.arange(side).reshape(1, 1, -1) + by[1]  # (n, 1, side)
    return padded[torch.arange(n).reshape(-1, 1, 1), :, rows, columns].permute(0, 3, 1, 2)


def batches(images, labels, batch, generator):
    """One epoch in a random order: pairs (images, labels) of up to `batch`, all of them once."""
    batch = int(single("batch", whole("batch", batch)))
    for rows in torch.randperm(len(images), generator=generator).split(batch):
        yield images[rows], labels[rows]
