"""Dagster's own records in a shared state: masking what names somebody, removing what shows her, and looking for her.

Every text of every table is looked at, whatever the tables are.

Not here: the records in a home, and what of a text goes (operations/event_log).
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg2 import extensions, sql

from mkt_assets.core.text.needles import Needles
from mkt_assets.operations.event_log import Latest, MayShow, cleaned
from mkt_assets.orchestration.dagster_yaml import RECORDS_SCHEMA
from mkt_assets.resources.postgres import connected, transaction

_TEXTS = """
SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
    USING (table_schema, table_name)
WHERE table_schema = %s AND table_type = 'BASE TABLE' AND data_type IN ('text', 'character varying', 'json', 'jsonb')
ORDER BY table_name, ordinal_position
"""
_LATEST = """
SELECT DISTINCT ON (asset_key, partition) asset_key, partition, run_id FROM {} WHERE dagster_event_type =
'ASSET_MATERIALIZATION' ORDER BY asset_key, partition, id DESC
"""
_ROWS_AT_ONCE = 2000


def scrub_records(url: str, needles: Needles, may_show: MayShow) -> int:
    """As `event_log.scrub`, of the records in a state; how many cells changed. Whoever writes meanwhile waits."""
    n_changed = 0
    with connected(url) as connection:
        latest = _latest(connection)
        for table, columns in texts_of(connection, RECORDS_SCHEMA).items():
            name = sql.Identifier(RECORDS_SCHEMA, table)
            with transaction(connection), connection.cursor() as cursor:
                cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(name))
                n_changed += _scrub_table(connection, name, columns, needles, may_show, latest)
            with connection.cursor() as cursor:
                # rows of before stay in Postgres's pages otherwise
                cursor.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(name))
    return n_changed


def texts_of(connection: extensions.connection, schema: str) -> dict[str, list[str]]:
    """Columns of texts by table of a schema."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS, [schema])
        for table, column in cursor.fetchall():
            found.setdefault(str(table), []).append(str(column))
    return found


def rows_of(
    connection: extensions.connection, name: sql.Composable, columns: list[str]
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """(place, {column: text}) of every row of a table; inside of a transaction, some at a time."""
    chosen = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns)
    with connection.cursor("rows") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(sql.SQL("SELECT ctid::text, {} FROM {}").format(chosen, name))
        for place, *values in cursor:
            yield str(place), dict(zip(columns, values, strict=True))


def _scrub_table(
    connection: extensions.connection,
    name: sql.Composable,
    columns: list[str],
    needles: Needles,
    may_show: MayShow,
    latest: Latest,
) -> int:
    changes: dict[str, dict[str, str]] = {}
    for place, row in rows_of(connection, name, columns):
        for column, value in row.items():
            if value is not None and (text := cleaned(value, row, needles, may_show, latest)) != value:
                changes.setdefault(place, {})[column] = text
    with connection.cursor() as cursor:
        # all cells of a row at once: it is in another place afterwards
        for place, cells in changes.items():
            assigned = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(c)) for c in cells)
            cursor.execute(
                sql.SQL("UPDATE {} SET {} WHERE ctid = %s::tid").format(name, assigned),
                [*cells.values(), place],
            )
    return sum(map(len, changes.values()))


def _latest(connection: extensions.connection) -> Latest:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{RECORDS_SCHEMA}.event_logs"])
        if cursor.fetchone() != (True,):
            return Latest(frozenset())
        cursor.execute(sql.SQL(_LATEST).format(sql.Identifier(RECORDS_SCHEMA, "event_logs")))
        return Latest(frozenset((str(a), str(partition), str(run)) for a, partition, run in cursor))
