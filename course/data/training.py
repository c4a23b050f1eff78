"""What a model learns from cleaned text, and from two kinds of text mixed: chapter 4's runs.

**Quality**: a crawl as crawls are: files of the standard library, a quarter of its bytes
near-copies of a few of them, a quarter data that is no program. The same model reads as many bytes
of it as it is and after each filter of `course.data.quality`; all are measured on clean held-out
files.

**Mixture**: code and words (comments and docstrings) of the same files, from none to all of either;
each model is measured on both.

`python -m course.data` makes the table `runs.csv` again.
"""

import base64
from functools import lru_cache
from pathlib import Path

import numpy as np

from course.data.quality import CODE_LIMITS, deduplicate, filter_by_statistics
from course.experiments import fleet
from course.experiments.corpus import load_corpus, split_code_and_words
from course.experiments.model import LanguageModel, flops_per_token
from course.experiments.runs import planned
from course.experiments.training import Stopwatch, held_out_loss, one_thread, train

TABLE = Path(__file__).with_name("runs.csv")
D_MODEL, N_TOKENS = 24, 500_000
CRAWL_BYTES = 4_000_000
N_COPIED = 20  # files that the near-copies are copies of
BLOCK = 4096  # bytes of one kind in a row, in a mixture
TEXTS = ("crawl", "deduplicated", "without data", "both filters", "never dirty")
LIMITS = CODE_LIMITS | {"symbol_share": (0.08, 0.45)}  # a program has signs, base64 has few
SEEDS = 5
WORDS_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def quality_runs():
    """Five texts, each with five seeds."""
    return [_spec("quality", text, 0.0, seed) for text in TEXTS for seed in range(SEEDS)]


def mixture_runs():
    """Seven mixtures, each with five seeds."""
    return [
        _spec("mixture", "mixture", share, seed) for share in WORDS_SHARES for seed in range(SEEDS)
    ]


STUDIES = {"quality": quality_runs, "mixture": mixture_runs}


def specs(names=()):
    """The runs of some studies, of all by default, the cheapest first: see `planned`."""
    return planned(STUDIES, names, flops)


def _spec(study, text, words_share, seed):
    return {
        "study": study,
        "text": text,
        "words_share": words_share,
        "d_model": D_MODEL,
        "n_tokens": N_TOKENS,
        "seed": seed,
    }


def flops(row):
    """Training compute, by the fleet's formula."""
    return row["n_tokens"] * flops_per_token(row["d_model"])


def provenance():
    """What must be alike in the whole table: the text, and the versions of Python and torch."""
    return {**fleet.provenance(), "corpus": corpus().fingerprint}


@lru_cache(maxsize=1)
def corpus():
    """The standard library."""
    return load_corpus("stdlib")


def crawl(seed=0):
    """Documents of a made-up crawl: half programs, a quarter near-copies, a quarter data.

    A near-copy has one line in fifty lost; data are bytes in base64, as programs carry them. The
    order is random.
    """
    rng = np.random.default_rng(seed)
    programs = _programs(rng)
    few = [text for text in programs if len(text) < 30_000][:N_COPIED]
    copies = _until(CRAWL_BYTES / 4, lambda: _edited(few[rng.integers(len(few))], rng))
    data = _until(CRAWL_BYTES / 4, lambda: base64.encodebytes(rng.bytes(6000)).decode())
    documents = programs + copies + data
    return [documents[i] for i in rng.permutation(len(documents))]


def _programs(rng):
    files = list(corpus().documents["train"].values())
    order = iter(rng.permutation(len(files)))
    return _until(CRAWL_BYTES / 2, lambda: files[next(order)].decode("utf-8", "replace"))


def _until(n_bytes, make):
    made = []
    while sum(map(len, made)) < n_bytes:
        made.append(make())
    return made


def _edited(text, rng):
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if rng.random() > 0.02)


@lru_cache(maxsize=2)
def quality_text(name):
    """The bytes of one of `TEXTS`."""
    documents = crawl()
    if name == "never dirty":
        documents = _programs(np.random.default_rng(0))
    if name in ("deduplicated", "both filters"):
        documents = deduplicate(documents).of(documents)
    if name in ("without data", "both filters"):
        documents = filter_by_statistics(documents, LIMITS).of(documents)
    return _bytes("\0".join(documents).encode())


@lru_cache(maxsize=2)
def code_and_words(split):
    """All code, and all comments and docstrings, of one split of the library."""
    pairs = [split_code_and_words(source) for source in corpus().documents[split].values()]
    return tuple(_bytes(b"\0".join(parts)) for parts in zip(*pairs, strict=True))


def _bytes(content):
    return np.frombuffer(content, dtype=np.uint8)


def mixture(words_share, n_tokens, seed):
    """`n_tokens` bytes, `words_share` of them words and the rest code, in blocks of 4 kB."""
    rng = np.random.default_rng(seed)
    code, words = code_and_words("train")
    n_blocks = n_tokens // BLOCK + 2  # a little more, so that windows on the seams may be left out
    n_words = round(words_share * n_blocks)
    blocks = [*_blocks(words, n_words, rng), *_blocks(code, n_blocks - n_words, rng)]
    return np.concatenate(blocks)


def _blocks(text, n, rng):
    places = rng.permutation(text.size // BLOCK)[:n]
    return [text[place * BLOCK : (place + 1) * BLOCK] for place in places]


def run(row):
    """Train one model in one thread; losses on held-out files, on their code, on their words."""
    if row["study"] == "quality":
        text = quality_text(row["text"])
    else:
        text = mixture(row["words_share"], row["n_tokens"], row["seed"])
    code, words = code_and_words("held_out")
    with one_thread(row["seed"]):
        with Stopwatch() as watch:
            model = LanguageModel(row["d_model"])
            log = train(model, text, row["n_tokens"], seed=row["seed"])
        losses = [
            held_out_loss(model, held_out, n_windows=2048)
            for held_out in (corpus().text("held_out"), code, words)
        ]
    return {
        "text_bytes": text.size,
        "flops": flops(row),
        "train_loss": round(log.train_loss, 5),
        **dict(
            zip(("loss", "loss_code", "loss_words"), (round(x, 5) for x in losses), strict=True)
        ),
        "seconds": round(watch.seconds, 1),
    }
