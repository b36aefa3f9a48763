"""The crawlers and file formats that are known, and which of them a table is of. A new one is added here."""

from __future__ import annotations

from functools import lru_cache

from mkt_assets.crawlers.base import FileRefusedError, Format, Reader, TableKind
from mkt_assets.crawlers.csv_files import CsvFormat
from mkt_assets.crawlers.json_files import JsonFormat
from mkt_assets.crawlers.mediacrawler import MediaCrawlerReader
from mkt_assets.crawlers.original import OriginalReader
from mkt_assets.crawlers.spider_xhs import SpiderXhsReader
from mkt_assets.crawlers.sqlite_files import SqliteFormat
from mkt_assets.crawlers.workbook_files import WorkbookFormat
from mkt_assets.crawlers.xhs_downloader import XhsDownloaderReader

# The first that knows a table or a place of media has it: the pickiest come first.
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
    return next(known for known in FORMATS if known.opens(head))


@lru_cache(maxsize=64)
def reader_of(columns: frozenset[str]) -> tuple[Reader, TableKind] | None:
    """The crawler that writes tables of these columns, and what they are about; None if no crawler does."""
    for reader in READERS:
        if kind := reader.kind_of(columns):
            return reader, kind
    return None
