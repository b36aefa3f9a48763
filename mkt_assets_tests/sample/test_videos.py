from __future__ import annotations

import io

import av
import pytest
from av.error import FFmpegError
from PIL import Image

from mkt_sample.videos import FRAMES_PER_SECOND, cut_short, encode_mp4, without_timing

STILLS = [Image.new("RGB", (64, 96), (40 * step, 90, 200 - 30 * step)) for step in range(6)]


def test_an_mp4_holds_its_frames_at_its_rate():
    with av.open(io.BytesIO(encode_mp4(STILLS)), "r") as container:
        stream = container.streams.video[0]
        assert stream.average_rate == FRAMES_PER_SECOND
        assert (stream.width, stream.height) == (64, 96)
        assert sum(1 for _ in container.decode(stream)) == len(STILLS)


def test_equal_stills_make_equal_files():
    assert encode_mp4(STILLS) == encode_mp4(STILLS)


def test_a_file_cut_short_cannot_be_opened():
    with pytest.raises(FFmpegError):
        av.open(io.BytesIO(cut_short(encode_mp4(STILLS))), "r")


def test_a_file_without_timing_tells_no_duration():
    with av.open(io.BytesIO(without_timing(encode_mp4(STILLS))), "r") as container:
        assert not container.duration
        assert not container.streams.video[0].duration
