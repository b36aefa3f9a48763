from __future__ import annotations

import io
import re
from pathlib import Path
from string import Formatter

import pytest
from PIL import Image

from mkt_assets.core.media.matting import verdict
from mkt_assets.core.media.pictures import PictureError, PictureLimits, check_size, decode_picture
from mkt_assets.core.media.videos import FrameError, video_frames
from mkt_assets.report.languages import languages
from mkt_assets.report.languages.en import LANGUAGE as ENGLISH
from mkt_assets.report.languages.zh import LANGUAGE as CHINESE
from mkt_assets.report.page import render
from mkt_assets.report.text import Reason, amounts, counted, joined, say
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


def png() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((60, 40), 50).save(buffer, "PNG")
    return buffer.getvalue()


def reason_of(data: bytes) -> str:
    with pytest.raises(PictureError) as refused:
        decode_picture(data, limits=PictureLimits(max_bytes=1_000_000))
    return str(refused.value)


def test_why_something_could_not_be_used_is_told_in_chinese_with_what_was_found(tmp_path: Path) -> None:
    def told(english: str | None) -> str:
        assert english is not None and ENGLISH.write(Reason(english)) == english
        return CHINESE.write(Reason(english))

    assert told(reason_of(b"")) == "文件是空的"
    assert told(reason_of(b"<!DOCTYPE html><html></html>")) == "不是图片，而是 HTML 或 XML 网页"
    assert told(reason_of(b'{"code": -1}')) == "不是图片，而是 JSON 数据"
    assert told(reason_of(bytes(5000))) == "文件中只有空白或零"
    assert told(reason_of(b"no picture at all")).startswith("不是可读取的图片格式（JPEG, PNG")
    assert told(reason_of(png()[:-900])) == "PNG 图片不完整，末尾缺失"
    assert told(reason_of(png() + bytes(1_000_000))) == "文件有 1 MB，超过 1 MB"
    for size, chinese in (
        ((3, 90), "图片只有 3 x 90 像素，短边至少需要 8"),
        ((9000, 9000), "超过 50 百万像素"),
    ):
        with pytest.raises(PictureError) as refused:
            check_size(size, PictureLimits())
        assert chinese in told(str(refused.value))
    assert told(verdict(0.0)[1]) == "图片中没有找到人物"
    assert told(verdict(0.001)[1]) == "人物只占图片的 0.1%，不足 0.5%"
    (tmp_path / "video.mp4").write_bytes(b"no video")
    first = next(video_frames(tmp_path / "video.mp4"))
    assert isinstance(first, FrameError) and told(first.reason).startswith("视频无法读取：")


def test_a_reason_that_a_language_does_not_know_stays_as_it_is() -> None:
    assert CHINESE.write(Reason("something {else} [a|b]")) == "something {else} [a|b]"


def test_each_reason_takes_what_its_pattern_finds() -> None:
    for pattern, wording in CHINESE.reasons:
        assert blanks(wording) == set(re.compile(pattern).groupindex), pattern
