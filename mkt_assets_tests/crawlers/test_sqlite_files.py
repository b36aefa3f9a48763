from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mkt_assets.crawlers.base import BadRow, FileRefusedError, Limits, Row
from mkt_assets.crawlers.sqlite_files import SqliteFormat

LIMITS = Limits(max_field_characters=50, max_row_characters=1_000, max_columns=5)


def write(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)
    return path


def read(path: Path, limits: Limits = LIMITS) -> list[Row | BadRow]:
    with path.open("rb") as stream:
        assert SqliteFormat().opens(stream.read(4096))
    return list(SqliteFormat().read(path, limits, lambda columns: "id" in columns).rows)


def values(rows: list[Row | BadRow]) -> dict[int, dict[str, str] | None]:
    return {row.number: dict(row.values) if isinstance(row, Row) else None for row in rows}


def test_rows_of_known_tables_are_read_in_the_order_of_table_and_row(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.db",
        "CREATE TABLE b (id, t)",
        'CREATE TABLE a (id, "u \'v")',
        "CREATE TABLE other (x)",
        "INSERT INTO b VALUES ('b1', NULL), ('b2', 2)",
        "INSERT INTO a VALUES ('a1', '裙')",
        "INSERT INTO other VALUES (1)",
    )
    rows = read(path)
    assert values(rows) == {1: {"id": "a1", "u 'v": "裙"}, 2: {"id": "b1"}, 3: {"id": "b2", "t": "2"}}
    assert [row.columns for row in rows if isinstance(row, Row)] == [{"id", "u 'v"}, *[{"id", "t"}] * 2]


def test_views_and_computed_columns_are_not_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.db",
        "CREATE TABLE a (id, t AS (id || id))",
        "INSERT INTO a VALUES ('x')",
        "CREATE VIEW v AS SELECT 'no' AS id",
    )
    assert values(read(path)) == {1: {"id": "x"}}


def test_a_row_that_is_too_long_is_rejected_alone(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.db",
        "CREATE TABLE a (id, t)",
        f"INSERT INTO a VALUES ('a', 'x'), ('b', '{'x' * 51}'), ('c', 'x'), ('d', zeroblob(3000000)), ('e', 'x')",
    )
    assert values(read(path)) == {
        n: None if n in (2, 4) else {"id": "abcde"[n - 1], "t": "x"} for n in range(1, 6)
    }


def test_bytes_that_are_no_utf8_are_replaced(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.db", "CREATE TABLE a (id)", "INSERT INTO a VALUES (CAST(x'ff41' AS TEXT)), (x'fe42')"
    )
    assert values(read(path)) == {1: {"id": "\ufffdA"}, 2: {"id": "\ufffdB"}}


def test_a_database_of_nothing_known_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", "CREATE TABLE other (x)")
    with pytest.raises(FileRefusedError, match="no table"):
        read(path)


def test_a_database_of_very_many_tables_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mkt_assets.crawlers.sqlite_files._MOST_TABLES", 2)
    path = write(tmp_path / "a.db", *(f"CREATE TABLE {name} (id)" for name in "abc"))
    with pytest.raises(FileRefusedError, match="more than 2 tables"):
        read(path)


def test_reading_leaves_the_file_and_its_folder_as_they_were(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.db", "PRAGMA journal_mode=WAL", "CREATE TABLE a (id)", "INSERT INTO a VALUES (1)"
    )
    path.chmod(0o444)
    before = path.read_bytes()
    assert values(read(path)) == {1: {"id": "1"}}
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.db", before)]


def test_a_schema_that_is_no_text_is_refused_like_any_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", "CREATE TABLE abcdefgh (id, t)", "INSERT INTO abcdefgh VALUES (1, 2)")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE abcdefgh", b"CREATE \xe5ABLE \xe5bcdefgh"))
    with pytest.raises(FileRefusedError, match="damaged or not to be trusted"):
        read(path)


@pytest.mark.parametrize(
    "columns", ["id PRIMARY KEY, t) WITHOUT ROWID --", "id, t, _rowid_", "id, t, rowid, _rowid_, oid"]
)
def test_a_table_needs_no_row_numbers(tmp_path: Path, columns: str) -> None:
    path = write(
        tmp_path / "a.db",
        f"CREATE TABLE a ({columns})",
        "CREATE TABLE b (id)",
        "INSERT INTO a (id, t) VALUES ('a', 'x'), ('b', zeroblob(3000000)), ('c', 'x')",
        "INSERT INTO b VALUES ('d')",
    )
    assert values(read(path)) == {1: {"id": "a", "t": "x"}, 2: None, 3: {"id": "c", "t": "x"}, 4: {"id": "d"}}
