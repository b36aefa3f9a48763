"""The network of SGHM, with the parameter names of the released checkpoint. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows
from torch import Tensor, nn

from mkt_assets.models.resnet50_body import ResNet50Body

ENCODER_SCALE = 1 / 4
STRIDE = 64
"""Both sides of a picture must be multiples of this."""
_HIDDEN = 32


class Mattes(NamedTuple):
    """What the network sees in a picture, each (n, 1, h, w) in 0..1."""

    os1: Tensor
    """Alpha of the head at full resolution."""
    os4: Tensor
    """Alpha of the head at stride 4, enlarged."""
    os8: Tensor
    """Alpha of the head at stride 8, enlarged."""
    segment: Tensor
    """Probability of a person, from the quarter picture, enlarged."""


class HumanMatting(nn.Module):
    """Finds people in a small copy of the picture, then mattes at full size what it found.

    Chen et al., Robust Human Matting via Semantic Guidance, ACCV 2022.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet50Body(dilate_last_stage=True)
        self.aspp = _PyramidPooling(2048, 256, rates=(3, 6, 9))
        self.decoder = _SegmentationDecoder()
        self.shortcut = nn.ModuleList(
            _shortcut(channels + 1, width)
            for channels, width in ((3, 32), (3, 32), (64, 32), (256, 64), (512, 128))
        )
        self.refine = _MattingDecoder()

    def forward(self, pixels: Tensor) -> Mattes:
        """Mattes of RGB pictures, (n, 3, h, w) in 0..1, h and w multiples of 64."""
        small = F.interpolate(pixels, scale_factor=ENCODER_SCALE, mode="bilinear", align_corners=False)
        features = self.backbone(small)
        context = self.aspp(features.layer4)
        logits = self.decoder(context, (features.layer2, features.layer1, features.stem, small))
        segment = _enlarged(torch.sigmoid(logits[:, :1]), 4)
        person = (segment > 0.5).to(pixels.dtype)
        # The mask of a deeper map is made from that of the quarter picture, not from the full one.
        person_small = _resized(person, small)
        masks = (person, person_small, *(_resized(person_small, x) for x in features[:3]))
        maps = (pixels, small, *features[:3])
        details = [
            shortcut(torch.cat([x, mask], dim=1))
            for shortcut, x, mask in zip(self.shortcut, maps, masks, strict=True)
        ]
        os1, os4, os8 = self.refine(context, details)
        return Mattes(_alpha(os1), _alpha(_enlarged(os4, 4)), _alpha(_enlarged(os8, 8)), segment)


class _PyramidPooling(nn.Module):
    """Atrous spatial pyramid pooling, as in DeepLab v3."""

    def __init__(self, channels: int, width: int, *, rates: Sequence[int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList([_conv_bn_relu(channels, width, 1)])
        self.convs.extend(_conv_bn_relu(channels, width, 3, dilation=rate) for rate in rates)
        self.convs.append(nn.Sequential(nn.AdaptiveAvgPool2d(1), *_conv_bn_relu(channels, width, 1)))
        self.project = _conv_bn_relu(width * len(self.convs), width, 1)

    def forward(self, x: Tensor) -> Tensor:
        views = [view(x) for view in self.convs]
        views[-1] = views[-1].expand_as(views[0])
        return self.project(torch.cat(views, dim=1))


class _SegmentationDecoder(nn.Module):
    """From the context up to the resolution of the small picture, joining one feature map a step."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(256 + 512, 128, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128 + 256, 64, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64 + 64, 48, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(48)
        self.conv4 = nn.Conv2d(48 + 3, 34, 3, padding=1)

    def forward(self, x: Tensor, maps: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        x = F.relu(self.bn1(self.conv1(_joined(x, maps[0]))), inplace=True)
        x = F.relu(self.bn2(self.conv2(_joined(x, maps[1]))), inplace=True)
        x = F.relu(self.bn3(self.conv3(_joined(x, maps[2]))), inplace=True)
        return self.conv4(_joined(x, maps[3]))


class _ChannelAttention(nn.Module):
    """Efficient channel attention: a channel's weight comes from the means of it and its two neighbours.

    Wang et al., ECA-Net, CVPR 2020.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3)).unsqueeze(1)
        return x * torch.sigmoid(self.conv(means)).reshape(*x.shape[:2], 1, 1)


def _shortcut(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(width),
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(width),
        _ChannelAttention(),
    )


class _MattingDecoder(nn.Module):
    """From the context at 1/64 up to the picture, with an alpha (before its tanh) at strides 1, 4 and 8."""

    def __init__(self) -> None:
        super().__init__()
        self.layer2 = _residual_stage(256, 128, n_blocks=3)
        self.layer3 = _residual_stage(128, 64, n_blocks=3)
        self.layer4 = _residual_stage(64, 32, n_blocks=2)
        self.layer5 = _residual_stage(32, 32, n_blocks=2)
        self.layer6 = _residual_stage(32, 32, n_blocks=2)
        self.conv1 = nn.ConvTranspose2d(_HIDDEN, _HIDDEN, 4, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(_HIDDEN)
        # transposed although it enlarges nothing: its kernel is applied mirrored
        self.conv2 = nn.ConvTranspose2d(_HIDDEN, _HIDDEN, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(_HIDDEN)
        self.refine_OS1 = _head()
        self.refine_OS4 = _head()
        self.refine_OS8 = _head()

    def forward(self, context: Tensor, details: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        x = self.layer2(context) + details[4]
        x = self.layer3(x) + details[3]
        x = self.layer4(x) + details[2]
        os8 = self.refine_OS8(x)
        x = self.layer5(x) + details[1]
        os4 = self.refine_OS4(x)
        x = self.layer6(x)
        x = _leaky(self.bn1(self.conv1(x))) + details[0]
        x = _leaky(self.bn2(self.conv2(x)))
        return self.refine_OS1(x), os4, os8


class _ResidualBlock(nn.Module):
    """Two convolutions and a way around them; the first one may double the resolution."""

    def __init__(self, channels: int, width: int, *, doubles: bool) -> None:
        super().__init__()
        if doubles:
            self.conv1 = nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.upsample = nn.Sequential()
        if doubles:
            # The released network enlarges, then convolves pixel by pixel: the other way round is equal, at 1/4.
            self.upsample = nn.Sequential(
                nn.Identity(),
                nn.Conv2d(channels, width, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.UpsamplingNearest2d(scale_factor=2),
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(_leaky(self.bn1(self.conv1(x)))))
        return _leaky(y.add_(self.upsample(x)))


def _residual_stage(channels: int, width: int, *, n_blocks: int) -> nn.Sequential:
    others = (_ResidualBlock(width, width, doubles=False) for _ in range(n_blocks - 1))
    return nn.Sequential(_ResidualBlock(channels, width, doubles=True), *others)


def _head() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(_HIDDEN, _HIDDEN, 3, padding=1, bias=False),
        nn.BatchNorm2d(_HIDDEN),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(_HIDDEN, 1, 3, padding=1),
    )


def _conv_bn_relu(channels: int, width: int, size: int, *, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(channels, width, size, padding=padding, dilation=dilation, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2, inplace=True)


def _alpha(x: Tensor) -> Tensor:
    return (torch.tanh(x) + 1) / 2


def _enlarged(x: Tensor, factor: int) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def _resized(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear, to the height and width of another map."""
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


def _joined(x: Tensor, other: Tensor) -> Tensor:
    return torch.cat([_resized(x, other), other], dim=1)
