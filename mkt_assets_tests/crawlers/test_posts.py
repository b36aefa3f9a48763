from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.crawlers.base import Limits, Record
from mkt_assets.crawlers.posts import Post, UnusableRecord, clean_url, post_of, present, split_tags

CRAWL = date(2024, 6, 16)
POST, ACCOUNT = "666e3aa05e5e5e5e00000001", "5e5e5e5e00000000000000aa"
HERE = f"https://www.xiaohongshu.com/explore/{POST}"


def of(**fields: Any) -> Post | UnusableRecord:
    longest = fields.pop("max_characters", Limits.max_text_characters)
    ids: dict[str, Any] = {"post_id": POST, "poster_id": ACCOUNT}
    record = Record(**(ids | fields))
    return post_of(record, CRAWL, lambda account: "HASH", "Asia/Shanghai", max_characters=longest)


def row(**fields: Any) -> dict[str, Any]:
    post = of(**fields)
    assert isinstance(post, Post)
    return post.row


def test_texts_stay_as_crawled_but_for_what_cannot_be_stored() -> None:
    got = row(title=" 白衣\0 - 小红书", content="a<br>b\n\u3000nan \ud83d", location="上海", keyword="穿搭")
    assert (got["title"], got["content"]) == (" 白衣 - 小红书", "a<br>b\n\u3000nan \ufffd")
    assert (got["location"], got["keyword"]) == ("上海", "穿搭")


@pytest.mark.parametrize(
    "cell", [None, "", " \n", "nan", "NaN", "None", "null", "NULL", "\\N", "[NULL]", "<NA>", "\0"]
)
def test_a_missing_cell_is_null_in_every_form(cell: str | None) -> None:
    got = row(title=cell, content=cell, tags=cell, likes=cell, published=cell, fetched=cell, post_url=cell)
    assert [got[name] for name in ("title", "content", "n_likes", "fetched_at", "post_url")] == [None] * 5
    assert got["tags"] == []
    assert isinstance(of(post_id=cell), UnusableRecord)
    assert isinstance(of(poster_id=cell), UnusableRecord)


@pytest.mark.parametrize("text", ["nan nan", "nana", "null!", "Nan"])
def test_the_word_nan_inside_a_text_is_a_word(text: str) -> None:
    assert present(text) == text


@pytest.mark.parametrize("bad", ["../../etc", "a/b", "a\\b", "a b", "a.b", "x" * 65, "笔记", "a\nb", "1,2"])
def test_ids_of_other_characters_are_refused_without_repeating_them(bad: str) -> None:
    for refused in (of(post_id=bad), of(poster_id=bad)):
        assert isinstance(refused, UnusableRecord)
        assert bad not in refused.reason


@pytest.mark.parametrize(
    "rounded",
    [
        *("6.90103E+23", "6.9010316e+23", "7,3E+18", "1E+19", "6.90103E23", "7312345678901230000"),
        *("690103160000000000000000", "690,103,160,000,000,000,000,000", "7312345678901234567.0"),
    ],
)
def test_an_id_that_a_spreadsheet_program_rounded_is_refused_with_the_cause_and_the_remedy(
    rounded: str,
) -> None:
    for refused in (of(post_id=rounded), of(poster_id=rounded)):
        assert isinstance(refused, UnusableRecord)
        assert "spreadsheet program" in refused.reason
        assert "as text" in refused.reason
        assert rounded not in refused.reason


@pytest.mark.parametrize(
    "whole",
    [
        "690103160000000012001111",
        "7312345678901234567",
        "000000000000000000000000",
        "123456789012340",
        "5e10",
    ],
)
def test_an_id_of_digits_that_lost_none_is_read(whole: str) -> None:
    assert row(post_id=whole)["post_id"] == whole


def test_a_whole_number_of_a_column_with_gaps_is_an_id() -> None:
    assert row(post_id="730123.0")["post_id"] == "730123"


@pytest.mark.parametrize(
    "protected",
    [
        *(f"'{POST}", f'="{POST}"', f"{POST}\t", f'"{POST}"', f'"""{POST}"""', f"='{POST}'"),
        *(f"“{POST}”", f"`{POST}", f"\u200b{POST}\u202c", f"\ufeff{POST}\u00a0"),
    ],
)
def test_an_id_protected_from_spreadsheet_programs_is_read(protected: str) -> None:
    assert row(post_id=protected)["post_id"] == POST


def test_posts_of_a_drop_that_was_fetched_over_days_keep_their_times() -> None:
    got = row(post_id="p1", published="2024-06-20 12:00", fetched="2024-06-21 09:00:00")
    assert got["published_at"] == datetime(2024, 6, 20, 12)
    in_id = row(post_id="6675f5a05e5e5e5e00000001", fetched="2024-06-23 09:00:00")
    assert (in_id["published_at"], in_id["published_from"]) == (datetime(2024, 6, 22, 5, 50, 24), "post_id")


def test_a_time_after_the_crawl_is_kept_where_the_post_id_says_it_too() -> None:
    created = "6675f5a05e5e5e5e00000001"
    assert row(post_id=created, published="2024-06-22 05:52")["published_from"] == "field"
    assert row(post_id=created, published="2024-06-29 05:52")["published_at"] is None
    assert row(post_id=created)["published_at"] is None


@pytest.mark.parametrize(
    ("published", "why"),
    [
        (None, "give none"),
        ("nan", "give none"),
        ("2024-06-29", "say one after the crawl date"),
        ("1个月前", "say one that cannot be read"),
        ("06-15", None),
    ],
)
def test_a_post_without_a_time_says_why(published: str | None, why: str | None) -> None:
    post = of(post_id="p1", published=published)
    assert isinstance(post, Post)
    assert post.undated == why


def test_an_account_in_the_place_of_the_post_is_refused() -> None:
    refused = of(post_id=ACCOUNT)
    assert isinstance(refused, UnusableRecord)
    assert (refused.post_id, refused.poster_id) == (None, ACCOUNT)


def test_a_post_that_is_refused_for_its_account_is_named() -> None:
    refused = of(poster_id="../x")
    assert isinstance(refused, UnusableRecord)
    assert refused.post_id == POST


def test_the_published_time_falls_back_to_the_time_in_the_id() -> None:
    field, fallback = row(published="06-11 "), row(published="sometime")
    assert (field["published_at"], field["published_from"]) == (datetime(2024, 6, 11), "field")
    assert (fallback["published_at"], fallback["published_from"]) == (
        datetime(2024, 6, 16, 9, 6, 40),
        "post_id",
    )
    neither = row(post_id="p1")
    assert (neither["published_at"], neither["published_from"]) == (None, None)


def test_counts_carry_their_lower_bound_flag() -> None:
    got = row(likes="10万+", collects="1.2万", comments="评论")
    assert (got["n_likes"], got["n_likes_is_lower_bound"]) == (100000, True)
    assert (got["n_collects"], got["n_collects_is_lower_bound"]) == (12000, False)
    assert (got["n_comments"], got["n_shares"], got["n_shares_is_lower_bound"]) == (0, None, False)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("穿搭, ootd, 穿搭, ", ["穿搭", "ootd"]),
        ("#穿搭,＃ootd,# ,,", ["穿搭", "ootd"]),
        ("穿搭，日常", ["穿搭", "日常"]),
        ('["穿搭", "#a,b", 3]', ["穿搭", "a,b", "3"]),
        ("[]", []),
        ("[笑]穿搭,b", ["[笑]穿搭", "b"]),
        ("穿搭[话题]#,nan", ["穿搭[话题]#", "nan"]),
        ("穿搭, 00:57, 1:02:33, 2:1", ["穿搭", "2:1"]),
        ("[" * 100_000, ["[" * 100_000]),
    ],
)
def test_tags_of_every_form_become_one_list(text: str, tags: list[str]) -> None:
    assert split_tags(text) == tags


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f"{HERE}?xsec_token=abc#top", HERE),
        (f"https://www.xiaohongshu.com/user/profile/{ACCOUNT}/{POST}?x=1", HERE),
        (f"https://www.xiaohongshu.com/user/profile/someone/{POST}", HERE),
        (f"https://example.org/of/{ACCOUNT}/1", HERE),
        (f"https://{ACCOUNT}:pw@example.org/a", HERE),
        ("http://xhslink.com/a/b", "http://xhslink.com/a/b"),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("explore/1", None),
        ("", None),
    ],
)
def test_an_address_loses_its_tracking_and_its_account(text: str, address: str | None) -> None:
    assert clean_url(text, POST, ACCOUNT) == address


TEXTS = st.none() | st.text(st.characters(), max_size=40)


@given(st.builds(Record, *[TEXTS] * 6, st.none(), *[TEXTS] * 8))
def test_any_fields_give_a_post_or_a_reason(record: Record) -> None:
    outcome = post_of(record, CRAWL, lambda account: "HASH", "Asia/Shanghai")
    assert isinstance(outcome, Post) or outcome.reason.endswith(".")


def test_an_endless_address_is_none() -> None:
    assert clean_url("http://" + "\u0315\u0300" * 300_000, POST, ACCOUNT) is None


@pytest.mark.parametrize("name", ["title", "content", "tags"])
def test_a_text_that_no_post_has_is_refused_before_a_model_reads_it(name: str) -> None:
    assert isinstance(of(**{name: "裙" * 20_000}), Post)
    refused = of(**{name: "裙" * 20_001})
    assert isinstance(refused, UnusableRecord)
    assert refused.reason == "Title, text and tags have 20,001 characters, more than 20,000: no post has."
    assert refused.post_id == POST
    assert isinstance(of(max_characters=20_001, **{name: "裙" * 20_001}), Post)
