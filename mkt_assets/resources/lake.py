"""The warehouse of many machines: a DuckLake, its catalog in Postgres, its rows in Parquet files in a folder or on S3.

Needs the extra `cluster`; nothing imports this where MKT_WAREHOUSE is not set. A table has one writer at a time, who
holds an advisory lock for as long as a write takes: DuckLake alone loses or doubles rows where two first-write a date.
Readers hold nothing.

Not here: what is in it (resources/warehouse), its upkeep (resources/lake_upkeep).
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from mkt_assets.resources.copying import copy_rows
from mkt_assets.resources.database import DatabaseBusyError, FileDatabase, interrupts_later, quoted
from mkt_assets.resources.files import replacing
from mkt_assets.resources.postgres import DatabaseAwayError, connected, holding, is_alive

T = TypeVar("T")

EXTENSIONS = ("httpfs", "postgres_scanner", "ducklake")
CATALOG_NAME = "mkt"
_OPENING = "the warehouse's first opening"
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


class LakeError(ValueError):
    """The lake cannot be used as it is set up; the message says what to do."""


@dataclass(frozen=True)
class Lake:
    """Where a lake is.

    Args:
        catalog: a Postgres database, as `postgresql://user@host:port/name`, without a password.
        data: a folder, or `s3://bucket/prefix`.
    """

    catalog: str
    data: str

    @property
    def data_path(self) -> str:
        """`data` as the catalog remembers it, with a slash at its end."""
        return self.data.rstrip("/") + "/"


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
        """See `resources/lake_upkeep`."""
        from mkt_assets.resources.lake_upkeep import leave_nothing_removed

        leave_nothing_removed(self)

    @contextmanager
    def alone(self, tables: Collection[str]) -> Generator[duckdb.DuckDBPyConnection]:
        """A connection, each statement a transaction, while nobody else writes any of `tables`."""
        with (
            holding(self.lake.catalog, tables, timeout_seconds=self.timeout_seconds),
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
                _open[key] = _attached(self.lake, self.timeout_seconds)
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
        if _FORBIDDEN.search(str(error)):
            return LakeError(
                f"{self.lake.data} may not be read or written with these keys: correct MKT_WAREHOUSE_DATA, "
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, or what the keys may do."
            )
        if not _passes(error):
            return error
        what = " ".join(str(error).split())[:300]
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


def extension_path(name: str) -> Path:
    """Where the package of a DuckDB extension has it, for the DuckDB that is installed.

    Raises:
        LakeError: saying what to install.
    """
    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    path = None
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
        path = folder / f"{name}.duckdb_extension"
    if path is None or not path.is_file():
        raise LakeError(
            f"MKT_WAREHOUSE needs DuckDB's extension {name} for DuckDB {duckdb.__version__}: install the extra, "
            "as mkt_assets[cluster]."
        )
    return path


def catalogued_data_path(lake: Lake) -> str | None:
    """The data path that the catalog remembers; None if there is no lake in it.

    Raises:
        DatabaseAwayError: if the catalog cannot be reached.
    """
    with connected(lake.catalog) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ducklake_metadata') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return None
        cursor.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'")
        row = cursor.fetchone()
        return str(row[0]) if row else None


def write_probe(lake: Lake) -> None:
    """Open the lake, and write a tiny file where its data are; upkeep removes it, as one that is in no state.

    Raises:
        LakeError: if the lake is not as the settings say.
        duckdb.Error: if that cannot be done.
    """
    connection = _attached(lake, timeout_seconds=5)
    try:
        where = quoted(f"{lake.data_path}doctor.parquet")
        connection.execute(f"COPY (SELECT 'written by mkt doctor' AS what) TO {where}")
    finally:
        connection.close()


def _attached(lake: Lake, timeout_seconds: float) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            # nothing is fetched from anywhere; what spills to disk does not fall into the current folder
            "autoinstall_known_extensions": "false",
            "temp_directory": str(Path(tempfile.gettempdir()) / f"mkt-duckdb-{os.getpid()}"),
        }
    )
    for name in EXTENSIONS:
        connection.execute(f"LOAD {quoted(str(extension_path(name)))}")
    _set_s3(connection)
    known = catalogued_data_path(lake)
    if known is None:
        # two that make the catalog's tables at once would both fail
        with holding(lake.catalog, [_OPENING], timeout_seconds=timeout_seconds):
            known = catalogued_data_path(lake)
            if known is None:
                if connection.execute(
                    f"SELECT 1 FROM glob({quoted(lake.data_path + '**')}) LIMIT 1"
                ).fetchone():
                    raise LakeError(
                        f"{lake.data} has files in it of something else, which the lake's upkeep would remove: "
                        "name an empty place with MKT_WAREHOUSE_DATA."
                    )
                _attach(connection, lake)
                # rows of people belong into the data, and not into the catalog as well
                connection.execute(f"CALL {CATALOG_NAME}.set_option('data_inlining_row_limit', 0)")
                return connection
    if known.rstrip("/") != lake.data.rstrip("/"):
        raise LakeError(
            f"the catalog {lake.catalog} has its data in {known}, and MKT_WAREHOUSE_DATA is {lake.data}: "
            "correct the setting, or name another catalog."
        )
    _attach(connection, lake)
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    where = quoted(f"ducklake:postgres:{lake.catalog}")
    connection.execute(f"ATTACH {where} AS {CATALOG_NAME} (DATA_PATH {quoted(lake.data_path)})")


def _set_s3(connection: duckdb.DuckDBPyConnection) -> None:
    """The store's address; keys and region DuckDB takes from AWS_* itself, so that they are in no statement."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        connection.execute(f"SET GLOBAL s3_endpoint = {quoted(parts.netloc)}")
        connection.execute(f"SET GLOBAL s3_use_ssl = {parts.scheme != 'http'}")
        connection.execute("SET GLOBAL s3_url_style = 'path'")


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
