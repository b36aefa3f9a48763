"""Small models that stand in for the real ones; workers of other processes import this file, and so little else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class BrightPersonMatting:
    """Takes every pixel brighter than 128 for the person."""

    model_id = "bright-person"
    version = "1"
    licence = "MIT"

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        return (image.mean(axis=2) > 128).astype(np.float32)


class MeanColourEncoder:
    """Embeds a picture as its mean colour, and counts the pictures it was given."""

    model_id = "mean-colour"
    version = "1"
    licence = "MIT"
    dimension = 4

    def __init__(self) -> None:
        self.n_encoded = 0

    def prepare(self, image: Image.Image) -> NDArray[np.float32]:
        return np.asarray(image.convert("RGB").resize((8, 8)), dtype=np.float32).transpose(2, 0, 1)

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.n_encoded += len(batch)
        means = np.concatenate([batch.mean(axis=(2, 3)), np.ones((len(batch), 1))], axis=1)
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


class HashedCharacterEncoder:
    """Embeds a text by hashing its characters, and counts the texts it was given."""

    model_id = "hashed-characters"
    version = "1"
    licence = "MIT"
    dimension = 64

    def __init__(self) -> None:
        self.n_encoded = 0

    def tokenize(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def n_windows(self, n_tokens: int) -> int:
        return 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.n_encoded += len(texts)
        matrix = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(matrix, texts, strict=True):
            for i, character in enumerate(text):
                digest = hashlib.sha256(f"{character}{i % 7}".encode()).digest()
                row[digest[0] % self.dimension] += 1 + digest[1] / 256
        matrix[:, 0] += 1e-3
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


class FakeModels:
    """Hands out the stand-ins whatever id is asked for."""

    def __init__(self) -> None:
        self._matting = BrightPersonMatting()
        self.images = MeanColourEncoder()
        self.texts = HashedCharacterEncoder()

    def matting(self, model_id: str) -> BrightPersonMatting:
        return self._matting

    def cosine_to_float32(self, role: str, model_id: str) -> float | None:
        return None

    def image_encoder(self, model_id: str) -> MeanColourEncoder:
        return self.images

    def text_encoder(self, model_id: str) -> HashedCharacterEncoder:
        return self.texts
