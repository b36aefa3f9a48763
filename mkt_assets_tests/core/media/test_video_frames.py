from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mkt_assets.core.media.pictures import PictureLimits
from mkt_assets.core.media.videos import VIDEO_FRAMES, FrameError, VideoFrame, video_frames

N_FRAMES, FPS = 40, 10


def write_video(
    path: Path,
    *,
    n_frames: int = N_FRAMES,
    frames_per_key_frame: int = 12,
    left_half: int | None = None,
    options: dict[str, str] | None = None,
    ratio: Fraction | None = None,
    width: int = 64,
) -> Path:
    """A video, 64 x 48 or wider, whose grey level counts the frames: frame i has 5 i, its left half maybe another."""
    with av.open(str(path), "w", options=options or {}) as container:
        # no key frame where the encoder sees a change of scene
        stream: Any = container.add_stream("mpeg4", rate=FPS, options={"sc_threshold": "1000000000"})
        stream.width, stream.height, stream.pix_fmt = width, 48, "yuv420p"
        stream.gop_size = frames_per_key_frame
        if ratio is not None:
            stream.codec_context.sample_aspect_ratio = ratio
        stream.codec_context.time_base = Fraction(1, FPS)
        for i in range(n_frames):
            pixels = np.full((48, width, 3), 5 * i, np.uint8)
            if left_half is not None:
                pixels[:, :32] = left_half
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def levels(path: Path) -> list[float]:
    """Mean grey of each frame, NaN for one that could not be had."""
    return [
        float(np.asarray(got.image).mean()) if isinstance(got, VideoFrame) else float("nan")
        for got in video_frames(path)
    ]


def reasons(path: Path, limits: PictureLimits | None = None) -> list[str]:
    return [got.reason for got in video_frames(path, limits=limits) if isinstance(got, FrameError)]


@pytest.mark.parametrize("name", ["video.mp4", "video.mkv", "video.avi", "video.ts"])
def test_frames_are_those_at_one_two_and_three_quarters(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name)
    assert [got.name for got in video_frames(path)] == list(VIDEO_FRAMES)
    np.testing.assert_allclose(levels(path), [50, 100, 150], atol=8)


def test_a_duration_the_file_does_not_say_is_counted(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mkv", options={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None
        assert container.streams.video[0].duration is None
    np.testing.assert_allclose(levels(path), [50, 100, 150], atol=8)


def test_a_video_of_one_frame_gives_it_three_times(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", n_frames=1)
    assert len(levels(path)) == 3
    np.testing.assert_allclose(levels(path), [0, 0, 0], atol=8)


def test_frames_are_those_shown_at_their_times_however_the_frames_are_spaced(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=10, options={"sc_threshold": "1000000000"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for time in (0, 1, 2, 17, 39):  # tenths of a second; the frame of 2 is shown until 17
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 5 * time, np.uint8), format="rgb24")
            frame.pts = time
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    np.testing.assert_allclose(levels(path), [5 * 2, 5 * 17, 5 * 17], atol=8)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        (Fraction(2), (128, 48)),
        (Fraction(3, 4), (64, 64)),
        (Fraction(100), (64, 48)),
        (Fraction(1), (64, 48)),
    ],
)
def test_pixels_that_are_not_square_are_made_so(
    tmp_path: Path, ratio: Fraction, size: tuple[int, int]
) -> None:
    path = write_video(tmp_path / "video.mp4", ratio=ratio)
    assert [got.image.size for got in video_frames(path) if isinstance(got, VideoFrame)] == [size] * 3


def test_a_frame_that_would_grow_beyond_the_limit_shrinks_on_its_other_side(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", ratio=Fraction(8), width=640)
    got = next(video_frames(path, limits=PictureLimits(max_pixels=200_000)))
    assert isinstance(got, VideoFrame)
    assert got.image.size == (640, 6)


def turned(path: Path, matrix: tuple[int, ...]) -> Path:
    """The video with another rotation matrix in its header."""
    data = path.read_bytes()
    identity = b"".join(v.to_bytes(4, "big") for v in (0x10000, 0, 0, 0, 0x10000, 0))
    header = data.index(b"tkhd")
    other = b"".join((v % 2**32).to_bytes(4, "big") for v in matrix)
    path.write_bytes(data[:header] + data[header:].replace(identity, other, 1))
    return path


def test_a_turned_phone_video_stands_upright(tmp_path: Path) -> None:
    quarter_turn = (0, 0x10000, 0, -0x10000, 0, 0)
    path = turned(write_video(tmp_path / "video.mp4", left_half=255), quarter_turn)
    for got in video_frames(path):
        assert isinstance(got, VideoFrame)
        assert got.image.size == (48, 64)
        top, bottom = np.vsplit(np.asarray(got.image), 2)
        assert top.mean() > 200 > bottom.mean()


@pytest.mark.parametrize("matrix", [(0,) * 6, (0x7FFFFFFF,) * 6])
def test_a_damaged_rotation_leaves_the_picture_as_it_is(tmp_path: Path, matrix: tuple[int, ...]) -> None:
    for got in video_frames(turned(write_video(tmp_path / "video.mp4"), matrix)):
        assert isinstance(got, VideoFrame)
        assert got.image.size == (64, 48)


def test_a_truncated_video_gives_the_frames_it_has(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 45 // 100])
    first, *_, last = video_frames(path)
    assert isinstance(first, VideoFrame)
    assert isinstance(last, FrameError)
    assert "truncated" in last.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "the video cannot be read"), (b"<html></html>" * 99, "the video cannot be read")],
)
def test_a_file_that_is_no_video_gives_three_reasons_without_its_path(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(data)
    found = reasons(path)
    assert len(found) == 3
    assert all(r.startswith(reason) and "/" not in r for r in found)


def test_a_playlist_named_mp4_opens_nothing_else(tmp_path: Path) -> None:
    other = write_video(tmp_path / "other.ts")
    path = tmp_path / "video.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\n{other.name}\n#EXT-X-ENDLIST\n")
    assert len(reasons(path)) == 3


def test_sound_alone_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    assert reasons(path) == ["the file has no video stream, only audio"] * 3


def test_limits_hold_for_videos(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", frames_per_key_frame=100)
    assert "megapixels" in reasons(path, PictureLimits(max_pixels=1000))[0]
    assert "not reached in 3 decoded frames" in reasons(path, PictureLimits(max_video_frames_decoded=3))[0]


def tables(*, samples: bytes = b"", edits: bytes = b"") -> bytes:
    """An MP4's header with these tables, in whatever place FFmpeg looks for them."""
    boxes = b"".join(
        (8 + len(content)).to_bytes(4) + kind + content
        for kind, content in ((b"stsz", samples), (b"elst", edits))
    )
    header = (8 + len(boxes)).to_bytes(4) + b"moov" + boxes
    return b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08mdat" + header


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(4) for value in values)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tables(samples=numbers(0, 1, 40_000_000)), "40,000,000 samples in 0 edits"),
        (tables(samples=numbers(0, 1, 40_000), edits=numbers(0, 20_000)), "40,000 samples in 20,000 edits"),
        (
            tables() + numbers(24) + b"moof" + numbers(16) + b"trun" + numbers(0, 2**32 - 1),
            "4,294,967,295 samples",
        ),
        (tables(edits=b"cmov"), "compressed"),
    ],
)
def test_a_video_that_lists_more_samples_than_any_has_is_not_opened(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "video.mp4").write_bytes(data)
    found = reasons(tmp_path / "video.mp4")
    assert [reason in one for one in found] == [True] * 3


@pytest.mark.parametrize(("encoding", "reason"), [(b"text", "encoding"), (b"raw ", "no known size")])
def test_a_video_in_an_unknown_encoding_or_of_no_size_is_named_as_such(
    tmp_path: Path, encoding: bytes, reason: str
) -> None:
    path = write_video(tmp_path / "video.mp4")
    data = path.read_bytes().replace(b"mp4v", encoding).replace(b"esds", b"free")
    size = (64).to_bytes(2) + (48).to_bytes(2)
    path.write_bytes(data.replace(size + b"\0\x48", b"\0" * 4 + b"\0\x48"))
    found = reasons(path)
    assert [reason in one for one in found] == [True] * 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_video_always_gives_three_results(tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "whole.mp4"
    if not whole.exists():
        write_video(whole, n_frames=12)
    damaged = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    got = list(video_frames(path))
    assert [frame.name for frame in got] == list(VIDEO_FRAMES)


def write_anamorphic(path: Path, aspect: Fraction, stamps: Sequence[int] = range(8)) -> Path:
    """A video, 64 x 48, of pixels so wide, in tenths of a second; frame i has level 30 i and starts at stamps[i]."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        stream.codec_context.sample_aspect_ratio = aspect
        for i, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 30 * i, np.uint8), format="rgb24")
            frame.pts = stamp
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(2), (128, 48)), (Fraction(1, 2), (64, 96)), (Fraction(100), (64, 48))]
)
def test_frames_are_as_wide_as_they_are_shown(
    tmp_path: Path, aspect: Fraction, size: tuple[int, int]
) -> None:
    path = write_anamorphic(tmp_path / "video.mp4", aspect)
    sizes = {got.image.size for got in video_frames(path) if isinstance(got, VideoFrame)}
    assert sizes == {size}


def test_with_a_variable_frame_rate_the_frame_that_is_shown_is_taken(tmp_path: Path) -> None:
    # 4 s: one frame is shown from 0.5 to 2.5 s, the next to 3.9 s
    path = write_anamorphic(tmp_path / "video.mp4", Fraction(1), [0, 5, 25, 39])
    np.testing.assert_allclose(levels(path), [30, 30, 60], atol=8)
