"""Looking back on predictions: how far off, whether the misses shrink, what intervals held."""

import html
import math
import re

from course.classroom import guesses
from course.display import table

MIN_TREND = 8  # numbers, before a trend of the misses is looked for
LEVEL = 0.05  # a trend or a calibration is called told apart where chance does so at most so often
_HEADER = ("", "Question", "You said", "It was", "How near")


class LookBack:
    """The learner's predictions as a table and a few sentences; plain text outside a notebook.

    Numbers, choices and intervals are judged apart. What was entered after the answer was shown
    stands in the table and counts nowhere.
    """

    def __init__(self, record):
        self.record = record

    def rows(self):
        """(id, question, prediction, answer, verdict) of each, chapter by chapter."""
        in_order = sorted(self.record, key=lambda id: [int(n) for n in re.findall(r"\d+", id)])
        for id, entry in ((id, self.record[id]) for id in in_order):
            unit, mine, answer = (entry.get(key) for key in ("unit", "prediction", "answer"))
            came = "not run yet" if answer is None else guesses.show(answer, unit)
            unjudged = answer is None or mine in (None, "none")
            verdict = "" if unjudged else guesses.verdict(mine, answer)
            late = " (after the answer was shown)" if entry.get("late") else ""
            yield id, entry.get("question", ""), guesses.show(mine, unit), came, verdict + late

    def sentences(self):
        """What the numbers, the choices and the intervals say as a whole."""
        entries = sorted(filter(_counts, self.record.values()), key=lambda e: e.get("when", ""))
        numbers = [e for e in entries if isinstance(e["prediction"], (int, float))]
        intervals = [e for e in entries if isinstance(e["prediction"], list)]
        choices = [e for e in entries if isinstance(e["prediction"], str)]
        told = [*_of_numbers(numbers), *_of_choices(choices), *_of_intervals(intervals)]
        return told or ["Nothing to judge yet: no prediction was given before its answer."]

    def __repr__(self):
        if not self.record:
            return "No predictions kept yet."
        rows = (f"{i}  {q}  yours: {mine}; came out: {a}; {v}" for i, q, mine, a, v in self.rows())
        return "\n".join([*(row.removesuffix("; ") for row in rows), *self.sentences()])

    def _repr_html_(self):
        if not self.record:
            return "<p>No predictions kept yet.</p>"
        words = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences())
        return table("", _HEADER, self.rows()) + words


def _counts(entry):
    answered = entry.get("prediction") not in (None, "none")
    return answered and entry.get("answer") is not None and not entry.get("late")


def misses(entries):
    """|ln(answer / prediction)| of each number, in order; those without a factor are left out."""
    times = (guesses.factor(entry["prediction"], entry["answer"]) for entry in entries)
    return [abs(math.log(factor)) for factor in times if factor is not None]


def trend(values):
    """ "shrink", "grow" or "not told apart", by Kendall's rank test of the order on two sides.

    It alarms for values without a trend in at most `LEVEL` of cases. None for fewer than
    `MIN_TREND` values.
    """
    from scipy.stats import kendalltau  # a second to import, and only needed here

    if len(values) < MIN_TREND:
        return None
    tau, p = kendalltau(range(len(values)), values)
    if not p <= LEVEL:  # also where all are equal and p is NaN
        return "not told apart"
    return "shrink" if tau < 0 else "grow"


def _of_numbers(entries):
    sizes = misses(entries)
    if not sizes:
        return
    close = sum(size <= math.log(guesses.CLOSE) for size in sizes)
    half = math.exp(sorted(sizes)[(len(sizes) - 1) // 2])
    yield (
        f"Numbers: {len(sizes)} predicted, {close} within 25 % of the answer, half of them within "
        f"a factor of {half:.3g}."
    )
    direction = trend(sizes)
    if direction is None:
        yield f"Whether your misses shrink is looked for from {MIN_TREND} numbers on."
    elif direction == "not told apart":
        yield "Whether your misses shrink over time is not told apart from chance yet."
    else:
        yield (
            f"Your misses {direction} over time (Kendall's rank test, 5 %). The questions differ, "
            "too, so this need not be you alone."
        )


def _of_choices(entries):
    if not entries:
        return
    right = sum(entry["prediction"] == entry["answer"] for entry in entries)
    sentence = f"Choices: {right} of {len(entries)} right"
    if all(entry.get("n_choices") for entry in entries):
        blind = sum(1 / entry["n_choices"] for entry in entries)
        sentence += f"; picking blindly would give {blind:.1f} on average"
    yield f"{sentence}."


def _of_intervals(entries):
    from scipy.stats import binomtest

    for level in sorted({entry.get("interval") for entry in entries} - {None}):
        own = [entry for entry in entries if entry.get("interval") == level]
        held = sum(e["prediction"][0] <= e["answer"] <= e["prediction"][1] for e in own)
        scores = [guesses.interval_score(*e["prediction"], e["answer"], level) for e in own]
        sentence = (
            f"Intervals of {level:.0%}: {held} of {len(own)} held what came out; mean score "
            f"{sum(scores) / len(scores):.2f}, the lower the better."
        )
        if binomtest(held, len(own), level).pvalue > LEVEL:
            yield f"{sentence} That is not told apart from {level:.0%}."
        elif held < level * len(own):
            yield f"{sentence} They are too narrow: you know less than you think."
        else:
            yield f"{sentence} They are too wide: you know more than you think."
