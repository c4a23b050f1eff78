# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 5 · Inference and edge devices
#
# Ten exercises on what chapter 5, [Inference and edge devices](../../notebooks/05_inference_and_edge.ipynb),
# is about: what a model weighs, how fast it answers, what that costs, and who has to wait. You need
# arithmetic with units, and loops. **127 minutes · 45 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 05.1 | The FLOP of an answer | ★☆☆ | 6 | 3 |
# | 05.2 | The bill of a year | ★☆☆ | 10 | 4 |
# | 05.3 | Every parameter of a Llama | ★★☆ | 15 | 5 |
# | 05.4 | What the KV cache leaves room for | ★★☆ | 14 | 5 |
# | 05.5 | The roofline of a decoding step | ★★☆ | 16 | 5 |
# | 05.6 | Sixteen times smaller? | ★★☆ | 12 | 5 |
# | 05.7 | A draft to be checked | ★★☆ | 10 | 4 |
# | 05.8 | Who has to wait? | ★★★ | 16 | 5 |
# | 05.9 | How many GPUs? | ★★★ | 12 | 4 |
# | 05.10 | Train smaller, for longer | ★★★ | 16 | 5 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type your guess into the box,
#    then compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers, those of the documents too. It checks a part of the
#    points, your teacher the rest. If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/05_inference_and_edge/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. N is the number of parameters.
# FLOP is an amount of work, FLOP/s a rate. A GB is 1e9 bytes.
#
# Run the next cell first.

# %%
import math

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 05.1 The FLOP of an answer
# ★☆☆ · 6 minutes · 3 points
#
# *Inference* (推理) is the use of a model after training. It reads the prompt, then it writes the
# answer token by token. In this forward pass a token meets each parameter in one multiplication and
# one addition. What was worked out for the tokens before is kept (the *KV cache*, 键值缓存), so
# each token of prompt and answer passes the model once. (The very last one need not; count it all the
# same.) Leave out attention, which adds a few per cent to a short text.
#
# Document A §5.1 counts 6 FLOP for each parameter and token.
#
# **Write** `answer_flops(n_params, prompt_tokens, answer_tokens)`, the FLOP to read a prompt and write
# an answer.

# %%
predict(
    "E05.1",
    "A prompt of 500 tokens, an answer of 200. Which takes more FLOP?",
    choices=["reading the prompt", "writing the answer"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-1-answer"}
def answer_flops(n_params, prompt_tokens, answer_tokens):
    """FLOP to read prompt_tokens and write answer_tokens, without attention."""
    ### BEGIN SOLUTION
    n_tokens = prompt_tokens + answer_tokens
    return 2 * n_params * n_tokens  # a multiplication and an addition each
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 3, "grade_id": "05-1-check"}
check("05.1", answer_flops)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many FLOP does one parameter cost for one token? Training adds a backward pass of twice that;
# an answer has none.
# </details>
# <details><summary>Hint 2</summary>
#
# 2 FLOP × parameters × tokens. Which tokens pass the model?
# </details>

# %%
compare("E05.1")

# %% [markdown]
# ## 05.2 The bill of a year
# ★☆☆ · 10 minutes · 4 points
#
# Document A §5.1 computes what a model costs in a year (年度成本):
#
#     N · 6 · 1e9 · 1e-12 · 365 · 24 · 3600
#
# It calls 1e9 the tokens of a year and 1e-12 the dollars for a FLOP. For 7B parameters that gives
# 1.3e15 dollars, about twelve times what the whole world produces in a year.
#
# Make the bill from what you can look up: the price of an hour of one GPU, its peak in FLOP/s, and its
# *utilisation* (利用率), the share of the peak that is really used. You pay for the time that the
# tokens need, and for no more. A token takes 2·N FLOP.
#
# **Write** `annual_cost(n_params, tokens_per_year, usd_per_gpu_hour, peak_flop_per_s, mfu)`, the bill in
# dollars. `mfu` is the utilisation, between 0 and 1.

# %%
predict(
    "E05.2",
    "A 7B model answers 4.5 requests a second, day and night, of 700 tokens each: 1e11 tokens in a "
    "year. What does the computing cost, on H100s at 2.95 dollars an hour, 30 % used?",
    unit="dollars",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-2-answer"}
def annual_cost(n_params, tokens_per_year, usd_per_gpu_hour, peak_flop_per_s, mfu):
    """USD for the GPU time that the tokens of a year need."""
    ### BEGIN SOLUTION
    flops = 2 * n_params * tokens_per_year
    gpu_hours = flops / (peak_flop_per_s * mfu) / 3_600
    return gpu_hours * usd_per_gpu_hour
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "05-2-check"}
check("05.2", annual_cost)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Carry the units along: FLOP, then seconds, then hours, then dollars.
# </details>
# <details><summary>Hint 2</summary>
#
# Work: 2 · `n_params` · `tokens_per_year` FLOP. Rate: peak × utilisation FLOP/s. Work / rate is in
# seconds.
# </details>
# <details><summary>Hint 3</summary>
#
# Divide the seconds by 3,600 and multiply by the price of an hour. Where would the seconds of a year
# come in? Nowhere.
# </details>

# %%
compare("E05.2")

# %% [markdown]
# ## 05.3 Every parameter of a Llama
# ★★☆ · 15 minutes · 5 points
#
# A `config.json` says the shape of a model, and the shape says every *parameter* (参数). A Llama has:
#
# - a table of *embeddings* (嵌入): one row for each token of the vocabulary, as wide as the model;
# - in each layer, attention: four matrices for queries, keys, values and output. Queries and output
#   are width × width. The width is shared out among the query heads; keys and values have only
#   `num_key_value_heads` heads of the same size (*grouped-query attention*, 分组查询注意力);
# - in each layer, a *gated* MLP: three matrices of width × `intermediate_size` numbers (gate, up, down);
# - in each layer two norms, and one norm after the last layer: a weight for each unit of the width;
# - a *head* that names the next token: a table like that of the embeddings. If it is *tied*, it **is**
#   that table.
#
# There are no biases.
#
# **Write** `llama_params(config)`, the number of parameters, right to the last one. The next cell has
# two configs, with the keys that matter here. Try the toy first: it can be counted on paper.

# %%
llama_3_8b = {
    "model_type": "llama",
    "vocab_size": 128_256,
    "hidden_size": 4096,  # the width of the model
    "intermediate_size": 14_336,  # the width of an MLP
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
}
toy = llama_3_8b | {
    "vocab_size": 10, "hidden_size": 4, "intermediate_size": 6,
    "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
}

# %%
predict(
    "E05.3",
    "How many times as many parameters are in Llama-3-8B's MLPs as in its attention?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-3-answer"}
def llama_params(config):
    """The number of parameters of a Llama with this config."""
    ### BEGIN SOLUTION
    width = config["hidden_size"]
    head_dim = width // config["num_attention_heads"]
    kv_width = head_dim * config["num_key_value_heads"]
    attention = 2 * width * width + 2 * width * kv_width
    mlp = 3 * width * config["intermediate_size"]
    norms = 2 * width
    layers = config["num_hidden_layers"] * (attention + mlp + norms)
    table = config["vocab_size"] * width
    head = 0 if config["tie_word_embeddings"] else table
    return table + layers + width + head
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "05-3-check"}
check("05.3", llama_params)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A head is `hidden_size // num_attention_heads` wide. So keys are a matrix of width ×
# (head's width · `num_key_value_heads`), and values are another one.
# </details>
# <details><summary>Hint 2</summary>
#
# The toy: table 10 · 4 = 40. Attention 4·4 + 4·2 + 4·2 + 4·4 = 48. MLP 3 · 4 · 6 = 72. Two norms 8,
# the last norm 4, head 40. Together 212.
# </details>
# <details><summary>Hint 3</summary>
#
# If the toy is right and Llama-3-8B is not, is something not multiplied by the layers? If only the
# model with the tied head is wrong, what is its head?
# </details>

# %%
compare("E05.3")

# %% [markdown]
# ## 05.4 What the KV cache leaves room for
# ★★☆ · 14 minutes · 5 points
#
# To write the next token, each layer needs a *key* and a *value* of every token before it. They are
# kept in the KV cache: for each token, each layer and each of the `num_key_value_heads` heads one key
# and one value, each as wide as a head of the queries. In bf16 each number takes 2 bytes, in the cache
# and in the weights.
#
# Several sequences can be answered together, in a *batch* (批). They share the weights, but each has a
# cache of its own. What the weights leave of the memory, the caches can fill. (All of it, here: chapter
# 5 keeps a tenth free.)
#
# **Write** `largest_batch(config, n_params, memory_gb, seq_len)`. It gives a dict with two entries:
# `"kv_bytes"`, the bytes of the cache of one sequence of `seq_len` tokens, and `"batch"`, how many such
# sequences fit beside the weights (0 if none does). `memory_gb` is in GB. `config` is one as in exercise
# 05.3; the `n_params` of Llama-3-8B are 8.03e9.

# %%
predict(
    "E05.4",
    "For a single reader: how long a text can Llama-3-8B keep in the cache on a GPU of 80 GB?",
    unit="thousand tokens",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-4-answer"}
def largest_batch(config, n_params, memory_gb, seq_len):
    """Bytes of the cache of a sequence, and how many sequences fit beside the weights in bf16."""
    ### BEGIN SOLUTION
    head_dim = config["hidden_size"] // config["num_attention_heads"]
    numbers = 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * head_dim
    kv_bytes = 2 * numbers * seq_len
    room = memory_gb * 1e9 - 2 * n_params
    return {"kv_bytes": kv_bytes, "batch": max(0, math.floor(room / kv_bytes))}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "05-4-check"}
check("05.4", largest_batch)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the numbers that one token leaves in one layer: 2 (key and value) × heads of keys and values ×
# width of a head.
# </details>
# <details><summary>Hint 2</summary>
#
# For Llama-3-8B: 2 · 8 · 128 = 2,048 numbers in a layer, 65,536 in 32 layers, 131,072 bytes. That is one
# token.
# </details>
# <details><summary>Hint 3</summary>
#
# Room = `memory_gb * 1e9 - 2 * n_params`. Divide it by the bytes of one sequence, round down
# (`math.floor`), and do not go below 0 (`max`).
# </details>

# %%
compare("E05.4")

# %% [markdown]
# ## 05.5 The roofline of a decoding step
# ★★☆ · 16 minutes · 5 points
#
# A step of *decoding* (解码) gives each of `batch` sequences its next token. A chip has two speeds: it
# computes `flop_per_s` and reads `bytes_per_s` from its memory. The *roofline* (屋顶线模型) says which
# of them counts. Take the step to have two parts, one after the other (Austin et al. 2025):
#
# - **The products with the weights.** 2·N FLOP for each sequence. The weights, 2 bytes each, are read
#   once for the whole batch. The chip computes and reads **at the same time**.
# - **Attention.** Each sequence reads its own cache: `context` tokens of `kv_bytes_per_token` bytes. Here
#   reading always takes longer than computing.
#
# This is simpler than in chapter 5: both speeds are reached in full (there 30 % and 70 %), and N is the
# total number of parameters (there the input embedding, only looked up, does not compute).
#
# The *crossover* is the batch at which both sides of the first part take the same time. With fewer
# sequences the chip waits for its memory.
#
# **Write** `decode_step(n_params, kv_bytes_per_token, context, batch, flop_per_s, bytes_per_s)`. It gives a
# dict with two entries: `"seconds"`, the time of a step, and `"crossover"`, the batch of the crossover
# (not rounded).

# %%
predict(
    "E05.5",
    "An H100 computes 989.4e12 FLOP/s and reads 3.35e12 bytes/s. Llama-3-8B answers one sequence of "
    "8,192 tokens on it. For what share of the step does the chip compute?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-5-answer"}
def decode_step(n_params, kv_bytes_per_token, context, batch, flop_per_s, bytes_per_s):
    """Seconds for one token of each sequence, and the batch from which computing takes longer."""
    ### BEGIN SOLUTION
    computing = 2 * n_params * batch / flop_per_s
    reading_weights = 2 * n_params / bytes_per_s
    reading_caches = batch * context * kv_bytes_per_token / bytes_per_s
    seconds = max(computing, reading_weights) + reading_caches
    return {"seconds": seconds, "crossover": flop_per_s / bytes_per_s}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "05-5-check"}
check("05.5", decode_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# There are three times: to compute, to read the weights, to read the caches. Which of them does the
# batch lengthen?
# </details>
# <details><summary>Hint 2</summary>
#
# Of two things done at the same time, the longer one counts: `max(computing, reading_weights)`. What
# comes after is added.
# </details>
# <details><summary>Hint 3</summary>
#
# The crossover: 2·N·batch / flop_per_s = 2·N / bytes_per_s. Solve for the batch. N goes: the crossover
# belongs to the chip, not to the model.
# </details>

# %%
compare("E05.5")

# %% [markdown]
# ## 05.6 Sixteen times smaller?
# ★★☆ · 12 minutes · 5 points
#
# To fit a model on a phone, weights are *quantised* (量化) to fewer bits and *pruned* (剪枝): a share of
# them, the *sparsity* (稀疏度), is dropped. Document A §5.2 has three plans, each with the compression
# that it expects:
#
# | bits | dropped | document A expects |
# | --- | --- | --- |
# | 4 | half | 16 times |
# | 8 | a fifth | 4 times |
# | 8 | nothing | 4 times |
#
# It does not say from what size it counts. And dropped weights can lie anywhere, so one must store which
# are left: a *mask* with **one bit for every weight** of the model. Where nothing is dropped there is no
# mask.
#
# **Write** `compressed(n_params, bits, sparsity, memory_gb)`. It gives a dict with four entries: `"gb"`,
# the size of the compressed weights in GB; `"times_fp32"` and `"times_bf16"`, how many times smaller that
# is than the same model with 32 and with 16 bits a weight; and `"fits"`, True if the weights take at most
# `memory_gb`, else False. `sparsity` is 0.5 where half of the weights are dropped.

# %%
predict(
    "E05.6",
    "A fifth of a model's 4-bit weights is dropped, and the mask is added. Does the model get smaller?",
    choices=["a fifth smaller", "a tenth smaller", "larger"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-6-answer"}
def compressed(n_params, bits, sparsity, memory_gb):
    """The size of quantised and pruned weights, how many times smaller, and whether they fit."""
    ### BEGIN SOLUTION
    mask = 1 if sparsity > 0 else 0
    bits_per_weight = bits * (1 - sparsity) + mask
    gb = n_params * bits_per_weight / 8 / 1e9
    return {
        "gb": gb,
        "times_fp32": 32 / bits_per_weight,
        "times_bf16": 16 / bits_per_weight,
        "fits": gb <= memory_gb,
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "05-6-check"}
check("05.6", compressed)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many bits does a weight of the model take on average, dropped ones and mask included? All else
# follows from that number.
# </details>
# <details><summary>Hint 2</summary>
#
# Bits of a weight = `bits` × (share that stays) + 1 for the mask, if anything is dropped. For the first
# plan that is 4 · 0.5 + 1 = 3.
# </details>
# <details><summary>Hint 3</summary>
#
# Bytes = parameters × bits of a weight / 8. How many times smaller = 32 (or 16) / bits of a weight.
# </details>

# %%
compare("E05.6")

# %% [markdown]
# ## 05.7 A draft to be checked
# ★★☆ · 10 minutes · 4 points
#
# Decoding waits for the memory (exercise 05.5), so a large model can check several tokens in about the
# time of one. *Speculative decoding* (推测解码) uses that: a small model drafts `n_draft` tokens, one
# after the other, and **one** pass of the large model checks them all. Each drafted token is right with
# chance `acceptance`. At the first wrong one, it and all that follow are thrown away. The pass itself
# gives one token more of the large model's own, always.
#
# So one token is sure, a second comes if the first drafted token was right, a third if the first two were,
# and so on: with acceptance a the mean is 1 + a + a² + … + a^`n_draft` tokens. The time of all this, in
# passes of the large model: 1 for the check, and `cost_ratio` for each drafted token.
#
# **Write** `speedup(acceptance, n_draft, cost_ratio)`: tokens for each unit of time, where the large model
# alone makes 1. Can it be below 1?

# %%
predict(
    "E05.7",
    "Five drafted tokens, each right 8 times in 10, at a twentieth of the time of the large model's. "
    "How many times as fast do tokens come?",
    unit="times",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-7-answer"}
def speedup(acceptance, n_draft, cost_ratio):
    """How many times as fast tokens come as from the large model alone."""
    ### BEGIN SOLUTION
    tokens = sum(acceptance**i for i in range(n_draft + 1))
    time = 1 + n_draft * cost_ratio
    return tokens / time
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "05-7-check"}
check("05.7", speedup)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Tokens above, time below. Write each in a line of its own.
# </details>
# <details><summary>Hint 2</summary>
#
# `sum(acceptance**i for i in range(…))`: the powers go from 0 to `n_draft`, and `range` stops before its
# end.
# </details>
# <details><summary>Hint 3</summary>
#
# The paper (Leviathan et al. 2023) writes the sum as (1 − a^(n+1)) / (1 − a). That is 0/0 for a draft
# that is always right.
# </details>

# %%
compare("E05.7")

# %% [markdown]
# ## 05.8 Who has to wait?
# ★★★ · 16 minutes · 5 points
#
# Requests come at random, `requests_per_s` on average; each keeps one of `n_gpus` GPUs busy for
# `service_s` on average; who finds all of them busy waits in one *queue* (排队). On average
# b = requests_per_s · service_s GPUs are busy, and the utilisation is ρ = b / n. Document A §5.1 asks for
# requests per second over throughput GPUs, which is n = b rounded up: no word of waiting.
#
# For service times that are random too (exponential), Erlang found in 1917 the share of requests that
# must wait, *Erlang C*:
#
# $$\text{share} = \frac{W}{1 + b + \frac{b^2}{2!} + \dots + \frac{b^{n-1}}{(n-1)!} + W}, \qquad
# W = \frac{b^n}{n!} \cdot \frac{1}{1 - \rho} .$$
#
# **Write** `waiting_share(requests_per_s, service_s, n_gpus)`, the share of the requests that wait. Where
# b is n or more the queue grows for ever: raise `ValueError`. It must work for 200 GPUs too.

# %%
predict(
    "E05.8",
    "With four GPUs that are busy 95 % of the time 89 % of the requests wait. What share waits with "
    "200 GPUs that are just as busy?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-8-answer"}
def waiting_share(requests_per_s, service_s, n_gpus):
    """The share of requests that find all GPUs busy (Erlang C)."""
    ### BEGIN SOLUTION
    busy = requests_per_s * service_s
    if busy >= n_gpus:
        raise ValueError(f"more than {busy} GPUs are needed, got {n_gpus}")
    term = total = 1.0  # b**k / k!, and the sum of these
    for k in range(1, n_gpus):
        term *= busy / k
        total += term
    waiting = term * busy / n_gpus / (1 - busy / n_gpus)
    return waiting / (total + waiting)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "05-8-check"}
check("05.8", waiting_share)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Try it with one GPU on paper: the sum is 1, W = b / (1 − b), and the share is b itself.
# </details>
# <details><summary>Hint 2</summary>
#
# Before anything else: `if busy >= n_gpus: raise ValueError("…")`.
# </details>
# <details><summary>Hint 3</summary>
#
# The sum has the terms k = 0 to n − 1; `range(n_gpus)` gives these k.
# </details>
# <details><summary>Hint 4</summary>
#
# 190.0**200 is too large for a floating-point number. You do not need it: each term is the one before
# times b/k. Start with `term = 1.0`, and in the loop `term *= busy / k`.
# </details>

# %%
compare("E05.8")

# %% [markdown]
# ## 05.9 How many GPUs?
# ★★★ · 12 minutes · 4 points
#
# A service promises that **99 %** of its requests wait `max_wait_s` at most. (The time that 99 % stay
# within is the *99th percentile*, 第99百分位, of the wait.) In the queue of exercise 05.8 the share that
# waits longer than t seconds is
#
# $$\text{share that waits} \cdot e^{-r t}, \qquad r = \frac{n}{\text{service time}} -
# \text{requests per second} .$$
#
# r is the rate at which the queue empties when all n GPUs work and new requests keep coming.
#
# **Write** `gpus_needed(requests_per_s, service_s, max_wait_s)`, the smallest number of GPUs that keeps the
# promise. `erlang_c(n_gpus, utilisation)`, imported below, gives the share that waits; it refuses a
# utilisation above 1.

# %%
predict(
    "E05.9",
    "10 requests a second, of 2 s each: document A's formula gives 20 GPUs. How many do you need, so that "
    "99 % wait half a second at most?",
    unit="GPUs",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-9-answer"}
from course.inference.queueing import erlang_c


def gpus_needed(requests_per_s, service_s, max_wait_s):
    """The smallest number of GPUs with which 99 % of the requests wait max_wait_s at most."""
    ### BEGIN SOLUTION
    busy = requests_per_s * service_s
    n_gpus = math.floor(busy) + 1  # with fewer the queue grows for ever
    while True:
        rate = n_gpus / service_s - requests_per_s
        late = erlang_c(n_gpus, busy / n_gpus) * math.exp(-rate * max_wait_s)
        if late <= 0.01:
            return n_gpus
        n_gpus += 1
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "05-9-check"}
check("05.9", gpus_needed)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# With which number of GPUs must you begin, so that the queue does not grow for ever? More than
# `requests_per_s * service_s`, and whole.
# </details>
# <details><summary>Hint 2</summary>
#
# Then add one GPU at a time, until at most a share of 0.01 waits too long: a `while` loop.
# </details>
# <details><summary>Hint 3</summary>
#
# `late = erlang_c(n_gpus, busy / n_gpus) * math.exp(-rate * max_wait_s)` with
# `rate = n_gpus / service_s - requests_per_s`.
# </details>

# %%
compare("E05.9")

# %% [markdown]
# ## 05.10 Train smaller, for longer
# ★★★ · 16 minutes · 5 points
#
# A model is trained once and asked for years. Training takes 6·N FLOP for each token of training, inference
# 2·N for each token of prompts and answers. A smaller model that saw more tokens can reach the same loss:
# it costs more to train, and less each time that it is asked (Sardana et al. 2024). Let a FLOP cost the
# same everywhere.
#
# Their example: by the law of the loss that they use, 16.4B parameters on 3.27T tokens are as good as 30B
# on 1.56T, the compute-optimal model of that loss. Document A §6.2 says that inference usually costs more
# than ten times the training (训练成本).
#
# **Write** `lifetime(small, large, n_inference_tokens)`. `small` and `large` are `[N, D]`, parameters and
# tokens of training; `small` has fewer parameters. It gives a dict with three entries:
#
# - `"times_training"`: a list of two numbers, how many times its training the inference costs, first for
#   `small`, then for `large`;
# - `"cheaper"`: `"small"` or `"large"`, the one with less FLOP for training and inference together;
# - `"even_at"`: the number of inference tokens at which both cost the same, or 0 where the small one is
#   cheaper from the first token on.

# %%
predict(
    "E05.10",
    "Over its life the model of the example is asked for 5e12 tokens. What share of the FLOP of the large "
    "one, training included, does the small one save?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "05-10-answer"}
def lifetime(small, large, n_inference_tokens):
    """Inference over training of two models, the cheaper one, and from how many tokens it is."""
    ### BEGIN SOLUTION
    times_training, totals = [], []
    for n_params, n_tokens in (small, large):
        training = 6 * n_params * n_tokens
        inference = 2 * n_params * n_inference_tokens
        times_training.append(inference / training)
        totals.append(training + inference)
    more_training = 6 * (small[0] * small[1] - large[0] * large[1])
    saved_per_token = 2 * (large[0] - small[0])
    return {
        "times_training": times_training,
        "cheaper": "small" if totals[0] < totals[1] else "large",
        "even_at": max(0, more_training / saved_per_token),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "05-10-check"}
check("05.10", lifetime)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four numbers do it all: training and inference, in FLOP, of each of the two.
# </details>
# <details><summary>Hint 2</summary>
#
# In inference / training the size N goes: 2·N·T / (6·N·D) = T / (3·D). So ten times needs
# T = 30·D.
# </details>
# <details><summary>Hint 3</summary>
#
# The small model starts with a larger bill: 6·(N₁D₁ − N₂D₂) more. Each token of inference makes
# 2·(N₂ − N₁) good. How many tokens does it take?
# </details>
# <details><summary>Hint 4</summary>
#
# Where that number is below zero, the small model was never behind: `max(0, …)`.
# </details>

# %%
compare("E05.10")

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Which guess was furthest off, and was it a factor, a
# unit, or a thing left out: the prompt, the cache, the mask, the queue?

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=05_inference_and_edge` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("05_inference_and_edge")

# %% [markdown]
# ## Where to go on
# Back to chapter 5: [Inference and edge devices](../../notebooks/05_inference_and_edge.ipynb).
