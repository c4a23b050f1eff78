"""What decides the points of 02_emergence_and_collapse. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

from course.classroom.judge import Case, Exercise, Property, Wrong
from course.emergence import sightings

# --- 02.1 ----------------------------------------------------------------------------------------


def whole_answers(p_small, p_large, n_tokens):
    return {"jump": p_large**n_tokens - p_small**n_tokens, "half": 0.5 ** (1 / n_tokens)}


def whole_answers_token_by_token(p_small, p_large, n_tokens):
    import math

    small, large = (math.prod([p] * n_tokens) for p in (p_small, p_large))
    return {"jump": large - small, "half": math.exp(-math.log(2) / n_tokens)}


_JUMP = "p_large**n_tokens - p_small**n_tokens"
_HALF = "0.5 ** (1 / n_tokens)"

E02_1 = Exercise(
    id="02.1",
    name="whole_answers",
    title="Right to the last token",
    minutes=7,
    difficulty=1,
    reference=whole_answers,
    own=True,
    units=("share",),
    properties=(
        Property(
            "answers of one token jump as much as the tokens, and half are right at 0.5; from 0.8 "
            "to 0.9, answers of ten tokens jump by 0.2413; half are right at 0.933",
            {"jump": 2, "half": 1},
            (Case((0.5, 0.75, 1), {"jump": 0.25, "half": 0.5}), (0.8, 0.9, 10)),
        ),
        Property(
            "other lengths come out right, long ones too",
            1,
            ((0.61, 0.873, 7), (0.983, 0.9971, 214)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {_JUMP: "0.4"},
            "0.4 is the jump that document A §2.1 prints for addition, and no source has it. "
            "A jump depends on how long the answer is: compute it from the two accuracies.",
        ),
        Wrong(
            {_JUMP: "(1 - p_small) ** n_tokens - (1 - p_large) ** n_tokens", _HALF: f"1 - {_HALF}"},
            "1 − (1 − p)^k is the chance that at least one token is right. An exact match "
            "needs all of them: p · p · … · p.",
        ),
        Wrong(
            {_JUMP: "n_tokens * (p_large - p_small)", _HALF: "0.5 / n_tokens"},
            "You multiply by the number of tokens. All must be right at once, so the chances "
            "are multiplied with one another: p to the power of n_tokens.",
        ),
        Wrong(
            {_JUMP: "p_large - p_small", _HALF: "0.5"},
            "You compare the tokens, not the answers. An answer is right only if all its "
            "tokens are.",
        ),
        Wrong(
            {_JUMP: "(p_large / p_small) ** n_tokens"},
            'Your "jump" says how many times as many. How much more is asked for: the one '
            "share less the other.",
        ),
        Wrong(
            {_JUMP: "(p_large - p_small) ** n_tokens"},
            "You take the difference first and the power then. Each model has its own share "
            "of right answers; the difference comes last.",
        ),
        Wrong(
            {_JUMP: "p_small**n_tokens - p_large**n_tokens"},
            'Your "jump" has the wrong sign: the large model less the small one.',
        ),
        Wrong(
            {_HALF: "0.5 / n_tokens"},
            'Your "half" divides 0.5 among the tokens. Solve p^k = 0.5 for p: a root.',
        ),
        Wrong(
            {_HALF: "0.5"},
            'Your "half" is that of the tokens. When half of the tokens are right, almost no '
            "long answer is: solve p^k = 0.5.",
        ),
        Wrong(
            {_HALF: "0.5**n_tokens"},
            'Your "half" is the share of right answers at p = 0.5. It is asked the other way '
            "round: which p gives 0.5?",
        ),
    ),
    right=(whole_answers_token_by_token,),
)

# --- 02.2 ----------------------------------------------------------------------------------------


def resolution(accuracy, n_items):
    import math

    return {
        "smallest": 1 / n_items,
        "chance_of_zero": (1 - accuracy) ** n_items,
        "largest_at_zero": 1 - 0.05 ** (1 / n_items),
        "items_needed": math.ceil(math.log(0.05) / math.log(1 - accuracy)),
    }


def resolution_by_trying(accuracy, n_items):
    nothing, needed = 1.0, 0
    while nothing > 0.05:
        nothing, needed = nothing * (1 - accuracy), needed + 1
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - middle) ** n_items > 0.05 else (low, middle)
    return {
        "smallest": n_items**-1,
        "chance_of_zero": (1 - accuracy) ** n_items,
        "largest_at_zero": low,
        "items_needed": needed,
    }


E02_2 = Exercise(
    id="02.2",
    name="resolution",
    title="What a test of 100 questions can show",
    minutes=12,
    difficulty=2,
    reference=resolution,
    own=True,
    units=("share",),
    properties=(
        Property(
            "a model that is right half the time, five questions: 0.2, 0.031, 0.451 and 5; one "
            "that is right once in a hundred, a hundred questions: it needs 299 of them",
            {"smallest": 1, "chance_of_zero": 1, "largest_at_zero": 1, "items_needed": 1},
            ((0.5, 5), (0.01, 100)),
        ),
        Property(
            "other accuracies and tests come out right",
            1,
            ((0.037, 164), (0.0041, 1_319), (0.971, 3)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"1 - 0.05 ** (1 / n_items)": "0"},
            "You take 0 of n for an accuracy of 0, as the normal interval p ± "
            "1.64·√(p(1−p)/n) does at p = 0. A model that is seldom right shows 0 of n too: "
            "solve (1 − a)^n = 0.05 for a.",
        ),
        Wrong(
            {"math.log(0.05) / math.log(1 - accuracy)": "1 / accuracy"},
            "With 1/a questions you expect one right answer on average. Often enough there is "
            "none (for a rare success in 37 % of tests); 95 % sure was asked for.",
        ),
        Wrong(
            {
                "1 - 0.05 ** (1 / n_items)": "3 / n_items",
                "math.log(0.05) / math.log(1 - accuracy)": "3 / accuracy",
            },
            "You use the rule of three, 3/n and 3/a. It is a good rule for large tests: ln "
            "0.05 = −2.996. Here the exact values are asked for.",
        ),
        Wrong(
            {"math.ceil": "math.floor"},
            "You round down, and fall just short of 95 %. The least number that is enough: "
            "round up.",
        ),
        Wrong(
            {"math.ceil": ""},
            'Your "items_needed" is right before rounding. There are only whole questions: '
            "round up.",
        ),
        Wrong(
            {"- 0.05 ": "- 0.95 ", "math.log(0.05)": "math.log(0.95)"},
            "You swap 0.95 and 0.05. A success with chance 0.95 leaves 0.05 for none: (1 − "
            "a)^n = 0.05.",
        ),
        Wrong(
            {'"chance_of_zero": ': '"chance_of_zero": 1 - '},
            'Your "chance_of_zero" is the chance of at least one right answer. It is what is '
            "left over: (1 − a)^n.",
        ),
        Wrong(
            {"(1 - accuracy) ** n_items": "max(0, 1 - n_items * accuracy)"},
            'Your "chance_of_zero" falls in a straight line, and is 0 from 1/a questions on. '
            "Each question is wrong with chance 1 − a; all are with (1 − a)^n.",
        ),
        Wrong(
            {"(1 - accuracy) ** n_items": "accuracy**n_items"},
            'Your "chance_of_zero" is the chance that every answer is right. Each is wrong '
            "with chance 1 − a.",
        ),
        Wrong(
            {"- 0.05 ": "- 0.025 "},
            "You leave 2.5 % on each side, as an interval with two ends does. After 0 of n "
            "there is one end to find, and 5 % were asked for.",
        ),
    ),
    right=(resolution_by_trying,),
)

# --- 02.3 ----------------------------------------------------------------------------------------

_TABLE = [[s.ability, s.family, s.n_params, s.flops] for s in sightings()]
_LOSSES = [1.6, 0.8, 0.4, 0.2, 0.1]


def two_metrics(losses, n_tokens, n_options):
    import numpy as np

    p = np.exp(-np.array(losses))
    q = p + (1 - p) / n_options
    other = (1 - q) / (n_options - 1)
    exact = p**n_tokens
    brier = (1 - q) ** 2 + (n_options - 1) * other**2
    shares = [(y[-1] - y[-2]) / (y[-1] - y[0]) for y in (exact, brier)]
    return {"exact_match": exact, "brier": brier, "last_step": shares}


def two_metrics_option_by_option(losses, n_tokens, n_options):
    import numpy as np

    p = np.exp(-np.array(losses))
    right = p + (1 - p) / n_options
    given = np.column_stack([right] + [(1 - right) / (n_options - 1)] * (n_options - 1))
    truth = np.array([1] + [0] * (n_options - 1))
    values = np.stack([p**n_tokens, ((given - truth) ** 2).sum(axis=1)])
    steps = np.diff(values)
    return {
        "exact_match": values[0],
        "brier": values[1],
        "last_step": steps[:, -1] / steps.sum(axis=1),
    }


_BRIER = "(1 - q) ** 2 + (n_options - 1) * other**2"

E02_3 = Exercise(
    id="02.3",
    name="two_metrics",
    title="An ability that emerges and vanishes",
    minutes=14,
    difficulty=2,
    reference=two_metrics,
    own=True,
    equivalent={
        "1 - q → q - 1": "its square is the same",
        "1 - q → q - 1 #2": "its square is the same",
        "n_options - 1 → 1 - n_options": "its square is the same",
    },
    properties=(
        Property(
            "the task of the notebook, answers of 10 tokens, 4 options: 63 % of the rise of "
            "the exact match lies in the last step, 4 % of the Brier score's fall; and answers of "
            "one token, 2 options: losses of 1, 0.5 and 0.25 nats",
            {"exact_match": 1, "brier": 1, "last_step": 1},
            ((_LOSSES, 10, 4), ([1.0, 0.5, 0.25], 1, 2)),
        ),
        Property(
            "other models and tasks come out right",
            2,
            (([2.3, 1.9, 0.71], 3, 5), ([0.93, 0.37, 0.22, 0.041], 23, 3)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"np.exp(-np.array(losses))": "np.maximum(0, 1 - np.array(losses))"},
            "You take 1 − L for the chance of a right token. The loss is L = −ln p, so p = e^(−L).",
        ),
        Wrong(
            {"np.exp(-np.array(losses))": "2.0 ** -np.array(losses)"},
            "You take 2^(−L). The loss is in nats, with the natural logarithm: p = e^(−L).",
        ),
        Wrong(
            {"p**n_tokens": "p"},
            'Your "exact_match" is the accuracy of one token. The answer has n_tokens of '
            "them, and all must be right.",
        ),
        Wrong(
            {"p**n_tokens": "1 - (1 - p) ** n_tokens"},
            'Your "exact_match" is the chance of at least one right token. All must be right: '
            "p to the power of n_tokens.",
        ),
        Wrong(
            {" + (n_options - 1) * other**2": ""},
            'Your "brier" has the right option alone. The wrong ones have probabilities above '
            "0, and each adds its square.",
        ),
        Wrong(
            {"p + (1 - p) / n_options": "p"},
            "You give the right option the probability p. A model that does not know guesses, "
            "and is right one time in n_options: q = p + (1 − p) / n_options.",
        ),
        Wrong(
            {_BRIER: f"({_BRIER}) / n_options"},
            'Your "brier" is the mean over the options. Here it is the sum, as Brier wrote it '
            "in 1950.",
        ),
        Wrong(
            {"(1 - q) / (n_options - 1)": "1 - q"},
            "You give every wrong option all of 1 − q. They share it: (1 − q) / (n_options − "
            "1) each.",
        ),
        Wrong(
            {"(1 - q) ** 2": "(1 - q)", "other**2": "other"},
            'Your "brier" adds the distances. It is the sum of their squares.',
        ),
        Wrong(
            {_BRIER: f"1 - ({_BRIER})"},
            "You turn the Brier score round, so that 1 is best. As it is defined 0 is best. "
            "(The shares do not mind.)",
        ),
        Wrong(
            {"(y[-1] - y[0])": "y[-1]"},
            "You divide the last step by the last value. The share of the whole change is "
            "asked for: divide by last less first.",
        ),
        Wrong(
            {"y[-1] - y[-2]": "y[1] - y[0]"},
            "You take the first step. The last is asked for, between the two largest models.",
        ),
    ),
    right=(two_metrics_option_by_option,),
)

# --- 02.4 ----------------------------------------------------------------------------------------

_LIKE_NAMES = [["rhyme royal", "Eve", 3e9, 7e20], ["rhyme", "Eve", 4e11, 9e23]]
_TOY_TABLE = [
    ["rhyme", "Ada", 10e9, 1e22],
    ["rhyme", "Ada", 50e9, 5e21],
    ["rhyme", "Bob", 2e9, 3e20],
]


def verdict(table, ability, family, n_params, flops):
    rows = [row for row in table if row[0] == ability]
    own = [row for row in rows if row[1] == family]
    if not rows:
        return "no source"
    if not own:
        return "other families only"
    reached = [(n_params >= row[2]) + (flops >= row[3]) for row in own]
    return ["below", "split", "seen"][max(reached)]


def verdict_with_any_and_all(table, ability, family, n_params, flops):
    families = {row[1] for row in table if row[0] == ability}
    own = [row[2:] for row in table if row[:2] == [ability, family]]
    if any(n_params >= size and flops >= compute for size, compute in own):
        return "seen"
    if any(n_params >= size or flops >= compute for size, compute in own):
        return "split"
    if own:
        return "below"
    return "other families only" if families else "no source"


def thresholds_of_a(table, ability, family, n_params, flops):
    critical_points = {
        "arithmetic_3digit": 13e9,
        "chain_of_thought": 62e9,
        "commonsense_reasoning": 8e9,
        "code_generation": 25e9,
        "multi-step_planning": 100e9,
        "theory_of_mind": 60e9,
    }
    return "seen" if n_params >= critical_points.get(ability, float("inf")) else "below"


_REACHED = "(n_params >= row[2]) + (flops >= row[3])"

E02_4 = Exercise(
    id="02.4",
    name="verdict",
    title="Seen there, or coming here?",
    minutes=14,
    difficulty=2,
    reference=verdict,
    properties=(
        Property(
            "PaLM 62B: chain of thought was seen in it; theory of mind has no source",
            1,
            (
                Case((_TABLE, "chain_of_thought", "PaLM", 62e9, 2.9e23), "seen"),
                Case((_TABLE, "theory_of_mind", "PaLM", 540e9, 2.5e24), "no source"),
            ),
        ),
        Property(
            "three-digit addition in GPT-3: 6.7B parameters are below, more training splits it",
            1,
            (
                Case((_TABLE, "arithmetic_3digit", "GPT-3", 6.7e9, 1.2e22), "below"),
                Case((_TABLE, "arithmetic_3digit", "GPT-3", 6.7e9, 4e22), "split"),
                Case((_TABLE, "arithmetic_3digit", "GPT-3", 20e9, 1e22), "split"),
            ),
        ),
        Property(
            "what other families showed says nothing of this one",
            1,
            (
                (_TABLE, "mmlu", "PaLM", 540e9, 2.5e24),
                (_TABLE, "arithmetic_3digit", "BLOOM", 176e9, 3.9e23),
            ),
        ),
        Property(
            "of several rows the best one counts, each row by itself",
            1,
            (
                (_TOY_TABLE, "rhyme", "Ada", 60e9, 6e21),
                (_TOY_TABLE, "rhyme", "Ada", 20e9, 6e21),
                (_TOY_TABLE, "rhyme", "Ada", 20e9, 2e22),
            ),
        ),
        Property(
            "further models and tables come out right",
            1,
            (
                (_TABLE, "truthfulness", "Gopher", 280e9, 5e23),
                (_TABLE, "code_generation", "GPT-3", 175e9, 3.1e23),
                (_TABLE, "mmlu", "Gopher", 7.1e9, 1.3e22),
                (_TOY_TABLE, "rhyme", "Bob", 7e9, 1e20),
                (_TOY_TABLE, "rhyme", "Cleo", 7e10, 1e23),
                (_TOY_TABLE, "rhyme", "Ada", 11e9, 4e21),
                (_TOY_TABLE, "rhyme", "Ada", 51e9, 9e21),
                (_TOY_TABLE, "rhyme", "Ada", 10e9, 1e20),
                (_TOY_TABLE, "rhyme", "Bob", 1e9, 3e20),
                (_LIKE_NAMES, "rhyme", "Eve", 5e9, 8e20),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            thresholds_of_a,
            "This is document A §2.1: six thresholds of parameters, four of them without a "
            "source, the same for every family, and what is not in its table has not emerged. "
            "Use the rows of `table`, and both of their columns.",
        ),
        Wrong(
            {_REACHED: "2 * (n_params >= row[2])"},
            "You compare parameters alone, as document A §2.1 does. The same size with more "
            "training is another model: compare the compute as well.",
        ),
        Wrong(
            {_REACHED: "2 * (flops >= row[3])"},
            "You compare compute alone. Parameters and compute must both be reached.",
        ),
        Wrong(
            {" if row[1] == family": ""},
            "You let a row of another family count. On 14 tasks PaLM 62B did better than "
            "chance and GPT-3 175B did not, with about the same compute: the family matters.",
        ),
        Wrong(
            {_REACHED: "(n_params > row[2]) + (flops > row[3])"},
            "The model at which an ability was seen has reached its own row: at least as "
            "large, not larger.",
        ),
        Wrong(
            {'"split", "seen"]': '"seen", "seen"]'},
            "You call it seen where one of the two columns is reached. Both must be; one "
            'alone is "split".',
        ),
        Wrong(
            {'"split", "seen"]': '"below", "seen"]'},
            'You call it "below" where one of the two columns is reached. That is "split".',
        ),
        Wrong(
            {'"no source"': '"below"'},
            'You call an ability without a row "below", as document A §2.1 says that it has '
            "not emerged. Not to know is another answer.",
        ),
        Wrong(
            {'"other families only"': '"no source"'},
            'You say "no source" where other families have rows. That is known, and says '
            '"other families only".',
        ),
        Wrong(
            {"max(reached)": "min(reached)"},
            "Of several rows you let the hardest count. The best counts: the ability was seen "
            "in this family if one row is reached.",
        ),
        Wrong(
            {"for row in own]": "for row in own[:1]]"},
            "You look at the first row that fits, and stop. A family can have several.",
        ),
        Wrong(
            {
                "n_params >= row[2]": "n_params >= min(row[2] for row in own)",
                "flops >= row[3]": "flops >= min(row[3] for row in own)",
            },
            "You take the size from one row and the compute from another. No such model was "
            "seen: judge each row by itself.",
        ),
    ),
    right=(verdict_with_any_and_all,),
)

# --- 02.5 ----------------------------------------------------------------------------------------


def training_plan(compute, n_params, batch_tokens):
    import math

    steps = math.floor(compute / (6 * n_params * batch_tokens))
    if steps < 1:
        raise ValueError("the budget does not pay one step")
    tokens = steps * batch_tokens
    return {"steps": steps, "tokens": tokens, "tokens_per_param": tokens / n_params}


def training_plan_step_price(compute, n_params, batch_tokens):
    import numpy as np

    price = 6 * n_params * batch_tokens
    if price > compute:
        raise ValueError(f"a step costs {price} FLOP, got {compute}")
    paid = np.floor_divide(compute, price) * batch_tokens
    return {
        "tokens": paid,
        "steps": round(paid / batch_tokens),
        "tokens_per_param": paid / n_params,
    }


_STEPS = "math.floor(compute / (6 * n_params * batch_tokens))"

E02_5 = Exercise(
    id="02.5",
    name="training_plan",
    title="Steps, tokens, batch",
    minutes=8,
    difficulty=1,
    reference=training_plan,
    own=True,
    units=("prefix",),
    properties=(
        Property(
            "1M parameters, 6.3e15 FLOP, batches of 4M tokens: 262 steps, 1.048e9 tokens; "
            "Chinchilla, 5.76e23 FLOP and batches of 1.5M tokens: 914,285 steps; a budget that "
            "pays just one step",
            {"steps": 1, "tokens": 1, "tokens_per_param": 1},
            (
                Case(
                    (6.3e15, 1e6, 4e6), {"steps": 262, "tokens": 1.048e9, "tokens_per_param": 1048}
                ),
                (5.76e23, 70e9, 1.5e6),
                (6e12, 1e6, 1e6),
            ),
        ),
        Property("a budget that does not pay one step is refused", 1, ((1e17, 70e9, 1.5e6),)),
        Property(
            "other budgets, sizes and batches come out right",
            1,
            (
                (3.33e22, 6.7e9, 3.3e6),
                (8.1e19, 1.27e8, 5.2e5),
                (3.1e14, 1e8, 5.2e5),
                (5.9e14, 1e8, 5.2e5),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {_STEPS: "20 * n_params"},
            "This is document A §2.2: it calls 20 tokens for each parameter steps, then takes "
            "them times the batch once more. Chinchilla would read 2.1e18 tokens, a million "
            "and a half times too many. And the budget is never used.",
        ),
        Wrong(
            {_STEPS: "math.floor(20 * n_params / batch_tokens)"},
            "Steps and tokens are told apart, rightly. But 20 tokens for each parameter, as "
            "in document A §2.2, leaves the budget unused: what it pays are C / (6 · N) "
            "tokens.",
        ),
        Wrong(
            {" * batch_tokens))": "))"},
            "What you call steps are tokens: C / (6 · N). A step reads a batch of them, so divide.",
        ),
        Wrong(
            {"6 * ": "2 * "},
            "You count 2 FLOP for each parameter and token: that is an answer. Training has a "
            "backward pass too, 6 in all.",
        ),
        Wrong(
            {"6 * ": ""},
            "You count one FLOP for each parameter and token. Training takes 6.",
        ),
        Wrong(
            {"math.floor": ""},
            "Your steps are not whole. What does not pay a whole step is left over: round down.",
        ),
        Wrong(
            {"math.floor": "math.ceil"},
            "You round up, and the last step is not paid for: round down.",
        ),
        Wrong(
            {"math.floor": "round"},
            "You round to the nearest whole step, so that sometimes the last one is not paid "
            "for: round down.",
        ),
        Wrong(
            {"steps * batch_tokens": "compute / (6 * n_params)"},
            'Your "tokens" are those the budget could pay. The whole steps read a little '
            "less: steps times batch.",
        ),
        Wrong(
            {
                "        raise ValueError": "        steps = 0\n    if steps < 0:\n        raise ValueError"
            },
            "Where the budget does not pay one step you plan 0 steps. That is no plan: raise "
            "ValueError.",
        ),
        Wrong(
            {"steps < 1": "steps <= 1"},
            "You refuse a budget that pays just one step. One step is a plan.",
        ),
        Wrong(
            {"tokens / n_params": "n_params / tokens"},
            'Your "tokens_per_param" is upside down: tokens divided by parameters.',
        ),
    ),
    right=(training_plan_step_price,),
)

# --- 02.6 ----------------------------------------------------------------------------------------

_SHORT_SERIES = [
    [1, 2, 3, 6, 5, 4],
    [6, 5, 4, 1, 2, 3],
    [3, 1, 2, 6, 4, 5],
    [1, 2, 6, 5, 3, 3],
    [2, 9, 7, 5, 3, 1],
]
_LONG_SERIES = [
    [3, 8, 5, 1, 7, 9, 6, 4, 2, 0],
    [9, 7, 5, 3, 1, 2, 4, 6, 8, 0],
    [5, 6, 9, 2, 8, 7, 4, 3, 1, 1],
    [0, 4, 2, 9, 1, 8, 6, 7, 5, 3],
]
_TWELVE_SERIES = [
    [1, 9, 8, 7, 3, 2],
    *([9, 1, 2, 8, 7, last] for last in (3, 4, 5)),
    *([1, 2, 9, 5, 5, last] for last in (3, 4)),
    *([1, 2, 3, 9, 4, last] for last in (5, 6, 7, 8)),
    [1, 2, 3, 7, 4, 8],
    [9, 8, 7, 1, 2, 3],
]


def false_alarms(series, n_values, n_capabilities):
    import math

    chance = 1 / math.factorial(n_values)
    alarms = 0
    for values in series:
        last = values[-n_values:]
        alarms += all(last[i] > last[i + 1] for i in range(n_values - 1))
    return {
        "chance": chance,
        "any": 1 - (1 - chance) ** n_capabilities,
        "counted": alarms / len(series),
    }


def false_alarms_in_one_array(series, n_values, n_capabilities):
    import numpy as np

    falls = (np.diff(np.array(series)[:, -n_values:], axis=1) < 0).all(axis=1)
    chance = float(np.prod(1 / np.arange(1, n_values + 1)))
    quiet = np.prod(np.full(n_capabilities, 1 - chance))
    return {"counted": falls.mean(), "chance": chance, "any": 1 - quiet}


def false_alarms_by_all_orders(series, n_values, n_capabilities):
    from itertools import pairwise, permutations

    def falls(values):
        return all(a > b for a, b in pairwise(values))

    orders = [falls(order) for order in permutations(range(n_values))]
    chance, silent = sum(orders) / len(orders), 1.0
    for _ in range(n_capabilities):
        silent *= 1 - chance
    counted = sum(falls(values[-n_values:]) for values in series) / len(series)
    return {"chance": chance, "any": 1 - silent, "counted": counted}


def no_false_alarms_as_in_a(series, n_values, n_capabilities):
    alarms = 0
    for scores in series:
        if len(scores) < 10:
            continue
        recent = scores[-5:]
        alarms += all(recent[i] > recent[i + 1] for i in range(len(recent) - 1))
    return {"chance": 0, "any": 0, "counted": alarms / len(series)}


_ANY = "1 - (1 - chance) ** n_capabilities"

E02_6 = Exercise(
    id="02.6",
    name="false_alarms",
    title="An alarm that noise sets off",
    minutes=14,
    difficulty=2,
    reference=false_alarms,
    units=("share",),
    properties=(
        Property(
            "three values, one capability: 1 in 6; in the five short series 2 alarms of 5; and "
            "document A's five values and 20 capabilities: 1 in 120, and 15.4 % for any of them; "
            "in twelve more series 4 alarms",
            {"chance": 1, "any": 1, "counted": 2},
            (
                Case((_SHORT_SERIES, 3, 1), {"chance": 1 / 6, "any": 1 / 6, "counted": 0.4}),
                (_LONG_SERIES, 5, 20),
                (_TWELVE_SERIES, 3, 4),
            ),
        ),
        Property(
            "other rules and series come out right",
            1,
            (
                ([[*row, 3, 2, 0] for row in _LONG_SERIES], 4, 7),
                ([[9, 8, *row, -1] for row in _SHORT_SERIES], 6, 33),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            no_false_alarms_as_in_a,
            "This is document A §2.2: five values, only in series of ten or more, and every "
            "alarm is taken for a decline. A rule without a rate of false alarms says "
            "nothing.",
        ),
        Wrong(
            {"1 / math.factorial(n_values)": "0.5 ** (n_values - 1)"},
            "You give each step a chance of one half, one by one. The steps hang together: a "
            "value that fell already is low, and likely to be followed by a higher one. Count "
            "the orders of n_values values: only one of them falls all the way.",
        ),
        Wrong(
            {"    chance": "    n_values += 1\n    chance"},
            "You take one value too many. n_values values have n_values − 1 steps between them.",
        ),
        Wrong(
            {_ANY: "chance"},
            'Your "any" is that of one capability. Who watches many has as many chances of a '
            "false alarm.",
        ),
        Wrong(
            {_ANY: "chance * n_capabilities"},
            "You add the chances. That counts the checks with two alarms twice, and goes "
            "above 1 with enough capabilities. First the chance that all are silent.",
        ),
        Wrong(
            {_ANY: "chance**n_capabilities"},
            'Your "any" is the chance that all capabilities sound at once. One is enough.',
        ),
        Wrong(
            {_ANY: "(1 - chance) ** n_capabilities"},
            'Your "any" is the chance that no capability sounds. What is left over?',
        ),
        Wrong(
            {"values[-n_values:]": "values[:n_values]"},
            "You look at the first values of each series. The rule looks at the last ones.",
        ),
        Wrong(
            {"all(last[i] > last[i + 1] for i in range(n_values - 1))": "last[0] > last[-1]"},
            "You compare the first and the last of the n_values, as document A §2.2 does with "
            "the losses. Every value must be lower than the one before it.",
        ),
        Wrong(
            {"i] > last": "i] >= last"},
            "You let equal values count as falling. Lower is asked for.",
        ),
        Wrong(
            {"i] > last": "i] < last"},
            "You count the series that rise. A decline falls: each value lower than the one before.",
        ),
        Wrong(
            {"alarms / len(series)": "alarms"},
            'Your "counted" is a number of alarms. The share of the series is asked for.',
        ),
    ),
    right=(false_alarms_in_one_array, false_alarms_by_all_orders),
)

# --- 02.7 ----------------------------------------------------------------------------------------


def decline_test(scores, level):
    import math
    from itertools import combinations, permutations

    if 1 / math.factorial(len(scores)) > level:
        raise ValueError(f"{len(scores)} scores cannot reach the level {level}")

    def falling_pairs(values):
        return sum(earlier > later for earlier, later in combinations(values, 2))

    seen = falling_pairs(scores)
    counts = [falling_pairs(order) for order in permutations(scores)]
    p = sum(count >= seen for count in counts) / len(counts)
    return {"falling": seen, "p": p, "decline": p <= level}


def decline_test_by_counting(scores, level):
    from math import factorial

    n = len(scores)
    if factorial(n) * level < 1:
        raise ValueError(f"{n} scores cannot reach the level {level}")
    falling = sum(scores[i] > scores[j] for j in range(n) for i in range(j))
    ways = [1]  # ways[k]: how many orders have k falling pairs
    for size in range(2, n + 1):
        longer = [0] * (len(ways) + size - 1)
        for k, number in enumerate(ways):
            for more in range(size):
                longer[k + more] += number
        ways = longer
    p = sum(ways[falling:]) / factorial(n)
    return {"falling": falling, "p": p, "decline": p <= level}


def five_in_a_row_as_in_a(scores, level):
    falls = [scores[i] > scores[i + 1] for i in range(-5, -1)]
    return {"falling": sum(falls), "p": 1 / 120 if all(falls) else 1, "decline": all(falls)}


def first_and_last_as_in_a(scores, level):
    lower = scores[-1] < scores[-5]
    return {"falling": int(lower), "p": 0.5 if lower else 1, "decline": lower}


_P = "sum(count >= seen for count in counts) / len(counts)"

E02_7 = Exercise(
    id="02.7",
    name="decline_test",
    title="A decline, or noise?",
    minutes=18,
    difficulty=3,
    reference=decline_test,
    own=True,
    equivalent={"earlier > later → earlier >= later": "no two scores are alike, as is stated"},
    properties=(
        Property(
            "0.62, 0.58, 0.60, 0.55, 0.51: 9 of 10 pairs fall, 5 orders of 120 have as many; four "
            "and six scores, other levels; a p of just the level is a decline, and a series that "
            "just reaches it is tested",
            {"falling": 1, "p": 1, "decline": 1},
            (
                Case(
                    ([0.62, 0.58, 0.60, 0.55, 0.51], 0.05),
                    {"falling": 9, "p": 5 / 120, "decline": True},
                ),
                ([0.50, 0.52, 0.51, 0.49], 0.05),
                ([0.71, 0.72, 0.69, 0.66, 0.68, 0.61], 0.01),
                ([0.4, 0.3, 0.2, 0.1], 0.2),
                ([0.5, 0.3, 0.4], 0.5),
                ([0.5, 0.4], 0.5),
            ),
        ),
        Property(
            "so few scores that not even a steady fall could reach the level are refused",
            1,
            (([0.6, 0.5, 0.4], 0.05), ([0.6, 0.5, 0.4, 0.3], 0.01)),
        ),
        Property(
            "other series and levels come out right, or are refused",
            1,
            (
                ([0.33, 0.37, 0.31, 0.30, 0.27, 0.28], 0.03),
                ([0.11, 0.23, 0.17, 0.29, 0.43], 0.1),
                ([0.9, 0.8, 0.7], 0.2),
                ([0.9, 0.8, 0.7, 0.6, 0.5], 0.001),
                ([0.37, 0.73], 0.5),
                ([0.81], 0.5),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            five_in_a_row_as_in_a,
            "This is document A's rule: five scores, each lower than the one before. One "
            "score out of line hides a clear decline from it, and of fewer than five it asks "
            "for one that is not there.",
        ),
        Wrong(
            first_and_last_as_in_a,
            "You compare the last score with that of four before, as document A §2.2 does "
            "with the losses. On noise that fires every second time, and in a shorter series "
            "there is no such score.",
        ),
        Wrong(
            {"combinations(values, 2)": "zip(values, values[1:])"},
            "You count neighbours only. A falling pair is any earlier score with any later "
            "one that is lower: n·(n − 1)/2 pairs in all.",
        ),
        Wrong(
            {"earlier > later": "earlier < later"},
            "You count the pairs that rise. A decline shows in those that fall.",
        ),
        Wrong(
            {_P: f"min(1, 2 * {_P})"},
            "Your p is doubled, as for a change in either direction. Only a decline is asked "
            "for: one side.",
        ),
        Wrong(
            {"count >= seen": "count > seen"},
            "Your p counts the orders with more falling pairs. At least as many is asked for: "
            "what was seen belongs to it, or a steady fall would have p = 0.",
        ),
        Wrong(
            {"count >= seen": "count == seen"},
            "Your p counts the orders with exactly as many falling pairs. Those with more "
            "speak even more for a decline: at least as many.",
        ),
        Wrong(
            {
                "    import math\n": "    import math\n    from statistics import NormalDist\n",
                _P: "1 - NormalDist(max(counts) / 2, (max(counts) * (2 * len(scores) + 5) / 36) "
                "** 0.5).cdf(seen)",
            },
            "You take p from the normal curve. For so few scores it is too small, so the test "
            "fires too often. Count the orders.",
        ),
        Wrong(
            {_P: "1 - seen / max(counts)"},
            "Your p is the share of pairs that do not fall. That is no chance of anything: "
            "which share of all orders has at least as many falling pairs?",
        ),
        Wrong(
            {"> level:\n": "> 1:\n"},
            "You answer where nothing can be found: with n scores p is never below 1/n!. "
            "Refuse the series if that is above the level, so that silence is not taken for "
            "good news.",
        ),
        Wrong(
            {"p <= level": "p <= 0.05"},
            "You compare with 0.05 whatever the level is. Use `level`.",
        ),
        Wrong(
            {"p <= level": "p < level"},
            'Your "decline" leaves out a p of just the level. At most the level is asked for: <=.',
        ),
        Wrong(
            {"> level:\n": ">= level:\n"},
            "You refuse a series of which a steady fall just reaches the level. Only where 1/n! "
            "is above the level can the alarm never sound.",
        ),
    ),
    right=(decline_test_by_counting,),
)

# --- 02.8 ----------------------------------------------------------------------------------------


def adjusted(p_values):
    m = len(p_values)
    places = sorted(range(m), key=lambda place: p_values[place])
    result, largest = [0.0] * m, 0.0
    for already, place in enumerate(places):
        largest = max(largest, (m - already) * p_values[place])
        result[place] = min(1.0, largest)
    return result


def adjusted_one_at_a_time(p_values):
    m = len(p_values)

    def one(p):
        no_larger = [q for q in p_values if q <= p]
        return min(1, max((m - sum(r < q for r in p_values)) * q for q in no_larger))

    return [one(p) for p in p_values]


def false_discovery_rate(p_values):
    m, smallest = len(p_values), 1
    places = sorted(range(m), key=lambda place: p_values[place])
    result = [0] * m
    for rank in range(m, 0, -1):
        place = places[rank - 1]
        smallest = min(smallest, p_values[place] * m / rank)
        result[place] = smallest
    return result


def hochberg(p_values):
    m, smallest = len(p_values), 1
    places = sorted(range(m), key=lambda place: p_values[place], reverse=True)
    result = [0] * m
    for already, place in enumerate(places):
        smallest = min(smallest, (already + 1) * p_values[place])
        result[place] = smallest
    return result


E02_8 = Exercise(
    id="02.8",
    name="adjusted",
    title="Twenty tests, one false alarm rate",
    minutes=10,
    difficulty=2,
    reference=adjusted,
    own=True,
    properties=(
        Property(
            "0.01, 0.04 and 0.03 become 0.03, 0.06 and 0.06",
            1,
            (Case(([0.01, 0.04, 0.03],), [0.03, 0.06, 0.06]),),
        ),
        Property(
            "four in no order, two of them large",
            1,
            (Case(([0.6, 0.004, 0.9, 0.02],), [1, 0.016, 1, 0.06]),),
        ),
        Property("a single test is not adjusted", 1, (([0.2],),)),
        Property(
            "other lists come out right",
            1,
            (
                ([0.013, 0.0071, 0.29, 0.0127, 0.83, 0.031],),
                ([0.47, 0.0009, 0.0341],),
                ([0.0213, 0.0213, 0.37, 0.0107],),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"(m - already) * ": ""},
            "You leave the p-values as they are. Of 20 tests of pure noise one is then below "
            "0.05 on average.",
        ),
        Wrong(
            {"(m - already) * ": "m * "},
            "This is Bonferroni's rule: every p times the number of tests. It keeps the rate "
            "too, but finds less. Holm takes only the smallest p times all.",
        ),
        Wrong(
            {"(m - already) * p_values[place]": "p_values[place] / m"},
            "You divide. It is the level that is divided; a p-value must become larger.",
        ),
        Wrong(
            {"max(largest, (m - already) * p_values[place])": "(m - already) * p_values[place]"},
            "A larger p comes out smaller than a smaller one. In Holm's order a test fires "
            "only if all with a smaller p fire: let no value be below the one before it.",
        ),
        Wrong(
            {"min(1.0, largest)": "largest"},
            "Some of your values are above 1. A p-value is a chance: 1 is the most.",
        ),
        Wrong(
            {"result[place]": "result[already]"},
            "Your values are right, in order of size. Give them in the order in which they came.",
        ),
        Wrong(
            {"m - already": "already + 1"},
            "Your factors run from the wrong end: the smallest p takes the largest factor.",
        ),
        Wrong(
            false_discovery_rate,
            "This is Benjamini and Hochberg's rule. It bounds the share of false ones among "
            "the alarms, which is less; here the chance of any false alarm is to be bounded.",
        ),
        Wrong(
            hochberg,
            "This is Hochberg's rule: from the largest p down, no value above the one before. It "
            "keeps the rate only if the tests do not depend on each other too badly. Holm goes "
            "from the smallest up, and raises.",
        ),
        Wrong(
            {"m - already": "max(1, m - already - 1)"},
            "Your factors are one too small: the smallest p is taken times the number of all "
            "tests, the largest times 1.",
        ),
        Wrong(
            {"sorted(range(m), key=lambda place: p_values[place])": "range(m)"},
            "You go through the tests as they come. The factors go by size: sort first, and "
            "remember the places.",
        ),
    ),
    right=(adjusted_one_at_a_time,),
)

# --- 02.9 ----------------------------------------------------------------------------------------


def output_check(probabilities, right):
    import math

    import numpy as np

    entropies, losses = [], []
    for row, place in zip(probabilities, right, strict=True):
        if abs(sum(row) - 1) > 1e-6:
            raise ValueError("each row must sum to 1")
        entropies.append(-sum(p * math.log(p) for p in row if p > 0))
        losses.append(-math.log(row[place]))
    entropy, loss = np.mean(entropies), np.mean(losses)
    return {"entropy": entropy, "effective": np.exp(entropy), "overconfidence": loss - entropy}


def output_check_in_arrays(probabilities, right):
    import numpy as np

    p = np.array(probabilities, dtype=float)
    if not np.allclose(p.sum(axis=1), 1, rtol=0, atol=1e-6):
        raise ValueError("each row must sum to 1")
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0)
    entropy = -terms.sum(axis=1).mean()
    loss = -np.log(p[np.arange(len(p)), right]).mean()
    return {"entropy": entropy, "effective": np.e**entropy, "overconfidence": loss - entropy}


_GUARD = (
    '        if abs(sum(row) - 1) > 1e-6:\n            raise ValueError("each row must sum to 1")\n'
)

E02_9 = Exercise(
    id="02.9",
    name="output_check",
    title="Narrow, or too sure?",
    minutes=10,
    difficulty=2,
    reference=output_check,
    own=True,
    equivalent={
        "sum(row) - 1 → 1 - sum(row)": "`abs` takes the sign away",
        "True → False": "there is one right token for each row, so the lengths are the same",
        "abs(sum(row) - 1) > 1e-06 → abs(sum(row) - 1) >= 1e-06": "no sum of decimals is off by "
        "exactly 1e-6 in binary",
    },
    properties=(
        Property(
            "a model that is as sure as it is right: 2.83 tokens, overconfidence 0; one that is "
            "surer than right: 0.61 nats too sure",
            {"entropy": 1, "effective": 1, "overconfidence": 1},
            (
                ([[0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]], [0, 2]),
                ([[0.9, 0.1, 0], [0.7, 0.2, 0.1], [0.6, 0.3, 0.1]], [1, 0, 1]),
                ([[0.5, 0.25, 0.25]], [1]),
            ),
        ),
        Property(
            "a row of counts is refused, and one that sums to less than 1",
            1,
            (([[0.5, 0.5, 0], [5, 3, 2]], [0, 1]), ([[0.5, 0.3, 0.1]], [0])),
        ),
        Property(
            "other outputs come out right, or are refused",
            1,
            (
                ([[0.97, 0.02, 0.01, 0], [0, 0.13, 0.87, 0]], [0, 2]),
                ([[0.31, 0.24, 0.45]], [1]),
                ([[0.6, 0.3, 0.2]], [1]),
                ([[0.3100004, 0.24, 0.45]], [1]),
                ([[0.31, 0.24, 0.449993]], [1]),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {" if p > 0": ""},
            "You take the logarithm of 0. A token that never comes adds nothing to the "
            "entropy (p·ln p goes to 0 with p): leave it out of the sum.",
        ),
        Wrong(
            {
                "* math.log(p)": "* math.log2(p)",
                "-math.log(row": "-math.log2(row",
                "np.exp(entropy)": "2**entropy",
            },
            "Your logarithm has the base 2, so you count bits. Nats are asked for: ln.",
        ),
        Wrong(
            {"np.exp(entropy)": "2**entropy"},
            "You take 2 to the power of nats. Nats go with e: exp of the entropy.",
        ),
        Wrong(
            {"np.exp(entropy)": "sum(p > 0 for row in probabilities for p in row) / len(right)"},
            'Your "effective" counts the tokens with any probability at all. One at 0.001 '
            "does not count like one at 0.5: exp of the entropy weighs them.",
        ),
        Wrong(
            {"np.exp(entropy)": "np.mean(np.exp(entropies))"},
            'Your "effective" is the mean of e^entropy over the places. e to the power of the '
            "mean entropy is asked for.",
        ),
        Wrong(
            {"loss - entropy": "math.log(len(row)) - entropy"},
            "You compare the entropy with where it began, ln V, as document A §2.2 does. A "
            "model that learns must become narrower; too sure is only one that is surer than "
            "right. Compare with its loss.",
        ),
        Wrong(
            {"loss - entropy": "entropy - loss"},
            'Your "overconfidence" has the wrong sign: loss less entropy.',
        ),
        Wrong(
            {"row[place]": "max(row)"},
            "Your loss is that of the likeliest token. The loss asks for the token that "
            "really came: `right`.",
        ),
        Wrong(
            {"np.mean(entropies), np.mean(losses)": "sum(entropies), sum(losses)"},
            "You add over the places. The mean is asked for, of entropy and of loss.",
        ),
        Wrong(
            {
                "np.mean(entropies)": "-sum(p * math.log(p) for p in np.mean(probabilities, axis=0) if p)"
            },
            "You average the places first, and take the entropy then. That mixes what the "
            "model says in different places: take the entropy of each row, then the mean.",
        ),
        Wrong(
            {_GUARD: "        row = [p / sum(row) for p in row]\n"},
            "You turn counts into shares in silence. A row that does not sum to 1 is a "
            "mistake further up: raise ValueError.",
        ),
        Wrong(
            {_GUARD: ""},
            "You take counts for probabilities: the entropy even comes out negative. Refuse a "
            "row that does not sum to 1.",
        ),
        Wrong(
            {"abs(sum(row) - 1)": "sum(row) - 1"},
            "You refuse a row that sums to more than 1, and take one that sums to less. Both are "
            "no probabilities: `abs` of what is off.",
        ),
    ),
    right=(output_check_in_arrays,),
)

# --- 02.10 ---------------------------------------------------------------------------------------


def self_training(shares, n_samples, n_generations):
    diversity = 1 - sum(share**2 for share in shares)
    kept = 1.0
    for t in range(1, n_generations + 1):
        kept *= 1 - 1 / (n_samples * (t + 1) ** 2)
    return {
        "lost": (1 - min(shares)) ** n_samples,
        "replace": diversity * (1 - 1 / n_samples) ** n_generations,
        "accumulate": diversity * kept,
    }


def self_training_in_arrays(shares, n_samples, n_generations):
    import numpy as np

    s, parts = np.array(shares), np.arange(2, n_generations + 2)
    diversity = s @ (1 - s)
    return {
        "accumulate": diversity * np.prod(1 - 1 / (n_samples * parts**2)),
        "replace": diversity * np.prod(np.full(n_generations, 1 - 1 / n_samples)),
        "lost": np.exp(n_samples * np.log1p(-s.min())),
    }


E02_10 = Exercise(
    id="02.10",
    name="self_training",
    title="Fed on its own words",
    minutes=15,
    difficulty=3,
    reference=self_training,
    properties=(
        Property(
            "shares of 0.5, 0.3 and 0.2, ten samples, one generation: 0.107, 0.558 and 0.6045; a "
            "rare token, 100 samples, 50 generations: replaced text loses 39.5 % of its "
            "diversity, text that grows less than 1 %",
            {"lost": 1, "replace": 1, "accumulate": 1},
            (([0.5, 0.3, 0.2], 10, 1), ([0.9, 0.09, 0.01], 100, 50), ([0.5, 0.45, 0.05], 10, 3)),
        ),
        Property(
            "other texts come out right",
            1,
            (([0.41, 0.07, 0.33, 0.19], 17, 23), ([0.983, 0.017], 61, 137)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {'"lost": ': '"lost": 1 - '},
            'Your "lost" is the chance that the rarest token comes at least once.',
        ),
        Wrong(
            {"(1 - min(shares)) ** n_samples": "max(0, 1 - n_samples * min(shares))"},
            'Your "lost" says that a token that is expected once or more is never lost. It '
            "fails to come in each draw with chance 1 − s, in all of them with (1 − s)^n.",
        ),
        Wrong(
            {"min(shares)": "max(shares)"},
            'Your "lost" is that of the commonest token. Which one is in danger?',
        ),
        Wrong(
            {" * (1 - 1 / n_samples) ** n_generations": ""},
            "You let the diversity stay, since the mean of each share does. But the shares "
            "spread around it, a little further in each generation, and what reaches 0 stays "
            "there.",
        ),
        Wrong(
            {" ** n_generations": ""},
            "You let each generation start from the original text, so that the tail comes "
            "back. With replacement it starts from the sample before: the losses multiply.",
        ),
        Wrong(
            {"(1 - 1 / n_samples) ** n_generations": "(1 - n_generations / n_samples)"},
            "You take the same amount off each time, and go below 0 in the end. Each "
            "generation keeps the share 1 − 1/n of what is left: a power.",
        ),
        Wrong(
            {"(t + 1) ** 2": "(t + 1)"},
            "A sample that makes up 1/(t + 1) of the text moves the shares by that much, and "
            "the diversity by the square of it. Without the square everything would be lost "
            "in the end; with it almost nothing is.",
        ),
        Wrong(
            {"(t + 1) ** 2": "t**2"},
            "In your text that grows the first sample has taken the original's place. After t "
            "samples there are t + 1 parts.",
        ),
        Wrong(
            {
                "range(1, n_generations + 1)": "range(1, n_generations)",
                "** n_generations": "** (n_generations - 1)",
            },
            "You stop one generation early. After one generation one sample has been taken.",
        ),
        Wrong(
            {"1 - sum(share": "sum(share"},
            "You start from the sum of squared shares: the chance that two tokens are the "
            "same. The diversity is the chance that they differ.",
        ),
        Wrong(
            {"1 - sum(share**2 for share in shares)": "1"},
            "You give the share that is left. The diversity itself is asked for: times that "
            "of the original text.",
        ),
    ),
    right=(self_training_in_arrays,),
)

EXERCISES = [E02_1, E02_2, E02_3, E02_4, E02_5, E02_6, E02_7, E02_8, E02_9, E02_10]
