"""Opening a DuckDB file: exclusively, shortly, and with patience. The rest of resources/ opens files through this.

Not here: what is in the file (resources/warehouse).
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from mkt_assets.resources.locks import lock_holders

# not just "lock": a damaged file makes DuckDB speak of its blocks
_LOCKED = re.compile("Could not set lock")
_HOLDER = re.compile(r"held in (?P<program>\S+) \(PID (?P<pid>\d+)\)")
_threads: dict[Path, threading.Lock] = {}
_threads_guard = threading.Lock()


class DatabaseBusyError(TimeoutError):
    """Another process held the file for too long. Trying again later helps."""


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
    with interrupts_later():
        return duckdb.connect(str(path), read_only=read_only)
