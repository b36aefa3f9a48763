"""Making mattes, or finding them made: read, matte and write overlap, and what is known by content is not redone.

Not here: what is done with a picture that is not known (matting), where (engine).
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from mkt_assets.compute.engine import Engine, Lost, Task
from mkt_assets.compute.matting import CUTOUT_VERSION, Matted, Sent, Tiles, matting_job, tiles, waiting
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture
from mkt_assets.core.media.videos import VIDEO_FRAMES, FrameError, video_frames
from mkt_assets.core.vectors import cache_key
from mkt_assets.models.base import MattingModel
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.stored.mattes import open_matte

_FLUSH_SECONDS = 30.0
# which frame of a video is taken, and how it is drawn
FRAMES_VERSION = "2"
_FILES_A_QUESTION, _BYTES_A_QUESTION = 32, 32 << 20


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
    before_and_after: Tiles | None = None


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
    tiles: Tiles | None = None

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
        engine: Engine | None = None,
        load: Callable[[], MattingModel] | None = None,
        on_gpu: bool = False,
    ) -> None:
        """For an engine of other processes, `load` gives the model in any of them."""
        self._model = model
        self._engine = engine or ThreadEngine()
        self._job = matting_job(model, load or (lambda: model), limits, on_gpu=on_gpu)
        self._cache = cache
        self._media = media
        self._limits = limits
        self._max_video_bytes = max_video_bytes
        self._workers = workers

    def make(self, sources: Sequence[MediaSource], *, n_shown: int = 0) -> Generator[MadeMatte]:
        """One result per picture of each source, in order, as each is done; few are ahead of who takes them.

        A still is read once: hashed, and decoded from the same bytes if it is not known. Reading and writing run in
        threads; matting where the engine does it, and only what is not known. Closing the iterator early ends it;
        what was made stays known.

        Args:
            sources: files of pictures and videos.
            n_shown: how many, spread over the sources, get a `before_and_after`.
        """
        shown = set(range(0, len(sources), max(1, len(sources) // max(1, n_shown)))[:n_shown])
        asked = ((source, number in shown) for number, source in enumerate(sources))
        files = map_ahead(self._read, asked, n_threads=self._workers, n_ahead=self._workers)
        ahead = 2 * self._workers
        written = self._engine.map(
            self._job,
            self._looked_up(files),
            tasks=self._tasks,
            keep=self._keep,
            n_threads=self._workers,
            n_ahead=ahead,
            n_kept_ahead=ahead,
        )
        with closing(written), closing(self._remembered(written)) as remembered:
            yield from _repeats_filled_in(remembered)

    def _key(self, content_sha256: str, frame: str) -> str:
        # a still is the same picture under any frame name; a video's frames differ
        part = f"{frame} {FRAMES_VERSION}" if frame in VIDEO_FRAMES else ""
        return cache_key(content_sha256, part, self._model.model_id, self._model.version, CUTOUT_VERSION)

    def _whole(self, found: Mapping[str, MatteFacts]) -> dict[str, MatteFacts]:
        """Those whose matte is there, or needs none."""
        # touched: gc must not take it away before this run has stored a row that points to it
        there = self._media.touch({facts.matte_path for facts in found.values() if facts.matte_path})
        return {
            key: facts for key, facts in found.items() if not facts.matte_path or facts.matte_path in there
        }

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
            known = self._whole(self._cache.get_mattes(keys))
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

    def _tasks(self, item: tuple[_File, list[_Picture]]) -> list[Task[_Picture, Sent]]:
        file, pictures = item
        if not any(picture.needs_pixels for picture in pictures):
            return [Task(picture, None) for picture in pictures]
        if file.source.frame is None:
            # drawn here: a worker elsewhere would have to be sent the whole video
            frames = video_frames(file.source.path, limits=self._limits)
            images = {got.name: got.reason if isinstance(got, FrameError) else got.image for got in frames}
            return [self._task_of_frame(picture, images[picture.frame]) for picture in pictures]
        return [self._task_of_still(picture, file.data or b"") for picture in pictures]

    def _task_of_still(self, picture: _Picture, data: bytes) -> Task[_Picture, Sent]:
        if picture.facts is None:
            return Task(picture, Sent(data, picture.is_shown), n_bytes=len(data))
        try:
            return Task(self._shown(picture, decode_picture(data, limits=self._limits)), None)
        except PictureError:
            return Task(picture, None)  # the known matte stays; there is just nothing to show

    def _task_of_frame(self, picture: _Picture, got: Image.Image | str) -> Task[_Picture, Sent]:
        if not picture.needs_pixels:
            return Task(picture, None)
        if isinstance(got, str):
            return Task(picture if picture.facts else replace(picture, error=got), None)
        if picture.facts is not None:
            return Task(self._shown(picture, got), None)
        frame = waiting(got)
        n_bytes = frame.image.width * frame.image.height * len(frame.image.getbands())
        return Task(picture, Sent(frame, picture.is_shown), n_bytes)

    def _shown(self, picture: _Picture, image: Image.Image) -> _Picture:
        """A known picture, with what is shown of it."""
        if picture.facts is None or picture.facts.matte_path is None:
            return picture
        matte = open_matte(self._media, picture.facts.matte_path)
        return replace(picture, tiles=tiles(waiting(image).image, matte, picture.facts))

    def _keep(self, picture: _Picture, matted: Matted | Lost | None) -> tuple[_Picture, MadeMatte]:
        """Write a new matte; what is passed on has no pixels any more but those that are to be shown."""
        done = replace(picture, tiles=None)
        made = MadeMatte(
            picture.source,
            picture.frame,
            picture.sha,
            picture.facts,
            picture.error,
            from_cache=picture.facts is not None,
            before_and_after=picture.tiles,
        )
        if matted is None:
            return done, made
        if isinstance(matted, Lost):
            return done, replace(made, error=matted.reason)
        if matted.facts is None or matted.webp is None:
            return done, replace(made, facts=matted.facts, error=matted.error)
        matte_path = f"mattes/{picture.key[:2]}/{picture.key}.webp"
        self._media.add(matte_path, matted.webp)
        facts = replace(matted.facts, matte_path=matte_path)
        return done, replace(made, facts=facts, before_and_after=matted.tiles)

    def _remembered(
        self, written: Iterable[tuple[_Picture, MadeMatte]]
    ) -> Generator[tuple[_Picture, MadeMatte]]:
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


def _repeats_filled_in(done: Iterable[tuple[_Picture, MadeMatte]]) -> Iterator[MadeMatte]:
    """Results, those of a content that was made before in this crawl as of its first picture."""
    # of new contents only, as a known one is found again each time; and no more than what a repeat takes over
    firsts: dict[str, tuple[MatteFacts | None, str | None]] = {}
    for picture, made in done:
        if picture.is_repeat:
            facts, error = firsts[picture.key]
            yield replace(made, facts=facts, error=error)
            continue
        if picture.facts is None and picture.sha is not None:
            firsts[picture.key] = made.facts, made.error
        yield made
