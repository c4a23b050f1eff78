"""Predictions: kept in the learner's record, compared, looked back on, never in the way."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.classroom import predict as module
from course.classroom.predict import compare, load_record, look_back, predict


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setattr(module, "_asked", {})
    return tmp_path


@pytest.fixture
def box(monkeypatch):
    """The last box shown, so that a test can type into it."""
    shown = []
    monkeypatch.setattr(module, "_with_fallback", lambda box, plain: shown.append(box) or {})
    monkeypatch.setattr(module, "display", lambda *a, **k: None)
    return lambda: shown[-1].children[-1].children[0] if _numeric(shown) else shown[-1].children[1]


def _numeric(shown):
    return hasattr(shown[-1].children[-1], "children")


def test_an_answer_is_kept_compared_and_looked_back_on(work, box, capsys):
    predict("P1", "How many days?", unit="days")
    box().value = "1,000"
    compare("P1", 33_000.0, because="Because of the budget.")
    told = capsys.readouterr().out
    assert "Your prediction: 1,000 days" in told
    assert "33 times too small" in told
    assert "Because of the budget." in told
    kept = json.loads((work / "my_record.json").read_text(encoding="utf-8"))["P1"]
    assert (kept["prediction"], kept["answer"], kept["late"]) == (1000.0, 33000.0, False)
    assert "How many days?" in look_back()._repr_html_()


def test_a_run_with_nobody_there_records_none_and_goes_on(work, box, capsys):
    predict("P1", "How many?", unit="days")
    predict("P2", "Which?", choices=["a", "b"])
    compare("P1", 3.0)
    compare("P2", "b")
    told = capsys.readouterr().out
    assert told.count("The answer:") == 2
    assert "Your prediction" not in told
    assert {entry["prediction"] for entry in load_record().values()} == {"none"}


def test_an_answer_after_the_reveal_is_marked(work, box):
    predict("P1", "How many?")
    compare("P1", 3.0)
    predict("P1", "How many?")
    box().value = "3"
    assert load_record()["P1"]["late"]
    assert "after the answer was shown" in repr(look_back())


def test_the_table_counts_as_people_do(work, box):
    for id in ("E01.10", "E01.2", "P00.1"):
        predict(id, "How many?")
        compare(id, 1.0)
    assert [row[0] for row in look_back().rows()] == ["P00.1", "E01.2", "E01.10"]


def test_a_choice_is_right_or_not(work, box, capsys):
    predict("P2", "Which?", choices=("sum", "product"))
    box().value = "product"
    compare("P2", "sum")
    assert "not what you said" in capsys.readouterr().out


def test_without_a_learners_copy_no_file_is_written(tmp_path, monkeypatch, box):
    monkeypatch.delenv("COURSE_WORK", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_memory", {})
    predict("P1", "How many?")
    compare("P1", 3.0)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_found_from_inside_it(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_WORK", raising=False)
    inside = tmp_path / "work/notebooks"
    inside.mkdir(parents=True)
    (tmp_path / "work/.course.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(inside)
    assert module.record_path() == tmp_path / "work/my_record.json"


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"P1": 3}'])
def test_a_damaged_record_is_kept_aside(work, damage, capsys):
    (work / "my_record.json").write_text(damage, encoding="utf-8")
    assert load_record() == {}
    assert (work / "my_record.broken.json").read_text(encoding="utf-8") == damage
    assert "kept as my_record.broken.json" in capsys.readouterr().out


def test_a_slip_in_typing_is_explained_and_nothing_is_kept(work, box):
    predict("P1", "How many?")
    for text in ("many", "1,5", "nan", "inf", ""):
        box().value = text
    assert "P1" not in load_record()


def test_bad_calls_are_refused(work, box):
    with pytest.raises(ValueError, match="run its predict"):
        compare("P9", 1.0)
    predict("P2", "Which?", choices=["a", "b"])
    with pytest.raises(ValueError, match="answer must be one of"):
        compare("P2", "c")
    with pytest.raises(ValueError, match="two or more different"):
        predict("P3", "Which?", choices=["a", "a"])


@given(st.text(max_size=12))
def test_any_text_is_a_finite_number_or_refused(text):
    try:
        value = module._number(text)
    except ValueError as error:
        assert repr(text) in str(error)  # noqa: PT017
    else:
        assert math.isfinite(value)


def test_what_a_notebook_measures_is_kept_beside_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert module.my_folder() == tmp_path
    monkeypatch.delenv("COURSE_WORK")
    monkeypatch.chdir("/")
    passing = module.my_folder()
    assert passing.is_dir()
    assert not list(passing.iterdir())
