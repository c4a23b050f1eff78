"""Run many experiments, keep each result the moment it is there, take up where it was cut off.

A sweep is a list of specifications (dicts of plain values) and a function that turns one into a
dict of results. Both go as one row into a CSV table. A row is written in one piece when its run
ends: a sweep that is stopped, even by kill -9 or a power cut, loses only the runs under way; the
next call does what is missing and nothing twice.
"""

import csv
import io
import os
from contextlib import contextmanager
from pathlib import Path

import psutil
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError
from tqdm.auto import tqdm

Row = dict[str, object]
CLOCK_S = 2.0  # by which the clock may be set between two looks at one start time
PATIENCE = 3  # times in a row that workers may die before any run ends


def sweep(
    work,
    specs,
    table,
    *,
    n_jobs=1,
    cost=lambda _: 1.0,
    unit="runs",
    provenance=None,
):
    """Do the runs that the table does not hold yet, and return how many were done.

    Args:
        work: spec -> results, a function that workers can import; called in their processes.
        specs: one dict a run, all with the same keys; values are str, int, float or bool.
        table: the CSV file; made if it is not there.
        n_jobs: processes. Under `joblib.parallel_config(backend="dask")` the cluster's workers.
        cost: spec -> expected cost, so that "time left" knows long runs from short.
        unit: of the cost, for the bar of progress.
        provenance: columns that must be alike in the whole table: versions, corpus.

    Raises:
        ValueError: if specs differ in their keys or repeat one another, if the table was made with
            another provenance or other columns, or if another sweep is writing to it.
        RuntimeError: if workers die again and again and no run ends.
    """
    specs, provenance, table = list(specs), provenance or {}, Path(table)
    _check(specs)
    specs = [{name: spec[name] for name in specs[0]} for spec in specs]  # in one order
    with _only_writer(table):
        _cut_broken_end(table)
        done = _keys_done(table, specs, provenance)
        todo = [spec for spec in specs if key(spec) not in done]
        total, missing = sum(map(cost, specs)), sum(map(cost, todo))
        left, deaths = todo, 0
        with tqdm(
            total=total,
            initial=total - missing,
            unit=unit,
            unit_scale=True,
            desc=f"{len(specs) - len(left)}/{len(specs)} runs",
        ) as bar:
            while left:
                before = len(left)
                try:
                    for spec, result in _results(work, left, n_jobs):
                        if twice := result.keys() & {*spec, *provenance}:
                            raise ValueError(
                                f"work must give results under names of their own, "
                                f"got {sorted(twice)} again"
                            )
                        _append(table, {**spec, **result, **provenance})
                        left = [other for other in left if other is not spec]
                        bar.update(cost(spec))
                        bar.set_description(f"{len(specs) - len(left)}/{len(specs)} runs")
                except TerminatedWorkerError as error:
                    # A worker was killed; what had ended is in the table, the rest starts again.
                    deaths = deaths + 1 if len(left) == before else 0
                    if deaths == PATIENCE:
                        raise RuntimeError(
                            f"workers died {PATIENCE} times in a row before any run ended: is "
                            "there enough memory? Call again to go on."
                        ) from error
    return len(todo)


def _results(work, specs, n_jobs):
    """Yield (spec, result) as runs end, in whatever order."""
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    tasks = (delayed(_numbered)(work, number, spec) for number, spec in enumerate(specs))
    for number, result in parallel(tasks):
        yield specs[number], result


def _numbered(work, number, spec):
    return number, work(spec)


def key(spec):
    """What tells a run from others: its values; a spreadsheet may have written 1.0 as 1."""
    return tuple(_spelling(value) for value in spec.values())


def _spelling(value):
    value = _value(str(value))
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def _check(specs):
    if not specs:
        raise ValueError("specs is empty: there is nothing to run")
    if any(spec.keys() != specs[0].keys() for spec in specs):
        raise ValueError("specs must all have the same keys, in one table one kind of run")
    if len({key({name: spec[name] for name in specs[0]}) for spec in specs}) < len(specs):
        raise ValueError("specs must differ: the same run is asked for twice")
    for spec in specs:
        _check_cells("specs", spec)


def _check_cells(argument, row):
    for name, value in row.items():
        if not isinstance(value, str | int | float) or set("\r\n") & set(str(value)):
            raise ValueError(
                f"{argument}: {name} must be a number, a bool or one line, got {value!r}"
            )


def read_table(table):
    """The rows of a table; numbers and True/False come back as such. An unfinished row is left out.

    Raises:
        ValueError: if there is no such table, or a row does not match the titles.
    """
    table = Path(table)
    if not table.is_file():
        raise ValueError(f"table: there is no {table}")
    with open(table, newline="", encoding="utf-8-sig") as file:
        content = file.read()
    whole = content[: content.rfind("\n") + 1]
    return [
        {name: _value(text) for name, text in row.items()}
        for row in _rows(table, io.StringIO(whole, newline=""))
    ]


def _rows(table, file):
    """The rows as dicts of text; ValueError names a line whose cells do not match the titles."""
    reader = csv.DictReader(file)
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(
                f"table {table}, line {reader.line_num}: its cells do not match the "
                f"{len(reader.fieldnames)} titles; remove the line, or mend it"
            )
        yield row


def _value(text):
    if text in {"True", "False"}:
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _keys_done(table, specs, provenance):
    if not table.exists() or not table.stat().st_size:
        return set()
    with open(table, newline="", encoding="utf-8-sig") as file:
        rows = list(_rows(table, file))
    for row in rows:
        missing = [name for name in (*specs[0], *provenance) if name not in row]
        if missing:
            raise ValueError(
                f"table {table} has no column {', '.join(missing)}: it is a table of "
                "other runs; choose another file"
            )
        for name, value in provenance.items():
            if row[name] != str(value):
                raise ValueError(
                    f"table {table} was made with {name} = {row[name]}, here it is "
                    f"{value}: such runs do not belong together; choose another file"
                )
    return {key({name: row[name] for name in specs[0]}) for row in rows}


def _append(table, row):
    """One write, then fsync: after a crash the row is there whole, or its end is cut off."""
    _check_cells("work", row)
    new = not table.exists() or not table.stat().st_size
    if not new:
        with open(table, newline="", encoding="utf-8-sig") as file:
            names = next(csv.reader(file))
        if names != list(row):
            raise ValueError(f"table {table} has the columns {names}, the new row {list(row)}")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row), lineterminator="\n")
    if new:
        writer.writeheader()
    writer.writerow(row)
    handle = os.open(
        table, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644
    )
    try:
        os.write(handle, text.getvalue().encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _cut_broken_end(table):
    """Remove a row that a crash left half written."""
    if table.exists():
        content = table.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(table, content.rfind(b"\n") + 1)


@contextmanager
def _only_writer(table):
    """Holds a lock file with the number and the start time of this process.

    A lock of a process that is gone is taken over, as is one whose number another process has by
    now: after a restart, above all in a container, numbers come back, start times do not.
    """
    table.parent.mkdir(parents=True, exist_ok=True)
    lock = table.with_name(table.name + ".lock")
    while True:
        try:
            handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            break
        except FileExistsError:
            if (owner := _owner(lock)) is not None:
                raise ValueError(
                    f"table {table} is being written by process {owner}; wait for it, "
                    "or choose another file"
                ) from None
            lock.unlink(missing_ok=True)
    os.write(handle, f"{os.getpid()} {psutil.Process().create_time():.2f}".encode("ascii"))
    os.close(handle)
    _held.add(lock.resolve())
    try:
        yield
    finally:
        _held.discard(lock.resolve())
        lock.unlink(missing_ok=True)


_held = set()  # the locks of this process


def _owner(lock):
    """The number of the process that holds a lock file; None if it is gone or there is none.

    A lock without a start time, of an earlier version of this course, counts from its own time.
    """
    try:
        number, *start = lock.read_text(encoding="utf-8", errors="replace").split()
        owner = psutil.Process(int(number))
        if owner.pid == os.getpid():
            return owner.pid if lock.resolve() in _held else None
        started = owner.create_time()
        latest = float(start[0]) if start else lock.stat().st_mtime
        return owner.pid if started <= latest + CLOCK_S else None
    except (ValueError, OverflowError, OSError, psutil.NoSuchProcess):
        return None
