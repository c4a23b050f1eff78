# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 2 · Emergence and collapse
#
# Ten exercises on what chapter 2, [Emergence and collapse](../../notebooks/02_emergence_and_collapse.ipynb),
# is about: abilities that seem to appear at once, alarms that noise sets off, and models fed on their own
# words. You need chances (what it means to multiply them), logarithms, and loops.
# **122 minutes · 47 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 02.1 | Right to the last token | ★☆☆ | 7 | 4 |
# | 02.2 | What a test of 100 questions can show | ★★☆ | 12 | 5 |
# | 02.3 | An ability that emerges and vanishes | ★★☆ | 14 | 5 |
# | 02.4 | Seen there, or coming here? | ★★☆ | 14 | 5 |
# | 02.5 | Steps, tokens, batch | ★☆☆ | 8 | 5 |
# | 02.6 | An alarm that noise sets off | ★★☆ | 14 | 5 |
# | 02.7 | A decline, or noise? | ★★★ | 18 | 5 |
# | 02.8 | Twenty tests, one false alarm rate | ★★☆ | 10 | 4 |
# | 02.9 | Narrow, or too sure? | ★★☆ | 10 | 5 |
# | 02.10 | Fed on its own words | ★★★ | 15 | 4 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type or pick your guess, then
#    compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
#    Let the code be your own: a call of the course's library is not accepted for it.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers, those of the documents too. It checks a part of the
#    points, your teacher the rest. If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/02_emergence_and_collapse/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. ln is the natural logarithm
# (`math.log`), losses and entropies are in nats. Where no source is named, the numbers are made up.
#
# Run the next cell first.

# %%
import math

import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 02.1 Right to the last token
# ★☆☆ · 7 minutes · 4 points
#
# An *emergent ability* (涌现能力) is one that small models do not have and large ones do. Document A §2.1
# prints for each how far the score jumps: 0.4 for addition with three digits. The table that its sizes
# come from (Wei et al. 2022) has no such number.
#
# Many such scores are an *exact match* (完全匹配): an answer of k tokens counts only if all k are right.
# Let each token be right with chance p, independently of the others.
#
# **Write** `whole_answers(p_small, p_large, n_tokens)` for two models that get a token right with chance
# `p_small` and `p_large`. It gives a dict with two entries: `"jump"`, how much larger a share of its
# answers of `n_tokens` tokens the large one gets right; and `"half"`, the chance of a token at which half
# of the answers of that length are right.

# %%
predict(
    "E02.1",
    "A token is right 8 times in 10 in the small model, 9 times in 10 in the large one. Of answers of "
    "ten tokens, how many times as many does the large one get right?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-1-answer"}
def whole_answers(p_small, p_large, n_tokens):
    """By how large a share the large model is ahead, and the p at which half are right."""
    ### BEGIN SOLUTION
    small, large = p_small**n_tokens, p_large**n_tokens
    return {"jump": large - small, "half": 0.5 ** (1 / n_tokens)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "02-1-check"}
check("02.1", whole_answers)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two tokens are both right with chance p · p. And k tokens?
# </details>
# <details><summary>Hint 2</summary>
#
# For `"half"` solve p^k = 0.5: take the k-th root, `0.5 ** (1 / n_tokens)`.
# </details>

# %%
compare("E02.1")

# %% [markdown]
# ## 02.2 What a test of 100 questions can show
# ★★☆ · 12 minutes · 5 points
#
# "The small models score 0" is where a story of emergence begins. But a test has a *resolution* (分辨率):
# with n questions there is nothing between 0 and 1/n. And a model that is seldom right shows 0 of n now and
# then. Let each question be right with chance a, the accuracy, independently of the others.
#
# **Write** `resolution(accuracy, n_items)`, a dict with four entries:
#
# - `"smallest"`: the smallest score above 0 that a test of `n_items` questions can show;
# - `"chance_of_zero"`: the chance that a model of this accuracy gets none of them right;
# - `"largest_at_zero"`: a model has got 0 of `n_items`. How accurate can it be? The accuracy at which
#   this still happens in exactly 5 % of tests (it does not depend on `accuracy`);
# - `"items_needed"`: the least number of questions with which a model of this accuracy gets at least one
#   right with a chance of 95 % or more.

# %%
predict(
    "E02.2",
    "A model is right once in 100. How many questions must a test have, so that you see at least one "
    "right answer with a chance of 95 %?",
    unit="questions",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-2-answer"}
def resolution(accuracy, n_items):
    """What a test of n_items questions can show of a model that is right with chance accuracy."""
    ### BEGIN SOLUTION
    return {
        "smallest": 1 / n_items,
        "chance_of_zero": (1 - accuracy) ** n_items,
        "largest_at_zero": 1 - 0.05 ** (1 / n_items),
        "items_needed": math.ceil(math.log(0.05) / math.log(1 - accuracy)),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-2-check"}
check("02.2", resolution)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One question is wrong with chance 1 − a. All n are wrong with chance (1 − a)^n. All four entries
# but the first follow from this.
# </details>
# <details><summary>Hint 2</summary>
#
# `"largest_at_zero"`: solve (1 − a)^n = 0.05 for a. Take the n-th root first.
# </details>
# <details><summary>Hint 3</summary>
#
# `"items_needed"`: solve (1 − a)^n = 0.05 for n with logarithms, then round up (`math.ceil`).
# </details>

# %%
compare("E02.2")

# %% [markdown]
# ## 02.3 An ability that emerges and vanishes
# ★★☆ · 14 minutes · 5 points
#
# Schaeffer et al. (2023) say that what jumps is often the *metric* (指标), not the model. Here you make an
# ability appear and vanish. `losses` are the losses of one task, in nats per token, for models each ten
# times as large as the one before. They halve from one to the next: nothing could be smoother. A token is
# right with chance p = e^(−loss).
#
# - **Exact match**: all `n_tokens` tokens of an answer are right.
# - **Brier score**, on the same task as a choice among `n_options`: the model knows the right option with
#   chance p and else guesses, so it gives it the probability q = p + (1 − p) / `n_options`. The other
#   options share the rest evenly. The score is the *sum over all options* of (probability − truth)²,
#   where the truth is 1 for the right option and 0 for the others. 0 is best.
#
# **Write** `two_metrics(losses, n_tokens, n_options)`, a dict with three entries: `"exact_match"` and
# `"brier"`, each a list with a value for each model; and `"last_step"`, a list of two: what share of the
# whole change from the first to the last model lies in the last step, first for the exact match, then
# for the Brier score.

# %%
losses = [1.6, 0.8, 0.4, 0.2, 0.1]

# %%
predict(
    "E02.3",
    "By exact match of ten tokens: what share of the whole rise lies in the last of the four steps?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-3-answer"}
def two_metrics(losses, n_tokens, n_options):
    """Exact match and Brier score of each model, and the share of the last step in each."""
    ### BEGIN SOLUTION
    p = np.exp(-np.array(losses))
    q = p + (1 - p) / n_options
    other = (1 - q) / (n_options - 1)
    exact = p**n_tokens
    brier = (1 - q) ** 2 + (n_options - 1) * other**2
    shares = [(y[-1] - y[-2]) / (y[-1] - y[0]) for y in (exact, brier)]
    return {"exact_match": exact, "brier": brier, "last_step": shares}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-3-check"}
check("02.3", two_metrics)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with one model and a loss of 0.1: p = e^(−0.1) = 0.905, the exact match of ten tokens
# 0.905^10 = 0.368.
# </details>
# <details><summary>Hint 2</summary>
#
# Its q with four options is 0.905 + 0.095 / 4 = 0.929. Each of the three others has 0.0238. The right
# option adds (1 − 0.929)², each other one 0.0238².
# </details>
# <details><summary>Hint 3</summary>
#
# The share of the last step: (last − the one before) / (last − first). A sign that both have goes.
# </details>

# %%
compare("E02.3")

# %% [markdown]
# ## 02.4 Seen there, or coming here?
# ★★☆ · 14 minutes · 5 points
#
# Document A §2.1 predicts with one column: a model with at least 13B parameters has emerged in
# arithmetic, one with 62B in chain of thought (思维链), and what is not in its table has not. But on
# 14 tasks PaLM 62B did better than chance and GPT-3 175B did not, with about the same compute: 2.9e23
# and 3.1e23 FLOP. A table of sightings says what was seen, in which *family* (模型家族), at which size
# **and** compute.
#
# **Write** `verdict(table, ability, family, n_params, flops)`. A row of `table` is
# `[ability, family, n_params, flops]`: the smallest model of that family in which the ability was seen.
# It gives one of five texts:
#
# - `"no source"`: no row has this ability;
# - `"other families only"`: rows have it, but none of this family;
# - `"seen"`: the model reaches a row of its family, in parameters and in compute (at least as much);
# - `"split"`: it reaches no row fully, but one of the two columns of some row;
# - `"below"`: it reaches neither column of any row of its family.
#
# Each row is judged by itself; of several rows of the family the best one counts. Below are the table of
# Wei et al. (2022), and one made up to try your function on.

# %%
from course.emergence import sightings

table = [[one.ability, one.family, one.n_params, one.flops] for one in sightings()]
toy_table = [
    ["rhyme", "Ada", 10e9, 1e22],
    ["rhyme", "Ada", 50e9, 5e21],
    ["rhyme", "Bob", 2e9, 3e20],
]
table[:2]

# %%
predict(
    "E02.4",
    "MMLU was seen in Gopher, of 280B parameters, and in Chinchilla, of 70B. What does the table have "
    "about the same for both?",
    choices=["the parameters", "the compute", "neither"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-4-answer"}
def verdict(table, ability, family, n_params, flops):
    """What the table says of this ability for a model of this family, size and compute."""
    ### BEGIN SOLUTION
    rows = [row for row in table if row[0] == ability]
    own = [row for row in rows if row[1] == family]
    if not rows:
        return "no source"
    if not own:
        return "other families only"
    reached = [(n_params >= row[2]) + (flops >= row[3]) for row in own]
    return ["below", "split", "seen"][max(reached)]
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-4-check"}
check("02.4", verdict)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make two lists first: the rows with this ability, and those of them with this family.
# </details>
# <details><summary>Hint 2</summary>
#
# If the first list is empty: `"no source"`. If only the second is: `"other families only"`.
# </details>
# <details><summary>Hint 3</summary>
#
# For each row of the second list count the columns that are reached: 0, 1 or 2. The largest count
# decides.
# </details>

# %%
compare("E02.4")

# %% [markdown]
# ## 02.5 Steps, tokens, batch
# ★☆☆ · 8 minutes · 5 points
#
# In a *step* (步) of training a model reads one *batch* (批) and moves its weights once. Document A §2.2
# computes the "optimal steps" as 20 · parameters, then the tokens as these steps times the batch, and
# never uses the compute budget that it was given.
#
# Training takes 6 FLOP for each parameter and token. So size and budget say how many tokens there can be,
# and the batch says in how many steps. Only whole steps are made; what does not pay one is left over.
#
# **Write** `training_plan(compute, n_params, batch_tokens)` (`compute` in FLOP, `batch_tokens` the tokens
# in a batch), a dict with three entries: `"steps"`; `"tokens"`, those that the whole steps read; and
# `"tokens_per_param"`. Where the budget does not pay one step, raise `ValueError`.

# %%
predict(
    "E02.5",
    "Chinchilla: 70B parameters, 5.76e23 FLOP. With batches of 1.5M tokens, how many steps is that?",
    unit="steps",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-5-answer"}
def training_plan(compute, n_params, batch_tokens):
    """Whole steps that the budget pays, the tokens they read, and these for each parameter."""
    ### BEGIN SOLUTION
    flop_per_step = 6 * n_params * batch_tokens
    steps = math.floor(compute / flop_per_step)
    if steps < 1:
        raise ValueError(f"a step takes {flop_per_step:.3g} FLOP, got {compute:.3g}")
    tokens = steps * batch_tokens
    return {"steps": steps, "tokens": tokens, "tokens_per_param": tokens / n_params}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-5-check"}
check("02.5", training_plan)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What does one step cost? 6 FLOP × parameters × tokens of a batch.
# </details>
# <details><summary>Hint 2</summary>
#
# Steps: budget / cost of a step, rounded down (`math.floor`). Below 1: `raise ValueError("…")`.
# </details>
# <details><summary>Hint 3</summary>
#
# Tokens: steps × batch, once. 20 tokens for each parameter come out only if size and budget fit
# each other.
# </details>

# %%
compare("E02.5")

# %% [markdown]
# ## 02.6 An alarm that noise sets off
# ★★☆ · 14 minutes · 5 points
#
# Document A §2.2 calls a capability declining (能力下降) if its last five scores fall, each lower than the
# one before. But scores are noisy, and noise falls too. How often is the alarm a *false alarm* (误报)?
#
# Take noise without any trend: independent values of one distribution, never two alike. Then all orders
# of `n_values` values are equally likely, whatever the distribution.
#
# **Write** `false_alarms(series, n_values, n_capabilities)`, a dict with three entries:
#
# - `"chance"`: the chance that `n_values` values of noise fall all the way;
# - `"any"`: who watches `n_capabilities` capabilities, independent of each other, looks once: the chance
#   that at least one of them sets off the alarm;
# - `"counted"`: the rule applied to data. `series` is a list of series; in what share of them is each of
#   the last `n_values` values lower than the one before? (Here values may be alike; equal is not lower.)

# %%
short_series = [  # the last three values fall in the first and in the last of them
    [1, 2, 3, 6, 5, 4],
    [6, 5, 4, 1, 2, 3],
    [3, 1, 2, 6, 4, 5],
    [1, 2, 6, 5, 3, 3],
    [2, 9, 7, 5, 3, 1],
]

# %%
predict(
    "E02.6",
    "Five scores in a row, each lower, in any of 20 capabilities. All of it is noise. How often does "
    "the alarm go off?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-6-answer"}
def false_alarms(series, n_values, n_capabilities):
    """How often noise falls n_values times in a row, for one capability, for any, and in data."""
    ### BEGIN SOLUTION
    chance = 1 / math.factorial(n_values)
    alarms = 0
    for values in series:
        last = values[-n_values:]
        alarms += all(last[i] > last[i + 1] for i in range(n_values - 1))
    return {
        "chance": chance,
        "any": 1 - (1 - chance) ** n_capabilities,
        "counted": alarms / len(series),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-6-check"}
check("02.6", false_alarms)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write down all orders of 1, 2, 3. How many are there, and how many fall all the way?
# </details>
# <details><summary>Hint 2</summary>
#
# n values have n! orders (`math.factorial`). For `"any"`: first the chance that all capabilities are
# silent.
# </details>
# <details><summary>Hint 3</summary>
#
# `values[-n_values:]` are the last values of a series. They have n_values − 1 steps between them, and
# `all(…)` asks whether each of them goes down.
# </details>

# %%
compare("E02.6")

# %% [markdown]
# ## 02.7 A decline, or noise?
# ★★★ · 18 minutes · 5 points
#
# A better alarm uses all the scores, and says how often noise would set it off. Mann (1945) and Kendall
# count *falling pairs*: of all pairs of an earlier and a later score, those where the later one is lower.
# Noise has about half of them. The *p-value* (p值) is the share of **all orders** of these scores that have
# **at least as many** falling pairs as were seen. If it is small, noise seldom looks like this.
#
# An alarm sounds where p is at most `level`. On noise that happens in at most that share of cases.
#
# Even a steady fall has a p-value: one order in n!. If that is above the level, no series of this length
# can ever sound the alarm, and its silence means nothing. (Document A's code asks a short series for a
# score that is not there, and stops with IndexError.)
#
# **Write** `decline_test(scores, level)`, a dict with three entries: `"falling"`, the number of falling
# pairs; `"p"`; and `"decline"`, True if p is at most `level`, else False. Raise `ValueError` where 1/n! is
# above `level`. No two scores are alike, and there are seven at most.

# %%
predict(
    "E02.7",
    "Scores of 0.62, 0.58, 0.60, 0.55, 0.51: one of them is out of line. In what share of all orders do "
    "at least as many pairs fall?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-7-answer"}
from itertools import combinations, permutations


def decline_test(scores, level):
    """Falling pairs, the share of orders with at least as many, and whether it is within level."""
    ### BEGIN SOLUTION
    if 1 / math.factorial(len(scores)) > level:
        raise ValueError(f"{len(scores)} scores can never reach the level {level}")

    def falling_pairs(values):
        return sum(earlier > later for earlier, later in combinations(values, 2))

    seen = falling_pairs(scores)
    counts = [falling_pairs(order) for order in permutations(scores)]
    p = sum(count >= seen for count in counts) / len(counts)
    return {"falling": seen, "p": p, "decline": p <= level}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-7-check"}
check("02.7", decline_test)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `combinations(scores, 2)` gives every pair once, the earlier score first. `permutations(scores)` gives
# every order.
# </details>
# <details><summary>Hint 2</summary>
#
# Write a small function that counts the falling pairs of a list. Use it for the scores, and for each
# of their orders.
# </details>
# <details><summary>Hint 3</summary>
#
# In the example 9 of 10 pairs fall. One order has 10, four orders have 9: 5 of 120.
# </details>

# %%
compare("E02.7")

# %% [markdown]
# ## 02.8 Twenty tests, one false alarm rate
# ★★☆ · 10 minutes · 4 points
#
# Who tests 20 capabilities at a level of 5 % has a false alarm in most looks: 1 − 0.95^20 = 64 %. Holm
# (1979) *adjusts* p-values (校正): whoever sounds the alarm where an adjusted p is at most 5 % has any false
# alarm at all in at most 5 % of looks, however the tests depend on each other.
#
# Sort the m p-values. The smallest is taken times m, the next times m − 1, and so on, the largest times 1.
# Then two repairs: no value may be below one that came before it in this order (else it is raised to it),
# and none above 1 (else it is 1).
#
# **Write** `adjusted(p_values)`, the list of adjusted p-values, **in the order in which the p-values
# came**.

# %%
predict(
    "E02.8",
    "Of 20 capabilities one has p = 0.01, the others are far above. Does it count as an alarm at 5 %?",
    choices=["yes", "no"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-8-answer"}
def adjusted(p_values):
    """Holm's adjusted p-values, in the order in which they came."""
    ### BEGIN SOLUTION
    m = len(p_values)
    places = sorted(range(m), key=lambda place: p_values[place])
    result, largest = [0.0] * m, 0.0
    for already, place in enumerate(places):
        largest = max(largest, (m - already) * p_values[place])
        result[place] = min(1.0, largest)
    return result
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "02-8-check"}
check("02.8", adjusted)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# On paper: 0.01, 0.04, 0.03. Sorted 0.01 · 3 = 0.03, 0.03 · 2 = 0.06, 0.04 · 1 = 0.04. The last one is
# below the one before it, so it becomes 0.06.
# </details>
# <details><summary>Hint 2</summary>
#
# Sort the places, not the values: `sorted(range(m), key=lambda place: p_values[place])`.
# </details>
# <details><summary>Hint 3</summary>
#
# Keep the largest value so far in a variable: `largest = max(largest, factor * p_values[place])`, and
# write `min(1, largest)` to its place.
# </details>

# %%
compare("E02.8")

# %% [markdown]
# ## 02.9 Narrow, or too sure?
# ★★☆ · 10 minutes · 5 points
#
# The *entropy* (熵) of a model's next-token probabilities, −Σ p·ln p, says how broad its output is. e to the
# power of it is the number of tokens that would be as broad if all were equally likely. A token with
# probability 0 adds 0.
#
# Document A §2.2 sounds an alarm when the entropy is below half of its first value (输出多样性下降). But the
# first value is that of an untrained model, about ln V for V tokens, and every model that learns becomes
# narrower. What tells is whether it is *surer than right*: compare its entropy with its loss, −ln of the
# probability that it gave to the token that really came. For a model that is as sure as it is right the two
# agree on average.
#
# **Write** `output_check(probabilities, right)`. `probabilities` has a row for each place in a text, one
# probability for each token; `right` has for each place the number of the token that came (from 0). It
# gives a dict with three entries: `"entropy"`, the mean over the places; `"effective"`, e to the power of
# that mean; and `"overconfidence"`, mean loss less mean entropy. Raise `ValueError` where a row does not
# sum to 1 within 1e-6.

# %%
predict(
    "E02.9",
    "A model gives ten tokens 10 % each, and has the other 50,000 at 0. How many tokens is that as "
    "its entropy counts them?",
    unit="tokens",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-9-answer"}
def output_check(probabilities, right):
    """Mean entropy, the tokens it amounts to, and by how much the loss is above it."""
    ### BEGIN SOLUTION
    entropies, losses = [], []
    for row, place in zip(probabilities, right, strict=True):
        if abs(sum(row) - 1) > 1e-6:
            raise ValueError(f"a row must sum to 1, got {sum(row)}")
        entropies.append(-sum(p * math.log(p) for p in row if p > 0))
        losses.append(-math.log(row[place]))
    entropy, loss = np.mean(entropies), np.mean(losses)
    return {"entropy": entropy, "effective": np.exp(entropy), "overconfidence": loss - entropy}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "02-9-check"}
check("02.9", output_check)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Go through rows and right tokens together: `for row, place in zip(probabilities, right):`.
# </details>
# <details><summary>Hint 2</summary>
#
# `sum(p * math.log(p) for p in row if p > 0)` leaves out what never comes. With the minus sign in
# front that is the entropy of one place.
# </details>
# <details><summary>Hint 3</summary>
#
# The loss of one place is `-math.log(row[place])`. Take both means, then their difference. Test
# `abs(sum(row) - 1)` at the start of the loop.
# </details>

# %%
compare("E02.9")

# %% [markdown]
# ## 02.10 Fed on its own words
# ★★★ · 15 minutes · 4 points
#
# A model is trained on a text, writes n tokens, the next model is trained on these, and so on: *model
# collapse* (模型坍塌; Shumailov et al. 2024). Take the simplest model there is: it learns each token's share
# of the text exactly, and draws tokens with these shares. What it does not draw is lost to all that follow.
#
# Let the *diversity* of a text be the chance that two tokens, each drawn at random from it, differ:
# 1 − Σ share². On average:
#
# - **Replace.** Each new text is n tokens drawn from the one before. Its diversity is 1 − 1/n of that
#   before it.
# - **Accumulate.** All is kept (Gerstgrasser et al. 2024): the t-th drawn text (t = 1, 2, …) joins t others
#   of the same size, the original among them. It is then 1/(t + 1) of the whole, moves each share by only
#   that much, and the diversity by the square of it: 1 − 1/(n · (t + 1)²) of it is left.
#
# **Write** `self_training(shares, n_samples, n_generations)`. `shares` are those of the original text, and
# each generation draws `n_samples` tokens. It gives a dict with three entries: `"lost"`, the chance that the
# rarest token is not drawn even once in the first generation; `"replace"` and `"accumulate"`, the average
# diversity after `n_generations` generations.

# %%
predict(
    "E02.10",
    "Each generation draws 100 tokens from the one before. What share of the diversity is left on "
    "average after 200 generations of replacing?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "02-10-answer"}
def self_training(shares, n_samples, n_generations):
    """Chance that the rarest token is lost at once, and the diversity after n_generations."""
    ### BEGIN SOLUTION
    diversity = 1 - sum(share**2 for share in shares)
    kept = 1.0
    for t in range(1, n_generations + 1):
        kept *= 1 - 1 / (n_samples * (t + 1) ** 2)
    return {
        "lost": (1 - min(shares)) ** n_samples,
        "replace": diversity * (1 - 1 / n_samples) ** n_generations,
        "accumulate": diversity * kept,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "02-10-check"}
check("02.10", self_training)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A token of share s is not drawn with chance 1 − s. And n times in a row?
# </details>
# <details><summary>Hint 2</summary>
#
# Shares of 0.5, 0.3 and 0.2 have a diversity of 1 − 0.25 − 0.09 − 0.04 = 0.62. After one generation of
# ten tokens 0.62 · 0.9 = 0.558 is left of it.
# </details>
# <details><summary>Hint 3</summary>
#
# For `"accumulate"` the factor is another one each time: multiply them in a loop over
# `range(1, n_generations + 1)`.
# </details>

# %%
compare("E02.10")

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off? Chances that are
# multiplied many times are hard to guess for everybody: token by token, question by question, look by
# look.

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=02_emergence_and_collapse` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("02_emergence_and_collapse")

# %% [markdown]
# ## Where to go on
# Back to chapter 2: [Emergence and collapse](../../notebooks/02_emergence_and_collapse.ipynb).
