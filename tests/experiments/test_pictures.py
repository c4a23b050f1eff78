"""Pictures and explorers of the lab: whole, with units, and their sentences say what they show."""

import functools
import inspect
import io
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from course.experiments import approaches as comparisons
from course.experiments import flawed_studies, forecasts, plots, rates, study
from course.experiments.explorer import SEEDS, break_the_law, how_sure
from course.figures import new_figure, png


def frontier(axes):
    rows = study.measured("live")
    one = [row for row in rows if row["seed"] == 0]
    plots.draw_frontier(axes, study.frontier(study.measured("isoflop")), one, rows)


@functools.cache
def approaches():
    return comparisons.compare_approaches(study.measured("isoflop"), n_samples=60)


STILL = {
    plots.draw_frontier: frontier,
    plots.draw_valleys: lambda axes: plots.draw_valleys(axes, study.measured("isoflop")),
    plots.draw_rates: lambda axes: plots.draw_rates(
        axes, rates.rate_studies(study.measured("learning_rate"))
    ),
    plots.draw_sizes: lambda axes: plots.draw_sizes(axes, approaches()),
    plots.draw_exponent: lambda axes: plots.draw_exponent(axes, approaches().fits["2. parabolas"]),
}
SHAPES = {plots.draw_valleys: {"width": 9, "height": 5.6}}
MOVING = {plots.draw_forecast, plots.draw_flawed_study}


@pytest.fixture(scope="module", autouse=True)
def few_samples():
    """Enough for an interval; what is shown does not depend on how many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "SAMPLES", 40)
        _forget()
        yield
    _forget()


def _forget():
    for function in (forecasts.forecast, flawed_studies.flawed_study, flawed_studies.best_study):
        function.cache_clear()


@functools.cache
def of(explorer):
    """One of each is enough: asking it changes nothing in it."""
    return explorer()


@functools.cache
def drawn(draw):
    figure, axes = new_figure(**SHAPES.get(draw, {}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        STILL[draw](axes)
        picture = png(figure)
    return figure, axes, picture


def test_no_picture_is_left_out():
    functions = inspect.getmembers(plots, inspect.isfunction)
    assert {f for name, f in functions if name.startswith("draw_")} == STILL.keys() | MOVING


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_a_picture_has_units_and_only_finite_points(draw):
    _, axes, picture = drawn(draw)
    assert np.asarray(Image.open(io.BytesIO(picture)).convert("L")).std() > 10
    assert re.search(r"\(.+\)$", axes.get_xlabel())
    assert re.search(r"\(.+\)$", axes.get_ylabel())
    for line in axes.get_lines():
        assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_no_words_cover_others_or_leave_the_picture(draw):
    figure, axes, _ = drawn(draw)
    renderer = figure.canvas.get_renderer()
    boxes = [t.get_window_extent(renderer) for t in axes.texts if t.get_text().strip()]
    for rank, box in enumerate(boxes):
        assert figure.bbox.padded(1).contains(*box.min)
        assert figure.bbox.padded(1).contains(*box.max)
        for other in boxes[:rank]:
            assert not box.padded(-2).overlaps(other.padded(-2))


def test_every_run_stands_in_the_picture_of_the_valleys():
    _, axes, _ = drawn(plots.draw_valleys)
    points = {
        tuple(point)
        for line in axes.get_lines()
        if line.get_linestyle() == "None"
        for point in np.column_stack(line.get_data())
    }
    low, high = axes.get_ylim()
    for row in study.measured("isoflop"):
        assert (row["n_with_head"], row["loss"]) in points
        assert low < row["loss"] < high


@pytest.mark.parametrize(
    "draw", [plots.draw_valleys, plots.draw_rates, plots.draw_sizes], ids=lambda draw: draw.__name__
)
def test_without_colour_no_two_budgets_or_ways_look_alike(draw):
    _, axes, _ = drawn(draw)
    looks = {}
    for line in axes.get_lines():
        if line.get_color() != plots.QUIET and line.get_marker() != "*":
            looks.setdefault(line.get_color(), set()).add(
                (str(line._dash_pattern), line.get_marker())
            )
    values = list(looks.values())
    assert len(values) >= 3
    assert all(not one & other for i, one in enumerate(values) for other in values[:i])


# --- explorers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", [how_sure, break_the_law], ids=lambda f: f.__name__)
def test_every_setting_draws_or_says_why_not(explorer):
    """Moved as a learner moves it."""
    it = of(explorer)
    image, sentence = it.widget.children[-2:]
    start, pictures = image.value, set()
    for control in it.controls.values():
        was, options = control.value, control.options
        for option in options.values() if isinstance(options, dict) else options:
            control.value = option
            pictures.add(image.value)
            assert "nan" not in sentence.value
            if "No result" in sentence.value:
                assert re.search(r"resamples|budgets|identify", sentence.value)
        control.value = was
    assert image.value == start
    assert len(pictures) >= 4


def test_how_sure_says_what_was_forecast():
    most = len(study.fitted_budgets(study.measured("isoflop", "largest")))
    result, words = forecasts.forecast(most), of(how_sure).sentence()
    assert words.startswith(f"From {most} budgets the exponent of N* is ")
    assert f"{result.predicted:.3f} nats per byte" in words
    assert f"Measured: {result.observed:.3f}" in words
    assert f"off by {result.error:+.1%}" in words
    _, axes = new_figure()
    plots.draw_forecast(axes)(result)
    shown = [line.get_data() for line in axes.get_lines() if line.get_animated()]
    assert any(len(x) == 1 and y[0] == result.observed for x, y in shown)
    assert any(len(x) == len(result.held) and set(y) == set(result.held) for x, y in shown)


def test_break_the_law_says_what_moved():
    result = flawed_studies.flawed_study("as they should be", "blocks only", "all", 3)
    words = of(break_the_law).sentence(count="blocks only")
    assert f"C^{result.fit.sizes.exponent:.3f} (95 %: " in words
    assert "N counted in the blocks only" in words
    start = of(break_the_law).sentence()
    assert "1.00 times as large" in start
    assert result.fit.sizes.exponent > result.best.fit.sizes.exponent


def test_a_move_finds_its_result_ready():
    """No bootstrap while a learner waits: every setting was computed when the explorer was made."""
    of(how_sure), of(break_the_law)
    for function, ask in (
        (forecasts.forecast, lambda: of(how_sure).sentence(seeds=SEEDS["1 alone"])),
        (flawed_studies.flawed_study, lambda: of(break_the_law).sentence(budgets="one decade")),
    ):
        before = function.cache_info().misses
        try:
            ask()
        except ValueError:
            continue  # refused before any bootstrap
        assert function.cache_info().misses == before
