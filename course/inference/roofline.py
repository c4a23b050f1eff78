"""How fast a model can answer: the longer of the times for computing and for reading memory.

A pass over a model reads its weights once, whatever the batch, and computes for each token. Each
of its two parts, the products with the weights and the attention over what was read before, takes
the longer of FLOP / (peak FLOP/s) and bytes / (bandwidth); the parts follow one another. FLOP is
an amount, FLOP/s a rate, bytes are bytes; everything broadcasts over numpy arrays.
"""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from course.accounting import Chip, chip, params_read
from course.display import number, table
from course.evidence import fact
from course.inference.models import model, model_name
from course.inference.values import plain, scalar, whole
from course.units import between, format_bytes, positive

MOST_GPUS = 1024
_ALL_REDUCES = 2  # in a layer: after attention and after the feed-forward block


def arithmetic_intensity(flops, bytes_moved):
    """FLOP for each byte that moves between memory and chip."""
    return positive("flops", flops) / positive("bytes_moved", bytes_moved)


def ridge_point(chip_or_name, precision=None):
    """Peak FLOP/s over bytes/s: the intensity in FLOP per byte from which computing is the limit.

    `precision`: one of the chip's, its 16-bit one by default.
    Source: Williams, Waterman and Patterson 2009.
    """
    c = chip(chip_or_name)
    return c.peak(precision) / c.bandwidth_bytes_per_s


def attainable_flop_per_s(intensity, chip_or_name, precision=None):
    """min(peak, intensity · bandwidth): the roof over work of that many FLOP per byte."""
    c = chip(chip_or_name)
    rate = positive("intensity", intensity) * c.bandwidth_bytes_per_s
    return np.minimum(rate, c.peak(precision))


def crossover_batch(chip_or_name, weight_bits=16, precision=None):
    """The tokens in a pass from which products with a dense model's weights are compute-bound.

    Each weight of `weight_bits` / 8 bytes is read once and works 2 FLOP for each token, so it is
    the ridge point · bytes / 2. Attention to a cache stays bound by memory at any batch, since
    each sequence reads a cache of its own. Source: Austin et al. 2025, How to Scale Your Model.
    """
    bits = positive("weight_bits", weight_bits, upper=64)
    return ridge_point(chip_or_name, precision) * bits / 8 / 2


def usd_per_million_tokens(tokens_per_s, price_usd_per_gpu_hour, n_gpus=1):
    """price · n_gpus / (tokens_per_s · 3600) · 1e6, in USD, while the GPUs are that busy."""
    rent = positive("price_usd_per_gpu_hour", price_usd_per_gpu_hour) * positive("n_gpus", n_gpus)
    return rent / (positive("tokens_per_s", tokens_per_s) * 3600) * 1e6


@dataclass(frozen=True)
class Step:
    """A pass over a model: its work, and the seconds that it takes.

    `n_tokens` are written in decoding, read in prefill. `compute_s` and `memory_s` are what it
    would take if the other were free; `link_s` is spent on talk between the GPUs. `bound` says
    which of the first two is longer.
    """

    n_tokens: float
    flops: float
    bytes_moved: float
    compute_s: float
    memory_s: float
    link_s: float
    seconds: float

    @property
    def intensity(self):
        """FLOP per byte."""
        return self.flops / self.bytes_moved

    @property
    def flop_per_s(self):
        """What it reaches, in FLOP/s, over all GPUs."""
        return self.flops / self.seconds

    @property
    def tokens_per_s(self):
        """Tokens per second, of the whole batch."""
        return self.n_tokens / self.seconds

    @property
    def bound(self):
        """ "compute" or "memory" (an array of them for arrays)."""
        bound = np.where(np.greater(self.compute_s, self.memory_s), "compute", "memory")
        return bound if bound.ndim else str(bound)

    def _repr_html_(self):
        rows = [
            ("tokens", number(self.n_tokens, ",.4g"), "tokens"),
            ("work", number(self.flops, ".3g"), "FLOP"),
            ("read and written", number(self.bytes_moved, ".3g"), "bytes"),
            ("arithmetic intensity", number(self.intensity, ".3g"), "FLOP per byte"),
            ("computing alone", number(1e3 * self.compute_s, ".3g"), "ms"),
            ("memory alone", number(1e3 * self.memory_s, ".3g"), "ms"),
            ("between GPUs", number(1e3 * self.link_s, ".3g"), "ms"),
            ("takes", number(1e3 * self.seconds, ".3g"), "ms"),
            ("speed", number(self.tokens_per_s, ",.4g"), "tokens per second"),
        ]
        bound = self.bound if isinstance(self.bound, str) else "compute or memory"
        return table(f"A pass, bound by {bound}", ("", "value", "unit"), rows)


@dataclass(frozen=True)
class Server:
    """A model on `n_gpus` chips that work as one, and the assumptions that turn peaks into speeds.

    `mfu` and `mbu`: the shares of peak FLOP/s and of bandwidth that its kernels reach, each in
    (0, 1]; engines reach 0.3 to 0.6 of the one and 0.6 to 0.8 of the other. `weight_bits` and
    `kv_bits`: bits of a weight and of a number in the KV cache. `precision` of the products: the
    chip's 16-bit one by default. `memory_share`: what weights and caches may fill.
    `link_bytes_per_s` in each direction (by default the chip's NVLink, or PCIe 4.0) and
    `link_latency_s` are those of an all-reduce among the GPUs: each layer is split over all of them
    (tensor parallelism). Raises ValueError for what cannot be, such as an MFU above 1.
    """

    model: object
    chip: Chip | str = "H100"
    n_gpus: int = 1
    weight_bits: float = 16
    kv_bits: float = 16
    mfu: float = 0.3
    mbu: float = 0.7
    memory_share: float = 0.9
    precision: str | None = None
    link_bytes_per_s: float | None = None
    link_latency_s: float = 10e-6
    peak_flop_per_s: float = field(init=False)

    def __post_init__(self):
        def put(name, value):
            object.__setattr__(self, name, value)

        put("model", model(self.model))
        put("chip", chip(self.chip))
        whole("n_gpus", scalar("n_gpus", self.n_gpus), MOST_GPUS)
        for name in ("weight_bits", "kv_bits"):
            scalar(name, getattr(self, name), 64)
        for name in ("mfu", "mbu", "memory_share"):
            scalar(name, getattr(self, name), 1)
        if self.link_bytes_per_s is None:
            links = fact("hw_note.link").value
            put("link_bytes_per_s", links.get(self.chip.name, links["PCIe-4"]))
        scalar("link_bytes_per_s", self.link_bytes_per_s)
        scalar("link_latency_s", self.link_latency_s, 1, zero=True)
        put("peak_flop_per_s", self.chip.peak(self.precision))

    # --- what fits ---

    @property
    def weight_bytes(self):
        """Bytes of all weights."""
        return self.model.weight_bytes(self.weight_bits)

    @property
    def memory_bytes(self):
        """Bytes that weights and caches may fill, on all GPUs."""
        return self.memory_share * self.n_gpus * self.chip.memory_bytes

    def kv_bytes(self, batch, context):
        """Bytes of the KV cache of `batch` sequences of `context` tokens."""
        return self.model.kv_cache_bytes(batch, context, self.kv_bits / 8)

    def largest_batch(self, context):
        """How many sequences of `context` tokens fit beside the weights; 0 where none does."""
        room = (self.memory_bytes - self.weight_bytes) / self.kv_bytes(1, context)
        return plain(np.maximum(0, np.floor(room)))

    # --- how fast ---

    def decode(self, batch, context):
        """The Step that gives each of `batch` sequences of `context` tokens its next token."""
        batch, context = positive("batch", batch), positive("context", context)
        products = batch * self.model.forward_flops(1, 1)
        looks = batch * self.model.forward_flops(1, 1, n_cached=context) - products
        looks = np.maximum(looks, 0)  # where rounding would leave less than nothing
        return self._step(batch, products, looks, self.kv_bytes(batch, context))

    def prefill(self, batch, prompt_tokens, n_cached=0):
        """The Step that reads `batch` prompts of `prompt_tokens`, before the first token is written

        `n_cached` tokens before them are in the cache already (a shared prefix).
        """
        batch, prompt = positive("batch", batch), positive("prompt_tokens", prompt_tokens)
        n_cached = between("n_cached", n_cached, 0, np.inf)
        tokens = batch * prompt
        products = tokens * self.model.forward_flops(1, 1)
        everything = batch * self.model.forward_flops(1, prompt, n_cached=n_cached)
        # Attention reads the cache once and writes the new part of it.
        kept = self.kv_bytes(batch, prompt + n_cached)
        return self._step(tokens, products, np.maximum(everything - products, 0), kept)

    def answer_s(self, prompt_tokens, answer_tokens, batch=1):
        """Seconds from the prompt to the last token of `answer_tokens`, when `batch` run.

        The prompt is read alone, then each token is decoded at the mean context.
        """
        prompt, answer = (
            positive("prompt_tokens", prompt_tokens),
            positive("answer_tokens", answer_tokens),
        )
        first = self.prefill(1, prompt).seconds
        return first + answer * self.decode(batch, prompt + answer / 2).seconds

    @property
    def crossover_batch(self):
        """The tokens in a pass from which its products are bound by computing, at its mfu and mbu.

        A mixture of experts needs more: its batch reads all experts, each token works with a few.
        """
        m = self.model
        ratio = params_read(m, 1e12) / m.n_active_params_without_lookup
        ideal = crossover_batch(self.chip, self.weight_bits, self.precision)
        return ideal * self.mfu / self.mbu * ratio

    def with_gpus(self, n_gpus):
        """The same on another number of GPUs."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        return type(self)(**values | {"n_gpus": n_gpus})

    def _step(self, n_tokens, products, looks, kv_bytes):
        flop_per_s = self.n_gpus * self.peak_flop_per_s * self.mfu
        bytes_per_s = self.n_gpus * self.chip.bandwidth_bytes_per_s * self.mbu
        weights = params_read(self.model, n_tokens) * self.weight_bits / 8
        parts = [(products, weights), (looks, kv_bytes)]
        link = self._link_s(n_tokens)
        times = [np.maximum(f / flop_per_s, b / bytes_per_s) for f, b in parts]
        return Step(
            n_tokens=n_tokens,
            flops=plain(products + looks),
            bytes_moved=plain(weights + kv_bytes),
            compute_s=plain((products + looks) / flop_per_s),
            memory_s=plain((weights + kv_bytes) / bytes_per_s),
            link_s=plain(link),
            seconds=plain(times[0] + times[1] + link),
        )

    def _link_s(self, n_tokens):
        """All-reduces of n_tokens · width numbers of 16 bits, a ring: each sends 2 (n - 1) / n."""
        moved = 2 * (self.n_gpus - 1) / self.n_gpus * n_tokens * self.model.d_model * 2
        alone = np.equal(self.n_gpus, 1)
        each = np.where(alone, 0.0, self.link_latency_s + moved / self.link_bytes_per_s)
        return _ALL_REDUCES * self.model.n_layers * each

    def __str__(self):
        return f"{model_name(self.model)} on {self.n_gpus} {self.chip.name}"

    def _repr_html_(self):
        rows = [
            ("weights", format_bytes(self.weight_bytes), f"{self.weight_bits:g} bits each"),
            (
                "memory for weights and caches",
                format_bytes(self.memory_bytes),
                f"{self.memory_share:.0%} of all",
            ),
            ("KV cache", format_bytes(self.kv_bytes(1, 1)), "for each token of a sequence"),
            (
                "peak",
                f"{self.n_gpus * self.peak_flop_per_s / 1e12:,.0f} TFLOP/s",
                f"of which {self.mfu:.0%} is reached",
            ),
            (
                "bandwidth",
                f"{self.n_gpus * self.chip.bandwidth_bytes_per_s / 1e12:.3g} TB/s",
                f"of which {self.mbu:.0%} is reached",
            ),
            ("compute-bound from", f"{self.crossover_batch:,.0f} tokens", "in a pass"),
        ]
        return table(str(self), ("", "value", ""), rows)


def pipeline_decode(server, batch, context):
    """The Step of `server.decode` with each GPU holding some of the layers (pipeline parallelism).

    A token passes one GPU after the other, so it takes as long as on one GPU, and a hop between
    each two; the batch is cut into as many parts as there are GPUs, which all work at once.
    Compare the `seconds` of `server.decode`, where all GPUs share each layer.
    """
    part = np.maximum(1, positive("batch", batch) / server.n_gpus)
    alone = server.with_gpus(1).decode(part, context)
    hops = (server.n_gpus - 1) * server.link_latency_s
    return dataclasses.replace(
        alone,
        n_tokens=positive("batch", batch),
        link_s=alone.link_s + hops,
        seconds=alone.seconds + hops,
    )


def generation_flops(shape, prompt_tokens, answer_tokens, kv_cache=True):
    """FLOP of a whole answer: prompt read, then a pass for each token of the answer but the first.

    Without a KV cache each pass reads everything anew. Whole `prompt_tokens` and `answer_tokens`,
    up to a million. `shape`: as for `course.inference.models.model`.
    """
    shape = model(shape)
    prompt = whole("prompt_tokens", scalar("prompt_tokens", prompt_tokens), 10**6)
    answer = whole("answer_tokens", scalar("answer_tokens", answer_tokens), 10**6)
    seen = prompt + np.arange(1, answer)
    if kv_cache:
        rest = shape.forward_flops(1, 1, n_cached=seen - 1) if seen.size else np.zeros(1)
    else:
        rest = shape.forward_flops(1, seen) if seen.size else np.zeros(1)
    return float(shape.forward_flops(1, prompt) + rest.sum())
