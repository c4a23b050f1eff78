"""The learner's own copy: `work/` mirrors notebooks/ and exercises/, and edits there are kept.

Its notebooks come without outputs: who is asked to predict must not see the answer below.
`python -m course.classroom.copies` brings what is missing. A copy that was never edited follows the
course; an edited one is never touched, and its newer version is announced. `… copies fresh NAME`
puts a fresh copy in its place and keeps the learner's beside it.
"""

import hashlib
import json
import sys
from pathlib import Path

from course.files import replace

ROOT = Path(__file__).resolve().parents[2]
STATE = ".course.json"  # what each copy was made from; also marks the folder as a learner's own


def sources(root):
    """Relative path -> file of everything a learner receives."""
    found = sorted(root.glob("notebooks/*.ipynb"))
    found += sorted(p for p in root.glob("exercises/*/*") if p.is_file())
    return {path.relative_to(root).as_posix(): path for path in found}


def refresh(root, work):
    """Copy what is new; returns the relative paths (copied, with a newer version to ask for)."""
    state = _state(work)
    copied, newer = [], []
    for name, source in sources(root).items():
        target, content = work / name, _for_learners(source)
        now, there = _digest(content), target.exists() and _digest(target.read_bytes())
        if there and there not in (state.get(name), now) and source.suffix == ".ipynb":
            if state.get(name) != now:
                newer.append(name)
            continue
        if there != now:
            _write(content, target)
            copied.append(name)
        state[name] = now
    _save(work, state)
    return copied, newer


def fresh(root, work, name):
    """Put a fresh copy of notebook `name` in place; returns where the learner's own was moved.

    `name` is a file name with or without .ipynb. Raises ValueError when no such notebook exists.
    """
    known = {Path(path).stem: path for path in sources(root) if path.endswith(".ipynb")}
    path = known.get(Path(name).stem)
    if path is None:
        raise ValueError(f"name must be one of {', '.join(known)}, got {name!r}")
    target, kept = work / path, None
    if target.exists():
        numbers = (n for n in range(1, 1_000))
        kept = next(
            p for p in (target.with_suffix(f".mine{n}.ipynb") for n in numbers) if not p.exists()
        )
        target.rename(kept)
    content = _for_learners(root / path)
    _write(content, target)
    _save(work, _state(work) | {path: _digest(content)})
    return kept


def _state(work):
    try:
        state = json.loads((work / STATE).read_text(encoding="utf-8"))
        return state if isinstance(state, dict) else {}
    except (OSError, ValueError):
        return {}  # without it every copy counts as edited, so nothing can be lost


def _save(work, state):
    work.mkdir(parents=True, exist_ok=True)
    partial = work / (STATE + ".new")
    partial.write_text(json.dumps(state, indent=1, sort_keys=True), encoding="utf-8")
    replace(partial, work / STATE)


def _for_learners(source):
    """The bytes of a file as a learner receives it: a notebook without its outputs."""
    if source.suffix != ".ipynb":
        return source.read_bytes()
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _write(content, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def main(arguments, root=ROOT):
    work = root / "work"
    if arguments[:1] == ["fresh"]:
        if len(arguments) != 2:
            sys.exit("Say which notebook: make fresh NAME=00_start_here")
        try:
            kept = fresh(root, work, arguments[1])
        except ValueError as error:
            sys.exit(str(error))
        print(f"Fresh copy made.{f' Yours is kept as {kept.relative_to(root)}.' if kept else ''}")
        return
    copied, newer = refresh(root, work)
    if copied:
        print(f"{len(copied)} files brought to work/.")
    for name in newer:
        print(f"{name} has a newer version. Yours is kept; make fresh NAME={Path(name).stem}")


if __name__ == "__main__":
    main(sys.argv[1:])
