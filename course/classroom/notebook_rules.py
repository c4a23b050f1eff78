"""What a notebook of the course must be. Nothing is run here; each broken rule is one sentence.

The rules see notebooks as nbformat nodes; reading, building and running them is the work of
`course.classroom.notebooks`. The last part checks the links of notebooks and Markdown files.
"""

import ast
import re
from itertools import pairwise, zip_longest
from urllib.parse import unquote, urlsplit

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from markdown_it import MarkdownIt

CHECKED, MACHINE = "nbval-check-output", "machine-dependent"
LONGEST_CELL = 25  # lines
MOST_WORDS = 3_000  # of Markdown, in a chapter
MOST_CODE_IN_A_ROW = 3  # cells without a word between: predict, compute, compare
OPENING = ["Core question", "You will be able to", "You need first", "Time", "Mirrors"]
CLOSING = ["What is contested here", "Take-aways", "Further reading", "Exercises"]


def tags_for(tags, outputs):
    """The tags of a built code cell, from those in its text and from what it showed.

    A cell that shows a number in words is compared with its stored output whenever the notebooks
    are tested (nbval reads the tag), unless the text says that the number belongs to this machine.
    """
    kept = [tag for tag in tags if tag != CHECKED]
    number = any(re.search(r"\d", text) for text in _texts(outputs))
    return [*kept, CHECKED] if number and MACHINE not in kept else kept


def _texts(outputs):
    for output in outputs:
        if output.output_type == "stream":
            yield output.text
        for mime, data in output.get("data", {}).items():
            if mime.startswith("text/"):
                yield data


# --- rules for every notebook ---------------------------------------------------------------------


def pair_problems(text, built):
    """Where the built notebook is no longer its text; only the first difference, most follow it."""
    if built.metadata != text.metadata:
        return ["The notebook's metadata is not what its text makes: run `make sync`."]
    for number, (wanted, found) in enumerate(zip_longest(text.cells, built.cells), 1):
        if wanted is None or found is None:
            only = "text" if found is None else "notebook"
            return [f"{_name(number, wanted or found)} is only in the {only}: run `make sync`."]
        name = _name(number, found)
        for part in ("cell_type", "source", "id"):
            if found.get(part) != wanted[part]:
                return [f"{name} differs from its text ({part}): run `make sync`."]
        metadata = dict(wanted.metadata)
        if tags := tags_for(metadata.pop("tags", []), found.get("outputs", [])):
            metadata["tags"] = tags
        if found.metadata != metadata:
            return [f"{name} has {dict(found.metadata)}; its text and outputs ask for {metadata}."]
    return []


def run_problems(built):
    """Whether a notebook was run in a fresh kernel, first cell to last, without trouble."""
    found = []
    for run, (name, cell) in enumerate(_code(built), 1):
        if cell.execution_count != run:
            found.append(f"{name} ran as number {cell.execution_count}, not {run}.")
        if any(output.output_type == "error" for output in cell.outputs):
            found.append(f"{name} ended in an error.")
        if any(output.get("name") == "stderr" for output in cell.outputs):
            found.append(f"{name} shows a warning (stderr): mend its cause.")
        if any(re.search(r" at 0x[0-9a-f]{6,}", text) for text in _texts(cell.outputs)):
            found.append(f"{name} shows an address in memory, another one in each run.")
    return found


def length_problems(built):
    return [
        f"{name} has {lines} lines of code; {LONGEST_CELL} are allowed. Move code into `course`."
        for name, cell in _code(built)
        if (lines := len(cell.source.splitlines())) > LONGEST_CELL
    ]


def _code(notebook):
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            yield _name(number, cell), cell


def _name(number, cell):
    first = next(iter(cell.source.splitlines()), "")
    return f"Cell {number} ({first[:50]})"


# --- rules for a chapter --------------------------------------------------------------------------


def chapter_problems(notebook, number, lab=False):
    """Whether chapter `number`, or its lab, opens, closes, asks and answers as chapters here do."""
    cells = notebook.cells
    markdown = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    kinds = "".join(cell.cell_type[0] for cell in cells)
    opening = "\n\n".join(cell.source for cell in cells[: len(kinds.partition("c")[0])])
    found = []
    if not (kinds.startswith("m") and re.match(rf"# {number}\. \S", cells[0].source)):
        found.append(f"The first cell must be Markdown that starts with `# {number}. Title`.")
    for label in OPENING:
        if not re.search(rf"\*\*{label}\b[^*\n]*\*\*", opening):
            found.append(f"The opening has no **{label}**.")
    found += _time_problems(opening) + _closing_problems(markdown)
    if (words := len(re.findall(r"\w+(?:[-'’.,]\w+)*", _shown(markdown)))) > MOST_WORDS:
        found.append(f"It has {words} words of Markdown; {MOST_WORDS} are allowed.")
    for match in re.finditer(rf"c{{{MOST_CODE_IN_A_ROW + 1},}}", kinds):
        name = _name(match.start() + 1, cells[match.start()])
        found.append(f"{name} begins {len(match[0])} code cells without a word between them.")
    return found + _prediction_problems(notebook, f"{'L' if lab else 'P'}{number:02d}")


def _time_problems(opening):
    label = re.search(r"\*\*Time\b[^*]*\*\*([^*]*)", opening)
    if label is None:
        return []  # said already
    times = re.findall(r"\d ?(?:s\b|sec|min|h\b|hour)", label[1])
    if len(times) >= 3 and all(word in label[1] for word in ("read", "run", "exercise")):
        return []
    return ["**Time** must say how long it takes to read, to run and to do the exercises."]


def _closing_problems(markdown):
    _, *sections = re.split(r"^## +(.*?) *$", markdown, flags=re.MULTILINE)
    titles, bodies = sections[::2][-4:], sections[1::2][-4:]
    if titles != CLOSING:
        return [f"It must end in the sections {', '.join(CLOSING)}, not {', '.join(titles)}."]
    found = [f"{t} is empty." for t, b in zip(titles, bodies, strict=True) if not b.strip()]
    if not re.search(r"\]\(\.\./exercises/\S+\.ipynb\)", bodies[-1]):
        found.append("Exercises must link to the set, as ../exercises/NAME/NAME.ipynb.")
    return found


def _prediction_problems(notebook, prefix):
    asked, answered, found = [], [], []
    for name, cell in _code(notebook):
        try:
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
        except SyntaxError as error:
            return [f"{name} is not Python: {error.msg}."]
        for function, id in _questions(tree):
            before = asked if function == "predict" else answered
            if id in before:
                found.append(f"{name} has {function}({id!r}) a second time.")
            if function == "compare" and id not in asked:
                found.append(f"{name} answers {id!r}, which was not asked before.")
            before.append(id)
    found += [f"{id!r} is asked, and never answered." for id in asked if id not in answered]
    wrong = [id for id in asked if not re.fullmatch(rf"{prefix}\.\d+", str(id))]
    return found + [f"{id!r} must be named {prefix}.1, {prefix}.2 …" for id in wrong]


def _questions(tree):
    """(function, id) of each call of predict and compare, in the order of the lines."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: call.lineno):
        function = getattr(call.func, "id", None)
        if function in ("predict", "compare"):
            named = [k.value for k in call.keywords if k.arg == "id"]
            yield function, getattr(next(iter(call.args + named), None), "value", None)


def _shown(markdown):
    return re.sub(r"\]\([^)]*\)", "]", markdown)  # an address is not read


# --- links ----------------------------------------------------------------------------------------


def link_problems(root):
    """The broken links of every notebook and Markdown file below `root`; nothing is fetched.

    A learner's copy holds notebooks/ and exercises/ only, so a notebook links to nothing else in
    the repository. An exercise comes from a solution, which is therefore read from its place.
    """
    root = root.resolve()
    ours = [d for d in root.iterdir() if d.is_dir() and not re.match(r"\.|(work|build)$", d.name)]
    paths = [*root.glob("*.md"), *(p for d in ours for p in d.rglob("*.md"))]
    paths += [*root.glob("notebooks/*.ipynb"), *root.glob("exercises/[!.]*/*.ipynb")]
    paths += root.glob("solutions/[!.]*/*.ipynb")
    return [
        f"{path.relative_to(root).as_posix()}: the link {link} {wrong}."
        for path in sorted(paths)
        for link in dict.fromkeys(_links(_markdown(path)))
        if (wrong := _wrong_with(link, path, root))
    ]


def _wrong_with(link, path, root):
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        if parts.scheme != "https":
            return "must be https"
        return "points to this machine" if _is_local(parts.hostname or "") else None
    folder = path.parent
    if folder.is_relative_to(root / "solutions") and path.suffix == ".ipynb":
        folder = root / "exercises" / folder.relative_to(root / "solutions")
    target = (folder / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(root):
        return "leads out of the repository"
    if path.suffix == ".ipynb" and parts.path and not _in_copy(target.relative_to(root).parts):
        return "leads to what a learner's copy does not hold"
    if not target.exists():
        return "leads nowhere"
    if parts.fragment and target.suffix in (".md", ".ipynb"):
        headings = {_anchor(heading) for heading in _headings(_markdown(target))}
        if _anchor(unquote(parts.fragment)) not in headings:
            return "names a heading that is not there"
    return None


def _in_copy(parts):
    return parts[:1] in (("notebooks",), ("exercises",)) and "text" not in parts


def _is_local(host):
    return host in ("", "localhost", "0.0.0.0", "::1") or host.startswith("127.")


def _markdown(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = nbformat.reads(text, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def _links(markdown):
    tokens = MarkdownIt().parse(markdown)
    for token in [part for block in tokens for part in (block, *(block.children or []))]:
        if link := token.attrGet("href") or token.attrGet("src"):
            yield link
        if token.type in ("html_inline", "html_block"):
            yield from re.findall(r"\b(?:href|src)=[\"']([^\"']+)", token.content)


def _headings(markdown):
    tokens = MarkdownIt().parse(markdown)
    return [b.content for a, b in pairwise(tokens) if a.type == "heading_open"]


def _anchor(heading):
    """GitHub and JupyterLab spell anchors differently; this is what both have in common."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
