"""What reading a drop is made of: rows, records, rejects, limits, and protocols.

Not here: which readers and formats there are (crawlers/registry).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

TableKind = Literal["posts", "comments", "accounts"]

# A title, or the end of a lost row, may stand before the header of a table.
MOST_ROWS_BEFORE_HEADER = 10
BEFORE_HEADER = "The row stands before the header."


@dataclass(frozen=True)
class Limits:
    """Sizes beyond which a field, row or file is refused.

    Of a post, title, text and tags together have `max_text_characters`: twenty times what the platform allows;
    memory and time of all that follows grow with it. Posts and account ids are held in memory until all files
    are read: posts beyond `max_kept_bytes` of it are rejected.
    Of the bad rows of a file, `max_listed_rejects` are listed one by one, and ten times as many of all files;
    after `max_bad_rows` that are bad, or blank, a file is not read on.
    """

    max_field_characters: int = 1_000_000
    max_row_characters: int = 8_000_000
    max_text_characters: int = 20_000
    max_columns: int = 2_000
    max_file_bytes: int = 2 * 1024**3
    max_unpacked_bytes: int = 256 * 1024**2
    max_kept_bytes: int = 400_000_000
    max_listed_rejects: int = 10_000
    max_bad_rows: int = 1_000_000


@dataclass(frozen=True)
class Row:
    """A row as the file has it: number (1 = first record), columns, and the values that are not null."""

    number: int
    columns: frozenset[str]
    values: Mapping[str, str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why, in a sentence."""

    number: int
    reason: str


@dataclass(frozen=True)
class RawTable:
    """The rows of a file, read as they are asked for; `note` says what was odd about the file."""

    rows: Iterator[Row | BadRow]
    note: str | None = None


@dataclass(frozen=True)
class Record:
    """The raw fields of one post, under our names, as strings; null where the crawler has none."""

    post_id: str | None
    poster_id: str | None
    post_url: str | None = None
    title: str | None = None
    content: str | None = None
    tags: str | None = None
    kind: Literal["image", "video"] | None = None
    likes: str | None = None
    collects: str | None = None
    comments: str | None = None
    shares: str | None = None
    published: str | None = None
    fetched: str | None = None
    location: str | None = None
    keyword: str | None = None
    problem: str | None = None  # why it is no post, in a sentence


@dataclass(frozen=True)
class MediaKey:
    """What the place of a media file says: its post, its frame, and its account if the path has it."""

    post_id: str
    frame: str
    poster_id: str | None = None


@dataclass(frozen=True)
class Reject:
    """A row, file or picture that was not used, and why; `source_row` is null for a whole file."""

    source_file: str
    source_row: int | None
    post_id: str | None
    reason: str


class FileRefusedError(Exception):
    """A file that cannot be read at all; the message is the reason, in a sentence."""


class UnknownTableError(FileRefusedError):
    """A file without a table of posts, as far as its columns say."""


def refuse_blanks(n_blank: int, limits: Limits) -> None:
    """Refuse the rest of a file after so many blank rows, which nothing else counts.

    Raises:
        FileRefusedError: if they are more than the bad rows that a file may have.
    """
    if n_blank > limits.max_bad_rows:
        raise FileRefusedError(f"{n_blank:,} rows of the file are blank; what follows was not read.")


class Table(Protocol):
    """What makes records of the rows of a table."""

    @property
    def crawler(self) -> str:
        """Short name, stored with every row."""
        ...

    def record(self, values: Mapping[str, str]) -> Record:
        """The fields of a row of a posts table, unchanged except for their names."""
        ...


class Reader(Table, Protocol):
    """A crawler's format: knows its tables by their columns, its media by their place."""

    def kind_of(self, columns: frozenset[str]) -> TableKind | None:
        """What a row with these columns is about, or None if this crawler has no such table."""
        ...

    def media_key(self, path: PurePosixPath) -> MediaKey | None:
        """What the place of a media file (relative to the drop) says, or None if it is not this crawler's."""
        ...


class Format(Protocol):
    """A kind of file (CSV, JSON ..), whoever wrote it."""

    def opens(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes is of this format."""
        ...

    def read(self, path: Path, limits: Limits, is_header: Callable[[frozenset[str]], bool]) -> RawTable:
        """The rows of a file.

        Args:
            path: the file.
            limits: what is refused.
            is_header: whether a crawler has a table of these columns.

        Raises:
            FileRefusedError: here or while the rows are read, if the file as a whole is not usable.
        """
        ...
