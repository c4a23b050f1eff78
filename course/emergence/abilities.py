"""Which abilities were first seen at which scale, in which family of models: Wei et al. 2022.

`abilities.csv` beside this file is table 1 of arXiv:2206.07682, a row for each ability and family.
The table says what was seen. It is no law: an ability of its list need not show in another family,
nor at the same scale with other data, prompts or measures.
"""

import csv
import difflib
import functools
from dataclasses import dataclass
from pathlib import Path

from course.display import count, flop, table
from course.evidence import as_written
from course.units import parse_count, parse_flop

SEEN = "seen at this scale in this family"
BELOW = "not seen in this family at this scale: it was first seen above"
SPLIT = "size and compute disagree"
OTHER_FAMILIES = "seen in other families only"
NO_SOURCE = "no source"


@dataclass(frozen=True)
class Sighting:
    """The smallest scale at which a family of models showed an ability.

    Attributes:
        ability: a name that several tasks may share.
        task: as the table names it.
        family: of models.
        n_params: parameters.
        flops: of training.
        method: of asking: few-shot, fine-tuned, …
        reference: the paper that showed it.
        source: the table.
        confidence: in the row.
    """

    ability: str
    task: str
    family: str
    n_params: float
    flops: float
    method: str
    reference: str
    source: str
    confidence: str


@functools.cache
def sightings():
    """Every Sighting of table 1 of Wei et al. 2022, in its order ("many BIG-Bench tasks" apart)."""
    with Path(__file__).with_name("abilities.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = ("n_params", "flops")
    return tuple(Sighting(**row | {name: float(row[name]) for name in numbers}) for row in rows)


@dataclass(frozen=True)
class SightingComparison:
    """A model beside a Sighting: the model's parameters and FLOP over the sighting's, or None."""

    sighting: Sighting
    params_ratio: float | None
    flops_ratio: float | None

    @property
    def verdict(self):
        """SEEN where all that is known of the model reaches the sighting, BELOW, or SPLIT."""
        reached = {r >= 1 for r in (self.params_ratio, self.flops_ratio) if r is not None}
        return SPLIT if len(reached) == 2 else SEEN if reached.pop() else BELOW


@dataclass(frozen=True)
class Emergence:
    """What the table knows of an ability for a model. It says what was seen, never what will be.

    `comparisons` holds the sightings in the asked family, or all of them where that family has
    none. `verdict` is one of SEEN, BELOW, SPLIT, OTHER_FAMILIES, NO_SOURCE.
    """

    ability: str
    family: str | None
    verdict: str
    comparisons: tuple[SightingComparison, ...]

    def _repr_html_(self):
        rows = [
            (
                c.sighting.task,
                c.sighting.family,
                count(c.sighting.n_params),
                flop(c.sighting.flops),
                _times(c.params_ratio),
                _times(c.flops_ratio),
            )
            for c in self.comparisons
        ]
        header = ("first seen on", "family", "parameters", "compute", "your size is", "compute is")
        return table(f"{self.ability}: {self.verdict}", header, rows)


@dataclass(frozen=True)
class CriticalPoint:
    """A row of A §2.1's table, and the sightings that bear on it: none for four of the six."""

    capability: str
    printed_params: str
    printed_jump: float
    sightings: tuple[Sighting, ...]


class CriticalPoints(tuple):
    """The rows of A §2.1's table beside their sources, shown as a table in a notebook."""

    def _repr_html_(self):
        rows = []
        for point in self:
            scales = (f"{s.family} {count(s.n_params)}, {flop(s.flops)}" for s in point.sightings)
            seen = dict.fromkeys(scales)  # several tasks may share one
            printed = (point.capability, point.printed_params, f"{point.printed_jump:g}")
            rows.append((*printed, "; ".join(seen) or NO_SOURCE, NO_SOURCE))
        header = ("capability", "printed size", "printed jump", "Wei et al. 2022", "of the jump")
        return table("A §2.1 beside table 1 of Wei et al. 2022", header, rows)


@dataclass(frozen=True)
class EmergentAbilityAnalyzer:
    """Was an ability seen at this scale, in this family? A §2.1, with the table's own columns."""

    sightings: tuple[Sighting, ...] = sightings()

    @property
    def critical_points(self):
        """A §2.1's six rows, each with what Wei et al. have on it."""
        return CriticalPoints(
            CriticalPoint(name, row["params"], row["performance_jump"], self._of(name))
            for name, row in as_written.CRITICAL_POINTS.items()
        )

    def predict_emergence(self, model_params, target_capability, *, flops=None, family=None):
        """Compare a model with the Sightings of an ability: an Emergence.

        `model_params` and `flops` are numbers or text ("13B", "2.3e22"); `model_params` may be None
        where `flops` is given. Without a `family` nothing counts as seen: the same size showed it
        in one family and not in another. Raises ValueError for an ability or family that is
        unknown, where A §2.1 answers that it has not emerged.
        """
        if model_params is None and flops is None:
            raise ValueError("model_params must be given where flops is not, got None for both")
        n_params = _parsed("model_params", self.parse_params, model_params)
        flops = _parsed("flops", parse_flop, flops)
        known = {s.ability for s in self.sightings} | set(as_written.CRITICAL_POINTS)
        ability = _one_of("target_capability", target_capability, known)
        if family is not None:
            family = _one_of("family", family, {s.family for s in self.sightings})
        rows = self._of(ability)
        own = tuple(s for s in rows if s.family == family)
        comparisons = tuple(
            SightingComparison(
                s,
                None if n_params is None else n_params / s.n_params,
                None if flops is None else flops / s.flops,
            )
            for s in own or rows
        )
        if not rows:
            verdict = NO_SOURCE
        elif not own:
            verdict = OTHER_FAMILIES
        else:
            verdicts = {c.verdict for c in comparisons}
            verdict = next(v for v in (SEEN, SPLIT, BELOW) if v in verdicts)
        return Emergence(ability, family, verdict, comparisons)

    @staticmethod
    def parse_params(param_str):
        """A count of parameters from "13B", "70b", "1.5T" or a number: course.units.parse_count."""
        return parse_count(param_str)

    def _of(self, ability):
        return tuple(s for s in self.sightings if s.ability == ability)


def _times(ratio):
    return "unknown" if ratio is None else f"{ratio:.3g} times that"


def _parsed(name, parse, value):
    try:
        return None if value is None else parse(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _one_of(name, value, known):
    if isinstance(value, str):
        for name_known in known:
            if name_known.lower() == value.strip().lower():
                return name_known
    close = difflib.get_close_matches(str(value), sorted(known), n=3, cutoff=0.5)
    raise ValueError(f"{name} must be one of {', '.join(close or sorted(known))}, got {value!r}")
