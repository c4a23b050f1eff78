"""The two commands: what they say when something is wrong, and how the next call mends it."""

import ast
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(bootstrap.__file__).parent


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of its own, where setting up means to call `installs` instead of pip."""
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    venv = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "READY", venv / "course-ready.json")
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / ".install.log")
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    return tmp_path


@pytest.fixture
def installs(home, monkeypatch):
    calls = []

    def make_venv():
        (home / ".venv/bin").mkdir(parents=True)
        (home / ".venv/bin/python").touch()
        calls.append("venv")

    monkeypatch.setattr(bootstrap, "make_venv", make_venv)
    monkeypatch.setattr(
        bootstrap, "pip_install", lambda what: (calls.append(what), bootstrap.LOG.touch())
    )
    return calls


def test_a_second_call_installs_nothing(installs):
    bootstrap.ensure("lab")
    bootstrap.ensure("lab")
    assert installs == ["venv", "."]


def test_the_checks_add_to_what_the_lab_installed_and_serve_both(installs):
    bootstrap.ensure("lab")
    bootstrap.ensure("test")
    bootstrap.ensure("lab")
    assert installs == ["venv", ".", ".[test]"]


def test_an_install_cut_off_half_way_is_started_afresh(installs, home, monkeypatch, capsys):
    def cut_off(what):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "pip_install", cut_off)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.ensure("lab")
    (home / ".venv/half-written").touch()
    bootstrap.ensure("lab")
    assert installs == ["venv", "venv", "."]
    assert not (home / ".venv/half-written").exists()
    assert "cut off" in capsys.readouterr().out


def test_a_new_lock_installs_again_and_keeps_what_the_checks_need(installs, home):
    bootstrap.ensure("test")
    with open(home / "requirements.lock", "a", encoding="utf-8") as lock:
        lock.write("# newer\n")
    bootstrap.ensure("lab")
    assert installs == ["venv", ".[test]", ".[test]"]


def test_a_moved_folder_gets_a_new_environment(installs, home):
    bootstrap.ensure("lab")
    ready = home / ".venv/course-ready.json"
    ready.write_text(
        json.dumps(json.loads(ready.read_text(encoding="utf-8")) | {"python": "3.11 /elsewhere"}),
        encoding="utf-8",
    )
    (home / ".venv/bin/python").unlink()
    bootstrap.ensure("lab")
    assert installs.count("venv") == 2


def test_a_full_disk_is_told_before_anything_is_written(installs, home, monkeypatch):
    usage = shutil._ntuple_diskusage(100e9, 99e9, 1e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit, match=r"too full: 1\.0 GB free, about 3 GB needed"):
        bootstrap.ensure("lab")
    assert installs == []


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: Temporary failure in name resolution", "Check the network"),
        ("ERROR: No matching distribution found for torch==2.13.0", "Try Python 3.11"),
        ("error: something else", "Call this again"),
        (
            "ERROR: pip's dependency resolver does not currently take into account all packages",
            "Call this again",
        ),
        ("curl: (6) Could not resolve host: pypi.org", "Check the network"),
        ("socket.gaierror: [Errno 11001] getaddrinfo failed", "Check the network"),
    ],
)
def test_a_failed_install_says_what_to_do(output, told):
    assert told in bootstrap.explain("Collecting x\n" + output)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for pip is a shell script")
def test_pip_that_fails_is_explained_and_leaves_no_ready_mark(home):
    bin_folder = home / ".venv/bin"
    bin_folder.mkdir(parents=True)
    pip = bin_folder / "python"
    pip.write_text(
        "#!/bin/sh\necho 'OSError: [Errno 28] No space left on device'\nexit 1\n", encoding="utf-8"
    )
    pip.chmod(0o755)
    with pytest.raises(SystemExit, match="disk is full"):
        bootstrap.pip_install(".")
    assert not bootstrap.is_ready("lab")
    assert "No space left" in (home / ".install.log").read_text(encoding="utf-8")


def test_a_disk_that_fills_up_while_installing_is_told(monkeypatch):
    def write(*options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(bootstrap.COMMANDS, "lab", write)
    with pytest.raises(SystemExit, match="disk is full"):
        bootstrap.main(["lab"])


def test_an_old_python_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit, match=r"Python 3\.9 is too old"):
        bootstrap.check_python()


def test_an_old_python_can_read_the_script_at_all():
    source = (ROOT / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))


def test_a_taken_port_is_passed_over():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        assert bootstrap.free_port(taken) > taken


def test_no_browser_without_a_screen(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not bootstrap.can_open_browser()


def test_an_unknown_command_lists_the_known_ones():
    done = subprocess.run(
        [sys.executable, ROOT / "bootstrap.py", "lap"], capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "lab, test" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="make and signals of Unix")
def test_a_fresh_clone_in_an_empty_folder(tmp_path):
    """Killed half-way, mended by the next call, in JupyterLab; then warm within seconds."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    env = {k: v for k, v in os.environ.items() if k not in ("COURSE_WORK", "PYTHONPATH")}
    env |= {"JUPYTER_TOKEN": "fresh", "PYTHONUNBUFFERED": "1"}

    first = _lab(clone, env)
    wait_for(lambda: any(clone.glob(".venv/lib/*/site-packages/numpy")), first, 600)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    second = _lab(clone, env)
    page, port = start_page(second)
    assert page.status == 200
    assert (clone / "work/notebooks/00_start_here.ipynb").exists()

    third = _lab(clone, env)  # while the second still runs: its port is taken
    other, other_port = start_page(third, limit=60)
    assert other.status == 200
    assert other_port != port
    for lab in (second, third):
        os.killpg(lab.pid, signal.SIGINT)
        lab.wait(60)


def _lab(clone, env):
    return subprocess.Popen(
        ["make", "lab", f"PYTHON={sys.executable}", "ARGS=--no-browser"],
        cwd=clone,
        env=env,
        text=True,
        start_new_session=True,
        # a test run in the background of a shell is started deaf to Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for(condition, process, limit):
    stop = time.monotonic() + limit
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < stop, f"nothing after {limit} s"
        time.sleep(0.5)


def start_page(process, limit=900):
    """Open the address that `make lab` prints, once the server answers."""
    stop = time.monotonic() + limit
    address = next(line.split()[-1] for line in process.stdout if "http://localhost" in line)
    while time.monotonic() < stop:
        try:
            return urllib.request.urlopen(address, timeout=10), address.split(":")[2][:4]
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{address} did not answer within {limit} s")
