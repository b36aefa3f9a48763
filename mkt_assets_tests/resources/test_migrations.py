"""Warehouses of earlier versions are brought up to date, whole or not at all; those of later ones are refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.views import VIEWS
from mkt_assets.resources.database import FileDatabase
from mkt_assets.resources.migrations import MIGRATIONS, VERSION, SchemaError, bring_up_to_date, stored_version
from mkt_assets.resources.warehouse import Warehouse

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake

HERE = Path(__file__).parent
D1 = date(2024, 6, 13)
OLD = ("warehouse_first.sql", "warehouse_before_versions.sql")


def old_warehouse(tmp_path: Path, script: str, *extra: str) -> Warehouse:
    path = tmp_path / "mkt.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in ((HERE / script).read_text("utf-8"), *extra):
            connection.execute(statement)
    return Warehouse(FileDatabase(path, timeout_seconds=5), tmp_path / "snapshot.duckdb")


def definitions(path: Path) -> dict[str, str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return dict(connection.execute("SELECT table_name, sql FROM duckdb_tables()").fetchall())


@pytest.mark.parametrize("script", OLD)
def test_rows_of_an_earlier_version_are_kept_and_can_be_replaced(tmp_path: Path, script: str) -> None:
    warehouse = old_warehouse(tmp_path, script)
    before = duckdb.connect(str(Path(warehouse.database.name)), read_only=True)
    there = {row[0] for row in before.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    before.close()
    for name in TABLES:
        assert warehouse.read(name).num_rows == (name in there), name
    for name, table in TABLES.items():
        if name != "rejects" and table.partitioned:
            warehouse.replace_partition(name, D1, table.empty())
            assert warehouse.read(name).num_rows == 0


@pytest.mark.parametrize("script", OLD)
def test_afterwards_it_is_defined_as_a_new_one_is(tmp_path: Path, script: str) -> None:
    old = old_warehouse(tmp_path, script)
    old.read("raw_posts")
    new = Warehouse(FileDatabase(tmp_path / "new.duckdb"), tmp_path / "new.snapshot.duckdb")
    new.replace_partition("raw_posts", D1, TABLES["raw_posts"].empty())
    assert definitions(Path(old.database.name)) == definitions(Path(new.database.name))


def test_a_rule_that_is_no_more_is_not_named(tmp_path: Path) -> None:
    [row] = old_warehouse(tmp_path, OLD[0]).read("k_selection").to_pylist()
    assert (row["chosen"], row["chosen_by"], row["reason"]) == (True, None, "why")


def test_once_up_to_date_nothing_is_written(tmp_path: Path) -> None:
    warehouse = old_warehouse(tmp_path, OLD[0])
    warehouse.read("raw_posts")
    before = Path(warehouse.database.name).read_bytes()
    warehouse.read("raw_posts")
    assert Path(warehouse.database.name).read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TABLE schema_version AS SELECT 999 AS version, 'x' AS fingerprint", "schema 999"),
        ("ALTER TABLE raw_posts ADD COLUMN from_the_future BIGINT", "from_the_future"),
    ],
)
def test_a_warehouse_of_a_newer_version_is_refused_and_left_alone(
    tmp_path: Path, statement: str, said: str
) -> None:
    warehouse = old_warehouse(tmp_path, OLD[1], statement)
    before = definitions(Path(warehouse.database.name))
    with pytest.raises(SchemaError, match=f"{said}.*"):
        warehouse.read("raw_posts")
    assert definitions(Path(warehouse.database.name)) == before


def test_rows_that_do_not_fit_stop_the_migration_and_nothing_is_changed(tmp_path: Path) -> None:
    breaking = "CREATE OR REPLACE TABLE clusters AS SELECT * REPLACE (NULL AS post_id) FROM clusters"
    warehouse = old_warehouse(tmp_path, OLD[1], breaking)
    before = definitions(Path(warehouse.database.name))
    with pytest.raises(SchemaError, match=r"rows of clusters .* do not fit"):
        warehouse.read("raw_posts")
    assert definitions(Path(warehouse.database.name)) == before


def test_migrations_are_numbered_from_one_without_gap() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(1, VERSION + 1))
    assert all(migration.what for migration in MIGRATIONS)


def test_a_new_warehouse_is_of_todays_version() -> None:
    with duckdb.connect() as connection:
        assert stored_version(connection) == 0
        bring_up_to_date(connection)
        assert stored_version(connection) == VERSION


def test_a_lake_of_an_earlier_version_keeps_its_rows_and_gets_what_it_lacks(
    lake: Lake, tmp_path: Path
) -> None:
    from mkt_assets.resources.lake import LakeDatabase

    old = duckdb.connect(str(old_warehouse(tmp_path, OLD[0]).database.name), read_only=True)
    there = [row[0] for row in old.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    database = LakeDatabase(lake)

    def as_it_was(connection: duckdb.DuckDBPyConnection) -> None:
        for name in TABLES:
            connection.execute(f"DROP TABLE {name}")
        connection.execute("DROP TABLE schema_version")
        for name in there:
            connection.register("rows", old.execute(f"SELECT * FROM {name}").to_arrow_table())
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows")

    database.write(TABLES, as_it_was)
    old.close()
    warehouse = Warehouse(database, tmp_path / "snapshot.duckdb")
    for name in TABLES:
        assert warehouse.read(name).num_rows == (name in there), name
    with database.reading() as connection:
        assert stored_version(connection) == VERSION
        for name in VIEWS:
            connection.execute(f"FROM {name}")


def test_a_lake_of_a_newer_version_is_refused_and_left_alone(lake: Lake, tmp_path: Path) -> None:
    from mkt_assets.resources.lake import LakeDatabase

    database = LakeDatabase(lake)
    database.write(["raw_posts"], lambda c: c.execute("UPDATE schema_version SET version = 999").fetchall())
    with pytest.raises(SchemaError, match="schema 999"):
        Warehouse(database, tmp_path / "snapshot.duckdb").read("raw_posts")
