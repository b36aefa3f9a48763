"""K-means of more items than one fit takes: which of them it is made on, and where all of them then belong.

Not here: the fit (core/clustering/kmeans), reading items in parts (stored/large_items).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.distinct import distinct_rows
from mkt_assets.core.clustering.labels import Labels, Matrix, cluster_sums
from mkt_assets.core.clustering.reference_curve import without_near_copies
from mkt_assets.core.clustering.threads import CHUNK_ITEMS

MOST_OF_AN_ACCOUNT = 0.01
"""Share of a sample that one account gives at most, where there are accounts enough to fill it."""
N_COMPARED = 1024
"""Items of one neighbourhood that are compared with each other, at most, to find near copies."""


def fair_sample(accounts: NDArray[np.int64], size: int, *, random_state: int = 0) -> NDArray[np.int64]:
    """Which items to fit on: by chance, but of no account more than a share.

    Every account gives its part of the items, up to `MOST_OF_AN_ACCOUNT` of the sample; where that does not fill it,
    as with few accounts, the bound is as much higher as it must be.

    Args:
        accounts: Whose each item is, a number an account, (n,) int64.
        size: Items wanted.
        random_state: Seed.

    Returns:
        Positions, ascending, (min(size, n),) int64.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.sampled_fit import fair_sample
        >>> accounts = np.array([0] * 90 + list(range(1, 11)))
        >>> (accounts[fair_sample(accounts, 20)] == 0).sum()  # the ten others are all there
        np.int64(10)
    """
    n = len(accounts)
    if size >= n:
        return np.arange(n, dtype=np.int64)
    drawn = np.random.default_rng(random_state).permutation(n)
    _, whose, sizes = np.unique(accounts[drawn], return_inverse=True, return_counts=True)
    by_account = np.argsort(whose, kind="stable")
    number = np.empty(n, dtype=np.int64)
    number[by_account] = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(drawn[number < _most_of_each(sizes, size)][:size])


def fair_weights(accounts: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """What each item counts for where all of them stand for a `fair_sample` of that size: 0 to 1, (n,) float64.

    The items of an account count together for as many as the sample takes of it at most.

    Args:
        accounts: Whose each item is, a number an account, (n,) int64.
        size: Items of the sample.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.sampled_fit import fair_weights
        >>> fair_weights(np.array([7, 7, 7, 7, 8, 9]), 4).tolist()
        [0.5, 0.5, 0.5, 0.5, 1.0, 1.0]
    """
    if size >= len(accounts):
        return np.ones(len(accounts))
    _, whose, sizes = np.unique(accounts, return_inverse=True, return_counts=True)
    return np.minimum(1, _most_of_each(sizes, size) / sizes)[whose]


def without_copies(X: Matrix, *, random_state: int = 0) -> Matrix:
    """One item of each group of equal or nearly equal ones, in an order that depends on what is in them only.

    What is nearly equal says `without_near_copies`, within neighbourhoods of `N_COMPARED` items: the items are halved,
    at the middle of the line from one to that which is farthest from it, until they are so few. Copies on both sides
    of a cut stay, which are few.

    Args:
        X: Items, (n, d) float32.
        random_state: Seed.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.sampled_fit import without_copies
        >>> items = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
        >>> len(without_copies(np.concatenate([items, items, items[:9] + 1e-3])))
        40
    """
    items, rng = distinct_rows(X), np.random.default_rng(random_state)
    return np.concatenate([without_near_copies(items[at]) for at in _neighbourhoods(items, rng)])


@dataclass(frozen=True)
class Centers:
    """The centers of several clusterings, to look for the nearest of each at once.

    Attributes:
        across: All centers, (d, sum of k) float32.
        ends: Where each clustering's begin, and their end.
    """

    across: Matrix
    ends: tuple[int, ...]

    @classmethod
    def of(cls, clusterings: Sequence[NDArray[np.floating]]) -> Centers:
        """Of matrices (k, d), one a clustering."""
        stacked = np.concatenate(clusterings).astype(np.float32)
        return cls(np.ascontiguousarray(stacked.T), tuple(np.cumsum([0, *map(len, clusterings)]).tolist()))

    def nearest(self, X: Matrix) -> list[Labels]:
        """For each clustering: the nearest center of each item, (n,) int64.

        Examples:
            >>> import numpy as np
            >>> from mkt_assets.core.clustering.sampled_fit import Centers
            >>> centers = Centers.of([np.array([[0.0]]), np.array([[0.0], [4.0]])])
            >>> [labels.tolist() for labels in centers.nearest(np.array([[1], [3]], dtype=np.float32))]
            [[0, 0], [0, 1]]
        """
        found = [np.empty(len(X), dtype=np.int64) for _ in self.ends[1:]]
        half = 0.5 * np.einsum("ij,ij->j", self.across, self.across)
        for start in range(0, len(X), CHUNK_ITEMS):
            rows = slice(start, start + CHUNK_ITEMS)
            nearness = X[rows] @ self.across - half
            for labels, (first, last) in zip(found, pairwise(self.ends), strict=True):
                labels[rows] = nearness[:, first:last].argmax(axis=1)
        return found

    def totals(self, X: Matrix, weights: NDArray[np.float64] | None = None) -> Totals:
        """What the inertia of these items, each with its nearest center's, is worked out from.

        Args:
            X: Items, (n, d) float32.
            weights: What each counts for, (n,) float64; None: 1.
        """
        items, sizes = X.astype(np.float64), np.diff(self.ends).tolist()
        of_each = list(zip(self.nearest(X), sizes, strict=True))
        weighted = items if weights is None else items * weights[:, None]
        return Totals(
            float((weighted * items).sum()),
            tuple(cluster_sums(weighted, labels, k) for labels, k in of_each),
            tuple(np.bincount(labels, weights, minlength=k) for labels, k in of_each),
        )


@dataclass(frozen=True)
class Totals:
    """Of some items in several clusterings; those of other items can be added.

    Attributes:
        squares: Sum of squares of the items.
        sums: Sum of each cluster's items, (k, d) float64, for each clustering.
        counts: Their number, or sum of weights, (k,), for each clustering.
    """

    squares: float
    sums: tuple[NDArray[np.float64], ...]
    counts: tuple[NDArray[np.int64] | NDArray[np.float64], ...]

    def __add__(self, other: Totals) -> Totals:
        """Of the items of both."""
        return Totals(
            self.squares + other.squares,
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
        )

    def means(self, which: int, *, where_empty: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean of the items of each cluster of one clustering, (k, d) float64, and what is given where there is none.

        Examples:
            >>> import numpy as np
            >>> from mkt_assets.core.clustering.sampled_fit import Centers
            >>> begin = np.array([[0.0], [9.0]])
            >>> Centers.of([begin]).totals(np.array([[1], [3]], dtype=np.float32)).means(0, where_empty=begin).tolist()
            [[2.0], [9.0]]
        """
        counts = self.counts[which][:, None]
        return np.where(counts > 0, self.sums[which] / np.where(counts > 0, counts, 1), where_empty)

    @property
    def inertia(self) -> NDArray[np.float64]:
        """Sum of squared distances of the items to the means of their clusters, for each clustering, float64.

        Examples:
            >>> import numpy as np
            >>> from mkt_assets.core.clustering.sampled_fit import Centers
            >>> centers = Centers.of([np.array([[0.0]]), np.array([[0.0], [4.0]])])
            >>> some, others = np.array([[1], [3]], dtype=np.float32), np.array([[5]], dtype=np.float32)
            >>> (centers.totals(some) + centers.totals(others)).inertia.tolist()
            [8.0, 2.0]
        """
        of_means = [
            (np.square(sums).sum(axis=1) / np.where(counts > 0, counts, 1)).sum()
            for sums, counts in zip(self.sums, self.counts, strict=True)
        ]
        return np.maximum(self.squares - np.array(of_means, dtype=np.float64), 0)


def _most_of_each(sizes: NDArray[np.int64], size: int) -> int:
    """How many items an account of each of these sizes gives at most, so that there are `size` in all."""
    low, high = max(1, int(MOST_OF_AN_ACCOUNT * size)), int(sizes.max())
    while low < high:
        middle = (low + high) // 2
        if np.minimum(sizes, middle).sum() >= size:
            high = middle
        else:
            low = middle + 1
    return low


def _neighbourhoods(items: Matrix, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Positions of items that are near each other, of at most `N_COMPARED` each; all of them together are all."""
    waiting = [np.arange(len(items))]
    while waiting:
        at = waiting.pop()
        if len(at) <= N_COMPARED:
            yield at
            continue
        here, one = items[at], items[at[rng.integers(len(at))]]
        farthest = here[(np.einsum("ij,ij->i", here, here) - 2 * here @ one).argmax()]
        in_order = at[np.argsort(here @ (farthest - one), kind="stable")]
        waiting += [in_order[: len(at) // 2], in_order[len(at) // 2 :]]
