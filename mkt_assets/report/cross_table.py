"""Styles by topics: the heat map that one can ask, and the original's stacked bars."""

from __future__ import annotations

from collections.abc import Sequence

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.core.rounding import percent, probability, times
from mkt_assets.report.facts import Cluster, Facts, Pair
from mkt_assets.report.findings import rests_on
from mkt_assets.report.gallery import section
from mkt_assets.report.markup import Both, counted, say, written
from mkt_assets.report.wording import lift_of

_TOP = 3
_MOST_LIFT = 6.0
"""Lifts from here on have the deepest colour."""

Pairs = dict[tuple[int, int], Pair]


def cross_section(facts: Facts) -> str:
    """Heat map and bars."""
    if not facts.pairs:
        return section("cross", "")
    pairs = {(pair.style, pair.topic): pair for pair in facts.pairs}
    styles = [s for s in facts.styles if any(key[0] == s.cluster_id for key in pairs)]
    strongest = {s.cluster_id: _strength(pairs, s.cluster_id) for s in styles}
    by_link = sorted(styles, key=lambda s: -strongest[s.cluster_id])
    order = {s.cluster_id: number for number, s in enumerate(by_link)}
    head = "".join(
        f'<th scope="col"><a href="#topic-{t.cluster_id}">{written(t.name)}</a></th>' for t in facts.topics
    )
    rows = "".join(
        _row(style, number, order[style.cluster_id], facts.topics, pairs)
        for number, style in enumerate(styles)
    )
    table = (
        f'<table id="heat" aria-describedby="heat-help"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    switches = _switch("heat-show", "show", ("share", "lift_word")) + _switch(
        "heat-sort", "sort", ("by_size", "by_link")
    )
    bars = "".join(_bar(facts, style, pairs) for style in styles)
    return section(
        "cross",
        f'<div class="switches">{switches}</div><p class="quiet" id="heat-help">{written(say("cross_help"))}</p>'
        f'<div class="wide" tabindex="0" role="group" aria-labelledby="cross-h">{table}</div>'
        f'<p id="heat-detail" class="detail" aria-live="polite">&nbsp;</p>'
        f'<h3>{written(say("bars"))}</h3><p class="quiet">{written(say("bars_lead"))}</p><ol class="bars">{bars}</ol>',
    )


def cross_data(facts: Facts) -> dict[str, list[str]]:
    """What the page's script says of a cell, in both languages, by style and topic."""
    return {
        f"{pair.style},{pair.topic}": [_told(facts, pair, number) for number in (0, 1)]
        for pair in facts.pairs
    }


def _told(facts: Facts, pair: Pair, language: int) -> str:
    return say(
        "cell",
        style=facts.name_of("image", pair.style),
        topic=facts.name_of("text", pair.topic),
        share=percent(pair.share),
        low=percent(pair.low),
        high=percent(pair.high),
        lift=lift_of(pair),
        rests=rests_on(pair),
        q=probability(pair.q),
        p=probability(pair.poster_q),
        believe=say("supported" if pair.supported else "not_supported"),
    )[language]


def _strength(pairs: Pairs, style: int) -> float:
    """Supported links come before all others, the strongest first."""
    return max(pair.cautious_lift + 1e6 * pair.supported for (s, _), pair in pairs.items() if s == style)


def _row(style: Cluster, by_size: int, by_link: int, topics: Sequence[Cluster], pairs: Pairs) -> str:
    cells = "".join(_cell(style.cluster_id, topic.cluster_id, pairs) for topic in topics)
    return (
        f'<tr data-size="{by_size}" data-link="{by_link}"><th scope="row"><a href="#style-{style.cluster_id}">'
        f"{written(style.name)}</a></th>{cells}</tr>"
    )


def _cell(style: int, topic: int, pairs: Pairs) -> str:
    pair = pairs.get((style, topic))
    if pair is None:
        return f'<td tabindex="-1" data-at="{style},{topic}" class="none"></td>'
    believed = "real" if pair.supported else "faint"
    lift = min(1.0, pair.cautious_lift / _MOST_LIFT)
    return (
        f'<td tabindex="-1" data-at="{style},{topic}" class="{believed}" data-share="{percent(pair.share)}" '
        f'data-lift="{times(pair.cautious_lift)}" style="--share:{100 * pair.share:.0f}%;--lift:{100 * lift:.0f}%">'
        f"{percent(pair.share)}</td>"
    )


def _switch(name: str, label: str, options: Sequence[str]) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{name}" value="{option}"{" checked" if number == 0 else ""}>'
        f"<span>{written(say(option))}</span></label>"
        for number, option in enumerate(options)
    )
    return f'<fieldset class="switch"><legend>{written(say(label))}</legend>{radios}</fieldset>'


def _bar(facts: Facts, style: Cluster, pairs: Pairs) -> str:
    of_style = [pair for (s, _), pair in pairs.items() if s == style.cluster_id]
    largest = sorted((pair for pair in of_style if pair.rank <= _TOP), key=lambda pair: pair.rank)
    parts = "".join(_part(facts.name_of("text", pair.topic), pair) for pair in largest)
    rest = 1 - sum(pair.share for pair in largest)
    other = f'<span class="part rest" style="width:{100 * rest:.2f}%"></span>' if rest > 0.005 else ""
    return (
        f'<li><span class="label"><a href="#style-{style.cluster_id}">{written(style.name)}</a> '
        f"<small>{written(counted(style.n_posts, 'post'))}</small></span>"
        f'<span class="stack">{parts}{other}</span></li>'
    )


def _part(name: str | Both, pair: Pair) -> str:
    faint = "" if pair.supported else " faint"
    return (
        f'<span class="part{faint}" style="width:{100 * pair.share:.2f}%;--colour:{cluster_colour(pair.topic)}">'
        f"<b>{written(name)} {percent(pair.share)}</b></span>"
    )
