"""What was seen at which scale, and what A §2.1 makes of it."""

import pytest

from course.emergence import (
    BELOW,
    NO_SOURCE,
    OTHER_FAMILIES,
    SEEN,
    SPLIT,
    EmergentAbilityAnalyzer,
    sightings,
)
from course.evidence import as_written, fact
from course.units import parse_count

analyzer = EmergentAbilityAnalyzer()
points = {point.capability: point for point in analyzer.critical_points}


def verdict(*args, **kwargs):
    return analyzer.predict_emergence(*args, **kwargs).verdict


def test_the_table_has_the_columns_that_the_document_leaves_out():
    rows = sightings()
    assert len(rows) == 22
    assert len({(s.ability, s.task, s.family) for s in rows}) == 22
    for s in rows:
        assert "table 1" in s.source
        assert s.confidence in ("primary", "secondary")
        assert 4e7 <= s.n_params <= 5.4e11
        assert 8e19 <= s.flops <= 3e24
    one_run = {}  # a family has one training run of each size
    for s in rows:
        assert one_run.setdefault((s.family, s.n_params), s.flops) == s.flops


def test_budgets_of_the_table_agree_with_the_models_own():
    """Within what two digits and another way of counting allow."""
    for family, n_params in (("GPT-3", 175e9), ("PaLM", 540e9), ("Chinchilla", 70e9)):
        row = next(s for s in sightings() if (s.family, s.n_params) == (family, n_params))
        model = fact(f"model.{family}").value
        reported = model.get("flops", 6 * model["n_params"] * model["n_tokens"])
        assert row.flops == pytest.approx(reported, rel=0.2)


def test_arithmetic_with_three_digits():
    """K027: 13B and 2.3e22 FLOP, in the family of GPT-3."""
    (row,) = points["arithmetic_3digit"].sightings
    assert (row.family, row.n_params, row.flops) == ("GPT-3", 13e9, 2.3e22)
    assert row.n_params == parse_count(points["arithmetic_3digit"].printed_params)
    assert verdict("13B", "arithmetic_3digit", flops="2.3e22", family="GPT-3") == SEEN
    assert verdict(13e9, "Arithmetic_3digit ", family="gpt-3") == SEEN
    assert verdict("6.7B", "arithmetic_3digit", family="GPT-3") == BELOW
    assert verdict(None, "arithmetic_3digit", flops=2.2e22, family="GPT-3") == BELOW


def test_four_of_six_critical_points_have_no_source_and_no_jump_has():
    """K028, K030, K031, K032, K033: what is printed for them is in no row of the table."""
    unsourced = {name for name, point in points.items() if not point.sightings}
    assert unsourced == {
        "commonsense_reasoning",
        "code_generation",
        "multi-step_planning",
        "theory_of_mind",
    }
    for name in unsourced:
        answer = analyzer.predict_emergence("500B", name)
        assert (answer.verdict, answer.comparisons) == (NO_SOURCE, ())
    # The table has scales only: no column of it is a performance or a jump of one.
    assert not any("jump" in f or "performance" in f for f in sightings()[0].__dataclass_fields__)


def test_chain_of_thought_has_several_scales():
    """K029: from 62B to 175B and from 1.3e23 to 3.1e23 FLOP, by family and task."""
    rows = points["chain_of_thought"].sightings
    scales = {(s.family, s.n_params, s.flops) for s in rows}
    assert scales == {
        ("LaMDA", 68e9, 1.3e23),
        ("PaLM", 62e9, 2.9e23),
        ("GPT-3", 175e9, 3.1e23),
    }
    # The smaller model took more than twice the compute: "62B" is not the least of anything.
    assert 2.9e23 / 1.3e23 > 2


def test_parameters_alone_decide_nothing():
    """K034: the same size or budget shows an ability in one family and not in another."""
    mmlu = {s.family: s for s in sightings() if s.ability == "mmlu"}
    chinchilla, gopher = mmlu["Chinchilla"], mmlu["Gopher"]
    assert chinchilla.flops == gopher.flops == 5e23
    assert gopher.n_params / chinchilla.n_params == 4
    # PaLM 62B is above chance on 14 tasks where these two are not, with more of both.
    palm = next(s for s in sightings() if (s.family, s.n_params) == ("PaLM", 62e9))
    for name in ("GPT-3", "LaMDA"):
        other = fact(f"model.{name}").value
        assert other["n_params"] > palm.n_params
        assert other["flops"] > palm.flops
    # Longer sums at a 300th of the size, by another way of asking.
    easy, hard = (
        next(s for s in sightings() if s.ability == a)
        for a in ("arithmetic_3digit", "arithmetic_8digit")
    )
    assert easy.n_params / hard.n_params > 300
    assert easy.flops / hard.flops > 200


def test_size_and_compute_may_disagree():
    """K034: LaMDA's 68B parameters on a tenth of the compute."""
    ask = {"target_capability": "self_consistency", "family": "LaMDA"}
    assert verdict("70B", **ask) == SEEN
    assert verdict("70B", **ask, flops="1.3e22") == SPLIT
    answer = analyzer.predict_emergence("70B", **ask, flops="1.3e22")
    (one,) = answer.comparisons
    assert (one.params_ratio, one.flops_ratio) == pytest.approx((70 / 68, 0.1))


def test_another_family_gets_no_promise():
    """K035: at a thousand times the scale as little is promised as at the scale itself."""
    for size in ("13B", "13T"):
        for family in (None, "PaLM"):
            answer = analyzer.predict_emergence(size, "arithmetic_3digit", family=family)
            assert answer.verdict == OTHER_FAMILIES
    ratios = [
        analyzer.predict_emergence(size, "arithmetic_3digit").comparisons[0].params_ratio
        for size in ("13B", "13T")
    ]
    assert ratios == [1, 1000]
    printed = [as_written.predict_emergence(s, "arithmetic_3digit") for s in ("13B", "13T")]
    assert printed[0] == printed[1]
    assert printed[0]["confidence"] == "high"


def test_the_gap_is_printed_twice():
    """K036: both keys hold threshold minus size, and neither is in compute."""
    printed = as_written.predict_emergence("7B", "arithmetic_3digit")
    assert printed["gap"] == printed["estimated_additional_params"] == 6e9


def test_an_unknown_ability_is_no_absent_ability():
    assert as_written.predict_emergence("1T", "poetry") == {"emerged": False, "reason": "unknown"}
    with pytest.raises(ValueError, match="target_capability must be one of"):
        analyzer.predict_emergence("1T", "poetry")
    with pytest.raises(ValueError, match="arithmetic_3digit"):
        analyzer.predict_emergence("1T", "arithmetic_3digits")
    with pytest.raises(ValueError, match=r"family must be one of.*LaMDA"):
        analyzer.predict_emergence("1T", "mmlu", family="LaMDA 2")


@pytest.mark.parametrize("odd", ["8x7B", "", "-1B", 0, float("nan"), True, [7e9], {}])
def test_odd_sizes_are_refused_by_name(odd):
    """K037: where the document's parser gives a ValueError of Python's, ours gives the reason."""
    with pytest.raises(ValueError, match="model_params"):
        analyzer.predict_emergence(odd, "mmlu")
    with pytest.raises(ValueError, match="flops"):
        analyzer.predict_emergence("7B", "mmlu", flops=odd)
    assert analyzer.parse_params("7b") == analyzer.parse_params("7B") == 7e9


def test_neither_size_nor_compute_is_no_question():
    with pytest.raises(ValueError, match="model_params must be given"):
        analyzer.predict_emergence(None, "mmlu")


def test_tables_in_a_notebook():
    html = analyzer.critical_points._repr_html_()
    assert html.count("<tr>") == 7
    assert html.count(NO_SOURCE) == 4 + 6  # four sizes, six jumps
    assert "1.3e+23" not in html
    assert "LaMDA 68B, 1.3e23 FLOP" in html
    html = analyzer.predict_emergence("70B", "mmlu", flops="5e23")._repr_html_()
    assert OTHER_FAMILIES in html
    assert "0.25 times that" in html
    assert "unknown" in analyzer.predict_emergence("70B", "mmlu")._repr_html_()
