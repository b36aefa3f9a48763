"""Where tables are stored: the `Database` that the rest of resources/ reads and writes through, and the DuckDB file.

A file is opened exclusively, shortly, and with patience.

Not here: what is in it (resources/warehouse), the database of many machines (resources/lake).
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

import duckdb
from filelock import FileLock, Timeout
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from mkt_assets.resources.files import copy_durably, replacing
from mkt_assets.resources.locks import lock_holders

T = TypeVar("T")

# not just "lock": a damaged file makes DuckDB speak of its blocks
_LOCKED = re.compile("Could not set lock")
_HOLDER = re.compile(r"held in (?P<program>\S+) \(PID (?P<pid>\d+)\)")
_threads: dict[Path, threading.Lock] = {}
_threads_guard = threading.Lock()
_engines: dict[Path | None, duckdb.DuckDBPyConnection] = {}
_engines_guard = threading.Lock()
# the threads of an engine do not come along
os.register_at_fork(before=_engines.clear)
_MAX_ENGINES = 5
# How files are stored: DuckDB from 1.1 on (September 2024) reads them, and opens them in a third of the time.
# It is said at every writing: a file does not say it, as those of 1.0 and of 1.1 both have the format 64.
_STORED_FOR, _FORMAT = "STORAGE_VERSION 'v1.1.0'", 64
_ATTACHED = "mkt"


class DatabaseBusyError(TimeoutError):
    """Another process held the database for too long. Trying again later helps."""


class DatabaseSetupError(ValueError):
    """The database cannot be used as it is set up; the message says what to do, and trying again does not help."""


class Database(Protocol):
    """Tables that many processes read and write, each write whole or not at all.

    A connection that it hands out is nobody else's; names without a schema are those of its tables.
    """

    @property
    def name(self) -> str:
        """Where it is, for people."""
        ...

    def exists(self) -> bool:
        """Whether anything was ever stored; asking makes nothing."""
        ...

    def n_bytes(self) -> int:
        """Its size."""
        ...

    def reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection to what exists, that sees what was stored at one moment, closed on the way out.

        Raises:
            DatabaseBusyError: if it cannot be had in time.
        """
        ...

    def write(self, tables: Collection[str], work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """What `work` answers, done in one transaction while nobody else writes any of `tables`.

        An error of `work` undoes it. It may be done again, from the start, if the database asks for that.

        Raises:
            DatabaseBusyError: if the tables cannot be had in time.
        """
        ...

    def publish(self, path: Path) -> None:
        """Write all tables and views, as they are at one moment, to a DuckDB file in the place of an older one."""
        ...

    def compact(self) -> None:
        """Let nothing that was removed linger anywhere in it."""
        ...


class FileDatabase:
    """A DuckDB file: one process at a time has it open.

    Args:
        path: the file; made on first use.
        timeout_seconds: how long to wait for other processes.
    """

    def __init__(self, path: Path, *, timeout_seconds: float = 120.0) -> None:
        self.path = path
        self.timeout_seconds = timeout_seconds

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.path.exists()

    def n_bytes(self) -> int:
        """The size of the file."""
        return self.path.stat().st_size if self.exists() else 0

    @contextmanager
    def reading(self) -> Generator[duckdb.DuckDBPyConnection]:
        """See `Database`; a file that is not there is not made, and nothing in it changed."""
        with open_database(self.path, timeout_seconds=self.timeout_seconds, read_only=True) as connection:
            # undone on the way out, and with it the SQL functions that a reader makes
            connection.begin()
            yield connection

    def write(self, tables: Collection[str], work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """See `Database`; the whole file is held."""
        with open_database(self.path, timeout_seconds=self.timeout_seconds) as connection:
            connection.begin()
            try:
                done = work(connection)
                connection.commit()
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has ended the transaction
                    connection.rollback()
                raise
            return done

    def publish(self, path: Path) -> None:
        """Copy the file; who has an older copy open keeps it."""
        if self.path.with_name(self.path.name + ".wal").exists():
            self._read_log()  # a copy of the file alone would lack what was committed to it
        with exclusive(self.path, timeout_seconds=self.timeout_seconds):
            copy_durably(self.path, path)

    def compact(self) -> None:
        """Copy the live rows to a new file that takes its place: nothing lingers in free pages."""
        if not self.exists():
            return
        self._read_log()
        with (
            exclusive(self.path, timeout_seconds=self.timeout_seconds),
            replacing(self.path) as aside,
            interrupts_later(),
        ):
            connection = duckdb.connect()
            try:
                connection.execute(f"ATTACH {quoted(str(self.path))} AS old (READ_ONLY)")
                connection.execute(f"ATTACH {quoted(str(aside))} AS new ({_STORED_FOR})")
                connection.execute("COPY FROM DATABASE old TO new")
            finally:
                connection.close()

    def _read_log(self) -> None:
        """Opened and closed: a write-ahead log that a killed process left is read in, and removed."""
        with open_database(self.path, timeout_seconds=self.timeout_seconds):
            pass


def quoted(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def exclusive(path: Path, *, timeout_seconds: float) -> Generator[None]:
    """Hold the lock file beside `path`: one process, one thread at a time.

    DuckDB's own lock makes the second process fail at once, and is lost when the file is copied by its
    holder (POSIX locks end with the first close); this one waits, and covers the copy as well.

    Raises:
        DatabaseBusyError: naming the lock file, after `timeout_seconds`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _threads_guard:
        thread_lock = _threads.setdefault(path, threading.Lock())
    lock_file = lock_path(path)
    if not thread_lock.acquire(timeout=timeout_seconds):
        raise DatabaseBusyError(f"another thread of this process kept {path} for over {timeout_seconds:g} s.")
    try:
        with FileLock(lock_file, timeout=timeout_seconds, poll_interval=0.02):
            yield
    except Timeout as error:
        who = ", ".join(f"process {pid}" for pid in lock_holders(lock_file)) or "another run"
        raise DatabaseBusyError(
            f"{who} kept {path} for over {timeout_seconds:g} s; see what it does with: fuser -v {lock_file}"
        ) from error
    finally:
        thread_lock.release()


def lock_path(path: Path) -> Path:
    """The lock file beside a DuckDB file. It stays: removing it would let two processes in at once."""
    return path.with_name(path.name + ".lock")


@contextmanager
def open_database(
    path: Path, *, timeout_seconds: float, read_only: bool = False
) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection that nobody shares, closed (and so, if it may write, checkpointed) on the way out.

    Raises:
        DatabaseBusyError: naming the holder, after `timeout_seconds`.
    """
    with exclusive(path, timeout_seconds=timeout_seconds):
        connection = _connect(path, timeout_seconds, read_only)
        with interrupts_later():
            try:
                yield connection
            finally:
                _disconnect(connection, path)


@contextmanager
def in_memory() -> Generator[duckdb.DuckDBPyConnection]:
    """A connection to an engine without a file, to compute; what is made in it is to be temporary, or registered."""
    connection = _engine(None).cursor()
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def interrupts_later() -> Generator[None]:
    """Let a cancellation (SIGTERM) or Ctrl-C take effect at the end, not inside.

    DuckDB looks for signals while it works, makes an ordinary error of what their handlers raise, and never lets
    go of a file that was being written then: the run would go on, and its next connection wait for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
        return
    caught: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in handlers:
        signal.signal(number, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for number in caught[:1]:
            signal.raise_signal(number)


def _connect(path: Path, timeout_seconds: float, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Wait, with jitter, for programs that do not know our lock file (a notebook, the duckdb shell)."""
    attempt = retry(
        retry=retry_if_exception(
            lambda e: isinstance(e, duckdb.IOException) and bool(_LOCKED.search(str(e)))
        ),
        wait=wait_random(0.02, 0.2),
        stop=stop_after_delay(timeout_seconds),
        reraise=True,
    )
    try:
        return attempt(_connect_once)(path, read_only)
    except duckdb.IOException as error:
        if not _LOCKED.search(str(error)):
            raise
        holder = _HOLDER.search(str(error))
        who = f"{holder['program']} (process {holder['pid']})" if holder else "another program"
        raise DatabaseBusyError(
            f"{who} kept {path} open for over {timeout_seconds:g} s; close it there, "
            f"and read {path.stem}.snapshot.duckdb instead, which stops nobody."
        ) from error


def _connect_once(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A connection of the file's engine, with the file attached; to begin an engine takes longer than to attach."""
    with interrupts_later():
        connection = _engine(path).cursor()
        try:
            how = "READ_ONLY" if read_only else "READ_WRITE" if _is_newer(path) else _STORED_FOR
            connection.execute(f"ATTACH {quoted(str(path))} AS {_ATTACHED} ({how})")
            connection.execute(f"USE {_ATTACHED}")
        except BaseException:
            _disconnect(connection, path)
            raise
        return connection


def _is_newer(path: Path) -> bool:
    """Whether there is a file of a later format, which cannot be written as an earlier one."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        header = file.read(20)  # a checksum of eight bytes, "DUCK", the format
    return int.from_bytes(header[12:], "little") > _FORMAT


def _disconnect(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Close the file, which brings its log into it; of an engine that cannot do that any more nothing is kept."""
    try:
        with suppress(duckdb.TransactionException):  # there is none
            connection.rollback()
        connection.execute("USE memory")
        connection.execute(f"DETACH DATABASE IF EXISTS {_ATTACHED}")
    except duckdb.Error:
        with _engines_guard:
            _engines.pop(path, None)
    finally:
        connection.close()


def _engine(path: Path | None) -> duckdb.DuckDBPyConnection:
    """The engine of a file, or of none: kept between two openings, for the few files that were opened last."""
    with _engines_guard:
        engine = _engines.pop(path, None) or duckdb.connect(
            config={} if path is None else {"temp_directory": f"{path}.tmp"}
        )
        _engines[path] = engine
        while len(_engines) > _MAX_ENGINES:
            _engines.pop(next(iter(_engines)))  # who uses it has a connection of its own
        return engine
