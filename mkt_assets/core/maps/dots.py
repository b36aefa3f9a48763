"""Which dots a map shows: at most so many items, and equal ones once.

Not here: where they lie (layout), drawing them (charts/maps, report/scripts).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Dots:
    """One row a dot: (n, 2) positions, the row of its first item, its cluster, and how many shown items it is."""

    positions: NDArray[np.float64]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    n_items: NDArray[np.int64]


def to_dots(
    positions: NDArray[np.float64], labels: NDArray[np.int64], *, max_items: int, seed: int = 0
) -> Dots:
    """The dots of items, in the items' order; of more than `max_items` items a sample.

    Items of one cluster in the same place are one dot.

    Args:
        positions: (n, 2).
        labels: (n,) cluster ids.
        max_items: a larger n is sampled down to this.
        seed: of the sample.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.maps.dots import to_dots
        >>> at = np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]])
        >>> to_dots(at, np.array([5, 6, 5]), max_items=9).n_items.tolist()
        [2, 1]
    """
    rows = np.arange(len(positions), dtype=np.int64)
    if len(rows) > max_items:
        rows = np.sort(np.random.default_rng(seed).choice(rows, max_items, replace=False))
    keyed = np.column_stack([positions[rows], labels[rows]])
    _, first, n_items = np.unique(keyed, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    shown = rows[first[order]]
    return Dots(positions[shown], shown, labels[shown], n_items[order])
