"""A §6.2's SustainableScalingStrategy: each piece of its advice as a saving on a case of one's own.

The document lists advice. Here each line has a number: what share of the energy of training and
serving it saves in this case, between a low and a high end, or of the carbon where it moves that
alone. What saves nothing says so. The ends are those of what is not known; see `Saving.why`.
"""

from dataclasses import dataclass, replace

from course.accounting.hardware import Chip, chip
from course.accounting.training import training_flops
from course.display import table
from course.ethics.footprint import grid, grids
from course.evidence import fact
from course.scaling import HOFFMANN_2022, extrapolating
from course.units import between, positive, single, whole

JOULES_PER_KWH = 3.6e6
SMALLER = 10  # a student, or the small model of a cascade, has a tenth of the parameters
EASY = (
    0.3,
    0.8,
)  # the share of questions that a small model, or the first half of a large, answers


@dataclass(frozen=True)
class Plan:
    """A model that is trained once and then serves tokens.

    Attributes:
        n_params, n_tokens: of training.
        n_served_tokens: that it writes in its life.
        chip: a Chip or its name; it must have a rated power.
        mfu: of training, in (0, 1].
        batch: sequences that are answered together.
        pue: of the building.
        place: one of `course.ethics.footprint.grids()`.
        weight_bits: of the weights that are served, 16 or fewer.
    """

    n_params: float
    n_tokens: float
    n_served_tokens: float
    chip: Chip
    mfu: float = 0.4
    batch: int = 32
    pue: float = 1.54
    place: str = "China"
    weight_bits: float = 16

    def __post_init__(self):
        for name in ("n_params", "n_tokens", "n_served_tokens"):
            single(name, positive(name, getattr(self, name)))
        object.__setattr__(self, "chip", chip(self.chip))
        if self.chip.power_w is None:
            raise ValueError(f"chip must have a rated power, got {self.chip.name}")
        single("mfu", positive("mfu", self.mfu, upper=1))
        single("batch", whole("batch", self.batch, 1, 10**6))
        single("pue", between("pue", self.pue, 1, 10))
        single("weight_bits", between("weight_bits", self.weight_bits, 1, 16))
        grid(self.place)

    @property
    def training_kwh(self):
        """6·N·D / (peak · MFU) seconds of one chip at its rated power, times PUE."""
        seconds = training_flops(self.n_params, self.n_tokens) / (self.chip.peak() * self.mfu)
        return seconds * self.chip.power_w * self.pue / JOULES_PER_KWH

    @property
    def step_seconds(self):
        """(computing, reading): of one chip for one token of each sequence of the batch.

        2·N·batch / (peak · MFU), and N · bits / 8 / bandwidth. The longer one counts. Left out are
        caches and the prompt, and weights that need several chips, which share both alike.
        """
        computing = 2 * self.n_params * self.batch / (self.chip.peak() * self.mfu)
        reading = self.n_params * self.weight_bits / 8 / self.chip.bandwidth_bytes_per_s
        return computing, reading

    @property
    def serving_kwh(self):
        """Energy of all tokens that are served, kWh."""
        seconds = max(self.step_seconds) * self.n_served_tokens / self.batch
        return seconds * self.chip.power_w * self.pue / JOULES_PER_KWH

    @property
    def kwh(self):
        """Energy of training and serving."""
        return self.training_kwh + self.serving_kwh

    @property
    def tonnes(self):
        """Location-based, tonnes."""
        return self.kwh * grid(self.place).g_per_kwh / 1e6


@dataclass(frozen=True)
class Saving:
    """What one piece of advice saves in one case.

    Attributes:
        advice: of the document, in English.
        part: "hardware", "software", "data", "architecture" or "practices", as the document has it.
        low, high: the share of the energy that it saves, of the carbon where `carbon` is True.
            Negative where it costs more.
        carbon: whether it changes the carbon alone.
        why: what the ends rest on.
    """

    advice: str
    part: str
    low: float
    high: float
    why: str
    carbon: bool = False


@dataclass(frozen=True)
class Savings:
    """All Savings of one Plan, the surest large one first."""

    plan: Plan
    savings: tuple

    def _repr_html_(self):
        rows = [
            (s.advice, s.part, _ends(s), "carbon" if s.carbon else "energy", s.why)
            for s in self.savings
        ]
        title = f"{self.plan.kwh / 1000:,.4g} MWh, {self.plan.tonnes:,.4g} t in {self.plan.place}"
        return table(title, ("advice", "of", "saves", "of the", "because"), rows)


def _ends(saving):
    if saving.low == saving.high:
        return f"{saving.low:.0%}"
    return f"{saving.low:.0%} to {saving.high:.0%}"


class SustainableScalingStrategy:
    """A §6.2's advice, computed for one Plan."""

    def __init__(self, plan):
        if not isinstance(plan, Plan):
            raise ValueError(f"plan must be a Plan, got {type(plan).__name__}")
        self.plan = plan

    def green_ai_recommendations(self):
        """The Savings of all the document's advice, ranked by the low end, then by the high one."""
        found = (
            *self._hardware(),
            *self._software(),
            *self._data(),
            *self._architecture(),
            *self._practices(),
        )
        return Savings(self.plan, tuple(sorted(found, key=lambda s: (-s.low, -s.high))))

    def _share(self, *plans, extra_kwh=0.0):
        """(low, high): the share of the energy that other plans save, each with `extra_kwh`."""
        shares = [1 - (plan.kwh + extra_kwh) / self.plan.kwh for plan in plans]
        return min(shares), max(shares)

    def _serving(self, *factors):
        """(low, high) where serving takes these multiples of its energy."""
        shares = [(1 - factor) * self.plan.serving_kwh / self.plan.kwh for factor in factors]
        return min(shares), max(shares)

    def _hardware(self):
        newer = "B200" if self.plan.chip.name == "H100" else "H100"
        why = f"{newer} for {self.plan.chip.name}, by data sheets, at equal MFU"
        share = self._share(replace(self.plan, chip=newer))
        yield Saving("an energy-efficient chip", "hardware", *share, why)
        # A chip made for this alone: Google's TPU v3 at the watts that Gopher's paper measured.
        tpu = fact("energy.TPU-v3").value
        joule = tpu["power_w"] / tpu["bf16_flop_per_s"]
        here = self.plan.chip.power_w / self.plan.chip.peak()
        share = (1 - joule / here) * self.plan.training_kwh / self.plan.kwh
        why = "TPU v3 of 2018, training only: being made for it saves less than being newer"
        yield Saving("a dedicated accelerator", "hardware", share, share, why)
        best = fact("energy.PUE").value["best"]
        share = self._share(replace(self.plan, pue=min(best, self.plan.pue)))
        why = f"PUE {self.plan.pue:g} to {min(best, self.plan.pue):g}"
        yield Saving("better cooling", "hardware", *share, why)

    def _software(self):
        share = self._share(replace(self.plan, weight_bits=min(4, self.plan.weight_bits)))
        bound = (
            "reading weights"
            if self.plan.step_seconds[1] > self.plan.step_seconds[0]
            else ("computing")
        )
        why = f"4 bits: fewer bytes, as many FLOP; a batch of {self.plan.batch} waits for {bound}"
        yield Saving("quantisation", "software", *share, why)
        student = replace(self.plan, n_params=self.plan.n_params / SMALLER)
        # The teacher is trained as before, and reads the student's text once: 2·N·D.
        teacher = self.plan.training_kwh * (1 + 2 / 6)
        share = self._share(student, extra_kwh=teacher)
        why = f"a student {SMALLER} times smaller, and not as good; the teacher is trained as well"
        yield Saving("distillation", "software", *share, why)
        computing, reading = self.plan.step_seconds
        longest = max(computing, reading)
        best = max(computing / 2, reading / 2 * 9 / 8) / longest  # 2:4, with two bits of place each
        share = self._serving(1, best)
        why = "zeros anywhere save nothing; 2 of 4 halves both where kernels use it"
        yield Saving("sparse computing", "software", *share, why)

    def _data(self):
        ratio = fact("dclm.compute").value["compute_ratio"]
        fewer = replace(self.plan, n_tokens=self.plan.n_tokens / ratio)
        share = self._share(self.plan, fewer)
        why = f"from nothing to the {ratio:g}-fold that DataComp-LM reports; known after training"
        yield Saving("high-quality data", "data", *share, why)
        yield Saving("data reused and shared", "data", 0.0, 0.0, "a token costs 6 N FLOP each time")

    def _architecture(self):
        glam = fact("energy.GLaM").value
        shares = [
            1
            - (self.plan.training_kwh * left + self.plan.serving_kwh * glam["flops_ratio"])
            / self.plan.kwh
            for left in (glam["flops_ratio"], glam["mwh"] / glam["dense_mwh"])
        ]
        why = "GLaM beside GPT-3: half the FLOP; a third of the energy, on a newer chip"
        yield Saving("a mixture of experts", "architecture", *shares, why)
        share = self._serving(*(1 / SMALLER + 1 - easy for easy in EASY))
        why = f"the small one is always asked and answers {EASY[0]:.0%} to {EASY[1]:.0%}"
        yield Saving("a cascade of models", "architecture", *share, why)
        # The second half is skipped for a step only where every sequence of the batch may stop.
        computing, reading = self.plan.step_seconds
        factors = [
            max(computing * (1 - easy / 2), reading * (1 - easy**self.plan.batch / 2))
            / max(computing, reading)
            for easy in EASY
        ]
        why = "half of the layers skipped; their weights are read while one sequence needs them"
        yield Saving("early exit", "architecture", *self._serving(*factors), why)
        smaller, longer = smaller_and_longer(self.plan)
        share = self._share(replace(self.plan, n_params=smaller, n_tokens=longer))
        why = f"half the size, {longer / self.plan.n_tokens:.1f} times the tokens, the same loss"
        yield Saving("smaller and longer", "architecture", *share, why)

    def _practices(self):
        here, best = grid(self.plan.place), _cleanest(self.plan.place)
        share = 1 - best.g_per_kwh / here.g_per_kwh
        why = f"moved to {best.place}: {here.g_per_kwh:g} to {best.g_per_kwh:g} g/kWh"
        yield Saving("electricity of a cleaner grid", "practices", share, share, why, carbon=True)
        for advice, why in (
            ("carbon offsets", "location-based, nothing; market-based, whatever was bought"),
            ("an audit", "it saves nothing by itself: it shows where to"),
        ):
            yield Saving(advice, "practices", 0.0, 0.0, why, carbon=True)


def smaller_and_longer(plan):
    """(n_params, n_tokens): half the size, trained for longer to the same loss by Hoffmann's law.

    ValueError where half of the size cannot reach that loss, however long.
    """
    with extrapolating():
        law, n = HOFFMANN_2022, plan.n_params / 2
        left = law.loss(plan.n_params, plan.n_tokens) - law.E - law.A / n**law.alpha
    if left <= 0:
        raise ValueError(f"n_params {plan.n_params:g} must be larger: half never gets to its loss")
    return n, float((law.B / left) ** (1 / law.beta))


def _cleanest(place):
    """The cleanest grid of the same sort: a province for a province, a large country else."""
    kind = grid(place).kind
    known = grids(kind).values()
    if kind == "country":
        known = [grids()[name] for name in ("Norway", "Sweden", "France", "Canada", "Brazil")]
    return min((*known, grid(place)), key=lambda one: one.g_per_kwh)
