"""The analyzer of A §6.1: levels and duties follow from what it is given."""

from dataclasses import replace
from datetime import date

import pytest

from course.ethics import (
    Deployment,
    Footprint,
    ScalingEthicsAnalyzer,
    assessment_table,
    obligations,
)

SMALL = Footprint(1e3, 700, 1.2, "France")
GAME = Deployment(5e22, "entertainment", ("EU",), 0, True, SMALL)
assess = ScalingEthicsAnalyzer().assess_scaling_ethics


def levels(deployment):
    return {name: one.risk_level for name, one in assess(deployment).items()}


def test_dimensions_use_what_they_are_given():
    """K098: each input moves the dimension that it concerns, and no other."""
    base = levels(GAME)
    assert len(set(base.values())) > 1
    changes = {
        "safety_risks": {"use": "hiring"},
        "digital_divide": {"open_weights": False},
        "environmental_impact": {"footprint": Footprint(1e8, 700, 1.2, "India")},
    }
    for dimension, change in changes.items():
        changed = levels(replace(GAME, **change))
        assert {name for name in base if base[name] != changed[name]} == {dimension}
    dear = levels(replace(GAME, flops=5e26))
    assert (dear["resource_concentration"], dear["safety_risks"]) == ("high", "high")
    assert {level["economic_disruption"] for level in (base, dear)} == {"not known"}


def test_recommendations_follow_from_the_inputs():
    """K099: there are some where there is something to do, and other ones elsewhere."""
    assert assess(GAME)["safety_risks"].recommendations == ()
    named = assess(replace(GAME, use="hiring"))["safety_risks"].recommendations
    assert len(named) == 1
    assert "hiring is a high-risk use" in named[0]
    assert "what follows" in assessment_table(assess(GAME))


@pytest.mark.parametrize(
    ("flops", "regions", "revenue", "laws"),
    [
        (9.9e22, ("EU",), 0, 0),
        (1e23, ("EU",), 0, 1),
        (1e25, ("EU",), 0, 1),  # the border is "greater than"
        (1.01e25, ("EU",), 0, 2),
        (1e26, ("California", "New York"), 1e9, 0),
        (1.01e26, ("California", "New York"), 1e9, 2),
        (1e20, ("China",), 0, 1),
        (5e26, (), 1e9, 0),
    ],
)
def test_each_law_looks_at_compute_and_place(flops, regions, revenue, laws):
    found = obligations(replace(GAME, flops=flops, regions=regions, revenue_usd=revenue))
    assert len(found) == laws


def test_a_framework_is_asked_of_the_large_alone():
    large = replace(GAME, flops=5e26, regions=("California",), revenue_usd=6e8)
    assert "framework" in obligations(large)[0].duty
    assert "framework" not in obligations(replace(large, revenue_usd=4e8))[0].duty


def test_a_law_applies_from_its_date_and_an_unconfirmed_one_is_not_said_to():
    model = replace(GAME, flops=5e26, regions=("EU", "California", "New York", "China"))
    assert obligations(model, date(2025, 8, 1)) == ()
    assert {one.law for one in obligations(model, date(2025, 9, 1))} == {
        "EU AI Act, article 53",
        "EU AI Act, article 55",
        "China, labelling",
    }
    assert all(one.since for one in obligations(model, date(2027, 1, 1)))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"flops": 0}, "flops"),
        ({"use": "games"}, "use must be one of"),
        ({"regions": "EU"}, "regions"),
        ({"regions": ("Mars",)}, "regions"),
        ({"revenue_usd": -1}, "revenue_usd"),
    ],
)
def test_bad_input_is_named(change, named):
    with pytest.raises(ValueError, match=named):
        replace(GAME, **change)
    with pytest.raises(ValueError, match="deployment"):
        assess("GPT-3")
    with pytest.raises(ValueError, match="tonnes"):
        ScalingEthicsAnalyzer(tonnes=(5, 1))
