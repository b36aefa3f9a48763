from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.text.counts import Count, parse_count


@pytest.mark.parametrize(
    ("shown", "value", "is_lower_bound"),
    [
        ("0", 0, False),
        ("456087", 456087, False),
        ("1,234", 1234, False),
        ("12,345,678", 12345678, False),
        ("1.2万", 12000, False),
        ("1.1万", 11000, False),
        ("21万", 210000, False),
        ("10万+", 100000, True),
        ("1千+", 1000, True),
        ("10+", 10, True),
        ("3k", 3000, False),
        ("1.5K", 1500, False),
        ("1.2w", 12000, False),
        ("2亿", 200000000, False),
        ("１２３", 123, False),
        ("１．２万＋", 12000, True),
        (" 7 ", 7, False),
        ("12.0", 12, False),
        ("1.2萬", 12000, False),
        ("3.4M", 3400000, False),
        ("1.5億", 150000000, False),
        ("1.2e+04", 12000, False),
        ("1.718107501000E+12", 1718107501000, False),  # all its digits are there
        ("讚", 0, False),
        ("1.2千萬", 12000000, False),
        ("1.2万赞", 12000, False),
        ("點讚 123", 123, False),
        ("1,234 likes", 1234, False),
        ("Like", 0, False),
        ("赞", 0, False),
        ("收藏", 0, False),
        ("评论", 0, False),
        ("分享", 0, False),
    ],
)
def test_a_shown_count_is_read_exactly(shown: str, value: int, is_lower_bound: bool) -> None:
    assert parse_count(shown) == Count(value, is_lower_bound)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        " ",
        "-1",
        "nan",
        "万",
        "+",
        "1.2",
        "1,23",
        "1.00001万",
        "1e-5",
        "1.7731E+12",  # a spreadsheet program has rounded it
        "1 2",
        "9" * 40,
        "99999999999亿",
    ],
)
def test_what_is_no_whole_number_is_null_and_no_lower_bound(shown: str | None) -> None:
    assert parse_count(shown) == Count(None, is_lower_bound=False)


@given(st.integers(0, 2**63 - 1))
def test_digits_survive_with_and_without_thousands_separators(n: int) -> None:
    assert parse_count(str(n)).value == n
    assert parse_count(f"{n:,}").value == n


@given(st.integers(0, 99_999))
def test_tens_of_thousands_with_one_decimal_are_exact(tenths: int) -> None:
    assert parse_count(f"{tenths // 10}.{tenths % 10}万+") == Count(tenths * 1000, is_lower_bound=True)


@given(st.text())
def test_any_text_gives_null_or_a_count_that_fits_the_column(text: str) -> None:
    count = parse_count(text)
    assert count.value is None or 0 <= count.value < 2**63
    assert not (count.value is None and count.is_lower_bound)


def test_a_long_text_is_no_count_and_is_not_remembered() -> None:
    marks = "\u0315\u0300" * 500_000  # normalising them would take hours
    assert parse_count(marks) == Count(None)
    assert parse_count(" " * 100 + "7" + " " * 100) == Count(7)
