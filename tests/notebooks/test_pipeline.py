"""The pipeline refuses what it must refuse: each fixture notebook here has one thing wrong with it.

Kernels take a second or two to start, so one good chapter is built once and spoiled in copies.
"""

import copy
import json
import os
import shutil
import socket
import subprocess
import sys

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.classroom import notebook_rules as rules
from course.classroom import notebooks

CHAPTER = """\
# %% [markdown]
# # 7. A chapter
#
# **Core question**: does the pipeline work?
#
# **You will be able to** tell.
#
# **You need first**: nothing.
#
# **Time**: 2 minutes to read, 5 s to run, 1 min for the exercises.
#
# **Mirrors**: A §1.

# %%
def predict(id, question):
    print(question)


def compare(id, answer):
    print(answer)

# %% [markdown]
# Guess.

# %%
predict("P07.1", "How many?")

# %% [markdown]
# See [the closing](#take-aways).

# %%
import socket
from pathlib import Path

with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), timeout=5).close()
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except RuntimeError as error:
    print(error)
compare("P07.1", len(Path("a/b/c/d/e/f/g").parts))
Path.cwd().name

# %% tags=["machine-dependent"]
print("Python 3.99")

# %% [markdown]
# A picture with a control that lives only where a kernel runs.

# %%
import ipywidgets
from IPython.display import display

slider = ipywidgets.IntSlider(3)
live = {"model_id": slider.model_id, "version_major": 2, "version_minor": 0}
widget_view = "application/vnd.jupyter.widget-view+json"
display({"text/plain": "N = 3", "image/png": "iVBORw0KGgo=", widget_view: live}, raw=True)
display({widget_view: live}, raw=True)

# %% [markdown]
# Words.

# %% slideshow={"slide_type": "slide"}
print("one", flush=True)
print("and the same stream")

# %% [markdown]
# ## What is contested here
# Little.

# %% [markdown]
# ## Take-aways
# Few.

# %% [markdown]
# ## Further reading
# None.

# %% [markdown]
# ## Exercises
# [The set](../exercises/07_set/07_set.ipynb)
"""


COMPARE = 'compare("P07.1", len(Path("a/b/c/d/e/f/g").parts))'


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small course with one good chapter, built."""
    root = tmp_path_factory.mktemp("course")
    text = root / "notebooks/text/07_chapter.py"
    text.parent.mkdir(parents=True)
    text.write_text(CHAPTER, encoding="utf-8")
    exercise = root / "exercises/07_set/07_set.ipynb"
    exercise.parent.mkdir(parents=True)
    _write(exercise, new_notebook(cells=[new_markdown_cell("# Set\n\n## 07.1 First")]))
    assert notebooks.main(["sync"], root) == 0
    return root


@pytest.fixture
def course(built, tmp_path):
    """A copy of it to spoil: (root, text, notebook)."""
    root = shutil.copytree(built, tmp_path / "course")
    return root, root / "notebooks/text/07_chapter.py", root / "notebooks/07_chapter.ipynb"


def _write(path, notebook):
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _edit(path, change):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _code(cells):
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _problems(course):
    _, text, notebook = course
    return "\n".join(notebooks.problems(text, notebook, "chapter"))


# --- what is built --------------------------------------------------------------------------------


def test_a_good_chapter_has_no_problems_and_is_not_stale(course):
    root, text, _ = course
    assert _problems(course) == ""
    assert not notebooks.is_stale(text)
    assert rules.link_problems(root) == []


def test_building_again_gives_the_same_bytes(course, capsys):
    root, text, notebook = course
    before = notebook.read_bytes()
    os.utime(text)  # a newer text with the same content is no reason to build
    assert notebooks.main(["sync"], root) == 0
    assert "0 of 1" in capsys.readouterr().out
    assert notebooks.main(["sync", str(text)], root) == 0
    assert "07_chapter.ipynb  " in capsys.readouterr().out
    assert notebook.read_bytes() == before


def test_the_kernel_has_no_network_and_runs_in_the_notebooks_folder(course):
    cell = _code(nbformat.read(course[2], 4).cells)[2]
    assert "without a network: connection to 192.0.2.1 refused\n7\n" in cell.outputs[0].text
    assert cell.outputs[1].data["text/plain"] == "'notebooks'"


def test_what_is_kept_of_outputs_shows_without_a_kernel(course):
    notebook = nbformat.read(course[2], 4)
    *_, explorer, prints = _code(notebook.cells)
    assert [set(output.data) for output in explorer.outputs] == [{"text/plain", "image/png"}]
    assert len(prints.outputs) == 1
    assert "widgets" not in notebook.metadata
    assert "jupytext" not in notebook.metadata
    assert "version" not in notebook.metadata.language_info
    assert notebook.metadata.course.source == "notebooks/text/07_chapter.py"
    assert all("execution" not in cell.metadata for cell in notebook.cells)


def test_cells_that_show_a_number_are_tagged_unless_it_is_of_this_machine(course):
    tags = [cell.metadata.get("tags", []) for cell in _code(nbformat.read(course[2], 4).cells)]
    check = ["nbval-check-output"]
    assert tags == [[], [], check, ["machine-dependent"], check, []]


@pytest.mark.parametrize(
    ("output", "tagged"),
    [
        (new_output("stream", text="loss 2.4"), True),
        (new_output("stream", text="done"), False),
        (new_output("display_data", {"text/html": "<b>4</b>"}), True),
        (new_output("display_data", {"image/png": "1234", "text/plain": "a picture"}), False),
    ],
)
def test_the_tag_rule(output, tagged):
    assert rules.tags_for(["slide"], [output]) == ["slide"] + ["nbval-check-output"] * tagged
    assert rules.tags_for(["machine-dependent"], [output]) == ["machine-dependent"]
    assert rules.tags_for(["nbval-check-output"], []) == []


def test_an_exercise_set_is_built_in_a_folder_of_its_own_name(tmp_path):
    text = tmp_path / "solutions/text/07_set.py"
    assert notebooks.notebook_of(text) == tmp_path / "solutions/07_set/07_set.ipynb"
    text.parent.mkdir(parents=True)
    text.write_text('# %% nbgrader={"points": 2}\n1 + 1\n', encoding="utf-8")
    assert notebooks.pairs(tmp_path) == [(text, notebooks.notebook_of(text), "solution")]
    assert notebooks.read_text(text).cells[0].metadata == {"nbgrader": {"points": 2}}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["a = 1", "b = 2", "c = 3"]), min_size=1, max_size=8))
def test_cell_ids_are_unique_and_stay_when_another_cell_changes(tmp_path_factory, sources):
    text = tmp_path_factory.mktemp("ids") / "notebooks/text/00_x.py"
    text.parent.mkdir(parents=True)

    def ids(sources):
        text.write_text("".join(f"# %%\n{source}\n\n" for source in sources), encoding="utf-8")
        notebook = notebooks.read_text(text)
        nbformat.validate(notebook)
        return [cell.id for cell in notebook.cells]

    before = ids(sources)
    assert len(set(before)) == len(sources)
    assert ids(["changed = 0", *sources[1:], "added = 0"])[1:-1] == before[1:] or (
        sources[0] in sources[1:]  # a double takes the first one's place
    )


# --- a build that fails ---------------------------------------------------------------------------


def test_a_failing_cell_is_shown_with_its_error_and_the_old_notebook_stays(course, capsys):
    root, text, notebook = course
    before = notebook.read_bytes()
    text.write_text("# %%\nx = 1\n\n# %%\nprint(x + undefined_name)\n", encoding="utf-8")
    assert notebooks.main(["sync"], root) == 1
    said = capsys.readouterr().err
    assert "07_chapter.py: cell 2 failed" in said
    assert "print(x + undefined_name)" in said
    assert "NameError: name 'undefined_name' is not defined" in said
    assert "\x1b" not in said
    assert notebook.read_bytes() == before


def test_a_cell_that_takes_too_long_fails(course, capsys, monkeypatch):
    root, text, _ = course
    monkeypatch.setattr(notebooks, "CELL_TIMEOUT_S", 1)
    text.write_text("# %%\nwhile True:\n    pass\n", encoding="utf-8")
    assert notebooks.main(["sync"], root) == 1
    said = capsys.readouterr().err
    assert "cell 1 failed" in said
    assert "timed out" in said


def test_a_cell_that_kills_its_kernel_fails(course, capsys):
    root, text, _ = course
    text.write_text("# %%\nimport os\n\nos._exit(1)\n", encoding="utf-8")
    assert notebooks.main(["sync"], root) == 1
    said = capsys.readouterr().err
    assert "cell 1 failed" in said
    assert "os._exit(1)" in said
    assert "Kernel died" in said


def test_options_of_a_cell_that_cannot_be_read_are_an_error(course, capsys):
    root, text, _ = course
    text.write_text('# %% tags=["a"\nx = 1\n', encoding="utf-8")
    assert notebooks.main(["sync"], root) == 1
    assert "options of cell 1 cannot be read" in capsys.readouterr().err
    assert "options of cell 1 cannot be read" in _problems(course)


def test_only_texts_of_notebooks_can_be_built(course):
    with pytest.raises(SystemExit):
        notebooks.main(["sync", str(course[2])], course[0])


# --- pairs that are not in step -------------------------------------------------------------------


def _swap_ids(cells):
    cells[0]["id"], cells[1]["id"] = cells[1]["id"], cells[0]["id"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda cells: cells[3].update(source="predict('P07.1', 'How few?')"), "(source)"),
        (lambda cells: cells[0].update(source="# 7. Another"), "(source)"),
        (lambda cells: cells.insert(2, copy.deepcopy(cells[2]) | {"id": "x"}), "differs"),
        (lambda cells: cells.pop(), "only in the text"),
        (lambda cells: cells.append(cells[0] | {"id": "x"}), "only in the notebook"),
        (lambda cells: cells[0].update(cell_type="raw"), "(cell_type)"),
        (lambda cells: cells[5].update(metadata={}), "ask for {'tags': ['nbval-check-output']}"),
        (lambda cells: cells[1].update(metadata={"tags": ["nbval-check-output"]}), "ask for {}"),
        (lambda cells: cells[10].update(metadata={"tags": ["hide"]}), "'slide_type': 'slide'"),
        (_swap_ids, "(id)"),
    ],
)
def test_a_notebook_that_is_not_its_text_is_refused(course, change, sentence):
    _edit(course[2], change)
    assert sentence in _problems(course)
    assert notebooks.is_stale(course[1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# Guess.", "# Guess, please."),
        ('tags=["machine-dependent"]', 'tags=["machine-dependent", "hide"]'),
        ("# %% [markdown]\n# Words.", "# %%\n# Words."),
        ("# %% [markdown]\n# Words.\n", ""),
    ],
)
def test_a_text_that_was_changed_without_building_is_refused(course, old, new):
    assert old in CHAPTER
    course[1].write_text(CHAPTER.replace(old, new), encoding="utf-8")
    assert "Cell" in _problems(course)
    assert notebooks.is_stale(course[1])


def test_metadata_that_would_rewrite_a_text_is_refused(course):
    notebook = nbformat.read(course[2], 4)
    notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
    _write(course[2], notebook)
    assert "metadata is not what its text makes" in _problems(course)


def test_neither_side_of_a_pair_may_be_missing(course):
    root, text, notebook = course
    notebook.unlink()
    assert _problems(course) == "Its text has no notebook: run `make sync`."
    assert notebooks.is_stale(text)
    assert notebooks.pairs(root) == [(text, notebook, "chapter")]
    notebook.write_text("{}", encoding="utf-8")
    text.unlink()
    assert "It has no text" in _problems(course)
    assert notebooks.pairs(root) == [(text, notebook, "chapter")]


@pytest.mark.parametrize("content", ["[]", "{}", "not JSON", '{"nbformat": 4, "cells": []}'])
def test_a_file_that_is_no_notebook_is_refused(course, content):
    course[2].write_text(content, encoding="utf-8")
    assert "cannot be read" in _problems(course)
    assert notebooks.is_stale(course[1])


def test_an_invalid_notebook_is_refused(course):
    _edit(course[2], lambda cells: cells[1].pop("outputs"))
    assert "cannot be read: 'outputs' is a required property" in _problems(course)


def test_a_chapter_is_named_by_its_number(course):
    root, text, notebook = course
    text = text.rename(text.with_name("chapter.py"))
    notebook = notebook.rename(notebook.with_name("chapter.ipynb"))
    assert "must begin with the number" in _problems((root, text, notebook))


def test_an_unknown_kind_is_refused(course):
    with pytest.raises(ValueError, match="kind must be 'chapter' or 'solution', got 'lab'"):
        notebooks.problems(course[1], course[2], "lab")


# --- runs that are not clean ----------------------------------------------------------------------


def _swap_counts(cells):
    first, second, *_ = _code(cells)
    first["execution_count"], second["execution_count"] = 2, 1


def _output(**output):
    return lambda cells: _code(cells)[0]["outputs"].append(output)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_swap_counts, "ran as number 2, not 1."),
        (lambda cells: cells[1].update(execution_count=None), "ran as number None"),
        (_output(output_type="error", ename="E", evalue="", traceback=[]), "ended in an error"),
        (_output(output_type="stream", name="stderr", text="careful"), "shows a warning"),
        (
            _output(output_type="stream", name="stdout", text="<object at 0x7f0a12b3c4d0>"),
            "an address in memory",
        ),
    ],
)
def test_a_run_that_is_not_clean_is_refused(course, change, sentence):
    _edit(course[2], change)
    assert sentence in _problems(course)
    assert notebooks.is_stale(course[1])


# --- chapters that do not open, close, ask or answer as they must ---------------------------------


def _spoiled(old, new, lab=False):
    """The problems of the chapter as a text in which `old` was replaced, as if it had been run."""
    assert old in CHAPTER
    cells = []
    for block in CHAPTER.replace(old, new).split("# %%")[1:]:
        head, _, source = block.partition("\n")
        if "[markdown]" in head:
            cells.append(new_markdown_cell(source.replace("\n# ", "\n").removeprefix("# ").strip()))
        else:
            cells.append(new_code_cell(source.strip()))
    notebook = new_notebook(cells=cells)
    found = rules.chapter_problems(notebook, 7, lab) + rules.length_problems(notebook)
    return "\n".join(found)


def test_the_chapter_itself_keeps_the_rules():
    assert _spoiled("Guess.", "Guess!") == ""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("# # 7. A chapter", "# # A chapter", "must be Markdown that starts with `# 7. Title`"),
        ("# # 7. A chapter", "# # 8. A chapter", "must be Markdown that starts with `# 7. Title`"),
        ("# **Core question**", "# Core question", "no **Core question**"),
        ("# **You will be able to**", "# You can", "no **You will be able to**"),
        ("# **You need first**", "# First", "no **You need first**"),
        ("# **Time**", "# Time", "no **Time**"),
        ("# **Mirrors**", "# Mirrors", "no **Mirrors**"),
        ("5 s to run", "a while to run", "how long it takes"),
        (", 1 min for the exercises", "", "how long it takes"),
        ("# ## What is contested here", "# ## Contested", "must end in the sections"),
        ("# ## Further reading", "# ### Further reading", "must end in the sections"),
        ("# ## Exercises", "# ## Exercises\n# None.\n# ## More", "must end in the sections"),
        ("# Few.\n", "", "Take-aways is empty."),
        ("(../exercises/07_set/07_set.ipynb)", "(https://example.org)", "must link to the set"),
        ("# Few.", "# " + "word " * 3_000, "words of Markdown; 3000 are allowed"),
        ("# %% [markdown]\n# Guess.", "# %%\n1\n\n# %%\n2", "begins 4 code cells"),
        (
            'print("one", flush=True)',
            "print(\n1,\n" + "2,\n" * 30 + ")",
            "lines of code; 25 are allowed",
        ),
        (COMPARE, "7", "'P07.1' is asked, and never answered"),
        ('predict("P07.1", "How many?")', "7", "answers 'P07.1', which was not asked before"),
        (COMPARE, 'compare("P07.2", 7)', "answers 'P07.2', which was not asked"),
        (
            'print("one", flush=True)',
            'predict("P07.1", "Again?")',
            "predict('P07.1') a second time",
        ),
        ('print("one", flush=True)', 'compare("P07.1", 8)', "compare('P07.1') a second time"),
        (
            'print("one", flush=True)',
            'predict(id="P07.4", text="?")',
            "'P07.4' is asked, and never answered",
        ),
        ('print("one", flush=True)', "predict(f'P{1}', '?')", "None must be named P07.1"),
        ('print("one", flush=True)', 'predict("P08.1", "?")', "'P08.1' must be named P07.1, P07.2"),
        ('print("one", flush=True)', "print(", "is not Python"),
    ],
)
def test_a_chapter_that_breaks_a_rule_is_refused(old, new, sentence):
    assert sentence in _spoiled(old, new)


# --- no answer before its prediction --------------------------------------------------------------


def _asked(compare, between="", choices="", answer="steep"):
    """A notebook of a question, what lies between, and its answer, as it was run."""
    cells = [
        new_code_cell(f'predict("P07.1", "How?"{choices})'),
        *([new_markdown_cell(between)] if isinstance(between, str) else [between]),
        new_code_cell(compare, outputs=[new_output("stream", text=f"The answer:      {answer}\n")]),
    ]
    return rules.reveal_problems(new_notebook(cells=cells))


@pytest.mark.parametrize(
    "compare",
    [
        'compare("P07.1", "steep")',
        'compare("P07.1", 12)',
        'compare("P07.1", -12.5)',
        'compare("P07.1", (0.9 / 0.8) ** 10)',
        'compare("P07.1", round(100 * 0.99**200))',
        'import math\ncompare("P07.1", math.exp(-10 * 0.1 * math.log(0.1)))',
        'share = 7 / 9\ncompare("P07.1", 100 * share)',
        'a, b = 1, 2\ngain = 3\ncompare("P07.1", gain)',
        'compare(id="P07.1", answer="steep")',
        'compare("P07.1", "steep" if slope > 1 else "steep")',
        'compare("P07.1", ["flat", "steep"][1])',
        'compare("P07.1", f"{12}")',
        'compare("P07.1", slope, share=0.5)',
    ],
)
def test_an_answer_that_is_written_down_is_refused(compare):
    assert "is written down, not computed" in " ".join(_asked(compare))


@pytest.mark.parametrize(
    "compare",
    [
        'compare("P07.1")',
        'compare("P07.1", slope, share=1 / slope)',
        'compare("P07.1", "steep" if slope > 1 else "flat")',
        'compare("P07.1", max(("steep", "flat"), key=slopes.get))',
        'seen = {}\nfor law in laws:\n    seen[law] = law.slope\ncompare("P07.1", seen[laws[0]])',
        'compare("P07.1", experts_touched(16, 8, 2))',
    ],
)
def test_an_answer_that_is_computed_is_fine(compare):
    assert _asked(compare) == []


def test_a_reason_in_the_notebook_is_refused():
    wrong = _asked('compare("P07.1", slope, because=f"It rises by {slope}.")')
    assert wrong == [
        'Cell 3 (compare("P07.1", slope, because=f"It rises by {slo): the reason of \'P07.1\' '
        "belongs into course/classroom/answers.toml."
    ]


CHOICES = ', choices=["steep", "flat", "50"]'


@pytest.mark.parametrize(
    ("between", "answer"),
    [
        ("The line is steep.", "steep"),
        ("A table.\n\n- Very **Steep**\n- long", "steep"),
        (new_code_cell("x = 1  # a steep line"), "steep"),
        (new_code_cell('show(figure, alt="Points on a steep line.")'), "steep"),
        (new_code_cell('show(figure, alt="A peak at 50 features.")'), "50"),
    ],
)
def test_words_before_the_answer_that_name_it_alone_are_refused(between, answer):
    found = _asked('compare("P07.1", slope)', between, CHOICES, answer)
    assert len(found) == 1
    assert f"names the answer of 'P07.1' before" in found[0]  # noqa: F541


@pytest.mark.parametrize(
    "between",
    [
        "Is it steep or flat?",
        "The line is flat.",
        "A steeple.",
        "At 1,500 and 50.5 points.",
        "<details><summary>Hint 1</summary>\n\nIt is steep.\n</details>",
        new_code_cell("### BEGIN SOLUTION\nkind = 'steep'\n### END SOLUTION"),
        new_code_cell("names = {'steep': 1, 'flat': 2}"),
        new_code_cell("steep = 3"),
    ],
)
def test_words_that_do_not_tell_are_fine(between):
    assert _asked('compare("P07.1", slope)', between, CHOICES) == []
    assert _asked('compare("P07.1", slope)', "A steep line.") == []  # no choices, no words


def test_a_notebook_that_was_not_run_is_judged_by_its_calls():
    cells = [
        new_code_cell(f'predict("P07.1", "How?"{CHOICES})'),
        new_markdown_cell("Steep."),
        new_code_cell('compare("P07.1", "steep")'),
    ]
    assert len(rules.reveal_problems(new_notebook(cells=cells))) == 1


def test_a_lab_asks_under_its_own_letter():
    assert "'P07.1' must be named L07.1" in _spoiled("", "", lab=True)
    assert "L07.1" not in _spoiled("", "")


def test_a_notebook_without_code_or_without_cells_is_judged_too():
    assert rules.chapter_problems(new_notebook(), 0)
    assert rules.chapter_problems(new_notebook(cells=[new_markdown_cell("# 0. X")]), 0)


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("07_chapter.ipynb", None),
        ("07_chapter.ipynb#A-chapter-7", "names a heading that is not there"),
        ("07_chapter.ipynb#What-is-contested-here", None),
        ("../exercises/07_set/07_set.ipynb#071-first", None),
        ("https://arxiv.org/abs/2001.08361", None),
        ("08_missing.ipynb", "leads nowhere"),
        ("#nowhere", "names a heading that is not there"),
        ("../course/units.py", "leads to what a learner's copy does not hold"),
        ("../README.md", "leads to what a learner's copy does not hold"),
        ("text/07_chapter.py", "leads to what a learner's copy does not hold"),
        ("../../elsewhere.md", "leads out of the repository"),
        ("/etc/passwd", "leads out of the repository"),
        ("http://example.org", "must be https"),
        ("ftp://example.org", "must be https"),
        ("https://localhost:8888/lab", "points to this machine"),
        ("https://127.0.0.1", "points to this machine"),
    ],
)
def test_links_of_a_notebook(course, link, reason):
    root, _, notebook = course
    (root / "README.md").write_text("# A course", encoding="utf-8")
    cells = [new_markdown_cell(f"Read [this]({link}).")]
    path = notebook.with_name("08_links.ipynb")
    _write(path, new_notebook(cells=cells))
    expected = [f"notebooks/08_links.ipynb: the link {link} {reason}."] if reason else []
    assert rules.link_problems(root) == expected


def test_links_of_markdown_files_and_of_solutions(course):
    root, _, _ = course
    (root / "docs").mkdir()
    (root / "docs/guide.md").write_text(
        '# Guide\n\n## To `run` it\n\n[up](../README.md) <img src="missing.png">\n'
        "![picture](gone%20away.png) `[no](link.md)`\n\n| a |\n|---|\n| [t](table.md) |\n"
        "\n[ref]: reference.md\n\nSee [ref].\n",
        encoding="utf-8",
    )
    (root / "README.md").write_text("[g](docs/guide.md#to-run-it)", encoding="utf-8")
    for hidden in ("work/notes.md", ".venv/x.md", "build/x.md"):
        (root / hidden).parent.mkdir()
        (root / hidden).write_text("[x](nowhere.md)", encoding="utf-8")
    solution = root / "solutions/07_set/07_set.ipynb"
    solution.parent.mkdir(parents=True)
    links = "[c](../../notebooks/07_chapter.ipynb) [s](../07_set/07_set.ipynb) [j](../judges/07.py)"
    _write(solution, new_notebook(cells=[new_markdown_cell(links)]))
    found = rules.link_problems(root)
    wrong = ["missing.png", "gone%20away.png", "table.md", "reference.md"]
    assert set(found[:-1]) == {f"docs/guide.md: the link {link} leads nowhere." for link in wrong}
    assert found[-1].endswith("the link ../judges/07.py leads nowhere.")


# --- the network guard ----------------------------------------------------------------------------


def _offline(code):
    env = notebooks.offline_env()
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; socket.create_connection(('example.org', 80), timeout=1)",
        "import socket; socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "import socket; socket.gethostbyname('example.org')",
        "import urllib.request; urllib.request.urlopen('https://example.org', timeout=1)",
    ],
)
def test_the_network_is_refused(code):
    assert "RuntimeError: the course's notebooks run without a network" in _offline(code).stderr


def test_loopback_and_unix_sockets_work():
    code = """
import socket
with socket.create_server(("localhost", 0)) as server:
    client = socket.create_connection(("localhost", server.getsockname()[1]), timeout=5)
    client.sendall(b"x")
receiver, sender = (socket.socket(type=socket.SOCK_DGRAM) for _ in "ab")
receiver.bind(("127.0.0.1", 0))
sender.sendto(b"y", receiver.getsockname())
here, there = socket.socketpair()
here.sendmsg([b"z"])
print(receiver.recv(1), there.recv(1), socket.getaddrinfo(None, 80)[0][4])
"""
    done = _offline(code)
    assert done.stdout.startswith("b'y' b'z'"), done.stderr


def test_the_guard_is_not_in_this_process_and_keeps_the_path_that_was_set(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("COURSE_WORK", "/a/learner's/own/folder")
    env = notebooks.offline_env()
    assert env["PYTHONPATH"].split(os.pathsep)[1] == "/somewhere"
    assert "COURSE_WORK" not in env
    assert socket.getaddrinfo("127.0.0.1", 80)


# --- nbval ----------------------------------------------------------------------------------------


def test_outputs_are_compared_with_what_the_notebook_prints_now(course, capfd):
    """One run over: the good chapter, a changed number, the same of this machine, what to skip."""
    root, _, notebook = course

    def printed(path, *tags):
        cells = []
        for count, tag in enumerate(tags, 1):
            cell = new_code_cell("print(2)", execution_count=count, metadata={"tags": [tag]})
            cell.outputs = [new_output("stream", text="1\n")]
            cells.append(cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, new_notebook(cells=cells))

    printed(notebook.with_name("08_changed.ipynb"), "machine-dependent", "nbval-check-output")
    printed(root / "work/notebooks/09_mine.ipynb", "nbval-check-output")
    printed(root / "notebooks/.ipynb_checkpoints/10_old.ipynb", "nbval-check-output")
    assert notebooks.main(["test"], root) == 1
    said = capfd.readouterr().out
    assert "1 failed, 7 passed" in said
    assert "FAILED notebooks/08_changed.ipynb::Cell 1" in said


def test_a_course_without_notebooks_passes_only_without_texts(tmp_path, capsys):
    assert notebooks.main(["test"], tmp_path) == 0
    assert "There are no notebooks." in capsys.readouterr().out
    text = tmp_path / "solutions/text/00_set.py"
    text.parent.mkdir(parents=True)
    text.write_text("# %%\n1\n", encoding="utf-8")
    assert notebooks.main(["test"], tmp_path) == 1
    assert "run `make sync`" in capsys.readouterr().out
