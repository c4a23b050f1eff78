"""Chapter 6: what scaling costs the world, and who says what is allowed.

>>> from course.ethics import Footprint
>>> run = Footprint(gpu_hours=1e6, power_w=700, pue=1.2, place="Sichuan")
>>> f"{run.energy_kwh:,.0f} kWh, {run.tonnes:.0f} t"
'840,000 kWh, 131 t'
"""

from course.ethics.assessment import (
    Assessment,
    Deployment,
    Obligation,
    ScalingEthicsAnalyzer,
    assessment_table,
    obligations,
)
from course.ethics.cases import Case, Cases, published_cases
from course.ethics.concentration import compute_by_developer, gini, lorenz
from course.ethics.footprint import Footprint, Grid, emissions_tonnes, energy_kwh, grid, grids
from course.ethics.strategy import Plan, Saving, Savings, SustainableScalingStrategy

__all__ = [
    "Assessment",
    "Case",
    "Cases",
    "Deployment",
    "Footprint",
    "Grid",
    "Obligation",
    "Plan",
    "Saving",
    "Savings",
    "ScalingEthicsAnalyzer",
    "SustainableScalingStrategy",
    "assessment_table",
    "compute_by_developer",
    "emissions_tonnes",
    "energy_kwh",
    "gini",
    "grid",
    "grids",
    "lorenz",
    "obligations",
    "published_cases",
]
