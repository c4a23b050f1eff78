"""Adding learned by small transformers: a jump in one measure and none in another, measured.

A problem is one line of bytes with two numbers of six digits and their sum, units first, as one
adds by hand: "654321+100000=7543210" is 123456 + 1 = 0123457. Only the seven digits of the sum are
scored. Units first, each digit of the sum needs two digits at fixed distances and a carry just
written (Lee et al. 2023, arXiv:2307.03381: it is learned far sooner than the usual order).

Four in ten digits that a model learns from are zeros. With all digits alike no single one says
anything about the sum, so that the loss stays on a plateau for half of the run and then drops at
once: there the loss itself jumps, and no choice of metric is to blame. The held-out problems have
all digits alike, so they are harder than what was read.

Every size reads the same number of problems, so more parameters is also more compute.
`python -m course.emergence` makes the table again.
"""

import platform

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course.experiments.model import LanguageModel, count_parameters, flops_per_token
from course.experiments.training import Recipe, Stopwatch, one_thread, parameter_groups, schedule

N_DIGITS = 6  # of each number
N_PLACES = N_DIGITS + 1  # of the sum: the tokens that must all be right
PROMPT = 2 * N_DIGITS + 2  # bytes before the sum
CONTEXT = PROMPT + N_PLACES - 1  # the last digit is never an input
ZEROS = 0.4  # share of the digits of training problems that are set to 0
N_LAYERS = 1
BATCH, N_STEPS = 64, 500
N_TEST = 2000
WIDTHS, SEEDS = (16, 32, 48, 64, 96), 5  # heads of 16 numbers at every width: only size differs


def draw_problems(n, rng, zeros=0.0):
    """n pairs of numbers as digits, units first: shape (n, 2, 6), values 0 to 9.

    Each digit is 0 with probability `zeros`, and else drawn from all ten.
    """
    digits = rng.integers(0, 10, (n, 2, N_DIGITS))
    return np.where(rng.random(digits.shape) < zeros, 0, digits)


def write_problems(digits):
    """Digits of shape (n, 2, 6) as text: uint8 of shape (n, 21), the seven digits of the sum last.

    The text of one problem is `bytes(row).decode()`.
    """
    values = digits @ 10 ** np.arange(N_DIGITS)
    total = values.sum(axis=1)[:, None] // 10 ** np.arange(N_PLACES) % 10
    text = np.empty((len(digits), PROMPT + N_PLACES), dtype=np.uint8)
    text[:, :N_DIGITS] = digits[:, 0] + ord("0")
    text[:, N_DIGITS] = ord("+")
    text[:, N_DIGITS + 1 : PROMPT - 1] = digits[:, 1] + ord("0")
    text[:, PROMPT - 1] = ord("=")
    text[:, PROMPT:] = total + ord("0")
    return text


def held_out_problems(n=N_TEST):
    """The first n of a fixed list of problems with all digits alike, shape (n, 2, 6)."""
    return draw_problems(n, np.random.default_rng(20261122))


def training_problems(n, seed, held_out):
    """n problems, four in ten digits zero, none of them in `held_out`. Shape (n, 2, 6)."""
    rng = np.random.default_rng(seed)
    problems = draw_problems(n, rng, ZEROS)
    while (known := np.isin(_number(problems), _number(held_out))).any():
        problems[known] = draw_problems(known.sum(), rng, ZEROS)
    return problems


def _number(problems):
    """One integer for each problem, by which it is told from others."""
    return problems.reshape(len(problems), -1) @ 10 ** np.arange(2 * N_DIGITS)


def train_adder(d_model, seed=0, n_steps=N_STEPS):
    """A transformer of one layer after `n_steps` batches of 64 new problems.

    Optimizer, rates and schedule are the fleet's; the loss is on the digits of the sum alone.
    """
    problems = training_problems(n_steps * BATCH, seed, held_out_problems())
    batches = torch.from_numpy(write_problems(problems)).view(n_steps, BATCH, -1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LanguageModel(d_model, N_LAYERS, CONTEXT)
    optimizer = torch.optim.AdamW(
        parameter_groups(model, d_model, Recipe()), betas=(0.9, 0.95), fused=True
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    for step, batch in enumerate(batches.long()):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * schedule(step, n_steps)
        loss = F.cross_entropy(_sum_logits(model, batch), batch[:, PROMPT:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


def _sum_logits(model, text):
    """Logits of the digits of the sum, given all before each: shape (n · 7, 256)."""
    return model(text[:, :-1])[0][:, -N_PLACES:].flatten(0, 1)


@torch.no_grad()
def measure(model, text):
    """What several measures say of one model on problems of shape (n, 21).

    loss: nats per digit of the sum, the right digits before it given.
    accuracy: share of digits at which the most probable byte is right; accuracy_1 to accuracy_7
        by place, units first.
    exact_match: share of problems with all seven right. It is that of greedy generation too: until
        its first mistake a generated sum is the right one.
    sampled_match: mean probability of the whole right sum, the exact match of sampling at
        temperature 1. It has no smallest step, where exact_match cannot show less than 1/n.
    """
    text = torch.from_numpy(text).long()
    right_digits = text[:, PROMPT:]
    logits = _sum_logits(model, text)
    log_p = -F.cross_entropy(logits, right_digits.flatten(), reduction="none").double()
    log_p = log_p.view(-1, N_PLACES)
    right = (logits.argmax(-1).view(-1, N_PLACES) == right_digits).double()
    places = {
        f"accuracy_{place}": value for place, value in enumerate(right.mean(0).tolist(), start=1)
    }
    return {
        "loss": -log_p.mean().item(),
        "accuracy": right.mean().item(),
        "exact_match": right.prod(1).mean().item(),
        "sampled_match": log_p.sum(1).exp().mean().item(),
        **places,
    }


@torch.no_grad()
def add(model, text):
    """The sums a model writes, byte by byte, the most probable each time.

    `text` holds problems of shape (n, 14 or more): only the bytes up to "=" are read. Returns
    uint8 of shape (n, 7).
    """
    written = torch.from_numpy(text[:, :PROMPT]).long()
    for _ in range(N_PLACES):
        following = model(written)[0][:, -1].argmax(-1, keepdim=True)
        written = torch.cat([written, following], dim=1)
    return written[:, PROMPT:].numpy().astype(np.uint8)


def specs():
    """The runs of `addition.csv`: five widths, five seeds, one seed after the other."""
    return [
        {"d_model": width, "seed": seed, "n_steps": N_STEPS}
        for seed in range(SEEDS)
        for width in WIDTHS
    ]


STUDIES = {"addition": specs}


def n_params(d_model):
    """Matrices and head, as the fleet counts what does work for each token."""
    return count_parameters(d_model, N_LAYERS).n_with_head


def flops(spec):
    """Training compute: bytes read times `flops_per_token`."""
    n_tokens = spec["n_steps"] * BATCH * CONTEXT
    return n_tokens * flops_per_token(spec["d_model"], N_LAYERS, CONTEXT)


def run(spec):
    """Train one model in one thread, measure it on the held-out problems: one row."""
    with one_thread(spec["seed"]):
        with Stopwatch() as watch:
            model = train_adder(**spec)
        measures = measure(model, write_problems(held_out_problems()))
    return {
        "n_params": n_params(spec["d_model"]),
        "flops": flops(spec),
        **{name: float(f"{value:.6g}") for name, value in measures.items()},
        "n_test": N_TEST,
        "seconds": round(watch.seconds, 1),
    }


def provenance():
    """What must be alike in the whole table: the versions of Python and torch."""
    return {"python": platform.python_version(), "torch": torch.__version__}
