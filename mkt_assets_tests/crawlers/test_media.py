from __future__ import annotations

from pathlib import Path

import pytest

from mkt_assets.crawlers.media import find_media

PNG = b"\x89PNG\r\n\x1a\n0000"
JPEG = b"\xff\xd8\xff\xe000000000"
WEBP = b"RIFF0000WEBPVP8X"
MP4 = b"\0\0\0\x18ftypmp42"
HEIC = b"\0\0\0\x18ftypheic"
WEBM = b"\x1aE\xdf\xa3000000000"


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def found(drop: Path) -> dict[str, tuple[str, str | None, bool]]:
    index = find_media(drop, lambda account: f"H-{account}")
    return {media.name: (media.post_id, media.frame, media.is_video) for media in index.files}


def reasons(drop: Path) -> dict[str, str]:
    return {
        reject.source_file: reject.reason
        for reject in find_media(drop, lambda account: f"H-{account}").rejects
    }


@pytest.mark.parametrize(
    ("place", "content", "name", "expected"),
    [
        ("media/u/p/post.png", PNG, "media/H-u/p/post.png", ("p", "post", False)),
        ("u/p/post.webp", WEBP, "H-u/p/post.webp", ("p", "post", False)),
        ("a/b/u/p/video.mp4", MP4, "a/b/H-u/p/video.mp4", ("p", None, True)),
        ("m/u/p/video_1.webp", WEBP, "m/H-u/p/video_1.webp", ("p", "video_1", False)),
        ("m/u/p/image_0.jpg", JPEG, "m/H-u/p/image_0.jpg", ("p", "image_0", False)),
        ("flat/06-11_u_p_post.png", PNG, "flat/06-11_H-u_p_post.png", ("p", "post", False)),
        ("2023-06-11_u_p_video_3.png", PNG, "2023-06-11_H-u_p_video_3.png", ("p", "video_3", False)),
        ("xhs/images/p/0.jpg", JPEG, "xhs/images/p/0.jpg", ("p", "image_0", False)),
        ("xhs/images/p/12.jpg", PNG, "xhs/images/p/12.jpg", ("p", "image_12", False)),
        ("xhs/videos/p/0.mp4", MP4, "xhs/videos/p/0.mp4", ("p", None, True)),
    ],
)
def test_the_place_of_a_file_says_its_post_and_frame(
    tmp_path: Path, place: str, content: bytes, name: str, expected: tuple[str, str | None, bool]
) -> None:
    put(tmp_path / place, content)
    assert found(tmp_path) == {name: expected}
    assert find_media(tmp_path, str).files[0].path == tmp_path / place


@pytest.mark.parametrize(
    ("name", "content", "is_video"),
    [
        ("post.png", MP4, True),
        ("post.jpg", HEIC, False),
        ("post.bin", WEBM, True),
        ("post", JPEG, False),
        ("video.mp4", JPEG, False),
        ("post.jpg", b"<html>", False),
        ("post.jpg", b"", False),
        ("video.mp4", b"", True),
        ("post", b"", False),
        ("video", b"", True),
    ],
)
def test_content_decides_and_the_name_only_where_content_does_not(
    tmp_path: Path, name: str, content: bytes, is_video: bool
) -> None:
    put(tmp_path / "u" / "p" / name, content)
    assert list(found(tmp_path).values()) == [("p", None if is_video else "post", is_video)]


def test_tables_and_other_files_are_no_media(tmp_path: Path) -> None:
    for name in ("a.csv", "u/p/post.json", "u/p/0.csv", "u/p/info"):
        put(tmp_path / name, b"post_id,poster_id\n")
    assert find_media(tmp_path, str).files == find_media(tmp_path, str).rejects == ()


def test_a_picture_in_no_known_place_is_rejected_without_what_looks_like_an_account(tmp_path: Path) -> None:
    put(tmp_path / "photo.jpg", JPEG)
    put(tmp_path / "0123456789abcdef01234567" / "cover.jpg", JPEG)
    put(tmp_path / "u" / "p p" / "post.jpg", JPEG)
    put(tmp_path / "same" / "same" / "post.jpg", JPEG)
    assert found(tmp_path) == {}
    assert sorted(reasons(tmp_path)) == [
        "H-0123456789abcdef01234567/cover.jpg",
        "photo.jpg",
        "same/same/post.jpg",
        "u/p p/post.jpg",
    ]


def test_a_second_file_for_a_frame_is_rejected(tmp_path: Path) -> None:
    put(tmp_path / "u/p/post.jpg", JPEG)
    put(tmp_path / "u/p/post.png", PNG)
    put(tmp_path / "u/q/post.png", PNG)
    assert sorted(found(tmp_path)) == ["H-u/p/post.jpg", "H-u/q/post.png"]
    assert reasons(tmp_path).keys() == {"H-u/p/post.png"}


def test_a_video_whose_frames_are_there_is_not_used_again(tmp_path: Path) -> None:
    put(tmp_path / "u/p/video.mp4", MP4)
    put(tmp_path / "u/p/video_2.png", PNG)
    put(tmp_path / "u/p/post.png", PNG)
    assert sorted(frame or "" for _, frame, _ in found(tmp_path).values()) == ["post", "video_2"]
    assert "frames of this video" in reasons(tmp_path)["H-u/p/video.mp4"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "outside/u/p/post.png", PNG)
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "u").symlink_to(tmp_path / "outside" / "u")
    assert found(tmp_path / "drop") == {}
