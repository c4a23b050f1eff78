"""Mixture of experts: the layer, its losses, what it costs and what is known of its scaling."""

from course.moe.experts import FeedForwardNetwork, GatedFeedForwardNetwork
from course.moe.layer import MoEArchitecture, Routing
from course.moe.losses import load_balance_loss, router_z_loss, switch_balance_loss
from course.moe.reference import reference_moe

__all__ = [
    "FeedForwardNetwork",
    "GatedFeedForwardNetwork",
    "MoEArchitecture",
    "Routing",
    "load_balance_loss",
    "reference_moe",
    "router_z_loss",
    "switch_balance_loss",
]
