"""The pictures and videos of posts, in the drop they came in: remembered, or else found again.

Not here: how they are found in a drop (crawlers/media), how that is remembered (resources/media_memory).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mkt_assets.crawlers.media import MediaFile, named_media
from mkt_assets.resources.media_memory import MediaMemory


def media_of_posts(
    crawl_date: date,
    posts: Iterable[Mapping[str, Any]],
    *,
    drop_dir: Path,
    memory: MediaMemory,
    hash_poster: Callable[[str], str],
) -> tuple[MediaFile, ...]:
    """The files behind the media_paths of posts; without those that are gone.

    Args:
        crawl_date: of the posts.
        posts: rows of raw_posts, as far as post_id, poster_id and media_paths go.
        drop_dir: folder of their drop.
        memory: what reading the drop found; where it is not sure, the drop is walked.
        hash_poster: hash of an account id.

    Raises:
        DropMissing: if there is no such drop.
    """
    rows = list(posts)
    remembered = memory.recall(crawl_date, drop_dir, rows) if drop_dir.is_dir() else None
    return named_media(drop_dir, hash_poster, rows) if remembered is None else remembered
