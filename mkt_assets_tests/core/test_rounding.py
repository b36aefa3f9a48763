"""Numbers as people read them: rounded, and never more than they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.rounding import count, index, percent, points, probability, times


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0%"),
        (0.00004, "<0.1%"),
        (0.0001, "<0.1%"),
        (0.004, "0.4%"),
        (0.0996, "10%"),
        (0.5, "50%"),
        (0.994, "99.4%"),
        (0.9962, "99.6%"),
        (0.9999, ">99.9%"),
        (0.1 + 0.7 + 0.2, "100%"),
        (1, "100%"),
    ],
)
def test_only_all_is_100_percent_and_only_none_is_0(share: float, said: str):
    assert percent(share) == said


@given(st.integers(0, 20_000), st.integers(1, 20_000))
def test_a_percentage_is_within_half_a_point_of_the_share(part: int, whole: int):
    share, text = min(part, whole) / whole, percent(min(part, whole) / whole)
    assert abs(float(text.strip("<>%")) - 100 * share) <= 0.5
    assert (text == "100%") == (share == 1)
    assert (text == "0%") == (share == 0)


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(3.14, "3.1"), (12.4, "12"), (1.04, "1.04"), (0.996, "0.996"), (1, "1"), (0.004, "0.004")],
)
def test_a_ratio_near_one_is_told_from_one(ratio: float, said: str):
    assert times(ratio) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [(0.2, "+20"), (0.004, "+0.4"), (-0.004, "-0.4"), (0.0003, "+0.03"), (0, "+0.0"), (1, "+100")],
)
def test_a_change_is_never_of_nothing(change: float, said: str):
    assert points(change) == said


def test_an_index_is_perfect_only_if_it_is():
    assert [index(value) for value in (1, 0.996, 0.994, -0.001, -0.2)] == [
        "1.00",
        ">0.99",
        "0.99",
        "0.00",
        "-0.20",
    ]


def test_a_probability_is_never_nothing():
    assert [probability(p) for p in (0, 1e-9, 0.0123, 1)] == ["<0.0001", "<0.0001", "0.012", "1"]


def test_a_median_between_two_numbers_keeps_its_half():
    assert [count(value) for value in (1234, 0.5, 2.5)] == ["1,234", "0.5", "2.5"]
