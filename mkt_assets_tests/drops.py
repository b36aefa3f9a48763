"""Small hand-made drops for tests: bright people on dark grounds, in the original project's CSV form."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PIL import Image, ImageDraw

COLUMNS = [
    *("poster_id", "post_id", "post_url", "post_title", "post_location", "post_date", "post_time"),
    *("post_content", "post_tag", "post_comments", "post_like", "post_collect", "post_img"),
    *("post_comment_content", "post_fetch_time"),
]
COLOURS = {"红": (255, 120, 120), "绿": (130, 255, 130), "蓝": (150, 150, 255)}


def post_id(i: int) -> str:
    return f"{0x66600000 + i * 60:08x}5e5e5e5e{i:08d}"


def poster_id(i: int) -> str:
    return f"5e5e{i:020d}"


def picture(colour: tuple[int, int, int], shift: int = 0) -> bytes:
    """A bright shape on black, 60 x 80 pixels."""
    image = Image.new("RGB", (60, 80), (0, 0, 0))
    ImageDraw.Draw(image).ellipse((10 + shift % 7, 10, 50, 70 - shift % 5), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_drop(
    drops: Path, crawl_date: date, numbers: Sequence[int], *, with_media: bool = True, likes: str = "12"
) -> Path:
    """A drop of posts: number i is by poster i % 5, about the colour i % 3, in words and in its picture."""
    folder = drops / crawl_date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    names = list(COLOURS)
    with (folder / f"01_post_data_{crawl_date}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for i in numbers:
            colour = names[i % 3]
            writer.writerow(
                {
                    "poster_id": poster_id(i % 5),
                    "post_id": post_id(i),
                    "post_title": f"{colour * 6}裙子{i} - 小红书",
                    "post_content": f"今天穿{colour * 8}色的裙子{i} #{colour * 4}裙",
                    "post_tag": f"{colour * 4}裙",
                    "post_like": likes,
                    "post_fetch_time": f"{crawl_date} 10:00:00",
                }
            )
            if with_media:
                media = folder / "media" / poster_id(i % 5) / post_id(i)
                media.mkdir(parents=True, exist_ok=True)
                (media / "post.png").write_bytes(picture(COLOURS[colour], i))
    return folder
