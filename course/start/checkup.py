"""The machine's check-up: what is installed, what computes, and how long the course takes here.

`python -m course.start.checkup measure` runs every chapter once and writes `timings.toml`, the
table that estimates scale from: seconds on a reference machine, and of a small loop there.
"""

import importlib.metadata
import os
import platform
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from course.display import table

ROOT = Path(__file__).resolve().parents[2]
TIMINGS = Path(__file__).with_name("timings.toml")


@dataclass(frozen=True)
class CheckUp:
    """Rows of (what, found, remark); shown as a table in a notebook."""

    rows: tuple

    def __repr__(self):
        return "\n".join(f"{w:<22} {found:<34} {remark}".rstrip() for w, found, remark in self.rows)

    def _repr_html_(self):
        return table("", ("What", "Found here", "What it means"), self.rows)


def check_up():
    """Versions, processor, memory, GPU if any, speed, and the estimated time of each chapter."""
    return CheckUp((*_versions(), *_machine(), _speed(flop_per_s()), *_chapters(loop_seconds())))


def flop_per_s(size=768, seconds=0.3):
    """Measured FLOP/s of a float32 matrix product: 2·size³ FLOP each, the best of several."""
    a = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    best, stop = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < stop:
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def loop_seconds():
    """Seconds of a fixed loop of plain Python, the best of several: what chapters mostly do."""
    best = np.inf
    for _ in range(9):
        start = time.perf_counter()
        sum(i * i for i in range(200_000))
        best = min(best, time.perf_counter() - start)
    return best


def estimated_seconds(seconds_there, loop_there, loop_here):
    """Seconds here, if a chapter takes as many times longer as the loop does. A rough guide."""
    return seconds_there * loop_here / loop_there


def _versions():
    python = platform.python_version()
    yield "Python", python, "fine" if sys.version_info >= (3, 11) else "too old: 3.11 or newer"
    for name in ("jupyterlab", "numpy", "matplotlib", "ipywidgets", "torch"):
        try:
            yield name, importlib.metadata.version(name), "installed"
        except importlib.metadata.PackageNotFoundError:
            yield name, "missing", "run `make lab` once more: it installs what is missing"


def _machine():
    import torch

    memory, free = psutil.virtual_memory().total, psutil.disk_usage(os.getcwd()).free
    yield "system", f"{platform.system()} on {platform.machine()}", ""
    cores = psutil.cpu_count(logical=False) or os.cpu_count()
    yield "processor", f"{cores} cores, {torch.get_num_threads()} threads used", ""
    yield (
        "memory",
        f"{memory / 2**30:.1f} GiB",
        "enough" if memory > 3 * 2**30 else "tight: close other programs while a chapter trains",
    )
    yield (
        "disk",
        f"{free / 1e9:.0f} GB free",
        "enough" if free > 1e9 else "nearly full: saving notebooks may fail",
    )
    if torch.cuda.is_available():
        yield "GPU", torch.cuda.get_device_name(), "seen; the course uses the processor unless told"
    else:
        yield "GPU", "none", "none is needed: every chapter runs on the processor"


def _speed(rate):
    return "matrix product", f"{rate / 1e9:,.0f} GFLOP/s (float32)", "measured just now"


def _chapters(loop_here):
    if not TIMINGS.exists():
        return
    table = tomllib.loads(TIMINGS.read_text(encoding="utf-8"))
    for name, seconds in table["seconds"].items():
        here = estimated_seconds(seconds, table["loop_seconds"], loop_here)
        yield name, f"about {here:.0f} s to run", f"{seconds:.0f} s on the reference machine"


def measure():
    """Run every chapter in a fresh kernel and write the table of times."""
    import nbformat
    from nbclient import NotebookClient

    lines = [
        "# Written by `python -m course.start.checkup measure`; see checkup.py.",
        f"loop_seconds = {loop_seconds():.3g}",
        "[seconds]",
    ]
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}})
        client.widget_registry = {}
        start = time.perf_counter()
        client.execute()
        lines.append(f'"{path.stem}" = {time.perf_counter() - start:.1f}')
        print(lines[-1], flush=True)
    TIMINGS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["measure"]:
        sys.exit(__doc__)
    measure()
