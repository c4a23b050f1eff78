"""What a training run costs: FLOP, GPU-hours, days, dollars."""

from dataclasses import dataclass

import numpy as np

from course.accounting import hardware
from course.display import table
from course.units import format_count, format_flop, positive

SECONDS_PER_HOUR = 3600
FLOP_PER_PARAM_TOKEN = 6  # 2 in the forward pass, 4 in the backward pass


def training_flops(n_params, n_tokens):
    """C = 6·N·D in FLOP: a forward pass is 2 per parameter and token, the backward pass twice that.

    `n_params` and `n_tokens` broadcast. For a mixture of experts N is the active parameters.
    Leaves out attention over the context, as all of the literature's 6ND does.
    Raises ValueError unless both are positive. Source: Kaplan et al. 2020, §2.1.
    """
    return FLOP_PER_PARAM_TOKEN * positive("n_params", n_params) * positive("n_tokens", n_tokens)


@dataclass(frozen=True)
class TrainingRun:
    """A training run: what is assumed and what follows from it. Numbers or arrays that broadcast.

    Attributes:
        n_params: parameters.
        n_tokens: tokens that it is trained on.
        chip: the Chip.
        n_gpus: chips.
        mfu: model FLOP utilization: the fraction of the peak that 6ND uses, in (0, 1].
        price_usd_per_gpu_hour: rent, or None.
        flops: 6ND, in FLOP.
        gpu_hours: hours of all chips together.
    """

    n_params: float
    n_tokens: float
    chip: hardware.Chip
    n_gpus: float
    mfu: float
    price_usd_per_gpu_hour: float | None
    flops: float
    gpu_hours: float

    @property
    def days(self):
        """Wall-clock days with all `n_gpus` running all the time."""
        return self.gpu_hours / self.n_gpus / 24

    @property
    def cost_usd(self):
        """Rent of the chips in USD; None where no price was given."""
        if self.price_usd_per_gpu_hour is None:
            return None
        return self.gpu_hours * self.price_usd_per_gpu_hour

    def _repr_html_(self):
        rows = {
            "Parameters N": _shown(self.n_params, format_count),
            "Tokens D": _shown(self.n_tokens, format_count),
            "Compute C = 6ND": _shown(self.flops, format_flop),
            "Chips": f"{_shown(self.n_gpus, '{:,.0f}'.format)} × {self.chip.name}",
            "MFU": _shown(self.mfu, "{:.0%}".format),
            "Work": _shown(self.gpu_hours, format_count) + " GPU-hours",
            "Time": _shown(self.days, "{:,.3g}".format) + " days",
        }
        if self.cost_usd is not None:
            price = _shown(self.price_usd_per_gpu_hour, "{:g}".format)
            rows["Rent"] = f"{_shown(self.cost_usd, '{:,.0f}'.format)} USD at {price} USD/GPU-hour"
        return table("", ("", ""), rows.items())


def training_run(
    n_params, n_tokens, chip, *, n_gpus=1, mfu=0.4, price_usd_per_gpu_hour=None, precision=None
):
    """Time and rent of a run: GPU-seconds = 6·N·D / (peak FLOP/s of the chip · MFU).

    Assumes that no hour is lost to failures. All numbers broadcast.

    Args:
        n_params: parameters; of a mixture of experts, the active ones.
        n_tokens: tokens that it is trained on.
        chip: a Chip or its name.
        n_gpus: chips that work all the time.
        mfu: the fraction of the peak that 6ND uses, in (0, 1].
        price_usd_per_gpu_hour: rent; None for none.
        precision: one of `chip.peak_flop_per_s`; None for its 16-bit one.

    Raises:
        ValueError: for a value that is not positive, an MFU above 1, an unknown chip, or a
            precision that it does not have.
    """
    chip = hardware.chip(chip)
    flops = training_flops(n_params, n_tokens)
    mfu = positive("mfu", mfu, upper=1)
    n_gpus = positive("n_gpus", n_gpus)
    gpu_hours = flops / (chip.peak(precision) * mfu) / SECONDS_PER_HOUR
    factors = [gpu_hours, n_gpus]
    if price_usd_per_gpu_hour is not None:
        price_usd_per_gpu_hour = positive("price_usd_per_gpu_hour", price_usd_per_gpu_hour)
        factors.append(price_usd_per_gpu_hour)
    np.broadcast_shapes(*map(np.shape, factors))  # here, not when `days` or `cost_usd` is asked for
    return TrainingRun(
        n_params=positive("n_params", n_params),
        n_tokens=positive("n_tokens", n_tokens),
        chip=chip,
        n_gpus=n_gpus,
        mfu=mfu,
        price_usd_per_gpu_hour=price_usd_per_gpu_hour,
        flops=flops,
        gpu_hours=gpu_hours,
    )


def implied_mfu(flops, gpu_hours, chip, *, precision=None):
    """MFU = FLOP / (GPU-seconds · peak FLOP/s): what a run reached, from its published figures.

    Hours that were lost or spent on other work count as waste, so this is below the MFU measured
    while training. Raises ValueError above 1: then the FLOP, the hours or the peak are wrong.
    """
    chip = hardware.chip(chip)
    gpu_seconds = positive("gpu_hours", gpu_hours) * SECONDS_PER_HOUR
    mfu = positive("flops", flops) / (gpu_seconds * chip.peak(precision))
    if np.max(mfu) > 1 + 1e-9:  # rounding may exceed 1 slightly
        raise ValueError(
            f"flops and gpu_hours give an MFU of {np.max(mfu):.0%} on {chip.name}, above 100 %"
        )
    return mfu


def _shown(value, format):
    if np.ndim(value) == 0:
        return format(value)
    return f"{format(np.min(value))} to {format(np.max(value))} (shape {np.shape(value)})"
