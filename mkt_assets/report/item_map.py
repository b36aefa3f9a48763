"""The map that one can hover over, zoom and filter: its data, and the elements that the page's script draws into."""

from __future__ import annotations

from mkt_assets.charts.palette import cluster_colour
from mkt_assets.report.facts import Facts, ItemMap
from mkt_assets.report.markup import in_languages, written
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


def map_section(facts: Facts, tiles: Tiles) -> tuple[str, dict[str, object]]:
    """HTML of the section, and the data for the script."""
    maps = [item_map for item_map in facts.maps if item_map.placed]
    heading = f'<section id="map" aria-labelledby="map-h"><h2 id="map-h">{written(say("map"))}</h2>'
    if not maps:
        return f"{heading}<p>{written(say('nothing'))}</p></section>\n", {}
    leads = "".join(
        f'<p class="lead" data-map="{m.modality}"{" hidden" if number else ""}>{written(_lead(m))}</p>'
        for number, m in enumerate(maps)
    )
    radios = "".join(
        f'<label><input type="radio" name="map-what" value="{m.modality}"{"" if number else " checked"}>'
        f"<span>{written(say(_WORDS[m.modality]))}</span></label>"
        for number, m in enumerate(maps)
    )
    html = (
        f'{heading}{leads}<div class="switches"><fieldset class="switch"><legend>{written(say("map_what"))}</legend>'
        f'{radios}</fieldset><label class="pick">{written(say("map_filter"))} <select id="map-filter"></select></label>'
        f'<button type="button" id="map-reset">{written(say("map_reset"))}</button></div>'
        f'<p class="quiet" id="map-help">{written(say("map_help"))}</p><div class="map">'
        '<canvas id="map-canvas" tabindex="0" role="img" aria-labelledby="map-h" aria-describedby="map-help"></canvas>'
        '<div id="map-card" class="map-card" hidden aria-live="polite"></div></div></section>\n'
    )
    data: dict[str, object] = {m.modality: _data(facts, m, tiles) for m in maps}
    return html, data | {"strings": _strings()}


def _lead(item_map: ItemMap) -> Text:
    noun = _NOUNS[item_map.modality]
    shown = sum(placed.n_items for placed in item_map.placed)
    return say("map_lead", method=item_map.method, shown=f"{shown:,}", all=counted(item_map.n_all, noun))


def _strings() -> dict[str, dict[str, str]]:
    return {name: in_languages(say(name)) for name in ("map_all", "open_post")}


def _data(facts: Facts, item_map: ItemMap, tiles: Tiles) -> dict[str, object]:
    numbers = sorted({placed.cluster_id for placed in item_map.placed})
    by_size = [c.cluster_id for c in facts.clusters(item_map.modality) if c.cluster_id in numbers]
    posts = [facts.posts.get((p.item.crawl_date, p.item.post_id)) for p in item_map.placed]
    data: dict[str, object] = {
        "x": [round(placed.x, 4) for placed in item_map.placed],
        "y": [round(placed.y, 4) for placed in item_map.placed],
        "cluster": [placed.cluster_id for placed in item_map.placed],
        "n": [placed.n_items for placed in item_map.placed],
        "caption": [post.caption if post else "" for post in posts],
        "url": [post.url if post else None for post in posts],
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
