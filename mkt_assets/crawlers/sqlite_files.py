"""Reading the tables of an SQLite database, as a file that may be damaged or made to do harm.

Not here: our own databases (resources/database), Dagster's (operations/event_log).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mkt_assets.crawlers.base import BadRow, FileRefusedError, Limits, RawTable, Row, UnknownTableError

MAGIC = b"SQLite format 3\x00"
# Beside a database that was copied while it was written; they hold its last rows, or undo half of one.
COMPANIONS = ("-wal", "-journal", "-shm")

_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_MOST_TABLES = 10_000
_STEPS_A_CALL = 10_000
_STEPS_OF_SCHEMA = 200_000
_LEAST_STEPS = 2_000_000
_STEPS_A_BYTE = 50
_BYTES_A_ROW = 8

IsHeader = Callable[[frozenset[str]], bool]


class SqliteFormat:
    """Tables of an SQLite 3 database whose columns are of a known crawler; views and triggers are not run."""

    def opens(self, head: bytes) -> bool:
        """A file with SQLite's mark."""
        return head.startswith(MAGIC)

    def read(self, path: Path, limits: Limits, is_header: IsHeader) -> RawTable:
        """The rows of its known tables, tables in the order of their names; see `Format.read`."""
        return RawTable(_rows(path, limits, is_header))


def _rows(path: Path, limits: Limits, is_header: IsHeader) -> Iterator[Row | BadRow]:
    try:
        with _opened(path, limits) as database:
            known = _known_tables(database, is_header)
            for number, row in enumerate(_table_rows(database, known, path), start=1):
                yield _row(number, row, limits)
    # Python decodes SQLite's complaint, which quotes the file's bytes
    except (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError) as error:
        raise FileRefusedError(
            f"The database is damaged or not to be trusted ({error}); rows before that were read."
        ) from error


@contextmanager
def _opened(path: Path, limits: Limits) -> Generator[sqlite3.Connection]:
    """The database, read-only and without locks; with a companion, a copy that SQLite has put in order."""
    with tempfile.TemporaryDirectory(prefix="mkt-sqlite-") as aside:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        size = path.stat().st_size
        companions = [file for end in COMPANIONS[:2] if _is_used(file := path.with_name(path.name + end))]
        if companions:
            size += sum(file.stat().st_size for file in companions)
            if size > limits.max_file_bytes:
                raise FileRefusedError(
                    f"The database and its log are larger than {limits.max_file_bytes:,} bytes."
                )
            copy = Path(aside) / "copy.db"
            shutil.copyfile(path, copy)
            for file in companions:
                beside = copy.with_name(copy.name + file.name[len(path.name) :])
                shutil.copyfile(file, beside)
                _refuse_named_file(beside)
            uri = f"{copy.as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as database:
            _restrict(database, size, limits)
            yield database


def _refuse_named_file(journal: Path) -> None:
    """Refuse a journal that ends with the path of a super-journal: SQLite would read that file, and delete it.

    Raises:
        FileRefusedError: if it does; what a crawler's single database leaves behind never has one.
    """
    with journal.open("rb") as stream:
        stream.seek(-min(len(_JOURNAL_MAGIC), journal.stat().st_size), os.SEEK_END)
        if stream.read() == _JOURNAL_MAGIC:
            raise FileRefusedError("The database's journal names a file elsewhere, which is not touched.")


def _is_used(companion: Path) -> bool:
    return companion.is_file() and not companion.is_symlink() and companion.stat().st_size > 0


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _restrict(database: sqlite3.Connection, size: int, limits: Limits) -> None:
    """Nothing that the file says is run, no value is longer than a row, and no loop in it is endless."""
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(4 * limits.max_row_characters, 1_000_000))
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.text_factory = _text
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON"):
        database.execute(f"PRAGMA {pragma}")
    # SQLite reads all of the schema first, in a time that grows with the square of its tables
    _allow(database, _STEPS_OF_SCHEMA)
    database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    _allow(database, _LEAST_STEPS + _STEPS_A_BYTE * size)


def _allow(database: sqlite3.Connection, n_steps: int) -> None:
    """Interrupt what the database does after so many steps from now on."""
    n_left = n_steps // _STEPS_A_CALL

    def is_spent() -> bool:
        nonlocal n_left
        n_left -= 1
        return n_left < 0

    database.set_progress_handler(is_spent, _STEPS_A_CALL)


def _known_tables(database: sqlite3.Connection, is_header: IsHeader) -> list[tuple[str, list[str]]]:
    """Names and columns of the tables that a crawler wrote.

    Raises:
        FileRefusedError: if there is none, or there are too many tables to look at.
    """
    found = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name LIMIT ?",
        (_MOST_TABLES + 1,),
    ).fetchall()
    if len(found) > _MOST_TABLES:
        raise FileRefusedError(f"The database has more than {_MOST_TABLES:,} tables.")
    known: list[tuple[str, list[str]]] = []
    for (name,) in found:
        # hidden columns are computed: by expressions that the file brings along
        columns = [
            str(column)
            for column, hidden in database.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (name,))
            if not hidden
        ]
        if is_header(frozenset(columns)):
            known.append((str(name), columns))
    if not known:
        raise UnknownTableError("The database has no table with the columns of a known crawler.")
    return known


def _table_rows(
    database: sqlite3.Connection, known: list[tuple[str, list[str]]], path: Path
) -> Iterator[dict[str, object] | None]:
    """Rows as they are stored, None for one that is too long; refused when they are more than the file can hold."""
    n_left = 4 * sum(
        file.stat().st_size
        for file in (path, *(path.with_name(path.name + end) for end in COMPANIONS))
        if file.is_file()
    )
    for name, columns in known:
        for values in _stored(database, name, columns):
            n_left -= _BYTES_A_ROW + sum(len(v) for v in values or () if isinstance(v, str | bytes))
            if n_left < 0:
                raise FileRefusedError(
                    "The database is damaged: its tables hold more than the file has room for; "
                    "rows before that were read."
                )
            yield None if values is None else dict(zip(columns, values, strict=True))


def _stored(
    database: sqlite3.Connection, table: str, columns: list[str]
) -> Iterator[tuple[object, ...] | None]:
    """The values of each row in the order they are stored; None where they are longer than SQLite may read."""
    names = ", ".join(_quoted(column) for column in columns)
    # by place, not by row id: a table may have none, or a column of that name
    select = f"SELECT {names} FROM {_quoted(table)} NOT INDEXED LIMIT ? OFFSET ?"
    n_read = 0
    while True:
        try:
            for values in database.execute(select, (-1, n_read)):
                yield values
                n_read += 1
            return
        except sqlite3.DataError:
            # Python reads a row ahead: the one it stopped at may be whole, and the one behind it too long
            pass
        try:
            yield database.execute(select, (1, n_read)).fetchone()
        except sqlite3.DataError:
            yield None
        n_read += 1


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _row(number: int, stored: dict[str, object] | None, limits: Limits) -> Row | BadRow:
    if stored is None:
        return BadRow(number, f"The row is longer than {limits.max_row_characters:,} characters.")
    values = {name: _as_text(value) for name, value in stored.items() if value is not None}
    if any(len(text) > limits.max_field_characters for text in values.values()):
        return BadRow(number, f"A value is longer than {limits.max_field_characters:,} characters.")
    return Row(number, frozenset(stored), values)


def _as_text(value: object) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
