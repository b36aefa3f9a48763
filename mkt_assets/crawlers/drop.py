"""From a drop folder to the tables raw_posts and rejects.

Not here: finding its files (crawlers/walk), reading its tables (crawlers/reading), media (crawlers/media).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from mkt_assets.contract.tables.items import RAW_POSTS
from mkt_assets.contract.tables.rejects import REJECTS
from mkt_assets.crawlers.base import Limits, Reject
from mkt_assets.crawlers.columns_file import NAME as COLUMNS_FILE
from mkt_assets.crawlers.columns_file import is_columns_file, read_columns
from mkt_assets.crawlers.media import MediaFile, attach_media, sort_media
from mkt_assets.crawlers.reading import Reading, Winner
from mkt_assets.crawlers.redact import Redactor, storable
from mkt_assets.crawlers.registry import ReaderRegistry
from mkt_assets.crawlers.sqlite_files import COMPANIONS
from mkt_assets.crawlers.tally import SourceFile
from mkt_assets.crawlers.walk import DropFile, Walk, walk_drop

_HASHES_AT_HAND = 100_000
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
    reading = Reading(
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


def _finished(winner: Winner, media: list[MediaFile], redactor: Redactor) -> dict[str, Any]:
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
