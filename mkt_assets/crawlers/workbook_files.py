"""Reading the sheets of an Excel workbook (.xlsx) as a stream: a workbook may be a bomb, and is never held whole.

Not by a library: calamine (python-calamine 0.9) reads 100,000 x 20 cells in 2 s instead of 10, but holds a sheet whole,
so that 5 KB with one far cell fill 10 GB; and a text that was taken for a formula (=^_^=), it cannot give back.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

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
from mkt_assets.crawlers.workbook_cells import is_text, shown_number
from mkt_assets.crawlers.workbook_dates import is_date_format, shown_date

MAGIC = b"PK\x03\x04"
_SHEET = re.compile(r"xl/worksheets/[^/]*?(\d*)\.xml")
_STRINGS = "xl/sharedstrings.xml"
_DATES = ("xl/workbook.xml", "xl/styles.xml")
_CHUNK_BYTES = 1 << 16
_MOST_DIRECTORY_BYTES = 4 << 20
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22
_ZIP64_BYTES = 56 + 20  # the record with the larger numbers, and where it is
_MOST_COMPRESSED = 200  # times; text of a workbook shrinks to a tenth or a twentieth
_SMALL_BYTES = 16 << 20
_LONGEST_TAG_BYTES = 1 << 20
_CELL = re.compile(r"([A-Za-z]{1,3})\d*", re.ASCII)
_OTHER_SPREADSHEETS = {
    "content.xml": "an OpenDocument spreadsheet (.ods)",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "index.zip": "an Apple Numbers spreadsheet",
}
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

IsHeader = Callable[[frozenset[str]], bool]


class WorkbookFormat:
    """Sheets of an .xlsx file under a header in their first rows; other sheets are not read."""

    def opens(self, head: bytes) -> bool:
        """A zip archive; what is in it is seen when it is read."""
        return head.startswith(MAGIC)

    def read(self, path: Path, limits: Limits, is_header: IsHeader) -> RawTable:
        """The rows of its known sheets, one after another; see `Format.read`.

        Cells are read as they are stored, but for dates, which a spreadsheet program makes of a crawler's texts.
        """
        return RawTable(_rows(path, limits, is_header))


def _rows(path: Path, limits: Limits, is_header: IsHeader) -> Iterator[Row | BadRow]:
    number = 0
    is_known = False
    try:
        with path.open("rb") as stream:
            _check_directory(stream)
            with zipfile.ZipFile(stream) as archive:
                parts = _checked_parts(archive, limits)
                for cells in _known_cells(archive, parts, limits, is_header):
                    is_known = True
                    if cells is None:
                        continue
                    number += 1
                    yield cells(number)
    except (
        *(zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError),
        *(LookupError, ValueError, RuntimeError, MemoryError, OverflowError),
    ) as error:
        raise FileRefusedError(
            f"The workbook is damaged ({type(error).__name__}); rows before that were read."
        ) from error
    if not is_known:
        raise UnknownTableError(
            "The workbook has no sheet with the columns of a known crawler in its first rows."
        )


def _check_directory(stream: IO[bytes]) -> None:
    """Refuse an archive of so many parts that their names alone would fill the memory."""
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - _END_BYTES - (1 << 16) - _ZIP64_BYTES))
    tail = stream.read()
    stream.seek(0)
    at = len(tail) - _END_BYTES
    if not (tail[at : at + 4] == _END_OF_DIRECTORY and tail.endswith(b"\0\0")):
        at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0 or at + _END_BYTES > len(tail):
        raise FileRefusedError("The workbook is cut off: it has no table of contents at its end.")
    (size,) = struct.unpack_from("<I", tail, at + 12)
    zip64 = tail[max(0, at - _ZIP64_BYTES) : at]
    if zip64.startswith(b"PK\x06\x06") and zip64[-20:].startswith(b"PK\x06\x07"):
        (size,) = struct.unpack_from("<Q", zip64, 40)
    if size > _MOST_DIRECTORY_BYTES:
        raise FileRefusedError("The archive has too many parts for a workbook.")


@dataclass(frozen=True)
class _Parts:
    """What is read of a workbook: its sheets in their order, its texts, and where it says what is a date."""

    sheets: list[zipfile.ZipInfo]
    strings: zipfile.ZipInfo | None
    dates: list[zipfile.ZipInfo]


def _checked_parts(archive: zipfile.ZipFile, limits: Limits) -> _Parts:
    """The parts that are read.

    Raises:
        FileRefusedError: if it is no workbook, or larger unpacked than a workbook may be.
    """
    # names of parts are the same in any case, and some writers put a slash before them
    parts = {info.filename.replace("\\", "/").lstrip("/").lower(): info for info in archive.infolist()}
    found = sorted((int(m[1] or 0), name) for name in parts if (m := _SHEET.fullmatch(name)))
    if not found:
        raise FileRefusedError(_what_it_is(parts))
    sheets = [parts[name] for _, name in found]
    strings = parts.get(_STRINGS)
    dates = [parts[name] for name in _DATES if name in parts]
    read = [*sheets, *([strings] if strings else []), *dates]
    for info in read:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise FileRefusedError("The workbook is encrypted, or packed in an unusual way.")
        if info.file_size > max(_SMALL_BYTES, _MOST_COMPRESSED * info.compress_size):
            raise FileRefusedError(
                "The workbook is a decompression bomb: next to nothing unpacks into a lot."
            )
    if sum(info.file_size for info in read) > limits.max_unpacked_bytes:
        raise FileRefusedError(f"The workbook is larger than {limits.max_unpacked_bytes:,} bytes, unpacked.")
    return _Parts(sheets, strings, dates)


def _what_it_is(parts: dict[str, zipfile.ZipInfo]) -> str:
    names = parts.keys()
    other = next((program for part, program in _OTHER_SPREADSHEETS.items() if part in names), None)
    if other is None and any(name.endswith(".iwa") for name in names):
        other = "an Apple Numbers spreadsheet"
    if other is None:
        return "The file is a zip archive, not an Excel workbook: unpack it into the drop."
    return f"The file is {other}, which is not read: save it as .xlsx or as CSV."


def _known_cells(
    archive: zipfile.ZipFile, parts: _Parts, limits: Limits, is_header: IsHeader
) -> Iterator[Callable[[int], Row | BadRow] | None]:
    """Every row of the known sheets, still without its number; None for a header."""
    texts = list(_shared_texts(archive, parts.strings, limits)) if parts.strings else []
    dates = _Dates()
    for part in parts.dates:
        for _ in _parsed(archive, part, dates):
            pass
    n_blank = 0
    for sheet in parts.sheets:
        header: dict[int, str] = {}
        last = n_before = 0
        for cells in _sheet_rows(archive, sheet, _Rows(texts, dates, limits)):
            if isinstance(cells, dict) and not any(text.strip() for text in cells.values()):
                n_blank += 1
                refuse_blanks(n_blank, limits)
                continue
            if isinstance(cells, dict) and _is_header(cells, header, is_header):
                for _ in range(0 if header else n_before):
                    yield lambda number: BadRow(number, BEFORE_HEADER)
                # of two columns with one name, the first has it
                names = {text.strip(): column for column, text in sorted(cells.items(), reverse=True)}
                header = {column: name for name, column in names.items()}
                last = max(cells)
                yield None
            elif not header:
                n_before += 1
                if n_before >= MOST_ROWS_BEFORE_HEADER:
                    break
            else:
                yield _Finisher(header, last, cells, limits)


def _is_header(cells: dict[int, str], header: dict[int, str], is_header: IsHeader) -> bool:
    texts = frozenset(text.strip() for text in cells.values())
    # a later header repeats some column; most rows share no value with one, and are told by that
    return not (header and texts.isdisjoint(header.values())) and is_header(texts)


class _Finisher:
    """A row of a sheet, made when its number is known."""

    def __init__(
        self, header: dict[int, str], last: int, cells: dict[int, str] | str, limits: Limits
    ) -> None:
        self._header, self._last, self._cells, self._limits = header, last, cells, limits

    def __call__(self, number: int) -> Row | BadRow:
        if isinstance(self._cells, str):
            return BadRow(number, self._cells)
        if any(column > self._last and text.strip() for column, text in self._cells.items()):
            return BadRow(number, "The row has values in columns behind those of the header.")
        if any(len(text) > self._limits.max_field_characters for text in self._cells.values()):
            return BadRow(number, f"A value is longer than {self._limits.max_field_characters:,} characters.")
        values = {
            self._header[column]: text for column, text in self._cells.items() if column in self._header
        }
        return Row(number, frozenset(self._header.values()), values)


def _shared_texts(archive: zipfile.ZipFile, part: zipfile.ZipInfo, limits: Limits) -> Iterator[str]:
    """The texts that cells refer to by number; what is too long is cut just behind the limit."""
    texts = _Texts(limits.max_field_characters)
    for _ in _parsed(archive, part, texts):
        yield from texts.taken()


def _sheet_rows(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, rows: _Rows
) -> Iterator[dict[int, str] | str]:
    """Rows as {column: text}, columns from 1, or a sentence that says why there is none."""
    for _ in _parsed(archive, part, rows):
        yield from rows.taken()


def _parsed(archive: zipfile.ZipFile, part: zipfile.ZipInfo, handler: _Handler) -> Iterator[None]:
    """Feed a part to a handler, a chunk at a time."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with archive.open(part) as stream:
        n_silent = n_seen = 0
        while chunk := stream.read(_CHUNK_BYTES):
            parser.Parse(chunk, False)
            n_silent = 0 if handler.n_seen > n_seen else n_silent + len(chunk)
            n_seen = handler.n_seen
            if n_silent > _LONGEST_TAG_BYTES:
                raise FileRefusedError("The workbook has a tag of more than a megabyte.")
            yield
        parser.Parse(b"", True)
        yield


def _refuse_doctype(*_: object) -> None:
    raise FileRefusedError("The workbook declares XML entities, which no spreadsheet program writes.")


class _Handler(ABC):
    """What is common to the handlers: the text being collected, up to a length."""

    def __init__(self, longest: int) -> None:
        self.n_seen = 0
        self._longest = longest
        self._pieces: list[str] = []
        self._n_characters = 0
        self._is_text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.n_seen += 1
        self._opened(tag.rpartition(":")[2], attributes)

    def end(self, tag: str) -> None:
        self.n_seen += 1
        self._closed(tag.rpartition(":")[2])

    def text(self, text: str) -> None:
        self.n_seen += 1
        if self._is_text and self._n_characters <= self._longest:
            self._pieces.append(text[: self._longest + 1 - self._n_characters])
            self._n_characters += len(text)

    def _collected(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._n_characters = [], 0
        return _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text) if "_x" in text else text

    @abstractmethod
    def _opened(self, tag: str, attributes: dict[str, str]) -> None: ...

    @abstractmethod
    def _closed(self, tag: str) -> None: ...


class _Texts(_Handler):
    """Shared texts: <si> with <t> in it, perhaps in runs; the reading aid <rPh> is not part of the text."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self._finished: list[str] = []
        self._is_aid = False

    def taken(self) -> list[str]:
        finished, self._finished = self._finished, []
        return finished

    def _opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "rPh":
            self._is_aid = True
        self._is_text = tag == "t" and not self._is_aid

    def _closed(self, tag: str) -> None:
        self._is_text = False
        if tag == "rPh":
            self._is_aid = False
        elif tag == "si":
            self._finished.append(self._collected())


class _Dates(_Handler):
    """Which styles of cells show dates: <numFmt numFmtId="164" formatCode=".."/>, <cellXfs><xf numFmtId=".."/>."""

    def __init__(self) -> None:
        super().__init__(0)
        self.is_1904 = False
        self._codes: dict[str, str] = {}
        self._styles: set[str] = set()
        self._n_styles = -1

    def shows(self, style: str | None) -> bool:
        """Whether a cell of this style is a date."""
        return style in self._styles

    def _opened(self, tag: str, attributes: dict[str, str]) -> None:
        number = attributes.get("numFmtId", "")
        if tag == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")
        elif tag == "numFmt":
            self._codes[number] = attributes.get("formatCode", "")
        elif tag == "cellXfs":
            self._n_styles = 0
        elif tag == "xf" and self._n_styles >= 0:
            if number.isdecimal() and is_date_format(int(number[:9]), self._codes.get(number)):
                self._styles.add(str(self._n_styles))
            self._n_styles += 1

    def _closed(self, tag: str) -> None:
        if tag == "cellXfs":
            self._n_styles = -1


class _Rows(_Handler):
    """Rows of a sheet: <row> with <c r="B2" t="s"><v>7</v></c> or <c t="inlineStr"><is><t>..</t></is></c>."""

    def __init__(self, texts: list[str], dates: _Dates, limits: Limits) -> None:
        super().__init__(limits.max_field_characters)
        self._texts = texts
        self._dates = dates
        self._is_date = False
        self._limits = limits
        self._finished: deque[dict[int, str] | str] = deque()
        self._cells: dict[int, str] = {}
        self._n_in_row = 0
        self._problem: str | None = None
        self._column = 0
        self._type = "n"
        self._formula = ""

    def taken(self) -> Iterator[dict[int, str] | str]:
        while self._finished:
            yield self._finished.popleft()

    def _opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self._cells, self._problem, self._column, self._n_in_row = {}, None, 0, 0
        elif tag == "c":
            self._column = _column_of(attributes.get("r"), self._column + 1)
            self._type = attributes.get("t", "n")
            self._is_date = self._type == "n" and self._dates.shows(attributes.get("s"))
            self._collected()
            self._formula = ""
        self._is_text = tag in ("v", "t", "f")

    def _closed(self, tag: str) -> None:
        self._is_text = False
        if tag == "f":
            self._formula = self._collected()
        elif tag == "c":
            stored = self._collected()
            if self._formula and is_text(self._formula, self._type, stored):
                self._type, stored = "str", f"={self._formula}"
            self._keep(stored)
        elif tag == "row":
            self._finished.append(self._problem or self._cells)
            self._cells, self._problem = {}, None

    def _keep(self, stored: str) -> None:
        # a cell that shows an error (#N/A) has no value
        if self._problem or not stored or self._type == "e":
            return
        text = self._value(stored)
        self._n_in_row += len(text) if text else 0
        if text is None:
            self._problem = "A cell refers to a text that the workbook does not have."
        elif len(self._cells) >= self._limits.max_columns:
            self._problem = f"The row has more than {self._limits.max_columns:,} columns."
        elif self._n_in_row > self._limits.max_row_characters:
            self._problem = f"The row is longer than {self._limits.max_row_characters:,} characters."
        else:
            self._cells[self._column] = text

    def _value(self, stored: str) -> str | None:
        if self._type == "s":
            number = stored.strip()
            is_number = number.isascii() and number.isdigit() and len(number) < 10
            return self._texts[int(number)] if is_number and int(number) < len(self._texts) else None
        if self._is_date:
            return shown_date(stored, self._dates.is_1904)
        return shown_number(stored) if self._type == "n" else stored


def _column_of(reference: str | None, following: int) -> int:
    """B2 -> 2; the column after the last one where a cell does not say."""
    match = _CELL.fullmatch(reference or "")
    if match is None:
        return following
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column
