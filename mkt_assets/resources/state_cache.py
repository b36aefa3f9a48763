"""The cache of many machines: vectors and facts of mattes in a shared state.

Not here: what it promises (resources/cache), the state's tables (resources/state).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2 import Binary, extensions, sql
from psycopg2.extras import execute_values

from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.resources.postgres import connected
from mkt_assets.resources.state import State
from mkt_assets.resources.state_facts import SCHEMA

_TABLES = ("vectors", "mattes")
_KEYS_A_QUERY = 2_000  # 10 MB of the widest vectors here
_ROWS_A_STATEMENT = 500
_FLOAT32 = np.dtype("<f4")


class StateCache:
    """A `Cache` in Postgres. Of two who append under the same key at once, the first one's stays."""

    def __init__(self, state: State) -> None:
        self.state = state

    def get_vectors(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """See `Cache`."""
        rows = self._select("vectors", ["embedding"], keys)
        return {key: np.frombuffer(data, dtype=_FLOAT32).astype(np.float32) for key, data in rows}

    def put_vectors(self, keys: Sequence[str], matrix: NDArray[np.float32]) -> None:
        """See `Cache`."""
        rows = zip(keys, matrix.astype(_FLOAT32, copy=False), strict=True)
        self._append("vectors", ["embedding"], [(key, row.tobytes()) for key, row in rows])

    def get_mattes(self, keys: Sequence[str]) -> dict[str, MatteFacts]:
        """See `Cache`."""
        names = MatteFacts.column_names()
        rows = self._select("mattes", names, keys)
        return {key: MatteFacts(**dict(zip(names, values, strict=True))) for key, *values in rows}

    def put_mattes(self, mattes: Sequence[tuple[str, MatteFacts]]) -> None:
        """See `Cache`."""
        names = MatteFacts.column_names()
        self._append(
            "mattes", names, [(key, *(facts.as_row()[name] for name in names)) for key, facts in mattes]
        )

    def keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """See `Cache`."""

        def of(cursor: extensions.cursor, table: str) -> frozenset[str]:
            cursor.execute(f"SELECT key FROM {SCHEMA}.{table}")
            return frozenset(str(row[0]) for row in cursor.fetchall())

        return self.state.transaction(lambda cursor: (of(cursor, "vectors"), of(cursor, "mattes")))

    def forget_others(self, contents: Collection[str], *, made_before: float, dry_run: bool = False) -> int:
        """See `Cache`."""

        def forget(cursor: extensions.cursor) -> int:
            cursor.execute("CREATE TEMPORARY TABLE wanted (content text PRIMARY KEY) ON COMMIT DROP")
            execute_values(
                cursor, "INSERT INTO wanted VALUES %s", [(content,) for content in sorted(set(contents))]
            )
            n_removed = 0
            for table in _TABLES:
                others = (
                    f"FROM {SCHEMA}.{table} WHERE made_at < %s "
                    "AND NOT EXISTS (SELECT 1 FROM wanted WHERE content = left(key, 64))"
                )
                if dry_run:
                    cursor.execute(f"SELECT count(*) {others}", [made_before])
                    n_removed += int((cursor.fetchone() or [0])[0])
                else:
                    cursor.execute(f"DELETE {others}", [made_before])
                    n_removed += cursor.rowcount
            return n_removed

        return self.state.transaction(forget)

    def compact(self) -> None:
        """See `Cache`; whoever reads meanwhile waits."""
        if not self.state.exists():
            return
        with connected(self.state.url) as connection, connection.cursor() as cursor:
            for table in _TABLES:
                cursor.execute(f"VACUUM (FULL, ANALYZE) {SCHEMA}.{table}")

    def _select(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> list[tuple[Any, ...]]:
        names = sql.SQL(", ").join(map(sql.Identifier, ["key", *columns]))
        distinct = sorted(set(keys))
        query = sql.SQL("SELECT {} FROM {} WHERE key = ANY(%s)").format(names, _name(table))

        def select(cursor: extensions.cursor) -> list[tuple[Any, ...]]:
            rows: list[tuple[Any, ...]] = []
            for start in range(0, len(distinct), _KEYS_A_QUERY):
                cursor.execute(query, [distinct[start : start + _KEYS_A_QUERY]])
                rows += cursor.fetchall()
            return rows

        return self.state.transaction(select) if keys else []

    def _append(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        names = sql.SQL(", ").join(map(sql.Identifier, ["key", *columns, "made_at"]))
        statement = sql.SQL("INSERT INTO {} ({}) VALUES %s ON CONFLICT (key) DO NOTHING").format(
            _name(table), names
        )
        now = time.time()
        # in order, so that two who append the same keys never wait for each other; the first of equal ones
        first = {row[0]: row for row in reversed(rows)}
        ordered = [(*first[key], now) for key in sorted(first)]

        def append(cursor: extensions.cursor) -> None:
            adapted = [
                tuple(Binary(value) if isinstance(value, bytes) else value for value in row)
                for row in ordered
            ]
            execute_values(cursor, statement, adapted, page_size=_ROWS_A_STATEMENT)

        self.state.transaction(append)


def _name(table: str) -> sql.Composable:
    return sql.Identifier(SCHEMA, table)
