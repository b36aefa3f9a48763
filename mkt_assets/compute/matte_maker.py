"""Making mattes, or finding them made: decode, matte and write overlap, and what is known by content is not redone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.matting import (
    Box,
    Matte,
    cut_out,
    downscale_for_matting,
    encode_cutout,
    matte_picture,
)
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture
from mkt_assets.core.media.videos import VIDEO_FRAMES, FrameError, video_frames
from mkt_assets.core.vectors import cache_key
from mkt_assets.models.base import MattingModel
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore

_FLUSH_SECONDS = 30.0
# the cut-out and its encoding, beside the model's version, decide what a stored matte looks like
CUTOUT_VERSION = "2"
# which frame of a video is taken, and how it is drawn
FRAMES_VERSION = "2"
# Larger pictures are made smaller as soon as they are decoded: many wait at once, and the cut-out is smaller still.
_MAX_WAITING_SIDE = 4096


@dataclass(frozen=True)
class MediaSource:
    """A picture or video file of a post; `frame` is None for a video, which has three."""

    path: Path
    media_name: str
    post_id: str
    poster_id: str
    frame: str | None

    @property
    def frames(self) -> tuple[str, ...]:
        """Names of the pictures it gives."""
        return VIDEO_FRAMES if self.frame is None else (self.frame,)


@dataclass(frozen=True)
class MadeMatte:
    """The outcome for one picture: facts of its matte, or the error that stopped it."""

    source: MediaSource
    frame: str
    content_sha256: str | None
    facts: MatteFacts | None
    error: str | None = None
    from_cache: bool = False


@dataclass(frozen=True)
class _Decoded:
    source: MediaSource
    frame: str
    content_sha256: str
    key: str
    image: Image.Image | None
    size: tuple[int, int] = (0, 0)
    error: str | None = None


class MatteMaker:
    """Mattes pictures and video frames with one model; mattes are files named by their content."""

    def __init__(
        self,
        model: MattingModel,
        *,
        cache: Cache,
        media: FileStore,
        limits: PictureLimits,
        max_video_bytes: int,
        workers: int,
    ) -> None:
        self._model = model
        self._cache = cache
        self._media = media
        self._limits = limits
        self._max_video_bytes = max_video_bytes
        self._workers = workers

    def make(self, sources: Sequence[MediaSource], *, on_done: Callable[[], None]) -> list[MadeMatte]:
        """One result per picture of each source, in order; `on_done` is called as each picture is done."""
        hashed = list(map_ahead(self._hash, sources, n_threads=self._workers, n_ahead=4 * self._workers))
        keys = [self._key(sha, frame) for s, sha, _ in hashed if sha for frame in s.frames]
        known = {key: facts for key, facts in self._cache.get_mattes(keys).items() if self._is_whole(facts)}
        made: dict[tuple[int, str], MadeMatte] = {}
        to_do: list[tuple[int, MediaSource, str]] = []
        for i, (source, sha, error) in enumerate(hashed):
            for frame in source.frames:
                facts = known.get(self._key(sha, frame)) if sha else None
                if error is not None or facts is not None:
                    made[i, frame] = MadeMatte(source, frame, sha, facts, error, from_cache=facts is not None)
                    on_done()
            if sha and any((i, frame) not in made for frame in source.frames):
                to_do.append((i, source, sha))
        by_source = {id(source): i for i, source, _ in to_do}
        for result in self._compute([(source, sha) for _, source, sha in to_do]):
            i = by_source[id(result.source)]
            if (i, result.frame) not in made:
                made[i, result.frame] = result
                on_done()
        return [made[i, frame] for i, (source, _, _) in enumerate(hashed) for frame in source.frames]

    def _key(self, content_sha256: str, frame: str) -> str:
        # a still is the same picture under any frame name; a video's frames differ
        part = f"{frame} {FRAMES_VERSION}" if frame in VIDEO_FRAMES else ""
        return cache_key(content_sha256, part, self._model.model_id, self._model.version, CUTOUT_VERSION)

    def _is_whole(self, facts: MatteFacts) -> bool:
        # touched: gc must not take it away before this run has stored a row that points to it
        return facts.matte_path is None or self._media.touch(facts.matte_path)

    def _hash(self, source: MediaSource) -> tuple[MediaSource, str | None, str | None]:
        limit = self._max_video_bytes if source.frame is None else self._limits.max_bytes
        try:
            size = source.path.stat().st_size
            if size == 0:
                return source, None, "the file is empty"
            if size > limit:
                return source, None, f"the file has {size / 1e6:,.0f} MB, more than {limit / 1e6:,.0f} MB"
            with source.path.open("rb") as file:
                return source, hashlib.file_digest(file, "sha256").hexdigest(), None
        except OSError as error:
            return source, None, f"the file cannot be read: {error.strerror}"

    def _compute(self, sources: Sequence[tuple[MediaSource, str]]) -> Iterator[MadeMatte]:
        """Decoding and writing run in threads; the model runs here, between the two."""
        ahead = 2 * self._workers
        decoded = map_ahead(self._decode, sources, n_threads=self._workers, n_ahead=ahead)
        matted = ((picture, self._matte(picture)) for pictures in decoded for picture in pictures)
        written = map_ahead(self._write, matted, n_threads=self._workers, n_ahead=ahead)
        yield from self._remembered(written)

    def _decode(self, item: tuple[MediaSource, str]) -> list[_Decoded]:
        source, sha = item
        if source.frame is not None:
            return [self._decode_still(source, source.frame, sha)]
        return [
            self._failed(source, got.name, sha, got.reason)
            if isinstance(got, FrameError)
            else self._decoded(source, got.name, sha, got.image)
            for got in video_frames(source.path, limits=self._limits)
        ]

    def _decode_still(self, source: MediaSource, frame: str, sha: str) -> _Decoded:
        try:
            image = decode_picture(source.path.read_bytes(), limits=self._limits)
        except PictureError as error:
            return self._failed(source, frame, sha, str(error))
        except OSError as error:
            return self._failed(source, frame, sha, f"the file cannot be read: {error.strerror}")
        return self._decoded(source, frame, sha, image)

    def _decoded(self, source: MediaSource, frame: str, sha: str, image: Image.Image) -> _Decoded:
        waiting = downscale_for_matting(image, _MAX_WAITING_SIDE)
        return _Decoded(source, frame, sha, self._key(sha, frame), waiting, image.size)

    def _failed(self, source: MediaSource, frame: str, sha: str, error: str) -> _Decoded:
        return _Decoded(source, frame, sha, self._key(sha, frame), None, error=error)

    def _matte(self, picture: _Decoded) -> Matte | None:
        return None if picture.image is None else matte_picture(picture.image, self._model)

    def _write(self, item: tuple[_Decoded, Matte | None]) -> tuple[str, MadeMatte]:
        picture, matte = item
        if picture.image is None or matte is None:
            return picture.key, MadeMatte(
                picture.source, picture.frame, picture.content_sha256, None, picture.error
            )
        matte_path = None
        if matte.bbox is not None:
            matte_path = f"mattes/{picture.key[:2]}/{picture.key}.webp"
            self._media.write(matte_path, encode_cutout(cut_out(picture.image, matte)))
        left, top, right, bottom = _in_original(matte.bbox, picture) or (None, None, None, None)
        facts = MatteFacts(
            matte_path=matte_path,
            matte_source=matte.source,
            foreground_ratio=matte.foreground_ratio,
            width=picture.size[0],
            height=picture.size[1],
            bbox_left=left,
            bbox_top=top,
            bbox_right=right,
            bbox_bottom=bottom,
        )
        return picture.key, MadeMatte(picture.source, picture.frame, picture.content_sha256, facts)

    def _remembered(self, written: Iterable[tuple[str, MadeMatte]]) -> Iterator[MadeMatte]:
        """Pass results on, appending facts to the cache often enough that a kill costs little."""
        pending: list[tuple[str, MatteFacts]] = []
        flushed = time.monotonic()
        try:
            for key, made in written:
                if made.facts is not None:
                    pending.append((key, made.facts))
                if time.monotonic() - flushed >= _FLUSH_SECONDS:
                    self._cache.put_mattes(pending)
                    pending.clear()
                    flushed = time.monotonic()
                yield made
        finally:
            self._cache.put_mattes(pending)


def _in_original(box: Box | None, picture: _Decoded) -> Box | None:
    """The box of a matte in the pixels of the picture as it was decoded."""
    if box is None or picture.image is None or picture.image.size == picture.size:
        return box
    (width, height), small = picture.size, picture.image
    return (
        box[0] * width // small.width,
        box[1] * height // small.height,
        -(-box[2] * width // small.width),
        -(-box[3] * height // small.height),
    )
