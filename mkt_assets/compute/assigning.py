"""Which cluster each of very many items is in, a part at a time, in threads: memory does not grow with the items.

Not here: the centers, and what is nearest (core/clustering/sampled_fit).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import reduce
from operator import add
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.clustering.labels import Labels, canonical_labels, cluster_sums
from mkt_assets.core.clustering.sampled_fit import Centers, Totals
from mkt_assets.core.clustering.starts import merged
from mkt_assets.core.clustering.threads import one_blas_thread
from mkt_assets.stored.large_items import Digest, LargeItems, Part

Values = NDArray[np.float64]
Result = TypeVar("Result")
SETTLED = 1e-3
"""Share of its inertia by which a clustering of all items still falls from pass to pass, to be worth another one."""
MOST_PASSES = 5


def inertia_of_all(
    items: LargeItems, clusterings: Sequence[NDArray[np.floating]], *, n_threads: int
) -> Values:
    """The inertia of all items in each clustering, each item in the cluster of the nearest center: float64.

    Args:
        items: What is clustered, at least one.
        clusterings: Centers, (k, d), of each.
        n_threads: Threads; they change no digit.
    """
    centers = Centers.of(clusterings)
    return reduce(add, _of_parts(items, lambda part: centers.totals(part.vectors), n_threads)).inertia


def settled_on_all(
    items: LargeItems, fits: Sequence[NDArray[np.floating]], weights: Values, *, n_threads: int
) -> Values:
    """Centers (k, d) float64 of all items: those of some fits of a sample together, merged and settled on all.

    Each fit of a sample has found other clusters: all centers of all of them, with the items that are nearest to each,
    are merged pair by pair until there are k (Ward 1963; Bradley and Fayyad 1998 start k-means so from samples). From
    there Lloyd's algorithm goes over all items; it ends where a pass lowers their weighted inertia by less than
    `SETTLED`, after `MOST_PASSES` at the latest. A center that nothing is nearest to stays where it is.

    Args:
        items: What is clustered, at least one.
        fits: Centers, (k, d), that each fit found.
        weights: What each item counts for, (n,) float64: by `fair_weights`, an account for no more than in the sample.
        n_threads: Threads; they change no digit.
    """

    def look(centers: NDArray[np.floating]) -> Totals:
        at = Centers.of([centers])
        seen = _of_parts(items, lambda part: at.totals(part.vectors, weights[part.positions]), n_threads)
        return reduce(add, seen)

    fine = np.concatenate(fits)
    totals, k = look(fine), max(map(len, fits))
    [(_, begin)] = merged(totals.means(0, where_empty=fine), totals.counts[0], [k])
    settled, before = begin.astype(np.float64), np.inf
    for _ in range(MOST_PASSES):
        totals = look(settled)
        settled = totals.means(0, where_empty=settled)
        if totals.inertia[0] >= before * (1 - SETTLED):
            break
        before = totals.inertia[0]
    return settled


def labels_of_all(items: LargeItems, centers: NDArray[np.floating], *, n_threads: int) -> Labels:
    """Cluster of each item, (n,) int64, canonical: that of the nearest center (k, d)."""
    labels, to = np.empty(len(items.frame), dtype=np.int64), Centers.of([centers])
    for part, [nearest] in _of_parts(items, lambda part: (part, to.nearest(part.vectors)), n_threads):
        labels[part.positions] = nearest
    return canonical_labels(labels)


def means_of_all(items: LargeItems, labels: Labels, digest: Digest) -> Values:
    """Mean of the items of each cluster, (k, d) float64; all vectors go into the `digest`."""
    counts = np.bincount(labels)
    sums: Values | None = None
    for part in items.parts():
        digest.update(np.ascontiguousarray(part.vectors).data)
        of_part = cluster_sums(part.vectors.astype(np.float64), labels[part.positions], len(counts))
        sums = of_part if sums is None else sums + of_part
    assert sums is not None
    return sums / counts[:, None]


def distances_of_all(items: LargeItems, labels: Labels, means: Values) -> Values:
    """Euclidean distance of each item to the mean of its cluster, (n,) float64."""
    distance = np.empty(len(labels), dtype=np.float64)
    for part in items.parts():
        apart = part.vectors.astype(np.float64) - means[labels[part.positions]]
        distance[part.positions] = np.linalg.norm(apart, axis=1)
    return distance


def _of_parts(
    items: LargeItems, look: Callable[[Part], Result], n_threads: int
) -> Generator[Result, None, None]:
    """What `look` makes of each part, in order."""
    with (
        one_blas_thread(),
        closing(map_ahead(look, items.parts(), n_threads=n_threads, n_ahead=2 * n_threads)) as done,
    ):
        yield from done
