"""Clusters by the labels of their items: ids in a fixed order, means, distances, ranks.

Not here: finding the labels (core/clustering/kmeans).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.threads import CHUNK_ITEMS

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]
FEW_ITEMS = 48
"""Up to so many are summed without a sparse matrix, which takes longer to make than to multiply."""


def canonical_labels(labels: NDArray[np.integer]) -> Labels:
    """The same clustering with ids by size, 0 the largest; equal sizes in order of their first item.

    The order of the items is the fixed rule: callers sort them by key, so that of two clusters of one size
    that with the smallest key comes first.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.labels import canonical_labels
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
        >>> from mkt_assets.core.clustering.labels import cluster_means
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


def cluster_sums(items: NDArray[np.floating], labels: Labels, k: int) -> NDArray[np.float64]:
    """Sum of the items of each cluster, (k, d) float64, in chunks.

    Args:
        items: (n, d); sums within a chunk are of their type.
        labels: Cluster of each, (n,) int64, 0..k-1.
        k: Number of clusters; those without items have sum 0.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.labels import cluster_sums
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


def distances(X: Matrix, labels: Labels, centers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distance of each item to the centroid of its cluster, (n,) float64.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.labels import cluster_means, distances
        >>> items, labels = np.array([[0, 0], [6, 8]], dtype=np.float32), np.array([0, 0])
        >>> distances(items, labels, cluster_means(items, labels)).tolist()
        [5.0, 5.0]
    """
    return np.linalg.norm(X.astype(np.float64) - centers[labels], axis=1)


def rank_in_cluster(labels: Labels, distance: NDArray[np.float64]) -> Labels:
    """1 for the item nearest to its centroid, (n,) int64; equal distances in order of the items.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.labels import rank_in_cluster
        >>> rank_in_cluster(np.array([0, 0, 1, 0]), np.array([0.3, 0.1, 0.5, 0.2])).tolist()
        [3, 1, 1, 2]
    """
    order = np.lexsort((distance, labels))
    starts = np.searchsorted(labels[order], labels[order])
    ranks = np.empty(len(labels), dtype=np.int64)
    ranks[order] = np.arange(len(labels)) - starts + 1
    return ranks
