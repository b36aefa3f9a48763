"""Opening a text file whose encoding nobody wrote down.

Not here: what the text means (core/text/hand_written, crawlers/csv_files, crawlers/json_files).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

_HEAD_BYTES = 8
_CHUNK_BYTES = 1 << 20
_LINE_BYTES = 1 << 16
# UTF-32's mark begins with UTF-16's
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Without a mark, where the zeros of the first two characters are, which every known table has in ASCII.
_ZEROS = (
    (re.compile(rb"([^\0]\0\0\0){2}"), "utf-32-le"),
    (re.compile(rb"(\0\0\0[^\0]){2}"), "utf-32-be"),
    (re.compile(rb"([^\0]\0){4}"), "utf-16-le"),
    (re.compile(rb"(\0[^\0]){4}"), "utf-16-be"),
)
_REPLACED = "bytes that are not valid {} were replaced by U+FFFD"


@dataclass(frozen=True)
class Encoding:
    """A codec's name, and a note if the file does not wholly keep to it."""

    name: str
    note: str | None = None


def detect_encoding(path: Path) -> Encoding:
    r"""Find the encoding of a text file: UTF-16 or 32 by its beginning, else UTF-8, GB18030, UTF-8 with replacement.

    A UTF-8 file with a few bad bytes (a half-written character, an encoded lone surrogate) may happen to be
    valid GB18030, and would turn wholly into other characters: so it stays UTF-8 if at least half of its
    lines with non-ASCII bytes are valid UTF-8.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.text.text_files import detect_encoding
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "posts.csv")
        ...     _ = path.write_bytes("标题\n".encode("gbk"))
        ...     detect_encoding(path)
        ...
        Encoding(name='gb18030', note=None)
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if wide := _wide(head):
        return Encoding(wide, None if _decodes(path, wide) else _REPLACED.format(wide.upper()))
    if _decodes(path, "utf-8"):
        return Encoding("utf-8")
    if not head.startswith(codecs.BOM_UTF8) and not _is_mostly_utf8(path) and _decodes(path, "gb18030"):
        return Encoding("gb18030")
    return Encoding("utf-8", _REPLACED.format("UTF-8"))


def open_text(path: Path, encoding: Encoding) -> TextIO:
    r"""Open a text file with its line ends as they are; invalid bytes become U+FFFD.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.text.text_files import Encoding, open_text
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "posts.csv")
        ...     _ = path.write_bytes(b"title\r\n\xff")
        ...     with open_text(path, Encoding("utf-8")) as file:
        ...         file.read()
        ...
        'title\r\n\ufffd'
    """
    return path.open(encoding=encoding.name, errors="replace", newline="")


def first_character(head: bytes) -> str:
    """The first character of a text that is not blank, or an empty string.

    Examples:
        >>> from mkt_assets.core.text.text_files import first_character
        >>> first_character("  [1]".encode("utf-16"))
        '['
    """
    return head.decode(_wide(head) or "utf-8", errors="replace").lstrip("\ufeff\0 \t\r\n")[:1]


def _wide(head: bytes) -> str | None:
    """The encoding with two or four bytes a character in which a text begins so, if any."""
    by_mark = (name for mark, name in _MARKS if head.startswith(mark))
    by_zeros = (name for zeros, name in _ZEROS if zeros.match(head))
    return next(chain(by_mark, by_zeros), None)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    with path.open("rb") as file:
        try:
            # never final: a last character that is half written is the last row's trouble, not the file's
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
    return True


def _is_mostly_utf8(path: Path) -> bool:
    n_valid = n_lines = 0
    with path.open("rb") as file:
        while line := file.readline(_LINE_BYTES):
            if line.isascii():
                continue
            n_lines += 1
            try:
                line.decode("utf-8")
                n_valid += 1
            except UnicodeDecodeError:
                continue
    return 2 * n_valid >= n_lines
