"""What decides the points of 04_data_bottleneck. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
The references do not use course.data; some of the right alternatives do, so that the two agree is
tested too.
"""

from course.classroom.judge import Case, Exercise, Property, Wrong

_NEVER = float("inf")

# --- 04.1 ----------------------------------------------------------------------------------------


def repeated_worth(unique, epochs, r_star):
    import math

    following = math.exp(-(epochs - 1) / r_star)
    effective = unique + unique * r_star * (1 - following)
    return {"effective": effective, "share": effective / (unique * epochs), "next": following}


def repeated_worth_token_by_token(unique, epochs, r_star):
    from math import exp

    from scipy.integrate import quad

    def worth(repetition):
        return exp(-repetition / r_star)

    texts = 1 + quad(worth, 0, epochs - 1)[0]
    return {"next": worth(epochs - 1), "effective": unique * texts, "share": texts / epochs}


def repeated_worth_with_the_library(unique, epochs, r_star):
    from course.data import MUENNIGHOFF_2023, DataConstrainedLaw

    law = DataConstrainedLaw(MUENNIGHOFF_2023.base, r_star)
    return {
        "effective": law.effective_tokens(unique * epochs, unique),
        "share": law.share_of_fresh(epochs),
        "next": law.worth_of_next(epochs),
    }


def all_fresh(unique, epochs, r_star):
    return {"effective": unique * epochs, "share": 1, "next": 1}


def repeats_worth_nothing(unique, epochs, r_star):
    return {"effective": unique, "share": 1 / epochs, "next": 0}


def average_for_next(unique, epochs, r_star):
    import math

    effective = unique + unique * r_star * (1 - math.exp(-(epochs - 1) / r_star))
    share = effective / (unique * epochs)
    return {"effective": effective, "share": share, "next": share}


def next_for_average(unique, epochs, r_star):
    import math

    following = math.exp(-(epochs - 1) / r_star)
    return {"effective": unique * epochs * following, "share": following, "next": following}


E04_1 = Exercise(
    id="04.1",
    name="repeated_worth",
    title="Read again: what is it worth?",
    minutes=9,
    difficulty=1,
    reference=repeated_worth,
    properties=(
        Property(
            "25e9 tokens read four times are worth 93.1e9 fresh ones",
            2,
            ((25e9, 4, 15.39),),
        ),
        Property(
            "one epoch, 40 epochs, and another R*",
            1,
            ((1e9, 1, 15.39), (1e9, 40, 15.39), (2e9, 10, 5.0)),
        ),
        Property(
            "other texts come out right, parts of an epoch too",
            1,
            ((3.7e10, 2.53, 15.39), (1.31e9, 7.27, 3.13)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            all_fresh,
            "You count every token that is read as a fresh one, as document A §4.1 does: it "
            "asks how good a token is, and never how often it was read before.",
        ),
        Wrong(
            repeats_worth_nothing,
            "You count what is read again as nothing. The first repetitions are worth almost "
            "as much as fresh text: e^(−R/R*) is near 1 while R is small.",
        ),
        Wrong(
            {"(epochs - 1)": "epochs"},
            "Your R is the number of epochs. The first reading repeats nothing: R = epochs − 1.",
        ),
        Wrong(
            {"r_star * ": ""},
            "You have R* in the exponent only. It also stands in front: U·R*·(1 − e^(−R/R*)).",
        ),
        Wrong(
            {" / r_star": ""},
            "Your exponent is −R. It is −R/R*: R* says after how many repetitions they wear out.",
        ),
        Wrong(
            {"+ unique ": ""},
            "You have the repetitions only. The first reading is worth U: add it.",
        ),
        Wrong(
            {
                (
                    "import math\n"
                    "\n"
                    "    following = math.exp(-(epochs - 1) / r_star)\n"
                    "    effective = unique + unique * r_star * (1"
                ): ("following = 0.5 ** (epochs - 1)\n    effective = unique * (2")
            },
            "You let each reading be worth half of the one before. They wear out more slowly: "
            "by e^(−1/R*) from one to the next.",
        ),
        Wrong(
            {"(unique * epochs)": "unique"},
            'Your "share" divides by the unique tokens. A share of all tokens that were read '
            "is asked for: divide by U · epochs.",
        ),
        Wrong(
            average_for_next,
            'Your "next" is the average over all tokens read. The next token is worth less '
            "than the average: e^(−R/R*).",
        ),
        Wrong(
            next_for_average,
            "You let every token be worth as little as the last one. Those read before were "
            "worth more: use the formula of D′.",
        ),
    ),
    right=(repeated_worth_token_by_token, repeated_worth_with_the_library),
)

# --- 04.2 ----------------------------------------------------------------------------------------


def passes(r_star, worth, times):
    import math

    if times >= 1 + r_star:
        raise ValueError("no number of epochs is worth that")
    return {
        "most": 1 + r_star,
        "until": 1 + r_star * math.log(1 / worth),
        "needed": 1 - r_star * math.log(1 - (times - 1) / r_star),
    }


def passes_by_search(r_star, worth, times):
    import math

    from scipy.optimize import brentq

    def texts(epochs):
        return 1 + r_star * (1 - math.exp(-(epochs - 1) / r_star))

    most = texts(math.inf)
    if not times < most:
        raise ValueError(f"times must be below {most}, got {times}")
    end = 1 + 40 * r_star
    return {
        "needed": brentq(lambda epochs: texts(epochs) - times, 1, end, xtol=1e-12),
        "until": brentq(lambda e: math.exp((1 - e) / r_star) - worth, 1, end, xtol=1e-12),
        "most": most,
    }


def passes_with_the_library(r_star, worth, times):
    import math

    from course.data import MUENNIGHOFF_2023, DataConstrainedLaw

    law = DataConstrainedLaw(MUENNIGHOFF_2023.base, r_star)
    return {
        "most": law.worth(1e9),
        "until": 1 - r_star * math.log(worth),
        "needed": law.epochs_worth(times),
    }


def r_star_as_half_life(r_star, worth, times):
    import math

    if times >= 1 + r_star:
        raise ValueError("no number of epochs is worth that")
    return {
        "most": 1 + r_star,
        "until": 1 + r_star * math.log2(1 / worth),
        "needed": 1 - r_star * math.log2(1 - (times - 1) / r_star),
    }


def as_many_epochs_as_texts(r_star, worth, times):
    import math

    if times >= 1 + r_star:
        raise ValueError("no number of epochs is worth that")
    return {"most": 1 + r_star, "until": 1 + r_star * math.log(1 / worth), "needed": times}


E04_2 = Exercise(
    id="04.2",
    name="passes",
    title="How often is often enough?",
    minutes=11,
    difficulty=2,
    reference=passes,
    properties=(
        Property(
            "R* = 15.39, worth 0.5, ten texts: 16.39, 11.67 and 14.53",
            2,
            ((15.39, 0.5, 10),),
        ),
        Property("another R*, worth 0.25, three texts", 1, ((4.0, 0.25, 3),)),
        Property(
            "more texts than any number of epochs is worth are refused",
            1,
            ((15.39, 0.5, 17), (4.0, 0.5, 5)),
        ),
        Property(
            "other values come out right, or are refused",
            1,
            ((7.31, 0.37, 2.93), (11.9, 0.71, 12.95), (23.7, 0.83, 19.3)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {'"most": 1 + r_star,\n': '"most": r_star,\n'},
            'Your "most" lacks the first reading: 1 + R*, as e^(−R/R*) goes to 0.',
        ),
        Wrong(
            {'"until": 1 + r_star ': '"until": r_star ', "1 - r_star": "-r_star"},
            "You give repetitions. Epochs are asked for: one more.",
        ),
        Wrong(
            {
                "r_star * math.log(1 / ": "r_star * math.log10(1 / ",
                "r_star * math.log(1 - ": "r_star * math.log10(1 - ",
            },
            "Your logarithm has the base 10. The inverse of e^x is ln, `math.log`.",
        ),
        Wrong(
            r_star_as_half_life,
            "You use R* as the repetitions after which half is left (a logarithm to the base "
            "2). After R* repetitions 1/e = 37 % is left: use ln.",
        ),
        Wrong(
            {
                ("\n\n"): ("\n\n    from scipy.optimize import brentq\n\n"),
                'that")\n': (
                    'that")\n'
                    "\n"
                    "    def share(epochs):\n"
                    "        return (1 + r_star * (1 - math.exp(-(epochs - 1) / r_star))) / epochs\n"
                    "\n"
                ),
                "1 + r_star * math.log(1 / worth": "brentq(lambda epochs: share(epochs) - worth, 1, 1e6",
            },
            'Your "until" asks when the average over all readings has fallen to `worth`. What '
            "one more token is worth falls sooner: solve e^(−R/R*) = worth.",
        ),
        Wrong(
            {"/ worth)": "/ (1 - worth))"},
            'Your "until" asks when that much is lost. It asks when that much is left: '
            "e^(−R/R*) = worth.",
        ),
        Wrong(
            {"math.log(1 /": "(1 -"},
            'Your "until" lets the worth fall in a straight line. It falls by the same '
            "factor each time: solve e^(−R/R*) = worth with a logarithm.",
        ),
        Wrong(
            as_many_epochs_as_texts,
            'Your "needed" takes one epoch for each text, as if what is repeated were fresh. '
            "Solve 1 + R*·(1 − e^(−R/R*)) = times.",
        ),
        Wrong(
            {">= 1 + r_star:\n": ">= r_star:\n", "(times - 1)": "times"},
            'Your "needed" lets the repetitions alone be worth all of `times`. The first '
            "reading is worth 1 of them: R*·(1 − e^(−R/R*)) = times − 1.",
        ),
        Wrong(
            {
                (
                    "if times >= 1 + r_star:\n"
                    '        raise ValueError("no number of epochs is worth that")'
                ): "left = 1 - (times - 1) / r_star",
                "1 - (times - 1) / r_star)": "left) if left > 0 else 1000",
            },
            "You give a number of epochs where none is enough: however often it is read, a "
            "text is worth less than 1 + R* texts. Raise ValueError from there on.",
        ),
    ),
    right=(passes_by_search, passes_with_the_library),
)

# --- 04.3 ----------------------------------------------------------------------------------------

_SCENARIOS = [
    [100e12, 0.05, 120e12, 0.3],
    [510e12, 0.07, 15e12, 0.04],
    [300e12, 0.05, 10e12, 0.05],
    [400e12, 0.03, 10e12, 0.2],
    [320e12, 0.02, 7e12, 1.4],
]


def run_out(scenarios, by):
    import math

    years = []
    for stock, stock_growth, demand, demand_growth in scenarios:
        if demand >= stock:
            years.append(0)
        elif demand_growth <= stock_growth:
            years.append(math.inf)
        else:
            speed = math.log((1 + demand_growth) / (1 + stock_growth))
            years.append(math.log(stock / demand) / speed)
    return {
        "first": min(years),
        "by": sum(year <= by for year in years),
        "never": sum(year == math.inf for year in years),
    }


def run_out_in_arrays(scenarios, by):
    import numpy as np

    stock, stock_growth, demand, demand_growth = np.array(scenarios, float).T
    gap = np.log10(stock) - np.log10(demand)
    speed = np.log10(1 + demand_growth) - np.log10(1 + stock_growth)
    with np.errstate(divide="ignore", invalid="ignore"):
        years = np.where(gap <= 0, 0, np.where(speed > 0, gap / speed, np.inf))
    return {"first": years.min(), "by": (years <= by).sum(), "never": np.isinf(years).sum()}


def run_out_with_the_library(scenarios, by):
    import math

    from course.data import crossing_year

    years = [crossing_year(s, 1 + up, d, 1 + more, 0) for s, up, d, more in scenarios]
    return {
        "never": years.count(math.inf),
        "by": len([year for year in years if year <= by]),
        "first": sorted(years)[0],
    }


def year_as_printed_in_a(scenarios, by):
    years, beyond = [], 0
    for _, _, demand, _ in scenarios:
        full = [y for y in range(2026, 2041) if demand + 100e9 * (y - 2026) >= 0.8 * 10e12]
        years += [year - 2024 for year in full[:1]]
        beyond += not full
    return {
        "first": min(years) if years else "Beyond 2040",
        "by": sum(year <= by for year in years),
        "never": beyond,
    }


def never_from_2040_on(scenarios, by):
    import math

    years = []
    for stock, stock_growth, demand, demand_growth in scenarios:
        speed = math.log((1 + demand_growth) / (1 + stock_growth))
        year = math.log(stock / demand) / speed if speed > 0 else math.inf
        year = 0 if demand >= stock else year
        years.append(year if year <= 2040 - 2024 else math.inf)
    return {
        "first": min(years) if min(years) < math.inf else 16,
        "by": sum(year <= by for year in years),
        "never": sum(year == math.inf for year in years),
    }


def each_year_uses_up_its_text(scenarios, by):
    import math

    years = []
    for stock, stock_growth, demand, demand_growth in scenarios:
        used, year = demand, 0
        while used < stock and year < 300:
            stock, demand, year = stock * (1 + stock_growth), demand * (1 + demand_growth), year + 1
            used += demand
        years.append(year if used >= stock else math.inf)
    return {
        "first": min(years),
        "by": sum(year <= by for year in years),
        "never": sum(year == math.inf for year in years),
    }


E04_3 = Exercise(
    id="04.3",
    name="run_out",
    title="When demand meets the stock",
    minutes=13,
    difficulty=2,
    reference=run_out,
    properties=(
        Property(
            "300e12 tokens that stay, 15e12 that grow 2.4 times a year: 3.42 years",
            2,
            (([[300e12, 0.0, 15e12, 1.4]], 6),),
        ),
        Property(
            "a stock that grows too",
            1,
            (([[320e12, 0.02, 7e12, 1.4]], 6), ([[130e12, 0.03, 13e12, 0.5]], 6)),
        ),
        Property(
            "of five stocks one is used up already, and two never are",
            1,
            ((_SCENARIOS, 6), (_SCENARIOS[1:], 26)),
        ),
        Property(
            "other stocks come out right",
            1,
            (
                ([[413e12, 0.035, 9.3e12, 0.62], [77e12, 0.12, 21e12, 0.09]], 9),
                ([[88.7e12, 0.01, 91.3e12, 0.2], [663e12, 0.06, 11.3e12, 0.31]], 10),
                ([[207e12, 0.015, 13.7e12, 0.17], [31e12, -0.04, 17.9e12, -0.02]], 27),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            year_as_printed_in_a,
            "This is what document A §4.1 prints. It never uses the growth, adds 100e9 tokens "
            "of new text a year to what is in use, and takes 10e12 for the whole internet: a "
            "fiftieth of what is known.",
        ),
        Wrong(
            {
                "stock_growth, demand, demand_growth": "_, demand, growth",
                "demand_growth <= stock_growth": "growth <= 0",
                (
                    "speed = math.log((1 + demand_growth) / (1 + stock_growth))\n"
                    "            years.append(math.log(stock / demand) / speed"
                ): "years.append(math.log(stock / demand) / math.log(1 + growth)",
            },
            "Your stock stands still. It grows as well: the gap closes by (1 + demand_growth) "
            "/ (1 + stock_growth) a year.",
        ),
        Wrong(
            {
                "scenarios:\n": (
                    "scenarios:\n        speed = demand * demand_growth - stock * stock_growth\n"
                ),
                "demand_growth <= stock_growth": "speed <= 0",
                (
                    "speed = math.log((1 + demand_growth) / (1 + stock_growth))\n"
                    "            years.append(math.log(stock /"
                ): "years.append((stock -",
            },
            "You add the same amount each year. Growth by a share of what is there is "
            "exponential: times 1 + growth each year.",
        ),
        Wrong(
            {
                (
                    "speed = math.log((1 + demand_growth) / (1 + stock_growth))\n"
                    "            years.append(math.log(stock / demand) / speed"
                ): "years.append(math.log(stock / demand) / math.log(demand_growth / stock_growth)"
            },
            "You take the growth for the factor. A growth of 0.05 makes 1.05 times as much in "
            "a year: add 1 before you take the logarithm.",
        ),
        Wrong(
            {"(1 + demand_growth) / (1 + stock_growth)": "1 + demand_growth - stock_growth"},
            "You subtract the one growth from the other. Each year demand gains the factor "
            "(1 + demand_growth) / (1 + stock_growth): divide.",
        ),
        Wrong(
            {
                (
                    "speed = math.log((1 + demand_growth) / (1 + stock_growth))\n"
                    "            years.append(math.log(stock / demand) / speed"
                ): "years.append(math.log(stock / demand) / (demand_growth - stock_growth)"
            },
            "You take e^(growth) for a year. With a growth of 1.4 a year there is 2.4 times "
            "as much, not e^1.4 = 4.1 times: use the logarithm of 1 + growth.",
        ),
        Wrong(
            {"math.log(stock / demand) / speed": "math.ceil(math.log(stock / demand) / speed)"},
            "You round up to whole years. Years with decimals are asked for.",
        ),
        Wrong(
            {(">= stock:\n            years.append(0)\n        elif"): "< stock and"},
            "You go back before 2024 where the demand is above the stock already. Then it is "
            "used up at the start: after 0 years.",
        ),
        Wrong(
            {"demand_growth <= ": "demand_growth == "},
            "Where the demand grows more slowly than the stock, you find the year in the past "
            "when they were equal. From now on they part: never.",
        ),
        Wrong(
            never_from_2040_on,
            "You stop looking in 2040, as document A §4.1 does, and call what comes later "
            "never. Never is only where the demand does not grow faster than the stock.",
        ),
        Wrong(
            each_year_uses_up_its_text,
            "You add up the demand of all years. Text is not burnt: the demand is the size of "
            "the largest data set, and next year's may contain this year's.",
        ),
        Wrong(
            {
                "years.append(math.inf": 'raise ValueError("the demand never reaches the stock"',
                (
                    "\n"
                    '        "first": min(years),\n'
                    '        "by": sum(year <= by for year in years),\n'
                    '        "never": sum(year == math.inf for year in years),\n'
                    "    "
                ): '"first": min(years), "by": sum(year <= by for year in years), "never": 0',
            },
            "You raise an error where the stock is never used up. That is a possible answer: "
            "math.inf, which is later than any year, so that min and <= go on working.",
        ),
        Wrong(
            {
                (
                    "if demand >= stock:\n"
                    "            years.append(0)\n"
                    "        elif demand_growth <= stock_growth:\n"
                    "            years.append(math.inf)\n"
                    "        else:\n"
                    "            speed = math.log((1 + demand_growth) / (1 + stock_growth))\n"
                    "    "
                ): "speed = math.log((1 + demand_growth) / (1 + stock_growth))\n"
            },
            "You divide by ln 1 = 0 where stock and demand grow alike. Ask first: is the "
            "demand there already (0 years)? Does it grow no faster than the stock (never)?",
        ),
    ),
    right=(run_out_in_arrays, run_out_with_the_library),
)

# --- 04.4 ----------------------------------------------------------------------------------------

_DRAWN = [
    3.9,
    7.2,
    2.4,
    5.5,
    _NEVER,
    4.3,
    10.8,
    6.1,
    3.2,
    8.6,
    5.0,
    17.7,
    4.8,
    1.8,
    6.9,
    12.0,
    4.1,
    9.4,
    3.5,
    _NEVER,
    5.9,
    2.9,
    7.9,
    23.3,
]


def spread(years, by, level):
    import math

    ordered, n = sorted(years), len(years)

    def quantile(share):
        return ordered[math.ceil(share * n) - 1]

    return {
        "median": quantile(0.5),
        "interval": [quantile((1 - level) / 2), quantile((1 + level) / 2)],
        "by": sum(year <= by for year in years) / n,
        "never": years.count(math.inf) / n,
    }


def spread_in_arrays(years, by, level):
    import numpy as np

    years = np.array(years)
    shares = [0.5 - level / 2, 0.5, 0.5 + level / 2]
    early, median, late = np.quantile(years, shares, method="inverted_cdf")
    return {
        "never": np.isinf(years).mean(),
        "by": np.mean(years <= by),
        "median": median,
        "interval": (early, late),
    }


def spread_with_the_library(years, by, level):
    import numpy as np

    from course.data import Exhaustion

    years = np.array(years)
    found = Exhaustion(years, years, years, 0)
    return {
        "median": found.median_year,
        "interval": found.interval(level),
        "by": found.probability_by(by),
        "never": found.probability_never,
    }


def never_taken_for_2040(years, by, level):
    import math

    ordered, n = sorted(min(year, 2040 - 2024) for year in years), len(years)

    def quantile(share):
        return ordered[math.ceil(share * n) - 1]

    return {
        "median": quantile(0.5),
        "interval": [quantile((1 - level) / 2), quantile((1 + level) / 2)],
        "by": sum(year <= by for year in ordered) / n,
        "never": ordered.count(2040 - 2024) / n,
    }


def normal_curve(years, by, level):
    import math
    from statistics import NormalDist

    ordered, n = sorted(years), len(years)
    ending = [year for year in years if year < math.inf]
    mean = sum(ending) / len(ending)
    sd = math.sqrt(sum((year - mean) ** 2 for year in ending) / (len(ending) - 1))
    half = NormalDist().inv_cdf((1 + level) / 2) * sd
    return {
        "median": ordered[math.ceil(0.5 * n) - 1],
        "interval": [mean - half, mean + half],
        "by": sum(year <= by for year in years) / n,
        "never": years.count(math.inf) / n,
    }


def interval_of_the_mean(years, by, level):
    import math
    from statistics import NormalDist

    ordered, n = sorted(years), len(years)
    ending = [year for year in years if year < math.inf]
    mean = sum(ending) / len(ending)
    sd = math.sqrt(sum((year - mean) ** 2 for year in ending) / (len(ending) - 1))
    half = NormalDist().inv_cdf((1 + level) / 2) * sd / math.sqrt(len(ending))
    return {
        "median": ordered[math.ceil(0.5 * n) - 1],
        "interval": [mean - half, mean + half],
        "by": sum(year <= by for year in years) / n,
        "never": years.count(math.inf) / n,
    }


E04_4 = Exercise(
    id="04.4",
    name="spread",
    title="A year with a spread",
    minutes=13,
    difficulty=2,
    reference=spread,
    properties=(
        Property(
            "the 24 draws of the notebook: 5.9 years, from 2.9 to 23.3; half within 6",
            2,
            ((_DRAWN, 6, 0.8),),
        ),
        Property(
            "nine draws, two of them never, one just when it is asked for",
            1,
            (([6, 2, _NEVER, 4, 11, 3, _NEVER, 7, 5], 6, 0.5),),
        ),
        Property(
            "three draws, none of them never",
            1,
            (([7.5, 2.5, 4.5], 3, 0.9),),
        ),
        Property(
            "other draws come out right",
            1,
            (
                (
                    [14.31, 5.73, _NEVER, 8.13, 3.67, 19.93, 6.37, 32.17, _NEVER, 11.23, 9.89],
                    11.23,
                    0.6,
                ),
                ([38.41, 21.83, 27.71, 24.61, 47.93, 31.37, 25.27], 29, 0.55),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "years)\n": ("years)\n    ending = [year for year in years if year < math.inf]\n"),
                "quantile(0.5": "sum(ending) / len(ending",
            },
            'Your "median" is a mean. One draw that never ends makes the mean never, so you '
            "had to leave these out. Sort, and take the middle.",
        ),
        Wrong(
            {
                "ordered, n = sorted(years), len(years": (
                    "ordered = sorted(year for year in years if year < math.inf)\n"
                    "    n = len(ordered"
                ),
                "in years)": "in ordered)",
                "math.inf) / n,\n": "math.inf) / len(years),\n",
            },
            "You throw the draws that are never away, and make the forecast earlier and surer "
            "than it is. math.inf sorts behind every year: leave it in, and divide by all.",
        ),
        Wrong(
            never_taken_for_2040,
            "You take never, and all that is late, for 2040: document A §4.1 stops "
            "counting there. A horizon is no date: leave math.inf in.",
        ),
        Wrong(
            normal_curve,
            "Your interval is mean ± z · standard deviation. Dates are skewed, with a long "
            "late end, and never has no mean. Count draws from both ends.",
        ),
        Wrong(
            interval_of_the_mean,
            "Your interval divides by √n: it says how well the mean is known, and shrinks the "
            "more you draw. How far the dates themselves spread is asked for.",
        ),
        Wrong(
            {"(1 - level) / 2), quantile((1 + level) / 2": "1 - level), quantile(level"},
            "You leave out 1 − level on each side. Both sides together leave out 1 − level: "
            "half of it each.",
        ),
        Wrong(
            {
                (
                    "\n    def quantile(share):\n        return ordered[math.ceil(share * n) - 1]\n"
                ): "    ending = [year for year in years if year < math.inf]",
                "quantile(0.5)": "ordered[math.ceil(0.5 * n) - 1]",
                "quantile((1 - level) / 2), quantile((1 + level) / 2": "min(ending), max(ending",
            },
            "Your interval goes from the first draw to the last, whatever the level.",
        ),
        Wrong(
            {
                "return ordered[math.ceil(share * n) - 1]": (
                    "place = share * (n - 1)\n"
                    "        lower, part = math.floor(place), place - math.floor(place)\n"
                    "        if part < 1e-9:\n"
                    "            return ordered[lower]\n"
                    "        return ordered[lower] * (1 - part) + ordered[lower + 1] * part"
                )
            },
            "You interpolate between two draws, as np.quantile does if nothing is said. Next "
            "to a draw that is never that gives NaN. Take the draw itself.",
        ),
        Wrong(
            {"year <= by ": "year < by "},
            'Your "by" leaves out the draws that are just `by`. These are in time: <=.',
        ),
        Wrong(
            {"years) / n,\n": "years) / (n - years.count(math.inf)),\n"},
            'Your "by" divides by the draws that end at all. The chance is that among all draws.',
        ),
        Wrong(
            {"years.count(math.inf": "sum(year > by for year in years"},
            'Your "never" counts all that is later than `by`. Late is not never.',
        ),
    ),
    right=(spread_in_arrays, spread_with_the_library),
)

# --- 04.5 ----------------------------------------------------------------------------------------

_TEXTS = [
    "the cat sat on the mat and slept all day",
    "the cat sat on the mat and slept all night",
    "a model learns from the text that it reads",
    "the mat sat on the cat and slept all day",
    "the cat sat on the mat and slept all day",
]

_CHAIN = ["a b c d e f g h", "b c d e f g h i", "c d e f g h i j"]


def near_copies(texts, length, threshold):
    def shingles(text):
        words = text.split()
        starts = range(max(1, len(words) - length + 1))
        return {tuple(words[start : start + length]) for start in starts}

    def similarity(a, b):
        return len(a & b) / len(a | b)

    sets = [shingles(text) for text in texts]
    kept = []
    for place, own in enumerate(sets):
        if all(similarity(own, sets[other]) < threshold for other in kept):
            kept.append(place)
    return {"similarity": similarity(sets[0], sets[1]), "kept": kept}


def near_copies_in_a_loop(texts, length, threshold):
    def pieces(text):
        words, found = text.split(), []
        if len(words) < length:
            return [text]
        for start in range(len(words) - length + 1):
            piece = " ".join(words[start : start + length])
            if piece not in found:
                found.append(piece)
        return found

    def alike(first, second):
        a, b = pieces(first), pieces(second)
        both = sum(piece in b for piece in a)
        return both / (len(a) + len(b) - both)

    kept = []
    for i in range(len(texts)):
        copy = False
        for j in kept:
            copy = copy or alike(texts[i], texts[j]) >= threshold
        if not copy:
            kept.append(i)
    return {"kept": kept, "similarity": alike(texts[0], texts[1])}


def near_copies_with_the_library(texts, length, threshold):
    from course.data import shingles

    kept, sets = [], [shingles(text, length) for text in texts]
    for place, own in enumerate(sets):
        alike = [len(own & sets[k]) / len(own | sets[k]) for k in kept]
        if not alike or max(alike) < threshold:
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def words_without_order(texts, length, threshold):
    sets = [set(text.split()) for text in texts]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def runs_of_letters(texts, length, threshold):
    sets = [{t[i : i + length] for i in range(max(1, len(t) - length + 1))} for t in texts]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def blocks_side_by_side(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(0, len(w), length)} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def all_copies_dropped(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place, own in enumerate(sets):
        others = [one for other, one in enumerate(sets) if other != place]
        if all(len(own & one) / len(own | one) < threshold for one in others):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def neighbours_compared(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = [0]
    for place in range(1, len(sets)):
        own, one = sets[place], sets[place - 1]
        if len(own & one) / len(own | one) < threshold:
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def dropped_ones_count_too(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & one) / len(own | one) < threshold for one in sets[:place]):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def exact_copies_alone(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = [place for place, text in enumerate(texts) if text not in texts[:place]]
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def share_of_the_shorter(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / min(len(own), len(sets[k])) < threshold for k in kept):
            kept.append(place)
    first, second = sets[:2]
    return {"similarity": len(first & second) / min(len(first), len(second)), "kept": kept}


def dice(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(2 * len(own & sets[k]) / (len(own) + len(sets[k])) < threshold for k in kept):
            kept.append(place)
    first, second = sets[:2]
    return {"similarity": 2 * len(first & second) / (len(first) + len(second)), "kept": kept}


def both_sizes_added(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / (len(own) + len(sets[k])) < threshold for k in kept):
            kept.append(place)
    first, second = sets[:2]
    return {"similarity": len(first & second) / (len(first) + len(second)), "kept": kept}


def more_than_the_threshold(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / len(own | sets[k]) <= threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def last_copy_kept(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept = []
    for place in reversed(range(len(sets))):
        own = sets[place]
        if all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept):
            kept.insert(0, place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def short_texts_without_shingles(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(len(w) - length + 1)} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / max(1, len(own | sets[k])) < threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / max(1, len(sets[0] | sets[1])), "kept": kept}


def nothing_over_nothing(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(len(w) - length + 1)} for w in words]
    kept = []
    for place, own in enumerate(sets):
        if all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept):
            kept.append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": kept}


def dropped_for_kept(texts, length, threshold):
    words = [text.split() for text in texts]
    sets = [{tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))} for w in words]
    kept, dropped = [], []
    for place, own in enumerate(sets):
        new = all(len(own & sets[k]) / len(own | sets[k]) < threshold for k in kept)
        (kept if new else dropped).append(place)
    return {"similarity": len(sets[0] & sets[1]) / len(sets[0] | sets[1]), "kept": dropped}


E04_5 = Exercise(
    id="04.5",
    name="near_copies",
    title="Almost the same text",
    minutes=14,
    difficulty=3,
    reference=near_copies,
    properties=(
        Property(
            "the texts of the notebook, runs of 3 words, 0.7: similarity 0.78, three are kept",
            2,
            ((_TEXTS, 3, 0.7),),
        ),
        Property(
            "three in a row, each like the one before: the third is not like the first",
            1,
            ((_CHAIN, 2, 0.7),),
        ),
        Property(
            "a similarity right at the threshold, and texts shorter than a run",
            1,
            ((["a b c d e", "a b c d x y", "yes", "yes", "no"], 2, 0.5),),
        ),
        Property(
            "other texts come out right",
            1,
            (
                (
                    [
                        "to be or not to be",
                        "to be or not",
                        "not to be or not to be",
                        "be that as it may",
                        "to be or not to be now",
                    ],
                    2,
                    0.73,
                ),
                (["u v w x y z", "hush", "v w x y z u", "u v w x y q", "hush now"], 4, 0.49),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            words_without_order,
            "You compare sets of single words, so that the order does not count. Compare runs "
            "of `length` words.",
        ),
        Wrong(
            runs_of_letters,
            "Your runs are of letters. Split the text into words first: text.split().",
        ),
        Wrong(
            blocks_side_by_side,
            "You cut the text into blocks. A word put in at the start then shifts all of "
            "them. A run begins at every word.",
        ),
        Wrong(
            all_copies_dropped,
            "You drop every text that has a near-copy, the first one too. Nothing is left of "
            "what was there twice: keep the first.",
        ),
        Wrong(
            neighbours_compared,
            "You compare each text with the one before it only. Copies lie anywhere: compare "
            "with all that were kept.",
        ),
        Wrong(
            dropped_ones_count_too,
            "You compare with texts that were dropped, too. A chain of small changes then "
            "drops texts that are like nothing that is left: compare with the kept ones.",
        ),
        Wrong(
            exact_copies_alone,
            "You drop exact copies only. One changed word hides a copy from that: use the "
            "similarity.",
        ),
        Wrong(
            share_of_the_shorter,
            "You divide by the smaller set. Jaccard divides by the union: all runs that are "
            "in either.",
        ),
        Wrong(
            dice,
            "This is Dice's measure, 2·both / (sum of the sizes). Jaccard is both / either.",
        ),
        Wrong(
            both_sizes_added,
            "You divide by the two sizes added, and count the common runs twice. The union "
            "has each once: `a | b`.",
        ),
        Wrong(
            more_than_the_threshold,
            "You drop what is above the threshold. At least as similar is asked for: >=.",
        ),
        Wrong(
            last_copy_kept,
            "You keep the last of several copies. The first one is asked for.",
        ),
        Wrong(
            short_texts_without_shingles,
            "Texts shorter than a run have no runs with you, so their copies stay. Such a "
            "text is a run by itself.",
        ),
        Wrong(
            nothing_over_nothing,
            "Two texts shorter than a run have no runs with you, and you divide 0 by 0. Such a "
            "text is a run by itself, so no set is empty.",
        ),
        Wrong(
            dropped_for_kept,
            'Your "kept" has the places that are dropped.',
        ),
    ),
    right=(near_copies_in_a_loop, near_copies_with_the_library),
)

# --- 04.6 ----------------------------------------------------------------------------------------


def coverage(amounts):
    import math

    total = sum(amounts.values())
    if total == 0:
        raise ValueError("an empty corpus has no shares")
    shares = [amount / total for amount in amounts.values()]
    entropy = -sum(p * math.log(p) for p in shares if p > 0)
    evenness = entropy / math.log(len(shares)) if len(shares) > 1 else 0
    return {"entropy": entropy, "evenness": evenness, "effective": math.exp(entropy)}


def coverage_as_a_product(amounts):
    from math import log, prod

    total = sum(amounts.values())
    if not total:
        raise ValueError(f"amounts must not all be 0, got {amounts}")
    effective = prod((total / amount) ** (amount / total) for amount in amounts.values() if amount)
    evenness = 0.0 if len(amounts) == 1 else log(effective, len(amounts))
    return {"effective": effective, "evenness": evenness, "entropy": log(effective)}


def coverage_with_the_library(amounts):
    from course.data import effective_number, entropy, evenness

    return {
        "entropy": entropy(amounts),
        "evenness": evenness(amounts),
        "effective": effective_number(amounts),
    }


def index_as_printed_in_a(amounts):
    import numpy as np

    values = list(amounts.values())
    total = sum(values)
    if total == 0:
        return {"entropy": 0, "evenness": 0, "effective": 1}
    p = [value / total for value in values]
    entropy = -sum(one * np.log(one) if one > 0 else 0 for one in p)
    with np.errstate(invalid="ignore"):
        evenness = np.float64(entropy) / np.log(len(p))
    return {"entropy": entropy, "evenness": evenness, "effective": np.exp(entropy)}


def amounts_for_shares(amounts):
    import math

    if sum(amounts.values()) == 0:
        raise ValueError("an empty corpus has no shares")
    entropy = -sum(one * math.log(one) for one in amounts.values() if one > 0)
    evenness = entropy / math.log(len(amounts)) if len(amounts) > 1 else 0
    return {"entropy": entropy, "evenness": evenness, "effective": math.exp(entropy)}


E04_6 = Exercise(
    id="04.6",
    name="coverage",
    title="How many domains is that?",
    minutes=10,
    difficulty=2,
    reference=coverage,
    properties=(
        Property(
            "a half and two quarters: 1.040 nats, evenness 0.946, 2.83 domains; and three "
            "domains of which one is empty",
            1,
            (
                ({"web": 50, "books": 25, "code": 25},),
                ({"web": 3e12, "books": 1e12, "code": 0},),
            ),
        ),
        Property(
            "one domain alone is 0, 0 and 1",
            1,
            (Case(({"web": 7},), {"entropy": 0, "evenness": 0, "effective": 1}),),
        ),
        Property(
            "a corpus without any text is refused",
            1,
            (({"web": 0, "code": 0},),),
        ),
        Property(
            "other corpora come out right, or are refused",
            1,
            (
                ({"law": 613, "news": 87, "mail": 0, "chat": 211, "maps": 39},),
                ({"law": 0, "news": 4.7e11},),
                ({"law": 0},),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            index_as_printed_in_a,
            "This is document A's index. With one domain it divides by ln 1 = 0 and gives "
            "NaN, and an empty corpus has a diversity of 0 in it. Say what one domain gives, "
            "and refuse what has no shares.",
        ),
        Wrong(
            {
                "* math.log(p)": "* math.log2(p)",
                "/ math.log(len(shares)": "/ math.log2(len(shares)",
            },
            "Your logarithm has the base 2. Nats are asked for, ln, and e goes with them.",
        ),
        Wrong(
            {"math.exp(entropy)": "2**entropy"},
            'Your "effective" is 2 to the power of nats. Nats go with e: math.exp.',
        ),
        Wrong(
            {"shares if p > 0": "shares"},
            "You take the logarithm of 0. p·ln p goes to 0 with p: leave a domain without "
            "text out of the sum.",
        ),
        Wrong(
            {
                "amounts.values()]\n": "amounts.values() if amount > 0]\n",
                "shares if p > 0": "shares",
            },
            'Your "evenness" does not count the domains without text. A listed domain that '
            "is empty is the opposite of even: divide by ln of all that are listed.",
        ),
        Wrong(
            amounts_for_shares,
            "You put amounts into the formula. It wants shares, which sum to 1.",
        ),
        Wrong(
            {
                (
                    "evenness = entropy / math.log(len(shares)) if len(shares) > 1 else 0\n"
                    '    return {"entropy": entropy, "evenness": evenness, "effective": math.exp(entropy)'
                ): (
                    "return {\n"
                    '        "entropy": entropy,\n'
                    '        "evenness": entropy / len(shares),\n'
                    '        "effective": math.exp(entropy),\n'
                    "    "
                )
            },
            'Your "evenness" divides by the number of domains. The most that the entropy can '
            "be is the logarithm of it.",
        ),
        Wrong(
            {"else 0\n": "else 1\n"},
            "You call a single domain perfectly even. It is all in one place, as are two of "
            "which one is empty: 0.",
        ),
        Wrong(
            {"math.exp(entropy": "len(shares"},
            'Your "effective" counts the domains. One with a per mille of the text does not '
            "count like one with half: e to the power of the entropy weighs them.",
        ),
        Wrong(
            {"math.exp(entropy": "evenness * len(shares"},
            'Your "effective" is evenness times the number of domains. e to the power of the '
            "entropy is asked for.",
        ),
        Wrong(
            {
                '"entropy": entropy, "evenness": evenness, "effective": math.exp(entropy)': (
                    "\n"
                    '        "entropy": entropy,\n'
                    '        "evenness": evenness,\n'
                    '        "effective": 1 / sum(p**2 for p in shares),\n'
                    "    "
                )
            },
            'Your "effective" is 1 / Σp², Simpson\'s number. It weighs small domains less. '
            "That of the entropy is asked for.",
        ),
    ),
    right=(coverage_as_a_product, coverage_with_the_library),
)

# --- 04.7 ----------------------------------------------------------------------------------------


def advice(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError(f"{len(amounts)} domains cannot all have {floor}")
    total = sum(amounts.values())
    shares = {name: amount / total for name, amount in amounts.items()}
    raised = set()
    while True:
        rest = {name: share for name, share in shares.items() if name not in raised}
        scale = (1 - floor * len(raised)) / sum(rest.values()) if rest else 0
        low = {name for name, share in rest.items() if scale * share < floor}
        if not low:
            return {n: floor if n in raised else scale * share for n, share in shares.items()}
        raised |= low


def advice_from_the_smallest(amounts, floor):
    if len(amounts) * floor > 1:
        raise ValueError("the floors alone are more than everything")
    left, amount_left = 1.0, sum(amounts.values())
    found = dict.fromkeys(amounts, 0.0)
    for name in sorted(amounts, key=amounts.get):
        found[name] = max(floor, left * amounts[name] / amount_left)
        left -= found[name]
        amount_left -= amounts[name]
    return found


def advice_by_bisection(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    low, high = 0.0, 1 / sum(amounts.values())
    for _ in range(200):
        middle = (low + high) / 2
        if sum(max(floor, middle * amount) for amount in amounts.values()) > 1:
            high = middle
        else:
            low = middle
    return {name: max(floor, low * amount) for name, amount in amounts.items()}


def ten_per_cent_as_in_a(amounts, floor):
    total = sum(amounts.values())
    shares = {name: amount / total for name, amount in amounts.items()}
    return {name: 0.10 if share < 0.05 else share for name, share in shares.items()}


def floor_on_top(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    return {name: max(floor, amount / total) for name, amount in amounts.items()}


def all_divided_by_the_sum(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    raised = {name: max(floor, amount / total) for name, amount in amounts.items()}
    return {name: share / sum(raised.values()) for name, share in raised.items()}


def even_is_best_as_in_a(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    return {name: 1 / len(amounts) for name in amounts}


def the_same_from_each(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    shares = {name: amount / total for name, amount in amounts.items()}
    missing = sum(floor - share for share in shares.values() if share < floor)
    others = sum(share >= floor for share in shares.values())
    return {n: floor if p < floor else p - missing / others for n, p in shares.items()}


def all_from_the_largest(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    shares = {name: max(floor, amount / total) for name, amount in amounts.items()}
    largest = max(shares, key=shares.get)
    shares[largest] -= sum(shares.values()) - 1
    return shares


def scaled_down_once(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    shares = {name: amount / total for name, amount in amounts.items()}
    raised = [name for name in shares if shares[name] < floor]
    rest = sum(share for name, share in shares.items() if name not in raised)
    scale = (1 - floor * len(raised)) / rest
    return {n: floor if n in raised else scale * share for n, share in shares.items()}


def the_floor_for_all_first(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total, left = sum(amounts.values()), 1 - floor * len(amounts)
    return {name: floor + left * amount / total for name, amount in amounts.items()}


def too_high_a_floor_accepted(amounts, floor):
    floor = min(floor, 1 / len(amounts))
    left, amount_left, found = 1.0, sum(amounts.values()), dict.fromkeys(amounts, 0.0)
    for name in sorted(amounts, key=amounts.get):
        found[name] = max(floor, left * amounts[name] / amount_left)
        left, amount_left = left - found[name], amount_left - amounts[name]
    return found


def small_ones_dropped(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    large = sum(amount for amount in amounts.values() if amount >= floor * total)
    return {n: amount / large if amount >= floor * total else 0 for n, amount in amounts.items()}


E04_7 = Exercise(
    id="04.7",
    name="advice",
    title="Advice that adds up",
    minutes=13,
    difficulty=3,
    reference=advice,
    properties=(
        Property(
            "74, 17, 7 and 2 with a floor of 0.1: 0.651, 0.149, 0.1 and 0.1",
            2,
            (({"web": 74, "books": 17, "code": 7, "chat": 2}, 0.1),),
        ),
        Property(
            "scaling down puts a third domain below the floor; or none is below at all",
            1,
            (
                Case(
                    ({"web": 85, "books": 11, "code": 3, "chat": 1}, 0.1),
                    {"web": 0.7, "books": 0.1, "code": 0.1, "chat": 0.1},
                ),
                ({"web": 6e12, "code": 4e12}, 0.1),
            ),
        ),
        Property(
            "floors that sum to 1 leave no choice; floors that sum to more are refused",
            1,
            (
                ({"web": 90, "books": 5, "code": 3, "chat": 2}, 0.25),
                ({"web": 90, "books": 5, "code": 3, "chat": 2}, 0.3),
            ),
        ),
        Property(
            "other corpora come out right, or are refused",
            1,
            (
                ({"law": 613, "news": 171, "mail": 143, "chat": 11, "maps": 0}, 0.14),
                ({"law": 887, "news": 113, "mail": 1}, 0.07),
                ({"law": 3, "news": 3, "mail": 3}, 0.34),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            ten_per_cent_as_in_a,
            "This is document A's advice: 10 % for whatever has less than 5 %, taken from "
            "nothing. The shares do not sum to 1, and the floor is not used.",
        ),
        Wrong(
            floor_on_top,
            "You raise the small ones and take it from nobody: your shares sum to more than 1.",
        ),
        Wrong(
            all_divided_by_the_sum,
            "You divide all by the sum at the end, the raised ones too. They are then below "
            "the floor again: scale only the others.",
        ),
        Wrong(
            even_is_best_as_in_a,
            "You make all even, as document A's index would have it. Only the floor is asked "
            "for; the rest keeps its proportions.",
        ),
        Wrong(
            the_same_from_each,
            "You take the same amount from each of the others. Take in proportion, else a "
            "domain just above the floor is pushed far below it, even below 0.",
        ),
        Wrong(
            all_from_the_largest,
            "You take all from the largest domain. All that are above the floor give in "
            "proportion.",
        ),
        Wrong(
            scaled_down_once,
            "After you scale the others down, one of them is below the floor. Raise it too, "
            "and scale again, until none is.",
        ),
        Wrong(
            the_floor_for_all_first,
            "You give the floor to each and divide up what is left. That raises small domains "
            "above the floor. Raise to the floor, no further.",
        ),
        Wrong(
            too_high_a_floor_accepted,
            "You lower a floor that cannot be kept in silence. Four domains cannot have 30 % "
            "each: raise ValueError.",
        ),
        Wrong(
            small_ones_dropped,
            "You drop the domains below the floor. They are to be raised to it.",
        ),
    ),
    right=(advice_from_the_smallest, advice_by_bisection),
)

# --- 04.8 ----------------------------------------------------------------------------------------

_RUNS = {
    "medium_quality": [20e9, 2.565],
    "high_quality_web": [20e9, 2.5],
    "noise": [20e9, 3.1],
}

_LAW = (2.218, 1488, 0.35266)


def measured_quality(runs, quality, floor, B, beta):
    if quality not in runs:
        raise ValueError(f"quality must be one of {list(runs)}, got {quality!r}")
    n_tokens, loss = runs[quality]
    if loss <= floor:
        raise ValueError(f"loss must be above {floor}, got {loss}")
    effective = (B / (loss - floor)) ** (1 / beta)
    gain = (loss - floor) * (1 - 2**-beta)
    return {"effective": effective, "multiplier": effective / n_tokens, "gain": gain}


def measured_quality_by_search(runs, quality, floor, B, beta):
    from math import exp

    from scipy.optimize import brentq

    def loss_of(log_tokens):
        return floor + B / exp(log_tokens) ** beta

    if not runs.get(quality, [0, 0])[1] > floor:
        raise ValueError(f"cannot tell what {quality} is worth")
    n_tokens, loss = runs[quality]
    tokens = exp(brentq(lambda log_tokens: loss_of(log_tokens) - loss, 0, 300, xtol=1e-13))
    gain = floor + B / tokens**beta - (floor + B / (2 * tokens) ** beta)
    return {"gain": gain, "effective": tokens, "multiplier": tokens / n_tokens}


def measured_quality_with_the_library(runs, quality, floor, B, beta):
    from course.data import DataConstrainedLaw
    from course.scaling import ChinchillaLaw, extrapolating

    if quality not in runs:
        raise ValueError(f"there is no run with {quality}")
    n_tokens, loss = runs[quality]
    with extrapolating():
        base = ChinchillaLaw(E=floor, A=1e-9, B=B, alpha=1, beta=beta)
        effective = DataConstrainedLaw(base, 15.0).equivalent_tokens(1e9, loss)
        gain = base.loss(1e9, effective) - base.loss(1e9, 2 * effective)
    return {"effective": effective, "multiplier": effective / n_tokens, "gain": gain}


def multipliers_as_printed_in_a(runs, quality, floor, B, beta):
    multipliers = {
        "high_quality_curated": 3.0,
        "high_quality_web": 1.5,
        "medium_quality": 1.0,
        "low_quality": 0.5,
        "noise": 0.1,
    }
    multiplier = multipliers.get(quality, 1.0)
    effective = multiplier * runs.get(quality, next(iter(runs.values())))[0]
    gain = B / effective**beta * (1 - 2**-beta)
    return {"effective": effective, "multiplier": multiplier, "gain": gain}


def gain_for_each_token(runs, quality, floor, B, beta):
    if quality not in runs or runs[quality][1] <= floor:
        raise ValueError("cannot tell")
    n_tokens, loss = runs[quality]
    effective = (B / (loss - floor)) ** (1 / beta)
    gain = (loss - floor) * (1 - 2**-beta)
    multiplier = effective / n_tokens
    return {"effective": effective, "multiplier": multiplier, "gain": gain / n_tokens}


def losses_divided(runs, quality, floor, B, beta):
    if quality not in runs or runs[quality][1] <= floor:
        raise ValueError("cannot tell")
    n_tokens, loss = runs[quality]
    multiplier = (floor + B / n_tokens**beta) / loss
    gain = (loss - floor) * (1 - 2**-beta)
    return {"effective": multiplier * n_tokens, "multiplier": multiplier, "gain": gain}


def floor_forgotten(runs, quality, floor, B, beta):
    if quality not in runs or runs[quality][1] <= floor:
        raise ValueError("cannot tell")
    n_tokens, loss = runs[quality]
    effective = (B / loss) ** (1 / beta)
    gain = loss * (1 - 2**-beta)
    return {"effective": effective, "multiplier": effective / n_tokens, "gain": gain}


E04_8 = Exercise(
    id="04.8",
    name="measured_quality",
    title="A quality that is measured",
    minutes=12,
    difficulty=2,
    reference=measured_quality,
    properties=(
        Property(
            "good web text counts 1.79 times, noise 0.071 times",
            2,
            ((_RUNS, "high_quality_web", *_LAW), (_RUNS, "noise", *_LAW)),
        ),
        Property(
            "a quality without a run is refused, and a loss that plain text never reaches",
            1,
            (
                (_RUNS, "hihg_quality_web", *_LAW),
                ({"too_good": [20e9, 2.118]}, "too_good", *_LAW),
            ),
        ),
        Property(
            "other runs come out right, or are refused",
            1,
            (
                (
                    {"low_quality": [3.3e9, 2.871], "noise": [7e9, 3.407]},
                    "low_quality",
                    2.031,
                    937,
                    0.331,
                ),
                ({"forum": [4.9e10, 2.447]}, "forum", 1.973, 1213, 0.347),
                ({"forum": [4.9e10, 2.447]}, "Forum", 1.973, 1213, 0.347),
                ({"forum": [4.9e10, 2.447]}, "forum", 2.519, 1213, 0.347),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            multipliers_as_printed_in_a,
            "These are document A's multipliers, 3.0 to 0.1, and 1.0 for a name that it does "
            "not know. They have no source. What a token is worth shows in a loss.",
        ),
        Wrong(
            {
                'raise ValueError(f"quality must be one of {list(runs)}, got {quality!r}")': (
                    "n_tokens = next(iter(runs.values()))[0]\n"
                    "        gain = B / n_tokens**beta * (1 - 2**-beta)\n"
                    '        return {"effective": n_tokens, "multiplier": 1.0, "gain": gain}'
                ),
                'f"loss must be above {floor}, got {loss}': '"no amount of data reaches this loss',
            },
            "You let an unknown name count 1.0, as document A does. A slip of the keys then "
            "passes as medium quality: raise ValueError.",
        ),
        Wrong(
            gain_for_each_token,
            'Your "gain" is divided by the tokens, as document A divides for its '
            "efficiency. Whatever is divided so favours fewer tokens. The nats of a doubling "
            "are asked for.",
        ),
        Wrong(
            losses_divided,
            "You divide one loss by the other. Losses are no tokens: ask how many plain tokens "
            "reach this loss.",
        ),
        Wrong(
            floor_forgotten,
            "You forget the floor. Only what lies above it falls with the tokens: loss − "
            "floor = B / D^beta.",
        ),
        Wrong(
            {
                "in runs:\n": "in runs or runs[quality][1] <= floor:\n",
                'f"quality must be one of {list(runs)}, got {quality!r}': '"cannot tell',
                (
                    "if loss <= floor:\n"
                    '        raise ValueError(f"loss must be above {floor}, got {loss}")\n'
                    "    effective = (B / (loss - floor)) ** (1 / beta)"
                ): "effective = (B / (loss - floor)) ** beta",
            },
            "You raise to beta. To solve for D, take the power 1/beta.",
        ),
        Wrong(
            {
                "in runs:\n": "in runs or runs[quality][1] <= floor:\n",
                'f"quality must be one of {list(runs)}, got {quality!r}': '"cannot tell',
                (
                    "if loss <= floor:\n"
                    '        raise ValueError(f"loss must be above {floor}, got {loss}")\n'
                    "    effective = (B / (loss - floor)) ** (1 / beta"
                ): "effective = B / (loss - floor",
            },
            "You solve loss − floor = B / D. D stands there to the power of beta.",
        ),
        Wrong(
            {
                "in runs:\n": "in runs or runs[quality][1] <= floor:\n",
                'f"quality must be one of {list(runs)}, got {quality!r}': '"cannot tell',
                (
                    "    if loss <= floor:\n"
                    '        raise ValueError(f"loss must be above {floor}, got {loss}")\n'
                ): "",
                "effective / n_tokens": "n_tokens / effective",
            },
            'Your "multiplier" is upside down: plain tokens over the tokens of the run.',
        ),
        Wrong(
            {
                "in runs:\n": "in runs or runs[quality][1] <= floor:\n",
                'f"quality must be one of {list(runs)}, got {quality!r}': '"cannot tell',
                (
                    "    if loss <= floor:\n"
                    '        raise ValueError(f"loss must be above {floor}, got {loss}")\n'
                ): "",
                "* (1 - 2**-beta)": "/ 2",
            },
            'Your "gain" is half of what lies above the floor. Twice the tokens divide it by '
            "2^beta, which is much less than 2.",
        ),
        Wrong(
            {
                "in runs:\n": "in runs or runs[quality][1] <= floor:\n",
                'f"quality must be one of {list(runs)}, got {quality!r}': '"cannot tell',
                (
                    "    if loss <= floor:\n"
                    '        raise ValueError(f"loss must be above {floor}, got {loss}")\n'
                ): "",
                "gain = (loss - floor) * (1 - 2**-beta)": "after = floor + (loss - floor) * 2**-beta",
                '"gain": gain}': '"gain": after}',
            },
            'Your "gain" is the loss after the doubling. What the doubling saves is asked for.',
        ),
        Wrong(
            {
                'f"quality must be one of {list(runs)}, got {quality!r}': '"cannot tell',
                (
                    "if loss <= floor:\n"
                    '        raise ValueError(f"loss must be above {floor}, got {loss}")\n'
                    "    effective = (B / "
                ): "effective = (B / abs",
            },
            "You accept a loss below the floor. No amount of plain text reaches it, so it has "
            "no multiplier: raise ValueError.",
        ),
        Wrong(
            {
                (
                    "    if quality not in runs:\n"
                    '        raise ValueError(f"quality must be one of {list(runs)}, got {quality!r}")\n'
                ): "",
                'f"loss must be above {floor}, got {loss}': '"no amount of data reaches this loss',
            },
            "You let Python stop with KeyError. Say what is wrong: raise ValueError for a "
            "quality without a run.",
        ),
    ),
    right=(measured_quality_by_search, measured_quality_with_the_library),
)

# --- 04.9 ----------------------------------------------------------------------------------------

_SHARES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]

_CODE = [1.70, 1.705, 1.72, 1.76, 1.85, 1.98, 2.40]

_WORDS = [2.60, 2.33, 2.22, 2.15, 2.11, 2.10, 2.095]


def best_mixture(shares, code, words, weight):
    import numpy as np

    target = weight * np.array(words) + (1 - weight) * np.array(code)
    i = int(np.argmin(target))
    if i in (0, len(shares) - 1):
        return {"share": shares[i], "loss": target[i]}
    a, b, c = np.polyfit(shares[i - 1 : i + 2], target[i - 1 : i + 2], 2)
    share = -b / (2 * a)
    return {"share": share, "loss": np.polyval([a, b, c], share)}


def best_mixture_by_differences(shares, code, words, weight):
    target = [weight * w + (1 - weight) * c for w, c in zip(words, code, strict=True)]
    i = target.index(min(target))
    if i == 0 or i == len(target) - 1:
        return {"loss": target[i], "share": shares[i]}
    (x0, x1, x2), (y0, y1, y2) = shares[i - 1 : i + 2], target[i - 1 : i + 2]
    left, right = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
    bend = (right - left) / (x2 - x0)
    share = (x0 + x1) / 2 - left / (2 * bend)
    return {"share": share, "loss": y0 + left * (share - x0) + bend * (share - x0) * (share - x1)}


def best_mixture_by_lagrange(shares, code, words, weight):
    from scipy.interpolate import lagrange

    target = [c + weight * (w - c) for c, w in zip(code, words, strict=True)]
    place = min(range(len(target)), key=target.__getitem__)
    if place in (0, len(target) - 1):
        return {"share": shares[place], "loss": target[place]}
    near = slice(place - 1, place + 2)
    curve = lagrange(shares[near], target[near])
    share = curve.deriv().roots[0]
    return {"share": share, "loss": curve(share)}


def even_always_as_in_a(shares, code, words, weight):
    import numpy as np

    target = weight * np.array(words) + (1 - weight) * np.array(code)
    return {"share": 0.5, "loss": np.interp(0.5, shares, target)}


def lowest_that_was_measured(shares, code, words, weight):
    import numpy as np

    target = weight * np.array(words) + (1 - weight) * np.array(code)
    return {"share": shares[int(np.argmin(target))], "loss": target.min()}


def mixed_as_the_target(shares, code, words, weight):
    import numpy as np

    target = weight * np.array(words) + (1 - weight) * np.array(code)
    return {"share": weight, "loss": np.interp(weight, shares, target)}


def one_parabola_for_all(shares, code, words, weight):
    import numpy as np

    target = weight * np.array(words) + (1 - weight) * np.array(code)
    a, b, c = np.polyfit(shares, target, 2)
    share = min(1, max(0, -b / (2 * a)))
    return {"share": share, "loss": np.polyval([a, b, c], share)}


def no_neighbour_at_the_end(shares, code, words, weight):
    target = [weight * w + (1 - weight) * c for w, c in zip(words, code, strict=True)]
    i = target.index(min(target))
    xs, ys = [shares[i + k] for k in (-1, 0, 1)], [target[i + k] for k in (-1, 0, 1)]
    left, right = (ys[1] - ys[0]) / (xs[1] - xs[0]), (ys[2] - ys[1]) / (xs[2] - xs[1])
    bend = (right - left) / (xs[2] - xs[0])
    share = (xs[0] + xs[1]) / 2 - left / (2 * bend)
    return {
        "share": share,
        "loss": ys[0] + left * (share - xs[0]) + bend * (share - xs[0]) * (share - xs[1]),
    }


E04_9 = Exercise(
    id="04.9",
    name="best_mixture",
    title="The best mixture, for whom?",
    minutes=13,
    difficulty=3,
    reference=best_mixture,
    properties=(
        Property(
            "a target of 30 % words: a share of 0.344, 1.866 nats; of 50 %: 0.469 and 1.955",
            2,
            ((_SHARES, _CODE, _WORDS, 0.3), (_SHARES, _CODE, _WORDS, 0.5)),
            rel_tol=1e-5,
        ),
        Property(
            "for one kind of text alone the best share is at the end",
            1,
            ((_SHARES, _CODE, _WORDS, 0), (_SHARES, _CODE, _WORDS, 1)),
            rel_tol=1e-5,
        ),
        Property(
            "other tables come out right",
            1,
            (
                (
                    [0, 0.2, 0.3, 0.7, 1],
                    [1.513, 1.547, 1.571, 1.693, 2.217],
                    [2.817, 2.411, 2.357, 2.293, 2.269],
                    0.37,
                ),
                (
                    [0.05, 0.15, 0.4, 0.85, 0.95],
                    [1.613, 1.637, 1.681, 1.913, 2.071],
                    [2.639, 2.457, 2.341, 2.263, 2.257],
                    0.81,
                ),
                (
                    [0.05, 0.15, 0.4, 0.85, 0.95],
                    [1.613, 1.637, 1.681, 1.913, 2.071],
                    [2.639, 2.457, 2.341, 2.263, 2.257],
                    0.04,
                ),
            ),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            even_always_as_in_a,
            "You take half of each whatever the target is: document A's index calls that "
            "perfect. Ask the losses.",
        ),
        Wrong(
            lowest_that_was_measured,
            "You take the best of the mixtures that were tried. The lowest point lies between "
            "them: put a parabola through it and its two neighbours.",
        ),
        Wrong(
            mixed_as_the_target,
            "You mix as the target is mixed. The best mixture is another: some of a kind helps "
            "the other too, and the first bit of each helps most.",
        ),
        Wrong(
            one_parabola_for_all,
            "You put one parabola through all mixtures. The curve rises steeply at its ends, "
            "which pulls the bottom away: use three points only.",
        ),
        Wrong(
            {
                (
                    "a, b, c = np.polyfit(shares[i - 1 : i + 2], target[i - 1 : i + 2], 2)\n"
                    "    share = -b / (2 * a)\n"
                    '    return {"share": share, "loss": np.polyval([a, b, c], share)'
                ): (
                    "before, lowest, after = target[i - 1 : i + 2]\n"
                    "    step = (shares[i + 1] - shares[i - 1]) / 2\n"
                    "    move = (before - after) / (before - 2 * lowest + after) / 2\n"
                    "    return {\n"
                    '        "share": shares[i] + step * move,\n'
                    '        "loss": lowest - (before - after) * move / 4,\n'
                    "    "
                )
            },
            "You use the formula for points at equal distances. These shares are not: fit the "
            "parabola to the shares themselves.",
        ),
        Wrong(
            {"weight * np.array(words) + (1 - weight)": "(1 - weight) * np.array(words) + weight"},
            "You have the weights the other way round: `weight` is that of the words.",
        ),
        Wrong(
            {
                "weight * np.array(words) + (1 - weight) * np.array(code)": "(np.array(words) + np.array(code)) / 2"
            },
            "You let both losses count alike. The target is weight · words + (1 − weight) · code.",
        ),
        Wrong(
            {
                "target = weight * np.array(words) + (1 - weight": (
                    "s = np.array(shares)\n    target = s * np.array(words) + (1 - s"
                )
            },
            "You weigh the losses by the share in training. That share is what you look for; "
            "what counts later is the target, `weight`.",
        ),
        Wrong(
            {
                (
                    "c = np.polyfit(shares[i - 1 : i + 2], target[i - 1 : i + 2], 2)\n"
                    "    share = -b / (2 * a)\n"
                    '    return {"share": share, "loss": np.polyval([a, b, c], share)'
                ): (
                    "_ = np.polyfit(shares[i - 1 : i + 2], target[i - 1 : i + 2], 2)\n"
                    '    return {"share": -b / (2 * a), "loss": target[i]'
                )
            },
            'Your "loss" is the lowest that was measured. That at the bottom of the parabola '
            "is asked for.",
        ),
        Wrong(
            {
                (
                    "int(np.argmin(target))\n"
                    "    if i in (0, len(shares) - 1):\n"
                    '        return {"share": shares[i], "loss": target[i]}'
                ): "min(len(shares) - 2, max(1, int(np.argmin(target))))"
            },
            "You put a parabola where the lowest loss is at an end, and leave the range that "
            "was measured. Give the end itself.",
        ),
        Wrong(
            no_neighbour_at_the_end,
            "The lowest loss can be the first or the last one. It has one neighbour then "
            "(and -1 is the last place of a list, not the one before the first). Give the end.",
        ),
    ),
    right=(best_mixture_by_differences, best_mixture_by_lagrange),
)

# --- 04.10 ---------------------------------------------------------------------------------------


def filter_pays(n_tokens, stock, share, multiplier, r_star):
    import math

    def worth(unique):
        if n_tokens <= unique:
            return n_tokens
        repetitions = n_tokens / unique - 1
        return unique + unique * r_star * (1 - math.exp(-repetitions / r_star))

    plain, few = worth(stock), worth(share * stock)
    return {
        "plain": plain,
        "filtered": multiplier * few,
        "needed": plain / few,
        "pays": multiplier * few > plain,
    }


def filter_pays_in_arrays(n_tokens, stock, share, multiplier, r_star):
    import numpy as np

    unique = np.minimum(n_tokens, stock * np.array([1, share]))
    plain, few = unique * (1 - r_star * np.expm1((1 - n_tokens / unique) / r_star))
    needed = plain / few
    return {
        "pays": multiplier > needed,
        "needed": needed,
        "plain": plain,
        "filtered": multiplier * few,
    }


def filter_pays_with_the_library(n_tokens, stock, share, multiplier, r_star):
    from course.data import MUENNIGHOFF_2023, DataConstrainedLaw

    law = DataConstrainedLaw(MUENNIGHOFF_2023.base, r_star)
    plain = law.effective_tokens(n_tokens, min(stock, n_tokens))
    few = law.effective_tokens(n_tokens, min(share * stock, n_tokens))
    found = {"plain": plain, "filtered": multiplier * few, "needed": plain / few}
    return found | {"pays": found["filtered"] > plain}


def repetition_forgotten(n_tokens, stock, share, multiplier, r_star):
    return {
        "plain": n_tokens,
        "filtered": multiplier * n_tokens,
        "needed": 1.0,
        "pays": multiplier > 1,
    }


def stocks_compared(n_tokens, stock, share, multiplier, r_star):
    return {
        "plain": stock,
        "filtered": multiplier * share * stock,
        "needed": 1 / share,
        "pays": multiplier * share > 1,
    }


def all_of_it_is_fresh(n_tokens, stock, share, multiplier, r_star):
    import math

    unique = min(n_tokens, share * stock)
    repetitions = n_tokens / unique - 1
    few = unique + unique * r_star * (1 - math.exp(-repetitions / r_star))
    return {
        "plain": n_tokens,
        "filtered": multiplier * few,
        "needed": n_tokens / few,
        "pays": multiplier * few > n_tokens,
    }


E04_10 = Exercise(
    id="04.10",
    name="filter_pays",
    title="Does the filter pay?",
    minutes=12,
    difficulty=3,
    reference=filter_pays,
    properties=(
        Property(
            "20e12 tokens from a stock of 10e12, a tenth passes: 1.65 times as good is needed",
            1,
            ((20e12, 10e12, 0.1, 1.5, 15.39),),
        ),
        Property(
            "the same if three tenths pass, and where nothing is repeated at all",
            2,
            ((20e12, 10e12, 0.3, 1.5, 15.39), (1e12, 10e12, 0.25, 1.5, 15.39)),
        ),
        Property(
            "other filters come out right",
            1,
            (
                (3.7e12, 4.3e12, 0.21, 1.37, 11.3),
                (8.9e12, 2.3e12, 0.61, 1.13, 15.39),
                (5.3e13, 1.9e13, 0.043, 2.71, 6.7),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            repetition_forgotten,
            "You forget that few texts are read often. What passes the filter must be repeated "
            "more to fill the same training.",
        ),
        Wrong(
            {"* few > plain": "> 1"},
            'Your "pays" says yes to whatever is better than the rest: quality above '
            "quantity (数据质量 > 数据数量), as document A has it. Compare the two worths.",
        ),
        Wrong(
            stocks_compared,
            "You compare the stocks. The training reads n_tokens either way: count what these "
            "are worth.",
        ),
        Wrong(
            {
                "worth(unique)": "worth(unique, tokens)",
                "if n_tokens ": "if tokens ",
                "return n_tokens\n": "return tokens\n",
                "= n_tokens ": "= tokens ",
                "stock), worth(share * stock": "stock, n_tokens), worth(share * stock, share * n_tokens",
            },
            "You read the filtered text as often as the whole, so the training becomes "
            "shorter. At equal compute n_tokens are read either way.",
        ),
        Wrong(
            {("        if n_tokens <= unique:\n            return n_tokens\n"): ""},
            "You use the formula of repetition where nothing is repeated. If n_tokens are no "
            "more than there are, all of them are fresh: D′ = n_tokens.",
        ),
        Wrong(
            {
                (
                    "if n_tokens <= unique:\n"
                    "            return n_tokens\n"
                    "        repetitions = n_tokens / unique - 1"
                ): "repetitions = max(0, n_tokens / unique - 1)"
            },
            "Where n_tokens are fewer than the stock you count the whole stock. What is not "
            "read teaches nothing: D′ = n_tokens.",
        ),
        Wrong(
            {"unique - 1": "unique"},
            "Your repetitions are one too many: R = n_tokens / U − 1.",
        ),
        Wrong(
            {
                "few = worth(stock), worth(share": "better = worth(stock), worth(multiplier * share",
                '"filtered": multiplier * few,\n': '"filtered": better,\n',
                "/ few,\n": "/ worth(share * stock),\n",
                '"pays": multiplier * few ': '"pays": better ',
            },
            "You let better text be more text, so that it is repeated less. There is as much "
            "of it as there is: multiply what was learnt from it, at the end.",
        ),
        Wrong(
            all_of_it_is_fresh,
            "You take all of the unfiltered text for fresh. It is repeated too where n_tokens "
            "are more than the stock.",
        ),
        Wrong(
            {"worth(share ": "worth((1 - share) "},
            "Your filtered stock is what the filter drops. `share` is what passes.",
        ),
        Wrong(
            {"plain / few": "1 / share"},
            'Your "needed" is 1/share, as if what is repeated were worth nothing. Plain '
            "worth over the filtered worth before the multiplier.",
        ),
        Wrong(
            {"plain / few": "few / plain"},
            'Your "needed" is upside down: it must be 1 or more where there is less text.',
        ),
    ),
    right=(filter_pays_in_arrays, filter_pays_with_the_library),
)

EXERCISES = [E04_1, E04_2, E04_3, E04_4, E04_5, E04_6, E04_7, E04_8, E04_9, E04_10]
