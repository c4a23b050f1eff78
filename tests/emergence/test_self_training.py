"""A model trained on its own samples loses its tail; one that keeps what was there does not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.emergence.self_training import (
    MODES,
    chance_of_loss,
    over_seeds,
    self_train,
    word_counts,
)
from course.experiments.corpus import load_corpus
from course.experiments.estimates import compare, estimate
from tests.odd_inputs import assert_refuses_odd_inputs

N_GENERATIONS = 12


@pytest.fixture(scope="module")
def text():
    """Counts of a real text with its long tail, and of other files of the same corpus."""
    documents = load_corpus("tornado").documents
    return word_counts(
        *(b"\0".join(documents[split].values())[:300_000] for split in ("train", "held_out"))
    )


@pytest.fixture(scope="module")
def runs(text):
    return {mode: over_seeds(*text, N_GENERATIONS, int(text[0].sum()), mode) for mode in MODES}


def mean(runs, mode, measure):
    return runs[mode][measure].mean(axis=0)


def last(runs, measure, one, other):
    """The verdict on one mode beside another at the last generation."""
    values = {mode: runs[mode][measure][:, -1] for mode in MODES}
    (comparison,) = (c for c in compare(values) if {c.first, c.second} == {one, other})
    ours = {"higher": "lower", "lower": "higher"}
    return comparison.verdict if comparison.first == one else ours[comparison.verdict]


def test_words_are_counted_alike_in_both_texts():
    counts, held_out = word_counts(b"a = a + 12", b"12 b, a")
    assert counts.tolist() == [2, 1, 1, 1, 0, 0]  # a = + 12 b ,
    assert held_out.tolist() == [1, 0, 0, 1, 1, 1]


def test_the_text_has_a_long_tail(text):
    counts = text[0][text[0] > 0]
    assert np.mean(counts == 1) > 0.3


def test_collapse_and_accumulation_are_told_apart(runs):
    """K038, K042: the decline that is documented, on held-out text that no model has read."""
    assert last(runs, "loss", "replace", "accumulate") == "higher"
    assert last(runs, "entropy", "accumulate", "replace") == "higher"
    for measure in ("words", "tail_mass"):
        known = mean(runs, "replace", measure)
        assert known[-1] < 0.5 * known[0]


def test_accumulation_levels_off_and_replacement_goes_on(runs):
    """Gerstgrasser et al. 2024: the error stays bounded, here within 0.03 nats of the real text."""
    accumulate, replace = (mean(runs, mode, "loss") for mode in ("accumulate", "replace"))
    assert accumulate[-1] - accumulate[0] < 0.03
    half = N_GENERATIONS // 2
    assert replace[-1] - replace[half] > 5 * (accumulate[-1] - accumulate[half])


def test_a_tenth_of_fresh_text_stops_the_loss_of_words_but_not_all_of_it(runs):
    assert last(runs, "words", "fresh", "replace") == "higher"
    assert last(runs, "loss", "replace", "fresh") == "higher"
    assert mean(runs, "fresh", "words")[-1] < mean(runs, "accumulate", "words")[-1]


def test_all_modes_start_from_the_real_text(runs, text):
    real = text[0] / text[0].sum()
    smoothed = 0.99 * real + 0.01 / real.size
    loss = -(text[1] / text[1].sum() * np.log(smoothed)).sum()
    for mode in MODES:
        assert runs[mode]["loss"][:, 0] == pytest.approx(loss)
        assert (runs[mode]["words"][:, 0] == np.count_nonzero(real)).all()
        assert runs[mode]["tail_mass"][:, 0] == pytest.approx(0.1, abs=0.001)


def test_words_lost_in_one_generation_are_those_expected(text):
    """(1 - p)^n for each word, summed: within four standard errors of the simulation."""
    counts, held_out = text
    real = counts[counts > 0] / counts.sum()
    expected = (1 - chance_of_loss(real, 20_000)).sum()
    words = over_seeds(counts, held_out, 1, 20_000, "replace", range(30))["words"]
    left = estimate(words[:, 1])
    assert left.value == pytest.approx(expected, abs=2 * (left.high - left.value))
    assert left.high - left.low < 0.02 * expected


def test_chance_of_loss_of_one_word():
    assert chance_of_loss(0.1, 10) == pytest.approx(0.9**10)
    assert chance_of_loss(1 / 70_000, 70_000) == pytest.approx(math.exp(-1), rel=1e-4)
    assert chance_of_loss(1.0, 5) == 0.0
    assert chance_of_loss(0.0, 5) == 1.0
    lost = [self_train([1, 9], [1, 9], 1, 10, "replace", seed).words[1] < 2 for seed in range(150)]
    assert np.mean(lost) == pytest.approx(0.9**10 + 0.1**10, abs=0.15)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=20).filter(any),
    st.sampled_from(MODES),
    st.integers(1, 200),
    st.integers(0, 9),
)
def test_what_holds_for_any_text(counts, mode, n_samples, seed):
    run = self_train(counts, counts, 6, n_samples, mode, seed)
    assert np.isfinite([run.words, run.tail_mass, run.entropy, run.loss]).all()
    assert (run.entropy <= np.log(run.words) + 1e-9).all()
    assert (run.loss >= run.entropy[0] - 1e-9).all()  # Gibbs: no model beats the text's own shares
    if mode == "replace":
        assert (np.diff(run.words) <= 0).all()  # zero is a trap
        assert (np.diff(run.tail_mass) <= 1e-12).all()
    if mode == "accumulate":
        assert (run.words == run.words[0]).all()


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    entropy = [
        self_train([5, 3, 2], [5, 3, 2], 3, 20, "replace", seed).entropy.tolist()
        for seed in (1, 1, 2)
    ]
    assert entropy[0] == entropy[1] != entropy[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("counts", [0, 0]),
        ("counts", [1, -1]),
        ("counts", [[1, 2]]),
        ("counts", []),
        ("counts", 3),
        ("held_out", [1, 2, 3]),
        ("held_out", [math.nan, 1]),
        ("mode", "replaced"),
        ("n_generations", 0),
        ("n_generations", 2.5),
        ("n_samples", 0),
        ("n_samples", "many"),
    ],
)
def test_wrong_arguments_are_named(name, value):
    good = {
        "counts": [3, 1],
        "held_out": [1, 1],
        "n_generations": 2,
        "n_samples": 5,
        "mode": "replace",
    }
    with pytest.raises(ValueError, match=name):
        self_train(**good | {name: value})


def test_one_seed_has_no_standard_error():
    with pytest.raises(ValueError, match="seeds must be two or more"):
        over_seeds([3, 1], [1, 1], 2, 5, "replace", seeds=[0])


def test_chance_of_loss_refuses_odd_inputs():
    assert_refuses_odd_inputs(
        chance_of_loss, {"share": 0.1, "n_samples": 10}, within={"share": (0, 1)}, examples=30
    )
