"""What makes an answer cheaper or faster: caches, a shared prefix, drafts; and what does not."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from course.display import table
from course.inference.models import model
from course.units import between, format_bytes, plain, positive, single, whole

_MOST_TOKENS = 10**6


# --- the KV cache and pipelines -------------------------------------------------------------------


def generation_flops(shape, prompt_tokens, answer_tokens, kv_cache=True):
    """FLOP of a whole answer: prompt read, then a pass for each token of the answer but the first.

    Without a KV cache each pass reads everything anew. Whole `prompt_tokens` and `answer_tokens`,
    up to a million. `shape`: as for `course.inference.models.model`.
    """
    shape = model(shape)
    prompt = single("prompt_tokens", whole("prompt_tokens", prompt_tokens, 1, _MOST_TOKENS))
    answer = single("answer_tokens", whole("answer_tokens", answer_tokens, 1, _MOST_TOKENS))
    seen = prompt + np.arange(1, answer)
    if not seen.size:
        return float(shape.forward_flops(1, prompt))
    each = (
        shape.forward_flops(1, 1, n_cached=seen - 1) if kv_cache else shape.forward_flops(1, seen)
    )
    return float(shape.forward_flops(1, prompt) + each.sum())


def pipeline_decode(server, batch, context):
    """The Step of `server.decode` with each GPU holding some of the layers (pipeline parallelism).

    A token passes one GPU after the other, so it takes as long as on one GPU, and a hop between
    each two; the batch is cut into as many parts as there are GPUs, which all work at once.
    Compare the `seconds` of `server.decode`, where all GPUs share each layer.
    """
    batch = positive("batch", batch)
    part = np.maximum(1, batch / server.n_gpus)
    alone = dataclasses.replace(server, n_gpus=1, data_parallel=1, expert_parallel=False)
    step = alone.decode(part, context)
    hops = (server.n_gpus - 1) * server.links.latency_s
    return dataclasses.replace(
        step, n_tokens=batch, link_s=step.link_s + hops, seconds=step.seconds + hops
    )


# --- prefix caching -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrefixCaching:
    """What keeping the cache of a shared prefix saves on each request, and what it occupies.

    Attributes:
        saved_flops: FLOP of a request.
        saved_s: seconds of a request.
        saved_share: of the prefill, in [0, 1].
        kv_bytes: bytes kept.
        memory_share: kv_bytes over what weights and caches may fill.
        break_even_requests_per_s: from this rate on it is worth its memory, in each replica.
    """

    saved_flops: float
    saved_s: float
    saved_share: float
    kv_bytes: float
    memory_share: float
    break_even_requests_per_s: float

    def _repr_html_(self):
        rows = [
            (
                "saved on a request",
                f"{1e3 * self.saved_s:.3g} ms",
                f"{self.saved_share:.0%} of reading its prompt",
            ),
            ("kept", format_bytes(self.kv_bytes), f"{self.memory_share:.2%} of the memory"),
            ("worth it from", f"{self.break_even_requests_per_s:.2g} requests/s", "each replica"),
        ]
        return table("A shared prefix, kept in the KV cache", ("", "value", ""), rows)


def prefix_caching(server, prompt_tokens, prefix_tokens):
    """The PrefixCaching of `prefix_tokens` that all prompts of `prompt_tokens` start with.

    It pays from the rate at which the share of the replica's time that it saves exceeds the share
    of its memory that it holds. Raises ValueError unless the prefix is shorter than the prompt.
    """
    prompt = positive("prompt_tokens", prompt_tokens)
    prefix = positive("prefix_tokens", prefix_tokens)
    if np.any(np.greater_equal(prefix, prompt)):
        raise ValueError(f"prefix_tokens must be fewer than prompt_tokens, got {prefix_tokens!r}")
    everything = server.prefill(1, prompt)
    rest = server.prefill(1, prompt - prefix, n_cached=prefix)
    kept = server.kv_bytes(1, prefix)
    saved = np.maximum(everything.seconds - rest.seconds, 0)
    share = kept / server.memory_bytes
    with np.errstate(divide="ignore"):
        break_even = np.divide(share, saved)
    return PrefixCaching(
        saved_flops=everything.flops - rest.flops,
        saved_s=plain(saved),
        saved_share=plain(saved / everything.seconds),
        kv_bytes=kept,
        memory_share=share,
        break_even_requests_per_s=plain(break_even),
    )


def useful_prefix_caching(server, traffic):
    """The PrefixCaching of the Traffic's shared prefix, if keeping it pays at its rate; else None.

    None too where prompts share nothing.
    """
    if traffic.shared_prefix_tokens == 0:
        return None
    caching = prefix_caching(server, traffic.prompt_tokens, traffic.shared_prefix_tokens)
    return caching if traffic.requests_per_s >= caching.break_even_requests_per_s else None


# --- speculative decoding -------------------------------------------------------------------------


def expected_tokens(acceptance, n_draft):
    """(1 - a^(g+1)) / (1 - a): tokens that a pass over the large model yields on average.

    A draft model proposes `n_draft` = g tokens, each accepted with chance `acceptance` = a in
    [0, 1] while those before it were; the pass adds one of its own. g + 1 where a = 1. Broadcasts.
    Source: Leviathan et al. 2023, arXiv:2211.17192, eq. 1.
    """
    a, g = between("acceptance", acceptance, 0, 1), positive("n_draft", n_draft)
    a, g = np.broadcast_arrays(a, g)
    safe = np.where(a < 1, a, 0.0)
    tokens = np.where(a < 1, (1 - safe ** (g + 1)) / (1 - safe), g + 1)
    return plain(tokens)


def speculative_speedup(acceptance, n_draft, cost_ratio, check_ratio=1.0):
    """expected_tokens / (g · c + check_ratio): how much faster tokens come than one by one.

    `cost_ratio` = c: time of a draft token over that of a pass of the large model. `check_ratio`:
    time of its pass over g + 1 tokens over that of a pass over one: 1 in the paper, as long as
    memory is the limit (`check_ratio` of a Server and a batch computes it). Below 1 it slows down.
    Source: Leviathan et al. 2023, arXiv:2211.17192, theorem 3.8.
    """
    tokens = expected_tokens(acceptance, n_draft)
    cost = positive("cost_ratio", cost_ratio) * positive("n_draft", n_draft)
    return tokens / (cost + positive("check_ratio", check_ratio))


def check_ratio(server, n_draft, batch, context):
    """Seconds of a pass that checks `n_draft` + 1 tokens of each sequence, over those of one token.

    Near 1 for small batches, up to n_draft + 1 for large ones: speculation buys latency with
    computing that a full batch has no spare of.
    """
    checked = positive("n_draft", n_draft) + 1
    as_decoding = dataclasses.replace(server, prefill_mfu=server.decode_mfu)
    pass_s = as_decoding.prefill(batch, checked, n_cached=positive("context", context)).seconds
    return pass_s / server.decode(batch, context).seconds
