"""Every explorer of every chapter, in a real JupyterLab, moved by mouse and keyboard."""

import re
from pathlib import Path

import pytest

from tests.browser import lab

CHAPTERS = [
    path
    for path in sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
    if lab.explorer_cells(path)
]
pytestmark = pytest.mark.skipif(
    lab.CHROMIUM is None, reason="no Chromium or Chrome found: no explorer is driven in a browser"
)

FRAGILE = """
from course.explorer import Explorer, choice, log_slider


def root(x, kind):
    if kind == "breaks":
        return 1 / 0
    if x > 100:
        raise ValueError("x must be at most 100 <here>, got " + format(x, "g"))
    return x**0.5


def draw(axes):
    axes.set(xlim=(0, 100), ylim=(0, 10))
    (dot,) = axes.plot([], [], "o", animated=True)
    return lambda y: dot.set_data([y * y], [y])


explorer = Explorer(
    "Roots?", root, draw, "The root is {:.3g}.".format,
    {"x": log_slider("x", 1, 1000, 10), "kind": choice("Kind", ["works", "breaks"], "works")},
)
explorer
"""


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory):
    with lab.Lab(tmp_path_factory.mktemp("lab")) as it:
        yield it


def move_everything(explorer):
    """Each control to its least, middle and most, then all back."""
    start = state = explorer.settled()
    height = explorer.height()
    values = {control.name: control.value() for control in explorer.controls}
    pictures, sentences = set(), set()
    for control in explorer.controls:
        for where in ("least", "middle", "most"):
            before = control.value()
            control.move(where)
            # A control that already stood there changes nothing.
            state = explorer.settled(unlike=None if control.value() == before else state)
            pictures.add(state[0])
            sentences.add(state[1])
            assert explorer.height() == height, f"{control.name} at its {where} moves the page"
            crash = re.match(r"No result\. \w+(Error|Exception|Iteration)\b", state[1])
            assert not crash, f"{control.name} at its {where}: {state[1]}"
        if state != start:
            explorer.reset()
            state = explorer.settled(unlike=state)
        assert state == start, f"reset after {control.name} leads elsewhere"
        assert {c.name: c.value() for c in explorer.controls} == values
    assert len(pictures) > 2
    assert len(sentences) > 2


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_control_of_a_chapter_moves_its_explorer(open_lab, path, tmp_path):
    # The first chapter runs whole, as a learner runs it. Of the others the explorers' own cells are
    # enough: nbval runs the rest.
    whole = path == CHAPTERS[0]
    cells = lab.explorer_cells(path)
    notebook = open_lab.open(path if whole else lab.write_notebook(tmp_path / path.name, *cells))
    notebook.run_all()
    explorers = notebook.explorers()
    assert len(explorers) == len(cells)
    for explorer in explorers:
        move_everything(explorer)
    notebook.close()


def test_errors_are_shown_in_words_and_the_explorer_recovers(open_lab, tmp_path):
    fragile = lab.write_notebook(tmp_path / "fragile.ipynb", FRAGILE, "[][0]")
    notebook = open_lab.open(fragile)
    with pytest.raises(RuntimeError, match="IndexError: list index out of range"):
        notebook.run_all()  # an error outside of an explorer is the test's business
    (explorer,) = notebook.explorers()
    x, kind = explorer.controls
    good = explorer.settled()
    assert good[1] == "The root is 3.16."

    x.move("most")
    refused = explorer.settled(unlike=good)
    assert refused[1] == "No result. x must be at most 100 <here>, got 1000"
    assert refused[0] != good[0]
    x.move("least")
    assert explorer.settled(unlike=refused)[1] == "The root is 1."

    for _ in range(8):  # faster than the pictures come: the last value must win
        x.element.locator(".noUi-handle").press("ArrowRight")
    assert x.value() == "20"
    explorer.wait_for("The root is 4.47.")

    state = explorer.settled()
    kind.move("most")
    broken = explorer.settled(unlike=state)
    assert broken[1] == "No result. ZeroDivisionError: division by zero"
    assert broken[0] == refused[0]  # the same grey picture
    explorer.reset()
    assert explorer.settled(unlike=broken) == good
    notebook.close()
