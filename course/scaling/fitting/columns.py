"""Columns of a table as arrays, in whatever form people hold them, and the rows that are wrong."""

from numbers import Real

import numpy as np

from course.units import positive

FEWEST = 1e4  # a column of N or D that stays below this counts in thousands or more
WORST_LOSS = 15.0  # nats per token; guessing among 250,000 tokens costs 12.4


def column(name, values):
    """One column as a float array (rows,).

    Takes lists, arrays, pandas Series (those of dtype object too) and tensors (bfloat16 too).
    Raises ValueError that names the column and, where one entry is at fault, its row, from 1.
    """
    values = as_array(values)
    try:
        return np.atleast_1d(positive(name, values))
    except ValueError as error:
        raise ValueError(f"{error}{_first_bad(values)}") from None


def checked_runs(n_params, n_tokens, loss, *, at_least, **others):
    """The columns as float arrays of one shape (runs,).

    Args:
        n_params, n_tokens, loss: the columns of the runs, loss in nats per token.
        at_least: how many runs there must be.
        others: further columns by name.

    Raises:
        ValueError: for shapes that differ, too few runs, a column that counts in another unit, and
            a loss that no model has in nats per token.
    """
    named = {"n_params": n_params, "n_tokens": n_tokens, "loss": loss} | others
    columns = {name: column(name, values) for name, values in named.items()}
    shapes = {name: values.shape for name, values in columns.items()}
    if len(set(shapes.values())) > 1 or columns["loss"].ndim != 1:
        raise ValueError(f"{', '.join(named)} must be lists of one length, got shapes {shapes}")
    if len(columns["loss"]) < at_least:
        raise ValueError(f"loss must have {at_least} runs or more, got {len(columns['loss'])}")
    refuse_thousands(columns)
    if (bad := columns["loss"] > WORST_LOSS).any():
        raise ValueError(
            f"loss must be nats per token in (0, {WORST_LOSS:g}], got "
            f"{columns['loss'][bad][0]:g} in row {np.flatnonzero(bad)[0] + 1}; {bad.sum()} of "
            f"{len(bad)} rows are above. Of a perplexity take the logarithm"
        )
    return tuple(columns.values())


def refuse_thousands(columns):
    """ValueError where N or D seems to be counted in thousands, millions or billions."""
    for name in ("n_params", "n_tokens"):
        if (largest := columns[name].max()) < FEWEST:
            raise ValueError(
                f"{name} goes up to {largest:g}: it seems to count in thousands, millions or "
                "billions. Multiply the column, or write cells like 70M or 1.4B for read_runs"
            )


def as_array(values):
    """What numpy can read: a tensor's numbers, and the numbers of an array of objects."""
    if hasattr(values, "detach"):  # a tensor; numpy has no bfloat16
        values = values.detach().cpu()
        values = (values.double() if values.is_floating_point() else values).numpy()
    elif hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except ValueError:  # ragged
        return values
    if array.dtype != object or array.size == 0:
        return values
    entries = [np.nan if entry is None else entry for entry in array.flat]
    if all(isinstance(entry, Real) and not isinstance(entry, bool | np.bool_) for entry in entries):
        return np.array(entries, dtype=float).reshape(array.shape)
    return values


def _first_bad(values):
    """' in row 3 (counted from 1)' where a column of numbers has an entry that is not positive."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return ""
    if array.ndim != 1 or array.dtype.kind != "f" or np.asarray(values).dtype.kind not in "iuf":
        return ""
    bad = np.flatnonzero(~((array > 0) & np.isfinite(array)))
    return f" in row {bad[0] + 1} (counted from 1)" if len(bad) else ""
