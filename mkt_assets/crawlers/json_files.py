"""Reading JSON Lines, a JSON array of rows, or one JSON object; broken rows are passed over, not files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from mkt_assets.crawlers.base import BadRow, Limits, RawTable, Row
from mkt_assets.crawlers.text_files import Encoding, detect_encoding, first_character, open_text

_CUT_OFF = "The file ends inside its array: this row and what was to follow are lost."
_BROKEN = "The row is cut off or is not JSON ({})."
_TOO_DEEP = "nested too deeply"
_GAP = re.compile(r"[\s,\0\ufeff]*")
_MARK = re.compile(r'["{}\[\]]')
_MARK_OR_END = re.compile(r'["{}\[\],]')
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_CHUNK_CHARACTERS = 1 << 20

# Numbers stay text: ids longer than 53 bits keep their digits, and counts are parsed in one place.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda name: None)


class JsonFormat:
    """JSON Lines, an array of objects, or one object over several lines; told apart by content."""

    def opens(self, head: bytes) -> bool:
        """A text whose first character is a bracket."""
        return first_character(head) in ("[", "{")

    def read(self, path: Path, limits: Limits, is_header: Callable[[frozenset[str]], bool]) -> RawTable:
        """The objects in the file, one a row; see `Format.read`."""
        encoding = detect_encoding(path)
        with path.open("rb") as file:
            is_array = first_character(file.read(4096)) == "["
        read = _array_rows if is_array else _line_or_object_rows
        return RawTable(read(path, encoding, limits), encoding.note)


def _array_rows(path: Path, encoding: Encoding, limits: Limits) -> Iterator[Row | BadRow]:
    with open_text(path, encoding) as stream:
        yield from read_array(stream, limits)


def _line_or_object_rows(path: Path, encoding: Encoding, limits: Limits) -> Iterator[Row | BadRow]:
    # a whole object is one row, and no longer than a row may be
    if path.stat().st_size <= limits.max_row_characters:
        with open_text(path, encoding) as stream:
            text = stream.read()
        only = _whole_object(text, limits)
        if only is not None:
            yield only
            return
    with open_text(path, encoding) as stream:
        yield from read_lines(stream, limits)


def _whole_object(text: str, limits: Limits) -> Row | None:
    start = _end_of_gap(text, 0)
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    row = _row(1, value, limits)
    return row if isinstance(row, Row) and _end_of_gap(text, end) == len(text) else None


def read_lines(stream: TextIO, limits: Limits) -> Iterator[Row | BadRow]:
    """Rows of a JSON Lines text; blank lines are not counted."""
    number = 0
    while line := stream.readline(limits.max_row_characters + 1):
        is_too_long = len(line) > limits.max_row_characters
        part = line
        while len(part) > limits.max_row_characters and part[-1] not in "\r\n":
            part = stream.readline(limits.max_row_characters + 1)
        text = line.strip("\ufeff\0 \t\r\n")
        if not text:
            continue
        number += 1
        if is_too_long:
            yield BadRow(number, f"The row is longer than {limits.max_row_characters:,} characters.")
            continue
        yield _decoded(number, text, limits)


def read_array(stream: TextIO, limits: Limits) -> Iterator[Row | BadRow]:
    """Rows of a JSON array, also of one that ends too early or has a broken row in it.

    The end of a row is found first, by its brackets, and only then is the row decoded: no more than a row is
    held in memory, and a broken row costs no more than a whole one.
    """
    window = _Window(stream, limits.max_row_characters)
    window.find_text()
    window.take("[")
    number = 0
    is_closed = False
    while window.find_text() and not (is_closed := window.take("]")):
        number += 1
        text = window.value()
        yield BadRow(number, _CUT_OFF) if text is None else _array_row(number, text, limits)
        if text is None:
            return
    if not is_closed:
        yield BadRow(number + 1, _CUT_OFF)
    elif window.find_text():
        yield BadRow(number + 1, "There is text after the end of the array; it was not read.")


def _array_row(number: int, text: str, limits: Limits) -> Row | BadRow:
    if len(text) > limits.max_row_characters:
        return BadRow(number, f"The row is longer than {limits.max_row_characters:,} characters.")
    return _decoded(number, text, limits)


def _decoded(number: int, text: str, limits: Limits) -> Row | BadRow:
    try:
        return _row(number, _DECODER.decode(text), limits)
    except ValueError as error:
        return BadRow(number, _BROKEN.format(_message(error)))
    except RecursionError:
        return BadRow(number, _BROKEN.format(_TOO_DEEP))


class _Window:
    """The part of a text that is being looked at: it moves on, and holds little more than a value."""

    def __init__(self, stream: TextIO, longest: int) -> None:
        self._stream = stream
        self._longest = longest
        self._text = ""
        self._at = 0
        self._start = 0
        self._beginning: str | None = None

    def find_text(self) -> bool:
        """Move to the next character that is no gap; whether there is one."""
        while True:
            self._at = _end_of_gap(self._text, self._at)
            if self._at < len(self._text):
                return True
            self._start = self._at
            if not self._more():
                return False

    def take(self, bracket: str) -> bool:
        """Move behind this bracket, if it is here."""
        is_here = self._text[self._at : self._at + 1] == bracket
        self._at += is_here
        return is_here

    def value(self) -> str | None:
        """Move behind the value that begins here, and return it; None if it never ends.

        Of a value that is too long, only the beginning, which is too long by itself, is kept.
        """
        self._start, self._beginning = self._at, None
        if not self._find_end():
            return None
        return self._beginning or self._text[self._start : self._at]

    def _find_end(self) -> bool:
        depth = 0
        while (mark := self._next(_MARK if depth else _MARK_OR_END)) is not None:
            if mark == '"':
                if not self._skip_string():
                    return False
            elif depth == 0 and mark in ",]":
                self._at -= 1
                return True
            else:
                depth += {"{": 1, "[": 1, "}": -1, "]": -1}[mark]
                if depth <= 0:
                    return True
        return False

    def _next(self, marks: re.Pattern[str]) -> str | None:
        """Move behind the next of these marks, and return it."""
        while True:
            match = marks.search(self._text, self._at)
            if match is not None:
                self._at = match.end()
                return match[0]
            self._at = len(self._text)
            if not self._more():
                return None

    def _skip_string(self) -> bool:
        """Move from behind the beginning of a string to behind its end; whether it has one."""
        while True:
            match = _IN_STRING.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self.take('"'):
                return True
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read on; whether there was more. What was seen of a value that is too long is forgotten."""
        if self._at - self._start > self._longest:
            self._beginning = self._beginning or self._text[self._start : self._start + self._longest + 1]
            self._start = self._at
        read = self._stream.read(_CHUNK_CHARACTERS)
        self._text = self._text[self._start :] + read
        self._at -= self._start
        self._start = 0
        return bool(read)


def _end_of_gap(text: str, start: int) -> int:
    match = _GAP.match(text, start)
    return match.end() if match else start


def _message(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else "not a valid value"


def _row(number: int, value: object, limits: Limits) -> Row | BadRow:
    if not isinstance(value, dict):
        return BadRow(number, "The row is not a JSON object.")
    if len(value) > limits.max_columns:
        return BadRow(number, f"The row has more than {limits.max_columns:,} columns.")
    values = {str(name): _as_text(field) for name, field in value.items() if field is not None}
    if any(len(text) > limits.max_field_characters for text in values.values()):
        return BadRow(number, f"A value is longer than {limits.max_field_characters:,} characters.")
    return Row(number, frozenset(map(str, value)), values)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
