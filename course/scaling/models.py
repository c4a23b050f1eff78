"""Models that were trained, with the sizes, tokens and compute that are reported of them."""

import functools
from dataclasses import dataclass

from course.accounting.training import training_flops
from course.evidence import facts


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, with its compute counted as for all others: 6 · n_active_params · n_tokens.

    Attributes:
        name: of the model.
        n_params: all parameters.
        n_active_params: what a token passes through: all, unless the model is sparse.
        n_tokens: trained on.
        year: of publication.
        source: in words.
        reported_flops: what the source says, or None.
    """

    name: str
    n_params: float
    n_active_params: float
    n_tokens: float
    year: int
    source: str
    reported_flops: float | None = None

    @property
    def flops(self):
        """Training compute in FLOP, 6 · active parameters · tokens."""
        return training_flops(self.n_active_params, self.n_tokens)

    @property
    def sparse(self):
        """Whether a token passes through a part of the parameters only."""
        return self.n_active_params < self.n_params


@functools.cache
def trained_models():
    """Every model of `facts("model")` whose size and tokens are known, by name."""
    models = {}
    for key, one in facts("model").items():
        value = one.value
        if "n_params" not in value or "n_tokens" not in value:
            continue
        name = key.removeprefix("model.")
        models[name] = TrainedModel(
            name=name,
            n_params=float(value["n_params"]),
            n_active_params=float(value.get("n_active_params", value["n_params"])),
            n_tokens=float(value["n_tokens"]),
            year=one.year,
            source=one.source,
            reported_flops=value.get("flops"),
        )
    return models
