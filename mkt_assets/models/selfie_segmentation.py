"""MediaPipe's selfie segmentation, the bundled matting model.

Not here: judging mattes (core/media/matting), storing them (resources/files).
"""

from __future__ import annotations

import threading
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.provenance import ModelCard, model_version, read_weights

WEIGHTS = Path(__file__).parent / "weights" / "selfie_segmentation.tflite"
WEIGHTS_SHA256 = "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"

CARD = ModelCard(
    model_id="selfie-segmentation",
    version=model_version(WEIGHTS_SHA256, "two-pass-two-view-2"),
    licence="Apache-2.0",
    origin="the npm package @mediapipe/selfie_segmentation 0.1.1675465747 (vendored)",
)

_INPUT_SIDE = 256
_FOREGROUND = 0.5
_BOX_MARGIN = 0.15
# Washed-out clothes before a bright wall, the network's worst case, part from it in a darker picture.
_DARKENED = [round(255 * (value / 255) ** 2) for value in range(256)] * 3
# Nobody is there when next to nothing is foreground, or little of it is certain: noise and toys get a
# haze of .5 to .7 (share of certain pixels under .2 in measurements), people do not (above .45).
_MIN_FOREGROUND_SHARE = 0.002
_CERTAIN = 0.9
_MIN_CERTAIN_SHARE = 0.3


class SelfieSegmentation:
    """Person segmentation in two passes: find the person in the whole picture, then look again, closer.

    The closer look averages two views, the picture as it is and mirrored and darkened: where they disagree, the
    network is guessing. To find where somebody is, one view is as good. It is a look at a square where the picture
    allows it, because the network's input is one and a squashed seated or lying person loses limbs. Thread-safe:
    every thread has its own interpreter.

    Args:
        weights: the .tflite file; its sha256 is checked.
        n_threads: threads of one inference.

    Raises:
        WeightsError: the file is missing or is another one.
    """

    model_id = CARD.model_id
    version = CARD.version
    licence = CARD.licence

    def __init__(self, weights: Path = WEIGHTS, *, n_threads: int = 1) -> None:
        self._weights = read_weights(weights, sha256=WEIGHTS_SHA256, origin=CARD.origin)
        self._n_threads = n_threads
        self._local = threading.local()

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha matte, (height, width) in 0..1, of an RGB picture, (height, width, 3); 0 where nobody is."""
        picture = Image.fromarray(image)
        alpha = np.zeros(image.shape[:2], np.float32)
        whole = self._infer(_square(picture))
        if _shows_somebody(whole):
            left, top, right, bottom = _closer_look(whole, picture.size)
            close = Image.fromarray(self._segment(picture.crop((left, top, right, bottom))))
            resized = close.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
            alpha[top:bottom, left:right] = np.asarray(resized)
        return alpha

    def _segment(self, picture: Image.Image) -> NDArray[np.float32]:
        """Confidence, (256, 256) in 0..1, that a pixel shows a person: the mean of the two views."""
        square = _square(picture)
        other = self._infer(square.transpose(Image.Transpose.FLIP_LEFT_RIGHT).point(_DARKENED))
        return np.float32(0.5) * (self._infer(square) + other[:, ::-1])

    def _infer(self, square: Image.Image) -> NDArray[np.float32]:
        interpreter = self._interpreter()
        pixels = np.asarray(square, np.float32)[None] / 255
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
        interpreter.invoke()
        confidence = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return np.clip(confidence[0, :, :, 0], 0.0, 1.0)

    def _interpreter(self) -> Any:
        if not hasattr(self._local, "interpreter"):
            from ai_edge_litert.interpreter import Interpreter

            interpreter = Interpreter(model_content=self._weights, num_threads=self._n_threads)
            interpreter.allocate_tensors()
            self._local.interpreter = interpreter
        return self._local.interpreter


def _square(picture: Image.Image) -> Image.Image:
    return picture.resize((_INPUT_SIDE, _INPUT_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)


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
    first, last = cells[0] / _INPUT_SIDE * length, (cells[-1] + 1) / _INPUT_SIDE * length
    margin = _BOX_MARGIN * (last - first)
    return max(0, int(first - margin)), min(length, ceil(last + margin))


def _grown(first: int, last: int, to: int, length: int) -> tuple[int, int]:
    """An interval grown about its middle to `to` pixels, as far as 0..length allows."""
    to = min(to, length)
    if last - first >= to:
        return first, last
    first = min(max(0, (first + last - to) // 2), length - to)
    return first, first + to
