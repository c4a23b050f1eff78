"""A file is put in place even where another program holds it for a moment."""

import os

import pytest

from course import files


def test_a_refusal_that_passes_is_waited_for(tmp_path, monkeypatch):
    """As a virus scanner on Windows does: the first two calls are refused."""
    refusals, put = [1, 2], os.replace

    def guarded(source, target):
        if refusals:
            refusals.pop()
            raise PermissionError(13, "Access is denied")
        put(source, target)

    monkeypatch.setattr(os, "replace", guarded)
    (tmp_path / "new").write_text("answers", encoding="utf-8")
    (tmp_path / "old").write_text("older", encoding="utf-8")
    files.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text(encoding="utf-8") == "answers"
    assert refusals == []


def test_a_refusal_that_stays_is_raised_and_loses_nothing(tmp_path, monkeypatch):
    def refused(source, target):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(files, "WAITS_S", (0.001, 0.001))
    (tmp_path / "new").write_text("answers", encoding="utf-8")
    with pytest.raises(PermissionError):
        files.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "new").read_text(encoding="utf-8") == "answers"
