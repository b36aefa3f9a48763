"""What MediaPipe's networks have in common: a .tflite file, and a square of 256 pixels that it looks at.

Not here: what they look at and what their answers mean (selfie_segmentation, pose_segmentation).
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.provenance import WeightsError

SIDE = 256
"""Pixels of a side of what the networks see."""

_DARKER = [round(255 * (value / 255) ** 2) for value in range(256)] * 3


class Network:
    """A network in TensorFlow Lite. Thread-safe: every thread has its own interpreter, made when it first looks.

    Args:
        weights: the bytes of a .tflite file.
        n_threads: threads of one look.
    """

    def __init__(self, weights: bytes, *, n_threads: int = 1) -> None:
        self._weights = weights
        self._n_threads = n_threads
        self._local = threading.local()

    def look(self, square: Image.Image) -> dict[str, NDArray[np.float32]]:
        """What the network answers to an RGB picture of 256 x 256 pixels, by the names of its outputs.

        Raises:
            WeightsError: TensorFlow Lite cannot run it on this machine.
        """
        interpreter = self._interpreter()
        pixels = np.asarray(square, np.float32)[None] / 255
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
        interpreter.invoke()
        return {
            output["name"]: interpreter.get_tensor(output["index"])
            for output in interpreter.get_output_details()
        }

    def _interpreter(self) -> Any:
        if not hasattr(self._local, "interpreter"):
            from ai_edge_litert.interpreter import Interpreter

            interpreter = Interpreter(model_content=self._weights, num_threads=self._n_threads)
            try:
                interpreter.allocate_tensors()
            except RuntimeError as error:
                raise WeightsError(
                    "The bundled matting cannot run on this machine: TensorFlow Lite did not start its XNNPACK "
                    f"({' '.join(str(error).split())[:200]}). On arm64 it has to see /sys/devices/system/cpu; or set "
                    "MKT_MATTING to another model: `mkt models list`."
                ) from error
            self._local.interpreter = interpreter
        return self._local.interpreter


def squashed(picture: Image.Image) -> Image.Image:
    """The picture at 256 x 256 pixels, whatever its shape."""
    return picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)


def darkened(picture: Image.Image) -> Image.Image:
    """The RGB picture with its values squared: washed-out clothes part from a bright wall.

    Examples:
        >>> darkened(Image.new("RGB", (1, 1), (255, 128, 0))).getpixel((0, 0))
        (255, 64, 0)
    """
    return picture.point(_DARKER)
