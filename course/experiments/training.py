"""Train one model, measure it on held-out text.

The recipe: AdamW (0.9, 0.95), weight decay 0.1 on hidden matrices only, gradients clipped at 1, a
warm-up over a tenth of the steps, then linear decay to zero. One window of 64 bytes is one example,
drawn without replacement: a run over `n_tokens` new bytes sees each of them once.
"""

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course.units import between, positive, single, whole

CONTEXT = 64
HELD_OUT_WINDOWS = 4096


EMBEDDING_LEARNING_RATE = 3.2e-2


def hidden_learning_rate(d_model):
    """8e-3·sqrt(64 / d): wider matrices want smaller steps. Tuned on these models."""
    return 8e-3 * (64 / d_model) ** 0.5


@dataclass(frozen=True)
class Recipe:
    """What is not the size: learning rates, batch, schedule.

    Attributes:
        learning_rate: of hidden matrices and norms; None takes `hidden_learning_rate` of the width.
        embedding_learning_rate: of embedding and head, at every width.
        batch_size: windows in a step; None takes `batch_size_for` the run's bytes.
        planned_tokens: the length that the schedule is made for, if the run is stopped before its
            end.
        weight_decay: of the hidden matrices.
        balance_coefficient: weight of the balance loss that a mixture of experts returns.
    """

    learning_rate: float | None = None
    embedding_learning_rate: float = EMBEDDING_LEARNING_RATE
    batch_size: int | None = None
    planned_tokens: int | None = None
    weight_decay: float = 0.1
    balance_coefficient: float = 0.01

    def __post_init__(self):
        for name in ("learning_rate", "embedding_learning_rate", "batch_size", "planned_tokens"):
            if (value := getattr(self, name)) is not None:
                positive(name, value)
        if self.batch_size is not None:
            whole("batch_size", self.batch_size)
        for name in ("weight_decay", "balance_coefficient"):
            between(name, getattr(self, name), 0, math.inf)


def batch_size_for(n_tokens):
    """round(8·sqrt(D / 1e6)) windows: larger batches where there is more to read."""
    return max(1, round(8 * (n_tokens / 1e6) ** 0.5))


def windows(text, context=CONTEXT):
    """Cut a text into windows of context + 1 bytes: the input and, one byte on, the target.

    Neighbours share one byte, so each byte is predicted once. Shape (n, context + 1), a view.
    ValueError unless text is a list of bytes, numpy's uint8, of one window or more.
    """
    if not (isinstance(text, np.ndarray) and text.dtype == np.uint8 and text.ndim == 1):
        raise ValueError(
            "text must be a numpy array of bytes (uint8) of shape (size,), got "
            f"{getattr(text, 'dtype', type(text).__name__)} of shape {np.shape(text)}"
        )
    context = int(single("context", whole("context", context)))
    n_windows = (text.size - 1) // context
    if n_windows < 1:
        raise ValueError(f"text must hold at least {context + 1} bytes, got {text.size}")
    return np.lib.stride_tricks.as_strided(
        text,
        (n_windows, context + 1),
        (context * text.strides[0], text.strides[0]),
        writeable=False,
    )


def parameter_groups(model, d_model, recipe):
    """Three groups: hidden matrices (with weight decay), norms, embedding and head."""
    rate = recipe.learning_rate or hidden_learning_rate(d_model)
    ends = {id(p) for part in (model.embedding, model.head) for p in part.parameters()}
    hidden = [p for p in model.parameters() if p.ndim >= 2 and id(p) not in ends]
    norms = [p for p in model.parameters() if p.ndim < 2]
    return [
        {"params": hidden, "lr": rate, "weight_decay": recipe.weight_decay},
        {"params": norms, "lr": rate, "weight_decay": 0.0},
        {
            "params": [*model.embedding.parameters(), *model.head.parameters()],
            "lr": recipe.embedding_learning_rate,
            "weight_decay": 0.0,
        },
    ]


@dataclass(frozen=True)
class TrainingLog:
    """`steps` taken, and `train_loss`: the mean over the last tenth of them, in nats per byte."""

    steps: int
    train_loss: float


def schedule(step, steps):
    """Fraction of the full learning rate: a rise over the first tenth, then a line down to 0."""
    warm_up = max(1, steps // 10)
    return min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))


def train(
    model,
    text,
    n_tokens,
    *,
    recipe=Recipe(),
    seed=0,
    epochs=1.0,
    device="cpu",
    on_step=lambda *_: None,
):
    """Train in place on `n_tokens` bytes of a text.

    Args:
        model: a LanguageModel; its width decides the learning rate.
        text: bytes, shape (size,).
        n_tokens: bytes seen in all, repetitions included.
        recipe: a Recipe.
        seed: decides which windows are read and in which order.
        epochs: how often each window is read: n_tokens / epochs bytes are unique.
        device: where the model is.
        on_step: called with (step, steps, loss) after each step; the loss stays on the device.

    Raises:
        ValueError: if n_tokens or epochs is no positive number, if the text is too short for
            n_tokens / epochs unique bytes, or if the schedule is planned for fewer than n_tokens.
    """
    n_tokens, epochs = positive("n_tokens", n_tokens), positive("epochs", epochs)
    examples = windows(text)
    batch_size = recipe.batch_size or batch_size_for(n_tokens)
    steps = max(1, round(n_tokens / (batch_size * CONTEXT)))
    n_unique = round(steps * batch_size / epochs)
    if not 1 <= n_unique <= len(examples):
        raise ValueError(
            f"n_tokens / epochs must be {CONTEXT} to {len(examples) * CONTEXT} unique "
            f"bytes of this text, got {n_tokens / epochs:g}"
        )
    planned = round(steps * (recipe.planned_tokens or n_tokens) / n_tokens)
    if planned < steps:  # the rate would fall below zero
        raise ValueError(
            f"planned_tokens must be at least n_tokens, {n_tokens:g}, got {recipe.planned_tokens!r}"
        )
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(examples))[:n_unique]
    order = _passes(chosen, steps * batch_size, generator)

    d_model = model.embedding.weight.shape[1]
    groups = parameter_groups(model, d_model, recipe)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)
    rates = [group["lr"] for group in groups]
    recent = torch.zeros((), device=device)
    last_tenth = steps - max(1, steps // 10)
    model.train()
    for step in range(steps):
        factor = schedule(step, planned)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        batch = torch.from_numpy(examples[order[step * batch_size : (step + 1) * batch_size]])
        batch = batch.to(device).long()  # (batch, context + 1)
        logits, balance_loss = model(batch[:, :-1])  # (batch, context, 256)
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        (loss + recipe.balance_coefficient * balance_loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step >= last_tenth:
            recent += loss.detach()
        on_step(step, steps, loss.detach())
    return TrainingLog(steps, float(recent) / (steps - last_tenth))


def _passes(chosen, length, generator):
    """`length` indices: whole passes over `chosen`, each in a new order."""
    n_passes = -(-length // len(chosen))
    return np.concatenate([generator.permutation(chosen) for _ in range(n_passes)])[:length]


@torch.no_grad()
def held_out_loss(
    model,
    text,
    *,
    n_windows=HELD_OUT_WINDOWS,
    device="cpu",
):
    """Mean loss in nats per byte over windows spread evenly through a text.

    All runs are measured on the same windows, so that their differences are sharper than each loss.
    """
    examples = windows(text)
    picked = np.linspace(0, len(examples) - 1, min(n_windows, len(examples))).astype(int)
    model.eval()
    total = 0.0  # on the host: Apple's GPUs know no float64
    for batch in _batches(examples[picked], 256):
        batch = torch.from_numpy(batch).to(device).long()
        logits, _ = model(batch[:, :-1])
        losses = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="sum")
        total += losses.item()
    return total / (len(picked) * CONTEXT)


def _batches(rows, size):
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@contextmanager
def one_thread(seed):
    """Train here in one thread, from random numbers of `seed`; both are put back at the end.

    Several runs then share the cores of a machine, and a run comes out the same beside others.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


class Stopwatch:
    """Seconds of processor time of this thread: other work on the machine does not count."""

    def __enter__(self):
        self.start = time.thread_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.thread_time() - self.start
