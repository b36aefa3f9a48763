"""A database that asks, before each commit, whether who writes may still do so.

Not here: who may (resources/running).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import duckdb

from mkt_assets.resources.database import Database
from mkt_assets.resources.running import Check

T = TypeVar("T")


class GuardedDatabase:
    """The `Database` it is given, that stores nothing where `check` raises."""

    def __init__(self, database: Database, check: Check) -> None:
        self._database = database
        self._check = check

    @property
    def name(self) -> str:
        """See `Database`."""
        return self._database.name

    def exists(self) -> bool:
        """See `Database`."""
        return self._database.exists()

    def n_bytes(self) -> int:
        """See `Database`."""
        return self._database.n_bytes()

    def reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """See `Database`."""
        return self._database.reading()

    def write(self, tables: Collection[str], work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """See `Database`."""

        def checked(connection: duckdb.DuckDBPyConnection) -> T:
            done = work(connection)
            self._check()
            return done

        return self._database.write(tables, checked)

    def publish(self, path: Path) -> None:
        """See `Database`."""
        self._database.publish(path)

    def compact(self) -> None:
        """See `Database`."""
        self._database.compact()
