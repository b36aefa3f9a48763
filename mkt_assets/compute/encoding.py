"""Encoding as a worker does it, in any process: from what is sent of a picture, or from a text, to its vector.

Not here: which vectors are known, and keeping them (embedding).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PIL import Image

from mkt_assets.compute.cached import Vectors
from mkt_assets.compute.engine import Job
from mkt_assets.models.base import ImageEncoder, Model, TextEncoder, as_batch

PICTURES_A_BATCH, TEXTS_A_BATCH = 32, 64


class PictureEncoding:
    """The `Work` of encoding pictures, which it opens first."""

    def __init__(self, encoder: ImageEncoder, open_picture: Callable[[Any], Image.Image]) -> None:
        self._encoder = encoder
        self._open = open_picture

    @property
    def identity(self) -> str:
        """Of the encoder."""
        return identity_of(self._encoder)

    def prepare(self, item: Any) -> Vectors:
        """The picture as the network wants it."""
        return self._encoder.prepare(self._open(item))

    def compute(self, batch: Sequence[Vectors]) -> Vectors:
        """Unit vectors, (n, dimension)."""
        return self._encoder.encode(as_batch(batch))

    def finish(self, computed: Vectors) -> Vectors:
        """A vector as it is."""
        return computed


class TextEncoding:
    """The `Work` of encoding texts."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder

    @property
    def identity(self) -> str:
        """Of the encoder."""
        return identity_of(self._encoder)

    def prepare(self, item: str) -> str:
        """A text as it is."""
        return item

    def compute(self, batch: Sequence[str]) -> Vectors:
        """Unit vectors, (n, dimension)."""
        return self._encoder.encode(batch)

    def finish(self, computed: Vectors) -> Vectors:
        """A vector as it is."""
        return computed


def picture_job(
    encoder: ImageEncoder,
    load: Callable[[], ImageEncoder],
    open_picture: Callable[[Any], Image.Image],
    *,
    on_gpu: bool = False,
) -> Job[Any, Vectors]:
    """Encoding of pictures by `encoder`, which `load` gives in any process; see `embed_pictures`."""
    build = partial(_build_pictures, load, open_picture)
    return Job(build, identity_of(encoder), PICTURES_A_BATCH, on_gpu)


def text_job(
    encoder: TextEncoder, load: Callable[[], TextEncoder], *, on_gpu: bool = False
) -> Job[str, Vectors]:
    """Encoding of texts by `encoder`, which `load` gives in any process."""
    return Job(partial(_build_texts, load), identity_of(encoder), TEXTS_A_BATCH, on_gpu)


def _build_pictures(
    load: Callable[[], ImageEncoder], open_picture: Callable[[Any], Image.Image]
) -> PictureEncoding:
    return PictureEncoding(load(), open_picture)


def _build_texts(load: Callable[[], TextEncoder]) -> TextEncoding:
    return TextEncoding(load())


def identity_of(model: Model) -> str:
    """What a worker with this model says of itself."""
    return f"{model.model_id} {model.version}"
