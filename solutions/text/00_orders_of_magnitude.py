# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 0 · Orders of magnitude
#
# Six short exercises on the units of this course: parameters and tokens, FLOP and FLOP/s, bytes,
# GPU-days and dollars. They belong to chapter 0, [Start here](../../notebooks/00_start_here.ipynb).
# **45 minutes · 24 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 00.1 | Training compute | ★☆☆ | 5 | 3 |
# | 00.2 | Petaflop-days | ★☆☆ | 5 | 3 |
# | 00.3 | The memory that weights take | ★★☆ | 8 | 4 |
# | 00.4 | Reading a count | ★★☆ | 10 | 5 |
# | 00.5 | Days on a cluster | ★★☆ | 9 | 5 |
# | 00.6 | The price of a FLOP | ★★★ | 8 | 4 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type or pick your guess, then
#    compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers. It checks a part of the points, your teacher the rest.
#    If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/00_orders_of_magnitude/` of the course folder.
#
# Run the next cell first.

# %%
from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 00.1 Training compute
# ★☆☆ · 5 minutes · 3 points
#
# A *FLOP* is one addition or multiplication of two numbers: an amount of work. The *training
# compute* (训练计算量) of a model is the FLOP of its whole training. In the forward pass a token
# meets each parameter in one multiplication and one addition. The backward pass takes about twice
# the work of the forward pass.
#
# **Write** `training_flops(n_params, n_tokens)`, the FLOP to train a dense model once over its
# tokens.

# %%
predict(
    "E00.1",
    "GPT-3 has 175B parameters and saw 300B tokens; Chinchilla has 70B and saw 1.4T. "
    "Which took more compute?",
    choices=["GPT-3", "Chinchilla"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "00-1-answer"}
def training_flops(n_params, n_tokens):
    """FLOP to train a model of n_params parameters on n_tokens tokens."""
    ### BEGIN SOLUTION
    forward = 2 * n_params * n_tokens  # a multiplication and an addition each
    backward = 2 * forward
    return forward + backward
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 3, "grade_id": "00-1-check"}
check("00.1", training_flops)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Count the operations of one parameter for one token: forward first, then backward.
# </details>
# <details><summary>Hint 2</summary>
#
# Forward 2, backward 4: this is the rule C = 6·N·D of the whole course.
# </details>

# %%
compare("E00.1")

# %% [markdown]
# ## 00.2 Petaflop-days
# ★☆☆ · 5 minutes · 3 points
#
# A *FLOP/s* is a rate: FLOP in a second. Kaplan et al. (2020) give compute in *petaflop-days*
# (PF-days): the work of a machine that runs at 1e15 FLOP/s for a whole day.
#
# **Write** `pf_days(flops)`, which turns FLOP into PF-days.

# %%
predict(
    "E00.2",
    "Training GPT-3 took 3.14e23 FLOP. How many PF-days is that, roughly?",
    choices=["40", "4,000", "4,000,000"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "00-2-answer"}
def pf_days(flops):
    """An amount of compute in PF-days."""
    ### BEGIN SOLUTION
    seconds_per_day = 24 * 60 * 60
    return flops / (1e15 * seconds_per_day)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 3, "grade_id": "00-2-check"}
check("00.2", pf_days)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many FLOP is *one* PF-day? Rate times time.
# </details>
# <details><summary>Hint 2</summary>
#
# One PF-day is 1e15 FLOP/s × 86,400 s = 8.64e19 FLOP. Divide the budget by it.
# </details>

# %%
compare("E00.2")

# %% [markdown]
# ## 00.3 The memory that weights take
# ★★☆ · 8 minutes · 4 points
#
# A parameter is stored in some number of bits: 32 in float32, 16 in bf16, 8 or 4 after
# *quantisation* (量化). A byte is 8 bits. Two units of memory sound alike: a **GB** is 1e9 bytes, a
# **GiB** is 2**30 bytes. Here the memory of an H100 GPU is 80 GB.
#
# **Write** `weight_memory(n_params, bits)`. It gives a dict with three entries: `"GB"` and `"GiB"`,
# the size of the weights, and `"fits"`, True if they are at most 80 GB, else False.

# %%
predict(
    "E00.3",
    "Do the weights of a 70B model fit on one H100 in bf16? In 4 bits?",
    choices=["in both", "only in 4 bits", "in neither"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "00-3-answer"}
def weight_memory(n_params, bits):
    """The size of n_params parameters of `bits` bits each, and whether 80 GB hold them."""
    ### BEGIN SOLUTION
    n_bytes = n_params * bits / 8
    return {"GB": n_bytes / 1e9, "GiB": n_bytes / 2**30, "fits": n_bytes <= 80e9}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "00-3-check"}
check("00.3", weight_memory)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Find the bytes first. Everything else follows from them.
# </details>
# <details><summary>Hint 2</summary>
#
# Bytes = parameters × bits / 8. The dict is
# `{"GB": n_bytes / …, "GiB": n_bytes / …, "fits": n_bytes <= …}`, and the last … is in bytes too.
# </details>

# %%
compare("E00.3")

# %% [markdown]
# ## 00.4 Reading a count
# ★★☆ · 10 minutes · 5 points
#
# Papers and model names write counts with a letter: M for million, B for billion, T for trillion.
# Document A §2.1 has a function `parse_params` that reads them. It fails on `"70b"`.
#
# **Write** `read_count(text)`, which gives the number: `read_count("13B")` is 13e9.
#
# - The letter may be large or small (`"70b"`), follow a blank (`"70 B"`) or be absent (`"5000"`).
# - There may be commas between thousands (`"1,000M"`).
# - What is not a count raises `ValueError`. `"8x7B"` is one such text: it is the name of a mixture
#   of experts, not a product.

# %%
predict(
    "E00.4",
    'What does float("8x7") do?',
    choices=["it gives 56.0", "it gives 8.0", "it raises ValueError"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "00-4-answer"}
def read_count(text):
    """The number that a count such as "13B" stands for; ValueError if it is none."""
    ### BEGIN SOLUTION
    number = text.strip().replace(",", "").upper()
    if not number[:1].isdigit():
        raise ValueError(f"{text!r} is not a count")  # float() would read "nan"
    factor = 1
    for letter, size in {"M": 1e6, "B": 1e9, "T": 1e12}.items():
        if number.endswith(letter):
            number, factor = number[:-1], size
            break
    return float(number) * factor  # float() raises ValueError for "8X7"
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "00-4-check"}
check("00.4", read_count)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Tidy the text first: `strip()`, `replace(",", "")` and `upper()` make one spelling of many.
# </details>
# <details><summary>Hint 2</summary>
#
# `text.endswith("B")` tells the letter, `text[:-1]` is what stands before it.
# </details>
# <details><summary>Hint 3</summary>
#
# `float()` reads `"1.4"` and raises ValueError for `"8X7"`, for `""` and for most words: `"nan"` and
# `"infinity"` are numbers to it. So see that the text begins with a digit, and leave the rest to
# `float()`. (The rest of the course uses `course.units.parse_count`.)
# </details>

# %%
compare("E00.4")

# %% [markdown]
# ## 00.5 Days on a cluster
# ★★☆ · 9 minutes · 5 points
#
# A GPU never works at its peak all the time. The *model FLOP utilisation* (MFU, 算力利用率) is the
# share of the peak that training really gets; large runs reach about 0.4. The data sheet of an H100 SXM says
# "1,979 TFLOP/s" for bf16 with a footnote: *with sparsity*, which skips zeros. Dense matrices, as in
# training, have 989.4 TFLOP/s. (1 TFLOP/s is 1e12 FLOP/s.)
#
# **Write** `h100_days(flops, n_gpus, mfu)`, the days that a training takes. An MFU outside
# 0 < mfu ≤ 1 is impossible: raise `ValueError`.

# %%
predict(
    "E00.5",
    "How many days do 1,000 H100 need for GPT-3's 3.14e23 FLOP, at an MFU of 0.4?",
    unit="days",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "00-5-answer"}
def h100_days(flops, n_gpus, mfu):
    """Days to do `flops` FLOP on n_gpus H100 at a model FLOP utilisation of mfu."""
    ### BEGIN SOLUTION
    if not 0 < mfu <= 1:
        raise ValueError(f"mfu must be above 0 and at most 1, got {mfu}")
    flop_per_s = n_gpus * 989.4e12 * mfu
    return flops / flop_per_s / 86_400
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "00-5-check"}
check("00.5", h100_days)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many FLOP does the whole cluster do in one second?
# </details>
# <details><summary>Hint 2</summary>
#
# GPUs × peak × MFU is the rate. Work / rate is seconds. Then make days of them.
# </details>
# <details><summary>Hint 3</summary>
#
# Before you compute: `if not 0 < mfu <= 1: raise ValueError("…")`.
# </details>

# %%
compare("E00.5")

# %% [markdown]
# ## 00.6 The price of a FLOP
# ★★★ · 8 minutes · 4 points
#
# Document A §5.1 computes what a model costs with "cost per FLOP = 1e-12" dollars (每FLOP的成本).
# Put it to the test. In May 2026 the median price of an hour of one H100 was 2.95 dollars. Let its
# MFU be 0.4, and its peak that of exercise 00.5.
#
# **Find** `orders_too_high`: how many orders of magnitude (powers of ten) is the document's price
# above the real one? One decimal is enough: 3.0 would mean 1,000 times too high. You may write as
# many lines as you like.

# %%
predict(
    "E00.6",
    "At the document's price, what would the 3.14e23 FLOP of GPT-3 cost?",
    unit="dollars",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "00-6-answer"}
orders_too_high = ...
### BEGIN SOLUTION
import math

flop_per_hour = 0.4 * 989.4e12 * 3_600
usd_per_flop = 2.95 / flop_per_hour  # about 2e-18
orders_too_high = math.log10(1e-12 / usd_per_flop)
### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "00-6-check"}
check("00.6", orders_too_high)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What does one hour buy? Work out the FLOP that one H100 really does in an hour.
# </details>
# <details><summary>Hint 2</summary>
#
# Price of a FLOP = price of an hour / FLOP in an hour: a number near 2e-18 dollars. Compare it with
# 1e-12 by a ratio.
# </details>
# <details><summary>Hint 3</summary>
#
# `math.log10(ratio)` is the number of powers of ten. Which of the two prices goes on top, so that
# the answer is positive?
# </details>

# %%
compare("E00.6")

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off, and was it the rule
# or the unit?

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=00_orders_of_magnitude` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("00_orders_of_magnitude")

# %% [markdown]
# ## Where to go on
# Back to chapter 0: [Start here](../../notebooks/00_start_here.ipynb).
