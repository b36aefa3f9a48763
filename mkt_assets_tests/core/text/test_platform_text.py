"""What the platform puts into captions is told from what their authors write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.text.chinese import simplified
from mkt_assets.core.text.platform_text import plain_hashtags, sticker_name, without_platform_text


@pytest.mark.parametrize(
    "kind", ["话题", "話題", "地点", "地點", "品牌", "商品", "音乐", "自定义", "超话", "店铺"]
)
def test_hashtags_of_every_kind_lose_their_marker(kind: str) -> None:
    assert plain_hashtags(f"好看#某 店[{kind}]##白裙[{kind}]#").split() == ["好看#某店", "#白裙"]


def test_brackets_of_the_author_behind_a_hashtag_stay() -> None:
    assert plain_hashtags("#白裙[显瘦] 好看") == "#白裙[显瘦] 好看"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("笑哭R", "笑哭"),
        ("蹲后续H", "蹲后续"),
        ("蹲後續H", "蹲後續"),
        ("没有人知道R", "没有人知道"),
        ("笑哭", "笑哭"),
        ("暗中观察Z", "暗中观察"),
        ("doge", "doge"),
        ("OK", "OK"),
    ],
)
def test_a_sticker_is_known_by_its_ending_or_its_name(code: str, name: str) -> None:
    assert sticker_name(code) == name


@pytest.mark.parametrize("code", ["白色", "尺码S", "均码L", "HR", "R", "AR眼镜", "1", "同款", "A"])
def test_what_authors_put_between_brackets_is_no_sticker(code: str) -> None:
    assert sticker_name(code) is None


@pytest.mark.parametrize(
    "share",
    [
        "小薯发布了一篇小红书笔记，快来看吧！",
        "复制本条信息，打开【小红书】App查看精彩内容！",
        "複製這條信息，打開小紅書App查看精彩內容",
        "复制打开抖音",
        "打开App查看",
    ],
)
def test_share_texts_are_taken_out_and_told(share: str) -> None:
    text, removed = without_platform_text(f"白色连衣裙 {share} 显瘦")
    assert text.split() == ["白色连衣裙", "显瘦"]
    assert removed == [share]


def test_what_only_sounds_like_sharing_stays() -> None:
    for text in ("打开衣柜看看", "复制这套穿搭", "这条信息很重要"):
        assert without_platform_text(text) == (text, [])


@given(st.text(alphabet="[]#RH笑哭复制本条打开app发布了一篇 ，\n", max_size=60))
def test_nothing_is_added_and_what_is_left_has_no_more_of_it(text: str) -> None:
    left, removed = without_platform_text(text)
    assert len(left) <= len(text) + len(removed)
    assert bool(removed) or left == text


def test_simplified_text_is_as_long_as_it_was() -> None:
    assert simplified("這件連衣裙，看著顯瘦 ABC") == "这件连衣裙，看着显瘦 ABC"
    every = "".join(map(chr, range(0x3400, 0xA000)))
    assert len(simplified(every)) == len(every)
