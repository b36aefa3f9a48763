"""The whole page: head, answers, sections, data for the script. It loads nothing and runs only its own script."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from mkt_assets.charts.fonts import chinese_font
from mkt_assets.report import cross_table, decisions, gallery, item_map, over_time, provenance
from mkt_assets.report.answers import answers_section
from mkt_assets.report.facts import Facts
from mkt_assets.report.languages import languages
from mkt_assets.report.markup import data_script, written
from mkt_assets.report.text import Text, say
from mkt_assets.report.tiles import Tiles

_SECTIONS = ("styles", "topics", "cross", "time", "map", "decision", "methods", "quality", "made")


def render(facts: Facts, tiles: Tiles) -> str:
    """The report of a crawl date.

    Args:
        facts: What to tell.
        tiles: Gives the cut-out of a picture, or None.

    Returns:
        An HTML page in one piece. Its Content-Security-Policy allows no load at all and no script but the page's,
        so whatever a caption holds is shown and never run. It brings a font of the Chinese characters in it,
        which a browser takes where the reader's system has none.
    """
    style = _read("page.css")
    script = _read("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = (
        "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    map_html, map_data = item_map.map_section(facts, tiles)
    sections = [
        gallery.styles_section(facts, tiles),
        gallery.topics_section(facts),
        cross_table.cross_section(facts),
        over_time.time_section(facts),
        map_html,
        decisions.decision_section(facts),
        decisions.methods_section(facts),
        provenance.quality_section(facts),
        provenance.made_section(facts),
    ]
    known = languages()
    body = "".join(
        [
            f'<a class="skip" href="#answers">{written(say("skip"))}</a>\n',
            _header(facts),
            f"<main>\n{answers_section(facts, tiles)}\n{''.join(sections)}</main>\n",
            f'<footer><a href="#answers">{written(say("to_top"))}</a></footer>\n',
            data_script("languages", {language.code: language.tag for language in known}),
            data_script("map-data", map_data),
            data_script("cross-data", cross_table.cross_data(facts)),
        ]
    )
    title = f"{languages()[0].write(say('title'))} · {facts.crawl_date.isoformat()}"
    return "".join(
        [
            "<!DOCTYPE html>\n",
            f'<html lang="{known[0].tag}" data-lang="{known[0].code}">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n',
            # without one, a browser asks the network for an icon
            f'<link rel="icon" href="data:,">\n<title>{title}</title>\n',
            f"<style>\n{style}{_hidden()}{_font(body)}</style>\n</head>\n<body>\n{body}\n<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def _header(facts: Facts) -> str:
    links = "".join(f'<li><a href="#{name}">{written(_short(name))}</a></li>' for name in _SECTIONS)
    window = ""
    if facts.window_start and facts.window_start < facts.crawl_date:
        window = f" · {written(say('window', date=facts.window_start.isoformat()))}"
    return (
        '<header class="top"><div class="bar"><p class="brand">mkt_assets</p><div class="controls">'
        f'<button type="button" id="language">{_next_language()}</button>'
        f'<button type="button" id="theme">{written(say("theme"))}</button></div></div>'
        f'<h1>{written(say("title"))}</h1><p class="sub">'
        f"{written(say('crawl_of', date=facts.crawl_date.isoformat()))}{window}</p>"
        f'<noscript><p class="note">{written(say("no_script"))}</p></noscript>'
        f'<nav aria-labelledby="contents"><span id="contents" class="hidden">{written(say("contents"))}</span>'
        f"<ul>{links}</ul></nav></header>\n"
    )


def _hidden() -> str:
    """The rule by which only the reader's language is seen."""
    others = ", ".join(f'html:not([data-lang="{one.code}"]) .{one.code}' for one in languages())
    return f"{others} {{ display: none; }}\n"


def _next_language() -> str:
    """What the button says in each language: the name of the next one."""
    known = languages()
    return "".join(
        f'<span class="{one.code}" lang="{one.tag}">{following.name}</span>'
        for one, following in zip(known, (*known[1:], known[0]), strict=True)
    )


def _font(text: str) -> str:
    data = base64.b64encode(chinese_font(text)).decode("ascii")
    return f'@font-face {{ font-family: "Page Chinese"; src: url(data:font/otf;base64,{data}); }}\n'


def _short(name: str) -> Text:
    return say(f"nav_{name}")


def _read(name: str) -> str:
    return files("mkt_assets.report").joinpath(name).read_text(encoding="utf-8")
