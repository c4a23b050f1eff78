"""Who gets which token: a trained router, asked about any text.

The weights in `router.npz` are those of one small language model of the study "main", width 32,
seed 0, rounded to 16 bits; `python -m course.moe router` trains it again.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from course.experiments import fleet
from course.experiments.training import CONTEXT, windows
from course.moe import training

WEIGHTS = Path(__file__).with_name("router.npz")
CLASSES = ("lower case", "upper case", "digit", "blank", "line end", "mark", "beyond ASCII")


@dataclass(frozen=True)
class ByteRoutes:
    """The way of each byte of a text through the layers.

    characters: for each byte what to print of it: "a", "␣" for a blank, "⏎", or "E4" for one that
        is no character by itself.
    experts, gates: shape (layers, length, k), the best choice first; gates add up to 1.
    probs: shape (layers, length, E), the router's probabilities.
    """

    characters: tuple[str, ...]
    experts: np.ndarray
    gates: np.ndarray
    probs: np.ndarray


def train_router(path=WEIGHTS):
    """Train the model and write its weights; returns its held-out loss in nats per byte.

    The file holds one float16 array a tensor and, as "about", JSON with the run, the loss of the
    rounded weights on the fleet's held-out text, and the provenance.
    """
    row = training.spec("main", *training.ABLATED, seed=0)
    text, held_out = (training.corpus().text(split) for split in ("train", "held_out"))
    model, _ = training.train_model(row, text)
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    model.load_state_dict(state)
    loss, _ = training.held_out_shares(model, held_out)
    about = {"run": row, "loss": round(loss, 5), **fleet.provenance()}
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)
    return loss


@lru_cache(maxsize=1)
def router():
    """(model, about): the trained model, and how it was made; see `train_router`."""
    with np.load(WEIGHTS) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(str(arrays.pop("about")))
    model = training.build(about["run"])
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return model.eval(), about


@torch.no_grad()
def routings(model, tokens):
    """The Routing of each layer for bytes of shape (batch, length), T = batch · length."""
    found = []

    def look(block, inputs):
        found.append(block.layer.route(*inputs))

    hooks = [block.feed_forward.register_forward_pre_hook(look) for block in model.blocks]
    try:
        model(tokens)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def expert_of_each_byte(text):
    """The ByteRoutes of a text through the trained router. Each byte sees those before it.

    Raises ValueError for an empty text and for one of more than 64 bytes in UTF-8.
    """
    if not isinstance(text, str) or not text:
        raise ValueError(f"text must hold at least one character, got {text!r}")
    data = text.encode("utf-8", errors="surrogatepass")
    if len(data) > CONTEXT:
        raise ValueError(
            f"text must be at most {CONTEXT} bytes long, the model's context; this is "
            f"{len(data)} bytes. A letter beyond ASCII takes 2 to 4 of them."
        )
    layers = routings(router()[0], torch.tensor([list(data)]))
    experts, gates, probs = (
        torch.stack([getattr(layer, name) for layer in layers]).numpy()
        for name in ("experts", "gates", "probs")
    )
    return ByteRoutes(tuple(map(_character, data)), experts, gates, probs)


def _character(byte):
    if byte in (0x20, 0x0A):
        return "␣" if byte == 0x20 else "⏎"
    return chr(byte) if 0x20 < byte < 0x7F else f"{byte:02X}"


def classes_of(data):
    """The place in `CLASSES` of each byte; any shape. Tabs are blanks, other controls line ends."""
    letters = ((97, 122), (65, 90), (48, 57))
    conditions = [(data >= low) & (data <= high) for low, high in letters]
    conditions += [(data == 32) | (data == 9), data < 32, data < 127]
    return np.select(conditions, range(len(conditions)), len(conditions))


def mutual_information(one, other):
    """Σ p(a, b) · log2(p(a, b) / (p(a) · p(b))) in bits: what one label tells of the other.

    Shapes: (n,) whole numbers from 0. 0 for labels that have nothing to do with one another, in the
    limit of many; few samples give more, about (A - 1)(B - 1) / (2 n ln 2).
    """
    if one.shape != other.shape or one.ndim != 1 or not one.size:
        raise ValueError(
            f"one and other must be lists of one length, got shapes {one.shape} and {other.shape}"
        )
    if min(one.min(), other.min()) < 0:
        raise ValueError(f"one and other must be numbers from 0, got {min(one.min(), other.min())}")
    joint = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(joint, (one, other), 1 / one.size)
    apart = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / apart[seen])).sum())


@dataclass(frozen=True)
class Specialisation:
    """What the first choice of the trained router follows.

    shares: (layers, classes, E), the experts' shares of the bytes of each of `CLASSES`.
    bits: name of a label -> (layers,), the mutual information of expert and label, in bits.
    by_chance: the same with the labels shuffled.
    """

    shares: np.ndarray
    bits: dict[str, np.ndarray]
    by_chance: dict[str, np.ndarray]


def specialisation(texts, n_windows=128, seed=0):
    """The Specialisation on texts by topic: name -> bytes, `n_windows` of 64 bytes from each.

    The labels are "byte class", "byte before" (its class) and "topic".
    """
    picked = []
    for text in texts.values():
        examples = windows(text)
        places = np.linspace(0, len(examples) - 1, min(n_windows, len(examples))).astype(int)
        picked.append(examples[places, :CONTEXT])
    data = np.concatenate(picked)
    topic = np.repeat(np.arange(len(picked)), [rows.size for rows in picked])
    kind = classes_of(data)
    before = np.concatenate([np.full((len(data), 1), len(CLASSES)), kind[:, :-1]], axis=1)
    labels = {"byte class": kind.ravel(), "byte before": before.ravel(), "topic": topic}

    model = router()[0]
    layers = routings(model, torch.from_numpy(data.astype(np.int64)))
    first = np.stack([layer.experts[:, 0].numpy() for layer in layers])
    generator = np.random.default_rng(seed)
    shuffled = {name: generator.permutation(label) for name, label in labels.items()}
    n_experts = layers[0].probs.shape[1]
    counts = np.zeros((len(first), len(CLASSES), n_experts))
    for layer, experts in enumerate(first):
        np.add.at(counts[layer], (labels["byte class"], experts), 1)
    return Specialisation(
        counts / np.maximum(counts.sum(2, keepdims=True), 1),
        *(
            {
                name: np.array([mutual_information(experts, label) for experts in first])
                for name, label in some.items()
            }
            for some in (labels, shuffled)
        ),
    )
