from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.report.facts import Facts, Item, Post
from mkt_assets.report.html import filled, in_languages, web_link, written
from mkt_assets.report.languages import languages
from mkt_assets.report.page import render
from mkt_assets.report.text import joined, say
from mkt_assets_tests.report.a_crawl import DAY, a_crawl, curve, grey_tiles, method
from mkt_assets_tests.report.test_page import Page

TEXT = st.text(st.characters())
HOSTILE = '"><x-evil evil=\' evil="</script></title>&lt;{{ 7 * 7 }}@%s@'
CHOOSE_WORDS = {
    "modality",
    "direction",
    "event",
    "what",
    "named_by",
    "chosen_by",
    "experiment",
    "identity",
    "key",
}
"""Fields of which the values are few and ours, and choose messages."""

SHOWN = {
    *(
        "Cluster.name",
        "Cluster.keywords",
        "Post.caption",
        "Trend.name",
        "Event.name",
        "Event.other",
    ),
    *("Curve.chosen.reason", "ItemMap.method", "Facts.methods.variant", "Facts.methods.status"),
    *("Facts.methods.verdict", "Facts.rejects", "Facts.models", "Facts.settings", "Facts.packages"),
    *("Made.asset", "Made.run_id", "Made.code_version"),
}
"""Fields with text of others that reach the page."""


def hostile(value: Any, field: str = "") -> Any:
    """The value, markup in every text of it that does not choose words."""
    if isinstance(value, str):
        return value if field == "Facts.methods.status" and value == "run" else HOSTILE % field
    if isinstance(value, tuple):
        ours = value[:1] if field == "Facts.models" and isinstance(value[0], str) else ()
        return (*ours, *(hostile(part, field) for part in value[len(ours) :]))
    if isinstance(value, dict):
        return {
            k: v if k in CHOOSE_WORDS else hostile(v, f"{field}.{k}".strip(".")) for k, v in value.items()
        }
    if not is_dataclass(value) or isinstance(value, (Item, type)):
        return value
    kind = type(value).__name__
    changed = {f.name: hostile(getattr(value, f.name), f"{kind}.{f.name}") for f in fields(value)}
    return replace(value, **{name: new for name, new in changed.items() if name not in CHOOSE_WORDS})


@pytest.fixture(scope="module")
def attacked() -> str:
    facts: Facts = hostile(
        a_crawl(
            curves=(curve("image", "odd"),),
            methods=(method(), method(status="failed")),
            rejects=(("raw_posts", "no id", 2),),
        )
    )
    return render(facts, grey_tiles)


def test_markup_in_any_field_is_shown_and_not_run(attacked: str):
    page = Page(attacked)
    assert page.open == []
    assert not page.of("x-evil")
    assert not [name for _, attributes in page.elements for name in attributes if name == "evil"]
    assert "x-evil" in page.text
    assert "<x-evil" not in attacked
    assert "49@" not in attacked, "a name is no template"
    assert {a["alt"] for a in page.of("img")} == {"", HOSTILE % "Post.caption"}
    for name in ("Cluster.name", "Post.caption", "Facts.rejects"):
        assert HOSTILE % name in page.text


def test_all_fields_with_text_of_others_are_attacked(attacked: str):
    assert set(re.findall(r"@([\w.]+)@", attacked)) == SHOWN


def test_data_for_the_script_read_back_what_was_hostile(attacked: str):
    (data,) = re.findall(r'id="map-data">(.*?)</script>', attacked)
    assert set(json.loads(data)["text"]["caption"]) == {HOSTILE % "Post.caption"}


@given(TEXT)
def test_no_text_becomes_markup(text: str):
    assert not re.search("[<>\"']", written(text))
    assert not re.search("[<>\"']", written(joined([text, "x"], text)))


@given(TEXT)
def test_data_for_the_script_ends_no_element_and_reads_back(text: str):
    body = filled_body(data={"a": [text, {text: 1}]})
    (inside,) = re.findall(r'<script type="application/json" id="a">(.*)</script>', body)
    assert not re.search("[<>&]", inside)
    inside.encode("utf-8")
    if json.dumps(text, ensure_ascii=False).isprintable():
        assert json.loads(inside) == [text, {text: 1}]


def filled_body(**changes: Any) -> str:
    """The page's body without any section that has something to show."""
    empty = (
        "answers",
        "styles",
        "topics",
        "cross_rows",
        "trend_groups",
        "events",
        "maps",
        "curves",
        "methods",
    )
    lists: dict[str, Any] = {key: [] for key in (*empty, "rejects", "models", "lineage", "sections")}
    facts = a_crawl(settings=(), packages=())
    return filled("body.html", facts=facts, languages=(), quality={}, export_command="", **lists, **changes)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//x",
        "file:///etc",
        "",
        None,
        3,
        'https://x/"onclick=',
        "https://x y",
    ],
)
def test_only_addresses_of_the_web_become_links(url: Any):
    assert web_link(url) is None
    page = render(a_crawl(posts={(DAY, "post0"): Post("a caption", url)}), grey_tiles)
    assert "a caption" in page
    assert 'target="_blank"' not in page
    (data,) = re.findall(r'id="map-data">(.*?)</script>', page)
    assert set(json.loads(data)["text"]["url"]) == {None}


def test_a_link_says_nothing_of_its_reader():
    url = "https://www.xiaohongshu.com/explore/1?a=b&c=d"
    page = Page(render(a_crawl(posts={(DAY, "post0"): Post("a caption", url)}), grey_tiles))
    (link, *_) = [a for a in page.of("a") if a["href"] == url]
    assert link["rel"] == "noopener noreferrer"


def test_a_text_is_an_element_of_each_language_unless_all_say_the_same():
    assert (
        written(say("styles"))
        == '<span class="en" lang="en">Styles</span><span class="zh" lang="zh-CN">风格</span>'
    )
    assert written(say("size_text", posts="5", accounts="3")) == "5 · 3"
    assert in_languages(say("styles")) == {"en": "Styles", "zh": "风格"}


def test_a_template_without_a_value_it_needs_is_not_filled():
    with pytest.raises(Exception, match="'title' is undefined"):
        filled("page.html", languages=languages(), policy="", style="", script="", font="", body="")
