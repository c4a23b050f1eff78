"""The two commands: what they say when something is wrong, and how the next call mends it."""

import ast
import errno
import http.server
import importlib.metadata
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
        bootstrap, "pip_install", lambda what, _: (calls.append(what), bootstrap.LOG.touch())
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
    def cut_off(what, progress):
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
        bootstrap.pip_install(".", bootstrap.Progress(110))
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


# --- progress of an installation ----------------------------------------------------------------

PIP = """\
import time
for n in range(8):
    print(f"Collecting package{n}==1.0 (from scaling-laws-course==0.1.0)")
    print(f"  Downloading package{n}-1.0-py3-none-any.whl (20 kB)")
    time.sleep(0.1)
print("Collecting torch==2.13.0")
print("  Downloading https://registry/torch-2.13.0-cp312.whl (883.1 MB)")
time.sleep(1)
print("Installing collected packages: a, b, c, torch")
for name in ("a", "b"):
    (VENV / "lib/python3/site-packages" / f"{name}-1.0.dist-info").mkdir(parents=True)
    time.sleep(1)
"""


def pip_prints(home, monkeypatch, interval):
    """What a log shows while a pip of three seconds works."""
    python = home / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    script = f"from pathlib import Path\nVENV = Path({str(home / '.venv')!r})\n{PIP}"
    (home / "pip.py").write_text(script, encoding="utf-8")
    python.write_text(f"#!/bin/sh\nexec {sys.executable} {home / 'pip.py'}\n", encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(bootstrap, "REPORT_EVERY_S", interval)
    bootstrap.pip_install(".", bootstrap.Progress(110))


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for pip")
def test_a_log_tells_how_far_the_installation_is(home, monkeypatch, capsys):
    pip_prints(home, monkeypatch, interval=0.3)
    told = capsys.readouterr().out.splitlines()
    assert len(told) >= 4
    assert all(line.startswith("[course] ") for line in told)
    text = "\n".join(told)
    fetching = r"9 of about 110 packages, \d+ s; fetching torch-2\.13\.0-cp312\.whl \(883\.1 MB\)"
    assert re.search(fetching, text)
    assert "installing: 2 of 4 packages" in text


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for pip")
def test_a_log_is_not_flooded(home, monkeypatch, capsys):
    pip_prints(home, monkeypatch, interval=bootstrap.REPORT_EVERY_S)
    assert capsys.readouterr().out == ""


def test_the_numbers_of_packages_are_about_right():
    """What PACKAGES says beside what the dependencies ask for here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {"lab": project["dependencies"]}
    names["test"] = names["lab"] + project["optional-dependencies"]["test"]
    for extra, wanted in names.items():
        asked = set()
        while wanted:
            requirement = Requirement(wanted.pop())
            name = canonicalize_name(requirement.name)
            marker = requirement.marker
            if name not in asked and (marker is None or marker.evaluate({"extra": ""})):
                asked.add(name)
                wanted += importlib.metadata.requires(name) or []
        ours = {name for name in asked if not re.match("nvidia|cuda|triton", name)}
        assert len(ours) == pytest.approx(bootstrap.PACKAGES[extra], rel=0.1)


# --- two Labs -------------------------------------------------------------------------------------

LAB = """
import pathlib, sys
import bootstrap

bootstrap.ROOT = pathlib.Path(sys.argv[1])
bootstrap.PYTHON = pathlib.Path(sys.executable)
bootstrap.ensure = lambda extra: None
bootstrap.run = lambda *command: 0  # the copy under work/ stands already
bootstrap.main(["lab", "--no-browser", f"--port={sys.argv[2]}"])
"""


@contextmanager
def lab_of(folder, port, **env):
    """`make lab` on a work/ of its own, set up already, in a process group of its own."""
    (folder / "work").mkdir(parents=True, exist_ok=True)
    private = folder / "jupyter"
    folders = {f"JUPYTER_{kind}_DIR": str(private / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    process = subprocess.Popen(
        [sys.executable, "-c", LAB, str(folder), str(port)],
        env=os.environ | folders | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(60)


def printed_address(process):
    return next(line.split()[-1] for line in process.stdout if "http://localhost" in line)


def folder_behind(address):
    """The file that lies in the folder of the server at a printed address, asked without a wait."""
    where, token = address.split("/lab/")[0], address.split("token=")[1]
    with urllib.request.urlopen(f"{where}/api/contents?token={token}", timeout=20) as answer:
        return [entry["name"] for entry in json.load(answer)["content"]]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_two_labs_at_once_each_answer_at_the_address_they_print(tmp_path):
    """With one token for both, as where JUPYTER_TOKEN is set: it must not hide a mix-up."""
    port, asked = free_port(), {}
    with ExitStack() as stack:
        for name in ("first", "second"):
            (tmp_path / name / "work").mkdir(parents=True)
            (tmp_path / name / "work" / f"{name}.txt").touch()
            asked[name] = stack.enter_context(lab_of(tmp_path / name, port, JUPYTER_TOKEN="same"))
        addresses = {name: printed_address(process) for name, process in asked.items()}
        for name, address in addresses.items():
            assert folder_behind(address) == [f"{name}.txt"]
        assert len(set(addresses.values())) == 2
    assert all(process.returncode == 0 for process in asked.values())
    for address in addresses.values():
        with pytest.raises(OSError, match="refused"):
            folder_behind(address)


class Agreeable(http.server.BaseHTTPRequestHandler):
    """A server that says 200 to everything, such as a Jupyter without a token."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("when", [pytest.param("before", marks=pytest.mark.slow), "meanwhile"])
def test_a_lab_beside_a_foreign_server_says_so_and_answers_elsewhere(tmp_path, when, monkeypatch):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Agreeable) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        port = other.server_address[1]
        script = LAB
        if when == "meanwhile":  # the first look at the port still finds it free
            script = script.replace(
                "bootstrap.main",
                "looks = iter([True])\nlook = bootstrap.port_is_free\n"
                "bootstrap.port_is_free = lambda port: next(looks, None) or look(port)\n"
                "bootstrap.main",
            )
        monkeypatch.setitem(globals(), "LAB", script)
        with lab_of(tmp_path, port) as process:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "http://localhost" in line:
                    break
            address = lines[-1].split()[-1]
            assert f"Port {port} is taken" in "".join(lines)
            assert ("meanwhile" in "".join(lines)) == (when == "meanwhile")
            assert f":{port}/" not in address
            assert folder_behind(address) == []
        other.shutdown()


def test_a_server_that_refuses_or_speaks_no_http_has_no_mark():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        def speak():
            connection, _ = silent.accept()
            connection.sendall(b"220 mail\r\n")
            connection.close()

        threading.Thread(target=speak, daemon=True).start()
        assert bootstrap.mark_of(f"http://127.0.0.1:{port}/") is None
        assert not bootstrap.port_is_free(port)
    assert bootstrap.mark_of(f"http://127.0.0.1:{port}/") is None
    assert bootstrap.port_is_free(port)


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
