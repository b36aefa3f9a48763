"""Shares of styles and topics over the crawl dates, and what happened to them.

Not here: markup (report/templates), which trends there are (core/over_time), sentences on them (report/news).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from mkt_assets.core.rounding import percent, points
from mkt_assets.report.facts import Event, Facts, Trend
from mkt_assets.report.openings import FILE_NAME, Opening, of_trend
from mkt_assets.report.text import Text, counted, say

_MOST_PANELS, _MOST_EVENTS = 12, 24
_WIDTH, _HEIGHT, _MARGIN = 220.0, 64.0, 6.0
_KIND = {"image": "style_word", "text": "topic_word"}
_CHANGES = {"rising": "change_up", "falling": "change_down"}


@dataclass(frozen=True)
class Point:
    """A crawl date's share, where it is drawn; `at` is "x,y", `address` opens its posts in that crawl's report."""

    x: str
    y: str
    at: str
    label: str
    address: str


@dataclass(frozen=True)
class Sparkline:
    """A trend as a small SVG: its points, the polygon of its interval, and the height of its axis."""

    width: str
    height: str
    floor: str
    points: tuple[Point, ...]
    band: str


@dataclass(frozen=True)
class Panel:
    """A trend, drawn and in words."""

    trend: Trend
    size: Text
    change: Text | None
    label: str
    line: Sparkline
    opening: Opening | None


@dataclass(frozen=True)
class Group:
    """The trends of styles or of topics that are shown, and how many more there are."""

    heading: str
    fresh_only: bool
    panels: tuple[Panel, ...]
    n_more: int


def values_of(facts: Facts) -> Mapping[str, object]:
    """Values of the template: trends of styles and of topics, and events."""
    groups: list[Group] = []
    for modality, heading in (("image", "styles"), ("text", "topics")):
        trends = [trend for trend in facts.trends if trend.modality == modality]
        if trends:
            groups.append(_group(facts, heading, trends))
    return {
        "trend_groups": groups,
        "events": [sentence_of_event(event) for event in facts.events[:_MOST_EVENTS]],
    }


def sentence_of_event(event: Event) -> Text:
    """What happened to whom when."""
    kind = say(_KIND[event.modality])
    return say(
        f"event_{event.what}",
        date=event.crawl_date.isoformat(),
        # a number says already of what it is
        who=say("kind_named", kind=kind, name=event.name) if isinstance(event.name, str) else event.name,
        **({"other": event.other} if event.what in ("split", "merged") else {}),
    )


def _group(facts: Facts, heading: str, trends: Sequence[Trend]) -> Group:
    shown = trends[:_MOST_PANELS]
    top = max(high for trend in shown for high in trend.highs)
    panels = tuple(_panel(facts, trend, top) for trend in shown)
    return Group(heading, trends[0].fresh_only, panels, len(trends) - len(shown))


def _panel(facts: Facts, trend: Trend, top: float) -> Panel:
    size = say(
        "posts_since",
        posts=counted(trend.n_posts, "post"),
        share=percent(trend.shares[-1]),
        date=trend.days[-1].isoformat(),
    )
    change = _CHANGES.get(trend.direction)
    shares = zip(trend.days, trend.shares, strict=True)
    return Panel(
        trend=trend,
        size=size,
        change=say(change, change=points(trend.change)) if change else None,
        label="; ".join(f"{day.isoformat()} {percent(share)}" for day, share in shares),
        line=_sparkline(trend, top, facts.crawl_date),
        opening=of_trend(facts, trend.identity),
    )


def address_of_point(trend: Trend, day: date, here: date) -> str:
    """Where the posts behind a point are: in this report, or in that of the point's crawl, which lies beside it."""
    kind = {"image": "style", "text": "topic"}[trend.modality]
    page = "" if day == here else f"../{day.isoformat()}/{FILE_NAME}"
    return f"{page}#{urlencode({kind: trend.identity})}"


def _sparkline(trend: Trend, top: float, here: date) -> Sparkline:
    days = [day.toordinal() for day in trend.days]
    first, span = days[0], max(1, days[-1] - days[0])

    def place(day: int, share: float) -> tuple[str, str]:
        x = _WIDTH / 2 if len(set(days)) == 1 else _MARGIN + (_WIDTH - 2 * _MARGIN) * (day - first) / span
        y = _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share / max(top, 1e-9)
        return f"{x:.1f}", f"{y:.1f}"

    found: list[Point] = []
    for day, share in zip(trend.days, trend.shares, strict=True):
        x, y = place(day.toordinal(), share)
        found.append(
            Point(
                x, y, f"{x},{y}", f"{day.isoformat()}: {percent(share)}", address_of_point(trend, day, here)
            )
        )
    highs = [",".join(place(day, share)) for day, share in zip(days, trend.highs, strict=True)]
    lows = [",".join(place(day, share)) for day, share in zip(days, trend.lows, strict=True)]
    return Sparkline(
        width=f"{_WIDTH:.0f}",
        height=f"{_HEIGHT:.0f}",
        floor=f"{_HEIGHT - _MARGIN:.0f}",
        points=tuple(found),
        band=" ".join([*highs, *reversed(lows)]),
    )
