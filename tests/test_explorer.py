"""The one widget pattern: errors are shown, never swallowed, and the picture is never stale."""

import io
import re
import time
from concurrent.futures import ThreadPoolExecutor

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

import course.explorer
from course.explorer import Explorer, choice, log_slider


def power(base, exponent):
    if exponent > 2:
        raise ValueError("exponent must be at most 2")
    if base == 7:
        raise ZeroDivisionError("seven")
    return base**exponent


def draw(axes):
    axes.set(xlim=(0, 10), ylim=(0, 100))
    (dot,) = axes.plot([], [], "o", animated=True)
    return lambda result: dot.set_data([result**0.5], [result])


def describe(result):
    return f"The result is <{result:g}>."


def explorer(**changes):
    controls = {"base": choice("Base", [2.0, 3.0, 7.0], 2.0)}
    advanced = {"exponent": widgets.IntSlider(value=1, min=1, max=3)}
    parts = dict(
        title="How large?",
        compute=power,
        draw=draw,
        describe=describe,
        controls=controls,
        advanced=advanced,
    )
    return Explorer(**(parts | changes))


def image_of(it):
    return next(w for w in it.widget.children if isinstance(w, widgets.Image)).value


def words_of(it):
    return re.fullmatch("<div [^>]*>(.*)</div>", it.widget.children[-1].value)[1]


def button_of(it):
    return next(w for w in it.widget.children if isinstance(w, widgets.Button))


def test_a_control_moves_picture_and_sentence():
    it = explorer()
    before = image_of(it)
    assert words_of(it) == "The result is &lt;2&gt;."
    it.controls["base"].value = 3.0
    assert words_of(it) == "The result is &lt;3&gt;."
    assert image_of(it) != before
    assert Image.open(io.BytesIO(image_of(it))).size == (792, 462)


def test_advanced_controls_work_and_reset_brings_all_back_with_one_redraw():
    calls = []

    def counted(**values):
        calls.append(values)
        return power(**values)

    it = explorer(compute=counted)
    start = image_of(it)
    it.controls["base"].value = 3.0
    it.controls["exponent"].value = 2
    assert words_of(it) == "The result is &lt;9&gt;."
    calls.clear()
    button_of(it).click()
    assert calls == [{"base": 2.0, "exponent": 1}]
    assert image_of(it) == start


def test_the_picture_of_a_value_does_not_depend_on_the_way_there():
    it = explorer()
    it.controls["base"].value = 3.0
    it.controls["exponent"].value = 3  # refused
    it.controls["exponent"].value = 2
    other = explorer()
    other.controls["exponent"].value = 2
    other.controls["base"].value = 3.0
    assert image_of(it) == image_of(other)


def test_a_slider_and_the_reset_button_in_two_threads_take_turns():
    """JupyterLab 4.6 runs a slider in a thread of its own and a button in the main thread."""
    inside, most = [], []

    def slow(**values):
        inside.append(values)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        return power(**values)

    it = explorer(compute=slow)
    start = image_of(it)
    it.controls["exponent"].value = 2
    with ThreadPoolExecutor() as threads:
        for _ in range(4):
            threads.submit(button_of(it).click)
            threads.submit(setattr, it.controls["base"], "value", 3.0)
    it.controls["base"].value = 2.0
    assert max(most) == 1
    assert words_of(it) == "The result is &lt;2&gt;."
    assert image_of(it) == start


def test_a_refused_value_is_explained_and_the_picture_greyed_until_a_good_one():
    it = explorer()
    good = image_of(it)
    it.controls["exponent"].value = 3
    assert words_of(it) == "<b>No result.</b> exponent must be at most 2"
    grey = np.asarray(Image.open(io.BytesIO(image_of(it))))
    assert grey.min() > 100
    assert image_of(it) != good
    it.controls["exponent"].value = 1
    assert image_of(it) == good
    assert words_of(it) == "The result is &lt;2&gt;."


def test_any_other_error_shows_its_type_and_does_not_leave_the_callback():
    it = explorer()
    it.controls["base"].value = 7.0
    assert words_of(it) == "<b>No result.</b> ZeroDivisionError: seven"
    it.controls["base"].value = 3.0
    assert words_of(it) == "The result is &lt;3&gt;."


def test_an_error_in_describe_or_update_is_shown_too():
    def fragile(result):
        if result == 3:
            raise KeyError("<three>")
        return "Fine."

    it = explorer(describe=fragile)
    it.controls["base"].value = 3.0
    assert words_of(it) == "<b>No result.</b> KeyError: &#x27;&lt;three&gt;&#x27;"


def test_picture_and_sentence_raise_and_leave_the_live_picture_alone():
    it = explorer()
    live = image_of(it)
    assert it.sentence(base=3.0) == "The result is <3>."
    assert it.picture(base=3.0) != it.picture()
    assert image_of(it) == live
    with pytest.raises(ValueError, match="exponent must be at most 2"):
        it.picture(exponent=3)
    with pytest.raises(ValueError, match="bass"):
        it.sentence(bass=3.0)


def test_the_live_view_is_the_same_picture_as_the_stored_one():
    it = explorer()
    it.controls["base"].value = 3.0
    live = Image.open(io.BytesIO(image_of(it)))
    stored = Image.open(io.BytesIO(it.picture(base=3.0)))
    assert np.array_equal(live, stored)


def test_one_output_live_and_as_picture_and_words(monkeypatch):
    shown = []
    monkeypatch.setattr(course.explorer, "display", lambda data, **_: shown.append(data))
    it = explorer()
    it.controls["base"].value = 3.0
    it._ipython_display_()
    (data,) = shown
    view = "application/vnd.jupyter.widget-view+json"
    assert set(data) == {view, "image/png", "text/plain"}
    assert data["text/plain"] == "How large? The result is <2>."
    assert data[view]["model_id"] == it.widget.model_id


def test_nothing_changes_its_height():
    image, sentence = explorer().widget.children[-2:]
    assert (image.width, image.height) == ("792", "462")
    assert sentence.layout.height


@pytest.mark.parametrize("count", [0, 4])
def test_three_main_controls_at_most(count):
    controls = {f"x{k}": widgets.IntSlider() for k in range(count)}
    with pytest.raises(ValueError, match="controls must be 1 to 3"):
        explorer(controls=controls)


def test_a_name_cannot_be_main_and_advanced():
    with pytest.raises(ValueError, match="base"):
        explorer(advanced={"base": widgets.IntSlider()})


def test_start_values_must_work():
    with pytest.raises(ValueError, match="exponent must be at most 2"):
        explorer(advanced={"exponent": widgets.IntSlider(value=3, max=5)})


def test_a_start_that_the_browser_would_move_is_refused():
    off = widgets.FloatSlider(value=1.25, min=1, max=2, step=0.1)
    with pytest.raises(ValueError, match=r"exponent starts at 1\.25, not on a step"):
        explorer(advanced={"exponent": off})


def moves_the_limits(axes):
    update = draw(axes)
    return lambda result: (update(result), axes.set_xlim(0, result))


def changes_the_title(axes):
    update = draw(axes)
    return lambda result: (update(result), axes.set_title(f"{result}"))


def draws_anew(axes):
    draw(axes)
    return lambda result: axes.plot([result], [result], "o")


def writes_on_the_figure(axes):
    draw(axes)
    return lambda result: axes.figure.text(0, 0, f"{result}")


@pytest.mark.parametrize(
    "wrong", [moves_the_limits, changes_the_title, draws_anew, writes_on_the_figure]
)
def test_what_blitting_would_not_show_is_refused(wrong):
    with pytest.raises(RuntimeError, match="animated=True"):
        explorer(draw=wrong)


def two_scales(axes):
    axes.set(xlim=(0, 10), ylim=(0, 1))
    right = axes.twinx()
    right.set_ylim(0, 100)
    (dot,) = right.plot([], [], "o", animated=True)
    return lambda result: dot.set_data([5], [result])


def test_what_moves_on_a_second_axes_is_drawn():
    it = explorer(draw=two_scales)
    assert it.picture(base=2.0) != it.picture(base=3.0)


def test_what_lies_higher_is_drawn_later():
    def covered(axes):
        axes.set_axis_off()
        for colour, zorder in (("red", 5), ("blue", 4)):
            axes.axvspan(0, 1, color=colour, zorder=zorder, animated=True)
        return lambda result: None

    middle = Image.open(io.BytesIO(explorer(draw=covered).picture())).getpixel((396, 231))
    assert middle == (255, 0, 0)


def nothing_moves(axes):
    axes.plot([1], [1])
    return lambda result: None


@pytest.mark.parametrize("wrong", [nothing_moves, lambda axes: axes.plot([], [], animated=True)])
def test_a_draw_function_of_the_wrong_shape_is_refused(wrong):
    with pytest.raises(ValueError, match="draw must"):
        explorer(draw=wrong)


def test_log_slider_has_tidy_values_and_readouts():
    slider = log_slider("Tokens D", 1e9, 1e11, 4e9)
    readouts = " ".join(readout for readout, _ in slider.options)
    assert readouts == "1B 1.5B 2B 3B 4B 5B 7B 10B 15B 20B 30B 50B 70B 100B"
    assert slider.value == 4e9


@pytest.mark.parametrize("bounds", [(0, 1, 1), (1, 10, 11), (10, 1, 5), (1, float("inf"), 1)])
def test_log_slider_refuses_bounds_out_of_order(bounds):
    low, high, start = bounds
    with pytest.raises(ValueError, match="log_slider"):
        log_slider("N", low, high, start)


@pytest.mark.parametrize("options", [{"none": None, "one": 1}, {"one": 1, "none": None}])
def test_none_is_a_choice_like_any_other(options):
    it = choice("Second", options, None)
    assert (it.value, it.label) == (None, "none")
    it.index = list(options).index("one")  # as the browser sets it
    assert (it.value, it.label) == (1, "one")
    it.index = list(options).index("none")
    assert (it.value, it.label, it.index) == (None, "none", list(options).index("none"))
    it.value = 1
    assert it.label == "one"
    it.value = None
    assert it.label == "none"


def test_a_choice_starts_at_one_of_its_values():
    with pytest.raises(ValueError, match="start must be one of"):
        choice("Law", {"a": 1}, "a")
