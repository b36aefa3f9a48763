"""Behaviour of the measures of stability."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mkt_assets.core.clustering.stability import (
    adjusted_rand_index,
    half_stability,
    seed_stability,
    sweeps_over_seeds,
)
from mkt_assets_tests.core.clustering.test_kmeans import blobs


def test_seeds_agree_on_real_clusters_not_on_noise_and_have_nothing_to_agree_on_at_the_ends():
    X, _ = blobs(120, 30, 4, 0.2)
    noise, _ = blobs(120, 30, 120, 1.0)
    assert seed_stability(sweeps_over_seeds(X, [4]), [4])[0] == 1
    assert seed_stability(sweeps_over_seeds(noise, [10]), [10])[0] < 0.5
    assert np.isnan(seed_stability(sweeps_over_seeds(X, [1, 120]), [1, 120])).all()
    with pytest.raises(ValueError, match="two or more"):
        sweeps_over_seeds(X, [4], seeds=[1])


def test_halves_agree_on_real_clusters_not_on_noise_and_are_unknown_where_a_half_is_too_small():
    X, _ = blobs(200, 30, 4, 0.2)
    noise, _ = blobs(200, 30, 200, 1.0)
    assert half_stability(X, [4])[0] == 1
    assert half_stability(noise, [10])[0] < 0.3
    assert np.isnan(half_stability(X, [1, 150])).all()
    assert np.isnan(half_stability(X[:1], [1])).all()


def test_halves_do_not_depend_on_the_order_of_the_rows():
    X, _ = blobs(150, 30, 6, 1.0)
    shuffled = np.random.default_rng(0).permutation(X)
    assert half_stability(X, [3, 9]) == pytest.approx(half_stability(shuffled, [3, 9]))


def test_the_adjusted_rand_index_is_scikit_learn_s_to_the_last_digit():
    rng = np.random.default_rng(0)
    for n in (0, 1, 2, 7, 60, 400):
        for n_clusters in (1, 2, 9, n + 1):
            a = rng.integers(-1, n_clusters, n)
            near = np.where(rng.random(n) < 0.7, a, rng.integers(0, n_clusters, n))
            for b in (a, near, np.arange(n)):
                assert adjusted_rand_index(a, b) == adjusted_rand_score(a, b)
