"""Tables as practitioners have them: Series, tensors, rows as dicts, budgets, losses without D."""

import numpy as np
import pytest
import torch

from course.scaling import HOFFMANN_2022, extrapolating
from course.scaling.fitting import (
    fit_chinchilla,
    fit_envelope,
    fit_isoflop,
    fit_kaplan_joint,
    read_runs,
)
from tests.scaling.test_fitting import simulated, valleys


class Series:
    """What a pandas Series of dtype object is to the course, without pandas."""

    def __init__(self, values):
        self.values = np.array(list(map(float, values)), dtype=object)

    def to_numpy(self):
        return self.values

    def __len__(self):
        return len(self.values)


FITS = [fit_chinchilla, fit_kaplan_joint, fit_envelope, fit_isoflop]


def test_series_of_objects_and_tensors_are_columns():
    n, d, loss = simulated(runs=30, noise=0.01)
    plain = fit_chinchilla(n, d, loss)
    objects = [Series(values) for values in (n, d, loss)]
    assert fit_chinchilla(*objects).alpha == plain.alpha
    tensors = [torch.tensor(values) for values in (n, d, loss)]
    assert fit_chinchilla(*tensors).alpha == plain.alpha
    rounded = [values.bfloat16() for values in tensors]
    assert fit_chinchilla(*rounded).alpha == fit_chinchilla(*(v.double() for v in rounded)).alpha
    runs = read_runs({"N": rounded[0], "D": rounded[1], "loss": rounded[2]})
    assert runs.loss == pytest.approx(rounded[2].double().numpy())
    frame = dict(zip(("N", "D", "loss"), objects, strict=True))
    assert read_runs(frame).n_params.tolist() == n.tolist()


@pytest.mark.parametrize("fit", FITS)
def test_a_bad_entry_is_named_by_its_row(fit):
    n, d, loss = simulated(runs=30, noise=0.01)
    for odd, kind in ((np.nan, float), (None, object), (-1.0, float)):
        column = np.array(loss, dtype=kind)
        column[6] = odd
        with pytest.raises(ValueError, match=r"^loss must be .* in row 7 \(counted from 1\)"):
            fit(n, d, column)


@pytest.mark.parametrize("fit", FITS)
def test_perplexities_and_millions_are_refused_by_the_fits_too(fit):
    n, d, loss = simulated(runs=30, noise=0.01)
    with pytest.raises(ValueError, match="Of a perplexity take the logarithm"):
        fit(n, d, np.exp(loss))
    with pytest.raises(ValueError, match=r"n_params goes up to .* millions"):
        fit(n / 1e9, d, loss)
    with pytest.raises(ValueError, match=r"n_tokens goes up to .* billions"):
        fit(n, d / 1e9, loss)


def test_rows_as_dicts():
    rows = [{"N": "70M", "D": 1.4e9, "loss": 3.1, "note": "a"}, {"loss": 2.5, "N": 1e9, "D": 2e10}]
    runs = read_runs(rows)
    assert runs.n_params.tolist() == [70e6, 1e9]
    assert runs.loss.tolist() == [3.1, 2.5]
    with pytest.raises(ValueError, match="1 bad rows\nline 2: n_tokens"):
        read_runs([rows[0], {"N": 1e9, "loss": 2.5}])


def test_tokens_are_derived_only_when_asked():
    n, d, loss = simulated(runs=7)
    table = {"N": n, "C": 6 * n * d, "loss": loss}
    with pytest.raises(
        ValueError, match=r"no column for n_tokens.*derive_tokens=True.*C / \(6 N\)"
    ):
        read_runs(table)
    assert read_runs(table, derive_tokens=True).n_tokens == pytest.approx(d)
    assert read_runs(table | {"D": d / 2}, derive_tokens=True).n_tokens == pytest.approx(d / 2)
    with pytest.raises(ValueError, match="no column for n_tokens"):
        read_runs({"N": n, "loss": loss}, derive_tokens=True)


def test_a_budget_is_honoured():
    n, d, loss = valleys()
    budget = np.repeat(np.geomspace(6e18, 3e21, 6), 8)
    drifted = d * np.random.default_rng(0).uniform(0.74, 1.07, 48)  # 6 N D is off the budget
    with extrapolating():
        loss = HOFFMANN_2022.loss(n, drifted)
    runs = read_runs({"N": n, "D": drifted, "loss": loss, "budget": budget})
    assert runs.flops.tolist() == runs.budget.tolist() == budget.tolist()
    fit = fit_isoflop(runs.n_params, runs.n_tokens, runs.loss, flops=runs.flops, budget=runs.budget)
    assert fit.sizes.x == pytest.approx(np.unique(budget))
    measured = read_runs(
        {"N": n, "D": drifted, "loss": loss, "budget": budget, "C": 6 * n * drifted}
    )
    assert measured.flops == pytest.approx(6 * n * drifted)
    assert measured.budget.tolist() == budget.tolist()
    assert len(measured.where(budget > 1e21)) == len(measured.where(budget > 1e21).budget) == 8
