"""The explorers of chapter 4 show what their sentences say, at every setting."""

import functools
import math
import time
import warnings

import numpy as np
import pytest

from course.data import INDEXED_WEB, MUENNIGHOFF_2023, VILLALOBOS_INTERVAL, DataExhaustionForecast
from course.data.explorer import repeat_explorer, run_out_explorer
from course.data.views import MOST_COMPUTE, epochs_view, run_out_view
from course.figures import new_figure
from course.scaling import OutsideFittedRange

EXPLORERS = [repeat_explorer, run_out_explorer]


@functools.cache
def of(explorer):
    """One of each is enough: asking it changes nothing in it."""
    return explorer()


def settings_of(control):
    options = control.options
    values = (
        list(options.values())
        if isinstance(options, dict)
        else [one[1] if isinstance(one, tuple) else one for one in options]
    )
    return values[:: max(1, len(values) // 4)] + values[-1:]


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda f: f.__name__)
def test_every_setting_of_every_control_gives_a_picture(explorer):
    it, pictures = of(explorer), set()
    with warnings.catch_warnings():
        warnings.simplefilter("error", OutsideFittedRange)
        for name, control in it.controls.items():
            for value in settings_of(control):
                pictures.add(it.picture(**{name: value}))
                assert "nan" not in it.sentence(**{name: value})
    assert len(pictures) >= 8


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda f: f.__name__)
def test_without_colour_no_two_lines_look_alike(explorer):
    from course.data.plots import draw_epochs, draw_run_out

    _, axes = new_figure()
    if explorer is repeat_explorer:
        draw_epochs(axes)(epochs_view(1e11, 30, 15.39))
    else:
        draw_run_out(axes)(run_out_view(2.37, INDEXED_WEB, 3))
    looks = [
        (str(line._dash_pattern), line.get_marker(), line.get_linewidth())
        for line in axes.get_lines()
        if line.get_animated()
    ]
    assert len(looks) == len(set(looks)) >= 3
    for line in axes.get_lines():
        assert np.isfinite(np.column_stack(line.get_data()).astype(float)).all()


def test_a_move_takes_less_than_50_ms_of_processor_time():
    for view in (lambda: epochs_view(1e11, 30, 15.39), lambda: run_out_view(2.37, INDEXED_WEB, 3)):
        view()
        spent = []
        for _ in range(5):
            started = time.process_time()
            view()
            spent.append(time.process_time() - started)
        assert min(spent) < 0.05


# --- how often may I repeat? ----------------------------------------------------------------------


@pytest.mark.parametrize("compute", [3, 30, MOST_COMPUTE])
def test_the_marked_point_is_the_bottom_of_the_curve(compute):
    view = epochs_view(1e11, compute, 15.39)
    lowest = view.by_law.argmin()
    assert view.best_ratio == pytest.approx(view.by_law[lowest], rel=1e-3)
    assert view.best.epochs == pytest.approx(view.epochs[lowest], rel=0.05)
    assert view.fresh.min() == pytest.approx(1, abs=1e-3)
    assert (view.by_law >= view.fresh - 1e-12).all()
    assert (view.lost >= view.by_law - 1e-12).all()
    # With alpha = beta, fresh text would be read as often as its size: the root of the compute.
    assert view.epochs[view.fresh.argmin()] == pytest.approx(math.sqrt(compute), rel=0.05)


def test_repeats_that_count_in_full_cost_nothing():
    few, many = epochs_view(1e11, 30, 3), epochs_view(1e11, 30, 1e4)
    assert few.best_ratio > 1.05
    # What is left are parameters in excess of the best number for the unique text.
    assert 1 < many.best_ratio < few.best_ratio
    alone = epochs_view(1e11, 1, 15.39)
    assert alone.best.epochs == pytest.approx(1, abs=1e-3)
    assert alone.best_ratio == pytest.approx(1)


def test_the_unique_tokens_move_the_words_alone():
    views = [epochs_view(unique, 30, 15.39) for unique in (1e9, 1e13)]
    assert views[0].by_law == pytest.approx(views[1].by_law)
    assert views[0].best.loss > views[1].best.loss + 0.5


def test_the_sentence_of_repetition():
    words = of(repeat_explorer).sentence()
    best = epochs_view(1e11, 30, round(MUENNIGHOFF_2023.R_D_star, 2)).best
    assert f"reads them {best.epochs:.3g} times, for a loss of {best.loss:.3f} nats" in words
    assert f"{best.loss_if_fresh:.3f} nats, reading 5.48 times as much text once" in words


@pytest.mark.parametrize(
    "bad",
    [
        {"compute": 0.5},
        {"compute": 1e4},
        {"R_D_star": 0},
        {"unique_tokens": -1},
        {"compute": math.nan},
    ],
)
def test_bad_values_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        epochs_view(**{"unique_tokens": 1e11, "compute": 30, "R_D_star": 15} | bad)


# --- when does it run out? ------------------------------------------------------------------------


def test_the_start_is_near_the_papers_own_projection():
    view = run_out_view(2.37, INDEXED_WEB, 3)
    usual = DataExhaustionForecast().forecast_data_exhaustion().median_year
    assert view.usual.median_year == pytest.approx(usual, abs=0.1)
    assert view.forecast.median_year == pytest.approx(usual, abs=0.5)
    early, late = VILLALOBOS_INTERVAL
    assert early < view.forecast.median_year < late
    assert (np.diff(view.probability) >= 0).all()
    assert view.probability[-1] > 0.99


@pytest.mark.parametrize(
    ("sooner", "later"),
    [
        ({"growth": 3}, {"growth": 2}),
        ({"epochs": 1}, {"epochs": 20}),
        ({"synthetic": 0}, {"synthetic": 1}),
        ({"other": 0}, {"other": 0.1}),
        ({"overtraining": 5}, {"overtraining": 1}),
    ],
)
def test_each_term_moves_the_date_its_way(sooner, later):
    usual = {"growth": 2.37, "stock": INDEXED_WEB, "epochs": 3}
    first, second = (run_out_view(**usual | one).forecast.median_year for one in (sooner, later))
    assert first < second


def test_a_slow_demand_never_gets_there_in_part_of_the_samples():
    words = of(run_out_explorer).sentence(growth=1.1)
    view = run_out_view(1.1, INDEXED_WEB, 3)
    assert 0 < view.forecast.probability_never < 1
    assert f"in {view.forecast.probability_never:.0%} of the samples it never does" in words
    assert "to never" in words
