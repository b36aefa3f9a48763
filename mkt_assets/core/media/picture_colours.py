"""Colours of a decoded picture as everything after takes them for: 8 bits a channel, sRGB.

Not here: decoding (core/media/pictures).
"""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms

_PROFILED = ("RGB", "L", "CMYK", "LAB")


def eight_bit(image: Image.Image) -> Image.Image:
    """8 bits a channel; RGB or RGBA unless the mode is one of a colour profile; deeper greys are scaled.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.picture_colours import eight_bit
        >>> eight_bit(Image.new("I;16", (1, 1), 65535)).getpixel((0, 0))
        255
        >>> eight_bit(Image.new("P", (1, 1))).mode
        'RGB'
    """
    if image.mode == "F" or image.mode.startswith("I"):
        with np.errstate(invalid="ignore"):
            values = np.array(image, np.float32)
            np.nan_to_num(values, copy=False)
            values *= _scale_to_255(image.mode, float(values.max(initial=0.0)))
        np.rint(values.clip(0, 255, out=values), out=values)
        return Image.fromarray(values.astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in _PROFILED else image.convert("RGB")


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The picture in a mode of Pillow's; itself, where Pillow would give a copy, if it has it: not to be changed.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.picture_colours import in_mode
        >>> picture = Image.new("RGB", (1, 1))
        >>> in_mode(picture, "RGB") is picture, in_mode(picture, "L").mode
        (True, 'L')
    """
    return image if image.mode == mode else image.convert(mode)


def _scale_to_255(mode: str, highest: float) -> float:
    if highest > 65535:
        return 255 / highest
    if mode.startswith("I;16") or highest > 255:
        return 1 / 257
    return 255.0 if mode == "F" and highest <= 1 else 1.0


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in the colours that everything after this takes them for; phones' profiles are wider.

    Args:
        image: Of a mode that `eight_bit` gives.
        profile: The ICC profile of its colours; without one, or with a damaged one, they stand as they are.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.picture_colours import in_srgb
        >>> in_srgb(Image.new("L", (1, 1), 7), None).getpixel((0, 0))
        (7, 7, 7)
    """
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    # damaged, or of other colours than the picture has: without it the numbers stand as they are
    with suppress(Exception):
        if profile:
            own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, own, srgb, outputMode=mode) or image
    return image if image.mode == mode else image.convert(mode)
