from __future__ import annotations

import json
import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.report.markup import Both, counted, data_script, link, plain, say, web_link, written
from mkt_assets.report.strings import COUNTED, STRINGS

TEXT = st.text(st.characters())


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_text_has_the_same_blanks_in_both_languages():
    for key, (english, chinese) in STRINGS.items():
        assert fields(english) == fields(chinese), key
        assert english.strip(), key
        assert chinese.strip(), key


def test_a_number_of_things_agrees_with_its_noun():
    assert counted(1, "post") == ("1 post", "1 篇帖子")
    assert counted(1200, "picture") == ("1,200 pictures", "1,200 张图片")
    assert all(len(forms) == 3 for forms in COUNTED.values())


def test_values_are_put_in_in_the_language_of_the_sentence():
    said = say("in_all", clusters=counted(2, "topic"), items=counted(1, "caption"), n="1", share="60%")
    assert said.en.startswith("2 topics in 1 caption;")
    assert "2 个话题" in said.zh


def test_braces_in_a_name_are_only_braces():
    assert "{0.__class__}" in say("born_image", names="{0.__class__}").en


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


def test_a_text_in_two_languages_is_two_elements_and_one_in_one_is_none():
    assert written(Both("a", "甲")).count("<span") == 2
    assert written(Both("style", "style")) == "style"


def test_a_verb_agrees_with_its_number():
    assert say("copies", 1, things=counted(1, "caption")).en.startswith("1 caption nearly repeats ")
    assert say("copies", 2, things=counted(2, "caption")).en.startswith("2 captions nearly repeat ")
