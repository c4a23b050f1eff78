"""The fleet's plan, and that its table can be made again."""

import pytest
import torch

from course.experiments import fleet
from course.experiments.__main__ import main
from course.experiments.model import flops_per_token
from course.experiments.sweep import key, read_table


def test_the_plan_covers_what_a_scaling_study_needs():
    runs = fleet.isoflop()
    assert max(fleet.BUDGETS) / min(fleet.BUDGETS) >= 100
    for flops, widths in fleet.BUDGETS.items():
        assert len(widths) >= 6
        at_budget = [run for run in runs if fleet.flops(run) == pytest.approx(flops, rel=1e-3)]
        for width in widths[1:-1]:
            assert {run["seed"] for run in at_budget if run["d_model"] == width} == {0, 1, 2}


def test_no_run_is_asked_for_twice_and_cheap_ones_come_first():
    specs = fleet.specs()
    assert len({key(spec) for spec in specs}) == len(specs)
    assert [fleet.flops(s) for s in specs] == sorted(fleet.flops(s) for s in specs)
    assert all(fleet.flops(s) < 1.02e11 for s in fleet.specs(up_to=1e11))


def test_the_committed_table_is_the_whole_plan():
    rows = fleet.load_fleet()
    names = list(fleet.specs()[0])
    done = [key({name: row[name] for name in names}) for row in rows]
    assert sorted(done) == sorted(key(spec) for spec in fleet.specs())
    assert len({(row["corpus"], row["python"], row["torch"]) for row in rows}) == 1
    for row in rows:
        assert row["flops"] == row["n_tokens"] * flops_per_token(row["d_model"])
        assert 0.8 < row["loss"] < 5.6


def test_one_rule_gives_the_learning_rate_of_every_width():
    """K202: rates are not searched at each size; a rule found on small models serves larger."""
    rows = fleet.load_fleet("learning_rate")
    for width in {row["d_model"] for row in rows}:
        losses = {}
        for row in rows:
            if row["d_model"] == width:
                losses.setdefault(row["rate_factor"], []).append(row["loss"])
        mean = {factor: sum(values) / len(values) for factor, values in losses.items()}
        assert mean[1.0] < min(mean.values()) + 0.015  # a seed's spread is 0.01
        assert min(mean[0.25], mean[4.0]) > mean[1.0] + 0.03


def test_a_run_can_be_made_again(monkeypatch):
    """The cheapest committed run, trained anew: equal on the same text, close on another."""
    row = min(fleet.load_fleet("isoflop"), key=lambda row: row["n_tokens"])
    spec = {name: row[name] for name in fleet.specs()[0]}
    result = fleet.run(spec)
    same_text = row["corpus"] == fleet.provenance()["corpus"]
    same = same_text and row["torch"] == torch.__version__
    assert result["loss"] == pytest.approx(row["loss"], abs=0.02 if same else 0.2)
    assert {name: result[name] for name in result if name.startswith("n_")} == {
        name: row[name] for name in result if name.startswith("n_")
    }


def test_the_command_resumes(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(
        fleet.STUDIES, "tiny", lambda: [fleet.spec("tiny", 8, 2_000, seed) for seed in (0, 1)]
    )
    table = tmp_path / "mine.csv"
    main(["tiny", "--table", str(table), "--jobs", "1"])
    main(["tiny", "--table", str(table), "--jobs", "1"])
    assert capsys.readouterr().out.splitlines() == [
        f"2 runs done now, 2 in all, in {table}",
        f"0 runs done now, 2 in all, in {table}",
    ]
    losses = [row["loss"] for row in read_table(table)]
    assert losses[0] != losses[1]


def test_unknown_studies_are_named(capsys):
    with pytest.raises(SystemExit):
        main(["isoflops"])
    assert "studies must be among isoflop, learning_rate" in capsys.readouterr().err
    with pytest.raises(ValueError, match="study must be one of"):
        fleet.load_fleet("isoflops")
