"""Bytes of a picture and frames of a video, decoded safely whatever they are. What they show is not asked here."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

VIDEO_FRAMES = ("video_1", "video_2", "video_3")


class PictureError(ValueError):
    """A picture that cannot be used; the message is the reason, for the rejects table."""


@dataclass(frozen=True)
class PictureLimits:
    """What is still decoded. Sizes are known, and checked, before a pixel is decoded."""

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 8
    max_video_frames_decoded: int = 20_000


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video: "video_1" .. "video_3" for 1/4, 2/4, 3/4 of the duration, RGB."""

    name: str
    image: Image.Image


@dataclass(frozen=True)
class FrameError:
    """A frame that could not be had, and why."""

    name: str
    reason: str


# What Pillow's decoders are known to raise on damaged bytes.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)

_ISO_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIF",
    b"heix": "HEIF",
    b"hevc": "HEIF",
    b"heim": "HEIF",
    b"heis": "HEIF",
    b"mif1": "HEIF",
    b"msf1": "HEIF",
}
_TEXT_STARTS = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script", b"<svg", b"<error")


def sniff_format(data: bytes) -> str | None:
    """Pillow's name of the format that the first bytes say, or None: file extensions lie."""
    starts = {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"GIF87a": "GIF",
        b"GIF89a": "GIF",
        b"BM": "BMP",
        b"II*\x00": "TIFF",
        b"MM\x00*": "TIFF",
    }
    for start, name in starts.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _ISO_BRANDS.get(data[8:12])
    return None


def decode_picture(data: bytes, *, limits: PictureLimits | None = None) -> Image.Image:
    """A picture as RGB, or RGBA when it has transparency: upright, 8 bit, the first frame of an animation.

    Reads JPEG, PNG, WebP, GIF, BMP, TIFF and what else Pillow was built with (AVIF; HEIC with a plugin).

    Raises:
        PictureError: with the reason, for any bytes that are not such a picture within the limits.
    """
    limits = limits or PictureLimits()
    picture_format = _checked_format(data, limits)
    try:
        with warnings.catch_warnings():
            # Pillow warns above 89 megapixels; the limit here is lower or set on purpose.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=(picture_format,))
    except Image.DecompressionBombError:
        raise PictureError(f"the picture has more than {limits.max_pixels / 1e6:g} megapixels") from None
    except (KeyError, UnidentifiedImageError) as error:
        raise PictureError(_unopened(data, picture_format)) from error
    except _DECODER_ERRORS as error:
        raise PictureError(f"the {picture_format} picture is damaged: {_sentence(error)}") from error
    _check_size(opened.size, limits)
    try:
        opened.load()
        return _upright(_eight_bit(opened))
    except Image.DecompressionBombError:
        raise PictureError(f"the picture has more than {limits.max_pixels / 1e6:g} megapixels") from None
    except _DECODER_ERRORS as error:
        if "truncated" in str(error).lower():
            raise PictureError(f"the {picture_format} picture is truncated") from error
        raise PictureError(f"the {picture_format} picture is damaged: {_sentence(error)}") from error


def video_frames(path: Path, *, limits: PictureLimits | None = None) -> Iterator[VideoFrame | FrameError]:
    """The frames at 1/4, 2/4 and 3/4 of a video's duration, as in the original; always three results.

    A duration the file does not say is counted from its packets; a frame that cannot be had is a `FrameError`.
    """
    import av

    limits = limits or PictureLimits()
    try:
        with av.open(str(path)) as container:
            duration = _checked_duration(container, limits)
    except (av.FFmpegError, PictureError, *_DECODER_ERRORS) as error:
        reason = (
            str(error) if isinstance(error, PictureError) else f"the video cannot be read: {_sentence(error)}"
        )
        yield from (FrameError(name, reason) for name in VIDEO_FRAMES)
        return
    for i, name in enumerate(VIDEO_FRAMES, start=1):
        try:
            yield VideoFrame(name, _frame_at(path, duration * i / (len(VIDEO_FRAMES) + 1), limits))
        except PictureError as error:
            yield FrameError(name, str(error))
        except (av.FFmpegError, *_DECODER_ERRORS) as error:
            yield FrameError(name, f"the video is damaged: {_sentence(error)}")


def _checked_format(data: bytes, limits: PictureLimits) -> str:
    if not data:
        raise PictureError("the file is empty")
    if len(data) > limits.max_bytes:
        raise PictureError(
            f"the file has {len(data) / 1e6:.0f} MB, more than {limits.max_bytes / 1e6:.0f} MB"
        )
    picture_format = sniff_format(data)
    if picture_format is None:
        raise PictureError(_what_instead(data))
    return picture_format


def _what_instead(data: bytes) -> str:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    if start.startswith(_TEXT_STARTS):
        return "HTML or XML instead of a picture"
    if start.startswith((b"{", b"[")):
        return "JSON instead of a picture"
    if not start:
        return "the file holds nothing but blanks or zeros"
    if data[4:8] == b"ftyp":
        return "a video instead of a picture"
    return "not a picture in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF)"


def _unopened(data: bytes, picture_format: str) -> str:
    Image.init()
    if picture_format not in Image.OPEN:
        return f"a {picture_format} picture, which this installation cannot read"
    if len(data) < 1024:
        return f"the {picture_format} picture is truncated"
    return f"the {picture_format} picture is damaged: its header cannot be read"


def _check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise PictureError(
            f"the picture has {width} x {height} pixels, more than {limits.max_pixels / 1e6:g} megapixels"
        )
    if min(size) < limits.min_side:
        raise PictureError(
            f"the picture has {width} x {height} pixels; its short side needs at least {limits.min_side}"
        )


def _eight_bit(image: Image.Image) -> Image.Image:
    """RGB, or RGBA when the mode carries transparency; deeper greys are scaled, not clipped."""
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.nan_to_num(np.asarray(image, np.float64))
        highest = values.max(initial=0.0)
        scale = 255.0 if highest <= 1 else 1.0 if highest <= 255 else 1 / 257
        exif = image.getexif()
        image = Image.fromarray(np.clip(values * scale, 0, 255).astype(np.uint8))
        image.getexif().update(exif)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _DECODER_ERRORS:
        # Damaged EXIF does not make the pixels unusable; without it the picture stands as it was stored.
        return image


def _sentence(error: BaseException) -> str:
    """The first line of an error's message, short enough for a table."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:120]


def _checked_duration(container: InputContainer, limits: PictureLimits) -> float:
    """Duration in seconds, of the header or else of the packets."""
    if not container.streams.video:
        raise PictureError("the file has no video stream, only " + _stream_types(container))
    stream = container.streams.video[0]
    _check_size((stream.codec_context.width, stream.codec_context.height), limits)
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return container.duration / 1e6
    return _counted_duration(container, stream)


def _stream_types(container: InputContainer) -> str:
    return " and ".join(sorted({stream.type for stream in container.streams})) or "nothing"


_MAX_PACKETS = 1_000_000


def _counted_duration(container: InputContainer, stream: VideoStream) -> float:
    """Duration in seconds from the packets' time stamps; packets are read, not decoded."""
    first: float | None = None
    last = 0.0
    n_packets = 0
    for packet in container.demux(stream):
        n_packets += 1
        if n_packets > _MAX_PACKETS:
            break
        stamp: Any = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            continue
        seconds = float(stamp * packet.time_base)
        first = seconds if first is None else min(first, seconds)
        last = max(last, seconds)
    return last - first if first is not None else 0.0


def _frame_at(path: Path, second: float, limits: PictureLimits) -> Image.Image:
    """The first frame shown at or after `second` (seconds from the first frame)."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        start = float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0
        target = start + second
        try:
            container.seek(int(target * 1_000_000), backward=True)
        except av.FFmpegError:
            # Not every format can seek; decoding from the start finds the same frame, later.
            return _first_frame_from(path, target, limits)
        return _decoded_until(container, stream, target, limits)


def _first_frame_from(path: Path, target: float, limits: PictureLimits) -> Image.Image:
    import av

    with av.open(str(path)) as container:
        return _decoded_until(container, container.streams.video[0], target, limits)


def _decoded_until(
    container: InputContainer, stream: VideoStream, target: float, limits: PictureLimits
) -> Image.Image:
    frame: av.VideoFrame | None = None
    for n_decoded, frame in enumerate(container.decode(stream), start=1):  # noqa: B007
        if frame.time is None or frame.time >= target:
            break
        if n_decoded >= limits.max_video_frames_decoded:
            raise PictureError(f"the frame at {target:.1f} s was not reached in {n_decoded} decoded frames")
    if frame is None or (frame.time is not None and frame.time < target - 1.0):
        ends = "has no picture" if frame is None else f"ends at {frame.time:.1f} s"
        raise PictureError(f"the video {ends}, before the frame at {target:.1f} s: it is truncated")
    _check_size((frame.width, frame.height), limits)
    return frame.to_image().convert("RGB")
