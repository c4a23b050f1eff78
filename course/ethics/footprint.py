"""Energy, carbon and water of training and serving, from hours and watts.

run = Footprint(gpu_hours=30.84e6, power_w=700, pue=1.08, place="United States")
run.energy_kwh, run.tonnes
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course.display import number, table
from course.evidence import fact
from course.units import between, positive

TABLE = Path(__file__).with_name("grids.csv")
HOURS_PER_YEAR = 8766
GPU_EMBODIED_KG = 150  # Luccioni et al. 2022, section 4.3, where the authors call it an estimate


@dataclass(frozen=True)
class Grid:
    """The electricity of a place.

    Attributes:
        place: a country, or a province of China.
        kind: "country" or "province".
        g_per_kwh: grams for each kWh, the mean of a year.
        gas: "CO2" for provinces, whose ministry counts no other gas; "CO2eq" for countries.
        year: of the figure.
    """

    place: str
    kind: str
    g_per_kwh: float
    gas: str
    year: int


@cache
def grids(kind=None):
    """{place: Grid} of 30 provinces and 212 countries; `kind` "province" or "country" for one sort.

    Source: the data files of codecarbon 3.3.2. Provinces: China's Ministry of Ecology and
    Environment, announcement 2025 No. 47, CO2 alone, without the making of fuels and plants.
    Countries: Our World in Data and Ember, CO2eq over the life cycle. So the two sorts are not to
    be compared to the last tenth.
    """
    if kind not in (None, "province", "country"):
        raise ValueError(f'kind must be "province", "country" or None, got {kind!r}')
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [
            Grid(r["place"], r["kind"], float(r["g_per_kwh"]), r["gas"], int(r["year"]))
            for r in csv.DictReader(file)
        ]
    return {row.place: row for row in rows if kind in (None, row.kind)}


def grid(place):
    """The Grid of a place, such as grid("Sichuan"); ValueError where the table does not have it."""
    if place not in grids():
        near = [name for name in grids() if str(place).lower() in name.lower()][:5]
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise ValueError(f"place must be a country or a province of China, got {place!r}{hint}")
    return grids()[place]


def energy_kwh(gpu_hours, power_w, pue=1.0):
    """Energy = hours of all chips · watts of each / 1000 · PUE, in kWh; arguments broadcast.

    `power_w` is what a chip draws with its share of the machine, `pue` the power usage
    effectiveness: what the building draws over what its computers draw, 1 or more.
    """
    pue = between("pue", pue, 1, 10)
    return positive("gpu_hours", gpu_hours) * positive("power_w", power_w) / 1000 * pue


def emissions_tonnes(kwh, g_per_kwh):
    """Tonnes = kWh · grams for each kWh / 1e6; arguments broadcast."""
    return positive("kwh", kwh) * between("g_per_kwh", g_per_kwh, 0, 5000) / 1e6


@dataclass(frozen=True)
class Footprint:
    """What a run on chips takes and emits. Numbers, or arrays that broadcast.

    Attributes:
        gpu_hours: hours of all chips together.
        power_w: watts of one chip with its share of the machine.
        pue: of the building, 1 or more.
        place: where the electricity is bought, one of `grids()`.
        matched: the share of the electricity for which as much from low-carbon sources was bought
            elsewhere, in [0, 1]: it lowers `market_tonnes` and nothing else.
    """

    gpu_hours: float
    power_w: float
    pue: float
    place: str
    matched: float = 0.0

    def __post_init__(self):
        energy_kwh(self.gpu_hours, self.power_w, self.pue)
        grid(self.place)
        between("matched", self.matched, 0, 1)

    @property
    def energy_kwh(self):
        """Energy of chips and building, kWh."""
        return energy_kwh(self.gpu_hours, self.power_w, self.pue)

    @property
    def tonnes(self):
        """Location-based: by what the place's power stations emit, tonnes of `grid(place).gas`."""
        return emissions_tonnes(self.energy_kwh, grid(self.place).g_per_kwh)

    @property
    def market_tonnes(self):
        """Market-based: what was matched by bought certificates counts as nothing, tonnes."""
        return self.tonnes * (1 - self.matched)

    @property
    def embodied_tonnes(self):
        """The share of making the machines that falls on these hours, tonnes of CO2eq.

        An estimate: kg of a server of 8 and of its GPUs, over the hours of work of its life.
        """
        made = fact("energy.lifetime").value
        kg = made["server_embodied_kg"] / made["n_gpus"] + GPU_EMBODIED_KG
        return self.gpu_hours * kg / (made["years"] * HOURS_PER_YEAR * made["utilisation"]) / 1000

    def _repr_html_(self):
        rows = (
            ("energy", number(self.energy_kwh / 1000, ",.4g"), "MWh"),
            ("location-based", number(self.tonnes, ",.4g"), f"t {grid(self.place).gas}"),
            ("market-based", number(self.market_tonnes, ",.4g"), f"t {grid(self.place).gas}"),
            ("making of the machines (estimate)", number(self.embodied_tonnes, ",.3g"), "t CO2eq"),
        )
        return table(f"{self.place}, PUE {self.pue:g}", ("", "", ""), rows)
