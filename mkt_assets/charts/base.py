"""What every chart returns: a finished PNG with its name, part and title.

Not here: how charts look (charts/style).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageStat

_JPEG_QUALITIES = (85, 70, 55, 40)
# of charts: half of the time of 6, for files 4 % larger
_COMPRESSION = 3
# of 255, a channel's mean error: charts and sheets of cut-outs have 1 to 3, photos 6 and more
_MOST_OFF = 4.5


@dataclass(frozen=True)
class Picture:
    """A finished picture; the same data gives the same bytes.

    `part` counts the parts of a picture in parts, or is the cluster id of a sheet; `width` and `height` are
    pixels.
    """

    name: str
    part: int
    title: str
    png: bytes
    width: int
    height: int

    def thumbnail(self, max_side: int = 640, max_bytes: int = 40_000) -> bytes:
        """A small PNG or JPEG (see `media_type`), no side over `max_side` pixels, no more than `max_bytes`.

        A PNG of 64 colours where these are enough, as for charts; else JPEG of falling quality, then of falling size.

        Raises:
            ValueError: not even a picture of 16 pixels fits into `max_bytes`.
        """
        with Image.open(io.BytesIO(self.png)) as opened:
            full = opened.convert("RGB")
        side = min(max_side, max(full.size))
        while side >= 16:
            small = full.copy()
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            few = _of_few_colours(small)
            if few is not None and len(data := _png(few)) <= max_bytes:
                return data
            for quality in _JPEG_QUALITIES:
                if len(data := _jpeg(small, quality)) <= max_bytes:
                    return data
            side = side * 3 // 4
        raise ValueError(f"No thumbnail of {self.name} fits into {max_bytes} bytes: allow at least 2,000.")


def media_type(data: bytes) -> str:
    """`image/png` or `image/jpeg`, by the first bytes of a picture."""
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def picture_of(image: Image.Image, name: str, part: int, title: str, *, dpi: int | None = None) -> Picture:
    """The picture of a Pillow image, as an RGB PNG without metadata but its dots per inch, if it has any."""
    buffer = io.BytesIO()
    size_on_paper = {"dpi": (dpi, dpi)} if dpi else {}
    image.convert("RGB").save(buffer, "PNG", compress_level=_COMPRESSION, **size_on_paper)
    return Picture(name, part, title, buffer.getvalue(), image.width, image.height)


def _of_few_colours(image: Image.Image) -> Image.Image | None:
    """The picture in 64 colours, or None where it would not look the same: a photo."""
    # an octree keeps the colours of thin lines; a median cut makes them grey, and takes ten times as long
    few = image.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    off = ImageStat.Stat(ImageChops.difference(image, few.convert("RGB"))).mean
    return few if max(off) <= _MOST_OFF else None


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
