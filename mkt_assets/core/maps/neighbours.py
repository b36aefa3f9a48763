"""The nearest of many vectors, by cosine.

Not here: places on a map (layout), vectors as columns (core/vectors).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.vectors import unit_rows

_BLOCK = 4_000_000  # cosines in memory at a time


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
        >>> from mkt_assets.core.maps.neighbours import nearest
        >>> X = np.array([[1, 0], [1, 0.1], [0, 1]], dtype=np.float32)
        >>> [ids.tolist() for ids, _ in nearest(X, X, 1, skip_self=True)]
        [[[1], [0], [1]]]
    """
    targets = unit_rows(among)
    k = min(k, len(among) - skip_self)
    step = max(1, _BLOCK // max(len(among), 1))
    for start in range(0, len(X), step):
        apart = 1 - unit_rows(X[start : start + step]) @ targets.T
        if skip_self:
            apart[np.arange(len(apart)), start + np.arange(len(apart))] = np.inf
        ids = _nearest(apart, k) if 0 < k < apart.shape[1] else _all(apart, k)
        ids.sort(axis=1)
        found = np.take_along_axis(apart, ids, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        distances = np.take_along_axis(found, order, axis=1)
        yield np.take_along_axis(ids, order, axis=1), np.maximum(distances, 0).astype(np.float32)


def _all(apart: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    return np.argsort(apart, axis=1, kind="stable")[:, :k]


def _nearest(apart: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    ids = np.argpartition(apart, k - 1, axis=1)[:, :k]
    furthest = np.take_along_axis(apart, ids, axis=1).max(axis=1)
    # where more are as far as the last one, those that come first
    tied = np.flatnonzero((apart <= furthest[:, None]).sum(axis=1) > k)
    ids[tied] = _all(apart[tied], k)
    return ids
