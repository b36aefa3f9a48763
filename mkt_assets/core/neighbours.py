"""The nearest of many vectors, by cosine, and places in a plane for those that a map was not fitted to.

Not here: the map itself (charts/maps), vectors as columns (core/vectors).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4_000_000  # cosines in memory at a time
_SAME = 1e-6  # cosine distance; of float32 vectors, nothing nearer is told apart


def nearest(
    X: NDArray[np.float32], among: NDArray[np.float32], k: int, *, skip_self: bool = False
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The k nearest rows of `among` to each row of X, the nearest first; a block of rows of X at a time.

    Args:
        X: (n, d) vectors; only their direction counts.
        among: (m, d) vectors.
        k: how many; fewer where there are no more.
        skip_self: X is `among`, and no row is its own neighbour.

    Yields:
        Positions in `among`, (rows, k), and cosine distances, (rows, k), 0..2. Equal distances come by position.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.neighbours import nearest
        >>> X = np.array([[1, 0], [1, 0.1], [0, 1]], dtype=np.float32)
        >>> [ids.tolist() for ids, _ in nearest(X, X, 1, skip_self=True)]
        [[[1], [0], [1]]]
    """
    targets = _unit(among)
    k = min(k, len(among) - skip_self)
    step = max(1, _BLOCK // max(len(among), 1))
    for start in range(0, len(X), step):
        apart = 1 - _unit(X[start : start + step]) @ targets.T
        if skip_self:
            apart[np.arange(len(apart)), start + np.arange(len(apart))] = np.inf
        ids = np.argpartition(apart, k - 1, axis=1)[:, :k] if 0 < k < apart.shape[1] else _all(apart, k)
        ids.sort(axis=1)
        found = np.take_along_axis(apart, ids, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        distances = np.take_along_axis(found, order, axis=1)
        yield np.take_along_axis(ids, order, axis=1), np.maximum(distances, 0).astype(np.float32)


def place_near(
    X: NDArray[np.float32], mapped: NDArray[np.float32], positions: NDArray[np.float64], *, k: int = 5
) -> NDArray[np.float64]:
    """Places of vectors on a map that was fitted to others: amid the k nearest of those, weighted by nearness.

    A vector that is on the map already has its place there. (As openTSNE initialises points that it adds, Policar et
    al. 2024, here without moving them afterwards.)

    Args:
        X: (n, d) vectors.
        mapped: (m, d) vectors of the map, at least one.
        positions: (m, 2).
        k: how many of them decide.

    Returns:
        (n, 2).

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.neighbours import place_near
        >>> mapped, positions = np.eye(2, dtype=np.float32), np.array([[0.0, 0.0], [4.0, 2.0]])
        >>> place_near(np.array([[1, 1], [0, 2]], dtype=np.float32), mapped, positions).round(3).tolist()
        [[2.0, 1.0], [4.0, 2.0]]
    """
    placed = [
        np.einsum("ij,ijk->ik", _weights(distances), positions[ids])
        for ids, distances in nearest(X, mapped, k)
    ]
    return np.concatenate(placed) if placed else np.zeros((0, 2))


def _weights(distances: NDArray[np.float32]) -> NDArray[np.float64]:
    near = 1 / np.maximum(distances.astype(np.float64), _SAME)
    # what is the same as another decides alone
    near = np.where(distances[:, :1] <= _SAME, distances <= _SAME, near)
    return near / near.sum(axis=1, keepdims=True)


def _unit(X: NDArray[np.float32]) -> NDArray[np.float32]:
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), np.float32(1e-12))


def _all(apart: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    return np.argsort(apart, axis=1, kind="stable")[:, :k]
