"""A post's picture and video files: their bytes, frames and masks.

Not here: where they lie in a drop (mkt_sample/drops).
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image

from mkt_sample.pictures import (
    PICTURE_SIZES,
    Drawn,
    draw_close_up,
    draw_empty,
    draw_far_away,
    draw_pictures,
    draw_two,
    draw_video,
)
from mkt_sample.plan import Post
from mkt_sample.videos import cut_short, encode_mp4, without_timing

VIDEO_FRAMES = ("video_1", "video_2", "video_3")
_HTML = b"<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>\n"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of a post, the frames that an ingest will name after it, and its mask if it is one good picture."""

    name: str
    data: bytes
    frames: tuple[str, ...]
    mask: Image.Image | None = None


def render(post: Post, seed: int) -> list[MediaFile]:
    """The post's files, equal for equal post and seed, whichever process draws them."""
    rng = random.Random(f"media:{seed}:{post.serial}")
    if post.special:
        return _SPECIALS[post.special](rng, post.cell.style)
    if post.cell.medium == "text":
        return []
    if post.cell.medium == "video":
        return [MediaFile("video.mp4", encode_mp4(draw_video(rng, post.cell.style, 3)), VIDEO_FRAMES)]
    n_pictures = rng.choice((2, 3, 3, 4)) if post.cell.medium == "pictures" else 1
    drawn = draw_pictures(rng, post.cell.style, n_pictures, rng.choice(PICTURE_SIZES))
    names = ["post"] if n_pictures == 1 else [f"image_{number}" for number in range(n_pictures)]
    suffix = rng.choices(("jpg", "webp", "png"), (80, 12, 8))[0]
    return [_file(f"{name}.{suffix}", one) for name, one in zip(names, drawn, strict=True)]


def _encoded(picture: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    if suffix == "jpg":
        picture.save(buffer, "JPEG", quality=86)
    elif suffix == "webp":
        picture.save(buffer, "WEBP", quality=82, method=0)
    else:
        picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _file(name: str, drawn: Drawn) -> MediaFile:
    frame, suffix = name.rsplit(".", 1)
    return MediaFile(name, _encoded(drawn.picture, suffix), (frame,), drawn.mask)


def _good(draw: Callable[[random.Random, str, tuple[int, int]], Drawn]) -> _Special:
    return lambda rng, style: [_file("post.jpg", draw(rng, style, PICTURE_SIZES[0]))]


def _flat(size: tuple[int, int]) -> _Special:
    return lambda rng, style: [MediaFile("post.png", _encoded(Image.new("RGB", size), "png"), ("post",))]


def _truncated_png(rng: random.Random, style: str) -> list[MediaFile]:
    data = _encoded(draw_pictures(rng, style, 1, PICTURE_SIZES[0])[0].picture, "png")
    return [MediaFile("post.png", data[: len(data) // 2], ("post",))]


def _webp_in_png(rng: random.Random, style: str) -> list[MediaFile]:
    drawn = draw_pictures(rng, style, 1, PICTURE_SIZES[0])[0]
    return [MediaFile("post.png", _encoded(drawn.picture, "webp"), ("post",), drawn.mask)]


def _broken_video(damage: Callable[[bytes], bytes]) -> _Special:
    return lambda rng, style: [
        MediaFile("video.mp4", damage(encode_mp4(draw_video(rng, style, 2))), VIDEO_FRAMES)
    ]


_Special = Callable[[random.Random, str], list[MediaFile]]

_SPECIALS: Mapping[str, _Special] = MappingProxyType(
    {
        "nobody": _good(lambda rng, style, size: draw_empty(rng, size)),
        "far_away": _good(draw_far_away),
        "close_up": _good(draw_close_up),
        "two_people": _good(draw_two),
        "all_black": _flat((540, 720)),
        "one_pixel": _flat((1, 1)),
        "truncated_png": _truncated_png,
        "zero_bytes": lambda rng, style: [MediaFile("post.jpg", b"", ("post",))],
        "webp_in_png": _webp_in_png,
        "html_in_jpg": lambda rng, style: [MediaFile("post.jpg", _HTML, ("post",))],
        "no_folder": lambda rng, style: [],
        "broken_mp4": _broken_video(cut_short),
        "fps_zero_mp4": _broken_video(without_timing),
    }
)
