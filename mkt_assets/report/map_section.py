"""The map that one can hover over, zoom and filter: the data that the page's script draws, and what is said of it.

Not here: markup (report/templates), where an item lies (charts/maps).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.report.facts import Facts, ItemMap
from mkt_assets.report.html import in_languages, web_link
from mkt_assets.report.text import Text, counted, say
from mkt_assets.report.tiles import (
    SPRITE_COLUMNS,
    SPRITE_HEIGHT,
    SPRITE_WIDTH,
    Tiles,
    data_uri,
    fetched,
    sprite,
)

_NOUNS = {"image": "picture", "text": "caption"}
_WORDS = {"image": "styles_word", "text": "topics_word"}


@dataclass(frozen=True)
class Choice:
    """A map that can be chosen, and what is said of it."""

    modality: str
    lead: Text


def values_of(facts: Facts) -> Mapping[str, object]:
    """Values of the template: the maps there are."""
    maps = [m for m in facts.maps if m.placed]
    return {
        "maps": [Choice(m.modality, _lead(m)) for m in maps],
        "map_choices": [(m.modality, _WORDS[m.modality]) for m in maps],
    }


def data_of(facts: Facts, index: Mapping[str, int], tiles: Tiles) -> Mapping[str, object]:
    """By modality, its map for the page's script, and the script's words; empty without a map.

    Args:
        facts: What to tell.
        index: Places of posts in the page's data of them.
        tiles: Gives the cut-outs.
    """
    maps = {m.modality: _data(facts, m, index, tiles) for m in facts.maps if m.placed}
    words = {key: in_languages(say(key)) for key in ("map_all", "open_post")}
    return {**maps, "strings": words} if maps else {}


def _lead(item_map: ItemMap) -> Text:
    noun = _NOUNS[item_map.modality]
    shown = sum(placed.n_items for placed in item_map.placed)
    return say("map_lead", method=item_map.method, shown=f"{shown:,}", all=counted(item_map.n_all, noun))


def _data(facts: Facts, item_map: ItemMap, index: Mapping[str, int], tiles: Tiles) -> Mapping[str, object]:
    numbers = {placed.cluster_id for placed in item_map.placed}
    by_size = [c.cluster_id for c in facts.clusters(item_map.modality) if c.cluster_id in numbers]
    posts = [facts.posts.get((p.item.crawl_date, p.item.post_id)) for p in item_map.placed]
    data: dict[str, object] = {
        "x": [round(placed.x, 4) for placed in item_map.placed],
        "y": [round(placed.y, 4) for placed in item_map.placed],
        "cluster": [placed.cluster_id for placed in item_map.placed],
        "n": [placed.n_items for placed in item_map.placed],
        "post": [index.get(placed.item.post_id, -1) for placed in item_map.placed],
        "caption": [post.line if post else "" for post in posts],
        "url": [web_link(post.url) if post else None for post in posts],
        "order": by_size,
        "name": {str(c): in_languages(facts.name_of(item_map.modality, c)) for c in by_size},
        "colour": {str(c): cluster_colour(c) for c in by_size},
    }
    if item_map.modality == "image":
        sheet = sprite(fetched(tiles, [placed.item for placed in item_map.placed]))
        data["sprite"] = {
            "src": data_uri(sheet),
            "columns": SPRITE_COLUMNS,
            "width": SPRITE_WIDTH,
            "height": SPRITE_HEIGHT,
        }
    return data
