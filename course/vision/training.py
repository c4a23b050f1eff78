"""Train a picture network: loader, augmentation, validation, schedule, progress, checkpoints.

A checkpoint holds all that the next step depends on: weights, optimiser, the place in the schedule
and the state of the random numbers. It is written beside and moved into place, so that a kill at
any instant leaves the old or the new one. A run that goes on from it ends at the same weights, bit
for bit.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.nn import functional as F
from tqdm.auto import tqdm

from course import files
from course.units import between, positive, single, whole
from course.vision.digits import batches, digits, shift


@dataclass(frozen=True)
class Recipe:
    """What is not the network. Momentum 0.9, one cycle of the rate: up in a fifth, cosine down.

    Attributes:
        n_epochs: passes over the training images.
        rate: the highest learning rate, for batches of 64; it goes with the batch.
        batch: images in a step.
        weight_decay: of all weights.
        pixels: by which images are shifted, at most; 0 for none.
        attack: the largest change of a pixel in adversarial training; 0 for none.
    """

    n_epochs: int = 12
    rate: float = 0.1
    batch: int = 64
    weight_decay: float = 5e-4
    pixels: int = 1
    attack: float = 0.0

    def __post_init__(self):
        for name in ("n_epochs", "batch"):
            single(name, whole(name, getattr(self, name)))
        positive("rate", self.rate)
        whole("pixels", self.pixels, 0, 3)
        for name in ("weight_decay", "attack"):
            between(name, getattr(self, name), 0, 1)


@dataclass
class Training:
    """A run under way: `history` has (epoch, loss, validation accuracy) for each epoch done."""

    model: torch.nn.Module = field(repr=False)
    recipe: Recipe
    history: list


def rate_at(step, n_steps, peak):
    """The rate of a step: up in a straight line over a fifth of them, then half a cosine to 0."""
    up = max(1, n_steps // 5)
    if step < up:
        return peak * (step + 1) / up
    return peak * (1 + math.cos(math.pi * (step - up) / (n_steps - up))) / 2


def train(model, recipe=None, *, seed=0, data=None, checkpoint=None, stop_after=None, quiet=True):
    """The Training of a model on digits, in place; from `checkpoint` where there is one.

    Args:
        model: called on (n, 1, 8, 8), returns (n, classes).
        recipe: a Recipe; the default one where it is None.
        seed: of the order, the shifts and the split of `digits`.
        data: {"train", "validation"} as `digits` gives it.
        checkpoint: a path, written after each epoch; a run that ended is not trained again.
        stop_after: epochs after which KeyboardInterrupt is raised, as Ctrl-C would.
        quiet: without a progress bar.
    """
    recipe = Recipe() if recipe is None else recipe
    data = digits(seed) if data is None else data
    images, labels = data["train"]
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(
        model.parameters(), recipe.rate, momentum=0.9, weight_decay=recipe.weight_decay
    )
    done = Training(model, recipe, [])
    if checkpoint is not None and Path(checkpoint).exists():
        _load(checkpoint, done, optimiser, generator)
    per_epoch = math.ceil(len(images) / recipe.batch)
    peak, n_steps = recipe.rate * recipe.batch / 64, recipe.n_epochs * per_epoch
    bar = tqdm(total=n_steps, initial=len(done.history) * per_epoch, disable=quiet, unit="step")
    for epoch in range(len(done.history), recipe.n_epochs):
        model.train()
        losses = []
        for place, (x, y) in enumerate(batches(images, labels, recipe.batch, generator)):
            for group in optimiser.param_groups:
                group["lr"] = rate_at(epoch * per_epoch + place, n_steps, peak)
            x = shift(x, generator, recipe.pixels) if recipe.pixels else x
            x = attacked(model, x, y, recipe.attack) if recipe.attack else x
            loss = F.cross_entropy(model(x), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.detach())  # no .item(): a GPU would have to wait for each step
            bar.update()
        mean = torch.stack(losses).mean().item()
        done.history.append((epoch, mean, accuracy(model, *data["validation"])))
        if checkpoint is not None:
            _save(checkpoint, done, optimiser, generator)
        if stop_after is not None and len(done.history) >= stop_after:
            raise KeyboardInterrupt
    bar.close()
    return done


def attacked(model, images, labels, size):
    """images + size · sign(dL/dx), cut off at 0 and 1: the worst small change, to first order.

    Source: Goodfellow et al. 2015, arXiv:1412.6572.
    """
    images = images.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(model(images), labels), images)
    return (images + size * slope.sign()).clamp(0, 1).detach()


@torch.no_grad()
def accuracy(model, images, labels):
    """The share of images whose largest output is their label's."""
    was = model.training
    model.eval()
    right = (model(images).argmax(1) == labels).float().mean().item()
    model.train(was)
    return right


def _save(path, done, optimiser, generator):
    state = {
        "model": done.model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "generator": generator.get_state(),
        "history": done.history,
    }
    temporary = Path(f"{path}.part")
    torch.save(state, temporary)
    files.replace(temporary, Path(path))


def _load(path, done, optimiser, generator):
    state = torch.load(path, weights_only=True)
    done.model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    generator.set_state(state["generator"])
    done.history = [tuple(row) for row in state["history"]]
