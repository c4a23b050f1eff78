"""What the pictures of chapter 2 show, computed before anything is drawn."""

from dataclasses import dataclass

import numpy as np

from course.emergence.metrics import (
    Rise,
    brier_score,
    exact_match,
    log_likelihood,
    multiple_choice,
    pass_at_k,
    power_law_loss,
    rise,
    token_accuracy,
    token_edit_distance,
)
from course.emergence.trends import decline_p_values, detection_rate, noise_series

# --- choose your metric ---------------------------------------------------------------------------

SIZES = (1e6, 1e13)  # parameters that the explorer shows
SCALE_AT_1_NAT = 1e8
SHARES = {  # of a test's items
    "exact match": exact_match,
    "pass@100": lambda p, k: pass_at_k(exact_match(p, k), 100),
    "multiple choice": lambda p, k: multiple_choice(p, 4),
}
MEASURES = SHARES | {
    "wrong tokens": token_edit_distance,
    "log-likelihood": log_likelihood,
    "Brier score": lambda p, k: brier_score(p, 4),
}


@dataclass(frozen=True)
class MetricView:
    """One accuracy per token over model size, and what a measure makes of it.

    Attributes:
        measure: one of MEASURES.
        n_tokens: of an answer.
        n_items: of the test.
        n_params: sizes, shape (sizes,).
        accuracy: of a token, same shape.
        way: how far the measure has come from its value at the smallest size (0) to that at the
            largest (1), same shape.
        tested_params: sizes of the models that are tested, shape (models,).
        tested_way: the way of these, on `n_items` items where the measure is a share of items.
        ends: the measure at the smallest and the largest size.
        rise: the Rise of the measure.
    """

    measure: str
    n_tokens: int
    n_items: int
    n_params: np.ndarray
    accuracy: np.ndarray
    way: np.ndarray
    tested_params: np.ndarray
    tested_way: np.ndarray
    ends: tuple[float, float]
    rise: Rise

    @property
    def tested_at_zero(self):
        """How many of the tested models get nothing right; None where no items are counted."""
        if self.measure not in SHARES:
            return None
        start, end = self.ends
        return int(np.sum(np.abs(start + self.tested_way * (end - start)) < 0.5 / self.n_items))


def metric_view(measure, n_tokens, largest, exponent=0.3, n_items=100):
    """The MetricView of a measure: p = exp(-L) for each token, L = (1e8 / N)^exponent.

    Args:
        measure: one of MEASURES.
        n_tokens: of an answer.
        largest: parameters of the largest model; the smallest has 1e6.
        exponent: of the loss.
        n_items: of the test.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {measure!r}")

    def score(n_params):
        p = token_accuracy(power_law_loss(n_params, SCALE_AT_1_NAT, exponent))
        return MEASURES[measure](p, n_tokens)

    n_params = np.geomspace(SIZES[0], largest, 300)
    middle = rise(score, SIZES[0], largest)  # refuses a measure that does not move
    ends = float(score(SIZES[0])), float(score(largest))
    tested = 10 ** np.arange(np.log10(SIZES[0]), np.log10(largest) + 1e-9, 0.5)
    scores = score(tested)
    if measure in SHARES:
        scores = np.random.default_rng(0).binomial(n_items, scores) / n_items
    way, tested_way = (
        (values - ends[0]) / (ends[1] - ends[0]) for values in (score(n_params), scores)
    )
    accuracy = token_accuracy(power_law_loss(n_params, SCALE_AT_1_NAT, exponent))
    return MetricView(
        measure, n_tokens, n_items, n_params, accuracy, way, tested, tested_way, ends, middle
    )


# --- a decline or noise? --------------------------------------------------------------------------

LEVEL, N_SERIES = 0.05, 2000
RULES = ("ours", "A's: five falling in a row", "last below first")


@dataclass(frozen=True)
class DeclineView:
    """A series of scores, and how often three rules alarm on 2,000 like it.

    Attributes:
        noise: its kind, one of trends.NOISES.
        fall: over the series, in standard deviations of the noise, as the two arrays.
        series: shape (n_values,).
        planted: the fall in it, same shape.
        p_value: of our test on this series.
        fires: {rule: whether it alarms on this series}.
        on_noise, on_decline: {rule: share of 2,000 series that alarm}, without and with the fall.
    """

    noise: str
    fall: float
    series: np.ndarray
    planted: np.ndarray
    p_value: float
    fires: dict[str, bool]
    on_noise: dict[str, float]
    on_decline: dict[str, float]


def decline_view(fall, n_values, noise, taken_out=0.0, number=0):
    """The DeclineView of one series and of 2,000 like it.

    Args:
        fall: over the series in all, in standard deviations of the noise.
        n_values: of the series.
        noise: one of trends.NOISES; autocorrelated noise has 0.5.
        taken_out: the autocorrelation that our test removes.
        number: which of the 2,000 series is shown; the rates are those of all.
    """
    n_values = int(n_values)
    planted = -fall * np.linspace(0, 1, n_values)
    quiet = noise_series(noise, (N_SERIES, n_values), np.random.default_rng(2))
    on_noise, (on_decline, p) = _alarms(quiet, taken_out)[0], _alarms(quiet + planted, taken_out)
    return DeclineView(
        noise,
        fall,
        quiet[number] + planted,
        planted,
        float(p[number]),
        {rule: bool(fired[number]) for rule, fired in on_decline.items()},
        *(
            {rule: float(fired.mean()) for rule, fired in alarms.items()}
            for alarms in (on_noise, on_decline)
        ),
    )


def _alarms(series, taken_out):
    """Which of the series each rule alarms on, and the p-values of ours."""
    p = decline_p_values(series, taken_out)
    long_enough = series.shape[1] >= 10  # A §2.2 looks at no shorter ones
    five = (np.diff(series[:, -5:]) < 0).all(axis=1) & long_enough
    return dict(zip(RULES, (p <= LEVEL, five, series[:, -1] < series[:, 0]), strict=True)), p


@dataclass(frozen=True)
class AlarmRates:
    """How often rules alarm on series that fall: false alarms at fall 0, power beyond.

    `falls` (falls,) over 15 values in standard deviations of the noise; `shares` {rule: (falls,)},
    the share of simulated series that alarm.
    """

    falls: np.ndarray
    shares: dict[str, np.ndarray]

    def at(self, fall):
        """{rule: share of series that alarm} at one of `falls`."""
        (place,) = np.flatnonzero(self.falls == fall)
        return {rule: float(shares[place]) for rule, shares in self.shares.items()}


def alarm_rates(n_series=2000):
    """The AlarmRates of ours at 5 % on 30 and on 15 values, and of A §2.2's signals 1 and 2.

    A's signal 1 wants the training loss to fall as the validation loss rises; here both do, equally
    fast. Its signal 2 wants five values falling in a row.
    """
    falls = np.linspace(0, 4, 17)
    shares = {
        f"ours, {n} values": np.array(
            [detection_rate(fall, n, LEVEL, n_series=n_series) for fall in falls]
        )
        for n in (30, 15)
    }
    noise = noise_series("normal", (2, n_series, 15), np.random.default_rng(2))
    both = [noise - fall * np.linspace(0, 1, 15) for fall in falls]
    shares["A's signal 1"] = np.array(
        [(losses[:, :, -1] < losses[:, :, -5]).all(axis=0).mean() for losses in both]
    )
    shares["A's signal 2"] = np.array(
        [(np.diff(losses[0, :, -5:]) < 0).all(axis=-1).mean() for losses in both]
    )
    return AlarmRates(falls, shares)
