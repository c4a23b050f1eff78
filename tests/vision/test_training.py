"""Networks for pictures: counted, trained, killed and resumed, attacked, split."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from course.vision import (
    BasicBlock,
    Recipe,
    ResNet,
    accuracy,
    attacked,
    batches,
    digits,
    flops_of,
    matmul_rate,
    n_params,
    saved_bytes,
    shift,
    train,
    training_rate,
)
from course.vision.plan import without_shortcuts
from course.vision.training import rate_at
from course.vision.two import largest_difference

ROOT = Path(__file__).resolve().parents[2]


def small(seed=0):
    torch.manual_seed(seed)
    return ResNet((8, 16), (1, 1), 10, 1, "small")


def test_resnet_18_has_its_parameters_to_the_unit():
    """K150: 11,689,512; with B's bias in the first convolution 64 more."""
    model = ResNet()
    assert n_params(model) == 11_689_512
    assert (
        n_params(torch.nn.Conv2d(3, 64, 7)) - n_params(torch.nn.Conv2d(3, 64, 7, bias=False)) == 64
    )
    assert n_params(ResNet(blocks=(3, 4, 6, 3))) == 21_797_672  # ResNet-34
    assert flops_of(model, torch.zeros(3, 224, 224)) == pytest.approx(3.63e9, rel=0.01)


def test_the_listing_of_b_stops_where_its_map_meets_its_matrix():
    """K149: with all strides 1 the map is 56 × 56, the pool leaves 50 × 50."""
    stages = [
        torch.nn.Sequential(BasicBlock(a, b, 1), BasicBlock(b, b, 1))
        for a, b in ((64, 64), (64, 128), (128, 256), (256, 512))
    ]
    inside = torch.nn.Sequential(ResNet().stem, *stages, torch.nn.AvgPool2d(7, stride=1)).eval()
    with torch.no_grad():
        features = inside(torch.zeros(1, 3, 224, 224))
    assert features.shape == (1, 512, 50, 50)
    assert features.flatten(1).shape[1] == 1_280_000
    with pytest.raises(RuntimeError):
        torch.nn.Linear(512, 1000)(features.flatten(1))


B_LISTING = """
class ResNet(nn.Module):
    def __init__(self):
        super(ResNet, self).__init__()
        self.layer1 = self._make_layer(64, 2, 1)

def train_epoch(model, optimizer, data_loader):
    model.train()
    running_loss = 0.0
    for i, data in enumerate(data_loader, 0):
        running_loss += 1
        if i % 10 == 9:
            print(f'Epoch {epoch+1}, Loss: {running_loss/10:.4f}')
"""


def test_the_code_of_b_needs_names_that_it_does_not_define():
    """K148, K152: `_make_layer` is nowhere, and `train_epoch` reads a global `epoch`."""
    names = {"nn": torch.nn}
    exec(B_LISTING, names)
    with pytest.raises(AttributeError, match="_make_layer"):
        names["ResNet"]()
    with pytest.raises(NameError, match="epoch"):
        names["train_epoch"](torch.nn.Linear(1, 1), None, [None] * 10)


def test_the_python_of_b_is_too_old_for_pytorch():
    """K144."""
    from importlib.metadata import metadata

    from packaging.specifiers import SpecifierSet

    assert "3.8.20" not in SpecifierSet(metadata("torch").get("Requires-Python", ""))


def test_a_block_adds_what_came_in_and_without_shortcut_it_does_not():
    x = torch.rand(2, 8, 8, 8)
    block = BasicBlock(8, 8, 1).eval()
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(block(x), x)
    model = without_shortcuts(small()).eval()
    assert model(torch.rand(3, 1, 8, 8)).shape == (3, 10)
    for parameter in model.stages.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(model.stages(x), torch.zeros(2, 16, 4, 4))


def test_digits_are_split_without_overlap_and_handed_out_once():
    data = digits(3)
    assert [len(data[name][0]) for name in ("train", "validation", "test")] == [1197, 150, 450]
    seen = [y for _, y in batches(*data["train"], 64, torch.Generator().manual_seed(0))]
    assert sum(map(len, seen)) == 1197
    assert torch.equal(torch.cat(seen).bincount(), data["train"][1].bincount())


def test_a_shift_moves_each_image_by_a_pixel_at_most():
    image = torch.zeros(500, 1, 8, 8)
    image[:, 0, 3, 4] = 1
    moved = shift(image, torch.Generator().manual_seed(0))
    assert moved.shape == image.shape
    assert moved.sum() == 500
    places = {tuple(place) for place in moved[:, 0].nonzero()[:, 1:].tolist()}
    assert places == {(3 + a, 4 + b) for a in (-1, 0, 1) for b in (-1, 0, 1)}


def test_digits_are_learnt_in_seconds():
    """K153: above 98 % on unseen images, and a schedule that starts and ends low."""
    torch.manual_seed(0)
    model = ResNet((32, 64), (1, 1), 10, 1, "small")
    done = train(model, Recipe(n_epochs=10))
    assert accuracy(model, *digits()["test"]) > 0.98
    assert done.history[-1][1] < done.history[0][1] / 5
    rates = [rate_at(step, 100, 1.0) for step in range(100)]
    assert max(rates) == rates[19] == 1
    assert rates[0] == 0.05
    assert rates[-1] < 0.01


def test_a_run_goes_on_bit_for_bit(tmp_path):
    recipe, path = Recipe(n_epochs=3), tmp_path / "run.pt"
    whole = train(small(), recipe).model
    with pytest.raises(KeyboardInterrupt):
        train(small(), recipe, checkpoint=path, stop_after=2)
    resumed = train(small(seed=99), recipe, checkpoint=path)
    assert len(resumed.history) == 3
    for a, b in zip(whole.state_dict().values(), resumed.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    again = train(small(seed=5), recipe, checkpoint=path)  # it ended: nothing is trained
    assert again.history == resumed.history


KILLED = """
import sys, torch
from course.vision import Recipe, ResNet, train
torch.set_num_threads(1)
torch.manual_seed(0)
model = ResNet((8, 16), (1, 1), 10, 1, "small")
done = train(model, Recipe(n_epochs=int(sys.argv[2])), checkpoint=sys.argv[1])
torch.save(model.state_dict(), sys.argv[1] + ".end")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_process_killed_with_signal_9_goes_on_to_the_same_weights(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(name):
        return subprocess.Popen([*command, str(tmp_path / name), "5"], env=environment)

    undisturbed = run("whole.pt")
    victim = run("killed.pt")
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed.pt.end").exists()
    assert run("killed.pt").wait(120) == undisturbed.wait(120) == 0
    ends = [torch.load(tmp_path / f"{n}.pt.end", weights_only=True) for n in ("whole", "killed")]
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])


def test_an_attack_stays_small_and_raises_the_loss():
    model, (x, y) = small().eval(), digits()["test"]
    worst = attacked(model, x, y, 0.1)
    assert (worst - x).abs().max() <= 0.1 + 1e-6
    assert 0 <= worst.min() <= worst.max() <= 1
    assert F.cross_entropy(model(worst), y) > F.cross_entropy(model(x), y)


def test_what_is_kept_for_the_way_back_is_counted_and_can_be_less():
    """One ReLU layer by hand: a convolution keeps its input, a matrix its own."""
    model, (x, y) = small(), digits()["train"]
    x, y = x[:16], y[:16]
    whole, half, again = (
        saved_bytes(model, x, y, **how) for how in ({}, {"half": True}, {"recompute": True})
    )
    assert again < half < whole
    assert saved_bytes(model, x[:8], y[:8]) == pytest.approx(whole / 2, rel=0.05)
    # 16 pictures: input 64 numbers, and at the least one map of 8 × 8 × 8 for each of six layers.
    assert whole > 4 * 16 * (64 + 4 * 512)


def test_recomputing_changes_no_gradient():
    model, (x, y) = small().eval(), digits()["train"]
    gradients = []
    for recompute in (False, True):
        model.zero_grad()
        saved_bytes(model, x[:16], y[:16], recompute=recompute)
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert torch.allclose(*gradients, atol=1e-6)


def test_a_rate_is_positive_and_counts_three_passes():
    model, (x, y) = small(), digits()["train"]
    images, flops = training_rate(model, x[:32], y[:32], seconds=0.05)
    assert flops == pytest.approx(3 * flops_of(model, x[0]) * images)
    assert matmul_rate(64) > 0
    with pytest.raises(ValueError, match="seconds"):
        training_rate(model, x[:2], y[:2], seconds=0)


def test_two_processes_have_the_gradients_of_one():
    assert largest_difference((40, 24)) < 1e-6


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: ResNet((8,), (1, 1)), "widths and blocks"),
        (lambda: ResNet((4, 8), (1, 1)), "multiples of 8"),
        (lambda: ResNet((8,), (0,)), "blocks"),
        (lambda: ResNet((8,), (1,), stem="large"), "stem"),
        (lambda: Recipe(n_epochs=0), "n_epochs"),
        (lambda: Recipe(rate=-1), "rate"),
        (lambda: Recipe(attack=2), "attack"),
        (lambda: list(batches(torch.zeros(3), torch.zeros(3), 0, torch.Generator())), "batch"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
