"""From a drop folder to the tables raw_posts and rejects.

Not here: finding its files (crawlers/walk), kinds of files (crawlers/registry), fields (crawlers/posts), media
(crawlers/media).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from sys import getsizeof
from typing import Any

import pyarrow as pa

from mkt_assets.contract.tables.items import RAW_POSTS
from mkt_assets.contract.tables.rejects import REJECTS
from mkt_assets.crawlers.base import (
    BadRow,
    FileRefusedError,
    Limits,
    RawTable,
    Reject,
    Row,
    UnknownTableError,
)
from mkt_assets.crawlers.columns_file import NAME as COLUMNS_FILE
from mkt_assets.crawlers.columns_file import is_columns_file, read_columns
from mkt_assets.crawlers.guess import NEITHER, minimum
from mkt_assets.crawlers.guessed import GuessedTable
from mkt_assets.crawlers.json_files import CUT_OFF
from mkt_assets.crawlers.media import MediaFile, attach_media, sort_media
from mkt_assets.crawlers.posts import Post, post_of
from mkt_assets.crawlers.redact import Redactor, storable
from mkt_assets.crawlers.registry import ReaderRegistry, format_of
from mkt_assets.crawlers.sqlite_files import COMPANIONS
from mkt_assets.crawlers.tally import FileTally, SourceFile, tables_of
from mkt_assets.crawlers.walk import (
    DropFile,
    DropMissing,
    Walk,
    list_drops,
    walk_drop,
)

__all__ = [
    "DropMissing",
    "Ingest",
    "SourceFile",
    "ingest_drop",
    "list_drops",
    "walk_drop",
]

_HEAD_BYTES = 4096
_BLANKS = b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"
# A file of which no row so far is of a known crawler is not read to its end.
_MOST_UNKNOWN_ROWS = 100
UNFORESEEN = "The file is damaged in a way that its reader does not know"
_BYTES_A_POST = 1_000  # besides its texts
_BYTES_AN_ACCOUNT = 400  # besides its id: sets, its hash, a pattern that redacts it
_HASHES_AT_HAND = 100_000
_FULL = "The crawl holds more posts than may be kept in memory (MKT_MAX_KEPT_MEGABYTES)."
_NO_KNOWN_COLUMNS = "The row has the columns of no known crawler."
_MOST_KEYWORDS = 20
_LONGEST_KEYWORD = 200
_BETWEEN_KEYWORDS = ", "


@dataclass(frozen=True)
class Ingest:
    """What a drop holds. ``n_rows == posts.num_rows + n_merged + n_rejected_rows``; rejects has files too.

    `media` are the files that the posts' media_paths name, and where they are: their places may name accounts.
    `unread` are the files that could not be read, not to their end, or of which no row could be used, each once:
    they are among the rejects too, or their rows are; `n_media` is how many pictures and videos there are, of
    posts or not. `passed_over` are files that are no part of the crawl, and what they are; `undated` says of the
    posts without a time of publication why they have none, and how many.
    """

    posts: pa.Table
    rejects: pa.Table
    n_rows: int
    n_merged: int
    n_rejected_rows: int
    media: tuple[MediaFile, ...]
    files: tuple[SourceFile, ...]
    unread: tuple[Reject, ...] = ()
    n_media: int = 0
    passed_over: tuple[Reject, ...] = ()
    undated: tuple[tuple[str, int], ...] = ()


def ingest_drop(
    drop_dir: Path,
    crawl_date: date,
    *,
    hash_poster: Callable[[str], str],
    timezone: str = "Asia/Shanghai",
    limits: Limits | None = None,
    walk: Walk | None = None,
) -> Ingest:
    """Read a drop: whatever known crawlers wrote, recognised by content.

    Of several fetches of a post the latest wins as it is, even if an older one has more, but for the search
    keywords, which are those of all; a fetch without a
    time counts as the oldest, and of equal times the later row in the order of file names wins. Tables of
    comments and accounts are listed, not used. Nothing in a drop raises: what cannot be used is a reject.

    Args:
        drop_dir: folder of the drop.
        crawl_date: its date.
        hash_poster: hash of an account id; no raw account id is in the result.
        timezone: zone of the platform; all times are naive local times of it.
        limits: sizes beyond which rows and files are refused.
        walk: the drop's files, where it was walked before.

    Returns:
        Posts in the order of their ids, rejects in the order of their files.

    Raises:
        DropMissing: if there is no such folder.
    """
    hash_once = lru_cache(maxsize=_HASHES_AT_HAND)(hash_poster)
    walk = walk or walk_drop(drop_dir)
    media, unreadable, others = sort_media(walk.files, hash_once)
    given, misread = read_columns(drop_dir)
    reading = _Reading(
        crawl_date,
        hash_once,
        timezone,
        limits or Limits(),
        ReaderRegistry(given),
        rejects=[*walk.rejects, *misread],
        unread=[*walk.rejects, *(one for one in misread if one.source_row is None)],
        given=frozenset(given.values()),
    )
    for file in _without_companions(others):
        if not is_columns_file(file.relative):
            reading.read(file)
    reading.rejects += _unused(given, reading.used_columns)
    redactor = Redactor(hash_once, frozenset(reading.accounts), frozenset(reading.winners))
    facts = {post_id: winner.post.row for post_id, winner in reading.winners.items()}
    index = attach_media(media, facts, hash_once, redactor)
    attached: dict[str, list[MediaFile]] = {}
    for one in index.files:
        attached.setdefault(one.post_id, []).append(one)
    of_media = [_without_accounts(reject, redactor) for reject in (*unreadable, *index.rejects)]
    path = lru_cache(maxsize=None)(redactor.path)  # a few files, and many rows of each
    rejects = [replace(reject, source_file=path(reject.source_file)) for reject in reading.rejects]
    rows = [
        _finished(winner := reading.winners[post_id], attached.get(post_id, []), redactor)
        | {"source_file": path(winner.source_file)}
        for post_id in sorted(reading.winners)
    ]
    return Ingest(
        posts=pa.Table.from_pylist(rows, RAW_POSTS.arrow_schema()),
        rejects=_rejects_table([*rejects, *of_media], crawl_date),
        n_rows=reading.n_rows,
        n_merged=sum(winner.n_merged for winner in reading.winners.values()),
        n_rejected_rows=reading.n_rejected_rows,
        media=index.files,
        files=tuple(replace(file, name=path(file.name)) for file in reading.files),
        unread=(
            *(replace(one, source_file=storable(path(one.source_file))) for one in reading.unread),
            *(_without_accounts(one, redactor) for one in unreadable),
        ),
        n_media=len(media),
        passed_over=tuple(replace(one, source_file=path(one.source_file)) for one in walk.passed_over),
        undated=tuple(
            Counter(why for winner in reading.winners.values() if (why := winner.post.undated)).most_common()
        ),
    )


@dataclass
class _Winner:
    """The latest fetch of a post so far, and the keywords of all of them in the order of the rows."""

    post: Post
    crawler: str
    source_file: str
    source_row: int
    n_merged: int
    keywords: tuple[str, ...] = ()


@dataclass
class _Reading:
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
    winners: dict[str, _Winner] = field(default_factory=dict[str, _Winner])
    accounts: set[str] = field(default_factory=set[str])
    files: list[SourceFile] = field(default_factory=list[SourceFile])
    n_rows: int = 0
    n_rejected_rows: int = 0
    n_kept_bytes: int = 0

    def read(self, file: DropFile) -> None:
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
            self._keep_latest(_Winner(post, reader.crawler, name, row.number, 0, keywords))

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

    def _keep_latest(self, new: _Winner) -> None:
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


def _n_bytes(winner: _Winner) -> int:
    row = winner.post.row
    texts = (value for value in (*row.values(), *row["tags"], *winner.keywords) if isinstance(value, str))
    return _BYTES_A_POST + sum(map(getsizeof, texts))


def _merged(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """The keywords of two fetches, each once; beyond a few, and what is too long for one, are left out."""
    both = dict.fromkeys((*old, *new))
    return tuple(keyword for keyword in both if len(keyword) <= _LONGEST_KEYWORD)[:_MOST_KEYWORDS]


def _fetched(winner: _Winner) -> datetime:
    return winner.post.fetched_at or datetime.min


def _without_companions(files: tuple[DropFile, ...]) -> list[DropFile]:
    """The files without a database's logs: they are read with their database."""
    databases = {f"{file.path}{end}" for file in files for end in COMPANIONS}
    return [file for file in files if str(file.path) not in databases]


def _unused(given: Mapping[str, str], used_columns: set[str]) -> list[Reject]:
    """Of columns.csv, the columns that no table has."""
    return [
        Reject(
            COLUMNS_FILE,
            None,
            None,
            f"No table of the drop has the column '{column}', which is named as {what}.",
        )
        for what, column in given.items()
        if column not in used_columns
    ]


def _without_accounts(reject: Reject, redactor: Redactor) -> Reject:
    """A reject of the media, whose place may have had an account where the post should be."""
    is_post = reject.post_id in redactor.posts or reject.post_id not in redactor.accounts
    return replace(
        reject, source_file=redactor.text(reject.source_file), post_id=reject.post_id if is_post else None
    )


def _finished(winner: _Winner, media: list[MediaFile], redactor: Redactor) -> dict[str, Any]:
    """The row of a post but for its file, with its media, and without any account of the drop in its texts."""
    row: dict[str, Any] = winner.post.row | {"keyword": _BETWEEN_KEYWORDS.join(winner.keywords) or None}
    shown = None
    if media:
        is_video = any(file.is_video or (file.frame or "").startswith("video_") for file in media)
        shown = "video" if is_video else "image"
    return {
        **row,
        **{
            name: redactor.text(row[name])
            for name in ("post_url", "title", "content", "location", "keyword")
            if row[name]
        },
        "tags": [redactor.text(tag) for tag in row["tags"]],
        "kind": row["kind"] or shown,
        "media_paths": [file.name for file in sorted(media, key=_frame_order)],
        "n_merged_rows": winner.n_merged,
        "crawler": winner.crawler,
        "source_row": winner.source_row,
    }


def _frame_order(file: MediaFile) -> tuple[str, int]:
    """Frames by name, those with a number by the number: image_2 before image_10; a video last."""
    kind, _, number = (file.frame or "zz").partition("_")
    return kind, int(number or 0)


def _rejects_table(rejects: list[Reject], crawl_date: date) -> pa.Table:
    ordered = sorted(rejects, key=lambda reject: (reject.source_file, reject.source_row or 0, reject.reason))
    rows = [
        {
            "crawl_date": crawl_date,
            "asset": "raw_posts",
            "source_file": storable(reject.source_file),
            "source_row": reject.source_row,
            "post_id": reject.post_id,
            "reason": reject.reason,
        }
        for reject in ordered
    ]
    return pa.Table.from_pylist(rows, REJECTS.arrow_schema())
