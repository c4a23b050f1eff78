"""Small transformers that learn to add: exact match jumps where the accuracy of a digit climbs."""

import numpy as np
import pytest
import torch

from course.emergence import addition
from course.emergence.__main__ import main
from course.emergence.addition import (
    N_PLACES,
    PROMPT,
    add,
    draw_problems,
    held_out_problems,
    measure,
    train_adder,
    training_problems,
    write_problems,
)
from course.emergence.study import if_independent, load_addition
from course.experiments.model import LanguageModel


@pytest.fixture(scope="module")
def adder():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield train_adder(16, n_steps=30)
    torch.set_num_threads(threads)


# --- the problems ---------------------------------------------------------------------------------


def test_a_problem_is_written_units_first():
    text = write_problems(np.array([[[6, 5, 4, 3, 2, 1], [1, 0, 0, 0, 0, 0]], [[9] * 6, [9] * 6]]))
    assert bytes(text[0]) == b"654321+100000=7543210"
    assert bytes(text[1]) == b"999999+999999=8999991"


def test_every_sum_is_right():
    for row in write_problems(held_out_problems(200)):
        left, answer = bytes(row).decode().split("=")
        a, b = (int(number[::-1]) for number in left.split("+"))
        assert int(answer[::-1]) == a + b
        assert len(answer) == N_PLACES


def test_no_held_out_problem_is_learned_from():
    """Half of what would be drawn is held out, and none of it comes."""
    would_be = training_problems(400, seed=3, held_out=held_out_problems(1))
    held_out = would_be[::2]
    problems = training_problems(400, seed=3, held_out=held_out)
    text = {bytes(row) for row in write_problems(problems)}
    assert not text & {bytes(row) for row in write_problems(held_out)}
    assert np.array_equal(problems[1::2], would_be[1::2])


def test_zeros_are_more_in_training_and_not_in_the_test():
    held_out = held_out_problems()
    assert np.mean(held_out == 0) == pytest.approx(0.1, abs=0.01)
    trained = training_problems(2000, 0, held_out)
    assert np.mean(trained == 0) == pytest.approx(0.4 + 0.6 * 0.1, abs=0.015)


# --- the measures ---------------------------------------------------------------------------------


def test_exact_match_is_that_of_generation(adder):
    """Until its first mistake a generated sum is the right one, so both agree problem by problem.

    Easy problems, so that some of them are right: sums of zeros after thirty steps.
    """
    zeros = draw_problems(300, np.random.default_rng(0), zeros=0.97)
    text = write_problems(zeros)
    generated = (add(adder, text) == text[:, PROMPT:]).all(axis=1)
    assert 0.05 < generated.mean() < 0.95
    assert measure(adder, text)["exact_match"] == pytest.approx(generated.mean())
    one_by_one = [measure(adder, text[i : i + 1])["exact_match"] for i in range(60)]
    assert one_by_one == generated[:60].tolist()


def test_an_untrained_model_knows_nothing():
    model = LanguageModel(16, addition.N_LAYERS, addition.CONTEXT)
    measures = measure(model, write_problems(held_out_problems(200)))
    assert measures["loss"] == pytest.approx(np.log(256), rel=1e-4)
    assert measures["sampled_match"] == pytest.approx(256.0**-7, rel=1e-3)
    assert measures["exact_match"] == 0


def test_measures_hang_together(adder):
    measures = measure(adder, write_problems(held_out_problems(300)))
    places = [measures[f"accuracy_{place}"] for place in range(1, N_PLACES + 1)]
    assert np.mean(places) == pytest.approx(measures["accuracy"])
    assert measures["exact_match"] <= min(places)
    # Jensen: the mean of a product of probabilities is at least exp of the mean of its logarithm.
    assert measures["sampled_match"] >= np.exp(-N_PLACES * measures["loss"])
    assert if_independent([measures])[0] <= measures["accuracy"] ** N_PLACES


def test_thirty_steps_teach_something_and_the_same_each_time(adder):
    text = write_problems(held_out_problems(200))
    assert measure(adder, text)["loss"] < 3.0
    assert measure(train_adder(16, n_steps=30), text) == measure(adder, text)
    assert measure(train_adder(16, seed=1, n_steps=30), text) != measure(adder, text)


# --- the command ----------------------------------------------------------------------------------


def test_the_command_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    few = [{"d_model": 8, "seed": seed, "n_steps": 2} for seed in (0, 1)]
    table = tmp_path / "addition.csv"
    for specs_now, told in (
        (few[:1], "1 runs done now, 1 in all"),
        (few, "1 runs done now, 2 in all"),
    ):
        monkeypatch.setitem(addition.STUDIES, "addition", lambda planned=specs_now: planned)
        main(["--table", str(table)])
        assert told in capsys.readouterr().out
    rows = load_addition(table=table)
    assert [row["seed"] for row in rows] == [0, 1]
    assert list(rows[0]) == list(load_addition()[0])
