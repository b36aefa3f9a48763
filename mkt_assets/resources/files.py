"""Files that are made: written aside, then renamed, so that a reader sees the whole file or none.

Not here: the files of drops (crawlers/walk).
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

ASIDE_PREFIX = ".writing-"
# as the databases say it; the last is SQLite's when its log, in shared memory, cannot grow
_DISK_FULL = re.compile("no space left|disk is full|quota exceeded|disk i/o error", re.IGNORECASE)


class FileStore:
    """Files below a root folder, addressed by relative names."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where the file `name` is.

        Raises:
            ValueError: if the name leads out of the store.
        """
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"{name!r} leads out of {self.root}.")
        return path

    def exists(self, name: str) -> bool:
        """Whether there is such a file, with something in it."""
        path = self.path(name)
        return path.is_file() and path.stat().st_size > 0

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`."""
        return self.path(name).read_bytes()

    def write(self, name: str, data: bytes) -> Path:
        """Write the file atomically; an older one of the name is replaced."""
        path = self.path(name)
        write_durably(path, data)
        return path

    def touch(self, name: str) -> bool:
        """Mark the file `name` as in use now, so that gc leaves it alone; False if there is no such file."""
        try:
            os.utime(self.path(name))
        except FileNotFoundError:
            return False
        return self.exists(name)

    def prune(self, folder: str, keep: set[str]) -> None:
        """Remove the files of a folder whose names (relative to the store) are not in `keep`."""
        for path in self.path(folder).glob("*"):
            if path.is_file() and path.relative_to(self.root.resolve()).as_posix() not in keep:
                path.unlink()


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
