"""The model of a server held against what others measured and published."""

from dataclasses import dataclass

from course.display import table
from course.evidence import fact
from course.inference.server import Server

# How far the model may be off, as a factor either way; the tests hold it to that.
WITHIN, WITHIN_UNBALANCED = 1.3, 2.6
_FP8 = {"weight_bits": 8, "precision": "fp8"}


@dataclass(frozen=True)
class Comparison:
    """A published throughput and what a Server with the default efficiencies gives for it.

    Attributes:
        what: the model, the chips and how they share it, in words.
        key: the fact with the measurement and its source.
        unit: of both numbers.
        measured: as published.
        modelled: by the Server.
        within: the factor that the tests hold the two to.
    """

    what: str
    key: str
    unit: str
    measured: float
    modelled: float
    within: float = WITHIN

    @property
    def factor(self):
        """modelled / measured: above 1 where the model is faster than the world."""
        return self.modelled / self.measured


@dataclass(frozen=True)
class Comparisons:
    """Several, as a table."""

    rows: tuple[Comparison, ...]

    def _repr_html_(self):
        rows = [
            (c.what, f"{c.measured:,.0f}", f"{c.modelled:,.0f}", f"{c.factor:.2f}", c.unit)
            for c in self.rows
        ]
        header = ("", "measured", "modelled", "factor", "tokens per second")
        return table("Published throughputs beside the model", header, rows)


def published_throughputs():
    """The Comparisons with measurements of 2025: engines under full load, in fp8.

    Llama-3.3-70B on two GPUs by NVIDIA, prompts and answers together; DeepSeek-V3 with expert
    parallelism over 4 and 9 machines by the SGLang team, reading and writing apart; a day of
    DeepSeek's own service; DeepSeek-R1 on one machine by NVIDIA, where nothing is said of balancing
    the experts, which the model takes for equally busy. The default efficiencies of a Server were
    chosen with these in view, so they are a check of the whole and no independent test.
    """
    rows = (*_llama(), *_deepseek_decode(), *_deepseek_prefill(), *_deepseek_on_one_machine())
    return Comparisons(rows)


def _llama():
    for chip in ("H100", "H200"):
        key = f"inference.Llama-3.3-70B_on_{chip}"
        for row in fact(key).value:
            server = Server("Llama-3-70B", chip, n_gpus=row["n_chips"], kv_bits=8, **_FP8)
            yield _full_load(f"Llama-3.3-70B on 2 {chip}", key, server, row)


def _deepseek_on_one_machine():
    key = "inference.DeepSeek-R1_on_H200"
    for row in fact(key).value:
        server = _expert_parallel("H200", row["n_chips"], kv_bits=8)
        yield _full_load("DeepSeek-R1 on 8 H200", key, server, row, WITHIN_UNBALANCED)


def _full_load(what, key, server, row, within=WITHIN):
    """Written tokens per second and GPU, when the next request is always waiting."""
    prompt, answer, groups = row["prompt_tokens"], row["answer_tokens"], server.data_parallel
    context = prompt + answer / 2  # all answers are of one length, met at any of their tokens
    batch = min(server.largest_batch(context), row.get("n_requests", float("inf")))
    prefill_s = server.prefill(groups, prompt).seconds / groups
    request_s = prefill_s + answer * server.decode(batch, context).seconds / batch
    return Comparison(
        what=f"{what}, {server.sharing.name}, prompts of {prompt:,}, answers of {answer:,}",
        key=key,
        unit="written, a GPU",
        measured=row["tokens_per_chip_s"],
        modelled=answer / request_s / server.n_gpus,
        within=within,
    )


def _deepseek_decode():
    for key, what, rate in (
        ("inference.DeepSeek-V3_decode_on_H100", "H100", "tokens_per_machine_s"),
        # An H800 computes and reads as an H100; only its NVLink is slower, which is not the limit.
        ("inference.DeepSeek-V3_service", "H800, a day's average", "tokens_written_per_machine_s"),
    ):
        row = fact(key).value
        server = _expert_parallel("H100", row["n_chips"])
        step = server.decode(row["n_chips"] * row["sequences_per_chip"], row["context"])
        yield Comparison(
            what=f"DeepSeek-V3 on {row['n_chips']} {what}, {server.sharing.name}, "
            f"contexts of {row['context']:,}",
            key=key,
            unit="written, 8 GPUs",
            measured=row[rate],
            modelled=step.tokens_per_s * row["chips_per_machine"] / row["n_chips"],
        )


def _deepseek_prefill():
    key = "inference.DeepSeek-V3_prefill_on_H100"
    for row in fact(key).value:
        server, prompt = _expert_parallel("H100", row["n_chips"]), row["prompt_tokens"]
        step = server.prefill(row["n_chips"] * row["tokens_per_chip"] / prompt, prompt)
        yield Comparison(
            what=f"DeepSeek-V3 on {row['n_chips']} H100, {server.sharing.name}, "
            f"prompts of {prompt:,}",
            key=key,
            unit="read, 8 GPUs",
            measured=row["tokens_per_machine_s"],
            modelled=step.tokens_per_s * 8 / row["n_chips"],
        )


def _expert_parallel(chip, n_gpus, **assumptions):
    ways = {"n_gpus": n_gpus, "data_parallel": n_gpus, "expert_parallel": True}
    return Server("DeepSeek-V3", chip, **ways, **_FP8, **assumptions)
