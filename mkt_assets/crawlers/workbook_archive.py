"""A workbook as an archive: which of its parts are read, and that it is no bomb.

Not here: what is in the parts (crawlers/workbook_sheets).
"""

from __future__ import annotations

import re
import struct
import zipfile
from dataclasses import dataclass
from typing import IO

from mkt_assets.crawlers.base import FileRefusedError, Limits

_SHEET = re.compile(r"xl/worksheets/[^/]*?(\d*)\.xml")
_STRINGS = "xl/sharedstrings.xml"
_DATES = ("xl/workbook.xml", "xl/styles.xml")
_MOST_DIRECTORY_BYTES = 4 << 20
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22
_ZIP64_BYTES = 56 + 20  # the record with the larger numbers, and where it is
_MOST_COMPRESSED = 200  # times; text of a workbook shrinks to a tenth or a twentieth
_SMALL_BYTES = 16 << 20
_OTHER_SPREADSHEETS = {
    "content.xml": "an OpenDocument spreadsheet (.ods)",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "index.zip": "an Apple Numbers spreadsheet",
}


def check_directory(stream: IO[bytes]) -> None:
    """Refuse an archive of so many parts that their names alone would fill the memory.

    Raises:
        FileRefusedError: if it is so, or the archive is cut off.
    """
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
class Parts:
    """What is read of a workbook: its sheets in their order, its texts, and where it says what is a date."""

    sheets: list[zipfile.ZipInfo]
    strings: zipfile.ZipInfo | None
    dates: list[zipfile.ZipInfo]


def checked_parts(archive: zipfile.ZipFile, limits: Limits) -> Parts:
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
    return Parts(sheets, strings, dates)


def _what_it_is(parts: dict[str, zipfile.ZipInfo]) -> str:
    names = parts.keys()
    other = next((program for part, program in _OTHER_SPREADSHEETS.items() if part in names), None)
    if other is None and any(name.endswith(".iwa") for name in names):
        other = "an Apple Numbers spreadsheet"
    if other is None:
        return "The file is a zip archive, not an Excel workbook: unpack it into the drop."
    return f"The file is {other}, which is not read: save it as .xlsx or as CSV."
