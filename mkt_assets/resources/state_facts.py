"""Small facts of a shared state, by name: its version and id, the key's fingerprint, before which date nothing is kept.

Not here: the tables they are in (resources/state).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class of that name

SCHEMA = "mkt_state"


def fact(cursor: Cursor, name: str) -> str | None:
    """What is kept under a name."""
    cursor.execute(f"SELECT value FROM {SCHEMA}.facts WHERE name = %s", [name])
    row = cursor.fetchone()
    return None if row is None else str(row[0])


def set_fact(cursor: Cursor, name: str, value: str) -> None:
    """Keep something under a name, in place of what was."""
    cursor.execute(
        f"INSERT INTO {SCHEMA}.facts VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
        [name, value],
    )


def n_forgettings(cursor: Cursor) -> int:
    """How often somebody was forgotten in any of the homes."""
    cursor.execute(f"SELECT coalesce(max(n), 0) FROM {SCHEMA}.forgettings")
    row = cursor.fetchone()
    return int(row[0]) if row else 0
