"""Nothing that a learner wrote is ever lost."""

import json

import pytest

from course.classroom.copies import fresh, refresh


def _notebook(text):
    cell = {"cell_type": "code", "source": [text], "outputs": ["the answer"], "execution_count": 1}
    return json.dumps({"cells": [cell, {"cell_type": "markdown", "source": []}]})


@pytest.fixture
def repository(tmp_path):
    for name in ("notebooks/00_a.ipynb", "exercises/00_x/00_x.ipynb", "exercises/00_x/checks.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_notebook("first version"), encoding="utf-8")
    return tmp_path


def test_a_learner_sees_no_answer_before_running(repository):
    refresh(repository, repository / "work")
    copy = (repository / "work/notebooks/00_a.ipynb").read_text(encoding="utf-8")
    assert "first version" in copy
    assert "the answer" not in copy
    assert json.loads(copy)["cells"][0]["execution_count"] is None


def test_the_copy_mirrors_the_layout_so_that_links_hold(repository):
    copied, newer = refresh(repository, repository / "work")
    assert sorted(copied) == [
        "exercises/00_x/00_x.ipynb",
        "exercises/00_x/checks.json",
        "notebooks/00_a.ipynb",
    ]
    assert newer == []
    assert "first version" in (repository / "work/exercises/00_x/checks.json").read_text(
        encoding="utf-8"
    )


def test_an_edit_survives_a_new_version_and_the_learner_is_told(repository):
    work = repository / "work"
    refresh(repository, work)
    (work / "notebooks/00_a.ipynb").write_text("mine", encoding="utf-8")
    assert refresh(repository, work) == ([], [])
    (repository / "notebooks/00_a.ipynb").write_text(_notebook("second version"), encoding="utf-8")
    assert refresh(repository, work) == ([], ["notebooks/00_a.ipynb"])
    assert (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8") == "mine"


def test_a_copy_never_edited_follows_the_course(repository):
    work = repository / "work"
    refresh(repository, work)
    (repository / "notebooks/00_a.ipynb").write_text(_notebook("second version"), encoding="utf-8")
    assert refresh(repository, work) == (["notebooks/00_a.ipynb"], [])
    assert "second version" in (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8")


def test_checks_follow_the_course_even_where_a_learner_touched_them(repository):
    work = repository / "work"
    refresh(repository, work)
    (work / "exercises/00_x/checks.json").write_text("touched", encoding="utf-8")
    refresh(repository, work)
    assert "first version" in (work / "exercises/00_x/checks.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["", "not json", "[1, 2]"])
def test_a_damaged_state_loses_nothing(repository, damage):
    work = repository / "work"
    refresh(repository, work)
    (work / ".course.json").write_text(damage, encoding="utf-8")
    (work / "notebooks/00_a.ipynb").write_text("mine", encoding="utf-8")
    (repository / "notebooks/00_a.ipynb").write_text(_notebook("second version"), encoding="utf-8")
    refresh(repository, work)
    assert (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8") == "mine"


def test_a_fresh_copy_keeps_the_old_one_every_time(repository):
    work = repository / "work"
    refresh(repository, work)
    for n in (1, 2):
        (work / "notebooks/00_a.ipynb").write_text(f"mine {n}", encoding="utf-8")
        kept = fresh(repository, work, "00_a")
        assert kept.read_text(encoding="utf-8") == f"mine {n}"
        assert "first version" in (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8")
    assert refresh(repository, work) == ([], [])


def test_a_wrong_name_lists_the_right_ones(repository):
    with pytest.raises(ValueError, match="00_a, 00_x, got '07'"):
        fresh(repository, repository / "work", "07")
