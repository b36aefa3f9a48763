"""Matting as a worker does it, in any process: from a picture's bytes to a cut-out's bytes and the facts of it.

Not here: which pictures are known, reading and writing files (matte_maker).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image

from mkt_assets.compute.engine import Job
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
from mkt_assets.models.base import MattingModel
from mkt_assets.stored.mattes import over_colour

# the cut-out and its encoding, beside the model's version, decide what a stored matte looks like
CUTOUT_VERSION = "3"
TILE_SIDE = 150
"""Longest side, pixels, of what is shown of a few pictures."""
# not white: a white dress would vanish
TILE_COLOUR = (214, 228, 240)
_MAX_WAITING_SIDE = 4096

Tiles = tuple[Image.Image, Image.Image]
"""A picture and its matte, small."""


@dataclass(frozen=True)
class Sent:
    """A picture to be matted: a still's bytes, or a frame and the size that it has in its video.

    `is_shown` asks for `Tiles`.
    """

    picture: bytes | Picture
    is_shown: bool = False


@dataclass(frozen=True)
class Picture:
    """A decoded picture, made smaller where it is very large, and its size before, (width, height) in pixels."""

    image: Image.Image
    size: tuple[int, int]


@dataclass(frozen=True)
class Matted:
    """What became of a picture: facts, still without a path, and the cut-out as WebP if there is one; or an error."""

    facts: MatteFacts | None = None
    webp: bytes | None = None
    tiles: Tiles | None = None
    error: str | None = None


@dataclass(frozen=True)
class _Step:
    picture: Picture | str
    is_shown: bool
    matte: Matte | None = None


class Matting:
    """The `Work` of matting; a picture at a time, so that few decoded ones are in memory."""

    def __init__(self, model: MattingModel, limits: PictureLimits) -> None:
        self._model = model
        self._limits = limits

    @property
    def identity(self) -> str:
        """Of the model, and of how its mattes are stored."""
        return _identity(self._model)

    def prepare(self, item: Sent) -> _Step:
        """The picture decoded, or why it cannot be."""
        if isinstance(item.picture, Picture):
            return _Step(item.picture, item.is_shown)
        try:
            return _Step(waiting(decode_picture(item.picture, limits=self._limits)), item.is_shown)
        except PictureError as error:
            return _Step(str(error), item.is_shown)

    def compute(self, batch: Sequence[_Step]) -> list[_Step]:
        """The mattes."""
        return [self._matted(step) for step in batch]

    def finish(self, computed: _Step) -> Matted:
        """Cut out and encoded."""
        picture, matte = computed.picture, computed.matte
        if isinstance(picture, str) or matte is None:
            return Matted(error=str(picture))
        cutout = None if matte.bbox is None else cut_out(picture.image, matte)
        left, top, right, bottom = _in_original(matte.bbox, picture) or (None, None, None, None)
        width, height = picture.size
        ratio = matte.foreground_ratio
        facts = MatteFacts(None, matte.source, ratio, width, height, left, top, right, bottom)
        if cutout is None:
            return Matted(facts)
        shown = tiles(picture.image, cutout, facts) if computed.is_shown else None
        return Matted(facts, encode_cutout(cutout), shown)

    def _matted(self, step: _Step) -> _Step:
        if isinstance(step.picture, str):
            return step
        return _Step(step.picture, step.is_shown, matte_picture(step.picture.image, self._model))


def matting_job(
    model: MattingModel, load: Callable[[], MattingModel], limits: PictureLimits, *, on_gpu: bool = False
) -> Job[Sent, Matted]:
    """Matting by a model, which `load` gives in any process.

    Args:
        model: the same, for its identity.
        load: as of `Models`, with the id; pickled for workers elsewhere.
        limits: beyond what a picture is not decoded.
        on_gpu: whether a GPU is of use.
    """
    return Job(partial(_build, load, limits), _identity(model), on_gpu=on_gpu)


def waiting(image: Image.Image) -> Picture:
    """A decoded picture as it waits: made smaller at once, as many wait, and the cut-out is smaller still."""
    return Picture(downscale_for_matting(image, _MAX_WAITING_SIDE), image.size)


def tiles(image: Image.Image, matte: Image.Image, facts: MatteFacts) -> Tiles:
    """A picture and its matte, RGBA as it is stored, small."""
    return shrunk_copy(image, TILE_SIDE), over_colour(matte, facts, TILE_COLOUR, max_side=TILE_SIDE)


def _build(load: Callable[[], MattingModel], limits: PictureLimits) -> Matting:
    return Matting(load(), limits)


def _identity(model: MattingModel) -> str:
    return f"{model.model_id} {model.version}, cut out as {CUTOUT_VERSION}"


def _in_original(box: Box | None, picture: Picture) -> Box | None:
    """The box of a matte in the pixels of the picture as it was decoded."""
    if box is None or picture.image.size == picture.size:
        return box
    (width, height), small = picture.size, picture.image
    return (
        box[0] * width // small.width,
        box[1] * height // small.height,
        -(-box[2] * width // small.width),
        -(-box[3] * height // small.height),
    )
