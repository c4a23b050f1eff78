# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1. Lab: measure your own law
#
# **Core question**: can you find a scaling law with nothing but your own processor, and how far would
# you trust it?
#
# **You will be able to**
# - train small language models and see where they fall on a line that was measured before;
# - read the best size off an IsoFLOP valley, fit it in three ways, and give each answer its interval;
# - show on one set of runs how Kaplan and Chinchilla could disagree;
# - forecast a larger budget, be scored, and name what ruins a study.
#
# **You need first**: [chapter 1](01_scaling_laws.ipynb).
#
# **Time**: 45 minutes to read and do, 45 seconds to run, 122 minutes for the exercises.
#
# **Mirrors**: nothing new. A §1.1 and A §1.2 again, on data of our own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L1. Three models of your own
#
# A law is worth what its runs are worth, so here are all the parts of ours. The text (语料, corpus) is one
# that you already have: the Python source of what this course installs. Every byte (字节) is a token, so
# the vocabulary is 256. One file in twelve is held out (验证集): no model trains on it, every loss (损失) is
# measured on it, in nats per byte. Guessing among all bytes costs ln 256 = 5.55.

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
from course.experiments.corpus import load_corpus

corpus = load_corpus()
for split in ("train", "held_out"):
    print(f"{split:<9} {corpus.text(split).size / 1e6:5.1f} MB in "
          f"{len(corpus.documents[split]):,} files")
print("fingerprint", corpus.fingerprint)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The model is a decoder-only transformer (仅解码器) of three layers that reads 64 bytes at a time. Only its
# width d varies. This is one of width 24; all of its code is 150 lines, in `course/experiments/model.py`.

# %% slideshow={"slide_type": "-"}
from course.experiments.model import LanguageModel

model = LanguageModel(d_model=24)
for name, part in model.named_children():
    print(f"{name:<10} {sum(weights.numel() for weights in part.parameters()):>7,} parameters")
print(model.blocks[0])

# %% [markdown] slideshow={"slide_type": "subslide"}
# We trained a *fleet* of such models in advance and kept every run in a table. At each budget there is a
# best size; this is the loss there, read off a smooth valley that L2 shows (single seeds scatter about it):

# %% slideshow={"slide_type": "-"}
from course.experiments import study
from course.units import format_flop

isoflop = study.measured("isoflop")
line = study.frontier(isoflop)
for flops, loss in zip(line.losses.x, line.losses.y, strict=True):
    print(f"{format_flop(flops):>10}  {loss:.3f} nats per byte")

# %% [markdown] slideshow={"slide_type": "fragment"}
# You now train three models on 1e10, 3e10 and 6e10 FLOP, two at a time. The first gets a third of the
# smallest budget above.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, my_folder, predict

predict("L01.1", "What loss will a model reach that is trained on 1e10 FLOP?", unit="nats per byte",
        interval=0.8)

# %% slideshow={"slide_type": "subslide"} tags=["machine-dependent"]
from course.experiments import fleet
from course.experiments.sweep import read_table, sweep

table = my_folder() / "my_runs.csv"
sweep(fleet.run, fleet.live(seeds=[7]), table, n_jobs=2, cost=fleet.flops, unit="FLOP",
      provenance=fleet.provenance())
mine = sorted((row for row in read_table(table) if row["study"] == "live"), key=fleet.flops)
for row in mine:
    print(f"width {row['d_model']:>2}, {format_flop(row['flops']):>10}, {row['n_tokens']:,} bytes: "
          f"{row['loss']:.3f} nats per byte in {row['seconds']:.0f} s of processor time")

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
compare("L01.1", mine[0]["loss"], by_line=float(line.losses.predict(1e10)))

# %% [markdown] slideshow={"slide_type": "notes"}
# Each run was written to `my_runs.csv` when it ended. Had you stopped the cell half way, by the stop
# button or the power switch, calling it again would do only what is missing. Run it again now: it
# trains nothing.

# %% slideshow={"slide_type": "subslide"} tags=["machine-dependent"]
from course.experiments.plots import draw_frontier
from course.figures import new_figure, show

figure, axes = new_figure()
draw_frontier(axes, line, mine, study.measured("live"))
show(figure, alt="Three small models lie near the line through the fleet's best runs, extended down.")

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
import numpy as np

for row in mine:
    three = [one["loss"] for one in study.measured("live") if one["flops"] == row["flops"]]
    off = row["loss"] / line.losses.predict(row["flops"]) - 1
    print(f"width {row['d_model']:>2}: {row['loss']:.3f}, off the line by {off:+.1%}; the fleet's "
          f"seeds {np.mean(three):.3f}, standard deviation {np.std(three, ddof=1):.3f}")
print("the same text as the fleet's:", mine[0]["corpus"] == isoflop[0]["corpus"])

# %% [markdown] slideshow={"slide_type": "notes"}
# Two rulers measure your runs. The *seeds* (随机种子): the same model, started and fed in another order. A
# run of yours should differ from the fleet's by about their standard deviation. If it differs by
# much more, look at the last line: another version of Python is another text. And the *line*, here
# dashed where nobody had measured. It tells where a model lands within a percent or two. The first run
# lies below it, and so do its three fleet seeds: the law is not quite straight down there. A model of the
# wrong size for its budget lies above. Which size is the right one?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L2. The valley in our own data
#
# What is N, and what is C? Our compute counts every product that the model does for a byte, forward and
# backward: 6 FLOP for each weight of the blocks and the head, and 6·L·T·d for attention over T bytes in L
# layers. Parameters (参数量) can be counted in three ways, and at this scale they differ:

# %% slideshow={"slide_type": "-"}
from course.experiments.model import count_parameters, flops_per_token

print("width   blocks only   with the head   everything   C / (6 N D)")
for d_model in (8, 16, 32, 64, 128):
    n = count_parameters(d_model)
    share = flops_per_token(d_model) / (6 * n.n_with_head)
    print(f"{d_model:>5} {n.n_non_embedding:>13,} {n.n_with_head:>15,} {n.n_total:>12,} {share:>13.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# For GPT-3 the first and the last column differ by less than one percent, and 6·N·D is good to a few. For a
# model of width 8 they differ nearly threefold. Unless we say otherwise N is the middle column, the weights
# that work for every byte, and C is counted as above, not 6·N·D. D are the bytes trained on.

# %% [markdown] slideshow={"slide_type": "subslide"}
# For each budget the fleet holds six widths. A wider model sees less text. Somewhere between lies the
# compute-optimal (计算最优) size N*: the bottom of the IsoFLOP valley of chapter 1.

# %% slideshow={"slide_type": "-"}
predict("L01.2", "With ten times the compute, how many times larger is the best model?", unit="times")

# %% slideshow={"slide_type": "slide"}
from course.experiments.plots import draw_valleys

figure, axes = new_figure(width=9, height=5.6)
draw_valleys(axes, isoflop)
show(figure, alt="Loss against size: a valley at each budget, lower and further right for larger ones.")

# %% slideshow={"slide_type": "fragment"}
a = line.sizes.exponent
compare("L01.2", 10**a, a=a)

# %% [markdown] slideshow={"slide_type": "notes"}
# Every mark is one trained model, every star the lowest point of a parabola in log N. Where three marks
# of one shape stand above each other, only the seed differs. Look at how far apart they are, and then at
# how flat the valleys are. A shift of a mark by its seed's luck hardly changes the *height* of a
# star, and moves it *sideways* by a lot. Keep this picture: it explains every interval below.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L3. Is the recipe fair?
#
# A valley compares sizes. It is honest only if every size is trained as well as every other. The first
# suspect is the learning rate (学习率): wide models want a smaller one. Our rule gives hidden matrices
# 8e-3·√(64/d), and embedding and head 3.2e-2. To test it we trained five widths, the three narrow ones
# near their own best budget, the two wide ones on a sixth of theirs, with both rates divided and
# multiplied by 2 and 4.

# %% slideshow={"slide_type": "-"}
predict("L01.3", "Which mistake costs more loss?", choices=["rates 4 times too low", "4 times too high"])

# %% slideshow={"slide_type": "subslide"}
from course.experiments.plots import draw_rates
from course.experiments.rates import rate_studies

rates = rate_studies(study.measured("learning_rate"))
figure, axes = new_figure()
draw_rates(axes, rates)
show(figure, alt="Loss against the learning rate: flat near our rule, worse at a quarter and at four times.")

# %% slideshow={"slide_type": "fragment"}
for one in rates:
    print(f"width {one.d_model:>3}: a parabola has its bottom at {one.best_factor:.2f} times the rule, "
          f"{one.cost:.2f} % lower; the best rate tried is {0 - one.excess.min():.2f} % lower")
low, high = (np.mean([one.excess[end] for one in rates]) for end in (0, -1))
compare("L01.3", "rates 4 times too low" if low > high else "4 times too high",
        low=low, high=high)

# %% [markdown] slideshow={"slide_type": "notes"}
# What must *not* happen is a trend: a best factor that falls or rises with the width. It would lift one
# side of every valley and tilt the whole study. Kaplan's warm-up, too long for small models, was a
# mistake of this kind (Porian et al., 2024). Look for it in ours. By parabolas through rates a factor of
# two apart, width 24 would like more than the rule and the two widest less: no clean trend. The two
# widest are also those that we trained briefly, and the last column says that no rate we tried gained
# anything. So a trend is neither shown nor excluded; one seed differs from the next by more.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L4. Three ways to the optimum
#
# Hoffmann and colleagues read N*(C) off their runs in three ways. So do we:
#
# 1. **Envelope**: at each budget take the run with the lowest loss; a power law through these.
# 2. **Parabolas**: at each budget the bottom of the valley; a power law through these.
# 3. **Surface**: fit $L = E + A/N^\alpha + B/D^\beta$ to all runs at once, and ask it for the best N.
#
# Behind each number stands an interval (区间) from a bootstrap (自助法): 300 new tables that might as
# well have been measured, each fitted again. A new table draws whole *configurations*, one size at one
# budget with all its seeds, for these err together: within one they lie on the same side of parabola and
# surface more often than chance allows (a permutation test, p below 0.01).

# %% slideshow={"slide_type": "-"}
predict("L01.4", "The three estimates of the exponent a of N*: by how much do the highest and lowest differ?",
        interval=0.8)

# %% slideshow={"slide_type": "subslide"}
from course.experiments.approaches import compare_approaches

approaches = compare_approaches(isoflop)
approaches

# %% slideshow={"slide_type": "fragment"}
exponents = [boot.fit.exponents["a"] for boot in approaches.fits.values()]
compare("L01.4", max(exponents) - min(exponents))

# %% [markdown] slideshow={"slide_type": "subslide"}
# First what agrees: the loss. To each approach L*(C) is nearly a straight line on log axes (last
# column), and the three exponents lie within each other's intervals. Then what does not: the size.

# %% slideshow={"slide_type": "-"}
from course.experiments.plots import draw_sizes

figure, axes = new_figure()
draw_sizes(axes, approaches)
show(figure, alt="The best size against compute by three approaches: three lines that cross.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Why do they disagree, on the very same runs?
#
# - The *envelope* can only choose sizes that were trained. Ours lie about a factor of two in N apart, so
#   each of its points may be off by √2. It also takes the luckiest seed.
# - The *parabolas* interpolate, but a handful of budgets is a handful of points for a line. And a valley is
#   not a parabola: its small-model side is another power than its large-model side.
# - The *surface* fits all sizes at once and pays by believing a formula. It leaves out runs with fewer than
#   four bytes a parameter, which this formula does not fit. That is a choice: with another border a goes
#   from 0.31 to 0.53, most of the way through its interval, which knows nothing of choices.
#
# Beside the documents: the code of A §1.1 lets the loss fall as C^−0.076, and Hoffmann's exponents are 0.46 to
# 0.50 for N. Ours belong to another text and to models a million times smaller.
#
# Part of the surface is the floor E. This is what our runs say of it:

# %% slideshow={"slide_type": "subslide"}
surface = approaches.fits["3. surface"]
low, high = np.percentile(surface.samples.surface.E, [2.5, 97.5])
print(f"E = {surface.fit.surface.E:.2f} nats per byte, 95 %: {low:.2f} to {high:.2f}")
print(f"the lowest loss of any run: {min(row['loss'] for row in isoflop):.2f}")
print(surface.fit.surface.certificate)

# %% [markdown] slideshow={"slide_type": "notes"}
# The surface is a formula, and nothing but its five numbers comes out of the fit. Type it, try all sizes
# at one budget (here C = 6·N·D), and compare with the closed form of chapter 1:

# %% slideshow={"slide_type": "-"}
c = surface.fit.surface


def L(N, D):
    return c.E + c.A / N**c.alpha + c.B / D**c.beta


N = np.geomspace(1e3, 1e7, 4001)  # parameters
N_best = N[np.argmin(L(N, 1e12 / (6 * N)))]

# %% slideshow={"slide_type": "fragment"}
print(f"by trying all sizes {N_best:,.0f} parameters, by the closed form {c.law.optimum(1e12)[0]:,.0f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# And the floor? Nobody has been near it. It is the answer to "what if N and D were infinite?", asked of runs far away
# from it, so small changes of the data move it: the interval reaches 0, and our runs do not tell a floor
# from none. When a paper prints a floor with two decimals, ask for this line.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L5. Kaplan against Chinchilla, in miniature
#
# Kaplan counted the parameters of the blocks only; Hoffmann counted all. Here is the same fleet, the
# same losses and the same compute. Only the label of the horizontal axis changes.

# %% slideshow={"slide_type": "-"}
predict("L01.5", "Leave embedding and head out of N: what does the exponent of N* do?",
        choices=["it rises", "it falls", "it stays"])

# %% slideshow={"slide_type": "subslide"}
from course.experiments.approaches import compare_counts, difference

counts = compare_counts(isoflop)
counts

# %% slideshow={"slide_type": "fragment"}
blocks, _, everything = counts.fits.values()
apart, low, high = difference(blocks, everything)
does = "it stays" if low <= 0 <= high else "it rises" if apart > 0 else "it falls"
compare("L01.5", does, apart=apart, low=low, high=high)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The marks are the same valleys, moved left or right by the way of counting:

# %% slideshow={"slide_type": "-"}
figure, axes = new_figure()
draw_sizes(axes, counts)
show(figure, alt="The best size against compute, counted in three ways: the lines have three slopes.")

# %% [markdown] slideshow={"slide_type": "notes"}
# The blocks grow with d², the embedding only with d. So the larger the model, the smaller the part that
# Kaplan left out: his small models look smaller than they are, and the line gets steeper. Pearce and
# Song (2024) showed that this, on top of small models, explains most of Kaplan's 0.73.
#
# Look at the intervals. That of each exponent is about three times as wide as that of their *difference*,
# for all three counts share the runs and thus the noise. Compare like with like before you compare
# intervals.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L6. How sure are we?
#
# The exponent of N* again, by parabolas, in 300 tables that might have been measured. Would our fleet
# alone have told Hoffmann's exponent from Kaplan's?

# %% slideshow={"slide_type": "-"}
from course.experiments.plots import draw_exponent

figure, axes = new_figure()
draw_exponent(axes, approaches.fits["2. parabolas"])
show(figure, alt="A histogram of the exponent over resamples, with two published values as lines.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Kaplan's exponent lies outside, with our count of N and, by less, with his (L5). Hoffmann's lies inside,
# with our count and with his. Our fleet speaks against 0.73; it cannot tell 0.49 from 0.45 or 0.6. Why is
# the interval lopsided? A valley is no parabola: leave out its one large model, as a new table may,
# and its star moves to the right. And the interval does not know that the learning rate was tuned at some
# widths only, or that all runs read the same text. Besiroglu and colleagues (2024) found an interval in a
# famous paper that was so narrow that it would have taken 600,000 runs. Ours took a few dozen.
#
# A better test than any interval is a forecast (外推) that can fail. The fleet's largest budget took no part
# in the next fit.

# %% slideshow={"slide_type": "subslide"}
rows = study.measured("isoflop")
*used, target = study.budgets_of(rows)
for flops, loss in zip(line.losses.x, line.losses.y, strict=True):
    if flops < 0.9 * target:
        print(f"{format_flop(flops):>10}  {loss:.3f}")
predict("L01.6", "A straight line through these, followed up: by how many percent will it miss the bottom "
        f"of the valley at {format_flop(target)}?", unit="%", interval=0.8)

# %% slideshow={"slide_type": "fragment"}
from course.experiments.forecasts import every_forecast

line_error = 0.0
for n_budgets, by, one in every_forecast():
    words = "refuses: too few runs for five constants"
    if one:
        observed = one.observed
        line_error = 100 * abs(one.error) if "line" in by else line_error
        low, high = one.interval
        words = f"{one.predicted:.3f} ({low:.3f} to {high:.3f}), off by {one.error:+.2%}"
    print(f"{n_budgets} budgets, {target / used[n_budgets - 1]:4.1f} times beyond: {by:<23} {words}")
lowest = min(row["loss"] for row in rows if row["flops"] > 0.9 * target)
print(f"lowest single run: {lowest:.3f}")
compare("L01.6", line_error, observed=observed)

# %% [markdown] slideshow={"slide_type": "notes"}
# A straight line knows no floor, so it promises too much. The surface has a floor, one
# that nobody has seen, and comes closer. If the line from further away is the better one, that is
# luck: an error has a sign, and two of them can cancel. Now the bands: that of the line from four budgets
# misses what was measured, though by little, for it knows nothing of curvature. The surface's holds it, and
# is wider. (With one seed in place of three the surface misses by more than the line,
# on the other side.) And remember that the papers of chapter 1 go a hundred times beyond their runs, or more.
#
# Now cut the data that the forecast is made from, and look at the intervals.

# %% [markdown] slideshow={"slide_type": "subslide"}
# 1. Use three budgets. What happens to the interval of a, and what to the forecast?
# 2. Use one seed alone, then each of the others. How far does a move? Is that inside of the interval?
# 3. Let the surface forecast, from three budgets and one seed. What went wrong?

# %% slideshow={"slide_type": "slide"}
from course.experiments.explorer import how_sure

how_sure()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Blue: the budgets used, the forecast, and its 95 % band (dotted). Hollow circles: valleys
# that were left out. Orange: what the largest budget gave, the star the bottom of its valley. The inset shows where the
# resamples put a. With fewer budgets the band spreads like a fan, and a wanders widely while the straight line
# still forecasts the loss within a few percent. The surface, from three budgets and one seed, is far off
# and its interval of a says nearly nothing: five constants from a dozen runs are a drawing, not a
# measurement.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L7. Break the law
#
# Now ruin the study on purpose. Two flaws had to be trained: *one learning rate for all*, that of
# width 8, and *schedules cut short*, where each run stops after a quarter of the schedule that its learning
# rate was planned for. Others are only a matter of what one looks at: N counted as in L5 (blocks only, or
# everything), a single decade of budgets, one seed in place of three.

# %% slideshow={"slide_type": "-"}
from course.experiments.flawed_studies import excess_loss, one_flaw_each

flaws = one_flaw_each()
fitted = [name for name, one in flaws.items() if one and one.interval and name != "none"]
predict("L01.7", "Which flaw moves the exponent of N* furthest?", choices=fitted)

# %% slideshow={"slide_type": "fragment"}
trained, moved = ("one learning rate", "short schedules"), {}
for name, one in flaws.items():
    if one is None:
        print(f"{name:<20} no line: fewer than three budgets show a valley")
        continue
    # What was trained badly has fewer budgets: it is compared with good runs of the same ones.
    base = one.fair if name in trained else flaws["none"].fit
    own = one.fit.exponents["a"]
    moved[name] = own - base.exponents["a"]
    interval = "{:.3f} to {:.3f}".format(*one.interval) if one.interval else "no interval"
    print(f"{name:<20} a = {own:.3f} ({interval}), moved by {moved[name]:+.3f} from "
          f"{base.exponents['a']:.3f}, {one.n_runs} runs")
compare("L01.7", max(fitted, key=lambda name: abs(moved[name])))

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer:
#
# 1. Take *one learning rate* and *blocks only* together. Do their moves add up? Add *one decade*: how near
#    to Kaplan's 0.73 do you come, and how wide is the interval?
# 2. Is the move of *schedules cut short* the same with each count of N?
# 3. Can two flaws cancel, so that a bad study agrees with a good one?

# %% slideshow={"slide_type": "slide"}
from course.experiments.explorer import break_the_law

break_the_law()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Grey is our best study. Orange is yours, and the thin lines go through its middle with
# the slopes of 2020 and 2022. The sentence gives a third number: the same budgets, trained
# as they should be. Compare with that one, for leaving out runs moves the exponent as well.
#
# A flaw moves the exponent when it hurts some sizes more than others. Who is hurt, at a small budget and at a
# larger one?

# %% slideshow={"slide_type": "subslide"}
for flaw in ("one learning rate for all", "schedules cut short"):
    for flops in (1e11, 1e12):
        hurt = [f"width {d} {percent:+.1f} %" for d, percent in excess_loss(flaw, flops).items()]
        print(f"{flaw:<26} {format_flop(flops)}  ", "   ".join(hurt))

# %% [markdown] slideshow={"slide_type": "notes"}
# The rate that suits width 8 is too high for most others, the more so the wider they are. At one width,
# longer runs forgive it (48); but the widest model of the larger budget pays most. What counts is what
# happens near the bottom of the valley: there the small budgets are hurt more, so their stars move further
# to the left, and the line turns. One seed and four budgets hardly prove by how much: read the interval.
#
# A schedule cut short robs a model of its last, slow steps. Every loss rises, most of them by far more than
# a seed's luck. The stars all move to the right, not quite equally, so the exponent moves, but little for
# such bad losses; with one seed even that is hardly shown. Bad losses can hide a good exponent, and
# good losses a bad one. Kaplan's schedule, in Hoffmann's account,
# was worse than ours: one length for all, right for some runs and wrong for others. Question 3 is
# the uncomfortable one. Agreement with a famous number proves little.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## L8. A sweep of your own
#
# Everything above can be measured again. On this machine, in a terminal:
#
#     make sweep ARGS="isoflop --up-to 1e11"
#
# The runs go to `work/my_fleet.csv`; stop it when you like, and the same command goes on. On a cluster,
# start `dask scheduler` on one machine and `dask worker tcp://HOST:8786 --nthreads 1` on the others,
# then add `--dask tcp://HOST:8786` to ARGS.
#
# And the fits take anybody's table, so long as it has columns for N, D and the loss. Every bad row
# is named, and a column in millions is refused. Here are our own runs, as if they came from you:

# %% slideshow={"slide_type": "-"}
from course.scaling.fitting import fit_isoflop, read_runs

columns = {"N": "n_total", "tokens": "n_tokens", "val_loss": "loss", "FLOP": "flops"}
mine_too = read_runs({title: [row[name] for row in isoflop] for title, name in columns.items()})
print(f"{len(mine_too)} runs, {format_flop(mine_too.flops.min())} to {format_flop(mine_too.flops.max())}")
fit = fit_isoflop(mine_too.n_params, mine_too.n_tokens, mine_too.loss, flops=mine_too.flops)
print({name: round(exponent, 3) for name, exponent in fit.exponents.items()})

# %% [markdown] slideshow={"slide_type": "notes"}
# `read_runs("my_table.csv")` reads a file in the same way. N is everything here, hence the exponent of
# Hoffmann's count in L5; gamma is that of L*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **Does a law of tiny models mean anything?** Ours are a million times smaller than the models that
#   laws are made for. The *shape* carries over, straight frontier, valleys, flat bottoms; the constants
#   belong to one text, one tokenizer (here: none) and one recipe.
# - **Which count of N is right?** The one that makes the law simplest, and papers differ. Porian et al. count
#   the head; Pearce and Song count all. None is wrong, but exponents from different counts must not be
#   compared.
# - **Parabola or surface?** Hoffmann's third approach was the odd one out until it was refitted. A
#   parabola is biased where the valley is skewed; a surface is biased where its formula is.
# - **Should the learning rate be tuned at every size?** It costs as much as the study. Rules like ours
#   are a compromise, and section L3 is the least that one should show.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - The loss of the best model is a straight line on log axes, down to models you train in seconds.
# - The best *loss* is known well, the best *size* badly: valleys are flat.
# - Say how N was counted. It moves the exponent more surely than anything else here.
# - Budgets buy certainty. Seeds buy less while the formula itself is off, and a clever fit buys none.
# - A forecast that can fail is worth more than an R².

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Kaplan et al. (2020), [arXiv:2001.08361](https://arxiv.org/abs/2001.08361): section 2 counts N and C.
# - Hoffmann et al. (2022), [arXiv:2203.15556](https://arxiv.org/abs/2203.15556): the three approaches.
# - Besiroglu et al. (2024), [arXiv:2404.10102](https://arxiv.org/abs/2404.10102): a refit with intervals.
# - Porian et al. (2024), [arXiv:2406.19146](https://arxiv.org/abs/2406.19146): from Kaplan's exponent to
#   Chinchilla's by mending three flaws, one at a time.
# - Pearce and Song (2024), [arXiv:2406.12907](https://arxiv.org/abs/2406.12907): the same from the count of N.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From counting parameters to judging a study:
# [01 Lab: measure your own law](../exercises/01_lab_measure_your_own_law/01_lab_measure_your_own_law.ipynb).
