"""Every picture of chapter 4 is drawn whole, with units, and its words lie apart."""

import inspect
import io
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from course.data import DataExhaustionForecast, plots
from course.data.study import mixtures, quality, repetition
from course.figures import new_figure, png

STILL = {
    plots.draw_worth: (repetition, {}),
    plots.draw_repetition: (repetition, {"rows": 1, "columns": 2, "width": 9.6, "sharey": True}),
    plots.draw_quality: (quality, {"width": 9, "height": 3.4}),
    plots.draw_supply_and_demand: (DataExhaustionForecast, {}),
    plots.draw_remedies: (lambda: DataExhaustionForecast().remedies(), {"width": 8.6}),
    plots.draw_mixtures: (mixtures, {}),
    plots.draw_best_mixture: (mixtures, {}),
}
MOVING = {plots.draw_epochs, plots.draw_run_out}


def drawn(draw):
    make, size = STILL[draw]
    figure, axes = new_figure(**size)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(axes, make())
        picture = png(figure)
    return figure, np.ravel(axes), picture


def test_no_picture_is_left_out():
    functions = inspect.getmembers(plots, inspect.isfunction)
    assert {f for name, f in functions if name.startswith("draw_")} == STILL.keys() | MOVING


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_a_picture_has_units_and_only_finite_points(draw):
    _, many, picture = drawn(draw)
    assert np.asarray(Image.open(io.BytesIO(picture)).convert("L")).std() > 10
    for axes in many:
        assert re.search(r"\(.+\)$", axes.get_xlabel())
        for line in axes.get_lines():
            assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()
    named = any(re.search(r"[a-z]", t.get_text()) for t in many[0].get_yticklabels())
    assert named or re.search(r"\(.+\)$", many[0].get_ylabel())


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_no_words_cover_others_or_leave_the_picture(draw):
    figure, many, _ = drawn(draw)
    renderer = figure.canvas.get_renderer()
    words = [t for axes in many for t in axes.texts if t.get_text().strip()]
    boxes = [t.get_window_extent(renderer) for t in words]
    for rank, box in enumerate(boxes):
        assert figure.bbox.padded(1).contains(*box.min)
        assert figure.bbox.padded(1).contains(*box.max)
        for other in boxes[:rank]:
            assert not box.padded(-2).overlaps(other.padded(-2))


def test_the_measured_points_are_all_shown():
    _, many, _ = drawn(plots.draw_repetition)
    shown = sum(
        len(line.get_xdata())
        for axes in many
        for line in axes.get_lines()
        if line.get_linestyle() == "None"
    )
    assert shown == sum(len(curve.epochs) for curve in repetition().curves)


def test_the_rings_are_the_lowest_points():
    _, (axes,), _ = drawn(plots.draw_mixtures)
    lines = axes.get_lines()
    for curve, ring in zip(lines[::2], lines[1::2], strict=True):
        x, y = curve.get_data()
        assert ring.get_xdata()[0] == x[y.argmin()]
        assert ring.get_ydata()[0] == y.min()
