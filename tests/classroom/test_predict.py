"""Predictions: kept in the learner's record, compared, looked back on, never in the way."""

import json
import os

import pytest

from course import files
from course.classroom import predict as module
from course.classroom.predict import compare, load_record, look_back, predict


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setattr(module, "_asked", {})
    monkeypatch.setattr(module, "_entries", {})
    kept = {"P1": {"because": "Because of the budget: {share:.0%} of it."}, "E1": {"answer": 2.5}}
    monkeypatch.setattr(module, "answers", lambda: kept)
    return tmp_path


@pytest.fixture
def box(monkeypatch):
    """The fields of the last box shown, so that a test can type into them or pick."""
    shown = []
    monkeypatch.setattr(module, "_with_fallback", lambda box, plain: shown.append(box) or {})
    monkeypatch.setattr(module, "display", lambda *a, **k: None)

    def fields(which=0):
        last = shown[-1].children
        inside = next((part.children for part in last if hasattr(part, "children")), last[1:])
        return inside[which]

    fields.said = lambda: shown[-1].children[-1].value
    return fields


def test_an_answer_is_kept_compared_and_looked_back_on(work, box, capsys):
    predict("P1", "How many days?", unit="days")
    box().value = "1,000"
    compare("P1", 33_000.0, share=0.25)
    told = capsys.readouterr().out
    assert "Your prediction: 1,000 days — 33 times too small." in told
    assert "The answer:      33,000 days" in told
    assert "Because of the budget: 25% of it." in told
    kept = json.loads((work / "my_record.json").read_text(encoding="utf-8"))["P1"]
    assert (kept["prediction"], kept["answer"], kept["late"]) == (1000.0, 33000.0, False)
    assert "How many days?" in look_back()._repr_html_()


def test_a_run_with_nobody_there_records_none_and_goes_on(work, box, capsys):
    predict("P1", "How many?", unit="days")
    predict("P2", "Which?", choices=["a", "b"])
    compare("P1", 3.0, share=1)
    compare("P2", "b")
    told = capsys.readouterr().out
    assert told.count("The answer:") == 2
    assert "Your prediction" not in told
    assert {entry["prediction"] for entry in load_record().values()} == {"none"}


def test_an_answer_after_the_reveal_is_marked(work, box):
    predict("P7", "How many?")
    compare("P7", 3.0)
    predict("P7", "How many?")
    box().value = "3"
    assert load_record()["P7"]["late"]
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
    assert "Your prediction: product — wrong." in capsys.readouterr().out


def test_a_computed_number_picks_the_choice_that_means_it(work, box, capsys):
    predict("P2", "Which?", choices=("0.3 billion", "3 billion"))
    box().value = "0.3 billion"
    compare("P2", 0.34)
    assert "0.3 billion — right." in capsys.readouterr().out
    with pytest.raises(ValueError, match="near one of"):
        compare("P2", 1.0)


def test_an_exercise_asks_for_the_answer_that_is_kept(work, box, capsys):
    predict("E1", "How many?", unit="times")
    box().value = "5"
    compare("E1")
    told = capsys.readouterr().out
    assert told == "Your prediction: 5 times — 2 times too large.\nThe answer:      2.5 times\n"


def test_a_box_says_what_it_understood(work, box):
    predict("P1", "How many?", unit="billion parameters")
    assert box.said() == "Press Enter to keep it."
    box().value = "2800M"
    assert "2800M is read as 2.8 billion parameters." in box.said()
    assert load_record()["P1"]["prediction"] == 2.8
    box().value = "8x7B"
    assert "mixture of experts" in box.said()
    assert load_record()["P1"]["prediction"] == 2.8


def test_an_interval_is_kept_scored_and_counted(work, box, capsys):
    predict("P8", "What loss?", unit="nats", interval=0.8)
    box(0).value = "2"
    assert "the other end" in box.said()
    assert "P8" not in load_record()
    box(1).value = "1"
    assert "the smaller one on the left" in box.said()
    box(1).value = "4"
    assert "Kept: <b>2 to 4 nats</b>" in box.said()
    compare("P8", 3.0)
    told = capsys.readouterr().out
    assert "Your prediction: 2 to 4 nats — it held, score 0.69" in told
    assert load_record()["P8"]["interval"] == 0.8
    with pytest.raises(ValueError, match="answer must be positive"):
        compare("P8", 0.0)
    predict("P8", "What loss?", unit="nats", interval=0.8)
    assert (box(0).value, box(1).value) == ("2", "4")


def test_an_end_that_cannot_have_a_logarithm_is_refused(work, box):
    predict("P8", "What loss?", interval=0.8)
    box(1).value = "4"
    for low in ("0", "-1", "4", "5"):
        box(0).value = low
        assert "positive numbers" in box.said()
    assert "P8" not in load_record()


def test_without_a_learners_copy_no_file_is_written(tmp_path, monkeypatch, box):
    monkeypatch.delenv("COURSE_WORK", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_entries", {})
    predict("P9", "How many?")
    compare("P9", 3.0)
    assert load_record()["P9"]["answer"] == 3.0
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_found_from_inside_it(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_WORK", raising=False)
    inside = tmp_path / "work/notebooks"
    inside.mkdir(parents=True)
    (tmp_path / "work/.course.json").write_text("{}")
    monkeypatch.chdir(inside)
    assert module.record_path() == tmp_path / "work/my_record.json"


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"P1": 3}'])
def test_a_damaged_record_is_kept_aside(work, damage, capsys):
    (work / "my_record.json").write_text(damage)
    assert load_record() == {}
    assert (work / "my_record.broken.json").read_text() == damage
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
    predict("E1", "How many?")
    with pytest.raises(ValueError, match="answer must be given"):
        compare("P2")
    with pytest.raises(ValueError, match="not both"):
        compare("E1", 2.5)
    with pytest.raises(ValueError, match="answer must be one of"):
        compare("P2", "c")
    with pytest.raises(ValueError, match="two or more different"):
        predict("P3", "Which?", choices=["a", "a"])
    for wrong in ({"interval": 80}, {"interval": 0.8, "choices": ["a", "b"]}):
        with pytest.raises(ValueError, match="interval must lie between 0 and 1"):
            predict("P3", "Which?", **wrong)
    predict("P1", "How many?")
    for fields in ({}, {"shares": 1}, {"share": 1, "more": 2}):
        with pytest.raises(ValueError, match=r"fields must be \['share'\]"):
            compare("P1", 1.0, **fields)


# --- the record ---------------------------------------------------------------------------------


@pytest.fixture
def held(monkeypatch):
    """Let the record be held by another program for good, until the test lets go."""
    real = os.replace

    def refuse(source, target):
        raise PermissionError(13, "held")

    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(os, "replace", refuse)
    return lambda: monkeypatch.setattr(os, "replace", real)


def test_a_lost_write_is_said_and_made_up_for_by_the_next(work, box, held, capsys):
    predict("P8", "How many?")
    box().value = "5"
    assert "could not be written" in box.said()
    compare("P8", 6.0)
    assert "could not be written" in capsys.readouterr().out
    assert not (work / "my_record.json").exists()
    held()
    predict("P9", "How many?")
    box().value = "7"
    assert "Kept" in box.said()
    kept = json.loads((work / "my_record.json").read_text(encoding="utf-8"))
    assert (kept["P8"]["prediction"], kept["P8"]["answer"]) == (5, 6)
    assert kept["P9"]["prediction"] == 7


def test_what_another_notebook_overwrote_is_put_in_again(work, box):
    predict("P8", "How many?")
    box().value = "5"
    (work / "my_record.json").write_text('{"P1": {"prediction": 2, "when": "2026-01-01"}}')
    predict("P9", "How many?")
    box().value = "7"
    record = json.loads((work / "my_record.json").read_text(encoding="utf-8"))
    assert set(record) == {"P1", "P8", "P9"}


def test_a_later_answer_of_another_notebook_is_not_turned_back(work, box):
    predict("P8", "How many?")
    box().value = "5"
    later = {"P8": {"prediction": 50, "when": "2999-01-01", "unit": "", "question": "How many?"}}
    (work / "my_record.json").write_text(json.dumps(later))
    assert load_record()["P8"]["prediction"] == 50


def test_what_a_notebook_measures_is_kept_beside_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert module.my_folder() == tmp_path
    monkeypatch.delenv("COURSE_WORK")
    monkeypatch.chdir("/")
    passing = module.my_folder()
    assert passing.is_dir()
    assert not list(passing.iterdir())
