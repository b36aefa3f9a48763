"""Clustering methods side by side on the same vectors, and how each holds on random halves of the accounts."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.distinct import count_distinct
from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.knee import sag
from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.clustering.silhouette import silhouette
from mkt_assets.core.clustering.stability import adjusted_rand_index
from mkt_assets.core.experiments.optics import optics_order

NOISE = -1
N_RESAMPLES = 10
"""Random halves of the accounts; every method is fitted again on each."""
MIN_ACCOUNTS = 10
MIN_ITEMS = 12
"""Fewer items are not compared: every method finds what it likes in them."""

Fitter = Callable[[Matrix, int, int], tuple[Labels, str]]
"""Items (n, d), n_clusters where the method takes one, seed -> labels (n,), -1 noise; and the parameters used."""


@dataclass(frozen=True)
class Trial:
    """One method on all items, and again on random halves of the accounts.

    Attributes:
        labels: Cluster of each item, (n,) int64; -1: noise.
        parameters: What the method was given, for people.
        seconds: Wall time of the fit on all items.
        resamples: (rows drawn, their labels) of each refit.
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


def try_method(
    fit: Fitter,
    X: Matrix,
    n_clusters: int,
    *,
    units: Sequence[Hashable] | None = None,
    random_state: int = 0,
) -> Trial:
    """Fit all items, then `N_RESAMPLES` random halves of the units, each with another seed.

    The halves are the same for every method of one crawl; rows are expected in an order that does not depend
    on the file's (`read_items` sorts them). One thread: sums in another order could move an item over DBSCAN's
    eps, and OPTICS, which asks for one item's neighbours at a time, is slower with two.

    Args:
        fit: The method.
        X: Items, (n, d).
        n_clusters: For methods that take a number.
        units: What is drawn as a whole, one entry an item, see `drawn_together`; None: every item by itself.
        random_state: Seed.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import N_RESAMPLES, fit_dbscan, try_method
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> trial = try_method(fit_dbscan, X, 3)
        >>> trial.n_clusters, len(trial.resamples) == N_RESAMPLES
        (3, True)
    """
    from threadpoolctl import threadpool_limits

    halves = draw_halves(range(len(X)) if units is None else units, random_state=random_state)
    resamples: list[tuple[NDArray[np.int64], Labels]] = []
    with threadpool_limits(limits=1):
        began = time.perf_counter()
        labels, parameters = fit(X, n_clusters, random_state)
        seconds = time.perf_counter() - began
        for number, drawn in enumerate(halves):
            rows = np.flatnonzero(drawn)
            if len(rows):
                resamples.append((rows, fit(X[rows], n_clusters, random_state + 1 + number)[0]))
    return Trial(labels, parameters, seconds, tuple(resamples))


def drawn_together(accounts: Sequence[Hashable], posts: Sequence[Hashable]) -> Sequence[Hashable]:
    """What a resample has or has not as a whole: accounts, or posts where there are fewer than `MIN_ACCOUNTS`.

    Examples:
        >>> from mkt_assets.core.experiments.methods import drawn_together
        >>> posts = [f"post{i}" for i in range(20)]
        >>> drawn_together(["one account"] * 20, posts) is posts
        True
    """
    return accounts if len(set(accounts)) >= MIN_ACCOUNTS else posts


def draw_halves(units: Sequence[Hashable], *, random_state: int = 0) -> NDArray[np.bool_]:
    """Which items are in each random half of the units, (N_RESAMPLES, n).

    Of two units that follow each other in size a half has one (half-samples, McCarthy 1969), so that halves are of
    a size although a few accounts wrote most of the posts; units of equal size in random order.

    Examples:
        >>> from mkt_assets.core.experiments.methods import draw_halves
        >>> drawn = draw_halves(["a", "a", "b", "c", "d"])
        >>> bool((drawn[:, 0] == drawn[:, 1]).all()), drawn[:, 1:].sum(axis=1).tolist() == [2] * len(drawn)
        (True, True)
    """
    _, unit, sizes = np.unique([str(u) for u in units], return_inverse=True, return_counts=True)
    rng = np.random.default_rng(random_state)
    shuffled = rng.permutation(len(sizes))
    by_size = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    one, other = by_size[::2], by_size[1::2]
    heads = rng.integers(0, 2, (N_RESAMPLES, len(one))).astype(bool)
    drawn = np.zeros((N_RESAMPLES, len(sizes)), dtype=bool)
    drawn[:, one], drawn[:, other] = heads, ~heads[:, : len(other)]
    return drawn[:, unit]


def stability(trial: Trial) -> tuple[float, float]:
    """Stability of a trial, see `stability_replicates`, and its standard error.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_kmeans, stability, try_method
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> stability(try_method(fit_kmeans, X, 3))
        (1.0, 0.0)
        >>> round(stability(try_method(fit_kmeans, X, 8))[0], 1)  # more than there are
        0.5
    """
    mean, replicates = stability_replicates(trial)
    return mean, half_sample_error(replicates)


def stability_replicates(trial: Trial) -> tuple[float, NDArray[np.float64]]:
    """Mean adjusted Rand index between the refits, on the items that two have in common; and without each refit.

    Pairs of subsamples as of Ben-Hur et al. (2002). The clustering of all items is in no pair: it would be in
    all of them, and the luck of its seed in every value. Noise items are clusters of their own: being left out is
    no agreement. NaN where a method finds fewer than two clusters, as then there is nothing to agree on.

    Returns:
        The mean, and (refits,) replicates that spread as it errs: what each refit's pairs add to it.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_kmeans, stability_replicates, try_method
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> mean, replicates = stability_replicates(try_method(fit_kmeans, X, 8))
        >>> round(mean, 1), replicates.shape
        (0.5, (10,))
    """
    n = len(trial.resamples)
    if trial.n_clusters < 2 or n < 3:
        return float("nan"), np.full(n, np.nan)
    between = np.zeros((n, n))
    for i, j in combinations(range(n), 2):
        (rows, labels), (other_rows, other_labels) = trial.resamples[i], trial.resamples[j]
        _, a, b = np.intersect1d(rows, other_rows, assume_unique=True, return_indices=True)
        between[i, j] = between[j, i] = agreement_of_labels(labels[a], other_labels[b])
    mean, of_each = between.sum() / (n * (n - 1)), between.sum(axis=1) / (n - 1)
    # the jackknife of a mean over pairs: a refit left out takes n - 1 pairs along, each of two refits
    return float(mean), mean + (of_each - mean) * 2 * np.sqrt(n) * (n - 1) / (n * (n - 2))


def half_sample_error(replicates: NDArray[np.float64]) -> float:
    """Standard error of a value that is known of random halves: their standard deviation (McCarthy 1969).

    A value of half the units has twice the variance of one of all of them, and half of it is not seen among
    halves, as two of them share half of their units. NaN: unknown.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import half_sample_error
        >>> round(half_sample_error(np.array([0.5, 0.6, 0.7, np.nan])), 3)
        0.1
    """
    known = replicates[~np.isnan(replicates)]
    return float(known.std(ddof=1)) if len(known) > 1 else float("nan")


def agreement_of_labels(a: Labels, b: Labels) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985) of two clusterings, noise items as clusters of their own.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import agreement_of_labels
        >>> labels = np.array([0, 0, 1, 1])
        >>> agreement_of_labels(labels, np.array([1, 1, 0, 0]))
        1.0
        >>> round(agreement_of_labels(labels, np.array([0, 0, -1, -1])), 2)  # noise is no cluster
        0.57
    """
    return adjusted_rand_index(_noise_apart(a), _noise_apart(b))


def clustered_silhouette(X: Matrix, labels: Labels) -> float:
    """Mean silhouette of the items that are in a cluster; NaN if there are fewer than two clusters.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import clustered_silhouette
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> labels = groups.copy()
        >>> labels[:5] = -1  # noise is passed over
        >>> round(clustered_silhouette(X, labels), 2)
        0.98
    """
    inside = labels != NOISE
    if len(np.unique(labels[inside])) < 2:
        return float("nan")
    _, compact = np.unique(labels[inside], return_inverse=True)
    return silhouette(X[inside], compact.astype(np.int64))


def fit_kmeans(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """The platform's own k-means.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_kmeans
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> labels, parameters = fit_kmeans(X, 3, 0)
        >>> np.bincount(labels).tolist(), parameters
        ([20, 20, 20], 'n_clusters=3')
    """
    k = min(n_clusters, count_distinct(X))
    return fit_sweep(X, [k], random_state=random_state).labels(k), f"n_clusters={k}"


def fit_dbscan(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """DBSCAN (Ester et al. 1996), eps from the knee of the k-distance curve.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_dbscan
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> labels, parameters = fit_dbscan(X, 3, 0)  # takes no number of clusters
        >>> sorted(set(labels.tolist()) - {-1}), parameters.split(", ")[1]
        ([0, 1, 2], 'min_samples=4')
    """
    from sklearn.cluster import DBSCAN

    del n_clusters, random_state
    min_samples = min_samples_for(len(X))
    eps = k_distance_eps(X, min_samples)
    labels = DBSCAN(eps=eps, min_samples=min_samples).fit(X).labels_
    return labels.astype(np.int64), f"eps={eps:.3f}, min_samples={min_samples}"


def fit_optics(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """OPTICS (Ankerst et al. 1999) with scikit-learn's xi.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_optics
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> labels, parameters = fit_optics(X, 3, 0)
        >>> len(labels), parameters
        (60, 'xi=0.05, min_samples=4')
    """
    from sklearn.cluster import cluster_optics_xi

    del n_clusters, random_state
    min_samples = min_samples_for(len(X))
    order = optics_order(X, min_samples)
    with np.errstate(divide="ignore", invalid="ignore"):  # equal items have a reachability of 0
        labels, _ = cluster_optics_xi(
            reachability=order.reachability,
            predecessor=order.predecessor,
            ordering=order.ordering,
            min_samples=min_samples,
            xi=0.05,
        )
    return labels.astype(np.int64), f"xi=0.05, min_samples={min_samples}"


def fit_hdbscan(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """HDBSCAN (Campello et al. 2013).

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_hdbscan
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> labels, parameters = fit_hdbscan(X, 3, 0)
        >>> sorted(set(labels.tolist()) - {-1}), parameters
        ([0, 1, 2], 'min_cluster_size=4')
    """
    from sklearn.cluster import HDBSCAN

    del n_clusters, random_state
    min_cluster_size = min_samples_for(len(X))
    labels = HDBSCAN(min_cluster_size=min_cluster_size, copy=True).fit(X).labels_  # pyright: ignore[reportArgumentType]
    return labels.astype(np.int64), f"min_cluster_size={min_cluster_size}"


METHODS: Mapping[str, Fitter] = MappingProxyType(
    {"k-means": fit_kmeans, "dbscan": fit_dbscan, "optics": fit_optics, "hdbscan": fit_hdbscan}
)


def min_samples_for(n_items: int) -> int:
    """Items that make a neighbourhood dense: the natural logarithm of their number (Birant and Kut 2007), 4 or more.

    Examples:
        >>> from mkt_assets.core.experiments.methods import min_samples_for
        >>> [min_samples_for(n) for n in (20, 1_000, 50_000)]
        [4, 7, 11]
    """
    return max(4, round(float(np.log(max(1, n_items)))))


def k_distance_eps(X: Matrix, min_samples: int) -> float:
    """The distance at the knee of the sorted k-distance curve (Ester et al. 1996), found by Kneedle.

    Each item's distance to its `min_samples`-th nearest item (itself counted, as scikit-learn does), sorted
    from the largest; where that curve is farthest below the line between its ends, dense items begin. Never 0.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import k_distance_eps
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> eps = k_distance_eps(X, 4)
        >>> bool(eps < np.linalg.norm(X[0] - X[-1]) / 2)  # reaches no other group
        True
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
