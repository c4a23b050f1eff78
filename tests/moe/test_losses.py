"""What the balance losses are at balance, at collapse, and below balance."""

import pytest
import torch
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

from course.moe import MoEArchitecture, load_balance_loss, router_z_loss, switch_balance_loss


def choices(experts, n_experts):
    return torch.bincount(experts.flatten(), minlength=n_experts)


def even(n_tokens, n_experts, k):
    """Every expert chosen equally often, by a router that finds all equally likely."""
    experts = torch.arange(n_tokens * k).reshape(n_tokens, k) % n_experts
    return torch.full((n_tokens, n_experts), 1 / n_experts), choices(experts, n_experts)


@pytest.mark.parametrize(("n_experts", "k"), [(8, 1), (8, 2), (64, 6), (4, 4)])
def test_at_balance_the_documents_form_is_k_and_switchs_is_1(n_experts, k):
    """K054: counts over tokens add up to k. K055: what it divides by is 64 tokens, no batch."""
    probs, counts = even(64, n_experts, k)
    torch.testing.assert_close(load_balance_loss(probs, counts), torch.tensor(float(k)))
    torch.testing.assert_close(switch_balance_loss(probs, counts), torch.tensor(1.0))


@pytest.mark.parametrize("k", [1, 2])
def test_at_full_collapse_it_is_the_number_of_experts(k):
    probs = torch.zeros(10, 8)
    probs[:, :k] = 1 / k
    counts = torch.tensor([10] * k + [0] * (8 - k))
    assert load_balance_loss(probs, counts).item() == pytest.approx(8)
    assert switch_balance_loss(probs, counts).item() == pytest.approx(8 / k)


def test_the_value_at_balance_is_no_lower_bound():
    """Three of four tokens barely prefer expert 0, the fourth is certain of expert 1."""
    probs = torch.tensor([[0.51, 0.49]] * 3 + [[0.0, 1.0]])
    counts = choices(probs.argmax(-1), 2)
    assert switch_balance_loss(probs, counts).item() == pytest.approx(0.8825)


def test_equals_transformers_on_one_layer():
    logits = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    probs = logits.softmax(-1)
    ours = load_balance_loss(probs, choices(probs.topk(2).indices, 8))
    torch.testing.assert_close(ours, load_balancing_loss_func((logits,), 8, 2))


def test_pooling_over_layers_hides_a_collapse():
    """Layer 1 uses experts 0 and 1 only, layer 2 the others: pooled, that is balance."""
    logits = torch.full((2, 12, 4), -20.0)
    logits[0, :, :2], logits[1, :, 2:] = 0.0, 0.0
    per_layer = [
        load_balance_loss(layer.softmax(-1), choices(layer.topk(2).indices, 4)) for layer in logits
    ]
    assert [loss.item() for loss in per_layer] == pytest.approx([4, 4])  # E: collapsed
    assert load_balancing_loss_func(tuple(logits), 4, 2).item() == pytest.approx(2)  # k: balance


def test_the_coefficient_changes_the_routers_gradient():
    torch.manual_seed(0)
    layer, x = MoEArchitecture(8, 4, 2), torch.randn(32, 8)
    gradients = []
    for coefficient in (0.0, 0.01, 0.02):
        output, loss = layer(x)
        total = output.square().sum() + coefficient * loss
        gradients.append(torch.autograd.grad(total, layer.router.weight)[0])
    first, second = gradients[1] - gradients[0], gradients[2] - gradients[0]
    assert first.norm() > 1e-4
    torch.testing.assert_close(second, 2 * first, rtol=1e-2, atol=1e-5)


def test_descending_the_loss_alone_restores_balance():
    """All tokens start at one expert; the loss spreads them."""
    torch.manual_seed(0)
    x = torch.randn(256, 8) + 1.0
    layer = MoEArchitecture(8, 4, 1)
    with torch.no_grad():
        layer.router.weight[0] += 0.5
    start = layer.route(x).counts.max()
    descent = torch.optim.SGD([layer.router.weight], lr=0.3)
    for _ in range(60):
        descent.zero_grad()
        layer(x)[1].backward()
        descent.step()
    assert start > 200
    assert layer.route(x).counts.max() < 100


def test_z_loss_is_the_square_of_the_log_of_the_sum():
    assert router_z_loss(torch.zeros(5, 8)).item() == pytest.approx(torch.tensor(8.0).log() ** 2)
    large = router_z_loss(torch.tensor([[1e4, -1e4]]))  # would overflow as exp
    assert large.item() == pytest.approx(1e8)
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)) + 4
    logits.requires_grad_()
    router_z_loss(logits).backward()
    assert (logits.grad.sum(-1) > 0).all()  # descent makes them smaller


def test_sums_of_16_bits_do_not_overflow():
    probs, counts = even(4096, 8, 2)
    assert load_balance_loss(probs.half(), counts).item() == pytest.approx(2)
    assert switch_balance_loss(probs.half(), counts).item() == pytest.approx(1)
    assert router_z_loss(torch.full((1000, 1), 20.0).half()).item() == pytest.approx(400)


def test_no_tokens_no_loss():
    assert load_balance_loss(torch.empty(0, 4), torch.zeros(4)) == 0
    assert switch_balance_loss(torch.empty(0, 4), torch.zeros(4)) == 0
    assert router_z_loss(torch.empty(0, 4)) == 0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: load_balance_loss(torch.ones(4), torch.ones(4)), "probs"),
        (lambda: load_balance_loss(torch.ones(2, 4), torch.ones(3)), "counts"),
        (lambda: switch_balance_loss(torch.ones(2, 4), torch.ones(2, 4)), "counts"),
        (lambda: router_z_loss(torch.ones(2, 3, 4)), "logits"),
    ],
)
def test_wrong_shapes_are_refused(call, name):
    with pytest.raises(ValueError, match=name):
        call()
