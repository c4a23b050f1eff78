"""The check-up: what it finds, and that its estimates scale."""

import tomllib

import pytest

from course.start import checkup


def test_it_names_versions_machine_speed_and_every_chapter():
    found = {what: (value, remark) for what, value, remark in checkup.check_up().rows}
    assert {"Python", "torch", "processor", "memory", "disk", "GPU", "matrix product"} <= set(found)
    chapters = {path.stem for path in checkup.ROOT.glob("notebooks/*.ipynb")}
    assert chapters <= set(found), "run `python -m course.start.checkup measure`"


def test_a_missing_package_is_told(monkeypatch):
    def missing(name):
        raise checkup.importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(checkup.importlib.metadata, "version", missing)
    assert ("torch", "missing") in [row[:2] for row in checkup.check_up().rows]


@pytest.mark.parametrize("slower", [0.5, 1, 3])
def test_a_slower_machine_takes_longer_in_proportion(slower):
    assert checkup.estimated_seconds(10, 0.02, 0.02 * slower) == pytest.approx(10 * slower)


def test_speeds_are_positive_and_of_a_computer():
    assert 1e7 < checkup.flop_per_s(size=64, seconds=0.02) < 1e15
    assert 1e-4 < checkup.loop_seconds() < 10


def test_no_chapter_passes_the_thirty_seconds_that_the_course_allows_nor_a_lab_sixty():
    table = tomllib.loads(checkup.TIMINGS.read_text(encoding="utf-8"))
    for name, seconds in table["seconds"].items():
        assert seconds < (60 if "_lab_" in name else 30), name
