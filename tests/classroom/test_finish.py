"""A learner alone finishes a set: what is told, what is never told, and that nothing is left."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from course.classroom import finish, judge, release
from course.classroom.copies import ROOT

JUDGE = """
from course.classroom.judge import Exercise, Property, Wrong


def double(x):
    if x < 0:
        raise ValueError("x must not be negative")
    return 2 * x


def square(x):
    return x * x


def half(x):
    return x / 2


EXERCISES = [
    Exercise(
        "77.1", "double", "Twice as much", 5, 1, double,
        (
            Property("two becomes four", 1, ((2,),)),
            Property("large numbers come out right", 2, ((8642.97531,),), hidden=True),
            Property("what is negative is refused", 1, ((-7531.8642,),), hidden=True),
        ),
        (Wrong(square, "You squared. Doubling is 2 * x."),),
    ),
    Exercise(
        "77.2", "half", "Half as much", 5, 1, half,
        (Property("four becomes two", 1, ((4,),)), Property("nine too", 1, ((9,),), hidden=True)),
        (Wrong(square, "You squared."),),
    ),
]
"""
SECRETS = ("8642", "7531", "17285")
DOUBLE = "def double(x):\n    if x < 0:\n        raise ValueError('no')\n    return 2 * x"
HALF = "def half(x):\n    return x / 2"


@pytest.fixture
def course(tmp_path):
    """A course with a set of two exercises, and a learner's folder."""
    for folder in ("solutions/judges", "work/exercises/77_small"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "solutions/judges/77_small.py").write_text(JUDGE, encoding="utf-8")
    (tmp_path / "work/.course.json").write_text("{}", encoding="utf-8")
    return tmp_path


def save(course, *cells):
    """Save the learner's notebook with these cells; the first two are the answers."""
    made = []
    for number, source in enumerate(cells, 1):
        grader = {"grade_id": f"77-{number}-answer", "solution": True} if number < 3 else {}
        made.append({"cell_type": "code", "source": [source], "metadata": {"nbgrader": grader}})
    path = course / "work/exercises/77_small/77_small.ipynb"
    path.write_text(json.dumps({"cells": made, "nbformat": 4}), encoding="utf-8")
    return path


def printed(course, capsys, name="77_small"):
    """What finishing prints; checked to tell nothing that is hidden, and to leave no process."""
    status = finish.main([name], course)
    text = capsys.readouterr().out
    assert status == 0, text
    assert not any(secret in text for secret in SECRETS)
    assert psutil.Process().children(recursive=True) == []
    return text


def test_right_answers_earn_every_point(course, capsys):
    save(course, DOUBLE, HALF)
    text = printed(course, capsys)
    assert "77_small: 6 of 6 points" in text
    assert "✓ what is negative is refused (1 of 1, checked only here)" in text
    assert "✗" not in text


def test_what_only_the_judge_sees_costs_points_and_is_told_without_its_values(course, capsys):
    """Not by an answer that prints and raises what it was given, either."""
    telling = "def double(x):\n    print(x)\n    if x > 100:\n        raise OSError(f'{x}')\n"
    save(course, telling + "    return 2 * x", "half = lambda x: x / 2")
    text = printed(course, capsys)
    assert "77_small: 3 of 6 points" in text
    assert "77.1 Twice as much · 1 of 4 points" in text
    assert "✗ large numbers come out right (0 of 2, checked only here)" in text
    assert "`double` stopped with OSError where it should not" in text


def test_a_known_mistake_is_named(course, capsys):
    save(course, "def double(x):\n    return x * x", HALF)
    text = printed(course, capsys)
    assert "✓ two becomes four (1 of 1)" in text
    assert "You squared. Doubling is 2 * x." in text


def test_what_is_not_there_is_told_and_the_rest_is_graded(course, capsys):
    save(course, "double = ...", "def half(x:\n    return x / 2", "1 / 0")
    text = printed(course, capsys)
    assert "77.1 Twice as much · 0 of 4 points\n  Not answered yet." in text
    assert "Your answer 77.2 stopped with SyntaxError" in text
    assert "There is no `half`." in text
    assert "The cell `1 / 0` stopped with ZeroDivisionError: division by zero" in text


STUBBORN = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n"
STUBBORN += "        pass"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("while True:\n    pass", "The cell `while True:` was stopped after 10 s"),
        (STUBBORN, "The cell `import time` was stopped after 10 s"),
        ("import os\nos._exit(1)", "The cell `import os` ended the kernel"),
        ("input('and now?')", "The cell `input('and now?')` stopped with StdinNotImplementedError"),
    ],
)
def test_a_cell_that_never_ends_costs_only_itself(course, capsys, monkeypatch, cell, told):
    monkeypatch.setattr(finish, "CELL_LIMIT_S", 10)
    monkeypatch.setattr(finish, "INTERRUPT_LIMIT_S", 1)
    save(course, DOUBLE, HALF, cell, "y = double(4)", "assert y == 8")
    text = printed(course, capsys)
    assert told in text
    assert "AssertionError" not in text
    assert "NameError" not in text
    assert "77_small: 6 of 6 points" in text


@pytest.mark.parametrize(
    "loop", ["    while True:\n        pass", "    " + STUBBORN.replace("\n", "\n    ")]
)
def test_an_answer_that_never_ends_costs_only_its_own_points(course, capsys, monkeypatch, loop):
    monkeypatch.setattr(finish, "CELL_LIMIT_S", 10)
    monkeypatch.setattr(finish, "INTERRUPT_LIMIT_S", 1)
    save(course, "def double(x):\n" + loop, HALF)
    text = printed(course, capsys)
    assert "77.1 Twice as much · 0 of 4 points" in text
    assert "does a loop never end?" in text
    assert "77.2 Half as much · 2 of 2 points" in text


def test_the_record_of_predictions_is_read_and_not_written(course, capsys, monkeypatch):
    monkeypatch.delenv("COURSE_WORK", raising=False)
    record = course / "work/my_record.json"
    entry = {"prediction": 3.0, "unit": "", "question": "?"}
    record.write_text(json.dumps({"P77": entry}), encoding="utf-8")
    before = record.read_bytes()
    reads = (
        "from course.classroom import predict\n"
        "assert predict.load_record()['P77']['prediction'] == 3\n"
        "(predict.my_folder() / 'my_record.json').write_text('{}', encoding='utf-8')\n"
        "(predict.my_folder() / 'table.csv').write_text('x', encoding='utf-8')"
    )
    save(course, DOUBLE, HALF, reads)
    assert "On the way" not in printed(course, capsys)
    assert record.read_bytes() == before
    assert {path.name for path in (course / "work").iterdir()} == {
        ".course.json", "my_record.json", "exercises"
    }  # fmt: skip


def test_no_object_of_the_judge_is_where_the_learners_code_runs(course, capsys):
    looks = (
        "def half(x):\n    import gc, json, sys\n"
        "    kinds = {type(one).__name__ for one in gc.get_objects()}\n"
        "    found = [m for m in sys.modules if m.startswith('judge_')]\n"
        "    found += sorted(kinds & {'Exercise', 'Property', 'Wrong', 'Case'})\n"
        "    open('found.json', 'w').write(json.dumps(found))\n    return x / 2"
    )
    save(course, DOUBLE, looks)
    assert "6 of 6" in printed(course, capsys)
    found = json.loads((course / "work/exercises/77_small/found.json").read_text(encoding="utf-8"))
    assert found == []


def test_a_set_put_aside_is_graded_where_it_lies(course, capsys):
    save(course, DOUBLE, HALF)
    (course / "work/exercises/77_small").rename(course / "work/exercises/77_small.mine1")
    for name in ("77_small.mine1", "exercises/77_small.mine1", "work/exercises/77_small.mine1"):
        assert finish.folder_named(name, course).name == "77_small.mine1"
    assert "6 of 6" in printed(course, capsys, "exercises/77_small.mine1/77_small.ipynb")


@pytest.mark.parametrize("arguments", [[], ["99_none"], ["exercises"], ["a", "b"]])
def test_a_wrong_name_is_answered_with_a_right_one(course, capsys, arguments):
    save(course, DOUBLE, HALF)
    assert finish.main(arguments, course) == 2
    assert re.search("make finish SET=|SET must be one of 77_small", capsys.readouterr().err)


def test_without_judges_the_teacher_grades(course, capsys):
    save(course, DOUBLE, HALF)
    (course / "solutions/judges/77_small.py").unlink()
    assert finish.main(["77_small"], course) == 1
    assert "no set that can be graded here" in capsys.readouterr().out
    finish.finish_button("99_not_in_the_course")
    assert capsys.readouterr().out == "Your teacher grades this set.\n"


@pytest.mark.parametrize("damage", ["", "{}", '{"cells": [{}]}', "[1]"])
def test_a_damaged_notebook_is_told(course, capsys, damage):
    save(course).write_text(damage, encoding="utf-8")
    assert finish.main(["77_small"], course) == 1
    assert "77_small.ipynb cannot be read" in capsys.readouterr().out


# --- the process ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_ending_the_process_ends_the_kernel(tmp_path, sign):
    name = "00_orders_of_magnitude"
    notebook = {"cells": [{"cell_type": "code", "metadata": {}, "source": "while True: pass"}]}
    (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", finish.MODULE, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert any("cell 1 of 1" in line for line in process.stdout)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == 1
    process.send_signal(getattr(signal, sign))
    rest = process.communicate(timeout=60)[0]
    assert ("Stopped." in rest) == (sign == "SIGINT")
    deadline = time.monotonic() + 30
    while any(child.is_running() and child.status() != "zombie" for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.1)


# --- the button -----------------------------------------------------------------------------------


def test_the_button_knows_what_is_not_saved(course):
    path = save(course, DOUBLE, HALF)
    checks = {"77.1": {"name": "double"}, "77.2": {"name": "half"}}
    (path.parent / "checks.json").write_text(json.dumps(checks), encoding="utf-8")

    def missing(*ran):
        shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=["", *ran]))
        return finish.unsaved(path.parent, "77_small", shell)

    assert missing() == []
    assert missing("def double(x):\n    return 0", DOUBLE, f"{HALF}\n", "double(2)") == []
    assert missing(DOUBLE, "def double(x):\n    return 0") == ["double"]
    assert missing("half = 3", "double == 4") == ["half"]


@pytest.mark.parametrize("name", release.sets())
def test_every_set_ends_with_its_own_button(name):
    text = (ROOT / f"solutions/text/{name}.py").read_text(encoding="utf-8")
    assert re.findall(r'^finish_button\("(.*)"\)$', text, re.MULTILINE) == [name]
    assert f"`make finish SET={name}`" in text


DEEP = "[" * 1_000_000 + "]" * 1_000_000


@pytest.mark.parametrize(
    "reply",
    [
        repr('{"00.1": ' + DEEP + "}"),
        DEEP,
        repr('{"00.1": [], "00.1": [{"value": 1}]}'),
        repr('{"00.1": [{"value": 1, "value": 2}]}'),
        repr('{"00.1": [{"va'),
        "os.getcwd()",
        None,
    ],
    ids=["deep", "deep literal", "key twice", "inner key twice", "cut off", "a call", "nothing"],
)
def test_a_forged_reply_is_graded_as_no_answer_and_stops_nothing(reply):
    """A learner's kernel may send anything; what `collected` cannot have written earns nothing."""
    exercises = judge.load(finish.judge_of("00_orders_of_magnitude"))
    kernel = SimpleNamespace(doing="", run=lambda *_: ("ok", reply))
    answers = finish.ask_answers(kernel, {"00.1": exercises["00.1"]})
    assert answers == {"00.1": None}
    assert judge.grade({"00.1": exercises["00.1"]}, answers)["points"] == 0
