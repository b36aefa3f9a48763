"""Mattes: made, judged, cut out, composited, encoded.

Not here: the models that find the person (models/), what is kept of a matte once made (core/media/matte_facts).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.core.media.picture_colours import in_mode
from mkt_assets.models.base import MattingModel

Box = tuple[int, int, int, int]
Source = Literal["model", "input_alpha"]
Verdict = Literal["kept", "flagged", "rejected"]

# The matting network sees a few hundred pixels a side: more than this only costs time.
MAX_MATTING_SIDE = 1600
# The encoders see 224 pixels and a contact sheet a few hundred; also keeps WebP below its limit of 16383.
MAX_CUTOUT_SIDE = 2048

_FOREGROUND = 128
# A model's matte in 64 steps: finer ones are guesses, and took half of the time of storing a matte.
_IN_LEVELS = [round(round(value / 255 * 63) / 63 * 255) for value in range(256)]
# Alpha below this (5 %) is haze, not an edge: it must not widen the box.
_VISIBLE = 13
# Rounded corners and anti-aliased borders are not a matte.
_MIN_TRANSPARENT_SHARE = 0.01


@dataclass(frozen=True)
class Matte:
    """The person's alpha in a picture.

    Attributes:
        alpha: (height, width) uint8, 255 = person.
        source: "model", or "input_alpha" when the picture came with a matte of its own.
        foreground_ratio: share of pixels with alpha >= 128, 0..1.
        bbox: left, top, right, bottom (exclusive) of the visible pixels; None when there is none.
    """

    alpha: NDArray[np.uint8]
    source: Source
    foreground_ratio: float
    bbox: Box | None


@dataclass(frozen=True)
class VerdictThresholds:
    """Foreground shares, 0..1, at which a matte is rejected or flagged.

    The flags are the original's, which rejected nothing; rejecting what is nearly empty is new.
    """

    reject_below: float = 0.005
    flag_below: float = 0.1
    flag_above: float = 0.9


def matte_picture(image: Image.Image, model: MattingModel) -> Matte:
    """The matte of an RGB or RGBA picture, at its size.

    A real alpha channel (at least 1 % of the pixels are transparent) is already a matte and is used as it is.

    Examples:
        >>> import numpy as np
        >>> from PIL import Image
        >>> from mkt_assets.core.media.matting import matte_picture
        >>> class LeftHalf:
        ...     def alpha(self, picture):
        ...         height, width, _ = picture.shape
        ...         return np.tile((np.arange(width) < width / 2).astype(np.float32), (height, 1))
        ...
        >>> matte = matte_picture(Image.new("RGB", (8, 6)), LeftHalf())
        >>> matte.bbox, matte.foreground_ratio, matte.source
        ((0, 0, 4, 6), 0.5, 'model')
    """
    if image.mode == "RGBA":
        own = np.asarray(image.getchannel("A"))
        if (own < _FOREGROUND).mean() >= _MIN_TRANSPARENT_SHARE:
            return _matte(own, "input_alpha")
    small = downscale_for_matting(in_mode(image, "RGB"))
    alpha = Image.fromarray(np.rint(model.alpha(np.asarray(small)) * 255).astype(np.uint8))
    if small.size != image.size:
        alpha = alpha.resize(image.size, Image.Resampling.BILINEAR)
    return _matte(np.asarray(alpha.point(_IN_LEVELS)), "model")


def downscale_for_matting(image: Image.Image, max_side: int = MAX_MATTING_SIDE) -> Image.Image:
    """The picture with its long side at most `max_side` pixels, aspect kept; itself if it is small enough.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.matting import downscale_for_matting
        >>> downscale_for_matting(Image.new("RGB", (3200, 400))).size
        (1600, 200)
    """
    return _shrunk(image, max_side)


def verdict(
    foreground_ratio: float, thresholds: VerdictThresholds | None = None
) -> tuple[Verdict, str | None]:
    """What to do with a matte of this foreground share (0..1), and the reason unless it is kept.

    Examples:
        >>> from mkt_assets.core.media.matting import verdict
        >>> verdict(0.4)
        ('kept', None)
        >>> verdict(0.05)
        ('flagged', 'the person is small: 5.0% of the picture, less than 10%')
        >>> verdict(0.0)
        ('rejected', 'no person was found in the picture')
    """
    limits = thresholds or VerdictThresholds()
    share = f"{foreground_ratio:.1%}"
    if foreground_ratio == 0:
        return "rejected", "no person was found in the picture"
    if foreground_ratio < limits.reject_below:
        return "rejected", f"the person covers {share} of the picture, less than {limits.reject_below:.1%}"
    if foreground_ratio < limits.flag_below:
        return "flagged", f"the person is small: {share} of the picture, less than {limits.flag_below:.0%}"
    if foreground_ratio > limits.flag_above:
        return "flagged", f"the person fills {share} of the picture, more than {limits.flag_above:.0%}"
    return "kept", None


def cut_out(image: Image.Image, matte: Matte) -> Image.Image:
    """The person as an RGBA picture cropped to the matte's box, colour 0 where alpha is 0.

    A box longer than `MAX_CUTOUT_SIDE` pixels is scaled down to it; otherwise the size is the box's.

    Raises:
        ValueError: the matte is empty.

    Examples:
        >>> import numpy as np
        >>> from PIL import Image
        >>> from mkt_assets.core.media.matting import Matte, cut_out
        >>> alpha = np.zeros((6, 8), dtype=np.uint8)
        >>> alpha[1:5, 2:4] = 255
        >>> matte = Matte(alpha, "model", foreground_ratio=8 / 48, bbox=(2, 1, 4, 5))
        >>> cut_out(Image.new("RGB", (8, 6), "white"), matte).size
        (2, 4)
    """
    if matte.bbox is None:
        raise ValueError("the matte is empty: there is nothing to cut out")
    left, top, right, bottom = matte.bbox
    cutout = in_mode(image, "RGB").crop(matte.bbox)
    cutout.putalpha(Image.fromarray(matte.alpha[top:bottom, left:right]))
    return _cleared(_shrunk(cutout, MAX_CUTOUT_SIDE))


def composite(
    cutout: Image.Image,
    *,
    width: int,
    height: int,
    bbox: Box,
    colour: tuple[int, int, int] = (0, 0, 0),
    max_side: int | None = None,
) -> Image.Image:
    """An RGB picture with the cut-out at its place in the original frame, over a plain colour.

    The frame is kept because where and how large a person stands is part of the style: clusters of whole frames
    agreed with the original's better than clusters of crops to the person.

    Args:
        cutout: RGBA, as made by `cut_out`.
        width: width of the original, pixels.
        height: height of the original, pixels.
        bbox: left, top, right, bottom (exclusive) of the cut-out in the original, pixels.
        colour: RGB, 0..255, behind the person.
        max_side: longest side of the result, pixels; None for the original's size.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.matting import composite
        >>> cutout = Image.new("RGBA", (2, 4), (255, 0, 0, 255))
        >>> picture = composite(cutout, width=8, height=8, bbox=(3, 2, 5, 6))
        >>> picture.getpixel((3, 2)), picture.getpixel((0, 0))
        ((255, 0, 0), (0, 0, 0))
    """
    scale = 1.0 if max_side is None else min(1.0, max_side / max(width, height))
    frame = Image.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))), colour)
    left, right = _scaled(bbox[0], bbox[2], scale, frame.width)
    top, bottom = _scaled(bbox[1], bbox[3], scale, frame.height)
    if cutout.size != (right - left, bottom - top):
        cutout = cutout.resize((right - left, bottom - top), Image.Resampling.BILINEAR, reducing_gap=2.0)
    frame.paste(cutout, (left, top), cutout)
    return frame


def alpha_in_frame(cutout: Image.Image, *, width: int, height: int, bbox: Box) -> Image.Image:
    """Where the person is in the original frame, mode L of its size, 255 = person; arguments as of `composite`.

    Examples:
        >>> from PIL import Image
        >>> cutout = Image.new("RGBA", (10, 20), (200, 0, 0, 255))
        >>> alpha_in_frame(cutout, width=100, height=80, bbox=(5, 6, 15, 26)).getbbox()
        (5, 6, 15, 26)
    """
    frame = Image.new("L", (width, height), 0)
    alpha = cutout.getchannel("A")
    frame.paste(alpha.resize((bbox[2] - bbox[0], bbox[3] - bbox[1])), bbox[:2])
    return frame


def _scaled(first: int, last: int, scale: float, length: int) -> tuple[int, int]:
    """An interval scaled to whole pixels inside 0..length, at least one pixel long."""
    first = min(round(first * scale), length - 1)
    return first, max(first + 1, min(round(last * scale), length))


def encode_cutout(rgba: Image.Image) -> bytes:
    """A cut-out, as of `cut_out`, as WebP: colour at quality 90, alpha exact.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.matting import encode_cutout
        >>> encode_cutout(Image.new("RGBA", (8, 8), (255, 0, 0, 0)))[8:12]
        b'WEBP'
    """
    buffer = io.BytesIO()
    rgba.save(buffer, "WEBP", quality=90, alpha_quality=100, method=0)
    return buffer.getvalue()


def _cleared(rgba: Image.Image) -> Image.Image:
    """The picture with colour 0 where alpha is 0: nobody is to find there what was cut away."""
    alpha = rgba.getchannel("A")
    cleared = Image.new("RGB", rgba.size)
    cleared.paste(rgba.convert("RGB"), mask=alpha.point([0] + [255] * 255))
    cleared.putalpha(alpha)
    return cleared


def _matte(alpha: NDArray[np.uint8], source: Source) -> Matte:
    rows = np.flatnonzero((alpha >= _VISIBLE).any(axis=1))
    columns = np.flatnonzero((alpha >= _VISIBLE).any(axis=0))
    bbox = None
    if len(rows):
        bbox = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Matte(alpha, source, float((alpha >= _FOREGROUND).mean()), bbox)


def _shrunk(image: Image.Image, max_side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= max_side:
        return image
    width, height = (max(1, round(side * max_side / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
