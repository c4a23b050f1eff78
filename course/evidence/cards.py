"""Several claims at once, as one table."""

from course.evidence.registry import VERDICTS, _escape, claim


class Cards(tuple):
    """Claims shown as a table in a notebook, a line each elsewhere."""

    def __repr__(self):
        return "\n".join(str(each) for each in self)

    def _repr_html_(self):
        from course.display import Markup, table  # here, so that claims load without numpy

        header = ("", "The document says", "Verdict", "The evidence")
        rows = (
            (
                f"<b>{each.id}</b><br>{_escape(each.place)}",
                _escape(each.claim),
                f"<b>{VERDICTS[each.verdict]} {each.verdict}</b>",
                _escape(each.correction),
            )
            for each in self
        )
        return table("", header, (map(Markup, cells) for cells in rows))


def cards(*ids):
    """The claims of these ids, such as cards("K005", "K006"); ValueError for an unknown id."""
    return Cards(claim(id) for id in ids)
