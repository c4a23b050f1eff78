# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 3 · Mixture of experts
#
# Ten exercises on what chapter 3, [Mixture of experts](../../notebooks/03_mixture_of_experts.ipynb), is
# about: who gets a token, what balance means, what it costs, and a layer that you mend and then write
# without a loop over tokens. You need arrays (numpy), loops and a derivative. **134 minutes · 46 points.**
#
# | | exercise | difficulty | minutes | points |
# | --- | --- | --- | --- | --- |
# | 03.1 | Who gets the token? | ★☆☆ | 10 | 4 |
# | 03.2 | One token's way | ★☆☆ | 12 | 4 |
# | 03.3 | What is balance worth? | ★★☆ | 14 | 5 |
# | 03.4 | No seat left | ★★☆ | 14 | 5 |
# | 03.5 | The gate that teaches nothing | ★★★ | 16 | 5 |
# | 03.6 | Five faults in a layer | ★★★ | 16 | 5 |
# | 03.7 | Eight times seven is 46.7 | ★★☆ | 14 | 5 |
# | 03.8 | A batch wakes them all | ★★☆ | 8 | 3 |
# | 03.9 | Who sends what to whom? | ★★★ | 14 | 5 |
# | 03.10 | Sort once | ★★★ | 16 | 5 |
#
# How to work:
#
# 1. **Predict.** Each exercise asks for a guess first. Run that cell, type your guess into the box,
#    then compute. The last cell of the exercise puts the two side by side, and your guess is kept.
# 2. **Answer.** Write your code at `# your answer here`, run it, and keep the names that are given.
#    It is your own code that counts: an answer that calls the course's functions is refused.
#    Where an answer is a dict, most entries earn points of their own.
# 3. **Check.** Run the cell below your answer. It says what holds and what does not yet, and it
#    knows many mistakes by their numbers, those of the documents too. It checks a part of the
#    points, your teacher the rest. If Python says `NameError`, run the answer cell first.
# 4. **Stuck?** Open the hints one by one.
#
# Studying alone? When you are done, compare your answers with the model answers: they are in
# `solutions/03_mixture_of_experts/` of the course folder.
#
# Each exercise can be done without the others: skip one and come back. T tokens, E experts, of which a
# token takes k (`top_k`); tokens and experts are numbered from 0. **Tables come as plain lists**:
# `np.array(logits)` makes an array of one. You may give arrays or lists back.
#
# Run the next cell first.

# %%
import math

import numpy as np

from course.classroom.check import check
from course.classroom.predict import compare, look_back, predict

# %% [markdown]
# ## 03.1 Who gets the token?
# ★☆☆ · 10 minutes · 4 points
#
# In a *mixture of experts* (混合专家, MoE) a *router* (路由器; document A calls it 门控网络) gives every token
# one number for each expert, a *logit*. A softmax along the row makes probabilities of them. The k experts
# with the highest ones get the token, and their probabilities, divided by their sum, are its *gates*: the
# weights of their answers. Document A §3.1 does the same, and so does Mixtral.
#
# Of equal logits the expert with the smaller number comes first. (Document A does not say, and PyTorch's
# `topk` promises nothing.)
#
# **Write** `route(logits, top_k)`. `logits` has T rows of E numbers. It gives a dict with two entries, each
# with T rows of k: `"experts"`, the numbers of the chosen experts, the best first, and `"gates"`, their
# gates in the same order.

# %%
predict(
    "E03.1",
    "A new router finds all 64 experts about equally good. What do the two probabilities of a token's top 2 "
    "add up to, before they are made to add up to 1?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-1-answer"}
def route(logits, top_k):
    """The experts of each token, the best first, and their gates."""
    ### BEGIN SOLUTION
    logits = np.array(logits)
    experts = np.argsort(-logits, axis=1, kind="stable")[:, :top_k]
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs = scores / scores.sum(axis=1, keepdims=True)
    gates = np.take_along_axis(probs, experts, axis=1)
    return {"experts": experts, "gates": gates / gates.sum(axis=1, keepdims=True)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "03-1-check"}
check("03.1", route)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# On paper first: logits 1, 3, 2, 0. The best two are experts 1 and 2. Their exponentials are 20.09 and
# 7.39: which shares of 27.47 are these?
# </details>
# <details><summary>Hint 2</summary>
#
# `np.argsort(-logits, axis=1, kind="stable")` sorts each row, the best first, and keeps equals in order.
# Then `np.take_along_axis(probs, experts, axis=1)`.
# </details>
# <details><summary>Hint 3</summary>
#
# exp(1000) is infinity. Subtract the largest logit of each row first: numerator and denominator of the
# softmax shrink by the same factor.
# </details>
# <details><summary>Hint 4</summary>
#
# Is there a shorter way? The sum over all experts cancels, so a softmax over the chosen logits alone gives
# the same gates.
# </details>

# %%
compare("E03.1")

# %% [markdown]
# ## 03.2 One token's way
# ★☆☆ · 12 minutes · 4 points
#
# Each expert is a feed-forward network (前馈网络) with two matrices of its own. Token x is a row of d numbers.
# Expert e gives
#
# $$\text{expert}_e(x) = \text{relu}(x \cdot \text{up}_e) \cdot \text{down}_e,$$
#
# where relu turns what is below 0 into 0. The layer gives the sum of gate × expert(x) over the chosen
# experts; the others compute nothing. The router's logits are `router @ x`: one row of `router` for each
# expert. Gates are those of exercise 03.1.
#
# **Write** `moe_output(x, router, up, down, top_k)`: the d numbers that come out for one token. `router`
# has E rows of d; `up` has E tables of d × h, `down` has E tables of h × d. The next cell has an example
# that can be done on paper.

# %%
example = {
    "x": [1.0, 2.0],
    "router": [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]],
    "up": [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, -1.0]], [[0.0, 1.0], [1.0, 0.0]]],
    "down": [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [0.0, -1.0]]],
}

# %%
predict(
    "E03.2",
    "The router's numbers change by a hair. Can what comes out for a token jump?",
    choices=["no, it changes by a hair too", "yes"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-2-answer"}
def moe_output(x, router, up, down, top_k):
    """What a mixture of experts gives for one token."""
    ### BEGIN SOLUTION
    x, router, up, down = (np.array(a) for a in (x, router, up, down))
    logits = router @ x
    experts = np.argsort(-logits, kind="stable")[:top_k]
    scores = np.exp(logits[experts] - logits.max())
    gates = scores / scores.sum()
    output = np.zeros(len(x))
    for gate, e in zip(gates, experts, strict=True):
        output += gate * (np.maximum(x @ up[e], 0) @ down[e])
    return output
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 4, "grade_id": "03-2-check"}
check("03.2", moe_output)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The example: logits 1, 2, −1, so experts 1 and 0 with gates 0.731 and 0.269. Expert 1: x · up is (3, −1),
# relu makes it (3, 0), and (3, 0) · down is (3, 6).
# </details>
# <details><summary>Hint 2</summary>
#
# Expert 0 gives (1, 2). So the output is 0.731 · (3, 6) + 0.269 · (1, 2).
# </details>
# <details><summary>Hint 3</summary>
#
# `np.maximum(x @ up[e], 0) @ down[e]` is one expert. Mind that e is the expert's number, not its place
# among the best.
# </details>

# %%
compare("E03.2")

# %% [markdown]
# ## 03.3 What is balance worth?
# ★★☆ · 14 minutes · 5 points
#
# Nothing stops a router from sending all tokens to the same experts. A *load-balancing loss* (负载均衡损失) is
# added to the loss to prevent it:
#
# $$E \cdot \sum_e \text{share}_e \cdot \text{mean probability}_e .$$
#
# The mean probability of expert e is taken over all tokens. For the share there are two forms:
#
# - **Switch**: the choices that fell on e over **all choices**, T·k of them. The shares add up to 1.
# - **top_k**, the form of document A and of Hugging Face: the choices that fell on e over **the tokens**,
#   T. These add up to k.
#
# A coefficient that a paper publishes belongs to one of the two. A model with several layers takes the
# **mean** of its layers' losses.
#
# **Write** `balance_losses(layers)`. `layers` is a list of dicts, one for each layer, with `"probs"`, T rows
# of E probabilities, and `"experts"`, T rows of k chosen numbers; k is the same in all. It gives a dict with
# two numbers, `"switch"` and `"top_k"`: the loss of the model in either form.

# %%
predict(
    "E03.3",
    "All tokens go to the same 2 of 8 experts, with probability ½ each. What is the loss in the top_k form?",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-3-answer"}
def balance_losses(layers):
    """The load-balancing loss of a model in both forms, the mean over its layers."""
    ### BEGIN SOLUTION
    switch = []
    for layer in layers:
        probs, experts = np.array(layer["probs"]), np.array(layer["experts"])
        n_experts, top_k = probs.shape[1], experts.shape[1]
        shares = np.bincount(experts.ravel(), minlength=n_experts) / experts.size
        switch.append(n_experts * (shares * probs.mean(axis=0)).sum())
    return {"switch": np.mean(switch), "top_k": top_k * np.mean(switch)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-3-check"}
check("03.3", balance_losses)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# At balance with 4 experts every share and every mean probability is ¼: 4 · 4 · ¼ · ¼ = 1. Where does
# document A's 2 for the top 2 come from?
# </details>
# <details><summary>Hint 2</summary>
#
# `np.bincount(experts.ravel(), minlength=n_experts)` counts the choices of each expert, those of nobody
# included. `probs.mean(axis=0)` is the mean over tokens.
# </details>
# <details><summary>Hint 3</summary>
#
# One loss for each layer, then `np.mean`. The top_k form is k times the other.
# </details>
# <details><summary>Hint 4</summary>
#
# A value below that of balance is no mistake of yours: choices can lean one way and mean probabilities the
# other.
# </details>

# %%
compare("E03.3")

# %% [markdown]
# ## 03.4 No seat left
# ★★☆ · 14 minutes · 5 points
#
# Many systems give every expert the same number of seats, so that all work is of the same size. This
# *capacity* (容量) is
#
# $$\text{capacity} = \lceil \text{capacity factor} \cdot T \cdot k / E \rceil ,$$
#
# rounded up. All **first** choices are seated before any second choice, second before third; among equals
# the token with the smaller number comes first. A choice whose expert is full is *dropped*: it adds nothing
# to the output. Document A §3.2 names the capacity factor (容量因子) as a remedy and does not say what it drops.
#
# **Write** `seats(experts, n_experts, capacity_factor)`. `experts` has T rows of k numbers, the best first.
# It gives a dict with four entries:
#
# - `"capacity"`, the seats of each expert;
# - `"taken"`, a list for each expert: the numbers of its tokens, in the order in which they are seated;
# - `"dropped"`, how many choices were dropped;
# - `"lost"`, how many tokens have no expert left at all.

# %%
predict(
    "E03.4",
    "64 tokens choose 2 of 8 experts each, all experts equally often on average; capacity factor 1. What "
    "share of the choices is dropped on average?",
    unit="%",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-4-answer"}
def seats(experts, n_experts, capacity_factor):
    """Who is seated at which expert, and what is dropped."""
    ### BEGIN SOLUTION
    n_tokens, top_k = len(experts), len(experts[0])
    capacity = math.ceil(capacity_factor * n_tokens * top_k / n_experts)
    taken = [[] for _ in range(n_experts)]
    for choice in range(top_k):
        for token in range(n_tokens):
            seated = taken[experts[token][choice]]
            if len(seated) < capacity:
                seated.append(token)
    n_seated = sum(len(seated) for seated in taken)
    served = {token for seated in taken for token in seated}
    return {
        "capacity": capacity,
        "taken": taken,
        "dropped": n_tokens * top_k - n_seated,
        "lost": n_tokens - len(served),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-4-check"}
check("03.4", seats)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# On paper, 2 seats for each of 4 experts; the choices of tokens 0 to 3 are 0-1, 0-2, 0-1, 1-0. First
# choices: expert 0 takes tokens 0 and 1, token 2 finds it full, expert 1 takes token 3. Go on with the
# second choices.
# </details>
# <details><summary>Hint 2</summary>
#
# Two loops: the outer one over choices, the inner one over tokens. `math.ceil` rounds up.
# </details>
# <details><summary>Hint 3</summary>
#
# Lost tokens: put all that are seated anywhere into a set, and see how many are missing.
# </details>

# %%
compare("E03.4")

# %% [markdown]
# ## 03.5 The gate that teaches nothing
# ★★★ · 16 minutes · 5 points
#
# How does a router learn? Only through its gates. Take one token and experts that each give one number
# v_e (`outputs`). The layer gives y = Σ gate_e · v_e over the `top_k` chosen experts, and the loss is
# (y − target)². Two kinds of gates:
#
# - `renormalize` True, as in document A: the softmax probabilities of the chosen ones, divided by their sum;
# - `renormalize` False, as in the Switch Transformer: the probabilities among **all** experts, as they are.
#
# For a softmax the derivative of p_e for the logit z_j is p_e·(1 − p_e) where j is e, and −p_e·p_j
# elsewhere. The choice itself does not change by a hair's breadth: treat it as fixed.
#
# **Write** `router_gradient(logits, outputs, target, top_k, renormalize)`: the derivatives of the loss for
# each of the E logits. Work them out, or measure them: move one logit up and down by 1e-5 and divide the
# difference of the losses by 2e-5 (4 digits are enough here).

# %%
predict(
    "E03.5",
    "top_k = 1, gates renormalised, no other loss. The chosen expert is wrong, another would be right. "
    "Where do 1,000 steps of training move the router?",
    choices=["towards the better expert", "away from it", "nowhere"],
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-5-answer"}
def router_gradient(logits, outputs, target, top_k, renormalize):
    """The derivative of (y - target)**2 for each logit of the router."""
    ### BEGIN SOLUTION
    z, v = np.array(logits), np.array(outputs)
    chosen = np.zeros(len(z))
    chosen[np.argsort(-z, kind="stable")[:top_k]] = 1
    p = np.exp(z - z.max())
    p = p * chosen if renormalize else p  # who takes part in the softmax
    p = p / p.sum()
    gates = p * chosen
    y = (gates * v).sum()
    return 2 * (y - target) * (gates * v - p * y)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-5-check"}
check("03.5", router_gradient)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# With one chosen expert, renormalised: p / p = 1. What is the derivative of 1?
# </details>
# <details><summary>Hint 2</summary>
#
# To measure: write a function `loss(z)` first, with the chosen experts fixed from `logits`. Then
# `(loss(z + step) - loss(z - step)) / 2e-5`, where `step` is 1e-5 at one place and 0 elsewhere.
# </details>
# <details><summary>Hint 3</summary>
#
# To work it out: renormalised gates are a softmax over the chosen ones alone, so the same derivative holds
# with the gates for p, and the other logits get 0.
# </details>
# <details><summary>Hint 4</summary>
#
# Summed over the experts: 2·(y − target)·(gate_j·v_j − p_j·y). A gate is 0 for who was not chosen; p_j is
# 0 there only if you renormalise.
# </details>

# %%
compare("E03.5")

# %% [markdown]
# ## 03.6 Five faults in a layer
# ★★★ · 16 minutes · 5 points
#
# Document A's `MoEArchitecture` cannot run: it is no `nn.Module`, and its `FeedForwardNetwork` is defined
# nowhere. The arithmetic of its forward pass is right. The next cell has that pass in numpy, **with five
# faults**: the network is missing, as in the document (an expert is that of exercise 03.2), and four that
# raise no error we planted. Those are the dangerous ones: the layer runs, and is wrong.
#
# **Write** `moe_layer(x, router, up, down, top_k)`: copy the cell and mend it. `x` has T rows of d, all
# else is as in 03.2. It gives a dict with `"output"`, T rows of d, and `"loss"`, the load-balancing loss in
# document A's form, `top_k` at balance. Find the faults with small cases: one token, then one expert for
# each token, then two.

# %%
def faulty_layer(x, router, up, down, top_k):
    x, router, up, down = (np.array(a) for a in (x, router, up, down))
    n_tokens, n_experts = len(x), len(router)
    scores = np.exp(x @ router.T)  # one row for each token, one column for each expert
    probs = scores / scores.sum(axis=0)
    experts = np.argsort(-probs, axis=1, kind="stable")[:, :top_k]
    gates = np.take_along_axis(probs, experts, axis=1)
    gates = gates / gates.sum(axis=1, keepdims=True)
    output = np.zeros(x.shape)
    for i in range(top_k):
        for e in range(n_experts):
            mask = experts[:, i] == e  # the tokens whose choice i is expert e
            result = feed_forward_network(x[mask], up[e], down[e])  # noqa: F821 (as in A)
            output[mask] = gates[: mask.sum(), i, None] * result
    counts = np.bincount(experts.ravel(), minlength=n_experts)
    loss = n_experts * (counts / n_tokens * probs.mean()).sum()
    return {"output": output, "loss": loss}

# %%
predict(
    "E03.6",
    "Your first test has one token and top_k = 1. How many of the four silent faults can it show?",
    unit="faults",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-6-answer"}
def moe_layer(x, router, up, down, top_k):
    """Document A's forward pass, mended: what comes out, and the load-balancing loss."""
    ### BEGIN SOLUTION
    x, router, up, down = (np.array(a) for a in (x, router, up, down))
    n_tokens, n_experts = len(x), len(router)
    scores = np.exp(x @ router.T)
    probs = scores / scores.sum(axis=1, keepdims=True)  # experts compete, not tokens
    experts = np.argsort(-probs, axis=1, kind="stable")[:, :top_k]
    gates = np.take_along_axis(probs, experts, axis=1)
    gates = gates / gates.sum(axis=1, keepdims=True)
    output = np.zeros(x.shape)
    for i in range(top_k):
        for e in range(n_experts):
            mask = experts[:, i] == e
            result = np.maximum(x[mask] @ up[e], 0) @ down[e]  # the missing network
            output[mask] += gates[mask, i, None] * result  # add, with the tokens' own gates
    counts = np.bincount(experts.ravel(), minlength=n_experts)
    loss = n_experts * (counts / n_tokens * probs.mean(axis=0)).sum()  # expert by expert
    return {"output": output, "loss": loss}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-6-check"}
check("03.6", moe_layer)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the network: `np.maximum(rows @ up, 0) @ down`. Now it runs, and the check says which case is wrong.
# </details>
# <details><summary>Hint 2</summary>
#
# One token: print `probs`. Do they add up to 1 over the experts?
# </details>
# <details><summary>Hint 3</summary>
#
# Two experts for each token: what is `output` before the second choice is written, and after?
# </details>
# <details><summary>Hint 4</summary>
#
# Three tokens: say that expert 1 gets tokens 0 and 2. Which gates does `gates[:2]` hold?
# </details>
# <details><summary>Hint 5</summary>
#
# The loss: `probs.mean()` is one number for all experts: 1/E, whatever the router does. Document A has the mean over tokens.
# </details>

# %%
compare("E03.6")

# %% [markdown]
# ## 03.7 Eight times seven is 46.7
# ★★☆ · 14 minutes · 5 points
#
# Document A §3.1 writes of Mixtral: parameters 8×7B = 46.7B, FLOP 2×7B. Count them. A layer of Mixtral has
#
# - attention: four matrices for queries, keys, values and output. Queries and output are width × width; the
#   width is shared out among the query heads, and keys and values have only `num_key_value_heads` heads of
#   that size;
# - a router: width × number of experts;
# - `num_local_experts` experts, each with **three** matrices of width × `intermediate_size` numbers;
# - two norms, each with a weight for each unit of the width.
#
# Before the layers there is a table of embeddings, vocabulary × width; after them one more norm and a head
# as large as the table. There are no biases.
#
# A parameter is *active* (激活) if one token meets it: all but the experts that it does not take
# (`num_experts_per_tok` of them it takes). The table of embeddings counts as active, as in Mixtral's 12.9B.
#
# **Write** `moe_params(config)`. It gives a dict with `"total"` and `"active"`, right to the last parameter,
# and `"gb"`: the GB (1e9 bytes) of memory that inference needs for the weights in bf16, 2 bytes each. The
# toy can be counted on paper.

# %%
mixtral = {
    "vocab_size": 32_000,
    "hidden_size": 4096,  # the width
    "intermediate_size": 14_336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
}
toy = mixtral | {
    "vocab_size": 10, "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 1,
    "num_attention_heads": 2, "num_key_value_heads": 1, "num_local_experts": 3,
}

# %%
predict(
    "E03.7",
    "Mixtral computes like a dense model of 12.9B. How many GB do its weights take in bf16?",
    unit="GB",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-7-answer"}
def moe_params(config):
    """Total and active parameters of a mixture of experts, and the GB of its weights."""
    ### BEGIN SOLUTION
    width, n_experts = config["hidden_size"], config["num_local_experts"]
    head_dim = width // config["num_attention_heads"]
    kv_width = head_dim * config["num_key_value_heads"]
    attention = 2 * width * width + 2 * width * kv_width
    expert = 3 * width * config["intermediate_size"]
    everyone = attention + width * n_experts + 2 * width  # what each token meets in a layer
    tables = 2 * config["vocab_size"] * width + width

    def with_experts(number):
        return tables + config["num_hidden_layers"] * (everyone + number * expert)

    total = with_experts(n_experts)
    active = with_experts(config["num_experts_per_tok"])
    return {"total": total, "active": active, "gb": 2 * total / 1e9}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-7-check"}
check("03.7", moe_params)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The toy: tables 2 · 40 = 80. Attention 16 + 8 + 8 + 16 = 48. Router 4 · 3 = 12. Experts 3 · 72 = 216.
# Norms 8, the last norm 4. Together 368. One of three experts is idle: 296 are active.
# </details>
# <details><summary>Hint 2</summary>
#
# Write what every token meets in a layer, and one expert. Total and active differ only in how many experts
# you add.
# </details>
# <details><summary>Hint 3</summary>
#
# The next token takes other experts. So which parameters must be in memory?
# </details>

# %%
compare("E03.7")

# %% [markdown]
# ## 03.8 A batch wakes them all
# ★★☆ · 8 minutes · 3 points
#
# When text is written, each step gives every sequence of a *batch* (批) one token, and the chip waits for
# its memory (内存带宽): what counts is how much must be read. An expert is read once for all the tokens of
# the batch that take it, and not at all if none does.
#
# Let all experts be equally likely and B tokens choose independently, each k **different** experts of E.
#
# **Write** `experts_read(batch, n_experts, top_k)`. It gives a dict with `"touched"`, the average number of
# experts that at least one token takes, and `"per_token"`, that number over the tokens of the batch.

# %%
predict("E03.8", "8 tokens, each takes 2 of 8 experts. How many experts are read on average?")

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-8-answer"}
def experts_read(batch, n_experts, top_k):
    """Experts that a batch touches on average, in all and for each token."""
    ### BEGIN SOLUTION
    missed = (1 - top_k / n_experts) ** batch  # by all tokens
    touched = n_experts * (1 - missed)
    return {"touched": touched, "per_token": touched / batch}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 3, "grade_id": "03-8-check"}
check("03.8", experts_read)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Look at one expert. With what chance does one token not take it?
# </details>
# <details><summary>Hint 2</summary>
#
# One token misses it with chance 1 − k/E, all B with (1 − k/E)^B. So it is read with chance
# 1 − (1 − k/E)^B, and there are E such experts.
# </details>

# %%
compare("E03.8")

# %% [markdown]
# ## 03.9 Who sends what to whom?
# ★★★ · 14 minutes · 5 points
#
# If experts lie on several devices (*expert parallelism*, 专家并行), tokens must travel. T tokens lie on P
# devices in blocks: the first T/P on device 0, the next T/P on device 1, and so on. So do the experts: the
# first E/P on device 0. (T and E are multiples of P.)
#
# For each choice the token's row of `d_model` numbers, 2 bytes each (bf16), goes to the expert's device, and
# a row of the same size comes back: an *all-to-all* exchange each way. The backward pass sends gradients of
# the same size over both ways once more. A row whose expert is on its own device crosses no wire. A token
# with two experts on one other device is sent there twice.
#
# **Write** `traffic(experts, n_experts, n_devices, d_model)`. `experts` has T rows of k. It gives a dict:
#
# - `"rows"`, a P × P table: `rows[i][j]` is how many rows device i sends to the experts of device j in the
#   forward pass (those that stay stand on the diagonal);
# - `"bytes"`, what crosses wires in one training step of this layer, forward and backward, there and back;
# - `"expected"`, the same by formula for T tokens if all experts are equally likely: a share of (P − 1)/P of
#   the rows leaves.

# %%
predict(
    "E03.9",
    "Mixtral on 8 devices (32 layers, width 4096, top 2, bf16). How many kB cross wires for one token in a "
    "forward pass?",
    unit="kB",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-9-answer"}
def traffic(experts, n_experts, n_devices, d_model):
    """Rows between devices, bytes over wires in a training step, and what the formula expects."""
    ### BEGIN SOLUTION
    experts = np.array(experts)
    n_tokens = len(experts)
    rows = np.zeros((n_devices, n_devices), dtype=int)
    for token in range(n_tokens):
        here = token // (n_tokens // n_devices)
        for e in experts[token]:
            there = e // (n_experts // n_devices)
            rows[here, there] += 1
    bytes_per_row = 2 * d_model * 4  # there and back, forward and backward
    leaving = rows.sum() - np.trace(rows)
    expected = experts.size * (n_devices - 1) / n_devices
    return {"rows": rows, "bytes": leaving * bytes_per_row, "expected": expected * bytes_per_row}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-9-check"}
check("03.9", traffic)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Token t lives on device `t // (T // P)`, expert e on device `e // (E // P)`. Count the pairs in a table.
# </details>
# <details><summary>Hint 2</summary>
#
# The example has 4 tokens on 2 devices with the experts 0-1, 2-3, 0-2, 3-2. Token 0 stays at home with both
# rows, token 1 sends both, token 2 sends one, token 3 none: 3 of 8 rows leave.
# </details>
# <details><summary>Hint 3</summary>
#
# A row costs 2 · `d_model` bytes on each way, and there are four ways. Rows that leave: all less the
# diagonal (`np.trace`).
# </details>
# <details><summary>Hint 4</summary>
#
# Expected rows that leave: T · k · (P − 1)/P. Pipeline parallelism, which document A §3.2 names as a remedy,
# is nowhere in this formula.
# </details>

# %%
compare("E03.9")

# %% [markdown]
# ## 03.10 Sort once
# ★★★ · 16 minutes · 5 points
#
# Document A asks k · E times which tokens belong to an expert. It is enough to sort once. Number the choices
# so that all first choices come first: choice c is of token c % T, and it is that token's first choice if
# c < T, its second if c < 2T, and so on. Then:
#
# 1. sort the choices by expert, keeping equals in order: `order[i]` is the number of the choice at place i;
# 2. count the choices of each expert: the first `counts[0]` places belong to expert 0, the next
#    `counts[1]` to expert 1, and so on;
# 3. gather the tokens' rows in that order, send each expert its block in one product, multiply by the gates
#    in the same order, and add each row to its token.
#
# **Write** `sort_once(x, experts, gates, up, down)` without a loop over tokens (one over experts is fine).
# `x` has T rows of d, `experts` and `gates` T rows of k; an expert is `relu(rows · up) · down` as in 03.2.
# It gives a dict with `"order"` (T·k numbers), `"counts"` (E numbers) and `"output"` (T rows of d).

# %%
predict(
    "E03.10",
    "64 experts, top 6. Document A's two loops ask k · E = 384 times for an expert's tokens. How many blocks "
    "of rows go to experts after sorting once?",
    unit="blocks",
)

# %% nbgrader={"schema_version": 3, "solution": true, "grade": false, "locked": false, "task": false, "grade_id": "03-10-answer"}
def sort_once(x, experts, gates, up, down):
    """The layer without a loop over tokens: the order, the counts and what comes out."""
    ### BEGIN SOLUTION
    x, experts, gates, up, down = (np.array(a) for a in (x, experts, gates, up, down))
    chosen = experts.T.ravel()  # all first choices, then all second ones
    order = np.argsort(chosen, kind="stable")
    counts = np.bincount(chosen, minlength=len(up))
    token = order % len(x)
    blocks = np.split(x[token], counts.cumsum()[:-1])
    done = [np.maximum(rows @ up[e], 0) @ down[e] for e, rows in enumerate(blocks)]
    weighted = np.concatenate(done) * gates.T.ravel()[order, None]
    output = np.zeros(x.shape)
    np.add.at(output, token, weighted)  # also where a token comes twice
    return {"order": order, "counts": counts, "output": output}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "solution": false, "grade": true, "locked": true, "task": false, "points": 5, "grade_id": "03-10-check"}
check("03.10", sort_once)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `experts.T.ravel()` puts all first choices first. Of that, `np.argsort(…, kind="stable")` and
# `np.bincount(…, minlength=len(up))` are `order` and `counts`.
# </details>
# <details><summary>Hint 2</summary>
#
# `token = order % len(x)` says whose row stands at each place: `x[token]` has all rows sorted by expert.
# `np.split(x[token], counts.cumsum()[:-1])` cuts them into blocks.
# </details>
# <details><summary>Hint 3</summary>
#
# The gates in the same order: `gates.T.ravel()[order]`, with `[:, None]` behind it to multiply rows.
# </details>
# <details><summary>Hint 4</summary>
#
# `output[token] += …` keeps only the last row of a token. `np.add.at(output, token, …)` adds all of them.
# </details>

# %%
compare("E03.10")

# %% [markdown]
# ## Your predictions
# Run the next cell for all that you kept so far. Where did you think of one token, and where of a batch?

# %%
look_back()

# %% [markdown]
# ## Finish
# Studying alone? Save the notebook, run the next cell and press the button: your answers are graded
# with all checks, those included that stand in no notebook. It takes a minute or less. In a terminal,
# `make finish SET=03_mixture_of_experts` does the same. In a class, your teacher grades.

# %%
from course.classroom.finish import finish_button

finish_button("03_mixture_of_experts")

# %% [markdown]
# ## Where to go on
# Back to chapter 3: [Mixture of experts](../../notebooks/03_mixture_of_experts.ipynb).
