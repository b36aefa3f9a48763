"""Where the media of a crawl's posts lie in its drop, as reading found them: so that nobody looks for them again.

Places in a drop may name accounts, which no table may: the memory is apart from them, for this user only, in no
snapshot, log or export. All of it can go at any time (`mkt forget` removes it whole): then the drop is walked again.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from mkt_assets.crawlers.media import MediaFile
from mkt_assets.resources.files import write_durably

FOLDER_NAME = "media_memory"


class MediaMemory:
    """A file a crawl date, below a home: JSON, so that a search for a person finds her in its bytes."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER_NAME

    def remember(self, crawl_date: date, media: Iterable[MediaFile]) -> None:
        """Keep where the media of a crawl date are, in place of what was kept before; gone files are left out."""
        entries = [
            {
                "place": file.place.as_posix(),
                "name": file.name,
                "post_id": file.post_id,
                "frame": file.frame,
                "is_video": file.is_video,
                "state": state,
            }
            for file in media
            if (state := _state(file.path)) is not None
        ]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._path(crawl_date), json.dumps(entries).encode())

    def recall(
        self, crawl_date: date, drop_dir: Path, posts: Iterable[Mapping[str, Any]]
    ) -> tuple[MediaFile, ...] | None:
        """The files of these posts, in the order of their places; None unless it is sure of all of them.

        It is sure if it knows just the media that each post has, and none has changed since.

        Args:
            crawl_date: of the posts.
            drop_dir: folder of their drop.
            posts: rows of raw_posts, as far as post_id and media_paths go.
        """
        media_of = {str(post["post_id"]): set(post["media_paths"]) for post in posts}
        try:
            entries = json.loads(self._path(crawl_date).read_bytes())
            found = [entry for entry in entries if entry["post_id"] in media_of]
            files = tuple(_media_file(entry, drop_dir) for entry in found)
            states = [entry["state"] for entry in found]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # never made, removed or damaged
        known: dict[str, set[str]] = {post_id: set() for post_id in media_of}
        for file in files:
            known[file.post_id].add(file.name)
        is_sure = known == media_of and states == [_state(file.path) for file in files]
        return files if is_sure else None

    def forget_all(self) -> None:
        """Remove it whole."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _path(self, crawl_date: date) -> Path:
        return self.folder / f"{crawl_date}.json"


def _media_file(entry: Mapping[str, Any], drop_dir: Path) -> MediaFile:
    place = PurePosixPath(entry["place"])
    return MediaFile(
        drop_dir / place, place, entry["name"], entry["post_id"], entry["frame"], entry["is_video"]
    )


def _state(path: Path) -> list[int] | None:
    """Size and time of change of a regular file; None if there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns] if stat.S_ISREG(status.st_mode) else None
