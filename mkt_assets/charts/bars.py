"""The stacked bars: which text clusters go with each image cluster, in parts, as the original drew them.

Not here: the same as one heat map (charts/heat).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from mkt_assets.charts.base import Picture
from mkt_assets.charts.fonts import drawable
from mkt_assets.charts.palette import GRID, MUTED, PAPER, REST, cluster_colour, faint, ink_on
from mkt_assets.charts.style import (
    DPI,
    MARGIN,
    NOTE_POINTS,
    add_axes,
    headline,
    headline_height,
    lines_of,
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

_AXES_HEIGHT = 4.6
_LEFT, _BELOW = 1.25, 0.82
_BAR_WIDTH = 0.8
_SEGMENT_POINTS, _LEGEND_POINTS, _LEGEND_LINE, _LEGEND_ROOM = 7.0, 8.5, 0.205, 2.0
_REST, _REST_KEY, _HATCH = "all others", -1, "/////"


@dataclass(frozen=True)
class Bar:
    """One image cluster: its shares by text cluster, bottom-up, which of them are worth believing, and the rest."""

    image_cluster: int
    n_with_text: int
    n_without_text: int
    low_support: bool
    shares: Mapping[int, float]
    supported: frozenset[int]
    rest: float


def draw_bars(
    ratios: pd.DataFrame,
    *,
    top: int | None,
    n_parts: int = 3,
    text_names: Mapping[int, str] | None = None,
) -> list[Picture]:
    """Draw the shares of the text clusters in each image cluster as stacked bars.

    The image clusters, by id, are split at i * n // n_parts as the original did; a part without any is left
    out. A share that is not worth believing is faint; an image cluster without any text is an empty slot that says so.

    Args:
        ratios: `crosstab_ratios` rows of one unit; no rows: one picture that says so.
        top: only the text clusters of rank 1 to `top`, the others as one grey segment; None: all.
        n_parts: number of pictures.
        text_names: names of text clusters, for the legend.

    Returns:
        The pictures `bars_top3` (or whatever `top` is) or `bars_all`, parts 0, 1, ...

    Raises:
        ValueError: rows of more than one unit.
    """
    name = "bars_all" if top is None else f"bars_top{top}"
    return [
        to_picture(figure, name, part, title)
        for part, (title, figure) in enumerate(bar_figures(ratios, top, n_parts, text_names or {}))
    ]


def bar_figures(
    ratios: pd.DataFrame, top: int | None, n_parts: int, text_names: Mapping[int, str]
) -> list[tuple[str, Figure]]:
    """Title and figure of every part of `draw_bars`."""
    units = ratios["unit"].unique().tolist()
    if len(units) > 1:
        raise ValueError(
            f"Bars are of one counting unit, these rows have {sorted(units)}: filter them first."
        )
    if ratios.empty:
        title = "Topics by visual style: nothing to show"
        return [
            (title, nothing_figure(title, "No image cluster has been counted against the text clusters."))
        ]
    bars = bars_of(ratios, top)
    parts = split(bars, n_parts)
    text_ids = sorted({text_id for bar in bars for text_id in bar.shares})
    figures: list[tuple[str, Figure]] = []
    for number, part in enumerate(parts, start=1):
        # one word, in which no line breaks
        which = f" ({number}/{len(parts)})" if len(parts) > 1 else ""
        share = "all text clusters" if top is None else f"top {top} text clusters"
        title = f"Topics by visual style: {share} of {_range(part)}{which}"
        figures.append((title, _figure(title, part, text_ids, str(units[0]), text_names, top)))
    return figures


def bars_of(ratios: pd.DataFrame, top: int | None) -> list[Bar]:
    """One bar an image cluster, by ascending id."""
    bars: list[Bar] = []
    for _, rows in ratios.groupby("image_cluster", sort=True):
        first = rows.iloc[0]
        shares = _shares(rows, None)
        shown = _shares(rows, top)
        rest = sum(shares.values()) - sum(shown.values())
        bars.append(
            Bar(
                int(first["image_cluster"]),
                int(first["n_with_text"]),
                int(first["n_without_text"]),
                bool(first["low_support"]),
                shown,
                _supported(rows),
                rest if rest > 1e-9 else 0.0,
            )
        )
    return bars


def _supported(rows: pd.DataFrame) -> frozenset[int]:
    """Text clusters whose link is worth believing; without that column, all of a bar that has support."""
    counted = rows[rows["text_cluster"].notna()]
    believed = (
        ~counted["low_support"] if "supported" not in counted else counted["supported"].fillna(value=False)
    )
    return frozenset(int(text_id) for text_id in counted["text_cluster"][believed.astype(bool)])


def _shares(rows: pd.DataFrame, top: int | None) -> dict[int, float]:
    """Ratio by text cluster, ascending id, down to rank `top`."""
    counted = rows[rows["text_cluster"].notna()]
    if top is not None:
        counted = counted[counted["rank"] <= top]
    pairs = zip(counted["text_cluster"].tolist(), counted["ratio"].tolist(), strict=True)
    return {int(text_id): float(ratio) for text_id, ratio in sorted(pairs)}


def split(bars: Sequence[Bar], n_parts: int) -> list[list[Bar]]:
    """Cut at i * n // n_parts; empty parts are left out."""
    cuts = [part * len(bars) // n_parts for part in range(n_parts + 1)]
    parts = [list(bars[start:stop]) for start, stop in pairwise(cuts)]
    return [part for part in parts if part]


def _range(bars: Sequence[Bar]) -> str:
    first, last = bars[0].image_cluster, bars[-1].image_cluster
    return f"image cluster {first}" if first == last else f"image clusters {first}–{last}"


def _figure(
    title: str,
    bars: Sequence[Bar],
    text_ids: Sequence[int],
    unit: str,
    names: Mapping[int, str],
    top: int | None,
) -> Figure:
    axes_width = max(_slot_width(len(bars)) * (len(bars) + 0.2), 3.0)
    legend = [(text_id, _legend_text(text_id, names)) for text_id in reversed(text_ids)]
    if any(bar.rest for bar in bars):
        legend.insert(0, (_REST_KEY, _REST))
    columns = _in_columns(legend)
    widths = [0.5 + max(text_width(text, _LEGEND_POINTS) for _, text in column) for column in columns]
    width = max(_LEFT + axes_width + 0.3 + max(sum(widths), 1.2) + MARGIN, 8.0)
    subtitle = _subtitle(bars, unit)
    notes = lines_of(_note(bars, top), NOTE_POINTS, width - 2 * MARGIN)
    above = headline_height(title, subtitle, width) + 0.12
    figure = new_figure(width, above + _AXES_HEIGHT + _BELOW + len(notes) * 0.16 + MARGIN)
    headline(figure, title, subtitle)
    axes = add_axes(figure, _LEFT, above, axes_width, _AXES_HEIGHT)
    _draw_stacks(axes, bars, text_ids)
    _label_bars(figure, axes, bars, unit, above + _AXES_HEIGHT)
    left = _LEFT + axes_width + 0.3
    write(figure, "text cluster", left, above - 0.05, _LEGEND_POINTS, color=MUTED)
    for column, column_width in zip(columns, widths, strict=True):
        for row, (text_id, text) in enumerate(column):
            _legend_entry(figure, left, above + 0.18 + row * _LEGEND_LINE, text_id, text)
        left += column_width
    write(figure, "\n".join(notes), MARGIN, above + _AXES_HEIGHT + _BELOW + 0.05, NOTE_POINTS, color=MUTED)
    return figure


def _slot_width(n_bars: int) -> float:
    """Inches for a bar and the gap beside it."""
    return min(max(9 / n_bars, 0.4), 0.9)


def _in_columns(legend: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    rows = int((_AXES_HEIGHT - 0.1) / _LEGEND_LINE)
    return [legend[start : start + rows] for start in range(0, len(legend), rows)]


def _subtitle(bars: Sequence[Bar], unit: str) -> str:
    with_text, without = sum(bar.n_with_text for bar in bars), sum(bar.n_without_text for bar in bars)
    counted = "images whose post has a text" if unit == "image" else "posts with a text"
    return (
        f"Share of each image cluster's {counted}, by text cluster. "
        f"{with_text:,} {unit}s with text in these bars; {without:,} without text are not in them."
    )


def _note(bars: Sequence[Bar], top: int | None) -> str:
    shares = [(bar, text_id) for bar in bars for text_id in bar.shares]
    n_faint = sum(text_id not in bar.supported for bar, text_id in shares)
    notes: list[str] = []
    if n_faint:
        notes.append(
            f"Faint: not more than chance explains, or too few posts or accounts ({n_faint} of {len(shares)})."
        )
    if any(bar.rest for bar in bars):
        notes.append(f"Grey, hatched: all text clusters beyond the top {top}.")
    notes.append("Numbers in the bars: text cluster ids. Cluster ids are by size, 0 the largest.")
    return " ".join(notes)


def _draw_stacks(axes: Axes, bars: Sequence[Bar], text_ids: Sequence[int]) -> None:
    bottoms = [0.0] * len(bars)
    for text_id in text_ids:
        at = [x for x, bar in enumerate(bars) if text_id in bar.shares]
        colour = cluster_colour(text_id)
        colours = [colour if text_id in bars[x].supported else faint(colour) for x in at]
        heights = [bars[x].shares[text_id] for x in at]
        _draw_segments(axes, at, heights, bottoms, label=str(text_id), color=colours, edgecolor=PAPER)
        for x, height, drawn in zip(at, heights, colours, strict=True):
            _label_segment(axes, x, bottoms[x], height, str(text_id), ink_on(drawn))
            bottoms[x] += height
    at = [x for x, bar in enumerate(bars) if bar.rest]
    rests = [bars[x].rest for x in at]
    _draw_segments(axes, at, rests, bottoms, label=_REST, color=PAPER, edgecolor=REST, hatch=_HATCH)
    axes.set_ylim(0, 1)
    slots = float(axes.get_window_extent().width) / DPI / _slot_width(len(bars))
    middle = (len(bars) - 1) / 2
    axes.set_xlim(middle - slots / 2, middle + slots / 2)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])


def _draw_segments(
    axes: Axes, at: Sequence[int], heights: Sequence[float], bottoms: Sequence[float], **style: Any
) -> None:
    if at:
        axes.bar(at, heights, _BAR_WIDTH, bottom=[bottoms[x] for x in at], linewidth=0.8, **style)


def _label_segment(axes: Axes, x: int, bottom: float, height: float, text: str, colour: str) -> None:
    if height * _AXES_HEIGHT > _SEGMENT_POINTS * 1.4 / 72:
        middle = bottom + height / 2
        axes.text(x, middle, text, ha="center", va="center_baseline", fontsize=_SEGMENT_POINTS, color=colour)


def _label_bars(figure: Figure, axes: Axes, bars: Sequence[Bar], unit: str, floor: float) -> None:
    """Under each bar its id and the n behind it; in an empty slot, why it is empty."""
    from matplotlib.patches import Rectangle

    axes.set_xticks(range(len(bars)), [str(bar.image_cluster) for bar in bars], fontweight="bold")
    below = axes.get_xaxis_transform()
    for x, bar in enumerate(bars):
        for depth, n in ((0.36, bar.n_with_text), (0.56, bar.n_without_text)):
            where: dict[str, Any] = {"transform": below, "ha": "center", "va": "center"}
            axes.text(x, -depth / _AXES_HEIGHT, f"{n:,}", fontsize=7.5, color=MUTED, **where)
        if not bar.shares:
            box = Rectangle(
                (x - _BAR_WIDTH / 2, 0.004), _BAR_WIDTH, 0.992, fill=False, edgecolor=GRID, linestyle="--"
            )
            axes.add_patch(box)
            text = f"no text · {bar.n_without_text:,} {unit}{'s' if bar.n_without_text != 1 else ''}"
            axes.text(x, 0.5, text, rotation=90, ha="center", va="center", fontsize=NOTE_POINTS, color=MUTED)
    write(figure, "image cluster", _LEFT - 0.1, floor + 0.09, 8, weight="bold", ha="right")
    write(figure, f"{unit}s with text", _LEFT - 0.1, floor + 0.3, 7.5, color=MUTED, ha="right")
    write(figure, "without text", _LEFT - 0.1, floor + 0.5, 7.5, color=MUTED, ha="right")


def _legend_text(text_id: int, names: Mapping[int, str]) -> str:
    text = drawable(f"{text_id}  {names.get(text_id, '')}")
    return elide(text, lambda piece: text_width(piece, _LEGEND_POINTS), _LEGEND_ROOM)


def _legend_entry(figure: Figure, left: float, top: float, text_id: int, text: str) -> None:
    from matplotlib.patches import Rectangle

    height = float(figure.get_size_inches()[1])
    look: dict[str, Any] = {"facecolor": PAPER, "edgecolor": REST, "hatch": _HATCH}
    if text_id != _REST_KEY:
        look = {"facecolor": cluster_colour(text_id)}
    patch = Rectangle((left, height - top - 0.14), 0.2, 0.13, transform=figure.dpi_scale_trans, **look)
    figure.add_artist(patch)
    write(figure, text, left + 0.28, top - 0.005, _LEGEND_POINTS)
