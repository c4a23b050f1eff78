"""What a chip allows: the longer of the times for computing and for reading memory.

FLOP is an amount, FLOP/s a rate, bytes are bytes; everything broadcasts over numpy arrays.
"""

import numpy as np

from course.accounting import chip
from course.units import positive


def arithmetic_intensity(flops, bytes_moved):
    """FLOP for each byte that moves between memory and chip."""
    return positive("flops", flops) / positive("bytes_moved", bytes_moved)


def ridge_point(chip_or_name, precision=None):
    """Peak FLOP/s over bytes/s: the intensity in FLOP per byte from which computing is the limit.

    `precision`: one of the chip's, its 16-bit one by default.
    Source: Williams, Waterman and Patterson 2009.
    """
    c = chip(chip_or_name)
    return c.peak(precision) / c.bandwidth_bytes_per_s


def attainable_flop_per_s(intensity, chip_or_name, precision=None):
    """FLOP/s that work of that many FLOP per byte can reach: min(peak, intensity · bandwidth)."""
    c = chip(chip_or_name)
    rate = positive("intensity", intensity) * c.bandwidth_bytes_per_s
    return np.minimum(rate, c.peak(precision))


def crossover_batch(chip_or_name, weight_bits=16, precision=None):
    """The tokens in a pass from which products with a dense model's weights are compute-bound.

    Each weight of `weight_bits` / 8 bytes is read once and works 2 FLOP for each token, so it is
    the ridge point · bytes / 2. Attention to a cache stays bound by memory at any batch, since
    each sequence reads a cache of its own. Source: Austin et al. 2025, How to Scale Your Model.
    """
    bits = positive("weight_bits", weight_bits, upper=64)
    return ridge_point(chip_or_name, precision) * bits / 8 / 2


def usd_per_million_tokens(tokens_per_s, price_usd_per_gpu_hour, n_gpus=1):
    """USD for a million tokens, price · n_gpus / (tokens_per_s · 3600) · 1e6, while all GPUs work.

    Speed and number of GPUs belong to one replica. Raises ValueError unless all are positive.
    """
    rent = positive("price_usd_per_gpu_hour", price_usd_per_gpu_hour) * positive("n_gpus", n_gpus)
    return rent / (positive("tokens_per_s", tokens_per_s) * 3600) * 1e6
