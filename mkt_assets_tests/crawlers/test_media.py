from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mkt_assets.crawlers.media import MediaIndex, attach_media, named_media, sort_media
from mkt_assets.crawlers.redact import Redactor
from mkt_assets.crawlers.walk import walk_drop

PNG = b"\x89PNG\r\n\x1a\n0000"
JPEG = b"\xff\xd8\xff\xe000000000"
WEBP = b"RIFF0000WEBPVP8X"
MP4 = b"\0\0\0\x18ftypmp42"
HEIC = b"\0\0\0\x18ftypheic"
WEBM = b"\x1aE\xdf\xa3000000000"


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def hashed(account: str) -> str:
    return f"H-{account}"


def post(
    kind: str | None = None, title: str | None = None, published_at: datetime | None = None
) -> dict[str, Any]:
    return {"kind": kind, "title": title, "published_at": published_at, "poster_id": "H-someone"}


def index(drop: Path, posts: dict[str, dict[str, Any]] | None = None) -> MediaIndex:
    posts = posts or {"p": post(), "q": post()}
    media, _, _ = sort_media(walk_drop(drop).files, hashed)
    return attach_media(media, posts, hashed, Redactor(hashed, frozenset(), frozenset(posts)))


def found(drop: Path) -> dict[str, tuple[str, str | None, bool]]:
    return {media.name: (media.post_id, media.frame, media.is_video) for media in index(drop).files}


def reasons(drop: Path) -> dict[str, str]:
    return {reject.source_file: reject.reason for reject in index(drop).rejects}


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
    assert index(tmp_path).files[0].path == tmp_path / place


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
    assert index(tmp_path) == MediaIndex((), ())


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


NOTE = "69af0010000000001f000010"
OTHER = "69af0011000000001f000011"


def frames(drop: Path, kind: str | None = None) -> dict[str, str | None]:
    media = index(drop, {NOTE: post(kind), OTHER: post(kind)})
    assert not media.rejects
    return {file.name: file.frame for file in media.files}


@pytest.mark.parametrize(
    ("still", "clip"),
    [
        (f"{NOTE}_1.jpeg", f"{NOTE}_1.mp4"),
        (f"Download/2026-03-09_小星_{NOTE}_1.webp", f"Download/2026-03-09_小星_{NOTE}_1.mov"),
        (f"{NOTE}/IMG_1234.HEIC", f"{NOTE}/img_1234.MOV"),
        (f"xhs/images/{NOTE}/0.jpg", f"xhs/images/{NOTE}/0.mp4"),
    ],
)
def test_a_picture_and_a_clip_of_one_name_are_one_picture(tmp_path: Path, still: str, clip: str) -> None:
    put(tmp_path / still, JPEG)
    put(tmp_path / clip, MP4)
    for kind in ("image", None):
        assert list(frames(tmp_path, kind)) == [still]
    assert set(frames(tmp_path, "video").values()) > {None}  # its cover, and the video


def test_several_clips_are_of_live_photos_whatever_the_table_says_the_post_is(tmp_path: Path) -> None:
    for n in (1, 2):
        put(tmp_path / f"{NOTE}_{n}.jpeg", JPEG)
        put(tmp_path / f"{NOTE}_{n}.mp4", MP4)
    assert frames(tmp_path, "video") == {f"{NOTE}_1.jpeg": "image_0", f"{NOTE}_2.jpeg": "image_1"}


def test_a_crawlers_video_with_a_cover_of_its_name_stays_a_video(tmp_path: Path) -> None:
    put(tmp_path / "u/p/video.mp4", MP4)
    put(tmp_path / "u/p/video.jpg", JPEG)
    assert [frame for _, frame, _ in found(tmp_path).values()] == ["post", None]


@pytest.mark.parametrize("first", [0, 1])
def test_pictures_numbered_from_zero_or_one_are_all_there_in_order(tmp_path: Path, first: int) -> None:
    names = [f"{NOTE}_{n}.jpg" for n in range(first, first + 12)]
    for name in names:
        put(tmp_path / name, JPEG)
    assert frames(tmp_path) == {name: f"image_{i}" for i, name in enumerate(names)}


@pytest.mark.parametrize(
    "place",
    [
        f"{NOTE}/image_0.jpg",
        f"{NOTE}/img_01.jpg",
        f"{NOTE}-1.jpg",
        f"images/{NOTE}/cover.jpg",
        f"images/今天的穿搭_{NOTE}/1.jpg",
        f"images/今天的穿搭_{NOTE}/image_1.jpg",
        f"20260310_120000_{NOTE}/images/0.jpg",
        f"a/{NOTE}.jpg",
    ],
)
def test_the_id_of_a_known_post_anywhere_in_a_path_says_whose_the_picture_is(
    tmp_path: Path, place: str
) -> None:
    put(tmp_path / place, JPEG)
    assert list(frames(tmp_path)) == [place]


def test_pictures_without_numbers_in_the_folder_of_a_post_are_all_its_own(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "cover.jpg"):
        put(tmp_path / NOTE / name, JPEG)
    assert frames(tmp_path) == {
        f"{NOTE}/a.jpg": "image_0",
        f"{NOTE}/b.jpg": "image_1",
        f"{NOTE}/cover.jpg": "image_2",
    }


def test_a_path_with_the_ids_of_two_posts_is_not_guessed_at(tmp_path: Path) -> None:
    put(tmp_path / NOTE / f"x-{OTHER}-y.jpg", JPEG)
    media = index(tmp_path, {NOTE: post(), OTHER: post()})
    assert not media.files
    assert "several posts" in media.rejects[0].reason


TIME = datetime(2024, 6, 11, 20, 5, 2)
DEFAULT = "2024-06-11_20.05.02_小王2_周末穿搭2_1.png"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (DEFAULT, "周末穿搭2"),
        ("2024-06-11_20.05.02_小王_what_s in my bag_3.png", "what's in my bag?!"),
        ("2024-06-11_20.05.02_小王_" + "甲" * 9 + "..." + "乙" * 9 + "_3.png", "甲" * 40 + "乙" * 40),
        ("2024-06-11_20.05.02_小王_周末穿搭2/2024-06-11_20.05.02_小王_周末穿搭2_1.png", "周末穿搭2 🌸"),
    ],
)
def test_a_time_and_title_name_the_post_and_the_name_of_its_account_is_not_kept(
    tmp_path: Path, name: str, title: str
) -> None:
    put(tmp_path / name, PNG)
    [file] = index(tmp_path, {NOTE: post(title=title, published_at=TIME), OTHER: post()}).files
    assert file.post_id == NOTE
    assert "_小王" not in file.name
    assert file.name.startswith("2024-06-11_20.05.02_")
    row = {"post_id": NOTE, "poster_id": "H-someone", "media_paths": [file.name]}
    assert named_media(tmp_path, hashed, [row]) == (file,)


@pytest.mark.parametrize(
    "posts",
    [
        {NOTE: post(title="别的", published_at=TIME)},
        {NOTE: post(title="周末穿搭2", published_at=datetime(2024, 6, 11, 20, 5, 3))},
        {NOTE: post(title="周末穿搭2", published_at=TIME), OTHER: post(title="周末穿搭", published_at=TIME)},
    ],
)
def test_a_time_and_title_of_no_post_or_of_two_are_refused_with_the_setting_to_change(
    tmp_path: Path, posts: dict[str, dict[str, Any]]
) -> None:
    put(tmp_path / DEFAULT, PNG)
    [reject] = index(tmp_path, posts).rejects
    assert "name_format to 作品ID" in reject.reason
    assert "_小王" not in reject.source_file


def test_an_account_of_the_drop_in_a_path_is_hashed_and_the_file_found_again(tmp_path: Path) -> None:
    put(tmp_path / "wang-xiao" / NOTE / "1.jpg", JPEG)
    rows = {NOTE: {**post(), "poster_id": "H-wang-xiao"}}
    [file] = index(tmp_path, rows).files
    assert file.name == f"H-wang-xiao/{NOTE}/1.jpg"
    again = named_media(
        tmp_path, hashed, [{"post_id": NOTE, "poster_id": "H-wang-xiao", "media_paths": [file.name]}]
    )
    assert again == (file,)


def test_a_second_video_of_a_post_is_refused_with_the_first_named(tmp_path: Path) -> None:
    put(tmp_path / f"{NOTE}_1.mp4", MP4)
    put(tmp_path / f"{NOTE}_2.mp4", MP4)
    [reject] = index(tmp_path, {NOTE: post()}).rejects
    assert f"{NOTE}_1.mp4" in reject.reason


@pytest.mark.parametrize(
    "brands", [b"avif\0\0\0\0mif1", b"mif1\0\0\0\0avifmiaf", b"isom\0\0\0\0mif1heic", b"mp42\0\0\0\0avis"]
)
def test_a_picture_is_told_from_a_video_by_all_of_its_brands(tmp_path: Path, brands: bytes) -> None:
    put(tmp_path / "u/p/post.mp4", (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + b"\0" * 20)
    assert [is_video for _, _, is_video in found(tmp_path).values()] == [False]
