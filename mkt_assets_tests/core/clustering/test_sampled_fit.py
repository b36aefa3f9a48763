"""Clusters that are sought on a part of the items are those of all of them, whoever writes most or is copied most."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.core.clustering.kmeans import fit_sweep, refine
from mkt_assets.core.clustering.labels import Labels, Matrix, canonical_labels
from mkt_assets.core.clustering.sampled_fit import Centers, fair_sample, without_copies

K = 8


def crowd(n: int, *, seed: int = 0) -> tuple[Matrix, Labels]:
    """Unit vectors around 8 planted centers, of unlike sizes."""
    rng = np.random.default_rng(seed)
    whose = rng.choice(K, n, p=np.arange(1, K + 1) / 36)
    X = np.eye(K, 32)[whose] + rng.normal(0, 0.12, (n, 32))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), whose


def inertia(X: Matrix, centers: NDArray[np.float64]) -> float:
    [value] = Centers.of([centers]).totals(X).inertia
    return float(value)


def labels_of(X: Matrix, fitted: Matrix) -> Labels:
    [labels] = Centers.of([fit_sweep(fitted, [K]).centers(K)]).nearest(X)
    return canonical_labels(labels)


def test_a_tenth_fits_all_as_well_as_all_do_and_other_items_do_not() -> None:
    X, planted = crowd(8_000)
    accounts = np.random.default_rng(1).integers(0, 2_000, len(X))
    sampled = without_copies(X[fair_sample(accounts, 800)])
    assert 700 < len(sampled) <= 800
    of_all = inertia(X, fit_sweep(X, [K]).centers(K))
    assert inertia(X, fit_sweep(sampled, [K]).centers(K)) < 1.01 * of_all
    assert (labels_of(X, sampled) == canonical_labels(planted)).mean() > 0.99
    shuffled = np.random.default_rng(2).permuted(sampled, axis=1)
    assert inertia(X, fit_sweep(shuffled, [K]).centers(K)) > 1.5 * of_all


def test_an_account_that_writes_most_does_not_take_over() -> None:
    accounts = np.concatenate([np.zeros(9_000, np.int64), np.random.default_rng(3).integers(1, 900, 3_000)])
    at = fair_sample(accounts, 1_000)
    assert len(at) == 1_000
    assert (accounts[at] == 0).sum() == 10
    # who writes little has as much of the rest as of the crawl
    given, written = (np.bincount(a[a > 0], minlength=900) for a in (accounts[at], accounts))
    assert np.corrcoef(given, written)[0, 1] > 0.4


@pytest.mark.parametrize("n_accounts", [1, 2, 7])
def test_few_accounts_fill_the_sample_all_the_same_and_evenly(n_accounts: int) -> None:
    accounts = np.arange(700) ** 2 % 701 % n_accounts
    at = fair_sample(accounts, 70)
    assert len(at) == 70
    assert np.bincount(accounts[at]).max() <= 70 // n_accounts + 1


def test_what_is_fewer_than_the_sample_is_all_in_it() -> None:
    assert fair_sample(np.array([3, 3, 5]), 3).tolist() == [0, 1, 2]
    assert fair_sample(np.empty(0, np.int64), 3).tolist() == []


def test_a_picture_that_is_posted_a_thousand_times_is_one_item_and_clusters_stay() -> None:
    X, _ = crowd(3_000)
    rng = np.random.default_rng(4)
    repeated = np.repeat(X[:1], 1_000, axis=0)
    near = X[:300] + rng.normal(0, 0.002, (300, 32)).astype(np.float32)
    kept = without_copies(np.concatenate([X, repeated, near]))
    assert abs(len(kept) - len(X)) < 0.02 * len(X)
    assert (np.square(kept - X[0]).sum(axis=1) < 1e-9).sum() == 1


def test_the_same_seed_gives_the_same_labels_and_another_one_other_items() -> None:
    X, _ = crowd(4_000, seed=5)
    accounts = np.random.default_rng(6).integers(0, 500, len(X))
    first, again, other = (fair_sample(accounts, 400, random_state=seed) for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
    labels = labels_of(X, without_copies(X[first]))
    assert labels.tolist() == labels_of(X, without_copies(X[again][::-1])).tolist()


def test_nearest_centers_of_several_clusterings_are_those_of_each_alone() -> None:
    X, _ = crowd(5_000, seed=7)
    sweep = fit_sweep(X, [3, 8])
    centers = Centers.of([sweep.centers(k) for k in sweep.ks])
    for labels, k in zip(centers.nearest(X), sweep.ks, strict=True):
        exact = np.square(X[:, None].astype(np.float64) - sweep.centers(k)).sum(axis=2)
        assert (labels == exact.argmin(axis=1)).mean() > 0.999
    in_parts = sum((centers.totals(X[a : a + 900]) for a in range(900, 5_000, 900)), centers.totals(X[:900]))
    assert np.allclose(in_parts.inertia, sweep.inertia, rtol=1e-4)
    assert np.allclose(in_parts.inertia, centers.totals(X).inertia, rtol=1e-12)
    settled = refine(X, sweep.labels(8))
    means = np.stack([X[settled == c].mean(axis=0) for c in range(8)])
    [labels] = Centers.of([means]).nearest(X)
    assert (canonical_labels(labels) == settled).mean() > 0.999
