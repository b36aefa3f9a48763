"""Pictures inside the page: small WebP images, as data.

Not here: which pictures (gallery, map_section), where they are read from (of_crawl).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PIL import Image

from mkt_assets.report.facts import Item

Made = TypeVar("Made")
Tiles = Callable[[Item, tuple[int, int]], Image.Image | None]
"""The cut-out of an item, RGBA, no wider and no higher than so many pixels; None where there is none to show."""

TILE_SIZE = (132, 176)
"""Pixels, twice as fine as it is shown on a page for small screens."""
SPRITE_WIDTH, SPRITE_HEIGHT, SPRITE_COLUMNS = 72, 96, 40
_QUALITY, _ALPHA_QUALITY = 48, 25
"""Of WebP; an exact outline would be half of the bytes."""


def data_uri(image: Image.Image) -> str:
    """The picture as a data: URI, WebP, transparency kept."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, alpha_quality=_ALPHA_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def sprite(images: Sequence[Image.Image | None]) -> Image.Image:
    """Pictures of the size that `fetched` gives in one, `SPRITE_COLUMNS` a line; nothing in the place of None."""
    lines = max(1, -(-len(images) // SPRITE_COLUMNS))
    columns = max(1, min(SPRITE_COLUMNS, len(images)))
    sheet = Image.new("RGBA", (columns * SPRITE_WIDTH, lines * SPRITE_HEIGHT), (0, 0, 0, 0))
    for number, image in enumerate(images):
        if image is not None:
            left = number % SPRITE_COLUMNS * SPRITE_WIDTH + (SPRITE_WIDTH - image.width) // 2
            top = number // SPRITE_COLUMNS * SPRITE_HEIGHT + (SPRITE_HEIGHT - image.height) // 2
            sheet.paste(image, (left, top))
    return sheet


def fetched(tiles: Tiles, items: Sequence[Item]) -> list[Image.Image | None]:
    """Cut-outs for a sprite."""
    return in_threads(lambda item: tiles(item, (SPRITE_WIDTH, SPRITE_HEIGHT)), items)


def in_threads(make: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """What is made of each item: opening and encoding pictures lets other threads run."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(make, items))
