"""Real text for the tests: the source of Python's standard library, which every machine has."""

import functools
import sysconfig
from pathlib import Path

PACKAGES = ("asyncio", "email", "json", "unittest", "multiprocessing", "encodings")


@functools.cache
def package(name):
    """{file name: source} of one package, in a fixed order."""
    root = Path(sysconfig.get_path("stdlib")) / name
    files = sorted(root.glob("*.py"))
    return {one.name: one.read_text(encoding="utf-8", errors="replace") for one in files}


@functools.cache
def source(name):
    """All source of one package as one text."""
    return "\n".join(package(name).values())


def pieces(name, n_chars=1500, most=40):
    """Consecutive pieces of one package's source."""
    text = source(name)
    return [text[at : at + n_chars] for at in range(0, len(text) - n_chars, n_chars)][:most]
