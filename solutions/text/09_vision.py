# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 9 · Vision in practice
#
# Ten exercises on what chapter 9, [Vision in practice](../../notebooks/09_vision.ipynb), is about: what a
# convolution and a ResNet cost, epochs and rates, the gradient of unequal parts, memory on many devices,
# failures, attacks, and laws measured on pictures.
# You need loops, logarithms in one of them, and square roots.
# **126 minutes · 48 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 09.1 | What a convolution costs | ★☆☆ | 10 | 5 |
# | 09.2 | A ResNet to the unit | ★★★ | 16 | 5 |
# | 09.3 | Epochs, steps, and a rate that goes with the batch | ★☆☆ | 8 | 4 |
# | 09.4 | The gradient of unequal parts | ★★☆ | 9 | 4 |
# | 09.5 | Where the memory goes | ★★☆ | 11 | 5 |
# | 09.6 | How often to save | ★★☆ | 12 | 5 |
# | 09.7 | The worst small change | ★☆☆ | 8 | 4 |
# | 09.8 | What the devices are used for | ★★☆ | 12 | 5 |
# | 09.9 | How many pictures more? | ★★★ | 20 | 5 |
# | 09.10 | Devices for a run, and why | ★★★ | 20 | 6 |
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
# `solutions/09_vision/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. FLOP is an amount, FLOP/s a rate; GB
# are 10⁹ bytes. Where no source is named, the numbers are made up.
#
# Run the next cell first.

# %%
import math

import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 09.1 What a convolution costs
# ★☆☆ · 10 minutes · 5 points
#
# A convolution (卷积) lays a window of kernel × kernel over a picture of side × side, after `padding` zeros
# were added on each of its edges, and moves it by `stride`. So along one side it has (side + 2·padding −
# kernel) / stride + 1 places, rounded down. At each place every output channel (通道) multiplies all weights of
# its window, one for each of kernel · kernel places and each input channel, and adds up. There is no bias. A
# multiplication and an addition are 2 FLOP.
#
# **Write** `convolution(width_in, width_out, kernel, side, stride, padding)`, a dict with three entries:
# `"side"` of the output, `"n_params"`, and `"flops"` for one picture.

# %%
predict(
    "E09.1",
    "ResNet's first convolution: 3 to 64 channels, 7 × 7, stride 2, padding 3, on 224 × 224. How "
    "many million FLOP?",
    unit="million FLOP",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-1-answer"}
def convolution(width_in, width_out, kernel, side, stride, padding):
    """Side of the output, parameters and FLOP of one convolution."""
    ### BEGIN SOLUTION
    out = (side + 2 * padding - kernel) // stride + 1
    n_params = kernel * kernel * width_in * width_out
    return {"side": out, "n_params": n_params, "flops": 2 * n_params * out * out}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "09-1-check"}
check("09.1", convolution)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `//` divides and rounds down.
# </details>
# <details><summary>Hint 2</summary>
#
# The parameters do not depend on the picture. The FLOP are 2 · parameters · places, with the places of the
# *output*.
# </details>

# %%
compare("E09.1")

# %% [markdown]
# ## 09.2 A ResNet to the unit
# ★★★ · 16 minutes · 5 points
#
# A ResNet (残差网络) begins with a convolution of kernel × kernel from `channels` to `widths[0]`, and a norm.
# Then come stages; stage i has `blocks[i]` blocks of `widths[i]` channels. A block has two 3 × 3
# convolutions, the first from what comes in to the block's width, the second from there to the same width,
# each with a norm behind it. Its shortcut (捷径) adds what came in. The first block of every stage but the
# first halves the picture; there the shortcut is a 1 × 1 convolution to the new width with a norm behind it,
# whether or not the width changes. At the end a matrix with a bias takes the last width to the classes.
#
# No convolution has a bias; a norm has a scale and a shift for each channel.
#
# **Write** `resnet_params(widths, blocks, n_classes, channels, kernel)`: the number of parameters.

# %%
predict(
    "E09.2",
    "ResNet-18 has widths of 64, 128, 256 and 512, two blocks each, 1,000 classes, 3 channels and "
    "a first kernel of 7. How many million parameters?",
    unit="million",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-2-answer"}
def resnet_params(widths, blocks, n_classes, channels, kernel):
    """How many parameters a ResNet of basic blocks has."""
    ### BEGIN SOLUTION
    total = kernel * kernel * channels * widths[0] + 2 * widths[0]
    width_in = widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks[stage]):
            total += 9 * width_in * width + 9 * width * width + 4 * width
            if stage > 0 and block == 0:
                total += width_in * width + 2 * width
            width_in = width
    return total + width_in * n_classes + n_classes
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "09-2-check"}
check("09.2", resnet_params)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Go through stages and blocks, and keep in a variable how many channels come in.
# </details>
# <details><summary>Hint 2</summary>
#
# A block: 9 · width_in · width + 9 · width · width for the convolutions, 2 · width for each of two norms.
# </details>
# <details><summary>Hint 3</summary>
#
# The shortcut of the first block of a later stage: width_in · width, and 2 · width for its norm.
# </details>

# %%
compare("E09.2")

# %% [markdown]
# ## 09.3 Epochs, steps, and a rate that goes with the batch
# ★☆☆ · 8 minutes · 4 points
#
# ImageNet has 1,281,167 pictures to train on (document B says 12,000). An *epoch* (轮次) is one pass over all
# of them in batches; what is left over is a last, smaller batch. A learning rate that was found for batches
# of 256 goes with the batch: half the batch, half the rate (the linear rule).
#
# **Write** `epochs(n_images, batch, n_epochs, rate_per_256)`, a dict with three entries: `"steps"` of the
# whole run, `"last_batch"`, the number of images in the last batch of an epoch, and `"rate"`.

# %%
predict(
    "E09.3",
    "ImageNet, batches of 32, 90 epochs. How many million steps?",
    unit="million steps",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-3-answer"}
def epochs(n_images, batch, n_epochs, rate_per_256):
    """Steps of a training run, size of its last batch, and its learning rate."""
    ### BEGIN SOLUTION
    steps = math.ceil(n_images / batch)
    return {
        "steps": steps * n_epochs,
        "last_batch": n_images - (steps - 1) * batch,
        "rate": rate_per_256 * batch / 256,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "09-3-check"}
check("09.3", epochs)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `math.ceil(n_images / batch)` steps an epoch.
# </details>
# <details><summary>Hint 2</summary>
#
# The last batch has what the full ones leave: n_images − (steps − 1) · batch.
# </details>

# %%
compare("E09.3")

# %% [markdown]
# ## 09.4 The gradient of unequal parts
# ★★☆ · 9 minutes · 4 points
#
# Data parallelism (数据并行): each device computes the gradients of its own examples, and the devices put them
# together. The loss is the mean over all examples, so the gradient must be as if one device had them all.
# Devices need not have equally many.
#
# **Write** `averaged(parts)`. `parts` has a list for each device, with a gradient (a list of numbers, all of
# the same length) for each of its examples. It gives one gradient, a list.

# %%
two_devices = [[[1, 2], [3, 4], [5, 0]], [[7, 10]]]

# %%
predict(
    "E09.4",
    "Three examples on one device have the first numbers 1, 3 and 5; one on another has 7. What "
    "is the first number of the whole gradient?",
    unit="",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-4-answer"}
def averaged(parts):
    """Gradient of the mean loss over all examples of all devices."""
    ### BEGIN SOLUTION
    total = sum(len(part) for part in parts)
    size = len(parts[0][0])
    return [sum(g[i] for part in parts for g in part) / total for i in range(size)]
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "09-4-check"}
check("09.4", averaged)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The mean of the devices' means would be 5. Each example must count once.
# </details>
# <details><summary>Hint 2</summary>
#
# Add up all examples of all devices, number by number, then divide by how many examples there are.
# </details>

# %%
compare("E09.4")

# %% [markdown]
# ## 09.5 Where the memory goes
# ★★☆ · 11 minutes · 5 points
#
# AdamW in *mixed precision* (混合精度) keeps for each parameter a weight and a gradient of 16 bits and, in 32
# bits each, a copy of the weight and two moments. Plain data parallelism keeps all of it on every device.
# *ZeRO* splits it evenly among the devices: stage 1 the optimiser's state (the copy and the moments), stage 2
# that and the gradients, stage 3 that and the weights. Stage 0 splits nothing.
#
# **Write** `memory(n_params, n_devices, stage)`, a dict with two entries, in GB on one device: `"optimiser"`,
# and `"total"` of weights, gradients and optimiser. (Activations come on top.)

# %%
predict(
    "E09.5",
    "7.5e9 parameters on 64 devices at stage 2: how many GB on each?",
    unit="GB",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-5-answer"}
def memory(n_params, n_devices, stage):
    """GB on one device: the optimiser's state, and all."""
    ### BEGIN SOLUTION
    weights, gradients, optimiser = 2 * n_params, 2 * n_params, 12 * n_params
    if stage >= 1:
        optimiser /= n_devices
    if stage >= 2:
        gradients /= n_devices
    if stage >= 3:
        weights /= n_devices
    return {"optimiser": optimiser / 1e9, "total": (weights + gradients + optimiser) / 1e9}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "09-5-check"}
check("09.5", memory)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Bytes a parameter: 2 for the weight, 2 for the gradient, 4 + 4 + 4 for the optimiser.
# </details>
# <details><summary>Hint 2</summary>
#
# `if stage >= 1:` the optimiser is divided by the number of devices, and so on.
# </details>

# %%
compare("E09.5")

# %% [markdown]
# ## 09.6 How often to save
# ★★☆ · 12 minutes · 5 points
#
# Llama 3's run was interrupted 419 times in 54 days. What was computed since the last *checkpoint* (检查点) is
# lost each time. Let M be the mean time from one failure to the next. *Young's rule*: the best time of work
# between saves is √(2 · save · M). How much is kept? With failures at random, a segment of work τ and a save
# δ ends after an expected time of M · (e^((τ + δ)/M) − 1), all tries together; kept is τ over that. (Restarts
# are left out.)
#
# **Write** `save_every(n_failures, days, save_s, interval_s)`, a dict with three entries: `"between_s"`, M in
# seconds; `"best_s"`, Young's interval in seconds; and `"kept"`, the share of time that is kept work at
# intervals of `interval_s`.

# %%
predict(
    "E09.6",
    "419 failures in 54 days, a save takes a minute. How many minutes of work between saves are "
    "best?",
    unit="minutes",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-6-answer"}
def save_every(n_failures, days, save_s, interval_s):
    """Time between failures, best interval, and the share of time that is kept work."""
    ### BEGIN SOLUTION
    between = days * 86_400 / n_failures
    kept = interval_s / (between * math.expm1((interval_s + save_s) / between))
    return {"between_s": between, "best_s": math.sqrt(2 * save_s * between), "kept": kept}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "09-6-check"}
check("09.6", save_every)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A day has 86,400 seconds.
# </details>
# <details><summary>Hint 2</summary>
#
# `math.expm1(x)` is e^x − 1, exact for small x too.
# </details>

# %%
compare("E09.6")

# %% [markdown]
# ## 09.7 The worst small change
# ★☆☆ · 8 minutes · 4 points
#
# A network can be fooled by a change that nobody sees. To first order the worst change of at most `size` for
# each pixel is the full `size` in the direction in which the loss grows: up where the slope of the loss by
# that pixel is positive, down where it is negative, and none where it is 0 (the fast gradient sign method,
# FGSM; 对抗样本). Pixels stay between 0 and 1: what would leave is cut off there.
#
# **Write** `attack(image, slope, size)` for lists of pixels and of slopes: the new list of pixels.

# %%
predict(
    "E09.7",
    "A pixel of 0.95 has a slope of 0.001, and the size is 0.1. What becomes of it?",
    unit="",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-7-answer"}
def attack(image, slope, size):
    """The image after an attack."""
    ### BEGIN SOLUTION
    moved = []
    for i, pixel in enumerate(image):
        s = slope[i]
        moved.append(min(max(pixel + size * ((s > 0) - (s < 0)), 0), 1))
    return moved
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "09-7-check"}
check("09.7", attack)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The sign of s is (s > 0) − (s < 0): 1, −1 or 0.
# </details>
# <details><summary>Hint 2</summary>
#
# `min(max(value, 0), 1)` keeps a value between 0 and 1.
# </details>

# %%
compare("E09.7")

# %% [markdown]
# ## 09.8 What the devices are used for
# ★★☆ · 12 minutes · 5 points
#
# *Model FLOP utilisation* (MFU) is the share of the devices' peak that training uses: 6·N·(tokens per second)
# over the peak of all devices. A pipeline (流水线) of p stages that is fed m micro-batches waits while it fills
# and empties: (p − 1) / (m + p − 1) of the time, the *bubble*.
#
# **Write** `utilisation(n_params, tokens_per_s, n_devices, peak, stages, microbatches)`, where `peak` is one
# device's FLOP/s. It gives a dict with three entries: `"mfu"`; `"bubble"`; and `"without"`, the MFU if the
# same work took only the time that is not bubble.

# %%
predict(
    "E09.8",
    "Sixteen stages and sixteen micro-batches: what share of the time does the pipeline wait?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-8-answer"}
def utilisation(n_params, tokens_per_s, n_devices, peak, stages, microbatches):
    """MFU, the share of time in the bubble, and the MFU without it."""
    ### BEGIN SOLUTION
    mfu = 6 * n_params * tokens_per_s / (n_devices * peak)
    bubble = (stages - 1) / (microbatches + stages - 1)
    return {"mfu": mfu, "bubble": bubble, "without": mfu / (1 - bubble)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "09-8-check"}
check("09.8", utilisation)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# 6 FLOP for each parameter and token; all devices together have n_devices · peak.
# </details>
# <details><summary>Hint 2</summary>
#
# Without the bubble the work takes (1 − bubble) of the time, so the MFU is larger by 1 / (1 − bubble).
# </details>

# %%
compare("E09.8")

# %% [markdown]
# ## 09.9 How many pictures more?
# ★★★ · 20 minutes · 5 points
#
# How does the error fall with data? Suppose error = a / n^b. Then ln error is a straight line in ln n with
# the slope −b. For each seed fit that line by least squares (the first number of each list belongs to the
# first seed, and so on). The exponent is the mean of the b of the seeds; its 95 % interval is mean ± t · s /
# √k, with s the standard deviation of the b (divide by k − 1), k the number of seeds, and t the 0.975
# quantile of Student's t with k − 1 degrees of freedom.
#
# How many images does a target error need? Fit one line to the means over seeds of ln error, and solve it for
# n.
#
# **Write** `data_law(errors, target)`. `errors` is a list of `[n, [error of each seed]]`. It gives a dict
# with three entries: `"exponent"`; `"interval"`, a list of two; and `"images"`.

# %%
measured = [
    [75, [0.062, 0.051, 0.069, 0.058, 0.056]],
    [150, [0.036, 0.040, 0.031, 0.038, 0.033]],
    [300, [0.020, 0.024, 0.018, 0.022, 0.020]],
    [600, [0.013, 0.011, 0.013, 0.009, 0.011]],
]

# %%
predict(
    "E09.9",
    "By this table, how many images would an error of 0.5 % need?",
    unit="images",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-9-answer"}
from scipy.stats import t


def data_law(errors, target):
    """Exponent over seeds with its interval, and the images that a target needs."""
    ### BEGIN SOLUTION
    sizes = np.array([row[0] for row in errors], float)
    table = np.array([row[1] for row in errors], float)
    lines = np.polyfit(np.log(sizes), np.log(table), 1)
    slopes = -lines[0]
    half = t.ppf(0.975, len(slopes) - 1) * slopes.std(ddof=1) / len(slopes) ** 0.5
    slope, height = np.polyfit(np.log(sizes), np.log(table).mean(axis=1), 1)
    return {
        "exponent": slopes.mean(),
        "interval": [slopes.mean() - half, slopes.mean() + half],
        "images": np.exp((np.log(target) - height) / slope),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "09-9-check"}
check("09.9", data_law)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.polyfit(np.log(sizes), np.log(table), 1)` fits a line to each column of a table at once; its first row
# has the slopes.
# </details>
# <details><summary>Hint 2</summary>
#
# `t.ppf(0.975, k - 1)` is the quantile; `slopes.std(ddof=1)` divides by k − 1.
# </details>
# <details><summary>Hint 3</summary>
#
# ln n = (ln target − height) / slope, with slope and height of the line through the means.
# </details>

# %%
compare("E09.9")

# %% [markdown]
# **Judge.** Measure a learning curve of your own: any classifier of scikit-learn on any data, five seeds,
# four sizes. Double-click this cell and write three or four sentences *here*. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. Sizes, seeds and what was held back to test are said.
# 2. The exponent has its interval, and the fit was looked at: is it straight?
# 3. Extrapolation is named as such, and how far it goes.
# 4. What the curve cannot say: another model, noisier labels, the floor.
# </details>

# %% [markdown]
# ## 09.10 Devices for a run, and why
# ★★★ · 20 minutes · 6 points
#
# Choose devices for a training run. An option is `[name, n_devices, peak, mfu, price, stage]`: so many
# devices of `peak` FLOP/s each, of which training uses the share `mfu`, rented at `price` USD for each device
# and hour, with ZeRO at `stage` (2 bytes a parameter for weights, 2 for gradients, 12 for the optimiser;
# stage 1 splits the optimiser among the devices, stage 2 the gradients as well, stage 3 the weights as well).
#
# The run takes 6·N·D FLOP. An option is possible if what one device keeps is at most `memory_gb` (GB of 10⁹
# bytes; leave the rest of the device to activations) and it is done within `days` (just that included).
#
# **Write** `plan(options, n_params, n_tokens, days, memory_gb)`, a dict with three entries: `"name"` of the
# possible option that costs least; its `"days"`; and its `"usd"`. Where none is possible the name is `"none"`
# and both numbers are 0.

# %%
options = [
    ["8 A100", 8, 312e12, 0.45, 1.8, 1],
    ["64 A100", 64, 312e12, 0.42, 1.8, 1],
    ["8 H100", 8, 989e12, 0.42, 2.95, 0],
    ["32 H100", 32, 989e12, 0.40, 2.95, 1],
    ["128 H100", 128, 989e12, 0.33, 2.95, 3],
]

# %%
predict(
    "E09.10",
    "8e9 parameters, 160e9 tokens, 14 days, at most 80 GB for each device. Which option costs "
    "least?",
    choices=["8 A100", "64 A100", "8 H100", "32 H100", "128 H100"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "09-10-answer"}
def plan(options, n_params, n_tokens, days, memory_gb):
    """Name, days and dollars of the cheapest option that fits, or "none"."""
    ### BEGIN SOLUTION
    fits = []
    for name, n_devices, peak, mfu, price, stage in options:
        split = [n_devices if stage >= first else 1 for first in (3, 2, 1)]
        gb = n_params * (2 / split[0] + 2 / split[1] + 12 / split[2]) / 1e9
        hours = 6 * n_params * n_tokens / (n_devices * peak * mfu) / 3600
        if gb <= memory_gb and hours <= 24 * days:
            fits.append([hours * n_devices * price, hours / 24, name])
    if not fits:
        return {"name": "none", "days": 0, "usd": 0}
    cost, needed, name = min(fits)
    return {"name": name, "days": needed, "usd": cost}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 6, "grade_id": "09-10-check"}
check("09.10", plan)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Hours = 6·N·D / (n_devices · peak · mfu) / 3600. The price is for each device and hour.
# </details>
# <details><summary>Hint 2</summary>
#
# Memory in GB: N · (2 / a + 2 / b + 12 / c) / 10⁹, where a, b and c are the number of devices or 1.
# </details>
# <details><summary>Hint 3</summary>
#
# Collect `[usd, days, name]` of all possible options; `min` of a list of lists compares the first entries.
# </details>

# %%
compare("E09.10")

# %% [markdown]
# **Judge.** Plan a run of your own: a size, a text, a date, and what you can rent today. Double-click this
# cell and write three or four sentences *here*. No program reads them.
#
# <details><summary>What a good judgement has, a mark for each (open it when yours is written)</summary>
#
# 1. The numbers that were assumed (MFU, price) have a source or a range.
# 2. Activations and failures are left room for, and it is said how much.
# 3. The second-best option is named, with what would make it the best.
# 4. What is not in the plan: data, evaluation, people, the runs that fail.
# </details>

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off? Most people save too seldom,
# and forget what the optimiser keeps.

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=09_vision` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("09_vision")

# %% [markdown]
# ## Where to go on
# Back to chapter 9: [Vision in practice](../../notebooks/09_vision.ipynb).
