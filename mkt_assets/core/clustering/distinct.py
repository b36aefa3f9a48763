"""Items in the order of their content, and which of them are equal."""

from __future__ import annotations

import numpy as np

from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.clustering.threads import CHUNK_ITEMS


def by_content(X: Matrix) -> tuple[Labels, Labels]:
    """An order of the rows that depends on what is in them only, and, in that order, the number of each distinct row.

    Both are (n,) int64. Rows are compared as bytes, -0 as 0.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.distinct import by_content
        >>> order, number = by_content(np.array([[2, 1], [1, 0], [2, 1]], dtype=np.float32))
        >>> order.tolist(), number.tolist()
        ([0, 2, 1], [0, 0, 1])
    """
    if not X.size:
        return np.arange(len(X)), np.zeros(len(X), dtype=np.int64)
    rows = np.ascontiguousarray(X, dtype=np.float32)
    chunks = (rows[a : a + CHUNK_ITEMS] for a in range(0, len(rows), CHUNK_ITEMS))
    if any((np.signbit(chunk) & (chunk == 0)).any() for chunk in chunks):
        rows = rows + np.float32(0)
    keys = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    order = np.argsort(keys, kind="stable")
    new = np.zeros(len(rows), dtype=np.int64)
    for start in range(1, len(rows), CHUNK_ITEMS):
        at = slice(start, min(start + CHUNK_ITEMS, len(rows)))
        before = slice(at.start - 1, at.stop - 1)
        new[at] = keys[order[at]] != keys[order[before]]
    return order, np.cumsum(new)


def count_distinct(X: Matrix) -> int:
    """Number of distinct rows.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.distinct import count_distinct
        >>> count_distinct(np.array([[0, 1], [1, 0], [0, 1]], dtype=np.float32))
        2
    """
    return int(by_content(X)[1][-1]) + 1 if len(X) else 0


def distinct_rows(X: Matrix) -> Matrix:
    """The distinct rows, in the order of their content.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.distinct import distinct_rows
        >>> distinct_rows(np.array([[2, 1], [1, 0], [2, 1]], dtype=np.float32)).tolist()
        [[2.0, 1.0], [1.0, 0.0]]
    """
    order, number = by_content(X)
    return X[order[np.flatnonzero(np.diff(number, prepend=-1))]]
