"""ResNet-50 as an image encoder, the baseline.

Not here: the convolutions, which SGHM shares (models/resnet50_body).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.checkpoints import read_checkpoint, require_shapes, sha256_of
from mkt_assets.models.provenance import model_version

MODEL_ID = "resnet-50"
LICENCE = "BSD-3-Clause"

# Name of what `prepare` and the pooling do; another name makes another version, so old vectors are not reused.
_PREPROCESSING = "resize256-crop224"
_SHORT_SIDE = 256
_SIDE = 224
_BATCH = 16
_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
_STANDARD_DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)


class ResNet50Encoder:
    """Mean-pooled features of ResNet-50's last stage, in torchvision's weights.

    He et al., Deep Residual Learning for Image Recognition, CVPR 2016. Preprocessing is torchvision's for its
    first weights, IMAGENET1K_V1: short side to 256, bilinear, and the central square of 224.

    Args:
        checkpoint: a state dict of torchvision's `resnet50`; its classifier, if there, is not read.

    Raises:
        CheckpointError: the checkpoint is missing, damaged, unsafe, or not one of ResNet-50.
    """

    model_id = MODEL_ID
    licence = LICENCE
    dimension = 2048

    def __init__(self, checkpoint: Path) -> None:
        import torch

        self.version = model_version(sha256_of(checkpoint), _PREPROCESSING)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = _load_network(checkpoint).to(self._device)

    def prepare(self, image: Image.Image) -> NDArray[np.float32]:
        """A picture as the network wants it, (3, 224, 224) float32, normalised; thread-safe."""
        width, height = image.size
        short = min(width, height)
        size = (int(_SHORT_SIDE * width / short), int(_SHORT_SIDE * height / short))
        left, top = (round((side - _SIDE) / 2) for side in size)
        # The crop in the picture's own pixels: a picture 100 times as long as wide is not resized whole.
        scale_x, scale_y = width / size[0], height / size[1]
        box = (left * scale_x, top * scale_y, (left + _SIDE) * scale_x, (top + _SIDE) * scale_y)
        square = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box)
        pixels = (np.asarray(square, np.float32) / 255 - _MEAN) / _STANDARD_DEVIATION
        return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors, (n, 2048) float32, of n prepared pictures, (n, 3, 224, 224); n may be 0."""
        import torch

        vectors = np.zeros((len(batch), self.dimension), np.float32)
        with torch.inference_mode():
            for start in range(0, len(batch), _BATCH):
                pixels = torch.from_numpy(np.ascontiguousarray(batch[start : start + _BATCH]))
                pixels = pixels.to(self._device, memory_format=torch.channels_last)
                pooled = self._network(pixels).layer4.mean(dim=(2, 3))
                unit = torch.nn.functional.normalize(pooled)
                vectors[start : start + _BATCH] = unit.cpu().numpy()
        return vectors


def _load_network(path: Path) -> Any:
    """The convolutions of a checkpoint, in inference mode, their normalisations folded in."""
    import torch

    from mkt_assets.models.folding import fold_batch_norms
    from mkt_assets.models.resnet50_body import ResNet50Body

    with torch.device("meta"):
        network: Any = ResNet50Body()
    found = read_checkpoint(path)
    # Files from before PyTorch 0.4.1 do not count batches, and nothing here reads the counts.
    needed = {
        name: tuple(tensor.shape)
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    counts = [name for name in found if name.endswith("num_batches_tracked")]
    require_shapes(found, needed, source=path, other_prefixes=("fc.", *counts))
    network.load_state_dict({name: found[name] for name in needed}, strict=False, assign=True)
    network.eval().requires_grad_(False)
    fold_batch_norms(network)
    return network.to(memory_format=torch.channels_last)
