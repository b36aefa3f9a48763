"""Finding the pictures and videos of a drop and the posts they belong to. Nothing is decoded here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mkt_assets.core.pictures import picture_brands
from mkt_assets.crawlers.base import MediaKey, Reject
from mkt_assets.crawlers.readers import READERS
from mkt_assets.crawlers.redact import ID, Redactor
from mkt_assets.crawlers.walk import PICTURE_SUFFIXES, VIDEO_SUFFIXES, DropFile, walk_drop

_HEAD_BYTES = 256  # with the list of brands of an MP4 or HEIF file
_PICTURE_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
_VIDEO_MAGIC = (b"\x1aE\xdf\xa3", b"FLV\x01")
_RUN = re.compile(r"[0-9A-Za-z]{6,64}", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_BELOW_FIRST = "image_-1"
# XHS-Downloader's own choice of names: time, author, title
_BY_TIME_AND_TITLE = re.compile(r"\d{4}-\d\d-\d\d_\d\d[.:]\d\d[.:]\d\d_.+", re.DOTALL | re.ASCII)
_NO_POST = "The picture or video is not in a place that says which post it is of"


@dataclass(frozen=True)
class MediaFile:
    """A picture or video of a post.

    `path` is where it is, for opening it; `name` is the path relative to the drop with the account hashed,
    for tables. `frame` is null for a video. A clip is the moving part of a live photo whose picture is here, too.
    """

    path: Path
    name: str
    post_id: str
    frame: str | None
    is_video: bool
    is_clip: bool = False


@dataclass(frozen=True)
class MediaIndex:
    """The media of a drop in the order of their names on disk, one a post and frame, and the unusable."""

    files: tuple[MediaFile, ...]
    rejects: tuple[Reject, ...]


def find_media(
    drop_dir: Path, hash_poster: Callable[[str], str], posts: frozenset[str] = frozenset()
) -> MediaIndex:
    """Find the media of a drop by content and place; a broken file with a known suffix is found too.

    Two files for one frame of a post: the first by name is used. Where frames of a video are in the drop, the
    video is not used: they are the same pictures.

    Args:
        drop_dir: folder of the drop.
        hash_poster: hash of an account id.
        posts: ids of the drop's posts; a file with one of them anywhere in its path is of that post.

    Raises:
        DropMissing: if there is no such folder.
    """
    return index_media(split_files(walk_drop(drop_dir).files), hash_poster, posts)


@dataclass(frozen=True)
class SplitFiles:
    """The files of a drop: pictures and videos (True), others, and those that cannot be read."""

    media: tuple[tuple[DropFile, bool], ...]
    others: tuple[DropFile, ...]
    unreadable: tuple[Reject, ...]


def split_files(files: Iterable[DropFile]) -> SplitFiles:
    """Tell media from other files by their first bytes; names of rejects are those on disk."""
    media: list[tuple[DropFile, bool]] = []
    others: list[DropFile] = []
    unreadable: list[Reject] = []
    for file in files:
        try:
            is_video = _is_video(file)
        except OSError as error:
            reason = f"The file cannot be read ({error.strerror})."
            unreadable.append(Reject(file.relative.as_posix(), None, None, reason))
            continue
        if is_video is None:
            others.append(file)
        else:
            media.append((file, is_video))
    return SplitFiles(tuple(media), tuple(others), tuple(unreadable))


def index_media(files: SplitFiles, hash_poster: Callable[[str], str], posts: frozenset[str]) -> MediaIndex:
    """The media of posts; names of rejects are without what looks like an account's id and is no post's."""
    redactor = Redactor(hash_poster, posts=posts)
    rejects = [replace(reject, source_file=redactor.path(reject.source_file)) for reject in files.unreadable]
    placed: list[tuple[DropFile, MediaFile]] = []
    for file, is_video in files.media:
        key = _key_of(file, posts)
        if key is None:
            rejects.append(Reject(redactor.path(file.relative.as_posix()), None, None, _why_no_post(file)))
        else:
            placed.append((file, _media_file(file, key, is_video, hash_poster, posts)))
    used, repeated = _one_per_frame(_without_zero(_with_clips(placed)))
    return MediaIndex(tuple(used), (*rejects, *repeated))


def _why_no_post(file: DropFile) -> str:
    if _BY_TIME_AND_TITLE.fullmatch(file.path.stem):
        return f"{_NO_POST}: let the crawler begin its names with the post's id (XHS-Downloader: name_format 作品ID)."
    return f"{_NO_POST}: its name, or that of a folder around it, has to have the post's id in it."


def _with_clips(placed: list[tuple[DropFile, MediaFile]]) -> list[MediaFile]:
    """The files, videos marked that are the clip of a live photo: a numbered picture of the post has their name."""
    pictures = {(media.post_id, _stem(file)) for file, media in placed if media.frame not in (None, "post")}
    return [
        replace(media, is_clip=media.is_video and (media.post_id, _stem(file)) in pictures)
        for file, media in placed
    ]


def _stem(file: DropFile) -> str:
    """Folder and name without suffix; Spider_XHS calls the clip of image_0 live_0."""
    folder, stem = file.relative.parent.as_posix(), file.path.stem.lower()
    return f"{folder}/{stem.replace('live', 'image') if stem.startswith('live_') else stem}"


def _without_zero(found: list[MediaFile]) -> list[MediaFile]:
    """Pictures that are numbered from 0 where their crawler numbers from 1 keep their order, from image_0."""
    from_zero = {media.post_id for media in found if media.frame == _BELOW_FIRST}
    return [
        replace(media, frame=f"image_{int(media.frame[6:]) + 1}")
        if media.post_id in from_zero and media.frame and media.frame.startswith("image_")
        else media
        for media in found
    ]


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
    key = None if suffix else _key_of_reader(file)
    return None if key is None else key.frame == "video"


def _sniff(head: bytes) -> bool | None:
    if head[4:8] == b"ftyp":
        return not picture_brands(head)
    if head.startswith(b"RIFF"):
        return {b"WEBP": False, b"AVI ": True}.get(head[8:12])
    if head.startswith(_PICTURE_MAGIC):
        return False
    return True if head.startswith(_VIDEO_MAGIC) else None


def _key_of(file: DropFile, posts: frozenset[str]) -> MediaKey | None:
    """What a crawler's place says; else, and where that is no post of the drop, the one post named in the path."""
    key = _key_of_reader(file)
    if key is not None and key.post_id in posts:
        return key
    named = {run for run in _RUN.findall(file.relative.as_posix()) if run in posts}
    if len(named) != 1:
        return key
    (post_id,) = named
    numbers = _NUMBER.findall(file.path.stem.replace(post_id, " "))
    return MediaKey(post_id, f"image_{int(numbers[-1])}" if numbers else "post")


def _key_of_reader(file: DropFile) -> MediaKey | None:
    for reader in READERS:
        key = reader.media_key(file.relative)
        if key is not None and key.post_id != key.poster_id and all(map(ID.fullmatch, _ids(key))):
            return key
    return None


def _ids(key: MediaKey) -> list[str]:
    return [key.post_id] if key.poster_id is None else [key.post_id, key.poster_id]


def _media_file(
    file: DropFile, key: MediaKey, is_video: bool, hash_poster: Callable[[str], str], posts: frozenset[str]
) -> MediaFile:
    accounts = frozenset({key.poster_id} if key.poster_id else ())
    redactor = Redactor(hash_poster, accounts, posts=posts | {key.post_id})
    # a picture under a video's name is its cover
    frame = None if is_video else "post" if key.frame == "video" else key.frame
    return MediaFile(file.path, redactor.path(file.relative.as_posix()), key.post_id, frame, is_video)


def _one_per_frame(found: list[MediaFile]) -> tuple[list[MediaFile], list[Reject]]:
    with_frames = {media.post_id for media in found if media.frame and media.frame.startswith("video_")}
    used: dict[tuple[str, str | None], MediaFile] = {}
    rejects: list[Reject] = []
    for media in found:
        key = (media.post_id, media.name if media.is_clip else media.frame)
        if media.is_video and media.post_id in with_frames:
            reason = "The frames of this video are in the drop as pictures; those are used instead."
        elif key in used:
            place = media.frame or "its video"
            reason = f"Another file has the same place in the post ({place}); the first by name is used."
        else:
            used[key] = media
            continue
        rejects.append(Reject(media.name, None, media.post_id, reason))
    return list(used.values()), rejects
