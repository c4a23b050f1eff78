"""The runs that the course measures: which models, on how much text, in which study.

Every run is one row of `fleet.csv`; `python -m course.experiments` makes the table again.
"""

import platform
from functools import lru_cache
from pathlib import Path

import torch

from course.experiments.corpus import load_corpus
from course.experiments.model import LanguageModel, count_parameters, flops_per_token
from course.experiments.runs import load_runs, planned
from course.experiments.training import (
    EMBEDDING_LEARNING_RATE,
    Recipe,
    Stopwatch,
    held_out_loss,
    hidden_learning_rate,
    one_thread,
    train,
)

FLEET = Path(__file__).with_name("fleet.csv")

# Budget in FLOP -> widths, from well below the best one to well above: the valley must show.
BUDGETS = {
    3e10: (8, 16, 24, 32, 40, 48),
    1e11: (8, 16, 24, 32, 48, 64),
    3e11: (16, 24, 32, 48, 64, 96),
    1e12: (24, 32, 48, 64, 96, 128),
    3e12: (32, 48, 64, 80, 96, 128),
}
SEEDS = 3


def spec(
    study,
    d_model,
    n_tokens,
    seed=0,
    *,
    epochs=1,
    rate_factor=1.0,
    rate_width=None,
    planned_tokens=None,
):
    """The specification of one run, as a dict.

    Args:
        study: the name in `STUDIES` that the run belongs to.
        d_model: width of the model.
        n_tokens: bytes read in all, repetitions included.
        seed: of the weights at the start, and of what is read in which order.
        epochs: how often each byte is read.
        rate_factor: multiplies both learning rates.
        rate_width: the width that the hidden matrices' learning rate is right for; None for
            d_model.
        planned_tokens: the length that the schedule is made for; None for n_tokens.
    """
    return {
        "study": study,
        "d_model": d_model,
        "n_tokens": n_tokens,
        "epochs": epochs,
        "seed": seed,
        "rate_factor": rate_factor,
        "rate_width": rate_width or d_model,
        "planned_tokens": planned_tokens or n_tokens,
    }


def tokens_for(flops, d_model):
    """The bytes that a model of this width reads for `flops` of training compute."""
    return round(flops / flops_per_token(d_model))


def isoflop():
    """Five budgets, a factor of 100 from end to end, six widths each.

    The four inner widths, where the valley is decided, have three seeds, the outer two have one.
    """
    return [
        spec("isoflop", width, tokens_for(flops, width), seed)
        for flops, widths in BUDGETS.items()
        for seed in range(SEEDS)
        for width in (widths if seed == 0 else widths[1:-1])
    ]


def learning_rate():
    """At five widths: a quarter to four times the rule's rates.

    16, 24 and 32 are near their own best budgets, 48 and 64 have about a sixth of theirs.
    """
    return [
        spec("learning_rate", width, tokens_for(flops, width), seed, rate_factor=factor)
        for width, flops in ((16, 3e10), (24, 1e11), (32, 3e11), (48, 3e11), (64, 1e12))
        for seed in range(2)
        for factor in (0.25, 0.5, 1.0, 2.0, 4.0)
    ]


def repetition():
    """Small unique texts, in bytes, read 1 to 30 times by two sizes of model."""
    return [
        spec("repetition", width, unique * epochs, seed, epochs=epochs)
        for unique, most, seeds in ((50_000, 30, 2), (100_000, 30, 1), (200_000, 8, 1))
        for width in (16, 32)
        for seed in range(seeds)
        for epochs in (1, 2, 4, 8, 15, 30)
        if epochs <= most
    ]


def _four_budgets():
    for flops in (3e10, 1e11, 3e11, 1e12):
        for width in BUDGETS[flops][:-1]:
            yield width, tokens_for(flops, width)


def bad_rate():
    """Bad on purpose: one learning rate, that of width 8, for every width."""
    return [spec("bad_rate", width, n_tokens, rate_width=8) for width, n_tokens in _four_budgets()]


def bad_schedule():
    """Bad on purpose: every run is stopped early in a schedule made for four times its length."""
    return [
        spec("bad_schedule", width, n_tokens, planned_tokens=4 * n_tokens)
        for width, n_tokens in _four_budgets()
    ]


def live(seeds=range(SEEDS)):
    """Three models small enough to be trained while one waits, each near its budget's best."""
    return [
        spec("live", width, tokens_for(flops, width), seed)
        for width, flops in ((16, 1e10), (16, 3e10), (24, 6e10))
        for seed in seeds
    ]


STUDIES = {
    study.__name__: study
    for study in (isoflop, learning_rate, repetition, bad_rate, bad_schedule, live)
}


def specs(names=(), up_to=float("inf")):
    """The runs of some studies, of all by default, none dearer than `up_to` FLOP: see `planned`."""
    return planned(STUDIES, names, flops, up_to)


def flops(row):
    """Training compute of a run, by the formula of `flops_per_token`."""
    return row["n_tokens"] * flops_per_token(row["d_model"])


def provenance():
    """What must be alike in the whole table: the text, and the versions of Python and torch."""
    return {
        "corpus": _corpus().fingerprint,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def run(row):
    """Train one model of the fleet in one thread and measure it: the columns of its results."""
    corpus = _corpus()
    recipe = Recipe(
        learning_rate=row["rate_factor"] * hidden_learning_rate(row["rate_width"]),
        embedding_learning_rate=row["rate_factor"] * EMBEDDING_LEARNING_RATE,
        planned_tokens=row["planned_tokens"],
    )
    with one_thread(row["seed"]):
        model = LanguageModel(row["d_model"])
        with Stopwatch() as watch:
            log = train(
                model,
                corpus.text("train"),
                row["n_tokens"],
                recipe=recipe,
                seed=row["seed"],
                epochs=row["epochs"],
            )
        loss = held_out_loss(model, corpus.text("held_out"))
    count = count_parameters(row["d_model"])
    return {
        "n_non_embedding": count.n_non_embedding,
        "n_with_head": count.n_with_head,
        "n_total": count.n_total,
        "flops": flops(row),
        "steps": log.steps,
        "loss": round(loss, 5),
        "train_loss": round(log.train_loss, 5),
        "seconds": round(watch.seconds, 1),
    }


@lru_cache(maxsize=1)
def _corpus():
    return load_corpus()


def load_fleet(*studies):
    """The measured runs that come with the course, all or those of some studies."""
    return load_runs(FLEET, *studies)
