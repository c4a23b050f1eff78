"""What a model weighs and what it takes to train: `TransformerShape`, `training_run`, `chip`."""

from course.accounting.hardware import Chip, chip, chip_names
from course.accounting.training import TrainingRun, implied_mfu, training_flops, training_run
from course.accounting.transformer import TransformerShape, params_read

__all__ = [
    "Chip",
    "TrainingRun",
    "TransformerShape",
    "chip",
    "chip_names",
    "implied_mfu",
    "params_read",
    "training_flops",
    "training_run",
]
