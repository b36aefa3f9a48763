"""The cache of what is expensive, keyed by content: vectors and the facts of mattes. Appended to, never updated.

Not here: the cache of many machines (resources/state_cache), looking up and filling it for a crawl (compute/cached).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.vectors import to_column
from mkt_assets.resources.database import FileDatabase, exclusive

T = TypeVar("T")

_DAMAGED = re.compile("not a valid DuckDB|Corrupt database|Could not read enough bytes|has been invalidated")
_VECTORS = (
    "CREATE TABLE IF NOT EXISTS vectors (key VARCHAR NOT NULL, embedding FLOAT[] NOT NULL, made_at DOUBLE)"
)
_MATTES = """CREATE TABLE IF NOT EXISTS mattes (key VARCHAR NOT NULL, matte_path VARCHAR, matte_source VARCHAR NOT NULL,
foreground_ratio DOUBLE NOT NULL, width BIGINT NOT NULL, height BIGINT NOT NULL,
bbox_left BIGINT, bbox_top BIGINT, bbox_right BIGINT, bbox_bottom BIGINT, made_at DOUBLE)"""

_TABLES = ("vectors", "mattes")


class Cache(Protocol):
    """Vectors and matte facts by content key; all of it can be made again.

    Keys cover the content, the model's id and version, and the preprocessing. Of what is appended under one key
    several times, the first is read.
    """

    def get_vectors(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that are known, by key."""
        ...

    def put_vectors(self, keys: Sequence[str], matrix: NDArray[np.float32]) -> None:
        """Append the rows of a (n, d) matrix under their keys."""
        ...

    def get_mattes(self, keys: Sequence[str]) -> dict[str, MatteFacts]:
        """The facts of mattes that are known, by key."""
        ...

    def put_mattes(self, mattes: Sequence[tuple[str, MatteFacts]]) -> None:
        """Append the facts of mattes under their keys."""
        ...

    def keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """Keys of all vectors, and of all mattes."""
        ...

    def forget_others(self, contents: Collection[str], *, made_before: float, dry_run: bool = False) -> int:
        """Remove what was made of other contents than these (sha256, see `cache_key`), and count it.

        Args:
            contents: what is still in use.
            made_before: only what is older (Unix seconds): a run may be about to use the rest.
            dry_run: only count.
        """
        ...

    def compact(self) -> None:
        """Let nothing that was removed linger anywhere in it."""
        ...


class FileCache:
    """A `Cache` in one DuckDB file that can be deleted at any time.

    Two processes that compute the same thing at once append it twice. A file that is damaged is deleted, and begun
    anew.
    """

    def __init__(self, path: Path, *, lock_timeout_seconds: float = 120.0) -> None:
        self.path = path
        self._database = FileDatabase(path, timeout_seconds=lock_timeout_seconds)

    def get_vectors(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """See `Cache`."""
        rows = self._select("vectors", "embedding", _VECTORS, keys)
        if rows.num_rows == 0:
            return {}
        vectors = cast("pa.ListArray[Any]", rows["embedding"].combine_chunks())
        values: NDArray[np.float32] = vectors.flatten().to_numpy()
        # of several models, if somebody asks for all
        ends = np.cumsum(vectors.value_lengths().to_numpy())
        return dict(zip(map(str, rows["key"].to_pylist()), np.split(values, ends[:-1]), strict=True))

    def put_vectors(self, keys: Sequence[str], matrix: NDArray[np.float32]) -> None:
        """See `Cache`."""
        self._append(
            "vectors",
            _VECTORS,
            pa.table({"key": pa.array(keys, pa.string()), "embedding": to_column(matrix)}),
        )

    def get_mattes(self, keys: Sequence[str]) -> dict[str, MatteFacts]:
        """See `Cache`."""
        columns = ", ".join(MatteFacts.column_names())
        rows = self._select("mattes", columns, _MATTES, keys).to_pylist()
        return {str(row.pop("key")): MatteFacts(**row) for row in rows}

    def put_mattes(self, mattes: Sequence[tuple[str, MatteFacts]]) -> None:
        """See `Cache`."""
        rows = [{"key": key, **facts.as_row()} for key, facts in mattes]
        self._append("mattes", _MATTES, pa.Table.from_pylist(rows) if rows else None)

    def keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """See `Cache`."""
        if not self.path.exists():
            return frozenset(), frozenset()

        def of(connection: duckdb.DuckDBPyConnection, table: str, ddl: str) -> frozenset[str]:
            connection.execute(ddl)
            return frozenset(str(row[0]) for row in connection.execute(f"SELECT key FROM {table}").fetchall())

        return self._with(lambda c: (of(c, "vectors", _VECTORS), of(c, "mattes", _MATTES)))

    def _select(self, table: str, columns: str, ddl: str, keys: Sequence[str]) -> pa.Table:
        wanted = pa.table({"key": pa.array(sorted(set(keys)), pa.string())})

        def select(connection: duckdb.DuckDBPyConnection) -> pa.Table:
            connection.execute(ddl)
            connection.register("wanted", wanted)
            # the first of equal keys, so that a vector never changes once it has been read
            return connection.execute(
                f"SELECT key, {columns} FROM {table} SEMI JOIN wanted USING (key) "
                "QUALIFY row_number() OVER (PARTITION BY key ORDER BY rowid) = 1"
            ).to_arrow_table()

        return self._with(select)

    def _append(self, table: str, ddl: str, rows: pa.Table | None) -> None:
        if rows is None or rows.num_rows == 0:
            return

        def append(connection: duckdb.DuckDBPyConnection) -> None:
            _prepare(connection, table, ddl)
            connection.register("rows", rows)
            connection.execute(
                f"INSERT INTO {table} BY NAME SELECT *, ?::DOUBLE AS made_at FROM rows", [time.time()]
            )

        self._with(append)

    def forget_others(self, contents: Collection[str], *, made_before: float, dry_run: bool = False) -> int:
        """See `Cache`."""
        if not self.path.exists():
            return 0
        wanted = pa.table({"content": pa.array(sorted(contents), pa.string())})

        def forget(connection: duckdb.DuckDBPyConnection) -> int:
            n_removed = 0
            connection.register("wanted", wanted)
            for table, ddl in (("vectors", _VECTORS), ("mattes", _MATTES)):
                _prepare(connection, table, ddl)
                # an entry without a time is of an earlier version
                others = (
                    f"FROM {table} WHERE coalesce(made_at, 0) < ? "
                    "AND left(key, 64) NOT IN (SELECT content FROM wanted)"
                )
                found = connection.execute(f"SELECT count(*) {others}", [made_before]).fetchone()
                n_removed += int(found[0]) if found else 0
                if not dry_run:
                    connection.execute(f"DELETE {others}", [made_before])
            return n_removed

        return self._with(forget)

    def compact(self) -> None:
        """See `Cache`."""
        self._healing(self._database.compact)

    def _with(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        return self._healing(lambda: self._database.write(_TABLES, work))

    def _healing(self, work: Callable[[], T]) -> T:
        """Do it, if the file is damaged with a new one: what was in it is made again, and no run fails for it."""
        try:
            return work()
        except duckdb.Error as error:
            if not _DAMAGED.search(str(error)):
                raise
        with exclusive(self.path, timeout_seconds=self._database.timeout_seconds):
            for path in (self.path, self.path.with_name(self.path.name + ".wal")):
                path.unlink(missing_ok=True)
        return work()


def _prepare(connection: duckdb.DuckDBPyConnection, table: str, ddl: str) -> None:
    connection.execute(ddl)
    connection.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS made_at DOUBLE")
