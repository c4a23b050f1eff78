"""A §6.1's ScalingEthicsAnalyzer: five concerns, each with its evidence, a level and what follows.

The document gives all five the same level, from the number of parameters. Law counts training
compute, revenue and what a model is used for; where nothing links scale to harm, the level is
"not known".
"""

from dataclasses import dataclass
from datetime import date

from course.accounting.hardware import chip
from course.accounting.training import SECONDS_PER_HOUR
from course.display import table
from course.ethics.footprint import Footprint
from course.evidence import fact
from course.units import format_count, positive

LEVELS = ("low", "medium", "high", "not known")
# EU AI Act, annex III, in short: uses that are high-risk whatever the model.
HIGH_RISK_USES = ("hiring", "education", "credit", "health", "policing", "migration", "justice")
USES = ("research", "chat", "code", "entertainment", *HIGH_RISK_USES)
REGIONS = ("EU", "California", "New York", "China")
# Borders of ours, not of a law: whoever draws others passes them.
COST_USD = (1e6, 100e6)
TONNES = (100, 10_000)


@dataclass(frozen=True)
class Deployment:
    """A model and what is done with it: the inputs that law and evidence ask for.

    Attributes:
        flops: training compute, FLOP.
        use: what it is used for, one of USES.
        regions: where it is offered, some of REGIONS.
        revenue_usd: its developer's, a year; 0 for none.
        open_weights: whether anybody may run it.
        footprint: of its training, a Footprint.
    """

    flops: float
    use: str
    regions: tuple
    revenue_usd: float
    open_weights: bool
    footprint: Footprint

    def __post_init__(self):
        positive("flops", self.flops)
        if self.revenue_usd != 0:
            positive("revenue_usd", self.revenue_usd)
        if self.use not in USES:
            raise ValueError(f"use must be one of {', '.join(USES)}, got {self.use!r}")
        if isinstance(self.regions, str) or (unknown := set(self.regions) - set(REGIONS)):
            got = self.regions if isinstance(self.regions, str) else sorted(unknown)
            raise ValueError(f"regions must be some of {', '.join(REGIONS)}, got {got!r}")


@dataclass(frozen=True)
class Obligation:
    """What a law asks: its name, the date from which it applies (None: not confirmed), and what."""

    law: str
    since: date | None
    duty: str


def obligations(deployment, today=None):
    """The Obligations that a Deployment meets; with a date `today`, those that apply by then."""
    found = []
    if "EU" in deployment.regions:
        eu = fact("law.EU-AI-Act").value
        if deployment.flops >= fact("law.EU-general-purpose").value:
            found.append(_duty("EU AI Act, article 53", eu, "documentation, copyright policy"))
        if deployment.flops > eu["flops"]:
            duty = "notify, evaluate and mitigate systemic risk, report incidents, protect weights"
            found.append(_duty("EU AI Act, article 55", eu, duty))
        if deployment.use in HIGH_RISK_USES:
            duty = f"{deployment.use} is a high-risk use: risk management, human oversight"
            found.append(Obligation("EU AI Act, annex III", None, duty))
    for region, key in (("California", "California-SB-53"), ("New York", "New-York-RAISE")):
        law = fact(f"law.{key}").value
        if region in deployment.regions and deployment.flops > law["flops"]:
            duty = "report safety incidents"
            if deployment.revenue_usd > law["revenue_usd"]:
                duty = "publish a safety framework, " + duty
            found.append(_duty(key.replace("-", " "), law, duty))
    if "China" in deployment.regions:
        law = fact("law.China-labelling").value
        found.append(_duty("China, labelling", law, "label what is generated, visibly and inside"))
    if today is None:
        return tuple(found)
    return tuple(one for one in found if one.since is not None and one.since <= today)


def _duty(name, law, duty):
    since = date(law["year"], law["month"], law["day"]) if "year" in law else None
    return Obligation(name, since, duty)


@dataclass(frozen=True)
class Assessment:
    """One concern: its level, one of LEVELS, what that rests on, and what follows from it."""

    concern: str
    risk_level: str
    evidence: str
    recommendations: tuple


class ScalingEthicsAnalyzer:
    """A §6.1, made to use what it is given.

    `cost_usd` and `tonnes` are the borders between low, medium and high; both are ours.
    """

    def __init__(self, cost_usd=COST_USD, tonnes=TONNES):
        for name, borders in (("cost_usd", cost_usd), ("tonnes", tonnes)):
            if len(borders) != 2 or not 0 < borders[0] < borders[1]:
                raise ValueError(f"{name} must be two rising positive numbers, got {borders!r}")
        self.cost_usd, self.tonnes = cost_usd, tonnes

    def assess_scaling_ethics(self, deployment):
        """{dimension: Assessment} of the document's five dimensions for a Deployment."""
        if not isinstance(deployment, Deployment):
            raise ValueError(f"deployment must be a Deployment, got {type(deployment).__name__}")
        return {
            "resource_concentration": self._concentration(deployment),
            "environmental_impact": self._environment(deployment),
            "economic_disruption": _economy(deployment),
            "safety_risks": _safety(deployment),
            "digital_divide": _divide(deployment),
        }

    def _concentration(self, deployment):
        # An MFU of 40 %, as well-run trainings report.
        gpu_hours = deployment.flops / (0.4 * chip("H100").peak() * SECONDS_PER_HOUR)
        usd = gpu_hours * fact("price.h100").value
        level = _level(usd, self.cost_usd)
        return Assessment(
            "who can afford to train this",
            level,
            f"{format_count(gpu_hours)} H100-hours, about {format_count(usd)} USD of rent",
            () if level == "low" else ("publish weights or give researchers access",),
        )

    def _environment(self, deployment):
        tonnes = deployment.footprint.tonnes
        level = _level(tonnes, self.tonnes)
        place = deployment.footprint.place
        advice = () if level == "low" else (f"ask what another grid than that of {place} saves",)
        return Assessment("energy and carbon", level, f"{tonnes:,.0f} t, location-based", advice)


def _level(amount, borders):
    return LEVELS[sum(amount >= border for border in borders)]


def _economy(deployment):
    return Assessment(
        "work that is automated",
        "not known",
        "no study ties a model's compute to jobs lost; the use matters, not the size",
        (f"measure with the people whose work it is what it does in {deployment.use}",),
    )


def _safety(deployment):
    duties = obligations(deployment)
    eu = fact("law.EU-AI-Act").value["flops"]
    high = deployment.flops > eu or deployment.use in HIGH_RISK_USES
    general = deployment.flops >= fact("law.EU-general-purpose").value
    return Assessment(
        "what a stronger model may do",
        "high" if high else "medium" if general else "low",
        f"{deployment.flops:.2g} FLOP, {deployment.flops / eu:.2g} of the EU's border; "
        f"use: {deployment.use}",
        tuple(f"{one.law}: {one.duty}" for one in duties),
    )


def _divide(deployment):
    level = "low" if deployment.open_weights else "medium"
    return Assessment(
        "who can use it",
        level,
        "anybody may run the weights" if deployment.open_weights else "only through its owner",
        () if deployment.open_weights else ("publish prices and terms; keep versions available",),
    )


def assessment_table(assessments):
    """The result of `assess_scaling_ethics` as an HTML table."""
    rows = [
        (name.replace("_", " "), one.risk_level, one.evidence, "; ".join(one.recommendations))
        for name, one in assessments.items()
    ]
    return table("", ("dimension", "level", "evidence", "what follows"), rows)
