"""Behaviour of the k-means sweep and of what clusterings are judged by."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

from mkt_assets.core.clustering.distinct import count_distinct
from mkt_assets.core.clustering.kmeans import REFINED_ITEMS, fit_sweep, refine
from mkt_assets.core.clustering.labels import (
    FEW_ITEMS,
    canonical_labels,
    cluster_means,
    cluster_sums,
    distances,
    rank_in_cluster,
)
from mkt_assets.core.clustering.silhouette import silhouette


def blobs(
    n: int, d: int, k: int, spread: float, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors around k directions, and which each belongs to."""
    rng = np.random.default_rng(seed)
    truth = np.sort(rng.integers(0, k, n))
    points = rng.normal(size=(k, d))[truth] + spread * rng.normal(size=(n, d))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), truth


def test_planted_clusters_are_recovered_and_shuffled_ones_are_not():
    X, truth = blobs(200, 40, 6, 0.5)
    labels = fit_sweep(X, [6]).labels(6)
    assert adjusted_rand_score(truth, labels) == 1
    assert abs(adjusted_rand_score(np.random.default_rng(1).permutation(truth), labels)) < 0.1


@pytest.mark.parametrize("d", [5, 300])
def test_inertia_is_the_exact_sum_of_squared_distances_to_the_means(d: int):
    X, _ = blobs(60, d, 4, 1.0)
    sweep = fit_sweep(X, [2, 4, 9])
    for k, inertia in zip(sweep.ks, sweep.inertia, strict=True):
        labels, centers = sweep.labels(k), sweep.centers(k)
        for i in range(k):
            np.testing.assert_allclose(centers[i], X[labels == i].astype(np.float64).mean(axis=0), atol=1e-12)
        assert inertia == pytest.approx((distances(X, labels, centers) ** 2).sum(), rel=1e-12)


def test_every_item_is_in_the_cluster_of_its_nearest_centroid():
    X, _ = blobs(80, 200, 5, 1.0)
    sweep = fit_sweep(X, [7])
    to_all = np.linalg.norm(X[:, None] - sweep.centers(7)[None], axis=2)
    np.testing.assert_array_equal(to_all.argmin(axis=1), sweep.labels(7))


def test_labels_do_not_depend_on_the_number_of_threads():
    X, _ = blobs(150, 300, 5, 1.5)
    runs: list[NDArray[np.int64]] = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            runs.append(fit_sweep(X, [12]).labels(12))
    np.testing.assert_array_equal(runs[0], runs[1])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 400), st.sampled_from([3, 40, 300]))
def test_labels_follow_the_items_whatever_the_order_of_the_rows_and_the_number_of_threads(
    seed: int, n: int, d: int
):
    X, _ = blobs(n, d, 5, 1.0, seed)
    X[: n // 4] = X[n // 4 : 2 * (n // 4)]  # some items twice
    order = np.random.default_rng(seed).permutation(n)
    ks = (1, 3, 8, 20)
    first, second = fit_sweep(X, ks, n_jobs=1), fit_sweep(X[order], ks, n_jobs=2)
    for k in first.ks:
        np.testing.assert_array_equal(first.labels(k)[order], second.labels(k))
    np.testing.assert_allclose(first.inertia, second.inertia, rtol=1e-9, atol=1e-12)


def test_labels_are_the_same_in_another_process():
    program = (
        "import numpy as np; from mkt_assets.core.clustering.kmeans import fit_sweep;"
        "X = np.random.default_rng(3).normal(size=(5200, 160)).astype(np.float32);"
        "print(hash(tuple(fit_sweep(X, [7, 30]).labels(30).tolist())))"
    )
    environments = [os.environ | {"OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n} for n in ("1", "2")]
    runs = [
        subprocess.run([sys.executable, "-c", program], env=e, capture_output=True, check=True)
        for e in environments
    ]
    assert runs[0].stdout == runs[1].stdout != b""


@pytest.mark.parametrize(("n", "ks"), [(300, (5, 20, 50)), (REFINED_ITEMS + 1, (5, 50))])
def test_the_sweep_is_no_worse_than_the_median_of_scikit_learns_starts_at_every_k(
    n: int, ks: tuple[int, ...]
):
    X, _ = blobs(n, 160, 40, 1.2)
    sweep = fit_sweep(X, ks)
    for k, inertia in zip(ks, sweep.inertia, strict=True):
        peers = [KMeans(k, n_init=1, random_state=seed).fit(X) for seed in range(3)]  # pyright: ignore[reportArgumentType]
        assert inertia <= 1.005 * np.median([float(str(peer.inertia_)) for peer in peers])
    assert (np.diff(sweep.inertia) < 0).all()


def test_refining_takes_the_search_in_few_dimensions_to_a_fixed_point_of_all():
    X, _ = blobs(6000, 300, 12, 2.0)
    sweep = fit_sweep(X, [25])
    labels = refine(X, sweep.labels(25))
    centers = cluster_means(X, labels)
    assert (distances(X, labels, centers) ** 2).sum() <= sweep.inertia[0]
    nearest = (X @ centers.T - 0.5 * (centers**2).sum(axis=1)).argmax(axis=1)
    assert (nearest == labels).mean() > 0.9999  # but for ties within float32
    np.testing.assert_array_equal(refine(X, labels), labels)


def test_no_cluster_is_empty_however_alike_the_items():
    X = (1 + 1e-6 * np.arange(50)[:, None] + np.zeros((50, 8))).astype(np.float32)
    sweep = fit_sweep(X, [2, 5, 12], n_init=4)
    assert [len(set(sweep.labels(k).tolist())) for k in sweep.ks] == list(sweep.ks)


def test_numbers_above_the_distinct_items_are_clipped_and_recorded():
    X = np.repeat(np.eye(3, 4, dtype=np.float32), 5, axis=0)
    sweep = fit_sweep(X, [2, 8, 3, 20, 2])
    assert (sweep.ks, sweep.n_distinct, sweep.dropped_ks) == ((2, 3), 3, (8, 20))
    assert sweep.inertia[1] == 0
    with pytest.raises(KeyError, match="k = 8 was not fitted"):
        sweep.labels(8)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_very_small_crawls_are_swept(n: int):
    sweep = fit_sweep(np.eye(max(n, 1), 6, dtype=np.float32)[:n], [1, 2, 5])
    assert sweep.ks == tuple(range(1, n + 1))
    assert len(sweep.inertia) == n


def test_identical_items_are_one_cluster():
    sweep = fit_sweep(np.ones((9, 3), dtype=np.float32), [2, 4])
    assert sweep.ks == (1,)
    assert sweep.labels(1).tolist() == [0] * 9
    assert sweep.inertia.tolist() == [0.0]


def test_items_that_are_no_finite_matrix_are_refused():
    with pytest.raises(ValueError, match="first in row 1"):
        fit_sweep(np.array([[1, 0], [np.nan, 1]], dtype=np.float32), [1])
    with pytest.raises(ValueError, match="1 dimension"):
        fit_sweep(np.ones(3, dtype=np.float32), [1])
    with pytest.raises(ValueError, match="k begins at 1"):
        fit_sweep(np.ones((3, 2), dtype=np.float32), [0])


def test_minus_zero_is_no_other_vector():
    assert count_distinct(np.array([[0.0, 1.0], [-0.0, 1.0], [0.5, 1.0]], dtype=np.float32)) == 2


def test_canonical_ids_are_by_size_and_equal_sizes_by_first_item():
    assert canonical_labels(np.array([7, 3, 3, 9, 7, 1])).tolist() == [0, 1, 1, 2, 0, 3]


@given(st.lists(st.integers(0, 5), max_size=30), st.permutations(range(6)))
def test_canonical_ids_do_not_depend_on_the_ids_given(labels: list[int], renamed: list[int]):
    ids = np.array(labels, dtype=np.int64)
    canonical = canonical_labels(ids)
    np.testing.assert_array_equal(canonical, canonical_labels(np.array(renamed)[ids]))
    sizes = np.bincount(canonical)
    assert (np.diff(sizes) <= 0).all()
    assert len({*zip(labels, canonical.tolist(), strict=True)}) == len(set(labels)) == len(sizes)


def test_ranks_count_from_the_nearest_with_ties_in_item_order():
    labels = np.array([1, 0, 1, 0, 1])
    assert rank_in_cluster(labels, np.array([0.5, 0.2, 0.1, 0.2, 0.5])).tolist() == [2, 1, 1, 2, 3]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 8))
def test_the_silhouette_is_the_exact_one_under_the_cosine_distance(seed: int, k: int):
    X, _ = blobs(40, 10, 4, 0.8, seed)
    labels = fit_sweep(X, [k], n_init=1).labels(k)
    expected = silhouette_score(X.astype(np.float64), labels, metric="cosine")
    assert silhouette(X, labels) == pytest.approx(expected, abs=1e-6)


def test_the_silhouette_of_repeated_items_is_perfect_and_of_one_cluster_unknown():
    X = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    assert silhouette(X, np.repeat(np.arange(3), 4)) == pytest.approx(1)
    assert np.isnan(silhouette(X, np.zeros(12, dtype=np.int64)))
    assert np.isnan(silhouette(np.eye(3, dtype=np.float32), np.arange(3)))


@pytest.mark.parametrize("n", [0, 1, FEW_ITEMS, FEW_ITEMS + 1])
def test_few_items_are_summed_to_the_bit_like_many(n: int, monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(n)
    items, labels = rng.normal(size=(n, 64)).astype(np.float32), rng.integers(0, 5, n)
    found = cluster_sums(items, labels, 5)
    for few in (0, n):
        monkeypatch.setattr("mkt_assets.core.clustering.labels.FEW_ITEMS", few)
        assert cluster_sums(items, labels, 5).tobytes() == found.tobytes()
