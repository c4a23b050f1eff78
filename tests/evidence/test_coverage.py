"""Every section of the documents is mirrored by the chapter that owns it, or owed by name.

A chapter's text mirrors a section by a Markdown heading with its place and its exact title, such as
`# ## 1.1 How loss falls · A §1.1 Scaling Law的发现`; more of them are parted by `;`, and the
heading's own title may be missing.
"""

import re
from pathlib import Path

import pytest

from course.evidence import chapters, sections

TEXTS = Path(__file__).resolve().parents[2] / "notebooks" / "text"
# A ratchet: the sections of chapters without a text. When it falls, it is lowered here.
OWED = 51


def headings(text):
    """The headings in the Markdown cells of a text in the percent format."""
    found, markdown = [], False
    for line in text.splitlines():
        if line.startswith("# %%"):
            markdown = "[markdown]" in line
        elif markdown and (match := re.match(r"# #+ (.*)", line)):
            found.append(match[1])
    return found


def places_in(text):
    """What its headings say after their own title and a dot: {"A §1.1 Scaling Law的发现", ...}."""
    parts = (heading.rpartition(" · ")[2].split(";") for heading in headings(text))
    return {part.strip() for heading in parts for part in heading}


def mirrored_sections(chapter, folder=TEXTS):
    """The sections that the texts of a chapter mirror; None if it has no text yet."""
    texts = [path.read_text(encoding="utf-8") for path in folder.glob(f"{chapter:02}_*.py")]
    if not texts:
        return None
    said = set().union(*map(places_in, texts))
    return [s for s in sections() if f"{s.place} {s.title}" in said]


def owned(chapter):
    return [s for s in sections() if s.chapter == chapter]


def test_sections_are_unique_and_owned_by_a_chapter():
    assert len(sections()) == 118
    assert len({s.place for s in sections()}) == len(sections())
    assert {s.chapter for s in sections()} == {c.number for c in chapters()} == set(range(14))
    for s in sections():
        assert re.fullmatch(r"(A'|[ABCD]) (keywords|§\d+(\.\d+)?( Q\d| Step \d)?)", s.place), (
            s.place
        )
        assert s.title == s.title.strip() != ""


def test_chapters_have_a_number_in_their_slug():
    for c in chapters():
        assert re.fullmatch(rf"{c.number:02}_[a-z_]+", c.slug)


@pytest.mark.parametrize("chapter", chapters(), ids=lambda c: c.slug)
def test_a_text_mirrors_every_section_of_its_chapter(chapter):
    mirrored = mirrored_sections(chapter.number)
    if mirrored is None:
        assert owned(chapter.number)  # owed: counted below
        return
    missing = [f"{s.place} {s.title}" for s in owned(chapter.number) if s not in mirrored]
    assert not missing, f"no heading for: {'; '.join(missing)}"


def test_the_number_of_sections_without_a_text():
    owed = {
        c.slug: [s.place for s in owned(c.number)]
        for c in chapters()
        if mirrored_sections(c.number) is None
    }
    number = sum(map(len, owed.values()))
    assert number == OWED, f"now {number}: write that number into this test if it fell; owed {owed}"


TEXT = """
# %% [markdown]
# # 1. Scaling laws
# ## 1.1 How loss falls · A §1.1 Scaling Law的发现; B §1.1 问题由来
# Prose about A §1.2 计算最优配置.
# ## 1.2 Without its title · A §1.2
# ## 1.3 Another title · C §1.2 研究
# ### C §1.3 研究意义; C §1.4 本文结构
# %%
# ## 1.4 A comment in code · C §1.1 问题的由来
"""
FOUND = ["A §1.1", "B §1.1", "C §1.3", "C §1.4"]


def test_a_heading_counts_with_place_and_exact_title_only(tmp_path):
    (tmp_path / "01_scaling_laws.py").write_text(TEXT, encoding="utf-8")
    assert [s.place for s in mirrored_sections(1, tmp_path)] == FOUND
    assert mirrored_sections(2, tmp_path) is None


def test_a_second_notebook_of_a_chapter_counts_too(tmp_path):
    (tmp_path / "01_scaling_laws.py").write_text(TEXT, encoding="utf-8")
    (tmp_path / "01_lab_fit.py").write_text(
        "# %% [markdown]\n# ### Fit · C §1.2 研究现状\n", encoding="utf-8"
    )
    assert [s.place for s in mirrored_sections(1, tmp_path)] == sorted([*FOUND, "C §1.2"])
