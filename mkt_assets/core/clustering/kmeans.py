"""K-means over a range of k, reproducibly, and what to judge a clustering by.

Not here: choosing k (core/clustering/knee), methods to compare with (core/experiments/methods).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]
Result = TypeVar("Result")

N_DIMENSIONS = 128
"""Principal directions the search works in: 256 gave the same inertia to 0.03 % at twice the time."""
SAMPLED_ITEMS = 20_000
"""Items the centers are sought on; more are visited at the end only."""
REFINED_ITEMS = 5_000
"""Up to so many items, every k is refined in all dimensions: it costs less than a second."""
FEW_ITEMS = 48
"""Up to so many are summed without a sparse matrix, which takes longer to make than to multiply."""
CHUNK_ITEMS = 2048


class Runner(Protocol):
    """Calls a function on consecutive slices of n items, in threads, and gives the results in order."""

    def __call__(self, call: Callable[[slice], Result], n: int, /) -> list[Result]:
        """The result of each slice."""
        ...


@dataclass(frozen=True)
class Fit:
    """One clustering: labels (n,) int64 and centers (k, d) float32."""

    labels: Labels
    centers: Matrix


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
        return cluster_means(self._items, self.labels(k))


def fit_sweep(
    X: Matrix,
    ks: Iterable[int],
    *,
    random_state: int = 0,
    n_init: int | None = None,
    n_jobs: int | None = None,
) -> Sweep:
    """Cluster the same items by k-means for each k, all of them from one over-fine clustering.

    The items are rotated into their `N_DIMENSIONS` principal directions. There, half as many clusters again as
    the largest k are fitted (greedy k-means++, then Lloyd); those are merged pair by pair, each time the pair
    that costs least (Ward 1963; Fränti et al. 1997 seed k-means so), and what the merging has at each k is
    where Lloyd's algorithm starts for that k. Crawls of up to `REFINED_ITEMS` items are refined in all
    dimensions at every k; for larger ones see `refine`. Inertia is exact, in all dimensions.

    The same items give the same labels whatever the order of the rows, the process or the number of threads:
    items are taken in the order of their content, in chunks of fixed size, each by one thread.

    Args:
        X: Items, (n, d) float32; unit vectors where the geometry shall be that of the cosine.
        ks: Numbers of clusters; above the number of distinct items, that number is taken.
        random_state: Seed of the starts.
        n_init: Over-fine clusterings begun from, of which the best result at each k is kept; None: more of
            them where items are few, see `default_n_init`.
        n_jobs: Threads; None: one a core. They change no label.

    Raises:
        ValueError: X is not a matrix of finite numbers, or a k is below 1.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import fit_sweep
        >>> X = np.array([[1, 0], [0.99, 0.1], [0, 1], [0.1, 0.99], [0, 1]], dtype=np.float32)
        >>> sweep = fit_sweep(X, range(2, 10))
        >>> sweep.ks  # four distinct items make no more clusters
        (2, 3, 4)
        >>> sweep.labels(2).tolist()
        [1, 1, 0, 0, 0]
    """
    _require_finite_matrix(X)
    requested = sorted({int(k) for k in ks})
    if requested and requested[0] < 1:
        raise ValueError(f"A clustering of {requested[0]} clusters is asked for: k begins at 1.")
    order, duplicate_of = _by_content(X)
    n_distinct = int(duplicate_of[-1]) + 1 if len(X) else 0
    fitted = tuple(sorted({min(k, n_distinct) for k in requested})) if n_distinct else ()
    starts = default_n_init(len(X)) if n_init is None else n_init
    labels: dict[int, Labels] = {}
    inertia = np.empty(len(fitted), dtype=np.float64)
    with _one_thread_each(n_jobs) as run:
        scores = _principal_scores(X, order, run, random_state)
        full = np.ascontiguousarray(X[order], dtype=np.float32) if len(X) <= REFINED_ITEMS else None
        for start in range(starts if fitted else 0):
            rng = np.random.default_rng([random_state, start])
            for k, rough in _descend(scores, duplicate_of, fitted, rng, run):
                found = (
                    rough
                    if full is None
                    else lloyd(full, cluster_means(full, rough).astype(np.float32), run=run).labels
                )
                value = _inertia(X, found, order)
                at = fitted.index(k)
                if k not in labels or value < inertia[at]:
                    labels[k], inertia[at] = found, value
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    labels = {k: canonical_labels(found)[back] for k, found in labels.items()}
    return Sweep(fitted, inertia, n_distinct, tuple(k for k in requested if k > n_distinct), X, labels)


def refine(X: Matrix, labels: Labels, *, n_jobs: int | None = None) -> Labels:
    """Lloyd's algorithm in all dimensions from a clustering, until no item moves: (n,) int64, canonical.

    What `fit_sweep` does itself for few items; for many it is worth its time at the k that was chosen.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import refine
        >>> X = np.array([[0], [1], [10], [11], [12]], dtype=np.float32)
        >>> refine(X, np.array([0, 1, 1, 1, 1])).tolist()
        [1, 1, 0, 0, 0]
    """
    order, _ = _by_content(X)
    items = np.ascontiguousarray(X[order], dtype=np.float32)
    with _one_thread_each(n_jobs) as run:
        found = lloyd(items, cluster_means(items, labels[order]).astype(np.float32), run=run).labels
    refined = np.empty_like(labels)
    refined[order] = canonical_labels(found)
    return refined


def default_n_init(n_items: int) -> int:
    """Over-fine clusterings for so many items: 1 from 1,001 items on, up to 20 where a start costs little.

    Examples:
        >>> from mkt_assets.core.clustering.kmeans import default_n_init
        >>> [default_n_init(n) for n in (50, 500, 5_000)]
        [20, 4, 1]
    """
    return max(1, min(20, 2_000 // max(n_items, 1)))


def count_distinct(X: Matrix) -> int:
    """Number of distinct rows.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import count_distinct
        >>> count_distinct(np.array([[0, 1], [1, 0], [0, 1]], dtype=np.float32))
        2
    """
    return int(_by_content(X)[1][-1]) + 1 if len(X) else 0


def distinct_rows(X: Matrix) -> Matrix:
    """The distinct rows, in the order of their content.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import distinct_rows
        >>> distinct_rows(np.array([[2, 1], [1, 0], [2, 1]], dtype=np.float32)).tolist()
        [[2.0, 1.0], [1.0, 0.0]]
    """
    order, number = _by_content(X)
    return X[order[np.flatnonzero(np.diff(number, prepend=-1))]]


def canonical_labels(labels: NDArray[np.integer]) -> Labels:
    """The same clustering with ids by size, 0 the largest; equal sizes in order of their first item.

    The order of the items is the fixed rule: callers sort them by key, so that of two clusters of one size
    that with the smallest key comes first.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import canonical_labels
        >>> canonical_labels(np.array([7, 7, 3, 3, 3, 9])).tolist()
        [1, 1, 0, 0, 0, 2]
    """
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    ids = np.empty(len(order), dtype=np.int64)
    ids[order] = np.arange(len(order))
    return ids[inverse]


def cluster_means(items: Matrix, labels: Labels) -> NDArray[np.float64]:
    """Mean of the items of each cluster, (k, d) float64; labels are 0..k-1, none of them empty.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import cluster_means
        >>> items = np.array([[0, 0], [2, 0], [9, 9]], dtype=np.float32)
        >>> cluster_means(items, np.array([0, 0, 1])).tolist()
        [[1.0, 0.0], [9.0, 9.0]]
    """
    counts = np.bincount(labels)
    sums = np.zeros((len(counts), items.shape[1]), dtype=np.float64)
    for start in range(0, len(items), CHUNK_ITEMS):  # float64 for a chunk at a time
        rows = slice(start, start + CHUNK_ITEMS)
        sums += cluster_sums(items[rows].astype(np.float64), labels[rows], len(counts))
    return sums / counts[:, None]


def distances(X: Matrix, labels: Labels, centers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distance of each item to the centroid of its cluster, (n,) float64.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import cluster_means, distances
        >>> items, labels = np.array([[0, 0], [6, 8]], dtype=np.float32), np.array([0, 0])
        >>> distances(items, labels, cluster_means(items, labels)).tolist()
        [5.0, 5.0]
    """
    return np.linalg.norm(X.astype(np.float64) - centers[labels], axis=1)


def rank_in_cluster(labels: Labels, distance: NDArray[np.float64]) -> Labels:
    """1 for the item nearest to its centroid, (n,) int64; equal distances in order of the items.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import rank_in_cluster
        >>> rank_in_cluster(np.array([0, 0, 1, 0]), np.array([0.3, 0.1, 0.5, 0.2])).tolist()
        [3, 1, 1, 2]
    """
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

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import silhouette
        >>> X = np.array([[1, 0], [0.99, 0.1], [0, 1], [0.1, 0.99], [0, 1]], dtype=np.float32)
        >>> found, mixed = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 0])
        >>> round(silhouette(X, found), 2), round(silhouette(X, mixed), 2)
        (0.99, -0.32)
    """
    n, (ids, sizes) = len(labels), np.unique(labels, return_counts=True)
    if not 2 <= len(ids) < n:
        return float("nan")
    own = np.searchsorted(ids, labels)
    means = cluster_means(X, own)

    def total(rows: slice) -> float:
        items, cluster = X[rows].astype(np.float64), own[rows]
        to_clusters = 1 - items @ means.T
        at = np.arange(len(items)), cluster
        self_distance = 1 - np.einsum("ij,ij->i", items, items)
        within = (to_clusters[at] * sizes[cluster] - self_distance) / np.maximum(sizes[cluster] - 1, 1)
        to_clusters[at] = np.inf
        nearest = to_clusters.min(axis=1)
        scale = np.maximum(within, nearest)
        several = (scale > 1e-12) & (sizes[cluster] > 1)
        return float(np.divide(nearest - within, scale, out=np.zeros(len(items)), where=several).sum())

    with _one_thread_each(None) as run:
        return sum(run(total, n)) / n


def lloyd(items: Matrix, centers: Matrix, *, run: Runner, max_iter: int = 300, tol: float = 0.0) -> Fit:
    """Lloyd's algorithm (1982) from these centers, until no item moves or the inertia falls by less than `tol`.

    The sums of the clusters are kept and only what moved is added and taken away. A cluster that loses its last
    item is given the item that is farthest from its own center.

    Args:
        items: (n, d) float32.
        centers: (k, d) float32, k at most the number of distinct items.
        run: Threads, from `_one_thread_each`.
        max_iter: Iterations, at most.
        tol: Smallest fall of the inertia, as a share of it, that is worth another iteration.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import lloyd
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


def _descend(
    scores: Matrix, duplicate_of: Labels, ks: Sequence[int], rng: np.random.Generator, run: Runner
) -> Iterator[tuple[int, Labels]]:
    """Labels of the items, in the order of `scores`, for each k from the largest down."""
    n, n_distinct = len(scores), int(duplicate_of[-1]) + 1
    if ks[-1] == n_distinct:
        yield n_distinct, duplicate_of.astype(np.int64)
        ks = ks[:-1]
        if not ks:
            return
    # a fixed share of the items is enough to find the centers; all of them are then visited a few times
    sampled = np.linspace(0, n - 1, min(n, SAMPLED_ITEMS)).astype(np.int64)
    sample = scores if len(sampled) == n else scores[sampled]
    n_fine = min(ks[-1] + ks[-1] // 2 + 1, n_distinct)
    fine = lloyd(sample, _spread_out(sample, n_fine, rng), run=run, max_iter=12, tol=1e-3)
    for k, centers in _merged(fine, ks):
        fit = lloyd(sample, centers, run=run, max_iter=40, tol=1e-4)
        if len(sample) < n:
            fit = lloyd(scores, fit.centers, run=run, max_iter=5, tol=3e-4)
        yield k, fit.labels


def _spread_out(items: Matrix, k: int, rng: np.random.Generator, n_candidates: int = 3) -> Matrix:
    """K items far from each other: greedy k-means++ (Arthur and Vassilvitskii 2007)."""
    squares = np.einsum("ij,ij->i", items, items)
    chosen = [int(rng.integers(len(items)))]
    distance = np.maximum(squares - 2 * items @ items[chosen[0]] + squares[chosen[0]], 0)
    distance[chosen] = 0
    while len(chosen) < k:
        cumulated = np.cumsum(distance, dtype=np.float64)
        if cumulated[-1] <= 0:  # what is left differs by less than float32 sees
            rest = np.setdiff1d(np.arange(len(items)), chosen)
            chosen += rest[: k - len(chosen)].tolist()
            break
        drawn = np.searchsorted(cumulated, rng.random(n_candidates) * cumulated[-1], side="right")
        drawn = np.minimum(drawn, len(items) - 1)
        after = squares[drawn, None] - 2 * (items[drawn] @ items.T) + squares
        np.clip(after, 0, distance, out=after)
        after[np.arange(n_candidates), drawn] = 0
        best = int(after.sum(axis=1, dtype=np.float64).argmin())
        distance = after[best]
        chosen.append(int(drawn[best]))
    return items[chosen]


def _merged(fine: Fit, ks: Sequence[int]) -> Iterator[tuple[int, Matrix]]:
    """Centers for each k from the largest down, by merging the pair whose merger adds least inertia (Ward)."""
    centers = fine.centers.astype(np.float64)
    sizes = np.bincount(fine.labels, minlength=len(centers)).astype(np.float64)
    alive = np.ones(len(centers), dtype=np.bool_)

    def cost(i: int) -> NDArray[np.float64]:
        costs = (
            np.square(centers - centers[i]).sum(axis=1) * sizes * sizes[i] / np.maximum(sizes + sizes[i], 1)
        )
        costs[~alive] = np.inf
        costs[i] = np.inf
        return costs

    costs = np.stack([cost(i) for i in range(len(centers))])
    for k in sorted(ks, reverse=True):
        while alive.sum() > k:
            i, j = sorted(divmod(int(costs.argmin()), len(costs)))
            total = sizes[i] + sizes[j]
            centers[i] = (sizes[i] * centers[i] + sizes[j] * centers[j]) / max(total, 1)
            sizes[i], alive[j] = total, False
            costs[j] = costs[:, j] = np.inf
            costs[i] = costs[:, i] = cost(i)
        yield k, centers[alive].astype(np.float32)


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


def _principal_scores(X: Matrix, order: Labels, run: Runner, random_state: int) -> Matrix:
    """The items, in this order, in their first principal directions, centred: (n, at most N_DIMENSIONS) float32.

    The directions are found by randomized subspace iteration (Halko et al. 2011) on evenly spaced items. No more
    dimensions than `N_DIMENSIONS`, or than items: then it is a rotation that keeps every distance.
    """
    n, d = X.shape
    if n == 0:
        return np.zeros((0, min(d, N_DIMENSIONS)), dtype=np.float32)
    sample = np.asarray(X[order[np.linspace(0, n - 1, min(n, 8192)).astype(np.int64)]], dtype=np.float32)
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    sample -= mean
    n_wide = min(N_DIMENSIONS + 16, d, n)
    rng = np.random.default_rng(random_state)
    basis = rng.standard_normal((d, n_wide)).astype(np.float32)
    for _ in range(2):
        reached = np.concatenate(run(partial(_product, sample, basis), len(sample)))
        basis = np.linalg.qr(sum(run(partial(_product_across, sample, reached), len(sample))))[0]
    projected = np.concatenate(run(partial(_product, sample, basis), len(sample)))
    _, turn = np.linalg.eigh((projected.T @ projected).astype(np.float64))
    basis = basis @ turn[:, ::-1][:, :N_DIMENSIONS].astype(np.float32)
    scores = np.empty((n, basis.shape[1]), dtype=np.float32)

    def project(rows: slice) -> None:
        scores[rows] = (np.asarray(X[order[rows]], dtype=np.float32) - mean) @ basis

    run(project, n)
    return scores


def _product(items: Matrix, basis: Matrix, rows: slice) -> Matrix:
    return items[rows] @ basis


def _product_across(items: Matrix, reached: Matrix, rows: slice) -> Matrix:
    return items[rows].T @ reached[rows]


def _by_content(X: Matrix) -> tuple[Labels, Labels]:
    """An order of the rows that depends on what is in them only, and, in that order, the number of each distinct row.

    Rows are compared as bytes, -0 as 0.
    """
    if not X.size:
        return np.arange(len(X)), np.zeros(len(X), dtype=np.int64)
    rows = np.ascontiguousarray(X, dtype=np.float32)
    chunks = (rows[a : a + CHUNK_ITEMS] for a in range(0, len(rows), CHUNK_ITEMS))
    if any((np.signbit(chunk) & (chunk == 0)).any() for chunk in chunks):
        rows = rows + np.float32(0)
    keys = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    order = np.argsort(keys, kind="stable")
    new = np.zeros(len(rows), dtype=np.int64)
    for start in range(1, len(rows), CHUNK_ITEMS):
        at = slice(start, min(start + CHUNK_ITEMS, len(rows)))
        before = slice(at.start - 1, at.stop - 1)
        new[at] = keys[order[at]] != keys[order[before]]
    return order, np.cumsum(new)


@contextmanager
def _one_thread_each(n_jobs: int | None) -> Generator[Runner]:
    """A function that calls another on chunks of items, in threads, and gives the results in order.

    Each thread's BLAS has one thread itself: sums over threads depend on their number, and then so do labels.
    """
    n_threads = n_jobs or os.cpu_count() or 1
    with one_blas_thread(), ThreadPoolExecutor(n_threads) as pool:

        def run(call: Callable[[slice], Result], n: int) -> list[Result]:
            chunks = [slice(a, min(a + CHUNK_ITEMS, n)) for a in range(0, n, CHUNK_ITEMS)]
            return list(pool.map(call, chunks) if len(chunks) > 1 else map(call, chunks))

        yield run


def one_blas_thread() -> AbstractContextManager[object]:
    """BLAS with one thread in each thread, for a block: sums over threads depend on their number.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import one_blas_thread
        >>> with one_blas_thread():
        ...     float(np.ones(3) @ np.ones(3))
        3.0
    """
    return _blas().limit(limits=1)


@cache
def _blas() -> ThreadpoolController:
    # kept: it looks through all libraries of the process, which takes longer than a fit of few items
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def cluster_sums(items: NDArray[np.floating], labels: Labels, k: int) -> NDArray[np.float64]:
    """Sum of the items of each cluster, (k, d) float64, in chunks.

    Args:
        items: (n, d); sums within a chunk are of their type.
        labels: Cluster of each, (n,) int64, 0..k-1.
        k: Number of clusters; those without items have sum 0.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.kmeans import cluster_sums
        >>> cluster_sums(np.array([[1, 0], [2, 0], [0, 3]], dtype=np.float32), np.array([0, 0, 1]), 2).tolist()
        [[3.0, 0.0], [0.0, 3.0]]
    """
    from scipy.sparse import csc_array

    sums = np.zeros((k, items.shape[1]), dtype=np.float64)
    for start in range(0, len(items), CHUNK_ITEMS):
        part = labels[start : start + CHUNK_ITEMS].astype(np.int32)
        if len(part) <= FEW_ITEMS:  # the same sums, in the same order
            few = np.zeros(sums.shape, dtype=items.dtype)
            np.add.at(few, part, items[start : start + CHUNK_ITEMS])
            sums += few
            continue
        # a column an item, with a single one: as it is stored, nothing is sorted
        member = csc_array(
            (np.ones(len(part), dtype=items.dtype), part, np.arange(len(part) + 1, dtype=np.int32)),
            shape=(k, len(part)),
        )
        sums += member @ items[start : start + CHUNK_ITEMS]
    return sums


def _inertia(X: Matrix, labels: Labels, order: Labels) -> float:
    """Sum of squared distances to the clusters' means; `labels` are of X[order]."""
    counts = np.bincount(labels)
    sums = np.zeros((len(counts), X.shape[1]), dtype=np.float64)
    squares = 0.0
    for start in range(0, len(order), CHUNK_ITEMS):
        rows = slice(start, start + CHUNK_ITEMS)
        items = X[order[rows]].astype(np.float64)
        squares += float(np.square(items).sum())
        sums += cluster_sums(items, labels[rows], len(counts))  # type: ignore[arg-type]
    return max(0.0, squares - float((np.square(sums).sum(axis=1) / counts).sum()))


def _require_finite_matrix(X: Matrix) -> None:
    if X.ndim != 2:
        raise ValueError(f"The items must be the rows of a matrix; their array has {X.ndim} dimension(s).")
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        raise ValueError(f"{len(bad)} item(s), the first in row {bad[0]}, have numbers that are not finite.")
