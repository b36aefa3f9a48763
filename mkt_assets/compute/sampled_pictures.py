"""The pictures of a sample, read again: mattes for their looks, originals for what is around the person.

Each is opened once, and a few at a time are in memory. Not here: what experiments make of them (core/experiments), how
a worker looks at an original (looking), where it lies in its drop (stored/media).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from mkt_assets.compute.cached import Batch, Vectors, store_batches
from mkt_assets.compute.embedding import picture_keys
from mkt_assets.compute.encoding import PICTURES_A_BATCH
from mkt_assets.compute.engine import Engine, Lost, Task
from mkt_assets.compute.looking import Look, SentOriginal, background_of, looking_job, opened
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.core.experiments.controls import background_alpha, difference_hash
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.matting import alpha_in_frame
from mkt_assets.core.media.pictures import PictureError, PictureLimits, shrunk_copy
from mkt_assets.core.media.videos import FrameError, video_frames
from mkt_assets.crawlers.media import MediaFile
from mkt_assets.models.base import ImageEncoder
from mkt_assets.models.colour_histogram import N_COLOURS
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.stored.mattes import MAX_COMPOSITE_SIDE, Colour, open_matte, over_colour

_AHEAD = 8
_AS_CRAWLED = "as crawled"

Original = tuple[MediaFile, Mapping[str, int]]
"""A file of a drop, and of its frames that are in the sample the numbers there."""


@dataclass(frozen=True)
class MatteLook:
    """What is kept of a matte: the difference hash of its composite, and where the person is (`background_alpha`)."""

    difference_hash: int
    alpha: Image.Image


@dataclass(frozen=True)
class OriginalLooks:
    """What is kept of the originals of a sample of n pictures.

    Attributes:
        readable: Numbers of those that can still be read, ascending.
        backgrounds: Colour histograms of what is around the person, (n, `N_COLOURS`) float32; zeros where unseen.
        vectors: Unit vectors of the readable ones, (len(readable), d) float32; None if no encoder was given.
    """

    readable: list[int]
    backgrounds: Vectors
    vectors: Vectors | None


def look_at_mattes(
    mattes: Sequence[MatteFacts], media: FileStore, colour: Colour, *, workers: int
) -> list[MatteLook]:
    """How each matte looks, over a plain colour.

    Raises:
        FileNotFoundError: if one is not there any more.
        ValueError: if one is of a picture in which nothing was found.
    """

    def look(facts: MatteFacts) -> MatteLook:
        if facts.matte_path is None or facts.bbox is None:
            raise ValueError("nothing was found in the picture: there is no matte of it")
        matte = open_matte(media, facts.matte_path)
        alpha = alpha_in_frame(matte, width=facts.width, height=facts.height, bbox=facts.bbox)
        return MatteLook(difference_hash(over_colour(matte, facts, colour)), background_alpha(alpha))

    return list(map_ahead(look, mattes, n_threads=workers, n_ahead=_AHEAD))


def look_at_originals(
    originals: Iterable[Original],
    looks: Sequence[MatteLook],
    contents: Sequence[str],
    *,
    encoder: ImageEncoder | None,
    cache: Cache,
    limits: PictureLimits,
    workers: int,
    engine: Engine | None = None,
    load: Callable[[], ImageEncoder] | None = None,
    on_gpu: bool = False,
) -> OriginalLooks:
    """What is around the person in each original, and the vectors of them as they were crawled.

    A picture that no worker survives is as one that is not there any more.

    Args:
        originals: The files that are there.
        looks: Of the n mattes.
        contents: Names of the n pictures' contents, for the cache.
        encoder: Of pictures; None: no vectors are asked for.
        cache: Of vectors.
        limits: Beyond what a picture is not decoded.
        workers: Threads that read, and that look at what need not be encoded.
        engine: Where the others are looked at and encoded; None: here.
        load: Gives the encoder in any process; an engine of other processes pickles it.
        on_gpu: Whether a GPU is of use.
    """
    backgrounds = np.zeros((len(looks), N_COLOURS), np.float32)
    readable: list[int] = []
    key_of = dict(zip(contents, picture_keys(contents, encoder, _AS_CRAWLED), strict=True)) if encoder else {}
    known = cache.get_vectors(list(key_of.values()))

    def tasks(asked: _Asked) -> list[Task[tuple[int, Look], SentOriginal]]:
        return [
            _task(number, picture, looks[number].alpha, limits, is_encoded=number in asked.encoded)
            for number, picture in _pictures(asked, limits)
        ]

    def new_vectors(looked: Iterable[tuple[int, Look]]) -> Iterator[tuple[str, Vectors]]:
        for number, look in looked:
            if look.background is None:
                continue
            backgrounds[number] = look.background
            readable.append(number)
            if look.vector is not None:
                yield key_of[contents[number]], look.vector

    asked = _asked(originals, contents, {content for content, key in key_of.items() if key not in known})
    if encoder is None:
        ready = map_ahead(tasks, asked, n_threads=workers, n_ahead=_AHEAD)
        list(new_vectors(task.about for some in ready for task in some))
        return OriginalLooks(sorted(readable), backgrounds, None)
    looked = (engine or ThreadEngine()).map(
        looking_job(encoder, load or (lambda: encoder), limits, on_gpu=on_gpu),
        asked,
        tasks=tasks,
        keep=_kept,
        n_threads=workers,
        n_ahead=_AHEAD,
    )
    with closing(looked):
        batches = _batches(new_vectors(looked))
        computed = store_batches(batches, store=cache.put_vectors, dimension=encoder.dimension)
    of_key = {**known, **computed}
    # of two files of one content, the one that was encoded for both may have been damaged since
    there = [number for number in sorted(readable) if key_of[contents[number]] in of_key]
    vectors = np.zeros((len(there), encoder.dimension), np.float32)
    for row, number in zip(vectors, there, strict=True):
        row[:] = of_key[key_of[contents[number]]]
    return OriginalLooks(there, backgrounds, vectors)


@dataclass(frozen=True)
class _Asked:
    """A file, of its frames the numbers in the sample, and which of these numbers are to be encoded."""

    file: MediaFile
    numbers: Mapping[str, int]
    encoded: Collection[int]


def _asked(originals: Iterable[Original], contents: Sequence[str], unknown: set[str]) -> Iterator[_Asked]:
    """Each file that is there; a content whose vector is not known is encoded once."""
    for file, numbers in originals:
        if file.path.is_file():
            encoded = {number for number in numbers.values() if contents[number] in unknown}
            unknown -= {contents[number] for number in encoded}
            yield _Asked(file, numbers, encoded)


def _task(
    number: int, picture: bytes | Image.Image, alpha: Image.Image, limits: PictureLimits, *, is_encoded: bool
) -> Task[tuple[int, Look], SentOriginal]:
    if is_encoded:
        n_bytes = len(picture) if isinstance(picture, bytes) else picture.width * picture.height * 3
        return Task((number, Look()), SentOriginal(picture, alpha), n_bytes)
    # without a network to run there is so little to do that a worker's start costs more
    image = opened(picture, limits)
    return Task((number, Look() if image is None else Look(background_of(image, alpha))), None)


def _kept(about: tuple[int, Look], look: Look | Lost | None) -> tuple[int, Look]:
    number, seen_here = about
    return number, seen_here if look is None or isinstance(look, Lost) else look


def _batches(vectors: Iterator[tuple[str, Vectors]]) -> Iterator[Batch]:
    while some := list(islice(vectors, PICTURES_A_BATCH)):
        yield [key for key, _ in some], np.stack([vector for _, vector in some])


def _pictures(asked: _Asked, limits: PictureLimits) -> Iterator[tuple[int, bytes | Image.Image]]:
    """(number in the sample, bytes of the still, or frame) of each that can be had."""
    file, numbers = asked.file, asked.numbers
    try:
        if not file.is_video:
            data = file.path.read_bytes()
            yield from ((number, data) for number in numbers.values())
            return
        # drawn here: a worker elsewhere would have to be sent the whole video
        for got in video_frames(file.path, limits=limits):
            if got.name in numbers and not isinstance(got, FrameError):
                yield numbers[got.name], shrunk_copy(got.image, MAX_COMPOSITE_SIDE)
    except (PictureError, OSError):
        return  # gone, or damaged since: the other pictures can be compared without it
