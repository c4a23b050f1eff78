"""Explorers of chapter 3: every setting draws, and the sentence says what the picture shows."""

import time

import numpy as np
import pytest

from course.figures import new_figure
from course.moe import plots
from course.moe.explorer import START, what_does_an_expert_cost, who_gets_which_token
from course.moe.routing_study import expert_of_each_byte
from course.moe.views import byte_view, cost_view

EXPLORERS = [who_gets_which_token, what_does_an_expert_cost]


def settings_of(control):
    if not hasattr(control, "options"):
        return ["a", "$x$ = ${y}$", "\\alpha_1 % #", "语言 é", "<b>&amp;", "x" * 64]
    options = control.options
    values = options.values() if isinstance(options, dict) else options
    return [value[1] if isinstance(value, tuple) else value for value in values]


@pytest.mark.parametrize("make", EXPLORERS, ids=lambda make: make.__name__)
def test_every_setting_of_every_control_gives_a_picture(make):
    """Moved as a learner moves it, and back to the start."""
    explorer = make()
    image, sentence = explorer.widget.children[-2:]
    start, pictures, refused = image.value, set(), []
    for control in explorer.controls.values():
        was = control.value
        for value in settings_of(control):
            control.value = value
            if "No result" in sentence.value:
                refused.append(sentence.value)
            assert "nan" not in sentence.value
            pictures.add(image.value)
        control.value = was
    assert image.value == start
    assert len(pictures) >= 8
    assert all("top_k must be at most n_experts" in words for words in refused)
    assert len(refused) == (2 if make is what_does_an_expert_cost else 0)  # E = 1, and k = 16


@pytest.mark.parametrize(
    ("draw", "result"),
    [
        (plots.draw_expert_costs, lambda: cost_view(8, 2, 1)),
        (plots.draw_byte_routes, lambda: byte_view(START, 0)),
    ],
    ids=("costs", "bytes"),
)
def test_a_moving_picture_is_finite_and_readable_without_colour(draw, result):
    _, axes = new_figure()
    draw(axes)(result())
    looks = []
    for line in axes.get_lines():
        assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()
        if line.get_animated():
            looks.append(
                (
                    str(line._dash_pattern),
                    line.get_marker(),
                    line.get_linewidth(),
                    line.get_markersize(),
                )
            )
    assert len(looks) == len(set(looks))


def numbers_in(axes):
    """[first, second] expert of each tile of the first row, as the picture has them."""
    found = {}
    for line in axes.get_lines():
        for x in line.get_xdata() if str(line.get_marker()).startswith("$") else ():
            found.setdefault(int(x), []).append((x % 1, int(line.get_marker().strip("$"))))
    return [[expert for _, expert in sorted(found[place])] for place in sorted(found)]


def test_tiles_carry_the_byte_and_its_experts_as_words():
    _, axes = new_figure()
    plots.draw_byte_routes(axes)(byte_view("a b$", 1))
    letters = [text for text in axes.texts if text.get_family() == ["monospace"]]
    assert [text.get_text() for text in letters if text.get_visible()] == ["a", "␣", "b", "$"]
    assert numbers_in(axes) == expert_of_each_byte("a b$").experts[1].tolist()


def test_a_shorter_text_leaves_no_tile_of_the_longer_one():
    _, axes = new_figure()
    update = plots.draw_byte_routes(axes)
    update(byte_view("x" * 64, 0))
    update(byte_view("xy", 0))
    letters = [text for text in axes.texts if text.get_family() == ["monospace"]]
    assert sum(text.get_visible() for text in letters) == 2
    assert letters[1].get_text() == "y"
    assert len(numbers_in(axes)) == 2


def test_pairs_are_counted_as_a_learner_would():
    view = byte_view("aab", 2)
    first = view.experts[:, 0]
    assert view.same_character == float(first[0] == first[1])
    pairs = [first[0] == first[1], first[0] == first[2], first[1] == first[2]]
    assert view.any_pair == pytest.approx(np.mean(pairs))
    assert view.shares.sum() == pytest.approx(1)
    assert byte_view("abc", 0).same_character is None
    assert byte_view("a", 0).any_pair is None


def test_the_sentence_of_who_gets_which_token():
    explorer = who_gets_which_token()
    view = byte_view(START, 0)
    words = explorer.sentence()
    assert f"{len(START)} bytes, each passes 2 of 8 experts" in words
    assert f"Expert {view.shares.argmax()} takes {view.shares.max():.0%}" in words
    assert f"in {view.same_character:.0%} of the pairs" in words
    assert view.same_character > 2 * view.any_pair  # a character has its way in the first layer
    assert "No character comes twice" in explorer.sentence(text="abc")
    assert words != explorer.sentence(layer=2)
    with pytest.raises(ValueError, match="layer must be 0 to 2"):
        byte_view("abc", 3)


def test_too_long_or_empty_a_text_is_refused_in_words():
    explorer = who_gets_which_token()
    image, sentence = explorer.widget.children[-2:]
    good = image.value
    for bad, why in (("", "at least one character"), ("语" * 22, "at most 64 bytes")):
        explorer.controls["text"].value = bad
        assert "No result" in sentence.value
        assert why in sentence.value
        assert image.value != good
    explorer.controls["text"].value = START
    assert image.value == good


def test_it_keeps_up_with_typing():
    explorer = who_gets_which_token()
    seconds = []
    for length in range(40, 49):
        start = time.thread_time()
        explorer.controls["text"].value = "x" * length
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 0.2
