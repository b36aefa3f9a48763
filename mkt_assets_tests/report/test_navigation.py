"""Where the report's links land and what its map has in view, measured in a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mkt_assets.report.facts import Item, ItemMap, Placed
from mkt_assets.report.page import render
from mkt_assets_tests.report.a_crawl import DAY, a_crawl, cluster, grey_tiles, pair
from mkt_assets_tests.report.browser import WITH_CHROMIUM, Tab

pytestmark = WITH_CHROMIUM

DESKTOP, PHONE = (1280, 800), (390, 844)
NEAR_PX = 4
N_ON_MAP = 9
N_STYLES = 30

HELPERS = """
  const frame = () => new Promise(requestAnimationFrame);
  const frames = async (n) => { while (n--) await frame(); };
  const still = async () => {
    for (let last = NaN, same = 0, n = 0; same < 8 && n < 300; n++) {
      await frames(1);
      same = scrollY === last ? same + 1 : 0;
      last = scrollY;
    }
  };
  // pixels from the window's top to the target, but for those that the page's end keeps below it
  const missedBy = (target) => {
    const below = document.documentElement.scrollHeight - innerHeight - scrollY;
    const top = target.getBoundingClientRect().top;
    return below < 1 && top > 0 && top < innerHeight ? 0 : top;
  };
"""


def item_map(modality: str) -> ItemMap:
    """Groups of seven around the places of a grid, but the last, which is one item, and the first, which is wide."""
    frame = "post" if modality == "image" else None
    placed = [
        Placed(
            Item(DAY, f"post{i % 5}", frame),
            (number % 3 + 0.5) / 3 + (i - 3) * (0.05 if number == 0 else 0.01),
            (number // 3 + 0.5) / 3 + (i % 3) * 0.01,
            number,
            1,
        )
        for number in range(N_ON_MAP)
        for i in range(1 if number == N_ON_MAP - 1 else 7)
    ]
    return ItemMap(modality, "t-SNE", len(placed), tuple(placed))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of many styles, of more or fewer words, and 20 topics."""
    facts = a_crawl(
        styles=tuple(
            cluster("image", i, f"通勤穿搭{i}" * (1 + i % 4), keywords=("穿搭",) * (i % 7))
            for i in range(N_STYLES)
        ),
        topics=tuple(cluster("text", i, f"职场上班{i} · 新人通勤{i}") for i in range(20)),
        pairs=tuple(
            pair(i, j, rank=j // 4 + 1, supported=(i + j) % 9 == 0)
            for i in range(N_STYLES)
            for j in range(i % 3, 20, 4)
        ),
        maps=(item_map("image"), item_map("text")),
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(facts, grey_tiles), encoding="utf-8")
    return path.as_uri()


def run(page: Tab, script: str) -> Any:
    return page.value(f"(async () => {{ {HELPERS} {script} }})()")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE])
def test_every_link_of_the_contents_lands_on_its_section(
    page: Tab, url: str, screen: tuple[int, int], language: str
):
    page.open(url, *screen, language)
    missed = run(
        page,
        """
        const missed = {};
        for (const link of document.querySelectorAll("nav a")) {
          scrollTo({ top: 0, behavior: "instant" });
          link.focus({ preventScroll: true });
          link.click();
          await still();
          missed[link.hash] = missedBy(document.querySelector(link.hash));
        }
        return missed;
        """,
    )
    assert len(missed) >= 5
    assert {where: px for where, px in missed.items() if abs(px) > NEAR_PX} == {}


@pytest.mark.parametrize("screen", [DESKTOP, PHONE])
def test_every_other_link_within_the_page_lands_on_what_it_names(
    page: Tab, url: str, screen: tuple[int, int]
):
    page.open(url, *screen, "en")
    missed = run(
        page,
        """
        document.documentElement.style.scrollBehavior = "auto";
        const places = document.querySelectorAll('a[href^="#"]:not([href*="="])');
        const links = new Map([...places].map((link) => [link.hash, link]));
        const missed = {};
        for (const [hash, link] of links) {
          scrollTo({ top: 0, behavior: "instant" });
          await frames(1);
          link.click();
          await frames(2);
          missed[hash] = missedBy(document.querySelector(hash));
        }
        return missed;
        """,
    )
    assert {"#answers", f"#style-{N_STYLES - 1}", "#topic-19"} <= missed.keys()
    assert {where: px for where, px in missed.items() if abs(px) > NEAR_PX} == {}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE])
@pytest.mark.parametrize("place", ["topics", "cross", "map", "style-27"])
def test_an_address_with_a_place_opens_the_page_there(
    page: Tab, url: str, place: str, screen: tuple[int, int], language: str
):
    page.open("about:blank", *screen, language)
    page.open(f"{url}#{place}", *screen, language)
    missed = run(page, f'await still(); return missedBy(document.getElementById("{place}"));')
    assert abs(missed) <= NEAR_PX


def test_a_link_of_the_contents_is_followed_with_the_enter_key(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    page.value("document.querySelector('nav a[href=\"#map\"]').focus()")
    for kind, text in (("keyDown", "\r"), ("keyUp", "")):
        page.ask(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            windowsVirtualKeyCode=13,
            text=text,
        )
    assert abs(run(page, 'await still(); return missedBy(document.getElementById("map"));')) <= NEAR_PX
    assert page.value("location.hash") == "#map"


# every item that is drawn as shown, not faded, and where; and how many pixels have the colour of one chosen
ON_MAP = """
  const canvas = document.getElementById("map-canvas");
  const filter = document.getElementById("map-filter");
  canvas.scrollIntoView({ behavior: "instant" });
  let drawn = [];
  const pen = CanvasRenderingContext2D.prototype;
  const { arc, drawImage, clearRect } = pen;
  pen.clearRect = function (...a) { drawn = []; return clearRect.apply(this, a); };
  pen.arc = function (...a) { if (this.globalAlpha > 0.5) drawn.push([a[0], a[1]]); return arc.apply(this, a); };
  pen.drawImage = function (...a) {
    drawn.push([a[5] + a[7] / 2, a[6] + a[8] / 2]);
    return drawImage.apply(this, a);
  };
  const choose = (value) => { filter.value = value; filter.dispatchEvent(new Event("change")); };
  const wheel = (by, x, y) => canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: by, cancelable: true,
    clientX: canvas.getBoundingClientRect().left + x, clientY: canvas.getBoundingClientRect().top + y }));
  const seenNow = () => {
    const inside = drawn.filter(([x, y]) => x > 0 && y > 0 && x < canvas.clientWidth && y < canvas.clientHeight);
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let inked = 0;
    for (let i = 3; i < pixels.length; i += 4) inked += pixels[i] > 128;
    return [inside.length, inked];
  };
  const members = (what, value) =>
    JSON.parse(document.getElementById("map-data").textContent)[what]
      .cluster.filter((c) => value === "" || String(c) === value).length;
"""


@pytest.mark.parametrize("what", ["image", "text"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE])
def test_a_choice_on_the_map_is_all_in_view_wherever_one_had_zoomed_to(
    page: Tab, url: str, screen: tuple[int, int], what: str
):
    page.open(url, *screen, "en")
    seen = run(
        page,
        ON_MAP
        + f"""
        document.querySelector('[name=map-what][value={what}]').click();
        await frames(4);
        const seen = [];
        for (const option of [...filter.options].map((o) => o.value).reverse()) {{
          document.getElementById("map-reset").click();
          for (let i = 0; i < 9; i++) wheel(-300, canvas.clientWidth * 0.99, 3);
          const before = seenNow();
          choose(option);
          await frames(2);
          seen.push([option, before[0], members("{what}", option), ...seenNow()]);
        }}
        return seen;
        """,
    )
    assert len(seen) == N_ON_MAP + 1
    for option, before, members, inside, inked in seen:
        assert before < members, "the zoom did not leave it"
        assert inside == members, option
        assert inked > 20, option


def test_a_choice_that_is_in_view_does_not_move_the_map(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    moved = run(
        page,
        ON_MAP
        + """
        choose("");
        const before = JSON.stringify(drawn.slice(7, 14));
        choose("1");
        return [before, JSON.stringify(drawn)];
        """,
    )
    assert json.loads(moved[0]) == json.loads(moved[1])
    assert len(json.loads(moved[0])) == 7


def test_the_whole_map_comes_back_with_all_with_reset_and_by_zooming_out(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    counts = run(
        page,
        ON_MAP
        + """
        const zoomed = () => { for (let i = 0; i < 9; i++) wheel(-300, 3, 3); };
        const counts = [members("image", "")];
        zoomed(); choose("4"); choose(""); counts.push(seenNow()[0]);
        zoomed(); document.getElementById("map-reset").click(); counts.push(seenNow()[0]);
        choose("8"); choose("");
        zoomed(); for (let i = 0; i < 20; i++) wheel(300, canvas.clientWidth / 2, canvas.clientHeight / 2);
        counts.push(seenNow()[0]);
        return counts;
        """,
    )
    assert counts == [counts[0]] * 4


def test_the_map_cannot_be_moved_out_of_its_frame(page: Tab, url: str):
    page.open(url, *DESKTOP, "en")
    page.value("document.getElementById('map-canvas').focus()")
    for _ in range(30):
        page.press("ArrowRight")
    assert run(page, ON_MAP + "choose('2'); choose(''); return seenNow()[0];") > 0
    for _ in range(30):
        page.press("ArrowDown")
    inked = page.value(
        "(() => { const c = document.getElementById('map-canvas'); "
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((value) => value); })()"
    )
    assert inked
