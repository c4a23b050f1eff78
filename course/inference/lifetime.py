"""Training is paid once, inference for as long as the model is asked: what both together favour.

N parameters, D_tr training tokens, D_inf tokens of inference (prompts and answers) over the
model's life. Training takes 6 N D_tr FLOP, inference 2 N D_inf.
"""

from dataclasses import dataclass, field

import numpy as np

from course.display import count, flop, number, table
from course.scaling import ChinchillaLaw, extrapolating
from course.units import between, plain, positive

TRAINING_FLOP = 6  # per parameter and token
INFERENCE_FLOP = 2


def inference_over_training(n_train_tokens, n_inference_tokens, price_ratio=1.0):
    """2 N D_inf / (6 N D_tr) · price_ratio: the bill of inference over that of training.

    N cancels: at equal prices inference costs as much as training once D_inf = 3 D_tr, and ten
    times as much at 30 D_tr. `price_ratio`: USD per FLOP of inference over that of training; above
    1 because decoding leaves most of a chip idle. All broadcast.
    Raises ValueError unless all are positive. Source: Sardana et al. 2024, arXiv:2401.00448, eq. 3.
    """
    n_train_tokens = positive("n_train_tokens", n_train_tokens)
    n_inference_tokens = positive("n_inference_tokens", n_inference_tokens)
    ratio = INFERENCE_FLOP * n_inference_tokens / (TRAINING_FLOP * n_train_tokens)
    return ratio * positive("price_ratio", price_ratio)


def inference_tokens_for(ratio, n_train_tokens, price_ratio=1.0):
    """D_inf at which inference costs `ratio` times the training: 3 · ratio · D_tr / price_ratio."""
    ratio = positive("ratio", ratio)
    tokens = ratio * TRAINING_FLOP / INFERENCE_FLOP * positive("n_train_tokens", n_train_tokens)
    return tokens / positive("price_ratio", price_ratio)


@dataclass(frozen=True)
class LifetimeOptimum:
    """The cheapest model of a given loss over training and inference, beside Chinchilla's.

    Attributes:
        n_params: of the cheapest model.
        n_train_tokens: that it is trained on.
        n_inference_tokens: that it will read and write.
        loss: of both models, in nats per token.
        lifetime_flops: FLOP of training, and of inference times `price_ratio`: what costs as much.
        chinchilla_n_params, chinchilla_n_train_tokens: the compute-optimal model of that loss.
        chinchilla_lifetime_flops: of that model for as many tokens of inference.
        price_ratio: USD per FLOP of inference over that of training.
        law: the ChinchillaLaw.
    """

    n_params: float
    n_train_tokens: float
    n_inference_tokens: float
    loss: float
    lifetime_flops: float
    chinchilla_n_params: float
    chinchilla_n_train_tokens: float
    chinchilla_lifetime_flops: float
    price_ratio: float
    law: ChinchillaLaw = field(repr=False)

    @property
    def saved(self):
        """The share of Chinchilla's lifetime FLOP that the optimum saves, in [0, 1)."""
        return 1 - self.lifetime_flops / self.chinchilla_lifetime_flops

    @property
    def size_ratio(self):
        """Its parameters over those of the Chinchilla-optimal model of the same loss."""
        return self.n_params / self.chinchilla_n_params

    def _repr_html_(self):
        rows = [
            ("parameters N", count(self.n_params), count(self.chinchilla_n_params), "parameters"),
            (
                "training tokens",
                count(self.n_train_tokens),
                count(self.chinchilla_n_train_tokens),
                "tokens",
            ),
            (
                "training and inference",
                flop(self.lifetime_flops),
                flop(self.chinchilla_lifetime_flops),
                f"saved {number(self.saved, '.1%')}",
            ),
        ]
        caption = f"Loss {number(self.loss)} nats by {self.law.name}"
        return table(caption, ("", "for its lifetime", "Chinchilla-optimal", "unit"), rows)


def lifetime_optimum(law, loss, n_inference_tokens, price_ratio=1.0):
    """min 6 N D_tr + 2 N D_inf · price_ratio such that L(N, D_tr) = loss, for a ChinchillaLaw.

    With v the share of the loss above the floor that data leaves (B / D_tr^beta = v (loss - E)),
    the derivative vanishes where D_tr (alpha (1 - v) / (beta v) - 1) = price_ratio · D_inf / 3.
    The left side falls as v grows: bisection finds the one root. `loss` in nats per token, the
    others as in `inference_over_training`; all broadcast. `n_inference_tokens` may be 0, which
    gives Chinchilla's optimum.
    Raises ValueError for a loss that is not above the law's floor, and for another kind of law.
    Source: Sardana et al. 2024, arXiv:2401.00448, eq. 4.
    """
    if not isinstance(law, ChinchillaLaw):
        raise ValueError(f"law must be a ChinchillaLaw, got {law!r}")
    loss = positive("loss", loss)
    if np.any(loss <= law.E):
        raise ValueError(
            f"loss must be above the floor E = {law.E:g} nats of {law.name}, got {np.min(loss):g}"
        )
    tokens = between("n_inference_tokens", n_inference_tokens, 0, np.inf)
    price_ratio = positive("price_ratio", price_ratio)
    loss, tokens, price_ratio = np.broadcast_arrays(loss, tokens, price_ratio)
    above = loss - law.E
    at_chinchilla = law.alpha / (law.alpha + law.beta)

    def size_and_data(v):
        with np.errstate(over="ignore"):
            n_params = (law.A / (above * (1 - v))) ** (1 / law.alpha)
            return n_params, (law.B / (above * v)) ** (1 / law.beta)

    # On log v, in which 64 halvings reach the last digit.
    with np.errstate(over="ignore"):
        scale, wanted = (law.B / above) ** (1 / law.beta), tokens * price_ratio / 3
    low, high = np.full(loss.shape, -200.0), np.full(loss.shape, np.log(at_chinchilla))
    for _ in range(64):
        middle = (low + high) / 2
        v = np.exp(middle)
        with np.errstate(over="ignore"):
            data = scale * np.exp(-middle / law.beta)
        too_high = data * (law.alpha * (1 - v) / (law.beta * v) - 1) < wanted
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)

    def lifetime_flops(n_params, n_tokens):
        with np.errstate(over="ignore"):
            trained = TRAINING_FLOP * n_params * n_tokens
            return trained + INFERENCE_FLOP * n_params * tokens * price_ratio

    best, chinchilla = size_and_data(np.exp(high)), size_and_data(at_chinchilla)
    totals = lifetime_flops(*best), lifetime_flops(*chinchilla)
    if not np.isfinite([*best, *chinchilla, *totals]).all():
        raise ValueError(f"loss is too near the floor E = {law.E:g}, got {np.min(loss)!r}")
    return LifetimeOptimum(
        n_params=plain(best[0]),
        n_train_tokens=plain(best[1]),
        n_inference_tokens=plain(tokens),
        loss=plain(law.loss(*best)),  # warns where the law is asked far outside of its runs
        lifetime_flops=plain(totals[0]),
        chinchilla_n_params=plain(chinchilla[0]),
        chinchilla_n_train_tokens=plain(chinchilla[1]),
        chinchilla_lifetime_flops=plain(totals[1]),
        price_ratio=plain(price_ratio),
        law=law,
    )


def compute_optimal_loss(law, n_params):
    """The loss of the Chinchilla-optimal model of that size: what "30B quality" means.

    C = 6 (N / G)^(1 / a), with G the optimal size at 6 FLOP. Raises ValueError unless positive.
    """
    n_params = positive("n_params", n_params)
    with extrapolating():
        size_at_6_flop, _ = law.optimum(6.0)
        flops = 6 * (n_params / size_at_6_flop) ** (1 / law.a)
        return law.loss(n_params, flops / (6 * n_params))
