from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from mkt_assets.report import posts
from mkt_assets.report.facts import Facts, Item, Member, Post
from mkt_assets.report.openings import Opening, address_of, of_cluster, of_pair, of_trend
from mkt_assets.report.page import render
from mkt_assets.report.posts import PagePosts, data_of
from mkt_assets_tests.report.a_crawl import DAY, a_crawl, cluster, grey_tiles, pair
from mkt_assets_tests.report.edge_crawls import DAYS, facts_of, shelf, shots


def crawl_of(n: int, caption: str = "瑜伽裤") -> Facts:
    """A crawl of n posts by five accounts, in two styles and two topics, the first ones the most typical."""
    items = [Item(DAY, f"p{i:05d}", None) for i in range(n)]
    members = tuple(
        Member(modality, i % 2, Item(DAY, item.post_id, frame), i // 2 + 1)
        for modality, frame in (("image", "post"), ("text", None))
        for i, item in enumerate(items)
    )
    known = {
        (DAY, item.post_id): Post(
            f"{caption}{i}",
            f"https://www.xiaohongshu.com/explore/{item.post_id}",
            account=f"a{i % 5}",
            published=DAY,
            likes=i,
            collects=1,
        )
        for i, item in enumerate(items)
    }
    sizes: dict[str, Any] = {"n_posts": n // 2, "n_posters": 5}
    return a_crawl(
        members=members,
        posts=known,
        maps=(),
        styles=tuple(cluster("image", i, f"style{i}", typical=(), **sizes) for i in (0, 1)),
        topics=tuple(cluster("text", i, f"topic{i}", typical=(), **sizes) for i in (0, 1)),
        pairs=tuple(pair(i, i, n_posts=n // 2, n_posters=5) for i in (0, 1)),
    )


def test_every_finding_tells_as_many_posts_as_it_opens():
    kinds = [(0, 0), (1, 1), (0, 1), (1, None), (None, 0)]
    facts = facts_of(shelf([*shots(DAYS[0], 40, kinds), *shots(DAYS[1], 60, kinds, first=30)]), DAYS[1])
    found = PagePosts(facts).of_post
    for c in (*facts.styles, *facts.topics):
        assert c.n_posts == sum(c.cluster_id in of.get(c.modality, {}) for of in found.values())
    for p in facts.pairs:
        of_pair_ = [
            of for of in found.values() if p.style in of.get("image", {}) and p.topic in of.get("text", {})
        ]
        assert p.n_posts == len(of_pair_)
    assert facts.trends
    html = render(facts, lambda *_: None)
    for trend in facts.trends:
        assert of_trend(facts, trend.identity) is not None
        kind = "style" if trend.modality == "image" else "topic"
        for day in trend.days:
            page = "" if day == facts.crawl_date else f"../{day}/report.html"
            assert f'<a href="{page}#{kind}={trend.identity}"' in html
        assert {post for post in facts.first_seen[trend.identity] if int(post[1:]) < 40} == set()


def test_posts_are_told_whole_and_by_their_lasting_identity():
    facts = crawl_of(20)
    data: Any = data_of(PagePosts(facts), grey_tiles)
    assert data["posts-data"]["caption"][0] == "瑜伽裤0"
    assert data["posts-data"]["prefix"] == "https://www.xiaohongshu.com/explore/"
    assert set(data["posts-data"]["url"]) == {1}
    assert data["selection-data"]["style"]["0"]["told"] == [10, 5, "20%"]
    assert address_of(facts.styles[0], facts.topics[1]) == "#style=style-0&topic=topic-1"
    opened = of_pair(facts, facts.pairs[0])
    assert isinstance(opened, Opening)
    assert opened.address == "#style=style-0&topic=topic-0"
    assert of_cluster(facts.topics[0]).address == "#topic=topic-0"


def test_of_many_posts_the_most_typical_ones_of_each_cell_are_in_the_page():
    facts = crawl_of(1000)
    shown = PagePosts(facts, text_bytes=20_000).shown
    assert 50 < len(shown) < 300
    assert set(shown) == {f"p{i:05d}" for i in range(len(shown))}


def test_a_page_of_20_000_long_posts_can_be_mailed():
    facts = crawl_of(20_000, caption="今天穿了一条新的瑜伽裤去上班，" * 12)
    html = render(facts, lambda *_: None)
    # the gallery and the map of 100 styles are of about 7 MB
    assert len(html.encode()) + posts.PICTURE_BYTES < 8_000_000
    (data,) = re.findall(r'id="selection-data">(.*?)</script>', html)
    told = json.loads(data)
    assert told["n_posts"] == 20_000
    assert 0 < told["n_shown"] < 20_000
    assert told["style"]["0"]["told"][0] == 10_000


def test_pictures_end_where_their_budget_does(monkeypatch: pytest.MonkeyPatch):
    facts = crawl_of(600)
    whole: Any = data_of(PagePosts(facts), grey_tiles)
    assert [name for name in whole if name.startswith("sheet-")] == ["sheet-0", "sheet-1", "sheet-2"]
    monkeypatch.setattr(posts, "PICTURE_BYTES", len(whole["sheet-0"]) + 10)
    cut: Any = data_of(PagePosts(facts), grey_tiles)
    assert [name for name in cut if name.startswith("sheet-")] == ["sheet-0"]
    places = [place for of in cut["posts-data"]["styles"] for *_, place in of]
    assert sorted(places) == [-1] * 400 + list(range(200))


def test_a_post_of_which_nothing_is_known_any_more_is_still_counted():
    facts = crawl_of(4)
    page_posts = PagePosts(a_crawl(members=facts.members, posts={}))
    assert len(page_posts.shown) == 4
    assert page_posts.largest_share("image", 0) is None
    assert page_posts.post("p00000") == Post("", None)


def test_a_caption_in_a_line_is_cut_and_the_caption_is_not():
    post = Post("穿搭\n" * 200, None, published=date(2024, 6, 1))
    assert len(post.line) == 140
    assert len(post.caption) == 600
