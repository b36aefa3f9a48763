"""The page of two crawls in a browser: quiet, offline, and as wide as the screen."""

from __future__ import annotations

import pytest

from mkt_assets.report.sides import render_sides
from mkt_assets_tests.report.a_crawl import grey_tiles
from mkt_assets_tests.report.browser import WITH_CHROMIUM, Tab
from mkt_assets_tests.report.edge_crawls import shelf
from mkt_assets_tests.report.test_sides import compared, planted

pytestmark = WITH_CHROMIUM


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("sides") / "sides.html"
    sides = compared(shelf(planted()), planted())
    path.write_text(render_sides(sides, (grey_tiles, grey_tiles)), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(("screen", "language"), [((1280, 800), "en"), ((390, 844), "zh-CN")])
def test_it_opens_from_disk_quietly_and_fits_with_both_crawls_beside_each_other(
    page: Tab, url: str, screen: tuple[int, int], language: str
) -> None:
    page.open(url, *screen, language)
    assert page.complaints() == []
    assert page.requests() == [url]
    assert page.value("document.documentElement.scrollWidth") <= screen[0]
    heading = "document.querySelector('h1').innerText"
    first = page.value(heading)
    assert first == ("Two crawls side by side" if language == "en" else "两次采集对比")
    tops = "[...document.querySelector('.halves').children].map((half) => half.getBoundingClientRect().top)"
    assert len(set(page.value(tops))) == 1
    page.value("document.getElementById('language').click()")
    assert page.value(heading) != first
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.value(paper)
    page.value("document.getElementById('theme').click()")
    assert page.value(paper) != before
    assert page.complaints() == []
