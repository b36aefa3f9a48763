"""The whole page: head, answers, sections, data for the script. It loads nothing and runs only its own script.

Not here: markup (report/templates), how values get into it (report/html); each section has its own file.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from importlib.resources import files

from markupsafe import Markup

from mkt_assets.charts.fonts import chinese_font
from mkt_assets.report import cross_table, decisions, gallery, map_section, over_time, posts, provenance
from mkt_assets.report.answers import answers
from mkt_assets.report.facts import Facts
from mkt_assets.report.html import filled
from mkt_assets.report.languages import languages
from mkt_assets.report.openings import openings_of
from mkt_assets.report.posts import PagePosts
from mkt_assets.report.text import say
from mkt_assets.report.tiles import Tiles

_SECTIONS = ("find", "styles", "topics", "cross", "time", "map", "decision", "methods", "quality", "made")
_SCRIPTS = ("reader", "selection", "cross_table", "map", "panel", "begin")


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
    known, script = languages(), _script()
    page_posts = PagePosts(facts)
    data = {
        "languages": {language.code: language.tag for language in known},
        "map-data": map_section.data_of(facts, page_posts.index, tiles),
        "cross-data": cross_table.data_of(facts),
        **posts.data_of(page_posts, tiles),
    }
    body = filled(
        "body.html",
        facts=facts,
        languages=known,
        sections=_SECTIONS,
        answers=answers(facts),
        data=data,
        opens=partial(openings_of, facts),
        **gallery.values_of(facts, tiles),
        **cross_table.values_of(facts),
        **over_time.values_of(facts),
        **map_section.values_of(facts),
        **decisions.values_of(facts),
        **provenance.values_of(facts),
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    page = filled(
        "page.html",
        facts=facts,
        title=known[0].write(say("title")),
        languages=known,
        policy="default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=_read("page.css"),
        script=script,
        font=base64.b64encode(chinese_font(body)).decode("ascii"),
        body=body,
    )
    return str(page)


def _script() -> Markup:
    """The page's script: its files in the order in which one uses what another says."""
    parts = Markup("\n").join(_read(f"scripts/{name}.js") for name in _SCRIPTS)
    return Markup('"use strict";\n(() => {\n') + parts + Markup("})();")


def _read(name: str) -> Markup:
    """A file of ours, which is put into the page as it is."""
    return Markup(files("mkt_assets.report").joinpath(name).read_text(encoding="utf-8"))  # noqa: S704
