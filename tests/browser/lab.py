"""A real JupyterLab in a real browser, driven without menus.

    with Lab(folder) as lab:
        notebook = lab.open(path)
        notebook.run_all()
        for explorer in notebook.explorers(): ...

The Lab has its own port, token and Jupyter folders: it neither reads nor writes the user's. It is
driven through `window.jupyterapp`, since menus and toolbars move from version to version, and
explorers with mouse and keyboard, as a learner does.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), None)
_FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_FLAGS += ["--disable-component-update", "--disable-sync"]
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    # Cells out of sight are otherwise no part of the page.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
_TIMEOUT_S = 60


class Lab:
    """JupyterLab on `folder` and a browser beside it; a context manager that ends both."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._start_server()
            playwright = self._stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
            self._stack.callback(browser.close)
            self.page = browser.new_page(viewport={"width": 1200, "height": 1400})
            self.page.set_default_timeout(_TIMEOUT_S * 1000)
            self.page.goto(f"{self._url}/lab?token={self._token}&reset")
            self.page.wait_for_function("window.jupyterapp")
            self.page.evaluate("window.jupyterapp.restored")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *error):
        self._stack.close()

    def open(self, notebook):
        """Open a copy of the notebook file and wait for its kernel."""
        copy = self.folder / Path(notebook).name
        if copy.resolve() != Path(notebook).resolve():
            shutil.copyfile(notebook, copy)
        self.page.evaluate(
            """async path => {
                const {commands} = window.jupyterapp;
                window.panel = await commands.execute('docmanager:open', {path});
                await window.panel.context.ready;
                await window.panel.sessionContext.ready;
            }""",
            copy.name,
        )
        self.page.wait_for_function("panel.sessionContext.session?.kernel?.status === 'idle'")
        return Notebook(self.page)

    def _start_server(self):
        private = self.folder / ".jupyter"
        for name, settings in _SETTINGS.items():
            file = private / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._token = secrets.token_hex(16)
        self._url = f"http://127.0.0.1:{port}"
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        log = self._stack.enter_context((self.folder / "lab.log").open("wb"))
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1"),
                *(f"--IdentityProvider.token={self._token}", f"--notebook-dir={self.folder}"),
                *("--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"),
            ],
            env=os.environ | {name: str(private / folder) for name, folder in folders.items()},
            stdout=log,
            stderr=log,
        )
        self._stack.callback(_stop, server)
        deadline = time.monotonic() + _TIMEOUT_S
        while not _answers(f"{self._url}/api?token={self._token}"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    (self.folder / "lab.log").read_text(errors="replace", encoding="utf-8")[-3000:]
                )
            time.sleep(0.1)


def _stop(server):
    server.terminate()  # the server ends its kernels
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


class Notebook:
    """The notebook that is open. `page` is Playwright's."""

    def __init__(self, page):
        self.page = page

    def run_all(self):
        """Run every cell; RuntimeError with the message of the first cell that raises."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        for cell in self.page.evaluate("panel.content.model.toJSON().cells"):
            for output in cell.get("outputs", []):
                if output["output_type"] == "error":
                    raise RuntimeError(f"{output['ename']}: {output['evalue']}")

    def explorers(self):
        """The explorers of the notebook, in order."""
        # Only an explorer itself has the picture as its child; other notebooks may be open.
        open_one = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        boxes = open_one.locator(".widget-vbox:has(> img.widget-image)")
        boxes.first.wait_for()
        return [Explorer(boxes.nth(k)) for k in range(boxes.count())]

    def close(self):
        """Leave the notebook and end its kernel."""
        self.page.evaluate("panel.sessionContext.shutdown().then(() => panel.dispose())")


class Explorer:
    """One course.explorer.Explorer on the page."""

    def __init__(self, box):
        self.box = box
        for header in box.locator(".jupyter-widget-Collapse-header").all():
            header.click()
        found = box.locator(":is(.widget-slider, .widget-dropdown)").all()
        self.controls = [Control(element) for element in found]

    def state(self):
        """(checksum of the picture's bytes, sentence) as they are now."""
        return self._state_and_idle()[0]

    def settled(self, *, unlike=None, seconds=20):
        """The state once the kernel rests and, where `unlike` is given, has left that state."""
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            state, idle = self._state_and_idle()
            if idle and state == last != unlike:
                return state
            last = state
            time.sleep(0.02)
        raise AssertionError(f"nothing changed in {seconds} s; the sentence is {last[1]!r}")

    def wait_for(self, sentence):
        """Wait until the explorer says so."""
        expect(self.box.locator(":scope > :last-child")).to_have_text(sentence, timeout=20_000)

    def _state_and_idle(self):
        sum, sentence, idle = self.box.evaluate(
            """async box => {
                const bytes = new Uint8Array(
                    await (await fetch(box.querySelector(':scope > img').src)).arrayBuffer());
                let sum = 0;
                for (const byte of bytes) sum = (sum * 31 + byte) | 0;
                const status = panel.sessionContext.session.kernel.status;
                return [sum, box.lastElementChild.innerText.trim(), status === 'idle'];
            }"""
        )
        return (sum, sentence), idle

    def reset(self):
        self.box.get_by_role("button", name="Reset").click()

    def height(self):
        return self.box.bounding_box()["height"]


class Control:
    """A slider or a drop-down list."""

    def __init__(self, element):
        self.element = element
        self.name = element.locator(".widget-label").first.inner_text()

    def value(self):
        """What is read beside it."""
        if (readout := self.element.locator(".widget-readout")).count():
            return readout.first.inner_text()
        return self.element.locator("select").evaluate("s => s.selectedOptions[0].label")

    def move(self, where):
        """To "least", "middle" or "most", as a learner would."""
        if (handle := self.element.locator(".noUi-handle")).count():
            if where == "middle":
                self.element.locator(".noUi-base").click()  # Playwright clicks the centre
            else:
                handle.press({"least": "Home", "most": "End"}[where])
        else:
            select = self.element.locator("select")
            count = select.locator("option").count()
            select.select_option(index={"least": 0, "middle": count // 2, "most": count - 1}[where])


def write_notebook(path, *cells):
    """A notebook of code cells, for what no chapter should contain."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        # Without it Lab asks which kernel to start.
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)
    return path


def explorer_cells(path):
    """The code cells of a notebook that make an explorer."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [cell for cell in code if re.search(r"from course(\.\w+)?\.explorer import", cell)]
