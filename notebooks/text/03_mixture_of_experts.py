# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 3. Mixture of experts
#
# **Core question**: can a model have many more parameters than it computes with? What does that buy,
# and who pays?
#
# **You will be able to**
# - count what a mixture of experts keeps, what a token passes, and what a server reads;
# - build the layer in six steps, and prove it equal to a slow one that anyone can believe;
# - say what balance means, make a router collapse, and tell a remedy from a word;
# - judge a claim that a mixture beats a dense model: at equal what?
#
# **You need first**: [chapter 1](01_scaling_laws.ipynb), matrices, a little PyTorch.
#
# **Time**: 60 minutes to read, 20 seconds to run, 134 minutes for the exercises.
#
# **Mirrors**: A §3 (§3.1, §3.2).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.1 Many parameters, few at work · A §3.1 MoE的核心原理
#
# By chapter 1, more parameters N lower the loss. But each token pays for all of them: 2·N FLOP
# forward. A mixture of experts (混合专家, MoE) parts the two. In each layer the feed-forward block
# becomes E blocks, the experts (专家), and a small router (路由器) picks k of them for each token. That
# is sparse activation (稀疏激活): all parameters are kept, few compute.
#
# $$\text{FLOP of a token} \approx 2\,N_{active}, \qquad \text{bytes in memory} \propto N_{total}$$
#
# Document A says that a mixture enlarges capacity "without a higher cost of inference" (不增加推理成本), and
# draws a chart: GPT-3, 175B parameters and 100 % of cost, beside Mixtral 8x7B with "8×7B = 46.7B"
# parameters, "2×7B" FLOP and "~17 %" of the cost. Let us recount it from the configurations.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict(
    "P03.1",
    "Mixtral 8x7B has 8 experts in each layer, of which a token takes 2. "
    "How many billions of its parameters does a token pass?",
    unit="billion",
)

# %% slideshow={"slide_type": "subslide"}
from course.evidence import cards, fact
from course.moe.costs import chart_recount, chart_rows

rows, chart = {row.name: row for row in chart_rows()}, chart_recount()
mixtral, gpt3 = rows["Mixtral-8x7B"], rows["GPT-3"]
one, shared = chart["expert_params"], chart["shared_params"]
print(f"all parameters    8 × {one / 1e9:.2f}B + {shared / 1e9:.2f}B = {mixtral.n_params / 1e9:.1f}B")
print(f"a token passes    2 × {one / 1e9:.2f}B + {shared / 1e9:.2f}B = "
      f"{mixtral.n_active_params / 1e9:.1f}B")
print(f"FLOP of a token   {mixtral.flops_per_token:.3g}; the chart: {chart['two_times_7b']:.3g}")
print(f"GPT-3             {gpt3.flops_per_token:.3g}; the chart: {gpt3.n_params:.3g}")
print(f"in memory (bf16)  {mixtral.bf16_bytes / 1e9:.1f} GB")
for name, share in chart["shares"].items():
    print(f"beside {name:<16} {share:6.1%}")

# %% slideshow={"slide_type": "fragment"}
compare("P03.1", mixtral.n_active_params / 1e9, total=mixtral.n_params / 1e9)

# %% [markdown] slideshow={"slide_type": "notes"}
# So 46.7B is right and "8×7B" is a name, not a product. Both FLOP figures of the chart forget the
# 2: a parameter costs a multiplication *and* an addition. (Ours leaves out the embedding, which is
# looked up and not multiplied.) And 17 % is 17 % of nothing that the chart shows; to be so, the
# dense model would need as many parameters as the next line says. Mistral's own announcement, as
# the press quotes it, said "6 times faster than Llama 2 70B": that would be 1/6.

# %% slideshow={"slide_type": "-"}
print(f"17 % is the share of a dense model of {chart['dense_for_17_percent'] / 1e9:.0f}B.")
print(f"One over {float(fact('mixtral.speed_claim')):g} is {1 / float(fact('mixtral.speed_claim')):.0%}; "
      f"source: {fact('mixtral.speed_claim').confidence}.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# The idea has spread since. Every square below is counted from the model's published configuration.

# %% slideshow={"slide_type": "-"}
from course.figures import new_figure, show
from course.moe.plots import draw_total_and_active

figure, axes = new_figure(width=8, height=5)
draw_total_and_active(axes, list(rows.values()))
show(figure, alt="All mixtures lie below the dense line; in Kimi-K2 a token passes one parameter in 30.")

# %% [markdown] slideshow={"slide_type": "notes"}
# GPT-3 (round) uses all it has. Mixtral uses a quarter; the models of 2024 and 2025 use a fifth
# down to a thirtieth.

# %% slideshow={"slide_type": "skip"}
cards("K050", "K056", "K057", "K058", "K059", "K060")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.2 One token's way · A §3.1
#
# A's class `MoEArchitecture` is the centre piece of its chapter. Does it run? Here is its beginning,
# shortened, with the missing import of `nn` added.

# %% slideshow={"slide_type": "-"}
from torch import nn


class AsPrinted:
    def __init__(self, d_model, num_experts, top_k=2):
        self.experts = nn.ModuleList([FeedForwardNetwork(d_model) for _ in range(num_experts)])
        self.gate = nn.Linear(d_model, num_experts)


try:
    AsPrinted(16, 8)
except NameError as error:
    print("1.", error)

from course.moe import FeedForwardNetwork

print("2. callable:", callable(AsPrinted(16, 8)))
print("3. has parameters():", hasattr(AsPrinted(16, 8), "parameters"))

# %% [markdown] slideshow={"slide_type": "notes"}
# `FeedForwardNetwork` is defined nowhere in the document. And without `nn.Module` as its base the
# object cannot be called, trained, moved or saved. Ours has the same name and the same arguments,
# is a real module, and does what A's text describes:

# %% slideshow={"slide_type": "subslide"}
import torch

from course.moe import MoEArchitecture
from course.moe.plots import draw_token_way

torch.set_num_threads(1)
torch.manual_seed(0)
layer = MoEArchitecture(d_model=16, num_experts=8, top_k=2)
x = torch.randn(6, 16)
with torch.no_grad():
    routing = layer.route(x)
figure, axes = new_figure(width=8, height=5)
draw_token_way(axes, routing.probs[0].numpy(), routing.experts[0].numpy(), routing.gates[0].numpy())
show(figure, alt="A token is scored for eight experts, passes the best two, and is added up by gates.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### One token by hand
#
# The whole idea in numpy:

# %% slideshow={"slide_type": "-"}
import numpy as np


def expert(x, up, down):
    """Two matrices with a bend (GELU) between."""
    h = x @ up
    return 0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3))) @ down


def route_one_token(x, router, up, down, k):
    """x (d,), router (E, d), up (E, d, hidden), down (E, hidden, d) -> output (d,)."""
    scores = np.exp(router @ x)
    probs = scores / scores.sum()                 # softmax: a share for each expert
    best = np.argsort(-probs)[:k]                 # the top k
    gates = probs[best] / probs[best].sum()       # made to add up to 1
    return sum(gate * expert(x, up[e], down[e]) for gate, e in zip(gates, best, strict=True))

# %% slideshow={"slide_type": "fragment"}
weights = [p.detach().numpy() for p in (layer.router.weight, layer.experts.up, layer.experts.down)]
with torch.no_grad():
    by_library = layer(x)[0].numpy()
by_hand = np.stack([route_one_token(token, *weights, k=2) for token in x.numpy()])
print(f"by hand and by the layer, 6 tokens, agree to 1e-6: {np.allclose(by_hand, by_library, atol=1e-6)}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The layer in six steps
#
# Now for all tokens at once.
# Six tokens of width 16, 8 experts, top 2. **One**: the router is a single matrix; a softmax makes
# its scores probabilities. **Two**: take the best k. **Three**: make the k weights, the gates (门控),
# add up to 1.

# %% slideshow={"slide_type": "-"}
with torch.no_grad():
    probs = (x @ layer.router.weight.T).softmax(-1)      # (6 tokens, 8 experts)
    scores, experts = probs.topk(2)                      # (6, 2)
    gates = scores / scores.sum(-1, keepdim=True)        # (6, 2)
for t in range(6):
    a, b = experts[t].tolist()
    print(f"token {t}: {gates[t, 0]:.2f} × expert {a}  +  {gates[t, 1]:.2f} × expert {b}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# A's code now loops, `for i in range(self.top_k)` and in it `for expert_id in range(self.num_experts)`,
# and masks the tokens of each: k·E rounds, most of them small. **Four**: sort the 12 choices by expert, once. Then each expert's tokens lie side by
# side.

# %% slideshow={"slide_type": "-"}
chosen = experts.T.flatten()                # all first choices, then all second ones
order = chosen.argsort(stable=True)
token = order % len(x)                      # whose choice it is
counts = torch.bincount(chosen, minlength=8)
print("experts, sorted:", chosen[order].tolist())
print("their tokens:   ", token.tolist())
print("rows for each:  ", counts.tolist())

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Five**: one *grouped* product multiplies the first rows with the weights of expert 0, the next
# with those of expert 1, and so on. **Six**: weigh each row by its gate and add it up at its token.
# (The layer does this in one call, `embedding_bag`.)

# %% slideshow={"slide_type": "-"}
from course.moe import reference_moe
from course.moe.grouped import grouped_mm

with torch.no_grad():
    hidden = layer.experts.activation(grouped_mm(x[token], layer.experts.up, counts))
    rows_out = grouped_mm(hidden, layer.experts.down, counts)
    weighted = rows_out * gates.T.flatten()[order][:, None]
    by_steps = torch.zeros_like(x).index_add(0, token, weighted)
    by_layer, _ = layer(x)
    by_loops, _ = reference_moe(layer, x)
for name, output in [("six steps and the layer", by_steps), ("plain loops and the layer", by_loops)]:
    print(f"{name} agree to 1e-5: {torch.allclose(output, by_layer, atol=1e-5)}")

# %% [markdown] slideshow={"slide_type": "notes"}
# `reference_moe` is a loop over tokens and a loop over their experts: slow, and easy to believe.
# The tests hold the layer to it in outputs and gradients, over ties, empty experts, one token and
# none, and to the Mixtral block of the library transformers with the same weights.
# `course/moe/layer.py` is a hundred lines: read it.
#
# A's `x.view(-1, d_model)` has one more trap, which ours avoids with `reshape`:

# %% slideshow={"slide_type": "-"}
turned = torch.zeros(2, 3, 16).transpose(0, 1)  # batch and sequence exchanged, as often happens
try:
    turned.view(-1, 16)
except RuntimeError as error:
    print(str(error).split(".")[0])
print("ours:", tuple(layer(turned)[0].shape))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What teaches the router?
#
# The choice itself has no slope: a token goes to expert 3 or it does not. The router learns through
# the gates alone: should a chosen expert have weighed more, or less?

# %% slideshow={"slide_type": "-"}
predict(
    "P03.2",
    "Take top_k = 1, and make the gates add up to 1 as A does. How much does the task teach the router?",
    choices=["nothing", "half as much as with top_k = 2", "as much as with top_k = 2"],
)

# %% slideshow={"slide_type": "fragment"}
largest = {}
for top_k, renormalize in ((2, True), (1, True), (1, False)):
    torch.manual_seed(0)
    one = MoEArchitecture(16, 8, top_k, renormalize=renormalize)
    one(x)[0].square().sum().backward()
    largest[top_k, renormalize] = one.router.weight.grad.abs().max().item()
    print(f"top {top_k}, renormalised {renormalize!s:<5}  router's gradient above 1e-6: "
          f"{largest[top_k, renormalize] > 1e-6}")
share = largest[1, True] / largest[2, True]
compare("P03.2", "nothing" if share < 1e-5 else
        "half as much as with top_k = 2" if share < 0.75 else "as much as with top_k = 2")

# %% [markdown] slideshow={"slide_type": "notes"}
# This is why Switch, which takes one expert, keeps the probability as the gate, and why our layer
# renormalises for k > 1 only, unless told otherwise.

# %% slideshow={"slide_type": "skip"}
cards("K051", "K052", "K053")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.3 What balance means · A §3.1
#
# Nothing so far keeps all tokens from going to one expert. So a term is added to the loss that asks
# for load balancing (负载均衡). A's form, and that of the library transformers:
#
# $$\ell = E \sum_{e=1}^{E} \frac{\text{count}_e}{T} \cdot \bar p_e$$
#
# T is the number of tokens (A calls it `batch_size`; it is batch times sequence), count how many
# chose expert e, p̄ the router's mean probability. Counts have no slope; the gradient comes through
# p̄: it lowers the probabilities of experts that are fuller than the router's average and raises those
# of emptier ones.

# %% slideshow={"slide_type": "-"}
predict(
    "P03.3",
    "Top 2 of 8 experts, perfectly balanced. What is the value of A's loss?",
    choices=["0", "1", "2", "8"],
)

# %% slideshow={"slide_type": "fragment"}
from course.moe import load_balance_loss, switch_balance_loss

even, even_counts = torch.full((80, 8), 1 / 8), torch.full((8,), 20)
at_balance = load_balance_loss(even, even_counts).item()
certain = torch.zeros(80, 8)
certain[:, :2] = 0.5
print(f"A's form: balanced {at_balance:g}, all tokens to the same two experts "
      f"{load_balance_loss(certain, torch.tensor([80, 80, 0, 0, 0, 0, 0, 0])).item():g}")
print(f"Switch's form, counts / (T·k): balanced {switch_balance_loss(even, even_counts).item():g}")
compare("P03.3", at_balance)

# %% [markdown] slideshow={"slide_type": "notes"}
# Both forms are in use, and a published coefficient belongs to one of them: taken to the other, it
# is off by the factor k. Is the value at balance at least the lowest possible? No. Here, at top 1 of
# two experts, 6 of 10 tokens choose expert 0 by a hair, and 4 choose expert 1 with certainty:

# %% slideshow={"slide_type": "subslide"}
probs = torch.tensor([[0.51, 0.49]] * 6 + [[0.0, 1.0]] * 4)
print(f"{load_balance_loss(probs, torch.tensor([6, 4])).item():.3f}, and at balance 1")

# %% [markdown] slideshow={"slide_type": "notes"}
# Counts and probabilities lean in opposite directions, and the sum falls below. So the loss is a
# push, not a measure. Look at the shares instead.

# %% slideshow={"slide_type": "skip"}
cards("K054", "K055")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.4 Collapse, and cures that work · A §3.2 MoE的训练挑战
#
# A §3.2 is a dictionary: four challenges, each with symptoms and three solutions, none tried.
# `MoETrainingChallenges` makes each an experiment. The first is imbalance (负载不均衡). A tiny layer of
# 8 experts, top 2, learns a made-up task on your processor: 100 steps, a moment. An expert that is
# better by chance gets more tokens, so it learns more, so it gets more tokens.

# %% slideshow={"slide_type": "-"}
predict(
    "P03.4",
    "A names three remedies. Which of them, alone, makes what the router asks for most even? "
    "(Random routing: a second choice is dropped at random, more often the smaller its gate. Capacity "
    "factor: an expert takes at most 1.25 times its even share, and the rest is dropped.)",
    choices=["balance loss", "random routing", "capacity factor 1.25"],
)

# %% slideshow={"slide_type": "subslide"} tags=["machine-dependent"]
from course.moe.challenges import MoETrainingChallenges, train_tiny

challenges = MoETrainingChallenges()
imbalance = challenges.load_imbalance()
imbalance

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
named = ["balance loss", "random routing", "capacity factor 1.25"]
best = min(named, key=lambda remedy: imbalance[remedy]["excess share"])
idle = [name for name, verdict in imbalance.verdicts().items() if verdict == "does nothing"]
compare("P03.4", best, idle=", ".join(idle) or "none")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** What is judged is how far the busiest expert lies above its share. "Does
# nothing" means, in all these tables, that it moved by less than a fifth. 0.375 is as far as this
# measure goes: an expert that every token asks for. Random
# routing (随机路由; A does not say which kind it means) drops second choices at random; it wakes some of
# the dead experts, but the first choice stays, and so does the cause. A capacity factor (容量因子) limits what an expert *may* take, and throws away the
# rest; the router still asks for the same expert, and the dropped tokens pass the layer with
# nothing added. It protects the machine, not the model; in that sense the card below calls it a
# help. The task is
# made up and tiny: it shows mechanisms, not sizes. Two cures in the shares:

# %% slideshow={"slide_type": "subslide"} tags=["machine-dependent"]
alone = [train_tiny(seed).shares for seed in range(3)]
pushed = [train_tiny(seed, balance=0.05).shares for seed in range(3)]
for seed in range(3):
    print(f"seed {seed}: the two busiest of 8 take {sum(sorted(alone[seed])[-2:]):.0%} of the "
          f"choices; with balance loss {sum(sorted(pushed[seed])[-2:]):.0%}  (even: 25%)")

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
from course.moe.plots import draw_shares

biased = train_tiny(0, router="sigmoid", bias_rate=0.02).shares
figure, axes = new_figure()
draw_shares(axes, {"nothing done": alone[0], "balance loss": pushed[0],
                   "sigmoid router with bias": biased})
show(figure, alt="Without a remedy a few experts take nearly all choices; two remedies spread them.")

# %% [markdown] slideshow={"slide_type": "notes"}
# The hatched and the dotted bars are two cures. The second is DeepSeek-V3's: in place of a loss (it
# keeps only a tiny one) a bias is added to each expert's score *for the choice only*, and lowered
# whenever the expert had more than its share.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### How much room? · A §3.2
#
# A capacity of factor · T·k/E places for each expert makes all sizes known beforehand, which some
# machines need. What has no place is dropped.

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
from course.moe.plots import draw_dropped

figure, axes = new_figure()
draw_dropped(axes, alone[0])
show(figure, alt="Even routers drop tokens from small batches; a collapsed one from any batch.")

# %% [markdown] slideshow={"slide_type": "notes"}
# Even a router that is balanced on average drops tokens, since chance fills some experts first:
# many in a small batch, hardly any in a large one. (Places are whole, hence the steps.) For a
# collapsed router no sensible factor is enough.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Logits that grow: the z-loss
#
# Not in A: at a high learning rate the router's logits (its scores before the softmax) grow, and
# with them what 16 bits make of their sums. The z-loss of ST-MoE, the mean of (ln Σ exp logit)²,
# pushes the large ones down. It asks for no balance, and lets the low logits fall. Three times the
# learning rate of above:

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
challenges.training_instability()

# %% [markdown] slideshow={"slide_type": "notes"}
# The verdict is about the largest logit alone. Read the other columns too: does the lowest come
# nearer to 0? Does bf16 send fewer tokens elsewhere? At logits this small, there is little to cure.

# %% slideshow={"slide_type": "skip"}
cards("K061")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.5 Who gets which token? · A §3.2
#
# The word *expert* suggests a specialist for law, or for cooking. A goes further and fears that
# experts specialise too much (专家过度专门化). What do trained ones do? We trained a small language model
# on Python source, byte by byte, with 3 layers of 8 experts.

# %% slideshow={"slide_type": "-"}
predict(
    "P03.5",
    "Of what does the expert of a byte tell the most?",
    choices=["the kind of byte", "the kind of the byte before", "the topic of the text"],
)

# %% slideshow={"slide_type": "subslide"} tags=["machine-dependent"]
from course.experiments.corpus import load_corpus
from course.moe.routing_study import CLASSES, specialisation

topics = ("stdlib", "sympy", "matplotlib", "fontTools")
found = specialisation({name: load_corpus(name).text("held_out") for name in topics})
for label, bits in found.bits.items():
    print(f"{label:<12} {'  '.join(f'{b:.3f}' for b in bits)} bits in layers 1 to 3; by chance "
          f"{found.by_chance[label].mean():.3f}")
names = {"byte class": "the kind of byte", "byte before": "the kind of the byte before",
         "topic": "the topic of the text"}
compare("P03.5", names[max(found.bits, key=lambda label: found.bits[label].mean())])

# %% slideshow={"slide_type": "fragment"} tags=["machine-dependent"]
from course.moe.plots import draw_specialisation

figure, axes = new_figure(width=8, height=4.2)
draw_specialisation(axes, found.shares[0], CLASSES)
show(figure, alt="In the first layer blanks and line ends have one expert each; other kinds share a few.")

# %% [markdown] slideshow={"slide_type": "notes"}
# "Bits" is the mutual information: how much knowing the expert tells of the label. (An expert with
# an empty column is nobody's first choice in this layer; it works as a second one.) The router
# follows spelling and syntax, hardly the library that the text is from. But four Python libraries
# are no law and cooking: this test is weak on topics.
# Mixtral's authors saw the same at 47B: no specialist by topic, some by syntax.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer:
#
# 1. In layer 1, do all letters `e` go to the same expert? In layer 3?
# 2. Type the same word three times. Does its second letter always take the same way? Why may it not?
# 3. Write a sentence of English prose. Does any expert stand idle?
# 4. Type digits only, then brackets only. Who is at work?

# %% slideshow={"slide_type": "slide"}
from course.moe.explorer import who_gets_which_token

who_gets_which_token()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Number and shade name the first expert. The first layer hardly knows the
# context, so a character mostly keeps its expert; deeper ones see what attention brought from the
# bytes before, and the same letter goes different ways. Only bytes before count: add to the end and
# the beginning stays.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Do specialists generalise badly?
#
# A's remedies are dropout, an auxiliary loss and data augmentation. Here the tiny layer learns 64
# noisy examples by heart, beside dense blocks of the same active and of the same total size.

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
challenges.expert_specialization()

# %% [markdown] slideshow={"slide_type": "notes"}
# The gap is that of the dense block with as many parameters: whoever has parameters to spare learns
# by heart. On *new* examples, though, the mixture is the worst of the three, so A's fear has something
# in it here. A's remedies move that by less than a fifth, augmentation by most. One seed of a tiny task
# proves neither. A's other symptom, experts that break down (专家崩溃), is the collapse of 3.4.

# %% slideshow={"slide_type": "skip"}
cards("K063")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.6 Does it pay? Dense against mixture · A §3.1
#
# A fair race fixes something. We fix the computing: the same language model, the same bytes in the
# same order, the same recipe, but each block is 8 experts of half the width, of which a byte takes
# 2: the same FLOP, but for the router. Four sizes, each with its own budget, three seeds. Training
# took too long to wait for, so it was done beforehand: `python -m course.moe` does it again.

# %% slideshow={"slide_type": "-"}
predict(
    "P03.6",
    "By how many percent is the mixture's loss below that of the dense model of the same FLOP?",
    unit="%",
    interval=0.8,
)

# %% slideshow={"slide_type": "subslide"}
from course.moe import study
from course.moe.plots import draw_dense_against_moe

race = study.dense_against_moe()
figure, axes = new_figure(1, 2, width=9.6, height=4.2)
draw_dense_against_moe(axes, race)
show(figure, alt="Losses of dense models and mixtures over compute, and the gain with its interval.")
print(race.sentence())

# %% slideshow={"slide_type": "fragment"}
dense, moe = race.all.dense, race.all.moe
compare("P03.6", 100 * (1 - np.mean(moe) / np.mean(dense)), gain=race.all.gain)

# %% [markdown] slideshow={"slide_type": "notes"}
# Open signs are single seeds. Read the sentence with care. "Worth" is computing: how much more a
# dense model would need for the same loss, by the law of the dense models trained in the lab of
# chapter 1 (the fleet). In *time* it is another story:
# eight small products are slower than one large, and the router and the sorting come on top. (The
# seconds were taken on shared cores: trust the rough size.) With larger experts the overhead
# shrinks; `make bench` measures it. At *equal memory* the dense model could be as wide as all
# experts together, and would compute more: a race that we did not run. What did balance do? One
# size, at most two seeds each:

# %% slideshow={"slide_type": "subslide"}
for one in study.ablations():
    print(f"{one.name:<40} loss {one.loss:.3f}   busiest expert {one.largest_share:4.0%}, "
          f"even {1 / one.num_experts:.1%}   dead {one.dead_experts:.1f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# The numbers are means over the layers; *dead* is an expert with less than a tenth of its share.
# Two seeds are few: do not rank neighbours in this table.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.7 The bill · A §3.2
#
# **Memory.** All experts must be kept, since any may be next. **Reading.** A model that writes one
# token at a time is limited by memory bandwidth (内存带宽): each step reads the weights that it uses.
# One sequence reads k experts in each layer. A batch reads all that *anyone* needs; if B tokens
# choose evenly and independently,
#
# $$E\left(1 - \left(1 - \tfrac{k}{E}\right)^{B}\right)$$

# %% slideshow={"slide_type": "-"}
predict("P03.7", "Mixtral, 8 experts, top 2, writes for 16 sequences at once. "
        "How many experts of a layer does a step read, on average?", unit="experts")

# %% slideshow={"slide_type": "fragment"}
from course.moe.costs import experts_touched
from course.moe.plots import draw_touched

compare("P03.7", experts_touched(16, 8, 2))
figure, axes = new_figure()
draw_touched(axes)
show(figure, alt="With 16 tokens nearly all of Mixtral's experts are read, under a third of Kimi's.")

# %% [markdown] slideshow={"slide_type": "notes"}
# So a server with many users reads all of Mixtral, and the advantage in reading is gone; that in
# computing stays. A's remedies for bandwidth, calculated for Mixtral at the bandwidth of an H100 (whose
# 80 GB would not hold the 16-bit rows: two of them do):

# %% slideshow={"slide_type": "-"} tags=["machine-dependent"]
challenges.memory_bandwidth()

# %% [markdown] slideshow={"slide_type": "notes"}
# Fewer bits (专家量化) help one and all. A batch (批处理) helps all together and makes each one wait. A
# cache (缓存) of the last used experts helps only where the experts lie in slower memory: the last
# rows, with the experts in the host's memory behind a PCIe link. It saves trips over the link and no
# reading. Its hits are counted on our small router; the last row shows how much of them is mere chance.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer:
#
# 1. From 8 to 64 experts at k = 2: which curves rise, which stay?
# 2. With k = 1, how fast is one sequence beside the dense model? Open *Advanced* and serve 64.
# 3. Granularity cuts each expert into G small ones and takes k·G of them. What changes? What does not?
# 4. How many H100 hold 512 experts, at 16 and at 4 bits?

# %% slideshow={"slide_type": "slide"}
from course.moe.explorer import what_does_an_expert_cost

what_does_an_expert_cost()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** All is beside the dense model of the same width. More experts raise hardly
# more than memory while one sequence is served; with a batch, reading rises too and the speed
# falls. k raises computing and reading. Granularity (细粒度) changes none of these curves by much: it
# gives more combinations for nearly the same price, and by Krajewski's law (section 3.8) a lower
# loss. But on several devices a token is sent to G times as many experts: the last line pays.

# %% slideshow={"slide_type": "skip"}
cards("K064")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Experts on many machines · A §3.2
#
# Experts that do not fit on one device are spread over P: expert parallelism (专家并行). Each token's vector
# then travels to its experts and back, an *all-to-all* exchange, in every layer and again in the
# backward pass.
#
# $$\text{bytes of a token} = 2 \cdot k \cdot d_{model} \cdot \text{bytes per value} \cdot \frac{P - 1}{P}$$

# %% slideshow={"slide_type": "-"}
from course.moe.costs import all_to_all_bytes

for devices in (1, 2, 4, 8):
    sent = all_to_all_bytes(4096, 2, devices, n_moe_layers=32)
    print(f"Mixtral on {devices} devices: {sent / 1e6:.2f} MB for each token, forward")

# %% [markdown] slideshow={"slide_type": "notes"}
# Run it yourself, in a terminal in the course folder:
#
# ```
# torchrun --standalone --nproc-per-node 2 -m course.moe.parallel
# ```
#
# Two processes hold four experts each. It prints how far outputs and gradients differ from those of
# one process, and the bytes that were sent beside the formula. The same code is meant for GPUs
# (NCCL), where we have not measured it. A's remedies, calculated for 8 H100 on a slow link (PCIe):

# %% slideshow={"slide_type": "subslide"} tags=["machine-dependent"]
challenges.communication_overhead()

# %% [markdown] slideshow={"slide_type": "notes"}
# A lists expert parallelism (EP) as the first *solution* to the communication overhead. It is where
# the all-to-all comes from. A pipeline beside it removes none of it, or a little where it makes the
# group of devices smaller; a pipeline *instead* does, for another price, the bubble in which stages
# wait. Overlap (通信隐藏) hides a part. And a collapsed router makes everybody wait for one device:
# balance is a matter of speed, too.

# %% slideshow={"slide_type": "skip"}
cards("K062")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3.8 What is published
#
# Three papers fitted laws for mixtures, in three forms. Clark and colleagues (2022) vary size and
# the number of experts on a fixed amount of data; Krajewski, Ludziejewski and colleagues (2024) add
# tokens and granularity; Abnar and colleagues (2025) use sparsity, the share of idle experts. All
# three can be asked the same question: how much computing would a dense model need for the same
# loss?

# %% slideshow={"slide_type": "-"}
from course.moe.plots import draw_gains

figure, axes = new_figure(width=8, height=4.6)
draw_gains(axes)
show(figure, alt="Three published laws give gains of 3 to 20 times; one falls with size, two rise.")
for key in ("clark.S-BASE", "krajewski.E64", "abnar.fit"):
    print(f"{key:<14} {fact(key).confidence:<10} {fact(key).source}")

# %% [markdown] slideshow={"slide_type": "notes"}
# Solid lines lie within the runs that were fitted, dashed ones beyond: Clark's gain shrinks with
# size, the others' grow. Clark gave all sizes the same 130e9 tokens, and Krajewski and colleagues
# trace the difference to that and to the granularity. Theirs has 64 times the parameters in its
# experts and the best granularity; the more sparse, the larger the gain. The last lines say how far
# we could check the constants: *primary* was read at the source, *secondary* is as others quote it.
# Each counts N in its own way, on its own text. Losses of different laws do not compare, and none
# of these lines counts memory.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **Whether the gain lasts.** Clark: it vanishes at some size. Krajewski, Abnar: it grows. The data, the
#   granularity and the recipe differ, and we know no public study at the largest sizes.
# - **Equal what?** FLOP, seconds, memory and money give four answers. A claim that
#   does not name one of them is not a claim.
# - **Loss or bias.** A balance loss pulls against the task; a bias does not, but has its own rate to tune.
#   DeepSeek-V3 reports better loss with the bias. Our runs are too small to decide.
# - **What experts know.** "Specialisation" depends on the label. Syntax explains more than topic in what
#   has been measured; finer experts may differ.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - A mixture parts two bills: computing follows the active parameters, memory follows all.
# - The layer is a sort between two small steps: score, choose, sort, multiply, weigh, add.
# - The router learns through gates only. Renormalised at k = 1 it learns nothing from the task.
# - The balance loss is k, or 1, at balance, and no lower bound. Watch the shares.
# - A remedy is what moves the measured symptom. Some of those in every list do not.
# - A batch wakes all experts: what a mixture saves depends on how many are served at once.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Shazeer et al. (2017), [arXiv:1701.06538](https://arxiv.org/abs/1701.06538): the sparse layer.
# - Lepikhin et al. (2020), GShard, [arXiv:2006.16668](https://arxiv.org/abs/2006.16668): capacity, random
#   routing, all-to-all.
# - Fedus et al. (2021), Switch Transformers, [arXiv:2101.03961](https://arxiv.org/abs/2101.03961).
# - Zoph et al. (2022), ST-MoE, [arXiv:2202.08906](https://arxiv.org/abs/2202.08906): the z-loss.
# - Jiang et al. (2024), Mixtral, [arXiv:2401.04088](https://arxiv.org/abs/2401.04088).
# - DeepSeek-AI (2024), DeepSeek-V3, [arXiv:2412.19437](https://arxiv.org/abs/2412.19437): the bias.
# - The laws: Clark et al., [arXiv:2202.01169](https://arxiv.org/abs/2202.01169); Krajewski et al.,
#   [arXiv:2402.07871](https://arxiv.org/abs/2402.07871); Abnar et al.,
#   [arXiv:2501.12370](https://arxiv.org/abs/2501.12370).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From routing by hand to a layer without a loop:
# [03 Mixture of experts](../exercises/03_mixture_of_experts/03_mixture_of_experts.ipynb).
