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


P, Q, ACCOUNT = "69af0010000000001f000010", "69af0011000000001f000011", "5e5e5e5e00000000000000aa"


@pytest.mark.parametrize("suffix", ["jpeg", "heic", "webp"])
@pytest.mark.parametrize("clip", ["mp4", "mov"])
def test_the_clip_of_a_live_photo_is_told_from_a_video(tmp_path: Path, suffix: str, clip: str) -> None:
    for n in (1, 2):
        put(tmp_path / f"{P}_{n}.{suffix}", JPEG)
        put(tmp_path / f"{P}_{n}.{clip}", MP4)
    index = find_media(tmp_path, str, frozenset({P}))
    assert [(media.frame, media.is_clip) for media in index.files if not media.is_video] == [
        ("image_0", False),
        ("image_1", False),
    ]
    assert [media.is_clip for media in index.files if media.is_video] == [True, True]
    assert index.rejects == ()


def test_a_video_with_a_cover_and_one_with_numbered_pictures_beside_it_are_videos(tmp_path: Path) -> None:
    put(tmp_path / f"{P}.jpeg", JPEG)
    put(tmp_path / f"{P}.mp4", MP4)
    put(tmp_path / f"{Q}_1.jpeg", JPEG)
    put(tmp_path / f"{Q}.mp4", MP4)
    videos = [media for media in find_media(tmp_path, str, frozenset({P, Q})).files if media.is_video]
    assert [(media.post_id, media.is_clip) for media in videos] == [(P, False), (Q, False)]


@pytest.mark.parametrize(
    ("place", "frame"),
    [
        (f"{P}/image_0.jpg", "image_0"),
        (f"a/{P}/img_01.jpg", "image_1"),
        (f"images/{P}-1.jpg", "image_1"),
        (f"images/{P}/cover.jpg", "post"),
        (f"今天的穿搭_{P}/1.jpg", "image_1"),
        (f"look_{P}/1.jpg", "image_1"),
        (f"20260310_120000_{P}/images/0.jpg", "image_0"),
        (f"{ACCOUNT}/x/{P}/IMG_1234.HEIC", "image_1234"),
    ],
)
def test_a_file_with_the_id_of_a_post_of_the_drop_in_its_path_is_of_that_post(
    tmp_path: Path, place: str, frame: str
) -> None:
    put(tmp_path / place, JPEG)
    (media,) = find_media(tmp_path, lambda account: f"H-{account}", frozenset({P, Q})).files
    assert (media.post_id, media.frame) == (P, frame)
    assert P in media.name
    assert f"/{ACCOUNT}/" not in f"/{media.name}"


def test_a_file_with_the_ids_of_two_posts_in_its_path_is_of_neither(tmp_path: Path) -> None:
    put(tmp_path / f"{P}_and_{Q}-x.jpg", JPEG)
    assert find_media(tmp_path, str, frozenset({P, Q})).files == ()


def test_pictures_numbered_from_zero_are_all_used_in_their_order(tmp_path: Path) -> None:
    for n in range(3):
        put(tmp_path / f"{P}_{n}.jpg", JPEG)
    put(tmp_path / f"{Q}_1.jpg", JPEG)
    frames = [(m.post_id, m.frame) for m in find_media(tmp_path, str, frozenset({P, Q})).files]
    assert frames == [(P, "image_0"), (P, "image_1"), (P, "image_2"), (Q, "image_0")]


def test_a_name_of_time_and_title_is_rejected_with_what_to_set_in_the_crawler(tmp_path: Path) -> None:
    put(tmp_path / "2026-03-09_12.03.04_小星_春天的裙子_1.jpeg", JPEG)
    (reason,) = reasons(tmp_path).values()
    assert "name_format 作品ID" in reason


def test_an_avif_is_a_picture_whatever_brand_it_names_first(tmp_path: Path) -> None:
    put(tmp_path / f"{P}.bin", b"\0\0\0\x1cftypmiaf\0\0\0\0mif1avif")
    (media,) = find_media(tmp_path, str, frozenset({P})).files
    assert not media.is_video
