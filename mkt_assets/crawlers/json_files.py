"""Reading JSON: lines, arrays, objects one after another or wrapped; broken rows are passed over, not files.

Not here: dialects of what is parsed (crawlers/json_dialects).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, cast

from mkt_assets.core.text.text_files import detect_encoding, first_character, open_text
from mkt_assets.crawlers.base import BadRow, FileRefusedError, Limits, RawTable, Row, refuse_blanks
from mkt_assets.crawlers.json_dialects import by_row, without_types
from mkt_assets.crawlers.nested import flat

CUT_OFF = "The row is cut off: the file ends inside its array or object, and what was to follow is lost."
_BROKEN = "The row is cut off or is not JSON ({})."
_TOO_DEEP = "nested too deeply"
_NO_OBJECT = "The row is not a JSON object."
_GAP = re.compile(r"[\s,\0\ufeff]*")
# What lies between two brackets that matter: text, whole strings, and brackets with nothing nested in them.
_BETWEEN = re.compile(r'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+"|\{[^"{}\[\]]*+\}|\[[^"{}\[\]]*+\])*+', re.DOTALL)
_MARK = re.compile(r'[{\[]++|[}\]]++|"')
_MARK_OR_END = re.compile(r'[{\[]++|[}\]]++|[",]')
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_OBJECT_START = re.compile(r'\{\s*"')
_LOST_BEGINNING = re.compile(rb'[^\n]*\}\r?\n\{"')
_CHUNK_CHARACTERS = 1 << 20
_MOST_LINES_LOOKED_AT = 10_000
_MOST_STARTS_TRIED = 5
_DEEPEST_WRAPPER = 5
_DEEPEST = 100_000

# Numbers stay text: ids longer than 53 bits keep their digits, and counts are parsed in one place.
_DECODER = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=lambda name: None, object_hook=without_types
)

IsHeader = Callable[[frozenset[str]], bool]


class JsonFormat:
    """JSON Lines, or arrays and objects over several lines; told apart by content."""

    def opens(self, head: bytes) -> bool:
        """A text whose first character is a bracket, or JSON Lines whose beginning is lost."""
        return first_character(head) in ("[", "{") or _LOST_BEGINNING.match(head) is not None

    def read(self, path: Path, limits: Limits, is_header: IsHeader) -> RawTable:
        """The objects in the file, one a row; those of a known crawler are found in wrappers, too."""
        encoding = detect_encoding(path)

        def rows() -> Iterator[Row | BadRow]:
            with open_text(path, encoding) as stream:
                is_lines = _is_lines(stream, limits)
                stream.seek(0)
                yield from (read_lines if is_lines else read_values)(stream, limits, is_header)

        return RawTable(rows(), encoding.note)


def _is_lines(stream: TextIO, limits: Limits) -> bool:
    """Whether each line is an object: the first is whole, or broken with another behind it."""
    lines = map(_stripped, iter(lambda: _line(stream, limits), ""))
    whole = filter(None, islice(lines, _MOST_LINES_LOOKED_AT))
    first, second = next(whole, ""), next(whole, "")
    return not first.startswith("[") and (first.endswith("}") or second.startswith("{"))


def _line(stream: TextIO, limits: Limits) -> str:
    """The next line with its end; of one that is too long, only the beginning, which is too long by itself."""
    line = part = stream.readline(limits.max_row_characters + 1)
    while len(part) > limits.max_row_characters and part[-1] not in "\r\n":
        part = stream.readline(limits.max_row_characters + 1)
    return line


def _stripped(line: str) -> str:
    return line.strip("\ufeff\0 \t\r\n")


def read_lines(stream: TextIO, limits: Limits, is_header: IsHeader) -> Iterator[Row | BadRow]:
    """Rows of a JSON Lines text; blank lines are not counted."""
    rows = _Rows(limits, is_header)
    n_blank = 0
    while line := _line(stream, limits):
        if text := _stripped(line):
            yield from rows.of(text)
        else:
            n_blank += 1
            refuse_blanks(n_blank, limits)


def read_values(stream: TextIO, limits: Limits, is_header: IsHeader) -> Iterator[Row | BadRow]:
    """Rows of JSON arrays and objects one after another, also of one that ends too early or is broken inside.

    The end of a row is found first, by its brackets, and only then is the row decoded: no more than a row is
    held in memory, and a broken row costs no more than a whole one.
    """
    rows = _Rows(limits, is_header)
    window = _Window(stream, limits.max_row_characters)
    is_inside = False
    while window.find_text():
        if window.take("]"):
            is_inside = False
        elif not is_inside and window.take("["):
            is_inside = True
        elif (text := window.value()) is None:
            is_inside = True
            break
        else:
            yield from rows.of(text)
    if is_inside:
        yield rows.bad(CUT_OFF)


class _Rows:
    """Numbered rows of one text after another."""

    def __init__(self, limits: Limits, is_header: IsHeader) -> None:
        self._limits = limits
        self._is_header = is_header
        self._number = 0

    def of(self, text: str) -> Iterator[Row | BadRow]:
        """The rows of a text that should be one value.

        Where a crawler was stopped inside a row, the next one stands right behind the half: reading goes on
        at the next object of a known crawler.
        """
        if len(text) > self._limits.max_row_characters:
            yield self.bad(
                f"The row is longer than {self._limits.max_row_characters:,} characters. If it is a table, write it "
                'a row a line: pandas does with to_json(orient="records", lines=True).'
            )
            return
        at = 0
        while (at := _end_of_gap(text, at)) < len(text):
            try:
                value, end = _DECODER.raw_decode(text, at)
                found = [self._row(one) for one in self._members(value)]
            except (ValueError, RecursionError) as error:
                yield self.bad(_BROKEN.format(_message(error)))
                at = self._next_known(text, at + 1)
            else:
                yield from found
                at = end

    def _members(self, value: object) -> list[object]:
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value)
            rows = by_row(value)
            if rows and self._is_known(rows[0]):
                return list(rows)
        return _unwrapped(value, self._is_known, _DEEPEST_WRAPPER)

    def bad(self, reason: str) -> BadRow:
        self._number += 1
        return BadRow(self._number, reason)

    def _next_known(self, text: str, start: int) -> int:
        for _ in range(_MOST_STARTS_TRIED):
            match = _OBJECT_START.search(text, start)
            if match is None:
                break
            try:
                if self._is_known(_DECODER.raw_decode(text, match.start())[0]):
                    return match.start()
            except (ValueError, RecursionError):
                pass
            start = match.end()
        return len(text)

    def _is_known(self, value: object) -> bool:
        if not isinstance(value, dict):
            return False
        fields, most = cast("dict[str, Any]", value), self._limits.max_columns
        return len(fields) <= most and self._is_header(frozenset(flat(fields, most)))

    def _row(self, value: object) -> Row | BadRow:
        if not isinstance(value, dict):
            return self.bad(_NO_OBJECT)
        fields = cast("dict[str, Any]", value)
        if len(fields) > self._limits.max_columns:
            return self.bad(f"The row has more than {self._limits.max_columns:,} columns.")
        fields = flat(fields, self._limits.max_columns)
        values = {name: _as_text(field) for name, field in fields.items() if field is not None}
        if any(len(text) > self._limits.max_field_characters for text in values.values()):
            return self.bad(f"A value is longer than {self._limits.max_field_characters:,} characters.")
        self._number += 1
        return Row(self._number, frozenset(fields), values)


def _unwrapped(value: object, is_known: Callable[[object], bool], depth: int) -> list[object]:
    """The members of a list; the known objects inside an unknown one ({"data": [..]}); else the value itself."""
    if depth == 0 or is_known(value) or not isinstance(value, dict | list):
        return [value]
    is_list = isinstance(value, list)
    found: list[object] = []
    for member in cast("list[object]", value if is_list else list(cast("dict[str, object]", value).values())):
        inner = _unwrapped(member, is_known, depth - 1)
        if is_list or (isinstance(member, dict | list) and any(map(is_known, inner))):
            found += inner
    return found or [value]


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
            elif mark[0] in "{[":
                depth += len(mark)
                if depth > _DEEPEST:
                    raise FileRefusedError("The file is nested without end; what follows was not read.")
            elif depth == 0 and mark[0] in ",]":
                self._at -= len(mark)
                return True
            else:
                self._at -= max(0, len(mark) - max(depth, 1))
                depth -= len(mark)
                if depth <= 0:
                    return True
        return False

    def _next(self, marks: re.Pattern[str]) -> str | None:
        """Move behind the next of these marks, and return it."""
        while True:
            if marks is _MARK and (between := _BETWEEN.match(self._text, self._at)):
                self._at = between.end()
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


def _message(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    return error.msg if isinstance(error, json.JSONDecodeError) else "not a valid value"


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
