"""Styles by topics: the heat map that one can ask, and the original's stacked bars.

Not here: markup (report/templates), the shares and what is believed of them (core/crosstab).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.core.rounding import percent, probability, times
from mkt_assets.report.answers import rests_on
from mkt_assets.report.facts import Cluster, Facts, Pair
from mkt_assets.report.html import in_languages
from mkt_assets.report.text import Text, counted, say
from mkt_assets.report.wording import lift_of

_N_PARTS = 3
_DEEPEST_LIFT = 6.0
"""Lifts from here on have the deepest colour."""


@dataclass(frozen=True)
class Cell:
    """A cell of the heat map: its numbers, and how deep its colour is by each (percentages in CSS)."""

    kind: str
    share: str
    lift: str
    share_depth: str
    lift_depth: str


@dataclass(frozen=True)
class Part:
    """A topic's part of a style's bar."""

    name: Text
    share: str
    width: str
    colour: str
    is_faint: bool


@dataclass(frozen=True)
class StyleRow:
    """A style: its place by strongest link, its cells by "style,topic" (None: no such pair), and its bar."""

    style: Cluster
    n_posts: Text
    by_link: int
    cells: Mapping[str, Cell | None]
    parts: tuple[Part, ...]
    rest: str | None


def values_of(facts: Facts) -> Mapping[str, object]:
    """Values of the template: a row of each style that has a pair, the largest first."""
    pairs: dict[int, list[Pair]] = {}
    for pair in facts.pairs:
        pairs.setdefault(pair.style, []).append(pair)
    styles = [style for style in facts.styles if style.cluster_id in pairs]
    by_link = sorted(styles, key=lambda style: -_strength(pairs[style.cluster_id]))
    places = {style.cluster_id: place for place, style in enumerate(by_link)}
    return {
        "cross_rows": [
            _row(facts, style, places[style.cluster_id], pairs[style.cluster_id]) for style in styles
        ]
    }


def data_of(facts: Facts) -> Mapping[str, Mapping[str, str]]:
    """What the page's script says of a cell, by style and topic and by language."""
    return {f"{pair.style},{pair.topic}": in_languages(sentence_of_pair(facts, pair)) for pair in facts.pairs}


def sentence_of_pair(facts: Facts, pair: Pair) -> Text:
    """What is known of a pair."""
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
        believe=_believe(pair),
    )


def _believe(pair: Pair) -> Text:
    """Whether the pair is supported, and what is seen of it, where that can be asked."""
    supported = say("supported" if pair.supported else "not_supported")
    if pair.seen is None:
        return supported
    return say("and_seen" if pair.seen else "and_not_seen", believe=supported)


def _strength(pairs: Sequence[Pair]) -> float:
    """Supported links come before all others, the strongest first."""
    return max(pair.cautious_lift + 1e6 * pair.supported for pair in pairs)


def _row(facts: Facts, style: Cluster, by_link: int, pairs: Sequence[Pair]) -> StyleRow:
    by_topic = {pair.topic: pair for pair in pairs}
    largest = sorted((pair for pair in pairs if pair.rank <= _N_PARTS), key=lambda pair: pair.rank)
    rest = 1 - sum(pair.share for pair in largest)
    return StyleRow(
        style=style,
        n_posts=counted(style.n_posts, "post"),
        by_link=by_link,
        cells={
            f"{style.cluster_id},{topic.cluster_id}": _cell(by_topic.get(topic.cluster_id))
            for topic in facts.topics
        },
        parts=tuple(_part(facts.name_of("text", pair.topic), pair) for pair in largest),
        rest=f"{100 * rest:.2f}%" if rest > 0.005 else None,
    )


def _cell(pair: Pair | None) -> Cell | None:
    if pair is None:
        return None
    return Cell(
        kind="real" if pair.supported else "faint",
        share=percent(pair.share),
        lift=times(pair.cautious_lift),
        share_depth=f"{100 * pair.share:.0f}%",
        lift_depth=f"{100 * min(1.0, pair.cautious_lift / _DEEPEST_LIFT):.0f}%",
    )


def _part(name: Text, pair: Pair) -> Part:
    return Part(
        name=name,
        share=percent(pair.share),
        width=f"{100 * pair.share:.2f}%",
        colour=cluster_colour(pair.topic),
        is_faint=not pair.supported,
    )
