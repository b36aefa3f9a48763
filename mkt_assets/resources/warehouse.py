"""The warehouse: one table per entry of the schema, read and replaced a partition at a time.

Not here: the tables (contract/tables), the published views (contract/views), where they are stored
(resources/database).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from math import inf
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.table import Column, Table
from mkt_assets.contract.tables.rejects import REJECTS
from mkt_assets.resources.database import Database, DatabaseBusyError, in_memory, quoted
from mkt_assets.resources.migrations import reading, write

_PART_ROWS = 2048  # 20 MB of the widest vectors here
_DERIVE_ATTEMPTS = 10  # by then the sources change as fast as they are read


class ReadParts(Protocol):
    """Reads as `Warehouse.read` does, and hands out the rows some at a time."""

    def __call__(
        self, table: str, crawl_dates: Sequence[date] | None = None, *, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """Parts of the rows, in order; at least one, perhaps without rows."""
        ...


class CrawlDateError(ValueError):
    """A crawl date of which nothing is here: before the first partition, or never materialized."""


class ContractError(ValueError):
    """Rows break the schema; nothing was written. The message names the table, the rule and example rows."""


class Warehouse:
    """Reads and replaces partitions; every call has the database for a short time only.

    Args:
        database: where the tables are.
        snapshot_path: where the DuckDB file that people read is published.
        max_snapshot_bytes: a larger one is published when asked for, and not after each run.
    """

    def __init__(self, database: Database, snapshot_path: Path, *, max_snapshot_bytes: float = inf) -> None:
        self.database = database
        self._max_snapshot_bytes = max_snapshot_bytes
        self.snapshot_path = snapshot_path
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
        if not self.database.exists():
            return _arrow_schema(spec, names).empty_table()
        with reading(self.database) as connection:
            return _select(connection, spec, names, crawl_dates)

    @contextmanager
    def one_moment(self) -> Generator[ReadParts]:
        """Several reads of what is stored at one moment, however large; where that is a file, other runs wait.

        Raises:
            DatabaseBusyError: if other runs keep the file for too long.
        """
        with reading(self.database) as connection:
            yield partial(_parts, connection)

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
        _check_contract(spec, rows, crawl_date)

        def replace(connection: duckdb.DuckDBPyConnection) -> None:
            connection.register("incoming", rows)
            connection.execute(f"DELETE FROM {table} WHERE crawl_date = ?", [crawl_date])
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
            if rejects is not None:
                connection.execute(
                    "DELETE FROM rejects WHERE crawl_date = ? AND asset = ?", [crawl_date, table]
                )
                connection.register("refused", rejects)
                connection.execute("INSERT INTO rejects BY NAME SELECT * FROM refused")

        write(self.database, [table] if rejects is None else [table, REJECTS.name], replace)
        self._changed = True

    def replace_derived(
        self,
        table: str,
        sources: Mapping[str, Sequence[str]],
        derive: Callable[[Mapping[str, pa.Table]], pa.Table],
    ) -> pa.Table:
        """Replace a table that is computed of all crawl dates, so that it is true of what is stored then.

        The database is not held while `derive` computes: if another run changed a source meanwhile, it is computed
        again.

        Args:
            table: one that is not partitioned.
            sources: columns of the tables it is computed from.
            derive: rows of `table`, of these columns of all crawl dates.

        Returns:
            The rows as stored.

        Raises:
            ContractError: if rows break the schema; the old rows stay.
            DatabaseBusyError: if other runs keep the file, or change the sources, again and again.
        """
        spec = TABLES[table]
        for _ in range(_DERIVE_ATTEMPTS):
            with reading(self.database) as connection:
                state = _state(connection, sources)
                read = {name: _select(connection, TABLES[name], sources[name]) for name in sources}
            rows = _conform(spec, derive(read))
            _check_contract(spec, rows, None)
            if write(self.database, [table, *sources], partial(_replace_if, spec, rows, sources, state)):
                self._changed = True
                return rows
        raise DatabaseBusyError(
            f"other runs changed {', '.join(sources)} while {table} was computed, {_DERIVE_ATTEMPTS} times."
        )

    def publish_snapshot(self) -> None:
        """Publish the warehouse, as it is between two writes, to where people read; readers keep the old one."""
        if self.database.exists():
            self.database.publish(self.snapshot_path)
        self._changed = False

    def renew_snapshot(self) -> None:
        """Let the snapshot have nothing that the warehouse has not: published, or removed if it would be too large."""
        if self.database.n_bytes() <= self._max_snapshot_bytes:
            self.publish_snapshot()
        else:
            self.snapshot_path.unlink(missing_ok=True)

    def publish_snapshot_if_changed(self) -> None:
        """Publish once, at the end of a run that wrote something, unless that would copy too much."""
        if self._changed and self.database.n_bytes() <= self._max_snapshot_bytes:
            self.publish_snapshot()


def _replace_if(
    spec: Table,
    rows: pa.Table,
    sources: Mapping[str, Sequence[str]],
    state: Sequence[object],
    connection: duckdb.DuckDBPyConnection,
) -> bool:
    """Replace a whole table if its sources are in this state still."""
    if _state(connection, sources) != state:
        return False
    connection.register("incoming", rows)
    connection.execute(f"DELETE FROM {spec.name}")
    connection.execute(f"INSERT INTO {spec.name} BY NAME SELECT * FROM incoming")
    return True


def _arrow_schema(spec: Table, names: Sequence[str]) -> pa.Schema:
    return pa.schema([spec.arrow_schema().field(name) for name in names])


def _select(
    connection: duckdb.DuckDBPyConnection,
    spec: Table,
    names: Sequence[str],
    crawl_dates: Sequence[date] | None = None,
) -> pa.Table:
    return _query(connection, spec, names, crawl_dates).to_arrow_table().cast(_arrow_schema(spec, names))


def _parts(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    crawl_dates: Sequence[date] | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.Table]:
    """The rows of `_select`, some at a time; the first part has none."""
    spec = TABLES[table]
    names = list(columns) if columns is not None else spec.column_names
    schema = _arrow_schema(spec, names)
    yield schema.empty_table()
    for batch in _query(connection, spec, names, crawl_dates).to_arrow_reader(_PART_ROWS):
        yield pa.Table.from_batches([batch]).cast(schema)


def _query(
    connection: duckdb.DuckDBPyConnection,
    spec: Table,
    names: Sequence[str],
    crawl_dates: Sequence[date] | None,
) -> duckdb.DuckDBPyConnection:
    order = ", ".join(("crawl_date", *(spec.key or ("asset", "source_file", "source_row"))))
    where = "" if crawl_dates is None else "WHERE list_contains(?, crawl_date)"
    return connection.execute(
        f"SELECT {', '.join(names)} FROM {spec.name} {where} ORDER BY {order}",
        [] if crawl_dates is None else [list(crawl_dates)],
    )


def _state(connection: duckdb.DuckDBPyConnection, sources: Mapping[str, Sequence[str]]) -> list[object]:
    """Numbers that change when the sources' rows do, whatever the rows' order."""
    return [
        connection.execute(
            f"SELECT count(*), sum(hash({', '.join(columns)})::HUGEINT) FROM {table}"
        ).fetchone()
        for table, columns in sources.items()
    ]


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


def _check_contract(spec: Table, rows: pa.Table, crawl_date: date | None) -> None:
    """Bad rows must not enter: a blocking Dagster check would see them only after they are stored.

    Not in the warehouse, so that nobody waits for it.
    """
    with in_memory() as connection:
        connection.register("incoming", rows)
        _check_incoming(connection, spec, crawl_date)


def _check_incoming(connection: duckdb.DuckDBPyConnection, spec: Table, crawl_date: date | None) -> None:
    what_table = spec.name if crawl_date is None else f"{spec.name} of {crawl_date}"
    # in a table of all crawl dates the key is unique within each
    key = spec.key if spec.partitioned else ("crawl_date", *spec.key)
    shown = ", ".join(key or ("source_file",))
    rules: list[tuple[str, str]] = []
    if crawl_date is not None:
        rules.append(("is of another crawl date", f"crawl_date <> DATE '{crawl_date.isoformat()}'"))
    rules += [(f"breaks: {condition}", f"NOT ({condition})") for condition in spec.checks]
    for column in spec.columns:
        rules += _column_rules(column)
    # all rules in one look at the rows; a query each took longer than writing them
    asked = ", ".join(f"bool_or({condition})" for _, condition in rules)
    broken = connection.execute(f"SELECT {asked} FROM incoming").fetchone()
    for (what, condition), is_broken in zip(rules, broken or (), strict=True):
        if is_broken:
            bad = connection.execute(f"SELECT {shown} FROM incoming WHERE {condition} LIMIT 3").fetchall()
            raise ContractError(f"{what_table}: a row {what}; for example ({shown}) = {bad}.")
    if key:
        bad = connection.execute(
            f"SELECT {shown} FROM incoming GROUP BY {shown} HAVING count(*) > 1 LIMIT 3"
        ).fetchall()
        if bad:
            raise ContractError(f"{what_table}: ({shown}) should be unique; repeated: {bad}.")


def _column_rules(column: Column) -> list[tuple[str, str]]:
    rules: list[tuple[str, str]] = []
    if not column.nullable:
        rules.append((f"has no {column.name}", f"{column.name} IS NULL"))
    if column.allowed:
        values = ", ".join(quoted(value) for value in column.allowed)
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
