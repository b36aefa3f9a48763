"""Where Lloyd's algorithm starts: centers spread out over the items, and centers merged from more of them.

Not here: the algorithm (core/clustering/lloyd).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.labels import Matrix

_NOTHING = 1e-300
"""In the place of the size of clusters without items, which cost nothing to merge."""


def spread_out(items: Matrix, k: int, rng: np.random.Generator, n_candidates: int = 3) -> Matrix:
    """K items far from each other, (k, d) float32: greedy k-means++ (Arthur and Vassilvitskii 2007).

    Args:
        items: (n, d) float32.
        k: At most the number of items.
        rng: Draws the first, and the candidates for each other.
        n_candidates: Drawn for each; that which leaves the others nearest is taken.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.starts import spread_out
        >>> items = np.array([[0], [0.1], [10], [10.1]], dtype=np.float32)
        >>> sorted(spread_out(items, 2, np.random.default_rng(0)).round().ravel().tolist())
        [0.0, 10.0]
    """
    squares = np.einsum("ij,ij->i", items, items)
    chosen = [int(rng.integers(len(items)))]
    distance = np.maximum(squares - 2 * items @ items[chosen[0]] + squares[chosen[0]], 0)
    distance[chosen] = 0
    while len(chosen) < k:
        cumulated = np.cumsum(distance, dtype=np.float64)
        if cumulated[-1] <= 0:  # what is left differs by less than float32 sees
            rest = np.setdiff1d(np.arange(len(items)), chosen)
            chosen += rest[: k - len(chosen)].tolist()
            break
        drawn = np.searchsorted(cumulated, rng.random(n_candidates) * cumulated[-1], side="right")
        drawn = np.minimum(drawn, len(items) - 1)
        after = squares[drawn, None] - 2 * (items[drawn] @ items.T) + squares
        np.clip(after, 0, distance, out=after)
        after[np.arange(n_candidates), drawn] = 0
        best = int(after.sum(axis=1, dtype=np.float64).argmin())
        distance = after[best]
        chosen.append(int(drawn[best]))
    return items[chosen]


def merged(
    fine: NDArray[np.floating], sizes: NDArray[np.floating | np.integer], ks: Sequence[int]
) -> Iterator[tuple[int, Matrix]]:
    """Centers for each k from the largest down, by merging the pair whose merger adds least inertia (Ward 1963).

    Args:
        fine: Centers of more clusters than any k, (n_fine, d).
        sizes: Items of each of them, or the sum of their weights, (n_fine,).
        ks: Numbers of clusters.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.starts import merged
        >>> fine = np.array([[0], [1], [10]], dtype=np.float32)
        >>> [(k, centers.ravel().tolist()) for k, centers in merged(fine, np.ones(3), [1, 2])]
        [(2, [0.5, 10.0]), (1, [3.6666667461395264])]
    """
    centers, sizes = fine.astype(np.float64), sizes.astype(np.float64)
    alive = np.ones(len(centers), dtype=np.bool_)

    def cost(i: int) -> NDArray[np.float64]:
        costs = (
            np.square(centers - centers[i]).sum(axis=1)
            * sizes
            * sizes[i]
            / np.maximum(sizes + sizes[i], _NOTHING)
        )
        costs[~alive] = np.inf
        costs[i] = np.inf
        return costs

    costs = np.stack([cost(i) for i in range(len(centers))])
    for k in sorted(ks, reverse=True):
        while alive.sum() > k:
            i, j = sorted(divmod(int(costs.argmin()), len(costs)))
            total = sizes[i] + sizes[j]
            centers[i] = (sizes[i] * centers[i] + sizes[j] * centers[j]) / max(total, _NOTHING)
            sizes[i], alive[j] = total, False
            costs[j] = costs[:, j] = np.inf
            costs[i] = costs[:, i] = cost(i)
        yield k, centers[alive].astype(np.float32)
