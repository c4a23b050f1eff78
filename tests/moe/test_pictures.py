"""Every picture of chapter 3 is drawn whole, and shows the numbers that it is drawn from."""

import functools
import inspect
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from course.figures import new_figure, png
from course.moe import MoEArchitecture, plots
from course.moe.costs import chart_rows, dropped_share
from course.moe.laws import ABNAR_2025, CLARK_2022
from course.moe.routing_study import CLASSES
from course.moe.study import dense_against_moe

COLLAPSED = np.array([0.0, 0.5, 0.03, 0.46, 0.0, 0.01, 0.0, 0.0])
EVEN = np.full(8, 1 / 8)


def rows_of(seed, gain):
    return [
        {
            "d_model": width,
            "n_tokens": 100,
            "seed": seed,
            "loss": 2.3 - 0.2 * rank - gain,
            "flops": 10.0 ** (10 + rank),
            "seconds": 1.0,
            "n_total": 1000,
        }
        for rank, width in enumerate((16, 32))
    ]


@functools.cache
def race(seeds=(0, 1, 2)):
    dense = [row for seed in seeds for row in rows_of(seed, 0.01 * seed)]
    moe = [row for seed in seeds for row in rows_of(seed, 0.05)]
    return dense_against_moe(moe, dense, gamma=0.1)


def token_way(axes, top_k=2):
    torch.manual_seed(0)
    with torch.no_grad():
        routing = MoEArchitecture(16, 8, top_k).route(torch.randn(1, 16))
    plots.draw_token_way(
        axes, *(t[0].numpy() for t in (routing.probs, routing.experts, routing.gates))
    )
    return routing


def three_shares(axes):
    plots.draw_shares(axes, {"nothing": COLLAPSED, "loss": EVEN, "sigmoid with bias": EVEN})


STILL = {
    plots.draw_total_and_active: lambda axes: plots.draw_total_and_active(axes, chart_rows()),
    plots.draw_token_way: token_way,
    plots.draw_shares: three_shares,
    plots.draw_dropped: lambda axes: plots.draw_dropped(axes, COLLAPSED),
    plots.draw_specialisation: lambda axes: plots.draw_specialisation(
        axes, np.tile(EVEN, (len(CLASSES), 1)), CLASSES
    ),
    plots.draw_dense_against_moe: lambda pair: plots.draw_dense_against_moe(pair, race()),
    plots.draw_touched: plots.draw_touched,
    plots.draw_gains: plots.draw_gains,
}
MOVING = {plots.draw_expert_costs, plots.draw_byte_routes}  # in test_explorers.py
LOOKS = {
    plots.draw_total_and_active: {"width": 8, "height": 5},
    plots.draw_token_way: {"width": 8, "height": 5},
    plots.draw_specialisation: {"width": 8, "height": 4.2},
    plots.draw_dense_against_moe: {"rows": 1, "columns": 2, "width": 9.6, "height": 4.2},
    plots.draw_gains: {"width": 8, "height": 4.6},
}


@functools.cache
def drawn(draw):
    figure, axes = new_figure(**LOOKS.get(draw, {}))
    STILL[draw](axes)
    return figure, np.ravel(axes), png(figure)


def test_no_picture_is_left_out():
    functions = inspect.getmembers(plots, inspect.isfunction)
    assert {f for name, f in functions if name.startswith("draw_")} == STILL.keys() | MOVING


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_a_picture_has_units_and_only_finite_points(draw):
    _, many, picture = drawn(draw)
    assert np.asarray(Image.open(io.BytesIO(picture)).convert("L")).std() > 10
    for axes in many:
        assert not axes.axison or re.search(r"\(.+\)$", axes.get_xlabel())
        for line in axes.get_lines():
            assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_no_words_cover_others_or_leave_the_picture(draw):
    figure, many, _ = drawn(draw)
    renderer = figure.canvas.get_renderer()
    words = [t for axes in many for t in axes.texts if t.get_text().strip()]
    boxes = [t.get_window_extent(renderer) for t in words if not t.get_rotation()]
    for rank, box in enumerate(boxes):
        assert figure.bbox.padded(1).contains(*box.min)
        assert figure.bbox.padded(1).contains(*box.max)
        for other in boxes[:rank]:
            assert not box.padded(-2).overlaps(other.padded(-2))


@pytest.mark.parametrize("top_k", [1, 2, 8])
def test_the_way_of_a_token_names_each_chosen_expert_and_its_gate(top_k):
    _, axes = new_figure(**LOOKS[plots.draw_token_way])
    routing = token_way(axes, top_k)
    words = [text.get_text() for text in axes.texts]
    chosen = {f"expert {e}" for e in routing.experts[0].tolist()}
    assert chosen == {w for w in words if re.fullmatch(r"expert \d", w)}
    assert sum("idle" in word for word in words) == 8 - top_k
    for gate in routing.gates[0].tolist():
        assert f"× {gate:.2f}" in words


def test_shares_are_drawn_busiest_first():
    _, axes = new_figure()
    three_shares(axes)
    heights = [bar.get_height() for bar in axes.containers[0]]
    assert heights == pytest.approx(sorted(100 * COLLAPSED, reverse=True))
    assert len({bars[0].get_hatch() for bars in axes.containers}) == 3  # told apart in grey print


def test_dropped_is_the_formula_and_a_collapsed_router_always_drops_more():
    _, axes = new_figure()
    plots.draw_dropped(axes, COLLAPSED)
    curves = [line.get_ydata() for line in axes.get_lines() if len(line.get_xdata()) > 9]
    assert curves[1][0] == pytest.approx(100 * dropped_share(16, 8, 2, 1.0))
    for even in curves[1:]:
        assert (curves[0] >= even - 1e-9).all()


def test_the_race_shows_every_seed_and_its_intervals():
    _, (left, right) = new_figure(**LOOKS[plots.draw_dense_against_moe])
    plots.draw_dense_against_moe((left, right), race())
    singles = [
        y for line in left.get_lines() if line.get_linestyle() == "None" for y in line.get_ydata()
    ]
    expected = [loss for size in race().sizes for loss in (*size.dense, *size.moe)]
    assert set(expected) <= set(singles)
    (bars,) = right.containers
    assert bars[0].get_ydata() == pytest.approx([size.gain.value for size in race().sizes])
    ends = np.array([segment[:, 1] for segment in bars[2][0].get_segments()])
    intervals = np.array([(size.gain.low, size.gain.high) for size in race().sizes])
    assert ends == pytest.approx(intervals)


def test_one_seed_has_no_interval_and_still_a_picture():
    figure, pair = new_figure(**LOOKS[plots.draw_dense_against_moe])
    sizes = race((0,)).sizes
    assert not np.isfinite(sizes[0].gain.high)
    plots.draw_dense_against_moe(pair, race((0,)))
    assert png(figure)[:4] == b"\x89PNG"


def test_the_laws_are_solid_inside_their_runs_only():
    _, axes = new_figure()
    plots.draw_gains(axes)
    solid = {
        line.get_color(): line.get_xydata()
        for line in axes.get_lines()
        if line.get_linewidth() > 2.5
    }
    assert len(solid) == 3
    abnar = solid[plots.GREEN]
    assert abnar[[0, -1], 0] == pytest.approx(ABNAR_2025.fitted_range["flops"])
    assert abnar[-1, 1] == pytest.approx(ABNAR_2025.compute_gain(1e21, 0.875), rel=1e-3)
    clark = solid[plots.ORANGE]
    assert clark[-1, 0] == pytest.approx(6 * 1.3e9 * 130e9)
    law = CLARK_2022["S-BASE"]
    assert clark[-1, 1] == pytest.approx(law.effective_params(1.3e9, 64) / 1.3e9)
