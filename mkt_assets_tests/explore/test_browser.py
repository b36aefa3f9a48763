"""The explorer as an analyst uses it, in a real browser."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from mkt_assets_tests.explore.planted import D1, N, post_id
from mkt_assets_tests.report.browser import WITH_CHROMIUM, Tab

pytestmark = WITH_CHROMIUM

SCREENS = [(1280, 800, "en"), (390, 844, "zh-CN")]


def wait_for(page: Tab, expression: str, wanted: Any) -> None:
    deadline = time.monotonic() + 30
    while (found := page.value(expression)) != wanted:
        assert time.monotonic() < deadline, f"{expression} is {found!r}, not {wanted!r}"
        time.sleep(0.02)


def shown(page: Tab) -> set[str]:
    """Posts in the list, all of them."""
    while page.value("!document.getElementById('more').hidden"):
        n = page.value("document.querySelectorAll('#list > li').length")
        page.value("document.getElementById('more').click()")
        deadline = time.monotonic() + 30
        while page.value("document.querySelectorAll('#list > li').length") == n:
            assert time.monotonic() < deadline, "no more posts come"
            time.sleep(0.02)
    return set(page.value("[...document.querySelectorAll('#list > li')].map((li) => li.dataset.post)"))


def answered(port: int, query: str) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{port}/api/posts?{query}") as answer:
        return json.load(answer)


def opened(page: Tab, port: int, width: int, height: int, language: str, address: str = "") -> None:
    page.ask("Page.navigate", url="about:blank")  # another place in the same page would not load it
    page.open(f"http://127.0.0.1:{port}/{address}", width, height, language)
    wait_for(page, "document.querySelectorAll('#list > li').length > 0", True)
    wait_for(page, "document.getElementById('list').hasAttribute('aria-busy')", False)


@pytest.mark.parametrize(("width", "height", "language"), SCREENS)
def test_words_filter_posts_and_map_to_what_the_server_counts_and_the_csv_has_the_same(
    page: Tab, port: int, width: int, height: int, language: str
) -> None:
    opened(page, port, width, height, language)
    wait_for(page, "canvas.dataset.shown", str(2 * N - 8))
    page.value("document.querySelector('[name=words]').focus()")
    page.ask("Input.insertText", text="瑜伽")
    expected = answered(port, f"words={quote('瑜伽')}")
    wait_for(page, "canvas.dataset.shown", str(len(expected["items"])))
    assert shown(page) == {post["id"] for post in expected["posts"]}
    assert str(expected["n_distinct_posts"]) in page.value("document.getElementById('count').textContent")
    with urlopen(page.value("document.getElementById('csv').href")) as csv:
        rows = csv.read().decode("utf-8-sig").splitlines()[1:]
    assert {row.split(",")[0] for row in rows} == shown(page)
    assert page.value("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints() == []
    assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in page.requests())


def test_filters_combine_and_an_address_opens_them_again_and_back_goes_back(page: Tab, port: int) -> None:
    opened(page, port, 1280, 800, "en", f"#style=style-1&crawl_date={D1}&likes=100")
    expected = {post["id"] for post in answered(port, f"style=style-1&crawl_date={D1}&likes=100")["posts"]}
    assert shown(page) == expected and expected
    page.value("document.querySelector('[name=topic]').value = 'topic-0'")
    page.value("document.querySelector('[name=topic]').dispatchEvent(new Event('input', { bubbles: true }))")
    wait_for(page, "document.querySelectorAll('#list > li').length", 0)
    assert "No posts match" in page.value("document.getElementById('count').textContent")
    page.value("history.back()")
    wait_for(page, "document.querySelectorAll('#list > li').length", len(expected))


def test_a_name_whose_place_is_in_view_is_whole_however_the_map_is_moved(page: Tab, port: int) -> None:
    opened(page, port, 390, 844, "en")
    page.value("""{
        window.written = [];
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            written.push([text, x, this.measureText(text).width / 2]);
            write.call(this, text, x, y);
        };
    }""")
    for _ in range(8):
        press = "new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true })"
        page.value(f"window.before = written.length; canvas.dispatchEvent({press})")
        wait_for(page, "written.length > before", True)
    width = page.value("canvas.clientWidth")
    in_view = [(name, x, half) for name, x, half in page.value("written") if 0 <= x <= width]
    assert any(x < half + 8 for _, x, half in in_view), "no name came near the edge"
    for name, x, half in in_view:
        assert half <= x <= width - half, name


def test_a_lasso_around_a_heap_chooses_it(page: Tab, port: int) -> None:
    opened(page, port, 1280, 800, "en")
    wait_for(page, "canvas.dataset.shown", str(2 * N - 8))
    page.value("document.getElementById('lasso').click()")
    left, top, width, height = page.value(
        "(({ left, top, width, height }) => [left, top, width, height])(canvas.getBoundingClientRect())"
    )
    corners = [(0.02, 0.02), (0.45, 0.02), (0.45, 0.98), (0.02, 0.98)]
    for kind, (x, y) in zip(("mousePressed", *["mouseMoved"] * 3), corners, strict=True):
        _mouse(page, kind, left + x * width, top + y * height)
    _mouse(page, "mouseReleased", left + 0.02 * width, top + 0.98 * height)
    wait_for(page, "canvas.dataset.shown", str(N - 8))
    assert shown(page) == {post_id(n) for n in range(70) if n % 2 and n % 10 != 9}


def _mouse(page: Tab, kind: str, x: float, y: float) -> None:
    page.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)


def test_like_this_shows_what_resembles_it_first(page: Tab, port: int) -> None:
    opened(page, port, 1280, 800, "en", "#words=第12天")
    page.value("document.querySelector('#list .like').click()")
    wait_for(page, "document.querySelector('#chosen button') !== null", True)
    page.value("document.getElementById('filters').elements.words.value = ''")
    page.value("document.querySelector('[name=words]').dispatchEvent(new Event('input', { bubbles: true }))")
    wait_for(page, "document.querySelectorAll('#list > li').length", 60)
    assert page.value("document.querySelector('#list > li').dataset.post") == post_id(12)
    assert page.value("document.getElementById('sort').value") == "similar"


def test_a_tag_is_given_to_what_has_a_check_mark_and_filters(page: Tab, port: int) -> None:
    opened(page, port, 1280, 800, "en", f"#crawl_date={D1}")
    chosen = page.value("document.querySelector('#list > li').dataset.post")
    page.value("document.querySelector('#list input[type=checkbox]').click()")
    page.value("document.getElementById('tag-name').value = '主推'")
    page.value("document.getElementById('tag-give').click()")
    wait_for(page, "document.getElementById('tag-told').textContent", "1 posts have the label “主推”")
    wait_for(page, "document.querySelectorAll('#list .tag').length", 1)
    page.value("document.querySelector('#list .tag').click()")
    wait_for(page, "document.querySelectorAll('#list > li').length", 1)
    assert shown(page) == {chosen}
    page.value(
        "document.getElementById('tag-name').value = '主推'; document.getElementById('tag-take').click()"
    )
    wait_for(page, "document.querySelectorAll('#list > li').length", 0)


def test_an_items_card_is_opened_by_the_keyboard_and_both_languages_are_spoken(page: Tab, port: int) -> None:
    opened(page, port, 1280, 800, "en")
    wait_for(page, "canvas.dataset.shown", str(2 * N - 8))
    page.value("canvas.focus()")
    page.press("Enter")
    wait_for(page, "document.getElementById('card').hidden", False)
    wait_for(page, "document.querySelector('#card img').complete", True)
    assert page.value("document.querySelector('#card img').naturalWidth") == 30
    page.value("document.getElementById('language').click()")
    assert page.value("document.querySelector('h1').textContent") == "浏览帖子"
    assert "篇帖子" in page.value("document.getElementById('count').textContent")
    assert page.complaints() == []
