"""Behaviour of the search for structure: what has clusters, how many, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.metrics import silhouette_score

from mkt_assets.core.clustering.knee import default_ks
from mkt_assets.core.clustering.reference_curve import (
    Structure,
    find_structure,
    squared_silhouette,
    without_near_copies,
)
from mkt_assets_tests.calibration.cases import Case, measure
from mkt_assets_tests.calibration.elbows import CASES, cloud, copied, on_sphere
from mkt_assets_tests.core.clustering.test_kmeans import blobs


def structure(X: NDArray[np.float32], **options: int) -> Structure:
    return find_structure(X, default_ks(len(X)), **options)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.world)
def test_the_calibration_is_kept_in_short(case: Case):
    # one run in which the claim is wrong is not kept either
    assert measure(case, n_runs=1 if "600 items" in case.world else 2).kept


@pytest.mark.parametrize("load", [load_iris, load_wine])
@pytest.mark.parametrize("sphere", [False, True])
def test_clusters_that_are_known_are_found(load: Callable[..., tuple[Any, Any]], sphere: bool):
    raw, _ = load(return_X_y=True)
    X = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    found = structure((on_sphere(X) if sphere else X).astype(np.float32))
    assert found.k is not None
    assert 2 <= found.k <= 3


def test_digits_have_clusters():
    raw, _ = load_digits(return_X_y=True)
    found = structure(np.asarray(raw, dtype=np.float32)[:600])
    assert found.k is not None
    assert 7 <= found.k <= 14


def test_ten_times_the_items_have_no_more_clusters():
    assert [structure(blobs(n, 64, 8, 0.8)[0]).k for n in (90, 900)] == [8, 8]


def test_parts_of_clusters_do_not_count_however_many_items_show_them():
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(6, 64))
    parts = np.repeat(centres, 3, axis=0) + 0.45 * rng.normal(size=(18, 64))
    X = on_sphere(parts[np.arange(900) % 18] + 0.3 * rng.normal(size=(900, 64)))
    assert structure(X).k == 6


def test_near_copies_are_left_out_and_tight_clusters_are_not():
    X, _ = blobs(150, 64, 5, 0.05)
    assert len(without_near_copies(X)) == 150
    assert 150 <= len(without_near_copies(copied(X, 4, 0.0005, np.random.default_rng(0)))) <= 160
    assert structure(copied(X, 4, 0.0005, np.random.default_rng(0))).k == 5


def test_the_order_of_the_items_does_not_matter():
    X, _ = blobs(120, 30, 6, 1.0)
    first, second = structure(X), structure(np.random.default_rng(1).permutation(X))
    assert first.k == second.k
    np.testing.assert_allclose(first.excess, second.excess, atol=1e-3)


def test_too_few_items_show_nothing_and_say_so():
    found = structure(blobs(7, 8, 2, 0.1)[0])
    assert found.k is None
    assert "too few items" in found.sentence()
    identical = structure(np.ones((9, 3), dtype=np.float32))
    assert identical.k is None


def test_a_higher_sensitivity_believes_in_fewer():
    X, _ = blobs(120, 30, 6, 1.0)
    assert find_structure(X, default_ks(120), sensitivity=20).k is None
    assert "no elbow" in find_structure(X, default_ks(120), sensitivity=20).sentence()


def test_the_squared_silhouette_is_the_exact_one():
    X = cloud(0.5, 60, 5, np.random.default_rng(0), sphere=False)
    labels = np.arange(60) % 4
    expected = silhouette_score(X.astype(np.float64), labels, metric="sqeuclidean")
    assert squared_silhouette(X, labels) == pytest.approx(expected, abs=1e-5)
