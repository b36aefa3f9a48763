"""The order of OPTICS is scikit-learn's, whatever the items are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import OPTICS

from mkt_assets.core.clustering.labels import Matrix
from mkt_assets.core.experiments.methods import fit_optics, min_samples_for
from mkt_assets.core.experiments.optics import optics_order


def unit(X: NDArray[np.float64]) -> Matrix:
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def groups(n: int, dimension: int, spread: float) -> Matrix:
    """Items of five groups on the sphere, a fifth of them twice."""
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((5, dimension))
    X = unit(centers[rng.integers(0, 5, n)] + spread * rng.standard_normal((n, dimension)))
    X[: n // 5] = X[n // 5 : 2 * (n // 5)]
    return X


@pytest.mark.parametrize(
    "X",
    [groups(150, 64, 0.3), groups(90, 512, 1.5), groups(60, 4, 0.1), np.tile(unit(np.eye(1, 8)), (20, 1))],
    ids=["grouped", "wide", "flat", "equal"],
)
def test_the_order_and_the_clusters_are_scikit_learn_s_to_the_last_digit(X: Matrix) -> None:
    min_samples = min_samples_for(len(X))
    with np.errstate(divide="ignore", invalid="ignore"):
        peer = OPTICS(min_samples=min_samples, xi=0.05).fit(X)
    order = optics_order(X, min_samples)
    np.testing.assert_array_equal(order.ordering, peer.ordering_)
    np.testing.assert_array_equal(order.reachability, peer.reachability_)
    np.testing.assert_array_equal(order.predecessor, peer.predecessor_)
    np.testing.assert_array_equal(fit_optics(X, 0, 0)[0], peer.labels_)
