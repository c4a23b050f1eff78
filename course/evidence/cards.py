"""Several claims at once, as one table."""

from course.evidence.registry import VERDICTS, _escape, claim


class Cards(tuple):
    """Claims shown as a table in a notebook, a line each elsewhere."""

    def __repr__(self):
        return "\n".join(str(one) for one in self)

    def _repr_html_(self):
        from course.display import Markup, table  # here, so that claims load without numpy

        header = ("", "The document says", "Verdict", "The evidence")
        rows = (
            (
                f"<b>{one.id}</b><br>{_escape(one.place)}",
                _escape(one.claim),
                f"<b>{VERDICTS[one.verdict]} {one.verdict}</b>",
                _escape(one.correction),
            )
            for one in self
        )
        return table("", header, (map(Markup, cells) for cells in rows))


def cards(*ids):
    """The claims of these ids, such as cards("K005", "K006"); ValueError for one unknown."""
    return Cards(claim(id) for id in ids)
