"""The block of answers at the top: five questions, each with its sentences and, where it helps, a picture of it."""

from __future__ import annotations

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.core.rounding import percent
from mkt_assets.report.facts import Cluster, Facts
from mkt_assets.report.findings import Answer, answers
from mkt_assets.report.markup import plain, written
from mkt_assets.report.text import say
from mkt_assets.report.tiles import Tiles, data_uri, tile

_N_STYLES, _N_TOPICS = 4, 5


def answers_section(facts: Facts, tiles: Tiles) -> str:
    """The five answers."""
    shown = {"which_styles": _styles(facts, tiles), "which_topics": _topics(facts)}
    cards = "".join(_card(answer, shown.get(answer.question, "")) for answer in answers(facts))
    return (
        f'<section id="answers" aria-labelledby="answers-h"><h2 id="answers-h">{written(say("answers"))}</h2>'
        f'<div class="answers">{cards}</div></section>'
    )


def _card(answer: Answer, shown: str) -> str:
    sentences = "".join(f"<li>{written(sentence)}</li>" for sentence in answer.sentences)
    return (
        f'<article class="answer {answer.question}"><h3>{written(say(answer.question))}</h3>'
        f"{shown}<ul>{sentences}</ul></article>"
    )


def _styles(facts: Facts, tiles: Tiles) -> str:
    figures = "".join(_style(cluster, tiles) for cluster in facts.styles[:_N_STYLES])
    return f'<div class="strip">{figures}</div>' if figures else ""


def _style(cluster: Cluster, tiles: Tiles) -> str:
    picture = next((image for image in map(tiles, cluster.typical[:1]) if image is not None), None)
    inside = f'<img src="{data_uri(tile(picture))}" alt="">' if picture is not None else ""
    return (
        f'<figure><a href="#style-{cluster.cluster_id}"><span class="tile">{inside}</span>'
        f"<figcaption>{written(cluster.name)} <small>{percent(cluster.share)}</small></figcaption></a></figure>"
    )


def _topics(facts: Facts) -> str:
    largest = facts.topics[:_N_TOPICS]
    top = max((cluster.share for cluster in largest), default=1.0)
    rows = "".join(
        f'<li><a href="#topic-{c.cluster_id}"><span class="label">{written(c.name)}</span>'
        f'<span class="meter" aria-hidden="true"><i style="width:{100 * c.share / top:.1f}%;'
        f'background:{plain(cluster_colour(c.cluster_id))}"></i></span><small>{percent(c.share)}</small></a></li>'
        for c in largest
    )
    return f'<ol class="ranked">{rows}</ol>' if rows else ""
