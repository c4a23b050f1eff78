"""Nothing that a learner wrote is ever lost, and checks stay with the notebook they belong to."""

import json
import shutil

import pytest

from course.classroom import copies
from course.classroom.copies import ROOT, fresh, items, main, refresh

SET = "exercises/00_x"
NOTEBOOK, CHECKS = f"{SET}/00_x.ipynb", f"{SET}/checks.json"
FOR_LEARNERS = "course/classroom/for_learners/AGENTS.md"


def _notebook(text):
    cell = {"cell_type": "code", "source": [text], "outputs": ["the answer"], "execution_count": 1}
    return json.dumps({"cells": [cell, {"cell_type": "markdown", "source": []}]})


@pytest.fixture
def repository(tmp_path):
    for name in ("notebooks/00_a.ipynb", NOTEBOOK, CHECKS, FOR_LEARNERS):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_notebook("first version"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def work(repository):
    refresh(repository, repository / "work")
    return repository / "work"


def publish(repository, *names):
    """The course's next version of these files."""
    for name in names:
        (repository / name).write_text(_notebook("second version"), encoding="utf-8")


def test_a_learner_sees_no_answer_before_running(work):
    copy = (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8")
    assert "first version" in copy
    assert "the answer" not in copy
    assert json.loads(copy)["cells"][0]["execution_count"] is None


def test_the_copy_mirrors_the_layout_so_that_links_hold(repository):
    copied, newer = refresh(repository, repository / "work")
    assert sorted(copied) == ["AGENTS.md", NOTEBOOK, CHECKS, "notebooks/00_a.ipynb"]
    assert newer == []
    assert "first version" in (repository / "work" / CHECKS).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "copy", "item"),
    [
        ("notebooks/00_a.ipynb", "notebooks/00_a.ipynb", "notebooks/00_a.ipynb"),
        (NOTEBOOK, NOTEBOOK, SET),
        (FOR_LEARNERS, "AGENTS.md", "AGENTS.md"),
    ],
)
def test_an_edit_survives_a_new_version_and_the_learner_is_told(
    repository, work, source, copy, item
):
    (work / copy).write_text("mine", encoding="utf-8")
    assert refresh(repository, work) == ([], [])
    publish(repository, source)
    assert refresh(repository, work) == ([], [item])
    assert (work / copy).read_text(encoding="utf-8") == "mine"


def test_a_copy_never_edited_follows_the_course(repository, work):
    publish(repository, "notebooks/00_a.ipynb", NOTEBOOK, CHECKS)
    copied, newer = refresh(repository, work)
    assert sorted(copied) == [NOTEBOOK, CHECKS, "notebooks/00_a.ipynb"]
    assert newer == []
    assert all("second version" in (work / name).read_text(encoding="utf-8") for name in copied)


def test_checks_follow_the_course_even_where_a_learner_touched_them(repository, work):
    (work / CHECKS).write_text("touched", encoding="utf-8")
    refresh(repository, work)
    assert "first version" in (work / CHECKS).read_text(encoding="utf-8")


def test_checks_stay_with_an_edited_notebook_of_an_older_version(repository, work):
    (work / NOTEBOOK).write_text("mine", encoding="utf-8")
    publish(repository, NOTEBOOK, CHECKS)
    for _ in range(2):
        assert refresh(repository, work) == ([], [SET])
        assert "first version" in (work / CHECKS).read_text(encoding="utf-8")
    fresh(repository, work, SET)
    assert (work / "exercises/00_x.mine1/00_x.ipynb").read_text(encoding="utf-8") == "mine"
    assert "first version" in (work / "exercises/00_x.mine1/checks.json").read_text(
        encoding="utf-8"
    )
    assert all(
        "second version" in (work / name).read_text(encoding="utf-8") for name in (NOTEBOOK, CHECKS)
    )
    assert refresh(repository, work) == ([], [])


def test_better_checks_reach_an_edited_notebook_of_the_same_version(repository, work):
    (work / NOTEBOOK).write_text("mine", encoding="utf-8")
    publish(repository, CHECKS)
    assert refresh(repository, work) == ([CHECKS], [])
    assert (work / NOTEBOOK).read_text(encoding="utf-8") == "mine"


def test_a_learner_of_an_earlier_version_of_the_course_loses_nothing(repository, work):
    """Its state had a line for each file, and its checks had run ahead of an edited notebook."""
    (work / NOTEBOOK).write_text("mine", encoding="utf-8")
    publish(repository, NOTEBOOK, CHECKS)
    state = json.loads((work / ".course.json").read_text(encoding="utf-8"))
    assert state.keys() == {"AGENTS.md", NOTEBOOK, CHECKS, "notebooks/00_a.ipynb"}
    (work / CHECKS).write_text((repository / CHECKS).read_text(encoding="utf-8"))
    (work / ".course.json").write_text(
        json.dumps(state | {CHECKS: copies._digest((work / CHECKS).read_bytes())}), encoding="utf-8"
    )
    assert refresh(repository, work) == ([], [SET])
    assert (work / NOTEBOOK).read_text(encoding="utf-8") == "mine"
    (work / NOTEBOOK).unlink()
    assert refresh(repository, work) == ([NOTEBOOK], [])


@pytest.mark.parametrize("damage", ["", "not json", "[1, 2]"])
def test_a_damaged_state_loses_nothing(repository, work, damage):
    (work / ".course.json").write_text(damage, encoding="utf-8")
    (work / "notebooks/00_a.ipynb").write_text("mine", encoding="utf-8")
    (work / NOTEBOOK).write_text("mine", encoding="utf-8")
    publish(repository, "notebooks/00_a.ipynb", NOTEBOOK, CHECKS)
    refresh(repository, work)
    assert (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8") == "mine"
    assert (work / NOTEBOOK).read_text(encoding="utf-8") == "mine"
    assert "first version" in (work / CHECKS).read_text(encoding="utf-8")


def test_a_fresh_copy_keeps_the_old_one_every_time(repository, work):
    for n in (1, 2):
        (work / "notebooks/00_a.ipynb").write_text(f"mine {n}", encoding="utf-8")
        moved_to = fresh(repository, work, "notebooks/00_a.ipynb")
        assert moved_to.name == f"00_a.mine{n}.ipynb"
        assert moved_to.read_text(encoding="utf-8") == f"mine {n}"
        assert "first version" in (work / "notebooks/00_a.ipynb").read_text(encoding="utf-8")
    assert refresh(repository, work) == ([], [])


def test_all_that_a_learner_keeps_beside_a_set_moves_with_it(repository, work):
    (work / SET / "my_notes.txt").write_text("mine", encoding="utf-8")
    for n in (1, 2):
        assert fresh(repository, work, SET) == work / f"exercises/00_x.mine{n}"
    assert (work / "exercises/00_x.mine1/my_notes.txt").read_text(encoding="utf-8") == "mine"
    assert {path.name for path in (work / SET).iterdir()} == {"00_x.ipynb", "checks.json"}


@pytest.mark.parametrize(
    "name", ["notebooks/07.ipynb", "07", "", ".", "..", "exercises", "../notebooks/00_a.ipynb"]
)
def test_a_wrong_name_lists_the_right_ones_and_moves_nothing(repository, work, name):
    before = sorted(work.rglob("*"))
    with pytest.raises(ValueError, match="name must be one of notebooks/00_a"):
        fresh(repository, work, name)
    assert sorted(work.rglob("*")) == before


# --- every name of the real course ----------------------------------------------------------------

ITEMS = items(ROOT)
STEMS = sorted({path.stem for files in ITEMS.values() for path in files.values()} - {"checks"})


@pytest.fixture(scope="module")
def real_course(tmp_path_factory):
    """The course's own notebooks and sets, with a work/ in which every file was edited."""
    root = tmp_path_factory.mktemp("course")
    for files in ITEMS.values():
        for source in files.values():
            target = root / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    refresh(root, root / "work")
    for path in (root / "work").rglob("*.ipynb"):
        path.write_text("mine", encoding="utf-8")
    return root


@pytest.mark.parametrize("stem", STEMS)
def test_every_stem_of_the_course_means_one_item_or_is_refused_with_both(real_course, stem):
    meant = [
        item for item, files in ITEMS.items() if stem in {path.stem for path in files.values()}
    ]
    work = real_course / "work"
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    if len(meant) > 1:
        for name in (stem, f"{stem}.ipynb"):
            with pytest.raises(ValueError, match=" or ".join(meant)):
                fresh(real_course, work, name)
        assert {path: path.read_bytes() for path in before} == before
    for item in meant:
        name = stem if len(meant) == 1 else item
        moved_to = fresh(real_course, work, name)
        assert moved_to.parent == (work / item).parent
        inside = moved_to if moved_to.is_file() else moved_to / f"{stem}.ipynb"
        assert inside.suffix == ".md" or inside.read_text(encoding="utf-8") == "mine"
        for other in set(ITEMS) - set(meant):
            for file in ITEMS[other]:
                assert (work / file).read_bytes() == before.get(work / file)
        before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("form", ["{}", "work/{}", "./{}", "{}/", "work\\{}"])
def test_every_path_of_the_course_is_taken_as_printed_or_completed(item, form):
    assert copies._item_named(form.format(item), ITEMS) == item
    for file in ITEMS[item]:
        assert copies._item_named(form.format(file), ITEMS) == item


def test_the_notice_prints_the_command_that_works(repository, work, capsys):
    (work / NOTEBOOK).write_text("mine", encoding="utf-8")
    publish(repository, NOTEBOOK, CHECKS)
    main([], root=repository)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "make fresh" in line]
    name = line.split("NAME=")[1]
    main(["fresh", name], root=repository)
    assert "Yours is now work/exercises/00_x.mine1." in capsys.readouterr().out
    main([], root=repository)
    assert "make fresh" not in capsys.readouterr().out


def test_an_ambiguous_name_is_told_both_paths(repository, work, capsys):
    (repository / "notebooks/00_x.ipynb").write_text(_notebook("first version"), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"could be notebooks/00_x.ipynb or exercises/00_x: "):
        main(["fresh", "00_x"], root=repository)
