"""Pieces and words of a caption: what is one, what is none, and that nothing of the text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.text.segmenter import Segmenter, words_of

SEGMENTER = Segmenter()


def words(text: str) -> set[str]:
    return set(words_of(SEGMENTER.pieces(text)))


def test_a_caption_becomes_its_words() -> None:
    found = words_of(
        SEGMENTER.pieces("白色T恤配A字裙 155小个子 #通勤穿搭 :handbag: @某人 https://a.b/c oversize白色")
    )
    assert found == ["白色", "t恤", "配", "a字裙", "155", "小个子", "通勤穿搭", "oversize"]


def test_traditional_and_simplified_captions_have_the_same_words() -> None:
    assert (
        words("這件連衣裙 顯瘦襯衫 #顯瘦穿搭") == words("这件连衣裙 显瘦衬衫 #显瘦穿搭") >= {"连衣裙", "显瘦"}
    )


def test_korean_and_japanese_words_are_words() -> None:
    found = {"원피스", "데일리룩", "ワンピース", "かわいい", "裙子"}
    assert words("원피스 데일리룩 ワンピース かわいい 裙子") == found


def test_fashion_words_and_stop_words_are_kept_whole() -> None:
    assert {"羊羔毛外套", "v领", "小香风", "阔腿裤"} <= words("羊羔毛外套和V领小香风，阔腿裤")
    assert SEGMENTER.cut("集美们看薯管家") == ["集美们", "看", "薯管家"]


def test_words_of_ones_own_are_kept_whole_too() -> None:
    assert "栗子家" not in SEGMENTER.cut("栗子家的裙子")
    assert Segmenter(["栗子家"]).cut("栗子家的裙子") == ["栗子家", "的", "裙子"]


@pytest.mark.parametrize("nothing", ["", "……", "～～", "🔥👗", "@某人", "https://a.b/c", ":fire:", "# ！"])
def test_signs_emoji_addresses_and_mentions_are_no_words(nothing: str) -> None:
    assert words(nothing) == set()


@given(st.text(max_size=80))
def test_the_pieces_of_any_text_are_that_text(text: str) -> None:
    pieces = SEGMENTER.pieces(text)
    assert "".join(piece.written for piece in pieces) == text
    assert all(len(piece.written) == len(piece.read) for piece in pieces)


@given(st.text(max_size=80))
def test_words_of_any_text_can_be_shown_anywhere(text: str) -> None:
    for word in words(text):
        assert word[0].isalnum() or word[0] == "_"
        assert not set(word) & set('<>|=@#"\n\t ')
