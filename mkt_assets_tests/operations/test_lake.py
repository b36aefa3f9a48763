"""A home whose warehouse is a DuckLake: the same rows, readers and commands as with a file.

Not here: runs on one (operations/test_elsewhere).
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.views import VIEWS
from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.operations.forget import Request, forget
from mkt_assets.operations.move import MoveError, move_to_file, move_to_lake
from mkt_assets.resources.copying import contents
from mkt_assets.resources.database import FileDatabase
from mkt_assets.resources.opening import open_database, open_lake, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.lakes import Server
from mkt_assets_tests.operations.homes import D1, D2


def test_moving_into_a_lake_and_back_gives_the_same_rows_and_moves_only_where_there_are_none(
    in_lake: Settings,
) -> None:
    moved = contents(open_database(in_lake))
    assert sum(n for n, _ in moved.values()) > 100
    assert moved == contents(FileDatabase(in_lake.snapshot_path))
    with pytest.raises(MoveError, match="there is nothing in"):
        move_to_lake(in_lake)
    shutil.copyfile(in_lake.snapshot_path, in_lake.warehouse_path)
    with pytest.raises(MoveError, match="there are rows in"):
        move_to_lake(in_lake)
    with pytest.raises(MoveError, match="there are rows in"):
        move_to_file(in_lake)
    in_lake.warehouse_path.unlink()
    move_to_file(in_lake)
    assert contents(FileDatabase(in_lake.warehouse_path)) == moved


def test_the_snapshot_of_a_lake_has_all_rows_views_and_comments(in_lake: Settings) -> None:
    open_warehouse(in_lake).publish_snapshot()
    assert contents(FileDatabase(in_lake.snapshot_path)) == contents(open_database(in_lake))
    with (
        duckdb.connect(str(in_lake.snapshot_path), read_only=True) as reader,
        open_database(in_lake).reading() as lake,
    ):
        for name in VIEWS:
            query = f"SELECT * FROM {name} ORDER BY ALL"
            assert reader.execute(query).fetchall() == lake.execute(query).fetchall()
        undocumented = "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        assert reader.execute(undocumented).fetchone() == (0,)


def test_a_lake_that_is_too_large_is_published_only_when_asked_for(in_lake: Settings) -> None:
    settings = Settings.load(**in_lake.model_dump() | {"max_snapshot_megabytes": 0})
    settings.snapshot_path.unlink()
    warehouse = open_warehouse(settings)
    warehouse.replace_partition("clusters", date(2024, 7, 1), TABLES["clusters"].empty())
    warehouse.publish_snapshot_if_changed()
    assert not settings.snapshot_path.exists()
    assert any("runs publish none" in finding.what for finding in examine(settings))
    warehouse.publish_snapshot()
    assert settings.snapshot_path.exists()
    warehouse.renew_snapshot()
    assert not settings.snapshot_path.exists(), "what was forgotten would be in it"


def test_the_doctor_finds_nothing_wrong_with_it_and_says_when_the_catalog_is_away(in_lake: Settings) -> None:
    about = [finding for finding in examine(in_lake) if finding.about in ("warehouse", "snapshot", "files")]
    assert {finding.verdict for finding in about} <= {Verdict.ok}, about
    away = Settings.load(**in_lake.model_dump() | {"warehouse": "postgresql://mkt@127.0.0.1:9/nowhere"})
    [problem] = [f for f in examine(away) if f.verdict is Verdict.problem]
    assert problem.about == "warehouse" and "cannot be reached" in problem.what
    elsewhere = Settings.load(**in_lake.model_dump() | {"warehouse_data": str(in_lake.home / "elsewhere")})
    [problem] = [f for f in examine(elsewhere) if f.verdict is Verdict.problem]
    assert "has its data in" in problem.what


def test_who_and_which_crawl_is_forgotten_is_in_no_file_of_the_lake_and_nowhere_in_its_catalog(
    in_lake: Settings,
) -> None:
    posts = open_warehouse(in_lake).read("raw_posts").to_pylist()
    # whose post is the last by its id, as those of the first crawl are the first: statistics of a whole table keep both
    poster = max(posts, key=lambda row: row["post_id"])["poster_id"]
    hers, first, second = (
        {row["post_id"] for row in posts if is_one(row)}
        for is_one in (
            lambda row: row["poster_id"] == poster,
            lambda row: row["crawl_date"] == D1,
            lambda row: row["crawl_date"] == D2,
        )
    )
    assert min(first) < min(second) and max(hers) == max(second)
    done = forget(in_lake, Request(posters=[poster], crawled_before=D2))
    assert done.search.places == ()
    assert done.n_posts == sum(row["post_id"] in hers or row["crawl_date"] == D1 for row in posts)
    assert done.search.n_files > 20
    gone = {poster, *hers, *(first - second)}
    dump = subprocess.run(
        ["pg_dump", str(in_lake.warehouse)], capture_output=True, text=True, check=True
    ).stdout
    assert not [text for text in gone if text in dump]
    for file in Path(str(in_lake.warehouse_data)).rglob("*.parquet"):
        assert not [text for text in gone if text.encode() in file.read_bytes()]
    left = open_warehouse(in_lake).read("raw_posts").to_pylist()
    assert {row["post_id"] for row in left} == second - hers

    # statistics are not wrong for what is written afterwards
    warehouse = open_warehouse(in_lake)
    again = pa.Table.from_pylist(
        [row for row in posts if row["crawl_date"] == D1], TABLES["raw_posts"].arrow_schema()
    )
    warehouse.replace_partition("raw_posts", D1, again)
    with warehouse.database.reading() as connection:
        for post_id in first - second:
            query = "SELECT count(*) FROM raw_posts WHERE post_id = ?"
            assert connection.execute(query, [post_id]).fetchone() == (1,)


def test_upkeep_makes_small_files_one_and_gives_up_old_states(in_lake: Settings) -> None:
    warehouse, before = open_warehouse(in_lake), contents(open_database(in_lake))
    posts = warehouse.read("raw_posts", [D1])
    for _ in range(4):
        warehouse.replace_partition("raw_posts", D1, posts)
    young = open_lake(in_lake).keep_up()
    assert young.n_states_expired == 0 and young.n_files_removed == 0, "a run may be reading them"
    done = open_lake(in_lake).keep_up(kept=timedelta(0))
    assert done.n_states_expired >= 4 and done.n_files_removed >= 4
    assert contents(open_database(in_lake)) == before


def test_a_backup_of_catalog_and_files_gives_the_lake_back(in_lake: Settings, postgres: Server) -> None:
    before = contents(open_database(in_lake))
    dump = subprocess.run(["pg_dump", "-Fc", str(in_lake.warehouse)], capture_output=True, check=True).stdout
    # made after the dump, as the manual says: files stay for a week
    open_warehouse(in_lake).replace_partition("raw_posts", D1, TABLES["raw_posts"].empty())
    postgres.run("CREATE DATABASE restored")
    subprocess.run(["pg_restore", "-d", postgres.url("restored")], input=dump, check=True)
    restored = Settings.load(**in_lake.model_dump() | {"warehouse": postgres.url("restored")})
    assert contents(open_database(restored)) == before
    assert contents(open_database(in_lake)) != before
