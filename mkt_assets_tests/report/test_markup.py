from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.report.markup import data_script, link, plain, web_link

TEXT = st.text(st.characters())


@given(TEXT)
def test_no_text_becomes_markup(text: str):
    shown = plain(text)
    assert not re.search("[<>\"']", shown)
    shown.encode("utf-8")


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8))
def test_data_for_the_script_ends_no_element_and_reads_back(value: object):
    html = data_script("a", value)
    inside = html.removeprefix('<script type="application/json" id="a">').removesuffix("</script>")
    assert not re.search("[<>&\u2028\u2029]", inside)
    inside.encode("utf-8")
    if json.dumps(value, ensure_ascii=False).isprintable():
        assert json.loads(inside) == value


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
def test_only_addresses_of_the_web_become_links(url: object):
    assert web_link(url) is None
    assert link(url if isinstance(url, str) else None, "x") == "x"


def test_a_link_says_nothing_of_its_reader():
    made = link("https://www.xiaohongshu.com/explore/1?a=b&c=d", "x")
    assert 'rel="noopener noreferrer"' in made
    assert "a=b&amp;c=d" in made
