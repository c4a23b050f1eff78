"""The explorers of chapter 2: what is computed, what is said and what is drawn agree."""

import functools

import numpy as np
import pytest

from course.emergence import NOISES, exact_match
from course.emergence.explorer import decline_explorer, metric_explorer
from course.emergence.views import MEASURES, RULES, SHARES, decline_view, metric_view

OURS, FIVE, NAIVE = RULES


@functools.cache
def of(explorer):
    """One of each is enough: asking it changes nothing in it."""
    return explorer()


# --- choose your metric ---------------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("n_tokens", "largest", "exponent"), [(1, 1e8, 0.1), (300, 1e13, 0.6)])
def test_every_measure_goes_its_whole_way(measure, n_tokens, largest, exponent):
    view = metric_view(measure, n_tokens, largest, exponent)
    assert (view.way[0], view.way[-1]) == pytest.approx((0, 1))
    assert (np.diff(view.way) >= -1e-12).all()
    assert np.interp(np.log10(view.rise.scale_90), np.log10(view.n_params), view.way) == (
        pytest.approx(0.9, abs=0.02)
    )
    assert np.isfinite(view.tested_way).all()
    assert (view.tested_at_zero is None) == (measure not in SHARES)


def test_an_ability_emerges_and_vanishes_with_the_measure():
    """K026: the same models; ten of eleven show nothing by one measure, all move by another."""
    jump, smooth = (metric_view(m, 30, 1e11) for m in ("exact match", "wrong tokens"))
    assert np.array_equal(jump.accuracy, smooth.accuracy)
    assert jump.tested_at_zero >= len(jump.tested_params) - 2
    assert jump.rise.steepness > 4 * smooth.rise.steepness
    assert smooth.way[150] > 0.4
    assert jump.way[150] < 1e-3
    assert metric_view("exact match", 30, 1e13).rise.steepness < 0.6 * jump.rise.steepness


def test_a_hundred_tries_begin_earlier():
    """K031."""
    once, often = (metric_view(m, 10, 1e11).rise for m in ("exact match", "pass@100"))
    assert often.scale_10 < once.scale_10 / 3


def test_more_items_see_more():
    few, many = (metric_view("exact match", 10, 1e11, n_items=n) for n in (10, 10_000))
    assert few.tested_at_zero > many.tested_at_zero
    assert np.abs(many.tested_way[-1] - 1) < 0.05
    assert many.ends[1] == exact_match(many.accuracy[-1], 10)


def test_the_sentence_of_the_measures():
    explorer = of(metric_explorer)
    view, words = metric_view("exact match", 10, 1e11), explorer.sentence()
    assert f"{view.accuracy[-1]:.1%}" in words
    assert f"goes from less than 0.1 % to {view.ends[1]:.1%}" in words
    assert f"steepness {view.rise.steepness:.1f}" in words
    assert f"{view.tested_at_zero} get none right" in words
    nats = explorer.sentence(measure="log-likelihood")
    assert "nats" in nats
    assert "items" not in nats
    assert "any length" in explorer.sentence(measure="Brier score")
    with pytest.raises(ValueError, match="measure must be one of exact match"):
        metric_view("BLEU", 10, 1e11)


# --- a decline or noise? --------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["normal", "heavy-tailed"])
@pytest.mark.parametrize("n_values", [6, 15, 40])
def test_the_stated_rate_is_kept(noise, n_values):
    """K039, K040: within four standard errors of 2,000 series."""
    assert decline_view(2, n_values, noise).on_noise[OURS] <= 0.05 + 4 * 0.0049


def test_autocorrelation_breaks_the_bound_and_taking_it_out_mends_it():
    broken, mended = (decline_view(2, 15, "autocorrelated", r) for r in (0.0, 0.5))
    assert broken.on_noise[OURS] > 0.1
    assert mended.on_noise[OURS] <= 0.05 + 4 * 0.0049
    assert mended.on_decline[OURS] < broken.on_decline[OURS]


def test_the_other_rules_are_those_of_the_document_and_of_the_eye():
    """K040: five falling scores are 1 in 120 of noise, and no more than that of nine values."""
    view = decline_view(3, 15, "normal")
    assert view.on_noise[FIVE] == pytest.approx(1 / 120, abs=0.008)
    assert view.on_noise[NAIVE] == pytest.approx(0.5, abs=0.05)
    assert view.on_decline[FIVE] < 0.1 < 0.85 < view.on_decline[OURS]
    assert decline_view(4, 9, "normal").on_decline[FIVE] == 0


def test_no_fall_is_noise():
    view = decline_view(0, 15, "normal", number=3)
    assert view.on_noise == view.on_decline
    assert (view.planted == 0).all()
    assert view.fires[OURS] == (view.p_value <= 0.05)


def test_the_series_changes_and_the_rates_do_not():
    one, other = (decline_view(2, 15, "normal", number=n) for n in (1, 2))
    assert one.on_decline == other.on_decline
    assert not np.array_equal(one.series, other.series)


def test_the_sentence_of_the_decline():
    view, words = decline_view(2, 15, "normal", number=1), of(decline_explorer).sentence()
    assert words.startswith(f"15 values that fall by 2 sd in all: p = {view.p_value:.2g}")
    assert f"finds {view.on_decline[OURS]:.0%}" in words
    assert f"{view.on_noise[OURS]:.1%} without a fall" in words
    views = (decline_view(0, 15, "normal", number=n) for n in range(20))
    quiet = next(n for n, view in enumerate(views) if not any(view.fires.values()))
    assert "no rule alarms" in of(decline_explorer).sentence(fall=0, number=quiet)
    assert len({of(decline_explorer).sentence(noise=noise) for noise in NOISES}) == 3


# --- both -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", [metric_explorer, decline_explorer], ids=lambda f: f.__name__)
def test_every_end_of_every_control_draws(explorer):
    """Moved as a slider moves it, and back to the picture of the start."""
    it = explorer()
    image, sentence = it.widget.children[-2:]
    start, pictures = image.value, set()
    for control in it.controls.values():
        if hasattr(control, "options"):
            ends = [o[1] if isinstance(o, tuple) else o for o in control.options]
        else:
            ends = [control.min, control.max]
        was = control.value
        for value in (ends[0], ends[-1]):
            control.value = value
            pictures.add(image.value)
            assert "No result" not in sentence.value
            assert "nan" not in sentence.value
        control.value = was
    assert image.value == start
    assert len(pictures) >= 8
