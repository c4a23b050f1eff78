"""One reader, one way to group rows, one command line for every package that trains."""

import importlib
import subprocess
import sys
from types import SimpleNamespace

import pytest

from course.experiments import runs
from course.experiments.runs import groups, load_runs, planned
from course.experiments.sweep import read_table, sweep

PACKAGES = ("experiments", "data", "moe", "emergence")


def spec(study, size, seed=0):
    return {"study": study, "size": size, "seed": seed}


def train(run):
    return {"loss": 1.0 / run["size"]}


@pytest.fixture
def plan(monkeypatch):
    """A plan with two studies, as the packages have theirs."""
    studies = {
        "small": lambda: [spec("small", size, seed) for size in (3, 1) for seed in (1, 0)],
        "large": lambda: [spec("large", 10)],
    }
    return SimpleNamespace(
        STUDIES=studies,
        run=train,
        flops=lambda run: run["size"],
        provenance=lambda: {"corpus": "letters"},
        __package__="course.letters",
    )


# --- reading --------------------------------------------------------------------------------------


def test_rows_of_some_studies_or_of_all(tmp_path):
    table = tmp_path / "runs.csv"
    sweep(train, [spec("small", 2), spec("large", 4), spec("small", 5)], table)
    assert load_runs(table) == read_table(table)
    assert [row["size"] for row in load_runs(table, "small")] == [2, 5]
    assert len(load_runs(table, "small", "large")) == 3
    with pytest.raises(ValueError, match="study must be one of large, small, got 'tiny'"):
        load_runs(table, "small", "tiny")
    with pytest.raises(ValueError, match="there is no"):
        load_runs(tmp_path / "none.csv")


def test_groups_are_in_order_and_within_them_the_seeds():
    rows = [spec("b", 2, 1), spec("a", 2, 2), spec("b", 2, 0), spec("a", 1, 0)]
    by_study = groups(rows, "study")
    assert list(by_study) == ["a", "b"]
    assert [row["seed"] for row in by_study["b"]] == [0, 1]
    assert list(groups(rows, "study", "size")) == [("a", 1), ("a", 2), ("b", 2)]
    assert groups([], "study") == {}
    assert groups([{"x": 1}, {"x": 1}], "x") == {1: [{"x": 1}, {"x": 1}]}  # no seeds


def test_plans_are_cheapest_first_and_end_at_a_budget(plan):
    specs = planned(plan.STUDIES, (), plan.flops)
    assert [run["size"] for run in specs] == [1, 1, 3, 3, 10]
    assert [run["size"] for run in planned(plan.STUDIES, ["small"], plan.flops, 1)] == [1, 1]
    with pytest.raises(ValueError, match="studies must be among small, large, got tiny"):
        planned(plan.STUDIES, ["tiny"], plan.flops)


def test_reading_measured_runs_needs_no_torch():
    code = (
        "import sys\n"
        "from course.data.study import mixtures, quality\n"
        "from course.emergence.study import load_addition\n"
        "from course.emergence import plots, views\n"
        "mixtures(), quality(), load_addition()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the command ----------------------------------------------------------------------------------


def test_the_command_trains_what_is_missing(plan, tmp_path, capsys):
    table = tmp_path / "mine.csv"
    for arguments, told in (
        (["small", "--up-to", "1"], "2 runs done now, 2 in all"),
        (["small"], "2 runs done now, 4 in all"),
        ([], "1 runs done now, 5 in all"),
    ):
        runs.main(plan, "Train.", "letters.csv", [*arguments, "--table", str(table), "--jobs", "1"])
        assert told in capsys.readouterr().out
    assert {row["corpus"] for row in read_table(table)} == {"letters"}


def test_nothing_is_written_outside_of_work_unless_asked(plan, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runs, "WORK", tmp_path / "work")
    runs.main(plan, "Train.", "letters.csv", ["large", "--jobs", "1"])
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    assert len(read_table(tmp_path / "work" / "letters.csv")) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["tiny"], "studies must be among small, large, got tiny"),
        (["--up-to", "0"], "specs is empty"),
        (["--jobs", "0"], "n_jobs"),
    ],
)
def test_a_wrong_call_ends_in_a_sentence(plan, tmp_path, capsys, arguments, told):
    with pytest.raises(SystemExit) as ended:
        runs.main(plan, "Train.", "x.csv", [*arguments, "--table", str(tmp_path / "x.csv")])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_table_of_other_runs_ends_in_a_sentence(plan, tmp_path, capsys):
    table = tmp_path / "other.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    for place, told in ((table, "has no column study"), (tmp_path, "irectory")):
        with pytest.raises(SystemExit) as ended:
            runs.main(plan, "Train.", "x.csv", ["--table", str(place), "--jobs", "1"])
        assert ended.value.code == 2
        assert told in capsys.readouterr().err


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_has_the_same_command(package, tmp_path, capsys):
    main = importlib.import_module(f"course.{package}.__main__").main
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for option in (f"python -m course.{package} ", "--table", "--jobs", "--up-to", "--dask"):
        assert option in text
    table = tmp_path / "other.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["--table", str(table)])
    assert ended.value.code == 2
    assert "it is a table of other runs" in capsys.readouterr().err


def test_the_router_keeps_its_own_options(capsys):
    from course.moe.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["router", "--help"])
    assert ended.value.code == 0
    assert "--weights" in capsys.readouterr().out
