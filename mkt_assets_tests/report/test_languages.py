from __future__ import annotations

import re
from string import Formatter

import pytest

from mkt_assets.report.languages import languages
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.languages.zh import LANGUAGE as CHINESE
from mkt_assets.report.page import render
from mkt_assets.report.text import amounts, counted, joined, say
from mkt_assets_tests.report.a_crawl import a_crawl, grey_tiles
from mkt_assets_tests.report.test_page import Page


def blanks(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def test_every_language_has_the_same_messages_with_the_same_blanks():
    assert [language.code for language in languages()] == ["en", "zh"]
    for language in languages():
        assert list(language.messages) == list(ENGLISH.messages)
        for key, message in language.messages.items():
            assert message.strip(), key
            assert blanks(message) == blanks(ENGLISH.messages[key]), (language.code, key)
            values = dict.fromkeys(blanks(message), "x")
            assert not re.search(
                r"[][{}|]", "".join(language.write(say(key, n, **values)) for n in range(120))
            )


@pytest.mark.usefixtures("made_up")
def test_a_language_is_added_by_its_file():
    assert [language.name for language in languages()] == ["English", "Qq", "中文"]
    page = Page(render(a_crawl(), grey_tiles))
    assert page.open == []
    assert [a["lang"] for a in page.of("span") if a.get("class") == "qq"].count("qq") > 100
    assert "qFive answersq" in page.text
    assert "12 viele" in page.text
    assert "qSupported.q" in page.text, "the script's sentences are in it, too"
    assert '{"en":"en","qq":"qq","zh":"zh-CN"}' in page.text


def test_a_number_of_things_agrees_with_its_noun():
    assert ENGLISH.write(counted(1, "post")) == "1 post"
    assert ENGLISH.write(counted(1200, "picture")) == "1,200 pictures"
    assert CHINESE.write(counted(1, "post")) == "1 篇帖子"
    assert CHINESE.write(counted(1200, "picture")) == "1,200 张图片"


def test_a_verb_agrees_with_its_number():
    assert ENGLISH.write(say("copies", 1, things=counted(1, "caption"))).startswith(
        "1 caption nearly repeats "
    )
    assert ENGLISH.write(say("copies", 2, things=counted(2, "caption"))).startswith(
        "2 captions nearly repeat "
    )


def test_things_in_a_row_leave_out_what_there_is_none_of():
    things, n = amounts((2, "style"), (0, "picture"), (1, "topic"))
    assert (ENGLISH.write(things), n) == ("2 styles and 1 topic", 3)
    assert CHINESE.write(joined(["甲", "乙"], say("list_comma"))) == "甲、乙"


def test_values_are_put_in_in_the_language_of_the_sentence():
    sentence = say("in_all", clusters=counted(2, "topic"), items=counted(1, "caption"), n="1", share="60%")
    assert ENGLISH.write(sentence).startswith("2 topics in 1 caption;")
    assert "2 个话题" in CHINESE.write(sentence)


def test_braces_and_brackets_in_a_name_are_only_those():
    name = "{0.__class__} [a|b]"
    assert name in ENGLISH.write(say("born_image", names=name))
