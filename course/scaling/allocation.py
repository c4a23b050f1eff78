"""The documents' two calculators of chapter 1, right by default.

Methods and the order of their arguments are those of A §1.1 and A §1.2. The fields are the
assumptions: change them with `ScalingLawAnalyzer(law=HOFFMANN_2022)`.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from course.accounting.training import training_flops
from course.display import count, flop, number, table
from course.scaling.laws import (
    ChinchillaLaw,
    KaplanLaw,
    extrapolating,
    perplexity,
    size_interval,
)
from course.scaling.models import trained_models
from course.scaling.presets import BESIROGLU_2024, KAPLAN_2020
from course.units import PF_DAY, positive

BUDGET_TOLERANCE = 0.10  # published budgets differ from 6 N D by up to 5 %, rarely by more


@dataclass(frozen=True)
class PerformancePrediction:
    """What `predict_performance` predicts.

    Attributes:
        predicted_loss: nats per token.
        perplexity: exp of it.
        capability_score: the way from guessing to the floor, in %.
        compute_budget: FLOP.
        model_params: N.
        dataset_size: D in tokens.
        law: the name of the law.
    """

    predicted_loss: float
    perplexity: float
    capability_score: float
    compute_budget: float
    model_params: float
    dataset_size: float
    law: ChinchillaLaw = field(repr=False)

    def _repr_html_(self):
        return table(
            f"Predicted by {self.law.name}",
            ("", "value", "unit"),
            [
                ("loss", number(self.predicted_loss), "nats per token"),
                ("perplexity", number(self.perplexity, ".2f"), "equally likely tokens"),
                ("way from guessing to the floor", number(self.capability_score, ".1f"), "%"),
                ("parameters N", count(self.model_params), "parameters"),
                ("training tokens D", count(self.dataset_size), "tokens"),
                ("compute budget", flop(self.compute_budget), "within 10 % of 6·N·D"),
            ],
        )


@dataclass(frozen=True)
class ScalingLawAnalyzer:
    """Loss from compute alone, or from size and data; A §1.1.

    `law` predicts from size and data, `compute_law` from compute alone. `vocabulary_size` sets the
    loss of guessing, ln V nats per token (50,257 is the tokenizer of GPT-2 and GPT-3).
    """

    law: ChinchillaLaw = BESIROGLU_2024
    compute_law: KaplanLaw = KAPLAN_2020
    vocabulary_size: int = 50_257

    def compute_power_law(self, C, alpha=None, C0=None):
        """L(C) = (C0 / C)^alpha in nats per token, C and C0 in FLOP.

        By default Kaplan's law for compute spent in the best way, alpha = 0.050 and
        C0 = 3.1e8 PF-days. Source: Kaplan et al. 2020, eq. 1.3. A's 0.076 is Kaplan's exponent for
        parameters, and its C0 = 6.62e18 is in no paper: give both to see what they say.
        """
        C = positive("C", C)
        if alpha is None and C0 is None:
            return self.compute_law.loss_from_compute(C)
        alpha = self.compute_law.alpha_C_min if alpha is None else positive("alpha", alpha)
        C0 = self.compute_law.C_c_min * PF_DAY if C0 is None else positive("C0", C0)
        return (C0 / C) ** alpha

    def predict_performance(self, compute_budget, model_params, dataset_size):
        """The loss of a model of `model_params` trained on `dataset_size` tokens.

        The two decide the loss, and between them the compute: a `compute_budget` more than 10 %
        off 6 N D is refused with a ValueError that names both numbers.
        """
        compute_budget = positive("compute_budget", compute_budget)
        model_params = positive("model_params", model_params)
        dataset_size = positive("dataset_size", dataset_size)
        spent = training_flops(model_params, dataset_size)
        off = np.abs(np.asarray(compute_budget) / spent - 1)
        if (off > BUDGET_TOLERANCE).any():
            worst = np.unravel_index(off.argmax(), off.shape)
            budget = np.broadcast_to(compute_budget, off.shape)[worst]
            raise ValueError(
                f"compute_budget is {budget:.3g} FLOP, but 6 · model_params · dataset_size is "
                f"{np.broadcast_to(spent, off.shape)[worst]:.3g} FLOP: {off.max():.0%} apart, "
                f"more than {BUDGET_TOLERANCE:.0%}. Size and data fix the compute; change one"
            )
        loss = self.law.loss(model_params, dataset_size)
        return PerformancePrediction(
            predicted_loss=loss,
            perplexity=perplexity(loss),
            capability_score=self.estimate_capability(loss),
            compute_budget=compute_budget,
            model_params=model_params,
            dataset_size=dataset_size,
            law=self.law,
        )

    def estimate_capability(self, loss):
        """100 · (ln V - L) / (ln V - E): how far along from guessing to the law's floor, in %.

        A rescaled loss: 0 for uniform guessing over the vocabulary, 100 at the floor E. It says
        nothing of any task: errors on tasks bend against loss, each in its own way (Gadre et al.
        2024, arXiv:2403.08540). A's 100 · (1 - L/4) has no source. Raises ValueError for a loss
        below E, which belongs to another law or another tokenizer.
        """
        loss = positive("loss", loss)
        guessing = math.log(positive("vocabulary_size", self.vocabulary_size))
        if np.any(loss < self.law.E):
            raise ValueError(
                f"loss must be at least the floor E = {self.law.E:g} nats of {self.law.name}, got "
                f"{np.min(loss):g}: it comes from another law or another tokenizer"
            )
        return 100 * (guessing - loss) / (guessing - self.law.E)


@dataclass(frozen=True)
class Allocation:
    """A model size and an amount of data for a budget: 6 · n_params · n_tokens = flops."""

    n_params: float
    n_tokens: float
    flops: float
    law: object = field(repr=False)

    @property
    def tokens_per_param(self):
        """D / N."""
        return self.n_tokens / self.n_params

    @property
    def loss(self):
        """The law's loss in nats per token; None where the law has sizes only."""
        if not hasattr(self.law, "loss"):
            return None
        with extrapolating():  # the allocation has already warned
            return self.law.loss(self.n_params, self.n_tokens)

    @property
    def n_params_interval(self):
        """(low, high) of n_params, or None: see course.scaling.size_interval."""
        return size_interval(self.law, self.flops)

    def _interval_row(self):
        if self.n_params_interval is None:
            return []
        ends = " to ".join(count(end) for end in self.n_params_interval)
        return [("N by the interval of its exponent", ends, self.law.interval_level)]

    def _repr_html_(self):
        rows = [
            ("parameters N", count(self.n_params), "parameters"),
            *self._interval_row(),
            ("training tokens D", count(self.n_tokens), "tokens"),
            ("D / N", number(self.tokens_per_param, ".3g"), "tokens per parameter"),
            ("compute 6·N·D", flop(self.flops), ""),
        ]
        if self.loss is not None:
            rows.append(("loss", number(self.loss), "nats per token"))
        return table(f"Compute-optimal by {self.law.name}", ("", "value", "unit"), rows)


@dataclass(frozen=True)
class ConfigurationAtBudget:
    """A configuration at the budget that it took, beside the best for that budget.

    Attributes:
        name: of the configuration.
        n_params: N.
        n_tokens: D.
        flops: its cost, 6 N D.
        loss: its own, nats per token.
        best_loss: what the optimum reaches with the same `flops`.
        flops_needed: what the optimum needs for the same `loss`.
        loss_at_budget: that of a model with the same tokens per parameter that spends the budget
            which was asked for.
    """

    name: str
    n_params: float
    n_tokens: float
    flops: float
    loss: float
    best_loss: float
    flops_needed: float
    loss_at_budget: float


@dataclass(frozen=True)
class Comparison:
    """What `compare_allocations` compares.

    Attributes:
        compute_budget: FLOP of the optimum.
        gpt3_style, chinchilla_optimal, palm2_style: each a ConfigurationAtBudget.
        law: the law that gives the losses.
    """

    compute_budget: float
    gpt3_style: ConfigurationAtBudget
    chinchilla_optimal: ConfigurationAtBudget
    palm2_style: ConfigurationAtBudget
    law: ChinchillaLaw = field(repr=False)

    def _repr_html_(self):
        header = (
            "",
            "parameters",
            "tokens",
            "tokens per parameter",
            "its own budget",
            "loss (nats)",
            "best loss at that budget",
            "compute the optimum needs for it",
            f"loss of its D/N at {flop(self.compute_budget)}",
        )
        rows = [
            (
                one.name,
                count(one.n_params),
                count(one.n_tokens),
                number(one.n_tokens / one.n_params, ".3g"),
                flop(one.flops),
                number(one.loss),
                number(one.best_loss),
                flop(one.flops_needed),
                number(one.loss_at_budget),
            )
            for one in (self.gpt3_style, self.chinchilla_optimal, self.palm2_style)
        ]
        return table(f"Losses by {self.law.name}", header, rows)


@dataclass(frozen=True)
class ComputeOptimalCalculator:
    """The size and data with the lowest loss for a budget; A §1.2.

    `law` is any law with an `optimum`: a ChinchillaLaw, a PowerLawAllocation or a KaplanLaw.
    """

    law: object = BESIROGLU_2024

    def optimal_allocation(self, total_compute):
        """The Allocation of `total_compute` FLOP. 6 N D equals it at every budget."""
        flops = positive("total_compute", total_compute)
        n_params, n_tokens = self.law.optimum(flops)
        return Allocation(n_params, n_tokens, flops, self.law)

    def compare_allocations(self, compute_budget):
        """GPT-3 and PaLM-2 as reported beside the optimum, each with its loss and its budget.

        PaLM-2's 340B parameters and 3.6T tokens were leaked to CNBC, not published; A's 7,680B
        tokens have no source. Raises ValueError where the law has no loss.
        """
        if not isinstance(self.law, ChinchillaLaw):
            raise ValueError(f"law must be a ChinchillaLaw to compare losses, got {self.law.name}")
        budget = positive("compute_budget", compute_budget)
        optimum = self.law.optimum(budget)
        models = (trained_models()[name] for name in ("GPT-3", "PaLM-2"))
        gpt3, palm2 = ((model.n_params, model.n_tokens) for model in models)
        self.law.loss(*np.transpose([gpt3, palm2]))  # both lie far out: one warning says so
        with extrapolating():
            return Comparison(
                compute_budget=budget,
                gpt3_style=self._trained_at("GPT-3", *gpt3, budget),
                chinchilla_optimal=self._trained_at("optimum", *optimum, budget),
                palm2_style=self._trained_at("PaLM-2 (leaked)", *palm2, budget),
                law=self.law,
            )

    def _trained_at(self, name, n_params, n_tokens, budget):
        flops, loss = training_flops(n_params, n_tokens), self.law.loss(n_params, n_tokens)
        same_ratio = np.sqrt(budget / flops)  # N and D both grow by it: D / N stays
        return ConfigurationAtBudget(
            name=name,
            n_params=n_params,
            n_tokens=n_tokens,
            flops=flops,
            loss=loss,
            best_loss=self.law.loss(*self.law.optimum(flops)),
            flops_needed=self.law.flops_for_loss(loss),
            loss_at_budget=self.law.loss(n_params * same_ratio, n_tokens * same_ratio),
        )
