"""Vectors are computed once, and handed to the cache often enough that a kill costs little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.compute import cached
from mkt_assets.compute.cached import Batch, embed_missing


def vector(key: str) -> NDArray[np.float32]:
    return np.full(2, float(key), dtype=np.float32)


class Store:
    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, keys: Sequence[str], matrix: NDArray[np.float32]) -> None:
        assert [row.tolist() for row in matrix] == [vector(key).tolist() for key in keys]
        self.calls.append(list(keys))


def one_by_one(keys: Sequence[str]) -> Iterator[Batch]:
    for key in keys:
        yield [key], vector(key)[None, :]


def test_equal_content_is_computed_once_and_known_content_not_at_all() -> None:
    store = Store()
    keys = ["1", "2", "1", "3", "2"]
    made = embed_missing(keys, {"3": vector("3")}, compute=one_by_one, store=store, dimension=2)
    assert made.matrix.tolist() == [vector(key).tolist() for key in keys]
    assert (made.n_computed, made.n_from_cache) == (2, 1)
    assert store.calls == [["1", "2"]]


def test_the_cache_gets_new_vectors_within_the_flush_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(cached.time, "monotonic", lambda: float(next(clock)))
    store = Store()
    embed_missing(
        [str(i) for i in range(1, 7)], {}, compute=one_by_one, store=store, dimension=2, flush_seconds=30
    )
    assert [len(call) for call in store.calls] == [2, 2, 2]


def test_what_was_computed_before_a_failure_is_stored() -> None:
    def failing(keys: Sequence[str]) -> Iterator[Batch]:
        yield from one_by_one(keys[:2])
        raise RuntimeError("the disk is full")

    store = Store()
    with pytest.raises(RuntimeError, match="disk"):
        embed_missing(["1", "2", "3"], {}, compute=failing, store=store, dimension=2)
    assert store.calls == [["1", "2"]]


def test_an_encoder_that_leaves_an_item_out_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 of 2 items were not embedded"):
        embed_missing(["1", "2"], {}, compute=lambda keys: one_by_one(keys[:1]), store=Store(), dimension=2)


def test_vectors_of_the_wrong_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="of 3"):
        embed_missing(["1"], {}, compute=one_by_one, store=Store(), dimension=3)


def test_nothing_to_embed_is_an_empty_matrix() -> None:
    assert embed_missing([], {}, compute=one_by_one, store=Store(), dimension=2).matrix.shape == (0, 2)
