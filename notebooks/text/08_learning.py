# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 8. How networks learn
#
# **Core question**: a network starts out knowing nothing, and nobody tells it what to change. What makes
# it better, step by step, and why does it so often explode, stall or learn by heart instead?
#
# **You will be able to**
# - derive a gradient, check it, and say at which learning rate it diverges before you run it;
# - say what momentum, Adam, schedules and scaling each cure;
# - test a remedy against over-fitting instead of believing in it;
# - search for settings with a budget, and choose a batch by a measured scale.
#
# **You need first**: derivatives of a square; what a vector is.
#
# **Time**: 45 minutes to read, 20 seconds to run, 110 minutes for the exercises.
#
# **Mirrors**: B §3.2 Step 3, §9 Q3; C §3.1 to §3.4; D §2.1 to §2.3, §4.1 to §4.3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.1 Training is a circle · D §2.3 Mermaid流程图; D §2.1 AI大模型的核心概念; D §2.2 AI大模型的架构
#
# A neural network (神经网络) is a function with many numbers in it, its parameters (参数). Training (训练) goes
# round in a circle: outputs for a batch of examples, one number that says how bad they are, the loss
# (损失函数), its gradient (梯度) for every parameter, and a small step against it. Document D draws this as a
# line from input to "parameter adjustment", where it ends. What learns is the way back:

# %% slideshow={"slide_type": "-"}
from course.figures import new_figure, show
from course.learning.plots import draw_loop

figure, axes = new_figure(width=8.6, height=4)
draw_loop(axes)
show(figure, alt="A circle: forward, loss, backward, update, forward; validation beside it.")

# %% [markdown] slideshow={"slide_type": "notes"}
# D's input, hidden and output layers are those of a multilayer perceptron (多层感知机): a simple kind, enough
# for this chapter. Large language models are Transformers. Brains gave the name and the first idea, no more.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.2 Loss, gradient, step · D §4.1 数学模型; D §4.2 公式详细讲解
#
# The simplest network is a straight line, ŷ = θ₀ + θ₁·x, and the simplest loss the mean squared error
# (均方误差). Gradient descent (梯度下降) steps against the gradient, at a learning rate (学习率) α:
#
# $$L = \frac1n\sum_i (\hat y_i - y_i)^2, \qquad \theta \leftarrow \theta - \alpha\,\nabla L$$
#
# Write the two derivatives. Document D prints (1/n) Σ e and (1/n) Σ e·x, with e = ŷ − y. Check them as one
# always can: move each parameter a little, and look at the loss.

# %% slideshow={"slide_type": "-"}
import numpy as np


def my_gradient(theta, x, y):
    """dL/dθ₀ and dL/dθ₁ of the mean squared error of a line."""
    error = theta[0] + theta[1] * x - y
    return np.array([2 * error.mean(), 2 * (error * x).mean()])


# %% slideshow={"slide_type": "fragment"}
from course.learning import HOUSES, loss

x, y = HOUSES
theta, little = np.array([3.0, 1.5]), 1e-3
measured = [(loss(theta + little * d, x, y) - loss(theta - little * d, x, y)) / (2 * little)
            for d in np.eye(2)]
assert np.allclose(my_gradient(theta, x, y), measured, rtol=1e-6), "not the slope of the loss"
print("moved a little:", *(f"{slope:,.0f}" for slope in measured))
print("D's formula:   ", *(f"{slope:,.0f}" for slope in my_gradient(theta, x, y) / 2))

# %% [markdown] slideshow={"slide_type": "notes"}
# A factor 2 is missing. It is no disaster: half a gradient at twice the rate is the same step. But whoever
# compares learning rates must know which one is meant, and the formula is that of another loss, with 1/(2n).
# D's L2 regularisation (正则化) sums over i = 1 to n, the examples; it must run over the weights, and the
# intercept is usually left out.

# %% slideshow={"slide_type": "skip"}
from course.evidence import cards

cards("K223")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.3 Ten houses that explode · D §4.3 举例说明
#
# D's example: areas of 100 to 1000, prices twice the area to the unit, α = 0.1, a hundred steps; then, it
# says, θ is about (500, 200). The loss here is a bowl (碗). Along each of its axes the error is multiplied at
# each step by 1 − α·h, where h is the curvature (曲率) along that axis: an eigenvalue (特征值) of the matrix
# of second derivatives, the Hessian (海森矩阵).

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict
from course.learning import descend, hessian, largest_stable_rate

steepest = np.linalg.eigvalsh(hessian(x, factor=1))[-1]
print(f"largest curvature, with D's gradient: {steepest:,.0f}; the loss starts at {loss([0, 0], x, y):,.0f}")
predict(
    "P08.1",
    "So each step multiplies the error by about 0.1 · 385,000. A computer's numbers end at 1.8 · 10³⁰⁸. "
    "After how many steps is the loss (the square of the error) beyond that?",
    unit="steps",
)

# %% slideshow={"slide_type": "fragment"}
as_in_d = descend(x, y, rate=0.1, factor=1)
compare("P08.1", as_in_d.overflow_step)
print("after the first step θ =", as_in_d.path[1], f"and the loss is {as_in_d.losses[1]:.3g}")
print(f"with the factor 2: step {descend(x, y, rate=0.1).overflow_step}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# The error shrinks only where |1 − α·h| < 1, so α must be below 2/h for the *largest* h.

# %% slideshow={"slide_type": "-"}
from course.learning.plots import draw_divergence

print(f"largest stable rate: {largest_stable_rate(x, factor=1):.3g} with D's gradient, "
      f"{largest_stable_rate(x):.3g} with the true one")
runs = {f"{rate:g}": descend(x, y, rate, 75, factor=1) for rate in (0.1, 5.2e-6, 5.0e-6)}
figure, axes = new_figure(width=8)
draw_divergence(axes, runs)
show(figure, alt="At rate 0.1 the loss explodes; at 5.2e-6 it barely grows, at 5.0e-6 it falls.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# ### One cure: scale the inputs
#
# Subtract the mean of x and divide by its standard deviation (标准化). The line is the same; the bowl is not.

# %% slideshow={"slide_type": "-"}
from course.learning import condition_number, standardise, unstandardise

z, mean, sd = standardise(x)
scaled = descend(z, y, rate=0.1, n_steps=100, factor=1)
print(f"condition number {condition_number(x):,.0f} becomes {condition_number(z):.0f}")
print("rate 0.1, a hundred steps, back in square metres: intercept {:.4f}, slope {:.5f}".format(
    *np.abs(unstandardise(scaled.path[-1], mean, sd))))

# %% slideshow={"slide_type": "subslide"}
from course.learning.plots import draw_valley

figure, axes = new_figure(1, 2, width=10)
draw_valley(axes, [(x, descend(x, y, 2.4e-6, 40)), (z, descend(z, y, 0.1, 40))])
show(figure, alt="Unscaled: a ravine, jumped across. Standardised: a round bowl, walked straight down.")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The star is the minimum, dots are steps. At the left the intercept's axis is a
# thousandth of the slope's: the bowl is a ravine, 1.8 million times as steep across as along. A rate that is
# stable across is far too small along. The condition number (条件数), largest over smallest curvature, is
# about the number of steps that this costs.

# %% slideshow={"slide_type": "subslide"}
from course.evidence import as_written

printed = np.array(as_written.HOUSES_PREDICTED)
print(f"D's answer 500 + 200 x has a loss of {loss([500, 200], x, y):.3g}; "
      f"always saying 0 has {loss([0, 0], x, y):.3g}")
print(f"its table has {np.mean((printed - y) ** 2):.2g}, and 500 + 200 x would be "
      f"{500 + 200 * x[0]:,.0f} to {500 + 200 * x[-1]:,.0f}, not {printed[0]:,} to {printed[-1]:,}")

# %% [markdown] slideshow={"slide_type": "notes"}
# The right answer stands in the data: every price is twice the area. A line of code would have shown it.
# Questions for the explorer. Each curve is the distance from the minimum along one axis of the bowl.
#
# 1. Between which two rates does the curve across the valley turn from falling to rising?
# 2. At 0.9 of the largest stable rate, which momentum leaves least along the valley?
# 3. What does standardising do to both curves?

# %% slideshow={"slide_type": "slide"}
from course.learning.explorer import convergence_explorer

convergence_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Momentum (动量) adds up past gradients: along the valley they agree and build up
# speed, across it they alternate and cancel. It also lets a rate be larger than 2/h.

# %% slideshow={"slide_type": "skip"}
cards("K226", "K227")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.4 Better steps · C §3.1 算法原理概述; C §3.2 算法步骤详解
#
# C lists Adam, SGD, Adagrad and RMSprop, and "dynamic" rates. All divide or delay the same gradient. Adagrad
# (自适应) divides each parameter's gradient by the size of its past ones; RMSprop forgets the old ones;
# Adam adds momentum. AdamW lets weight decay (权重衰减) go past that division. Nine lines of Adam:

# %% slideshow={"slide_type": "-"}
def adam(theta, gradients, rate, b1=0.9, b2=0.999):
    """θ after each gradient of a list."""
    m = v = np.zeros_like(theta)
    for t, g in enumerate(gradients, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        theta = theta - rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
        yield theta


# %% slideshow={"slide_type": "fragment"}
import torch

from course.learning import Adam

gradients = list(np.random.default_rng(0).standard_normal((50, 3)))
ours, weights = Adam(0.01), np.ones(3)
theirs = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
torch_adam = torch.optim.Adam([theirs], lr=0.01)
mine = list(adam(np.ones(3), gradients, 0.01))[-1]
for g in gradients:
    weights = ours.step(weights, g)
    theirs.grad = torch.tensor(g)
    torch_adam.step()
apart = max(np.abs(weights - mine).max(), np.abs(weights - theirs.detach().numpy()).max())
print("nine lines, the course's Adam and PyTorch's differ by less than 1e-12:", bool(apart < 1e-12))

# %% [markdown] slideshow={"slide_type": "notes"}
# C names batch normalisation (批量归一化) as what frameworks for large models use. Transformers use LayerNorm
# or RMSNorm, which look at one token at a time and do not mix examples. And Transformer, BERT and GPT are
# not three architectures: the two are Transformers.

# %% slideshow={"slide_type": "skip"}
cards("K180")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Signals that die on the way back
#
# The gradient of an early layer is a product over all later ones. Sigmoid's slope is at most 1/4
# (at 0), ReLU's is 0 or 1, tanh's at most 1.

# %% slideshow={"slide_type": "-"}
predict(
    "P08.2",
    "Sixteen hidden layers with sigmoid, weights that keep the size of what passes. How many powers of ten is "
    "the first layer's gradient below the last one's?",
    unit="powers of ten",
)

# %% slideshow={"slide_type": "fragment"}
from course.learning.plots import draw_vanishing
from course.learning.views import vanishing_view

depths = (2, 4, 8, 16, 32)
shares = vanishing_view(depths)
compare("P08.2", -np.log10(shares["sigmoid"][3]))
figure, axes = new_figure()
draw_vanishing(axes, depths, shares)
show(figure, alt="First layer's gradient over the last one's against depth, for three activations.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Vanishing gradients (梯度消失), means of eight seeds, at the start of training. ReLU does not *prevent* them,
# as D says: halve the weights, and every gradient shrinks by two for each layer. It is slope and weights
# together that must keep size; residual connections and normalisation are the cures used today.

# %% slideshow={"slide_type": "skip"}
cards("K225")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.5 Learning by heart · B §9 Q3 大模型的训练过程中，如何避免过拟合？; C §3.3 算法优缺点
#
# A network that is large for its data learns them by heart (过拟合): training images all right, new ones
# worse. B and C list remedies: augmentation (数据增强), L1 and L2, dropout, early stopping (早停),
# adversarial training (对抗训练), distillation, pruning. Does each one help? We tried: 150 of scikit-learn's
# digits, 128 hidden units, ten seeds; 300 other images chose each remedy's strength, and the rest judge.

# %% slideshow={"slide_type": "-"}
predict(
    "P08.3",
    "Nine remedies are compared with doing nothing. After Holm's correction, how many have a lower "
    "test loss that is told apart from it? (Four times the data is one more comparison, and not counted.)",
    unit="of nine",
)

# %% slideshow={"slide_type": "fragment"}
from course.learning.plots import draw_remedies
from course.learning.study import remedies

tried = remedies()
helped = [one for one in tried.remedies if one.gain and one.gain.told_apart
          and one.gain.difference.value > 0 and one.name != "four times the data"]
compare("P08.3", len(helped), names=", ".join(one.name for one in helped))
figure, axes = new_figure(width=8.4, height=4.6)
draw_remedies(axes, tried)
show(figure, alt=f"Test loss beside doing nothing: {len(helped)} remedies are told apart below it.")

# %% slideshow={"slide_type": "subslide"}
tried

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** A line is the 95 % interval of the difference, seed by seed; grey is not told apart, in
# ten comparisons corrected together. Loss and the share that is right need not agree: most remedies make
# the network less sure when it is wrong, and hardly more often right. All of them together do less than four
# times the data. What holds here holds for 150 digits. Pre-training of language models reads its text about
# once, and usually uses no dropout: there is little to learn by heart.

# %% slideshow={"slide_type": "skip"}
cards("K170")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Search with a budget
#
# C §3.2 ends in hyper-parameter search (超参数搜索): a grid (网格), random points (随机), or Bayesian
# (贝叶斯), which fits a model of the error and asks where an improvement is to be expected. We search three
# settings of a support vector machine. Two matter; the third, unknown to the searcher, does nothing.

# %% slideshow={"slide_type": "-"}
predict(
    "P08.4",
    "27 tries each: a grid of 3 × 3 × 3, 27 random points, or 27 that a model proposes. Which finds the "
    "lowest error, in the mean of thirty repeats?",
    choices=["the grid", "random points", "the model", "not told apart"],
)

# %% slideshow={"slide_type": "fragment"}
from course.learning.plots import draw_searches
from course.learning.study import searches

found = searches()
names = {"grid": "the grid", "random": "random points", "bayesian": "the model"}
pairs = found.comparisons(27)
lowest = names[min(names, key=lambda method: found.mean(method, 27).value)]
compare("P08.4", lowest if any(pair.told_apart for pair in pairs) else pairs[0].verdict)
for pair in pairs:
    print(pair)
print(f"{found.floor:.0%} of the surface lies within a point of its lowest error")
figure, axes = new_figure()
draw_searches(axes, found)
show(figure, alt="Lowest error against tries for grid, random and Bayesian search.")

# %% [markdown] slideshow={"slide_type": "notes"}
# A grid of 3 × 3 × 3 tries nine different pairs of the two settings that matter, three times each: that is
# Bergstra and Bengio's reason (2012) for random points. Here it does not show, at any budget: the surface's
# floor is so broad that whoever tries eight points finds it. Where the floor is narrow, or settings are
# many, the reason counts. So: look at the surface before you buy a method. For large models none of the
# three is used: one tunes small ones and carries the setting over by a rule (chapter 4.5).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.6 Beyond the documents: the edge of stability
#
# Section 8.3 has a fixed bowl. A network's bowl changes as it learns. Its sharpness (尖锐度), the largest
# eigenvalue of the Hessian, can be measured without ever writing the Hessian down: multiply a vector by
# it again and again (power iteration, 幂迭代), from differences of gradients. Here with full batches.

# %% slideshow={"slide_type": "-"}
predict(
    "P08.5",
    "Plain descent with a rate of 1 on a small network. After 1,500 steps, what is the sharpness?",
    unit="",
)

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
from course.experiments.estimates import estimate
from course.learning.plots import draw_edge
from course.learning.views import edge_view

ends = [edge_view(rates=(1.0,), every=1500, seed=seed).sharpness[0, -1] for seed in range(5)]
compare("P08.5", np.mean(ends))
print(f"after 1,500 steps, five seeds: {estimate(np.array(ends)):.2f}")
edge = edge_view()
figure, axes = new_figure()
draw_edge(axes, edge)
show(figure, alt="Sharpness against steps for three rates, with a dashed line for each rate.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Where it was above 2/α it comes down at once; where below it climbs (Cohen et al., 2021), and then it
# hovers at 2/α, where by section 8.3 descent should diverge, while the loss goes on falling. The lowest rate
# has not got there in these steps. The picture is of one seed; the line above it has five.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How large a batch is worth it?
#
# A batch of B examples measures the gradient with an error whose variance falls as 1/B. Where B is small that
# error rules, and twice the batch halves the steps. Where it is large nothing is gained. Between them lies
# the gradient-noise scale (梯度噪声尺度), tr(Σ)/|G|²: the variance between examples over the squared length of
# their mean. It can be measured at any moment of training, without trying batches.

# %% slideshow={"slide_type": "-"}
predict(
    "P08.6",
    "Digits, plain descent, the best rate for each batch. From batch 1 to batch 512, by what factor do the "
    "steps to the same loss fall?",
    unit="times",
)

# %% slideshow={"slide_type": "fragment"}
from course.learning.plots import draw_batches
from course.learning.study import batch_study

batches = batch_study()
steps = np.exp(np.log(batches.steps).mean(axis=1))
compare("P08.6", steps[0] / steps[-1])
figure, axes = new_figure()
draw_batches(axes, batches)
show(figure, alt="Steps and images to one loss against the batch, with the fitted law and the noise scale.")
print(f"batch where returns end, from the steps: {batches.critical:.0f}")
print(f"noise scale, from gradients alone:       {batches.scale:.0f}")
print(f"ratio, seed by seed:                     {batches.ratio:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The dashed curve is McCandlish and colleagues' law (2018), steps = S·(1 + B_crit/B),
# fitted to the blue points. The green band was measured without it. They agree in the order of size, which
# is what the law promises, and not closer: the ratio's interval does not hold 1. The law takes the same
# curvature in all directions and the best rate at every moment; neither is so here. B §3.2 Step 3 says
# "optimise the batch size": well below the scale a larger batch is cheap, far above it is wasted.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8.7 What the documents do with it
#
# ### B §3.2 Step 3 训练大模型; C §3.4 算法应用领域
#
# B trains with augmentation, adversarial training and distillation. That is practice for pictures (chapter
# 9 takes them); pre-training of text does without. C's fields of use, language, vision and reinforcement
# learning, share the circle of 8.1 and differ in where the loss comes from. C's drawback, "easily trapped
# in a local optimum", is not what hinders large networks in practice; what does is in this chapter: scale,
# depth, noise and too little data.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Appendix: every claim of these sections

# %% slideshow={"slide_type": "skip"}
cards("K128", "K181", "K182", "K183", "K184", "K209", "K210", "K211")

# %% slideshow={"slide_type": "skip"}
cards("K219", "K220", "K221", "K222", "K224", "K228", "K229", "K230", "K231")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **Why flat minima generalise**, and whether sharpness as measured here says anything about that: it
#   changes when weights are merely written in other units.
# - **The edge of stability** is plain with full batches and plain descent; with small batches and Adam it
#   takes other forms.
# - **Critical batches of large models** grow during training; whether they go by loss or by tokens read is
#   being measured still.
# - **Over-fitting**: very large networks can learn everything by heart and still do well on new data
#   ("double descent"). Our 128 units are on the old side of that.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - Check a gradient by moving a parameter. It takes a line.
# - The largest stable rate is 2 over the largest curvature. Scale inputs, and the bowl is round.
# - The depth problem is a product: sixteen factors of a quarter are nothing.
# - A remedy is a hypothesis. Here five of nine lowered the loss, none as much as more data.
# - Three searches, one surface with a broad floor: not told apart. Look before you buy.
# - A batch far beyond the noise scale buys little.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Cohen et al. (2021), *Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability*,
#   [arXiv:2103.00065](https://arxiv.org/abs/2103.00065).
# - McCandlish et al. (2018), *An Empirical Model of Large-Batch Training*,
#   [arXiv:1812.06162](https://arxiv.org/abs/1812.06162).
# - Bergstra and Bengio (2012), *Random Search for Hyper-Parameter Optimization*, JMLR 13.
# - Loshchilov and Hutter (2019), *Decoupled Weight Decay Regularization*,
#   [arXiv:1711.05101](https://arxiv.org/abs/1711.05101).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From a checked gradient to a batch that you defend:
# [08 How networks learn](../exercises/08_learning/08_learning.ipynb).
