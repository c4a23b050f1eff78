"""Emergence and collapse: what breaks the smooth curve, and what only seems to."""

from course.emergence.abilities import (
    BELOW,
    NO_SOURCE,
    OTHER_FAMILIES,
    SEEN,
    SPLIT,
    CriticalPoint,
    Emergence,
    EmergentAbilityAnalyzer,
    Sighting,
    sightings,
)
from course.emergence.collapse import (
    CapabilityCollapseAnalyzer,
    CollapseReport,
    TrainingPlan,
    Trend,
)
from course.emergence.diversity import (
    effective_outcomes,
    entropy,
    overconfidence,
    with_temperature,
)
from course.emergence.loss_view import params_for_loss, score_from_loss
from course.emergence.metrics import (
    Rise,
    brier_score,
    exact_match,
    log_likelihood,
    multiple_choice,
    option_probability,
    pass_at_k,
    power_law_loss,
    rise,
    token_accuracy,
    token_edit_distance,
)
from course.emergence.resolution import (
    accuracy_interval,
    chance_of_no_success,
    items_needed,
    smallest_accuracy,
)
from course.emergence.trends import (
    NOISES,
    decline_p_values,
    detection_rate,
    level_at_look,
    noise_series,
)
from course.experiments.estimates import holm

__all__ = [
    "BELOW",
    "NOISES",
    "NO_SOURCE",
    "OTHER_FAMILIES",
    "SEEN",
    "SPLIT",
    "CapabilityCollapseAnalyzer",
    "CollapseReport",
    "CriticalPoint",
    "Emergence",
    "EmergentAbilityAnalyzer",
    "Rise",
    "Sighting",
    "TrainingPlan",
    "Trend",
    "accuracy_interval",
    "brier_score",
    "chance_of_no_success",
    "decline_p_values",
    "detection_rate",
    "effective_outcomes",
    "entropy",
    "exact_match",
    "holm",
    "items_needed",
    "level_at_look",
    "log_likelihood",
    "multiple_choice",
    "noise_series",
    "option_probability",
    "overconfidence",
    "params_for_loss",
    "pass_at_k",
    "power_law_loss",
    "rise",
    "score_from_loss",
    "sightings",
    "smallest_accuracy",
    "token_accuracy",
    "token_edit_distance",
    "with_temperature",
]
