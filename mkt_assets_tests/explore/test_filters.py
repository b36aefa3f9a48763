from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.explore.conditions import conditions
from mkt_assets.explore.filters import Filter, FilterError, parse

KEYS = (
    "words",
    "style",
    "topic",
    "crawl_date",
    "account",
    "likes",
    "verdict",
    "tag",
    "lasso",
    "map",
    "like",
    "sort",
)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"sql": "1"}, "nothing can be asked by 'sql'"),
        ({"likes": "-1"}, "whole number, 0 or more"),
        ({"likes": "1e3"}, "whole number"),
        ({"likes": "٣"}, "whole number"),
        ({"crawl_date": "yesterday"}, "as 2026-09-01"),
        ({"verdict": "fine"}, "one of kept, flagged, rejected"),
        ({"map": "video"}, "one of image, text"),
        ({"sort": "random"}, "one of typical"),
        ({"lasso": "1,2"}, "3 to 200 corners"),
        ({"lasso": "1,2,3,4,nan,6"}, "numbers from -10 to 10"),
        ({"lasso": ",".join(["1"] * 500)}, "3 to 200 corners"),
        ({"words": "字" * 400}, "longer than 300"),
        ({"words": "a " * 25}, "more than 20"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(query: dict[str, str], says: str) -> None:
    with pytest.raises(FilterError, match=says):
        parse(query)


def test_an_empty_query_asks_for_everything() -> None:
    assert parse({}) == Filter()
    assert parse({"words": "", "likes": ""}) == Filter()


TABLES = """
    CREATE TABLE posts AS SELECT '' AS folded, 1 AS post_no, 'a' AS account, 1 AS n_likes, 'p' AS post_id,
        DATE '2024-06-13' AS crawl_date;
    CREATE TABLE items AS SELECT 1 AS post_no, 1 AS item_no, 'image' AS modality, 's' AS identity, 'kept' AS verdict
"""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(TABLES)
        yield opened


@settings(deadline=None)
@given(query=st.dictionaries(st.sampled_from(KEYS), st.text(max_size=30)))
def test_whatever_is_asked_is_a_sentence_or_sql_that_runs_with_it_as_parameters(
    connection: duckdb.DuckDBPyConnection, query: dict[str, str]
) -> None:
    with contextlib.suppress(FilterError):
        asked = parse(query)
        where = conditions(asked, [] if asked.lasso else None, [] if asked.tag else None)
        connection.execute(f"SELECT * FROM posts p WHERE {where.posts}", list(where.post_values)).fetchall()
        for modality, (sql, values) in where.items.items():
            connection.execute(
                f"SELECT * FROM items i WHERE modality = ? AND {sql}", [modality, *values]
            ).fetchall()
