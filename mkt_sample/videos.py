"""Small real mp4 files from stills, byte-identical for equal stills, and ones that are broken on purpose."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from PIL import Image

FRAMES_PER_SECOND = 4


def encode_mp4(frames: Sequence[Image.Image]) -> bytes:
    """H.264 in mp4 (MPEG-4 part 2 where x264 is missing), `FRAMES_PER_SECOND`, without time stamps of today."""
    import av

    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=FRAMES_PER_SECOND)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "26", "x264-params": "threads=1"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode())
    return buffer.getvalue()


def cut_short(mp4: bytes) -> bytes:
    """The file as an interrupted download leaves it: its index, which comes last, is missing."""
    return mp4[: len(mp4) * 2 // 5]


def without_timing(mp4: bytes) -> bytes:
    """The file with every duration zero: players and readers see no frame rate."""
    patched = bytearray(mp4)
    for box, offset in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        at = patched.find(box) + 4 + offset
        patched[at : at + 4] = bytes(4)
    at = patched.find(b"stts") + 8
    (n_entries,) = struct.unpack_from(">I", patched, at)
    for entry in range(n_entries):
        start = at + 8 + 8 * entry
        patched[start : start + 4] = bytes(4)
    return bytes(patched)
