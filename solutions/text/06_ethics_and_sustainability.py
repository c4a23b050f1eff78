# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 6 · Ethics and sustainability
#
# Ten exercises on what chapter 6, [Ethics and
# sustainability](../../notebooks/06_ethics_and_sustainability.ipynb), is about: energy and carbon from hours
# and watts, accounts of the same run that differ, laws that look at compute, and advice with numbers.
# You need multiplication, loops, and in two of them logarithms.
# **123 minutes · 45 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 06.1 | From hours to tonnes | ★☆☆ | 7 | 4 |
# | 06.2 | Does the printed figure follow? | ★★☆ | 12 | 5 |
# | 06.3 | Three accounts of one day | ★★☆ | 13 | 5 |
# | 06.4 | Which law looks? | ★☆☆ | 11 | 4 |
# | 06.5 | When to start | ★☆☆ | 9 | 4 |
# | 06.6 | How unequal? | ★★☆ | 12 | 4 |
# | 06.7 | Do fewer bits save energy? | ★★☆ | 10 | 4 |
# | 06.8 | When does a student pay? | ★★★ | 13 | 5 |
# | 06.9 | Rank advice that has intervals | ★★★ | 18 | 5 |
# | 06.10 | Your own footprint, with its band | ★★★ | 18 | 5 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type or pick your guess, then compute.
#    The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given. Let the
#    code be your own: a call of the course's library is not accepted for it.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it knows many
#    mistakes by their numbers, those of the documents too. It checks a part of the points, your teacher the
#    rest. If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/06_ethics_and_sustainability/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. A share of 0.1 is 10 %, a tonne is a
# million grams, FLOP an amount of computing. Where no source is named, the numbers are made up.
#
# Run the next cell first.

# %%
import math

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 06.1 From hours to tonnes
# ★☆☆ · 7 minutes · 4 points
#
# Three numbers make the energy (能耗) of a run: the hours of all its chips, the watts of each, and PUE
# (电能利用效率), what the building draws over what its computers draw. A fourth makes carbon of it: the grams that
# the power stations of the place emit for each kWh.
#
# kWh = hours · watts / 1000 · PUE, tonnes = kWh · grams per kWh / 10⁶
#
# **Write** `footprint(gpu_hours, power_w, pue, g_per_kwh)`, a dict with two entries: `"kwh"` and `"tonnes"`.

# %%
predict(
    "E06.1",
    "GPT-3 took 10,000 V100 for 14.8 days, at 330 W each, with a PUE of 1.1 and 429 g for each "
    "kWh. How many tonnes is that?",
    unit="tonnes",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-1-answer"}
def footprint(gpu_hours, power_w, pue, g_per_kwh):
    """Energy in kWh and emissions in tonnes."""
    ### BEGIN SOLUTION
    kwh = gpu_hours * power_w / 1000 * pue
    return {"kwh": kwh, "tonnes": kwh * g_per_kwh / 1e6}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "06-1-check"}
check("06.1", footprint)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# 10,000 chips for 14.8 days are 10,000 · 14.8 · 24 = 3,552,000 hours. Watts over 1000 are kilowatts.
# </details>
# <details><summary>Hint 2</summary>
#
# PUE multiplies: a building with 1.1 draws a tenth more than its computers. The tonnes use the energy with
# the building.
# </details>

# %%
compare("E06.1")

# %% [markdown]
# ## 06.2 Does the printed figure follow?
# ★★☆ · 12 minutes · 5 points
#
# A printed number stands for all that round to it: 14.8 for 14.75 to 14.85. Its last digit is worth a *step*,
# here 0.1, and the number may be off by half a step to each side. A number with the step 0 is exact.
#
# A footprint is a product of inputs. So what follows from them has a low end, all inputs at their low ends,
# and a high end. The printed figure has two ends as well. It *follows* where the two intervals have a number
# in common, ends included.
#
# **Write** `follows(printed, inputs)`. `printed` is `[number, step]`, `inputs` is a list of such pairs, all
# numbers above half their steps. It gives a dict with three entries: `"low"` and `"high"`, the ends of the
# product; and `"follows"`, True or False.

# %%
# GPT-3: thousands of chips, hours, watts, PUE; and what was printed, 1,287 MWh in kWh
gpt3_inputs = [[10, 0], [355.2, 2.4], [330, 0], [1.1, 0.01]]
gpt3_printed = [1_287_000, 1000]

# %%
predict(
    "E06.2",
    "The printed 1,287 MWh of GPT-3 and what follows from its inputs: which of these?",
    choices=["it follows", "it is too low", "it is too high"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-2-answer"}
def follows(printed, inputs):
    """What follows from rounded inputs, and whether the printed figure is among it."""
    ### BEGIN SOLUTION
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
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "06-2-check"}
check("06.2", follows)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Start with `low = high = 1`, and multiply in each input: `low *= number - step / 2`.
# </details>
# <details><summary>Hint 2</summary>
#
# Two intervals have a number in common where each begins before the other ends: low <= the other's high, and
# high >= the other's low.
# </details>

# %%
compare("E06.2")

# %% [markdown]
# ## 06.3 Three accounts of one day
# ★★☆ · 13 minutes · 5 points
#
# The same electricity has several accounts. **Location-based** (基于位置) counts what the grid emits in each
# hour. **Market-based** (基于市场) takes off what was bought from clean sources: by the *year*, the share that
# was bought of all that was used counts as nothing, at whatever hour it was made (more than all counts as
# all); by the *hour*, only what is made in the hour of its use counts, and an hour with too much helps no
# other.
#
# **Write** `accounts(used_kwh, bought_kwh, g_per_kwh)`, for lists of the same length with a number for each
# hour. It gives a dict with three entries, in kilograms: `"location"`; `"yearly"`, location times the share
# that was not bought; and `"hourly"`, for each hour what was used beyond what was bought, times that hour's
# grams.

# %%
predict(
    "E06.3",
    "Ten kWh are used in each of four hours, at 500, 200, 400 and 600 g. Forty were bought, all "
    "made by the sun in the second hour. How many kilograms by the hour?",
    unit="kg",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-3-answer"}
def accounts(used_kwh, bought_kwh, g_per_kwh):
    """Kilograms of one day by three accounts."""
    ### BEGIN SOLUTION
    hours = range(len(used_kwh))
    location = sum(used_kwh[h] * g_per_kwh[h] for h in hours)
    bought = min(sum(bought_kwh) / sum(used_kwh), 1)
    unmatched = sum(max(used_kwh[h] - bought_kwh[h], 0) * g_per_kwh[h] for h in hours)
    return {
        "location": location / 1000,
        "yearly": location * (1 - bought) / 1000,
        "hourly": unmatched / 1000,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "06-3-check"}
check("06.3", accounts)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Location first: multiply use and grams hour by hour, add up, and divide by 1000 for kilograms.
# </details>
# <details><summary>Hint 2</summary>
#
# The share bought is `min(sum(bought_kwh) / sum(used_kwh), 1)`.
# </details>
# <details><summary>Hint 3</summary>
#
# By the hour: `max(used - bought, 0)` of each hour, times its grams.
# </details>

# %%
compare("E06.3")

# %% [markdown]
# ## 06.4 Which law looks?
# ★☆☆ · 11 minutes · 4 points
#
# Document A sets the risk of a model by its parameters. Laws ask for other things. In short (this is no legal
# advice):
#
# - `"EU general-purpose"`: offered in the EU, training compute from 10²³ FLOP on (10²³ included);
# - `"EU systemic risk"`: offered in the EU, above 10²⁵ FLOP (10²⁵ not included);
# - `"EU high-risk use"`: offered in the EU for a use of the law's list, such as hiring or health, whatever
#   the compute;
# - `"California frontier"`: offered in California, above 10²⁶ FLOP;
# - `"California framework"`: the same, where the developer has a revenue above 500 million USD a year as
#   well;
# - `"China labels"`: offered in China, whatever the compute: what is generated bears a label (标识).
#
# **Write** `laws(flops, regions, revenue_usd, high_risk_use)`, the list of the names that apply, in this
# order. `regions` is a list of `"EU"`, `"California"` and `"China"`.

# %%
predict(
    "E06.4",
    "A model of 671 billion parameters took 3.3·10²⁴ FLOP, one of 405 billion 3.8·10²⁵. Which has "
    "systemic risk by the EU's presumption?",
    choices=["the larger one", "the one with more compute", "both", "neither"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-4-answer"}
def laws(flops, regions, revenue_usd, high_risk_use):
    """The names of the rules that apply, in the order of the list."""
    ### BEGIN SOLUTION
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
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "06-4-check"}
check("06.4", laws)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One `if` for each name, and `found.append(...)`.
# </details>
# <details><summary>Hint 2</summary>
#
# Read each line for its border: "from … on" is >=, "above" is >.
# </details>

# %%
compare("E06.4")

# %% [markdown]
# ## 06.5 When to start
# ★☆☆ · 9 minutes · 4 points
#
# Electricity is cleaner at some hours than at others. A run of `n_hours` hours draws the same power all the
# time and cannot be interrupted. When should it start?
#
# **Write** `best_start(g_per_kwh, n_hours)`, where `g_per_kwh` has a number for each of the coming hours and
# the run must end within them. It gives a dict with two entries: `"start"`, the hour (from 0) at which the
# run emits least, the first of these if there are several; and `"saved"`, the share that it saves beside
# starting at hour 0.

# %%
coming_hours = [500, 420, 180, 150, 210, 460, 520, 300, 150, 140]

# %%
predict(
    "E06.5",
    "By these ten hours, what share does a run of three hours save if it waits for the best "
    "start?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-5-answer"}
def best_start(g_per_kwh, n_hours):
    """The start with the least emissions, and the share it saves beside starting at once."""
    ### BEGIN SOLUTION
    starts = range(len(g_per_kwh) - n_hours + 1)
    sums = [sum(g_per_kwh[start : start + n_hours]) for start in starts]
    return {"start": sums.index(min(sums)), "saved": 1 - min(sums) / sums[0]}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "06-5-check"}
check("06.5", best_start)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# With ten hours a run of three can start at hours 0 to 7: `len(g_per_kwh) - n_hours + 1` starts.
# </details>
# <details><summary>Hint 2</summary>
#
# `sums = [sum(g_per_kwh[start : start + n_hours]) for start in ...]`; `sums.index(min(sums))` is the first of
# the least.
# </details>

# %%
compare("E06.5")

# %% [markdown]
# ## 06.6 How unequal?
# ★★☆ · 12 minutes · 4 points
#
# How concentrated (集中) is compute? Sort the holders from the smallest to the largest. After each of them,
# what share of the whole do all up to it hold? These points, with (0, 0) before them, joined by straight
# lines, are the *Lorenz curve* (洛伦兹曲线): both axes go from 0 to 1. If all hold the same it is the diagonal,
# with an area of 0.5 below it. The *Gini coefficient* (基尼系数) is 1 − 2 · (area below the curve).
#
# **Write** `concentration(amounts, top)`, a dict with two entries: `"gini"`; and `"top"`, the share of the
# whole that the `top` largest holders have. All amounts are above 0, in any order.

# %%
predict(
    "E06.6",
    "Two developers have 1 and 3 units of compute. What is their Gini coefficient?",
    unit="",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-6-answer"}
def concentration(amounts, top):
    """Gini coefficient, and the share of the largest."""
    ### BEGIN SOLUTION
    ordered, n = sorted(amounts), len(amounts)
    total, held, area = sum(amounts), 0, 0
    for amount in ordered:
        area += (held + amount / 2) / total / n
        held += amount
    return {"gini": 1 - 2 * area, "top": sum(ordered[n - top :]) / total}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "06-6-check"}
check("06.6", concentration)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Each of n holders is a strip of width 1/n. Its area is the width times the mean of its two heights.
# </details>
# <details><summary>Hint 2</summary>
#
# The heights of a strip: the share before the holder, and the share with it. Their mean is (held + amount /
# 2) / total.
# </details>
# <details><summary>Hint 3</summary>
#
# The largest: `sorted(amounts)[-top:]`, or with n − top as the first place.
# </details>

# %%
compare("E06.6")

# %% [markdown]
# ## 06.7 Do fewer bits save energy?
# ★★☆ · 10 minutes · 4 points
#
# Document A: quantisation (量化) reduces computation. A step that writes one token for each sequence of a batch
# does two things at the same time: it computes 2·N·batch FLOP, at `peak` FLOP/s, and it reads the N weights
# once from memory, bits/8 bytes each, at `bandwidth` bytes/s. It takes as long as the longer of the two.
# Fewer bits mean fewer bytes; the FLOP stay. Power stays the same too, so that the share of time saved is the
# share of energy.
#
# **Write** `bits_saved(n_params, batch, bits, peak, bandwidth)`, a dict with three entries: `"before"`, the
# seconds of a step with weights of 16 bits; `"after"`, those with `bits`; and `"saved"`, the share saved.

# %%
predict(
    "E06.7",
    "8e9 parameters, a chip with 400e12 FLOP/s and 3.35e12 bytes/s, a batch of 512. What share of "
    "a step do 4 bits save?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-7-answer"}
def bits_saved(n_params, batch, bits, peak, bandwidth):
    """Seconds of a step at 16 bits and at fewer, and the share that is saved."""
    ### BEGIN SOLUTION
    def seconds(width):
        return max(2 * n_params * batch / peak, n_params * width / 8 / bandwidth)

    return {
        "before": seconds(16),
        "after": seconds(bits),
        "saved": 1 - seconds(bits) / seconds(16),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "06-7-check"}
check("06.7", bits_saved)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write one function for the seconds of a step with any number of bits: `max(computing, reading)`.
# </details>
# <details><summary>Hint 2</summary>
#
# 16 bits are 2 bytes: 8e9 · 2 / 3.35e12 = 4.8 ms. 2 · 8e9 · 512 / 400e12 = 20.5 ms.
# </details>

# %%
compare("E06.7")

# %% [markdown]
# ## 06.8 When does a student pay?
# ★★★ · 13 minutes · 5 points
#
# Distillation (蒸馏): a large model, the teacher, reads the text and a small one learns from what it says. The
# teacher has N parameters, the student N/k. Training costs 6 FLOP for each parameter and token, reading or
# writing costs 2.
#
# - Alone: train the teacher on D tokens, let it write S tokens.
# - Both: train the teacher on D tokens, let it read D tokens for the student, train the student on D tokens,
#   and let the student write the S tokens.
#
# **Write** `student_pays(n_tokens, smaller)`: the S at which both ways cost the same FLOP, for D = `n_tokens`
# and k = `smaller`. Where the student never costs less, however much it writes (k of 1 or below), it is
# `math.inf`. (N cancels. That the student is not as good is another matter.)

# %%
predict(
    "E06.8",
    "The teacher was trained on 1e12 tokens, its student is ten times smaller. From how many "
    "served tokens on does the student pay, in 1e12?",
    unit="1e12 tokens",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-8-answer"}
def student_pays(n_tokens, smaller):
    """Served tokens from which on teacher and student together cost less FLOP."""
    ### BEGIN SOLUTION
    if smaller <= 1:
        return math.inf
    return n_tokens * (2 + 6 / smaller) / (2 - 2 / smaller)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "06-8-check"}
check("06.8", student_pays)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write both sums over N: 6·D + 2·S, and 6·D + 2·D + 6·D/k + 2·S/k.
# </details>
# <details><summary>Hint 2</summary>
#
# The first 6·D stands on both sides. Bring S to one side: S · (2 − 2/k) = D · (2 + 6/k).
# </details>
# <details><summary>Hint 3</summary>
#
# For k = 1 the left side is 0: ask for that first.
# </details>

# %%
compare("E06.8")

# %% [markdown]
# ## 06.9 Rank advice that has intervals
# ★★★ · 18 minutes · 5 points
#
# Advice for green AI (绿色AI) seldom saves a known share: a cascade depends on how many questions are easy,
# zeros on whether a kernel uses them. So each piece has a low and a high end.
#
# **Write** `rank(savings)`. `savings` is a list of `[name, low, high]`, no name twice. It gives a dict with
# three entries:
#
# - `"order"`: the names, by the low end from the highest to the lowest; where low ends are equal, the higher
#   high end first;
# - `"surely_best"`: a list with the name of the piece whose low end lies above the high ends of all others,
#   or an empty list;
# - `"never"`: the names of what saves nothing at best (a high end of 0 or below), in alphabetical order.

# %%
# the chapter's first case, a model of 405B that is trained and writes little; shares of all energy
first_case = [
    ["offsets", 0, 0],
    ["quantise", 0.05, 0.05],
    ["cooling", 0.29, 0.29],
    ["student", -0.34, -0.34],
    ["experts", 0.5, 0.63],
    ["data", 0, 0.79],
]

# %%
predict(
    "E06.9",
    "By these numbers, is one of the six surely best?",
    choices=["experts", "data", "none"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-9-answer"}
def rank(savings):
    """The order of advice, what is surely best, and what never saves anything."""
    ### BEGIN SOLUTION
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
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "06-9-check"}
check("06.9", rank)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `sorted(savings, key=lambda one: (-one[1], -one[2]))` sorts by two numbers, both downwards.
# </details>
# <details><summary>Hint 2</summary>
#
# Surely best: for each piece, compare its low end with the high end of each *other* piece: `all(... for other
# in savings if other[0] != name)`.
# </details>

# %%
compare("E06.9")

# %% [markdown]
# **Judge.** Take a case of your own: a model that you use or would train, with its size, its tokens and what
# it serves. Give at least five pieces of advice each a low and a high end, and rank them. Double-click this
# cell and write three or four sentences *here*. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. The case is given in numbers: parameters, tokens, tokens served, chip, place.
# 2. Each interval has a reason: a data sheet, a measurement, or "not known".
# 3. What saves carbon alone (another grid) is told from what saves energy.
# 4. It says what would change the order: more served tokens, a larger batch, another place.
# </details>

# %% [markdown]
# ## 06.10 Your own footprint, with its band
# ★★★ · 18 minutes · 5 points
#
# A footprint of your own has no data sheet. Say each factor as an interval that you are 95 % sure of, for
# instance hours, kilowatts, PUE and grams per kWh. The product has *corners*: all low ends together, all high
# ends together. That is too wide: independent factors are seldom all at their ends.
#
# Let each factor be independent and *lognormal* (对数正态): its logarithm is normal, and its interval has 95 %,
# as much left out below as above. Then ln of the product is normal. Its middle is the middle of the
# logarithms of the corners. Its standard deviation is the root of the sum of the squares of the factors'
# standard deviations; one of them is ln(high / low) / 2 / 1.96, where 1.96 stands for the quantile 0.975 of
# the standard normal.
#
# **Write** `band(factors, level)`; `factors` is a list of `[low, high]`. It gives a dict with two entries,
# each a list of two: `"corners"`; and `"likely"`, the interval of the product that has the share `level`,
# with as much left out on either side.

# %%
own_run = [[0.9, 1.1], [0.3, 0.7], [1.1, 1.6], [350, 600]]  # hours, kilowatts, PUE, grams per kWh

# %%
predict(
    "E06.10",
    "For these four factors the corners lie a factor of 7.1 apart. How far apart are the ends of "
    "the likely band at 95 %?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "06-10-answer"}
from statistics import NormalDist


def band(factors, level):
    """Corners and likely band of a product of independent factors."""
    ### BEGIN SOLUTION
    low = math.prod(one[0] for one in factors)
    high = math.prod(one[1] for one in factors)
    half = math.hypot(*(math.log(one[1] / one[0]) / 2 for one in factors))
    scale = NormalDist().inv_cdf((1 + level) / 2) / NormalDist().inv_cdf(0.975)
    middle = math.sqrt(low * high)
    spread = math.exp(half * scale)
    return {"corners": [low, high], "likely": [middle / spread, middle * spread]}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "06-10-check"}
check("06.10", band)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `NormalDist().inv_cdf(0.975)` is 1.96. For a level of 0.8 the quantile is `inv_cdf(0.9)`.
# </details>
# <details><summary>Hint 2</summary>
#
# Half the logarithmic width of each factor: ln(high / low) / 2. `math.hypot(*halves)` is the root of the sum
# of their squares.
# </details>
# <details><summary>Hint 3</summary>
#
# middle = √(low corner · high corner); the ends are middle / e^h and middle · e^h.
# </details>

# %%
compare("E06.10")

# %% [markdown]
# **Judge.** Estimate the footprint of something that you did yourself: a training run, a month of questions
# to a chatbot, a night of gaming. Double-click this cell and write three or four sentences *here*. No program
# reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. Each factor has its interval and a reason for it.
# 2. The border is said: chip, machine, building, network, making of the hardware.
# 3. The likely band is given, not a single number, and which factor makes most of it.
# 4. One thing that would narrow it: a meter at the socket, the provider's report.
# </details>

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off? Most people guess the place
# too low, and the saving of fewer bits too high.

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=06_ethics_and_sustainability` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("06_ethics_and_sustainability")

# %% [markdown]
# ## Where to go on
# Back to chapter 6: [Ethics and sustainability](../../notebooks/06_ethics_and_sustainability.ipynb).
