"""Files that are made: written aside, then renamed, so that a reader sees the whole file or none.

Not here: files in a bucket (resources/object_files), the files of drops (resources/drops).
"""

from __future__ import annotations

import errno
import math
import os
import re
import shutil
import stat
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import uuid4

ASIDE_PREFIX = ".writing-"
# as the databases say it; the last is SQLite's when its log, in shared memory, cannot grow
_DISK_FULL = re.compile("no space left|disk is full|quota exceeded|disk i/o error", re.IGNORECASE)


class FilesSetupError(ValueError):
    """The place of files is not as the settings say, or may not be used; the message says what to do."""


class FilesAwayError(ConnectionError):
    """The place of files does not answer; it may pass, and nothing half-written is left."""


@dataclass(frozen=True)
class StoredFile:
    """A file of a store; `used_at` is when it was last written or touched (Unix seconds)."""

    name: str
    n_bytes: int
    used_at: float


class FileStore(Protocol):
    """Files of one place, addressed by relative names with slashes; a reader sees a whole file or none.

    Every method raises ValueError for a name that leads out of the place, FilesSetupError if the place is not there
    or may not be used, and FilesAwayError if it does not answer.
    """

    def location(self, name: str = "") -> str:
        """Where the file `name` is, or the store, for people: a path or an address."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is such a file, with something in it."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`.

        Raises:
            FileNotFoundError: if there is none.
        """
        ...

    def write(self, name: str, data: bytes) -> str:
        """Write the file, in the place of an older one of the name; gives its location."""
        ...

    def add(self, name: str, data: bytes) -> bool:
        """Write a file whose name tells its content, unless it is there; it counts as used now. Whether it is new."""
        ...

    def touch(self, names: Collection[str]) -> set[str]:
        """Mark files as in use now, so that gc leaves them alone; gives those that are there and not empty."""
        ...

    def remove(self, name: str, *, unless_used_since: float = math.inf) -> bool:
        """Remove the file, and whatever is kept of it, unless it was used since (Unix seconds); whether it was."""
        ...

    def files(self, folder: str = "") -> Iterator[StoredFile]:
        """All files below a folder, in the order of their names. Slow where there are many: not for runs."""
        ...

    def prune(self, folder: str, keep: Collection[str]) -> None:
        """Remove the files of a folder whose names (relative to the store) are not in `keep`."""
        ...


class LocalFiles:
    """A `FileStore` in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def location(self, name: str = "") -> str:
        """The path of the file `name`, or of the folder."""
        return str(self.path(name)) if name else str(self.root)

    def path(self, name: str) -> Path:
        """Where the file `name` is.

        Raises:
            ValueError: if the name leads out of the store.
        """
        path = self._root
        for part in PurePosixPath(name).parts:
            path /= part
            # only such a part can lead elsewhere, and to look at each is less work than to resolve all
            if part == ".." or path.is_symlink():
                path = path.resolve()
        if not path.is_relative_to(self._root):
            raise ValueError(f"{name!r} leads out of {self.root}.")
        return path

    @cached_property
    def _root(self) -> Path:
        return self.root.resolve()

    def exists(self, name: str) -> bool:
        """Whether there is such a file, with something in it."""
        path = self.path(name)
        return path.is_file() and path.stat().st_size > 0

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`."""
        return self.path(name).read_bytes()

    def write(self, name: str, data: bytes) -> str:
        """Write the file atomically; an older one of the name is replaced."""
        path = self.path(name)
        write_durably(path, data)
        return str(path)

    def add(self, name: str, data: bytes) -> bool:
        """Write the file unless it is there; whether it is new."""
        if self.touch([name]):
            return False
        self.write(name, data)
        return True

    def touch(self, names: Collection[str]) -> set[str]:
        """Mark files as in use now; gives those that are there."""
        return {name for name in names if self._touch(name)}

    def _touch(self, name: str) -> bool:
        try:
            os.utime(self.path(name))
        except FileNotFoundError:
            return False
        return self.exists(name)

    def remove(self, name: str, *, unless_used_since: float = math.inf) -> bool:
        """Remove the file unless it was used since; whether it was removed."""
        path = self.path(name)
        if not _is_older(path, unless_used_since):
            return False
        aside = path.with_name(f"{ASIDE_PREFIX}{uuid4().hex}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return False
        # from here on a run does not find it; it may have done so in the moment before
        if not _is_older(aside, unless_used_since):
            aside.replace(path)
            return False
        aside.unlink(missing_ok=True)
        return True

    def files(self, folder: str = "") -> Iterator[StoredFile]:
        """All files below a folder but those that are being written; links are none."""
        root = self.root.resolve()
        for path in paths_below(self.path(folder)):
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode) and not path.name.startswith(ASIDE_PREFIX):
                yield StoredFile(path.relative_to(root).as_posix(), status.st_size, status.st_mtime)

    def prune(self, folder: str, keep: Collection[str]) -> None:
        """Remove the files of a folder whose names are not in `keep`."""
        for path in self.path(folder).glob("*"):
            if path.is_file() and path.relative_to(self.root.resolve()).as_posix() not in keep:
                path.unlink()


def paths_below(folder: Path) -> list[Path]:
    """Files, folders and links below a folder, in order; links are not followed.

    What disappears meanwhile is left out: `Path.rglob` raises where a run removes a folder that it was about to list.
    """
    walk = os.walk(folder)
    return sorted(Path(parent, name) for parent, folders, files in walk for name in (*folders, *files))


def _is_older(path: Path, than: float) -> bool:
    try:
        return path.stat().st_mtime < than
    except FileNotFoundError:
        return False


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that, whatever happens, there is the whole new one or what was there before."""
    with replacing(path) as aside:
        aside.write_bytes(data)


def copy_durably(source: Path, path: Path) -> None:
    """Copy a file over another; who has the old one open keeps it."""
    with replacing(path) as aside:
        shutil.copyfile(source, aside)


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A path beside `path` to write to; on the way out it is brought to the disk and takes the place of `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{ASIDE_PREFIX}{uuid4().hex}")
    try:
        yield aside
        _to_disk(aside)
        aside.replace(path)
        _to_disk(path.parent)
    except OSError as error:
        # a write that fails does not say of what
        error.filename = error.filename or str(path)
        raise
    finally:
        aside.unlink(missing_ok=True)


def disk_full(error: BaseException) -> str | None:
    """What to say if an error of a file or of any database means that the disk is full; None if it does not."""
    message = str(error).partition("\n")[0]
    if isinstance(error, OSError):
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    else:
        is_full = bool(_DISK_FULL.search(message))
    if not is_full:
        return None
    return (
        f"The disk is full, or fails ({message}). What was stored before is unharmed: make room, remove what is left "
        "over with `mkt gc --delete`, and run again."
    )


def _to_disk(path: Path) -> None:
    """Without it a power cut may keep the new name and lose what is in the file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
