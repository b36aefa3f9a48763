"""The cross table as one heat map: every image cluster against every text cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from mkt_assets.charts.bars import Bar, bars_of
from mkt_assets.charts.base import Picture
from mkt_assets.charts.fonts import drawable
from mkt_assets.charts.palette import CLUSTER_COLOURS, MUTED, PAPER, TILE, ink_on, mixed
from mkt_assets.charts.style import (
    MARGIN,
    add_axes,
    headline,
    headline_height,
    new_figure,
    nothing_figure,
    text_width,
    to_picture,
)
from mkt_assets.charts.typeset import elide

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL_WIDTH, _CELL_HEIGHT = 0.5, 0.24
_LEFT, _RIGHT, _NAME_ROOM, _POINTS = 1.0, 1.5, 1.4, 7.5
# the two columns of counts, in cells right of the table
_COUNTS = ((0.7, "with text"), (2.0, "without"))
_FULL, _FULL_LOW_SUPPORT = CLUSTER_COLOURS[0], "#9b9b96"
_TITLE = "Which text clusters go with which image clusters"


def draw_heatmap(
    ratios: pd.DataFrame,
    *,
    image_names: Mapping[int, str] | None = None,
    text_names: Mapping[int, str] | None = None,
) -> Picture:
    """Draw every ratio of the cross table; links that are not worth believing in grey instead of blue.

    Args:
        ratios: `crosstab_ratios` rows of one unit; no rows: a picture that says so.
        image_names: names of image clusters, left of the rows.
        text_names: names of text clusters, above the columns.

    Returns:
        The picture `crosstab_heatmap`.

    Raises:
        ValueError: rows of more than one unit.
    """
    figure = heatmap_figure(ratios, text_names or {}, image_names or {})
    return to_picture(figure, "crosstab_heatmap", 0, _TITLE)


def heatmap_figure(
    ratios: pd.DataFrame, text_names: Mapping[int, str], image_names: Mapping[int, str]
) -> Figure:
    """The figure of `draw_heatmap`."""
    units = ratios["unit"].unique().tolist()
    if len(units) > 1:
        raise ValueError(f"A heat map is of one unit, these rows have {sorted(units)}: filter them first.")
    bars = bars_of(ratios, top=None)
    if not any(bar.shares for bar in bars):
        return nothing_figure(_TITLE, "No image cluster has an item with a text.")
    text_ids = sorted({text_id for bar in bars for text_id in bar.shares})
    labels = [_label(text_id, text_names) for text_id in text_ids]
    label_height = max(text_width(label, _POINTS) for label in labels) if text_names else 0.15
    row_labels = [_label(bar.image_cluster, image_names) for bar in bars]
    left = _LEFT + (max(text_width(label, _POINTS) for label in row_labels) if image_names else 0.0)
    subtitle = (
        f"Percent of an image cluster's {units[0]}s with a text, by text cluster; a row adds up to 100. "
        f"Right: how many {units[0]}s with and without a text. "
        "Grey: no more than chance explains, or too few posts or accounts."
    )
    width = max(left + _CELL_WIDTH * len(text_ids) + _RIGHT, 7.0)
    top = headline_height(_TITLE, subtitle, width) + 0.35 + label_height
    figure = new_figure(width, top + _CELL_HEIGHT * len(bars) + MARGIN)
    headline(figure, _TITLE, subtitle)
    axes = add_axes(figure, left, top, _CELL_WIDTH * len(text_ids), _CELL_HEIGHT * len(bars))
    axes.grid(False)
    axes.set_facecolor(TILE)
    axes.hlines(range(len(bars) + 1), 0, len(text_ids), color=PAPER, linewidth=1.2)
    axes.vlines(range(len(text_ids) + 1), 0, len(bars), color=PAPER, linewidth=1.2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set(xlim=(0, len(text_ids)), ylim=(len(bars), 0))
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    columns, rows = [x + 0.5 for x in range(len(text_ids))], [y + 0.5 for y in range(len(bars))]
    axes.set_xticks(columns, labels, rotation=90 if text_names else 0, fontsize=_POINTS)
    axes.set_yticks(rows, row_labels, fontsize=_POINTS)
    axes.set_xlabel("text cluster", fontsize=8, color=MUTED, loc="left")
    axes.set_ylabel("image cluster", fontsize=8, color=MUTED, loc="top")
    for right, heading in _COUNTS:
        axes.text(len(text_ids) + right, -0.35, heading, ha="center", fontsize=_POINTS, color=MUTED)
    for y, bar in enumerate(bars):
        _draw_row(figure, y, bar, text_ids)
    return figure


def _label(cluster_id: int, names: Mapping[int, str]) -> str:
    text = drawable(f"{cluster_id}  {names.get(cluster_id, '')}").strip()
    return elide(text, lambda piece: text_width(piece, _POINTS), _NAME_ROOM)


def _draw_row(figure: Figure, y: int, bar: Bar, text_ids: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    axes = figure.axes[0]
    for x, text_id in enumerate(text_ids):
        share = bar.shares.get(text_id, 0.0)
        full = _FULL if text_id in bar.supported else _FULL_LOW_SUPPORT
        colour = mixed(TILE, full, share)
        if share > 0:
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour))
            percent = f"{share * 100:.0f}" if share >= 0.005 else "<1"
            middle = (x + 0.5, y + 0.5)
            axes.text(
                *middle, percent, ha="center", va="center_baseline", fontsize=_POINTS, color=ink_on(colour)
            )
    for (right, _), n in zip(_COUNTS, (bar.n_with_text, bar.n_without_text), strict=True):
        where: dict[str, Any] = {"ha": "center", "va": "center"}
        axes.text(len(text_ids) + right, y + 0.5, f"{n:,}", fontsize=_POINTS, color=MUTED, **where)
