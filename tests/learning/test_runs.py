"""The runs of chapter 8: made again, read, and estimated; searches and batches on known ground."""

import numpy as np
import pytest

from course.experiments.runs import load_runs
from course.learning import Network, fit_critical_batch, noise_scale, study, training, views
from course.learning.losses import cross_entropy
from course.learning.noise import digits, steps_to_target

COLUMNS = ("study", "method", "setting", "seed")


@pytest.mark.parametrize(
    ("name", "method", "setting"),
    [
        ("overfitting", "a smaller network", 16.0),
        ("search", "random", 8.0),
        ("batch", "0.64", 512.0),
    ],
)
def test_a_cheap_row_of_each_study_comes_out_again(name, method, setting):
    rows = [
        row
        for row in load_runs(training.TABLE, name)
        if (
            row["method"] if name != "batch" else f"{float(row['method']):g}",
            row["setting"],
            row["seed"],
        )
        == (method, setting, 0)
    ]
    (row,) = rows
    spec = {"study": name, "method": method, "setting": setting, "seed": 0}
    again = training.run(spec)
    for column in ("test", "loss", "validation"):
        if row[column] != "":
            assert again[column] == pytest.approx(row[column], rel=0.05), column


def test_the_table_holds_every_planned_run_once():
    rows = load_runs(training.TABLE)
    done = [(r["study"], str(r["method"]), float(r["setting"]), int(r["seed"])) for r in rows]
    planned = [(s["study"], s["method"], s["setting"], s["seed"]) for s in training.specs()]
    assert sorted(done) == sorted(planned)


def test_the_split_keeps_its_test_images_whatever_it_trains_on():
    small, large = training.split(3), training.split(3, 600)
    for part in (1, 2):
        np.testing.assert_array_equal(small[part][0], large[part][0])
    images = [x.tobytes() for part in large for x in part[0]]
    assert len(large[0][0]) == 600
    assert len(set(images)) > 0.99 * len(images)  # a few digits occur twice in the data


def test_shifted_images_move_by_a_pixel_at_most():
    image = np.zeros((1, 64))
    image[0, 27] = 1
    places = {
        int(training.shifted(image, np.random.default_rng(seed)).argmax()) for seed in range(200)
    }
    assert places == {27 + 8 * a + b for a in (-1, 0, 1) for b in (-1, 0, 1)}


def test_an_attack_raises_the_loss_and_stays_in_range():
    (x, y), _, _ = training.split(0)
    network = Network([64, 16, 10], "relu", 0)
    attacked = training.attacked(network, x, y, 0.1)
    assert np.abs(attacked - x).max() <= 0.1 + 1e-12
    assert (attacked.min(), attacked.max()) >= (0, 0)
    assert attacked.max() <= 1
    assert network.loss(attacked, y) > network.loss(x, y)


def test_softened_outputs_add_up_and_flatten():
    z = np.array([[3.0, 1.0, 0.0], [800.0, 0.0, 0.0]])
    for temperature in (0.5, 1, 4):
        assert training.softened(z, temperature).sum(axis=1) == pytest.approx(1)
    assert training.softened(z, 4)[0].max() < training.softened(z, 1)[0].max()


def test_remedies_are_judged_by_one_rule():
    found = study.remedies()
    assert len(found.remedies) == len(training.STRENGTHS)
    by_name = {one.name: one for one in found.remedies}
    assert by_name["four times the data"].gain.told_apart
    assert by_name["nothing"].gain is None
    helped = [one for one in found.remedies if one.gain and "better" in study.verdict(one.gain)]
    assert len(helped) == 6  # five of nine, and four times the data
    assert {one.gain.n_comparisons for one in found.remedies if one.gain} == {10}
    assert "not told apart" in found._repr_html_()
    with pytest.raises(ValueError, match="nothing"):
        study.remedies([r for r in load_runs(training.TABLE, "overfitting") if r["seed"] == 0])


# --- searches -------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("method", training.METHODS)
def test_searches_try_as_many_points_as_they_may(method):
    tried = training.points(method, 8, np.random.default_rng(0))
    assert tried.shape == (8, 3)
    assert (tried >= 0).all()
    assert (tried <= 1).all()
    if method == "grid":
        assert len(np.unique(tried[:, :2].round(9), axis=0)) == 4  # of eight, four pairs


def test_expected_improvement_is_the_mean_of_draws():
    draws = np.random.default_rng(0).normal(0.3, 0.2, 400_000)
    ours = training.expected_improvement(np.array(0.3), np.array(0.2), 0.25)
    assert ours == pytest.approx(np.maximum(0.25 - draws, 0).mean(), rel=0.02)
    assert training.expected_improvement(np.array(0.3), np.array(0.0), 0.5) == pytest.approx(0.2)


def test_searches_are_not_told_apart_on_a_broad_floor():
    found = study.searches()
    assert found.floor > 0.1
    for budget in training.BUDGETS:
        assert not any(pair.told_apart for pair in found.comparisons(budget))


def test_no_search_finds_less_than_the_surface_holds():
    found = study.searches()
    assert all((errors >= found.lowest - 1e-9).all() for errors in found.best.values())
    with pytest.raises(ValueError, match="method"):
        training.points("simulated annealing", 8, np.random.default_rng(0))


# --- noise and batches ----------------------------------------------------------------------------


def test_the_noise_scale_is_that_of_gradients_row_by_row():
    x, y = digits()
    x, y = x[:40], y[:40]
    network = Network([64, 8, 10], "tanh", 0)
    rows = np.array(
        [
            np.concatenate([g.ravel() for g in network.gradients(x[i : i + 1], y[i : i + 1])[1]])
            for i in range(len(x))
        ]
    )
    mean = rows.mean(axis=0)
    wanted = ((rows - mean) ** 2).sum(axis=1).mean() / (mean @ mean)
    assert noise_scale(network, x, y) == pytest.approx(wanted)
    assert cross_entropy(network.forward(x)[0], y)[0] == pytest.approx(network.loss(x, y))


def test_the_critical_batch_of_a_made_up_law_comes_back():
    batches = 2.0 ** np.arange(10)
    critical, least = fit_critical_batch(batches, 40 * (1 + 70 / batches))
    assert (critical, least) == pytest.approx((70, 40), rel=1e-4)


def test_a_rate_too_large_never_gets_there():
    assert steps_to_target(64, 100.0, 0)[0] == np.inf
    with pytest.raises(ValueError, match="batch"):
        steps_to_target(0, 0.1, 0)


def test_steps_fall_with_the_batch_and_level_off():
    found = study.batch_study()
    steps = np.log(found.steps).mean(axis=1)
    assert (np.diff(steps) < 0.05).all()
    assert steps[0] - steps[1] > 0.4  # near a halving at the start
    assert steps[-2] - steps[-1] < 0.3  # and hardly anything in the end
    assert 0.1 < found.ratio.low < found.ratio.high < 1  # the order of size, and not closer


def test_views_are_what_they_say():
    view = views.convergence_view(0.9, False, 0.0)
    assert view.losses[0] == 1
    assert np.linalg.norm(view.errors[0]) == pytest.approx(1)
    assert view.losses[-1] < 1 < views.convergence_view(1.1, False, 0.0).losses[-1]
    assert views.convergence_view(0.5, True, 0.0).condition == pytest.approx(1)
    edge = views.edge_view(rates=(1.0,), n_steps=400, every=200)
    assert edge.sharpness[0, -1] == pytest.approx(2.0, abs=0.25)
    assert edge.losses[0, -1] < edge.losses[0, 0]
