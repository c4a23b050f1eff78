"""The map of the course: chapters, the sections that each mirrors, whether it is written."""

from dataclasses import dataclass
from pathlib import Path

from course.display import table
from course.evidence import chapters, sections

TEXTS = Path(__file__).resolve().parents[2] / "notebooks" / "text"


@dataclass(frozen=True)
class ChapterMap:
    """Rows of (number, title, sections mirrored, written or not); a table in a notebook."""

    rows: tuple

    def __repr__(self):
        return "\n".join(
            f"{number:>2}  {title:<42} {'ready' if ready else 'to come':<8} {places}"
            for number, title, places, ready in self.rows
        )

    def _repr_html_(self):
        rows = (
            (str(number), title, "ready" if ready else "to come", places)
            for number, title, places, ready in self.rows
        )
        return table("", ("", "Chapter", "State", "Mirrors"), rows)


def chapter_map():
    """Every chapter with the documents' sections that it mirrors."""
    rows = []
    for chapter in chapters():
        places = [s.place for s in sections() if s.chapter == chapter.number]
        ready = (TEXTS / f"{chapter.slug}.py").exists()
        rows.append((chapter.number, chapter.title, _grouped(places), ready))
    return ChapterMap(tuple(rows))


def _grouped(places):
    """["A §1.1", "A §1.2", "B §1"] -> "A §1.1, §1.2; B §1"."""
    by_document = {}
    for place in places:
        document, rest = place.split(" ", 1)
        by_document.setdefault(document, []).append(rest)
    return "; ".join(f"{document} {', '.join(rest)}" for document, rest in by_document.items())
