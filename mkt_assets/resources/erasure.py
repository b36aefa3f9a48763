"""Taking a person, or old crawl dates, out of the warehouse, and searching what is left of a database.

Not here: files, logs and the order of it all (operations/forget), letting nothing linger where rows were
(resources/database).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import duckdb

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.table import Table
from mkt_assets.core.text.needles import Needles
from mkt_assets.resources.database import Database, quoted
from mkt_assets.resources.migrations import reading, write
from mkt_assets.resources.tombstones import names_any
from mkt_assets.resources.warehouse_state import ids_of

# Sums over many posts: no cell is about one. They stay, counting whom they counted, until their date is re-run.
_NUMBERS_ONLY = frozenset({"k_selection", "crosstab_ratios", "seen_words", "method_comparison"})
# Not of one crawl date, and yet a row is made again with the same id only if it is remembered.
_KEEPS_IDS = "cluster_identities"
_OF_ALL_CRAWLS = (_KEEPS_IDS, "trends")
_BY_LASTING_NAMES = ("charts", "report")
# Whose row it is, is asked by equality; a row that somebody else's id is in keeps it.
_IDS = ("post_id", "poster_id")


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
    """What the warehouse has of a subject, and where it shows.

    Args:
        posts: of its posters, and those asked for.
        texts: titles, bodies and summaries that nobody else has.
        keys: ids, and hashes of pictures and texts, that nobody else has.
        longer_ids: of others, of which an id of the subject is a part.
        crawl_dates: on which it has rows or is mentioned.
        lent_names: other crawl dates, a style or topic of which is called by a name from these.
        n_rows: by table.
    """

    posts: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    longer_ids: frozenset[str] = frozenset()
    crawl_dates: frozenset[date] = frozenset()
    lent_names: frozenset[date] = frozenset()
    n_rows: dict[str, int] = field(default_factory=dict[str, int])

    def may_show_in(self, asset: str, crawl_date: date | None) -> bool:
        """Whether what an asset makes for people may show the subject on a crawl date; None: it is of all of them."""
        if not self.crawl_dates or crawl_date is None:
            return bool(self.crawl_dates)
        if asset in _BY_LASTING_NAMES:
            # made of captions of any crawl from which a style or topic went on
            return crawl_date >= min(self.crawl_dates) or crawl_date in self.lent_names
        return crawl_date in self.crawl_dates

    def may_show_in_dagster(self, asset: str, crawl_date: date | None) -> bool:
        """The same of what Dagster shows of an asset's materialization of a crawl date."""
        if asset in _OF_ALL_CRAWLS:
            return bool(self.crawl_dates)
        # its rows are numbers, and its preview has names
        return self.may_show_in("report" if asset == "crosstab_ratios" else asset, crawl_date)


def traces_of(database: Database, subject: Subject) -> Traces:
    """What the warehouse has of the subject; posts of its posters included, texts that others have too left out."""
    if not database.exists():
        return Traces()
    with reading(database) as connection:
        return _traces(connection, subject)


def erase(database: Database, subject: Subject) -> Traces:
    """Remove the subject from every table, in one transaction, and say what was there.

    Rows of a post or poster are deleted. Of each crawl date on which the subject shows, what may show it (charts,
    names and keywords of clusters) is deleted as well, to be made again. In other rows its ids are masked.
    """
    if not database.exists():
        return Traces()

    def remove(connection: duckdb.DuckDBPyConnection) -> Traces:
        found = _traces(connection, subject)
        whole = Subject(subject.posters, subject.posts | found.posts, subject.crawled_before)
        with _taught(connection, whole, found.longer_ids):
            for table in TABLES.values():
                gone = f"{_is_of(table, whole)} OR {_shows(connection, table, found)}"
                connection.execute(f"DELETE FROM {table.name} WHERE {gone}")
                if whole.ids:
                    _mask_mentions(connection, table, whole)
        if found.crawl_dates:
            # ids of the other crawl dates are what names.csv speaks of; the names may be of the subject's words
            connection.execute(f"UPDATE {_KEEPS_IDS} SET name = identity, name_by = 'identity'")
        return found

    return write(database, TABLES, remove)


def ids_in(database: Database) -> tuple[frozenset[str], frozenset[str]]:
    """Posters, and posts, that any row of the warehouse is of."""
    if not database.exists():
        return frozenset(), frozenset()
    with reading(database) as connection:
        return ids_of(connection, "poster_id"), ids_of(connection, "post_id")


def cells_with(database: Database, needles: Needles) -> list[tuple[str, int]]:
    """("table.column", number of cells) of a database in which any of the texts is, cells decoded."""
    if not database.exists() or not needles:
        return []
    found: list[tuple[str, int]] = []
    with database.reading() as connection, sql_function(connection, "has_needle", needles.are_in, "BOOLEAN"):
        of_tables = connection.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
            "WHERE database_name = current_database() AND NOT internal "
            "AND data_type NOT IN ('FLOAT[]', 'DOUBLE', 'BIGINT', 'BOOLEAN') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for table, columns in of_tables:
            counted = ", ".join(f"count_if({_mentions(column, 'has_needle')})" for column in columns)
            counts = connection.execute(f"SELECT {counted} FROM {table}").fetchone() or ()
            found += [(f"{table}.{column}", n) for column, n in zip(columns, counts, strict=True) if n]
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
    longer = _longer_ids(connection, whole)
    with _taught(connection, whole, longer):
        crawl_dates = _crawl_dates(connection, whole)
        counts = {t.name: _count(connection, t, _is_of(t, whole)) for t in TABLES.values()}
        return Traces(
            posts=frozenset(posts),
            texts=_own_texts(connection, whole),
            keys=_own(
                connection,
                whole,
                {
                    "raw_posts": _IDS,
                    "matted_images": ("content_sha256", "matte_path"),
                    "text_embeddings": ("text_sha256", "token_sha256"),
                },
            ),
            longer_ids=longer,
            crawl_dates=crawl_dates,
            lent_names=_lent_names(connection, crawl_dates),
            n_rows={name: n for name, n in counts.items() if n},
        )


def _longer_ids(connection: duckdb.DuckDBPyConnection, subject: Subject) -> frozenset[str]:
    if not subject.ids:
        return frozenset()
    needles = Needles(subject.ids)
    others = {i for column in _IDS for i in ids_of(connection, column)} - subject.ids
    return frozenset(other for other in others if needles.are_in(other))


@contextmanager
def _taught(
    connection: duckdb.DuckDBPyConnection, subject: Subject, longer_ids: frozenset[str]
) -> Generator[None]:
    """Give the connection the functions `is_mention`, `masked` and `names_it`, of the subject's ids."""
    needles = Needles(subject.ids, longer_ids)

    def names_it(path: str) -> bool:
        return names_any(path, subject.ids.__contains__)

    with (
        sql_function(connection, "is_mention", needles.are_in, "BOOLEAN"),
        sql_function(connection, "masked", needles.masked, "VARCHAR"),
        sql_function(connection, "names_it", names_it, "BOOLEAN"),
    ):
        yield


@contextmanager
def sql_function(
    connection: duckdb.DuckDBPyConnection, name: str, function: Callable[[str], object], answers: str
) -> Generator[None]:
    """An SQL function of a text; connections of one process may share them, so it is taken away again."""
    connection.create_function(name, function, ["VARCHAR"], answers)  # pyright: ignore[reportArgumentType, reportCallIssue]
    try:
        yield
    finally:
        connection.remove_function(name)


def _lent_names(connection: duckdb.DuckDBPyConnection, crawl_dates: frozenset[date]) -> frozenset[date]:
    """Crawl dates before these, of which a style or topic has a name that none of them, or before, gave it."""
    if not crawl_dates:
        return frozenset()
    query = (
        "SELECT DISTINCT i.crawl_date FROM cluster_identities i "
        "WHERE i.name_by IN ('keywords', 'one_account') AND NOT EXISTS "
        "(SELECT 1 FROM cluster_profiles p WHERE p.modality = i.modality AND p.crawl_date < ? "
        "AND starts_with(i.name, p.proposed_name))"
    )
    rows = connection.execute(query, [min(crawl_dates)]).fetchall()
    return frozenset(row[0] for row in rows)


def _own_texts(connection: duckdb.DuckDBPyConnection, subject: Subject) -> frozenset[str]:
    """Titles, texts and summaries of the subject that are in nobody else's, not even as a part."""
    columns = {"raw_posts": ("title", "content"), "summaries": ("summary", "encoder_text")}
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
        conditions = [_is_of(table, subject), *_mention_conditions(table, subject)]
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
    if table.name == "rejects" and subject.ids:
        conditions.append("names_it(source_file)")
    if subject.crawled_before is not None and table.partitioned:
        conditions.append(f"crawl_date < DATE '{subject.crawled_before}'")
        if "item_crawl_date" in names:
            conditions.append(f"item_crawl_date < DATE '{subject.crawled_before}'")
    return f"({' OR '.join(conditions)})"


def _shows(connection: duckdb.DuckDBPyConnection, table: Table, found: Traces) -> str:
    """SQL: a row is of what may show the subject, and is made from others on demand."""
    if table.name in _NUMBERS_ONLY or "post_id" in table.column_names or not found.crawl_dates:
        return "false"
    if not table.partitioned and table.name != _KEEPS_IDS:
        return "true"
    rows = connection.execute(f"SELECT DISTINCT crawl_date FROM {table.name}").fetchall()
    days = [f"DATE '{row[0]}'" for row in rows if found.may_show_in(table.name, row[0])]
    return f"crawl_date IN ({', '.join(days)})" if days else "false"


def _mask_mentions(connection: duckdb.DuckDBPyConnection, table: Table, subject: Subject) -> None:
    columns = {
        name: f"masked({name})" if kind == "VARCHAR" else f"list_transform({name}, x -> masked(x))"
        for name, kind in _columns_of_text(table)
    }
    mentioned = " OR ".join(_mentions(name, "is_mention") for name in columns)
    if columns and _count(connection, table, mentioned):
        masked = ", ".join(f"{name} = {value}" for name, value in columns.items())
        connection.execute(f"UPDATE {table.name} SET {masked} WHERE {mentioned}")


def _mention_conditions(table: Table, subject: Subject) -> list[str]:
    return [_mentions(name, "is_mention") for name, _ in _columns_of_text(table) if subject.ids]


def _columns_of_text(table: Table) -> list[tuple[str, str]]:
    return [(c.name, c.type) for c in table.columns if c.type.startswith("VARCHAR") and c.name not in _IDS]


def _mentions(column: str, function: str) -> str:
    """SQL: a function of texts holds of a column of texts, or of one in a list."""
    return f"coalesce({function}(CAST({column} AS VARCHAR)), false)"


def _list(values: Iterable[str]) -> str:
    return f"({', '.join(quoted(value) for value in sorted(values))})"


def _count(connection: duckdb.DuckDBPyConnection, table: Table, condition: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table.name} WHERE {condition}").fetchone()
    return int(row[0]) if row else 0
