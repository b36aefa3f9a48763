"""The SQL views answer what was planted, say what they mean, and are wherever the tables are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.views import VIEWS
from mkt_assets.resources.database import FileDatabase
from mkt_assets.resources.erasure import Subject, erase
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets_tests.runs import Crawl

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)
OF_TYPE: Mapping[str, Any] = {
    "VARCHAR": "x",
    "BIGINT": 1,
    "DOUBLE": 0.5,
    "BOOLEAN": False,
    "DATE": D2,
    "VARCHAR[]": [],
    "FLOAT[]": [1.0],
}


def table_of(name: str, *rows: Mapping[str, Any]) -> pa.Table:
    """Rows of a table: what is said of them, null where that may be, and else something that is allowed."""
    spec = TABLES[name]
    usual = {
        c.name: None if c.nullable else c.allowed[0] if c.allowed else OF_TYPE[c.type] for c in spec.columns
    }
    return pa.Table.from_pylist([{**usual, **row} for row in rows], spec.arrow_schema())


def put(warehouse: Warehouse, name: str, *rows: Mapping[str, Any]) -> None:
    table = table_of(name, *rows)
    if not TABLES[name].partitioned:
        warehouse.replace_derived(name, {}, lambda _: table)
        return
    for day in sorted({row["crawl_date"] for row in rows}):
        of_day = [row for row in rows if row["crawl_date"] == day]
        warehouse.replace_partition(name, day, table_of(name, *of_day))


def profile(day: date, modality: str, number: int, name: str, n_posts: int) -> dict[str, Any]:
    numbered = name.startswith(("style", "topic"))
    return {
        "crawl_date": day,
        "modality": modality,
        "cluster_id": number,
        "proposed_name": None if numbered else name,
        "proposed_by": None if numbered else "keywords",
        "keywords": [] if numbered else [name],
        "n_items": 2 * n_posts,
        "n_posts": n_posts,
        "share": n_posts / 10,
        "medoid_post_id": "p1",
        "medoid_frame": "post" if modality == "image" else None,
        "typical_post_ids": ["p1"],
        "typical_frames": ["post" if modality == "image" else ""],
        "n_effective_posters": 1.0,
        "likes_median": 7.0,
    }


def identity(day: date, modality: str, number: int, of: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "crawl_date": day,
        "modality": modality,
        "cluster_id": number,
        "identity": of,
        "name": name,
        "name_by": "identity" if name.replace(" ", "-") == of else "analyst",
        "event": "first",
        "first_seen": D1,
        "last_seen": D2,
        **more,
    }


def trend(of: str, direction: str, change: float, *shares: float) -> list[dict[str, Any]]:
    return [
        {
            "modality": "image",
            "identity": of,
            "name": f"name of {of}",
            "basis": basis,
            "crawl_date": day,
            "share": share,
            "share_low": share,
            "share_high": share,
            "change": change,
            "direction": direction,
            "n_times": len(shares),
            "p_value": 0.01,
            "q_value": 0.02,
            "poster_p_value": 0.03,
        }
        for basis in ("crawl_date", "published_month")
        for day, share in zip((D1, D2), shares, strict=True)
    ]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(
        FileDatabase(tmp_path / "mkt.duckdb", timeout_seconds=5), tmp_path / "mkt.snapshot.duckdb"
    )


@pytest.fixture
def planted(warehouse: Warehouse) -> Warehouse:
    """Two crawls. On the second: styles 红裙 (the analyst's name), one without a name, and one split off; a topic."""
    put(
        warehouse,
        "cluster_profiles",
        profile(D1, "image", 0, "红", 9),
        profile(D2, "image", 0, "红", 3),
        profile(D2, "image", 1, "style 1", 5),
        profile(D2, "image", 2, "白", 2),
        profile(D2, "text", 0, "通勤", 4),
    )
    put(
        warehouse,
        "cluster_identities",
        identity(D1, "image", 0, "style-a", "红裙"),
        identity(D2, "image", 0, "style-a", "红裙", event="continued", previous_crawl_date=D1),
        identity(D2, "image", 1, "style-b", "style b", event="born", first_seen=D2, is_new=True),
        identity(
            D2,
            "image",
            2,
            "style-c",
            "白裙",
            event="split",
            split_from="style-a",
            previous_crawl_date=D1,
            first_seen=D2,
            is_new=True,
            n_posts_before=1,
            novelty_q_value=0.01,
        ),
        identity(D2, "text", 0, "topic-a", "topic a", event="unmatched", first_seen=D2, is_new=False),
    )
    return warehouse


def ask(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    warehouse.publish_snapshot()
    with duckdb.connect(str(warehouse.snapshot_path), read_only=True) as reader:
        return reader.execute(query).fetchall()


def test_the_top_styles_are_of_the_latest_crawl_the_largest_first(planted: Warehouse) -> None:
    assert ask(planted, "SELECT crawl_date, style, name, identity, n_images, n_posts FROM top_styles") == [
        (D2, 1, "style b", "style-b", 10, 5),
        (D2, 0, "红裙", "style-a", 6, 3),
        (D2, 2, "白裙", "style-c", 4, 2),
    ]


def test_a_topic_that_nobody_named_is_called_by_its_identity(planted: Warehouse) -> None:
    found = ask(planted, "SELECT topic, name, identity, n_texts, share, likes_median FROM top_topics")
    assert found == [(0, "topic a", "topic-a", 8, 0.4, 7.0)]


def test_new_is_what_a_test_says_is_new_in_the_latest_crawl(planted: Warehouse) -> None:
    columns = "cluster_id, name, event, split_from_name, n_posts_before, q_value"
    assert ask(planted, f"SELECT {columns} FROM new_styles") == [
        (1, "style b", "born", None, None, None),
        (2, "白裙", "split", "红裙", 1, 0.01),
    ]


def test_of_the_links_those_worth_believing_are_shown_once_with_names(planted: Warehouse) -> None:
    pair = {"crawl_date": D2, "image_cluster": 0, "text_cluster": 0, "n": 3, "ratio": 0.75, "lift": 2.5}
    put(
        planted,
        "crosstab_ratios",
        {**pair, "unit": "image", "supported": True, "ratio_low": 0.5, "ratio_high": 0.9, "q_value": 0.01},
        {**pair, "unit": "post", "supported": True},
        {**pair, "unit": "image", "image_cluster": 1, "supported": False},
        {**pair, "unit": "image", "image_cluster": 2, "supported": None},
    )
    columns = "style, style_name, topic, topic_name, ratio, ratio_low, ratio_high, lift, q_value"
    assert ask(planted, f"SELECT {columns} FROM real_links") == [
        (0, "红裙", 0, "topic a", 0.75, 0.5, 0.9, 2.5, 0.01)
    ]


def test_what_rose_comes_first_what_fell_last_and_the_rest_not_at_all(planted: Warehouse) -> None:
    put(
        planted,
        "trends",
        *trend("a", "falling", -0.2, 0.5, 0.3),
        *trend("b", "rising", 0.1, 0.1, 0.2),
        *trend("c", "flat", 0.9, 0.1, 0.9),
        *trend("d", "rising", 0.4, 0.2, 0.6),
    )
    columns = "identity, name, direction, change, first_share, last_share, n_crawls, q_value"
    assert ask(planted, f"SELECT {columns} FROM what_rose") == [
        ("d", "name of d", "rising", 0.4, 0.2, 0.6, 2, 0.02),
        ("b", "name of b", "rising", 0.1, 0.1, 0.2, 2, 0.02),
        ("a", "name of a", "falling", -0.2, 0.5, 0.3, 2, 0.02),
    ]


def test_the_posts_of_a_style_and_of_a_topic_come_with_title_address_and_matte(planted: Warehouse) -> None:
    post = {"post_id": "p1", "poster_id": "u"}
    put(
        planted,
        "raw_posts",
        {"crawl_date": D1, **post, "title": "裙", "post_url": "https://x.example/p1", "n_likes": 3},
        {"crawl_date": D2, **post, "title": "not this fetch", "n_merged_rows": 0},
    )
    put(planted, "matted_images", {"crawl_date": D1, **post, "frame": "post", "matte_path": "mattes/a.webp"})
    put(planted, "summaries", {"crawl_date": D1, **post, "summary": "通勤裙"})
    item = {"crawl_date": D2, "cluster_id": 0, "item_crawl_date": D1, "rank_in_cluster": 4, **post}
    put(
        planted,
        "clusters",
        {**item, "modality": "image", "frame": "post"},
        {**item, "modality": "text"},
    )
    columns = "name, post_id, title, post_url, n_likes"
    assert ask(planted, f"SELECT {columns}, rank_in_style, frame, matte_path FROM posts_of_style") == [
        ("红裙", "p1", "裙", "https://x.example/p1", 3, 4, "post", "mattes/a.webp")
    ]
    assert ask(planted, f"SELECT {columns}, rank_in_topic, summary FROM posts_of_topic") == [
        ("topic a", "p1", "裙", "https://x.example/p1", 3, 4, "通勤裙")
    ]


def test_reasons_that_differ_in_a_number_are_one_and_flagged_pictures_are_told(warehouse: Warehouse) -> None:
    put(
        warehouse,
        "matted_images",
        *(
            {"crawl_date": D1, "post_id": post, "verdict": verdict, "matte_path": "m", "reason": reason}
            for post, verdict, reason in (
                ("1", "flagged", "small: 6.5% of 1,200"),
                ("2", "flagged", "small: 7% of 9"),
                ("3", "rejected", "no person"),
                ("4", "kept", None),
            )
        ),
    )
    refused = table_of(
        "rejects",
        {"crawl_date": D1, "asset": "matted_images", "source_file": "3.png", "reason": "no person"},
    )
    mattes = warehouse.read("matted_images", [D1])
    warehouse.replace_partition("matted_images", D1, mattes, rejects=refused)
    assert ask(warehouse, "SELECT asset, verdict, reason, n, example FROM data_quality") == [
        ("matted_images", "flagged", "small: #% of #", 2, "x"),
        ("matted_images", "rejected", "no person", 1, "3.png"),
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_in_a_warehouse_without_rows_every_view_has_its_columns_and_none(
    warehouse: Warehouse, name: str
) -> None:
    warehouse.replace_partition("raw_posts", D1, TABLES["raw_posts"].empty())
    warehouse.publish_snapshot()
    with duckdb.connect(str(warehouse.snapshot_path), read_only=True) as reader:
        answer = reader.execute(f"SELECT * FROM {name}")
        assert [column[0] for column in answer.description or ()] == list(VIEWS[name].columns)
        assert answer.fetchall() == []


def test_every_view_answers_on_a_crawl(whole_crawl: Crawl) -> None:
    with duckdb.connect(str(whole_crawl.settings.snapshot_path), read_only=True) as reader:
        counts = {name: len(reader.execute(f"FROM {name}").fetchall()) for name in VIEWS}
        links = reader.execute("SELECT style_name, topic_name FROM real_links").fetchall()
    # the first crawl has nothing new, one crawl no trend
    assert counts == {
        "top_styles": 3,
        "top_topics": 3,
        "real_links": 3,
        "what_rose": 0,
        "new_styles": 0,
        "posts_of_style": 30,
        "posts_of_topic": 30,
        "data_quality": 0,
    }
    assert all(style and topic for style, topic in links)


def test_the_database_says_what_each_view_answers_and_each_column_means(planted: Warehouse) -> None:
    answers = ask(planted, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    assert dict(answers) == {view.name: view.answers for view in VIEWS.values()}
    meanings = ask(
        planted, "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
    )
    documented = {(table, column): comment for table, column, comment in meanings}
    assert all(documented[v.name, c] == meaning for v in VIEWS.values() for c, meaning in v.columns.items())


def test_a_warehouse_of_an_earlier_version_has_them_after_the_first_read(tmp_path: Path) -> None:
    path = tmp_path / "mkt.duckdb"
    script = Path(__file__).parent.parent / "resources" / "warehouse_first.sql"
    with duckdb.connect(str(path)) as connection:
        connection.execute(script.read_text("utf-8"))
        connection.execute("CREATE VIEW top_styles AS SELECT 1 AS of_another_time")
        connection.execute("CREATE VIEW mine AS SELECT count(*) AS n FROM raw_posts")
    warehouse = Warehouse(FileDatabase(path), tmp_path / "snapshot.duckdb")
    warehouse.read("raw_posts")
    assert ask(warehouse, "SELECT n FROM mine") == [(1,)], "a view of somebody's own stays"
    for name, view in VIEWS.items():
        columns = ask(warehouse, f"SELECT column_name FROM (DESCRIBE {name})")
        assert [column for (column,) in columns] == list(view.columns)


def test_forgetting_and_compacting_keep_them(planted: Warehouse) -> None:
    erase(planted.database, Subject(posts=frozenset({"p1"})))
    put(planted, "cluster_profiles", profile(D2, "image", 0, "红", 3))
    planted.database.compact()
    assert [name for (name,) in ask(planted, "SELECT DISTINCT name FROM top_styles")] != []
    answers = ask(planted, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    assert dict(answers) == {view.name: view.answers for view in VIEWS.values()}


def test_no_view_reads_another_so_that_they_can_be_made_in_any_order() -> None:
    for view in VIEWS.values():
        assert not [other for other in VIEWS if f" {other} " in f"{view.query} "]
