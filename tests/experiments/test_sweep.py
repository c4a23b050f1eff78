"""A sweep loses nothing and repeats nothing, whatever is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import psutil
import pytest
from joblib.externals.loky import get_reusable_executor

from course.experiments.sweep import read_table, sweep

ROOT = Path(__file__).resolve().parents[2]
kills = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL and no process groups")
SPECS = [{"n_params": n, "seed": seed} for n in (1, 2, 3) for seed in (0, 1)]


def double(spec):
    """What the tests sweep; every call leaves a line in the file named by the environment."""
    with open(os.environ["CALLS"], "a", encoding="utf-8") as calls:
        calls.write(f"{spec['n_params']}-{spec['seed']}\n")
    time.sleep(float(os.environ.get("SECONDS", 0)))
    return {"loss": 2.0 * spec["n_params"] + 0.1 * spec["seed"], "ok": True}


@pytest.fixture
def calls(tmp_path, monkeypatch):
    path = tmp_path / "calls"
    monkeypatch.setenv("CALLS", str(path))
    # Workers that an earlier test left in joblib's pool were started without the variable.
    get_reusable_executor().shutdown(wait=True)
    return lambda: path.read_text(encoding="utf-8").split() if path.exists() else []


def test_rows_hold_specification_result_and_provenance(tmp_path, calls):
    table = tmp_path / "new" / "runs.csv"
    assert sweep(double, SPECS, table, provenance={"torch": "2.13.0"}) == 6
    rows = read_table(table)
    assert [(row["n_params"], row["seed"]) for row in rows] == [tuple(s.values()) for s in SPECS]
    assert rows[3] == {"n_params": 2, "seed": 1, "loss": 4.1, "ok": True, "torch": "2.13.0"}
    assert not list(table.parent.glob("*.lock"))


def test_what_is_done_is_not_done_again(tmp_path, calls):
    table = tmp_path / "runs.csv"
    sweep(double, SPECS[:2], table)
    assert sweep(double, SPECS, table) == 4
    assert sweep(double, SPECS, table) == 0
    assert sorted(calls()) == sorted(f"{s['n_params']}-{s['seed']}" for s in SPECS)


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_row_cut_in_the_middle_is_run_again(tmp_path, calls, cut):
    table = tmp_path / "runs.csv"
    sweep(double, SPECS, table)
    whole = table.read_bytes()
    table.write_bytes(whole[:-cut])
    assert len(read_table(table)) == 5
    assert sweep(double, SPECS, table) == 1
    assert table.read_bytes() == whole


@kills
def test_kill_9_at_any_instant(tmp_path, calls):
    """The sweep and its workers are killed four times; in the end each row is there once."""
    table = tmp_path / "runs.csv"
    code = (
        "import os\nfrom course.experiments.sweep import sweep\n"
        "from tests.experiments.test_sweep import SPECS, double\n"
        f"sweep(double, SPECS, {str(table)!r}, n_jobs=2)\n"
    )
    environment = {**os.environ, "SECONDS": "0.4", "PYTHONPATH": str(ROOT)}
    for patience in (1.5, 2.0, 2.4, 3.0):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    finished = len(read_table(table)) if table.exists() else 0
    assert sweep(double, SPECS, table, n_jobs=1) == 6 - finished
    rows = read_table(table)
    assert sorted((row["n_params"], row["seed"]) for row in rows) == [
        tuple(s.values()) for s in SPECS
    ]


def suicidal(spec):
    """Kills its own worker the first time it is called for one run."""
    double(spec)
    mark = Path(os.environ["CALLS"] + ".killed")
    if spec["n_params"] == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"loss": 1.0}


@kills
def test_a_worker_that_dies_is_replaced(tmp_path, calls):
    table = tmp_path / "runs.csv"
    assert sweep(suicidal, SPECS, table, n_jobs=2) == 6
    assert len(read_table(table)) == 6


def always_dies(spec):
    os.kill(os.getpid(), signal.SIGKILL)


@kills
def test_workers_that_always_die_end_the_sweep(tmp_path):
    with pytest.raises(RuntimeError, match="workers died 3 times in a row"):
        sweep(always_dies, SPECS[:2], tmp_path / "runs.csv", n_jobs=2)


def fails(spec):
    if spec["n_params"] == 3:
        raise ZeroDivisionError("a fault in the experiment")
    return {"loss": 1.0}


def test_an_error_in_a_run_is_shown_and_the_rest_is_kept(tmp_path):
    table = tmp_path / "runs.csv"
    with pytest.raises(ZeroDivisionError, match="a fault in the experiment"):
        sweep(fails, SPECS, table)
    assert len(read_table(table)) == 4


def test_tables_of_other_runs_are_refused(tmp_path, calls):
    table = tmp_path / "runs.csv"
    sweep(double, SPECS, table, provenance={"corpus": "aaa"})
    with pytest.raises(ValueError, match="made with corpus = aaa, here it is bbb"):
        sweep(double, SPECS, table, provenance={"corpus": "bbb"})
    with pytest.raises(ValueError, match="has no column width"):
        sweep(double, [{"width": 1}], table)
    with pytest.raises(ValueError, match="there is no"):
        read_table(tmp_path / "none.csv")


def test_a_table_that_a_spreadsheet_saved_goes_on(tmp_path, calls):
    """A byte order mark, CRLF, quotes, and 1.0 written as 1: nothing is run twice."""
    table = tmp_path / "runs.csv"
    specs = [{"n_params": 1, "seed": 0, "factor": 1.0}, {"n_params": 2, "seed": 0, "factor": 0.5}]
    sweep(double, specs[:1], table)
    text = table.read_text(encoding="utf-8").replace(",1.0,", ',"1",').replace("\n", "\r\n")
    table.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert sweep(double, specs, table) == 1
    assert [row["n_params"] for row in read_table(table)] == [1, 2]


@pytest.mark.parametrize("line", ["7,1", "7,1,2.0,True,5,6"])
def test_a_row_that_does_not_match_the_titles_is_named(tmp_path, calls, line):
    table = tmp_path / "runs.csv"
    sweep(double, SPECS[:1], table)
    table.write_text(table.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    for use in (read_table, lambda table: sweep(double, SPECS, table)):
        with pytest.raises(ValueError, match="line 3: its cells do not match the 4 titles"):
            use(table)


def a_lock(table, process, *, started):
    """A lock file on `table` as of `process`, which started `started` seconds after it did."""
    text = f"{process.pid} {process.create_time() + started:.2f}"
    table.with_name(table.name + ".lock").write_text(text, encoding="utf-8")


def test_a_lock_is_the_one_of_its_process_only_with_its_start_time(tmp_path, calls):
    """A container that restarts gives old numbers to new processes."""
    table, parent = tmp_path / "runs.csv", psutil.Process(os.getppid())
    a_lock(table, parent, started=0)
    with pytest.raises(ValueError, match=f"is being written by process {parent.pid};"):
        sweep(double, SPECS, table)
    a_lock(table, parent, started=-3600)  # its number belonged to another, an hour ago
    assert sweep(double, SPECS[:1], table) == 1
    a_lock(table, psutil.Process(), started=-3600)  # our own number, likewise
    assert sweep(double, SPECS[:2], table) == 1
    a_lock(table, psutil.Process(), started=0)  # nobody but us, and we hold no lock
    assert sweep(double, SPECS[:3], table) == 1
    # A lock of an earlier version has no start time: its file's own time takes that place.
    lock = tmp_path / "runs.csv.lock"
    lock.write_text(str(parent.pid), encoding="utf-8")
    os.utime(lock, times=(0, parent.create_time() - 3600))
    assert sweep(double, SPECS, table) == 3
    assert not lock.exists()


def test_a_second_sweep_in_the_same_process_waits_its_turn(tmp_path, calls):
    table = tmp_path / "runs.csv"

    def another(spec):
        with pytest.raises(ValueError, match=f"is being written by process {os.getpid()};"):
            sweep(double, SPECS, table)
        return {"loss": 1.0}

    assert sweep(another, SPECS[:1], table) == 1


def test_two_writers_are_one_too_many(tmp_path, calls):
    table, lock = tmp_path / "runs.csv", tmp_path / "runs.csv.lock"
    lock.write_text(str(os.getppid()), encoding="utf-8")
    with pytest.raises(ValueError, match="is being written by process"):
        sweep(double, SPECS, table)
    lock.write_text("no number", encoding="utf-8")
    assert sweep(double, SPECS[:1], table) == 1
    lock.write_text("999999999", encoding="utf-8")
    assert sweep(double, SPECS, table) == 5


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ([], "specs is empty"),
        ([{"a": 1}, {"b": 1}], "same keys"),
        ([{"a": 1}, {"a": 1}], "asked for twice"),
        ([{"a": [1]}], "a must be a number, a bool or one line"),
        ([{"a": "x\ny"}], "a must be a number, a bool or one line"),
    ],
)
def test_odd_specifications_are_refused(tmp_path, specs, message):
    with pytest.raises(ValueError, match=message):
        sweep(double, specs, tmp_path / "runs.csv")


@kills
def test_a_dask_cluster_that_loses_a_worker(tmp_path, calls, monkeypatch):
    """Two real workers; one is killed in mid-sweep. Every run ends up in the table once."""
    from distributed import Client, LocalCluster

    monkeypatch.setenv("SECONDS", "0.5")
    table = tmp_path / "runs.csv"
    specs = [{"n_params": n, "seed": 0} for n in range(8)]
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, env={"PYTHONPATH": str(ROOT)}
        ) as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        victim = next(iter(client.run(os.getpid).values()))

        def cost(spec):
            # Called after each finished run: after the second, a worker is killed.
            if table.exists() and len(read_table(table)) == 2 and not killed:
                killed.append(os.kill(victim, signal.SIGKILL))
            return 1.0

        killed = []
        assert sweep(double, specs, table, n_jobs=-1, cost=cost) == 8
    assert killed
    assert sorted(row["n_params"] for row in read_table(table)) == list(range(8))
    assert len(calls()) > 8  # the killed worker's run was begun twice, and written once


def backwards(spec):
    return {"difference": spec["a"] - spec["b"]}


def overwrites(spec):
    return {"a": 10 * spec["a"]}


def two_lines(spec):
    return {"note": "50%\r100%"}


def test_the_order_of_a_specifications_keys_means_nothing(tmp_path):
    table = tmp_path / "runs.csv"
    specs = [{"a": 1, "b": 2}, {"b": 1, "a": 2}]
    assert sweep(backwards, specs, table) == 2
    assert sorted(row["difference"] for row in read_table(table)) == [-1, 1]
    assert sweep(backwards, specs[::-1], table) == 0
    with pytest.raises(ValueError, match="the same run is asked for twice"):
        sweep(backwards, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], table)


@pytest.mark.parametrize(("work", "why"), [(overwrites, "names of their own"), (two_lines, "line")])
def test_results_that_would_spoil_the_table_are_refused(tmp_path, work, why):
    table = tmp_path / "runs.csv"
    with pytest.raises(ValueError, match=why):
        sweep(work, [{"a": 1}], table)
    assert not table.exists()
    with pytest.raises(ValueError, match=r"^specs: a must be"):
        sweep(work, [{"a": "x\ry"}], table)
