"""How sure a fit is: what is drawn and refused, and what is said of errors that belong together."""

import warnings

import numpy as np
import pytest

from course.scaling import BESIROGLU_2024_UNROUNDED as LAW
from course.scaling import (
    HOFFMANN_2022,
    KAPLAN_2020_JOINT,
    ChinchillaLaw,
    OutsideFittedRange,
    extrapolating,
)
from course.scaling.fitting import (
    BudgetsMerged,
    CorrelatedResiduals,
    FewToResample,
    NotAtOptimum,
    NotIdentified,
    ResamplesRefused,
    bootstrap,
    correlated_groupings,
    correlation_p_value,
    fit_chinchilla,
    fit_envelope,
    fit_isoflop,
    fit_kaplan_joint,
    fit_power_law,
    fit_surface,
    parametric,
)
from course.scaling.fitting.bootstrap import draw_tables
from tests.bench.coverage import clustered, design, independent
from tests.scaling.test_fitting import CONSTANTS, simulated, valleys


def grid(noise, n=64, seed=0):
    """N, D, loss of the coverage bench."""
    n_params, n_tokens = design(n)
    with extrapolating():
        loss = LAW.loss(n_params, n_tokens)
    return n_params, n_tokens, loss * np.exp(noise(np.random.default_rng(seed), n_params))


def silent(function, *values, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*values, **named)


# What is drawn


def test_a_table_holds_as_many_runs_and_whole_clusters():
    rng = np.random.default_rng(0)
    cases = draw_tables(np.arange(12), None, 500, rng)
    assert (cases.sum(1) == 12).all()
    assert cases.mean(0) == pytest.approx(1, abs=0.2)
    clusters = np.repeat([3, 1, 2], [2, 4, 6])
    whole = draw_tables(clusters, None, 100, rng)
    for label in (1, 2, 3):
        assert (np.ptp(whole[:, clusters == label], axis=1) == 0).all()
    budgets = np.repeat([0, 1, 2], 4)
    within = draw_tables(np.arange(12), budgets, 100, rng)
    assert all((within[:, budgets == label].sum(1) == 4).all() for label in range(3))
    pairs = draw_tables(np.arange(12) // 2, budgets, 100, rng)
    assert all((pairs[:, budgets == label].sum(1) == 4).all() for label in range(3))
    for reaching in (np.arange(12) % 4, budgets):  # across budgets, or a budget as one cluster
        table = draw_tables(reaching, budgets, 100, rng)
        assert np.ptp(table[:, budgets == 0].sum(1)) > 0 or reaching is not budgets
        assert (table.sum(1) == 12).all()


@pytest.mark.parametrize("fit_function", [fit_chinchilla, fit_kaplan_joint, fit_isoflop])
def test_a_resample_is_the_fit_of_the_redrawn_table(fit_function):
    columns = valleys(noise=0.002, sizes=10)
    if fit_function is fit_kaplan_joint:  # on another law's losses it has several optima
        with extrapolating():
            columns = *columns[:2], columns[2] / LAW.loss(*columns[:2])
            columns = *columns[:2], columns[2] * KAPLAN_2020_JOINT.loss(*columns[:2])
    fit = fit_function(*columns)
    weights = draw_tables(np.arange(60), fit.strata, 6, np.random.default_rng(1))
    samples, kept = fit.refit(weights)
    assert kept.all()
    for place, counts in enumerate(weights):
        rows = np.repeat(np.arange(60), counts.astype(int))
        own = silent(fit_function, *(column[rows] for column in columns)).estimates
        for name, value in own.items():
            assert samples.estimates[name][place] == pytest.approx(value, rel=1e-4), name


def test_a_resampled_power_law_is_that_of_the_drawn_points():
    x = np.geomspace(1, 100, 9)
    y = 3 * x**-0.4 * np.exp(0.05 * np.random.default_rng(0).standard_normal(9))
    fit = fit_power_law(x, y)
    weights = np.array([[2, 0, 1, 1, 0, 0, 3, 1, 1], [9, 0, 0, 0, 0, 0, 0, 0, 0]], dtype=float)
    samples, kept = fit.refit(weights)
    rows = np.repeat(np.arange(9), weights[0].astype(int))
    assert kept.tolist() == [True, False]  # a single x has no slope
    assert samples.exponent == pytest.approx([fit_power_law(x[rows], y[rows]).exponent])


def test_whole_budgets_can_be_drawn_and_few_of_them_are_said_to_be_few():
    fit = fit_isoflop(*valleys(noise=0.002))
    with pytest.warns(FewToResample, match="only 6 groups by budget"):
        boot = bootstrap(fit, 100, run="budget")
    low, high = boot.intervals["a"]
    assert low < fit.exponents["a"] < high
    assert boot.drawn == "budget"


def test_every_way_of_drawing_is_named_and_others_are_refused():
    fit = fit_chinchilla(*grid(independent))
    cases = bootstrap(fit, 60, seed=3, run=range(64))
    assert (cases.drawn, cases.refused, len(cases.kept)) == ("run", 0, 60)
    assert "60 redrawn tables refused" in cases._repr_html_()
    labels = bootstrap(fit, 60, seed=3, run=fit.n_params)
    assert labels.intervals == bootstrap(fit, 60, seed=3, run="size").intervals
    assert labels.intervals != cases.intervals
    for odd in ("seed", np.arange(3), [[1]]):
        with pytest.raises(ValueError, match="run must"):
            bootstrap(fit, 60, run=odd)
    with pytest.raises(ValueError, match='resample must be "cases" or "residuals"'):
        bootstrap(fit, 60, resample="runs")
    with pytest.raises(ValueError, match="run must be None"):
        bootstrap(fit, 60, resample="residuals", run="size")
    envelope = fit_envelope(*valleys(noise=0.003))
    with pytest.raises(ValueError, match="it has no residuals"):
        bootstrap(envelope, 60, resample="residuals")


def test_sizes_are_drawn_whole_where_eight_or_more_have_several_runs():
    """So an error that a size shares is not taken for many, whether or not the check sees it."""
    fit = fit_chinchilla(*grid(independent))
    unasked, sizes = bootstrap(fit, 60, seed=3), bootstrap(fit, 60, seed=3, run="size")
    assert (unasked.drawn, unasked.intervals) == ("size", sizes.intervals)
    with pytest.warns(FewToResample):
        assert bootstrap(fit_chinchilla(*grid(independent, 20)), 40).drawn == "runs"
    n = np.geomspace(5e7, 1e10, 64)  # no two runs share a size
    d = np.tile(np.geomspace(2e9, 6e11, 8), 8)
    with extrapolating():
        alone = fit_chinchilla(n, d, LAW.loss(n, d))
    assert bootstrap(alone, 40).drawn == "runs"


def test_refused_tables_are_counted_and_said():
    fit = silent(fit_chinchilla, *(column[:9] for column in simulated(noise=0.001)))
    with pytest.warns(ResamplesRefused, match="of 200 redrawn tables of runs were refused"):
        boot = bootstrap(fit, 200)
    assert boot.refused == 200 - len(boot.samples.alpha) > 10


# Errors that belong together


def test_the_false_alarm_rate_is_the_one_that_is_stated():
    """At a level of 5 % over 400 tables: 20 expected, 31 is 2.5 standard deviations above."""
    labels = np.repeat(np.arange(8), 5)
    for errors in ("standard_normal", "standard_cauchy"):
        p_values = [
            correlation_p_value(getattr(np.random.default_rng(seed), errors)(40), labels, 199)
            for seed in range(400)
        ]
        assert 9 <= sum(p <= 0.05 for p in p_values) <= 31
    assert np.isnan(correlation_p_value(np.arange(4.0), np.arange(4)))


def test_a_shared_error_is_seen_and_the_resampling_that_copes_is_named():
    fit = fit_chinchilla(*grid(clustered, 240))
    assert correlated_groupings(fit)["size"] == 0.001
    with pytest.warns(CorrelatedResiduals, match=r'within a size.*bootstrap\(fit, run="size"\)'):
        cases = bootstrap(fit, 60, run=range(240))
    with warnings.catch_warnings():
        warnings.simplefilter("error", CorrelatedResiduals)
        sizes = bootstrap(fit, 60, run="size")
        bootstrap(fit_chinchilla(*grid(independent, 240)), 40)
    widths = [np.ptp(boot.intervals["alpha"]) for boot in (cases, sizes)]
    assert widths[1] > 1.5 * widths[0]


def test_a_label_of_ones_own_is_checked_too():
    n, d, loss = grid(independent, 64)
    course = np.arange(64) % 16
    shared = np.random.default_rng(5).standard_normal(16)[course]
    fit = fit_chinchilla(n, d, loss * np.exp(0.02 * shared))
    assert correlated_groupings(fit, run=course)["run"] < 0.01
    assert "run" not in correlated_groupings(fit, clusters=course, run=course)


def test_sizes_too_few_to_show_a_shared_error_are_said_to_be():
    with pytest.warns(FewToResample, match="only 5 sizes for 20 runs"):
        bootstrap(fit_chinchilla(*grid(independent, 20)), 40)


# Fits that are not to be trusted in silence


def narrow(law_E, span=4):
    n = np.repeat(np.geomspace(1e9 / span**0.5, 1e9 * span**0.5, 5), 5)
    d = np.tile(np.geomspace(2e10 / span**0.5, 2e10 * span**0.5, 5), 5)
    return n, d, law_E + 8.738 / n**0.1067 + 5.504e6 / d**0.7354


def test_a_law_without_a_floor_is_found_on_a_narrow_grid():
    n = np.repeat(np.geomspace(5e8, 2e9, 5), 5)
    d = np.tile(np.geomspace(1e10, 4e10, 5), 5)
    with pytest.warns(NotIdentified, match="interval of the floor E reaches 0"):
        fit = fit_chinchilla(n, d, 8.738 / n**0.1067 + 5.504e6 / d**0.7354)
    assert fit.E == 0
    found = [getattr(fit, name) for name in CONSTANTS[1:]]
    assert found == pytest.approx([8.738, 5.504e6, 0.1067, 0.7354], rel=1e-6)
    assert fit.certificate.gradient_norm < 1e-10


@pytest.mark.parametrize("span", [4, 10, 30])
@pytest.mark.parametrize("seed", range(4))
def test_laws_without_a_floor_are_found_on_narrow_grids(span, seed):
    rng = np.random.default_rng(seed)
    (alpha, beta), (size, data) = rng.uniform(0.1, 0.9, 2), rng.uniform(0.6, 2, 2)
    n, d, _ = narrow(0, span)
    loss = size * (1e9 / n) ** alpha + data * (2e10 / d) ** beta
    fit = silent(fit_chinchilla, n, d, loss)
    assert fit.E < 1e-6
    assert (fit.alpha, fit.beta) == pytest.approx((alpha, beta), rel=1e-5)


def test_a_search_that_ends_early_says_so(monkeypatch):
    early = parametric.minimise
    monkeypatch.setattr(
        parametric, "minimise", lambda *args, **named: early(*args, **named | {"max_steps": 3})
    )
    with pytest.warns(NotAtOptimum, match="did not end at an optimum"):
        fit_chinchilla(*simulated(noise=0.01))


def test_a_floor_that_reaches_zero_is_said_with_its_interval():
    law = ChinchillaLaw(0.1, 406, 411, 0.34, 0.28)
    n, d, loss = valleys(law, noise=0.04, sizes=6, budgets=4, seed=1)
    with pytest.warns(NotIdentified, match="interval of the floor E reaches 0"):
        boot = bootstrap(silent(fit_chinchilla, n, d, loss), 100)
    assert boot.intervals["E"][0] < 1e-3


# Frontiers


def test_an_envelope_of_one_size_is_refused():
    d = np.geomspace(1e9, 1e12, 12)
    with pytest.raises(ValueError, match=r"n_params must take three values or more.*got 1"):
        fit_envelope(np.full(12, 1e9), d, HOFFMANN_2022.loss(1e9, d))


def test_a_straight_line_far_beyond_its_runs_warns_and_offers_a_floor():
    """At 1e25 from budgets up to 1e21 the line promises 0.6 nats too much."""
    flops = np.repeat(np.geomspace(1e18, 1e21, 6), 7)
    with extrapolating():
        n = HOFFMANN_2022.optimum(flops)[0] * np.tile(np.geomspace(0.25, 4, 7), 6)
        loss = HOFFMANN_2022.loss(n, flops / (6 * n))
        truth = HOFFMANN_2022.loss(*HOFFMANN_2022.optimum(1e25))
    for fit in (fit_isoflop, fit_envelope):
        fitted = fit(n, flops / (6 * n), loss)
        with pytest.warns(OutsideFittedRange, match=r"no floor.*\.optimum\(flops\).*floor=E"):
            n_params, n_tokens, line = fitted.best(1e25)
        assert line < truth - 0.4
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert fitted.optimum(1e25) == (n_params, n_tokens)
            assert fitted.best(1e25, floor=HOFFMANN_2022.E)[2] == pytest.approx(truth, abs=0.03)
            fitted.best(5e21)
        with pytest.raises(ValueError, match="floor must lie below the best losses"):
            fitted.best(1e25, floor=4.0)


def test_all_budgets_without_a_valley_are_named_at_once():
    n, d, loss = valleys()
    flops = 6 * n * d
    dull = np.where(flops < 1e20, 6 - loss, loss)
    with pytest.raises(ValueError, match=r"budget 6e\+18 FLOP.*and at the budget 2.08e\+19 FLOP"):
        fit_isoflop(n, d, dull)


def test_budgets_nearer_than_the_binning_are_explained_and_can_be_said():
    flops = np.repeat(1e19 * 1.09 ** np.arange(40), 6)
    with extrapolating():
        n = HOFFMANN_2022.optimum(flops)[0] * np.tile(np.geomspace(0.25, 4, 6), 40)
        loss = HOFFMANN_2022.loss(n, flops / (6 * n))
    columns = n, flops / (6 * n), loss
    with pytest.raises(ValueError, match=r"got 1: runs within 10 %.*Say with `budget`"):
        fit_isoflop(*columns)
    assert len(fit_isoflop(*columns, budget=flops).sizes.x) == 40
    near = np.isin(np.arange(240) // 6, [0, 1, 2, 3, 20, 39])
    with pytest.warns(BudgetsMerged, match=r"1e\+19 to 1.3e\+19 FLOP was taken as one budget"):
        fit_isoflop(*(column[near] for column in columns))
    for odd in (flops[:9], np.full(240, 1e19)):
        with pytest.raises(ValueError, match="budget must"):
            fit_isoflop(*columns, budget=odd)


# The surface


def test_a_surface_on_another_bill_moves_its_optimum():
    columns = valleys(reach=4)
    flops = 6 * columns[0] * columns[1]
    plain = fit_surface(*columns, flops=flops)
    with extrapolating():
        assert plain.best(1e20)[0] == pytest.approx(LAW.optimum(1e20)[0], rel=0.03)
        dear = fit_surface(*columns, flops=flops * (1e10 / columns[0]) ** 0.3)
    assert dear.exponents["a"] != pytest.approx(plain.exponents["a"], abs=0.02)
    assert plain.optimum(1e20) == plain.best(1e20)[:2]
    few = fit_surface(*columns, flops=flops, least_tokens_per_param=5)
    assert len(few.used) == (columns[1] >= 5 * columns[0]).sum() < 48
    assert np.isnan(few.row_residuals).sum() == 48 - len(few.used)
    assert bootstrap(few, 40).samples.sizes.exponent.shape == (40,)
    with pytest.raises(ValueError, match="three budgets or more"):
        fit_surface(*(column[:8] for column in columns), flops=flops[:8])
