"""The colour histogram, the floor that any image encoder should be above: no network, no weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.provenance import ModelCard

N_BINS = 6
"""Levels of each of red, green and blue."""
N_COLOURS = N_BINS**3
"""Length of a histogram."""
_SIDE = 96

CARD = ModelCard(
    model_id="colour-histogram", version="1", licence="MIT", origin="this project: it has no weights"
)


def colour_histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Square roots of the shares of colours, (`N_COLOURS`,) float32, a unit vector; (n, 3) RGB in.

    Colour indexing of Swain and Ballard (1991); with square roots the cosine of two histograms is their
    Bhattacharyya coefficient. Without a pixel it is all zeros.
    """
    level = pixels.astype(np.int64) * N_BINS // 256
    bins = (level[:, 0] * N_BINS + level[:, 1]) * N_BINS + level[:, 2]
    counts = np.bincount(bins, minlength=N_COLOURS)
    return np.sqrt(counts / max(1, len(pixels))).astype(np.float32)


class ColourHistogram:
    """Embeds a picture as the histogram of its colours, wherever they are."""

    model_id = CARD.model_id
    version = CARD.version
    licence = CARD.licence
    dimension = N_COLOURS

    def prepare(self, image: Image.Image) -> NDArray[np.float32]:
        """A picture as 96 x 96 pixels, (3, 96, 96) float32 in 0..255; thread-safe."""
        small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return np.ascontiguousarray(np.asarray(small, np.float32).transpose(2, 0, 1))

    def encode(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors, (n, 216) float32, of n prepared pictures."""
        vectors = np.zeros((len(batch), self.dimension), np.float32)
        for vector, picture in zip(vectors, batch, strict=True):
            vector[:] = colour_histogram(picture.reshape(3, -1).T.astype(np.uint8))
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
