"""The explorers of the lab: how sure is the law, and how is it broken?

A setting costs a bootstrap of up to half a second. So all settings are computed when an explorer is
made, and a move of a control only draws.
"""

from contextlib import suppress
from itertools import product

from course.experiments import flawed_studies, forecasts, study
from course.experiments.plots import draw_flawed_study, draw_forecast
from course.explorer import Explorer, choice
from course.units import format_flop

SEEDS = {"0, 1 and 2": (0, 1, 2), "0 alone": (0,), "1 alone": (1,), "2 alone": (2,)}


def how_sure():
    """How many budgets and seeds does a forecast want?"""
    most = len(study.fitted_budgets(study.measured("isoflop")))
    _prepare(forecasts.forecast, range(3, most + 1), SEEDS.values(), forecasts.METHODS)
    return Explorer(
        "How sure are we? The largest budget, predicted from the smallest",
        lambda n_budgets, seeds, by: forecasts.forecast(n_budgets, seeds, by),
        draw_forecast,
        _describe_forecast,
        controls={
            "n_budgets": choice("Budgets used, from below", range(3, most + 1), most),
            "seeds": choice("Seeds used", SEEDS, (0, 1, 2)),
            "by": choice("Forecast by", tuple(forecasts.METHODS), "a straight line"),
        },
    )


def _prepare(compute, *settings):
    for values in product(*settings):
        with suppress(ValueError):  # the explorer says why, when it is asked for
            compute(*values)


def _describe_forecast(result):
    fit, (low, high) = result.boot.fit, result.boot.intervals["a"]
    ends, reach = result.interval, result.target / fit.losses.x.max()
    inside = "inside" if ends[0] <= result.observed <= ends[1] else "outside"
    return (
        f"From {len(fit.sizes.x)} budgets the exponent of N* is {fit.sizes.exponent:.3f}, 95 % "
        f"between {low:.3f} and {high:.3f}, and that of L* is {fit.losses.exponent:.4f}. "
        f"{reach:.3g} times beyond, at {format_flop(result.target)}, {result.by} forecasts "
        f"{result.predicted:.3f} nats per byte ({ends[0]:.3f} to {ends[1]:.3f}). Measured: "
        f"{result.observed:.3f}, {inside} of that band; the forecast is off by {result.error:+.1%}."
    )


def break_the_law():
    """Ruin a study and watch its exponent move."""
    _prepare(
        flawed_studies.flawed_study,
        flawed_studies.FLAWS,
        study.COUNTS,
        flawed_studies.RANGES,
        (1, 3),
    )
    return Explorer(
        "Break the law: ruin the study and watch its exponent",
        lambda flaw, count, budgets, n_seeds: flawed_studies.flawed_study(
            flaw, count, budgets, n_seeds
        ),
        draw_flawed_study,
        _describe_flawed_study,
        controls={
            "flaw": choice("The runs", tuple(flawed_studies.FLAWS), "as they should be"),
            "count": choice("N counted", tuple(study.COUNTS), "with the head"),
            "budgets": choice("Budgets", flawed_studies.RANGES, "all"),
        },
        advanced={"n_seeds": choice("Seeds of good runs", (1, 3), 3)},
    )


def _describe_flawed_study(result):
    best, ours = result.best.fit.sizes.exponent, result.fit.sizes
    words = (
        f"{result.n_runs} runs, {result.flaw}, N counted {_COUNTED[result.count]}: N* grows as "
        f"C^{ours.exponent:.3f}"
    )
    if result.interval is None:
        words += " (no interval: most redrawn tables lose a valley). "
    else:
        low, high = result.interval
        words += f" (95 %: {low:.3f} to {high:.3f}). "
    if result.left_out:
        left = " and ".join(map(format_flop, result.left_out))
        words += f"Left out, since no valley shows: {left}. "
    tenfold = 100 ** (ours.exponent - best)
    words += (
        f"The same budgets without a flaw and N with the head give "
        f"{result.fair.sizes.exponent:.3f}, our best study {best:.3f}. Followed over a hundredfold "
        f"budget, yours would ask for a model {tenfold:.2f} times as large as the best study does."
    )
    return words


_COUNTED = {
    "blocks only": "in the blocks only",
    "with the head": "with the head",
    "everything": "with everything",
}
