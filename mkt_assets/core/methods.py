"""Clustering methods side by side on the same vectors, and how each holds on resamples; controls are in `controls`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.kmeans import Labels, Matrix, count_distinct, fit_sweep, silhouette
from mkt_assets.core.knee import sag

NOISE = -1
N_RESAMPLES = 6
RESAMPLED_SHARE = 0.8
MIN_ITEMS = 12
"""Fewer items are not compared: every method finds what it likes in them."""

Fitter = Callable[[Matrix, int, int], tuple[Labels, str]]
"""Items (n, d), n_clusters where the method takes one, seed -> labels (n,), -1 noise; and the parameters used."""


@dataclass(frozen=True)
class Trial:
    """One method on all items, and again on resamples of them.

    Attributes:
        labels: Cluster of each item, (n,) int64; -1: noise.
        parameters: What the method was given, for people.
        seconds: Wall time of the fit on all items.
        resamples: (rows drawn, their labels) of each refit on `RESAMPLED_SHARE` of the items.
    """

    labels: Labels
    parameters: str
    seconds: float
    resamples: tuple[tuple[NDArray[np.int64], Labels], ...]

    @property
    def n_clusters(self) -> int:
        """Number of clusters, noise not counted."""
        return len(np.unique(self.labels[self.labels != NOISE]))

    @property
    def noise_share(self) -> float:
        """Share of the items that are in no cluster."""
        return float((self.labels == NOISE).mean())


def try_method(fit: Fitter, X: Matrix, n_clusters: int, *, random_state: int = 0) -> Trial:
    """Fit all items, then `N_RESAMPLES` draws of `RESAMPLED_SHARE` of them without replacement.

    The draws are the same for every method of one crawl; rows are expected in an order that does not depend
    on the file's (`read_items` sorts them). One thread: sums in another order could move an item over DBSCAN's
    eps, and OPTICS, which asks for one item's neighbours at a time, is slower with two.
    """
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(random_state)
    n_drawn = max(1, round(RESAMPLED_SHARE * len(X)))
    resamples: list[tuple[NDArray[np.int64], Labels]] = []
    with threadpool_limits(limits=1):
        began = time.perf_counter()
        labels, parameters = fit(X, n_clusters, random_state)
        seconds = time.perf_counter() - began
        for number in range(N_RESAMPLES):
            rows = np.sort(rng.permutation(len(X))[:n_drawn])
            resamples.append((rows, fit(X[rows], n_clusters, random_state + 1 + number)[0]))
    return Trial(labels, parameters, seconds, tuple(resamples))


def stability(trial: Trial) -> tuple[float, float]:
    """Mean and standard deviation, over resamples, of the adjusted Rand index with the clustering of all items.

    Noise items are clusters of their own: being left out is no agreement. NaN where a method finds fewer than
    two clusters, as then there is nothing to agree on.
    """
    if trial.n_clusters < 2:
        return float("nan"), float("nan")
    values = [agreement_of_labels(trial.labels[rows], labels) for rows, labels in trial.resamples]
    return float(np.mean(values)), float(np.std(values))


def agreement_of_labels(a: Labels, b: Labels) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985) of two clusterings, noise items as clusters of their own."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(_noise_apart(a), _noise_apart(b)))


def clustered_silhouette(X: Matrix, labels: Labels) -> float:
    """Mean silhouette of the items that are in a cluster; NaN if there are fewer than two clusters."""
    inside = labels != NOISE
    if len(np.unique(labels[inside])) < 2:
        return float("nan")
    _, compact = np.unique(labels[inside], return_inverse=True)
    return silhouette(X[inside], compact.astype(np.int64))


def fit_kmeans(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """The platform's own k-means."""
    k = min(n_clusters, count_distinct(X))
    return fit_sweep(X, [k], random_state=random_state).labels(k), f"n_clusters={k}"


def fit_dbscan(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """DBSCAN (Ester et al. 1996), eps from the knee of the k-distance curve."""
    from sklearn.cluster import DBSCAN

    del n_clusters, random_state
    min_samples = min_samples_for(len(X))
    eps = k_distance_eps(X, min_samples)
    labels = DBSCAN(eps=eps, min_samples=min_samples).fit(X).labels_
    return labels.astype(np.int64), f"eps={eps:.3f}, min_samples={min_samples}"


def fit_optics(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """OPTICS (Ankerst et al. 1999) with scikit-learn's xi."""
    from sklearn.cluster import OPTICS

    del n_clusters, random_state
    min_samples = min_samples_for(len(X))
    with np.errstate(divide="ignore", invalid="ignore"):  # equal items have a reachability of 0
        labels = OPTICS(min_samples=min_samples, xi=0.05).fit(X).labels_
    return labels.astype(np.int64), f"xi=0.05, min_samples={min_samples}"


def fit_hdbscan(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """HDBSCAN (Campello et al. 2013)."""
    from sklearn.cluster import HDBSCAN

    del n_clusters, random_state
    min_cluster_size = min_samples_for(len(X))
    labels = HDBSCAN(min_cluster_size=min_cluster_size, copy=True).fit(X).labels_  # pyright: ignore[reportArgumentType]
    return labels.astype(np.int64), f"min_cluster_size={min_cluster_size}"


METHODS: Mapping[str, Fitter] = MappingProxyType(
    {"k-means": fit_kmeans, "dbscan": fit_dbscan, "optics": fit_optics, "hdbscan": fit_hdbscan}
)


def min_samples_for(n_items: int) -> int:
    """Items that make a neighbourhood dense: the natural logarithm of their number (Birant and Kut 2007), 4 or more."""
    return max(4, round(float(np.log(max(1, n_items)))))


def k_distance_eps(X: Matrix, min_samples: int) -> float:
    """The distance at the knee of the sorted k-distance curve (Ester et al. 1996), found by Kneedle.

    Each item's distance to its `min_samples`-th nearest item (itself counted, as scikit-learn does), sorted
    from the largest; where that curve is farthest below the line between its ends, dense items begin. Never 0.
    """
    from sklearn.neighbors import NearestNeighbors

    k = min(min_samples, len(X))
    distance = np.sort(NearestNeighbors(n_neighbors=k).fit(X).kneighbors(X)[0][:, -1].astype(np.float64))[
        ::-1
    ]
    if len(distance) < 3 or distance[0] <= distance[-1]:
        return max(float(distance[0]) if len(distance) else 0.0, 1e-6)
    at = int(sag(np.arange(len(distance), dtype=np.float64), distance).argmax())
    return max(float(distance[at]), 1e-6)


def _noise_apart(labels: Labels) -> Labels:
    apart = labels.copy()
    noise = np.flatnonzero(labels == NOISE)
    apart[noise] = (labels.max(initial=0) + 1) + np.arange(len(noise))
    return apart
