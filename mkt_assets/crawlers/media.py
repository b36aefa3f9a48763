"""Finding the pictures and videos of a drop and the posts they belong to. Nothing is decoded here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mkt_assets.crawlers.base import MediaKey, Reject
from mkt_assets.crawlers.readers import READERS
from mkt_assets.crawlers.redact import ID, Redactor
from mkt_assets.crawlers.walk import PICTURE_SUFFIXES, VIDEO_SUFFIXES, DropFile, walk_drop

_HEAD_BYTES = 16
_PICTURE_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
_VIDEO_MAGIC = (b"\x1aE\xdf\xa3", b"FLV\x01")
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


@dataclass(frozen=True)
class MediaFile:
    """A picture or video of a post.

    `path` is where it is, for opening it; `name` is the path relative to the drop with the account hashed,
    for tables. `frame` is null for a video.
    """

    path: Path
    name: str
    post_id: str
    frame: str | None
    is_video: bool


@dataclass(frozen=True)
class MediaIndex:
    """The media of a drop in the order of their names on disk, one a post and frame, and the unusable."""

    files: tuple[MediaFile, ...]
    rejects: tuple[Reject, ...]


def find_media(drop_dir: Path, hash_poster: Callable[[str], str]) -> MediaIndex:
    """Find the media of a drop by content and place; a broken file with a known suffix is found too.

    Two files for one frame of a post: the first by name is used. Where frames of a video are in the drop, the
    video is not used: they are the same pictures.

    Raises:
        DropMissing: if there is no such folder.
    """
    index, _ = index_media(walk_drop(drop_dir).files, hash_poster)
    return index


def index_media(
    files: Iterable[DropFile], hash_poster: Callable[[str], str]
) -> tuple[MediaIndex, tuple[DropFile, ...]]:
    """The media among the files of a drop, and the files that are none."""
    found: list[MediaFile] = []
    rejects: list[Reject] = []
    others: list[DropFile] = []
    for file in files:
        try:
            is_video = _is_video(file)
        except OSError as error:
            name = Redactor(hash_poster).path(file.relative.as_posix())
            rejects.append(Reject(name, None, None, f"The file cannot be read ({error.strerror})."))
            continue
        if is_video is None:
            others.append(file)
            continue
        media = _media_file(file, is_video, hash_poster)
        if isinstance(media, Reject):
            rejects.append(media)
        else:
            found.append(media)
    used, repeated = _one_per_frame(found)
    return MediaIndex(tuple(used), (*rejects, *repeated)), tuple(others)


def _is_video(file: DropFile) -> bool | None:
    """Whether it is a video (else a picture), by its first bytes or else its suffix; None if no media."""
    with file.path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    by_content = _sniff(head)
    if by_content is not None:
        return by_content
    suffix = file.path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    if suffix in PICTURE_SUFFIXES:
        return False
    # "post" without suffix or known content, in the place of a picture: a broken picture
    key = None if suffix else _key_of(file)
    return None if key is None else key.frame == "video"


def _sniff(head: bytes) -> bool | None:
    if head[4:8] == b"ftyp":
        return head[8:12] not in _PICTURE_BRANDS
    if head.startswith(b"RIFF"):
        return {b"WEBP": False, b"AVI ": True}.get(head[8:12])
    if head.startswith(_PICTURE_MAGIC):
        return False
    return True if head.startswith(_VIDEO_MAGIC) else None


def _key_of(file: DropFile) -> MediaKey | None:
    for reader in READERS:
        key = reader.media_key(file.relative)
        if key is not None and key.post_id != key.poster_id and all(map(ID.fullmatch, _ids(key))):
            return key
    return None


def _ids(key: MediaKey) -> list[str]:
    return [key.post_id] if key.poster_id is None else [key.post_id, key.poster_id]


def _media_file(file: DropFile, is_video: bool, hash_poster: Callable[[str], str]) -> MediaFile | Reject:
    relative = file.relative.as_posix()
    key = _key_of(file)
    if key is None:
        return Reject(
            Redactor(hash_poster).path(relative),
            None,
            None,
            "The picture or video is not in a place that says which post it is of.",
        )
    accounts = frozenset({key.poster_id} if key.poster_id else ())
    redactor = Redactor(hash_poster, accounts, posts=frozenset({key.post_id}))
    # a picture under a video's name is its cover
    frame = None if is_video else "post" if key.frame == "video" else key.frame
    return MediaFile(file.path, redactor.path(relative), key.post_id, frame, is_video)


def _one_per_frame(found: list[MediaFile]) -> tuple[list[MediaFile], list[Reject]]:
    with_frames = {media.post_id for media in found if media.frame and media.frame.startswith("video_")}
    used: dict[tuple[str, str | None], MediaFile] = {}
    rejects: list[Reject] = []
    for media in found:
        key = (media.post_id, media.frame)
        if media.is_video and media.post_id in with_frames:
            reason = "The frames of this video are in the drop as pictures; those are used instead."
        elif key in used:
            reason = "Another file shows the same frame of the post; the first by name is used."
        else:
            used[key] = media
            continue
        rejects.append(Reject(media.name, None, media.post_id, reason))
    return list(used.values()), rejects
