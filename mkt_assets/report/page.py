"""The report of a crawl date: answers, sections, data for the script.

Not here: head, style and script around it (report/shell), markup (report/templates); each section has its own file.
"""

from __future__ import annotations

from functools import lru_cache, partial

from mkt_assets.report import cross_table, decisions, gallery, map_section, over_time, posts, provenance
from mkt_assets.report.answers import answers
from mkt_assets.report.facts import Facts
from mkt_assets.report.html import filled
from mkt_assets.report.languages import languages
from mkt_assets.report.openings import FILE_NAME, openings_of
from mkt_assets.report.posts import PagePosts
from mkt_assets.report.shell import in_page
from mkt_assets.report.text import say
from mkt_assets.report.tiles import Tiles

_MOST_REMEMBERED = 2_000
_SECTIONS = ("find", "styles", "topics", "cross", "time", "map", "decision", "methods", "quality", "made")
_SCRIPTS = ("reader", "selection", "cross_table", "plane", "map", "panel", "begin", "own_font")


def render(facts: Facts, tiles: Tiles) -> str:
    """The report of a crawl date.

    Args:
        facts: What to tell.
        tiles: Gives the cut-out of a picture, or None.

    Returns:
        An HTML page in one piece, see `shell.in_page`.
    """
    known = languages()
    page_posts = PagePosts(facts)
    # a picture on the map is one of a post's, too; 30 kB each
    tiles = lru_cache(maxsize=_MOST_REMEMBERED)(tiles)
    data = {
        "languages": {language.code: language.tag for language in known},
        "map-data": map_section.data_of(facts, page_posts.index, tiles),
        "cross-data": cross_table.data_of(facts),
        **posts.data_of(page_posts, tiles),
    }
    body = filled(
        "body.html",
        facts=facts,
        report_file=FILE_NAME,
        compare_command=_compare_command(facts),
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
    return in_page(body, f"{known[0].write(say('title'))} · {facts.crawl_date}", _SCRIPTS)


def _compare_command(facts: Facts) -> str:
    """What puts this crawl side by side with the one before it, or else after it."""
    days = (facts.before, facts.crawl_date) if facts.before else (facts.crawl_date, facts.after)
    return f"mkt compare {days[0]} {days[1]}"
