"""Do published footprints follow from the hours and watts that were published with them?

A printed number stands for all that round to it: 14.8 for 14.75 to 14.85. A case is reproduced
where what follows from such inputs and what was printed have numbers in common.
"""

from dataclasses import dataclass
from decimal import Decimal

from course.display import table
from course.evidence import fact

FAMILIES = {
    "Llama-2": ("7B", "13B", "34B", "70B"),
    "Llama-3": ("8B", "70B"),
    "Llama-3.1": ("8B", "70B", "405B"),
    "Llama-4": ("Scout", "Maverick"),
}


@dataclass(frozen=True)
class Case:
    """One published figure beside what follows from the others.

    Attributes:
        model: its name.
        quantity: "MWh" or "t".
        printed: (low, high): the numbers that round to what was published.
        computed: (low, high): what follows from the published inputs, each within its rounding.
        how: what was multiplied, in words.
    """

    model: str
    quantity: str
    printed: tuple
    computed: tuple
    how: str

    @property
    def reproduced(self):
        """Whether the two have numbers in common."""
        return self.computed[0] <= self.printed[1] and self.printed[0] <= self.computed[1]


@dataclass(frozen=True)
class Cases:
    """The published cases, `cases` a tuple of Case."""

    cases: tuple

    def _repr_html_(self):
        rows = [
            (c.model, _ends(c.printed), _ends(c.computed), c.quantity, c.how, _verdict(c))
            for c in self.cases
        ]
        header = ("model", "published", "computed", "", "from", "")
        return table("Published footprints, each within its rounding", header, rows)


def _verdict(case):
    return "reproduced" if case.reproduced else "not reproduced"


def _ends(ends):
    return " to ".join(f"{end:,.5g}" for end in ends)


def rounded(printed):
    """(low, high) of the numbers that a printed one may stand for: 14.8 gives 14.75, 14.85.

    Trailing zeros of whole numbers count as read, so 10000 is 9,999.5 to 10,000.5.
    """
    value = Decimal(repr(printed))
    half = Decimal(1).scaleb(value.as_tuple().exponent) / 2
    return float(value - half), float(value + half)


def exactly(value):
    """(value, value): a number that no rounding touched."""
    return float(value), float(value)


def times(*factors):
    """The product of intervals of positive numbers, each (low, high)."""
    low = high = 1.0
    for a, b in factors:
        low, high = low * a, high * b
    return low, high


def over(interval, divisor):
    """The quotient of two intervals of positive numbers."""
    return interval[0] / divisor[1], interval[1] / divisor[0]


def published_cases():
    """The Cases whose inputs were published: GPT-3, Gopher, LLaMA, BLOOM, OLMo 2 and Llama 2 to 4.

    Meta's cards tell no grid factor. So one is taken from the model of each family with the
    narrowest rounding, and must explain its sisters.
    """
    found = []
    for model in ("GPT-3", "Gopher", "LLaMA-1-65B", "BLOOM"):
        value = fact(f"energy.{model}").value
        mwh = _scaled(1e-6, _hours(value), exactly(value["power_w"]), _pue(value))
        if "mwh" in value:
            found.append(Case(model, "MWh", rounded(value["mwh"]), mwh, "hours · watts · PUE"))
            mwh = rounded(value["mwh"])
        tonnes = _scaled(1e-3, mwh, rounded(value["g_per_kwh"]))
        found.append(Case(model, "t", rounded(value["tonnes"]), tonnes, "energy · grid"))
    value = fact("energy.OLMo-2-7B").value
    mwh = times(rounded(value["chip_mwh"]), _pue(value))
    found.append(Case("OLMo-2-7B", "MWh", rounded(value["mwh"]), mwh, "measured chips · PUE"))
    return Cases((*found, *_llamas()))


def _hours(value):
    if "gpu_hours" in value:
        return rounded(value["gpu_hours"])
    hours = rounded(value["hours"]) if "hours" in value else times(rounded(value["days"]), (24, 24))
    return times(hours, exactly(value["n_chips"]))


def _pue(value):
    return _scaled(0.01, rounded(value["pue_percent"])) if "pue_percent" in value else exactly(1)


def _scaled(factor, *intervals):
    return times(exactly(factor), *intervals)


def _llamas():
    for family, sizes in FAMILIES.items():
        members = []
        for name in (f"{family}-{size}" for size in sizes):
            value = fact(f"energy.{name}").value
            mwh = times(rounded(value["million_gpu_hours"]), exactly(value["power_w"]))
            scale, amount = (1000, "kilotonnes") if "kilotonnes" in value else (1, "tonnes")
            members.append((name, mwh, _scaled(scale, rounded(value[amount]))))
        factors = [over(tonnes, mwh) for _, mwh, tonnes in members]  # t per MWh
        base = min(range(len(members)), key=lambda i: factors[i][1] / factors[i][0])
        for i, (name, mwh, tonnes) in enumerate(members):
            if i != base:
                how = f"energy · {500 * sum(factors[base]):.1f} g/kWh of {members[base][0]}"
                yield Case(name, "t", tonnes, times(mwh, factors[base]), how)
