"""The map of a clustering: similar items near each other, in their clusters' colours.

Not here: where they lie (core/maps).
"""

from __future__ import annotations

from collections.abc import Mapping
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
from mkt_assets.core.maps.dots import Dots, to_dots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 7.0
_LEGEND_ROWS = 26
_LEGEND_POINTS = 8.5
_LEGEND_ROOM = 1.75
_GROUND = "#fafaf7"


def draw_map(
    modality: str,
    positions: NDArray[np.float64],
    labels: NDArray[np.int64],
    *,
    method: str = "",
    names: Mapping[int, str] | None = None,
    max_items: int = 2000,
) -> Picture:
    """Draw the items of one modality in the plane, each in its cluster's colour.

    Args:
        modality: image or text.
        positions: (n, 2), as `item_positions` has them; n may be 0 (a picture that says so).
        labels: (n,) cluster ids.
        method: how the positions were found, for the subtitle.
        names: names of clusters, for the legend.
        max_items: more items than this are sampled; the subtitle says so.

    Returns:
        The picture `map_image` or `map_text`.

    Raises:
        ValueError: positions and labels differ in length, or positions are not in the plane.
    """
    if positions.shape != (len(labels), 2):
        raise ValueError(
            f"A map needs one label a position: positions have shape {positions.shape}, labels {labels.shape}."
        )
    title = map_title(modality, labels)
    if len(labels) == 0:
        figure = nothing_figure(title, f"There were no {modality} items to place.")
    else:
        figure = map_figure(
            modality, to_dots(positions, labels, max_items=max_items), labels, names or {}, method
        )
    return to_picture(figure, f"map_{modality}", 0, title)


def map_title(modality: str, labels: NDArray[np.int64]) -> str:
    """The title: how many clusters of what."""
    n_clusters = len(np.unique(labels))
    if n_clusters == 0:
        return f"Map of the {modality} clusters: nothing to show"
    return f"Map of the {n_clusters} {modality} cluster{'s' if n_clusters > 1 else ''}"


def map_figure(
    modality: str, placed: Dots, labels: NDArray[np.int64], names: Mapping[int, str], method: str = ""
) -> Figure:
    """The figure of `draw_map`; `labels` are those of all items, sampled or not."""
    title, subtitle = map_title(modality, labels), _subtitle(modality, placed, labels, method)
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


def _subtitle(modality: str, placed: Dots, labels: NDArray[np.int64], method: str) -> str:
    n_shown, n_dots = int(placed.n_items.sum()), len(placed.positions)
    sample = f"a random {n_shown:,} of {len(labels):,}" if n_shown < len(labels) else f"all {n_shown:,}"
    equal = f", those in one place drawn as one larger dot ({n_dots:,} dots)" if n_dots < n_shown else ""
    return (
        f"Each dot is {'an image' if modality == 'image' else 'the text of a post'}, {sample}{equal}; near "
        f"means similar, far apart means little{f' ({method})' if method else ''}. Numbers: cluster ids, 0 the largest."
    )


def _scatter(axes: Axes, placed: Dots) -> None:
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


def label_positions(placed: Dots) -> dict[int, tuple[float, float]]:
    """Per cluster the position of its item nearest to the coordinate-wise median, so inside it."""
    found: dict[int, tuple[float, float]] = {}
    for cluster_id in np.unique(placed.labels).tolist():
        members = placed.positions[placed.labels == cluster_id]
        nearest = members[np.linalg.norm(members - np.median(members, axis=0), axis=1).argmin()]
        found[cluster_id] = (float(nearest[0]), float(nearest[1]))
    return found


def _label_clusters(axes: Axes, placed: Dots) -> None:
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
