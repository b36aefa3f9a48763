"""Dagster's own records below a home (SQLite files and logs): masking what names somebody, removing what shows her.

Dagster has no call to change an event. Here every text of every table is looked at, whatever the tables are, so that
a new release of Dagster with another table is covered as well.

Not here: those in a shared state (operations/event_log_postgres), our own tables (resources/erasure).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mkt_assets.core.text.needles import MASK, Needles
from mkt_assets.operations.places import files_below
from mkt_assets.resources.files import write_durably

# What an asset shows in the UI: Markdown (pictures, tables) and texts; not a digest of a drop, which runs go by
_SHOWN = re.compile(r'("(?:md_str|text)": ")(?![0-9a-f]{64}")(?:[^"\\]|\\.)*(?=")')
_SHOWN_HINTS = ('"md_str": "', '"text": "')
_PARTITION = re.compile(r'"partition": "(\d{4}-\d\d-\d\d)"')
_IS_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LETTERS = re.compile(r"[^a-z_]")  # an asset's key is stored as ["charts"]
_BUSY_SECONDS = 60


MayShow = Callable[[str, "date | None"], bool]
"""Whether what an asset shows of a crawl date (None: of all) may show who is forgotten."""


@dataclass(frozen=True)
class Latest:
    """Which (asset, partition) was last materialized in which run: what it shows is what is stored now."""

    runs: frozenset[tuple[str, str, str]]


def scrub(dagster_home: Path, needles: Needles, may_show: MayShow) -> int:
    """Mask the texts `needles` everywhere, remove what shows somebody, and compact; how many cells and files changed.

    Thumbnails, tables and sentences of assets go where `may_show` says so, and where they are older than what is
    stored now: they may show, or be made of the words of, who was still in a drop then.
    """
    n_changed = 0
    latest = _latest(dagster_home)
    for path in databases(dagster_home):
        n_changed += _scrub_database(path, needles, may_show, latest)
    for path in files_below(dagster_home):
        if not is_database(path):
            n_changed += _scrub_file(path, needles)
    return n_changed


def databases(folder: Path) -> Iterator[Path]:
    """The SQLite files below a folder."""
    return (path for path in files_below(folder) if path.suffix == ".db")


def is_database(path: Path) -> bool:
    """Whether it is a SQLite file or what SQLite keeps beside it."""
    return path.suffix in (".db", ".db-wal", ".db-shm", ".db-journal")


def text_cells(path: Path) -> Iterator[tuple[str, str]]:
    """("table.column", text) of every text in a SQLite file."""
    with closing(_connect(path)) as connection:
        for table in _tables(connection):
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str):
                        yield f"{table}.{name}", value


def _scrub_database(path: Path, needles: Needles, may_show: MayShow, latest: Latest) -> int:
    n_changed = 0
    with closing(_connect(path)) as connection:
        # overwritten where it stood, not only unlinked
        connection.execute("PRAGMA secure_delete = ON")
        for table in _tables(connection):
            n_changed += _scrub_table(connection, table, needles, may_show, latest)
        connection.commit()
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return n_changed


def _scrub_table(
    connection: sqlite3.Connection,
    table: str,
    needles: Needles,
    may_show: MayShow,
    latest: Latest,
) -> int:
    cursor = connection.execute(f'SELECT rowid, * FROM "{table}"')
    names = [column[0] for column in cursor.description][1:]
    changes: list[tuple[str, str, int]] = []
    for rowid, *values in cursor:
        row = dict(zip(names, values, strict=True))
        for name, value in row.items():
            if not isinstance(value, str):
                continue
            text = cleaned(value, row, needles, may_show, latest)
            if text != value:
                changes.append((name, text, rowid))
    for name, text, rowid in changes:
        connection.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE rowid = ?', (text, rowid))
    return len(changes)


def cleaned(text: str, row: Mapping[str, object], needles: Needles, may_show: MayShow, latest: Latest) -> str:
    """A text of a row of Dagster's records, masked, and without what shows somebody."""
    return needles.masked(_without_what_shows(text, row, may_show, latest))


def _without_what_shows(text: str, row: Mapping[str, object], may_show: MayShow, latest: Latest) -> str:
    if not any(hint in text for hint in _SHOWN_HINTS):
        return text
    found = _PARTITION.search(text)
    partition = found[1] if found else str(row.get("partition"))
    asset = str(row.get("asset_key"))
    run = str(row.get("run_id") or row.get("last_run_id"))
    is_latest = (asset, partition, run) in latest.runs
    if is_latest and not may_show(_LETTERS.sub("", asset), _date(partition)):
        return text
    return _SHOWN.sub(rf"\1{MASK}", text)


def _date(partition: str) -> date | None:
    return date.fromisoformat(partition) if _IS_DATE.fullmatch(partition) else None


def _latest(dagster_home: Path) -> Latest:
    index = dagster_home / "history" / "runs" / "index.db"
    if not index.exists():
        return Latest(frozenset())
    with closing(_connect(index)) as connection:
        rows = connection.execute(
            "SELECT asset_key, partition, run_id, max(id) FROM event_logs "
            "WHERE dagster_event_type = 'ASSET_MATERIALIZATION' GROUP BY asset_key, partition"
        ).fetchall()
    return Latest(frozenset((str(asset), str(partition), str(run)) for asset, partition, run, _ in rows))


def _scrub_file(path: Path, needles: Needles) -> int:
    data = path.read_bytes()
    text = data.decode("utf-8", "surrogateescape")
    if not needles.are_in(text):
        return 0
    write_durably(path, needles.masked(text).encode("utf-8", "surrogateescape"))
    return 1


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_SECONDS)


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [str(row[0]) for row in connection.execute(query).fetchall()]
