"""Behaviour of the clustering methods side by side."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.core.experiments.methods import (
    METHODS,
    NOISE,
    agreement_of_labels,
    clustered_silhouette,
    draw_halves,
    drawn_together,
    k_distance_eps,
    min_samples_for,
    stability,
    try_method,
)
from mkt_assets_tests.calibration.cases import Case, activity, measure
from mkt_assets_tests.calibration.methods import CASES


def blobs(
    n_clusters: int, n: int, spread: float, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    of = np.arange(n) % n_clusters
    points = rng.normal(size=(n_clusters, 32))[of] + spread * rng.normal(size=(n, 32))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), of


@pytest.mark.parametrize("name", METHODS)
def test_every_method_finds_separate_blobs_again_on_resamples(name: str):
    clustered, truth = blobs(6, 240, 0.15)
    strays = np.random.default_rng(1).normal(size=(24, 32)).astype(np.float32)
    X = np.concatenate([clustered, strays / np.linalg.norm(strays, axis=1, keepdims=True)])
    trial = try_method(METHODS[name], X, 6)
    assert trial.n_clusters == 6
    assert agreement_of_labels(trial.labels[:240], truth) > 0.9
    mean, spread = stability(trial)
    assert mean > 0.8
    assert spread < 0.15
    assert clustered_silhouette(X, trial.labels) > 0.6


def test_density_methods_leave_noise_out_and_k_means_keeps_it():
    clustered, _ = blobs(4, 160, 0.1)
    noise = np.random.default_rng(1).normal(size=(80, 32)).astype(np.float32)
    X = np.concatenate([clustered, noise / np.linalg.norm(noise, axis=1, keepdims=True)])
    shares = {name: try_method(fit, X, 5).noise_share for name, fit in METHODS.items()}
    assert shares["k-means"] == 0
    assert all(abs(share - 1 / 3) < 0.05 for name, share in shares.items() if name != "k-means")


def test_the_same_items_give_the_same_trial():
    X, _ = blobs(5, 150, 0.4)
    for fit in METHODS.values():
        first, second = try_method(fit, X, 5), try_method(fit, X, 5)
        assert np.array_equal(first.labels, second.labels)
        assert stability(first) == pytest.approx(stability(second), nan_ok=True)


def test_halves_are_of_whole_accounts_and_of_a_size_though_few_write_most():
    accounts = np.repeat([f"a{i:02d}" for i in range(21)], activity(21, 900))
    halves = draw_halves(accounts.tolist())
    for half in halves:
        drawn = set(accounts[half])
        assert not drawn & set(accounts[~half])
        assert 10 <= len(drawn) <= 11
        assert 0.2 < half.mean() < 0.8
    assert len({half.tobytes() for half in halves}) > 1


def test_posts_are_drawn_where_there_are_few_accounts():
    posts = [f"p{i // 2}" for i in range(40)]
    assert drawn_together(["a"] * 40, posts) == posts
    accounts = [f"a{i % 10}" for i in range(40)]
    assert drawn_together(accounts, posts) == accounts


def test_a_method_without_clusters_has_no_stability_and_no_silhouette():
    X, _ = blobs(4, 60, 0.1)
    trial = try_method(lambda items, k, seed: (np.full(len(items), NOISE), ""), X, 4)
    assert (trial.n_clusters, trial.noise_share) == (0, 1.0)
    assert np.isnan(stability(trial)).all()
    assert np.isnan(clustered_silhouette(X, trial.labels))


def test_eps_lies_between_the_distances_in_a_blob_and_those_between_blobs():
    X, truth = blobs(4, 200, 0.1)
    distance = np.linalg.norm(X[:, None] - X[None], axis=2)
    same = truth[:, None] == truth
    eps = k_distance_eps(X, min_samples_for(len(X)))
    assert np.median(np.sort(np.where(same, distance, 9), axis=1)[:, 4]) <= eps < distance[~same].min()


def test_equal_items_have_an_eps_above_nothing():
    assert k_distance_eps(np.ones((20, 3), np.float32), 4) > 0
    assert k_distance_eps(np.ones((1, 3), np.float32), 4) > 0


def test_being_left_out_together_is_no_agreement():
    a = np.array([0, 0, 1, 1, NOISE, NOISE, NOISE, NOISE])
    assert agreement_of_labels(a, a) == 1
    assert agreement_of_labels(a, np.array([0, 0, 1, 1, 2, 2, 2, 2])) < 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.claim}: {case.world}")
def test_equal_methods_are_not_told_apart_and_a_planted_difference_is_found(case: Case):
    assert measure(case, n_runs=6).kept
