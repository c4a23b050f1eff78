"""Chips: peak rates, bandwidth and power as data sheets say, memory as the driver reports it."""

from dataclasses import dataclass

from course.evidence import fact, facts

_RATE = "_flop_per_s"
_MIB = 2**20


@dataclass(frozen=True)
class Chip:
    """A chip, as its data sheet describes it: one of the facts `hw.…`.

    Attributes:
        name: such as "H100".
        peak_flop_per_s: dense peak in FLOP/s for each precision. A headline rate "with sparsity" is
            twice as high, and no training run reaches it.
        memory_bytes: what the driver reports, from the fact `hw_note.memory_mib`: an H100 of
            "80 GB" has 81,559 MiB, 85.5e9 bytes. Of other chips the data sheet's GB of 1e9.
        bandwidth_bytes_per_s: rate at which it reads its memory.
        power_w: rated power of the board in watts; None where its maker does not say.
        source: where this was read, with the year.
    """

    name: str
    peak_flop_per_s: dict[str, float]
    memory_bytes: float
    bandwidth_bytes_per_s: float
    power_w: float | None
    source: str

    def peak(self, precision=None):
        """Dense peak in FLOP/s, at 16 bits (bf16, or fp16 on older chips) if nothing is asked for.

        Raises ValueError where the chip has no such rate.
        """
        if precision is None:
            precision = "bf16" if "bf16" in self.peak_flop_per_s else "fp16"
        if precision not in self.peak_flop_per_s:
            known = ", ".join(self.peak_flop_per_s)
            raise ValueError(f"precision must be one of {known} on {self.name}, got {precision!r}")
        return self.peak_flop_per_s[precision]


def chip(name):
    """The chip of that name, such as chip("H100"); a Chip is returned as it is.

    Raises ValueError that lists the known names.
    """
    if isinstance(name, Chip):
        return name
    if name not in chip_names():
        raise ValueError(f"chip must be one of {', '.join(chip_names())}, got {name!r}")
    entry = fact(f"hw.{name}")
    value = entry.value
    return Chip(
        name=name,
        peak_flop_per_s={k.removesuffix(_RATE): v for k, v in value.items() if k.endswith(_RATE)},
        memory_bytes=_MIB
        * fact("hw_note.memory_mib").value.get(name, value["memory_bytes"] / _MIB),
        bandwidth_bytes_per_s=value["bandwidth_bytes_per_s"],
        power_w=value.get("power_w"),
        source=f"{entry.source} ({entry.year})",
    )


def chip_names():
    """The names that `chip` knows."""
    return tuple(key.removeprefix("hw.") for key in facts("hw"))
