"""The schema of a stored warehouse: an older one is brought up to today's in one transaction, a newer one refused.

What only adds (a table, a nullable column, another CHECK) needs nothing here. Whatever renames, drops or fills a
column is an entry of `MIGRATIONS`, after which `TABLES` is what is stored. A DuckLake knows neither CHECK nor
comments on columns of views; the contract is checked before each write anyway (resources/warehouse).

Not here: reading and writing rows (resources/warehouse), whose transactions these are (resources/database).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import duckdb

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.table import Table
from mkt_assets.contract.views import VIEWS, View
from mkt_assets.resources.database import Database, quoted

T = TypeVar("T")


class SchemaError(ValueError):
    """A stored warehouse cannot be used by this version of mkt_assets; nothing in it was changed."""


@dataclass(frozen=True)
class Migration:
    """A step from the version before it to `version`; `what` says in a sentence what becomes of the rows."""

    version: int
    what: str
    apply: Callable[[duckdb.DuckDBPyConnection], None]


def _drop_spreads(connection: duckdb.DuckDBPyConnection) -> None:
    for column in ("cross_spread", "background_spread"):
        _drop_column(connection, "method_comparison", column)


def _forget_silhouette_rule(connection: duckdb.DuckDBPyConnection) -> None:
    if "k_selection" in _columns(connection):
        connection.execute("UPDATE k_selection SET chosen_by = NULL WHERE chosen_by = 'silhouette'")


def _forget_knee_counts(connection: duckdb.DuckDBPyConnection) -> None:
    for column in ("knee_n_found", "knee_n_curves"):
        _drop_column(connection, "k_selection", column)


def _propose_names(connection: duckdb.DuckDBPyConnection) -> None:
    if "name_by" not in _columns(connection).get("cluster_profiles", ()):
        return
    # by a new table: the old one's CHECK keeps its columns; today's constraints are put on it afterwards
    connection.execute(
        "CREATE TABLE proposing AS SELECT * EXCLUDE (name, name_by), "
        "CASE WHEN name_by <> 'number' THEN name END AS proposed_name, nullif(name_by, 'number') AS proposed_by "
        "FROM cluster_profiles"
    )
    connection.execute("DROP TABLE cluster_profiles")
    connection.execute("ALTER TABLE proposing RENAME TO cluster_profiles")


MIGRATIONS = (
    Migration(
        1, "k is no more chosen by its silhouette: `reason` still says that it was.", _forget_silhouette_rule
    ),
    Migration(2, "method_comparison has standard errors in place of the spreads it had.", _drop_spreads),
    Migration(3, "k_selection no more counts the elbows of other seeds and ranges.", _forget_knee_counts),
    Migration(
        4,
        "cluster_profiles proposes names (proposed_name, or none); what a cluster is called is in cluster_identities.",
        _propose_names,
    ),
)
VERSION = MIGRATIONS[-1].version


@contextmanager
def reading(database: Database) -> Generator[duckdb.DuckDBPyConnection]:
    """`database.reading()` of tables that are those of the schema; older ones are brought up to date before.

    Raises:
        SchemaError: see `bring_up_to_date`.
        DatabaseBusyError: if the database cannot be had in time.
    """
    is_current = False
    if database.exists():
        with database.reading() as connection:
            if is_current := _is_current(connection):
                yield connection
    if not is_current:
        database.write(TABLES, bring_up_to_date)
        with database.reading() as connection:
            yield connection


def write(database: Database, tables: Collection[str], work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
    """`database.write(tables, work)` on tables that are those of the schema; older ones are brought up to date before.

    Raises:
        SchemaError: see `bring_up_to_date`.
        DatabaseBusyError: if the tables cannot be had in time.
    """

    def work_if_current(connection: duckdb.DuckDBPyConnection) -> T:
        if not _is_current(connection):
            raise _NotCurrentError
        return work(connection)

    try:
        return database.write(tables, work_if_current)
    except _NotCurrentError:
        database.write(TABLES, bring_up_to_date)
        return database.write(tables, work_if_current)


class _NotCurrentError(Exception):
    """The tables are not those of the schema, or not there yet."""


def bring_up_to_date(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables those of the schema, in the transaction that the caller began.

    Raises:
        SchemaError: if they are of a newer version, or rows cannot be carried over; the caller is to undo it.
    """
    if _is_current(connection):
        return  # another process did it
    version, _ = _stored(connection)
    if version > VERSION:
        raise SchemaError(
            f"the warehouse is of a newer mkt_assets (schema {version}, and this one knows {VERSION}): "
            "upgrade mkt_assets, or restore the backup made before the upgrade."
        )
    for migration in MIGRATIONS:
        if migration.version > version:
            migration.apply(connection)
    stored = _columns(connection)
    for name, spec in TABLES.items():
        _conform(connection, spec, stored.get(name))
    in_lake = _in_lake(connection)
    for view in VIEWS.values():
        connection.execute(";\n".join(_view_statements(view, comment_columns=not in_lake)))
    _set_version(connection)


def _is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    return _stored(connection) == (VERSION, _fingerprint())


def stored_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The schema's version of an open warehouse; 0 if it is from before versions were kept."""
    return _stored(connection)[0]


def _set_version(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TABLE schema_version (version BIGINT, fingerprint VARCHAR)")
    connection.execute("INSERT INTO schema_version VALUES (?, ?)", [VERSION, _fingerprint()])
    for on, what in (
        ("TABLE schema_version", "which mkt_assets the tables are of; one row"),
        ("COLUMN schema_version.version", "number of the last migration"),
        ("COLUMN schema_version.fingerprint", "sha256 of the definitions of tables and views"),
    ):
        connection.execute(f"COMMENT ON {on} IS {quoted(what)}")


def _stored(connection: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    try:
        row = connection.execute("SELECT version, fingerprint FROM schema_version").fetchone()
    except duckdb.CatalogException:
        return 0, ""
    return (int(row[0]), str(row[1])) if row else (0, "")


@lru_cache(maxsize=1)
def _fingerprint() -> str:
    lines = [line for spec in TABLES.values() for line in (_ddl(spec, spec.name), *_comments(spec))]
    lines += [line for view in VIEWS.values() for line in _view_statements(view)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _conform(connection: duckdb.DuckDBPyConnection, spec: Table, stored: list[str] | None) -> None:
    if unknown := [name for name in stored or () if name not in spec.column_names]:
        raise SchemaError(
            f"the warehouse's {spec.name} has column(s) that this version does not know ({', '.join(unknown)}): "
            "it was written by a newer mkt_assets. Upgrade it."
        )
    if _in_lake(connection):
        _conform_in_lake(connection, spec, stored)
    elif stored is None:
        connection.execute(_ddl(spec, spec.name))
    else:
        _rebuild(connection, spec, stored)
    connection.execute(";\n".join(_comments(spec)))


def _rebuild(connection: duckdb.DuckDBPyConnection, spec: Table, stored: list[str]) -> None:
    """Move the rows into a table of today's DDL; ALTER TABLE can add no CHECK."""
    wanted = f"wanted_{spec.name}"
    connection.execute(_ddl(spec, wanted))
    if _sql_of(connection, wanted) == _sql_of(connection, spec.name):
        connection.execute(f"DROP TABLE {wanted}")
        return
    try:
        connection.execute(f"INSERT INTO {wanted} BY NAME SELECT {', '.join(stored)} FROM {spec.name}")
    except duckdb.ConstraintException as error:
        raise SchemaError(
            f"rows of {spec.name} that an earlier mkt_assets wrote do not fit today's schema ({error}). The "
            "warehouse was left as it was: read it with the version that wrote it, or move it away and re-run."
        ) from error
    connection.execute(f"DROP TABLE {spec.name}")
    connection.execute(f"ALTER TABLE {wanted} RENAME TO {spec.name}")


def _conform_in_lake(connection: duckdb.DuckDBPyConnection, spec: Table, stored: list[str] | None) -> None:
    """Make the table, its files apart by crawl date, or add the columns that it lacks; no row is written again."""
    if stored is None:
        connection.execute(_ddl(spec, spec.name, checks=False))
        if spec.partitioned:
            connection.execute(f"ALTER TABLE {spec.name} SET PARTITIONED BY (crawl_date)")
    for column in spec.columns:
        if stored is not None and column.name not in stored:
            connection.execute(f"ALTER TABLE {spec.name} ADD COLUMN {column.name} {column.type}")


def _in_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "SELECT type FROM duckdb_databases() WHERE database_name = current_database()"
    return connection.execute(query).fetchone() == ("ducklake",)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
        "ORDER BY table_name, column_index"
    ).fetchall():
        found.setdefault(str(table), []).append(str(column))
    return found


def _sql_of(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    row = connection.execute(
        "SELECT sql FROM duckdb_tables() WHERE database_name = current_database() AND table_name = ?", [table]
    ).fetchone()
    return str(row[0]).partition("(")[2] if row else ""


def _drop_column(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    if column in _columns(connection).get(table, ()):
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _ddl(spec: Table, name: str, *, checks: bool = True) -> str:
    parts = [f"{c.name} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in spec.columns]
    if checks:
        parts += [f"CHECK ({condition})" for condition in spec.checks]
    return f"CREATE TABLE {name} ({', '.join(parts)})"


def _comments(spec: Table) -> list[str]:
    comments = [f"COMMENT ON TABLE {spec.name} IS {quoted('one row is ' + spec.row_is)}"]
    for column in spec.columns:
        unit = f" [{column.unit}]" if column.unit else ""
        comments.append(f"COMMENT ON COLUMN {spec.name}.{column.name} IS {quoted(column.doc + unit)}")
    return comments


def _view_statements(view: View, *, comment_columns: bool = True) -> list[str]:
    statements = [
        f"CREATE OR REPLACE VIEW {view.name} ({', '.join(view.columns)}) AS {view.query}",
        f"COMMENT ON VIEW {view.name} IS {quoted(view.answers)}",
    ]
    if comment_columns:
        meanings = view.columns.items()
        statements += [f"COMMENT ON COLUMN {view.name}.{c} IS {quoted(doc)}" for c, doc in meanings]
    return statements
