"""Reading the sheets of an Excel workbook (.xlsx) as a stream: a workbook may be a bomb, and is never held whole.

Not by a library: calamine (python-calamine 0.9) reads 100,000 x 20 cells in 2 s instead of 10, but holds a sheet whole,
so that 5 KB with one far cell fill 10 GB; and a text that was taken for a formula (=^_^=), it cannot give back.

Not here: the archive (crawlers/workbook_archive), its parts (crawlers/workbook_sheets).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
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
from mkt_assets.crawlers.workbook_archive import Parts, check_directory, checked_parts
from mkt_assets.crawlers.workbook_sheets import dates_of, shared_texts, sheet_rows

MAGIC = b"PK\x03\x04"

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
            check_directory(stream)
            with zipfile.ZipFile(stream) as archive:
                parts = checked_parts(archive, limits)
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


def _known_cells(
    archive: zipfile.ZipFile, parts: Parts, limits: Limits, is_header: IsHeader
) -> Iterator[Callable[[int], Row | BadRow] | None]:
    """Every row of the known sheets, still without its number; None for a header."""
    texts = list(shared_texts(archive, parts.strings, limits)) if parts.strings else []
    dates = dates_of(archive, parts.dates)
    n_blank = 0
    for sheet in parts.sheets:
        header: dict[int, str] = {}
        last = n_before = 0
        for cells in sheet_rows(archive, sheet, texts, dates, limits):
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
