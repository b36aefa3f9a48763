from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from mkt_assets.crawlers.base import MediaKey
from mkt_assets.crawlers.registry import ReaderRegistry
from mkt_assets.crawlers.xhs_downloader import XhsDownloaderReader

READER = XhsDownloaderReader()
NOTE = "666e3aa05e5e5e5e00000001"


def test_its_table_is_known_by_its_columns() -> None:
    known = ReaderRegistry().reader_of(frozenset({"采集时间", "作品ID", "作品标题", "作者ID"}))
    assert known is not None
    assert (known[0].crawler, known[1]) == ("xhs_downloader", "posts")
    assert READER.kind_of(frozenset({"ID"})) is None


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        ("image", "image"),
        ("LivePhoto", "image"),
        ("video", "video"),
        ("圖文", "image"),
        ("視頻", "video"),
        ("unknown", None),
    ],
)
def test_kinds_are_read_in_every_language_of_its_interface(shown: str, kind: str | None) -> None:
    assert XhsDownloaderReader().record({"作品类型": shown}).kind == kind


@pytest.mark.parametrize(
    ("shown", "caption", "tags"),
    [
        ("City walk 显高 City", "#City walk[话题]# #显高[话题]# #City[话题]#", "City walk,显高,City"),
        ("City walk 显高", "出门 #City walk #显高", "City walk,显高"),
        ("clean fit OOTD", "#clean fit#OOTD", "clean fit,OOTD"),
        ("City walk", "#City #walk", "City,walk"),
        ("City walk", "#City walking", "City,walk"),
        ("显高 通勤", "#显高 通勤 好看", "显高,通勤"),
        ("City walk", "", "City,walk"),
    ],
)
def test_a_blank_inside_a_tag_is_told_by_the_text(shown: str, caption: str, tags: str) -> None:
    assert XhsDownloaderReader().record({"作品标签": shown, "作品描述": caption}).tags == tags


def test_a_row_becomes_a_record_under_our_names() -> None:
    values = {
        "采集时间": "2024-06-13_10:00:00", "作品ID": NOTE, "作品类型": "图文", "作品标题": "白衣",
        "作品描述": "今天穿", "作品标签": "穿搭  小个子", "发布时间": "2024-06-01_09:00:00", "收藏数量": "2",
        "评论数量": "3", "分享数量": "-1", "点赞数量": "1", "作者ID": "u", "作品链接": "https://x",
    }  # fmt: skip
    record = READER.record(values)
    assert (record.post_id, record.poster_id, record.kind) == (NOTE, "u", "image")
    assert (record.title, record.content, record.tags) == ("白衣", "今天穿", "穿搭,小个子")
    assert (record.likes, record.collects, record.comments, record.shares) == ("1", "2", "3", "-1")
    assert (record.published, record.fetched) == ("2024-06-01_09:00:00", "2024-06-13_10:00:00")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (f"Download/2024-06-01_小红_{NOTE}_1.jpeg", MediaKey(NOTE, "image_0")),
        (f"{NOTE}_12.png", MediaKey(NOTE, "image_11")),
        (f"小红_{NOTE}.mp4", MediaKey(NOTE, "post")),
        ("2024-06-01_小红_标题_1.jpeg", None),
        (f"{NOTE}/x.jpeg", None),
    ],
)
def test_the_place_of_a_picture_is_read(path: str, key: MediaKey | None) -> None:
    assert READER.media_key(PurePosixPath(path)) == key
