"""A residual network for pictures: ResNet-18 to the parameter, and a small one for 8 × 8 digits.

    ResNet()                                   # ImageNet's ResNet-18, 11,689,512 parameters
    ResNet((16, 32), (1, 1), 10, channels=1, stem="small")

Each block adds what it computes to what came in, x + f(x): a way back for the gradient that no
product of slopes can close. Source: He et al. 2016, arXiv:1512.03385.
"""

import torch
from torch import nn
from torch.nn import functional as F

from course.units import single, whole


class BasicBlock(nn.Module):
    """relu(x + norm(conv(relu(norm(conv(x)))))): two 3 × 3 convolutions beside a shortcut.

    The shortcut is x itself, or a 1 × 1 convolution where the size or the width changes.
    """

    def __init__(self, width_in, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Identity()
        if stride != 1 or width_in != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(width_in, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x):  # (batch, width_in, height, side)
        inside = F.relu(self.norm1(self.conv1(x)))
        inside = self.norm2(self.conv2(inside))
        return F.relu(self.shortcut(x) + inside)  # (batch, width, height / stride, side / stride)


class ResNet(nn.Module):
    """A stem, stages of blocks that halve the picture and widen, a mean over places, a matrix.

    Args:
        widths: channels of each stage, multiples of 8: with 4, convolutions of PyTorch 2.13 wrote
            past their memory on the CPU of the course's authors, and fast kernels want 8 anyway.
        blocks: how many blocks each has.
        n_classes: outputs.
        channels: of the picture.
        stem: "imagenet", 7 × 7 with stride 2 and a pool, for 224 × 224; "small", 3 × 3, for less.
    """

    def __init__(
        self,
        widths=(64, 128, 256, 512),
        blocks=(2, 2, 2, 2),
        n_classes=1000,
        channels=3,
        stem="imagenet",
    ):
        super().__init__()
        if len(widths) != len(blocks) or not widths:
            raise ValueError(f"widths and blocks must have one length, got {widths} and {blocks}")
        widths = [int(single("widths", whole("widths", width))) for width in widths]
        if odd := [width for width in widths if width % 8]:
            raise ValueError(f"widths must be multiples of 8, got {odd[0]}")
        if stem not in ("imagenet", "small"):
            raise ValueError(f'stem must be "imagenet" or "small", got {stem!r}')
        large = stem == "imagenet"
        size, stride = (7, 2) if large else (3, 1)
        self.stem = nn.Sequential(
            nn.Conv2d(channels, widths[0], size, stride, padding=size // 2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1) if large else nn.Identity(),
        )
        stages, width_in = [], widths[0]
        for stage, (width, n) in enumerate(zip(widths, blocks, strict=True)):
            for block in range(int(single("blocks", whole("blocks", n)))):
                stride = 2 if stage and not block else 1
                stages.append(BasicBlock(width_in, width, stride))
                width_in = width
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(width_in, n_classes)

    def forward(self, x):  # (batch, channels, height, side)
        x = self.stages(self.stem(x))
        return self.head(x.mean(dim=(2, 3)))  # (batch, n_classes)


def n_params(model):
    """How many parameters a model has; a BatchNorm's running statistics are none."""
    return sum(p.numel() for p in model.parameters())


def flops_of(model, picture):
    """FLOP of one forward pass of one picture (channels, height, side): 2 for each multiply-add.

    Convolutions and matrices are counted, by their output's places; the rest is small beside them.
    """
    total = 0

    def count(layer, _, output):
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            places = output.shape[2] * output.shape[3]
            total += 2 * layer.weight.numel() * places
        else:
            total += 2 * layer.weight.numel()

    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    was = model.training
    try:
        model.eval()
        with torch.no_grad():
            model(picture[None])
    finally:
        model.train(was)
        for hook in hooks:
            hook.remove()
    return total
