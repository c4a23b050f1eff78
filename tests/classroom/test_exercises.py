"""Every exercise set, proven: what is wrong is refused and told why, what is right is accepted."""

import copy
import itertools
import json
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from course.classroom import check, judge, notebooks, release

SETS = {name: judge.load(release.ROOT / f"solutions/judges/{name}.py") for name in release.sets()}
EXERCISES = [
    pytest.param(name, one, id=f"{name[:2]}-{one.id}")
    for name, exercises in SETS.items()
    for one in exercises.values()
]
WRONG = [
    pytest.param(exercise, wrong, id=f"{exercise.id}-{getattr(wrong.answer, '__name__', number)}")
    for exercises in SETS.values()
    for exercise in exercises.values()
    for number, wrong in enumerate(exercise.wrong, 1)
]
RIGHT = [
    pytest.param(exercise, answer, id=f"{exercise.id}-{getattr(answer, '__name__', number)}")
    for exercises in SETS.values()
    for exercise in exercises.values()
    for number, answer in enumerate((exercise.reference, *exercise.right))
]


def notebook_of(name, folder="exercises"):
    return notebooks.read_notebook(release.ROOT / folder / name / f"{name}.ipynb")


def judged(exercise, namespace):
    """The mark of what is in a namespace, gone through JSON."""
    exercises = {exercise.id: exercise}
    answers = json.loads(json.dumps(judge.collect(namespace, judge.requests(exercises))))
    return judge.grade(exercises, answers)["exercises"][exercise.id]


def told(mark):
    return {part["diagnosis"] for part in mark["properties"] if part["diagnosis"]}


def seen(exercise, answer):
    """What the check in the notebook prints, on one line."""
    described = judge.describe(exercise, hidden=False)
    cases = [case for part in described["properties"] for case in part["cases"]]
    outcomes = [check.outcome(answer, case["args"]) for case in cases]
    return " ".join(check.report(exercise.id, described, outcomes).split())


def calls(function, cells):
    """The ids of the predictions that cells ask for or answer."""
    source = "\n".join(cell.source for cell in cells)
    return re.findall(rf'^{function}\(\s*"(.*?)"', source, re.MULTILINE)


def visible_mistakes(exercise):
    return [one["diagnosis"] for one in judge.describe(exercise, hidden=False)["mistakes"]]


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_a_wrong_answer_loses_points_and_is_told_its_own_mistake(exercise, wrong):
    mark = judged(exercise, {exercise.name: wrong.answer})
    assert mark["points"] < mark["of"] == exercise.points
    assert told(mark) == {wrong.diagnosis}
    text = seen(exercise, wrong.answer)
    for one in visible_mistakes(exercise):
        assert (one in text) == (one == wrong.diagnosis)
    assert ("✗" in text) == (wrong.diagnosis in visible_mistakes(exercise))


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_a_right_answer_earns_all_points_however_it_is_written(exercise, answer):
    mark = judged(exercise, {exercise.name: answer})
    assert mark["points"] == exercise.points
    assert told(mark) == set()
    assert "✗" not in seen(exercise, answer)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_most_mistakes_are_caught_where_the_learner_can_see_it(name, exercise):
    assert len(visible_mistakes(exercise)) >= 3


# --- form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_an_exercise_is_complete(name, exercise):
    assert exercise.id.split(".")[0] == name.split("_")[0]
    assert len(exercise.wrong) >= 3
    assert len(exercise.right) >= 1
    assert exercise.minutes > 0
    assert exercise.difficulty in (1, 2, 3)
    assert all(part.total > 0 and part.cases for part in exercise.properties)
    texts = [one.diagnosis for one in exercise.wrong]
    assert len(set(texts)) == len(texts)
    assert len({part.name for part in exercise.properties}) == len(exercise.properties)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_notebook_says_what_the_judge_says(name, exercise):
    cells = notebook_of(name).cells
    heading = f"## {exercise.id} {exercise.title}\n"
    start = next(i for i, cell in enumerate(cells) if cell.source.startswith(heading))
    first = next(i for i in range(start, len(cells)) if "nbgrader" in cells[i].metadata)
    statement, *given = cells[start:first]  # given: a picture, data, the box for a prediction
    answer, test, hints = cells[first : first + 3]
    assert statement.source.splitlines()[1] == exercise.badge
    assert f"`{exercise.name}" in statement.source
    assert all(cell.cell_type == "code" for cell in given)
    if "**Predict:**" not in statement.source:  # a guess on paper
        after = itertools.takewhile(lambda cell: cell.cell_type == "code", cells[first + 3 :])
        assert calls("predict", given) == calls("compare", after) == [f"E{exercise.id}"]
    grade_id = exercise.id.replace(".", "-")
    own = {"schema_version": 3, "task": False, "cell_type": "code"}
    answering = {"solution": True, "grade": False, "locked": False}
    testing = {"solution": False, "grade": True, "locked": True, "points": exercise.points}
    answering["grade_id"], testing["grade_id"] = f"{grade_id}-answer", f"{grade_id}-check"
    assert answer.metadata.nbgrader.items() >= (own | answering).items()
    assert test.metadata.nbgrader.items() >= (own | testing).items()
    assert test.source == f'check("{exercise.id}", {exercise.name})'
    titles = re.findall("<details><summary>Hint ([0-9])</summary>", hints.source)
    assert titles == [str(n) for n in range(1, len(titles) + 1)]
    assert len(titles) >= 2
    assert hints.source.count("</details>") == len(titles)


@pytest.mark.parametrize("name", SETS)
def test_the_opening_adds_up_and_nothing_more_is_graded(name):
    exercises, cells = SETS[name].values(), notebook_of(name).cells
    minutes, points = (sum(getattr(e, of) for e in exercises) for of in ("minutes", "points"))
    assert f"**{minutes} minutes · {points} points.**" in cells[0].source
    for one in exercises:
        stars = one.badge.split(" ")[0]
        row = f"| {one.id} | {one.title} | {stars} | {one.minutes} | {one.points} |"
        assert row in cells[0].source
    assert calls("predict", cells) == calls("compare", cells)
    ids = [c.metadata.nbgrader.grade_id for c in cells if "nbgrader" in c.metadata]
    assert len(ids) == len(set(ids)) == 2 * len(exercises)
    assert "](../../notebooks/" in cells[-1].source


@pytest.mark.parametrize("name", SETS)
def test_the_exercise_is_the_solution_minus_what_is_cut(name):
    assert release.problems(name) == []


def test_nothing_is_released_without_a_source():
    assert release.strays() == []


# --- the real path --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_the_model_answers_earn_every_point(name, monkeypatch, capsys):
    monkeypatch.chdir(release.ROOT / "solutions" / name)
    namespace = {}
    for cell in notebook_of(name, "solutions").cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
    printed = capsys.readouterr().out
    assert printed.count("✓") > 0
    assert "✗" not in printed
    for exercise in SETS[name].values():
        assert judged(exercise, namespace)["points"] == exercise.points


def source_of(exercise, answer):
    """An answer as a learner would type it: a function's source, renamed, or a value."""
    if not callable(answer):
        return f"{exercise.name} = {answer!r}"
    source = judge.source(answer)
    assert source.startswith(f"def {answer.__name__}(")
    return source.replace(f"def {answer.__name__}(", f"def {exercise.name}(", 1)


def executed(cells, notebook, folder):
    """What each cell prints in a fresh kernel without a network."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = cells
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.widget_registry = {}  # nbclient#312
    client.execute(env=notebooks.offline_env())
    return ["".join(one.get("text", "") for one in cell.get("outputs", [])) for cell in cells]


@pytest.mark.parametrize("name", SETS)
def test_a_learner_who_starts_errs_and_mends_meets_the_right_words(name, tmp_path):
    """The released notebook in a fresh kernel: untouched first, then, for each exercise, with one
    wrong answer, one right one and the reference.
    """
    replay(name, tmp_path, lambda answers: answers[:1])


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_every_answer_meets_the_right_words(name, tmp_path):
    replay(name, tmp_path, lambda answers: answers)


def replay(name, tmp_path, chosen):
    """Run a released set as a learner would, with those answers of each exercise that are chosen:
    each answer typed into a cell, then the check, then what the judge collects.
    """
    folder = tmp_path / name
    shutil.copytree(release.ROOT / "exercises" / name, folder)
    notebook = notebooks.read_notebook(folder / f"{name}.ipynb")
    cells, expected = [], []
    for cell in notebook.cells:
        cells.append(cell)
        is_check = cell.metadata.get("nbgrader", {}).get("grade")
        expected.append("Not answered yet: " if is_check else None)
    for exercise in SETS[name].values():
        asked = judge.requests({exercise.id: exercise})
        collecting = (
            "import json\nfrom course.classroom.judge import collect\n"
            f"print(json.dumps(collect(globals(), json.loads({json.dumps(asked)!r}))))"
        )
        testing = next(c for c in notebook.cells if c.source.startswith(f'check("{exercise.id}"'))
        for answer, diagnosis in [
            *((one.answer, one.diagnosis) for one in chosen(exercise.wrong)),
            *((one, None) for one in (*chosen(exercise.right), exercise.reference)),
        ]:
            answering = nbformat.v4.new_code_cell(source_of(exercise, answer))
            cells += [answering, copy.deepcopy(testing), nbformat.v4.new_code_cell(collecting)]
            expected += [None, (exercise, diagnosis), (exercise, diagnosis)]
    printed = executed(cells, notebook, folder)
    for cell, text, wanted in zip(cells, printed, expected, strict=True):
        if isinstance(wanted, str):
            assert wanted in text, cell.source
        elif wanted and cell.source.startswith("check("):
            exercise, diagnosis = wanted
            visible = diagnosis in visible_mistakes(exercise)
            assert (diagnosis if visible else "✓") in " ".join(text.split()), cell.source
            assert ("✗" in text) == visible
        elif wanted:
            exercise, diagnosis = wanted
            report = judge.grade({exercise.id: exercise}, json.loads(text))
            assert (report["points"] == report["of"]) == (diagnosis is None)
            assert told(report["exercises"][exercise.id]) == ({diagnosis} if diagnosis else set())
