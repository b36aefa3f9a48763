"""Small pictures for the Dagster UI that are no charts: mattes before and after."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from mkt_assets.compute.matting import TILE_SIDE

TILE_WIDTH, GAP = 110, 6


def before_and_after(pairs: Sequence[tuple[Image.Image, Image.Image]]) -> bytes | None:
    """A JPEG with pictures above their mattes, `TILE_SIDE` pixels long at most; None if there is none to show."""
    if not pairs:
        return None
    sheet = Image.new(
        "RGB", (len(pairs) * (TILE_WIDTH + GAP) + GAP, 2 * (TILE_SIDE + GAP) + GAP), (255, 255, 255)
    )
    for column, pair in enumerate(pairs):
        for row, picture in enumerate(pair):
            tile = picture.copy()
            tile.thumbnail((TILE_WIDTH, TILE_SIDE))
            left = GAP + column * (TILE_WIDTH + GAP) + (TILE_WIDTH - tile.width) // 2
            sheet.paste(tile, (left, GAP + row * (TILE_SIDE + GAP)))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
