"""What data are worth: quality multipliers, repetition, and the best use of few unique tokens.

N parameters, D training tokens, of which U are unique (U_D in the paper), D / U epochs. Loss in
nats per token. A §4.1 multiplies tokens by a number per quality, without a source; the law of
Muennighoff et al. 2023 (arXiv:2305.16264) says what a token is worth that is read again.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import least_squares
from scipy.special import stdtrit  # Student's t, without the slow import of scipy.stats

from course.accounting.training import FLOP_PER_PARAM_TOKEN
from course.display import count, flop, number, table
from course.evidence import as_written, fact
from course.scaling import ChinchillaLaw, ScalingLawAnalyzer, extrapolating
from course.units import between, plain, positive, single

# A §4.1: how many times a token counts. No source, for none of the five (K065).
PRINTED_MULTIPLIERS = as_written.QUALITY_MULTIPLIERS
LEAST_GROUPS = 3  # of size and text, that an interval may come from
R_STAR_BOUNDS = (1e-2, 1e4)  # at either end the data do not say what repetition is worth


def _worth(repetitions, r_star):
    """1 + R* (1 - e^(-R/R*)): how many fresh ones a thing is worth that came R times again."""
    if math.isinf(r_star):
        return 1.0 + repetitions
    return plain(1.0 - r_star * np.expm1(-repetitions / r_star))


@dataclass(frozen=True)
class DataConstrainedLaw:
    """L(N, D, U) = E + A / N'^alpha + B / D'^beta: tokens that are repeated count for less.

    D' = U (1 + R_D* (1 - e^(-R_D / R_D*))), R_D = D / U - 1 repetitions after the first epoch;
    N' likewise, with R_N* and R_N = N / U_N - 1, where U_N = min(N, the best size for U tokens).
    The law falls or stays as epochs rise; runs that get worse with every epoch, as small ones do
    that overfit, are outside of it.

    Attributes:
        base: the five constants.
        R_D_star: of repeated tokens; infinite where nothing is lost by repetition.
        R_N_star: of parameters in excess of the best number; infinite where none is wasted.
        name, source: of the law, for tables.
        intervals: {"R_D_star": (low, high)}, 95 %, where it was fitted.

    Raises:
        ValueError: unless both R* are above 0.

    Source: Muennighoff et al. 2023, and the README of their code.
    """

    base: ChinchillaLaw
    R_D_star: float
    R_N_star: float = math.inf
    name: str = "my law"
    source: str = ""
    intervals: dict = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self):
        if not isinstance(self.base, ChinchillaLaw):
            raise ValueError(f"base must be a ChinchillaLaw, got {self.base!r}")
        for name in ("R_D_star", "R_N_star"):
            value = single(name, getattr(self, name))
            if value != math.inf:
                positive(name, value)

    def loss(self, n_params, n_tokens, unique_tokens):
        """L in nats per token. All broadcast. ValueError where unique_tokens exceed n_tokens."""
        return self.base.loss(
            self.effective_params(n_params, unique_tokens),
            self.effective_tokens(n_tokens, unique_tokens),
        )

    def effective_tokens(self, n_tokens, unique_tokens):
        """D': the fresh tokens that would teach as much as n_tokens drawn from unique_tokens."""
        n_tokens = positive("n_tokens", n_tokens)
        unique_tokens = positive("unique_tokens", unique_tokens)
        if np.any(unique_tokens > n_tokens):
            raise ValueError(
                "unique_tokens must not exceed n_tokens, got "
                f"{np.max(unique_tokens):g} unique among {np.min(n_tokens):g}"
            )
        return unique_tokens * _worth(n_tokens / unique_tokens - 1, self.R_D_star)

    def effective_params(self, n_params, unique_tokens):
        """N': parameters beyond the best number for unique_tokens count for less."""
        n_params = positive("n_params", n_params)
        unique_tokens = positive("unique_tokens", unique_tokens)
        base_params = np.minimum(n_params, self.best_params_for(unique_tokens))
        return base_params * _worth(n_params / base_params - 1, self.R_N_star)

    def best_params_for(self, n_tokens):
        """The N for which n_tokens of fresh text are compute-optimal: G (G D)^(beta / alpha)."""
        n_tokens, base = positive("n_tokens", n_tokens), self.base
        g = (base.alpha * base.A / (base.beta * base.B)) ** (1 / (base.alpha + base.beta))
        return plain((n_tokens * g) ** (base.beta / base.alpha) * g)

    def worth(self, epochs):
        """D' / U: what `epochs` over a text are worth, in fresh texts of its size. Epochs >= 1."""
        return _worth(between("epochs", epochs, 1, math.inf) - 1, self.R_D_star)

    def share_of_fresh(self, epochs):
        """D' / D: what a token is worth on average beside a fresh one, in (0, 1]."""
        return self.worth(epochs) / between("epochs", epochs, 1, math.inf)

    def worth_of_next(self, epochs):
        """e^(-R_D / R_D*): what one more token is worth after `epochs`, beside a fresh one."""
        return plain(np.exp(-(between("epochs", epochs, 1, math.inf) - 1) / self.R_D_star))

    def epochs_worth(self, multiplier):
        """The epochs after which a text is worth `multiplier` texts: the inverse of `worth`.

        ValueError for a multiplier below 1, or from 1 + R_D* on: no number of epochs is worth that.
        """
        gained = between("multiplier", multiplier, 1, math.inf) - 1
        if np.any(gained >= self.R_D_star):
            raise ValueError(
                f"multiplier must be below 1 + R_D_star = {1 + self.R_D_star:g}, which no number "
                f"of epochs reaches, got {np.max(multiplier):g}"
            )
        if math.isinf(self.R_D_star):
            return 1 + gained
        return plain(1 - self.R_D_star * np.log1p(-gained / self.R_D_star))

    def equivalent_tokens(self, n_params, loss):
        """The fresh tokens at which a model of n_params reaches `loss`.

        D = (B / (loss - E - A / N^alpha))^(1 / beta). ValueError for a loss that a model of this
        size does not reach on any amount of data.
        """
        n_params, loss = positive("n_params", n_params), positive("loss", loss)
        left = loss - self.base.E - self.base.A / n_params**self.base.alpha
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            tokens = (self.base.B / np.abs(left)) ** (1 / self.base.beta)
        tokens = np.where(left > 0, tokens, np.inf)
        if not np.isfinite(tokens).all():
            raise ValueError(
                f"loss must be above what n_params reach on endless data, "
                f"{np.min(loss - left):.4g} nats, got {np.min(loss):g}"
            )
        return plain(tokens)

    def optimal_allocation(self, flops, unique_tokens):
        """The RepeatedAllocation of `flops` when there are no more than `unique_tokens`.

        The lowest loss over all N with D = C / (6 N) and U = min(unique_tokens, D); the paper knows
        no closed form. A grid of sizes, then golden sections between its neighbours. Where compute
        is so much that data and size are both used up, many sizes give the same loss.
        """
        flops = positive("flops", flops)
        available = positive("unique_tokens", unique_tokens)
        with extrapolating():
            fresh = self.base.optimum(flops)
            fresh_loss = self.base.loss(*fresh)

            def loss_at(log_n):
                n_params = np.exp(log_n)
                n_tokens = flops / (FLOP_PER_PARAM_TOKEN * n_params)
                return self.loss(n_params, n_tokens, np.minimum(available, n_tokens))

            log_n = _lowest(loss_at, np.log(fresh[0]) + np.zeros(np.shape(available)))
        n_params = np.exp(log_n)
        n_tokens = flops / (FLOP_PER_PARAM_TOKEN * n_params)
        used = np.minimum(available, n_tokens)
        numbers = (n_params, n_tokens, used, flops, self.loss(n_params, n_tokens, used), fresh_loss)
        return RepeatedAllocation(*map(plain, numbers), law=self)

    def _repr_html_(self):
        rows = [
            (
                name,
                number(getattr(self, name), ".4g"),
                " to ".join(f"{end:.3g}" for end in self.intervals.get(name, ())),
            )
            for name in ("R_D_star", "R_N_star")
        ]
        return table(f"{self.name}. {self.source}", ("", "value", "95 % interval"), rows)


def _lowest(function, centre, decades=6, points=241):
    """argmin of a function of log N with one valley, for an array of centres: see its caller."""
    steps = np.linspace(-decades, decades, points) * math.log(10)
    grid = function(np.add.outer(steps, centre))
    middle = centre + steps[grid.argmin(axis=0)]
    low, high = middle - (steps[1] - steps[0]), middle + (steps[1] - steps[0])
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(45):  # the error of a minimum found from values is the root of theirs: 1e-8
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        go_left = function(left) <= function(right)
        low, high = np.where(go_left, low, left), np.where(go_left, right, high)
    return (low + high) / 2


@dataclass(frozen=True)
class RepeatedAllocation:
    """The best size and number of tokens for a budget, when tokens must be repeated.

    Attributes:
        n_params, n_tokens: N and D of the lowest loss.
        unique_tokens: those in use, U.
        flops: the budget.
        loss: nats per token.
        loss_if_fresh: what the same compute would reach with fresh text without end.
        law: the DataConstrainedLaw.
    """

    n_params: float
    n_tokens: float
    unique_tokens: float
    flops: float
    loss: float
    loss_if_fresh: float
    law: DataConstrainedLaw = field(repr=False)

    @property
    def epochs(self):
        """D / U: how often each token is read."""
        return self.n_tokens / self.unique_tokens

    def _repr_html_(self):
        rows = [
            ("parameters N", count(self.n_params), "parameters"),
            ("training tokens D", count(self.n_tokens), "tokens"),
            ("unique tokens U", count(self.unique_tokens), "tokens"),
            ("epochs D / U", number(self.epochs, ".3g"), ""),
            ("compute 6·N·D", flop(self.flops), ""),
            ("loss", number(self.loss), "nats per token"),
            ("loss if all were fresh", number(self.loss_if_fresh), "nats per token"),
        ]
        return table(f"Best by {self.law.name}", ("", "value", "unit"), rows)


_fit = fact("muennighoff.fit")
MUENNIGHOFF_2023 = DataConstrainedLaw(
    ChinchillaLaw(
        **{name: math.exp(_fit.value[f"log_{name}"]) for name in ("E", "A", "B")},
        alpha=_fit.value["alpha"],
        beta=_fit.value["beta"],
        name="Muennighoff 2023",
        source=_fit.source,
        fitted_range={"n_params": tuple(fact("muennighoff.runs").value["n_params"])},
    ),
    R_D_star=float(fact("muennighoff.R_D_star")),
    R_N_star=float(fact("muennighoff.R_N_star")),
    name="Muennighoff 2023",
    source=_fit.source,
)


@dataclass(frozen=True)
class RepetitionFit:
    """`law` fitted to runs over repeated data. Residuals: log predicted - log observed, (runs,)."""

    law: DataConstrainedLaw
    residuals: np.ndarray = field(repr=False)

    @property
    def rms(self):
        """Root mean square residual: about the relative error of the loss."""
        return float(np.sqrt(np.mean(self.residuals**2)))


def fit_repetition(n_params, unique_tokens, epochs, loss, *, law, R_N_star=math.inf):
    """R_D* from one's own runs over repeated data: least squares in log L, the base law held fast.

    The 95 % intervals in `fit.law.intervals` come from fitting again without each group of runs
    that share a size and a text, which may all err together (a jackknife over groups): ln R* ± t ·
    its standard error, Student's t with groups - 1 degrees of freedom. With fewer than three such
    groups the single runs are left out in turn, and their errors are taken to be independent. The
    intervals know nothing of an error of the base law.
    Measured coverage of the interval of R_D*, 1,000 simulated studies of each kind, our own six
    groups of runs and noise of 1 %: 94 % where
    all of the noise is the run's own, 93 % where half of its variance is the group's, 91 % where
    four fifths are (by the curvature of the fit: 95, 75 and 64 %).

    Args:
        n_params, unique_tokens, epochs, loss: of the runs, shapes (runs,); epochs from 1, loss in
            nats.
        law: the ChinchillaLaw of the same text and counting of N, fitted to runs of one epoch.
        R_N_star: held at that value; None fits it too.

    Raises:
        ValueError: for runs that cannot tell: fewer than unknowns + 1, none repeated, or an optimum
            at an end of R_STAR_BOUNDS.

    Source: MacKinnon, Nielsen and Webb 2023, J. Appl. Econometrics 38:671 (the jackknife, CV3).
    """
    if not isinstance(law, ChinchillaLaw):
        raise ValueError(f"law must be a ChinchillaLaw, got {law!r}")
    columns = {
        "n_params": positive("n_params", n_params),
        "unique_tokens": positive("unique_tokens", unique_tokens),
        "epochs": between("epochs", epochs, 1, math.inf),
        "loss": positive("loss", loss),
    }
    try:
        n, unique, epochs, loss = np.broadcast_arrays(*np.atleast_1d(*columns.values()))
    except ValueError as error:
        shapes = {name: np.shape(column) for name, column in columns.items()}
        raise ValueError(f"n_params to loss must be of one length, got shapes {shapes}") from error
    names = ["R_D_star"] if R_N_star is not None else ["R_D_star", "R_N_star"]
    repeated = int((epochs > 1).sum())
    if loss.ndim != 1 or repeated <= len(names):
        raise ValueError(
            f"epochs must be above 1 in at least {len(names) + 1} runs to fit {names}, "
            f"got {repeated} of shape {loss.shape}"
        )

    def law_with(log_stars):
        stars = dict(zip(names, np.exp(log_stars), strict=True))
        return DataConstrainedLaw(law, **({"R_N_star": R_N_star} | stars))

    def residuals(log_stars, used=slice(None)):
        predicted = law_with(log_stars).loss(n[used], (unique * epochs)[used], unique[used])
        return np.log(predicted) - np.log(loss[used])

    def optimum(starts, used=slice(None)):
        exact = {"xtol": 1e-10, "ftol": 1e-14, "gtol": 1e-14, "bounds": np.log(R_STAR_BOUNDS)}
        tried = [least_squares(residuals, start, args=(used,), **exact) for start in starts]
        return min(tried, key=lambda result: result.cost)

    with extrapolating():
        # Flat at both ends: one start could stay there.
        best = optimum(np.full((3, len(names)), np.log([[0.5], [10], [200]])))
        for name, value in zip(names, best.x, strict=True):
            if min(abs(value - np.log(R_STAR_BOUNDS))) < 0.05:
                worth = "nothing" if value < 0 else "as much as fresh ones"
                raise ValueError(
                    f"loss does not identify {name}: the best value, {math.exp(value):.3g}, is at "
                    "an end of what was searched. By these runs what is repeated is worth "
                    f"{worth}, or the base law does not fit them"
                )
        for name, sensitivity in zip(names, (best.jac**2).sum(axis=0), strict=True):
            if sensitivity < 1e-12 * len(loss):  # a tenfold value moves no loss by a millionth
                raise ValueError(
                    f"loss does not identify {name}: by the base law no run depends on it"
                )
        group = np.unique(np.column_stack([n, unique]), axis=0, return_inverse=True)[1].ravel()
        if (n_groups := group.max() + 1) < LEAST_GROUPS:
            group, n_groups = np.arange(len(loss)), len(loss)
        without = np.array([optimum([best.x], group != left).x for left in range(n_groups)])
    error = np.sqrt((n_groups - 1) / n_groups * ((without - best.x) ** 2).sum(axis=0))
    half = np.minimum(stdtrit(n_groups - 1, 0.975) * error, 50)
    intervals = {
        name: (math.exp(log_star - h), math.exp(log_star + h))
        for name, log_star, h in zip(names, best.x, half, strict=True)
    }
    fitted = law_with(best.x)
    return RepetitionFit(
        DataConstrainedLaw(
            law,
            float(fitted.R_D_star),
            float(fitted.R_N_star),
            "repetition fitted to my runs",
            f"base law: {law.name}",
            intervals,
        ),
        best.fun,
    )


@dataclass(frozen=True)
class QualityImpact:
    """What `analyze_data_quality_impact` says of one quality.

    Attributes:
        raw_tokens: of this quality.
        effective_tokens: raw tokens times the multiplier.
        loss: nats per token.
        performance: the way from guessing (0) to the law's floor (1).
        gain_of_doubling: the nats that twice as many such tokens would save.
        epochs_alike: how often plain text would have to be read to be worth the multiplier; None
            for a multiplier below 1, inf where no number is.
    """

    raw_tokens: float
    effective_tokens: float
    loss: float
    performance: float
    gain_of_doubling: float
    epochs_alike: float | None


@dataclass(frozen=True)
class DataScalingAnalyzer:
    """What data of a quality do for a model; A §4.1.

    `multipliers` are the document's, without a source, until you put in what you measured:
    `measured_multiplier` turns the loss of a run into one. They are numbers for one size and one
    amount of data, and change with both.
    """

    law: DataConstrainedLaw = MUENNIGHOFF_2023
    multipliers: dict = field(default_factory=lambda: dict(PRINTED_MULTIPLIERS))

    def analyze_data_quality_impact(self, model_size, data_quality_levels):
        """{quality: QualityImpact} for a model of `model_size` parameters.

        `data_quality_levels`: {quality: raw tokens}. ValueError for a quality without a multiplier.
        """
        if not isinstance(data_quality_levels, Mapping) or not data_quality_levels:
            raise ValueError(
                f"data_quality_levels must be {{quality: tokens}}, got {data_quality_levels!r}"
            )
        model_size, impact = positive("model_size", model_size), {}
        for quality, raw in data_quality_levels.items():
            multiplier = self.get_quality_multiplier(quality)
            tokens = self.calculate_effective_tokens(raw, multiplier)
            loss = self.law.base.loss(model_size, tokens)
            impact[quality] = QualityImpact(
                raw_tokens=raw,
                effective_tokens=tokens,
                loss=loss,
                performance=self.estimate_performance(model_size, tokens),
                gain_of_doubling=loss - self.law.base.loss(model_size, 2 * tokens),
                epochs_alike=self._epochs_alike(multiplier),
            )
        return impact

    def _epochs_alike(self, multiplier):
        if multiplier < 1:
            return None
        out_of_reach = multiplier >= 1 + self.law.R_D_star
        return math.inf if out_of_reach else self.law.epochs_worth(multiplier)

    def get_quality_multiplier(self, quality):
        """How many times a token of `quality` counts. ValueError for a name that is not known."""
        if quality in self.multipliers:
            return positive(f"the multiplier of {quality}", self.multipliers[quality])
        near = difflib.get_close_matches(str(quality), self.multipliers, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"quality must be one of {list(self.multipliers)}, got {quality!r}{hint}")

    def calculate_effective_tokens(self, raw_tokens, quality_multiplier):
        """raw_tokens · quality_multiplier, both positive."""
        return positive("raw_tokens", raw_tokens) * positive(
            "quality_multiplier", quality_multiplier
        )

    def estimate_performance(self, model_params, effective_tokens):
        """(ln V - L) / (ln V - E): 0 for guessing among the V tokens, 1 at the floor of the law.

        V is that of GPT-2's tokenizer, which the runs behind the law used. A rescaled loss and no
        score on any task; below 0 where the law predicts worse than guessing.
        """
        loss = self.law.base.loss(
            positive("model_params", model_params), positive("effective_tokens", effective_tokens)
        )
        return ScalingLawAnalyzer(law=self.law.base).estimate_capability(loss) / 100

    def measured_multiplier(self, n_params, n_tokens, loss):
        """Tokens of the law's own text that reach `loss`, over the n_tokens that did.

        The quality multiplier of a run, as a measurement: train on the text in question, read the
        loss on the law's held-out text, ask what that would have cost in plain tokens.
        """
        n_tokens = positive("n_tokens", n_tokens)
        return self.law.equivalent_tokens(n_params, loss) / n_tokens
