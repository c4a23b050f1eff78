"""What a compressed model takes: bits, dropped weights, and what says where they were."""

import math
from dataclasses import dataclass

from course.display import table
from course.units import between, format_bytes, format_count, positive, single

SCALE_GROUP = 64  # quantised weights that share a scale of 16 bits, as common formats have it
MASKS = {"free": 0.0, "bitmask": 1.0, "2:4": 1.0}  # index bits for each weight, kept or not


@dataclass(frozen=True)
class CompressionPlan:
    """How a model is stored: with how many bits a weight, and how many of them dropped.

    Attributes:
        n_params: parameters, dropped ones included.
        bits: of a kept weight.
        sparsity: the share dropped, in [0, 1).
        mask: how the places of the kept weights are stored: "bitmask" (one bit for every weight),
            "2:4" (two of each four kept, two bits for each of them; sparsity 0.5 only), or "free",
            which nobody can build but A §5.2 assumes.
        group_size: weights that share a scale of 16 bits when `bits` is below 16; None for none.
        distilled_from: parameters of the model that a smaller one of `n_params` has to learn from;
            None where the model itself is stored.

    Raises:
        ValueError: for bits outside (0, 32], a sparsity outside [0, 1) or an unknown mask.
    """

    n_params: float
    bits: float = 16
    sparsity: float = 0.0
    mask: str = "bitmask"
    group_size: float | None = None
    distilled_from: float | None = None

    def __post_init__(self):
        positive("n_params", self.n_params)
        single("bits", positive("bits", self.bits, upper=32))
        single("sparsity", between("sparsity", self.sparsity, 0, math.nextafter(1, 0)))
        if self.mask not in MASKS:
            raise ValueError(f"mask must be one of {', '.join(MASKS)}, got {self.mask!r}")
        if self.mask == "2:4" and self.sparsity != 0.5:
            raise ValueError(f"sparsity must be 0.5 with a 2:4 mask, got {self.sparsity!r}")
        if self.group_size is not None:
            single("group_size", positive("group_size", self.group_size))

    @property
    def index_bits(self):
        """Bits for each weight that say which are kept; none where all are."""
        return MASKS[self.mask] if self.sparsity else 0.0

    @property
    def scale_bits(self):
        """Bits for each weight that its group's scale takes."""
        return 16 / self.group_size if self.group_size and self.bits < 16 else 0.0

    @property
    def bits_per_param(self):
        """(1 - sparsity) · bits, the index and the scales: what a weight takes on average."""
        return (1 - self.sparsity) * self.bits + self.index_bits + self.scale_bits

    @property
    def weight_bytes(self):
        """n_params · bits_per_param / 8."""
        return self.n_params * self.bits_per_param / 8

    def compression(self, reference_bits=32):
        """How many times smaller than the same parameters at `reference_bits` each."""
        return positive("reference_bits", reference_bits, upper=64) / self.bits_per_param

    def _repr_html_(self):
        rows = [
            ("weights", format_count(self.n_params), "parameters"),
            ("bits", f"{self.bits:g}", "for each kept weight"),
            ("dropped", f"{self.sparsity:.0%}", "of the weights"),
            (
                "index and scales",
                f"{self.index_bits + self.scale_bits:.3g}",
                "bits for each weight",
            ),
            (
                "size",
                format_bytes(self.weight_bytes),
                f"{self.compression(16):.3g} times smaller "
                f"than bf16, {self.compression():.3g} than fp32",
            ),
        ]
        if self.distilled_from:
            rows.append(("distilled from", format_count(self.distilled_from), "parameters"))
        return table("A plan for compression", ("", "value", ""), rows)


def quantised(n_params, bits):
    """The CompressionPlan at `bits` a weight; below 16 each 64 weights share a scale of 16 bits."""
    return CompressionPlan(n_params, bits, group_size=SCALE_GROUP)
