"""Training sees what it says it sees, learns, and is the same twice."""

import math

import numpy as np
import pytest
import torch

from course.experiments.model import LanguageModel
from course.experiments.training import (
    CONTEXT,
    Recipe,
    _passes,
    batch_size_for,
    held_out_loss,
    hidden_learning_rate,
    parameter_groups,
    schedule,
    train,
    windows,
)

TEXT = np.frombuffer(b"def f(x):\n    return x + 1\n" * 4000, dtype=np.uint8)


def fresh(d_model=16, seed=0):
    torch.manual_seed(seed)
    return LanguageModel(d_model)


def test_windows_predict_each_byte_once():
    text = np.arange(200, dtype=np.uint8)
    cut = windows(text)
    assert cut.shape == (3, CONTEXT + 1)
    assert cut[:, 1:].ravel().tolist() == list(range(1, 193))
    with pytest.raises(ValueError, match="text must hold at least 65 bytes, got 64"):
        windows(text[:64])


def test_a_short_training_learns_the_text():
    model = fresh()
    losses = []
    log = train(model, TEXT, 60_000, on_step=lambda step, steps, loss: losses.append(loss.item()))
    assert losses[0] == pytest.approx(math.log(256), abs=1e-4)
    assert log.steps == len(losses) == round(60_000 / (batch_size_for(60_000) * CONTEXT))
    assert log.train_loss == pytest.approx(np.mean(losses[-(log.steps // 10) :]), rel=1e-5)
    assert held_out_loss(model, TEXT) < 0.3


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    def loss(seed):
        torch.set_num_threads(1)
        model = fresh(seed=seed)
        train(model, TEXT, 6_000, seed=seed)
        return held_out_loss(model, TEXT)

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)


def test_one_pass_repeats_nothing_and_epochs_repeat_everything():
    generator = np.random.default_rng(0)
    once = _passes(np.arange(50), 50, generator)
    assert sorted(once) == list(range(50))
    thrice = _passes(np.arange(50), 150, generator)
    assert (np.bincount(thrice) == 3).all()
    assert sorted(thrice[:50]) == sorted(thrice[50:100]) == list(range(50))
    assert list(thrice[:50]) != list(thrice[50:100])


def test_more_text_than_there_is_is_refused():
    with pytest.raises(ValueError, match=r"n_tokens / epochs must be 64 to 1\d{5} unique bytes"):
        train(fresh(), TEXT, 200_000)
    train(fresh(), TEXT[:2_000], 4_000, epochs=4)


@pytest.mark.parametrize("odd", [0, -5, float("nan"), float("inf"), "64", None])
def test_odd_lengths_are_refused(odd):
    with pytest.raises(ValueError, match="n_tokens must be a positive number"):
        train(fresh(), TEXT, odd)
    with pytest.raises(ValueError, match="epochs must be a positive number"):
        train(fresh(), TEXT, 640, epochs=odd)


def test_a_schedule_shorter_than_its_run_is_refused():
    with pytest.raises(ValueError, match="planned_tokens must be at least n_tokens"):
        train(fresh(), TEXT, 20_000, recipe=Recipe(planned_tokens=100))


def test_the_schedule_rises_then_falls_to_nothing():
    factors = [schedule(step, 100) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == 1.0
    assert factors.index(1.0) in (9, 10)
    assert factors[-1] == pytest.approx(1 / 90)
    assert all(0 < schedule(0, steps) <= 1 for steps in (1, 2, 3))


def test_every_parameter_is_in_one_group_at_its_own_rate():
    model = fresh(32)
    groups = parameter_groups(model, 32, Recipe())
    listed = [id(p) for group in groups for p in group["params"]]
    assert sorted(listed) == sorted(id(p) for p in model.parameters())
    assert [group["lr"] for group in groups] == [
        hidden_learning_rate(32),
        hidden_learning_rate(32),
        3.2e-2,
    ]
    assert [group["weight_decay"] for group in groups] == [0.1, 0, 0]
    assert hidden_learning_rate(16) == pytest.approx(2 * hidden_learning_rate(64))


def test_a_schedule_cut_short_ends_at_a_high_rate():
    """The same steps, but planned for four times as many: no low rate at the end, a worse loss."""
    whole, cut = fresh(), fresh()
    train(whole, TEXT, 20_000)
    train(cut, TEXT, 20_000, recipe=Recipe(planned_tokens=80_000))
    assert held_out_loss(cut, TEXT) > held_out_loss(whole, TEXT)


def test_held_out_loss_is_the_mean_over_all_predicted_bytes():
    model = fresh()
    torch.nn.init.normal_(model.head.weight, std=0.3)
    cut = torch.from_numpy(windows(TEXT).copy()).long()
    with torch.no_grad():
        logits = model(cut[:, :-1])[0].double()
    expected = -logits.log_softmax(-1).gather(-1, cut[:, 1:, None]).mean().item()
    assert held_out_loss(model, TEXT) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"embedding_learning_rate": math.inf},
        {"batch_size": 0},
        {"batch_size": -4},
        {"batch_size": 2.5},
        {"planned_tokens": 0},
        {"weight_decay": math.nan},
        {"balance_coefficient": -1.0},
    ],
)
def test_a_recipe_with_a_wrong_number_is_refused(wrong):
    """A zero is not "nothing given", and a NaN must not come out as a loss."""
    with pytest.raises(ValueError, match=rf"^{next(iter(wrong))} must be"):
        Recipe(**wrong)


@pytest.mark.parametrize(
    "text", [np.zeros((200, 2), np.uint8), np.zeros(500), b"bytes" * 100, np.full(500, 300)]
)
def test_only_a_list_of_bytes_is_a_text(text):
    with pytest.raises(ValueError, match=r"^text must be a numpy array of bytes"):
        windows(text)
