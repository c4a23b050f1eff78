# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises to the lab of chapter 1 · Measure your own law
#
# Nine exercises on what the lab, [Measure your own
# law](../../notebooks/01_lab_measure_your_own_law.ipynb), does with a table of training runs: count,
# fit, find the valley, doubt, foretell, and break it. You write each tool yourself, in a few lines of
# numpy and without the functions of the course; at the end your tools go over the course's own fleet.
# **122 minutes · 41 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 01.L1 | One model, three sizes | ★☆☆ | 12 | 5 |
# | 01.L2 | A power law through the points | ★☆☆ | 8 | 4 |
# | 01.L3 | The frontier of a fleet | ★★☆ | 15 | 5 |
# | 01.L4 | From valleys to an exponent | ★★☆ | 16 | 5 |
# | 01.L5 | What approach 3 makes small | ★★☆ | 12 | 4 |
# | 01.L6 | Downhill without guessing | ★★★ | 20 | 5 |
# | 01.L7 | How sure is the exponent? | ★★★ | 16 | 5 |
# | 01.L8 | Be scored | ★★☆ | 10 | 4 |
# | 01.L9 | Break the law, on paper | ★★☆ | 13 | 4 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type or pick your guess, then
#    compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers. It checks a part of the points, your teacher the rest. If
#    Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/01_lab_measure_your_own_law/` of the course folder.
#
# Each exercise can be done without the others. Letters as in the course: N parameters, D tokens (here
# bytes), C training compute in FLOP, L loss in nats per token. The tables in the exercises are made up,
# so that the right answer is known; only the last section is measured.
#
# Run the next cell first.

# %%
import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict
from course.figures import label_axes, log_axis, new_figure, show
from course.units import format_count, format_flop

# %% [markdown]
# ## 01.L1 One model, three sizes
# ★☆☆ · 12 minutes · 5 points
#
# The lab's model reads bytes, so its vocabulary is 256. With d = `d_model` it holds
#
# - an *embedding* (嵌入), 256 × d: a row for each byte;
# - in each layer four d × d matrices (queries, keys, values, output), a feed-forward pair d × 4d and
#   4d × d, and two norms of d parameters each;
# - one more norm at the end, and a *head*, d × 256, of its own. There are no biases.
#
# Papers count this differently: the matrices of the layers only (Kaplan), these and the head, or
# everything (Chinchilla). Compute has its own rule. Forward, each token costs 2 FLOP for every
# parameter of the layers' matrices and of the head. Attention has no parameters for two more
# products: the scores, 2·T·d in each layer for a context of T, and the mixing of the values, as much
# again. A token looks back only, so **half** of these two is needed. The backward pass costs twice
# the forward pass.
#
# **Write** `count(d_model, n_layers, context)`. It gives a dict with four entries:
# `"n_non_embedding"`, `"n_with_head"`, `"n_total"`, and `"flops_per_token"` for training.

# %%
predict(
    "E01.L1",
    "At width 16 with 3 layers, how many times larger is the total count than that without "
    "embedding, head and norms?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L1-answer"}
def count(d_model, n_layers, context):
    """Parameters counted three ways, and training FLOP for a token."""
    ### BEGIN SOLUTION
    in_layers = n_layers * (4 * d_model**2 + 8 * d_model**2)
    head = 256 * d_model
    norms = (2 * n_layers + 1) * d_model
    attention = n_layers * (2 + 2) * context * d_model / 2  # the half that looks back
    forward = 2 * (in_layers + head) + attention
    return {
        "n_non_embedding": in_layers,
        "n_with_head": in_layers + head,
        "n_total": in_layers + 2 * head + norms,
        "flops_per_token": 3 * forward,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-L1-check"}
check("01.L1", count)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A layer's matrices: four of d² and two of 4d². That is 12·d² together.
# </details>
# <details><summary>Hint 2</summary>
#
# The embedding is looked up, a row for each byte: it is in the total, and in no FLOP.
# </details>
# <details><summary>Hint 3</summary>
#
# Forward: 2·(layers' matrices + head) + half of n_layers·(2·T·d + 2·T·d). Training: three times that.
# </details>

# %%
compare("E01.L1")

# %% [markdown]
# ## 01.L2 A power law through the points
# ★☆☆ · 8 minutes · 4 points
#
# The cell below has the best loss at seven budgets. A power law (幂律) y = coefficient · x**exponent
# is a straight line on axes that are both logarithmic: log y = log coefficient + exponent · log x. Fit
# it by ordinary least squares **of the logarithms**.
#
# **Write** `power_law(x, y)`, both lists of numbers. It gives a dict with `"coefficient"` and
# `"exponent"`; there is no minus in the law, so the exponent is negative where y falls.

# %%
best_flops = [3e10, 1e11, 3e11, 1e12, 3e12, 1e13, 3e13]
best_losses = [2.034, 1.871, 1.685, 1.513, 1.402, 1.261, 1.178]

# %%
predict(
    "E01.L2",
    "From 3e10 to 3e13 FLOP, a thousand times the compute, the loss falls from 2.034 to 1.178. "
    "What is the exponent, roughly?",
    choices=["-0.08", "-0.29", "-0.86"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L2-answer"}
def power_law(x, y):
    """Coefficient and exponent of the power law through the points."""
    ### BEGIN SOLUTION
    exponent, intercept = np.polyfit(np.log(x), np.log(y), 1)
    return {"coefficient": np.exp(intercept), "exponent": exponent}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "01-L2-check"}
check("01.L2", power_law)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `slope, intercept = np.polyfit(u, v, 1)` fits a straight line v = intercept + slope · u. What are u
# and v here?
# </details>
# <details><summary>Hint 2</summary>
#
# u = `np.log(x)`, v = `np.log(y)`. The slope is the exponent as it is; the intercept is the *logarithm*
# of the coefficient.
# </details>

# %%
compare("E01.L2")

# %% [markdown]
# ## 01.L3 The frontier of a fleet
# ★★☆ · 15 minutes · 5 points
#
# A fleet (模型群) is a table of runs. Its *frontier*, or lower envelope (下包络), holds the best loss
# that each budget can buy: approach 1. Three things to mind:
#
# - A size that was trained with several seeds counts with the **mean** of its seeds. The lowest
#   single run would be the luckiest one.
# - Of each budget the size with the lowest (mean) loss stands for it.
# - A budget whose best is no better than that of a cheaper one is left out: it is beaten.
#
# **Write** `frontier(runs)`. Each run is a list `[flops, n_params, seed, loss]`, in any order; runs of
# one budget have exactly the same `flops`. It gives a list of `[flops, n_params, loss]`, the cheapest
# first.

# %%
lab_runs = [
    [1e10, 9_000, 0, 2.41], [1e10, 14_000, 0, 2.33], [1e10, 14_000, 1, 2.37],
    [1e10, 28_000, 0, 2.40], [1e10, 28_000, 1, 2.29], [1e10, 28_000, 2, 2.42],
    [1e11, 28_000, 0, 1.91], [1e11, 28_000, 1, 1.87], [1e11, 50_000, 0, 1.88],
    [1e11, 50_000, 1, 1.96],
]

# %%
predict(
    "E01.L3",
    "In this table, which size is best at 1e10 FLOP?",
    choices=["9,000", "14,000", "28,000"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L3-answer"}
def frontier(runs):
    """[flops, n_params, mean loss] of the best size of each budget that no cheaper one beats."""
    ### BEGIN SOLUTION
    seeds = {}
    for flops, n_params, _, loss in runs:
        seeds.setdefault((flops, n_params), []).append(loss)
    best = {}
    for (flops, n_params), losses in seeds.items():
        loss = np.mean(losses)
        if flops not in best or loss < best[flops][2]:
            best[flops] = [flops, n_params, loss]
    found = []
    for flops in sorted(best):
        if not found or best[flops][2] < found[-1][2]:
            found.append(best[flops])
    return found
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-L3-check"}
check("01.L3", frontier)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three steps, one after the other: the mean of the seeds of each pair (flops, n_params); the lowest of
# each budget; then go up the budgets and drop the beaten ones.
# </details>
# <details><summary>Hint 2</summary>
#
# A dict helps: `seeds.setdefault((flops, n_params), []).append(loss)` collects the losses of a pair.
# </details>
# <details><summary>Hint 3</summary>
#
# At the end, `for flops in sorted(best)`: append a budget only if its loss is below `found[-1][2]`, the
# last one that you kept.
# </details>

# %%
compare("E01.L3")

# %% [markdown]
# ## 01.L4 From valleys to an exponent
# ★★☆ · 16 minutes · 5 points
#
# Approach 2: at each budget a parabola of the loss in log N shows the best size N*, and a power law
# N* ∝ C**a goes through these. The picture shows three valleys. Before you fit, look whether each
# valley *is* one: if its parabola opens downwards, or has its bottom outside of the sizes that were
# trained, it decides nothing.
#
# **Write** `size_exponent(valleys)`. Each valley is a list `[flops, sizes, losses]`, the last two lists
# with a number for each model. It gives a dict with `"used"`, the budgets of the valleys with a bottom,
# in the order given; `"sizes"`, their N*; and `"exponent"`, the slope of log N* on log C by least
# squares. If fewer than two valleys have a bottom, raise `ValueError`.

# %%
valleys = [
    [3e10, [4200, 8680, 18200, 37800, 70000], [2.1648, 2.0681, 2.0555, 2.1282, 2.2552]],
    [3e11, [11068, 22136, 36746, 75262, 150525], [1.8022, 1.6881, 1.6528, 1.6723, 1.7686]],
    [3e12, [46200, 98000, 203000, 406000, 588000], [1.4674, 1.3801, 1.3809, 1.4598, 1.5331]],
]

figure, axes = new_figure()
for flops, sizes, losses in valleys:
    axes.plot(sizes, losses, label=format_flop(flops))
log_axis(axes.xaxis, format_count)
label_axes(axes, x="Model size N", x_unit="parameters", y="Loss", y_unit="nats per token")
axes.legend()
show(figure, alt="Three valleys, each lower and further to the right than the one before: lowest "
     "near 14 thousand parameters at 3e10 FLOP, 44 thousand at 3e11, 140 thousand at 3e12.")

# %%
predict("E01.L4", "By eye: with what exponent does the best size grow with the compute?")

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L4-answer"}
def size_exponent(valleys):
    """The budgets used, the best size at each, and the exponent a of N* ∝ C**a."""
    ### BEGIN SOLUTION
    used, sizes = [], []
    for flops, n_params, losses in valleys:
        log_n = np.log10(n_params)
        p2, p1, _ = np.polyfit(log_n, losses, 2)
        bottom = -p1 / (2 * p2)
        if p2 > 0 and log_n.min() <= bottom <= log_n.max():
            used.append(flops)
            sizes.append(10**bottom)
    if len(used) < 2:
        raise ValueError("an exponent needs two valleys with a bottom")
    exponent = np.polyfit(np.log10(used), np.log10(sizes), 1)[0]
    return {"used": used, "sizes": sizes, "exponent": exponent}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-L4-check"}
check("01.L4", size_exponent)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One valley: `p2, p1, p0 = np.polyfit(np.log10(sizes), losses, 2)`; the slope 2·p2·x + p1 is zero at
# x = −p1 / (2·p2), and N* is 10**x.
# </details>
# <details><summary>Hint 2</summary>
#
# Keep it only if p2 > 0 and x lies between the smallest and the largest log10 of the sizes.
# </details>
# <details><summary>Hint 3</summary>
#
# Then one more line: `np.polyfit(np.log10(used), np.log10(best_sizes), 1)[0]`. Before it, count
# `used`.
# </details>

# %%
compare("E01.L4")

# %% [markdown]
# ## 01.L5 What approach 3 makes small
# ★★☆ · 12 minutes · 4 points
#
# Approach 3 fits L(N, D) = E + A / N**alpha + B / D**beta to all runs at once. What it makes small is
# the *log-Huber* objective (目标函数). For each run let r = ln(predicted loss) − ln(observed loss). The
# run costs
#
# - ½ r² where |r| ≤ δ,
# - δ·(|r| − δ/2) beyond, so that a bad run pulls, and does not rule.
#
# The objective is the **sum** over the runs.
#
# **Write** `objective(constants, n_params, n_tokens, losses, delta)`. `constants` is
# `[E, A, B, alpha, beta]`, the next three are lists with a number for each run, and `delta` is δ.

# %%
constants = [0.9, 60.0, 90.0, 0.42, 0.4]
run_params = [9_216, 20_736, 36_864, 82_944, 147_456, 82_944]
run_tokens = [250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 600_000]
run_losses = [2.83, 2.2976, 1.961, 1.7, 1.52, 1.86]

# %%
predict(
    "E01.L5",
    "With δ = 0.001, how many times more does a run cost whose prediction is 20 % off (in log), "
    "compared with one that is 1 % off?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L5-answer"}
def objective(constants, n_params, n_tokens, losses, delta):
    """The log-Huber loss of a law, summed over the runs."""
    ### BEGIN SOLUTION
    E, A, B, alpha, beta = constants
    predicted = E + A / np.array(n_params) ** alpha + B / np.array(n_tokens) ** beta
    r = np.abs(np.log(predicted) - np.log(losses))
    return np.sum(np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)))
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "01-L5-check"}
check("01.L5", objective)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with the prediction: `E + A / np.array(n_params) ** alpha + …` gives one loss for each run.
# </details>
# <details><summary>Hint 2</summary>
#
# `r = np.abs(np.log(predicted) - np.log(losses))`. With the bars on, only one limit is to be checked.
# </details>
# <details><summary>Hint 3</summary>
#
# `np.where(condition, here, else_there)` picks the piece for each run; `np.sum` adds them up.
# </details>

# %%
compare("E01.L5")

# %% [markdown]
# ## 01.L6 Downhill without guessing
# ★★★ · 20 minutes · 5 points
#
# An optimiser asks which way is down. It can try small steps along each constant, or be told the
# *gradient* (梯度) by a formula, which is faster and exact. Find it with pen and paper first:
#
# 1. The slope of a run's cost with r: r inside δ, and ±δ beyond.
# 2. The slope of r = ln L − ln observed with L: 1 / L.
# 3. The slopes of L = E + A·N**(−alpha) + B·D**(−beta) with E, A, B, alpha and beta.
#
# The chain rule multiplies the three, and the gradient is the sum over the runs.
#
# **Write** `gradient(constants, n_params, n_tokens, losses, delta)`, with the arguments of 01.L5. It
# gives a list of five numbers, the slopes of the objective along E, A, B, alpha and beta.

# %%
predict(
    "E01.L6",
    "One run's prediction is 30 % too high (in log), another's 1 %. Which pulls harder on E, for "
    "the same predicted loss and δ = 0.001?",
    choices=["the one at 30 %", "both alike", "the one at 1 %"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L6-answer"}
def gradient(constants, n_params, n_tokens, losses, delta):
    """The slopes of the objective of 01.L5 along E, A, B, alpha and beta."""
    ### BEGIN SOLUTION
    E, A, B, alpha, beta = constants
    n, d = np.array(n_params), np.array(n_tokens)
    of_n, of_d = n**-alpha, d**-beta
    predicted = E + A * of_n + B * of_d
    pull = np.clip(np.log(predicted) - np.log(losses), -delta, delta) / predicted
    return [
        np.sum(pull),
        np.sum(pull * of_n),
        np.sum(pull * of_d),
        np.sum(pull * -A * of_n * np.log(n)),
        np.sum(pull * -B * of_d * np.log(d)),
    ]
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-L6-check"}
check("01.L6", gradient)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Step 1 is one call: `np.clip(r, -delta, delta)`, here with the sign of r.
# </details>
# <details><summary>Hint 2</summary>
#
# So each run pulls with `np.clip(r, -delta, delta) / predicted`. Along E that is all, since L has the
# slope 1 there. Along A multiply by N**(−alpha).
# </details>
# <details><summary>Hint 3</summary>
#
# N**(−alpha) = exp(−alpha · ln N). Its slope with alpha is −ln N · N**(−alpha).
# </details>
# <details><summary>Hint 4</summary>
#
# Test yourself: add 1e-6 of itself to one constant. The objective of 01.L5 must change by the
# slope times that step.
# </details>

# %%
compare("E01.L6")

# %% [markdown]
# ## 01.L7 How sure is the exponent?
# ★★★ · 16 minutes · 5 points
#
# How far would the exponent of 01.L2 move, had other runs been made? Nobody can afford them. The
# *bootstrap* (自助法) makes new tables from the old one: it draws n runs out of n, **with
# replacement**, so that some come twice and some not at all. The spread of the exponents of many such
# tables is the uncertainty. Be exact, so that your numbers can be checked:
#
# - `rng = np.random.default_rng(seed)`, made once;
# - for each of the `n_samples` samples draw the places of the runs by `rng.integers(n, size=n)`;
# - the exponent of a sample is the slope of log loss on log compute, by least squares;
# - the 95 % interval goes from the 2.5th to the 97.5th percentile (`np.percentile`).
#
# **Write** `exponent_interval(flops, losses, n_samples, seed)`. It gives a dict with `"low"` and
# `"high"`. Exponents are negative here, so low is the steeper one.

# %%
predict(
    "E01.L7",
    "Of the seven runs of 01.L2, how many different ones does a sample hold on average?",
    unit="runs",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L7-answer"}
def exponent_interval(flops, losses, n_samples, seed):
    """The 95 % bootstrap interval of the exponent of loss in compute."""
    ### BEGIN SOLUTION
    x, y = np.log(flops), np.log(losses)
    rng = np.random.default_rng(seed)
    exponents = []
    for _ in range(n_samples):
        picks = rng.integers(len(x), size=len(x))
        exponents.append(np.polyfit(x[picks], y[picks], 1)[0])
    low, high = np.percentile(exponents, [2.5, 97.5])
    return {"low": low, "high": high}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-L7-check"}
check("01.L7", exponent_interval)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One sample: `picks = rng.integers(n, size=n)`, then fit the line through `x[picks]` and `y[picks]`. The
# same places for both: a run keeps its loss.
# </details>
# <details><summary>Hint 2</summary>
#
# `x = np.log(flops)` makes an array, which takes a list of places in its brackets. Collect the slopes
# in a list.
# </details>
# <details><summary>Hint 3</summary>
#
# `low, high = np.percentile(exponents, [2.5, 97.5])`. It wants per cent.
# </details>

# %%
compare("E01.L7")

# %% [markdown]
# ## 01.L8 Be scored
# ★★☆ · 10 minutes · 4 points
#
# A law that fits what it has seen proves little. Fit it to the cheap runs and foretell the dearest
# one. A fit through the logarithms as in 01.L2, to the runs with **less** than `below` FLOP; the
# forecast (预测) is for the run with the most compute.
#
# **Write** `forecast_error(flops, losses, below)`, the first two lists with a number for each run, in
# any order. It gives a dict with `"predicted"`, in nats, and `"error_percent"`, 100 · (predicted /
# observed − 1), with its sign. If the dearest run would be in the fit, or fewer than three runs are,
# raise `ValueError`.

# %%
predict(
    "E01.L8",
    "The runs of 01.L2 below 1e13 FLOP foretell the one at 3e13. Which way will the forecast be off, "
    "if the law has a floor that a straight line does not know?",
    choices=["too low", "too high"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L8-answer"}
def forecast_error(flops, losses, below):
    """The foretold loss of the dearest run, and how far off it is in per cent."""
    ### BEGIN SOLUTION
    flops, losses = np.array(flops), np.array(losses)
    fitted, dearest = flops < below, np.argmax(flops)
    if fitted[dearest] or fitted.sum() < 3:
        raise ValueError("fit three runs or more, and leave the dearest one out")
    slope, intercept = np.polyfit(np.log(flops[fitted]), np.log(losses[fitted]), 1)
    predicted = np.exp(intercept + slope * np.log(flops[dearest]))
    return {"predicted": predicted, "error_percent": 100 * (predicted / losses[dearest] - 1)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "01-L8-check"}
check("01.L8", forecast_error)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `flops = np.array(flops)`; then `fitted = flops < below` is True for the runs of the fit, and
# `flops[fitted]` holds them.
# </details>
# <details><summary>Hint 2</summary>
#
# `dearest = np.argmax(flops)` is the place of the run to foretell. It may stand anywhere in the list.
# </details>
# <details><summary>Hint 3</summary>
#
# Refuse if `fitted[dearest]` or `fitted.sum() < 3`.
# </details>

# %%
compare("E01.L8")

# %% [markdown]
# ## 01.L9 Break the law, on paper
# ★★☆ · 13 minutes · 4 points
#
# The lab ruins a study on purpose and watches the exponent of N*. Here the truth is known: the study
# below has N* = 0.15 · C**0.475, counted with the head. `study` makes its valleys as in 01.L4. It can
# count N in another way (`n_params`) or make each loss worse (`worse`), and leaves the rest alone.
#
# **Write** `what_moved(sound, ruined)`, two lists of valleys `[flops, sizes, losses]`, all with a
# bottom among their sizes. It gives a dict with `"sound"` and `"ruined"`, the exponents of N* by
# parabolas in log N and least squares through all the bottoms, and `"moves"`: `"up"` or `"down"` if the
# ruined exponent lies more than 0.01 above or below the sound one, else `"not"`.

# %%
WIDTHS = {3e10: (8, 16, 24, 32, 48), 1e11: (8, 16, 24, 32, 64), 3e11: (16, 24, 32, 48, 64),
          3e12: (32, 48, 64, 96, 128)}


def with_head(d):
    return 36 * d**2 + 256 * d


def study(n_params=with_head, worse=lambda d: 0):
    valleys = []
    for flops, widths in WIDTHS.items():
        d = np.array(widths)
        away = np.log10(with_head(d) / (0.15 * flops**0.475))
        losses = 2 * (flops / 3e10) ** -0.085 + 0.4 * away**2 + worse(d)
        valleys.append([flops, n_params(d), np.round(losses, 5)])
    return valleys


sound = study()
everything = study(n_params=lambda d: with_head(d) + 263 * d)  # with the embedding and the norms
layers_only = study(n_params=lambda d: 36 * d**2)
one_rate = study(worse=lambda d: 0.01 * np.log2(d / 8) ** 2)  # right at width 8, bad when wide

# %%
predict(
    "E01.L9",
    "The embedding is a large part of a small model and a small part of a large one. Count it too: "
    "what does the exponent of N* do?",
    choices=["it rises", "it stays", "it falls"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-L9-answer"}
def what_moved(sound, ruined):
    """Both exponents of N*, and which way the ruined study moves it."""
    ### BEGIN SOLUTION
    found = {}
    for name, valleys in [("sound", sound), ("ruined", ruined)]:
        bottoms = []
        for _, n_params, losses in valleys:
            p2, p1, _ = np.polyfit(np.log10(n_params), losses, 2)
            bottoms.append(-p1 / (2 * p2))
        found[name] = np.polyfit(np.log10([valley[0] for valley in valleys]), bottoms, 1)[0]
    change = found["ruined"] - found["sound"]
    moves = "up" if change > 0.01 else "down" if change < -0.01 else "not"
    return found | {"moves": moves}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "01-L9-check"}
check("01.L9", what_moved)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write a function for one study first: parabola, bottom −p1 / (2·p2), line through the bottoms. Or
# take yours of 01.L4.
# </details>
# <details><summary>Hint 2</summary>
#
# The bottoms are logarithms already, so they go into the line as they are, against log10 of the
# budgets.
# </details>
# <details><summary>Hint 3</summary>
#
# `change = ruined − sound`; then `"up"` above 0.01, `"down"` below −0.01, `"not"` in between.
# </details>

# %%
compare("E01.L9")

# %% [markdown]
# ## What ruined the law?
# Run the next cell when you have an answer to 01.L9. The way of counting alone moves the exponent by
# about a tenth, up or down. Kaplan (0.73, without embeddings) and Chinchilla (0.50, with them) differ by
# more, but it is one of the reasons. A rate that is wrong for wide models makes them look bad, so the
# valleys shift to small ones, most at the large budgets.

# %%
for name, ruined in [("everything counted", everything), ("layers only", layers_only),
                     ("one learning rate", one_rate)]:
    if found := what_moved(sound, ruined):
        print(f"{name}: from {found['sound']:.3f} to {found['ruined']:.3f}, {found['moves']}")

# %% [markdown]
# ## Your tools on our fleet
# The last table is measured: the fleet that comes with the course, one study of small models of bytes,
# several seeds each. Run the next cell when you have answers to 01.L2, L3, L4, L7 and L8. Which of the
# numbers would you defend?

# %% tags=["machine-dependent"]
from course.experiments.fleet import load_fleet

runs = [[float(f"{run['flops']:.1e}"), run["n_with_head"], run["seed"], run["loss"]]
        for run in load_fleet("isoflop")]
valleys = []
for budget in sorted({run[0] for run in runs}):
    sizes = sorted({run[1] for run in runs if run[0] == budget})
    losses = [np.mean([run[3] for run in runs if run[:2] == [budget, n]]) for n in sizes]
    if len(sizes) > 3:  # three points lie on a parabola whatever the noise is
        valleys.append([budget, sizes, losses])

best = frontier(runs) or []
if len(best) < 4:
    print(f"Four budgets are needed, your frontier has {len(best)}: answer 01.L3 first.")
else:
    flops, losses = [one[0] for one in best], [one[2] for one in best]
    there = [run for run in runs if run[:2] in [one[:2] for one in best]]  # seeds and all
    law, score = power_law(flops, losses), forecast_error(flops, losses, flops[-1])
    ends = exponent_interval([run[0] for run in there], [run[3] for run in there], 1_000, 0)
    print(f"The lowest loss goes as C**{law['exponent']:.3f}; 95 % interval "
          f"{ends['low']:.3f} to {ends['high']:.3f}.")
    print(f"At {flops[-1]:.0e} FLOP the others foretell {score['predicted']:.3f} nats, "
          f"{score['error_percent']:+.1f} % off.")
    print(f"The best size goes as C**{size_exponent(valleys)['exponent']:.3f}.")

# %% [markdown]
# The interval draws from all the runs at the best sizes, and takes these sizes for granted. How unsure
# the best sizes are, and what that does to the exponent of N*, is the lab's question.
#
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off, and was it the count,
# the fit or the doubt?

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=01_lab_measure_your_own_law` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("01_lab_measure_your_own_law")

# %% [markdown]
# ## Where to go on
# Back to the lab: [Measure your own law](../../notebooks/01_lab_measure_your_own_law.ipynb). The
# chapter it belongs to: [Scaling laws](../../notebooks/01_scaling_laws.ipynb).
