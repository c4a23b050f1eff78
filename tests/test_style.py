"""How the library is written: one form of docstring, one rule for annotations (design.md)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(
    {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("course/**/*.py")}
)
MANY = 4  # more fields or arguments than this get a line each


def public(package):
    """(place, node) of every public function, method and class of a package's modules."""
    for path in sorted((ROOT / package).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        scopes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
        for scope in scopes:
            if getattr(scope, "name", "").startswith("_"):
                continue
            for node in scope.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                    yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}", node


def arguments(node):
    found = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [one for one in found if one.arg not in ("self", "cls")]


def names(node):
    """The fields of a class or the arguments of a function."""
    if isinstance(node, ast.FunctionDef):
        return [one.arg for one in arguments(node)]
    fields = (one for one in node.body if isinstance(one, ast.AnnAssign))
    return [one.target.id for one in fields if not one.target.id.startswith("_")]


def without_a_line(node):
    """The names that the docstring of a long signature or record does not give a line of its own.

    A line may name several that belong together: `low, high: …`.
    """
    section = "Args" if isinstance(node, ast.FunctionDef) else "Attributes"
    _, found, text = (ast.get_docstring(node) or "").partition(f"{section}:\n")
    lines = re.findall(r"^    ([\w, *]+)(?: \(.*?\))?: ", text, re.MULTILINE) if found else []
    told = {name.strip(" *") for line in lines for name in line.split(",")}
    return [name for name in names(node) if name not in told]


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_described_in_words_and_not_annotated(package):
    annotated = [
        place
        for place, node in public(package)
        if isinstance(node, ast.FunctionDef)
        and (node.returns or any(one.annotation for one in arguments(node)))
    ]
    assert annotated == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_docstring_opens_with_a_sentence(package):
    wanted = [
        place
        for place, node in public(package)
        if (text := ast.get_docstring(node)) is not None
        and not re.match(r"[^\n]*(\n[^\n]+)*[.:?]", text)
    ]
    assert wanted == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_long_signature_or_record_gives_each_name_a_line(package):
    wanted = [
        f"{place}: {', '.join(missing)}"
        for place, node in public(package)
        if len(names(node)) > MANY and (missing := without_a_line(node))
    ]
    assert wanted == []
