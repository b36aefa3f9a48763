"""Very many items, in parts: a clustering of a sample of them, settled on all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np
import pandas as pd
import pytest

from mkt_assets.compute.assigning import labels_of_all, settled_on_all
from mkt_assets.core.clustering.kmeans import fit_sweep, refine
from mkt_assets.core.clustering.labels import Labels, Matrix, cluster_means
from mkt_assets.core.clustering.sampled_fit import Centers, fair_sample, fair_weights
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.large_items import LargeItems, Part

K = 40


@dataclass(frozen=True)
class Parted(LargeItems):
    """Items that come in parts out of a matrix, (n, d) float32, and not in their order."""

    vectors: Matrix

    def parts(self) -> Iterator[Part]:
        for at in np.array_split(np.arange(len(self.vectors))[::-1], 7):
            yield Part(at, self.vectors[at])


def parted(vectors: Matrix) -> Parted:
    frame = pd.DataFrame(index=range(len(vectors)))
    return Parted(
        frame, "own", cast(Warehouse, None), "image", [date(2024, 6, 13)], np.arange(len(vectors)), vectors
    )


def crowd(n: int, *, seed: int) -> Matrix:
    """Clusters of unlike sizes and widths that lie close to each other, on the unit sphere."""
    rng = np.random.default_rng(seed)
    shares = rng.pareto(1.2, K) + 0.1
    whose = rng.choice(K, n, p=shares / shares.sum())
    items = rng.normal(size=(K, 24))[whose] + rng.uniform(0.4, 1.4, K)[whose, None] * rng.normal(size=(n, 24))
    return (items / np.linalg.norm(items, axis=1, keepdims=True)).astype(np.float32)


def inertia(items: Matrix, labels: Labels) -> float:
    return float(np.square(items - cluster_means(items, labels)[labels]).sum())


@pytest.mark.parametrize("seed", range(4))
def test_centers_of_a_tenth_settle_on_all_items_nearly_as_well_as_a_fit_of_all(seed: int) -> None:
    items = crowd(12_000, seed=seed)
    accounts = np.random.default_rng(seed).integers(0, 3_000, len(items))
    of_all = inertia(items, refine(items, fit_sweep(items, [K]).labels(K)))
    sample = items[fair_sample(accounts, 1_200)]
    fits = [
        cluster_means(sample, refine(sample, fit_sweep(sample, [K], random_state=start).labels(K)))
        for start in range(3)
    ]
    weights = fair_weights(accounts, 1_200)
    settled = settled_on_all(parted(items), fits, weights, n_threads=2)
    *before, after = (
        inertia(items, labels_of_all(parted(items), centers, n_threads=2)) for centers in (*fits, settled)
    )
    assert after < min(before)
    assert after <= 1.01 * of_all
    assert np.array_equal(settled, settled_on_all(parted(items), fits, weights, n_threads=1))


def test_one_account_that_writes_most_moves_no_center_and_a_center_of_nothing_stays() -> None:
    rng = np.random.default_rng(0)
    others = np.concatenate([rng.normal(c, 0.1, (500, 2)) for c in ((0, 0), (4, 0))]).astype(np.float32)
    hers = rng.normal((0.9, 0), 0.1, (9_000, 2)).astype(np.float32)
    items = np.concatenate([others, hers])
    accounts = np.concatenate([np.arange(1_000), np.full(9_000, 5_000)])
    begin = np.array([[0, 0], [4, 0], [50, 50]], dtype=np.float64)
    fair = settled_on_all(parted(items), [begin], fair_weights(accounts, 500), n_threads=2)
    assert np.abs(fair - begin).max() < 0.02
    assert fair[2].tolist() == [50, 50]
    plain = settled_on_all(parted(items), [begin], np.ones(len(items)), n_threads=2)
    assert plain[0, 0] > 0.8


def test_weights_count_as_repeated_items_do() -> None:
    items = crowd(600, seed=9)
    times = np.random.default_rng(1).integers(1, 4, len(items))
    centers = Centers.of([items[:5].astype(np.float64), items[:9].astype(np.float64)])
    weighted = centers.totals(items, times.astype(np.float64))
    repeated = centers.totals(np.repeat(items, times, axis=0))
    assert np.allclose(weighted.inertia, repeated.inertia, rtol=1e-9)
    assert [c.tolist() for c in weighted.counts] == [c.tolist() for c in repeated.counts]
