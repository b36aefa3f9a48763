"""The files of a drop, found without following links or trusting names, and the dates that have a drop.

Not here: what is in the files (crawlers/reading), which drops need a run (orchestration/drop_state).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from os import DirEntry, scandir
from pathlib import Path, PurePosixPath

from mkt_assets.crawlers.base import Reject

# What comes along with a crawl and is no part of it, by names in small letters; the first that fits says what it is.
# A .txt may be a table ("Unicode text" of a spreadsheet program).
_COMPANIONS = (
    (re.compile(r"~\$.*|\.~lock\..*"), "The mark of a spreadsheet program that has a file open."),
    (re.compile(r"\..*"), "A hidden file: its name begins with a dot. Rename it if it is part of the crawl."),
    (re.compile(r"thumbs\.db|desktop\.ini|ehthumbs\.db|icon\r"), "The operating system's own file."),
    (
        re.compile(r"exploreid\.db|mappingdata\.db"),
        "XHS-Downloader's notes for itself; no posts are in them.",
    ),
    (
        re.compile(r"manifest\.json|.*\.log(?:\.\d+)?"),
        "A manifest or log of the crawler; no posts are in it.",
    ),
    (
        re.compile(r"(?:readme|read_me|licen[cs]e|notice|changelog|requirements)[^.]*(?:\.txt)?|.*\.md"),
        "A page to read, as its name says. Rename it if it is a table.",
    ),
)
_HIDDEN_FOLDER = re.compile(r"\..*|__macosx")
PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
)
VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".flv"})
_DATE_NAME = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BY_CONTENT = "content:"


class DropMissing(FileNotFoundError):  # noqa: N818 - a state of the disk, not a fault of the code
    """There is no drop folder for a date that can be read: perhaps an unmounted disk, never an empty crawl."""


@dataclass(frozen=True)
class DropFile:
    """A regular file of a drop."""

    path: Path
    relative: PurePosixPath


@dataclass(frozen=True)
class Walk:
    """The files of a drop in the order of their names; `rejects` still have the names as they are on disk.

    `passed_over` are files and folders that come along with a crawl and are no part of it, and what they are.
    """

    files: tuple[DropFile, ...]
    rejects: tuple[Reject, ...]
    passed_over: tuple[Reject, ...] = ()


def list_drops(drops_dir: Path) -> list[date]:
    """Dates that have a drop: folders named YYYY-MM-DD, in order. Empty if there is no such folder."""
    if not drops_dir.is_dir():
        return []
    folders = (folder for folder in drops_dir.iterdir() if folder.is_dir())
    return sorted(day for folder in folders if (day := crawl_date_of(folder.name)) is not None)


def crawl_date_of(name: str) -> date | None:
    """The crawl date that the name of a drop's folder is; None if it is none, as 2024-13-45."""
    try:
        return date.fromisoformat(name) if _DATE_NAME.fullmatch(name) else None
    except ValueError:
        return None


def walk_drop(drop_dir: Path) -> Walk:
    """Find the files of a drop. Hidden files, read-me files, logs .. are passed over; links are rejects.

    Raises:
        DropMissing: if there is no such folder, or it cannot be read.
    """
    if not drop_dir.is_dir():
        raise DropMissing(
            f"There is no drop folder {drop_dir}: put the crawl there, or check that its disk is mounted. "
            "An empty folder is a crawl without posts."
        )
    files: list[DropFile] = []
    rejects: list[Reject] = []
    passed_over: list[Reject] = []
    folders = [(drop_dir, PurePosixPath())]
    while folders:
        folder, place = folders.pop()
        try:
            entries = list(scandir(folder))
        except OSError as error:
            if folder == drop_dir:
                raise DropMissing(
                    f"The drop folder {drop_dir} cannot be read ({error.strerror}): let this user read it."
                ) from error
            rejects.append(
                _reject(place, f"The folder cannot be read ({error.strerror}); nothing in it was used.")
            )
            continue
        for entry in entries:
            relative = place / entry.name
            if what := _companion(entry):
                passed_over.append(_reject(relative, what))
            elif entry.is_symlink():
                rejects.append(_reject(relative, "The file is a symbolic link; links are not followed."))
            elif entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), relative))
            elif entry.is_file(follow_symlinks=False):
                files.append(DropFile(Path(entry.path), relative))
            else:
                rejects.append(_reject(relative, "The file is not a regular file."))
    return Walk(
        tuple(sorted(files, key=lambda file: file.relative.as_posix())),
        *(tuple(sorted(places, key=lambda place: place.source_file)) for places in (rejects, passed_over)),
    )


def drop_digest(drop_dir: Path) -> str:
    """The digest of a drop as it is now, see `walk_digest`; every file is read.

    Raises:
        DropMissing: if there is no such folder.
    """
    return walk_digest(walk_drop(drop_dir))


def content_sha256(file: DropFile) -> str:
    """Hash of a file's bytes, hex.

    Raises:
        OSError: if it cannot be read.
    """
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def walk_digest(walk: Walk, sha256_of: Callable[[DropFile], str] = content_sha256) -> str:
    """Hash of what is in a drop: its files by their names and content. Times are no part of it: a copy has the same.

    Args:
        walk: the files of the drop.
        sha256_of: hash of a file's content, from whoever remembers it; an OSError of it is a state of the file.
    """
    digest = hashlib.sha256()
    for file in walk.files:
        digest.update(f"{file.relative.as_posix()}\0".encode(errors="surrogateescape"))
        digest.update(f"{_or_errno(sha256_of, file)}\n".encode())
    digest.update(_rejects(walk))
    return f"{_BY_CONTENT}{digest.hexdigest()}"


def is_by_content(digest: str) -> bool:
    """Whether a digest is of `walk_digest`, and not of `digest_by_times`."""
    return digest.startswith(_BY_CONTENT)


def digest_by_times(walk: Walk) -> str:
    """The digest of a drop as versions before this one recorded it, hex: media by name, size and mtime, not content."""
    digest = hashlib.sha256()
    for file in walk.files:
        digest.update(f"{file.relative.as_posix()}\0".encode(errors="surrogateescape"))
        digest.update(f"{_or_errno(_by_times, file)}\n".encode())
    digest.update(_rejects(walk))
    return digest.hexdigest()


def _by_times(file: DropFile) -> str:
    if file.path.suffix.lower() not in PICTURE_SUFFIXES | VIDEO_SUFFIXES:
        return content_sha256(file)
    status = file.path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _or_errno(fingerprint: Callable[[DropFile], str], file: DropFile) -> str:
    try:
        return fingerprint(file)
    except OSError as error:  # gone or unreadable: a state of its own, which ends when the file can be read
        return f"errno {error.errno}"


def _rejects(walk: Walk) -> bytes:
    lines = (f"{reject.source_file}\0{reject.reason}\n" for reject in walk.rejects)
    return "".join(lines).encode(errors="surrogateescape")


def _companion(entry: DirEntry[str]) -> str | None:
    """What a file or folder is that is no part of the crawl, in a sentence; None if it is one, or a link."""
    name = entry.name.lower()
    if entry.is_dir(follow_symlinks=False):
        is_hidden = _HIDDEN_FOLDER.fullmatch(name)
        return (
            "A hidden folder, or one of the operating system; nothing in it was used." if is_hidden else None
        )
    return next((what for names, what in _COMPANIONS if names.fullmatch(name)), None)


def _reject(place: PurePosixPath, reason: str) -> Reject:
    return Reject(place.as_posix(), None, None, reason)
