"""The parts of a workbook, parsed as a stream: texts that cells share, styles that are dates, rows of a sheet.

Not here: which parts are read (crawlers/workbook_archive), what a cell shows (crawlers/workbook_cells,
crawlers/workbook_dates), which rows are a header (crawlers/workbook_files).
"""

from __future__ import annotations

import re
import zipfile
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from xml.parsers import expat

from mkt_assets.crawlers.base import FileRefusedError, Limits
from mkt_assets.crawlers.workbook_cells import is_text, shown_number
from mkt_assets.crawlers.workbook_dates import is_date_format, shown_date

_CHUNK_BYTES = 1 << 16
_LONGEST_TAG_BYTES = 1 << 20
_CELL = re.compile(r"([A-Za-z]{1,3})\d*", re.ASCII)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def shared_texts(archive: zipfile.ZipFile, part: zipfile.ZipInfo, limits: Limits) -> Iterator[str]:
    """The texts that cells refer to by number; what is too long is cut just behind the limit."""
    texts = _Texts(limits.max_field_characters)
    for _ in _parsed(archive, part, texts):
        yield from texts.taken()


def dates_of(archive: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo]) -> Dates:
    """What these parts say of dates."""
    dates = Dates()
    for part in parts:
        for _ in _parsed(archive, part, dates):
            pass
    return dates


def sheet_rows(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, texts: list[str], dates: Dates, limits: Limits
) -> Iterator[dict[int, str] | str]:
    """Rows as {column: text}, columns from 1, or a sentence that says why there is none."""
    rows = _Rows(texts, dates, limits)
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


class Dates(_Handler):
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

    def __init__(self, texts: list[str], dates: Dates, limits: Limits) -> None:
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
