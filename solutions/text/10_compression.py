# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 10 · Compression
#
# Ten exercises on what chapter 10, [Compression](../../notebooks/10_compression.ipynb), is about: fewer bits for
# a weight, fewer weights, a smaller network in place of a large one, and what of it makes anything faster.
# You need arrays, logarithms and, from 10.6 on, matrices.
# **150 minutes · 49 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 10.1 | A weight in eight bits | ★☆☆ | 10 | 4 |
# | 10.2 | A scale for each group | ★★☆ | 14 | 5 |
# | 10.3 | What may go? | ★★☆ | 14 | 5 |
# | 10.4 | Where do the zeros go? | ★★☆ | 13 | 5 |
# | 10.5 | A model that compresses | ★★☆ | 14 | 5 |
# | 10.6 | Two thin matrices for one | ★★★ | 15 | 5 |
# | 10.7 | What a teacher knows besides | ★★★ | 16 | 5 |
# | 10.8 | Smaller, and slower? | ★★★ | 16 | 5 |
# | 10.9 | Choose a plan | ★★★ | 18 | 5 |
# | 10.10 | Does it harm your network? | ★★★ | 20 | 5 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type or pick your guess, then
#    compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
#    Let the code be your own: up to 10.8 a call of the course's library is not accepted for it.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers, those of the documents too. It checks a part of the
#    points, your teacher the rest. If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/10_compression/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. Weights come as lists, those of a matrix as
# a list of rows; what you return may be lists or numpy arrays. Where no source is named, the numbers are made up.
#
# Run the next cell first.

# %%
import math

import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 10.1 A weight in eight bits
# ★☆☆ · 10 minutes · 4 points
#
# *Quantisation* (量化) stores a weight as a small whole number, its *code*, and one *scale* for many weights. The
# weight that comes back is scale · code. With b bits there are 2^b codes. *Symmetric* quantisation uses those
# from −(2^(b−1) − 1) to 2^(b−1) − 1, so that 0 is 0 and both signs are treated alike: −127 to 127 in 8 bits.
#
# The weight that is largest in size gets the largest code (or the lowest): scale = largest |weight| / (2^(b−1) − 1).
# Each code is weight / scale, rounded to the nearest whole number; where two are equally near, to the even one
# (as `round` and `np.round` do). If all weights are 0, the scale is 0 and so are all codes.
#
# **Write** `quantise(weights, bits)` for a list of weights, a dict with three entries: `"scale"`; `"codes"`; and
# `"error"`, the largest |weight − scale · code|.

# %%
predict(
    "E10.1",
    "The same weights are stored in 4 bits instead of 8. How many times as wide is the step from one code to "
    "the next?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-1-answer"}
def quantise(weights, bits):
    """The scale, the codes and the largest error of symmetric quantisation."""
    ### BEGIN SOLUTION
    weights = np.array(weights, float)
    scale = np.abs(weights).max() / (2 ** (bits - 1) - 1)
    codes = np.round(weights / scale) if scale > 0 else np.zeros(len(weights))
    return {"scale": scale, "codes": codes, "error": np.abs(weights - scale * codes).max()}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "10-1-check"}
check("10.1", quantise)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `weights = np.array(weights, float)`; then `np.abs(weights).max()` is the largest in size.
# </details>
# <details><summary>Hint 2</summary>
#
# By hand: 0.5, −1.27, 0.3 and 0.012 in 8 bits. The scale is 1.27 / 127 = 0.01, the codes are 50, −127, 30 and 1.
# The last weight comes back as 0.01: an error of 0.002.
# </details>

# %%
compare("E10.1")

# %% [markdown]
# ## 10.2 A scale for each group
# ★★☆ · 14 minutes · 5 points
#
# One large weight makes the scale of all others coarse. So each row of a matrix gets a scale of its own, or each
# *group* (组) of weights in a row. Scales take room too: here 16 bits each.
#
# Cut each row into groups of `group` weights that follow one another. A group ends where its row ends, so the last
# of a row may be shorter (and be the only one, if `group` is longer than the row). Quantise each group by itself,
# symmetrically: scale = largest |weight| of the group / (2^(bits−1) − 1), code = weight / scale rounded to the
# nearest whole number. A group of zeros stays zeros; its scale is stored as well.
#
# **Write** `grouped(weights, bits, group)` for a matrix, a dict with three entries:
#
# - `"weights"`: the matrix that comes back, scale · code (compute with the exact scale, though it is stored in 16
#   bits);
# - `"error"`: the root of: sum of (weight − weight that comes back)² over sum of weight²;
# - `"bytes"`: what codes and scales take. Codes of `bits` bits are packed without gaps; parts of a byte may be left.

# %%
predict(
    "E10.2",
    "A large model is stored in 4 bits, in groups of 32 with a scale of 16 bits each. How many bits does a weight "
    "take, all in all?",
    unit="bits",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-2-answer"}
def grouped(weights, bits, group):
    """The matrix that comes back, its relative error, and the bytes of codes and scales."""
    ### BEGIN SOLUTION
    weights = np.array(weights, float)
    restored, n_groups = np.zeros_like(weights), 0
    for row, made in zip(weights, restored, strict=True):
        for start in range(0, len(row), group):
            part = row[start : start + group]
            scale = np.abs(part).max() / (2 ** (bits - 1) - 1)
            if scale > 0:
                made[start : start + group] = np.round(part / scale) * scale
            n_groups += 1
    error = np.sqrt(np.sum((weights - restored) ** 2) / np.sum(weights**2))
    return {
        "weights": restored,
        "error": error,
        "bytes": (weights.size * bits + 16 * n_groups) / 8,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-2-check"}
check("10.2", grouped)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `for start in range(0, len(row), group)` gives the starts of the groups, and `row[start : start + group]` the
# group. Python cuts the last one short by itself.
# </details>
# <details><summary>Hint 2</summary>
#
# Count the groups as you go. Bits in all: number of weights · `bits` + 16 · number of groups. Eight bits are a byte.
# </details>

# %%
compare("E10.2")

# %% [markdown]
# ## 10.3 What may go?
# ★★☆ · 14 minutes · 5 points
#
# *Pruning* (剪枝) sets weights to 0. The usual choice is by *magnitude* (幅值): those that are smallest in size go.
# Free pruning takes them wherever they are. Some chips are faster with a fixed pattern only, such as *2:4*: of each
# four weights that follow one another in a row, two are 0. Then a weight may have to go though many smaller ones
# elsewhere stay.
#
# Let `group` be the number of weights that follow one another in a row and of which the same share must go, or
# `None` for the whole matrix as one. In each group (of g weights) exactly `round(share * g)` weights become 0: those
# smallest in size, and among those of equal size the earlier ones first, in the order of the row (for the whole
# matrix: row by row from above). Where `group` does not divide the length of a row, raise `ValueError`.
#
# **Write** `prune(weights, share, group)` for a matrix, a dict with two entries: `"weights"`, the matrix with its
# zeros; and `"lost"`, the share of the sum of weight² that was in the weights that went.

# %%
predict(
    "E10.3",
    "A large matrix has normally distributed weights. The half that is smallest in size becomes 0. What share of "
    "the sum of the squares is lost?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-3-answer"}
def prune(weights, share, group):
    """The matrix without its smallest weights, and the share of the squares that is lost."""
    ### BEGIN SOLUTION
    weights = np.array(weights, float)
    if group is not None and weights.shape[1] % group:
        raise ValueError("group must divide the length of a row")
    size = group or weights.size
    parts = weights.reshape(weights.size // size, size)
    order = np.argsort(np.abs(parts), axis=1, kind="stable")
    kept = parts.copy()
    np.put_along_axis(kept, order[:, : round(share * size)], 0, axis=1)
    lost = 1 - np.sum(kept**2) / np.sum(parts**2)
    return {"weights": kept.reshape(weights.shape), "lost": lost}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-3-check"}
check("10.3", prune)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write all rows one after the other into one long list: then a group is a piece of it, whether it has four weights
# or all of them. `np.array(weights).ravel()` does so, and `.reshape(shape)` makes a matrix of it again.
# </details>
# <details><summary>Hint 2</summary>
#
# Sort places, not weights: `sorted(range(start, start + g), key=lambda place: abs(flat[place]))`. Python's sorting
# (and `np.argsort(…, kind="stable")`) leaves what is equal in its old order. Set the first of these places to 0.
# </details>
# <details><summary>Hint 3</summary>
#
# numpy would cut 2 rows of 6 into 3 groups of 4 without a word, across the rows. Ask for the row's length first.
# </details>

# %%
compare("E10.3")

# %% [markdown]
# ## 10.4 Where do the zeros go?
# ★★☆ · 13 minutes · 5 points
#
# Document A §5.2 counts half the bytes when half of the weights are dropped. A zero that is written down takes as
# much room as any other number. To save room, one stores the kept weights only, and with them where they belong:
#
# - *dense* (稠密): all weights, zeros too;
# - *CSR*, compressed sparse rows (压缩稀疏行): for each kept weight its value and the number of its column; and
#   n_rows + 1 numbers that say where in this list each row starts (and the last one ends);
# - *mask* (掩码): the values of the kept weights, and one bit for every weight that says whether it is kept. All the
#   bits together take whole bytes.
#
# A value takes `value_bytes` bytes, a number of a column or of a start 4 bytes.
#
# **Write** `sparse_bytes(n_rows, n_columns, n_kept, value_bytes)`, a dict with four entries: `"dense"`, `"csr"` and
# `"mask"`, the bytes of each; and `"most_kept"`, the largest number of kept weights with which CSR is **smaller**
# than dense (just as large is not smaller; 0 if there is none).

# %%
predict(
    "E10.4",
    "90 % of a matrix of 1,000 × 1,000 float32 weights become 0. How many times smaller than dense is it as CSR?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-4-answer"}
def sparse_bytes(n_rows, n_columns, n_kept, value_bytes):
    """Bytes of a matrix with zeros, stored in three ways, and up to where CSR is smaller."""
    ### BEGIN SOLUTION
    dense = n_rows * n_columns * value_bytes
    starts = 4 * (n_rows + 1)
    return {
        "dense": dense,
        "csr": n_kept * (value_bytes + 4) + starts,
        "mask": n_kept * value_bytes + math.ceil(n_rows * n_columns / 8),
        "most_kept": max(0, (dense - starts - 1) // (value_bytes + 4)),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-4-check"}
check("10.4", sparse_bytes)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# CSR: `n_kept * (value_bytes + 4)` for values and columns, and `4 * (n_rows + 1)` for the starts.
# </details>
# <details><summary>Hint 2</summary>
#
# `"most_kept"` k: k · (value_bytes + 4) must be at most dense − starts − 1, because bytes are whole and CSR must be
# smaller. `//` divides and rounds down. Where that is below 0, give 0.
# </details>

# %%
compare("E10.4")

# %% [markdown]
# ## 10.5 A model that compresses
# ★★☆ · 14 minutes · 5 points
#
# Document D §1.4.1 says that compression makes *data* smaller. That is another thing than a smaller *model*. But they
# share something: who predicts well, compresses well. An *arithmetic coder* (算术编码) needs −log2 p bits for a
# byte that a model gave the chance p, and who unpacks runs the same model. So the loss of a language model **is** the
# size of a file.
#
# Take the simplest model that learns as it reads. It predicts each byte from its *context*, the `order` bytes before
# it (at the start of the text: those that there are; none for order 0). It counts what came after this same context so
# far in the text. Its chance for a byte is
#
# (times this byte came after this context + 1) / (times anything came after this context + 256).
#
# After the prediction the byte is counted. The bytes are those of the text in UTF-8, `text.encode()`.
#
# **Write** `compressed(text, order)`, a dict with three entries: `"loss"`, the mean of −ln p over all bytes, in nats per
# byte; `"bytes"`, the bits of all bytes together, in bytes, rounded up to whole ones; and `"ratio"`, the bytes of the
# text divided by these.

# %%
predict(
    "E10.5",
    "A language model has a loss of 1 nat per byte on a text of 1,000 bytes. How many bytes does an arithmetic coder "
    "make of it?",
    unit="bytes",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-5-answer"}
def compressed(text, order):
    """Loss of a counting model on a text, and what an arithmetic coder makes of the text."""
    ### BEGIN SOLUTION
    data, counts, bits = text.encode(), {}, 0.0
    for place, byte in enumerate(data):
        context = data[max(0, place - order) : place]
        seen = counts.setdefault(context, [0] * 256)
        bits -= math.log2((seen[byte] + 1) / (sum(seen) + 256))
        seen[byte] += 1
    n_bytes = math.ceil(bits / 8)
    loss = bits * math.log(2) / len(data)
    return {"loss": loss, "bytes": n_bytes, "ratio": len(data) / n_bytes}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-5-check"}
check("10.5", compressed)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `data = text.encode()`: going through it gives numbers from 0 to 255, and `data[a:b]` can be a key of a dict. The
# context of the byte at `place` is `data[max(0, place - order) : place]`.
# </details>
# <details><summary>Hint 2</summary>
#
# Keep a list of 256 counts for each context: `seen = counts.setdefault(context, [0] * 256)`. Predict first, count
# after.
# </details>
# <details><summary>Hint 3</summary>
#
# The first byte of any text has the chance 1/256: 8 bits, or ln 256 = 5.545 nats. One nat is 1 / ln 2 bits.
# </details>

# %%
compare("E10.5")

# %% [markdown]
# ## 10.6 Two thin matrices for one
# ★★★ · 15 minutes · 5 points
#
# *Low rank* (低秩分解): a matrix of m × n weights is replaced by the product of one of m × r and one of r × n. The best
# such product, in the sum of squares, comes from the *singular values* (奇异值): keep the r largest. What is left out is
# their rest, so the relative error is the root of: sum of the squares of those left out, over the sum of the squares
# of all. With r = 0 nothing is kept, and the error is 1.
#
# **Write** `low_rank(weights, tolerance)`, a dict with four entries: `"rank"`, the smallest rank (0 may be enough) whose
# relative error is at most `tolerance`; `"error"`, the relative error at this rank; `"numbers"`, how many numbers the two
# matrices have at this rank; and `"break_even"`, the largest whole rank at which the two have **fewer** numbers than
# the one.

# %%
predict(
    "E10.6",
    "A matrix has 768 × 3,072 weights, so that its rank is 768 at most. Up to which rank do two thin ones have fewer "
    "numbers?",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-6-answer"}
def low_rank(weights, tolerance):
    """The smallest rank within a tolerance, its error and numbers, and where saving ends."""
    ### BEGIN SOLUTION
    weights = np.array(weights, float)
    squares = np.linalg.svd(weights, compute_uv=False) ** 2
    errors = [np.sqrt(squares[rank:].sum() / squares.sum()) for rank in range(len(squares) + 1)]
    rank = next(rank for rank, error in enumerate(errors) if error <= tolerance)
    return {
        "rank": rank,
        "error": errors[rank],
        "numbers": rank * sum(weights.shape),
        "break_even": (weights.size - 1) // sum(weights.shape),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-6-check"}
check("10.6", low_rank)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.linalg.svd(weights, compute_uv=False)` gives the singular values, the largest first. The sum of their squares is
# that of the weights.
# </details>
# <details><summary>Hint 2</summary>
#
# `s[rank:]` are those left out, for rank = 0, 1, … up to `len(s)`. Stop at the first that is within the tolerance.
# </details>
# <details><summary>Hint 3</summary>
#
# The two matrices have r · m + r · n numbers. Fewer than m · n: r is below m · n / (m + n).
# </details>

# %%
compare("E10.6")

# %% [markdown]
# ## 10.7 What a teacher knows besides
# ★★★ · 16 minutes · 5 points
#
# *Distillation* (蒸馏) trains a small network, the student, to give what a large one, the teacher, gives: not only the
# right class, but how likely each other class is. A *temperature* (温度) T makes the small chances visible: the chances
# are the softmax of logits / T, so that a large T makes them more even. The loss of an example has two parts:
#
# - *soft*: T² times the Kullback-Leibler divergence from teacher to student, both at temperature T: the sum over all
#   classes of p · (ln p − ln q), where p are the teacher's chances and q the student's. (The gradient of the divergence
#   shrinks as 1/T²; the factor T² makes up for it.)
# - *hard*: −ln of the chance that the student gives the right class, at T = 1.
#
# **Write** `distillation_loss(student, teacher, labels, temperature, share)`. `student` and `teacher` are lists of
# logits, one row for each example; `labels` has the number of the right class of each. It gives a dict with three entries:
# `"soft"` and `"hard"`, each the mean over the examples, and `"loss"` = share · soft + (1 − share) · hard. Logits may be
# a thousand and more, of either sign.

# %%
predict(
    "E10.7",
    "A teacher gives two classes logits that are 4 apart. At T = 4, what chance does the less likely class get?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-7-answer"}
def distillation_loss(student, teacher, labels, temperature, share):
    """The soft and the hard part of the loss of a student, and both together."""
    ### BEGIN SOLUTION
    def log_softmax(logits):
        shifted = logits - logits.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    student, teacher = np.array(student, float), np.array(teacher, float)
    p, q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    soft = temperature**2 * np.mean(np.sum(np.exp(p) * (p - q), axis=1))
    hard = -np.mean(log_softmax(student)[np.arange(len(labels)), labels])
    return {"soft": soft, "hard": hard, "loss": share * soft + (1 - share) * hard}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-7-check"}
check("10.7", distillation_loss)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write the logarithm of the softmax, not the softmax: ln p = logit − ln(sum of e^logit). First subtract the largest logit
# of the row from all of it: that changes no chance, and no power is too large.
# </details>
# <details><summary>Hint 2</summary>
#
# With arrays of one row for each example: `logits.max(axis=1, keepdims=True)`. The chances themselves are `np.exp(p)`, where
# p holds logarithms.
# </details>
# <details><summary>Hint 3</summary>
#
# The chance of the right class of each row: `log_softmax(student)[np.arange(len(labels)), labels]`.
# </details>

# %%
compare("E10.7")

# %% [markdown]
# ## 10.8 Smaller, and slower?
# ★★★ · 16 minutes · 5 points
#
# Document B, question 2, says that quantisation makes inference faster. When does it? Take one layer of `n_weights`
# weights in a step for a batch of examples.
#
# - **Reading.** The weights are read from memory once for the whole batch, at `bytes_per_s`: 4 bytes each as
#   float32, 1 byte each as int8.
# - **Computing.** Each example meets each weight in a product and a sum, 2 FLOP, at `flop_per_s`. It goes on at the
#   same time as the reading, so that the longer of the two counts.
# - **Unpacking**, for int8 only: the processor multiplies float32 numbers, so that all weights are turned into these,
#   once in a step, `unpack_per_s` weights a second. Take it to be added to the time above.
# - **All else** in the step takes `other_s` seconds, as before.
#
# *Amdahl's law* (阿姆达尔定律): what is not the layer sets a limit to what a faster layer brings.
#
# **Write** `smaller_step(n_weights, batch, flop_per_s, bytes_per_s, unpack_per_s, other_s)`, a dict with four entries:
#
# - `"before"`: the seconds of the whole step with float32;
# - `"speedup"`: `"before"` divided by the seconds of the whole step with int8 (below 1 if it is slower);
# - `"limit"`: the speed-up of the step with float32 if its layer took no time at all;
# - `"most_batch"`: the largest batch with which int8 is faster (as fast is not faster; 0 if there is none).

# %%
predict(
    "E10.8",
    "60 % of a step's time is the reading of weights, and nothing is to be unpacked. The weights become four times "
    "smaller. How many times faster is the step?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-8-answer"}
def smaller_step(n_weights, batch, flop_per_s, bytes_per_s, unpack_per_s, other_s):
    """Seconds of a step, its speed-up by int8, the limit of that, and up to which batch it pays."""
    ### BEGIN SOLUTION
    wide, narrow = 4 * n_weights / bytes_per_s, n_weights / bytes_per_s
    unpack, example = n_weights / unpack_per_s, 2 * n_weights / flop_per_s
    before = max(wide, batch * example) + other_s
    after = max(narrow, batch * example) + unpack + other_s
    most = math.ceil((wide - unpack) / example) - 1 if narrow + unpack < wide else 0
    return {
        "before": before,
        "speedup": before / after,
        "limit": before / other_s,
        "most_batch": most,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-8-check"}
check("10.8", smaller_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write a function for the seconds of the layer: the larger of bytes a weight · n_weights / bytes_per_s and
# 2 · n_weights · batch / flop_per_s. With int8 add n_weights / unpack_per_s.
# </details>
# <details><summary>Hint 2</summary>
#
# `"most_batch"`: the larger the batch, the less int8 can gain. Begin with 0, and go up while the next batch is still
# faster.
# </details>

# %%
compare("E10.8")

# %% [markdown]
# ## 10.9 Choose a plan
# ★★★ · 18 minutes · 5 points
#
# A network for a small device was trained with five seeds, and each of the five was compressed by seven plans. `plans`
# has the accuracy of each seed in per cent (the same order of seeds everywhere), the bytes, and the milliseconds of an
# answer. (Made up, but in the way such tables look.) The device has room for `limits["bytes"]`, an answer may take
# `limits["ms"]`, and `limits["loss"]` points of accuracy may be lost.
#
# The *loss* of a plan is the accuracy as trained minus that of the plan, taken **seed by seed**. Its upper end is
# mean + t · s / √n: s is the standard deviation of the n losses (with n − 1 under the line), and t the quantile 0.975 of
# Student's t with n − 1 degrees of freedom, `stdtrit(n - 1, 0.975)`. A plan is *allowed* if its bytes, its time and the
# upper end of its loss are each at most their limit. `"as trained"` is a plan like the others; its loss is 0.
#
# **Write** `choose_plan(plans, limits)`, a dict with three entries: `"upper"`, a dict with the upper end of each plan's
# loss; `"allowed"`, a list of the names of the allowed plans, the smallest in bytes first, of equally small ones the
# faster first; and `"choice"`, the first of these, or `"none"`.

# %%
from scipy.special import stdtrit

plans = {
    "as trained": {"accuracy": [97.2, 96.9, 97.6, 97.1, 97.4], "bytes": 46_000, "ms": 0.95},
    "int8, weights": {"accuracy": [97.1, 97.0, 97.5, 97.1, 97.4], "bytes": 11_900, "ms": 1.40},
    "int8, dynamic": {"accuracy": [97.0, 96.8, 97.5, 97.0, 97.2], "bytes": 11_800, "ms": 0.56},
    "int4": {"accuracy": [96.9, 96.0, 97.0, 96.9, 96.3], "bytes": 6_500, "ms": 1.45},
    "half the units": {"accuracy": [96.7, 96.6, 97.1, 96.5, 97.0], "bytes": 23_000, "ms": 0.55},
    "half, int8": {"accuracy": [96.7, 96.5, 97.0, 96.5, 97.0], "bytes": 6_100, "ms": 0.38},
    "distilled": {"accuracy": [97.0, 96.9, 96.0, 97.1, 96.4], "bytes": 11_500, "ms": 0.31},
    "90 % zeros": {"accuracy": [96.5, 96.2, 96.6, 96.6, 96.7], "bytes": 9_400, "ms": 1.06},
}
limits = {"bytes": 12_000, "ms": 1.06, "loss": 0.8}

# %%
predict(
    "E10.9",
    "The five losses of int4 are 0.3, 0.9, 0.6, 0.2 and 1.1 points, 0.62 on average. Is the upper end of their mean "
    "within 0.8?",
    choices=["yes", "no"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-9-answer"}
def choose_plan(plans, limits):
    """The upper end of each plan's loss, the plans allowed, and the smallest of these."""
    ### BEGIN SOLUTION
    base, upper, allowed = np.array(plans["as trained"]["accuracy"]), {}, []
    for name, plan in plans.items():
        losses = base - np.array(plan["accuracy"])
        n = len(losses)
        upper[name] = losses.mean() + stdtrit(n - 1, 0.975) * losses.std(ddof=1) / np.sqrt(n)
        fits = plan["bytes"] <= limits["bytes"] and plan["ms"] <= limits["ms"]
        if fits and upper[name] <= limits["loss"]:
            allowed.append(name)
    allowed.sort(key=lambda name: (plans[name]["bytes"], plans[name]["ms"]))
    return {"upper": upper, "allowed": allowed, "choice": allowed[0] if allowed else "none"}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-9-check"}
check("10.9", choose_plan)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.array(plans["as trained"]["accuracy"]) - np.array(plan["accuracy"])` has the losses seed by seed.
# </details>
# <details><summary>Hint 2</summary>
#
# `losses.std(ddof=1)` has n − 1 under the line. For five seeds t is 2.78.
# </details>
# <details><summary>Hint 3</summary>
#
# Sort by two things: `allowed.sort(key=lambda name: (plans[name]["bytes"], plans[name]["ms"]))`.
# </details>

# %%
compare("E10.9")

# %% [markdown]
# **Judge.** Which plan would you ship? Double-click this cell and write three or four sentences *here*: the plan with its
# numbers, what spoke against the runner-up, and what you would measure before you ship. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. The choice under these limits with its figures: half the units in int8, 6,100 bytes, 0.38 ms, a loss of 0.5 points on
#    average and of 0.62 at the upper end.
# 2. What the upper end did. By the mean alone the distilled network (0.56) would be within 0.8. Its five losses scatter,
#    and its upper end is 1.44: perhaps as good, not shown to be.
# 3. That the limits decide. int8, dynamic loses 0.14 points and is nearly twice as large; where room is left it is the better
#    plan.
# 4. What the table does not say: seven plans were looked at, so that the best looks better than it is; the time is that of
#    one machine; the accuracy is that of one test set, and may hide a class that suffers more. Methods combined must be
#    measured combined: their savings multiply, and their losses need not add up.
# </details>

# %% [markdown]
# ## 10.10 Does it harm your network?
# ★★★ · 20 minutes · 5 points
#
# Now on networks of your own. The next cell trains five on pictures of digits, 8 × 8 points each, which differ only in
# their seed. Does it *harm* them to store their weights in few bits?
#
# A network is `[w1, b1, w2, b2]`. For a picture x it computes hidden = max(0, x @ w1 + b1) and then
# hidden @ w2 + b2; its answer is the class with the largest value. Its accuracy is the share of pictures with the right
# answer, **in per cent**. Quantise w1 and w2 symmetrically, each with **one** scale for the whole matrix: scale = largest
# |weight| / (2^(bits−1) − 1), and each weight becomes scale · (weight / scale, rounded to the nearest whole number). The
# biases stay as they are.
#
# The loss of a network is its accuracy before minus that after. The interval of the mean loss is mean ± t · s / √n, with
# s the standard deviation of the n losses (n − 1 under the line) and t = `stdtrit(n - 1, 0.975)`.
#
# That no harm was shown is not that there is none. So name a *margin* first, the loss in points that you would bear:
# `"harmless"` if the whole interval is at most the margin; `"harms"` if the whole interval is above it; else `"not told
# apart"`.
#
# **Write** `harm(networks, images, labels, bits, margin)`, a dict with three entries: `"losses"`, one for each network;
# `"interval"`, `[low, high]`; and `"verdict"`.

# %%
import warnings

from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

pictures, classes = load_digits(return_X_y=True)
pictures = pictures / 16
networks = []
for seed in range(5):
    with warnings.catch_warnings(action="ignore"):  # it stops after 40 rounds, as we want
        trained = MLPClassifier((16,), learning_rate_init=0.01, max_iter=40, random_state=seed)
        trained.fit(pictures[:1000], classes[:1000])
    (w1, w2), (b1, b2) = trained.coefs_, trained.intercepts_
    networks.append([w1, b1, w2, b2])
test_images, test_labels = pictures[1000:], classes[1000:]

# %%
predict(
    "E10.10",
    "These five networks in 4 bits, with a margin of 1 point of accuracy. What will the verdict be?",
    choices=["harmless", "harms", "not told apart"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "10-10-answer"}
def harm(networks, images, labels, bits, margin):
    """Accuracy that each network loses, the interval of the mean, and the verdict."""
    ### BEGIN SOLUTION
    def restored(weights):
        scale = np.abs(weights).max() / (2 ** (bits - 1) - 1)
        return np.round(weights / scale) * scale

    def accuracy(w1, b1, w2, b2):
        hidden = np.maximum(np.array(images) @ w1 + b1, 0)
        return 100 * np.mean((hidden @ w2 + b2).argmax(axis=1) == labels)

    losses = []
    for network in networks:
        w1, b1, w2, b2 = (np.array(part, float) for part in network)
        losses.append(accuracy(w1, b1, w2, b2) - accuracy(restored(w1), b1, restored(w2), b2))
    n, mean = len(losses), np.mean(losses)
    half = stdtrit(n - 1, 0.975) * np.std(losses, ddof=1) / np.sqrt(n)
    verdict = "harmless" if mean + half <= margin else "not told apart"
    if mean - half > margin:
        verdict = "harms"
    return {"losses": losses, "interval": [mean - half, mean + half], "verdict": verdict}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "10-10-check"}
check("10.10", harm)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make two small functions: `restored(weights)` gives the matrix that comes back, `accuracy(w1, b1, w2, b2)` the accuracy on
# `images`. Turn lists into arrays first: `np.array(part, float)`.
# </details>
# <details><summary>Hint 2</summary>
#
# `(hidden @ w2 + b2).argmax(axis=1) == labels` is True where the answer is right. Its mean is the share.
# </details>
# <details><summary>Hint 3</summary>
#
# First the losses, then mean and half-width. Compare the upper end with the margin for `"harmless"`, the lower end for
# `"harms"`.
# </details>

# %%
compare("E10.10")

# %% [markdown]
# **Judge.** From how many bits on would you store these networks? Call
# `harm(networks, test_images, test_labels, 8, 1.0)` in a cell of your own, then with 6, 5, 4 and 3 bits. Then double-click
# this cell and write three or four sentences *here*: the intervals that you stand by, the margin and why, and what would
# make you surer. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. An interval for each number of bits that is named, not the verdict alone, and a margin that was chosen before.
# 2. "Harmless" and "not told apart" kept apart: with 8 bits the interval lies within a point, with 4 bits it is too wide to
#    say either.
# 3. That many numbers of bits were looked at on the same networks and the same pictures: the first that looks harmless may
#    be so by chance.
# 4. What would help: more seeds (the width falls as 1/√n), the same test with a scale for each column or group, and another
#    test set, as these pictures come from few hands.
# </details>

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off? Most plans look best in the number of bits a
# weight, and each pays for something besides: scales, places, unpacking.

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=10_compression` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("10_compression")

# %% [markdown]
# ## Where to go on
# Back to chapter 10: [Compression](../../notebooks/10_compression.ipynb).
