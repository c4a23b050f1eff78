"""The layer equals the naive one in every case that breaks layers, and transformers' Mixtral."""

import contextlib
import io
import shutil
import tokenize
from pathlib import Path

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from transformers import MixtralConfig
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

import course.moe.grouped
import course.moe.layer
from course.moe import (
    FeedForwardNetwork,
    GatedFeedForwardNetwork,
    MoEArchitecture,
    Routing,
    reference_moe,
)
from course.moe.costs import expert_capacity
from course.moe.grouped import fits_kernel, grouped_mm

D = 16


def make(n_experts=4, top_k=2, seed=0, **options):
    torch.manual_seed(seed)
    return MoEArchitecture(D, n_experts, top_k, d_ff=24, **options)


def tokens(*shape, dtype=torch.float32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, D, generator=generator).to(dtype).requires_grad_()


def results(function, module, x):
    """Output, loss, and the gradients of a weighted sum of them."""
    output, loss = function(x)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(2))
    total = (output * weights.to(output.dtype)).sum() + 0.1 * loss
    names = ["output", "loss", "x", *(name for name, _ in module.named_parameters())]
    gradients = torch.autograd.grad(total, [x, *module.parameters()], materialize_grads=True)
    return dict(zip(names, [output, loss, *gradients], strict=True))


def assert_equal(ours, theirs, tolerance):
    """No number differs by more than `tolerance` times the largest of its tensor, or 1."""
    for name, expected in theirs.items():
        assert ours[name].shape == expected.shape, name
        if expected.numel():
            scale = max(expected.abs().max().item(), 1.0)
            error = (ours[name] - expected).abs().max().item()
            assert error <= tolerance * scale, f"{name} differs by {error} at a scale of {scale}"


def route_all_to(layer, *experts):
    """For inputs whose first number is large: the router looks at nothing else."""
    with torch.no_grad():
        layer.router.weight.zero_()
        for rank, expert in enumerate(experts):
            layer.router.weight[expert, 0] = 3.0 - rank
    return layer


def biased(*shape):
    return (tokens(*shape).detach() + torch.eye(D)[0] * 8).requires_grad_()


CASES = {
    "plain": (make(), tokens(13)),
    "sequences": (make(), tokens(3, 5)),
    "four sizes": (make(), tokens(2, 1, 3, 2)),
    "one vector": (make(), tokens()),
    "one token": (make(), tokens(1)),
    "zero tokens": (make(), tokens(2, 0)),
    "top 1": (make(top_k=1), tokens(13)),
    "top 1, renormalised": (make(top_k=1, renormalize=True), tokens(13)),
    "not renormalised": (make(renormalize=False), tokens(13)),
    "top_k = E": (make(top_k=4), tokens(13)),
    "one expert": (make(n_experts=1, top_k=1), tokens(13)),
    "empty experts": (make(n_experts=32, top_k=2), tokens(5)),
    "all tokens to one expert": (route_all_to(make(top_k=1), 2), biased(13)),
    "all tokens to two experts": (route_all_to(make(), 3, 1), biased(13)),
    "sigmoid": (make(router="sigmoid"), tokens(13)),
    "gated experts": (make(expert=GatedFeedForwardNetwork), tokens(13)),
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_naive_layer(case):
    layer, x = CASES[case]
    ours = results(layer, layer, x)
    theirs = results(lambda x: reference_moe(layer, x), layer, x)
    assert_equal(ours, theirs, 1e-5)


def test_the_cases_are_what_they_say():
    counts = {case: layer.route(x).counts for case, (layer, x) in CASES.items()}
    assert (counts["empty experts"] == 0).sum() >= 22
    assert counts["all tokens to one expert"].tolist() == [0, 0, 13, 0]
    assert counts["all tokens to two experts"].tolist() == [0, 13, 0, 13]


def test_ties():
    """All experts equally likely: any choice is right; the output is that of the choice made."""
    layer, x = make(n_experts=6), tokens(13)
    with torch.no_grad():
        layer.router.weight.zero_()
    experts = layer.route(x).experts
    assert (experts[:, 0] != experts[:, 1]).all()
    theirs = results(lambda x: reference_moe(layer, x, experts), layer, x)
    assert_equal(results(layer, layer, x), theirs, 1e-5)
    # A tie at the border only: two columns of the router are the same.
    layer = make(n_experts=3)
    with torch.no_grad():
        layer.router.weight[2] = layer.router.weight[1]
    experts = layer.route(x).experts
    theirs = results(lambda x: reference_moe(layer, x, experts), layer, x)
    assert_equal(results(layer, layer, x), theirs, 1e-5)


def test_with_all_experts_it_is_the_dense_mixture():
    layer, x = make(top_k=4), tokens(13)
    shares = (x @ layer.router.weight.T).softmax(-1)
    hidden = torch.nn.functional.gelu(
        torch.einsum("td,edf->tef", x, layer.experts.up), approximate="tanh"
    )
    dense = torch.einsum("te,tef,efd->td", shares, hidden, layer.experts.down)
    torch.testing.assert_close(layer(x)[0], dense, rtol=1e-5, atol=1e-6)


def test_equal_experts_are_one_dense_network():
    """With gates that add up to 1 the mixture of equals is the network itself."""
    layer, x = make(), tokens(13)
    dense = FeedForwardNetwork(D, 24)
    with torch.no_grad():
        for stacked, one in zip(layer.experts.parameters(), dense.parameters(), strict=True):
            stacked.copy_(one.expand_as(stacked))
    torch.testing.assert_close(layer(x)[0], dense(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [{}, {"router": "sigmoid"}, {"capacity_factor": 0.5}, {"expert": GatedFeedForwardNetwork}],
)
def test_gradients_in_float64(options):
    torch.manual_seed(0)
    layer = MoEArchitecture(4, 3, 2, d_ff=3, **options).double()
    x = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    names, weights = zip(*layer.named_parameters(), strict=True)

    def function(x, *weights):
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))

    assert torch.autograd.gradcheck(function, (x, *weights))


def test_input_that_is_not_contiguous():
    layer, x = make(), tokens(3, 5)
    turned = x.transpose(0, 1)
    assert not turned.is_contiguous()
    output, loss = layer(turned)
    expected, expected_loss = layer(turned.contiguous())
    torch.testing.assert_close(output, expected, rtol=0, atol=0)
    torch.testing.assert_close(loss, expected_loss)
    expanded = torch.ones(()).expand(5, D)  # gradients of this kind too: one number for all
    assert layer(expanded)[0].sum().backward() is None


def test_equals_transformers_mixtral_with_the_same_weights():
    config = MixtralConfig(
        hidden_size=D,
        intermediate_size=24,
        num_local_experts=4,
        num_experts_per_tok=2,
        experts_implementation="eager",
    )
    block = MixtralSparseMoeBlock(config)
    layer = make(expert=GatedFeedForwardNetwork)
    with torch.no_grad():
        block.gate.weight.copy_(layer.router.weight)
        block.experts.gate_up_proj.copy_(layer.experts.up.mT)
        block.experts.down_proj.copy_(layer.experts.down.mT)
    x = tokens(3, 5)
    ours = results(lambda x: (layer(x)[0], 0.0), layer, x)
    theirs = results(lambda x: (block(x), 0.0), block, x)
    theirs = {
        "output": theirs["output"],
        "x": theirs["x"],
        "router.weight": theirs["gate.weight"],
        "experts.up": theirs["experts.gate_up_proj"].mT,
        "experts.down": theirs["experts.down_proj"].mT,
    }
    assert_equal(ours, theirs, 1e-5)


# bfloat16 has 8 bits: one rounding is off by up to 2^-9 = 0.2 %. An output is rounded where the
# input, the weights, the hidden units and the result are, about four times; gradients twice as
# often. 2 % of the largest value is ten roundings in the same direction.
BF16_TOLERANCE = 0.02


@pytest.mark.parametrize("autocast", [False, True])
def test_bfloat16_with_the_routing_held_fixed(autocast):
    """One token sent elsewhere would change the output by more than all roundings together."""
    layer, x = make(n_experts=8), tokens(64)
    with torch.no_grad():
        for p in (x, *layer.parameters()):
            p.copy_(p.bfloat16())  # so that both start from the same numbers
    routing = layer.route(x)
    detached = Routing(*(part.detach() for part in routing))
    exact = results(lambda x: layer(x, detached), layer, x)
    if autocast:
        with torch.autocast("cpu", torch.bfloat16):
            rounded = results(lambda x: layer(x, detached), layer, x)
    else:
        low = make(n_experts=8).bfloat16()
        low.load_state_dict({name: p.bfloat16() for name, p in layer.state_dict().items()})
        x16 = x.detach().bfloat16().requires_grad_()
        assert low.route(x16).logits.dtype == torch.float32
        rounded = results(lambda x: low(x, detached), low, x16)
    assert rounded["output"].dtype == torch.bfloat16
    for name, expected in exact.items():
        error = (rounded[name].float() - expected).abs().max() / expected.abs().max().clamp_min(1)
        assert error < BF16_TOLERANCE, name


def test_autocast_leaves_the_router_in_float32():
    layer, x = make(), tokens(64)
    with torch.autocast("cpu", torch.bfloat16):
        routing = layer.route(x)
    assert torch.equal(routing.experts, layer.route(x).experts)
    assert torch.equal(routing.logits, layer.route(x).logits)


# --- one graph ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_compiles_as_one_graph(dtype):
    torch._dynamo.reset()
    layer, x = make(capacity_factor=1.0).to(dtype), tokens(3, 5, dtype=dtype)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    assert_equal(results(compiled, layer, x), results(layer, layer, x), 1e-6)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_compiles_with_inductor(dtype):
    torch._dynamo.reset()
    layer, x = make().to(dtype), tokens(3, 5, dtype=dtype)
    compiled = torch.compile(layer, fullgraph=True)
    tolerance = 1e-5 if dtype == torch.float32 else BF16_TOLERANCE
    assert_equal(results(compiled, layer, x), results(layer, layer, x), tolerance)


def test_the_operators_are_well_made():
    rows = torch.randn(5, 4, requires_grad=True)
    weights = torch.randn(3, 4, 2, requires_grad=True)
    counts = torch.tensor([2, 0, 3])
    torch.library.opcheck(torch.ops.course_moe.grouped_mm.default, (rows, weights, counts))
    expected = torch.cat([rows[:2] @ weights[0], rows[2:] @ weights[2]])
    torch.testing.assert_close(grouped_mm(rows, weights, counts), expected)
    grouped_mm(rows, weights, counts).sum().backward()
    assert weights.grad[1].abs().max() == 0  # an expert without rows: 0, not whatever lay there


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("d_in", "d_out"), [(16, 24), (12, 24), (16, 20)])
def test_pytorchs_kernel_gets_what_it_takes(dtype, d_in, d_out, monkeypatch):
    """PyTorch's own rules for F.grouped_mm, forward and backward, on tensors without data.

    What fits is taken; what does not is refused by PyTorch, and is multiplied by the written-out
    products. Which results a GPU gives was not measured: there is none here.
    """

    def step():
        rows = torch.randn(7, d_in, dtype=dtype, requires_grad=True)
        weights = torch.randn(4, d_in, d_out, dtype=dtype, requires_grad=True)
        out = grouped_mm(rows, weights, torch.tensor([1, 2, 0, 4]))
        out.square().sum().backward()
        return out.grad_fn.name()

    fits = dtype == torch.bfloat16 and d_in % 8 == d_out % 8 == 0
    monkeypatch.setattr(course.moe.grouped, "has_kernel", fits_kernel)
    with FakeTensorMode():
        assert ("course_moe" in step()) != fits
    monkeypatch.setattr(course.moe.grouped, "has_kernel", lambda rows, weights: True)
    with (
        FakeTensorMode(),
        contextlib.nullcontext()
        if fits
        else pytest.raises(RuntimeError, match=r"multiple of 16 bytes|BF16"),
    ):
        step()


class Unchanged(torch.nn.Module):
    """Experts that give back what they get, so that only the weighted sum is left."""

    def __init__(self, d_model, d_ff, num_experts):
        super().__init__()

    def forward(self, rows, counts):
        return rows


def test_in_bfloat16_the_rows_are_added_up_in_float32():
    """The sum is rounded once, by 2^-9 of it at most, without a float32 copy of all rows."""
    layer, x = make(8, 6, expert=Unchanged).bfloat16(), tokens(64, dtype=torch.bfloat16)
    gates = layer.route(x).gates.bfloat16().double()
    exact = x.double() * gates.sum(-1, keepdim=True)
    errors = (layer(x)[0].double() - exact).abs() / exact.abs()
    assert errors.max() <= 1.001 * 2**-9
    in_bfloat16 = torch.zeros_like(x)
    for gate in gates.T:
        in_bfloat16 = in_bfloat16 + x * gate[:, None].bfloat16()
    assert ((in_bfloat16.double() - exact).abs() / exact.abs()).max() > 2 * 2**-9


def test_nothing_asks_the_host_for_a_number():
    """What makes a GPU wait, shown without one: tensors without data refuse to be read. This covers
    all but the grouped product, which on a GPU is PyTorch's own where the kernel takes it."""
    with FakeTensorMode():
        layer, x = make(router="sigmoid", capacity_factor=1.0, random_routing=True), tokens(7)
        output, loss = layer(x)
        (output.sum() + loss).backward()
        layer.update_bias(layer.route(x).counts)
        with pytest.raises(DataDependentOutputException):
            output.sum().item()  # what would have happened


def test_its_flop_are_those_of_the_chosen_experts():
    """K053: only the chosen experts compute.

    FlopCounterMode counts nothing for PyTorch's own grouped product.
    """
    layer, x = make(n_experts=8), tokens(13)
    with FlopCounterMode(display=False) as counter:
        output, _ = layer(x)
    router, experts = 2 * 13 * D * 8, 2 * 13 * 2 * (D * 24 + 24 * D)
    assert counter.get_total_flops() == router + experts
    with FlopCounterMode(display=False) as counter:
        output.sum().backward()
    assert counter.get_total_flops() == 2 * (router + experts)


# --- options --------------------------------------------------------------------------------------


def test_the_routing_can_be_held_and_seen():
    layer, x = make(), tokens(13)
    routing = layer.route(x)
    assert routing.counts.sum() == 26
    assert routing.n_dropped == 0
    torch.testing.assert_close(routing.gates.sum(-1), torch.ones(13))
    torch.testing.assert_close(layer(x, routing)[0], layer(x)[0])
    every = Routing(*routing[:2], torch.tensor([[3, 0]] * 13), *routing[3:])
    every = every._replace(counts=torch.tensor([13, 0, 0, 13]))
    alone = reference_moe(layer, x, every.experts)[0]
    ratio = layer(x, every)[0] / alone  # the gates are those of the other choice
    assert ratio.shape == x.shape
    with pytest.raises(ValueError, match="routing"):
        layer(x[:5], routing)


def test_top_1_renormalised_teaches_the_router_nothing():
    """K052: softmax, top k, weights that add up to 1, which is 1 where k is."""
    x = tokens(13)
    for renormalize, learns in ((True, False), (False, True), (None, True)):
        layer = make(top_k=1, renormalize=renormalize)
        gradient = torch.autograd.grad(layer(x)[0].square().sum(), layer.router.weight)[0]
        assert (gradient.abs().max() > 1e-4) == learns


def test_capacity_drops_the_last_in_the_queue():
    """4 tokens, all to experts 3 then 1; capacity 4 · 2 · 1 / 4 = 2 places each."""
    layer, x = route_all_to(make(capacity_factor=1.0), 3, 1), biased(4)
    routing = layer.route(x)
    assert routing.n_dropped == 4
    assert (routing.gates > 0).tolist() == [[True, True]] * 2 + [[False, False]] * 2
    assert routing.counts.tolist() == [0, 4, 0, 4]  # what was asked for, for the balance loss
    output = layer(x)[0]
    assert output[2:].abs().max() == 0  # a dropped token passes by the residual connection only
    torch.testing.assert_close(output[:2], reference_moe(layer, x[:2])[0], rtol=1e-5, atol=1e-5)


def test_first_choices_come_before_second_ones():
    """Token 0 takes experts (0, 1), token 1 (1, 0): with one place each, both get their first."""
    layer = MoEArchitecture(2, 2, 2, capacity_factor=0.5)
    with torch.no_grad():
        layer.router.weight.copy_(torch.eye(2))
    routing = layer.route(torch.eye(2))
    assert (routing.gates > 0).tolist() == [[True, False]] * 2
    assert routing.n_dropped == 2


def test_capacity_does_not_round_up_an_error_of_rounding():
    """1.1 · 100 / 11 is 10.000000000000002 in floating numbers, and 10 places in `costs`."""
    layer = make(11, 1, capacity_factor=1.1)
    assert layer.route(torch.ones(100, D)).n_dropped == 90
    assert expert_capacity(100, 11, 1, 1.1) == 10


def test_numpys_whole_numbers_are_whole():
    assert make(np.int64(4), np.int32(2))(torch.ones(3, D))[0].shape == (3, D)


def test_enough_capacity_drops_nothing():
    layer, x = make(), tokens(50)
    wide = make(capacity_factor=2.0)  # E / k: room for all tokens at one expert
    assert wide.route(x).n_dropped == 0
    assert torch.equal(layer(x)[0], wide(x)[0])


def test_random_routing_keeps_a_choice_as_often_as_its_gate_says():
    """GShard: the second of two with probability 2 · g_2, the first always; only in training."""
    layer, x = make(random_routing=True), tokens(20_000)
    plain = make().route(x).gates
    torch.manual_seed(3)
    routing = layer.route(x)
    assert (routing.gates[:, 0] == plain[:, 0]).all()
    kept = (routing.gates[:, 1] > 0).double()
    expected = 2 * plain[:, 1].double()
    deviations = (kept - expected).sum() / (expected * (1 - expected)).sum().sqrt()
    assert abs(deviations) < 4
    assert routing.n_dropped == (kept == 0).sum()
    assert layer.eval().route(x).n_dropped == 0


def test_the_bias_balances_without_a_loss():
    """Tokens that all prefer one expert are spread by the bias alone, and gates ignore it."""
    torch.manual_seed(0)
    layer, x = MoEArchitecture(D, 8, 2, router="sigmoid"), biased(512)
    with torch.no_grad():
        layer.router.weight[:, 0] = 0.0
        layer.router.weight[0, 0] = 0.2
    before = layer.route(x)
    for _ in range(400):
        layer.update_bias(layer.route(x).counts, rate=0.005)
    after = layer.route(x)
    assert before.counts.max() > 300  # 128 at balance
    assert after.counts.max() < 150
    assert after.counts.min() > 100
    assert not layer.bias.requires_grad
    scores = after.logits.sigmoid().gather(-1, after.experts)
    torch.testing.assert_close(after.gates, scores / scores.sum(-1, keepdim=True))


def test_statistics_survive_checkpointing():
    """The pass runs twice; what it returns the first time stays, and so does its gradient."""
    layer, x = make(router="sigmoid"), tokens(13)
    output, loss = checkpoint(layer, x, use_reentrant=False)
    (output.sum() + loss).backward()
    expected = torch.autograd.grad(sum(part.sum() for part in layer(x)), layer.router.weight)[0]
    torch.testing.assert_close(layer.router.weight.grad, expected)
    assert layer.bias.abs().max() == 0  # only update_bias moves it


def test_the_bias_keeps_its_small_steps_in_bfloat16():
    """2,000 steps of 0.001 are 2.0; added up in bfloat16 they would stay at 0.5."""
    layer = make(2, 1, router="sigmoid").bfloat16()
    assert layer.router.weight.dtype == torch.bfloat16
    for _ in range(2000):
        layer.update_bias(torch.tensor([1, 3]))
    torch.testing.assert_close(layer.bias, torch.tensor([2.0, -2.0]), rtol=1e-4, atol=0)
    coarse = torch.zeros(1, dtype=torch.bfloat16)
    for _ in range(2000):
        coarse += 0.001
    assert coarse == 0.5
    # Cast as part of a model, moved, and loaded from a file of 16 bits: float32 all the way.
    again = torch.nn.Sequential(make(2, 1, router="sigmoid")).half()
    again.load_state_dict({f"0.{name}": p.bfloat16() for name, p in layer.state_dict().items()})
    assert again[0].bias.dtype == torch.float32
    torch.testing.assert_close(again[0].bias, layer.bias, rtol=2**-8, atol=0)
    assert layer.to("meta").bias.device.type == "meta"


def test_padding_left_out_takes_no_capacity_and_no_share_in_the_loss():
    """The documented way to leave padding out, against the layer on the real tokens alone."""
    layer = route_all_to(make(capacity_factor=1.0), 3, 1)
    real = biased(4).detach()  # capacity for 2 of these 4 tokens
    padded = torch.cat([torch.full((6, D), 8.0), real]).reshape(2, 5, D)
    mask = torch.tensor([False] * 6 + [True] * 4).reshape(2, 5)
    output = torch.zeros_like(padded)
    output[mask], loss = layer(padded[mask])
    expected, expected_loss = layer(real)
    assert torch.equal(output[mask], expected)
    assert torch.equal(loss, expected_loss)
    assert output[~mask].abs().max() == 0
    assert (expected.abs().sum(-1) > 0).tolist() == [True, True, False, False]
    # With the padding first in the queue, the capacity of 5 is spent before any real token.
    assert layer(padded)[0][mask].abs().max() == 0


def test_saved_and_loaded():
    """K051: a module with parameters and a state, as the documents' class is not."""
    layer, other, x = make(router="sigmoid"), make(router="sigmoid", seed=5), tokens(13)
    layer.update_bias(layer.route(x).counts)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file))
    assert torch.equal(layer(x)[0], other(x)[0])


def test_extreme_logits_give_finite_numbers():
    for router in ("softmax", "sigmoid"):
        layer = make(router=router)
        for scale in (1e6, 0.0):
            x = (tokens(9).detach() * scale).requires_grad_()
            output, loss = layer(x)
            (output.sum() + loss).backward()
            assert all(t.isfinite().all() for t in (output, loss, x.grad))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: MoEArchitecture(D, 4, 5), "top_k"),
        (lambda: MoEArchitecture(D, 4, 0), "top_k"),
        (lambda: MoEArchitecture(D, 4, True), "top_k"),
        (lambda: MoEArchitecture(D, 0), "num_experts"),
        (lambda: MoEArchitecture(D, 4.5), "num_experts"),
        (lambda: MoEArchitecture(-1, 4), "d_model"),
        (lambda: MoEArchitecture("16", 4), "d_model"),
        (lambda: MoEArchitecture([16, 32], 4), "d_model"),
        (lambda: MoEArchitecture(D, 4, d_ff=0), "d_ff"),
        (lambda: MoEArchitecture(D, 4, router="hash"), "router"),
        (lambda: MoEArchitecture(D, 4, capacity_factor=0), "capacity_factor"),
        (lambda: MoEArchitecture(D, 4, capacity_factor=float("nan")), "capacity_factor"),
        (lambda: make()(torch.ones(3, D + 1)), "x must have shape"),
        (lambda: make()(torch.ones(())), "x must have shape"),
        (lambda: make()(torch.ones(3, D, dtype=torch.long)), "x must be a tensor of floating"),
        (lambda: make()([[1.0] * D]), "x must be a tensor"),
        (lambda: make().update_bias(torch.ones(4)), "sigmoid"),
        (lambda: make(router="sigmoid").update_bias(torch.ones(1)), "counts"),
        (lambda: make()(torch.ones(3, D), make(8).route(torch.ones(3, D))), "routing must have"),
        (lambda: FeedForwardNetwork(D, num_experts=2)(torch.ones(3, D)), "counts"),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ValueError, match=name):
        call()


def test_the_layer_reads_in_one_sitting():
    """At most 120 lines that are neither blank, comment nor docstring."""
    with Path(course.moe.layer.__file__).open("rb") as file:
        parts = list(tokenize.tokenize(file.readline))
    layout = {
        tokenize.ENCODING,
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines, at_start = set(), True
    for part in parts:
        if part.type not in layout and not (at_start and part.type == tokenize.STRING):
            lines.update(range(part.start[0], part.end[0] + 1))
        if part.type not in layout or part.type == tokenize.NEWLINE:
            at_start = part.type == tokenize.NEWLINE
    assert 60 < len(lines) <= 120
