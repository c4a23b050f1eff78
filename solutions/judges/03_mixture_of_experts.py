"""What decides the points of 03_mixture_of_experts. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
No answer uses course.moe; that the references agree with it is tested in tests/classroom.
"""

import numpy as np

from course.classroom.judge import Case, Exercise, Property, Wrong
from course.evidence import fact

_RNG = np.random.default_rng(3)


def _random(*shape):
    """Random numbers with one digit after the point, as lists."""
    return _RNG.normal(size=shape).round(1).tolist()


def _layer(n_tokens, d_model, n_experts, d_ff):
    """(x, router, up, down) of a layer."""
    return (
        _random(n_tokens, d_model),
        _random(n_experts, d_model),
        _random(n_experts, d_model, d_ff),
        _random(n_experts, d_ff, d_model),
    )


def _choices(n_tokens, n_experts, top_k, idle=0):
    """For each token `top_k` different experts; the last `idle` experts are left out."""
    return [_RNG.permutation(n_experts - idle)[:top_k].tolist() for _ in range(n_tokens)]


# One token, three experts, all of whole numbers: the example of 03.2, 03.6
_X = [1.0, 2.0]
_ROUTER = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
_UP = [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, -1.0]], [[0.0, 1.0], [1.0, 0.0]]]
_DOWN = [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [0.0, -1.0]]]
_THREE = [[1.0, 2.0], [2.0, -1.0], [-1.0, 0.5]]  # tokens

# --- 03.1 -----------------------------------------------------------------------------------------


def route(logits, top_k):
    import numpy as np

    logits = np.array(logits, dtype=float)
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    experts = np.argsort(-logits, kind="stable")[:, :top_k]
    gates = np.take_along_axis(scores, experts, 1)  # the rest of the softmax would cancel
    return {"experts": experts, "gates": gates / gates.sum(axis=1, keepdims=True)}


def route_in_plain_python(logits, top_k):
    from math import exp

    experts, gates = [], []
    for row in logits:
        best = sorted(range(len(row)), key=lambda e: (-row[e], e))[:top_k]
        scores = [exp(row[e] - row[best[0]]) for e in best]
        gates.append([score / sum(scores) for score in scores])
        experts.append(best)
    return {"gates": gates, "experts": experts}


def route_in_torch(logits, top_k):
    import torch

    z = torch.tensor(logits, dtype=torch.float64)
    values, experts = z.sort(dim=1, descending=True, stable=True)
    gates = values[:, :top_k].softmax(1)
    return {"experts": experts[:, :top_k].tolist(), "gates": gates.tolist()}


# Dividing 0 by 0 gives nan, here without numpy's warning
_QUIET = {"    return": '    with np.errstate(all="ignore"):\n        return'}

E03_1 = Exercise(
    id="03.1",
    name="route",
    title="Who gets the token?",
    minutes=10,
    difficulty=1,
    reference=route,
    properties=(
        Property(
            "logits 1, 3, 2, 0, the top 2: experts 1 and 2 with 0.731 and 0.269; each token for "
            "itself, and of equal logits the smaller number comes first",
            {"experts": 1, "gates": 1},
            (
                Case(
                    ([[1.0, 3.0, 2.0, 0.0]], 2),
                    {"experts": [[1, 2]], "gates": [[0.7310585786300049, 0.2689414213699951]]},
                ),
                ([[0.0, 1.0, 1.0, 1.0], [2.0, 2.0, 0.0, 5.0], [-1.0, -2.0, 0.5, -4.0]], 2),
                ([[0.5, 0.5, 0.2], [0.1, 0.4, 0.3]], 1),
            ),
        ),
        Property(
            "logits of a thousand, above and below zero, come out right too",
            1,
            (
                ([[1000.0, 999.0, 0.0]], 2),
                ([[-1002.0, -1001.0, -1000.0], [1000.0, 999.0, 0.0]], 2),
                ([[-1001.0, 1003.0, -1001.0, -1002.0]], 2),
            ),
        ),
        Property(
            "many tokens, one expert and all experts come out right, and of many equal logits the "
            "smaller numbers come first",
            1,
            (
                (_random(6, 5), 3),
                (_random(3, 8), 1),
                (_random(4, 3), 3),
                ([[float(e % 2 == 0) for e in range(40)], [float(e % 7) for e in range(40)]], 4),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"/ gates.sum": "/ scores.sum"},
            "Your gates are the probabilities among all experts, so those of a token add up to "
            "less than 1. Divide them by the sum of the chosen ones. (The Switch Transformer "
            "leaves them so; exercise 03.5 says why.)",
        ),
        Wrong(
            {"gates / gates.sum(axis=1, keepdims=True)": "np.full(experts.shape, 1 / top_k)"},
            "You give all the chosen experts the same weight. Then the router could say who "
            "works, but not who counts for more.",
        ),
        Wrong(
            _QUIET
            | {
                "max(axis=1, keepdims=True))": "max(axis=0))\n    scores /= scores.sum(axis=0)",
                "-logits": "-scores",
            },
            "Your softmax runs down the columns: the tokens compete for an expert. Here the "
            "experts compete for a token, along each row: axis=1.",
        ),
        Wrong(
            {'-logits, kind="stable")': 'logits, kind="stable")[:, ::-1]'},
            "Where logits are equal you take the larger number first. A reversed argsort does "
            "that. Sort the negative logits instead, with kind='stable'.",
        ),
        Wrong(
            _QUIET | {"-logits": "logits"},
            "You take the experts with the lowest logits: argsort sorts upwards.",
        ),
        Wrong(
            {"= np.argsort": "= np.sort(np.argsort", "[:, :top_k]": "[:, :top_k])"},
            "These are the right experts, in the order of their numbers. The best is asked for "
            "first: with a capacity (exercise 03.4) it matters which choice is the first.",
        ),
        Wrong(
            {"np.exp(logits - logits.max(axis=1, keepdims=True))": "logits"},
            "You divide the logits by their sum. Logits may be negative, and then these are no "
            "weights. Exponentials come first.",
        ),
        Wrong(
            {
                "np.exp(logits - logits.max(axis=1, keepdims=True))": "1 / (1 + np.exp(-logits.clip(-500)))"
            },
            "You use a sigmoid, as DeepSeek-V3 does: each expert is scored alone. Here it is a "
            "softmax.",
        ),
        Wrong(
            _QUIET
            | {
                "    scores = np.exp(logits - logits.max(axis=1, keepdims=True))": '    with np.errstate(all="ignore"):\n        scores = np.exp(logits)'
            },
            "The formula is right, and exp(1000) is too large for a floating-point number, "
            "exp(-1000) too small. Subtract the largest logit of a row first: a softmax does "
            "not notice.",
        ),
        Wrong(
            _QUIET | {"max(axis=1, keepdims=True))": "max())"},
            "You subtract the largest logit of the whole table. A row far below it gives zeros only: "
            "subtract the largest of each row, `axis=1, keepdims=True`.",
        ),
    ),
    right=(
        {"(scores,": "(scores / scores.sum(axis=1, keepdims=True),"},
        route_in_plain_python,
        route_in_torch,
    ),
    own=True,
)

# --- 03.2 -----------------------------------------------------------------------------------------


def one_token(x, router, up, down, top_k):
    import numpy as np

    x, router, up, down = (np.array(a) for a in (x, router, up, down))
    scores = np.exp(router @ x)
    experts = np.argsort(-scores, kind="stable")[:top_k]
    total = scores[experts].sum()
    return sum(scores[e] / total * (x @ up[e]).clip(0) @ down[e] for e in experts)


def one_token_in_plain_python(x, router, up, down, top_k):
    from math import exp

    logits = [sum(w * v for w, v in zip(row, x, strict=True)) for row in router]
    best = sorted(range(len(logits)), key=lambda e: -logits[e])[:top_k]
    total = sum(exp(logits[e]) for e in best)
    result = [0.0] * len(down[0][0])
    for e in best:
        for h, back in enumerate(down[e]):
            unit = max(0, sum(v * row[h] for v, row in zip(x, up[e], strict=True)))
            result = [
                r + exp(logits[e]) / total * unit * w for r, w in zip(result, back, strict=True)
            ]
    return result


def one_token_all_experts_masked(x, router, up, down, top_k):
    import numpy as np

    x, router, up, down = (np.array(a, dtype=float) for a in (x, router, up, down))
    logits = router @ x
    logits[np.argsort(-logits, kind="stable")[top_k:]] = -np.inf
    gates = np.exp(logits - logits.max())
    hidden = np.maximum(np.einsum("d,edh->eh", x, up), 0)
    return np.einsum("e,eh,ehd->d", gates / gates.sum(), hidden, down)


E03_2 = Exercise(
    id="03.2",
    name="moe_output",
    title="One token's way",
    minutes=12,
    difficulty=1,
    reference=one_token,
    properties=(
        Property(
            "the example: experts 1 and 0, and 2.462 and 4.924 come out",
            1,
            ((_X, _ROUTER, _UP, _DOWN, 2),),
        ),
        Property(
            "with top_k = 1 the best expert alone, with all three the whole mixture",
            1,
            ((_X, _ROUTER, _UP, _DOWN, 1), ([2.0, -1.0], _ROUTER, _UP, _DOWN, 3)),
        ),
        Property(
            "another token, whose best expert has another number",
            1,
            (([-1.0, 0.5], _ROUTER, _UP, _DOWN, 2), ([2.0, -1.0], _ROUTER, _UP, _DOWN, 2)),
        ),
        Property(
            "wider layers with more experts come out right",
            1,
            tuple(
                (x[0], router, up, down, k)
                for (x, router, up, down), k in (
                    (_layer(1, 4, 6, 5), 2),
                    (_layer(1, 3, 5, 2), 3),
                )
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"scores[e] / total * ": ""},
            "You add up what the experts give without the gates. Then the router has no say in "
            "how much an expert counts, and gets no gradient.",
        ),
        Wrong(
            {"scores[e] / total": "1 / top_k"},
            "You take the plain mean of the chosen experts. Their gates are their weights.",
        ),
        Wrong(
            {"scores[experts].sum": "scores.sum"},
            "Your gates are the probabilities among all experts. Those of the chosen ones must "
            "be made to add up to 1.",
        ),
        Wrong(
            {"[:top_k]": ""},
            "You ask all experts. That is a dense mixture, and costs as much as one large "
            "network; only the best `top_k` compute here.",
        ),
        Wrong({"[:top_k]": "[:1]"}, "You ask the best expert only, whatever `top_k` is."),
        Wrong(
            {
                "up[e]": "up[j]",
                "down[e] for e": "down[j] for j, e",
                "in experts)": "in enumerate(experts))",
            },
            "The gates are right and go to the wrong experts: to numbers 0, 1, … instead of "
            "the chosen ones. The j-th best is expert `experts[j]`, not expert j.",
        ),
        Wrong(
            {".clip(0)": ""},
            "There is no relu between your two matrices. Two products in a row are one matrix: "
            "the expert could learn no more than that.",
        ),
        Wrong(
            {"(x @ up[e]).clip(0) @ down[e]": "(x @ up[e] @ down[e]).clip(0)"},
            "Your relu comes after the second matrix. It belongs between the two.",
        ),
        Wrong(
            {"return sum": "return x + sum"},
            "You add the token itself. A transformer does that around the layer (the residual "
            "connection), not in it.",
        ),
    ),
    right=(
        {"total * (x @ up[e]).clip(0)": "total * np.where(x @ up[e] > 0, x @ up[e], 0)"},
        one_token_in_plain_python,
        one_token_all_experts_masked,
    ),
    own=True,
)

# --- 03.3 -----------------------------------------------------------------------------------------


def _routed(n_tokens, n_experts, top_k):
    """A router's probabilities and the choices that follow from them."""
    scores = np.exp(_RNG.normal(size=(n_tokens, n_experts)))
    probs = (scores / scores.sum(axis=1, keepdims=True)).round(4)
    return {"probs": probs.tolist(), "experts": np.argsort(-probs, axis=1)[:, :top_k].tolist()}


_EVEN = {"probs": [[0.25] * 4] * 2, "experts": [[0, 1], [2, 3]]}
_COLLAPSED = {"probs": [[0.6, 0.3, 0.05, 0.05], [0.5, 0.4, 0.06, 0.04]], "experts": [[0, 1]] * 2}
_LEFT = {"probs": [[0.9, 0.1], [0.9, 0.1]], "experts": [[0], [0]]}
_RIGHT = {"probs": [[0.1, 0.9], [0.1, 0.9]], "experts": [[1], [1]]}
_OPPOSED = {"probs": [[0.51, 0.49], [0.51, 0.49], [0.0, 1.0]], "experts": [[0], [0], [1]]}


def balance_losses(layers):
    import numpy as np

    switch = []
    for layer in layers:
        probs, experts = np.array(layer["probs"]), np.array(layer["experts"])
        n_experts, k = probs.shape[1], experts.shape[1]
        shares = np.bincount(experts.ravel(), minlength=n_experts) / experts.size
        switch.append(n_experts * (shares * probs.mean(axis=0)).sum())
    return {"switch": np.mean(switch), "top_k": k * np.mean(switch)}


def balance_losses_expert_by_expert(layers):
    total = 0
    for layer in layers:
        probs, experts = layer["probs"], layer["experts"]
        k, chosen = len(experts[0]), [e for row in experts for e in row]
        for e in range(len(probs[0])):
            mean = sum(row[e] for row in probs) / len(probs)
            total += len(probs[0]) * chosen.count(e) / len(chosen) * mean
    switch = total / len(layers)
    return {"top_k": switch * k, "switch": switch}


E03_3 = Exercise(
    id="03.3",
    name="balance_losses",
    title="What is balance worth?",
    minutes=14,
    difficulty=2,
    reference=balance_losses,
    properties=(
        Property(
            "at balance, top 2 of 4: 1 by Switch's form, 2 by that of document A; two experts get "
            "everything: 1.8 and 3.6",
            {"switch": 1, "top_k": 1},
            (
                Case(([_EVEN],), {"switch": 1.0, "top_k": 2.0}),
                Case(([_COLLAPSED],), {"switch": 1.8, "top_k": 3.6}),
            ),
        ),
        Property(
            "two layers that collapsed onto different experts: 1.8, the mean of both",
            1,
            (Case(([_LEFT, _RIGHT],), {"switch": 1.8, "top_k": 1.8}),),
        ),
        Property(
            "choices and probabilities that point in opposite directions: below 1",
            1,
            (([_OPPOSED],),),
        ),
        Property(
            "other layers, with other numbers of experts and choices, come out right",
            1,
            (
                ([_routed(7, 5, 3), _routed(7, 5, 3)],),
                ([_routed(9, 4, 2), _routed(9, 4, 2), _routed(9, 4, 2)],),
                ([_routed(6, 3, 1)],),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"n_experts * (": "("},
            "Your values are too small by the number of experts. That factor is there so that "
            "balance is worth the same with 8 experts and with 256.",
        ),
        Wrong(
            {"shares * probs.mean(axis=0)": "probs.mean(axis=0) ** 2"},
            "You use the mean probabilities twice and the choices not at all. A router that is "
            "ever so little in favour of one expert sends it everything, and your loss would "
            "not see it.",
        ),
        Wrong(
            {"shares * probs.mean(axis=0)": "shares**2"},
            "You square the shares of the choices. That measures balance well, but choices "
            "have no gradient: nothing would be learnt. One of the two factors must be the "
            "mean probability.",
        ),
        Wrong(
            {
                "in layers:": "in [{key: np.concatenate([one[key] for one in layers]) for key in layers[0]}]:"
            },
            "You pool the layers. Two layers that collapsed onto different experts look "
            "balanced together: work out each layer's loss, then take the mean.",
        ),
        Wrong(
            {"np.mean(switch),": "np.sum(switch),", "k * np.mean": "k * np.sum"},
            "You add the layers' losses. Their mean is asked for, so that depth does not "
            "change the value.",
        ),
        Wrong(
            {"experts.size": "len(experts)", "k * np.mean": "np.mean"},
            "Both your values are document A's: counts over tokens add up to k, so balance is "
            "worth k. Switch's form divides by all choices, T·k.",
        ),
        Wrong(
            {"k * np.mean": "np.mean"},
            "Both your values are Switch's. Document A and Hugging Face divide the counts by "
            "the tokens, not by the choices: k times as much.",
        ),
        Wrong(
            {"experts.ravel()": "experts[:, 0]", "experts.size": "len(experts)"},
            "You count first choices only. All k choices of a token are work for an expert.",
        ),
        Wrong(
            {"append(n_experts": "append(max(1, n_experts", ".sum())": ".sum()))"},
            "You do not let a loss fall below its value at balance. It can: where choices and "
            "mean probabilities point in opposite directions. The value at balance is no lower "
            "bound.",
        ),
        Wrong(
            {
                " / experts.size": "",
                "np.mean(switch),": "np.mean(switch) / k,",
                "k * np.mean": "np.mean",
            },
            "You use counts where shares are asked for, so your values grow with the number of "
            "tokens.",
        ),
    ),
    right=(balance_losses_expert_by_expert,),
    own=True,
)

# --- 03.4 -----------------------------------------------------------------------------------------


_QUEUE = [[0, 1], [0, 2], [0, 1], [1, 0]]


def seats(experts, n_experts, capacity_factor):
    import math

    import numpy as np

    n_tokens, k = np.shape(experts)
    capacity = math.ceil(capacity_factor * n_tokens * k / n_experts)
    taken, dropped = [[] for _ in range(n_experts)], 0
    for choice in range(k):
        for token in range(n_tokens):
            queue = taken[experts[token][choice]]
            if len(queue) < capacity:
                queue.append(token)
            else:
                dropped += 1
    lost = n_tokens - len({token for queue in taken for token in queue})
    return {"capacity": capacity, "taken": taken, "dropped": dropped, "lost": lost}


def seats_cut_off(experts, n_experts, capacity_factor):
    import numpy as np

    experts = np.array(experts)
    n_tokens = len(experts)
    capacity = int(np.ceil(capacity_factor * experts.size / n_experts))
    choices = experts.T.ravel()  # all first choices, then all second ones
    taken = [(np.flatnonzero(choices == e) % n_tokens)[:capacity] for e in range(n_experts)]
    lost = np.setdiff1d(np.arange(n_tokens), np.concatenate(taken))
    dropped = experts.size - sum(map(len, taken))
    return {"lost": len(lost), "dropped": dropped, "taken": taken, "capacity": capacity}


E03_4 = Exercise(
    id="03.4",
    name="seats",
    title="No seat left",
    minutes=14,
    difficulty=2,
    reference=seats,
    properties=(
        Property(
            "the example with factor 1: 2 seats each, 3 choices dropped, 1 token lost; with factor "
            "1.25 there are 3 seats, with factor 2 nobody is dropped",
            {"capacity": 1, "taken": 1, "dropped": 1, "lost": 1},
            (
                Case(
                    (_QUEUE, 4, 1.0),
                    {"capacity": 2, "taken": [[0, 1], [3, 0], [1], []], "dropped": 3, "lost": 1},
                ),
                (_QUEUE, 4, 1.25),
                (_QUEUE, 4, 2.0),
                ([[0], [2], [0], [0], [2]], 3, 1.0),
                ([[1], [1], [0], [1]], 3, 0.5),
            ),
        ),
        Property(
            "other loads and factors come out right",
            1,
            (
                (_choices(11, 4, 2), 4, 0.75),
                (_choices(9, 5, 3, idle=1), 5, 1.1),
                (_choices(13, 6, 2, idle=3), 6, 1.5),
                ([[2, 0, 1]], 4, 1.0),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"math.ceil": "math.floor"},
            "You round the capacity down. Round it up: with factor 1 a balanced load must fit.",
        ),
        Wrong(
            {"len(queue) < capacity": "True"},
            "Your experts take everybody. A full expert turns the choice away, and it is dropped.",
        ),
        Wrong(
            {
                "choice in range(k):\n        for token in range(n_tokens)": "token in range(n_tokens):\n        for choice in range(k)"
            },
            "You seat token after token with all its choices. First choices come before second "
            "ones here, so that nobody loses the first choice to another's second.",
        ),
        Wrong(
            {" * k ": " "},
            "Your capacity counts one choice for each token. There are k of them to seat.",
        ),
        Wrong({"capacity_factor * ": ""}, "The capacity factor is missing from your capacity."),
        Wrong(
            {
                "], 0": "], set()",
                "dropped += 1": "dropped.add(token)",
                '": dropped': '": len(dropped)',
            },
            "For `dropped` you count tokens. A token can lose one choice or all of them; "
            "dropped choices are asked for.",
        ),
        Wrong(
            {
                "], 0": "], []",
                "dropped += 1": "dropped.append(token)",
                '": dropped': '": len(dropped)',
                '": lost': '": len(set(dropped))',
            },
            "You call a token lost as soon as one of its choices is dropped. It still has the "
            "other expert; lost is who has none left.",
        ),
        Wrong(
            {"< capacity": "<= capacity"},
            "Each expert takes one more than it has seats: `<` in place of `<=`.",
        ),
        Wrong(
            {
                "len(queue) < capacity": "True",
                "    lost": "    dropped = sum(len(queue[:-capacity]) for queue in taken)\n    taken = [queue[-capacity:] for queue in taken]\n    lost",
            },
            "You keep those who came last. Who comes first is seated first.",
        ),
        Wrong(
            {"math.ceil(": "1 + int("},
            "Your capacity is one too many where the formula gives a whole number: rounding up "
            "leaves it as it is.",
        ),
        Wrong(
            {"in range(k)": "in reversed(range(k))"},
            "You seat second choices before first ones. The first column of `experts` holds the "
            "first choices.",
        ),
        Wrong(
            {" / n_experts": ""},
            "Your capacity is the seats of all experts together. Each has its share of them, 1/E.",
        ),
        Wrong(
            {"dropped += 1": "dropped = 0"},
            "You fill the seats as you should, and `dropped` stays 0. Count the choices that find "
            "their expert full.",
        ),
    ),
    right=(seats_cut_off,),
    own=True,
)

# --- 03.5 -----------------------------------------------------------------------------------------


def router_gradient(logits, outputs, target, top_k, renormalize):
    import numpy as np

    z, v = np.array(logits), np.array(outputs)
    chosen = np.zeros(len(z))
    chosen[np.argsort(-z, kind="stable")[:top_k]] = 1
    p = np.exp(z)
    p = p * chosen if renormalize else p  # who takes part in the softmax
    p = p / p.sum()
    gates = p * chosen
    y = gates @ v
    # dg_e/dz_j = g_e (1 if e is j else 0) − g_e p_j, summed over e with v_e
    return 2 * (y - target) * (gates * v - p * y)


def router_gradient_by_two_points(logits, outputs, target, top_k, renormalize):
    import numpy as np

    z, v = np.array(logits, dtype=float), np.array(outputs, dtype=float)
    best = np.argsort(-z, kind="stable")[:top_k]

    def loss(z):
        p = np.exp(z) / np.exp(z).sum()
        gates = p[best] / p[best].sum() if renormalize else p[best]
        return (gates @ v[best] - target) ** 2

    steps = 1e-5 * np.eye(len(z))
    return [(loss(z + step) - loss(z - step)) / 2e-5 for step in steps]


def router_gradient_by_autograd(logits, outputs, target, top_k, renormalize):
    import torch

    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    gates, best = z.softmax(0).topk(top_k)
    if renormalize:
        gates = gates / gates.sum()
    y = gates @ torch.tensor(outputs, dtype=torch.float64)[best]
    (y - target).square().backward()
    return z.grad.tolist()


E03_5 = Exercise(
    id="03.5",
    name="router_gradient",
    title="The gate that teaches nothing",
    minutes=16,
    difficulty=3,
    reference=router_gradient,
    properties=(
        Property(
            "top_k = 1 and renormalised: nothing for any logit",
            1,
            (
                Case(([1.0, 0.0, -1.0], [2.0, 0.5, 3.0], 1.0, 1, True), [0.0, 0.0, 0.0]),
                Case(([0.2, 0.4], [-1.0, 2.0], 0.5, 1, True), [0.0, 0.0]),
            ),
            rel_tol=1e-4,
        ),
        Property(
            "top_k = 1, not renormalised: all logits learn, those of idle experts too",
            1,
            (
                ([1.0, 0.0, -1.0], [2.0, 0.5, 3.0], 1.0, 1, False),
                ([0.2, 0.4], [-1.0, 2.0], 0.5, 1, False),
            ),
            rel_tol=1e-4,
        ),
        Property(
            "top_k = 2 and renormalised: the two chosen learn, as much up as down",
            1,
            (([1.0, 0.0, -1.0], [2.0, 0.5, 3.0], 1.0, 2, True),),
            rel_tol=1e-4,
        ),
        Property(
            "other numbers of experts and choices come out right",
            2,
            (
                ([0.3, -0.7, 1.9, 0.6], [0.7, -1.3, 2.1, 0.9], -0.4, 2, False),
                ([0.3, -0.7, 1.9, 0.6], [0.7, -1.3, 2.1, 0.9], -0.4, 3, True),
                ([-0.2, 0.8, 0.1], [1.7, -0.6, 0.4], 0.3, 3, True),
                ([-0.2, 0.8, 0.1], [1.7, -0.6, 0.4], 0.3, 1, True),
            ),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {" if renormalize else p": ""},
            "You renormalise always, as document A does. With `renormalize` False the gates "
            "stay the probabilities among all experts, and with top_k = 1 that is what lets "
            "the router learn.",
        ),
        Wrong(
            {"p * chosen if renormalize else p": "p"},
            "You never renormalise. With `renormalize` True a gate is a share of the chosen "
            "ones only: with top_k = 1 it is 1, whatever the logits are.",
        ),
        Wrong(
            {"return 2": "return 0"},
            "You say that a router never learns. That holds for one chosen expert whose gate "
            "was made to be 1, not for two experts and not for a gate that stays a "
            "probability.",
        ),
        Wrong(
            {"(gates * v - p * y)": "gates * (1 - p) * v"},
            "You change a logit and let only its own expert's probability move. A softmax "
            "shares out 1: the others move too, by −p_e·p_j.",
        ),
        Wrong(
            {"return 2": "return chosen * 2"},
            "You give no gradient to experts that were not chosen. Without renormalising, "
            "their logits stand under the line of the softmax, so they move the gate of the "
            "chosen.",
        ),
        Wrong(
            {"(gates * v - p * y)": "chosen * v"},
            "This is the gradient for the gates. Go one step further, through the softmax to "
            "the logits: that is where it vanishes.",
        ),
        Wrong(
            {"return 2 * ": "return "},
            "Half of it is missing: the derivative of a square is twice what stands in it.",
        ),
        Wrong(
            {"2 * (y - target) * ": ""},
            "This is the gradient of the output y. The loss is (y − target)².",
        ),
        Wrong(
            {"return 2": "return -2"},
            "The sign is the other way round: you give the step that lowers the loss, the "
            "gradient points uphill.",
        ),
    ),
    right=(router_gradient_by_two_points, router_gradient_by_autograd),
    own=True,
)

# --- 03.6 -----------------------------------------------------------------------------------------


def moe_layer(x, router, up, down, top_k):
    import numpy as np

    x, router, up, down = (np.array(a) for a in (x, router, up, down))
    n_tokens, n_experts = len(x), len(router)
    scores = np.exp(x @ router.T)
    probs = scores / scores.sum(axis=1, keepdims=True)
    experts = np.argsort(-probs, kind="stable")[:, :top_k]
    gates = np.take_along_axis(probs, experts, 1)
    gates = gates / gates.sum(axis=1, keepdims=True)
    output = np.zeros(x.shape)
    for i in range(top_k):
        for e in range(n_experts):
            mask = experts[:, i] == e
            result = (x[mask] @ up[e]).clip(0) @ down[e]
            output[mask] += gates[mask, i, None] * result
    counts = np.bincount(experts.ravel(), minlength=n_experts)
    loss = n_experts * (counts / n_tokens * probs.mean(axis=0)).sum()
    return {"output": output, "loss": loss}


# The faults of the layer in the exercise
_NO_NETWORK = {
    "(x[mask] @ up[e]).clip(0) @ down[e]": "feed_forward_network(x[mask], up[e], down[e])"
}
_SOFTMAX_OVER_TOKENS = {"scores.sum(axis=1, keepdims=True)": "scores.sum(axis=0)"}
_OTHER_GATES = {"gates[mask, ": "gates[: mask.sum(), "}
_OVERWRITES = {"+=": "="}
_BLIND_LOSS = {"mean(axis=0)": "mean()"}
_SILENT = _SOFTMAX_OVER_TOKENS | _OTHER_GATES | _OVERWRITES | _BLIND_LOSS


def moe_layer_token_by_token(x, router, up, down, top_k):
    import numpy as np

    x, router, up, down = (np.array(a) for a in (x, router, up, down))
    output, n_experts = [], len(router)
    counts, mean = np.zeros(n_experts), np.zeros(n_experts)
    for token in x:
        probs = np.exp(router @ token) / np.exp(router @ token).sum()
        best = np.argsort(-probs, kind="stable")[:top_k]
        counts[best] += 1
        mean += probs / len(x)
        total = 0
        for e in best:
            total = total + probs[e] * (np.maximum(token @ up[e], 0) @ down[e])
        output.append(total / probs[best].sum())
    return {"loss": n_experts / len(x) * counts @ mean, "output": output}


E03_6 = Exercise(
    id="03.6",
    name="moe_layer",
    title="Five faults in a layer",
    minutes=16,
    difficulty=3,
    reference=moe_layer,
    properties=(
        Property(
            "one token and its best expert: 3 and 6 come out, the loss is 2.116; two experts: "
            "2.462 and 4.924 as in 03.2, the loss is 2.895",
            {"output": 1, "loss": 1},
            (([_X], _ROUTER, _UP, _DOWN, 1), ([_X], _ROUTER, _UP, _DOWN, 2)),
        ),
        Property(
            "three tokens: each with its own experts and its own gates",
            1,
            ((_THREE, _ROUTER, _UP, _DOWN, 2), (_THREE, _ROUTER, _UP, _DOWN, 1)),
        ),
        Property(
            "larger layers, idle experts and all experts come out right",
            {"output": 1, "loss": 1},
            (
                (*_layer(9, 4, 5, 3), 2),
                (*_layer(3, 3, 8, 2), 1),
                (*_layer(5, 3, 3, 4), 3),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            _NO_NETWORK | _SILENT,
            "The network of an expert is not defined, as in document A. Write it: "
            "`np.maximum(rows @ up, 0) @ down`. Then look for the four faults that raise no "
            "error.",
        ),
        Wrong(
            _SILENT,
            "It runs now. Four faults are left that raise no error. Try one token first, then "
            "one expert for each token, then two.",
        ),
        Wrong(
            _SOFTMAX_OVER_TOKENS,
            "With a single token all experts come out equally likely. Along which axis do the "
            "probabilities add up to 1?",
        ),
        Wrong(
            _OTHER_GATES,
            "Some tokens get the gates of others. Which rows does `mask` pick, and which rows of the "
            "gates do you take?",
        ),
        Wrong(
            _OVERWRITES,
            "Of a token's experts only the last arrives. What happens to what the first one wrote?",
        ),
        Wrong(
            _BLIND_LOSS,
            "Your loss is `top_k` whatever the router does. The mean probability is asked for expert "
            "by expert.",
        ),
        Wrong(
            _OTHER_GATES | _BLIND_LOSS,
            "Two faults are left: tokens get the gates of others, and the loss is `top_k` "
            "whatever the router does.",
        ),
        Wrong(
            _OTHER_GATES | _OVERWRITES,
            "Some tokens get the gates of others, and of a token's experts only the last arrives: look "
            "at the line that writes the output.",
        ),
        Wrong(
            {"n_tokens * ": "n_tokens / top_k * "},
            "The faults are mended, and you divide the counts by k on top. That is Switch's "
            "form, a fine one; this layer's loss is `top_k` at balance.",
        ),
    ),
    right=(moe_layer_token_by_token,),
    own=True,
)

# --- 03.7 -----------------------------------------------------------------------------------------


def _config(vocab_size, width, d_ff, layers, heads, kv_heads, n_experts, top_k):
    return {
        "vocab_size": vocab_size,
        "hidden_size": width,
        "intermediate_size": d_ff,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "num_local_experts": n_experts,
        "num_experts_per_tok": top_k,
    }


_MIXTRAL = _config(32_000, 4096, 14_336, 32, 32, 8, 8, 2)
_TOY = _config(10, 4, 6, 1, 2, 1, 3, 2)
_COUNTED = fact("model.Mixtral-8x7B").value
_MIXTRAL_COUNTED = {
    "total": _COUNTED["n_params"],
    "active": _COUNTED["n_active_params"],
    "gb": 2 * _COUNTED["n_params"] / 1e9,
}


def moe_params(config):
    d, n_layers = config["hidden_size"], config["num_hidden_layers"]
    n_experts, k = config["num_local_experts"], config["num_experts_per_tok"]
    kv_width = d // config["num_attention_heads"] * config["num_key_value_heads"]
    attention = 2 * d * d + 2 * d * kv_width
    expert = 3 * d * config["intermediate_size"]
    shared = n_layers * (attention + d * n_experts + 2 * d) + 2 * config["vocab_size"] * d + d
    total = shared + n_layers * n_experts * expert
    active = shared + n_layers * k * expert
    return {"total": total, "active": active, "gb": 2 * total / 1e9}


def moe_params_matrix_by_matrix(config):
    from math import prod

    c = config
    d, head = c["hidden_size"], c["hidden_size"] // c["num_attention_heads"]
    kv, up = (d, head * c["num_key_value_heads"]), (d, c["intermediate_size"])
    layer = [(d, d), kv, kv, (d, d), (d, c["num_local_experts"]), (d,), (d,)]
    common = [*layer * c["num_hidden_layers"], (c["vocab_size"], d), (d, c["vocab_size"]), (d,)]
    met, left = c["num_experts_per_tok"], c["num_local_experts"] - c["num_experts_per_tok"]
    active = sum(map(prod, common + [up, up, up[::-1]] * met * c["num_hidden_layers"]))
    idle = sum(map(prod, [up, up, up[::-1]] * left * c["num_hidden_layers"]))
    return {"gb": (active + idle) * 16 / 8e9, "active": active, "total": active + idle}


E03_7 = Exercise(
    id="03.7",
    name="moe_params",
    title="Eight times seven is 46.7",
    minutes=14,
    difficulty=2,
    reference=moe_params,
    properties=(
        Property(
            "the toy model has 368 parameters, of which 296 are active; with two layers and five "
            "experts 956 and 524, to the last parameter",
            1,
            (
                Case((_TOY,), {"total": 368, "active": 296, "gb": 7.36e-7}),
                Case(
                    (_TOY | {"num_hidden_layers": 2, "num_local_experts": 5},),
                    {"total": 956, "active": 524, "gb": 1.912e-6},
                ),
            ),
            rel_tol=1e-11,
        ),
        Property(
            "Mixtral-8x7B: 46,702,792,704 and 12,879,925,248, and 93.4 GB, within 0.1 %; with one "
            "expert, of which one is taken, all is active",
            {"total": 1, "active": 1, "gb": 1},
            (
                Case((_MIXTRAL,), _MIXTRAL_COUNTED),
                (_MIXTRAL | {"num_local_experts": 1, "num_experts_per_tok": 1},),
            ),
            rel_tol=1e-3,
        ),
        Property(
            "Mixtral and other mixtures come out right, to the last parameter",
            1,
            (
                Case((_MIXTRAL,), _MIXTRAL_COUNTED),
                (_config(32_768, 6144, 16_384, 56, 48, 8, 8, 2),),
                (_config(50_280, 1536, 768, 18, 12, 12, 48, 6),),
            ),
            hidden=True,
            rel_tol=1e-11,
        ),
    ),
    wrong=(
        Wrong(
            {
                "shared + n_layers * n_experts * expert": "n_experts * 7e9",
                "shared + n_layers * k * expert": "k * 7e9",
            },
            "This is the name of Mixtral, and document A's chart: 8 × 7B and 2 × 7B. 8 × 7 is "
            "56, and the chart says 46.7. Count what the config holds.",
        ),
        Wrong(
            {
                "d * n_experts +": "expert +",
                "shared + n_layers * n_experts * expert": "n_experts * shared",
                "shared + n_layers * k * expert": "k * shared",
            },
            "You count whole models. Attention, norms and the tables of the vocabulary exist "
            "once, for all experts: only the feed-forward networks are there several times.",
        ),
        Wrong(
            {"expert = 3": "expert = attention + 3", "(attention + d": "(d"},
            "You give every expert attention of its own. Attention is shared: only the "
            "feed-forward networks are there several times.",
        ),
        Wrong(
            {"d * n_experts + ": ""},
            "The routers are missing: in each layer a matrix of width × number of experts.",
        ),
        Wrong(
            {"d * n_experts + ": "", 'diate_size"]': 'diate_size"] + d'},
            "In `active` you count the router's columns of the chosen experts only. To choose, "
            "the router scores all of them.",
        ),
        Wrong(
            {"2 * total": "2 * active"},
            "You keep only the active parameters in memory. The next token takes other "
            "experts: all of them must be there. (Document A §3.1 says that inference costs no "
            "more. In FLOP, not in memory.)",
        ),
        Wrong(
            {"k * expert": 'k * expert - config["vocab_size"] * d'},
            "You leave the input embedding out of `active`, since it is only looked up. Some "
            "makers count so (gpt-oss); Mixtral's 12.9B has it in.",
        ),
        Wrong(
            {"3 * d": "2 * d"},
            "Your experts have two matrices. These have a gate, which is a third.",
        ),
        Wrong(
            {"2 * d * kv_width": "2 * d * d"},
            "You give every head keys and values of its own. There are only "
            "`num_key_value_heads` of each, so these two matrices are narrower.",
        ),
        Wrong(
            {" + 2 * d)": ")", "* d + d\n": "* d\n"},
            "You are short by a tiny share: two norms in each layer, and one after the last.",
        ),
        Wrong(
            {"* d + d\n": "* d\n"},
            "The norm after the last layer is missing: one weight for each unit of the width.",
        ),
        Wrong(
            {"+ 2 * d)": "+ d)"},
            "You count one norm in each layer. There are two: before attention and before the experts.",
        ),
        Wrong(
            {"2 * config": "config"},
            "You count one table of the vocabulary. There are two: the embeddings, and the head.",
        ),
        Wrong(
            {"2 * total": "total"}, "You count one byte for each parameter. In bf16 it takes two."
        ),
    ),
    right=(moe_params_matrix_by_matrix,),
    units=("bytes", "prefix"),
    equivalent={
        "d // config['num_attention_heads'] → d / config['num_attention_heads']": "the heads share "
        "out the width evenly, so that the quotient is the same number",
    },
    own=True,
)

# --- 03.8 -----------------------------------------------------------------------------------------


def experts_read(batch, n_experts, top_k):
    touched = n_experts * (1 - (1 - top_k / n_experts) ** batch)
    return {"touched": touched, "per_token": touched / batch}


def experts_read_token_by_token(batch, n_experts, top_k):
    touched = 0
    for _ in range(batch):
        touched += (n_experts - touched) * top_k / n_experts  # of the idle ones, a share wakes up
    return {"per_token": touched / batch, "touched": touched}


E03_8 = Exercise(
    id="03.8",
    name="experts_read",
    title="A batch wakes them all",
    minutes=8,
    difficulty=2,
    reference=experts_read,
    properties=(
        Property(
            "one token touches its k experts; of 2 of 8 experts each, two tokens touch 3.5, three "
            "4.625, sixteen 7.92",
            {"touched": 1, "per_token": 1},
            (
                Case((1, 8, 2), {"touched": 2.0, "per_token": 2.0}),
                Case((1, 64, 6), {"touched": 6.0, "per_token": 6.0}),
                Case((2, 8, 2), {"touched": 3.5, "per_token": 1.75}),
                (3, 8, 2),
                (16, 8, 2),
            ),
        ),
        Property(
            "other mixtures and batches come out right",
            1,
            ((37, 128, 4), (5, 16, 1), (3, 60, 7), (2, 6, 6)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"n_experts * (1 - (1 - top_k / n_experts) *": "min(n_experts, top_k "},
            "You let every token take experts that nobody else has, until none is left. Two "
            "tokens may meet at an expert; it is read once.",
        ),
        Wrong(
            {"n_experts * (1 - (1 - top_k / n_experts) ** batch)": "top_k"},
            "You count the k experts of one token (document A's chart stops there). Other "
            "tokens of the batch take other experts.",
        ),
        Wrong(
            {" * (1 - (1 - top_k / n_experts) ** batch)": ""},
            "You count all experts, whatever the batch. One token touches k of them.",
        ),
        Wrong(
            {"top_k / n_experts) ** batch": "1 / n_experts) ** (top_k * batch)"},
            "You draw k·B times from all experts, so a token could take the same one twice. "
            "Its k experts are different: one is missed by a token with chance 1 − k/E.",
        ),
        Wrong({"- top_k ": "- 1 "}, "You let each token take one expert. It takes k."),
        Wrong(
            {"(1 - (1": "((1"}, "These are the experts that nobody takes. The others are asked for."
        ),
        Wrong(
            {"1 - (1 - top_k": "(top_k"},
            "These are the experts that every token takes. One that a single token takes must "
            "be read too.",
        ),
        Wrong(
            {"= n_experts * ": "= round(n_experts * ", "batch)\n": "batch))\n"},
            "You round. An average over batches need not be whole.",
        ),
        Wrong(
            {"touched / batch": "top_k"},
            "`per_token` is what is read, shared by the tokens of the batch. An expert that "
            "two tokens take is read once for both.",
        ),
    ),
    right=(experts_read_token_by_token,),
    own=True,
)

# --- 03.9 -----------------------------------------------------------------------------------------


_PLACES = [[0, 1], [2, 3], [0, 2], [3, 2]]


def traffic(experts, n_experts, n_devices, d_model):
    import numpy as np

    n_tokens, k = np.shape(experts)
    rows = np.zeros((n_devices, n_devices), int)
    for token, chosen in enumerate(experts):
        for e in chosen:
            rows[token * n_devices // n_tokens, e * n_devices // n_experts] += 1
    leaving = rows.sum() - np.trace(rows)
    row = 2 * d_model * 4  # bytes in bf16; there and back, forward and backward
    share = (n_devices - 1) / n_devices
    return {"rows": rows, "bytes": leaving * row, "expected": n_tokens * k * share * row}


def traffic_in_numpy(experts, n_experts, n_devices, d_model):
    import numpy as np

    experts = np.array(experts)
    there = experts // (n_experts // n_devices)
    here = np.repeat(np.arange(n_devices), len(experts) // n_devices)[:, None] + 0 * there
    rows = np.zeros((n_devices, n_devices), dtype=int)
    np.add.at(rows, (here, there), 1)
    each = 8 * d_model
    expected = (experts.size - experts.size / n_devices) * each
    return {"bytes": (here != there).sum() * each, "expected": expected, "rows": rows}


E03_9 = Exercise(
    id="03.9",
    name="traffic",
    title="Who sends what to whom?",
    minutes=14,
    difficulty=3,
    reference=traffic,
    properties=(
        Property(
            "the example: 3 of 8 rows leave, 192 bytes; the formula expects 256. Tokens whose "
            "experts are at home send nothing; three devices come out right too",
            {"rows": 2, "bytes": 1, "expected": 1},
            (
                Case(
                    (_PLACES, 4, 2, 8),
                    {"rows": [[2, 2], [1, 3]], "bytes": 192, "expected": 256},
                ),
                ([[0, 1], [1, 0], [3, 2], [2, 3]], 4, 2, 16),
                ([[2, 0], [1, 3]], 4, 1, 16),
                ([[3], [0]], 4, 2, 8),
                ([[0, 5], [3, 2], [2, 3], [1, 4], [0, 1], [5, 0]], 6, 3, 32),
            ),
        ),
        Property(
            "other layers and other numbers of devices come out right",
            1,
            (
                (_choices(12, 8, 3), 8, 4, 96),
                (_choices(10, 10, 2), 10, 5, 24),
                (_choices(8, 16, 1), 16, 2, 112),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {" - np.trace(rows)": "", "(n_devices - 1) / n_devices": "1"},
            "You send the rows that stay too. A token whose expert is on its own device "
            "crosses no wire.",
        ),
        Wrong(
            {"k * share": "k"},
            "Your count is right; `expected` lets all rows leave. With P devices a share of "
            "1/P of them is at home.",
        ),
        Wrong(
            {"(n_devices - 1) /": "1 /"},
            "`expected` takes the share that stays, 1/P. What leaves is (P − 1)/P.",
        ),
        Wrong(
            {"d_model * 4": "d_model * 2"},
            "Half is missing. A row goes to its expert and what comes out goes back, and the "
            "backward pass sends gradients over both ways again: four times in all.",
        ),
        Wrong(
            {"d_model * 4": "d_model"},
            "You count one way of one pass. There and back in the forward pass, and gradients "
            "there and back in the backward pass: four.",
        ),
        Wrong(
            {"d_model * 4": "d_model * 6"},
            "You count the backward pass twice, as one does with FLOP. What it sends is as "
            "much as the forward pass: a gradient for each number that was sent.",
        ),
        Wrong({"2 * d_model * 4": "4"}, "You count rows. Each has `d_model` numbers of 2 bytes."),
        Wrong(
            {'"rows": rows': '"rows": rows.T'},
            "Your table is turned over: `rows[i][j]` is what device i, where the token lives, "
            "sends to device j, where the expert lives.",
        ),
        Wrong(
            {
                "in chosen": "in {e * n_devices // n_experts * n_experts // n_devices for e in chosen}"
            },
            "You send one copy to each device. That is a good idea, and DeepSeek has it; here "
            "a token that takes two experts of a device is sent there twice.",
        ),
        Wrong(
            {"* n_devices // n_tokens": "% n_devices", "* n_devices // n_experts": "% n_devices"},
            "You deal tokens and experts out in turn, like cards. They lie in blocks: the "
            "first T/P tokens and the first E/P experts on device 0, and so on.",
        ),
        Wrong(
            {"* k * share": "* share"}, "`expected` sends each token once. It goes to k experts."
        ),
    ),
    right=(traffic_in_numpy,),
    units=("factor",),
    own=True,
)

# --- 03.10 ----------------------------------------------------------------------------------------


def _gates(n_tokens, top_k):
    raw = _RNG.uniform(0.2, 1, (n_tokens, top_k))
    return (raw / raw.sum(axis=1, keepdims=True)).round(3).tolist()


def sort_once(x, experts, gates, up, down):
    import numpy as np

    x, experts, gates, up, down = (np.array(a) for a in (x, experts, gates, up, down))
    chosen = experts.T.ravel()
    order = np.argsort(chosen, kind="stable")
    counts = np.bincount(chosen, minlength=len(up))
    token = order % len(x)
    blocks = np.split(x[token], counts.cumsum()[:-1])
    done = [(block @ up[e]).clip(0) @ down[e] for e, block in enumerate(blocks)]
    rows = np.concatenate(done) * gates.T.ravel()[order, None]
    output = np.zeros(x.shape)
    np.add.at(output, token, rows)
    return {"order": order, "counts": counts, "output": output}


def sort_once_and_back(x, experts, gates, up, down):
    import numpy as np

    x, experts, gates = np.array(x), np.array(experts), np.array(gates)
    (n_tokens, d_model), k = x.shape, experts.shape[1]
    order = np.lexsort((np.arange(experts.size), experts.T.ravel()))
    counts = [int((experts == e).sum()) for e in range(len(up))]
    groups = np.split(x[order % n_tokens], np.cumsum(counts)[:-1])
    done = [
        np.maximum(g @ np.array(u), 0) @ np.array(d)
        for g, u, d in zip(groups, up, down, strict=True)
    ]
    back = np.empty((k * n_tokens, d_model))
    back[order] = np.concatenate(done)  # to where it came from: no token twice
    output = (gates.T[:, :, None] * back.reshape(k, n_tokens, d_model)).sum(axis=0)
    return {"output": output, "counts": counts, "order": order}


def sort_once_like_the_naive_loop(x, experts, gates, up, down):
    import numpy as np

    choices = [
        (row[j], j * len(experts) + t) for t, row in enumerate(experts) for j in range(len(row))
    ]
    counts = [sum(e == number for e, _ in choices) for number in range(len(up))]
    output = [
        sum(
            g * (np.maximum(np.array(token) @ np.array(up[e]), 0) @ np.array(down[e]))
            for e, g in zip(chosen, weights, strict=True)
        )
        for token, chosen, weights in zip(x, experts, gates, strict=True)
    ]
    return {"order": [c for _, c in sorted(choices)], "counts": counts, "output": output}


E03_10 = Exercise(
    id="03.10",
    name="sort_once",
    title="Sort once",
    minutes=16,
    difficulty=3,
    reference=sort_once,
    properties=(
        Property(
            "one choice each: sorted by expert, computed, and back at its token; then two choices "
            "each, and an expert that nobody takes",
            {"order": 1, "counts": 1, "output": 1},
            (
                (_THREE, [[2], [0], [1]], [[1.0], [1.0], [1.0]], _UP, _DOWN),
                (
                    _THREE,
                    [[1, 0], [0, 1], [1, 0]],
                    [[0.75, 0.25], [0.5, 0.5], [0.9, 0.1]],
                    _UP,
                    _DOWN,
                ),
                (
                    _THREE,
                    [[2, 0], [2, 1], [0, 2]],
                    [[0.6, 0.4], [0.8, 0.2], [0.7, 0.3]],
                    _UP,
                    _DOWN,
                ),
            ),
        ),
        Property(
            "more tokens, more experts, three choices, idle experts in between",
            2,
            tuple(
                (
                    _random(n, 4),
                    _choices(n, e, k, idle),
                    _gates(n, k),
                    _random(e, 4, 3),
                    _random(e, 3, 4),
                )
                for n, e, k, idle in ((10, 6, 2, 0), (7, 8, 3, 2), (5, 9, 1, 0), (1, 4, 4, 0))
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "experts.T.ravel": "experts.ravel",
                "% len(x)": "// experts.shape[1]",
                "gates.T.ravel": "gates.ravel",
            },
            "Your output is right, your numbers are others: you number the choices of token 0 "
            "first, then those of token 1. All first choices come first here, so that choice c "
            "is of token c % T.",
        ),
        Wrong(
            {"% len(x)": "// experts.shape[1]"},
            "You number the choices one way and look up their tokens the other way. With all "
            "first choices first, choice c is of token c % T, not c // k.",
        ),
        Wrong(
            {"np.add.at(output, token, rows)": "output[token] += rows"},
            "`output[token] += rows` adds only once where a token comes twice: numpy reads, "
            "adds, and the last one written wins. `np.add.at(output, token, rows)` adds them "
            "all.",
        ),
        Wrong(
            {"[order, None]": "[:, None]"},
            "The rows are sorted and the gates are not, so rows meet the gates of others. Sort "
            "the gates with the same `order`.",
        ),
        Wrong({" * gates.T.ravel()[order, None]": ""}, "You leave out the gates."),
        Wrong(
            {"output, token": "output, np.arange(len(rows)) % len(x)"},
            "What comes out is still sorted by expert. Each row must go back to its token.",
        ),
        Wrong(
            {"= order %": "= np.arange(len(order)) %", "[order, None]": "[:, None]"},
            "You worked out the order and did not use it: the first counts[0] rows are not "
            "those of expert 0.",
        ),
        Wrong(
            {", minlength=len(up)": ""},
            "`np.bincount` stops at the largest number that it meets. Experts above it that "
            "got nothing are missing: `minlength=` the number of experts.",
        ),
        Wrong(
            {'"order": order': '"order": np.argsort(order)'},
            "Your `order` says at which place each choice ends up (the argsort of the "
            "argsort). Asked for is which choice stands at each place.",
        ),
    ),
    right=(sort_once_and_back, sort_once_like_the_naive_loop),
    own=True,
)

EXERCISES = [E03_1, E03_2, E03_3, E03_4, E03_5, E03_6, E03_7, E03_8, E03_9, E03_10]
