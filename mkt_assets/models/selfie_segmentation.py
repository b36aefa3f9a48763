"""MediaPipe's selfie segmentation, the bundled matting model.

Not here: its second opinion (pose_segmentation), judging mattes (core/media/matting), storing them (resources/files).
"""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models import pose_segmentation
from mkt_assets.models.mediapipe import SIDE, Network, darkened, squashed
from mkt_assets.models.pose_segmentation import PoseSegmentation
from mkt_assets.models.provenance import ModelCard, model_version, read_weights

WEIGHTS = Path(__file__).parent / "weights" / "selfie_segmentation.tflite"
WEIGHTS_SHA256 = "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"

CARD = ModelCard(
    model_id="selfie-segmentation",
    version=model_version(WEIGHTS_SHA256, f"pose-{pose_segmentation.WEIGHTS_SHA256[:6]}-looks-by-doubt-1"),
    licence="Apache-2.0",
    origin="the npm package @mediapipe/selfie_segmentation 0.1.1675465747 (vendored)",
)

_OUTPUT = "activation_10"
_FOREGROUND = 0.5
_BOX_MARGIN = 0.15
# Nobody is there when next to nothing is foreground, or little of it is certain: noise and toys get a
# haze of .5 to .7 (share of certain pixels under .2 in measurements), people do not (above .45).
_MIN_FOREGROUND_SHARE = 0.002
_CERTAIN = 0.9
_MIN_CERTAIN_SHARE = 0.3
# Two looks differ so much where the network guesses (1 - IoU); then it looks once more, or another one is asked.
_DOUBT = 0.1
_GRAVE_DOUBT = 0.33
_WEIGHT_OF_WHOLE = 0.3
# Below a half: where both looks of this network are certain, the other one does not overrule them. It sees one person.
_WEIGHT_OF_POSE = 0.45


class SelfieSegmentation:
    """Person segmentation: find the person in the whole picture, look again, closer, and again while in doubt.

    The closer look is at the picture mirrored and darkened: where the two disagree, the network is guessing. Most
    pictures need no more. Else it looks closer at the picture as it is; and where even the two closer looks disagree
    widely, as on white clothes before a white wall, the pose network is asked. A closer look is at a square where the
    picture allows it, because the network's input is one and a squashed seated or lying person loses limbs.
    Thread-safe.

    Args:
        weights: the .tflite file; its sha256 is checked.
        n_threads: threads of one inference.

    Raises:
        WeightsError: a weights file is missing or is another one.
    """

    model_id = CARD.model_id
    version = CARD.version
    licence = CARD.licence

    def __init__(self, weights: Path = WEIGHTS, *, n_threads: int = 1) -> None:
        self._network = Network(
            read_weights(weights, sha256=WEIGHTS_SHA256, origin=CARD.origin), n_threads=n_threads
        )
        self._pose = PoseSegmentation(n_threads=n_threads)

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha matte, (height, width) in 0..1, of an RGB picture, (height, width, 3); 0 where nobody is."""
        picture = Image.fromarray(image)
        alpha = np.zeros(image.shape[:2], np.float32)
        whole = self._infer(squashed(picture))
        if _shows_somebody(whole):
            left, top, right, bottom = box = _closer_look(whole, picture.size)
            close = self._segment(picture.crop(box), _part(whole, box, picture.size))
            # in bytes: floats take three times as long to be resized, and a matte is kept in 64 steps
            small = Image.fromarray(np.rint(close * 255).astype(np.uint8))
            resized = small.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
            np.divide(np.asarray(resized), np.float32(255), out=alpha[top:bottom, left:right])
        return alpha

    def _segment(self, picture: Image.Image, coarse: NDArray[np.float32]) -> NDArray[np.float32]:
        """Confidence, (256, 256) in 0..1, that a pixel shows a person, given what a look from afar said, as large."""
        square = squashed(picture)
        other = self._infer(darkened(square.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))[:, ::-1]
        if _disagreement(coarse, other) < _DOUBT:
            return _mean(other, coarse, _WEIGHT_OF_WHOLE)
        plain = self._infer(square)
        both = _mean(plain, other, 0.5)
        if _disagreement(plain, other) < _GRAVE_DOUBT:
            return both
        person = self._pose.person(picture)
        return both if person is None else _mean(both, person, _WEIGHT_OF_POSE)

    def _infer(self, square: Image.Image) -> NDArray[np.float32]:
        return np.clip(self._network.look(square)[_OUTPUT][0, :, :, 0], 0.0, 1.0)


def _mean(
    one: NDArray[np.float32], other: NDArray[np.float32], weight_of_other: float
) -> NDArray[np.float32]:
    return np.asarray(one + weight_of_other * (other - one), np.float32)


def _disagreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """1 - IoU of two foregrounds; 0 where both are empty."""
    first, second = one > _FOREGROUND, other > _FOREGROUND
    n_either = int((first | second).sum())
    return 1 - int((first & second).sum()) / n_either if n_either else 0.0


def _part(
    whole: NDArray[np.float32], box: tuple[int, int, int, int], size: tuple[int, int]
) -> NDArray[np.float32]:
    """What the squashed matte of a picture of this (width, height) says of a box of it, at the matte's size."""
    left, top, right, bottom = (edge * SIDE / length for edge, length in zip(box, size * 2, strict=True))
    part = Image.fromarray(whole).resize(
        (SIDE, SIDE), Image.Resampling.BILINEAR, box=(left, top, right, bottom)
    )
    return np.asarray(part)


def _shows_somebody(confidence: NDArray[np.float32]) -> bool:
    n_foreground = int((confidence > _FOREGROUND).sum())
    n_certain = int((confidence > _CERTAIN).sum())
    return (
        n_foreground >= _MIN_FOREGROUND_SHARE * confidence.size
        and n_certain >= _MIN_CERTAIN_SHARE * n_foreground
    )


def _closer_look(confidence: NDArray[np.float32], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Box, in pixels of a picture of this (width, height), around the foreground of its squashed matte.

    Left, top, right, bottom (exclusive); 15 % margin a side, the short side grown towards a square.
    """
    foreground = confidence > _FOREGROUND
    (left, right), (top, bottom) = (
        _with_margin(np.flatnonzero(foreground.any(axis=axis)), length) for axis, length in enumerate(size)
    )
    side = max(right - left, bottom - top)
    left, right = _grown(left, right, side, size[0])
    top, bottom = _grown(top, bottom, side, size[1])
    return left, top, right, bottom


def _with_margin(cells: NDArray[np.intp], length: int) -> tuple[int, int]:
    """From 256ths to pixels: first and last (exclusive) of `length`, with the margin."""
    first, last = cells[0] / SIDE * length, (cells[-1] + 1) / SIDE * length
    margin = _BOX_MARGIN * (last - first)
    return max(0, int(first - margin)), min(length, ceil(last + margin))


def _grown(first: int, last: int, to: int, length: int) -> tuple[int, int]:
    """An interval grown about its middle to `to` pixels, as far as 0..length allows."""
    to = min(to, length)
    if last - first >= to:
        return first, last
    first = min(max(0, (first + last - to) // 2), length - to)
    return first, first + to
