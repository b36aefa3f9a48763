"""Frames of a video decoded safely, whatever the bytes are.

Not here: pictures (core/media/pictures).
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, Self, cast

from PIL import Image

from mkt_assets.core.media.pictures import (
    LARGE_PIXELS,
    PictureError,
    PictureLimits,
    alone_if_large,
    cause,
    check_size,
)

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

VIDEO_FRAMES = ("video_1", "video_2", "video_3")

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
_SMALL_PIXELS = 1920 * 1088  # beyond, one thread needs many seconds from a key frame to the next
_SAME_TIME = 1e-6  # seconds
_MOST_STRETCHED = 8
_MOST_SAMPLES = 20_000_000  # ten hours have five million


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


def video_frames(path: Path, *, limits: PictureLimits | None = None) -> Iterator[VideoFrame | FrameError]:
    """The frames at 1/4, 2/4 and 3/4 of a video's duration, as in the original; always three results.

    A duration that the file does not say is counted from its packets. A frame that cannot be had is a
    `FrameError`, and does not keep the others from being had.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.media.videos import video_frames
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "video.mp4")
        ...     _ = path.write_bytes(b"not a video")
        ...     [type(frame).__name__ for frame in video_frames(path)]
        ...
        ['FrameError', 'FrameError', 'FrameError']
    """
    limits = limits or PictureLimits()
    deadline = _Deadline(limits.max_video_seconds)
    with _Opening(path, limits) as opening:
        try:
            _check_tables(path, deadline)
            size = _checked_video_size(opening.container(), limits)
            duration = _duration(opening.container(), deadline)
        except Exception as error:
            reason = _reason(error, "the video cannot be read")
            yield from (FrameError(name, reason) for name in VIDEO_FRAMES)
            return
        # what a decoder holds of a large one is not to stay while another is at work
        is_large = size[0] * size[1] > LARGE_PIXELS
        if is_large:
            opening.close()
        for i, name in enumerate(VIDEO_FRAMES, start=1):
            try:
                second = duration * i / (len(VIDEO_FRAMES) + 1)
                with alone_if_large(size):
                    try:
                        image = _frame_at(opening, second, limits, deadline)
                    finally:
                        if is_large:
                            opening.close()
                found: VideoFrame | FrameError = VideoFrame(name, image)
            except Exception as error:
                opening.close()  # of what an error left nothing is used
                found = FrameError(name, _reason(error, "the video is damaged"))
            yield found


def _reason(error: Exception, what: str) -> str:
    return str(error) if isinstance(error, PictureError) else f"{what}: {cause(error)}"


class _Opening:
    """A video file that is opened when it is first needed, and again after it was closed."""

    def __init__(self, path: Path, limits: PictureLimits) -> None:
        self._path, self._limits = path, limits
        self._open: InputContainer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def container(self) -> InputContainer:
        if self._open is None:
            self._open = _opened(self._path, self._limits)
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


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
        raise PictureError(
            f"the video lists {n_samples:,} samples in {n_edits:,} edits, more than the {_MOST_SAMPLES:,} that are "
            "read: a bomb, or many minutes of sound that is not compressed"
        )


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
            stream.thread_type = _threads_for(stream.width * stream.height)
    return container


def _threads_for(n_pixels: int) -> Literal["NONE", "AUTO", "SLICE"]:
    """What of a stream is decoded at once: several videos are, so threads for a small one only cost a third more."""
    if n_pixels <= _SMALL_PIXELS:
        return "NONE"
    # threads for frames keep as many frames in memory
    return "AUTO" if n_pixels <= LARGE_PIXELS else "SLICE"


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
    check_size(size, limits)
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
            stamps.append(stamps[-1] + float((packet.duration or 0) * packet.time_base))
    return max(stamps) - min(stamps) if stamps else 0.0


def _frame_at(opening: _Opening, second: float, limits: PictureLimits, deadline: _Deadline) -> Image.Image:
    """The frame that is shown at `second` (from the stream's start), in its proportions."""
    stream = opening.container().streams.video[0]
    start = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
    frames = _sought(opening.container(), stream, start + second)
    if frames is None:
        opening.close()
        stream = opening.container().streams.video[0]
        frames = opening.container().decode(stream)
    shown = _shown_at(frames, start + second, limits, deadline)
    return _upright_frame(shown, stream.sample_aspect_ratio, limits)


def _sought(container: InputContainer, stream: VideoStream, target: float) -> Iterator[av.VideoFrame] | None:
    """Frames from the key frame before `target`; None where the format cannot seek to one."""
    from av.error import FFmpegError

    try:
        container.seek(int(target * 1_000_000), backward=True)
        frames = container.decode(stream)
        first = next(frames, None)
    except FFmpegError:
        return None
    if first is None or first.pts is None or first.time > target or not first.key_frame:
        return None
    return chain([first], frames)


def _shown_at(
    frames: Iterator[av.VideoFrame], target: float, limits: PictureLimits, deadline: _Deadline
) -> av.VideoFrame:
    shown: av.VideoFrame | None = None
    for n_decoded, frame in enumerate(frames, start=1):
        deadline.check()
        if frame.pts is None:
            return frame
        if frame.time > target + _SAME_TIME:
            return shown or frame
        if n_decoded >= limits.max_video_frames_decoded:
            raise PictureError(f"the frame at {target:.1f} s was not reached in {n_decoded} decoded frames")
        shown = frame
        if frame.time >= target - _SAME_TIME:
            break
    if shown is None:
        raise PictureError(f"the video has no picture at {target:.1f} s: it is truncated")
    shown_until = shown.time + float(shown.duration * (shown.time_base or 0))
    if shown_until < target - 1.0:
        raise PictureError(f"the video ends at {shown_until:.1f} s, before {target:.1f} s: it is truncated")
    return shown


def _upright_frame(frame: av.VideoFrame, ratio: Fraction | None, limits: PictureLimits) -> Image.Image:
    check_size((frame.width, frame.height), limits)
    image = _in_proportion(frame.to_image(), ratio, limits)
    # cameras turn by quarters; any other angle comes from a damaged matrix
    quarters = frame.rotation % 360 != 0 and frame.rotation % 90 == 0
    return image.rotate(frame.rotation, expand=True) if quarters else image


def _in_proportion(image: Image.Image, ratio: Fraction | None, limits: PictureLimits) -> Image.Image:
    """The frame with square pixels; `ratio` is a pixel's width by its height. The larger side of a pixel grows."""
    if not ratio or not 1 / _MOST_STRETCHED <= ratio <= _MOST_STRETCHED:  # nobody films so: damaged
        return image
    width, height = image.size
    wide = max(ratio, Fraction(1))
    tall = max(1 / ratio, Fraction(1))
    size = (round(width * wide), round(height * tall))
    if size[0] * size[1] > limits.max_pixels:
        size = (max(round(width / tall), 1), max(round(height / wide), 1))
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC)
