"""The README shows what chapter 1 shows."""

import re
from pathlib import Path

from course.classroom.readme import PICTURE, picture
from course.evidence import chapters

ROOT = Path(__file__).resolve().parents[2]


def test_the_picture_is_that_of_the_chapter():
    assert PICTURE.read_bytes() == picture(), "run `make sync`"


def test_every_written_chapter_is_in_the_table_and_no_other():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\(notebooks/(\w+)\.ipynb\) \| ready", text))
    written = {path.stem for path in ROOT.glob("notebooks/*.ipynb")}
    assert shown == written
    assert {slug for slug in written if "_lab_" not in slug} <= {c.slug for c in chapters()}
