"""Anybody's table of training runs: columns recognised, units checked, bad rows named."""

import csv
import inspect
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from course.accounting.training import training_flops
from course.display import flop, number, table
from course.scaling.fitting.columns import WORST_LOSS, as_array, refuse_thousands
from course.scaling.isoflop import tokens_at
from course.scaling.laws import extrapolating
from course.units import parse_count, parse_flop, positive

NAMES = {
    "n_params": "n_params n params parameters num_params model_size size",
    "n_tokens": "n_tokens d tokens training_tokens train_tokens num_tokens dataset_size",
    "loss": "loss l final_loss val_loss validation_loss test_loss eval_loss",
    "flops": "flops flop c compute training_flops training_flop train_flops",
    "budget": "budget flops_budget flop_budget compute_budget isoflop_budget",
    "seed": "seed random_seed",
}
_ALIASES = {alias: name for name, aliases in NAMES.items() for alias in aliases.split()}
OFF_BY = 30  # 6 N D and measured FLOP differ by small factors, units by a thousand


@dataclass(frozen=True)
class Runs:
    """A table of runs, in columns of shape (runs,).

    Attributes:
        n_params: N.
        n_tokens: D.
        loss: nats per token.
        flops: C in FLOP: as measured; else the budget; else 6 N D.
        seed: the random seed as text; None where the table has none.
        budget: the FLOP that a run was meant for, by which `fit_isoflop` groups; None as above.
    """

    n_params: np.ndarray
    n_tokens: np.ndarray
    loss: np.ndarray
    flops: np.ndarray
    seed: np.ndarray | None = None
    budget: np.ndarray | None = None

    def __len__(self):
        return len(self.loss)

    def where(self, mask):
        """The runs for which `mask`, shape (runs,), is true."""
        columns = {k: None if v is None else v[mask] for k, v in vars(self).items()}
        return replace(self, **columns)


def read_runs(source, *, derive_tokens=False):
    """Runs from a CSV file, a mapping of columns, a data frame or a list of rows as dicts.

    Columns are known by their usual names, in any case ("Model Size", "n_params", "N" ...: see
    NAMES); others are left out. N, D and loss are needed; with `derive_tokens` a table without D
    gets D = C / (6 N). Counts may be written 70e6 or "70M".

    Raises:
        ValueError: with every bad row and its line (of the file; elsewhere counted from 1), for a
            missing or doubled column, and where a whole column seems to have another unit.
    """
    header, lines = _lines(source)
    places = {}
    for place, title in enumerate(header):
        name = _ALIASES.get(re.sub(r"[^a-z0-9]+", "_", str(title).lower()).strip("_"))
        if name and name in places:
            raise ValueError(f"columns {header[places[name]]!r} and {title!r} both mean {name}")
        if name:
            places[name] = place
    compute = "flops" in places or "budget" in places
    derived = derive_tokens and compute and "n_tokens" not in places
    needed = ("n_params", "loss") if derived else ("n_params", "n_tokens", "loss")
    missing = [name for name in needed if name not in places]
    if missing:
        raise ValueError(
            f"source has no column for {', '.join(missing)}: it has {list(map(str, header))}; "
            + "; ".join(f"{name} may be called {NAMES[name]}" for name in missing)
            + (
                ". With derive_tokens=True it is taken as C / (6 N)"
                if missing == ["n_tokens"] and compute
                else ""
            )
        )
    rows, bad = [], []
    for line, cells in lines:
        row, wrong = {}, []
        if len(cells) != len(header):
            wrong.append(f"{len(cells)} cells under {len(header)} titles")
        for name, place in places.items() if not wrong else ():
            try:
                row[name] = _READ[name](cells[place])
            except (ValueError, TypeError) as error:
                wrong.append(f"{name}: {error}")
        rows.append(row)
        bad += [f"line {line}: {'; '.join(wrong)}"] if wrong else []
    if bad:
        raise ValueError(f"source has {len(bad)} bad rows\n" + "\n".join(bad))
    if not rows:
        raise ValueError("source has no rows")
    columns = {name: np.array([row[name] for row in rows]) for name in places}
    measured = columns.get("flops", columns.get("budget"))
    if derived:
        columns["n_tokens"] = tokens_at(measured, columns["n_params"])
    spent = training_flops(columns["n_params"], columns["n_tokens"])
    measured = spent if measured is None else measured
    refuse_thousands(columns)
    _refuse_other_units(measured, spent)
    return Runs(**columns | {"flops": measured})


@dataclass(frozen=True)
class Extrapolation:
    """A forecast of the largest budget from smaller ones.

    Attributes:
        fit: what was fitted to the smaller budgets.
        flops: the budget asked for, in FLOP.
        reach: how many times the largest fitted budget that is.
        predicted: the best loss there by the fit, nats per token.
        observed: the lowest loss of a configuration within 10 % of `flops`, seeds averaged.
    """

    fit: object
    flops: float
    reach: float
    predicted: float
    observed: float

    @property
    def relative_error(self):
        """predicted / observed - 1."""
        return self.predicted / self.observed - 1

    def _repr_html_(self):
        rows = [
            ("fitted on", f"{len(self.fit.residuals)} runs or points", ""),
            ("asked at", flop(self.flops), f"{self.reach:.3g} times the largest fitted"),
            ("predicted", number(self.predicted, ".4f"), "nats per token"),
            ("observed", number(self.observed, ".4f"), "nats per token"),
            ("error", f"{self.relative_error:+.2%}", ""),
        ]
        return table("The largest budget, predicted from the smaller ones", ("", "", ""), rows)


def extrapolate(fit_function, runs, *, below):
    """Fit the Runs with less than `below` FLOP, predict the best loss of the largest budget.

    `fit_function` takes (n_params, n_tokens, loss), and flops where it has such an argument.
    Raises ValueError where no run is left to predict, and what the fit refuses.
    """
    small, largest = runs.flops < positive("below", below), runs.flops > runs.flops.max() / 1.1
    if (small & largest).any():
        raise ValueError(
            f"below must leave the largest budget, {runs.flops.max():.3g} FLOP, out of the fit, "
            f"got {below:.3g}"
        )
    if not small.any():
        raise ValueError(
            f"below must leave runs to fit, the cheapest has {runs.flops.min():.3g} FLOP, "
            f"got {below:.3g}"
        )
    fitted, held = runs.where(small), runs.where(largest)
    taken = inspect.signature(fit_function).parameters
    extra = {name: getattr(fitted, name) for name in ("flops", "budget") if name in taken}
    fit = fit_function(fitted.n_params, fitted.n_tokens, fitted.loss, **extra)
    _, which = np.unique([held.n_params, held.n_tokens], axis=1, return_inverse=True)
    means = np.bincount(which.ravel(), held.loss) / np.bincount(which.ravel())
    best = which.ravel() == means.argmin()
    flops = float(held.flops[best].mean())
    with extrapolating():  # that is the point of it, and `reach` says how far
        predicted = float(fit.best(flops)[2])
    return Extrapolation(
        fit=fit,
        flops=flops,
        reach=flops / float(fitted.flops.max()),
        predicted=predicted,
        observed=float(means.min()),
    )


def _lines(source):
    """The titles and (line, cells) of every row."""
    if isinstance(source, list | tuple) and source and all(hasattr(r, "keys") for r in source):
        header = list(dict.fromkeys(title for row in source for title in row))
        return header, [
            (line, [row.get(title) for title in header]) for line, row in enumerate(source, 1)
        ]
    if hasattr(source, "keys"):
        columns = {title: as_array(source[title]) for title in source.keys()}  # noqa: SIM118
        single = [title for title, values in columns.items() if np.ndim(values) == 0]
        if single:
            raise ValueError(f"columns must be lists, one cell a run; these are not: {single}")
        lengths = {title: len(values) for title, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns must have one length, got {lengths}")
        return list(columns), list(enumerate(zip(*columns.values(), strict=True), 1))
    if not isinstance(source, str | Path) or not Path(source).is_file():
        raise ValueError(
            "source must be a CSV file or a mapping of columns, a data frame or a list of dicts; "
            f"got {source!r:.80}"
        )
    with Path(source).open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        try:
            lines = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"source is not a CSV file in UTF-8: {source} ({error})") from error
    if not lines:
        raise ValueError(f"source is an empty file: {source}")
    return lines[0][1], lines[1:]


def _loss(cell):
    try:
        loss = np.nan if isinstance(cell, bool | np.bool_) else float(cell)
    except (TypeError, ValueError):
        loss = np.nan
    if not 0 < loss <= WORST_LOSS:
        raise ValueError(f"{cell!r} is not nats per token in (0, {WORST_LOSS:g}]")
    return loss


_READ = {
    "n_params": parse_count,
    "n_tokens": parse_count,
    "loss": _loss,
    "flops": parse_flop,
    "budget": parse_flop,
    "seed": str,
}


def _refuse_other_units(flops, spent):
    off = float(np.median(flops / spent))
    if not 1 / OFF_BY < off < OFF_BY:
        raise ValueError(
            f"flops is {off:.2g} times 6 · n_params · n_tokens: one of the three columns has "
            "another unit. They must be FLOP (one PF-day is 8.64e19), parameters and tokens"
        )
