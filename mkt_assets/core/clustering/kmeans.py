"""K-means over a range of k, reproducibly.

Not here: one descent (core/clustering/lloyd), choosing k (core/clustering/knee), methods to compare with
(core/experiments/methods).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.directions import principal_scores
from mkt_assets.core.clustering.distinct import by_content
from mkt_assets.core.clustering.labels import Labels, Matrix, canonical_labels, cluster_means, cluster_sums
from mkt_assets.core.clustering.lloyd import lloyd
from mkt_assets.core.clustering.starts import merged, spread_out
from mkt_assets.core.clustering.threads import CHUNK_ITEMS, Runner, one_thread_each

SAMPLED_ITEMS = 20_000
"""Items the centers are sought on; more are visited at the end only."""
REFINED_ITEMS = 5_000
"""Up to so many items, every k is refined in all dimensions: it costs less than a second."""


@dataclass(frozen=True)
class Sweep:
    """One k-means clustering for each k.

    Attributes:
        ks: Numbers of clusters fitted, ascending; each at most `n_distinct`.
        n_distinct: Number of distinct vectors.
        dropped_ks: Numbers asked for that were above `n_distinct`; in their place `n_distinct` was fitted.
    """

    ks: tuple[int, ...]
    n_distinct: int
    dropped_ks: tuple[int, ...]
    _items: Matrix
    _order: Labels
    _found: dict[int, Labels]
    """Labels of `_items[_order]`, with ids as they were found."""

    @cached_property
    def inertia(self) -> NDArray[np.float64]:
        """Sum of squared distances of the items to their centroids at each k, (len(ks),) float64.

        Computed when it is asked for: most sweeps are made for their labels.
        """
        return np.array([_inertia(self._items, self._found[k], self._order) for k in self.ks])

    def labels(self, k: int) -> Labels:
        """Cluster of each item, (n,) int64, canonical: 0 is the largest, see `canonical_labels`.

        Raises:
            KeyError: k was not fitted.
        """
        if k not in self._labels:
            raise KeyError(f"k = {k} was not fitted, only {', '.join(map(str, self.ks))}.")
        return self._labels[k]

    @cached_property
    def _labels(self) -> dict[int, Labels]:
        back = np.empty_like(self._order)
        back[self._order] = np.arange(len(self._order))
        return {k: canonical_labels(found)[back] for k, found in self._found.items()}

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
    order, duplicate_of = by_content(X)
    n_distinct = int(duplicate_of[-1]) + 1 if len(X) else 0
    fitted = tuple(sorted({min(k, n_distinct) for k in requested})) if n_distinct else ()
    starts = default_n_init(len(X)) if n_init is None else n_init
    best: dict[int, Labels] = {}
    least: dict[int, float] = {}
    with one_thread_each(n_jobs) as run:
        scores = principal_scores(X, order, run, random_state)
        full = np.ascontiguousarray(X[order], dtype=np.float32) if len(X) <= REFINED_ITEMS else None
        for start in range(starts if fitted else 0):
            rng = np.random.default_rng([random_state, start])
            for k, rough in _descend(scores, duplicate_of, fitted, rng, run):
                found = (
                    rough
                    if full is None
                    else lloyd(full, cluster_means(full, rough).astype(np.float32), run=run).labels
                )
                # of a single start there is nothing to choose
                value = _inertia(X, found, order) if starts > 1 else 0.0
                if k not in best or value < least[k]:
                    best[k], least[k] = found, value
    return Sweep(fitted, n_distinct, tuple(k for k in requested if k > n_distinct), X, order, best)


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
    order, _ = by_content(X)
    items = np.ascontiguousarray(X[order], dtype=np.float32)
    with one_thread_each(n_jobs) as run:
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
    fine = lloyd(sample, spread_out(sample, n_fine, rng), run=run, max_iter=12, tol=1e-3)
    for k, centers in merged(fine.centers, np.bincount(fine.labels, minlength=n_fine), ks):
        fit = lloyd(sample, centers, run=run, max_iter=40, tol=1e-4)
        if len(sample) < n:
            fit = lloyd(scores, fit.centers, run=run, max_iter=5, tol=3e-4)
        yield k, fit.labels


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
