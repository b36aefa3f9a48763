"""K-means over a range of k, reproducibly, and what to judge a clustering by; choosing k is in `knee`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Sweep:
    """One k-means clustering for each k.

    Attributes:
        ks: Numbers of clusters fitted, ascending; each at most `n_distinct`.
        inertia: Sum of squared distances of the items to their centroids, (len(ks),) float64.
        n_distinct: Number of distinct vectors.
        dropped_ks: Numbers asked for that were above `n_distinct`; in their place `n_distinct` was fitted.
    """

    ks: tuple[int, ...]
    inertia: NDArray[np.float64]
    n_distinct: int
    dropped_ks: tuple[int, ...]
    _items: Matrix
    _labels: dict[int, Labels]

    def labels(self, k: int) -> Labels:
        """Cluster of each item, (n,) int64, canonical: 0 is the largest, see `canonical_labels`.

        Raises:
            KeyError: k was not fitted.
        """
        if k not in self._labels:
            raise KeyError(f"k = {k} was not fitted, only {', '.join(map(str, self.ks))}.")
        return self._labels[k]

    def centers(self, k: int) -> NDArray[np.float64]:
        """Mean of each cluster's items, (k, d) float64, in the order of the labels' ids."""
        return _means(self._items, self.labels(k))


def fit_sweep(
    X: Matrix, ks: Iterable[int], *, random_state: int = 0, n_init: int | None = None, max_iter: int = 300
) -> Sweep:
    """Cluster the same items by k-means (k-means++ starts, Lloyd's algorithm) for each k.

    The same rows in the same order give the same labels, whatever the number of threads: sort the items by
    their key first. Items of more dimensions than there are items are rotated into the space they span,
    which changes no distance.

    Args:
        X: Items, (n, d); unit vectors where the geometry shall be that of the cosine.
        ks: Numbers of clusters; above the number of distinct items, that number is taken.
        random_state: Seed of the starts.
        n_init: Starts of which the best is kept, for each k; None: more of them where items are few, see
            `default_n_init`.
        max_iter: Iterations of a start, at most.

    Raises:
        ValueError: X is not a matrix of finite numbers, or a k is below 1.
    """
    _require_finite_matrix(X)
    asked = sorted({int(k) for k in ks})
    if asked and asked[0] < 1:
        raise ValueError(f"A clustering of {asked[0]} clusters is asked for: k begins at 1.")
    n_distinct = count_distinct(X)
    fitted = tuple(sorted({min(k, n_distinct) for k in asked})) if n_distinct else ()
    scores = _span(X)
    starts = default_n_init(len(X)) if n_init is None else n_init
    labels = {k: canonical_labels(_fit(scores, k, random_state, starts, max_iter)) for k in fitted}
    inertia = np.array([_inertia(X, labels[k]) for k in fitted], dtype=np.float64)
    return Sweep(fitted, inertia, n_distinct, tuple(k for k in asked if k > n_distinct), X, labels)


def default_n_init(n_items: int) -> int:
    """Starts for so many items: 4 to 50, so that the work per k is about that of 4 starts on 5,000 items.

    On planted crawls of some hundred items 4 starts missed a cluster in one of three sweeps, 30 in none.
    """
    return max(4, min(50, 20_000 // max(n_items, 1)))


def count_distinct(X: Matrix) -> int:
    """Number of distinct rows."""
    return len({row.tobytes() for row in np.ascontiguousarray(X) + np.float32(0)})  # -0 is 0


def canonical_labels(labels: NDArray[np.integer]) -> Labels:
    """The same clustering with ids by size, 0 the largest; equal sizes in order of their first item.

    The order of the items is the fixed rule: callers sort them by key, so that of two clusters of one size
    that with the smallest key comes first.
    """
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    ids = np.empty(len(order), dtype=np.int64)
    ids[order] = np.arange(len(order))
    return ids[inverse]


def distances(X: Matrix, labels: Labels, centers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distance of each item to the centroid of its cluster, (n,) float64."""
    return np.linalg.norm(X.astype(np.float64) - centers[labels], axis=1)


def rank_in_cluster(labels: Labels, distance: NDArray[np.float64]) -> Labels:
    """1 for the item nearest to its centroid, (n,) int64; equal distances in order of the items."""
    order = np.lexsort((distance, labels))
    starts = np.searchsorted(labels[order], labels[order])
    ranks = np.empty(len(labels), dtype=np.int64)
    ranks[order] = np.arange(len(labels)) - starts + 1
    return ranks


def silhouette(X: Matrix, labels: Labels) -> float:
    """Mean silhouette (Rousseeuw 1987) of unit vectors under the cosine distance, exact for any n.

    The mean cosine distance of an item to a cluster is one less its product with the cluster's mean, so no
    matrix of distances is needed. An item alone in its cluster counts 0. NaN for one cluster, or if every
    item is one.
    """
    from threadpoolctl import threadpool_limits

    n, (ids, sizes) = len(labels), np.unique(labels, return_counts=True)
    if not 2 <= len(ids) < n:
        return float("nan")
    items = X.astype(np.float64)
    own = np.searchsorted(ids, labels)
    with threadpool_limits(limits=1):
        to_clusters = 1 - items @ _means(items, own).T
    rows = np.arange(n)
    others = np.maximum(sizes[own] - 1, 1)
    self_distance = 1 - np.einsum("ij,ij->i", items, items)
    within = (to_clusters[rows, own] * sizes[own] - self_distance) / others
    to_clusters[rows, own] = np.inf
    nearest = to_clusters.min(axis=1)
    scale = np.maximum(within, nearest)
    values = np.divide(nearest - within, scale, out=np.zeros(n), where=(scale > 1e-12) & (sizes[own] > 1))
    return float(values.mean())


def stability(X: Matrix, ks: Sequence[int], *, seeds: Sequence[int] = (1, 2, 3)) -> NDArray[np.float64]:
    """Mean adjusted Rand index (Hubert and Arabie 1985) between single starts from two seeds, for each k.

    1 if every start finds the same clusters, about 0 if they agree as chance does; NaN where there is
    nothing to agree on: one cluster, or as many as distinct items.

    Raises:
        ValueError: X is not a matrix of finite numbers, or there are fewer than two seeds.
    """
    from sklearn.metrics import adjusted_rand_score

    if len(seeds) < 2:
        raise ValueError("Stability compares seeds: give two or more.")
    _require_finite_matrix(X)
    n_distinct = count_distinct(X)
    scores = _span(X)
    values = np.full(len(ks), np.nan)
    for i, k in enumerate(ks):
        if 1 < k < n_distinct:
            runs = [_fit(scores, k, seed, n_init=1, max_iter=300) for seed in seeds]
            values[i] = np.mean([adjusted_rand_score(a, b) for a, b in combinations(runs, 2)])
    return values


def _fit(scores: Matrix, k: int, random_state: int, n_init: int, max_iter: int) -> Labels:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    model = KMeans(k, random_state=random_state, max_iter=max_iter).set_params(n_init=n_init)
    with threadpool_limits(limits=1):  # sums over threads depend on their number, and then so do labels
        return np.asarray(model.fit_predict(scores), dtype=np.int64)


def _span(X: Matrix) -> Matrix:
    """Coordinates of the rows in the space they span, if that has fewer dimensions: distances are kept."""
    from threadpoolctl import threadpool_limits

    n, d = X.shape
    if n >= d or n == 0:
        return np.ascontiguousarray(X, dtype=np.float32)
    with threadpool_limits(limits=1):
        upper = np.asarray(np.linalg.qr(X.T.astype(np.float64), mode="r"))
    return np.ascontiguousarray(upper.T, dtype=np.float32)


def _means(items: NDArray[np.floating], labels: Labels) -> NDArray[np.float64]:
    """Mean of the items of each cluster, (k, d) float64; labels are 0..k-1, none of them empty."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    sums = np.add.reduceat(items[order].astype(np.float64), starts, axis=0)
    return sums / np.bincount(labels)[:, None]


def _inertia(X: Matrix, labels: Labels) -> float:
    return float(np.square(X.astype(np.float64) - _means(X, labels)[labels]).sum())


def _require_finite_matrix(X: Matrix) -> None:
    if X.ndim != 2:
        raise ValueError(f"The items must be the rows of a matrix; their array has {X.ndim} dimension(s).")
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        raise ValueError(f"{len(bad)} item(s), the first in row {bad[0]}, have numbers that are not finite.")
