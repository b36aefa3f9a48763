"""Shares of styles and topics over the crawl dates, and what happened to them."""

from __future__ import annotations

from collections.abc import Sequence

from mkt_assets.core.rounding import percent, points
from mkt_assets.report.facts import Event, Facts, Trend
from mkt_assets.report.gallery import section
from mkt_assets.report.markup import written
from mkt_assets.report.text import Text, counted, say

_MOST_PANELS, _MOST_EVENTS = 12, 24
_WIDTH, _HEIGHT, _MARGIN = 220.0, 64.0, 6.0
_KIND = {"image": "style_word", "text": "topic_word"}
_ARROWS = {"rising": "change_up", "falling": "change_down"}


def time_section(facts: Facts) -> str:
    """Small trends side by side for styles and for topics, and the events."""
    parts: list[str] = []
    for modality, heading in (("image", "styles"), ("text", "topics")):
        trends = [trend for trend in facts.trends if trend.modality == modality]
        if trends:
            fresh = f"<p>{written(say('fresh_only'))}</p>" if trends[0].fresh_only else ""
            parts.append(f"<h3>{written(say(heading))}</h3>{fresh}{_panels(trends)}")
    if facts.events:
        lines = "".join(f"<li>{written(_said(event))}</li>" for event in facts.events[:_MOST_EVENTS])
        parts.append(f'<h3>{written(say("events"))}</h3><ul class="events">{lines}</ul>')
    return section("time", "".join(parts))


def _panels(trends: Sequence[Trend]) -> str:
    shown = trends[:_MOST_PANELS]
    top = max(high for trend in shown for high in trend.highs)
    panels = "".join(_panel(trend, top) for trend in shown)
    more = len(trends) - len(shown)
    note = f'<p class="quiet">{written(say("more_in_table", n=str(more)))}</p>' if more > 0 else ""
    return f'<div class="trends">{panels}</div>{note}'


def _panel(trend: Trend, top: float) -> str:
    arrow = _ARROWS.get(trend.direction)
    said = say(
        "posts_since",
        posts=counted(trend.n_posts, "post"),
        share=percent(trend.shares[-1]),
        date=trend.days[-1].isoformat(),
    )
    moved = (
        f'<p class="{trend.direction}">{written(say(arrow, change=points(trend.change)))}</p>'
        if arrow
        else ""
    )
    return (
        f'<figure class="trend"><figcaption><b>{written(trend.name)}</b><p class="quiet">{written(said)}</p>'
        f"{moved}</figcaption>{_sparkline(trend, top)}</figure>"
    )


def _sparkline(trend: Trend, top: float) -> str:
    first, last = trend.days[0].toordinal(), trend.days[-1].toordinal()
    span = max(1, last - first)

    def at(day: int, share: float) -> str:
        x = _WIDTH / 2 if first == last else _MARGIN + (_WIDTH - 2 * _MARGIN) * (day - first) / span
        return f"{x:.1f},{_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share / max(top, 1e-9):.1f}"

    days = [day.toordinal() for day in trend.days]
    line = [at(day, share) for day, share in zip(days, trend.shares, strict=True)]
    highs = [at(day, share) for day, share in zip(days, trend.highs, strict=True)]
    lows = [at(day, share) for day, share in zip(days, trend.lows, strict=True)]
    dots = "".join(
        f'<circle cx="{point.split(",")[0]}" cy="{point.split(",")[1]}" r="2.6"><title>{day.isoformat()}: '
        f"{percent(share)}</title></circle>"
        for point, day, share in zip(line, trend.days, trend.shares, strict=True)
    )
    end = trend.days[-1].isoformat() if first != last else ""
    label = "; ".join(f"{d.isoformat()} {percent(s)}" for d, s in zip(trend.days, trend.shares, strict=True))
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{label}" class="{trend.direction}">'
        f'<line class="axis" x1="0" x2="{_WIDTH:.0f}" y1="{_HEIGHT - _MARGIN:.0f}" y2="{_HEIGHT - _MARGIN:.0f}"/>'
        f'<polygon points="{" ".join([*highs, *reversed(lows)])}"/><polyline points="{" ".join(line)}"/>{dots}</svg>'
        f'<p class="ends"><span>{trend.days[0].isoformat()}</span><span>{end}</span></p>'
    )


def _said(event: Event) -> Text:
    return say(
        f"event_{event.what}",
        date=event.crawl_date.isoformat(),
        # a number says already of what it is
        who=say("kind_named", kind=say(_KIND[event.modality]), name=event.name)
        if isinstance(event.name, str)
        else event.name,
        **({"other": event.other} if event.what in ("split", "merged") else {}),
    )
