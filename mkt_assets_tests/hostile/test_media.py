"""Hostile pictures and videos: each is decoded within its limits or refused with a reason, and ends."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mkt_assets.core.media.pictures import PictureError, PictureLimits, check_picture, decode_picture
from mkt_assets.core.media.videos import FrameError, video_frames
from mkt_assets_tests.heic_files import heic
from mkt_assets_tests.hostile.guards import guarded

LIMITS = PictureLimits(max_bytes=8_000_000, max_pixels=1_000_000, max_picture_seconds=1, max_video_seconds=5)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")


def encoded(picture_format: str, size: tuple[int, int] = (90, 120), **options: Any) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1] // 10, size[0] // 10, 3), np.uint8)
    if picture_format == "HEIF":
        return heic(Image.fromarray(pixels).resize(size))
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(buffer, picture_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes = b"", *extra: bytes, depth: int = 8, colours: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    body = chunk(b"IDAT", data or zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + body + chunk(b"IEND", b"")


def progressive_bomb() -> bytes:
    whole = encoded("JPEG", (900, 900), progressive=True)
    at = whole.rindex(b"\xff\xda")
    return whole[:at] + whole[at:-2] * 4_000 + b"\xff\xd9"


def gif_bomb() -> bytes:
    return b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\xf0\0\0" + b"\0" * 6 + encoded("GIF")[13:]


def tiff_loop() -> bytes:
    data = bytearray(encoded("TIFF"))
    first = struct.unpack_from("<I", data, 4)[0]
    n = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * n, first)  # the directory is its own successor
    return bytes(data)


def large_icc() -> bytes:
    profile = b"icc\0\0" + zlib.compress(b"\0" * 50_000_000, 9)
    return png(90, 120, zlib.compress(b"\0" * (271 * 120)), chunk(b"iCCP", profile))


def text_bomb() -> bytes:
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 50_000_000, 9))
    return png(90, 120, zlib.compress(b"\0" * (271 * 120)), text * 5)


PICTURES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "zeros": lambda: b"\0" * 100_000,
    "giant": lambda: png(60_000, 60_000),
    "a_line_of_2e9": lambda: png(2_000_000_000, 1),
    "a_column_of_2e9": lambda: png(1, 2_000_000_000),
    "no_width": lambda: png(0, 10),
    "one_pixel": lambda: png(1, 1),
    "sixteen_bit_giant": lambda: png(30_000, 30_000, depth=16, colours=6),
    "inflated": lambda: png(900, 900, zlib.compress(b"\0" * 200_000_000, 9)),
    "icc_bomb": large_icc,
    "text_bomb": text_bomb,
    "many_chunks": lambda: png(90, 120, b"", *[chunk(b"tEXt", b"a\0b")] * 100_000),
    "bad_checksum": lambda: png(90, 120)[:-8] + b"\0" * 8,
    "progressive_bomb": progressive_bomb,
    "gif_bomb": gif_bomb,
    "gif_of_many_frames": lambda: encoded(
        "GIF", save_all=True, append_images=[Image.new("RGB", (90, 120), (i, i, i)) for i in range(200)]
    ),
    "tiff_loop": tiff_loop,
    "jpeg_of_markers": lambda: b"\xff\xd8\xff" + b"\xff\xd8" * 1_000_000,
    "jpeg_and_html": lambda: encoded("JPEG") + b"<script>alert(1)</script>",
    "gif_and_script": lambda: b"GIF89a/*" + b"\0" * 50 + b"*/=1;alert(1)",
    "png_and_zip": lambda: encoded("PNG") + b"PK\x03\x04" + b"\0" * 1_000,
    "html": lambda: b"<!DOCTYPE html><html></html>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(%pipe%id) (w) file",
    "image_magick": lambda: b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://x.example)'",
    "pdf": lambda: b"%PDF-1.7\n",
    "webp_giant": lambda: b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + b"\0" * 8,
    "heic_giant": lambda: heic(Image.new("RGB", (64, 64)), claimed=(60_000, 60_000)),
    "heic_larger_than_it_says": lambda: heic(Image.new("RGB", (1_400, 800)), claimed=(64, 64)),
    "heic": lambda: b"\0\0\0\x18ftypheic" + b"\0" * 100,
    "avif_noise": lambda: b"\0\0\0\x18ftypavif" + random.Random(5).randbytes(5_000),
    "bmp_giant": lambda: (
        b"BM" + struct.pack("<IHHIIiiHHI", 100, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0) + b"\0" * 50
    ),
    "bmp_negative": lambda: (
        b"BM" + struct.pack("<IHHIIiiHHI", 100, 0, 0, 54, 40, -9, -9, 1, 24, 0) + b"\0" * 50
    ),
    "exif_noise": lambda: encoded("JPEG", exif=b"Exif\0\0" + random.Random(6).randbytes(20_000)),
    "too_large_a_file": lambda: encoded("PNG") + b"\0" * 9_000_000,
    **{
        f"{name}_cut_at_{share}": lambda name=name, share=share: encoded(name)[
            : int(len(encoded(name)) * share)
        ]
        for name in FORMATS
        for share in (0.02, 0.3, 0.95)
    },
}


def flipped(data: bytes, seed: int) -> bytes:
    rng, changed = random.Random(seed), bytearray(data)
    for _ in range(1 + len(data) // 200):
        changed[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(changed)


def assert_decoded_or_refused(data: bytes, path: Path) -> str | None:
    """The reason, if it is refused."""
    path.write_bytes(data)
    with guarded(seconds=30, megabytes=300):
        try:
            check_picture(path, limits=LIMITS)
            by_header = None
        except PictureError as error:
            by_header = str(error)
        try:
            image = decode_picture(data, limits=LIMITS)
        except PictureError as error:
            assert str(error)
            assert str(path) not in str(error)
            return str(error)
    # what the header was refused for, decoding refuses too
    assert by_header is None
    assert image.width * image.height <= LIMITS.max_pixels
    return None


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_hostile_picture_is_decoded_or_refused(name: str, tmp_path: Path) -> None:
    reason = assert_decoded_or_refused(PICTURES[name](), tmp_path / "post.jpg")
    harmless = {"jpeg_and_html", "png_and_zip", "gif_of_many_frames", "tiff_loop", "exif_noise", "inflated"}
    if not (name in harmless or "cut" in name or name in ("icc_bomb", "text_bomb", "bad_checksum")):
        assert reason is not None


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (encoded("JPEG")[:2] + b"\xff" * 1_000_000 + encoded("JPEG")[2:], 0.05),
        (png(90, 120, zlib.compress(b"\0" * (271 * 120)), chunk(b"abCd", b"") * 50_000), 0.05),
    ],
)
def test_a_header_of_endless_pieces_is_given_up(data: bytes, seconds: float, tmp_path: Path) -> None:
    limits = PictureLimits(max_picture_seconds=seconds)
    path = tmp_path / "post.jpg"
    path.write_bytes(data)
    with pytest.raises(PictureError, match="not read in"):
        decode_picture(data, limits=limits)
    with pytest.raises(PictureError, match="not read in"):
        check_picture(path, limits=limits)


def test_a_tiff_of_a_million_numbers_is_refused_before_they_are_read(tmp_path: Path) -> None:
    data = bytearray(encoded("TIFF"))
    at = struct.unpack_from("<I", data, 4)[0] + 2
    struct.pack_into("<HHII", data, at, 282, 5, 1_000_000, 300)  # horizontal resolution, in fractions
    assert assert_decoded_or_refused(bytes(data) + b"\1" * 8_000_000, tmp_path / "post.jpg") is not None
    with pytest.raises(PictureError, match="lists 1,000,000 numbers"):
        decode_picture(bytes(data))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_with_flipped_bytes_is_decoded_or_refused(name: str, seed: int, tmp_path: Path) -> None:
    assert_decoded_or_refused(flipped(encoded(name), seed), tmp_path / "post.jpg")


def video(
    path: Path, *, n: int = 20, size: tuple[int, int] = (64, 48), far: int = 0, kind: str = "mp4"
) -> bytes:
    """A video of n frames; with `far`, its last frame is shown that many seconds later."""
    file = path.with_suffix(f".{kind}")
    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(
                np.full((size[1], size[0], 3), 9 * i % 256, np.uint8), format="rgb24"
            )
            frame.pts = i + (far * 10 if i == n - 1 else 0)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.read_bytes()


def without_length(data: bytes) -> bytes:
    at = data.index(b"mvhd")
    return data[: at + 20] + b"\0\0\0\0" + data[at + 24 :]


VIDEOS: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda p: b"",
    "mark_only": lambda p: b"\0\0\0\x18ftypmp42",
    "noise": lambda p: b"\0\0\0\x18ftypmp42" + random.Random(7).randbytes(100_000),
    "playlist": lambda p: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "concat": lambda p: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "html": lambda p: b"<html></html>",
    "one_frame": lambda p: video(p, n=1),
    "endless": lambda p: video(p, far=50_000_000),
    "no_length": lambda p: without_length(video(p)),
    "giant_length": lambda p: video(p).replace(b"mvhd", b"mvhd", 1),
    "too_large": lambda p: video(p, n=2, size=(2_000, 1_000)),
    "matroska_endless": lambda p: video(p, far=100_000, kind="mkv"),
    "boxes_in_boxes": lambda p: b"\0\0\0\x18ftypmp42" + b"\0" * 12 + (b"\x7f\xff\xff\xffmoov" * 50_000),
    "box_of_no_size": lambda p: b"\0\0\0\x18ftypmp42" + b"\0" * 12 + b"\0\0\0\0moov" + b"\0" * 100_000,
    "tiny_boxes": lambda p: b"\0\0\0\x18ftypmp42" + b"\0" * 12 + b"\0\0\0\x08free" * 500_000,
    "picture": lambda p: encoded("PNG"),
    "flash": lambda p: b"FLV\x01\x05\0\0\0\x09" + b"\xff" * 50_000,
    "ebml": lambda p: b"\x1aE\xdf\xa3" + b"\xff" * 50_000,
    **{f"cut_at_{s}": lambda p, s=s: (d := video(p))[: int(len(d) * s)] for s in (0.05, 0.5, 0.9)},
    **{f"flipped_{i}": lambda p, i=i: flipped(video(p), i) for i in range(12)},
}


@pytest.mark.parametrize("name", sorted(VIDEOS))
def test_a_hostile_video_gives_three_frames_or_reasons(name: str, tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(VIDEOS[name](tmp_path / "written"))
    with guarded(seconds=40, megabytes=300):
        results = list(video_frames(path, limits=LIMITS))
    assert len(results) == 3
    for got in results:
        if isinstance(got, FrameError):
            assert got.reason
            assert str(tmp_path) not in got.reason
        else:
            assert got.image.width * got.image.height <= LIMITS.max_pixels


def test_a_video_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(video(tmp_path / "written", n=50))
    reasons = [
        got.reason
        for got in video_frames(path, limits=PictureLimits(max_video_seconds=1e-9))
        if isinstance(got, FrameError)
    ]
    assert len(reasons) == 3
