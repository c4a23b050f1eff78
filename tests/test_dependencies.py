"""One list of dependencies: pyproject.toml. The lock and environment.yml follow it."""

import re
import tomllib
from pathlib import Path

import yaml

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


def test_conda_takes_the_same_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, section = environment["dependencies"]
    assert pip == "pip"
    assert section["pip"] == ["--constraint requirements.lock", "--editable .[test]"]
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert re.fullmatch(rf"python >={re.escape(lowest)},<3\.\d+", python)
    assert environment["channels"] == ["conda-forge", "nodefaults"]
