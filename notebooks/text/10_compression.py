# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 10. Compression
#
# **Core question**: a trained network is too large for the place where it should run. What may be thrown
# away, what does that cost in accuracy, and does the smaller network answer sooner?
#
# **You will be able to**
# - write pruning, quantisation, low rank and distillation in a few lines each, and check them;
# - read a table of accuracy, bytes and milliseconds, and see that the three are three questions;
# - say why a model that has read much is harder to round;
# - tell compression of a model from compression of data, and say what they share.
#
# **You need first**: [chapter 1](01_scaling_laws.ipynb); a matrix product, an average with its interval.
#
# **Time**: 45 minutes to read, 15 seconds to run, 120 minutes for the exercises.
#
# **Mirrors**: B §3.1, §3.2 Step 4, §3.3, §9 Q2; D §2.4.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10.1 Four ways to store less · B §3.2 Step 4 模型压缩
#
# Model compression (模型压缩) stores a trained network in fewer bytes. Document B names pruning (剪枝),
# quantisation (量化), low-rank factorisation (低秩分解) and distillation (蒸馏). These are indeed the common
# ones, and each is a few lines. **Quantisation** first: keep small integers and one number, the scale,
# that says what a step of the integer is worth. With b bits the largest integer is $2^{b-1} - 1$, and
#
# $$s = \max|w| \,/\, (2^{b-1} - 1), \qquad q = \mathrm{round}(w / s), \qquad w \approx s\,q.$$

# %% slideshow={"slide_type": "-"}
import numpy as np


def rounded(weights, bits):
    """Weights of shape (rows, columns) after rounding, one scale for each row."""
    largest = 2 ** (bits - 1) - 1
    scale = np.abs(weights).max(axis=1, keepdims=True) / largest
    return np.round(weights / scale) * scale


# %% slideshow={"slide_type": "fragment"}
import torch

from course.compression import quantise

weights = np.random.default_rng(0).normal(size=(3, 8)).astype("float32")
library = quantise(weights, 4)
steps = torch.from_numpy(library.scales[:, 0]).float()
theirs = torch.fake_quantize_per_channel_affine(
    torch.from_numpy(weights), steps, torch.zeros(3, dtype=torch.int32), 0, -7, 7)
print("yours is the course's:", np.allclose(rounded(weights, 4), library.weights),
      " and PyTorch's:", np.allclose(rounded(weights, 4), theirs.numpy(), atol=1e-6))
print("integers of the first row:", library.codes[0])

# %% [markdown] slideshow={"slide_type": "notes"}
# What shares a scale is a choice: the whole matrix, a row (a channel), or a group within a row. Smaller
# groups follow the weights more closely and store more scales. **Pruning** sets the weights nearest to zero
# to zero. **2:4** pruning does so within each four neighbours; **structured** pruning drops whole units, so
# that the matrix really becomes smaller.

# %% slideshow={"slide_type": "subslide"}
from torch.nn.utils import prune

from course.compression import prune_smallest, prune_two_of_four

mine = np.where(np.abs(weights) >= np.sort(np.abs(weights), axis=None)[12], weights, 0)
layer = torch.nn.Linear(8, 3)
layer.weight.data = torch.from_numpy(weights)
prune.l1_unstructured(layer, "weight", amount=0.5)
print("half dropped, as PyTorch does:", np.allclose(mine, layer.weight.detach()),
      " as the course does:", np.allclose(mine, prune_smallest(weights, 0.5)))
print("2:4, kept in each four:", (prune_two_of_four(weights).reshape(-1, 4) != 0).sum(axis=1))

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Low rank**: replace a matrix of m × n numbers by the product of two thin ones, m × r and r × n. The
# singular value decomposition (SVD) finds the nearest product of rank r.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict("P10.1", "A matrix of 4096 × 4096 becomes two factors of rank r. "
        "At which r do the factors hold as many numbers as the matrix did?")

# %% slideshow={"slide_type": "fragment"}
from course.compression import break_even_rank, factorise

compare("P10.1", break_even_rank(4096, 4096))
left, right = factorise(weights, 2)
sizes = np.linalg.svd(weights, compute_uv=False)
print(f"rank 2 of 3: squared error {np.sum((weights - left @ right) ** 2):.6f}, "
      f"the square of the singular value left out {sizes[2] ** 2:.6f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# So an SVD alone saves nothing; it pays below rank mn/(m + n) only. **Distillation** trains a small network,
# the student, on the probabilities of a large one, the teacher. Both are softened by a temperature (温度) T:
# softmax(z / T). The gradient of the softened loss falls as 1/T², so the loss is multiplied by T².

# %% slideshow={"slide_type": "subslide"}
from course.compression import distillation_loss, softened

teacher, student = np.array([[6.0, 2.0, 0.0]]), np.array([[1.0, 0.5, 0.0]])
for temperature in (1, 2, 4, 8, 16):
    p = softened(teacher, temperature)[0]
    nudge = np.array([[1e-4, 0, 0]])
    slope = (distillation_loss(student + nudge, teacher, temperature)
             - distillation_loss(student - nudge, teacher, temperature)) / 2e-4
    print(f"T = {temperature:>2}: teacher says {p.round(2)}, slope with T² {slope:+.3f}, "
          f"without {slope / temperature**2:+.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10.2 What it costs · B §3.3 算法优缺点
#
# Document B defines compression as keeping performance *unchanged* (保持模型性能不变, B §2.1), and says
# in §3.3 that it can lower performance. We measured: a network of 300,000 weights that reads handwritten
# digits, compressed in ten ways at several settings, with ten seeds. Nothing is trained again afterwards;
# students are trained from the start. Each row of the table is made by `python -m course.compression
# methods`.

# %% slideshow={"slide_type": "-"}
predict("P10.2", "With a scale for each row, what are the fewest bits whose accuracy our runs do not show "
        "to be lower than that of 32-bit weights?", choices=["8", "4", "3", "2"])

# %% slideshow={"slide_type": "fragment"}
from course.compression import study
from course.compression.plots import draw_methods
from course.figures import new_figure, show

measured = study.methods()
compare("P10.2", f"{measured.smallest_not_lower('int, a scale for each row').setting:g}")
figure, axes = new_figure(width=8.6)
draw_methods(axes)
show(figure, alt="Accuracy against bytes of the file for five methods, with intervals.")

# %% slideshow={"slide_type": "subslide"}
measured

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The grey line is the network as trained. Every method is flat at first and then falls
# off a cliff, each at another size of file. Every row is compared with the network as trained, all
# together by Holm (chapter 2). "Not told apart" says that our runs show no loss, not that there is none.
# The interval is Student's t and knows nothing of 100 %. Where pruned weights are stored, a bit for each
# weight says which are kept: half of the weights dropped is not half of the bytes.

# %% slideshow={"slide_type": "subslide"}
for method in ("int, one scale for all", "int, a scale for each row", "int, a scale for each 16"):
    for one in measured.settings(method)[-2:]:
        print(f"{method:<26} {one.setting:g} bits: {one.accuracy:.1%}, {one.bytes:>9,.0f} bytes")
for units, pair in study.taught_against_alone().items():
    points = pair.difference.through(lambda share: 100 * share)
    print(f"student of {units:>2} units: taught minus alone {points:+.1f} points, {pair.verdict}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Two lessons. At few bits, what shares a scale decides. And a teacher is no gift by itself: here it did
# harm, at the one temperature, mixture of losses and length of training that we tried and did not tune. (A
# possible reason, untested: a teacher is nearly sure of the pictures it learned from.) Document
# B lists "model distillation" and "knowledge distillation" as two methods; they are one. The plain student
# teaches the larger lesson: below 100 kB no network made small afterwards reads as well as the students of
# 64 units do in less than 40 kB.

# %% slideshow={"slide_type": "skip"}
from course.evidence import cards

cards("K123", "K132")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A plan on paper, and measured
#
# Chapter 5's `EdgeAIDeployer` combines methods by arithmetic: its last plan drops two of each four weights
# and keeps the others in 4 bits, with a scale for each 64. It knows bytes, and nothing of accuracy.

# %% slideshow={"slide_type": "-"}
from course.accounting.compression import CompressionPlan
from course.compression.methods import COMBINED

n_weights = 64 * 512 + 512 * 512 + 512 * 10
plan = CompressionPlan(n_weights, 4, 0.5, "2:4", group_size=64)
for name, setting in ((COMBINED, 4), ("2 of 4 to zero", 0.5), ("int, a scale for each 16", 4)):
    one = measured.of[name, setting]
    print(f"{name:<34} {one.bytes:>9,.0f} bytes  {one.accuracy:.1%}, {one.beside_trained.verdict}")
print(f"on paper, weights alone: {plan.weight_bytes:,.0f} bytes, {plan.bits_per_param} bits each; "
      "the file adds biases and headers")

# %% [markdown] slideshow={"slide_type": "notes"}
# The arithmetic of bytes holds. What it costs has to be measured: here the
# zeros alone are told apart from the network as trained, the rounding alone is not.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Rounding with care
#
# Rounding each weight alone ignores what the layer reads. The method of GPTQ (Frantar et al., 2022) rounds
# column by column and lets the columns that follow make up for the error, weighted by how inputs go
# together. On the middle layer of one network:

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
from course.compression import methods, quantise_with_correction

layers = methods.matrices(methods.trained(0))
x, _, x_test, _ = methods.pictures(0)
(first, bias), (middle, _), _ = layers
seen, unseen = (np.maximum(part.numpy() @ first.T + bias, 0) for part in (x, x_test))
wanted = unseen @ middle.T
for bits in (4, 3, 2):
    errors = [np.linalg.norm(unseen @ made.weights.T - wanted) / np.linalg.norm(wanted)
              for made in (quantise(middle, bits), quantise_with_correction(middle, seen, bits))]
    print(f"{bits} bits: error of the outputs {errors[0]:.1%} by rounding alone, {errors[1]:.1%} corrected")

# %% [markdown] slideshow={"slide_type": "notes"}
# The outputs of a layer can be kept although its weights are not: inputs here move together in few
# directions, which leaves the correction much room. A layer whose inputs vary freely gains less.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10.3 Smaller and faster · B §9 Q2 如何通过模型压缩技术提高大模型的推理速度？
#
# Document B says of pruning, of quantisation and of low rank that each raises the speed of inference
# (提升推理速度). Smaller it is. Faster depends on the kernel, the code that multiplies. Times below are of
# one thread of one machine, all forms taking turns (`python -m course.compression timings`).

# %% slideshow={"slide_type": "-"}
predict("P10.3", "Nine in ten weights are zero, and the matrix product is the usual one. "
        "Against the network as trained, one picture takes …",
        choices=["about a tenth of the time", "about half of the time", "no less time"])

# %% slideshow={"slide_type": "fragment"}
from course.compression.plots import draw_times

times = study.times()
ratio = times["90 % zeros, dense product", 1]
compare("P10.3", "about a tenth of the time" if ratio < 0.25
        else "about half of the time" if ratio < 0.75 else "no less time")
figure, axes = new_figure(width=9.2)
draw_times(axes)
show(figure, alt="Times of eight forms of the network over that of the network as trained, at two batches.")

# %% slideshow={"slide_type": "fragment"}
for form in dict.fromkeys(form for form, _ in times):
    print(f"{form:<42} {times[form, 1]:5.2f} times at batch 1, {times[form, 32]:5.2f} at batch 32")

# %% [markdown] slideshow={"slide_type": "notes"}
# **Why.** A dense product multiplies zeros like any number. A sparse product skips them, and pays for finding
# the others. Integers that are turned into floats for each product save memory and add work; integer products
# first round their inputs. At a batch of one, a network that fits into the cache gains nothing from fewer
# bytes. What makes *every* product smaller, fewer units or a low rank, needs no special kernel. On a GPU
# with a large model the balance is another: there decoding waits for memory (chapter 5), and fewer bytes
# are time. Measure where you run.

# %% slideshow={"slide_type": "skip"}
cards("K166", "K167")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer.
#
# 1. Which method still fits at one hundredth of the file, and what is its accuracy?
# 2. At 15 % of the file, which methods are not told apart from the network as trained?
# 3. Does any method need fewer bytes and take longer?

# %% slideshow={"slide_type": "slide"}
from course.compression.explorer import compression_explorer

compression_explorer()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10.4 Does compression belong to the law? · B §3.1 算法原理概述
#
# B's principle: more compute, good data and compression *implement* the scaling law. A scaling law is an
# observed regularity. Nothing implements it, and compression is no term of it: C = 6·N·D has no bits.
# But one can ask the law about compression. Kumar et al. (2024) did: does a model that has read more text
# for each parameter lose more when it is rounded? We trained byte models of two widths on 5 to 320 bytes
# for each parameter, five seeds each, and rounded their blocks.

# %% slideshow={"slide_type": "-"}
predict("P10.4", "Models of one size are rounded to 4 bits. The one that has read 64 times as much text "
        "loses …", choices=["less by it", "about as much", "several times as much"])

# %% slideshow={"slide_type": "fragment"}
from course.compression.plots import draw_brittleness

brittle = study.brittleness()
rise = brittle[16].rise[4].value
factor = rise[-1] / rise[0]
compare("P10.4", "less by it" if factor < 0.7 else "about as much" if factor < 2 else "several times as much")
figure, axes = new_figure(1, 2, width=9.6, sharey=True)
draw_brittleness(axes)
show(figure, alt="The loss that rounding adds against the bytes read for each parameter, at two widths.")

# %% slideshow={"slide_type": "fragment"}
for width, found in brittle.items():
    for bits, pair in found.first_against_last().items():
        ends = found.rise[bits]
        print(f"width {width}, {bits} bits: {ends[0]:+.4f} nats at {found.bytes_per_param[0]} bytes per "
              f"parameter, {ends[-1]:+.4f} at {found.bytes_per_param[-1]}: {pair.verdict}")
    print(f"width {width}, 3 bits: the rise grows as bytes per parameter to the power "
          f"{found.exponent(3):.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Both axes are logarithmic. A model that has read more uses its weights more fully, and has
# less to spare. So the cheapest model to *train* to a loss and the cheapest to *serve* in few bits are not
# the same, and "train small for long" (chapter 5) has a price when the result is rounded. Does rounding ever
# undo the reading?

# %% slideshow={"slide_type": "subslide"}
for width, found in brittle.items():
    for bits in (4, 3, 2):
        losses = found.loss_after(bits).mean(axis=0)
        print(f"width {width}, {bits} bits: loss after rounding",
              "  ".join(f"{ratio}: {loss:.3f}" for ratio, loss in
                        zip(found.bytes_per_param, losses, strict=True)),
              f"  the last is {found.last_step()[bits].verdict}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Where the last is *higher* than the one before it, more reading made the rounded model worse. Kumar et al. report
# both findings, for models of up to 1.7 billion parameters. Ours are tiny, rounded without
# correction, and of two widths: the direction is theirs, the constants are not to be carried over.

# %% slideshow={"slide_type": "skip"}
cards("K125")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10.5 The other compression · D §2.4 关键因素
#
# Document D says that compression algorithms reduce the volume of *data* (数据体积) and so improve storage and
# transfer. That is data compression: gzip, xz, nothing lost. It makes no model smaller. But the two meet: a
# model that predicts the next byte with a loss of L nats can store text in L / ln 2 bits per byte, by
# arithmetic coding. A language model *is* a compressor.

# %% slideshow={"slide_type": "-"}
predict("P10.5", "The best model of our fleet sees 64 bytes at most; gzip and xz may look back far. "
        "All store Python source that the model has not read. Which needs the fewest bits per byte?",
        choices=["the model", "gzip", "xz"])

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
import gzip
import lzma
import math

from course.experiments.corpus import load_corpus
from course.experiments.fleet import FLEET
from course.experiments.runs import load_runs

text = load_corpus().text("held_out")[:1_000_000].tobytes()
best = min(load_runs(FLEET), key=lambda row: row["loss"])
bits = {"the model": best["loss"] / math.log(2),
        "gzip": 8 * len(gzip.compress(text, 9)) / len(text),
        "xz": 8 * len(lzma.compress(text, preset=9)) / len(text)}
compare("P10.5", min(bits, key=bits.get))
for name, value in bits.items():
    print(f"{name:<10} {value:.2f} bits per byte")
print(f"and the model itself is {best['n_total']:,} weights, which the receiver needs as well")

# %% [markdown] slideshow={"slide_type": "notes"}
# Ours has a short memory and few weights; gzip and xz remember what stood before and need no training. Large
# models pass both by far if nobody counts their weights (Delétang et al., 2023). The model's figure is for
# windows spread over all of the held-out text, the others' for its first megabyte.

# %% slideshow={"slide_type": "skip"}
cards("K206")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Appendix: the other claims of these sections

# %% slideshow={"slide_type": "skip"}
cards("K122", "K168", "K169")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **How few bits are enough.** It depends on the model, on what it has read and on what shares a scale;
#   training with rounding in the loop moves it.
# - **Whether to prune or to train small.** After pruning, further training wins back much. We did none.
# - **When to distil.** Busbridge et al. (2025) find that it pays where a teacher exists already or serves
#   several students; ours, untuned and on 1,200 pictures, cannot decide that.
# - **Small runs.** Digits are easy and 10⁴ parameters are few. The order of methods may differ elsewhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - Accuracy, bytes and milliseconds are three questions. Measure each where the model will run.
# - Every method is nearly free for a while, and then falls off a cliff.
# - Scattered zeros do not speed up a dense product; smaller matrices do.
# - A low rank pays below mn/(m + n) only.
# - The more a model has read for each parameter, the more it loses when it is rounded.
# - Compressing data is another matter, and a language model does it.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Frantar et al. (2022), *GPTQ*, [arXiv:2210.17323](https://arxiv.org/abs/2210.17323).
# - Kumar et al. (2024), *Scaling Laws for Precision*, [arXiv:2411.04330](https://arxiv.org/abs/2411.04330).
# - Frantar et al. (2023), *Scaling Laws for Sparsely-Connected Foundation Models*,
#   [arXiv:2309.08520](https://arxiv.org/abs/2309.08520).
# - Busbridge et al. (2025), *Distillation Scaling Laws*, [arXiv:2502.08606](https://arxiv.org/abs/2502.08606).
# - Hinton et al. (2015), *Distilling the Knowledge in a Neural Network*,
#   [arXiv:1503.02531](https://arxiv.org/abs/1503.02531).
# - Delétang et al. (2023), *Language Modeling Is Compression*,
#   [arXiv:2309.10668](https://arxiv.org/abs/2309.10668).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From a rounded weight to a plan for your own model:
# [10 Compression](../exercises/10_compression/10_compression.ipynb).
