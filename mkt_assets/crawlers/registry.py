"""The crawlers and file formats that are known, and which of them a table is of. A new one is added here.

Not here: models (models/registry).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mkt_assets.core.text.text_files import first_character
from mkt_assets.crawlers.base import FileRefusedError, Format, Reader, Table, TableKind
from mkt_assets.crawlers.csv_files import CsvFormat
from mkt_assets.crawlers.guess import guess, is_whole
from mkt_assets.crawlers.guessed import GuessedTable
from mkt_assets.crawlers.json_files import JsonFormat
from mkt_assets.crawlers.mediacrawler import MediaCrawlerReader
from mkt_assets.crawlers.original import OriginalReader
from mkt_assets.crawlers.spider_xhs import SpiderXhsReader
from mkt_assets.crawlers.sqlite_files import SqliteFormat
from mkt_assets.crawlers.workbook_files import WorkbookFormat
from mkt_assets.crawlers.xhs_downloader import XhsDownloaderReader
from mkt_assets.crawlers.xhs_web import XhsWebTable, is_web_answer

# The first that knows a table or a place of media has it: the pickiest come first. Other tables are guessed.
READERS: tuple[Reader, ...] = (
    SpiderXhsReader(),
    OriginalReader(),
    MediaCrawlerReader(),
    XhsDownloaderReader(),
)
# CSV is last: it has no mark of its own and takes every text.
FORMATS: tuple[Format, ...] = (WorkbookFormat(), SqliteFormat(), JsonFormat(), CsvFormat())

_REFUSED = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook (.xls) or an encrypted one",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet table",
    b"\x37\x7f\x06\x82": "the log (-wal) of a database that is not beside it",
    b"\x37\x7f\x06\x83": "the log (-wal) of a database that is not beside it",
}
# What is called .xls may be one of these.
_MARKUP = {
    b"urn:schemas-microsoft-com:office:spreadsheet": "a spreadsheet of Excel 2003 (XML)",
    b"urn:oasis:names:tc:opendocument": "an OpenDocument spreadsheet (.fods)",
    b"<html": "a web page, perhaps with a table in it",
    b"<table": "a web page, perhaps with a table in it",
}


def format_of(head: bytes) -> Format:
    """The format of a file that begins with `head`.

    Raises:
        FileRefusedError: if it is a kind of file that is known, but not read.
    """
    for magic, name in _REFUSED.items():
        if head.startswith(magic):
            raise FileRefusedError(
                f"The file is {name}, which is not read: put its tables here as CSV, JSON Lines or .xlsx."
            )
    for sign, name in _MARKUP.items():
        if first_character(head) == "<" and sign in head.lower():
            raise FileRefusedError(f"The file is {name}, which is not read: save it as .xlsx or as CSV.")
    return next(known for known in FORMATS if known.opens(head))


class ReaderRegistry:
    """Which crawler a table is of, judged by its columns; of none that is known, the columns are guessed.

    Args:
        given: {field: column} as the drop's columns.csv says it; where that is enough for a post, any
            table with all of these columns is read so.
    """

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self._given = dict(given or {})
        self.reader_of = lru_cache(maxsize=64)(self._reader_of)

    def _reader_of(self, columns: frozenset[str]) -> tuple[Table, TableKind] | None:
        """What reads rows of these columns, and what they are about; None if nothing does."""
        is_given = is_whole(self._given) and columns.issuperset(self._given.values())
        for reader in () if is_given else READERS:
            if kind := reader.kind_of(columns):
                return reader, kind
        found = guess(columns, self._given)
        if found.kind is None:
            return None
        return (XhsWebTable if is_web_answer(found) else GuessedTable)(found), found.kind

    def lack_of(self, columns: frozenset[str]) -> str:
        """What a table of these columns lacks to be one of posts, as a sentence."""
        return guess(columns, self._given).lacks
