# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 4. The data bottleneck
#
# **Core question**: compute grows faster than text does. What is a token worth when it is read again,
# when it is dirty, or when it is of the wrong kind, and when is there no fresh one left?
#
# **You will be able to**
# - say what repeated tokens are worth, by a published law and by your own runs, and where the law ends;
# - turn "good data" from an adjective into a measured multiplier with an interval;
# - forecast when demand meets stock, with dates that carry their uncertainty;
# - measure how diverse a corpus is, and ask whether an even mixture is a good one.
#
# **You need first**: [chapter 1](01_scaling_laws.ipynb); a logarithm, an average with its interval.
#
# **Time**: 50 minutes to read, 15 seconds to run, 120 minutes for the exercises.
#
# **Mirrors**: A §4.1, §4.2; B §3.2 Step 2, §9 Q1; C §9 (and, with chapter 1, C §2.2).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4.1 What is a token worth? · A §4.1 数据质量与数量的权衡
#
# A law of chapter 1 counts tokens and asks nothing about them. Document A therefore multiplies: curated
# text counts three times, noise a tenth. That is a sensible wish. Its five numbers for data quality
# (数据质量) have no source, for no model and no amount of text. Beside them, what a published law says of
# the tokens that come out:

# %% slideshow={"slide_type": "-"}
from course.data import DataScalingAnalyzer
from course.evidence import as_written, cards, fact

analyzer = DataScalingAnalyzer()
amounts = dict.fromkeys(as_written.QUALITY_MULTIPLIERS, 1e11)  # 100B tokens of each
printed = as_written.analyze_data_quality_impact(7e9, amounts)
for quality, ours in analyzer.analyze_data_quality_impact(7e9, amounts).items():
    alike = f"as {ours.epochs_alike:.2f} epochs" if ours.epochs_alike else ""
    print(f"{quality:<21} × {analyzer.get_quality_multiplier(quality):<4g} "
          f"A: {printed[quality]['estimated_performance']:.3f}   "
          f"law: {ours.loss:.3f} nats   {alike}")

# %% [markdown] slideshow={"slide_type": "notes"}
# A's "performance" is 1 − ½/(1 + N/10¹²) − ½/(1 + D/10¹²): no power law, no floor, and a quarter of full
# marks for a model of 10¹² parameters that has read nothing. Its "efficiency", performance over raw
# tokens, always prefers fewer tokens. And a name that it does not know counts as medium, without a word.
# Ours asks back:

# %% slideshow={"slide_type": "fragment"}
try:
    analyzer.get_quality_multiplier("high_quality_curatd")
except ValueError as error:
    print("ours:", error)
print("A:   ", as_written.get_quality_multiplier("high_quality_curatd"))

# %% [markdown] slideshow={"slide_type": "notes"}
# (The last column, by Muennighoff's law, explained next: how often plain text would have to be read to be
# worth as much.) A multiplier also says that ten tokens of noise are as good as one of plain text. Where a
# fixed share of the answers is wrong that cannot be: a floor rises, and no amount lowers a floor.

# %% slideshow={"slide_type": "skip"}
cards("K065", "K066", "K067", "K068", "K069", "K070")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Read again
#
# One multiplier has been measured with care: that of a token which was read before. Muennighoff and colleagues
# (2023) let text run out on purpose, and fitted to 182 runs
#
# $$L = E + \frac{A}{N'^{\alpha}} + \frac{B}{D'^{\beta}}, \qquad
# D' = U\left(1 + R_D^*\left(1 - e^{-R_D/R_D^*}\right)\right), \qquad R_D = \frac{D}{U} - 1$$
#
# U tokens are unique, D are read, in D/U epochs (轮次). Each further epoch is worth less, by one
# constant, R_D\* = 15.39. N' does the same to parameters in excess. However often a text is read, it is
# never worth more than 1 + R_D\* texts of its size.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict(
    "P04.1",
    "One trillion tokens are read four times. "
    "How many trillion fresh tokens would have taught as much?",
    unit="trillion tokens",
)

# %% slideshow={"slide_type": "fragment"}
from course.data import MUENNIGHOFF_2023

compare("P04.1", MUENNIGHOFF_2023.worth(4))
for epochs in (1, 2, 4, 8, 16, 40):
    print(f"{epochs:>2} epochs: worth {MUENNIGHOFF_2023.worth(epochs):5.2f} texts, "
          f"the next token {MUENNIGHOFF_2023.worth_of_next(epochs):4.0%} of a fresh one")

# %% [markdown] slideshow={"slide_type": "notes"}
# The worth of a repeat in five lines, and beside it the library's:

# %% slideshow={"slide_type": "subslide"}
import math


def effective_tokens(n_tokens, unique_tokens, r_star):
    """D': the fresh tokens that teach as much as n_tokens drawn from unique_tokens."""
    repetitions = n_tokens / unique_tokens - 1
    gained = r_star * (1 - math.exp(-repetitions / r_star))
    return unique_tokens * (1 + gained)


# %% slideshow={"slide_type": "fragment"}
for epochs in (1, 4, 40):
    mine = effective_tokens(epochs * 1e12, 1e12, MUENNIGHOFF_2023.R_D_star)
    theirs = MUENNIGHOFF_2023.effective_tokens(epochs * 1e12, 1e12)
    print(f"{epochs:>2} epochs over 1T tokens: {mine / 1e12:.3f}T by hand, {theirs / 1e12:.3f}T")

# %% [markdown] slideshow={"slide_type": "notes"}
# Is our code their law? Their repository prints one loss to sixteen digits, and the best use of one
# budget:

# %% slideshow={"slide_type": "fragment"}
check, best = fact("muennighoff.check").value, fact("muennighoff.allocation").value
loss = MUENNIGHOFF_2023.loss(check["n_params"], check["n_tokens"], check["n_unique_tokens"])
print(f"ours {loss:.13f}\nthem {check['loss']:.13f}")
budget = 6 * best["n_params"] * best["n_tokens"]
ours = MUENNIGHOFF_2023.optimal_allocation(budget, best["n_unique_tokens"])
print(f"best use of {budget:.3g} FLOP on 25B tokens: ours {ours.n_params / 1e9:.2f}B parameters, "
      f"{ours.epochs:.2f} epochs; theirs {best['best_n_params'] / 1e9:.1f}B, {best['epochs']}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Our own repeated text
#
# Nobody need believe it. The fleet of the course holds models of two sizes that read 50 and 100 kB of
# Python 1 to 30 times, and 200 kB up to 8 times.

# %% slideshow={"slide_type": "-"}
predict(
    "P04.2",
    "A model of 45,000 parameters that reads 50 kB 30 times has over-fitted: it was 0.16 nats better "
    "after 15 (chapter 2). With 100 kB, how far is it above its lowest loss after 30 epochs?",
    choices=["as far", "about half as far", "hardly at all"],
)

# %% slideshow={"slide_type": "fragment"}
from course.data.plots import draw_repetition
from course.data.study import repetition
from course.figures import new_figure, show

study = repetition()
figure, axes = new_figure(1, 2, width=9.6, sharey=True)
draw_repetition(axes, study)
show(figure, alt="Loss against epochs for two sizes and three texts, with the law fitted to them.")

# %% slideshow={"slide_type": "fragment"}
largest = max(curve.n_params for curve in study.curves)
twice = next(c for c in study.curves if (c.n_params, c.unique_bytes) == (largest, 100_000))
above = twice.loss[-1] - twice.loss.min()
compare("P04.2", "hardly at all" if above < 0.04 else "about half as far" if above < 0.12 else "as far",
        above=above)
for curve in study.curves:
    rise, last = curve.loss[-1] - curve.loss.min(), curve.epochs[-1]
    turned = (f"lowest at {curve.best_epochs:.0f}, {rise:.3f} nats more at {last:.0f}"
              if curve.turned else f"still falling at {last:.0f}")
    print(f"{curve.n_params:>6,.0f} parameters, {curve.unique_bytes / 1e3:>3.0f} kB: {turned}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Points are measured; dashed is the law, fitted by the code that carries the published constants; dotted
# is what the fleet's law of one epoch says of text that is all fresh. Where a dashed curve leaves the
# dotted one, repeats begin to count for less. Where the points themselves turn upwards, the model
# over-fits (过拟合): its held-out loss *rises*. On 50 kB that is plain; on 100 kB, with one seed, the rise is
# smaller than what two seeds differ by. **The law cannot say that.** Its D' grows with every epoch, so
# its loss never turns. We therefore fit the runs for as long as their loss fell, and show what
# happens to R_D\* when the others are forced in:

# %% slideshow={"slide_type": "subslide"}
study

# %% [markdown] slideshow={"slide_type": "notes"}
# Three warnings come with this table. The choice of runs is part of the result: without those that
# turned, R_D\* comes out larger, though not outside the other's interval; and runs of fewer than 4 bytes
# a parameter are left out too. The intervals come from leaving out one size and text at a time. They know
# nothing of an error in the base law; the points at one epoch show one of 0.05 to 0.3 nats, as much as the
# repeats cost or more. And fitted alone, the small model gives about 19 and the large one 8: that is why
# the interval is so wide, and that ours lies near 15.4 shows little.

# %% slideshow={"slide_type": "subslide"}
from course.data.plots import draw_worth

figure, axes = new_figure()
draw_worth(axes, study)
show(figure, alt="What epochs are worth: the published law within the wide band of ours.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer. A budget of compute, and a unique text that is too small for it: read it
# often with a small model, or seldom with a large one?
#
# 1. At 100 times the compute of one epoch's best, how many epochs are best, and what do the missing fresh
#    tokens cost in nats?
# 2. Make repeats worth little (R_D\* = 3). Does the best number of epochs fall as fast as their worth?
# 3. Change the *unique tokens* alone. What changes in the picture, what only in the words?

# %% slideshow={"slide_type": "slide"}
from course.data.explorer import repeat_explorer

repeat_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** One epoch, at the left, is never best with much compute: the model is then far too
# large. The valley is broad, as in chapter 1, and the dotted one has its bottom near the same place: the
# worth of repeats sets the *price* of missing text more than the number of epochs. Dotted is the law of
# chapter 1, in which neither repeats nor parameters in excess lose anything. (Parameters lose sooner,
# R_N\* = 5.3, so the best is *more* epochs than the dotted curve says.) The curves do not
# move with the unique tokens, since the published α and β are equal; the nats in the corner do. (The
# slider for compute ends at 300: beyond, size and data are both used up and the valley is flat.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Quality, measured
#
# Now dirt. We made a crawl of 4 MB in the image of real ones: half of it programs, a quarter near-copies
# of twenty of them, a quarter bytes in base64. Two filters of the trade: deduplication (去重) by MinHash,
# which finds documents that share most of their word groups, and rules on what can be counted in a
# document (`symbol_share`: the part of its characters that are signs). A piece of the crawl goes through both here.

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
from functools import partial

from course.data import deduplicate, filter_by_statistics
from course.data.training import LIMITS, crawl

documents = crawl()[:100]
found = deduplicate(documents).then(partial(filter_by_statistics, limits=LIMITS), documents)
print(f"{len(documents)} documents, {len(found.kept)} kept. Some of the others:")
for place in sorted(found.removed)[:6]:
    print(f"  {place:>2}: {found.removed[place]}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Every document that goes has its reason beside it: a filter that cannot say why is not trusted here. A
# third kind asks a small language model how strange a text is to it, by its perplexity (困惑度). This one
# has counted the n-grams of clean programs that the crawl does not hold. It takes out the strangest quarter
# and what is empty, however good the rest may be: that number is chosen, not found.

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
from course.data import NgramModel, filter_by_perplexity
from course.data.training import corpus

clean = [text.decode("utf-8", "replace") for text in corpus().documents["held_out"].values()]
judge = NgramModel(order=4).fit(clean[:30])
strange = filter_by_perplexity(documents, judge, highest=0.75)
both = set(strange.removed) & set(found.removed)
print(f"{len(strange.removed)} removed as strange, {len(both)} of them by the other two as well")

# %% [markdown] slideshow={"slide_type": "subslide"}
# What are the filters worth? Five texts, one model, the same half a million bytes read of each, hence
# equal compute; five seeds; all measured on clean files that none has seen.

# %% slideshow={"slide_type": "-"}
predict(
    "P04.3",
    "Which single filter brings the crawl nearer to clean text?",
    choices=["deduplication", "removing data that are no program"],
)

# %% slideshow={"slide_type": "fragment"}
from course.data.plots import draw_quality
from course.data.study import quality

cleaned = quality()
figure, axes = new_figure(width=9, height=3.4)
draw_quality(axes, cleaned)
show(figure, alt="Loss of five texts above that of clean text, with intervals and multipliers.")

# %% slideshow={"slide_type": "fragment"}
single = {"deduplication": "deduplicated", "removing data that are no program": "without data"}
compare("P04.3", min(single, key=lambda name: cleaned.texts[single[name]].excess.value))
for pair in cleaned.comparisons:
    print(pair)
measured = {name: text.multiplier.value for name, text in cleaned.texts.items()}
for text, impact in (
    DataScalingAnalyzer(multipliers=measured)
    .analyze_data_quality_impact(7e9, dict.fromkeys(measured, 1e11)).items()
):
    print(f"{text:<13} counts {measured[text]:.2f} times: "
          f"{impact.effective_tokens / 1e9:5.1f}B of 100B tokens, {impact.loss:.3f} nats if that held")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** A multiplier here is a measurement: the clean bytes that would have taught as much,
# over the bytes that were read, by the slope of our own law. Its interval is that of the differences seed
# by seed. The lines printed above the last five compare every two texts, and one rule decides, here and in
# the whole course: ten comparisons are corrected together by Holm (chapter 2), and what has p > 5 % then
# is *not told apart*. So taking the data out helps, and falls short of clean text. Both filters are told
# apart neither from that one alone nor from clean text, which does not say that they are alike. And the
# deduplicated text is *worse* than the crawl (this one crawl: seeds change the model, not the text). The
# likely reason, which we did not test: the copies were
# good programs, half a million bytes out of four million are read less than once, and taking copies out
# leaves a larger *share* of data.
#
# The last lines carry our numbers to a model of 7B. **Do not.** They were measured at 27,000 parameters on
# Python. That is exactly what a table without a source asks you to do.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4.2 When does the text run out? · A §4.1
#
# A's forecast of data exhaustion (数据耗尽) knows 10 trillion tokens in all, 100 billion more each year, and
# takes two arguments: what is in use, and its rate of growth. It goes from year to year, adds what was
# newly written since 2024, and stops at 80 % of all.

# %% slideshow={"slide_type": "-"}
predict(
    "P04.4",
    "5 trillion tokens are in use. The growth of use goes from 0 to 10,000 % a year. "
    "How does the year that A prints change?",
    choices=["not at all", "it comes sooner", "it comes later"],
)

# %% slideshow={"slide_type": "fragment"}
years = {growth: as_written.forecast_data_exhaustion(5e12, growth)["estimated_exhaustion_year"]
         for growth in (0, 0.1, 2.5, 100)}
print(years)
slow, fast = years[0], years[100]
compare("P04.4", "not at all" if slow == fast else "it comes sooner" if fast < slow else "it comes later")
print("With Llama 3's 15 trillion, used in 2024:", as_written.forecast_data_exhaustion(15e12, 0))

# %% [markdown] slideshow={"slide_type": "notes"}
# Two kinds of answer come back, an int or a sentence, so that whoever computes with it must expect both.
# The stock is the other fault: Villalobos and colleagues (2024) put the indexed web at 510 trillion
# tokens, 130 to 2,100 with 95 %. Ours gives an interval to each of six: raw stock, good share, what
# repetition makes of it, demand, and the growth of both. *Demand* is the largest data set in use, by the
# paper's trend: 3 to 13 trillion in 2024, less than Llama 3's. It draws all of them together:
#
# $$\text{stock} = \left(\text{raw} \cdot \text{good share} + \text{other}\right) \cdot \text{repetition}
# \cdot (1 + \text{synthetic}), \qquad
# t = \frac{\ln(\text{stock}/\text{demand})}{\ln(g_{\text{demand}}/g_{\text{stock}})}$$

# %% slideshow={"slide_type": "subslide"}
from course.data import DataExhaustionForecast

forecast = DataExhaustionForecast()
forecast.forecast_data_exhaustion()

# %% slideshow={"slide_type": "fragment"}
from course.data.plots import draw_supply_and_demand

figure, axes = new_figure()
draw_supply_and_demand(axes, forecast)
show(figure, alt="Demand rises steeply and crosses the nearly flat stock around the end of the 2020s.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Lines are medians, bands hold 90 %. The paper itself finds 2028, with 80 % from 2026 to 2032: it mixes
# past growth, as here, with a slower projection from future compute, which widens its interval. From
# Llama 3's 15 trillion on, our median would be a year earlier. Demand grows 2.4 times a year. Ask what a find is worth against that.

# %% slideshow={"slide_type": "subslide"}
predict(
    "P04.5",
    "Somebody finds as much text again: the stock doubles. By how many years does that move the date?",
    unit="years",
)

# %% slideshow={"slide_type": "fragment"}
from course.data import DEMAND_GROWTH, STOCK_GROWTH

years = math.log(2) / math.log(DEMAND_GROWTH.median / STOCK_GROWTH.median)
compare("P04.5", years)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What would help, as terms
#
# A suggests synthetic data (合成数据), filters, other modalities and further training on new data. Three of
# these are a factor or a summand in the formula; further training adds no text to the stock and has no
# term. The last row is ours: five times the tokens per parameter of the best mixture of size and data,
# at equal compute, multiplies demand by √5. The amounts are examples, most of them generous.

# %% slideshow={"slide_type": "-"}
from course.data.plots import draw_remedies

remedies = forecast.remedies()
figure, axes = new_figure(width=8.6)
draw_remedies(axes, remedies)
show(figure, alt="Each change alone moves the date by one or two years, later or sooner.")
for name, one in remedies.items():
    moved = one.median_year - remedies["as it is"].median_year
    print(f"{name:<40} {one.median_year:.1f}  ({moved:+.1f} years)")

# %% [markdown] slideshow={"slide_type": "notes"}
# A stricter filter goes the wrong way here: it makes the stock smaller, and pays only if the tokens that
# stay count for more, which is section 4.1. Synthetic text counts only *beside* real text, which keeps
# accumulating; in its place it ends in collapse (chapter 2). A left out the simplest remedy: reading text
# up to about four times.
#
# 1. At which growth of demand does the text last beyond 2040 in half of the cases?
# 2. Once to fifty epochs: how many years are bought, and why does the last half buy so little?
# 3. Which stock do you believe in? Does the choice matter more than the growth?

# %% slideshow={"slide_type": "slide"}
from course.data.explorer import run_out_explorer

run_out_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The curve is the chance that demand has reached the stock by a year. Growth sets its
# place and its slope; everything on the stock's side works through a logarithm. The word *exhausted* needs
# care, too: what ends is growth by ever more fresh text, not the text. And demand does not grow into a
# wall at an unchanged pace: prices, laws or other ways to train may come first.

# %% slideshow={"slide_type": "skip"}
cards("K071", "K072", "K073", "K074", "K075", "K076", "K077", "K078")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4.3 How diverse, and is even best? · A §4.2 数据多样性挑战
#
# C §2.2 says that more diverse data help a model generalise. A wants to measure diversity: the share of
# each domain, the Shannon entropy (香农熵) over its largest value, called evenness (均匀度), and advice. The
# function that finds the shares is not in the document. The formula breaks at its edges:

# %% slideshow={"slide_type": "-"}
import warnings

from course.data import DataDiversityAnalyzer, effective_number, evenness

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # A divides 0 by 0
    for mix in ({"web": 1}, {"web": 1, "code": 0}, {"web": 3, "code": 1}):
        print(f"{mix!s:<24} A: {float(as_written.calculate_diversity_index(mix)):5.2f}   "
              f"ours: {evenness(mix):.2f}   as {effective_number(mix):.2f} equal domains")
skewed = {"web": 0.80} | dict.fromkeys(("code", "books", "papers", "talk", "news"), 0.04)
advice = as_written.generate_diversity_recommendations(skewed)
kept = sum(share for domain, share in skewed.items() if domain not in advice)
print(f"A's advice for six domains of 80, 4, 4, 4, 4 and 4 %: {sum(advice.values()):.0%} for five of "
      f"them, beside the {kept:.0%} that stay")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The domains of a real corpus
#
# Ours finds the shares with a classifier: words counted, logistic regression, trained on files whose
# package is known. Then it reads files that it has not seen, without their labels.

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
from course.experiments.corpus import load_corpus

library = load_corpus(("stdlib", "matplotlib", "networkx"))
files = {split: {name: text.decode("utf-8", "replace")[:3000] for name, text in texts.items()}
         for split, texts in library.documents.items()}
labels = {split: [name.split("/")[0] for name in texts] for split, texts in files.items()}
diversity = DataDiversityAnalyzer().train(list(files["train"].values()), labels["train"])
unseen = list(files["held_out"].values())
truth = diversity.analyze_domain_coverage(unseen, labels["held_out"]).distribution
print(f"right on {diversity.accuracy:.0%} of files kept back in training; true shares:",
      {name: f"{share:.1%}" for name, share in truth.items()})
coverage = diversity.analyze_domain_coverage(unseen)
coverage

# %% [markdown] slideshow={"slide_type": "notes"}
# The classifier knows the domains that it was shown and no other; whoever draws the borders decides the
# index. Split one domain in two and evenness changes, though not a byte did. The effective number (e to
# the entropy) at least says what it counts.
#
# Advice must add up. Ours wants a target, and tells the price of it: how often each domain is then read.

# %% slideshow={"slide_type": "subslide"}
corpus_tokens = {"web": 900e9, "code": 80e9, "books": 20e9}
for target in ("even", {"web": 6, "code": 3, "books": 1}):
    plan = diversity.recommend(corpus_tokens, target, n_tokens=600e9)
    print(f"{target!s:<36}", "  ".join(
        f"{one.domain} {one.weight:.0%}, {one.epochs:.1f} epochs, worth {one.worth:.0%}"
        for one in plan.values()), f"  sum {sum(one.weight for one in plan.values()):.0%}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Is even best?
#
# A takes for granted that the more even, the better. That is a question about training, so we trained:
# seven mixtures (数据配比) of two domains of the same files, code and words (comments and docstrings),
# same model, same bytes, five seeds. Each is measured on both.

# %% slideshow={"slide_type": "-"}
predict(
    "P04.6",
    "A model will be used on code, with 10 % of words among it. "
    "Of 0, 10, 25, 50, 75, 90 and 100 % of words in training, which is best?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
from course.data.plots import draw_mixtures
from course.data.study import mixtures

mixed = mixtures()
figure, axes = new_figure()
draw_mixtures(axes, mixed)
show(figure, alt="Loss on code, on words and on both against the share of words, the best ringed.")

# %% slideshow={"slide_type": "fragment"}
alike = mixed.indistinguishable_shares(0.1)
compare("P04.6", 100 * mixed.best_share(0.1), low=min(alike), high=max(alike))
even = list(mixed.shares).index(0.5)
for use in (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1):
    losses, alike = mixed.expected(use), mixed.indistinguishable_shares(use)
    print(f"{use:>4.0%} words in use: best {mixed.best_share(use):>4.0%}, not told apart "
          f"{min(alike):.0%} to {max(alike):.0%}; even costs {losses[even] - losses.min():.3f} nats")

# %% [markdown] slideshow={"slide_type": "-"}
# The same for every use between all code and all words:

# %% slideshow={"slide_type": "subslide"}
from course.data.plots import draw_best_mixture

figure, axes = new_figure()
draw_best_mixture(axes, mixed)
show(figure, alt="The best share in training against the share in use, beside even and as used.")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** The step line is the best of the seven mixtures for each use; the shade is what our
# runs do not tell apart from it, by the same rule: all 21 pairs of mixtures, since the best one was found
# by looking at all. If even were best, the step would lie on the dotted line for every use; if one
# should train on what one is used for, on the dashed one. There is no best mixture without a target, and
# so no evenness to be raised for its own sake. Note how flat the losses are around their lowest point,
# and how steep at the ends: a little of the other kind costs almost nothing and saves a lot on it.
# Larger studies say the same: fitted mixing laws (Ye et al., 2024) and RegMix (Liu et al., 2024) find best
# mixtures that are not even.

# %% slideshow={"slide_type": "skip"}
cards("K079", "K080", "K081", "K082")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4.4 To collect, to clean, to protect
#
# ### B §3.2 Step 2 收集和整理高质量大数据
#
# Document B lists data sets to collect, GPT-3's among them, which was never released. It wants them
# cleaned and labelled. Cleaned, yes. Its image sets, ImageNet and COCO, need labels; a language model
# learns from the next token, which is its own label.

# %% slideshow={"slide_type": "skip"}
cards("K126", "K127")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### B §9 Q1 大模型训练和推理过程中，如何保证数据的质量和隐私？
#
# B's list: clean, encrypt, control access, differential privacy (差分隐私), distillation (知识蒸馏), federated
# learning (联邦学习). The items guard different doors. Encryption and access guard the *files*; a model
# that recites its text goes around both. Federated learning leaves the files at home, and what it sends
# can still betray them. Only differential privacy promises a bound, on how much one person's data can
# change what comes out, and pays for it in accuracy (B puts it at collection; usually it is put into
# training).
# Missing from the list is the cheapest: what stands in the corpus once is recited far less than what
# stands there often (Lee et al., 2022). A made-up secret, and a model that fits in a cell:

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
import numpy as np

secret = "password = 'kettle-fjord-9417'\n"
for copies in (0, 1, 10, 100):
    model = NgramModel(order=6).fit([*clean[:20], *[secret] * copies])
    p = model.probabilities(secret)[len("password = '"):]
    print(f"{copies:>3} copies: {np.exp(np.log(p).sum()):.2g} is the chance to write it out, "
          "once the quote is open")
once = deduplicate([*clean[:20], *[secret] * 100]).of([*clean[:20], *[secret] * 100])
print("after deduplication it stands there", once.count(secret), "time")

# %% [markdown] slideshow={"slide_type": "notes"}
# Deduplication protects, whether or not it cleans; it is no guarantee, as the line for one copy shows.
# Distillation is none either: a student learns what its teacher says, and a teacher can recite.

# %% slideshow={"slide_type": "skip"}
cards("K165")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4.5 Tuning, and sets that do not fit · C §9 附录：常见问题与解答
#
# C asks how to choose hyperparameters (超参数), and answers: grid, random or Bayesian search. For a run
# that costs millions nobody searches; one tunes small models and carries the setting over by a rule. The
# fleet has such a rule for the learning rate, 1/√width, tuned on models of these sizes. Is it near each
# width's own best? (Beyond these widths it is untested.)

# %% slideshow={"slide_type": "-"}
from course.data.study import best_rate_factors

for width, (factor, cost) in best_rate_factors().items():
    print(f"width {width:>2}: of 0.25, 0.5, 1, 2 and 4 times the rule, {factor:g} has the lowest loss; "
          f"the rule costs {cost:.3f} nats")

# %% [markdown] slideshow={"slide_type": "notes"}
# Random search beats a grid where few of many settings matter, and both are fine for models that train
# in seconds. C's second question is what to do with large data: sample, read in batches,
# distribute. Right, and section 4.1 adds the step that comes first: MinHash compares each document with a
# handful of candidates instead of with all others, so that cleaning grows with the corpus and not with
# its square.

# %% slideshow={"slide_type": "skip"}
cards("K202")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **The constant.** R_D\* was fitted to one corpus and 182 runs, with one floor for all. Models that over-fit
#   lie outside of the law, and regularisation moves that border.
# - **The date.** Full use in 2028 supposes growth as in the past. Text outside the indexed web is several
#   times as much, and nobody knows what part may be used.
# - **Synthetic text.** Beside real text it can help (Gerstgrasser et al., 2024), in its place it harms
#   (Shumailov et al., 2024). What a synthetic token is worth depends on who wrote and who checked it.
# - **Quality.** DataComp-LM reports a score like Llama 3 8B's for 6.6 times less compute, with filtered
#   data. A filter tuned to a test also brings the model nearer to that test.
# - **Small runs.** Ours have 10⁴ parameters. A mixture or a filter that wins there need not win at 10¹⁰.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - Up to about four epochs, repeated text is nearly as good as fresh; after sixteen the next token is
#   worth little over a third. Beyond, over-fitting waits, of which the law knows nothing.
# - A quality multiplier is a measurement at one size, on one text, with an interval, or it is a wish.
# - A filter can remove what is harmless. Train before and after, at equal compute.
# - Against growth of 2.4 times a year, doubling the stock buys less than a year.
# - "Diverse" needs borders, and "best" needs a target. Weights must sum to one.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Muennighoff et al. (2023), *Scaling Data-Constrained Language Models*,
#   [arXiv:2305.16264](https://arxiv.org/abs/2305.16264).
# - Villalobos et al. (2024), *Will we run out of data?*,
#   [arXiv:2211.04325](https://arxiv.org/abs/2211.04325).
# - Lee et al. (2022), *Deduplicating Training Data Makes Language Models Better*,
#   [arXiv:2107.06499](https://arxiv.org/abs/2107.06499).
# - Li et al. (2024), DataComp-LM, [arXiv:2406.11794](https://arxiv.org/abs/2406.11794).
# - Ye et al. (2024), *Data Mixing Laws*, [arXiv:2403.16952](https://arxiv.org/abs/2403.16952); Liu et al.
#   (2024), *RegMix*, [arXiv:2407.01492](https://arxiv.org/abs/2407.01492).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From the worth of an epoch to a forecast and a mixture of your own:
# [04 The data bottleneck](../exercises/04_data_bottleneck/04_data_bottleneck.ipynb).
