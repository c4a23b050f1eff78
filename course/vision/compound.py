"""EfficientNet's compound scaling as a calculator: depth, width and picture grow together."""

from dataclasses import dataclass

from course.units import between

# Tan and Le 2019, arXiv:1905.11946, section 3.3: found by a small grid search at φ = 1.
DEPTH, WIDTH, RESOLUTION = 1.2, 1.1, 1.15


@dataclass(frozen=True)
class Compound:
    """What one φ does: factors on depth, width, resolution and FLOP, each 1 at φ = 0."""

    depth: float
    width: float
    resolution: float
    flops: float


def compound(phi):
    """1.2^φ in depth, 1.1^φ in width, 1.15^φ in resolution; FLOP as (1.2 · 1.1² · 1.15²)^φ.

    A convolution's FLOP are linear in depth and quadratic in width and in the picture's side. The
    three bases are chosen so that their product is about 2: each φ doubles the FLOP.
    """
    phi = between("phi", phi, -10, 20)
    flops = DEPTH * WIDTH**2 * RESOLUTION**2
    return Compound(DEPTH**phi, WIDTH**phi, RESOLUTION**phi, flops**phi)
