"""The pictures of a sample, read again: mattes for their looks, originals for what is around the person.

Each is opened once, ahead, in threads, and a few at a time are in memory. Not here: what experiments make of them
(core/experiments), where an original lies in its drop (stored/media).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mkt_assets.compute.cached import Vectors
from mkt_assets.compute.embedding import embed_readable_pictures
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.experiments.controls import background_alpha, background_pixels, difference_hash
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.media.matting import alpha_in_frame
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture, shrunk_copy
from mkt_assets.core.media.videos import FrameError, video_frames
from mkt_assets.crawlers.media import MediaFile
from mkt_assets.models.base import ImageEncoder
from mkt_assets.models.colour_histogram import N_COLOURS, colour_histogram
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
) -> OriginalLooks:
    """What is around the person in each original, and the vectors of them as they were crawled.

    Args:
        originals: The files that are there.
        looks: Of the n mattes.
        contents: Names of the n pictures' contents, for the cache.
        encoder: Of pictures; None: no vectors are asked for.
        cache: Of vectors.
        limits: Beyond what a picture is not decoded.
        workers: Threads that decode.
    """
    backgrounds = np.zeros((len(looks), N_COLOURS), np.float32)
    readable: list[int] = []

    def pictures() -> Iterator[tuple[str, Image.Image]]:
        for number, picture in _decoded(originals, limits, workers):
            backgrounds[number] = colour_histogram(background_pixels(picture, looks[number].alpha))
            readable.append(number)
            yield contents[number], picture

    if encoder is None:
        for _ in pictures():
            pass
        return OriginalLooks(sorted(readable), backgrounds, None)
    of = embed_readable_pictures(contents, pictures(), encoder, cache, around=_AS_CRAWLED)
    vectors = np.zeros((len(readable), encoder.dimension), np.float32)
    for row, number in zip(vectors, sorted(readable), strict=True):
        row[:] = of[contents[number]]
    return OriginalLooks(sorted(readable), backgrounds, vectors)


def _decoded(
    originals: Iterable[Original], limits: PictureLimits, workers: int
) -> Iterator[tuple[int, Image.Image]]:
    """(number in the sample, picture as crawled, `MAX_COMPOSITE_SIDE` long at most) of each that can be read."""

    def decode(original: Original) -> list[tuple[int, Image.Image]]:
        file, numbers = original
        return [
            (numbers[frame], shrunk_copy(image, MAX_COMPOSITE_SIDE))
            for frame, image in _frames(file, numbers, limits)
        ]

    for pictures in map_ahead(decode, originals, n_threads=workers, n_ahead=_AHEAD):
        yield from pictures


def _frames(
    file: MediaFile, wanted: Collection[str], limits: PictureLimits
) -> Iterator[tuple[str, Image.Image]]:
    try:
        if not file.is_video:
            picture = decode_picture(file.path.read_bytes(), limits=limits)
            yield from ((frame, picture) for frame in wanted)
            return
        for got in video_frames(file.path, limits=limits):
            if got.name in wanted and not isinstance(got, FrameError):
                yield got.name, got.image
    except (PictureError, OSError):
        return  # gone, or damaged since: the other pictures can be compared without it
