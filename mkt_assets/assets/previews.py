"""Small pictures for the Dagster UI that are no charts: mattes before and after."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from mkt_assets.compute.matte_maker import MadeMatte
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture
from mkt_assets.core.media.videos import FrameError, video_frames
from mkt_assets.resources.files import FileStore

TILE_WIDTH, TILE_HEIGHT, GAP = 110, 150, 6
# not white: a white dress would vanish
MATTE_BACKGROUND = (214, 228, 240)


def before_and_after(
    made: Sequence[MadeMatte], media: FileStore, limits: PictureLimits, *, n: int = 6
) -> bytes | None:
    """A JPEG with up to `n` pictures above their mattes, spread over the crawl; None if there is none to show."""
    usable = [m for m in made if m.facts is not None and m.facts.matte_path is not None]
    chosen = usable[:: max(1, len(usable) // n)][:n]
    pairs = [pair for pair in (_pair(m, media, limits) for m in chosen) if pair is not None]
    if not pairs:
        return None
    sheet = Image.new(
        "RGB", (len(pairs) * (TILE_WIDTH + GAP) + GAP, 2 * (TILE_HEIGHT + GAP) + GAP), (255, 255, 255)
    )
    for column, pair in enumerate(pairs):
        for row, picture in enumerate(pair):
            picture.thumbnail((TILE_WIDTH, TILE_HEIGHT))
            left = GAP + column * (TILE_WIDTH + GAP) + (TILE_WIDTH - picture.width) // 2
            sheet.paste(picture, (left, GAP + row * (TILE_HEIGHT + GAP)))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _pair(made: MadeMatte, media: FileStore, limits: PictureLimits) -> tuple[Image.Image, Image.Image] | None:
    facts = made.facts
    if facts is None or facts.matte_path is None or facts.bbox is None:
        return None
    before = _original(made, limits)
    if before is None:
        return None
    after = Image.new("RGB", (facts.width, facts.height), MATTE_BACKGROUND)
    with Image.open(media.path(facts.matte_path), formats=("WEBP",)) as cutout:
        rgba = cutout.convert("RGBA").resize((facts.bbox[2] - facts.bbox[0], facts.bbox[3] - facts.bbox[1]))
        after.paste(rgba, facts.bbox[:2], rgba)
    return before.convert("RGB"), after


def _original(made: MadeMatte, limits: PictureLimits) -> Image.Image | None:
    try:
        if made.source.frame is not None:
            return decode_picture(made.source.path.read_bytes(), limits=limits)
        frames = {f.name: f for f in video_frames(made.source.path, limits=limits)}
    except (PictureError, OSError):
        # it was readable a moment ago; a preview is not worth failing for
        return None
    frame = frames[made.frame]
    return None if isinstance(frame, FrameError) else frame.image
