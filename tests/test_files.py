"""A file that another program holds for a moment is replaced all the same."""

import os

import pytest

from course import files


@pytest.fixture
def refusals(monkeypatch):
    """Let `os.replace` be refused `n` times; returns the list of waits."""
    real, waits = os.replace, []

    def refuse(n):
        left = iter(range(n))

        def replace(source, target):
            if next(left, None) is not None:
                raise PermissionError(13, "held by a virus scanner")
            return real(source, target)

        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(files.time, "sleep", waits.append)
        return waits

    return refuse


def test_a_refused_replacement_is_tried_again(tmp_path, refusals):
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    waits = refusals(3)
    files.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "new"
    assert not (tmp_path / "new").exists()
    assert len(waits) == 3


def test_it_gives_up_within_two_seconds_and_says_so(tmp_path, refusals):
    (tmp_path / "new").write_text("new")
    waits = refusals(100)
    with pytest.raises(PermissionError):
        files.replace(tmp_path / "new", tmp_path / "old")
    assert sum(waits) < 2


def test_another_error_is_not_waited_for(tmp_path, refusals):
    waits = refusals(0)
    with pytest.raises(FileNotFoundError):
        files.replace(tmp_path / "missing", tmp_path / "old")
    assert waits == []
