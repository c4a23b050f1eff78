# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 5. Inference and edge devices
#
# **Core question**: before you rent a single GPU: what does a model weigh, how fast can it answer,
# what do a million tokens cost, and on which device does it fit?
#
# **You will be able to**
# - take a cost formula apart, factor by factor, and find its faults by their units;
# - count parameters, FLOP and KV cache from a model's config, and say which N you mean;
# - tell whether memory or computing limits an answer, and price a million tokens;
# - rent enough GPUs to answer in time, not only on average;
# - say whether a model fits on a device, and how fast it writes there.
#
# **You need first**: [chapter 0](00_start_here.ipynb); for section 5.7 also
# [chapter 1](01_scaling_laws.ipynb).
#
# **Time**: 60 minutes to read, 5 seconds to run, 127 minutes for the exercises.
#
# **Mirrors**: A §5 (§5.1, §5.2); B §3.2 steps 1 and 5; B §9 Q4 and Q5.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.1 A bill of 1.3 quadrillion dollars · A §5.1 推理成本的经济学
#
# A trained model at work reads a prompt and writes an answer, token by token. This is inference
# (推理). A asks what it costs and gives one formula, with comments. It names no currency; we read
# dollars.
#
# $$\text{cost of a year} = N \times \underbrace{6}_{\text{FLOP}} \times
# \underbrace{10^{9}}_{\text{tokens per year}} \times \underbrace{10^{-12}}_{\text{cost of a FLOP}}
# \times 365 \times 24 \times 3600$$

# %% slideshow={"slide_type": "-"}
from course.accounting.hardware import chip
from course.classroom.predict import compare, predict
from course.evidence import as_written, cards, fact

h100 = chip("H100")
price = float(fact("price.h100"))
predict(
    "P05.1",
    f"A 7B model processes 1e9 tokens in a year, on H100s at {price:g} USD an hour that compute at "
    f"30 % of their peak, {h100.peak() / 1e12:.0f} TFLOP/s. What does this computing cost?",
    unit="USD",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Now carry the units through A's formula. Each line multiplies by one more factor.

# %%
def worked(*lines):
    """Multiply on, factor by factor, and name the unit of each product."""
    product = 1.0
    for factor, unit, unit_so_far in lines:
        product *= factor
        left, right = (f"{v:,.0f}" if v == int(v) < 1e6 else f"{v:.4g}" for v in (factor, product))
        print(f"× {left:<9} {unit:<40} = {right:<9} {unit_so_far}")
    return product


printed = as_written.INFERENCE_COST
worked(
    (7e9, "parameters", "parameters"),
    (printed["flops_per_param_token"], "FLOP per parameter and token", "FLOP per token"),
    (printed["n_tokens"], "tokens per year", "FLOP per year"),
    (printed["usd_per_flop"], "USD per FLOP", "USD per year"),
    (printed["seconds_per_year"], "seconds per year", "USD · s per year²"),
)
print(f"\nA's own function returns {as_written.calculate_compute_cost(7e9):.4g} USD.")

# %% [markdown]
# You need no price to see the first fault: the last unit is not money per year. The tokens are a
# year's already, so the seconds of a year must not come in. Two more factors are wrong. 6 FLOP is
# training: inference has no backward pass and takes 2. And a FLOP does not cost 1e-12 USD.

# %% slideshow={"slide_type": "subslide"}
usd = worked(
    (7e9, "parameters", "parameters"),
    (2, "FLOP per parameter and token", "FLOP per token"),
    (1e9, "tokens per year", "FLOP per year"),
    (1 / h100.peak(), "seconds per FLOP, at the peak", "s per year"),
    (1 / 0.3, "since 30 % of the peak are reached", "GPU-s per year"),
    (1 / 3600, "hours per second", "GPU-h per year"),
    (price, "USD per GPU-hour", "USD per year"),
)
print()
compare("P05.1", usd, hours=usd / price)

# %% slideshow={"slide_type": "subslide"}
from course.figures import new_figure, show
from course.inference import dissect_annual_cost
from course.inference.plots import draw_dissection

bill = dissect_annual_cost(7e9)
figure, axes = new_figure()
draw_dissection(axes, bill)
show(figure, alt=f"Three of five factors are wrong: {bill.orders_of_magnitude:.1f} orders in all.")

# %% [markdown] slideshow={"slide_type": "skip"}
# Perhaps the comment is wrong and A means 1e9 tokens *per second*? Then the seconds are right, and
# the bill is still about a million times too high. A price can also be checked against something
# known. Then every factor:

# %% slideshow={"slide_type": "skip"}
print(f"as commented:         10^{bill.orders_of_magnitude:.1f} times too high")
per_second = printed["n_tokens"] * printed["seconds_per_year"]
other = dissect_annual_cost(7e9, n_tokens=per_second)
print(f"as tokens per second: 10^{other.orders_of_magnitude:.1f} times too high")
gpt3 = fact("model.GPT-3").value["flops"]
print(f"At A's price the training of GPT-3, {gpt3:.3g} FLOP, would have cost "
      f"{gpt3 * printed['usd_per_flop'] / 1e9:.0f} billion USD.")
bill

# %% slideshow={"slide_type": "skip"}
cards("K083", "K084", "K085", "K086")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.2 What a model weighs
#
# An open model comes with a small file, `config.json`, which says its shape. It is enough to count
# the parameters to the last one. Here is what counts in Llama-3-8B's, and the count by hand. Each
# layer has *attention*, by which a token looks at others, and an *MLP*, which it passes alone. The
# *embedding* turns a token into a vector; *norms* rescale vectors. Attention works in parallel
# *heads*. The *output head* is another thing: it scores each token as the next one.

# %% slideshow={"slide_type": "subslide"}
config = {
    "model_type": "llama",
    "vocab_size": 128_256,
    "hidden_size": 4096,  # the width of a token inside the model
    "num_hidden_layers": 32,
    "intermediate_size": 14_336,  # the width inside an MLP
    "num_attention_heads": 32,  # heads that ask (queries)
    "num_key_value_heads": 8,  # heads that are asked (keys and values)
    "tie_word_embeddings": False,
}
width, kv_width = 4096, 8 * 128  # a head is 4096 / 32 = 128 wide
parts = {
    "embedding and output head": (2, 128_256 * width),
    "queries and output of attention": (32, 2 * width * width),
    "keys and values": (32, 2 * width * kv_width),
    "MLP of three matrices": (32, 3 * width * 14_336),
    "norms": (2 * 32 + 1, width),
}
for part, (times, each) in parts.items():
    print(f"{part:<43} {times:>2} × {each:>11,} = {times * each:>13,} parameters")
print(f"{'sum':>57} = {sum(n * each for n, each in parts.values()):>13,}")

# %% slideshow={"slide_type": "subslide"}
from course.accounting.transformer import TransformerShape

llama = TransformerShape.from_config(config)
print(f"TransformerShape counts {llama.n_params:,} parameters.")
print(f"At 16 bits each they weigh {llama.weight_bytes(16) / 1e9:.1f} GB, at 4 bits "
      f"{llama.weight_bytes(4) / 1e9:.1f} GB.")
predict(
    "P05.2",
    "Mixtral 8x7B has 8 MLPs (experts) in each layer, of which each token passes 2. How many "
    "parameters must lie in memory?",
    choices=["13 billion", "47 billion", "56 billion"],
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Which N?
#
# The word "parameters" hides four conventions. *Total* is what must lie in memory; Hoffmann's N.
# *Active* is what a token passes. *Computing* leaves out the table of the input embedding, which is
# only looked up: this N belongs in 2·N. *Non-embedding* is Kaplan's N.

# %%
from course.inference import model

names = ("Llama-3.2-1B", "Llama-3-8B", "Mixtral-8x7B", "DeepSeek-V3")
print(f"{'billion parameters':<20}   total  active  computing  non-embedding")
for name in names:
    m = model(name)
    counts = (m.n_params, m.n_active_params, m.n_active_params_without_lookup,
              m.n_non_embedding_params)
    print(f"{name:<20} {{:7.2f}} {{:7.2f}} {{:10.2f}} {{:14.2f}}".format(*(n / 1e9 for n in counts)))
print()
compare("P05.2", model("Mixtral-8x7B").n_params / 1e9)

# %% [markdown]
# So a name is no number: 8x7B has 46.7B. Llama-3.2-1B uses one table twice: its output head is the
# embedding again ("tied"), so the table weighs once, and computes.
#
# ### Work for a token
#
# 2 FLOP for each computing parameter, in the products with the weights. Attention comes on top: each
# token looks back at all before it.

# %%
for context in (1_000, 10_000, 100_000):
    flops = llama.forward_flops(1, 1, n_cached=context)
    products = 2 * llama.n_active_params_without_lookup
    print(f"{context:>7,} tokens behind it: {flops / 1e9:5.1f} GFLOP, "
          f"{1 - products / flops:4.0%} of them attention")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The KV cache
#
# A token looks back at the *keys* and *values* of all tokens before it. They do not change, so they
# are kept: the KV cache. One step, in one layer, of four heads that ask and two that are asked:

# %%
import numpy as np


def attend(query, key, value, cache):
    """One token's attention. query (4, 16), key and value (2, 16); the cache grows by one token."""
    cache["keys"].append(key)
    cache["values"].append(value)
    keys = np.repeat(np.stack(cache["keys"]), 2, axis=1)  # (tokens, 4, 16): a key for two queries
    values = np.repeat(np.stack(cache["values"]), 2, axis=1)  # (tokens, 4, 16)
    scores = np.einsum("hd,thd->ht", query, keys) / np.sqrt(16)  # (4, tokens)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("ht,thd->hd", weights, values)  # (4, 16)

# %% [markdown]
# Does it give what attention without a cache gives? Is it as large as the library counts?

# %%
drawn = np.random.default_rng(0).normal(size=(100, 8, 16))  # 100 tokens: 4 queries, 2 keys, 2 values
cache = {"keys": [], "values": []}
for token in drawn:
    written = attend(token[:4], token[4:6], token[6:], cache)
keys, values = (drawn[:, rows].repeat(2, axis=1) for rows in (slice(4, 6), slice(6, 8)))
weights = np.exp(np.einsum("hd,thd->ht", drawn[-1, :4], keys) / 4)
anew = np.einsum("ht,thd->hd", weights / weights.sum(1, keepdims=True), values)
toy = TransformerShape.from_config(config | {"num_hidden_layers": 1, "hidden_size": 64,
                                             "num_attention_heads": 4, "num_key_value_heads": 2})  # fmt: skip
print("the same as attention anew:", np.allclose(written, anew))
print(f"numbers in our cache: {sum(np.size(part) for part in cache.values()):,}; "
      f"counted by the library: {toy.kv_cache_bytes(1, 100, bytes_per_value=1):,.0f}")

# %% [markdown]
# In Llama-3-8B, for one sequence of 8,000 tokens:

# %%
worked(
    (2, "numbers, of a key and a value", "numbers"),
    (32, "layers", "numbers"),
    (8, "heads with keys of their own", "numbers"),
    (128, "wide each", "numbers per token"),
    (2, "bytes per number, of 16 bits", "bytes per token"),
    (8_000, "tokens", "bytes"),
)
predict(
    "P05.3",
    "Llama-2-7B is older: each of its 32 heads has keys of its own. How many sequences of 8,000 tokens "
    "fit beside its weights on an H100, 90 % of whose 85.5 GB may be filled? (The box says 80.)",
    unit="sequences",
)

# %% slideshow={"slide_type": "subslide"}
from course.inference import Server

for name in ("Llama-2-7B", "Llama-3-8B", "DeepSeek-V3"):
    m = model(name)
    print(f"{name:<12} weights {m.weight_bytes(16) / 1e9:7,.1f} GB; "
          f"cache {m.kv_cache_bytes(1, 1) / 1e3:5.1f} kB per token, "
          f"{m.kv_cache_bytes(1, 8_000) / 1e9:.2f} GB for 8,000")
older, newer = (Server(name, "H100").largest_batch(8_000) for name in ("Llama-2-7B", "Llama-3-8B"))
print()
compare("P05.3", older, newer=newer)

# %% [markdown]
# The larger Llama serves four times as many. Its heads share keys, four to one: *grouped-query
# attention* instead of *multi-head attention*. DeepSeek-V3 has 84 times Llama's parameters and the
# smallest cache: in each layer one *latent* vector of 576 numbers, from which the keys and values of
# 128 heads are made again.
#
# ### Training needs more
#
# Training keeps, beside each weight, its gradient and what the optimiser (Adam) remembers: a copy of
# the weight and two averages, 4 bytes each. The rest is what the backward pass needs for each token.

# %%
memory = llama.training_memory(1, 8_192, weight_bytes=2, gradient_bytes=2, optimizer_bytes=12,
                               activation_bytes=2, fused_attention=True)  # fmt: skip
state = worked(
    (llama.n_params, "parameters", "parameters"),
    (2 + 2 + 12, "bytes: weight, gradient, optimiser", "bytes"),
)
print(f"With one text of 8,192 tokens: {memory.peak / 1e9:.0f} GB at the peak. An H100 has "
      f"{h100.memory_bytes / 1e9:.1f} GB.")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.3 How fast can it answer? · B §3.2 Step 1 选择合适的算力设备
#
# B's first step is to choose a suitable device (算力设备), "such as a GPU or TPU". By which number of
# its data sheet? There are two: how much it computes, in FLOP/s, and how fast it reads its memory, in
# bytes/s. A pass over the model needs both, and takes the longer of the two times:
#
# $$t = \max\left(\frac{\text{FLOP}}{\text{FLOP/s}},\; \frac{\text{bytes}}{\text{bytes/s}}\right)$$
#
# **Prefill** reads the prompt: all its tokens in one pass. **Decode** writes the answer: one pass for
# each token, since each needs the one before it. And each pass reads all weights.

# %% slideshow={"slide_type": "-"}
predict(
    "P05.4",
    f"An H100 computes {h100.peak() / 1e12:.0f} TFLOP/s, of which 30 % are reached, and reads "
    f"{h100.bandwidth_bytes_per_s / 1e12:.3g} TB/s, of which 70 % are. How many tokens per second "
    "does Llama-3-8B write for a single reader?",
    unit="tokens/s",
)

# %% slideshow={"slide_type": "subslide"}
alone = Server("Llama-3-8B", "H100", decode_mfu=0.3, mbu=0.7).decode(1, 2_000)
worked(
    (h100.bandwidth_bytes_per_s, "bytes per second, says the data sheet", "bytes/s"),
    (0.7, "of it reached", "bytes/s"),
    (1 / alone.bytes_moved, "passes per byte: weights and one cache", "passes/s"),
    (1, "token per pass", "tokens/s"),
)
print(f"Computing alone would allow {1 / alone.compute_s:,.0f} tokens/s.")
compare("P05.4", alone.tokens_per_s)

# %% [markdown]
# So serve many at once. A *batch* of sequences shares each reading of the weights; each brings a
# cache of its own. (The 70 % and 30 % are assumptions, and so are 50 % for prompts; every result here
# follows them. Products and attention follow one another, so each takes the longer of its own two
# times.)

# %% slideshow={"slide_type": "subslide"}
from course.inference import ridge_point

server = Server("Llama-3-8B", "H100")
for batch in (1, 8, 64, server.largest_batch(2_000)):
    step = server.decode(batch, 2_000)
    print(f"batch {batch:>3.0f}: caches of {server.kv_bytes(batch, 2_000) / 1e9:4.1f} GB, "
          f"{1e3 * step.seconds:4.1f} ms for a token, {step.tokens_per_s:>5,.0f} tokens/s in all")
prefill = server.prefill(1, 2_000)
print(f"prefill of 2,000 tokens: {1e3 * prefill.seconds:.0f} ms, {prefill.tokens_per_s:,.0f} "
      f"tokens/s, bound by {prefill.bound}")
print(f"Products with weights are bound by computing from {server.crossover_batch:.0f} tokens in a "
      f"pass:\n{ridge_point('H100'):.0f} FLOP per byte by the data sheet · {server.decode_mfu} of the FLOP/s "
      f"/ {server.mbu} of the bytes/s")

# %% [markdown]
# Where does it turn? A 16-bit weight takes 2 bytes to read and 2 FLOP for each token, so a batch of
# B does B FLOP per byte. The chip's *ridge* is its FLOP/s over its bytes/s. Below it, memory is the
# limit. Attention does not move with the batch: no two sequences share a cache.
#
# In a mixture one token reads 2 experts of 8, a batch soon reads all 8, and each token still works with
# 2: Mixtral turns at almost four times the batch.
#
# All this is an estimate. How near is it? NVIDIA, the SGLang team and DeepSeek published what engines
# reached in 2025:

# %%
from course.inference import published_throughputs

published_throughputs()

# %% [markdown] slideshow={"slide_type": "subslide"}
# Within a factor of 1.3, but for the last two. We take all experts for equally busy; there nothing is
# said of balancing them, which elsewhere made decoding 2.5 times as fast. But we chose our shares with
# these rows in view, and two errors can cancel. Which chip, then? (Of a range of prices the middle.)

# %%
from course.inference import rental_prices, usd_per_million_tokens

print(f"Mixtral-8x7B turns at {Server('Mixtral-8x7B', n_gpus=2).crossover_batch:.0f} tokens.\n")
print(f"{'Llama-3-8B on':<14} USD/h  FLOP/byte  tokens/s alone  largest batch  its tokens/s  "
      "USD/1M tokens")
for name, usd_per_hour in rental_prices().items():
    each = Server("Llama-3-8B", name)
    largest = each.largest_batch(2_000)
    speed = each.decode(largest, 2_000).tokens_per_s
    print(f"{name:<14} {usd_per_hour:5.2f} {ridge_point(name):10.0f} "
          f"{each.decode(1, 2_000).tokens_per_s:15.0f} "
          f"{largest:14.0f} {speed:13,.0f} {usd_per_million_tokens(speed, usd_per_hour):14.2f}")

# %% [markdown]
# So B's step 1 has an answer. For a single reader look at bandwidth; for many at bandwidth per dollar,
# and at enough memory for weights and a batch; for prompts at FLOP/s per dollar.
#
# Questions for the explorer. Answer each before you move a control.
#
# 1. Move the batch from 1 to 1,000. Where does the blue square stop rising, and why?
# 2. Why does the orange triangle stay where it is?
# 3. Go from Llama-3-8B to Llama-2-7B. Which point moves, and why? Then to DeepSeek-V3.
# 4. Batch 7, Llama-3-8B, then Mixtral-8x7B. Why does the square fall back?
# 5. Under Advanced, 4 bits: how much faster is a step at batch 1? And at batch 200?

# %% slideshow={"slide_type": "slide"}
from course.inference.explorer import roofline_explorer

roofline_explorer()

# %% [markdown] slideshow={"slide_type": "skip"}
# **How to read it.** Points on the slope wait for memory: a larger batch costs the products of
# a dense model no time (a mixture reads further experts). Points on the flat roof wait for
# arithmetic; the dashed roof is that of prefill. The triangle stands where the number of heads that
# share a key puts it: at 1 FLOP per byte in Llama-2, at 4 in Llama-3. In DeepSeek-V3 128 heads share
# one latent: 242, but each of 32 GPUs holds a copy for 4 heads: 8. Fewer bits move the square right.
# At batch 1 a step reads little but weights, and 4 bits make it almost four times as fast; at batch
# 200, with the products on the roof, they gain nothing.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.4 What makes it faster, and what does not · B §3.2 Step 5 高效推理
#
# B lists model parallelism (模型并行), heterogeneous computing (异构计算), dynamic computation graphs
# (动态计算图) and pruning (剪枝). The graphs "reduce repeated computation" (减少重复计算).
#
# What could be repeated? Without a KV cache each new token would mean reading the whole text again.

# %% slideshow={"slide_type": "-"}
predict(
    "P05.5",
    "Llama-3-8B reads a prompt of 500 tokens and answers with 200. How many times more FLOP does that "
    "take without a KV cache?",
    unit="times",
)

# %%
from course.inference import generation_flops, pipeline_decode

kept = generation_flops("Llama-3-8B", 500, 200)
anew = generation_flops("Llama-3-8B", 500, 200, kv_cache=False)
print(f"{kept / 1e12:.1f} TFLOP with the cache, {anew / 1e12:,.0f} TFLOP without")
compare("P05.5", anew / kept)

# %% [markdown] slideshow={"slide_type": "subslide"}
# A dynamic graph is a style of programming: operations are recorded as they run. It saves no work.
# Compiling a graph can. Heterogeneous computing can pay, since prefill and decode want different chips.
#
# Model parallelism means two things. *Tensor* parallelism cuts each matrix over all GPUs, which then
# read their parts at the same time. *Pipeline* parallelism gives each GPU some layers, and a token
# still passes all of them. Llama-3-70B, one reader:

# %%
for n_gpus in (2, 4, 8):
    big = Server("Llama-3-70B", "H100", n_gpus=n_gpus)
    tensor, pipeline = big.decode(1, 2_000), pipeline_decode(big, 1, 2_000)
    print(f"{n_gpus} GPUs: tensor {1e3 * tensor.seconds:4.1f} ms a token, "
          f"of which {1e3 * tensor.link_s:.1f} ms on the links; pipeline {1e3 * pipeline.seconds:.1f} ms")
print(f"On the links twice a layer: {1e6 * big.links.latency_s:.0f} µs (assumed) and the bytes.")

# %% [markdown]
# More GPUs in a row do not make one answer faster. And not all can be cut: a GPU needs one KV head at
# least, and DeepSeek's latent whole. So engines (SGLang, vLLM) offer *data-parallel attention*, which
# gives each GPU sequences of its own, and *expert parallelism*, which gives it whole experts.

# %%
print("DeepSeek-V3, 8 bits, on 8 H200; sequences of 8,192 tokens that fit, and tokens/s with them")
for ways in ({}, {"data_parallel": 8}, {"data_parallel": 8, "expert_parallel": True}):
    shared = Server("DeepSeek-V3", "H200", n_gpus=8, weight_bits=8, **ways)
    most = shared.largest_batch(8_192)
    print(f"{shared.sharing.name:<8} {most:3.0f} {shared.decode(most, 8_192).tokens_per_s:7,.0f}")
shared = Server("Llama-3-8B", "RTX-4090", n_gpus=8)
step = shared.decode(64, 2_000)
print(f"8 RTX-4090: {step.link_s / step.seconds:.0%} of a step is {shared.links.name}.")

# %% [markdown]
# Eight GPUs of a machine share fast links, further ones the network. Two methods that B does not name:
#
# **Speculative decoding.** A small model drafts g tokens, the large one checks all of them in one
# pass. If each is accepted with chance a, a pass yields (1 − aᵍ⁺¹)/(1 − a) tokens. It spends computing
# to save reading, so it helps only where computing is idle. (Below, a and the draft's cost, a
# twentieth, are assumed.)
#
# **Prefix caching.** Many prompts begin alike; the cache of that beginning is kept.

# %% slideshow={"slide_type": "subslide"}
from course.inference import check_ratio, prefix_caching, speculative_speedup

big = Server("Llama-3-70B", "H100", n_gpus=8)
for batch in (1, 32, 256):
    ratio = check_ratio(big, n_draft=4, batch=batch, context=2_000)
    gain = speculative_speedup(acceptance=0.8, n_draft=4, cost_ratio=0.05, check_ratio=ratio)
    print(f"4 drafted tokens, 80 % accepted, batch {batch:>3}: {gain:.1f} times as fast")
saved = prefix_caching(server, prompt_tokens=1_500, prefix_tokens=1_000)
print(f"1,000 shared of 1,500 prompt tokens: {saved.saved_share:.0%} of the prefill saved, for "
      f"{saved.kv_bytes / 1e6:.0f} MB")

# %% [markdown]
# ### B §9 Q4 在AI大模型的规模化定律中，如何平衡模型性能和计算资源的需求？; B §9 Q5 大模型训练和推理过程中的资源管理有哪些技巧？
#
# Q4 asks how to balance quality and compute, and answers with five methods and no number. The balance
# has an equation: chapter 1 for training, section 5.7 with inference counted. Compression lowers the
# bytes (chapter 10). Parallelism lowers no demand: it spreads it.
#
# Q5 asks for tricks of resource management. The numbers to watch are this chapter's: memory filled by
# weights and caches, bandwidth reached, time spent on links. The libraries that B names are mixed up.

# %% slideshow={"slide_type": "skip"}
cards("K129", "K130", "K171")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.5 What a million tokens cost · A §5.1
#
# Rent is paid by the hour, so a token costs what the GPU earns in the time it takes. Batch of 64:

# %%
step = server.decode(64, 2_000)
worked(
    (price, "USD per GPU-hour", "USD/h"),
    (1 / 3600, "hours per second", "USD/s"),
    (1 / step.tokens_per_s, "seconds per token, batch of 64", "USD/token"),
    (1e6, "tokens", "USD"),
)
for what, tokens_per_s in (("written alone", alone.tokens_per_s), ("of a prompt", prefill.tokens_per_s)):
    print(f"a million tokens {what}: {usd_per_million_tokens(tokens_per_s, price):.2f} USD")

# %% [markdown]
# Compare 5.1: 39 USD for 1e9 tokens is 0.04 USD per million. That was the price of *computing* at 30 %
# of the peak; prompts, read at 50 %, cost less. Written tokens pay for waiting on memory as well.
#
# A adds up compute, memory, storage and networking. But computing and reading happen at the same
# time on the same rented GPU. One may add them only like this: the seconds that computing takes, plus
# the *further* seconds in which the chip waits. A year of one request per second, 500 tokens in and
# 200 out. We assume that other customers fill the GPU, and pay for our share of its time only:

# %% slideshow={"slide_type": "subslide"}
from course.inference import InferenceScalingEconomics, Traffic

economics = InferenceScalingEconomics(chip="H100")
year = economics.analyze_cost_structure("Llama-3-8B", Traffic(requests_per_s=1))
whole_gpu = price * 24 * 365.25
print(f"Alone on one GPU, {whole_gpu:,.0f} USD, the same tokens would cost "
      f"{whole_gpu / (year.compute + year.memory):.0f} times the compute and memory below.")
year

# %% slideshow={"slide_type": "skip"}
cards("K087", "K088")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.6 Enough GPUs to answer in time · A §5.1
#
# A divides: GPUs needed (需要的GPU数量) = requests per second / requests that a GPU answers per second.
# This would do if requests came like a clock. They come at random.

# %% slideshow={"slide_type": "-"}
predict(
    "P05.6",
    "A single server that is busy 95 % of the time makes 95 % of the requests wait. Four servers, each "
    "takes one request at a time, are busy 95 % of the time on average. What share has to wait?",
    unit="%",
)

# %%
from course.inference import erlang_c, mmc_queue, random_arrivals, simulate_queue

compare("P05.6", 100 * erlang_c(4, 0.95))
for utilisation in (0.5, 0.8, 0.95, 0.99):
    queue = mmc_queue(requests_per_s=4 * utilisation, service_s=1.0, n_servers=4)
    print(f"busy {utilisation:.0%}: {queue.p_wait:4.0%} wait; answers of 1 s take "
          f"{queue.mean_answer_s:5.1f} s on average")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Do not believe a formula: simulate. The markers are 50,000 requests each, played through one by one.

# %%
from course.inference.plots import draw_waiting
from course.inference.views import waiting_view

dots = []
for servers, busy in ((1, 0.6), (4, 0.8), (4, 0.95), (16, 0.9), (64, 0.95)):
    arrivals = random_arrivals(servers * busy, 50_000, seed=1)
    service = np.random.default_rng(2).exponential(1.0, len(arrivals))
    waits = simulate_queue(arrivals, service, servers).wait_s > 0
    dots.append((servers, busy, waits.mean()))
figure, axes = new_figure()
draw_waiting(axes, waiting_view(simulated=dots))
show(figure, alt="The fuller, the more wait; many servers together bear more load than few.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# A server of language models is kinder than that: who arrives joins the running batch. But then all
# get slower, since a larger batch takes longer for each step. And users feel the *tail*, not the
# mean: the slowest 1 % lie beyond the 99th percentile. Simulated: prompts of 500 tokens, answers of
# 200 on average, one H100.

# %%
import math

from course.inference import latency_curve

curve = latency_curve(server, Traffic(prompt_tokens=500, answer_tokens=200))
times = -math.log(0.01)  # of lengths that fall off exponentially
print(f"1 % of the answers have more than {times:.1f} · 200 = {times * 200:.0f} tokens")
print(f"one GPU that never idles answers {curve.most_requests_per_s:.1f} requests/s")
for load in (0.2, 0.5, 0.8, 0.95):
    rate = load * curve.most_requests_per_s
    half, most = (curve.time_to_answer_s(rate, p) for p in (50, 99))
    print(f"at {load:.0%} of that: half within {half:.1f} s, 99 % within {most:4.1f} s")

# %% [markdown]
# At low load nobody waits, and length alone makes the tail. So throughput says how many GPUs can
# keep up, and the target for the tail says how many you need. For 150 requests per second:

# %% slideshow={"slide_type": "subslide"}
from course.inference.views import serve_view

quotient = as_written.required_gpus(150, curve.most_requests_per_s)
print(f"A's quotient: {quotient} GPUs, one to a replica, whatever the target")
for target_s in (15, 7, 3):
    fleet = serve_view(150, target_s, "Llama-3-8B").fleet
    size = fleet.server.n_gpus
    print(f"99 % within {target_s:>2} s: {fleet.n_gpus:>2} GPUs, {size} to a replica, busy "
          f"{fleet.utilisation:.0%} (by throughput, in whole replicas: {fleet.n_gpus_by_throughput})")

# %% [markdown]
# A replica is one copy of the model. A hard target needs replicas of several GPUs: that makes one
# answer faster; more replicas do not.
# `estimate_optimal_serving_config` puts it together, with all that A calls and leaves undefined:
# throughput, batch (批处理优化), cache (缓存策略), type of GPU, monthly rent. It takes
# the lowest rent, not the fewest GPUs; cheap cards without a fast link pay for that in seconds.

# %% slideshow={"slide_type": "subslide"}
economics = InferenceScalingEconomics(chip="H100", max_answer_s=7, percentile=99)
economics.estimate_optimal_serving_config("Llama-3-8B", 150)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Questions for the explorer:
#
# 1. Take the target from 15 s to 2 s. When do replicas grow, and what happens to the price? Why is 1 s
#    impossible?
# 2. Take the load from 100 to 1,000 requests per second. Do the GPUs grow tenfold?
# 3. Take the percentile (Advanced) from 99 to 90. What do you save, and who pays for it?
# 4. Lower the load to 1 request per second. What does a million tokens cost now, and why?

# %% slideshow={"slide_type": "slide"}
from course.inference.explorer import serving_explorer

serving_explorer()

# %% [markdown] slideshow={"slide_type": "skip"}
# **How to read it.** On the left the curves are flat: nobody waits. More replicas do not go below that:
# 1 s fails, as 8 GPUs, a replica's most, take longer for the longest 1 % of the answers. To the right
# the curves turn up before the hatched wall, where the GPUs cannot keep up and A's division puts you.
# One vertical line shows how far the same GPUs would come one request at a time: what batching is
# worth. Ten times the load needs fewer than ten times the GPUs: rounding up costs less. With one queue
# for all, not one for each replica as here, it would be fewer still (exercise 05.8). A promise to 90 %
# saves GPUs, and the slowest tenth pay with time. A GPU that few ask costs as much as a busy one.

# %% slideshow={"slide_type": "skip"}
cards("K089", "K090")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.7 Train smaller, for longer
#
# Training is paid once, 6·N·D FLOP. Inference is paid with every token, 2·N. A §6.2 says that
# inference usually costs more than ten times the training. Chapter 6 judges this; here is the
# arithmetic.

# %% slideshow={"slide_type": "-"}
predict(
    "P05.7",
    "At the same price for a FLOP: how many tokens of inference must follow each token of training, "
    "until inference has cost ten times as much?",
    unit="tokens",
)

# %%
from course.inference import inference_tokens_for
from course.inference.times import SECONDS_PER_YEAR

compare("P05.7", inference_tokens_for(10, n_train_tokens=1))
trained = fact("model.Llama-3-8B").value["n_tokens"]
print("\nLlama-3-8B, asked for one year:")
worked(
    (trained, "tokens of training", "tokens"),
    (inference_tokens_for(10, 1), "tokens of inference for each", "tokens"),
    (1 / 700, "requests per token (500 + 200 tokens)", "requests"),
    (1 / SECONDS_PER_YEAR, "years per second", "requests/s"),
)

decode_s = 1 / server.decode(64, 700).tokens_per_s
read_s = 1 / server.prefill(1, 500).tokens_per_s
print("\nWith FLOP of training at 40 % MFU, and decoding in batches of 64:")
mixed_s = (500 * read_s + 200 * decode_s) / 700
for tokens, seconds in (("written", decode_s), ("of 500 read and 200 written", mixed_s)):
    ratio = seconds * h100.peak() * 0.4 / (2 * llama.n_params)  # the rent cancels
    print(f"tokens {tokens}: a FLOP costs {ratio:.1f} times as much, so "
          f"{inference_tokens_for(10, 1, price_ratio=ratio):.1f} for each are enough")

# %% [markdown]
# Whoever expects that many questions should not train the model that is cheapest to *train*. Sardana
# and colleagues (2024) minimise the sum, 6·N·D + 2·N·D_inference, at a given loss. Their example: the
# quality of a Chinchilla-optimal 30B model, and 5e12 tokens of inference.

# %% slideshow={"slide_type": "subslide"}
from course.inference import compute_optimal_loss, lifetime_optimum
from course.scaling import ChinchillaLaw, extrapolating

law = ChinchillaLaw(**fact("sardana.constants").value, name="Sardana et al. 2024")
loss = compute_optimal_loss(law, 30e9)
with extrapolating():
    best = lifetime_optimum(law, loss, 5e12)
paper = fact("sardana.example_30B").value
print(f"the paper: {paper['n_params'] / 1e9:.1f}B, {paper['n_train_tokens'] / 1e12:.2f}T tokens, "
      f"{paper['saved']:.0%} saved")
print(f"ours:      {best.n_params / 1e9:.1f}B, {best.n_train_tokens / 1e12:.2f}T tokens, "
      f"{best.saved:.0%} saved")

# %% slideshow={"slide_type": "subslide"}
from course.inference.plots import draw_lifetime
from course.inference.views import lifetime_view

figure, axes = new_figure()
draw_lifetime(axes, lifetime_view(law, loss, np.geomspace(1e11, 1e15, 60)))
show(figure, alt="The more will be asked, the smaller the best model and the longer its training.")

# %% [markdown]
# This is one reason why models since 2023 lie above the line of 20 tokens per parameter in chapter 1.
# Beware of the right end: it lies far outside the fitted runs.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5.8 On a device of your own · A §5.2 Edge AI部署
#
# *Edge* (边缘) means: on the phone, laptop or car instead of in the cloud. A gives each kind of device
# a memory and a largest model. Does that model fit?

# %%
from course.inference import EDGE_DEVICES

for name, device in as_written.EDGE_DEVICES.items():
    if name != "server":  # A gives it infinite memory
        n = device["max_params"]
        sizes = ", ".join(f"{bits} bits {n * bits / 8 / 1e9:5.1f} GB" for bits in (16, 8, 4))
        taken = (EDGE_DEVICES[name].system_bytes + EDGE_DEVICES[name].runtime_bytes) / 1e9
        print(f"{name:<8} {device['memory_gb']:>2} GB of memory; {n / 1e9:2.0f}B: {sizes}; "
              f"system and runtime {taken:.1f} GB (assumed)")
predict(
    "P05.8",
    "A phone reads its memory at 51.2 GB/s, of which 70 % are reached. How many tokens per second does "
    "a 7B model of 4 bits write on it?",
    unit="tokens/s",
)

# %% slideshow={"slide_type": "subslide"}
from course.inference import EdgeAIDeployer, memory_fit

phone = EDGE_DEVICES["mobile"]
fit = memory_fit(7e9, phone, bits=4, context=700)
worked(
    (phone.bandwidth_bytes_per_s, "bytes per second", "bytes/s"),
    (phone.mbu, "of it reached", "bytes/s"),
    (1 / (fit.weight_bytes + fit.kv_bytes), "passes per byte: weights and cache", "passes/s"),
    (1, "token per pass", "tokens/s"),
)
compare("P05.8", fit.tokens_per_s, share=fit.memory_share)
print()
edge = EdgeAIDeployer()
here = edge.on_the_device(7e9, "mobile", bits=4)
there = edge.in_the_cloud(7e9, bandwidth_constraint=1e6)
for where, o in (("on the phone", here), ("in the cloud", there)):
    print(f"an answer {where}: {o.seconds:4.1f} s, {o.energy_j:3.0f} J")

# %% [markdown]
# The rule is the one of 5.3: bandwidth over bytes, scales of the weights included. So "local"
# does not mean "low latency" (低延迟): the network costs a fraction of a second, slow memory many. Even
# the energy can be lower in the cloud, where 32 answers share each reading. (The phone's 6 W are a
# guess; network and screen are left out.)
#
# Of A's three models only the laptop's would fit with 8 bits; phone and desktop need 4. A's
# `select_deployment_strategy` takes a latency and a bandwidth and uses neither. Ours uses both.

# %% slideshow={"slide_type": "subslide"}
for latency, bandwidth in ((0.001, 1), (1e6, 1e12)):
    chosen = as_written.select_deployment_strategy(7e9, latency, bandwidth)
    print(f"A, {latency:g} s, {bandwidth:g} bytes/s: {', '.join(chosen)}")
print()
mine = EdgeAIDeployer(devices={name: EDGE_DEVICES[name] for name in ("mobile", "laptop")})
for latency, bandwidth in ((2, 1e6), (15, 1e6), (15, 0)):
    plan = mine.select_deployment_strategy(7e9, latency, bandwidth)
    ways = sorted({f"{o.strategy} ({o.device})" for o in plan.feasible})
    print(f"within {latency} s, {bandwidth:,.0f} bytes/s: {', '.join(ways)}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# The strategies are A's: on the device; on it with fewer bits (quantised, 量化); easy questions there
# and hard ones in the cloud (云边协同); all in the cloud.
#
# ### Does the compression add up?
#
# For a model that is too large, A's `quantize_for_edge` takes 4 bits, drops half of the weights
# (pruning, 剪枝), and expects 16 times; in its two other cases, 8 bits with 20 % dropped and with none,
# it expects 4 times. But a model with holes must say where they are: one bit for each weight.

# %%
from course.inference import CompressionPlan

print("fp32 and bf16: numbers of 32 and 16 bits\n")
print("bits  dropped  A says  vs fp32, free holes   vs fp32   vs bf16")
for bits, sparsity, said in ((4, 0.5, 16), (8, 0.2, 4), (8, 0.0, 4)):
    free = CompressionPlan(7e9, bits=bits, sparsity=sparsity, mask="free")
    real = CompressionPlan(7e9, bits=bits, sparsity=sparsity, mask="bitmask")
    print(f"{bits:>4} {sparsity:>8.0%} {said:>6}x {free.compression(32):>19.1f}x "
          f"{real.compression(32):>8.1f}x {real.compression(16):>8.1f}x")

# %% [markdown] slideshow={"slide_type": "skip"}
# And is that enough? Ours tries 16, 8 and 4 bits, then 4 bits with half of them dropped, until
# weights, cache and system fit. What fits with none of these needs a smaller model that learns from
# this one (distillation, 知识蒸馏).

# %% slideshow={"slide_type": "skip"}
best_case = CompressionPlan(175e9, bits=4, sparsity=0.5, mask="free").weight_bytes / 1e9
print(f"175B by A's plan, with free holes: {best_case:.2f} GB, for a phone of 8 GB")
print("ours, where each 64 quantised weights share a scale of 16 bits:")
for n in (1e9, 7e9, 175e9):
    plan = edge.quantize_for_edge(n, "mobile")
    how = f"distilled to {plan.n_params / 1e9:.1f}B" if plan.distilled_from else "as it is"
    print(f"  {n / 1e9:>3.0f}B: {how}, {plan.bits} bits, {plan.weight_bytes / 1e9:.1f} GB")
print("A, 1,000B on a toaster:", as_written.quantize_for_edge(1e12, "toaster"))
try:
    edge.quantize_for_edge(1e12, "toaster")
except ValueError as error:
    print("ours:", error)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Both functions only plan; chapter 10 carries plans out.
#
# Questions for the explorer:
#
# 1. What is the largest model that the phone holds at 4 bits? And the laptop?
# 2. Raise the prompt to 100,000 tokens. Which part of the bars grows?
# 3. 7B on the desktop GPU: with how many bits does it answer before the cloud does?
# 4. Back to the phone; cut the network (Advanced) to 1 kB/s. Does the phone win now?

# %% slideshow={"slide_type": "slide"}
from course.inference.explorer import device_explorer

device_explorer()

# %% [markdown] slideshow={"slide_type": "skip"}
# **How to read it.** Left of the black line it fits: at 4 bits about 8B on the phone, 48B on the
# laptop. The desktop GPU beats the cloud with 4 bits only. Fewer bits shorten the weights' part, and
# speed up writing almost in the same measure. A long prompt fills the rest with its cache. Text is small, so even a slow network delivers it before a phone has written it.
# For what bits do to *quality* see chapter 10.

# %% slideshow={"slide_type": "skip"}
cards("K091", "K092", "K093", "K094", "K095", "K096")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **The shares reached.** Engines differ from the assumed 50 and 30 % of FLOP/s and 70 % of bandwidth,
#   and so will speeds and prices. Measure yours.
# - **Prices.** The rent of a GPU-hour has a date and a range: ours are from 2026, second-hand.
# - **Traffic.** Random arrivals and lengths are a model. Real load has days and nights.
# - **The lifetime optimum** needs the loss far outside the fitted runs. Sardana and colleagues find
#   that laws fitted at ordinary ratios promise too much there.
# - **Ten times the training.** It depends on demand. Chapter 6 collects what is published.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - Carry the units. A cost in USD · s per year² is wrong before any number is looked up.
# - Say which N: total for memory, computing parameters for FLOP.
# - Decode reads all weights for each pass: speed is bandwidth over bytes. Prefill computes.
# - A batch shares the reading, so it is the way to cheap tokens. The KV cache limits the batch.
# - Full servers make people wait. Choose GPUs by the tail.
# - Many questions to come? Train smaller, for longer.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Austin et al. (2025), *How to Scale Your Model*,
#   [jax-ml.github.io/scaling-book](https://jax-ml.github.io/scaling-book/): rooflines and inference.
# - Pope et al. (2022), *Efficiently Scaling Transformer Inference*,
#   [arXiv:2211.05102](https://arxiv.org/abs/2211.05102).
# - Kwon et al. (2023), vLLM: the KV cache in pages, [arXiv:2309.06180](https://arxiv.org/abs/2309.06180).
# - Leviathan et al. (2023), speculative decoding,
#   [arXiv:2211.17192](https://arxiv.org/abs/2211.17192).
# - Sardana et al. (2024), *Beyond Chinchilla-Optimal*,
#   [arXiv:2401.00448](https://arxiv.org/abs/2401.00448).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From a config to a serving plan:
# [05 Inference and edge devices](../exercises/05_inference_and_edge/05_inference_and_edge.ipynb).
