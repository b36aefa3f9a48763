"""What a drop holds, lacks and would lose, found without writing anything.

Not here: printing it (commands/inspect).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mkt_assets.core.media.pictures import PictureError, PictureLimits, check_picture
from mkt_assets.crawlers.base import Limits
from mkt_assets.crawlers.broken import why_broken
from mkt_assets.crawlers.drop import Ingest, ingest_drop
from mkt_assets.crawlers.media import MediaFile
from mkt_assets.crawlers.tally import SourceFile

_TEXTS = ("title", "content")
# A column of raw_posts that an analyst would miss, as she would call it.
_WANTED: Mapping[str, str] = {
    "published_at": "time of publication",
    "fetched_at": "time of the fetch",
    "n_likes": "number of likes",
    "n_comments": "number of comments",
    "keyword": "search keyword",
}


@dataclass(frozen=True)
class Refused:
    """What would be rejected, or passed over, for one reason: how many, and where the first are."""

    reason: str
    n: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """What a run would find in a drop; `missing` are sentences."""

    crawl_date: date
    files: tuple[SourceFile, ...]
    n_rows: int
    n_merged: int
    n_rejected_rows: int
    n_posts: int
    n_posters: int
    posts_by_crawler: tuple[tuple[str, int], ...]
    n_pictures: int
    n_videos: int
    missing: tuple[str, ...]
    refused: tuple[Refused, ...]
    passed_over: tuple[Refused, ...]


def inspect_drop(
    drop_dir: Path,
    crawl_date: date,
    *,
    hash_poster: Callable[[str], str],
    timezone: str = "Asia/Shanghai",
    limits: Limits | None = None,
    picture_limits: PictureLimits | None = None,
    n_examples: int = 3,
) -> Inspection:
    """Read a drop as a run would, and the first bytes of its pictures; nothing is decoded, stored or written.

    Args:
        drop_dir: folder of the drop.
        crawl_date: its date.
        hash_poster: hash of an account id; names of files are shown with it.
        timezone: zone of the platform.
        limits: sizes beyond which rows and files are refused.
        picture_limits: sizes beyond which pictures are refused.
        n_examples: how many places to give for a reason.

    Raises:
        DropMissing: if there is no such folder.
    """
    ingest = ingest_drop(drop_dir, crawl_date, hash_poster=hash_poster, timezone=timezone, limits=limits)
    posts: list[dict[str, Any]] = ingest.posts.to_pylist()
    refused = [(str(r["reason"]), _place(r)) for r in ingest.rejects.to_pylist()]
    refused += _unusable_pictures(ingest.media, picture_limits or PictureLimits())
    n_videos = sum(file.is_video for file in ingest.media)
    return Inspection(
        crawl_date=crawl_date,
        files=ingest.files,
        n_rows=ingest.n_rows,
        n_merged=ingest.n_merged,
        n_rejected_rows=ingest.n_rejected_rows,
        n_posts=len(posts),
        n_posters=len({post["poster_id"] for post in posts}),
        posts_by_crawler=tuple(sorted(Counter(str(post["crawler"]) for post in posts).items())),
        n_pictures=len(ingest.media) - n_videos,
        n_videos=n_videos,
        missing=tuple(_missing(posts, ingest)),
        refused=_by_reason(refused, n_examples),
        passed_over=_by_reason([(one.reason, one.source_file) for one in ingest.passed_over], n_examples),
    )


def _place(reject: Mapping[str, Any]) -> str:
    row = reject["source_row"]
    return str(reject["source_file"]) + ("" if row is None else f", row {row}")


def _unusable_pictures(media: Iterable[MediaFile], limits: PictureLimits) -> list[tuple[str, str]]:
    refused: list[tuple[str, str]] = []
    for file in media:
        if file.is_video:
            continue
        try:
            check_picture(file.path, limits=limits)
        except PictureError as error:
            refused.append((str(error), file.name))
    return refused


def _missing(posts: list[dict[str, Any]], ingest: Ingest) -> list[str]:
    if not posts:
        kinds = {file.kind for file in ingest.files}
        only = f": only tables of {' and '.join(sorted(kinds))}" if kinds - {"posts", "empty"} else ""
        sentence = f"There is no post in this drop{only}."
        return (
            [sentence, "A run of it fails, and leaves what is stored."] if why_broken(ingest) else [sentence]
        )
    n = len(posts)
    counted = (
        ("picture or video", sum(not post["media_paths"] for post in posts)),
        ("text", sum(not (post["tags"] or any(post[name] for name in _TEXTS)) for post in posts)),
        *((name, sum(post[column] is None for post in posts)) for column, name in _WANTED.items()),
    )
    sentences = [_sentence(k, n, name) for name, k in counted if k]
    if ingest.undated:
        whys = ", ".join(f"{k:,} {why}" for why, k in ingest.undated)
        sentences.append(f"Of those without a time of publication: {whys}; and their ids hold none.")
    return sentences


def _sentence(k: int, n: int, name: str) -> str:
    return f"None of the {n:,} posts has a {name}." if k == n else f"{k:,} of {n:,} posts have no {name}."


def _by_reason(refused: list[tuple[str, str]], n_examples: int) -> tuple[Refused, ...]:
    places: dict[str, list[str]] = {}
    for reason, place in refused:
        places.setdefault(reason, []).append(place)
    found = [Refused(reason, len(at), tuple(at[:n_examples])) for reason, at in places.items()]
    return tuple(sorted(found, key=lambda one: (-one.n, one.reason)))
