"""Pictures and video frames decoded safely, whatever the bytes are. What they show is not asked here."""

from __future__ import annotations

import io
import re
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

VIDEO_FRAMES = ("video_1", "video_2", "video_3")


class PictureError(ValueError):
    """A picture that cannot be used; the message is the reason, for the rejects table."""


@dataclass(frozen=True)
class PictureLimits:
    """What is still decoded. Sizes are known, and checked, before a pixel is decoded; time is not."""

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 8
    max_picture_seconds: float = 20.0  # of computing
    max_video_frames_decoded: int = 20_000
    max_video_seconds: float = 120.0  # of our time, not of the video's


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


_STARTS: Mapping[bytes, str] = MappingProxyType(
    {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"GIF87a": "GIF",
        b"GIF89a": "GIF",
        b"BM": "BMP",
        b"II*\x00": "TIFF",
        b"MM\x00*": "TIFF",
    }
)
_HEAD_BYTES = 4096
_START_OF_SCAN = b"\xff\xda"
_USUAL_SCANS = 20
# A TIFF's directory may claim millions of numbers, and each that is looked at becomes a Python object.
_MAX_TIFF_NUMBERS = 100_000
_TIFF_BYTES = (1, 2, 6, 7)  # the types that stay one piece
# What of a 50-megapixel picture is at work at once takes half a gigabyte: larger ones wait for each other.
_LARGE_PIXELS = 12_000_000
_one_large = Lock()
_AVIF_BRANDS = (b"avif", b"avis")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_PROFILED = ("RGB", "L", "CMYK", "LAB")
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script", b"<svg", b"<error")


def sniff_format(data: bytes) -> str | None:
    """Pillow's name of the format that the first bytes say, or None: file extensions lie."""
    for start, name in _STARTS.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS else None


def decode_picture(data: bytes, *, limits: PictureLimits | None = None) -> Image.Image:
    """A picture as RGB, or RGBA when it has transparency: upright, 8 bit, sRGB, the first frame of an animation.

    Reads JPEG, PNG, WebP, GIF, BMP, TIFF and what else Pillow was built with (AVIF; HEIC with a plugin).

    Raises:
        PictureError: with the reason, for any bytes that are not such a picture within the limits.
    """
    limits = limits or PictureLimits()
    picture_format = _checked_format(data, limits, len(data))
    too_many = f"the picture has more than {limits.max_pixels / 1e6:g} megapixels"
    try:
        if picture_format == "TIFF":
            _check_directory(io.BytesIO(data))
        opened = Image.open(_watched(io.BytesIO(data), limits), formats=(picture_format,))
        _check_size(opened.size, limits)
        if picture_format == "JPEG":
            _check_scans(data, opened.size, limits)
        with _alone_if_large(opened.size):
            opened.load()
            return _in_srgb(_eight_bit(_upright(opened)), opened.info.get("icc_profile"))
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(too_many) from None
    except UnidentifiedImageError as error:
        raise PictureError(f"the {picture_format} picture is damaged or cut off in its header") from error
    except Exception as error:  # decoders raise whatever comes of damaged bytes, failed assertions too
        if "truncated" in str(error).lower():
            raise PictureError(f"the {picture_format} picture is truncated") from error
        raise PictureError(f"the {picture_format} picture is damaged: {_cause(error)}") from error


def check_picture(path: Path, *, limits: PictureLimits | None = None) -> None:
    """Look at a picture's size, format and dimensions, without decoding it.

    Raises:
        PictureError: with the reason, if `decode_picture` would refuse it for one of these.
    """
    limits = limits or PictureLimits()
    try:
        with path.open("rb") as stream:
            picture_format = _checked_format(stream.read(_HEAD_BYTES), limits, path.stat().st_size)
            if picture_format == "TIFF":
                _check_directory(stream)
            stream.seek(0)
            with Image.open(_watched(stream, limits), formats=(picture_format,)) as opened:
                _check_size(opened.size, limits)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"the picture has more than {limits.max_pixels / 1e6:g} megapixels") from None
    except UnidentifiedImageError as error:
        raise PictureError("the picture is damaged or cut off in its header") from error
    except Exception as error:
        raise PictureError(f"the picture cannot be read: {_cause(error)}") from error


def shrunk_copy(image: Image.Image, max_side: int) -> Image.Image:
    """The picture as RGB, its long side `max_side` pixels at most."""
    small = image.convert("RGB")
    small.thumbnail((max_side, max_side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small


def video_frames(path: Path, *, limits: PictureLimits | None = None) -> Iterator[VideoFrame | FrameError]:
    """The frames at 1/4, 2/4 and 3/4 of a video's duration, as in the original; always three results.

    A duration that the file does not say is counted from its packets. A frame that cannot be had is a
    `FrameError`, and does not keep the others from being had.
    """
    limits = limits or PictureLimits()
    deadline = _Deadline(limits.max_video_seconds)
    try:
        _check_tables(path, deadline)
        with _opened(path, limits) as container:
            size = _checked_video_size(container, limits)
            duration = _duration(container, deadline)
    except PictureError as error:
        yield from (FrameError(name, str(error)) for name in VIDEO_FRAMES)
        return
    except Exception as error:
        yield from (FrameError(name, f"the video cannot be read: {_cause(error)}") for name in VIDEO_FRAMES)
        return
    for i, name in enumerate(VIDEO_FRAMES, start=1):
        try:
            second = duration * i / (len(VIDEO_FRAMES) + 1)
            yield VideoFrame(name, _frame_at(path, size, second, limits, deadline))
        except PictureError as error:
            yield FrameError(name, str(error))
        except Exception as error:
            yield FrameError(name, f"the video is damaged: {_cause(error)}")


def _checked_format(data: bytes, limits: PictureLimits, n_bytes: int) -> str:
    if not n_bytes:
        raise PictureError("the file is empty")
    if n_bytes > limits.max_bytes:
        raise PictureError(f"the file has {n_bytes / 1e6:.0f} MB, more than {limits.max_bytes / 1e6:.0f} MB")
    picture_format = sniff_format(data)
    if picture_format is None:
        raise PictureError(_what_instead(data))
    Image.init()
    if picture_format not in Image.OPEN:
        raise PictureError(f"a {picture_format} picture, which this installation cannot read")
    return picture_format


def _what_instead(data: bytes) -> str:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    if start.startswith(_MARKUP):
        return "HTML or XML instead of a picture"
    if start.startswith((b"{", b"[")):
        return "JSON instead of a picture"
    if not start:
        return "the file holds nothing but blanks or zeros"
    if data[4:8] == b"ftyp":
        return "a video instead of a picture"
    return "not a picture in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF)"


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


def _alone_if_large(size: tuple[int, int]) -> AbstractContextManager[Any]:
    return _one_large if size[0] * size[1] > _LARGE_PIXELS else nullcontext()


def _check_scans(data: bytes, size: tuple[int, int], limits: PictureLimits) -> None:
    """A progressive JPEG is drawn once a scan: usually 10 of them, but a file may hold thousands."""
    n_scans = data.count(_START_OF_SCAN)
    if n_scans * size[0] * size[1] > max(_USUAL_SCANS * limits.max_pixels, _USUAL_SCANS * size[0] * size[1]):
        raise PictureError(f"the JPEG picture is drawn in {n_scans:,} scans: a bomb")


class _Watched:
    """A stream that may be read for so long. Pillow reads headers piece by piece; a file may have millions."""

    def __init__(self, stream: IO[bytes], limits: PictureLimits) -> None:
        self._stream = stream
        self._seconds = limits.max_picture_seconds
        # of this thread: how busy the machine is says nothing about the picture
        self._end = time.thread_time() + self._seconds

    def read(self, size: int = -1) -> bytes:
        if time.thread_time() > self._end:
            raise PictureError(f"the picture was not read in {self._seconds:g} s of computing: a bomb")
        return self._stream.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _watched(stream: IO[bytes], limits: PictureLimits) -> IO[bytes]:
    return cast("IO[bytes]", _Watched(stream, limits))


def _check_directory(stream: IO[bytes]) -> None:
    """Refuse a TIFF whose first directory lists more numbers than a picture has a use for."""
    with suppress(struct.error):  # cut off: Pillow says where
        _check_entries(stream)


def _check_entries(stream: IO[bytes]) -> None:
    stream.seek(0)
    order = "<" if stream.read(4).startswith(b"II") else ">"
    stream.seek(*struct.unpack(f"{order}I", stream.read(4)))
    (n_entries,) = struct.unpack(f"{order}H", stream.read(2))
    for _, kind, count, _ in struct.iter_unpack(f"{order}HHII", stream.read(12 * n_entries)):
        if kind not in _TIFF_BYTES and count > _MAX_TIFF_NUMBERS:
            raise PictureError(f"the TIFF picture lists {count:,} numbers in one of its tags: a bomb")


def _eight_bit(image: Image.Image) -> Image.Image:
    """8 bits a channel; RGB or RGBA unless the mode is one of a colour profile; deeper greys are scaled."""
    if image.mode == "F" or image.mode.startswith("I"):
        with np.errstate(invalid="ignore"):
            values = np.array(image, np.float32)
            np.nan_to_num(values, copy=False)
            values *= _scale_to_255(image.mode, float(values.max(initial=0.0)))
        np.rint(values.clip(0, 255, out=values), out=values)
        return Image.fromarray(values.astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in _PROFILED else image.convert("RGB")


def _scale_to_255(mode: str, highest: float) -> float:
    if highest > 65535:
        return 255 / highest
    if mode.startswith("I;16") or highest > 255:
        return 1 / 257
    return 255.0 if mode == "F" and highest <= 1 else 1.0


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in the colours that everything after this takes them for; phones' profiles are wider."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    # damaged, or of other colours than the picture has: without it the numbers stand as they are
    with suppress(Exception):
        if profile:
            own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, own, srgb, outputMode=mode) or image
    return image if image.mode == mode else image.convert(mode)


def _upright(image: Image.Image) -> Image.Image:
    # Damaged EXIF does not make the pixels unusable; without it the picture stands as it was stored.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _cause(error: BaseException) -> str:
    """The first line of an error's message, without the file's path (which names the account)."""
    message = getattr(error, "strerror", None) or str(error)
    lines = message.strip().splitlines()
    return (lines[0] if lines else "its parts do not fit together")[:120]


# A playlist named .mp4 must not make FFmpeg open other files or the network.
_OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,gif,asf,mp3,wav,ogg,aac",
}
_MAX_PACKETS = 1_000_000
# An MP4's tables of samples and edits with the numbers behind: version, a number, another.
_TABLE = re.compile(rb"(stsz|stz2|trun|elst|cmov)(?=(.{0,12}))", re.DOTALL)
_TABLE_BYTES = 16
_TABLE_CHUNK = 1 << 20
_BOX = re.compile(rb".{4}[ -~]{4}", re.DOTALL)
_SIZE_BEHIND = b"\0\0\0\1"
_FAR = 1 << 62
_MOST_SAMPLES = 20_000_000  # ten hours have five million


class _Deadline:
    """When a video must be done with: FFmpeg believes whatever a file says about its length."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise PictureError(f"the video was not done with in {self._seconds:g} s")


def _check_tables(path: Path, deadline: _Deadline) -> None:
    """Refuse an MP4 that says it has more samples than any has: FFmpeg makes an entry in memory for each.

    What FFmpeg takes for a table is looked for everywhere but in the media data.
    """
    n_samples, n_edits = 0, 0
    with path.open("rb") as stream:
        for part in _outside_media_data(stream, deadline):
            for kind, numbers in _TABLE.findall(part):
                if kind == b"cmov":
                    raise PictureError("the video's header is compressed, as QuickTime once did")
                second, third = struct.unpack(">4xII", numbers.ljust(12, b"\0"))
                n_edits += second if kind == b"elst" else 0
                n_samples += {b"elst": 0, b"trun": second}.get(kind, third)
    if n_samples * max(n_edits, 1) > _MOST_SAMPLES:
        raise PictureError(f"the video lists {n_samples:,} samples in {n_edits:,} edits: a bomb")


def _outside_media_data(stream: IO[bytes], deadline: _Deadline) -> Iterator[bytes]:
    """Pieces of an MP4's boxes, but for `mdat`; a table's beginning is whole in one of them. None of other files."""
    stream.seek(0)
    while _BOX.match(head := stream.read(_TABLE_BYTES)):
        start = stream.tell() - len(head)
        size = int.from_bytes(head[8:] if head.startswith(_SIZE_BEHIND) else head[:4], "big")
        end = min(start + size, _FAR) if size >= len(_SIZE_BEHIND) else _FAR  # without a size: to the end
        kept = b"" if head[4:8] == b"mdat" else head
        while kept and (read := stream.read(min(_TABLE_CHUNK, max(0, end - stream.tell())))):
            deadline.check()
            yield kept + read
            kept = (kept + read)[1 - _TABLE_BYTES :]
        deadline.check()
        stream.seek(end)


def _opened(path: Path, limits: PictureLimits) -> InputContainer:
    import av

    container = av.open(f"file:{path}", options=_OPEN_OPTIONS, timeout=limits.max_video_seconds)
    for stream in container.streams.video:
        # a stream may change its size on the way: FFmpeg itself refuses what is too large
        if _is_known(stream):
            stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    return container


def _is_known(stream: VideoStream) -> bool:
    """Whether FFmpeg knows the stream's encoding; there is no decoder otherwise, whatever the types say."""
    return cast("Any", stream.codec_context) is not None


def _checked_video_size(container: InputContainer, limits: PictureLimits) -> tuple[int, int]:
    """Width and height, pixels, that the header says; frames may differ, and are checked again."""
    if not container.streams.video:
        found = " and ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise PictureError(f"the file has no video stream, only {found}")
    stream = container.streams.video[0]
    if not _is_known(stream):
        raise PictureError("the video is in an encoding that cannot be read, or its header is damaged")
    context = stream.codec_context
    size = (context.width, context.height)
    if not any(size):
        raise PictureError("the video is damaged: its frames have no known size")
    _check_size(size, limits)
    return size


def _duration(container: InputContainer, deadline: _Deadline) -> float:
    """Duration in seconds, of the header or else of the packets."""
    stream = container.streams.video[0]
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return container.duration / 1e6
    return _counted_duration(container, stream, deadline)


def _counted_duration(container: InputContainer, stream: VideoStream, deadline: _Deadline) -> float:
    """Duration in seconds from the packets' time stamps; packets are read, not decoded."""
    stamps: list[float] = []
    for packet in islice(container.demux(stream), _MAX_PACKETS):
        deadline.check()
        if packet.pts is not None:
            stamps.append(float(packet.pts * packet.time_base))
    return max(stamps) - min(stamps) if stamps else 0.0


def _frame_at(
    path: Path, size: tuple[int, int], second: float, limits: PictureLimits, deadline: _Deadline
) -> Image.Image:
    """The first frame at or after `second` (from the stream's start), or the last when that is still shown."""
    with _alone_if_large(size), _opened(path, limits) as container:
        stream = container.streams.video[0]
        # threads for frames keep as many frames in memory
        stream.thread_type = "SLICE" if size[0] * size[1] > _LARGE_PIXELS else "AUTO"
        start = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
        frames = _sought(container, stream, start + second)
        if frames is not None:
            return _first_from(frames, start + second, limits, deadline)
    with _alone_if_large(size), _opened(path, limits) as container:
        return _first_from(container.decode(container.streams.video[0]), start + second, limits, deadline)


def _sought(container: InputContainer, stream: VideoStream, target: float) -> Iterator[av.VideoFrame] | None:
    """Frames from the key frame before `target`; None where the format cannot seek to one."""
    import av

    try:
        container.seek(int(target * 1_000_000), backward=True)
        frames = container.decode(stream)
        first = next(frames, None)
    except av.FFmpegError:
        return None
    if first is None or first.pts is None or first.time > target or not first.key_frame:
        return None
    return chain([first], frames)


def _first_from(
    frames: Iterator[av.VideoFrame], target: float, limits: PictureLimits, deadline: _Deadline
) -> Image.Image:
    frame: av.VideoFrame | None = None
    for n_decoded, frame in enumerate(frames, start=1):
        deadline.check()
        if frame.pts is None or frame.time >= target:
            return _upright_frame(frame, limits)
        if n_decoded >= limits.max_video_frames_decoded:
            raise PictureError(f"the frame at {target:.1f} s was not reached in {n_decoded} decoded frames")
    if frame is None:
        raise PictureError(f"the video has no picture at {target:.1f} s: it is truncated")
    shown_until = frame.time + float(frame.duration * (frame.time_base or 0))
    if shown_until < target - 1.0:
        raise PictureError(f"the video ends at {shown_until:.1f} s, before {target:.1f} s: it is truncated")
    return _upright_frame(frame, limits)


def _upright_frame(frame: av.VideoFrame, limits: PictureLimits) -> Image.Image:
    _check_size((frame.width, frame.height), limits)
    image = frame.to_image()
    # cameras turn by quarters; any other angle comes from a damaged matrix
    quarters = frame.rotation % 360 != 0 and frame.rotation % 90 == 0
    return image.rotate(frame.rotation, expand=True) if quarters else image
