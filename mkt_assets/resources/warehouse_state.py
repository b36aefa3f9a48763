"""Reading a warehouse's state without changing it: its version, its keys, and the files that its rows point to.

Not here: judging it (operations/doctor).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.table import Table
from mkt_assets.resources.database import Database
from mkt_assets.resources.migrations import stored_version


@dataclass(frozen=True)
class WarehouseState:
    """What is in a warehouse.

    Args:
        version: of the schema it was written with.
        n_rows: by table.
        crawl_dates: that have posts.
        ids: posters and posts that any row is of.
        repeated: a key that is there twice, by table.
        mattes: names of the mattes that rows point to.
        charts: names of the charts that rows point to, and the sha256 of each.
        reports: the same of reports.
    """

    version: int
    n_rows: dict[str, int]
    crawl_dates: frozenset[date]
    ids: frozenset[str]
    repeated: dict[str, str]
    mattes: tuple[str, ...]
    charts: dict[str, str]
    reports: dict[str, str]


def read_state(database: Database, *, every_value: bool = True) -> WarehouseState:
    """The state of a warehouse, which may be of an earlier version; nothing is changed.

    Args:
        database: where it is.
        every_value: read all there is, so that damage anywhere is met; else only what the state is made of.

    Raises:
        DatabaseBusyError: if runs keep it for too long.
        duckdb.Error: if it is damaged.
    """
    with database.reading() as connection:
        stored = _Stored(connection)
        return WarehouseState(
            version=stored_version(connection),
            n_rows={name: _n_rows(stored, name, every_value=every_value) for name in TABLES},
            crawl_dates=frozenset(row[0] for row in stored.rows("raw_posts", "crawl_date")),
            ids=ids_of(connection, "poster_id") | ids_of(connection, "post_id"),
            repeated={table.name: key for table in TABLES.values() if (key := _repeated(stored, table))},
            mattes=tuple(
                dict.fromkeys(str(row[0]) for row in stored.rows("matted_images", "matte_path") if row[0])
            ),
            charts={str(path): str(sha) for path, sha in stored.rows("charts", "path, sha256")},
            reports={str(path): str(sha) for path, sha in stored.rows("report", "path, sha256")},
        )


def stored_crawl_dates(database: Database) -> frozenset[date]:
    """Crawl dates with posts in a warehouse, which may be of an earlier version.

    Raises:
        DatabaseBusyError: if runs keep it for too long.
        duckdb.Error: if it is damaged.
    """
    with database.reading() as connection:
        return frozenset(row[0] for row in _Stored(connection).rows("raw_posts", "DISTINCT crawl_date"))


def ids_of(connection: duckdb.DuckDBPyConnection, column: str) -> frozenset[str]:
    """Values of `post_id` or `poster_id`, whichever is asked for, in all tables."""
    there = _Stored(connection).tables
    every = " UNION ".join(
        f"SELECT {column} FROM {table.name} WHERE {column} IS NOT NULL"
        for table in TABLES.values()
        if column in table.column_names and table.name in there
    )
    return frozenset(str(row[0]) for row in connection.execute(every).fetchall()) if every else frozenset()


class _Stored:
    """The tables that there are, as an earlier version lacks some; asked for once: a lake takes its time to say so."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        query = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        self.tables = frozenset(str(row[0]) for row in connection.execute(query).fetchall())
        self._connection = connection

    def rows(self, table: str, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
        """Rows of a table, none if there is no such table."""
        if table not in self.tables:
            return []
        return self._connection.execute(f"SELECT {columns} FROM {table} {rest}").fetchall()


def _n_rows(stored: _Stored, table: str, *, every_value: bool) -> int:
    # the hash of whole rows meets a damaged page, wherever it is
    columns = "count(*), bit_xor(hash(stored))" if every_value else "count(*)"
    rows = stored.rows(table, columns, "AS stored")
    return int(rows[0][0]) if rows else 0


def _repeated(stored: _Stored, table: Table) -> str | None:
    if not table.key:
        return None
    key = ", ".join(dict.fromkeys(("crawl_date", *table.key)))
    rows = stored.rows(table.name, key, "GROUP BY ALL HAVING count(*) > 1 LIMIT 1")
    return ", ".join(map(str, rows[0])) if rows else None
