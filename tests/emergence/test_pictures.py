"""Pictures of chapter 2: whole, finite, with units, and showing the numbers they are given."""

import inspect
import io
import re

import numpy as np
import pytest
from PIL import Image

from course.emergence import BELOW, EmergentAbilityAnalyzer, detection_rate, plots, sightings
from course.emergence.double_descent import double_descent
from course.emergence.self_training import MODES, over_seeds
from course.emergence.study import load_addition, overfitting
from course.emergence.views import alarm_rates, decline_view, metric_view
from course.experiments.fleet import load_fleet
from course.figures import new_figure, png

TWO = {"rows": 1, "columns": 2, "width": 9.6, "height": 3.9}
ZIPF = np.round(1000 / np.arange(1, 60))
RUNS = {mode: over_seeds(ZIPF, ZIPF, 4, 500, mode, range(3)) for mode in MODES}
FITS = {ridge: double_descent((5, 20, 50, 100), ridge=ridge, seeds=range(4)) for ridge in (0, 0.1)}

STILL = {
    plots.draw_sightings: ({}, lambda axes: plots.draw_sightings(axes)),
    plots.draw_metrics: ({}, lambda axes: plots.draw_metrics(axes)),
    plots.draw_addition: (
        {"rows": 1, "columns": 3, "width": 10.2, "height": 3.7},
        lambda axes: plots.draw_addition(axes, load_addition()),
    ),
    plots.draw_loss_view: (TWO | {"sharey": True}, lambda axes: plots.draw_loss_view(axes, 2.2)),
    plots.draw_power: ({}, lambda axes: plots.draw_power(axes, alarm_rates(n_series=300))),
    plots.draw_collapse: (TWO, lambda axes: plots.draw_collapse(axes, RUNS)),
    plots.draw_overfitting: (
        TWO | {"sharey": True},
        lambda axes: plots.draw_overfitting(axes, overfitting(load_fleet("repetition")), 50_000),
    ),
    plots.draw_double_descent: (
        {},
        lambda axes: plots.draw_double_descent(axes, 50, no_ridge=FITS[0], ridge=FITS[0.1]),
    ),
}
MOVING = {
    plots.draw_choice_of_metric: [
        metric_view("exact match", 10, 1e11),
        metric_view("Brier score", 300, 1e13),
    ],
    plots.draw_decline_or_noise: [
        decline_view(2, 15, "normal"),
        decline_view(4, 40, "heavy-tailed"),
    ],
}


def drawn(draw):
    settings, make = STILL[draw]
    figure, axes = new_figure(**settings)
    assert make(axes) is None  # what the prose tells is computed before it is drawn
    return figure, list(np.ravel(axes)), png(figure)


def test_no_picture_is_left_out():
    functions = inspect.getmembers(plots, inspect.isfunction)
    assert {f for name, f in functions if name.startswith("draw_")} == STILL.keys() | MOVING.keys()


def line_through(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label).get_data()


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_a_picture_has_units_finite_points_and_readable_words(draw):
    figure, many, picture = drawn(draw)
    assert np.asarray(Image.open(io.BytesIO(picture)).convert("L")).std() > 10
    assert re.search(r"\(.+\)$", many[0].get_ylabel())
    for axes in many:
        assert re.search(r"\(.+\)$", axes.get_xlabel())
        for line in axes.get_lines():
            assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()
    renderer = figure.canvas.get_renderer()
    words = [t for axes in many for t in axes.texts if t.get_text().strip()]
    boxes = [t.get_window_extent(renderer) for t in words]
    for rank, box in enumerate(boxes):
        assert figure.bbox.padded(1).contains(*box.min), words[rank].get_text()
        assert figure.bbox.padded(1).contains(*box.max), words[rank].get_text()
        for other, text in zip(boxes[:rank], words, strict=False):
            assert not box.padded(-2).overlaps(other.padded(-2)), (words[rank], text)


@pytest.mark.parametrize("draw", MOVING, ids=lambda draw: draw.__name__)
def test_a_moving_picture_is_labelled_finite_and_readable_without_colour(draw):
    _, axes = new_figure()
    update = draw(axes)
    for view in MOVING[draw]:
        update(view)
        assert re.search(r"\(.+\)$", axes.get_xlabel())
        looks = []
        for one in (axes, *axes.child_axes):
            for line in one.get_lines():
                assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()
                if line.get_animated() and len(line.get_xdata()):
                    looks.append(
                        (one, str(line._dash_pattern), line.get_marker(), line.get_linewidth())
                    )
        assert len(looks) == len(set(looks))


def test_every_sighting_is_a_point():
    """K027, K029, K034: sizes and budgets as the table has them."""
    _, (axes,), _ = drawn(plots.draw_sightings)
    points = {
        tuple(point) for line in axes.get_lines() for point in np.column_stack(line.get_data())
    }
    assert {(s.n_params, s.flops) for s in sightings()} <= points
    answer = EmergentAbilityAnalyzer().predict_emergence("6B", "arithmetic_3digit", family="GPT-3")
    assert answer.verdict == BELOW


def test_one_accuracy_and_its_measures():
    """K026: at a hundredth of the largest size, most of the way by tokens and none by sums."""
    _, (axes,), _ = drawn(plots.draw_metrics)
    way = {
        name: np.interp(1e9, *line_through(axes, name))
        for name in ("accuracy of a token", "wrong tokens of 30", "exact match, 30 tokens")
    }
    assert way["accuracy of a token"] == pytest.approx(way["wrong tokens of 30"])
    assert way["accuracy of a token"] > 60
    assert way["exact match, 30 tokens"] < 0.1


def test_measured_sums_follow_the_digits():
    """K026, measured: in every run the share of right sums is near p^7."""
    _, (_, _, right), _ = drawn(plots.draw_addition)
    curve, runs = (np.array(line.get_data()) / 100 for line in right.get_lines())
    assert len(runs[0]) == len(load_addition())
    assert np.abs(runs[1] - np.interp(runs[0], *curve)).max() < 0.1


def test_power_starts_at_the_false_alarm_rate_and_rises():
    """K039, K040: ours at 5 % or less on noise; the document's first signal at 25 %."""
    rates = alarm_rates(n_series=300)
    noise, small, large = (rates.at(fall) for fall in (0, 2, 3))
    assert small["ours, 15 values"] == detection_rate(2, 15, 0.05, n_series=300)
    assert noise["ours, 15 values"] < 0.05 + 4 * 0.013
    assert noise["A's signal 1"] == pytest.approx(0.25, abs=0.1)
    assert large["ours, 15 values"] > 0.85
    assert large["A's signal 2"] < 0.1
    _, (axes,), _ = drawn(plots.draw_power)
    for rule, shares in rates.shares.items():
        assert line_through(axes, rule)[1] == pytest.approx(100 * shares)


def test_collapse_is_what_was_counted():
    _, (tail, loss), _ = drawn(plots.draw_collapse)
    assert line_through(loss, "replaced")[1][-1] == RUNS["replace"]["loss"].mean(axis=0)[-1]
    assert (
        line_through(tail, "accumulated")[1][-1]
        == 100 * RUNS["accumulate"]["tail_mass"].mean(axis=0)[-1]
    )


def test_a_threshold_in_loss_is_several_in_size():
    """K034: the score leaves chance at fewer parameters the more tokens were read."""
    _, (_, right), _ = drawn(plots.draw_loss_view)
    starts = [line.get_xdata()[0] for line in right.get_lines() if len(line.get_xdata()) == 1]
    assert len(starts) == 3
    assert starts == sorted(starts, reverse=True)
    assert starts[0] > 2 * starts[-1]
