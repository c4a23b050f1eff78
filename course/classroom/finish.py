"""Grade a set for who learns alone: `python -m course.classroom.finish SET`, or a button.

The notebook as saved runs in a fresh kernel, the answers come from there as plain data, and this
process decides about them with the whole judge (course.classroom.judge). It prints points, the
names of the properties and what went wrong; of a hidden case never an argument or a value. No
object of the judge is in a process that runs the learner's code. The button starts this module as
a process of its own, for the same reason. Where a teacher hands the course out without
solutions/judges/, both say only that the teacher grades.
"""

import ast
import html
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display
from jupyter_client import KernelManager

from course.classroom import judge
from course.classroom.copies import ROOT, STATE

MODULE = "course.classroom.finish"
CELL_LIMIT_S = 60
START_LIMIT_S, INTERRUPT_LIMIT_S = 120, 5
PROGRESS = "· "  # begins a line that the next one replaces, where that is possible
PROGRESS_EVERY_S = 5


def finish(folder, root=ROOT):
    """Run and grade the set in a folder, printing as it goes; whether there was something to grade.

    What the learner's code writes to the record of predictions or to files of work/ goes to a
    passing copy of these.
    """
    name = next(
        (path.stem for path in sorted(folder.glob("*.ipynb")) if judge_of(path.stem, root)), None
    )
    if name is None:
        say(f"{_short(folder)} holds no set that can be graded here.")
        return False
    exercises = judge.load(judge_of(name, root))
    try:
        cells = code_cells(folder / f"{name}.ipynb")
    except (OSError, ValueError, KeyError, TypeError) as error:
        say(f"{name}.ipynb cannot be read ({error}). Save it again, or fetch a fresh copy.")
        return False
    saved = time.strftime("%H:%M:%S", time.localtime((folder / f"{name}.ipynb").stat().st_mtime))
    say(f"{name}.ipynb, as saved at {saved}, runs in a fresh kernel.")
    say(f"Each cell has {CELL_LIMIT_S} s, the answers of an exercise {judge.TIME_LIMIT} s.")
    with passing_copy(folder) as work, Kernel(folder, {"COURSE_WORK": str(work)}) as kernel:
        trouble = run_cells(kernel, cells)
        answers = ask_answers(kernel, exercises)
    say(report(name, exercises, judge.grade(exercises, answers), answers, trouble, root))
    return True


def judge_of(name, root=ROOT):
    """The judge file of a set, or None where there is none: a teacher kept it."""
    path = root / f"solutions/judges/{name}.py"
    return path if path.exists() else None


def code_cells(path):
    """(label, source) of each code cell of a notebook file but the checks, which give no answer."""
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        marks = cell.get("metadata", {}).get("nbgrader", {})
        if cell["cell_type"] != "code" or marks.get("grade") or not source.strip():
            continue
        answer = re.fullmatch(r"(\w+)-(\w+)-answer", marks.get("grade_id", ""))
        first = source.strip().splitlines()[0]
        label = "your answer {}.{}".format(*answer.groups()) if answer else f"the cell `{first}`"
        found.append((label, source))
    return found


def run_cells(kernel, cells):
    """Run cells in order, going on after each that fails; sentences on those that did."""
    trouble = []
    for number, (label, source) in enumerate(cells, 1):
        kernel.doing = f"cell {number} of {len(cells)}"
        ended, _ = kernel.run(source)
        what = {
            "ok": None,
            "late": f"was stopped after {CELL_LIMIT_S} s: does a loop never end?",
            "died": "ended the kernel: too much memory, or a call that ends Python?",
        }.get(ended, f"stopped with {ended}")
        if what:
            trouble.append(f"{label[0].upper()}{label[1:]} {what}")
    return trouble


def ask_answers(kernel, exercises):
    """What `judge.collect` gives for the exercises, each asked alone, so that one cannot spoil
    another. An answer that cannot be stopped counts as timed out in all its cases.
    """
    answers = {}
    for key, wanted in judge.requests(exercises).items():
        kernel.doing = f"asking {key}"
        call = f"collected(globals(), {json.dumps({key: wanted})!r})"
        ended, text = kernel.run("", f"__import__({MODULE!r}, fromlist=['collected']).{call}")
        if ended in ("late", "died"):
            answers[key] = [{"timed_out": CELL_LIMIT_S}] * len(wanted["calls"])
            continue
        try:
            answers[key] = json.loads(ast.literal_eval(text), object_pairs_hook=_once)[key]
        except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
            answers[key] = None  # not what collected() gives: graded as not there
    return answers


def _once(pairs):
    """A JSON object whose keys occur once each; ValueError else: `collected` writes none twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def collected(namespace, wanted):
    """`judge.collect` with JSON text for both; called in the learner's kernel."""
    return json.dumps(judge.collect(namespace, json.loads(wanted)))


def report(name, exercises, marks, answers, trouble, root=ROOT):
    """The text at the end: points by exercise, properties by name, and what may have gone wrong.

    Args:
        name: of the set.
        exercises: what `judge.load` gave.
        marks: what `judge.grade` gave for them.
        answers: what they were graded on.
        trouble: sentences on cells that failed.
        root: the folder of the course.
    """
    lines = ["", f"{name}: {marks['points']} of {marks['of']} points"]
    if trouble:
        lines += ["", "On the way:"]
        lines += [line for text in trouble for line in _wrapped(text, 2)]
    for key, mark in marks["exercises"].items():
        lines += ["", f"{key} {exercises[key].title} · {mark['points']} of {mark['of']} points"]
        if not answers[key] or {"missing": True} in answers[key]:
            lines.append(f"  There is no `{exercises[key].name}`.")
            continue
        if all(one == {"value": None} for one in answers[key]):
            lines.append("  Not answered yet.")
            continue
        told = set()
        for part in mark["properties"]:
            held = part["points"] == part["of"]
            worth = f"{part['points']} of {part['of']}"
            if part.get("right_keys") and not held:
                worth += f"; right: {', '.join(part['right_keys'])}"
            seen = ", checked only here" if part["hidden"] else ""
            lines += _wrapped(f"{'✓' if held else '✗'} {part['name']} ({worth}{seen})", 2)
            for text in (part["why"], part["diagnosis"]):
                if text and text not in told:
                    lines += _wrapped(text, 6)
                    told.add(text)
    if marks["points"] < marks["of"]:
        lines += ["", "Hints stand under each exercise; SYMPTOMS.md in work/ says where to look"]
        lines += ["when something is odd. Mend, save, and finish again as often as you like."]
    if (model := root / f"solutions/{name}/{name}.ipynb").exists():
        lines += ["", f"The model answers: {model.relative_to(root).as_posix()}"]
    return "\n".join(lines)


def _wrapped(text, indent):
    return textwrap.wrap(
        text, 96, initial_indent=" " * indent, subsequent_indent=" " * max(indent, 4)
    )


def say(text):
    print(text, flush=True)


def _short(path):
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


# --- the learner's code, kept apart ---------------------------------------------------------------


@contextmanager
def passing_copy(folder):
    """A folder with the files that lie directly in work/, deleted in the end."""
    work = Path(os.environ.get("COURSE_WORK") or folder.parents[1])
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as copy:
        if (work / STATE).exists():
            for path in (path for path in work.iterdir() if path.is_file()):
                shutil.copy(path, copy)
        yield Path(copy)


class Kernel:
    """A fresh kernel in a folder; a context manager that ends it.

    Code that takes too long is interrupted. Where it does not heed this, its kernel is killed, and
    the cells that had ended run again in a new one, without it. `doing` is told as progress.
    """

    def __init__(self, folder, env):
        self.doing = "starting"
        self._folder, self._env = folder, os.environ | env
        self._past = []
        self._started = self._told = time.monotonic()

    def __enter__(self):
        self._start()
        return self

    def __exit__(self, *error):
        self._stop()

    def run(self, code, value="None"):
        """Run code, then evaluate the expression `value`.

        Returns how it ended ("ok", "late", "died", or what it raised) and the value's repr.
        """
        asked = self._client.execute(
            code, store_history=False, allow_stdin=False, user_expressions={"value": value}
        )
        reply = self._answer(asked, CELL_LIMIT_S)
        if reply is None:
            alive = self._manager.is_alive()
            if alive:
                self._manager.interrupt_kernel()
                alive = self._answer(asked, INTERRUPT_LIMIT_S) is not None
                ended = "late"
            else:
                ended = "died"
            if not alive:
                self._restart()
            return ended, None
        self._past.append(code)
        if reply["status"] != "ok":
            why = " ".join(str(reply.get("evalue", "")).split())
            return f"{reply.get('ename', 'an error')}: {textwrap.shorten(why, 200)}", None
        return "ok", reply["user_expressions"]["value"].get("data", {}).get("text/plain")

    def _answer(self, asked, seconds):
        """The reply to a request, or None when it does not come in time or the kernel is gone."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._manager.is_alive():
            try:
                reply = self._client.get_shell_msg(timeout=min(left, 1))
            except queue.Empty:
                reply = None
            if time.monotonic() - self._told > PROGRESS_EVERY_S:
                self._told = time.monotonic()
                say(f"{PROGRESS}{self.doing}, {self._told - self._started:.0f} s")
            if reply and reply["parent_header"].get("msg_id") == asked:
                return reply["content"]
        return None

    def _start(self):
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(
            cwd=str(self._folder),
            env=self._env,
            extra_arguments=["--log-level=ERROR"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._client = self._manager.blocking_client()
        self._client.start_channels(iopub=False, stdin=False, hb=False)
        if self._answer(self._client.kernel_info(), START_LIMIT_S) is None:
            self._stop()
            raise RuntimeError(f"no kernel started within {START_LIMIT_S} s")

    def _stop(self):
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def _restart(self):
        past, self._past = self._past, []
        self._stop()
        self._start()
        for code in past:
            self.run(code)


# --- the command ----------------------------------------------------------------------------------


def folder_named(name, root=ROOT):
    """The learner's folder of a set, by its name or by a path to it, as in `make finish SET=…`.

    Raises ValueError when there is none.
    """
    tried = [root / "work/exercises" / name, root / "work" / name, root / name]
    for path in (path if path.suffix != ".ipynb" else path.parent for path in tried):
        if path.is_dir() and any(path.glob("*.ipynb")):
            return path.resolve()
    here = sorted(path.parent.name for path in root.glob("work/exercises/*/*.ipynb"))
    raise ValueError(f"SET must be one of {', '.join(here) or 'none yet'}, got {name!r}")


def main(arguments, root=ROOT):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the kernel is ended too
    try:
        if len(arguments) != 1:
            raise ValueError("Say which set: make finish SET=00_orders_of_magnitude")
        return 0 if finish(folder_named(arguments[0], root), root) else 1
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        say("Stopped. Nothing was changed.")
        return 130


# --- the button -----------------------------------------------------------------------------------


def finish_button(name):
    """Show a button that grades this notebook, as saved, like `make finish`.

    The kernel that shows it only starts the other process and shows what that prints.
    """
    if judge_of(name) is None:
        print("Your teacher grades this set.")
        return
    wide = widgets.Layout(width="auto")
    button = widgets.Button(description="Grade this notebook", button_style="primary", layout=wide)
    shown = widgets.HTML()
    shell = get_ipython()

    def press(_):
        button.disabled = True
        try:
            if found := unsaved(Path.cwd(), name, shell):
                lines = [f"The saved notebook lacks what you ran last for {', '.join(found)}."]
                _show(shown, [*lines, "Save it (Ctrl+S, on a Mac Cmd+S), then press again."])
            else:
                _show_process(shown, Path.cwd())
        finally:
            button.disabled = False

    button.on_click(press)
    box = widgets.VBox([widgets.HBox([button]), shown])
    plain = f"A button in JupyterLab. Elsewhere: make finish SET={name}"
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    data = {"text/plain": plain, "application/vnd.jupyter.widget-view+json": view}
    display(data, raw=True)


def unsaved(folder, name, shell):
    """The answers whose latest run in this kernel does not stand in the saved notebook."""
    saved = {source.strip() for _, source in code_cells(folder / f"{name}.ipynb")}
    exercises = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    found = []
    for answer in (exercise["name"] for exercise in exercises.values()):
        defines = re.compile(rf"^(def {answer}\(|{answer}\s*=[^=])", re.MULTILINE)
        runs = [run for run in shell.history_manager.input_hist_raw if defines.search(run)]
        if runs and runs[-1].strip() not in saved:
            found.append(answer)
    return found


def _show_process(shown, folder):
    """Run this module on a folder, and show what it prints as it comes."""
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    lines = []
    try:
        for line in process.stdout:
            if lines and lines[-1].startswith(PROGRESS):
                lines.pop()
            lines.append(line.rstrip("\n"))
            _show(shown, lines)
        process.wait()
    except KeyboardInterrupt:
        _show(shown, [*lines, "Stopped. Nothing was changed."])
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        process.stdout.close()


def _show(shown, lines):
    text = html.escape("\n".join(lines))
    shown.value = f'<pre style="white-space: pre-wrap; line-height: 1.4">{text}</pre>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
