"""The upkeep of a lake: small files made one, old states and the files of killed writers removed, nothing lingering.

Not here: when it is done (orchestration/upkeep), reading and writing (resources/lake).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import duckdb

from mkt_assets.core.text.needles import Needles
from mkt_assets.resources.database import quoted
from mkt_assets.resources.erasure import sql_function
from mkt_assets.resources.lake_connection import CATALOG_NAME, Lake
from mkt_assets.resources.postgres import connected

KEPT = timedelta(days=7)
"""How long states of before, and files that are in no state, are kept: longer than any run reads or writes."""
# DuckLake only widens what it knows of a whole table: an id that was its first or last would stay there. These are
# bounds of any text, so that they are true of whatever is written later.
_WIDEN = """
UPDATE ducklake_table_column_stats SET min_value = '', max_value = U&'\\+10FFFF'
WHERE min_value IS NOT NULL AND (table_id, column_id) IN (
    SELECT table_id, column_id FROM ducklake_column WHERE column_type = 'varchar'
)
"""
_HOLDS_VALUES = "SELECT tablename FROM pg_tables WHERE tablename ~ '^ducklake_(inlined_.*|.*_column_stats)$'"


@dataclass(frozen=True)
class Upkeep:
    """Files of the latest state before and after, states of before that were given up, and files removed."""

    n_files_before: int
    n_files: int
    n_states_expired: int
    n_files_removed: int

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.n_files_before:,} files of the lake are now {self.n_files:,}; {self.n_states_expired:,} old states "
            f"were given up, and {self.n_files_removed:,} files removed"
        )


def keep_up(connection: duckdb.DuckDBPyConnection, *, kept: timedelta = KEPT) -> Upkeep:
    """Make small files one, write files with removed rows anew, and give up what is older than `kept`.

    Safe beside runs whose reads and writes take less than that, while nobody else writes.
    """
    n_before = _n_files(connection)
    _rewrite(connection)
    older = f"older_than => now() - INTERVAL {int(kept.total_seconds())} SECOND"
    n_expired = _call(connection, "expire_snapshots", older)
    n_removed = _call(connection, "cleanup_old_files", older)
    n_removed += _call(connection, "delete_orphaned_files", older)
    return Upkeep(n_before, _n_files(connection), n_expired, n_removed)


def leave_nothing_removed(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Write all files anew that rows were removed from, and give up every state of before, and its files, now."""
    _rewrite(connection)
    _call(connection, "expire_snapshots", "older_than => now()")
    _call(connection, "cleanup_old_files", "cleanup_all => true")
    _call(connection, "delete_orphaned_files", "cleanup_all => true")
    _forget_statistics(lake)
    # a file more: who remembers statistics of before asks for them again
    connection.execute("UPDATE schema_version SET version = version")


def data_cells_with(
    connection: duckdb.DuckDBPyConnection, lake: Lake, needles: Needles
) -> tuple[list[tuple[str, int]], int]:
    """(file, number of rows) of the files of the data in which any of the texts is, and how many files there are.

    Every file there is read, whether it is in a state or not.
    """
    found: list[tuple[str, int]] = []
    with sql_function(connection, "has_needle", needles.are_in, "BOOLEAN"):
        listed = connection.execute(f"SELECT file FROM glob({quoted(lake.data_path + '**')}) ORDER BY file")
        files = [str(row[0]) for row in listed.fetchall()]
        for file in files:
            rows = f"read_parquet({quoted(file)}, hive_partitioning = false)"
            columns = connection.execute(
                f"SELECT column_name, column_type FROM (DESCRIBE FROM {rows})"
            ).fetchall()
            texts = [
                f'coalesce(has_needle("{name}"::VARCHAR), false)'
                for name, kind in columns
                if "VARCHAR" in kind
            ]
            if needles.are_in(file) or not texts:
                n = int(needles.are_in(file))
            else:
                row = connection.execute(f"SELECT count(*) FROM {rows} WHERE {' OR '.join(texts)}").fetchone()
                n = int(row[0]) if row else 0
            if n:
                found.append((file, n))
    return found, len(files)


def catalog_cells_with(lake: Lake, needles: Needles) -> list[tuple[str, int]]:
    """("table.column", number of cells) of the catalog in which any of the texts is."""
    found: list[tuple[str, int]] = []
    with connected(lake.catalog) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns "
            "WHERE table_name LIKE 'ducklake\\_%' AND data_type IN ('text', 'character varying', 'bytea')"
        )
        for schema, table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}"::text FROM "{schema}"."{table}" WHERE "{column}" IS NOT NULL')
            if n := sum(needles.are_in(str(row[0])) for row in cursor.fetchall()):
                found.append((f"{table}.{column}", n))
    return found


def _rewrite(connection: duckdb.DuckDBPyConnection) -> None:
    _call(connection, "flush_inlined_data")
    _call(connection, "rewrite_data_files", "delete_threshold => 0")
    _call(connection, "merge_adjacent_files")


def _forget_statistics(lake: Lake) -> None:
    with connected(lake.catalog) as connection, connection.cursor() as cursor:
        cursor.execute(_WIDEN)
        cursor.execute(_HOLDS_VALUES)
        for (table,) in cursor.fetchall():
            # rows of before stay in Postgres's pages otherwise
            cursor.execute(f'VACUUM (FULL, ANALYZE) "{table}"')


def _call(connection: duckdb.DuckDBPyConnection, function: str, *arguments: str) -> int:
    """Number of rows that a function of DuckLake answers: what it did."""
    given = ", ".join((f"'{CATALOG_NAME}'", *arguments))
    return len(connection.execute(f"CALL ducklake_{function}({given})").fetchall())


def _n_files(connection: duckdb.DuckDBPyConnection) -> int:
    query = f"SELECT coalesce(sum(file_count), 0) FROM ducklake_table_info('{CATALOG_NAME}')"
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
