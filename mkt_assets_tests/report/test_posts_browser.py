from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from mkt_assets.report.facts import Facts, Item, ItemMap, Placed, Post, Refused
from mkt_assets.report.page import render
from mkt_assets_tests.report.a_crawl import DAY, HOSTILE, grey_tiles
from mkt_assets_tests.report.browser import WITH_CHROMIUM, Tab
from mkt_assets_tests.report.test_posts import crawl_of

pytestmark = WITH_CHROMIUM

DESKTOP, PHONE = (1280, 800), (390, 844)
WORDS = ("瑜伽", "Yoga", "50%_off", "裙")
N = 60


@pytest.fixture(scope="module")
def facts() -> Facts:
    crawl = crawl_of(N)
    captions = [
        " ".join(word for at, word in enumerate(WORDS) if (i // 2) % (at + 2) == 0) + f"，第{i}天"
        for i in range(N)
    ]
    captions[:5] = HOSTILE
    known = {
        key: replace(post, caption=caption)
        for (key, post), caption in zip(crawl.posts.items(), captions, strict=True)
    }
    known[DAY, "p00000"] = Post("<b>瑜伽</b>", "javascript:window.ran=true", account="a0")
    placed = tuple(
        Placed(Item(DAY, f"p{i:05d}", "post"), (i % 8) / 8, (i // 8) / 8, i % 2, 1) for i in range(N)
    )
    return replace(
        crawl,
        posts=known,
        maps=(ItemMap("image", "t-SNE", N, placed),),
        rejects=(("raw_posts", "The row has no id.", 2),),
        refused=(
            Refused("raw_posts", "The row has no id.", "notes.csv:7", None),
            Refused("raw_posts", "The row has no id.", "notes.csv:9", "p00009"),
        ),
    )


@pytest.fixture(scope="module")
def url(facts: Facts, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = Path(tmp_path_factory.mktemp("report")) / "report.html"
    path.write_text(render(facts, grey_tiles), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def quiet(page: Tab, url: str) -> Iterator[Tab]:
    """The page's tab; at the end it has complained of nothing, requested nothing, and run nothing of a caption."""
    page.open("about:blank", *DESKTOP, "en")
    page.events.clear()
    yield page
    assert page.complaints() == []
    assert {address.split("#")[0] for address in page.requests()} <= {url, "about:blank"}
    assert page.value("window.ran") is None


def until(page: Tab, expression: str) -> Any:
    deadline = time.monotonic() + 10
    while not (value := page.value(expression)):
        assert time.monotonic() < deadline, expression
        time.sleep(0.02)
    return value


def listed(page: Tab) -> list[str]:
    """Ids of the posts in the panel, all of them."""
    return page.value(
        "(() => { const more = document.getElementById('posts-more'); while (!more.hidden) more.click();"
        "return [...document.querySelectorAll('#posts-list > li')].map((li) => li.dataset.id); })()"
    )


IS_OPEN = "document.getElementById('posts').open"


@pytest.mark.parametrize(("screen", "language"), [(DESKTOP, "en"), (PHONE, "zh-CN")])
def test_the_first_finding_opens_its_posts_in_one_click(
    quiet: Tab, url: str, facts: Facts, screen: tuple[int, int], language: str
):
    quiet.open(url, *screen, language)
    quiet.value("document.querySelector('.which_links .to-posts').click()")
    until(quiet, IS_OPEN)
    assert len(listed(quiet)) == facts.pairs[0].n_posts
    title = quiet.value("document.getElementById('posts-h').innerText")
    assert f"{facts.pairs[0].n_posts} {'posts' if language == 'en' else '篇帖子'}" in title
    assert ("account" if language == "en" else "账号") in quiet.value(
        "document.getElementById('posts-belief').innerText"
    )
    assert quiet.value("document.documentElement.scrollWidth") <= screen[0]
    box = quiet.value("document.getElementById('posts').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0
    assert box["right"] <= screen[0]
    assert quiet.value("document.getElementById('posts-list').scrollWidth") <= box["width"]


def test_every_number_that_opens_posts_opens_as_many(quiet: Tab, url: str):
    quiet.open(url, *DESKTOP, "en")
    wrong = quiet.value("""(async () => {
      const wrong = [];
      const panel = document.getElementById("posts"), more = document.getElementById("posts-more");
      for (const link of document.querySelectorAll("a.to-posts")) {
        link.click();
        await new Promise((done) => setTimeout(done, 5));
        while (!more.hidden) more.click();
        const told = Number(/\\d+(?= posts?)|\\d+(?=\\)?$)/.exec(link.innerText.trim())[0]);
        if (!panel.open || told !== document.querySelectorAll("#posts-list > li").length) wrong.push(link.innerText);
        document.getElementById("posts-close").click();
      }
      for (const cell of document.querySelectorAll("#heat td[data-share]")) {
        cell.click();
        const rests = Number(/on (\\d+) post/.exec(document.getElementById("posts-belief").innerText)[1]);
        while (!more.hidden) more.click();
        if (!panel.open || rests !== document.querySelectorAll("#posts-list > li").length) wrong.push(cell.dataset.at);
        document.getElementById("posts-close").click();
      }
      return wrong;
    })()""")
    assert wrong == []


@pytest.mark.parametrize("word", [*WORDS, "yoga", "天", "第7天", "<b>", "nowhere"])
def test_words_filter_map_gallery_and_posts_as_sql_does(quiet: Tab, url: str, facts: Facts, word: str):
    posts = pd.DataFrame(
        [
            (post_id, post.caption.encode("utf-8", "replace").decode())
            for (_, post_id), post in facts.posts.items()
        ],
        columns=["post_id", "caption"],
    )
    with duckdb.connect() as connection:
        connection.register("posts", posts)
        sql = "SELECT post_id FROM posts WHERE contains(lower(caption), lower(?)) ORDER BY post_id"
        expected = [row[0] for row in connection.execute(sql, [word]).fetchall()]
    quiet.open(url, *DESKTOP, "en")
    type_in(quiet, "find-q", word)
    until(quiet, "!document.getElementById('found-bar').hidden")
    assert quiet.value("document.getElementById('found-count').innerText") == f"{len(expected)} found"
    styles = {int(post_id[1:]) % 2 for post_id in expected}
    cards = (
        "[...document.querySelectorAll('.card[data-style]:not([hidden])')].map((card) => +card.dataset.style)"
    )
    assert set(quiet.value(cards)) == styles
    cells = "[...document.querySelectorAll('#heat td[data-found]')].map((td) => +td.dataset.found)"
    assert sum(quiet.value(cells)) == len(expected)
    drawn = quiet.value("document.getElementById('map-canvas').dataset.shown")
    assert int(drawn) == len(expected)
    quiet.value("document.getElementById('found-show').click()")
    until(quiet, IS_OPEN)
    assert sorted(listed(quiet)) == expected


def type_in(page: Tab, field: str, text: str) -> None:
    page.value(f"document.getElementById('{field}').focus()")
    page.ask("Input.insertText", text=text)


def test_filters_combine_and_the_csv_is_what_is_listed(quiet: Tab, url: str, facts: Facts):
    quiet.open(f"{url}#q=天&style=0&account=3&likes=20", *DESKTOP, "en")
    expected = [
        post_id
        for (_, post_id), post in facts.posts.items()
        if "天" in post.caption
        and post.account == "a2"
        and (post.likes or 0) >= 20
        and int(post_id[1:]) % 2 == 0
    ]
    assert expected
    assert listed(quiet) == expected
    rows = csv_of(quiet)
    assert [row["post_id"] for row in rows] == expected
    assert [row["post_url"] for row in rows] == [facts.posts[DAY, post_id].url for post_id in expected]


def csv_of(page: Tab) -> list[dict[str, str]]:
    text = page.value("""(() => { let kept;
      URL.createObjectURL = (blob) => { kept = blob; return "#"; };
      HTMLAnchorElement.prototype.click = () => {};
      document.getElementById("posts-save").click();
      return kept.text(); })()""")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_no_cell_of_the_csv_is_a_formula(quiet: Tab, url: str):
    quiet.open(f"{url}#q=HYPERLINK", *DESKTOP, "en")
    (row,) = csv_of(quiet)
    assert row["caption"] == "'" + HOSTILE[3]


def test_posts_are_sorted_by_likes_and_date_and_typicality(quiet: Tab, url: str):
    quiet.open(f"{url}#style=0", *DESKTOP, "en")
    even = [f"p{i:05d}" for i in range(0, N, 2)]
    assert listed(quiet) == even
    quiet.value(
        "(() => { const sort = document.getElementById('posts-sort'); sort.value = 'by_likes';"
        "sort.dispatchEvent(new Event('change')); })()"
    )
    assert listed(quiet) == even[::-1]


@pytest.mark.parametrize("address", ["#style=0&topic=0", "#style=style-0&topic=topic-0"])
def test_an_address_opens_its_posts_and_the_way_back_closes_them(quiet: Tab, url: str, address: str):
    quiet.open(f"{url}{address}", *DESKTOP, "en")
    assert quiet.value(IS_OPEN)
    assert len(listed(quiet)) == N // 2
    quiet.press("Escape")
    until(quiet, f"!{IS_OPEN}")
    assert "style=" not in quiet.value("location.hash")
    quiet.value("history.back()")
    until(quiet, IS_OPEN)
    quiet.value("document.getElementById('posts-close').click()")
    quiet.value("document.querySelector('#heat td[data-share]').focus()")
    quiet.press("Enter")
    until(quiet, IS_OPEN)
    assert quiet.value("location.hash") == "#style=style-0&topic=topic-0"
    quiet.press("Escape")
    until(quiet, "document.activeElement.matches('#heat td')")


def test_a_style_that_this_crawl_has_not_is_said_to_be_missing(quiet: Tab, url: str):
    for address in ("#style=style-none", "#style=__proto__", "#refused=__proto__", "#refused=99"):
        quiet.open("about:blank", *DESKTOP, "en")
        quiet.open(f"{url}{address}", *DESKTOP, "en")
        assert quiet.value(IS_OPEN)
        assert listed(quiet) == []
        assert quiet.value("document.getElementById('posts-cut').innerText").strip()


def test_what_could_not_be_used_is_listed_by_file_and_row(quiet: Tab, url: str):
    quiet.open(url, *DESKTOP, "en")
    quiet.value("document.querySelector('#refused .to-posts').click()")
    until(quiet, IS_OPEN)
    text = quiet.value("document.getElementById('posts-list').innerText")
    assert "notes.csv:7" in text
    assert "第9天" in text
