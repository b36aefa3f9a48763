"""ImageBind as this project's image encoder and text encoder.

Not here: the network (models/imagebind/towers).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.checkpoints import sha256_of
from mkt_assets.models.imagebind.architecture import CONTEXT_LENGTH, N_PATCHES, TowerName
from mkt_assets.models.imagebind.loading import ImageBind, load_imagebind
from mkt_assets.models.imagebind.pictures import prepare_picture
from mkt_assets.models.imagebind.precision import Device, Precision
from mkt_assets.models.imagebind.text import n_windows, tokenize, windows
from mkt_assets.models.provenance import model_version

MODEL_ID = "imagebind"
LICENCE = "CC-BY-NC-SA-4.0"
ORIGIN = "https://dl.fbaipublicfiles.com/imagebind/imagebind_huge.pth"

# Names of what happens before the network; another name makes another version, so old vectors are not reused.
IMAGE_PREPROCESSING = "clip-224-1"
TEXT_PREPROCESSING = "bpe-windows-77-1"

# Tokens of one forward pass on a CPU: then what a block computes stays in a cache of 32 MB. int8 works in float32
# between its products, so it has room for half.
_CPU_TOKENS: dict[Precision, int] = {
    "float32": 2 * (1 + N_PATCHES),
    "bfloat16": 4 * (1 + N_PATCHES),
    "int8": 2 * (1 + N_PATCHES),
}
# Bytes a token takes beside the weights: four times the width twice, queries, keys, values and scores, in
# float32, with room to spare.
_BYTES_A_TOKEN = 200_000


class _Encoder:
    """What both encoders are: one tower of a checkpoint."""

    model_id = MODEL_ID
    licence = LICENCE

    def __init__(
        self,
        checkpoint: Path,
        *,
        tower: TowerName,
        preprocessing: str,
        precision: Precision | None,
        device: Device | None,
        n_heads: int | None,
    ) -> None:
        self._model: ImageBind = load_imagebind(
            checkpoint, precision=precision, device=device, towers=(tower,), n_heads=n_heads
        )
        self.precision: Precision = self._model.precision
        self.dimension: int = self._model.architecture.dimension
        self.version: str = model_version(sha256_of(checkpoint), f"{self.precision}-{preprocessing}")
        self._tokens_at_once = _tokens_at_once(self._model)


class ImageBindImageEncoder(_Encoder):
    """ImageBind's vision tower: 1024-d vectors, comparable with those of its text tower.

    Girdhar et al., ImageBind: One Embedding Space To Bind Them All, CVPR 2023. Only this tower is held in
    memory: 1.3 GB in bfloat16, half of that in int8.

    Args:
        checkpoint: `imagebind_huge.pth`. Non-commercial licence: CC-BY-NC-SA-4.0.
        precision: None takes bfloat16 where the hardware has it, else float32.
        device: None takes a GPU where there is one.
        n_heads: attention heads, for a checkpoint of other widths than the official one.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, or not an ImageBind.
        PrecisionError: the device cannot run the precision.
    """

    def __init__(
        self,
        checkpoint: Path,
        *,
        precision: Precision | None = None,
        device: Device | None = None,
        n_heads: int | None = None,
    ) -> None:
        super().__init__(
            checkpoint,
            tower="vision",
            preprocessing=IMAGE_PREPROCESSING,
            precision=precision,
            device=device,
            n_heads=n_heads,
        )

    def prepare(self, image: Image.Image) -> NDArray[np.float32]:
        """An RGB picture by the official transform, (3, 224, 224) float32; thread-safe."""
        return prepare_picture(image)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension) float32, of n prepared pictures, (n, 3, 224, 224); n may be 0."""
        import torch

        tower = self._model.vision
        assert tower is not None
        size = max(1, self._tokens_at_once // (1 + N_PATCHES))
        vectors = np.zeros((len(batch), self.dimension), np.float32)
        with torch.inference_mode():
            for start in range(0, len(batch), size):
                pictures = torch.from_numpy(np.ascontiguousarray(batch[start : start + size]))
                vectors[start : start + size] = tower(pictures.to(self._model.device)).cpu().numpy()
        return vectors


class ImageBindTextEncoder(_Encoder):
    """ImageBind's text tower: 1024-d vectors, comparable with those of its vision tower.

    A text of up to 77 tokens has the official vector, made unit. A longer one is read in windows that each
    keep their start and end token; its vector is the mean of theirs, weighted by their tokens, made unit.

    Args:
        checkpoint: `imagebind_huge.pth`. Non-commercial licence: CC-BY-NC-SA-4.0.
        precision: None takes bfloat16 where the hardware has it, else float32.
        device: None takes a GPU where there is one.
        n_heads: attention heads, for a checkpoint of other widths than the official one.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, or not an ImageBind.
        PrecisionError: the device cannot run the precision.
    """

    def __init__(
        self,
        checkpoint: Path,
        *,
        precision: Precision | None = None,
        device: Device | None = None,
        n_heads: int | None = None,
    ) -> None:
        super().__init__(
            checkpoint,
            tower="text",
            preprocessing=TEXT_PREPROCESSING,
            precision=precision,
            device=device,
            n_heads=n_heads,
        )

    def tokenize(self, text: str) -> list[int]:
        """Byte pair ids between a start and an end token; see `tokenize` in `text`."""
        return tokenize(text)

    def n_windows(self, n_tokens: int) -> int:
        """Number of windows that a text of `n_tokens` tokens is split into."""
        return n_windows(n_tokens)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension) float32; n may be 0."""
        return self.encode_tokens([tokenize(one) for one in texts])

    def encode_tokens(self, tokenized: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension) float32, of texts as `tokenize` returns them."""
        split = [(owner, window) for owner, ids in enumerate(tokenized) for window in windows(ids)]
        vectors = self._encode_windows([window for _, window in split])
        owners = np.array([owner for owner, _ in split], np.int64)
        # Start and end token are in every window and say nothing of its share of the text.
        weights = np.array([max(1, len(window) - 2) for _, window in split], np.float32)
        return pooled(vectors, owners, weights, len(tokenized))

    def _encode_windows(self, windows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Unit vectors of windows; those of like length go through together, without padding to 77."""
        import torch

        tower = self._model.text
        assert tower is not None
        vectors = np.zeros((len(windows), self.dimension), np.float32)
        with torch.inference_mode():
            for rows in batches_by_length([len(window) for window in windows], self._tokens_at_once):
                lengths = torch.tensor([len(windows[row]) for row in rows])
                ids = torch.zeros((len(rows), int(lengths.max())), dtype=torch.int64)
                for i, row in enumerate(rows):
                    ids[i, : len(windows[row])] = torch.tensor(windows[row])
                device = self._model.device
                vectors[rows] = tower(ids.to(device), lengths.to(device)).cpu().numpy()
        return vectors


def batches_by_length(lengths: Sequence[int], most_tokens: int) -> list[list[int]]:
    """Row numbers in batches of like length, longest first, each padded to at most `most_tokens` tokens.

    A causal network does not see what is to the right, so padding there changes nothing and is only work.
    """
    batches: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if batches and (len(batches[-1]) + 1) * longest <= most_tokens:
            batches[-1].append(row)
        else:
            batches.append([row])
            longest = lengths[row]
    return batches


def pooled(
    vectors: NDArray[np.float32], owners: NDArray[np.int64], weights: NDArray[np.float32], n: int
) -> NDArray[np.float32]:
    """Unit vectors, (n, dimension), of n owners: the weighted sums of their unit vectors, made unit."""
    sums = np.zeros((n, vectors.shape[1]), np.float64)
    np.add.at(sums, owners, vectors * weights[:, None])
    return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


def _tokens_at_once(model: ImageBind) -> int:
    """Tokens of one forward pass: what free memory has room for on a GPU, what is fastest on a CPU."""
    if model.device.type == "cpu":
        return _CPU_TOKENS[model.precision]
    import torch

    free, _ = torch.cuda.mem_get_info()
    return max(CONTEXT_LENGTH, min(64 * (1 + N_PATCHES), free // 2 // _BYTES_A_TOKEN))
