"""When the text runs out: a stock that grows, a demand that grows, both uncertain.

Tokens and years. A year is a number with decimals; `math.inf` is never. Every uncertain quantity is
an Uncertain, and a forecast draws all of them together.
"""

import math
from dataclasses import dataclass, field, fields, replace

import numpy as np
from scipy.special import ndtri

from course.display import count, table
from course.units import between, plain, positive, single, whole

N_SAMPLES = 20_000


@dataclass(frozen=True)
class Uncertain:
    """A positive quantity known to an interval: lognormal, with `level` of it from low to high.

    Equal tails. Raises ValueError unless 0 < low < high and 0 < level < 1.
    """

    low: float
    high: float
    level: float = 0.95
    source: str = field(default="", compare=False, repr=False)

    def __post_init__(self):
        positive("low", self.low)
        if not positive("high", self.high) > self.low:
            raise ValueError(f"high must be above low = {self.low:g}, got {self.high:g}")
        between("level", self.level, 1e-6, 1 - 1e-6)

    @property
    def median(self):
        """sqrt(low · high)."""
        return math.sqrt(self.low) * math.sqrt(self.high)  # their product could overflow

    def at(self, z):
        """The value `z` standard deviations (of its logarithm) above the median."""
        half = (math.log(self.high) - math.log(self.low)) / 2
        return self.median * np.exp(half / ndtri((1 + self.level) / 2) * z)


_PAPER = "Villalobos et al. 2024, arXiv:2211.04325v2"
# Their stocks in tokens (table 1); images and video as tokens of text that would hold as much.
INDEXED_WEB = Uncertain(130e12, 2100e12, source=f"{_PAPER}, table 1")
COMMON_CRAWL = Uncertain(100e12, 260e12, source=f"{_PAPER}, table 1")
WHOLE_WEB = Uncertain(1900e12, 5200e12, source=f"{_PAPER}, table 1")
IMAGES_AND_VIDEO_TOKENS = 300e12 + 1350e12
# The share that is good enough, what repetition makes of it, and how the stock grows in a year.
QUALITY_SHARE = Uncertain(0.1, 0.4, source=f"{_PAPER}, section 2.3.1")
REPETITION = Uncertain(2, 5, source=f"{_PAPER}, section 2.3.2 and their code, stock_adjust.py")
STOCK_GROWTH = Uncertain(1.0, 1.1, source=f"{_PAPER}, section 2.2.1")
# The largest data set in use in 2024, and how data sets grew in a year: 0.38 decades.
DEMAND = Uncertain(3e12, 13e12, 0.90, source=f"{_PAPER}, their code, dataset_size_projections.py")
DEMAND_GROWTH = Uncertain(10**0.27, 10**0.48, source=f"{_PAPER}, section 2.4")
# What the paper itself finds: the median year of full use, and its 80 % interval.
VILLALOBOS_MEDIAN, VILLALOBOS_INTERVAL = 2028, (2026, 2032)


def crossing_year(stock, stock_growth, demand, demand_growth, start_year=2024.0):
    """The year in which demand reaches the stock; inf where it never does.

    start + ln(stock / demand) / ln(demand_growth / stock_growth), not before start_year, where the
    demand already exceeds the stock. All positive, all broadcast.

    Args:
        stock, demand: tokens in start_year.
        stock_growth, demand_growth: factors per year.
        start_year: with decimals.
    """
    stock, stock_growth = positive("stock", stock), positive("stock_growth", stock_growth)
    demand, demand_growth = positive("demand", demand), positive("demand_growth", demand_growth)
    start_year = between("start_year", start_year, 0, 1e4)
    gap = np.maximum(np.log(stock) - np.log(demand), 0)
    speed = np.log(demand_growth) - np.log(stock_growth)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        catches_up = np.where((demand_growth > stock_growth) & (speed > 0), gap / speed, np.inf)
    years = np.where(demand >= stock, 0.0, catches_up)
    return plain(start_year + years)


@dataclass(frozen=True)
class Exhaustion:
    """A forecast: `years` (samples,), inf where the demand never reaches the stock.

    `stock_tokens` and `demand_tokens` (samples,) are those of `start_year`, after all adjustments.
    """

    years: np.ndarray = field(repr=False)
    stock_tokens: np.ndarray = field(repr=False)
    demand_tokens: np.ndarray = field(repr=False)
    start_year: float

    @property
    def median_year(self):
        """Half of the samples are exhausted by then; inf where more than half never are."""
        return self._quantile(0.5)

    def interval(self, level=0.90):
        """(early, late) with `level` of the samples between them; an end can be inf."""
        tail = (1 - single("level", between("level", level, 0, 1))) / 2
        return self._quantile(tail), self._quantile(1 - tail)

    def probability_by(self, year):
        """The share of samples that are exhausted by `year`, a number or an array."""
        year = between("year", year, 0, 1e6)
        return plain(np.searchsorted(np.sort(self.years), year, side="right") / len(self.years))

    @property
    def probability_never(self):
        """The share of samples in which the demand never reaches the stock."""
        return float(np.isinf(self.years).mean())

    @property
    def usage(self):
        """Median demand over median stock at the start: the part that is in use, 0.05 for 5 %."""
        return float(np.median(self.demand_tokens) / np.median(self.stock_tokens))

    def _quantile(self, q):
        # No interpolation: between a year and never there is nothing, and inf - inf is NaN.
        return float(np.quantile(self.years, q, method="inverted_cdf"))

    def _repr_html_(self):
        early, late = (f"{end:.1f}" for end in self.interval())
        stock, demand = np.median(self.stock_tokens), np.median(self.demand_tokens)
        rows = [
            (f"stock in {self.start_year:.0f}, median", f"{count(stock)} tokens"),
            (f"demand in {self.start_year:.0f}, median", f"{count(demand)} tokens"),
            ("exhausted, median", f"{self.median_year:.1f}"),
            ("90 % interval", f"{early} to {late}"),
            ("never", f"{self.probability_never:.0%}"),
        ]
        return table("When demand reaches the stock", ("", "value"), rows)


@dataclass(frozen=True)
class DataExhaustionForecast:
    """When demand for text reaches the stock of it; A §4.1. Each field a number or an Uncertain.

    stock = (raw_stock · quality_share + other_tokens) · repetition · (1 + synthetic_per_real)
    demand = demand · sqrt(overtraining)
    and both grow by their factor per year from `start_year`. Defaults: Villalobos et al. 2024, the
    projection by past growth. They mix it, half and half, with one by future compute, which is less
    certain and slows after 2030, so that their interval of dates is wider than ours.

    Attributes:
        raw_stock: tokens; INDEXED_WEB, COMMON_CRAWL and WHOLE_WEB are theirs.
        quality_share: the part that is good enough, in (0, 1] at its median.
        repetition: what reading it several times makes of it, `MUENNIGHOFF_2023.worth(epochs)`.
        stock_growth, demand_growth: factors per year.
        demand: tokens of the largest data set in use.
        other_tokens: usable tokens of other modalities; 0 for text alone.
        synthetic_per_real: synthetic tokens beside each real one that teach as much; 0 for none.
            In place of real ones they do not (Shumailov et al. 2024), beside them they may.
        overtraining: tokens per parameter over the compute-optimal number. At equal compute that
            takes sqrt(overtraining) times the tokens.
        start_year: of the stock and the demand above.

    Raises:
        ValueError: for what is not positive (other_tokens, synthetic_per_real: negative).
    """

    raw_stock: float | Uncertain = INDEXED_WEB
    quality_share: float | Uncertain = QUALITY_SHARE
    repetition: float | Uncertain = REPETITION
    stock_growth: float | Uncertain = STOCK_GROWTH
    demand: float | Uncertain = DEMAND
    demand_growth: float | Uncertain = DEMAND_GROWTH
    other_tokens: float | Uncertain = 0.0
    synthetic_per_real: float | Uncertain = 0.0
    overtraining: float | Uncertain = 1.0
    start_year: float = 2024.0

    def __post_init__(self):
        for name in self._terms():
            value, zero = getattr(self, name), name in ("other_tokens", "synthetic_per_real")
            if isinstance(value, Uncertain):
                continue
            single(name, between(name, value, 0, math.inf) if zero else positive(name, value))
        share = self.quality_share
        positive("quality_share", getattr(share, "median", share), upper=1)
        single("start_year", between("start_year", self.start_year, 0, 1e4))

    def forecast_data_exhaustion(
        self, current_scale=None, growth_rate=None, *, n_samples=N_SAMPLES, seed=0
    ):
        """The Exhaustion of a demand of `current_scale` tokens that grows by `growth_rate` a year.

        growth_rate 0.1 is 10 %, 1.4 is 2.4 times; 0 and shrinking, above -1, are allowed. Both None
        for the fields' own. With one seed every term has the same random numbers, so that two
        forecasts differ by what was changed alone. Raises ValueError for other arguments.
        """
        terms = {name: getattr(self, name) for name in self._terms()}
        if current_scale is not None:
            terms["demand"] = single("current_scale", positive("current_scale", current_scale))
        if growth_rate is not None:
            growth_rate = single("growth_rate", between("growth_rate", growth_rate, -1, math.inf))
            if growth_rate == -1:
                raise ValueError("growth_rate must be above -1, got -1: nothing would be left")
            terms["demand_growth"] = 1 + growth_rate
        n_samples = int(single("n_samples", whole("n_samples", n_samples, 1, 10**7)))
        normal = np.random.default_rng(seed).standard_normal((len(terms), n_samples))
        drawn = {
            name: value.at(z) if isinstance(value, Uncertain) else np.full(len(z), float(value))
            for (name, value), z in zip(terms.items(), normal, strict=True)
        }
        usable = drawn["raw_stock"] * np.minimum(drawn["quality_share"], 1) + drawn["other_tokens"]
        stock = usable * drawn["repetition"] * (1 + drawn["synthetic_per_real"])
        demand = drawn["demand"] * np.sqrt(drawn["overtraining"])
        years = crossing_year(
            stock, drawn["stock_growth"], demand, drawn["demand_growth"], self.start_year
        )
        return Exhaustion(years, stock, demand, self.start_year)

    def remedies(self, *, n_samples=N_SAMPLES, seed=0):
        """{what is changed: Exhaustion}, each change alone: what the suggestions of A would bring.

        The amounts are examples, most of them generous: no filter at all, one synthetic token
        beside each real one, a tenth of images and video, no repetition against the usual.
        """
        changes = {
            "as it is": {},
            "nothing repeated": {"repetition": 1.0},
            "everything passes the filter": {"quality_share": 1.0},
            "a synthetic token beside each real one": {"synthetic_per_real": 1.0},
            "a tenth of all images and video": {"other_tokens": IMAGES_AND_VIDEO_TOKENS / 10},
            "the whole web, not the indexed one": {"raw_stock": WHOLE_WEB},
            "five times overtrained": {"overtraining": 5.0},
        }
        return {
            name: replace(self, **change).forecast_data_exhaustion(n_samples=n_samples, seed=seed)
            for name, change in changes.items()
        }

    @classmethod
    def _terms(cls):
        return [term.name for term in fields(cls) if term.name != "start_year"]
