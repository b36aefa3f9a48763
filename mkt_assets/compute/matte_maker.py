"""Making mattes, or finding them made: decode, matte and write overlap, and what is known by content is not redone."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture, shrunk_copy
from mkt_assets.core.media.videos import VIDEO_FRAMES, FrameError, video_frames
from mkt_assets.core.vectors import cache_key
from mkt_assets.models.base import MattingModel
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.stored.mattes import open_matte, over_colour

_FLUSH_SECONDS = 30.0
# the cut-out and its encoding, beside the model's version, decide what a stored matte looks like
CUTOUT_VERSION = "3"
# which frame of a video is taken, and how it is drawn
FRAMES_VERSION = "2"
_MAX_WAITING_SIDE = 4096
_FILES_A_QUESTION, _BYTES_A_QUESTION = 32, 32 << 20
TILE_SIDE = 150
"""Longest side, pixels, of what is shown of a few pictures."""
# not white: a white dress would vanish
TILE_COLOUR = (214, 228, 240)


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
    """The outcome for one picture: facts of its matte, or the error that stopped it.

    `before_and_after` is small pictures of it and of its matte, of the few that are to be shown.
    """

    source: MediaSource
    frame: str
    content_sha256: str | None
    facts: MatteFacts | None
    error: str | None = None
    from_cache: bool = False
    before_and_after: tuple[Image.Image, Image.Image] | None = None


@dataclass(frozen=True)
class _File:
    """A file that was read: its sha256, and of a still its bytes; or why it could not be."""

    source: MediaSource
    is_shown: bool
    sha: str | None = None
    data: bytes | None = None
    error: str | None = None


@dataclass(frozen=True)
class _Picture:
    """A picture on its way. One that is known, broken, or a repeat of one before it, is not decoded to be matted."""

    source: MediaSource
    frame: str
    sha: str | None
    key: str
    facts: MatteFacts | None = None
    error: str | None = None
    is_repeat: bool = False
    is_shown: bool = False
    image: Image.Image | None = None
    size: tuple[int, int] = (0, 0)

    @property
    def needs_pixels(self) -> bool:
        return self.error is None and not self.is_repeat and (self.facts is None or self.is_shown)


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

    def make(
        self, sources: Sequence[MediaSource], *, on_done: Callable[[], None], n_shown: int = 0
    ) -> list[MadeMatte]:
        """One result per picture of each source, in order.

        A still is read once: hashed, and decoded from the same bytes if it is not known. Reading, decoding and
        writing run in threads; the model runs here, between the two.

        Args:
            sources: files of pictures and videos.
            on_done: called as each picture is done.
            n_shown: how many, spread over the sources, get a `before_and_after`.
        """
        shown = set(range(0, len(sources), max(1, len(sources) // max(1, n_shown)))[:n_shown])
        asked = ((source, number in shown) for number, source in enumerate(sources))
        files = map_ahead(self._read, asked, n_threads=self._workers, n_ahead=self._workers)
        ahead = 2 * self._workers
        decoded = map_ahead(self._decode, self._looked_up(files), n_threads=self._workers, n_ahead=ahead)
        matted = ((picture, self._matte(picture)) for pictures in decoded for picture in pictures)
        written = map_ahead(self._write, matted, n_threads=self._workers, n_ahead=ahead)
        results: list[MadeMatte] = []
        firsts: dict[str, MadeMatte] = {}
        for picture, made in self._remembered(written):
            if picture.is_repeat:
                results.append(_repeated(firsts[picture.key], picture))
            else:
                firsts[picture.key] = made
                results.append(made)
            on_done()
        return results

    def _key(self, content_sha256: str, frame: str) -> str:
        # a still is the same picture under any frame name; a video's frames differ
        part = f"{frame} {FRAMES_VERSION}" if frame in VIDEO_FRAMES else ""
        return cache_key(content_sha256, part, self._model.model_id, self._model.version, CUTOUT_VERSION)

    def _is_whole(self, facts: MatteFacts) -> bool:
        # touched: gc must not take it away before this run has stored a row that points to it
        return facts.matte_path is None or self._media.touch(facts.matte_path)

    def _read(self, asked: tuple[MediaSource, bool]) -> _File:
        source, is_shown = asked
        limit = self._max_video_bytes if source.frame is None else self._limits.max_bytes
        try:
            size = source.path.stat().st_size
            if size == 0:
                return _File(source, is_shown, error="the file is empty")
            if size > limit:
                error = f"the file has {size / 1e6:,.0f} MB, more than {limit / 1e6:,.0f} MB"
                return _File(source, is_shown, error=error)
            if source.frame is None:
                with source.path.open("rb") as file:
                    return _File(source, is_shown, hashlib.file_digest(file, "sha256").hexdigest())
            data = source.path.read_bytes()
            return _File(source, is_shown, hashlib.sha256(data).hexdigest(), data)
        except OSError as error:
            return _File(source, is_shown, error=f"the file cannot be read: {error.strerror}")

    def _looked_up(self, files: Iterable[_File]) -> Iterator[tuple[_File, list[_Picture]]]:
        """Each file with its pictures, and what the cache knows of them: it is asked for some files at once."""
        begun: set[str] = set()
        for batch in _batches(files):
            keys = [self._key(file.sha, frame) for file in batch if file.sha for frame in file.source.frames]
            known = {
                key: facts for key, facts in self._cache.get_mattes(keys).items() if self._is_whole(facts)
            }
            while batch:
                file = batch.popleft()
                yield file, [self._planned(file, frame, known, begun) for frame in file.source.frames]

    def _planned(self, file: _File, frame: str, known: Mapping[str, MatteFacts], begun: set[str]) -> _Picture:
        if file.sha is None:
            return _Picture(file.source, frame, None, "", error=file.error)
        key = self._key(file.sha, frame)
        is_repeat = key in begun
        if key not in known:
            begun.add(key)
        is_shown = file.is_shown and frame == file.source.frames[0]
        return _Picture(
            file.source, frame, file.sha, key, known.get(key), is_repeat=is_repeat, is_shown=is_shown
        )

    def _decode(self, item: tuple[_File, list[_Picture]]) -> list[_Picture]:
        file, pictures = item
        if not any(picture.needs_pixels for picture in pictures):
            return pictures
        images = self._images(file)
        return [
            _with_pixels(picture, images[picture.frame]) if picture.needs_pixels else picture
            for picture in pictures
        ]

    def _images(self, file: _File) -> dict[str, Image.Image | str]:
        """The decoded pictures of a file by frame, or why there is none."""
        if file.source.frame is None:
            frames = video_frames(file.source.path, limits=self._limits)
            return {got.name: got.reason if isinstance(got, FrameError) else got.image for got in frames}
        try:
            return {file.source.frame: decode_picture(file.data or b"", limits=self._limits)}
        except PictureError as error:
            return {file.source.frame: str(error)}

    def _matte(self, picture: _Picture) -> Matte | None:
        if picture.image is None or picture.facts is not None:
            return None
        return matte_picture(picture.image, self._model)

    def _write(self, item: tuple[_Picture, Matte | None]) -> tuple[_Picture, MadeMatte]:
        """Write a new matte; what is passed on has no pixels any more but those that are to be shown."""
        picture, matte = item
        done = replace(picture, image=None)
        made = MadeMatte(
            picture.source,
            picture.frame,
            picture.sha,
            picture.facts,
            picture.error,
            from_cache=picture.facts is not None,
        )
        if picture.image is None:
            return done, made
        if matte is None:
            return done, replace(made, before_and_after=self._tiles(picture, picture.facts, None))
        cutout, matte_path = None, None
        if matte.bbox is not None:
            cutout = cut_out(picture.image, matte)
            matte_path = f"mattes/{picture.key[:2]}/{picture.key}.webp"
            self._media.write(matte_path, encode_cutout(cutout))
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
        return done, replace(made, facts=facts, before_and_after=self._tiles(picture, facts, cutout))

    def _tiles(
        self, picture: _Picture, facts: MatteFacts | None, cutout: Image.Image | None
    ) -> tuple[Image.Image, Image.Image] | None:
        """A picture and its matte, small, if they are to be shown; a matte that is not at hand is opened."""
        if not picture.is_shown or picture.image is None or facts is None or facts.matte_path is None:
            return None
        matte = cutout or open_matte(self._media, facts.matte_path)
        before = shrunk_copy(picture.image, TILE_SIDE)
        after = over_colour(matte, facts, TILE_COLOUR, max_side=TILE_SIDE)
        return before, after

    def _remembered(
        self, written: Iterable[tuple[_Picture, MadeMatte]]
    ) -> Iterator[tuple[_Picture, MadeMatte]]:
        """Pass results on, appending facts to the cache often enough that a kill costs little."""
        pending: list[tuple[str, MatteFacts]] = []
        flushed = time.monotonic()
        try:
            for picture, made in written:
                if made.facts is not None and not made.from_cache:
                    pending.append((picture.key, made.facts))
                if time.monotonic() - flushed >= _FLUSH_SECONDS:
                    self._cache.put_mattes(pending)
                    pending.clear()
                    flushed = time.monotonic()
                yield picture, made
        finally:
            self._cache.put_mattes(pending)


def _batches(files: Iterable[_File]) -> Iterator[deque[_File]]:
    """Files by the batch, for one question to the cache: few enough that their bytes may wait in memory."""
    batch: deque[_File] = deque()
    n_bytes = 0
    for file in files:
        batch.append(file)
        n_bytes += len(file.data or b"")
        if len(batch) >= _FILES_A_QUESTION or n_bytes >= _BYTES_A_QUESTION:
            yield batch
            batch, n_bytes = deque[_File](), 0
    yield batch


def _repeated(first: MadeMatte, picture: _Picture) -> MadeMatte:
    return replace(first, source=picture.source, frame=picture.frame, before_and_after=None)


def _with_pixels(picture: _Picture, got: Image.Image | str) -> _Picture:
    if isinstance(got, str):
        # a known matte stays; there is just nothing to show
        return picture if picture.facts else replace(picture, error=got)
    # large pictures are made smaller at once: many wait, and the cut-out is smaller still
    return replace(picture, image=downscale_for_matting(got, _MAX_WAITING_SIDE), size=got.size)


def _in_original(box: Box | None, picture: _Picture) -> Box | None:
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
