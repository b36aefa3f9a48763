from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from mkt_assets.crawlers.base import MediaKey
from mkt_assets.crawlers.mediacrawler import MediaCrawlerReader

READER = MediaCrawlerReader()


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"note_id", "title", "desc", "user_id", "liked_count"}, "posts"),
        ({"note_id", "comment_id", "content", "user_id"}, "comments"),
        ({"user_id", "nickname", "fans", "follows"}, "accounts"),
        ({"note_id", "content", "create_time"}, None),  # another platform's table
        ({"user_id"}, None),
    ],
)
def test_its_tables_are_known_by_their_columns(columns: set[str], kind: str | None) -> None:
    assert READER.kind_of(frozenset(columns)) == kind


def test_a_row_becomes_a_record_under_our_names() -> None:
    values = {
        "note_id": "p", "type": "video", "title": "白衣", "desc": "今天穿", "user_id": "u",
        "time": "1718500000000", "last_modify_ts": "1718503600000", "ip_location": "上海", "tag_list": "a,b",
        "liked_count": "10万+", "collected_count": "2", "comment_count": "3", "share_count": "4",
        "note_url": "https://x", "source_keyword": "穿搭",
    }  # fmt: skip
    record = READER.record(values)
    assert (record.post_id, record.poster_id, record.kind) == ("p", "u", "video")
    assert (record.title, record.content, record.tags) == ("白衣", "今天穿", "a,b")
    assert (record.likes, record.collects, record.comments, record.shares) == ("10万+", "2", "3", "4")
    assert (record.published, record.fetched) == ("1718500000000", "1718503600000")
    assert (record.location, record.keyword, record.post_url) == ("上海", "穿搭", "https://x")


def test_the_account_is_the_hash_since_there_is_one() -> None:
    assert READER.record({"creator_hash": "h", "user_id": "u"}).poster_id == "h"
    assert READER.record({"creator_hash": "", "user_id": "u"}).poster_id == "u"


def test_kinds_are_translated_and_others_are_null() -> None:
    assert [READER.record({"type": name}).kind for name in ("normal", "video", "live", "")] == [
        "image",
        "video",
        None,
        None,
    ]


def test_a_title_made_from_the_content_is_left_out() -> None:
    content = "衣" * 300
    assert READER.record({"title": content[:255], "desc": content}).title is None
    assert READER.record({"title": "短文", "desc": "短文"}).title is None
    assert READER.record({"title": content[:254], "desc": content}).title == content[:254]
    assert READER.record({"title": "", "desc": ""}).title == ""


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("xhs/images/p/0.jpg", MediaKey("p", "image_0")),
        ("xhs/videos/p/0.mp4", MediaKey("p", "image_0")),
        ("p/7.png", MediaKey("p", "image_7")),
        ("0.jpg", None),
        ("p/cover.jpg", None),
    ],
)
def test_the_place_of_a_picture_is_read(path: str, key: MediaKey | None) -> None:
    assert READER.media_key(PurePosixPath(path)) == key
