"""The set of chapter 8: its answers are the library's and PyTorch's where they have the same."""

import numpy as np
import pytest

from course.classroom import judge, release
from course.learning import (
    HOUSES,
    AdamW,
    EarlyStopping,
    condition_number,
    cross_entropy,
    descend,
    fit_critical_batch,
    gradient,
    largest_stable_rate,
    loss,
    schedule,
    standardise,
    unstandardise,
)

NAME = "08_learning"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
X, Y = HOUSES


def answer(number):
    return EXERCISES[f"08.{number}"].reference


def test_slopes_bowl_and_scaled_line_are_those_of_the_library():
    ours = answer(1)([3, 1.5], list(X), list(Y))
    np.testing.assert_allclose([ours["d0"], ours["d1"]], gradient([3, 1.5], X, Y))
    assert ours["loss"] == pytest.approx(loss([3, 1.5], X, Y))
    bowl = answer(2)(list(X))
    assert bowl["largest_rate"] == pytest.approx(largest_stable_rate(X))
    assert bowl["condition"] == pytest.approx(condition_number(X), rel=1e-6)
    z, mean, sd = standardise(X)
    wanted = unstandardise(descend(z, Y, 0.1, 7).path[-1], mean, sd)
    line = answer(3)(list(X), list(Y), 0.1, 7)
    np.testing.assert_allclose([line["intercept"], line["slope"]], wanted, atol=1e-9)


def test_adamw_and_its_schedule_are_those_of_the_library():
    gradients = [0.3, -1.0, 0.2, 0.7]
    optimiser, weight = AdamW(0.05, weight_decay=0.2), np.array([1.5])
    for g in gradients:
        weight = optimiser.step(weight, np.array([g]))
    assert answer(4)(1.5, gradients, 0.05, 0.2) == pytest.approx(weight[0], abs=1e-12)
    for step in (0, 5, 9, 10, 37, 99):
        assert answer(5)(step, 100, 10, 0.4) == pytest.approx(schedule(step, 100, 0.4, warmup=0.1))


def test_cross_entropy_is_that_of_the_library():
    logits = [0.3, -700.0, 650.0]
    value, gradients = cross_entropy([logits], np.array([0]))
    ours = answer(6)(logits, 0)
    assert ours["loss"] == pytest.approx(value)
    np.testing.assert_allclose(ours["gradient"], gradients[0], atol=1e-12)


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_stopping_is_that_of_the_library(patience):
    losses = np.random.default_rng(patience).random(12).tolist()
    stopping = EarlyStopping(patience)
    stopped = next((e for e, v in enumerate(losses) if stopping.stop(v, e)), len(losses) - 1)
    assert answer(7)(losses, patience, 0) == {"stopped": stopped, "best": stopping.best}


def test_the_noise_scale_of_made_up_gradients_comes_back():
    rng = np.random.default_rng(0)
    true, sd = np.array([1.0, -2.0, 0.5]), 3.0
    lengths = [
        np.mean(np.sum((true + sd / b**0.5 * rng.standard_normal((200_000, 3))) ** 2, axis=1))
        for b in (4, 64)
    ]
    found = answer(8)(*lengths, 4, 64)
    assert found["signal"] == pytest.approx(5.25, rel=0.02)
    assert found["scale"] == pytest.approx(3 * sd**2 / 5.25, rel=0.03)


def test_the_critical_batch_agrees_where_the_law_holds():
    b = np.array([2.0, 8, 32, 128])
    steps = 30 * (1 + 25 / b)
    assert answer(10)(list(b), list(steps), [1] * 4)["critical"] == pytest.approx(25)
    assert fit_critical_batch(b, steps)[0] == pytest.approx(25, rel=1e-4)


def test_the_tables_of_the_notebook_are_those_that_are_judged():
    for piece in ("0.226, 0.25, 0.248", "820, 450, 240", "5.0, 5.1, 5.3"):
        assert piece in TEXT
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
