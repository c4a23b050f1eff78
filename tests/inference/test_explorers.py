"""Explorers and pictures of chapter 5: whole, finite, with units; sentence and picture agree."""

import functools
import inspect
import io
import re

import numpy as np
import pytest
from PIL import Image

from course.figures import new_figure, png
from course.inference import (
    Server,
    Traffic,
    compute_optimal_loss,
    dissect_annual_cost,
    erlang_c,
    latency_curve,
    plots,
    service_times,
)
from course.inference.explorer import device_explorer, roofline_explorer, serving_explorer
from course.inference.views import (
    device_view,
    lifetime_view,
    roofline_view,
    serve_view,
    waiting_view,
)
from course.scaling import BESIROGLU_2024

STILL = {
    plots.draw_dissection: lambda axes: plots.draw_dissection(axes, dissect_annual_cost()),
    plots.draw_waiting: lambda axes: plots.draw_waiting(
        axes, waiting_view(simulated=[(4, 0.8, 0.6)])
    ),
    plots.draw_lifetime: lambda axes: plots.draw_lifetime(
        axes,
        lifetime_view(
            BESIROGLU_2024,
            compute_optimal_loss(BESIROGLU_2024, 30e9),
            np.geomspace(1e9, 1e15),
        ),
    ),
}
MOVING = {
    plots.draw_roofline: roofline_view("Llama-3-8B", "H100", 10, 2000),
    plots.draw_serving: serve_view(150, 15, "Llama-3-8B"),
    plots.draw_device: device_view(7e9, "mobile", 500),
}
EXPLORERS = [roofline_explorer, serving_explorer, device_explorer]


@functools.cache
def of(explorer):
    """One of each is enough: asking it changes nothing in it."""
    return explorer()


def test_no_picture_is_left_out():
    functions = inspect.getmembers(plots, inspect.isfunction)
    assert {f for name, f in functions if name.startswith("draw_")} == STILL.keys() | MOVING.keys()


@pytest.mark.parametrize("draw", STILL, ids=lambda draw: draw.__name__)
def test_a_still_picture_has_units_and_finite_points(draw):
    figure, axes = new_figure()
    STILL[draw](axes)
    assert np.asarray(Image.open(io.BytesIO(png(figure))).convert("L")).std() > 10
    assert re.search(r"\(.+\)$", axes.get_xlabel())
    for line in axes.get_lines():
        assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()


@pytest.mark.parametrize("draw", MOVING, ids=lambda draw: draw.__name__)
def test_a_moving_picture_is_labelled_and_finite(draw):
    _, axes = new_figure()
    draw(axes)(MOVING[draw])
    assert re.search(r"\(.+\)$", axes.get_xlabel())
    for line in axes.get_lines():
        data = np.column_stack(line.get_data()).astype(float)
        assert np.isfinite(data).all()


def colours_and_looks(axes):
    """What tells lines apart when colour is gone: dash, marker, or the width."""
    for line in axes.get_lines():
        if line.get_animated() and len(line.get_xdata()):
            yield (
                line.get_color(),
                (str(line._dash_pattern), line.get_marker(), line.get_linewidth()),
            )


@pytest.mark.parametrize("draw", MOVING, ids=lambda draw: draw.__name__)
def test_without_colour_no_two_lines_look_alike(draw):
    _, axes = new_figure()
    draw(axes)(MOVING[draw])
    styles = [style for _, style in colours_and_looks(axes)]
    assert len(styles) == len(set(styles))
    hatches = {p.get_hatch() for p in axes.patches if p.get_animated() and p.get_height() < 1}
    assert len(hatches) in (0, 3)  # the three parts of a memory bar differ in hatching


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda f: f.__name__)
def test_every_end_of_every_control_draws(explorer):
    """Moved as a slider moves it. A target of 1 s is out of reach, and the words say so."""
    it = explorer()
    image, sentence = it.widget.children[-2:]
    start, pictures, refused = image.value, set(), []
    for control in it.controls.values():
        values = [o[1] if isinstance(o, tuple) else o for o in control.options]
        was = control.value
        for value in (values[0], values[-1]):
            control.value = value
            pictures.add(image.value)
            if "No result" in sentence.value:
                refused.append(sentence.value)
        control.value = was
    assert image.value == start
    assert len(pictures) >= 8
    assert len(refused) == (explorer is serving_explorer)
    assert all("max_answer_s must be at least" in words for words in refused)


# --- the roofline ---------------------------------------------------------------------------------


def test_the_points_lie_on_the_roof_and_move_with_the_batch():
    few, many = (roofline_view("Llama-3-8B", "H100", batch, 2000) for batch in (1, 200))
    for view in (few, many):
        for name, (x, y) in view.points.items():
            phase = "prefill" if name == "prefill" else "decode"
            assert y == pytest.approx(view.roof(x, phase))
        flat = [view.roof(1e4, phase) for phase in ("decode", "prefill", None)]
        assert flat == [share * view.server.peak_flop_per_s for share in (0.3, 0.5, 1)]
        assert view.roof(1.0) > view.roof(1.0, "decode") == view.roof(1.0, "prefill")
        at = view.ridge("decode")
        assert view.roof(0.99 * at, "decode") < flat[0] == view.roof(1.01 * at, "decode")
    assert few.points["products"][0] == pytest.approx(1, rel=0.01)  # a FLOP for each byte
    assert many.points["products"][0] == pytest.approx(200, rel=0.01)
    assert few.points["attention"] == pytest.approx(many.points["attention"])
    assert few.points["attention"][0] == pytest.approx(4, rel=0.01)  # four queries share a key
    assert few.points["prefill"][0] > 1000


def test_enough_chips_hold_the_model_and_its_caches():
    view = roofline_view("Llama-3.1-405B", "H100", 100, 2000)
    assert view.server.n_gpus == 16
    assert view.server.sharing.name == "TP16"
    assert view.server.largest_batch(2000) >= 100
    assert view.server.with_gpus(8).largest_batch(2000) < 100
    assert roofline_view("Llama-3-8B", "B200", 1, 100).usd_per_million_tokens is None
    with pytest.raises(ValueError, match="fits on no 1024 L4"):
        roofline_view("Llama-2-7B", "L4", 1e6, 1e5)


def test_the_sentence_of_the_roofline():
    sentence = of(roofline_explorer).sentence()
    assert sentence.startswith("A step of 10 answers reads 15 GB of weights once and 2.62 GB of ")
    assert "bound by memory" in sentence
    assert "232 sequences of 2,000 tokens fit on 1 H100." in sentence
    assert Server("Llama-3-8B").largest_batch(2000) == 232
    shared = of(roofline_explorer).sentence(model="Llama-3-70B")
    assert "fit on 2 H100 (TP2, NVLink)" in shared
    cards = of(roofline_explorer).sentence(model="Llama-3-70B", chip_name="RTX-4090")
    assert "(TP8, PCIe through the host, no peer access)" in cards


def test_where_copies_do_not_fit_the_caches_are_shared_without():
    """A thousand contexts of DeepSeek: in tensor parallelism each GPU would hold all of them."""
    view = roofline_view("DeepSeek-V3", "H100", 1000, 2000)
    assert view.server.sharing.name == "DP64 EP64"
    tensor = Server("DeepSeek-V3", "H100", n_gpus=1024)
    assert tensor.largest_batch(2000) < 1000


# --- serve it -------------------------------------------------------------------------------------


def test_serving_is_what_the_curve_and_the_prices_say():
    view = serve_view(150, 15, "Llama-3-8B")
    curve = latency_curve(Server("Llama-3-8B"), Traffic())
    assert view.fleet.percentile_s == curve.fleet(150, 15).percentile_s
    assert view.usd_per_month == pytest.approx(6 * 2.95 * 730.5)
    tokens_per_month = 150 * 700 * 730.5 * 3600
    by_hand = view.usd_per_month / tokens_per_month * 1e6
    assert view.usd_per_million_tokens == pytest.approx(by_hand)
    alone = service_times(Server("Llama-3-8B"), Traffic()).seconds_per_request[0]
    assert view.unbatched_requests_per_s == pytest.approx(6 / alone)
    sentence = of(serving_explorer).sentence()
    assert sentence.startswith("6 H100, 1 to a replica, answer half of the requests within ")
    divided = "Requests over throughput, in whole replicas of 1, says 5: these do not answer in "
    assert divided in sentence
    hurried = of(serving_explorer).sentence(max_answer_s=7.0)
    assert hurried.startswith("8 H100, 2 to a replica (TP2, NVLink), answer half")
    assert "says 1 too: these answer in time." in of(serving_explorer).sentence(requests_per_s=1)
    assert "Rent" not in of(serving_explorer).sentence(chip_name="B200")


@pytest.mark.parametrize("requests_per_s", [1, 100, 1000])
def test_the_fewest_gpus_of_all_replicas_and_never_fewer_for_a_harder_target(requests_per_s):
    curves = [latency_curve(Server("Llama-3-8B", n_gpus=n), Traffic()) for n in (1, 2, 4, 8)]
    n_gpus = []
    for target in (30, 15, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1.5):
        fleet = serve_view(requests_per_s, target, "Llama-3-8B").fleet
        sizes = [c.fleet(requests_per_s, target) for c in curves if c.highest_rate(target)]
        least = min(
            sizes, key=lambda fleet: fleet.n_gpus
        )  # of equals the first: the smaller replica
        assert (fleet.n_gpus, fleet.server.n_gpus) == (least.n_gpus, least.server.n_gpus)
        n_gpus.append(fleet.n_gpus)
    assert n_gpus == sorted(n_gpus)
    assert n_gpus[-1] > n_gpus[0]


def test_a_target_out_of_reach_is_explained():
    with pytest.raises(ValueError, match="max_answer_s must be at least"):
        of(serving_explorer).sentence(max_answer_s=1.0)


# --- does it fit? ---------------------------------------------------------------------------------


def test_bars_are_the_memory_that_the_sentence_speaks_of():
    view = MOVING[plots.draw_device]
    _, axes = new_figure()
    plots.draw_device(axes)(view)
    bars = [p for p in axes.patches if p.get_animated()]
    at_4_bits = [p for p in bars if p.get_y() == pytest.approx(-0.32)]
    assert sum(p.get_width() for p in at_4_bits) == pytest.approx(view.fits[4].memory_share)
    assert view.best_bits == 4
    sentence = of(device_explorer).sentence()
    assert sentence.startswith("At 4 bits it fits and writes 9.4 tokens/s")
    assert "Assumed here: LPDDR5-6400" in sentence
    assert "do not fit on a mobile even at 4 bits" in of(device_explorer).sentence(n_params=1e12)


def test_waiting_shows_erlangs_formula():
    _, axes = new_figure()
    plots.draw_waiting(axes, waiting_view())
    axes.figure.canvas.draw()
    for text in axes.texts:  # no line crosses the words
        box = text.get_window_extent()
        for line in axes.get_lines():
            points = axes.transData.transform(np.column_stack(line.get_data()))
            many = np.linspace(0, len(points) - 1, 5000)
            dense = [np.interp(many, np.arange(len(points)), points[:, i]) for i in (0, 1)]
            inside = [box.contains(x, y) for x, y in zip(*dense, strict=True)]
            assert not any(inside), text.get_text()
    for line, servers in zip(axes.get_lines(), (1, 4, 16, 64), strict=True):
        rho, share = line.get_data()
        assert share == pytest.approx(erlang_c(servers, rho))
