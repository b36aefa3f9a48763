from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from mkt_assets.charts.fonts import harfbuzz
from mkt_assets.report.cross_table import sentence_of_pair
from mkt_assets.report.html import in_languages
from mkt_assets.report.page import render
from mkt_assets.report.text import Term
from mkt_assets_tests.report.a_crawl import HOSTILE, a_crawl, cluster, grey_tiles, pair

VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """The elements of a page, and whether they nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html() -> str:
    return render(a_crawl(), grey_tiles)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_elements_are_closed_in_order(page: Page):
    assert page.open == []


def test_nothing_is_loaded_from_anywhere(page: Page):
    for attributes in [*page.of("img"), *page.of("script"), *page.of("link")]:
        for name in ("src", "href", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
    (policy,) = [
        a["content"] or "" for a in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert not page.of("iframe")
    assert not page.of("form")


def test_the_page_brings_a_font_of_all_its_chinese(html: str, page: Page):
    (data,) = re.findall(r"@font-face .*base64,([\w+/=]+)\)", html)
    known = harfbuzz.Face(base64.b64decode(data)).unicodes
    shown = {c for c in page.text if unicodedata.name(c, "").startswith("CJK UNIFIED")}
    assert {"穿", "搭"} <= shown
    assert shown <= set(map(chr, known))


def test_links_lead_to_the_web_or_into_the_page(page: Page):
    targets = {a["id"] for _, a in page.elements if a.get("id")}
    for anchor in page.of("a"):
        href = anchor["href"] or ""
        page_of_a_date, _, selection = href.partition("#")
        selects = selection.split("=")[0] in ("style", "topic", "refused")
        assert not page_of_a_date or re.fullmatch(
            r"https://.*|\.\./\d{4}-\d\d-\d\d/report\.html", page_of_a_date
        )
        assert href.startswith("https://") or selects or href[1:] in targets


def test_ids_are_unique(page: Page):
    ids = [a["id"] for _, a in page.elements if a.get("id")]
    assert len(ids) == len(set(ids))


def test_what_a_caption_says_is_shown_and_never_markup(html: str, page: Page):
    assert len(page.of("script")) == 7
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert HOSTILE[0] in page.text
    assert "\x00" not in html
    assert not re.search("[\ud800-\udfff]", html)


def test_every_picture_says_what_it_is(page: Page):
    assert all("alt" in attributes for attributes in page.of("img"))


def test_headings_skip_no_level(page: Page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_same_crawl_gives_the_same_page(html: str):
    assert render(a_crawl(), grey_tiles) == html


def test_unsupported_links_are_faint_and_supported_ones_are_not(page: Page):
    cells = {a["data-at"]: a["class"] for a in page.of("td") if a.get("data-at")}
    assert cells == {"0,0": "real", "0,1": "faint", "1,0": "none", "1,1": "faint"}


def test_what_is_seen_stands_in_both_languages_apart_from_what_captions_say():
    crawl = a_crawl()
    term = Term((("en", "lace <b>"), ("zh", "蕾丝")))
    html = render(
        replace(crawl, styles=(replace(crawl.styles[0], seen=(term,)), *crawl.styles[1:])), grey_tiles
    )
    [chips] = re.findall(r'<ul class="chips seen">(.*?)</ul>', html)
    assert re.findall(r">([^<>]+)</span>", chips) == ["lace &lt;b&gt;", "蕾丝"]
    assert "Seen in the pictures, not read in captions" in html
    assert "chips seen" not in render(crawl, grey_tiles)


@pytest.mark.parametrize(
    ("seen", "said"),
    [(True, "By sight, its pictures are of"), (False, "By sight, nothing shows"), (None, "")],
)
def test_a_link_tells_what_is_seen_of_it_if_that_can_be_asked(seen: bool | None, said: str):
    crawl = a_crawl()
    sentence = in_languages(sentence_of_pair(crawl, replace(crawl.pairs[0], seen=seen)))["en"]
    assert sentence.count("By sight") == bool(said) and said in sentence
    assert "Supported." in sentence


def test_trends_of_fresh_posts_say_so():
    stock = "only posts published since the crawl before count here"
    trends = tuple(replace(trend, fresh_only=True) for trend in a_crawl().trends)
    assert stock in render(a_crawl(trends=trends), grey_tiles)
    assert stock not in render(a_crawl(), grey_tiles)


def test_an_empty_crawl_has_a_page_that_says_so():
    empty = a_crawl(
        styles=(), topics=(), pairs=(), trends=(), events=(), curves=(), methods=(), maps=(), posts={},
        n_pictures=0, n_with_caption=0, quality={}, models=(), made=(), compared_with={},
    )  # fmt: skip
    page = Page(render(empty, grey_tiles))
    assert page.open == []
    assert "The crawl has no post that could be used." in page.text
    assert "Nothing to show here." in page.text


def test_the_bars_of_a_style_are_its_three_best_ranked_topics():
    topics = tuple(cluster("text", i, f"topic{i}") for i in range(4))
    pairs = tuple(pair(0, i, rank=rank, share=0.25) for i, rank in enumerate((4, 3, 1, 2)))
    html = render(a_crawl(topics=topics, pairs=pairs), grey_tiles)
    assert re.findall(r"<b>\s*(topic\d)", html) == ["topic2", "topic3", "topic1"]


def test_a_report_links_to_the_crawls_before_and_after_it_as_far_as_they_have_one():
    def links(before: date | None, after: date | None) -> tuple[list[str], str]:
        page = Page(render(a_crawl(before=before, after=after), grey_tiles))
        return [h for a in page.of("a") if (h := a["href"] or "").endswith(".html")], page.text

    earlier, later = date(2024, 6, 13), date(2024, 6, 20)
    found, text = links(earlier, later)
    assert found == ["../2024-06-13/report.html", "../2024-06-20/report.html"]
    assert "mkt compare 2024-06-13 2024-06-14" in text
    found, text = links(None, later)
    assert found == ["../2024-06-20/report.html"]
    assert "mkt compare 2024-06-14 2024-06-20" in text
    found, text = links(None, None)
    assert found == []
    assert "mkt compare" not in text
