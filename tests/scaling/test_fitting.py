"""Fits of scaling laws: known constants found again, the optimum proved, doubts, bad tables."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from course.scaling import (
    BESIROGLU_2024_UNROUNDED,
    HOFFMANN_2022,
    KAPLAN_2020_JOINT,
    ChinchillaLaw,
    extrapolating,
    size_interval,
)
from course.scaling.fitting import (
    NotIdentified,
    Runs,
    bootstrap,
    extrapolate,
    fit_chinchilla,
    fit_envelope,
    fit_isoflop,
    fit_kaplan_joint,
    fit_power_law,
    read_runs,
)
from course.scaling.fitting.forms import KaplanJoint, SumOfPowers
from course.scaling.fitting.minimise import huber, minimise

CONSTANTS = ("E", "A", "B", "alpha", "beta")
LAWS = {
    "Hoffmann": HOFFMANN_2022,
    "Besiroglu": BESIROGLU_2024_UNROUNDED,
    "steep": ChinchillaLaw(1.2, 3e5, 2e7, 0.8, 0.9),
    "shallow": ChinchillaLaw(0.5, 20, 30, 0.12, 0.1),
    "small floor": ChinchillaLaw(0.01, 406, 411, 0.34, 0.28),
    "bytes": ChinchillaLaw(0.4, 30, 200, 0.35, 0.4),
}

NO_FLOOR = ChinchillaLaw(0, 406, 411, 0.34, 0.28)


def simulated(law=BESIROGLU_2024_UNROUNDED, *, runs=100, noise=0.0, tails=np.inf, seed=0):
    """N, D, loss like the published 240: sizes of 40M to 16B, budgets of 6e18 to 3e21 FLOP."""
    rng = np.random.default_rng(seed)
    n = np.exp(rng.uniform(np.log(4e7), np.log(1.6e10), runs))
    flops = np.exp(rng.uniform(np.log(6e18), np.log(3e21), runs))
    d = np.clip(flops / (6 * n), 2e8, 6e11)
    errors = rng.standard_normal(runs) if tails == np.inf else rng.standard_t(tails, runs)
    with extrapolating():
        return n, d, law.loss(n, d) * np.exp(noise * errors)


def valleys(law=BESIROGLU_2024_UNROUNDED, *, noise=0.0, seed=0, reach=8, sizes=8, budgets=6):
    """N, D, loss of IsoFLOP runs: sizes about the law's optimum at each budget."""
    flops = np.repeat(np.geomspace(6e18, 3e21, budgets), sizes)
    with extrapolating():
        around = np.tile(np.geomspace(1 / reach, reach, sizes), budgets)
        n = law.optimum(flops)[0] * around
        errors = np.random.default_rng(seed).standard_normal(len(n))
        return n, flops / (6 * n), law.loss(n, flops / (6 * n)) * np.exp(noise * errors)


def values(fit, names=CONSTANTS):
    return [getattr(fit, name) for name in names]


# The optimum


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_known_constants_are_found_again_from_blind_starts(law):
    fit = fit_chinchilla(*simulated(law, runs=60))
    assert values(fit) == pytest.approx(values(law), rel=1e-7)
    assert fit.certificate.agreeing >= 20
    assert fit.certificate.unidentified == ()
    assert np.abs(fit.residuals).max() < 1e-9


@settings(max_examples=6)
@given(
    E=st.floats(0.3, 2),
    size=st.floats(0.1, 0.6),
    data=st.floats(0.1, 0.6),
    alpha=st.floats(0.15, 0.9),
    beta=st.floats(0.15, 0.9),
)
def test_any_law_is_found_again(E, size, data, alpha, beta):
    law = ChinchillaLaw(E, size * 8e8**alpha, data * 1.5e10**beta, alpha, beta)
    runs = simulated(law, runs=40)
    assume(runs[2].max() < 15)  # nats that a model could have
    assert values(fit_chinchilla(*runs)) == pytest.approx(values(law), rel=1e-5)


def plain_objective(theta, n, d, loss):
    """The definition, in the parameters that papers print, with nothing of ours."""
    log_e, log_a, log_b, alpha, beta = theta
    predicted = np.exp(log_e) + np.exp(log_a) / n**alpha + np.exp(log_b) / d**beta
    r = np.log(predicted) - np.log(loss)
    small = np.abs(r) <= 1e-3
    return np.sum(np.where(small, r**2 / 2, 1e-3 * (np.abs(r) - 5e-4)))


@pytest.mark.parametrize("seed", range(3))
def test_brute_force_finds_nothing_better(seed):
    """Outliers as in published tables (Student's t, 2 degrees of freedom)."""
    runs = simulated(noise=0.004, tails=2, seed=seed)
    fit = fit_chinchilla(*runs)
    constants = (*np.log([fit.E, fit.A, fit.B]), fit.alpha, fit.beta)
    assert fit.objective == pytest.approx(plain_objective(constants, *runs), rel=1e-9)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(6):
        start = constants + rng.normal(size=5) * (0.3, 1, 1, 0.05, 0.05)
        found.append(minimize(plain_objective, start, args=runs, method="Nelder-Mead").fun)
    assert min(found) >= fit.objective * (1 - 1e-12)
    assert min(found) < fit.objective * 1.2  # they did try
    assert fit.certificate.agreeing == fit.certificate.starts
    assert fit.certificate.gradient_norm < 1e-10
    assert fit.certificate.smallest_eigenvalue > 0


@pytest.mark.parametrize("kind", [SumOfPowers, KaplanJoint])
def test_derivatives_are_those_of_finite_differences(kind):
    n, d, loss = simulated(runs=30, noise=0.01)
    form = kind(n, d, loss)
    theta, step = form.starts() + 0.05, 1e-5
    weights = np.random.default_rng(1).normal(size=(len(theta), 30))
    _, slopes, curvature = form(theta)
    second = curvature(weights)
    for i in range(theta.shape[1]):
        nudge = step * np.eye(theta.shape[1])[i]
        (up, slopes_up, _), (down, slopes_down, _) = form(theta + nudge), form(theta - nudge)
        np.testing.assert_allclose((up - down) / (2 * step), slopes[..., i], atol=1e-6)
        change = np.einsum("sn,snk->sk", weights, slopes_up - slopes_down) / (2 * step)
        np.testing.assert_allclose(change, second[:, i], atol=1e-6 * np.abs(second).max())


def test_the_robust_loss_is_continuous_and_as_defined():
    assert huber(np.array([0.0, 1e-4, -1e-4]), 1e-3) == pytest.approx([0, 5e-9, 5e-9])
    assert huber(np.array([0.5, -0.5]), 1e-3) == pytest.approx([1e-3 * 0.4995] * 2)
    assert huber(1e-3 * (1 + 1e-9), 1e-3) == pytest.approx(huber(1e-3, 1e-3))


def test_a_huge_delta_is_least_squares():
    n, d, loss = simulated(runs=60, noise=0.01)
    fit = fit_chinchilla(n, d, loss, delta=10)
    assert fit.objective == pytest.approx((fit.residuals**2).sum() / 2)
    assert fit.objective < (fit_chinchilla(n, d, loss).residuals ** 2).sum() / 2


def test_one_outlier_hardly_moves_the_fit():
    n, d, loss = simulated(noise=0.002)
    spoiled = loss.copy()
    spoiled[17] *= 3
    off = fit_chinchilla(n, d, spoiled).alpha / fit_chinchilla(n, d, loss).alpha - 1
    squares = fit_chinchilla(n, d, spoiled, delta=10).alpha / fit_chinchilla(n, d, loss).alpha - 1
    assert abs(off) < 0.02 < abs(squares)


# What must not matter, and what must


def test_order_of_rows_does_not_matter_and_doubled_rows_double_the_objective():
    runs = np.stack(simulated(runs=80, noise=0.01, tails=3))
    fit = fit_chinchilla(*runs)
    shuffled = fit_chinchilla(*runs[:, np.random.default_rng(0).permutation(80)])
    doubled = fit_chinchilla(*np.concatenate([runs, runs], axis=1))
    for other in (shuffled, doubled):
        assert values(other) == pytest.approx(values(fit), rel=1e-6)
    assert shuffled.objective == pytest.approx(fit.objective, rel=1e-9)
    assert doubled.objective == pytest.approx(2 * fit.objective, rel=1e-9)


def test_counting_n_in_another_unit_changes_a_alone():
    n, d, loss = simulated(runs=80, noise=0.01)
    fit, millions = fit_chinchilla(n, d, loss), fit_chinchilla(n / 1e6, d, loss)
    others = ("E", "B", "alpha", "beta", "objective")
    assert values(millions, others) == pytest.approx(values(fit, others), rel=1e-6)
    assert millions.A * 1e6**fit.alpha == pytest.approx(fit.A, rel=1e-6)


def test_n_and_d_may_change_places():
    n, d, loss = simulated(runs=80, noise=0.01)
    fit, swapped = fit_chinchilla(n, d, loss), fit_chinchilla(d, n, loss)
    names = ("E", "B", "A", "beta", "alpha")
    assert values(swapped) == pytest.approx(values(fit, names), rel=1e-6)


def test_the_law_serves_the_calculators():
    n, d, loss = simulated(noise=0.002)
    fit = fit_chinchilla(n, d, loss)
    assert fit.law.fitted_range["n_params"] == (n.min(), n.max())
    assert fit.predict(n, d) == pytest.approx(loss * np.exp(fit.residuals))
    size, data, lowest = fit.best(1e21)
    assert 6 * size * data == pytest.approx(1e21)
    assert lowest == fit.law.loss(*fit.law.optimum(1e21))
    assert fit.exponents["a"] + fit.exponents["b"] == pytest.approx(1)
    assert size == pytest.approx(BESIROGLU_2024_UNROUNDED.optimum(1e21)[0], rel=0.05)


# What the runs do not say


def test_a_floor_of_zero_is_said_not_to_be_identified():
    n, d, loss = simulated(NO_FLOOR, runs=60, noise=0.002)
    with pytest.warns(NotIdentified, match="do not identify E"):
        fit = fit_chinchilla(n, d, loss)
    assert fit.certificate.unidentified == ("E",)
    assert fit.E < 0.2
    assert fit.alpha == pytest.approx(0.34, rel=0.1)
    assert np.isfinite(fit.law.loss(1e9, 1e10))
    assert "do not identify E" in fit._repr_html_()


def test_a_narrow_range_leaves_the_floor_free():
    rng = np.random.default_rng(0)
    n, d = 1e9 * np.exp(rng.uniform(-0.7, 0.7, (2, 60))) * [[1], [20]]
    loss = HOFFMANN_2022.loss(n, d) * np.exp(0.003 * rng.standard_normal(60))
    with pytest.warns(NotIdentified):
        assert "E" in fit_chinchilla(n, d, loss).certificate.unidentified


def test_pure_noise_is_refused():
    n, d, _ = simulated(runs=60)
    with pytest.raises(ValueError, match="identify neither alpha nor beta"):
        fit_chinchilla(n, d, 2 + 0.1 * np.random.default_rng(0).random(60))


@pytest.mark.parametrize("fit", [fit_chinchilla, fit_kaplan_joint])
def test_tables_that_cannot_be_fitted_are_refused(fit):
    n, d, loss = simulated(runs=20)
    with pytest.raises(ValueError, match="runs or more, got 4"):
        fit(n[:4], d[:4], loss[:4])
    with pytest.raises(ValueError, match=r"n_params must take three values or more.*got 1"):
        fit(np.full(20, 1e9), d, loss)
    with pytest.raises(ValueError, match=r"n_tokens must take three values or more.*got 2"):
        fit(n, np.tile([1e9, 2e9], 10), loss)
    with pytest.raises(ValueError, match="must vary independently"):
        fit(n, 20 * n, loss)
    with pytest.raises(ValueError, match="lists of one length"):
        fit(n, d, loss[:-1])
    for name, odd in (("n_params", 0 * n), ("n_tokens", -d), ("loss", loss * np.nan)):
        with pytest.raises(ValueError, match=name):
            fit(**{"n_params": n, "n_tokens": d, "loss": loss} | {name: odd})
    for odd in (0, -1, np.nan, "small", None):
        with pytest.raises(ValueError, match="delta"):
            fit(n, d, loss, delta=odd)


@pytest.mark.parametrize("odd", ["7B", None, [], {}, [[1.0]], True, 1j, [1.0, "x"], object()])
def test_odd_columns_are_refused(odd):
    n, d, loss = simulated(runs=20)
    good = {"n_params": n, "n_tokens": d, "loss": loss}
    for function in (fit_chinchilla, fit_kaplan_joint, fit_envelope, fit_isoflop):
        for name in good:
            with pytest.raises(ValueError, match=name):
                function(**good | {name: odd})
    for x, y in ((n, odd), (odd, n)):
        with pytest.raises(ValueError, match=r"x|y"):
            fit_power_law(x, y)


# Kaplan's forms, and straight lines


def test_kaplans_joint_law_is_found_again():
    law, (n, d, _) = KAPLAN_2020_JOINT, simulated(runs=60)
    with extrapolating():
        fit = fit_kaplan_joint(n, d, law.loss(n, d))
        assert fit.predict(1e9, 1e11) == pytest.approx(law.loss(1e9, 1e11), rel=1e-9)
    names = ("N_c", "D_c", "alpha_N", "alpha_D")
    assert values(fit, names) == pytest.approx(values(law, names), rel=1e-5)
    size, data, lowest = fit.best(1e21)
    assert 6 * size * data == pytest.approx(1e21)
    for factor in (0.9, 1.1):
        assert fit.predict(size * factor, data / factor) > lowest


@given(st.floats(-2, -0.01), st.floats(1e-3, 1e9))
def test_a_power_law_is_found_again(exponent, coefficient):
    x = np.geomspace(10, 1e5, 7)
    fit = fit_power_law(x, coefficient * x**exponent)
    assert fit.exponent == pytest.approx(exponent, abs=1e-9)
    assert fit.coefficient == pytest.approx(coefficient)
    assert fit.predict(1e3) == pytest.approx(coefficient * 1e3**exponent)
    assert fit.r_squared > 1 - 1e-9


def test_a_power_laws_interval_covers_and_its_scale_is_kaplans():
    x, covered = np.geomspace(1e6, 1e9, 6), 0
    for seed in range(200):
        errors = np.random.default_rng(seed).standard_normal(6)
        low, high = fit_power_law(x, (8.8e13 / x) ** 0.076 * np.exp(0.01 * errors)).interval
        covered += low <= -0.076 <= high
    assert 180 <= covered <= 198
    assert fit_power_law(x, (8.8e13 / x) ** 0.076).scale == pytest.approx(8.8e13)


# Approaches 1 and 2


def test_isoflop_finds_the_exponent_up_to_its_own_bias():
    law = BESIROGLU_2024_UNROUNDED
    fit = fit_isoflop(*valleys(reach=2))
    assert fit.exponents["a"] == pytest.approx(law.a, abs=2e-3)
    assert fit.exponents["a"] + fit.exponents["b"] == pytest.approx(1)
    for one, other in zip(fit.best(1e21)[:2], law.optimum(1e21), strict=True):
        assert one == pytest.approx(other, rel=0.01)
    assert fit.law.optimum(1e21)[0] == pytest.approx(fit.best(1e21)[0])
    straight = fit_isoflop(*valleys(NO_FLOOR, reach=2))
    assert straight.losses.r_squared > 0.9999 > fit.losses.r_squared  # a floor bends the line


def test_isoflop_groups_budgets_that_rounding_moved_and_takes_measured_flops():
    n, d, loss = valleys()
    rng = np.random.default_rng(0)
    moved = fit_isoflop(n, d * rng.uniform(0.98, 1.02, len(d)), loss)
    assert len(moved.sizes.x) == 6
    doubled = fit_isoflop(n, d, loss, flops=12 * n * d)
    assert doubled.sizes.x == pytest.approx(2 * moved.sizes.x, rel=0.02)


def test_isoflop_names_the_budget_without_a_valley():
    n, d, loss = valleys()
    with pytest.raises(ValueError, match=r"budget 6e\+18 FLOP: its minimum.*outside of the sizes"):
        fit_isoflop(*(np.delete(one, slice(3, 8)) for one in (n, d, loss)))
    upside_down = np.where(n * d < 2e18, 6 - loss, loss)
    with pytest.raises(ValueError, match=r"budget 6e\+18 FLOP: losses must open upwards"):
        fit_isoflop(n, d, upside_down)
    with pytest.raises(ValueError, match="three budgets or more, got 2"):
        fit_isoflop(n[:16], d[:16], loss[:16])


def test_the_envelope_takes_the_best_run_of_each_budget():
    n, d, loss = valleys()
    fit = fit_envelope(n, d, loss)
    assert fit.losses.y == pytest.approx(loss.reshape(6, 8).min(1))
    assert fit.exponents["a"] == pytest.approx(BESIROGLU_2024_UNROUNDED.a, abs=0.08)
    with pytest.raises(ValueError, match="on the envelope"):
        fit_envelope(n[:8], d[:8], loss[:8])


def test_the_envelope_of_loss_curves_lies_on_the_law():
    """Twelve models, each seen 80 times on its way: resamples draw whole curves."""
    sizes, shares = np.geomspace(1e8, 1e10, 12), np.geomspace(1, 300, 80)
    n, share = (grid.ravel() for grid in np.meshgrid(sizes, shares, indexing="ij"))
    law, d = NO_FLOOR, n * share
    with extrapolating():
        fit = fit_envelope(n, d, law.loss(n, d), run=n)
    inside = fit.best(1e21)
    assert inside[2] == pytest.approx(law.loss(*law.optimum(1e21)), rel=0.01)
    low, high = bootstrap(fit, 60, seed=0).at(1e21)["n_params"]
    assert low < inside[0] < high


# How sure


@pytest.mark.parametrize("fit", [fit_chinchilla, fit_kaplan_joint, fit_isoflop, fit_envelope])
def test_bootstraps_are_repeatable_and_hold_the_estimate(fit):
    n, d, loss = valleys(noise=0.003)
    fitted = fit(n, d, loss)
    first, again, other = (bootstrap(fitted, 80, seed) for seed in (1, 1, 2))
    assert first.intervals == again.intervals != other.intervals
    assert set(first.intervals) == set(fitted.estimates) >= {"a", "b"}
    for name in ("a", "b"):
        low, high = first.intervals[name]
        assert low < fitted.estimates[name] < high
    at, best = first.at(1e21), fitted.best(1e21)
    assert at["loss"][0] < best[2] < at["loss"][1]
    assert "95% interval" in first._repr_html_()
    assert fitted._repr_html_().startswith("<table>")


def test_wider_intervals_for_more_noise_and_for_a_higher_level():
    widths = []
    for noise, level in ((0.002, 0.95), (0.01, 0.95), (0.01, 0.99)):
        fit = fit_chinchilla(*simulated(noise=noise, seed=3))
        low, high = bootstrap(fit, 100, seed=0, level=level).intervals["alpha"]
        widths.append(high - low)
    assert widths[0] < widths[1] / 3 < widths[1] < widths[2]


def test_each_bootstrap_optimum_is_an_optimum():
    n, d, loss = simulated(runs=120, noise=0.01, tails=3)
    fit = fit_chinchilla(n, d, loss)
    form, rng = SumOfPowers(n, d, loss), np.random.default_rng(0)
    tables = np.log(loss) + rng.choice(fit.residuals, (10, 120))
    start = form.theta({name: getattr(fit, name) for name in CONSTANTS})
    warm = minimise(form, np.tile(start, (10, 1)), tables, 1e-3)
    assert np.abs(warm.gradient).max() < 1e-10
    for one, table in zip(warm.objective, tables, strict=True):
        blind = minimise(form, form.starts()[::6], table, 1e-3).objective.min()
        assert one == pytest.approx(blind, rel=1e-9)


def test_intervals_cover_the_truth():
    """10 small studies with 1 % noise; the bench does 200 large ones. 95 % of 10 is 9.5 ± 0.7."""
    law, covered = BESIROGLU_2024_UNROUNDED, dict.fromkeys((*CONSTANTS, "a"), 0)
    for seed in range(10):
        fit = fit_chinchilla(*simulated(law, runs=30, noise=0.01, seed=seed))
        for name, (low, high) in bootstrap(fit, 60, seed=seed).intervals.items():
            if name in covered:
                covered[name] += low <= getattr(law, name) <= high
    assert all(hits >= 7 for hits in covered.values()), covered


def test_a_frontier_that_is_not_decided_has_no_interval():
    fit = fit_isoflop(*valleys(reach=2, noise=0.006, seed=0))
    with pytest.raises(ValueError, match=r"of 100 redrawn tables of runs were refused.*add runs"):
        bootstrap(fit, 100)


def test_odd_bootstraps_are_refused():
    n, d, loss = simulated(noise=0.001)
    with pytest.raises(ValueError, match="10 runs or more to draw errors from, got 9"):
        bootstrap(fit_chinchilla(n[:9], d[:9], loss[:9]), resample="residuals")
    fit = fit_power_law([1, 2, 3, 4], [1, 2, 3, 5])
    for name, odd in (("n_samples", 39), ("seed", -1), ("level", 1.0), ("n_samples", None)):
        with pytest.raises(ValueError, match=name):
            bootstrap(fit, **{"n_samples": 40} | {name: odd})


# Held-out budgets


@pytest.mark.parametrize(
    ("fit", "low", "high"),
    [(fit_chinchilla, -0.01, 0.01), (fit_isoflop, -0.04, -0.02), (fit_envelope, -0.04, -0.02)],
)
def test_the_largest_budget_is_predicted_from_the_smaller(fit, low, high):
    """Only the formula has a floor; straight lines forecast too low a loss where there is one."""
    n, d, loss = valleys(noise=0.001)
    result = extrapolate(fit, Runs(n, d, loss, 6 * n * d), below=2e21)
    assert result.reach == pytest.approx(500 ** (1 / 5))
    assert result.observed == loss[-8:].min()
    assert low < result.relative_error < high
    assert "times the largest fitted" in result._repr_html_()
    with pytest.raises(ValueError, match="below must leave the largest budget"):
        extrapolate(fit, Runs(n, d, loss, 6 * n * d), below=1e22)
    with pytest.raises(ValueError, match="below must leave runs to fit"):
        extrapolate(fit, Runs(n, d, loss, 6 * n * d), below=1)


# Tables


def write(tmp_path, text):
    path = tmp_path / "runs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_in_anybodys_words(tmp_path):
    titles = "Model Size,Training Tokens,Loss,note,Seed\n"
    path = write(tmp_path, titles + "70M,1.4B,3.1,a,0\n\n1e9,2e10,2.5,,1\n")
    runs = read_runs(path)
    assert runs.n_params.tolist() == [70e6, 1e9]
    assert runs.n_tokens.tolist() == [1.4e9, 2e10]
    assert runs.flops == pytest.approx(6 * runs.n_params * runs.n_tokens)
    assert runs.seed.tolist() == ["0", "1"]
    assert len(runs.where(runs.loss < 3)) == 1


def test_a_mapping_of_columns():
    n, d, loss = simulated(runs=7)
    runs = read_runs({"N": n, "D": d, "L": loss, "C": 6.5 * n * d})
    assert runs.flops == pytest.approx(6.5 * n * d)
    assert runs.seed is None


def test_every_bad_row_is_named_by_its_line(tmp_path):
    path = write(
        tmp_path, "N,D,loss\n1e9,2e10,2.5\n-1e9,2e10,2.5\n1e9,many,nan\n1e9,2e10\n1e9,2e10,40\n"
    )
    with pytest.raises(ValueError, match="4 bad rows") as refusal:
        read_runs(path)
    said = str(refusal.value).splitlines()[1:]
    assert [line.split(":")[0] for line in said] == ["line 3", "line 4", "line 5", "line 6"]
    assert "n_params" in said[0]
    assert "n_tokens" in said[1]
    assert "loss" in said[1]
    assert "2 cells under 3 titles" in said[2]
    assert "40" in said[3]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"N": [0.07, 1, 70], "D": [2e9] * 3}, "n_params goes up to 70.*billions"),
        ({"N": [1e9] * 3, "D": [20, 40, 1400]}, "n_tokens goes up to 1400"),
        ({"N": [1e9] * 3, "D": [2e10] * 3, "C": [1.4, 1.4, 1.4]}, "flops is 1.2e-20 times"),
        ({"N": [1e9] * 3, "D": [2e10] * 3, "params": [1] * 3}, "'N' and 'params' both mean"),
        ({"N": [1e9] * 3}, "no column for n_tokens.*may be called"),
        ({"N": [1e9] * 3, "D": [2e10] * 2}, "columns must have one length"),
        ({"N": [None, True, 1e9], "D": [2e10] * 3}, "2 bad rows\nline 1: n_params"),
        ({"N": [], "D": [], "loss": []}, "no rows"),
        ({"N": [1e9] * 3, "D": [2e10] * 3, "loss": [2.5, True, 2.5]}, "1 bad rows\nline 2: loss"),
        ({"N": 1e9, "D": 2e10, "loss": 2.5}, "columns must be lists"),
    ],
)
def test_other_units_and_other_columns_are_refused(columns, words):
    with pytest.raises(ValueError, match=words):
        read_runs({"loss": [2.5] * 3} | columns)


@pytest.mark.parametrize("source", [None, 5, "nowhere.csv", "/", [1e9], []])
def test_what_is_no_table_is_refused(source):
    with pytest.raises(ValueError, match="source must be a CSV file or a mapping"):
        read_runs(source)


@pytest.mark.parametrize("content", ["N,é\n".encode("latin-1"), b"N\n" + b"1" * 200_000])
def test_a_file_that_is_no_csv_is_refused(tmp_path, content):
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a CSV file in UTF-8"):
        read_runs(path)


def test_equal_losses_show_no_valley():
    n, d, _ = valleys(noise=0.001)
    with pytest.raises(ValueError, match="all alike"):
        fit_isoflop(n, d, np.full(len(n), 2.0))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="empty"):
        read_runs(write(tmp_path, "\n"))


def test_size_interval_of_a_fitted_law():
    fit = fit_chinchilla(*simulated(noise=0.01))
    law = bootstrap(fit, 60).law
    low, high = size_interval(law, 5.76e23)
    assert low < law.optimum(5.76e23)[0] < high


def test_a_budget_with_a_single_run_is_named():
    flops = np.repeat([1e14, 1e15, 1e16, 1e17], [4, 4, 4, 1])
    n = (flops / 6) ** 0.5 * np.array([0.5, 0.8, 1.3, 2.0] * 3 + [1.0])
    d = flops / (6 * n)
    with pytest.raises(ValueError, match=r"1e\+17 FLOP.*three different sizes, got 1"):
        fit_isoflop(n, d, 2 + 400 / n**0.34 + 400 / d**0.34)


@pytest.mark.parametrize("times", [1, 2, 4])
def test_one_bad_run_leaves_fit_and_standard_errors_alone(times):
    n, d = np.array(np.meshgrid(np.geomspace(4e7, 1.6e10, 7), np.geomspace(1e9, 5e11, 6))).reshape(
        2, -1
    )
    noise = np.exp(0.002 * np.random.default_rng(0).standard_normal(42))
    loss = (1.69 + 406.4 / n**0.34 + 410.7 / d**0.28) * noise
    loss[3] *= times
    fit = fit_chinchilla(n, d, loss)
    assert fit.alpha == pytest.approx(0.34, abs=0.01)
    assert 0.003 < fit.certificate.standard_errors["alpha"] < 0.03


def test_power_laws_that_no_number_can_hold_are_refused():
    for x, y in (
        ([1e20, np.nextafter(1e20, 2e20), 1e20], [1, 2, 3]),
        (1e21 * np.array([1, 1.0001, 1.0002, 1.0003]), [2.0, 2.02, 1.97, 2.1]),
    ):
        with pytest.raises(ValueError, match=r"^x must vary more"):
            fit_power_law(x, y)
    with pytest.raises(ValueError, match="flat law has no scale"):
        _ = fit_power_law([1, 2, 4], [1, 1, 1]).scale


def test_columns_of_other_lengths_and_odd_deltas_are_refused():
    n, d, loss = (np.geomspace(1, 10, 12) * scale for scale in (1e8, 1e10, 1))
    for fit in (fit_envelope, fit_isoflop):
        with pytest.raises(ValueError, match="lists of one length"):
            fit(n, d[:-1], loss)
    for delta in (1e-13, [1e-3, 1e-3], 0, "small"):
        with pytest.raises(ValueError, match=r"^delta must be"):
            fit_chinchilla(n, d[::-1], loss, delta=delta)
