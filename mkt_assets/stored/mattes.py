"""Mattes as they are stored, opened: as they are, small, or over a plain colour. No other module opens one.

Not here: how pixels are cut out and placed (core/media/matting), how mattes come to be stored (compute/matte_maker).
"""

from __future__ import annotations

import io

from PIL import Image

from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.matting import composite
from mkt_assets.resources.files import FileStore

MAX_COMPOSITE_SIDE = 896
"""Pixels, four times what encoders see: a 50-megapixel original need not be held as such in every thread."""

Colour = tuple[int, int, int]


def open_matte(media: FileStore, matte_path: str) -> Image.Image:
    """A matte as RGBA, cropped to the person's box.

    Args:
        media: where mattes are.
        matte_path: name of the matte there, as in `matted_images`.

    Raises:
        FileNotFoundError: if it is not there any more.
    """
    return matte_of(media.read(matte_path))


def matte_of(webp: bytes) -> Image.Image:
    """The same, of the bytes of a stored matte."""
    with Image.open(io.BytesIO(webp), formats=("WEBP",)) as opened:
        return opened.convert("RGBA")


def open_thumbnail(media: FileStore, matte_path: str, max_size: tuple[int, int]) -> Image.Image:
    """A matte as RGBA, no wider and no higher than `max_size` (pixels), for sheets and pages.

    Raises:
        FileNotFoundError: if it is not there any more.
    """
    return thumbnail_of(media.read(matte_path), max_size)


def thumbnail_of(webp: bytes, max_size: tuple[int, int]) -> Image.Image:
    """The same, of the bytes of a stored matte."""
    small = matte_of(webp)
    small.thumbnail(max_size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return small


def open_composite(media: FileStore, facts: MatteFacts, colour: Colour) -> Image.Image:
    """A matte as encoders see it, see `over_colour`.

    Raises:
        FileNotFoundError: if it is not there any more.
        ValueError: if nothing was found in the picture, so that there is no matte.
    """
    if facts.matte_path is None:
        raise ValueError("nothing was found in the picture: there is no matte of it")
    return over_colour(open_matte(media, facts.matte_path), facts, colour)


def over_colour(
    matte: Image.Image, facts: MatteFacts, colour: Colour, *, max_side: int = MAX_COMPOSITE_SIDE
) -> Image.Image:
    """An opened matte in its place in the picture over a plain colour, RGB, `max_side` pixels long at most.

    Raises:
        ValueError: if nothing was found in the picture.
    """
    if facts.bbox is None:
        raise ValueError("nothing was found in the picture: there is no place of a matte in it")
    return composite(
        matte,
        width=facts.width,
        height=facts.height,
        bbox=facts.bbox,
        colour=colour,
        max_side=max_side,
    )
