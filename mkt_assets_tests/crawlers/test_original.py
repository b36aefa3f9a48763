from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from mkt_assets.crawlers.base import MediaKey, Record
from mkt_assets.crawlers.original import OriginalReader
from mkt_assets.crawlers.registry import ReaderRegistry

COLUMNS = [
    "poster_id", "post_id", "post_url", "post_title", "post_location", "post_date", "post_time", "post_content",
    "post_tag", "post_comments", "post_like", "post_collect", "post_img", "post_comment_content", "post_fetch_time",
]  # fmt: skip


def test_its_tables_are_known_by_their_columns() -> None:
    known = ReaderRegistry().reader_of(frozenset(COLUMNS))
    assert known is not None
    assert (known[0].crawler, known[1]) == ("original", "posts")


def test_tables_derived_from_a_crawl_are_not_taken_for_one() -> None:
    assert ReaderRegistry().reader_of(frozenset({"poster_id", "post_id", "nums_category_img"})) is None


def test_a_row_becomes_a_record_under_our_names() -> None:
    record = OriginalReader().record({name: name.upper() for name in COLUMNS})
    assert record == Record(
        post_id="POST_ID",
        poster_id="POSTER_ID",
        post_url="POST_URL",
        title="POST_TITLE",
        content="POST_CONTENT",
        tags="POST_TAG",
        likes="POST_LIKE",
        collects="POST_COLLECT",
        comments="POST_COMMENTS",
        published="POST_DATE POST_TIME",
        fetched="POST_FETCH_TIME",
        location="POST_LOCATION",
    )


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("u/p/post.png", MediaKey("p", "post", "u")),
        ("m/u/p/video.mp4", MediaKey("p", "video", "u")),
        ("m/06-11_u_p_video_2.png", MediaKey("p", "video_2", "u")),
        ("昨天 12:00_u_p_post.png", MediaKey("p", "post", "u")),
        ("p/post.png", None),
        ("u/p/cover.png", None),
        ("u/p/0.jpg", None),
        ("06-11_p_post.png", None),
    ],
)
def test_the_place_of_a_picture_is_read(path: str, key: MediaKey | None) -> None:
    assert OriginalReader().media_key(PurePosixPath(path)) == key
