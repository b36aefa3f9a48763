"""Models that embed pictures and texts in one space, of which it is known what is near: colours, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mkt_assets_tests.drops import COLOURS
from mkt_assets_tests.stand_ins import FakeModels, MeanColourEncoder


class ColourWords:
    """Embeds a text as the mean of the colours that it names: in the space of `MeanColourEncoder`."""

    model_id, version, licence, dimension = MeanColourEncoder.model_id, "1", "MIT", 4

    def tokenize(self, text: str) -> list[int]:
        return [ord(character) for character in text]

    def n_windows(self, n_tokens: int) -> int:
        return 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = [
            np.mean([COLOURS[c] for c in text if c in COLOURS] or [(1, 1, 1)], axis=0) for text in texts
        ]
        matrix = np.concatenate([np.array(vectors), np.ones((len(texts), 1))], axis=1)
        return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


class JointModels(FakeModels):
    """One space for pictures and texts, in which it is known what is near."""

    def text_encoder(self, model_id: str) -> Any:
        return ColourWords()
