"""The state that machines share beside tables and files, in Postgres: its schema, and transactions that outlive a cut.

Needs the extra `cluster`; nothing imports this where MKT_STATE is not set.

Not here: what is in it (resources/state_cache, resources/state_tombstones), which homes share it
(resources/state_home), who is at work (resources/state_presence), Dagster's tables, in a schema of theirs
(orchestration/dagster_yaml).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psycopg2
from psycopg2 import extensions
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from mkt_assets.resources.database import DatabaseSetupError
from mkt_assets.resources.postgres import DatabaseAwayError, connected, holding
from mkt_assets.resources.state_facts import SCHEMA, fact
from mkt_assets.resources.state_home import join

T = TypeVar("T")

VERSION = 1
"""Of the tables; another number where an older mkt_assets could not use them."""
_OPENING = "the state's first opening"
_JOINING = "joining the state"
# The first of equal keys stays: a vector never changes once it has been read. Vectors are float32, little-endian, and
# not to be compressed.
_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE {SCHEMA}.facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE {SCHEMA}.vectors (key text PRIMARY KEY, embedding bytea NOT NULL, made_at double precision NOT NULL);
ALTER TABLE {SCHEMA}.vectors ALTER COLUMN embedding SET STORAGE EXTERNAL;
CREATE TABLE {SCHEMA}.mattes (key text PRIMARY KEY, matte_path text, matte_source text NOT NULL,
    foreground_ratio double precision NOT NULL, width bigint NOT NULL, height bigint NOT NULL, bbox_left bigint,
    bbox_top bigint, bbox_right bigint, bbox_bottom bigint, made_at double precision NOT NULL);
CREATE TABLE {SCHEMA}.forgotten (hash text PRIMARY KEY);
CREATE TABLE {SCHEMA}.forgettings (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, crawl_dates date[] NOT NULL);
INSERT INTO {SCHEMA}.facts VALUES ('version', '{VERSION}'), ('id', gen_random_uuid()::text);
"""
_ready: set[tuple[int, str, Path | None]] = set()


class State:
    """The tables of a shared state, made on first use.

    Args:
        url: a Postgres database, as `postgresql://user@host:port/name`, without a password.
        home: of whom it is used; the first use in a process joins it, see `resources.state_home`. None: of nobody.
        timeout_seconds: how long to wait for a server that is away.
    """

    def __init__(self, url: str, *, home: Path | None = None, timeout_seconds: float = 120.0) -> None:
        self.url = url
        self.home = home
        self.timeout_seconds = timeout_seconds

    def exists(self) -> bool:
        """Whether anything was ever stored; asking makes nothing."""
        with connected(self.url) as connection, connection.cursor() as cursor:
            return _version(cursor) is not None

    def transaction(self, work: Callable[[extensions.cursor], T]) -> T:
        """What `work` answers, done whole or not at all.

        It is done again, from the start, where the server was away for a moment; also when what was lost was only the
        word that it was done, so it must bear that.

        Raises:
            DatabaseAwayError: if the server stays away.
            DatabaseSetupError: if it refuses, or the tables are of a newer version.
        """
        return self.patiently(lambda: self._once(work))

    def patiently(self, work: Callable[[], T]) -> T:
        """What `work` answers, tried again while the server is away."""
        retrying = Retrying(
            retry=retry_if_exception_type(DatabaseAwayError),
            wait=wait_random_exponential(multiplier=0.1, max=3),
            stop=stop_after_delay(self.timeout_seconds),
            reraise=True,
        )
        return retrying(work)

    def join(self) -> None:
        """Let the home share it, as any use of it does.

        Raises:
            DatabaseSetupError: if it may not, see `resources.state_home`.
        """
        self.patiently(self._prepare)

    def _once(self, work: Callable[[extensions.cursor], T]) -> T:
        try:
            self._prepare()
            with connected(self.url) as connection, connection, connection.cursor() as cursor:
                return work(cursor)
        except psycopg2.errors.InsufficientPrivilege as error:
            raise DatabaseSetupError(
                f"the user of {self.url} may not do that ({' '.join(str(error).split())}): correct MKT_STATE, or what "
                "it may do there; see docs/cluster.md."
            ) from error

    def _prepare(self) -> None:
        """Make the tables if there are none, of many who begin at once one does; and let the home join."""
        key = (os.getpid(), self.url, self.home)
        if key in _ready:
            return
        with connected(self.url) as connection, connection.cursor() as cursor:
            version = _version(cursor)
        if version is None:
            with (
                holding(self.url, [_OPENING], timeout_seconds=self.timeout_seconds) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                version = _version(cursor)
                if version is None:
                    cursor.execute(_TABLES)
                    version = VERSION
        if version > VERSION:
            raise DatabaseSetupError(
                f"the state in {self.url} is of a newer mkt_assets (version {version}, and this one knows {VERSION}): "
                "upgrade mkt_assets on this machine."
            )
        if self.home is not None:
            with (
                holding(self.url, [_JOINING], timeout_seconds=self.timeout_seconds) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                join(cursor, self.home, self.url)
        _ready.add(key)


def forget_readiness() -> None:
    """Let the process look again whether there are tables."""
    _ready.clear()


def _version(cursor: extensions.cursor) -> int | None:
    """Of the tables; None if there are none."""
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{SCHEMA}.facts"])
    if cursor.fetchone() != (True,):
        return None
    return int(fact(cursor, "version") or 0)
