"""`python -m tests.bench [WORD]`: the speed table, or only the rows whose name has the word."""

import importlib
import sys
from pathlib import Path

from tests.bench.registry import ROWS, Omitted, measure, median, shown

for file in sorted(Path(__file__).parent.glob("bench_*.py")):
    importlib.import_module(f"tests.bench.{file.stem}")

wanted = [row for row in ROWS if all(word in row.name for word in sys.argv[1:])]
table = [["what", "this course", "baseline", "time", "ratio", "promise", "kept"]]
omitted = []
for row in wanted:
    print(f"measuring: {row.name} …", file=sys.stderr)
    try:
        ours, baseline = measure(row)
    except Omitted as reason:
        omitted.append(f"{row.name}: {reason}")
        continue
    ratio = f"{median(baseline) / median(ours):.3g}×"
    kept = "yes" if row.kept(ours, baseline) else "NO"
    table.append([row.name, shown(ours), row.baseline, shown(baseline), ratio, row.promise, kept])

widths = [max(map(len, column)) for column in zip(*table, strict=True)]
for cells in table:
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
print("\nMedians; ratio is baseline over this course: above 1 means that this course is faster.")
for line in omitted:
    print(f"not measured: {line}")
