"""How the GPUs of a replica share a model, and what they send one another for it.

Tensor parallelism cuts each matrix over all GPUs. It copies what it cannot cut: a GPU has at least
one KV head, and a cache of latents whole. Data-parallel attention gives each group of GPUs
sequences of its own, so that no cache is copied. Expert parallelism gives each GPU whole experts.
SGLang calls the three --tp-size, --dp-size with --enable-dp-attention, and --ep-size; vLLM
--tensor-parallel-size, --data-parallel-size and --enable-expert-parallel.
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from course.accounting import chip, params_read
from course.evidence import fact
from course.units import between, positive, single, whole

MOST_GPUS = 1024
GPUS_OF_A_MACHINE = 8  # that share the fast links, where the facts do not say otherwise
_ACTIVATION_BYTES = 2  # of a number that passes between layers, in bf16


@dataclass(frozen=True)
class Links:
    """What joins the GPUs: fast links within a machine, the network beyond it.

    Attributes:
        name: how the GPUs of a machine are joined, in words.
        bytes_per_s: of one GPU within a machine, in each direction.
        latency_s: seconds of an all-reduce within a machine that carries next to nothing.
        n_gpus: GPUs of a machine.
        network_bytes_per_s: of one GPU to other machines, in each direction.
        network_latency_s: seconds of an all-reduce between machines that carries next to nothing.
    """

    name: str
    bytes_per_s: float
    latency_s: float
    n_gpus: int = GPUS_OF_A_MACHINE
    network_bytes_per_s: float = 50e9
    network_latency_s: float = 25e-6

    def __post_init__(self):
        for name in ("bytes_per_s", "network_bytes_per_s"):
            single(name, positive(name, getattr(self, name)))
        for name in ("latency_s", "network_latency_s"):
            single(name, between(name, getattr(self, name), 0, 1))
        single("n_gpus", whole("n_gpus", self.n_gpus, 1, MOST_GPUS))

    def n_machines(self, n_gpus):
        """Machines that `n_gpus` fill."""
        return int(np.ceil(n_gpus / self.n_gpus))

    def all_reduce_s(self, n_bytes, n_gpus):
        """Seconds until each of `n_gpus` has the sum of what all of them hold, `n_bytes` each.

        In a ring each GPU sends 2 (n - 1) / n of the bytes. Between machines the ring of each
        machine's GPUs has summed up its part first, so each GPU sends its share only. Broadcasts.
        """
        if n_gpus == 1:
            return 0.0 * n_bytes
        within, machines = min(n_gpus, self.n_gpus), self.n_machines(n_gpus)
        seconds = self.latency_s + 2 * (within - 1) / within * n_bytes / self.bytes_per_s
        if machines > 1:
            sent = 2 * (machines - 1) / machines * n_bytes / within
            seconds = seconds + self.network_latency_s + sent / self.network_bytes_per_s
        return seconds

    def all_to_all_s(self, n_bytes, n_gpus, n_copies, *, forwarded=False):
        """Seconds until every token is at its experts, or its results are back.

        Each GPU sends `n_bytes` to each of `n_copies` GPUs, any of `n_gpus` alike. Both links work
        at the same time. With `forwarded` a token crosses the network once for each machine, and
        its GPUs hand it on (DeepEP's normal kernels); otherwise once for each copy, which is
        quicker for few tokens (its low-latency kernels). Broadcasts over `n_bytes`.
        """
        if n_gpus == 1:
            return 0.0 * n_bytes
        within, machines = min(n_gpus, self.n_gpus), self.n_machines(n_gpus)
        near = n_copies * (within - 1) / (within if forwarded else n_gpus)
        far = n_copies * (n_gpus - within) / n_gpus
        if forwarded:
            far = (machines - 1) * (1 - (1 - 1 / machines) ** n_copies)
        latency = self.latency_s if machines == 1 else self.network_latency_s
        seconds = np.maximum(near / self.bytes_per_s, far / self.network_bytes_per_s)
        return latency + n_bytes * seconds


def links_of(chip_or_name):
    """The Links of a chip: NVLink where the facts know it, else PCIe 4.0.

    A card without peer access sends through the memory of its host, and the name says so.
    """
    c = chip(chip_or_name)
    rates, through_host = fact("hw_note.link").value, fact("hw_note.link_through_host").value
    latencies, machines = fact("hw_note.link_latency").value, fact("hw_note.machine").value
    if c.name in through_host:
        rate, latency = through_host[c.name], latencies["through_host"]
        name = "PCIe through the host, no peer access"
    elif c.name in rates:
        rate, latency, name = rates[c.name], latencies["NVLink"], "NVLink"
    else:
        rate, latency, name = rates["PCIe-4"], latencies["PCIe-4"], "PCIe 4.0"
    return Links(
        name,
        rate,
        latency,
        n_gpus=machines.get(c.name, GPUS_OF_A_MACHINE),
        network_bytes_per_s=float(fact("hw_note.network")),
        network_latency_s=latencies["network"],
    )


@dataclass(frozen=True)
class Sharing:
    """How `n_gpus` share a model: what each of them holds, reads and sends.

    Attributes:
        shape: a TransformerShape or TypicalTransformer.
        n_gpus: GPUs of the replica.
        data_parallel: groups of GPUs with sequences of their own; 1 is tensor parallelism alone.
            Within a group attention is cut over its GPUs. It must divide n_gpus.
        expert_parallel: whole experts on each GPU, instead of a slice of each. All else is then
            cut within a group only, and each group has a copy.
    """

    shape: object
    n_gpus: int = 1
    data_parallel: int = 1
    expert_parallel: bool = False

    def __post_init__(self):
        for name in ("n_gpus", "data_parallel"):
            single(name, whole(name, getattr(self, name), 1, MOST_GPUS))
        if self.n_gpus % self.data_parallel:
            raise ValueError(
                f"data_parallel must divide n_gpus = {self.n_gpus}, got {self.data_parallel}"
            )
        if self.expert_parallel not in (True, False):
            raise ValueError(f"expert_parallel must be True or False, got {self.expert_parallel!r}")
        if self.expert_parallel and self.n_gpus > (most := n_experts(self.shape)):
            raise ValueError(
                "expert_parallel needs an expert for each GPU: the model has "
                f"{most if most > 1 else 'none'}, n_gpus is {self.n_gpus}"
            )

    @property
    def group(self):
        """GPUs that cut attention among them."""
        return self.n_gpus // self.data_parallel

    @property
    def name(self):
        """As engines write it: TP8 for tensor parallelism, DP8 and EP8 with the groups."""
        parts = [f"TP{self.group}"] if self.group > 1 or self.data_parallel == 1 else []
        parts += [f"DP{self.data_parallel}"] if self.data_parallel > 1 else []
        return " ".join(parts + [f"EP{self.n_gpus}"] * self.expert_parallel)

    def params_held(self):
        """Parameters in the memory of one GPU."""
        cut = experts(self.shape) if self.expert_parallel else self._outside_attention
        return self._on_one_gpu(self.shape.n_params, cut)

    def params_read(self, n_tokens):
        """Parameters that one GPU reads in a pass over `n_tokens` of all groups; broadcasts."""
        read = params_read(self.shape, n_tokens)
        if self.expert_parallel:
            common = self.shape.n_active_params_without_lookup - experts(self.shape, active=True)
            return self._on_one_gpu(read, read - common)
        return self._on_one_gpu(read, read - attention_params(self.shape))

    def cache_share(self):
        """The part of a sequence's KV cache that lies on each GPU of its group.

        1 / group where the KV heads can be dealt out; a whole head where there are too few; all of
        a cache of latents. Layers of several kinds weigh by what they keep of a token.
        """
        if not self.shape.layers:
            return _share_of_heads(self.shape.n_kv_heads, self.group)
        kinds = Counter(layer.attention for layer in self.shape.layers).items()
        weights = np.array([attention.cached_per_token * n for attention, n in kinds], float)
        shares = [
            1.0 if attention.latent_dim else _share_of_heads(attention.n_kv_heads, self.group)
            for attention, _ in kinds
        ]
        return float(np.average(shares, weights=weights))

    def sequences_of_a_group(self, batch):
        """Sequences of the fullest group, in whose time all others step; broadcasts."""
        return batch if self.data_parallel == 1 else np.ceil(batch / self.data_parallel)

    def link_s(self, links, n_tokens, weight_bits=16, *, prefill=False):
        """Seconds that a pass over `n_tokens` of all groups spends on the Links; broadcasts.

        Each layer sums up its attention within the group, then its feed-forward block over all
        GPUs that share that. With expert parallelism each token goes to its experts, in weights of
        `weight_bits` or bf16, and comes back in bf16, in prefill forwarded within machines.
        """
        width = self.shape.d_model * _ACTIVATION_BYTES
        of_a_group = links.all_reduce_s(n_tokens / self.data_parallel * width, self.group)
        n_layers = self.shape.n_layers
        if not self.expert_parallel:
            everywhere = links.all_reduce_s(n_tokens * width, self.n_gpus)
            return n_layers * (of_a_group + everywhere)
        seconds = n_layers * of_a_group
        blocks = Counter(layer.feed_forward for layer in self.shape.layers)
        for block, n in blocks.items():
            if block.n_experts == 1:
                seconds = seconds + n * of_a_group
                continue
            there = np.minimum(weight_bits / 8, _ACTIVATION_BYTES) * self.shape.d_model
            for a_token in (there, width):
                sent = n_tokens / self.n_gpus * a_token
                options = {"n_copies": block.n_active, "forwarded": prefill}
                seconds = seconds + n * links.all_to_all_s(sent, self.n_gpus, **options)
        return seconds

    @property
    def _outside_attention(self):
        return self.shape.n_params - attention_params(self.shape)

    def _on_one_gpu(self, n_params, cut_over_all):
        return cut_over_all / self.n_gpus + (n_params - cut_over_all) / self.group


def without_copies(shape, n_gpus):
    """The Sharing of `n_gpus` that copies no cache: data-parallel groups of few enough GPUs.

    A group has as many GPUs as divide both `n_gpus` and the KV heads (one, for a cache of latents);
    a mixture of experts is expert-parallel where there is an expert for each GPU.
    """
    group = math.gcd(n_gpus, _kv_heads(shape))
    mixture = 1 < n_gpus <= n_experts(shape)
    return Sharing(shape, n_gpus, n_gpus // group, mixture)


def n_experts(shape):
    """Experts of a layer; 1 for a dense model."""
    return max((layer.feed_forward.n_experts for layer in shape.layers), default=1)


def attention_params(shape):
    """Parameters of all attention."""
    if not shape.layers:
        return shape.n_attention_params
    return sum(n * layer.attention.n_params for layer, n in Counter(shape.layers).items())


def experts(shape, *, active=False):
    """Parameters of all experts of a mixture, or of those that a token passes; 0 if dense."""
    total = 0
    for layer, n in Counter(shape.layers).items():
        block = layer.feed_forward
        if block.n_experts > 1:
            each = block.expert_matrices + block.expert_vectors
            total += n * each * (block.n_active if active else block.n_experts)
    return total


def _share_of_heads(n_heads, n_gpus):
    return float(np.ceil(n_heads / n_gpus) / n_heads)


def _kv_heads(shape):
    """KV heads that can be dealt out in every layer alike."""
    if not shape.layers:
        return shape.n_kv_heads
    kinds = {layer.attention for layer in shape.layers}
    return math.gcd(*(1 if kind.latent_dim else kind.n_kv_heads for kind in kinds))
