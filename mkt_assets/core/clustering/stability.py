"""How much a clustering changes when the seed or the items change.

Not here: the clustering itself (core/clustering/kmeans), how other methods hold (core/experiments/methods).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.distinct import count_distinct, distinct_rows
from mkt_assets.core.clustering.kmeans import Sweep, fit_sweep
from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.clustering.threads import one_blas_thread


def sweeps_over_seeds(X: Matrix, ks: Sequence[int], *, seeds: Sequence[int] = (1, 2)) -> list[Sweep]:
    """One sweep of single starts for each seed.

    Raises:
        ValueError: X is not a matrix of finite numbers, or there are fewer than two seeds.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.stability import sweeps_over_seeds
        >>> rng = np.random.default_rng(0)
        >>> centres = np.repeat(np.eye(6, 16), 40, axis=0)
        >>> X = centres + rng.normal(0, 0.05, (240, 16))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> [sweep.ks for sweep in sweeps_over_seeds(X, [6, 9], seeds=(1, 2, 3))]
        [(6, 9), (6, 9), (6, 9)]
    """
    if len(seeds) < 2:
        raise ValueError("Stability compares seeds: give two or more.")
    return [fit_sweep(X, ks, random_state=seed, n_init=1) for seed in seeds]


def seed_stability(sweeps: Sequence[Sweep], ks: Sequence[int]) -> NDArray[np.float64]:
    """Mean adjusted Rand index (Hubert and Arabie 1985) between the seeds' clusterings, for each k.

    1 if every seed finds the same clusters, about 0 if they agree as chance does; NaN where there is nothing
    to agree on: one cluster, or as many as distinct items.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.stability import seed_stability, sweeps_over_seeds
        >>> rng = np.random.default_rng(0)
        >>> centres = np.repeat(np.eye(6, 16), 40, axis=0)
        >>> X = centres + rng.normal(0, 0.05, (240, 16))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> sweeps = sweeps_over_seeds(X, [6, 9])
        >>> seed_stability(sweeps, [6, 9]).round(1).tolist()
        [1.0, 0.8]
    """
    values = np.full(len(ks), np.nan)
    for i, k in enumerate(ks):
        if 1 < k < sweeps[0].n_distinct:
            pairs = combinations([sweep.labels(k) for sweep in sweeps], 2)
            values[i] = np.mean([adjusted_rand_index(a, b) for a, b in pairs])
    return values


def half_stability(X: Matrix, ks: Sequence[int], *, random_state: int = 0) -> NDArray[np.float64]:
    """Adjusted Rand index between the clusterings that two halves of the items give all of them, for each k.

    Each half is clustered by itself, and every item goes to the nearest centroid of each. Where `seed_stability`
    asks whether the search is reproducible, this asks whether other items of the kind would give the same
    clusters (Ben-Hur et al. 2002, Lange et al. 2004). NaN for one cluster, and where a half has no more
    distinct items than k.

    Items are halved by their content, so the order of the rows does not matter.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.stability import half_stability
        >>> rng = np.random.default_rng(0)
        >>> centres = np.repeat(np.eye(6, 16), 40, axis=0)
        >>> X = centres + rng.normal(0, 0.05, (240, 16))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> half_stability(X, [6, 9]).round(1).tolist()
        [1.0, 0.7]
    """
    distinct = distinct_rows(X)
    drawn = np.random.default_rng(random_state).permutation(len(distinct))
    halves = [distinct[drawn[: len(drawn) // 2]], distinct[drawn[len(drawn) // 2 :]]]
    possible = [k for k in ks if 1 < k < min(map(count_distinct, halves))]
    values = np.full(len(ks), np.nan)
    if possible:
        sweeps = [fit_sweep(half, possible, random_state=random_state, n_init=1) for half in halves]
        for i, k in enumerate(ks):
            if k in possible:
                values[i] = adjusted_rand_index(*(_nearest(X, sweep.centers(k)) for sweep in sweeps))
    return values


def adjusted_rand_index(a: Labels, b: Labels) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985) of two clusterings of the same items, (n,) each; 1 for no items.

    To the last digit what scikit-learn's `adjusted_rand_score` gives, which spends fifty times as long on looking
    at its arguments: hundreds are asked for in a run.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.stability import adjusted_rand_index
        >>> labels = np.array([0, 0, 1, 1])
        >>> adjusted_rand_index(labels, np.array([1, 1, 0, 0])), adjusted_rand_index(labels, np.array([0, 1, 0, 1]))
        (1.0, -0.5)
    """
    n = len(a)
    (_, of_a), (_, of_b) = (np.unique(labels, return_inverse=True) for labels in (a, b))
    both = _equal_pairs(of_a * (of_b.max(initial=0) + 1) + of_b)
    only_a, only_b = _equal_pairs(of_a) - both, _equal_pairs(of_b) - both
    if only_a == only_b == 0:
        return 1.0
    together, apart = both - n, n * n - both - only_a - only_b
    chance = (together + only_a) * (only_a + apart) + (together + only_b) * (only_b + apart)
    return 2.0 * (together * apart - only_a * only_b) / chance


def _equal_pairs(codes: Labels) -> int:
    """Ordered pairs of items of the same code, each with itself too; Python's integers do not overflow."""
    sizes = np.unique(codes, return_counts=True)[1]
    return int(np.square(sizes).sum())


def _nearest(X: Matrix, centers: NDArray[np.float64]) -> NDArray[np.int64]:
    half = 0.5 * np.square(centers).sum(axis=1)
    with one_blas_thread():
        parts = [(X[a : a + 2048] @ centers.T - half).argmax(axis=1) for a in range(0, len(X), 2048)]
    return np.concatenate(parts)
