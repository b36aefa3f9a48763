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
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|["{}\[\]]', re.DOTALL)
_AFTER_SCALAR = re.compile(r"[,\]]")

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
        yield from read_array(stream.read(), limits)


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
        try:
            yield _row(number, _DECODER.decode(text), limits)
        except ValueError as error:
            yield BadRow(number, _BROKEN.format(_message(error)))
        except RecursionError:
            yield BadRow(number, _BROKEN.format(_TOO_DEEP))


def read_array(text: str, limits: Limits) -> Iterator[Row | BadRow]:
    """Rows of a JSON array, also of one that ends too early or has a broken row in it."""
    number = 0
    position = text.index("[") + 1
    while True:
        position = _end_of_gap(text, position)
        if text[position : position + 1] == "]":
            break
        number += 1
        row, end = _array_row(text, position, number, limits)
        yield row
        if end is None:
            return
        position = end
    if _end_of_gap(text, position + 1) < len(text):
        yield BadRow(number + 1, "There is text after the end of the array; it was not read.")


def _array_row(text: str, start: int, number: int, limits: Limits) -> tuple[Row | BadRow, int | None]:
    """The row that begins at `start`, and where it ends; None if the file ends first."""
    try:
        value, end = _DECODER.raw_decode(text, start)
        if end - start > limits.max_row_characters:
            return BadRow(number, f"The row is longer than {limits.max_row_characters:,} characters."), end
        return _row(number, value, limits), end
    except ValueError as error:
        reason = _message(error)
    except RecursionError:
        reason = _TOO_DEEP
    end = _end_of_broken(text, start)
    return BadRow(number, _CUT_OFF if end is None else _BROKEN.format(reason)), end


def _end_of_broken(text: str, start: int) -> int | None:
    """Where a value that cannot be decoded ends, by its brackets; None if they never close."""
    if text[start : start + 1] not in ("{", "["):
        after = _AFTER_SCALAR.search(text, start)
        return after.start() if after else None
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text, start):
        if token[0] == '"':  # a string that never ends
            return None
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return None


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
