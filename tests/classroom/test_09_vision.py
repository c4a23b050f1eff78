"""The set of chapter 9: its answers are the library's and PyTorch's where they have the same."""

import numpy as np
import pytest
import torch

from course.classroom import judge, release
from course.evidence import fact
from course.vision import (
    ResNet,
    attacked,
    bubble_share,
    device_memory,
    flops_of,
    goodput,
    mean_time_between,
    n_params,
    youngs_interval,
)

NAME = "09_vision"
EXERCISES = judge.load(release.ROOT / f"solutions/judges/{NAME}.py")
TEXT = (release.ROOT / f"solutions/text/{NAME}.py").read_text(encoding="utf-8")


def answer(number):
    return EXERCISES[f"09.{number}"].reference


def test_a_convolution_counts_as_the_library_counts_it():
    layer = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
    ours = answer(1)(3, 64, 7, 224, 2, 3)
    assert ours["flops"] == flops_of(torch.nn.Sequential(layer), torch.zeros(3, 224, 224))


@pytest.mark.parametrize("name", ["ResNet-18", "ResNet-34"])
def test_resnets_have_their_published_sizes(name):
    blocks = {"ResNet-18": [2, 2, 2, 2], "ResNet-34": [3, 4, 6, 3]}[name]
    ours = answer(2)([64, 128, 256, 512], blocks, 1000, 3, 7)
    assert ours == fact("size.ResNet").value[name]
    assert answer(2)([16, 16], [2, 3], 10, 1, 3) == n_params(
        ResNet((16, 16), (2, 3), 10, 1, "small")
    )


def test_memory_bubble_and_saves_are_those_of_the_library():
    for stage in range(4):
        wanted = device_memory(8.03e9, 8, stage).total / 1e9
        assert answer(5)(8.03e9, 8, stage)["total"] == pytest.approx(wanted)
    assert answer(8)(1e9, 1e5, 8, 1e14, 16, 24)["bubble"] == bubble_share(16, 24)
    m = mean_time_between(419, 54)
    ours = answer(6)(419, 54, 60, 900)
    assert ours["best_s"] == pytest.approx(youngs_interval(60, m))
    assert ours["kept"] == pytest.approx(goodput(900, 60, m))


def test_an_attack_is_that_of_the_library():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 3)).double()
    x, y = torch.rand(1, 4, dtype=torch.float64).requires_grad_(), torch.tensor([2])
    torch.nn.functional.cross_entropy(model(x), y).backward()
    theirs = attacked(model, x.detach(), y, 0.1)[0]
    ours = answer(7)(x.detach()[0].tolist(), x.grad[0].tolist(), 0.1)
    np.testing.assert_allclose(ours, theirs.numpy())


def test_a_made_up_law_comes_back():
    rows = [[n, [2 * n**-0.5, 2.2 * n**-0.5, 1.9 * n**-0.5]] for n in (50, 200, 900)]
    found = answer(9)(rows, 0.01)
    assert found["exponent"] == pytest.approx(0.5)
    assert found["interval"] == pytest.approx([0.5, 0.5])


def test_imagenet_is_the_registered_one_and_tables_are_those_judged():
    assert f"{fact('size.ImageNet').value['train']:,}" in TEXT
    for piece in ("0.062, 0.051", '"128 H100", 128'):
        assert piece in TEXT
    assert f"`solutions/{NAME}/`" in TEXT
