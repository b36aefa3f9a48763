"""Files that are made: written aside, then renamed, so that a reader sees the whole file or none."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4


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
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".writing-{uuid4().hex}")
        try:
            aside.write_bytes(data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        return path

    def prune(self, folder: str, keep: set[str]) -> None:
        """Remove the files of a folder whose names (relative to the store) are not in `keep`."""
        for path in self.path(folder).glob("*"):
            if path.is_file() and path.relative_to(self.root.resolve()).as_posix() not in keep:
                path.unlink()
