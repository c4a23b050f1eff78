# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 0. Start here
#
# **Core question**: five lively documents tell you how artificial intelligence scales. How do you
# find out which of their sentences are true?
#
# **You will be able to**
# - study a chapter in the rhythm *predict, run, compare, explain*, and look back on your predictions;
# - read the symbols N, D, C and L, and tell FLOP from FLOP/s and GB from GiB;
# - estimate the compute, the time and the rent of any training run on the back of an envelope;
# - say what your own machine can do for you in this course.
#
# **You need first**: Python at the level of functions and lists. No GPU, no network.
#
# **Time**: 25 minutes to read, under 1 minute to run, 45 minutes for the exercises.
#
# **Mirrors**: A keywords 关键词列表; C keywords 关键词; D §1 背景介绍 (§1.1 to §1.4).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 0.1 What this course is · D §1.1 目的和范围
#
# The course is made from five Chinese documents about scaling laws (规模化定律). They are not part of
# the course; you do not need them.
#
# | letter | title | what it brings |
# |---|---|---|
# | A | AI规模化挑战:从Scaling Law到能力边界 | eight sections, fourteen classes of code |
# | A′ | the same text, its indentation lost | a list of related topics |
# | B | AI大模型的规模化定律(Scaling Law)的实现 | formulas for performance, a ResNet, questions and answers |
# | C | AI 大模型 Scaling Law 原理与应用 | performance as f(N, D, R), a BERT example |
# | D | the title of B, another text | gradient descent, a text generator, a web service |
#
# D says what it wants: to explain how more compute (算力提升), better data (高质量大数据) and better
# compression (更好的压缩算法) make large models work. B has the same title; A and C are about scaling
# laws and their limits.
#
# They are a joy to read and full of mistakes. The course does three things with them, chapter by
# chapter. It makes everything in them work. It checks every claim they make. And it measures scaling
# laws of its own.
#
# We wrote down each claim that can be judged: 262 of them. Every claim has one verdict: *right*,
# *imprecise*, *unsupported*, *outdated*, *wrong*, or *code defect* (the printed code cannot run, or
# does not do what it says).
#
# Before you read on, make your first prediction. Type a number and press Enter.

# %%
from course.classroom.predict import compare, look_back, predict

predict("P00.1", "How many of the 262 claims are simply right?", unit="claims")

# %% [markdown]
# Now run the next cell. It counts the ledger; nothing in it is typed in.

# %%
from collections import Counter

from course.evidence import claims

verdicts = Counter(claim.verdict for claim in claims())
compare("P00.1", verdicts["right"], share=verdicts["right"] / verdicts.total())

# %%
from course.figures import new_figure, show
from course.start.plots import draw_verdicts

figure, axes = new_figure(height=3)
draw_verdicts(axes, verdicts)
show(
    figure,
    alt="Claims by verdict: " + ", ".join(f"{v} {n}" for v, n in verdicts.most_common()),
)

# %% [markdown]
# Most of what a fluent text says about a technical subject can be almost true. That is why the
# verdicts *imprecise* and *unsupported* matter as much as *wrong*.
#
# Here is one claim as you will meet it in the chapters, on a card: what the document says, our
# verdict, and what is right.

# %%
from course.evidence import cards, claim

claim("K139")

# %% [markdown]
# And what is said of whole documents:

# %%
cards("K001", "K002", "K262")

# %% [markdown]
# ## 0.2 Who it is for · D §1.2 预期读者
#
# D writes for engineers who know some programming and mathematics. So do we. If you can read a
# Python function and are not afraid of a logarithm, you have what you need. You may study alone,
# teach from the notebooks, or be graded on the exercises.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 0.3 How to study: predict, run, compare
#
# Each section follows one rhythm.
#
# 1. **Predict.** Answer the question before you run the next cell. A wrong guess is worth more than
#    no guess: you will remember why.
# 2. **Run** the cell with Shift+Enter.
# 3. **Compare.** The notebook shows your answer beside what came out.
# 4. **Explain** the difference in your own words before you read ours.
#
# Your predictions are kept in `my_record.json`, in your own folder `work/`. Your notebooks there are
# yours: updating the course never overwrites what you changed. If you want a clean copy, run
# `make fresh NAME=00_start_here`; your old one is kept beside it.
#
# The boxes read "2B", "5.76e23" or "12 %" too, and say what they understood. Where nobody can know the
# number, you are asked for two, so that you are 80 % sure of what lies between. A narrow interval scores
# better, if it holds; four in five of yours should.
#
# Nobody has to answer. If you run a whole notebook at once, the record says "none" and goes on.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 0.4 The map of the chapters · D §1.3 文档结构概述
#
# Part I follows document A, which is mostly code. Part II follows B, C and D, which bring practice.
# The table says which sections of the documents each chapter mirrors, and whether it is written yet.

# %%
from course.start.map import chapter_map

chapter_map()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 0.5 Words and symbols · D §1.4 术语表; A keywords 关键词列表; C keywords 关键词
#
# | symbol | meaning | Chinese | unit |
# |---|---|---|---|
# | N | parameters of the model | 参数量 | a count |
# | D | tokens (词元: words or pieces of words) that it is trained on | 数据量 | a count |
# | C | training compute (about 6·N·D) | 计算量, 算力 | FLOP |
# | L | loss on held-out text, which the model was not trained on | 损失 | nats per token |
# | E | the floor: the loss that no model can go below | 不可约损失 | nats per token |
#
# A **nat** is the natural unit of surprise: a token to which the model gave the probability p costs
# −ln p nats. In formulas these letters are quantities; "document C" and "C §4.2" are texts.
#
# **Compute** is an amount, in FLOP (floating-point operations). The **speed** of a chip is a rate, in
# FLOP/s. The spelling *FLOPS* is used for both in print, so we do not use it.
#
# **GB** is 10⁹ bytes. **GiB** is 2³⁰ bytes, 7 % more. "B" after a count means billion (10⁹), and the
# documents' 亿 is 10⁸: the slip between them costs a factor of ten.
#
# Document A calls parameters D and tokens N, the other way round from the papers. We use the papers'
# letters everywhere, and say so where A's code is shown.
#
# How large is a "large model" (大模型)? Document D wants "billions, even trillions" (数十亿甚至数万亿) of
# parameters and gives GPT-3 and BERT as examples; document C wants "millions to billions"
# (数百万到数十亿). Which published models would each definition let in?

# %%
predict(
    "P00.2",
    "BERT-large is D's example of a model with billions of parameters. How many has it?",
    choices=["0.3 billion", "3 billion", "30 billion"],
)

# %%
from course.evidence import fact

sizes = {
    "BERT-base": fact("size.BERT").value["base"],
    "BERT-large": fact("size.BERT").value["large"],
    "GPT-3": fact("model.GPT-3").value["n_params"],
    "Llama 3.1 405B": fact("model.Llama-3.1-405B").value["n_params"],
    "Kimi K2": fact("model.Kimi-K2").value["n_params"],
}
for name, n_params in sizes.items():
    print(f"{name:<15} {n_params / 1e9:9,.2f} billion parameters")

# %%
compare("P00.2", sizes["BERT-large"] / 1e9)

# %% [markdown]
# A number of parameters cannot define "large model": the border moves every year. The claims of these
# sections, judged:

# %%
cards("K003", "K172", "K173", "K174", "K203", "K204", "K205", "K206", "K207", "K208")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 0.6 Your machine
#
# The course runs on a processor. The check-up says what you have and how long each chapter will
# take here; it multiplies matrices for a third of a second and runs a small loop to find out.

# %% tags=["machine-dependent"]
from course.start.checkup import check_up

check_up()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 0.7 A first explorer: what does a training run cost?
#
# One formula carries this whole course: training a model of N parameters on D tokens takes about
#
# $$C = 6 \, N \, D \quad \text{FLOP}$$
#
# Two operations for each parameter and token in the forward pass (a multiplication and an addition),
# and twice that in the backward pass. Divide by the speed of your chips, and you have the time. They
# never reach the speed on the data sheet. The share they do reach is the MFU, *model FLOP
# utilisation* (算力利用率), and 40 % is good.
#
# Chinchilla, a famous model of 2022, has 70 billion parameters and read 1.4 trillion tokens.

# %%
from course.accounting.hardware import chip

peak = chip("H100").peak()  # FLOP/s, of 16-bit numbers in dense matrices
predict(
    "P00.3",
    f"An H100 chip's data sheet promises {peak / 1e12:.0f} TFLOP/s (1 TFLOP/s is 1e12 FLOP/s). How many "
    "days would 1,024 of them need to train Chinchilla, at 40 % MFU?",
    unit="days",
)

# %% [markdown]
# Type it by hand before you let the library do it: the formula is two lines.

# %%
def C(N, D):
    return 6 * N * D  # FLOP


def days(N, D, n_chips, mfu):
    return C(N, D) / (n_chips * mfu * peak) / 86_400  # seconds in a day


print(f"{C(70e9, 1.4e12):.3g} FLOP, {days(70e9, 1.4e12, 1024, 0.4):.1f} days")

# %%
from course.accounting.training import training_run

run = training_run(70e9, 1.4e12, chip("H100"), n_gpus=1024, mfu=0.4)
compare("P00.3", run.days, flops=run.flops, gpu_days=run.gpu_hours / 24)

# %% [markdown]
# Questions for the explorer. Answer each before you move a control.
#
# 1. Double N. What happens to C? Then halve D. Where does the point go on the plane?
# 2. Which costs more compute: GPT-3 (175B, 300B tokens) or LLaMA-1 7B (1T tokens)? By what factor?
# 3. Llama 3.1 405B lies far up and right. How many orders of magnitude of compute lie between it and
#    GPT-3?
# 4. Change the chip. What changes in the picture, and what only in the sentence below it? (The price
#    under *Advanced* is that of an H100. Set it for another chip.)

# %%
from course.start.explorer import training_compute_explorer

training_compute_explorer()

# %% [markdown]
# **How to read it.** Both axes are logarithmic, so every run with the same compute lies on one falling
# straight line: a larger model with less data costs the same as a smaller one with more. Twice N is
# twice C; halving D as well brings C back, and the point has moved down along its line. The chip
# changes the days and the rent, never the FLOP. Where on a line a model *should* lie is the question
# of chapter 1. Questions 2 and 3, in numbers:

# %%
from course.accounting.training import training_flops

gpt3, small, huge = (
    training_flops(model["n_params"], model["n_tokens"])
    for model in (fact(f"model.{n}").value for n in ("GPT-3", "LLaMA-1-7B", "Llama-3.1-405B"))
)
print(f"GPT-3 took {gpt3 / small:.1f} times the compute of LLaMA-1 7B.")
print(f"Llama 3.1 405B took {huge / gpt3:.0f} times that of GPT-3.")

# %% [markdown]
# ## 0.8 Looking back
#
# This is your record so far, with the factor of each miss. It grows with every chapter; from eight
# numbers on it says whether your misses shrink, if that can be told from chance.

# %%
look_back()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **6·N·D is an approximation.** It leaves out attention over the context and counts no
#   recomputation. For GPT-3 it is right within 1 %, for Gopher it is 12 to 20 % low, depending on who
#   counts. In a mixture of experts N must be the parameters that a token passes: Kimi K2's 33 billion,
#   not its 1,040.
# - **What counts as N.** Kaplan leaves out the embeddings, Hoffmann counts them. For small models
#   the difference changes conclusions.
# - **Our verdicts** are judgements too. Where it can, each names its source or its experiment; for
#   chapters not yet written the demonstration is still owed. If one is wrong, show it: the ledger is a
#   file, and it has been corrected before.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - A claim is worth the check behind it: a source you can open, or an experiment you can run.
# - C = 6·N·D. Time = C / (chips × peak × MFU). Rent = chips × hours × price.
# - Say the unit. FLOP or FLOP/s, GB or GiB, billion or 亿: most of the documents' wildest numbers are
#   slips of units.
# - Predict first. The record shows whether your feeling for the numbers improves.

# %% [markdown]
# ## Further reading
#
# - Kaplan et al. (2020), *Scaling Laws for Neural Language Models*,
#   [arXiv:2001.08361](https://arxiv.org/abs/2001.08361): the paper that the documents mean.
# - Hoffmann et al. (2022), *Training Compute-Optimal Large Language Models*,
#   [arXiv:2203.15556](https://arxiv.org/abs/2203.15556): Chinchilla.
# - Chowdhery et al. (2022), *PaLM*, [arXiv:2204.02311](https://arxiv.org/abs/2204.02311): where MFU
#   is defined.

# %% [markdown]
# ## Exercises
#
# Six short exercises on units and orders of magnitude, about 45 minutes:
# [00 Orders of magnitude](../exercises/00_orders_of_magnitude/00_orders_of_magnitude.ipynb).
