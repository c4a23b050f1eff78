"""What decides the points of 04_data_bottleneck. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

import numpy as np

from course.classroom.judge import Case, Exercise, Property, Wrong
from course.data import DEMAND, DEMAND_GROWTH
from course.evidence import fact
from course.experiments import study

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


E04_1 = Exercise(
    id="04.1",
    name="repeated_worth",
    title="Read again: what is it worth?",
    minutes=9,
    difficulty=1,
    reference=repeated_worth,
    own=True,
    units=("share",),
    properties=(
        Property(
            "25e9 tokens read four times are worth 93.1e9 fresh ones; so too for one epoch, for "
            "40, and for another R*",
            {"effective": 1, "share": 1, "next": 1},
            ((25e9, 4, 15.39), (1e9, 1, 15.39), (1e9, 40, 15.39), (2e9, 10, 5.0)),
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
            {
                "unique + unique * r_star * (1 - following)": "unique * epochs",
                '"next": following': '"next": 1',
            },
            "You count every token that is read as a fresh one, as document A §4.1 does: it "
            "asks how good a token is, and never how often it was read before.",
        ),
        Wrong(
            {" + unique * r_star * (1 - following)": "", '"next": following': '"next": 0'},
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
            {"unique + ": ""},
            "You have the repetitions only. The first reading is worth U: add it.",
        ),
        Wrong(
            {"math.exp(-(epochs - 1) / r_star)": "0.5 ** (epochs - 1)", "r_star * ": ""},
            "You let each reading be worth half of the one before. They wear out more slowly: "
            "by e^(−1/R*) from one to the next.",
        ),
        Wrong(
            {"(unique * epochs)": "unique"},
            'Your "share" divides by the unique tokens. A share of all tokens that were read '
            "is asked for: divide by U · epochs.",
        ),
        Wrong(
            {'"next": following': '"next": effective / (unique * epochs)'},
            'Your "next" is the average over all tokens read. The next token is worth less '
            "than the average: e^(−R/R*).",
        ),
        Wrong(
            {"unique + unique * r_star * (1 - following)": "unique * epochs * following"},
            "You let every token be worth as little as the last one. Those read before were "
            "worth more: use the formula of D′.",
        ),
    ),
    right=(repeated_worth_token_by_token,),
)

# --- 04.2 ----------------------------------------------------------------------------------------


def passes(r_star, worth, times):
    import math

    left = 1 - (times - 1) / r_star
    return {
        "most": 1 + r_star,
        "until": 1 - r_star * math.log(worth),
        "needed": 1 - r_star * math.log(left) if left > 0 else math.inf,
    }


def passes_by_search(r_star, worth, times):
    import math

    from scipy.optimize import brentq

    def texts(epochs):
        return 1 + r_star * (1 - math.exp(-(epochs - 1) / r_star))

    most, end = texts(math.inf), 1 + 40 * r_star
    needed = math.inf
    if times < most:
        needed = brentq(lambda epochs: texts(epochs) - times, 1, end, xtol=1e-12)
    until = brentq(lambda e: math.exp((1 - e) / r_star) - worth, 1, end, xtol=1e-12)
    return {"needed": needed, "until": until, "most": most}


E04_2 = Exercise(
    id="04.2",
    name="passes",
    title="How often is often enough?",
    minutes=11,
    difficulty=2,
    reference=passes,
    own=True,
    properties=(
        Property(
            "R* = 15.39, worth 0.5, ten texts: 16.39, 11.67 and 14.53; and R* = 4, worth 0.25, "
            "three texts",
            {"most": 1, "until": 1, "needed": 1},
            ((15.39, 0.5, 10), (4.0, 0.25, 3)),
        ),
        Property(
            "what no number of epochs is worth needs math.inf: the most that a text can be "
            "worth, and all above it",
            1,
            ((4.0, 0.5, 5), (15.39, 0.5, 17)),
        ),
        Property(
            "other values come out right, out of reach or not",
            1,
            (
                (7.31, 0.37, 2.93),
                (7.31, 0.37, 8.27),
                (11.9, 0.71, 12.95),
                (23.7, 0.83, 19.7),
                (0.5, 0.83, 1.5),
                (6.13, 1, 1),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {'"most": 1 + ': '"most": '},
            'Your "most" lacks the first reading: 1 + R*, as e^(−R/R*) goes to 0.',
        ),
        Wrong(
            {'"until": 1 - ': '"until": -', '"needed": 1 - ': '"needed": -'},
            "You give repetitions. Epochs are asked for: one more.",
        ),
        Wrong(
            {"math.log(worth": "math.log10(worth", "math.log(left": "math.log10(left"},
            "Your logarithm has the base 10. The inverse of e^x is ln, `math.log`.",
        ),
        Wrong(
            {"math.log(worth": "math.log2(worth", "math.log(left": "math.log2(left"},
            "You use R* as the repetitions after which half is left (a logarithm to the base "
            "2). After R* repetitions 1/e = 37 % is left: use ln.",
        ),
        Wrong(
            {
                "    left =": "    from scipy.optimize import brentq\n\n"
                "    def share(epochs):\n"
                "        return (1 + r_star * (1 - math.exp((1 - epochs) / r_star))) / epochs\n\n"
                "    left =",
                "1 - r_star * math.log(worth)": "brentq(lambda e: share(e) - worth, 1, 1e6)",
            },
            'Your "until" asks when the average over all readings has fallen to `worth`. What '
            "one more token is worth falls sooner: solve e^(−R/R*) = worth.",
        ),
        Wrong(
            {"math.log(worth)": "math.log(1 - worth) if worth < 1 else math.inf"},
            'Your "until" asks when that much is lost. It asks when that much is left: '
            "e^(−R/R*) = worth.",
        ),
        Wrong(
            {"math.log(worth)": "(worth - 1)"},
            'Your "until" lets the worth fall in a straight line. It falls by the same '
            "factor each time: solve e^(−R/R*) = worth with a logarithm.",
        ),
        Wrong(
            {"1 - r_star * math.log(left)": "times"},
            'Your "needed" takes one epoch for each text, as if what is repeated were fresh. '
            "Solve 1 + R*·(1 − e^(−R/R*)) = times.",
        ),
        Wrong(
            {"(times - 1)": "times"},
            'Your "needed" lets the repetitions alone be worth all of `times`. The first '
            "reading is worth 1 of them: R*·(1 − e^(−R/R*)) = times − 1.",
        ),
        Wrong(
            {"math.inf": "1000"},
            "You give a number of epochs where none is enough: however often it is read, a "
            "text is worth less than 1 + R* texts.",
        ),
        Wrong(
            {" if left > 0 else math.inf": ""},
            "Python stops at a logarithm of 0 or less: no number of epochs is worth so many "
            "texts. Ask for that first, and give math.inf.",
        ),
    ),
    right=(passes_by_search,),
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
    for stock, up, demand, more in scenarios:
        gap, speed = math.log(stock / demand), math.log((1 + more) / (1 + up))
        years.append(0 if gap <= 0 else gap / speed if speed > 0 else math.inf)
    return {
        "first": min(years),
        "by": sum(year <= by for year in years),
        "never": years.count(math.inf),
    }


def run_out_in_arrays(scenarios, by):
    import numpy as np

    stock, stock_growth, demand, demand_growth = np.array(scenarios, float).T
    gap = np.log10(stock) - np.log10(demand)
    speed = np.log10(1 + demand_growth) - np.log10(1 + stock_growth)
    with np.errstate(divide="ignore", invalid="ignore"):
        years = np.where(gap <= 0, 0, np.where(speed > 0, gap / speed, np.inf))
    return {"first": years.min(), "by": (years <= by).sum(), "never": np.isinf(years).sum()}


def year_as_printed_in_a(scenarios, by):
    years, beyond = [], 0
    for _, _, demand, _ in scenarios:
        full = [y for y in range(2026, 2041) if demand + 100e9 * (y - 2026) >= 0.8 * 10e12]
        years += [year - 2024 for year in full[:1]]
        beyond += not full
    first = min(years) if years else "Beyond 2040"
    return {"first": first, "by": sum(year <= by for year in years), "never": beyond}


def each_year_uses_up_its_text(scenarios, by):
    import math

    years = []
    for stock, stock_growth, demand, demand_growth in scenarios:
        used, year = demand, 0
        while used < stock and year < 300:
            stock, demand, year = stock * (1 + stock_growth), demand * (1 + demand_growth), year + 1
            used += demand
        years.append(year if used >= stock else math.inf)
    by = sum(year <= by for year in years)
    return {"first": min(years), "by": by, "never": years.count(math.inf)}


E04_3 = Exercise(
    id="04.3",
    name="run_out",
    title="When demand meets the stock",
    minutes=13,
    difficulty=2,
    reference=run_out,
    own=True,
    properties=(
        Property(
            "300e12 tokens that stay, 15e12 that grow 2.4 times a year: 3.42 years; a stock that "
            "grows too; of five stocks one is used up already, at the start, and two never are; "
            "where none ever is the first is math.inf",
            {"first": 2, "by": 1, "never": 1},
            (
                ([[300e12, 0.0, 15e12, 1.4]], 6),
                ([[320e12, 0.02, 7e12, 1.4]], 6),
                ([[130e12, 0.03, 13e12, 0.5]], 6),
                (_SCENARIOS, 6),
                (_SCENARIOS[1:], 26),
                (_SCENARIOS, 0),
                (_SCENARIOS[1:3], 6),
            ),
        ),
        Property(
            "other stocks come out right, those that the demand has just reached too",
            1,
            (
                ([[413e12, 0.035, 9.3e12, 0.62], [77e12, 0.12, 21e12, 0.09]], 9),
                ([[88.7e12, 0.01, 91.3e12, 0.2], [663e12, 0.06, 11.3e12, 0.31]], 10),
                ([[207e12, 0.015, 13.7e12, 0.17], [31e12, -0.04, 17.9e12, -0.02]], 27),
                ([[47.3e12, 0.12, 47.3e12, 0.09], [61.7e12, 0.01, 23.9e12, 0.23]], 0),
                ([[71.9e12, 0.12, 52.3e12, 0.09]], 400),
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
            {" / (1 + up)": ""},
            "Your stock stands still. It grows as well: the gap closes by (1 + demand_growth) "
            "/ (1 + stock_growth) a year.",
        ),
        Wrong(
            {
                "math.log(stock / demand), math.log((1 + more) / (1 + up))": "stock - demand, "
                "demand * more - stock * up"
            },
            "You add the same amount each year. Growth by a share of what is there is "
            "exponential: times 1 + growth each year.",
        ),
        Wrong(
            {"math.log((1 + more) / (1 + up))": "math.log(more / up) if up > 0 else math.inf"},
            "You take the growth for the factor. A growth of 0.05 makes 1.05 times as much in "
            "a year: add 1 before you take the logarithm.",
        ),
        Wrong(
            {"(1 + more) / (1 + up)": "1 + more - up"},
            "You subtract the one growth from the other. Each year demand gains the factor "
            "(1 + demand_growth) / (1 + stock_growth): divide.",
        ),
        Wrong(
            {"math.log((1 + more) / (1 + up))": "more - up"},
            "You take e^(growth) for a year. With a growth of 1.4 a year there is 2.4 times "
            "as much, not e^1.4 = 4.1 times: use the logarithm of 1 + growth.",
        ),
        Wrong(
            {"else gap / speed": "else math.ceil(gap / speed)"},
            "You round up to whole years. Years with decimals are asked for.",
        ),
        Wrong(
            {"0 if gap <= 0 else ": ""},
            "You go back before 2024 where the demand is above the stock already. Then it is "
            "used up at the start: after 0 years.",
        ),
        Wrong(
            {"if speed > 0": "if speed"},
            "Where the demand grows more slowly than the stock, you find the year in the past "
            "when they were equal. From now on they part: never.",
        ),
        Wrong(
            {"if speed > 0": "if speed > 0 and gap / speed <= 2040 - 2024"},
            "You stop looking in 2040, as document A §4.1 does, and call what comes later "
            "never. Never is only where the demand does not grow faster than the stock.",
        ),
        Wrong(
            each_year_uses_up_its_text,
            "You add up the demand of all years. Text is not burnt: the demand is the size of "
            "the largest data set, and next year's may contain this year's.",
        ),
        Wrong(
            {"        years.": "        assert gap <= 0 or speed > 0\n        years."},
            "You raise an error where the stock is never used up. That is a possible answer: "
            "math.inf, which is later than any year, so that min and <= go on working.",
        ),
        Wrong(
            {"0 if gap <= 0 else gap / speed if speed > 0 else math.inf": "gap / speed"},
            "You divide by ln 1 = 0 where stock and demand grow alike. Ask first: is the "
            "demand there already (0 years)? Does it grow no faster than the stock (never)?",
        ),
        Wrong(
            {"year <= by": "year < by"},
            'Your "by" leaves out the stocks that are used up after just `by` years. These '
            "are in time: <=.",
        ),
        Wrong(
            {"min(years)": "min(years) if min(years) < math.inf else 'never'"},
            'Where all stocks last, your "first" is a text. math.inf is asked for: later than '
            "any year, and still a number.",
        ),
    ),
    right=(run_out_in_arrays,),
)

# --- 04.4 ----------------------------------------------------------------------------------------

_YEARS = (
    "3.9 7.2 2.4 5.5 inf 4.3 10.8 6.1 3.2 8.6 5.0 17.7 "
    "4.8 1.8 6.9 12.0 4.1 9.4 3.5 inf 5.9 2.9 7.9 23.3"
)
_DRAWN = [float(year) for year in _YEARS.split()]


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


_ENDING = (
    "    from statistics import NormalDist, fmean, stdev\n\n"
    "    ending = [year for year in years if year < math.inf]\n"
    "    mean, sd = fmean(ending), stdev(ending)\n"
    "    z = NormalDist().inv_cdf((1 + level) / 2)\n"
    "    return {"
)
_ENDS = "quantile((1 - level) / 2), quantile((1 + level) / 2)"

E04_4 = Exercise(
    id="04.4",
    name="spread",
    title="A year with a spread",
    minutes=13,
    difficulty=2,
    reference=spread,
    own=True,
    units=("share",),
    properties=(
        Property(
            "the 24 draws of the notebook: 5.9 years, from 2.9 to 23.3; half within 6; nine draws, "
            "two of them never, one just when it is asked for; three, none of them never",
            {"median": 1, "interval": 1, "by": 1, "never": 1},
            (
                (_DRAWN, 6, 0.8),
                ([6, 2, _NEVER, 4, 11, 3, _NEVER, 7, 5], 6, 0.5),
                ([7.5, 2.5, 4.5], 3, 0.9),
            ),
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
                ([9.17, 4.37, 13.3, 6.91, 28.7, 3.11, 5.39, 7.43], 7.43, 0.5),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"    return {": _ENDING, "quantile(0.5)": "mean"},
            'Your "median" is a mean. One draw that never ends makes the mean never, so you '
            "had to leave these out. Sort, and take the middle.",
        ),
        Wrong(
            {
                "sorted(years), len(years)": "sorted(y for y in years if y < math.inf), 0\n"
                "    n = len(ordered)",
                "math.inf) / n": "math.inf) / len(years)",
            },
            "You throw the draws that are never away, and make the forecast earlier and surer "
            "than it is. math.inf sorts behind every year: leave it in, and divide by all.",
        ),
        Wrong(
            {
                "for year in years)": "for year in ordered)",
                "sorted(years)": "sorted(min(year, 2040 - 2024) for year in years)",
                "years.count(math.inf)": "ordered.count(2040 - 2024)",
            },
            "You take never, and all that is late, for 2040: document A §4.1 stops "
            "counting there. A horizon is no date: leave math.inf in.",
        ),
        Wrong(
            {"    return {": _ENDING, _ENDS: "mean - z * sd, mean + z * sd"},
            "Your interval is mean ± z · standard deviation. Dates are skewed, with a long "
            "late end, and never has no mean. Count draws from both ends.",
        ),
        Wrong(
            {
                "    return {": _ENDING,
                _ENDS: "mean - z * sd / len(ending) ** 0.5, mean + z * sd / len(ending) ** 0.5",
            },
            "Your interval divides by √n: it says how well the mean is known, and shrinks the "
            "more you draw. How far the dates themselves spread is asked for.",
        ),
        Wrong(
            {_ENDS: "quantile(1 - level), quantile(level)"},
            "You leave out 1 − level on each side. Both sides together leave out 1 − level: "
            "half of it each.",
        ),
        Wrong(
            {"    return {": _ENDING, _ENDS: "min(ending), max(ending)"},
            "Your interval goes from the first draw to the last, whatever the level.",
        ),
        Wrong(
            {
                "return ordered[math.ceil(share * n) - 1]": "place = share * (n - 1)\n"
                "        lower, part = math.floor(place), place - math.floor(place)\n"
                "        if part < 1e-9:\n"
                "            return ordered[lower]\n"
                "        return ordered[lower] * (1 - part) + ordered[lower + 1] * part"
            },
            "You interpolate between two draws, as np.quantile does if nothing is said. Next "
            "to a draw that is never that gives NaN. Take the draw itself.",
        ),
        Wrong(
            {"year <= by": "year < by"},
            'Your "by" leaves out the draws that are just `by`. These are in time: <=.',
        ),
        Wrong(
            {"for year in years) / n": "for year in years) / (n - years.count(math.inf))"},
            'Your "by" divides by the draws that end at all. The chance is that among all draws.',
        ),
        Wrong(
            {"years.count(math.inf)": "sum(year > by for year in years)"},
            'Your "never" counts all that is later than `by`. Late is not never.',
        ),
        Wrong(
            {"math.ceil(share * n) - 1": "int(share * n)"},
            "Your quantile is at the place q · n, rounded down, counted from 0. Where q · n is a "
            "whole number that is one draw too late: round up, then take 1 off.",
        ),
        Wrong(
            {"sorted(years)": "sorted(years, reverse=True)"},
            "You sort from late to early, so that your quantiles count from the wrong end.",
        ),
    ),
    right=(spread_in_arrays,),
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
        for start in range(len(words) - length + 1):
            piece = " ".join(words[start : start + length])
            if piece not in found:
                found.append(piece)
        return found or [" ".join(words)]

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


_SYMMETRIC = "both numbers of runs are the same in either order"

E04_5 = Exercise(
    id="04.5",
    name="near_copies",
    title="Almost the same text",
    minutes=14,
    difficulty=3,
    reference=near_copies,
    own=True,
    equivalent={
        "similarity(own, sets[other]) → similarity(sets[other], own)": _SYMMETRIC,
        "similarity(sets[0], sets[1]) → similarity(sets[1], sets[0])": _SYMMETRIC,
    },
    properties=(
        Property(
            "the texts of the notebook, runs of 3 words, 0.7: similarity 0.78, three are kept; "
            "three in a row, each like the one before: the third is not like the first; a "
            "similarity right at the threshold, and texts shorter than a run",
            {"similarity": 2, "kept": 2},
            (
                (_TEXTS, 3, 0.7),
                (_CHAIN, 2, 0.7),
                (["a b c d e", "a b c d x y", "yes", "yes", "no", "a b c d e f g"], 2, 0.5),
            ),
        ),
        Property(
            "other texts come out right, with capitals, blanks and short texts",
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
                (["oh", "ah", "oh", "oh dear", "ah"], 2, 0.3),
                (["see  spot\nrun far", "see spot run far", "See spot Run far"], 2, 0.9),
                (["salt pepper oil", "pepper salt oil"], 2, 0.33),
                (["no tone now", "not one now"], 2, 0.33),
                (["See spot run far", "see spot run far", "see spot run"], 3, 0.6),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"{tuple(words[start : start + length]) for start in starts}": "set(words)"},
            "You compare sets of single words, so that the order does not count. Compare runs "
            "of `length` words.",
        ),
        Wrong(
            {"text.split()": "text"},
            "Your runs are of letters. Split the text into words first: text.split().",
        ),
        Wrong(
            {"range(max(1, len(words) - length + 1))": "range(0, len(words), length)"},
            "You cut the text into blocks. A word put in at the start then shifts all of "
            "them. A run begins at every word.",
        ),
        Wrong(
            {"for other in kept)": "for other in range(len(sets)) if other != place)"},
            "You drop every text that has a near-copy, the first one too. Nothing is left of "
            "what was there twice: keep the first.",
        ),
        Wrong(
            {"in kept)": "in range(max(0, place - 1), place))"},
            "You compare each text with the one before it only. Copies lie anywhere: compare "
            "with all that were kept.",
        ),
        Wrong(
            {"in kept)": "in range(place))"},
            "You compare with texts that were dropped, too. A chain of small changes then "
            "drops texts that are like nothing that is left: compare with the kept ones.",
        ),
        Wrong(
            {
                "all(similarity(own, sets[other]) < threshold for other in kept)": "texts[place] "
                "not in texts[:place]"
            },
            "You drop exact copies only. One changed word hides a copy from that: use the "
            "similarity.",
        ),
        Wrong(
            {"len(a | b)": "min(len(a), len(b))"},
            "You divide by the smaller set. Jaccard divides by the union: all runs that are "
            "in either.",
        ),
        Wrong(
            {"len(a & b) / len(a | b)": "2 * len(a & b) / (len(a) + len(b))"},
            "This is Dice's measure, 2·both / (sum of the sizes). Jaccard is both / either.",
        ),
        Wrong(
            {"len(a | b)": "(len(a) + len(b))"},
            "You divide by the two sizes added, and count the common runs twice. The union "
            "has each once: `a | b`.",
        ),
        Wrong(
            {"< threshold": "<= threshold"},
            "You drop what is above the threshold. At least as similar is asked for: >=.",
        ),
        Wrong(
            {
                "enumerate(sets)": "reversed(list(enumerate(sets)))",
                '"kept": kept': '"kept": sorted(kept)',
            },
            "You keep the last of several copies. The first one is asked for.",
        ),
        Wrong(
            {
                "max(1, len(words) - length + 1)": "len(words) - length + 1",
                "/ len(a | b)": "/ max(1, len(a | b))",
            },
            "Texts shorter than a run have no runs with you, so their copies stay. Such a "
            "text is a run by itself.",
        ),
        Wrong(
            {"max(1, len(words) - length + 1)": "len(words) - length + 1"},
            "Two texts shorter than a run have no runs with you, and you divide 0 by 0. Such a "
            "text is a run by itself, so no set is empty.",
        ),
        Wrong(
            {'"kept": kept': '"kept": sorted(set(range(len(texts))) - set(kept))'},
            'Your "kept" has the places that are dropped.',
        ),
        Wrong(
            {"text.split()": "text.lower().split()"},
            "You make small letters of capitals. The words are asked for as they stand: "
            "text.split() and no more.",
        ),
        Wrong(
            {"text.split()": 'text.split(" ")'},
            'text.split(" ") makes an empty word of two blanks in a row, and leaves a line '
            "break inside a word. text.split() does not.",
        ),
    ),
    right=(near_copies_in_a_loop,),
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


_EVENNESS = "entropy / math.log(len(shares)) if len(shares) > 1 else 0"

E04_6 = Exercise(
    id="04.6",
    name="coverage",
    title="How many domains is that?",
    minutes=10,
    difficulty=2,
    reference=coverage,
    own=True,
    properties=(
        Property(
            "a half and two quarters: 1.040 nats, evenness 0.946, 2.83 domains; three domains of "
            "which one is empty; one domain alone is 0, 0 and 1",
            {"entropy": 1, "evenness": 1, "effective": 1},
            (
                ({"web": 50, "books": 25, "code": 25},),
                ({"web": 3e12, "books": 1e12, "code": 0},),
                Case(({"web": 7},), {"entropy": 0, "evenness": 0, "effective": 1}),
            ),
        ),
        Property("a corpus without any text is refused", 1, (({"web": 0, "code": 0},),)),
        Property(
            "other corpora come out right, or are refused",
            1,
            (
                ({"law": 613, "news": 87, "mail": 0, "chat": 211, "maps": 39},),
                ({"law": 0, "news": 4.7e11},),
                ({"law": 257, "news": 719},),
                ({"law": 0},),
                ({},),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                'raise ValueError("an empty corpus has no shares")': "return "
                '{"entropy": 0, "evenness": 0, "effective": 1}',
                "> 1 else 0": "> 1 else math.nan",
            },
            "This is document A's index. With one domain it divides by ln 1 = 0 and gives "
            "NaN, and an empty corpus has a diversity of 0 in it. Say what one domain gives, "
            "and refuse what has no shares.",
        ),
        Wrong(
            {"* math.log(p)": "* math.log2(p)", "/ math.log(len": "/ math.log2(len"},
            "Your logarithm has the base 2. Nats are asked for, ln, and e goes with them.",
        ),
        Wrong(
            {"math.exp(entropy)": "2**entropy"},
            'Your "effective" is 2 to the power of nats. Nats go with e: math.exp.',
        ),
        Wrong(
            {" if p > 0": ""},
            "You take the logarithm of 0. p·ln p goes to 0 with p: leave a domain without "
            "text out of the sum.",
        ),
        Wrong(
            {"in amounts.values()]": "in amounts.values() if amount > 0]"},
            'Your "evenness" does not count the domains without text. A listed domain that '
            "is empty is the opposite of even: divide by ln of all that are listed.",
        ),
        Wrong(
            {"amount / total": "amount"},
            "You put amounts into the formula. It wants shares, which sum to 1.",
        ),
        Wrong(
            {_EVENNESS: "entropy / len(shares)"},
            'Your "evenness" divides by the number of domains. The most that the entropy can '
            "be is the logarithm of it.",
        ),
        Wrong(
            {"> 1 else 0": "> 1 else 1"},
            "You call a single domain perfectly even. It is all in one place, as are two of "
            "which one is empty: 0.",
        ),
        Wrong(
            {"math.exp(entropy)": "len(shares)"},
            'Your "effective" counts the domains. One with a per mille of the text does not '
            "count like one with half: e to the power of the entropy weighs them.",
        ),
        Wrong(
            {"math.exp(entropy)": "evenness * len(shares)"},
            'Your "effective" is evenness times the number of domains. e to the power of the '
            "entropy is asked for.",
        ),
        Wrong(
            {"math.exp(entropy)": "1 / sum(p**2 for p in shares)"},
            'Your "effective" is 1 / Σp², Simpson\'s number. It weighs small domains less. '
            "That of the entropy is asked for.",
        ),
    ),
    right=(coverage_as_a_product,),
)

# --- 04.7 ----------------------------------------------------------------------------------------


def advice(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError(f"{len(amounts)} domains cannot all have {floor}")
    advised, left, amount_left = {}, 1.0, sum(amounts.values())
    for name in sorted(amounts, key=amounts.get):
        advised[name] = max(floor, left * amounts[name] / amount_left)
        left -= advised[name]
        amount_left -= amounts[name]
    return advised


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


def advice_round_by_round(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError(f"{len(amounts)} domains cannot all have {floor}")
    raised = set()
    while True:
        rest = {name: amount for name, amount in amounts.items() if name not in raised}
        scale = (1 - floor * len(raised)) / sum(rest.values()) if rest else 0
        low = {name for name, amount in rest.items() if scale * amount < floor}
        if not low:
            return {n: floor if n in raised else scale * a for n, a in amounts.items()}
        raised |= low


def ten_per_cent_as_in_a(amounts, floor):
    total = sum(amounts.values())
    shares = {name: amount / total for name, amount in amounts.items()}
    return {name: 0.10 if share < 0.05 else share for name, share in shares.items()}


def the_same_from_each(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    shares = {name: amount / total for name, amount in amounts.items()}
    missing = sum(floor - share for share in shares.values() if share < floor)
    others = sum(share >= floor for share in shares.values())
    return {n: floor if p < floor else p - missing / others for n, p in shares.items()}


def scaled_down_once(amounts, floor):
    if floor * len(amounts) > 1:
        raise ValueError("floor is too high")
    total = sum(amounts.values())
    low = [name for name in amounts if amounts[name] / total < floor]
    rest = sum(amount for name, amount in amounts.items() if name not in low)
    scale = (1 - floor * len(low)) / rest
    return {name: floor if name in low else scale * a for name, a in amounts.items()}


_ADVISED = "max(floor, left * amounts[name] / amount_left)"
_TAKEN = "        left -= advised[name]\n        amount_left -= amounts[name]\n"
_FOUR = {"web": 90, "books": 5, "code": 3, "chat": 2}

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
            ((_FOUR, 0.25), (_FOUR, 0.3)),
        ),
        Property(
            "other corpora come out right, or are refused",
            1,
            (
                ({"law": 613, "news": 171, "mail": 143, "chat": 11, "maps": 0}, 0.14),
                ({"law": 887, "news": 113, "mail": 1}, 0.07),
                ({"law": 3, "news": 3, "mail": 3}, 0.34),
                ({"chat": 41, "maps": 97, "law": 587, "mail": 0, "news": 109, "code": 7}, 0.11),
                ({"law": 59}, 0.5),
                ({"law": 59, "news": 0, "mail": 83}, 0.335),
                ({"a": 364, "b": 528, "c": 130, "d": 66, "e": 560, "f": 958, "g": 114}, 0.13),
                ({"law": 0, "news": 29}, 0),
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
            {_TAKEN: ""},
            "You raise the small ones and take it from nobody: your shares sum to more than 1.",
        ),
        Wrong(
            {
                _TAKEN: "",
                "return advised": "return {n: p / sum(advised.values()) for n, p in advised.items()}",
            },
            "You divide all by the sum at the end, the raised ones too. They are then below "
            "the floor again: scale only the others.",
        ),
        Wrong(
            {_ADVISED: "left * amounts[name] / amount_left"},
            "These are the shares as they are. No domain may have less than the floor: raise those "
            "below it.",
        ),
        Wrong(
            {_ADVISED: "1 / len(amounts)"},
            "You make all even, as document A's index would have it. Only the floor is asked "
            "for; the rest keeps its proportions.",
        ),
        Wrong(
            the_same_from_each,
            "You take the same amount from each of the others. Take in proportion, else a "
            "domain just above the floor is pushed far below it, even below 0.",
        ),
        Wrong(
            {
                _TAKEN: "",
                "return advised": "advised[name] += 1 - sum(advised.values())\n    return advised",
            },
            "You take all from the largest domain. All that are above the floor give in "
            "proportion.",
        ),
        Wrong(
            scaled_down_once,
            "After you scale the others down, one of them is below the floor. Raise it too, "
            "and scale again, until none is.",
        ),
        Wrong(
            {
                _ADVISED: "floor + (1 - floor * len(amounts)) * amounts[name] / sum(amounts.values())"
            },
            "You give the floor to each and divide up what is left. That raises small domains "
            "above the floor. Raise to the floor, no further.",
        ),
        Wrong(
            {
                'raise ValueError(f"{len(amounts)} domains cannot all have {floor}")': "floor = 1 / len(amounts)"
            },
            "You lower a floor that cannot be kept in silence. Four domains cannot have 30 % "
            "each: raise ValueError.",
        ),
        Wrong(
            {
                "sum(amounts.values())": "sum(a for a in amounts.values() if a >= floor * sum(amounts.values()))",
                _ADVISED + "\n" + _TAKEN: "amounts[name] / amount_left\n"
                "        if amounts[name] < floor * sum(amounts.values()):\n"
                "            advised[name] = 0\n",
            },
            "You drop the domains below the floor. They are to be raised to it.",
        ),
    ),
    right=(advice_by_bisection, advice_round_by_round),
)

# --- 04.8 ----------------------------------------------------------------------------------------

_RUNS = {
    "medium_quality": [20e9, 2.565],
    "high_quality_web": [20e9, 2.5],
    "noise": [20e9, 3.1],
}
_LAW = (2.218, 1488, 0.35266)


def measured_quality(runs, quality, floor, B, beta):
    if quality not in runs or runs[quality][1] <= floor:
        raise ValueError(f"quality must have a run with a loss above {floor}, got {quality!r}")
    n_tokens, loss = runs[quality]
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


E04_8 = Exercise(
    id="04.8",
    name="measured_quality",
    title="A quality that is measured",
    minutes=12,
    difficulty=2,
    reference=measured_quality,
    own=True,
    properties=(
        Property(
            "good web text counts 1.79 times, noise 0.071 times",
            {"effective": 1, "multiplier": 1, "gain": 1},
            ((_RUNS, "high_quality_web", *_LAW), (_RUNS, "noise", *_LAW)),
        ),
        Property(
            "a quality without a run is refused, and a loss that plain text never reaches: that "
            "of the floor, and all below",
            1,
            (
                (_RUNS, "hihg_quality_web", *_LAW),
                ({"too_good": [20e9, 2.118]}, "too_good", *_LAW),
                ({"too_good": [20e9, 2.218]}, "too_good", *_LAW),
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
                ({"forum": [4.9e10, 2.447]}, "forum", 2.447, 1213, 0.347),
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
                "    if quality not in runs or": "    if quality not in runs:\n"
                "        quality = next(iter(runs))\n"
                "        runs = {quality: [runs[quality][0], floor + B / runs[quality][0] ** beta]}\n"
                "    if"
            },
            "You let an unknown name count 1.0, as document A does. A slip of the keys then "
            "passes as medium quality: raise ValueError.",
        ),
        Wrong(
            {'"gain": gain': '"gain": gain / n_tokens'},
            'Your "gain" is divided by the tokens, as document A divides for its '
            "efficiency. Whatever is divided so favours fewer tokens. The nats of a doubling "
            "are asked for.",
        ),
        Wrong(
            {
                "(B / (loss - floor)) ** (1 / beta)": "n_tokens * (floor + B / n_tokens**beta) / loss"
            },
            "You divide one loss by the other. Losses are no tokens: ask how many plain tokens "
            "reach this loss.",
        ),
        Wrong(
            {"B / (loss - floor)": "B / loss", "= (loss - floor)": "= loss"},
            "You forget the floor. Only what lies above it falls with the tokens: loss − "
            "floor = B / D^beta.",
        ),
        Wrong(
            {"(1 / beta)": "beta"},
            "You raise to beta. To solve for D, take the power 1/beta.",
        ),
        Wrong(
            {" ** (1 / beta)": ""},
            "You solve loss − floor = B / D. D stands there to the power of beta.",
        ),
        Wrong(
            {"effective / n_tokens": "n_tokens / effective"},
            'Your "multiplier" is upside down: plain tokens over the tokens of the run.',
        ),
        Wrong(
            {"(1 - 2**-beta)": "0.5"},
            'Your "gain" is half of what lies above the floor. Twice the tokens divide it by '
            "2^beta, which is much less than 2.",
        ),
        Wrong(
            {"= (loss - floor) * (1 - 2**-beta)": "= floor + (loss - floor) * 2**-beta"},
            'Your "gain" is the loss after the doubling. What the doubling saves is asked for.',
        ),
        Wrong(
            {" or runs[quality][1] <= floor": "", "(B / (": "(B / abs("},
            "You accept a loss below the floor. No amount of plain text reaches it, so it has "
            "no multiplier: raise ValueError.",
        ),
        Wrong(
            {"quality not in runs or ": ""},
            "You let Python stop with KeyError. Say what is wrong: raise ValueError for a "
            "quality without a run.",
        ),
        Wrong(
            {"<= floor": "< floor"},
            "A loss of just the floor is not above it. No amount of plain text reaches it: "
            "raise ValueError there too.",
        ),
    ),
    right=(measured_quality_by_search,),
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


_TARGET = "weight * np.array(words) + (1 - weight) * np.array(code)"
_AT_AN_END = (
    '    if i in (0, len(shares) - 1):\n        return {"share": shares[i], "loss": target[i]}\n'
)
_THREE = "shares[i - 1 : i + 2], target[i - 1 : i + 2]"
_OTHER_SHARES = [0.05, 0.15, 0.4, 0.85, 0.95]
_OTHER_CODE = [1.613, 1.637, 1.681, 1.913, 2.071]
_OTHER_WORDS = [2.639, 2.457, 2.341, 2.263, 2.257]

E04_9 = Exercise(
    id="04.9",
    name="best_mixture",
    title="The best mixture, for whom?",
    minutes=13,
    difficulty=3,
    reference=best_mixture,
    properties=(
        Property(
            "a target of 30 % words: a share of 0.344, 1.866 nats; of 50 %: 0.469 and 1.955; for "
            "one kind of text alone the best share is at the end",
            {"share": 2, "loss": 1},
            tuple((_SHARES, _CODE, _WORDS, weight) for weight in (0.3, 0.5, 0, 1)),
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
                *((_OTHER_SHARES, _OTHER_CODE, _OTHER_WORDS, weight) for weight in (0.81, 0.04)),
            ),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {
                "    i =": '    return {"share": 0.5, "loss": np.interp(0.5, shares, target)}\n    i ='
            },
            "You take half of each whatever the target is: document A's index calls that "
            "perfect. Ask the losses.",
        ),
        Wrong(
            {"if i in (0, len(shares) - 1)": "if i >= 0"},
            "You take the best of the mixtures that were tried. The lowest point lies between "
            "them: put a parabola through it and its two neighbours.",
        ),
        Wrong(
            {
                "    i =": '    return {"share": weight, "loss": np.interp(weight, shares, target)}\n    i ='
            },
            "You mix as the target is mixed. The best mixture is another: some of a kind helps "
            "the other too, and the first bit of each helps most.",
        ),
        Wrong(
            {
                _AT_AN_END: "",
                _THREE: "shares, target",
                "-b / (2 * a)": "min(1, max(0, -b / (2 * a)))",
            },
            "You put one parabola through all mixtures. The curve rises steeply at its ends, "
            "which pulls the bottom away: use three points only.",
        ),
        Wrong(
            {
                "    a, b, c = np.polyfit": "    before, lowest, after = target[i - 1 : i + 2]\n"
                "    move = (before - after) / (before - 2 * lowest + after) / 2\n"
                "    step = (shares[i + 1] - shares[i - 1]) / 2\n"
                '    return {"share": shares[i] + step * move, "loss": lowest - (before - after) * move / 4}\n'
                "    a, b, c = np.polyfit"
            },
            "You use the formula for points at equal distances. These shares are not: fit the "
            "parabola to the shares themselves.",
        ),
        Wrong(
            {"weight * np.array(words) + (1 - weight)": "(1 - weight) * np.array(words) + weight"},
            "You have the weights the other way round: `weight` is that of the words.",
        ),
        Wrong(
            {_TARGET: "(np.array(words) + np.array(code)) / 2"},
            "You let both losses count alike. The target is weight · words + (1 − weight) · code.",
        ),
        Wrong(
            {_TARGET: "np.array(words) * shares + np.array(code) * (1 - np.array(shares))"},
            "You weigh the losses by the share in training. That share is what you look for; "
            "what counts later is the target, `weight`.",
        ),
        Wrong(
            {"np.polyval([a, b, c], share)": "target[i]"},
            'Your "loss" is the lowest that was measured. That at the bottom of the parabola '
            "is asked for.",
        ),
        Wrong(
            {_AT_AN_END: "    i = min(len(shares) - 2, max(1, i))\n"},
            "You put a parabola where the lowest loss is at an end, and leave the range that "
            "was measured. Give the end itself.",
        ),
        Wrong(
            {
                _AT_AN_END: "    near = [i - 1, i, i + 1]\n",
                _THREE: "np.array(shares)[near], target[near]",
            },
            "The lowest loss can be the first or the last one. It has one neighbour then "
            "(and -1 is the last place of a list, not the one before the first). Give the end.",
        ),
    ),
    right=(best_mixture_by_differences,),
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


E04_10 = Exercise(
    id="04.10",
    name="filter_pays",
    title="Does the filter pay?",
    minutes=12,
    difficulty=3,
    reference=filter_pays,
    own=True,
    equivalent={
        "n_tokens <= unique → n_tokens < unique": "where all is read just once the formula of "
        "repetition, with R = 0, gives n_tokens too"
    },
    properties=(
        Property(
            "20e12 tokens from a stock of 10e12, a tenth passes: 1.65 times as good is needed; "
            "three tenths; where nothing is repeated at all; what is worth as much does not pay",
            {"plain": 1, "filtered": 1, "needed": 1, "pays": 1},
            (
                (20e12, 10e12, 0.1, 1.5, 15.39),
                (20e12, 10e12, 0.3, 1.5, 15.39),
                (1e12, 10e12, 0.25, 1.5, 15.39),
                (1e12, 10e12, 0.25, 1, 15.39),
            ),
        ),
        Property(
            "other filters come out right",
            1,
            (
                (3.7e12, 4.3e12, 0.21, 1.37, 11.3),
                (8.9e12, 2.3e12, 0.61, 1.13, 15.39),
                (5.3e13, 1.9e13, 0.043, 2.71, 6.7),
                (4.7e12, 4.7e12, 0.83, 0.97, 11.3),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"if n_tokens <= unique": "if True"},
            "You forget that few texts are read often. What passes the filter must be repeated "
            "more to fill the same training.",
        ),
        Wrong(
            {"multiplier * few > plain": "multiplier > 1"},
            'Your "pays" says yes to whatever is better than the rest: quality above '
            "quantity (数据质量 > 数据数量), as document A has it. Compare the two worths.",
        ),
        Wrong(
            {"if n_tokens <= unique": "if True", "return n_tokens": "return unique"},
            "You compare the stocks. The training reads n_tokens either way: count what these "
            "are worth.",
        ),
        Wrong(
            {"worth(share * stock)": "share * worth(stock)"},
            "You read the filtered text as often as the whole, so the training becomes "
            "shorter. At equal compute n_tokens are read either way.",
        ),
        Wrong(
            {"        if n_tokens <= unique:\n            return n_tokens\n": ""},
            "You use the formula of repetition where nothing is repeated. If n_tokens are no "
            "more than there are, all of them are fresh: D′ = n_tokens.",
        ),
        Wrong(
            {"return n_tokens": "return unique"},
            "Where n_tokens are fewer than the stock you count the whole stock. What is not "
            "read teaches nothing: D′ = n_tokens.",
        ),
        Wrong(
            {"unique - 1": "unique"},
            "Your repetitions are one too many: R = n_tokens / U − 1.",
        ),
        Wrong(
            {
                "multiplier * few,": "worth(multiplier * share * stock),",
                "multiplier * few > plain": "worth(multiplier * share * stock) > plain",
            },
            "You let better text be more text, so that it is repeated less. There is as much "
            "of it as there is: multiply what was learnt from it, at the end.",
        ),
        Wrong(
            {"worth(stock),": "n_tokens,"},
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
        Wrong(
            {"few > plain": "few >= plain"},
            "You let a filter pay that gains nothing. It pays if the filtered text is worth "
            "more: >.",
        ),
    ),
    right=(filter_pays_in_arrays,),
)

# --- 04.11 ---------------------------------------------------------------------------------------


def _fleet_runs():
    """The fleet's runs over repeated text that the law can express, as the notebook chooses them."""
    return [
        [r["d_model"], r["n_with_head"], r["n_tokens"] / r["epochs"], r["epochs"], r["loss"]]
        for r in study.measured("repetition")
        if r["n_tokens"] >= 4 * r["n_with_head"] and (r["d_model"], r["epochs"]) != (32, 30)
    ]


def _made_up_runs(widths, seed, law):
    """Runs by the law with {width: (N, R*)}, each loss with an error of 1 %."""
    errors, runs = np.random.default_rng(seed), []
    for width, (n_params, r_star) in widths.items():
        for unique in (31e3, 62e3, 124e3, 248e3):
            for epochs in (1, 3, 9, 27):
                texts = 1 + r_star * (1 - np.exp((1 - epochs) / r_star))
                loss = law["E"] + law["A"] / n_params ** law["alpha"]
                loss += law["B"] / (unique * texts) ** law["beta"]
                loss *= 1 + 0.01 * errors.standard_normal()
                runs.append([width, n_params, unique, epochs, round(float(loss), 4)])
    return runs


_FLEET_LAW = {"E": 0.7093, "A": 29.01, "alpha": 0.4004, "B": 22.58, "beta": 0.2545}
_MADE_UP_LAW = {"E": 0.83, "A": 21.3, "alpha": 0.37, "B": 31.3, "beta": 0.29}
_LIKE = _made_up_runs({48: (71e3, 11.3), 24: (23e3, 12.7)}, 1, _MADE_UP_LAW)
_TURNED = _made_up_runs({64: (137e3, 21.7), 40: (53e3, 6.3)}, 3, _MADE_UP_LAW)
_UNLIKE = _made_up_runs({64: (137e3, 5.1), 40: (53e3, 17.9)}, 2, _MADE_UP_LAW)


def two_widths(runs, law, unit):
    import numpy as np
    from scipy.optimize import minimize_scalar
    from scipy.special import stdtrit

    def log_r_star(rows):
        n, unique, epochs, loss = rows[:, 1:].T

        def misfit(log_r):
            repeats = np.exp(log_r) * (1 - np.exp((1 - epochs) / np.exp(log_r)))
            fitted = law["E"] + law["A"] / n ** law["alpha"]
            fitted += law["B"] / (unique * (1 + repeats)) ** law["beta"]
            return np.sum(np.log(fitted / loss) ** 2)

        return minimize_scalar(misfit, tol=1e-10).x

    table, logs, variances, parts = np.array(runs), [], [], []
    for width in np.unique(table[:, 0]):
        rows = table[table[:, 0] == width]
        labels = rows[:, 2] if unit == "text" else np.arange(len(rows))
        fits = [log_r_star(rows[labels != left_out]) for left_out in np.unique(labels)]
        logs.append(log_r_star(rows))
        variances.append((len(fits) - 1) * np.var(fits))
        parts.append(len(fits))
    half = stdtrit(min(parts) - 1, 0.975) * np.sqrt(sum(variances))
    low, high = np.exp(logs[0] - logs[1] + np.array([-half, half]))
    verdict = "differ" if low > 1 or high < 1 else "not told apart"
    return {"r_star": np.exp(logs), "interval": [low, high], "verdict": verdict}


def two_widths_with_curve_fit(runs, law, unit):
    from math import exp, log

    import numpy as np
    from scipy.optimize import curve_fit
    from scipy.stats import t

    table = np.array(runs, dtype=float)

    def predicted(x, log_r):
        n, unique, epochs = x
        texts = 1 - np.exp(log_r) * np.expm1((1 - epochs) / np.exp(log_r))
        floor = law["E"] + law["A"] * n ** -law["alpha"]
        return np.log(floor + law["B"] * (unique * texts) ** -law["beta"])

    def fitted(rows):
        settings = {"p0": [2.0], "xtol": 1e-12, "ftol": 1e-12}
        return curve_fit(predicted, rows[:, 1:4].T, np.log(rows[:, 4]), **settings)[0][0]

    stars, squares, fewest = [], 0, len(table)
    for width in np.unique(table[:, 0]):
        own = table[table[:, 0] == width]
        labels = own[:, 2] if unit == "text" else np.arange(len(own))
        without = np.array([fitted(own[labels != label]) for label in np.unique(labels)])
        m = len(without)
        squares += (m - 1) / m * ((without - without.mean()) ** 2).sum()
        fewest = min(fewest, m)
        stars.append(exp(fitted(own)))
    half = t.ppf(0.975, fewest - 1) * squares**0.5
    interval = [exp(log(stars[0] / stars[1]) + sign * half) for sign in (-1, 1)]
    told = not interval[0] <= 1 <= interval[1]
    return {
        "interval": interval,
        "r_star": stars,
        "verdict": "differ" if told else "not told apart",
    }


_ONE_FACTOR = "another base multiplies all residuals by one factor: the optimum stays"
_NO_END_AT_1 = "no interval ends at exactly 1: its ends come out of a numerical fit"

E04_11 = Exercise(
    id="04.11",
    name="two_widths",
    title="One R* for all models?",
    minutes=20,
    difficulty=3,
    reference=two_widths,
    equivalent={
        "np.log(fitted / loss) → np.log10(fitted / loss)": _ONE_FACTOR,
        "np.log(fitted / loss) → np.log2(fitted / loss)": _ONE_FACTOR,
        "fitted / loss → loss / fitted": "its logarithm turns its sign, and the square does not",
        "low > 1 → low >= 1": _NO_END_AT_1,
        "high < 1 → high <= 1": _NO_END_AT_1,
    },
    properties=(
        Property(
            "the fleet's runs: R* is 19.3 at width 16 and 8.3 at width 32; leave out one run at a "
            "time, and they differ; one text at a time, and they are not told apart",
            {"r_star": 2, "interval": 1, "verdict": 1},
            ((_fleet_runs(), _FLEET_LAW, "run"), (_fleet_runs(), _FLEET_LAW, "text")),
            rel_tol=3e-3,
        ),
        Property(
            "runs of other widths, under another law, come out right",
            1,
            tuple(
                (runs, _MADE_UP_LAW, unit)
                for runs in (_LIKE, _UNLIKE, _TURNED)
                for unit in ("run", "text")
            ),
            hidden=True,
            rel_tol=3e-3,
        ),
    ),
    wrong=(
        Wrong(
            {"(1 - epochs)": "-epochs"},
            "Your R is the number of epochs. The first reading repeats nothing: R = epochs − 1.",
        ),
        Wrong(
            {"np.log(fitted / loss) ** 2": "np.abs(np.log(fitted / loss))"},
            "You add up the distances. Least squares is asked for: their squares.",
        ),
        Wrong(
            {"np.log(fitted / loss)": "(fitted - loss)"},
            "You fit the loss itself. Its logarithm is asked for, so that 1 % counts alike at "
            "every loss.",
        ),
        Wrong(
            {"(len(fits) - 1) * ": ""},
            "You take the plain variance of the fits. Those that leave out one are all nearly "
            "alike: the jackknife takes it (m − 1) times.",
        ),
        Wrong(
            {"(len(fits) - 1) * np.var(fits)": "np.var(fits, ddof=1) / len(fits)"},
            "You divide by m, as for the mean of m independent values. The fits share nearly "
            "all of their runs: multiply the variance by m − 1.",
        ),
        Wrong(
            {"stdtrit(min(parts) - 1, 0.975)": "1.96"},
            "You take 1.96 from the normal curve. With 3 texts a standard error is itself hardly "
            "known: take Student's t with m − 1 degrees of freedom.",
        ),
        Wrong(
            {"min(parts)": "sum(parts)"},
            "You count the parts of both widths. Take the smaller number of the two: the "
            "difference is known no better than its worse half.",
        ),
        Wrong(
            {"0.975": "0.95"},
            "Your interval leaves 5 % on each side. 95 % has 2.5 % on each: the quantile 0.975.",
        ),
        Wrong(
            {"np.sqrt(sum(variances))": "sum(np.sqrt(variances))"},
            "You add the two standard errors. Independent errors add in squares.",
        ),
        Wrong(
            {"logs[0] - logs[1]": "logs[1] - logs[0]"},
            "Your ratio is upside down: that of the smaller width over that of the larger.",
        ),
        Wrong(
            {'rows[:, 2] if unit == "text" else np.arange': "np.arange"},
            'With "text" you still leave out single runs. Leave out all the runs of one text at a '
            "time: what they share is what is in doubt.",
        ),
        Wrong(
            {'"differ" if low > 1 or high < 1': '"differ" if low > 0 or high < 0'},
            'Your verdict is "differ" although the interval holds 1. It is that of a ratio: alike is 1.',
        ),
    ),
    right=(two_widths_with_curve_fit,),
)

# --- 04.12 ---------------------------------------------------------------------------------------

_START = [DEMAND.low, DEMAND.high, DEMAND.level]
_GROWTH = [DEMAND_GROWTH.low, DEMAND_GROWTH.high, DEMAND_GROWTH.level]
_CAME = [
    [years, fact(f"model.{model}").value["n_tokens"]]
    for years, model in ((0.3, "Llama-3-70B"), (1.3, "Qwen3-235B"), (1.3, "Llama-4-Scout"))
]


def back_test(start, growth, came, level):
    import math
    from statistics import NormalDist

    def logarithm(low, high, share):
        """Mean and standard deviation of the logarithm."""
        z = NormalDist().inv_cdf((1 + share) / 2)
        return math.log(low * high) / 2, math.log(high / low) / 2 / z

    (tokens, spread), (speed, doubt) = logarithm(*start), logarithm(*growth)
    bands, shares = [], []
    for years, seen in came:
        forecast = NormalDist(tokens + years * speed, math.hypot(spread, years * doubt))
        bands.append([math.exp(forecast.inv_cdf((1 + s * level) / 2)) for s in (-1, 1)])
        shares.append(forecast.cdf(math.log(seen)))
    low = any(share > (1 + level) / 2 for share in shares)
    high = any(share < (1 - level) / 2 for share in shares)
    verdict = {(0, 0): "held", (1, 0): "too low", (0, 1): "too high", (1, 1): "too narrow"}
    return {"bands": bands, "shares": shares, "verdict": verdict[low, high]}


def back_test_by_drawing(start, growth, came, level):
    import numpy as np
    from scipy.special import ndtri

    # Points that fill the square evenly: each pair of shares is a pair of draws.
    i = np.arange(1, 400_001)
    draws = ndtri((i - 0.5) / len(i)), ndtri(i * (5**0.5 - 1) / 2 % 1)
    tokens, factor = (
        (low * high) ** 0.5 * np.exp(z * np.log(high / low) / 2 / ndtri((1 + share) / 2))
        for z, (low, high, share) in zip(draws, (start, growth), strict=True)
    )
    bands, shares, outside = [], [], set()
    for years, seen in came:
        forecast = tokens * factor**years
        low, high = np.quantile(forecast, [(1 - level) / 2, (1 + level) / 2])
        bands.append([low, high])
        shares.append(np.mean(forecast <= seen))
        outside |= {"too low"} if seen > high else {"too high"} if seen < low else set()
    verdict = "too narrow" if len(outside) == 2 else next(iter(outside), "held")
    return {"bands": bands, "shares": shares, "verdict": verdict}


E04_12 = Exercise(
    id="04.12",
    name="back_test",
    title="A forecast meets what came",
    minutes=18,
    difficulty=3,
    reference=back_test,
    equivalent={
        key: "no value lies just at an end of its band: the ends are no round numbers, and a "
        "simulation would miss them by a little"
        for key in (
            "share > (1 + level) / 2 → share >= (1 + level) / 2",
            "share < (1 - level) / 2 → share <= (1 - level) / 2",
        )
    }
    | {
        key: "a spread of the other sign, or in the other place, gives the same root of squares"
        for key in (
            "1 + share → 1 - share",
            "high / low → low / high",
            "math.hypot(spread, years * doubt) → math.hypot(years * doubt, spread)",
        )
    },
    properties=(
        Property(
            "at 90 % the forecast held: 3.9e12 to 16.9e12 tokens for April 2024, 8.8e12 to 41.8e12 "
            "a year later; at 80 % it was too low; another is too narrow",
            {"bands": 2, "shares": 1, "verdict": 1},
            (
                (_START, _GROWTH, _CAME, 0.9),
                (_START, _GROWTH, _CAME, 0.8),
                ([100, 400, 0.8], [1, 2, 0.9], [[1, 90], [2, 2000]], 0.9),
            ),
            rel_tol=0.02,
        ),
        Property(
            "other forecasts are judged right",
            1,
            (
                ([17.3, 23.9, 0.8], [1.37, 1.71, 0.9], [[0.7, 21.9], [3.1, 43.3]], 0.5),
                ([17.3, 23.9, 0.8], [1.37, 1.71, 0.9], [[1.9, 34.7], [4.3, 71.3]], 0.95),
                ([411, 937, 0.5], [0.83, 1.13, 0.7], [[2.3, 137], [6.7, 3_170]], 0.6),
                ([411, 937, 0.5], [0.83, 1.13, 0.7], [[2.3, 613], [6.7, 97.3]], 0.6),
                ([411, 937, 0.5], [0.83, 1.13, 0.7], [[2.3, 273]], 0.6),
            ),
            hidden=True,
            rel_tol=0.02,
        ),
    ),
    wrong=(
        Wrong(
            {"math.hypot(spread, years * doubt)": "spread"},
            "Your band does not widen with the years. What is not known of the growth counts "
            "once for each year.",
        ),
        Wrong(
            {"math.hypot(spread, years * doubt)": "spread + years * doubt"},
            "You add the two spreads, as if start and growth were always off to the same side. "
            "Independent ones add in squares.",
        ),
        Wrong(
            {"math.hypot(spread, years * doubt)": "math.hypot(spread, years**0.5 * doubt)"},
            "You let each year draw a growth of its own, so that years make up for each other. "
            "Here one growth holds for all years: its spread grows with years, not their root.",
        ),
        Wrong(
            {"tokens + years * speed": "tokens"},
            "Your forecast stands still. After t years there are start · growth^t tokens.",
        ),
        Wrong(
            {"tokens + years * speed": "tokens - years * speed"},
            "Your forecast shrinks. After t years there are start · growth^t tokens.",
        ),
        Wrong(
            {"(1 + share) / 2": "share"},
            "You put the interval's whole rest on one side. One of level 0.9 ends at the "
            "quantiles 0.05 and 0.95.",
        ),
        Wrong(
            {"*start": "*start[:2], 0.95", "*growth": "*growth[:2], 0.95"},
            "You take both intervals for 95 %. Each says its own level.",
        ),
        Wrong(
            {"(1 + s * level) / 2": "(1 + s * start[2]) / 2"},
            "Your bands are the same whatever `level` is, those of the start's own level.",
        ),
        Wrong(
            {"math.exp(forecast.inv_cdf((1 + s * level) / 2))": "(1 + s * level) / 2"},
            'Your "bands" are shares. Tokens are asked for: the quantiles of the forecast.',
        ),
        Wrong(
            {"forecast.cdf(math.log(seen))": "1 - forecast.cdf(math.log(seen))"},
            'Your "shares" are what lies above that which came. At most as much is asked for.',
        ),
        Wrong(
            {'(1, 0): "too low", (0, 1): "too high"': '(0, 1): "too low", (1, 0): "too high"'},
            "Your verdict is turned round: where more came than the band holds, the forecast "
            "was too low.",
        ),
        Wrong(
            {"verdict[low, high]": '"held" if min(low, high) == 0 else "too narrow"'},
            'Your verdict is "held" although a value lies outside its band. One such value is enough.',
        ),
    ),
    right=(back_test_by_drawing,),
)

EXERCISES = [
    E04_1,
    E04_2,
    E04_3,
    E04_4,
    E04_5,
    E04_6,
    E04_7,
    E04_8,
    E04_9,
    E04_10,
    E04_11,
    E04_12,
]
