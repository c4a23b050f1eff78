"""Compression: pruning, quantisation, low rank and distillation, and what each costs."""

from course.compression.distillation import distillation_loss, softened
from course.compression.low_rank import break_even_rank, factorise
from course.compression.pruning import largest_units, prune_smallest, prune_two_of_four
from course.compression.quantisation import (
    Quantised,
    largest_code,
    quantise,
    quantise_with_correction,
)

__all__ = [
    "Quantised",
    "break_even_rank",
    "distillation_loss",
    "factorise",
    "largest_code",
    "largest_units",
    "prune_smallest",
    "prune_two_of_four",
    "quantise",
    "quantise_with_correction",
    "softened",
]
