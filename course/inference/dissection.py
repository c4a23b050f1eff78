"""A §5.1's annual cost of inference, taken apart factor by factor."""

import math
from dataclasses import dataclass

from course.accounting.hardware import chip as find_chip
from course.display import table
from course.evidence import as_written
from course.inference.economics import InferenceScalingEconomics
from course.units import positive, single


@dataclass(frozen=True)
class Factor:
    """One factor of A §5.1's annual cost.

    Attributes:
        name: what it stands for.
        unit: of both values.
        as_written: what is printed.
        right: what it should be.
        why: in words.
    """

    name: str
    unit: str
    as_written: float
    right: float
    why: str

    @property
    def ratio(self):
        """How many times too large: the product over all factors is the whole error."""
        return self.as_written / self.right


@dataclass(frozen=True)
class Dissection:
    """The Factors of A §5.1's annual cost, in the order of the formula."""

    factors: tuple[Factor, ...]

    @property
    def as_written_usd(self):
        """What the document's formula gives: the product of its factors."""
        return math.prod(f.as_written for f in self.factors)

    @property
    def right_usd(self):
        """The product of the right values."""
        return math.prod(f.right for f in self.factors)

    @property
    def ratio(self):
        """How many times too much the document's formula gives."""
        return math.prod(f.ratio for f in self.factors)

    @property
    def orders_of_magnitude(self):
        """log10 of the ratio."""
        return math.log10(self.ratio)

    @property
    def wrong(self):
        """The factors that differ from what is right."""
        return tuple(f for f in self.factors if not math.isclose(f.ratio, 1, rel_tol=1e-9))

    def _repr_html_(self):
        rows = [
            (f.name, f.unit, f"{f.as_written:.4g}", f"{f.right:.4g}", f"{f.ratio:,.4g}", f.why)
            for f in self.factors
        ]
        rows.append(
            (
                "product",
                "USD per year",
                f"{self.as_written_usd:.4g}",
                f"{self.right_usd:.4g}",
                f"{self.ratio:.3g}",
                f"{self.orders_of_magnitude:.1f} orders of magnitude",
            )
        )
        header = ("factor", "unit", "as written", "right", "times too large", "why")
        return table("A §5.1, calculate_compute_cost", header, rows)


def dissect_annual_cost(
    n_params=7e9, n_tokens=None, *, chip="H100", price_usd_per_gpu_hour=None, mfu=0.3
):
    """A §5.1's annual cost taken apart, factor by factor: a Dissection.

    A FLOP costs price / (3600 · peak · mfu). Attention, some per cent, is left out on both sides.

    Args:
        n_params: parameters of a dense model.
        n_tokens: the right number of tokens per year, by default the 1e9 of the document's comment.
        chip: a name.
        price_usd_per_gpu_hour: by default that of `rental_prices()`.
        mfu: share of the chip's peak that is reached, in (0, 1].

    Raises:
        ValueError: for values that are not positive and an MFU above 1.
    """
    n_params = single("n_params", positive("n_params", n_params))
    printed = as_written.INFERENCE_COST
    n_tokens = printed["n_tokens"] if n_tokens is None else n_tokens
    n_tokens = single("n_tokens", positive("n_tokens", n_tokens))
    mfu = single("mfu", positive("mfu", mfu, upper=1))
    rented = InferenceScalingEconomics(chip=chip, price_usd_per_gpu_hour=price_usd_per_gpu_hour)
    price, peak = rented.price_usd_per_gpu_hour, find_chip(chip).peak()
    return Dissection(
        (
            Factor("parameters", "parameters", n_params, n_params, "the model's size"),
            Factor(
                "work",
                "FLOP per parameter and token",
                printed["flops_per_param_token"],
                2,
                "6 is training; the backward pass is 4 of it",
            ),
            Factor(
                "tokens",
                "tokens per year",
                printed["n_tokens"],
                n_tokens,
                "as commented" if n_tokens == printed["n_tokens"] else "as given",
            ),
            Factor(
                "price",
                "USD per FLOP",
                printed["usd_per_flop"],
                price / (3600 * peak * mfu),
                f"{price:g} USD per hour of {chip}, {peak:.3g} FLOP/s, {mfu:.0%} of it used",
            ),
            Factor(
                "seconds of a year",
                "s per s",
                printed["seconds_per_year"],
                1,
                "the tokens are a year's already, not a second's",
            ),
        )
    )
