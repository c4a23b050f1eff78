"""One list of dependencies: pyproject.toml. The lock and environment.yml follow it."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from jupytext.config import (
    find_jupytext_configuration_file,
    load_jupytext_configuration_file,
)
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = [
    line
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    if line[:1] not in "# "
]


def _name(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_every_dependency_is_pinned_in_the_lock():
    wanted = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        wanted += extra
    pinned = {_name(line) for line in LOCK}
    assert {_name(w) for w in wanted} <= pinned


def test_the_lock_pins_exact_versions_and_names_no_address():
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in LOCK), LOCK


def test_versions_stand_in_the_lock_only():
    assert all(re.fullmatch(r"[\w-]+", d) for d in PROJECT["dependencies"])


def test_settings_are_ascii():
    """jupytext reads pyproject.toml in the system's encoding, which in China is often GBK."""
    (ROOT / "pyproject.toml").read_text(encoding="ascii")


def test_conda_takes_the_same_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, section = environment["dependencies"]
    assert pip == "pip"
    assert section["pip"] == ["--constraint requirements.lock", "--editable .[test]"]
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert re.fullmatch(rf"python >={re.escape(lowest)},<3\.\d+", python)
    assert environment["channels"] == ["conda-forge", "nodefaults"]


# --- the lock serves each Python and system that README names -------------------------------------

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST, LAST = map(int, re.search(r"Python 3\.(\d+) to 3\.(\d+)", README).groups())
PYTHONS = [f"3.{minor}" for minor in range(FIRST, LAST + 1)]
# Debian 12 brings Python 3.11.2. What pip takes for each system, the newest tag first.
SYSTEMS = {
    "Linux x86-64": ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"],
    "Linux arm64": ["manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    "Windows": ["win_amd64"],
    "macOS on Apple silicon": ["macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64"],
}


def test_every_pin_takes_the_first_release_of_each_python():
    """Debian 12 has 3.11.2, and soupsieve 4 needs 3.11.5: pip then tried older versions of all."""
    pins = dict(line.split("==") for line in LOCK)
    pins = {_name(name): version for name, version in pins.items()}
    seen, refused = set(), []
    for distribution in distributions():
        name = _name(distribution.metadata["Name"])
        if pins.get(name) != distribution.version.partition("+")[0]:
            continue
        seen.add(name)
        allowed = SpecifierSet(distribution.metadata.get("Requires-Python", ""))
        wrong = [python for python in PYTHONS if f"{python}.0" not in allowed]
        refused += [(name, str(allowed), wrong)] if wrong else []
    assert refused == []
    # What is installed is what the lock says, but for what belongs to other systems.
    assert len(pins.keys() - seen) <= 3, pins.keys() - seen


def test_the_range_of_pythons_is_the_same_everywhere():
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    conda = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert f"python >={PYTHONS[0]},<3.{LAST + 1}\n" in conda
    bootstrap = (ROOT / "bootstrap.py").read_text(encoding="utf-8")
    assert f"sys.version_info < (3, {FIRST})" in bootstrap
    assert f"Try Python {PYTHONS[0]} to {PYTHONS[-1]}." in bootstrap
    for python in PYTHONS:
        assert f'"{python}"' in bootstrap


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_pin_has_a_wheel(python, system, tmp_path):
    """For the first release of a Python. pip reads names and metadata only, nothing is fetched.

    Asked for are the packages whose wheel here is for one system: wheels of pure Python fit all.
    Packages that only one system needs and that the lock does not hold, such as pywinpty, are not
    looked at: pip judges the conditions on the system it runs on.
    """
    asked = [sys.executable, "-m", "pip", "index", "versions", "pip", "--timeout=20"]
    if subprocess.run(asked, capture_output=True, timeout=300, check=False).returncode:
        pytest.skip("no package registry answers pip here")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--quiet"]
    command += ["--ignore-installed", "--only-binary=:all:", f"--target={tmp_path}"]
    command += [f"--platform={tag}" for tag in SYSTEMS[system]]
    command += [f"--python-version={python}.0"]
    built = {
        _name(distribution.metadata["Name"])
        for distribution in distributions()
        if not re.search(r"^Tag: .*-any$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    }
    pins = [line for line in LOCK if _name(line) in built]
    assert len(pins) > 20
    command += pins
    found = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert found.returncode == 0, found.stderr[-2000:]


def test_saving_a_notebook_writes_no_text_beside_it():
    """JupyterLab from the root of the course, with jupytext's extension: neither the learner's copy
    nor the course's notebooks are paired with texts."""
    for notebook in ("work/notebooks/00_start_here.ipynb", "notebooks/00_start_here.ipynb"):
        config = find_jupytext_configuration_file(str((ROOT / notebook).parent))
        config = load_jupytext_configuration_file(config) if config else None
        assert config is None or config.default_formats(notebook) is None
