"""From the three alphas of SGHM to one, and the kernels that takes. Needs PyTorch."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows
from numpy.typing import NDArray
from torch import Tensor

from mkt_assets.models.sghm.network import Mattes

_OS4_KERNEL = 15
_OS1_KERNEL = 7
_CERTAIN = 1 / 255


def refined(mattes: Mattes) -> Tensor:
    """One alpha, (n, 1, h, w) in 0..1: the coarse one, and the finer ones where it is uncertain.

    The alpha of stride 8 is replaced by that of stride 4 where it is uncertain, and the result by that of
    stride 1 where *it* is uncertain, in wider and narrower bands; as the published inference does.
    """
    alpha = torch.where(_uncertain(mattes.os8, _OS4_KERNEL), mattes.os4, mattes.os8)
    return torch.where(_uncertain(alpha, _OS1_KERNEL), mattes.os1, alpha)


def elliptic_kernel(size: int) -> NDArray[np.bool_]:
    """The disc that OpenCV calls `MORPH_ELLIPSE`, (size, size), for an odd size."""
    radius = size // 2
    offsets = np.arange(size) - radius
    half_widths = np.rint(np.sqrt(radius**2 - offsets**2))
    return np.abs(offsets)[None, :] <= half_widths[:, None]


def _uncertain(alpha: Tensor, size: int) -> Tensor:
    """Where alpha is neither 0 nor 1 to within 1/255, or such a pixel is within the elliptic kernel."""
    uncertain = ((alpha >= _CERTAIN) & (alpha <= 1 - _CERTAIN)).float()
    kernel = torch.from_numpy(elliptic_kernel(size)).to(uncertain)[None, None]
    # counts of uncertain pixels under the kernel: exact, at most 225
    return F.conv2d(uncertain, kernel, padding=size // 2) > 0.5
