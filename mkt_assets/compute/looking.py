"""Looking at a picture as it was crawled, as a worker does it: what is around the person, and its vector.

Not here: which pictures are looked at, and which vectors are known (sampled_pictures).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image

from mkt_assets.compute.cached import Vectors
from mkt_assets.compute.encoding import PICTURES_A_BATCH, identity_of
from mkt_assets.compute.engine import Job
from mkt_assets.core.experiments.controls import background_pixels
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture, shrunk_copy
from mkt_assets.models.base import ImageEncoder, as_batch
from mkt_assets.models.colour_histogram import colour_histogram
from mkt_assets.stored.mattes import MAX_COMPOSITE_SIDE


@dataclass(frozen=True)
class SentOriginal:
    """A picture as crawled: a still's bytes, or a frame, `MAX_COMPOSITE_SIDE` long at most; and where the person is.

    `alpha` is as `background_alpha` gives it.
    """

    picture: bytes | Image.Image
    alpha: Image.Image


@dataclass(frozen=True)
class Look:
    """What is kept of an original: the colour histogram of its background, (`N_COLOURS`,) float32, and its vector.

    Both are None of a picture that cannot be read; the vector also where it was not asked for.
    """

    background: Vectors | None = None
    vector: Vectors | None = None


@dataclass(frozen=True)
class _Prepared:
    background: Vectors | None = None
    picture: Vectors | None = None


class Looking:
    """The `Work` of looking at originals and encoding them."""

    def __init__(self, encoder: ImageEncoder, limits: PictureLimits) -> None:
        self._encoder = encoder
        self._limits = limits

    @property
    def identity(self) -> str:
        """Of the encoder."""
        return identity_of(self._encoder)

    def prepare(self, item: SentOriginal) -> _Prepared:
        """The background, and the picture as the network wants it."""
        image = opened(item.picture, self._limits)
        if image is None:
            return _Prepared()
        return _Prepared(background_of(image, item.alpha), self._encoder.prepare(image))

    def compute(self, batch: Sequence[_Prepared]) -> list[Look]:
        """The vectors of those that can be read."""
        pictures = [one.picture for one in batch if one.picture is not None]
        vectors = iter(self._encoder.encode(as_batch(pictures)) if pictures else ())
        return [Look() if one.picture is None else Look(one.background, next(vectors)) for one in batch]

    def finish(self, computed: Look) -> Look:
        """A look as it is."""
        return computed


def looking_job(
    encoder: ImageEncoder,
    load: Callable[[], ImageEncoder],
    limits: PictureLimits,
    *,
    on_gpu: bool = False,
) -> Job[SentOriginal, Look]:
    """Looking at originals, encoded by `encoder`, which `load` gives in any process."""
    return Job(partial(_build, load, limits), identity_of(encoder), PICTURES_A_BATCH, on_gpu)


def opened(picture: bytes | Image.Image, limits: PictureLimits) -> Image.Image | None:
    """The picture as crawled, `MAX_COMPOSITE_SIDE` long at most; None if it cannot be read."""
    if isinstance(picture, Image.Image):
        return picture
    try:
        return shrunk_copy(decode_picture(picture, limits=limits), MAX_COMPOSITE_SIDE)
    except PictureError:
        return None


def background_of(image: Image.Image, alpha: Image.Image) -> Vectors:
    """Colour histogram of what is around the person, (`N_COLOURS`,) float32; zeros where nothing is seen."""
    return colour_histogram(background_pixels(image, alpha))


def _build(load: Callable[[], ImageEncoder], limits: PictureLimits) -> Looking:
    return Looking(load(), limits)
