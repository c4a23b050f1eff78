"""A model on GPUs that work as one replica: what fits, and how long a pass takes.

A pass over a model reads its weights once, whatever the batch, and computes for each token. Each
of its two parts, the products with the weights and the attention to the cache, takes the longer of
FLOP / (reached FLOP/s) and bytes / (reached bytes/s), on the GPU that has most to do; the parts
follow one another, and the links come on top. All of it broadcasts over numpy arrays.
"""

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from course.accounting import Chip, chip, params_read
from course.display import number, table
from course.inference.models import model, model_name
from course.inference.parallel import Links, Sharing, links_of
from course.inference.roofline import crossover_batch
from course.units import between, format_bytes, plain, positive, single


@dataclass(frozen=True)
class Step:
    """A pass over a model: its work, and the seconds that it takes.

    Attributes:
        n_tokens: written in decoding, read in prefill.
        flops: of all GPUs.
        bytes_moved: read and written by all GPUs, copies counted.
        compute_s: seconds of computing, if memory were free.
        memory_s: seconds of reading memory, if computing were free.
        link_s: seconds on the links between the GPUs.
        seconds: of the whole pass.
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
        """ "compute" or "memory", whichever takes longer; an array of them for arrays."""
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
    """A model on chips that work as one, and the assumptions that turn peaks into speeds.

    Engines reach 0.4 to 0.7 of the peak where they read prompts, less where they decode, and 0.6 to
    0.8 of the bandwidth. `course.inference.measured` holds the defaults against measurements.

    Attributes:
        model: a name, a number of parameters or a shape, see `course.inference.models.model`.
        chip: a name or a Chip.
        n_gpus: how many of it.
        data_parallel: groups with sequences of their own, see `course.inference.parallel.Sharing`.
        expert_parallel: whole experts on each GPU, see there.
        weight_bits: of a weight.
        kv_bits: of a number in the KV cache.
        prefill_mfu: share of the peak FLOP/s that is reached in reading prompts, in (0, 1].
        decode_mfu: the same in writing.
        mbu: share of the memory bandwidth that is reached, in (0, 1].
        memory_share: what weights and caches may fill of each GPU's memory, in (0, 1].
        precision: of the products; the chip's 16-bit one by default.
        links: between the GPUs; those of the chip by default.
        peak_flop_per_s: of a chip at that precision.

    Raises:
        ValueError: for what cannot be, such as an MFU above 1.
    """

    model: object
    chip: Chip | str = "H100"
    n_gpus: int = 1
    data_parallel: int = 1
    expert_parallel: bool = False
    weight_bits: float = 16
    kv_bits: float = 16
    prefill_mfu: float = 0.5
    decode_mfu: float = 0.3
    mbu: float = 0.7
    memory_share: float = 0.9
    precision: str | None = None
    links: Links | None = None
    peak_flop_per_s: float = field(init=False)

    def __post_init__(self):
        def put(name, value):
            object.__setattr__(self, name, value)

        put("model", model(self.model))
        put("chip", chip(self.chip))
        _ = self.sharing  # which checks how the GPUs share the model
        for name in ("weight_bits", "kv_bits"):
            single(name, positive(name, getattr(self, name), upper=64))
        for name in ("prefill_mfu", "decode_mfu", "mbu", "memory_share"):
            single(name, positive(name, getattr(self, name), upper=1))
        if self.links is None:
            put("links", links_of(self.chip))
        if not isinstance(self.links, Links):
            raise ValueError(f"links must be Links, got {self.links!r}")
        put("peak_flop_per_s", self.chip.peak(self.precision))

    @cached_property
    def sharing(self):
        """What each GPU holds, reads and sends: a Sharing."""
        return Sharing(self.model, self.n_gpus, self.data_parallel, self.expert_parallel)

    # --- what fits ---

    @property
    def weight_bytes(self):
        """Bytes of weights on all GPUs, copies counted."""
        return self.n_gpus * self.sharing.params_held() * self.weight_bits / 8

    @property
    def memory_bytes(self):
        """Bytes that weights and caches may fill, on all GPUs."""
        return self.memory_share * self.n_gpus * self.chip.memory_bytes

    def kv_bytes(self, batch, context):
        """Bytes of the KV caches of `batch` sequences of `context` tokens, copies counted."""
        copies = self.sharing.group * self.sharing.cache_share()
        return copies * self.model.kv_cache_bytes(batch, context, self.kv_bits / 8)

    def largest_batch(self, context):
        """How many sequences of `context` tokens fit beside the weights; 0 where none does."""
        room = (self.memory_bytes - self.weight_bytes) / self.data_parallel
        of_a_group = np.floor(room / self.kv_bytes(1, context))
        return plain(self.data_parallel * np.maximum(0, of_a_group))

    # --- how fast ---

    def decode(self, batch, context):
        """The Step that gives each of `batch` sequences of `context` tokens its next token."""
        batch, context = positive("batch", batch), positive("context", context)
        running = self.data_parallel * self.sharing.sequences_of_a_group(batch)
        products = running * self.model.forward_flops(1, 1)
        attention = running * self.model.forward_flops(1, 1, n_cached=context) - products
        attention = np.maximum(attention, 0)  # where rounding would leave less than nothing
        caches = self.kv_bytes(running, context)
        return self._step(batch, running, products, attention, caches, self.decode_mfu)

    def prefill(self, batch, prompt_tokens, n_cached=0):
        """The Step that reads `batch` prompts of `prompt_tokens`, before an answer's first token.

        `n_cached` tokens before them are in the cache already (a shared prefix).
        """
        batch, prompt = positive("batch", batch), positive("prompt_tokens", prompt_tokens)
        n_cached = between("n_cached", n_cached, 0, np.inf)
        running = self.data_parallel * self.sharing.sequences_of_a_group(batch)
        tokens = running * prompt
        products = tokens * self.model.forward_flops(1, 1)
        everything = running * self.model.forward_flops(1, prompt, n_cached=n_cached)
        # Attention reads the cache once and writes the new part of it.
        caches = self.kv_bytes(running, prompt + n_cached)
        attention = np.maximum(everything - products, 0)
        return self._step(
            batch * prompt, tokens, products, attention, caches, self.prefill_mfu, prefill=True
        )

    def answer_s(self, prompt_tokens, answer_tokens, batch=1):
        """Seconds from the prompt to the last token of `answer_tokens`, when `batch` run.

        The prompt is read alone, then each token is decoded at the mean context.
        """
        prompt = positive("prompt_tokens", prompt_tokens)
        answer = positive("answer_tokens", answer_tokens)
        first = self.prefill(1, prompt).seconds
        return first + answer * self.decode(batch, prompt + answer / 2).seconds

    @property
    def crossover_batch(self):
        """The tokens of a decoding pass from which its products are bound by computing.

        At its decode_mfu and mbu, with all matrices cut over all GPUs. A mixture of experts needs
        a larger batch: it reads all experts, and each token works with a few.
        """
        ratio = params_read(self.model, 1e12) / self.model.n_active_params_without_lookup
        ideal = crossover_batch(self.chip, self.weight_bits, self.precision)
        return ideal * self.decode_mfu / self.mbu * ratio

    def with_gpus(self, n_gpus):
        """The same on another number of GPUs."""
        return dataclasses.replace(self, n_gpus=n_gpus)

    def _step(self, n_tokens, running, products, attention, kv_bytes, mfu, *, prefill=False):
        """A pass over `n_tokens`, when the fullest group is as busy as if `running` were all."""
        flop_per_s = self.n_gpus * self.peak_flop_per_s * mfu
        bytes_per_s = self.n_gpus * self.chip.bandwidth_bytes_per_s * self.mbu
        weights = self.n_gpus * self.sharing.params_read(running) * self.weight_bits / 8
        links = self.sharing.link_s(self.links, running, self.weight_bits, prefill=prefill)
        parts = [(products, weights), (attention, kv_bytes)]
        seconds = [np.maximum(f / flop_per_s, b / bytes_per_s) for f, b in parts]
        return Step(
            n_tokens=n_tokens,
            flops=plain(products + attention),
            bytes_moved=plain(weights + kv_bytes),
            compute_s=plain((products + attention) / flop_per_s),
            memory_s=plain((weights + kv_bytes) / bytes_per_s),
            link_s=plain(links),
            seconds=plain(sum(seconds) + links),
        )

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
                f"{self.prefill_mfu:.0%} reached in prefill, {self.decode_mfu:.0%} in decoding",
            ),
            (
                "bandwidth",
                f"{self.n_gpus * self.chip.bandwidth_bytes_per_s / 1e12:.3g} TB/s",
                f"of which {self.mbu:.0%} is reached",
            ),
            ("compute-bound from", f"{self.crossover_batch:,.0f} tokens", "in a pass"),
        ]
        if self.n_gpus > 1:
            machines = self.links.n_machines(self.n_gpus)
            beyond = f", {machines} machines over a network" if machines > 1 else ""
            rows.append(("shared by", self.sharing.name, self.links.name + beyond))
        return table(str(self), ("", "value", ""), rows)
