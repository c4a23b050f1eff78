"""Notebooks from their texts: `python -m course.classroom.notebooks sync` and `… test`.

A text is a percent script in notebooks/text or solutions/text, edited by hand. Its notebook, with
outputs, is generated and committed: notebooks/NAME.ipynb, or solutions/NAME/NAME.ipynb for an
exercise set. Whether a notebook is out of date is seen in its content, never in file times, which
mean nothing after a clone. Kernels run without a network.
"""

import argparse
import copy
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course.classroom import notebook_rules as rules

ROOT = Path(__file__).resolve().parents[2]
CELL_TIMEOUT_S = 300
WIDGET = "application/vnd.jupyter.widget-view+json"
_METADATA = {  # the same on every machine, whatever its patch release of Python
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
_TRACES_OF_JUPYTEXT = {"cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker"}


class NotebookFailed(Exception):
    """A cell raised, took too long or killed its kernel; the message shows the cell and why."""


# --- where things lie -----------------------------------------------------------------------------


def pairs(root=ROOT):
    """(text, notebook, kind) of every notebook of the course, also where one of the two is missing.

    The kind is "chapter" or "solution".
    """
    texts = {*root.glob("notebooks/text/*.py"), *root.glob("solutions/text/*.py")}
    texts |= {root / "notebooks/text" / f"{p.stem}.py" for p in root.glob("notebooks/*.ipynb")}
    sets = root.glob("solutions/[!.]*/*.ipynb")
    texts |= {root / "solutions/text" / f"{p.stem}.py" for p in sets}
    return [(text, notebook_of(text), _kind(text)) for text in sorted(texts)]


def notebook_of(text):
    """The path of the notebook that is built from the text at this path."""
    folder = text.parent.parent
    return folder / ("" if _kind(text) == "chapter" else text.stem) / f"{text.stem}.ipynb"


def _kind(text):
    return "solution" if text.parent.parent.name == "solutions" else "chapter"


def offline_env():
    """This process's environment with the network guard, and without what would change a build."""
    env = {k: v for k, v in os.environ.items() if k not in ("COURSE_WORK", "MPLBACKEND")}
    guard = str(Path(__file__).with_name("offline"))
    return env | {"PYTHONPATH": os.pathsep.join(filter(None, [guard, env.get("PYTHONPATH")]))}


# --- building -------------------------------------------------------------------------------------


def read_text(path):
    """The notebook without outputs that a percent script stands for.

    A cell's id comes from its content, so it stays when other cells change. Raises ValueError where
    the options behind a `# %%` cannot be read.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    source = path.relative_to(path.parents[2]).as_posix()
    course = {"source": source, "note": "Generated. Edit the source, then run `make sync`."}
    notebook.metadata = nbformat.from_dict({"course": course, **_METADATA})
    seen = {}
    for number, cell in enumerate(notebook.cells, 1):
        if "incorrectly_encoded_metadata" in cell.metadata:
            wrong = cell.metadata["incorrectly_encoded_metadata"]
            raise ValueError(f"{source}: the options of cell {number} cannot be read: {wrong}")
        for key in _TRACES_OF_JUPYTEXT & set(cell.metadata):
            del cell.metadata[key]
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] = seen.get(content, 0) + 1
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]
    return notebook


def build(text):
    """Run the text at this path in a fresh kernel and write its notebook; returns the seconds.

    Raises NotebookFailed, and leaves the old notebook as it is, when a cell fails.
    """
    started = time.perf_counter()
    path, notebook = notebook_of(text), read_text(text)
    metadata = copy.deepcopy(notebook.metadata)  # the run adds this machine's
    path.parent.mkdir(parents=True, exist_ok=True)
    _execute(notebook, path.parent)
    notebook.metadata = metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _tidy(cell)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    return time.perf_counter() - started


def _execute(notebook, folder):
    started = []
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],  # says at each start that loopback is not encrypted
        coalesce_streams=True,
        force_raise_errors=True,
        record_timing=False,
        on_cell_start=lambda cell, cell_index: started.append((cell_index + 1, cell.source)),
    )
    client.widget_registry = {}  # else 1 cell in 30 that feeds an Output widget hangs, nbclient#312
    try:
        client.execute(env=offline_env())
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        number, source = started[-1]
        why = re.sub(r"\x1b\[[\d;]*m", "", str(error))
        if source not in why:
            why = f"{source}\n{why}"
        raise NotebookFailed(f"cell {number} failed.\n{why}") from error


def _tidy(cell):
    """Keep of a cell's outputs what can be shown without a kernel, and tag it by them."""
    for output in cell.outputs:
        output.get("data", {}).pop(WIDGET, None)
    cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
    tags = rules.tags_for(cell.metadata.pop("tags", []), cell.outputs)
    if tags:
        cell.metadata["tags"] = tags


def read_notebook(path):
    """The notebook at this path; ValueError when it is not a valid notebook of format 4.5."""
    text = path.read_text(encoding="utf-8")
    match json.loads(text):
        case {"nbformat": 4, "nbformat_minor": 5, "cells": list()}:
            notebook = nbformat.reads(text, as_version=4)
        case _:
            raise ValueError("it is not in the notebook format 4.5")
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise ValueError(error.message) from error
    return notebook


# --- checking -------------------------------------------------------------------------------------


def problems(text_path, ipynb_path, kind):
    """What is wrong with a text and its notebook, in plain sentences; empty when all is well.

    `kind` is "chapter" or "solution"; another one raises ValueError.
    """
    if kind not in ("chapter", "solution"):
        raise ValueError(f"kind must be 'chapter' or 'solution', got {kind!r}")
    if not text_path.exists():
        return [f"It has no text: write {text_path.name}, or delete the notebook."]
    if not ipynb_path.exists():
        return ["Its text has no notebook: run `make sync`."]
    try:
        text, built = read_text(text_path), read_notebook(ipynb_path)
    except ValueError as error:
        return [f"It cannot be read: {error}"]
    found = rules.pair_problems(text, built) + rules.run_problems(built)
    found += rules.length_problems(built) + rules.reveal_problems(built)
    if kind == "solution":
        return found
    number = re.match(r"(\d\d)_(lab_)?", text_path.stem)
    if number is None:
        return [*found, "Its name must begin with the number of its chapter, as in 07_topic."]
    return found + rules.chapter_problems(built, int(number[1]), lab=bool(number[2]))


def is_stale(text_path):
    """Whether the notebook of this text is missing, is not that text, or was not run to its end."""
    try:
        text, built = read_text(text_path), read_notebook(notebook_of(text_path))
    except (FileNotFoundError, ValueError):
        return True
    return bool(rules.pair_problems(text, built) or rules.run_problems(built))


# --- commands -------------------------------------------------------------------------------------


def sync(texts):
    """Build the notebook of each text, a printed line for each; returns how many failed."""
    failed = 0
    for text in texts:
        try:
            print(f"{notebook_of(text).name}  {build(text):.1f} s", flush=True)
        except (NotebookFailed, ValueError) as error:
            failed += 1
            print(f"{text.name}: {error}", file=sys.stderr, flush=True)
    return failed


def compare_outputs(root=ROOT):
    """Run every notebook again with nbval, which compares the tagged outputs; its exit status."""
    found = pairs(root)
    if not any(notebook.exists() for _, notebook, _ in found):
        print("No notebook is built yet: run `make sync`." if found else "There are no notebooks.")
        return 1 if found else 0
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval-lax"]
    command += [f"--nbval-cell-timeout={CELL_TIMEOUT_S}", "-n", "2", "--dist", "loadscope"]
    command += [f"--nbval-sanitize-with={Path(__file__).with_name('same_number.cfg')}"]
    command += [name for name in ("notebooks", "solutions") if (root / name).is_dir()]
    return subprocess.run(command, cwd=root, env=offline_env()).returncode


def main(arguments, root=ROOT):
    parser = argparse.ArgumentParser(prog="course.classroom.notebooks")
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("sync", help="build the notebooks whose text has changed")
    building.add_argument("--all", action="store_true", help="build every notebook")
    building.add_argument("paths", nargs="*", type=Path, help="build the notebooks of these texts")
    commands.add_parser("test", help="run all notebooks again and compare their outputs")
    asked, root = parser.parse_args(arguments), root.resolve()
    if asked.command == "test":
        return compare_outputs(root)
    texts = [text for text, _, _ in pairs(root) if text.exists()]
    if asked.paths:
        chosen = [path.resolve() for path in asked.paths]
        if unknown := [str(path) for path in chosen if path not in texts]:
            parser.error(f"{', '.join(unknown)} is not in notebooks/text or solutions/text")
    else:
        chosen = [text for text in texts if asked.all or is_stale(text)]
        print(f"{len(chosen)} of {len(texts)} notebooks to build.", flush=True)
    return 1 if sync(chosen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
