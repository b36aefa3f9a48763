"""Pictures and texts become vectors once, by whichever way they come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mkt_assets.compute.embedding import embed_pictures, embed_texts
from mkt_assets.compute.encoding import PICTURES_A_BATCH, TEXTS_A_BATCH
from mkt_assets.core.progress import Progress
from mkt_assets.core.vectors import cache_key, content_key
from mkt_assets.resources.cache import Cache, FileCache
from mkt_assets_tests.stand_ins import HashedCharacterEncoder, MeanColourEncoder

N = PICTURES_A_BATCH + 3
CONTENTS = [content_key(str(i)) for i in range(N)]
PICTURES = {
    content: Image.new("RGB", (20, 30), (7 * i, 90, 255 - 7 * i)) for i, content in enumerate(CONTENTS)
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return FileCache(tmp_path / "cache.duckdb")


def test_a_picture_is_opened_and_encoded_once_and_then_found(cache: Cache) -> None:
    encoder, opened, bars = MeanColourEncoder(), list[str](), list[Progress]()
    said: list[str] = []

    def open_picture(content: str) -> Image.Image:
        opened.append(content)
        return PICTURES[content]

    def watch(total: int) -> Progress:
        bars.append(Progress("pictures", total, said.append))
        return bars[-1]

    twice = [*CONTENTS, *CONTENTS[:5]]
    first, again = (
        embed_pictures(twice, open_picture, encoder, cache, around="black", workers=2, watch=watch)
        for _ in range(2)
    )
    assert sorted(opened) == sorted(CONTENTS)
    assert encoder.n_encoded == N
    assert (first.n_computed, first.n_from_cache) == (N, 0)
    assert (again.n_computed, again.n_from_cache) == (0, N)
    assert np.array_equal(first.matrix, again.matrix)
    assert np.array_equal(first.matrix[0], encoder.encode(encoder.prepare(PICTURES[CONTENTS[0]])[None])[0])
    assert [(bar.done, bar.total) for bar in bars] == [(N, N)]


def test_the_same_picture_around_another_colour_is_another_one(cache: Cache) -> None:
    encoder = MeanColourEncoder()
    for around in ("black", "white"):
        embed_pictures(CONTENTS[:2], PICTURES.__getitem__, encoder, cache, around=around, workers=1)
    assert encoder.n_encoded == 4


def test_the_keys_of_the_cache_are_those_that_homes_have(cache: Cache) -> None:
    pictures, texts = MeanColourEncoder(), HashedCharacterEncoder()
    embed_pictures(CONTENTS[:1], PICTURES.__getitem__, pictures, cache, around="black", workers=1)
    embed_texts(["裙子"], texts, cache)
    for key in (
        cache_key(CONTENTS[0], "mean-colour", "1", "black at 896"),
        cache_key(content_key("裙子"), "hashed-characters", "1"),
    ):
        assert set(cache.get_vectors([key])) == {key}


def test_texts_of_several_batches_keep_their_order(cache: Cache) -> None:
    encoder = HashedCharacterEncoder()
    texts = [f"text {i % (TEXTS_A_BATCH + 9)}" for i in range(2 * TEXTS_A_BATCH)]
    embedded = embed_texts(texts, encoder, cache)
    assert encoder.n_encoded == embedded.n_computed == TEXTS_A_BATCH + 9
    assert np.array_equal(embedded.matrix, HashedCharacterEncoder().encode(texts))
