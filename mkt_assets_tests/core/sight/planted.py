"""A space in which it is known what pictures show: unit vectors of pictures that are of words, by few busy accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.sight.vocabulary import Word

N_STYLES, N_WORDS, DIMENSION, N_ACCOUNTS = 6, 60, 96, 40
KINDS = ("garment", "colour", "cut")


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Planted:
    """Pictures of styles, of which style s shows the words 2s and 2s + 1, unless `strength` is 0."""

    pictures: NDArray[np.float32]
    styles: NDArray[np.int64]
    accounts: NDArray[np.int64]
    words: list[Word]
    word_vectors: NDArray[np.float32]


def planted(seed: int, *, strength: float = 8.0, n: int = 500) -> Planted:
    """Of a few accounts that post most, as 1 / rank, each with a look of its own, and styles with one of no word."""
    random = np.random.default_rng(seed)
    often = 1 / np.arange(1, N_ACCOUNTS + 1)
    accounts = random.choice(N_ACCOUNTS, n, p=often / often.sum())
    styles = random.integers(0, N_STYLES, n)
    vectors = random.normal(size=(N_WORDS, DIMENSION))
    looks = random.normal(size=DIMENSION) + 0.5 * random.normal(size=(N_ACCOUNTS, DIMENSION))[accounts]
    looks += 0.6 * random.normal(size=(N_STYLES, DIMENSION))[styles] + random.normal(size=(n, DIMENSION))
    word_vectors = unit(vectors)
    shown = word_vectors[2 * styles] + word_vectors[2 * styles + 1]
    words = [Word(KINDS[i % len(KINDS)], f"字{i}", f"word {i}") for i in range(N_WORDS)]
    return Planted(unit(looks + strength * shown), styles, accounts, words, word_vectors)
