from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mkt_assets.core.maps.dots import to_dots


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_every_item_is_in_exactly_one_dot_of_its_place_and_cluster(items: list[tuple[int, int, int]]) -> None:
    rows = np.array(items, np.float64).reshape(-1, 3)
    dots = to_dots(rows[:, :2], rows[:, 2].astype(np.int64), max_items=99)
    assert dots.n_items.sum() == len(items)
    assert sorted({*items}) == sorted(
        (int(x), int(y), int(c)) for (x, y), c in zip(dots.positions, dots.labels, strict=True)
    )
    assert dots.rows.tolist() == sorted(items.index(item) for item in {*items})


def test_of_more_items_than_a_map_shows_a_sample_is_shown() -> None:
    at = np.random.default_rng(0).normal(size=(90, 2))
    dots = to_dots(at, np.zeros(90, np.int64), max_items=40)
    assert dots.n_items.tolist() == [1] * 40
    np.testing.assert_array_equal(dots.positions, at[dots.rows])
