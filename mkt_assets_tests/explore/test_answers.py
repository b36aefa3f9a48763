"""What the explorer answers is what SQL finds in the published snapshot."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mkt_assets.core.text.csv_injection import unescape_formula
from mkt_assets.explore import answers
from mkt_assets.explore.filters import FilterError, parse
from mkt_assets.explore.index import Index, NothingStoredError, open_index
from mkt_assets.resources.tags import Tags
from mkt_assets.settings import Settings
from mkt_assets_tests.explore.planted import D1, D2, WORDS, N, plant, post_id


@pytest.fixture
def tags(tmp_path: Path) -> Tags:
    return Tags(tmp_path / "tags.csv")


def found(index: Index, tags: Tags, **query: str) -> dict[str, Any]:
    return answers.found(index, tags, parse(query))


def ids(answer: dict[str, Any]) -> list[str]:
    return [post["id"] for post in answer["posts"]]


def in_sql(home: Settings, where: str) -> set[tuple[str, str]]:
    with duckdb.connect(str(home.snapshot_path), read_only=True) as connection:
        rows = connection.execute(
            f"SELECT DISTINCT post_id, crawl_date FROM raw_posts WHERE {where}"
        ).fetchall()
    return {(post, str(day)) for post, day in rows}


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, "true"),
        ({"words": "瑜伽"}, "content LIKE '%瑜伽%'"),
        ({"words": "lace 通勤"}, "content LIKE '%Lace%' AND content LIKE '%通勤%'"),
        ({"words": "标签"}, "len(tags) > 0"),
        ({"words": "勤"}, "content LIKE '%勤%'"),
        ({"crawl_date": str(D1)}, f"crawl_date = '{D1}'"),
        ({"crawl_date": f"{D1},{D2}", "likes": "300"}, "n_likes >= 300"),
        ({"words": "100%_"}, "false"),
        ({"verdict": "rejected"}, "post_id LIKE '%9'"),
        ({"style": "style-1"}, "post_id[4]::INT % 2 = 1 AND post_id NOT LIKE '%9'"),
        ({"style": "none"}, "post_id LIKE '%9'"),
        ({"topic": "topic-0", "words": "Lace"}, "content LIKE '%Lace%' AND post_id[4]::INT % 2 = 0"),
        ({"style": "style-1", "verdict": "rejected"}, "false"),
        ({"topic": "' OR true --"}, "false"),
    ],
)
def test_what_matches_is_what_sql_finds(
    home: Settings, index: Index, tags: Tags, query: dict[str, str], where: str
) -> None:
    expected = in_sql(home, where)
    answer = found(index, tags, **query)
    assert answer["n_posts"] == len(expected)
    assert answer["n_distinct_posts"] == len({post for post, _ in expected})
    pages = [
        found(index, tags, **query, offset=str(offset))["posts"] for offset in range(0, len(expected), 60)
    ]
    assert {(post["id"], post["crawl_date"]) for page in pages for post in page} == expected


def test_words_in_one_piece_are_found_apart_too(index: Index, tags: Tags) -> None:
    apart = found(index, tags, words="通勤 瑜伽")
    assert ids(apart) == ids(found(index, tags, words="通勤瑜伽")) != []
    assert found(index, tags, words="通勤瑜伽裤")["n_posts"] == 0


def test_an_account_is_its_pseudonym_and_the_belief_beside_a_selection_counts_each_post_once(
    index: Index, tags: Tags
) -> None:
    answer = found(index, tags, account="a1")
    assert answer["n_accounts"] == 1
    assert answer["largest_share"] is None
    assert {post["account"] for post in answer["posts"]} == {"a1"}
    everybody = found(index, tags)
    # posts 30 to 39 are in both crawls
    assert (everybody["n_accounts"], everybody["largest_share"]) == (4, "26%")
    assert answers.start_of(index, tags)["accounts"] == [["a0", 18], ["a1", 18], ["a2", 17], ["a3", 17]]


@pytest.mark.parametrize(("sort", "key"), [("likes", "likes"), ("date", "date")])
def test_posts_come_in_the_order_that_is_asked_for(index: Index, tags: Tags, sort: str, key: str) -> None:
    values = [post[key] for post in found(index, tags, sort=sort)["posts"] if post[key] is not None]
    assert values == sorted(values, reverse=True)
    assert len(values) >= 59


def test_what_is_alike_comes_first_and_what_has_no_vector_does_not_come(index: Index, tags: Tags) -> None:
    first = found(index, tags, words="第12天", map="image")["posts"][0]
    answer = found(index, tags, like=first["pictures"][0]["key"], crawl_date=str(D1))
    assert ids(answer)[0] == post_id(12)
    assert set(ids(answer)[1:3]) == {post_id(10), post_id(14)}
    assert answer["posts"][0]["similarity"] == 1
    assert not any(post.endswith("9") for post in ids(answer))
    assert [post["similarity"] for post in answer["posts"]] == sorted(
        (post["similarity"] for post in answer["posts"]), reverse=True
    )
    with pytest.raises(FilterError, match="no vector"):
        found(index, tags, like=f"image/{D1}/nowhere/post")


def test_a_lasso_takes_the_items_that_lie_in_it(index: Index, tags: Tags) -> None:
    # a triangle around the odd posts below 20
    answer = found(index, tags, lasso="-0.5,-0.5,-0.3,-0.5,-0.4,0.5", map="text", crawl_date=str(D1))
    items, places = index.positions["text"]
    inside = {
        int(item)
        for item, (x, y) in zip(items, places, strict=True)
        if y > -0.5 and abs(x + 0.4) < 0.1 * (0.5 - y)
    }
    assert set(answer["items"]) <= inside
    assert set(ids(answer)) == {post_id(n) for n in range(1, N, 2)}


def test_the_map_says_where_each_item_lies_and_which_ones_match(index: Index, tags: Tags) -> None:
    placed = answers.map_of(index, "image")
    assert len(placed["item"]) == 2 * N - 8
    assert {placed["identity"][c] for c in placed["cluster"]} == {"style-0", "style-1"}
    matching = set(found(index, tags, style="style-1", map="image")["items"])
    names = [placed["identity"][c] for c in placed["cluster"]]
    assert matching == {item for item, name in zip(placed["item"], names, strict=True) if name == "style-1"}
    assert all((x < 0) == (name == "style-1") for x, name in zip(placed["x"], names, strict=True))


def test_no_address_but_one_of_the_web_becomes_a_link(index: Index, tags: Tags) -> None:
    [post] = [post for post in found(index, tags, words="第6天")["posts"] if post["id"] == post_id(6)]
    assert post["url"] is None
    assert found(index, tags, words="第7天")["posts"][0]["url"] == "https://example.org/7"


def test_the_csv_has_exactly_the_posts_that_match_with_names_instead_of_ids(index: Index, tags: Tags) -> None:
    tags.change("=试", [post_id(2)], give=True)
    asked = parse({"words": "瑜伽", "crawl_date": str(D1)})
    text = b"".join(answers.csv_of(index, tags, asked)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["post_id"] for row in rows) == sorted(
        ids(found(index, tags, words="瑜伽", crawl_date=str(D1)))
    )
    assert {row["style"] for row in rows} == {"风格0"} and {row["topic"] for row in rows} == {"话题0"}
    [tagged] = [row["tags"] for row in rows if row["tags"]]
    assert tagged.startswith("'=") and unescape_formula(tagged) == "=试"


def test_what_cannot_be_a_csv_is_said_before_the_csv_begins(
    index: Index, tags: Tags, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FilterError, match="no vector"):
        answers.csv_of(index, tags, parse({"like": "nothing"}))
    monkeypatch.setattr(answers, "MAX_EXPORTED", 79)
    with pytest.raises(FilterError, match="80 posts are more than 79"):
        answers.csv_of(index, tags, parse({}))


def test_why_a_picture_was_not_used_stands_beside_it(index: Index, tags: Tags) -> None:
    for post in found(index, tags, verdict="rejected")["posts"]:
        assert [picture["reason"] for picture in post["pictures"]] == ["nobody in it"]


def test_the_start_has_menus_with_names_and_counts(index: Index, tags: Tags) -> None:
    start = answers.start_of(index, tags)
    assert start["dates"] == [[str(D1), N], [str(D2), N]]
    assert {name for _, name, _ in start["clusters"]["image"]} == {"风格0", "风格1"}
    assert (start["n_posts"], start["n_distinct_posts"], start["n_accounts"]) == (80, 70, 4)
    assert start["not_placed"] == []


def test_a_published_snapshot_takes_the_place_of_what_was_read(tmp_path: Path) -> None:
    settings = plant(tmp_path)
    index = open_index(settings.snapshot_path)
    assert index.is_current()
    with duckdb.connect(str(tmp_path / "other.duckdb")) as other:
        other.execute("CREATE TABLE t AS SELECT 1")
    (tmp_path / "other.duckdb").replace(settings.snapshot_path)
    assert not index.is_current()
    with pytest.raises(NothingStoredError, match="mkt snapshot"):
        open_index(settings.snapshot_path)
    settings.snapshot_path.unlink()
    with pytest.raises(NothingStoredError, match="mkt run"):
        open_index(settings.snapshot_path)


def test_what_is_looked_for_is_only_text(index: Index, tags: Tags) -> None:
    for words in (WORDS[0] + "'", "%", "_", "'; DROP TABLE posts; --", "\\"):
        assert found(index, tags, words=words)["n_posts"] == 0
    assert found(index, tags)["n_posts"] == 80
