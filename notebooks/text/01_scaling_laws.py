# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1. Scaling laws
#
# **Core question**: you have a compute budget. How large a model should you train, on how much data,
# and what loss will you get? And how sure is anyone of the answer?
#
# **You will be able to**
# - read a power law off log axes, and convert nats, bits per byte and perplexity;
# - say where the documents' three formulas for performance break, and show it;
# - derive the compute-optimal model size, and compute it with the laws of 2020, 2022 and 2024;
# - judge how far a published law can be trusted.
#
# **You need first**: [chapter 0](00_start_here.ipynb), logarithms, a derivative.
#
# **Time**: 60 minutes to read, 5 seconds to run, 135 minutes for the exercises.
#
# **Mirrors**: A §1 (§1.1, §1.2); B §1, §2, §4; C §1, §2, §4.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1.1 A power law is a straight line · A §1.1 Scaling Law的发现
#
# Document A tells the story rightly: in January 2020, Kaplan and colleagues at OpenAI reported that the loss
# (损失) of a language model falls as a power law (幂律) in its parameters (参数量), its data (数据量) and its
# compute (计算量).
#
# $$L(C) = \left(\frac{C_c}{C}\right)^{\alpha}$$
#
# On logarithmic axes this is a straight line of slope −α, the exponent (指数). Each tenfold increase of C
# multiplies the loss by the same factor, 10^−α.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict(
    "P01.1",
    "Kaplan's exponent for well-spent compute is 0.050. "
    "By how many percent does ten times the compute lower the loss?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
from course.scaling import KAPLAN_2020

gain = 100 * (1 - 10**-KAPLAN_2020.alpha_C_min)
compare("P01.1", gain)

# %% slideshow={"slide_type": "subslide"}
from course.figures import new_figure, show
from course.scaling.plots import draw_power_laws

figure, axes = new_figure(1, 3, width=9.6, height=3.6, sharey=True)
draw_power_laws(axes)
show(
    figure,
    alt="Kaplan's three laws are straight lines on log axes, dashed beyond the data.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# Each panel has its own exponent. (Kaplan prints no range for compute; the border there is our upper
# bound.) A's code takes α = 0.076, the exponent for *parameters*, and divides *compute* by a constant
# of 6.62e18 that stands in no paper we found.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What "growth" means · B §1.1 问题由来; C §1.1 问题的由来; C §1.2 研究现状
#
# Document B calls the growth "logarithmic" (对数级别). Document C says that gains shrink (边际效益递减) and
# that past a threshold more data help less and less. A power law has shrinking gains and no
# threshold. What it does have, in the form used today, is a floor: a loss that no model can go below,
# since text is not perfectly predictable. The next figure fits a pure power law to ten runs that we
# made up from a law with a floor (the refit of 2024, section 1.5).

# %% slideshow={"slide_type": "-"}
from course.scaling.plots import draw_floor

figure, axes = new_figure()
with_floor, without = draw_floor(axes)
show(figure, alt="Two laws agree on the fitted runs and part beyond: one flattens to a floor.")
print(f"At 1e27 FLOP: {with_floor:.2f} nats with a floor, {without:.2f} without.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Inside the data the straight line is at most 2.5 % off: easy to call a good fit. Look closely. It lies
# below the runs at both ends and above them in the middle. Beyond the data (外推, extrapolation) it sinks
# through the floor. This is the theme of the chapter: **a formula is tested where it was not fitted.**

# %% slideshow={"slide_type": "skip"}
from course.evidence import cards, claim

cards("K116", "K117", "K118", "K175", "K176", "K177")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1.2 How much is a nat? · A §1.1
#
# A loss in nats per token is the mean of −ln p, where p is the probability that the model gave to the
# token that came. Perplexity (困惑度) is exp(loss): how many equally likely tokens would be as hard. It
# depends on the tokenizer (分词器); bits per byte do not:
#
# $$\text{bits per byte} = \frac{L}{\ln 2 \cdot \text{bytes per token}}, \quad \text{about 4 bytes a token in English}$$
#
# Kaplan has two laws of compute: one for runs that all use one fixed batch size, and one, called
# C_min, for compute spent in the best way.

# %% slideshow={"slide_type": "-"}
predict(
    "P01.2",
    "What loss does Kaplan's L(C_min) give for GPT-3's compute, 3.14e23 FLOP?",
    choices=["0.44 nats", "1.76 nats", "10.8 nats"],
)

# %% slideshow={"slide_type": "fragment"}
from course.evidence import as_written, fact
from course.scaling import bits_per_byte, extrapolating, perplexity

gpt3_flops = fact("model.GPT-3").value["flops"]
with extrapolating():
    losses = {
        "A as written": as_written.compute_power_law(gpt3_flops),
        "Kaplan, C_min": KAPLAN_2020.loss_from_compute(gpt3_flops),
        "Kaplan, fixed batch": KAPLAN_2020.loss_from_compute_fixed_batch(gpt3_flops),
    }
for name, loss in losses.items():
    print(f"{name:<20} {loss:6.3f} nats per token   perplexity {perplexity(loss):5.2f}   "
          f"{bits_per_byte(loss, bytes_per_token=4):.2f} bits per byte")

# %% slideshow={"slide_type": "fragment"}
compare("P01.2", losses["Kaplan, C_min"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same on log axes, over the whole range. A's line is not only low, it is too steep.

# %% slideshow={"slide_type": "-"}
from course.scaling.plots import draw_loss_from_compute

figure, axes = new_figure()
draw_loss_from_compute(axes)
show(figure, alt="A's line lies four times below Kaplan's two at GPT-3's budget, and is steeper.")

# %% [markdown] slideshow={"slide_type": "notes"}
# A says 0.44 nats: a perplexity of 1.55. The model would hesitate between one token and a half, and
# compress text to 0.16 bits per byte. Shannon let people guess English letter by letter in 1951 and
# arrived at 0.6 to 1.3 bits. A number like A's should ring a bell before you look for the wrong
# constant. (Kaplan's own lines, stretched this far, already sit at the lower edge: a floor is missing.
# `extrapolating()` silences the warning that the library gives when you ask a law far outside its data.)

# %% slideshow={"slide_type": "subslide"}
claim("K007")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A predictor that uses what it is given · A §1.1
#
# A's `predict_performance(compute_budget, model_params, dataset_size)` ignores the last two: it gives
# the same answer for 175 billion parameters and for one. Ours uses all three, and since size and data
# fix the compute, it refuses a budget that contradicts them. Its law is the one that section 1.5
# arrives at, so its loss is not Kaplan's.

# %% slideshow={"slide_type": "-"}
from course.scaling import ScalingLawAnalyzer

analyzer = ScalingLawAnalyzer()
with extrapolating():
    prediction = analyzer.predict_performance(3.14e23, 175e9, 300e9)
prediction

# %% slideshow={"slide_type": "fragment"}
try:
    analyzer.predict_performance(3.14e23, 7e9, 300e9)
except ValueError as error:
    print(error)

# %% [markdown] slideshow={"slide_type": "notes"}
# The row "of the way from guessing to the floor" replaces A's "capability score", 100·(1 − loss/4). We
# found no paper with that formula. A loss of 4 is nothing special, and the mean error over tasks bends
# against the loss: flat while the model guesses, then ever steeper (Gadre et al., 2024); single tasks
# each go their own way. A straight line from loss to capability (能力) promises gains where none come.
# So our number speaks of the loss, and of no task. Chapter 2 looks at tasks.

# %% slideshow={"slide_type": "skip"}
cards("K004", "K005", "K006", "K008", "K009", "K010", "K011", "K012")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1.3 The words and how they hang together · B §1.2 问题核心关键点; B §2.1 核心概念概述; C §1.3 研究意义; C §1.4 本文结构
#
# B names three pillars: compute (算力), good data (高质量大数据), better compression (更好的压缩算法). The first two
# are in every scaling law. Compression is not: it changes what a model weighs after training
# (chapter 10). B's diagram draws arrows between the words; an equation says more:
#
# $$C = 6\,N\,D, \qquad L = L(N, D)$$
#
# Two of the three quantities N, D, C are free; the third follows. Everything below is in these two
# lines. C §1.3 asks what a law is good for: it lets a small run predict a large one.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Four parts · C §2.1 模型结构与复杂度; C §2.2 数据集大小; C §2.3 计算资源; C §2.4 Scaling Law 的内在联系
#
# Document C treats structure, data and compute as separate dials. Structure matters little at equal N
# (a few percent over wide ranges of depth and width, says Kaplan). Data help without a threshold, as
# long as they are not repeated (chapter 4). Compute "speeds up training", says C §1.2; C §2.3 comes
# nearer: it supports larger models and more data. Exactly: it is the bill for N and D.

# %% slideshow={"slide_type": "-"}
exponents = {
    "parameters": KAPLAN_2020.alpha_N,
    "data": KAPLAN_2020.alpha_D,
    "compute, well spent": KAPLAN_2020.alpha_C_min,
}
for quantity, alpha in exponents.items():
    print(f"twice the {quantity:<20} lowers Kaplan's loss by {100 * (1 - 2**-alpha):.1f} %")

# %% slideshow={"slide_type": "skip"}
cards("K119", "K120", "K121", "K122", "K123", "K124", "K178", "K179")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1.4 Product, ratio or sum? · B §4.1 数学模型构建; C §4.1 数学模型构建
#
# Document B writes performance as a product of functions, document C as any function of three things:
#
# $$P = f(N)\,f(D)\,f(E)\,f(\epsilon) \qquad\qquad P = f(N, D, R)$$
#
# with epochs E (not the floor E of below), accuracy ε and resources R. Two slips before any data: accuracy is what performance
# *is*, so it cannot also be an input; and R is compute, which N and D already fix.
#
# ### B §4.2 公式推导过程; C §4.2 公式推导过程
#
# B §4.2 then takes each f to be a power, and C §4.2 takes the simplest ratio:
#
# $$P = N^{\alpha} D^{\beta} E^{\gamma} \cdots \qquad\qquad P \propto \frac{N \cdot D}{R}$$
#
# R is compute. Put R = 6·N·D into the ratio.

# %% slideshow={"slide_type": "subslide"}
predict(
    "P01.3",
    "By document C's N·D/R, how many times as good is Gopher (280B on 300B tokens) as 1B on 1B tokens?",
    choices=["1 times", "280 times", "84,000 times"],
)

# %% slideshow={"slide_type": "fragment"}
from course.accounting.training import training_flops

performance = {}
for name, n, d in [("1B on 1B", 1e9, 1e9), ("GPT-3", 175e9, 300e9), ("Gopher", 280e9, 300e9)]:
    performance[name] = as_written.performance_ndr(n, d, training_flops(n, d))
    print(f"{name:<10} P = {performance[name]:.4f}")
compare("P01.3", performance["Gopher"] / performance["1B on 1B"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The worked examples · B §4.3 案例分析与讲解; C §4.3 案例分析与讲解
#
# B §4.3 puts in a ResNet with "11.7亿" parameters and "1.2万" pictures, then drops 亿 and 万 and keeps 11.7 and
# 1.2. (ResNet-18 has 11.7 *million* parameters and ImageNet 1.28 million pictures: two more slips, each
# about a hundredfold.) Does it matter in which unit N and D are counted? It must not: nothing in the
# world changes. So here is a test that every formula has to pass. Fit it to the same 25 runs (made up
# from Hoffmann's law) twice, once in ones, once in billions of parameters and trillions of tokens, and
# ask about the same model.

# %% slideshow={"slide_type": "subslide"}
formulas = ["the sum with a floor", "a product with a fitted constant", "B's product as printed"]
predict(
    "P01.4",
    "Which formula predicts another loss when only the units change?",
    choices=formulas,
)

# %% slideshow={"slide_type": "fragment"}
import numpy as np

from course.scaling import HOFFMANN_2022, change_units

steps = 10.0 ** np.linspace(-2, 0, 5)
n_params, n_tokens = np.meshgrid(16e9 * steps, 320e9 * steps)
losses = HOFFMANN_2022.loss(n_params, n_tokens)
units = {"params_unit": 1e9, "tokens_unit": 1e12}
changes = change_units(n_params, n_tokens, losses, at=(70e9, 1.4e12), **units)
for change in changes:
    print(f"{change.formula:<40} {change.in_ones:8.3f} nats   {change.in_larger_units:8.3f} nats")

# %% slideshow={"slide_type": "fragment"}
survive = [change.survives for change in changes]  # in the order of the formulas
compare("P01.4", formulas[survive.index(False)])

# %% [markdown] slideshow={"slide_type": "notes"}
# C §4.3 takes N = 1e8, D = 1e6 and R = 1e3 and gets P = 1e11. The arithmetic is right. The result has no
# unit and so no meaning, and 6·N·D would be 6e14, not 1e3.

# %% slideshow={"slide_type": "subslide"}
claim("K187")

# %% [markdown] slideshow={"slide_type": "subslide"}
# A product that keeps a constant passes the test of units. Is it then as good as a sum? The explorer
# below fits both to the same 25 runs.
#
# 1. Let *parameters alone* grow a thousandfold. Which formula says that the loss keeps falling? Why
#    can that not be?
# 2. Let *both* grow. Do the formulas part sooner or later?
# 3. Make the fitted runs larger. Does the product get better at the points? And beyond?

# %% slideshow={"slide_type": "slide"}
from course.scaling.explorer import product_or_sum_explorer

product_or_sum_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** On the points the product is off by 4 %, ten times the sum, and more than a doubling
# of compute brings. Beyond them it has no bottleneck: a giant model on a spoonful of data would still
# improve. The sum stops at what the data leave untaught. With both growing they part sooner; with larger
# runs the product gets better at the points, near the floor, and stays wrong beyond.
#
# We drew the runs from a sum, so here the sum had to win. What the picture shows is how a product fails
# *if* there is a floor. That real runs look like a sum was measured by Hoffmann:

# %% [markdown] slideshow={"slide_type": "subslide"}
# $$L(N, D) = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}$$
#
# A floor, a term for a finite model, a term for finite data.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### C §4.4 常见问题解答
#
# C advises L1, L2, dropout, augmentation and early stopping against over-fitting (过拟合). All are real
# remedies when data are few and read often. Large models are mostly trained on one pass, where training
# and held-out loss hardly part. The claims of these sections, judged:

# %% slideshow={"slide_type": "skip"}
cards("K134", "K135", "K136", "K137", "K138", "K139", "K140", "K141", "K142", "K143")

# %% slideshow={"slide_type": "skip"}
cards("K185", "K186", "K188", "K189")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1.5 The compute-optimal split · A §1.2 计算最优配置
#
# Hoffmann and colleagues (2022) trained over 400 models and asked: for a budget C, which N and D give
# the lowest loss? Under C = 6·N·D the answer has a closed form. Put D = C/(6N) into the sum and set the
# derivative by N to zero: αA/N^α = βB/D^β. At the best size the last bit of N and the last bit of D buy
# the same. Solve for N:
#
# $$N_{opt} = G\left(\tfrac{C}{6}\right)^{a}, \quad D_{opt} = \tfrac1G\left(\tfrac{C}{6}\right)^{b},
# \quad a = \frac{\beta}{\alpha+\beta},\; b = \frac{\alpha}{\alpha+\beta},\;
# G = \left(\frac{\alpha A}{\beta B}\right)^{\frac{1}{\alpha+\beta}}$$
#
# Since a + b = 1, the product N·D grows exactly as C. The exponents of A §1.2 add up to one, too. But
# its reference point does not lie on C = 6·N·D. The next budget, 5.76e23 FLOP, is Gopher's as Hoffmann
# counts it; Chinchilla was trained to spend the same.

# %% slideshow={"slide_type": "subslide"}
predict(
    "P01.5",
    "Document A's optimal_allocation(5.76e23) returns 71.9B parameters and 185B tokens. "
    "What share of the budget does that use?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
printed = as_written.optimal_allocation(5.76e23)
n, d = printed["n_params"], printed["n_tokens"]
share = 100 * training_flops(n, d) / 5.76e23
compare("P01.5", share, n=n / 1e9, d=d / 1e9, flops=6 * n * d)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The size is close to Chinchilla's 70B by luck; the tokens are a seventh of what the budget buys.
# Ours, with the constants of four sources:

# %% slideshow={"slide_type": "-"}
from course.scaling import BESIROGLU_2024, HOFFMANN_2022_UNROUNDED, ComputeOptimalCalculator

for law in (HOFFMANN_2022, HOFFMANN_2022_UNROUNDED, BESIROGLU_2024, KAPLAN_2020):
    with extrapolating():
        best = ComputeOptimalCalculator(law).optimal_allocation(5.76e23)
    print(f"{law.name:<26} {best.n_params / 1e9:6.1f}B  {best.n_tokens / 1e12:5.2f}T tokens"
          f"  {best.tokens_per_param:6.1f} per parameter")

# %% [markdown] slideshow={"slide_type": "notes"}
# Look at the first two lines. They are the same fit; the first uses the constants as the paper prints
# them, the second as its source file holds them. **Rounding alone moves the advice from 59 to 93 tokens
# per parameter.** The third is the refit of 2024: Besiroglu and colleagues read the data off the
# paper's figure and found that the third approach had stopped its optimiser too early. It agrees with
# Chinchilla's own 20 tokens per parameter.
#
# Hoffmann has three approaches: the lowest loss that any run had reached at each compute; parabolas
# through runs of equal compute (section *The valley*); and the fitted sum. They give exponents a of
# 0.50, 0.49 and 0.46. A §1.2 cites only the last. The next table puts every printed optimum beside
# ours. Read the columns "off by": Approaches 1 and 2 agree within 6 %. The table of Approach 3 grows
# with another exponent than the constants of its own source file. One budget is a misprint.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The law and its optimum are no secret of a library. Here they are as you could type them, with the
# constants of the refit:

# %% slideshow={"slide_type": "-"}
refit = BESIROGLU_2024
E, A, B, alpha, beta = refit.E, refit.A, refit.B, refit.alpha, refit.beta


def L(N, D):
    return E + A / N**alpha + B / D**beta


def best(C):
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    N = G * (C / 6) ** (beta / (alpha + beta))
    return N, C / (6 * N)

# %% slideshow={"slide_type": "fragment"}
N, D = best(5.76e23)
n, d = refit.optimum(5.76e23)
print(f"typed:   {N / 1e9:.4f}B parameters, {D / 1e12:.4f}T tokens, {L(N, D):.6f} nats")
print(f"library: {n / 1e9:.4f}B parameters, {d / 1e12:.4f}T tokens, {refit.loss(n, d):.6f} nats")
print(f"a tenth larger: {L(1.1 * N, D / 1.1):.6f}; a tenth smaller: {L(N / 1.1, 1.1 * D):.6f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# The optima that papers print, beside ours:

# %% slideshow={"slide_type": "skip"}
from course.scaling import published_against_ours

published_against_ours()

# %% [markdown] slideshow={"slide_type": "skip"}
# A §1.2 also compares three configurations, at three budgets that differ fiftyfold (twentyfold with the
# leaked token count of PaLM-2), and computes no loss for any. Ours does, and says what each budget could
# have bought. Read: GPT-3's loss could have been had for 1.9e23 instead of 3.15e23 FLOP.

# %% slideshow={"slide_type": "skip"}
with extrapolating():
    comparison = ComputeOptimalCalculator().compare_allocations(5.76e23)
comparison

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The valley
#
# Fix the budget and move along N. Too small a model wastes data, too large a one starves. Between
# lies a valley: the IsoFLOP curve (等算力曲线), here by the refit of 2024.

# %% slideshow={"slide_type": "-"}
from course.scaling.plots import draw_valleys

figure, axes = new_figure()
draw_valleys(axes)
show(figure, alt="Five IsoFLOP valleys; their lowest points move right and down with the budget.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer:
#
# 1. At 5.76e23 FLOP, how much higher is the loss of a model twice too large? Ten times?
# 2. Where does Kaplan's law of 2020 put the model, and what would that have cost in loss?
# 3. Where does A's formula land, and why is its point not on the curve?
# 4. Change the law. Does the best size move more, or the lowest loss?

# %% slideshow={"slide_type": "slide"}
from course.scaling.explorer import valley_explorer

valley_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The valley is flat at its bottom, so the *size* is poorly determined by data, while
# the *loss* is well determined, by one law. Between laws the best size moves from 40B to 72B, and the
# loss by 3 %. A's point lies above the curve since it leaves most of the budget unspent. Question 1, in
# numbers:

# %% slideshow={"slide_type": "fragment"}
from course.scaling import isoflop_losses

n_best, _ = BESIROGLU_2024.optimum(5.76e23)
lowest, *others = isoflop_losses(BESIROGLU_2024, 5.76e23, n_best * np.array([1, 2, 10]))
for factor, loss in zip((2, 10), others, strict=True):
    print(f"{factor:>2} times too large: {loss - lowest:.3f} nats above the minimum")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Kaplan or Chinchilla?
#
# Gopher has 280B parameters and read 300B tokens, Chinchilla 70B and 1.4T, for about the same compute.
# Which one does each law prefer?

# %% slideshow={"slide_type": "-"}
predict(
    "P01.6",
    "Which model does Kaplan's L(N, D) of 2020 rank ahead?",
    choices=["Gopher", "Chinchilla"],
)

# %% slideshow={"slide_type": "fragment"}
from course.scaling import KAPLAN_2020_JOINT

models = {name: fact(f"model.{name}").value for name in ("GPT-3", "Gopher", "Chinchilla")}
by_law = {}
for law in (KAPLAN_2020_JOINT, HOFFMANN_2022, BESIROGLU_2024):
    with extrapolating():
        row = {name: law.loss(m["n_params"], m["n_tokens"]) for name, m in models.items()}
    by_law[law] = row
    print(f"{law.name:<26}", "  ".join(f"{name} {loss:.3f}" for name, loss in row.items()))
compare("P01.6", min(("Gopher", "Chinchilla"), key=by_law[KAPLAN_2020_JOINT].get))

# %% [markdown] slideshow={"slide_type": "notes"}
# Why did Kaplan err? Porian and colleagues (2024) traced most of it to three choices: not counting the
# last layer's compute, a warm-up too long for small models, and settings not tuned for each size.
# Pearce and Song (2024) show that leaving out embeddings at small scale does much of the same.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The documents' chart, redrawn
#
# A draws tokens against parameters, calls billions trillions, and puts GPT-3 *on* the Chinchilla
# line. It gives PaLM-2 7,680 billion tokens; the leaked figure is 3.6 trillion. On honest axes:

# %% slideshow={"slide_type": "-"}
from course.scaling.plots import draw_params_against_tokens

figure, axes = new_figure(width=9, height=5.6)
draw_params_against_tokens(axes)
show(
    figure,
    alt="Tokens against parameters of real models: GPT-3 lies twelve times below 20 to 1.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# Before Chinchilla, and with PaLM after it, models lie ten to forty times below the line of 20 tokens per
# parameter. Since 2023 the *small* ones lie far above it (Llama-3-8B ninety times), while the largest
# stay near it. Someone will run the small ones a lot, and a small model is cheaper to run. That optimum,
# with inference counted, is treated in chapter 5; what happens when the data run out, in chapter 4.

# %% slideshow={"slide_type": "skip"}
cards("K013", "K014", "K015", "K016", "K017", "K018", "K019", "K020", "K021", "K022", "K023")

# %% slideshow={"slide_type": "skip"}
cards("K024", "K025")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **The exponent.** a = 0.46, 0.49, 0.50 or 0.51. For its third approach Hoffmann prints an interval
#   (区间) of 0.454 to 0.455, so narrow that it would take over 600,000 runs (Besiroglu et al.). The refit
#   gives 0.513 with a standard error of 0.020.
# - **The floor.** E is 1.69 or 1.82, from the same data. Nobody has seen it; it belongs to one text
#   and one tokenizer.
# - **Extrapolation.** At 1e26 FLOP the refit's 80 % interval for tokens per parameter runs from 4 to 40.
# - **Parabolas.** A fitted valley is biased when α and β differ, the more the wider the grid of sizes:
#   with Hoffmann's exponents 5 % of D for sizes spread 16-fold (arXiv:2603.22339).
#
# What the exponent does to the best size: blue band, 95 % of the refit; orange band, the 10th to 90th
# percentile of Approach 2. Approach 3 is drawn with unrounded constants.

# %% slideshow={"slide_type": "subslide"}
from course.scaling.plots import draw_optimal_sizes

figure, axes = new_figure()
draw_optimal_sizes(axes)
show(figure, alt="The best size by five fits: within a factor of two up to 1e24 FLOP, save Kaplan's.")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - A power law is a line on log axes; a floor bends it. Inside your data the bend is small: look for it
#   in the residuals.
# - Check a number against what you know: 0.44 nats per token is not a language model.
# - Units must not matter. A formula that changes its prediction with the unit has no constant.
# - C = 6·N·D leaves two free quantities, not three.
# - The optimum's loss is known better than its size. Ask for the interval.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Kaplan et al. (2020), [arXiv:2001.08361](https://arxiv.org/abs/2001.08361).
# - Hoffmann et al. (2022), [arXiv:2203.15556](https://arxiv.org/abs/2203.15556).
# - Besiroglu et al. (2024), *Chinchilla Scaling: A replication attempt*,
#   [arXiv:2404.10102](https://arxiv.org/abs/2404.10102).
# - Porian et al. (2024), [arXiv:2406.19146](https://arxiv.org/abs/2406.19146); Pearce and Song (2024),
#   [arXiv:2406.12907](https://arxiv.org/abs/2406.12907): why Kaplan and Chinchilla disagree.
# - Shannon (1951), *Prediction and Entropy of Printed English*: people as language models.
# - Gadre et al. (2024), [arXiv:2403.08540](https://arxiv.org/abs/2403.08540): from loss to tasks.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From slopes to a forecast with an interval:
# [01 Scaling laws](../exercises/01_scaling_laws/01_scaling_laws.ipynb).
