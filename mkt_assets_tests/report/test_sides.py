"""The page of two crawls side by side says what was planted, of both dates, and why it says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from mkt_assets.core.over_time.novelty import CrawlItems
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.sides import render_sides, sentences_of
from mkt_assets.report.sides_of import Kind, Sides, sides_of
from mkt_assets.stored.crawl import Crawl
from mkt_assets_tests.report.a_crawl import HOSTILE, grey_tiles
from mkt_assets_tests.report.edge_crawls import DAYS, Shelf, Shot, items_on, shelf
from mkt_assets_tests.report.test_page import Page

D0, D1 = DAYS[:2]


def planted() -> list[Shot]:
    """Styles of which one grows, one shrinks, one comes and one goes; topics that stay, and posts without one."""
    sizes = {D0: (60, 60, 15, 30, 0), D1: (60, 15, 60, 0, 30)}
    found: list[Shot] = []
    for day, of_day in sizes.items():
        for style, n in enumerate(of_day):
            for i in range(n):
                number = len(found)
                found.append(Shot(day, f"p{number:04d}", f"a{number % 50}{day}", style, i % 2))
    return found


def compared(
    tables: Shelf, posts: Iterable[Shot], reports: tuple[str | None, str | None] = (None, None)
) -> Sides:
    crawls = Crawl(tables.read, D0), Crawl(tables.read, D1)
    of = items_on(tables, list(posts))
    return sides_of(crawls, of, tables.read("trends").to_pandas(), reports, min_posts=5)


@pytest.fixture(scope="module")
def tables() -> Shelf:
    return shelf(planted())


@pytest.fixture(scope="module")
def sides(tables: Shelf) -> Sides:
    return compared(tables, planted(), ("../2024-06-10/report.html", None))


@pytest.fixture(scope="module")
def page(sides: Sides) -> Page:
    return Page(render_sides(sides, (grey_tiles, grey_tiles)))


def english(kind: Kind) -> str:
    return "\n".join(map(ENGLISH.write, sentences_of(kind)))


def test_what_was_planted_is_said_of_styles_and_nothing_is_said_of_topics(sides: Sides) -> None:
    styles, topics = sides.kinds
    assert [row.what for row in styles.rows] == ["new", "grown", "shrunk", "gone", "kept"]
    assert [row.what for row in topics.rows] == ["kept", "kept"]
    for said in ("New: ", "Grown: ", "Shrunk: ", "No longer there: ", "1 style is in both"):
        assert said in english(styles)
    assert english(topics) == (
        "Nothing came, went, grew or shrank that these accounts can show.\n"
        "2 topics are in both, with no difference that these accounts can show."
    )


def test_a_row_has_shares_of_both_dates_with_their_intervals_and_accounts(sides: Sides, page: Page) -> None:
    grown = next(row for row in sides.kinds[0].rows if row.what == "grown")
    earlier, later = grown.parts
    assert (earlier.n_posts, later.n_posts) == (15, 60)
    assert earlier.share == 15 / 165
    assert later.share == 60 / 165
    for part in grown.parts:
        assert part.low < part.share < part.high
        assert part.n_accounts <= 50
    assert "9.1% (" in page.text
    assert "15 posts · 15 accounts · largest account" in page.text
    new = next(row for row in sides.kinds[0].rows if row.what == "new")
    assert new.parts[0].cluster is None
    assert new.parts[0].share == 0


def test_the_page_nests_loads_nothing_and_links_to_the_report_that_is_there(page: Page) -> None:
    assert page.open == []
    policies = [a["content"] for a in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in (policies[0] or "")
    targets = {a["id"] for _, a in page.elements if a.get("id")}
    assert len(targets) == sum(1 for _, a in page.elements if a.get("id"))
    addresses = {a["href"] or "" for a in page.of("a")}
    assert "../2024-06-10/report.html" in addresses
    assert any(address.startswith("../2024-06-10/report.html#style=") for address in addresses)
    for address in addresses:
        assert address.startswith("../2024-06-10/report.html") or address[1:] in targets
    assert len([a for a in page.of("img") if "alt" in a]) == len(page.of("img")) == 4 * 2 * 4


def test_what_posts_say_is_shown_and_never_markup(sides: Sides) -> None:
    posts = {
        key: type(post)(HOSTILE[n % len(HOSTILE)], "javascript:x")
        for n, (key, post) in enumerate(sides.posts.items())
    }
    hostile = Sides(sides.crawls, sides.n_both, sides.kinds, posts)
    page = Page(render_sides(hostile, (grey_tiles, grey_tiles)))
    assert page.open == []
    assert len(page.of("script")) == 2
    assert HOSTILE[0] in page.text
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert not [a for a in page.of("a") if (a["href"] or "").startswith("javascript")]


def test_accounts_that_post_all_of_it_alone_show_nothing() -> None:
    posts = [Shot(s.day, s.post, f"a{s.style}{s.day}", s.style, s.topic) for s in planted()]
    styles, _ = compared(shelf(posts), posts).kinds
    assert {row.what for row in styles.rows} == {"kept", "only earlier", "only later"}
    assert "Nothing came, went, grew or shrank" in english(styles)
    assert "2 styles have no counterpart" in english(styles)


def test_other_encoders_are_said_with_what_to_do_and_the_other_kind_is_compared(tables: Shelf) -> None:
    frames = dict(tables.frames)
    profiles = frames["cluster_profiles"].copy()
    of_later = (profiles["crawl_date"] == D1) & (profiles["modality"] == "image")
    profiles.loc[of_later, "encoder"] = "f 2"
    styles, topics = compared(Shelf(frames | {"cluster_profiles": profiles}), planted()).kinds
    assert styles.rows == ()
    assert english(styles).startswith(
        "Not comparable: styles of 2024-06-10 were made with e 1, those of 2024-06-11 with f 2"
    )
    assert "mkt run --crawl-date 2024-06-10 --crawl-date 2024-06-11" in english(styles)
    assert len(topics.rows) == 2


def test_vectors_that_are_gone_and_a_crawl_without_pictures_are_said(tables: Shelf) -> None:
    def nothing(modality: str, day: date) -> CrawlItems | None:
        return None if day == D0 else items_on(tables, planted())(modality, day)

    crawls = Crawl(tables.read, D0), Crawl(tables.read, D1)
    trends = tables.read("trends").to_pandas()
    styles, _ = sides_of(crawls, nothing, trends, (None, None), min_posts=5).kinds
    assert "styles of 2024-06-10 were made of vectors that are no longer stored" in english(styles)
    blind = [Shot(s.day, s.post, s.account, None if s.day == D1 else s.style, s.topic) for s in planted()]
    styles, topics = compared(shelf(blind), blind).kinds
    assert english(styles) == "The crawl of 2024-06-11 has no styles, so there is nothing to compare."
    assert len(topics.rows) == 2
    page = Page(render_sides(compared(shelf(blind), blind), (grey_tiles, grey_tiles)))
    assert page.open == []


@pytest.mark.usefixtures("made_up")
def test_it_is_written_in_every_language_there_is(sides: Sides) -> None:
    page = Page(render_sides(sides, (grey_tiles, grey_tiles)))
    assert "qTwo crawls side by sideq" in page.text
    assert "两次采集对比" in page.text
