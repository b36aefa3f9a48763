"""The convolutions of ResNet-50, with torchvision's parameter names. Preprocessing is not here; needs PyTorch."""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F  # noqa: N812 - the name everyone knows
from torch import Tensor, nn

_BLOCKS = (3, 4, 6, 3)
_WIDTHS = (64, 128, 256, 512)
_EXPANSION = 4


class Features(NamedTuple):
    """Feature maps of one pass; the stride is that against the input."""

    stem: Tensor
    """(n, 64, h/2, w/2)"""
    layer1: Tensor
    """(n, 256, h/4, w/4)"""
    layer2: Tensor
    """(n, 512, h/8, w/8)"""
    layer3: Tensor
    """(n, 1024, h/16, w/16)"""
    layer4: Tensor
    """(n, 2048, h/32, w/32), or h/16 and w/16 where the last stage is dilated."""


class ResNet50Body(nn.Module):
    """ResNet-50 without its classifier, in the variant of torchvision: the 3x3 convolution of a block strides.

    He et al., Deep Residual Learning for Image Recognition, CVPR 2016.

    Args:
        dilate_last_stage: the last stage keeps its resolution and dilates by 2, which makes the output stride
            16, as in DeepLab; the weights are the same.
    """

    def __init__(self, *, dilate_last_stage: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(0)
        self.layer2 = _stage(1, stride=2)
        self.layer3 = _stage(2, stride=2)
        self.layer4 = _stage(3, dilation=2) if dilate_last_stage else _stage(3, stride=2)

    def forward(self, pixels: Tensor) -> Features:
        """Feature maps of pictures, (n, 3, h, w)."""
        stem = F.relu(self.bn1(self.conv1(pixels)), inplace=True)
        layer1 = self.layer1(F.max_pool2d(stem, 3, stride=2, padding=1))
        layer2 = self.layer2(layer1)
        layer3 = self.layer3(layer2)
        return Features(stem, layer1, layer2, layer3, self.layer4(layer3))


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, width: int, *, stride: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * _EXPANSION, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * _EXPANSION)
        self.downsample = nn.Sequential()
        if channels != width * _EXPANSION:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width * _EXPANSION, 1, stride=stride, bias=False),
                nn.BatchNorm2d(width * _EXPANSION),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        return F.relu(self.bn3(self.conv3(y)).add_(self.downsample(x)), inplace=True)


def _stage(index: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Stage `index` of the four; its first block strides, and keeps dilation 1, as torchvision does."""
    width = _WIDTHS[index]
    channels = _WIDTHS[index - 1] * _EXPANSION if index else 64
    first = _Bottleneck(channels, width, stride=stride, dilation=1)
    others = (
        _Bottleneck(width * _EXPANSION, width, stride=1, dilation=dilation) for _ in range(_BLOCKS[index] - 1)
    )
    return nn.Sequential(first, *others)
