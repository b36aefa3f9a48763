"""The warehouse: one DuckDB table per entry of the schema, read and replaced a partition at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from mkt_assets.resources.database import exclusive, open_database
from mkt_assets.schema import REJECTS, TABLES, Column, Table


class ContractError(ValueError):
    """Rows break the schema; nothing was written. The message names the table, the rule and example rows."""


class Warehouse:
    """Reads and replaces partitions; every call opens the file, works shortly, and closes it.

    Args:
        path: the DuckDB file; made on first use.
        snapshot_path: where the copy that people read is published.
        lock_timeout_seconds: how long to wait for other runs.
    """

    def __init__(self, path: Path, snapshot_path: Path, *, lock_timeout_seconds: float = 120.0) -> None:
        self.path = path
        self.snapshot_path = snapshot_path
        self._timeout = lock_timeout_seconds
        self._changed = False

    def read(
        self,
        table: str,
        crawl_dates: Sequence[date] | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Rows of `table` in the order of its key; all partitions, or those of `crawl_dates`.

        Raises:
            DatabaseBusyError: if other runs keep the file for too long.
        """
        spec = TABLES[table]
        names = list(columns) if columns is not None else spec.column_names
        schema = pa.schema([spec.arrow_schema().field(name) for name in names])
        if not self.path.exists():
            return schema.empty_table()
        order = ", ".join(("crawl_date", *(spec.key or ("asset", "source_file", "source_row"))))
        where = "" if crawl_dates is None else "WHERE list_contains(?, crawl_date)"
        with open_database(self.path, timeout_seconds=self._timeout) as connection:
            _create_tables(connection)
            rows = connection.execute(
                f"SELECT {', '.join(names)} FROM {table} {where} ORDER BY {order}",
                [] if crawl_dates is None else [list(crawl_dates)],
            ).to_arrow_table()
        return rows.cast(schema)

    def replace_partition(
        self, table: str, crawl_date: date, rows: pa.Table, *, rejects: pa.Table | None = None
    ) -> None:
        """Replace the partition's rows (and what the asset of this name rejected) in one transaction.

        Raises:
            ContractError: if rows break the schema; the old rows stay.
            DatabaseBusyError: if other runs keep the file for too long; the old rows stay.
        """
        spec = TABLES[table]
        rows = _conform(spec, rows)
        rejects = None if rejects is None else _conform(REJECTS, rejects)
        with open_database(self.path, timeout_seconds=self._timeout) as connection:
            _create_tables(connection)
            connection.register("incoming", rows)
            _check_contract(connection, spec, crawl_date)
            connection.begin()
            connection.execute(f"DELETE FROM {table} WHERE crawl_date = ?", [crawl_date])
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
            if rejects is not None:
                connection.execute(
                    "DELETE FROM rejects WHERE crawl_date = ? AND asset = ?", [crawl_date, table]
                )
                connection.register("refused", rejects)
                connection.execute("INSERT INTO rejects BY NAME SELECT * FROM refused")
            connection.commit()
        self._changed = True

    def publish_snapshot(self) -> None:
        """Copy the warehouse, as it is between two writes, to where people read; readers keep the old one."""
        with exclusive(self.path, timeout_seconds=self._timeout):
            if not self.path.exists():
                return
            aside = self.snapshot_path.with_name(f".{self.snapshot_path.name}.{os.getpid()}")
            try:
                shutil.copyfile(self.path, aside)
                aside.replace(self.snapshot_path)
            finally:
                aside.unlink(missing_ok=True)
        self._changed = False

    def publish_snapshot_if_changed(self) -> None:
        """Publish once, at the end of a run that wrote something."""
        if self._changed:
            self.publish_snapshot()


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    existing: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns()"
    ).fetchall():
        existing.setdefault(str(table), set()).add(str(column))
    for spec in TABLES.values():
        if spec.name not in existing:
            connection.execute(_ddl(spec))
            _comment(connection, spec)
            continue
        # a warehouse of an earlier version: rows it has keep null in what came later
        added = [c for c in spec.columns if c.name not in existing[spec.name] and c.nullable]
        for column in added:
            connection.execute(f"ALTER TABLE {spec.name} ADD COLUMN {column.name} {column.type}")
        if added:
            _comment(connection, spec)


def _ddl(spec: Table) -> str:
    columns = [f"{c.name} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in spec.columns]
    checks = [f"CHECK ({condition})" for condition in spec.checks]
    return f"CREATE TABLE {spec.name} ({', '.join([*columns, *checks])})"


def _comment(connection: duckdb.DuckDBPyConnection, spec: Table) -> None:
    connection.execute(f"COMMENT ON TABLE {spec.name} IS {_quoted('one row is ' + spec.row_is)}")
    for column in spec.columns:
        unit = f" [{column.unit}]" if column.unit else ""
        connection.execute(f"COMMENT ON COLUMN {spec.name}.{column.name} IS {_quoted(column.doc + unit)}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _conform(spec: Table, rows: pa.Table) -> pa.Table:
    """The rows with exactly the schema's columns and types."""
    if missing := [name for name in spec.column_names if name not in rows.column_names]:
        raise ContractError(f"{spec.name}: rows lack the column(s) {', '.join(missing)}.")
    if surplus := [name for name in rows.column_names if name not in spec.column_names]:
        raise ContractError(f"{spec.name}: rows have unknown column(s) {', '.join(surplus)}.")
    try:
        return rows.select(spec.column_names).cast(spec.arrow_schema())
    except (pa.ArrowInvalid, ValueError) as error:
        raise ContractError(f"{spec.name}: {error}") from error


def _check_contract(connection: duckdb.DuckDBPyConnection, spec: Table, crawl_date: date) -> None:
    """Bad rows must not enter: a blocking Dagster check would see them only after they are stored."""
    shown = ", ".join(spec.key or ("source_file",))
    rules = [("is of another crawl date", f"crawl_date <> DATE '{crawl_date.isoformat()}'")]
    rules += [(f"breaks: {condition}", f"NOT ({condition})") for condition in spec.checks]
    for column in spec.columns:
        rules += _column_rules(column)
    for what, condition in rules:
        bad = connection.execute(f"SELECT {shown} FROM incoming WHERE {condition} LIMIT 3").fetchall()
        if bad:
            raise ContractError(f"{spec.name} of {crawl_date}: a row {what}; for example ({shown}) = {bad}.")
    if spec.key:
        bad = connection.execute(
            f"SELECT {shown} FROM incoming GROUP BY {shown} HAVING count(*) > 1 LIMIT 3"
        ).fetchall()
        if bad:
            raise ContractError(f"{spec.name} of {crawl_date}: ({shown}) should be unique; repeated: {bad}.")


def _column_rules(column: Column) -> list[tuple[str, str]]:
    rules: list[tuple[str, str]] = []
    if not column.nullable:
        rules.append((f"has no {column.name}", f"{column.name} IS NULL"))
    if column.allowed:
        values = ", ".join(_quoted(value) for value in column.allowed)
        rules.append((f"has a {column.name} other than {values}", f"{column.name} NOT IN ({values})"))
    if column.minimum is not None:
        rules.append((f"has a {column.name} below {column.minimum:g}", f"{column.name} < {column.minimum}"))
    if column.maximum is not None:
        # float rounding may carry a share a hair over 1
        rules.append(
            (f"has a {column.name} above {column.maximum:g}", f"{column.name} > {column.maximum} + 1e-9")
        )
    if column.type in ("DOUBLE", "FLOAT[]"):
        finite = (
            f"isfinite({column.name})"
            if column.type == "DOUBLE"
            else (f"list_bool_and(list_transform({column.name}, x -> isfinite(x)))")
        )
        rules.append((f"has a {column.name} that is not finite", f"NOT {finite}"))
    return rules
