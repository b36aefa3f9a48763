"""Tables and answers of exporters that no reader is written for: they give the rows of the plain form."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from mkt_assets.crawlers.drop import Ingest, ingest_drop
from mkt_assets.crawlers.guess import FIELDS
from mkt_assets.resources.accounts import creator_hash
from mkt_assets_tests.crawler_files import random_posts
from mkt_assets_tests.exporter_files import EXPORTERS, plain_csv, write, write_csv, write_json, write_xlsx

CRAWL = date(2024, 6, 13)
NOTE = "66683d6d000000001c020001"
README = Path(__file__).parents[2] / "README.md"
LINK = f"https://www.xiaohongshu.com/explore/{NOTE}"


def ingest(drop: Path) -> Ingest:
    drop.mkdir(parents=True, exist_ok=True)
    return ingest_drop(drop, CRAWL, hash_poster=creator_hash)


def rows(result: Ingest) -> list[dict[str, Any]]:
    return result.posts.to_pylist()


def only(drop: Path) -> dict[str, Any]:
    result = ingest(drop)
    assert result.rejects.to_pylist() == []
    (row,) = rows(result)
    return row


def reason(drop: Path) -> str:
    result = ingest(drop)
    assert result.posts.num_rows == 0
    (reject,) = result.rejects.to_pylist()
    return str(reject["reason"])


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_an_exporters_posts_are_the_rows_of_the_plain_form(name: str, tmp_path: Path) -> None:
    writer, account, columns = EXPORTERS[name]
    posts = random_posts(7, 10)
    writer(tmp_path / "theirs", posts)
    plain_csv(tmp_path / "plain", posts, account)
    theirs, expected = ingest(tmp_path / "theirs"), ingest(tmp_path / "plain")
    kept = [*sorted(columns), "poster_id"]
    assert theirs.posts.select(kept).to_pylist() == expected.posts.select(kept).to_pylist()
    everything = repr((theirs.posts.to_pylist(), theirs.files))
    assert [post.user_id for post in posts if post.user_id in everything] == []
    assert (theirs.posts.num_rows, theirs.rejects.num_rows, expected.rejects.num_rows) == (10, 0, 0)


def test_the_id_of_an_account_and_its_home_page_are_the_same_person(tmp_path: Path) -> None:
    posts = random_posts(8, 10)
    for account in ("author_id", "author_url"):
        plain_csv(tmp_path / account, posts, account)
    by_id, by_home = (rows(ingest(tmp_path / account)) for account in ("author_id", "author_url"))
    assert by_id == by_home


def test_the_smallest_table_is_a_link_and_a_title(tmp_path: Path) -> None:
    write(tmp_path / "my.csv", f"link,title\n{LINK},红裙\n".encode())
    row = only(tmp_path)
    assert (row["post_id"], row["post_url"], row["title"], row["crawler"]) == (NOTE, LINK, "红裙", "generic")


def test_the_tables_of_the_readme_are_read(tmp_path: Path) -> None:
    blocks = README.read_text(encoding="utf-8").split("```")
    table, columns = (
        next(b for b in blocks if b.strip().startswith(first)) for first in ("link,title", "field,column")
    )
    write(tmp_path / "smallest" / "posts.csv", table.strip().encode())
    assert only(tmp_path / "smallest")["title"] == "周末穿搭"
    write(tmp_path / "named" / "columns.csv", columns.strip().encode())
    write_csv(tmp_path / "named" / "a.csv", [{"网页": LINK, "名称": "红裙", "热度": "3"}])
    assert only(tmp_path / "named")["n_likes"] == 3
    assert [name for name in FIELDS if f"`{name}`" not in README.read_text(encoding="utf-8")] == []


def test_posts_without_any_account_are_each_an_accounts_own(tmp_path: Path) -> None:
    write(tmp_path / "my.csv", f"link,title\n{LINK},a\n{LINK[:-1]}2,b\n".encode())
    assert len({row["poster_id"] for row in rows(ingest(tmp_path))}) == 2


def test_posts_under_one_name_are_one_account_and_the_name_is_nowhere(tmp_path: Path) -> None:
    write(tmp_path / "my.csv", f"link,title,author\n{LINK},a,小星\n{LINK[:-1]}2,b,小星\n".encode())
    result = ingest(tmp_path)
    assert {row["poster_id"] for row in rows(result)} == {creator_hash("小星")}
    assert "小星" not in repr(rows(result))


@pytest.mark.parametrize(
    ("row", "post_id", "account", "address"),
    [
        (
            {
                "aweme_id": "7301",
                "title": "裙",
                "desc": "裙",
                "user_id": "u1",
                "liked_count": "1.2w",
                "create_time": 1,
            },
            *("7301", "u1", None),
        ),
        (
            {"note_id": "4912", "content": "裙", "user_id": "99", "liked_count": "5", "comments_count": "2"},
            *("4912", "99", None),
        ),
        (
            {"shortCode": "CzAb", "caption": "裙", "likesCount": 5, "ownerId": "77", "ownerUsername": "x"},
            *("CzAb", "77", None),
        ),
        (
            {
                "url": "https://www.instagram.com/p/CzAbcDEfghi/?img_index=1",
                "caption": "裙",
                "username": "some.one",
            },
            *("CzAbcDEfghi", creator_hash("some.one"), "https://www.instagram.com/p/CzAbcDEfghi/"),
        ),
        (
            {
                "链接": "https://www.douyin.com/video/7301234567890123456",
                "视频描述": "裙",
                "点赞数": 3,
                "作者": "星",
            },
            *("7301234567890123456", creator_hash("星"), "https://www.douyin.com/video/7301234567890123456"),
        ),
        (
            {"微博链接": "https://weibo.com/1234567890/Nabc12345", "微博正文": "裙", "转发数": 3},
            *("Nabc12345", "1234567890", None),
        ),
        (
            {
                "id": "730123456",
                "desc": "裙",
                "author": {"id": "55", "uniqueId": "x"},
                "stats": {"diggCount": 5},
            },
            *("730123456", "55", None),
        ),
        (
            {"url": "https://www.tiktok.com/@a.b/video/7301234567890", "text": "裙", "likes": 3},
            *("7301234567890", creator_hash("a.b"), "https://www.tiktok.com/@/video/7301234567890"),
        ),
    ],
)
def test_posts_of_other_platforms_come_in_by_the_same_door(
    row: dict[str, Any], post_id: str, account: str, address: str | None, tmp_path: Path
) -> None:
    write_json(tmp_path / "posts.json", [row])
    found = only(tmp_path)
    assert (found["post_id"], found["poster_id"]) == (post_id, creator_hash(account))
    assert (found["post_url"], found["title"] or found["content"]) == (address, "裙")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#通勤 #City walk#穿搭", ["通勤", "City walk", "穿搭"]),
        ("通勤 穿搭", ["通勤", "穿搭"]),
        ("City walk", ["City walk"]),
        ("通勤、穿搭;小个子", ["通勤", "穿搭", "小个子"]),
        ('[{"name": "通勤"}, {"hashtag_name": "穿搭"}, {"id": 1}]', ["通勤", "穿搭"]),
    ],
)
def test_tags_are_read_as_their_exporter_wrote_them(text: str, tags: list[str], tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"link": LINK, "title": "a", "tags": text}])
    assert only(tmp_path)["tags"] == tags


def test_tags_in_a_column_each_are_one_list(tmp_path: Path) -> None:
    row = {"url": LINK, "caption": "a", "hashtags/1": "walk, run", "hashtags/0": "裙", "hashtags/2": ""}
    write_csv(tmp_path / "a.csv", [row])
    assert only(tmp_path)["tags"] == ["裙", "walk, run"]


def test_the_address_of_a_picture_is_not_the_posts(tmp_path: Path) -> None:
    row = {"id": "CzAbcDE", "body": "a", "hashtags": "x", "url": "https://cdn.example.org/abc123/1.jpg"}
    write_csv(tmp_path / "a.csv", [row])
    found = only(tmp_path)
    assert (found["post_id"], found["post_url"]) == ("CzAbcDE", None)


def test_a_day_and_a_time_of_day_in_two_columns_are_one_time(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"link": LINK, "title": "a", "date": "2024-06-11", "time": "20:05"}])
    assert only(tmp_path)["published_at"] == datetime(2024, 6, 11, 20, 5)


def test_a_databases_own_id_of_a_row_is_not_the_posts(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [{"_id": {"$oid": "6" * 24}, "id": NOTE, "title": "a", "likes": "3"}])
    assert only(tmp_path)["post_id"] == NOTE


def test_a_table_that_lacks_what_is_needed_is_told_what_and_how(tmp_path: Path) -> None:
    write_csv(tmp_path / "csv" / "a.csv", [{"标题": "红裙", "点赞数": "3"}])
    write_xlsx(tmp_path / "xlsx" / "a.xlsx", [{"标题": "红裙", "点赞数": "3"}])
    write_json(tmp_path / "json" / "a.json", [{"标题": "红裙", "点赞数": "3"}])
    for name in ("csv", "xlsx", "json"):
        said = reason(tmp_path / name)
        assert "It has a title (标题), but nothing that identifies a post." in said
        assert "link,title" in said
        assert "columns.csv" in said


def test_a_row_whose_link_is_of_no_post_says_which_columns_were_looked_at(tmp_path: Path) -> None:
    write(
        tmp_path / "a.csv",
        b"link,title\nhttps://www.xiaohongshu.com/user/profile/5f1234560000000001001a2b,x\n",
    )
    assert "a link with the id in it (link)" in reason(tmp_path)


def test_the_number_of_a_row_is_no_id(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"id,title,likes\n1,a,3\n")
    assert "neither a post's id" in reason(tmp_path)
    write(tmp_path / "a.csv", f"id,title,likes,link\n1,a,3,{LINK}\n".encode())
    assert only(tmp_path)["post_id"] == NOTE


def test_an_id_that_is_none_gives_way_to_the_links(tmp_path: Path) -> None:
    for n, shown in enumerate(("6.9E+23", "nan", "")):
        row = {"note_id": shown, "title": "a", "link": LINK, "author_id": "nan", "author": "星"}
        write_csv(tmp_path / str(n) / "a.csv", [row])
        found = only(tmp_path / str(n))
        assert (found["post_id"], found["poster_id"]) == (NOTE, creator_hash("星"))


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "gbk"), ("\t", "utf-16"), ("，", "utf-8")]
)
def test_columns_csv_overrides_what_is_guessed_and_is_no_table_itself(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    write_csv(tmp_path / "a.csv", [{"网页": LINK, "标题": "not this", "名称": "红裙", "热度": "1.2万"}])
    lines = "field,column\nlink,网页\ntitle,名称\nlikes,热度\n".replace(",", delimiter)
    write(tmp_path / "columns.csv", lines.encode(encoding))
    row = only(tmp_path)
    assert (row["post_id"], row["title"], row["n_likes"]) == (NOTE, "红裙", 12_000)
    (file,) = ingest(tmp_path).files
    assert file.columns == (("link", "网页"), ("title", "名称"), ("likes", "热度"))


def test_columns_csv_makes_no_posts_of_comments_unless_it_says_all_that_a_post_needs(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "a.csv", [{"comment_id": "c1", "note_id": NOTE, "content": "好看", "like_count": "3"}]
    )
    write(tmp_path / "columns.csv", b"likes,like_count\n")
    assert [file.kind for file in ingest(tmp_path).files] == ["comments"]
    write(tmp_path / "columns.csv", b"id,comment_id\ncontent,content\n")
    assert only(tmp_path)["post_id"] == "c1"


def test_an_empty_value_of_a_named_column_is_not_replaced_by_a_guess(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [{"link": LINK, "title": "guessed", "名称": None, "content": "c"}])
    write(tmp_path / "columns.csv", "title,名称\n".encode())
    assert only(tmp_path)["title"] is None


def test_what_columns_csv_says_wrong_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"link": LINK, "title": "a"}])
    write(tmp_path / "columns.csv", "nonsense,a\ntitle,名称\ntoo,many,cells\n".encode())
    result = ingest(tmp_path)
    assert [(r["source_row"], r["reason"][:30]) for r in result.rejects.to_pylist()] == [
        (None, "No table of the drop has the co"[:30]),
        (1, "A line is field,column; the fie"[:30]),
        (3, "A line is field,column; the fie"[:30]),
    ]
    assert result.posts.num_rows == 1


def test_a_note_found_by_two_keywords_keeps_both(tmp_path: Path) -> None:
    table = [{"link": LINK, "title": "a", "keyword": word} for word in ("风衣", "通勤穿搭", "风衣", "")]
    write_csv(tmp_path / "a.csv", table)
    row = only(tmp_path)
    assert (row["keyword"], row["n_merged_rows"]) == ("风衣, 通勤穿搭", 3)
