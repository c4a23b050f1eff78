"""Early warnings of a decline that do not fire on noise, and a plan of steps, tokens and batch."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import theilslopes

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.display import count, flop, number, table
from course.emergence.trends import (
    MOST_AUTOCORRELATION,
    MOST_VALUES,
    decline_p_values,
    level_at_look,
)
from course.experiments.estimates import holm
from course.scaling import BESIROGLU_2024, Allocation, ChinchillaLaw, ComputeOptimalCalculator
from course.units import between, positive, single, whole

METRICS = ("train_loss", "val_loss", "capability_scores", "output_entropy")


@dataclass(frozen=True)
class Trend:
    """One series that was tested, for one signal.

    Attributes:
        signal: what it would be a sign of.
        name: of the series.
        change: over the window, in the series' own unit: the slope of Theil and Sen (the median
            over all pairs) times the length of the window.
        p_value: as of one test.
        adjusted_p: after Holm's correction for all that were tested with it.
    """

    signal: str
    name: str
    change: float
    p_value: float
    adjusted_p: float


@dataclass(frozen=True)
class CollapseReport:
    """What was tested at one look, and the warnings: those with adjusted_p <= level."""

    trends: tuple[Trend, ...]
    level: float
    false_alarm_rate: float
    look: int

    @property
    def warnings(self):
        """The trends that fired, the surest first."""
        fired = (t for t in self.trends if t.adjusted_p <= self.level)
        return tuple(sorted(fired, key=lambda t: t.adjusted_p))

    def _repr_html_(self):
        rows = [
            (
                t.signal,
                t.name,
                f"{t.change:+.3g}",
                f"{t.p_value:.2g}",
                f"{t.adjusted_p:.2g}",
                "⚠ warning" if t in self.warnings else "noise would do this too",
            )
            for t in self.trends
        ]
        caption = (
            f"Look {self.look}: any false warning in at most {self.level:.2g} of such looks, "
            f"in {self.false_alarm_rate:.2g} of runs over all looks"
        )
        return table(caption, ("signal", "series", "change", "p", "adjusted p", ""), rows)


@dataclass(frozen=True)
class TrainingPlan:
    """Steps, tokens and batch are three things: n_tokens = n_steps · batch_size_tokens.

    Attributes:
        n_params: parameters N.
        n_steps: whole optimizer steps.
        batch_size_tokens: tokens a step.
        n_tokens: tokens D.
        flops: 6 N D.
        optimum: what the law would do with the same compute.
    """

    n_params: float
    n_steps: float
    batch_size_tokens: float
    n_tokens: float
    flops: float
    optimum: Allocation = field(repr=False)

    @property
    def tokens_per_param(self):
        """D / N."""
        return self.n_tokens / self.n_params

    def _repr_html_(self):
        rows = [
            ("steps", number(self.n_steps, ",.0f"), ""),
            ("batch", number(self.batch_size_tokens, ",.0f"), "tokens per step"),
            ("tokens D", count(self.n_tokens), "steps · batch"),
            ("parameters N", count(self.n_params), f"optimum: {count(self.optimum.n_params)}"),
            (
                "D / N",
                number(self.tokens_per_param, ".3g"),
                f"optimum: {number(self.optimum.tokens_per_param, '.3g')}",
            ),
            ("compute 6·N·D", flop(self.flops), ""),
        ]
        return table(f"The optimum is that of {self.optimum.law.name}", ("", "", ""), rows)


@dataclass(frozen=True)
class CapabilityCollapseAnalyzer:
    """Is a capability declining, or is it noise? A §2.2, with a false-alarm rate that it keeps.

    `false_alarm_rate` bounds the chance of any false warning in a whole run, over all series and
    all looks. `window` is how many of the latest values are tested: no decline that is older is
    seen. `autocorrelation` is that of neighbouring values of the noise, at most (see
    trends.decline_p_values): where the noise has more of it than stated, the bound does not hold.
    """

    false_alarm_rate: float = 0.05
    window: int = 15
    autocorrelation: float = 0.0
    law: ChinchillaLaw = BESIROGLU_2024

    def __post_init__(self):
        level_at_look(self.false_alarm_rate, 1)
        single("window", whole("window", self.window, 3, MOST_VALUES))
        between("autocorrelation", self.autocorrelation, 0, MOST_AUTOCORRELATION)

    def detect_collapse_early_warning(self, training_metrics, look=1):
        """Test three signals at once: a CollapseReport.

        `training_metrics` holds `train_loss`, `val_loss` (nats per token), `capability_scores`
        (a dict of series, higher is better) and `output_entropy` (nats per token), a value for
        each checkpoint, the latest last. The signals: "overfitting" (validation loss rises *and*
        training loss falls: the larger of both p), "capability decline", and "diversity loss" (the
        gap between validation loss and output entropy widens; see diversity.overconfidence).
        `look` is the number of this check in the run, 1, 2, ... Raises ValueError for a series
        shorter than `window`, for NaN, and where so short a window could never fire.
        """
        given = _as_dict("training_metrics", training_metrics)
        missing = [name for name in METRICS if name not in given]
        if missing:
            raise ValueError(f"training_metrics must hold {', '.join(METRICS)}; no {missing[0]}")
        metrics = {name: given[name] for name in METRICS}
        scores = _as_dict("capability_scores", metrics.pop("capability_scores"))
        recent = {name: self._recent(name, values) for name, values in metrics.items()}
        gap = recent["val_loss"] - recent["output_entropy"]  # diversity.overconfidence
        rises = [-recent["val_loss"], recent["train_loss"], -gap]
        p_val, p_train, p_gap = decline_p_values(rises, self.autocorrelation)
        return self._report(
            [
                ("overfitting", "val_loss", recent["val_loss"], max(p_val, p_train)),
                ("diversity loss", "val_loss - output_entropy", gap, p_gap),
                *self._declines(scores),
            ],
            look,
        )

    def find_declining_capabilities(self, capability_scores, look=1):
        """The Trends among `capability_scores` (name: series) that decline, the largest first."""
        scores = _as_dict("capability_scores", capability_scores)
        report = self._report(self._declines(scores), look)
        return tuple(sorted(report.warnings, key=lambda t: t.change))

    def estimate_optimal_training_steps(self, compute_budget, model_params, batch_size_tokens):
        """The TrainingPlan that spends `compute_budget` FLOP on a model of this size.

        D = C / (6 N), steps = D / batch rounded down to whole ones. Size and budget fix the
        tokens; whether the size is the best for that budget is what `optimum` says. Raises
        ValueError where the budget does not pay one step. Broadcasts.
        """
        flops = positive("compute_budget", compute_budget)
        n_params = positive("model_params", model_params)
        batch = positive("batch_size_tokens", batch_size_tokens)
        # Not one less where the quotient is whole but for rounding.
        n_steps = np.floor(flops / (FLOP_PER_PARAM_TOKEN * n_params * batch) * (1 + 1e-12))
        if np.any(n_steps < 1):
            raise ValueError(
                f"compute_budget must pay one step, 6 · model_params · batch_size_tokens = "
                f"{np.max(FLOP_PER_PARAM_TOKEN * n_params * batch):.3g} FLOP, got "
                f"{np.min(flops):.3g}"
            )
        n_tokens = n_steps * batch
        return TrainingPlan(
            n_params=n_params,
            n_steps=n_steps,
            batch_size_tokens=batch,
            n_tokens=n_tokens,
            flops=FLOP_PER_PARAM_TOKEN * n_params * n_tokens,
            optimum=ComputeOptimalCalculator(self.law).optimal_allocation(flops),
        )

    def _recent(self, name, values):
        values = np.atleast_1d(between(name, values, -math.inf, math.inf))
        if values.ndim != 1 or values.size < self.window:
            raise ValueError(
                f"{name} must be a series of at least window = {self.window} values, got an array "
                f"of shape {values.shape}"
            )
        return values[-self.window :]

    def _declines(self, scores):
        if not scores:
            return []
        recent = {name: self._recent(name, values) for name, values in scores.items()}
        p_values = decline_p_values(list(recent.values()), self.autocorrelation)
        return [
            ("capability decline", name, series, p)
            for (name, series), p in zip(recent.items(), p_values, strict=True)
        ]

    def _report(self, tested, look):
        level = level_at_look(self.false_alarm_rate, single("look", whole("look", look, 1, 10**9)))
        n_values = self.window - (self.autocorrelation > 0)
        smallest = len(tested) / math.factorial(n_values)
        if smallest > level:
            raise ValueError(
                f"window = {self.window} is too short to test {len(tested)} series at look {look}: "
                f"even a steady fall would give p = {smallest:.2g}, above {level:.2g}"
            )
        adjusted = holm([p for *_, p in tested]) if tested else []
        trends = tuple(
            Trend(
                signal,
                str(name),
                float(theilslopes(series).slope * (self.window - 1)),
                float(p),
                float(adjusted_p),
            )
            for (signal, name, series, p), adjusted_p in zip(tested, adjusted, strict=True)
        )
        return CollapseReport(trends, level, self.false_alarm_rate, look)


def _as_dict(name, value):
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be a dict of series, got {type(value).__name__}")
    return value
