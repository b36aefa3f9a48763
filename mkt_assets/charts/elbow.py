"""The elbow chart: which numbers of clusters were tried, and why one was chosen.

Not here: the choice (core/clustering/knee).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.charts.base import Picture
from mkt_assets.charts.palette import CLUSTER_COLOURS, GRID, MUTED
from mkt_assets.charts.style import (
    add_axes,
    headline,
    headline_height,
    new_figure,
    nothing_figure,
    text_width,
    to_picture,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 9.0
_MAIN_HEIGHT, _TALLER_HEIGHT, _SMALL_HEIGHT, _GAP = 2.9, 1.8, 1.0, 0.42
_LEFT, _RIGHT, _BOTTOM = 0.95, 0.45, 0.62
_LINE, _CHOSEN, _SECOND = CLUSTER_COLOURS[0], CLUSTER_COLOURS[3], CLUSTER_COLOURS[2]
_SECOND_OPINIONS = (
    (
        "separation",
        "how far clusters stand apart (silhouette); dashed: items of the same directions without clusters",
    ),
    ("silhouette", "silhouette (higher: clusters further apart)"),
    ("stability", "stability over seeds (1: always the same clusters)"),
    ("half_stability", "stability over halves (1: each half of the items gives the same clusters)"),
)
_DRAWN = (
    *("k", "inertia", "chosen", "chosen_by", "reason", "knee_lowest", "knee_highest", "n_items"),
    *("reference_separation", *(column for column, _ in _SECOND_OPINIONS)),
)
"""The columns that are drawn."""
_TITLES = {
    "knee": "{what} clusters: they stand out most at k = {k}",
    "bend": "{what} clusters: none stand out; k = {k}, where the curve bends most",
    "only": "{what} clusters: k = {k} is the only choice",
    "pin": "{what} clusters: k = {k}, pinned by an analyst",
}


def draw_elbow(modality: str, curve: pd.DataFrame) -> Picture:
    """Draw the inertia of every k tried, with the second opinions below and the chosen k marked.

    Args:
        modality: image or text.
        curve: the `k_selection` rows of this modality; `n_items` may be missing. No rows: a picture that
            says so.

    Returns:
        The picture `elbow_image` or `elbow_text`; of the curves drawn last in this process, the same one again.

    Raises:
        ValueError: not exactly one k is marked as chosen.
    """
    columns = tuple(name for name in _DRAWN if name in curve)
    values = tuple(tuple(None if pd.isna(v) else v for v in curve[name].tolist()) for name in columns)
    return _drawn(modality, columns, values)


@lru_cache(maxsize=2)  # a run draws the same twice: for k_selection in the UI, and for charts
def _drawn(modality: str, columns: tuple[str, ...], values: tuple[tuple[Any, ...], ...]) -> Picture:
    curve = pd.DataFrame(dict(zip(columns, values, strict=True)))
    return to_picture(elbow_figure(modality, curve), f"elbow_{modality}", 0, elbow_title(modality, curve))


def elbow_title(modality: str, curve: pd.DataFrame) -> str:
    """The title: what was chosen and by which rule."""
    if curve.empty:
        return f"{modality.capitalize()} clusters: no k was tried"
    row = _chosen(curve)
    return _TITLES[str(row["chosen_by"])].format(what=modality.capitalize(), k=int(row["k"]))


def elbow_figure(modality: str, curve: pd.DataFrame) -> Figure:
    """The figure of `draw_elbow`: the inertia's axes first, then those of the second opinions there are."""
    title = elbow_title(modality, curve)
    if curve.empty:
        return nothing_figure(title, f"There were no {modality} vectors to cluster.")
    curve = curve.sort_values("k")
    row = _chosen(curve)
    subtitle = _subtitle(curve, str(row["reason"]))
    opinions = [
        pair for pair in _SECOND_OPINIONS if pair[0] in curve and not np.isnan(_values(curve, pair[0])).all()
    ]
    if opinions and opinions[0][0] == "separation":  # of all items the same is drawn no second time
        opinions = [pair for pair in opinions if pair[0] != "silhouette"]
    top = headline_height(title, subtitle, _WIDTH)
    height = top + 0.25 + _MAIN_HEIGHT + sum(_height(c) + _GAP for c, _ in opinions) + _BOTTOM
    figure = new_figure(_WIDTH, height)
    headline(figure, title, subtitle)
    panels: list[Axes] = []
    y = top + 0.25
    for column, label, tall, colour in (
        ("inertia", "inertia (sum of squared distances to the nearest centre)", _MAIN_HEIGHT, _LINE),
        *((column, label, _height(column), _SECOND) for column, label in opinions),
    ):
        axes = add_axes(figure, _LEFT, y, _WIDTH - _LEFT - _RIGHT, tall)
        _draw_panel(axes, curve, column, colour, chosen_k=int(row["k"]))
        axes.set_title(label, loc="left", fontsize=8.5, color=MUTED, pad=6, y=1.0)
        panels.append(axes)
        y += tall + _GAP
    _draw_range(panels[0], row)
    for axes, (column, _) in zip(panels[1:], opinions, strict=True):
        if column == "separation":
            _draw_reference(axes, curve)
    _label_k(panels[-1], curve["k"].tolist(), int(row["k"]))
    _label_chosen(panels[0], int(row["k"]), float(row["inertia"]))
    return figure


def _chosen(curve: pd.DataFrame) -> Any:
    rows = curve[curve["chosen"].astype(bool)]
    if len(rows) != 1:
        raise ValueError(
            f"{len(rows)} of the {len(curve)} k tried are marked as chosen; it must be exactly one."
        )
    return rows.iloc[0]


def _subtitle(curve: pd.DataFrame, reason: str) -> str:
    ks = curve["k"]
    tried = (
        f"k = {ks.iloc[0]} only" if len(ks) == 1 else f"{len(ks)} values of k from {ks.min()} to {ks.max()}"
    )
    sample = f" on {int(curve['n_items'].iloc[0]):,} items" if "n_items" in curve else ""
    return f"{reason.rstrip('.')}. Tried: {tried}{sample}."


def _draw_panel(axes: Axes, curve: pd.DataFrame, column: str, colour: str, chosen_k: int) -> None:
    k = curve["k"].to_numpy(np.float64)
    values = _values(curve, column)
    axes.axvline(chosen_k, color=_CHOSEN, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1.5)
    axes.plot(
        k, values, color=colour, linewidth=2, marker="o", markersize=5, markeredgecolor="white", zorder=2
    )
    at = k == chosen_k
    axes.plot(k[at], values[at], linestyle="none", marker="o", markersize=10, color=_CHOSEN, zorder=3)
    pad = max((k.max() - k.min()) * 0.04, 0.5)
    axes.set_xlim(k.min() - pad, k.max() + pad)
    axes.margins(y=0.15)
    axes.yaxis.set_major_formatter(_number)
    axes.locator_params(axis="y", nbins=5 if column == "inertia" else 3)
    axes.set_xticks([])


def _height(column: str) -> float:
    return _TALLER_HEIGHT if column == "separation" else _SMALL_HEIGHT


def _draw_range(axes: Axes, row: Any) -> None:
    """A band over the k at which clusters stand out nearly as much as at the best, if there are any."""
    if pd.isna(row.get("knee_lowest")):
        return
    low, high = int(row["knee_lowest"]), int(row["knee_highest"])
    axes.axvspan(low - 0.4, high + 0.4, color=_CHOSEN, alpha=0.13, linewidth=0, zorder=1)


def _draw_reference(axes: Axes, curve: pd.DataFrame) -> None:
    """The same curve without clusters, and what lies between: that is what the items have of their own."""
    k, values, reference = (
        curve["k"].to_numpy(np.float64),
        _values(curve, "separation"),
        _values(curve, "reference_separation"),
    )
    axes.plot(k, reference, color=MUTED, linewidth=1.6, linestyle=(0, (2, 2)), zorder=1.8)
    axes.fill_between(k, reference, values, color=_SECOND, alpha=0.12, linewidth=0, zorder=1)


def _values(curve: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A nullable column as floats, NaN for null."""
    return curve[column].to_numpy(np.float64, na_value=np.nan)


def _number(value: float, _position: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _label_k(axes: Axes, ks: list[int], chosen_k: int) -> None:
    """Write as many of the k tried as fit under the lowest panel; the chosen one always."""
    low, high = axes.get_xlim()
    inches = (_WIDTH - _LEFT - _RIGHT) / (high - low)
    shown = [chosen_k]
    for k in ks:
        needed = text_width(f"{k}{k}", 8.5)
        if all(abs(k - other) * inches > needed for other in shown):
            shown.append(k)
    axes.set_xticks(sorted(shown), [str(k) for k in sorted(shown)])
    axes.set_xlabel("number of clusters k", fontsize=9, color=MUTED)


def _label_chosen(axes: Axes, k: int, inertia: float) -> None:
    low, high = axes.get_xlim()
    right = (k - low) / (high - low) > 0.75
    axes.annotate(
        f"k = {k}",
        (k, inertia),
        xytext=(0, 18) if right else (12, 12),
        textcoords="offset points",
        ha="center" if right else "left",
        fontsize=12,
        fontweight="bold",
        color=_CHOSEN,
        bbox={"facecolor": "white", "edgecolor": GRID, "boxstyle": "round,pad=0.3"},
    )
