"""What decides the points of 08_learning. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

import numpy as np

from course.classroom.judge import Exercise, Property, Wrong

_X = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
_Y = [2 * x for x in _X]
_Y30 = [30 + 2 * x for x in _X]

# --- 08.1 ----------------------------------------------------------------------------------------


def slopes(theta, x, y):
    n = len(x)
    errors = [theta[0] + theta[1] * x[i] - y[i] for i in range(n)]
    return {
        "loss": sum(e * e for e in errors) / n,
        "d0": 2 * sum(errors) / n,
        "d1": 2 * sum(errors[i] * x[i] for i in range(n)) / n,
    }


def slopes_by_moving(theta, x, y):
    import numpy as np

    x, y = np.array(x, float), np.array(y, float)

    def loss(a, b):
        return np.mean((a + b * x - y) ** 2)

    a, b = theta
    return {
        "d1": (loss(a, b + 0.5) - loss(a, b - 0.5)),
        "d0": (loss(a + 0.5, b) - loss(a - 0.5, b)),
        "loss": loss(a, b),
    }


E08_1 = Exercise(
    id="08.1",
    name="slopes",
    title="A loss and its two slopes",
    minutes=9,
    difficulty=1,
    reference=slopes,
    own=True,
    properties=(
        Property(
            "at (0, 0) the ten houses have a loss of 1,540,000 and slopes of −2,200 and −1,540,000; "
            "elsewhere they come out right too",
            {"loss": 1, "d0": 1, "d1": 1},
            (([0, 0], _X, _Y), ([500, 200], _X, _Y), ([1, -1], [1, 2, 4], [3, 0, 5])),
        ),
        Property(
            "other lines and data come out right",
            2,
            (([0.3, -1.7], [2.1, 3.7, 0.4, 9.9], [1.2, -0.7, 3.3, 8.1]),),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "2 * sum(errors) / n": "sum(errors) / n",
                "2 * sum(errors[i]": "sum(errors[i]",
            },
            "Your slopes are half of the loss's, as document D prints them: the square's derivative "
            "brings a factor 2.",
        ),
        Wrong(
            {
                "2 * sum(errors) / n": "2 * sum(errors)",
                "x[i] for i in range(n)) / n": "x[i] for i in range(n))",
            },
            "You forget the 1/n in the slopes. It stands in front of the whole sum.",
        ),
        Wrong(
            {"theta[0] + theta[1] * x[i] - y[i]": "y[i] - theta[0] - theta[1] * x[i]"},
            "Your slopes have the wrong sign: the error is what is predicted minus what is true.",
        ),
        Wrong(
            {"2 * sum(errors[i] * x[i] for i in range(n)) / n": "2 * sum(errors) / n"},
            'Your "d1" lacks the factor x: a steeper line changes each prediction by its x.',
        ),
        Wrong(
            {"sum(e * e for e in errors) / n": "sum(e * e for e in errors) / n / 2"},
            'Your "loss" has a half in front. The mean squared error has none.',
        ),
        Wrong(
            {"sum(e * e for e in errors) / n": "(sum(e * e for e in errors) / n) ** 0.5"},
            'Your "loss" is the root of the mean squared error.',
        ),
    ),
    right=(slopes_by_moving,),
)

# --- 08.2 ----------------------------------------------------------------------------------------


def bowl(x):
    import numpy as np

    x = np.array(x, float)
    matrix = 2 * np.array([[1, x.mean()], [x.mean(), (x**2).mean()]])
    low, high = np.linalg.eigvalsh(matrix).tolist()
    return {"largest_rate": 2 / high, "condition": high / low}


def bowl_by_formula(x):
    n = len(x)
    mean, square = sum(x) / n, sum(a * a for a in x) / n
    half = (1 + square) / 2
    root = (half**2 - (square - mean**2)) ** 0.5
    high = half + root
    low = (square - mean**2) / high
    return {"condition": high / low, "largest_rate": 1 / high}


E08_2 = Exercise(
    id="08.2",
    name="bowl",
    title="The largest rate that is stable",
    minutes=12,
    difficulty=2,
    reference=bowl,
    own=True,
    units=("factor",),
    properties=(
        Property(
            "the ten houses allow 2.597e-6, with a condition number of 1.797e6; −1 and 1 make a "
            "round bowl; so too 1, 2 and 6",
            {"largest_rate": 2, "condition": 1},
            ((_X,), ([-1, 1],), ([1, 2, 6],)),
            rel_tol=1e-5,
        ),
        Property(
            "any other data come out right as well",
            2,
            (([0.3, 0.7, 1.9, 2.2],), ([40, 41],)),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {"2 * np.array": "np.array"},
            "Your curvatures are half of the loss's: each second derivative has the factor 2 of the "
            "square.",
        ),
        Wrong(
            {"2 / high": "1 / high"},
            "Your rate just jumps into the minimum. Up to twice that the error still shrinks: "
            "|1 − rate · h| < 1.",
        ),
        Wrong(
            {"2 / high": "2 / low"},
            "Your rate is stable along the flat direction only. The steepest one decides.",
        ),
        Wrong(
            {"(x**2).mean()": "x.mean() ** 2"},
            "You take the square of the mean. The mean of the squares is meant, and is larger.",
        ),
        Wrong(
            {"[[1, x.mean()], [x.mean(), (x**2).mean()]]": "[[1, 0], [0, (x**2).mean()]]"},
            "You leave out the mixed derivative. Intercept and slope pull at the same errors.",
        ),
        Wrong(
            {"high / low": "low / high"},
            "Your condition number is upside down: the largest curvature over the smallest.",
        ),
        Wrong(
            {"high / low": "(high / low) ** 0.5"},
            "Your condition number is the root of the one that is asked for.",
        ),
    ),
    right=(bowl_by_formula,),
)

# --- 08.3 ----------------------------------------------------------------------------------------


def scaled_line(x, y, rate, n_steps):
    import numpy as np

    x, y = np.array(x, float), np.array(y, float)
    mean, sd = x.mean(), x.std()
    z, t0, t1 = (x - mean) / sd, 0.0, 0.0
    for _ in range(n_steps):
        error = t0 + t1 * z - y
        t0, t1 = t0 - rate * 2 * error.mean(), t1 - rate * 2 * (error * z).mean()
    return {"slope": t1 / sd, "intercept": t0 - t1 / sd * mean}


def scaled_line_in_closed_form(x, y, rate, n_steps):
    import numpy as np

    x, y = np.array(x, float), np.array(y, float)
    left = 1 - (1 - 2 * rate) ** n_steps  # both axes of the round bowl shrink alike
    cov = np.mean((x - x.mean()) * (y - y.mean()))
    slope = left * cov / x.var()
    return {"intercept": left * y.mean() - slope * x.mean(), "slope": slope}


E08_3 = Exercise(
    id="08.3",
    name="scaled_line",
    title="Scale, descend, and scale back",
    minutes=13,
    difficulty=2,
    reference=scaled_line,
    own=True,
    properties=(
        Property(
            "the ten areas with prices of 30 + 2 · area give that line after 100 steps at 0.1; after one "
            "and after five steps it is on its way; other data come out right",
            {"slope": 2, "intercept": 2},
            ((_X, _Y30, 0.1, 100), (_X, _Y30, 0.1, 1), ([1, 2, 4], [3, 0, 5], 0.2, 5)),
            rel_tol=1e-5,
        ),
        Property(
            "further data come out right",
            2,
            (([-3, 2, 7, 8], [1, 1, 2, -4], 0.15, 9),),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {'"slope": t1 / sd, "intercept": t0 - t1 / sd * mean': '"slope": t1, "intercept": t0'},
            "You give the parameters of the standardised line. In the units of x the slope is θ₁/sd, "
            "and the intercept moves as well.",
        ),
        Wrong(
            {"t0 - t1 / sd * mean": "t0"},
            'Your "intercept" is the height at the mean of x. At x = 0 the line is lower by slope · '
            "mean.",
        ),
        Wrong(
            {"t0 - t1 / sd * mean": "t0 + t1 / sd * mean"},
            'Your "intercept" goes the wrong way: from the mean back to 0 the line falls by slope · mean.',
        ),
        Wrong(
            {"x.std()": "x.std(ddof=1)"},
            "Your standard deviation divides by n − 1. Here it is the one with 1/n.",
        ),
        Wrong(
            {"x.std()": "x.var()"},
            "You divide by the variance. Standardising divides by its root.",
        ),
        Wrong(
            {"rate * 2 * error.mean(), t1 - rate * 2 *": "rate * error.mean(), t1 - rate *"},
            "Your steps are half as long: the gradient of the mean squared error has a factor 2.",
        ),
        Wrong(
            {
                "t0, t1 = t0 - rate * 2 * error.mean(), t1 - rate * 2 * (error * z).mean()": "t0 = t0 - rate * 2 * error.mean()\n        t1 = t1 + rate * 2 * (error * z).mean()"
            },
            "Your slope climbs the loss: the step goes against the gradient.",
        ),
    ),
    right=(scaled_line_in_closed_form,),
)

# --- 08.4 ----------------------------------------------------------------------------------------


def adamw(weight, gradients, rate, decay):
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        step = m / (1 - 0.9**t) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
        weight = weight - rate * decay * weight - rate * step
    return weight


def adamw_by_pytorch(weight, gradients, rate, decay):
    import torch

    leaf = torch.nn.Parameter(torch.tensor([float(weight)], dtype=torch.float64))
    optimiser = torch.optim.AdamW([leaf], lr=rate, weight_decay=decay)
    for g in gradients:
        leaf.grad = torch.tensor([float(g)], dtype=torch.float64)
        optimiser.step()
    return leaf.item()


E08_4 = Exercise(
    id="08.4",
    name="adamw",
    title="AdamW, a step at a time",
    minutes=13,
    difficulty=2,
    reference=adamw,
    own=True,
    properties=(
        Property(
            "without decay one step has the length of the rate, whatever the gradient: from 1 to 0.9",
            1,
            ((1.0, [5.0], 0.1, 0.0), (1.0, [-0.002], 0.1, 0.0)),
            rel_tol=1e-4,
        ),
        Property(
            "three steps come out right, with decay and without",
            2,
            ((1.0, [1.0, -2.0, 0.5], 0.1, 0.0), (2.0, [1.0, -2.0, 0.5], 0.1, 0.3)),
        ),
        Property(
            "longer runs come out right",
            2,
            ((-3.0, [0.3, 0.1, -0.7, 4.0, 2.0, -1.0], 0.02, 0.5), (0.7, [1e-4] * 30, 0.01, 0.1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"m / (1 - 0.9**t) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)": "m / (v**0.5 + 1e-8)"},
            "You leave out the corrections: m and v start at 0, so both are too small at first. "
            "Divide by 1 − β^t.",
        ),
        Wrong(
            {"m / (1 - 0.9**t) /": "m /"},
            "You correct v and not m. Both start at 0.",
        ),
        Wrong(
            {"0.999 * v + 0.001 * g * g": "0.999 * v + 0.001 * abs(g)"},
            "Your v is a mean of gradients. It is one of their squares.",
        ),
        Wrong(
            {
                "        m = 0.9 * m": "        g = g + decay * weight\n        m = 0.9 * m",
                "weight - rate * decay * weight - rate": "weight - rate",
            },
            "You add the decay to the gradient: that is Adam with L2. In AdamW it goes past the "
            "division, straight to the weight.",
        ),
        Wrong(
            {"rate * decay * weight": "decay * weight"},
            "Your decay lacks the rate: the weight shrinks by rate · decay at each step.",
        ),
        Wrong(
            {"(v / (1 - 0.999**t)) ** 0.5 + 1e-8": "v / (1 - 0.999**t) + 1e-8"},
            "You divide by v. Adam divides by its root, which has the gradient's own unit.",
        ),
        Wrong(
            {"0.9 * m + 0.1 * g": "0.1 * m + 0.9 * g"},
            "Your m forgets almost everything: 0.9 belongs to the past, 0.1 to the new gradient.",
        ),
        Wrong(
            {"enumerate(gradients, 1)": "enumerate(gradients, 2)"},
            "Your first step has t = 2. Count from 1.",
        ),
    ),
    right=(adamw_by_pytorch,),
)

# --- 08.5 ----------------------------------------------------------------------------------------


def rate_at(step, n_steps, n_warmup, peak):
    import math

    if step < n_warmup:
        return peak * (step + 1) / n_warmup
    share = (step - n_warmup) / (n_steps - n_warmup)
    return peak * (1 + math.cos(math.pi * share)) / 2


def rate_at_with_half_angles(step, n_steps, n_warmup, peak):
    import numpy as np

    up = (step + 1) / max(n_warmup, 1)
    down = np.cos(np.pi / 2 * max(step - n_warmup, 0) / (n_steps - n_warmup)) ** 2
    return float(peak * (up if step < n_warmup else down))


E08_5 = Exercise(
    id="08.5",
    name="rate_at",
    title="Warm up, then cool down",
    equivalent={
        key: "the cosine of a share and of minus that share are the same"
        for key in (
            "step - n_warmup → n_warmup - step",
            "n_steps - n_warmup → n_warmup - n_steps",
        )
    },
    minutes=9,
    difficulty=1,
    reference=rate_at,
    own=True,
    properties=(
        Property(
            "100 steps, 10 of warm-up: a tenth of the peak at step 0, the peak at 9 and at 10, half "
            "of it at 55; without warm-up step 0 has the peak",
            2,
            (
                (0, 100, 10, 0.4),
                (9, 100, 10, 0.4),
                (10, 100, 10, 0.4),
                (55, 100, 10, 0.4),
                (0, 100, 0, 0.4),
            ),
        ),
        Property(
            "other steps come out right, the last one too",
            2,
            ((3, 50, 7, 0.01), (49, 50, 7, 0.01), (30, 50, 7, 0.01), (8, 9, 1, 3.0)),
            hidden=True,
            rel_tol=1e-6,
        ),
    ),
    wrong=(
        Wrong(
            {"(step + 1) / n_warmup": "step / n_warmup"},
            "Your first step has a rate of 0 and learns nothing: start at peak / n_warmup.",
        ),
        Wrong(
            {"step < n_warmup": "step <= n_warmup"},
            "Your warm-up has a step too many and rises above the peak. Steps 0 to n_warmup − 1 warm up.",
        ),
        Wrong(
            {"(step - n_warmup) / (n_steps - n_warmup)": "step / n_steps"},
            "Your cosine starts at step 0. It starts where the warm-up ends.",
        ),
        Wrong(
            {"(step - n_warmup) / (n_steps - n_warmup)": "(step - n_warmup) / n_steps"},
            "Your cosine does not get to 0: it has n_steps − n_warmup steps.",
        ),
        Wrong(
            {"(1 + math.cos(math.pi * share)) / 2": "(1 - share)"},
            "Your rate falls in a straight line. Half a cosine is asked for.",
        ),
        Wrong(
            {"math.cos(math.pi * share)": "math.cos(2 * math.pi * share)"},
            "Your cosine goes down and up again: half a turn, π, is enough.",
        ),
        Wrong(
            {"(1 + math.cos(math.pi * share)) / 2": "math.cos(math.pi * share / 2)"},
            "Yours is a quarter of a cosine. (1 + cos(π · share)) / 2 leaves the peak and arrives at "
            "0 flat.",
        ),
    ),
    right=(rate_at_with_half_angles,),
)

# --- 08.6 ----------------------------------------------------------------------------------------


def cross_entropy(logits, label):
    import math

    z = [logit - max(logits) for logit in logits]
    total = sum(math.exp(a) for a in z)
    p = [math.exp(a) / total for a in z]
    loss = math.log(total) - z[label]
    p[label] -= 1
    return {"loss": loss, "gradient": p}


def cross_entropy_by_scipy(logits, label):
    import numpy as np
    from scipy.special import logsumexp

    z = np.array(logits, float)
    gradient = np.exp(z - logsumexp(z)) - np.eye(len(z))[label]
    return {"gradient": gradient.tolist(), "loss": float(logsumexp(z) - z[label])}


E08_6 = Exercise(
    id="08.6",
    name="cross_entropy",
    title="A loss that does not overflow",
    minutes=12,
    difficulty=2,
    reference=cross_entropy,
    own=True,
    properties=(
        Property(
            "two equal logits cost ln 2 and pull by 0.5; three and four come out right",
            {"loss": 1, "gradient": 1},
            (([0, 0], 1), ([2, 1, -1], 0), ([2, 1, -1], 2), ([0.5, 0.1, 0.2, -3], 3)),
        ),
        Property(
            "logits of ±1000 give 0 and 2000 nats and no nan",
            2,
            (([1000, -1000], 0), ([1000, -1000], 1), ([-1000, -1000], 0)),
        ),
        Property(
            "other logits come out right",
            1,
            (([3.3, -700, 710, 2], 0), ([1.7, 1.1, 0.2], 1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {" - max(logits)": ""},
            "e^1000 overflows. Subtract the largest logit from all of them first: softmax does not "
            "change.",
        ),
        Wrong(
            {" - max(logits)": " - min(logits)"},
            "You subtract the smallest logit: the others become large, and e^2000 overflows. "
            "Subtract the largest.",
        ),
        Wrong(
            {"math.log(total) - z[label]": "-math.log(p[label])"},
            "Where p rounds to 0 its logarithm is −inf. Keep to logarithms: ln Σ e^z − z_label.",
        ),
        Wrong(
            {"    p[label] -= 1\n": ""},
            'Your "gradient" is the probabilities. At the right class it is p − 1.',
        ),
        Wrong(
            {"p[label] -= 1": "p = [-a for a in p]\n    p[label] += 1"},
            'Your "gradient" has the wrong sign: raising a wrong logit raises the loss.',
        ),
        Wrong(
            {"math.log(total) - z[label]": "(math.log(total) - z[label]) / math.log(2)"},
            'Your "loss" is in bits. Nats are asked for: the natural logarithm.',
        ),
        Wrong(
            {"math.log(total) - z[label]": "(math.log(total) - z[label]) / len(z)"},
            'Your "loss" is divided by the number of classes. One example is no mean.',
        ),
    ),
    right=(cross_entropy_by_scipy,),
)

# --- 08.7 ----------------------------------------------------------------------------------------


def early_stop(losses, patience, least):
    best, best_epoch, waited = losses[0], 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] <= best - least and losses[epoch] < best:
            best, best_epoch, waited = losses[epoch], epoch, 0
        else:
            waited += 1
        if waited == patience:
            return {"stopped": epoch, "best": best_epoch}
    return {"stopped": len(losses) - 1, "best": best_epoch}


def early_stop_by_slices(losses, patience, least):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best] and losses[best] - loss >= least:
            best = epoch
        if epoch - best >= patience:
            return {"best": best, "stopped": epoch}
    return {"best": best, "stopped": len(losses) - 1}


E08_7 = Exercise(
    id="08.7",
    name="early_stop",
    title="When to stop",
    minutes=11,
    difficulty=2,
    reference=early_stop,
    own=True,
    properties=(
        Property(
            "with a patience of 2 a curve that turns is stopped two epochs after its best; one that "
            "falls runs to its end; an equal loss is no gain",
            {"stopped": 1, "best": 1},
            (
                ([9, 7, 6, 8, 8, 5], 2, 0),
                ([9, 7, 6, 8, 8, 5], 3, 0),
                ([9, 8, 7, 6], 2, 0),
                ([5, 5, 5, 5], 2, 0),
                ([5, 7, 6, 8], 1, 0),
                ([9, 5, 7, 6], 3, 0),
            ),
        ),
        Property(
            "a gain counts from `least` on, just that much included, beside the best so far",
            2,
            (
                ([8, 7, 6, 5.5, 5], 2, 1),
                ([8, 7.5, 7, 6.5, 6], 2, 1),
                ([8, 7.5, 7.25, 7.5, 7.4], 2, 1),
                ([9, 7.5, 7.25, 7.5, 7], 4, 2),
            ),
        ),
        Property(
            "other curves come out right",
            1,
            (
                ([4, 3, 3.5, 3.25, 2.75, 2.75, 2.5], 3, 0.25),
                ([4, 4.5, 3, 5, 6, 2], 2, 0),
                ([1], 3, 0),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "best, best_epoch, waited = losses[epoch], epoch, 0": "best, best_epoch = losses[epoch], epoch"
            },
            "You never start to wait anew: after a gain the count goes back to 0.",
        ),
        Wrong(
            {"waited == patience": "waited > patience"},
            "You wait an epoch too long: stop when there were `patience` without a gain.",
        ),
        Wrong(
            {
                "losses[epoch] <= best - least and losses[epoch] < best": "losses[epoch] < losses[epoch - 1]"
            },
            "You compare with the epoch before. A gain is one beside the best so far.",
        ),
        Wrong(
            {"losses[epoch] <= best - least and losses[epoch] < best": "losses[epoch] < best"},
            "You take any gain. It counts from `least` on.",
        ),
        Wrong(
            {
                "losses[epoch] <= best - least and losses[epoch] < best": "losses[epoch] <= best - least"
            },
            "With least = 0 you take an equal loss for a gain. It is none.",
        ),
        Wrong(
            {"<= best - least and": "< best - least and"},
            "A gain of just `least` counts.",
        ),
        Wrong(
            {'{"stopped": epoch, "best": best_epoch}': '{"stopped": epoch, "best": epoch}'},
            'Your "best" is where it stopped. The weights of the best epoch are kept.',
        ),
        Wrong(
            {'{"stopped": len(losses) - 1,': '{"stopped": len(losses),'},
            "A curve that is never stopped ends at its last epoch, len(losses) − 1: they count from 0.",
        ),
    ),
    right=(early_stop_by_slices,),
)

# --- 08.8 ----------------------------------------------------------------------------------------


def noise(small, large, b_small, b_large):
    signal = (b_large * large - b_small * small) / (b_large - b_small)
    variance = (small - large) / (1 / b_small - 1 / b_large)
    return {"signal": signal, "variance": variance, "scale": variance / signal}


def noise_by_two_equations(small, large, b_small, b_large):
    import numpy as np

    signal, variance = np.linalg.solve([[1, 1 / b_small], [1, 1 / b_large]], [small, large])
    return {"scale": variance / signal, "signal": signal, "variance": variance}


E08_8 = Exercise(
    id="08.8",
    name="noise",
    title="The noise scale from two batches",
    minutes=12,
    difficulty=3,
    reference=noise,
    own=True,
    properties=(
        Property(
            "squared lengths of 11 at batch 10 and 2 at batch 100 are a signal of 1, a variance of "
            "100 and a scale of 100; two more come out right",
            {"signal": 1, "variance": 1, "scale": 1},
            ((11, 2, 10, 100), (0.5, 0.5, 4, 64), (3.0, 2.0, 1, 2)),
        ),
        Property(
            "others come out right", 2, ((0.73, 0.41, 8, 96), (17.0, 3.1, 2, 31)), hidden=True
        ),
    ),
    wrong=(
        Wrong(
            {"(b_large * large - b_small * small) / (b_large - b_small)": "large"},
            'Your "signal" is the large batch\'s squared length. There is noise in it too, 1/B of the '
            "variance: take it out.",
        ),
        Wrong(
            {
                "(small - large) / (1 / b_small - 1 / b_large)": "(small - large) * (b_large - b_small)"
            },
            'Your "variance" multiplies by the difference of the batches. The noise goes by 1/B: '
            "divide by 1/B_small − 1/B_large.",
        ),
        Wrong(
            {"variance / signal": "signal / variance"},
            'Your "scale" is upside down: noise over signal.',
        ),
        Wrong(
            {"variance / signal": "(variance / signal) ** 0.5"},
            'Your "scale" is a root. Both are squared lengths already, and the scale counts examples.',
        ),
        Wrong(
            {"b_large * large - b_small * small": "b_large * small - b_small * large"},
            "You weigh each length with the other one's batch: B · |G_B|² = B · signal + variance.",
        ),
        Wrong(
            {"(small - large) /": "(large - small) /"},
            "Your variance is negative: the small batch's gradient is the longer one.",
        ),
    ),
    right=(noise_by_two_equations,),
)

# --- 08.9 ----------------------------------------------------------------------------------------

_rng = np.random.default_rng(8)
_BASE = np.round(0.33 + 0.06 * _rng.standard_normal(8), 3)
_TABLE = {
    "nothing": _BASE.tolist(),
    "dropout": np.round(_BASE - 0.045 + 0.02 * _rng.standard_normal(8), 3).tolist(),
    "pruning": np.round(_BASE - 0.004 + 0.03 * _rng.standard_normal(8), 3).tolist(),
    "smaller": np.round(_BASE + 0.045 + 0.03 * _rng.standard_normal(8), 3).tolist(),
    "L2": np.round(_BASE - 0.020 + 0.025 * _rng.standard_normal(8), 3).tolist(),
}


def verdicts(table):
    from scipy.stats import ttest_rel

    base = table["nothing"]
    others = [name for name in table if name != "nothing"]
    p = {name: ttest_rel(table[name], base).pvalue for name in others}
    gain = {name: sum(table[name]) - sum(base) for name in others}
    adjusted, highest = {}, 0.0
    for place, name in enumerate(sorted(others, key=p.get)):
        highest = max(highest, min(1.0, (len(others) - place) * p[name]))
        adjusted[name] = highest
    told = [name for name in others if adjusted[name] < 0.05]
    return {
        "adjusted": adjusted,
        "better": sorted(name for name in told if gain[name] < 0),
        "worse": sorted(name for name in told if gain[name] > 0),
    }


def verdicts_in_arrays(table):
    import numpy as np
    from scipy.special import stdtr

    names = [name for name in table if name != "nothing"]
    differences = np.array([np.subtract(table[name], table["nothing"]) for name in names])
    n = differences.shape[1]
    t = differences.mean(1) / (differences.std(1, ddof=1) / n**0.5)
    p = 2 * stdtr(n - 1, -abs(t))
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    sure = adjusted < 0.05
    return {
        "worse": sorted(np.array(names)[sure & (t > 0)].tolist()),
        "better": sorted(np.array(names)[sure & (t < 0)].tolist()),
        "adjusted": dict(zip(names, adjusted.tolist(), strict=True)),
    }


_MANY = {
    "nothing": [0.31, 0.35, 0.29, 0.40, 0.33],
    "one": [0.30, 0.34, 0.27, 0.39, 0.32],
    "two": [0.35, 0.31, 0.30, 0.41, 0.30],
    "three": [0.25, 0.30, 0.25, 0.33, 0.29],
    "four": [0.36, 0.41, 0.33, 0.45, 0.38],
    "five": [0.32, 0.33, 0.33, 0.39, 0.35],
    "six": [0.30, 0.36, 0.28, 0.42, 0.31],
    "seven": [0.35, 0.39, 0.34, 0.44, 0.38],
}

E08_9 = Exercise(
    id="08.9",
    name="verdicts",
    title="Which remedies helped?",
    equivalent={
        "ttest_rel(table[name], base) → ttest_rel(base, table[name])": "the p-value does not "
        "depend on which of the two is taken from the other",
        "adjusted[name] < 0.05 → adjusted[name] <= 0.05": "no p-value is just 0.05",
    }
    | {
        f"gain[name] {a} 0 → gain[name] {a}= 0": "what is told apart has a gain other than 0"
        for a in "<>"
    },
    minutes=20,
    difficulty=3,
    reference=verdicts,
    own=True,
    properties=(
        Property(
            "of four remedies with eight seeds those that are told apart after Holm are named, the "
            "others are not; with one remedy nothing is corrected",
            {"adjusted": 2, "better": 1, "worse": 1},
            (
                (_TABLE,),
                ({"nothing": _MANY["nothing"], "four": _MANY["four"]},),
                ({"nothing": _MANY["nothing"], "one": _MANY["one"], "two": _MANY["two"]},),
            ),
        ),
        Property("other tables come out right", 2, ((_MANY,),), hidden=True),
    ),
    wrong=(
        Wrong(
            {
                "ttest_rel(table[name], base)": "__import__('scipy.stats').stats.ttest_ind(table[name], base)"
            },
            "You compare two heaps of seeds. The same seed stands in both columns: take differences "
            "seed by seed, `ttest_rel`.",
        ),
        Wrong(
            {"(len(others) - place) * p[name]": "p[name]"},
            "You do not correct. Of twenty comparisons of nothing with nothing one has p < 0.05.",
        ),
        Wrong(
            {"(len(others) - place)": "len(others)"},
            "You multiply every p by the number of comparisons: that is Bonferroni. Holm multiplies "
            "the smallest by m, the next by m − 1.",
        ),
        Wrong(
            {
                "max(highest, min(1.0, (len(others) - place) * p[name]))": "min(1.0, (len(others) - place) * p[name])"
            },
            "Your adjusted p may fall from one to the next. Each is at least as large as the one "
            "before it.",
        ),
        Wrong(
            {"min(1.0, (len(others) - place) * p[name])": "(len(others) - place) * p[name]"},
            "A p above 1 means nothing: cut it off at 1.",
        ),
        Wrong(
            {
                "if gain[name] < 0)": "if gain[name] > 0)",
                "if gain[name] > 0),\n    }": "if gain[name] < 0),\n    }",
            },
            "You have better and worse the wrong way round: a lower loss is better.",
        ),
        Wrong(
            {"told = [name for name in others if adjusted[name] < 0.05]": "told = others"},
            "You sort all remedies by their means. Those with p of 0.05 or more are not told apart.",
        ),
        Wrong(
            {"(len(others) - place)": "(len(table) - place)"},
            'You count "nothing" as a comparison. There are as many as remedies.',
        ),
    ),
    right=(verdicts_in_arrays,),
)

# --- 08.10 ---------------------------------------------------------------------------------------

_BATCHES = [4, 8, 16, 32, 64, 128, 256]
_STEPS = [820, 450, 240, 145, 92, 66, 55]
_MS = [5.0, 5.1, 5.3, 6.0, 8.0, 13.0, 24.0]


def choose_batch(batches, steps, ms_per_step):
    import numpy as np

    b, s = np.array(batches, float), np.array(steps, float)
    slope, least = np.polyfit(1 / b, s, 1)
    time = s * np.array(ms_per_step)
    images = s * b
    return {
        "critical": slope / least,
        "fastest": batches[int(time.argmin())],
        "cheapest": batches[int(images.argmin())],
    }


def choose_batch_by_hand(batches, steps, ms_per_step):
    n, x = len(batches), [1 / b for b in batches]
    mx, my = sum(x) / n, sum(steps) / n
    slope = sum((a - mx) * (c - my) for a, c in zip(x, steps, strict=True)) / sum(
        (a - mx) ** 2 for a in x
    )
    rows = list(zip(batches, steps, ms_per_step, strict=True))
    return {
        "cheapest": min(rows, key=lambda row: row[0] * row[1])[0],
        "fastest": min(rows, key=lambda row: row[1] * row[2])[0],
        "critical": slope / (my - slope * mx),
    }


E08_10 = Exercise(
    id="08.10",
    name="choose_batch",
    title="A batch that you defend",
    minutes=18,
    difficulty=3,
    reference=choose_batch,
    own=True,
    properties=(
        Property(
            "by the table of the notebook and by two others the batch where returns end, the fastest "
            "and the cheapest come out right",
            {"critical": 2, "fastest": 1, "cheapest": 1},
            (
                (_BATCHES, _STEPS, _MS),
                ([1, 2, 4], [90, 50, 30], [1, 1.1, 4]),
                ([10, 20, 40, 80], [60, 35, 22.5, 16], [2, 3, 4, 5]),
            ),
            rel_tol=1e-5,
        ),
        Property(
            "other tables come out right",
            2,
            (([2, 6, 18, 54], [700, 260, 110, 60], [3, 3.5, 9, 30]), ([5, 50], [33, 9], [1, 9])),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {"slope / least": "slope"},
            'Your "critical" is S·B_crit. Divide by S, the height at 1/B = 0.',
        ),
        Wrong(
            {"slope / least": "least / slope"},
            'Your "critical" is upside down: slope over the height at 1/B = 0.',
        ),
        Wrong(
            {"np.polyfit(1 / b, s, 1)": "np.polyfit(b, s, 1)"},
            "You fit steps against the batch. They go in a straight line against 1/B.",
        ),
        Wrong(
            {"s * np.array(ms_per_step)": "np.array(ms_per_step)"},
            'Your "fastest" has the fastest step. The whole run counts: steps times seconds.',
        ),
        Wrong(
            {"s * np.array(ms_per_step)": "s"},
            'Your "fastest" has the fewest steps. Large batches take longer for each: multiply.',
        ),
        Wrong(
            {"images = s * b": "images = s"},
            'Your "cheapest" has the fewest steps. What costs is examples: steps times batch.',
        ),
        Wrong(
            {"images = s * b": "images = time"},
            'Your "cheapest" is the fastest. Examples cost FLOP, whatever the time.',
        ),
    ),
    right=(choose_batch_by_hand,),
)

EXERCISES = [
    E08_1,
    E08_2,
    E08_3,
    E08_4,
    E08_5,
    E08_6,
    E08_7,
    E08_8,
    E08_9,
    E08_10,
]
