"""The learner's own copy: `work/` mirrors notebooks/ and exercises/, and edits there are kept.

`python -m course.classroom.copies` brings what is missing. A copy that was never edited follows the
course; an edited one is never touched, and its newer version is announced. `… copies fresh PATH`
puts a fresh copy in its place and keeps the learner's beside it. Notebooks come without outputs:
who is asked to predict must not see the answer below.

An exercise set is one item, its notebook and its checks.json together: checks of another version
of the notebook would judge answers to other questions.
"""

import hashlib
import json
import sys
from pathlib import Path, PurePosixPath

from course.files import replace

ROOT = Path(__file__).resolve().parents[2]
STATE = ".course.json"  # what each copy was made from; also marks the folder as a learner's own


def items(root):
    """Everything that a learner receives: path of an item -> its files by path -> their sources.

    An item is a chapter ("notebooks/NAME.ipynb"), an exercise set ("exercises/SET", a folder) or a
    file for the folder itself ("AGENTS.md"). All paths are relative to work/, with slashes.
    """
    single = {f"notebooks/{path.name}": path for path in sorted(root.glob("notebooks/*.ipynb"))}
    single |= {
        path.name: path for path in sorted(root.glob("course/classroom/for_learners/[!.]*.md"))
    }
    found = {name: {name: path} for name, path in single.items()}
    for path in sorted(path for path in root.glob("exercises/*/*") if path.is_file()):
        name = path.parent.relative_to(root).as_posix()
        found.setdefault(name, {})[f"{name}/{path.name}"] = path
    return found


def refresh(root, work):
    """Copy what is new; returns the files copied and the items with a newer version to ask for.

    checks.json follows the course beside a notebook of the course's present version, edited or
    not. Beside an edited notebook of an older version it stays with it.
    """
    state = _state(work)
    copied, newer = [], []
    for item, files in items(root).items():
        now = {name: _for_learners(source) for name, source in files.items()}
        edited = [name for name in files if _is_edited(work / name, state.get(name), now[name])]
        if any(state.get(name) != _digest(now[name]) for name in edited):
            newer.append(item)
            continue
        for name in (name for name in files if name not in edited):
            if not (work / name).exists() or (work / name).read_bytes() != now[name]:
                _write(now[name], work / name)
                copied.append(name)
            state[name] = _digest(now[name])
    _save(work, state)
    return copied, newer


def _is_edited(target, copied, now):
    """Whether a learner changed a file; checks.json is no place for edits."""
    if target.name == "checks.json" or not target.exists():
        return False
    return _digest(target.read_bytes()) not in (copied, _digest(now))


def fresh(root, work, name):
    """Put a fresh copy of an item in place; returns where the learner's own was moved, or None.

    `name` is the item's path, or its last part where only one item has it. A set's whole folder is
    moved, so that the old notebook still finds its own checks. Raises ValueError when `name` is no
    item or could mean several.
    """
    known = items(root)
    item = _item_named(name, known)
    target, moved_to = work / item, None
    if target.exists():
        candidates = (
            target.with_name(f"{target.stem}.mine{n}{target.suffix}") for n in range(1, 1_000)
        )
        moved_to = next(path for path in candidates if not path.exists())
        target.rename(moved_to)
    state = _state(work)
    for file, source in known[item].items():
        content = _for_learners(source)
        _write(content, work / file)
        state[file] = _digest(content)
    _save(work, state)
    return moved_to


def _item_named(name, known):
    """The item that a learner means by a path, or by the last part of one."""
    path = PurePosixPath(str(name).replace("\\", "/"))
    if path.parts[:1] == ("work",):
        path = path.relative_to("work")
    meant = [item for item, files in known.items() if str(path) in (item, *files)]
    if not meant and len(path.parts) == 1:
        meant = [item for item, files in known.items() if path.name in _last_parts(item, files)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(f"name {name!r} could be {' or '.join(meant)}: give the whole path")
    raise ValueError(f"name must be one of {', '.join(known)}, got {name!r}")


def _last_parts(item, files):
    return {PurePosixPath(item).stem, *(PurePosixPath(file).name for file in files)}


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
            sys.exit(
                "Say which: make fresh NAME=notebooks/00_start_here.ipynb for a chapter, "
                "NAME=exercises/00_orders_of_magnitude for an exercise set."
            )
        try:
            moved_to = fresh(root, work, arguments[1])
        except ValueError as error:
            sys.exit(str(error))
        except PermissionError as error:  # Windows moves no folder with an open file
            sys.exit(f"{error}. Close the notebook in every program, then call this again.")
        yours = f" Yours is now {moved_to.relative_to(root)}." if moved_to else ""
        print(f"Fresh copy made.{yours}")
        return
    copied, newer = refresh(root, work)
    if copied:
        print(f"{len(copied)} files brought to work/.")
    for item in newer:
        print(f"{item} has a newer version. Yours is kept; make fresh NAME={item}")


if __name__ == "__main__":
    main(sys.argv[1:])
