"""Sets the course up and runs it. Needs nothing but Python 3.11 or newer.

    python bootstrap.py lab          JupyterLab on the start page, in your own copy under work/
    python bootstrap.py test         every check
    python bootstrap.py finish SET   grade your answers of an exercise set, hidden checks included
    python bootstrap.py fresh PATH   a new copy of a chapter or a set; yours is kept beside it
    python bootstrap.py sweep        train the course's fleet of models again, or some of it

The first call makes .venv and installs what requirements.lock names; a later one starts at once.
`make lab` and `make test` call this script; on Windows, where there is no make, call it yourself.
"""

import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
READY = VENV / "course-ready.json"  # written last: without it, the environment is not whole
LOG = ROOT / ".install.log"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
DISK_FULL = "The disk is full. Free about 4 GB, then call this again; it starts afresh."
NEEDED_GB = {"lab": 3, "test": 4}
PACKAGES = {"lab": 110, "test": 165}  # about so many, to say how far an installation is
REPORT_EVERY_S = 15  # where the output is no terminal
ANSWER_WITHIN_S = 180  # seconds on a quiet machine; a minute was seen on a busy one


# Kept readable for Python 3.6, so that an old Python meets check_python and no SyntaxError.


def say(text):
    print("[course] " + text, flush=True)


def stop(text):
    sys.exit("\n[course] " + text)


def check_python():
    if sys.version_info < (3, 11):  # noqa: UP036
        newer = next(
            (n for n in ("3.14", "3.13", "3.12", "3.11") if shutil.which("python" + n)), None
        )
        stop(
            "Python {}.{} is too old: the course needs 3.11 or newer.\n".format(*sys.version_info)
            + (
                f"You have python{newer}. Run: make lab PYTHON=python{newer}"
                if newer
                else "Install one from python.org or your package manager, then call this again."
            )
        )


# --- the environment --------------------------------------------------------------------------


def fingerprint():
    """Changes when what must be installed changes, or when the folder or Python moved."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [
        json.dumps([project["dependencies"], project["optional-dependencies"]]),
        (ROOT / "requirements.lock").read_text(encoding="utf-8"),
        str(ROOT),
        "{}.{}".format(*sys.version_info),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def state():
    try:
        return json.loads(READY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_ready(extra):
    found = state()
    whole = found.get("fingerprint") == fingerprint() and extra in found.get("extras", [])
    return whole and PYTHON.exists()


def ensure(extra):
    """Make .venv hold what `extra` ("lab" or "test") needs; mend what an earlier call left."""
    if is_ready(extra):
        return
    with only_one():
        if is_ready(extra):  # another call finished it while this one waited
            return
        started = time.time()
        found = state()
        if VENV.exists() and (not found or found.get("python") != python_id()):
            say("An earlier set-up was cut off, or Python or this folder moved. Starting afresh.")
            shutil.rmtree(VENV)
            found = {}
        check_disk(extra)
        READY.unlink(missing_ok=True)
        if not PYTHON.exists():
            make_venv()
        say(f"Installing pinned packages (some minutes the first time; details in {LOG.name}).")
        extras = sorted({"lab", extra, *found.get("extras", [])})
        about = PACKAGES["test" if "test" in extras else "lab"]
        pip_install(".[test]" if "test" in extras else ".", Progress(about))
        quiet_lab()
        READY.write_text(
            json.dumps({"fingerprint": fingerprint(), "extras": extras, "python": python_id()}),
            encoding="utf-8",
        )
        LOG.unlink(missing_ok=True)
        say(f"Set up in {time.time() - started:.0f} s.")


def python_id():
    return "{}.{} {}".format(*sys.version_info[:2], ROOT)


@contextmanager
def only_one():
    """Two calls at once must not build the same folder: the second waits for the first."""
    with open(ROOT / ".install.lock", "w", encoding="utf-8") as file:
        if os.name == "nt":
            import msvcrt

            def lock(wait):
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            def lock(wait):
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

        try:
            lock(wait=False)
        except OSError:
            say("Another set-up is running in this folder; waiting for it.")
            while True:
                try:
                    lock(wait=True)
                    break
                except OSError:  # Windows gives up after ten seconds
                    continue
        yield


def check_disk(extra):
    free, needed = shutil.disk_usage(ROOT).free / 1e9, NEEDED_GB[extra]
    if free < needed:
        stop(
            f"The disk is too full: {free:.1f} GB free, about {needed} GB needed for {VENV}.\n"
            "Free some space, then call this again; it starts afresh."
        )


def make_venv():
    say(f"Making {VENV}.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
        )
    except OSError as error:
        stop(f"Could not make a virtual environment: {error}")
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            "Could not make a virtual environment:\n"
            + (done.stdout + done.stderr).strip()
            + "\nOn Debian and Ubuntu: sudo apt install python3-venv. Then call this again."
        )


def pip_install(what, progress):
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--constraint", str(ROOT / "requirements.lock"), "--editable", what]
    env = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    utf8 = {"text": True, "encoding": "utf-8", "errors": "replace"}
    last = []
    with open(LOG, "w", encoding="utf-8") as log, progress:  # noqa: SIM117
        with subprocess.Popen(command, cwd=str(ROOT), env=env, **pipe, **utf8) as pip:
            for line in pip.stdout:
                log.write(line)
                last = [*last[-19:], line.rstrip()]
                progress.read(line)
    if pip.returncode:
        stop(explain("\n".join(last)) + f"\nThe whole story is in {LOG}.")


class Progress:
    """How far pip is, told while it works: in a terminal a line that is rewritten every second,
    elsewhere a new line every REPORT_EVERY_S. A context manager that starts and ends the telling.
    """

    def __init__(self, about):
        self.about, self.started = about, time.time()
        self.packages, self.file = set(), ""
        self.to_install, self.installed_before = 0, installed_packages()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def read(self, line):
        """Take in a line of pip's output."""
        package = re.match(r" *(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
        if package:
            self.packages.add(package.group(1).lower())
            self.file = ""
        elif line.lstrip().startswith("Downloading"):
            self.file = " ".join(line.split()[1:]).rsplit("/", 1)[-1]
        elif line.startswith("Installing collected packages:"):
            self.to_install = line.count(",") + 1

    def text(self):
        """One line: how many packages of how many, what is being fetched, and for how long."""
        seconds = int(time.time() - self.started)
        took = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"
        if self.to_install:
            done = min(max(installed_packages() - self.installed_before, 0), self.to_install)
            return f"installing: {done} of {self.to_install} packages, {took}"
        count = len(self.packages)
        fetching = f"; fetching {self.file}" if self.file else ""
        return f"{count} of about {max(self.about, count)} packages, {took}{fetching}"

    def _tell(self):
        terminal = sys.stdout.isatty()
        while not self._done.wait(1 if terminal else REPORT_EVERY_S):
            if terminal:
                print("\r  " + self.text()[:76].ljust(78), end="", flush=True)
            else:
                say(self.text())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._done.set()
        self._thread.join()
        if sys.stdout.isatty():
            print("\r" + " " * 80 + "\r", end="", flush=True)


def installed_packages():
    """How many packages lie in .venv, on Unix or on Windows."""
    patterns = ("lib/*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info")
    return len({path for pattern in patterns for path in VENV.glob(pattern)})


def explain(output):
    tail = "\n".join(output.splitlines()[-8:])
    if "No space left" in output or "Errno 28" in output:
        return DISK_FULL
    network = (
        "ConnectionError",
        "NewConnectionError",
        "Temporary failure",
        "timed out",
        "resolve host",  # not pip's "dependency resolver", which speaks of versions
        "name resolution",
        "getaddrinfo failed",
    )
    if any(word in output for word in network):
        return tail + "\nThe package registry did not answer. Check the network, then call again."
    if "No matching distribution" in output:
        return tail + (
            "\nA pinned package does not exist for this Python "
            "({}.{}) or system. Try Python 3.11 to 3.14."
            "\nREADME.md lists the systems that all packages have wheels for.".format(
                *sys.version_info
            )
        )
    return tail + "\nThe installation failed. Call this again; it starts afresh."


def quiet_lab():
    """No news pop-up for learners, no grading menus, no second writer beside the notebook."""
    off = [
        "@jupyterlab/apputils-extension:announcements",
        "jupyterlab-jupytext",
        "@jupyter/nbgrader",
    ]
    folder = VENV / "etc" / "jupyter"
    (folder / "labconfig").mkdir(parents=True, exist_ok=True)
    (folder / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(off, True)}), encoding="utf-8"
    )
    servers = folder / "jupyter_server_config.d"
    for name in ("nbgrader", "jupytext"):
        (servers / f"{name}.json").unlink(missing_ok=True)


# --- the commands -----------------------------------------------------------------------------


def run(*command, **options):
    """Run a module of the environment; returns its exit status."""
    command = [str(PYTHON), "-m", *command]
    return subprocess.run(command, cwd=str(ROOT), check=False, **options).returncode


def lab(*options):
    ensure("lab")
    if run("course.classroom.copies"):
        stop("Your copy under work/ could not be made; the reason stands above.")
    wanted = [o for o in options if re.match(r"--(ServerApp\.)?port=\d+$", o)]
    first = int(wanted[-1].split("=")[1]) if wanted else 8888
    show = "--no-browser" not in options and can_open_browser()
    passed_on = [o for o in options if o not in wanted and o != "--no-browser"]
    passed_on += [] if show else ["--no-browser"]
    # Between a look at a port and its use another program may take it; so the server itself decides
    # (it refuses a taken port), and nothing is printed before it has answered.
    for port in free_ports(first):
        server, address, answered = start_server(port, passed_on)
        if answered or server.poll() is None or port_is_free(port):
            break  # it runs, or it stopped for another reason than its port
        say(f"Port {port} was taken by another program meanwhile.")
    if server.poll() is not None:
        stop("JupyterLab did not start; the reason stands above.")
    if port != first:
        say(f"Port {first} is taken (another Jupyter?); using {port}.")
    if not answered:
        say(f"JupyterLab has not answered for {ANSWER_WITHIN_S} s; it may still come.")
    if show:
        say("JupyterLab opens in your browser. If it does not, the address is:")
    else:
        say("No browser will be opened. Open this address yourself:")
    say("    " + address)
    say("Stop it with Ctrl-C here. Your work is saved in work/.")
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        end(server)


def start_server(port, options):
    """Start JupyterLab on this port and no other; wait until it answers there, or ends.

    Returns its process, the address of the start page, and whether it answered.
    """
    token = os.environ.get("JUPYTER_TOKEN") or os.urandom(12).hex()
    mark = os.urandom(12).hex()  # in every answer, so that no other server is taken for this one
    page = "/lab/tree/notebooks/00_start_here.ipynb"
    command = [str(PYTHON), "-m", "jupyterlab", "--ServerApp.root_dir=" + str(ROOT / "work")]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--LabApp.default_url=" + page, "--ServerApp.log_level=WARN"]
    command += ["--ServerApp.answer_yes=True"]  # Ctrl-C ends it, without a question
    command += ["--ServerApp.tornado_settings=" + repr({"headers": {"X-Course-Lab": mark}})]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command += ["--allow-root"]  # containers; Jupyter refuses root otherwise
    env = {**os.environ, "JUPYTER_TOKEN": token, "COURSE_WORK": str(ROOT / "work")}
    server = subprocess.Popen([*command, *options], cwd=str(ROOT), env=env)
    try:
        deadline, answered = time.time() + ANSWER_WITHIN_S, False
        while not answered and server.poll() is None and time.time() < deadline:
            time.sleep(0.2)
            status = f"http://localhost:{port}/api/status?token={token}"
            answered = mark_of(status) == mark and server.poll() is None
    except BaseException:
        end(server)
        raise
    return server, f"http://localhost:{port}{page}?token={token}", answered


def mark_of(address):
    """The mark in the answer of the server at this address, or None."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=5) as answer:
            return answer.headers.get("X-Course-Lab")
    except (OSError, ValueError, http.client.HTTPException):
        return None  # nobody there, or a server that refuses, or one that speaks no HTTP


def end(server):
    """End a server and, through it, its kernels."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(20)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            server.kill()
            server.wait()


def free_ports(first):
    """The ports from `first` on that nobody listens on at the moment that they are asked for."""
    for port in range(first, min(first + 100, 65536)):
        if port_is_free(port):
            yield port
    stop(f"No free port from {first} to {first + 99}. Close some programs and try again.")


def port_is_free(port):
    """Whether no program listens on this port of localhost, in either version of IP."""
    for family, kind, _, _, address in socket.getaddrinfo("localhost", port, 0, socket.SOCK_STREAM):
        try:
            with socket.socket(family, kind) as probe:
                if os.name != "nt":  # as Jupyter does; there it means something else
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
    return True  # a version of IP that this machine lacks is no obstacle


def can_open_browser():
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def test(*options):
    """Every check; all run even where one fails, so that one call tells all."""
    ensure("test")
    # Three workers on two cores: those that drive a browser or a kernel mostly wait. The order of
    # the folders, for the browser's tests, which are long and few, would else come last.
    pytest = ["pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    pytest += ["-m", "not slow"]
    return checks(
        ("style", "ruff", "check", "."),
        ("format", "ruff", "format", "--check", "."),
        ("import contracts", "course.classroom.contracts"),
        ("tests", *pytest, *options),
        ("notebooks", "course.classroom.notebooks", "test"),
    )


def test_slow(*options):
    ensure("test")
    parallel = ["-n", "2", "--dist", "worksteal"]
    return checks(("slow tests", "pytest", *parallel, "-m", "slow", *options))


def sync(*options):
    """Everything that is generated: notebooks, exercises, the README's picture."""
    ensure("test")
    return (
        run("course.classroom.notebooks", "sync", *options)
        or run("course.classroom.release")
        or run("course.classroom.readme")
    )


def checks(*steps):
    failed = []
    for name, *command in steps:
        say(f"{name}: {' '.join(command)}")
        started = time.time()
        status = run(*command)
        say(f"{name}: {'FAILED' if status else 'ok'} in {time.time() - started:.0f} s")
        failed += [name] * bool(status)
    say("Failed: " + ", ".join(failed) if failed else "All checks passed.")
    return bool(failed)


def sweep(*options):
    """Measure the fleet again, or some of it; see `python -m course.experiments --help`."""
    ensure("lab")
    return run("course.experiments", *options)


def module(name, *first):
    def command(*options):
        ensure("test")
        return run(name, *first, *options)

    return command


COMMANDS = {
    "lab": lab,
    "test": test,
    "test-slow": test_slow,
    "fresh": lambda *names: ensure("lab") or run("course.classroom.copies", "fresh", *names),
    "finish": lambda *names: ensure("lab") or run("course.classroom.finish", *names),
    "sync": sync,
    "release": module("course.classroom.release"),
    "bench": module("tests.bench"),
    "sweep": sweep,
}


def main(arguments):
    check_python()
    if not arguments or arguments[0] not in COMMANDS:
        sys.exit(__doc__ + "\nCommands: " + ", ".join(COMMANDS))
    try:
        sys.exit(COMMANDS[arguments[0]](*arguments[1:]))
    except OSError as error:
        if error.errno != errno.ENOSPC:  # a full disk can stop any write, that of the log too
            raise
        stop(DISK_FULL)
    except KeyboardInterrupt:
        stop("Stopped.")


if __name__ == "__main__":
    main(sys.argv[1:])
