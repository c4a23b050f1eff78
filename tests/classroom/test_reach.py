"""No model answer and no hidden case can be read in a learner's folder or in the library."""

import importlib.metadata
import inspect
import json
import re
import textwrap

import pytest

from course.classroom import judge, release
from course.classroom.copies import ROOT, refresh

SETS = {name: judge.load(ROOT / f"solutions/judges/{name}.py") for name in release.sets()}
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
CHANCE = 4  # so many significant digits also stand in chapters and tables of public models


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learner") / "work"
    refresh(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def readable(work):
    """Path -> text of all that a learner has: the folder, and the course as it is installed."""
    paths = [*work.rglob("*"), *(ROOT / "course").rglob("*")]
    paths = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    return {str(path): text_of(path) for path in paths}


def text_of(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".ipynb":
        text += "".join("\n" + "".join(cell["source"]) for cell in json.loads(text)["cells"])
    return squeezed(text)


def squeezed(code):
    """Code without what an indent changes."""
    return re.sub(r"\s+", " ", code).strip()


def findings(exercises, answers, readable):
    """Names of hidden properties, scalars of hidden cases and answers in texts (path -> text).

    Of the scalars only those that are there by no chance: numbers of more than CHANCE significant
    digits, and texts that are more than one word.
    """
    properties = [part for one in exercises.values() for part in one.properties if part.hidden]
    cases = [
        part["cases"]
        for one in exercises.values()
        for part, own in zip(
            judge.describe(one, hidden=True)["properties"], one.properties, strict=True
        )
        if own.hidden
    ]
    visible = release._scalars(json.loads(release.checks_text(exercises)))
    wanted = {part.name for part in properties} | set(answers)
    found = [f"{path}: {text}" for path in readable for text in wanted if text in readable[path]]
    for scalar in release._scalars(cases) - visible:
        written = scalar.strip('"')
        digits = re.sub(r"e.*|\D|0+$", "", written.strip("0."))
        if _is_a_power_of_two(written) or (
            len(digits) <= CHANCE and not (scalar[0] == '"' and re.search(r"\W", written))
        ):
            continue
        found += [
            f"{path}: {scalar}"
            for path, text in readable.items()
            if written in text and re.search(release._written(scalar), text)
        ]
    return found


def _is_a_power_of_two(written):
    """4096, 32768: lengths of contexts and widths of models, which stand everywhere."""
    return written.isdigit() and int(written) & (int(written) - 1) == 0


def answers_of(name):
    """The model answers of a set, from its text and from its judge, but the one-liners."""
    text = (ROOT / f"solutions/text/{name}.py").read_text(encoding="utf-8")
    bodies = REGION.findall(text)
    for exercise in SETS[name].values():
        if inspect.isfunction(exercise.reference):
            source = textwrap.dedent(judge.source(exercise.reference))
            bodies.append(source.split(":\n", 1)[1])
    return {flat for body in bodies if len(flat := squeezed(body)) > 50}


@pytest.mark.parametrize("name", SETS)
def test_nothing_of_a_set_is_reachable(name, readable):
    answers = answers_of(name)
    assert len(answers) >= len(SETS[name]) / 2
    assert findings(SETS[name], answers, readable) == []


@pytest.mark.parametrize("name", SETS)
def test_what_would_be_a_leak_is_found(name):
    """The solution, the judge and a hidden case, each put into a file of the learner's folder."""
    answers, exercises = answers_of(name), SETS[name]
    solution = ROOT / f"solutions/{name}/{name}.ipynb"
    judge_file = ROOT / f"solutions/judges/{name}.py"
    hidden = next(p for e in exercises.values() for p in e.properties if p.hidden)
    for text in (text_of(solution), text_of(judge_file), f"a note: {hidden.name}"):
        assert findings(exercises, answers, {"leak.txt": text})
    whole = {key: judge.describe(one, hidden=True) for key, one in exercises.items()}
    cases = [part["cases"] for one in whole.values() for part in one["properties"]]
    assert findings(exercises, [], {"leak.txt": json.dumps(cases)})


def test_no_link_leads_out_of_a_learners_folder(work):
    paths = list(work.rglob("*"))
    assert len(paths) > 20
    assert not any(path.is_symlink() for path in paths)
    assert not any("solutions" in path.parts or "judges" in path.parts for path in paths)


def test_only_the_library_is_installed():
    installed = importlib.metadata.distribution("scaling-laws-course")
    assert installed.read_text("top_level.txt").split() == ["course"]
    folders = {path.name for path in (ROOT / "course").rglob("*") if path.is_dir()}
    assert not folders & {"solutions", "judges", "exercises"}
    assert not any(path.is_symlink() for path in (ROOT / "course").rglob("*"))
