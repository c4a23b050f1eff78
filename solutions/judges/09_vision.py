"""What decides the points of 09_vision. Never released.

Every answer below stands alone (its imports inside): the tests paste its source into the exercise.
"""

from course.classroom.judge import Exercise, Property, Wrong

# --- 09.1 ----------------------------------------------------------------------------------------


def convolution(width_in, width_out, kernel, side, stride, padding):
    out = (side + 2 * padding - kernel) // stride + 1
    n_params = kernel * kernel * width_in * width_out
    return {"side": out, "n_params": n_params, "flops": 2 * n_params * out * out}


def convolution_by_pytorch(width_in, width_out, kernel, side, stride, padding):
    import torch

    layer = torch.nn.Conv2d(width_in, width_out, kernel, stride, padding, bias=False)
    with torch.no_grad():
        out = layer(torch.zeros(1, width_in, side, side))
    n_params = sum(p.numel() for p in layer.parameters())
    return {
        "flops": 2 * n_params * out.shape[2] * out.shape[3],
        "n_params": n_params,
        "side": out.shape[2],
    }


E09_1 = Exercise(
    id="09.1",
    name="convolution",
    title="What a convolution costs",
    minutes=10,
    difficulty=1,
    reference=convolution,
    own=True,
    units=("factor",),
    properties=(
        Property(
            "ResNet's first one (3 to 64, 7 × 7, stride 2, padding 3, on 224) leaves 112, with 9,408 "
            "parameters and 236,027,904 FLOP; three more come out right",
            {"side": 1, "n_params": 1, "flops": 1},
            (
                (3, 64, 7, 224, 2, 3),
                (64, 64, 3, 56, 1, 1),
                (64, 128, 3, 56, 2, 1),
                (1, 8, 5, 8, 1, 0),
            ),
        ),
        Property(
            "any other sizes come out right",
            2,
            ((16, 24, 3, 31, 2, 0), (5, 7, 2, 10, 3, 1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"(side + 2 * padding - kernel) // stride + 1": "(side + 2 * padding) // stride"},
            'Your "side" lets the window stand over the edge: it has (side + 2·padding − kernel)/stride '
            "+ 1 places, rounded down.",
        ),
        Wrong(
            {"2 * padding": "padding"},
            "Padding is on both sides: it counts twice.",
        ),
        Wrong(
            {"// stride + 1": "// stride"},
            'Your "side" lacks the first place: + 1.',
        ),
        Wrong(
            {"kernel * kernel * width_in * width_out": "kernel * width_in * width_out"},
            "The window is kernel × kernel: the side counts twice.",
        ),
        Wrong(
            {"kernel * kernel * width_in * width_out": "kernel * kernel * width_out"},
            "Each output channel looks at all input channels: multiply by width_in.",
        ),
        Wrong(
            {"2 * n_params * out": "n_params * out"},
            "You count multiply-adds. FLOP count both: twice as many.",
        ),
        Wrong(
            {"2 * n_params * out * out": "2 * n_params * side * side"},
            "You count the places of the input. The window is laid at the places of the output.",
        ),
        Wrong(
            {"2 * n_params * out * out": "2 * n_params * out"},
            "A picture has out × out places.",
        ),
    ),
    right=(convolution_by_pytorch,),
)

# --- 09.2 ----------------------------------------------------------------------------------------


def resnet_params(widths, blocks, n_classes, channels, kernel):
    total = kernel * kernel * channels * widths[0] + 2 * widths[0]
    width_in = widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks[stage]):
            total += 9 * width_in * width + 9 * width * width + 4 * width
            if stage > 0 and block == 0:
                total += width_in * width + 2 * width
            width_in = width
    return total + width_in * n_classes + n_classes


def resnet_params_in_parts(widths, blocks, n_classes, channels, kernel):
    norms = 2 * widths[0] + sum(4 * w * b for w, b in zip(widths, blocks, strict=True))
    convs = kernel**2 * channels * widths[0]
    before = widths[0]
    for place, (w, b) in enumerate(zip(widths, blocks, strict=True)):
        convs += 9 * before * w + 9 * w * w * (2 * b - 1)
        if place or before != w:
            convs += before * w
            norms += 2 * w
        before = w
    return convs + norms + (before + 1) * n_classes


E09_2 = Exercise(
    id="09.2",
    name="resnet_params",
    title="A ResNet to the unit",
    minutes=16,
    difficulty=3,
    reference=resnet_params,
    own=True,
    properties=(
        Property(
            "ResNet-18 has 11,689,512 parameters and ResNet-34 21,797,672",
            2,
            (
                ([64, 128, 256, 512], [2, 2, 2, 2], 1000, 3, 7),
                ([64, 128, 256, 512], [3, 4, 6, 3], 1000, 3, 7),
            ),
        ),
        Property(
            "small ones come out right: one stage; two stages of one width, where the second still "
            "needs a matrix on its shortcut, for it halves the picture",
            2,
            (([8], [1], 10, 1, 3), ([32, 64], [1, 1], 10, 1, 3), ([16, 16], [2, 3], 10, 1, 3)),
        ),
        Property(
            "any other widths come out right", 1, (([8, 24, 40], [1, 3, 2], 7, 3, 5),), hidden=True
        ),
    ),
    wrong=(
        Wrong(
            {"+ 4 * width": ""},
            "You leave out the norms of the blocks: each of two has a scale and a shift for each "
            "channel.",
        ),
        Wrong(
            {"total += width_in * width + 2 * width": "total += 0"},
            "You leave out the matrices on shortcuts: where size or width changes, x goes through a "
            "1 × 1 convolution and a norm.",
        ),
        Wrong(
            {"total += width_in * width + 2 * width": "total += width_in * width"},
            "A shortcut's convolution has a norm behind it: 2 · width more.",
        ),
        Wrong(
            {"9 * width_in * width + 9 * width * width": "18 * width * width"},
            "The first convolution of a stage takes the channels of the stage before.",
        ),
        Wrong(
            {"width_in * n_classes + n_classes": "width_in * n_classes"},
            "The last layer has a bias for each class.",
        ),
        Wrong(
            {"channels * widths[0] + 2 * widths[0]": "channels * widths[0] + 3 * widths[0]"},
            "You give the first convolution a bias, as document B does: 64 too many in ResNet-18. The "
            "norm behind it has a shift already.",
        ),
        Wrong(
            {"stage > 0 and block == 0": "width_in != width"},
            "Where a stage halves the picture its shortcut needs a convolution even if the width "
            "stays.",
        ),
    ),
    right=(resnet_params_in_parts,),
)

# --- 09.3 ----------------------------------------------------------------------------------------


def epochs(n_images, batch, n_epochs, rate_per_256):
    import math

    steps = math.ceil(n_images / batch)
    return {
        "steps": steps * n_epochs,
        "last_batch": n_images - (steps - 1) * batch,
        "rate": rate_per_256 * batch / 256,
    }


def epochs_in_integers(n_images, batch, n_epochs, rate_per_256):
    full, rest = divmod(n_images, batch)
    return {
        "rate": batch * (rate_per_256 / 256),
        "last_batch": rest or batch,
        "steps": n_epochs * (full + (rest > 0)),
    }


E09_3 = Exercise(
    id="09.3",
    name="epochs",
    title="Epochs, steps, and a rate that goes with the batch",
    minutes=8,
    difficulty=1,
    reference=epochs,
    own=True,
    properties=(
        Property(
            "ImageNet at a batch of 32 for 90 epochs: 3,603,330 steps, a last batch of 15, a rate of "
            "0.0125; a number of images that the batch divides comes out right too",
            {"steps": 1, "last_batch": 1, "rate": 1},
            ((1_281_167, 32, 90, 0.1), (1024, 64, 3, 0.1), (10, 256, 2, 0.4)),
        ),
        Property(
            "any others come out right", 1, ((1197, 50, 7, 0.3), (50, 50, 1, 0.2)), hidden=True
        ),
    ),
    wrong=(
        Wrong(
            {"math.ceil(n_images / batch)": "n_images // batch"},
            "You throw away the last, smaller batch. All images are seen.",
        ),
        Wrong(
            {"steps * n_epochs": "steps"},
            'Your "steps" are those of one epoch.',
        ),
        Wrong(
            {"n_images - (steps - 1) * batch": "n_images % batch"},
            "Where the batch divides the number of images the last batch is a full one, not 0.",
        ),
        Wrong(
            {"rate_per_256 * batch / 256": "rate_per_256"},
            "You keep the rate, as document B does with 0.1 at a batch of 32. By the linear rule it "
            "goes with the batch.",
        ),
        Wrong(
            {"rate_per_256 * batch / 256": "rate_per_256 * 256 / batch"},
            "Your rate grows as the batch shrinks. A smaller batch is noisier: smaller steps.",
        ),
        Wrong(
            {"rate_per_256 * batch / 256": "rate_per_256 * (batch / 256) ** 0.5"},
            "Yours is the square-root rule. The linear one is asked for.",
        ),
    ),
    right=(epochs_in_integers,),
)

# --- 09.4 ----------------------------------------------------------------------------------------


def averaged(parts):
    total = sum(len(part) for part in parts)
    size = len(parts[0][0])
    return [sum(g[i] for part in parts for g in part) / total for i in range(size)]


def averaged_in_arrays(parts):
    import numpy as np

    sums = np.array([np.sum(part, axis=0) for part in parts])
    counts = np.array([len(part) for part in parts])
    return (sums.sum(axis=0) / counts.sum()).tolist()


_PARTS = [[[1, 2], [3, 4], [5, 0]], [[7, 10]]]

E09_4 = Exercise(
    id="09.4",
    name="averaged",
    title="The gradient of unequal parts",
    equivalent={
        key: "all gradients have the same length, whichever one is asked"
        for key in ("0 → -1", "0 → -1 #2")
    },
    minutes=9,
    difficulty=2,
    reference=averaged,
    own=True,
    properties=(
        Property(
            "three examples on one device and one on another: [4, 4]; equal parts, and a single "
            "device, come out right",
            2,
            ((_PARTS,), ([[[1, 2]], [[3, 6]]],), ([[[1.5, 2, 3], [0.5, 0, 1]]],)),
        ),
        Property(
            "three devices of different loads come out right",
            2,
            (([[[1.0, -2], [0.5, 7]], [[3, 1]], [[2, 2], [4, 0], [-6, 1]]],),),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {
                "return [sum(g[i] for part in parts for g in part) / total for i in range(size)]": "means = [[sum(g[i] for g in part) / len(part) for i in range(size)] for part in parts]\n"
                "    return [sum(m[i] for m in means) / len(parts) for i in range(size)]"
            },
            "You take the mean of the devices' means: an example on a device with few counts more. "
            "Add up sums and divide once.",
        ),
        Wrong(
            {" / total": ""},
            "You give the sum. The loss is a mean over all examples.",
        ),
        Wrong(
            {" / total": " / len(parts)"},
            "You divide by the number of devices. Divide by the number of examples.",
        ),
        Wrong(
            {" / total": " / len(parts[0])"},
            "You divide by the examples of the first device only.",
        ),
        Wrong(
            {"for part in parts for g in part)": "for g in parts[0])"},
            "You use the first device's examples only.",
        ),
    ),
    right=(averaged_in_arrays,),
)

# --- 09.5 ----------------------------------------------------------------------------------------


def memory(n_params, n_devices, stage):
    weights, gradients, optimiser = 2 * n_params, 2 * n_params, 12 * n_params
    if stage >= 1:
        optimiser /= n_devices
    if stage >= 2:
        gradients /= n_devices
    if stage >= 3:
        weights /= n_devices
    return {"optimiser": optimiser / 1e9, "total": (weights + gradients + optimiser) / 1e9}


def memory_in_a_line(n_params, n_devices, stage):
    share = [1 / n_devices if stage >= first else 1 for first in (3, 2, 1)]
    parts = [size * n_params * s / 1e9 for size, s in zip((2, 2, 12), share, strict=True)]
    return {"total": sum(parts), "optimiser": parts[2]}


E09_5 = Exercise(
    id="09.5",
    name="memory",
    title="Where the memory goes",
    minutes=11,
    difficulty=2,
    reference=memory,
    own=True,
    units=("bytes", "prefix"),
    properties=(
        Property(
            "7.5e9 parameters on 64 devices take 120, 31.4, 16.6 and 1.9 GB at stages 0 to 3",
            {"optimiser": 1, "total": 2},
            tuple((7.5e9, 64, stage) for stage in range(4)),
        ),
        Property(
            "any others come out right",
            2,
            ((8.03e9, 8, 2), (1e9, 1, 3), (4e11, 512, 1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"12 * n_params": "8 * n_params"},
            "Your optimiser has its two moments. In mixed precision it keeps a 32-bit copy of the "
            "weights as well: 4 + 4 + 4.",
        ),
        Wrong(
            {
                "weights, gradients, optimiser = 2 * n_params, 2 * n_params": "weights, gradients, optimiser = 4 * n_params, 4 * n_params"
            },
            "Your weights and gradients have 32 bits. Mixed precision keeps them in 16: 2 bytes.",
        ),
        Wrong(
            {"    if stage >= 1:\n        optimiser": "    if stage == 1:\n        optimiser"},
            "A later stage splits what the earlier ones did, too.",
        ),
        Wrong(
            {"(weights + gradients + optimiser) / 1e9": "(weights + optimiser) / 1e9"},
            'Your "total" leaves out the gradients.',
        ),
        Wrong(
            {
                "optimiser / 1e9, ": "optimiser / 2**30, ",
                "optimiser) / 1e9}": "optimiser) / 2**30}",
            },
            "You give GiB of 2³⁰ bytes. GB of 10⁹ are asked for.",
        ),
    ),
    right=(memory_in_a_line,),
)

# --- 09.6 ----------------------------------------------------------------------------------------


def save_every(n_failures, days, save_s, interval_s):
    import math

    between = days * 86_400 / n_failures
    kept = interval_s / (between * math.expm1((interval_s + save_s) / between))
    return {"between_s": between, "best_s": math.sqrt(2 * save_s * between), "kept": kept}


def save_every_with_numpy(n_failures, days, save_s, interval_s):
    import numpy as np

    m = 24 * 3600 * days / n_failures
    time = m * (np.exp((interval_s + save_s) / m) - 1)
    return {"kept": float(interval_s / time), "best_s": (2 * save_s * m) ** 0.5, "between_s": m}


E09_6 = Exercise(
    id="09.6",
    name="save_every",
    title="How often to save",
    minutes=12,
    difficulty=2,
    reference=save_every,
    own=True,
    units=("time",),
    properties=(
        Property(
            "419 failures in 54 days with saves of a minute: 11,135 s between them, best 1,156 s of "
            "work; what is kept at that, at a minute and at three hours comes out right",
            {"between_s": 1, "best_s": 1, "kept": 2},
            ((419, 54, 60, 1156), (419, 54, 60, 60), (419, 54, 60, 10_800)),
        ),
        Property(
            "any others come out right", 1, ((12, 3, 200, 5000), (700, 30.5, 11, 900)), hidden=True
        ),
    ),
    wrong=(
        Wrong(
            {"days * 86_400 / n_failures": "days * 24 / n_failures"},
            "Your time between failures is in hours. Seconds are asked for.",
        ),
        Wrong(
            {"days * 86_400 / n_failures": "n_failures / days"},
            "You have failures a day. The time from one to the next is asked for.",
        ),
        Wrong(
            {"math.sqrt(2 * save_s * between)": "math.sqrt(save_s * between)"},
            "Young's rule has a 2 under the root: on average half an interval is lost.",
        ),
        Wrong(
            {"math.sqrt(2 * save_s * between)": "2 * save_s * between"},
            "You forget the root. Seconds times seconds are no seconds.",
        ),
        Wrong(
            {"(interval_s + save_s) / between": "interval_s / between"},
            "A failure during a save loses the interval, too: work and save together must end without "
            "one.",
        ),
        Wrong(
            {
                "interval_s / (between * math.expm1((interval_s + save_s) / between))": "interval_s / (interval_s + save_s)"
            },
            'Your "kept" counts the saves and no failure.',
        ),
        Wrong(
            {"math.expm1(": "math.exp("},
            "The expected time is M · (e^((τ + δ)/M) − 1): you leave out the − 1.",
        ),
    ),
    right=(save_every_with_numpy,),
)

# --- 09.7 ----------------------------------------------------------------------------------------


def attack(image, slope, size):
    moved = []
    for i, pixel in enumerate(image):
        s = slope[i]
        moved.append(min(max(pixel + size * ((s > 0) - (s < 0)), 0), 1))
    return moved


def attack_in_arrays(image, slope, size):
    import numpy as np

    return np.clip(np.array(image, float) + size * np.sign(slope), 0, 1).tolist()


E09_7 = Exercise(
    id="09.7",
    name="attack",
    title="The worst small change",
    minutes=8,
    difficulty=1,
    reference=attack,
    own=True,
    properties=(
        Property(
            "each pixel moves by the whole size, up or down with the sign of its slope; one without a "
            "slope stays",
            2,
            (([0.5, 0.5, 0.5], [2.0, -0.001, 0.0], 0.1), ([0.2, 0.8], [-1, 1], 0.05)),
        ),
        Property("no pixel leaves 0 to 1", 1, (([0.95, 0.02, 0.5], [1.0, -3.0, 5.0], 0.1),)),
        Property(
            "any other images come out right",
            1,
            (([0.99, 0.3, 0.01, 0.6], [0.2, -9, -0.4, 0], 0.25),),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"size * ((s > 0) - (s < 0))": "size * s"},
            "You move along the slope itself. Only its sign counts: each pixel may move by the whole "
            "size.",
        ),
        Wrong(
            {"pixel + size": "pixel - size"},
            "You make the loss smaller. An attack goes up the slope.",
        ),
        Wrong(
            {"((s > 0) - (s < 0))": "(1 if s >= 0 else -1)"},
            "A pixel whose slope is 0 stays where it is.",
        ),
        Wrong(
            {
                "min(max(pixel + size * ((s > 0) - (s < 0)), 0), 1)": "pixel + size * ((s > 0) - (s < 0))"
            },
            "Pixels lie between 0 and 1: cut off what leaves.",
        ),
        Wrong(
            {
                "min(max(pixel + size * ((s > 0) - (s < 0)), 0), 1)": "max(pixel + size * ((s > 0) - (s < 0)), 0)"
            },
            "You cut off at 0 and not at 1.",
        ),
    ),
    right=(attack_in_arrays,),
)

# --- 09.8 ----------------------------------------------------------------------------------------


def utilisation(n_params, tokens_per_s, n_devices, peak, stages, microbatches):
    mfu = 6 * n_params * tokens_per_s / (n_devices * peak)
    bubble = (stages - 1) / (microbatches + stages - 1)
    return {"mfu": mfu, "bubble": bubble, "without": mfu / (1 - bubble)}


def utilisation_by_times(n_params, tokens_per_s, n_devices, peak, stages, microbatches):
    flops = 6.0 * n_params * tokens_per_s
    slots = microbatches + stages - 1
    return {
        "without": flops / n_devices / peak * slots / microbatches,
        "bubble": 1 - microbatches / slots,
        "mfu": flops / n_devices / peak,
    }


E09_8 = Exercise(
    id="09.8",
    name="utilisation",
    title="What the devices are used for",
    minutes=12,
    difficulty=2,
    reference=utilisation,
    own=True,
    units=("share", "factor"),
    properties=(
        Property(
            "405e9 parameters at 2.87e6 tokens/s on 16,384 devices of 989e12 FLOP/s: an MFU of 43.0 "
            "%; 16 stages and 16 micro-batches wait 48.4 % of the time; no pipeline, no bubble",
            {"mfu": 1, "bubble": 1, "without": 1},
            (
                (405e9, 2.87e6, 16_384, 989e12, 16, 16),
                (405e9, 2.87e6, 16_384, 989e12, 16, 128),
                (8e9, 1e4, 1, 989e12, 1, 4),
            ),
        ),
        Property(
            "any others come out right",
            2,
            ((70e9, 3.1e5, 1024, 312e12, 8, 12), (1e9, 9e4, 4, 125e12, 4, 1)),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"6 * n_params": "2 * n_params"},
            "You count the forward pass only. Training costs 6 FLOP for each parameter and token.",
        ),
        Wrong(
            {"(n_devices * peak)": "peak"},
            "You have one device's peak. All of them work.",
        ),
        Wrong(
            {"(stages - 1) / (microbatches + stages - 1)": "(stages - 1) / microbatches"},
            "That is the bubble over the useful time. Its share of all time has both below.",
        ),
        Wrong(
            {"(stages - 1) / (microbatches + stages - 1)": "stages / (microbatches + stages)"},
            "A pipeline of p stages is filled after p − 1 steps.",
        ),
        Wrong(
            {"mfu / (1 - bubble)": "mfu * (1 - bubble)"},
            'Your "without" is lower than the MFU. Without a bubble the same devices would do more.',
        ),
        Wrong(
            {"mfu / (1 - bubble)": "mfu + bubble"},
            "You add shares of different things. Without the bubble the same work takes 1 − bubble of "
            "the time.",
        ),
    ),
    right=(utilisation_by_times,),
)

# --- 09.9 ----------------------------------------------------------------------------------------

_ERRORS = [
    [75, [0.062, 0.051, 0.069, 0.058, 0.056]],
    [150, [0.036, 0.040, 0.031, 0.038, 0.033]],
    [300, [0.020, 0.024, 0.018, 0.022, 0.020]],
    [600, [0.013, 0.011, 0.013, 0.009, 0.011]],
]


def data_law(errors, target):
    import numpy as np
    from scipy.stats import t

    sizes = np.array([row[0] for row in errors], float)
    table = np.array([row[1] for row in errors], float)
    lines = np.polyfit(np.log(sizes), np.log(table), 1)
    slopes = -lines[0]
    half = t.ppf(0.975, len(slopes) - 1) * slopes.std(ddof=1) / len(slopes) ** 0.5
    slope, height = np.polyfit(np.log(sizes), np.log(table).mean(axis=1), 1)
    return {
        "exponent": slopes.mean(),
        "interval": [slopes.mean() - half, slopes.mean() + half],
        "images": np.exp((np.log(target) - height) / slope),
    }


def data_law_by_hand(errors, target):
    import math
    import statistics

    from scipy.special import stdtrit

    x = [math.log(n) for n, _ in errors]
    rows = [[math.log(e) for e in seeds] for _, seeds in errors]
    mean_x = statistics.fmean(x)

    def line(y):
        mean_y = statistics.fmean(y)
        top = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
        slope = top / sum((a - mean_x) ** 2 for a in x)
        return slope, mean_y - slope * mean_x

    slopes = [-line(seed)[0] for seed in zip(*rows, strict=True)]
    middle, n = statistics.fmean(slopes), len(slopes)
    half = stdtrit(n - 1, 0.975) * statistics.stdev(slopes) / math.sqrt(n)
    slope, height = line([statistics.fmean(row) for row in rows])
    return {
        "images": math.exp((math.log(target) - height) / slope),
        "interval": [middle - half, middle + half],
        "exponent": middle,
    }


E09_9 = Exercise(
    id="09.9",
    name="data_law",
    title="How many pictures more?",
    minutes=20,
    difficulty=3,
    reference=data_law,
    own=True,
    properties=(
        Property(
            "the notebook's table, and two that were made up, come out right, with the interval and "
            "the images that a target needs",
            {"exponent": 1, "interval": 1, "images": 1},
            (
                (_ERRORS, 0.005),
                (
                    [[10, [0.4, 0.5, 0.45]], [100, [0.1, 0.08, 0.12]], [1000, [0.03, 0.02, 0.02]]],
                    0.01,
                ),
                ([[50, [0.2, 0.3]], [200, [0.1, 0.12]]], 0.15),
            ),
            rel_tol=1e-5,
        ),
        Property(
            "any other tables come out right",
            2,
            (
                (
                    [
                        [900, [0.07, 0.05, 0.06, 0.04]],
                        [30, [0.3, 0.41, 0.33, 0.37]],
                        [210, [0.11, 0.13, 0.1, 0.12]],
                    ],
                    0.02,
                ),
            ),
            hidden=True,
            rel_tol=1e-5,
        ),
    ),
    wrong=(
        Wrong(
            {"np.log(table), 1)\n    slopes": "table, 1)\n    slopes"},
            "You fit the error itself. A power law is a straight line where both sides are "
            "logarithms.",
        ),
        Wrong(
            {"slopes = -lines[0]": "slopes = lines[0]"},
            "Your exponent is negative. error = a / n^b falls with a positive b.",
        ),
        Wrong(
            {"t.ppf(0.975, len(slopes) - 1)": "1.96"},
            "You use the normal's 1.96. With few seeds it is Student's t, with one degree of freedom "
            "less than seeds.",
        ),
        Wrong(
            {" / len(slopes) ** 0.5": ""},
            "Your interval is that of a single seed. That of the mean is narrower by the root of their "
            "number.",
        ),
        Wrong(
            {"slopes.std(ddof=1)": "slopes.std()"},
            "Your standard deviation divides by n. From a sample it is n − 1.",
        ),
        Wrong(
            {"t.ppf(0.975,": "t.ppf(0.95,"},
            "You leave 5 % out on each side. A 95 % interval leaves 2.5 %.",
        ),
        Wrong(
            {"(np.log(target) - height) / slope": "(np.log(target) - height) / -slope"},
            "Your images go the wrong way: a lower error needs more.",
        ),
    ),
    right=(data_law_by_hand,),
)

# --- 09.10 ---------------------------------------------------------------------------------------


def plan(options, n_params, n_tokens, days, memory_gb):
    fits = []
    for name, n_devices, peak, mfu, price, stage in options:
        split = [n_devices if stage >= first else 1 for first in (3, 2, 1)]
        gb = n_params * (2 / split[0] + 2 / split[1] + 12 / split[2]) / 1e9
        hours = 6 * n_params * n_tokens / (n_devices * peak * mfu) / 3600
        if gb <= memory_gb and hours <= 24 * days:
            fits.append([hours * n_devices * price, hours / 24, name])
    if not fits:
        return {"name": "none", "days": 0, "usd": 0}
    cost, needed, name = min(fits)
    return {"name": name, "days": needed, "usd": cost}


def plan_in_steps(options, n_params, n_tokens, days, memory_gb):
    best = None
    for name, n, peak, mfu, price, stage in options:
        each = {0: 16, 1: 4 + 12 / n, 2: 2 + 14 / n, 3: 16 / n}[stage]
        if n_params * each > memory_gb * 1e9:
            continue
        seconds = 6 * n_params * n_tokens / n / peak / mfu
        if seconds > 86_400 * days:
            continue
        usd = seconds / 3600 * n * price
        if best is None or usd < best["usd"]:
            best = {"usd": usd, "name": name, "days": seconds / 86_400}
    return best or {"usd": 0, "days": 0, "name": "none"}


_OPTIONS = [
    ["8 A100", 8, 312e12, 0.45, 1.8, 1],
    ["64 A100", 64, 312e12, 0.42, 1.8, 1],
    ["8 H100", 8, 989e12, 0.42, 2.95, 0],
    ["32 H100", 32, 989e12, 0.40, 2.95, 1],
    ["128 H100", 128, 989e12, 0.33, 2.95, 3],
]

E09_10 = Exercise(
    id="09.10",
    name="plan",
    title="Devices for a run, and why",
    minutes=20,
    difficulty=3,
    reference=plan,
    own=True,
    properties=(
        Property(
            "for 8e9 parameters and 160e9 tokens the cheapest option that fits into memory and time "
            "is named, with its days and dollars; with less time another; with too little none",
            {"name": 2, "days": 1, "usd": 1},
            (
                (_OPTIONS, 8e9, 160e9, 14, 80),
                (_OPTIONS, 8e9, 160e9, 4, 80),
                (_OPTIONS, 8e9, 160e9, 30, 48),
                (_OPTIONS, 8e9, 160e9, 0.5, 80),
                ([["a", 2, 1e14, 0.5, 1, 0], ["b", 1, 1e14, 0.4, 1, 0]], 1e9, 1e9, 10, 16),
                ([["a", 4, 1e14, 0.5, 1, 1]], 1e9, 1e9, 10, 7),
                ([["a", 4, 1e14, 0.5, 1, 2]], 1e9, 1e9, 10, 5.5),
                ([["a", 4, 1e14, 0.5, 1, 3]], 1e9, 1e9, 10, 4),
                ([["a", 4, 1e14, 0.5, 1, 1]], 1e9, 1e9, 10, 3.9),
                ([["a", 1, 2e12, 0.5, 1, 0]], 1e9, 1.44e7, 1, 16),
            ),
        ),
        Property(
            "other runs are planned right",
            2,
            (
                (_OPTIONS, 30e9, 600e9, 90, 130),
                (_OPTIONS, 3e9, 60e9, 30, 30),
                (_OPTIONS, 70e9, 1e12, 365, 80),
                ([["a", 4, 1e14, 0.5, 1, 1]], 1e9, 1e9, 10, 6.9),
                ([["a", 4, 1e14, 0.5, 1, 2]], 1e9, 1e9, 10, 5.4),
                ([["a", 4, 1e14, 0.5, 1, 3]], 1e9, 1e9, 10, 3.9),
                ([["a", 1, 2e12, 0.5, 1, 0]], 1e9, 1.45e7, 1, 16),
                ([["a", 1, 1e14, 0.5, 1, 0]], 1e9, 1e9, 1, 15.9),
            ),
            hidden=True,
        ),
    ),
    wrong=(
        Wrong(
            {"gb <= memory_gb and ": ""},
            "You do not ask whether it fits into a device's memory.",
        ),
        Wrong(
            {" and hours <= 24 * days": ""},
            "You do not ask whether it is done in time.",
        ),
        Wrong(
            {"[hours * n_devices * price, hours / 24, name]": "[hours * price, hours / 24, name]"},
            "You pay for one device. All of them are rented.",
        ),
        Wrong(
            {"min(fits)": "min(fits, key=lambda one: one[1])"},
            "You take the fastest. The cheapest that is in time is asked for.",
        ),
        Wrong(
            {"(n_devices * peak * mfu)": "(n_devices * peak)"},
            "You let the devices reach their peak. Multiply by the MFU.",
        ),
        Wrong(
            {"12 / split[2]": "8 / split[2]"},
            "Your optimiser lacks the 32-bit copy of the weights: 12 bytes a parameter.",
        ),
        Wrong(
            {"n_devices if stage >= first else 1": "n_devices"},
            "You split everything at every stage. Stage 0 splits nothing.",
        ),
        Wrong(
            {"gb <= memory_gb": "gb < memory_gb"},
            "What fills the memory just to its end fits.",
        ),
    ),
    right=(plan_in_steps,),
)

EXERCISES = [
    E09_1,
    E09_2,
    E09_3,
    E09_4,
    E09_5,
    E09_6,
    E09_7,
    E09_8,
    E09_9,
    E09_10,
]
