"""The four challenges of A §3.2 as experiments, and a fifth: each remedy is tried and measured.

The mixtures trained here are tiny, one layer of 8 experts on made-up tokens, so that each is
trained while one waits. What they show is a mechanism; how large it is in a language model, the
runs of `course.moe.study` say.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course.accounting import chip, params_read
from course.display import table
from course.evidence import fact
from course.moe.costs import all_to_all_bytes, experts_touched, moe_shape
from course.moe.experts import FeedForwardNetwork
from course.moe.layer import MoEArchitecture
from course.moe.losses import router_z_loss
from course.units import between

D_MODEL, D_FF, N_EXPERTS = 16, 16, 8
N_GROUPS = 16
BATCH = 128
STEPS = 100
N_KNOWN = 64  # tokens that are to be learned by heart
VERDICT_THRESHOLD = 0.2  # a remedy that changes its measure by a smaller share does nothing
MIXTRAL = {"d_model": 4096, "d_ff": 14_336, "n_layers": 32}

# What a model writes one byte at a time, for the challenge of memory.
SAMPLE = '''def merge(left, right):
    """Two sorted lists as one."""
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]
'''


@dataclass(frozen=True)
class Outcome:
    """One remedy: `measures` by name, and what it did to the one that it is judged by.

    in_document: whether A §3.2 names it; None where it is no remedy and stands for comparison.
    verdict: "the symptom" for doing nothing; "helps", "does nothing" or "makes it worse" from the
        ratio to that, "does nothing" within 20 %.
    """

    remedy: str
    in_document: bool | None
    verdict: str
    measures: dict[str, float]


@dataclass(frozen=True)
class Experiment:
    """What `outcomes` say of one challenge; the first is the symptom, without any remedy.

    Attributes:
        challenge: its name in A §3.2.
        judged_by: the measure of the verdicts, lower is better.
        source: "trained here", "counted", or "calculated".
        outcomes: an Outcome for each remedy.
        note: a sentence below the table.
    """

    challenge: str
    judged_by: str
    source: str
    outcomes: tuple[Outcome, ...]
    note: str = field(default="", repr=False)

    def __getitem__(self, remedy):
        """The measures of a remedy."""
        return self.outcome(remedy).measures

    def outcome(self, remedy):
        for outcome in self.outcomes:
            if outcome.remedy == remedy:
                return outcome
        known = ", ".join(outcome.remedy for outcome in self.outcomes)
        raise ValueError(f"remedy must be one of {known}, got {remedy!r}")

    def verdicts(self):
        """Remedy -> verdict."""
        return {outcome.remedy: outcome.verdict for outcome in self.outcomes}

    def _repr_html_(self):
        names = list(self.outcomes[0].measures)
        rows = [
            (
                outcome.remedy,
                {True: "yes", False: "no", None: ""}[outcome.in_document],
                *(f"{outcome.measures[name]:,.3g}" for name in names),
                outcome.verdict,
            )
            for outcome in self.outcomes
        ]
        caption = f"{self.challenge}: {self.source}, judged by {self.judged_by}. {self.note}"
        return table(caption, ("", "named in A §3.2", *names, "verdict"), rows)


def _experiment(challenge, judged_by, source, tried, note=""):
    """`tried`: (remedy, in_document, measures), the symptom first."""
    worst = tried[0][2][judged_by]
    outcomes = []
    for place, (remedy, in_document, measures) in enumerate(tried):
        change = measures[judged_by] / worst - 1
        verdict = (
            "the symptom"
            if place == 0
            else "for comparison"
            if in_document is None
            else "helps"
            if change < -VERDICT_THRESHOLD
            else "makes it worse"
            if change > VERDICT_THRESHOLD
            else "does nothing"
        )
        outcomes.append(Outcome(remedy, in_document, verdict, measures))
    return Experiment(challenge, judged_by, source, tuple(outcomes), note)


class ToyTask:
    """Made-up tokens: 16 groups, the commonest 16 times as frequent as the rarest.

    A token is its group's centre, noise, and a part that all share, as the hidden states of a
    transformer do; the target is a map that all share and one of its group's own. The shared parts
    let one expert serve everybody a little, and that is how a router comes to collapse.
    """

    def __init__(self, seed):
        self.random = torch.Generator().manual_seed(seed)
        self.shared = 2 * self._normal(D_MODEL)
        self.centres = self._normal(N_GROUPS, D_MODEL)
        self.map = self._normal(D_MODEL, D_MODEL) / D_MODEL**0.5
        self.maps = self._normal(N_GROUPS, D_MODEL, D_MODEL) / D_MODEL**0.5
        self.frequencies = 1 / torch.arange(1.0, N_GROUPS + 1)

    def _normal(self, *shape):
        return torch.randn(*shape, generator=self.random)

    def batch(self, n_tokens):
        """(x, y), both (n_tokens, d_model), drawn anew at each call."""
        group = torch.multinomial(self.frequencies, n_tokens, True, generator=self.random)
        own = self.centres[group] + 0.3 * self._normal(n_tokens, D_MODEL)
        x = own + self.shared
        return x, x @ self.map + torch.einsum("nd,nde->ne", own, self.maps[group])


@dataclass(frozen=True)
class TrainedLayer:
    """A tiny layer after training, and what was seen on the way.

    Attributes:
        layer: the trained layer, in eval mode.
        loss: mean squared error on new tokens.
        shares: (E,), of the choices on new tokens.
        idle: share of an expert's steps without any token, mean over experts: it learned nothing
            then.
        dropped: share of the choices dropped in training.
    """

    layer: MoEArchitecture
    loss: float
    shares: np.ndarray
    idle: float
    dropped: float


def train_tiny(
    seed=0,
    *,
    steps=STEPS,
    learning_rate=0.01,
    balance=0.0,
    bias_rate=0.0,
    jitter=0.0,
    z_loss=0.0,
    **options,
):
    """Train one layer of 8 experts, top 2, on the ToyTask of this seed; returns a TrainedLayer.

    Args:
        seed: decides the task and the start.
        steps, learning_rate: of AdamW, with a batch of 128 tokens.
        balance, z_loss: weights of load_balance_loss and router_z_loss.
        bias_rate: of `update_bias`, called once a step; 0 for none.
        jitter: the router sees x · (1 ± jitter), evenly drawn (Fedus et al. 2022, section 2.4).
        options: of MoEArchitecture.
    """
    task = ToyTask(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layer = MoEArchitecture(D_MODEL, N_EXPERTS, d_ff=D_FF, **options)
        optimizer = torch.optim.AdamW(layer.parameters(), lr=learning_rate, fused=True)
        idle = dropped = 0.0
        for _ in range(steps):
            x, y = task.batch(BATCH)
            routing = layer.route(x * (1 + jitter * (2 * torch.rand_like(x) - 1)))
            output, balance_loss = layer(x, routing)
            loss = F.mse_loss(output, y) + balance * balance_loss
            optimizer.zero_grad()
            (loss + z_loss * router_z_loss(routing.logits)).backward()
            optimizer.step()
            if bias_rate:
                layer.update_bias(routing.counts, bias_rate)
            idle += float((routing.counts == 0).float().mean()) / steps
            dropped += float(routing.n_dropped) / routing.experts.numel() / steps
    layer.eval()
    x, y = task.batch(4096)
    with torch.no_grad():
        routing = layer.route(x)
        loss = F.mse_loss(layer(x, routing)[0], y)
    shares = (routing.counts / routing.counts.sum()).numpy()
    return TrainedLayer(layer, float(loss), shares, idle, dropped)


class MoETrainingChallenges:
    """Each challenge of A §3.2 by its name there, as a method that returns an Experiment.

    `seed` decides the made-up task and the start. Each takes one to three seconds.
    """

    CHALLENGES = (
        "load_imbalance",
        "communication_overhead",
        "expert_specialization",
        "memory_bandwidth",
        "training_instability",
    )

    def __init__(self, seed=0):
        self.seed = seed

    @cached_property
    def _collapsed(self):
        return train_tiny(self.seed)

    @cached_property
    def _balanced(self):
        return train_tiny(self.seed, balance=0.05)

    def load_imbalance(self):
        """负载不均衡: a router without any balance, and what each remedy makes of it.

        Judged by how far the busiest expert's share lies above the even one, 1/8.
        """

        def measures(trained):
            return {
                "excess share": float(trained.shares.max()) - 1 / N_EXPERTS,
                "dead experts": int((trained.shares < 0.1 / N_EXPERTS).sum()),
                "steps without a token": trained.idle,
                "dropped": trained.dropped,
                "loss": trained.loss,
            }

        remedies = (
            ("balance loss", True, {"balance": 0.05}),
            ("random routing", True, {"random_routing": True}),
            ("capacity factor 1.25", True, {"capacity_factor": 1.25}),
            ("balance loss and capacity", True, {"balance": 0.05, "capacity_factor": 1.25}),
            ("sigmoid and bias", False, {"router": "sigmoid", "bias_rate": 0.02}),
            ("noise at the router", False, {"jitter": 0.1}),
        )
        tried = [("nothing", None, measures(self._collapsed))]
        for name, in_document, options in remedies:
            trained = (
                self._balanced if options == {"balance": 0.05} else train_tiny(self.seed, **options)
            )
            tried.append((name, in_document, measures(trained)))
        return _experiment(
            "load_imbalance",
            "excess share",
            "trained here",
            tried,
            "Dropped choices count as demand.",
        )

    def communication_overhead(self, chip_name="H100", link_name="PCIe-4"):
        """分布式训练通信开销: where the bytes come from, on 8 devices, and who waits for whom.

        Expert e of 8 lies on device e, the tokens lie evenly. Sizes are Mixtral's: width 4096, 32
        layers, 16 bits, forward; all of the chip's peak and of its link is used, attention is left
        out, and a pipeline gets 8 batches for each stage. The uneven shares are those of the tiny
        routers. Judged by the part of the time that a device waits. Links: the fact hw_note.link.
        """
        gpu, links = chip(chip_name), fact("hw_note.link").value
        if link_name not in links:
            raise ValueError(f"link_name must be one of {', '.join(links)}, got {link_name!r}")
        width, n_layers = MIXTRAL["d_model"], MIXTRAL["n_layers"]
        compute = 2 * 2 * 3 * width * MIXTRAL["d_ff"] / gpu.peak()  # s a token and layer, experts

        def measures(shares=None, group=8, stages=1, overlap=False):
            shares = np.full(N_EXPERTS, 1 / N_EXPERTS) if shares is None else shares
            busiest = float(shares.reshape(group, -1).sum(1).max()) * group  # it sets the pace
            all_to_all = float(all_to_all_bytes(width, 2, group)) * busiest
            between_stages = (stages - 1) / n_layers * width * 2
            sending = (all_to_all + between_stages) / links[link_name]
            work = compute * busiest
            exposed = max(0.0, sending - work) if overlap else sending
            full = 8 * stages / (8 * stages + stages - 1)  # of a pipeline, the rest is its bubble
            return {
                "all-to-all kB": all_to_all / 1e3,
                "between stages kB": between_stages / 1e3,
                "busiest device": busiest,
                "waiting": 1 - full * compute / (work + exposed),
                "devices": group * stages,
            }

        tried = [
            ("expert parallel over 8", True, measures()),
            ("and a pipeline of 2 stages", True, measures(stages=2)),
            ("4 in parallel, 2 stages", True, measures(group=4, stages=2)),
            ("a pipeline of 8 stages instead", True, measures(group=1, stages=8)),
            ("overlap", True, measures(overlap=True)),
            ("router collapsed", None, measures(self._collapsed.shares)),
            ("router with balance loss", None, measures(self._balanced.shares)),
        ]
        return _experiment(
            "communication_overhead",
            "waiting",
            "calculated",
            tried,
            "Bytes that the busiest device sends for a token and layer.",
        )

    def expert_specialization(self):
        """专家过度专门化: do experts that have learned 64 tokens by heart do badly on new ones?

        Judged by the loss on new tokens; the gap is that less the loss on the known. A dense block
        of the same active FLOP and one of all the parameters stand beside it.
        """
        remedies = (
            ("8 experts, top 2", None, {}),
            ("dense, same active", None, {"dense": 2 * D_FF}),
            ("dense, all parameters", None, {"dense": 8 * D_FF}),
            ("dropout 0.1", True, {"dropout": 0.1}),
            ("auxiliary loss", True, {"balance": 0.05}),
            ("augmentation", True, {"noise": 0.3}),
            ("four times the data", False, {"n_tokens": 4 * N_KNOWN}),
        )
        tried = [
            (name, in_document, _memorise(self.seed, **options))
            for name, in_document, options in remedies
        ]
        return _experiment(
            "expert_specialization",
            "loss on new",
            "trained here",
            tried,
            "Squared errors; augmentation is noise on the known inputs.",
        )

    def memory_bandwidth(self, chip_name="H100"):
        """内存带宽限制: bytes that a Mixtral reads for each token that it writes.

        Judged by GB read for a token. Speeds are bandwidth over bytes, upper bounds, as if the
        memory were as large as it has to be. A cache helps where the experts lie in the host's
        memory, behind a PCIe link: the last three rows. It keeps 4 of the 8 experts of each layer,
        the last used; its hits, which need no link, are counted on the trained router of
        `course.moe.routing_study` and a sample of code.
        """
        shape = moe_shape(**MIXTRAL, n_experts=8, top_k=2)
        dense = moe_shape(**(MIXTRAL | {"d_ff": 2 * MIXTRAL["d_ff"]}), n_experts=1, top_k=1)
        bandwidth = chip(chip_name).bandwidth_bytes_per_s
        link = fact("hw_note.link").value["PCIe-4"]

        def measures(of, batch=1, expert_bits=16, hits=1.0):
            mlp = of.layers[0].feed_forward
            touched = float(experts_touched(batch, mlp.n_experts, mlp.n_active))
            one = of.n_layers * (mlp.expert_matrices + mlp.expert_vectors)
            expert_bytes = one * expert_bits / 8
            shared = 2 * (params_read(of, batch) - touched * one)
            read = float(shared + touched * expert_bytes)
            over_link = (1 - hits) * touched * expert_bytes
            seconds = (read - over_link) / bandwidth + over_link / link
            held = 2 * (of.n_params - mlp.n_experts * one) + mlp.n_experts * expert_bytes
            return {
                "GB for a token": read / batch / 1e9,
                "GB over the link": over_link / batch / 1e9,
                "tokens/s of one": 1 / seconds,
                "tokens/s of all": batch / seconds,
                "experts touched": touched,
                "GB in memory": held / 1e9,
            }

        hits, by_chance = cache_hits(4, self.seed)
        tried = [
            ("8 experts, top 2", None, measures(shape)),
            ("dense, same active", None, measures(dense)),
            ("experts at 8 bits", True, measures(shape, expert_bits=8)),
            ("experts at 4 bits", True, measures(shape, expert_bits=4)),
            ("batch of 8", True, measures(shape, batch=8)),
            ("batch of 64", True, measures(shape, batch=64)),
            ("experts in the host", None, measures(shape, hits=0.0)),
            ("the same, 4 cached", None, measures(shape, hits=hits)),
            ("4 cached, by chance", None, measures(shape, hits=by_chance)),
        ]
        return _experiment(
            "memory_bandwidth",
            "GB for a token",
            "calculated",
            tried,
            f"Hits of the cache: {hits:.0%} counted, {by_chance:.0%} by chance.",
        )

    def training_instability(self):
        """Logits that grow at a router, and what 16 bits make of them. Not in A §3.2.

        Trained at three times the rate of the others. Judged by the largest logit, which z-loss
        pushes down; the unfavoured ones it lets fall, see `lowest logit`. `re-routed in bf16`: the
        share of tokens that a router in bf16 sends to other experts; `error of a gate`: of the
        probabilities, the mean over tokens of the largest.
        """
        remedies = (
            ("nothing", None, {}),
            ("z-loss 0.001", False, {"z_loss": 0.001}),
            ("z-loss 0.01", False, {"z_loss": 0.01}),
            ("balance loss", False, {"balance": 0.05}),
            ("a third of the rate", False, {"learning_rate": 0.01}),
        )
        tried = []
        for name, in_document, options in remedies:
            trained = train_tiny(self.seed, **({"learning_rate": 0.03} | options))
            measures = _router_numbers(trained.layer, ToyTask(self.seed))
            tried.append((name, in_document, measures | {"loss": trained.loss}))
        return _experiment("training_instability", "largest logit", "trained here", tried)


@torch.no_grad()
def _router_numbers(layer, task):
    x, _ = task.batch(4096)
    exact = layer.route(x)
    rounded = (x.bfloat16() @ layer.router.weight.bfloat16().T).float().softmax(-1)
    other = rounded.topk(layer.top_k).indices
    moved = (exact.experts.sort(-1).values != other.sort(-1).values).any(-1)
    return {
        "largest logit": float(exact.logits.max()),
        "lowest logit": float(exact.logits.min()),
        "re-routed in bf16": float(moved.float().mean()),
        "error of a gate": float((rounded - exact.probs).abs().amax(-1).mean()),
    }


class _DroppingExperts(FeedForwardNetwork):
    """Experts with dropout on their hidden units."""

    rate = 0.1

    def activation(self, hidden):
        return F.dropout(super().activation(hidden), self.rate, self.training)


def _memorise(seed, *, n_tokens=N_KNOWN, dense=None, dropout=0.0, balance=0.0, noise=0.0):
    """Losses after training on the same few tokens; `dense`: the hidden width of a plain block."""
    task = ToyTask(seed)
    x, y = task.batch(n_tokens)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        y = y + 0.3 * torch.randn_like(y)
        block = (
            _Dense(dense)
            if dense
            else MoEArchitecture(
                D_MODEL,
                N_EXPERTS,
                d_ff=D_FF,
                expert=_DroppingExperts if dropout else FeedForwardNetwork,
            )
        )
        optimizer = torch.optim.AdamW(block.parameters(), lr=0.01, fused=True)
        for _ in range(2 * STEPS):
            picked = torch.randint(n_tokens, (BATCH,))
            seen = x[picked] + noise * torch.randn(BATCH, D_MODEL)
            output, balance_loss = block(seen)
            optimizer.zero_grad()
            (F.mse_loss(output, y[picked]) + balance * balance_loss).backward()
            optimizer.step()
    block.eval()
    new_x, new_y = task.batch(4096)
    with torch.no_grad():
        known = float(F.mse_loss(block(x)[0], y))
        new = float(F.mse_loss(block(new_x)[0], new_y)) + 0.3**2  # the noise that none can know
    return {"loss on new": new, "loss on the known": known, "gap": new - known}


class _Dense(nn.Module):
    """A plain block that answers as the mixture does."""

    def __init__(self, d_ff):
        super().__init__()
        self.block = FeedForwardNetwork(D_MODEL, d_ff)

    def forward(self, x):
        return self.block(x), 0.0


def cache_hits(n_kept, seed=0):
    """(hits, by chance): shares of the choices found among each layer's `n_kept` last used experts.

    Counted on `SAMPLE`, through the trained router; by chance: the same choices in shuffled order.
    """
    from course.moe.routing_study import router, routings

    n_kept = between("n_kept", n_kept, 0, N_EXPERTS)
    data = np.frombuffer(SAMPLE.encode(), dtype=np.uint8)
    model = router()[0]
    length = len(data) // model.context * model.context
    tokens = torch.from_numpy(data[:length].astype(np.int64)).view(-1, model.context)
    layers = [layer.experts.numpy() for layer in routings(model, tokens)]
    generator = np.random.default_rng(seed)
    counted = np.mean([_hits(layer, n_kept) for layer in layers])
    shuffled = np.mean([_hits(generator.permutation(layer), n_kept) for layer in layers])
    return float(counted), float(shuffled)


def _hits(choices, n_kept):
    kept, hits, n_kept = [], 0, int(n_kept)
    for chosen in choices.tolist():
        hits += sum(expert in kept for expert in chosen)
        kept = (chosen + [expert for expert in kept if expert not in chosen])[:n_kept]
    return hits / choices.size
