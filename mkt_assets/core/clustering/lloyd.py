"""Lloyd's algorithm, from given centers.

Not here: where it starts (core/clustering/starts), for which k (core/clustering/kmeans).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.labels import Labels, Matrix, cluster_sums
from mkt_assets.core.clustering.threads import Runner


@dataclass(frozen=True)
class Fit:
    """One clustering: labels (n,) int64 and centers (k, d) float32."""

    labels: Labels
    centers: Matrix


def lloyd(items: Matrix, centers: Matrix, *, run: Runner, max_iter: int = 300, tol: float = 0.0) -> Fit:
    """Lloyd's algorithm (1982) from these centers, until no item moves or the inertia falls by less than `tol`.

    The sums of the clusters are kept and only what moved is added and taken away. A cluster that loses its last
    item is given the item that is farthest from its own center.

    Args:
        items: (n, d) float32.
        centers: (k, d) float32, k at most the number of distinct items.
        run: Threads, from `one_thread_each`.
        max_iter: Iterations, at most.
        tol: Smallest fall of the inertia, as a share of it, that is worth another iteration.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.lloyd import lloyd
        >>> items = np.array([[0], [1], [10], [11]], dtype=np.float32)
        >>> fit = lloyd(items, items[:2], run=lambda call, n: [call(slice(0, n))])
        >>> fit.labels.tolist(), fit.centers.tolist()
        ([0, 0, 1, 1], [[0.5], [10.5]])
    """
    k, labels, inertia = len(centers), None, np.inf
    squares = np.einsum("ij,ij->i", items, items)
    sums = np.zeros(centers.shape, dtype=np.float64)
    for _ in range(max_iter):
        found, distance = _assign(items, squares, centers, run)
        counts = np.bincount(found, minlength=k)
        _fill_empty(found, distance, counts)
        moved = np.arange(len(items)) if labels is None else np.flatnonzero(found != labels)
        if not len(moved):
            break
        if labels is not None and len(moved) < len(items) // 3:
            few = items[moved]
            sums += cluster_sums(few, found[moved], k) - cluster_sums(few, labels[moved], k)
        else:
            sums = cluster_sums(items, found, k)
        labels, before = found, inertia
        inertia = float(distance.sum(dtype=np.float64))
        centers = (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)
        if before - inertia < tol * inertia:
            break
    assert labels is not None
    return Fit(labels, centers)


def _assign(
    items: Matrix, squares: NDArray[np.float32], centers: Matrix, run: Runner
) -> tuple[Labels, NDArray[np.float32]]:
    """Nearest center of each item, and the squared distance to it; never more than chunks of n x k at once."""
    half = 0.5 * np.einsum("ij,ij->i", centers, centers)
    across = np.ascontiguousarray(centers.T)
    labels = np.empty(len(items), dtype=np.int64)
    distance = np.empty(len(items), dtype=np.float32)

    def assign(rows: slice) -> None:
        nearness = items[rows] @ across
        nearness -= half
        nearest = nearness.argmax(axis=1)
        labels[rows] = nearest
        distance[rows] = squares[rows] - 2 * nearness[np.arange(len(nearest)), nearest]

    run(assign, len(items))
    return labels, np.maximum(distance, 0)


def _fill_empty(labels: Labels, distance: NDArray[np.float32], counts: Labels) -> None:
    """Give each cluster without items, in place, the farthest item of a cluster that has others."""
    empty = np.flatnonzero(counts == 0)
    if not len(empty):
        return
    farthest = iter(np.argsort(-distance, kind="stable"))
    for cluster in empty:
        item = next(i for i in farthest if counts[labels[i]] > 1)
        counts[labels[item]] -= 1
        counts[cluster] = 1
        labels[item], distance[item] = cluster, 0
