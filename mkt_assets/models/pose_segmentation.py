"""MediaPipe's pose network, for the person that it sees beside the pose: a second opinion on a doubtful matte.

Not here: the matting model that asks for it (selfie_segmentation).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.mediapipe import SIDE, Network, darkened, squashed
from mkt_assets.models.provenance import read_weights

WEIGHTS = Path(__file__).parent / "weights" / "pose_landmark_lite.tflite"
WEIGHTS_SHA256 = "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61"
ORIGIN = "the npm package @mediapipe/pose 0.5.1675469404 (vendored)"

# outputs, which have no better names: logits of the person, and the probability that somebody is there
_PERSON, _PRESENCE = "Identity_2", "Identity_1"
# MediaPipe shows it a person with a quarter of air; without, it was not sure of a figure that fills the picture
_AIR = 1.25
_PRESENT = 0.5


class PoseSegmentation:
    """Where one person is, who is looked for in the middle; others may be left out.

    Bazarevsky et al., BlazePose, 2020 (the lite network).

    Args:
        weights: the .tflite file; its sha256 is checked.
        n_threads: threads of one look.

    Raises:
        WeightsError: the file is missing or is another one.
    """

    def __init__(self, weights: Path = WEIGHTS, *, n_threads: int = 1) -> None:
        self._network = Network(
            read_weights(weights, sha256=WEIGHTS_SHA256, origin=ORIGIN), n_threads=n_threads
        )

    def person(self, picture: Image.Image) -> NDArray[np.float32] | None:
        """Confidence, (256, 256) in 0..1, that a pixel of the squashed RGB picture shows the person.

        None where the network is not sure that somebody is there.
        """
        framed, part = _with_air(picture)
        answer = self._network.look(darkened(squashed(framed)))
        if answer[_PRESENCE].item() <= _PRESENT:
            return None
        logits = answer[_PERSON][0, :, :, 0]
        confidence = Image.fromarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))
        return np.asarray(confidence.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=part))


def _with_air(picture: Image.Image) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """The picture in the middle of a black square, and where it is there: left, top, right, bottom in 256ths."""
    side = round(max(picture.size) * _AIR)
    left, top = (side - picture.width) // 2, (side - picture.height) // 2
    square = Image.new("RGB", (side, side))
    square.paste(picture, (left, top))
    edges = (left, top, left + picture.width, top + picture.height)
    first, second, third, last = (edge * SIDE / side for edge in edges)
    return square, (first, second, third, last)
