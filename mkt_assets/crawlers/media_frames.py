"""Which pictures and video a post has, of the files that are its own.

Not here: whose a file is (crawlers/media), decoding (core/media).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mkt_assets.crawlers.base import MediaKey
from mkt_assets.crawlers.redact import ID
from mkt_assets.crawlers.registry import READERS

_NUMBER = re.compile(r"(?<!\d)\d{1,6}$", re.ASCII)
_OF_A_VIDEO = "video_"


@dataclass(frozen=True)
class MediaFile:
    """A picture or video of a post.

    `path` is where it is, for opening it; `place` is the same relative to the drop, and may name an account;
    `name` is the place with the account hashed, for tables. `frame` is null for a video.
    """

    path: Path
    place: PurePosixPath
    name: str
    post_id: str
    frame: str | None
    is_video: bool


@dataclass(frozen=True)
class Framed:
    """The files of a post that are used, a frame each, and the others with the reason."""

    used: tuple[MediaFile, ...]
    unused: tuple[tuple[MediaFile, str], ...]


def key_of(place: PurePosixPath) -> MediaKey | None:
    """What a known crawler says with this place, relative to the drop; None if it is none of theirs."""
    for reader in READERS:
        key = reader.media_key(place)
        if key is not None and key.post_id != key.poster_id and all(map(ID.fullmatch, _ids(key))):
            return key
    return None


def framed(files: Sequence[MediaFile]) -> Framed:
    """Give each picture of one post its frame; the first by name of those that are one by their names.

    Pictures that a crawler's rule gives the same frame though their numbers differ are numbered anew, in the
    order of the numbers: of {id}_0 and {id}_1 none is lost.
    """
    stills = [file for file in files if not file.is_video]
    pictures: dict[tuple[str, int | str], MediaFile] = {}
    unused: list[tuple[MediaFile, str]] = []
    for still in stills:
        frame, number = _frame_and_number(still)
        identity = (frame, still.place.stem.casefold() if number is None else number)
        first = pictures.setdefault(identity, replace(still, frame=frame))
        if first.path != still.path:
            unused.append(
                (still, f"By its name it is the same picture of the post as {first.name}, which is used.")
            )
    used = _renumbered(list(pictures.values()))
    videos = [file for file in files if file.is_video]
    if any((still.frame or "").startswith(_OF_A_VIDEO) for still in used):
        reason = "The frames of this video are in the drop as pictures; those are used instead."
        return Framed(tuple(used), (*unused, *((video, reason) for video in videos)))
    unused += [
        (video, f"A post has one video: of this one's, {videos[0].name} is used, the first by name.")
        for video in videos[1:]
    ]
    return Framed((*used, *videos[:1]), tuple(unused))


def without_clips(files: Sequence[MediaFile], kind: str | None) -> list[MediaFile]:
    """The files of one post without the clips of its live photos.

    A live photo is a picture and a clip of one name in one folder. Of a post that is known to be a video, the
    one such clip is the video, and the picture its cover; so is one that a crawler calls the post's video.
    """
    stills = {_stem(file) for file in files if not file.is_video}
    clips = [file for file in files if file.is_video and _stem(file) in stills and not _is_the_video(file)]
    if kind == "video" and len({_stem(clip) for clip in clips}) == 1:
        return list(files)
    paths = {clip.path for clip in clips}
    return [file for file in files if file.path not in paths]


def _stem(file: MediaFile) -> tuple[PurePosixPath, str]:
    return file.place.parent, file.place.stem.casefold()


def _is_the_video(file: MediaFile) -> bool:
    key = key_of(file.place)
    return key is not None and key.frame == "video"


def _ids(key: MediaKey) -> Iterable[str]:
    return [key.post_id] if key.poster_id is None else [key.post_id, key.poster_id]


def _frame_and_number(still: MediaFile) -> tuple[str, int | None]:
    """The frame that the place of a picture says, and the number at the end of its name."""
    found = _NUMBER.search(still.place.stem.replace(still.post_id, ""))
    number = int(found[0]) if found else None
    key = key_of(still.place)
    if key is not None and key.post_id == still.post_id:
        # a picture under a video's name is its cover
        return ("post" if key.frame == "video" else key.frame), number
    return ("post" if number is None else f"image_{number}"), number


def _renumbered(pictures: list[MediaFile]) -> list[MediaFile]:
    most_common = Counter(picture.frame for picture in pictures).most_common(1)
    if not most_common or most_common[0][1] == 1:
        return pictures
    of_video = [picture for picture in pictures if (picture.frame or "").startswith(_OF_A_VIDEO)]
    others = sorted((picture for picture in pictures if picture not in of_video), key=_by_number)
    return [*of_video, *(replace(picture, frame=f"image_{i}") for i, picture in enumerate(others))]


def _by_number(picture: MediaFile) -> tuple[int, str]:
    number = _frame_and_number(picture)[1]
    return (-1 if number is None else number), picture.place.as_posix()
