"""The warehouse of many machines: a DuckLake, its catalog in Postgres, its rows in Parquet files in a folder or on S3.

Needs the extra `cluster`; nothing imports this where MKT_WAREHOUSE is not set. A table has one writer at a time, who
holds an advisory lock for as long as a write takes: DuckLake alone loses or doubles rows where two first-write a date.
Readers hold nothing.

Not here: what is in it (resources/warehouse), opening it (resources/lake_connection), what its upkeep does
(resources/lake_upkeep).
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.copying import copy_rows
from mkt_assets.resources.database import (
    DatabaseBusyError,
    DatabaseSetupError,
    FileDatabase,
    interrupts_later,
)
from mkt_assets.resources.files import replacing
from mkt_assets.resources.lake_connection import CATALOG_NAME, Lake, attached, catalogued_data_path
from mkt_assets.resources.lake_upkeep import KEPT, Upkeep, keep_up, leave_nothing_removed
from mkt_assets.resources.postgres import DatabaseAwayError, connected, holding, is_alive

T = TypeVar("T")

# DuckLake tries again by itself, and then says this
_CONFLICT = re.compile("Transaction conflict|Failed to commit DuckLake transaction", re.IGNORECASE)
_LOST = re.compile(
    "server closed the connection|terminating connection|no connection to the server|connection not open|"
    "unable to connect to postgres|could not connect|connection to server|connection refused|connection reset|"
    "could not receive data|SSL (SYSCALL|connection)|could not establish connection|connection error for HTTP|"
    "timeout was reached|HTTP (5\\d\\d|429)|database has been invalidated|starting up|shutting down",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile("HTTP 40[13]|permission denied", re.IGNORECASE)
_SIZE = "SELECT coalesce(sum(file_size_bytes), 0) FROM ducklake_data_file WHERE end_snapshot IS NULL"
_open: dict[tuple[int, Lake], duckdb.DuckDBPyConnection] = {}
_open_guard = threading.Lock()


class LakeDatabase:
    """A `Database` in a DuckLake. A process opens it once, which takes a second, and keeps it open.

    Args:
        lake: where it is; made on first use.
        timeout_seconds: how long to wait for other writers, and for a server that is away.
    """

    def __init__(self, lake: Lake, *, timeout_seconds: float = 120.0) -> None:
        self.lake = lake
        self.timeout_seconds = timeout_seconds

    @property
    def name(self) -> str:
        """The catalog's address."""
        return self.lake.catalog

    def exists(self) -> bool:
        """Whether the catalog has a lake in it."""
        return (os.getpid(), self.lake) in _open or catalogued_data_path(self.lake) is not None

    def n_bytes(self) -> int:
        """The size of the files that its latest state is in."""
        with connected(self.lake.catalog) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('ducklake_data_file') IS NOT NULL")
            if cursor.fetchone() != (True,):
                return 0
            cursor.execute(_SIZE)
            row = cursor.fetchone()
            return int(row[0]) if row else 0

    @contextmanager
    def reading(self) -> Generator[duckdb.DuckDBPyConnection]:
        """See `Database`; nobody waits for it."""
        # only the beginning is tried again: what was read of one moment cannot go on in another
        connection = self._patiently(self._begin)
        with interrupts_later():
            try:
                yield connection
            except duckdb.Error as error:
                raise self._explained(error) from error
            finally:
                _end(connection)

    def write(self, tables: Collection[str], work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """See `Database`; done again where Postgres or the store was away for a moment."""

        def once() -> T:
            with (
                holding(self.lake.catalog, tables, timeout_seconds=self.timeout_seconds) as locks,
                interrupts_later(),
            ):
                connection = self._begin()
                try:
                    done = work(connection)
                    if not is_alive(locks):
                        raise DatabaseAwayError(f"the locks of {', '.join(tables)} were lost.")
                    connection.commit()
                finally:
                    _end(connection)
                return done

        return self._patiently(once)

    def publish(self, path: Path) -> None:
        """Copy all rows to a DuckDB file; who has an older copy open keeps it."""
        with replacing(path) as aside:
            copy_rows(self, FileDatabase(aside, timeout_seconds=self.timeout_seconds))

    def compact(self) -> None:
        """Only for whoever is alone: a reader under way may miss its files."""
        with self._alone() as connection:
            leave_nothing_removed(connection, self.lake)

    def keep_up(self, *, kept: timedelta = KEPT) -> Upkeep:
        """See `lake_upkeep.keep_up`; writers wait.

        Raises:
            DatabaseBusyError: if the tables cannot be had in time.
        """
        with self._alone() as connection:
            return keep_up(connection, kept=kept)

    @contextmanager
    def _alone(self) -> Generator[duckdb.DuckDBPyConnection]:
        """A connection, each statement a transaction, while nobody else writes."""
        with (
            holding(self.lake.catalog, TABLES, timeout_seconds=self.timeout_seconds),
            interrupts_later(),
        ):
            connection = self._begin()
            try:
                connection.rollback()
                yield connection
            except duckdb.Error as error:
                raise self._explained(error) from error
            finally:
                _end(connection)

    def _begin(self) -> duckdb.DuckDBPyConnection:
        """A connection of one's own, in a transaction that has seen the catalog."""
        connection = self._opened().cursor()
        try:
            connection.execute(f"USE {CATALOG_NAME}")
            connection.begin()
            # one that Postgres closed meanwhile is met here, and not in the middle of the work
            connection.execute(f"SELECT * FROM {CATALOG_NAME}.current_snapshot()").fetchone()
        except BaseException:
            _end(connection)
            raise
        return connection

    def _opened(self) -> duckdb.DuckDBPyConnection:
        # by process: a connection does not survive a fork
        key = (os.getpid(), self.lake)
        with _open_guard:
            if key not in _open:
                _open[key] = attached(self.lake, self.timeout_seconds)
            return _open[key]

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do it again while it fails for what passes."""
        retrying = Retrying(
            retry=retry_if_exception(_passes),
            wait=wait_random_exponential(multiplier=0.1, max=3),
            stop=stop_after_delay(self.timeout_seconds),
            before_sleep=lambda state: self._reopen_after(state.outcome and state.outcome.exception()),
            reraise=True,
        )
        try:
            return retrying(work)
        except duckdb.Error as error:
            raise self._explained(error) from error

    def _reopen_after(self, error: BaseException | None) -> None:
        if not _CONFLICT.search(str(error)):
            with _open_guard:
                # closed by the last who uses it
                _open.pop((os.getpid(), self.lake), None)

    def _explained(self, error: duckdb.Error) -> Exception:
        """A sentence for what passes; the error itself, which is a defect, for all else."""
        what = " ".join(str(error).split())[:300]
        if _FORBIDDEN.search(what):
            return DatabaseSetupError(
                f"the user of {self.lake.catalog}, or the keys to {self.lake.data}, may not do that ({what}): correct "
                "MKT_WAREHOUSE, MKT_WAREHOUSE_DATA, PGPASSWORD, AWS_*, or what they may do there."
            )
        if not _passes(error):
            return error
        if _CONFLICT.search(what):
            return DatabaseBusyError(
                f"other writers of {self.name} were in the way again and again ({what})."
            )
        return DatabaseAwayError(
            f"the warehouse's catalog ({self.lake.catalog}) or data ({self.lake.data}) was away ({what}); "
            "what was stored before is unharmed."
        )


def forget_connections() -> None:
    """Let the process open lakes anew; a connection in use stays open until it is not."""
    with _open_guard:
        _open.clear()


def _end(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave without a transaction: closing inside of one that lost its catalog would end the process."""
    with suppress(duckdb.Error):
        connection.rollback()  # an error if there is none any more
    with suppress(duckdb.Error):
        connection.close()


def _passes(error: BaseException) -> bool:
    """Whether trying again may help: a conflict, or a server that was away."""
    if isinstance(error, duckdb.Error):
        return bool(_CONFLICT.search(str(error)) or _LOST.search(str(error)))
    return isinstance(error, DatabaseAwayError)
