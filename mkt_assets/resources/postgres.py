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
from psycopg2 import extensions, sql
from psycopg2.errors import LockNotAvailable

from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError

_CONNECT_SECONDS = 10
# Whoever vanishes without a word, as with the power, is given up after a minute, on both sides.
_SERVER_KEEPALIVES = (
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
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
        DatabaseSetupError: if the server refuses the user, the password or the database, or it is not in UTF-8.
        DatabaseAwayError: saying why, if the server cannot be reached, or is lost meanwhile.
    """
    try:
        connection = psycopg2.connect(
            url,
            application_name=program(),
            connect_timeout=_CONNECT_SECONDS,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=60_000,
        )
    except psycopg2.OperationalError as error:
        if _REFUSED.search(str(error)):
            raise DatabaseSetupError(
                f"Postgres refuses {url} ({_in_a_line(error)}): correct MKT_WAREHOUSE, MKT_STATE or PGPASSWORD, or "
                "make what they name."
            ) from error
        raise DatabaseAwayError(f"Postgres ({url}) cannot be reached: {_in_a_line(error)}") from error
    try:
        # SQL_ASCII took captions, and failed `mkt forget` half-way
        if (encoding := connection.get_parameter_status("server_encoding")) != "UTF8":
            raise DatabaseSetupError(
                f"The database of {url} keeps text as {encoding}: make one with CREATE DATABASE ... ENCODING 'UTF8' "
                "TEMPLATE template0, and restore a pg_dump of this one into it if there is something in it."
            )
        with told_when_lost(url):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(_SERVER_KEEPALIVES)
            yield connection
    finally:
        with suppress(psycopg2.Error):
            connection.close()


def program() -> str:
    """This process, as Postgres shows it."""
    return f"mkt {socket.gethostname()} {os.getpid()}"


@contextmanager
def told_when_lost(url: str) -> Generator[None]:
    """Say it in a sentence when the connection is lost inside.

    Raises:
        DatabaseAwayError: then.
    """
    try:
        yield
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise DatabaseAwayError(
            f"the connection to Postgres ({url}) was lost: {_in_a_line(error)}"
        ) from error


@contextmanager
def holding(url: str, names: Collection[str], *, timeout_seconds: float) -> Generator[extensions.connection]:
    """Hold the locks of these names, one process of all machines at a time; Postgres frees those of who ends.

    The connection holds them: while it answers, they are held.

    Raises:
        DatabaseBusyError: naming the holder, if they cannot be had in time.
        DatabaseAwayError: if the server cannot be reached, or is lost meanwhile.
    """
    with connected(url) as connection:
        deadline = time.monotonic() + timeout_seconds
        # in order, so that two who want the same ones never wait for each other
        for name in sorted(names, key=_key):
            if not take(connection, name, timeout_seconds=deadline - time.monotonic()):
                who = ", ".join(holders(connection, names)) or "another run"
                raise DatabaseBusyError(
                    f"{who} kept {', '.join(sorted(names))} for over {timeout_seconds:g} s."
                )
        yield connection


def take(
    connection: extensions.connection, name: str, *, timeout_seconds: float, shared: bool = False
) -> bool:
    """Whether a lock was had in time; the connection holds it until it ends, however it ends.

    Args:
        connection: each statement in it is a transaction.
        name: of the lock.
        timeout_seconds: 0: it is had at once or not.
        shared: with whoever takes it so, too; who takes it alone waits for all of them, and later ones for her.
    """
    function = "pg_advisory_lock_shared" if shared else "pg_advisory_lock"
    deadline = time.monotonic() + timeout_seconds
    with connection.cursor() as cursor:
        while True:
            milliseconds = max(1, round(1000 * min(_SLICE_SECONDS, deadline - time.monotonic())))
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{milliseconds}ms"])
            try:
                cursor.execute(f"SELECT {function}(%s)", [_key(name)])
            except LockNotAvailable:
                if time.monotonic() >= deadline:
                    return False
            else:
                return True


def holders(connection: extensions.connection, names: Collection[str]) -> list[str]:
    """Who holds locks of these names, for people: program, machine and process."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [[_key(name) for name in names]])
        return sorted(str(row[0]) for row in cursor.fetchall())


def is_alive(connection: extensions.connection) -> bool:
    """Whether the connection answers, so that the locks it took are held still."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


@contextmanager
def transaction(connection: extensions.connection) -> Generator[None]:
    """One transaction, in which rows may be read some at a time."""
    connection.autocommit = False
    try:
        with connection:
            yield
    finally:
        if not connection.closed:
            connection.autocommit = True


def make_schema(connection: extensions.connection, name: str) -> None:
    """Make a schema if there is none; who may not make one may use one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NULL", [name])
        if cursor.fetchone() == (True,):
            cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(name)))


def _key(name: str) -> int:
    """Of a lock: 64 bits, signed, as Postgres has them."""
    return int.from_bytes(hashlib.sha256(f"mkt {name}".encode()).digest()[:8], signed=True)


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
