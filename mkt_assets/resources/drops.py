"""Where crawls come in: a folder, or a bucket whose drops are brought to this disk for as long as they are read.

Not here: what is in a drop (crawlers/drop), which drops need a run (orchestration/drop_state).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from mkt_assets.crawlers.base import Reject
from mkt_assets.crawlers.walk import (
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    DropFile,
    DropMissing,
    Walk,
    crawl_date_of,
    digest_by_times,
    list_drops,
    walk_digest,
    walk_drop,
)
from mkt_assets.resources.drop_memory import DropMemory
from mkt_assets.resources.files import ASIDE_PREFIX, FilesAwayError

if TYPE_CHECKING:
    from obstore import ObjectMeta

    from mkt_assets.resources.object_files import ObjectFiles

MIRROR_PREFIX = f"{ASIDE_PREFIX}drops-"
_AT_ONCE = 8
_TRIES = 3
_PART_BYTES = 8 << 20
_LONGEST_NAME = 255  # bytes, of every file system that a home may be on
# When each drop of a bucket was last listed by this process: who lists many takes turns.
_looked_at: dict[tuple[str, date], float] = {}


@dataclass(frozen=True)
class Drop:
    """A drop on this disk: its folder, the files in it, and the digest of these."""

    folder: Path
    walk: Walk
    digest: str


class Drops(Protocol):
    """All drops of a platform, by crawl date."""

    def location(self, crawl_date: date | None = None) -> str:
        """Where the drop of a date is or would be, or all are, for people."""
        ...

    def dates(self) -> list[date]:
        """Dates that have a drop, in order."""
        ...

    def has(self, crawl_date: date) -> bool:
        """Whether there is a drop of the date."""
        ...

    def to_look_at(self) -> list[date]:
        """The same dates, in the order in which to look whether they have changed."""
        ...

    def digest(self, crawl_date: date, *, until: float) -> str | None:
        """The digest of a drop as it is now, see `walk_digest`; None if there was not time to know (`time.monotonic`).

        Raises:
            DropMissing: if there is no such drop.
        """
        ...

    def digest_by_times(self, crawl_date: date) -> str | None:
        """The digest of a drop as earlier versions recorded it; None where they could not."""
        ...

    def changed_at(self, crawl_date: date) -> float:
        """When something in the drop last changed (Unix seconds).

        Raises:
            FileNotFoundError: if something was removed in this moment.
        """
        ...

    def folder(self, crawl_date: date) -> Path:
        """The folder of a drop on this disk, as it is now; of a bucket, it is there until `release`.

        Raises:
            DropMissing: if there is no such drop, as far as that is known before it is read.
        """
        ...

    def read(self, crawl_date: date) -> Drop:
        """The drop on this disk, with its files and their digest, taken before any is read.

        Raises:
            DropMissing: if there is no such drop.
        """
        ...

    def release(self) -> None:
        """Remove what was brought to this disk."""
        ...


class DropFolder:
    """Drops in a folder, which are read where they are."""

    def __init__(self, root: Path, memory: DropMemory) -> None:
        self.root, self._memory = root, memory

    def location(self, crawl_date: date | None = None) -> str:
        """The path of the drop, or of all."""
        return str(self.root if crawl_date is None else self.folder(crawl_date))

    def dates(self) -> list[date]:
        """Dates that have a folder."""
        return list_drops(self.root)

    def has(self, crawl_date: date) -> bool:
        """Whether there is a folder of the date."""
        return self.folder(crawl_date).is_dir()

    def to_look_at(self) -> list[date]:
        """Newest first: a new drop does not wait until a year of copied ones is read again."""
        return self.dates()[::-1]

    def digest(self, crawl_date: date, *, until: float) -> str | None:
        """The digest of what is in its files, read where they may have changed."""
        return self._memory.digest(crawl_date, walk_drop(self.folder(crawl_date)), until=until)

    def digest_by_times(self, crawl_date: date) -> str | None:
        """As versions recorded it that took a time for content."""
        return digest_by_times(walk_drop(self.folder(crawl_date)))

    def changed_at(self, crawl_date: date) -> float:
        """The latest time of a file or folder."""
        folder = self.folder(crawl_date)
        return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))

    def folder(self, crawl_date: date) -> Path:
        """Its folder, if there is any."""
        return self.root / crawl_date.isoformat()

    def read(self, crawl_date: date) -> Drop:
        """Its folder, files and digest."""
        folder = self.folder(crawl_date)
        walk = walk_drop(folder)
        return Drop(folder, walk, self._memory.digest(crawl_date, walk) or "")

    def release(self) -> None:
        """Nothing was brought."""


@dataclass(frozen=True)
class FetchLimits:
    """Bytes beyond which an object is not fetched, by what its name says it is."""

    picture: int
    video: int
    other: int

    def of(self, name: str) -> int:
        """The limit of an object of this name."""
        suffix = PurePosixPath(name).suffix.lower()
        return (
            self.picture
            if suffix in PICTURE_SUFFIXES
            else self.video
            if suffix in VIDEO_SUFFIXES
            else self.other
        )


@dataclass(frozen=True)
class _Listing:
    """The objects of a drop that may be fetched, by their names in it, and why the others may not."""

    objects: dict[str, ObjectMeta]
    rejects: tuple[Reject, ...]

    def digest(self) -> str:
        files = tuple(DropFile(Path(name), PurePosixPath(name)) for name in self.objects)
        return walk_digest(
            Walk(files, self.rejects), lambda file: _etag(self.objects[file.relative.as_posix()])
        )


class BucketDrops:
    """Drops below `s3://bucket/prefix`; what is read of them is first brought to a folder of this process."""

    def __init__(self, bucket: ObjectFiles, home: Path, limits: FetchLimits) -> None:
        self._bucket, self._limits = bucket, limits
        self._mirror = home / f"{MIRROR_PREFIX}{uuid4().hex}"
        self._lock: int | None = None
        self._listings: dict[date, _Listing] = {}
        self._fetched: dict[date, dict[str, str]] = {}

    def location(self, crawl_date: date | None = None) -> str:
        """The address of the drop, or of all."""
        return self._bucket.address + ("" if crawl_date is None else f"/{crawl_date.isoformat()}")

    def dates(self) -> list[date]:
        """Dates below which there are objects."""
        return sorted(day for name in self._bucket.folders() if (day := crawl_date_of(name)) is not None)

    def has(self, crawl_date: date) -> bool:
        """Whether there are objects below the date."""
        return crawl_date in self.dates()

    def to_look_at(self) -> list[date]:
        """Those listed longest ago first, of them the newest: a listing of years takes longer than a tick may."""
        address = self._bucket.address
        return sorted(self.dates(), key=lambda day: (_looked_at.get((address, day), 0.0), -day.toordinal()))

    def digest(self, crawl_date: date, *, until: float) -> str | None:
        """The digest of names, sizes and ETags; nothing is fetched."""
        if time.monotonic() > until:
            return None
        listing = self._listings[crawl_date] = self._list(crawl_date)
        _looked_at[self._bucket.address, crawl_date] = time.monotonic()
        return listing.digest()

    def digest_by_times(self, crawl_date: date) -> str | None:
        """Earlier versions knew no buckets."""
        return None

    def changed_at(self, crawl_date: date) -> float:
        """The latest time of an object."""
        listing = self._listings.get(crawl_date) or self._list(crawl_date)
        return max((meta["last_modified"].timestamp() for meta in listing.objects.values()), default=0.0)

    def folder(self, crawl_date: date) -> Path:
        """The folder that the drop was brought to; what changed since is brought again."""
        return self._bring(crawl_date)[0]

    def read(self, crawl_date: date) -> Drop:
        """The drop, brought to this disk; objects that cannot be are rejects."""
        folder, listing = self._bring(crawl_date)
        walk = walk_drop(folder)
        rejects = sorted((*walk.rejects, *listing.rejects), key=lambda one: one.source_file)
        return Drop(folder, replace(walk, rejects=tuple(rejects)), listing.digest())

    def release(self) -> None:
        """Remove the folder of this process."""
        self._fetched.clear()
        shutil.rmtree(self._mirror, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _list(self, crawl_date: date) -> _Listing:
        prefix = f"{crawl_date.isoformat()}/"
        found = {meta["path"].removeprefix(prefix): meta for meta in self._bucket.listed(prefix)}
        found.pop(prefix.rstrip("/"), None)  # what stands for the folder itself
        if not found and not self.has(crawl_date):
            raise DropMissing(
                f"There is no drop {self.location(crawl_date)}: put the crawl there, or correct MKT_DROPS."
            )
        folders = {parent.as_posix() for name in found for parent in PurePosixPath(name).parents}
        objects: dict[str, ObjectMeta] = {}
        rejects: list[Reject] = []
        for name, meta in sorted(found.items()):
            if name in folders and meta["size"] == 0:
                continue  # what stands for a folder
            if reason := self._why_not(name, meta, folders):
                rejects.append(Reject(name, None, None, reason))
            else:
                objects[name] = meta
        return _Listing(objects, tuple(rejects))

    def _why_not(self, name: str, meta: ObjectMeta, folders: set[str]) -> str | None:
        from mkt_assets.resources.object_files import is_plain

        if not is_plain(name) or any(len(part.encode()) > _LONGEST_NAME for part in name.split("/")):
            return "The object's key cannot be the name of a file; it was not fetched."
        if name in folders:
            return "The object's key is also that of a folder of others; it was not fetched."
        if meta["size"] > (limit := self._limits.of(name)):
            size = f"{meta['size'] / 1e6:,.0f} MB, more than {limit / 1e6:,.0f} MB"
            return f"The object has {size}; it was not fetched."
        return None

    def _bring(self, crawl_date: date) -> tuple[Path, _Listing]:
        """Make the folder what the bucket holds: fetch what is new or other, remove what is gone."""
        folder = self._mirror / crawl_date.isoformat()
        for _ in range(_TRIES):
            listing = self._list(crawl_date)
            self._begin()
            folder.mkdir(exist_ok=True)
            have = self._fetched.setdefault(crawl_date, {})
            for name in [name for name in have if name not in listing.objects]:
                (folder / name).unlink(missing_ok=True)
                del have[name]
            wanted = [name for name, meta in listing.objects.items() if have.get(name) != _etag(meta)]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                metas = [listing.objects[name] for name in wanted]
                fetched = list(pool.map(self._fetch, metas, [folder / name for name in wanted]))
            have |= {n: _etag(m) for n, m, done in zip(wanted, metas, fetched, strict=True) if done}
            if all(fetched):
                return folder, listing
        raise FilesAwayError(
            f"{self.location(crawl_date)} changes while it is fetched: it is run when nothing in it moves any more."
        )

    def _begin(self) -> None:
        """Make the folder, and hold it: whoever collects garbage leaves it alone until this process ends."""
        if self._lock is None:
            self._mirror.mkdir(mode=0o700, parents=True)
            self._lock = os.open(self._mirror, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def _fetch(self, meta: ObjectMeta, path: Path) -> bool:
        """Bring one object, as it was listed; False if it is another by now, or gone."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{ASIDE_PREFIX}{uuid4().hex}")
        try:
            with aside.open("wb") as file:
                for part in self._bucket.parts(meta["path"], meta["e_tag"], _PART_BYTES):
                    file.write(part)
            # of the object's time, so that what remembers the file by it does so after it is fetched anew
            at = meta["last_modified"].timestamp()
            os.utime(aside, (at, at))
            if aside.stat().st_size == meta["size"]:
                aside.replace(path)
                return True
        except FileNotFoundError:
            pass
        finally:
            aside.unlink(missing_ok=True)
        return False


def is_held(folder: Path) -> bool:
    """Whether a process that is alive has brought drops to this folder."""
    if not folder.name.startswith(MIRROR_PREFIX):
        return False
    with suppress(FileNotFoundError, NotADirectoryError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
    return False


def _etag(meta: ObjectMeta) -> str:
    """What tells an object's content: its ETag and size, or where there is none its time."""
    return f"{meta['e_tag'] or meta['last_modified'].isoformat()} {meta['size']}"
