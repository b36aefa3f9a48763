"""The lists of words: what the shipped ones hold, and how a list of one's own is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkt_assets.core.text.word_lists import STOP_WORD_FILES, fashion_words, load_stop_words

NEGATIONS = "不没别无非未勿莫休甭否毋"
NUMBERS = "一二三四五六七八九十百千万亿两零半几"


def test_the_shipped_lists_hold_no_negation_number_size_or_colour():
    words = load_stop_words()
    assert len(words) > 300
    assert not [word for word in words if set(word) & set(NEGATIONS)]
    assert not [word for word in words if set(word) & set(NUMBERS)]
    meaningful = "大 小 多 少 长 短 高 低 好 上 下 中 s m l xl 红 白 黑 红色 小个子 微胖 穿搭 裙子 a i"
    meaningful += " fire new man face on in off up down over under no not without all small big long heart"
    assert not words & set(meaningful.split())


def test_the_shipped_lists_say_where_they_come_from():
    for path in STOP_WORD_FILES:
        head = path.read_text(encoding="utf-8").split("\n\n")[0]
        assert "stopwordsiso" in head
        assert "MIT" in head


def test_a_list_is_read_without_comments_in_lower_case(tmp_path: Path):
    path = tmp_path / "mine.txt"
    path.write_text("\ufeff# a comment\n裙子 Dress\n衣服\n", encoding="utf-8")
    assert load_stop_words([path]) == {"裙子", "dress", "衣服"}


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"absent\.txt"):
        load_stop_words([tmp_path / "absent.txt"])
    (tmp_path / "gbk.txt").write_bytes("裙子".encode("gb18030"))
    with pytest.raises(ValueError, match=r"gbk\.txt is not UTF-8"):
        load_stop_words([tmp_path / "gbk.txt"])


def test_no_fashion_word_is_listed_twice():
    listed = fashion_words()
    assert len(listed) == len(set(listed)) > 300
