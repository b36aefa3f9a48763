"""What is in the files of drops, by their size and times: so that only what may have changed is read again.

A file of a drop is known by the hash of its place, which may name an account; what is remembered of it is the hash of
its content. All of it can go at any time (`mkt forget` removes it whole): then the drops are read once more.

Not here: what a drop's digest is made of (crawlers/walk), what follows of a changed one (orchestration/drop_state).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import date
from pathlib import Path
from time import monotonic, time_ns
from typing import Any

from mkt_assets.crawlers.walk import DropFile, Walk, content_sha256, walk_digest
from mkt_assets.resources.files import write_durably

FOLDER_NAME = "drop_memory"
# Within a tick of a coarse clock, a file could change again and keep its times.
_COARSE_CLOCK_NS = 2_000_000_000
_FILES, _SAME = "files", "same"


class _OutOfTime(Exception):  # noqa: N818 - no error: it goes on at the next call
    pass


class DropMemory:
    """A file a crawl date, below a home, for this user only; whole or not there, however many processes write."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER_NAME

    def digest(self, crawl_date: date, walk: Walk, *, until: float | None = None) -> str | None:
        """The digest of a drop, see `walk_digest`; files are read whose size or times are not those remembered.

        Args:
            crawl_date: of the drop.
            walk: its files.
            until: no further file is read after this time (of `time.monotonic`).

        Returns:
            The digest; None if there was not time to read all: the next call goes on from there.
        """
        kept = self._read(crawl_date)
        known: dict[str, list[Any]] = kept[_FILES]
        now: dict[str, list[Any]] = {}

        def sha256_of(file: DropFile) -> str:
            key = hashlib.sha256(file.relative.as_posix().encode(errors="surrogateescape")).hexdigest()[:32]
            state = _state(file.path)
            if (entry := known.get(key)) is not None and entry[:3] == state:
                now[key] = entry
                return str(entry[3])
            if until is not None and monotonic() > until:
                raise _OutOfTime
            content = content_sha256(file)
            if _state(file.path) == state and time_ns() - max(state[1:]) > _COARSE_CLOCK_NS:
                now[key] = [*state, content]
            return content

        try:
            digest = walk_digest(walk, sha256_of)
        except _OutOfTime:
            digest, now = None, known | now
        if now != known:
            self._write(crawl_date, {**kept, _FILES: now})
        return digest

    def is_same(self, crawl_date: date, earlier: str, digest: str) -> bool:
        """Whether `remember_same` was told so."""
        return self._read(crawl_date)[_SAME].get(earlier) == digest

    def remember_same(self, crawl_date: date, earlier: str, digest: str) -> None:
        """Keep that a digest, as an earlier version of mkt_assets made it, is of the same drop as one of today's."""
        self._write(crawl_date, {**self._read(crawl_date), _SAME: {earlier: digest}})

    def forget_all(self) -> None:
        """Remove it whole."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _read(self, crawl_date: date) -> dict[str, Any]:
        try:
            kept = json.loads(self._path(crawl_date).read_bytes())
            if isinstance(kept[_FILES], dict) and isinstance(kept[_SAME], dict):
                return kept
        except (OSError, ValueError, KeyError, TypeError):
            pass  # never made, removed or damaged
        return {_FILES: {}, _SAME: {}}

    def _write(self, crawl_date: date, kept: dict[str, Any]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._path(crawl_date), json.dumps(kept).encode())

    def _path(self, crawl_date: date) -> Path:
        return self.folder / f"{crawl_date}.json"


def _state(path: Path) -> list[int]:
    """Size and times; ctime, as a file can be rewritten with its old size and mtime, but not with its old ctime."""
    status = os.lstat(path)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
