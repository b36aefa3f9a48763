from __future__ import annotations

from pathlib import Path

import pytest

from mkt_assets.core.profiles.names import MAX_LENGTH
from mkt_assets.report.page import render
from mkt_assets_tests.report.a_crawl import a_crawl, cluster, grey_tiles, pair
from mkt_assets_tests.report.browser import WITH_CHROMIUM, Tab

pytestmark = WITH_CHROMIUM

DESKTOP, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of the original's scale: 100 styles and 20 topics with long names."""
    styles = tuple(cluster("image", i, f"通勤穿搭{i} · 小个子西装外套{i}") for i in range(100))
    topics = tuple(cluster("text", i, f"职场上班{i} · 新人通勤{i}") for i in range(20))
    pairs = tuple(
        pair(i, j, rank=j // 4 + 1, supported=(i + j) % 9 == 0)
        for i in range(100)
        for j in range(i % 3, 20, 4)
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(a_crawl(styles=styles, topics=topics, pairs=pairs), grey_tiles), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE])
def test_the_page_opens_from_disk_quietly_and_fits(
    page: Tab, url: str, screen: tuple[int, int], language: str
):
    page.open(url, *screen, language)
    assert page.complaints() == []
    assert page.requests() == [url]
    assert page.value("document.documentElement.dataset.lang") == language[:2]
    assert page.value("document.documentElement.scrollWidth") <= screen[0]
    assert page.value("window.ran") is None
    bottom = page.value("document.querySelector('#answers .answers').getBoundingClientRect().bottom")
    assert bottom <= 2 * screen[1], "the five answers reach beyond the second screen"


def test_chinese_is_drawn_on_a_system_without_a_font_of_it(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    assert page.value("document.fonts.load('16px \"Page Chinese\"', '通').then((fonts) => fonts.length)") == 1
    drawn = """(() => {
      const ink = document.createElement("canvas").getContext("2d");
      ink.font = "24px " + getComputedStyle(document.body).fontFamily;
      return [..."通勤穿搭"].map((character) => {
        ink.clearRect(0, 0, 40, 40);
        ink.fillText(character, 4, 30);
        return ink.canvas.toDataURL();
      });
    })()"""
    assert len(set(page.value(drawn))) == 4


def test_the_label_beside_a_choice_of_long_names_stays_one_line_on_a_phone(page: Tab, url: str):
    page.open(url, *PHONE, "en")
    page.value(f"document.getElementById('map-filter').add(new Option('裙'.repeat({MAX_LENGTH})))")
    assert page.value("document.querySelector('.pick').offsetHeight") < 50


def test_only_one_language_is_shown_and_the_button_changes_it(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    heading = "document.querySelector('#styles h2').innerText"
    assert page.value(heading) == "Styles"
    page.value("document.getElementById('language').click()")
    assert page.value(heading) == "风格"
    assert page.value("document.documentElement.lang") == "zh-CN"
    page.value("document.getElementById('language').click()")
    assert page.value(heading) == "Styles"


@pytest.mark.usefixtures("made_up")
def test_the_button_goes_through_all_languages_there_are(page: Tab, tmp_path: Path):
    path = tmp_path / "report.html"
    path.write_text(render(a_crawl(), grey_tiles), encoding="utf-8")
    page.open(path.as_uri(), *DESKTOP, "fr")
    shown = "[document.documentElement.lang, document.querySelector('#styles h2').innerText].join()"
    button = "document.getElementById('language')"
    seen: list[str] = []
    for _ in range(4):
        seen.append(f"{page.value(shown)} > {page.value(f'{button}.innerText')}")
        page.value(f"{button}.click()")
    assert seen == ["en,Styles > Qq", "qq,qStylesq > 中文", "zh-CN,风格 > English", "en,Styles > Qq"]
    assert page.complaints() == []


def test_light_and_dark_change_and_keep_their_contrast(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.value(paper)
    page.value("document.getElementById('theme').click()")
    assert page.value(paper) != before
    page.value("document.getElementById('theme').click()")
    assert page.value(paper) == before
    assert page.complaints() == []


def test_the_cross_table_is_read_with_the_keyboard(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    page.value("document.querySelector('#heat td[data-at]').focus()")
    detail = "document.getElementById('heat-detail').textContent"
    first = page.value(detail)
    assert "通勤穿搭0" in first
    assert "Supported" in first
    page.press("ArrowDown")
    page.press("ArrowRight")
    assert "通勤穿搭1" in page.value(detail)
    assert page.value("document.querySelectorAll('#heat td[tabindex=\"0\"]').length") == 1


def test_the_cross_table_shows_lift_and_sorts_by_link(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    cell = "document.querySelector('#heat td[data-share]').textContent"
    assert page.value(cell) == "62%"
    page.value("document.querySelector('[name=heat-show][value=lift_word]').click()")
    assert page.value(cell) == "2.1"
    page.value("document.querySelector('[name=heat-sort][value=by_link]').click()")
    order = page.value("[...document.querySelectorAll('#heat tbody tr')].map((row) => +row.dataset.link)")
    assert order == sorted(order)


def test_the_map_draws_filters_and_opens_items(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    drawn = (
        "(() => { const c = document.getElementById('map-canvas'); "
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((value) => value); })()"
    )
    assert page.value(drawn)
    page.value("document.getElementById('map-canvas').focus()")
    page.press("Enter")
    card = "document.getElementById('map-card')"
    assert not page.value(f"{card}.hidden")
    assert page.value(f"{card}.querySelector('.swatch') !== null")
    page.value("document.querySelector('[name=map-what][value=text]').click()")
    assert page.value(f"{card}.hidden")
    assert page.value("document.getElementById('map-filter').options.length") == 3
    page.value("document.getElementById('map-filter').value = '1'")
    page.value("document.getElementById('map-filter').dispatchEvent(new Event('change'))")
    page.value("document.getElementById('map-canvas').focus()")
    page.press("Enter")
    assert "职场上班1" in page.value(f"{card}.textContent")
    assert page.value("window.ran") is None
    assert page.complaints() == []
    assert page.requests() == [url]
