"""Exercises from solutions: `python -m course.classroom.release [SET …]`.

    solutions/judges/SET.py  →  exercises/SET/checks.json   (the visible part of the judge)
    solutions/text/SET.py    →  solutions/SET/SET.ipynb     (run, with model answers)
    solutions/SET/           →  exercises/SET/              (nbgrader cuts the answers out)

nbgrader releases every file beside a notebook, so nothing else lies in solutions/SET. It works in
a folder of its own: no gradebook comes near the repository.
"""

import json
import re
import shutil
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course.classroom import judge, notebooks

ROOT = notebooks.ROOT
STUB = "# your answer here"
_REGION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION$", re.MULTILINE | re.DOTALL
)


def sets(root=ROOT):
    """The names of all exercise sets: those that have a judge."""
    return sorted(path.stem for path in root.glob("solutions/judges/*.py"))


def checks_text(exercises):
    """The text of checks.json: what a learner's notebook may know of these exercises."""
    visible = {key: judge.describe(one, hidden=False) for key, one in exercises.items()}
    return _json(visible) + "\n"


def _json(data, indent=""):
    """JSON with one case, one mistake, one list of values on a line, whatever its length."""
    inside = list(data.values()) if isinstance(data, dict) else data
    deep = isinstance(data, dict) and any(isinstance(one, dict | list) for one in inside)
    if isinstance(data, list):
        deep = any(isinstance(one, dict) for one in data)
    flat = indent.count(" ") >= 4  # a case or a mistake
    if not isinstance(data, dict | list) or not deep or flat:
        return json.dumps(data, ensure_ascii=False)
    texts = [_json(one, indent + " ") for one in inside]
    if isinstance(data, dict):
        keys = [json.dumps(key, ensure_ascii=False) for key in data]
        texts = [f"{key}: {text}" for key, text in zip(keys, texts, strict=True)]
    ends = "{}" if isinstance(data, dict) else "[]"
    joined = ",\n".join(f"{indent} {text}" for text in texts)
    return f"{ends[0]}\n{joined}\n{indent}{ends[1]}"


def released(name, root=ROOT):
    """File name -> text of what exercises/NAME must hold, cut from solutions/NAME by nbgrader."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "solutions", name)
        source.mkdir(parents=True)
        shutil.copy(root / "solutions" / name / f"{name}.ipynb", source)
        config = Config(
            CourseDirectory={
                "root": folder,
                "source_directory": "solutions",
                "release_directory": "exercises",
                "assignment_id": name,
            },
            ClearSolutions={"code_stub": {"python": STUB}},
            GenerateAssignment={"no_database": True},
            SaveCells={"enabled": False},
        )
        GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
        made = Path(folder, "exercises", name)
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(made.iterdir())}
    notebook = nbformat.reads(texts[f"{name}.ipynb"], as_version=4)
    texts[f"{name}.ipynb"] = nbformat.writes(notebook) + "\n"
    texts["checks.json"] = checks_text(judge.load(root / f"solutions/judges/{name}.py"))
    return texts


def release(name, root=ROOT):
    """Make checks.json, the solution's notebook where it is out of date, and exercises/NAME."""
    text, checks = root / f"solutions/text/{name}.py", root / f"exercises/{name}/checks.json"
    wanted = checks_text(judge.load(root / f"solutions/judges/{name}.py"))
    changed = not checks.exists() or checks.read_text(encoding="utf-8") != wanted
    if changed:
        checks.parent.mkdir(parents=True, exist_ok=True)
        checks.write_text(wanted, encoding="utf-8", newline="\n")
    if changed or notebooks.is_stale(text):
        notebooks.build(text)
    texts, folder = released(name, root), root / "exercises" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file, content in texts.items():
        (folder / file).write_text(content, encoding="utf-8", newline="\n")


def strays(root=ROOT):
    """Folders in exercises/ that no longer have a source."""
    found = (path for path in root.glob("exercises/[!.]*") if path.is_dir())
    return sorted(path for path in found if path.name not in sets(root))


# --- proving it -----------------------------------------------------------------------------------


def problems(name, root=ROOT):
    """What is wrong with a released set, in sentences; empty when the exercise is the solution
    minus what is cut, is what a new release would make, and holds nothing that is hidden.
    """
    solution, exercise = root / "solutions" / name, root / "exercises" / name
    exercises = judge.load(root / f"solutions/judges/{name}.py")
    wanted = {f"{name}.ipynb", "checks.json"}
    if found := [
        f"{folder.relative_to(root)} must hold {' and '.join(sorted(wanted))}, nothing else"
        for folder, wanted in ((solution, {f"{name}.ipynb"}), (exercise, wanted))
        if {path.name for path in folder.glob("*") if path.name != ".ipynb_checkpoints"} != wanted
    ]:
        return found
    texts = {file: (exercise / file).read_text(encoding="utf-8") for file in sorted(wanted)}
    new = released(name, root)
    found = [
        f"{file} is not what a new release makes: release again"
        for file in texts
        if new[file] != texts[file]
    ]
    pair = [notebooks.read_notebook(folder / f"{name}.ipynb") for folder in (solution, exercise)]
    return found + cut_problems(*pair) + leaks(exercises, texts)


def cut(source):
    """A cell's source with its solution regions cut out, told apart from nbgrader's own code."""
    return _REGION.sub(rf"\1{STUB}", source)


def cut_problems(solution, exercise):
    """Where an exercise notebook is not its solution minus what is cut."""
    found = []
    for number, (full, left) in enumerate(zip_longest(solution.cells, exercise.cells), 1):
        if full is None or left is None:
            return [*found, f"cell {number} is in only one of the two notebooks"]
        if (full.cell_type, full.id) != (left.cell_type, left.id):
            found.append(f"cell {number} is another cell than in the solution")
        if left.source != cut(full.source):
            found.append(f"cell {number} is not the solution's cell with its answer cut out")
        if left.get("outputs") or left.get("execution_count"):
            found.append(f"cell {number} still shows what the solution gave")
        mine, theirs = (cell.metadata.get("nbgrader", {}) for cell in (full, left))
        if any(theirs.get(key) != value for key, value in mine.items()):
            found.append(f"cell {number} has lost its nbgrader metadata")
        if mine.get("solution") and cut(full.source) == full.source:
            found.append(f"cell {number} is an answer without a solution region")
    return found


def leaks(exercises, texts):
    """What a learner must not receive, found in the released texts (file name -> text)."""
    found = []
    for file, text in texts.items():
        if re.search("(BEGIN|END) SOLUTION", text):
            found.append(f"{file} holds a solution")
    everything = "\n".join(texts.values())
    seen = _scalars(json.loads(checks_text(exercises)))
    for exercise in exercises.values():
        full = judge.describe(exercise, hidden=True)["properties"]
        hidden = [part for part, own in zip(full, exercise.properties, strict=True) if own.hidden]
        found += [
            f"{exercise.id}: the name of a hidden property is in the release: {part['name']}"
            for part in hidden
            if part["name"] in everything
        ]
        found += [
            f"{exercise.id}: {one} belongs to a hidden case and is in the release"
            for one in sorted(_scalars([part["cases"] for part in hidden]) - seen)
            if re.search(_written(one), everything)
        ]
    return found


def _scalars(data):
    """Every number and text in plain data that is so particular that to find it is no chance."""
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return set().union(*map(_scalars, data))
    digits = re.sub(r"e.*|\D|0+$", "", str(data).strip("0."))
    telling = len(data if isinstance(data, str) else digits) >= 3
    return {json.dumps(data, ensure_ascii=False)} if telling else set()


def _written(scalar):
    """A pattern that finds a number, or a text between any quotation marks."""
    if scalar.startswith('"'):
        return rf"[\"'`]{re.escape(scalar[1:-1])}\\*[\"'`]"
    return rf"(?<![\w.+-]){re.escape(scalar)}(?![\w.])"


def main(names, root=ROOT):
    if unknown := set(names) - set(sets(root)):
        print(f"no judge for {', '.join(sorted(unknown))} in solutions/judges", file=sys.stderr)
        return 2
    for name in names or sets(root):
        release(name, root)
        print(f"exercises/{name}")
    for folder in strays(root) if not names else []:
        shutil.rmtree(folder)
        print(f"exercises/{folder.name} deleted: it has no source")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
