"""Text is read and written as UTF-8 whatever the system's locale: each call names its encoding."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = [ROOT / "bootstrap.py"]
for folder in ("course", "tests", "solutions"):
    FILES += sorted((ROOT / folder).rglob("*.py"))


def unnamed(tree):
    """Lines of the calls that read or write text in the encoding of the locale."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        by_path = isinstance(node.func, ast.Attribute)
        name = node.func.attr if by_path else getattr(node.func, "id", "")
        options = {option.arg: option.value for option in node.keywords}
        if options.keys() & {"encoding", None}:
            continue
        if name == "open":
            places = node.args[:1] if by_path else node.args[1:2]
            mode = next((ast.unparse(part) for part in (*places, options.get("mode")) if part), "")
            a_file = not by_path or not mode or mode.strip("'") in {"r", "w", "a", "x"}
            if a_file and "b" not in mode:
                yield node.lineno
        elif (name == "read_text" and not node.args) or (name == "write_text" and node.args):
            yield node.lineno


def test_every_read_and_write_names_its_encoding():
    found = []
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(ROOT)}:{line}" for line in unnamed(tree)]
    assert found == []


def test_the_check_sees_what_it_should():
    code = """
open("x"); open("x", "w"); path.read_text(); path.write_text("é"); path.open()
open("x", "rb"); open("x", encoding="utf-8"); path.open("wb"); os.open("file", FLAGS)
urllib.request.urlopen(address)
metadata.read_text("WHEEL"); path.write_text("é", encoding="utf-8")
"""
    assert list(unnamed(ast.parse(code))) == [2] * 5
