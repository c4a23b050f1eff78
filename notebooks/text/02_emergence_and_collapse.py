# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 2. Emergence and collapse
#
# **Core question**: a score jumps, or it falls. Is it the model, the ruler, or noise?
#
# **You will be able to**
# - say what a table of thresholds knows, and what it cannot know;
# - make an ability appear and disappear by choosing how it is measured;
# - test for a decline with a false-alarm rate that you can state;
# - tell steps, tokens and batch apart;
# - show which kind of collapse is real, and what prevents it.
#
# **You need first**: [chapter 1](01_scaling_laws.ipynb); what a probability is.
#
# **Time**: 60 minutes to read, 20 seconds to run, 122 minutes for the exercises.
#
# **Mirrors**: A §2 (§2.1, §2.2).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.1 A table of thresholds · A §2.1 涌现能力的定义
#
# Chapter 1 was about a loss that falls smoothly. Emergent abilities (涌现能力) seem to break the rule:
# small models cannot do a task, large ones can, and nothing in between announced it. Wei and
# colleagues (2022) define them so: absent in smaller models, present in larger ones, and so not
# predicted by extending the curve of the small ones. Document A makes a table of it: six
# abilities, for each a critical size (临界点) and a jump of performance.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict(
    "P02.1",
    "A prints a critical size for six abilities. For how many of them does the table of "
    "Wei et al. have a row?",
    unit="of 6",
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence import EmergentAbilityAnalyzer

abilities = EmergentAbilityAnalyzer()
sourced = [point.capability for point in abilities.critical_points if point.sightings]
compare("P02.1", len(sourced), names=" and ".join(sourced))
abilities.critical_points

# %% [markdown] slideshow={"slide_type": "notes"}
# The last column is empty for all six: Wei's table has no jumps. And it has what A left out: the
# *family* of models and the training *compute*. Chain of thought (思维链) has several
# rows with several sizes, one for each family and task.
#
# ### What may such a table answer?
#
# A's function compares your number of parameters with the threshold and says `emerged: True`,
# confidence "high". Ask it about a model at the threshold, and one a thousand times larger:

# %% slideshow={"slide_type": "subslide"}
from course.evidence import as_written

for size in ("13B", "13T", "7B"):
    print(f"{size:>4}", as_written.predict_emergence(size, "arithmetic_3digit"))

# %% [markdown] slideshow={"slide_type": "-"}
# The confidence is a constant. The last line gives one difference under two names. Ours answers
# another question: *was it seen at this scale, in this family?*

# %% slideshow={"slide_type": "fragment"}
questions = [
    ("13B", {"family": "GPT-3", "flops": "2.3e22"}, "arithmetic_3digit"),
    ("6.7B", {"family": "GPT-3"}, "arithmetic_3digit"),
    ("13T", {}, "arithmetic_3digit"),
    ("70B", {"family": "LaMDA", "flops": "1.3e22"}, "chain_of_thought"),
    ("1T", {}, "theory_of_mind"),
]
for size, more, ability in questions:
    answer = abilities.predict_emergence(size, ability, **more)
    print(f"{size:>4} {more.get('family', 'a new family'):<13} {ability:<18} {answer.verdict}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# None of the answers is "will appear". The next picture says why. Each point is a place where an
# ability was *first seen* in one family; below it, *in that family*, it was not seen. Other families may
# show it there: GPT-3 does, to the lower left of Gopher. (Triangles are other abilities; the lines
# only tell which points belong together.)

# %% slideshow={"slide_type": "-"}
from course.emergence.plots import draw_sightings
from course.figures import new_figure, show

figure, axes = new_figure()
draw_sightings(axes)
show(figure, alt="First sightings by size and compute: one ability stands at several places.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Chinchilla showed MMLU with a quarter of Gopher's parameters and the same compute. On 14 tasks of
# BIG-Bench, PaLM 62B is above chance where LaMDA 137B and GPT-3 175B are not. And a LaMDA of 40M
# parameters adds numbers of eight digits, when it was fine-tuned to write its steps down. So size
# alone decides nothing: data, compute and the way of asking come in.

# %% slideshow={"slide_type": "subslide"}
from course.evidence import cards, claim

claim("K034")

# %% slideshow={"slide_type": "skip"}
cards("K027", "K028", "K029", "K030", "K031", "K032", "K033", "K035", "K036", "K037")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.2 Mirage or threshold? · A §2.1
#
# Schaeffer and colleagues (2023) looked at how the jumping tasks of a large collection, BIG-Bench,
# are scored. Over 92 % of them used one of two all-or-nothing measures: exact match (完全匹配), where
# every token of the answer must be right, or multiple choice. Take a model that gives a right token
# with probability p = exp(−L), and let its loss fall as a power law of its size:
#
# $$L = \left(\frac{N_1}{N}\right)^{a}, \qquad p = e^{-L}, \qquad
# P(\text{all } k \text{ tokens right}) = p^{k} = e^{-kL}$$

# %% slideshow={"slide_type": "-"}
predict(
    "P02.2",
    "The accuracy of a token rises from 90 % to 99 %. How many times as many answers of 50 tokens "
    "are wholly right?",
    unit="times",
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence import exact_match

small, large = exact_match(0.90, 50), exact_match(0.99, 50)
print(f"{small:.1%} of the answers, and then {large:.1%}")
compare("P02.2", large / small)

# %% [markdown] slideshow={"slide_type": "notes"}
# The two measures in a few lines, on answers whose tokens are known to be right or wrong, and beside them
# the library's p^k:

# %% slideshow={"slide_type": "subslide"}
import numpy as np


def both_measures(right):
    """`right` (answers, tokens): share of right tokens, and of answers with no wrong one."""
    token = right.mean()
    exact = right.all(axis=1).mean()
    return token, exact


answers = np.random.default_rng(0).random((100_000, 10)) < 0.9

# %% slideshow={"slide_type": "fragment"}
token, exact = both_measures(answers)
print(f"{token:.1%} of the tokens and {exact:.1%} of the answers are right; "
      f"the library's p^10: {exact_match(token, 10):.1%}")

# %% slideshow={"slide_type": "subslide"}
from course.emergence.plots import draw_metrics

figure, axes = new_figure()
draw_metrics(axes)
show(figure, alt="The same models: token measures rise all along, exact match only at the end.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# The models are the same. The longer the answer, the later and the steeper it rises. Is the long
# answer then really the sharper one? Careful.

# %% slideshow={"slide_type": "-"}
predict(
    "P02.3",
    "Let N grow without end, until all is right. The way from 10 % to 90 % exact match takes some "
    "number of decades of N. With answers of 100 tokens instead of 1, this number is …",
    choices=["smaller", "the same", "larger"],
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence import power_law_loss, rise, token_accuracy


def score(n_tokens):
    return lambda n: exact_match(token_accuracy(power_law_loss(n, 1e8, 0.3)), n_tokens)


print("tokens   whole way: decades, 10 % at N =    as far as 1e11 parameters: decades, steepness")
decades = {}
for k in (1, 10, 100):
    whole, seen = rise(score(k), 1e-20, 1e40), rise(score(k), 1e6, 1e11)
    print(f"{k:>6}   {whole.decades:18.2f}{whole.scale_10:15.1e}   {seen.decades:31.2f}"
          f"{seen.steepness:11.1f}")
    decades[k] = whole.decades
ratio = decades[100] / decades[1]
compare("P02.3", "smaller" if ratio < 0.99 else "larger" if ratio > 1.01 else "the same")

# %% [markdown] slideshow={"slide_type": "notes"}
# The number of tokens only *shifts* the curve, by log10(k)/a decades. It looks sharp because we stop at
# a largest model: of a late curve we see the beginning alone, and its beginning is convex. (Steepness is
# 0.8 · decades seen / decades from 10 to 90 % of the way: 1 for a straight line over log N.) Questions
# for the explorer:
#
# 1. Make exact match emerge: answers of 100 tokens. How many tested models score zero?
# 2. Make it vanish again without touching the models. Which measures do that?
# 3. Go back to exact match over 10 tokens and let the largest model grow to 10T. What becomes of the
#    jump?
# 4. Back at 10 tokens and 100B, what does *pass@100*, the best of a hundred tries, do to the size at
#    which it begins?

# %% slideshow={"slide_type": "slide"}
from course.emergence.explorer import metric_explorer

metric_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The grey band is the accuracy of a token, the same under every measure. Blue
# is the measure, stretched so that the largest model stands at 100 %, as an automatic axis does.
# Wrong tokens are a straight line of p and move with it, the Brier score moves sooner, the
# log-likelihood first of all. Exact match comes last. A hundred tries make a model that is right
# once in a hundred look able: pass@100 rises suddenly too, but in smaller models. So
# "code generation emerges at 25B" depends on how often one may try. And the larger the largest model,
# the flatter the jump looks.
#
# ### What a test can see
#
# "The small models score 0" has one more weakness. With n items there is nothing between 0 and 1/n: this
# is the test's resolution (分辨率).

# %% slideshow={"slide_type": "subslide"}
predict(
    "P02.4",
    "A model is right once in 200 times. How often will a test of 100 items show exactly 0?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence import accuracy_interval, chance_of_no_success, items_needed

low, high = accuracy_interval(0, 100)
print(f"0 of 100 right: the accuracy is between {low:.1%} and {high:.1%} (95 % interval).")
print(f"To see one success with 95 % chance: {items_needed(1 / 200):,.0f} items.")
compare("P02.4", 100 * chance_of_no_success(1 / 200, 100))

# %% slideshow={"slide_type": "skip"}
cards("K026")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.3 Models that learn to add · A §2.1
#
# That was algebra. Here are transformers that we trained: several sizes, each with several seeds, all of
# which read the same number of sums of two six-digit numbers, written units first. A sum has seven
# digits. All are tested on problems that were never read. Train one of them now:

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
import torch

from course.emergence.addition import add, held_out_problems, train_adder, write_problems

torch.set_num_threads(1)  # more of them only slow so small a model down
problems = write_problems(held_out_problems(8))
adder = train_adder(d_model=48)
answers = add(adder, problems)
for problem, answer in zip(problems, answers, strict=True):
    right, wrong = bytes(problem[14:]).decode(), (problem[14:] != answer).sum()
    print(f"{bytes(problem[:14]).decode()}{bytes(answer).decode()}   right: {right}   "
          f"wrong digits: {wrong}")

# %% [markdown] slideshow={"slide_type": "-"}
# Count twice: the wrong digits, and the wrong sums. A sum with one wrong digit counts as nothing. The other
# models were trained in advance (`python -m course.emergence` makes the table again).

# %% slideshow={"slide_type": "subslide"}
predict(
    "P02.5",
    "A model gets a share p of the digits right. If its mistakes were independent and every place "
    "equally hard, it would get p^7 of the sums right. Do the trained models get more, or fewer?",
    choices=["more", "fewer"],
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence.study import by_size, load_addition

rows = load_addition()
digits, sums = by_size(rows, "accuracy"), by_size(rows, "exact_match")
print("parameters         digits right           sums right")
for n_params, right in digits.items():
    print(f"{n_params:>10,} {format(right, '.0%'):>20} {format(sums[n_params], '.0%'):>20}")
more = [row["exact_match"] - row["accuracy"] ** 7 for row in rows]
print(f"sums beyond p^7 in {sum(d > 0 for d in more)} of {len(rows)} runs, "
      f"in the mean by {100 * sum(more) / len(rows):+.1f} points")
compare("P02.5", "more" if sum(more) > 0 else "fewer")

# %% slideshow={"slide_type": "subslide"}
from course.emergence.plots import draw_addition
from course.emergence.study import steepness_by_seed
from course.experiments import estimates

figure, axes = new_figure(1, 3, width=10.2, height=3.7)
draw_addition(axes, rows)
show(figure, alt="Loss, digits and sums by size; and sums against digits, which follow p^7.")
steep = {name: steepness_by_seed(rows, name) for name in ("loss", "accuracy", "exact_match")}
for name, values in steep.items():
    print(f"{name:<12} steepness {estimates.estimate(values):.1f}")
for pair in estimates.compare(steep):
    print(pair)
few = [row["exact_match"] for row in rows if row["accuracy"] < 0.75]
print(f"runs with under 75 % of the digits right: at most {max(few):.0%} of the sums")

# %% [markdown] slideshow={"slide_type": "notes"}
# (In brackets: 95 % intervals over five seeds, by Student's t; they are wide. For the table each
# digit is asked with the right ones before it; the sums are written by the model alone.) The right panel
# is the point. Each mark is one run, whatever its size: many digits are right while next to no sum is,
# and the last ones bring all of them. Exact match hides the first part of the way; p^7 foretells it. Where the marks lie above p^7, mistakes come together: some sums are harder than others.
# Which ones? Ask the model that you trained, digit by digit, whether a carry (进位) comes in.

# %% slideshow={"slide_type": "notes"} tags=["machine-dependent"]
pairs = held_out_problems()
text = write_problems(pairs)
wrong = (add(adder, text) != text[:, 14:])[:, 1:6]  # the second digit to the sixth
carry = (text[:, 15:20] - ord("0") - pairs.sum(axis=1)[:, 1:]) % 10 == 1
print(f"wrong digits: {wrong[carry].mean():.1%} where a carry comes in, "
      f"{wrong[~carry].mean():.1%} where none does")

# %% [markdown] slideshow={"slide_type": "notes"}
# But look at the left panel too. The *loss* itself drops within a small range of sizes. Is one of the three
# steeper? Five seeds do not tell any two of them apart (a verdict of its own, by the rule of 2.5): that
# exact match makes a jump which the loss has not is not shown here, and p^7 explains why the sums come later. (We even smoothed it: four of ten digits in training are zero, since without
# that the loss stays flat and then drops at once.) A jump can have both causes. Ask each time.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.4 The other side: a threshold in loss · A §2.1
#
# Du and colleagues (2024) trained models of several sizes and kept their checkpoints. Put the *loss* on the
# axis in place of the size, and they fall on one line; and on some tests that line stays at chance until
# the loss is below about 2.2 nats, *also under smooth measures*. So a threshold (阈值) can be real. But one
# threshold in loss is many in size: one for each amount of data.

# %% slideshow={"slide_type": "-"}
from course.scaling import BESIROGLU_2024

refit = BESIROGLU_2024
predict(
    "P02.6",
    f"By the refit of 2024, L = {refit.E:.2f} + {refit.A:.0f}/N^{refit.alpha:.3f} + {refit.B:,.0f}/"
    f"D^{refit.beta:.3f}, how many times as many parameters does 2.2 nats take on 300 billion tokens as "
    "on 10 trillion?",
    unit="times",
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence import params_for_loss
from course.evidence import fact

threshold = float(fact("du.loss_threshold"))
ratios = {}
for loss in (threshold, 2.0):
    few, many = (params_for_loss(refit, loss, d) for d in (3e11, 1e13))
    ratios[loss] = few / many
    print(f"{loss:g} nats: {few / 1e9:.1f}B on 300B tokens, {many / 1e9:.1f}B on 10T")
compare("P02.6", ratios[threshold], at_2_nats=ratios[2.0])

# %% slideshow={"slide_type": "subslide"}
from course.emergence.plots import draw_loss_view

figure, axes = new_figure(1, 2, width=9.6, height=3.9, sharey=True)
draw_loss_view(axes, threshold)
show(figure, alt="One threshold in loss on the left; three thresholds in size on the right.")

# %% [markdown] slideshow={"slide_type": "notes"}
# The picture shows the idea, not Du's data: their 2.2 nats belong to their text and tokenizer, the law to
# another, and the straight way below the threshold is ours.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.5 A decline or noise? · A §2.2 能力崩塌问题
#
# Document A warns that a model trained too long may lose abilities: capability collapse (能力崩塌). Of
# pre-training itself this is not what is seen: Llama 3 8B still improved at 1,875 tokens per
# parameter. What is documented is harm *later*. OLMo-1B, trained on 3T tokens, is over 2 % worse after
# fine-tuning (微调) than from its checkpoint at 2.3T.
#
# So a watch is worth having, if it does not cry wolf. A's has three signals. The first: validation
# loss above, and training loss below, what they were four values ago. Feed it noise.

# %% slideshow={"slide_type": "-"}
predict(
    "P02.7",
    "Both losses only jitter around a level. In what share of checks does A's first signal fire?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
rng = np.random.default_rng(0)
train, val = rng.standard_normal((2, 10_000, 15))
first = (val[:, -1] > val[:, -5]) & (train[:, -1] < train[:, -5])
scores = rng.standard_normal((10_000, 20, 15))
second = (np.diff(scores[:, :, -5:]) < 0).all(axis=-1)
print(f"signal 2, five falling scores: {second.mean():.2%} of series, "
      f"any of 20 abilities in {second.any(axis=1).mean():.1%} of checks")
compare("P02.7", 100 * first.mean())

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A test that knows its error
#
# If a series is only noise around a level, all orders of its values are equally likely, whatever the noise
# looks like. So count the pairs in which the later value is lower. How many such pairs would chance
# give? That can be counted exactly (Mann 1945, Kendall). An alarm where chance does so in at most 5 % of
# cases is wrong in at most 5 %: a false-alarm rate (误报率) that is stated, and kept.
#
# Whoever watches 22 series has 22 chances to be wrong. Holm's correction divides what may be spent.

# %% slideshow={"slide_type": "-"}
predict(
    "P02.8",
    "You test 22 series of pure noise, each at 5 %. How often does at least one alarm?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
from numpy.lib.stride_tricks import sliding_window_view

from course.emergence import decline_p_values, holm, level_at_look, noise_series

p = decline_p_values(rng.standard_normal((10_000, 22, 15)))
half = noise_series("autocorrelated", (10_000, 15), rng, 0.5)
many = (p <= 0.05).any(axis=1)
looks = sliding_window_view(rng.standard_normal((10_000, 34)), 15, axis=-1)
p_looks, spent = decline_p_values(looks), level_at_look(0.05, np.arange(1, 21))
for what, alarms in {
    "one series": p[:, 0] <= 0.05,
    "22 series, Holm": (holm(p) <= 0.05).any(axis=1),
    "20 looks at one series": (p_looks <= 0.05).any(axis=1),
    "20 looks, each stricter": (p_looks <= spent).any(axis=1),
    "neighbours alike": decline_p_values(half) <= 0.05,
    "the same, taken out": decline_p_values(half, 0.5) <= 0.05,
}.items():
    print(f"{what:<24} {alarms.mean():6.1%}")
compare("P02.8", 100 * many.mean(), n_runs=len(many))

# %% [markdown] slideshow={"slide_type": "notes"}
# Whoever looks again at every checkpoint must pay for that too: look number j may spend α/(j(j+1)), which
# sums to α over all looks. And neighbouring checkpoints are often alike (autocorrelation, 自相关). Then
# the bound breaks: slow noise looks like a trend. Taking y_t − r·y_(t−1) mends it, if r is known from a
# long quiet stretch; fifteen values cannot tell it.
#
# ### And does it find anything?
#
# A test that never alarms keeps every bound. Its power (检验功效) is the share of true declines found.

# %% slideshow={"slide_type": "subslide"}
from course.emergence.plots import draw_power
from course.emergence.views import alarm_rates

rates = alarm_rates()
figure, axes = new_figure()
draw_power(axes, rates)
show(figure, alt="Ours starts at 5 % and finds a fall of 3 sd; A's rules cry wolf or miss it.")
print("alarms (%) at a fall of    0     1     2     3 sd")
for rule in rates.shares:
    print(f"{rule:<20}", *(f"{100 * rates.at(fall)[rule]:5.0f}" for fall in range(4)))

# %% [markdown] slideshow={"slide_type": "notes"}
# At the left end are the false alarms, to the right the power. A's signal 1 (training loss falls as fast as
# validation loss rises) begins at a quarter and rises
# slowly; its signal 2 is quiet on one series, and stays quiet. Its `decline_rate`, the last score against
# the first of all, can even be positive: a score that rose from 1 to 9 and now falls to 5 "declines" by
# +4.0. Ours reports the fall within the tested window. Questions for the explorer:
#
# 1. No fall. Step through some series. Which would have worried you?
# 2. How large must the fall be for ours to find four in five? With 30 checkpoints?
# 3. Make the noise autocorrelated. What breaks? Take 0.5 out: what does the cure cost?

# %% slideshow={"slide_type": "slide"}
from course.emergence.explorer import decline_explorer

decline_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Hollow: alarms where nothing falls. Filled: alarms with the planted fall. A good rule
# has the first at the left and the second at the right. "Last below first" finds most declines and is
# wrong on half of all noise. Heavy tails move no hollow mark, since only the order counts; they do
# move the filled ones.
#
# The whole watch, on a run with one planted decline among twenty abilities:

# %% slideshow={"slide_type": "subslide"}
from course.emergence import CapabilityCollapseAnalyzer

watched = {f"task {i}": 0.5 + 0.02 * rng.standard_normal(15) for i in range(20)}
watched["task 7"] -= 0.02 * np.linspace(0, 4, 15)
losses = {name: level + 0.01 * rng.standard_normal(15) for name, level in
          [("train_loss", 2.0), ("val_loss", 2.1), ("output_entropy", 2.1)]}  # fmt: skip
watch = CapabilityCollapseAnalyzer(false_alarm_rate=0.05)
report = watch.detect_collapse_early_warning(losses | {"capability_scores": watched})
for trend in report.warnings:
    print(f"{trend.signal}: {trend.name}, {trend.change:+.2f}, adjusted p = {trend.adjusted_p:.1g}")
try:
    watch.detect_collapse_early_warning(losses | {"capability_scores": {"short": [1, 2, 3]}})
except ValueError as error:
    print(error)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Entropy with a meaning
#
# A's third signal fires when the entropy (熵) of the outputs is below half its first value. But every
# training starts near ln V, guessing among V words, and must come down. Compare it with the *loss*: a calibrated model
# (校准) is as unsure as it is often wrong, so the loss minus the entropy is zero however good it is.

# %% slideshow={"slide_type": "-"}
from course.emergence import effective_outcomes, entropy, overconfidence, with_temperature

text = np.array([0.5, 0.25, 0.125, 0.125])  # how often each word really follows
for name, model in [("untrained", np.full(4, 0.25)), ("calibrated", text),
                    ("too narrow", with_temperature(text, 0.4))]:  # fmt: skip
    loss = -(text * np.log(model)).sum()
    print(f"{name:<11} entropy {entropy(model):.2f} nats, {effective_outcomes(model):.1f} words; "
          f"loss {loss:.2f}; loss − entropy {overconfidence(loss, entropy(model)):+.2f}")

# %% slideshow={"slide_type": "skip"}
cards("K038", "K039", "K040", "K041", "K042", "K043")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.6 Steps, tokens, batch · A §2.2
#
# A's last function recommends how long to train. A training step reads one batch (批次) of many tokens.
# A's code takes `optimal_steps` = 20 · `model_params` and `optimal_tokens` = `optimal_steps` · `batch_size`.

# %% slideshow={"slide_type": "-"}
predict(
    "P02.9",
    "A model of 70B parameters, batches of 1.5 million tokens. How many times too many tokens does A "
    "recommend, by its own rule of 20 per parameter?",
    unit="times",
)

# %% slideshow={"slide_type": "fragment"}
printed = as_written.optimal_training_steps(5.88e23, 70e9, 1.5e6)
plan = watch.estimate_optimal_training_steps(5.88e23, 70e9, 1.5e6)
print(f"A:    {printed['optimal_steps']:.3g} steps, {printed['optimal_tokens']:.3g} tokens, "
      f"{printed['recommended_checkpoints']:.3g} checkpoints")
print(f"ours: {plan.n_steps:,.0f} steps of 1.5M tokens = {plan.n_tokens:.3g} tokens")
same = as_written.optimal_training_steps(1.0, 70e9, 1.5e6) == printed
print("A's answer for a budget of one FLOP is the same:", same)
compare("P02.9", printed["optimal_tokens"] / plan.n_tokens)

# %% [markdown] slideshow={"slide_type": "notes"}
# A calls tokens *steps*, and multiplies by the batch again. Steps times batch are tokens, and
# C = 6·N·tokens. Twenty tokens per parameter is itself a rule of thumb: chapter 1 found an interval of 4 to 40, and whoever
# uses a model much trains it longer. A's comment that "each parameter needs 1 to 2 epochs" has no unit:
# an epoch (训练轮次) is one reading of the *data*. And a budget that is never used cannot lead to an optimum;
# in ours, size and budget fix the tokens, and the law says whether the size was wise:

# %% slideshow={"slide_type": "skip"}
plan

# %% slideshow={"slide_type": "skip"}
cards("K044", "K045", "K046", "K047", "K048", "K049")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.7 Collapse for real · A §2.2
#
# One collapse is well documented: *model collapse* (模型坍塌), when models are trained on text that models
# wrote (Shumailov et al., 2024). See it in the smallest language model that has a tail (长尾): the share
# of each word in a text. Each generation writes as many words as the real text has; the next model is
# counted from them. A word that is not drawn once is gone for good.

# %% slideshow={"slide_type": "-"}
from course.emergence.self_training import chance_of_loss, over_seeds, word_counts
from course.experiments.corpus import load_corpus

documents = load_corpus("tornado").documents
parts = (b"\0".join(documents[split].values())[:300_000] for split in ("train", "held_out"))
counts, held_out = word_counts(*parts)
n_words = int(counts.sum())
print(f"{n_words:,} words, {(counts > 0).sum():,} different ones, "
      f"{(counts == 1).sum() / (counts > 0).sum():.0%} of these only once")
print(f"such a word is lost with probability {chance_of_loss(1 / n_words, n_words):.0%}")
predict("P02.10", "How many of the different words are left after 12 generations?", unit="%", interval=0.8)

# %% slideshow={"slide_type": "fragment"}
runs = {mode: over_seeds(counts, held_out, 12, n_words, mode)
        for mode in ("replace", "accumulate", "fresh")}  # fmt: skip
for name, mode, when in [("real text", "replace", 0)] + [(mode, mode, -1) for mode in runs]:
    words, tail, entropies, loss = (values[:, when] for values in runs[mode].values())
    print(f"{name:<10} {words.mean():5,.0f} words, tail {tail.mean():5.1%} of the text, "
          f"entropy {entropies.mean():.2f}, loss {estimates.estimate(loss):.3f}")
for pair in estimates.compare({mode: values["loss"][:, -1] for mode, values in runs.items()}):
    print(pair)
left = runs["replace"]["words"].mean(axis=0)
compare("P02.10", 100 * left[-1] / left[0])

# %% slideshow={"slide_type": "subslide"}
from course.emergence.plots import draw_collapse

figure, axes = new_figure(1, 2, width=9.6, height=3.9)
draw_collapse(axes, runs)
show(figure, alt="Replaced text loses its tail and its loss rises on; accumulated, it levels off.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Ten seeds; bars and brackets are 95 % intervals. The *tail* are the rarest words that together
# make a tenth of the text, and each model spreads 1 % evenly over all words, so that a lost one costs much
# but not infinity. With **accumulation**, where real and written texts are all
# kept, the tail stays and the loss levels off (Gerstgrasser et al., 2024). That no word is lost there
# follows from the set-up, and its last model has read thirteen texts where the others read one; that the loss
# on held-out real text levels off is measured. A tenth of fresh real text in each generation stops the
# fall, at a lower level. Note also what the entropy does when text is replaced: it falls while the loss rises.
# That is the meaning that signal 3 was looking for, but it falls by a few percent only: half, as A
# asks, would come far too late.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2.8 Too often, too large · A §2.2
#
# Two more curves that turn up again. First **over-fitting** (过拟合): our fleet (chapter 1's lab) has small
# transformers that read one text of 50,000 bytes up to 30 times.

# %% slideshow={"slide_type": "-"}
from course.emergence.plots import draw_overfitting
from course.emergence.study import overfitting
from course.experiments.fleet import load_fleet

gaps = [gap for gap in overfitting(load_fleet("repetition")) if gap.unique_bytes == 50_000]
figure, axes = new_figure(1, 2, width=9.6, height=3.9, sharey=True)
draw_overfitting(axes, gaps, 50_000)
show(figure, alt="Training loss falls with each reading; held-out loss parts from it.")
for width in sorted({gap.d_model for gap in gaps}):
    own = [gap for gap in gaps if gap.d_model == width]
    best, last = min(own, key=lambda gap: gap.loss), own[-1]
    print(f"width {width}: lowest held-out loss {best.loss:.2f} at {best.epochs} epochs; "
          f"at {last.epochs} it is {last.loss:.2f}, {last.gap:.2f} above training")

# %% [markdown] slideshow={"slide_type": "notes"}
# The wider model fits sooner and has more to lose. Here A's first signal would mean something: the two
# losses part over many steps, not from one jitter to the next. How far repeated text carries is
# chapter 4's question. Second, **double descent** (双下降): fit 50 noisy samples by least squares on ever
# more random features.

# %% slideshow={"slide_type": "subslide"}
predict(
    "P02.11",
    "Where is the error on new points largest: with 20, 50 or 400 features?",
    choices=["20", "50", "400"],
)

# %% slideshow={"slide_type": "fragment"}
from course.emergence.double_descent import double_descent
from course.emergence.plots import draw_double_descent

plain, ridge = double_descent(), double_descent(ridge=0.1)
figure, axes = new_figure()
draw_double_descent(axes, 50, no_ridge=plain, a_little_ridge=ridge)
show(figure, alt="Test error over the number of features: one line with a peak, one, with ridge, without.")
errors = dict(zip(map(str, plain.n_features), plain.test_error.value, strict=True))
for size in ("20", "50", "400"):
    print(f"{size:>3} features: squared error {errors[size]:.2g}")
compare("P02.11", max(("20", "50", "400"), key=errors.get))

# %% [markdown] slideshow={"slide_type": "notes"}
# With 50 features exactly one solution passes through 50 noisy points, and it swings wildly between them.
# With more there are many, and the one of least norm (the smallest weights) is calm. A little ridge
# (岭回归, a penalty on squared weights) takes the peak away: the recipe, not the size, was at fault. Whoever had stopped at 50 features would have written
# "collapse beyond a critical size".

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **Is emergence in the model or in the measure?** Both have evidence: Schaeffer's change of metric, and
#   Du's thresholds in loss under smooth measures. Our adders show how to ask: look at the loss as well.
# - **What may be predicted?** A jump of exact match can often be foretold from smaller models by a
#   measure with finer resolution. Whether that holds for tasks that nobody trained for is open.
# - **Does long training harm?** Springer et al. (2025) see it after fine-tuning, in models of 1B. How far
#   it reaches is not known.
# - **Will the web's own text collapse models?** Replacing all text is a worst case; the web accumulates,
#   but is also filtered, and nobody knows the mixture.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - "First seen at 13B, in GPT-3, few-shot" is a fact. "Emerges at 13B" is not.
# - Before you explain a jump, change the measure, and count the items of the test.
# - k tokens shift the curve of p^k; stopping at a largest model makes it look sharp.
# - A warning without a false-alarm rate is an opinion. State it, correct for all that you watch, and report
#   the power.
# - Tokens are steps times batch. Units would have found the mistake.
# - Keep all the real data. Collapse comes from throwing it away; a tenth of it stops the fall, lower down.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Wei et al. (2022), *Emergent Abilities*, [arXiv:2206.07682](https://arxiv.org/abs/2206.07682).
# - Schaeffer et al. (2023), *Are Emergent Abilities a Mirage?*,
#   [arXiv:2304.15004](https://arxiv.org/abs/2304.15004).
# - Du et al. (2024), *Emergence from the Loss Perspective*,
#   [arXiv:2403.15796](https://arxiv.org/abs/2403.15796).
# - Shumailov et al. (2024), *AI models collapse when trained on recursively generated data*, Nature 631;
#   Gerstgrasser et al. (2024), [arXiv:2404.01413](https://arxiv.org/abs/2404.01413).
# - Springer et al. (2025), *Overtrained Language Models Are Harder to Fine-Tune*,
#   [arXiv:2503.19206](https://arxiv.org/abs/2503.19206).
# - Belkin et al. (2019), PNAS 116: double descent. Lee et al. (2023),
#   [arXiv:2307.03381](https://arxiv.org/abs/2307.03381): teaching small transformers to add.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From a right token to a model fed on its own words:
# [02 Emergence and collapse](../exercises/02_emergence_and_collapse/02_emergence_and_collapse.ipynb).
