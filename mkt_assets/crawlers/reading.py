"""The tables of a drop, read file by file: of each post its latest fetch, and what cannot be used, with the reason.

Not here: what becomes of it (crawlers/drop), kinds of files (crawlers/registry), fields (crawlers/posts).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from sys import getsizeof

from mkt_assets.crawlers.base import (
    BadRow,
    FileRefusedError,
    Limits,
    RawTable,
    Reject,
    Row,
    UnknownTableError,
)
from mkt_assets.crawlers.guess import NEITHER, minimum
from mkt_assets.crawlers.guessed import GuessedTable
from mkt_assets.crawlers.json_files import CUT_OFF
from mkt_assets.crawlers.posts import Post, post_of
from mkt_assets.crawlers.registry import ReaderRegistry, format_of
from mkt_assets.crawlers.tally import FileTally, SourceFile, tables_of
from mkt_assets.crawlers.walk import DropFile

_HEAD_BYTES = 4096
_BLANKS = b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"
# A file of which no row so far is of a known crawler is not read to its end.
_MOST_UNKNOWN_ROWS = 100
UNFORESEEN = "The file is damaged in a way that its reader does not know"
_BYTES_A_POST = 1_000  # besides its texts
_BYTES_AN_ACCOUNT = 400  # besides its id: sets, its hash, a pattern that redacts it
_FULL = "The crawl holds more posts than may be kept in memory (MKT_MAX_KEPT_MEGABYTES)."
_NO_KNOWN_COLUMNS = "The row has the columns of no known crawler."
_MOST_KEYWORDS = 20
_LONGEST_KEYWORD = 200


@dataclass
class Winner:
    """The latest fetch of a post so far, and the keywords of all of them in the order of the rows."""

    post: Post
    crawler: str
    source_file: str
    source_row: int
    n_merged: int
    keywords: tuple[str, ...] = ()


@dataclass
class Reading:
    """A drop being read, file by file; names of files are those on disk."""

    crawl_date: date
    hash_poster: Callable[[str], str]
    timezone: str
    limits: Limits
    registry: ReaderRegistry
    rejects: list[Reject]
    unread: list[Reject]
    given: frozenset[str] = frozenset()
    used_columns: set[str] = field(default_factory=set[str])
    lack: str = ""
    winners: dict[str, Winner] = field(default_factory=dict[str, Winner])
    accounts: set[str] = field(default_factory=set[str])
    files: list[SourceFile] = field(default_factory=list[SourceFile])
    n_rows: int = 0
    n_rejected_rows: int = 0
    n_kept_bytes: int = 0

    def read(self, file: DropFile) -> None:
        """Take a file's posts, or say why it cannot be read."""
        name = file.relative.as_posix()
        tally = FileTally()
        note = None
        self.lack = NEITHER
        try:
            table = self._open(file)
            note = table.note
            self._read_rows(table, name, tally)
        except UnknownTableError as refusal:
            tally.refusal = Reject(name, None, None, f"{refusal} {minimum(self.lack)}")
        except FileRefusedError as refusal:
            tally.refusal = Reject(name, None, None, str(refusal))
        except OSError as error:
            tally.refusal = Reject(name, None, None, f"The file cannot be read ({error.strerror}).")
        except Exception as error:
            # a file that nobody thought of is refused like any other, and does not cost the crawl
            tally.refusal = Reject(name, None, None, f"{UNFORESEEN} ({type(error).__name__}).")
        self._close(name, tally, note)

    def _open(self, file: DropFile) -> RawTable:
        if file.path.stat().st_size > self.limits.max_file_bytes:
            raise FileRefusedError(f"The file is larger than {self.limits.max_file_bytes:,} bytes.")
        with file.path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head.strip(_BLANKS):
            raise FileRefusedError("The file is empty, or begins with nothing but blanks and zeros.")
        return format_of(head).read(file.path, self.limits, self._is_header)

    def _is_header(self, columns: frozenset[str]) -> bool:
        if self.registry.reader_of(columns) is None:
            # of all that might have been the header, what comes nearest to one
            self.lack = self.registry.lack_of(columns) if self.lack == NEITHER else self.lack
            return False
        self.used_columns |= columns & self.given
        return True

    def _read_rows(self, table: RawTable, name: str, tally: FileTally) -> None:
        for row in table.rows:
            tally.n_rows += 1
            if isinstance(row, BadRow):
                self._reject(tally, Reject(name, row.number, None, row.reason))
            else:
                self._read_row(row, name, tally)
            if not tally.kinds and tally.n_rows >= _MOST_UNKNOWN_ROWS:
                return

    def _read_row(self, row: Row, name: str, tally: FileTally) -> None:
        known = self.registry.reader_of(row.columns)
        if known is None:
            self._reject(tally, Reject(name, row.number, None, _NO_KNOWN_COLUMNS))
            return
        reader, kind = known
        if isinstance(reader, GuessedTable) and reader is not tally.guessed:
            tally.note_guess(reader, row.columns)
        tally.kinds[kind] = reader.crawler
        tally.n_of_kind[kind] += 1
        if kind != "posts":
            return
        post = post_of(
            reader.record(row.values),
            self.crawl_date,
            self.hash_poster,
            self.timezone,
            max_characters=self.limits.max_text_characters,
        )
        is_kept = self._keep_account(post.poster_id)
        if not isinstance(post, Post):
            self._reject(tally, Reject(name, row.number, post.post_id, post.reason))
        elif not is_kept or (self._is_full() and post.post_id not in self.winners):
            self._reject(tally, Reject(name, row.number, post.post_id, _FULL))
        else:
            tally.n_post_rows += 1
            keywords = (post.row["keyword"],) if post.row["keyword"] else ()
            self._keep_latest(Winner(post, reader.crawler, name, row.number, 0, keywords))

    def _is_full(self) -> bool:
        return self.n_kept_bytes > self.limits.max_kept_bytes

    def _keep_account(self, poster_id: str | None) -> bool:
        """Remember the account, to be redacted wherever it is named; False if there is no memory left for it."""
        if poster_id is None or poster_id in self.accounts:
            return True
        if self._is_full():
            return False
        self.accounts.add(poster_id)
        self.n_kept_bytes += _BYTES_AN_ACCOUNT + getsizeof(poster_id)
        return True

    def _reject(self, tally: FileTally, reject: Reject) -> None:
        tally.n_bad_rows += 1
        most = self.limits.max_listed_rejects
        # the first of a file in any case: it says why
        if len(tally.bad_rows) < (most if len(self.rejects) < 10 * most else 1):
            tally.bad_rows.append(reject)
        if tally.n_bad_rows >= self.limits.max_bad_rows:
            raise FileRefusedError(
                f"{tally.n_bad_rows:,} rows of the file are broken; what follows was not read."
            )

    def _keep_latest(self, new: Winner) -> None:
        old = self.winners.get(new.post.post_id)
        latest = new if old is None or _fetched(new) >= _fetched(old) else old
        self.n_kept_bytes -= _n_bytes(old) if old else 0
        if old is not None:
            latest.n_merged = old.n_merged + 1
            latest.keywords = _merged(old.keywords, new.keywords)
        self.n_kept_bytes += _n_bytes(latest)
        self.winners[new.post.post_id] = latest

    def _close(self, name: str, tally: FileTally, note: str | None) -> None:
        """Count the file. Bad rows count only in a table of posts; a file of nothing else is refused whole."""
        of_file = [tally.refusal] if tally.refusal else []
        unread = of_file[:1]
        if "posts" in tally.kinds:
            self.n_rows += tally.n_post_rows + tally.n_bad_rows
            self.n_rejected_rows += tally.n_bad_rows
            self.rejects += tally.bad_rows
            if n_more := tally.n_bad_rows - len(tally.bad_rows):
                reason = f"{n_more:,} more rows of the file were rejected; they are not listed one by one."
                of_file.append(Reject(name, None, None, reason))
            if tally.bad_rows and not tally.n_post_rows and not unread:
                reason = f"None of its {tally.n_bad_rows:,} rows can be used. The first: {tally.bad_rows[0].reason}"
                unread = [Reject(name, None, None, reason)]
            # nobody knows how many posts were to follow: its share of the rows says nothing
            unread = unread or [one for one in tally.bad_rows if one.reason == CUT_OFF]
        elif not tally.kinds and tally.bad_rows:
            first = tally.bad_rows[0].reason
            advice = f" {minimum(self.lack)}" if first == _NO_KNOWN_COLUMNS else ""
            reason = f"No row of the file is of a known crawler. The first: {first}{advice}"
            unread = of_file = [Reject(name, None, None, reason)]
        self.rejects += of_file
        self.unread += unread
        if tally.kinds or not of_file:
            self.files += tables_of(name, tally, note)


def _n_bytes(winner: Winner) -> int:
    row = winner.post.row
    texts = (value for value in (*row.values(), *row["tags"], *winner.keywords) if isinstance(value, str))
    return _BYTES_A_POST + sum(map(getsizeof, texts))


def _merged(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """The keywords of two fetches, each once; beyond a few, and what is too long for one, are left out."""
    both = dict.fromkeys((*old, *new))
    return tuple(keyword for keyword in both if len(keyword) <= _LONGEST_KEYWORD)[:_MOST_KEYWORDS]


def _fetched(winner: Winner) -> datetime:
    return winner.post.fetched_at or datetime.min
