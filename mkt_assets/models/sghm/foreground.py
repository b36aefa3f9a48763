"""Colours of the foreground alone, where the background shines through a matte.

Not here: making mattes (models/sghm/matting).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

# A wide pass finds the colours of both sides, a narrow one sharpens them; pixels.
_WINDOWS = (90, 6)
_EPSILON = np.float32(1e-5)


def foreground_colours(image: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture with the background's share taken out of its colours, (height, width, 3).

    Composited with the same alpha over another colour, hair and edges keep little of the old background.
    Blur fusion, an approximation: Forte, Approximate Fast Foreground Colour Estimation, ICIP 2021.

    Args:
        image: RGB, (height, width, 3).
        alpha: (height, width) in 0..1.
    """
    observed = image.astype(np.float32) / np.float32(255)
    share = alpha[:, :, None]
    foreground: NDArray[np.floating[Any]] = observed
    background: NDArray[np.floating[Any]] = observed
    for window in _WINDOWS:
        weight = _blurred(share, window)
        near = _blurred(foreground * share, window) / (weight + _EPSILON)
        background = _blurred(background * (1 - share), window) / (1 - weight + _EPSILON)
        unexplained = observed - share * near - (1 - share) * background
        foreground = np.clip(near + share * unexplained, 0, 1)
    return np.rint(foreground * 255).astype(np.uint8)


def _blurred(values: NDArray[np.floating[Any]], window: int) -> NDArray[np.floating[Any]]:
    blurred: Any = uniform_filter(values, window, mode="nearest", axes=(0, 1))
    return blurred
