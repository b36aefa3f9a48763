"""What a model must be able to do, one protocol a role.

Not here: which models there are (models/registry).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class Model(Protocol):
    """What every model says of itself; recorded with every row it makes.

    `version` covers the weights (a hash of them) and the preprocessing: two vectors are comparable, and a
    cached one may be reused, exactly when `model_id` and `version` are equal.
    """

    @property
    def model_id(self) -> str:
        """Short name, as in the settings."""
        ...

    @property
    def version(self) -> str:
        """Version of weights and preprocessing."""
        ...

    @property
    def licence(self) -> str:
        """SPDX name of the licence of the weights."""
        ...


class MattingModel(Model, Protocol):
    """Separates the person from the background."""

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha matte, (height, width) in 0..1, of an RGB picture, (height, width, 3)."""
        ...


class ImageEncoder(Model, Protocol):
    """Embeds pictures."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def prepare(self, image: Image.Image) -> NDArray[Any]:
        """A picture as `encode` wants it, one array; thread-safe, so that decoding overlaps."""
        ...

    def encode(self, batch: Any) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension), of n prepared pictures: what `as_batch` makes of them."""
        ...


def as_batch(prepared: Sequence[NDArray[Any]]) -> Any:
    """Prepared pictures, of one encoder, as its `encode` takes them: one array where all are of one shape."""
    shapes = {one.shape for one in prepared}
    return np.stack(prepared) if len(shapes) == 1 else list(prepared)


class TextEncoder(Model, Protocol):
    """Embeds texts of any length."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def tokenize(self, text: str) -> list[int]:
        """Token ids the encoder reads: texts with equal ids, and only those, have equal vectors."""
        ...

    def n_windows(self, n_tokens: int) -> int:
        """Number of windows that a text of `n_tokens` tokens is split into."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension)."""
        ...
