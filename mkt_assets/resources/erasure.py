"""Taking a person, or old crawl dates, out of DuckDB files so that nothing lingers, and searching what is left.

What is to be forgotten besides tables (files, logs, caches), and in which order, is in operations/forget.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from mkt_assets.resources.database import exclusive, open_database
from mkt_assets.resources.files import replacing
from mkt_assets.resources.migrations import bring_up_to_date, quoted
from mkt_assets.resources.tombstones import MASK
from mkt_assets.schema import TABLES, Table

# Sums over many posts: no cell is about one. They stay, counting whom they counted, until their date is re-run.
_NUMBERS_ONLY = frozenset({"k_selection", "crosstab_ratios", "method_comparison"})
# A shorter id could be part of any word.
_SHORTEST_MENTION = 8


@dataclass(frozen=True)
class Subject:
    """Whom and what to forget: posters and posts by their ids in the warehouse, or crawls before a date."""

    posters: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()
    crawled_before: date | None = None

    @property
    def ids(self) -> frozenset[str]:
        """All ids."""
        return self.posters | self.posts


@dataclass(frozen=True)
class Traces:
    """What the warehouse has of a subject: its posts, its texts, the hashes of its media, and where it shows."""

    posts: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    crawl_dates: frozenset[date] = frozenset()
    n_rows: dict[str, int] = field(default_factory=dict[str, int])


def traces_of(path: Path, subject: Subject, *, timeout_seconds: float) -> Traces:
    """What the warehouse has of the subject; posts of its posters included, texts that others have too left out."""
    if not path.exists():
        return Traces()
    with open_database(path, timeout_seconds=timeout_seconds) as connection:
        bring_up_to_date(connection)
        return _traces(connection, subject)


def erase(path: Path, subject: Subject, *, timeout_seconds: float) -> Traces:
    """Remove the subject from every table, in one transaction, and say what was there.

    Rows of a post or poster are deleted. Of each crawl date on which the subject shows, what may show it (charts,
    names and keywords of clusters) is deleted as well, to be made again. In other rows its ids are masked.
    """
    if not path.exists():
        return Traces()
    with open_database(path, timeout_seconds=timeout_seconds) as connection:
        bring_up_to_date(connection)
        found = _traces(connection, subject)
        whole = Subject(subject.posters, subject.posts | found.posts, subject.crawled_before)
        connection.begin()
        for table in TABLES.values():
            connection.execute(f"DELETE FROM {table.name} WHERE {_is_of(table, whole)}")
            connection.execute(f"DELETE FROM {table.name} WHERE {_shows(table, found.crawl_dates)}")
            _mask_mentions(connection, table, whole)
        connection.commit()
        return found


def compact(path: Path, *, timeout_seconds: float) -> None:
    """Copy a DuckDB file's live rows to a new file that takes its place: nothing lingers in free pages."""
    if not path.exists():
        return
    with open_database(path, timeout_seconds=timeout_seconds):
        pass  # a write-ahead log that a killed process left is read in, and removed
    with exclusive(path, timeout_seconds=timeout_seconds), replacing(path) as aside:
        connection = duckdb.connect()
        try:
            connection.execute(f"ATTACH {quoted(str(path))} AS old (READ_ONLY)")
            connection.execute(f"ATTACH {quoted(str(aside))} AS new")
            connection.execute("COPY FROM DATABASE old TO new")
        finally:
            connection.close()


def cells_with(path: Path, needles: Collection[str], *, timeout_seconds: float) -> list[tuple[str, int]]:
    """("table.column", number of cells) of a DuckDB file in which any of the texts is, cells decoded."""
    if not path.exists() or not needles:
        return []
    found: list[tuple[str, int]] = []
    with open_database(path, timeout_seconds=timeout_seconds) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND data_type NOT IN ('FLOAT[]', 'DOUBLE', 'BIGINT', 'BOOLEAN')"
        ).fetchall()
        for table, column in columns:
            condition = _mentions(f"CAST({column} AS VARCHAR)", needles)
            row = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
            if row and row[0]:
                found.append((f"{table}.{column}", int(row[0])))
    return found


def _traces(connection: duckdb.DuckDBPyConnection, subject: Subject) -> Traces:
    posts = set(subject.posts)
    for table in TABLES.values():
        if {"post_id", "poster_id"} <= set(table.column_names) and subject.posters:
            of_posters = (
                f"SELECT DISTINCT post_id FROM {table.name} WHERE poster_id IN {_list(subject.posters)}"
            )
            posts |= {str(row[0]) for row in connection.execute(of_posters).fetchall()}
    whole = Subject(subject.posters, frozenset(posts), subject.crawled_before)
    counts = {t.name: _count(connection, t, _is_of(t, whole)) for t in TABLES.values()}
    return Traces(
        posts=frozenset(posts),
        texts=_own_texts(connection, whole),
        hashes=_own(
            connection,
            whole,
            {
                "matted_images": ("content_sha256", "matte_path"),
                "text_embeddings": ("text_sha256", "token_sha256"),
            },
        ),
        crawl_dates=_crawl_dates(connection, whole),
        n_rows={name: n for name, n in counts.items() if n},
    )


def _own_texts(connection: duckdb.DuckDBPyConnection, subject: Subject) -> frozenset[str]:
    """Titles, texts and summaries of the subject that are in nobody else's, not even as a part."""
    columns = {"raw_posts": ("title", "content"), "summaries": ("summary",)}
    own = _own(connection, subject, columns)
    if not own:
        return own
    others = " UNION ".join(
        f"SELECT {column} AS text FROM {name} WHERE NOT ({_is_of(TABLES[name], subject)}) AND {column} IS NOT NULL"
        for name, names in columns.items()
        for column in names
    )
    query = (
        f"WITH others AS ({others}) SELECT own FROM (SELECT unnest(?::VARCHAR[]) AS own) "
        "WHERE NOT EXISTS (SELECT 1 FROM others WHERE contains(text, own))"
    )
    return frozenset(str(row[0]) for row in connection.execute(query, [sorted(own)]).fetchall())


def _own(
    connection: duckdb.DuckDBPyConnection, subject: Subject, columns: dict[str, tuple[str, ...]]
) -> frozenset[str]:
    """Values that only the subject's rows have."""
    found: set[str] = set()
    for name, names in columns.items():
        own = _is_of(TABLES[name], subject)
        for column in names:
            query = (
                f"SELECT {column} FROM {name} WHERE {own} AND {column} IS NOT NULL "
                f"EXCEPT SELECT {column} FROM {name} WHERE NOT ({own})"
            )
            found |= {str(row[0]) for row in connection.execute(query).fetchall()}
    return frozenset(found)


def _crawl_dates(connection: duckdb.DuckDBPyConnection, subject: Subject) -> frozenset[date]:
    found: set[date] = set()
    for table in TABLES.values():
        # where the subject has rows or is mentioned, also as an item of a later date's window
        conditions = [_is_of(table, subject), *_mention_conditions(table, subject.ids)]
        if table.partitioned:
            query = f"SELECT DISTINCT crawl_date FROM {table.name} WHERE {' OR '.join(conditions)}"
            found |= {row[0] for row in connection.execute(query).fetchall()}
    return frozenset(found)


def _is_of(table: Table, subject: Subject) -> str:
    """SQL: a row is the subject's."""
    names = set(table.column_names)
    conditions = ["false"]
    if "poster_id" in names and subject.posters:
        conditions.append(f"poster_id IN {_list(subject.posters)}")
    if "post_id" in names and subject.posts:
        conditions.append(f"coalesce(post_id IN {_list(subject.posts)}, false)")
    if table.name == "rejects":
        conditions += [_mentions("source_file", ids) for ids in [_long(subject.ids)] if ids]
    if subject.crawled_before is not None and table.partitioned:
        conditions.append(f"crawl_date < DATE '{subject.crawled_before}'")
        if "item_crawl_date" in names:
            conditions.append(f"item_crawl_date < DATE '{subject.crawled_before}'")
    return f"({' OR '.join(conditions)})"


def _shows(table: Table, crawl_dates: Collection[date]) -> str:
    """SQL: a row is of what may show the subject, and is made from others on demand."""
    if table.name in _NUMBERS_ONLY or "post_id" in table.column_names or not crawl_dates:
        return "false"
    if not table.partitioned:
        return "true"
    if table.name == "report":
        # a report looks back: it tells of styles and topics of the crawls before it
        return f"crawl_date >= DATE '{min(crawl_dates)}'"
    days = ", ".join(f"DATE '{day}'" for day in sorted(crawl_dates))
    return f"crawl_date IN ({days})"


def _mask_mentions(connection: duckdb.DuckDBPyConnection, table: Table, subject: Subject) -> None:
    ids = _long(subject.ids)
    if not ids:
        return
    pattern = quoted(_pattern(ids))
    for column in table.columns:
        if column.type == "VARCHAR":
            masked = f"regexp_replace({column.name}, {pattern}, '{MASK}', 'g')"
        elif column.type == "VARCHAR[]":
            masked = f"list_transform({column.name}, x -> regexp_replace(x, {pattern}, '{MASK}', 'g'))"
        else:
            continue
        mentioned = _mentions(f"CAST({column.name} AS VARCHAR)", ids)
        connection.execute(f"UPDATE {table.name} SET {column.name} = {masked} WHERE {mentioned}")


def _mention_conditions(table: Table, ids: Collection[str]) -> list[str]:
    return [
        _mentions(f"CAST({column.name} AS VARCHAR)", _long(ids))
        for column in table.columns
        if column.type in ("VARCHAR", "VARCHAR[]") and _long(ids)
    ]


def _mentions(value: str, needles: Iterable[str]) -> str:
    return f"coalesce(regexp_matches({value}, {quoted(_pattern(needles))}), false)"


def _pattern(needles: Iterable[str]) -> str:
    return "|".join(re.escape(needle) for needle in sorted(needles, key=lambda n: (-len(n), n)))


def _long(ids: Iterable[str]) -> frozenset[str]:
    return frozenset(i for i in ids if len(i) >= _SHORTEST_MENTION)


def _list(values: Iterable[str]) -> str:
    return f"({', '.join(quoted(value) for value in sorted(values))})"


def _count(connection: duckdb.DuckDBPyConnection, table: Table, condition: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table.name} WHERE {condition}").fetchone()
    return int(row[0]) if row else 0
