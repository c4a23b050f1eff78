"""Small transformers that learn to add: exact match jumps where the accuracy of a digit climbs."""

import numpy as np
import pytest
import torch

from course.emergence import addition
from course.emergence.__main__ import main
from course.emergence.addition import (
    N_PLACES,
    PROMPT,
    SEEDS,
    add,
    by_size,
    draw_problems,
    held_out_problems,
    if_independent,
    load_addition,
    measure,
    specs,
    steepness,
    train_adder,
    training_problems,
    write_problems,
)
from course.experiments.model import LanguageModel

MEASURES = ("loss", "accuracy", "exact_match", "sampled_match")


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
    found = measure(model, write_problems(held_out_problems(200)))
    assert found["loss"] == pytest.approx(np.log(256), rel=1e-4)
    assert found["sampled_match"] == pytest.approx(256.0**-7, rel=1e-3)
    assert found["exact_match"] == 0


def test_measures_hang_together(adder):
    found = measure(adder, write_problems(held_out_problems(300)))
    places = [found[f"accuracy_{place}"] for place in range(1, N_PLACES + 1)]
    assert np.mean(places) == pytest.approx(found["accuracy"])
    assert found["exact_match"] <= min(places)
    # Jensen: the mean of a product of probabilities is at least exp of the mean of its logarithm.
    assert found["sampled_match"] >= np.exp(-N_PLACES * found["loss"])
    assert if_independent([found])[0] <= found["accuracy"] ** N_PLACES


def test_thirty_steps_teach_something_and_the_same_each_time(adder):
    text = write_problems(held_out_problems(200))
    assert measure(adder, text)["loss"] < 3.0
    assert measure(train_adder(16, n_steps=30), text) == measure(adder, text)
    assert measure(train_adder(16, seed=1, n_steps=30), text) != measure(adder, text)


def test_steepness_of_a_line_is_one_and_of_a_step_is_larger():
    sizes = np.array([1e3, 1e4, 1e5])
    assert steepness(sizes, [0.0, 1.0, 2.0]) == pytest.approx(1)
    assert steepness(sizes, [1.0, 0.5, 0.0]) == pytest.approx(1)
    assert steepness(sizes, [0.0, 0.0, 1.0]) == pytest.approx(2)
    assert steepness(sizes, [0.1, -0.1, 1.0]) == pytest.approx(2)  # ups and downs are evened out


def test_by_size_needs_two_seeds():
    rows = [{"n_params": 5, "loss": 1.0}, {"n_params": 5, "loss": 2.0}, {"n_params": 3, "loss": 0}]
    with pytest.raises(ValueError, match="two seeds"):
        by_size(rows, "loss")
    sizes, mean, se = by_size([*rows, {"n_params": 3, "loss": 1}], "loss")
    assert (sizes.tolist(), mean.tolist(), se.tolist()) == ([3, 5], [0.5, 1.5], [0.5, 0.5])


# --- the table that comes with the course ---------------------------------------------------------


def test_the_table_holds_the_runs_of_the_plan():
    rows = load_addition()
    planned = {tuple(spec.values()) for spec in specs()}
    assert {(row["d_model"], row["seed"], row["n_steps"]) for row in rows} == planned
    assert len(rows) == len(planned)
    for row in rows:
        assert row["n_params"] == addition.n_params(row["d_model"])
        assert row["flops"] == addition.flops(row)
        places = [row[f"accuracy_{place}"] for place in range(1, N_PLACES + 1)]
        assert np.mean(places) == pytest.approx(row["accuracy"], abs=1e-5)


def test_exact_match_sleeps_while_digits_are_learned_and_the_loss_moves_at_once_too():
    """K026, K027: by one measure nothing has begun at width 32, by another it has.

    Accuracy and loss have made ten times the part of their way there. But between widths 32 and 48
    the loss falls as suddenly as exact match rises: at this task the jump is not only the metric's.
    """
    rows = load_addition()
    means = {}
    for name in MEASURES:
        sizes, means[name], _ = by_size(rows, name)
    assert means["exact_match"][1] < 0.01
    assert means["exact_match"][-1] > 0.7
    assert means["accuracy"][0] > 0.3
    way = {name: (mean[1] - mean[0]) / (mean[-1] - mean[0]) for name, mean in means.items()}
    for smooth in ("accuracy", "loss"):
        assert way[smooth] > 9 * way["exact_match"]
        assert steepness(sizes, means[smooth]) > 1.5


def test_exact_match_is_near_the_product_of_the_digits_accuracies():
    """K026: p^k makes most of the jump, where the digits' mistakes would be independent.

    They are not quite: one missed carry spoils more than one digit, so exact match lies above.
    """
    rows = load_addition()
    exact = np.array([row["exact_match"] for row in rows])
    product = if_independent(rows)
    assert np.corrcoef(product, exact)[0, 1] > 0.98
    assert np.abs(product - exact).max() < 0.12
    assert np.mean(exact - product) > 0


def test_the_command_goes_on_where_it_was(tmp_path, monkeypatch, capsys):
    few = [{"d_model": 8, "seed": seed, "n_steps": 2} for seed in (0, 1)]
    table = tmp_path / "addition.csv"
    for specs_now, told in (
        (few[:1], "1 runs done now, 1 in all"),
        (few, "1 runs done now, 2 in all"),
    ):
        monkeypatch.setattr(addition, "specs", lambda found=specs_now: found)
        main(["--table", str(table)])
        assert told in capsys.readouterr().out
    rows = load_addition(table=table)
    assert [row["seed"] for row in rows] == [0, 1]
    assert list(rows[0]) == list(load_addition()[0])
    assert SEEDS == 5
