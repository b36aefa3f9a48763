"""How well items lie in their clusters.

Not here: whether a k holds (core/clustering/stability).
"""

from __future__ import annotations

import numpy as np

from mkt_assets.core.clustering.labels import Labels, Matrix, cluster_means
from mkt_assets.core.clustering.threads import one_thread_each


def silhouette(X: Matrix, labels: Labels) -> float:
    """Mean silhouette (Rousseeuw 1987) of unit vectors under the cosine distance, exact for any n.

    The mean cosine distance of an item to a cluster is one less its product with the cluster's mean, so no
    matrix of distances is needed. An item alone in its cluster counts 0. NaN for one cluster, or if every
    item is one.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.silhouette import silhouette
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

    with one_thread_each(None) as run:
        return sum(run(total, n)) / n
