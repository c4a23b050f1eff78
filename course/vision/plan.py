"""What chapter 9 trains on digits: sizes of data and network, attacks, transfer, shortcuts.

**scaling**: networks of three widths on 75 to 1,197 images, as many steps each.
**attack**: ordinary and adversarial training, judged on clean and on attacked images.
**transfer**: few labels of the digits 5 to 9, from a random start or from a network that knows 0
to 4.
**depth**: 1 to 10 blocks a stage, with shortcuts and without.

`python -m course.vision` makes the table `runs.csv` again.
"""

import copy
import math
import platform
from pathlib import Path

import sklearn
import torch

from course.experiments.runs import planned
from course.experiments.training import Stopwatch, one_thread
from course.vision.digits import digits
from course.vision.resnet import ResNet, n_params
from course.vision.training import Recipe, accuracy, attacked, train

TABLE = Path(__file__).with_name("runs.csv")
SIZES = (75, 150, 300, 600, 1197)
WIDTHS = (8, 16, 32)  # of the first stage; the second has twice as many
STEPS = 240
ATTACK = 0.1
LABELS = (10, 30, 100)
DEPTHS = (1, 4, 10)
SEEDS = range(5)


def _spec(study, kind, width, n, seed):
    return {"study": study, "kind": kind, "width": width, "n": n, "seed": seed}


def scaling_runs():
    """Every width on every size of data."""
    return [_spec("scaling", "plain", w, n, s) for w in WIDTHS for n in SIZES for s in SEEDS]


def attack_runs():
    """With and without attacks in training."""
    kinds = ("ordinary", "adversarial")
    return [_spec("attack", kind, 16, 1197, s) for kind in kinds for s in SEEDS]


def transfer_runs():
    """From scratch and from the other digits, ten seeds."""
    kinds = ("scratch", "transfer")
    return [_spec("transfer", kind, 16, n, s) for kind in kinds for n in LABELS for s in range(10)]


def depth_runs():
    """With shortcuts and without; `n` is the number of blocks in a stage."""
    kinds = ("residual", "no shortcut")
    return [_spec("depth", kind, 8, n, s) for kind in kinds for n in DEPTHS for s in SEEDS]


STUDIES = {
    "scaling": scaling_runs,
    "attack": attack_runs,
    "transfer": transfer_runs,
    "depth": depth_runs,
}


def specs(names=()):
    """The runs of some studies, of all by default, the cheapest first: see `planned`."""
    return planned(STUDIES, names, flops)


def flops(spec):
    """About what a run computes: three forward passes for each image of each step."""
    blocks = spec["n"] if spec["study"] == "depth" else 1
    return 3.0 * STEPS * 64 * blocks * 64 * 9 * 2 * 8 * spec["width"] ** 2


def provenance():
    """The versions that a row depends on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__.partition("+")[0],
        "sklearn": sklearn.__version__,
    }


def run(spec):
    """Train one network in one thread: columns n_params, accuracy, attacked, loss, seconds."""
    with one_thread(spec["seed"]), Stopwatch() as watch:
        results = {"transfer": _transfer}.get(spec["study"], _fit)(spec)
    return (
        {"n_params": "", "attacked": "", "loss": ""}
        | results
        | {"seconds": round(watch.seconds, 1)}
    )


def network(width, n_classes=10, blocks=1):
    """A ResNet of two stages for digits."""
    return ResNet((width, 2 * width), (blocks, blocks), n_classes, 1, "small")


class NoShortcut(torch.nn.Module):
    """Gives 0 in place of what came in: a block without its shortcut."""

    def __init__(self, width, stride):
        super().__init__()
        self.width, self.stride = width, stride

    def forward(self, x):
        n, _, height, side = x.shape
        return x.new_zeros(n, self.width, -(-height // self.stride), -(-side // self.stride))


def without_shortcuts(model):
    """The model, with what its blocks add to x alone left."""
    for block in model.stages:
        block.shortcut = NoShortcut(block.conv1.out_channels, block.conv1.stride[0])
    return model


def _fit(spec):
    data = dict(digits(spec["seed"]))
    n = spec["n"] if spec["study"] == "scaling" else 1197
    data["train"] = tuple(part[:n] for part in data["train"])
    batch = min(64, n)
    recipe = Recipe(
        n_epochs=max(1, round(STEPS / math.ceil(n / batch))),
        batch=batch,
        attack=ATTACK if spec["kind"] == "adversarial" else 0.0,
    )
    model = network(spec["width"], blocks=spec["n"] if spec["study"] == "depth" else 1)
    if spec["kind"] == "no shortcut":
        model = without_shortcuts(model)
    done = train(model, recipe, seed=spec["seed"], data=data)
    images, labels = data["test"]
    model.eval()
    worst = attacked(model, images, labels, ATTACK)
    return {
        "n_params": n_params(model),
        "accuracy": round(accuracy(model, images, labels), 5),
        "attacked": round(accuracy(model, worst, labels), 5),
        "loss": round(done.history[-1][1], 5),
    }


def _transfer(spec):
    parts = {}
    for name, (x, y) in digits(spec["seed"]).items():
        for half, keep in (("old", y < 5), ("new", y >= 5)):
            parts[half, name] = x[keep], y[keep] % 5
    model = network(spec["width"], 5)
    if spec["kind"] == "transfer":
        old = {name: parts["old", name] for name in ("train", "validation")}
        train(model, Recipe(n_epochs=12), seed=spec["seed"], data=old)
        model.head.reset_parameters()
    new = {name: parts["new", name] for name in ("train", "validation", "test")}
    new["train"] = tuple(part[: spec["n"]] for part in new["train"])
    batch = min(32, spec["n"])
    epochs = round(120 / math.ceil(spec["n"] / batch))
    start = copy.deepcopy(model.state_dict())
    tried = []
    for rate in (0.02, 0.1):  # the validation images choose, for both kinds alike
        model.load_state_dict(start)
        train(model, Recipe(n_epochs=epochs, batch=batch, rate=rate), seed=spec["seed"], data=new)
        tried.append([accuracy(model, *new[part]) for part in ("validation", "test")])
    return {"n_params": n_params(model), "accuracy": round(max(tried)[1], 5)}
