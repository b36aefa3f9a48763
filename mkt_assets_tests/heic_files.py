"""HEIC pictures made by hand: a frame of HEVC in the boxes of ISO/IEC 23008-12. There is no encoder to use."""

from __future__ import annotations

import io
import struct
from typing import Any

import av
import numpy as np
from PIL import Image


def heic(picture: Image.Image, *, quarters: int = 0, claimed: tuple[int, int] | None = None) -> bytes:
    """A HEIC of a picture, to be turned by quarters against the clock, of the size that it claims to have."""
    configuration, data = _hevc(picture)
    ispe = _box(b"ispe", struct.pack(">III", 0, *(claimed or picture.size)))
    ipco = _box(b"ipco", configuration + ispe + _box(b"irot", bytes([quarters])))
    ipma = _box(b"ipma", struct.pack(">IIHB", 0, 1, 1, 3) + b"\x81\x02\x83")
    infe = _box(b"infe", struct.pack(">IHH", 2 << 24, 1, 0) + b"hvc1\0")
    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(at: int) -> bytes:
        iloc = struct.pack(">IBBHHHHII", 0, 0x44, 0, 1, 1, 0, 1, at, len(data))
        return _box(
            b"meta",
            bytes(4)
            + _box(b"hdlr", bytes(8) + b"pict" + bytes(13))
            + _box(b"pitm", struct.pack(">IH", 0, 1))
            + _box(b"iloc", iloc)
            + _box(b"iinf", struct.pack(">IH", 0, 1) + infe)
            + _box(b"iprp", ipco + ipma),
        )

    return head + meta(len(head) + len(meta(0)) + 8) + _box(b"mdat", data)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _hevc(picture: Image.Image) -> tuple[bytes, bytes]:
    """The box that configures a decoder, and the picture, both as an MP4 of one frame has them."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        options = {"x265-params": "log-level=none:pools=1:frame-threads=1", "tune": "zerolatency"}
        stream: Any = container.add_stream("libx265", rate=1, options=options)
        stream.width, stream.height, stream.pix_fmt = *picture.size, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.asarray(picture.convert("RGB")), format="rgb24")
        packets = [*stream.encode(frame), *stream.encode()]
        container.mux(packets)
    file = buffer.getvalue()
    at, start = file.index(b"hvcC") - 4, file.index(b"mdat") - 4
    (size,), (length,) = struct.unpack_from(">I", file, at), struct.unpack_from(">I", file, start)
    return file[at : at + size], file[start + 8 : start + length]
