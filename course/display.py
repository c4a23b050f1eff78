"""How results look in a notebook: small HTML tables with units, text set left, numbers right."""

import html
import re

import numpy as np

from course.units import format_count, format_flop

_NUMBER = re.compile(r"[-+−≈<>≤≥ ]*\d")


class Markup(str):
    """HTML that goes into a table cell as it is; all other text is escaped."""


def table(caption, header, rows):
    """An HTML table with its columns of numbers set right and its columns of text left.

    Args:
        caption: the line above the table; "" for none.
        header: the column titles, text; empty for a table without titles.
        rows: sequences of cells, text or `Markup`. A column is one of numbers where every cell
            that is not empty begins with a digit or a sign and a digit.
    """
    rows = [tuple(cells) for cells in rows]
    columns = list(zip(*rows, strict=True))
    numeric = [all(_NUMBER.match(cell) for cell in column if cell) for column in columns]
    pairs = zip(numeric, columns, strict=True)
    sides = ["right" if one and any(column) else "left" for one, column in pairs]

    def row(cells, tag):
        inside = "".join(
            f'<{tag} style="text-align:{side}">{_cell(cell)}</{tag}>'
            for cell, side in zip(cells, sides or ["left"] * len(cells), strict=True)
        )
        return f"<tr>{inside}</tr>"

    top = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    titles = f"<thead>{row(header, 'th')}</thead>" if header else ""
    body = "".join(row(cells, "td") for cells in rows)
    return f"<table>{top}{titles}<tbody>{body}</tbody></table>"


def _cell(text):
    return text if isinstance(text, Markup) else html.escape(text)


def count(value):
    """A count of parameters or tokens: 72.2B; for an array its first and last."""
    return _each(value, format_count)


def flop(value):
    """5.76e23 FLOP; for an array its first and last."""
    return _each(value, format_flop)


def number(value, spec=".3f"):
    """A plain number in `spec`; for an array its first and last."""
    return _each(value, lambda one: format(one, spec))


def _each(value, format_one):
    values = [float(one) for one in np.ravel(value)]
    if len(values) == 1:
        return format_one(values[0])
    return f"{format_one(values[0])} … {format_one(values[-1])} ({len(values)} values)"
