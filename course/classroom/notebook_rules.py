"""What a notebook of the course must be. Nothing is run here; each broken rule is one sentence.

The rules see notebooks as nbformat nodes; reading, building and running them is the work of
`course.classroom.notebooks`. The last part checks the links of notebooks and Markdown files.
"""

import ast
import builtins
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
_NO_COMPUTATION = {*vars(builtins), "math", "np"}  # arithmetic on written numbers needs no more
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


# --- no answer before its prediction --------------------------------------------------------------


def reveal_problems(built):
    """Where the answer of a prediction can be read before the prediction is given.

    What `compare` is given must be computed by the notebook: a constant, or arithmetic on constants
    alone, would be the answer in print. Reasons stand in course/classroom/answers.toml. And
    between a question and its answer no sentence, comment or title of a picture may name the right
    one of the choices alone; hints that are folded away and model answers may. Which choice is the
    right one is read from the output, so a notebook that was not run is judged by its calls only.
    """
    found, choices, open_questions = [], {}, {}
    for number, cell in enumerate(built.cells, 1):
        if cell.cell_type != "code":
            for texts in open_questions.values():
                texts += [(_name(number, cell), text) for text in _sentences(cell.source)]
            continue
        name = _name(number, cell)
        try:
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
        except SyntaxError:
            continue  # said by another rule
        answers = iter(re.findall(r"^The answer: +(.*)$", "\n".join(_texts(cell.outputs)), re.M))
        strings = [(name, text) for text in _strings(cell.source, tree)]
        for texts in open_questions.values():
            texts += strings
        for call in _calls(tree):
            if call.func.id == "compare":
                found += [f"{name}: {wrong}" for wrong in _written_down(call, tree)]
                id, answer = _id(call), next(answers, "")
                texts = open_questions.pop(id, [])
                found += [
                    f"{where}: {text!r} names the answer of {id!r} before it is asked for."
                    for where, text in texts
                    if _names_alone(text, answer, choices.get(id, ()))
                ]
            elif (offered := _offered(call)) is not None:
                choices[_id(call)], open_questions[_id(call)] = offered, []
    return found


def _written_down(call, tree):
    """What is wrong with the arguments of a call of compare, in sentences."""
    assigned = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node.value)
    given = [(None, value) for value in call.args[1:]] + [(k.arg, k.value) for k in call.keywords]
    for argument, value in given:
        if argument == "because":
            yield f"the reason of {_id(call)!r} belongs into course/classroom/answers.toml."
        elif argument != "id" and _is_constant(value, assigned):
            what = f"{argument} of {_id(call)!r}" if argument else f"the answer of {_id(call)!r}"
            yield f"{what} is written down, not computed: {ast.unparse(value)}"


def _is_constant(node, assigned):
    """Whether an expression comes from constants of its cell alone."""
    if isinstance(node, ast.IfExp) and ast.dump(node.body) == ast.dump(node.orelse):
        return True
    if isinstance(node, ast.Dict | ast.List | ast.Set) and not ast.unparse(node)[1:-1]:
        return False  # empty: filled by what was computed
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    names -= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    return all(
        name in _NO_COMPUTATION
        or (
            name in assigned
            and all(_is_constant(v, assigned | {name: []}) for v in assigned[name])
            and bool(assigned[name])
        )
        for name in names
    )


def _offered(call):
    """The choices of a call of predict, where they are written down."""
    for keyword in call.keywords:
        if keyword.arg == "choices":
            try:
                return tuple(ast.literal_eval(keyword.value))
            except ValueError:
                return None
    return None


def _sentences(markdown):
    visible = re.sub(r"<details>.*?</details>", "", markdown, flags=re.DOTALL)
    return re.split(r"(?<=[.!?:])\s+|\n\s*\n", visible)


def _strings(source, tree):
    """Comments line by line, and the strings of each statement together, after the questions."""
    source = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", source, flags=re.DOTALL)
    yield from re.findall(r"# .*", source)
    for statement in tree.body:
        parts = [n.value for n in ast.walk(statement) if isinstance(n, ast.Constant)]
        texts = [part for part in parts if isinstance(part, str) and part in source]
        asks = any(call.func.id == "predict" for call in _calls(statement))
        if texts and not asks:
            yield " ".join(texts)


def _names_alone(text, answer, choices):
    if answer not in choices or not re.search(r"\w{3}|\d\d", answer):
        return False

    def stands_in(choice):
        words = re.escape(" ".join(choice.lower().split()))
        return re.search(rf"(?<![\w.]){words}(?!\w|\.\d)", " ".join(text.lower().split()))

    return bool(stands_in(answer)) and not any(stands_in(c) for c in choices if c != answer)


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
    for call in _calls(tree):
        yield call.func.id, _id(call)


def _calls(tree):
    """The calls of predict and compare, in the order of the lines."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    ours = [c for c in calls if getattr(c.func, "id", None) in ("predict", "compare")]
    return sorted(ours, key=lambda call: call.lineno)


def _id(call):
    named = [k.value for k in call.keywords if k.arg == "id"]
    return getattr(next(iter(call.args + named), None), "value", None)


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
