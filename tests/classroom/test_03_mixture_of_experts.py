"""The set of chapter 3: its typed figures are the facts, or what the model answers give."""

import math
import re

import numpy as np
import pytest
import torch

from course.accounting.transformer import TransformerShape
from course.classroom import check, judge, release
from course.evidence import claim, fact
from course.moe import (
    FeedForwardNetwork,
    MoEArchitecture,
    Routing,
    load_balance_loss,
    switch_balance_loss,
)
from course.moe.costs import (
    all_to_all_bytes,
    chart_recount,
    dropped_share,
    expert_capacity,
    experts_touched,
)

NAME = "03_mixture_of_experts"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")
ONE_LINE = " ".join(TEXT.replace("\n#", "\n").split())
MIXTRAL = fact("model.Mixtral-8x7B").value


def answer(number):
    return EXERCISES[f"03.{number}"].reference


def names(number):
    return [part.name for part in EXERCISES[f"03.{number}"].properties]


def wrong(number, words):
    """The one wrong answer whose diagnosis has these words."""
    (one,) = (one for one in EXERCISES[f"03.{number}"].wrong if words in one.diagnosis)
    return one


def cases(number, hidden=False):
    parts = [part for part in EXERCISES[f"03.{number}"].properties if part.hidden == hidden]
    return [case.args if isinstance(case, judge.Case) else case for p in parts for case in p.cases]


def told(number, value):
    """What the check says of an answer, on one line."""
    described = judge.describe(EXERCISES[f"03.{number}"], hidden=False)
    asked = [case for part in described["properties"] for case in part["cases"]]
    outcomes = [check.outcome(value, case["args"]) for case in asked]
    return " ".join(check.report(f"03.{number}", described, outcomes).split())


# --- typed figures --------------------------------------------------------------------------------


def test_the_opening_says_what_to_do_alone_and_when_a_name_is_missing():
    opening = TEXT[: TEXT.index("# Run the next cell first.")]
    assert f"`solutions/{NAME}/`" in opening
    assert "`NameError`" in opening


def test_the_gates_of_the_example():
    first, second = answer(1)([[1, 3, 2, 0]], 2)["gates"][0]
    assert f"{first:.3f} and {second:.3f}" in names(1)[0]
    assert f"are {math.exp(3):.2f} and\n# {math.exp(2):.2f}: which shares of" in TEXT
    assert f"{math.exp(3) + math.exp(2):.2f} are these?" in TEXT


def test_the_token_of_the_example():
    shown = {}
    exec(re.search(r"^example = \{.*?^\}", TEXT, re.MULTILINE | re.DOTALL)[0], shown)
    assert tuple(shown["example"].values()) == cases(2)[0][:4]
    first, second = answer(2)(*cases(2)[0])
    assert f"{first:.3f} and {second:.3f} come out" in names(2)[0]
    assert f"{first:.3f} and {second:.3f} as in 03.2" in names(6)[0]


def test_no_routing_here_hangs_on_a_tie():
    """Other sorts, and torch, must choose as the reference does, save where ties are the point."""
    for x, router, *_ in cases(6) + cases(6, hidden=True):
        logits = np.sort(np.array(x) @ np.array(router).T, axis=1)
        assert np.diff(logits, axis=1).min() > 1e-9
    for x, router, *_ in cases(2) + cases(2, hidden=True):
        assert np.diff(np.sort(np.array(router) @ np.array(x))).min() > 1e-9


def test_the_losses_at_balance_and_collapsed():
    assert claim("K054").verdict == "imprecise"
    found = answer(3)(cases(3)[0][0])
    assert found == pytest.approx({"switch": 1, "top_k": 2})
    probs = [[0.5, 0.5, 0, 0, 0, 0, 0, 0]] * 4
    collapsed = answer(3)([{"probs": probs, "experts": [[0, 1]] * 4}])
    assert collapsed["top_k"] == pytest.approx(8)  # E, as compare says
    assert answer(3)(*cases(3)[3])["switch"] < 1  # no lower bound


def test_what_a_balanced_router_drops():
    assert 0.05 < dropped_share(64, 8, 2, 1.0) < 0.2
    assert answer(4)(*cases(4)[2])["dropped"] == 0  # factor 2, "nobody is dropped"


def test_one_chosen_expert_teaches_the_router_nothing():
    """K052: exactly 0, and not 0 as soon as the gate is no longer made to be 1."""
    logits, outputs, target = [0.3, -0.2, 0.1], [2.0, -1.0, 0.5], 0.7
    assert np.all(answer(5)(logits, outputs, target, 1, True) == 0)
    assert np.all(answer(5)(logits, outputs, target, 1, False) != 0)
    assert np.any(answer(5)(logits, outputs, target, 2, True) != 0)


def test_the_faulty_layer_stops_for_want_of_a_network_and_else_runs_in_silence():
    source = re.search(r"^def faulty_layer.*?^    return .*?$", TEXT, re.MULTILINE | re.DOTALL)[0]
    room = {"np": np}
    exec(source, room)
    with pytest.raises(NameError, match="feed_forward_network"):
        room["faulty_layer"](*cases(6)[0])
    room["feed_forward_network"] = lambda x, up, down: np.maximum(x @ up, 0) @ down
    left = wrong(6, "It runs now.").answer
    for args in cases(6) + cases(6, hidden=True):
        found, wanted = room["faulty_layer"](*args), left(*args)
        assert np.array_equal(found["output"], wanted["output"])
        assert found["loss"] == wanted["loss"]


def test_a_test_of_one_token_shows_two_of_the_four_silent_faults():
    one_token = cases(6)[0]
    right = answer(6)(*one_token)
    assert f"{right['output'][0][0]:.0f} and {right['output'][0][1]:.0f} come out" in names(6)[0]
    assert f"{right['loss']:.3f}" in names(6)[0]
    assert f"{answer(6)(*cases(6)[1])['loss']:.3f}" in names(6)[0]
    found = {}
    for name, words in {
        "softmax": "all experts come out equally likely",
        "gates": "which rows of the gates",
        "overwrites": "what the first one wrote",
        "loss": "Your loss is",
    }.items():
        got = wrong(6, words).answer(*one_token)
        same = np.allclose(got["output"], right["output"]) and got["loss"] == right["loss"]
        found[name] = not same
    assert sum(found.values()) == 2
    assert found["softmax"]
    assert found["loss"]


def test_the_parameters_of_mixtral():
    recount = chart_recount()
    toy, two_layers, (mixtral,), _ = cases(7)
    found = answer(7)(mixtral)
    assert (found["total"], found["active"]) == (MIXTRAL["n_params"], MIXTRAL["n_active_params"])
    assert f"{found['total']:,} and {found['active']:,}, and {found['gb']:.1f} GB" in names(7)[1]
    as_a = wrong(7, "8 × 7B and 2 × 7B").answer(mixtral)
    assert (as_a["total"], as_a["active"]) == (56e9, recount["two_times_7b"])
    shown = {}
    exec(re.search(r"^mixtral = \{.*?^\}\ntoy = .*?^\}", TEXT, re.MULTILINE | re.DOTALL)[0], shown)
    assert (shown["toy"], shown["mixtral"]) == (toy[0], mixtral)
    found = answer(7)(*two_layers)
    assert f"five experts {found['total']} and {found['active']}," in names(7)[0]


def test_the_experts_that_a_batch_reads():
    found = [answer(8)(batch, 8, 2)["touched"] for batch in (2, 3, 16)]
    assert (
        f"two tokens touch {found[0]:g}, three {found[1]:g}, sixteen {found[2]:.2f}" in names(8)[0]
    )
    assert answer(8)(8, 8, 2)["touched"] == pytest.approx(experts_touched(8, 8, 2))


def test_the_traffic():
    experts, *rest = cases(9)[0]
    found = answer(9)(experts, *rest)
    assert f"{found['bytes']} bytes; the formula expects {found['expected']:.0f}" in names(9)[0]
    written = ", ".join("-".join(map(str, chosen)) for chosen in experts)
    assert written in ONE_LINE
    assert all_to_all_bytes(4096, 2, 8, n_moe_layers=32) == 917_504


def test_the_traffic_of_even_choices_is_the_formula():
    """Every pair of experts once on each device: what is counted is what is expected."""
    pairs = [[a, b] for a in range(4) for b in range(4) if a != b] * 2
    found = answer(9)(pairs, 4, 2, 8)
    assert found["bytes"] == found["expected"]


def test_sorting_once_equals_the_naive_loop():
    rng = np.random.default_rng(0)
    naive = EXERCISES["03.10"].right[-1]
    for n_tokens, n_experts, k in ((1, 1, 1), (20, 7, 3), (5, 40, 2)):
        experts = [rng.permutation(n_experts)[:k].tolist() for _ in range(n_tokens)]
        x, gates = rng.normal(size=(n_tokens, 4)), rng.random((n_tokens, k))
        up, down = rng.normal(size=(n_experts, 4, 3)), rng.normal(size=(n_experts, 3, 4))
        mine, theirs = (f(x, experts, gates, up, down) for f in (answer(10), naive))
        assert list(mine["order"]) == theirs["order"]
        assert list(mine["counts"]) == theirs["counts"]
        assert np.allclose(mine["output"], theirs["output"])


# --- the course's own code agrees, and is refused -------------------------------------------------


class Relu(FeedForwardNetwork):
    def activation(self, hidden):
        return hidden.relu()


def layer(router, up, down, top_k):
    """The course's layer with these weights and document A's gates, in double precision."""
    router, up, down = (torch.tensor(a, dtype=torch.float64) for a in (router, up, down))
    n_experts, d_model, d_ff = up.shape
    made = MoEArchitecture(
        d_model, n_experts, top_k, d_ff=d_ff, expert=Relu, renormalize=True
    ).double()
    with torch.no_grad():
        made.router.weight.copy_(router)
        made.experts.up.copy_(up)
        made.experts.down.copy_(down)
    return made


def all_cases(number):
    return cases(number) + cases(number, hidden=True)


def test_the_layer_of_the_course_gives_the_same():
    for x, router, up, down, top_k in all_cases(2):
        output, _ = layer(router, up, down, top_k)(torch.tensor([x], dtype=torch.float64))
        assert np.allclose(output[0].tolist(), answer(2)(x, router, up, down, top_k))
    for x, router, up, down, top_k in all_cases(6):
        output, loss = layer(router, up, down, top_k)(torch.tensor(x, dtype=torch.float64))
        mine = answer(6)(x, router, up, down, top_k)
        assert np.allclose(output.tolist(), mine["output"])
        assert loss.item() == pytest.approx(mine["loss"])
    for x, experts, gates, up, down in all_cases(10):
        mine = answer(10)(x, experts, gates, up, down)
        gates, counts = torch.tensor(gates, dtype=torch.float64), torch.tensor(mine["counts"])
        routing = Routing(None, None, torch.tensor(experts), gates, counts, None)
        router = np.zeros((len(up), len(x[0])))
        mixer = layer(router, up, down, len(experts[0]))
        output = mixer.mix(torch.tensor(x, dtype=torch.float64), routing)
        assert np.allclose(output.tolist(), mine["output"])


def test_the_losses_of_the_course_are_the_same():
    for (layers,) in all_cases(3):
        switch, top_k = [], []
        for one in layers:
            probs = torch.tensor(one["probs"], dtype=torch.float64)
            chosen = torch.tensor(one["experts"]).flatten()
            counts = torch.bincount(chosen, minlength=probs.shape[1])
            switch.append(switch_balance_loss(probs, counts).item())
            top_k.append(load_balance_loss(probs, counts).item())
        found = answer(3)(layers)
        assert found == pytest.approx({"switch": np.mean(switch), "top_k": np.mean(top_k)})


def test_the_layer_of_the_course_drops_the_same_choices():
    for experts, n_experts, factor in all_cases(4):
        n_tokens, k = np.shape(experts)
        full = MoEArchitecture(n_experts, n_experts, k, d_ff=1, capacity_factor=factor)
        logits = torch.zeros(n_tokens, n_experts)
        logits.scatter_(1, torch.tensor(experts), torch.arange(k, 0, -1.0).expand(n_tokens, k))
        with torch.no_grad():
            full.router.weight.copy_(torch.eye(n_experts))
            routing = full.route(logits)
        found = answer(4)(experts, n_experts, factor)
        assert found["capacity"] == expert_capacity(n_tokens, n_experts, k, factor)
        assert found["dropped"] == int(routing.n_dropped)
        assert found["lost"] == int((routing.gates == 0).all(dim=1).sum())


def test_the_counts_of_the_course_are_the_same():
    for (config,) in all_cases(7):
        shape = TransformerShape.from_config({"model_type": "mixtral"} | config)
        found = answer(7)(config)
        assert (found["total"], found["active"]) == (shape.n_params, shape.n_active_params)
        assert found["gb"] == pytest.approx(shape.weight_bytes(16) / 1e9)
    for batch, n_experts, top_k in all_cases(8):
        found = answer(8)(batch, n_experts, top_k)
        assert found["touched"] == pytest.approx(experts_touched(batch, n_experts, top_k))
    for experts, n_experts, n_devices, d_model in all_cases(9):
        n_tokens, k = np.shape(experts)
        found = answer(9)(experts, n_experts, n_devices, d_model)
        per_token = all_to_all_bytes(d_model, k, n_devices, training=True)
        assert found["expected"] == pytest.approx(n_tokens * per_token)


def test_an_answer_that_calls_the_course_is_refused():
    def experts_read(batch, n_experts, top_k):
        touched = experts_touched(batch, n_experts, top_k)
        return {"touched": touched, "per_token": touched / batch}

    one = {"03.8": EXERCISES["03.8"]}
    answers = judge.collect({"experts_read": experts_read}, judge.requests(one))
    assert judge.grade(one, answers)["points"] == 0
    assert all(exercise.own for exercise in EXERCISES.values())


def test_a_missing_norm_costs_two_points_of_five():
    one = {"03.7": EXERCISES["03.7"]}
    answers = judge.collect(
        {"moe_params": wrong(7, "two norms in each layer").answer}, judge.requests(one)
    )
    assert judge.grade(one, answers)["points"] == 3


# --- what learners are told -----------------------------------------------------------------------


def test_nan_of_a_softmax_that_overflows_is_named():
    def overflowing(logits, top_k):
        z = np.array(logits)
        experts = np.argsort(-z, axis=1, kind="stable")[:, :top_k]
        with np.errstate(all="ignore"):
            scores = np.exp(np.take_along_axis(z, experts, axis=1))
            gates = scores / scores.sum(axis=1, keepdims=True)
        return {"experts": experts, "gates": gates}

    assert "gave nan, expected" in told(1, overflowing)


def test_a_tensor_and_a_set_are_named():
    assert "a Tensor" in told(2, lambda x, *_: torch.tensor(x))
    assert "a set" in told(4, lambda *_: {"capacity": 2, "taken": {1}, "dropped": 0, "lost": 0})


def test_a_missing_entry_is_named():
    assert "a dict with the keys 'output', 'loss' is asked for" in told(6, lambda *_: {"loss": 1.0})
