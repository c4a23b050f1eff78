"""Anybody's table of training runs: columns recognised, units checked, bad rows named."""

import csv
import inspect
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from course.accounting.training import training_flops
from course.display import flop, number, table
from course.units import parse_count, parse_flop, positive

NAMES = {
    "n_params": "n_params n params parameters num_params model_size size",
    "n_tokens": "n_tokens d tokens training_tokens train_tokens num_tokens dataset_size",
    "loss": "loss l final_loss val_loss validation_loss test_loss eval_loss",
    "flops": "flops flop c compute training_flops training_flop train_flops",
    "seed": "seed random_seed",
}
_ALIASES = {alias: name for name, aliases in NAMES.items() for alias in aliases.split()}
FEWEST = 1e4  # a column of N or D that stays below this counts in thousands or more
WORST_LOSS = 15.0  # nats per token; guessing among 250,000 tokens costs 12.4
OFF_BY = 30  # 6 N D and measured FLOP differ by small factors, units by a thousand


@dataclass(frozen=True)
class Runs:
    """A table of runs. Shapes: all (runs,). Loss in nats, `flops` 6 N D unless it was measured.

    `seed` is None where the table has none.
    """

    n_params: np.ndarray
    n_tokens: np.ndarray
    loss: np.ndarray
    flops: np.ndarray
    seed: np.ndarray | None = None

    def __len__(self):
        return len(self.loss)

    def where(self, mask):
        """The runs for which `mask`, shape (runs,), is true."""
        columns = {k: None if v is None else v[mask] for k, v in vars(self).items()}
        return replace(self, **columns)


def read_runs(source):
    """Runs from a CSV file or a mapping of columns.

    Columns are known by their usual names, in any case ("Model Size", "n_params", "N" ...: see
    NAMES); others are left out. N, D and loss are needed. Counts may be written 70e6 or "70M".
    Raises ValueError that lists every bad row with its line (of the file; of a mapping, counted
    from 1), for a missing or doubled column, and where a whole column seems to have another unit.
    """
    header, lines = _lines(source)
    places = {}
    for place, title in enumerate(header):
        name = _ALIASES.get(re.sub(r"[^a-z0-9]+", "_", str(title).lower()).strip("_"))
        if name and name in places:
            raise ValueError(f"columns {header[places[name]]!r} and {title!r} both mean {name}")
        if name:
            places[name] = place
    missing = [name for name in ("n_params", "n_tokens", "loss") if name not in places]
    if missing:
        raise ValueError(
            f"source has no column for {', '.join(missing)}: it has {list(map(str, header))}; "
            + "; ".join(f"{name} may be called {NAMES[name]}" for name in missing)
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
    spent = training_flops(columns["n_params"], columns["n_tokens"])
    _refuse_other_units(columns, spent)
    return Runs(**{"flops": spent} | columns)


def checked_runs(n_params, n_tokens, loss, *, at_least, **more):
    """The columns as float arrays of one shape (runs,), `at_least` of them; else ValueError."""
    named = {"n_params": n_params, "n_tokens": n_tokens, "loss": loss} | more
    columns = {name: np.atleast_1d(positive(name, value)) for name, value in named.items()}
    shapes = {name: one.shape for name, one in columns.items()}
    if len(set(shapes.values())) > 1 or columns["loss"].ndim != 1:
        raise ValueError(f"{', '.join(named)} must be lists of one length, got shapes {shapes}")
    if len(columns["loss"]) < at_least:
        raise ValueError(f"loss must have {at_least} runs or more, got {len(columns['loss'])}")
    return tuple(columns.values())


@dataclass(frozen=True)
class Extrapolation:
    """A forecast of the largest budget from smaller ones. Losses in nats per token.

    `observed` is the lowest loss among the configurations within 10 % of `flops`, seeds averaged.
    `reach` is how many times the largest fitted budget `flops` is.
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
    measured = "flops" in inspect.signature(fit_function).parameters
    extra = {"flops": fitted.flops} if measured else {}
    fit = fit_function(fitted.n_params, fitted.n_tokens, fitted.loss, **extra)
    _, which = np.unique([held.n_params, held.n_tokens], axis=1, return_inverse=True)
    means = np.bincount(which.ravel(), held.loss) / np.bincount(which.ravel())
    best = which.ravel() == means.argmin()
    flops = float(held.flops[best].mean())
    return Extrapolation(
        fit=fit,
        flops=flops,
        reach=flops / float(fitted.flops.max()),
        predicted=float(fit.best(flops)[2]),
        observed=float(means.min()),
    )


def _lines(source):
    """The titles and (line, cells) of every row."""
    if hasattr(source, "keys"):
        header = list(source.keys())
        single = [title for title in header if np.ndim(source[title]) == 0]
        if single:
            raise ValueError(f"columns must be lists, one cell a run; these are not: {single}")
        lengths = {title: len(source[title]) for title in header}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns must have one length, got {lengths}")
        return header, list(enumerate(zip(*(source[title] for title in header), strict=True), 1))
    if not isinstance(source, str | Path) or not Path(source).is_file():
        raise ValueError(f"source must be a CSV file or a mapping of columns, got {source!r:.80}")
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
    "seed": str,
}


def _refuse_other_units(columns, spent):
    for name in ("n_params", "n_tokens"):
        if (largest := columns[name].max()) < FEWEST:
            raise ValueError(
                f"{name} goes up to {largest:g}: it seems to count in thousands, millions or "
                "billions. Multiply the column, or write cells like 70M or 1.4B"
            )
    off = float(np.median(columns.get("flops", spent) / spent))
    if not 1 / OFF_BY < off < OFF_BY:
        raise ValueError(
            f"flops is {off:.2g} times 6 · n_params · n_tokens: one of the three columns has "
            "another unit. They must be FLOP (one PF-day is 8.64e19), parameters and tokens"
        )
