"""The k-means sweep against scikit-learn's KMeans in a loop over the same k: time, and inertia at every k."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.labels import canonical_labels, cluster_means, distances

KS = tuple(range(20, 201, 20))


def mixture(n: int, seed: int, rank: int | None) -> NDArray[np.float32]:
    """Heavy-tailed clusters of unequal size on the unit sphere of 1024 dimensions, (n, 1024)."""
    rng = np.random.default_rng(seed)
    shares = rng.pareto(1.2, 150) + 0.05
    cluster = rng.choice(150, n, p=shares / shares.sum())
    centers = rng.standard_normal((150, rank or 1024)).astype(np.float32)
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    tails = np.sqrt(3 / rng.chisquare(3, (n, 1))) * rng.uniform(0.3, 1.0, 150)[cluster][:, None]
    noise = tails * rng.standard_normal((n, rank or 1024)) / np.sqrt(rank or 1024)
    items = (centers[cluster] + noise).astype(np.float32)
    if rank:
        items = items @ rng.standard_normal((rank, 1024)).astype(np.float32)
    return items / np.linalg.norm(items, axis=1, keepdims=True)


@pytest.mark.parametrize("rank", [None, 48], ids=["full_rank", "low_rank"])
@pytest.mark.parametrize(
    ("n", "n_init", "n_seeds", "times_faster", "mean_inertia"),
    [(2_000, 10, 1, 40, 1.005), (15_000, 1, 3, 8, 1.0)],
)
def test_a_sweep_is_faster_than_scikit_learn_and_no_worse_at_any_k(
    n: int, n_init: int, n_seeds: int, times_faster: float, mean_inertia: float, rank: int | None
) -> None:
    items = mixture(n, 5, rank)
    fit_sweep(items[:300], [3])
    began = time.perf_counter()
    sweep = fit_sweep(items, KS)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    peers = [
        [KMeans(k, n_init=n_init, random_state=seed).fit(items).inertia_ for k in KS]  # pyright: ignore[reportArgumentType]
        for seed in range(n_seeds)
    ]
    theirs = (time.perf_counter() - began) / n_seeds
    ratios = sweep.inertia / np.median(np.asarray(peers), axis=0)
    print(
        f"\n{n:,} x 1024, {len(KS)} k: scikit-learn (n_init={n_init}) {theirs:.1f} s, ours {ours:.2f} s, "
        f"{theirs / ours:.0f} times faster; inertia {ratios.mean():.4f} of its on average, {ratios.max():.4f} at worst"
    )
    assert theirs / ours >= times_faster
    assert ratios.mean() <= mean_inertia
    assert ratios.max() <= 1.01


def faiss_sweep(items: NDArray[np.float32]) -> list[float]:
    faiss = pytest.importorskip("faiss")
    found: list[float] = []
    for k in KS:
        peer = faiss.Kmeans(items.shape[1], k, niter=25, seed=1, max_points_per_centroid=len(items))
        peer.train(items)
        found.append(inertia(items, peer.index.search(items, 1)[1][:, 0]))
    return found


def intelex_sweep(items: NDArray[np.float32]) -> list[float]:
    cluster = pytest.importorskip("sklearnex.cluster")
    return [float(cluster.KMeans(k, n_init=1, random_state=0).fit(items).inertia_) for k in KS]


def yellowbrick_sweep(items: NDArray[np.float32]) -> list[float]:
    cluster = pytest.importorskip("yellowbrick.cluster")
    model = KMeans(n_init=1, random_state=0)  # pyright: ignore[reportArgumentType]
    elbow = cluster.KElbowVisualizer(model, k=KS, timings=False, locate_elbow=False, force_model=True)
    return [float(score) for score in elbow.fit(items).k_scores_]


def inertia(items: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    means = cluster_means(items, canonical_labels(labels))
    return float(np.square(distances(items, canonical_labels(labels), means)).sum())


@pytest.mark.parametrize("peer", [faiss_sweep, intelex_sweep, yellowbrick_sweep])
def test_a_sweep_beside_other_libraries(peer: Callable[[NDArray[np.float32]], list[float]]) -> None:
    items = mixture(15_000, 5, None)
    fit_sweep(items[:300], [3])
    began = time.perf_counter()
    sweep = fit_sweep(items, KS)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    ratios = sweep.inertia / np.asarray(peer(items))
    theirs = time.perf_counter() - began
    print(
        f"\n15,000 x 1024, {len(KS)} k: {peer.__name__} {theirs:.1f} s, ours {ours:.2f} s, "
        f"{theirs / ours:.1f} times faster; inertia {ratios.mean():.4f} of its on average, {ratios.max():.4f} at worst"
    )
    assert ours < theirs
    assert ratios.mean() <= 1.0


def test_ten_times_the_items_take_at_most_eleven_times_the_time() -> None:
    many = mixture(100_000, 6, None)
    seconds: list[float] = []
    for items in (many[:10_000], many):
        began = time.perf_counter()
        fit_sweep(items, KS)
        seconds.append(time.perf_counter() - began)
    print(f"\n10,000 x 1024 {seconds[0]:.2f} s, 100,000 x 1024 {seconds[1]:.2f} s")
    assert seconds[1] <= 11 * seconds[0]
