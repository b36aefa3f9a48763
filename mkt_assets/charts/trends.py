"""Shares of styles or topics over the crawl dates as small pictures side by side: what rises stands first.

Not here: which shares rise (core/over_time/trends).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mkt_assets.charts.base import Picture
from mkt_assets.charts.fonts import BOLD, drawable
from mkt_assets.charts.palette import CLUSTER_COLOURS, INK, MUTED, REST, faint
from mkt_assets.charts.style import (
    MARGIN,
    NOTE_POINTS,
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

MAX_PANELS = 24

_COLUMNS, _PANEL, _PLOT, _CELL, _LEFT = 4, 2.2, 1.05, 1.95, 0.42
_WIDTH = 2 * MARGIN + _COLUMNS * (_PANEL + _LEFT)
_NAME_POINTS = 9.5
_KINDS = {"image": ("style", "styles"), "text": ("topic", "topics")}
_ORDER = {"rising": 0, "falling": 1, "flat": 2, "too few crawls": 2}
_COLOURS = {"rising": CLUSTER_COLOURS[2], "falling": CLUSTER_COLOURS[3]}
_PLAIN = "#6f7683"


def draw_trends(modality: str, rows: pd.DataFrame) -> Picture:
    """Draw the `trends` rows of one modality by crawl date; none: a picture that says so.

    At most `MAX_PANELS` identities: those that rise, those that fall, the steepest first, then the largest.
    """
    figure = trends_figure(modality, rows)
    return to_picture(figure, f"trends_{modality}", 0, title_of(modality, rows))


def title_of(modality: str, rows: pd.DataFrame) -> str:
    """The finding in a line: how many rise and fall, or that it is too early to say."""
    _, kinds = _KINDS[modality]
    panels = _panels(rows)
    if panels.empty:
        return f"Trends of {kinds}"
    if (panels["direction"] == "too few crawls").all():
        n = int(panels["n_times"].max())
        return f"{kinds.capitalize()} over {n} crawl{'s' if n > 1 else ''}: too few to speak of trends"
    moved = [
        f"{sum(panels['direction'] == direction)} {direction} ({_first_names(panels, direction)})"
        for direction in _COLOURS
        if (panels["direction"] == direction).any()
    ]
    if not moved:
        return f"No {_KINDS[modality][0]} clearly rises or falls"
    return f"{kinds.capitalize()}: {', '.join(moved)}"


def _first_names(panels: pd.DataFrame, direction: str, n: int = 2) -> str:
    names = [str(name) for name in panels.loc[panels["direction"] == direction, "name"]]
    return ", ".join(names[:n]) + (", .." if len(names) > n else "")


def trends_figure(modality: str, rows: pd.DataFrame) -> Figure:
    """The figure of `draw_trends`."""
    title, panels = title_of(modality, rows), _panels(rows)
    if panels.empty:
        return nothing_figure(title, "No crawl date has clusters with a profile yet.")
    shown = panels.head(MAX_PANELS)
    tested = bool((panels["direction"] != "too few crawls").any())
    fresh_only = "fresh_only" in panels and bool(panels["fresh_only"].any())
    subtitle = _subtitle(modality, len(panels), tested=tested, fresh_only=fresh_only)
    top = headline_height(title, subtitle, _WIDTH) + 0.1
    n_lines = -(-len(shown) // _COLUMNS)
    figure = new_figure(_WIDTH, top + n_lines * _CELL + MARGIN)
    headline(figure, title, subtitle)
    of_crawls = rows[rows["basis"] == "crawl_date"].assign(
        time=lambda frame: pd.to_datetime(frame["crawl_date"])
    )
    of_shown = of_crawls[of_crawls["identity"].isin(shown["identity"])]
    highest = float(min(1.0, 1.05 * of_shown["share_high"].max()))
    records: Sequence[Any] = shown.to_dict("records")
    for number, panel in enumerate(records):
        left = MARGIN + _LEFT + number % _COLUMNS * (_PANEL + _LEFT)
        y = top + number // _COLUMNS * _CELL
        points = of_crawls[of_crawls["identity"] == panel["identity"]].sort_values("time")
        _write_panel(figure, left, y, panel)
        axes = add_axes(figure, left, y + 0.45, _PANEL, _PLOT)
        _draw_panel(axes, points, panel, highest, first_column=number % _COLUMNS == 0)
    return figure


def _panels(rows: pd.DataFrame) -> pd.DataFrame:
    """A row an identity of the latest encoder, in the order of drawing."""
    of_crawls = rows[rows["basis"] == "crawl_date"]
    if of_crawls.empty:
        return of_crawls
    # an older encoder's identities have come to an end; they are in the table
    latest = of_crawls.loc[of_crawls["crawl_date"] == of_crawls["crawl_date"].max(), "encoder"].min()
    of_crawls = of_crawls[of_crawls["encoder"] == latest]
    total = of_crawls.groupby("identity")["n_posts"].transform("sum")
    panels = of_crawls.assign(total=total).drop_duplicates("identity")
    steep = panels["change"].abs().where(panels["direction"].isin(list(_COLOURS)), 0.0)
    panels = panels.assign(kind=panels["direction"].map(_ORDER), steep=steep)
    return panels.sort_values(
        ["kind", "steep", "total", "identity"], ascending=[True, False, False, True], ignore_index=True
    )


def _subtitle(modality: str, n_all: int, *, tested: bool, fresh_only: bool) -> str:
    kind, kinds = _KINDS[modality]
    counted = " Every post counts once, in its first crawl."
    if fresh_only:
        counted = (
            " The first crawl is a stock of older posts: only posts count that were published since the crawl "
            "before, or as recently before the first."
        )
    colours = (
        " In colour: rising or falling beyond chance, and not by one account; grey: not." if tested else ""
    )
    more = f" The {MAX_PANELS} first of {n_all:,} {kinds}." if n_all > MAX_PANELS else ""
    return f"Share of each crawl's new posts that are of the {kind}; bands are 95 % intervals.{counted}{colours}{more}"


def _write_panel(figure: Figure, left: float, y: float, panel: Any) -> None:
    name = elide(
        drawable(str(panel["name"])), lambda text: text_width(text, _NAME_POINTS, BOLD), _PANEL + 0.1
    )
    colour = _COLOURS.get(panel["direction"], MUTED)
    write(figure, name, left, y, _NAME_POINTS, weight="bold", color=INK if colour != MUTED else MUTED)
    write(figure, _note(panel), left, y + 0.2, NOTE_POINTS, color=colour)


def _note(panel: Any) -> str:
    posts = f"{int(panel['total']):,} post{'' if panel['total'] == 1 else 's'}"
    if panel["direction"] not in _COLOURS:
        return posts
    arrow = "↑" if panel["direction"] == "rising" else "↓"
    points = 100 * float(panel["change"])
    # a change of less than a point is none of 0
    percentage_points = f"{points:+.0f}" if abs(points) >= 1 else f"{points:+.2g}"
    return f"{arrow} {panel['direction']}, {percentage_points} points · {posts}"


def _draw_panel(axes: Axes, points: pd.DataFrame, panel: Any, highest: float, *, first_column: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    colour = _COLOURS.get(panel["direction"], _PLAIN)
    days = np.asarray(points["time"].to_numpy("datetime64[D]").astype(np.int64), dtype=np.float64)
    axes.fill_between(
        days,
        points["share_low"].to_numpy(np.float64),
        points["share_high"].to_numpy(np.float64),
        color=faint(colour) if panel["direction"] in _COLOURS else REST,
        alpha=0.6,
        linewidth=0,
    )
    share = points["share"].to_numpy(np.float64)
    axes.plot(days, share, color=colour, linewidth=1.8, marker="o", markersize=3.5, clip_on=False)
    if len(days) == 1:
        low, high = float(points["share_low"].iloc[0]), float(points["share_high"].iloc[0])
        axes.plot([days[0], days[0]], [low, high], color=REST, linewidth=3, zorder=1)
    axes.set_ylim(0, highest)
    room = max(0.5, 0.04 * float(days[-1] - days[0]))
    axes.set_xlim(days[0] - room, days[-1] + room)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(_percent) if first_column else NullFormatter())
    first, last = points["crawl_date"].iloc[0], points["crawl_date"].iloc[-1]
    ends = [(days[0], first)] if len(days) == 1 else [(days[0], first), (days[-1], last)]
    axes.set_xticks([day for day, _ in ends], [f"{date:%m-%d}" for _, date in ends])
    axes.tick_params(labelsize=7.5, labelcolor=MUTED)


def _percent(share: float, _: int) -> str:
    return f"{100 * share:.0f} %"
