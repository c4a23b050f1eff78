"""What decides the points of 06_ethics_and_sustainability. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

from course.classroom.judge import Exercise, Property, Wrong

# --- 06.1 ----------------------------------------------------------------------------------------


def footprint(gpu_hours, power_w, pue, g_per_kwh):
    kwh = gpu_hours * power_w / 1000 * pue
    return {"kwh": kwh, "tonnes": kwh * g_per_kwh / 1e6}


def footprint_in_joules(gpu_hours, power_w, pue, g_per_kwh):
    joules = gpu_hours * 3600 * power_w * pue
    return {"tonnes": joules * g_per_kwh / 3.6e12, "kwh": joules / 3.6e6}


E06_1 = Exercise(
    id="06.1",
    name="footprint",
    title="From hours to tonnes",
    minutes=7,
    difficulty=1,
    reference=footprint,
    own=True,
    units=("prefix", "time"),
    properties=(
        Property(
            "GPT-3 takes 1,289,376 kWh and 553.1 t; a building that wastes nothing and a grid that "
            "emits nothing come out right too",
            {"kwh": 1, "tonnes": 1},
            ((3_552_000, 330, 1.1, 429), (1e6, 700, 1, 369), (2e5, 400, 1.54, 0)),
        ),
        Property("other runs come out right", 2, ((30.84e6, 713, 1.27, 133.3),), hidden=True),
    ),
    wrong=(
        Wrong(
            {"gpu_hours * power_w / 1000 * pue": "gpu_hours * power_w * pue"},
            "Your kWh are watt-hours: a kWh is 1000 of them.",
        ),
        Wrong(
            {" * pue": ""},
            "You leave out the building. PUE multiplies what the computers draw.",
        ),
        Wrong(
            {" * pue": " / pue"},
            "You divide by PUE. The building draws more than its computers: multiply.",
        ),
        Wrong(
            {" * pue": " * (pue - 1)"},
            "You count the building without its computers. PUE is the whole over the computers.",
        ),
        Wrong(
            {"g_per_kwh / 1e6": "g_per_kwh / 1e3"},
            "Your tonnes are kilograms: a tonne is a million grams.",
        ),
        Wrong(
            {"kwh * g_per_kwh": "gpu_hours * power_w / 1000 * g_per_kwh"},
            "Your tonnes leave out the building: its electricity comes from the same grid.",
        ),
    ),
    right=(footprint_in_joules,),
)

# --- 06.2 ----------------------------------------------------------------------------------------


def follows(printed, inputs):
    low = high = 1
    for value, step in inputs:
        low *= value - step / 2
        high *= value + step / 2
    value, step = printed
    return {
        "low": low,
        "high": high,
        "follows": low <= value + step / 2 and high >= value - step / 2,
    }


def follows_in_arrays(printed, inputs):
    import numpy as np

    values, steps = np.array([printed, *inputs], float).T
    low, high = values - steps / 2, values + steps / 2
    ends = low[1:].prod(), high[1:].prod()
    return {
        "low": ends[0],
        "high": ends[1],
        "follows": bool(max(low[0], ends[0]) <= min(high[0], ends[1])),
    }


_GPT3 = [[10, 0], [355.2, 2.4], [330, 0], [1.1, 0.01]]

E06_2 = Exercise(
    id="06.2",
    name="follows",
    title="Does the printed figure follow?",
    minutes=12,
    difficulty=2,
    reference=follows,
    own=True,
    properties=(
        Property(
            "GPT-3's energy follows from its inputs within 1,279,179 and 1,299,612.6 kWh; so too "
            "BLOOM's tonnes; where the two intervals just meet the figure follows, above or below "
            "it does not",
            {"low": 1, "high": 1, "follows": 1},
            (
                ([1_287_000, 1000], _GPT3),
                ([24.69, 0.01], [[433.196, 0.001], [0.057, 0.001]]),
                ([5, 1], [[2, 0]]),
                ([3.5, 1], [[2, 2], [1, 0]]),
                ([2, 2], [[4, 2]]),
                ([6, 2], [[4, 2]]),
                ([6.5, 2], [[4, 2]]),
                ([1, 1], [[4, 2]]),
            ),
        ),
        Property(
            "other figures are judged right, above and below",
            2,
            (
                ([62.44, 0.01], [[147.456, 0], [0.423503, 0.000014]]),
                ([7.3, 0.1], [[2.7, 0.1], [2.9, 0.1]]),
                ([8.9, 0.1], [[2.7, 0.1], [2.9, 0.1]]),
                ([100, 10], [[5.5, 1], [17.5, 1]]),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "low *= value - step / 2": "low *= value - step",
                "high *= value + step / 2": "high *= value + step",
            },
            "You take a whole step to each side. What rounds to 14.8 lies within half a step of it.",
        ),
        Wrong(
            {
                "low <= value + step / 2 and high >= value - step / 2": "low <= value <= high",
            },
            "You ask whether the printed number lies inside. It was rounded too: ask whether the "
            "two intervals meet.",
        ),
        Wrong(
            {
                "low *= value - step / 2": "low *= value",
                "high *= value + step / 2": "high *= value",
            },
            "You take the inputs for exact. Each stands for all numbers that round to it.",
        ),
        Wrong(
            {"low <= value + step / 2 and high": "low < value + step / 2 and high"},
            "Your comparison leaves out an end. Where the intervals just meet, the figure follows.",
        ),
        Wrong(
            {"and high >= value - step / 2": ""},
            "You look at one side only. What was printed may also lie above all that follows.",
        ),
        Wrong(
            {
                "low <= value + step / 2 and high >= value - step / 2": "low >= value - step / 2 and "
                "high <= value + step / 2"
            },
            "You ask for all of what follows to round to the printed number. It is enough that "
            "something of it does.",
        ),
    ),
    right=(follows_in_arrays,),
)

# --- 06.3 ----------------------------------------------------------------------------------------


def accounts(used_kwh, bought_kwh, g_per_kwh):
    hours = range(len(used_kwh))
    location = sum(used_kwh[h] * g_per_kwh[h] for h in hours)
    bought = min(sum(bought_kwh) / sum(used_kwh), 1)
    unmatched = sum(max(used_kwh[h] - bought_kwh[h], 0) * g_per_kwh[h] for h in hours)
    return {
        "location": location / 1000,
        "yearly": location * (1 - bought) / 1000,
        "hourly": unmatched / 1000,
    }


def accounts_in_arrays(used_kwh, bought_kwh, g_per_kwh):
    import numpy as np

    used, bought, grams = map(np.array, (used_kwh, bought_kwh, g_per_kwh))
    kg = used @ grams / 1e3
    return {
        "hourly": np.clip(used - bought, 0, None) @ grams / 1e3,
        "yearly": kg * max(0, 1 - bought.sum() / used.sum()),
        "location": kg,
    }


_DAY = ([10, 10, 10, 10], [0, 40, 0, 0], [500, 200, 400, 600])

E06_3 = Exercise(
    id="06.3",
    name="accounts",
    title="Three accounts of one day",
    minutes=13,
    difficulty=2,
    reference=accounts,
    own=True,
    units=("prefix",),
    properties=(
        Property(
            "a day bought whole from the sun at noon is 17, 0 and 15 kg; half of it, 17, 8.5 and "
            "15; nothing bought leaves all three alike",
            {"location": 1, "yearly": 1, "hourly": 1},
            (
                _DAY,
                ([10, 10, 10, 10], [0, 20, 0, 0], [500, 200, 400, 600]),
                ([3, 5], [0, 0], [100, 300]),
                ([3, 5], [4, 9], [100, 300]),
            ),
        ),
        Property(
            "other days come out right, with more bought than used too",
            2,
            (
                ([7, 2, 9], [3, 6, 1], [213, 407, 551]),
                ([7, 2, 9], [13, 6, 1], [213, 407, 551]),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"location * (1 - bought)": "0"},
            'Your "yearly" is 0 whatever was bought. Only the share that was bought counts as nothing.',
        ),
        Wrong(
            {"min(sum(bought_kwh) / sum(used_kwh), 1)": "sum(bought_kwh) / sum(used_kwh)"},
            'Your "yearly" falls below 0 where more was bought than used. It ends at 0.',
        ),
        Wrong(
            {"max(used_kwh[h] - bought_kwh[h], 0)": "(used_kwh[h] - bought_kwh[h])"},
            'Your "hourly" lets the noon pay for the night: an hour with too much counts as 0, not '
            "below.",
        ),
        Wrong(
            {
                "used_kwh[h] * g_per_kwh[h] for h in hours)\n    b": "max(used_kwh[h] - "
                "bought_kwh[h], 0) * g_per_kwh[h] for h in hours)\n    b"
            },
            'Your "location" takes off what was bought. Location-based counts the grid, whatever '
            "papers say.",
        ),
        Wrong(
            {
                "location / 1000": "location",
                "(1 - bought) / 1000": "(1 - bought)",
                "unmatched / 1000": "unmatched",
            },
            "Your figures are grams. Kilograms are asked for.",
        ),
        Wrong(
            {
                "used_kwh[h] * g_per_kwh[h] for h in hours)\n    b": "used_kwh[h] for h in hours) * "
                "sum(g_per_kwh) / len(g_per_kwh)\n    b"
            },
            "You multiply the day's use by the mean of the grams. Each hour has its own use and its "
            "own grams.",
        ),
    ),
    right=(accounts_in_arrays,),
)

# --- 06.4 ----------------------------------------------------------------------------------------


def laws(flops, regions, revenue_usd, high_risk_use):
    found = []
    if "EU" in regions and flops >= 1e23:
        found.append("EU general-purpose")
    if "EU" in regions and flops > 1e25:
        found.append("EU systemic risk")
    if "EU" in regions and high_risk_use:
        found.append("EU high-risk use")
    if "California" in regions and flops > 1e26:
        found.append("California frontier")
    if "California" in regions and flops > 1e26 and revenue_usd > 500e6:
        found.append("California framework")
    if "China" in regions:
        found.append("China labels")
    return found


def laws_from_a_table(flops, regions, revenue_usd, high_risk_use):
    table = [
        ("EU general-purpose", "EU", not flops < 1e23),
        ("EU systemic risk", "EU", flops > 1e25),
        ("EU high-risk use", "EU", high_risk_use),
        ("California frontier", "California", flops > 1e26),
        ("California framework", "California", flops > 1e26 and revenue_usd > 5e8),
        ("China labels", "China", True),
    ]
    return [name for name, place, holds in table if place in regions and holds]


_ALL = ["EU", "California", "China"]

E06_4 = Exercise(
    id="06.4",
    name="laws",
    title="Which law looks?",
    minutes=11,
    difficulty=1,
    reference=laws,
    own=True,
    properties=(
        Property(
            "compute decides in the EU and in California, and revenue for the framework",
            1,
            (
                (3.3e24, _ALL, 1e9, False),
                (3.8e25, _ALL, 1e9, False),
                (5e26, _ALL, 1e9, False),
                (5e26, _ALL, 1e8, False),
                (5e22, _ALL, 1e9, False),
            ),
        ),
        Property(
            "a high-risk use counts whatever the compute, and China's labels whatever the model",
            1,
            (
                (1e20, _ALL, 0, True),
                (1e20, ["EU"], 0, True),
                (1e20, ["China"], 0, True),
                (5e26, [], 1e9, True),
            ),
        ),
        Property(
            "at a border: 10²³ is general-purpose, 10²⁵ and 10²⁶ are not above, nor are 500 million",
            1,
            (
                (1e23, _ALL, 0, False),
                (1e25, _ALL, 0, False),
                (1e26, _ALL, 1e9, False),
                (5e26, _ALL, 500e6, False),
            ),
        ),
        Property(
            "other models and places come out right",
            1,
            (
                (2e26, ["California", "EU"], 7e8, True),
                (2e26, ["China", "California"], 4e8, True),
                (9e25, ["California"], 9e9, False),
                (9e22, ["EU"], 9e9, False),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "flops > 1e25": "flops >= 1e25",
                "flops > 1e26:": "flops >= 1e26:",
                "flops > 1e26 and": "flops >= 1e26 and",
            },
            "The borders 10²⁵ and 10²⁶ are passed above them, not at them.",
        ),
        Wrong(
            {"flops > 1e26:": "flops > 1e25:", "flops > 1e26 and": "flops > 1e25 and"},
            "You use the EU's border in California. It is ten times as high there.",
        ),
        Wrong(
            {
                '"EU" in regions and high_risk_use': '"EU" in regions and flops > 1e25 and '
                "high_risk_use"
            },
            "You ask for compute where the use alone decides: a small model that sorts applicants "
            "is high-risk.",
        ),
        Wrong(
            {'"EU" in regions and high_risk_use': "high_risk_use"},
            "You apply the EU's rule on uses where the model is not offered in the EU.",
        ),
        Wrong(
            {"flops > 1e26 and revenue_usd > 500e6": "revenue_usd > 500e6"},
            "The framework is asked of large developers of frontier models: compute counts as well.",
        ),
        Wrong(
            {"flops >= 1e23": "flops > 1e23"},
            "At 10²³ a model counts as general-purpose already: from there, the guideline says.",
        ),
        Wrong(
            {'if "China" in regions:': 'if "China" in regions and flops >= 1e23:'},
            "China's labels are for what is generated, by a model of any size.",
        ),
    ),
    right=(laws_from_a_table,),
)

# --- 06.5 ----------------------------------------------------------------------------------------


def best_start(g_per_kwh, n_hours):
    starts = range(len(g_per_kwh) - n_hours + 1)
    sums = [sum(g_per_kwh[start : start + n_hours]) for start in starts]
    return {"start": sums.index(min(sums)), "saved": 1 - min(sums) / sums[0]}


def best_start_by_cumulated_sums(g_per_kwh, n_hours):
    import numpy as np

    total = np.concatenate([[0], np.cumsum(g_per_kwh)])
    windows = total[n_hours:] - total[:-n_hours]
    return {"start": int(windows.argmin()), "saved": (windows[0] - windows.min()) / windows[0]}


_HOURS = [500, 420, 180, 150, 210, 460, 520, 300, 150, 140]

E06_5 = Exercise(
    id="06.5",
    name="best_start",
    title="When to start",
    minutes=9,
    difficulty=1,
    reference=best_start,
    own=True,
    units=("share",),
    properties=(
        Property(
            "three hours start best at hour 2, two hours at hour 8, all ten at once; of equal "
            "starts the first is taken",
            {"start": 1, "saved": 1},
            (
                (_HOURS, 3),
                (_HOURS, 2),
                (_HOURS, 10),
                ([300, 200, 100, 200, 100], 2),
                ([300, 200, 100, 200, 100], 1),
            ),
        ),
        Property(
            "other days come out right, those that end best too",
            2,
            (([411, 377, 502, 290, 288, 310], 3), ([90, 95, 99], 1), ([9, 7, 5, 3, 1], 2)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"len(g_per_kwh) - n_hours + 1": "len(g_per_kwh) - n_hours"},
            "You leave out the last start: with ten hours, a run of three may start at hour 7.",
        ),
        Wrong(
            {"len(g_per_kwh) - n_hours + 1": "len(g_per_kwh)"},
            "You let a run start so late that it does not end within the hours that are given.",
        ),
        Wrong(
            {"sums.index(min(sums))": "g_per_kwh.index(min(g_per_kwh))"},
            'Your "start" is the cleanest hour. The whole run must be clean.',
        ),
        Wrong(
            {"min(sums) / sums[0]": "min(sums) / max(sums)"},
            'Your "saved" compares with the worst start. It asks what waiting saves beside '
            "starting at once.",
        ),
        Wrong(
            {"sums.index(min(sums))": "len(sums) - 1 - sums[::-1].index(min(sums))"},
            "Of equal starts you take the last. The first is asked for: why wait?",
        ),
        Wrong(
            {"1 - min(sums) / sums[0]": "sums[0] - min(sums)"},
            'Your "saved" is in grams. A share is asked for.',
        ),
    ),
    right=(best_start_by_cumulated_sums,),
)

# --- 06.6 ----------------------------------------------------------------------------------------


def concentration(amounts, top):
    ordered, n = sorted(amounts), len(amounts)
    total, held, area = sum(amounts), 0, 0
    for amount in ordered:
        area += (held + amount / 2) / total / n
        held += amount
    return {"gini": 1 - 2 * area, "top": sum(ordered[n - top :]) / total}


def concentration_by_pairs(amounts, top):
    import numpy as np

    x = np.array(amounts, float)
    pairs = np.abs(x[:, None] - x).mean()
    return {"top": np.sort(x)[::-1][:top].sum() / x.sum(), "gini": pairs / 2 / x.mean()}


E06_6 = Exercise(
    id="06.6",
    name="concentration",
    title="How unequal?",
    minutes=12,
    difficulty=2,
    reference=concentration,
    own=True,
    properties=(
        Property(
            "four alike have 0; 1 and 3 have 0.25; the order in the list does not matter",
            {"gini": 1, "top": 1},
            (([5, 5, 5, 5], 1), ([1, 3], 1), ([3, 1], 2), ([8, 1, 1, 2, 4], 2)),
        ),
        Property(
            "other lists come out right",
            2,
            (([500, 96, 21, 13, 11, 4.3], 3), ([0.1, 2.3, 1.7], 1), ([7], 1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"1 - 2 * area": "2 * area"},
            "You give the area under the curve, twice. Gini is what it lacks to equality: 1 minus it.",
        ),
        Wrong(
            {"1 - 2 * area": "0.5 - area"},
            "Your Gini is the area between curve and diagonal. It is twice that.",
        ),
        Wrong(
            {"held + amount / 2": "held + amount"},
            "Your area has the upper corner of each strip. The Lorenz curve is a line of straight "
            "pieces: take the middle of each, (before + after) / 2.",
        ),
        Wrong(
            {"held + amount / 2": "held"},
            "Your area has the lower corner of each strip. The Lorenz curve is a line of straight "
            "pieces: take the middle of each, (before + after) / 2.",
        ),
        Wrong(
            {"for amount in ordered": "for amount in amounts"},
            "You do not sort. The Lorenz curve goes from the smallest to the largest.",
        ),
        Wrong(
            {"ordered[n - top :]": "ordered[:top]"},
            'Your "top" is what the smallest have.',
        ),
        Wrong(
            {"sum(ordered[n - top :]) / total": "sum(amounts[:top]) / total"},
            'Your "top" takes the first of the list. The largest are asked for.',
        ),
    ),
    right=(concentration_by_pairs,),
)

# --- 06.7 ----------------------------------------------------------------------------------------


def bits_saved(n_params, batch, bits, peak, bandwidth):
    def seconds(width):
        return max(2 * n_params * batch / peak, n_params * width / 8 / bandwidth)

    return {
        "before": seconds(16),
        "after": seconds(bits),
        "saved": 1 - seconds(bits) / seconds(16),
    }


def bits_saved_in_lines(n_params, batch, bits, peak, bandwidth):
    computing = 2 * n_params * batch / peak
    reading = 2 * n_params / bandwidth
    before, after = max(computing, reading), max(computing, reading * bits / 16)
    return {"saved": (before - after) / before, "before": before, "after": after}


E06_7 = Exercise(
    id="06.7",
    name="bits_saved",
    title="Do fewer bits save energy?",
    minutes=10,
    difficulty=2,
    reference=bits_saved,
    own=True,
    units=("bytes", "share"),
    properties=(
        Property(
            "8e9 parameters on 400e12 FLOP/s and 3.35e12 bytes/s: 4 bits save 75 % at a batch of 1, "
            "46 % at 64, nothing at 512",
            {"before": 1, "after": 1, "saved": 1},
            (
                (8e9, 1, 4, 400e12, 3.35e12),
                (8e9, 64, 4, 400e12, 3.35e12),
                (8e9, 512, 4, 400e12, 3.35e12),
                (8e9, 1, 16, 400e12, 3.35e12),
            ),
        ),
        Property(
            "other models, chips and bits come out right",
            1,
            ((70e9, 37, 8, 125e12, 0.9e12), (3e9, 170, 2, 312e12, 2e12), (1e9, 3, 5, 2e14, 1e12)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "max(2 * n_params * batch / peak, n_params * width / 8 / bandwidth)": "2 * n_params * batch / peak * width / 16"
            },
            "You let fewer bits save FLOP, as document A does. A product of 4-bit weights has as "
            "many FLOP: bits are bytes.",
        ),
        Wrong(
            {
                "max(2 * n_params * batch / peak, n_params * width / 8 / bandwidth)": "n_params * width / 8 / bandwidth"
            },
            "You count the reading alone. With a large batch a step waits for its products.",
        ),
        Wrong(
            {
                "max(2 * n_params * batch / peak, n_params": "(2 * n_params * batch / peak + n_params"
            },
            "You add the two times. Reading and computing go on together: the longer one counts.",
        ),
        Wrong(
            {"width / 8": "width"},
            "You read bits as bytes: a byte has eight.",
        ),
        Wrong(
            {"n_params * width": "n_params * batch * width"},
            "You read the weights once for each sequence. A batch shares one reading.",
        ),
        Wrong(
            {"max(2 * n_params": "max(6 * n_params"},
            "You count 6·N FLOP for a token, the price of training. Writing costs 2·N.",
        ),
        Wrong(
            {"1 - seconds(bits) / seconds(16)": "seconds(bits) / seconds(16)"},
            'Your "saved" is what is left.',
        ),
    ),
    right=(bits_saved_in_lines,),
)

# --- 06.8 ----------------------------------------------------------------------------------------


def student_pays(n_tokens, smaller):
    import math

    if smaller <= 1:
        return math.inf
    return n_tokens * (2 + 6 / smaller) / (2 - 2 / smaller)


def student_pays_by_search(n_tokens, smaller):
    import math

    from scipy.optimize import brentq

    def more(served):
        teacher, student = 1.0, 1 / smaller
        alone = 6 * teacher * n_tokens + 2 * teacher * served
        both = 8 * teacher * n_tokens + 6 * student * n_tokens + 2 * student * served
        return both - alone

    if more(n_tokens * 1e9) > 0:
        return math.inf
    return brentq(more, 0, n_tokens * 1e9, xtol=1e-6, rtol=1e-12)


E06_8 = Exercise(
    id="06.8",
    name="student_pays",
    title="When does a student pay?",
    minutes=13,
    difficulty=3,
    reference=student_pays,
    own=True,
    properties=(
        Property(
            "1e12 tokens and a student ten times smaller: 1.444e12 served tokens; two and a "
            "hundred times smaller come out right",
            2,
            ((1e12, 10), (1e12, 2), (15e12, 100)),
        ),
        Property(
            "a student as large as its teacher, or larger, never pays: math.inf",
            1,
            ((1e12, 1), (1e12, 0.5)),
        ),
        Property("others come out right", 2, ((3.7e12, 7.3), (2.1e11, 1.3)), hidden=True),
    ),
    wrong=(
        Wrong(
            {"(2 + 6 / smaller)": "(6 / smaller)"},
            "You leave out that the teacher must read the student's text once: 2·N·D.",
        ),
        Wrong(
            {"(2 + 6 / smaller)": "2"},
            "You leave out that the student must be trained: 6·(N/k)·D.",
        ),
        Wrong(
            {"(2 + 6 / smaller)": "(8 + 6 / smaller)"},
            "You count the teacher's training as the student's price. It is trained in both cases.",
        ),
        Wrong(
            {"(2 - 2 / smaller)": "2"},
            "You forget that the student's tokens cost something too: 2·N/k each.",
        ),
        Wrong(
            {"(2 - 2 / smaller)": "(6 - 6 / smaller)"},
            "You take 6·N FLOP for a token that is served. Writing costs 2·N.",
        ),
        Wrong(
            {"(2 + 6 / smaller)": "(6 + 6 / smaller)"},
            "You let the teacher learn from the student's text. It only reads it: 2·N·D, not 6·N·D.",
        ),
        Wrong(
            {"        return math.inf\n": "        return 0\n"},
            "A student as large as its teacher saves nothing on any token: it never pays.",
        ),
    ),
    right=(student_pays_by_search,),
)

# --- 06.9 ----------------------------------------------------------------------------------------


def rank(savings):
    order = sorted(savings, key=lambda one: (-one[1], -one[2]))
    best = [
        name
        for name, low, _ in savings
        if all(low > other[2] for other in savings if other[0] != name)
    ]
    return {
        "order": [one[0] for one in order],
        "surely_best": best,
        "never": sorted(one[0] for one in savings if one[2] <= 0),
    }


def rank_in_loops(savings):
    left, order = list(savings), []
    while left:
        first = left[0]
        for one in left[1:]:
            if (one[1], one[2]) > (first[1], first[2]):
                first = one
        order.append(first[0])
        left.remove(first)
    highest = {name: max([h for n, _, h in savings if n != name], default=-1e9) for name in order}
    return {
        "never": sorted(name for name, low, high in savings if not high > 0),
        "surely_best": [name for name, low, high in savings if low > highest[name]],
        "order": order,
    }


_ADVICE = [
    ["offsets", 0, 0],
    ["quantise", 0.05, 0.05],
    ["cooling", 0.29, 0.29],
    ["student", -0.34, -0.34],
    ["experts", 0.5, 0.63],
    ["data", 0, 0.79],
]

E06_9 = Exercise(
    id="06.9",
    name="rank",
    title="Rank advice that has intervals",
    minutes=18,
    difficulty=3,
    reference=rank,
    own=True,
    properties=(
        Property(
            "the list of the chapter's first case is ranked; with the mixture of experts at 80 to "
            "90 % it is surely best; equal low ends go by the high ones",
            {"order": 1, "surely_best": 1, "never": 1},
            (
                (_ADVICE,),
                ([*_ADVICE[:4], ["experts", 0.8, 0.9], _ADVICE[5]],),
                ([["a", 0.2, 0.3], ["b", 0.2, 0.5], ["c", -0.1, 0.0], ["d", -0.2, 0.1]],),
                ([["a", 0.5, 0.6], ["b", 0.2, 0.5]],),
                ([["one", 0.1, 0.2]],),
            ),
        ),
        Property(
            "other lists are ranked right",
            2,
            (
                ([["p", 0.11, 0.7], ["q", 0.31, 0.4], ["r", 0.31, 0.33], ["s", -0.3, -0.1]],),
                ([["z", 0.7, 0.8], ["y", -0.5, 0.69], ["x", -0.5, 0.0]],),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"(-one[1], -one[2])": "(-one[2], -one[1])"},
            "You rank by what is hoped for. Rank by the low end: what is saved at least.",
        ),
        Wrong(
            {"(-one[1], -one[2])": "(one[1], one[2])"},
            "Your order begins with the least.",
        ),
        Wrong(
            {"(-one[1], -one[2])": "-(one[1] + one[2])"},
            "You rank by the middle of each interval. Rank by the low end.",
        ),
        Wrong(
            {"all(low > other[2]": "all(low > other[1]"},
            "You call the first of the order surely best. It is so only where its low end lies above "
            "the high end of every other.",
        ),
        Wrong(
            {"all(low > other[2]": "all(low >= other[2]"},
            "Where a low end equals another's high end, the two may be alike: not surely best.",
        ),
        Wrong(
            {"one[2] <= 0": "one[1] <= 0"},
            'Your "never" holds advice that may save something: its high end is above 0.',
        ),
        Wrong(
            {"one[2] <= 0": "one[2] < 0"},
            'Your "never" leaves out what saves just nothing, such as offsets.',
        ),
    ),
    right=(rank_in_loops,),
)

# --- 06.10 ---------------------------------------------------------------------------------------


def band(factors, level):
    import math
    from statistics import NormalDist

    low = math.prod(one[0] for one in factors)
    high = math.prod(one[1] for one in factors)
    half = math.hypot(*(math.log(one[1] / one[0]) / 2 for one in factors))
    scale = NormalDist().inv_cdf((1 + level) / 2) / NormalDist().inv_cdf(0.975)
    middle = math.sqrt(low * high)
    spread = math.exp(half * scale)
    return {"corners": [low, high], "likely": [middle / spread, middle * spread]}


def band_by_drawing(factors, level):
    import numpy as np
    from scipy.special import ndtr, ndtri

    logs = np.log(np.array(factors, float))
    middle = logs.mean(axis=1).sum()
    sd = np.sqrt((((logs[:, 1] - logs[:, 0]) / 2 / ndtri(0.975)) ** 2).sum())
    grid = np.linspace(-9, 9, 400_001)
    ends = np.interp([(1 - level) / 2, (1 + level) / 2], ndtr(grid), grid)
    return {
        "likely": np.exp(middle + sd * ends).tolist(),
        "corners": np.exp(logs.sum(axis=0)).tolist(),
    }


_OWN = [[0.9, 1.1], [0.3, 0.7], [1.1, 1.6], [350, 600]]

E06_10 = Exercise(
    id="06.10",
    name="band",
    title="Your own footprint, with its band",
    minutes=18,
    difficulty=3,
    reference=band,
    own=True,
    equivalent={
        "one[1] / one[0] → one[0] / one[1]": "a spread of the other sign gives the same root of "
        "squares",
    },
    properties=(
        Property(
            "four factors, each with its 95 % interval: the corners and the likely band at 95 % and "
            "at 80 %; one factor alone has its own interval",
            {"corners": 1, "likely": 2},
            ((_OWN, 0.95), (_OWN, 0.8), ([[2, 8]], 0.95), ([[3, 3], [2, 8]], 0.5)),
            rel_tol=1e-4,
        ),
        Property(
            "other factors come out right",
            2,
            (([[1.7, 2.9], [0.13, 0.57], [11, 19]], 0.9), ([[0.5, 0.7]] * 3, 0.99)),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {"[middle / spread, middle * spread]": "[low, high]"},
            'Your "likely" is the corners again. That all factors lie at their ends together is '
            "very unlikely: independent spreads add in squares.",
        ),
        Wrong(
            {
                "math.hypot(*(math.log(one[1] / one[0]) / 2 for one in factors))": "sum(math.log(one[1] / one[0]) / 2 for one in factors)"
            },
            "You add the spreads, as if all factors were off to the same side. Independent ones add "
            "in squares.",
        ),
        Wrong(
            {"math.sqrt(low * high)": "(low + high) / 2"},
            "Your middle is the mean of the corners. On a logarithmic scale it is the root of "
            "their product.",
        ),
        Wrong(
            {"half * scale": "half"},
            "Your band is the same at every level. That of 80 % is narrower than that of 95 %.",
        ),
        Wrong(
            {"(1 + level) / 2)": "level)"},
            "You put all that is left out on one side. A band of 80 % leaves out 10 % on each.",
        ),
        Wrong(
            {" / NormalDist().inv_cdf(0.975)": ""},
            "You take half of the interval for one standard deviation. It is 1.96 of them.",
        ),
    ),
    right=(band_by_drawing,),
)

EXERCISES = [
    E06_1,
    E06_2,
    E06_3,
    E06_4,
    E06_5,
    E06_6,
    E06_7,
    E06_8,
    E06_9,
    E06_10,
]
