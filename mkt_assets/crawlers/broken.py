"""A drop that gives no post: an empty crawl, or a broken one, and then why, in sentences.

Not here: what makes a file or row unusable (crawlers/reading).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mkt_assets.crawlers.base import Reject
from mkt_assets.crawlers.drop import Ingest

_MOST_NAMED = 5


class BrokenDropError(ValueError):
    """A drop has something in it and gives no post; the message says which files are at fault, and why."""


def refuse_broken(ingest: Ingest, masked: Callable[[str], str | None] = str) -> None:
    """Do nothing for a drop with posts or an empty crawl: no file, or tables without a row.

    Args:
        ingest: what was read.
        masked: takes the ids of who was forgotten out of a text.

    Raises:
        BrokenDropError: if the drop has files, rows or media, and no post.
    """
    if reasons := why_broken(ingest):
        raise BrokenDropError(
            f"{masked(reasons)} Correct the drop, or take out what is no part of it: it is run again when it "
            "changes. What is stored of an earlier version of it stays."
        )


def why_broken(ingest: Ingest) -> str:
    """Why a drop gives no post though it has something in it, in sentences; empty for one that is sound or empty."""
    if ingest.posts.num_rows:
        return ""
    sentences: list[str] = []
    if ingest.unread:
        sentences.append(f"{told(ingest.unread)}.")
    others = sorted({file.kind for file in ingest.files if file.n_rows} - {"posts", "empty"})
    if others:
        sentences.append(f"It has tables of {' and '.join(others)} alone.")
    if ingest.n_media:
        sentences.append(
            f"Its {_counted(ingest.n_media, 'picture or video', 'pictures and videos')} are of no post."
        )
    return f"The drop gives no post. {' '.join(sentences)}" if sentences else ""


def told(unread: Sequence[Reject]) -> str:
    """Files that could not be used, the first of them by name and reason, without a full stop."""
    named = [f"{one.source_file}: {one.reason.rstrip('.')}" for one in unread[:_MOST_NAMED]]
    if n_more := len(unread) - len(named):
        named.append(f"and {n_more:,} more, which `mkt inspect` lists")
    return f"{_counted(len(unread), 'file', 'files')} could not be read or used ({'; '.join(named)})"


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
