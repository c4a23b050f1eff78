"""Chapter 8: how networks learn: losses, gradients, steps, and what is measured about them.

>>> from course.learning import HOUSES, descend, largest_stable_rate
>>> x, y = HOUSES
>>> descend(x, y, rate=0.1).overflow_step
31
"""

from course.learning.descent import (
    HOUSES,
    Descent,
    condition_number,
    descend,
    gradient,
    hessian,
    largest_stable_rate,
    loss,
    standardise,
    unstandardise,
)
from course.learning.losses import (
    activation,
    cross_entropy,
    l1_penalty,
    l2_penalty,
    mean_squared_error,
)
from course.learning.network import Network, layer_gradients, sharpness
from course.learning.noise import fit_critical_batch, noise_scale
from course.learning.optimisers import (
    Adagrad,
    Adam,
    AdamW,
    EarlyStopping,
    GradientDescent,
    Momentum,
    Optimiser,
    RMSprop,
    schedule,
)

__all__ = [
    "HOUSES",
    "Adagrad",
    "Adam",
    "AdamW",
    "Descent",
    "EarlyStopping",
    "GradientDescent",
    "Momentum",
    "Network",
    "Optimiser",
    "RMSprop",
    "activation",
    "condition_number",
    "cross_entropy",
    "descend",
    "fit_critical_batch",
    "gradient",
    "hessian",
    "l1_penalty",
    "l2_penalty",
    "largest_stable_rate",
    "layer_gradients",
    "loss",
    "mean_squared_error",
    "noise_scale",
    "schedule",
    "sharpness",
    "standardise",
    "unstandardise",
]
