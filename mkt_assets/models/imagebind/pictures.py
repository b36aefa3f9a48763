"""From a picture to the numbers that ImageBind reads.

Not here: embedding them (models/imagebind/encoders).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.imagebind.architecture import IMAGE_SIDE

# CLIP's, in RGB, of values in 0..1.
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STANDARD_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)

# Of a picture longer than this many squares, only that many in its middle are resized: the network sees one.
_LONGEST = 8


def prepare_picture(image: Image.Image) -> NDArray[np.float32]:
    """A picture as (3, 224, 224) float32: short side to 224 (bicubic), middle square, normalised.

    The official transform to the last bit, up to eight times as long as wide. Beyond that the square may lie
    part of a pixel aside, and a strip a thousand times as long as wide does not take gigabytes.
    """
    image = _middle(image)
    width, height = image.size
    short = min(width, height)
    # The order of the operations is torchvision's, whose result is rounded down.
    width, height = int(IMAGE_SIDE * width / short), int(IMAGE_SIDE * height / short)
    left, top = round((width - IMAGE_SIDE) / 2), round((height - IMAGE_SIDE) / 2)
    resized = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    square = resized.crop((left, top, left + IMAGE_SIDE, top + IMAGE_SIDE))
    pixels = (np.asarray(square, np.float32) / np.float32(255) - MEAN) / STANDARD_DEVIATION
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _middle(image: Image.Image) -> Image.Image:
    width, height = image.size
    longest = _LONGEST * min(width, height)
    if max(width, height) <= longest:
        return image
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return image.crop((left, top, left + min(width, longest), top + min(height, longest)))
