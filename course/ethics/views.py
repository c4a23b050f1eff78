"""What the pictures of chapter 6 show, computed before anything is drawn."""

from dataclasses import dataclass, field

import numpy as np

from course.accounting.training import TrainingRun, training_run
from course.ethics.footprint import emissions_tonnes, energy_kwh, grids
from course.evidence import fact

RUNS = ("GPT-3", "Llama-3-8B", "Llama-3.1-405B", "DeepSeek-V3", "Chinchilla")
NEIGHBOURS = ("Norway", "France", "United States", "Germany", "India")


@dataclass(frozen=True)
class PlacesView:
    """One run in many places.

    Attributes:
        run: the TrainingRun.
        pue: of the building.
        kwh: its energy with the building's.
        places: names, the cleanest first.
        kinds: "province" or "country" of each.
        tonnes: location-based, shape (places,).
    """

    run: TrainingRun
    pue: float
    kwh: float
    places: tuple
    kinds: tuple
    tonnes: np.ndarray = field(repr=False)


def places_view(model, chip, pue, mfu=0.4):
    """The PlacesView of training a model of the registry: 30 provinces, and NEIGHBOURS."""
    value = fact(f"model.{model}").value
    run = training_run(
        value.get("n_active_params", value["n_params"]), value["n_tokens"], chip, mfu=mfu
    )
    kwh = energy_kwh(run.gpu_hours, run.chip.power_w, pue)
    known = [*grids("province").values(), *(grids("country")[name] for name in NEIGHBOURS)]
    known.sort(key=lambda one: one.g_per_kwh)
    return PlacesView(
        run,
        pue,
        kwh,
        tuple(one.place for one in known),
        tuple(one.kind for one in known),
        emissions_tonnes(kwh, np.array([one.g_per_kwh for one in known])),
    )
