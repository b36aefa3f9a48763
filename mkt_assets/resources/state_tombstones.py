"""Who was forgotten, where many machines share it: `Tombstones` in a shared state.

Not here: what they are (resources/tombstones), the state's tables (resources/state).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from psycopg2 import extensions
from psycopg2.extras import execute_values

from mkt_assets.resources.state import State
from mkt_assets.resources.state_facts import SCHEMA, fact, n_forgettings, set_fact
from mkt_assets.resources.tombstones import Tombstones, digest_by

_CRAWLED_BEFORE = "crawled-before"
_HASHES = f"SELECT hash FROM {SCHEMA}.forgotten"


class StateTombstones:
    """A `TombstoneStore` in Postgres. What two machines write at once is kept of both.

    Args:
        state: where they are.
        hash_id: keyed, as that of accounts.
    """

    def __init__(self, state: State, hash_id: Callable[[str], str]) -> None:
        self.state = state
        self._hash_id = hash_id

    def read(self) -> Tombstones:
        """See `TombstoneStore`."""
        hashes, day = self.state.transaction(_read)
        where = f"the fact '{_CRAWLED_BEFORE}' of {self.state.url}"
        return Tombstones(hashes, day, digest_by(self._hash_id), where)

    def write(self, tombstones: Tombstones) -> None:
        """See `TombstoneStore`; nothing that was kept before goes."""

        def write(cursor: extensions.cursor) -> None:
            # nobody reads a date, and then writes an earlier one over another's
            cursor.execute(f"LOCK TABLE {SCHEMA}.forgotten IN SHARE ROW EXCLUSIVE MODE")
            rows = [(digest,) for digest in sorted(tombstones.hashes)]
            execute_values(cursor, f"INSERT INTO {SCHEMA}.forgotten VALUES %s ON CONFLICT DO NOTHING", rows)
            _, known = _read(cursor)
            days = [day for day in (known, tombstones.crawled_before) if day is not None]
            if days:
                set_fact(cursor, _CRAWLED_BEFORE, max(days).isoformat())

        self.state.transaction(write)

    def tell(self, crawl_dates: Collection[date]) -> int:
        """Tell the other homes that somebody was forgotten who may show there on these crawl dates; its number."""

        def insert(cursor: extensions.cursor) -> int:
            cursor.execute(
                f"INSERT INTO {SCHEMA}.forgettings (crawl_dates) VALUES (%s::date[]) RETURNING n",
                [sorted(crawl_dates)],
            )
            return int((cursor.fetchone() or [0])[0])

        return self.state.transaction(insert)

    def told_since(self, n: int) -> tuple[int, frozenset[date]]:
        """Number of the last one that was told, and the crawl dates of those after the `n`th."""

        def select(cursor: extensions.cursor) -> tuple[int, frozenset[date]]:
            cursor.execute(f"SELECT unnest(crawl_dates) FROM {SCHEMA}.forgettings WHERE n > %s", [n])
            dates = frozenset(row[0] for row in cursor.fetchall())
            return n_forgettings(cursor), dates

        return self.state.transaction(select)


def _read(cursor: extensions.cursor) -> tuple[frozenset[str], date | None]:
    cursor.execute(_HASHES)
    hashes = frozenset(str(row[0]) for row in cursor.fetchall())
    day = fact(cursor, _CRAWLED_BEFORE)
    return hashes, None if day is None else date.fromisoformat(day)
