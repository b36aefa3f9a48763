"""Finding the pictures and videos of a drop and the posts they belong to.

Not here: which of a post's own are used (crawlers/media_frames), ids in their places (crawlers/media_places),
decoding (core/media).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkt_assets.core.media.picture_formats import HEAD_BYTES_OF_BRANDS, picture_of_brands
from mkt_assets.crawlers.base import Reject
from mkt_assets.crawlers.media_frames import MediaFile, framed, key_of, without_clips
from mkt_assets.crawlers.media_places import accounts_in, post_in_name, posts_in, without_person
from mkt_assets.crawlers.redact import Redactor
from mkt_assets.crawlers.walk import PICTURE_SUFFIXES, VIDEO_SUFFIXES, DropFile, walk_drop

__all__ = ["FoundMedia", "MediaFile", "MediaIndex", "attach_media", "named_media", "sort_media"]

_PICTURE_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
_VIDEO_MAGIC = (b"\x1aE\xdf\xa3", b"FLV\x01")
_UNPLACED = (
    "The picture or video is not in a place that says which post it is of: no id of a post of this drop's tables "
    "is in its name or folders. Put the id there ({id}_1.jpg, or a folder named by the id); in XHS-Downloader, "
    "set name_format to 作品ID."
)
_SEVERAL = "Its place has the ids of several posts of this drop; which of them the picture or video is of is unclear."


@dataclass(frozen=True)
class FoundMedia:
    """A file that is a picture or a video, by its content or else its suffix."""

    file: DropFile
    is_video: bool


@dataclass(frozen=True)
class MediaIndex:
    """The media of a drop's posts in the order of their names on disk, one a post and frame; and the unusable."""

    files: tuple[MediaFile, ...]
    rejects: tuple[Reject, ...]


def sort_media(
    files: Iterable[DropFile], hash_poster: Callable[[str], str]
) -> tuple[tuple[FoundMedia, ...], tuple[Reject, ...], tuple[DropFile, ...]]:
    """The media among the files of a drop, those that cannot be read, and the files that are none.

    A broken file with a known suffix is media, too.
    """
    found: list[FoundMedia] = []
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
        else:
            found.append(FoundMedia(file, is_video))
    return tuple(found), tuple(rejects), tuple(others)


def attach_media(
    found: Iterable[FoundMedia],
    posts: Mapping[str, Mapping[str, Any]],
    hash_poster: Callable[[str], str],
    redactor: Redactor,
) -> MediaIndex:
    """Give each file to the post whose id is in its place, or else to the one of the time and title in its name.

    A live photo (a picture and a clip of one name) is its picture; the clip is neither used nor a reject. Where
    frames of a video are in the drop, the video is not used: they are the same pictures.

    Args:
        found: the media of a drop.
        posts: rows of raw_posts by id, as far as kind, title, published_at and poster_id go.
        hash_poster: hash of an account id.
        redactor: knows all accounts and posts of the drop; for the names of files that are not used.
    """
    names = _Names(posts.keys(), {str(post["poster_id"]) for post in posts.values()}, hash_poster)
    of_posts: dict[str, list[MediaFile]] = {}
    rejects: list[Reject] = []
    for one in found:
        owner = _owner(one, posts)
        if isinstance(owner, str):
            place = one.file.relative
            media = MediaFile(one.file.path, place, names.of(one.file), owner, None, one.is_video)
            of_posts.setdefault(owner, []).append(media)
        else:
            rejects.append(_without_post(one, owner[0], hash_poster, redactor))
    used: list[MediaFile] = []
    for post_id, files in of_posts.items():
        result = framed(without_clips(files, posts[post_id]["kind"]))
        used += result.used
        rejects += [Reject(file.name, None, post_id, reason) for file, reason in result.unused]
    return MediaIndex(tuple(sorted(used, key=lambda file: file.place.as_posix())), tuple(rejects))


def named_media(
    drop_dir: Path, hash_poster: Callable[[str], str], posts: Iterable[Mapping[str, Any]]
) -> tuple[MediaFile, ...]:
    """The files behind the media_paths of posts, found again in the drop; without those that are gone.

    Args:
        drop_dir: folder of the drop.
        hash_poster: hash of an account id.
        posts: rows with post_id, poster_id and media_paths, as `attach_media` made these.

    Raises:
        DropMissing: if there is no such folder.
    """
    rows = list(posts)
    owners = {str(name): str(row["post_id"]) for row in rows for name in row["media_paths"]}
    names = _Names(set(owners.values()), {str(row["poster_id"]) for row in rows}, hash_poster)
    of_posts: dict[str, dict[str, MediaFile]] = {}
    name_of = {file: name for file in walk_drop(drop_dir).files if (name := names.of(file)) in owners}
    # only those are looked into
    for one in sort_media(name_of, hash_poster)[0]:
        name = name_of[one.file]
        media = MediaFile(one.file.path, one.file.relative, name, owners[name], None, one.is_video)
        of_posts.setdefault(owners[name], {}).setdefault(name, media)
    return tuple(file for files in of_posts.values() for file in framed(list(files.values())).used)


class _Names:
    """Names of media for tables: the place with every account hashed that it is known to have."""

    def __init__(
        self, posts: Collection[str], hashed_posters: Collection[str], hash_poster: Callable[[str], str]
    ) -> None:
        self._posts = posts
        self._hashed = hashed_posters
        self._hash = hash_poster

    def of(self, file: DropFile) -> str:
        key = key_of(file.relative)
        own = {key.poster_id} if key and key.poster_id and key.post_id in self._posts else set[str]()
        accounts = {
            word
            for word in accounts_in(file.relative)
            if word not in self._posts and self._hash(word) in self._hashed
        }
        redactor = Redactor(self._hash, frozenset(own | accounts), frozenset(self._posts))
        return without_person(redactor.path(file.relative.as_posix()), self._posts, self._hash)


def _is_video(file: DropFile) -> bool | None:
    """Whether it is a video (else a picture), by its first bytes or else its suffix; None if no media."""
    with file.path.open("rb") as stream:
        head = stream.read(HEAD_BYTES_OF_BRANDS)
    by_content = _sniff(head)
    if by_content is not None:
        return by_content
    suffix = file.path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    if suffix in PICTURE_SUFFIXES:
        return False
    # "post" without suffix or known content, in the place of a picture: a broken picture
    key = None if suffix else key_of(file.relative)
    return None if key is None else key.frame == "video"


def _sniff(head: bytes) -> bool | None:
    if head[4:8] == b"ftyp":
        return picture_of_brands(head) is None
    if head.startswith(b"RIFF"):
        return {b"WEBP": False, b"AVI ": True}.get(head[8:12])
    if head.startswith(_PICTURE_MAGIC):
        return False
    return True if head.startswith(_VIDEO_MAGIC) else None


def _owner(one: FoundMedia, posts: Mapping[str, Mapping[str, Any]]) -> str | tuple[str]:
    """The id of the post that a file is of, or why there is none, in a sentence."""
    place = one.file.relative
    key = key_of(place)
    if key is not None and key.post_id in posts:
        return key.post_id
    found = posts_in(place, posts) or post_in_name(place.stem, posts)
    if len(found) == 1:
        return next(iter(found))
    if len(posts_in(place, posts)) > 1:
        return (_SEVERAL,)
    if key is None:
        return (_UNPLACED,)
    return (f"{'Video' if one.is_video else 'Picture'} of a post that is in no table of this drop.",)


def _without_post(
    one: FoundMedia, reason: str, hash_poster: Callable[[str], str], redactor: Redactor
) -> Reject:
    key = key_of(one.file.relative)
    own = {key.poster_id} if key and key.poster_id else set[str]()
    named = {key.post_id} if key and key.post_id not in redactor.accounts else set[str]()
    known = Redactor(hash_poster, redactor.accounts | own, redactor.posts | named)
    post_id = next(iter(named), None) if reason != _UNPLACED else None
    name = without_person(known.path(one.file.relative.as_posix()), redactor.posts, hash_poster)
    return Reject(name, None, post_id, reason)
