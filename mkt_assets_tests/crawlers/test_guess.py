"""Which tables the column guesser takes for posts, and which it leaves alone."""

from __future__ import annotations

import pytest

from mkt_assets.crawlers.column_names import NAMES
from mkt_assets.crawlers.guess import FIELDS, guess, normal
from mkt_assets.crawlers.registry import ReaderRegistry


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        # an id or a link, and a title or a text
        ("link title", "posts"),
        ("笔记链接 正文", "posts"),
        ("post_id title", "posts"),
        ("帖子ID 内容", "posts"),
        ("aweme_id desc", "posts"),
        ("post_id post_url title content poster_id", "posts"),
        # names that may be of anything need a sign of a post
        ("id title", None),
        ("id title likes", "posts"),
        ("id text", None),
        ("id text hashtags", "posts"),
        ("id thread_id author timestamp subject body", "posts"),
        ("video_id title desc", None),
        ("video_id title desc liked_count", "posts"),
        # something else
        ("title content", None),
        ("link likes", None),
        ("id level message timestamp", None),
        ("time level logger message url", None),
        ("id user message timestamp", None),
        ("comment_id aweme_id content user_id", "comments"),
        ("id note_id content like_count sub_comment_count", "comments"),
        ("评论内容 评论者 评论时间 笔记链接", "comments"),
        ("id thread_id author body timestamp likes post_id", "comments"),
        ("昵称 粉丝数 关注数 简介 主页链接", "accounts"),
        ("id nickname desc followers", "accounts"),
        # a post's table may have its account's followers, too
        ("link title author followers", "posts"),
        # what this project writes
        ("crawl_date post_id poster_id title content tags", None),
        ("crawl_date item_id cluster_id title link", None),
        ("poster_id post_id nums_category_img", None),
    ],
)
def test_a_table_is_of_posts_if_it_says_which_and_what(columns: str, kind: str | None) -> None:
    known = ReaderRegistry().reader_of(frozenset(columns.split()))
    assert (known and known[1]) == kind


@pytest.mark.parametrize(
    "name", ["note_id", "noteId", "Note ID", "NOTE-ID", "data.note_card.note_id", "note.noteId"]
)
def test_one_name_is_known_in_every_spelling(name: str) -> None:
    assert normal(name) == "noteid"


def test_the_path_of_another_post_inside_is_not_this_posts() -> None:
    assert guess({"id", "retweeted.note_id", "noteDetailMap.x.note.noteId", "retweeted.title"}).kind is None


def test_of_several_columns_the_better_name_comes_first() -> None:
    found = guess({"url", "note_url", "author.id", "user_id", "title"}).columns
    assert found["link"] == ("note_url", "url")
    assert found["account"][0] == "author.id"


def test_no_name_is_listed_twice_or_in_a_spelling_that_is_never_met() -> None:
    names = [name for field in FIELDS for name in NAMES[field] if name != "|"]
    assert len(names) == len(set(names))
    assert [name for name in names if normal(name) != name] == []


def test_a_table_that_a_crawler_could_have_written_is_guessed_if_it_has_more_than_that_crawler() -> None:
    for columns in (
        "note_id title content user_id likes",
        "笔记id 用户id 正文 点赞数",
        "post_id post_url title",
    ):
        known = ReaderRegistry().reader_of(frozenset(columns.split()))
        assert known
        assert known[0].crawler == "generic"
