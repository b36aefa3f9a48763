"""Reading CSV that crashed crawlers appended to: broken rows are told from good ones, whoever wrote them.

Not here: encodings (core/text/text_files), which columns are of posts (crawlers/registry).
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from mkt_assets.core.text.text_files import detect_encoding, open_text
from mkt_assets.crawlers.base import (
    BEFORE_HEADER,
    MOST_ROWS_BEFORE_HEADER,
    BadRow,
    FileRefusedError,
    Limits,
    RawTable,
    Row,
    UnknownTableError,
    refuse_blanks,
)

_GAP = "\0"
_LOST_BYTES = 16  # zero bytes in a row that are no habit of an export
_ZEROS = re.compile("\0+")
_DELIMITERS = ",\t;"
_UNKNOWN = "The file is neither a picture or video nor a table with the columns of a known crawler."
_MOST_LINES_TRIED = 200

IsHeader = Callable[[frozenset[str]], bool]


class CsvFormat:
    """Comma, tab or semicolon separated values under a header, which may change further down."""

    def opens(self, head: bytes) -> bool:
        """Whatever no other format claims."""
        return True

    def read(self, path: Path, limits: Limits, is_header: IsHeader) -> RawTable:
        """The rows, each under the latest header above it; see `Format.read`."""
        encoding = detect_encoding(path)

        def rows() -> Iterator[Row | BadRow]:
            with open_text(path, encoding) as stream:
                yield from read_csv(stream, limits, is_header)

        return RawTable(rows(), encoding.note)


def read_csv(stream: TextIO, limits: Limits, is_header: IsHeader) -> Iterator[Row | BadRow]:
    """Rows of a CSV text opened with ``newline=""``; see `Format.read`.

    A row that a crash cut off, with more rows appended behind it, swallows those rows up to the next quote.
    It is recognised by its number of values (or by text behind a closing quote), and reading goes on at the
    first line inside it that begins a whole row: one row is lost, not two or all.
    """
    lines = _Lines(stream, limits.max_row_characters)
    # The limit is global to the process, so it is only ever raised; ours is checked on every value.
    csv.field_size_limit(max(csv.field_size_limit(), limits.max_row_characters + 1))
    found = _find_header(lines, is_header, limits)
    if found is None:
        return
    delimiter, number = found
    for n in range(1, number + 1):
        yield BadRow(n, BEFORE_HEADER)
    n_blank = 0
    records = _Records(lines, delimiter, is_header, limits.max_row_characters)
    while (record := records.next()) is not None:
        if isinstance(record, list) and not any(value.strip() for value in record):
            n_blank += 1
            refuse_blanks(n_blank, limits)
            continue
        if isinstance(record, list) and len(record) <= limits.max_columns and records.is_header(record):
            records.header = _names(record)
            continue
        number += 1
        if isinstance(record, list) and any(_GAP in value for value in record):
            yield BadRow(
                number, "Bytes are missing inside the row (zeros in their place): the file is damaged."
            )
        elif isinstance(record, list) and len(record) == len(records.header):
            yield _row(number, records.header, record, limits)
        else:
            yield BadRow(number, _why_broken(record, len(records.header)))
            records.skip_broken()


def _names(fields: list[str]) -> list[str]:
    # a byte-order mark can stand inside the quotes of the first name
    return [field.strip().lstrip("\ufeff") for field in fields]


def _row(number: int, header: list[str], fields: list[str], limits: Limits) -> Row | BadRow:
    if max(map(len, fields)) > limits.max_field_characters:
        return BadRow(number, f"A value is longer than {limits.max_field_characters:,} characters.")
    # of two columns with one name, the first has it
    return Row(number, frozenset(header), dict(zip(reversed(header), reversed(fields), strict=True)))


def _why_broken(record: list[str] | str, n_columns: int) -> str:
    if isinstance(record, str):
        return f"The row is cut off or wrongly quoted ({record})."
    return f"The row has {len(record)} values under {n_columns} columns: cut off, or of another version."


def _without_zeros(line: str) -> str:
    """A line without zero bytes, which some exports have, but for one where so many stand that bytes were lost."""
    if "\0" not in line:
        return line
    if not line.strip("\0 \t\r\n"):
        return line.replace("\0", "")
    return _ZEROS.sub(lambda zeros: _GAP if len(zeros[0]) >= _LOST_BYTES else "", line)


class _RowTooLongError(Exception):
    pass


class _Lines:
    """The lines of a file; keeps those of the record being read, so that they can be put back."""

    def __init__(self, stream: TextIO, max_characters: int) -> None:
        self._stream = stream
        self._max_characters = max_characters
        self._waiting: deque[str] = deque()
        self.n_characters = 0
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._next_of_file()
        self.record.append(line)
        self.n_characters += len(line)
        if self.n_characters > self._max_characters:
            raise _RowTooLongError
        return line

    def _next_of_file(self) -> str:
        line = part = self._stream.readline(self._max_characters + 1)
        if not line:
            raise StopIteration
        while len(part) > self._max_characters and part[-1] not in "\r\n":
            part = self._stream.readline(self._max_characters + 1)
        # a byte-order mark can stand before any line, where files were joined
        return _without_zeros(line.lstrip("\ufeff"))

    def start_record(self) -> None:
        self.record = []
        self.n_characters = 0

    def put_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))

    def drop(self) -> None:
        self._waiting.popleft()


class _Records:
    """Records of CSV lines: a list of values, a reason if there are none, and None at the end."""

    def __init__(self, lines: _Lines, delimiter: str, is_header: IsHeader, max_characters: int) -> None:
        self._lines = lines
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._is_header = is_header
        self._max_characters = max_characters
        self.header: list[str] = []

    def next(self) -> list[str] | str | None:
        self._lines.start_record()
        try:
            return next(self._reader, None)
        except csv.Error as error:
            return str(error)
        except _RowTooLongError:
            return "longer than a row may be"

    def is_header(self, fields: list[str]) -> bool:
        # a later header repeats some column; most rows share no value with one, and are told by that
        if self.header and set(self.header).isdisjoint(fields):
            return False
        return self._is_header(frozenset(_names(fields)))

    def skip_broken(self) -> None:
        """After a broken record: go back to the first line inside it that begins a whole one."""
        inside = self._lines.record[1:]
        self._lines.put_back(inside)
        n_read = 0
        for n_tried, _ in enumerate(inside):
            # a try may read far beyond its line: the budget keeps the whole linear
            if n_tried < _MOST_LINES_TRIED and n_read < self._max_characters:
                record = self.next()
                n_read += self._lines.n_characters
                self._lines.put_back(self._lines.record)
                if isinstance(record, list) and (len(record) == len(self.header) or self.is_header(record)):
                    return
            self._lines.drop()


def _find_header(lines: _Lines, is_header: IsHeader, limits: Limits) -> tuple[str, int] | None:
    """Go to the header, among the first lines that are not blank; None if there is no such line.

    Returns:
        Its separator, and the number of lines before it ("sep=,", a title, or the end of a lost row).

    Raises:
        FileRefusedError: if no crawler has such a header, or it has too many columns.
    """
    n_before = n_blank = 0
    try:
        for line in lines:
            lines.start_record()
            if not line.strip():
                n_blank += 1
                refuse_blanks(n_blank, limits)
                continue
            if delimiter := _delimiter(line, is_header, limits.max_columns):
                lines.put_back([line])
                return delimiter, n_before
            n_before += 1
            if n_before >= MOST_ROWS_BEFORE_HEADER:
                break
    except _RowTooLongError:
        raise UnknownTableError(_UNKNOWN) from None
    if n_before:
        raise UnknownTableError(_UNKNOWN)
    return None


def _delimiter(line: str, is_header: IsHeader, max_columns: int) -> str | None:
    for delimiter in _DELIMITERS:
        if line.count(delimiter) >= max_columns:
            raise FileRefusedError(f"The table has more than {max_columns:,} columns.")
        if is_header(frozenset(_names(next(csv.reader([line], delimiter=delimiter))))):
            return delimiter
    return None
