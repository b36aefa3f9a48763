"""The comparison of methods, mattings and encoders as one picture: a row a variant, a bar a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mkt_assets.charts.base import Picture
from mkt_assets.charts.palette import CLUSTER_COLOURS, INK, MUTED, TILE
from mkt_assets.charts.style import (
    MARGIN,
    headline,
    headline_height,
    new_figure,
    nothing_figure,
    to_picture,
    write,
)
from mkt_assets.core.experiments.verdicts import NAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _LEFT, _COLUMN, _GAP = 10.7, 2.5, 1.45, 0.5
_LINE, _HEAD, _SECTION = 0.27, 0.7, 0.4
_TITLE = "Would another method, unmatted pictures or another encoder have been better?"
_GOOD, _BAD, _PLAIN = CLUSTER_COLOURS[0], CLUSTER_COLOURS[3], CLUSTER_COLOURS[22]


@dataclass(frozen=True)
class _Bar:
    """A column of bars: which number, its heading, the colour and the column of its uncertainty."""

    column: str
    heading: str
    colour: str
    spread: str | None = None


_STABLE = _Bar("stability", "stable on resamples\n(higher is better)", _GOOD, "stability_spread")
_CROSS = _Bar("cross_agreement", "agrees with the\n{other}", _GOOD, "cross_error")
_POSTER = _Bar("poster_neighbours", "nearest is of the\nsame account", _BAD)
_COPIES = _Bar("copied_neighbours", "nearest is a\nnear duplicate", _BAD)
_COLUMNS = {
    "methods": (
        _Bar("noise_share", "left out as noise\n(lower is better)", _BAD),
        _STABLE,
        _Bar("silhouette", "silhouette of\nwhat is clustered", _PLAIN),
        _CROSS,
    ),
    "matting": (
        _Bar("background_agreement", "agrees with the\nbackground (leak)", _BAD, "background_error"),
        _CROSS,
        _STABLE,
        _POSTER,
    ),
    "encoders": (_CROSS, _STABLE, _POSTER, _COPIES),
}
_SECTIONS = {
    "methods": "{what}: clustering methods",
    "matting": "{what}: matted first, or as crawled",
    "encoders": "{what}: encoders",
}
_WHAT = {"image": "Pictures", "text": "Captions"}
_OTHER = {"image": "captions' topics", "text": "pictures' styles"}


def draw_comparison(rows: pd.DataFrame) -> Picture:
    """Draw `method_comparison` rows of one crawl date; no row that ran: a picture that says so."""
    return to_picture(comparison_figure(rows), "method_comparison", 0, _TITLE)


def comparison_figure(rows: pd.DataFrame) -> Figure:
    """The figure of `draw_comparison`."""
    if not (rows["status"] == "run").any():
        return nothing_figure(_TITLE, "This crawl has too few items to compare methods on.")
    sections = [
        (modality, experiment, part)
        for modality in _WHAT
        for experiment in _COLUMNS
        if len(part := rows[(rows["modality"] == modality) & (rows["experiment"] == experiment)])
    ]
    sizes = rows[rows["status"] == "run"].groupby("modality")[["n_items", "n_items_all"]].max()
    of = "; ".join(
        f"{int(size['n_items']):,} of {int(size['n_items_all']):,} {_WHAT[str(modality)].lower()}"
        for modality, size in sizes.iterrows()
    )
    subtitle = (
        f"Measured on a sample: {of}. The crawl's own choice is in bold. Thin lines: one standard error; of "
        "stability, one standard deviation over resamples."
    )
    top = headline_height(_TITLE, subtitle, _WIDTH)
    height = top + sum(_SECTION + _HEAD + _LINE * len(part) for _, _, part in sections) + MARGIN
    figure = new_figure(_WIDTH, height)
    headline(figure, _TITLE, subtitle)
    y = top
    for modality, experiment, part in sections:
        y = _draw_section(figure, y, modality, experiment, part)
    return figure


def _draw_section(figure: Figure, y: float, modality: str, experiment: str, part: pd.DataFrame) -> float:
    y += _SECTION
    title = _SECTIONS[experiment].format(what=_WHAT[modality])
    write(figure, title, MARGIN, y - 0.16, 11, weight="bold")
    y += 0.2
    for number, bar in enumerate(_COLUMNS[experiment]):
        heading = bar.heading.format(other=_OTHER[modality])
        write(figure, heading, _x(number), y - 0.1, 7.5, color=MUTED, linespacing=1.15)
    y += _HEAD - 0.35
    part = part.sort_values(["is_used", "status", "variant"], ascending=[False, False, True])
    records: Sequence[Any] = part.to_dict("records")
    for row in records:
        weight = "bold" if row["is_used"] else "normal"
        variant = str(row["variant"])
        write(figure, NAMES.get(variant, variant), MARGIN, y + 0.04, 9, weight=weight)
        if row["status"] != "run":
            write(figure, str(row["status"]), _x(0), y + 0.05, 8.5, color=MUTED)
        else:
            n_clusters = int(row["n_clusters"])
            clusters = f"{n_clusters} cluster{'' if n_clusters == 1 else 's'}"
            write(figure, clusters, _LEFT - 0.1, y + 0.06, 8, color=MUTED, ha="right")
            for number, bar in enumerate(_COLUMNS[experiment]):
                _draw_bar(figure, _x(number), y, row, bar)
        y += _LINE
    return y + 0.15


def _x(number: int) -> float:
    return _LEFT + 0.15 + number * (_COLUMN + _GAP)


def _draw_bar(figure: Figure, x: float, y: float, row: Any, bar: _Bar) -> None:
    value = row[bar.column]
    if pd.isna(value):
        write(figure, "unknown", x, y + 0.06, 8, color=MUTED)
        return
    _rectangle(figure, x, y + 0.07, _COLUMN, 0.11, TILE)
    shown = min(1.0, max(0.0, float(value)))
    _rectangle(figure, x, y + 0.07, _COLUMN * shown, 0.11, bar.colour)
    spread = row[bar.spread] if bar.spread else None
    if spread is not None and not pd.isna(spread) and spread > 0:
        low, high = max(0.0, shown - float(spread)), min(1.0, shown + float(spread))
        _rectangle(figure, x + _COLUMN * low, y + 0.118, _COLUMN * (high - low), 0.014, INK)
    write(figure, f"{float(value):.2f}", x + _COLUMN + 0.06, y + 0.06, 8)


def _rectangle(figure: Figure, x: float, y: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    full_width, full_height = (float(side) for side in figure.get_size_inches())
    corner = (x / full_width, 1 - (y + height) / full_height)
    figure.add_artist(
        Rectangle(
            corner, width / full_width, height / full_height, facecolor=colour, transform=figure.transFigure
        )
    )
