"""A hundred deliberately broken inputs in one drop: each is accounted for, none fails the crawl."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import date

import numpy as np
from PIL import Image

from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import picture, post_id, poster_id, write_drop
from mkt_assets_tests.runs import materialize, rows
from mkt_assets_tests.stand_ins import FakeModels

D1 = date(2024, 6, 13)
N_SOUND = 10
N_POSTS = 130


def encoded(image_format: str) -> bytes:
    image = Image.open(io.BytesIO(picture((255, 120, 120)))).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, image_format)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def broken_pictures() -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of pictures and videos that are none."""
    rng = np.random.default_rng(0)
    formats = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif"}
    for name, suffix in formats.items():
        whole = encoded(name)
        for share in (0.02, 0.1, 0.3, 0.6):
            yield f"post.{suffix}", whole[: int(len(whole) * share)]
        header_broken = bytearray(whole)
        header_broken[4:40] = rng.integers(0, 256, 36, dtype=np.uint8).tobytes()
        yield f"post.{suffix}", bytes(header_broken)
    yield from (
        ("post.jpg", b""),
        ("post.jpg", b"\0" * 5000),
        ("post.jpg", b"<html><body>403 Forbidden</body></html>"),
        ("post.jpg", b'{"code": 403}'),
        ("post.jpg", b"\xff\xd8\xff"),
        ("post.png", bomb(60_000, 60_000)),
        ("post.png", bomb(2_000_000_000, 1)),
        ("post.png", bomb(0, 10)),
        ("post.png", bomb(3, 3)),
        ("video.mp4", b""),
        ("video.mp4", b"\0\0\0\x18ftypmp42"),
        ("video.mp4", b"\0\0\0\x18ftypmp42" + rng.integers(0, 256, 4000, dtype=np.uint8).tobytes()),
        ("video.mp4", b"<html></html>"),
        ("video.mp4", encoded("PNG")[:80]),
        ("video.mp4", b"#EXTM3U\nfile:///etc/passwd\n"),
    )
    while True:
        size = int(rng.integers(1, 3000))
        yield (
            f"post.{rng.choice(['jpg', 'png', 'webp'])}",
            rng.integers(0, 256, size, dtype=np.uint8).tobytes(),
        )


BROKEN_TABLES = {
    "html.csv": b"<html><body>login</body></html>",
    "empty.csv": b"",
    "nul.csv": b"\0" * 300,
    "half.jsonl": b'{"note_id": "666666665e5e5e5e0000aaaa", "title": "half',
    "array.json": b'[{"note_id": "x"',
    "deep.json": b"[" * 100_000,
    "other.json": b'{"a": [1, 2]}',
    "noise.bin": bytes(range(256)) * 20,
    "columns.csv": (",".join(f"c{i}" for i in range(5000)) + "\n").encode(),
    "utf16.csv": "a,b\n1,2\n".encode("utf-16"),
}
BAD_ROWS = [
    {"note_id": "", "user_id": "5e5e00000000000000000001", "title": "no id", "desc": "", "type": "normal"},
    {
        "note_id": "../../etc/passwd",
        "user_id": "5e5e00000000000000000001",
        "title": "a path",
        "type": "normal",
    },
    {"note_id": "/abs", "user_id": "5e5e00000000000000000001", "title": "a path", "type": "normal"},
    {"note_id": "666666665e5e5e5e0000bbbb", "user_id": "", "title": "nobody", "type": "normal"},
    {"note_id": ["a"], "user_id": {"b": 1}, "title": "not text", "type": "normal"},
]


def test_a_hundred_broken_inputs_are_each_accounted_for(settings: Settings, fake_models: FakeModels) -> None:
    write_drop(settings.drops_dir, D1, range(N_SOUND))
    materialize(settings, fake_models, D1)
    stored = open_warehouse(settings).read("raw_posts", [D1])

    folder = write_drop(settings.drops_dir, D1, range(N_POSTS), with_media=False)
    broken = dict(zip(range(N_SOUND, N_POSTS), broken_pictures(), strict=False))
    for i, (name, data) in broken.items():
        media = folder / "media" / poster_id(i % 5) / post_id(i)
        media.mkdir(parents=True)
        (media / name).write_bytes(data)
    for name, data in BROKEN_TABLES.items():
        (folder / name).write_bytes(data)
    lines = [json.dumps(row, ensure_ascii=False) for row in BAD_ROWS]
    (folder / "bad_rows.jsonl").write_text("\n".join(lines) + "\n", "utf-8")

    result = materialize(settings, fake_models, D1, last="crosstab_ratios")

    assert result.success
    assert {r["post_id"] for r in rows(settings, "raw_posts", D1)} >= set(stored["post_id"].to_pylist())
    assert len(rows(settings, "raw_posts", D1)) == N_POSTS
    pictures = {r["post_id"]: r for r in rows(settings, "matted_images") if r["frame"] in ("post", "video_1")}
    refused = {r["post_id"]: r["reason"] for r in rows(settings, "rejects")}
    for i in broken:
        row = pictures.get(post_id(i))
        # a file cut near its end may still be a picture; then it is used like any other
        assert post_id(i) in refused or (row is not None and row["verdict"] != "rejected"), broken[i][0]
    assert sum(post_id(i) in refused for i in broken) >= 100
    assert all(len(reason) > 5 for reason in refused.values())
    files = Counter(r["source_file"] for r in rows(settings, "rejects") if r["asset"] == "raw_posts")
    assert set(BROKEN_TABLES) <= set(files)
    assert files["bad_rows.jsonl"] == len(BAD_ROWS)
