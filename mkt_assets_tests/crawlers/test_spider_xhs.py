from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.crawlers.base import MediaKey
from mkt_assets.crawlers.posts import split_tags
from mkt_assets.crawlers.registry import ReaderRegistry
from mkt_assets.crawlers.spider_xhs import SpiderXhsReader

READER = SpiderXhsReader()
USER, NOTE = "5e5e5e5e00000000000000aa", "666e3aa05e5e5e5e00000001"


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"note_id", "note_url", "note_type", "user_id", "title", "desc", "tags", "upload_time"}, "posts"),
        ({"笔记id", "笔记url", "笔记类型", "用户id", "标题", "描述", "上传时间"}, "posts"),
        ({"note_id", "comment_id", "user_id", "content", "show_tags", "upload_time"}, "comments"),
        ({"笔记id", "评论id", "用户id", "评论内容", "上传时间"}, "comments"),
        ({"用户id", "用户名", "粉丝数量", "介绍"}, "accounts"),
        ({"user_id", "home_url", "nickname", "fans", "follows"}, "accounts"),
    ],
)
def test_its_tables_are_known_by_their_columns(columns: set[str], kind: str) -> None:
    known = ReaderRegistry().reader_of(frozenset(columns))
    assert known is not None
    assert (known[0].crawler, known[1]) == ("spider_xhs", kind)


def test_both_kinds_of_file_become_the_same_record() -> None:
    of_json = {
        "note_id": NOTE, "user_id": USER, "note_type": "视频", "title": "白衣", "desc": "今天穿",
        "liked_count": "1", "collected_count": "2", "comment_count": "3", "share_count": "4",
        "tags": '["a", "b"]', "upload_time": "2024-06-01 10:00:00", "ip_location": "上海",
        "note_url": "https://x",
    }  # fmt: skip
    of_workbook = {
        "笔记id": NOTE, "用户id": USER, "笔记类型": "视频", "标题": "白衣", "描述": "今天穿",
        "点赞数量": "1", "收藏数量": "2", "评论数量": "3", "分享数量": "4",
        "标签": "['a', 'b']", "上传时间": "2024-06-01 10:00:00", "ip归属地": "上海", "笔记url": "https://x",
    }  # fmt: skip
    record = READER.record(of_json)
    assert READER.record(of_workbook) == record
    assert (record.post_id, record.poster_id, record.kind, record.title) == (NOTE, USER, "video", "白衣")
    assert (record.likes, record.collects, record.comments, record.shares) == ("1", "2", "3", "4")
    assert (record.published, record.location, record.fetched) == ("2024-06-01 10:00:00", "上海", None)


def test_its_words_for_nothing_are_nothing() -> None:
    record = READER.record({"title": "无标题", "ip_location": "未知", "note_type": "直播"})
    assert (record.title, record.location, record.kind) == (None, None, None)
    assert READER.record({"title": "无标题的一天"}).title == "无标题的一天"


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=12), max_size=6))
def test_a_list_as_python_shows_it_is_read_like_json(tags: list[str]) -> None:
    shown, as_json = READER.record({"标签": str(tags)}), READER.record({"tags": json.dumps(tags)})
    assert split_tags(shown.tags) == split_tags(as_json.tags)


@given(st.text(st.sampled_from("[]'\", \\xu41aé"), max_size=40))
def test_any_text_in_place_of_a_list_is_read(text: str) -> None:
    assert isinstance(split_tags(READER.record({"标签": text}).tags), list)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (f"小红_{USER}/标题_{NOTE}/image_3.jpg", MediaKey(NOTE, "image_3", USER)),
        (f"a/b/a_b_{USER}/ootd_{NOTE}/cover.jpg", MediaKey(NOTE, "post", USER)),
        (f"_{USER}/_{NOTE}/video.mp4", MediaKey(NOTE, "video", USER)),
        (f"小红_{USER}/标题_{NOTE}/other.jpg", None),
        (f"小红/标题_{NOTE}/image_3.jpg", None),
        (f"标题_{NOTE}/image_3.jpg", None),
    ],
)
def test_the_place_of_a_picture_is_read(path: str, key: MediaKey | None) -> None:
    assert READER.media_key(PurePosixPath(path)) == key
