"""Neighbours are those that counting by hand gives."""

from __future__ import annotations

import numpy as np
import pytest

from mkt_assets.core.maps import neighbours
from mkt_assets.core.maps.neighbours import nearest

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 8)).astype(np.float32)


@pytest.mark.parametrize("block", [7 * 60, neighbours._BLOCK])
def test_neighbours_are_the_nearest_by_cosine_in_order_whatever_the_block(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK", block)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    apart = 1 - unit @ unit.T
    np.fill_diagonal(apart, np.inf)
    ids, distances = (np.concatenate(parts) for parts in zip(*nearest(X, X, 5, skip_self=True), strict=True))
    assert ids.tolist() == np.argsort(apart, axis=1)[:, :5].tolist()
    assert np.allclose(distances, np.sort(apart, axis=1)[:, :5], atol=1e-6)


def test_there_are_no_more_neighbours_than_others() -> None:
    ids, distances = next(nearest(X[:3], X[:3], 15, skip_self=True))
    assert ids.shape == distances.shape == (3, 2)
    ids, _ = next(nearest(X[:1], X[:1], 15, skip_self=True))
    assert ids.shape == (1, 0)
    assert list(nearest(X[:0], X[:0], 15)) == []


def test_of_what_is_equally_far_comes_first_what_stands_first() -> None:
    among = np.tile(np.eye(2, dtype=np.float32), (30, 1))
    ids, _ = next(nearest(np.array([[1, 0]], np.float32), among, 5))
    assert ids.tolist() == [[0, 2, 4, 6, 8]]
