from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.models.imagebind.text import END_TOKEN, START_TOKEN, clean_text, n_windows, tokenize, windows


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("好看！真的，（显瘦）？", "好看!真的,(显瘦)?"),
        ("ＯＯＴＤ　１２３", "OOTD 123"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("“quotes” and ‘more’, it’s", "\"quotes\" and 'more', it's"),
        ("a &amp; b &amp;lt; c", "a & b < c"),
        ("cafe\u0301", "café"),
        ("ﬁne", "fine"),
        ("a\ufeffb\x00c\x7f", "abc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("pair \ud83d\ude00 lone \ud83d", "pair 😀 lone \ufffd"),
        ("wait\x85", "wait…"),
        ("白色连衣裙 👗 #穿搭", "白色连衣裙 👗 #穿搭"),
    ],
)
def test_a_text_is_cleaned_as_the_official_code_does(text: str, read_as: str) -> None:
    assert clean_text(text) == read_as


def test_entities_beside_markup_are_resolved_after_the_cleaning_as_in_the_official_code() -> None:
    assert clean_text("<b>&ldquo;x&rdquo;</b>") == "<b>“x”</b>"
    assert clean_text("&ldquo;x&rdquo;") == '"x"'


def test_case_does_not_matter() -> None:
    assert tokenize("OOTD Dress") == tokenize("ootd dress")


def test_the_end_tokens_name_in_a_text_does_not_end_it() -> None:
    ids = tokenize("a <|endoftext|> b")
    assert ids.count(END_TOKEN) == 1
    assert ids != tokenize("a <|endoftext|> c")


def test_an_empty_text_is_one_window_of_start_and_end() -> None:
    assert windows(tokenize("")) == [[START_TOKEN, END_TOKEN]]


@given(st.text(max_size=200))
def test_any_text_has_ids_between_one_start_and_one_end(text: str) -> None:
    ids = tokenize(text)
    assert (ids[0], ids[-1]) == (START_TOKEN, END_TOKEN)
    assert all(0 <= token < START_TOKEN for token in ids[1:-1])


@given(st.lists(st.integers(0, START_TOKEN - 1), max_size=400))
def test_windows_hold_every_token_once_and_in_order_and_fit(content: list[int]) -> None:
    ids = [START_TOKEN, *content, END_TOKEN]
    split = windows(ids)
    assert [token for window in split for token in window[1:-1]] == content
    assert all(window[0] == START_TOKEN and window[-1] == END_TOKEN for window in split)
    assert all(len(window) <= 77 for window in split)
    assert len(split) == n_windows(len(ids))


@pytest.mark.parametrize(("n_tokens", "expected"), [(2, 1), (77, 1), (78, 2), (152, 2), (153, 3)])
def test_a_text_is_split_only_when_it_does_not_fit(n_tokens: int, expected: int) -> None:
    assert n_windows(n_tokens) == expected
