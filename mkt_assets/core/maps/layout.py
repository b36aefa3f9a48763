"""A layout of items in the plane, fitted once, in which new items are placed without moving those that are there.

Not here: storing it (assets/item_positions), which items a map shows (core/maps/dots).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.maps.neighbours import nearest
from mkt_assets.core.vectors import unit_rows

MAX_ANCHORS = 2000
"""Distinct items that a layout is fitted on: t-SNE of more takes minutes, and shows no more."""
_TSNE_MINIMUM = 5
_PCA_DIMENSIONS = 50
_N_NEIGHBOURS = 10
_OUTGROWN = 4
_SAME = 1e-6  # cosine distance; of float32 vectors, nothing nearer is told apart


@dataclass(frozen=True)
class Layout:
    """Anchors: (n, d) float32 unit vectors and their (n, 2) float64 positions; `name` is of what it was fitted on."""

    name: str
    method: str
    vectors: NDArray[np.float32]
    positions: NDArray[np.float64]


def fit_layout(X: NDArray[np.float32], *, max_anchors: int = MAX_ANCHORS, seed: int = 0) -> Layout:
    """Lay out items so that similar ones are near: t-SNE on cosine geometry, PCA for a handful.

    Equal vectors are one anchor: t-SNE pulls them into rings that look like structure. Positions are centred, and
    the larger side of what they take up is 1. Deterministic for the same rows in the same order.

    Args:
        X: (n, d) vectors, n at least 1; only their direction counts.
        max_anchors: of more distinct vectors, a sample of so many.
        seed: of the sample and of t-SNE.

    References:
        van der Maaten & Hinton, Visualizing Data using t-SNE, JMLR 2008; PCA initialisation after Kobak &
        Berens, Nature Communications 2019.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.maps.layout import fit_layout
        >>> layout = fit_layout(np.eye(3, dtype=np.float32)[[0, 1, 0, 2]])
        >>> layout.method, layout.positions.shape
        ('PCA', (3, 2))
    """
    unit = unit_rows(X)
    _, first = np.unique(unit, axis=0, return_index=True)
    first.sort()
    if len(first) > max_anchors:
        first = np.sort(np.random.default_rng(seed).choice(first, max_anchors, replace=False))
    anchors = unit[first]
    wide = anchors.astype(np.float64)
    few = len(anchors) < _TSNE_MINIMUM
    positions = _in_unit_square(_principal(wide, 2, seed) if few else _tsne(wide, seed))
    digest = hashlib.sha256(anchors.tobytes() + positions.tobytes()).hexdigest()
    return Layout(digest[:12], "PCA" if few else "t-SNE", anchors, positions)


def place(X: NDArray[np.float32], layout: Layout) -> NDArray[np.float64]:
    """(n, 2) positions of items in a layout: an anchor's own where it is equal to one, else among the nearest anchors.

    A new item lies at the median of the 10 anchors most similar to it, coordinate by coordinate. What resembles
    nothing that the layout was fitted on lies beside what it resembles most, so a map shows what is new only roughly.

    Args:
        X: (n, d) vectors; only their direction counts.
        layout: of vectors of the same encoder.

    References:
        Kobak & Berens, The art of using t-SNE for single-cell transcriptomics, Nature Communications 2019
        (positioning of new points).

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.maps.layout import fit_layout, place
        >>> X = np.eye(6, 4, dtype=np.float32) + np.float32(0.1)
        >>> layout = fit_layout(X)
        >>> bool((place(layout.vectors, layout) == layout.positions).all())
        True
    """
    parts = [np.zeros((0, 2))]
    for ids, distances in nearest(X, layout.vectors, _N_NEIGHBOURS):
        is_anchor = distances[:, :1] < _SAME
        parts.append(
            np.where(is_anchor, layout.positions[ids[:, 0]], np.median(layout.positions[ids], axis=1))
        )
    return np.concatenate(parts)


def anchors_among(X: NDArray[np.float32], layout: Layout) -> NDArray[np.int64]:
    """For each anchor, the first row of X whose unit vector is it, bit for bit, or -1: (n_anchors,).

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.maps.layout import anchors_among, fit_layout
        >>> X = np.eye(3, dtype=np.float32)
        >>> anchors_among(X[[2, 0]], fit_layout(X)).tolist()
        [1, -1, 0]
    """
    first: dict[bytes, int] = {}
    for row, vector in enumerate(unit_rows(X)):
        first.setdefault(vector.tobytes(), row)
    return np.array([first.get(anchor.tobytes(), -1) for anchor in layout.vectors], np.int64)


def best(layouts: Sequence[Layout], n_distinct: int, *, max_anchors: int = MAX_ANCHORS) -> Layout | None:
    """The layout that a crawl of so many distinct vectors is placed in, or None where it needs a new one.

    The one of most anchors. A crawl with more than four times as many as that has anchors has outgrown it, unless the
    layout has a quarter of `max_anchors`: one of a first crawl for trial would show a large crawl as a few heaps.

    Examples:
        >>> from mkt_assets.core.maps.layout import best
        >>> best([], 100) is None
        True
    """
    largest = max(layouts, key=lambda layout: (len(layout.vectors), layout.name), default=None)
    if largest is None or min(n_distinct, max_anchors) > _OUTGROWN * len(largest.vectors):
        return None
    return largest


def _in_unit_square(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = positions.min(axis=0), positions.max(axis=0)
    return (positions - (low + high) / 2) / max(float((high - low).max()), 1e-9)


def _principal(unit: NDArray[np.float64], n_components: int, seed: int) -> NDArray[np.float64]:
    """Scores on the leading principal components, (n, n_components), zero where there are fewer."""
    from sklearn.decomposition import PCA

    found = min(n_components, *unit.shape) if len(unit) > 1 else 0
    scores = np.zeros((len(unit), n_components))
    if found:
        scores[:, :found] = PCA(found, random_state=seed).fit_transform(unit)
    return scores


def _tsne(unit: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # 50 components keep the neighbourhoods and save most of the time; one thread keeps sums in one order.
    with threadpool_limits(1):
        tsne = TSNE(
            init="pca", perplexity=min(30.0, (len(unit) - 1) / 3), random_state=seed, n_jobs=1, max_iter=500
        )
        reduced = _principal(unit, min(_PCA_DIMENSIONS, *unit.shape), seed)
        return np.asarray(tsne.fit_transform(reduced), np.float64)
