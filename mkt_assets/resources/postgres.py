"""Postgres, where a home shares it with others: connecting, and locks that are freed with whoever holds them.

Needs the extra `cluster`; nothing imports this where no setting asks for it.

Not here: the tables of the warehouse (resources/lake).
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import extensions
from psycopg2.errors import LockNotAvailable

from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError

_CONNECT_SECONDS = 10
_SLICE_SECONDS = 5.0  # while a statement waits, no signal is heard: a cancellation takes so long at most
_REFUSED = re.compile("authentication failed|no password supplied|does not exist|permission denied|no pg_hba")
_HOLDERS = """
SELECT DISTINCT coalesce(nullif(a.application_name, ''), 'process ' || a.pid)
    || coalesce(' at ' || host(a.client_addr), '')
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = ANY(%s)
"""


class DatabaseAwayError(DatabaseBusyError):
    """A server cannot be reached, or the connection to it was lost. Trying again later helps."""


@contextmanager
def connected(url: str) -> Generator[extensions.connection]:
    """A connection of one's own, in which each statement is a transaction; closed on the way out.

    The password comes from PGPASSWORD or ~/.pgpass, as everywhere with Postgres.

    Raises:
        DatabaseSetupError: if the server refuses the user, the password or the database.
        DatabaseAwayError: saying why, if the server cannot be reached, or is lost meanwhile.
    """
    try:
        name = f"mkt {socket.gethostname()} {os.getpid()}"
        connection = psycopg2.connect(url, application_name=name, connect_timeout=_CONNECT_SECONDS)
    except psycopg2.OperationalError as error:
        if _REFUSED.search(str(error)):
            raise DatabaseSetupError(
                f"Postgres refuses {url} ({_in_a_line(error)}): correct MKT_WAREHOUSE or PGPASSWORD, or make what it "
                "names."
            ) from error
        raise DatabaseAwayError(f"Postgres ({url}) cannot be reached: {_in_a_line(error)}") from error
    try:
        connection.autocommit = True
        yield connection
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise DatabaseAwayError(
            f"the connection to Postgres ({url}) was lost: {_in_a_line(error)}"
        ) from error
    finally:
        with suppress(psycopg2.Error):
            connection.close()


@contextmanager
def holding(url: str, names: Collection[str], *, timeout_seconds: float) -> Generator[extensions.connection]:
    """Hold the locks of these names, one process of all machines at a time; Postgres frees those of who ends.

    The connection holds them: while it answers, they are held.

    Raises:
        DatabaseBusyError: naming the holder, if they cannot be had in time.
        DatabaseAwayError: if the server cannot be reached, or is lost meanwhile.
    """
    # in order, so that two who want the same ones never wait for each other
    keys = sorted(map(_key, names))
    with connected(url) as connection, connection.cursor() as cursor:
        deadline = time.monotonic() + timeout_seconds
        for key in keys:
            while not _locked(cursor, key, deadline - time.monotonic()):
                if time.monotonic() >= deadline:
                    cursor.execute(_HOLDERS, [keys])
                    who = ", ".join(str(row[0]) for row in cursor.fetchall()) or "another run"
                    raise DatabaseBusyError(
                        f"{who} kept {', '.join(sorted(names))} for over {timeout_seconds:g} s."
                    )
        yield connection


def is_alive(connection: extensions.connection) -> bool:
    """Whether the connection answers, so that the locks it took are held still."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def _locked(cursor: extensions.cursor, key: int, remaining_seconds: float) -> bool:
    """Whether the lock was had within a slice of the time that remains."""
    milliseconds = max(1, round(1000 * min(_SLICE_SECONDS, remaining_seconds)))
    cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{milliseconds}ms"])
    try:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    except LockNotAvailable:
        return False
    return True


def _key(name: str) -> int:
    """Of a lock: 64 bits, signed, as Postgres has them."""
    return int.from_bytes(hashlib.sha256(f"mkt {name}".encode()).digest()[:8], signed=True)


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
