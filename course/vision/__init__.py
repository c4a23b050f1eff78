"""Chapter 9: train networks on pictures, on one device or on many, through failures.

>>> from course.vision import ResNet, n_params
>>> n_params(ResNet())
11689512
"""

from course.vision.compound import Compound, compound
from course.vision.devices import (
    DeviceMemory,
    Step,
    bubble_share,
    device_memory,
    parallel_step,
)
from course.vision.digits import batches, digits, shift
from course.vision.failures import (
    dalys_interval,
    goodput,
    mean_time_between,
    simulate,
    youngs_interval,
)
from course.vision.measure import matmul_rate, saved_bytes, training_rate
from course.vision.resnet import BasicBlock, ResNet, flops_of, n_params
from course.vision.training import Recipe, Training, accuracy, attacked, train

__all__ = [
    "BasicBlock",
    "Compound",
    "DeviceMemory",
    "Recipe",
    "ResNet",
    "Step",
    "Training",
    "accuracy",
    "attacked",
    "batches",
    "bubble_share",
    "compound",
    "dalys_interval",
    "device_memory",
    "digits",
    "flops_of",
    "goodput",
    "matmul_rate",
    "mean_time_between",
    "n_params",
    "parallel_step",
    "saved_bytes",
    "shift",
    "simulate",
    "train",
    "training_rate",
    "youngs_interval",
]
