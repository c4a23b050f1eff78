# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 8 · How networks learn
#
# Ten exercises on what chapter 8, [How networks learn](../../notebooks/08_learning.ipynb), is about:
# gradients and the rates at which they diverge, the steps of AdamW, schedules, a loss that does not overflow,
# when to stop, which remedy helped, and how large a batch is worth it.
# You need derivatives of a square, loops, and in some of them numpy arrays.
# **129 minutes · 52 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 08.1 | A loss and its two slopes | ★☆☆ | 9 | 5 |
# | 08.2 | The largest rate that is stable | ★★☆ | 12 | 5 |
# | 08.3 | Scale, descend, and scale back | ★★☆ | 13 | 6 |
# | 08.4 | AdamW, a step at a time | ★★☆ | 13 | 5 |
# | 08.5 | Warm up, then cool down | ★☆☆ | 9 | 4 |
# | 08.6 | A loss that does not overflow | ★★☆ | 12 | 5 |
# | 08.7 | When to stop | ★★☆ | 11 | 5 |
# | 08.8 | The noise scale from two batches | ★★★ | 12 | 5 |
# | 08.9 | Which remedies helped? | ★★★ | 20 | 6 |
# | 08.10 | A batch that you defend | ★★★ | 18 | 6 |
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
# `solutions/08_learning/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. A loss is in nats where it is a
# cross-entropy; ln is the natural logarithm. Where no source is named, the numbers are made up.
#
# Run the next cell first.

# %%
import math

import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 08.1 A loss and its two slopes
# ★☆☆ · 9 minutes · 5 points
#
# A straight line predicts θ₀ + θ₁·x. Its *mean squared error* (均方误差) over n examples is L = (1/n) Σ (θ₀ +
# θ₁·xᵢ − yᵢ)². Gradient descent needs the two slopes of L: how fast it grows with θ₀, and how fast with θ₁.
# Document D §4.2 prints them as (1/n) Σ e and (1/n) Σ e·x, with e = θ₀ + θ₁·x − y. Check that before you
# believe it.
#
# **Write** `slopes(theta, x, y)`, where `theta` is `[θ₀, θ₁]` and `x` and `y` are lists. It gives a dict with
# three entries: `"loss"`, and the derivatives `"d0"` by θ₀ and `"d1"` by θ₁.

# %%
# D §4.3: areas and prices of ten houses
houses_x = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
houses_y = [200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000]

# %%
predict(
    "E08.1",
    "By how much does document D's slope have to be multiplied to be the true one?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-1-answer"}
def slopes(theta, x, y):
    """Loss of a line, and its derivatives by intercept and slope."""
    ### BEGIN SOLUTION
    n = len(x)
    errors = [theta[0] + theta[1] * x[i] - y[i] for i in range(n)]
    return {
        "loss": sum(e * e for e in errors) / n,
        "d0": 2 * sum(errors) / n,
        "d1": 2 * sum(errors[i] * x[i] for i in range(n)) / n,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "08-1-check"}
check("08.1", slopes)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The derivative of e² is 2·e times the derivative of e. By θ₀ e grows by 1, by θ₁ it grows by x.
# </details>
# <details><summary>Hint 2</summary>
#
# Move a parameter by 0.5 to each side and look at the loss: for a square the difference is the slope,
# exactly.
# </details>

# %%
compare("E08.1")

# %% [markdown]
# ## 08.2 The largest rate that is stable
# ★★☆ · 12 minutes · 5 points
#
# The mean squared error of a line is a bowl. Its *Hessian* (海森矩阵), the matrix of second derivatives, is
#
# 2 · [[1, mean of x], [mean of x, mean of x²]]
#
# Its two *eigenvalues* (特征值) are the curvatures h along the axes of the bowl. A step of gradient descent
# multiplies the error along an axis by 1 − rate · h. So it shrinks where |1 − rate · h| < 1.
#
# **Write** `bowl(x)`, a dict with two entries: `"largest_rate"`, the rate below which the error shrinks along
# both axes; and `"condition"`, the *condition number* (条件数), the larger eigenvalue over the smaller.

# %%
predict(
    "E08.2",
    "Areas from 100 to 1000. What is the largest stable rate, in units of 1e-6?",
    unit="1e-6",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-2-answer"}
def bowl(x):
    """Largest rate at which descent converges, and the condition number."""
    ### BEGIN SOLUTION
    x = np.array(x, float)
    matrix = 2 * np.array([[1, x.mean()], [x.mean(), (x**2).mean()]])
    low, high = np.linalg.eigvalsh(matrix).tolist()
    return {"largest_rate": 2 / high, "condition": high / low}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "08-2-check"}
check("08.2", bowl)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.linalg.eigvalsh(matrix)` gives the eigenvalues of a symmetric matrix, the smallest first.
# </details>
# <details><summary>Hint 2</summary>
#
# |1 − rate · h| < 1 means 0 < rate < 2/h. Which of the two h decides?
# </details>

# %%
compare("E08.2")

# %% [markdown]
# ## 08.3 Scale, descend, and scale back
# ★★☆ · 13 minutes · 6 points
#
# The cure for a ravine is to *standardise* (标准化): z = (x − mean) / sd, with the standard deviation that
# divides by n (`np.std`). Descent then runs on a round bowl. But the line that comes out speaks of z, and
# people ask in square metres.
#
# **Write** `scaled_line(x, y, rate, n_steps)`: standardise x; start at θ₀ = θ₁ = 0; make `n_steps` steps of
# gradient descent on the mean squared error of θ₀ + θ₁·z, both parameters at the same time, with its true
# gradient (factor 2); then turn the line back into one of x. It gives a dict with two entries: `"slope"` and
# `"intercept"`, so that the prediction is intercept + slope · x.

# %%
predict(
    "E08.3",
    "Ten houses, prices twice the areas, x standardised, rate 0.1. After a single step, what is "
    "the slope in the units of x?",
    unit="price per square metre",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-3-answer"}
def scaled_line(x, y, rate, n_steps):
    """Slope and intercept, in the units of x, after descent on standardised x."""
    ### BEGIN SOLUTION
    x, y = np.array(x, float), np.array(y, float)
    mean, sd = x.mean(), x.std()
    z, t0, t1 = (x - mean) / sd, 0.0, 0.0
    for _ in range(n_steps):
        error = t0 + t1 * z - y
        t0, t1 = t0 - rate * 2 * error.mean(), t1 - rate * 2 * (error * z).mean()
    return {"slope": t1 / sd, "intercept": t0 - t1 / sd * mean}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 6, "grade_id": "08-3-check"}
check("08.3", scaled_line)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# θ₀ + θ₁·(x − mean)/sd is a line in x. Its slope is θ₁/sd; where x = 0 it is θ₀ − θ₁·mean/sd.
# </details>
# <details><summary>Hint 2</summary>
#
# Compute the error once in each step, then change both parameters.
# </details>

# %%
compare("E08.3")

# %% [markdown]
# ## 08.4 AdamW, a step at a time
# ★★☆ · 13 minutes · 5 points
#
# AdamW trains most language models. For one weight w it keeps two fading means, both 0 at the start. At step
# t = 1, 2, … with the gradient g:
#
# - m ← 0.9·m + 0.1·g, and v ← 0.999·v + 0.001·g²;
# - both are too small at first, so m̂ = m / (1 − 0.9ᵗ) and v̂ = v / (1 − 0.999ᵗ);
# - w ← w − rate · decay · w − rate · m̂ / (√v̂ + 10⁻⁸), with the old w on the right.
#
# The decay (权重衰减) goes past the division: that is the W. Adam with L2 adds decay · w to g instead.
#
# **Write** `adamw(weight, gradients, rate, decay)`: the weight after one step for each gradient of the list.

# %%
predict(
    "E08.4",
    "A weight of 1, a rate of 0.1, no decay, and a first gradient of 5. What is the weight after "
    "the first step?",
    unit="",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-4-answer"}
def adamw(weight, gradients, rate, decay):
    """The weight after each gradient was used once."""
    ### BEGIN SOLUTION
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        step = m / (1 - 0.9**t) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
        weight = weight - rate * decay * weight - rate * step
    return weight
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "08-4-check"}
check("08.4", adamw)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `for t, g in enumerate(gradients, 1):` counts from 1.
# </details>
# <details><summary>Hint 2</summary>
#
# At the first step m̂ = g and v̂ = g², so the step is rate · g/|g|: the gradient's size does not matter.
# </details>

# %%
compare("E08.4")

# %% [markdown]
# ## 08.5 Warm up, then cool down
# ★☆☆ · 9 minutes · 4 points
#
# Learning rates of large models climb at first and then fall. Of `n_steps` steps, counted from 0, the first
# `n_warmup` *warm up* (预热): step 0 has peak / n_warmup, and each further one that much more, so that the last
# of them has the peak. After that the rate follows half a cosine (余弦退火): peak · (1 + cos(π·s)) / 2, where s
# is the share of the remaining steps that lies behind: (step − n_warmup) / (n_steps − n_warmup).
#
# **Write** `rate_at(step, n_steps, n_warmup, peak)`. `n_warmup` may be 0.

# %%
predict(
    "E08.5",
    "100 steps, 10 of them to warm up, a peak of 0.4. What is the rate of step 55?",
    unit="",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-5-answer"}
def rate_at(step, n_steps, n_warmup, peak):
    """Learning rate of one step."""
    ### BEGIN SOLUTION
    if step < n_warmup:
        return peak * (step + 1) / n_warmup
    share = (step - n_warmup) / (n_steps - n_warmup)
    return peak * (1 + math.cos(math.pi * share)) / 2
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "08-5-check"}
check("08.5", rate_at)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two cases: `if step < n_warmup:` and after it.
# </details>
# <details><summary>Hint 2</summary>
#
# Step 9 is the last of ten that warm up: (9 + 1)/10 of the peak. Step 10 has s = 0: the peak again.
# </details>

# %%
compare("E08.5")

# %% [markdown]
# ## 08.6 A loss that does not overflow
# ★★☆ · 12 minutes · 5 points
#
# A classifier gives a number z for each class, its *logits*. Softmax makes probabilities of them, p = e^z / Σ
# e^z, and the *cross-entropy* (交叉熵) is −ln p of the right class, in nats. Its gradient by the logits is p,
# less 1 at the right class.
#
# Computed as written it fails for large logits: e^1000 is no number, and ln 0 neither. Softmax does not
# change when the same number is subtracted from all logits. And −ln p = ln Σ e^z − z of the right class needs
# no p.
#
# **Write** `cross_entropy(logits, label)`, a dict with two entries: `"loss"`, and `"gradient"`, a list of one
# number for each class. It must hold for logits of ±1000.

# %%
predict(
    "E08.6",
    "Logits of 1000 and −1000, and the second class is right. How many nats?",
    unit="nats",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-6-answer"}
def cross_entropy(logits, label):
    """Cross-entropy of one example, and its gradient by the logits."""
    ### BEGIN SOLUTION
    z = [logit - max(logits) for logit in logits]
    total = sum(math.exp(a) for a in z)
    p = [math.exp(a) / total for a in z]
    loss = math.log(total) - z[label]
    p[label] -= 1
    return {"loss": loss, "gradient": p}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "08-6-check"}
check("08.6", cross_entropy)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Subtract the largest logit first: then the largest e^z is 1 and the others are below.
# </details>
# <details><summary>Hint 2</summary>
#
# With the shifted z: loss = math.log(sum of all e^z) − z[label].
# </details>

# %%
compare("E08.6")

# %% [markdown]
# ## 08.7 When to stop
# ★★☆ · 11 minutes · 5 points
#
# *Early stopping* (早停): look at the validation loss after each epoch. Keep the weights of the best epoch.
# Stop once there were `patience` epochs in a row without a gain.
#
# A gain is a loss below the best so far, by `least` or more (just `least` counts). An equal loss is never a
# gain, also with `least` = 0. After a gain that loss is the best so far; a smaller improvement leaves the
# best as it was.
#
# **Write** `early_stop(losses, patience, least)`, where `losses` has the validation loss of epoch 0, 1, … as
# it would be without stopping. It gives a dict with two entries: `"stopped"`, the epoch after which training
# stops (the last one if it never does), and `"best"`, the epoch whose weights are kept. Epoch 0 is the best
# at first.

# %%
predict(
    "E08.7",
    "Losses of 9, 7, 6, 8, 8, 5 with a patience of 2. After which epoch (from 0) does training "
    "stop?",
    unit="",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-7-answer"}
def early_stop(losses, patience, least):
    """Epoch after which training stops, and the epoch whose weights are kept."""
    ### BEGIN SOLUTION
    best, best_epoch, waited = losses[0], 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] <= best - least and losses[epoch] < best:
            best, best_epoch, waited = losses[epoch], epoch, 0
        else:
            waited += 1
        if waited == patience:
            return {"stopped": epoch, "best": best_epoch}
    return {"stopped": len(losses) - 1, "best": best_epoch}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "08-7-check"}
check("08.7", early_stop)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Keep three things: the best loss, its epoch, and how long you have waited.
# </details>
# <details><summary>Hint 2</summary>
#
# A gain: `losses[epoch] < best and losses[epoch] <= best - least`. It sets the waiting back to 0.
# </details>

# %%
compare("E08.7")

# %% [markdown]
# ## 08.8 The noise scale from two batches
# ★★★ · 12 minutes · 5 points
#
# How large a batch is worth it? The gradient of a batch of B examples is the true one plus noise. On average
# its squared length is
#
# |G_B|² = signal + variance / B
#
# where the signal is the squared length of the true gradient, and the variance that of single examples about
# it. The *noise scale* (梯度噪声尺度) is variance / signal, a number of examples: well below it twice the batch
# halves the steps, well above it saves none (McCandlish et al., 2018).
#
# **Write** `noise(small, large, b_small, b_large)`: from the mean squared lengths `small` at batch `b_small`
# and `large` at batch `b_large` a dict with three entries, `"signal"`, `"variance"` and `"scale"`.

# %%
predict(
    "E08.8",
    "The squared length is 11 at a batch of 10, and 2 at a batch of 100. What is the noise scale?",
    unit="examples",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-8-answer"}
def noise(small, large, b_small, b_large):
    """Signal, variance and noise scale from two mean squared lengths."""
    ### BEGIN SOLUTION
    signal = (b_large * large - b_small * small) / (b_large - b_small)
    variance = (small - large) / (1 / b_small - 1 / b_large)
    return {"signal": signal, "variance": variance, "scale": variance / signal}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "08-8-check"}
check("08.8", noise)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two equations, two unknowns. Subtract one from the other, and the signal goes.
# </details>
# <details><summary>Hint 2</summary>
#
# small − large = variance · (1/b_small − 1/b_large). And B·|G_B|² = B·signal + variance: subtract these two,
# and the variance goes.
# </details>

# %%
compare("E08.8")

# %% [markdown]
# ## 08.9 Which remedies helped?
# ★★★ · 20 minutes · 6 points
#
# B and C list remedies against *over-fitting* (过拟合). Does each help? Below is a table of test losses, one for
# each of eight seeds, for doing nothing and for four remedies. The same seed has the same start and the same
# data in every column, so compare seed by seed: a paired t-test (`scipy.stats.ttest_rel`) for each remedy
# against `"nothing"`.
#
# Several comparisons need a correction. *Holm's*: sort the m p-values, the smallest first. Multiply the
# smallest by m, the next by m − 1, and so on. Each adjusted p is at least as large as the one before it, and
# none is above 1.
#
# **Write** `verdicts(table)`, where `table` is a dict of lists. It gives a dict with three entries:
# `"adjusted"`, the adjusted p of each remedy by name; `"better"`, the remedies with an adjusted p below 0.05
# and a lower mean loss than nothing, in alphabetical order; and `"worse"`, those below 0.05 with a higher
# one.

# %%
remedies = {
    "nothing": [0.226, 0.25, 0.248, 0.309, 0.191, 0.319, 0.273, 0.384],
    "dropout": [0.2, 0.233, 0.218, 0.263, 0.163, 0.304, 0.215, 0.351],
    "pruning": [0.221, 0.289, 0.219, 0.296, 0.198, 0.323, 0.22, 0.391],
    "smaller": [0.267, 0.288, 0.288, 0.361, 0.182, 0.411, 0.292, 0.362],
    "L2": [0.204, 0.266, 0.215, 0.328, 0.21, 0.277, 0.191, 0.333],
}

# %%
predict(
    "E08.9",
    "Three of the four remedies have a lower mean loss than nothing, or nearly. How many of the "
    "four are told apart from it, better or worse, after the correction?",
    unit="of four",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-9-answer"}
from scipy.stats import ttest_rel


def verdicts(table):
    """Holm-adjusted p-values, and which remedies are told apart from nothing."""
    ### BEGIN SOLUTION
    base = table["nothing"]
    others = [name for name in table if name != "nothing"]
    p = {name: ttest_rel(table[name], base).pvalue for name in others}
    gain = {name: sum(table[name]) - sum(base) for name in others}
    adjusted, highest = {}, 0.0
    for place, name in enumerate(sorted(others, key=p.get)):
        highest = max(highest, min(1.0, (len(others) - place) * p[name]))
        adjusted[name] = highest
    told = [name for name in others if adjusted[name] < 0.05]
    return {
        "adjusted": adjusted,
        "better": sorted(name for name in told if gain[name] < 0),
        "worse": sorted(name for name in told if gain[name] > 0),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 6, "grade_id": "08-9-check"}
check("08.9", verdicts)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `p = {name: ttest_rel(table[name], base).pvalue for name in others}`, and `sorted(others, key=p.get)` begins
# with the smallest.
# </details>
# <details><summary>Hint 2</summary>
#
# For place 0, 1, … multiply by len(others) − place; keep the highest so far with `max`, and cut off with
# `min(1.0, ...)`.
# </details>

# %%
compare("E08.9")

# %% [markdown]
# **Judge.** Train something of your own: any small network on data that you know, with and without one
# remedy, five seeds or more each. Did it help? Double-click this cell and write three or four sentences
# *here*. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. The remedy, its strength and how the strength was chosen (on data that does not judge it) are named.
# 2. Seeds are paired, and the mean difference is given with its interval.
# 3. "Not told apart" is said where it is so, and not "it does not help".
# 4. One sentence on what it does not show: other sizes of data, other networks.
# </details>

# %% [markdown]
# ## 08.10 A batch that you defend
# ★★★ · 18 minutes · 6 points
#
# Below are the steps that a small model took to one loss at batches of 4 to 256, each at its best rate, and
# the milliseconds of a step on one machine. By McCandlish and colleagues' law steps = S · (1 + B_crit / B): a
# straight line in 1/B, with the height S at 1/B = 0.
#
# **Write** `choose_batch(batches, steps, ms_per_step)`, a dict with three entries: `"critical"`, B_crit, by
# an ordinary least-squares line of steps against 1/B; `"fastest"`, the batch whose run takes the least time;
# and `"cheapest"`, the batch whose run reads the fewest examples.

# %%
batches = [4, 8, 16, 32, 64, 128, 256]
steps = [820, 450, 240, 145, 92, 66, 55]
ms_per_step = [5.0, 5.1, 5.3, 6.0, 8.0, 13.0, 24.0]

# %%
predict(
    "E08.10",
    "Which of the seven batches gets there first on that machine?",
    unit="examples",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "08-10-answer"}
def choose_batch(batches, steps, ms_per_step):
    """Batch where returns end, and the batches of the shortest and of the cheapest run."""
    ### BEGIN SOLUTION
    b, s = np.array(batches, float), np.array(steps, float)
    slope, least = np.polyfit(1 / b, s, 1)
    time = s * np.array(ms_per_step)
    images = s * b
    return {
        "critical": slope / least,
        "fastest": batches[int(time.argmin())],
        "cheapest": batches[int(images.argmin())],
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 6, "grade_id": "08-10-check"}
check("08.10", choose_batch)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `slope, height = np.polyfit(1 / b, s, 1)` for arrays b and s. Then S = height and S·B_crit = slope.
# </details>
# <details><summary>Hint 2</summary>
#
# Time is steps · ms_per_step; examples are steps · batch. `argmin()` gives the place.
# </details>

# %%
compare("E08.10")

# %% [markdown]
# **Judge.** Choose a batch for a model of your own, or for the chapter's, and defend it. Double-click this
# cell and write three or four sentences *here*. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. What the batch is chosen for is said: time, or FLOP, or memory.
# 2. The batch where returns end is given, and how it was found: from steps or from the noise scale.
# 3. It says that the best rate changes with the batch, and how that was dealt with.
# 4. It says what would change the choice: a faster machine for large batches, a later stage of training.
# </details>

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off? The largest stable rate of ten
# houses is smaller than most people would ever try.

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=08_learning` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("08_learning")

# %% [markdown]
# ## Where to go on
# Back to chapter 8: [How networks learn](../../notebooks/08_learning.ipynb).
