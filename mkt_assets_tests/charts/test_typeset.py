from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.charts.typeset import ELLIPSIS, elide, wrap

TEXTS = st.text(alphabet="穿搭小个子，。！（）《》#ab1 :“”…", max_size=80)


def measure(text: str) -> float:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(4, 40))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, width: int):
    lines = wrap(text, measure, width, max_lines=1000)
    assert squeezed("".join(lines)) == squeezed(text)
    assert all(measure(line) <= width for line in lines)
    assert all(line == line.strip() and line for line in lines)


@given(TEXTS, st.integers(4, 40), st.integers(1, 4))
def test_what_is_cut_off_ends_in_an_ellipsis_and_still_fits(text: str, width: int, max_lines: int):
    whole = wrap(text, measure, width, max_lines=1000)
    lines = wrap(text, measure, width, max_lines)
    assert len(lines) == min(len(whole), max_lines)
    assert all(measure(line) <= width for line in lines)
    if len(whole) > max_lines:
        assert lines[-1].endswith(ELLIPSIS)
    else:
        assert lines == whole


def test_closing_punctuation_stays_with_its_character():
    assert wrap("今日穿搭，显高", measure, 8, 9) == ["今日穿", "搭，显高"]


def test_an_opening_bracket_and_a_hashtag_stay_with_what_follows():
    assert wrap("今日穿（显高", measure, 8, 9) == ["今日穿", "（显高"]
    assert wrap("今日穿 #显高", measure, 8, 9) == ["今日穿", "#显高"]


def test_latin_words_are_kept_whole_unless_wider_than_a_line():
    assert wrap("wide leg jeans", measure, 9, 9) == ["wide leg", "jeans"]
    assert wrap("abcdefghijk", measure, 4, 9) == ["abcd", "efgh", "ijk"]


def test_chinese_breaks_next_to_latin():
    assert wrap("显高jeans显瘦", measure, 9, 9) == ["显高jeans", "显瘦"]


def test_a_text_that_fits_is_not_elided():
    assert elide("abcd", measure, 4) == "abcd"
    assert elide("abcde", measure, 4) == "abc…"
