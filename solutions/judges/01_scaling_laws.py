"""What decides the points of 01_scaling_laws. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
The references do not use course.scaling; tests/classroom/test_01_scaling_laws.py shows that the two
agree.
"""

import math

from course.classroom.judge import Case, Exercise, Property, Wrong
from course.evidence import fact

_OPTIMUM = fact("refit.optimum").value
_KAPLAN = fact("kaplan.vs_chinchilla_prediction").value["joint_fit"]
_REFIT = {name: losses["besiroglu"] for name, losses in fact("loss.eval").value.items()}
_SIZES = {
    name: [fact(f"model.{name}").value[key] for key in ("n_params", "n_tokens")]
    for name in ("GPT-3", "Gopher", "Chinchilla")
}

# --- 01.1 ----------------------------------------------------------------------------------------


def exponent(flops_1, loss_1, flops_2, loss_2):
    from math import log10

    return log10(loss_1 / loss_2) / log10(flops_2 / flops_1)


def exponent_in_natural_logs(flops_1, loss_1, flops_2, loss_2):
    import numpy as np

    return -np.log(loss_2 / loss_1) / np.log(flops_2 / flops_1)


def exponent_by_fit(flops_1, loss_1, flops_2, loss_2):
    import numpy as np

    return -np.polyfit(np.log2([flops_1, flops_2]), np.log2([loss_1, loss_2]), 1)[0]


E01_1 = Exercise(
    id="01.1",
    name="exponent",
    title="The exponent from two points",
    minutes=8,
    difficulty=1,
    reference=exponent,
    properties=(
        Property(
            "a loss of 3 that falls to 2.674 with 10 times the compute gives 0.05",
            1,
            (Case((1e20, 3.0, 1e21, 3 * 10**-0.05), 0.05),),
        ),
        Property(
            "4.2 nats at 1e18 FLOP and 2.8 at 1e22 FLOP: four decades come out right",
            1,
            ((1e18, 4.2, 1e22, 2.8),),
        ),
        Property(
            "points in either order and at any distance come out right; where the loss rises the "
            "exponent is negative",
            1,
            ((1e18, 2.5, 4e19, 2.9), (7.3e21, 2.317, 6.1e16, 4.963), (1.7e15, 5.51, 2.3e15, 5.37)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "log10(loss_1 / loss_2) / log10(flops_2 / flops_1)": "(loss_1 - loss_2) / (flops_2 - flops_1)"
            },
            "You give the slope on plain axes, in nats per FLOP: it is different everywhere on "
            "the curve. A power law is straight on log-log axes only: take the logarithm of "
            "the compute and of the loss.",
        ),
        Wrong(
            {"import log10": "import log, log10", "return log10": "return log"},
            "Your exponent is 2.303 times too large: you take the natural logarithm of the "
            "loss (np.log) and the logarithm to base ten of the compute (np.log10). Any base "
            "is right, but the same on both sides.",
        ),
        Wrong(
            {"log10(loss_1 / loss_2)": "(loss_1 - loss_2)"},
            "You divide nats by decades: the loss needs its logarithm too. (A loss that is "
            "straight in nats against log C is a logarithmic law, as document B §1.1 says in "
            "words, and no power law.)",
        ),
        Wrong(
            {"loss_1 / loss_2": "loss_2 / loss_1"},
            "Only the sign is wrong. The slope on the plot is negative; the law is "
            "L = (C0/C)**alpha, so alpha is minus the slope.",
        ),
        Wrong(
            {
                "log10(loss_1 / loss_2) / log10(flops_2 / flops_1)": "log10(flops_2 / flops_1) / log10(loss_1 / loss_2)"
            },
            "Your fraction is upside down: a slope is rise over run, log of the loss over log "
            "of the compute.",
        ),
        Wrong(
            {"log10(loss_1 / loss_2) / log10(flops_2 / flops_1)": "0.076"},
            "0.076 is what document A §1.1 gives for compute. It is Kaplan's exponent for "
            "parameters, and no constant of nature: work it out from the points.",
        ),
    ),
    right=(exponent_in_natural_logs, exponent_by_fit),
)

# --- 01.2 ----------------------------------------------------------------------------------------


E01_2 = Exercise(
    id="01.2",
    name="alpha_on_plot",
    title="The exponent from a plot",
    minutes=6,
    difficulty=1,
    reference=math.log10(5.0 / 2.1) / 6,
    properties=(Property("the exponent is read to 6 %", 3, rel_tol=0.06),),
    wrong=(
        Wrong(
            0.076,
            "0.076 is what document A §1.1 says of compute, whatever the plot shows. This line "
            "is less steep: read two points off it.",
        ),
        Wrong(
            math.log10(5.0 / 2.1) / 7,
            "Did you divide by 7? You count seven points; between them lie six decades.",
        ),
        Wrong(
            -math.log10(5.0 / 2.1) / 6,
            "Only the sign is wrong. The slope on the plot is negative; alpha is minus the slope.",
        ),
        Wrong(
            math.log(5.0 / 2.1) / 6,
            "You take the natural logarithm of the losses, but count the compute in decades, "
            "which are powers of ten. Use the same base on both sides.",
        ),
        Wrong(
            math.log10(5.0 / 2.1),
            "This is how far the whole line falls, in decades of loss. Divide it by the number "
            "of decades of compute.",
        ),
        Wrong(
            (5.0 - 2.1) / 6,
            "You give nats per decade. On a log axis a distance is a ratio: log10(5/2.1), not "
            "5 - 2.1.",
        ),
        Wrong(
            6 / math.log10(5.0 / 2.1),
            "Your fraction is upside down: a slope is rise over run.",
        ),
    ),
    right=(0.063, 0.0617, math.log(4.95 / 2.08) / math.log(1e6)),
)

# --- 01.3 ----------------------------------------------------------------------------------------


def kaplan_loss(flops):
    from course.evidence import fact

    pf_days = flops / (1e15 * 86_400)
    return (fact("kaplan.C_c_min").value / pf_days) ** fact("kaplan.alpha_C_min").value


def kaplan_loss_in_flop(flops):
    from math import exp, log

    return exp(-0.050 * (log(flops) - log(3.1e8 * 8.64e19)))


E01_3 = Exercise(
    id="01.3",
    name="kaplan_loss",
    title="PF-days, or: what is GPT-3's loss?",
    minutes=10,
    difficulty=1,
    reference=kaplan_loss,
    own=True,
    properties=(
        Property("1 PF-day (8.64e19 FLOP) gives 2.658 nats", 1, ((8.64e19,),), rel_tol=1e-4),
        Property("GPT-3's 3.14e23 FLOP give 1.764 nats", 1, ((3.14e23,),), rel_tol=1e-4),
        Property(
            "other budgets, small and large, come out right",
            2,
            ((3.37e17,), (5.76e23,), (2.53e26,)),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {" / (1e15 * 86_400)": ""},
            "You put FLOP where the law wants PF-days, so the budget is 8.64e19 times too "
            "large and the loss absurdly low. Turn FLOP into PF-days first.",
        ),
        Wrong(
            {" * 86_400": ""},
            "You divide by 1e15 only, which gives PF-seconds. A day has 86,400 of them.",
        ),
        Wrong(
            {'fact("kaplan.C_c_min").value': "1.6e7", 'fact("kaplan.alpha_C_min").value': "0.057"},
            "You use 0.057 and 1.6e7 PF-days, Kaplan's law for one fixed batch size. Asked is "
            "the law for compute that is spent in the best way, L(C_min).",
        ),
        Wrong(
            {'fact("kaplan.alpha_C_min").value': "0.076"},
            "Your scale is right, but 0.076 is Kaplan's exponent for parameters. For compute "
            "it is 0.050.",
        ),
        Wrong(
            {'fact("kaplan.C_c_min").value / pf_days': 'pf_days / fact("kaplan.C_c_min").value'},
            "Your fraction is upside down: this loss grows with compute. It is (C_c / C).",
        ),
        Wrong(
            {
                '(fact("kaplan.C_c_min").value / pf_days) ** fact("kaplan.alpha_C_min").value': "(flops / 6.62e18) ** -0.076"
            },
            "This is document A §1.1 as printed: exponent 0.076 and C0 = 6.62e18 FLOP. The "
            "0.076 is Kaplan's for parameters, and no paper has that C0. It says 0.441 nats "
            "for GPT-3: as if a perplexity of 1.55, a choice between one and a half words.",
        ),
    ),
    right=(kaplan_loss_in_flop,),
)

# --- 01.4 ----------------------------------------------------------------------------------------


def compare_models(losses, bytes_per_token):
    import numpy as np

    bits = np.array(losses) / np.log(2) / np.array(bytes_per_token)
    return {"perplexity": np.exp(losses), "bits_per_byte": bits, "best": np.argmin(bits)}


def compare_models_with_lists(losses, bytes_per_token):
    from math import exp, log2

    bits = [log2(exp(loss)) / size for loss, size in zip(losses, bytes_per_token, strict=True)]
    perplexity = [exp(loss) for loss in losses]
    return {"best": bits.index(min(bits)), "perplexity": perplexity, "bits_per_byte": bits}


E01_4 = Exercise(
    id="01.4",
    name="compare_models",
    title="Two models, two tokenizers",
    minutes=12,
    difficulty=2,
    reference=compare_models,
    own=True,
    properties=(
        Property(
            "models on bytes (1 byte per token); and 2.00 nats at 3.6 bytes per token against "
            "2.35 nats at 4.6, which win",
            {"perplexity": 1, "bits_per_byte": 1, "best": 1},
            (([0.7, 0.9], [1, 1]), ([2.0, 2.35], [3.6, 4.6])),
        ),
        Property(
            "three models, and models with the same tokenizer, come out right",
            2,
            (([2.71, 1.93, 2.17], [4.37, 2.89, 3.83]), ([2.013, 1.987], [4.21, 4.21])),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"np.exp(losses)": "2.0 ** np.array(losses)"},
            "You raise 2 to a loss in nats. The base must fit the unit: exp for nats, 2 for bits.",
        ),
        Wrong(
            {"np.exp(losses)": "np.exp(np.array(losses) / np.log(2))"},
            "Your perplexity is exp of a loss in bits. The base must fit the unit: exp for "
            "nats, 2 for bits.",
        ),
        Wrong(
            {" / np.array(bytes_per_token)": ""},
            "You give bits per token: the bytes per token are not used. A long token is harder "
            "to guess, but it also tells more of the text.",
        ),
        Wrong(
            {" / np.log(2)": ""},
            "You give nats per byte. One bit is ln 2 = 0.693 nats: divide by that too.",
        ),
        Wrong(
            {"/ np.log(2)": "* np.log(2)"},
            "You multiply by ln 2. A bit is the smaller unit (0.693 nats), so there are more "
            "of them: divide.",
        ),
        Wrong(
            {"/ np.array(bytes": "* np.array(bytes"},
            "You multiply by the bytes per token. The loss of a token is shared out among its "
            "bytes: divide.",
        ),
        Wrong(
            {"argmin(bits)": "argmin(losses)"},
            'Your "best" has the lower loss and perplexity. These compare only under one '
            "tokenizer: choose by bits per byte.",
        ),
        Wrong(
            {"argmin(bits)": "argmin(bits) + 1"},
            "You count the place of the best model from 1. Places count from 0: the first model "
            "is 0.",
        ),
        Wrong(
            {"argmin": "argmax"},
            'Your "best" has the most bits per byte. Fewer bits are better.',
        ),
        Wrong(
            {
                "np.array(losses) / np.log(2) / np.array(bytes_per_token)": "np.clip(100 * (1 - np.array(losses) / 4), 0, 100)",
                "argmin": "argmax",
            },
            "This is document A §1.1's score, 100·(1 - loss/4). No source has it: its 4 is not "
            "the largest loss (guessing among 50,257 tokens has ln 50,257 = 10.8 nats), and it "
            "does not know how long a token is.",
        ),
    ),
    right=(compare_models_with_lists,),
)

# --- 01.5 ----------------------------------------------------------------------------------------


def _optimum_case(source, *constants):
    """The optimum at the budget of Gopher, as the registry has it."""
    found = _OPTIMUM[source]
    return Case((_OPTIMUM["flops"], *constants), [found["n_params"], found["n_tokens"]])


def optimum(flops, A, B, alpha, beta):
    g = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    n_params = g * (flops / 6) ** (beta / (alpha + beta))
    return [n_params, flops / 6 / n_params]


def optimum_by_balance(flops, A, B, alpha, beta):
    from math import exp, log

    # At the optimum alpha A / N^alpha = beta B / D^beta. With ln D = ln(C/6) - ln N this is linear.
    log_nd = log(flops / 6)
    log_n = (log(alpha * A) - log(beta * B) + beta * log_nd) / (alpha + beta)
    return [exp(log_n), exp(log_nd - log_n)]


def optimum_by_search(flops, A, B, alpha, beta):
    from math import log

    def loss(log_n):
        return A * 10 ** (-alpha * log_n) + B * 10 ** (-beta * (log_nd - log_n))

    log_nd = log(flops / 6, 10)
    low, high = log_nd - 30, log_nd + 30
    while high - low > 1e-7:  # the loss has one valley: keep the two thirds that hold its floor
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return [10**low, 10 ** (log_nd - low)]


E01_5 = Exercise(
    id="01.5",
    name="optimum",
    title="The optimum, by hand and in code",
    minutes=20,
    difficulty=3,
    reference=optimum,
    own=True,
    properties=(
        Property(
            "where A = B and alpha = beta, N and D are both the root of C/6",
            1,
            (Case((6e20, 400.0, 400.0, 0.3, 0.3), [1e10, 1e10]),),
            rel_tol=1e-3,
        ),
        Property(
            "Hoffmann's printed constants: 32.2B parameters and 2.98T tokens for 5.76e23 FLOP",
            1,
            (_optimum_case("hoffmann_rounded", 406.4, 410.7, 0.34, 0.28),),
            rel_tol=1e-3,
        ),
        Property(
            "the refit's constants: 72.25B parameters and 1.33T tokens for 5.76e23 FLOP",
            1,
            (_optimum_case("besiroglu_printed", 482.01, 2085.43, 0.3478, 0.3658),),
            rel_tol=1e-3,
        ),
        Property(
            "other constants and budgets come out right",
            2,
            ((1.37e19, 913.0, 77.3, 0.415, 0.237), (8.3e25, 521.3, 1488.7, 0.3527, 0.3527)),
            hidden=True,
            rel_tol=1e-3,
        ),
    ),
    wrong=(
        Wrong(
            {"** (beta / ": "** (alpha / "},
            "You have the exponents the wrong way round: N grows as C**(beta/(alpha+beta)). "
            "The faster the data's term falls (large beta), the more goes into parameters.",
        ),
        Wrong(
            {"(flops / 6)": "flops", "6 / n_params": "n_params"},
            "Your N·D is C, 6 times too much: the compute is 6·N·D, so N·D = C/6.",
        ),
        Wrong(
            {"(flops / 6)": "flops"},
            "You have C/6 in D, but still C in N: replace C by C/6 in both.",
        ),
        Wrong(
            {"alpha * A / (beta * B": "beta * B / (alpha * A"},
            "Your G is upside down. A large A means that small models miss much, so it must "
            "make N larger: G = (alpha·A/(beta·B))**(1/(alpha+beta)).",
        ),
        Wrong(
            {"(beta * B)": "beta * B"},
            "alpha * A / beta * B divides by beta, then multiplies by B. Write "
            "alpha * A / (beta * B).",
        ),
        Wrong(
            {
                "1 / (alpha + beta))\n": "1 / alpha + beta)\n",
                "beta / (alpha + beta))\n": "beta / alpha + beta)\n",
            },
            "1 / alpha + beta is (1/alpha) + beta. Write 1 / (alpha + beta), and in the other "
            "exponent beta / (alpha + beta).",
        ),
        Wrong(
            {"alpha * A / (beta * B)": "A / B"},
            "You make the two terms A/N**alpha and B/D**beta equal. At the optimum their "
            "slopes are equal: alpha·A/N**alpha = beta·B/D**beta.",
        ),
        Wrong(
            {"n_params, flops / 6 /": "flops / 6 / n_params,"},
            "You give [D, N]; asked is [N, D]. Document A §1.2 swaps the letters too: its D is "
            "parameters and its N tokens.",
        ),
        Wrong(
            {"g * (flops / 6) ** (beta / (alpha + beta))": "(flops / 120) ** 0.5"},
            "You use 20 tokens per parameter whatever the constants are. That is a rule of "
            "thumb for some constants at some budgets; here the constants decide.",
        ),
        Wrong(
            {
                "n_params, flops / 6 / n_params": "3.17e8 * (flops / 4.36e18) ** 0.46, 3.17e8 * (flops / 4.36e18) ** 0.54"
            },
            "This is document A §1.2 as printed. It ignores the law's constants, and it spends "
            "14 % of the budget: 6·N·D is not C. Exercise 01.7 looks into it.",
        ),
    ),
    right=(optimum_by_balance, optimum_by_search),
)

# --- 01.6 ----------------------------------------------------------------------------------------

_AT_AN_END = "whether a bottom lies exactly at an end is decided by the rounding of the fit"
# The points that the notebook shows, all made up from the refit's law
_VALLEY = ([5e8, 1e9, 2e9, 4e9, 8e9, 16e9], [2.403, 2.337, 2.307, 2.311, 2.342, 2.405])
_SLOPE_ONLY = ([1.25e8, 2.5e8, 5e8, 1e9, 2e9], [2.630, 2.494, 2.399, 2.338, 2.309])


def isoflop_minimum(n_params, losses):
    import numpy as np

    log_n = np.log10(n_params)
    p2, p1, _ = np.polyfit(log_n, losses, 2)
    best = -p1 / (2 * p2)
    inside = log_n.min() <= best <= log_n.max()
    if p2 <= 0 or not inside:
        raise ValueError("the points have no minimum between the smallest and the largest size")
    return 10**best


def isoflop_minimum_centred(n_params, losses):
    import numpy as np

    log_n = np.log(n_params)
    x = log_n - log_n.mean()
    columns = np.stack([np.ones_like(x), x, x**2], axis=1)
    (_, b, c), *_ = np.linalg.lstsq(columns, np.array(losses), rcond=None)
    if c <= 0:
        raise ValueError("the parabola opens downwards")
    best = np.exp(log_n.mean() - b / (2 * c))
    if best < min(n_params) or best > max(n_params):
        raise ValueError(f"the minimum, {best:.3g}, is outside of the points")
    return best


E01_6 = Exercise(
    id="01.6",
    name="isoflop_minimum",
    title="The bottom of an IsoFLOP valley",
    minutes=15,
    difficulty=2,
    reference=isoflop_minimum,
    own=True,
    units=("prefix",),
    properties=(
        Property(
            "the valley of the picture is lowest at 2.78B parameters",
            2,
            (_VALLEY,),
            rel_tol=1e-3,
        ),
        Property("points that fall all the way are refused with ValueError", 1, (_SLOPE_ONLY,)),
        Property(
            "points in any order, with noise, come out right, also where the lowest point is the "
            "smallest or the largest",
            1,
            (
                ([4e9, 5e8, 1e9, 2e9], [2.331, 2.482, 2.391, 2.338]),
                ([9e8, 6e7, 4e8, 1.5e8, 2.2e9], [3.041, 3.078, 2.941, 2.948, 3.266]),
                (
                    [3e7, 4.5e7, 7e7, 1.1e8, 1.6e8, 2.4e8, 3.7e8],
                    [3.321, 3.202, 3.119, 3.058, 3.050, 3.036, 3.060],
                ),
            ),
            hidden=True,
            rel_tol=1e-3,
        ),
        Property(
            "points that rise all the way, bend the wrong way, or whose parabola is lowest outside "
            "though an inner point is the lowest, are refused with ValueError",
            1,
            (
                ([5e9, 9e9, 1.6e10, 3e10], [2.706, 2.833, 3.002, 3.246]),
                ([1e9, 2e9, 4e9], [2.44, 2.61, 2.53]),
                ([3e9, 6e9, 1.2e10, 2.4e10], [2.512, 2.561, 2.548, 2.517]),
                ([2e8, 4e8, 8e8, 1.6e9, 3.2e9], [2.80, 2.73, 2.65, 2.551, 2.557]),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"10**best": "n_params[losses.index(min(losses))]"},
            "You give the size of the lowest point. The valley is lowest between the points, "
            "and noise decides which of two neighbours is lower: fit a parabola.",
        ),
        Wrong(
            {"np.log10": "np.array", "10**best": "best"},
            "You fit the parabola to N itself, so the largest model decides alone. The sizes "
            "are equal factors apart: take their logarithm, and go back with 10** at the end.",
        ),
        Wrong(
            {"10**best": "np.mean(np.array(n_params)[np.argsort(losses)[:2]])"},
            "You give the mean of the two lowest points. It uses the rest of the valley not at "
            "all, and between sizes a factor apart the middle is not their mean.",
        ),
        Wrong(
            {"10**best": "best"},
            "You give log10 of the size. Go back with 10**.",
        ),
        Wrong(
            {"p1, _ ": "p1, p0 ", "10**best": "p2 * best**2 + p1 * best + p0"},
            "You give the loss at the bottom. Asked is the size there: 10**x, where x is the "
            "place of the bottom in log10(N).",
        ),
        Wrong(
            {"10**best": "min(losses)"},
            "You give the lowest of the losses. Asked is a size, and that of the parabola's "
            "bottom: it lies between the points.",
        ),
        Wrong(
            {"np.log10": "np.log"},
            "You fit in natural logarithms (np.log) and go back with 10**. Use np.log10 and "
            "10**, or np.log and np.exp.",
        ),
        Wrong(
            {"(2 * p2)": "p2", "p2 <= 0 or not inside": "False"},
            "Your minimum is at -p1/p2. The slope 2·p2·x + p1 is zero at x = -p1/(2·p2).",
        ),
        Wrong(
            {"p2 <= 0 or not inside": "False"},
            "Your parabola is right, but where it has no minimum among the points you give one "
            "all the same. No run saw the loss rise again there: raise ValueError.",
        ),
        Wrong(
            {
                "p2 <= 0 or not inside": "False",
                "10**best": "10 ** np.clip(best, log_n.min(), log_n.max())",
            },
            "Where the minimum lies outside you give the end of the points. That only says "
            "where the measuring stopped: raise ValueError.",
        ),
    ),
    right=(isoflop_minimum_centred,),
    equivalent={
        "p2 <= 0 → p2 < 0": "with p2 of exactly 0 the bottom is infinite or NaN, never inside",
        "log_n.min() <= best <= log_n.max() → log_n.min() < best <= log_n.max()": _AT_AN_END,
        "log_n.min() <= best <= log_n.max() → log_n.min() <= best < log_n.max()": _AT_AN_END,
    },
)

# --- 01.7 ----------------------------------------------------------------------------------------


def budget_share(flops, n0, d0, c0, a, b):
    n_params = n0 * (flops / c0) ** a
    n_tokens = d0 * (flops / c0) ** b
    return 6 * n_params * n_tokens / flops


def budget_share_from_the_start(flops, n0, d0, c0, a, b):
    from math import exp, log

    return 6 * n0 * d0 / c0 * exp((a + b - 1) * log(flops / c0))


E01_7 = Exercise(
    id="01.7",
    name="budget_share",
    title="What is wrong with these constants?",
    minutes=12,
    difficulty=2,
    reference=budget_share,
    units=("factor", "share"),
    properties=(
        Property(
            "document A's constants spend 14 %, at their own C0 and at 5.76e23 FLOP",
            1,
            (
                (4.36e18, 3.17e8, 3.17e8, 4.36e18, 0.46, 0.54),
                (5.76e23, 3.17e8, 3.17e8, 4.36e18, 0.46, 0.54),
            ),
        ),
        Property(
            "a start that fits, with exponents that add up to 1.1: the share is 1 at the "
            "start, and 2 with 1,024 times the compute",
            2,
            (
                Case((1.2e20, 1e9, 2e10, 1.2e20, 0.5, 0.6), 1.0),
                Case((1.2e20 * 1024, 1e9, 2e10, 1.2e20, 0.5, 0.6), 2.0),
            ),
        ),
        Property(
            "other starts and exponents come out right",
            1,
            (
                (3.7e22, 1.31e9, 1.17e11, 8.64e19, 0.73, 0.27),
                (9.1e17, 4.19e8, 8.03e9, 2.11e19, 0.49, 0.453),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"6 * n_params * n_tokens / flops": "1.0"},
            "You take for granted that an allocation spends its budget. Work out 6·N·D for the "
            "N and D that these formulas give, and divide by C.",
        ),
        Wrong(
            {"6 * ": ""},
            "Your share is 6 times too small: training takes 6·N·D FLOP, not N·D.",
        ),
        Wrong(
            {"return 6": "return 1 - 6"},
            "You give the share that is left over. Asked is the one that is spent, 6·N·D / C.",
        ),
        Wrong(
            {"6 * n_params * n_tokens / flops": "flops / (6 * n_params * n_tokens)"},
            "Your fraction is upside down: spent over given, 6·N·D / C.",
        ),
        Wrong(
            {"n_params * n_tokens / flops": "n0 * d0 / c0"},
            "You work out the share at C0 only. It stays the same at other budgets only where "
            "the exponents add up to 1.",
        ),
        Wrong(
            {"/ flops": "/ c0"},
            "You divide by c0, the budget at the start. The share is of the budget that is "
            "asked for, `flops`.",
        ),
        Wrong(
            {"n_params * n_tokens / flops": "n0 * d0 / flops"},
            "You divide 6·n0·d0 by the new budget. N and D grow with the budget: "
            "N = n0·(C/c0)**a and D = d0·(C/c0)**b.",
        ),
        Wrong(
            {"6 * n_params * n_tokens": "n_params"},
            "N / C is what document A §1.2 calls parameter_efficiency. It falls with any "
            "budget, has the unit 1/FLOP and says nothing of a share. Spent is 6·N·D.",
        ),
    ),
    right=(budget_share_from_the_start,),
)

# --- 01.8 ----------------------------------------------------------------------------------------

_RUNS = (
    [1e8, 1e8, 1e9, 1e9, 1e10, 1e10],
    [2e9, 2e10, 2e10, 2e11, 2e11, 2e10],
    [3.44, 2.97, 2.53, 2.33, 2.13, 2.33],
)
_MODEL = _SIZES["Chinchilla"]


def change_units(n_params, n_tokens, losses, model, units):
    import numpy as np

    def predict(with_k, n_unit, d_unit):
        n, d = np.array(n_params) / n_unit, np.array(n_tokens) / d_unit
        columns = np.stack([-np.log(n), -np.log(d)] + [np.ones(len(n))] * with_k)
        a, b, *log_k = np.linalg.solve(columns @ columns.T, columns @ np.log(losses))
        return np.exp(sum(log_k)) / ((model[0] / n_unit) ** a * (model[1] / d_unit) ** b)

    found = {
        name: [predict(with_k, 1, 1), predict(with_k, *units)]
        for name, with_k in (("with_k", True), ("without_k", False))
    }
    agree = [name for name, (one, two) in found.items() if abs(two / one - 1) < 1e-6]
    return found | {"survive": agree}


def change_units_with_the_library(n_params, n_tokens, losses, model, units):
    import numpy as np

    from course.scaling.products import fit_product

    points = np.array([n_params, n_tokens])
    answer = {"survive": []}
    for name, constant in (("with_k", True), ("without_k", False)):
        two = []
        for scale in (np.ones(2), np.array(units)):
            law = fit_product(*(points / scale[:, None]), np.array(losses), constant=constant)
            two.append(law.loss(*(np.array(model) / scale)))
        answer[name] = two
        if abs(two[1] / two[0] - 1) < 1e-6:
            answer["survive"].append(name)
    return answer


def ratio_of_c(n_params, n_tokens, losses, model, units):
    import numpy as np

    # P = N D / R with R = 6 N D: the same number for every model, the mean of the logs
    loss = np.exp(np.mean(np.log(losses)))
    return {"with_k": [loss, loss], "without_k": [1 / 6, 1 / 6], "survive": ["with_k", "without_k"]}


E01_8 = Exercise(
    id="01.8",
    name="change_units",
    title="Which formula survives a change of units?",
    minutes=15,
    difficulty=3,
    reference=change_units,
    properties=(
        Property(
            "in document B's units (亿 parameters, 万 tokens) only the formula with k survives; in "
            "units of one both do",
            {"with_k": 1, "without_k": 1, "survive": 1},
            ((*_RUNS, _MODEL, [1e8, 1e4]), (*_RUNS, _MODEL, [1, 1])),
            rel_tol=1e-4,
        ),
        Property(
            "other runs and other units come out right; to agree is to differ by less than one in "
            "a million of the prediction, whatever its size",
            2,
            (
                (
                    [6e7, 3e8, 3e8, 2e9, 5e9],
                    [4e9, 3e9, 5e10, 8e9, 1.3e11],
                    [3.51, 3.07, 2.62, 2.58, 2.187],
                    [1.1e10, 2.6e11],
                    [1e6, 1e9],
                ),
                (*_RUNS, [4.05e11, 1.56e13], [1, 1e12]),
                (*_RUNS, _MODEL, [1.0005, 1]),
                (*_RUNS, _MODEL, [1.00005, 1]),
                (*_RUNS[:2], [1e-7 * loss for loss in _RUNS[2]], _MODEL, [1e8, 1e4]),
            ),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {"(model[0] / n_unit) ** a * (model[1] / d_unit)": "model[0] ** a * model[1]"},
            "You count the runs in the new units, but the model that you ask about still in "
            "ones. Divide its N and D too.",
        ),
        Wrong(
            {
                "/ n_unit, np.array(n_tokens) /": "* n_unit, np.array(n_tokens) *",
                "/ n_unit) ** a * (model[1] /": "* n_unit) ** a * (model[1] *",
            },
            "You multiply by the units. 1.17e9 parameters are 11.7 亿 (units of 1e8): divide.",
        ),
        Wrong(
            {"with_k, *units": "with_k, 1, 1"},
            "Your predictions are the same twice because the second fit is made in ones too. "
            "Divide the runs and the model by the units, and fit again.",
        ),
        Wrong(
            {"/ n_unit, np.array(n_tokens) / d_unit": ", np.array(n_tokens)"},
            "You fit once and put the new numbers into the old formula. Whoever counts in 亿 "
            "fits in 亿: fit again, then ask.",
        ),
        Wrong(
            {" if abs(two / one - 1) < 1e-6": ""},
            "The product without a constant, as document B §4.2 prints it, says something else "
            "in other units about the same model: it does not survive. Compare its two "
            "predictions, abs(q / p - 1) < 1e-6.",
        ),
        Wrong(
            ratio_of_c,
            "This is document C §4.2, N·D/R with R = 6·N·D. Units do not change it, but it is "
            "1/6 for every model (with a constant: one and the same loss for all). Fit the "
            "product k/(N**a·D**b) instead.",
        ),
    ),
    right=(change_units_with_the_library,),
    equivalent={
        "abs(two / one - 1) < 1e-06 → abs(two / one - 1) <= 1e-06": "rounding decides there",
        "two / one - 1 → 1 - two / one": "its absolute value is taken",
        "two / one → one / two": "near 1 the two differ from 1 alike, to one in a million of it",
    },
)

# --- 01.9 ----------------------------------------------------------------------------------------


def _laws_case(first, second, *, disagree):
    """Two models under both laws, with the losses that the registry has."""
    value = {
        "kaplan": [_KAPLAN[first], _KAPLAN[second]],
        "refit": [_REFIT[first], _REFIT[second]],
        "disagree": disagree,
    }
    return Case((_SIZES[first], _SIZES[second]), value)


def compare_laws(first, second):
    from course.evidence import fact

    k, r = fact("kaplan.joint_fit").value, fact("besiroglu.printed").value
    kaplan = [
        ((k["N_c"] / n) ** (k["alpha_N"] / k["alpha_D"]) + k["D_c"] / d) ** k["alpha_D"]
        for n, d in (first, second)
    ]
    refit = [
        r["E"] + r["A"] / n ** r["alpha"] + r["B"] / d ** r["beta"] for n, d in (first, second)
    ]
    disagree = (kaplan[0] < kaplan[1]) != (refit[0] < refit[1])
    return {"kaplan": kaplan, "refit": refit, "disagree": disagree}


def compare_laws_with_numpy(first, second):
    import numpy as np

    n, d = np.array([first, second], dtype=float).T
    kaplan = np.exp(0.103 * np.logaddexp(0.076 / 0.103 * np.log(6.4e13 / n), np.log(1.8e13 / d)))
    refit = 1.8172 + 482.01 * n**-0.3478 + 2085.43 * d**-0.3658
    return {
        "kaplan": kaplan,
        "refit": refit,
        "disagree": np.diff(kaplan)[0] * np.diff(refit)[0] < 0,
    }


def compute_alone_as_in_a(first, second):
    losses = [(6 * n * d / 6.62e18) ** -0.076 for n, d in (first, second)]
    return {"kaplan": losses, "refit": losses, "disagree": False}


E01_9 = Exercise(
    id="01.9",
    name="compare_laws",
    title="Kaplan or Chinchilla?",
    minutes=15,
    difficulty=2,
    reference=compare_laws,
    own=True,
    properties=(
        Property(
            "Kaplan's law puts Gopher ahead of Chinchilla; the refit has it the other way. Both "
            "laws put Gopher ahead of GPT-3",
            {"kaplan": 1, "refit": 1, "disagree": 1},
            (
                _laws_case("Gopher", "Chinchilla", disagree=True),
                _laws_case("GPT-3", "Gopher", disagree=False),
            ),
            rel_tol=5e-4,
        ),
        Property(
            "other pairs, in either order, come out right; no law tells a model from itself",
            2,
            (
                ([6.74e9, 1.07e12], [5.3e11, 2.7e11]),
                ([1.37e11, 1.68e11], [8.03e9, 1.53e13]),
                ([4.17e8, 7.7e9], [1.24e8, 3.1e10]),
                ([4.17e8, 7.7e9], [4.17e8, 7.7e9]),
            ),
            hidden=True,
            rel_tol=5e-4,
        ),
    ),
    wrong=(
        Wrong(
            {
                'fact("kaplan.joint_fit").value': '{"N_c": 8.8e13, "alpha_N": 0.076, "D_c": 5.4e13, "alpha_D": 0.095}'
            },
            "You put the constants of L(N) and L(D) (eq. 1.1 and 1.2) into L(N, D). It was "
            "fitted by itself and has its own: table 2, `kaplan` above.",
        ),
        Wrong(
            {"    k, r =": "    first, second = first[::-1], second[::-1]\n    k, r ="},
            "You have N and D the wrong way round, as document A §1.2 has its letters. N is "
            "parameters and comes first, D is tokens.",
        ),
        Wrong(
            {"        for n, d": "        for d, n"},
            "In Kaplan's law you have N and D the wrong way round: N_c and alpha_N belong to "
            "the parameters, D_c to the tokens.",
        ),
        Wrong(
            {'r["beta"] for n, d': 'r["beta"] for d, n'},
            "In the refit you have N and D the wrong way round: A and alpha belong to the "
            "parameters, B and beta to the tokens.",
        ),
        Wrong(
            {' ** (k["alpha_N"] / k["alpha_D"])': ""},
            "In Kaplan's law the term of N has an exponent inside the bracket: "
            "(N_c/N)**(alpha_N/alpha_D).",
        ),
        Wrong(
            {
                '((k["N_c"] / n) ** (k["alpha_N"] / k["alpha_D"]) + k["D_c"] / d)': '(k["N_c"] / n) ** k["alpha_N"] + (k["D_c"] / d)'
            },
            "You add L(N) and L(D). Kaplan's L(N, D) adds inside one bracket, and the bracket "
            "as a whole has the exponent alpha_D.",
        ),
        Wrong(
            {'r["E"] + ': ""},
            "Your refit has no floor: E = 1.8172 nats come on top of the two terms.",
        ),
        Wrong(
            {
                'fact("besiroglu.printed").value': '{"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}'
            },
            "Your second law has the constants that Hoffmann et al. printed. Asked is the "
            "refit of 2024, `refit` above.",
        ),
        Wrong(
            {") != (": ") == ("},
            '"disagree" comes out the wrong way round: it is True where one law puts the first '
            "model ahead and the other the second. (Wrong losses can do that too.)",
        ),
        Wrong(
            compute_alone_as_in_a,
            "You ask document A §1.1's law, which knows compute alone. Two models of the same "
            "budget are the same to it, whatever their size and data: it cannot answer.",
        ),
    ),
    right=(compare_laws_with_numpy,),
)

# --- 01.10 ---------------------------------------------------------------------------------------

_FLOPS = [1e18, 3.16e18, 1e19, 3.16e19, 1e20, 3.16e20, 1e21]
_LOSSES = [3.471, 3.179, 2.939, 2.699, 2.546, 2.389, 2.288]


def forecast(flops, losses, at, t):
    import numpy as np

    x, y = np.log(flops), np.log(losses)
    n = len(x)
    if n < 3:
        raise ValueError(f"two points lie on a line whatever the noise is: got {n}, need 3")
    slope, intercept = np.polyfit(x, y, 1)
    s = np.sqrt(np.sum((y - intercept - slope * x) ** 2) / (n - 2))
    far = np.log(at) - x.mean()
    half = t * s * np.sqrt(1 + 1 / n + far**2 / np.sum((x - x.mean()) ** 2))
    middle = intercept + slope * np.log(at)
    return {"loss": np.exp(middle), "low": np.exp(middle - half), "high": np.exp(middle + half)}


def forecast_in_powers_of_ten(flops, losses, at, t):
    from math import log10, sqrt

    n = len(flops)
    if n < 3:
        raise ValueError("three points are needed")
    x, y = [log10(c) for c in flops], [log10(loss) for loss in losses]
    x_mean, y_mean = sum(x) / n, sum(y) / n
    s_xx = sum((xi - x_mean) ** 2 for xi in x)
    slope = sum((xi - x_mean) * (yi - y_mean) for xi, yi in zip(x, y, strict=True)) / s_xx
    errors = [yi - y_mean - slope * (xi - x_mean) for xi, yi in zip(x, y, strict=True)]
    far = log10(at) - x_mean
    s2 = sum(error**2 for error in errors) / (n - 2)
    half = t * sqrt(s2 * (1 + 1 / n + far**2 / s_xx))
    middle = y_mean + slope * far
    return {"loss": 10**middle, "low": 10 ** (middle - half), "high": 10 ** (middle + half)}


def forecast_by_matrices(flops, losses, at, t):
    import numpy as np

    if len(flops) <= 2:
        raise ValueError("three points are needed")
    X = np.column_stack([np.ones(len(flops)), np.log(flops) - np.log(at)])
    beta, residual, *_ = np.linalg.lstsq(X, np.log(losses), rcond=None)
    variance = residual[0] / (len(flops) - 2)
    # The intercept is the forecast: its own variance, and that of a new run
    half = t * np.sqrt(variance * (np.linalg.inv(X.T @ X)[0, 0] + 1))
    low, middle, high = np.exp(beta[0] + np.array([-half, 0, half]))
    return {"low": low, "loss": middle, "high": high}


E01_10 = Exercise(
    id="01.10",
    name="forecast",
    title="A forecast with an interval",
    minutes=22,
    difficulty=3,
    reference=forecast,
    properties=(
        Property(
            "three points exactly on a power law: the forecast, and an interval of no width. The "
            "seven runs of the picture: 1.94 nats at 1e22 FLOP, the interval 0.25 wide",
            {"loss": 1, "low": 1, "high": 1},
            (
                Case(
                    ([1e18, 1e19, 1e20], [4.0, 3.2, 2.56], 1e21, 12.706),
                    {"loss": 2.048, "low": 2.048, "high": 2.048},
                ),
                (_FLOPS, _LOSSES, 1e22, 2.571),
            ),
            rel_tol=1e-4,
        ),
        Property(
            "two points, and one, are refused with ValueError",
            1,
            (([1e18, 1e20], [4.0, 2.56], 1e21, 12.706), ([1e20], [2.56], 1e21, 12.706)),
        ),
        Property(
            "other runs, a nearer and a further forecast come out right, three runs with a "
            "scatter too",
            2,
            (
                ([2e18, 9e18, 3e20], [3.371, 3.019, 2.553], 1e21, 12.706),
                ([3e17, 4e18, 2e19, 7e20], [3.713, 3.017, 2.791, 2.274], 1.3e19, 4.303),
                ([3e17, 4e18, 2e19, 7e20], [3.713, 3.017, 2.791, 2.274], 5.3e25, 4.303),
            ),
            hidden=True,
            rel_tol=1e-4,
        ),
    ),
    wrong=(
        Wrong(
            {"1 + 1 / n": "1 / n"},
            "Your interval is for the line, the mean of many runs. A single new run scatters "
            "about the line as well: that is the 1 in sqrt(1 + 1/n + …).",
        ),
        Wrong(
            {" * np.sqrt(1 + 1 / n + far**2 / np.sum((x - x.mean()) ** 2))": ""},
            "Your interval has the same width everywhere. The slope is uncertain too, and it "
            "tells the more the further you go: sqrt(1 + 1/n + (x - mean)**2/S).",
        ),
        Wrong(
            {"(n - 2)": "n"},
            "You divide the squared residuals by n. Two numbers, slope and intercept, were "
            "chosen to make them small: divide by n - 2.",
        ),
        Wrong(
            {"half = t": "half = 1.96"},
            "You take 1.96, which needs a spread that is known. Here it comes from a few "
            "points: use `t`.",
        ),
        Wrong(
            {
                "np.exp(middle - half)": "np.exp(middle) - half",
                "np.exp(middle + half)": "np.exp(middle) + half",
            },
            "You add and subtract the half width of the log of the loss, after exp. Do it "
            "before: exp(middle - half) and exp(middle + half).",
        ),
        Wrong(
            {
                "y - intercept - slope * x": "losses - np.exp(intercept + slope * x)",
                "np.exp(middle - half)": "np.exp(middle) - half",
                "np.exp(middle + half)": "np.exp(middle) + half",
            },
            "Your forecast is right, but your residuals are in nats. Stay in logs: the scatter "
            "is a share of the loss, so the interval is not symmetric in nats.",
        ),
        Wrong(
            {
                "np.log(losses)": "np.array(losses)",
                "np.exp(middle),": "middle,",
                "np.exp(middle - half)": "middle - half",
                "np.exp(middle + half)": "middle + half",
            },
            "You fit the loss itself against log C, which is a logarithmic law as in document "
            "B §1.1. A power law needs the logarithm of the loss too.",
        ),
        Wrong(
            {"n < 3": "n < 2", "(n - 2)": "max(n - 2, 1)"},
            "Two points lie on a line whatever the noise is: n - 2 is 0, and nothing is left "
            "to tell the spread from. Raise ValueError.",
        ),
        Wrong(
            {
                "intercept + slope * np.log(at)": "-0.076 * np.log(at / 6.62e18)",
                "half = t": "half = 0 * t",
            },
            "This is document A §1.1 as printed: it does not look at your runs, and it gives "
            "one number without saying how sure it is. Fit the runs.",
        ),
    ),
    right=(forecast_in_powers_of_ten, forecast_by_matrices),
    equivalent={
        "np.log(at) - x.mean() → x.mean() - np.log(at)": "its square has no sign",
        "y - intercept - slope * x → slope * x - (y - intercept)": "its square has no sign",
        "x - x.mean() → x.mean() - x": "its square has no sign",
    },
)

EXERCISES = [E01_1, E01_2, E01_3, E01_4, E01_5, E01_6, E01_7, E01_8, E01_9, E01_10]
