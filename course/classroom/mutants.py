"""Mutants of a model answer: slips made by rule, which a judge must tell from the right answer.

    python -m course.classroom.mutants [SET …]     made, killed and equivalent, and who survives

A mutant is the reference with one expression or one guard changed: `<` for `<=`, an index off by
one, log10 for log, a bound left out. The judge *kills* it when it loses a point. One that survives
shows a case that is missing; or no case can tell it from the reference, and then the exercise lists
it under `equivalent`, with the reason.
"""

import ast
import copy
import signal
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

from course.classroom import judge
from course.classroom.check import holds, outcome

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1  # of processor time for one mutant, or ten times the reference's if that is more
LARGEST_COUNT = 100  # an index or a count may be off by one; 86,400 is neither
_COMPARISONS = {
    ast.Lt: [ast.LtE],
    ast.LtE: [ast.Lt],
    ast.Gt: [ast.GtE],
    ast.GtE: [ast.Gt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
}
_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
}
_NAMES = {  # a name, of a function or after a dot, and what is taken for it
    "ceil": ["floor", "round"],
    "floor": ["ceil", "round"],
    "round": ["floor"],
    "log": ["log10", "log2"],
    "log2": ["log"],
    "log10": ["log"],
    "mean": ["median"],
    "fmean": ["median"],
    "median": ["mean"],
    "min": ["max"],
    "max": ["min"],
    "argmin": ["argmax"],
    "argmax": ["argmin"],
    "any": ["all"],
    "all": ["any"],
    "std": ["var"],
    "sum": ["max"],
    "append": ["extend"],
}
_WRAPPERS = {"sorted", "set", "abs", "ceil", "floor", "round", "strip", "lower", "sqrt", "exp"}


def mutants(exercise):
    """{key: function} of every mutant of an exercise's reference.

    A key says what was changed, `old → new`; where the same change is made in several places, the
    later ones have `#2`, `#3`. Values, and references that are no functions, have none.
    """
    if not callable(exercise.reference):
        return {}
    tree = ast.parse(judge.source(exercise.reference))
    made = {}
    for key, changed in _changes(tree.body[0], exercise):
        text = ast.unparse(ast.fix_missing_locations(changed))
        number = 2
        name = key
        while name in made:
            name, number = f"{key} #{number}", number + 1
        made[name] = judge.compiled(text, exercise.reference)
    return made


def survivors(exercise):
    """(number made, keys of those that earn every point) for an exercise."""
    parts = judge.describe(exercise, hidden=True)["properties"]
    cases = [(case, part["rel_tol"]) for part in parts for case in part["cases"]]
    made, start = mutants(exercise), time.process_time()
    if not made:
        return 0, []
    _earns_all(exercise.reference, cases, 60)
    limit = max(SECONDS, 10 * (time.process_time() - start))
    return len(made), [key for key, mutant in made.items() if _earns_all(mutant, cases, limit)]


def _earns_all(mutant, cases, seconds):
    """Whether every case holds; the first that does not ends it, as does an endless loop."""
    try:
        with _alarm(seconds), warnings.catch_warnings(action="ignore"):
            return all(
                holds(outcome(mutant, case["args"]), case["expected"], tolerance)
                for case, tolerance in cases
            )
    except KeyboardInterrupt:
        return False


@contextmanager
def _alarm(seconds):
    def ring(signum, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# --- the rules ------------------------------------------------------------------------------------


def _changes(function, exercise):
    """(key, changed copy of the function) for every rule at every node."""
    for place, node in enumerate(ast.walk(function)):
        for key, replacement in _replacements(node):
            changed = copy.deepcopy(function)
            target = next(n for i, n in enumerate(ast.walk(changed)) if i == place)
            yield key, _Swap(target, replacement).visit(changed)
    yield from _typed_in(function, exercise)


class _Swap(ast.NodeTransformer):
    def __init__(self, target, replacement):
        self.target, self.replacement = target, replacement

    def visit(self, node):
        return self.replacement if node is self.target else self.generic_visit(node)


def _replacements(node):
    """(key, node to put in its place) for the rules that apply to one node."""
    for new in _new_nodes(node):
        shown = "nothing" if isinstance(new, ast.Pass) else _first_line(new)
        yield f"{_first_line(node)} → {shown}", new


def _first_line(node):
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))
    return text.splitlines()[0]


def _new_nodes(node):
    if isinstance(node, ast.Compare):
        yield from _compare(node)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(other, node.values)
        if len(node.values) == 2:
            yield from node.values
        else:
            for place in range(len(node.values)):
                yield ast.BoolOp(node.op, node.values[:place] + node.values[place + 1 :])
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        yield ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)
        if isinstance(node.op, ast.Mult | ast.Div):
            yield node.left  # a forgotten factor
        if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv):
            yield ast.BinOp(node.right, node.op, node.left)  # the order swapped
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.value <= LARGEST_COUNT:
        yield from (ast.Constant(node.value + step) for step in (1, -1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _subscript(node)
    elif isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, ast.If) and _leaves(node.body):
        yield node.orelse[0] if len(node.orelse) == 1 else ast.Pass()  # the guard removed
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], 0)
    elif isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=1)


def _leaves(body):
    return isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def _compare(node):
    for place, op in enumerate(node.ops):
        for other in _COMPARISONS.get(type(op), []):
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)
    if len(node.ops) == 2:  # a bound left out
        yield ast.Compare(node.left, node.ops[:1], node.comparators[:1])
        yield ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])


def _subscript(node):
    """x[i + 1] and x[i - 1] for x[i]; the slice's ends one further on."""
    index = node.slice
    if isinstance(index, ast.Slice):
        for end in ("lower", "upper"):
            if (bound := getattr(index, end)) and not isinstance(bound, ast.Constant):
                for op in (ast.Add(), ast.Sub()):
                    moved = copy.copy(index)
                    setattr(moved, end, ast.BinOp(bound, op, ast.Constant(1)))
                    yield ast.Subscript(node.value, moved, node.ctx)
    elif isinstance(index, ast.Name):
        for op in (ast.Add(), ast.Sub()):
            yield ast.Subscript(node.value, ast.BinOp(index, op, ast.Constant(1)), node.ctx)


def _call(node):
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    for other in _NAMES.get(name, []):
        func = copy.deepcopy(node.func)
        setattr(func, "attr" if isinstance(func, ast.Attribute) else "id", other)
        yield ast.Call(func, node.args, node.keywords)
    if name in _WRAPPERS and node.args:
        yield node.args[0]  # not sorted, not rounded
    elif name in _WRAPPERS and isinstance(node.func, ast.Attribute):
        yield node.func.value
    if name == "sorted" and not any(word.arg == "reverse" for word in node.keywords):
        yield _with(node, "reverse", ast.Constant(True))
    if name in ("std", "var", "stdev", "variance") and isinstance(node.func, ast.Attribute):
        ddof = next((k.value.value for k in node.keywords if k.arg == "ddof"), 0)
        yield _with(node, "ddof", ast.Constant(1 - ddof))
    if name in ("min", "max") and len(node.args) > 1:
        yield from node.args  # the bound left out
    if name in ("min", "max") and len(node.args) == 1:  # the last of equals, not the first
        turned = ast.Call(
            ast.Name("reversed", ast.Load()),
            [ast.Call(ast.Name("list", ast.Load()), node.args, [])],
            [],
        )
        if any(word.arg == "key" for word in node.keywords):
            yield ast.Call(node.func, [turned], node.keywords)
    for word in node.keywords:
        if word.arg in ("axis", "keepdims", "reverse", "key", "default", "initial"):
            yield ast.Call(node.func, node.args, [k for k in node.keywords if k is not word])
    if len(node.args) == 2 and name not in ("isinstance", "min", "max", "zip"):
        yield ast.Call(node.func, node.args[::-1], node.keywords)


def _with(node, name, value):
    kept = [word for word in node.keywords if word.arg != name]
    return ast.Call(node.func, node.args, [*kept, ast.keyword(name, value)])


def _typed_in(function, exercise):
    """The number of the first visible case typed in for each argument that is a number or text."""
    parts = [part for part in exercise.properties if not part.hidden]
    cases = [case.args if isinstance(case, judge.Case) else case for p in parts for case in p.cases]
    names = [one.arg for one in function.args.args]
    for name, value in zip(names, cases[0] if cases else (), strict=False):
        if isinstance(value, int | float | str) and repr(value) not in ("inf", "-inf", "nan"):
            changed = copy.deepcopy(function)
            start = 1 if ast.get_docstring(function) else 0
            typed = ast.Assign([ast.Name(name, ast.Store())], ast.Constant(value), lineno=1)
            changed.body.insert(start, typed)
            yield f"{name} → {value!r} typed in", changed


def report(name, root=ROOT):
    """(made, killed, equivalent, survivors, stale) of a set.

    `survivors` are those that no case kills and no reason explains, `stale` listed reasons for what
    is killed or not made; both as "id: key".
    """
    made = killed = equivalent = 0
    alive, stale = [], []
    for exercise in judge.load(root / f"solutions/judges/{name}.py").values():
        number, keys = survivors(exercise)
        known = exercise.equivalent or {}
        made, killed = made + number, killed + number - len(keys)
        equivalent += sum(key in known for key in keys)
        alive += [f"{exercise.id}: {key}" for key in keys if key not in known]
        stale += [f"{exercise.id}: {key}" for key in known if key not in keys]
    return made, killed, equivalent, alive, stale


def main(names, root=ROOT):
    known = sorted(path.stem for path in root.glob("solutions/judges/*.py"))
    if unknown := set(names) - set(known):
        print(f"no judge for {', '.join(sorted(unknown))} in solutions/judges", file=sys.stderr)
        return 2
    bad = 0
    for name in names or known:
        made, killed, equivalent, alive, stale = report(name, root)
        print(f"{name}: {made} made, {killed} killed, {equivalent} equivalent, {len(alive)} alive")
        for text in alive:
            print(f"  alive: {text}")
        for text in stale:
            print(f"  listed as equivalent, but killed or not made: {text}")
        bad += len(alive) + len(stale)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
