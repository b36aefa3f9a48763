"""Pictures decoded safely, whatever the bytes are.

Not here: telling formats (core/media/picture_formats), videos (core/media/videos), what pictures show (models/), which
post they are of (crawlers/media).
"""

from __future__ import annotations

import io
import struct
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import IO, Any, cast

from pi_heif import register_heif_opener
from PIL import Image, ImageOps, UnidentifiedImageError

from mkt_assets.core.media.picture_colours import eight_bit, in_srgb
from mkt_assets.core.media.picture_formats import sniff_format, what_instead


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


_HEAD_BYTES = 4096
_START_OF_SCAN = b"\xff\xda"
_USUAL_SCANS = 20
# A TIFF's directory may claim millions of numbers, and each that is looked at becomes a Python object.
_MAX_TIFF_NUMBERS = 100_000
_TIFF_BYTES = (1, 2, 6, 7)  # the types that stay one piece
# What of a 50-megapixel picture is at work at once takes half a gigabyte: larger ones wait for each other.
LARGE_PIXELS = 12_000_000
_one_large = Lock()
_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_MOST_FRAMES = 50


def decode_picture(data: bytes, *, limits: PictureLimits | None = None) -> Image.Image:
    """A picture as RGB, or RGBA when it has transparency: upright, 8 bit, sRGB.

    Of an animation it is the first frame that shows something. Reads JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF and HEIC.

    Raises:
        PictureError: with the reason, for any bytes that are not such a picture within the limits.

    Examples:
        >>> from io import BytesIO
        >>> from PIL import Image
        >>> from mkt_assets.core.media.pictures import decode_picture
        >>> file = BytesIO()
        >>> Image.new("L", (60, 40), 128).save(file, "PNG")
        >>> picture = decode_picture(file.getvalue())
        >>> picture.mode, picture.size
        ('RGB', (60, 40))
    """
    limits = limits or PictureLimits()
    picture_format = _checked_format(data, limits, len(data))
    too_many = f"the picture has more than {limits.max_pixels / 1e6:g} megapixels"
    try:
        if picture_format == "TIFF":
            _check_directory(io.BytesIO(data))
        opened = Image.open(_watched(io.BytesIO(data), limits), formats=(picture_format,))
        check_size(opened.size, limits)
        if picture_format == "JPEG":
            _check_scans(data, opened.size, limits)
        with alone_if_large(opened.size):
            opened.load()
            check_size(opened.size, limits)  # a HEIC may turn out larger than it says
            shown = _frame_that_shows(opened, limits)
            return in_srgb(eight_bit(_upright(shown)), opened.info.get("icc_profile"))
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(too_many) from None
    except UnidentifiedImageError as error:
        raise PictureError(_damaged_header(picture_format)) from error
    except Exception as error:  # decoders raise whatever comes of damaged bytes, failed assertions too
        if "truncated" in str(error).lower():
            raise PictureError(f"the {picture_format} picture is truncated") from error
        raise PictureError(f"the {picture_format} picture is damaged: {cause(error)}") from error


def _frame_that_shows(opened: Image.Image, limits: PictureLimits) -> Image.Image:
    """The first frame of an animation that is not all transparent or of one colour; the first if there is none."""
    if opened.format not in _ANIMATED or not _is_blank(opened):
        return opened
    first = opened.copy()
    end = time.thread_time() + limits.max_picture_seconds
    with suppress(EOFError):  # after the last frame, or where the file is cut off
        for n in range(1, _MOST_FRAMES):
            opened.seek(n)
            check_size(opened.size, limits)
            if not _is_blank(opened):
                return opened.copy()
            if time.thread_time() > end:
                break
    return first


def _is_blank(image: Image.Image) -> bool:
    bands = image.convert("RGBA").getextrema() if image.has_transparency_data else image.getextrema()
    extrema = [band if isinstance(band, tuple) else bands for band in bands]
    is_clear = image.has_transparency_data and extrema[-1] == (0, 0)
    return is_clear or all(low == high for low, high in cast("list[tuple[float, float]]", extrema))


def check_picture(path: Path, *, limits: PictureLimits | None = None) -> None:
    """Look at a picture's size, format and dimensions, without decoding it.

    Raises:
        PictureError: with the reason, if `decode_picture` would refuse it for one of these.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.media.pictures import PictureError, check_picture
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "0.jpg")
        ...     _ = path.write_bytes(b"<html>")
        ...     try:
        ...         check_picture(path)
        ...     except PictureError as error:
        ...         print(error)
        ...
        HTML or XML instead of a picture
    """
    limits = limits or PictureLimits()
    picture_format = "unknown"
    try:
        with path.open("rb") as stream:
            picture_format = _checked_format(stream.read(_HEAD_BYTES), limits, path.stat().st_size)
            if picture_format == "TIFF":
                _check_directory(stream)
            stream.seek(0)
            with Image.open(_watched(stream, limits), formats=(picture_format,)) as opened:
                check_size(opened.size, limits)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"the picture has more than {limits.max_pixels / 1e6:g} megapixels") from None
    except UnidentifiedImageError as error:
        raise PictureError(_damaged_header(picture_format)) from error
    except Exception as error:
        raise PictureError(f"the picture cannot be read: {cause(error)}") from error


def _damaged_header(picture_format: str) -> str:
    # what is in a HEIC may be of many kinds, and the decoder does not say of which
    advice = ": fetch it again, or as JPEG" if picture_format == "HEIF" else ""
    return f"the {picture_format} picture is damaged or cut off in its header{advice}"


def shrunk_copy(image: Image.Image, max_side: int) -> Image.Image:
    """The picture as RGB, its long side `max_side` pixels at most.

    Examples:
        >>> from PIL import Image
        >>> from mkt_assets.core.media.pictures import shrunk_copy
        >>> shrunk_copy(Image.new("RGBA", (400, 100)), 200).size
        (200, 50)
    """
    small = image.convert("RGB")
    small.thumbnail((max_side, max_side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small


def _checked_format(data: bytes, limits: PictureLimits, n_bytes: int) -> str:
    if not n_bytes:
        raise PictureError("the file is empty")
    if n_bytes > limits.max_bytes:
        raise PictureError(f"the file has {n_bytes / 1e6:.0f} MB, more than {limits.max_bytes / 1e6:.0f} MB")
    picture_format = sniff_format(data)
    if picture_format is None:
        raise PictureError(what_instead(data))
    _open_plugins()
    if picture_format not in Image.OPEN:
        raise PictureError(f"a {picture_format} picture, which this installation cannot read")
    return picture_format


@lru_cache(maxsize=1)
def _open_plugins() -> None:
    """Let Pillow know all formats that are read here; of a HEIC, the picture only, in this thread."""
    Image.init()
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    """Refuse a picture or frame of too many pixels, or too narrow.

    Raises:
        PictureError: saying how large it is, and what is allowed.

    Examples:
        >>> from mkt_assets.core.media.pictures import PictureError, PictureLimits, check_size
        >>> try:
        ...     check_size((40_000, 2), PictureLimits())
        ... except PictureError as error:
        ...     print(error)
        ...
        the picture has 40000 x 2 pixels; its short side needs at least 8
    """
    width, height = size
    if width * height > limits.max_pixels:
        raise PictureError(
            f"the picture has {width} x {height} pixels, more than {limits.max_pixels / 1e6:g} megapixels"
        )
    if min(size) < limits.min_side:
        raise PictureError(
            f"the picture has {width} x {height} pixels; its short side needs at least {limits.min_side}"
        )


def alone_if_large(size: tuple[int, int]) -> AbstractContextManager[Any]:
    """While it lasts, no other picture or frame of so many pixels is decoded in this process.

    Examples:
        >>> from mkt_assets.core.media.pictures import alone_if_large
        >>> with alone_if_large((12_000, 9_000)):
        ...     pass  # decode it here
        ...
    """
    return _one_large if size[0] * size[1] > LARGE_PIXELS else nullcontext()


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


def _upright(image: Image.Image) -> Image.Image:
    # Damaged EXIF does not make the pixels unusable; without it the picture stands as it was stored.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def cause(error: BaseException) -> str:
    """The first line of an error's message, without the file's path (which names the account).

    Examples:
        >>> from mkt_assets.core.media.pictures import cause
        >>> cause(OSError(5, "Input/output error", "/drops/account/0.jpg"))
        'Input/output error'
    """
    message = getattr(error, "strerror", None) or str(error)
    lines = message.strip().splitlines()
    return (lines[0] if lines else "its parts do not fit together")[:120]
