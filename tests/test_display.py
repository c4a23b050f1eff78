"""Tables of results: escaped, with text set left and numbers right."""

import re

import pytest

from course.display import Markup, count, flop, number, table


def sides(html, tag):
    return re.findall(rf'<{tag} style="text-align:(\w+)">', html)


def test_a_column_of_numbers_stands_right_and_one_of_text_left():
    made = table(
        "Two models", ("", "N", "note"), [("small", "13B", "3 of 4"), ("big", "−2", "none")]
    )
    assert sides(made, "th") == ["left", "right", "left"]
    assert sides(made, "td") == ["left", "right", "left"] * 2
    assert made.startswith("<table><caption>Two models</caption><thead>")


def test_text_is_escaped_and_markup_is_not():
    made = table("a < b", ("<i>",), [("<script>",), (Markup("<b>K1</b>"),)])
    assert "<script>" not in made
    assert "&lt;script&gt;" in made
    assert "<b>K1</b>" in made
    assert "<caption>a &lt; b</caption>" in made


def test_without_caption_titles_or_rows():
    assert table("", (), [("x", "1")]).startswith("<table><tbody>")
    assert sides(table("", ("a", "b"), []), "th") == ["left", "left"]
    with pytest.raises(ValueError, match="zip"):
        table("", ("a",), [("1",), ("1", "2")])


def test_arrays_show_their_ends():
    assert count([1e9, 2e9, 13e9]) == "1B … 13B (3 values)"
    assert flop(5.76e23) == "5.76e23 FLOP"
    assert number(0.5) == "0.500"
