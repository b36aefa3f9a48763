"""The map of a clustering: similar items near each other, in their clusters' colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mkt_assets.charts.base import Picture
from mkt_assets.charts.fonts import drawable
from mkt_assets.charts.palette import INK, MUTED, PAPER, cluster_colour
from mkt_assets.charts.style import (
    MARGIN,
    add_axes,
    headline,
    headline_height,
    new_figure,
    nothing_figure,
    text_width,
    to_picture,
    write,
)
from mkt_assets.charts.typeset import elide

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 7.0
_LEGEND_ROWS = 26
_LEGEND_POINTS = 8.5
_LEGEND_ROOM = 1.75
_TSNE_MINIMUM = 5
_PCA_DIMENSIONS = 50
_GROUND = "#fafaf7"


@dataclass(frozen=True)
class ItemMap:
    """Where the sampled items lie: one row a distinct vector, which may stand for several equal items.

    `rows` are those of the first of the equal items.
    """

    positions: NDArray[np.float64]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    n_items: NDArray[np.int64]
    method: str


def lay_out(X: NDArray[np.float32], labels: NDArray[np.int64], max_items: int, seed: int) -> ItemMap:
    """Place items in the plane so that similar ones are near: t-SNE on cosine geometry, PCA for a handful.

    Equal vectors are placed once: t-SNE pulls them into rings that look like structure. Deterministic for the
    same rows in the same order.

    Args:
        X: (n, d) vectors; only their direction counts.
        labels: (n,) cluster ids.
        max_items: a larger n is sampled down to this.
        seed: of the sample and of t-SNE.

    References:
        van der Maaten & Hinton, Visualizing Data using t-SNE, JMLR 2008; PCA initialisation after Kobak &
        Berens, Nature Communications 2019.
    """
    if len(X) > max_items:
        kept = np.sort(np.random.default_rng(seed).choice(len(X), max_items, replace=False))
        sampled = lay_out(X[kept], labels[kept], max_items, seed)
        return replace(sampled, rows=kept[sampled.rows])
    unit = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), np.float32(1e-12))
    _, first, n_items = np.unique(unit, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    first, n_items = first[order], n_items[order]
    distinct = unit[first].astype(np.float64)
    if len(distinct) < _TSNE_MINIMUM:
        return ItemMap(_principal(distinct, 2, seed), first, labels[first], n_items, "PCA")
    return ItemMap(_tsne(distinct, seed), first, labels[first], n_items, "t-SNE")


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


def draw_map(
    modality: str,
    X: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    names: Mapping[int, str] | None = None,
    max_items: int = 2000,
    seed: int = 0,
) -> Picture:
    """Draw the items of one modality in the plane, each in its cluster's colour.

    Args:
        modality: image or text.
        X: (n, d) float32 vectors, rows in a fixed order; n may be 0 (a picture that says so).
        labels: (n,) cluster ids.
        names: names of clusters, for the legend.
        max_items: more items than this are sampled; the subtitle says so.
        seed: of the sample and of t-SNE.

    Returns:
        The picture `map_image` or `map_text`.

    Raises:
        ValueError: X and labels differ in length, or X is not a matrix.
    """
    if X.ndim != 2 or labels.shape != (len(X),):
        raise ValueError(
            f"A map needs one label a vector: X has shape {X.shape}, labels have shape {labels.shape}."
        )
    title = map_title(modality, labels)
    if len(X) == 0:
        figure = nothing_figure(title, f"There were no {modality} vectors to place.")
    else:
        figure = map_figure(modality, lay_out(X, labels, max_items, seed), labels, names or {})
    return to_picture(figure, f"map_{modality}", 0, title)


def map_title(modality: str, labels: NDArray[np.int64]) -> str:
    """The title: how many clusters of what."""
    n_clusters = len(np.unique(labels))
    if n_clusters == 0:
        return f"Map of the {modality} clusters: nothing to show"
    return f"Map of the {n_clusters} {modality} cluster{'s' if n_clusters > 1 else ''}"


def map_figure(modality: str, placed: ItemMap, labels: NDArray[np.int64], names: Mapping[int, str]) -> Figure:
    """The figure of `draw_map`; `labels` are those of all items, sampled or not."""
    title, subtitle = map_title(modality, labels), _subtitle(modality, placed, labels)
    ids, sizes = np.unique(labels, return_counts=True)
    entries = {
        cluster_id: _legend_text(cluster_id, size, names.get(cluster_id, ""))
        for cluster_id, size in zip(ids.tolist(), sizes.tolist(), strict=True)
    }
    column = 0.45 + max(text_width(text + size, _LEGEND_POINTS) for text, size in entries.values())
    width = max(MARGIN + _SIDE + 0.25 + -(-len(ids) // _LEGEND_ROWS) * column, _SIDE + 1.8)
    top = headline_height(title, subtitle, width) + 0.1
    figure = new_figure(width, top + _SIDE + MARGIN)
    headline(figure, title, subtitle)
    axes = add_axes(figure, MARGIN, top, _SIDE, _SIDE)
    axes.set_facecolor(_GROUND)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    _scatter(axes, placed)
    _label_clusters(axes, placed)
    for row, (cluster_id, (text, size)) in enumerate(entries.items()):
        left = MARGIN + _SIDE + 0.25 + row // _LEGEND_ROWS * column
        line = top + 0.05 + row % _LEGEND_ROWS * (_SIDE / _LEGEND_ROWS)
        _legend_dot(figure, left, line, cluster_id)
        write(figure, text, left + 0.2, line, _LEGEND_POINTS)
        write(figure, size, left + 0.28 + text_width(text, _LEGEND_POINTS), line, _LEGEND_POINTS, color=MUTED)
    return figure


def _subtitle(modality: str, placed: ItemMap, labels: NDArray[np.int64]) -> str:
    n_shown, n_dots = int(placed.n_items.sum()), len(placed.positions)
    sample = f"a random {n_shown:,} of {len(labels):,}" if n_shown < len(labels) else f"all {n_shown:,}"
    equal = f", equal ones drawn as one larger dot ({n_dots:,} dots)" if n_dots < n_shown else ""
    return (
        f"Each dot is {'an image' if modality == 'image' else 'the text of a post'}, {sample}{equal}; near "
        f"means similar, far apart means little ({placed.method}). Numbers: cluster ids, 0 the largest."
    )


def _scatter(axes: Axes, placed: ItemMap) -> None:
    base = float(np.clip(9000 / len(placed.positions), 9, 60))
    axes.scatter(
        placed.positions[:, 0],
        placed.positions[:, 1],
        s=base * np.sqrt(placed.n_items),
        c=[cluster_colour(label) for label in placed.labels.tolist()],
        alpha=0.8,
        linewidths=0.3,
        edgecolors=PAPER,
    )
    middle = (placed.positions.max(axis=0) + placed.positions.min(axis=0)) / 2
    half = max(float(np.ptp(placed.positions, axis=0).max()) / 2 * 1.06, 1e-6)
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)


def label_positions(placed: ItemMap) -> dict[int, tuple[float, float]]:
    """Per cluster the position of its item nearest to the coordinate-wise median, so inside it."""
    found: dict[int, tuple[float, float]] = {}
    for cluster_id in np.unique(placed.labels).tolist():
        members = placed.positions[placed.labels == cluster_id]
        nearest = members[np.linalg.norm(members - np.median(members, axis=0), axis=1).argmin()]
        found[cluster_id] = (float(nearest[0]), float(nearest[1]))
    return found


def _label_clusters(axes: Axes, placed: ItemMap) -> None:
    from matplotlib.patheffects import withStroke

    positions = label_positions(placed)
    points = 11.0 if len(positions) <= 30 else 8.0
    for cluster_id, position in positions.items():
        text = axes.annotate(
            str(cluster_id),
            position,
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=points,
            fontweight="bold",
            color=INK,
        )
        text.set_path_effects([withStroke(linewidth=2.5, foreground=PAPER)])


def _legend_text(cluster_id: int, size: int, name: str) -> tuple[str, str]:
    """Id and name as they fit, and the number of items."""
    text = drawable(f"{cluster_id}  {name}")
    return elide(text, lambda piece: text_width(piece, _LEGEND_POINTS), _LEGEND_ROOM), f"{size:,}"


def _legend_dot(figure: Figure, left: float, top: float, cluster_id: int) -> None:
    from matplotlib.patches import Circle

    height = float(figure.get_size_inches()[1])
    centre = (left + 0.07, height - top - 0.075)
    dot = Circle(centre, 0.06, color=cluster_colour(cluster_id), transform=figure.dpi_scale_trans)
    figure.add_artist(dot)
