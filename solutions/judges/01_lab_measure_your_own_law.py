"""What decides the points of 01_lab_measure_your_own_law. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
No expected value comes from fleet.csv: the tables are typed, or made from a stated law, so that the
set stands when the fleet is measured again.
"""

from math import exp, log, log2, log10

from course.classroom.judge import Case, Exercise, Property, Wrong

# --- 01.L1 ---------------------------------------------------------------------------------------


def count(d_model, n_layers, context):
    blocks = n_layers * 12 * d_model**2
    head = embedding = 256 * d_model
    norms = (2 * n_layers + 1) * d_model
    forward = 2 * (blocks + head) + n_layers * (2 + 2) * context * d_model / 2
    return {
        "n_non_embedding": blocks,
        "n_with_head": blocks + head,
        "n_total": blocks + head + embedding + norms,
        "flops_per_token": 3 * forward,
    }


def count_one_by_one(d_model, n_layers, context):
    d = d_model
    layer = [(d, d)] * 4 + [(d, 4 * d), (4 * d, d)]
    in_layers = n_layers * sum(rows * columns for rows, columns in layer)
    per_token = sum(6 * n_layers * rows * columns for rows, columns in layer) + 6 * d * 256
    per_token += 3 * n_layers * 2 * context * d
    everything = in_layers + 2 * d * 256 + n_layers * 2 * d + d
    return {
        "flops_per_token": per_token,
        "n_total": everything,
        "n_with_head": in_layers + 256 * d,
        "n_non_embedding": in_layers,
    }


E01_L1 = Exercise(
    id="01.L1",
    name="count",
    title="One model, three sizes",
    minutes=12,
    difficulty=1,
    reference=count,
    own=True,
    units=("factor",),
    properties=(
        Property(
            "the lab's model of width 64 (3 layers, context 64): 147,456, 163,840 and 180,672 "
            "parameters, and 1,056,768 FLOP for a token; and width 8, one layer, context 16",
            {"n_non_embedding": 1, "n_with_head": 1, "n_total": 1, "flops_per_token": 1},
            (
                Case(
                    (64, 3, 64),
                    {
                        "n_non_embedding": 147_456,
                        "n_with_head": 163_840,
                        "n_total": 180_672,
                        "flops_per_token": 1_056_768,
                    },
                ),
                (8, 1, 16),
            ),
        ),
        Property(
            "other widths, depths and contexts come out right",
            1,
            ((48, 5, 96), (24, 2, 640), (7, 4, 33)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"3 * forward": "forward"},
            "Your FLOP are a third of what training takes: you count the forward pass. The "
            "backward pass costs twice as much again.",
        ),
        Wrong(
            {"2 * (blocks + head)": "2 * (blocks + head + embedding + norms)"},
            "Your FLOP count the embedding and the norms as if they were multiplied. To embed "
            "a byte is to look up one row: 2 FLOP for each parameter of the layers' matrices "
            "and of the head only.",
        ),
        Wrong(
            {"2 * (blocks + head)": "2 * blocks"},
            "Your FLOP leave the head out. It multiplies for every token, and in small models "
            "it is a large part of the work.",
        ),
        Wrong(
            {"d_model / 2": "d_model"},
            "You count attention over the whole square of the context. A token looks back "
            "only: on average at half of it.",
        ),
        Wrong(
            {" + n_layers * (2 + 2) * context * d_model / 2": ""},
            "Your FLOP hold the parameters only. Attention has none for it, and still "
            "multiplies: each query with the keys, and the weights with the values.",
        ),
        Wrong(
            {" + norms": ""},
            "Your total leaves the norms out: two in each layer and one at the end, with "
            "d_model parameters each.",
        ),
        Wrong(
            {"2 * n_layers + 1": "2 * n_layers"},
            "Your total lacks one norm, of d_model parameters: the one at the end.",
        ),
        Wrong(
            {" + embedding": ""},
            "Your total holds one matrix of 256 · d_model. Some models share it; here the "
            "embedding and the head have one each.",
        ),
        Wrong(
            {"12 *": "6 *"},
            "Your layers have 6 · d_model**2 parameters. The feed-forward block is four times "
            "as wide inside: its two matrices have 4 · d_model**2 each.",
        ),
    ),
    right=(count_one_by_one,),
)

# --- 01.L2 ---------------------------------------------------------------------------------------

# 01.L7 and 01.L8: seven best runs, made up: 2.05 · (C / 3e10)^-0.085 with a scatter
_FLOPS = [3e10, 1e11, 3e11, 1e12, 3e12, 1e13, 3e13]
_LOSSES = [2.034, 1.871, 1.685, 1.513, 1.402, 1.261, 1.178]


def power_law(x, y):
    import numpy as np

    exponent, intercept = np.polyfit(np.log(x), np.log(y), 1)
    return {"coefficient": np.exp(intercept), "exponent": exponent}


def power_law_in_decades(x, y):
    import numpy as np

    columns = np.column_stack([np.ones(len(x)), np.log10(x)])
    (intercept, slope), *_ = np.linalg.lstsq(columns, np.log10(y), rcond=None)
    return {"exponent": slope, "coefficient": 10**intercept}


def power_law_by_hand(x, y):
    from math import exp, log

    u, v = [log(one) for one in x], [log(one) for one in y]
    u_mean, v_mean = sum(u) / len(u), sum(v) / len(v)
    rise = sum((a - u_mean) * (b - v_mean) for a, b in zip(u, v, strict=True))
    exponent = rise / sum((a - u_mean) ** 2 for a in u)
    return {"coefficient": exp(v_mean - exponent * u_mean), "exponent": exponent}


E01_L2 = Exercise(
    id="01.L2",
    name="power_law",
    title="A power law through the points",
    minutes=8,
    difficulty=1,
    reference=power_law,
    own=True,
    properties=(
        Property(
            "2.5, 2 and 1.6 at x = 1, 10 and 100: coefficient 2.5, exponent -0.0969",
            1,
            (Case(([1, 10, 100], [2.5, 2.0, 1.6]), {"coefficient": 2.5, "exponent": log10(0.8)}),),
        ),
        Property(
            "the seven runs above: the least squares are those of the logarithms",
            {"coefficient": 1, "exponent": 1},
            ((_FLOPS, _LOSSES),),
            rel_tol=1e-5,
        ),
        Property(
            "quantities that grow come out right too",
            1,
            (([4.1e10, 3.3e11, 1.7e12, 6.1e12], [16_300, 43_700, 118_000, 193_000]),),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {"np.log(x), np.log(y)": "x, y", "np.exp(intercept)": "intercept"},
            "You lay a straight line through the plain values. A power law is straight only "
            "where both axes are logarithmic: fit log y on log x.",
        ),
        Wrong(
            {"np.log(y)": "y", "np.exp(intercept)": "intercept"},
            "You take the logarithm of x alone. That fits y = a + b·log x, a logarithmic law; "
            "a power law needs log y as well.",
        ),
        Wrong(
            {
                "np.log(y), 1)\n": "np.log(y), 1)\n    x, y = np.array(x), np.array(y)\n    for _ in range(12):  # Gauss and Newton: the squares are those of y itself\n        predicted = np.exp(intercept) * x**exponent\n        columns = np.column_stack([predicted * np.log(x), predicted])\n        step = np.linalg.lstsq(columns, y - predicted, rcond=None)[0]\n        exponent, intercept = exponent + step[0], intercept + step[1]\n"
            },
            "You make the squares of plain y small, so the largest values count most. Asked "
            "are the least squares of log y, where 1 % off weighs the same everywhere.",
        ),
        Wrong(
            {"np.exp(intercept)": "intercept"},
            "Your coefficient is still a logarithm. Turn the line's intercept back: np.exp "
            "after np.log, 10** after np.log10.",
        ),
        Wrong(
            {"np.log(x), np.log": "np.log10(x), np.log10"},
            "You fit in powers of ten and turn the intercept back with np.exp. The exponent "
            "does not mind the base, the coefficient does: 10**intercept.",
        ),
        Wrong(
            {'"exponent": exponent}': '"exponent": -exponent}'},
            "Here the law is y = coefficient · x**exponent without a minus: the exponent is "
            "the slope itself, below zero where y falls.",
        ),
        Wrong(
            {"np.log(x), np.log(y)": "np.log(y), np.log(x)"},
            "You fit x on y. The law gives y for an x: np.polyfit(log x, log y, 1).",
        ),
        Wrong(
            {"np.log(x), np.log(y)": "np.log([x[0], x[-1]]), np.log([y[0], y[-1]])"},
            "Your line goes through the first and the last point. The others say something "
            "too: take the line of least squares through all.",
        ),
    ),
    right=(power_law_in_decades, power_law_by_hand),
)

# --- 01.L3 ---------------------------------------------------------------------------------------

# 01.L3: [flops, n_params, seed, loss]
# fmt: off
_TIDY = [
    [1e10, 9_000, 0, 2.41], [1e10, 14_000, 0, 2.33], [1e10, 28_000, 0, 2.38],
    [1e11, 14_000, 0, 1.95], [1e11, 28_000, 0, 1.88], [1e11, 50_000, 0, 1.97],
    [1e12, 50_000, 0, 1.58], [1e12, 90_000, 0, 1.52], [1e12, 180_000, 0, 1.60],
]
_SEEDS = [
    [1e10, 9_000, 0, 2.41], [1e10, 14_000, 0, 2.33], [1e10, 14_000, 1, 2.37],
    [1e10, 28_000, 0, 2.40], [1e10, 28_000, 1, 2.29], [1e10, 28_000, 2, 2.42],
    [1e11, 28_000, 0, 1.91], [1e11, 28_000, 1, 1.87], [1e11, 50_000, 0, 1.88],
    [1e11, 50_000, 1, 1.96],
]
_BEATEN = [
    [1e12, 90_000, 0, 1.52], [1e12, 180_000, 0, 1.60], [1e10, 14_000, 0, 2.33],
    [1e10, 28_000, 0, 2.38], [3e11, 50_000, 0, 1.93], [3e11, 90_000, 0, 1.90],
    [1e11, 28_000, 0, 1.88], [1e11, 50_000, 0, 1.97],
]
_FRONTIER = [[1e10, 14_000, 2.33], [1e11, 28_000, 1.88], [1e12, 90_000, 1.52]]  # of _TIDY and of _BEATEN
# The second budget is beaten by the mean of its seeds, not by their median; the third too. The fourth
# is better than the third and beaten by the first, which the fifth only equals. The sixth is barely
# better, with a smaller size.
_HARD = [
    [5.3e10, 21_900, 0, 2.097], [5.3e10, 12_300, 0, 2.031], [5.3e10, 12_300, 1, 2.039],
    [5.3e10, 12_300, 2, 2.147], [9.1e10, 21_900, 0, 2.173], [2.17e11, 21_900, 0, 2.113],
    [2.17e11, 33_700, 0, 2.141], [1.9e10, 12_300, 0, 2.053], [4.3e11, 33_700, 0, 2.053],
    [7.7e11, 61_300, 0, 1.931], [7.7e11, 61_300, 1, 1.937], [7.7e11, 61_300, 2, 2.011],
    [6.1e11, 9_100, 0, 2.049],
]
_HIDDEN_RUNS = [
    [7.13e11, 61_300, 0, 1.713], [7.13e11, 61_300, 1, 1.667], [7.13e11, 33_700, 0, 1.681],
    [7.13e11, 33_700, 1, 1.739], [2.17e11, 33_700, 1, 1.823], [2.17e11, 33_700, 0, 1.861],
    [2.17e11, 21_900, 0, 1.847], [2.17e11, 12_300, 0, 1.939], [4.37e11, 61_300, 0, 1.853],
    [4.37e11, 21_900, 0, 1.877], [1.19e12, 114_700, 0, 1.637], [1.19e12, 61_300, 0, 1.643],
    [1.19e12, 61_300, 1, 1.619],
]
# fmt: on


def frontier(runs):
    found = []
    for budget in sorted({run[0] for run in runs}):
        sizes = {}
        for flops, n_params, _, loss in runs:
            if flops == budget:
                sizes.setdefault(n_params, []).append(loss)
        means = {n_params: sum(losses) / len(losses) for n_params, losses in sizes.items()}
        best = min(means, key=means.get)
        if not found or means[best] < found[-1][2]:
            found.append([budget, best, means[best]])
    return found


def frontier_with_numpy(runs):
    import numpy as np

    runs = np.array(runs, dtype=float)
    configurations, which = np.unique(runs[:, :2], axis=0, return_inverse=True)
    which = which.ravel()
    losses = np.bincount(which, runs[:, 3]) / np.bincount(which)
    order = np.lexsort((losses, configurations[:, 0]))
    table = np.column_stack([configurations, losses])[order]
    before = np.minimum.accumulate(np.append(np.inf, table[:-1, 2]))
    return table[table[:, 2] < before]  # of each budget the lowest comes first


def every_size(runs):
    sizes = {}
    for flops, n_params, _, loss in runs:
        sizes.setdefault((flops, n_params), []).append(loss)
    return [[*key, sum(losses) / len(losses)] for key, losses in sorted(sizes.items())]


E01_L3 = Exercise(
    id="01.L3",
    name="frontier",
    title="The frontier of a fleet",
    minutes=15,
    difficulty=2,
    reference=frontier,
    own=True,
    properties=(
        Property(
            "nine runs, one seed each: the best size of each of three budgets",
            1,
            (Case((_TIDY,), _FRONTIER),),
        ),
        Property(
            "several seeds: their mean decides, not the luckiest run",
            1,
            (Case((_SEEDS,), [[1e10, 14_000, 2.35], [1e11, 28_000, 1.89]]),),
        ),
        Property(
            "a table in no order: cheapest first, and a budget that a cheaper one beats is "
            "left out",
            1,
            (Case((_BEATEN,), _FRONTIER),),
        ),
        Property(
            "seeds, order and beaten budgets at once come out right: the mean of three seeds, a "
            "budget beaten by one far below it, one that only equals a cheaper one, one barely better",
            2,
            ((_HIDDEN_RUNS,), (_HARD,)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            every_size,
            "You keep every size of every budget. A run that another one of the same compute "
            "beats is not on the frontier: keep the lowest of each budget.",
        ),
        Wrong(
            {"sum(losses) / len(losses)": "min(losses)"},
            "You take the lowest single run. Of many runs one is lucky, and where more seeds "
            "were run luck has more tries: take the mean of the seeds of each size first.",
        ),
        Wrong(
            {
                "n_params, _, loss in": "n_params, seed, loss in",
                "flops == budget": "flops == budget and seed == 0",
            },
            "You look at seed 0 alone. The other seeds were measured too: take the mean of the "
            "seeds of each size.",
        ),
        Wrong(
            {
                "        if not": "        every = [run[3] for run in runs if run[0] == budget]\n        means[best] = sum(every) / len(every)\n        if not"
            },
            "Your loss is the mean over all sizes of a budget. It says what sizes were tried, "
            "not what the budget can do: take the lowest.",
        ),
        Wrong(
            {"min(means, key=means.get)": "max(means)"},
            "You take the largest model of each budget. Take the one with the lowest loss.",
        ),
        Wrong(
            {"not found or means[best] < found[-1][2]": "True"},
            "You keep a budget that a cheaper one beats. Its study did not try the right "
            "sizes; on the frontier the loss falls with every step.",
        ),
        Wrong(
            {
                "return found": "order = [run[0] for run in runs]\n    return sorted(found, key=lambda row: order.index(row[0]))"
            },
            "Your points come in the order of the table. Sort the budgets, the cheapest first.",
        ),
        Wrong(
            {
                "found = []": "from statistics import median\n\n    found = []",
                "sum(losses) / len(losses)": "median(losses)",
            },
            "You take the median of the seeds of a size. Asked is their mean.",
        ),
        Wrong(
            {
                "found = []": "found, last = [], float('inf')",
                "if not found or means[best] < found[-1][2]": "last, before = means[best], last\n        if last < before",
            },
            "You compare a budget with the next cheaper one, which may be beaten itself. Compare "
            "it with the last one that you kept.",
        ),
        Wrong(
            {"means[best] < found": "means[best] <= found"},
            "You keep a budget that is only as good as a cheaper one. It buys nothing: leave it out.",
        ),
    ),
    right=(frontier_with_numpy,),
    equivalent={
        "min(means, key=means.get) → min(reversed(list(means)), key=means.get)": (
            "the statement leaves open which of two sizes with one loss stands for a budget"
        ),
    },
)

# --- 01.L4 ---------------------------------------------------------------------------------------


def _valley(flops, best, factors, bottom, curvature):
    """A valley of the loss bottom + curvature · log10(N / best)^2, rounded as measured losses."""
    sizes = [round(best * factor) for factor in factors]
    return [flops, sizes, [round(bottom + curvature * log10(n / best) ** 2, 4) for n in sizes]]


_AT_AN_END = "whether a bottom lies exactly at an end is decided by the rounding of the fit"
# 01.L4, what the notebook shows: N* = 14,000 · (C / 3e10)^0.5, and two budgets that decide nothing
_SHOWN = [
    _valley(3e10, 14_000, (0.3, 0.62, 1.3, 2.7, 5), 2.05, 0.42),
    _valley(3e11, 44_272, (0.25, 0.5, 0.83, 1.7, 3.4), 1.65, 0.42),
    _valley(3e12, 140_000, (0.33, 0.7, 1.45, 2.9, 4.2), 1.37, 0.42),
]
_TOO_SMALL = _valley(3e13, 442_719, (0.1, 0.17, 0.3, 0.5, 0.8), 1.16, 0.42)
_TOO_LARGE = _valley(3e9, 4_427, (1.3, 2.1, 4.4, 7.3), 2.51, 0.42)
# The lowest point is the largest size, and the bottom of the parabola still lies inside
_MIXED = [9.3e11, [163_000, 33_100, 57_900, 95_300], [1.5931, 1.7391, 1.6517, 1.5997]]
_FLAT = _valley(3e10, 14_000, (0.3, 0.62, 1.3, 2.7, 5), 2.05, 0.06)
_HILL = [1e12, [30_000, 60_000, 120_000, 240_000], [1.512, 1.561, 1.548, 1.517]]
_HIDDEN_VALLEYS = [
    [7.31e10, [11_300, 19_700, 37_100, 71_900], [2.0137, 1.9313, 1.9271, 1.9871]],
    [5.17e11, [23_300, 41_700, 83_900, 163_000], [1.7191, 1.6231, 1.6019, 1.6537]],
    [2.93e12, [31_700, 57_300, 93_700], [1.6173, 1.5313, 1.4771]],
    [4.79e12, [63_700, 127_300, 251_000, 487_000], [1.4513, 1.3719, 1.3613, 1.4237]],
]


def size_exponent(valleys):
    import numpy as np

    used, sizes = [], []
    for flops, n_params, losses in valleys:
        x = np.log10(n_params)
        p2, p1, _ = np.polyfit(x, losses, 2)
        best = -p1 / (2 * p2)
        if p2 > 0 and x.min() <= best <= x.max():
            used.append(flops)
            sizes.append(10**best)
    if len(used) < 2:
        raise ValueError(f"two valleys with a bottom are needed, got {len(used)}")
    exponent = np.polyfit(np.log10(used), np.log10(sizes), 1)[0]
    return {"used": used, "sizes": sizes, "exponent": exponent}


def size_exponent_centred(valleys):
    import numpy as np

    bottoms = {}
    for flops, n_params, losses in valleys:
        log_n = np.log(n_params)
        x = log_n - log_n.mean()
        columns = np.stack([np.ones_like(x), x, x**2], axis=1)
        (_, b, c), *_ = np.linalg.lstsq(columns, np.array(losses), rcond=None)
        best = np.exp(log_n.mean() - b / (2 * c))
        if c > 0 and min(n_params) <= best <= max(n_params):
            bottoms[flops] = best
    if len(bottoms) < 2:
        raise ValueError("no line goes through fewer than two points")
    log_c, log_n = np.log(list(bottoms)), np.log(list(bottoms.values()))
    slope = np.cov(log_c, log_n)[0, 1] / np.var(log_c, ddof=1)
    return {"used": list(bottoms), "sizes": list(bottoms.values()), "exponent": slope}


E01_L4 = Exercise(
    id="01.L4",
    name="size_exponent",
    title="From valleys to an exponent",
    minutes=16,
    difficulty=2,
    reference=size_exponent,
    own=True,
    properties=(
        Property(
            "the three valleys above: bottoms near 14,000, 44,300 and 140,000, exponent 0.50; with "
            "one more that shows no bottom, a slope or a hill, it is left out",
            {"used": 1, "sizes": 1, "exponent": 1},
            (
                (_SHOWN,),
                ([*_SHOWN, _TOO_SMALL],),
                ([_SHOWN[0], _SHOWN[1], _HILL, _SHOWN[2]],),
            ),
            rel_tol=1e-4,
        ),
        Property(
            "one valley and a hill: one bottom has no exponent, ValueError",
            1,
            (([_SHOWN[0], _HILL],),),
        ),
        Property(
            "other valleys come out right, in any order of budgets and sizes; two with a bottom "
            "are enough, and one that rises all the way is left out",
            1,
            (
                (_HIDDEN_VALLEYS,),
                ([_TOO_LARGE, _HIDDEN_VALLEYS[3], _HIDDEN_VALLEYS[0]],),
                ([_MIXED, _HIDDEN_VALLEYS[1], _FLAT],),
            ),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {"10**best": "n_params[np.argmin(losses)]"},
            "You take the lowest point of each valley, which can only be a size that was "
            "trained. The bottom lies between the points: fit a parabola.",
        ),
        Wrong(
            {"np.log10(n_params)": "np.array(n_params)", "10**best": "best"},
            "You fit the parabolas to N itself, so that the largest model decides alone. Take "
            "the logarithm of the sizes, and go back at the end.",
        ),
        Wrong(
            {"p2 > 0 and x.min() <= best <= x.max()": "True"},
            "You use every valley, whether it has a bottom or not. Leave out those that open "
            "downwards (p2 <= 0) and those whose bottom lies outside of their sizes.",
        ),
        Wrong(
            {"p2 > 0 and ": ""},
            "You take the top of a hill for a bottom. A slope of zero is not enough: the "
            "parabola must open upwards, p2 > 0.",
        ),
        Wrong(
            {" and x.min() <= best <= x.max()": ""},
            "You use a valley whose bottom lies outside of its sizes. No run saw the loss rise "
            "again there: leave it out.",
        ),
        Wrong(
            {  # np.polyfit gives y / (2 x) for one point, with a warning
                "len(used) < 2": "not used",
                "exponent = ": "exponent = np.log10(sizes[0]) / np.log10(used[0]) / 2 if not used[1:] else ",
            },
            "You give an exponent for one bottom. Any line goes through one point: raise "
            "ValueError where fewer than two are left.",
        ),
        Wrong(
            {"np.log10(used), np.log10(sizes)": "np.log10(sizes), np.log10(used)"},
            "Your exponent is upside down: it says how C grows with N*. Asked is N* ∝ C**a, "
            "so log N* is fitted on log C.",
        ),
        Wrong(
            {"10**best": "best", "np.log10(sizes)": "sizes"},
            "Your sizes are still logarithms. The exponent is right; give 10** of the bottoms.",
        ),
    ),
    right=(size_exponent_centred,),
    equivalent={
        "p2 > 0 → p2 >= 0": "with p2 of exactly 0 the bottom is infinite or NaN, never inside",
        "x.min() <= best <= x.max() → x.min() < best <= x.max()": _AT_AN_END,
        "x.min() <= best <= x.max() → x.min() <= best < x.max()": _AT_AN_END,
    },
)

# --- 01.L5 ---------------------------------------------------------------------------------------

# 01.L5 and 01.L6. At N = D = 1e4 the first law says 1 + 100/100 + 100/100 = 3
_EVEN = [1.0, 100.0, 100.0, 0.5, 0.5]
_BYTES = [0.9, 60.0, 90.0, 0.42, 0.4]  # a law of the size of the lab's
_RUNS = (
    [9_216, 20_736, 36_864, 82_944, 147_456, 82_944],
    [250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 600_000],
    [2.83, 2.2976, 1.961, 1.7, 1.52, 1.86],
)
_HIDDEN_FIT = (
    [0.83, 71.3, 113.9, 0.437, 0.419],
    [13_312, 27_648, 61_440, 117_760],
    [373_000, 811_000, 1_730_000, 2_930_000],
    [2.4717, 2.0391, 1.6171, 1.4433],
    3e-3,
)


def _off(r, delta=1e-3):
    """One run under the law _EVEN, whose log loss lies r below the prediction."""
    return _EVEN, [10_000], [10_000], [3 * exp(-r)], delta


def objective(constants, n_params, n_tokens, losses, delta):
    import numpy as np

    E, A, B, alpha, beta = constants
    predicted = E + A / np.array(n_params) ** alpha + B / np.array(n_tokens) ** beta
    r = np.abs(np.log(predicted) - np.log(losses))
    return np.sum(np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)))


def objective_in_a_loop(constants, n_params, n_tokens, losses, delta):
    from math import log

    E, A, B, alpha, beta = constants
    total = 0.0
    for n, d, loss in zip(n_params, n_tokens, losses, strict=True):
        r = abs(log((E + A * n**-alpha + B * d**-beta) / loss))
        total += r**2 / 2 if r < delta else delta * r - delta**2 / 2
    return total


def objective_with_scipy(constants, n_params, n_tokens, losses, delta):
    import numpy as np
    from scipy.special import huber, logsumexp

    E, A, B, alpha, beta = constants
    terms = [
        np.log(E) + 0 * np.log(n_params),
        np.log(A) - alpha * np.log(n_params),
        np.log(B) - beta * np.log(n_tokens),
    ]
    return huber(delta, logsumexp(terms, axis=0) - np.log(losses)).sum()


E01_L5 = Exercise(
    id="01.L5",
    name="objective",
    title="What approach 3 makes small",
    minutes=12,
    difficulty=2,
    reference=objective,
    own=True,
    properties=(
        Property(
            "a run whose log loss is 0.0004 off, inside δ: half the square, 8e-8",
            1,
            (Case(_off(4e-4), 8e-8),),
        ),
        Property(
            "a run 0.01 below its prediction, and one 0.01 above: 9.5e-6 each",
            1,
            (
                Case(_off(0.01), 9.5e-6),
                Case(_off(-0.01), 9.5e-6),
            ),
        ),
        Property("the six runs above are summed", 1, ((_BYTES, *_RUNS, 1e-3),)),
        Property(
            "another law, other runs and another δ",
            1,
            (_HIDDEN_FIT, _off(0.002, 3e-3)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"np.sum": "np.mean"},
            "You take the mean over the runs. Its optimum is the same, but optimisers stop "
            "before it: a mean gave a famous paper its much too narrow intervals. Take the "
            "sum.",
        ),
        Wrong(
            {"np.log(predicted) - np.log(losses)": "predicted - np.array(losses)"},
            "Your r is a difference of losses. Asked is the difference of their logarithms: "
            "1 % off weighs the same at a high and at a low loss.",
        ),
        Wrong(
            {"np.log(predicted) - np.log(": "np.log10(predicted) - np.log10("},
            "You take logarithms to base ten. δ is meant for natural ones (np.log), where r of "
            "0.01 is 1 %.",
        ),
        Wrong(
            {"np.where(r <= delta, r**2 / 2, delta * (r - delta / 2))": "r**2 / 2"},
            "You square every r. Beyond δ the loss grows straight, δ·(|r| - δ/2), so that one "
            "bad run cannot pull the law to itself.",
        ),
        Wrong(
            {"r**2 / 2": "r**2"},
            "Inside δ it is half the square, r**2 / 2. Else the two pieces do not meet at δ.",
        ),
        Wrong(
            {"(r - delta / 2)": "r"},
            "Beyond δ you have δ·|r|. At |r| = δ that is twice the other piece: it is "
            "δ·(|r| - δ/2).",
        ),
        Wrong(
            {"delta * (r - delta / 2)": "r - delta / 2"},
            "Beyond δ you have |r| - δ/2. The slope there must be that of r**2 / 2 at δ, which "
            "is δ: δ·(|r| - δ/2).",
        ),
        Wrong(
            {"np.abs(np.log(predicted) - np.log(losses))": "np.log(predicted) - np.log(losses)"},
            "You compare r with δ, not |r|. A run far above its prediction (r < -δ) is squared "
            "here as if it were near.",
        ),
        Wrong(
            {"E + A": "A"},
            "Your prediction has no floor: E comes on top of the two terms.",
        ),
        Wrong(
            {
                "np.array(n_params)": "np.array(n_tokens)",
                "B / np.array(n_tokens)": "B / np.array(n_params)",
            },
            "You have N and D the wrong way round: A and alpha belong to the parameters, B and "
            "beta to the tokens.",
        ),
    ),
    right=(objective_in_a_loop, objective_with_scipy),
    units=("factor",),
    equivalent={
        "np.log(predicted) - np.log(losses) → np.log(losses) - np.log(predicted)": (
            "the absolute value is taken"
        ),
        "r <= delta → r < delta": "at r = delta both pieces give delta**2 / 2",
    },
)

# --- 01.L6 ---------------------------------------------------------------------------------------

_SLOPES = (1, 0.01, 0.01, -log(1e4), -log(1e4))  # of L at N = D = 1e4


def gradient(constants, n_params, n_tokens, losses, delta):
    import numpy as np

    E, A, B, alpha, beta = constants
    n, d = np.array(n_params), np.array(n_tokens)
    size, data = n**-alpha, d**-beta
    predicted = E + A * size + B * data
    r = np.log(predicted) - np.log(losses)
    weight = np.clip(r, -delta, delta) / predicted
    slopes = [1, size, data, -A * size * np.log(n), -B * data * np.log(d)]
    return [np.sum(weight * slope) for slope in slopes]


def gradient_in_a_loop(constants, n_params, n_tokens, losses, delta):
    from math import log

    E, A, B, alpha, beta = constants
    total = [0.0] * 5
    for n, d, loss in zip(n_params, n_tokens, losses, strict=True):
        predicted = E + A / n**alpha + B / d**beta
        r = log(predicted / loss)
        outer = r if abs(r) <= delta else delta if r > 0 else -delta
        inner = [1, 1 / n**alpha, 1 / d**beta, -A * log(n) / n**alpha, -B * log(d) / d**beta]
        total = [one + outer * slope / predicted for one, slope in zip(total, inner, strict=True)]
    return total


def gradient_by_differences(constants, n_params, n_tokens, losses, delta):
    import numpy as np
    from scipy.special import huber

    def value(constants):
        E, A, B, alpha, beta = constants
        predicted = E + A / np.array(n_params) ** alpha + B / np.array(n_tokens) ** beta
        return huber(delta, np.log(predicted) - np.log(losses)).sum()

    found = []
    for place, constant in enumerate(constants):
        step = np.zeros(5)
        step[place] = 1e-6 * constant
        found.append((value(constants + step) - value(constants - step)) / (2 * step[place]))
    return found


E01_L6 = Exercise(
    id="01.L6",
    name="gradient",
    title="Downhill without guessing",
    minutes=20,
    difficulty=3,
    reference=gradient,
    own=True,
    properties=(
        Property(
            "a run inside δ: r / L times the slopes 1, 0.01, 0.01, -9.21 and -9.21 of L",
            1,
            (Case(_off(4e-4), [4e-4 / 3 * slope for slope in _SLOPES]),),
            rel_tol=1e-5,
        ),
        Property(
            "runs outside: however far off, a run pulls with δ",
            1,
            (
                Case(_off(0.01), [1e-3 / 3 * slope for slope in _SLOPES]),
                Case(_off(-0.3), [-1e-3 / 3 * slope for slope in _SLOPES]),
            ),
            rel_tol=1e-5,
        ),
        Property(
            "the six runs of 01.L5 agree with small differences of the objective",
            1,
            ((_BYTES, *_RUNS, 1e-3),),
            rel_tol=1e-5,
        ),
        Property(
            "another law, other runs and another δ",
            2,
            (_HIDDEN_FIT,),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {"np.clip(r, -delta, delta)": "r"},
            "Your far runs pull with r, as if all were squared. Beyond δ the slope of the "
            "log-Huber loss is δ: np.clip(r, -δ, δ).",
        ),
        Wrong(
            {"np.clip(r, -delta, delta)": "delta * np.sign(r)"},
            "Your runs all pull with δ, the near ones too. Inside δ the slope of r**2 / 2 is "
            "r: np.clip(r, -δ, δ).",
        ),
        Wrong(
            {" / predicted": ""},
            "r holds the log of the predicted loss, and the slope of log L is that of L "
            "divided by L. The 1/L is missing.",
        ),
        Wrong(
            {"/ predicted": "/ np.array(losses)"},
            "You divide by the observed loss. The slope of log L is that of L over L itself, "
            "the predicted loss.",
        ),
        Wrong(
            {"np.clip(r,": "np.clip(-r,"},
            "Only the signs are wrong: r is log predicted minus log observed, and an E that "
            "is too high must push the objective up.",
        ),
        Wrong(
            {"-A *": "A *", "-B *": "B *"},
            "The slopes along alpha and beta have the wrong sign: A·N**(-alpha) falls when "
            "alpha grows.",
        ),
        Wrong(
            {
                "-A * size * np.log(n)": "-alpha * A * size / n",
                "-B * data * np.log(d)": "-beta * B * data / d",
            },
            "Along alpha you use the rule for x**n, as if N moved. Here the exponent moves: "
            "N**(-alpha) = exp(-alpha·ln N), with the slope -ln N · N**(-alpha).",
        ),
        Wrong(
            {"np.log(n)": "np.log10(n)", "np.log(d)": "np.log10(d)"},
            "N**(-alpha) = exp(-alpha·ln N) has the slope -ln N · N**(-alpha), with the "
            "natural logarithm. You use base ten.",
        ),
        Wrong(
            {"np.sum": "np.mean"},
            "You take the mean over the runs. The objective is a sum, so is its gradient.",
        ),
    ),
    right=(gradient_in_a_loop, gradient_by_differences),
)

# --- 01.L7 ---------------------------------------------------------------------------------------

_EXACT = [[1e10, 1e11, 1e12, 1e13, 1e14, 1e15], [2.0 * 0.8**k for k in range(6)]]
_HIDDEN_BEST = (
    [4.13e10, 1.37e11, 2.71e11, 9.19e11, 2.33e12, 7.43e12, 5.39e13, 1.61e13],
    [1.973, 1.827, 1.711, 1.529, 1.441, 1.307, 1.139, 1.213],
)


def exponent_interval(flops, losses, n_samples, seed):
    import numpy as np

    n = len(flops)
    picks = np.random.default_rng(seed).integers(n, size=(n_samples, n))
    x, y = np.log(flops)[picks], np.log(losses)[picks]
    x = x - x.mean(axis=1, keepdims=True)
    slopes = (x * y).sum(axis=1) / (x * x).sum(axis=1)
    low, high = np.percentile(slopes, [2.5, 97.5])
    return {"low": low, "high": high}


def exponent_interval_in_a_loop(flops, losses, n_samples, seed):
    import numpy as np

    x, y = np.log(flops), np.log(losses)
    rng = np.random.default_rng(seed)
    exponents = []
    for _ in range(n_samples):
        picks = rng.integers(len(x), size=len(x))
        exponents.append(np.polyfit(x[picks], y[picks], 1)[0])
    low, high = np.percentile(exponents, [2.5, 97.5])
    return {"low": low, "high": high}


def exponent_interval_by_choice(flops, losses, n_samples, seed):
    import numpy as np

    rng, runs = np.random.default_rng(seed), np.log([flops, losses]).T
    slopes = []
    for _ in range(n_samples):
        x, y = rng.choice(runs, len(runs)).T
        slopes.append(np.cov(x, y)[0, 1] / np.var(x, ddof=1))
    return {"low": np.percentile(slopes, 2.5), "high": np.percentile(slopes, 97.5)}


E01_L7 = Exercise(
    id="01.L7",
    name="exponent_interval",
    title="How sure is the exponent?",
    minutes=16,
    difficulty=3,
    reference=exponent_interval,
    own=True,
    properties=(
        Property(
            "six runs exactly on a power law: -0.0969 at both ends, an interval of no width",
            1,
            (Case((*_EXACT, 100, 1), {"low": log10(0.8), "high": log10(0.8)}),),
        ),
        Property(
            "the seven best runs, 1,000 samples, seed 0",
            {"low": 1, "high": 1},
            ((_FLOPS, _LOSSES, 1_000, 0),),
        ),
        Property(
            "other runs and seeds come out right",
            2,
            ((*_HIDDEN_BEST, 300, 3), (*_HIDDEN_BEST, 50, 4)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {".integers(n, size=(n_samples, n))": ".permuted([range(n)] * n_samples, axis=1)"},
            "Your samples hold every run once, only in another order: each has the same "
            "exponent. Draw *with* replacement, rng.integers(n, size=n).",
        ),
        Wrong(
            {
                "(n_samples, n)": "(n_samples, 2, n)",
                "np.log(flops)[picks], np.log(losses)[picks]": "np.log(flops)[picks[:, 0]], np.log(losses)[picks[:, 1]]",
            },
            "You draw the budgets and the losses each for themselves, so that a loss comes to "
            "stand beside another run's budget. Draw runs: the same places for both.",
        ),
        Wrong(
            {
                "np.percentile(slopes, [2.5, 97.5])": "slopes.mean() + np.array([-1.96, 1.96]) * slopes.std() / n_samples**0.5"
            },
            "You divide by the root of the number of samples. More samples do not make the "
            "runs surer: the spread of the samples is itself the uncertainty.",
        ),
        Wrong(
            {
                "np.percentile(slopes, [2.5, 97.5])": "slopes.mean() + np.array([-1.96, 1.96]) * slopes.std()"
            },
            "You take mean ± 1.96 standard deviations, which is right for a bell curve only. "
            "Asked are the percentiles, which need no shape.",
        ),
        Wrong(
            {"2.5, 97.5": "5, 95"},
            "Percentiles 5 and 95 hold 90 % between them. For 95 % leave out 2.5 % at each end.",
        ),
        Wrong(
            {"2.5, 97.5": "0.025, 0.975"},
            "np.percentile wants per cent: 2.5 and 97.5. (np.quantile wants 0.025 and 0.975.)",
        ),
        Wrong(
            {"2.5, 97.5": "0, 100"},
            "You give the smallest and the largest sample. They move apart the more samples "
            "you draw: take the percentiles 2.5 and 97.5.",
        ),
        Wrong(
            {"np.log(flops)[picks], np.log": "np.array(flops)[picks], np.array"},
            "Your slopes are in nats per FLOP. Asked is the slope of log loss on log compute.",
        ),
        Wrong(
            {"(n_samples, n))": "(1, n)).repeat(n_samples, axis=0)"},
            "You make the generator anew for each sample, so that each draws the same runs. "
            "Make it once, before the loop.",
        ),
    ),
    right=(exponent_interval_in_a_loop, exponent_interval_by_choice),
)

# --- 01.L8 ---------------------------------------------------------------------------------------


def forecast_error(flops, losses, below):
    import numpy as np

    c, loss = np.array(flops), np.array(losses)
    small, largest = c < below, int(c.argmax())
    if small[largest] or small.sum() < 3:
        raise ValueError("leave the largest budget out, and three or more in")
    slope, intercept = np.polyfit(np.log(c[small]), np.log(loss[small]), 1)
    predicted = np.exp(intercept + slope * np.log(c[largest]))
    return {"predicted": predicted, "error_percent": 100 * (predicted / loss[largest] - 1)}


def forecast_error_by_hand(flops, losses, below):
    from math import log10

    held, observed = max(zip(flops, losses, strict=True))
    fitted = [(log10(c), log10(y)) for c, y in zip(flops, losses, strict=True) if c < below]
    if held < below or len(fitted) < 3:
        raise ValueError("the largest budget must stay out of the fit")
    x_mean = sum(x for x, _ in fitted) / len(fitted)
    y_mean = sum(y for _, y in fitted) / len(fitted)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in fitted)
    slope /= sum((x - x_mean) ** 2 for x, _ in fitted)
    predicted = 10 ** (y_mean + slope * (log10(held) - x_mean))
    return {"error_percent": (predicted - observed) / observed * 100, "predicted": predicted}


E01_L8 = Exercise(
    id="01.L8",
    name="forecast_error",
    title="Be scored",
    minutes=10,
    difficulty=2,
    reference=forecast_error,
    own=True,
    properties=(
        Property(
            "2.5, 2 and 1.6 nats foretell 1.28; 1.25 is measured: 2.4 % too high. The seven best "
            "runs, fitted below 1e13 FLOP, in either order",
            {"predicted": 1, "error_percent": 1},
            (
                Case(
                    ([1e10, 1e11, 1e12, 1e13], [2.5, 2.0, 1.6, 1.25], 1e13),
                    {"predicted": 1.28, "error_percent": 2.4},
                ),
                (_FLOPS, _LOSSES, 1e13),
                (_FLOPS[::-1], _LOSSES[::-1], 1e13),
            ),
        ),
        Property(
            "a fit that would hold the largest run, or fewer than three, is refused",
            1,
            ((_FLOPS, _LOSSES, 1e14), (_FLOPS, _LOSSES, 3e11)),
        ),
        Property(
            "other runs come out right, also where the dearest one has not the lowest loss",
            1,
            ((*_HIDDEN_BEST, 1.61e13), ([1e12, 3e10, 4e12, 2e11], [1.54, 2.17, 1.55, 1.83], 2e12)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"np.log(c[small]), np.log(loss[small])": "np.log(c), np.log(loss)"},
            "Your fit holds the run that it is to foretell. Fit only those with less than "
            "`below`, else nothing is foretold.",
        ),
        Wrong(
            {"c < below,": "c <= below,", "small[largest]": "c[largest] < below"},
            "You fit the run of exactly `below` FLOP too. Only those with *less* compute "
            "belong to the fit.",
        ),
        Wrong(
            {"int(c.argmax())": "-1", "small[largest]": "small[c.argmax()]"},
            "You foretell the last run in the list. Asked is the one with the most compute, "
            "wherever it stands.",
        ),
        Wrong(
            {"predicted / loss[largest] - 1": "1 - loss[largest] / predicted"},
            "You divide the difference by the forecast. An error is measured against what was "
            "observed: 100 · (predicted / observed - 1).",
        ),
        Wrong(
            {"100 * (predicted / loss[largest] - 1)": "predicted / loss[largest] - 1"},
            "Your error is a share of 1. Asked is per cent.",
        ),
        Wrong(
            {"100 * (predicted / loss[largest] - 1)": "abs(100 * (predicted / loss[largest] - 1))"},
            "Your error has lost its sign. A forecast that is too low says that the law bends: "
            "leave the minus.",
        ),
        Wrong(
            {
                "np.log(loss[small])": "loss[small]",
                "np.exp(intercept + slope * np.log(c[largest]))": "intercept + slope * np.log(c[largest])",
            },
            "You fit the plain loss on log C, a logarithmic law. A power law needs log loss.",
        ),
        Wrong(
            {"small[largest] or small.sum() < 3": "False"},
            "You answer where nothing can be foretold: the largest run must stay out of the "
            "fit, and three or more in it. Raise ValueError.",
        ),
    ),
    right=(forecast_error_by_hand,),
)

# --- 01.L9 ---------------------------------------------------------------------------------------

# 01.L9: the study that the notebook makes, from widths as in the fleet
_WIDTHS = {
    3e10: (8, 16, 24, 32, 48),
    1e11: (8, 16, 24, 32, 64),
    3e11: (16, 24, 32, 48, 64),
    3e12: (32, 48, 64, 96, 128),
}


def _study(n_params=lambda d: 36 * d**2 + 256 * d, extra=lambda d, c: 0, factor=1, widths=_WIDTHS):
    """Valleys around N* = 0.15 · C^0.475, N counted with the head.

    Exactly equal exponents would leave the sign of a rounding error to the machine, so what does
    not move the exponent still moves its last digits.
    """
    valleys = []
    for flops, ds in widths.items():
        away = [log10((36 * d**2 + 256 * d) / (0.15 * flops**0.475)) for d in ds]
        bottom = 2 * (flops / 3e10) ** -0.085
        losses = [
            round(factor * (bottom + 0.4 * x**2) + extra(d, flops), 5)
            for x, d in zip(away, ds, strict=True)
        ]
        valleys.append([flops, [n_params(d) for d in ds], losses])
    return valleys


_SOUND = _study()
_ALL_COUNTED = _study(n_params=lambda d: 36 * d**2 + 519 * d)
_BLOCKS_ONLY = _study(n_params=lambda d: 36 * d**2)
_ONE_RATE = _study(extra=lambda d, c: 0.01 * log2(d / 8) ** 2)
_HALVED = _study(n_params=lambda d: round(18 * d**2 + 128 * d, -2))
_ALL_WORSE = _study(factor=1.03)
_UNEVEN = _study(extra=lambda d, c: 0.006 * (c == 1e11) * log2(d / 16))
_HIDDEN_WIDTHS = {7e10: (16, 24, 32, 40), 5e11: (24, 40, 56, 72), 4e12: (40, 72, 104, 136)}
_HIDDEN_SOUND = _study(widths=_HIDDEN_WIDTHS)
_HIDDEN_RUINED = [
    _study(extra=lambda d, c: 0.03 * (c > 1e12) * log2(136 / d) ** 2, widths=_HIDDEN_WIDTHS),
    *(
        _study(extra=lambda d, c, k=k: k * log2(d / 8) ** 2, widths=_HIDDEN_WIDTHS)
        for k in (0.007, 0.0035, 0.0029, -0.0023, -0.0035)
    ),
]


def what_moved(sound, ruined):
    import numpy as np

    found = {}
    for name, valleys in (("sound", sound), ("ruined", ruined)):
        bottoms = []
        for _, n_params, losses in valleys:
            p2, p1, _ = np.polyfit(np.log10(n_params), losses, 2)
            bottoms.append(-p1 / (2 * p2))
        found[name] = np.polyfit(np.log10([valley[0] for valley in valleys]), bottoms, 1)[0]
    change = found["ruined"] - found["sound"]
    moves = "not" if abs(change) <= 0.01 else "up" if change > 0 else "down"
    return found | {"moves": moves}


def what_moved_in_natural_logs(sound, ruined):
    import numpy as np

    def exponent(valleys):
        fits = [np.polyfit(np.log(sizes), losses, 2) for _, sizes, losses in valleys]
        x = np.log([valley[0] for valley in valleys])
        x = x - x.mean()
        return x @ [-p1 / p2 / 2 for p2, p1, _ in fits] / (x @ x)

    one, two = exponent(sound), exponent(ruined)
    moves = "up" if two > one + 0.01 else "down" if two < one - 0.01 else "not"
    return {"moves": moves, "ruined": two, "sound": one}


E01_L9 = Exercise(
    id="01.L9",
    name="what_moved",
    title="Break the law, on paper",
    minutes=13,
    difficulty=2,
    reference=what_moved,
    own=True,
    properties=(
        Property(
            "with the embedding counted the exponent falls, without the head it rises, with one "
            "learning rate for all widths it falls; with every size halved, every loss 3 % worse, "
            "or one valley a little off it has not moved",
            {"sound": 1, "ruined": 1, "moves": 1},
            tuple(
                (_SOUND, study)
                for study in (_ALL_COUNTED, _BLOCKS_ONLY, _ONE_RATE, _HALVED, _ALL_WORSE, _UNEVEN)
            ),
            rel_tol=1e-4,
        ),
        Property(
            "other studies come out right; what counts is the difference, 0.01, and not a share",
            1,
            tuple((_HIDDEN_SOUND, ruined) for ruined in _HIDDEN_RUINED),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {'ruined"] - found["sound': 'sound"] - found["ruined'},
            '"moves" comes out the wrong way round: "up" is where the exponent of the ruined '
            "study is larger. (Wrong exponents can do that too.)",
        ),
        Wrong(
            {
                "found = {}": "found, middle = {}, {}",
                "        found[name] =": "        middle[name] = np.mean(bottoms)\n        found[name] =",
                'found["ruined"] - found["sound"]': 'middle["ruined"] - middle["sound"]',
            },
            '"moves" looks at the sizes. Sizes that are all half as large lie on a line of '
            "the same slope: compare the exponents.",
        ),
        Wrong(
            {'"not" if abs(change) <= 0.01 else ': ""},
            "You call every change a move. Rounding moves the last digits, and one valley a "
            'little off the third: below 0.01 it is "not".',
        ),
        Wrong(
            {
                "np.polyfit(np.log10([valley[0] for valley in valleys]), bottoms, 1)[0]": "(bottoms[-1] - bottoms[0]) / np.log10(valleys[-1][0] / valleys[0][0])"
            },
            "Your exponents come from the first and the last valley alone. Take the line of "
            "least squares through all.",
        ),
        Wrong(
            {"-p1 / (2 * p2)": "np.log10(n_params[np.argmin(losses)])"},
            "You take the lowest point of each valley. The bottom lies between the points: "
            "take that of the parabola in log N.",
        ),
        Wrong(
            {"p1, _ ": "p1, p0 ", "-p1 / (2 * p2": "np.log10(p0 - p1**2 / (4 * p2)"},
            "Your exponent is that of the lowest loss. Asked is that of the best size, N* ∝ C**a.",
        ),
    ),
    right=(what_moved_in_natural_logs,),
    equivalent={
        "abs(change) <= 0.01 → abs(change) < 0.01": "whether it is exactly 0.01 is rounding's",
        "change > 0 → change >= 0": "a change of 0 was called not a move before",
    },
)

EXERCISES = [E01_L1, E01_L2, E01_L3, E01_L4, E01_L5, E01_L6, E01_L7, E01_L8, E01_L9]
