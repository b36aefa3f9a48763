"""SGHM on pictures of any size: resizing, precision and memory.

Not here: the network itself (models/sghm/network), mattes in general (core/media/matting).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mkt_assets.models.checkpoints import sha256_of
from mkt_assets.models.provenance import model_version

MODEL_ID = "sghm"
LICENCE = "MIT"

# Name of how pictures are resized and the alphas joined; another name makes another version.
_PREPROCESSING = "short1280"
_SHORT_SIDE = 1280
_MULTIPLE = 64
_PRECISIONS = ("float32", "bfloat16")
DEFAULT_LONG_SIDE = 3072
"""Holds the paper's size up to an aspect of 1:2.4, longer than any phone's screen; 2.5 GB in float32."""


class SGHMMatting:
    """Person matting at the size of the paper: the short side enlarged or reduced to 1280 pixels.

    Chen et al., Robust Human Matting via Semantic Guidance, ACCV 2022. One picture at a time, on the GPU
    where there is one. Thread-safe.

    Args:
        checkpoint: the released file, SGHM-ResNet50.pth; read strictly.
        precision: "float32", equal to the original, or "bfloat16", faster where the processor has it.
        max_long_side: pixels; a longer picture is reduced to it, so that memory has a bound.

    Raises:
        CheckpointError: the checkpoint is missing, damaged, unsafe, or not one of SGHM.
        ValueError: another precision, or a cap of less than 64 pixels.
    """

    model_id = MODEL_ID
    licence = LICENCE

    def __init__(
        self,
        checkpoint: Path,
        *,
        precision: Literal["float32", "bfloat16"] = "float32",
        max_long_side: int = DEFAULT_LONG_SIDE,
    ) -> None:
        import torch

        from mkt_assets.models.sghm.loading import load_network

        if precision not in _PRECISIONS:
            raise ValueError(f"SGHM runs in {' or '.join(_PRECISIONS)}, not in {precision}")
        if max_long_side < _MULTIPLE:
            raise ValueError(f"max_long_side is {max_long_side}: it must be at least {_MULTIPLE} pixels")
        self.version = model_version(
            sha256_of(checkpoint), f"{_PREPROCESSING}-long{max_long_side}-{precision}"
        )
        self._max_long_side = max_long_side
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._network = load_network(checkpoint).to(self._device, self._dtype)

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha matte, (height, width) in 0..1, of an RGB picture, (height, width, 3)."""
        import torch
        from torch.nn.functional import interpolate

        from mkt_assets.models.sghm.refinement import refined

        height, width = image.shape[:2]
        with torch.inference_mode():
            # copied: arrays made from pictures may be read-only
            pixels = (
                torch.tensor(np.ascontiguousarray(image), device=self._device).permute(2, 0, 1)[None].float()
                / 255
            )
            size = network_size(height, width, max_long_side=self._max_long_side)
            pixels = interpolate(pixels, size=size, mode="bilinear", align_corners=False)
            mattes = self._network(pixels.to(self._dtype, memory_format=torch.channels_last))
            alpha = refined(mattes).float()
            alpha = interpolate(alpha, size=(height, width), mode="bilinear", align_corners=False)
            return alpha[0, 0].clamp_(0, 1).cpu().numpy()


def network_size(height: int, width: int, *, max_long_side: int) -> tuple[int, int]:
    """Height and width, in pixels, at which the network sees a picture: multiples of 64, rounded down.

    The short side becomes 1280, as in the paper, or as much as leaves the long side within `max_long_side`;
    no side is less than 64.
    """
    short, long = min(height, width), max(height, width)
    fits = _SHORT_SIDE * long <= max_long_side * short
    target, source = (_SHORT_SIDE, short) if fits else (max_long_side, long)
    # in integers: a side that comes out at 1279.99 would lose 64 pixels
    rows, columns = (
        max(_MULTIPLE, side * target // source // _MULTIPLE * _MULTIPLE) for side in (height, width)
    )
    return rows, columns
