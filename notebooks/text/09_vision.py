# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 9. Vision in practice
#
# **Core question**: sixteen thousand devices train one model for two months, and one of them fails every
# three hours. How is a network trained so that it learns, fits, and survives?
#
# **You will be able to**
# - read a ResNet to the parameter, and train one on real pictures in seconds;
# - write checkpoints that survive a kill, and say how often to write them;
# - say where training memory goes, and what splitting it over devices costs;
# - measure error against data with seeds, and test "fewer labels are enough".
#
# **You need first**: [chapter 8](08_learning.ipynb), sections 8.1 and 8.2.
#
# **Time**: 45 minutes to read, 30 seconds to run, 110 minutes for the exercises.
#
# **Mirrors**: B §3.4, §5.1 to §5.3, §6.1 to §6.3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9.1 A network that lets the gradient pass · B §5.2 源代码详细实现; B §5.3 代码解读与分析
#
# A convolution (卷积) looks at a picture through a small window and uses the same weights at each place. A
# 3 × 3 convolution from 64 to 64 channels (通道) has 3·3·64·64 weights, whatever the picture's size. A residual
# block (残差块) adds what two of them compute to what came in: x + f(x). If f is 0, x passes unchanged, and
# so does the gradient on its way back.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict(
    "P09.1",
    "ResNet-18 has four stages of 64, 128, 256 and 512 channels, four 3 × 3 convolutions in each, a first one of "
    "7 × 7, and a matrix of 512 × 1000. How many million parameters is that?",
    unit="million",
)

# %% slideshow={"slide_type": "fragment"}
import torch

from course.vision import ResNet, flops_of, n_params

resnet18 = ResNet()
compare("P09.1", n_params(resnet18) / 1e6)
print(f"{n_params(resnet18):,} parameters, "
      f"{flops_of(resnet18, torch.zeros(3, 224, 224)) / 1e9:.2f} GFLOP for a picture")

# %% [markdown] slideshow={"slide_type": "notes"}
# Document B's class has this stem and these widths, and no blocks: `_make_layer` is not there. All its strides
# are 1, so that the picture never shrinks. Let us build what it says and see how far it gets. Its own first
# convolution has a bias, which is 64 parameters more.

# %% slideshow={"slide_type": "subslide"}
from course.vision import BasicBlock

stages = [torch.nn.Sequential(BasicBlock(a, b, 1), BasicBlock(b, b, 1))
          for a, b in ((64, 64), (64, 128), (128, 256), (256, 512))]
as_in_b = torch.nn.Sequential(resnet18.stem, *stages, torch.nn.AvgPool2d(7, stride=1),
                              torch.nn.Flatten(), torch.nn.Linear(512, 1000))
try:
    as_in_b(torch.zeros(1, 3, 224, 224))
except RuntimeError as error:
    print("B's strides:", str(error).splitlines()[0])

# %% [markdown] slideshow={"slide_type": "notes"}
# With stride 2 in stages 2 to 4 the map shrinks from 56 to 7, and the matrix meets 512 numbers. Type the core
# of it yourself: what a block does with what came in.

# %% slideshow={"slide_type": "subslide"}
def my_block(x, f):
    """What leaves a residual block, before its last ReLU."""
    return x + f(x)


# %% slideshow={"slide_type": "fragment"}
block = BasicBlock(8, 8, 1).eval()
x = torch.randn(2, 8, 8, 8)


def inside(x):
    """What the block computes beside its shortcut."""
    return block.norm2(block.conv2(torch.relu(block.norm1(block.conv1(x)))))


assert torch.allclose(torch.relu(my_block(x, inside)), block(x)), "x has to be added"
print("your block and the library's agree")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Does it matter?
#
# The same network with its shortcuts taken out, on digits, at three depths, five seeds.

# %% slideshow={"slide_type": "-"}
predict(
    "P09.2",
    "Ten blocks in each of two stages. Without shortcuts, what share of the test images is wrong?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
from course.figures import new_figure, show
from course.vision.plots import draw_depth
from course.vision.study import pairs

depth = pairs("depth", "residual", "no shortcut")
compare("P09.2", 100 * (1 - depth.means["no shortcut", 10].value))
for comparison in depth.comparisons.values():
    print(comparison)
figure, axes = new_figure()
draw_depth(axes, depth)
show(figure, alt="Test error against depth, with shortcuts and without, with intervals.")

# %% slideshow={"slide_type": "skip"}
from course.evidence import cards

cards("K149", "K150")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9.2 Train it
#
# What document B's listing leaves out is most of the work: a loader (数据加载), augmentation (数据增强), a
# validation set (验证集), a schedule, a progress bar, checkpoints. Scikit-learn ships 1,797 handwritten
# digits of 8 × 8 pixels. 1,197 train, 150 validate, 450 test.

# %% slideshow={"slide_type": "-"}
from course.vision import Recipe, accuracy, digits, train
from course.vision.plots import draw_digits

data = digits()
figure, axes = new_figure(width=8, height=1.5)
draw_digits(axes, data["train"][0][:10], data["train"][1][:10])
show(figure, alt="Ten handwritten digits of 8 × 8 pixels with their labels.")
predict("P09.3", "A network of 77,000 parameters trains for twelve passes. What share of the test images "
        "does it get right?", unit="%")

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
import time

torch.manual_seed(0)
small = ResNet((32, 64), (1, 1), n_classes=10, channels=1, stem="small")
start = time.perf_counter()
done = train(small, Recipe(n_epochs=12))
compare("P09.3", 100 * accuracy(small, *data["test"]), n=n_params(small))
print(f"{time.perf_counter() - start:.1f} s; epoch, loss, validation:",
      *(f"{e}: {loss:.3f} {right:.1%}" for e, loss, right in done.history[::4]), sep="\n  ")

# %% [markdown] slideshow={"slide_type": "notes"}
# B trains at a rate of 0.1 with batches of 32. That rate belongs to batches of 256 with a schedule; by the
# linear rule (chapter 8's small batches) it would be 0.0125. And its ImageNet has 12,000 pictures and ResNet
# 1.17 billion parameters: it means 1,281,167 and 11.7 million, 亿 for 万.
#
# ### A checkpoint that survives
#
# A run is killed at the worst moment. A checkpoint (检查点) that goes on *exactly* must hold everything the
# next step depends on: weights, optimiser, the place in the schedule, and the random numbers.

# %% slideshow={"slide_type": "subslide"}
import tempfile
from contextlib import suppress
from pathlib import Path

short = Recipe(n_epochs=3)


def new():
    """A small network, from whatever random numbers come next."""
    return ResNet((8, 16), (1, 1), 10, 1, "small")


torch.manual_seed(1)
whole = train(new(), short).model
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "run.pt"
    torch.manual_seed(1)
    killed = new()
    torch.manual_seed(1)
    with suppress(KeyboardInterrupt):
        train(killed, short, checkpoint=path, stop_after=2)
    resumed = train(new(), short, checkpoint=path).model  # a fresh network, filled from the file
print("the same weights bit for bit:", all(
    torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(),
                                      strict=True)))

# %% [markdown] slideshow={"slide_type": "notes"}
# It is written beside the old one and moved into place, so that a kill in the middle of writing leaves the
# old one whole. A test of the course kills a real process with signal 9 and compares.

# %% slideshow={"slide_type": "skip"}
cards("K148", "K153")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A scaling law for pictures
#
# Chapter 1's question, on pictures: how does the error fall with data? Three widths, 75 to 1,197 images, as
# many steps for each, five seeds.

# %% slideshow={"slide_type": "-"}
predict("P09.4", "At width 32: sixteen times the images. By what factor does the test error fall?",
        unit="times")

# %% slideshow={"slide_type": "fragment"}
from course.vision.plots import draw_law
from course.vision.study import picture_law

law = picture_law()
means = law.mean(32)
compare("P09.4", means[0] / means[-1])
figure, axes = new_figure()
draw_law(axes, law)
show(figure, alt="Test error falls along nearly straight lines on log axes; wider networks lie lower.")
for width, exponent in law.exponents.items():
    print(f"width {width:>2}: error goes as n to the power −{exponent:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Straight lines on log axes, over little more than a decade, on one small set: a power law is not excluded,
# and more cannot be said. At the right end a handful of 450 test images is wrong, so the last points are
# coarse. One run of one size, which is what document B offers as "practice of the scaling law", has no slope.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Pictures that are made to fool
#
# B lists adversarial training (对抗训练). Move each pixel by up to a tenth in the direction that raises the
# loss: people hardly see it.

# %% slideshow={"slide_type": "-"}
from course.vision.study import attacked_share

ordinary, hardened = attacked_share("ordinary"), attacked_share("adversarial")
predict("P09.5", f"An ordinary network has {ordinary[0].value:.1%} right. How many per cent of the attacked "
        "pictures?", unit="%")

# %% slideshow={"slide_type": "fragment"}
compare("P09.5", 100 * ordinary[1].value)
for name, (clean, under_attack) in (("ordinary", ordinary), ("adversarial", hardened)):
    print(f"{name:<11} clean {clean:.1%}   attacked {under_attack:.1%}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Adversarial training costs one more pass back for each step. What it gains holds for this attack and this
# size of it; what it costs on clean pictures, if anything, see the intervals.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9.3 Memory, and many devices
#
# Training keeps more than the weights: a gradient for each, the optimiser's state (AdamW: two moments and, in
# mixed precision 混合精度, a 32-bit copy), and the activations (激活值) that the way back needs. In bytes a
# parameter: 2 + 2 + 12.

# %% slideshow={"slide_type": "-"}
predict("P09.6", "Llama 3 8B, AdamW, mixed precision, without activations. How many GB?", unit="GB")

# %% slideshow={"slide_type": "fragment"}
from course.vision import device_memory

compare("P09.6", device_memory(8.03e9).total / 1e9)
for stage in (0, 1, 2, 3):
    print(f"ZeRO stage {stage}, 8 devices: {device_memory(8.03e9, 8, stage).total / 1e9:6.1f} GB on each")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Data parallelism (数据并行) gives each device a part of the batch and adds up the gradients. ZeRO splits what
# they would all keep: first the optimiser's state, then gradients, then weights. Questions for the explorer:
#
# 1. On how many devices does Llama 3 70B fit, and from which stage on?
# 2. When is it the activations that fill the device, and what does computing them again leave?
# 3. What does stage 3 on one device save?

# %% slideshow={"slide_type": "slide"}
from course.vision.explorer import memory_explorer

memory_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Each bar is a part of what one device keeps, on a logarithmic axis; the dashed line is
# an H100. Splitting helps with all but the activations, which belong to the device's own texts. Computing
# them again in the backward pass costs about a third more FLOP.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same on this machine: what autograd keeps of one batch of 64 digits, and what two remedies leave.
# And of this machine's peak, by its fastest matrix product, how much does training use?

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
from course.vision import matmul_rate, saved_bytes, training_rate

batch = tuple(part[:64] for part in data["train"])
for name, how in (("all kept", {}), ("in 16 bits where allowed", {"half": True}),
                  ("blocks computed again", {"recompute": True})):
    print(f"{name:<25} {saved_bytes(small, *batch, **how) / 1e6:6.2f} MB")

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
rate, flop_per_s = training_rate(small, *batch)
peak = matmul_rate()
print(f"{rate:,.0f} images/s are {flop_per_s / 1e9:.0f} GFLOP/s, {flop_per_s / peak:.0%} of the "
      f"{peak / 1e9:.0f} GFLOP/s of a matrix product: an MFU, measured here")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Two processes, one gradient
#
# Parts of a batch need not be equal. What must be averaged is the sum over examples, not the mean of means:

# %% slideshow={"slide_type": "-"}
import numpy as np

per_example = np.random.default_rng(0).standard_normal(64)  # one number of each example's gradient
parts = per_example[:40], per_example[40:]
print(f"one process                {per_example.mean():+.4f}")
print(f"sum of sums over 64        {(parts[0].sum() + parts[1].sum()) / 64:+.4f}")
print(f"mean of the two means      {(parts[0].mean() + parts[1].mean()) / 2:+.4f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# `python -m course.vision.two` does it with two real processes and a real network: gradients of 40 and 24
# pictures, added up by gloo, differ from those of one process by rounding alone. A test holds it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What splitting costs
#
# Tensor parallelism (张量并行) splits each product and waits for the parts; pipeline parallelism (流水线并行)
# gives each device some layers and leaves a bubble while the pipe fills. Model FLOP utilisation (MFU) is what
# remains. Llama 3 reports it. We set one number, the share of the peak that a device reaches alone, by the
# first row, and predict the second.

# %% slideshow={"slide_type": "-"}
from scipy.optimize import brentq

from course.evidence import fact
from course.vision import parallel_step

published = fact("train.Llama-3-405B").value


def step(data, alone):
    """One step: 16.8M tokens; each replica's share in micro-batches of one text of 8,192."""
    tokens = published["tokens_per_step"]
    return parallel_step(405e9, 16_384, 126, tokens, data=data, tensor=8, pipeline=16, chunks=8,
                         microbatches=tokens // 8192 // data, alone=alone)


alone = brentq(lambda share: step(64, share).mfu - published["mfu_8192"], 0.2, 0.95)
predict("P09.7", "8,192 devices reach an MFU of 43 %. Twice as many, the same batch, hence half as many "
        "micro-batches in each pipeline of 16. What MFU?", unit="%")

# %% slideshow={"slide_type": "fragment"}
for replicas, devices in ((64, 8192), (128, 16_384)):
    one = step(replicas, alone)
    print(f"{devices:>6,} devices: computing {one.compute_s:.2f} s, waiting for tensor parts "
          f"{one.tensor_s:.2f} s, bubble {one.bubble:.1%}, MFU {one.mfu:.1%} "
          f"(published {published[f'mfu_{devices}']:.0%})")
compare("P09.7", 100 * step(128, alone).mfu)

# %% [markdown] slideshow={"slide_type": "notes"}
# One number was fitted, so the first row shows nothing; the second was predicted. The links' rates are data
# sheet values, overlap is idealised, and the third published row (38 %, long texts) needs a kind of
# parallelism that this model does not have. How a GPU differs from a processor, and rooflines, are
# [chapter 5](05_inference_and_edge.ipynb).

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Failures
#
# Llama 3's run was interrupted 419 times in 54 days. Saving too seldom loses work, saving too often loses
# time. Young's rule (1974): work √(2 · save · M) between saves, where M is the mean time between interruptions.

# %% slideshow={"slide_type": "-"}
from course.vision import goodput, mean_time_between, simulate, youngs_interval

between = mean_time_between(published["interruptions"], published["days"])
print(f"one interruption every {between / 3600:.1f} hours")
predict("P09.8", "A save takes one minute, a restart ten. How many minutes of work between saves are best?",
        unit="minutes")

# %% slideshow={"slide_type": "fragment"}
from course.vision.plots import draw_goodput

best = youngs_interval(60, between)
compare("P09.8", best / 60)
intervals = np.geomspace(60, 6 * 3600, 60)
made_up = {t: [simulate(t, 60, between, 600, seed=s)[0] for s in range(5)]
           for t in (120, 600, best, 3600, 3 * 3600)}
figure, axes = new_figure()
draw_goodput(axes, intervals, goodput(intervals, 60, between, 600), made_up, best, between)
show(figure, alt=f"Kept work against the interval, by formula and draws: a broad top near {best / 60:.0f} min.")
print(f"kept at Young's interval {goodput(best, 60, between, 600):.1%}; "
      f"with a restart of three minutes {goodput(best, 60, between, 180):.1%}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Points are made-up runs of 54 days, the curve is the formula. The top is broad: half or twice Young's
# interval costs little. Llama's team reports above 90 %: restarts, not saves, are what has to be fast.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Does the shape matter?
#
# EfficientNet (2019) scales depth, width and picture together, by 1.2, 1.1 and 1.15 to the power φ. Later,
# ResNet-RS (2021) took an old ResNet-200 and changed the recipe first.

# %% slideshow={"slide_type": "-"}
from course.vision import compound

for phi in (1, 3, 7):
    c = compound(phi)
    print(f"φ = {phi}: {c.depth:.2f} × as deep, {c.width:.2f} × as wide, pictures {c.resolution:.2f} × "
          f"as large, {c.flops:.1f} × the FLOP")
rs = fact("vision.recipe").value
print(f"ResNet-200: {rs['resnet200_before']} % before; {rs['training_methods']} % with a newer recipe; "
      f"{rs['with_shape']} % with two changes of shape")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9.4 Set it up · B §5.1 开发环境搭建
#
# B's commands are of 2020. What they ask for, and what holds now:

# %% slideshow={"slide_type": "-"}
from importlib.metadata import metadata

needs = metadata("torch")["Requires-Python"]
print(f"B: python=3.8.                  PyTorch {torch.__version__.partition('+')[0]} needs Python {needs}")
print("B: conda install pytorch.       pip install torch: no conda package since 2.6")
print("B: cudatoolkit=11.1, nvcc.      the wheels bring CUDA's libraries; the driver is enough")
print("B: !pip install cuDNN.          there is no such package; ! is a notebook's sign")

# %% slideshow={"slide_type": "skip"}
cards("K144")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9.5 Fewer labels? · B §3.4 算法应用领域; B §6.1 智能推荐系统; B §6.2 医学影像分析; B §6.3 自动驾驶
#
# B says the same three times, of recommendation, medical pictures and driving: with the scaling law, models
# need less time and fewer labels. No number is given, and it is not a scaling law that is meant but transfer
# learning (迁移学习): start from a network that knows something near. A test: a network that knows the digits
# 0 to 4 learns 5 to 9 from few labels, against one that starts from nothing. Ten seeds.

# %% slideshow={"slide_type": "-"}
transfer = pairs("transfer", "transfer", "scratch")
predict("P09.9", f"Ten labels in all. From scratch {transfer.means['scratch', 10].value:.0%} of the test images "
        "are right. And from the network that knows the other digits?", unit="%")

# %% slideshow={"slide_type": "fragment"}
compare("P09.9", 100 * transfer.means["transfer", 10].value)
for n, comparison in transfer.comparisons.items():
    print(f"{n:>3} labels: scratch {transfer.means['scratch', n]:.1%}, "
          f"transfer {transfer.means['transfer', n]:.1%}; {comparison.verdict}")

# %% [markdown] slideshow={"slide_type": "notes"}
# The validation images chose each kind's learning rate. What comes out is of these digits and this small
# network; with pictures that share edges and textures, and millions of them to learn from first, others
# find large gains. That is the point: it is a measurement on one's own data, not a law. For the three
# fields published scaling studies exist, and say different things: recommenders' tables of parameters
# saturate (Ardalani et al., 2022), sequence models of clicks do not (Zhai et al., 2024). Nothing carries
# over from language by itself.

# %% slideshow={"slide_type": "skip"}
cards("K155")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Appendix: every claim of these sections

# %% slideshow={"slide_type": "skip"}
cards("K133", "K145", "K146", "K147", "K151", "K152", "K154")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **Why shortcuts help.** Easier gradients, smoother loss, or an ensemble of short paths: all have evidence.
# - **Adversarial robustness** against one attack says little of the next.
# - **Convolution or attention** for pictures: with the same recipe and enough data the difference is small.
# - **Young's rule** takes failures as independent; racks, switches and power fail together.
# - **Power laws for pictures** from a decade of data on a small set are a description, no law.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - x + f(x): the gradient has a way back at any depth.
# - A checkpoint holds weights, optimiser, schedule and random numbers, and is moved into place.
# - 16 bytes a parameter before the first activation.
# - Add up sums, not means.
# - Save every √(2 · save · M), and make restarts fast.
# - "Fewer labels" is a claim about transfer, to be measured.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - He et al. (2016), *Deep Residual Learning*, [arXiv:1512.03385](https://arxiv.org/abs/1512.03385).
# - Rajbhandari et al. (2020), *ZeRO*, [arXiv:1910.02054](https://arxiv.org/abs/1910.02054).
# - Llama team (2024), *The Llama 3 Herd of Models*, sections 3.3,
#   [arXiv:2407.21783](https://arxiv.org/abs/2407.21783).
# - Bello et al. (2021), *Revisiting ResNets*, [arXiv:2103.07579](https://arxiv.org/abs/2103.07579).
# - Zhai et al. (2024), HSTU, [arXiv:2402.17152](https://arxiv.org/abs/2402.17152).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From a convolution's parameters to a run that survives:
# [09 Vision in practice](../exercises/09_vision/09_vision.ipynb).
