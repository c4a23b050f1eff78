# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 1 · Scaling laws
#
# Ten exercises on what chapter 1, [Scaling laws](../../notebooks/01_scaling_laws.ipynb), is about: power
# laws, units of loss and compute, the compute-optimal model, and how far a law may be trusted. You
# need logarithms, and numpy for a straight line and a parabola. **135 minutes · 45 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 01.1 | The exponent from two points | ★☆☆ | 8 | 3 |
# | 01.2 | The exponent from a plot | ★☆☆ | 6 | 3 |
# | 01.3 | PF-days, or: what is GPT-3's loss? | ★☆☆ | 10 | 4 |
# | 01.4 | Two models, two tokenizers | ★★☆ | 12 | 5 |
# | 01.5 | The optimum, by hand and in code | ★★★ | 20 | 5 |
# | 01.6 | The bottom of an IsoFLOP valley | ★★☆ | 15 | 5 |
# | 01.7 | What is wrong with these constants? | ★★☆ | 12 | 4 |
# | 01.8 | Which formula survives a change of units? | ★★★ | 15 | 5 |
# | 01.9 | Kaplan or Chinchilla? | ★★☆ | 15 | 5 |
# | 01.10 | A forecast with an interval | ★★★ | 22 | 6 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type or pick your guess, then
#    compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
#    The course's library has functions for some of the answers; here your own are asked for.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers, those of the documents too. It checks a part of the points,
#    your teacher the rest. If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/01_scaling_laws/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. Letters as in the course: N
# parameters, D tokens, C training compute in FLOP, L loss in nats per token. Where nothing else is
# said, the points are made up.
#
# Run the next cell first.

# %%
import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict
from course.evidence import fact
from course.figures import QUIET, label_axes, log_axis, new_figure, show

# %% [markdown]
# ## 01.1 The exponent from two points
# ★☆☆ · 8 minutes · 3 points
#
# A *power law* (幂律) for the loss is L = (C0 / C)**alpha. Take logarithms: log L = alpha · log C0 −
# alpha · log C. So on axes that are both logarithmic it is a straight line, and its slope is
# −alpha. The *exponent* alpha (指数) is positive where the loss falls.
#
# **Write** `exponent(flops_1, loss_1, flops_2, loss_2)`, which gives alpha for the line through two
# points.

# %%
predict(
    "E01.1",
    "For compute Kaplan et al. (2020) print alpha = 0.050. "
    "How many times more compute does it then take to halve the loss?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-1-answer"}
def exponent(flops_1, loss_1, flops_2, loss_2):
    """alpha of the power law L = (C0 / C)**alpha through two points (FLOP, loss)."""
    ### BEGIN SOLUTION
    slope = np.log10(loss_2 / loss_1) / np.log10(flops_2 / flops_1)
    return -slope
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 3, "grade_id": "01-1-check"}
check("01.1", exponent)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Slope is rise over run: a difference of logarithms of the loss over a difference of logarithms of
# the compute.
# </details>
# <details><summary>Hint 2</summary>
#
# log a − log b = log(a / b). Any base will do, `np.log` or `np.log10`, but the same one above and
# below.
# </details>
# <details><summary>Hint 3</summary>
#
# `slope = np.log10(loss_2 / loss_1) / np.log10(…)`. Which sign has alpha?
# </details>

# %%
compare("E01.1")

# %% [markdown]
# ## 01.2 The exponent from a plot
# ★☆☆ · 6 minutes · 3 points
#
# The picture below shows seven models of one family, each trained with ten times the compute of the
# one before. Read the exponent off it, as you would off one in a paper: take two points, as far apart
# as you can, and read their losses off the axis. Two digits are enough.
#
# **Find** `alpha_on_plot`, the exponent of the line, right to 6 %.

# %%
plot_flops = [1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23]
plot_losses = [5.00, 4.33, 3.73, 3.22, 2.79, 2.41, 2.09]

figure, axes = new_figure()
axes.plot(plot_flops, plot_losses)
log_axis(axes.xaxis)
log_axis(axes.yaxis)
axes.set_yticks([2, 2.5, 3, 4, 5], ["2", "2.5", "3", "4", "5"])
label_axes(axes, x="Training compute C", x_unit="FLOP", y="Loss", y_unit="nats per token")
show(figure, alt="Seven points on a falling straight line, both axes logarithmic: the loss is 5.0 "
     "nats at 1e17 FLOP and 2.1 nats at 1e23 FLOP.")

# %%
predict(
    "E01.2",
    "Document A §1.1 gives compute an exponent of 0.076. Is this line steeper?",
    choices=["steeper", "less steep"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-2-answer"}
alpha_on_plot = ...
### BEGIN SOLUTION
alpha_on_plot = np.log10(5.0 / 2.1) / 6  # the first point, the last, and six decades between them
### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 3, "grade_id": "01-2-check"}
check("01.2", alpha_on_plot)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many *decades* (factors of ten) of compute lie between the first point and the last?
# </details>
# <details><summary>Hint 2</summary>
#
# The loss falls from about 5.0 to about 2.1. On a log axis that is a distance of log10(5.0 / 2.1).
# </details>
# <details><summary>Hint 3</summary>
#
# Your function of exercise 01.1 does the rest: give it the two points.
# </details>

# %%
compare("E01.2")

# %% [markdown]
# ## 01.3 PF-days, or: what is GPT-3's loss?
# ★☆☆ · 10 minutes · 4 points
#
# For compute that is spent in the best way Kaplan et al. (2020, eq. 1.3) give
# L(C) = (C_c / C)**alpha with alpha = 0.050 and C_c = 3.1e8 **PF-days**. A PF-day is the work of
# 1e15 FLOP/s for a day. The law knows no floor, and N in their paper leaves out the embeddings.
# Training GPT-3 took 3.14e23 FLOP; document A's formula gives 0.441 nats per token for it.
#
# **Write** `kaplan_loss(flops)`, the loss in nats per token. `flops` is in FLOP.

# %%
predict(
    "E01.3",
    "Someone puts in FLOP where the law wants PF-days: a budget about 1e20 times too large. "
    "How many times too small is the loss that comes out?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-3-answer"}
alpha = float(fact("kaplan.alpha_C_min"))  # 0.050
C_c = float(fact("kaplan.C_c_min"))  # 3.1e8, in PF-days


def kaplan_loss(flops):
    """Kaplan's L(C_min) in nats per token; flops in FLOP."""
    ### BEGIN SOLUTION
    pf_days = flops / (1e15 * 24 * 60 * 60)
    return (C_c / pf_days) ** alpha
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "01-3-check"}
check("01.3", kaplan_loss)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# C and C_c must be in the same unit. How many FLOP are one PF-day?
# </details>
# <details><summary>Hint 2</summary>
#
# One PF-day is 1e15 FLOP/s × 86,400 s = 8.64e19 FLOP. GPT-3 took 3,634 of them.
# </details>
# <details><summary>Hint 3</summary>
#
# `(C_c / pf_days) ** alpha` with `pf_days = flops / 8.64e19`. If your loss is far below 1, the units
# of C and C_c differ.
# </details>

# %%
compare("E01.3")

# %% [markdown]
# ## 01.4 Two models, two tokenizers
# ★★☆ · 12 minutes · 5 points
#
# A loss in nats per token says how badly the next token is guessed. Three units for the same thing:
#
# - *Perplexity* (困惑度): the number of equally likely tokens that would be as hard to guess. Among V
#   equally likely tokens the loss is ln V nats.
# - *Bits per token*: the loss counted in choices between two. Two equally likely tokens are 1 bit,
#   and ln 2 nats.
# - *Bits per byte*: the same, shared out evenly among the bytes of the text. A token holds a few
#   bytes; how many depends on the tokenizer (分词器). A byte is the same for all.
#
# **Write** `compare_models(losses, bytes_per_token)`. Both are lists with a number for each model. It
# gives a dict with three entries: `"perplexity"` and `"bits_per_byte"`, each a list with a number for
# each model, and `"best"`, the place in the list (0, 1, …) of the model that predicts the text best.

# %%
predict(
    "E01.4",
    "Model 0 has a loss of 2.00 nats per token, and its tokens hold 3.6 bytes on average. "
    "Model 1 has 2.35 nats and 4.6 bytes. Which one predicts the same text better?",
    choices=["model 0", "model 1"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-4-answer"}
def compare_models(losses, bytes_per_token):
    """Perplexities, bits per byte, and the place of the best model."""
    ### BEGIN SOLUTION
    bits_per_token = np.array(losses) / np.log(2)
    bits_per_byte = bits_per_token / np.array(bytes_per_token)
    return {
        "perplexity": np.exp(losses),
        "bits_per_byte": bits_per_byte,
        "best": np.argmin(bits_per_byte),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-4-check"}
check("01.4", compare_models)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which of the three units is comparable between the two tokenizers?
# </details>
# <details><summary>Hint 2</summary>
#
# If L = ln V, then V = exp(L): that is the perplexity. And 1 bit = ln 2 = 0.693 nats, so there are
# more bits than nats.
# </details>
# <details><summary>Hint 3</summary>
#
# Bits per byte = L / ln 2 / (bytes per token), for each model. The best model has the fewest:
# `np.argmin(…)`, or `values.index(min(values))` for a list.
# </details>

# %%
compare("E01.4")

# %% [markdown]
# ## 01.5 The optimum, by hand and in code
# ★★★ · 20 minutes · 5 points
#
# Hoffmann et al. (2022) write the loss as a sum with a floor:
#
# $$L(N, D) = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}, \qquad C = 6\,N\,D .$$
#
# For a given budget C a larger N leaves a smaller D. Somewhere between lies the *compute-optimal*
# (计算最优) pair. Find it with pen and paper first, for any constants:
#
# 1. Write D by C and N. Put it into L, which then depends on N alone.
# 2. Set the derivative of L with respect to N to zero.
# 3. Solve for N. With a = β/(α+β) you should find N = G · (C/6)**a. What is G?
#
# **Write** `optimum(flops, A, B, alpha, beta)`, which gives `[N, D]`, parameters first, right to one
# in a thousand: a search over a list of sizes is too coarse. E is not needed: why not?

# %%
predict(
    "E01.5",
    "With α = β, how many times larger should the model be for a budget 100 times larger?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-5-answer"}
def optimum(flops, A, B, alpha, beta):
    """[N, D] with the lowest A / N**alpha + B / D**beta among all with 6 N D = flops."""
    ### BEGIN SOLUTION
    # The derivative is zero where alpha A / N^alpha = beta B / D^beta. There D = (C/6) / N.
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n_params = G * (flops / 6) ** (beta / (alpha + beta))
    return [n_params, flops / 6 / n_params]
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-5-check"}
check("01.5", optimum)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# D = C / (6 N), so B / D^β = B · N^β · (6/C)^β. The floor E is the same for every N: it moves no
# minimum.
# </details>
# <details><summary>Hint 2</summary>
#
# The derivative is −α A N^(−α−1) + β B N^(β−1) (6/C)^β. Set it to zero and multiply by N:
# α A / N^α = β B / D^β.
# </details>
# <details><summary>Hint 3</summary>
#
# So N^(α+β) = (α A / (β B)) · (C/6)^β. Take the root: N = G · (C/6)^(β/(α+β)) with
# G = (α A / (β B))^(1/(α+β)).
# </details>
# <details><summary>Hint 4</summary>
#
# Do not work D out by a second formula: `n_tokens = flops / 6 / n_params`. Then 6·N·D is the budget,
# whatever else happens.
# </details>

# %%
compare("E01.5")

# %% [markdown]
# ## 01.6 The bottom of an IsoFLOP valley
# ★★☆ · 15 minutes · 5 points
#
# Models of different size, trained with the same compute, form an *IsoFLOP* curve (等算力曲线), a
# valley. The picture below shows six, all trained with 1e21 FLOP: small ones saw many tokens, large
# ones few. In their second approach Hoffmann et al. (2022) fit a **parabola** to the loss against the
# **logarithm** of the size, and take its lowest point as the optimal size.
#
# **Write** `isoflop_minimum(n_params, losses)`. Both are lists with a number for each model, in any
# order. It gives the size N at the bottom of the parabola through all the points. If the parabola
# has no lowest point between the smallest and the largest size, raise `ValueError`: there the data
# do not show the bottom.

# %%
from course.units import format_count

valley_sizes = [0.5e9, 1e9, 2e9, 4e9, 8e9, 16e9]
valley_losses = [2.403, 2.337, 2.307, 2.311, 2.342, 2.405]

figure, axes = new_figure()
axes.plot(valley_sizes, valley_losses, linestyle="none")
log_axis(axes.xaxis, format_count)
label_axes(axes, x="Model size N", x_unit="parameters", y="Loss", y_unit="nats per token")
show(figure, alt="Six points form a valley: 2.40 nats at 0.5B and at 16B parameters, lowest "
     "between 2B and 4B, where two points are almost level at 2.31.")

# %%
predict("E01.6", "At what size is the bottom of the valley, by eye?", unit="billion parameters")

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-6-answer"}
def isoflop_minimum(n_params, losses):
    """The size at the bottom of a parabola in log N; ValueError if it is outside of the points."""
    ### BEGIN SOLUTION
    log_n = np.log10(n_params)
    p2, p1, _ = np.polyfit(log_n, losses, 2)
    bottom = -p1 / (2 * p2)
    if p2 <= 0 or not log_n.min() <= bottom <= log_n.max():
        raise ValueError("the parabola has no lowest point among these sizes")
    return 10**bottom
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-6-check"}
check("01.6", isoflop_minimum)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.polyfit(x, y, 2)` gives the three numbers p2, p1, p0 of the parabola p2·x² + p1·x + p0. What is
# x here?
# </details>
# <details><summary>Hint 2</summary>
#
# x = `np.log10(n_params)`. The slope 2·p2·x + p1 is zero at x = −p1 / (2·p2). That is a logarithm: go
# back to a size with `10**`.
# </details>
# <details><summary>Hint 3</summary>
#
# Two things can go wrong: the parabola opens downwards (p2 ≤ 0), or x lies below `min` or above `max`
# of the logs. In both cases: `raise ValueError("…")`.
# </details>

# %%
compare("E01.6")

# %% [markdown]
# ## 01.7 What is wrong with these constants?
# ★★☆ · 12 minutes · 4 points
#
# Document A §1.2 computes the "optimal" model for a budget C from three constants, which it says come
# from Chinchilla's experiments, and two exponents:
#
#     parameters = 3.17e8 · (C / 4.36e18)**0.46
#     tokens     = 3.17e8 · (C / 4.36e18)**0.54
#
# (The document calls parameters D and tokens N; in the papers it is the other way round.) The two
# exponents are those of Hoffmann's third approach. One thing does not fit: training such a model on
# these tokens costs 6·N·D, and that is not C.
#
# **Write** `budget_share(flops, n0, d0, c0, a, b)`: for N = n0·(C/c0)**a parameters and
# D = d0·(C/c0)**b tokens, the share 6·N·D / C of the budget C = `flops`. 1 means that the budget is
# spent, 0.5 that half of it is left over.

# %%
predict(
    "E01.7",
    "At 5.76e23 FLOP these formulas spend 14 % of the budget, as chapter 1 shows. "
    "What do they spend at 4.36e18 FLOP?",
    choices=["less", "14 % again", "more"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-7-answer"}
def budget_share(flops, n0, d0, c0, a, b):
    """6 N D / C for N = n0 (C/c0)**a and D = d0 (C/c0)**b."""
    ### BEGIN SOLUTION
    n_params = n0 * (flops / c0) ** a
    n_tokens = d0 * (flops / c0) ** b
    return 6 * n_params * n_tokens / flops
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "01-7-check"}
check("01.7", budget_share)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Work out N and D first, from `flops`, as the two formulas say.
# </details>
# <details><summary>Hint 2</summary>
#
# Then the compute that they take, 6·N·D, and divide it by the budget.
# </details>
# <details><summary>Hint 3</summary>
#
# Why is the share the same at every budget for the document, and not for exponents 0.5 and 0.6? Count
# the powers of C in N·D / C.
# </details>

# %%
compare("E01.7")

# %% [markdown]
# ## 01.8 Which formula survives a change of units?
# ★★★ · 15 minutes · 5 points
#
# Document B §4.2 writes performance as a product of powers, such as N**a · D**b, **without a
# constant** in front, and B §4.3 puts N in as 11.7 (in 亿, 1e8) and D as 1.2 (in 万, 1e4). Less
# loss is more performance, so as laws of the loss these are two formulas:
#
# - `"with_k"`: L = k / (N**a · D**b), with a constant k that is fitted too;
# - `"without_k"`: L = 1 / (N**a · D**b), as printed.
#
# Someone who counts in ones and someone who counts in 亿 and 万 fit the same runs. Nothing in the world
# differs between them, so a sound formula must tell both the same about the same model. The cell below
# has six runs, and a model that was not among them.
#
# **Write** `change_units(n_params, n_tokens, losses, model, units)`. The first three are lists with a
# number for each run, `model` is `[N, D]` of the model to ask about, and `units` is
# `[parameters in a unit, tokens in a unit]`, such as `[1e8, 1e4]`; all counts are given in ones. It
# gives a dict with three entries:
#
# - `"with_k"` and `"without_k"`: each a list of two predicted losses of the model, first fitted and
#   asked in ones, then fitted and asked in the new units;
# - `"survive"`: a list of the names whose two predictions p and q agree to one in a million,
#   |q / p − 1| < 1e-6, in this order.
#
# For the fit use `fit_product`, given below: `fit_product(n, d, losses, constant=True)` (or `False`)
# gives a law, and `law.loss(n, d)` is what it predicts.

# %%
run_params = [1e8, 1e8, 1e9, 1e9, 1e10, 1e10]
run_tokens = [2e9, 2e10, 2e10, 2e11, 2e11, 2e10]
run_losses = [3.44, 2.97, 2.53, 2.33, 2.13, 2.33]
model = [70e9, 1.4e12]  # parameters and tokens

# %%
predict(
    "E01.8",
    "Without k, someone who fits the six runs in ones finds 2.88 nats for the model. "
    "Someone who fits them in 亿 and 万 finds …",
    choices=["2.88 nats too", "2.19 nats", "288 nats"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-8-answer"}
from course.scaling.products import fit_product


def change_units(n_params, n_tokens, losses, model, units):
    """Predictions of both formulas in ones and in units, and the names of those that agree."""
    ### BEGIN SOLUTION
    answer, survive = {}, []
    for name, constant in [("with_k", True), ("without_k", False)]:
        answer[name] = []
        for n_unit, d_unit in [(1, 1), units]:
            n, d = np.array(n_params) / n_unit, np.array(n_tokens) / d_unit
            law = fit_product(n, d, losses, constant=constant)
            answer[name].append(law.loss(model[0] / n_unit, model[1] / d_unit))
        first, second = answer[name]
        if abs(second / first - 1) < 1e-6:
            survive.append(name)
    return answer | {"survive": survive}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-8-check"}
check("01.8", change_units)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# 1.17e9 parameters are 11.7 亿: a count in units of 1e8 is the count divided by 1e8. A list cannot be
# divided; `np.array(n_params) / units[0]` can.
# </details>
# <details><summary>Hint 2</summary>
#
# There are four predictions: two formulas, each in ones and in the new units. Each needs its own fit,
# and the model must be in the units of its fit.
# </details>
# <details><summary>Hint 3</summary>
#
# Two predictions p and q agree to one in a million if `abs(q / p - 1) < 1e-6`.
# </details>
# <details><summary>Hint 4</summary>
#
# Why does k help? In other units N**a becomes N**a divided by a fixed number. A constant in front
# takes that number up. Without one, a and b must bend to do it.
# </details>

# %%
compare("E01.8")

# %% [markdown]
# ## 01.9 Kaplan or Chinchilla?
# ★★☆ · 15 minutes · 5 points
#
# Two laws for the loss of a model of N parameters after D tokens. Kaplan et al. (2020, eq. 1.5, with
# the constants of their table 2):
#
# $$L(N, D) = \left[\left(\frac{N_c}{N}\right)^{\alpha_N / \alpha_D} + \frac{D_c}{D}\right]^{\alpha_D}$$
#
# and Chinchilla's form with the constants of the refit by Besiroglu et al. (2024):
#
# $$L(N, D) = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}$$
#
# Gopher has 280B parameters and saw 300B tokens. Chinchilla has 70B and saw 1.4T. Both took about the
# same compute; measured on the same text, Chinchilla was ahead. GPT-3 has 175B and saw 300B.
#
# **Write** `compare_laws(first, second)`, where each model is `[N, D]`, parameters first. It gives a
# dict with three entries: `"kaplan"` and `"refit"`, each the list of the two predicted losses, and
# `"disagree"`, True if one law puts the first model ahead and the other the second, else False.

# %%
predict(
    "E01.9",
    "Gopher has 105B parameters more than GPT-3, for as many tokens. "
    "Which law says that they bring more?",
    choices=["Kaplan's", "the refit"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-9-answer"}
kaplan = fact("kaplan.joint_fit").value  # kaplan["alpha_N"], "alpha_D", "N_c", "D_c"
refit = fact("besiroglu.printed").value  # refit["E"], "A", "B", "alpha", "beta"


def compare_laws(first, second):
    """The losses of two models under both laws, and whether the laws disagree."""
    ### BEGIN SOLUTION
    losses = {"kaplan": [], "refit": []}
    for n, d in (first, second):
        size = (kaplan["N_c"] / n) ** (kaplan["alpha_N"] / kaplan["alpha_D"])
        losses["kaplan"].append((size + kaplan["D_c"] / d) ** kaplan["alpha_D"])
        parts = refit["A"] / n ** refit["alpha"] + refit["B"] / d ** refit["beta"]
        losses["refit"].append(refit["E"] + parts)
    first_ahead = [two[0] < two[1] for two in losses.values()]
    return losses | {"disagree": first_ahead[0] != first_ahead[1]}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "01-9-check"}
check("01.9", compare_laws)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with one model and one law: `n, d = first`, then the formula.
# </details>
# <details><summary>Hint 2</summary>
#
# Kaplan's law from the inside out: the term of N has the exponent α_N/α_D, the term of D has none, and
# the sum of the two has the exponent α_D.
# </details>
# <details><summary>Hint 3</summary>
#
# A law puts the model with the lower loss ahead. The laws disagree if
# `(k_first < k_second) != (r_first < r_second)`.
# </details>

# %%
compare("E01.9")

# %% [markdown]
# ## 01.10 A forecast with an interval
# ★★★ · 22 minutes · 6 points
#
# A forecast (预测) without an interval does not say what it is worth. Fit a power law to runs, and
# give the loss of **one new run** with a 95 % *prediction interval* (预测区间). The picture below shows
# seven runs, each with the best size for its budget, and (broken line) a budget ten times larger than
# the last. Be exact:
#
# - Work with x = ln C and y = ln L: a straight line by ordinary least squares. (Any base will do, if
#   it is the same all through.)
# - Let s be the standard deviation of the residuals, the sum of their squares divided by **n − 2**.
# - The interval is middle ± half in y. It holds the uncertainty of the line, which grows with the
#   distance from the runs, **and** the scatter of a single run. Turn both ends into losses at the
#   end.
# - `t` is given: the 97.5 % point of Student's t with n − 2 degrees of freedom (2.571 for 7 runs).
# - With fewer than three runs there is no s: raise `ValueError`.
#
# **Write** `forecast(flops, losses, at, t)`. The first two are lists with a number for each run, `at`
# is the compute to forecast for. It gives a dict with `"loss"`, `"low"` and `"high"` in nats.

# %%
best_flops = [1e18, 3.16e18, 1e19, 3.16e19, 1e20, 3.16e20, 1e21]
best_losses = [3.471, 3.179, 2.939, 2.699, 2.546, 2.389, 2.288]

figure, axes = new_figure()
axes.plot(best_flops, best_losses, linestyle="none")
axes.axvline(1e22, color=QUIET, linestyle="--")
axes.set_ylim(1.7, 3.7)
log_axis(axes.xaxis)
log_axis(axes.yaxis)
axes.set_yticks([2, 2.5, 3, 3.5], ["2", "2.5", "3", "3.5"])
label_axes(axes, x="Training compute C", x_unit="FLOP", y="Loss", y_unit="nats per token")
show(figure, alt="Seven points fall from 3.47 nats at 1e18 FLOP to 2.29 at 1e21 FLOP, nearly on a "
     "straight line, both axes logarithmic. A broken line at 1e22 FLOP asks for a forecast.")

# %%
predict(
    "E01.10",
    "How wide will the interval at 1e22 FLOP be, from end to end?",
    choices=["0.025 nats", "0.25 nats", "2.5 nats"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "01-10-answer"}
def forecast(flops, losses, at, t):
    """The loss of one new run at compute `at`, and its prediction interval."""
    ### BEGIN SOLUTION
    x, y = np.log(flops), np.log(losses)
    n = len(x)
    if n < 3:
        raise ValueError(f"at least three runs are needed, got {n}")
    slope, intercept = np.polyfit(x, y, 1)
    residuals = y - (intercept + slope * x)
    s = np.sqrt(np.sum(residuals**2) / (n - 2))
    distance = np.log(at) - x.mean()
    half = t * s * np.sqrt(1 + 1 / n + distance**2 / np.sum((x - x.mean()) ** 2))
    middle = intercept + slope * np.log(at)
    return {
        "loss": np.exp(middle),
        "low": np.exp(middle - half),
        "high": np.exp(middle + half),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 6, "grade_id": "01-10-check"}
check("01.10", forecast)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the forecast alone: `slope, intercept = np.polyfit(np.log(flops), np.log(losses), 1)`, then the
# line at `np.log(at)`, then `np.exp`.
# </details>
# <details><summary>Hint 2</summary>
#
# Residuals are `y - (intercept + slope * x)`, and s is the square root of (sum of their squares) /
# (n − 2).
# </details>
# <details><summary>Hint 3</summary>
#
# half = t · s · sqrt(1 + 1/n + (x_new − x̄)² / S) with S the sum of (x − x̄)². The 1 is the scatter of a
# single run, 1/n the uncertainty of the line's height, the last part that of its slope.
# </details>
# <details><summary>Hint 4</summary>
#
# The ends are `np.exp(middle - half)` and `np.exp(middle + half)`. Before all this:
# `if len(flops) < 3: raise ValueError("…")`.
# </details>

# %%
compare("E01.10")

# %% [markdown]
# ## How good was the forecast?
# Run the next cell when you have an answer to 01.10. The seven runs were made up from the refit of
# 2024: at each budget the loss of its optimum, with a scatter of 0.6 %. So here, for once, the truth
# beyond the points is known.

# %%
from course.scaling.presets import BESIROGLU_2024

slope, intercept = np.polyfit(np.log(best_flops), np.log(best_losses), 1)
for at in (1e22, 1e24):
    line = np.exp(intercept + slope * np.log(at))
    truth = BESIROGLU_2024.loss(*BESIROGLU_2024.optimum(at))
    print(f"At {at:.0e} FLOP your line says {line:.2f} nats; the truth is {truth:.2f}.")

# %% [markdown]
# Compare with your interval at 1e22 FLOP: the truth lies above its upper end, and further out it lies
# further above the line. Your arithmetic is not at fault. The interval takes for granted that the
# *form* of the law is right, and these points come from a law with a floor, which a straight line on
# log axes does not have. The residuals could have warned: the runs in the middle lie below the line,
# those at the ends above. This interval covers the noise, not a wrong form.
#
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off, and was it the rule,
# the unit or the form?

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=01_scaling_laws` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("01_scaling_laws")

# %% [markdown]
# ## Where to go on
# Back to chapter 1: [Scaling laws](../../notebooks/01_scaling_laws.ipynb).
